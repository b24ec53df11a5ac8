//! The types of values that yrs does not distinguish: it turns a BigInt into a number.
//!
//! They are known for the document as it once was, and for what was written under a key since. For anything
//! written in another way only its record is noted, so that nothing is claimed about it.

use super::view::View;
use crate::crdt::source::Source;
use crate::wire::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What is known of the types in an open document.
#[derive(Default)]
pub(super) struct Typing {
    /// The document as it once was.
    known: Option<Rc<View>>,
    /// What was written since, by path: a value that yrs reports as another type, or `None` if yrs reports it
    /// correctly.
    own: BTreeMap<Vec<String>, Option<Value>>,
    /// Roots and records in which such values may have been written.
    untold: BTreeSet<[String; 2]>,
    /// Such values may be anywhere.
    lost: bool,
}

/// The types of a value cannot be told.
pub struct Untold;

impl Typing {
    /// Remembers the document's current state.
    pub fn know(&mut self, view: Rc<View>) {
        *self = Typing { known: Some(view), ..Typing::default() };
    }

    /// Notes that values of other types were merged, at unknown places.
    pub fn lose(&mut self) {
        self.lost = true;
    }

    /// Notes that the value at a path, with everything below it, was written anew.
    pub fn written(&mut self, path: &[&str], key: &str) {
        if self.known.is_none() {
            return;
        }
        let at: Vec<String> = path.iter().copied().chain([key]).map(str::to_owned).collect();
        let below = self.own.range(at.clone()..).map(|(path, _)| path);
        let below: Vec<_> = below.take_while(|path| path.starts_with(&at)).cloned().collect();
        below.iter().for_each(|path| drop(self.own.remove(path)));
        self.own.insert(at, None);
    }

    /// Notes that this is a value which yrs reports as another type.
    pub fn written_as(&mut self, path: &[&str], key: &str, value: Value) {
        let path = path.iter().copied().chain([key]).map(str::to_owned);
        self.own.insert(path.collect(), Some(value));
    }

    /// Notes that such a value may have been written somewhere below a path.
    pub fn wrote_below(&mut self, path: &[&str], key: &str) {
        let mut steps = path.iter().copied().chain([key]).map(str::to_owned);
        let [root, record] = [steps.next(), steps.next()].map(Option::unwrap_or_default);
        self.untold.insert([root, record]);
    }

    /// Gives a value from yrs its types.
    ///
    /// # Errors
    /// `Untold` if they cannot be told.
    pub fn typed(&self, value: Value, path: &[&str]) -> Result<Value, Untold> {
        let Some(known) = self.known.as_ref().filter(|_| !self.lost && !self.is_untold(path))
        else {
            return Err(Untold);
        };
        let at: Vec<String> = path.iter().map(|step| (*step).to_owned()).collect();
        let around = (1..at.len()).rev().filter_map(|len| self.own.get(at.get(..len)?));
        let mut typed = match around.take(1).next() {
            None => typed(value.clone(), known, path).ok_or(Untold)?,
            Some(None) => value.clone(),
            // A part of something that was written as one value.
            Some(Some(_)) => return Err(Untold),
        };
        for (own, was) in self.own.range(at.clone()..).take_while(|(own, _)| own.starts_with(&at)) {
            let steps = own.get(at.len()..).unwrap_or(&[]);
            put(&mut typed, &value, steps, was.as_ref()).ok_or(Untold)?;
        }
        Ok(typed)
    }

    /// Like [`Typing::typed`], as far as types are known: for use within a change, where nothing can be
    /// looked up.
    pub fn typed_or_as_given(&self, value: Value, path: &[&str]) -> Value {
        let told = self.typed(value.clone(), path).ok();
        let once = || typed(value.clone(), self.known.as_ref()?, path);
        told.or_else(once).unwrap_or(value)
    }

    fn is_untold(&self, path: &[&str]) -> bool {
        let Some(root) = path.first().filter(|_| !self.untold.is_empty()) else {
            return !self.untold.is_empty();
        };
        let mut in_root = self.untold.range([(*root).to_owned(), String::new()]..);
        match path.get(1) {
            Some(record) => {
                let is_there =
                    |record: &str| self.untold.contains(&[(*root).to_owned(), record.to_owned()]);
                is_there(record) || is_there("")
            }
            None => in_root.next().is_some_and(|[first, _]| first == root),
        }
    }
}

/// Gives a value from yrs the types it had.
fn typed(value: Value, known: &View, path: &[&str]) -> Option<Value> {
    match known.value(path) {
        Some(known) => value.typed_as(&known),
        None => Some(value),
    }
}

/// Replaces a part of a typed value by what was written there: as yrs reports it, or with its type if it is
/// the same value. Returns `None` if the steps lead through an array.
fn put(typed: &mut Value, given: &Value, steps: &[String], was: Option<&Value>) -> Option<()> {
    let (mut typed, mut given) = (typed, given);
    for step in steps {
        (typed, given) = match (typed, given) {
            (Value::Map(typed), Value::Map(given)) => {
                match typed.get_mut(step).zip(given.get(step)) {
                    Some(both) => both,
                    // It was removed since.
                    None => return Some(()),
                }
            }
            (Value::Array(_), _) => return None,
            _ => return Some(()),
        };
    }
    *typed = was.filter(|was| given.same(was)).unwrap_or(given).clone();
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::doc::{Doc, New};
    use crate::crdt::testing::Rng;
    use crate::wire::{Record, RootKind, Update};

    fn random_value(dice: &mut Rng) -> Value {
        let n = dice.below(3) as i64;
        let list = vec![Value::BigInt(n), Value::Int(n)];
        let object = Record::from([("a".to_owned(), Value::BigInt(n))]);
        match dice.below(7) {
            0 => Value::BigInt(n),
            1 | 2 => Value::Int(n),
            3 => Value::List(list),
            4 => Value::Object(object),
            5 => Value::Map(object),
            _ => Value::Array(list),
        }
    }

    fn change(doc: &mut Doc, dice: &mut Rng) {
        let record = ["r0", "r1", "r2"][dice.below(3)];
        let key = ["x", "y", "l"][dice.below(3)];
        let (path, list) = (["m", record], ["m", record, "l"]);
        let value = random_value(dice);
        let what = dice.below(9);
        doc.edit(|txn| match what {
            0..=2 if txn.exists(&path) => txn.set_again(&path, key, &value),
            3 if txn.exists(&path) => txn.put_value(&path, key, &value),
            4 => txn.remove(&["m"], record).map(drop),
            5 if txn.is_array(&list) => txn.push(&list, &value),
            6 if txn.is_array(&list) => txn.insert_at(&list, 0, &value),
            7 => txn.push_record(&["a"], key, vec![("v", New::from(&value))]),
            _ if txn.exists(&path) => txn.create_array(&path, "l"),
            _ => txn.create_map(&["m"], record),
        })
        .unwrap();
    }

    /// Types that are told without reading the whole document equal those in the bytes, and most are told.
    #[test]
    fn types_that_are_told_are_those_of_the_bytes() {
        let (mut told, mut untold) = (0, 0);
        let roots = [("m", RootKind::Map), ("a", RootKind::Array)];
        for seed in 0..60 {
            let mut dice = Rng::new(seed);
            let mut doc = Doc::new(7);
            for step in 0..40 {
                change(&mut doc, &mut dice);
                let bytes = doc.encode().unwrap().0;
                let view = Rc::new(View::of(&Update::checked(&bytes, &roots).unwrap()));
                for path in [
                    &["m"][..],
                    &["m", "r0"],
                    &["m", "r1", "x"],
                    &["m", "r2", "l"],
                    &["m", "r1", "x", "a"],
                    &["a"],
                    &["a", "x"],
                ] {
                    let Ok(value) = doc.typed(path) else {
                        untold += 1;
                        continue;
                    };
                    told += 1;
                    let there = view.value(path);
                    let same = match (&value, &there) {
                        (Some(a), Some(b)) => a.alike(b),
                        // A root that was created and holds nothing.
                        (Some(Value::Map(a)), None) => a.is_empty(),
                        (a, b) => a.is_none() && b.is_none(),
                    };
                    assert!(same, "{seed}/{step} {path:?}: {value:?}, {:?}", there);
                }
                if dice.chance(15) {
                    doc.know(view);
                }
            }
        }
        assert!(told > untold && untold > 400, "{told} {untold}");
    }
}

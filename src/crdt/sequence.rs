//! Arrays in a transaction: elements added, removed, and addressed by index.
//!
//! yrs walks to each array index from the start. Elements addressed by id, and additions at the end, are
//! therefore given to it as an update, because yrs finds what an update names at once.

use super::content::{self, Content};
use super::elements::yrs_id;
use super::live::{from_any, from_out};
use super::scalar::{New, Scalar, Slot};
use super::txn::{Txn, not_shared};
use crate::error::{Error, Result};
use crate::path::Keys;
use crate::wire::{DeleteSet, Id, ListSpot, Update, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use yrs::{Any, Array, ArrayPrelim, ArrayRef, In, Map, MapPrelim, MapRef, Nested, Out, ReadTxn};

impl Txn<'_> {
    /// Creates content at the end of the array at `path`.
    pub fn append(&mut self, path: &[&str], content: &Content) -> Result<()> {
        let array = self.array(path)?;
        self.elements.changed(&array);
        self.write_content(Slot::End(&array), content);
        self.wrote_below(path, "");
        Ok(())
    }

    /// Inserts a map with this `id` into the array at `path`, before the element `index`.
    pub fn insert_map(&mut self, path: &[&str], index: u32, id: &str) -> Result<()> {
        let array = self.array(path)?;
        self.elements.changed(&array);
        let index = index.min(array.len(&self.yrs));
        let fields = [("id".to_owned(), In::Any(Any::String(Arc::from(id))))];
        array.insert(&mut self.yrs, index, MapPrelim::from_iter(fields));
        Ok(())
    }

    /// Adds a map with this `id` at the end of the array at `path`.
    pub fn push_map(&mut self, path: &[&str], id: &str) -> Result<()> {
        self.push_record(path, id, Vec::new())
    }

    /// Adds a map with this `id` and these fields at the end of the array at `path`.
    pub fn push_record(&mut self, path: &[&str], id: &str, fields: Vec<(&str, New)>) -> Result<()> {
        let array = self.array(path)?;
        let unit = self.next_unit();
        match self.elements.end(&array) {
            Some(end) => self.take(&content::behind(unit, end, &Content::Map(BTreeMap::new())))?,
            None => drop(array.push_back(&mut self.yrs, MapPrelim::default())),
        }
        let map = Nested::<MapRef>::new(yrs_id(unit)).get(&self.yrs);
        let map = map.ok_or_else(|| Error::bug("an added element is missing"))?;
        map.insert(&mut self.yrs, "id", id);
        for (key, value) in fields {
            match value {
                New::Value(value) => self.insert(&map, key, value),
                New::Map => drop(map.insert(&mut self.yrs, key, MapPrelim::default())),
                New::Array => drop(map.insert(&mut self.yrs, key, ArrayPrelim::default())),
            }
        }
        self.wrote_below(path, id);
        let end = self.elements.end(&array);
        self.elements.ends_with(&array, unit);
        self.elements.texts.pushed(&array, unit, None, end);
        self.elements.added(&array, id, &map);
        Ok(())
    }

    /// Removes every element with one of these ids from an array. Returns how many.
    pub(super) fn remove_named(&mut self, array: &ArrayRef, ids: &BTreeSet<&str>) -> Result<usize> {
        let live = self.live();
        let items = self.elements.items(&self.yrs, array, ids, |out| live.id_of(out));
        if let Some(items) = items {
            self.delete_units(&items)?;
            self.elements.removed(array, ids);
            self.elements.texts.removed(array, &items);
            return Ok(items.len());
        }
        let live = self.live();
        let named = |out: &Out| live.id_of(out).is_some_and(|id| ids.contains(id.as_str()));
        let picked = places(array, &self.yrs, named);
        Ok(self.remove_places(array, &picked))
    }

    /// Adds a value at the end of the array at `path`.
    pub fn push(&mut self, path: &[&str], value: impl Into<Scalar>) -> Result<()> {
        let array = self.array_at(path, || ListSpot::End)?;
        self.push_to(&array, value.into())?;
        self.wrote_below(path, "");
        Ok(())
    }

    fn push_to(&mut self, array: &ArrayRef, value: Scalar) -> Result<()> {
        let (unit, end) = (self.next_unit(), self.elements.end(array));
        let text = text_of(&value);
        if matches!(value.any, Any::Map(_)) {
            // The map may have an id.
            self.elements.changed(array);
        }
        match end.filter(|_| !value.is_odd()) {
            Some(end) => {
                self.take(&content::behind(unit, end, &Content::Plain(from_any(&value.any))))?;
            }
            None => self.insert_in(array, u32::MAX, value),
        }
        self.elements.ends_with(array, unit);
        self.elements.texts.pushed(array, unit, text.as_deref(), end);
        Ok(())
    }

    /// Inserts a value into the array at `path`, before the element `index`.
    pub fn insert_at(&mut self, path: &[&str], index: u32, value: impl Into<Scalar>) -> Result<()> {
        let array = match index {
            0 => self.array_at(path, || ListSpot::Start)?,
            _ => self.array(path)?,
        };
        self.insert_into(&array, index, value.into());
        self.wrote_below(path, "");
        Ok(())
    }

    fn insert_into(&mut self, array: &ArrayRef, index: u32, value: Scalar) {
        let (unit, text) = (self.next_unit(), text_of(&value));
        match index {
            _ if index >= array.len(&self.yrs) || matches!(value.any, Any::Map(_)) => {
                self.elements.changed(array);
            }
            0 => self.elements.texts.on_top(array, unit, text.as_deref()),
            _ => self.elements.texts.changed(array),
        }
        self.insert_in(array, index, value);
    }

    /// Inserts a text into the array at `path`, before the first element equal to `other`, or at the end if
    /// there is none.
    pub fn insert_before(&mut self, path: &[&str], other: &str, text: &str) -> Result<()> {
        let array = self.array_at(path, || ListSpot::Before(other.to_owned()))?;
        let place = self.live().texts(&array, |line| line.place_before(other)).flatten();
        if self.elements.texts.is_among(&array, text) {
            self.elements.texts.changed(&array);
        }
        let unit = self.next_unit();
        if let Some((Some(left), right)) = place {
            self.take(&content::before(unit, left, right, &Value::String(text.to_owned())))?;
            self.elements.texts.put_before(&array, unit, text, right, Some(left));
            return Ok(());
        }
        // Its neighbour is not known: let yrs count its way there and find it.
        let is_it = |out: Out| matches!(out, Out::Any(Any::String(found)) if *found == *other);
        let at = array.iter(&self.yrs).position(is_it).and_then(|at| u32::try_from(at).ok());
        match (place, at) {
            (Some((None, right)), Some(at)) => {
                if at > 0 {
                    self.elements.texts.walked();
                }
                self.insert_in(&array, at, text);
                match self.left_of(unit, right) {
                    Some(left) => {
                        self.elements.texts.put_before(&array, unit, text, right, left);
                    }
                    None => self.elements.texts.changed(&array),
                }
                Ok(())
            }
            _ => {
                self.insert_into(&array, at.unwrap_or(u32::MAX), text.into());
                self.wrote_below(path, "");
                Ok(())
            }
        }
    }

    /// Returns the left neighbour, if any, with which this transaction wrote a unit directly before another
    /// one. `None` if it is not directly before that.
    fn left_of(&self, unit: Id, right: Id) -> Option<Option<Id>> {
        let bytes = self.yrs.encode_update_v1();
        let update = Update::checked(&bytes, &[]).ok()?;
        let written = update.header(update.block(unit)?).right == Some(right);
        written.then(|| update.left_origin(unit))
    }

    /// Creates an empty array `key` in the map at a given index of the array at `path`: the only way to reach
    /// an element that has no id, or shares one.
    pub fn create_list_at(&mut self, path: &[&str], place: usize, key: &str) -> Result<()> {
        let map = self.map_at(path, place)?;
        map.insert(&mut self.yrs, key, ArrayPrelim::default());
        Ok(())
    }

    /// [`Txn::push`] for the list `key` of the map at a given index of the array at `path`.
    pub fn push_at(
        &mut self,
        path: &[&str],
        place: usize,
        key: &str,
        value: impl Into<Scalar>,
    ) -> Result<()> {
        let array = self.list_at(path, place, key)?;
        self.push_to(&array, value.into())?;
        self.wrote_below(path, "");
        Ok(())
    }

    /// [`Txn::retain_not`] for the list `key` of the map at a given index of the array at `path`.
    pub fn retain_not_at(
        &mut self,
        path: &[&str],
        place: usize,
        key: &str,
        gone: impl FnMut(usize, &Value) -> bool,
    ) -> Result<usize> {
        let array = self.list_at(path, place, key)?;
        self.retain_not_in(&array, gone)
    }

    /// Removes every element of the array at `path` that `gone` picks. Returns how many.
    pub fn retain_not(
        &mut self,
        path: &[&str],
        gone: impl FnMut(usize, &Value) -> bool,
    ) -> Result<usize> {
        let array = self.array(path)?;
        self.retain_not_in(&array, gone)
    }

    fn retain_not_in(
        &mut self,
        array: &ArrayRef,
        mut gone: impl FnMut(usize, &Value) -> bool,
    ) -> Result<usize> {
        let mut place = 0..;
        let picked = places(array, &self.yrs, |out| {
            let place = place.next().unwrap_or(usize::MAX);
            gone(place, &from_out(out.clone(), &self.yrs))
        });
        Ok(self.remove_places(array, &picked))
    }

    /// Removes the elements at ascending indexes, adjacent ones together, since yrs counts its way to each
    /// index. Returns how many.
    fn remove_places(&mut self, array: &ArrayRef, places: &[u32]) -> usize {
        self.elements.shrunk(array);
        for run in places.chunk_by(|a, b| a.checked_add(1) == Some(*b)).rev() {
            if let Some(first) = run.first() {
                array.remove_range(&mut self.yrs, *first, run.len() as u32);
            }
        }
        places.len()
    }

    /// Removes every element of the array at `path` equal to this text. Returns how many.
    pub fn remove_text(&mut self, path: &[&str], text: &str) -> Result<usize> {
        let array = self.array_at(path, || ListSpot::Text(text.to_owned()))?;
        let count = self.remove_text_from(&array, text)?;
        if let Some(window) = self.window {
            window.note_removed(&self.live(), path, text, count);
        }
        Ok(count)
    }

    fn remove_text_from(&mut self, array: &ArrayRef, text: &str) -> Result<usize> {
        let units = self.live().texts(array, |line| line.units_of(text).to_vec());
        if let Some(units) = units {
            self.delete_units(&units)?;
            self.elements.texts.removed(array, &units);
            return Ok(units.len());
        }
        let is_it = |out: &Out| matches!(out, Out::Any(Any::String(found)) if **found == *text);
        let found = places(array, &self.yrs, is_it);
        Ok(self.remove_places(array, &found))
    }

    /// Deletes single units of content.
    fn delete_units(&mut self, units: &[Id]) -> Result<()> {
        if units.is_empty() {
            return Ok(());
        }
        let mut units = units.to_vec();
        units.sort();
        let mut deletes = DeleteSet::default();
        units.iter().for_each(|unit| {
            deletes.insert(unit.client, unit.clock..unit.clock.saturating_add(1));
        });
        self.take(&deletes.to_update())
    }

    /// The id that the next local unit will get.
    pub(super) fn next_unit(&self) -> Id {
        // Not from `state_vector`, which looks at every client again.
        let client = yrs::ClientID::new(self.client);
        let before = self.yrs.before_state().get(&client);
        let made = self.yrs.insert_set().get(&client).and_then(|ranges| ranges.clock_end());
        Id { client: self.client, clock: made.map_or(before, |made| made.max(before)) }
    }

    /// The array `key` of the map at a given index of the array at `path`.
    fn list_at(&mut self, path: &[&str], place: usize, key: &str) -> Result<ArrayRef> {
        let map = self.map_at(path, place)?;
        match map.get(&self.yrs, key) {
            Some(Out::YArray(array)) => Ok(array),
            found => Err(not_shared("array", &path.field(key), found.is_some())),
        }
    }

    fn map_at(&mut self, path: &[&str], place: usize) -> Result<MapRef> {
        let array = self.array(path)?;
        let found = u32::try_from(place).ok().and_then(|place| array.get(&self.yrs, place));
        match found {
            Some(Out::YMap(map)) => Ok(map),
            found => Err(not_shared("map", path, found.is_some())),
        }
    }
}

/// The text of a value that is one.
fn text_of(value: &Scalar) -> Option<Arc<str>> {
    match &value.any {
        Any::String(text) => Some(Arc::clone(text)),
        _ => None,
    }
}

/// The indexes of the array elements that `picks` selects, ascending.
fn places<T: ReadTxn>(array: &ArrayRef, txn: &T, mut picks: impl FnMut(&Out) -> bool) -> Vec<u32> {
    let elements = (0u32..).zip(array.iter(txn));
    elements.filter(|(_, out)| picks(out)).map(|(place, _)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::doc::Doc;
    use crate::crdt::source::{Source, keys_beginning, text_before};
    use crate::crdt::testing::Rng;
    use crate::crdt::view::View;
    use crate::wire::{RootKind, Update};

    const LIST: &[&str] = &["m", "list"];

    fn begun() -> Doc {
        let mut doc = Doc::new(7);
        doc.edit(|txn| txn.create_array(&["m"], "list")).unwrap();
        doc
    }

    /// One random change of a list, in one or two transactions.
    fn change(doc: &mut Doc, theirs: &mut Doc, dice: &mut Rng) {
        let what = dice.below(18);
        let (id, other) = (format!("e{}", dice.below(6)), format!("e{}", dice.below(6)));
        let at = u32::try_from(dice.below(5)).unwrap();
        let element = ["m", "list", id.as_str()];
        let object = Value::Object([("id".to_owned(), Value::String(id.clone()))].into());
        let edit = |txn: &mut Txn<'_>| match what {
            0..=2 => txn.push_record(LIST, &id, vec![("n", 1i64.into()), ("l", New::Array)]),
            3 | 4 => txn.push(LIST, id.as_str()),
            5 => txn.insert_map(LIST, at, &id),
            6 => txn.insert_at(LIST, at, id.as_str()),
            7 => txn.push(LIST, &object),
            8 => txn.remove(LIST, &id).map(drop),
            9 => txn.remove_each(LIST, &BTreeSet::from([id.as_str(), other.as_str()])).map(drop),
            10 => txn.retain_not(LIST, |place, _| place % 7 == 3).map(drop),
            11 => txn.remove_text(LIST, &id).map(drop),
            14 => txn.insert_at(LIST, 0, id.as_str()),
            15 | 16 => {
                txn.remove_text(LIST, &id)?;
                txn.insert_before(LIST, &other, &id)
            }
            17 => txn.remove(&["m"], &other).map(drop).and_then(|()| txn.set(&["m"], &id, "v")),
            _ if txn.shared(&element).is_some() => {
                let (key, value) = if what == 12 { ("id", other.as_str()) } else { ("n", "new") };
                txn.set(&element, key, value)
            }
            _ => txn.append(
                LIST,
                &Content::Map(BTreeMap::from([(id.clone(), Content::Array(vec![]))])),
            ),
        };
        if dice.below(8) > 0 {
            return doc.edit(edit).unwrap();
        }
        // A change by somebody else who has seen all of it.
        let merge = |from: &Doc, into: &mut Doc| {
            let state = from.encode().unwrap().0;
            into.apply(&Update::checked(&state, &[]).unwrap()).unwrap();
        };
        merge(doc, theirs);
        theirs.edit(edit).unwrap();
        merge(theirs, doc);
    }

    /// What is remembered of an array changes only the amount of work: a document that forgets all of it
    /// before each change ends with the same bytes.
    #[test]
    fn what_is_remembered_of_an_array_is_what_is_there() {
        for seed in 0..20 {
            let (mut dice, mut again) = (Rng::new(seed), Rng::new(seed));
            let [mut doc, mut plain] = [begun(), begun()];
            let [mut theirs, mut plains] = [Doc::new(8), Doc::new(8)];
            for step in 0..40 {
                change(&mut doc, &mut theirs, &mut dice);
                plain.forget_elements();
                plains.forget_elements();
                change(&mut plain, &mut plains, &mut again);
                plain.forget_elements();
                let (ours, others) = (doc.encode().unwrap().0, plain.encode().unwrap().0);
                assert_eq!(ours, others, "{seed}/{step}");
                let view = View::of(&Update::checked(&ours, &[]).unwrap());
                assert_eq!(doc.read(|doc| doc.value(&["m"])), view.value(&["m"]), "{seed}/{step}");
                doc.read(|ours| {
                    plain.read(|plain| {
                        assert_eq!(ours.value(LIST), plain.value(LIST), "{seed}/{step}");
                        for id in (0..6).map(|n| format!("e{n}")) {
                            let path = ["m", "list", id.as_str()];
                            assert_eq!(ours.value(&path), plain.value(&path), "{seed}/{step} {id}");
                            let before = text_before(plain, LIST, &id);
                            assert_eq!(ours.text_before(LIST, &id), before, "{seed}/{step} {id}");
                            assert_eq!(plain.text_before(LIST, &id), before, "{seed}/{step} {id}");
                        }
                        for path in [&["m"][..], LIST] {
                            for prefix in ["", "e", "e1", "li", "x"] {
                                let found = keys_beginning(plain, path, prefix);
                                for source in [ours, plain, &view] {
                                    let keys = source.keys_beginning(path, prefix);
                                    assert_eq!(keys, found, "{seed}/{step} {prefix}");
                                }
                            }
                        }
                    });
                });
            }
        }
    }

    /// Ten thousand moves within a list do not take ten thousand walks, whatever their target.
    #[test]
    fn a_list_is_walked_no_more_than_a_few_times() {
        // Under a root that is an array, as the columns of a board are.
        const LIST: &[&str] = &["columns", "c", "list"];
        let mut doc = Doc::new(7).with_roots(&[("columns", RootKind::Array)]);
        doc.edit(|txn| txn.push_record(&["columns"], "c", vec![("list", New::Array)])).unwrap();
        let name = |n: usize| format!("e{n:04}");
        let n = 2_000;
        for id in (0..n).map(name) {
            doc.edit(|txn| txn.push(LIST, id.as_str())).unwrap();
        }
        let mut order: Vec<String> = (0..n).map(name).collect();
        for at in (0..n).map(|at| (at * 7) % n) {
            let (id, other) = (name(at), name((at + 1 + at % 5) % n));
            doc.edit(|txn| {
                assert_eq!(txn.remove_text(LIST, &id)?, 1);
                match at % 3 {
                    0 => txn.insert_at(LIST, 0, id.as_str()),
                    1 => txn.push(LIST, id.as_str()),
                    _ => txn.insert_before(LIST, &other, &id),
                }
            })
            .unwrap();
            order.retain(|found| *found != id);
            let place = match at % 3 {
                0 => 0,
                1 => order.len(),
                _ => order.iter().position(|found| *found == other).unwrap(),
            };
            order.insert(place, id);
        }
        let shown: Vec<Value> = order.into_iter().map(Value::String).collect();
        assert_eq!(doc.read(|source| source.value(LIST)), Some(Value::Array(shown)));
        assert!(doc.walked_texts() <= 4, "{}", doc.walked_texts());
    }

    /// An element put before another one is known to follow that one's previous neighbour.
    #[test]
    fn a_list_is_not_walked_for_each_that_is_put_before_the_last_one() {
        let mut doc = begun();
        let n = 1_000;
        let name = |n: usize| format!("e{n:04}");
        for id in (0..n).map(name) {
            doc.edit(|txn| txn.push(LIST, id.as_str())).unwrap();
        }
        let mut order: Vec<String> = (0..n).map(name).collect();
        for (id, other) in (0..n).map(|at| (name(at), name(if at == 0 { n / 2 } else { at - 1 }))) {
            if id == other {
                continue;
            }
            doc.edit(|txn| {
                assert_eq!(txn.remove_text(LIST, &id)?, 1);
                txn.insert_before(LIST, &other, &id)
            })
            .unwrap();
            order.retain(|found| *found != id);
            let place = order.iter().position(|found| *found == other).unwrap();
            order.insert(place, id);
        }
        let shown: Vec<Value> = order.into_iter().map(Value::String).collect();
        assert_eq!(doc.read(|source| source.value(LIST)), Some(Value::Array(shown)));
        assert!(doc.walked_texts() <= 10, "{}", doc.walked_texts());
    }

    /// Ten thousand additions, look-ups and removals by id do not take ten thousand walks.
    #[test]
    fn an_array_is_walked_once() {
        let mut doc = begun();
        let n = 3_000;
        for id in (0..n).map(|n| format!("e{n}")) {
            doc.edit(|txn| txn.push_record(LIST, &id, Vec::new())).unwrap();
            doc.edit(|txn| txn.set(&["m", "list", &id], "n", 1i64)).unwrap();
        }
        for id in (0..n).step_by(2).map(|n| format!("e{n}")) {
            assert!(doc.edit(|txn| txn.remove(LIST, &id)).unwrap());
        }
        assert!(doc.looked_at_elements() <= 1, "{}", doc.looked_at_elements());
        doc.forget_elements();
        let third: Vec<String> = (0..n).step_by(3).map(|n| format!("e{n}")).collect();
        let third = third.iter().map(String::as_str).collect();
        assert_eq!(doc.edit(|txn| txn.remove_each(LIST, &third)).unwrap(), n / 6);
        assert_eq!(doc.read(|source| source.keys(LIST).len()), n / 3);
        assert_eq!(doc.looked_at_elements(), 1 + n as u64 / 2);
    }
}

//! Reads a document that is open in yrs.

use super::elements::{ContainerIndex, own};
use super::keys::branch_of;
use super::plain::Plain;
use super::texts::{Line, TextUnit};
use super::view::View;
use crate::crdt::source::{Shared, Source, each_field, first_of_each, keys_beginning, text_before};
use crate::wire::{Id, Record, Update, Value};
use std::collections::HashMap;
use yrs::branch::{Branch, BranchID};
use yrs::types::ToJson;
use yrs::{Any, Array, ArrayRef, GetString, Map, Number, Out, ReadTxn, StateVector};

/// Any yrs transaction as a [`Source`].
pub(super) struct Live<'t, T> {
    pub txn: &'t T,
    pub elements: &'t ContainerIndex,
}

impl<T: ReadTxn> Live<'_, T> {
    /// Returns the value at a path, as yrs has it.
    pub fn out(&self, path: &[&str]) -> Option<Out> {
        let (root, rest) = path.split_first()?;
        rest.iter().try_fold(root_out(self.txn, root)?, |at, step| match at {
            Out::YMap(map) => map.get(self.txn, step),
            Out::YArray(array) => self.elements.find(self.txn, &array, step, |out| self.id_of(out)),
            Out::Any(Any::Map(fields)) => fields.get(*step).cloned().map(Out::Any),
            Out::Any(Any::Array(items)) => {
                items.iter().find(|item| plain_id(item) == Some(*step)).cloned().map(Out::Any)
            }
            _ => None,
        })
    }

    /// Returns the field `id` of a map in an array.
    pub fn id_of(&self, element: &Out) -> Option<String> {
        let map = match element {
            Out::YMap(map) => map,
            Out::Any(any) => return plain_id(any).map(str::to_owned),
            _ => return None,
        };
        match map.get(self.txn, "id")? {
            Out::Any(Any::String(id)) => Some(id.to_string()),
            Out::YText(text) => Some(text.get_string(self.txn)),
            _ => None,
        }
    }
}

impl<T: ReadTxn> Live<'_, T> {
    /// Looks at the texts of an array by their index. Returns `None` as long as a walk is cheaper.
    pub fn texts<R>(&self, array: &ArrayRef, look: impl FnOnce(&Line) -> R) -> Option<R> {
        let read = || {
            let bytes = self.txn.encode_state_as_update_v1(&StateVector::default());
            let state = Update::checked(&bytes, &[]).ok()?;
            let view = View::of(&state);
            let units = match branch_of(array) {
                BranchID::Nested(item) => view.units_of(own(item)),
                BranchID::Root(name) => view.units_of_root(&name),
            }?;
            let lefts = state.neighbours(units.iter().map(|(unit, _)| *unit));
            let left = |unit: Id| lefts.get(&unit).copied();
            let units = units.into_iter();
            Some(units.map(|(unit, text)| TextUnit { unit, text, left: left(unit) }).collect())
        };
        self.elements.texts.look(array, read, look)
    }
}

impl<T: ReadTxn> Source for Live<'_, T> {
    fn roots(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.txn.root_refs().map(|(name, _)| name.to_owned()).collect();
        names.sort();
        names
    }

    fn value(&self, path: &[&str]) -> Option<Value> {
        self.out(path).map(|out| from_out(out, self.txn))
    }

    fn keys(&self, path: &[&str]) -> Vec<String> {
        match self.out(path) {
            Some(Out::YMap(map)) => {
                let mut keys: Vec<String> = map.keys(self.txn).map(str::to_owned).collect();
                keys.sort();
                keys
            }
            Some(Out::YArray(array)) => {
                first_of_each(array.iter(self.txn).filter_map(|element| self.id_of(&element)))
            }
            Some(Out::Any(any)) => Plain::of(from_any(&any)).keys(),
            _ => Vec::new(),
        }
    }

    fn keys_beginning(&self, path: &[&str], prefix: &str) -> Vec<String> {
        match self.out(path) {
            Some(Out::YMap(map)) => self.elements.keys.beginning(self.txn, &map, prefix),
            Some(Out::YArray(array)) => {
                self.elements.beginning(self.txn, &array, prefix, |out| self.id_of(out))
            }
            _ => keys_beginning(self, path, prefix),
        }
    }

    fn text_before(&self, path: &[&str], text: &str) -> Option<Option<String>> {
        let Some(Out::YArray(array)) = self.out(path) else { return None };
        let found = self.texts(&array, |line| line.text_before(text));
        found.unwrap_or_else(|| text_before(self, path, text))
    }

    fn exists(&self, path: &[&str]) -> bool {
        self.out(path).is_some()
    }

    fn fields(&self, path: &[&str], names: &[&str]) -> Vec<(String, Vec<Option<Value>>)> {
        let Some(Out::YArray(array)) = self.out(path) else {
            return each_field(self, path, names);
        };
        // Like a path lookup, but with one pass over the array: if several have one id, the first map counts.
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut elements: Vec<(String, Out)> = Vec::new();
        for element in array.iter(self.txn) {
            let Some(id) = self.id_of(&element) else { continue };
            match places.get(&id).and_then(|place| elements.get_mut(*place)) {
                Some((_, Out::YMap(_))) => {}
                Some((_, known)) if matches!(element, Out::YMap(_)) => *known = element,
                Some(_) => {}
                None => {
                    places.insert(id.clone(), elements.len());
                    elements.push((id, element));
                }
            }
        }
        let field = |element: &Out, name: &str| match element {
            Out::YMap(map) => map.get(self.txn, name),
            Out::Any(Any::Map(fields)) => fields.get(name).cloned().map(Out::Any),
            _ => None,
        };
        let of = |(id, element): (String, Out)| {
            let values = names.iter().map(|name| Some(from_out(field(&element, name)?, self.txn)));
            (id, values.collect())
        };
        elements.into_iter().map(of).collect()
    }

    fn shared(&self, path: &[&str]) -> Option<Shared> {
        match self.out(path)? {
            Out::YMap(_) => Some(Shared::Map),
            Out::YArray(_) => Some(Shared::Array),
            Out::YText(_) => Some(Shared::Text),
            Out::Any(_) => None,
            _ => Some(Shared::Other),
        }
    }

    fn created_by(&self, path: &[&str]) -> Option<Id> {
        let id = match self.out(path)? {
            Out::YMap(map) => AsRef::<Branch>::as_ref(&map).id(),
            Out::YArray(array) => AsRef::<Branch>::as_ref(&array).id(),
            Out::YText(text) => AsRef::<Branch>::as_ref(&text).id(),
            _ => return None,
        };
        match id {
            BranchID::Nested(id) => Some(Id { client: id.client.get(), clock: id.clock }),
            BranchID::Root(_) => None,
        }
    }
}

/// The field `id` of a plain map.
fn plain_id(any: &Any) -> Option<&str> {
    let Any::Map(fields) = any else { return None };
    match fields.get("id")? {
        Any::String(id) => Some(id),
        _ => None,
    }
}

/// Returns a root as the type of its content: a root that nobody asked for yet has no type in yrs. Text is
/// looked for before elements, because yrs loops forever over text that it reads as an array.
fn root_out<T: ReadTxn>(txn: &T, name: &str) -> Option<Out> {
    match txn.get(name)? {
        Out::UndefinedRef(_) => {
            let map = txn.get_map(name)?;
            // Not `map.len`, which counts: this runs on every lookup.
            if map.keys(txn).next().is_some() {
                return Some(Out::YMap(map));
            }
            let text = txn.get_text(name)?;
            if !text.get_string(txn).is_empty() {
                return Some(Out::YText(text));
            }
            let array = txn.get_array(name)?;
            match array.len(txn) > 0 {
                true => Some(Out::YArray(array)),
                false => Some(Out::YMap(map)),
            }
        }
        out => Some(out),
    }
}

/// Converts a yrs value to plain data.
pub(super) fn from_out<T: ReadTxn>(out: Out, txn: &T) -> Value {
    match out {
        Out::Any(any) => from_any(&any),
        Out::YMap(map) => Value::Map(
            map.iter(txn)
                .map(|(key, out)| (key.to_owned(), from_out(out, txn)))
                .collect::<Record>(),
        ),
        Out::YArray(array) => Value::Array(array.iter(txn).map(|out| from_out(out, txn)).collect()),
        Out::YText(text) => Value::Text(text.get_string(txn)),
        other => from_any(&other.to_json(txn)),
    }
}

pub(super) fn from_any(any: &Any) -> Value {
    match any {
        Any::Null => Value::Null,
        Any::Undefined => Value::Undefined,
        Any::Bool(b) => Value::Bool(*b),
        Any::Number(Number::Int(n)) => Value::Int(*n),
        Any::Number(Number::Float(n)) => Value::Number(*n),
        Any::String(text) => Value::String(text.to_string()),
        Any::Buffer(bytes) => Value::Bytes(bytes.to_vec()),
        Any::Array(items) => Value::List(items.iter().map(from_any).collect()),
        Any::Map(map) => {
            Value::Object(map.iter().map(|(key, any)| (key.clone(), from_any(any))).collect())
        }
    }
}

//! What can be asked of a document, wherever it is read from: the bytes of a file
//! ([`super::view::View`]) or a document open for editing ([`super::doc::Txn`]).

use crate::wire::{Id, Record, Value};
use std::collections::BTreeSet;

/// [`Source::fields`], one look for each.
pub(super) fn each_field<S: Source + ?Sized>(
    source: &S,
    path: &[&str],
    names: &[&str],
) -> Vec<(String, Vec<Option<Value>>)> {
    let look = |key: String| {
        let value = |name: &&str| source.value(&[path, &[key.as_str(), name]].concat());
        let values = names.iter().map(value).collect();
        (key, values)
    };
    source.keys(path).into_iter().map(look).collect()
}

/// [`Source::keys_beginning`], by a look at each.
pub(super) fn keys_beginning<S: Source + ?Sized>(
    source: &S,
    path: &[&str],
    prefix: &str,
) -> Vec<String> {
    let mut keys = source.keys(path);
    keys.retain(|key| key.starts_with(prefix));
    keys.sort_unstable();
    keys
}

/// [`Source::text_before`], by a look at each.
pub(super) fn text_before<S: Source + ?Sized>(
    source: &S,
    path: &[&str],
    text: &str,
) -> Option<Option<String>> {
    let list = source.value(path)?;
    let mut before = None;
    for found in list.as_array()?.iter().filter_map(Value::as_str) {
        if found == text {
            return Some(before.map(str::to_owned));
        }
        before = Some(found);
    }
    None
}

/// The ids of a sequence in its order, each once.
pub(super) fn first_of_each(ids: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    ids.filter(|id| seen.insert(id.clone())).collect()
}

/// A shared type: what can be written part by part, by several replicas at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shared {
    /// A Y.Map.
    Map,
    /// A Y.Array.
    Array,
    /// A Y.Text.
    Text,
    /// One that only other programs use.
    Other,
}

/// What can be asked of a document, open for editing or not. A path leads from a root through
/// map keys and array elements: `["messages", "3f2a…", "reactions"]`. An element of an array of
/// maps is named by its field `id`, whatever that looks like, so that it stays the same element when
/// others come and go (`["issues", "9c1e…", "comments", "77ab…"]`). Of several elements with one id
/// the first is meant, a shared map before a plain value.
///
/// A path leads through plain values too: other programs write whole records as one JSON object.
/// [`Source::shared`] tells what can be written.
pub trait Source {
    /// The names of the roots that hold anything, sorted.
    fn roots(&self) -> Vec<String>;

    /// The value at a path, everything below it included.
    fn value(&self, path: &[&str]) -> Option<Value>;

    /// The keys of the map or object at a path, sorted; of an array or list the ids of the maps in
    /// it, in its order; none elsewhere.
    fn keys(&self, path: &[&str]) -> Vec<String>;

    /// Those of [`Source::keys`] that begin like this, sorted.
    fn keys_beginning(&self, path: &[&str], prefix: &str) -> Vec<String> {
        keys_beginning(self, path, prefix)
    }

    /// What stands before a text in the array at a path, where other texts are all that counts:
    /// `Some(None)` before the first one, None where there is no such text.
    fn text_before(&self, path: &[&str], text: &str) -> Option<Option<String>> {
        text_before(self, path, text)
    }

    /// Whether anything stands at a path. Reads nothing of what is below it.
    fn exists(&self, path: &[&str]) -> bool;

    /// The shared type at a path; none where a plain value stands, or nothing: what is in there
    /// cannot be written by itself.
    fn shared(&self, path: &[&str]) -> Option<Shared>;

    /// The item that created the shared type at a path; none for a root, which nobody created, and for
    /// a plain value.
    fn created_by(&self, path: &[&str]) -> Option<Id>;

    /// The item that holds the live value at a path, whatever that is; of plain values only where
    /// it can be told.
    fn item(&self, path: &[&str]) -> Option<Id> {
        self.created_by(path)
    }

    /// Keys of a root among which the last so many of its records are, by the time when they were made,
    /// deleted ones left out or not; None where that takes a look at each.
    fn latest(&self, _root: &str, _count: usize, _deleted: bool) -> Option<Vec<String>> {
        None
    }

    /// The keys of roots below which some words can stand, each in one text and in any case: none are
    /// missing, and some may be too many. None where that takes a look at each.
    fn holding(&self, _words: &[String]) -> Option<Vec<(String, String)>> {
        None
    }

    /// Some fields of every record in the map or the array at a path, each with its key or id: as
    /// [`Source::keys`] and a look at each find them, in the same order.
    fn fields(&self, path: &[&str], names: &[&str]) -> Vec<(String, Vec<Option<Value>>)> {
        each_field(self, path, names)
    }

    /// The record at a path, a shared map or a plain object.
    fn record(&self, path: &[&str]) -> Option<Record> {
        match self.value(path)? {
            Value::Map(record) | Value::Object(record) => Some(record),
            _ => None,
        }
    }

    /// The text at a path.
    fn text(&self, path: &[&str]) -> Option<String> {
        self.value(path)?.as_str().map(str::to_owned)
    }

    /// The whole number at a path.
    fn int(&self, path: &[&str]) -> Option<i64> {
        self.value(path)?.as_i64()
    }

    /// Whether the value at a path is `true`.
    fn flag(&self, path: &[&str]) -> bool {
        matches!(self.value(path), Some(Value::Bool(true)))
    }
}

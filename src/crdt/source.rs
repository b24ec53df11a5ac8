//! Queries on a document, wherever it is read from: the bytes of a file ([`super::view::View`]) or a document
//! open for editing ([`super::doc::Txn`]).

use crate::wire::{Clocks, Id, Record, Shape, Value};
use std::collections::BTreeSet;

/// [`Source::fields`], with one lookup for each.
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

/// [`Source::flagged`], with one lookup for each.
pub(super) fn flagged<S: Source + ?Sized>(source: &S, path: &[&str], name: &str) -> Vec<String> {
    let mut keys = source.keys(path);
    keys.retain(|key| source.flag(&[path, &[key.as_str(), name]].concat()));
    keys
}

/// [`Source::keys_beginning`], by looking at each key.
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

/// [`Source::text_before`], by looking at each text.
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

/// A shared type: several replicas can write its parts concurrently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shared {
    /// A Y.Map.
    Map,
    /// A Y.Array.
    Array,
    /// A Y.Text.
    Text,
    /// A type that only other programs use.
    Other,
}

impl From<Shape> for Shared {
    fn from(shape: Shape) -> Self {
        match shape {
            Shape::Map => Shared::Map,
            Shape::Array => Shared::Array,
            Shape::Text => Shared::Text,
            Shape::Unknown | Shape::Sequence | Shape::Element => Shared::Other,
        }
    }
}

/// Queries on a document, open for editing or not. A path leads from a root through map keys and array
/// elements: `["messages", "3f2a…", "reactions"]`. An element of an array of maps is named by its field `id`,
/// whatever that looks like, so that it stays the same element when others come and go (`["issues", "9c1e…",
/// "comments", "77ab…"]`). If several elements have one id, the first is meant, a shared map before a plain
/// value.
///
/// A path leads through plain values too: other programs write whole records as one JSON object.
/// [`Source::shared`] tells what can be written.
pub trait Source {
    /// Returns the names of the roots that hold anything, sorted.
    fn roots(&self) -> Vec<String>;

    /// Returns the value at a path, including everything below it.
    fn value(&self, path: &[&str]) -> Option<Value>;

    /// Returns the keys of the map or object at a path, sorted; for an array or list, the ids of the maps in
    /// it, in list order; none elsewhere.
    fn keys(&self, path: &[&str]) -> Vec<String>;

    /// Returns those of [`Source::keys`] that have this prefix, sorted.
    fn keys_beginning(&self, path: &[&str], prefix: &str) -> Vec<String> {
        keys_beginning(self, path, prefix)
    }

    /// Returns the text before a given one in the array at a path, counting only texts: `Some(None)` for the
    /// first one, `None` if there is no such text.
    fn text_before(&self, path: &[&str], text: &str) -> Option<Option<String>> {
        text_before(self, path, text)
    }

    /// Whether there is a value at a path. Reads nothing below it.
    fn exists(&self, path: &[&str]) -> bool;

    /// Returns the shared type at a path; `None` for a plain value, whose parts cannot be written
    /// individually, and for nothing.
    fn shared(&self, path: &[&str]) -> Option<Shared>;

    /// Returns the item that created the shared type at a path; `None` for a root, which nobody created, and
    /// for a plain value.
    fn created_by(&self, path: &[&str]) -> Option<Id>;

    /// Returns the item that holds the live value at a path, of any type; for plain values only where it can
    /// be told.
    fn item(&self, path: &[&str]) -> Option<Id> {
        self.created_by(path)
    }

    /// Returns keys of a root that include those of its last `count` records by creation time, with or
    /// without deleted ones. `None` if that needs a look at each.
    fn latest(&self, _root: &str, _count: usize, _deleted: bool) -> Option<Vec<String>> {
        None
    }

    /// Returns keys of a root that include those of its records that were created from `since` on and before
    /// `until`. `None` if that needs a look at each.
    fn created_within(
        &self,
        _root: &str,
        _since: Option<i64>,
        _until: Option<i64>,
    ) -> Option<Vec<String>> {
        None
    }

    /// Returns keys of a root that include those under which `other` holds nothing, or only a deleted record.
    /// `None` if that needs a look at each.
    fn keys_without(&self, _root: &str, _other: &str) -> Option<Vec<String>> {
        None
    }

    /// Returns keys of a root that include those of containers in which a record can have a time from `since`
    /// on. `None` if that needs a look at each.
    fn written_since(&self, _root: &str, _since: i64) -> Option<Vec<String>> {
        None
    }

    /// Returns the clock after what each client wrote; `None` if that cannot be told here.
    fn clocks(&self) -> Option<Clocks> {
        None
    }

    /// Returns the keys of roots below which these words can occur, each within one text and in any case.
    /// None are missing; some may be extra. `None` if that needs a look at each.
    fn holding(&self, _words: &[String]) -> Option<Vec<(String, String)>> {
        None
    }

    /// Returns the keys of roots below which something was written beyond these clocks. None are missing; some
    /// may be extra. `None` if that needs a look at each.
    fn written_beyond(&self, _clocks: &Clocks) -> Option<Vec<(String, String)>> {
        None
    }

    /// Says that what is at a path will be read, with everything below it.
    fn want(&self, _path: &[&str]) {}

    /// Whether anything that was asked for is not at hand: then whoever asks will be asked again, and no
    /// answer counts until then.
    fn has_missed(&self) -> bool {
        false
    }

    /// Returns some fields of every record in the map or the array at a path, each with its key or id: the
    /// same result, in the same order, as [`Source::keys`] and a lookup of each.
    fn fields(&self, path: &[&str], names: &[&str]) -> Vec<(String, Vec<Option<Value>>)> {
        each_field(self, path, names)
    }

    /// Returns the keys or ids of those records in the map or the array at a path in which a field is `true`,
    /// in the order of [`Source::keys`].
    fn flagged(&self, path: &[&str], name: &str) -> Vec<String> {
        flagged(self, path, name)
    }

    /// Returns the record at a path, a shared map or a plain object.
    fn record(&self, path: &[&str]) -> Option<Record> {
        match self.value(path)? {
            Value::Map(record) | Value::Object(record) => Some(record),
            _ => None,
        }
    }

    /// Returns the text at a path.
    fn text(&self, path: &[&str]) -> Option<String> {
        self.value(path)?.as_str().map(str::to_owned)
    }

    /// Returns the whole number at a path.
    fn int(&self, path: &[&str]) -> Option<i64> {
        self.value(path)?.as_i64()
    }

    /// Whether the value at a path is `true`.
    fn flag(&self, path: &[&str]) -> bool {
        matches!(self.value(path), Some(Value::Bool(true)))
    }
}

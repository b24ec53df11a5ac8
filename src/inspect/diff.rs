//! What differs between two documents: records of the collections that their concern knows, and
//! for everything else the keys of the roots.

use crate::concern::{Collection, Spec, borrowed};
use crate::crdt::value::{Record, Source, Value};
use crate::crdt::view::View;
use std::collections::{BTreeMap, BTreeSet};

/// A record that is not the same in both.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The path of its collection: `messages`, `threads/*/replies`; for what no collection holds
    /// the root. Empty for a difference that no value shows.
    pub collection: String,
    /// Its key, or its place in an array; None for a text or a root as a whole.
    pub id: Option<String>,
    pub kind: ChangeKind,
    /// What differs, by name, with the old value and the new one.
    pub fields: BTreeMap<String, (Option<Value>, Option<Value>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    Added,
    Removed,
    Changed,
}

impl ChangeKind {
    pub fn name(self) -> &'static str {
        match self {
            ChangeKind::Added => "added",
            ChangeKind::Removed => "removed",
            ChangeKind::Changed => "changed",
        }
    }
}

/// What two documents that were compared are to each other.
#[derive(Debug, Clone, PartialEq)]
pub enum Comparison {
    /// They hold the same content, whatever their history.
    Equal,
    Different(Vec<Change>),
    /// They hold the same operations and other content: two replicas wrote under one client id.
    Diverged(Vec<Change>),
}

/// Compares two documents by their live content; a document that is not there is an empty one.
/// Values are compared by what they mean, not by how they are encoded.
pub fn compare(spec: Option<&Spec>, old: Option<&View>, new: Option<&View>) -> Comparison {
    if let (Some(old), Some(new)) = (old, new)
        && old.digest() == new.digest()
    {
        return Comparison::Equal;
    }
    let changes = changes(spec, old, new);
    match (old, new) {
        (Some(old), Some(new)) if old.version() == new.version() => Comparison::Diverged(changes),
        _ if changes.is_empty() => Comparison::Equal,
        _ => Comparison::Different(changes),
    }
}

fn changes(spec: Option<&Spec>, old: Option<&View>, new: Option<&View>) -> Vec<Change> {
    let collections = spec.map_or(&[][..], |spec| spec.collections);
    let mut changes = Vec::new();
    for collection in collections {
        of_collection(collection, collections, old, new, &mut changes);
    }
    let known: BTreeSet<&str> =
        collections.iter().filter_map(|c| c.path.first().copied()).collect();
    let roots = |view: Option<&View>| view.map(Source::roots).unwrap_or_default();
    let all: BTreeSet<String> = roots(old).into_iter().chain(roots(new)).collect();
    for root in all.iter().filter(|root| !known.contains(root.as_str())) {
        let value = |view: Option<&View>| view.and_then(|view| view.value(&[root]));
        of_root(root, value(old), value(new), &mut changes);
    }
    if let (true, Some(_), Some(_)) = (changes.is_empty(), old, new) {
        // Values that a text holds between its characters differ: the digest knows them.
        changes.push(Change::new("", None, ChangeKind::Changed));
    }
    changes
}

fn of_collection(
    collection: &Collection,
    all: &[Collection],
    old: Option<&View>,
    new: Option<&View>,
    changes: &mut Vec<Change>,
) {
    let name = collection.path.join("/");
    let paths = |view: Option<&View>| view.map(|v| collection.records(v)).unwrap_or_default();
    let both: BTreeSet<Vec<String>> = paths(old).into_iter().chain(paths(new)).collect();
    for path in both {
        let steps = borrowed(&path);
        let value = |view: Option<&View>| {
            let mut value = view.and_then(|view| view.value(&steps));
            if let Some(Value::Map(record)) = &mut value {
                record.retain(|field, _| !is_collection(collection, field, all));
            }
            value
        };
        changes.extend(of_value(&name, path.last(), value(old), value(new)));
    }
}

/// Whether a field holds the records of another collection, which are compared there.
fn is_collection(collection: &Collection, field: &str, all: &[Collection]) -> bool {
    all.iter().any(|other| {
        other.path.strip_prefix(collection.path).is_some_and(|rest| rest == ["*", field])
    })
}

fn of_root(root: &str, old: Option<Value>, new: Option<Value>, changes: &mut Vec<Change>) {
    match (old, new) {
        (Some(Value::Map(old)), Some(Value::Map(new))) => of_map(root, old, new, changes),
        (Some(Value::Map(old)), None) => of_map(root, old, Record::new(), changes),
        (None, Some(Value::Map(new))) => of_map(root, Record::new(), new, changes),
        (Some(Value::Array(old)), Some(Value::Array(new))) => of_array(root, old, new, changes),
        (Some(Value::Array(old)), None) => of_array(root, old, Vec::new(), changes),
        (None, Some(Value::Array(new))) => of_array(root, Vec::new(), new, changes),
        (old, new) => changes.extend(of_value(root, None, old, new)),
    }
}

fn of_map(root: &str, mut old: Record, mut new: Record, changes: &mut Vec<Change>) {
    let keys: BTreeSet<String> = old.keys().chain(new.keys()).cloned().collect();
    for key in keys {
        changes.extend(of_value(root, Some(&key), old.remove(&key), new.remove(&key)));
    }
}

/// Arrays are compared between what they begin with and what they end with in common, element by
/// element.
fn of_array(root: &str, old: Vec<Value>, new: Vec<Value>, changes: &mut Vec<Change>) {
    let same = |(a, b): &(&Value, &Value)| a.same(b);
    let before = old.iter().zip(&new).take_while(same).count();
    let rest = old.len().min(new.len()).saturating_sub(before);
    let after = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(same).count();
    let end = old.len().max(new.len()).saturating_sub(after);
    let at = |values: &[Value], place: usize| {
        values.get(..values.len().saturating_sub(after))?.get(place).cloned()
    };
    for place in before..end {
        let (old, new) = (at(&old, place), at(&new, place));
        changes.extend(of_value(root, Some(&place.to_string()), old, new));
    }
}

/// The change between two values under one key: field by field where either is a map and none is
/// anything else, else as the one field `value`.
fn of_value(
    collection: &str,
    id: Option<&String>,
    old: Option<Value>,
    new: Option<Value>,
) -> Option<Change> {
    let kind = match (&old, &new) {
        (None, None) => return None,
        (None, Some(_)) => ChangeKind::Added,
        (Some(_), None) => ChangeKind::Removed,
        (Some(old), Some(new)) if old.same(new) => return None,
        (Some(_), Some(_)) => ChangeKind::Changed,
    };
    let mut change = Change::new(collection, id.cloned(), kind);
    match (old, new) {
        (Some(Value::Map(old)), Some(Value::Map(new))) => change.take_fields(old, new),
        (Some(Value::Map(old)), None) => change.take_fields(old, Record::new()),
        (None, Some(Value::Map(new))) => change.take_fields(Record::new(), new),
        pair => drop(change.fields.insert("value".to_owned(), pair)),
    }
    Some(change)
}

impl Change {
    fn new(collection: &str, id: Option<String>, kind: ChangeKind) -> Change {
        Change { collection: collection.to_owned(), id, kind, fields: BTreeMap::new() }
    }

    /// The fields that are not the same in both.
    fn take_fields(&mut self, old: Record, mut new: Record) {
        for (name, old) in old {
            let new = new.remove(&name);
            if !new.as_ref().is_some_and(|new| old.same(new)) {
                self.fields.insert(name, (Some(old), new));
            }
        }
        self.fields.extend(new.into_iter().map(|(name, new)| (name, (None, Some(new)))));
    }
}

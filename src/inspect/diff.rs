//! Differences between two documents: records of the collections that their concern knows, and for everything
//! else the keys of the roots.

use crate::crdt::any_view::AnyView;
use crate::crdt::source::Source;
use crate::crdt::types::SharedTypes;
use crate::crdt::view::View;
use crate::path::{DocPath, Keys};
use crate::schema::{Collection, Spec};
use crate::wire::{Record, Value, Version};
use std::collections::{BTreeMap, BTreeSet};

/// A record that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The path of its collection: `messages`, `threads/*/replies`; the root if no collection holds it. Empty
    /// for a difference that no value shows.
    pub collection: String,
    /// Its key, or its index in an array; `None` for a text or a whole root.
    pub id: Option<String>,
    /// In which of the two documents the record is.
    pub kind: ChangeKind,
    /// The fields that differ, by name, with the old and the new value.
    pub fields: BTreeMap<String, (Option<Value>, Option<Value>)>,
}

/// How a record of the new document relates to one of the old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// Only the new one has it.
    Added,
    /// Only the old one has it.
    Removed,
    /// Both have it, and a field differs.
    Changed,
}

impl ChangeKind {
    /// Returns the word for it in answers: `added`, `removed` or `changed`.
    pub fn name(self) -> &'static str {
        match self {
            ChangeKind::Added => "added",
            ChangeKind::Removed => "removed",
            ChangeKind::Changed => "changed",
        }
    }
}

/// Content that can be compared, however it was read.
pub trait Compared: Source {
    /// Returns its version.
    fn version(&self) -> &Version;
    /// Whether it shows all that its version counts: nothing waits for what is missing.
    fn is_whole(&self) -> bool {
        true
    }
    /// Whether it shows every shared type: reading its update again would show no more, but not the moment
    /// at which it was read.
    fn is_full(&self) -> bool {
        false
    }
    /// Returns the digest of what it shows.
    fn digest(&self) -> [u8; 32];
    /// Returns the update it was read from.
    fn bytes(&self) -> &[u8];
}

impl Compared for View {
    fn version(&self) -> &Version {
        View::version(self)
    }

    fn digest(&self) -> [u8; 32] {
        View::digest(self)
    }

    fn bytes(&self) -> &[u8] {
        View::bytes(self)
    }
}

impl Compared for AnyView {
    fn version(&self) -> &Version {
        AnyView::version(self)
    }

    fn is_full(&self) -> bool {
        matches!(self, AnyView::Types(..))
    }

    fn digest(&self) -> [u8; 32] {
        AnyView::digest(self)
    }

    fn bytes(&self) -> &[u8] {
        AnyView::bytes(self)
    }
}

impl Compared for SharedTypes {
    fn version(&self) -> &Version {
        SharedTypes::version(self)
    }

    fn is_whole(&self) -> bool {
        self.waiting().is_empty()
    }

    fn is_full(&self) -> bool {
        true
    }

    fn digest(&self) -> [u8; 32] {
        SharedTypes::digest(self)
    }

    fn bytes(&self) -> &[u8] {
        SharedTypes::bytes(self)
    }
}

/// The result of comparing two documents.
#[derive(Debug, Clone, PartialEq)]
pub enum Comparison {
    /// They hold the same content, whatever their history.
    Equal,
    /// Every record that differs, one collection after the other; never empty.
    Different(Vec<Change>),
    /// They hold the same operations but different content: two replicas wrote under one client id.
    Diverged(Vec<Change>),
}

/// Compares two documents by their live content; a missing document counts as an empty one. Values are
/// compared by meaning, not by encoding; in documents that no concern understands, a BigInt is not equal to a
/// number.
pub fn compare(
    spec: Option<&Spec>,
    old: Option<&dyn Compared>,
    new: Option<&dyn Compared>,
) -> Comparison {
    let equal = old.zip(new).is_some_and(|(old, new)| old.digest() == new.digest());
    let changes = match (equal, spec) {
        (true, Some(_)) => return Comparison::Equal,
        (true, None) => found(spec, old, new, Value::alike),
        (false, _) => changes(spec, old, new),
    };
    match (old, new) {
        // The same operations, with values that one of two programs re-encoded.
        _ if equal && !changes.is_empty() => Comparison::Different(changes),
        _ if equal => Comparison::Equal,
        (Some(old), Some(new))
            if old.version() == new.version() && old.is_whole() && new.is_whole() =>
        {
            Comparison::Diverged(changes)
        }
        _ if changes.is_empty() => Comparison::Equal,
        _ => Comparison::Different(changes),
    }
}

fn changes(
    spec: Option<&Spec>,
    old: Option<&dyn Compared>,
    new: Option<&dyn Compared>,
) -> Vec<Change> {
    let equal = if spec.is_some() { Value::same } else { Value::alike };
    let mut changes = found(spec, old, new, equal);
    if let (true, Some(_), Some(_)) = (changes.is_empty(), old, new) {
        // Values embedded in a text differ: the digest covers them.
        changes.push(Change::new("", None, ChangeKind::Changed));
    }
    changes
}

/// Whether two values are the same.
type Equal = fn(&Value, &Value) -> bool;

/// Returns the differences in the values.
fn found(
    spec: Option<&Spec>,
    old: Option<&dyn Compared>,
    new: Option<&dyn Compared>,
    equal: Equal,
) -> Vec<Change> {
    let collections = spec.map_or(&[][..], |spec| spec.collections);
    let mut changes = Vec::new();
    for collection in collections {
        of_collection(collection, collections, [old, new], equal, &mut changes);
    }
    let known: BTreeSet<&str> =
        collections.iter().filter_map(|c| c.path.first().copied()).collect();
    let roots = |view: Option<&dyn Compared>| view.map(Source::roots).unwrap_or_default();
    let all: BTreeSet<String> = roots(old).into_iter().chain(roots(new)).collect();
    for root in all.iter().filter(|root| !known.contains(root.as_str())) {
        let value = |view: Option<&dyn Compared>| view.and_then(|view| view.value(&[root]));
        changes.extend(of_root(root, value(old), value(new), equal));
    }
    changes
}

fn of_collection(
    collection: &Collection,
    all: &[Collection],
    [old, new]: [Option<&dyn Compared>; 2],
    equal: Equal,
    changes: &mut Vec<Change>,
) {
    let name = collection.path.join("/");
    let paths =
        |view: Option<&dyn Compared>| view.map(|v| collection.records(v)).unwrap_or_default();
    let both: BTreeSet<DocPath> = paths(old).into_iter().chain(paths(new)).collect();
    for path in both {
        let steps = path.steps();
        let value = |view: Option<&dyn Compared>| {
            let mut value = view.and_then(|view| view.value(&steps));
            if let Some(Value::Map(record)) = &mut value {
                record.retain(|field, _| !is_collection(collection, field, all));
            }
            value
        };
        changes.extend(of_value(&name, path.last(), value(old), value(new), equal));
    }
}

/// Returns whether a field holds the records of another collection, which are compared there.
fn is_collection(collection: &Collection, field: &str, all: &[Collection]) -> bool {
    all.iter().any(|other| {
        other.path.strip_prefix(collection.path).is_some_and(|rest| rest == ["*", field])
    })
}

fn of_root(root: &str, old: Option<Value>, new: Option<Value>, equal: Equal) -> Vec<Change> {
    match (old, new) {
        (Some(Value::Map(old)), Some(Value::Map(new))) => of_map(root, old, new, equal),
        (Some(Value::Map(old)), None) => of_map(root, old, Record::new(), equal),
        (None, Some(Value::Map(new))) => of_map(root, Record::new(), new, equal),
        (Some(Value::Array(old)), Some(Value::Array(new))) => of_array(root, old, new, equal),
        (Some(Value::Array(old)), None) => of_array(root, old, Vec::new(), equal),
        (None, Some(Value::Array(new))) => of_array(root, Vec::new(), new, equal),
        (old, new) => of_value(root, None, old, new, equal).into_iter().collect(),
    }
}

fn of_map(root: &str, mut old: Record, mut new: Record, equal: Equal) -> Vec<Change> {
    let keys: BTreeSet<String> = old.keys().chain(new.keys()).cloned().collect();
    let of_key = |key: &String| of_value(root, Some(key), old.remove(key), new.remove(key), equal);
    keys.iter().filter_map(of_key).collect()
}

/// Compares arrays element by element, between their common prefix and their common suffix.
fn of_array(root: &str, old: Vec<Value>, new: Vec<Value>, equal: Equal) -> Vec<Change> {
    let same = |(a, b): &(&Value, &Value)| equal(a, b);
    let before = old.iter().zip(&new).take_while(same).count();
    let rest = old.len().min(new.len()).saturating_sub(before);
    let after = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(same).count();
    let end = old.len().max(new.len()).saturating_sub(after);
    let at = |values: &[Value], place: usize| {
        values.get(..values.len().saturating_sub(after))?.get(place).cloned()
    };
    let of_place = |place: usize| {
        of_value(root, Some(&place.to_string()), at(&old, place), at(&new, place), equal)
    };
    (before..end).filter_map(of_place).collect()
}

/// Returns the change between two values under one key: by field if both are maps, or one is and the other is
/// missing; otherwise as the one field `value`.
fn of_value(
    collection: &str,
    id: Option<&String>,
    old: Option<Value>,
    new: Option<Value>,
    equal: Equal,
) -> Option<Change> {
    let kind = match (&old, &new) {
        (None, None) => return None,
        (None, Some(_)) => ChangeKind::Added,
        (Some(_), None) => ChangeKind::Removed,
        (Some(old), Some(new)) if equal(old, new) => return None,
        (Some(_), Some(_)) => ChangeKind::Changed,
    };
    let mut change = Change::new(collection, id.cloned(), kind);
    match (old, new) {
        (Some(Value::Map(old)), Some(Value::Map(new))) => change.take_fields(old, new, equal),
        (Some(Value::Map(old)), None) => change.take_fields(old, Record::new(), equal),
        (None, Some(Value::Map(new))) => change.take_fields(Record::new(), new, equal),
        pair => drop(change.fields.insert("value".to_owned(), pair)),
    }
    Some(change)
}

impl Change {
    fn new(collection: &str, id: Option<String>, kind: ChangeKind) -> Change {
        Change { collection: collection.to_owned(), id, kind, fields: BTreeMap::new() }
    }

    /// Adds the fields that differ.
    fn take_fields(&mut self, old: Record, mut new: Record, equal: Equal) {
        for (name, old) in old {
            let new = new.remove(&name);
            if !new.as_ref().is_some_and(|new| equal(&old, new)) {
                self.fields.insert(name, (Some(old), new));
            }
        }
        self.fields.extend(new.into_iter().map(|(name, new)| (name, (None, Some(new)))));
    }
}

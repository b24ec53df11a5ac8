//! What an import does, record by record.

use super::import::TouchedDocument;
use crate::concern::{self};
use crate::id::DocId;
use crate::inspect::diff::{Change, ChangeKind, Compared, Comparison, compare};
use crate::query::diff::FieldChange;
use crate::schema::{Collection, METADATA, Removal, Spec, UNLISTED};
use crate::wire::Value;
use serde::Serialize;
use std::collections::BTreeMap;

/// A record that the import changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportedChange {
    /// The document that holds the record.
    pub doc: DocId,
    /// The kind of record; `key` if no concern defines it.
    pub kind: &'static str,
    /// The record's id; `None` for a text or a whole root.
    pub id: Option<String>,
    /// `added`, `edited`, `acknowledged`, `restored`, `removed` or `pruned`; for a deletion the name its
    /// concern uses.
    pub change: &'static str,
    /// The fields that differ, by name.
    pub fields: BTreeMap<String, FieldChange>,
    /// The members who newly acknowledge its deletion.
    pub acknowledged_by: Vec<String>,
}

/// Returns every record that an import changed.
pub fn changes(touched: &[TouchedDocument]) -> Vec<ImportedChange> {
    let changes = |of: &TouchedDocument| {
        let spec = concern::of(&of.doc);
        let [before, after] =
            [&of.before, &of.after].map(|view| view.as_ref().map(|view| view as &dyn Compared));
        match compare(spec, before, after) {
            Comparison::Equal => Vec::new(),
            Comparison::Different(changes) | Comparison::Diverged(changes) => {
                let changes = with_metadata_as_one(of, spec, changes);
                changes.into_iter().filter_map(|change| imported(of, spec, change)).collect()
            }
        }
    };
    touched.iter().flat_map(changes).collect()
}

/// Merges the keys of an entity's metadata into one record, though they are keys of a root.
fn with_metadata_as_one(
    of: &TouchedDocument,
    spec: Option<&'static Spec>,
    changes: Vec<Change>,
) -> Vec<Change> {
    let is_metadata = |change: &Change| spec.is_some() && change.collection == "metadata";
    let (metadata, mut rest): (Vec<Change>, Vec<Change>) =
        changes.into_iter().partition(is_metadata);
    let Some(first) = metadata.first() else { return rest };
    let added = metadata.iter().all(|change| change.kind == ChangeKind::Added);
    let kind = if added { ChangeKind::Added } else { ChangeKind::Changed };
    let value = |change: &Change| {
        let (_, pair) = change.fields.first_key_value()?;
        Some((change.id.clone()?, pair.clone()))
    };
    rest.insert(
        0,
        Change {
            collection: first.collection.clone(),
            id: of.doc.entity().map(String::from),
            kind,
            fields: metadata.iter().filter_map(value).collect(),
        },
    );
    rest
}

fn imported(
    of: &TouchedDocument,
    spec: Option<&'static Spec>,
    mut change: Change,
) -> Option<ImportedChange> {
    let collections = spec.map_or(&[][..], |spec| spec.collections);
    let known = collections.iter().find(|known| known.path.join("/") == change.collection);
    let metadata = (spec.is_some() && change.collection == "metadata").then_some(&METADATA);
    // A cache is not reported.
    if collections.iter().any(|known| known.cache == Some(&change.collection)) {
        return None;
    }
    let mut fields = std::mem::take(&mut change.fields);
    let marks = known.unwrap_or(&UNLISTED).tombstone.as_ref();
    let acknowledged_by = marks.and_then(|marks| fields.remove(marks.acks)).map(acknowledgers);
    Some(ImportedChange {
        doc: of.doc.clone(),
        kind: known.or(metadata).map_or("key", |collection| collection.noun),
        change: what(known, &change, &fields),
        id: change.id,
        fields: fields.iter().map(|(name, pair)| (name.clone(), pair.into())).collect(),
        acknowledged_by: acknowledged_by.unwrap_or_default(),
    })
}

type ChangedFields = BTreeMap<String, (Option<Value>, Option<Value>)>;

/// Returns what happened to a record, in the words of the import's summary.
fn what(collection: Option<&Collection>, change: &Change, fields: &ChangedFields) -> &'static str {
    let tombstone = collection.and_then(|collection| collection.tombstone.as_ref());
    let flag = tombstone.and_then(|tombstone| fields.get(tombstone.flag));
    let is = |value: &Option<Value>| *value == Some(Value::Bool(true));
    let gone = match tombstone {
        Some(tombstone) if tombstone.removal == Removal::IntoArchive => tombstone.flag,
        _ => "deleted",
    };
    match (change.kind, flag) {
        (ChangeKind::Removed, _) if tombstone.is_some() => "pruned",
        (ChangeKind::Removed, _) => "removed",
        (_, Some((old, new))) if !is(old) && is(new) => gone,
        (ChangeKind::Added, _) => "added",
        (ChangeKind::Changed, Some((old, new))) if is(old) && !is(new) => "restored",
        (ChangeKind::Changed, _) if fields.is_empty() => "acknowledged",
        (ChangeKind::Changed, _) => "edited",
    }
}

/// Returns who newly acknowledges a tombstone.
fn acknowledgers((old, new): (Option<Value>, Option<Value>)) -> Vec<String> {
    let had = |member: &String| {
        old.as_ref().and_then(Value::as_map).is_some_and(|old| old.contains_key(member))
    };
    let new = new.as_ref().and_then(Value::as_map);
    new.into_iter().flat_map(|new| new.keys()).filter(|member| !had(member)).cloned().collect()
}

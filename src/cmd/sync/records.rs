//! What an import would do, record by record.

use crate::concern::{self, Collection, METADATA, Removal, Spec};
use crate::crdt::value::Value;
use crate::inspect::diff::{Change, ChangeKind, Comparison, compare};
use crate::sync::import::Touched;
use crate::ui::{Column, Row, Style};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

pub const COLUMNS: &[Column] = &[
    Column::text("doc", "document"),
    Column::text("kind", "kind"),
    Column::id("id", "id"),
    Column::text("change", "change"),
    Column::new("fields", "fields", Style::Changes),
    Column::list("acknowledged_by", "acknowledged by"),
];

/// One row for every record that is not as it was.
pub fn rows(touched: &[Touched]) -> Vec<Row> {
    let changes = |of: &Touched| {
        let spec = concern::of(&of.doc);
        match compare(spec, of.before.as_deref(), of.after.as_deref()) {
            Comparison::Equal => Vec::new(),
            Comparison::Different(changes) | Comparison::Diverged(changes) => {
                let changes = with_metadata_as_one(of, spec, changes);
                changes.iter().filter_map(|change| row(of, spec, change)).collect()
            }
        }
    };
    touched.iter().flat_map(changes).collect()
}

/// A JSON object, with the records of an import in it.
pub fn with_records(mut object: Json, records: &[Row]) -> Json {
    if let Some(fields) = object.as_object_mut() {
        fields.insert("records".to_owned(), json!(records));
    }
    object
}

/// What a document says of its entity is one record, though its keys stand at a root.
fn with_metadata_as_one(
    of: &Touched,
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

/// The changes of roles, as sentences.
pub fn roles(rows: &[Row]) -> Vec<String> {
    let role = |row: &Row| -> Option<String> {
        let change =
            row.get("fields")?.get("role").filter(|_| row.get("kind") == Some(&json!("member")))?;
        let (old, new) = (change.get("old")?.as_str(), change.get("new")?.as_str());
        let member = row.get("id")?.as_str()?;
        Some(match (old, new) {
            (Some(old), Some(new)) => format!("{member} becomes {new}, was {old}"),
            (None, Some(new)) => format!("{member} becomes {new}"),
            _ => return None,
        })
    };
    rows.iter().filter_map(role).collect()
}

fn row(of: &Touched, spec: Option<&'static Spec>, change: &Change) -> Option<Row> {
    let collections = spec.map_or(&[][..], |spec| spec.collections);
    let known = collections.iter().find(|known| known.path.join("/") == change.collection);
    let metadata = (spec.is_some() && change.collection == "metadata").then_some(&METADATA);
    // A cache of the members, which nobody believes.
    if change.collection == "active_members" {
        return None;
    }
    let mut fields = change.fields.clone();
    let acknowledged = fields.remove("ack_vector").map(acknowledgers).unwrap_or_default();
    let what = what(known, change, &fields);
    let field = |(name, (old, new)): (&String, &(Option<Value>, Option<Value>))| {
        let value = |value: &Option<Value>| value.as_ref().map(Value::to_json);
        (name.clone(), json!({"old": value(old), "new": value(new)}))
    };
    let noun = known.or(metadata).map_or("key", |collection| collection.noun);
    let mut row = Row::new();
    row.insert("doc".into(), json!(of.doc));
    row.insert("kind".into(), json!(noun));
    row.insert("id".into(), json!(change.id));
    row.insert("change".into(), json!(what));
    row.insert("fields".into(), fields.iter().map(field).collect::<Map<_, _>>().into());
    row.insert("acknowledged_by".into(), json!(acknowledged));
    Some(row)
}

type Fields = BTreeMap<String, (Option<Value>, Option<Value>)>;

/// What happens to a record, in the words of the import's summary.
fn what(collection: Option<&Collection>, change: &Change, fields: &Fields) -> &'static str {
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

/// Who acknowledges a tombstone that did not before.
fn acknowledgers((old, new): (Option<Value>, Option<Value>)) -> Vec<String> {
    let had = |member: &String| {
        old.as_ref().and_then(Value::as_map).is_some_and(|old| old.contains_key(member))
    };
    let new = new.as_ref().and_then(Value::as_map);
    new.into_iter().flat_map(|new| new.keys()).filter(|member| !had(member)).cloned().collect()
}

//! What late edits said that is not in the shown version of a record: comments are united, and the rest goes
//! to the conflict ledger.
//!
//! Both follow from the set of the versions alone, so that replicas with the same rows get the same result.

use super::row::ArchivedRecord;
use crate::concern::issues;
use crate::path::{DocPath, Keys};
use crate::schema::{FieldKind, FieldRole};
use crate::wire::{Record, Value};
use std::collections::{BTreeMap, BTreeSet};

const COMMENTS: &str = "comments";

/// A value of a version that is not shown anywhere.
pub(super) struct DroppedValue<'v> {
    /// The version that holds it.
    pub of: &'v ArchivedRecord,
    /// Its path.
    pub path: DocPath,
    /// The name of the kind of record it belongs to.
    pub noun: &'static str,
    /// The value that was written.
    pub lost: Value,
    /// The value shown instead.
    pub won: Value,
}

/// Returns the versions of a record that nothing hides, in rank order: the shown one is last.
pub(super) fn standing(versions: &[ArchivedRecord]) -> Vec<&ArchivedRecord> {
    let markers: Vec<&ArchivedRecord> = versions.iter().filter(|one| one.removed).collect();
    let is_hidden = |one: &ArchivedRecord| markers.iter().any(|marker| marker.hides(one));
    versions.iter().filter(|one| !one.removed && !is_hidden(one)).collect()
}

/// Returns an issue as shown plus the comments of others who did not know of that version; `None` if it has
/// all of them.
pub(super) fn united(standing: &[&ArchivedRecord], now: i64) -> Option<ArchivedRecord> {
    let (shown, others) = standing.split_last()?;
    let of = shown.collection().filter(|of| of.noun == issues::ISSUES.noun)?;
    let mut fields = shown.fields().ok()?;
    let shown_comments = comments(&fields);
    let mut all = shown_comments.clone();
    for other in others {
        for (id, comment) in comments(&other.fields().ok()?) {
            let known = all.get(&id);
            if known.is_none_or(|known| age(known) < age(&comment)) {
                all.insert(id, comment);
            }
        }
    }
    let is_new = |(id, comment): (&String, &Value)| {
        shown_comments.get(id).is_none_or(|known| !known.same(comment))
    };
    if !all.iter().any(is_new) {
        return None;
    }
    // Comments without an id stay in place.
    let list = fields.get(COMMENTS).and_then(Value::as_array).unwrap_or_default();
    let mut list: Vec<Value> = list.iter().filter(|one| id_of(one).is_none()).cloned().collect();
    let mut named: Vec<(String, Value)> = all.into_iter().collect();
    named.sort_by_cached_key(|(id, comment)| {
        (time(comment, issues::COMMENTS.named(FieldRole::Created)), id.clone())
    });
    list.extend(named.into_iter().map(|(_, comment)| comment));
    fields.insert(COMMENTS.to_owned(), Value::Array(list));
    let fields = Value::Object(fields);
    let united = ArchivedRecord::of(&shown.doc, of, &shown.path, shown.written, &fields, now);
    let changed_at = united.changed_at.max(shown.changed_at);
    let united = ArchivedRecord { changed_at, ..united };
    // It must become the shown version.
    Some(match united.rank() > shown.rank() {
        true => united,
        false => ArchivedRecord { changed_at: changed_at.saturating_add(1), ..united },
    })
}

/// Returns what versions say that neither the first one, from which all descend, nor the shown one says;
/// without the text that identifies the record, which is recorded for every version.
pub(super) fn dropped<'v>(standing: &[&'v ArchivedRecord]) -> Vec<DroppedValue<'v>> {
    let [first, between @ .., shown] = standing else { return Vec::new() };
    let Some(of) = shown.collection() else { return Vec::new() };
    let (Ok(before), Ok(after)) = (first.fields(), shown.fields()) else { return Vec::new() };
    let is_said = |name: &str| {
        let kind = of.field(name).map(|field| field.kind);
        let is_kept =
            matches!(kind, Some(FieldKind::Time | FieldKind::Acknowledgements | FieldKind::Cache));
        !is_kept && of.heading() != Some(name) && !is_united(of.noun, name)
    };
    let mut dropped = Vec::new();
    for version in between {
        let Ok(fields) = version.fields() else { continue };
        let names: BTreeSet<&String> = fields.keys().chain(before.keys()).collect();
        for name in names.into_iter().filter(|name| is_said(name)) {
            let path = || version.path.child(name);
            dropped.extend(of_three([&before, &fields, &after], name).map(|[lost, won]| {
                DroppedValue { of: version, path: path(), noun: of.noun, lost, won }
            }));
        }
        if let (true, Some(text)) = (is_united(of.noun, COMMENTS), issues::COMMENTS.heading()) {
            let around = version.path.child(COMMENTS);
            let [before, now, after] = [&before, &fields, &after].map(comments);
            let none = Record::new();
            for (id, comment) in &now {
                let three = [before.get(id), Some(comment), after.get(id)];
                let three = three.map(|one| one.and_then(Value::as_map).unwrap_or(&none));
                dropped.extend(of_three(three, text).map(|[lost, won]| DroppedValue {
                    of: version,
                    path: around.child(id).child(text),
                    noun: issues::COMMENTS.noun,
                    lost,
                    won,
                }));
            }
        }
    }
    dropped
}

fn is_united(noun: &str, field: &str) -> bool {
    noun == issues::ISSUES.noun && field == COMMENTS
}

/// Returns what a version made of a field, and what is shown instead, if those differ.
fn of_three([before, version, after]: [&Record; 3], name: &str) -> Option<[Value; 2]> {
    let of = |fields: &Record| fields.get(name).cloned().unwrap_or(Value::Null);
    let (before, lost, won) = (of(before), of(version), of(after));
    (!lost.same(&before) && !lost.same(&won)).then_some([lost, won])
}

fn comments(fields: &Record) -> BTreeMap<String, Value> {
    let list = fields.get(COMMENTS).and_then(Value::as_array).unwrap_or_default().iter();
    list.filter_map(|comment| Some((id_of(comment)?.to_owned(), comment.clone()))).collect()
}

fn id_of(comment: &Value) -> Option<&str> {
    comment.as_map()?.get("id")?.as_str()
}

/// Returns the rank of a state of a comment; the greatest is shown: a deletion wins, then the later edit.
fn age(comment: &Value) -> (bool, i64, String) {
    let deleted = comment.as_map().and_then(|fields| fields.get("deleted"));
    let deleted = deleted == Some(&Value::Bool(true));
    (deleted, time(comment, issues::COMMENTS.clock), comment.to_json().to_string())
}

fn time(comment: &Value, name: Option<&str>) -> i64 {
    let at = comment.as_map().and_then(|fields| fields.get(name?)?.as_i64());
    at.unwrap_or(0)
}

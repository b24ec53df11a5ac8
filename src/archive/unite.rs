//! What late edits said that is not in the version of a record that is shown: comments are united, and
//! the rest is for the conflict ledger.
//!
//! Both follow from the set of the versions alone, so that replicas with the same rows have the same.

use super::row::ArchivedRecord;
use crate::concern::issues;
use crate::path::{DocPath, Keys};
use crate::schema::{FieldKind, FieldRole};
use crate::wire::{Record, Value};
use std::collections::{BTreeMap, BTreeSet};

const COMMENTS: &str = "comments";

/// A value of a version that is shown nowhere.
pub(super) struct DroppedValue<'v> {
    /// The version that it stands in.
    pub of: &'v ArchivedRecord,
    /// The way to it.
    pub path: DocPath,
    /// What the record is called that it is of.
    pub noun: &'static str,
    /// What was written.
    pub lost: Value,
    /// What is shown in its place.
    pub won: Value,
}

/// The versions of a record that nothing hides, the one that is shown last; of all in that order.
pub(super) fn standing(versions: &[ArchivedRecord]) -> Vec<&ArchivedRecord> {
    let markers: Vec<&ArchivedRecord> = versions.iter().filter(|one| one.removed).collect();
    let is_hidden = |one: &ArchivedRecord| markers.iter().any(|marker| marker.hides(one));
    versions.iter().filter(|one| !one.removed && !is_hidden(one)).collect()
}

/// An issue as it is shown, with what others said about it who did not know of that; nothing where it
/// has all of that.
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
    // What has no id stays where it is.
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
    // It is to be the one that is shown.
    Some(match united.rank() > shown.rank() {
        true => united,
        false => ArchivedRecord { changed_at: changed_at.saturating_add(1), ..united },
    })
}

/// What versions say that neither the first one says, which all of them come from, nor the one that is
/// shown: all but what people know the record by, which is noted of every version.
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

/// What a version made of a field, and what is shown in its place, where that is another matter.
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

/// Of two states of a comment the one that is shown is greater: a deletion wins, then the later edit.
fn age(comment: &Value) -> (bool, i64, String) {
    let deleted = comment.as_map().and_then(|fields| fields.get("deleted"));
    let deleted = deleted == Some(&Value::Bool(true));
    (deleted, time(comment, issues::COMMENTS.clock), comment.to_json().to_string())
}

fn time(comment: &Value, name: Option<&str>) -> i64 {
    let at = comment.as_map().and_then(|fields| fields.get(name?)?.as_i64());
    at.unwrap_or(0)
}

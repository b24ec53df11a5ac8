//! What late edits said that is not in the shown version of a record: comments and reactions are united, and
//! the rest goes to the conflict ledger.
//!
//! Both follow from the set of the versions alone, so that replicas with the same rows get the same result.

use super::row::{ArchivedRecord, id_of};
use crate::concern::issues;
use crate::path::{DocPath, Keys};
use crate::schema::{Collection, FieldKind, FieldRole};
use crate::wire::{Id, Record, Value};
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

/// The versions of a record that nothing hides.
pub(super) struct StandingVersions<'v> {
    /// The earliest version of all, from which the others descend. A restored record hides it.
    first: Option<&'v ArchivedRecord>,
    /// In rank order: the shown one is last.
    versions: Vec<&'v ArchivedRecord>,
    /// Versions that are not shown because their item was replaced, by somebody who did not know them.
    late: Vec<&'v ArchivedRecord>,
    /// The earliest version of each item.
    of_item: BTreeMap<Id, &'v ArchivedRecord>,
}

impl<'v> StandingVersions<'v> {
    /// Finds them among all versions and markers, given in rank order.
    pub fn of(all: &'v [ArchivedRecord]) -> Self {
        let markers: Vec<&ArchivedRecord> = all.iter().filter(|one| one.removed).collect();
        let hides = |marker: &ArchivedRecord, one: &ArchivedRecord, own: bool| {
            (marker.written == one.written) == own && marker.hides(one)
        };
        let is_hidden = |one: &ArchivedRecord, own| markers.iter().any(|of| hides(of, one, own));
        let mut standing = StandingVersions {
            first: all.iter().find(|one| !one.removed),
            versions: Vec::new(),
            late: Vec::new(),
            of_item: BTreeMap::new(),
        };
        for one in all.iter().filter(|one| !one.removed) {
            standing.of_item.entry(one.written).or_insert(one);
            match (is_hidden(one, true), is_hidden(one, false)) {
                (false, false) => standing.versions.push(one),
                (true, false) => standing.late.push(one),
                (_, true) => {}
            }
        }
        standing
    }

    /// Returns the shown version.
    pub fn shown(&self) -> Option<&'v ArchivedRecord> {
        self.versions.last().copied()
    }

    /// Returns the others, without that from which all descend.
    fn between(&self) -> impl Iterator<Item = &'v ArchivedRecord> {
        let others = self.versions.split_last().map_or(&[][..], |(_, others)| others);
        let is_first =
            |one: &ArchivedRecord| self.first.is_some_and(|first| std::ptr::eq(first, one));
        others.iter().copied().filter(move |one| !is_first(one))
    }

    /// Returns the version from which the writer of another went on.
    fn before(&self, version: &ArchivedRecord) -> Option<&'v ArchivedRecord> {
        let same = self.of_item.get(&version.written).copied();
        let same = same.filter(|one| !std::ptr::eq(*one, version));
        same.or(self.first)
    }
}

/// Returns a record as shown plus what others who did not know of that version did: the comments on an issue,
/// and the reactions that each gave or took back. `None` if it has all of that.
pub(super) fn united(standing: &StandingVersions<'_>, now: i64) -> Option<ArchivedRecord> {
    let (shown, others) = standing.versions.split_last()?;
    let is_alone = others.is_empty() && standing.late.is_empty();
    let of = shown.collection().filter(|_| !is_alone)?;
    let mut fields = shown.fields().ok()?;
    let mut is_changed = unite_comments(of, &mut fields, others).unwrap_or(false);
    for field in of.fields.iter().filter(|field| field.kind == FieldKind::Reactions) {
        is_changed |= unite_reactions(field.name, &mut fields, standing).unwrap_or(false);
    }
    if !is_changed {
        return None;
    }
    let fields = Value::Object(fields);
    let united = ArchivedRecord::of(&shown.doc, of, &shown.path, shown.written, &fields, now);
    // As late as all that is in it: a restore hides what is not later than what it brings back.
    let latest = standing.late.iter().map(|late| late.changed_at).max().unwrap_or(0);
    let changed_at = united.changed_at.max(shown.changed_at).max(latest);
    let united = ArchivedRecord { changed_at, ..united };
    // It must become the shown version.
    Some(match united.rank() > shown.rank() {
        true => united,
        false => ArchivedRecord { changed_at: changed_at.saturating_add(1), ..united },
    })
}

/// Adds the comments of the other versions of an issue to those of the shown one, and returns whether that
/// changed it.
fn unite_comments(
    of: &Collection,
    fields: &mut Record,
    others: &[&ArchivedRecord],
) -> Option<bool> {
    if !is_united(of, COMMENTS) {
        return None;
    }
    let shown_comments = comments(fields);
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
    Some(true)
}

/// Applies what each of the other versions made of the reactions of the one it descends from to the shown
/// version; returns whether that changed it. Whatever versions come later, nothing of this is ever undone by
/// it: replicas with the same versions end with the same reactions.
fn unite_reactions(
    name: &str,
    fields: &mut Record,
    standing: &StandingVersions<'_>,
) -> Option<bool> {
    let shown = reactions(fields, name);
    let (mut given, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for version in standing.between().chain(standing.late.iter().copied()) {
        let before = reactions(&standing.before(version)?.fields().ok()?, name);
        let now = reactions(&version.fields().ok()?, name);
        given.extend(now.difference(&before).cloned());
        taken.extend(before.difference(&now).cloned());
    }
    let missing: Vec<&Reaction> = given.difference(&shown).collect();
    taken.retain(|reaction| shown.contains(reaction));
    if missing.is_empty() && taken.is_empty() {
        return None;
    }
    let mut sets = fields.get(name).and_then(Value::as_map).cloned().unwrap_or_default();
    for (emoji, members) in &mut sets {
        let (Value::Array(list) | Value::List(list)) = members else { continue };
        list.retain(|member| {
            let of = member.as_str().map(|member| (emoji.clone(), member.to_owned()));
            of.is_none_or(|reaction| !taken.contains(&reaction))
        });
    }
    for (emoji, member) in missing {
        let members = sets.entry(emoji.clone()).or_insert_with(|| Value::List(Vec::new()));
        if let Value::Array(list) | Value::List(list) = members {
            list.push(Value::String(member.clone()));
        }
    }
    fields.insert(name.to_owned(), Value::Object(sets));
    Some(true)
}

/// An emoji, and the member who gave it.
type Reaction = (String, String);

fn reactions(fields: &Record, name: &str) -> BTreeSet<Reaction> {
    let sets = fields.get(name).and_then(Value::as_map).into_iter().flatten();
    let each = sets.flat_map(|(emoji, members)| {
        let members = members.as_array().unwrap_or_default().iter().filter_map(Value::as_str);
        members.map(|member| (emoji.clone(), member.to_owned()))
    });
    each.collect()
}

/// Returns what versions say that neither the first one, from which all descend, nor the shown one says;
/// without the text that identifies the record, which is recorded for every version.
pub(super) fn dropped<'v>(standing: &StandingVersions<'v>) -> Vec<DroppedValue<'v>> {
    let (Some(first), Some(shown)) = (standing.first, standing.shown()) else { return Vec::new() };
    let Some(of) = shown.collection() else { return Vec::new() };
    let (Ok(before), Ok(after)) = (first.fields(), shown.fields()) else { return Vec::new() };
    let is_said = |name: &str| {
        let kind = of.field(name).map(|field| field.kind);
        let is_kept =
            matches!(kind, Some(FieldKind::Time | FieldKind::Acknowledgements | FieldKind::Cache));
        !is_kept && of.heading() != Some(name) && !is_united(of, name)
    };
    let mut dropped = Vec::new();
    for version in standing.between() {
        let Ok(fields) = version.fields() else { continue };
        let names: BTreeSet<&String> = fields.keys().chain(before.keys()).collect();
        for name in names.into_iter().filter(|name| is_said(name)) {
            let path = || version.path.child(name);
            dropped.extend(of_three([&before, &fields, &after], name).map(|[lost, won]| {
                DroppedValue { of: version, path: path(), noun: of.noun, lost, won }
            }));
        }
        if let (true, Some(text)) = (is_united(of, COMMENTS), issues::COMMENTS.heading()) {
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

fn is_united(of: &Collection, field: &str) -> bool {
    let is_set = of.field(field).is_some_and(|field| field.kind == FieldKind::Reactions);
    is_set || (of.noun == issues::ISSUES.noun && field == COMMENTS)
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

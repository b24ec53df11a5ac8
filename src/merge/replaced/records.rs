//! Two records under one key: of their fields the later write wins, and deletion wins.

use super::{FoundRecord, REPLACED, RecordEdit, RestoredReactions};
use crate::concern::core;
use crate::crdt::container;
use crate::crdt::register::order;
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::merge::registers::{DELETED, GREATER, LATER};
use crate::path::{DocPath, Keys};
use crate::schema::{Collection, DeletionMarker, FieldKind, FieldRole, Removal};
use crate::store::ConflictClaim;
use crate::wire::{Id, Record, Value};
use std::cmp::Ordering;

impl FoundRecord<'_> {
    /// Unites two records under one key: of one thing that two programs made at once, or of two generations.
    pub(super) fn unite_records(
        &mut self,
        collection: &'static Collection,
        path: &[String],
        (theirs, shown): (Id, Id),
        fields: &Record,
    ) {
        let is_member = collection.noun == core::MEMBERS.noun;
        let again = is_member && self.is_again(path, theirs, shown);
        self.flag(collection, path, fields, again.then_some(shown));
        if again {
            return self.role(collection, path, fields);
        }
        let is_restored =
            collection.has(FieldKind::Reactions) && self.is_restored(path, theirs, shown);
        for (name, value) in fields {
            let kind = collection.field(name).map(|field| field.kind);
            let marks = collection.tombstone.as_ref();
            let is_mark = marks.is_some_and(|t| [t.flag, t.at].contains(&name.as_str()))
                || marks.and_then(|t| t.by) == Some(name);
            let is_clock = collection.clock == Some(name)
                || collection.fields.iter().any(|field| field.clock == Some(name));
            if is_mark || is_clock || kind == Some(FieldKind::Cache) {
                continue;
            }
            let field = path.child(name);
            match value {
                Value::Map(_)
                    if is_restored
                        && kind == Some(FieldKind::Reactions)
                        && self.after.container(&field.steps()).is_some() =>
                {
                    self.plan.restored.push(RestoredReactions { reactions: field, record: shown });
                }
                Value::Map(_) | Value::Array(_) if self.is_collection(collection, name) => {
                    if !self.after.exists(&field.steps()) {
                        self.plan.edits.push(RecordEdit::Copy(field, value.clone()));
                    }
                }
                Value::Map(_) | Value::Array(_) | Value::Text(_)
                    if self.after.exists(&field.steps()) =>
                {
                    self.unite_field(collection, path, name, kind.unwrap_or(FieldKind::Map));
                }
                Value::Map(_) | Value::Array(_) | Value::Text(_) => {
                    self.plan.edits.push(RecordEdit::Copy(field, value.clone()));
                }
                plain => {
                    let clocks = self.clocks(collection, path, name);
                    self.register(collection, &field, plain, clocks);
                }
            }
        }
        self.caches_of(path);
    }

    /// Whoever takes a member back defines their role from then on.
    fn role(&mut self, collection: &'static Collection, path: &[String], fields: &Record) {
        let (at, shown_at) = self.clocks(collection, path, "role");
        let field = path.child("role");
        let steps = field.steps();
        if let (Some(theirs), Some(shown)) = (fields.get("role"), self.after.value(&steps))
            && let Some(item) = self.loser.view.item(&steps)
            && at > shown_at
            && !shown.same(theirs)
        {
            let theirs = ConflictClaim::of(theirs, at, self.loser.by.clone());
            let shown = ConflictClaim::of(&shown, shown_at, None);
            self.lose(collection, &field, REPLACED, shown, theirs, item);
        }
    }

    /// Decides a field that both have: the later write wins. A field that is not there is written.
    pub(super) fn register(
        &mut self,
        collection: &'static Collection,
        path: &[String],
        theirs: &Value,
        (at, shown_at): (Option<i64>, Option<i64>),
    ) {
        let steps = path.steps();
        let (Some((name, record)), Some(item)) = (path.split_last(), self.loser.view.item(&steps))
        else {
            return;
        };
        if matches!(theirs, Value::Map(_) | Value::Array(_) | Value::Text(_)) {
            return;
        }
        let set = |value: &Value| RecordEdit::Set {
            record: record.into(),
            field: name.clone(),
            value: value.clone(),
        };
        let Some(shown) = self.after.value(&steps) else {
            return self.plan.edits.push(set(theirs));
        };
        let is_time = collection.field(name).is_some_and(|field| field.kind == FieldKind::Time);
        if shown.same(theirs) || is_time || self.after.container(&steps).is_some() {
            return;
        }
        let rule = if at == shown_at { GREATER } else { LATER };
        let theirs_is = ConflictClaim::of(theirs, at, self.loser.by.clone());
        let shown_is = ConflictClaim::of(&shown, shown_at, None);
        match at.cmp(&shown_at).then_with(|| order(theirs, &shown)) {
            Ordering::Greater => {
                self.plan.edits.push(set(theirs));
                if let Some((clock, at)) = collection.clock_of(name).zip(at)
                    && record.len() == collection.path.len() + 1
                {
                    let value = Value::Int(at.max(shown_at.unwrap_or(at)));
                    let (record, field) = (DocPath::from(record), clock.to_owned());
                    self.plan.edits.push(RecordEdit::Set { record, field, value });
                }
                if let Some(item) = self.after.item(&steps) {
                    self.lose(collection, path, rule, theirs_is, shown_is, item);
                }
            }
            _ => self.lose(collection, path, rule, shown_is, theirs_is, item),
        }
    }

    /// Deletion wins; against a record made again after one, the later removal does.
    fn flag(
        &mut self,
        collection: &'static Collection,
        path: &[String],
        fields: &Record,
        again: Option<Id>,
    ) {
        let Some(marks) = &collection.tombstone else { return };
        let flag = path.child(marks.flag);
        let steps = flag.steps();
        if fields.get(marks.flag) != Some(&Value::Bool(true)) {
            if self.after.flag(&steps) && marks.removal == Removal::AtOnce && again.is_none() {
                self.lose_all(collection, path, &Value::Map(fields.clone()), DELETED);
            }
            return;
        }
        if self.after.flag(&steps) {
            if again.is_none() {
                self.last_deletion(marks, path);
            }
            return;
        }
        let time = |view: &View, name: &str| view.int(&path.field(name));
        let at = time(self.loser.view, marks.at).filter(|at| *at > 0);
        let wins = match (again, marks.removal) {
            (Some(shown), _) => {
                let since = collection.named(FieldRole::Created);
                let since = since.and_then(|since| time(self.after, since));
                if at < since || since.is_none() {
                    return;
                }
                // A record made in place of a tombstone is marked as such.
                self.after.exists(&path.field(marks.at)) && !self.was_seen(&steps, shown)
            }
            (None, Removal::AtOnce) => true,
            (None, Removal::IntoArchive) => {
                let (theirs, shown) = self.clocks(collection, path, marks.flag);
                theirs.max(at) >= shown
            }
        };
        if !wins {
            let winner = ConflictClaim::of(&Value::Bool(false), None, None);
            let theirs = ConflictClaim::of(&Value::Bool(true), at, self.loser.by.clone());
            if let Some(item) = self.loser.view.item(&steps) {
                self.lose(collection, &flag, REPLACED, winner, theirs, item);
            }
            return;
        }
        for name in [Some(marks.flag), Some(marks.at), marks.by].into_iter().flatten() {
            if let Some(value) = self.loser.view.value(&path.field(name)) {
                let (record, field) = (DocPath::from(path), name.to_owned());
                self.plan.edits.push(RecordEdit::Set { record, field, value });
            }
        }
        if let (Some(cache), Some(id)) = (collection.cache, path.last()) {
            self.plan.edits.push(RecordEdit::Uncache(cache, id.clone()));
        }
    }

    /// Of two deletions the last one says when it was, and by whom; of equally late ones, the greater name.
    fn last_deletion(&mut self, marks: &DeletionMarker, path: &[String]) {
        let of = |view: &View| {
            let by = marks.by.and_then(|by| view.text(&path.field(by)));
            (view.int(&path.field(marks.at)), by)
        };
        if of(self.loser.view) <= of(self.after) {
            return;
        }
        for name in [Some(marks.at), marks.by].into_iter().flatten() {
            if let Some(value) = self.loser.view.value(&path.field(name)) {
                let (record, field) = (DocPath::from(path), name.to_owned());
                self.plan.edits.push(RecordEdit::Set { record, field, value });
            }
        }
    }

    /// Returns whether the shown record was made by somebody who knew of an earlier one.
    fn is_again(&self, path: &[String], theirs: Id, shown: Id) -> bool {
        let [root, key] = path.steps()[..] else { return false };
        let follows = || {
            let update = self.after.update(&[]).ok();
            update.is_some_and(|update| update.left_origin(shown) == Some(theirs))
        };
        container::generation(self.doc, root, key, shown).is_some_and(|n| n > 0) || follows()
    }

    /// Returns whether the shown record was made by somebody who knew this one, and that it had left the
    /// document: from the archive.
    fn is_restored(&self, path: &[String], theirs: Id, shown: Id) -> bool {
        let follows = || {
            let update = self.after.update(self.spec.roots).ok();
            update.is_some_and(|update| update.is_behind(shown, theirs))
        };
        let Some(around) = path.get(..2).filter(|around| around.len() < path.len()) else {
            return follows();
        };
        // A reply; its thread can have been made again with it.
        let of = |view: &View| view.container(&around.steps());
        match (of(self.loser.view), of(self.after)) {
            (Some(theirs), Some(shown)) if theirs != shown => self.is_again(around, theirs, shown),
            _ => follows(),
        }
    }

    /// Returns whether the sender of the shown record had this write of ours.
    fn was_seen(&self, path: &[&str], shown: Id) -> bool {
        let item = self.loser.view.item(path);
        let brought = self.sides.iter().filter(|side| side.update.block(shown).is_some());
        self.loser.known.is_none()
            && item.is_some_and(|item| brought.into_iter().any(|side| side.saw(item)))
    }

    /// Returns the clocks of a field on both sides.
    pub(super) fn clocks(
        &self,
        collection: &Collection,
        record: &[String],
        field: &str,
    ) -> (Option<i64>, Option<i64>) {
        let created = collection.named(FieldRole::Created);
        let clocks = [collection.clock_of(field), collection.clock, created];
        let of = |view: &View| {
            clocks.into_iter().flatten().find_map(|name| view.int(&record.field(name)))
        };
        (of(self.loser.view), of(self.after))
    }
}

//! Containers that a merge replaced (rule R3).
//!
//! Two programs that create a container under one key at once have two; a document shows one of
//! them, and all that is in the other is gone from sight. Here it is looked for, on both sides of
//! a merge, and brought into the one that is shown: sets are united, records are copied, the
//! fields of a record that both have are registers, and deletion wins.
//!
//! What was here counts whole: it was shown until now. Of what came only news counts: the rest was
//! brought over when it came, and may have been removed since.
//!
//! **Why it ends.** A copy is made of the same items by whoever makes it, and only where the key
//! was never used in the container that is shown. A field is written again only for a value that is
//! later by (clock, value), a set grows only by what it lacks. So replicas that judge the same
//! write the same, or one of them writes and the other takes it.

use super::registers::{DELETED, GREATER, LATER, PRUNED};
use crate::concern::{self, Collection, FieldKind, Removal, Spec, borrowed, chat, core};
use crate::crdt::container;
use crate::crdt::doc::Txn;
use crate::crdt::register::{Side, order};
use crate::crdt::update::{Clocks, Container, Id, Kind};
use crate::crdt::value::{Record, Source, Value};
use crate::crdt::view::{View, is_new};
use crate::error::Result;
use crate::id::DocId;
use crate::store::{Claim, Conflict};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// The record is in a container that gave way to another.
pub const REPLACED: &str = "replaced";

/// One side of a merge, in which containers may stand that the merged document does not show.
pub struct Loser<'v> {
    pub view: &'v View,
    /// What of it was known here before; None where all of it counts.
    pub known: Option<&'v Clocks>,
    /// Whose it is, for people.
    pub by: Option<String>,
}

/// What is to be done about one side.
#[derive(Default)]
pub struct Plan {
    edits: Vec<Edit>,
    /// What lost all the same.
    pub lost: Vec<Conflict>,
}

/// A change of the document.
enum Edit {
    Set {
        record: Vec<String>,
        field: String,
        value: Value,
    },
    Unite(Vec<String>, Value),
    Copy(Vec<String>, Value),
    /// The cache beside a member that is removed now.
    Inactive(String),
    /// The caches of a thread.
    Caches(String),
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    pub fn write(&self, txn: &mut Txn<'_>, doc: &DocId) -> Result<()> {
        for edit in &self.edits {
            match edit {
                Edit::Set { record, field, value } => txn.set(&borrowed(record), field, value)?,
                Edit::Unite(path, old) => container::unite(txn, doc, &borrowed(path), old)?,
                Edit::Copy(path, value) => {
                    container::copy(txn, doc, &borrowed(path), value)?;
                }
                Edit::Inactive(member) => {
                    txn.remove(&["active_members"], member)?;
                }
                Edit::Caches(thread) => chat::Caches::put_right(txn, thread)?,
            }
        }
        Ok(())
    }
}

/// Finds out what one side of a merge lost to containers, and what is to be done about it.
///
/// # Errors
/// `Bug` when `after` is not valid.
pub fn plan(
    doc: &DocId,
    loser: &Loser<'_>,
    after: &View,
    sides: &[Side<'_>],
    now: i64,
) -> Result<Plan> {
    let Some(spec) = concern::of(doc) else { return Ok(Plan::default()) };
    let mut found = Found { spec, doc, loser, after, sides, now, plan: Plan::default() };
    for collection in spec.collections {
        for record in collection.records(loser.view) {
            found.record(collection, &record);
        }
    }
    found.leave_removed()?;
    Ok(found.plan)
}

struct Found<'f> {
    spec: &'static Spec,
    doc: &'f DocId,
    loser: &'f Loser<'f>,
    after: &'f View,
    sides: &'f [Side<'f>],
    now: i64,
    plan: Plan,
}

impl Found<'_> {
    /// What counts of the side at a path.
    fn counts(&self, path: &[&str]) -> Option<Value> {
        match self.loser.known {
            Some(known) => self.loser.view.news(path, known),
            None => self.loser.view.value(path),
        }
    }

    fn record(&mut self, collection: &'static Collection, path: &[String]) {
        let steps = borrowed(path);
        let (theirs, shown) = (self.loser.view.container(&steps), self.after.container(&steps));
        if theirs.is_some() && theirs == shown {
            return self.fields(collection, path);
        }
        let Some((_, parent)) = steps.split_last() else { return };
        if self.after.exists(&steps) {
            // Elements of a sequence stand beside each other.
            if !self.loser.view.is_sequence(parent)
                && let (Some(theirs), Some(shown)) = (theirs, shown)
                && let Some(Value::Map(fields)) = self.counts(&steps)
            {
                self.unite_records(collection, path, (theirs, shown), &fields);
            }
            return;
        }
        let (from, to) = (self.loser.view.container(parent), self.after.container(parent));
        if to.is_none() || from == to {
            return;
        }
        let Some(value) = self.counts(&steps) else { return };
        let item = self.loser.view.item(&steps);
        match item.is_some_and(|item| self.loser.known.is_none_or(|known| is_new(item, known))) {
            true => self.plan.edits.push(Edit::Copy(path.to_vec(), value)),
            // It was copied when it came, and the copy was removed.
            false => self.lose_all(collection, path, &value, PRUNED),
        }
        self.caches_of(path);
    }

    fn caches_of(&mut self, path: &[String]) {
        if let ["threads", thread, "replies", _] = borrowed(path)[..]
            && !self.plan.edits.iter().any(|edit| matches!(edit, Edit::Caches(of) if of == thread))
        {
            self.plan.edits.push(Edit::Caches(thread.to_owned()));
        }
    }

    /// The containers of a record that is the same on both sides.
    fn fields(&mut self, collection: &'static Collection, record: &[String]) {
        for field in collection.fields.iter().filter(|field| is_container(field.kind)) {
            let path = below(record, field.name);
            let steps = borrowed(&path);
            let (theirs, shown) = (self.loser.view.container(&steps), self.after.container(&steps));
            if theirs.is_none() || shown.is_none() || self.is_collection(collection, field.name) {
                continue;
            }
            if theirs != shown {
                self.unite_field(collection, record, field.name, field.kind);
            } else if field.kind == FieldKind::Reactions {
                for emoji in self.loser.view.keys(&steps) {
                    let path = below(&path, &emoji);
                    let steps = borrowed(&path);
                    let theirs = self.loser.view.container(&steps);
                    let shown = self.after.container(&steps);
                    if theirs.is_some()
                        && shown.is_some()
                        && theirs != shown
                        && let Some(members) = self.counts(&steps)
                    {
                        self.plan.edits.push(Edit::Unite(path, members));
                    }
                }
            }
        }
    }

    /// Whether a field of a collection's records is a collection of its own.
    fn is_collection(&self, of: &Collection, field: &str) -> bool {
        let inner =
            |c: &Collection| c.path.strip_prefix(of.path).is_some_and(|rest| rest == ["*", field]);
        self.spec.collections.iter().any(inner)
    }

    fn unite_field(
        &mut self,
        collection: &'static Collection,
        record: &[String],
        field: &str,
        kind: FieldKind,
    ) {
        let path = below(record, field);
        let Some(value) = self.counts(&borrowed(&path)) else { return };
        if kind == FieldKind::Acknowledgements && revives(collection) {
            return;
        }
        if kind == FieldKind::Map
            && let Value::Map(fields) = &value
        {
            let clocks = self.clocks(collection, record, field);
            for (key, theirs) in fields {
                self.register(collection, &below(&path, key), theirs, clocks);
            }
        }
        self.plan.edits.push(Edit::Unite(path, value));
    }

    /// Two records under one key: of one thing, that two programs made at once, or of two
    /// generations.
    fn unite_records(
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
        for (name, value) in fields {
            let kind = collection.fields.iter().find(|field| field.name == name).map(|f| f.kind);
            let marks = collection.tombstone.as_ref();
            let is_mark = marks.is_some_and(|t| [t.flag, t.at].contains(&name.as_str()))
                || marks.and_then(|t| t.by) == Some(name);
            let is_clock = collection.clock == Some(name)
                || collection.fields.iter().any(|field| field.clock == Some(name));
            if is_mark || is_clock || kind == Some(FieldKind::Cache) {
                continue;
            }
            let field = below(path, name);
            match value {
                Value::Map(_) | Value::Array(_) if self.is_collection(collection, name) => {
                    if !self.after.exists(&borrowed(&field)) {
                        self.plan.edits.push(Edit::Copy(field, value.clone()));
                    }
                }
                Value::Map(_) | Value::Array(_) if self.after.exists(&borrowed(&field)) => {
                    self.unite_field(collection, path, name, kind.unwrap_or(FieldKind::Map));
                }
                Value::Map(_) | Value::Array(_) => {
                    self.plan.edits.push(Edit::Copy(field, value.clone()));
                }
                plain => {
                    let clocks = self.clocks(collection, path, name);
                    self.register(collection, &field, plain, clocks);
                }
            }
        }
        self.caches_of(path);
    }

    /// Whoever takes a member back says what it is from then on.
    fn role(&mut self, collection: &'static Collection, path: &[String], fields: &Record) {
        let (at, shown_at) = self.clocks(collection, path, "role");
        let field = below(path, "role");
        let steps = borrowed(&field);
        if let (Some(theirs), Some(shown)) = (fields.get("role"), self.after.value(&steps))
            && let Some(item) = self.loser.view.item(&steps)
            && at > shown_at
            && !shown.same(theirs)
        {
            let value = Some(theirs.to_json());
            let theirs = Claim { value, at, by: self.loser.by.clone() };
            let shown = Claim { value: Some(shown.to_json()), at: shown_at, by: None };
            self.lose(collection, &field, REPLACED, shown, theirs, item);
        }
    }

    /// A field that both have: the later write stands. One that is not there is written.
    fn register(
        &mut self,
        collection: &'static Collection,
        path: &[String],
        theirs: &Value,
        (at, shown_at): (Option<i64>, Option<i64>),
    ) {
        let steps = borrowed(path);
        let (Some((name, record)), Some(item)) = (path.split_last(), self.loser.view.item(&steps))
        else {
            return;
        };
        if matches!(theirs, Value::Map(_) | Value::Array(_) | Value::Text(_)) {
            return;
        }
        let set = |value: &Value| Edit::Set {
            record: record.to_vec(),
            field: name.clone(),
            value: value.clone(),
        };
        let Some(shown) = self.after.value(&steps) else {
            return self.plan.edits.push(set(theirs));
        };
        let is_time = collection
            .fields
            .iter()
            .any(|field| field.name == name && field.kind == FieldKind::Time);
        if shown.same(theirs) || is_time || self.after.container(&steps).is_some() {
            return;
        }
        let rule = if at == shown_at { GREATER } else { LATER };
        let by = self.loser.by.clone();
        let theirs_is = Claim { value: Some(theirs.to_json()), at, by };
        let shown_is = Claim { value: Some(shown.to_json()), at: shown_at, by: None };
        match at.cmp(&shown_at).then_with(|| order(theirs, &shown)) {
            Ordering::Greater => {
                self.plan.edits.push(set(theirs));
                if let Some((clock, at)) = self.clock_name(collection, name).zip(at)
                    && record.len() == collection.path.len() + 1
                {
                    let value = Value::Int(at.max(shown_at.unwrap_or(at)));
                    let (record, field) = (record.to_vec(), clock.to_owned());
                    self.plan.edits.push(Edit::Set { record, field, value });
                }
                if let Some(item) = self.after.item(&steps) {
                    self.lose(collection, path, rule, theirs_is, shown_is, item);
                }
            }
            _ => self.lose(collection, path, rule, shown_is, theirs_is, item),
        }
    }

    /// Deletion wins. Over a record that was made again after one, the later removal does.
    fn flag(
        &mut self,
        collection: &'static Collection,
        path: &[String],
        fields: &Record,
        again: Option<Id>,
    ) {
        let Some(marks) = &collection.tombstone else { return };
        let flag = below(path, marks.flag);
        let steps = borrowed(&flag);
        if fields.get(marks.flag) != Some(&Value::Bool(true)) {
            if self.after.flag(&steps) && marks.removal == Removal::AtOnce && again.is_none() {
                self.lose_all(collection, path, &Value::Map(fields.clone()), DELETED);
            }
            return;
        }
        if self.after.flag(&steps) {
            return;
        }
        let time = |view: &View, name: &str| view.int(&borrowed(&below(path, name)));
        let at = time(self.loser.view, marks.at).filter(|at| *at > 0);
        let wins = match (again, marks.removal) {
            (Some(shown), _) => {
                let since = time(self.after, "joined_at");
                if at < since || since.is_none() {
                    return;
                }
                // A record that was made in the place of a tombstone says so.
                self.after.exists(&borrowed(&below(path, marks.at)))
                    && !self.was_seen(&steps, shown)
            }
            (None, Removal::AtOnce) => true,
            (None, Removal::IntoArchive) => {
                let (theirs, shown) = self.clocks(collection, path, marks.flag);
                theirs.max(at) >= shown
            }
        };
        if !wins {
            let winner = Claim { value: Some(false.into()), ..Claim::default() };
            let theirs = Claim { value: Some(true.into()), at, by: self.loser.by.clone() };
            if let Some(item) = self.loser.view.item(&steps) {
                self.lose(collection, &flag, REPLACED, winner, theirs, item);
            }
            return;
        }
        for name in [Some(marks.flag), Some(marks.at), marks.by].into_iter().flatten() {
            if let Some(value) = self.loser.view.value(&borrowed(&below(path, name))) {
                let (record, field) = (path.to_vec(), name.to_owned());
                self.plan.edits.push(Edit::Set { record, field, value });
            }
        }
        if let (true, Some(member)) = (collection.noun == core::MEMBERS.noun, path.last()) {
            self.plan.edits.push(Edit::Inactive(member.clone()));
        }
    }

    /// Whether the record that is shown was made by somebody who knew of an earlier one.
    fn is_again(&self, path: &[String], theirs: Id, shown: Id) -> bool {
        let [root, key] = borrowed(path)[..] else { return false };
        let follows = || {
            let update = self.after.update(&[]).ok();
            update.is_some_and(|update| update.left_origin(shown) == Some(theirs))
        };
        container::generation(self.doc, root, key, shown).is_some_and(|n| n > 0) || follows()
    }

    /// Whether whoever sent the record that is shown had this write of ours.
    fn was_seen(&self, path: &[&str], shown: Id) -> bool {
        let item = self.loser.view.item(path);
        let brought = self.sides.iter().filter(|side| side.update.block(shown).is_some());
        self.loser.known.is_none()
            && item.is_some_and(|item| brought.into_iter().any(|side| side.saw(item)))
    }

    /// What the clocks of a field say on both sides.
    fn clocks(
        &self,
        collection: &Collection,
        record: &[String],
        field: &str,
    ) -> (Option<i64>, Option<i64>) {
        let clock = self.clock_name(collection, field);
        let fallback =
            if collection.noun == core::MEMBERS.noun { "joined_at" } else { "created_at" };
        let of = |view: &View| {
            let at = |name: &str| view.int(&borrowed(&below(record, name)));
            clock.and_then(at).or_else(|| collection.clock.and_then(at)).or_else(|| at(fallback))
        };
        (of(self.loser.view), of(self.after))
    }

    fn clock_name(&self, collection: &Collection, field: &str) -> Option<&'static str> {
        let known = collection.fields.iter().find(|known| known.name == field);
        known.and_then(|field| field.clock).or(collection.clock)
    }

    /// Of a record whose key was used before in the container that is shown, whoever removed it
    /// knew what it was.
    fn leave_removed(&mut self) -> Result<()> {
        let mut keys: BTreeSet<(Id, String)> = BTreeSet::new();
        for edit in &self.plan.edits {
            if let Edit::Copy(path, _) = edit
                && let Some((key, parent)) = path.split_last()
                && !self.after.is_sequence(&borrowed(parent))
                && let Some(owner) = self.after.container(&borrowed(parent))
            {
                keys.insert((owner, key.clone()));
            }
        }
        if keys.is_empty() {
            return Ok(());
        }
        let whole = self.after.update(self.spec.roots)?;
        let mut used: BTreeSet<(Id, &str)> = BTreeSet::new();
        for (client, blocks) in whole.clients() {
            for block in blocks.iter().filter(|block| block.kind != Kind::Gc) {
                if let Some((Container::Item(owner), key)) =
                    whole.register(Id { client, clock: block.clock })
                {
                    used.insert((owner, key));
                }
            }
        }
        let edits = std::mem::take(&mut self.plan.edits);
        for edit in edits {
            let removed = match &edit {
                Edit::Copy(path, _) => path.split_last().is_some_and(|(key, parent)| {
                    let owner = self.after.container(&borrowed(parent));
                    owner.is_some_and(|owner| used.contains(&(owner, key.as_str())))
                }),
                _ => false,
            };
            match edit {
                Edit::Copy(path, value) if removed => {
                    if let Some((collection, _)) = concern::place(self.spec, &below(&path, "")) {
                        self.lose_all(collection, &path, &value, PRUNED);
                    }
                }
                edit => self.plan.edits.push(edit),
            }
        }
        Ok(())
    }

    /// Keeps what people wrote to a record.
    fn lose_all(
        &mut self,
        collection: &'static Collection,
        path: &[String],
        value: &Value,
        rule: &str,
    ) {
        let Value::Map(fields) = value else { return };
        for (name, value) in fields {
            let known = collection.fields.iter().find(|field| field.name == name);
            let kind = known.map_or(FieldKind::Text, |field| field.kind);
            let said =
                matches!(kind, FieldKind::Text | FieldKind::Number) && value.as_map().is_none();
            let field = below(path, name);
            let shown = self.after.value(&borrowed(&field));
            if said
                && shown.is_none_or(|shown| !shown.same(value))
                && let Some(item) = self.loser.view.item(&borrowed(&field))
            {
                let (at, _) = self.clocks(collection, path, name);
                let value = Some(value.to_json());
                let claim = Claim { value, at, by: self.loser.by.clone() };
                self.lose(collection, &field, rule, Claim::default(), claim, item);
            }
        }
    }

    fn lose(
        &mut self,
        collection: &'static Collection,
        path: &[String],
        rule: &str,
        winner: Claim,
        loser: Claim,
        item: Id,
    ) {
        self.plan.lost.push(Conflict {
            id: 0,
            at: self.now,
            doc: self.doc.clone(),
            noun: Some(collection.noun.to_owned()),
            path: path.to_vec(),
            rule: rule.to_owned(),
            winner,
            loser,
            item: (item.client, item.clock),
            restored: None,
        });
    }
}

fn below(path: &[String], key: &str) -> Vec<String> {
    path.iter().cloned().chain([key.to_owned()]).collect()
}

fn is_container(kind: FieldKind) -> bool {
    matches!(
        kind,
        FieldKind::Acknowledgements | FieldKind::Reactions | FieldKind::List | FieldKind::Map
    )
}

/// Whether a deletion can be taken back. The record has new acknowledgements then on purpose (a
/// member, a restored card, an issue opened again): the old ones must not count for its next
/// removal. Where they were lost by chance, each replica writes its own again.
fn revives(collection: &Collection) -> bool {
    let is_archived = |marks: &concern::Tombstone| marks.removal == Removal::IntoArchive;
    collection.noun == core::MEMBERS.noun || collection.tombstone.as_ref().is_some_and(is_archived)
}

//! Containers that a merge replaced (rule R3).
//!
//! When two programs create a container under one key at once, there are two; a document shows one of them,
//! and everything in the other is hidden. Here the hidden content is found, on both sides of a merge, and
//! brought into the container that is shown: sets are united, records are copied, the fields of a record that
//! both have are registers, and deletion wins.
//!
//! What was here counts as a whole: it was shown until now. Of what came only news counts: the rest was
//! copied when it came, and may have been removed since. Reactions to a record that was restored from the
//! archive are not united here: only what its maker did not know counts.
//!
//! **Why it ends.** A copy consists of the same items whoever makes it, and is made only if the key was never
//! used in the container that is shown. A field is written again only for a value that is later by (clock,
//! value), and a set only gains what it lacks. So replicas that judge the same write the same, or one of them
//! writes and the other takes it over.

mod records;

use super::registers::PRUNED;
use crate::concern::{self, chat, core};
use crate::crdt::container;
use crate::crdt::doc::Txn;
use crate::crdt::register::MergeSide;
use crate::crdt::source::Source;
use crate::crdt::view::{View, is_new};
use crate::error::Result;
use crate::id::DocId;
use crate::path::{DocPath, Keys};
use crate::schema::{self, Collection, FieldKind, Removal, Spec};
use crate::store::{Conflict, ConflictClaim};
use crate::wire::{BlockKind, Clocks, Container, Id, Value};
use std::collections::BTreeSet;

/// The record is in a container that another one replaced.
pub const REPLACED: &str = "replaced";

/// One side of a merge, which may have containers that the merged document does not show.
pub struct Loser<'v> {
    /// The document as this side has it.
    pub view: &'v View,
    /// What of it was known here before; `None` if all of it counts.
    pub known: Option<&'v Clocks>,
    /// Whose side it is, for people.
    pub by: Option<String>,
}

/// What is to be done about one side.
#[derive(Default)]
pub struct ReplacedPlan {
    edits: Vec<RecordEdit>,
    /// Records from the archive in place of those of this side: their reactions are not in the plan.
    pub restored: Vec<RestoredReactions>,
    /// What still lost.
    pub lost: Vec<Conflict>,
}

/// The reactions of a restored record.
pub struct RestoredReactions {
    /// The path of their map.
    pub reactions: DocPath,
    /// The item that the record is now.
    pub record: Id,
}

/// A change of the document.
enum RecordEdit {
    Set {
        record: DocPath,
        field: String,
        value: Value,
    },
    Unite(DocPath, Value),
    Copy(DocPath, Value),
    /// A record is deleted now: its key leaves the cache beside its collection.
    Uncache(&'static str, String),
    /// The caches of a thread.
    Caches(String),
}

impl ReplacedPlan {
    /// Returns whether the document stays as it is; something may still have lost.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Makes the edits of the plan in an open transaction.
    ///
    /// # Errors
    /// Those of the edits; the session must then be dropped.
    pub fn write(&self, txn: &mut Txn<'_>, doc: &DocId) -> Result<()> {
        for edit in &self.edits {
            match edit {
                RecordEdit::Set { record, field, value } => {
                    txn.set(&record.steps(), field, value)?
                }
                RecordEdit::Unite(path, old) => container::unite(txn, doc, &path.steps(), old)?,
                RecordEdit::Copy(path, value) => {
                    container::copy(txn, doc, &path.steps(), value)?;
                }
                RecordEdit::Uncache(cache, key) => {
                    txn.remove(&[cache], key)?;
                }
                RecordEdit::Caches(thread) => chat::Caches::put_right(txn, thread)?,
            }
        }
        Ok(())
    }
}

/// Finds out what one side of a merge lost to containers, and what is to be done about it.
///
/// # Errors
/// `Bug` if `after` is not valid.
pub fn plan(
    doc: &DocId,
    loser: &Loser<'_>,
    after: &View,
    sides: &[MergeSide<'_>],
    now: i64,
) -> Result<ReplacedPlan> {
    let Some(spec) = concern::of(doc) else { return Ok(ReplacedPlan::default()) };
    let mut found =
        FoundRecord { spec, doc, loser, after, sides, now, plan: ReplacedPlan::default() };
    for collection in spec.collections {
        for record in collection.records(loser.view) {
            found.record(collection, &record);
        }
    }
    found.leave_removed()?;
    Ok(found.plan)
}

struct FoundRecord<'f> {
    spec: &'static Spec,
    doc: &'f DocId,
    loser: &'f Loser<'f>,
    after: &'f View,
    sides: &'f [MergeSide<'f>],
    now: i64,
    plan: ReplacedPlan,
}

impl FoundRecord<'_> {
    /// Returns what counts of the side at a path.
    fn counts(&self, path: &[&str]) -> Option<Value> {
        match self.loser.known {
            Some(known) => self.loser.view.news(path, known),
            None => self.loser.view.value(path),
        }
    }

    fn record(&mut self, collection: &'static Collection, path: &[String]) {
        let steps = path.steps();
        let (theirs, shown) = (self.loser.view.container(&steps), self.after.container(&steps));
        if theirs.is_some() && theirs == shown {
            return self.fields(collection, path);
        }
        let Some((_, parent)) = steps.split_last() else { return };
        let (from, to) = (self.loser.view.container(parent), self.after.container(parent));
        if self.after.exists(&steps) {
            // Elements of one sequence coexist; those of two with one id are one record.
            if !(self.loser.view.is_sequence(parent) && from == to)
                && let (Some(theirs), Some(shown)) = (theirs, shown)
                && let Some(Value::Map(fields)) = self.counts(&steps)
            {
                self.unite_records(collection, path, (theirs, shown), &fields);
            }
            return;
        }
        if to.is_none() || from == to {
            return;
        }
        let Some(value) = self.counts(&steps) else { return };
        let item = self.loser.view.item(&steps);
        match item.is_some_and(|item| self.loser.known.is_none_or(|known| is_new(item, known))) {
            true => self.plan.edits.push(RecordEdit::Copy(path.into(), value)),
            // It was copied when it came, and the copy was removed.
            false => self.lose_all(collection, path, &value, PRUNED),
        }
        self.caches_of(path);
    }

    fn caches_of(&mut self, path: &[String]) {
        if let ["threads", thread, "replies", _] = path.steps()[..]
            && !self
                .plan
                .edits
                .iter()
                .any(|edit| matches!(edit, RecordEdit::Caches(of) if of == thread))
        {
            self.plan.edits.push(RecordEdit::Caches(thread.to_owned()));
        }
    }

    /// Handles the containers of a record that is the same on both sides.
    fn fields(&mut self, collection: &'static Collection, record: &[String]) {
        for field in collection.fields.iter().filter(|field| is_container(field.kind)) {
            let path = record.child(field.name);
            let steps = path.steps();
            let (theirs, shown) = (self.loser.view.container(&steps), self.after.container(&steps));
            if theirs.is_none() || shown.is_none() || self.is_collection(collection, field.name) {
                continue;
            }
            if theirs != shown {
                self.unite_field(collection, record, field.name, field.kind);
            } else if field.kind == FieldKind::Reactions {
                for emoji in self.loser.view.keys(&steps) {
                    let path = path.child(&emoji);
                    let steps = path.steps();
                    let theirs = self.loser.view.container(&steps);
                    let shown = self.after.container(&steps);
                    if theirs.is_some()
                        && shown.is_some()
                        && theirs != shown
                        && let Some(members) = self.counts(&steps)
                    {
                        self.plan.edits.push(RecordEdit::Unite(path, members));
                    }
                }
            }
        }
    }

    /// Returns whether a field of a collection's records is a collection itself.
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
        let path = record.child(field);
        let Some(value) = self.counts(&path.steps()) else { return };
        if kind == FieldKind::Acknowledgements && revives(collection) {
            return;
        }
        if let Value::Text(_) = value {
            return self.lose_text(collection, &path, &value);
        }
        if kind == FieldKind::Map
            && let Value::Map(fields) = &value
        {
            let clocks = self.clocks(collection, record, field);
            for (key, theirs) in fields {
                self.register(collection, &path.child(key), theirs, clocks);
            }
        }
        self.plan.edits.push(RecordEdit::Unite(path, value));
    }

    /// Two shared texts under one key are not merged into a third: the shown one stays, the other goes to the
    /// ledger.
    fn lose_text(&mut self, collection: &'static Collection, path: &[String], theirs: &Value) {
        let steps = path.steps();
        let shown = self.after.value(&steps);
        if theirs.as_str() == Some("") || shown.as_ref().is_some_and(|shown| shown.same(theirs)) {
            return;
        }
        if let Some(item) = self.loser.view.item(&steps) {
            let winner = shown
                .map_or_else(ConflictClaim::default, |shown| ConflictClaim::of(&shown, None, None));
            let theirs = ConflictClaim::of(theirs, None, self.loser.by.clone());
            self.lose(collection, path, REPLACED, winner, theirs, item);
        }
    }

    /// Skips records whose key was used before in the container that is shown: whoever removed such a record
    /// knew it.
    fn leave_removed(&mut self) -> Result<()> {
        let mut keys: BTreeSet<(Id, String)> = BTreeSet::new();
        for edit in &self.plan.edits {
            if let RecordEdit::Copy(path, _) = edit
                && let Some((key, parent)) = path.split_last()
                && !self.after.is_sequence(&parent.steps())
                && let Some(owner) = self.after.container(&parent.steps())
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
            for block in blocks.iter().filter(|block| block.kind != BlockKind::Gc) {
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
                RecordEdit::Copy(path, _) => path.split_last().is_some_and(|(key, parent)| {
                    let owner = self.after.container(&parent.steps());
                    owner.is_some_and(|owner| used.contains(&(owner, key.as_str())))
                }),
                _ => false,
            };
            match edit {
                RecordEdit::Copy(path, value) if removed => {
                    if let Some((collection, _)) = schema::place(self.spec, &path.child("")) {
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
            let kind = collection.field(name).map_or(FieldKind::Text, |field| field.kind);
            let said = kind.is_content() && kind != FieldKind::Map && value.as_map().is_none();
            let field = path.child(name);
            let shown = self.after.value(&field.steps());
            if said
                && shown.is_none_or(|shown| !shown.same(value))
                && let Some(item) = self.loser.view.item(&field.steps())
            {
                let (at, _) = self.clocks(collection, path, name);
                let claim = ConflictClaim::of(value, at, self.loser.by.clone());
                self.lose(collection, &field, rule, ConflictClaim::default(), claim, item);
            }
        }
    }

    fn lose(
        &mut self,
        collection: &'static Collection,
        path: &[String],
        rule: &str,
        winner: ConflictClaim,
        loser: ConflictClaim,
        item: Id,
    ) {
        self.plan.lost.push(Conflict {
            id: 0,
            at: self.now,
            doc: self.doc.clone(),
            noun: Some(collection.noun.to_owned()),
            path: path.into(),
            rule: rule.to_owned(),
            winner,
            loser,
            item: (item.client, item.clock),
            restored: None,
        });
    }
}

fn is_container(kind: FieldKind) -> bool {
    matches!(
        kind,
        FieldKind::Acknowledgements
            | FieldKind::Reactions
            | FieldKind::List
            | FieldKind::Map
            | FieldKind::SharedText
    )
}

/// Returns whether a deletion can be undone. The record then intentionally has new acknowledgements (a
/// member, a restored card, a reopened issue): the old ones must not count for its next removal. If they were
/// lost by accident, each replica writes its own again.
fn revives(collection: &Collection) -> bool {
    let is_archived = |marks: &schema::DeletionMarker| marks.removal == Removal::IntoArchive;
    collection.noun == core::MEMBERS.noun || collection.tombstone.as_ref().is_some_and(is_archived)
}

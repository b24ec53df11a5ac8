//! What happens after the updates of an import are applied: the rules that keep the merge right, and the
//! account of what it brought.
//!
//! In order: registers that yrs decided by client id are decided by time (R4), and the losing values are
//! kept; replaced containers are united (R3); text that two people wrote alike at one place is reduced to one
//! copy; tombstones that this replica's member now sees for the first time are acknowledged; tombstones that
//! everybody has acknowledged are pruned.

mod adopt;
mod alike;
mod attributed;
pub mod audit;
mod carried;
mod incoming;
mod late;
mod orphans;
pub mod registers;
pub mod replaced;
mod restored;
mod stray;

pub use adopt::adopt;
pub use alike::surplus;
pub use incoming::{AppliedUpdate, Incoming, KnownSender, Merge};

use crate::archive;
use crate::concern;
use crate::concern::disk::{FILES, FilePlace, FileVersion, LostPath, LostVersion};
use crate::crdt::register::MergeSide;
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::Result;
use crate::id::{DocId, EntityId};
use crate::path::{DocPath, Keys};
use crate::schema::{Collection, FieldKind, Removal, Spec};
use crate::store::{Audit, Conflict, ConflictClaim, Session};
use crate::tombstone::{self, trash};
use crate::wire::{Clocks, Id, Record, Value};
use attributed::AttributedChange;
use replaced::{Loser, REPLACED};
use std::collections::{BTreeMap, BTreeSet};
use stray::StrayPlace;

/// The root of a document's metadata, which is not a collection of records.
const METADATA: &str = "metadata";

/// What an import did to one document, counted in records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MergeSummary {
    /// Records that are new here and not deleted.
    pub added: usize,
    /// Records that were here and whose content changed.
    pub edited: usize,
    /// Records that were here, alive, and are now tombstones.
    pub deleted: usize,
    /// Those of them that were closed or archived, as issues and cards are, not deleted.
    pub closed: usize,
    /// Tombstones that this replica's member acknowledged now.
    pub acknowledged: usize,
    /// Tombstones that were pruned, here or at the sender's.
    pub pruned: usize,
    /// Records that others moved into their archives, and that are now in this replica's.
    pub archived: usize,
    /// Values that lost a conflict.
    pub conflicts: usize,
    /// The changed roots that no concern understands.
    pub roots: Vec<String>,
}

impl MergeSummary {
    /// Adds the changes in roots that no concern understands.
    fn take(&mut self, counts: carried::PartCounts) {
        self.added = self.added.saturating_add(counts.added);
        self.edited = self.edited.saturating_add(counts.edited);
        self.deleted = self.deleted.saturating_add(counts.deleted);
        self.roots.extend(counts.roots);
    }
}

/// The outcome of the rules for an import.
pub struct Merged {
    /// The documents in the order given, followed by others of the same entities in which only tombstones
    /// were pruned.
    pub documents: Vec<(DocId, MergeSummary)>,
    /// What the senders were not allowed to do here.
    pub audits: Vec<Audit>,
}

/// Applies the rules to every document that an import changed.
pub fn resolve(session: &mut Session, imported: &[Incoming<'_>]) -> Result<Merged> {
    let mut merged = resolve_documents(session, imported)?;
    prune_entity_of(session, imported, &mut merged.documents)?;
    // In these nothing is left to be acknowledged or pruned until they change.
    for incoming in imported.iter().filter(|incoming| concern::of(&incoming.doc).is_some()) {
        if let Err(e) = tombstone::note_swept(session, &incoming.doc) {
            session.leave_out(e)?;
        }
    }
    Ok(merged)
}

/// Requests the data that tells which records of a document [`resolve`] looks at.
pub fn ask_for_members(session: &mut Session, doc: &DocId) -> Result<()> {
    match doc.entity() {
        Some(entity) => session.ask_for_all(&entity.document(concern::core::SPEC.name)),
        None => Ok(()),
    }
}

/// Like [`resolve`], but without the tombstones that news of the members frees in other documents.
fn resolve_documents(session: &mut Session, imported: &[Incoming<'_>]) -> Result<Merged> {
    let mut summaries = Vec::with_capacity(imported.len());
    let mut attributed = Vec::with_capacity(imported.len());
    for came in imported {
        let whole = session.checked_at_hand(&came.doc)?;
        let has_others = whole.as_ref().is_some_and(|whole| whole.update().has_other_roots());
        let known = match whole {
            Some(whole) => incoming::known_parts(&whole.update(), &came.parts)?,
            None => None,
        };
        let narrowed = known.as_ref().map(|known| came.with_updates(known));
        let incoming = narrowed.as_ref().unwrap_or(came);
        let Incoming { doc, parts, .. } = incoming;
        let mut account = MergeSummary::default();
        let Some(spec) = concern::of(doc) else {
            if let Some(after) = session.any_view(doc)? {
                account.take(carried::count(incoming.before.as_ref(), &after, &[])?);
            }
            summaries.push((doc.clone(), account));
            continue;
        };
        let before = incoming.before();
        if session.at_hand(doc)?.is_some() {
            let plan = registers::decide(session, doc, before, parts)?;
            let replaced = unite(session, incoming)?;
            if let Some(before) = before {
                alike::heal(session, doc, spec, before, &incoming::sides(parts))?;
            }
            let lost = keep(session, incoming, replaced, plan.lost)?;
            account.conflicts = lost.len();
            keep_edited(session, &incoming.doc)?;
            if let Some(decided) = session.at_hand(doc)? {
                let orphans = keep_orphans(session, incoming, &decided)?;
                let versions = keep_versions(session, incoming, &decided)?;
                let paths = keep_paths(session, incoming, &decided)?;
                let conflicts = account.conflicts + orphans + versions + paths;
                account = compare(spec, before, &decided);
                account.conflicts = conflicts;
                put_away(session, incoming, spec, (&decided, &lost), &mut account)?;
            }
            attributed.push((came, plan.attributed));
        }
        if let (true, Some(after)) = (has_others, session.any_at_hand(doc)?) {
            // The comparison has counted a change of the metadata.
            let known = spec.roots.iter().map(|(name, _)| *name).chain([METADATA]);
            let known: Vec<&str> = known.collect();
            account.take(carried::count(incoming.before.as_ref(), &after, &known)?);
        }
        summaries.push((doc.clone(), account));
    }
    let audits = audit_all(session, attributed)?;
    // From here on only the tombstones of a document are needed.
    for (doc, account) in &mut summaries {
        // The members' document says whose acknowledgements are needed, and it may be the damaged one.
        match tombstone::acknowledge(session, doc) {
            Ok(acknowledged) => account.acknowledged = acknowledged,
            Err(e) => session.leave_out(e)?,
        }
    }
    Ok(Merged { documents: summaries, audits })
}

/// Keeps the files that were removed on one side and changed on the other, and reports them.
fn keep_edited(session: &mut Session, doc: &DocId) -> Result<()> {
    for path in concern::disk::revive_edited(session, doc)? {
        session.say(format!("{path} was removed on one side and changed on the other: it is kept"));
    }
    Ok(())
}

/// Keeps what the import took out of a document: live records in the archive, deleted ones in the trash.
/// Records that are back in the document no longer come out of the archive. What the archive shows is not lost.
fn put_away(
    session: &mut Session,
    incoming: &Incoming<'_>,
    spec: &'static Spec,
    (after, lost): (&View, &[Conflict]),
    account: &mut MergeSummary,
) -> Result<()> {
    let Incoming { doc, parts, .. } = incoming;
    let before = incoming.before();
    if let Some(before) = before {
        let (archived, kept) = {
            let late = |session: &Session| late::reactions(session, incoming, before, spec);
            archive::vanished(session, doc, spec, [before, after], &incoming.pruned, late)?
        };
        account.archived = archived.len();
        let archived_with = gone(spec, before, after).filter(|path| is_in(doc, path, &archived));
        account.pruned = account.pruned.saturating_sub(archived_with.count());
        let is_shown = |lost: &&Conflict| {
            let record = archive::inside(doc, &lost.path).map(|(record, _)| DocPath::from(record));
            let value = before.value(&lost.path.steps()).map(|value| value.to_json());
            record.is_some_and(|record| archived.contains(&record)) && value == lost.loser.value
        };
        let shown = lost.iter().filter(is_shown).count();
        account.conflicts = account.conflicts.saturating_sub(shown).saturating_add(kept.conflicts);
        let sender = parts.iter().find_map(|part| part.member.as_deref());
        trash::keep_vanished(session, doc, spec, [before, after], sender, &archived)?;
    }
    archive::came_back(session, doc, spec, before, after)
}

/// Returns whether a record is among those that were archived, or inside one.
fn is_in(doc: &DocId, path: &DocPath, archived: &BTreeSet<DocPath>) -> bool {
    let around = archive::inside(doc, path).map(|(record, _)| DocPath::from(record));
    archived.contains(path) || around.is_some_and(|record| archived.contains(&record))
}

/// Audits entity by entity, since the roles are in a document of their own.
fn audit_all(
    session: &mut Session,
    attributed: Vec<(&Incoming<'_>, Vec<AttributedChange>)>,
) -> Result<Vec<Audit>> {
    let mut entities: BTreeMap<EntityId, Vec<(&Incoming<'_>, Vec<AttributedChange>)>> =
        BTreeMap::new();
    for (incoming, attributed) in attributed {
        if let Some(entity) = incoming.doc.entity() {
            entities.entry(entity).or_default().push((incoming, attributed));
        }
    }
    let mut audits = Vec::new();
    for (entity, imported) in &entities {
        audits.extend(audit::audit(session, entity, imported)?);
    }
    Ok(audits)
}

/// Prunes every document of the entities that were touched: news of the members can free tombstones anywhere.
fn prune_entity_of(
    session: &mut Session,
    imported: &[Incoming<'_>],
    summaries: &mut Vec<(DocId, MergeSummary)>,
) -> Result<()> {
    let entities: BTreeSet<EntityId> =
        imported.iter().filter_map(|incoming| incoming.doc.entity()).collect();
    let mut pruned: BTreeMap<DocId, usize> = BTreeMap::new();
    for entity in &entities {
        for tombstone in tombstone::prune_entity(session, entity)? {
            *pruned.entry(tombstone.doc).or_default() += 1;
        }
    }
    for (doc, account) in summaries.iter_mut() {
        account.pruned += pruned.remove(doc).unwrap_or(0);
    }
    let others = pruned.into_iter();
    summaries.extend(
        others.map(|(doc, pruned)| (doc, MergeSummary { pruned, ..MergeSummary::default() })),
    );
    Ok(())
}

/// Unites what containers lost to others (rule R3), on every side of the merge. Returns what still lost.
fn unite(session: &mut Session, incoming: &Incoming<'_>) -> Result<Vec<Conflict>> {
    let doc = &incoming.doc;
    // Nothing lost to anything: the whole document comes from one side.
    if incoming.before.is_none() && incoming.parts.len() < 2 {
        return Ok(Vec::new());
    }
    let sides = incoming::sides(&incoming.parts);
    let nothing = Clocks::new();
    let before = incoming.before();
    let known = before.map_or(&nothing, |before| &before.version().clocks);
    let mut lost = Vec::new();
    if let Some(view) = before {
        let ours = Loser { view, known: None, by: None };
        lost.extend(unite_one(session, incoming, &ours, &sides)?);
    }
    for part in &incoming.parts {
        let whole = session.checked_at_hand(doc)?;
        // What the document is the same as has lost nothing to it.
        if whole.is_some_and(|whole| std::ptr::eq::<[u8]>(&**whole.bytes(), part.update.bytes())) {
            continue;
        }
        let view = View::read(&part.update)?;
        let theirs = Loser { view: &view, known: Some(known), by: part.by.clone() };
        lost.extend(unite_one(session, incoming, &theirs, &sides)?);
    }
    Ok(lost)
}

/// Unites what containers of one side lost to others; returns what still lost.
fn unite_one(
    session: &mut Session,
    incoming: &Incoming<'_>,
    loser: &Loser<'_>,
    sides: &[MergeSide<'_>],
) -> Result<Vec<Conflict>> {
    let doc = &incoming.doc;
    let Some(after) = session.at_hand(doc)? else { return Ok(Vec::new()) };
    if after.shows_containers_of(loser.view) {
        return Ok(Vec::new());
    }
    let plan = replaced::plan(doc, loser, &after, sides, session.now())?;
    if !plan.is_empty() {
        session.edit(doc, |txn| plan.write(txn, doc))?;
    }
    if !plan.restored.is_empty() {
        restored::unite(session, incoming, (loser, &after), sides, &plan.restored)?;
    }
    Ok(plan.lost)
}

/// Records the losing values: first those that containers lost to others; of the rest those that are not in
/// the document after all.
fn keep(
    session: &mut Session,
    incoming: &Incoming<'_>,
    replaced: Vec<Conflict>,
    others: Vec<Conflict>,
) -> Result<Vec<Conflict>> {
    let doc = &incoming.doc;
    let Some(now) = session.at_hand(doc)? else { return Ok(Vec::new()) };
    let placeless = others.iter().filter(|lost| lost.path.is_empty()).map(|lost| lost.item);
    let placeless: Vec<(u64, u32)> = placeless.collect();
    let mut places = stray::places(session, doc, &incoming.parts, &placeless)?;
    let others = others.into_iter().filter_map(|lost| match places.remove(&lost.item) {
        Some(StrayPlace::Element) => None,
        Some(StrayPlace::Field(path)) => registers::placed(lost, path),
        None => Some(lost),
    });
    let shown = |lost: &Conflict| {
        let value = now.value(&lost.path.steps()).map(|value| value.to_json());
        lost.rule == registers::PRUNED && !lost.path.is_empty() && value == lost.loser.value
    };
    let mut items = BTreeSet::new();
    let all = replaced.into_iter().chain(others.filter(|lost| !shown(lost)));
    let mut all: Vec<Conflict> = all.filter(|lost| items.insert(lost.item)).collect();
    for lost in &mut all {
        // The record is here; the losing value was in a container that is not.
        let record = lost.path.split_last().map(|(_, record)| record.steps());
        if lost.rule == registers::PRUNED
            && record.is_some_and(|record| now.container(&record).is_some())
        {
            lost.rule = REPLACED.to_owned();
        }
        session.state().put_conflict(lost)?;
    }
    Ok(all)
}

/// Records what became of replies whose message is missing since this import; returns how many there are.
fn keep_orphans(session: &Session, incoming: &Incoming<'_>, after: &View) -> Result<usize> {
    let Incoming { doc, parts, .. } = incoming;
    let Some(before) = incoming.before() else { return Ok(0) };
    let seen: Vec<&Clocks> = parts.iter().filter_map(|part| part.seen).collect();
    let by = parts.iter().find_map(|part| part.by.as_deref());
    let orphans = orphans::find(doc, [before, after], &seen, by, session.now());
    orphans.iter().try_for_each(|orphan| session.state().put_conflict(orphan))?;
    Ok(orphans.len())
}

/// Records which versions of files were concurrent with the ones shown since this import; returns how many
/// there are. They are identified by their ids.
fn keep_versions(session: &Session, incoming: &Incoming<'_>, after: &View) -> Result<usize> {
    let Some(before) = incoming.before() else { return Ok(0) };
    let all = concern::disk::lost_versions(&incoming.doc, [before, after]);
    for LostVersion { file, lost, item, was_here, shown } in &all {
        let rule = if shown.is_some() && !lost.is_text { registers::LATER } else { REPLACED };
        let claim = |version: &FileVersion| (version.id.clone(), version.created_at);
        let claims = [shown.as_ref().map(claim), Some(claim(lost))];
        keep_file(session, incoming, [file, "versions"], rule, claims, *item, *was_here)?;
    }
    Ok(all.len())
}

/// Records and reports which files have lost their paths to others since this import; returns how many there
/// are.
fn keep_paths(session: &mut Session, incoming: &Incoming<'_>, after: &View) -> Result<usize> {
    let Some(before) = incoming.before() else { return Ok(0) };
    let all = concern::disk::lost_paths(&incoming.doc, [before, after]);
    for LostPath { place: FilePlace { id, path, since }, owner, item, was_here } in &all {
        let winner = owner.as_ref().map(|owner| (owner.id.clone(), owner.since));
        let claims = [winner, Some((path.to_string(), *since))];
        let rule = registers::LATER;
        keep_file(session, incoming, [id, "path"], rule, claims, *item, *was_here)?;
        let has_it = match owner {
            Some(owner) => format!("file {} has that path", owner.id),
            None => "a directory has that path".to_owned(),
        };
        session.say(format!("{path}: {has_it}, and file {id} is kept without one"));
    }
    Ok(all.len())
}

/// Records what a field of a file does not show: the winning and the losing value, each with its time, and
/// whether the loser was here before.
fn keep_file(
    session: &Session,
    incoming: &Incoming<'_>,
    [file, field]: [&str; 2],
    rule: &str,
    [winner, loser]: [Option<(String, i64)>; 2],
    item: Id,
    was_here: bool,
) -> Result<()> {
    let by = incoming.parts.iter().find_map(|part| part.by.clone());
    let (winner_by, loser_by) = if was_here { (by, None) } else { (None, by) };
    let claim = |said: Option<(String, i64)>, by| match said {
        Some((value, at)) => ConflictClaim::of(&Value::String(value), Some(at), by),
        None => ConflictClaim { by, ..ConflictClaim::default() },
    };
    session.state().put_conflict(&Conflict {
        id: 0,
        at: session.now(),
        doc: incoming.doc.clone(),
        noun: Some(FILES.noun.to_owned()),
        path: DocPath::from(["files", file, field]),
        rule: rule.to_owned(),
        winner: claim(winner, winner_by),
        loser: claim(loser, loser_by),
        item: (item.client, item.clock),
        restored: None,
    })
}

/// Returns what changed between two views of a document, counted in records. Records that are never deleted
/// (threads, metadata) do not count by themselves; if there are no records, the keys of the roots are
/// counted.
pub fn compare(spec: &Spec, before: Option<&View>, after: &View) -> MergeSummary {
    let mut account = MergeSummary::default();
    for collection in spec.collections.iter().filter(|c| c.tombstone.is_some()) {
        count_collection(collection, before, after, &mut account);
    }
    account.pruned = before.map_or(0, |before| gone(spec, before, after).count());
    if spec.collections.is_empty() {
        count_keys(before, after, &mut account);
    }
    let metadata = |view: &View| view.value(&[METADATA]);
    account.edited += usize::from(before.is_some_and(|old| metadata(old) != metadata(after)));
    account
}

fn count_collection(
    collection: &Collection,
    before: Option<&View>,
    after: &View,
    account: &mut MergeSummary,
) {
    let (records, tombstones) = (collection.records(after), collection.deleted(after));
    let Some(before) = before else {
        account.added += records.len().saturating_sub(tombstones.len());
        return;
    };
    let removal = collection.tombstone.as_ref().map(|tombstone| tombstone.removal);
    let is_closed = removal == Some(Removal::IntoArchive);
    let mut tombstones = tombstones.into_iter().peekable();
    for path in records {
        let steps = path.steps();
        // Both are in key order.
        let deleted = tombstones.next_if_eq(&path).is_some();
        let old = Some(before).filter(|before| before.exists(&steps));
        match old {
            None => account.added += usize::from(!deleted),
            Some(old) if deleted && !collection.is_deleted(old, &path) => {
                account.deleted += 1;
                account.closed += usize::from(is_closed);
            }
            // Most records of most imports: no need to read them.
            Some(old) if old.shows_the_same(after, &steps) => {}
            Some(old) if content(collection, old, &steps) != content(collection, after, &steps) => {
                account.edited += 1;
            }
            Some(_) => {}
        }
    }
}

/// Returns the records that are no longer there; those that are never deleted do not count.
fn gone<'v>(
    spec: &'v Spec,
    before: &'v View,
    after: &'v View,
) -> impl Iterator<Item = DocPath> + use<'v> {
    let collections = spec.collections.iter().filter(|c| c.tombstone.is_some());
    let records = collections.flat_map(move |collection| collection.records(before));
    records.filter(move |path| !after.exists(&path.steps()))
}

/// Returns a record without its acknowledgements, which do not count as an edit.
fn content(collection: &Collection, source: &View, path: &[&str]) -> Record {
    let mut record = source.record(path).unwrap_or_default();
    for field in collection.fields {
        if field.kind == FieldKind::Acknowledgements {
            record.remove(field.name);
        }
    }
    record
}

fn count_keys(before: Option<&View>, after: &View, account: &mut MergeSummary) {
    let keys_of =
        |view: &View, root: &str| -> BTreeSet<String> { view.keys(&[root]).into_iter().collect() };
    // The roots of both: a root that lost all its keys is not among those of `after`.
    let roots: BTreeSet<String> =
        before.map(View::roots).unwrap_or_default().into_iter().chain(after.roots()).collect();
    for root in roots {
        let new = keys_of(after, &root);
        let old = before.map(|before| keys_of(before, &root)).unwrap_or_default();
        account.added += new.difference(&old).count();
        account.deleted += old.difference(&new).count();
        let kept = new.intersection(&old);
        account.edited += kept
            .filter(|key| {
                before.is_some_and(|old| old.value(&[&root, key]) != after.value(&[&root, key]))
            })
            .count();
    }
}

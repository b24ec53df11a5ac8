//! Deleted → acknowledged → prunable: the life of a tombstone, written once over [`Spec`].
//!
//! A replica of each member writes that member's acknowledgement once, after it has applied the
//! deletion. A tombstone may be pruned when every active member that had joined by then has
//! acknowledged it; members who joined later never had the record.

pub mod trash;

use crate::concern;
use crate::concern::core::{Awaited, People, SPEC as CORE, Unacknowledged, active, look_at_people};
use crate::crdt::doc::Txn;
use crate::crdt::source::{Shared, Source};
use crate::error::{Error, Hint, Next, Result};
use crate::id::{DocId, EntityId, MemberId};
use crate::path::{DocPath, Keys};
use crate::schema::{Collection, DeletionMarker, Removal, Spec};
use crate::store::Session;
use crate::wire::Value;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The active members of an entity with the time each joined.
pub type MemberTimes = BTreeMap<String, i64>;

/// A deleted record that is still in its document.
#[derive(Debug, Clone)]
pub struct Tombstone {
    /// The kind of record.
    pub collection: &'static Collection,
    /// The steps from the root to the record.
    pub path: DocPath,
    /// When it was deleted, in Unix seconds; `None` if the program that deleted it did not say.
    pub deleted_at: Option<i64>,
    /// The member who deleted it; `None` if not recorded.
    pub deleted_by: Option<String>,
    /// Who has acknowledged it, and when.
    pub acknowledged: BTreeMap<String, i64>,
    /// Which part of it another program wrote as a plain value.
    pub plain: PlainPart,
}

/// Which part of a record is a plain value and cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlainPart {
    /// None: it can be acknowledged and pruned.
    Nothing,
    /// The record: it cannot be acknowledged here before it is rewritten.
    Record,
    /// Its container: it cannot be removed by itself either.
    Around,
}

impl Tombstone {
    /// Returns the id of the deleted record.
    pub fn id(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// Returns the active members whose acknowledgement it waits for, sorted.
    pub fn waiting_for<'m>(&self, members: &'m MemberTimes) -> Vec<&'m str> {
        members
            .iter()
            .filter(|(member, joined)| self.waits_for(member, **joined))
            .map(|(member, _)| member.as_str())
            .collect()
    }

    /// Returns whether it waits for the acknowledgement of an active member that joined at this time.
    pub fn waits_for(&self, member: &str, joined: i64) -> bool {
        self.deleted_at.is_none_or(|deleted| joined <= deleted)
            && !self.acknowledged.contains_key(member)
    }

    /// Returns whether the record is content (an archived card, a closed issue): pruning leaves it alone;
    /// only archiving removes it.
    pub fn is_content(&self) -> bool {
        let removal = self.collection.tombstone.as_ref().map(|marks| marks.removal);
        removal == Some(Removal::IntoArchive)
    }

    /// Returns whether pruning removes it now: it waits for nobody, and is not content.
    pub fn is_prunable(&self, members: &MemberTimes) -> bool {
        self.waits_for_nobody(members) && !self.is_content()
    }

    /// Returns whether no acknowledgement is missing, the entity has active members, and the record can be
    /// removed by itself.
    pub fn waits_for_nobody(&self, members: &MemberTimes) -> bool {
        self.plain != PlainPart::Around
            && !members.is_empty()
            && !members.iter().any(|(member, joined)| self.waits_for(member, *joined))
    }

    /// Returns whether pruning removes it once all acknowledgements are there.
    fn can_go(&self) -> bool {
        self.plain != PlainPart::Around && !self.is_content()
    }
}

/// Returns every tombstone of a document, in the order of the collections and their keys.
pub fn list(spec: &Spec, source: &dyn Source) -> Vec<Tombstone> {
    spec.collections.iter().flat_map(|collection| in_collection(collection, source)).collect()
}

fn in_collection(collection: &'static Collection, source: &dyn Source) -> Vec<Tombstone> {
    let paths = collection.deleted(source).into_iter();
    paths.filter_map(|path| Tombstone::at(collection, source, path)).collect()
}

impl Tombstone {
    /// Returns the tombstone at a path; `None` if there is no deleted record.
    pub fn at(
        collection: &'static Collection,
        source: &dyn Source,
        path: DocPath,
    ) -> Option<Tombstone> {
        let marks = collection.tombstone.as_ref()?;
        if !collection.is_deleted(source, &path) {
            return None;
        }
        let at = |name: &'static str| source.value(&path.field(name));
        let acknowledged = match at(marks.acks) {
            Some(Value::Map(acks) | Value::Object(acks)) => {
                acks.into_iter().map(|(member, at)| (member, at.as_i64().unwrap_or(0))).collect()
            }
            _ => BTreeMap::new(),
        };
        let deleted_at = at(marks.at).and_then(|v| v.as_i64()).filter(|at| *at > 0);
        let deleted_by = marks.by.and_then(at).and_then(|v| v.as_str().map(str::to_owned));
        let deleted_by = deleted_by.filter(|by| !by.is_empty());
        let steps = path.steps();
        let around = steps.split_last().and_then(|(_, around)| source.shared(around));
        let plain = match source.shared(&steps) {
            Some(Shared::Map) => PlainPart::Nothing,
            _ if around.is_some() => PlainPart::Record,
            _ => PlainPart::Around,
        };
        Some(Tombstone { collection, path, deleted_at, deleted_by, acknowledged, plain })
    }
}

/// Returns the time to record for a deletion in this document: now, but not before any known member joined.
/// Clocks are off by minutes, and a member known at the time of the deletion had the record.
pub fn time_of_deletion(session: &mut Session, doc: &DocId) -> Result<i64> {
    let joined = match doc.entity() {
        Some(entity) => look_at_people(session, &entity, People::last_joined)?.flatten(),
        None => None,
    };
    Ok(session.now().max(joined.unwrap_or(i64::MIN)))
}

/// Marks the record at a path as deleted and acknowledges that for the deleting member. Does nothing if
/// it is already deleted.
pub fn mark(
    txn: &mut Txn<'_>,
    collection: &Collection,
    path: &[&str],
    now: i64,
    by: &MemberId,
) -> Result<()> {
    let Some(marks) = &collection.tombstone else {
        return Err(Error::bug(format!("a {} cannot be deleted", collection.noun)));
    };
    if txn.flag(&path.field(marks.flag)) {
        return Ok(());
    }
    txn.set(path, marks.flag, true)?;
    txn.set(path, marks.at, now)?;
    if let Some(field) = marks.by {
        txn.set(path, field, by.as_str())?;
    }
    acknowledge_one(txn, marks, path, by.as_str(), now)?;
    Ok(())
}

/// Takes back the deletion of the record at a path. It gets a new map of acknowledgements: those of
/// this deletion, including ones still under way, must not count for the next one. The record's clock
/// advances past the deletion, whatever the local clock says: the deletion was seen.
pub fn revive(txn: &mut Txn<'_>, collection: &Collection, path: &[&str]) -> Result<()> {
    let Some(marks) = &collection.tombstone else {
        return Err(Error::bug(format!("a {} cannot be deleted", collection.noun)));
    };
    if let Some(clock) = collection.clock {
        let at = |txn: &Txn<'_>, name: &str| txn.int(&path.field(name)).unwrap_or(0);
        let seen = at(txn, clock).max(at(txn, marks.at));
        txn.set(path, clock, seen.saturating_add(1))?;
    }
    txn.set(path, marks.flag, false)?;
    txn.set(path, marks.at, 0)?;
    txn.create_map(path, marks.acks)
}

/// Writes one acknowledgement, unless it exists: a second one would bounce between the replicas for
/// ever. Returns whether it was written.
pub fn acknowledge_one(
    txn: &mut Txn<'_>,
    marks: &DeletionMarker,
    path: &[&str],
    member: &str,
    now: i64,
) -> Result<bool> {
    let acks = path.field(marks.acks);
    let known = txn.typed(&acks);
    let known = known.as_ref().and_then(Value::as_map);
    if known.is_some_and(|known| known.contains_key(member)) {
        return Ok(false);
    }
    // Tombstones of other programs have no map of acknowledgements, or a plain value; rule R3 unites
    // what two replicas create.
    if txn.shared(&acks) != Some(Shared::Map) {
        txn.create_map(path, marks.acks)?;
        known.into_iter().flatten().try_for_each(|(member, at)| txn.set(&acks, member, at))?;
    }
    txn.set(&acks, member, now)?;
    Ok(true)
}

/// Acknowledges, for the acting member, every tombstone of the document that it has not acknowledged
/// yet. Returns how many; 0 if the session has no member or the member is not active.
pub fn acknowledge(session: &mut Session, doc: &DocId) -> Result<usize> {
    let (Some(member), Some(spec)) = (session.member().cloned(), concern::of(doc)) else {
        return Ok(0);
    };
    let members = members_of(session, doc)?;
    if !members.contains_key(member.as_str()) {
        return Ok(0);
    }
    session.ask_for_unswept(doc, &swept_by(Some(&member), &members))?;
    let Some(view) = session.at_hand(doc)? else { return Ok(0) };
    let tombstones = list(spec, &*view);
    let open: Vec<(&DeletionMarker, &DocPath)> = tombstones
        .iter()
        .filter(|tombstone| tombstone.plain == PlainPart::Nothing)
        .filter(|tombstone| !tombstone.acknowledged.contains_key(member.as_str()))
        .filter_map(|of| Some((of.collection.tombstone.as_ref()?, &of.path)))
        .collect();
    if open.is_empty() {
        return Ok(0);
    }
    session.narrow_to_tombstones(doc, tombstones.iter().map(|tombstone| &tombstone.path))?;
    let now = session.now();
    session.edit(doc, |txn| {
        let mut written = 0;
        for (marks, path) in &open {
            let path = path.steps();
            written += usize::from(acknowledge_one(txn, marks, &path, member.as_str(), now)?);
        }
        Ok(written)
    })
}

/// Returns a hash of everything that decides which tombstones are acknowledged and pruned here: the acting
/// member, and the members waited for.
fn swept_by(member: Option<&MemberId>, members: &MemberTimes) -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    hash.update(b"crdtctl sweep 1");
    let mut add = |text: &str| {
        hash.update(&text.len().to_be_bytes()).update(text.as_bytes());
    };
    add(member.map_or("", MemberId::as_str));
    for (member, joined) in members {
        add(member);
        add(&joined.to_string());
    }
    hash.finalize().into()
}

/// Asks for the parts of a document that may contain tombstones not yet seen by [`acknowledge`] and
/// [`prune_document`].
pub fn ask_for_unswept(session: &mut Session, doc: &DocId) -> Result<()> {
    let members = members_of(session, doc)?;
    session.ask_for_unswept(doc, &swept_by(session.member(), &members))
}

/// Records that both have looked at the whole document in its current state.
pub fn note_swept(session: &mut Session, doc: &DocId) -> Result<()> {
    let members = members_of(session, doc)?;
    let by = swept_by(session.member(), &members);
    session.note_swept(doc, by);
    Ok(())
}

/// A tombstone that was pruned, or would be.
#[derive(Debug, Clone)]
pub struct Pruned {
    /// Its document.
    pub doc: DocId,
    /// The record before it was pruned.
    pub tombstone: Tombstone,
}

/// The tombstones of one entity: prunable ones, waiting ones, and content that waits for nobody but
/// stays.
#[derive(Debug, Default)]
pub struct PrunePlan {
    /// Tombstones that may be pruned now.
    pub prunable: Vec<Pruned>,
    /// Tombstones that an active member has not acknowledged, or that cannot be pruned where they are.
    pub blocked: Vec<Pruned>,
    /// Archived cards and closed issues that wait for nobody: only archiving removes them.
    pub kept: Vec<Pruned>,
}

impl PrunePlan {
    /// Returns the plan for one document, given the active members of its entity.
    pub fn of(doc: &DocId, source: &dyn Source, members: &MemberTimes) -> PrunePlan {
        let tombstones = concern::of(doc).map(|spec| list(spec, source)).unwrap_or_default();
        PrunePlan::of_listed(doc, tombstones, members)
    }

    /// Like [`PrunePlan::of`], for the tombstones of the document.
    pub fn of_listed(doc: &DocId, tombstones: Vec<Tombstone>, members: &MemberTimes) -> PrunePlan {
        let mut plan = PrunePlan::default();
        for tombstone in tombstones {
            let waits_for_nobody = tombstone.waits_for_nobody(members);
            plan.add(doc, tombstone, waits_for_nobody);
        }
        plan
    }

    /// Removes the prunable tombstones.
    pub fn write(&self, txn: &mut Txn<'_>) -> Result<()> {
        let mut ids: BTreeMap<Vec<&str>, BTreeSet<&str>> = BTreeMap::new();
        for pruned in &self.prunable {
            if let Some((id, parent)) = pruned.tombstone.path.steps().split_last() {
                ids.entry(parent.to_vec()).or_default().insert(id);
                // The cache of record keys (rule R5) must not outlive the record.
                if let Some(cache) = pruned.tombstone.collection.cache {
                    ids.entry(vec![cache]).or_default().insert(id);
                }
            }
        }
        ids.iter().try_for_each(|(parent, ids)| txn.remove_each(parent, ids).map(drop))
    }

    fn add(&mut self, doc: &DocId, tombstone: Tombstone, waits_for_nobody: bool) {
        let pruned = Pruned { doc: doc.clone(), tombstone };
        let list = match (waits_for_nobody, pruned.tombstone.is_content()) {
            (false, _) => &mut self.blocked,
            (true, false) => &mut self.prunable,
            (true, true) => &mut self.kept,
        };
        list.push(pruned);
    }
}

/// Returns the documents of an entity that can hold tombstones.
pub fn documents(entity: &EntityId) -> Vec<DocId> {
    let known = concern::CONCERNS.iter().filter(|spec| !spec.collections.is_empty());
    known.map(|spec| entity.document(spec.name)).collect()
}

/// Removes every prunable tombstone of an entity's documents and returns them. A document that cannot
/// be used is skipped; without its members an entity keeps everything.
pub fn prune_entity(session: &mut Session, entity: &EntityId) -> Result<Vec<Pruned>> {
    let mut pruned = Vec::new();
    for doc in documents(entity) {
        match prune_document(session, &doc) {
            Ok(of_document) => pruned.extend(of_document),
            Err(e) => session.leave_out(e)?,
        }
    }
    Ok(pruned)
}

/// Removes every prunable tombstone of one document and returns them.
pub fn prune_document(session: &mut Session, doc: &DocId) -> Result<Vec<Pruned>> {
    if concern::of(doc).is_none() {
        return Ok(Vec::new());
    }
    let members = members_of(session, doc)?;
    session.ask_for_unswept(doc, &swept_by(session.member(), &members))?;
    let Some(view) = session.at_hand(doc)? else { return Ok(Vec::new()) };
    remove(session, doc, PrunePlan::of(doc, &*view, &members))
}

/// Removes the tombstone at a path if it is prunable, right after a deletion.
pub fn prune_record(
    session: &mut Session,
    doc: &DocId,
    collection: &'static Collection,
    path: &[String],
) -> Result<Vec<Pruned>> {
    prune_records(session, doc, collection, &[path.to_owned()])
}

/// Like [`prune_record`], for several records. Returns what was removed, in order.
pub fn prune_records(
    session: &mut Session,
    doc: &DocId,
    collection: &'static Collection,
    paths: &[Vec<String>],
) -> Result<Vec<Pruned>> {
    // Another replica of the same member may be changing it: it is pruned once that replica has
    // acknowledged.
    if concern::is_private(doc) {
        return Ok(Vec::new());
    }
    let Some(entity) = doc.entity() else { return Ok(Vec::new()) };
    let mut plan = PrunePlan::default();
    for path in paths {
        let at = |source: &dyn Source| Tombstone::at(collection, source, path.as_slice().into());
        let Some(tombstone) = session.read(doc, at)?.flatten() else { continue };
        let waits = |member: &str, joined| tombstone.waits_for(member, joined);
        let have_it = |people: &People| !people.is_empty() && people.find(waits).is_none();
        let waits_for_nobody = tombstone.plain != PlainPart::Around
            && look_at_people(session, &entity, have_it)? == Some(true);
        plan.add(doc, tombstone, waits_for_nobody);
    }
    remove(session, doc, plan)
}

/// Removes every tombstone of an entity that waits for nobody now that `member` is no longer active,
/// including the member's own. Returns what was pruned, in the order of [`prune_entity`]. `people` must
/// already reflect the removal.
pub fn prune_after_removal(
    session: &mut Session,
    people: &mut People,
    entity: &EntityId,
    (doc_of_member, collection, path): (&DocId, &'static Collection, DocPath),
    member: &str,
) -> Result<Vec<Pruned>> {
    let mut pruned = Vec::new();
    for doc in documents(entity) {
        // Changes to members are known here; other changes to a document are not.
        let revision = session.revision(&doc);
        let holds = |(at, _): &(usize, _)| *at == revision || doc == *doc_of_member;
        let left = people.waiting(&doc).filter(holds).map(|(_, mut waiting)| {
            let mut left = waiting.without(member);
            if doc == *doc_of_member {
                left.push((0, collection, path.clone()));
            }
            (waiting, left)
        });
        match prune_left(session, people, &doc, left) {
            Ok((of_document, waiting)) => {
                pruned.extend(of_document);
                // Without any active member nobody can object, so everything stays.
                if !people.is_empty() {
                    people.note_waiting(&doc, session.revision(&doc), waiting);
                }
            }
            Err(e) => {
                session.leave_out(e)?;
                people.note_waiting(&doc, session.revision(&doc), Unacknowledged::default());
            }
        }
    }
    Ok(pruned)
}

/// Prunes what waits for nobody among the tombstones `left`, which waited for the removed member; among
/// all tombstones if none are known yet.
fn prune_left(
    session: &mut Session,
    people: &People,
    doc: &DocId,
    left: Option<(Unacknowledged, Vec<Awaited>)>,
) -> Result<(Vec<Pruned>, Unacknowledged)> {
    let (mut waiting, found) = match left {
        Some((waiting, left)) => (waiting, look_again(session, doc, left)?),
        None => (Unacknowledged::default(), look_first(session, doc)?),
    };
    let mut plan = PrunePlan::default();
    for (order, tombstone) in found {
        match people.find(|member, joined| tombstone.waits_for(member, joined)) {
            Some(member) => {
                waiting.add(member, (order, tombstone.collection, tombstone.path));
            }
            None => plan.add(doc, tombstone, !people.is_empty()),
        }
    }
    Ok((remove(session, doc, plan)?, waiting))
}

fn look_first(session: &mut Session, doc: &DocId) -> Result<Vec<(usize, Tombstone)>> {
    let (Some(spec), Some(view)) = (concern::of(doc), session.view(doc)?) else {
        return Ok(Vec::new());
    };
    // Members are in id order, and new ones may come in between.
    let is_core = spec.name == CORE.name;
    let all = list(spec, &*view).into_iter().enumerate();
    let all = all.map(|(at, tombstone)| (if is_core { 0 } else { at }, tombstone));
    Ok(all.filter(|(_, tombstone)| tombstone.can_go()).collect())
}

fn look_again(
    session: &mut Session,
    doc: &DocId,
    mut left: Vec<Awaited>,
) -> Result<Vec<(usize, Tombstone)>> {
    left.sort_by(|(at, _, path), (other_at, _, other)| (at, path).cmp(&(other_at, other)));
    left.dedup_by(|(_, _, path), (_, _, other)| path == other);
    if left.is_empty() {
        return Ok(Vec::new());
    }
    let found = session.read(doc, |source| {
        let again = left.into_iter().filter_map(|(order, collection, path)| {
            Some((order, Tombstone::at(collection, source, path)?))
        });
        again.filter(|(_, tombstone)| tombstone.can_go()).collect()
    })?;
    Ok(found.unwrap_or_default())
}

fn remove(session: &mut Session, doc: &DocId, plan: PrunePlan) -> Result<Vec<Pruned>> {
    if plan.prunable.is_empty() {
        return Ok(Vec::new());
    }
    for Pruned { tombstone, .. } in &plan.prunable {
        trash::keep(session, doc, tombstone.collection, &tombstone.path, trash::PRUNED)?;
    }
    session.edit(doc, |txn| plan.write(txn))?;
    Ok(plan.prunable)
}

/// Returns the active members of the entity that a document belongs to; for a private document, its owner.
pub fn members_of(session: &mut Session, doc: &DocId) -> Result<MemberTimes> {
    if concern::is_private(doc) {
        let owner = session.state().replica()?.and_then(|(_, member, _)| member);
        return Ok(owner.map(|owner| (owner.to_string(), i64::MIN)).into_iter().collect());
    }
    let Some(entity) = doc.entity() else { return Ok(MemberTimes::new()) };
    let core = entity.document(CORE.name);
    let members = session.read(&core, active)?.unwrap_or_default();
    session.was_at_hand(&core).map(|()| members)
}

/// Refuses to create anything in a document over its limit; deleting, editing, importing and pruning
/// remain possible.
pub fn make_room(session: &mut Session, doc: &DocId) -> Result<()> {
    let Some(spec) = concern::of(doc) else { return Ok(()) };
    let Some(bytes) = session.counted_over(doc, spec.limit_bytes)? else { return Ok(()) };
    let mut refused = Error::refused(format!(
        "{doc} holds {bytes} bytes, more than its limit of {}",
        spec.limit_bytes
    ))
    .hint(
        Hint::from("make room: ")
            .next(concern::room_in(spec))
            .and("; ")
            .next(Next::BlockedTombstones)
            .and(" shows what it waits for"),
    );
    if let Some(taken) = concern::room_taken_in(spec) {
        refused = refused.hint_also(taken);
    }
    refused.full = Some(doc.as_str().into());
    Err(refused)
}

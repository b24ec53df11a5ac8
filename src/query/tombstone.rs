//! Deleted records that are still in their documents, and the members they wait for.

use super::{Partial, sound, view};
use crate::concern::{self, core};
use crate::crdt::view::View;
use crate::error::{Error, Kind, Result, listed};
use crate::id::{DocId, EntityId, resolve};
use crate::path::Keys;
use crate::store::{Peer, Reader, State};
use crate::tombstone::{self, MemberTimes, Tombstone};
use crate::wire::{Extent, Id};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A deleted record, and the state of its acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeletedRecord {
    /// The document it is still in.
    pub doc: DocId,
    /// The kind of record.
    pub kind: &'static str,
    /// Its full id.
    pub id: String,
    /// Unix seconds; 0 if the program that deleted it did not say.
    pub deleted_at: i64,
    /// The member who deleted it; `None` if records of this kind do not say.
    pub deleted_by: Option<String>,
    /// Member → when it acknowledged the deletion, in Unix seconds.
    pub acknowledged: BTreeMap<String, i64>,
    /// The number of members who have acknowledged it, including those who left.
    pub acknowledgements: usize,
    /// The active members who have not, sorted.
    pub waiting_for: Vec<String>,
    /// When each of those was last heard from, in Unix seconds; `None` for never.
    pub last_heard: BTreeMap<String, Option<i64>>,
    /// When the longest-silent of them was last heard from; `None` if never, or if nobody is waited for.
    pub silent_since: Option<i64>,
    /// Whether pruning removes it from its document now.
    pub prunable: bool,
    /// Its size in the document, in bytes.
    pub bytes: usize,
    /// Whether it stays though it waits for nobody, since it is content: only archiving removes it.
    #[serde(skip)]
    pub is_kept: bool,
}

/// How deleted records are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TombstoneGrouping {
    /// By a member they wait for.
    Member,
    /// By document.
    Document,
    /// By kind of record.
    Kind,
}

/// A group of deleted records, counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TombstoneGroup {
    /// What they have in common: a member, a document, a kind.
    pub group: String,
    /// The number of records in the group.
    pub tombstones: usize,
    /// How many of them may be pruned now.
    pub prunable: usize,
    /// The number of documents they are in.
    pub documents: usize,
    /// Their total size there, in bytes.
    pub bytes: usize,
    /// The active members they wait for, sorted.
    pub waiting_for: Vec<String>,
    /// When the longest-silent of these was last heard from, in Unix seconds; `None` if never, or if nobody
    /// is waited for.
    pub silent_since: Option<i64>,
}

/// Groups deleted records, the largest group first. By member, records that wait for nobody are left out, and
/// those that wait for several count with each.
pub fn grouped(all: &[DeletedRecord], by: TombstoneGrouping) -> Vec<TombstoneGroup> {
    let mut groups: BTreeMap<&str, Vec<&DeletedRecord>> = BTreeMap::new();
    for deleted in all {
        let names: Vec<&str> = match by {
            TombstoneGrouping::Member => deleted.waiting_for.iter().map(String::as_str).collect(),
            TombstoneGrouping::Document => vec![deleted.doc.as_str()],
            TombstoneGrouping::Kind => vec![deleted.kind],
        };
        names.into_iter().for_each(|name| groups.entry(name).or_default().push(deleted));
    }
    let group = |(name, records): (&str, Vec<&DeletedRecord>)| {
        let waited_for = |member: &&String| by != TombstoneGrouping::Member || *member == name;
        let waiting: BTreeSet<&String> =
            records.iter().flat_map(|record| &record.waiting_for).filter(waited_for).collect();
        let heard = records.iter().flat_map(|record| &record.last_heard);
        let heard = heard.filter(|(member, _)| waiting.contains(member)).map(|(_, last)| *last);
        let documents: BTreeSet<&DocId> = records.iter().map(|record| &record.doc).collect();
        TombstoneGroup {
            group: name.to_owned(),
            tombstones: records.len(),
            prunable: records.iter().filter(|record| record.prunable).count(),
            documents: documents.len(),
            bytes: records.iter().map(|record| record.bytes).sum(),
            waiting_for: waiting.iter().map(|member| (*member).clone()).collect(),
            // Never heard from sorts before any time.
            silent_since: heard.min().flatten(),
        }
    };
    let mut groups: Vec<TombstoneGroup> = groups.into_iter().map(group).collect();
    groups.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.group.cmp(&b.group)));
    groups
}

/// A deleted record in full: who deleted it, whom it waits for, and what pruning it frees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The document it is still in.
    pub doc: DocId,
    /// The kind of record.
    pub kind: &'static str,
    /// Its full id.
    pub id: String,
    /// Unix seconds; 0 if the program that deleted it did not say.
    pub deleted_at: i64,
    /// The member who deleted it; `None` if records of this kind do not say.
    pub deleted_by: Option<String>,
    /// The client id that wrote the deletion.
    pub client: Option<u64>,
    /// The clock of the deletion.
    pub clock: Option<u32>,
    /// Whether it may be pruned from its document.
    pub prunable: bool,
    /// The active members who have not acknowledged the deletion, sorted.
    pub waiting_for: Vec<String>,
    /// The size of the record in its document, in bytes.
    pub bytes: usize,
    /// How much of that pruning frees: its key stays.
    pub frees: usize,
    /// Everybody who is active or has acknowledged it.
    pub members: Vec<Acknowledger>,
    /// Whether it counts as content: then pruning leaves it, and only archiving removes it.
    #[serde(skip)]
    pub is_content: bool,
    /// Whether there is any active member who could acknowledge it.
    #[serde(skip)]
    pub has_members: bool,
}

/// A member, and its relation to a deletion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Acknowledger {
    /// The member id.
    pub member: String,
    /// Whether it is currently a member.
    pub active: bool,
    /// Unix seconds.
    pub joined_at: Option<i64>,
    /// Unix seconds.
    pub acknowledged_at: Option<i64>,
    /// Whether the record stays because of it: it is active, had joined by the time of the deletion, and has
    /// not acknowledged it.
    pub waited_for: bool,
    /// When it was last heard from, in Unix seconds; `None` for never.
    pub last_heard: Option<i64>,
    /// For how many seconds it has been silent.
    pub silent_for: Option<i64>,
}

/// Returns the deleted records of some entities that are still in their documents, entity by entity. `now`,
/// in Unix seconds, counts as the time when the store's own member was heard from.
///
/// # Errors
/// Those that are not about a single document.
pub fn list(
    reader: &Reader,
    entities: &BTreeSet<EntityId>,
    now: i64,
) -> Result<Partial<Vec<DeletedRecord>>> {
    let heard = Heard::of(reader, now)?;
    let Partial { found, damaged } = all(reader, entities)?;
    Ok(Partial { found: found.iter().map(|found| found.summary(&heard)).collect(), damaged })
}

/// Returns the deleted record with this id or unique prefix, explained.
///
/// # Errors
/// `NotFound`, `Usage`; `Ambiguous` also if several documents have one with this id.
pub fn explain(
    reader: &Reader,
    entities: &BTreeSet<EntityId>,
    wanted: &str,
    now: i64,
) -> Result<Partial<Explanation>> {
    let Partial { found, damaged } = all(reader, entities)?;
    let found = one(found, wanted)?;
    let heard = Heard::of(reader, now)?;
    let view = reader
        .view(&found.doc)?
        .ok_or_else(|| Error::not_found(format!("there is no document {}", found.doc)))?;
    Ok(Partial { found: found.explain(&view, &heard, now), damaged })
}

/// A tombstone in its document.
struct StandingTombstone {
    doc: DocId,
    tombstone: Tombstone,
    /// The active members of its entity.
    members: Rc<MemberTimes>,
    /// Its size in its document.
    extent: Extent,
}

fn all(reader: &Reader, entities: &BTreeSet<EntityId>) -> Result<Partial<Vec<StandingTombstone>>> {
    let mut all = Partial { found: Vec::new(), damaged: Vec::new() };
    for entity in entities {
        let members = sound(&mut all.damaged, members(reader, entity))?;
        let Some(members) = members.map(Rc::new) else { continue };
        for doc in tombstone::documents(entity) {
            let Some(spec) = concern::of(&doc) else { continue };
            let Some(Some(view)) = sound(&mut all.damaged, reader.view(&doc))? else { continue };
            let tombstones = tombstone::list(spec, &view);
            let Some(extents) = sound(&mut all.damaged, extents(&doc, &view, &tombstones))? else {
                continue;
            };
            let standing = tombstones.into_iter().zip(extents);
            all.found.extend(standing.map(|(tombstone, extent)| StandingTombstone {
                doc: doc.clone(),
                tombstone,
                members: Rc::clone(&members),
                extent,
            }));
        }
    }
    Ok(all)
}

fn members(reader: &Reader, entity: &EntityId) -> Result<MemberTimes> {
    let view = view(reader, entity, &core::SPEC)?;
    Ok(view.map(|view| core::active(&view)).unwrap_or_default())
}

/// When each member was last heard from, in Unix seconds.
struct Heard(BTreeMap<String, i64>);

impl Heard {
    /// By the last bundle of any of its replicas; this replica's own member counts as heard from now.
    fn of(reader: &Reader, now: i64) -> Result<Heard> {
        let peers = reader.state().map(State::peers).transpose()?.unwrap_or_default();
        let mut heard = BTreeMap::new();
        for Peer { member, last_seen, .. } in peers {
            if let Some(member) = member {
                let latest = heard.entry(member).or_insert(last_seen);
                *latest = last_seen.max(*latest);
            }
        }
        if let Some((_, Some(own), _)) = reader.replica()? {
            heard.insert(own.to_string(), now);
        }
        Ok(Heard(heard))
    }

    fn last(&self, member: &str) -> Option<i64> {
        self.0.get(member).copied()
    }
}

impl StandingTombstone {
    fn id(&self) -> &str {
        self.tombstone.id()
    }

    fn waiting_for(&self) -> Vec<String> {
        self.tombstone.waiting_for(&self.members).into_iter().map(str::to_owned).collect()
    }

    fn summary(&self, heard: &Heard) -> DeletedRecord {
        let tombstone = &self.tombstone;
        let waiting_for = self.waiting_for();
        let last_heard: BTreeMap<String, Option<i64>> =
            waiting_for.iter().map(|member| (member.clone(), heard.last(member))).collect();
        DeletedRecord {
            doc: self.doc.clone(),
            kind: tombstone.collection.noun,
            id: self.id().to_owned(),
            deleted_at: tombstone.deleted_at.unwrap_or(0),
            deleted_by: tombstone.deleted_by.clone(),
            acknowledged: tombstone.acknowledged.clone(),
            acknowledgements: tombstone.acknowledged.len(),
            waiting_for,
            // Never heard from sorts before any time.
            silent_since: last_heard.values().min().copied().flatten(),
            last_heard,
            prunable: tombstone.is_prunable(&self.members),
            bytes: self.extent.bytes,
            is_kept: tombstone.is_content() && tombstone.waits_for_nobody(&self.members),
        }
    }

    fn explain(&self, view: &View, heard: &Heard, now: i64) -> Explanation {
        let tombstone = &self.tombstone;
        let path = tombstone.path.steps();
        let flag = tombstone.collection.tombstone.as_ref().map(|marks| marks.flag);
        let operation = flag.and_then(|flag| view.item(&path.field(flag)));
        Explanation {
            doc: self.doc.clone(),
            kind: tombstone.collection.noun,
            id: self.id().to_owned(),
            deleted_at: tombstone.deleted_at.unwrap_or(0),
            deleted_by: tombstone.deleted_by.clone(),
            client: operation.map(|id| id.client),
            clock: operation.map(|id| id.clock),
            prunable: tombstone.is_prunable(&self.members),
            waiting_for: self.waiting_for(),
            bytes: self.extent.bytes,
            frees: self.extent.bytes.saturating_sub(self.extent.remains),
            members: self.account(heard, now),
            is_content: tombstone.is_content(),
            has_members: !self.members.is_empty(),
        }
    }

    /// Returns everybody who is active or has acknowledged it.
    fn account(&self, heard: &Heard, now: i64) -> Vec<Acknowledger> {
        let waiting = self.tombstone.waiting_for(&self.members);
        let acknowledged = &self.tombstone.acknowledged;
        let all: BTreeSet<&String> = self.members.keys().chain(acknowledged.keys()).collect();
        let account = |member: &String| {
            let last_heard = heard.last(member);
            Acknowledger {
                member: member.clone(),
                active: self.members.contains_key(member),
                joined_at: self.members.get(member).copied(),
                acknowledged_at: acknowledged.get(member).copied(),
                waited_for: waiting.contains(&member.as_str()),
                last_heard,
                silent_for: last_heard.map(|last| now.saturating_sub(last)),
            }
        };
        all.into_iter().map(account).collect()
    }
}

/// Returns the tombstone with this id or prefix.
fn one(all: Vec<StandingTombstone>, wanted: &str) -> Result<StandingTombstone> {
    let id = resolve(wanted, all.iter().map(StandingTombstone::id), "tombstone")?;
    let mut same: Vec<StandingTombstone> =
        all.into_iter().filter(|found| found.id() == id).collect();
    match (same.pop(), same.as_slice()) {
        (Some(found), []) => Ok(found),
        (Some(last), others) => {
            let docs = others.iter().chain([&last]).map(|found| found.doc.as_str());
            let docs = listed(&docs.collect::<Vec<_>>());
            Err(Error::new(Kind::Ambiguous, format!("{id} is deleted in {docs}")))
        }
        (None, _) => Err(Error::bug("a listed tombstone is not there")),
    }
}

/// Returns the size of each record in the bytes of its document; zero for a plain value.
fn extents(doc: &DocId, view: &View, tombstones: &[Tombstone]) -> Result<Vec<Extent>> {
    let containers: Vec<Option<Id>> =
        tombstones.iter().map(|tombstone| view.container(&tombstone.path.steps())).collect();
    let known: Vec<Id> = containers.iter().flatten().copied().collect();
    let mut extents = match known.is_empty() {
        true => Vec::new(),
        false => view.update(concern::roots(doc))?.extents(&known),
    }
    .into_iter();
    let extent = |container: Option<Id>| container.and_then(|_| extents.next()).unwrap_or_default();
    Ok(containers.into_iter().map(extent).collect())
}

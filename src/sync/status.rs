//! Where everyone stands: how far each peer is from us, and which updates wait.

use super::export;
use super::manifest::{Has, Hash};
use super::peer::{KnownPeer, Receipt, list};
use super::succession;
use crate::concern::{self, core, disk};
use crate::crdt::view::ContentSum;
use crate::error::{Error, Result};
use crate::id::DocId;
use crate::store::{Document, Environment, Parked, Peer, Reader, StoredDocument};
use crate::wire::{Checked, Clocks, Update, Version};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::collections::{BTreeMap, BTreeSet};

/// One peer and the distance to it.
#[derive(Debug, Clone)]
pub struct SyncStatus {
    /// Which replica, and when it was last heard from.
    pub peer: Peer,
    /// What we have and it lacks, by its latest receipt: it may have more by now.
    pub they_lack: Distance,
    /// What it has and we lack, by its latest receipt.
    pub we_lack: Distance,
    /// The documents of which both have the same version.
    pub agreement: Agreement,
    /// Updates from its bundles that wait here for their prerequisites.
    pub waiting: Vec<WaitingUpdate>,
}

impl SyncStatus {
    /// Returns whether either side lacks anything, something waits, or equal versions differ.
    pub fn is_behind(&self) -> bool {
        !self.they_lack.0.is_empty()
            || !self.we_lack.0.is_empty()
            || !self.waiting.is_empty()
            || !self.agreement.diverged.is_empty()
    }
}

/// Serialises the counts first, then the documents one by one.
impl Serialize for SyncStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("SyncStatus", 16)?;
        // A member from whom nothing was heard has neither.
        let replica = Some(&self.peer.replica_id).filter(|id| !id.is_empty());
        fields.serialize_field("replica_id", &replica)?;
        fields.serialize_field("member", &self.peer.member)?;
        fields.serialize_field("last_seen", &replica.map(|_| self.peer.last_seen))?;
        fields.serialize_field("last_bundle", &self.peer.last_bundle)?;
        fields.serialize_field("they_lack_documents", &self.they_lack.documents())?;
        fields.serialize_field("they_lack_operations", &self.they_lack.operations())?;
        fields.serialize_field("they_lack_bytes", &self.they_lack.bytes())?;
        fields.serialize_field("we_lack_documents", &self.we_lack.documents())?;
        fields.serialize_field("we_lack_operations", &self.we_lack.operations())?;
        fields.serialize_field("agreed_documents", &self.agreement.proven.len())?;
        fields.serialize_field("waiting", &self.waiting.len())?;
        fields.serialize_field("they_lack", &self.they_lack)?;
        fields.serialize_field("we_lack", &self.we_lack)?;
        fields.serialize_field("waits", &self.waiting)?;
        fields.serialize_field("unproven", &self.agreement.unproven)?;
        fields.serialize_field("diverged", &self.agreement.diverged)?;
        fields.end()
    }
}

/// The documents of which a peer has the same version as we, by its last statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agreement {
    /// The content is the same too, proven by its digest.
    pub proven: Vec<DocId>,
    /// It did not state a digest of the content.
    pub unproven: Vec<DocId>,
    /// The content differs: two replicas wrote under one client id.
    pub diverged: Vec<DocId>,
}

/// What one side lacks, by document.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Distance(pub Vec<Lacking>);

/// What one side lacks of a document. Operations are counted in clocks: one for each value ever written. A
/// deletion has none, so a document can be lacking with no operations.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Lacking {
    /// The document; one that only one side has counts as a whole.
    pub doc: DocId,
    /// The number of clocks lacking; 0 if only deletions are.
    pub operations: u64,
    /// The size of what an export would carry of it; unknown for what a peer would send.
    pub bytes: Option<u64>,
}

impl Distance {
    /// Returns how many documents lack something.
    pub fn documents(&self) -> usize {
        self.0.len()
    }

    /// Returns the number of clocks lacking over all documents.
    pub fn operations(&self) -> u64 {
        self.0.iter().map(|lacking| lacking.operations).fold(0, u64::saturating_add)
    }

    /// Returns the size of the updates that an export would carry, before compression.
    pub fn bytes(&self) -> u64 {
        self.0.iter().filter_map(|lacking| lacking.bytes).fold(0, u64::saturating_add)
    }
}

/// An update that waits here.
#[derive(Debug, Clone, serde::Serialize)]
pub struct WaitingUpdate {
    /// The document it is for.
    pub doc: DocId,
    /// The bundle it came in; for a bare update, its file.
    pub bundle: String,
    /// Unix seconds.
    pub received_at: i64,
    /// Per client, the clock that must be reached first; empty if the next import that touches the document
    /// can apply it.
    pub missing: Clocks,
    /// The replicas that have all of that, by their last receipts; its own sender first.
    pub had_by: Vec<String>,
}

/// A member of an entity here from whom nothing was heard: as far as is known, it has nothing.
#[derive(Debug, Clone)]
pub struct Unheard {
    /// The member id.
    pub member: String,
    /// Everything that we have.
    pub they_lack: Distance,
}

/// Serialised like a peer without a replica.
impl Serialize for Unheard {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let peer = Peer {
            replica_id: String::new(),
            member: Some(self.member.clone()),
            last_bundle: None,
            last_seen: 0,
        };
        let (we_lack, agreement) = (Distance::default(), Agreement::default());
        let they_lack = self.they_lack.clone();
        SyncStatus { peer, they_lack, we_lack, agreement, waiting: Vec::new() }
            .serialize(serializer)
    }
}

/// Everyone's status, and waiting updates from unknown senders.
pub struct Overview {
    /// In the order of [`list`].
    pub peers: Vec<SyncStatus>,
    /// The members from whom nothing was heard, by id.
    pub unheard: Vec<Unheard>,
    /// Waiting updates from bundles of no known peer, and bare ones.
    pub stray: Vec<WaitingUpdate>,
    /// The documents that cannot be read: what they lack is unknown.
    pub damaged: Vec<Error>,
}

impl Overview {
    /// Returns whether anyone is behind.
    pub fn is_behind(&self) -> bool {
        self.peers.iter().any(SyncStatus::is_behind)
            || self.unheard.iter().any(|unheard| !unheard.they_lack.0.is_empty())
            || !self.stray.is_empty()
    }
}

/// Returns the distance to every peer, as far as its last receipt tells.
///
/// # Errors
/// `Corrupt` if a receipt or a row of the log cannot be read.
pub fn status(reader: &Reader, environment: &Environment) -> Result<Overview> {
    let mut overview =
        Overview { peers: Vec::new(), unheard: Vec::new(), stray: Vec::new(), damaged: Vec::new() };
    let unheard = unheard(reader, &mut overview.damaged)?;
    let Some(state) = reader.state() else {
        if !unheard.is_empty() {
            let documents = documents(reader, &mut Vec::new())?;
            overview.unheard = all_lacking(reader, environment, unheard, &documents)?;
        }
        return Ok(overview);
    };
    let mut known = Vec::new();
    for peer in succession::living(state)? {
        let receipts = KnownPeer::of_peer(state, &peer.replica_id)?;
        known.push((peer, receipts));
    }
    let documents = documents(reader, &mut overview.damaged)?;
    overview.unheard = all_lacking(reader, environment, unheard, &documents)?;
    let mut waiting: BTreeMap<Option<String>, Vec<WaitingUpdate>> = BTreeMap::new();
    for parked in state.parked()? {
        let from = parked.replica_id.clone();
        let from = from.filter(|from| known.iter().any(|(peer, _)| peer.replica_id == *from));
        waiting.entry(from).or_default().push(wait(parked, &documents, &known));
    }
    let mut digests = PeerDigests { reader, known: BTreeMap::new() };
    for (peer, receipts) in &known {
        let damaged = overview.damaged.iter().filter_map(|e| e.damaged.clone()).collect();
        let apart = Apart { reader, environment, documents: &documents, damaged, known: receipts };
        let mut status = SyncStatus {
            peer: peer.clone(),
            they_lack: Distance::default(),
            we_lack: Distance::default(),
            agreement: Agreement::default(),
            waiting: waiting.remove(&Some(peer.replica_id.clone())).unwrap_or_default(),
        };
        apart.look(&mut status, &mut digests)?;
        overview.peers.push(status);
    }
    overview.stray = waiting.remove(&None).unwrap_or_default();
    Ok(overview)
}

/// Returns the active members of all entities.
///
/// # Errors
/// Those not about a single document; documents that cannot be read are added to `damaged`.
pub fn members(reader: &Reader, damaged: &mut Vec<Error>) -> Result<BTreeSet<String>> {
    members_by(reader, &reader.documents()?, damaged)
}

/// Whether a member is none any more, given the active members of all entities: nobody is if there are none.
pub fn has_left(members: &BTreeSet<String>, member: &str) -> bool {
    !members.is_empty() && !members.contains(member)
}

/// Like [`members`], given the documents of the store.
pub(super) fn members_by(
    reader: &Reader,
    documents: &[Document],
    damaged: &mut Vec<Error>,
) -> Result<BTreeSet<String>> {
    let mut members = BTreeSet::new();
    for Document { id, .. } in documents {
        if concern::of(id).is_none_or(|spec| spec.name != core::SPEC.name) {
            continue;
        }
        match reader.view(id) {
            Ok(view) => members.extend(view.iter().flat_map(|view| core::active(view).into_keys())),
            Err(e) if e.damaged.is_some() => damaged.push(e),
            Err(e) => return Err(e),
        }
    }
    Ok(members)
}

/// Returns the members from whom nothing was heard, except ourselves.
///
/// # Errors
/// Those of the local state and of the documents; a damaged document is left out and added to `damaged`.
pub fn unheard(reader: &Reader, damaged: &mut Vec<Error>) -> Result<BTreeSet<String>> {
    let mut members = members(reader, damaged)?;
    if let Some((_, Some(own), _)) = reader.replica()? {
        members.remove(own.as_str());
    }
    for heard in list(reader.state())?.into_iter().filter_map(|peer| peer.member) {
        members.remove(&heard);
    }
    Ok(members)
}

/// Returns what members lack who never got anything: all of the documents.
fn all_lacking(
    reader: &Reader,
    environment: &Environment,
    members: BTreeSet<String>,
    documents: &BTreeMap<DocId, OwnDocument>,
) -> Result<Vec<Unheard>> {
    if members.is_empty() {
        return Ok(Vec::new());
    }
    let nobody = KnownPeer::default();
    let damaged = BTreeSet::new();
    let apart = Apart { reader, environment, documents, damaged, known: &nobody };
    let everything = documents
        .iter()
        .filter(|(doc, _)| !disk::is_private(doc))
        .map(|(doc, own)| apart.lacking(doc, operations(&own.has.state_vector, &Clocks::new())));
    let they_lack = Distance(everything.collect::<Result<_>>()?);
    let unheard = |member| Unheard { member, they_lack: they_lack.clone() };
    Ok(members.into_iter().map(unheard).collect())
}

/// A document of ours.
struct OwnDocument {
    has: Has,
    /// What is known without reading it: the size of its state, if that can be exported …
    bytes: Option<u64>,
    /// … and the sum of its content.
    sum: Option<ContentSum>,
}

/// Returns every document that a bundle can carry. One that cannot be read has no details.
fn documents(reader: &Reader, damaged: &mut Vec<Error>) -> Result<BTreeMap<DocId, OwnDocument>> {
    let mut own = BTreeMap::new();
    for Document { id, .. } in reader.documents()? {
        if let Some(stored) = reader.stored(&id)? {
            let (has, StoredDocument { bytes, sum, .. }) = (Has::from(&stored), stored);
            own.insert(id, OwnDocument { has, bytes: Some(bytes), sum });
            continue;
        }
        match read_version(reader, &id) {
            Ok(Some(has)) => {
                own.insert(id, OwnDocument { has, bytes: None, sum: None });
            }
            Ok(None) => {}
            Err(e) if e.damaged.is_some() => damaged.push(e),
            Err(e) => return Err(e),
        }
    }
    Ok(own)
}

/// Returns the version of a document by reading it; `None` if there is no such document.
pub(super) fn read_version(reader: &Reader, doc: &DocId) -> Result<Option<Has>> {
    let version = |bytes: Vec<u8>| Update::walk(&bytes).map(|update| Has::from(&update.version()));
    let read = reader.bytes(doc)?.map(version).transpose();
    read.map_err(|fault| Error::undecodable(doc, fault))
}

fn wait(
    parked: Parked,
    documents: &BTreeMap<DocId, OwnDocument>,
    known: &[(Peer, KnownPeer)],
) -> WaitingUpdate {
    let reached = |clocks: &Clocks, client: &u64, clock: &u32| {
        clocks.get(client).is_some_and(|reached| reached >= clock)
    };
    let needs: Clocks = serde_json::from_str(&parked.needs).unwrap_or_default();
    let nothing = Clocks::new();
    let ours = documents.get(&parked.doc).map_or(&nothing, |own| &own.has.state_vector);
    let missing: Clocks =
        needs.into_iter().filter(|(client, clock)| !reached(ours, client, clock)).collect();
    let has = |known: &KnownPeer| {
        let receipt = known.receipt(&parked.doc);
        receipt.is_some_and(|receipt| {
            missing.iter().all(|(c, n)| reached(&receipt.has.state_vector, c, n))
        })
    };
    let mut had_by: Vec<&Peer> =
        known.iter().filter(|(_, known)| has(known)).map(|(peer, _)| peer).collect();
    had_by.sort_by_key(|peer| Some(&peer.replica_id) != parked.replica_id.as_ref());
    let name = |peer: &Peer| peer.member.clone().unwrap_or_else(|| peer.replica_id.clone());
    WaitingUpdate {
        had_by: had_by.into_iter().map(name).collect(),
        doc: parked.doc,
        bundle: parked.bundle,
        received_at: parked.received_at,
        missing,
    }
}

/// The digests of our documents, each computed once, and only if a peer has the same version.
struct PeerDigests<'a> {
    reader: &'a Reader,
    known: BTreeMap<DocId, Option<Hash>>,
}

impl PeerDigests<'_> {
    /// Returns what a peer said of the content of a document, and ours for comparison: the sum, if ours is
    /// known, since that needs no reading.
    fn compared(
        &mut self,
        doc: &DocId,
        receipt: &Receipt,
        own: &OwnDocument,
    ) -> Result<(Option<Hash>, Option<Hash>)> {
        let ours = match (receipt.sum, receipt.digest) {
            (Some(_), digest) if own.sum.is_some() || digest.is_none() => {
                let read = || {
                    let shown = self.reader.any_view(doc).ok().flatten()?;
                    shown.view().map(|view| view.sum())
                };
                let sum = own.sum.or_else(read).map(|sum| Hash(sum.to_bytes()));
                return Ok((receipt.sum, sum));
            }
            (_, digest) => digest.map(|_| self.of(doc)).transpose()?.flatten(),
        };
        Ok((receipt.digest, ours))
    }

    /// Returns `None` if the content cannot be read.
    fn of(&mut self, doc: &DocId) -> Result<Option<Hash>> {
        if let Some(known) = self.known.get(doc) {
            return Ok(*known);
        }
        // An unreadable document is a finding of `check`; here it proves nothing.
        let view = self.reader.any_view(doc).ok().flatten();
        let digest = view.map(|view| Hash(view.digest()));
        self.known.insert(doc.clone(), digest);
        Ok(digest)
    }
}

/// One peer and us.
struct Apart<'a> {
    reader: &'a Reader,
    environment: &'a Environment,
    documents: &'a BTreeMap<DocId, OwnDocument>,
    /// Documents that count as neither present nor absent.
    damaged: BTreeSet<String>,
    known: &'a KnownPeer,
}

impl Apart<'_> {
    fn look(&self, status: &mut SyncStatus, digests: &mut PeerDigests<'_>) -> Result<()> {
        let docs: BTreeSet<&DocId> =
            self.documents.keys().chain(self.known.receipts.keys()).collect();
        let nothing = OwnDocument { has: Has::from(&Version::default()), bytes: None, sum: None };
        let ours = self.reader.replica()?.and_then(|(_, member, _)| member);
        let ours = ours.is_some_and(|ours| status.peer.member.as_deref() == Some(ours.as_str()));
        let docs = docs.into_iter().filter(|doc| !self.damaged.contains(doc.as_str()));
        // A private disk is shared only between replicas of one member.
        for doc in docs.filter(|doc| ours || !disk::is_private(doc)) {
            let own = self.documents.get(doc).unwrap_or(&nothing);
            let ours = &own.has.state_vector;
            let Some(receipt) = self.known.receipt(doc) else {
                let all = operations(ours, &Clocks::new());
                status.they_lack.0.push(self.lacking(doc, all)?);
                continue;
            };
            if receipt.has == own.has {
                let (theirs, ours) = digests.compared(doc, receipt, own)?;
                let agreement = &mut status.agreement;
                match (theirs, ours) {
                    (Some(theirs), Some(ours)) if theirs == ours => &mut agreement.proven,
                    (Some(_), Some(_)) => &mut agreement.diverged,
                    _ => &mut agreement.unproven,
                }
                .push(doc.clone());
                continue;
            }
            // The versions differ, so one side lacks something, whatever the logs say.
            if they_lack(self.reader, doc, self.known, receipt, &own.has)? {
                let they = operations(ours, &receipt.has.state_vector);
                status.they_lack.0.push(self.lacking(doc, they)?);
            }
            let we = operations(&receipt.has.state_vector, ours);
            if we > 0 || self.has_news(doc, receipt)? {
                let doc = doc.clone();
                status.we_lack.0.push(Lacking { doc, operations: we, bytes: None });
            }
        }
        Ok(())
    }

    /// Returns whether the peer's log extends beyond what we applied of it.
    fn has_news(&self, doc: &DocId, receipt: &Receipt) -> Result<bool> {
        let (Some(state), Some(theirs)) = (self.reader.state(), &self.known.replica) else {
            return Ok(false);
        };
        Ok(state.applied(doc)?.get(theirs).copied().unwrap_or(0) < receipt.said.seq)
    }

    /// Returns what they lack of a document, with the size of the update that would bring it.
    fn lacking(&self, doc: &DocId, operations: u64) -> Result<Lacking> {
        let mut lacking = Lacking { doc: doc.clone(), operations, bytes: None };
        let lacks = |has: &Has, bytes: u64| {
            export::bytes_for(self.reader, self.environment, doc, (has, bytes), self.known)
        };
        if let Some(OwnDocument { has, bytes: Some(bytes), .. }) = self.documents.get(doc) {
            lacking.bytes = Some(lacks(has, *bytes)?);
            return Ok(lacking);
        }
        let Some(bytes) = self.reader.bytes(doc)? else { return Ok(lacking) };
        let checked = Update::checked(&bytes, (self.environment.roots)(doc));
        // What no receiver would accept is left out of exports.
        let Ok(whole): Result<Update<'_, Checked>, _> = checked else { return Ok(lacking) };
        lacking.bytes = Some(lacks(&Has::from(&whole.version()), bytes.len() as u64)?);
        Ok(lacking)
    }
}

/// Returns whether a peer lacks anything of a document that we have in this version.
pub(super) fn they_lack(
    reader: &Reader,
    doc: &DocId,
    peer: &KnownPeer,
    receipt: &Receipt,
    own: &Has,
) -> Result<bool> {
    let (ours, theirs) = (&own.state_vector, &receipt.has.state_vector);
    Ok(receipt.has != *own
        && (operations(ours, theirs) > 0 || export::lacks(reader, doc, peer, receipt, ours)?))
}

/// Returns how many operations `more` holds that `less` does not.
fn operations(more: &Clocks, less: &Clocks) -> u64 {
    more.iter()
        .map(|(client, clock)| clock.saturating_sub(less.get(client).copied().unwrap_or(0)))
        .map(u64::from)
        .fold(0, u64::saturating_add)
}

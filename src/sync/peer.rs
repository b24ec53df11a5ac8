//! What each peer is known to have, and how far it and we are apart.

use super::export;
use super::manifest::{Applied, Has, Hash, Manifest};
use crate::crdt::update::{Clocks, Update, Version};
use crate::error::{Error, Kind, Result};
use crate::id::{DocId, resolve};
use crate::store::{self, Peer, Reader, State};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What one replica said that it has, document by document.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// None where the receipt came from a store that has no replica id.
    pub replica: Option<String>,
    receipts: BTreeMap<DocId, Receipt>,
}

/// What a replica said that it has of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub has: Has,
    /// How far it had applied the logs of others.
    pub applied: Applied,
    /// When it said so: the end of its log, then its clock.
    pub said: (i64, i64),
}

/// How a receipt's version stands in `crdtctl.db`.
#[derive(Serialize, Deserialize)]
struct Stored {
    clocks: Clocks,
    deletes: Hash,
    seq: i64,
    at: i64,
}

impl Known {
    /// What a peer is known to have by the receipts in our own state.
    pub fn of_peer(state: &State, replica_id: &str) -> Result<Self> {
        let mut receipts = BTreeMap::new();
        for stored in state.receipts(replica_id)? {
            receipts.insert(stored.doc.clone(), Receipt::from_stored(&stored)?);
        }
        Ok(Known { replica: Some(replica_id.to_owned()), receipts })
    }

    /// What the sender of a bundle had when it made the bundle: its own log, first of all.
    pub fn of_manifest(manifest: &Manifest) -> Self {
        let receipts = manifest.documents.iter().map(|document| {
            let mut applied = document.applied.clone();
            if let Some(replica) = &manifest.from.replica {
                applied.insert(replica.clone(), document.log.upto);
            }
            let receipt = Receipt {
                has: document.has.clone(),
                applied,
                said: (manifest.seq, manifest.created_at),
            };
            (document.doc.clone(), receipt)
        });
        Known { replica: manifest.from.replica.clone(), receipts: receipts.collect() }
    }

    /// What it has of one document; None when it never said.
    pub fn receipt(&self, doc: &DocId) -> Option<&Receipt> {
        self.receipts.get(doc)
    }

    /// Whether it has applied the log of `replica` up to `seq` for this document. It has its own.
    pub fn covers(&self, doc: &DocId, replica: &str, seq: i64) -> bool {
        self.replica.as_deref() == Some(replica)
            || self.receipt(doc).is_some_and(|receipt| receipt.applied(replica) >= seq)
    }
}

impl Receipt {
    /// How far it had applied the log of one replica; 0 when not at all.
    pub fn applied(&self, replica: &str) -> i64 {
        self.applied.get(replica).copied().unwrap_or(0)
    }

    fn from_stored(stored: &store::Receipt) -> Result<Self> {
        let broken = |e: serde_json::Error| {
            Error::corrupt(format!("the receipt of {} for {}", stored.replica_id, stored.doc))
                .because(e)
                .hint(format!("`crdtctl sync forget {}` drops what it said", stored.replica_id))
        };
        let version: Stored = serde_json::from_str(&stored.version).map_err(broken)?;
        let applied: Applied = serde_json::from_str(&stored.applied).map_err(broken)?;
        let has = Has { state_vector: version.clocks, delete_set: version.deletes };
        Ok(Receipt { has, applied, said: (version.seq, version.at) })
    }

    /// Keeps this receipt, unless a later one of the same replica is kept already.
    pub fn record(&self, state: &State, replica_id: &str, doc: &DocId) -> Result<()> {
        if let Some(old) = state.receipt(replica_id, doc)?
            && Receipt::from_stored(&old).is_ok_and(|old| old.said > self.said)
        {
            return Ok(());
        }
        let version = Stored {
            clocks: self.has.state_vector.clone(),
            deletes: self.has.delete_set,
            seq: self.said.0,
            at: self.said.1,
        };
        let bug = |e: serde_json::Error| Error::bug("a receipt does not encode").because(e);
        state.put_receipt(&store::Receipt {
            replica_id: replica_id.to_owned(),
            doc: doc.clone(),
            version: serde_json::to_string(&version).map_err(bug)?,
            applied: serde_json::to_string(&self.applied).map_err(bug)?,
        })
    }
}

/// The peer that a person means: a replica id or a prefix of one, or a member with one replica.
///
/// # Errors
/// `NotFound`; `Ambiguous` when a prefix fits several, or a member has several replicas.
pub fn find(state: Option<&State>, name: &str) -> Result<Peer> {
    let peers = state.map(State::peers).transpose()?.unwrap_or_default();
    // A member by its id or a unique prefix of it; else a replica in the same way.
    let members: BTreeSet<&str> = peers.iter().filter_map(|peer| peer.member.as_deref()).collect();
    let member = resolve(name, members.into_iter(), "member").ok();
    let of_member: Vec<&Peer> =
        peers.iter().filter(|peer| member.is_some() && peer.member == member).collect();
    match of_member.as_slice() {
        [peer] => return Ok((*peer).clone()),
        [] => {}
        several => {
            let ids: Vec<&str> = several.iter().map(|peer| peer.replica_id.as_str()).collect();
            return Err(Error::new(
                Kind::Ambiguous,
                format!("{name} has {} replicas: {}", several.len(), ids.join(", ")),
            )
            .hint("name the replica; `crdtctl sync forget REPLICA` drops one that is gone"));
        }
    }
    let ids = peers.iter().map(|peer| peer.replica_id.as_str());
    let id = resolve(name, ids, "peer").map_err(|error| match error.kind {
        Kind::NotFound => error.hint("`crdtctl sync peers` lists them"),
        _ => error,
    })?;
    peers
        .into_iter()
        .find(|peer| peer.replica_id == id)
        .ok_or_else(|| Error::bug("a peer vanished while it was looked up"))
}

/// Every peer, the one that was heard of last first.
pub fn list(state: Option<&State>) -> Result<Vec<Peer>> {
    let mut peers = state.map(State::peers).transpose()?.unwrap_or_default();
    peers.sort_by(|a, b| b.last_seen.cmp(&a.last_seen).then(a.replica_id.cmp(&b.replica_id)));
    Ok(peers)
}

/// One peer and the distance to it.
#[derive(Debug, Clone)]
pub struct Status {
    pub peer: Peer,
    pub they_lack: Distance,
    pub we_lack: Distance,
    /// Updates from its bundles that wait here for their prerequisites.
    pub waiting: usize,
}

impl Status {
    /// Whether either side lacks anything, or something waits.
    pub fn is_behind(&self) -> bool {
        self.they_lack.documents > 0 || self.we_lack.documents > 0 || self.waiting > 0
    }
}

/// How much one side lacks. Operations are clocks: one for each value that was ever written.
/// A deletion alone has none, so a document can be lacking with no operations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Distance {
    pub documents: usize,
    pub operations: u64,
}

impl Distance {
    fn add(&mut self, operations: u64, without: bool) {
        self.documents += usize::from(operations > 0 || without);
        self.operations = self.operations.saturating_add(operations);
    }
}

/// The distance to every peer, as far as its last receipt tells; in the order of [`list`].
pub fn status(reader: &Reader) -> Result<Vec<Status>> {
    let Some(state) = reader.state() else { return Ok(Vec::new()) };
    let peers = list(Some(state))?;
    let versions = if peers.is_empty() { BTreeMap::new() } else { versions(reader)? };
    let parked = state.parked()?;
    let status = |peer: Peer| {
        let known = Known::of_peer(state, &peer.replica_id)?;
        let (they_lack, we_lack) = distances(reader, state, &versions, &known)?;
        let its_own = |from: &Option<String>| from.as_deref() == Some(peer.replica_id.as_str());
        let waiting = parked.iter().filter(|parked| its_own(&parked.replica_id)).count();
        Ok(Status { peer, they_lack, we_lack, waiting })
    };
    peers.into_iter().map(status).collect()
}

/// The version of every document that a bundle can carry.
fn versions(reader: &Reader) -> Result<BTreeMap<DocId, Version>> {
    let mut versions = BTreeMap::new();
    for document in reader.documents()? {
        // What does not decode is a finding of `check`; here it has no version to compare.
        if let Some(bytes) = reader.bytes(&document.id)?
            && let Ok(update) = Update::walk(&bytes)
        {
            versions.insert(document.id, update.version());
        }
    }
    Ok(versions)
}

fn distances(
    reader: &Reader,
    state: &State,
    versions: &BTreeMap<DocId, Version>,
    known: &Known,
) -> Result<(Distance, Distance)> {
    let (mut they, mut we) = (Distance::default(), Distance::default());
    let docs: BTreeSet<&DocId> = versions.keys().chain(known.receipts.keys()).collect();
    let nothing = Version::default();
    for doc in docs {
        let ours = versions.get(doc).unwrap_or(&nothing);
        let Some(receipt) = known.receipt(doc) else {
            they.add(operations(&ours.clocks, &Clocks::new()), true);
            continue;
        };
        if receipt.has == Has::from(ours) {
            continue;
        }
        let deletions = deletions_apart(reader, state, doc, known, receipt)?;
        they.add(operations(&ours.clocks, &receipt.has.state_vector), deletions.0);
        we.add(operations(&receipt.has.state_vector, &ours.clocks), deletions.1);
    }
    Ok((they, we))
}

/// How many operations `more` holds that `less` does not.
fn operations(more: &Clocks, less: &Clocks) -> u64 {
    more.iter()
        .map(|(client, clock)| clock.saturating_sub(less.get(client).copied().unwrap_or(0)))
        .map(u64::from)
        .fold(0, u64::saturating_add)
}

/// Deletions move no clock. Where versions differ, the logs tell who has news: we for them, when
/// rows wait for them; they for us, when their log has gone beyond what we applied.
fn deletions_apart(
    reader: &Reader,
    state: &State,
    doc: &DocId,
    known: &Known,
    receipt: &Receipt,
) -> Result<(bool, bool)> {
    let theirs = known.replica.as_deref().unwrap_or("");
    let we_lack = state.applied(doc)?.get(theirs).copied().unwrap_or(0) < receipt.said.0;
    let they_lack = match export::rows_for(reader, doc, known)? {
        Some(rows) => rows.iter().any(|row| row.wanted),
        None => !we_lack,
    };
    Ok((they_lack, we_lack))
}

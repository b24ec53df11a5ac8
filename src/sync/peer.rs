//! What each peer is known to have.

use super::manifest::{Applied, Has, Hash, Manifest};
use crate::crdt::update::Clocks;
use crate::error::{Error, Kind, Result};
use crate::id::{DocId, resolve};
use crate::store::{self, Peer, State};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What one replica said that it has, document by document.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// None where the receipt came from a store that has no replica id.
    pub replica: Option<String>,
    pub(super) receipts: BTreeMap<DocId, Receipt>,
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

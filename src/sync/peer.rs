//! What each peer is known to have.

use super::manifest::{Applied, BundledArchive, Has, Hash, Manifest};
use super::succession;
pub use super::succession::succeeded;
use crate::error::{Error, Hint, Kind, Next, Result, listed};
use crate::id::{DocId, hex, resolve};
use crate::store::{self, Peer, State};
use crate::wire::{Clocks, Version};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// What one replica said that it has, document by document.
#[derive(Debug, Clone, Default)]
pub struct KnownPeer {
    /// None where the receipt came from a store that has no replica id.
    pub replica: Option<String>,
    pub(super) receipts: BTreeMap<DocId, Receipt>,
    /// The spans of archived rows that it said to have, by document.
    archived: BTreeMap<DocId, BTreeSet<[u8; 32]>>,
    /// The contents of files that it said it lacks, in hex.
    pub(super) missing: BTreeSet<String>,
}

/// Keeps what a peer says that it has archived. Of a bundle with some of its documents, of those.
///
/// # Errors
/// Those of the local state.
pub(super) fn record_archives(state: &State, replica: &str, manifest: &Manifest) -> Result<()> {
    let Some(archives) = &manifest.archives else { return Ok(()) };
    let mut archived = match manifest.limited {
        true => archived(state, replica)?,
        false => BTreeMap::new(),
    };
    for document in &manifest.documents {
        archived.remove(&document.doc);
    }
    archived.extend(archives.iter().map(spans));
    let said: BTreeMap<&DocId, String> = archived
        .iter()
        .map(|(doc, spans)| (doc, spans.iter().map(|span| hex(span)).collect()))
        .collect();
    let said = serde_json::to_string(&said)
        .map_err(|e| Error::bug("what a peer has archived does not encode").because(e))?;
    state.set_peer_archives(replica, &said)
}

fn spans(archive: &BundledArchive) -> (DocId, BTreeSet<[u8; 32]>) {
    (archive.doc.clone(), archive.spans.iter().map(|span| span.digest.0).collect())
}

/// What a peer said that it has archived. What cannot be read was never said: it gets it again.
fn archived(state: &State, replica: &str) -> Result<BTreeMap<DocId, BTreeSet<[u8; 32]>>> {
    let said = state.peer_archives(replica)?.unwrap_or_default();
    let said: BTreeMap<DocId, String> = serde_json::from_str(&said).unwrap_or_default();
    let spans = |hexed: String| {
        let bytes = HEXLOWER.decode(hexed.as_bytes()).unwrap_or_default();
        bytes.as_chunks::<32>().0.iter().copied().collect()
    };
    Ok(said.into_iter().map(|(doc, hexed)| (doc, spans(hexed))).collect())
}

/// What a replica said that it has of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The version that it had.
    pub has: Has,
    /// Of its content; None when it did not say.
    pub digest: Option<Hash>,
    /// The sum of its content ([`crate::crdt::view::View::sum`]); None when it did not say.
    pub sum: Option<Hash>,
    /// How far it had applied the logs of others.
    pub applied: Applied,
    /// When it said so.
    pub said: PeerClaim,
}

/// When a replica said something: the end of its log, and its clock, which is never ahead of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerClaim {
    /// The number of the last row in its log.
    pub seq: i64,
    /// Unix seconds.
    pub at: i64,
}

/// How a receipt's version stands in `crdtctl.db`.
#[derive(Serialize, Deserialize)]
struct Stored {
    clocks: Clocks,
    deletes: Hash,
    seq: i64,
    at: i64,
    #[serde(default)]
    digest: Option<Hash>,
    #[serde(default)]
    sum: Option<Hash>,
    /// When it was written down, by our own clock.
    #[serde(default)]
    recorded: i64,
}

/// How what was said now stands to what was said before.
enum VersionOrder {
    Later,
    Earlier,
    Unclear,
}

impl KnownPeer {
    /// What a peer is known to have by the receipts in our own state.
    pub fn of_peer(state: &State, replica_id: &str) -> Result<Self> {
        let mut receipts = BTreeMap::new();
        for stored in state.receipts(replica_id)? {
            let (receipt, _) = Receipt::from_stored(&stored)?;
            receipts.insert(stored.doc, receipt);
        }
        let archived = archived(state, replica_id)?;
        let missing = missing(state, replica_id)?;
        Ok(KnownPeer { replica: Some(replica_id.to_owned()), receipts, archived, missing })
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
                digest: document.digest,
                sum: document.sum,
                applied,
                said: PeerClaim { seq: manifest.seq, at: manifest.created_at },
            };
            (document.doc.clone(), receipt)
        });
        KnownPeer {
            replica: manifest.from.replica.clone(),
            receipts: receipts.collect(),
            archived: manifest.archives.iter().flatten().map(spans).collect(),
            missing: manifest.missing.iter().map(ToString::to_string).collect(),
        }
    }

    /// What it has of one document; None when it never said.
    pub fn receipt(&self, doc: &DocId) -> Option<&Receipt> {
        self.receipts.get(doc)
    }

    /// The spans of archived rows of a document that it said to have.
    pub(super) fn archived(&self, doc: &DocId) -> BTreeSet<[u8; 32]> {
        self.archived.get(doc).cloned().unwrap_or_default()
    }

    /// Whether it has applied the log of `replica` up to `seq` for this document. It has its own.
    pub fn covers(&self, doc: &DocId, replica: &str, seq: i64) -> bool {
        self.replica.as_deref() == Some(replica)
            || self.receipt(doc).is_some_and(|receipt| receipt.applied(replica) >= seq)
    }
}

impl Receipt {
    /// Of a document that the peer does not have.
    pub(super) fn of_nothing(said: PeerClaim) -> Self {
        let has = Has::from(&Version::default());
        Receipt { has, digest: None, sum: None, applied: Applied::new(), said }
    }

    /// How far it had applied the log of one replica; 0 when not at all.
    pub fn applied(&self, replica: &str) -> i64 {
        self.applied.get(replica).copied().unwrap_or(0)
    }

    /// The receipt, and when it was written down.
    fn from_stored(stored: &store::StoredReceipt) -> Result<(Self, i64)> {
        let broken = |e: serde_json::Error| {
            Error::corrupt(format!("the receipt of {} for {}", stored.replica_id, stored.doc))
                .because(e)
                .hint(Next::Forget(Some(stored.replica_id.clone())).and(" drops what it said"))
        };
        let version: Stored = serde_json::from_str(&stored.version).map_err(broken)?;
        let applied: Applied = serde_json::from_str(&stored.applied).map_err(broken)?;
        let has = Has { state_vector: version.clocks, delete_set: version.deletes };
        let said = PeerClaim { seq: version.seq, at: version.at };
        let Stored { digest, sum, recorded, .. } = version;
        Ok((Receipt { has, digest, sum, applied, said }, recorded))
    }

    /// Keeps this receipt, in so far as it is later than the one that is kept. Whoever believes
    /// that a peer has too little sends too much; whoever believes that it has too much sends it
    /// too little, for ever. So where the order is unclear, what both say is believed.
    ///
    /// `heard_of_us`: when our last bundle was made that the peer had by then.
    pub fn record(
        self,
        state: &State,
        replica_id: &str,
        doc: &DocId,
        heard_of_us: Option<i64>,
        now: i64,
    ) -> Result<()> {
        let old = match state.receipt(replica_id, doc)? {
            Some(old) => Receipt::from_stored(&old).ok(),
            None => None,
        };
        let receipt = match old {
            None => self,
            Some((old, recorded)) => {
                // It knew what we made after the old one was here. No clock of ours is ahead of us.
                let follows = heard_of_us.is_some_and(|heard| heard > recorded && heard <= now);
                match self.after(&old) {
                    VersionOrder::Later => self,
                    _ if follows => self,
                    VersionOrder::Unclear => self.common(old),
                    VersionOrder::Earlier => return Ok(()),
                }
            }
        };
        receipt.store(state, replica_id, doc, now)
    }

    /// Neither number decides alone: a replica that was put back to an older state has a shorter
    /// log, a clock can be set back, and whoever forges a receipt chooses both.
    fn after(&self, old: &Receipt) -> VersionOrder {
        match (self.said.at.cmp(&old.said.at), self.said.seq.cmp(&old.said.seq)) {
            (Ordering::Greater, _) | (Ordering::Equal, Ordering::Greater) => VersionOrder::Later,
            (Ordering::Equal, Ordering::Equal) if self.has == old.has => VersionOrder::Later,
            (Ordering::Less, Ordering::Less | Ordering::Equal) => VersionOrder::Earlier,
            _ => VersionOrder::Unclear,
        }
    }

    /// What two receipts both say.
    fn common(self, other: Receipt) -> Receipt {
        let said = PeerClaim {
            seq: self.said.seq.max(other.said.seq),
            at: self.said.at.max(other.said.at),
        };
        if self.has == other.has {
            let applied = least(self.applied, &other.applied);
            let digest = self.digest.filter(|digest| other.digest.as_ref() == Some(digest));
            let sum = self.sum.filter(|sum| other.sum.as_ref() == Some(sum));
            return Receipt { has: self.has, digest, sum, applied, said };
        }
        let has = Has {
            state_vector: least(self.has.state_vector, &other.has.state_vector),
            // Nobody's: which deletions both know does not show in hashes.
            delete_set: Hash([0; 32]),
        };
        let applied = least(self.applied, &other.applied);
        Receipt { has, digest: None, sum: None, applied, said }
    }

    fn store(self, state: &State, replica_id: &str, doc: &DocId, now: i64) -> Result<()> {
        let version = Stored {
            clocks: self.has.state_vector,
            deletes: self.has.delete_set,
            seq: self.said.seq,
            at: self.said.at,
            digest: self.digest,
            sum: self.sum,
            recorded: now,
        };
        let bug = |e: serde_json::Error| Error::bug("a receipt does not encode").because(e);
        state.put_receipt(&store::StoredReceipt {
            replica_id: replica_id.to_owned(),
            doc: doc.clone(),
            version: serde_json::to_string(&version).map_err(bug)?,
            applied: serde_json::to_string(&self.applied).map_err(bug)?,
        })
    }
}

/// What both maps say, where they differ the smaller number.
fn least<K: Ord, N: Ord + Copy>(of: BTreeMap<K, N>, and: &BTreeMap<K, N>) -> BTreeMap<K, N> {
    let both = of.into_iter().filter_map(|(key, n)| and.get(&key).map(|m| (key, n.min(*m))));
    both.collect()
}

/// The contents of files that a peer said it lacks, in hex.
fn missing(state: &State, replica: &str) -> Result<BTreeSet<String>> {
    let missing = state.setting(&missing_key(replica))?.unwrap_or_default();
    Ok(missing.split_whitespace().map(str::to_owned).collect())
}

/// Notes what a peer says that it lacks, in the place of what it said before.
///
/// # Errors
/// Those of the state.
pub(super) fn note_missing(state: &State, replica: &str, missing: &[Hash]) -> Result<()> {
    let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
    let missing = Some(missing.join(" ")).filter(|missing| !missing.is_empty());
    state.set_setting(&missing_key(replica), missing.as_deref())
}

fn missing_key(replica: &str) -> String {
    format!("missing {replica}")
}

/// Who is meant by a name.
#[derive(Debug, Clone)]
pub enum Addressee {
    /// A replica that was heard of.
    Replica(Peer),
    /// A member of whom nothing was heard yet.
    Member(String),
}

/// The peer that a person means: a replica id or a prefix of one, or a member with one replica that
/// is still there.
///
/// # Errors
/// `NotFound`; `Ambiguous` when a prefix fits several, or a member has several replicas.
pub fn find(state: Option<&State>, name: &str) -> Result<Peer> {
    match find_among(state, &BTreeSet::new(), name)? {
        Addressee::Replica(peer) => Ok(peer),
        Addressee::Member(_) => Err(Error::bug("a member was found among none")),
    }
}

/// The same, where these members can be meant too, whether anything was heard of them or not.
///
/// # Errors
/// As [`find`]; `Ambiguous` where several members are meant, `Usage` where a prefix of one is too short.
pub fn find_among(
    state: Option<&State>,
    members: &BTreeSet<String>,
    name: &str,
) -> Result<Addressee> {
    let peers = state.map(State::peers).transpose()?.unwrap_or_default();
    // A member by its id or a unique prefix of it; else a replica in the same way.
    let heard = peers.iter().filter_map(|peer| peer.member.as_deref());
    let all: BTreeSet<&str> = members.iter().map(String::as_str).chain(heard).collect();
    let member = match resolve(name, all.into_iter(), "member") {
        Ok(member) => Some(member),
        // Several are meant, or the prefix is too short: what it says names them.
        Err(error) if error.kind != Kind::NotFound => return Err(error),
        Err(_) => None,
    };
    let of_member: Vec<Peer> = match (&member, state) {
        (Some(_), Some(state)) => succession::living(state)?,
        _ => Vec::new(),
    };
    let of_member: Vec<&Peer> = of_member.iter().filter(|peer| peer.member == member).collect();
    match (of_member.as_slice(), member) {
        ([peer], _) => return Ok(Addressee::Replica((*peer).clone())),
        ([], Some(member)) => return Ok(Addressee::Member(member)),
        ([], None) => {}
        (several, _) => {
            let ids: Vec<&str> = several.iter().map(|peer| peer.replica_id.as_str()).collect();
            return Err(Error::new(
                Kind::Ambiguous,
                format!("{name} has {} replicas: {}", several.len(), listed(&ids)),
            )
            .hint(
                Hint::from("name the replica; ")
                    .next(Next::Forget(None))
                    .and(" drops one that is gone"),
            ));
        }
    }
    let ids = peers.iter().map(|peer| peer.replica_id.as_str());
    let id = resolve(name, ids, "peer").map_err(|error| match error.kind {
        Kind::NotFound => error.hint(Next::Peers.and(" lists them")),
        _ => error,
    })?;
    let found = peers.into_iter().find(|peer| peer.replica_id == id);
    found
        .map(Addressee::Replica)
        .ok_or_else(|| Error::bug("a peer vanished while it was looked up"))
}

/// A peer as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PeerSummary {
    /// Its replica.
    pub replica_id: String,
    /// The member whose it is; None where it did not say.
    pub member: Option<String>,
    /// When its last bundle was made, in Unix seconds.
    pub last_seen: i64,
    /// The id of that bundle.
    pub last_bundle: Option<String>,
    /// The replica as which it goes on, where it is gone.
    pub succeeded_by: Option<String>,
}

/// Every peer and what became of it, the one that was heard of last first.
///
/// # Errors
/// `Io` and `Corrupt` where the local state cannot be read.
pub fn summaries(state: Option<&State>) -> Result<Vec<PeerSummary>> {
    let mut gone = state.map(succeeded).transpose()?.unwrap_or_default();
    let summary = |peer: Peer| PeerSummary {
        succeeded_by: gone.remove(&peer.replica_id),
        replica_id: peer.replica_id,
        member: peer.member,
        last_seen: peer.last_seen,
        last_bundle: peer.last_bundle,
    };
    Ok(list(state)?.into_iter().map(summary).collect())
}

/// Every peer, the one that was heard of last first.
pub fn list(state: Option<&State>) -> Result<Vec<Peer>> {
    state.map_or_else(|| Ok(Vec::new()), State::peers)
}

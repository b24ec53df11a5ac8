//! What each peer is known to have.

use super::manifest::{Applied, BundledArchive, Has, Hash, Manifest};
use super::succession;
pub use super::succession::{continued, succeeded};
use crate::error::{Error, Hint, Kind, Next, Result, listed};
use crate::id::{DocId, hex, resolve};
use crate::store::{self, Peer, State};
use crate::wire::{Clocks, Version};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// What one replica has, by its own statements, document by document.
#[derive(Debug, Clone, Default)]
pub struct KnownPeer {
    /// The replica; `None` if the receipt came from a store without a replica id.
    pub replica: Option<String>,
    pub(super) receipts: BTreeMap<DocId, Receipt>,
    /// The spans of archived rows it said it has, by document.
    archived: BTreeMap<DocId, BTreeSet<[u8; 32]>>,
    /// The contents of files it said it lacks, in hex.
    pub(super) missing: BTreeSet<String>,
}

/// Records what a peer says it has archived. A bundle with only some of its documents covers only those.
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

/// Returns what a peer said it has archived. An unreadable record counts as never said: the peer gets the
/// rows again.
fn archived(state: &State, replica: &str) -> Result<BTreeMap<DocId, BTreeSet<[u8; 32]>>> {
    let said = state.peer_archives(replica)?.unwrap_or_default();
    let said: BTreeMap<DocId, String> = serde_json::from_str(&said).unwrap_or_default();
    let spans = |hexed: String| {
        let bytes = HEXLOWER.decode(hexed.as_bytes()).unwrap_or_default();
        bytes.as_chunks::<32>().0.iter().copied().collect()
    };
    Ok(said.into_iter().map(|(doc, hexed)| (doc, spans(hexed))).collect())
}

/// Returns how far a peer had applied the logs of others for a document, by its last receipt; for one that gave
/// none that can be read, how far all others had.
pub(super) fn applied_by(state: &State, replica_id: &str, doc: &DocId) -> Result<Applied> {
    let receipt = |replica: &str| -> Result<Option<Applied>> {
        let stored = state.receipt(replica, doc)?;
        let receipt = stored.and_then(|stored| Receipt::from_stored(&stored).ok());
        Ok(receipt.map(|(Receipt { mut applied, said, .. }, _)| {
            applied.insert(replica.to_owned(), said.seq);
            applied
        }))
    };
    if let Some(applied) = receipt(replica_id)? {
        return Ok(applied);
    }
    let mut all: Option<Applied> = None;
    for peer in succession::living(state)? {
        if let Some(applied) = receipt(&peer.replica_id)? {
            all = Some(match all {
                Some(others) => least(others, &applied),
                None => applied,
            });
        }
    }
    Ok(all.unwrap_or_default())
}

/// What a replica said it has of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The version it had.
    pub has: Has,
    /// The digest of its content; `None` if it did not say.
    pub digest: Option<Hash>,
    /// The sum of its content ([`crate::crdt::view::View::sum`]); `None` if it did not say.
    pub sum: Option<Hash>,
    /// How far it had applied the logs of others.
    pub applied: Applied,
    /// When it said so.
    pub said: PeerClaim,
}

/// When a replica stated something: the end of its log, and its clock, capped at ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerClaim {
    /// The number of the last row in its log.
    pub seq: i64,
    /// Unix seconds.
    pub at: i64,
}

/// The form in which `crdtctl.db` stores a receipt's version.
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
    /// When it was recorded, by our own clock.
    #[serde(default)]
    recorded: i64,
}

/// How a new statement relates in time to an earlier one.
enum VersionOrder {
    Later,
    Earlier,
    Unclear,
}

impl KnownPeer {
    /// Returns what a peer is known to have by the receipts in our own state.
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

    /// Returns what the sender of a bundle had when it made the bundle: above all its own log.
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

    /// Returns its receipt for one document, or `None` if it never gave one.
    pub fn receipt(&self, doc: &DocId) -> Option<&Receipt> {
        self.receipts.get(doc)
    }

    /// Returns the spans of archived rows of a document that it said it has.
    pub(super) fn archived(&self, doc: &DocId) -> BTreeSet<[u8; 32]> {
        self.archived.get(doc).cloned().unwrap_or_default()
    }

    /// Returns whether it has applied the log of `replica` up to `seq` for this document. It always has its
    /// own log.
    pub fn covers(&self, doc: &DocId, replica: &str, seq: i64) -> bool {
        self.replica.as_deref() == Some(replica)
            || self.receipt(doc).is_some_and(|receipt| receipt.applied(replica) >= seq)
    }
}

impl Receipt {
    /// Returns the receipt for a document that the peer does not have.
    pub(super) fn of_nothing(said: PeerClaim) -> Self {
        let has = Has::from(&Version::default());
        Receipt { has, digest: None, sum: None, applied: Applied::new(), said }
    }

    /// Returns how far it had applied the log of one replica; 0 if not at all.
    pub fn applied(&self, replica: &str) -> i64 {
        self.applied.get(replica).copied().unwrap_or(0)
    }

    /// Returns the receipt, and when it was recorded.
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

    /// Keeps this receipt as far as it is later than the stored one. Assuming that a peer has too little
    /// sends it too much; assuming that it has too much sends it too little, for ever. So if the order is
    /// unclear, only what both receipts say is kept.
    ///
    /// `heard_of_us`: when we made the last bundle that the peer had by then.
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
            Some((mut old, recorded)) => {
                // It knew something that we made after the old receipt was recorded. No clock of ours is
                // ahead of us.
                let follows = heard_of_us.is_some_and(|heard| heard > recorded && heard <= now);
                // Our own clock was ahead then, and the time in the old receipt is capped at that clock.
                let timeless = recorded > now;
                let order = if timeless { self.after_by_log(&old) } else { self.after(&old) };
                old.said.at = old.said.at.min(now);
                match order {
                    VersionOrder::Later => self,
                    _ if follows => self,
                    VersionOrder::Unclear => self.common(old),
                    VersionOrder::Earlier => return Ok(()),
                }
            }
        };
        receipt.store(state, replica_id, doc, now)
    }

    /// Neither number decides alone: a replica restored to an older state has a shorter log, a clock can be
    /// set back, and a forger of receipts chooses both.
    fn after(&self, old: &Receipt) -> VersionOrder {
        match (self.said.at.cmp(&old.said.at), self.said.seq.cmp(&old.said.seq)) {
            (Ordering::Greater, _) | (Ordering::Equal, Ordering::Greater) => VersionOrder::Later,
            (Ordering::Equal, Ordering::Equal) if self.has == old.has => VersionOrder::Later,
            (Ordering::Less, Ordering::Less | Ordering::Equal) => VersionOrder::Earlier,
            _ => VersionOrder::Unclear,
        }
    }

    /// The same for an old receipt whose time says nothing.
    fn after_by_log(&self, old: &Receipt) -> VersionOrder {
        match self.said.seq.cmp(&old.said.seq) {
            Ordering::Greater => VersionOrder::Later,
            Ordering::Equal if self.has == old.has => VersionOrder::Later,
            _ => VersionOrder::Unclear,
        }
    }

    /// Returns what two receipts agree on.
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
            // A hash of no delete set: hashes do not show which deletions both know.
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

/// Returns the keys of both maps, each with the smaller number.
fn least<K: Ord, N: Ord + Copy>(of: BTreeMap<K, N>, and: &BTreeMap<K, N>) -> BTreeMap<K, N> {
    let both = of.into_iter().filter_map(|(key, n)| and.get(&key).map(|m| (key, n.min(*m))));
    both.collect()
}

/// Returns the contents of files that a peer said it lacks, in hex.
fn missing(state: &State, replica: &str) -> Result<BTreeSet<String>> {
    let missing = state.setting(&missing_key(replica))?.unwrap_or_default();
    Ok(missing.split_whitespace().map(str::to_owned).collect())
}

/// Records what a peer says it lacks, replacing what it said before.
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

/// The peer that a name refers to.
#[derive(Debug, Clone)]
pub enum Addressee {
    /// A replica that was heard from.
    Replica(Peer),
    /// A member from whom nothing was heard yet.
    Member(String),
}

/// Finds the peer that a person means: a replica id or a prefix of one, or a member with one replica that has
/// not been superseded.
///
/// # Errors
/// `NotFound`; `Ambiguous` if a prefix fits several, or a member has several replicas.
pub fn find(state: Option<&State>, name: &str) -> Result<Peer> {
    match find_among(state, &BTreeSet::new(), name)? {
        Addressee::Replica(peer) => Ok(peer),
        Addressee::Member(_) => Err(Error::bug("a member was found among none")),
    }
}

/// Like [`find`], but these members can be meant too, whether anything was heard from them or not.
///
/// # Errors
/// As [`find`]; `Ambiguous` if several members are meant, `Usage` if a prefix of one is too short.
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
        // Several are meant, or the prefix is too short: the error names them.
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
    /// The member it belongs to; `None` if it did not say.
    pub member: Option<String>,
    /// When its last bundle was made, in Unix seconds.
    pub last_seen: i64,
    /// The id of that bundle.
    pub last_bundle: Option<String>,
    /// The replica that continues it, if it is gone.
    pub succeeded_by: Option<String>,
}

/// Returns every peer and what became of it, most recently heard first.
///
/// # Errors
/// `Io` and `Corrupt` if the local state cannot be read.
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

/// Returns every peer, most recently heard first.
pub fn list(state: Option<&State>) -> Result<Vec<Peer>> {
    state.map_or_else(|| Ok(Vec::new()), State::peers)
}

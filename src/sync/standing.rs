//! Where everyone stands, from the local state alone: cheap, and as accurate as the log and the receipts.
//!
//! [`super::status`] compares versions, for which it reads every document. Here only those are compared of which the
//! log says that somebody lacks something: it does not know all that peers got from each other.

use super::manifest::Has;
use super::peer::{KnownPeer, Receipt};
use super::{status, succession};
use crate::error::{Error, Result};
use crate::id::DocId;
use crate::store::{Document, LogHead, Parked, Reader, State};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// A document with more bytes than this is not read for its version: it is known without that, unless another
/// program wrote the document.
const MOST_READ: u64 = 1 << 17;

/// How far one peer or member is from us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PeerStanding {
    /// The replica; `None` for a member from whom nothing was heard yet.
    pub replica_id: Option<String>,
    /// The member it acts as; `None` for a replica that has none.
    pub member: Option<String>,
    /// Unix seconds.
    pub last_seen: Option<i64>,
    /// The documents of which our log holds something it has not acknowledged.
    pub they_lack: Vec<DocId>,
    /// The documents of which its log extends beyond what came here.
    pub we_lack: Vec<DocId>,
    /// The number of its updates that wait here.
    pub waiting: usize,
    /// Its member has left every entity here, so that it gets nothing. Only serialized if so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub departed: bool,
}

/// How far our log goes: for each document, by origin.
type LogHeads = BTreeMap<DocId, Vec<(i64, Option<(String, i64)>)>>;

/// Returns everyone's standing, for a store with these documents: peers not superseded, most recently heard
/// first, then the members from whom nothing was heard. Of documents, those that list members are read, and small
/// ones of which the log says that somebody lacks something.
///
/// Not promised: anything about what another program wrote to the files since our last command, or about what
/// is older than the log.
///
/// # Errors
/// `Corrupt` if a receipt cannot be read; `damaged` gets documents that cannot be.
pub fn standings(
    reader: &Reader,
    documents: &[Document],
    damaged: &mut Vec<Error>,
) -> Result<Vec<PeerStanding>> {
    let members = status::members_by(reader, documents, damaged)?;
    let mut unheard = members.clone();
    let mut all = Vec::new();
    if let Some(state) = reader.state() {
        if let Some((_, Some(member), _)) = state.replica()? {
            unheard.remove(member.as_str());
        }
        let mut here = Standpoint::of(reader, state, documents)?;
        let parked = state.parked()?;
        for peer in succession::living(state)? {
            if let Some(member) = &peer.member {
                unheard.remove(member);
            }
            let known = KnownPeer::of_peer(state, &peer.replica_id)?;
            let has_left = |member: &String| status::has_left(&members, member);
            let from = |parked: &&Parked| parked.replica_id.as_deref() == Some(&peer.replica_id);
            all.push(PeerStanding {
                they_lack: here.they_lack(&known)?,
                we_lack: here.we_lack(&known, &peer.replica_id)?,
                waiting: parked.iter().filter(from).count(),
                last_seen: Some(peer.last_seen),
                departed: peer.member.as_ref().is_some_and(has_left),
                member: peer.member,
                replica_id: Some(peer.replica_id),
            });
        }
    }
    let everything: Vec<DocId> = documents.iter().map(|document| document.id.clone()).collect();
    all.extend(unheard.into_iter().map(|member| PeerStanding {
        replica_id: None,
        member: Some(member),
        last_seen: None,
        they_lack: everything.clone(),
        we_lack: Vec::new(),
        waiting: 0,
        departed: false,
    }));
    Ok(all)
}

/// What is here, by our log; versions are found if it says that somebody lacks something.
struct Standpoint<'r> {
    reader: &'r Reader,
    state: &'r State,
    documents: &'r [Document],
    us: String,
    heads: LogHeads,
    versions: OwnVersions<'r>,
}

impl<'r> Standpoint<'r> {
    fn of(reader: &'r Reader, state: &'r State, documents: &'r [Document]) -> Result<Self> {
        let us = state.replica()?.map(|(replica, _, _)| replica).unwrap_or_default();
        let mut heads: LogHeads = BTreeMap::new();
        for LogHead { doc, seq, origin } in state.log_heads()? {
            heads.entry(doc).or_default().push((seq, origin));
        }
        let versions = OwnVersions::of(reader, documents);
        Ok(Standpoint { reader, state, documents, us, heads, versions })
    }

    /// Returns the documents of which a peer lacks something.
    fn they_lack(&mut self, known: &KnownPeer) -> Result<Vec<DocId>> {
        let mut lacking = Vec::new();
        for Document { id, .. } in self.documents {
            let lacks = match known.receipt(id) {
                None => true,
                Some(receipt) if lacks(known, receipt, id, &self.us, &self.heads) => {
                    let by_version =
                        |own: &Has| status::they_lack(self.reader, id, known, receipt, own);
                    self.versions.get(id).map_or(Ok(true), by_version)?
                }
                Some(_) => false,
            };
            if lacks {
                lacking.push(id.clone());
            }
        }
        Ok(lacking)
    }

    /// Returns the documents of which we lack something that a peer has.
    fn we_lack(&mut self, known: &KnownPeer, peer: &str) -> Result<Vec<DocId>> {
        let mut lacking = Vec::new();
        for (doc, receipt) in &known.receipts {
            let applied = self.state.applied(doc)?.get(peer).copied().unwrap_or(0);
            if applied < receipt.said.seq && !self.versions.are(doc, receipt) {
                lacking.push(doc.clone());
            }
        }
        Ok(lacking)
    }
}

/// Returns whether our log holds a row of a document that a peer lacks by its receipt.
fn lacks(known: &KnownPeer, receipt: &Receipt, doc: &DocId, us: &str, heads: &LogHeads) -> bool {
    let after = receipt.applied(us);
    heads.get(doc).into_iter().flatten().any(|(seq, origin)| {
        let has = origin.as_ref().is_some_and(|(from, upto)| known.covers(doc, from, *upto));
        *seq > after && !has
    })
}

/// The versions of our documents, each found once, and only if it is asked for.
struct OwnVersions<'r> {
    reader: &'r Reader,
    documents: HashMap<&'r DocId, u64>,
    known: HashMap<DocId, Option<Has>>,
}

impl<'r> OwnVersions<'r> {
    fn of(reader: &'r Reader, documents: &'r [Document]) -> Self {
        let documents = documents.iter().map(|document| (&document.id, document.bytes)).collect();
        OwnVersions { reader, documents, known: HashMap::new() }
    }

    /// Returns the version of a document, unless that takes reading a large one, or it cannot be read.
    fn get(&mut self, doc: &DocId) -> Option<&Has> {
        let OwnVersions { reader, documents, known } = self;
        let find = || {
            let bytes = documents.get(doc)?;
            if let Ok(Some(stored)) = reader.stored(doc) {
                return Some(Has::from(&stored));
            }
            let read = || status::read_version(reader, doc).ok().flatten();
            (*bytes <= MOST_READ).then(read).flatten()
        };
        known.entry(doc.clone()).or_insert_with(find).as_ref()
    }

    /// Whether ours is the version that a receipt tells of.
    fn are(&mut self, doc: &DocId, receipt: &Receipt) -> bool {
        self.get(doc).is_some_and(|own| *own == receipt.has)
    }
}

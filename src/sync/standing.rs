//! Where everyone stands, from the local state alone: cheap, and as accurate as the log and the receipts.
//!
//! [`super::status`] compares versions, for which it reads every document.

use super::peer::KnownPeer;
use super::{status, succession};
use crate::error::{Error, Result};
use crate::id::DocId;
use crate::store::{Document, LogHead, Reader};
use serde::Serialize;
use std::collections::BTreeMap;

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
}

/// How far our log goes: for each document, by origin.
type LogHeads = BTreeMap<DocId, Vec<(i64, Option<(String, i64)>)>>;

/// Returns everyone's standing, for a store with these documents: peers not superseded, most recently heard
/// first, then the members from whom nothing was heard. Only the documents that list members are read.
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
    let docs: Vec<&DocId> = documents.iter().map(|document| &document.id).collect();
    let mut unheard = status::members_by(reader, documents, damaged)?;
    let mut all = Vec::new();
    if let Some(state) = reader.state() {
        let own = state.replica()?;
        if let Some((_, Some(member), _)) = &own {
            unheard.remove(member.as_str());
        }
        let us = own.map(|(replica, _, _)| replica).unwrap_or_default();
        let mut heads: LogHeads = BTreeMap::new();
        for LogHead { doc, seq, origin } in state.log_heads()? {
            heads.entry(doc).or_default().push((seq, origin));
        }
        let parked = state.parked()?;
        for peer in succession::living(state)? {
            if let Some(member) = &peer.member {
                unheard.remove(member);
            }
            let known = KnownPeer::of_peer(state, &peer.replica_id)?;
            let lacks = |doc: &&&DocId| lacks(&known, doc, &us, &heads);
            let mut we_lack = Vec::new();
            for (doc, receipt) in &known.receipts {
                let applied = state.applied(doc)?.get(&peer.replica_id).copied().unwrap_or(0);
                if applied < receipt.said.seq {
                    we_lack.push(doc.clone());
                }
            }
            let from = |parked: &&crate::store::Parked| {
                parked.replica_id.as_deref() == Some(&peer.replica_id)
            };
            all.push(PeerStanding {
                they_lack: docs.iter().filter(lacks).copied().cloned().collect(),
                we_lack,
                waiting: parked.iter().filter(from).count(),
                last_seen: Some(peer.last_seen),
                member: peer.member,
                replica_id: Some(peer.replica_id),
            });
        }
    }
    let everything: Vec<DocId> = docs.into_iter().cloned().collect();
    all.extend(unheard.into_iter().map(|member| PeerStanding {
        replica_id: None,
        member: Some(member),
        last_seen: None,
        they_lack: everything.clone(),
        we_lack: Vec::new(),
        waiting: 0,
    }));
    Ok(all)
}

/// Returns whether our log holds a row of a document that a peer lacks by its receipt.
fn lacks(known: &KnownPeer, doc: &DocId, us: &str, heads: &LogHeads) -> bool {
    let Some(receipt) = known.receipt(doc) else { return true };
    let after = receipt.applied(us);
    heads.get(doc).into_iter().flatten().any(|(seq, origin)| {
        let has = origin.as_ref().is_some_and(|(from, upto)| known.covers(doc, from, *upto));
        *seq > after && !has
    })
}

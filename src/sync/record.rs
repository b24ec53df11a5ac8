//! What an import records about others: how far their logs are applied here, what they have, and when they
//! were heard from.

use super::gate::{Claim, Disposition};
use super::manifest::{Applied, Has, Manifest};
use super::peer::{self, PeerClaim, Receipt};
use super::succession;
use crate::concern::disk;
use crate::error::Result;
use crate::id::DocId;
use crate::store::{Peer, Session, State};
use std::collections::{BTreeMap, BTreeSet};

/// Advances how far the logs of others are applied for a document, by the claims that are wholly contained
/// here; returns those claims. One claim can be the base of the next, so they are retried until none
/// advances.
pub fn applied(
    session: &Session,
    doc: &DocId,
    has: &Has,
    claims: Vec<(&Claim, Option<&Disposition>)>,
) -> Result<BTreeSet<usize>> {
    let mut applied = session.state().applied(doc)?;
    let mut whole = BTreeSet::new();
    let mut claims: Vec<_> = claims.into_iter().enumerate().collect();
    loop {
        let (kept, open): (Vec<_>, Vec<_>) =
            claims.iter().partition(|(_, (claim, disposition))| {
                is_kept(claim, *disposition, has, &applied, session.replica_id())
            });
        if kept.is_empty() {
            return Ok(whole);
        }
        for (at, (claim, _)) in kept {
            whole.insert(at);
            let entry = &claim.entry;
            let sender = claim.from.replica.iter().map(|replica| (replica, &entry.log.upto));
            for (replica, seq) in sender.chain(&entry.applied) {
                if replica != session.replica_id() {
                    session.state().raise_applied(doc, replica, *seq)?;
                    let reached = applied.entry(replica.clone()).or_default();
                    *reached = (*reached).max(*seq);
                }
            }
        }
        claims = open;
    }
}

/// Returns whether we now hold everything that the sender of a claim held.
///
/// An increment was made from our own receipt and leaves out what we had then. It counts only for us, and
/// only on top of its base.
fn is_kept(
    claim: &Claim,
    disposition: Option<&Disposition>,
    has: &Has,
    applied: &Applied,
    ours: &str,
) -> bool {
    let whole = match disposition {
        Some(Disposition::Waits(_) | Disposition::Refused(_)) => return false,
        Some(Disposition::Applied(held)) => *held == claim.entry.has,
        None => false,
    };
    let follows = claim.addressee.as_deref() == Some(ours)
        && claim.from.replica.as_ref().is_some_and(|replica| {
            claim.entry.log.after <= applied.get(replica).copied().unwrap_or(0)
        });
    whole || *has == claim.entry.has || follows
}

/// Records what the sender of a bundle says it has. A bundle is a receipt.
pub fn sender(session: &Session, manifest: &Manifest) -> Result<()> {
    let (state, now) = (session.state(), session.now());
    let Some(replica) = &manifest.from.replica else { return Ok(()) };
    if replica == session.replica_id() {
        return Ok(());
    }
    succession::note(state, manifest, session.replica_id())?;
    let heard_of_us = manifest.heard.get(session.replica_id()).copied();
    // A clock that runs ahead must not hide what is heard later.
    let said = PeerClaim { seq: manifest.seq, at: manifest.created_at.min(now) };
    let keep =
        |doc: &DocId, receipt: Receipt| receipt.record(state, replica, doc, heard_of_us, now);
    let ours = is_of_our_member(session, manifest)?;
    let concerns_us = |doc: &DocId| ours || !disk::is_private(doc);
    for document in manifest.documents.iter().filter(|entry| concerns_us(&entry.doc)) {
        let (has, applied) = (document.has.clone(), document.applied.clone());
        let (digest, sum) = (document.digest, document.sum);
        keep(&document.doc, Receipt { has, digest, sum, applied, said })?;
    }
    if !manifest.limited {
        let listed: BTreeSet<&DocId> = manifest.documents.iter().map(|entry| &entry.doc).collect();
        for doc in state.receipts(replica)?.into_iter().map(|receipt| receipt.doc) {
            // A receipt says nothing about a private disk that must not go there.
            if !listed.contains(&doc) && !disk::is_private(&doc) {
                keep(&doc, Receipt::of_nothing(said))?;
            }
        }
    }
    peer::record_archives(state, replica, manifest)?;
    let made = heard_key(replica);
    let latest = state.setting(&made)?.and_then(|at| at.parse::<i64>().ok());
    // What is later than now was said by a clock that ran ahead, and is put right by what is said since.
    if latest.is_none_or(|latest| latest < manifest.created_at || latest > now) {
        state.set_setting(&made, Some(&manifest.created_at.to_string()))?;
    }
    let seen = manifest.created_at.min(now);
    let old = state.peer(replica)?;
    if old.is_some_and(|old| old.last_seen > seen && old.last_seen <= now) {
        return Ok(());
    }
    peer::note_missing(state, replica, &manifest.missing)?;
    state.put_peer(&Peer {
        replica_id: replica.clone(),
        member: manifest.from.member.as_ref().map(|member| member.to_string()),
        last_bundle: Some(manifest.bundle.clone()),
        last_seen: seen,
    })
}

/// Returns whether a bundle comes from a replica of our own member.
pub fn is_of_our_member(session: &Session, manifest: &Manifest) -> Result<bool> {
    let owner = session.state().replica()?.and_then(|(_, member, _)| member);
    Ok(owner.is_some() && owner == manifest.from.member)
}

/// Returns when each peer made its last bundle that came here, by its own clock.
pub fn heard(state: &State) -> Result<BTreeMap<String, i64>> {
    let mut heard = BTreeMap::new();
    for peer in state.peers()? {
        if let Some(at) =
            state.setting(&heard_key(&peer.replica_id))?.and_then(|at| at.parse().ok())
        {
            heard.insert(peer.replica_id, at);
        }
    }
    Ok(heard)
}

fn heard_key(replica: &str) -> String {
    format!("heard {replica}")
}

/// Returns why this replica must have gone back in time, judging by what others have of it according to a
/// bundle; `None` if nothing shows that. A store restored together with its lease shows it in no other way.
pub fn beyond(session: &Session, manifest: &Manifest) -> Result<Option<String>> {
    let us = session.replica_id();
    let own = manifest.from.replica.as_deref() == Some(us);
    for document in &manifest.documents {
        let applied = document.applied.get(us).copied().unwrap_or(0);
        let seen = if own { manifest.seq } else { applied };
        if session.held_more(&document.doc, seen, &document.has.state_vector)? {
            let doc = &document.doc;
            let from =
                if own { "a bundle of its own".to_owned() } else { manifest.from.to_string() };
            return Ok(Some(format!("{from} has more of what this store wrote to {doc}")));
        }
    }
    Ok(None)
}

//! What an import writes down about others: how far their logs are applied here, what they have,
//! and when they were heard of.

use super::gate::{Claim, Fate};
use super::manifest::{Applied, Has, Manifest};
use super::peer::Receipt;
use crate::error::Result;
use crate::id::DocId;
use crate::store::{Peer, Session};

/// Raises how far the logs of others are applied for a document, by the claims that are kept
/// whole here. One claim can be what the next one follows, so they are tried until none moves.
pub fn applied(
    session: &Session,
    doc: &DocId,
    has: &Has,
    mut claims: Vec<(&Claim, Option<&Fate>)>,
) -> Result<()> {
    let mut applied = session.state().applied(doc)?;
    loop {
        let (kept, open): (Vec<_>, Vec<_>) = claims
            .iter()
            .partition(|(claim, fate)| is_kept(claim, *fate, has, &applied, session.replica_id()));
        if kept.is_empty() {
            return Ok(());
        }
        for (claim, _) in kept {
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

/// Whether we now hold everything that the sender of a claim held.
///
/// An increment was made by our own receipt and leaves out what we had then. It counts only for
/// us, and only on top of what it follows.
fn is_kept(claim: &Claim, fate: Option<&Fate>, has: &Has, applied: &Applied, ours: &str) -> bool {
    let whole = match fate {
        Some(Fate::Waits(_) | Fate::Refused(_)) => return false,
        Some(Fate::Applied(held)) => *held == claim.entry.has,
        None => false,
    };
    let follows = claim.addressee.as_deref() == Some(ours)
        && claim.from.replica.as_ref().is_some_and(|replica| {
            claim.entry.log.after <= applied.get(replica).copied().unwrap_or(0)
        });
    whole || *has == claim.entry.has || follows
}

/// Keeps what the sender of a bundle says that it has. A bundle is a receipt.
pub fn sender(session: &Session, manifest: &Manifest) -> Result<()> {
    let Some(replica) = &manifest.from.replica else { return Ok(()) };
    if replica == session.replica_id() {
        return Ok(());
    }
    for document in &manifest.documents {
        let receipt = Receipt {
            has: document.has.clone(),
            applied: document.applied.clone(),
            said: (manifest.seq, manifest.created_at),
        };
        receipt.record(session.state(), replica, &document.doc)?;
    }
    // A clock that runs ahead must not hide what is heard later.
    let seen = manifest.created_at.min(session.now());
    let old = session.state().peer(replica)?;
    if old.is_some_and(|old| old.last_seen > seen) {
        return Ok(());
    }
    session.state().put_peer(&Peer {
        replica_id: replica.clone(),
        member: manifest.from.member.as_ref().map(|member| member.to_string()),
        last_bundle: Some(manifest.bundle.clone()),
        last_seen: seen,
    })
}

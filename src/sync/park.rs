//! The inbox: updates that wait for their prerequisites.

use super::gate::Received;
use crate::error::{Error, Hint, Next, Result};
use crate::gate::Need;
use crate::id::DocId;
use crate::limits;
use crate::store::{Parked, Session};
use crate::wire::Clocks;

/// Returns the updates waiting for some documents.
pub(super) fn waiting_for<'d>(
    session: &Session,
    docs: impl Iterator<Item = &'d DocId>,
) -> Result<Vec<Parked>> {
    let mut waiting = Vec::new();
    for doc in docs {
        waiting.extend(session.state().parked_for(doc)?);
    }
    Ok(waiting)
}

/// Checks that the inbox is within its bounds.
pub(super) fn has_room(session: &Session) -> Result<()> {
    let (count, bytes) = session.state().parked_size()?;
    let (most, most_bytes) = (limits::INBOX_UPDATES, limits::INBOX_BYTES);
    if count <= most && bytes <= most_bytes {
        return Ok(());
    }
    Err(Error::refused(format!(
        "{count} updates of {bytes} bytes would wait for their prerequisites; at most {most} of \
         {most_bytes} bytes may"
    ))
    .hint(
        Hint::from("nothing was written; ")
            .next(Next::Status)
            .and(" shows what is missing and who has it; ")
            .next(Next::Check(None))
            .and(" reports long waits (long-wait), and ")
            .next(Next::Repair(None))
            .and(" sets them aside"),
    ))
}

/// Returns an update in the form the inbox stores.
pub(super) fn to_park(
    session: &Session,
    doc: &DocId,
    received: &Received,
    need: &Need,
) -> Result<Parked> {
    let bug = |e: serde_json::Error| Error::bug("a claim that waits does not encode").because(e);
    let claim = received.claim.as_ref();
    let none = Clocks::new();
    let clocks = match need {
        Need::Clocks(clocks) => clocks,
        Need::Deletion(_) => &none,
    };
    Ok(Parked {
        id: 0,
        doc: doc.clone(),
        bundle: claim.map_or_else(|| received.source.clone(), |claim| claim.bundle.clone()),
        replica_id: claim.and_then(|claim| claim.from.replica.clone()),
        update: received.bytes().map_or_else(Vec::new, |bytes| bytes.to_vec()),
        needs: serde_json::to_string(clocks).map_err(bug)?,
        received_at: session.now(),
        manifest: serde_json::to_string(&received.claim).map_err(bug)?,
    })
}

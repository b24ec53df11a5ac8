//! The gate of one document: which updates reach yrs, in which order, and which wait.
//!
//! An update must be valid, then ready, then not forked, then fitting ([`gate::admit`]). The order of arrival
//! does not matter: updates are applied as they become ready until no more can be.

use super::manifest::{BundledDocument, Has, Sender};
use crate::error::{Error, Hint, Kind, Next, Result};
use crate::gate::{self, Expected, Need, Verdict};
use crate::id::DocId;
use crate::store::Session;
use crate::wire::{Checked, CheckedBytes, Clocks, Fault, Id, SharedBytes, Update};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::rc::Rc;

/// The state of a document that does not exist.
const NOTHING: [u8; 2] = [0, 0];

/// An incoming update.
pub struct Received {
    /// The update, or why it is not valid.
    pub update: std::result::Result<CheckedBytes<SharedBytes>, Fault>,
    /// Where it comes from, for messages.
    pub source: String,
    /// Who sent it and what they state; `None` for a bare update.
    pub claim: Option<Rc<Claim>>,
    /// Whether it was given just now or had waited.
    pub came: Came,
    /// The version that the received update held, if `update` is only the part of it that the document lacks;
    /// otherwise `None`.
    pub held: Option<Has>,
}

/// How an update came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// It was given to this import, as the input with this number.
    Given(usize),
    /// It waited from an earlier one, under this number in the inbox.
    Waited(i64),
}

/// An entry of a manifest and its sender: what may be recorded once the update is applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The id of the bundle.
    pub bundle: String,
    /// Who made the bundle.
    pub from: Sender,
    /// The id of the replica it was made for; `None` if for anybody.
    #[serde(rename = "for")]
    pub addressee: Option<String>,
    /// What the manifest states about this document.
    pub entry: BundledDocument,
}

/// What became of an update.
#[derive(Debug, Clone)]
pub enum Disposition {
    /// The document holds it, now or already before. With the version that the update held.
    Applied(Has),
    /// It builds on operations that the document lacks: it goes into the inbox.
    Waits(Need),
    /// It can never be applied as it is.
    Refused(Error),
}

impl Received {
    /// Returns the update, if it is valid.
    pub fn valid(&self) -> Option<Update<'_, Checked>> {
        self.update.as_ref().ok().map(CheckedBytes::update)
    }

    /// Returns its bytes, if it is valid.
    pub fn bytes(&self) -> Option<&SharedBytes> {
        self.update.as_ref().ok().map(CheckedBytes::bytes)
    }

    /// Returns the version that the received update held, of which `update` may be only a part.
    fn has(&self, update: &Update<'_, Checked>) -> Has {
        self.held.clone().unwrap_or_else(|| Has::from(&update.version()))
    }

    /// Returns the replica whose log it was in, and the end of that log.
    fn origin(&self, ours: &str) -> Option<(&str, i64)> {
        let claim = self.claim.as_ref()?;
        let replica = claim.from.replica.as_deref().filter(|replica| *replica != ours)?;
        Some((replica, claim.entry.log.upto))
    }
}

/// Applies all of these updates that are ready, in any order, to a document. Returns what became of each. The
/// order in which they are given does not matter.
///
/// An update that is not valid is refused with `Untrusted`, one where two replicas wrote under one client id
/// with `Forked`. After a given update was refused, the session must not be committed: it can only be used to
/// find other refusals.
///
/// # Errors
/// Those of the store.
pub fn admit(
    session: &mut Session,
    doc: &DocId,
    received: &[Rc<Received>],
) -> Result<Vec<Disposition>> {
    let roots = (session.environment().roots)(doc);
    let mut dispositions: Vec<Option<Disposition>> = received.iter().map(|_| None).collect();
    let mut open = Vec::with_capacity(received.len());
    for (received, disposition) in received.iter().zip(&mut dispositions) {
        match &received.update {
            Ok(valid) => open.push(OpenUpdate { received, update: valid.update(), disposition }),
            Err(fault) => *disposition = Some(Disposition::Refused(invalid(doc, received, fault))),
        }
    }
    let mut at_once = usize::MAX;
    while !open.is_empty() && round(session, doc, &mut open, roots, &mut at_once)? {}
    // The ones still open were never judged: the session cannot go on.
    for OpenUpdate { disposition, .. } in open {
        disposition.get_or_insert(Disposition::Waits(Need::Clocks(Clocks::new())));
    }
    dispositions
        .into_iter()
        .map(|disposition| disposition.ok_or_else(|| Error::bug("an update has no disposition")))
        .collect()
}

/// Returns the dispositions of updates for a document that cannot be read: valid ones wait until it can.
pub fn hold(doc: &DocId, received: &[Rc<Received>]) -> Vec<Disposition> {
    let disposition = |received: &Rc<Received>| match &received.update {
        Ok(_) => Disposition::Waits(Need::Clocks(Clocks::new())),
        Err(fault) => Disposition::Refused(invalid(doc, received, fault)),
    };
    received.iter().map(disposition).collect()
}

/// An update that is not applied yet.
struct OpenUpdate<'p> {
    received: &'p Received,
    update: Update<'p, Checked>,
    disposition: &'p mut Option<Disposition>,
}

/// Applies what the document can take now, at most as many updates as allowed, and leaves the rest open;
/// returns true if another round is worthwhile.
fn round<'p>(
    session: &mut Session,
    doc: &DocId,
    open: &mut Vec<OpenUpdate<'p>>,
    roots: Expected<'_>,
    at_once: &mut usize,
) -> Result<bool> {
    let base = match session.checked_at_hand(doc)? {
        Some(state) => state,
        None => CheckedBytes::check(NOTHING.to_vec().into(), roots).map_err(|fault| {
            Error::bug("the empty state is not a valid document").because(fault)
        })?,
    };
    let base = base.update();
    let updates: Vec<&Update<'_, Checked>> = open.iter().map(|open| &open.update).collect();
    let verdicts = gate::admit(&base, &updates, roots);
    let ours = session.replica_id().to_owned();
    let before = session.savepoint(doc);
    let mut rest: Vec<Option<OpenUpdate<'p>>> =
        std::mem::take(open).into_iter().map(Some).collect();
    let mut taken: Vec<OpenUpdate<'p>> = Vec::new();
    let (mut moved, mut undeleted, mut anew) = (false, false, false);
    for (index, verdict) in verdicts {
        let Some(one) = rest.get_mut(index).and_then(Option::take) else {
            return Err(Error::bug("an update was judged twice"));
        };
        let received = one.received;
        *one.disposition = Some(match verdict {
            // The ones after it must be judged by a document that includes it.
            Verdict::New(_) | Verdict::Waits(_) if anew => {
                open.push(one);
                continue;
            }
            Verdict::New(_) if taken.len() >= *at_once => {
                anew = true;
                open.push(one);
                continue;
            }
            Verdict::Invalid(fault) => Disposition::Refused(invalid(doc, received, &fault)),
            Verdict::Forked(id) => {
                session.give_up_client(id.client);
                Disposition::Refused(forked(doc, received, id))
            }
            Verdict::Known => Disposition::Applied(received.has(&one.update)),
            Verdict::New(news) => {
                let news = match &news {
                    Cow::Borrowed(_) => one.update.clone(),
                    Cow::Owned(news) => Update::checked(news, roots).map_err(|fault| {
                        Error::bug(format!("the new part of an update of {doc} is not valid"))
                            .because(fault)
                    })?,
                };
                // It also refuses writes under our own client id that we never made.
                match session.apply(doc, &news, received.origin(&ours)) {
                    Err(e) if e.kind == Kind::Untrusted => {
                        anew = true;
                        Disposition::Refused(too_much(doc, received, e))
                    }
                    Err(e) if e.kind == Kind::Forked && matches!(received.came, Came::Given(_)) => {
                        let message = format!("{}: {}", received.source, e.message);
                        *one.disposition = Some(Disposition::Refused(e.saying(message)));
                        open.extend(rest.into_iter().flatten().chain(taken));
                        return Ok(false);
                    }
                    applied => {
                        moved |= applied?;
                        taken.push(one);
                        continue;
                    }
                }
            }
            Verdict::Waits(need) => {
                undeleted |= matches!(need, Need::Deletion(_));
                *one.disposition = Some(Disposition::Waits(need));
                open.push(one);
                continue;
            }
        });
    }
    // An unmoved document was checked above. The last rule of the gate: the state that yrs makes of the
    // applied updates can be stored, and can be the base of the next import.
    let stored = if moved { session.checked_at_hand(doc).map(drop) } else { Ok(()) };
    match stored {
        Err(e) if e.kind == Kind::Untrusted => {
            session.go_back(doc, before)?;
            match taken.as_mut_slice() {
                [only] => {
                    *only.disposition = Some(Disposition::Refused(too_much(doc, only.received, e)))
                }
                _ => {
                    *at_once = taken.len() / 2;
                    open.append(&mut taken);
                }
            }
            return Ok(true);
        }
        stored => stored?,
    }
    for OpenUpdate { received, update, disposition } in taken {
        *disposition = Some(Disposition::Applied(received.has(&update)));
    }
    *at_once = at_once.saturating_mul(2);
    Ok(anew || (moved && undeleted))
}

fn invalid(doc: &DocId, received: &Received, fault: &Fault) -> Error {
    let is_unsupported = fault.is_unsupported();
    let fault = fault.clone();
    if is_unsupported {
        let source = &received.source;
        return Error::refused(format!(
            "the update of {doc} in {source} holds content that is not supported"
        ))
        .because(fault)
        .hint(
            Hint::from(
                "nothing was written, but the update is not damaged: a file in a store may hold it, and ",
            )
            .next(Next::Blocks(None))
            .and(" shows it"),
        );
    }
    Error::untrusted(format!("the update of {doc} in {} is not valid", received.source))
        .because(fault)
        .hint("nothing was written; ask the sender for another bundle")
}

/// The error for an update that would cost yrs (nearly) unbounded work, or whose result cannot be stored.
fn too_much(doc: &DocId, received: &Received, error: Error) -> Error {
    let message = format!("{doc}, {}: {}", received.source, error.message);
    error.saying(message).hint("nothing was written; ask the sender for another bundle")
}

fn forked(doc: &DocId, received: &Received, id: Id) -> Error {
    Error::new(
        Kind::Forked,
        format!(
            "{}: replica-fork: two replicas wrote {doc} under client id {}, from clock {} on",
            received.source, id.client, id.clock
        ),
    )
    .because("the two differ from that clock on; both are kept as they are")
    .hint(
        Hint::from("one of the two is a copy: ")
            .next(Next::Dump)
            .and(" shows ours, ")
            .next(Next::ShowBundle)
            .and(" theirs"),
    )
}

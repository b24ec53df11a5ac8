//! The gate of one document: which updates reach yrs, in which order, and what waits.
//!
//! Valid, then ready, then not forked, then fitting ([`gate::admit`]). The order in which updates
//! come does not matter: whatever can be applied is, until nothing moves.

use super::manifest::{BundledDocument, Has, Sender};
use crate::error::{Error, Hint, Kind, Next, Result};
use crate::gate::{self, Expected, Need, Verdict};
use crate::id::DocId;
use crate::store::Session;
use crate::wire::{Checked, CheckedBytes, Clocks, Fault, Id, Update};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::rc::Rc;

/// The state of a document that does not exist.
const NOTHING: [u8; 2] = [0, 0];

/// An update on its way in.
pub struct Received<'u> {
    /// Why it is none, where it is not valid.
    pub update: std::result::Result<CheckedBytes<Cow<'u, [u8]>>, Fault>,
    /// Where it comes from, for messages.
    pub source: String,
    /// Who sent it, and what that says; None for a bare update.
    pub claim: Option<Rc<Claim>>,
    /// Whether it was given just now, or had waited.
    pub came: Came,
    /// What came held this, and of it the update is what the document lacks; None where it is all that
    /// came.
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

/// An entry of a manifest, and whose it is: what may be recorded once the update is applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The id of the bundle.
    pub bundle: String,
    /// Who made the bundle.
    pub from: Sender,
    /// The id of the replica that it was made for; None when for anybody.
    #[serde(rename = "for")]
    pub addressee: Option<String>,
    /// What the manifest says of this one document.
    pub entry: BundledDocument,
}

/// What became of an update.
#[derive(Debug, Clone)]
pub enum Disposition {
    /// The document holds it now, or did before. With what the update itself held.
    Applied(Has),
    /// It builds on what the document does not have: it goes into the inbox.
    Waits(Need),
    /// It can never be applied as it is.
    Refused(Error),
}

impl<'u> Received<'u> {
    /// The update, if it is valid.
    pub fn valid(&self) -> Option<Update<'_, Checked>> {
        self.update.as_ref().ok().map(CheckedBytes::update)
    }

    /// Its bytes, if it is valid.
    pub fn bytes(&self) -> Option<&Cow<'u, [u8]>> {
        self.update.as_ref().ok().map(CheckedBytes::bytes)
    }

    /// What came held, of which this update is what is looked at.
    fn has(&self, update: &Update<'_, Checked>) -> Has {
        self.held.clone().unwrap_or_else(|| Has::from(&update.version()))
    }

    /// The replica whose log it was in, and how far that log had gone.
    fn origin(&self, ours: &str) -> Option<(&str, i64)> {
        let claim = self.claim.as_ref()?;
        let replica = claim.from.replica.as_deref().filter(|replica| *replica != ours)?;
        Some((replica, claim.entry.log.upto))
    }
}

/// Brings updates into a document, as many as are ready in any order. Returns what became of each.
/// The order in which they are given does not matter.
///
/// Refused with `Untrusted` is an update that is not valid, with `Forked` one where two replicas
/// wrote under one client id. After one that was given, the session is good for nothing but to
/// find others like it.
///
/// # Errors
/// The store's own.
pub fn admit(
    session: &mut Session,
    doc: &DocId,
    received: &[Rc<Received<'_>>],
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
    // What is open still was never judged: the session cannot go on.
    for OpenUpdate { disposition, .. } in open {
        disposition.get_or_insert(Disposition::Waits(Need::Clocks(Clocks::new())));
    }
    dispositions
        .into_iter()
        .map(|disposition| disposition.ok_or_else(|| Error::bug("an update has no disposition")))
        .collect()
}

/// What becomes of updates for a document that cannot be read: what is valid waits until it can.
pub fn hold(doc: &DocId, received: &[Rc<Received<'_>>]) -> Vec<Disposition> {
    let disposition = |received: &Rc<Received<'_>>| match &received.update {
        Ok(_) => Disposition::Waits(Need::Clocks(Clocks::new())),
        Err(fault) => Disposition::Refused(invalid(doc, received, fault)),
    };
    received.iter().map(disposition).collect()
}

/// An update that is not applied yet.
struct OpenUpdate<'p> {
    received: &'p Received<'p>,
    update: Update<'p, Checked>,
    disposition: &'p mut Option<Disposition>,
}

/// Applies what can be applied to the document as it stands, but no more than so many updates, and
/// leaves open what waits; true when it is worth another round.
fn round<'p>(
    session: &mut Session,
    doc: &DocId,
    open: &mut Vec<OpenUpdate<'p>>,
    roots: Expected<'_>,
    at_once: &mut usize,
) -> Result<bool> {
    let base = match session.checked_at_hand(doc)? {
        Some(state) => state,
        None => CheckedBytes::check(NOTHING.into(), roots).map_err(|fault| {
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
            // What comes after it was judged by a document that has it.
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
    // What did not move is what was checked above.
    // The last rule of the gate: what yrs makes of all that was applied can be stored, and be the
    // base of the next import.
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

fn invalid(doc: &DocId, received: &Received<'_>, fault: &Fault) -> Error {
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

/// What yrs would spend on it is without bound, or next to it; or what yrs makes of it cannot be
/// stored.
fn too_much(doc: &DocId, received: &Received<'_>, error: Error) -> Error {
    let message = format!("{doc}, {}: {}", received.source, error.message);
    error.saying(message).hint("nothing was written; ask the sender for another bundle")
}

fn forked(doc: &DocId, received: &Received<'_>, id: Id) -> Error {
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

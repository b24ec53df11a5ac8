//! The gate of one document: which updates reach yrs, in which order, and what waits.
//!
//! Valid, then ready, then fitting, then not forked. The order in which updates come does not
//! matter: whatever can be applied is, until nothing moves.

use super::manifest::{Document, Has, Sender};
use crate::crdt::update::{self, Checked, Clocks, Fault, Id, RootKind, Update, Version};
use crate::error::{Error, Kind, Result};
use crate::id::DocId;
use crate::store::Session;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The state of a document that does not exist.
const NOTHING: [u8; 2] = [0, 0];

/// An update on its way in.
#[derive(Debug, Clone)]
pub struct Piece<'u> {
    pub update: Cow<'u, [u8]>,
    /// Where it comes from, for messages.
    pub source: String,
    /// Who sent it, and what that says; None for a bare update.
    pub claim: Option<Claim>,
    /// Its number in the inbox, when it has waited.
    pub parked: Option<i64>,
}

/// An entry of a manifest, and whose it is: what may be recorded once the update is applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    pub bundle: String,
    pub from: Sender,
    #[serde(rename = "for")]
    pub addressee: Option<String>,
    pub entry: Document,
}

/// What became of a piece.
#[derive(Debug)]
pub enum Fate {
    /// The document holds it now, or did before. With what the update itself held.
    Applied(Has),
    /// Per client, the clock that must be reached first.
    Waits(Clocks),
    /// It waited here, and can never be applied as it is.
    Refused(Error),
}

impl Piece<'_> {
    /// The replica whose log it was in, and how far that log had gone.
    fn origin(&self, ours: &str) -> Option<(&str, i64)> {
        let claim = self.claim.as_ref()?;
        let replica = claim.from.replica.as_deref().filter(|replica| *replica != ours)?;
        Some((replica, claim.entry.log.upto))
    }
}

/// Brings updates into a document, as many as are ready in any order. Returns the fate of each.
///
/// # Errors
/// `Untrusted` for an update that is not valid, `Forked` where two replicas wrote under one
/// client id. An update that waited from an earlier import fails alone instead.
pub fn pass(session: &mut Session, doc: &DocId, pieces: &[Piece<'_>]) -> Result<Vec<Fate>> {
    let roots = (session.ambient().roots)(doc);
    let mut fates: Vec<Option<Fate>> = pieces.iter().map(|_| None).collect();
    let mut open = Vec::with_capacity(pieces.len());
    for (piece, fate) in pieces.iter().zip(&mut fates) {
        match check(&piece.update, roots) {
            Ok(update) => open.push(Open { piece, update, fate }),
            Err(fault) => *fate = Some(refuse(piece, invalid(doc, piece, fault))?),
        }
    }
    let mut again = !open.is_empty();
    while again {
        let bytes = session.bytes(doc)?.unwrap_or_else(|| NOTHING.into());
        let mut round = Round::new(doc, &bytes, roots)?;
        again = round.run(session, doc, &mut open)?;
    }
    drop(open);
    fates.into_iter().map(|fate| fate.ok_or_else(|| Error::bug("an update has no fate"))).collect()
}

/// An update that is not applied yet.
struct Open<'p> {
    piece: &'p Piece<'p>,
    update: Update<'p, Checked>,
    fate: &'p mut Option<Fate>,
}

/// The document that updates are judged by. To encode a large one anew after every small update
/// would be most of the work of an import; so what was admitted since is kept beside it, joined.
struct Round<'b> {
    base: Update<'b, Checked>,
    /// Of the base and of what was admitted.
    version: Version,
    joined: Vec<u8>,
    roots: &'b [(&'b str, RootKind)],
}

enum Verdict {
    Waits(Clocks),
    Invalid(Fault),
    Forked(Id),
    /// The document holds it.
    Known,
    /// It may be applied; with everything that was admitted so far, it is this.
    New(Vec<u8>),
    /// To be judged by the document itself, once it holds what was admitted so far.
    Later,
}

impl<'b> Round<'b> {
    fn new(doc: &DocId, bytes: &'b [u8], roots: &'b [(&'b str, RootKind)]) -> Result<Self> {
        let base = check(bytes, roots).map_err(|fault| {
            Error::corrupt(format!("{doc} does not hold to the format")).because(fault)
        })?;
        let version = base.version();
        Ok(Round { base, version, joined: NOTHING.to_vec(), roots })
    }

    /// Applies what can be applied. Leaves open what waits; true when some of it is to be judged
    /// by another round.
    fn run(
        &mut self,
        session: &mut Session,
        doc: &DocId,
        open: &mut Vec<Open<'_>>,
    ) -> Result<bool> {
        let ours = session.replica_id().to_owned();
        loop {
            let (mut moved, mut later) = (false, false);
            let mut rest = Vec::with_capacity(open.len());
            for Open { piece, update, fate } in open.drain(..) {
                match self.judge(&update) {
                    Verdict::Invalid(fault) => {
                        *fate = Some(refuse(piece, invalid(doc, piece, fault))?);
                    }
                    Verdict::Forked(id) => {
                        session.give_up_client(id.client);
                        *fate = Some(refuse(piece, forked(doc, piece, id))?);
                    }
                    Verdict::Known => *fate = Some(Fate::Applied(Has::from(&update.version()))),
                    Verdict::New(joined) => {
                        // It also refuses writes under our own client id that we never made.
                        session.apply(doc, &update, piece.origin(&ours))?;
                        self.admit(joined, &update.version());
                        *fate = Some(Fate::Applied(Has::from(&update.version())));
                        moved = true;
                    }
                    Verdict::Waits(missing) => {
                        *fate = Some(Fate::Waits(missing));
                        rest.push(Open { piece, update, fate });
                    }
                    Verdict::Later => {
                        later = true;
                        rest.push(Open { piece, update, fate });
                    }
                }
            }
            *open = rest;
            if !moved {
                return Ok(later);
            }
        }
    }

    fn judge(&self, update: &Update<'_, Checked>) -> Verdict {
        let missing = update.missing(&self.version.clocks);
        if !missing.is_empty() {
            return Verdict::Waits(missing);
        }
        if self.joined != NOTHING {
            return self.judge_joined(update).unwrap_or(Verdict::Later);
        }
        match (update.fits(&self.base), update.fork(&self.base)) {
            (Err(fault), _) => Verdict::Invalid(fault),
            (Ok(()), Some(id)) => Verdict::Forked(id),
            (Ok(()), None) if self.holds(&update.version()) => Verdict::Known,
            (Ok(()), None) => Verdict::New(update.bytes().to_vec()),
        }
    }

    /// Judges an update together with what was admitted, as one. Says only what is right with it:
    /// None where anything is not, or where what was admitted outgrew the document.
    fn judge_joined(&self, update: &Update<'_, Checked>) -> Option<Verdict> {
        if self.joined.len() > self.base.bytes().len() {
            return None;
        }
        let admitted = check(&self.joined, self.roots).ok()?;
        if update.fork(&admitted).is_some() {
            return None;
        }
        let joined = update::merge(&[admitted, check(update.bytes(), self.roots).ok()?])?;
        let both = check(&joined, self.roots).ok()?;
        if both.fits(&self.base).is_err() || both.fork(&self.base).is_some() {
            return None;
        }
        Some(match self.holds(&update.version()) {
            true => Verdict::Known,
            false => Verdict::New(joined),
        })
    }

    fn admit(&mut self, joined: Vec<u8>, brought: &Version) {
        self.joined = joined;
        for (client, clock) in &brought.clocks {
            let reached = self.version.clocks.entry(*client).or_default();
            *reached = (*reached).max(*clock);
        }
        self.version.deletes.union(&brought.deletes);
    }

    fn holds(&self, brought: &Version) -> bool {
        let known = |client| self.version.clocks.get(client).copied().unwrap_or(0);
        brought.clocks.iter().all(|(client, clock)| *clock <= known(client))
            && self.version.deletes.covers(&brought.deletes)
    }
}

fn check<'u>(bytes: &'u [u8], roots: &[(&str, RootKind)]) -> Result<Update<'u, Checked>, Fault> {
    Update::walk(bytes)?.check(roots)
}

/// An error ends the import, unless the piece comes from an earlier one: then that piece alone
/// is out, and what was asked for now goes on.
fn refuse(piece: &Piece<'_>, error: Error) -> Result<Fate> {
    match piece.parked {
        Some(_) => Ok(Fate::Refused(error)),
        None => Err(error),
    }
}

fn invalid(doc: &DocId, piece: &Piece<'_>, fault: Fault) -> Error {
    Error::untrusted(format!("the update of {doc} in {} is not valid", piece.source))
        .because(fault)
        .hint("nothing was written; ask the sender for another bundle")
}

fn forked(doc: &DocId, piece: &Piece<'_>, id: Id) -> Error {
    Error::new(
        Kind::Forked,
        format!(
            "replica-fork: two replicas wrote {doc} under client id {}, from clock {} on",
            id.client, id.clock
        ),
    )
    .because(format!("the store and {} differ there; both are kept as they are", piece.source))
    .hint("one of the two is a copy: `crdtctl doc dump` shows ours, `crdtctl sync show` theirs")
}

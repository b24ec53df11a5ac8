//! What comes in, document by document: read and checked once, however often an import is run.

use crate::concern::disk;
use crate::crdt::any_view::AnyView;
use crate::error::{Error, Result};
use crate::id::DocId;
use crate::limits;
use crate::merge;
use crate::store::Session;
use crate::sync::bundle::Bundle;
use crate::sync::gate::{Came, Claim, Disposition, Received};
use crate::sync::park::waiting_for;
use crate::sync::record;
use crate::wire::{self, CheckedBytes};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What is given to an import.
pub enum Input {
    /// A bundle that was read, with what its sender says of itself.
    Bundle {
        /// What it is called in messages: its path, or what it came through.
        name: String,
        /// Its parts have the lengths and hashes that its manifest says; nothing more is checked.
        bundle: Box<Bundle>,
    },
    /// A bare Yrs v1 update of one document.
    Raw {
        /// What it is called in messages: its path, or what it came through.
        name: String,
        /// The document that it is for, which the bytes do not say.
        doc: DocId,
        /// The bytes as they came; nothing of them is checked.
        update: Vec<u8>,
    },
}

impl Input {
    /// What it was called when it was given.
    pub fn name(&self) -> &str {
        let (Input::Bundle { name, .. } | Input::Raw { name, .. }) = self;
        name
    }
}

/// The inputs that must not be taken, by their number.
pub type Refusals = BTreeMap<usize, Error>;

/// What another replica says of a document.
#[derive(Clone)]
pub struct Told {
    pub claim: Rc<Claim>,
    pub source: String,
    pub came: Came,
    /// The update that came with it.
    pub received: Option<usize>,
    /// All that its sender had is here.
    pub held: bool,
}

/// What comes in for one document.
#[derive(Default, Clone)]
pub struct IncomingDocument<'u> {
    pub received: Vec<Rc<Received<'u>>>,
    /// What other replicas say of it.
    pub claims: Vec<Told>,
    pub dispositions: Vec<Disposition>,
    /// The document as it was.
    pub before: Option<AnyView>,
    /// It cannot be read.
    pub damaged: bool,
}

impl<'u> IncomingDocument<'u> {
    /// Adds an update, or what is said of the document without one.
    fn add(&mut self, received: NewUpdate<'u>, session: &Session, doc: &DocId) {
        let NewUpdate { source, claim, update, came } = received;
        let (at, claim) = (update.is_some().then_some(self.received.len()), claim.map(Rc::new));
        // What we said ourselves is no news of anybody.
        if let Some(claim) = &claim
            && claim.from.replica.as_deref() != Some(session.replica_id())
        {
            let (claim, source) = (Rc::clone(claim), source.clone());
            self.claims.push(Told { claim, source, came, received: at, held: false });
        }
        if let Some(update) = update {
            let update = CheckedBytes::check(update, (session.environment().roots)(doc));
            self.received.push(Rc::new(Received { update, source, claim, came }));
        }
    }

    /// Notes which of the updates that were given are refused; true where any is.
    pub fn refuse_into(&self, refused: &mut Refusals) -> bool {
        let mut any = false;
        for (received, disposition) in self.received.iter().zip(&self.dispositions) {
            if let (Came::Given(at), Disposition::Refused(error)) = (received.came, disposition) {
                refused.entry(at).or_insert_with(|| error.clone());
                any = true;
            }
        }
        any
    }

    /// The updates that the document holds now.
    pub fn applied(&self) -> Vec<merge::AppliedUpdate<'_>> {
        let received = self.received.iter().zip(&self.dispositions);
        let applied = received
            .filter(|(_, disposition)| matches!(disposition, Disposition::Applied(_)))
            .filter_map(|(received, _)| Some((received, received.valid()?)));
        applied
            .map(|(received, update)| merge::AppliedUpdate {
                update,
                seen: received.claim.as_ref().map(|claim| &claim.entry.has.state_vector),
                by: received.claim.as_ref().and_then(|claim| claim.from.name()),
                member: received
                    .claim
                    .as_ref()
                    .and_then(|c| Some(c.from.member.as_ref()?.to_string())),
            })
            .collect()
    }
}

/// An update on its way in, not looked at yet; or what is said of a document without one.
struct NewUpdate<'u> {
    source: String,
    claim: Option<Claim>,
    update: Option<Cow<'u, [u8]>>,
    came: Came,
}

/// What was given, read and checked once.
#[derive(Default)]
pub struct GivenUpdates<'u> {
    pub incoming: BTreeMap<DocId, IncomingDocument<'u>>,
    pub notes: Vec<String>,
    pub refused: Refusals,
}

impl<'u> GivenUpdates<'u> {
    pub fn take(&mut self, at: usize, input: &'u Input, session: &Session) -> Result<()> {
        let came = Came::Given(at);
        let mut add = |doc: &DocId, source: &str, claim, update| {
            let incoming = self.incoming.entry(doc.clone()).or_default();
            incoming.add(
                NewUpdate { source: source.to_owned(), claim, update, came },
                session,
                doc,
            );
        };
        match input {
            // What lies behind a gap waits, or comes, by itself.
            Input::Raw { name, doc, update } => match wire::without_gaps(update) {
                Some(parts) => {
                    parts.into_iter().for_each(|part| add(doc, name, None, Some(part.into())));
                }
                None => add(doc, name, None, Some(update.into())),
            },
            Input::Bundle { name, bundle } => {
                let manifest = bundle.manifest();
                let ours = record::is_of_our_member(session, manifest)?;
                let is_ours = |doc: &DocId| ours || !disk::is_private(doc);
                for (entry, update) in bundle.documents().filter(|(of, _)| is_ours(&of.doc)) {
                    let claim = Claim {
                        bundle: manifest.bundle.clone(),
                        from: manifest.from.clone(),
                        addressee: manifest.addressee.clone(),
                        entry: entry.clone(),
                    };
                    add(&entry.doc, name, Some(claim), update.map(Cow::from));
                }
                for _ in bundle.documents().filter(|(of, _)| !is_ours(&of.doc)) {
                    let from = &manifest.from;
                    let what = "left out the private disk of another member";
                    self.notes.push(format!("{name}: {what}, {from}"));
                }
                self.notes.extend(bundle.notes().iter().map(|note| format!("{name}: {note}")));
                if manifest.created_at.saturating_sub(limits::CLOCK_SKEW_SECONDS) > session.now() {
                    self.notes.push(format!("{name}: the sender's clock is ahead of ours"));
                }
            }
        }
        Ok(())
    }

    /// What waited for documents that are touched now.
    pub fn take_parked(&mut self, session: &Session) -> Result<()> {
        for parked in waiting_for(session, self.incoming.keys())? {
            // A bare update has no claim. Nor has one whose claim does not parse: all that is
            // lost is the receipt that would go with it.
            let claim = serde_json::from_str(&parked.manifest).unwrap_or(None);
            let source = format!("bundle {}, which waited", parked.bundle);
            let (update, came) = (Some(parked.update.into()), Came::Waited(parked.id));
            let incoming = self.incoming.entry(parked.doc.clone()).or_default();
            incoming.add(NewUpdate { source, claim, update, came }, session, &parked.doc);
        }
        Ok(())
    }
}

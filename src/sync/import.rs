//! Bundles in: all files at once, in whatever order, in one commit or not at all.

pub use super::account::{DocumentSummary, ImportFinding, Imported, TouchedDocument, Wait};

use super::bundle::Bundle;
use super::gate::{self, Came, Claim, Disposition, Received};
use super::manifest::{Has, Hash};
use super::park::{has_room, to_park};
use super::record;
use super::rows;
use crate::concern::disk;
use crate::crdt::any_view::AnyView;
use crate::error::{Error, Hint, Kind, Next, Result};
use crate::id::DocId;
use crate::limits;
use crate::merge::{self, MergeSummary};
use crate::store::{Audit, Parked, Session};
use crate::tombstone;
use crate::wire::{self, CheckedBytes};
use std::borrow::Cow;
use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

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
        /// The bytes as they came ([`read_update`]); nothing of them is checked.
        update: Vec<u8>,
    },
}

/// Reads a bare update.
///
/// # Errors
/// `Io`; `Untrusted` when it is larger than an update may be.
pub fn read_update(input: impl Read) -> Result<Vec<u8>> {
    let mut update = Vec::new();
    input
        .take(limits::UPDATE_BYTES.saturating_add(1))
        .read_to_end(&mut update)
        .map_err(|e| Error::io("the update cannot be read", e))?;
    if update.len() as u64 > limits::UPDATE_BYTES {
        let limit = limits::UPDATE_BYTES;
        return Err(Error::untrusted(format!("the update has more than {limit} bytes")));
    }
    Ok(update)
}

/// Imports everything in one commit.
///
/// # Errors
/// `Untrusted`, `Forked`, and whatever the store says; nothing is written then. That something
/// waits is no error here: it is in the account. What comes for a document that cannot be read
/// waits, and the rest is imported.
pub fn import(session: Session, inputs: &[Input]) -> Result<Imported> {
    let all: Vec<&Input> = inputs.iter().collect();
    attempt(session, &all)?.map_err(|refused| match refused.into_values().next() {
        Some(error) => error,
        None => Error::bug("an import was refused for nothing"),
    })
}

/// Imports what can be imported of several inputs, in one commit: those that are refused are left
/// out, each whole, and told with their number.
///
/// `open` makes the session: each attempt that finds something to refuse takes one. As a rule
/// that is the first alone, which finds all that can be found at once.
///
/// # Errors
/// Whatever the store says; nothing is written then.
pub fn import_sound(
    open: impl Fn() -> Result<Session>,
    inputs: &[Input],
) -> Result<(Imported, BTreeMap<usize, Error>)> {
    let mut left_out = BTreeMap::new();
    loop {
        let taken = inputs.iter().enumerate().filter(|(at, _)| !left_out.contains_key(at));
        let (numbers, taken): (Vec<usize>, Vec<&Input>) = taken.unzip();
        let refused = match attempt(open()?, &taken)? {
            Ok(imported) => return Ok((imported, left_out)),
            Err(refused) => refused,
        };
        let known = left_out.len();
        left_out.extend(refused.into_iter().filter_map(|(at, e)| Some((*numbers.get(at)?, e))));
        if left_out.len() == known {
            return Err(Error::bug("an import was refused for nothing"));
        }
    }
}

/// The inputs that must not be taken, by their number.
type Refusals = BTreeMap<usize, Error>;

/// Imports everything in one commit, or says which inputs are in the way. Nothing is written then.
fn attempt(mut session: Session, inputs: &[&Input]) -> Result<Result<Imported, Refusals>> {
    look_back(&mut session, inputs)?;
    let mut import = Importer::new(session);
    for (at, input) in inputs.iter().enumerate() {
        if let Input::Bundle { name, bundle } = input
            && let Err(error) = rows::check(bundle)
        {
            let message = format!("{name}: {}", error.message);
            import.refused.insert(at, error.saying(message));
            continue;
        }
        import.take(at, input)?;
    }
    import.take_parked()?;
    import.look()?;
    let docs: Vec<DocId> = import.incoming.keys().cloned().collect();
    for doc in &docs {
        import.pass(doc)?;
    }
    if !import.refused.is_empty() {
        return Ok(Err(import.refused));
    }
    for input in inputs {
        if let Input::Bundle { bundle, .. } = input {
            record::sender(&import.session, bundle.manifest())?;
        }
    }
    let summary = import.resolve()?;
    import.take_rows(inputs)?;
    let waits = import.park()?;
    import.finish(inputs.len(), summary, waits).map(Ok)
}

impl Input {
    /// What it was called when it was given.
    pub fn name(&self) -> &str {
        let (Input::Bundle { name, .. } | Input::Raw { name, .. }) = self;
        name
    }
}

/// Goes on as a new replica where the bundles show that this one went back in time, before it
/// writes anything under a client id or with numbers that others know already.
fn look_back(session: &mut Session, inputs: &[&Input]) -> Result<()> {
    for input in inputs {
        if let Input::Bundle { bundle, .. } = input
            && let Some(reason) = record::beyond(session, bundle.manifest())?
        {
            return session.go_on_as_new(reason);
        }
    }
    Ok(())
}

/// What another replica says of a document.
struct Told {
    claim: Claim,
    source: String,
    came: Came,
    /// The update that came with it.
    received: Option<usize>,
    /// All that its sender had is here.
    held: bool,
}

/// What comes in for one document.
#[derive(Default)]
struct IncomingDocument<'u> {
    received: Vec<Received<'u>>,
    /// What other replicas say of it.
    claims: Vec<Told>,
    dispositions: Vec<Disposition>,
    /// The document as it was.
    before: Option<AnyView>,
    /// It cannot be read.
    damaged: bool,
}

impl IncomingDocument<'_> {
    /// Notes which of the updates that were given are refused; true where any is.
    fn refuse_into(&self, refused: &mut Refusals) -> bool {
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
    fn applied(&self) -> Vec<merge::AppliedUpdate<'_>> {
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

struct Importer<'u> {
    session: Session,
    incoming: BTreeMap<DocId, IncomingDocument<'u>>,
    inbox_changed: bool,
    /// What a dry run could change, as it was.
    touched: Vec<TouchedDocument>,
    findings: Vec<Audit>,
    notes: Vec<String>,
    /// What must not be taken of the inputs: the first reason of each.
    refused: Refusals,
    /// Archived rows that are new here …
    archived: usize,
    /// … and values that lost to others of them.
    lost: usize,
}

impl<'u> Importer<'u> {
    fn new(session: Session) -> Self {
        Importer {
            session,
            incoming: BTreeMap::new(),
            inbox_changed: false,
            touched: Vec::new(),
            findings: Vec::new(),
            notes: Vec::new(),
            refused: Refusals::new(),
            archived: 0,
            lost: 0,
        }
    }

    fn take(&mut self, at: usize, input: &'u Input) -> Result<()> {
        let came = Came::Given(at);
        match input {
            // What lies behind a gap waits, or comes, by itself.
            Input::Raw { name, doc, update } => match wire::without_gaps(update) {
                Some(parts) => parts.into_iter().for_each(|part| {
                    self.add(doc, name.clone(), None, Some(part.into()), came);
                }),
                None => self.add(doc, name.clone(), None, Some(update.into()), came),
            },
            Input::Bundle { name, bundle } => {
                let manifest = bundle.manifest();
                self.notes.extend(bundle.notes().iter().map(|note| format!("{name}: {note}")));
                if manifest.created_at.saturating_sub(limits::CLOCK_SKEW_SECONDS)
                    > self.session.now()
                {
                    self.notes.push(format!("{name}: the sender's clock is ahead of ours"));
                }
                let ours = record::is_of_our_member(&self.session, manifest)?;
                for (entry, update) in bundle.documents() {
                    if disk::is_private(&entry.doc) && !ours {
                        self.notes.push(format!(
                            "{name}: left out the private disk of another member, {}",
                            manifest.from
                        ));
                        continue;
                    }
                    let claim = Claim {
                        bundle: manifest.bundle.clone(),
                        from: manifest.from.clone(),
                        addressee: manifest.addressee.clone(),
                        entry: entry.clone(),
                    };
                    self.add(&entry.doc, name.clone(), Some(claim), update.map(Cow::from), came);
                }
            }
        }
        Ok(())
    }

    /// What waited for documents that are touched now.
    fn take_parked(&mut self) -> Result<()> {
        for parked in self.waiting()? {
            // A bare update has no claim. Nor has one whose claim does not parse: all that is
            // lost is the receipt that would go with it.
            let claim = serde_json::from_str(&parked.manifest).unwrap_or(None);
            let source = format!("bundle {}, which waited", parked.bundle);
            self.add(
                &parked.doc,
                source,
                claim,
                Some(parked.update.into()),
                Came::Waited(parked.id),
            );
        }
        Ok(())
    }

    /// What the inbox holds for the documents that are touched now.
    fn waiting(&self) -> Result<Vec<Parked>> {
        let mut waiting = Vec::new();
        for doc in self.incoming.keys() {
            waiting.extend(self.session.state().parked_for(doc)?);
        }
        Ok(waiting)
    }

    fn add(
        &mut self,
        doc: &DocId,
        source: String,
        claim: Option<Claim>,
        update: Option<Cow<'u, [u8]>>,
        came: Came,
    ) {
        let incoming = self.incoming.entry(doc.clone()).or_default();
        let at = update.is_some().then_some(incoming.received.len());
        // What we said ourselves is no news of anybody.
        if let Some(claim) = &claim
            && claim.from.replica.as_deref() != Some(self.session.replica_id())
        {
            let (claim, source) = (claim.clone(), source.clone());
            incoming.claims.push(Told { claim, source, came, received: at, held: false });
        }
        if let Some(update) = update {
            let update = CheckedBytes::check(update, (self.session.environment().roots)(doc));
            incoming.received.push(Received { update, source, claim, came });
        }
    }

    /// In a dry run: everything as it is, the documents included in which news of the members can
    /// free tombstones.
    fn look(&mut self) -> Result<()> {
        if !self.session.dry_run() {
            return Ok(());
        }
        let of_entity = |doc: &DocId| doc.entity().map(|entity| tombstone::documents(&entity));
        let related = self.incoming.keys().filter_map(of_entity).flatten();
        let docs: BTreeSet<DocId> = self.incoming.keys().cloned().chain(related).collect();
        for doc in docs {
            match self.session.any_view(&doc) {
                Ok(before) => self.touched.push(TouchedDocument { doc, before, after: None }),
                Err(e) => self.session.leave_out(e)?,
            }
        }
        Ok(())
    }

    /// One document through the gate; a look whether we and the senders then agree; and a note
    /// of how far their logs are applied here. Where something that was given is refused, that is
    /// all that comes of it.
    fn pass(&mut self, doc: &DocId) -> Result<()> {
        let Some(incoming) = self.incoming.get_mut(doc) else { return Ok(()) };
        incoming.before = match self.session.any_view(doc) {
            Ok(before) => before,
            Err(e) => {
                self.session.leave_out(e)?;
                incoming.damaged = true;
                incoming.dispositions = gate::hold(doc, &incoming.received);
                incoming.refuse_into(&mut self.refused);
                return Ok(());
            }
        };
        incoming.dispositions = gate::admit(&mut self.session, doc, &incoming.received)?;
        if incoming.refuse_into(&mut self.refused) {
            return Ok(());
        }
        let Some(view) = self.session.any_view(doc)? else { return Ok(()) };
        let has = Has::from(view.version());
        let digest = LazyCell::new(|| Hash(view.digest()));
        let differs = |theirs| theirs != *digest;
        for told in incoming.claims.iter().filter(|told| told.claim.entry.has == has) {
            match told.came {
                _ if !told.claim.entry.digest.is_some_and(differs) => {}
                Came::Waited(_) => return Err(diverged(doc, told)),
                Came::Given(at) => {
                    self.refused.entry(at).or_insert_with(|| diverged(doc, told));
                }
            }
        }
        let claims = incoming.claims.iter();
        let claims = claims
            .map(|told| (&told.claim, told.received.and_then(|at| incoming.dispositions.get(at))));
        let held = record::applied(&self.session, doc, &has, claims.collect())?;
        for (at, told) in incoming.claims.iter_mut().enumerate() {
            told.held = held.contains(&at);
        }
        Ok(())
    }

    /// Archived rows, of documents of which all is here that their senders had. Others come again
    /// with the next bundle, since no receipt says that they are here.
    fn take_rows(&mut self, inputs: &[&Input]) -> Result<()> {
        for (at, input) in inputs.iter().enumerate() {
            let Input::Bundle { name, bundle } = input else { continue };
            if bundle.manifest().from.replica.as_deref() == Some(self.session.replica_id()) {
                continue;
            }
            for (entry, part) in bundle.archives() {
                let Some(part) = part else { continue };
                let incoming = self.incoming.get(&entry.doc);
                let held = incoming.is_some_and(|incoming| {
                    let given = |told: &&Told| matches!(told.came, Came::Given(n) if n == at);
                    incoming.claims.iter().filter(given).any(|told| told.held)
                });
                if !held {
                    self.notes.push(format!(
                        "{name}: archived rows of {} are not taken before what is missing of it is \
                         here; they come with the next bundle",
                        entry.doc
                    ));
                    continue;
                }
                let kept = rows::take(&mut self.session, entry, part)?;
                self.archived = self.archived.saturating_add(kept.added);
                self.lost = self.lost.saturating_add(kept.conflicts);
            }
        }
        Ok(())
    }

    /// The rules of a merge, for every document that others sent or spoke of.
    fn resolve(&mut self) -> Result<Vec<DocumentSummary>> {
        let changed = self.session.changed();
        let mut imported = Vec::new();
        for (doc, incoming) in self.incoming.iter().filter(|(_, incoming)| !incoming.damaged) {
            let foreign = !incoming.claims.is_empty() || changed.contains(doc);
            if foreign && self.session.any_view(doc)?.is_some() {
                let (before, parts) = (incoming.before.clone(), incoming.applied());
                imported.push(merge::Incoming { doc: doc.clone(), before, parts });
            }
        }
        let summary = merge::resolve(&mut self.session, &imported)?;
        self.findings = summary.audits;
        self.session.state().trim_conflicts(self.session.now())?;
        let changed = self.session.changed();
        let mut accounts: Vec<DocumentSummary> = summary
            .documents
            .into_iter()
            .filter(|(doc, summary)| *summary != MergeSummary::default() || changed.contains(doc))
            .map(|(doc, summary)| DocumentSummary { doc, summary })
            .collect();
        accounts.sort_by(|a, b| a.doc.cmp(&b.doc));
        Ok(accounts)
    }

    /// The inbox after this import: what waits now is in it, once; what was applied is not.
    fn park(&mut self) -> Result<Vec<Wait>> {
        let waiting = self.waiting()?;
        let mut parked: BTreeSet<(DocId, [u8; 32])> =
            waiting.iter().map(|old| (old.doc.clone(), Hash::of(&old.update).0)).collect();
        let mut waits: BTreeMap<(DocId, [u8; 32]), Wait> = BTreeMap::new();
        for (doc, incoming) in &self.incoming {
            for (received, disposition) in incoming.received.iter().zip(&incoming.dispositions) {
                match (disposition, received.came) {
                    (Disposition::Waits(need), Came::Given(_)) => {
                        let bytes = received.bytes().map_or(&[][..], |bytes| bytes);
                        let key = (doc.clone(), Hash::of(bytes).0);
                        if parked.insert(key.clone()) {
                            let parked = to_park(&self.session, doc, received, need)?;
                            self.session.state().park(&parked)?;
                            self.inbox_changed = true;
                        }
                        waits.entry(key).or_insert_with(|| Wait::new(doc, received, need));
                    }
                    (Disposition::Applied(_), Came::Waited(id)) => {
                        self.session.state().unpark(id)?;
                        self.inbox_changed = true;
                    }
                    (Disposition::Refused(error), Came::Waited(id)) => {
                        self.notes.push(format!("{error}: {}", error.causes().join(": ")));
                        // A fork is evidence and stays. What is not valid never will be.
                        if error.kind != Kind::Forked {
                            self.session.state().unpark(id)?;
                            self.inbox_changed = true;
                        }
                    }
                    _ => {}
                }
            }
        }
        if !waits.is_empty() {
            has_room(&self.session)?;
        }
        Ok(waits.into_values().collect())
    }

    fn finish(
        mut self,
        bundles: usize,
        documents: Vec<DocumentSummary>,
        waits: Vec<Wait>,
    ) -> Result<Imported> {
        let changed = self.inbox_changed || !self.session.changed().is_empty() || self.archived > 0;
        for touched in &mut self.touched {
            touched.after = self.session.any_view(&touched.doc)?;
        }
        Ok(Imported {
            bundles,
            conflicts: documents
                .iter()
                .map(|account| account.summary.conflicts)
                .fold(self.lost, usize::saturating_add),
            archived_rows: self.archived,
            documents,
            waiting: waits.len(),
            changed,
            waits,
            findings: self.findings.into_iter().map(ImportFinding::from).collect(),
            notes: self.notes,
            touched: self.touched,
            committed: self.session.commit()?,
        })
    }
}

fn diverged(doc: &DocId, told: &Told) -> Error {
    let (source, from) = (&told.source, &told.claim.from);
    Error::new(
        Kind::Forked,
        format!("{source}: divergence: {doc} has the version of {from}, and other content"),
    )
    .because("equal versions with different content mean that two replicas shared a client id")
    .hint(Hint::from("nothing was written; ").next(Next::Dump).and(" shows what is here"))
}

//! Importing bundles: all files at once, in any order, in one commit or not at all.

mod incoming;

pub use super::account::{DocumentSummary, ImportFinding, Imported, TouchedDocument, Wait};
pub use incoming::Input;

use super::gate::{self, Came, Disposition};
use super::manifest::{BundledDocument, Has, Hash};
use super::park::{has_room, to_park, waiting_for};
use super::record;
use super::rows;
use crate::error::{Error, Hint, Kind, Next, Result};
use crate::id::DocId;
use crate::limits;
use crate::merge::{self, MergeSummary};
use crate::store::{Audit, Session};
use crate::tombstone;
use incoming::{GivenUpdates, IncomingDocument, Refusals, Told};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

/// Reads a bare update.
///
/// # Errors
/// `Io`; `Untrusted` if it is larger than an update may be.
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
/// `Untrusted`, `Forked`, and those of the store; nothing is written then. A waiting update is not an error:
/// the account lists it. Updates for a document that cannot be read wait, and the rest is imported.
pub fn import(session: Session, inputs: &[Input]) -> Result<Imported> {
    let all: Vec<&Input> = inputs.iter().collect();
    attempt(session, &all)?.map_err(|refused| match refused.into_values().next() {
        Some(error) => error,
        None => Error::bug("an import was refused without a reason"),
    })
}

/// Imports those of several inputs that are sound, in one commit. Each refused input is left out as a whole
/// and reported by its number.
///
/// `open` makes the session: each attempt that refuses something needs a new one. Usually that is only the
/// first, which finds everything that can be found in one pass.
///
/// # Errors
/// Those of the store; nothing is written then.
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
            return Err(Error::bug("an import was refused without a reason"));
        }
    }
}

/// Imports everything in one commit, or returns the inputs that prevent it. Nothing is written then.
fn attempt(mut session: Session, inputs: &[&Input]) -> Result<Result<Imported, Refusals>> {
    look_back(&mut session, inputs)?;
    let mut given = GivenUpdates::default();
    for (at, input) in inputs.iter().enumerate() {
        if let Input::Bundle { name, bundle } = input
            && let Err(error) = rows::check(bundle)
        {
            let message = format!("{name}: {}", error.message);
            given.refused.insert(at, error.saying(message));
            continue;
        }
        given.take(at, input, &session)?;
    }
    given.take_parked(&session)?;
    given.narrow(&session)?;
    let run = |session: &mut Session| Importer::new(session, &given).run(inputs);
    let run = match session.dry_run() {
        true => run(&mut session),
        false => session.with_indexed_pages(run),
    };
    match run? {
        Ok(draft) => draft.finish(session, inputs.len()).map(Ok),
        Err(refused) => Ok(Err(refused)),
    }
}

/// Continues as a new replica if the bundles show that this one went back in time, before it writes anything
/// with client ids or log numbers that others know already.
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

/// The result of an import that is not committed yet.
struct Draft {
    documents: Vec<DocumentSummary>,
    waits: Vec<Wait>,
    inbox_changed: bool,
    /// What a dry run could change, before the change.
    touched: Vec<TouchedDocument>,
    findings: Vec<Audit>,
    notes: Vec<String>,
    /// The number of archived rows that are new here …
    archived: usize,
    /// … and of values that lost to others in them.
    lost: usize,
}

/// One run of an import, which may have to be repeated.
struct Importer<'s> {
    session: &'s mut Session,
    given: &'s GivenUpdates,
    incoming: BTreeMap<DocId, IncomingDocument>,
    inbox_changed: bool,
    touched: Vec<TouchedDocument>,
    findings: Vec<Audit>,
    notes: Vec<String>,
    /// The inputs that must not be taken, with the first reason for each.
    refused: Refusals,
    archived: usize,
    lost: usize,
}

impl<'s> Importer<'s> {
    fn new(session: &'s mut Session, given: &'s GivenUpdates) -> Self {
        Importer {
            session,
            given,
            incoming: given.incoming(),
            inbox_changed: false,
            touched: Vec::new(),
            findings: Vec::new(),
            notes: given.notes.clone(),
            refused: given.refused.clone(),
            archived: 0,
            lost: 0,
        }
    }

    fn run(mut self, inputs: &[&Input]) -> Result<Result<Draft, Refusals>> {
        self.look()?;
        let docs: Vec<DocId> = self.incoming.keys().cloned().collect();
        for (doc, incoming) in &mut self.incoming {
            // Faults of a document are reported where it is loaded.
            if let Err(e) = incoming.narrow(self.session, doc) {
                self.session.leave_out(e)?;
            }
        }
        self.ask_for(&docs)?;
        for doc in &docs {
            self.pass(doc)?;
        }
        if !self.refused.is_empty() {
            return Ok(Err(self.refused));
        }
        for (doc, incoming) in &mut self.incoming {
            incoming.note_senders(self.session, doc)?;
        }
        for input in inputs {
            if let Input::Bundle { bundle, .. } = input {
                record::sender(self.session, bundle.manifest())?;
            }
        }
        let documents = self.resolve()?;
        self.take_rows(inputs)?;
        let waits = self.park()?;
        Ok(Ok(Draft {
            documents,
            waits,
            inbox_changed: self.inbox_changed,
            touched: self.touched,
            findings: self.findings,
            notes: self.notes,
            archived: self.archived,
            lost: self.lost,
        }))
    }

    /// Requests all that is known to be needed of documents at once, because each further request costs
    /// another run.
    fn ask_for(&mut self, docs: &[DocId]) -> Result<()> {
        for doc in docs {
            let received = self.incoming.get(doc).map(|incoming| incoming.received.as_slice());
            let mut updates = received.into_iter().flatten().filter_map(|update| update.valid());
            let asked = updates.try_for_each(|update| self.session.ask_for_touched(doc, &update));
            if let Err(e) = asked.and_then(|()| merge::ask_for_members(self.session, doc)) {
                self.session.leave_out(e)?;
            }
        }
        self.has_what_it_asked_for()?;
        for doc in docs {
            if let Err(e) = tombstone::ask_for_unswept(self.session, doc) {
                self.session.leave_out(e)?;
            }
        }
        self.has_what_it_asked_for()
    }

    fn has_what_it_asked_for(&self) -> Result<()> {
        match self.session.asks_for_more() {
            true => Err(Error::bug("an import should have been run again, and was not")),
            false => Ok(()),
        }
    }

    /// In a dry run: records everything before the change, including the documents in which the members' news
    /// can free tombstones.
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

    /// Takes one document through the gate, checks whether we and the senders then agree, and notes how far
    /// their logs are applied here. If a given update is refused, only the refusal remains.
    fn pass(&mut self, doc: &DocId) -> Result<()> {
        let Some(incoming) = self.incoming.get_mut(doc) else { return Ok(()) };
        incoming.before = match self.session.any_at_hand(doc) {
            Ok(before) => before,
            Err(e) => {
                self.session.leave_out(e)?;
                incoming.damaged = true;
                incoming.dispositions = gate::hold(doc, &incoming.received);
                incoming.refuse_into(&mut self.refused);
                return Ok(());
            }
        };
        let admitted = gate::admit(self.session, doc, &incoming.received);
        if incoming.is_narrow && !admitted.as_ref().is_ok_and(|all| all.iter().all(is_applied)) {
            // All that is wrong is to be reported.
            self.given.widen(doc);
            return self.session.ask_for_all(doc);
        }
        incoming.dispositions = admitted?;
        if incoming.refuse_into(&mut self.refused) {
            return Ok(());
        }
        let Some(version) = self.session.version(doc)? else { return Ok(()) };
        let has = Has::from(&version);
        for told in incoming.claims.iter().filter(|told| told.claim.entry.has == has) {
            match told.came {
                _ if agrees(self.session, doc, &told.claim.entry)? => {}
                Came::Waited(_) => return Err(diverged(doc, told)),
                Came::Given(at) => {
                    self.refused.entry(at).or_insert_with(|| diverged(doc, told));
                }
            }
        }
        let claims = incoming.claims.iter();
        let claims = claims
            .map(|told| (&*told.claim, told.received.and_then(|at| incoming.dispositions.get(at))));
        let held = record::applied(self.session, doc, &has, claims.collect())?;
        for (at, told) in incoming.claims.iter_mut().enumerate() {
            told.held = held.contains(&at);
        }
        Ok(())
    }

    /// Takes archived rows, only of documents for which everything that the sender had is here. Others come
    /// again with the next bundle, since no receipt says that they are here. A bundle of our own has what was
    /// here, and the archive may have been lost since.
    fn take_rows(&mut self, inputs: &[&Input]) -> Result<()> {
        for (at, input) in inputs.iter().enumerate() {
            let Input::Bundle { name, bundle } = input else { continue };
            let is_own =
                bundle.manifest().from.replica.as_deref() == Some(self.session.replica_id());
            for (entry, part) in bundle.archives() {
                let Some(part) = part else { continue };
                let incoming = self.incoming.get(&entry.doc);
                let held = incoming.is_some_and(|incoming| {
                    let given = |told: &&Told| matches!(told.came, Came::Given(n) if n == at);
                    (is_own && !incoming.damaged)
                        || incoming.claims.iter().filter(given).any(|told| told.held)
                });
                if !held {
                    self.notes.push(format!(
                        "{name}: archived rows of {} are not taken until the updates it lacks \
                         are here; they come with the next bundle",
                        entry.doc
                    ));
                    continue;
                }
                let kept = rows::take(self.session, entry, part)?;
                self.archived = self.archived.saturating_add(kept.added);
                self.lost = self.lost.saturating_add(kept.conflicts);
            }
        }
        Ok(())
    }

    /// Applies the rules of a merge to every document that others sent or mentioned.
    fn resolve(&mut self) -> Result<Vec<DocumentSummary>> {
        let changed = self.session.changed();
        let mut imported = Vec::new();
        for (doc, incoming) in self.incoming.iter().filter(|(_, incoming)| !incoming.damaged) {
            let foreign = !incoming.claims.is_empty() || changed.contains(doc);
            if foreign && self.session.any_at_hand(doc)?.is_some() {
                let (before, parts) = (incoming.before.clone(), incoming.applied());
                let pruned = incoming.claims.iter().flat_map(|told| &told.claim.entry.pruned);
                let (doc, pruned) = (doc.clone(), pruned.cloned().collect());
                imported.push(merge::Incoming { doc, before, parts, pruned });
            }
        }
        let summary = merge::resolve(self.session, &imported)?;
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

    /// Updates the inbox: what waits now is in it, once; what was applied is not.
    fn park(&mut self) -> Result<Vec<Wait>> {
        let waiting = waiting_for(self.session, self.incoming.keys())?;
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
                            let parked = to_park(self.session, doc, received, need)?;
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
            has_room(self.session)?;
        }
        Ok(waits.into_values().collect())
    }
}

impl Draft {
    fn finish(mut self, mut session: Session, bundles: usize) -> Result<Imported> {
        let changed = self.inbox_changed || !session.changed().is_empty() || self.archived > 0;
        for touched in &mut self.touched {
            touched.after = session.any_view(&touched.doc)?;
        }
        let conflicts = self.documents.iter().map(|account| account.summary.conflicts);
        Ok(Imported {
            bundles,
            conflicts: conflicts.fold(self.lost, usize::saturating_add),
            archived_rows: self.archived,
            documents: self.documents,
            waiting: self.waits.len(),
            changed,
            waits: self.waits,
            findings: self.findings.into_iter().map(ImportFinding::from).collect(),
            notes: self.notes,
            touched: self.touched,
            committed: session.commit()?,
        })
    }
}

fn is_applied(disposition: &Disposition) -> bool {
    matches!(disposition, Disposition::Applied(_))
}

/// Returns whether a document has the content that a sender with the same version states, as far as it states
/// any.
fn agrees(session: &mut Session, doc: &DocId, theirs: &BundledDocument) -> Result<bool> {
    if let Some(sum) = theirs.sum
        && let Some(ours) = session.content_sum(doc)?
    {
        return Ok(Hash(ours.to_bytes()) == sum);
    }
    if theirs.digest.is_none() && theirs.sum.is_none() {
        return Ok(true);
    }
    let Some(shown) = session.any_view(doc)? else { return Ok(true) };
    let digest = theirs.digest.is_none_or(|digest| digest == Hash(shown.digest()));
    let ours = shown.view().map(|view| Hash(view.sum().to_bytes()));
    Ok(digest && theirs.sum.is_none_or(|theirs| ours.is_none_or(|ours| ours == theirs)))
}

fn diverged(doc: &DocId, told: &Told) -> Error {
    let (source, from) = (&told.source, &told.claim.from);
    Error::new(
        Kind::Forked,
        format!("{source}: divergence: {doc} has the version of {from}, but different content"),
    )
    .because("equal versions with different content mean that two replicas shared a client id")
    .hint(Hint::from("nothing was written; ").next(Next::Dump).and(" shows what is here"))
}

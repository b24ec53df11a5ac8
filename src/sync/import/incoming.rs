//! Incoming data by document: read and checked once, however often an import is run.

use crate::concern::{self, disk};
use crate::crdt::any_view::AnyView;
use crate::crdt::window::PageSource;
use crate::error::{Error, Result};
use crate::gate::Expected;
use crate::id::DocId;
use crate::limits;
use crate::merge;
use crate::schema::FieldKind;
use crate::store::{IndexedDocument, Session};
use crate::sync::bundle::Bundle;
use crate::sync::gate::{Came, Claim, Disposition, Received};
use crate::sync::manifest::{Applied, Has};
use crate::sync::park::waiting_for;
use crate::sync::peer::applied_by;
use crate::sync::record;
use crate::wire::{self, Checked, CheckedBytes, DeleteSet, PageSet, SharedBytes, Update, Version};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// For smaller updates, reading the document costs more than fetching the parts they touch.
const NARROWED_BYTES: usize = if cfg!(debug_assertions) { 1 << 10 } else { 1 << 16 };

/// An input of an import.
pub enum Input {
    /// A bundle that was read, with what its sender states about itself.
    Bundle {
        /// Its name in messages: its path, or what it came through.
        name: String,
        /// The bundle; its parts have the lengths and hashes of its manifest, nothing more is checked.
        bundle: Box<Bundle>,
    },
    /// A bare Yrs v1 update of one document.
    Raw {
        /// Its name in messages: its path, or what it came through.
        name: String,
        /// The document it is for, which the bytes do not say.
        doc: DocId,
        /// The unchecked bytes as they came.
        update: Vec<u8>,
    },
}

impl Input {
    /// Returns the name under which it was given.
    pub fn name(&self) -> &str {
        let (Input::Bundle { name, .. } | Input::Raw { name, .. }) = self;
        name
    }
}

/// The inputs that must not be taken, by number.
pub type Refusals = BTreeMap<usize, Error>;

/// What another replica states about a document.
#[derive(Clone)]
pub struct Told {
    pub claim: Rc<Claim>,
    pub source: String,
    pub came: Came,
    /// The update that came with it.
    pub received: Option<usize>,
    /// Everything that its sender had is here.
    pub held: bool,
}

/// The incoming data for one document.
#[derive(Default, Clone)]
pub struct IncomingDocument {
    pub received: Vec<Rc<Received>>,
    /// What other replicas state about it.
    pub claims: Vec<Told>,
    pub dispositions: Vec<Disposition>,
    /// The document before the import.
    pub before: Option<AnyView>,
    /// How far its senders were known to have applied the logs of others before the import.
    pub known: BTreeMap<String, Applied>,
    /// Whether the document cannot be read.
    pub damaged: bool,
    /// Only the parts of the updates that the document lacks, if those are as good as the whole.
    narrow: Option<Rc<NarrowUpdates>>,
    /// Whether only those parts are looked at.
    pub is_narrow: bool,
}

/// The parts of updates that a document lacks, where it has the rest in the same form.
struct NarrowUpdates {
    /// One for each of the updates.
    lacking: Vec<Rc<Received>>,
    /// The stored version of the document they were compared with.
    stored_as: [u8; 32],
}

impl IncomingDocument {
    /// Adds an update, or a statement about the document without one.
    fn add(&mut self, received: NewUpdate, session: &Session, doc: &DocId) {
        let NewUpdate { source, claim, update, came } = received;
        let (at, claim) = (update.is_some().then_some(self.received.len()), claim.map(Rc::new));
        // Our own statements are no news.
        if let Some(claim) = &claim
            && claim.from.replica.as_deref() != Some(session.replica_id())
        {
            let (claim, source) = (Rc::clone(claim), source.clone());
            self.claims.push(Told { claim, source, came, received: at, held: false });
        }
        if let Some(update) = update {
            let update = CheckedBytes::check(update, (session.environment().roots)(doc));
            self.received.push(Rc::new(Received { update, source, claim, came, held: None }));
        }
    }

    /// Restricts the updates to what the document lacks, if it still is the document they were compared with.
    ///
    /// # Errors
    /// Those of loading it.
    pub fn narrow(&mut self, session: &mut Session, doc: &DocId) -> Result<()> {
        if let Some(narrow) = self.narrow.take()
            && session.is_indexed(doc, &narrow.stored_as)?
        {
            self.received.clone_from(&narrow.lacking);
            self.is_narrow = true;
        }
        Ok(())
    }

    /// Returns what the document lacks of each update, if the update was compared with all of the document
    /// and agrees with the rest, nobody else wrote to the records concerned, and nothing else must be found
    /// out from the whole. `None` in any doubt.
    fn lacking(&self, doc: &DocId, session: &Session) -> Result<Option<NarrowUpdates>> {
        let is_large = |received: &Rc<Received>| {
            received.bytes().is_some_and(|bytes| bytes.len() >= NARROWED_BYTES)
        };
        if !self.received.iter().any(is_large) {
            return Ok(None);
        }
        let sides: Option<Vec<WholeState<'_>>> =
            self.received.iter().map(|received| WholeState::of(received)).collect();
        let Some(sides) = sides else { return Ok(None) };
        // Which writer wrote what of a shared text shows only in whole states.
        if concern::of(doc).is_none() || has(doc, FieldKind::SharedText) {
            return Ok(None);
        }
        let Some(IndexedDocument { whole, pages, stored_as }) = session.indexed(doc)? else {
            return Ok(None);
        };
        let roots = (session.environment().roots)(doc);
        let (whole, mut taken) = (whole.update(), PageSet::new());
        let lacking =
            sides.iter().map(|side| side.lacking(&whole, pages.source(), roots, &mut taken));
        let lacking: Option<Vec<Rc<Received>>> = lacking.collect();
        Ok(lacking.map(|lacking| NarrowUpdates { lacking, stored_as }))
    }

    /// Notes which of the given updates are refused; returns true if any is.
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

    /// Notes what is known of its senders, before their bundles tell more. Only changes of reactions are compared
    /// with that.
    ///
    /// # Errors
    /// Those of the local state.
    pub fn note_senders(&mut self, session: &Session, doc: &DocId) -> Result<()> {
        self.known.clear();
        if !has(doc, FieldKind::Reactions) {
            return Ok(());
        }
        for received in &self.received {
            if let Some(replica) = received.claim.as_ref().and_then(|c| c.from.replica.as_ref()) {
                let applied = applied_by(session.state(), replica, doc)?;
                self.known.insert(replica.clone(), applied);
            }
        }
        Ok(())
    }

    /// Returns the updates that the document holds now.
    pub fn applied(&self) -> Vec<merge::AppliedUpdate<'_>> {
        let sender = |received: &Received| {
            let replica = received.claim.as_ref()?.from.replica.clone()?;
            // What waited has told long ago what its sender has.
            let known =
                self.known.get(&replica).filter(|_| matches!(received.came, Came::Given(_)));
            Some(merge::KnownSender { applied: known.cloned().unwrap_or_default(), replica })
        };
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
                sender: sender(received),
            })
            .collect()
    }
}

/// Whether records of a document have a field of a kind.
fn has(doc: &DocId, kind: FieldKind) -> bool {
    concern::of(doc).is_some_and(|spec| spec.collections.iter().any(|of| of.has(kind)))
}

/// Everything that its sender had of a document.
struct WholeState<'r> {
    received: &'r Received,
    update: Update<'r, Checked>,
    version: Version,
    has: Has,
}

impl<'r> WholeState<'r> {
    fn of(received: &'r Received) -> Option<WholeState<'r>> {
        let (update, claim) = (received.valid()?, received.claim.as_ref()?);
        // The last write of a lone writer has the version of the whole document, too.
        let is_whole = update.needs().is_empty();
        if !is_whole || update.beyond().is_some() || update.has_other_roots() {
            return None;
        }
        let version = update.version();
        let has = Has::from(&version);
        (claim.entry.has == has).then_some(WholeState { received, update, version, has })
    }

    /// Returns what a document lacks of it. `taken` are the pages for which others bring news.
    fn lacking(
        &self,
        whole: &Update<'_, Checked>,
        pages: &dyn PageSource,
        roots: Expected<'_>,
        taken: &mut PageSet,
    ) -> Option<Rc<Received>> {
        let ours = whole.version();
        let deletes = DeleteSet::union_of([&ours.deletes, &self.version.deletes].into_iter());
        let plain = whole.beyond().is_none() && !whole.has_other_roots();
        let follows = plain && self.update.missing(&ours.clocks).is_empty();
        if !follows
            || self.update.contradicts(whole).is_some()
            || self.update.collected_alive(whole, &deletes).is_some()
        {
            return None;
        }
        let news = CheckedBytes::check(SharedBytes::from(self.update.since(&ours)), roots).ok()?;
        if comes_into_what_is_gone(&news.update(), whole) {
            return None;
        }
        let beyond = CheckedBytes::check(whole.since(&self.version), roots).ok()?;
        let (theirs, ours) = (pages.touched(&news.update())?, pages.held(&beyond.update())?);
        if !theirs.is_disjoint(&ours) || !theirs.is_disjoint(taken) {
            return None;
        }
        taken.extend(theirs);
        let (source, claim) = (self.received.source.clone(), self.received.claim.clone());
        let (came, held) = (self.received.came, Some(self.has.clone()));
        Some(Rc::new(Received { update: Ok(news), source, claim, came, held }))
    }
}

/// Returns whether any of the news is inside or next to something that is gone here; only the sender's whole
/// state tells what that was. A removed record is deleted, and everything it held is garbage-collected.
fn comes_into_what_is_gone(news: &Update<'_, Checked>, whole: &Update<'_, Checked>) -> bool {
    news.clients().flat_map(|(_, blocks)| blocks).any(|block| {
        let header = news.header(block);
        header.container().is_some_and(|id| whole.is_gone(id))
            || header.references().any(|id| whole.is_in_what_is_gone(id))
    })
}

/// An incoming update, not examined yet; or a statement about a document without one.
struct NewUpdate {
    source: String,
    claim: Option<Claim>,
    update: Option<SharedBytes>,
    came: Came,
}

/// The given inputs, read and checked once.
#[derive(Default)]
pub struct GivenUpdates {
    pub incoming: BTreeMap<DocId, IncomingDocument>,
    pub notes: Vec<String>,
    pub refused: Refusals,
    /// Documents for which the lacking parts were not enough.
    wide: RefCell<BTreeSet<DocId>>,
}

impl GivenUpdates {
    pub fn take(&mut self, at: usize, input: &Input, session: &Session) -> Result<()> {
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
            // Operations behind a gap wait, or are applied, by themselves.
            Input::Raw { name, doc, update } => match wire::without_gaps(update) {
                Some(parts) => {
                    parts.into_iter().for_each(|part| add(doc, name, None, Some(part.into())));
                }
                None => add(doc, name, None, Some(update.clone().into())),
            },
            Input::Bundle { name, bundle } => {
                let manifest = bundle.manifest();
                let ours = record::is_of_our_member(session, manifest)?;
                let is_ours = |doc: &DocId| ours || !disk::is_private(doc);
                for entry in manifest.documents.iter().filter(|of| is_ours(&of.doc)) {
                    let claim = Claim {
                        bundle: manifest.bundle.clone(),
                        from: manifest.from.clone(),
                        addressee: manifest.addressee.clone(),
                        entry: entry.clone(),
                    };
                    add(&entry.doc, name, Some(claim), bundle.update_of(entry).cloned());
                }
                for _ in manifest.documents.iter().filter(|of| !is_ours(&of.doc)) {
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

    /// Finds the parts of large updates that the documents lack: most of a full export is here already.
    ///
    /// # Errors
    /// Those of the store.
    pub fn narrow(&mut self, session: &Session) -> Result<()> {
        if session.dry_run() {
            return Ok(());
        }
        for (doc, incoming) in &mut self.incoming {
            incoming.narrow = incoming.lacking(doc, session)?.map(Rc::new);
        }
        Ok(())
    }

    /// Makes the updates for a document be examined as a whole from here on.
    pub fn widen(&self, doc: &DocId) {
        self.wide.borrow_mut().insert(doc.clone());
    }

    /// Returns the incoming data, for another run of the import.
    pub fn incoming(&self) -> BTreeMap<DocId, IncomingDocument> {
        let mut incoming = self.incoming.clone();
        for doc in &*self.wide.borrow() {
            if let Some(of) = incoming.get_mut(doc) {
                of.narrow = None;
            }
        }
        incoming
    }

    /// Takes the updates that waited for documents touched now.
    pub fn take_parked(&mut self, session: &Session) -> Result<()> {
        for parked in waiting_for(session, self.incoming.keys())? {
            // A bare update has no claim, nor has one whose claim does not parse: only its receipt is lost.
            let claim = serde_json::from_str(&parked.manifest).unwrap_or(None);
            let source = format!("bundle {}, which waited", parked.bundle);
            let (update, came) = (Some(parked.update.into()), Came::Waited(parked.id));
            let incoming = self.incoming.entry(parked.doc.clone()).or_default();
            incoming.add(NewUpdate { source, claim, update, came }, session, &parked.doc);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::concern::Role;
    use crate::sync::tests::Replica;

    const GROUP: &str = "group:one-two-three-four";

    /// How many bytes are examined of one replica's export of a chat, and how many it has.
    fn looked_at(from: &Replica, to: &Replica) -> (Option<usize>, usize) {
        let input = Input::Bundle { name: "all".to_owned(), bundle: Box::new(from.full()) };
        let (session, mut given) = (to.session(), GivenUpdates::default());
        given.take(0, &input, &session).unwrap();
        given.narrow(&session).unwrap();
        let chat = &given.incoming[&DocId::parse(&format!("{GROUP}:chat")).unwrap()];
        let bytes = |received: &Rc<Received>| received.bytes().unwrap().len();
        let narrow = chat.narrow.as_ref().map(|narrow| bytes(&narrow.lacking[0]));
        (narrow, bytes(&chat.received[0]))
    }

    #[test]
    fn of_everything_no_more_is_looked_at_than_what_is_lacking() {
        let (a, b) = (Replica::new("alice-river-stone-sky"), Replica::new("bob-hill-lake-tree"));
        let at_a = a.store.entity(GROUP).unwrap();
        at_a.create("Friends").unwrap();
        at_a.members().add("bob-hill-lake-tree", Role::Member).unwrap();
        let first = at_a.chat().send("first").unwrap();
        for n in 0..20 {
            at_a.chat().send(&format!("{n} {}", "words ".repeat(200))).unwrap();
        }
        for _ in 0..2 {
            b.import(&[&a.full()]);
            a.import(&[&b.full()]);
        }
        let at_b = b.store.entity(GROUP).unwrap();
        let (narrow, whole) = looked_at(&a, &b);
        assert!(narrow.is_some_and(|narrow| narrow < 20) && whole > 20_000, "{narrow:?} {whole}");
        // Both continue, each with records of its own.
        at_a.chat().send("more").unwrap();
        at_b.chat().send("more").unwrap();
        at_a.chat().edit(&first.id, "edited").unwrap();
        let (narrow, _) = looked_at(&a, &b);
        assert!(narrow.is_some_and(|narrow| narrow < 2_000), "{narrow:?}");
        // A record to which both wrote requires the whole.
        at_b.chat().react(&first.id, "👍").unwrap();
        assert_eq!(looked_at(&a, &b).0, None);
        b.import(&[&a.full()]);
        a.import(&[&b.full()]);
        assert!(looked_at(&a, &b).0.is_some());
    }
}

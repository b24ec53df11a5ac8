//! A document in a session: as it was loaded, and as the session changed it.

use super::fold::ContentNote;
use super::load::{EMPTY, Loaded, LoadedState, Roots, excluded};
use super::new_state::{EncodedState, NewState};
use super::state::KnownContent;
use crate::crdt::any_view::AnyView;
use crate::crdt::doc::Admitted;
use crate::crdt::effort::Allowance;
use crate::crdt::first_update::FirstUpdate;
use crate::crdt::opened::OpenedDocument;
use crate::crdt::source::Source;
use crate::crdt::types::SharedTypes;
use crate::crdt::view::{ContentSum, View};
use crate::crdt::window::Window;
use crate::error::{Error, Result};
use crate::gate::Expected;
use crate::id::DocId;
use crate::parallel::{self, Underway};
use crate::wire::{
    self, Checked, CheckedBytes, Clocks, Noted, Pages, SharedBytes, Update, Value, Version,
};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

/// Where an update came from: a replica id, and the seq in its log.
pub(super) type Origin = (String, i64);

/// Who made a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WrittenBy {
    /// The command.
    Us,
    /// A peer's update.
    Peer(Origin),
    /// Another program, which wrote the file.
    File,
}

/// A row for the log.
#[derive(Clone)]
pub(super) struct LogPart {
    pub update: SharedBytes,
    pub by: WrittenBy,
}

impl LogPart {
    pub fn origin(&self) -> Option<&Origin> {
        match &self.by {
            WrittenBy::Peer(origin) => Some(origin),
            WrittenBy::Us | WrittenBy::File => None,
        }
    }

    /// Returns whether the command made it or took it in on purpose.
    pub fn is_asked_for(&self) -> bool {
        self.by != WrittenBy::File
    }
}

/// A document in a session.
pub(super) struct OpenDocument {
    pub loaded: Loaded,
    /// Present once the document is opened for changes.
    pub editing: Option<Editing>,
    /// Set if `loaded` has only some of its pages.
    pub window: Option<Rc<Window>>,
    /// Set if the document arrived in this session, as `loaded` has it.
    pub arrived: Option<ArrivedDocument>,
    /// The state as it stands, if it was encoded since the last change.
    state: Option<CheckedBytes<SharedBytes>>,
    view: Option<Rc<View>>,
    /// The pages of the state, if they are being looked for.
    pages: Option<Underway<Option<Arc<Pages>>>>,
    /// The content that a view does not show.
    types: Option<Rc<SharedTypes>>,
    /// The bytes that a limit counted, and the [`OpenDocument::size`] at that time.
    measured: Option<Measured>,
}

/// A document that became what it is by one update: it did not exist, or was replaced by another program.
pub(super) struct ArrivedDocument {
    /// The update.
    pub part: LogPart,
    /// The sum of its content.
    pub sum: ContentSum,
    /// The client id it is written under.
    pub client: u64,
    /// What was said about that; `None` if it comes with a change that may be run again.
    pub stays: Option<Vec<String>>,
}

#[derive(Clone, Copy)]
struct Measured {
    at: u64,
    counted: u64,
}

/// A document open for changes.
pub(super) struct Editing {
    pub doc: OpenedDocument,
    pub client: u64,
    /// One for each of `doc.updates()`.
    pub by: Vec<WrittenBy>,
    /// The bytes of all updates.
    bytes: u64,
}

/// What a session found out about a document as it stands.
#[derive(Clone, Copy)]
pub(super) struct FoundContent {
    /// What its tombstones were swept by.
    pub swept: Option<[u8; 32]>,
    /// Whether it is in the normal form of its concern.
    pub normal: bool,
}

/// A changed document, ready to be committed.
pub(super) struct PendingChange {
    pub doc: DocId,
    pub path: PathBuf,
    pub state: NewState,
    /// What is known of its content.
    pub content: ContentNote,
    /// The rows for the log.
    pub parts: Vec<LogPart>,
    /// Whether the log has all of the document from here on, and did not before.
    pub begins_log: bool,
    pub client: u64,
    /// Our own clock after the change.
    pub clock: u32,
}

impl OpenDocument {
    pub fn new(loaded: Loaded) -> OpenDocument {
        OpenDocument {
            loaded,
            editing: None,
            window: None,
            arrived: None,
            state: None,
            view: None,
            pages: None,
            types: None,
            measured: None,
        }
    }

    /// Returns whether the document exists: on disk, in the log, or made in this session.
    pub fn exists(&self) -> bool {
        self.loaded.file.is_some() || self.loaded.known.is_some() || self.is_changed()
    }

    pub fn is_changed(&self) -> bool {
        self.revision() > 0
    }

    /// Returns how many updates changed it in this session.
    pub fn revision(&self) -> usize {
        let made = self.editing.as_ref().map_or(0, |editing| editing.by.len());
        made.saturating_add(usize::from(self.arrived.is_some()))
    }

    /// Returns the bytes of the state as it was loaded, plus those of the updates since.
    pub fn size(&self) -> u64 {
        let added = self.editing.as_ref().map_or(0, |editing| editing.bytes);
        let loaded = self.loaded.state.len() as u64;
        self.window.as_ref().map_or(loaded, |window| window.source().bytes()).saturating_add(added)
    }

    /// Opens the document for changes unless it is open, and counts it if something is `to_merge`;
    /// `client_for` returns the client id, given the clocks that the document has.
    pub fn open(
        &mut self,
        doc: &DocId,
        roots: Roots,
        to_merge: bool,
        client_for: impl FnOnce(&Clocks) -> Result<u64>,
    ) -> Result<()> {
        if self.editing.is_none() {
            let state = self.checked(doc, roots)?;
            let client = client_for(&state.update().version().clocks)?;
            let known = self.loaded.stored_as.is_some() && !to_merge;
            let opened = OpenedDocument::of(&state, roots(doc), client, known);
            let mut opened = opened.map_err(|e| about(doc, e))?;
            if let Some(opened) = opened.in_yrs_mut() {
                opened.look_through(self.window.clone());
                if opened.has_other_types()
                    && let Ok(view) = self.view(doc, roots)
                {
                    opened.know(view);
                }
            }
            self.editing = Some(Editing { doc: opened, client, by: Vec::new(), bytes: 0 });
        }
        Ok(())
    }

    /// Discards the session's changes to the document and returns them.
    pub fn close(&mut self) -> Option<Editing> {
        (self.state, self.view, self.pages) = (None, None, None);
        (self.types, self.measured) = (None, None);
        self.editing.take()
    }

    /// Counts what an update would cost, before it is applied to the open document.
    pub fn admit<'u>(
        &mut self,
        doc: &DocId,
        roots: Roots,
        update: &Update<'u, Checked>,
        allowance: &mut Allowance,
    ) -> Result<Admitted<'u>> {
        if self.editing.as_ref().is_some_and(|editing| !editing.doc.is_counted()) {
            let state = self.checked(doc, roots)?;
            if let Some(editing) = &mut self.editing {
                editing.doc.count(&state.update()).map_err(|e| about(doc, e))?;
            }
        }
        match &mut self.editing {
            Some(editing) => editing.doc.admit(update, allowance),
            None => Err(Error::bug("a document was merged into before it was opened")),
        }
    }

    /// Makes the file of another program, to which `news` leads, the document's present state; returns whether
    /// it did. It does not if yrs would write that file otherwise, or take long to open it: then it has to be
    /// merged.
    pub fn becomes_theirs(
        &mut self,
        theirs: &CheckedBytes<SharedBytes>,
        news: SharedBytes,
        expected: Expected<'_>,
        client: u64,
        noted: Noted,
    ) -> Result<bool> {
        let nothing = CheckedBytes::check(SharedBytes::from(EMPTY.to_vec()), expected)
            .map_err(|fault| Error::bug("the empty state is not valid").because(fault))?;
        let mut doc = OpenedDocument::of(&nothing, expected, client, false)?;
        let theirs = theirs.update();
        let Ok(Admitted::Whole(all)) = doc.admit(&theirs, &mut Allowance::default()) else {
            return Ok(false);
        };
        let bytes = news.len() as u64;
        doc.becomes(&all, news)?;
        self.close();
        self.editing = Some(Editing { doc, client, by: vec![WrittenBy::File], bytes });
        self.stands_as(all, noted);
        Ok(true)
    }

    /// Keeps what arrived as the document's present state. Its pages are needed later, whatever comes next.
    pub fn stands_as(&mut self, first: FirstUpdate, noted: Noted) {
        let state = first.state.clone();
        let find = move || Pages::of(&state.update(), &noted).map(Arc::new);
        self.pages = Underway::begin(first.state.bytes().len(), find);
        (self.state, self.view) = (Some(first.state), Some(first.view));
    }

    /// Returns the pages of the present state, if it has independent ones.
    pub fn pages(&mut self, state: &Update<'_, Checked>, noted: Noted) -> Option<Arc<Pages>> {
        match self.pages.as_mut().and_then(Underway::get) {
            Some(found) => found.clone(),
            None => Pages::of(state, &noted).map(Arc::new),
        }
    }

    /// Returns the sum of its content as it stands, if it was worked out before.
    pub fn known_sum(&self) -> Option<ContentSum> {
        self.view.as_ref().and_then(|view| view.known_sum())
    }

    /// Changes the open document. After an error, what yrs holds must not be used.
    pub fn change<R>(
        &mut self,
        by: WrittenBy,
        change: impl FnOnce(&mut Editing) -> Result<R>,
    ) -> Result<R> {
        let Some(editing) = &mut self.editing else {
            return Err(Error::bug("a document was changed before it was opened"));
        };
        let before = editing.by.len();
        let result = change(editing)?;
        editing.by.resize(editing.doc.updates().len(), by);
        let new = editing.doc.updates().get(before..).unwrap_or(&[]);
        editing.bytes = new.iter().fold(editing.bytes, |sum, update| sum + update.len() as u64);
        if editing.by.len() > before {
            (self.state, self.view, self.pages, self.types) = (None, None, None, None);
        }
        Ok(result)
    }

    /// Returns the whole state as it stands.
    pub fn state(&mut self) -> Result<SharedBytes> {
        match &self.editing {
            Some(editing) if !editing.by.is_empty() => {
                let state = match self.state.take() {
                    Some(state) => state,
                    None => editing.doc.state()?,
                };
                Ok(self.state.insert(state).bytes().clone())
            }
            _ => Ok(match &self.state {
                Some(state) => state.bytes().clone(),
                None => self.loaded.state.clone(),
            }),
        }
    }

    /// Returns an upper bound of the bytes that a limit counts: an update adds no more than its own length to
    /// what was counted before, and what removed records left stays.
    pub fn counts_at_most(&self) -> u64 {
        let size = self.size();
        self.measured.map_or(size, |m| m.counted.saturating_add(size.saturating_sub(m.at)))
    }

    /// Returns the bytes that a limit counts, without what removed records left. Encodes the state, unless
    /// the document has not changed since the last time.
    pub fn counted(&mut self) -> Result<u64> {
        let size = self.size();
        if let Some(measured) = self.measured.filter(|measured| measured.at == size) {
            return Ok(measured.counted);
        }
        let state = self.state()?;
        let residue = Update::walk(&state).map_or(0, |update| update.residue());
        let counted = (state.len() as u64).saturating_sub(residue);
        self.measured = Some(Measured { at: size, counted });
        Ok(counted)
    }

    /// Returns the state with what was parsed when it was checked.
    pub fn checked(&mut self, doc: &DocId, roots: Roots) -> Result<CheckedBytes<SharedBytes>> {
        let state = match (self.state.take(), &self.editing) {
            (Some(state), _) => state,
            (None, Some(editing)) if !editing.by.is_empty() => editing.doc.state()?,
            (None, _) => {
                let checked = self.loaded.checked(doc, roots)?;
                if self.window.is_some() {
                    // It is compared with what becomes of it.
                    self.loaded.state = LoadedState::Checked(checked.clone());
                }
                checked
            }
        };
        Ok(self.state.insert(state).clone())
    }

    /// Returns the live content as it stands.
    pub fn view(&mut self, doc: &DocId, roots: Roots) -> Result<Rc<View>> {
        if let Some(view) = &self.view {
            return Ok(Rc::clone(view));
        }
        let state = self.checked(doc, roots)?;
        if let Some(fault) = state.update().beyond_all() {
            return Err(excluded(doc.as_str(), fault).damages(doc));
        }
        let view = match self.is_changed() {
            true => View::of(&state.update()),
            false => View::read(&state.update()).map_err(|e| e.damages(doc))?,
        };
        let view = Rc::new(view);
        self.view = Some(Rc::clone(&view));
        if let Some(opened) = self.editing.as_mut().and_then(|editing| editing.doc.in_yrs_mut()) {
            opened.know(Rc::clone(&view));
        }
        Ok(view)
    }

    /// Returns the live content as it stands, whatever it is.
    pub fn any_view(&mut self, doc: &DocId, roots: Roots) -> Result<AnyView> {
        let state = self.checked(doc, roots)?;
        if state.update().beyond().is_none() {
            return self.view(doc, roots).map(AnyView::View);
        }
        let known = match state.update().beyond_all() {
            Some(_) => None,
            None => Some(self.view(doc, roots)?),
        };
        if let Some(types) = &self.types {
            return Ok(AnyView::Types(Rc::clone(types), known));
        }
        let types =
            SharedTypes::read(state.bytes().to_vec()).map_err(|e| match self.is_changed() {
                true => e,
                false => e.damages(doc),
            })?;
        Ok(AnyView::Types(Rc::clone(self.types.insert(Rc::new(types))), known))
    }

    /// Returns the value at a path as it stands, with its type.
    pub fn typed(&mut self, doc: &DocId, roots: Roots, path: &[&str]) -> Result<Option<Value>> {
        if let (Some(editing), None) = (&self.editing, &self.view)
            && let Some(opened) = editing.doc.in_yrs()
            && let Ok(value) = opened.typed(path)
        {
            return Ok(value);
        }
        Ok(self.view(doc, roots)?.value(path))
    }

    /// Adds to a version of what was loaded everything changed since.
    pub fn later(&self, mut version: Version, doc: &DocId, roots: Roots) -> Result<Version> {
        for update in self.editing.iter().flat_map(|editing| editing.doc.updates()) {
            version.unite(own(update, doc, roots)?.version());
        }
        Ok(version)
    }

    /// Returns the sum of its content as it stands, given that of what was loaded; `None` if that is needed
    /// and not known.
    pub fn sum(
        &mut self,
        doc: &DocId,
        roots: Roots,
        loaded: Option<ContentSum>,
    ) -> Result<Option<ContentSum>> {
        if self.window.is_none() {
            return Ok(self.any_view(doc, roots)?.view().map(|view| view.sum()));
        }
        let loaded = loaded.or(self.arrived.as_ref().map(|arrived| arrived.sum));
        match (loaded, self.is_changed()) {
            (Some(loaded), true) => {
                let Some((now_in, before_in)) = self.lists(doc, roots)? else { return Ok(None) };
                let before = self.loaded.checked(doc, roots)?;
                let sum = || self.view(doc, roots).map(|view| view.sum_with(&now_in));
                let bytes = before.bytes().len();
                let (now, before) =
                    parallel::both(bytes, sum, || View::of(&before.update()).sum_with(&before_in));
                Ok(Some(loaded.with(now?, before)))
            }
            (loaded, _) => Ok(loaded),
        }
    }

    /// Returns what is to be committed, encoded and walked; `None` if nothing changed. `known` is what is
    /// known of the content that was loaded, `found` what the session has found out since.
    pub fn finish(
        &mut self,
        doc: &DocId,
        roots: Roots,
        noted: Noted,
        known: &KnownContent,
        found: FoundContent,
    ) -> Result<Option<PendingChange>> {
        if !self.is_changed() {
            return Ok(None);
        }
        let state = match self.spliced(doc, roots)? {
            Some(state) => state,
            None => {
                self.complete(doc, roots)?;
                let pages = self.pages.as_mut().and_then(Underway::get).cloned().flatten();
                NewState::Whole(EncodedState { bytes: self.state()?, pages, noted: Some(noted) })
            }
        };
        // A sum that is not known by pages takes reading everything: only if that was done.
        let sum = match (&state, found.swept) {
            (NewState::Whole(..), None) => None,
            _ => self.sum(doc, roots, known.sum)?,
        };
        debug_assert!(
            OpenDocument::is_sum_right(&state, sum, roots(doc)),
            "{doc}: its sum is wrong"
        );
        let stays = known.swept.filter(|_| matches!(state, NewState::Spliced(_)));
        let content = ContentNote {
            known: KnownContent { swept: found.swept.or(stays), sum, normal: found.normal },
            all_swept: found.swept.is_some(),
        };
        let Some(editing) = &self.editing else { return Ok(None) };
        let whole = self.loaded.unlogged.iter();
        let whole = whole.map(|file| LogPart { update: file.clone(), by: WrittenBy::File });
        let arrived = self.arrived.iter().map(|arrived| arrived.part.clone());
        Ok(Some(PendingChange {
            doc: doc.clone(),
            path: self.loaded.path.clone(),
            state,
            content,
            parts: whole.chain(arrived).chain(editing.parts(doc, roots)?).collect(),
            begins_log: self.loaded.unlogged.is_some(),
            client: editing.client,
            clock: editing.doc.clock_of(editing.client),
        }))
    }
}

impl Editing {
    /// Returns the rows for the log: adjacent updates of our own are merged, imported ones stay separate, so
    /// that an export can leave out what a peer sent.
    fn parts(&self, doc: &DocId, roots: Roots) -> Result<Vec<LogPart>> {
        let updates: Vec<(&SharedBytes, &WrittenBy)> =
            self.doc.updates().iter().zip(&self.by).collect();
        let as_it_is = |(update, by): &(&SharedBytes, &WrittenBy)| LogPart {
            update: (*update).clone(),
            by: (*by).clone(),
        };
        // It was checked when it came.
        if self.doc.is_as_it_arrived() {
            return Ok(updates.iter().map(as_it_is).collect());
        }
        let mut parts = Vec::new();
        for run in updates.chunk_by(|(_, a), (_, b)| **a == WrittenBy::Us && **b == WrittenBy::Us) {
            let checked = run
                .iter()
                .map(|(update, _)| own(update, doc, roots))
                .collect::<Result<Vec<Update<'_, Checked>>>>()?;
            match (checked.len() > 1).then(|| wire::merge(&checked)).flatten() {
                Some(update) => parts.push(LogPart { update: update.into(), by: WrittenBy::Us }),
                None => parts.extend(run.iter().map(as_it_is)),
            }
        }
        Ok(parts)
    }
}

fn about(doc: &DocId, error: Error) -> Error {
    let message = format!("{doc}: {}", error.message);
    error.saying(message)
}

/// Returns the error for an operation that needs all of a document.
pub(super) fn more_is_needed(doc: &DocId) -> Error {
    Error::bug(format!("all of {doc} was asked for, and some of it is not open"))
}

/// Checks bytes that we made ourselves, before they are logged or shown.
pub(super) fn own<'a>(bytes: &'a [u8], doc: &DocId, roots: Roots) -> Result<Update<'a, Checked>> {
    Update::checked(bytes, roots(doc)).map_err(|fault| {
        Error::bug(format!("the update written to {doc} is not valid")).because(fault)
    })
}

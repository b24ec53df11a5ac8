//! Reading a store that others may be writing.

use super::fs::Seen;
use super::incomplete::incomplete;
use super::layout::{DATABASE, Document, Layout, Problem, Scan};
use super::load::{self, Loaded, Roots, ToldBy};
use super::lock::Holder;
use super::machine::Machine;
use super::replica;
use super::state::{Legacy, State};
use crate::crdt::any_view::AnyView;
use crate::crdt::view::{Groundwork, View};
use crate::error::{Error, Kind, Result};
use crate::id::{DocId, MemberId};
use crate::parallel;
use crate::wire::{Checked, Noted, SharedBytes, Update};
use serde::Serialize;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// Read access to a store. Sees committed log rows that are not folded yet.
///
/// Each document is read as it stands at that moment; two documents need not be of the same moment. Clones
/// read through the same connection.
#[derive(Clone)]
pub struct Reader {
    source: Rc<FileSource>,
    roots: Roots,
    noted: Noted,
    lock_wait: Duration,
    left_out: Omitted,
    learns: Option<Rc<Learning>>,
    live_only: bool,
}

/// What a reader needs to record what it finds.
pub(super) struct Learning {
    /// What others are told while it does.
    pub holder: Holder,
    /// The documents whose files were compared with what is known of them.
    pub compared: RefCell<BTreeSet<DocId>>,
}

/// Why something beside the documents was left out while reading: shared by a reader and the code that
/// reports it once all is read.
#[derive(Debug, Clone, Default)]
pub struct Omitted(Rc<RefCell<Option<Error>>>);

impl Omitted {
    /// Notes a reason; the first one stays.
    pub fn note(&self, error: Error) {
        self.0.borrow_mut().get_or_insert(error);
    }

    /// Returns whether there is a reason.
    pub fn is_noted(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Returns the reason, for a failure that it causes.
    pub fn reason(&self) -> Option<Error> {
        self.0.borrow().clone()
    }

    /// Takes the reason, so that it is reported once.
    pub fn take(&self) -> Option<Error> {
        self.0.borrow_mut().take()
    }
}

/// A document's file.
#[derive(Debug, Clone)]
pub struct OnDisk {
    /// Empty while the document is only in the log.
    pub bytes: SharedBytes,
    /// The number of log entries that it does not have yet.
    pub unfolded: usize,
}

/// A document whose file lacks entries of the log: they were deferred, or left by a crash.
#[derive(Debug, Clone, Serialize)]
pub struct UnfoldedDocument {
    /// The document's id.
    pub doc: DocId,
    /// How many entries of the log its file lacks; imports have one for each update in them.
    pub changes: u64,
}

pub(super) enum FileSource {
    Files { layout: Layout, state: Option<State> },
    Legacy(Legacy),
}

impl FileSource {
    /// Opens the files of a store, and the log that overlays them.
    pub fn files(layout: Layout, lock_wait: Duration) -> Result<FileSource> {
        let path = layout.resolve(Path::new(DATABASE));
        let state = State::open_for_reading(&path, lock_wait)?;
        Ok(FileSource::Files { layout, state })
    }
}

impl Reader {
    pub(super) fn new(
        source: FileSource,
        lock_wait: Duration,
        roots: Roots,
        noted: Noted,
    ) -> Reader {
        let source = Rc::new(source);
        let left_out = Omitted::default();
        Reader { source, roots, noted, lock_wait, left_out, learns: None, live_only: false }
    }

    /// Reads the documents alone, as if nothing had ever been archived.
    pub fn live_only(self) -> Reader {
        Reader { live_only: true, ..self }
    }

    /// Returns whether the archive is not to be read.
    pub fn is_live_only(&self) -> bool {
        self.live_only
    }

    /// Records what it finds of files that others wrote or put back, so that they are not read whole each
    /// time. It waits for nobody: if it cannot write, or somebody else does, nothing is recorded.
    pub fn learning(self, machine: &Machine, command: &str) -> Reader {
        let (holder, compared) = (Holder::of(machine, command), RefCell::default());
        Reader { learns: Some(Rc::new(Learning { holder, compared })), ..self }
    }

    pub(super) fn learns(&self) -> Option<&Learning> {
        self.learns.as_deref()
    }

    /// Returns how long a read waits for a writer.
    pub fn lock_wait(&self) -> Duration {
        self.lock_wait
    }

    /// Returns what was left out of what was read so far.
    pub fn left_out(&self) -> &Omitted {
        &self.left_out
    }

    pub(super) fn source(&self) -> &FileSource {
        &self.source
    }

    pub(super) fn roots(&self) -> Roots {
        self.roots
    }

    /// The fields that lists are sorted and filtered by.
    pub(super) fn noted(&self) -> Noted {
        self.noted
    }

    /// Returns the directory of all disks, which need not exist; `None` for a store of the generation that
    /// had none.
    pub fn disks(&self) -> Option<PathBuf> {
        match &*self.source {
            FileSource::Files { layout, .. } => Some(layout.disks()),
            FileSource::Legacy(_) => None,
        }
    }

    /// Returns every document of the store, sorted by id.
    ///
    /// # Errors
    /// `Refused` if a directory of documents cannot be listed, since a link leads to it.
    pub fn documents(&self) -> Result<Vec<Document>> {
        self.survey()?.complete()
    }

    /// Returns the documents whose files lack entries of the log, sorted by id.
    pub fn unfolded(&self) -> Result<Vec<UnfoldedDocument>> {
        let Some(state) = self.state() else { return Ok(Vec::new()) };
        let counted = |doc: DocId| {
            let changes = state.count_unfolded(&doc)?;
            Ok(UnfoldedDocument { doc, changes })
        };
        state.unfolded_documents()?.into_iter().map(counted).collect()
    }

    /// Returns files that look like documents and are not read as such.
    pub fn problems(&self) -> Result<Vec<Problem>> {
        Ok(self.survey()?.problems)
    }

    /// Returns the documents and the problems from a single scan of the files.
    pub fn survey(&self) -> Result<Scan> {
        match &*self.source {
            FileSource::Files { layout, state } => survey(layout, state.as_ref()),
            FileSource::Legacy(legacy) => {
                Ok(Scan { documents: legacy.documents()?, ..Scan::default() })
            }
        }
    }

    /// Looks at a document's file without reading it: equal looks mean the same file, apart from changes
    /// within one step of the file system's clock. `None` without a file.
    ///
    /// # Errors
    /// `Io` if the file cannot be looked for.
    pub fn seen(&self, doc: &DocId) -> Result<Option<Seen>> {
        match &*self.source {
            FileSource::Files { layout, .. } => {
                Ok(layout.find(doc)?.and_then(|path| layout.seen(&path)))
            }
            FileSource::Legacy(_) => Ok(None),
        }
    }

    /// Returns the store's replica, as [`State::replica`] does; `None` if it has none.
    pub fn replica(&self) -> Result<Option<(String, Option<MemberId>, i64)>> {
        self.state().map_or(Ok(None), State::replica)
    }

    /// Returns the state of a document: its file, overlaid with the log; `None` if there is none.
    ///
    /// Not promised: that it is valid. [`Reader::view`] checks that.
    pub fn bytes(&self, doc: &DocId) -> Result<Option<Vec<u8>>> {
        match &*self.source {
            FileSource::Files { .. } => {
                let logged = self.logged(doc);
                let Some(loaded) = self.load(doc)? else { return Ok(None) };
                incomplete(doc, &loaded).map_or(Ok(()), Err)?;
                self.learn(doc, logged, &loaded, None);
                Ok(Some(loaded.state.into_bytes().into_vec()))
            }
            FileSource::Legacy(legacy) => legacy.bytes(doc),
        }
    }

    /// Returns a document's file as it is on disk, without the log and whatever its content; `None` if there
    /// is no such document.
    pub fn file(&self, doc: &DocId) -> Result<Option<OnDisk>> {
        let FileSource::Files { layout, state } = &*self.source else {
            let bytes = self.bytes(doc)?;
            return Ok(bytes.map(|bytes| OnDisk { bytes: bytes.into(), unfolded: 0 }));
        };
        let unfolded = match state {
            Some(state) => state.unfolded(doc)?.len(),
            None => 0,
        };
        let bytes = match layout.find(doc)? {
            Some(path) => layout.read(&path).map_err(|e| e.damages(doc))?,
            None => None,
        };
        match bytes {
            Some(bytes) => Ok(Some(OnDisk { bytes: bytes.into(), unfolded })),
            None if unfolded > 0 => Ok(Some(OnDisk { bytes: SharedBytes::default(), unfolded })),
            None => Ok(None),
        }
    }

    /// Returns the validated live content of a document; `None` if there is none.
    ///
    /// # Errors
    /// `Corrupt` if it breaks the format.
    pub fn view(&self, doc: &DocId) -> Result<Option<View>> {
        match &*self.source {
            FileSource::Files { .. } => {
                self.shown(doc, |update, work| view_of(doc, update, work), |_, _| ())
            }
            FileSource::Legacy(legacy) => match legacy.bytes(doc)? {
                Some(bytes) => self.legacy_view(doc, &bytes).map(Some),
                None => Ok(None),
            },
        }
    }

    /// Returns what a document shows, whatever its content; `None` if there is none.
    ///
    /// # Errors
    /// As [`Reader::view`], except for what a view does not show.
    pub fn any_view(&self, doc: &DocId) -> Result<Option<AnyView>> {
        self.any_view_then(doc, |_, _| ())
    }

    /// Like [`Reader::any_view`]; `then` is told how far the log went, and what was read.
    pub(super) fn any_view_then(
        &self,
        doc: &DocId,
        then: impl FnOnce(Option<i64>, &Loaded),
    ) -> Result<Option<AnyView>> {
        match &*self.source {
            FileSource::Files { .. } => {
                self.shown(doc, |update, work| any_view_of(doc, update, work), then)
            }
            FileSource::Legacy(legacy) => {
                let view = |bytes: Vec<u8>| {
                    any_view_of(doc, &legacy_update(doc, &bytes, self.roots)?, None)
                };
                legacy.bytes(doc)?.map(view).transpose()
            }
        }
    }

    /// Reads what the file and the log of a document hold together.
    fn shown<V>(
        &self,
        doc: &DocId,
        read: impl FnOnce(&Update<'_, Checked>, Option<Groundwork>) -> Result<V>,
        then: impl FnOnce(Option<i64>, &Loaded),
    ) -> Result<Option<V>> {
        let logged = self.logged(doc);
        let Some(loaded) = self.load(doc)? else { return Ok(None) };
        if let Some(error) = incomplete(doc, &loaded) {
            self.left_out.note(error.shows_rest());
        }
        let (update, work) = loaded.update_for_view(doc, self.roots)?;
        let view = read(&update, work)?;
        self.learn(doc, logged, &loaded, Some(&update));
        then(logged, &loaded);
        parallel::free(update.bytes().len(), update.into_parsed());
        Ok(Some(view))
    }

    fn legacy_view(&self, doc: &DocId, bytes: &[u8]) -> Result<View> {
        view_of(doc, &legacy_update(doc, bytes, self.roots)?, None)
    }

    /// Returns the local state (`crdtctl.db`); `None` before the first write.
    pub fn state(&self) -> Option<&State> {
        match &*self.source {
            FileSource::Files { state, .. } => state.as_ref(),
            FileSource::Legacy(_) => None,
        }
    }

    /// Returns the local state, if nothing else reads through this.
    pub(super) fn into_state(self) -> Option<State> {
        match Rc::into_inner(self.source)? {
            FileSource::Files { state, .. } => state,
            FileSource::Legacy(_) => None,
        }
    }

    /// Must be called before handing out anything that others count by our client id or our log: afterwards,
    /// no power cut brings back a lease that knows of fewer used numbers.
    pub fn vouch(&self, machine: &Machine) -> Result<()> {
        match self.state() {
            Some(state) => replica::vouch(state, machine.leases.as_deref()),
            None => Ok(()),
        }
    }

    /// Returns the files and the local state; `None` if there is no such state.
    pub(super) fn files(&self) -> Option<(&Layout, &State)> {
        match &*self.source {
            FileSource::Files { layout, state: Some(state) } => Some((layout, state)),
            _ => None,
        }
    }

    fn load(&self, doc: &DocId) -> Result<Option<Loaded>> {
        match &*self.source {
            FileSource::Files { layout, state } => {
                load::load(layout, state.as_ref(), doc, self.roots, ToldBy::Look)
            }
            FileSource::Legacy(_) => Ok(None),
        }
    }
}

fn legacy_update<'a>(doc: &DocId, bytes: &'a [u8], roots: Roots) -> Result<Update<'a, Checked>> {
    let invalid = |fault| {
        Error::corrupt(format!("{doc} is not a valid document")).because(fault).damages(doc)
    };
    let walked = Update::walk(bytes).map_err(invalid)?;
    walked.check(roots(doc)).map_err(|fault| load::excluded(doc.as_str(), &fault).damages(doc))
}

fn view_of(doc: &DocId, update: &Update<'_, Checked>, work: Option<Groundwork>) -> Result<View> {
    match update.beyond_all() {
        Some(fault) => Err(load::excluded(doc.as_str(), fault).damages(doc)),
        None => View::read_on(update, work).map_err(|e| e.damages(doc)),
    }
}

fn any_view_of(
    doc: &DocId,
    update: &Update<'_, Checked>,
    work: Option<Groundwork>,
) -> Result<AnyView> {
    AnyView::read_on(update, work).map_err(|e| e.damages(doc))
}

/// Returns the documents on disk, and those that are only in the log.
pub(super) fn documents(layout: &Layout, state: Option<&State>) -> Result<Vec<Document>> {
    survey(layout, state)?.complete()
}

/// Adds the documents of which there is no file: those that are not folded yet, and those whose files are gone.
/// What the log still holds of them is shown, and what it does not is said.
fn survey(layout: &Layout, state: Option<&State>) -> Result<Scan> {
    let written = state.map_or(Ok(Vec::new()), State::written_documents)?;
    let mut scan = layout.scan()?;
    for doc in written {
        if let Err(at) = scan.documents.binary_search_by(|found| found.id.cmp(&doc)) {
            match layout.place(&doc) {
                Ok(path) => {
                    scan.documents.insert(at, Document { id: doc, path, bytes: 0, meta: None });
                }
                // The scan did not list that directory.
                Err(e) if e.kind == Kind::Refused => {}
                Err(e) => return Err(e),
            }
        }
    }
    Ok(scan)
}

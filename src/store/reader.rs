//! Reading a store that others may be writing.

use super::fs::Seen;
use super::layout::{DATABASE, Document, Layout, Problem, Scan};
use super::load::{self, Loaded, Roots};
use super::machine::Machine;
use super::replica;
use super::state::{Legacy, State};
use crate::crdt::any_view::AnyView;
use crate::crdt::view::View;
use crate::error::{Error, Result};
use crate::id::{DocId, MemberId};
use crate::wire::{Checked, Noted, Update};
use serde::Serialize;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// Read access: cannot write. Sees committed log rows that are not folded yet.
///
/// Each document is read as it stands at that moment; two documents need not be of the same one. Its
/// clones read through the same connection.
#[derive(Clone)]
pub struct Reader {
    source: Rc<FileSource>,
    roots: Roots,
    noted: Noted,
    lock_wait: Duration,
    left_out: Omitted,
}

/// Why readings went on without something beside the documents: shared by a reader and whoever tells
/// of it when all is read.
#[derive(Debug, Clone, Default)]
pub struct Omitted(Rc<RefCell<Option<Error>>>);

impl Omitted {
    /// Notes why; the first reason stays.
    pub fn note(&self, error: Error) {
        self.0.borrow_mut().get_or_insert(error);
    }

    /// Whether there is a reason.
    pub fn is_noted(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// The reason, for whoever fails because of it.
    pub fn reason(&self) -> Option<Error> {
        self.0.borrow().clone()
    }

    /// The reason, which is told once.
    pub fn take(&self) -> Option<Error> {
        self.0.borrow_mut().take()
    }
}

/// A document's file.
#[derive(Debug, Clone)]
pub struct OnDisk {
    /// Empty while the document is in the log only.
    pub bytes: Vec<u8>,
    /// Entries of the log that it does not hold yet.
    pub unfolded: usize,
}

/// A document whose file lacks what the log holds: it was left for later, or a crash left it.
#[derive(Debug, Clone, Serialize)]
pub struct UnfoldedDocument {
    /// Which document it is.
    pub doc: DocId,
    /// How many entries of the log its file lacks; imports have one for each update that they brought.
    pub changes: u64,
}

pub(super) enum FileSource {
    Files { layout: Layout, state: Option<State> },
    Legacy(Legacy),
}

impl FileSource {
    /// The files of a store, and what its log adds to them.
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
        Reader { source, roots, noted, lock_wait, left_out: Omitted::default() }
    }

    /// How long a reading waits for whoever writes.
    pub fn lock_wait(&self) -> Duration {
        self.lock_wait
    }

    /// What was left out of what was read so far.
    pub fn left_out(&self) -> &Omitted {
        &self.left_out
    }

    pub(super) fn source(&self) -> &FileSource {
        &self.source
    }

    pub(super) fn roots(&self) -> Roots {
        self.roots
    }

    /// The fields that lists are put in order and sifted by.
    pub(super) fn noted(&self) -> Noted {
        self.noted
    }

    /// The directory of all disks, which need not be there; None for a store of the generation that
    /// had none.
    pub fn disks(&self) -> Option<PathBuf> {
        match &*self.source {
            FileSource::Files { layout, .. } => Some(layout.disks()),
            FileSource::Legacy(_) => None,
        }
    }

    /// Every document of the store, sorted by id.
    pub fn documents(&self) -> Result<Vec<Document>> {
        Ok(self.survey()?.documents)
    }

    /// The documents whose files lack what the log holds, sorted by id.
    pub fn unfolded(&self) -> Result<Vec<UnfoldedDocument>> {
        let Some(state) = self.state() else { return Ok(Vec::new()) };
        let counted = |doc: DocId| {
            let changes = state.count_unfolded(&doc)?;
            Ok(UnfoldedDocument { doc, changes })
        };
        state.unfolded_documents()?.into_iter().map(counted).collect()
    }

    /// What looks like a document and is not read as one.
    pub fn problems(&self) -> Result<Vec<Problem>> {
        Ok(self.survey()?.problems)
    }

    /// The documents and the problems, both out of one look at the files.
    pub fn survey(&self) -> Result<Scan> {
        match &*self.source {
            FileSource::Files { layout, state } => survey(layout, state.as_ref()),
            FileSource::Legacy(legacy) => {
                Ok(Scan { documents: legacy.documents()?, problems: Vec::new() })
            }
        }
    }

    /// A document's file as it stands there, unread: another look that is the same has met the same
    /// file, but for what changed within one step of the file system's clock. None without a file.
    ///
    /// # Errors
    /// `Io` where it cannot be looked for.
    pub fn seen(&self, doc: &DocId) -> Result<Option<Seen>> {
        match &*self.source {
            FileSource::Files { layout, .. } => {
                Ok(layout.find(doc)?.and_then(|path| layout.seen(&path)))
            }
            FileSource::Legacy(_) => Ok(None),
        }
    }

    /// The store's replica, as [`State::replica`] has it; None for a store that is none.
    pub fn replica(&self) -> Result<Option<(String, Option<MemberId>, i64)>> {
        self.state().map_or(Ok(None), State::replica)
    }

    /// The state of a document: its file, overlaid with the log; None when there is none.
    ///
    /// Not promised: that it is valid. [`Reader::view`] looks.
    pub fn bytes(&self, doc: &DocId) -> Result<Option<Vec<u8>>> {
        match &*self.source {
            FileSource::Files { .. } => Ok(self.load(doc)?.map(|loaded| loaded.state)),
            FileSource::Legacy(legacy) => legacy.bytes(doc),
        }
    }

    /// A document's file as it lies on disk, the log aside and whatever is in it; None when there
    /// is no such document.
    pub fn file(&self, doc: &DocId) -> Result<Option<OnDisk>> {
        let FileSource::Files { layout, state } = &*self.source else {
            let bytes = self.bytes(doc)?;
            return Ok(bytes.map(|bytes| OnDisk { bytes, unfolded: 0 }));
        };
        let unfolded = match state {
            Some(state) => state.unfolded(doc)?.len(),
            None => 0,
        };
        let bytes = match layout.find(doc)? {
            Some(path) => layout.read(&path)?,
            None => None,
        };
        match bytes {
            Some(bytes) => Ok(Some(OnDisk { bytes, unfolded })),
            None if unfolded > 0 => Ok(Some(OnDisk { bytes: Vec::new(), unfolded })),
            None => Ok(None),
        }
    }

    /// The validated live content of a document; None when there is none.
    ///
    /// # Errors
    /// `Corrupt` when it does not hold to the format.
    pub fn view(&self, doc: &DocId) -> Result<Option<View>> {
        match &*self.source {
            FileSource::Files { .. } => match self.load(doc)? {
                Some(loaded) => view_of(doc, &loaded.update(doc, self.roots)?).map(Some),
                None => Ok(None),
            },
            FileSource::Legacy(legacy) => match legacy.bytes(doc)? {
                Some(bytes) => self.legacy_view(doc, &bytes).map(Some),
                None => Ok(None),
            },
        }
    }

    /// What a document shows, whatever that is; None when there is none.
    ///
    /// # Errors
    /// As [`Reader::view`], but for what a view does not show.
    pub fn any_view(&self, doc: &DocId) -> Result<Option<AnyView>> {
        match &*self.source {
            FileSource::Files { .. } => match self.load(doc)? {
                Some(loaded) => AnyView::read(&loaded.update(doc, self.roots)?)
                    .map(Some)
                    .map_err(|e| e.damages(doc)),
                None => Ok(None),
            },
            FileSource::Legacy(legacy) => {
                let view = |bytes: Vec<u8>| {
                    let update = legacy_update(doc, &bytes, self.roots)?;
                    AnyView::read(&update).map_err(|e| e.damages(doc))
                };
                legacy.bytes(doc)?.map(view).transpose()
            }
        }
    }

    fn legacy_view(&self, doc: &DocId, bytes: &[u8]) -> Result<View> {
        view_of(doc, &legacy_update(doc, bytes, self.roots)?)
    }

    /// The local state (`crdtctl.db`); None before the first write.
    pub fn state(&self) -> Option<&State> {
        match &*self.source {
            FileSource::Files { state, .. } => state.as_ref(),
            FileSource::Legacy(_) => None,
        }
    }

    /// To be called before anything is handed out that others count by our client id or our log:
    /// afterwards, no power cut brings back a lease that knows less of what is used up.
    pub fn vouch(&self, machine: &Machine) -> Result<()> {
        match self.state() {
            Some(state) => replica::vouch(state, machine.leases.as_deref()),
            None => Ok(()),
        }
    }

    fn load(&self, doc: &DocId) -> Result<Option<Loaded>> {
        match &*self.source {
            FileSource::Files { layout, state } => {
                load::load(layout, state.as_ref(), doc, self.roots)
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

fn view_of(doc: &DocId, update: &Update<'_, Checked>) -> Result<View> {
    match update.beyond_all() {
        Some(fault) => Err(load::excluded(doc.as_str(), fault).damages(doc)),
        None => View::read(update).map_err(|e| e.damages(doc)),
    }
}

/// The documents on disk, and those that are in the log only.
pub(super) fn documents(layout: &Layout, state: Option<&State>) -> Result<Vec<Document>> {
    Ok(survey(layout, state)?.documents)
}

fn survey(layout: &Layout, state: Option<&State>) -> Result<Scan> {
    let unfolded = state.map_or(Ok(Vec::new()), State::unfolded_documents)?;
    let mut scan = layout.scan()?;
    for doc in unfolded {
        if let Err(at) = scan.documents.binary_search_by(|found| found.id.cmp(&doc)) {
            let path = layout.place(&doc)?;
            scan.documents.insert(at, Document { id: doc, path, bytes: 0, meta: None });
        }
    }
    Ok(scan)
}

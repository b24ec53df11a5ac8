//! Documents of which only the parts asked for are read.
//!
//! The positions of a document's pages were recorded when its file was written ([`super::fold`]). They are
//! believed only while the file is that very one: the same inode, size and times, and times old enough for
//! any later change to show in them. If rewriting the file was deferred, they refer to the file and what is
//! to be added to it ([`FilePieces`]).
//!
//! Reads also believe in those of a file as another program wrote it, once a read has recorded them
//! ([`super::learned`]).

mod keys;
mod last_found;
mod lists;
mod touched;

use self::keys::KnownKeys;
use self::last_found::LastFound;
use super::file_pieces::{FilePieces, PiecedFile, SharedPieces, deferred_as};
use super::fs::{OpenFile, Seen};
use super::layout::{Layout, Stamp};
use super::load::{Loaded, LoadedState};
use super::state::{
    DeferredPieces, KnownClocks, KnownContent, PageIndex, PagesPlace, State, StoredPage,
};
use crate::crdt::view::ContentSum;
use crate::crdt::window::{PageSource, Window};
use crate::error::{Error, Result};
use crate::id::DocId;
use crate::limits;
use crate::wire::{
    Bytes, Checked, Clocks, DeleteSet, Edited, FoundBlocks, Id, IdSet, ListOrder, ListOrders,
    ListSpot, ListSpots, Noted, PageFacts, PageKey, PageRow, PageSet, Segments, SharedBytes,
    Splice, StoredDeletes, Update, Version,
};
use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

/// With more pieces than this, unless they are a small part of the document, opening it whole is cheaper.
const MOST_RANGES: usize = 2_000;
/// A small part: at most one unit in this many.
const SMALL_PART: u64 = 8;
/// Pieces that are at least one for this many bytes of the state are read with all of it: each takes reading
/// the blocks around it.
const BYTES_A_PIECE: u64 = 1 << 14;
/// After this many reads of a file, the whole file is held in memory.
const MOST_READS: u32 = if cfg!(debug_assertions) { 100 } else { 500 };

/// A file, and the positions of its pages.
#[derive(Debug)]
struct IndexedFile {
    path: PathBuf,
    file: PiecedFile,
    seen: Seen,
    /// Of the file alone.
    stamp: Stamp,
    stored_as: [u8; 32],
    segments: Segments,
    deletes: StoredDeletes,
    /// What its tombstones were swept by, if known.
    swept: Option<[u8; 32]>,
    /// What was asked for of its pages and keys.
    keys: KnownKeys,
    /// By root: the pages of its lists, each with the field that it is.
    lists: RefCell<HashMap<String, RootLists>>,
    orders: RefCell<HashMap<String, Option<KnownOrders>>>,
    /// What was found for the last words searched for, and beyond the last clocks.
    held: LastFound<Vec<String>>,
    news: LastFound<Clocks>,
    /// Blocks found so far, all in what the state consists of now.
    found: FoundBlocks,
    /// The number of reads.
    reads: Cell<u32>,
    /// The whole state, once that is cheaper than reading in pieces.
    bytes: OnceCell<SharedBytes>,
    /// Something could not be read: no answer since then can be trusted.
    failed: Cell<bool>,
}

/// The pages of the lists of a root, each with the field that it is.
type RootLists = Rc<[(String, u32)]>;
/// The orders of all lists in a root.
type KnownOrders = Rc<BTreeMap<Id, Arc<ListOrder>>>;

/// A file that is the very one whose pages' positions are known.
struct KnownFile {
    path: PathBuf,
    file: PiecedFile,
    seen: Seen,
    index: PageIndex,
    /// What was recorded when it was last written here; `None` if another program wrote it.
    known: Option<KnownClocks>,
}

impl KnownFile {
    /// Returns the hash under which facts about its content are recorded.
    fn stored_as(&self) -> [u8; 32] {
        match &self.index.place {
            PagesPlace::Deferred(deferred) => deferred_as(&self.index.blake3, deferred.seq),
            PagesPlace::Written | PagesPlace::Found { .. } => self.index.blake3,
        }
    }
}

/// Returns a document's file, unread, as it was last written here, with its deferred changes; `None` if it is
/// not as written, or it takes reading to know.
fn as_written(layout: &Layout, state: &State, doc: &DocId) -> Result<Option<KnownFile>> {
    Ok(as_known(layout, state, doc)?.filter(|found| found.known.is_some()))
}

/// Returns a document's file, unread, as it was last written here or as a read last found it; `None` if it is
/// neither, or lacks something of the log, or it takes reading to know.
fn as_known(layout: &Layout, state: &State, doc: &DocId) -> Result<Option<KnownFile>> {
    // The index is only a guess, so errors do not matter: an older file has none.
    let Ok(Some(index)) = state.indexed(doc) else { return Ok(None) };
    let known = match state.known(doc)? {
        Some(known) if is_of_last_write(&index, &known, state, doc)? => Some(known),
        _ => match index.place {
            PagesPlace::Found { seq } if state.last_logged(doc)? == seq => None,
            _ => return Ok(None),
        },
    };
    this_file(layout, state, doc, index, known)
}

/// Returns whether pages are those of what was last written here.
fn is_of_last_write(
    index: &PageIndex,
    known: &KnownClocks,
    state: &State,
    doc: &DocId,
) -> Result<bool> {
    let deferred = match &index.place {
        PagesPlace::Deferred(deferred) => Some(deferred.seq),
        PagesPlace::Written | PagesPlace::Found { .. } => None,
    };
    Ok(known.blake3 == Some(index.blake3) && state.last_unfolded(doc)? == deferred)
}

/// Returns a document's file if it is the one that these pages are in.
fn this_file(
    layout: &Layout,
    state: &State,
    doc: &DocId,
    index: PageIndex,
    known: Option<KnownClocks>,
) -> Result<Option<KnownFile>> {
    // Errors of the file do not matter here: reading all of it reports them better.
    let Ok(Some(path)) = layout.find(doc) else { return Ok(None) };
    let Some(file) = OpenFile::open(&layout.resolve(&path)) else { return Ok(None) };
    let Some(seen) = file.seen() else { return Ok(None) };
    let Some(pieces) = pieces(state, &index, &seen)? else { return Ok(None) };
    let same = seen.token() == index.file && pieces.table().bytes() <= limits::DOCUMENT_BYTES;
    let file = PiecedFile { file, pieces: Arc::new(pieces) };
    Ok(same.then_some(KnownFile { path, file, seen, index, known }))
}

/// Returns what a state consists of; `None` if its pieces do not decode.
fn pieces(state: &State, index: &PageIndex, file: &Seen) -> Result<Option<FilePieces>> {
    match &index.place {
        PagesPlace::Written | PagesPlace::Found { .. } => {
            Ok(Some(FilePieces::of_file(file.bytes())))
        }
        PagesPlace::Deferred(DeferredPieces { table: Some(table), hash: Some(hash), .. }) => {
            Ok(FilePieces::kept(table, state.added_to(&index.table)?, hash))
        }
        PagesPlace::Deferred(_) => Ok(None),
    }
}

/// Returns how many clients wrote a document; `None` if that takes reading it.
pub(super) fn clients(layout: &Layout, state: &State, doc: &DocId) -> Result<Option<usize>> {
    let found = as_known(layout, state, doc)?;
    Ok(found.and_then(|found| Some(found.index.segments?.clients())))
}

/// Returns the length of a document, and how much of it removed records left ([`Segments::residue`]); `None`
/// if that takes reading it.
pub(super) fn length(layout: &Layout, state: &State, doc: &DocId) -> Result<Option<(u64, u64)>> {
    let Some(found) = as_known(layout, state, doc)? else { return Ok(None) };
    let bytes = found.file.pieces.table().bytes();
    Ok(found.index.segments.map(|segments| (bytes, segments.residue())))
}

/// What is known of a document as it stands in its file.
#[derive(Debug, Clone)]
pub struct StoredDocument {
    /// Its state vector.
    pub clocks: Clocks,
    /// The digest of its delete set ([`DeleteSet::digest`]).
    pub deletes: [u8; 32],
    /// The length of its state in bytes.
    pub bytes: u64,
    /// The sum of its content ([`crate::crdt::view::View::sum`]); `None` if it was never taken.
    pub sum: Option<ContentSum>,
}

/// Returns what is known of a document that still is as it was last written here, or read; only its delete
/// set is read. `None` if it takes reading the document.
pub(super) fn stored(
    layout: &Layout,
    state: &State,
    doc: &DocId,
) -> Result<Option<StoredDocument>> {
    let found = as_known(layout, state, doc)?.and_then(|found| indexed(state, doc, found));
    let Some((file, content, _)) = found else { return Ok(None) };
    let (clocks, bytes, sum) = (file.segments.clocks(), file.bytes(), content.sum);
    let deletes = file.deletes.digest();
    Ok(deletes.map(|deletes| StoredDocument { clocks, deletes, bytes, sum }))
}

/// Returns whether a document's file is as it was last written here, and the log has nothing that it lacks.
/// False if it takes reading it to know.
pub(super) fn is_as_written(layout: &Layout, state: &State, doc: &DocId) -> Result<bool> {
    Ok(as_written(layout, state, doc)?.is_some())
}

/// Returns a document as it was last written here, and a window over it; `None` if it must be read whole.
pub(super) fn open(
    layout: &Layout,
    state: &State,
    doc: &DocId,
    noted: Noted,
) -> Result<Option<(Loaded, Window)>> {
    let found = as_written(layout, state, doc)?.and_then(|found| indexed(state, doc, found));
    let Some((source, _, known)) = found else { return Ok(None) };
    let loaded = source.loaded(known);
    Ok(Some((loaded, Window::over(Rc::new(source), noted))))
}

/// Returns a window to read a document through, as it was last written here or as a read last found it;
/// `None` if it must be read whole.
pub(super) fn open_to_read(
    layout: &Layout,
    state: &State,
    doc: &DocId,
    noted: Noted,
) -> Result<Option<Window>> {
    let found = as_known(layout, state, doc)?.and_then(|found| indexed(state, doc, found));
    Ok(found.map(|(source, ..)| Window::over(Rc::new(source), noted).for_reading()))
}

/// A document whose file is to be rewritten, and what is known of its content.
pub(super) struct DeferredDocument {
    pub loaded: Loaded,
    pub window: Rc<Window>,
    /// The whole state, as the window shows it.
    pub splice: Splice,
    pub content: KnownContent,
}

/// Returns a document that is as it was last written here, apart from deferred changes; `None` if it must be
/// read whole.
pub(super) fn deferred(
    layout: &Layout,
    state: &State,
    doc: &DocId,
    noted: Noted,
) -> Result<Option<DeferredDocument>> {
    let found = as_written(layout, state, doc)?.and_then(|found| indexed(state, doc, found));
    let Some((source, content, known)) = found else { return Ok(None) };
    let (loaded, bytes) = (source.loaded(known), source.bytes());
    let splice = Splice::nothing(source.segments.clone(), bytes);
    let window = Rc::new(Window::over(Rc::new(source), noted));
    Ok(Some(DeferredDocument { loaded, window, splice, content }))
}

/// Returns a document's file with what is known of its content, if the positions of its pages are known.
fn indexed(
    state: &State,
    doc: &DocId,
    found: KnownFile,
) -> Option<(IndexedFile, KnownContent, Option<KnownClocks>)> {
    let stored_as = found.stored_as();
    let KnownFile { path, file, seen, index, known } = found;
    let segments = index.segments?;
    let deletes = segments.deletes(&file, file.pieces.table().bytes())?;
    let stamp = Stamp { blake3: index.blake3, bytes: seen.bytes() };
    // Errors do not matter: it is only a guess.
    let content = state.content_of(doc, &stored_as).ok().flatten().unwrap_or_default();
    let source = IndexedFile {
        path,
        file,
        seen,
        stamp,
        stored_as,
        segments,
        deletes,
        keys: KnownKeys::of(index.table),
        swept: content.swept,
        lists: RefCell::default(),
        orders: RefCell::default(),
        held: LastFound::default(),
        news: LastFound::default(),
        found: FoundBlocks::default(),
        reads: Cell::default(),
        bytes: OnceCell::new(),
        failed: Cell::new(false),
    };
    Some((source, content, known))
}

impl IndexedFile {
    fn loaded(&self, known: Option<KnownClocks>) -> Loaded {
        Loaded {
            path: self.path.clone(),
            file: Some(self.stamp),
            seen: Some(self.seen),
            state: LoadedState::default(),
            foreign: false,
            stored_as: Some(self.stored_as),
            pieces: Some(Arc::clone(&self.file.pieces)),
            log: Vec::new(),
            waiting: BTreeSet::new(),
            theirs: None,
            unlogged: None,
            known,
        }
    }

    fn told<T: Default>(&self, answer: rusqlite::Result<T>) -> T {
        answer.unwrap_or_else(|_| {
            self.failed.set(true);
            T::default()
        })
    }

    /// Reads the whole state, unless that was done.
    fn all_bytes(&self) -> Option<&[u8]> {
        if self.bytes.get().is_none() {
            let all = self.file.range(0..self.bytes())?.into_owned();
            return Some(self.bytes.get_or_init(|| all.into()));
        }
        self.bytes.get().map(|all| &**all)
    }

    fn is_small_part(&self, ids: &IdSet) -> bool {
        let length = |range: Range<u32>| u64::from(range.end.saturating_sub(range.start));
        let part: u64 = ids.iter().map(|(_, range)| length(range)).sum();
        let all: u64 = self.segments.clocks().values().map(|clock| u64::from(*clock)).sum();
        part.saturating_mul(SMALL_PART) <= all
    }

    /// Returns the blocks of some pages; `None` if opening everything is cheaper.
    fn ids(&self, wanted: &PageSet) -> Option<IdSet> {
        let pages = self.keys.pages.borrow();
        let sets: Vec<&IdSet> =
            wanted.iter().filter_map(|page| Some(&pages.get(*page as usize)?.ids)).collect();
        let ids = IdSet::union_of(sets.iter().copied());
        let few = ids.iter().nth(MOST_RANGES).is_none() || self.is_small_part(&ids);
        (few && sets.len() == wanted.len() && !self.failed.get()).then_some(ids)
    }
}

impl Bytes for IndexedFile {
    fn range(&self, range: Range<u64>) -> Option<Cow<'_, [u8]>> {
        if let Some(all) = self.bytes.get() {
            return all.range(range);
        }
        self.reads.set(self.reads.get().saturating_add(1));
        if self.reads.get() <= MOST_READS {
            return self.file.range(range);
        }
        self.all_bytes()?.range(range)
    }

    fn found(&self) -> Option<&FoundBlocks> {
        Some(&self.found)
    }
}

impl PageSource for IndexedFile {
    fn find(&self, root: &str, key: &str) -> Option<u32> {
        self.told(self.keys.page(root, key))
    }

    fn facts_beyond(&self, root: &str, key: &str, beyond: &PageSet) -> Option<PageFacts> {
        self.told(self.keys.facts_beyond(root, key, beyond))
    }

    fn latest_beyond(
        &self,
        root: &str,
        count: usize,
        hidden: bool,
        beyond: &PageSet,
    ) -> Option<Vec<String>> {
        Some(self.told(self.keys.latest_beyond(root, count, hidden, beyond)))
    }

    fn keys_without(&self, root: &str, other: &str) -> Option<Vec<String>> {
        Some(self.told(self.keys.without(root, other)))
    }

    fn created_within(
        &self,
        root: &str,
        since: Option<i64>,
        until: Option<i64>,
    ) -> Option<Vec<String>> {
        self.told(self.keys.created_within(root, since, until))
    }

    fn written_since(&self, root: &str, since: i64) -> Option<Vec<String>> {
        Some(self.told(self.keys.written_since(root, since)))
    }

    fn holding(&self, words: &[String]) -> Option<Vec<(String, String)>> {
        self.held.get(words, || self.find_holding(words))
    }

    fn written_beyond(&self, clocks: &Clocks) -> Option<Vec<(String, String)>> {
        self.news.get(clocks, || self.find_beyond(clocks))
    }

    fn touched(&self, update: &Update<'_, Checked>) -> Option<PageSet> {
        self.find_touched(update, &self.deletes).map(|pages| self.with_lists(pages))
    }

    fn held(&self, part: &Update<'_, Checked>) -> Option<PageSet> {
        self.find_touched(part, &DeleteSet::default()).map(|pages| self.with_lists(pages))
    }

    fn unswept(&self, by: &[u8; 32]) -> Option<PageSet> {
        if self.swept.as_ref() != Some(by) {
            return None;
        }
        let pages = self.told(self.keys.table.unswept());
        let unswept = pages.into_iter().filter_map(|page| self.keys.number(page)).collect();
        Some(self.with_lists(unswept))
    }

    fn version(&self) -> Option<Version> {
        Some(Version { clocks: self.segments.clocks(), deletes: self.deletes.all()?.clone() })
    }

    fn clock(&self, client: u64) -> u32 {
        self.segments.clock(client)
    }

    fn clocks(&self) -> Clocks {
        self.segments.clocks()
    }

    fn of_root(&self, root: &str) -> PageSet {
        let pages = self.told(self.keys.table.of_root(root));
        pages.into_iter().filter_map(|page| self.keys.number(page)).collect()
    }

    fn lists(&self, root: &str, field: Option<&str>) -> PageSet {
        let lists = self.lists_of(root);
        let is_asked = |(of, _): &(String, u32)| field.is_none_or(|field| of == field);
        match lists.iter().any(is_asked) {
            true => lists.iter().map(|(_, page)| *page).collect(),
            false => PageSet::new(),
        }
    }

    fn all_lists_of(&self, pages: &PageSet) -> BTreeSet<String> {
        let known = self.keys.pages.borrow();
        let of_list = |page: &u32| match known.get(*page as usize) {
            Some(StoredPage { root, key: PageKey::List { .. }, .. }) => Some(root.clone()),
            _ => None,
        };
        pages.iter().filter_map(of_list).collect()
    }

    fn least(&self) -> PageSet {
        let pages = self.told(self.keys.table.least());
        // Each root has one, and every write goes into a root.
        if pages.is_empty() {
            self.failed.set(true);
        }
        pages.into_iter().filter_map(|page| self.keys.number(page)).collect()
    }

    fn keys_beyond(&self, root: &str, prefix: &str, beyond: &PageSet) -> Vec<String> {
        self.told(self.keys.living_beyond(root, prefix, beyond))
    }

    fn any_list(&self, root: &str) -> Option<u32> {
        self.lists_of(root).first().map(|(_, page)| *page)
    }

    fn opens(&self, root: &str, list: Id, spots: &BTreeSet<ListSpot>) -> bool {
        self.opens_at(root, list, spots)
    }

    fn ids_of(&self, root: &str, list: Id) -> Option<IdSet> {
        self.ids_of_list(root, list)
    }

    fn orders(
        &self,
        spots: &ListSpots,
        edited: Option<&Update<'_, Checked>>,
    ) -> Option<ListOrders> {
        self.orders_at(spots, edited)
    }

    fn project(&self, pages: &PageSet, spots: &ListSpots, idle_below: u64) -> Option<Vec<u8>> {
        let ids = self.ids(pages)?;
        if ids.iter().count() as u64 >= self.bytes() / BYTES_A_PIECE {
            self.all_bytes()?;
        }
        self.projected(&ids, spots, idle_below)
    }

    fn splice(
        &self,
        pages: &PageSet,
        spots: &ListSpots,
        edited: &Edited<'_, '_>,
    ) -> Option<Splice> {
        self.spliced(&self.ids(pages)?, spots, edited)
    }

    fn whole(&self) -> Result<SharedBytes> {
        let file = self.file.file.range(0..self.seen.bytes()).map(Cow::into_owned);
        let file = file.filter(|bytes| Stamp::of(bytes) == self.stamp);
        let whole = file.and_then(|file| self.file.pieces.whole(file));
        whole.map(SharedBytes::from).ok_or_else(|| {
            Error::io(
                format!("could not read {}", self.path.display()),
                "another program changed it in the meantime; nothing was written",
            )
        })
    }

    fn is_unchanged(&self) -> bool {
        self.file.file.seen() == Some(self.seen)
    }

    fn has_failed(&self) -> bool {
        self.failed.get()
    }

    fn bytes(&self) -> u64 {
        self.file.pieces.table().bytes()
    }

    fn shared(&self) -> Option<Arc<dyn Bytes + Send + Sync>> {
        if let Some(all) = self.bytes.get() {
            return Some(Arc::new(all.clone()));
        }
        let (file, pieces) = (self.file.file.shared()?, Arc::clone(&self.file.pieces));
        Some(Arc::new(SharedPieces { file, pieces }))
    }

    fn let_go(&self) {
        self.file.file.let_go();
    }

    fn rows_to_keep(&self, _beyond: &PageSet) -> Option<Vec<PageRow<'_>>> {
        None
    }
}

//! Writes the log into the `.yrs`: checkpoints that other programs can read.
//!
//! A failure here does not undo the command: its rows stay unfolded, readers overlay them, and the next
//! session tries again.

use super::brought;
use super::fs::{self, LockFile, Seen, WrittenContent};
use super::layout::{Layout, Meta, Stamp};
use super::load::{self, Loaded, Roots};
use super::state::{KnownContent, PageChange, State};
use crate::crdt::window::Window;
use crate::error::{Error, Result};
use crate::gate::{self, Expected};
use crate::id::DocId;
use crate::wire::{
    Bytes, IdSet, ListOrders, Noted, PageKey, PageRow, PageSet, Pages, SharedBytes, Splice,
    SplicePart, Update,
};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

/// How much of a file is held in memory while it is copied. Each piece is written at a multiple of this: the
/// system then caches the new file in large folios, and writing, reading and dropping it costs half as much.
const COPIED_AT_ONCE: usize = 1 << 18;
/// In a smaller document the positions of the pages are not recorded: reading it takes no time. Debug builds
/// record them for every document, so that tests cover this.
pub(super) const INDEXED_BYTES: u64 = if cfg!(debug_assertions) { 1 } else { 1 << 16 };

/// A document to be written.
pub(super) struct Checkpoint<'a> {
    pub doc: &'a DocId,
    /// Relative to the store's directory.
    pub path: &'a Path,
    /// The stamp of the file when it was loaded.
    pub file: Option<Stamp>,
    /// The file as it was then, if any change since would show.
    pub seen: Option<Seen>,
    /// The whole state.
    pub state: &'a NewState,
    /// What is known of its content.
    pub content: ContentNote,
    /// The state holds all rows up to here.
    pub seq: i64,
}

/// What is known of the content of a state to be written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ContentNote {
    pub known: KnownContent,
    /// All of its tombstones were swept. Otherwise, if any were, those on unchanged pages, unless a page was
    /// noted as changed.
    pub all_swept: bool,
}

impl<'a> Checkpoint<'a> {
    /// A checkpoint of a document that was loaded and not changed: `state` is its whole state, with all rows
    /// of the log up to `seq`.
    pub fn of(doc: &'a DocId, loaded: &'a Loaded, state: &'a NewState, seq: i64) -> Self {
        let (path, content) = (&loaded.path, ContentNote::default());
        Checkpoint { doc, path, file: loaded.file, seen: None, state, content, seq }
    }
}

/// A document's state to be stored.
pub(super) enum NewState {
    /// The whole state.
    Whole(EncodedState),
    /// The pages that changed; all others as they were.
    Spliced(Box<SplicedState>),
}

/// See [`NewState::Whole`].
pub(super) struct EncodedState {
    pub bytes: SharedBytes,
    /// Its pages, if they were found already.
    pub pages: Option<Arc<Pages>>,
    /// The fields noted of its pages, if their positions are to be recorded.
    pub noted: Option<Noted>,
}

impl EncodedState {
    /// A state of which nothing but itself is recorded.
    pub fn alone(bytes: SharedBytes) -> EncodedState {
        EncodedState { bytes, pages: None, noted: None }
    }

    /// Returns its pages, if their positions are to be recorded, and it has independent ones.
    fn pages(&self) -> Option<Arc<Pages>> {
        let noted = self.noted.as_ref()?;
        let find = || Some(Arc::new(Pages::of(&Update::walk(&self.bytes).ok()?, noted)?));
        self.pages.clone().or_else(find)
    }
}

/// See [`NewState::Spliced`].
pub(super) struct SplicedState {
    pub window: Rc<Window>,
    pub splice: Splice,
    /// The edited pages as they are now; `None` if there are none.
    pub edited: Option<Pages>,
    /// The orders of the lists that changed, as far as they are known.
    pub lists: ListOrders,
}

impl NewState {
    /// Returns its length in bytes.
    pub fn bytes(&self) -> u64 {
        match self {
            NewState::Whole(whole) => whole.bytes.len() as u64,
            NewState::Spliced(spliced) => spliced.splice.bytes,
        }
    }

    /// Returns how many bytes removed records left in it, if known.
    pub fn residue(&self) -> Option<u64> {
        self.spliced().map(|spliced| spliced.splice.segments.residue())
    }

    /// Writes the whole state as a file. Returns the file as it then is, and the hash of its content.
    fn persist(&self, path: &Path) -> Result<(Option<Seen>, [u8; 32])> {
        match self {
            NewState::Whole(whole) => {
                fs::persist_hashed(path, self.bytes(), &WholeContent(&whole.bytes), || Ok(()))
            }
            NewState::Spliced(spliced) => spliced.persist(path),
        }
    }

    /// Closes the file that it copied from: the system can take long to remove one that was replaced.
    fn let_go(&self) {
        self.spliced().inspect(|spliced| spliced.window.source().let_go());
    }

    /// Returns the roots of which all pages of lists were edited.
    fn all_lists_of(&self) -> BTreeSet<String> {
        self.spliced().map(|spliced| spliced.window.all_lists_of()).unwrap_or_default()
    }

    fn spliced(&self) -> Option<&SplicedState> {
        match self {
            NewState::Whole(..) => None,
            NewState::Spliced(spliced) => Some(spliced),
        }
    }
}

impl SplicedState {
    /// Returns the edited pages as rows of the index.
    pub fn changed(&self) -> Vec<PageRow<'_>> {
        let edited = self.edited.as_ref();
        let rows = edited.map_or_else(Vec::new, |edited| edited.rows_beyond(&PageSet::new()));
        rows.into_iter().filter_map(|row| self.with_order(row)).collect()
    }

    /// Adds the order of a list to its page, and what was not at hand of it; `None` if it is as it was.
    fn with_order<'p>(&self, mut row: PageRow<'p>) -> Option<PageRow<'p>> {
        let PageKey::List { list, .. } = row.key else { return Some(row) };
        let order = self.lists.get(&(row.root.to_owned(), *list));
        if self.window.is_beside(row.root) {
            order?;
            let (mut ids, all) = (Vec::new(), IdSet::decode(&row.ids)?);
            let known = self.window.source().ids_of(row.root, *list).unwrap_or_default();
            IdSet::union_of([&known, &all].into_iter()).encode(&mut ids);
            row.ids = ids;
        }
        row.order = order.map(|order| order.encode());
        Some(row)
    }

    fn persist(&self, path: &Path) -> Result<(Option<Seen>, [u8; 32])> {
        let source = self.window.source();
        let Some(copied) = source.shared() else {
            return Err(Error::io("could not read the old file", changed_meanwhile()));
        };
        let unchanged = || match source.is_unchanged() {
            true => Ok(()),
            false => Err(changed_meanwhile()),
        };
        let content = SplicedContent { parts: self.splice.parts(), copied };
        fs::persist_hashed(path, self.splice.bytes, &content, unchanged)
    }
}

struct WholeContent<'s>(&'s [u8]);

impl WrittenContent for WholeContent<'_> {
    fn pass_on(&self, out: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        self.0.chunks(COPIED_AT_ONCE).try_for_each(out)
    }
}

struct SplicedContent<'s> {
    parts: &'s [SplicePart],
    /// The state that is copied from.
    copied: Box<dyn Bytes + Sync + 's>,
}

impl WrittenContent for SplicedContent<'_> {
    fn pass_on(&self, out: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut room = vec![0; COPIED_AT_ONCE];
        let mut filled = 0;
        for part in self.parts {
            let (mut at, end) = match part {
                SplicePart::New(bytes) => (0, bytes.len() as u64),
                SplicePart::Copied(range) => (range.start, range.end),
            };
            while at < end {
                let left = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
                let free = room.get_mut(filled..).unwrap_or_default();
                let length = left.min(free.len());
                let free = free.get_mut(..length).unwrap_or_default();
                let done = match part {
                    SplicePart::New(bytes) => bytes.as_slice().read_into(at, free),
                    SplicePart::Copied(_) => self.copied.read_into(at, free),
                };
                done.ok_or_else(changed_meanwhile)?;
                at = at.saturating_add(length as u64);
                filled = filled.saturating_add(length);
                if filled == room.len() {
                    out(&room)?;
                    filled = 0;
                }
            }
        }
        out(room.get(..filled).unwrap_or_default())
    }
}

fn changed_meanwhile() -> io::Error {
    io::Error::other("another program changed it in the meantime")
}

/// Writes the checkpoints and records them in the transaction that `state` is in. Rows of a document that
/// changed meanwhile are left to the session that changed it. Returns messages about the documents that could
/// not be written.
///
/// # Errors
/// From the local state, or a directory that could not be synced; the transaction must then be rolled back.
pub(super) fn fold(
    layout: &Layout,
    state: &State,
    checkpoints: &[Checkpoint<'_>],
    lock: Option<&LockFile>,
    now: i64,
) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    let mut written = Vec::new();
    for checkpoint in checkpoints {
        if state.last_unfolded(checkpoint.doc)? != Some(checkpoint.seq) {
            continue;
        }
        match write(layout, state, checkpoint, now) {
            Ok(Some(now)) => written.push((checkpoint, now)),
            Ok(None) => {}
            Err(e) => notes.push(unfolded(checkpoint.doc, &e)),
        }
    }
    let dirs: BTreeSet<PathBuf> =
        written.iter().filter_map(|(c, _)| c.path.parent().map(Path::to_owned)).collect();
    for dir in dirs {
        fs::sync_dir(&layout.resolve(&dir))?;
    }
    for (checkpoint, written) in written {
        let WrittenFile { version, stamp, seen } = written;
        state.put_fold(checkpoint.doc, &stamp.blake3, stamp.bytes, version, checkpoint.seq)?;
        if let (Some(lock), Some(seen)) = (lock, seen) {
            keep_pages(state, checkpoint, lock, &seen, &stamp)?;
        }
        if checkpoint.content.known != KnownContent::default() {
            state.put_content(checkpoint.doc, &stamp.blake3, &checkpoint.content.known)?;
        }
    }
    Ok(notes)
}

/// Records where the pages of a file stand, if a later reader can be sure that it is the same file.
fn keep_pages(
    state: &State,
    checkpoint: &Checkpoint<'_>,
    lock: &LockFile,
    file: &Seen,
    stamp: &Stamp,
) -> Result<()> {
    if stamp.bytes < INDEXED_BYTES || !lock.is_past(file) {
        return Ok(());
    }
    let found;
    let (segments, changed, others) = match checkpoint.state {
        NewState::Spliced(spliced) => {
            (&spliced.splice.segments, spliced.changed(), spliced.window.rows_to_keep())
        }
        // The next session then reads only the pages it needs.
        NewState::Whole(whole) => {
            let Some(pages) = whole.pages() else { return Ok(()) };
            found = pages;
            (found.segments(), found.rows_beyond(&PageSet::new()), Some(Vec::new()))
        }
    };
    state.put_pages(&PageChange {
        doc: checkpoint.doc,
        file,
        blake3: &stamp.blake3,
        segments,
        changed,
        all_lists_of: checkpoint.state.all_lists_of(),
        others,
        all_swept: checkpoint.content.all_swept,
        others_swept: checkpoint.content.known.swept.is_some(),
        deferred: None,
    })
}

/// A file that has been written.
pub(super) struct WrittenFile {
    /// How often it has been saved.
    pub version: u64,
    pub stamp: Stamp,
    /// `None` if the system does not tell.
    seen: Option<Seen>,
}

/// Writes `.yrs` and `.meta`. Returns `None` if the file is no longer the one that was loaded.
pub(super) fn write(
    layout: &Layout,
    state: &State,
    checkpoint: &Checkpoint<'_>,
    now: i64,
) -> Result<Option<WrittenFile>> {
    if !is_as_loaded(layout, checkpoint)? {
        return Ok(None);
    }
    let known = state.known(checkpoint.doc)?.map_or(0, |known| known.version);
    let meta = layout.meta(checkpoint.path)?;
    let mut meta = meta.unwrap_or_else(|| Meta::new(checkpoint.doc, now));
    meta.version = meta.version.max(known).saturating_add(1);
    meta.updated_at = now;

    let path = layout.resolve(checkpoint.path);
    if let Some(dir) = path.parent() {
        fs::create_dir(dir)?;
    }
    let bytes = checkpoint.state.bytes();
    let (seen, blake3) = checkpoint.state.persist(&path)?;
    let stamp = Stamp { blake3, bytes };
    meta.describe(&stamp);
    fs::persist(&path.with_extension("meta"), meta.to_text()?.as_bytes())?;
    checkpoint.state.let_go();
    Ok(Some(WrittenFile { version: meta.version, stamp, seen }))
}

/// Returns whether the file still is the one that was loaded.
fn is_as_loaded(layout: &Layout, checkpoint: &Checkpoint<'_>) -> Result<bool> {
    if checkpoint.seen.is_some() && checkpoint.seen == layout.seen(checkpoint.path) {
        return Ok(true);
    }
    let present = layout.read(checkpoint.path)?.map(|bytes| Stamp::of(&bytes));
    Ok(present == checkpoint.file)
}

/// Folds what a crash or a failure left in the log. Returns messages about the documents for which that
/// failed; reading one of them gives the same as an error.
///
/// # Errors
/// As [`fold`].
pub(super) fn recover(
    layout: &Layout,
    state: &State,
    docs: &[DocId],
    roots: Roots,
    now: i64,
) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    for doc in docs {
        let Some(seq) = state.last_unfolded(doc)? else { continue };
        let loaded = match load::load(layout, Some(state), doc, roots)
            .and_then(|loaded| storable(loaded, roots(doc)))
        {
            Ok(Some(loaded)) => loaded,
            Ok(None) => continue,
            Err(e) => {
                notes.push(unfolded(doc, &e));
                continue;
            }
        };
        // What another program wrote is taken in by the session that asks for the document.
        if !matches!(brought::brought(&loaded, doc, roots), Ok(None)) {
            continue;
        }
        let new = NewState::Whole(EncodedState::alone(loaded.state.clone()));
        let checkpoint = Checkpoint::of(doc, &loaded, &new, seq);
        notes.extend(fold(layout, state, &[checkpoint], None, now)?);
    }
    Ok(notes)
}

fn storable(loaded: Option<Loaded>, expected: Expected<'_>) -> Result<Option<Loaded>> {
    if let Some(loaded) = &loaded {
        gate::storable_as(&loaded.state, expected)
            .map_err(|fault| Error::bug("the merged document must not be stored").because(fault))?;
    }
    Ok(loaded)
}

fn unfolded(doc: &DocId, e: &Error) -> String {
    format!("the log keeps changes of {doc} that its file does not hold yet ({e:#})")
}

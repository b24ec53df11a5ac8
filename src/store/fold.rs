//! Writes the log into the `.yrs`: checkpoints that other programs can read.
//!
//! A failure here does not undo the command: its rows stay unfolded, readers overlay them, and the next
//! session tries again.

use super::brought;
use super::fs::{self, LockFile, NewFile, Seen};
use super::layout::{Layout, Meta, Stamp};
use super::load::{self, Loaded, Roots, ToldBy};
use super::new_state::{EncodedState, NewState};
use super::state::{KnownContent, NewPlace, PageChange, State};
use crate::error::{Error, Result};
use crate::gate::{self, Expected};
use crate::id::DocId;
use crate::parallel;
use crate::wire::{PageSet, SharedBytes};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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
    /// The new file, if it was begun before the commit.
    pub begun: Cell<Option<NewFile>>,
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
        let begun = Cell::default();
        Checkpoint { doc, path, file: loaded.file, seen: None, state, content, seq, begun }
    }
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
    let dirs: Vec<PathBuf> = dirs.iter().map(|dir| layout.resolve(dir)).collect();
    let bytes = written.iter().map(|(checkpoint, _)| checkpoint.state.bytes()).max();
    // What is recorded is only committed once the names are on the disk.
    let record_all =
        || written.iter().try_for_each(|(of, written)| record(state, of, written, lock));
    let sync_all = || dirs.iter().try_for_each(|dir| fs::sync_dir(dir));
    let bytes = parallel::amount(bytes.unwrap_or_default());
    let (recorded, synced) = parallel::both(bytes, record_all, sync_all);
    synced.and(recorded)?;
    Ok(notes)
}

fn record(
    state: &State,
    checkpoint: &Checkpoint<'_>,
    written: &WrittenFile,
    lock: Option<&LockFile>,
) -> Result<()> {
    let WrittenFile { version, stamp, seen } = written;
    state.put_fold(checkpoint.doc, &stamp.blake3, stamp.bytes, *version, checkpoint.seq)?;
    if let (Some(lock), Some(seen)) = (lock, seen) {
        keep_pages(state, checkpoint, lock, seen, stamp)?;
    }
    if checkpoint.content.known != KnownContent::default() {
        state.put_content(checkpoint.doc, &stamp.blake3, &checkpoint.content.known)?;
    }
    Ok(())
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
        place: NewPlace::Written,
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
    let mut file = checkpoint.begun.take().map_or_else(|| checkpoint.state.begin(&path), Ok)?;
    let stamp = Stamp { blake3: file.fill()?, bytes };
    checkpoint.state.refuse_if_changed()?;
    meta.describe(&stamp);
    let described = SharedBytes::from(meta.to_text()?.into_bytes());
    let beside = path.with_extension("meta");
    // They are waited for at the same time. If that fails, say for want of descriptors, it may do later.
    let describe = || NewFile::durable(&beside, described.clone());
    let (synced, prepared) = parallel::both(parallel::amount(bytes), || file.sync(), describe);
    synced?;
    let seen = file.place()?;
    prepared.or_else(|_| describe())?.place()?;
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
        let loaded = match load::load(layout, Some(state), doc, roots, ToldBy::Hash)
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

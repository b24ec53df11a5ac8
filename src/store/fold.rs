//! From the log into the `.yrs`: checkpoints that other programs can read.
//!
//! Whatever fails here, the command has happened: its rows stay unfolded, readers overlay them,
//! and the next session tries again.

use super::Roots;
use super::adopt;
use super::fs::{self, Seen};
use super::layout::{Layout, Meta};
use super::load::{self, Loaded, Stamp};
use super::state::State;
use crate::error::{Error, Result};
use crate::gate;
use crate::id::DocId;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A document to be written.
pub(super) struct Checkpoint<'a> {
    pub doc: &'a DocId,
    /// Relative to the store's directory.
    pub path: &'a Path,
    /// What the file was when it was loaded.
    pub file: Option<Stamp>,
    /// The file as it was then, if any change since shows.
    pub seen: Option<Seen>,
    /// The whole state.
    pub state: &'a [u8],
    /// The state holds all rows up to here.
    pub seq: i64,
}

impl<'a> Checkpoint<'a> {
    /// Of a document that was loaded, with all rows of the log up to `seq`.
    pub fn of(doc: &'a DocId, loaded: &'a Loaded, seq: i64) -> Checkpoint<'a> {
        let Loaded { path, file, state, .. } = loaded;
        Checkpoint { doc, path, file: *file, seen: None, state, seq }
    }
}

/// Writes the checkpoints and records them in the transaction that `state` is in; the rows of a
/// document that moved on meanwhile are left to whoever moved it. Returns sentences about the
/// documents that could not be written.
///
/// # Errors
/// From the local state, or a directory that did not reach the disk; the transaction must then be
/// rolled back.
pub(super) fn fold(
    layout: &Layout,
    state: &State,
    checkpoints: &[Checkpoint<'_>],
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
    for (checkpoint, (version, stamp)) in written {
        state.put_fold(checkpoint.doc, &stamp.blake3, stamp.bytes, version, checkpoint.seq)?;
    }
    Ok(notes)
}

/// Writes `.yrs` and `.meta`: the version, and what the file is now. None when it is not what was
/// loaded any more.
pub(super) fn write(
    layout: &Layout,
    state: &State,
    checkpoint: &Checkpoint<'_>,
    now: i64,
) -> Result<Option<(u64, Stamp)>> {
    if !is_as_loaded(layout, checkpoint)? {
        return Ok(None);
    }
    let stamp = Stamp::of(checkpoint.state);
    let known = state.known(checkpoint.doc)?.map_or(0, |known| known.version);
    let meta = layout.meta(checkpoint.path)?;
    let mut meta = meta.unwrap_or_else(|| Meta::new(checkpoint.doc, now));
    meta.version = meta.version.max(known).saturating_add(1);
    meta.updated_at = now;
    meta.describe(&stamp);

    let path = layout.resolve(checkpoint.path);
    if let Some(dir) = path.parent() {
        fs::create_dir(dir)?;
    }
    fs::persist(&path, checkpoint.state)?;
    fs::persist(&path.with_extension("meta"), meta.to_text()?.as_bytes())?;
    Ok(Some((meta.version, stamp)))
}

/// Whether the file still is what was loaded.
fn is_as_loaded(layout: &Layout, checkpoint: &Checkpoint<'_>) -> Result<bool> {
    if checkpoint.seen.is_some() && checkpoint.seen == layout.seen(checkpoint.path) {
        return Ok(true);
    }
    let present = layout.read(checkpoint.path)?.map(|bytes| Stamp::of(&bytes));
    Ok(present == checkpoint.file)
}

/// Folds what a crash, or a failure, left in the log. Returns sentences about the documents for
/// which that did not work; whoever reads them hears the same as an error.
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
        let loaded = match load::load(layout, Some(state), doc, roots).and_then(storable) {
            Ok(Some(loaded)) => loaded,
            Ok(None) => continue,
            Err(e) => {
                notes.push(unfolded(doc, &e));
                continue;
            }
        };
        // What another program brought is taken in by the session that asks for the document.
        if !matches!(adopt::brought(&loaded, state, doc, roots), Ok(None)) {
            continue;
        }
        notes.extend(fold(layout, state, &[Checkpoint::of(doc, &loaded, seq)], now)?);
    }
    Ok(notes)
}

fn storable(loaded: Option<Loaded>) -> Result<Option<Loaded>> {
    if let Some(loaded) = &loaded {
        gate::storable(&loaded.state)
            .map_err(|fault| Error::bug("the merged document must not be stored").because(fault))?;
    }
    Ok(loaded)
}

fn unfolded(doc: &DocId, e: &Error) -> String {
    format!("the log keeps changes of {doc} that its file does not hold yet ({e:#})")
}

//! Results of reading documents whole, kept for the next time.
//!
//! A result is handed out again only for a file of which every byte was hashed and found the same: unlike reads
//! that go by how a file looks, it tells of content that was damaged without a trace. As with everything that
//! reads record, nothing is waited for, and a failure does no harm.

use super::fold::INDEXED_BYTES;
use super::fs::{OpenFile, Seen};
use super::index;
use super::load::Loaded;
use super::reader::Reader;
use super::state::StoredResult;
use crate::crdt::any_view::AnyView;
use crate::error::Result;
use crate::id::DocId;
use std::path::PathBuf;

/// The file whose content is all that a document showed when it was read.
pub struct WholeFile {
    path: PathBuf,
    seen: Seen,
    /// How far the log went for the document before the file was read.
    logged: i64,
}

impl WholeFile {
    /// Returns `None` if the document was not its file alone, or a small one.
    fn of(logged: Option<i64>, loaded: &Loaded) -> Option<WholeFile> {
        let (logged, seen, stamp) = (logged?, loaded.seen?, loaded.file?);
        let pays = stamp.bytes >= INDEXED_BYTES && loaded.is_its_file();
        pays.then(|| WholeFile { path: loaded.path.clone(), seen, logged })
    }
}

impl Reader {
    /// Returns what a document shows, as [`Reader::any_view`] does, and the file that this was read from, for
    /// [`Reader::keep_result`]; without that file if results are not worth keeping, or cannot be kept.
    ///
    /// # Errors
    /// As [`Reader::any_view`].
    pub fn any_view_of_file(&self, doc: &DocId) -> Result<Option<(AnyView, Option<WholeFile>)>> {
        let mut file = None;
        let view = self.any_view_then(doc, |logged, of| file = WholeFile::of(logged, of))?;
        Ok(view.map(|view| (view, file)))
    }

    /// Returns the file of a document for results that depend on the file alone; `None` if it is not as it was
    /// last written here, or the log has something that it lacks, or as in [`Reader::any_view_of_file`].
    ///
    /// # Errors
    /// From the local state.
    pub fn file_as_written(&self, doc: &DocId) -> Result<Option<WholeFile>> {
        let Some((layout, state)) = self.files() else { return Ok(None) };
        let Some((logged, path)) = self.logged(doc).zip(layout.find(doc)?) else { return Ok(None) };
        let seen = layout.seen(&path).filter(|seen| seen.bytes() >= INDEXED_BYTES);
        Ok(match index::is_as_written(layout, state, doc)? {
            true => seen.map(|seen| WholeFile { path, seen, logged }),
            false => None,
        })
    }

    /// Returns the result of this kind that was kept of a document, if it shows the same now; `None` in any
    /// doubt.
    pub fn kept_result(&self, doc: &DocId, kind: &str) -> Option<Vec<u8>> {
        let (layout, state) = self.files()?;
        let known = state.result(doc, kind).ok()??;
        if state.last_logged(doc).ok()? != known.seq {
            return None;
        }
        let path = layout.find(doc).ok()??;
        let hash = OpenFile::open(&layout.resolve(&path))?.hash()?;
        (hash == known.blake3).then_some(known.result)
    }

    /// Keeps a result that depends on nothing but what a document shows. `kind` names it, and changes when the
    /// same content gets another one. If it cannot be kept, it has to be worked out again.
    pub fn keep_result(&self, doc: &DocId, kind: &str, of: &WholeFile, result: &[u8]) {
        let _ = self.put_result(doc, kind, of, result);
    }

    fn put_result(&self, doc: &DocId, kind: &str, of: &WholeFile, result: &[u8]) -> Option<()> {
        let (layout, _) = self.files()?;
        let file = OpenFile::open(&layout.resolve(&of.path))?;
        let is_still = || file.seen() == Some(of.seen);
        let blake3 = is_still().then(|| file.hash())??;
        self.jot(|state, lock| {
            // Nobody has written to it since it was seen, or that would show.
            (lock.is_past(&of.seen) && is_still()).then_some(())?;
            let stored = StoredResult { blake3, seq: of.logged, result: result.to_vec() };
            state.put_result(doc, kind, &stored).ok()
        })
    }
}

//! Files whose writing is deferred ([`Fold::Later`]), and what is known of their documents meanwhile.

use super::file_pieces::{FilePieces, deferred_as};
use super::fold::{self, Checkpoint, ContentNote, INDEXED_BYTES};
use super::index::{self, DeferredDocument};
use super::layout::DATABASE;
use super::load::Loaded;
use super::lock;
use super::new_state::{NewState, SplicedState};
use super::open_document::PendingChange;
use super::session::Session;
use super::state::{DeferredChange, Fold, KnownContent, NewPlace, PageChange, State};
use crate::error::Result;
use crate::id::DocId;
use crate::wire::ListOrders;
use std::collections::BTreeSet;
use std::path::Path;

/// A smaller document is read whole, with its rows of the log.
const READ_AT_ONCE_BYTES: u64 = if cfg!(debug_assertions) { 1 << 10 } else { INDEXED_BYTES };
/// The most rows that are deferred of a smaller document.
const MOST_DEFERRED: u64 = if cfg!(debug_assertions) { 8 } else { 256 };
/// The most pieces and added bytes with which a document is deferred.
const MOST_PIECES: usize = if cfg!(debug_assertions) { 32 } else { 1_024 };
const MOST_ADDED_BYTES: u64 = 1 << 20;

impl Session {
    /// Folds what a crash left, and what was deferred unless this session defers too, in a commit of its own:
    /// what follows may be dropped, the files stay.
    pub(super) fn recover(&mut self) -> Result<()> {
        let docs = match self.folding {
            Fold::Now => self.state.unfolded_documents()?,
            Fold::Later => self.state.interrupted_documents()?,
        };
        if docs.is_empty() {
            return Ok(());
        }
        for doc in &docs {
            let notes = self.fold_left(doc)?;
            self.notes.extend(notes);
        }
        self.state.commit()?;
        let dir = self.layout.resolve(Path::new(""));
        let again = self.state.begin(self.environment.machine.lock_wait);
        again.map_err(|e| lock::locked_elsewhere(&dir, e))
    }

    fn fold_left(&self, doc: &DocId) -> Result<Vec<String>> {
        let (layout, state, environment) = (&self.layout, &self.state, &*self.environment);
        let (lock, now) = (self.lock.as_ref(), self.now());
        let (Some(deferred), Some(seq)) =
            (index::deferred(layout, state, doc, environment.noted)?, state.last_unfolded(doc)?)
        else {
            return fold::recover(layout, state, std::slice::from_ref(doc), environment.roots, now);
        };
        let DeferredDocument { loaded, window, splice, content } = deferred;
        let new = NewState::Spliced(Box::new(SplicedState {
            window,
            splice,
            edited: None,
            lists: ListOrders::new(),
        }));
        let content = ContentNote { known: content, all_swept: false };
        let seen = loaded.seen;
        let checkpoint = Checkpoint { seen, content, ..Checkpoint::of(doc, &loaded, &new, seq) };
        fold::fold(layout, state, &[checkpoint], lock, now)
    }

    /// Defers what it can of what is about to be committed; returns those documents.
    pub(super) fn defer(&self, changes: &[PendingChange], seqs: &[i64]) -> Result<BTreeSet<DocId>> {
        let mut deferred = BTreeSet::new();
        if self.folding == Fold::Now {
            return Ok(deferred);
        }
        for checkpoint in self.checkpoints(changes, seqs) {
            if let Some(loaded) = self.loaded(checkpoint.doc)
                && defer(&self.state, &checkpoint, loaded)?
            {
                deferred.insert(checkpoint.doc.clone());
            }
        }
        // Only the log is waited for.
        let is_left = self.state.leave_wal(&self.layout.resolve(Path::new(DATABASE)))?;
        if let (true, Some(lock)) = (is_left, &self.lock) {
            lock.stay();
        }
        Ok(deferred)
    }
}

/// Defers writing a document's file, whose change is in the log, if the next command then costs no more than
/// if it were written: the transaction that `state` is in records what the document consists of meanwhile.
/// Returns false if the file has to be written now.
///
/// # Errors
/// From the local state; the transaction must then be rolled back.
fn defer(state: &State, checkpoint: &Checkpoint<'_>, loaded: &Loaded) -> Result<bool> {
    // A file that is not ours, or is gone, is not left as it is.
    let known = loaded.known.as_ref().and_then(|known| known.blake3);
    if loaded.foreign || loaded.unlogged.is_some() || known != loaded.file.map(|file| file.blake3) {
        return Ok(false);
    }
    let deferred = match (&loaded.pieces, checkpoint.state) {
        (Some(pieces), NewState::Spliced(spliced)) => {
            defer_pages(state, checkpoint, spliced, loaded, pieces)?
        }
        (_, new) => {
            new.bytes() < READ_AT_ONCE_BYTES
                && state.count_unfolded(checkpoint.doc)? <= MOST_DEFERRED
        }
    };
    if deferred {
        state.put_deferred(checkpoint.doc, checkpoint.seq)?;
    }
    Ok(deferred)
}

fn defer_pages(
    state: &State,
    checkpoint: &Checkpoint<'_>,
    spliced: &SplicedState,
    loaded: &Loaded,
    pieces: &FilePieces,
) -> Result<bool> {
    let (Some(stamp), Some(seen)) = (&loaded.file, &loaded.seen) else { return Ok(false) };
    let Some((pieces, new)) = pieces.spliced(&spliced.splice) else { return Ok(false) };
    let (table, added) = (pieces.table(), pieces.added().get(new..).unwrap_or_default());
    let many = table.pieces() > MOST_PIECES || table.added() > MOST_ADDED_BYTES;
    if many || !spliced.window.source().is_unchanged() {
        return Ok(false);
    }
    let (seq, ContentNote { known, all_swept }) = (checkpoint.seq, checkpoint.content);
    state.put_pages(&PageChange {
        doc: checkpoint.doc,
        file: seen,
        blake3: &stamp.blake3,
        segments: &spliced.splice.segments,
        changed: spliced.changed(),
        all_lists_of: spliced.window.all_lists_of(),
        others: None,
        all_swept,
        others_swept: known.swept.is_some(),
        place: NewPlace::Deferred(DeferredChange { seq, table, added, hash: pieces.hash() }),
    })?;
    if known != KnownContent::default() {
        state.put_content(checkpoint.doc, &deferred_as(&stamp.blake3, seq), &known)?;
    }
    Ok(true)
}

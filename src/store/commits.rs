//! What a command has committed so far: it holds, whatever fails afterwards.

use crate::error::Error;
use crate::id::{DocId, MemberId};
use std::cell::Cell;

/// The commits of all sessions of a store.
#[derive(Debug, Default)]
pub struct Commits {
    made: Cell<bool>,
    seq: Cell<Option<i64>>,
}

impl Commits {
    /// Counts a commit; `seq` is its number in the log, where a document changed.
    pub fn add(&self, seq: Option<i64>) {
        self.made.set(true);
        self.seq.set(seq.or(self.seq.get()));
    }

    /// Counts those of another store, too.
    pub fn join(&self, others: &Commits) {
        if let Some(seq) = others.last() {
            self.add(seq);
        }
    }

    /// The number of the last one in the log, where it has one; None when there was no commit.
    pub fn last(&self) -> Option<Option<i64>> {
        self.made.get().then(|| self.seq.get())
    }
}

/// What a commit did.
#[derive(Debug, Clone, Default)]
pub struct Committed {
    /// The command's number in the log; None when no document changed.
    pub seq: Option<i64>,
    /// In the order of their first change.
    pub documents: Vec<ChangedDocument>,
    /// Sentences for stderr: a new replica id and why, files that could not be written yet.
    /// Documents near their limit are not here.
    pub notes: Vec<String>,
    /// Documents that were left out ([`super::Session::leave_out`]), with what is wrong with each.
    pub damaged: Vec<Error>,
    /// The store was no replica before; whose it is now, where that was said.
    pub first_replica: Option<Option<MemberId>>,
}

/// What a commit did to one document, in bytes of its file.
#[derive(Debug, Clone)]
pub struct ChangedDocument {
    /// The document; a commit lists each once, however often it was edited.
    pub doc: DocId,
    /// Before the commit; 0 where it had no file.
    pub bytes_before: u64,
    /// After the commit, once its file is written: the length of its whole state.
    pub bytes_after: u64,
    /// Bytes of those that removed records left ([`crate::wire::Update::residue`]); None where that
    /// takes reading all of it.
    pub residue: Option<u64>,
}

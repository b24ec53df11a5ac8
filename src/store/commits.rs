//! What a command has committed so far: it stays, whatever fails afterwards.

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
    /// Counts a commit; `seq` is its number in the log, if a document changed.
    pub fn add(&self, seq: Option<i64>) {
        self.made.set(true);
        self.seq.set(seq.or(self.seq.get()));
    }

    /// Counts the commits of another store as well.
    pub fn join(&self, others: &Commits) {
        if let Some(seq) = others.last() {
            self.add(seq);
        }
    }

    /// Returns the number of the last commit in the log, if it has one; `None` if there was no commit.
    pub fn last(&self) -> Option<Option<i64>> {
        self.made.get().then(|| self.seq.get())
    }
}

/// What a commit did.
#[derive(Debug, Clone, Default)]
pub struct Committed {
    /// The command's number in the log; `None` if no document changed.
    pub seq: Option<i64>,
    /// The changed documents, in the order of their first change.
    pub documents: Vec<ChangedDocument>,
    /// Messages for stderr: a new replica id and why, files that could not be written yet. Documents near
    /// their limit are not among them.
    pub notes: Vec<String>,
    /// Documents that were left out ([`super::Session::leave_out`]), with what is wrong with each.
    pub damaged: Vec<Error>,
    /// Set if the store has just become a replica, with its member if one was named.
    pub first_replica: Option<Option<MemberId>>,
}

/// What a commit did to one document, in bytes of its file.
#[derive(Debug, Clone)]
pub struct ChangedDocument {
    /// The document; a commit lists each once, however often it was edited.
    pub doc: DocId,
    /// The size before the commit; 0 if it had no file.
    pub bytes_before: u64,
    /// The size after the commit, once its file is written: the length of its whole state.
    pub bytes_after: u64,
    /// How many of those bytes removed records left ([`crate::wire::Update::residue`]); `None` if that takes
    /// reading all of it.
    pub residue: Option<u64>,
}

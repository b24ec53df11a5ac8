//! What a command has committed so far: it holds, whatever fails afterwards.

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

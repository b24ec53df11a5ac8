//! Changes of many files, written in one transaction.
//!
//! Each new file begins under a client id of its own, and yrs goes over all client ids several times in
//! each transaction: with one transaction per file, ten thousand files take a hundred times as long as
//! a thousand. So a change of a file first plans what to write, on the document and the directory as
//! they will be, and several plans are written in one transaction.

use super::directory::Directory;
use super::path::DiskPath;
use super::{FILES, SPEC};
use crate::concern::Outcome;
use crate::crdt::doc::Txn;
use crate::error::{Error, Result};
use crate::id::DocId;
use crate::store::Session;
use crate::tombstone;
use std::collections::BTreeSet;

/// The most writes that wait.
const MOST: usize = 1_000;
/// The most bytes that wait, approximately.
const MOST_BYTES: u64 = 1 << 20;
/// More than a write takes besides texts and paths.
const AROUND_BYTES: usize = 4_096;

/// The plan for a change of files.
pub(crate) enum PlannedChange {
    /// Everything already is as asked.
    Done(Outcome),
    /// It writes one file.
    Write(FileWrite),
    /// It changes more, or depends on waiting writes: it must be run when nothing waits.
    Alone,
}

impl PlannedChange {
    /// Writes it immediately.
    ///
    /// # Errors
    /// Those of the change; `Bug` if it changes more than one file.
    pub(super) fn carry_out(self, session: &mut Session) -> Result<Outcome> {
        match self {
            PlannedChange::Done(outcome) => Ok(outcome),
            PlannedChange::Write(write) => {
                let outcomes = WaitingWrites::of(write).write(session)?;
                outcomes.into_iter().next().ok_or_else(|| Error::bug("a file was not written"))
            }
            PlannedChange::Alone => Err(Error::bug("a change waits although nothing is pending")),
        }
    }
}

/// Writes one file, inside a transaction.
type WritingOne = dyn FnOnce(&mut Txn<'_>) -> Result<()>;

/// A planned write to one file.
pub(crate) struct FileWrite {
    /// The document with the file.
    pub(super) doc: DocId,
    /// The file's id.
    pub(super) id: String,
    /// Its old and its new path.
    pub(super) paths: Vec<DiskPath>,
    /// The size of the user's text written with it.
    pub(super) bytes: usize,
    /// Whether it is a removal, after which the file may be pruned at once.
    pub(super) removes: bool,
    /// Writes it.
    pub(super) write: Box<WritingOne>,
    /// The outcome once it is written.
    pub(super) outcome: Outcome,
}

impl FileWrite {
    /// The outcome once it is written.
    pub(crate) fn outcome(&self) -> &Outcome {
        &self.outcome
    }
}

/// Writes that wait to be made together: in one document, each to another file and another path.
#[derive(Default)]
pub(crate) struct WaitingWrites {
    writes: Vec<FileWrite>,
    /// The ids of the files, and the keys of the paths.
    touched: BTreeSet<String>,
    bytes: u64,
}

impl WaitingWrites {
    fn of(write: FileWrite) -> WaitingWrites {
        let mut waiting = WaitingWrites::default();
        waiting.push(write);
        waiting
    }

    /// Adds a write.
    pub(crate) fn push(&mut self, write: FileWrite) {
        self.touched.extend(write.paths.iter().map(DiskPath::key));
        self.touched.insert(write.id.clone());
        self.bytes = self.bytes.saturating_add((write.bytes + AROUND_BYTES) as u64);
        self.writes.push(write);
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Whether so many wait that they must be written before others are planned.
    pub(crate) fn is_full(&self) -> bool {
        self.writes.len() >= MOST || self.bytes >= MOST_BYTES
    }

    /// Whether a change depends on the waiting writes: if they are in another document, or concern this
    /// file or a file with one of these paths.
    pub(super) fn hold(&self, doc: &DocId, id: Option<&str>, paths: &[&DiskPath]) -> bool {
        self.writes.first().is_some_and(|first| first.doc != *doc)
            || id.is_some_and(|id| self.touched.contains(id))
            || paths.iter().any(|path| self.touched.contains(&path.key()))
    }

    /// Whether the document may reach its limit with these writes.
    pub(super) fn may_fill(&self, session: &mut Session, doc: &DocId) -> Result<bool> {
        let size = session.size(doc)?;
        Ok(!self.is_empty() && size.saturating_add(self.bytes) > SPEC.limit_bytes)
    }

    /// Writes them in one transaction and returns the outcome of each.
    ///
    /// # Errors
    /// Those of the writes; the session must then be dropped.
    pub(crate) fn write(&mut self, session: &mut Session) -> Result<Vec<Outcome>> {
        let waiting = std::mem::take(self);
        let Some(doc) = waiting.writes.first().map(|write| write.doc.clone()) else {
            return Ok(Vec::new());
        };
        // It includes everything planned.
        let mut directory = Directory::take(session, &doc)?;
        let mut removed = Vec::new();
        let mut outcomes = Vec::with_capacity(waiting.writes.len());
        session.edit(&doc, |txn| {
            for write in waiting.writes {
                (write.write)(txn)?;
                if write.removes {
                    removed.push((outcomes.len(), write.id, write.paths));
                }
                outcomes.push(write.outcome);
            }
            Ok(())
        })?;
        let paths: Vec<Vec<String>> =
            removed.iter().map(|(_, id, _)| vec!["files".to_owned(), id.clone()]).collect();
        let mut pruned =
            tombstone::prune_records(session, &doc, &FILES, &paths)?.into_iter().peekable();
        for (at, id, paths) in removed {
            let Some(gone) = pruned.next_if(|pruned| pruned.tombstone.id() == id) else { continue };
            paths.iter().for_each(|path| directory.forget_deleted(&id, path));
            outcomes
                .get_mut(at)
                .into_iter()
                .for_each(|outcome| outcome.pruned = vec![gone.clone()]);
        }
        directory.keep(session, &doc);
        Ok(outcomes)
    }
}

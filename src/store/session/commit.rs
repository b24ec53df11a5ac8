//! The end of a session: the commit point, and what follows it.

use super::{FOLD_WAIT, Session};
use crate::error::{Error, Result};
use crate::id::{DocId, MemberId};
use crate::parallel;
use crate::store::commits::{ChangedDocument, Committed};
use crate::store::fold::{self, Checkpoint};
use crate::store::fs::{self, NewFile};
use crate::store::load::Loaded;
use crate::store::open_document::{FoundContent, PendingChange};
use crate::store::state::Fold;
use std::cell::Cell;
use std::collections::BTreeSet;

/// How much stays free for the log while a file is written before the commit: more than the log of a command
/// takes. Less in debug builds, as documents are smaller there.
const LOG_ROOM: u64 = if cfg!(debug_assertions) { 1 << 21 } else { 1 << 26 };

impl Session {
    /// Commits, then folds. With `dry_run`, or without any change, nothing is written and `seq` is `None`.
    ///
    /// # Errors
    /// Up to the commit point, nothing has changed. `Io` "durability unknown" if the commit itself failed. A
    /// failure after it is a note, not an error.
    pub fn commit(mut self) -> Result<Committed> {
        if self.broken {
            return Err(Error::bug("a session whose change failed was about to be committed"));
        }
        self.carry_out_before_commit()?;
        let changes = self.changes()?;
        let mut committed = Committed { documents: self.sizes(&changes), ..Committed::default() };
        committed.damaged = std::mem::take(&mut self.damaged).into_values().collect();
        committed.notes = std::mem::take(&mut self.notes);
        if self.dry_run {
            // Changes to the local state alone cannot be told from what opening it did.
            committed.first_replica = self.first_replica().filter(|_| !changes.is_empty());
            self.state.roll_back();
            return Ok(committed);
        }
        let lacking = self.lacking(&changes);
        let idle = changes.is_empty() && self.repairs.is_empty() && lacking.is_empty();
        if idle && !self.state.is_changed() {
            return Ok(committed);
        }
        let begun = self.begin_file(&changes);
        let seqs = self.log(&changes)?;
        self.keep_swept()?;
        committed.seq = seqs.command;
        committed.notes.extend(self.replica.note());
        committed.first_replica = self.first_replica();
        self.replica.pin(self.state.log_end()?, &self.state)?;
        let deferred = self.defer(&changes, &seqs.documents)?;
        // If it fails, the content of the store is unknown: the lease no longer fits.
        self.state.commit().inspect_err(|_| self.replica.revoke())?;
        // The command has happened, unless it repairs files: quarantining alone does not count.
        if !changes.is_empty() || self.repairs.is_empty() {
            self.commits.add(committed.seq);
        }
        committed.notes.extend(self.fold(&changes, &seqs.documents, &deferred, begun));
        committed.notes.extend(self.fold_again(&lacking));
        // What kept the old rows from being folded usually keeps the new ones too.
        let mut said = BTreeSet::new();
        committed.notes.retain(|note| said.insert(note.clone()));
        self.carry_out(&changes.iter().map(|change| &change.doc).collect::<Vec<_>>())?;
        self.commits.add(committed.seq);
        Ok(committed)
    }

    /// Returns the member of the replica that this store has only just become.
    fn first_replica(&self) -> Option<Option<MemberId>> {
        self.replica.is_first().then(|| self.replica.member().cloned())
    }

    /// Folds what was committed, except for what was deferred. A failure becomes a message.
    fn fold(
        &self,
        changes: &[PendingChange],
        seqs: &[i64],
        deferred: &BTreeSet<DocId>,
        begun: Option<(DocId, NewFile)>,
    ) -> Vec<String> {
        let mut checkpoints = self.checkpoints(changes, seqs);
        if let Some((doc, file)) = begun
            && let Some(checkpoint) = checkpoints.iter().find(|of| *of.doc == doc)
        {
            checkpoint.begun.set(Some(file));
        }
        checkpoints.retain(|checkpoint| !deferred.contains(checkpoint.doc));
        // After a power cut that loses the record of a file, the file is found to hold its rows of the log.
        let begin = || self.state.wait_at_close().and_then(|()| self.state.begin(FOLD_WAIT));
        if checkpoints.is_empty() || begin().is_err() {
            // Readers overlay the log, and the next session folds.
            return Vec::new();
        }
        let now = self.now();
        let folded = fold::fold(&self.layout, &self.state, &checkpoints, self.lock.as_ref(), now)
            .and_then(|notes| {
                self.state.trim_log(now)?;
                self.state.trim_trash(now)?;
                self.state.commit()?;
                Ok(notes)
            });
        folded.unwrap_or_else(|e| {
            self.state.roll_back();
            vec![format!("the change is in the log, but not in the files yet ({e:#})")]
        })
    }

    /// Begins to write the largest changed file, beside the commit: its content is known by now, and a commit
    /// mostly waits for the disk. It replaces nothing before the change is in the log.
    fn begin_file(&self, changes: &[PendingChange]) -> Option<(DocId, NewFile)> {
        let change = changes.iter().max_by_key(|change| change.state.bytes())?;
        let bytes = change.state.bytes();
        if self.folding == Fold::Later || !parallel::pays(parallel::amount(bytes)) {
            return None;
        }
        // Only beside a file that is still the one that was loaded, and if that leaves the log its room.
        let seen = self.settled(self.loaded(&change.doc)?)?;
        let path = self.layout.resolve(&change.path);
        let room = bytes.saturating_add(LOG_ROOM);
        let is_safe =
            fs::free_bytes(path.parent()?)? >= room && self.layout.seen(&change.path) == Some(seen);
        // Whatever is wrong will show, and be said, when it is written after the commit.
        let begin = || change.state.begin(&path).ok();
        is_safe.then(begin).flatten().map(|file| (change.doc.clone(), file))
    }

    pub(in crate::store) fn checkpoints<'a>(
        &'a self,
        changes: &'a [PendingChange],
        seqs: &[i64],
    ) -> Vec<Checkpoint<'a>> {
        let checkpoint = |(change, seq): (&'a PendingChange, &i64)| Checkpoint {
            doc: &change.doc,
            path: &change.path,
            file: self.loaded(&change.doc).and_then(|loaded| loaded.file),
            seen: self.loaded(&change.doc).and_then(|loaded| self.settled(loaded)),
            state: &change.state,
            content: change.content,
            seq: *seq,
            begun: Cell::default(),
        };
        changes.iter().zip(seqs).map(checkpoint).collect()
    }

    /// Returns a document's file as it was when loaded, if it was last changed before this session: then any
    /// change since shows.
    fn settled(&self, loaded: &Loaded) -> Option<fs::Seen> {
        let (lock, seen) = (self.lock.as_ref()?.seen()?, loaded.seen?);
        seen.is_older_than(&lock).then_some(seen)
    }

    /// Returns every changed document, encoded and walked, with its log rows.
    fn changes(&mut self) -> Result<Vec<PendingChange>> {
        let (roots, noted) = (self.environment.roots, self.environment.noted);
        let mut changes = Vec::with_capacity(self.changed.len());
        for doc in &self.changed {
            let known = self.known_content(doc)?;
            let (swept, normal) = (self.swept_by(doc), self.stands_normal(doc, &known));
            let found = FoundContent { swept, normal };
            if let Some(Some(open)) = self.documents.get_mut(doc) {
                changes.extend(open.finish(doc, roots, noted, &known, found)?);
            }
        }
        Ok(changes)
    }

    fn sizes(&self, changes: &[PendingChange]) -> Vec<ChangedDocument> {
        changes
            .iter()
            .map(|change| ChangedDocument {
                doc: change.doc.clone(),
                bytes_before: self
                    .loaded(&change.doc)
                    .and_then(|loaded| loaded.file)
                    .map_or(0, |file| file.bytes),
                bytes_after: change.state.bytes(),
                residue: change.state.residue(),
            })
            .collect()
    }
}

#[cfg(test)]
impl Session {
    /// Ends like a process killed after the commit point: no fold.
    pub(in crate::store) fn commit_and_die(mut self) {
        self.pin_and_die_unless(true);
    }

    /// Begins the file of a commit that then fails; returns whether there was one to begin.
    pub(in crate::store) fn begin_and_fail(mut self) -> bool {
        let changes = self.changes().unwrap();
        let begun = self.begin_file(&changes);
        let is_there = |(doc, _): &(DocId, NewFile)| {
            let path = self.loaded(doc).unwrap().path.with_extension("yrs.tmp");
            self.layout.resolve(&path).exists()
        };
        begun.is_some_and(|begun| is_there(&begun))
    }

    /// Ends like a process killed just before the commit point.
    pub(in crate::store) fn pin_and_die(mut self) {
        self.pin_and_die_unless(false);
    }

    fn pin_and_die_unless(&mut self, commit: bool) {
        let changes = self.changes().unwrap();
        self.log(&changes).unwrap();
        self.replica.pin(self.state.log_end().unwrap(), &self.state).unwrap();
        if commit {
            self.state.commit().unwrap();
        }
    }
}

//! Brings the directories of the disks in line before and after a commit.

use super::Context;
use crate::cmd::failure;
use crate::disk;
use crate::error::{Error, Kind, Result};
use crate::id::DocId;
use crate::store::{Committed, Store};

impl Context {
    /// Takes in external changes from the directories of the disks before an import changes the documents
    /// that they go into. This is a commit of its own, separate from the import's.
    ///
    /// # Errors
    /// Those of the store and of the file system.
    pub fn take_in_disks(&self) -> Result<()> {
        let has_disks = |store: &Store| -> Result<bool> {
            Ok(store.reader()?.documents()?.iter().any(|document| disk::is_disk(&document.id)))
        };
        if self.dry_run || !has_disks(&self.store()?)? {
            return Ok(());
        }
        let mut session = self.session()?;
        let (notes, behind) = disk::take_in_all(&mut session)?;
        session.commit()?;
        notes.iter().for_each(|note| self.note(failure::hint(note)));
        if behind {
            self.settle_all_disks().into_iter().for_each(|note| self.note(note));
        }
        Ok(())
    }

    /// Notes which files were changed in the directories of these documents' disks but not taken in, so that
    /// no bundle carries their current content. Unreadable documents are reported elsewhere.
    pub fn note_unscanned(&self, docs: impl IntoIterator<Item = DocId>) {
        let notes = self.reader().and_then(|reader| disk::unscanned_of(&reader, docs));
        notes.into_iter().flatten().for_each(|note| self.note(failure::hint(&note)));
    }

    /// Updates the files of the disks to what a commit says, and returns sentences for people. The commit has
    /// already happened, so a failure here is only one of those sentences.
    pub(super) fn settle_disks(&self, committed: &Committed) -> Vec<String> {
        if self.dry_run || !committed.documents.iter().any(|change| disk::is_disk(&change.doc)) {
            return Vec::new();
        }
        self.settle_all_disks()
    }

    /// Updates the files of all disks to what the store says, and returns sentences for people.
    pub fn settle_all_disks(&self) -> Vec<String> {
        let settle = || {
            let mut session = disk::session_to_settle(|| self.session(), None)?;
            let settled = disk::settle_all(&mut session)?;
            session.commit()?;
            self.note_unwritten(settled.failed);
            Ok(settled.notes.iter().map(failure::hint).collect())
        };
        settle().unwrap_or_else(|e: Error| {
            self.unwritten.borrow_mut().extend((e.kind == Kind::Io).then_some(None));
            vec![format!("the files on the disks are not all written yet: {e:#}")]
        })
    }

    /// Records files that could not be written, by their ids.
    pub fn note_unwritten(&self, failed: Vec<String>) {
        self.unwritten.borrow_mut().extend(failed.into_iter().map(Some));
    }

    /// Whether any of these files could not be written.
    pub fn is_unwritten(&self, ids: &[String]) -> bool {
        let is_one = |failed: &Option<String>| failed.as_ref().is_none_or(|id| ids.contains(id));
        self.unwritten.borrow().iter().any(is_one)
    }
}

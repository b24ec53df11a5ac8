//! What commands do about the directories of the disks before and after a commit.

use super::Context;
use crate::cmd::failure;
use crate::disk;
use crate::error::{Error, Kind, Result};
use crate::id::DocId;
use crate::store::{Committed, Store};

impl Context {
    /// Takes in what others changed in the directories of the disks, before an import changes what
    /// it would be taken into: in a commit of its own, which is not the import's.
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

    /// Says which files were changed in the directories of the disks that some documents are about, and do
    /// not go to anybody as they are now. What cannot be read is said elsewhere.
    pub fn note_unscanned(&self, docs: impl IntoIterator<Item = DocId>) {
        let notes = self.reader().and_then(|reader| disk::unscanned_of(&reader, docs));
        notes.into_iter().flatten().for_each(|note| self.note(failure::hint(&note)));
    }

    /// Makes the files of the disks what a commit says; sentences for people. The commit has
    /// happened: what fails here is one of them.
    pub(super) fn settle_disks(&self, committed: &Committed) -> Vec<String> {
        if self.dry_run || !committed.documents.iter().any(|change| disk::is_disk(&change.doc)) {
            return Vec::new();
        }
        self.settle_all_disks()
    }

    /// Makes the files of all disks what the store says; sentences for people.
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

    /// Notes files that the file system did not take, by their ids.
    pub fn note_unwritten(&self, failed: Vec<String>) {
        self.unwritten.borrow_mut().extend(failed.into_iter().map(Some));
    }

    /// Whether one of some files is among those.
    pub fn is_unwritten(&self, ids: &[String]) -> bool {
        let is_one = |failed: &Option<String>| failed.as_ref().is_none_or(|id| ids.contains(id));
        self.unwritten.borrow().iter().any(is_one)
    }
}

//! Reverts what was applied to one document, while the session continues.

use super::load::Roots;
use super::open_document::{Editing, OpenDocument, own};
use super::session::Session;
use crate::error::{Error, Result};
use crate::id::DocId;

/// A revision of a document: how many updates have changed it.
#[derive(Debug, Clone, Copy)]
pub struct Revision(usize);

impl Session {
    /// Returns the present revision of a document.
    pub fn savepoint(&self, doc: &DocId) -> Revision {
        Revision(self.revision(doc))
    }

    /// Reverts every change of a document since a revision: its order and its bytes are as they were.
    ///
    /// # Errors
    /// After an error the session must be dropped, as after any failed change.
    pub fn go_back(&mut self, doc: &DocId, to: Revision) -> Result<()> {
        let roots = self.environment().roots;
        self.forget_found(doc);
        let Some(Some(open)) = self.documents.get_mut(doc) else { return Ok(()) };
        let was_broken = std::mem::replace(&mut self.broken, true);
        open.go_back(doc, roots, to)?;
        self.broken = was_broken;
        if !open.is_changed() {
            self.changed.retain(|changed| changed != doc);
        }
        Ok(())
    }
}

impl OpenDocument {
    /// yrs reverts nothing: the document is loaded again, and changed again up to that revision.
    fn go_back(&mut self, doc: &DocId, roots: Roots, to: Revision) -> Result<()> {
        let Some(made) = self.close() else { return Ok(()) };
        let count = to.0.checked_sub(usize::from(self.arrived.is_some()));
        let Some(count) = count else {
            return Err(Error::bug(format!("{doc} cannot be reverted to before it arrived")));
        };
        self.open(doc, roots, true, |_| Ok(made.client))?;
        self.redo(doc, roots, &made, count)
    }

    /// Applies the first `count` updates again to a document that was opened anew.
    pub(super) fn redo(
        &mut self,
        doc: &DocId,
        roots: Roots,
        made: &Editing,
        count: usize,
    ) -> Result<()> {
        let updates = made.doc.updates().iter().zip(&made.by);
        for (update, by) in updates.take(count) {
            let update = own(update, doc, roots)?;
            self.change(by.clone(), |editing| editing.doc.apply(&update))?;
        }
        match &self.editing {
            Some(editing) if editing.doc.updates().len() == count => Ok(()),
            _ => Err(Error::bug(format!("{doc} was not reverted to what it was"))),
        }
    }
}

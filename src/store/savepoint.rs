//! Taking back what was applied to one document, while the session goes on.

use super::load::Roots;
use super::open_document::{Editing, OpenDocument, own};
use super::session::Session;
use crate::error::{Error, Result};
use crate::id::DocId;

/// A document as it stood: how many updates it was changed by.
#[derive(Debug, Clone, Copy)]
pub struct Revision(usize);

impl Session {
    /// Remembers how a document stands now.
    pub fn savepoint(&self, doc: &DocId) -> Revision {
        Revision(self.revision(doc))
    }

    /// Takes back every change of a document since: it is as it was, in its order and its bytes.
    ///
    /// # Errors
    /// The session must be dropped then, as after any change that failed.
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
    /// yrs takes nothing back: the document is loaded again, and changed again as far as it was.
    fn go_back(&mut self, doc: &DocId, roots: Roots, to: Revision) -> Result<()> {
        let Some(made) = self.close() else { return Ok(()) };
        let count = to.0.checked_sub(usize::from(self.arrived.is_some()));
        let Some(count) = count else {
            return Err(Error::bug(format!("{doc} was to be taken back to before it arrived")));
        };
        self.open(doc, roots, true, |_| Ok(made.client))?;
        self.redo(doc, roots, &made, count)
    }

    /// Changes a document that was opened anew as it was changed before, by so many updates.
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
            _ => Err(Error::bug(format!("{doc} was taken back to what it was not"))),
        }
    }
}

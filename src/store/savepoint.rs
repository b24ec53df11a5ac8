//! Taking back what was applied to one document, while the session goes on.

use super::Roots;
use super::open_document::{Editing, OpenDocument, WrittenBy, own};
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
        self.derived.remove(doc);
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
        let Some(Editing { doc: made, client, by, .. }) = self.close() else { return Ok(()) };
        self.open(doc, roots, true, |_| Ok(client))?;
        let kept: Vec<(&Vec<u8>, &WrittenBy)> = made.updates().iter().zip(&by).take(to.0).collect();
        for (update, by) in kept {
            let update = own(update, doc, roots)?;
            self.change(by.clone(), |editing| editing.doc.apply(&update))?;
        }
        match &self.editing {
            Some(editing) if editing.doc.updates().len() == to.0 => Ok(()),
            _ => Err(Error::bug(format!("{doc} was taken back to what it was not"))),
        }
    }
}

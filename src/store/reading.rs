//! Reads documents as they stand in a session.

use super::open_document::{OpenDocument, more_is_needed};
use super::session::Session;
use crate::crdt::any_view::AnyView;
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::crdt::window::Through;
use crate::error::Result;
use crate::id::DocId;
use crate::wire::{CheckedBytes, SharedBytes, Value};
use std::rc::Rc;

impl Session {
    /// Reads a document as it stands in this session, with its own changes. Returns `None` if it does not
    /// exist.
    pub fn read<R>(
        &mut self,
        doc: &DocId,
        look: impl FnOnce(&dyn Source) -> R,
    ) -> Result<Option<R>> {
        let roots = self.environment.roots;
        let Some(open) = self.existing(doc)? else { return Ok(None) };
        match open.editing.as_ref().and_then(|editing| editing.doc.in_yrs()) {
            Some(opened) => Ok(Some(opened.read(look))),
            None => {
                let view = open.view(doc, roots)?;
                let window = open.window.as_deref();
                Ok(Some(look(&Through { source: &*view, window })))
            }
        }
    }

    /// Returns the value at a path as it stands in this session, with its type: a BigInt is not a number.
    /// [`Session::read`] does not tell them apart in a changed document.
    pub fn typed(&mut self, doc: &DocId, path: &[&str]) -> Result<Option<Value>> {
        let roots = self.environment.roots;
        match self.existing(doc)? {
            Some(open) => {
                open.window.iter().for_each(|window| window.ask(path));
                open.typed(doc, roots, path)
            }
            None => Ok(None),
        }
    }

    /// Returns the view of a document as it stands in this session; `None` if it does not exist.
    ///
    /// # Errors
    /// `Corrupt` also for a document with content that no view shows ([`Session::any_view`]).
    pub fn view(&mut self, doc: &DocId) -> Result<Option<Rc<View>>> {
        let roots = self.environment.roots;
        self.whole(doc)?.map(|open| open.view(doc, roots)).transpose()
    }

    /// Returns what a document shows as it stands in this session, whatever its content; `None` if it does
    /// not exist.
    pub fn any_view(&mut self, doc: &DocId) -> Result<Option<AnyView>> {
        let roots = self.environment.roots;
        self.whole(doc)?.map(|open| open.any_view(doc, roots)).transpose()
    }

    /// Returns the state of a document as it stands in this session; `None` if it does not exist.
    pub fn bytes(&mut self, doc: &DocId) -> Result<Option<SharedBytes>> {
        self.whole(doc)?.map(OpenDocument::state).transpose()
    }

    /// Returns the same, with what was parsed when it was checked.
    pub fn checked(&mut self, doc: &DocId) -> Result<Option<CheckedBytes<SharedBytes>>> {
        let roots = self.environment.roots;
        self.whole(doc)?.map(|open| open.checked(doc, roots)).transpose()
    }

    /// Returns the bytes of the document as it was loaded, plus those that this session adds; 0 for a new
    /// one. Not promised: that it has this size when encoded as a whole.
    pub fn size(&mut self, doc: &DocId) -> Result<u64> {
        self.load(doc)?;
        let open = self.documents.get(doc).and_then(Option::as_ref);
        Ok(open.filter(|open| open.exists()).map_or(0, OpenDocument::size))
    }

    /// Returns the bytes of the document that count towards `limit`, if they exceed it; what removed records
    /// left does not count. It is taken as it stands in this session, and encoded only if the additions since
    /// the last call can have exceeded the limit.
    pub fn counted_over(&mut self, doc: &DocId, limit: u64) -> Result<Option<u64>> {
        // For a document read by pages, its size is usually enough.
        if self.size(doc)? <= limit {
            return Ok(None);
        }
        let Some(open) = self.whole(doc)?.filter(|open| open.counts_at_most() > limit) else {
            return Ok(None);
        };
        Ok(Some(open.counted()?).filter(|counted| *counted > limit))
    }

    /// Takes out what was derived from a document earlier in this session, if the document has not changed
    /// since. [`Session::remember`] puts it back.
    pub fn recall<T: 'static>(&mut self, doc: &DocId) -> Option<T> {
        let (revision, derived) = self.derived.remove(doc)?;
        let derived = derived.downcast().ok().filter(|_| revision == self.revision(doc))?;
        Some(*derived)
    }

    /// Keeps a value derived from a document as it stands now; one value per document.
    pub fn remember<T: 'static>(&mut self, doc: &DocId, derived: T) {
        self.derived.insert(doc.clone(), (self.revision(doc), Box::new(derived)));
    }

    /// Returns how often a document was changed in this session.
    pub fn revision(&self, doc: &DocId) -> usize {
        let open = self.documents.get(doc).and_then(Option::as_ref);
        open.map_or(0, OpenDocument::revision)
    }

    /// Returns a document that exists in its file, in the log, or in this session.
    pub(super) fn existing(&mut self, doc: &DocId) -> Result<Option<&mut OpenDocument>> {
        self.load(doc)?;
        self.complete(doc)?;
        Ok(self.documents.get_mut(doc).and_then(Option::as_mut).filter(|w| w.exists()))
    }

    /// Returns the same, with everything in it at hand.
    fn whole(&mut self, doc: &DocId) -> Result<Option<&mut OpenDocument>> {
        let open = self.existing(doc)?;
        match open.as_ref().and_then(|open| open.window.as_ref()) {
            Some(window) => {
                window.ask_for_all();
                Err(more_is_needed(doc))
            }
            None => Ok(open),
        }
    }
}

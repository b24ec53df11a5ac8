//! What is known of documents without reading them, and the parts that an import asks for.
//!
//! The rules of an import apply to all records of a document. If its file is as an import left it, and it is
//! known what changed since, they need only those changes and what comes in: the rest is as they left it.

use super::index;
use super::open_document::{OpenDocument, more_is_needed};
use super::session::Session;
use super::state::KnownContent;
use crate::crdt::any_view::AnyView;
use crate::crdt::view::{ContentSum, View};
use crate::crdt::window::Window;
use crate::error::Result;
use crate::id::DocId;
use crate::wire::{Checked, CheckedBytes, SharedBytes, Update, Version};
use std::rc::Rc;

/// A document as it was last written here: its whole state, and what is known of its pages.
pub struct IndexedDocument {
    /// The whole state.
    pub whole: CheckedBytes<SharedBytes>,
    /// Its pages.
    pub pages: Window,
    /// The hash under which facts about its content are recorded.
    pub stored_as: [u8; 32],
}

impl Session {
    /// Fails if something that was asked for in a document was not at hand: the caller is then run again.
    pub fn was_at_hand(&mut self, doc: &DocId) -> Result<()> {
        self.open_at_hand(doc).map(drop)
    }

    /// Asks for the parts of a document that are not at hand.
    pub fn ask_for_all(&mut self, doc: &DocId) -> Result<()> {
        if let Some(window) = self.window(doc)? {
            window.ask_for_all();
        }
        Ok(())
    }

    /// Asks for everything in a document that an update touches and that is not at hand.
    pub fn ask_for_touched(&mut self, doc: &DocId, update: &Update<'_, Checked>) -> Result<()> {
        if let Some(window) = self.window(doc)? {
            window.ask_for_touched(update);
        }
        Ok(())
    }

    /// Asks for everything that may have tombstones that were not swept by `by`.
    pub fn ask_for_unswept(&mut self, doc: &DocId, by: &[u8; 32]) -> Result<()> {
        if let Some(window) = self.window(doc)? {
            window.ask_for_unswept(by);
        }
        Ok(())
    }

    /// Returns the view of a document as it stands in this session, or of the part that is at hand; `None` if
    /// it does not exist.
    pub fn at_hand(&mut self, doc: &DocId) -> Result<Option<Rc<View>>> {
        let roots = self.environment.roots;
        self.open_at_hand(doc)?.map(|open| open.view(doc, roots)).transpose()
    }

    /// Returns the same, whatever its content.
    pub fn any_at_hand(&mut self, doc: &DocId) -> Result<Option<AnyView>> {
        let roots = self.environment.roots;
        self.open_at_hand(doc)?.map(|open| open.any_view(doc, roots)).transpose()
    }

    /// Returns the state of the part of a document that is at hand; the rest is replaced by collected (GC)
    /// blocks. `None` if the document does not exist.
    pub fn checked_at_hand(&mut self, doc: &DocId) -> Result<Option<CheckedBytes<SharedBytes>>> {
        let roots = self.environment.roots;
        self.open_at_hand(doc)?.map(|open| open.checked(doc, roots)).transpose()
    }

    /// Returns the version of a document as it stands in this session; `None` if it does not exist.
    pub fn version(&mut self, doc: &DocId) -> Result<Option<Version>> {
        let roots = self.environment.roots;
        let Some(open) = self.open_at_hand(doc)? else { return Ok(None) };
        match &open.window {
            Some(window) => match window.source().version() {
                Some(version) => open.later(version, doc, roots).map(Some),
                None => {
                    window.ask_for_all();
                    Err(more_is_needed(doc))
                }
            },
            None => Ok(Some(open.any_view(doc, roots)?.version().clone())),
        }
    }

    /// Returns the sum of the content of a document as it stands in this session, if that is known without
    /// reading it. `None` if its view has to tell.
    pub fn content_sum(&mut self, doc: &DocId) -> Result<Option<ContentSum>> {
        let (roots, known) = (self.environment.roots, self.known_content(doc)?);
        match self.open_at_hand(doc)? {
            Some(open) if open.window.is_some() => open.sum(doc, roots, known.sum),
            Some(open) => Ok(open.known_sum()),
            None => Ok(None),
        }
    }

    /// Records that the tombstones of a document, as it stands now, were swept by `by`.
    pub fn note_swept(&mut self, doc: &DocId, by: [u8; 32]) {
        self.swept.insert(doc.clone(), (by, self.revision(doc)));
    }

    /// Returns what the tombstones of a document were swept by, if it has not changed since.
    pub(super) fn swept_by(&self, doc: &DocId) -> Option<[u8; 32]> {
        let (by, revision) = self.swept.get(doc)?;
        (*revision == self.revision(doc)).then_some(*by)
    }

    /// Returns whether a root of a document ever had a key, removed ones included, as far as the document
    /// tells; `None` if that takes reading all of it.
    ///
    /// # Errors
    /// Those of loading it.
    pub fn ever_had(&mut self, doc: &DocId, root: &str, key: &str) -> Result<Option<bool>> {
        let is_as_loaded = self.revision(doc) == 0;
        let window = self.window(doc)?.filter(|_| is_as_loaded);
        Ok(window.map(|window| window.source().find(root, key).is_some()))
    }

    /// Records that a document, as it stands now, is in the normal form of its concern: what its operations
    /// put right before they change anything is right. Any other change ends that.
    pub fn note_normal(&mut self, doc: &DocId) {
        self.normal.insert(doc.clone(), self.revision(doc));
    }

    /// Returns whether a document, as it stands now, is known to be in the normal form of its concern.
    ///
    /// # Errors
    /// Those of loading it.
    pub fn is_normal(&mut self, doc: &DocId) -> Result<bool> {
        self.load(doc)?;
        let known = self.known_content(doc)?;
        Ok(self.stands_normal(doc, &known))
    }

    /// Returns the same, given what was known of the file that was loaded.
    pub(super) fn stands_normal(&self, doc: &DocId, known: &KnownContent) -> bool {
        let revision = self.revision(doc);
        match self.normal.get(doc) {
            Some(noted) => *noted == revision,
            None => revision == 0 && known.normal,
        }
    }

    /// Returns what was known of the file of a loaded document.
    pub(super) fn known_content(&self, doc: &DocId) -> Result<KnownContent> {
        let Some(stored_as) = self.loaded(doc).and_then(|loaded| loaded.stored_as) else {
            return Ok(KnownContent::default());
        };
        Ok(self.state.content_of(doc, &stored_as)?.unwrap_or_default())
    }

    /// Records what was swept of documents that do not change.
    pub(super) fn keep_swept(&mut self) -> Result<()> {
        let roots = self.environment.roots;
        let docs: Vec<DocId> = self.swept.keys().cloned().collect();
        for doc in docs {
            let (known, swept) = (self.known_content(&doc)?, self.swept_by(&doc));
            let Some(Some(open)) = self.documents.get_mut(&doc) else { continue };
            let stored_as = open.loaded.stored_as.filter(|_| !open.is_changed());
            let Some(stored_as) = stored_as else { continue };
            let sum = open.sum(&doc, roots, known.sum)?;
            let content = KnownContent { swept, sum, normal: known.normal };
            if content != known {
                self.state.put_content(&doc, &stored_as, &content)?;
            }
            self.state.put_swept(&doc)?;
        }
        Ok(())
    }

    /// Reads a document whole that has not been loaded yet, and returns it with what is known of its pages;
    /// `None` if nothing is known, or it is not as it was last written here.
    pub fn indexed(&self, doc: &DocId) -> Result<Option<IndexedDocument>> {
        let (roots, noted) = (self.environment.roots, self.environment.noted);
        if self.dry_run() || self.documents.contains_key(doc) || roots(doc).is_anything() {
            return Ok(None);
        }
        let Some((loaded, pages)) = index::open(&self.layout, &self.state, doc, noted)? else {
            return Ok(None);
        };
        // Errors do not matter here: loading the document reports them better.
        let whole = pages.source().whole().ok();
        let whole = whole.and_then(|whole| CheckedBytes::check(whole, roots(doc)).ok());
        let found = whole.zip(loaded.stored_as);
        Ok(found.map(|(whole, stored_as)| IndexedDocument { whole, pages, stored_as }))
    }

    /// Returns whether what is at hand of a document are pages of this very file, still unchanged.
    pub fn is_indexed(&mut self, doc: &DocId, stored_as: &[u8; 32]) -> Result<bool> {
        if !self.is_paged() {
            return Ok(false);
        }
        self.load(doc)?;
        let open = self.documents.get(doc).and_then(Option::as_ref);
        Ok(open.is_some_and(|open| {
            let same = open.loaded.stored_as.as_ref() == Some(stored_as);
            same && open.window.is_some() && !open.is_changed()
        }))
    }

    fn window(&mut self, doc: &DocId) -> Result<Option<&Window>> {
        self.load(doc)?;
        // Once asking for more does not pay, everything is opened.
        self.complete(doc)?;
        let open = self.documents.get(doc).and_then(Option::as_ref);
        Ok(open.and_then(|open| open.window.as_deref()))
    }

    /// Returns a document that exists, if everything asked for in it was at hand.
    fn open_at_hand(&mut self, doc: &DocId) -> Result<Option<&mut OpenDocument>> {
        let open = self.existing(doc)?;
        match open.as_ref().and_then(|open| open.window.as_ref()) {
            Some(window) if window.has_missed() => Err(more_is_needed(doc)),
            _ => Ok(open),
        }
    }
}

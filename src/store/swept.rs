//! What is known of documents without reading them, and what of them an import asks for.
//!
//! The rules of an import go over all records of a document. Of one whose file is as an import left
//! it, and of which it is known what changed since, they need no more than that, and what comes in:
//! the rest is as they left it.

use super::index;
use super::open_document::{OpenDocument, more_is_needed};
use super::session::Session;
use super::state::KnownContent;
use crate::crdt::any_view::AnyView;
use crate::crdt::view::{ContentSum, View};
use crate::crdt::window::Window;
use crate::error::Result;
use crate::id::DocId;
use crate::wire::{Checked, CheckedBytes, Update, Version};
use std::rc::Rc;

/// A document as it was last written here, with all of it and what is known of its pages.
pub struct IndexedDocument {
    /// All of it.
    pub whole: CheckedBytes<Vec<u8>>,
    /// Its pages.
    pub pages: Window,
    /// Under what it is noted what is known of its content.
    pub stored_as: [u8; 32],
}

impl Session {
    /// Refuses to go on with what was read of a document, where not all that was asked for was at hand:
    /// what is being run is run again.
    pub fn was_at_hand(&mut self, doc: &DocId) -> Result<()> {
        self.open_at_hand(doc).map(drop)
    }

    /// Asks for all of a document, as far as it is not at hand.
    pub fn ask_for_all(&mut self, doc: &DocId) -> Result<()> {
        if let Some(window) = self.window(doc)? {
            window.ask_for_all();
        }
        Ok(())
    }

    /// Asks for all that an update joins in a document, as far as it is not at hand.
    pub fn ask_for_touched(&mut self, doc: &DocId, update: &Update<'_, Checked>) -> Result<()> {
        if let Some(window) = self.window(doc)? {
            window.ask_for_touched(update);
        }
        Ok(())
    }

    /// The same for all in which there may be tombstones that were not swept by what this stands for.
    pub fn ask_for_unswept(&mut self, doc: &DocId, by: &[u8; 32]) -> Result<()> {
        if let Some(window) = self.window(doc)? {
            window.ask_for_unswept(by);
        }
        Ok(())
    }

    /// The view of a document as it stands in this session, or of as much of it as is at hand. None
    /// when it does not exist.
    pub fn at_hand(&mut self, doc: &DocId) -> Result<Option<Rc<View>>> {
        let roots = self.environment.roots;
        self.open_at_hand(doc)?.map(|open| open.view(doc, roots)).transpose()
    }

    /// The same, whatever it shows.
    pub fn any_at_hand(&mut self, doc: &DocId) -> Result<Option<AnyView>> {
        let roots = self.environment.roots;
        self.open_at_hand(doc)?.map(|open| open.any_view(doc, roots)).transpose()
    }

    /// The state of as much of a document as is at hand: all else is collected there. None when it
    /// does not exist.
    pub fn checked_at_hand(&mut self, doc: &DocId) -> Result<Option<CheckedBytes<Rc<[u8]>>>> {
        let roots = self.environment.roots;
        self.open_at_hand(doc)?.map(|open| open.checked(doc, roots)).transpose()
    }

    /// The version of a document as it stands in this session. None when it does not exist.
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

    /// The sum of the content of a document as it stands in this session, where that is known without
    /// all of it at hand. None where everything is: its view tells it.
    pub fn content_sum(&mut self, doc: &DocId) -> Result<Option<ContentSum>> {
        let (roots, known) = (self.environment.roots, self.known_content(doc)?);
        match self.open_at_hand(doc)? {
            Some(open) if open.window.is_some() => open.sum(doc, roots, known.sum),
            _ => Ok(None),
        }
    }

    /// Notes that the tombstones of a document, as it stands now, were swept by what this stands for.
    pub fn note_swept(&mut self, doc: &DocId, by: [u8; 32]) {
        self.swept.insert(doc.clone(), (by, self.revision(doc)));
    }

    /// What the tombstones of a document were swept by, if it has not changed since.
    pub(super) fn swept_by(&self, doc: &DocId) -> Option<[u8; 32]> {
        let (by, revision) = self.swept.get(doc)?;
        (*revision == self.revision(doc)).then_some(*by)
    }

    /// Whether a root of a document ever had a key, as far as the document tells: what was removed
    /// counts. None where that takes reading all of it.
    ///
    /// # Errors
    /// Those of loading it.
    pub fn ever_had(&mut self, doc: &DocId, root: &str, key: &str) -> Result<Option<bool>> {
        let is_as_loaded = self.revision(doc) == 0;
        let window = self.window(doc)?.filter(|_| is_as_loaded);
        Ok(window.map(|window| window.source().find(root, key).is_some()))
    }

    /// Notes that a document, as it stands now, is in the normal form of its concern: what its
    /// operations put right before they change anything is right. Any other change ends that.
    pub fn note_normal(&mut self, doc: &DocId) {
        self.normal.insert(doc.clone(), self.revision(doc));
    }

    /// Whether a document, as it stands now, is known to be in the normal form of its concern.
    ///
    /// # Errors
    /// Those of loading it.
    pub fn is_normal(&mut self, doc: &DocId) -> Result<bool> {
        self.load(doc)?;
        let known = self.known_content(doc)?;
        Ok(self.stands_normal(doc, &known))
    }

    /// The same, given what was known of the file that was loaded.
    pub(super) fn stands_normal(&self, doc: &DocId, known: &KnownContent) -> bool {
        let revision = self.revision(doc);
        match self.normal.get(doc) {
            Some(noted) => *noted == revision,
            None => revision == 0 && known.normal,
        }
    }

    /// What was known of the file of a document that was loaded.
    pub(super) fn known_content(&self, doc: &DocId) -> Result<KnownContent> {
        let Some(stored_as) = self.loaded(doc).and_then(|loaded| loaded.stored_as) else {
            return Ok(KnownContent::default());
        };
        Ok(self.state.content_of(doc, &stored_as)?.unwrap_or_default())
    }

    /// Writes down what was swept of documents that stay as they are.
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

    /// A document that nobody asked for yet, read whole beside what is known of its pages; None where
    /// nothing is, or it is not as it was last written here.
    pub fn indexed(&self, doc: &DocId) -> Result<Option<IndexedDocument>> {
        let (roots, noted) = (self.environment.roots, self.environment.noted);
        if self.dry_run() || self.documents.contains_key(doc) || roots(doc).is_anything() {
            return Ok(None);
        }
        let Some((loaded, pages)) = index::open(&self.layout, &self.state, doc, noted)? else {
            return Ok(None);
        };
        // Whatever is the matter with it, whoever loads it says it better.
        let whole = pages.source().whole().ok();
        let whole = whole.and_then(|whole| CheckedBytes::check(whole, roots(doc)).ok());
        let found = whole.zip(loaded.stored_as);
        Ok(found.map(|(whole, stored_as)| IndexedDocument { whole, pages, stored_as }))
    }

    /// Whether what is at hand of a document are pages of this very one, and nothing was made of them
    /// yet.
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
        // Once it is not worth asking for more, everything is opened.
        self.complete(doc)?;
        let open = self.documents.get(doc).and_then(Option::as_ref);
        Ok(open.and_then(|open| open.window.as_deref()))
    }

    /// A document that exists, if nothing of it was asked for that is not at hand.
    fn open_at_hand(&mut self, doc: &DocId) -> Result<Option<&mut OpenDocument>> {
        let open = self.existing(doc)?;
        match open.as_ref().and_then(|open| open.window.as_ref()) {
            Some(window) if window.has_missed() => Err(more_is_needed(doc)),
            _ => Ok(open),
        }
    }
}

//! Reading no more of a large document than what is asked of it.

use super::index::{self, StoredDocument};
use super::reader::{FileSource, Reader};
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::crdt::window::{Through, Window};
use crate::error::Result;
use crate::id::DocId;
use crate::wire::Update;

impl Reader {
    /// Looks at the validated live content of a document; None when there is none. `look` may be
    /// called several times, of which the last counts.
    ///
    /// # Errors
    /// As [`Reader::view`].
    pub fn look<R>(&self, doc: &DocId, look: impl Fn(&dyn Source) -> R) -> Result<Option<R>> {
        if let FileSource::Files { layout, state: Some(state) } = self.source() {
            let looked = state.unmoved(|| match index::open(layout, state, doc, self.noted())? {
                Some((_, window)) => Ok(self.look_through(doc, window, &look)),
                None => Ok(None),
            });
            if let Some(found) = looked.transpose()?.flatten() {
                return Ok(Some(found));
            }
        }
        Ok(self.view(doc)?.map(|view| look(&view)))
    }

    /// None where that takes the whole document, or it is not as it was expected.
    fn look_through<R>(
        &self,
        doc: &DocId,
        mut window: Window,
        look: &impl Fn(&dyn Source) -> R,
    ) -> Option<R> {
        for _ in 0..Window::TURNS {
            let pages = window.projection()?;
            let view = View::of(&Update::checked(&pages, self.roots()(doc).roots()).ok()?);
            let found = look(&Through { source: &view, window: Some(&window) });
            if !window.has_missed() {
                return Some(found);
            }
            window = window.with_missed()?;
        }
        None
    }

    /// What is known of a document without reading it; None where that takes reading it.
    ///
    /// # Errors
    /// From the local state.
    pub fn stored(&self, doc: &DocId) -> Result<Option<StoredDocument>> {
        match self.source() {
            FileSource::Files { layout, state: Some(state) } => {
                let stored = state.unmoved(|| index::stored(layout, state, doc));
                Ok(stored.transpose()?.flatten())
            }
            _ => Ok(None),
        }
    }

    /// How many clients wrote a document, if that is known without reading it.
    ///
    /// # Errors
    /// From the local state.
    pub fn clients_without_reading(&self, doc: &DocId) -> Result<Option<usize>> {
        match self.source() {
            FileSource::Files { layout, state: Some(state) } => index::clients(layout, state, doc),
            _ => Ok(None),
        }
    }
}

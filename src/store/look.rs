//! Reads only the parts of a large document that are asked for.

use super::index::{self, StoredDocument};
use super::layout::{Layout, Stamp};
use super::reader::Reader;
use super::state::{LogRow, State};
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::crdt::window::{Through, Window};
use crate::error::Result;
use crate::id::DocId;
use crate::wire::Update;

impl Reader {
    /// Calls `look` on the validated live content of a document; returns `None` if there is none. `look` may
    /// be called several times; the last call counts.
    ///
    /// # Errors
    /// As [`Reader::view`].
    pub fn look<R>(&self, doc: &DocId, look: impl Fn(&dyn Source) -> R) -> Result<Option<R>> {
        let through_pages = |layout: &Layout, state: &State| {
            let window = index::open_to_read(layout, state, doc, self.noted())?;
            Ok(window.and_then(|window| self.look_through(doc, window, &look)))
        };
        if let Some(found) = self.indexed(doc, through_pages)? {
            return Ok(Some(found));
        }
        Ok(self.view(doc)?.map(|view| look(&view)))
    }

    /// Returns `None` if that takes the whole document, or it is not as expected.
    fn look_through<R>(
        &self,
        doc: &DocId,
        mut window: Window,
        look: &impl Fn(&dyn Source) -> R,
    ) -> Option<R> {
        for _ in 0..Window::TURNS {
            let pages = window.projection()?;
            let view = View::of(&Update::checked(&pages, self.roots()(doc)).ok()?);
            let found = look(&Through { source: &view, window: Some(&window) });
            if !window.has_missed() {
                return Some(found);
            }
            window = window.with_missed()?;
        }
        None
    }

    /// Returns the log rows of a document with seq > after, in order. `None` if they do not lead from there
    /// to the document's content: the log no longer reaches back that far, or another program has written the
    /// file since.
    pub fn log_after(&self, doc: &DocId, after: i64) -> Result<Option<Vec<LogRow>>> {
        let Some((layout, state)) = self.files() else { return Ok(None) };
        let Some(rows) = state.log_after(doc, after)? else { return Ok(None) };
        if index::is_as_written(layout, state, doc)? {
            let from = state.known(doc)?.map(|known| known.log_from);
            return Ok(from.is_some_and(|from| after >= from).then_some(rows));
        }
        let Some(path) = layout.find(doc)? else { return Ok(Some(rows)) };
        let Some(bytes) = layout.read(&path)? else { return Ok(Some(rows)) };
        // Asked after the file was read: a fold in between is a false alarm, not a false all-clear.
        let stamp = Stamp::of(&bytes);
        let whole = state
            .known(doc)?
            .is_some_and(|known| known.blake3 == Some(stamp.blake3) && after >= known.log_from);
        Ok(whole.then_some(rows))
    }

    /// Returns what is known of a document without reading it; `None` if it must be read.
    ///
    /// # Errors
    /// From the local state.
    pub fn stored(&self, doc: &DocId) -> Result<Option<StoredDocument>> {
        self.indexed(doc, |layout, state| index::stored(layout, state, doc))
    }

    /// Returns the length of a document in bytes, and how many of these removed records left, if that is known
    /// without reading it.
    ///
    /// # Errors
    /// From the local state.
    pub fn length_without_reading(&self, doc: &DocId) -> Result<Option<(u64, u64)>> {
        self.indexed(doc, |layout, state| index::length(layout, state, doc))
    }

    /// Returns how many clients wrote a document, if that is known without reading it.
    ///
    /// # Errors
    /// From the local state.
    pub fn clients_without_reading(&self, doc: &DocId) -> Result<Option<usize>> {
        self.indexed(doc, |layout, state| index::clients(layout, state, doc))
    }

    /// Asks the index about a document, without seeing writes of others meanwhile.
    fn indexed<T>(
        &self,
        doc: &DocId,
        ask: impl Fn(&Layout, &State) -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        let Some((layout, state)) = self.files() else { return Ok(None) };
        let asked = || Ok(state.unmoved(|| ask(layout, state)).transpose()?.flatten());
        match asked()? {
            None if self.recognize(doc) => asked(),
            told => Ok(told),
        }
    }
}

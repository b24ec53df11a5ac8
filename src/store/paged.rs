//! Runs an operation at the cost of what it touches.
//!
//! If a large document is as it was last written here, an operation gets only the pages that it asks for
//! ([`Window`]). It is run again until it asks for nothing more, so that nobody has to declare those pages,
//! or can declare them wrongly.

use super::fold::INDEXED_BYTES;
use super::index;
use super::layout::Layout;
use super::load::Roots;
use super::new_state::{NewState, SplicedState};
use super::open_document::{ArrivedDocument, Editing, LogPart, OpenDocument};
use super::session::{Paging, Session};
use super::state::State;
use crate::crdt::view::{ContentSum, View};
use crate::crdt::window::Window;
use crate::error::Result;
use crate::gate::{self, Expected};
use crate::id::DocId;
use crate::parallel;
use crate::path::DocPath;
use crate::wire::{
    Checked, Edited, Id, ListOrder, ListOrders, Noted, Pages, SharedBytes, Splice, Update,
};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// In a root with more lists than this, their orders are not kept: each takes a look at every block.
const MOST_ORDERED: usize = 32;

impl Session {
    /// Runs the first change of this session, and opens only the parts of large documents that it asks for.
    /// It may run several times, so what it does outside the session must not matter. The result is as if it
    /// had run once, with everything open.
    ///
    /// # Errors
    /// Those of `run`.
    pub fn with_pages<R>(&mut self, run: impl Fn(&mut Session) -> Result<R>) -> Result<R> {
        self.run_paged(Paging::OfAny, run)
    }

    /// The same, for when finding the pages of a document that is read whole does not pay.
    ///
    /// # Errors
    /// Those of `run`.
    pub fn with_indexed_pages<R>(&mut self, run: impl Fn(&mut Session) -> Result<R>) -> Result<R> {
        self.run_paged(Paging::OfIndexed, run)
    }

    fn run_paged<R>(
        &mut self,
        paging: Paging,
        run: impl Fn(&mut Session) -> Result<R>,
    ) -> Result<R> {
        if self.changes_begun() > 0 || !self.changed.is_empty() || !self.derived.is_empty() {
            return run(self);
        }
        let environment = Rc::clone(&self.environment);
        let notes = self.notes.len();
        let mut turns = 0..Window::TURNS;
        let result = loop {
            // With everything open, nothing is missed.
            self.paging = turns.next().map(|_| paging);
            let point = self.state.savepoint()?;
            let result = environment.machine.ids.repeatably(|| run(self));
            if self.paging.is_none() || !self.asks_for_more() {
                self.state.release()?;
                break result;
            }
            self.state.roll_back_to(point)?;
            self.begin_again(notes)?;
        };
        self.paging = None;
        environment.machine.ids.forget();
        result
    }

    /// Returns whether the current run has asked for anything that is not at hand: then it is run again, and
    /// its results so far must not be used.
    pub fn asks_for_more(&self) -> bool {
        let mut windows = self.documents.values().flatten().filter_map(|open| open.window.as_ref());
        self.paging.is_some() && windows.any(|window| window.has_missed())
    }

    /// Returns whether the current run gets only the parts of documents that it asks for.
    pub fn is_paged(&self) -> bool {
        self.paging.is_some()
    }

    /// Narrows a document that arrived whole and is unchanged to the pages of its tombstones, if that pays.
    /// Must be called when nothing else of it will be asked for: if something is, everything is run again,
    /// and the document stays whole.
    ///
    /// # Errors
    /// `Bug` if what arrived does not open.
    pub fn narrow_to_tombstones<'p>(
        &mut self,
        doc: &DocId,
        tombstones: impl Iterator<Item = &'p DocPath>,
    ) -> Result<()> {
        let (roots, noted) = (self.environment.roots, self.environment.noted);
        if self.paging.is_none() || self.narrowed.contains(doc) {
            return Ok(());
        }
        let Some(Some(open)) = self.documents.get_mut(doc) else { return Ok(()) };
        if open.narrow_to_tombstones(doc, roots, noted, tombstones)? {
            self.narrowed.insert(doc.clone());
        }
        Ok(())
    }

    /// Resets the session as if nothing had been run, with the missed pages at hand.
    fn begin_again(&mut self, notes: usize) -> Result<()> {
        // Changes to other documents, and what was adopted into them, are undone by loading them again.
        let stays = |open: &OpenDocument| match &open.arrived {
            None => open.window.is_some() || !open.is_changed() && !open.loaded.foreign,
            Some(arrived) => arrived.stays.is_some(),
        };
        self.documents.retain(|_, open| open.as_ref().is_some_and(stays));
        self.notes.truncate(notes);
        self.forget_changes();
        let roots = self.environment.roots;
        for (doc, open) in &mut self.documents {
            let Some(open) = open else { continue };
            open.look_further(doc, roots)?;
            if let Some(arrived) = &open.arrived {
                self.changed.push(doc.clone());
                self.notes.extend(arrived.stays.iter().flatten().cloned());
            }
        }
        Ok(())
    }

    /// Opens all of the document, unless an operation is being run that asks for pages.
    pub(super) fn complete(&mut self, doc: &DocId) -> Result<()> {
        let roots = self.environment.roots;
        match self.documents.get_mut(doc) {
            Some(Some(open)) if self.paging.is_none() => open.complete(doc, roots),
            _ => Ok(()),
        }
    }
}

impl OpenDocument {
    /// Returns a document of which only some pages are read, and clients below `idle_below`
    /// ([`Window::without_idle`]); `None` if it must be read whole.
    pub fn indexed(
        layout: &Layout,
        state: &State,
        doc: &DocId,
        noted: Noted,
        idle_below: u64,
    ) -> Result<Option<OpenDocument>> {
        let Some((loaded, window)) = index::open(layout, state, doc, noted)? else {
            return Ok(None);
        };
        let window = window.without_idle(idle_below);
        let mut open = OpenDocument::new(loaded);
        open.look_through(window)?;
        Ok(Some(open))
    }

    /// Keeps only some of its pages open, if it is as it was last written here.
    pub fn narrow(&mut self, noted: Noted) -> Result<()> {
        if self.loaded.stored_as.is_none() {
            return Ok(());
        }
        let window = {
            let state: &SharedBytes = &self.loaded.state;
            let walked = Update::walk(state).ok();
            walked.and_then(|walked| {
                let pages = Pages::of(&walked, &noted)?;
                Some(Window::of(&walked.held_by(state), Arc::new(pages), noted))
            })
        };
        window.map_or(Ok(()), |window| self.look_through(window))
    }

    /// Keeps only the pages of its tombstones open, if it is as it arrived; returns whether it did.
    fn narrow_to_tombstones<'p>(
        &mut self,
        doc: &DocId,
        roots: Roots,
        noted: Noted,
        tombstones: impl Iterator<Item = &'p DocPath>,
    ) -> Result<bool> {
        if self.arrival().is_none()
            || (self.checked(doc, roots)?.bytes().len() as u64) < INDEXED_BYTES
        {
            return Ok(false);
        }
        let tombstones = |state: &Update<'_, Checked>, pages: Arc<Pages>| {
            Window::of_tombstones(state, pages, noted, tombstones)
        };
        self.narrow_arrived(doc, roots, noted, None, tombstones)
    }

    /// Keeps only some of its pages open, if it is as another program wrote it; `said` is what was said about
    /// that. It stays so if a change has to be run again.
    pub(super) fn narrow_adopted(
        &mut self,
        doc: &DocId,
        roots: Roots,
        noted: Noted,
        said: Vec<String>,
    ) -> Result<()> {
        let any = |state: &Update<'_, Checked>, pages| Some(Window::of(state, pages, noted));
        self.narrow_arrived(doc, roots, noted, Some(said), any).map(drop)
    }

    /// Returns the update that made it what it is, if nothing followed, and its client.
    fn arrival(&self) -> Option<(LogPart, u64)> {
        let editing = self.editing.as_ref().filter(|editing| editing.doc.is_as_it_arrived())?;
        let (update, by) = (editing.doc.updates().first()?.clone(), editing.by.first()?.clone());
        Some((LogPart { update, by }, editing.client))
    }

    /// Keeps only the pages of a window open of what arrived; returns whether it did.
    fn narrow_arrived(
        &mut self,
        doc: &DocId,
        roots: Roots,
        noted: Noted,
        stays: Option<Vec<String>>,
        window: impl FnOnce(&Update<'_, Checked>, Arc<Pages>) -> Option<Window>,
    ) -> Result<bool> {
        let Some((part, client)) = self.arrival() else { return Ok(false) };
        let state = self.checked(doc, roots)?;
        let window = self.pages(&state.update(), noted).and_then(|p| window(&state.update(), p));
        let Some((window, pages)) = window.and_then(|w| w.projection().map(|pages| (w, pages)))
        else {
            return Ok(false);
        };
        let sum = self.view(doc, roots)?.sum();
        self.close();
        self.arrived = Some(ArrivedDocument { part, sum, client, stays });
        (self.loaded.state, self.window) = (pages.into(), Some(Rc::new(window)));
        self.open(doc, roots, true, |_| Ok(client))?;
        Ok(true)
    }

    fn look_through(&mut self, window: Window) -> Result<()> {
        (self.loaded.state, self.window) = match window.projection() {
            Some(pages) => (pages.into(), Some(Rc::new(window))),
            None => (window.source().whole()?.into(), None),
        };
        Ok(())
    }

    /// Discards its changes, and opens the pages that were missed.
    fn look_further(&mut self, doc: &DocId, roots: Roots) -> Result<()> {
        self.close();
        let Some(window) = self.window.take() else { return Ok(()) };
        match window.with_missed() {
            Some(window) => self.look_through(window)?,
            None => self.loaded.state = window.source().whole()?.into(),
        }
        match &self.arrived {
            Some(ArrivedDocument { client, .. }) => {
                let client = *client;
                self.open(doc, roots, true, |_| Ok(client))
            }
            None => Ok(()),
        }
    }

    /// Opens all of it, and redoes the changes of its pages.
    pub(super) fn complete(&mut self, doc: &DocId, roots: Roots) -> Result<()> {
        let Some(window) = self.window.take() else { return Ok(()) };
        let made = self.close();
        self.loaded.state = window.source().whole()?.into();
        match made {
            Some(made) => self.make_again(doc, roots, made),
            None => Ok(()),
        }
    }

    /// Puts the pages as they are now back into the whole; `None` if there is no window, or its content
    /// cannot be put back.
    pub fn spliced(&mut self, doc: &DocId, roots: Roots) -> Result<Option<NewState>> {
        let Some(window) = self.window.clone() else { return Ok(None) };
        let (before, now) = (self.loaded.checked(doc, roots)?, self.checked(doc, roots)?);
        let (before, now) = (before.update(), now.update());
        let splice = || window.splice(&Edited { before: &before, now: &now });
        let noted = *window.noted();
        let (splice, edited) =
            parallel::both(now.bytes().len(), splice, || Pages::of(&now, &noted));
        let (Some(splice), Some(edited)) = (splice, edited) else { return Ok(None) };
        let Some(lists) = self.changed_lists(doc, roots, &edited, &now)? else { return Ok(None) };
        debug_assert!(self.is_spliced_right(&splice, doc, roots), "{doc}: it was spliced wrongly");
        let edited = Some(edited);
        Ok(Some(NewState::Spliced(Box::new(SplicedState { window, splice, edited, lists }))))
    }

    /// Returns the lists of which only places are open as they are now, and as they were; `None` if that
    /// cannot be told.
    pub(super) fn lists(
        &mut self,
        doc: &DocId,
        roots: Roots,
    ) -> Result<Option<(ListOrders, ListOrders)>> {
        let Some(window) = self.window.clone().filter(|window| window.has_spots()) else {
            return Ok(Some(Default::default()));
        };
        let now = self.checked(doc, roots)?;
        Ok(window.orders(Some(&now.update())).zip(window.orders(None)))
    }

    /// Returns the orders of the lists that were changed, as far as they are known; `None` if they have to be
    /// known and are not.
    fn changed_lists(
        &mut self,
        doc: &DocId,
        roots: Roots,
        edited: &Pages,
        now: &Update<'_, Checked>,
    ) -> Result<Option<ListOrders>> {
        let Some((mut lists, before)) = self.lists(doc, roots)? else { return Ok(None) };
        lists.retain(|list, order| before.get(list) != Some(order));
        let Some(window) = self.window.clone() else { return Ok(Some(lists)) };
        let whole = window.all_lists_of();
        let whole = whole.iter().flat_map(|root| edited.lists(root).map(move |list| (list, root)));
        let whole: BTreeMap<Id, &String> = whole.collect();
        if whole.is_empty() || whole.len() > MOST_ORDERED {
            return Ok(Some(lists));
        }
        let clocks = window.source().clocks();
        let client = self.editing.as_ref().map_or(0, |editing| editing.client);
        let reached = |client: u64| clocks.get(&client).copied().unwrap_or(0);
        let others = now.version().clocks.into_iter().filter(|(of, _)| *of != client);
        let is_ours = others.into_iter().all(|(of, clock)| clock <= reached(of));
        let last = is_ours.then(|| Id { client, clock: reached(client) });
        let of_each = self.view(doc, roots)?.units_of_each(&whole.keys().copied().collect());
        for (list, units) in of_each {
            if let (Some(root), Some(order)) =
                (whole.get(&list), ListOrder::of(list, now, &units, last))
            {
                lists.insert(((*root).clone(), list), Arc::new(order));
            }
        }
        Ok(Some(lists))
    }

    /// Returns whether the spliced state may be stored, and matches what is claimed of it without reading it
    /// all.
    fn is_spliced_right(&self, splice: &Splice, doc: &DocId, roots: Roots) -> bool {
        let Some(window) = &self.window else { return true };
        let Some(whole) = whole_of(window, splice) else { return false };
        let version = window.source().version().map(|version| self.later(version, doc, roots));
        gate::storable_as(&whole, roots(doc)).is_ok()
            && whole.len() as u64 == splice.bytes
            && Update::walk(&whole).is_ok_and(|whole| {
                version
                    .is_none_or(|version| version.is_ok_and(|version| version == whole.version()))
            })
    }

    /// Returns whether this is the sum of all content of the new state.
    pub(super) fn is_sum_right(
        new: &NewState,
        sum: Option<ContentSum>,
        expected: Expected<'_>,
    ) -> bool {
        let (NewState::Spliced(spliced), Some(sum)) = (new, sum) else { return true };
        let whole = whole_of(&spliced.window, &spliced.splice);
        whole.is_some_and(|whole| {
            Update::checked(&whole, expected).is_ok_and(|whole| View::of(&whole).sum() == sum)
        })
    }

    fn make_again(&mut self, doc: &DocId, roots: Roots, made: Editing) -> Result<()> {
        let count = made.by.len();
        self.open(doc, roots, true, |_| Ok(made.client))?;
        self.redo(doc, roots, &made, count)
    }
}

/// Reads all of a spliced state.
fn whole_of(window: &Window, splice: &Splice) -> Option<Vec<u8>> {
    // Tests count what is read of files; this is read only for them.
    #[cfg(test)]
    let counted = super::counted::taken();
    let whole = window.source().whole().ok();
    #[cfg(test)]
    super::counted::put_back(counted);
    splice.whole(&*whole?)
}

//! A document of which only some pages are at hand, and which asks for others.
//!
//! All reads and writes go through a [`Window`], which notes each page that is missing. An answer given while
//! something was missing is invalid: the caller has to ask again once the pages are there.

mod spots;
mod through;

pub use through::Through;

use crate::error::Result;
use crate::path::DocPath;
use crate::wire::{
    Bytes, Checked, Clocks, Edited, Id, IdSet, ListOrders, ListSpot, ListSpots, Noted, PageFacts,
    PageRow, PageSet, Pages, SharedBytes, Splice, Update, Version,
};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

/// A whole state, and where its pages are. A source that cannot tell answers as if it were empty, and returns
/// no projection.
pub trait PageSource: Bytes + fmt::Debug {
    /// Returns the page of a key, or `None` if the state has nothing there, not even something deleted.
    fn find(&self, root: &str, key: &str) -> Option<u32>;

    /// Returns what is known of the page of a key without opening it, if it is not in `beyond`.
    fn facts_beyond(&self, root: &str, key: &str, beyond: &PageSet) -> Option<PageFacts>;

    /// Returns keys of a root that include those of its last `count` records in pages not in `beyond`, with or
    /// without hidden ones. `None` if that needs a look at each.
    fn latest_beyond(
        &self,
        root: &str,
        count: usize,
        hidden: bool,
        beyond: &PageSet,
    ) -> Option<Vec<String>>;

    /// Returns keys of a root that include those of its records that were created from `since` on and before
    /// `until`. `None` if opening everything costs less.
    fn created_within(
        &self,
        root: &str,
        since: Option<i64>,
        until: Option<i64>,
    ) -> Option<Vec<String>>;

    /// Returns keys of a root that include those under which `other` has nothing, or a hidden record. `None` if
    /// that needs a look at each.
    fn keys_without(&self, root: &str, other: &str) -> Option<Vec<String>>;

    /// Returns the keys of a root whose pages are more than one record by which they are listed, and may hold
    /// a time from `since` on. `None` if that needs a look at each.
    fn written_since(&self, root: &str, since: i64) -> Option<Vec<String>>;

    /// Returns the roots and keys of the pages in which these words can occur, each within one text and in
    /// any case. `None` if opening everything costs less.
    fn holding(&self, words: &[String]) -> Option<Vec<(String, String)>>;

    /// Returns the roots and keys of the pages in which something was written beyond these clocks. `None` if
    /// opening everything costs less.
    fn written_beyond(&self, clocks: &Clocks) -> Option<Vec<(String, String)>>;

    /// Returns the pages that an update changes, and those with the same keys in other roots. `None` if that
    /// needs a look at everything.
    fn touched(&self, update: &Update<'_, Checked>) -> Option<PageSet>;

    /// Like [`PageSource::touched`], for a part of the state itself: what that part deletes counts.
    fn held(&self, part: &Update<'_, Checked>) -> Option<PageSet>;

    /// Returns the pages that may hold tombstones not yet swept by what `by` stands for, or `None` if that is
    /// not known.
    fn unswept(&self, by: &[u8; 32]) -> Option<PageSet>;

    /// Returns how much of the document the whole state holds, or `None` if that needs reading it.
    fn version(&self) -> Option<Version>;

    /// Returns the clock after the last unit of a client in the whole state; 0 if it wrote nothing.
    fn clock(&self, client: u64) -> u32;

    /// Returns those of all clients.
    fn clocks(&self) -> Clocks;

    /// Returns all pages of a root.
    fn of_root(&self, root: &str) -> PageSet;

    /// Returns the pages of all lists of a root that is a sequence, if one of them is this field of a map
    /// there; `None` stands for any field.
    fn lists(&self, root: &str, field: Option<&str>) -> PageSet;

    /// Returns the roots all of whose lists are among these pages, if it has stored pages of them.
    fn all_lists_of(&self, pages: &PageSet) -> BTreeSet<String>;

    /// Returns the pages needed to tell what a root is, or which of its keys hold anything.
    fn least(&self) -> PageSet;

    /// Returns the keys of a root that have this prefix and hold something, from the pages not in `beyond`,
    /// sorted; `beyond` must include those of [`PageSource::least`].
    fn keys_beyond(&self, root: &str, prefix: &str, beyond: &PageSet) -> Vec<String>;

    /// Returns a page of a list in a root, if there is one.
    fn any_list(&self, _root: &str) -> Option<u32> {
        None
    }

    /// Whether these places of a list, in a root of which no list is at hand, can be opened without the rest.
    fn opens(&self, _root: &str, _list: Id, _spots: &BTreeSet<ListSpot>) -> bool {
        false
    }

    /// Returns the units of all pages of a list.
    fn ids_of(&self, _root: &str, _list: Id) -> Option<IdSet> {
        None
    }

    /// Returns the orders of all lists in the roots of these places, as they are after an edit if one is
    /// given. `None` if they cannot be told.
    fn orders(
        &self,
        _spots: &ListSpots,
        _edited: Option<&Update<'_, Checked>>,
    ) -> Option<ListOrders> {
        None
    }

    /// Returns some pages, and some places of lists, as a state of its own, in which everything else is
    /// collected. Clients that have nothing to do with these are left out if their id is not below
    /// `idle_below`.
    fn project(&self, pages: &PageSet, spots: &ListSpots, idle_below: u64) -> Option<Vec<u8>>;

    /// Returns the state with what was in an edited projection as it is there.
    fn splice(&self, pages: &PageSet, spots: &ListSpots, edited: &Edited<'_, '_>)
    -> Option<Splice>;

    /// Returns the whole original state.
    ///
    /// # Errors
    /// `Io` if it can no longer be read, or has changed.
    fn whole(&self) -> Result<SharedBytes>;

    /// Whether it is unchanged since it was opened.
    fn is_unchanged(&self) -> bool;

    /// Whether any page data could not be read, which makes every answer invalid.
    fn has_failed(&self) -> bool;

    /// Returns the size of the whole state in bytes.
    fn bytes(&self) -> u64;

    /// Returns its bytes for other threads to read; `None` if they can no longer be read.
    fn shared(&self) -> Option<Arc<dyn Bytes + Send + Sync>>;

    /// Closes whatever it reads from. Nothing more may be asked of the state.
    fn let_go(&self);

    /// Returns all pages not in `beyond`, if they are not stored yet.
    fn rows_to_keep(&self, beyond: &PageSet) -> Option<Vec<PageRow<'_>>>;
}

/// A state in memory.
#[derive(Debug)]
struct HeldState {
    state: SharedBytes,
    pages: Arc<Pages>,
    /// What the holder knows of it, if it was read.
    facts: Option<HeldFacts>,
}

#[derive(Debug)]
struct HeldFacts {
    version: Version,
    /// All pages that hold tombstones.
    tombstones: PageSet,
}

impl Bytes for HeldState {
    fn range(&self, range: Range<u64>) -> Option<Cow<'_, [u8]>> {
        (*self.state).range(range)
    }
}

impl PageSource for HeldState {
    fn find(&self, root: &str, key: &str) -> Option<u32> {
        self.pages.find(root, key)
    }

    fn facts_beyond(&self, root: &str, key: &str, beyond: &PageSet) -> Option<PageFacts> {
        let is_beyond = self.pages.find(root, key).is_some_and(|page| !beyond.contains(&page));
        is_beyond.then(|| self.pages.facts(root, key)).flatten()
    }

    fn latest_beyond(
        &self,
        _root: &str,
        _count: usize,
        _hidden: bool,
        _beyond: &PageSet,
    ) -> Option<Vec<String>> {
        None
    }

    fn created_within(
        &self,
        _root: &str,
        _since: Option<i64>,
        _until: Option<i64>,
    ) -> Option<Vec<String>> {
        None
    }

    fn keys_without(&self, _root: &str, _other: &str) -> Option<Vec<String>> {
        None
    }

    fn written_since(&self, _root: &str, _since: i64) -> Option<Vec<String>> {
        None
    }

    fn holding(&self, _words: &[String]) -> Option<Vec<(String, String)>> {
        None
    }

    fn written_beyond(&self, _clocks: &Clocks) -> Option<Vec<(String, String)>> {
        None
    }

    fn touched(&self, _update: &Update<'_, Checked>) -> Option<PageSet> {
        None
    }

    fn held(&self, _part: &Update<'_, Checked>) -> Option<PageSet> {
        None
    }

    fn unswept(&self, _by: &[u8; 32]) -> Option<PageSet> {
        self.facts.as_ref().map(|facts| facts.tombstones.clone())
    }

    fn version(&self) -> Option<Version> {
        self.facts.as_ref().map(|facts| facts.version.clone())
    }

    fn clock(&self, client: u64) -> u32 {
        self.pages.segments().clock(client)
    }

    fn clocks(&self) -> Clocks {
        self.pages.segments().clocks()
    }

    fn of_root(&self, root: &str) -> PageSet {
        self.pages.of_root(root)
    }

    /// They are among [`PageSource::least`].
    fn lists(&self, _root: &str, _field: Option<&str>) -> PageSet {
        PageSet::new()
    }

    fn all_lists_of(&self, _pages: &PageSet) -> BTreeSet<String> {
        BTreeSet::new()
    }

    fn least(&self) -> PageSet {
        self.pages.least()
    }

    fn keys_beyond(&self, root: &str, prefix: &str, beyond: &PageSet) -> Vec<String> {
        self.pages.keys_beyond(root, prefix, beyond)
    }

    fn project(&self, pages: &PageSet, _spots: &ListSpots, idle_below: u64) -> Option<Vec<u8>> {
        self.pages.project(&self.state, pages, idle_below)
    }

    fn splice(
        &self,
        pages: &PageSet,
        _spots: &ListSpots,
        edited: &Edited<'_, '_>,
    ) -> Option<Splice> {
        self.pages.splice(&self.state, pages, edited)
    }

    fn whole(&self) -> Result<SharedBytes> {
        Ok(self.state.clone())
    }

    fn is_unchanged(&self) -> bool {
        true
    }

    fn has_failed(&self) -> bool {
        false
    }

    fn bytes(&self) -> u64 {
        self.state.len() as u64
    }

    fn shared(&self) -> Option<Arc<dyn Bytes + Send + Sync>> {
        Some(Arc::new(self.state.clone()))
    }

    fn let_go(&self) {}

    fn rows_to_keep(&self, beyond: &PageSet) -> Option<Vec<PageRow<'_>>> {
        Some(self.pages.rows_beyond(beyond))
    }
}

/// The whole state of a document, and which of its pages are at hand.
#[derive(Debug)]
pub struct Window {
    pages: Rc<dyn PageSource>,
    /// The fields whose values are known without opening their pages.
    noted: Noted,
    at_hand: PageSet,
    /// The places at hand of lists that are not.
    spots: ListSpots,
    /// Clients that have nothing to do with what is at hand are at hand only if their id is below this.
    idle_below: u64,
    /// Whether what is at hand can differ from the state.
    changes: bool,
    /// What was removed of these lists since.
    removed: RefCell<RemovedTexts>,
    missed: RefCell<Missed>,
}

/// By root and list: texts, and how many entries with each were removed.
type RemovedTexts = BTreeMap<(String, Id), BTreeMap<String, usize>>;

#[derive(Debug, Default)]
struct Missed {
    pages: PageSet,
    spots: ListSpots,
    /// All clients are needed.
    clients: bool,
    /// The whole document is needed.
    all: bool,
}

impl Window {
    /// How often it is worth asking for more before everything is opened.
    pub const TURNS: usize = 6;

    /// Opens a window on a state with these pages, and only those of them that tell which keys exist.
    pub fn of<S>(state: &Update<'_, S>, pages: Arc<Pages>, noted: Noted) -> Window {
        let held = HeldState { state: state.to_shared_bytes(), pages, facts: None };
        Window::over(Rc::new(held), noted)
    }

    /// Opens a window on a state that was read, with only the pages of the tombstones at these paths, and
    /// those with the same keys in other roots. Returns `None` if that saves too little.
    pub fn of_tombstones<'p>(
        state: &Update<'_, Checked>,
        pages: Arc<Pages>,
        noted: Noted,
        tombstones: impl Iterator<Item = &'p DocPath>,
    ) -> Option<Window> {
        let keys = tombstones.filter_map(|path| path.get(1));
        let tombstones: PageSet = keys.flat_map(|key| pages.of_key(key)).collect();
        if tombstones.len() > pages.count() / 2 {
            return None;
        }
        let facts = Some(HeldFacts { version: state.version(), tombstones: tombstones.clone() });
        let held = HeldState { state: state.to_shared_bytes(), pages, facts };
        let mut window = Window::over(Rc::new(held), noted);
        window.at_hand.extend(tombstones);
        Some(window)
    }

    /// Opens a window on a state whose pages are known.
    pub fn over(pages: Rc<dyn PageSource>, noted: Noted) -> Window {
        let (at_hand, missed) = (pages.least(), RefCell::default());
        Window {
            pages,
            noted,
            at_hand,
            spots: ListSpots::new(),
            idle_below: u64::MAX,
            changes: true,
            removed: RefCell::default(),
            missed,
        }
    }

    /// Leaves out all clients from this id on that have nothing to do with what is at hand: each costs as
    /// much as a block of its own, and there can be as many as there are records.
    pub fn without_idle(self, from: u64) -> Window {
        Window { idle_below: from, ..self }
    }

    /// Is only read: nothing at hand will differ from the state.
    pub fn for_reading(self) -> Window {
        Window { changes: false, ..self.without_idle(0) }
    }

    /// Requests all clients, without which nothing can be merged: it would not be known what is news.
    pub fn ask_for_clients(&self) {
        if self.idle_below < u64::MAX {
            self.missed.borrow_mut().clients = true;
        }
    }

    /// Returns whether a client wrote anything in the whole state.
    pub fn knows_client(&self, client: u64) -> bool {
        self.pages.clock(client) > 0
    }

    /// Returns the fields that are noted for each page.
    pub fn noted(&self) -> &Noted {
        &self.noted
    }

    /// Returns the state it looks at.
    pub fn source(&self) -> &dyn PageSource {
        &*self.pages
    }

    /// Returns the pages at hand, as a state.
    pub fn projection(&self) -> Option<Vec<u8>> {
        self.pages.project(&self.at_hand, &self.spots, self.idle_below)
    }

    /// Returns the whole state with the edited projection put back.
    pub fn splice(&self, edited: &Edited<'_, '_>) -> Option<Splice> {
        self.pages.splice(&self.at_hand, &self.spots, edited)
    }

    /// Returns the roots all of whose lists are at hand, if their pages are stored.
    pub fn all_lists_of(&self) -> BTreeSet<String> {
        self.pages.all_lists_of(&self.at_hand)
    }

    /// Returns all pages that are not at hand, if they are not stored yet.
    pub fn rows_to_keep(&self) -> Option<Vec<PageRow<'_>>> {
        self.pages.rows_to_keep(&self.at_hand)
    }

    /// Requests everything.
    pub fn ask_for_all(&self) {
        self.missed.borrow_mut().all = true;
    }

    /// Requests a path, with everything below it.
    pub fn ask(&self, path: &[&str]) {
        match path {
            [] => self.ask_for_all(),
            [root] => self.miss(self.pages.of_root(root)),
            [root, key, below @ ..] => {
                self.miss(self.pages.find(root, key));
                self.miss(self.pages.lists(root, below.first().copied()));
            }
        }
    }

    /// Requests what tells whether there is anything at a path, and what.
    fn ask_what_is_at(&self, path: &[&str]) {
        match path {
            [root, key] | [root, key, _] => self.miss(self.pages.find(root, key)),
            _ => self.ask(path),
        }
    }

    /// Requests these fields of everything in the container at a path.
    fn ask_fields(&self, path: &[&str], names: &[&str]) {
        match path {
            [root] => {
                let mut wanted = &self.pages.of_root(root) - &self.pages.lists(root, None);
                let lists = names.iter().flat_map(|name| self.pages.lists(root, Some(name)));
                wanted.extend(lists);
                self.miss(wanted);
            }
            _ => self.ask(path),
        }
    }

    /// Requests all pages that an update changes, and those with the same key in other roots.
    pub fn ask_for_touched(&self, update: &Update<'_, Checked>) {
        self.miss_or_all(self.pages.touched(update));
    }

    /// Requests all pages that may hold tombstones not yet swept by what `by` stands for.
    pub fn ask_for_unswept(&self, by: &[u8; 32]) {
        self.miss_or_all(self.pages.unswept(by));
    }

    fn miss_or_all(&self, wanted: Option<PageSet>) {
        match wanted {
            Some(pages) => self.miss(pages),
            None => self.ask_for_all(),
        }
    }

    fn miss(&self, wanted: impl IntoIterator<Item = u32>) {
        let missed = wanted.into_iter().filter(|page| !self.at_hand.contains(page));
        self.missed.borrow_mut().pages.extend(missed);
    }

    /// Whether something was requested that is not at hand, or whose location cannot be told.
    pub fn has_missed(&self) -> bool {
        let missed = self.missed.borrow();
        let is_part = missed.pages.is_empty() && missed.spots.is_empty();
        missed.all || missed.clients || !is_part || self.pages.has_failed()
    }

    /// Returns the same document with what was missing at hand, or `None` if that is everything.
    pub fn with_missed(&self) -> Option<Window> {
        let missed = self.missed.borrow();
        let at_hand = &self.at_hand | &missed.pages;
        let spots = self.with_missed_spots(&missed.spots, &at_hand);
        let idle_below = if missed.clients { u64::MAX } else { self.idle_below };
        let (pages, missed_yet) = (Rc::clone(&self.pages), RefCell::default());
        (!missed.all && !pages.has_failed()).then_some(Window {
            pages,
            noted: self.noted,
            at_hand,
            spots,
            idle_below,
            changes: self.changes,
            removed: RefCell::default(),
            missed: missed_yet,
        })
    }
}

//! A document of which only some pages are at hand, and which asks for others.
//!
//! All reads and writes go through a [`Window`], which notes each page that is missing. An answer given while
//! something was missing is invalid: the caller has to ask again once the pages are there.

mod spots;

use crate::crdt::source::{Shared, Source};
use crate::error::Result;
use crate::path::DocPath;
use crate::wire::{
    Bytes, Checked, Edited, Id, IdSet, ListOrders, ListSpot, ListSpots, Noted, PageFacts, PageRow,
    PageSet, Pages, SharedBytes, Splice, Update, Value, Version,
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

    /// Returns keys of a root that include those of its last `count` records, with or without hidden ones.
    /// `None` if that needs a look at each.
    fn latest(&self, root: &str, count: usize, hidden: bool) -> Option<Vec<String>>;

    /// Returns the roots and keys of the pages in which these words can occur, each within one text and in
    /// any case. `None` if opening everything costs less.
    fn holding(&self, words: &[String]) -> Option<Vec<(String, String)>>;

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
    /// collected.
    fn project(&self, pages: &PageSet, spots: &ListSpots) -> Option<Vec<u8>>;

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
    fn shared(&self) -> Option<Box<dyn Bytes + Sync + '_>>;

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

    fn latest(&self, _root: &str, _count: usize, _hidden: bool) -> Option<Vec<String>> {
        None
    }

    fn holding(&self, _words: &[String]) -> Option<Vec<(String, String)>> {
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

    fn project(&self, pages: &PageSet, _spots: &ListSpots) -> Option<Vec<u8>> {
        self.pages.project(&self.state, pages)
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

    fn shared(&self) -> Option<Box<dyn Bytes + Sync + '_>> {
        Some(Box::new(&*self.state))
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
            removed: RefCell::default(),
            missed,
        }
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
        self.pages.project(&self.at_hand, &self.spots)
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
        missed.all || !is_part || self.pages.has_failed()
    }

    /// Returns the same document with what was missing at hand, or `None` if that is everything.
    pub fn with_missed(&self) -> Option<Window> {
        let missed = self.missed.borrow();
        let at_hand = &self.at_hand | &missed.pages;
        let spots = self.with_missed_spots(&missed.spots, &at_hand);
        let (pages, missed_yet) = (Rc::clone(&self.pages), RefCell::default());
        (!missed.all && !pages.has_failed()).then_some(Window {
            pages,
            noted: self.noted,
            at_hand,
            spots,
            removed: RefCell::default(),
            missed: missed_yet,
        })
    }
}

/// A source read through a window, or all of it if there is none.
pub struct Through<'w, S: ?Sized> {
    /// The source to read.
    pub source: &'w S,
    /// Notes what is missing there.
    pub window: Option<&'w Window>,
}

impl<S: Source + ?Sized> Through<'_, S> {
    fn ask(&self, path: &[&str]) {
        if let Some(window) = self.window {
            window.ask(path);
        }
    }

    /// The keys of each root are always known.
    fn ask_below_root(&self, path: &[&str]) {
        if path.len() != 1 {
            self.ask(path);
        }
    }

    fn ask_what_is_at(&self, path: &[&str]) {
        if let Some(window) = self.window
            && path.len() != 1
        {
            window.ask_what_is_at(path);
        }
    }

    /// Returns the value at a path, if it can be told without opening anything.
    fn noted(&self, path: &[&str]) -> Option<Option<Value>> {
        let (Some(window), [root, key, field]) = (self.window, path) else { return None };
        let at = window.noted.iter().position(|noted| noted == field)?;
        let facts = window.pages.facts_beyond(root, key, &window.at_hand)?;
        facts.values.into_iter().nth(at)
    }

    /// Returns the item of the map at a path of two steps, if it can be told without opening it.
    fn map(&self, path: &[&str]) -> Option<Id> {
        let (Some(window), [root, key]) = (self.window, path) else { return None };
        Some(window.pages.facts_beyond(root, key, &window.at_hand)?.item)
    }

    fn with_others(&self, mut keys: Vec<String>, path: &[&str], prefix: &str) -> Vec<String> {
        if let (Some(window), [root]) = (self.window, path) {
            let others = window.pages.keys_beyond(root, prefix, &window.at_hand);
            // A sequence is one page, which is at hand, and its order is its own.
            if !others.is_empty() {
                keys.extend(others);
                keys.sort_unstable();
                keys.dedup();
            }
        }
        keys
    }
}

impl<S: Source + ?Sized> Source for Through<'_, S> {
    fn roots(&self) -> Vec<String> {
        self.source.roots()
    }

    fn value(&self, path: &[&str]) -> Option<Value> {
        if let Some(noted) = self.noted(path) {
            return noted;
        }
        self.ask(path);
        self.source.value(path)
    }

    fn keys(&self, path: &[&str]) -> Vec<String> {
        self.ask_below_root(path);
        self.with_others(self.source.keys(path), path, "")
    }

    fn keys_beginning(&self, path: &[&str], prefix: &str) -> Vec<String> {
        self.ask_below_root(path);
        self.with_others(self.source.keys_beginning(path, prefix), path, prefix)
    }

    fn text_before(&self, path: &[&str], text: &str) -> Option<Option<String>> {
        let spot = || ListSpot::Previous(text.to_owned());
        if !self.window.is_some_and(|window| window.ask_spot(self.source, path, spot)) {
            self.ask(path);
        }
        self.source.text_before(path, text)
    }

    fn exists(&self, path: &[&str]) -> bool {
        if self.map(path).is_some() {
            return true;
        }
        self.ask_what_is_at(path);
        self.source.exists(path)
    }

    fn shared(&self, path: &[&str]) -> Option<Shared> {
        if self.map(path).is_some() {
            return Some(Shared::Map);
        }
        self.ask_what_is_at(path);
        self.source.shared(path)
    }

    fn created_by(&self, path: &[&str]) -> Option<Id> {
        if let Some(item) = self.map(path) {
            return Some(item);
        }
        self.ask_what_is_at(path);
        self.source.created_by(path)
    }

    fn item(&self, path: &[&str]) -> Option<Id> {
        if let Some(item) = self.map(path) {
            return Some(item);
        }
        self.ask(path);
        self.source.item(path)
    }

    fn latest(&self, root: &str, count: usize, deleted: bool) -> Option<Vec<String>> {
        let window = self.window?;
        // Those at hand may have changed since.
        let count = count.saturating_add(window.at_hand.len());
        let mut keys = window.pages.latest(root, count, deleted)?;
        keys.extend(self.source.keys(&[root]));
        keys.sort_unstable();
        keys.dedup();
        Some(keys)
    }

    /// Nothing is known of what was changed since it was opened.
    fn holding(&self, words: &[String]) -> Option<Vec<(String, String)>> {
        let window = self.window?;
        let found = window.pages.holding(words);
        if found.is_none() {
            window.ask_for_all();
        }
        // The caller asks again, with everything at hand.
        Some(found.unwrap_or_default())
    }

    fn fields(&self, path: &[&str], names: &[&str]) -> Vec<(String, Vec<Option<Value>>)> {
        if let Some(window) = self.window {
            window.ask_fields(path, names);
        }
        self.source.fields(path, names)
    }
}

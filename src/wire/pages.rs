//! A whole state divided into pages, so that a change costs only the records it touches.
//!
//! A page is the content of a document under one key of one root, with everything below it; a root without
//! keys is one page, apart from the lists in its maps ([`PageKey::List`]). Everything that a block refers to,
//! its origins and its parent, is in the block's own page, or for a list in that of its root. So some pages,
//! with collected content in place of all others, are a document of their own ([`Pages::project`]), which yrs
//! opens and edits as it would the whole. The result is put back in place ([`Pages::splice`]); everything
//! else is copied byte for byte.

mod search;

pub use search::PageKey;

use super::noted::{Noted, PageFacts};
use super::segments::{Edited, Segments, Splice};
use super::{DeleteSet, Id, IdSet, Update};
use search::{NOWHERE, Page, PageSearch, Stretch};
use std::collections::{BTreeMap, BTreeSet};

/// Which blocks of a state are in which page.
#[derive(Debug)]
pub struct Pages {
    segments: Segments,
    /// Sorted by client and clock.
    stretches: Vec<Stretch>,
    pages: Vec<Page>,
    /// By page, as stored; empty if there are none.
    facts: Vec<Vec<u8>>,
    /// By root and key.
    named: BTreeMap<String, BTreeMap<PageKey, u32>>,
    deletes: DeleteSet,
}

/// Pages of one document.
pub type PageSet = BTreeSet<u32>;

/// One page, as stored outside the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRow<'p> {
    /// The root that contains it.
    pub root: &'p str,
    /// Its name there.
    pub key: &'p PageKey,
    /// Whether it can be told without yrs if there is anything under its key.
    pub plain: bool,
    /// Whether there is; only reliable if `plain` is set.
    pub lives: bool,
    /// Whether a text in it may be in several pieces, or not stored as it is shown.
    pub pieced: bool,
    /// Its blocks, all of them whole: an [`IdSet`] as stored.
    pub ids: Vec<u8>,
    /// [`PageFacts`] as stored; empty if there are none.
    pub facts: Vec<u8>,
    /// No time in it is later.
    pub latest: i64,
    /// Whether records inside its value may have times of their own.
    pub nests: bool,
    /// For the page of a list, a [`ListOrder`](super::ListOrder) as stored, if it is known.
    pub order: Option<Vec<u8>>,
}

impl Pages {
    /// Returns the pages of a state that was stored here, or `None` if it is not laid out as expected: then
    /// the whole document has to be opened. Linear in the state.
    pub fn of<S>(state: &Update<'_, S>, noted: &Noted) -> Option<Pages> {
        let search = PageSearch::of(state, noted)?;
        let (segments, stretches) = (Segments::of(state)?, search.stretches()?);
        let facts = search.pages.iter();
        let facts = facts.map(|page| match page.is_plain() && page.lives {
            true => page.noted.facts(state),
            false => Vec::new(),
        });
        let facts = facts.collect();
        let named = search.named();
        let deletes = state.deletes.clone();
        Some(Pages { segments, stretches, pages: search.pages, facts, named, deletes })
    }

    /// Returns where the blocks of the state are.
    pub fn segments(&self) -> &Segments {
        &self.segments
    }

    /// Returns the page of a key, or `None` if the state has nothing there, not even something deleted.
    pub fn find(&self, root: &str, key: &str) -> Option<u32> {
        let keys = self.named.get(root)?;
        // A root that is a sequence is one page, whatever is looked for in it.
        keys.get(&PageKey::Key(key.to_owned())).or_else(|| keys.get(&PageKey::Root)).copied()
    }

    /// Returns the pages of a key in all roots.
    pub fn of_key(&self, key: &str) -> impl Iterator<Item = u32> {
        self.named.keys().filter_map(move |root| self.find(root, key))
    }

    /// Returns how many pages there are.
    pub fn count(&self) -> usize {
        self.pages.len()
    }

    /// Returns what is known of the page of a key without opening it, or `None` if it has to be opened, or
    /// does not exist.
    pub fn facts(&self, root: &str, key: &str) -> Option<PageFacts> {
        let page = self.named.get(root)?.get(&PageKey::Key(key.to_owned()))?;
        PageFacts::decode(self.facts.get(*page as usize)?)
    }

    /// Returns all pages of a root.
    pub fn of_root(&self, root: &str) -> PageSet {
        self.named.get(root).into_iter().flatten().map(|(_, page)| *page).collect()
    }

    /// Returns the pages needed to tell what a root is, or which of its keys hold anything.
    pub fn least(&self) -> PageSet {
        let mut least = PageSet::new();
        for keys in self.named.values() {
            let page = |page: &u32| self.pages.get(*page as usize).copied().unwrap_or_default();
            let living = keys.values().find(|at| page(at).lives).or(keys.values().next());
            least.extend(living);
            least.extend(
                keys.iter()
                    .filter(|(key, at)| !matches!(key, PageKey::Key(_)) || !page(at).is_plain())
                    .map(|(_, at)| at),
            );
        }
        least
    }

    /// Returns the keys of a root that have this prefix and hold something, from the pages not in `beyond`,
    /// sorted; `beyond` must include those of [`Pages::least`].
    pub fn keys_beyond(&self, root: &str, prefix: &str, beyond: &PageSet) -> Vec<String> {
        let Some(keys) = self.named.get(root) else { return Vec::new() };
        let from = keys.range(PageKey::Key(prefix.to_owned())..);
        let begin = from.map_while(|(key, at)| match key {
            PageKey::Key(key) if key.starts_with(prefix) => Some((key, at)),
            _ => None,
        });
        let lives = |at: &u32| self.pages.get(*at as usize).is_some_and(|page| page.lives);
        let others = begin.filter(|(_, at)| lives(at) && !beyond.contains(at));
        others.map(|(key, _)| key.clone()).collect()
    }

    /// Returns the blocks of some pages.
    fn ids(&self, pages: &PageSet) -> IdSet {
        let mut ids = IdSet::default();
        for stretch in self.stretches.iter().filter(|stretch| pages.contains(&stretch.page)) {
            ids.insert(stretch.client, stretch.clock..stretch.end);
        }
        ids
    }

    /// Returns the lists in a root that have pages.
    pub fn lists(&self, root: &str) -> impl Iterator<Item = Id> {
        let list = |key: &PageKey| match key {
            PageKey::List { list, .. } => Some(*list),
            PageKey::Root | PageKey::Key(_) => None,
        };
        self.named.get(root).into_iter().flat_map(BTreeMap::keys).filter_map(list)
    }

    /// Returns every page not in `known`, as stored elsewhere.
    pub fn rows_beyond(&self, known: &PageSet) -> Vec<PageRow<'_>> {
        // Those of one page stay in the order of their clients and clocks.
        let mut stretches = self.stretches.clone();
        stretches.sort_by_key(|stretch| stretch.page);
        let mut ids = vec![Vec::new(); self.pages.len()];
        for of_page in stretches.chunk_by(|a, b| a.page == b.page) {
            let number = of_page.first().map_or(NOWHERE, |first| first.page);
            if let Some(ids) = ids.get_mut(number as usize) {
                IdSet::encode_sorted(of_page, |of| (of.client, of.clock..of.end), ids);
            }
        }
        let named = self.named.iter().flat_map(|(root, keys)| {
            keys.iter().map(move |(key, page)| (root.as_str(), key, *page))
        });
        let others = named.filter(|(.., page)| !known.contains(page));
        let row = |(root, key, number): (_, _, u32)| {
            let page = self.pages.get(number as usize)?;
            let ids = ids.get_mut(number as usize).map(std::mem::take)?;
            let facts = self.facts.get(number as usize)?.clone();
            let (plain, lives, pieced) = (page.is_plain(), page.lives, page.pieced);
            let (latest, nests) = (page.bound.most(), page.nests || page.bound.is_unknown());
            let order = None;
            Some(PageRow { root, key, plain, lives, pieced, ids, facts, latest, nests, order })
        };
        others.filter_map(row).collect()
    }

    /// Returns some pages as a state of its own, in which everything else is collected, without the clients
    /// that [`Segments::project`] leaves out. `None` if the bytes are not those in which the pages were found.
    pub fn project(&self, state: &[u8], pages: &PageSet, idle_below: u64) -> Option<Vec<u8>> {
        self.segments.project(state, &self.ids(pages), &BTreeMap::new(), &self.deletes, idle_below)
    }

    /// Returns the state with these pages replaced by those in an edited form of their projection. `None` if
    /// it is something else.
    pub fn splice(&self, state: &[u8], pages: &PageSet, edited: &Edited<'_, '_>) -> Option<Splice> {
        let whole = (state, state.len() as u64);
        self.segments.splice(whole, &self.ids(pages), &IdSet::default(), &self.deletes, edited)
    }
}

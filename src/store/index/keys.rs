//! The keys of a file of which anything was read, so that nothing is asked of the index twice.

use crate::store::state::{FactsRow, PageTable, StoredPage};
use crate::wire::{PageFacts, PageKey, PageSet};
use rusqlite::Result;
use std::cell::{RefCell, RefMut};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// After this many questions about the keys of a root, the facts of all of them are read at once.
const ASKED_ONE_BY_ONE: usize = if cfg!(debug_assertions) { 4 } else { 1_000 };

/// The pages and keys of a file that were asked for.
#[derive(Debug)]
pub(super) struct KnownKeys {
    pub table: PageTable,
    /// In the order of their numbers.
    pub pages: RefCell<Vec<StoredPage>>,
    roots: RefCell<BTreeMap<String, KnownRoot>>,
    answers: RefCell<BTreeMap<KeysAsked, Vec<String>>>,
}

/// What is known of one root.
#[derive(Debug, Default)]
struct KnownRoot {
    keys: BTreeMap<String, KnownKey>,
    /// How many of them were asked for one by one.
    asked: usize,
    /// The page of the root as a whole: `None` if it was not asked for.
    whole: Option<Option<u32>>,
    lists: BTreeMap<PageKey, u32>,
    /// The facts of all keys, once that is cheaper than asking for each.
    all: Option<HashMap<String, PageFacts>>,
}

#[derive(Debug, Default)]
struct KnownKey {
    /// The number of its page, if it has one.
    page: Option<u32>,
    /// Whether its row was read; otherwise only its page is known.
    read: bool,
    facts: Option<PageFacts>,
}

/// A question about the keys of a root that takes more than one row to answer.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum KeysAsked {
    /// The last ones: so many, with or without hidden ones.
    Latest(String, u32, bool),
    /// Those that have this prefix and hold something.
    Living(String, String),
    /// Those under which another root has nothing.
    Without(String, String),
    /// Those below which something may be as late as this.
    Since(String, i64),
    /// Those of records that were created from the one time on and before the other.
    Within(String, Option<i64>, Option<i64>),
}

impl KnownKeys {
    /// Returns nothing yet of what a table holds.
    pub fn of(table: PageTable) -> KnownKeys {
        let (pages, roots, answers) = Default::default();
        KnownKeys { table, pages, roots, answers }
    }

    /// Returns the answer to a question that was asked before, as every run of a command asks it, or else
    /// that of `ask`.
    fn answer(
        &self,
        asked: KeysAsked,
        ask: impl FnOnce() -> Result<Vec<String>>,
    ) -> Result<Vec<String>> {
        if let Some(keys) = self.answers.borrow().get(&asked) {
            return Ok(keys.clone());
        }
        let keys = ask()?;
        self.answers.borrow_mut().insert(asked, keys.clone());
        Ok(keys)
    }

    fn known(&self, root: &str) -> RefMut<'_, KnownRoot> {
        let known = RefMut::filter_map(self.roots.borrow_mut(), |roots| roots.get_mut(root));
        known.unwrap_or_else(|roots| {
            RefMut::map(roots, |roots| roots.entry(root.to_owned()).or_default())
        })
    }

    /// Returns the number of a page; it gets one if it has none.
    pub fn number(&self, page: StoredPage) -> Option<u32> {
        let mut pages = self.pages.borrow_mut();
        let next = u32::try_from(pages.len()).ok()?;
        let mut root = self.known(&page.root);
        let number = match &page.key {
            PageKey::Root => root.whole.get_or_insert_default().get_or_insert(next),
            PageKey::Key(key) => {
                if !root.keys.contains_key(key) {
                    root.keys.insert(key.clone(), KnownKey::default());
                }
                root.keys.get_mut(key)?.page.get_or_insert(next)
            }
            list @ PageKey::List { .. } => root.lists.entry(list.clone()).or_insert(next),
        };
        let number = *number;
        drop(root);
        if number == next {
            pages.push(page);
        }
        Some(number)
    }

    /// Keeps what a row says of its key, and returns the key.
    fn keep(&self, FactsRow { page, facts }: FactsRow) -> Option<String> {
        let (root, PageKey::Key(key)) = (page.root.clone(), page.key.clone()) else { return None };
        let number = self.number(page)?;
        let known = KnownKey { page: Some(number), read: true, facts };
        self.known(&root).keys.insert(key.clone(), known);
        Some(key)
    }

    /// Reads the row of a key, unless that was done.
    fn read(&self, root: &str, key: &str) -> Result<()> {
        let mut known = self.known(root);
        if known.keys.get(key).is_some_and(|key| key.read) {
            return Ok(());
        }
        known.asked = known.asked.saturating_add(1);
        drop(known);
        match self.table.row(root, key)? {
            Some(row) => drop(self.keep(row)),
            None => {
                let none = KnownKey { read: true, ..KnownKey::default() };
                self.known(root).keys.insert(key.to_owned(), none);
            }
        }
        Ok(())
    }

    /// Returns the page of a key, or that of a root without keys.
    pub fn page(&self, root: &str, key: &str) -> Result<Option<u32>> {
        if self.number_of(root, key).is_none() {
            self.read(root, key)?;
        }
        match self.number_of(root, key) {
            Some(page) => Ok(Some(page)),
            None => self.whole(root),
        }
    }

    fn whole(&self, root: &str) -> Result<Option<u32>> {
        if let Some(whole) = self.known(root).whole {
            return Ok(whole);
        }
        let page = self.table.whole(root)?.and_then(|page| self.number(page));
        self.known(root).whole = Some(page);
        Ok(page)
    }

    /// Returns what is known of the page of a key without opening it, unless it is one of these.
    pub fn facts_beyond(
        &self,
        root: &str,
        key: &str,
        beyond: &PageSet,
    ) -> Result<Option<PageFacts>> {
        let mut known = self.known(root);
        if let Some(known) = known.keys.get(key) {
            if known.page.is_some_and(|page| beyond.contains(&page)) {
                return Ok(None);
            }
            if known.read {
                return Ok(known.facts.clone());
            }
        }
        if known.all.is_none() && known.asked >= ASKED_ONE_BY_ONE {
            known.all = Some(self.table.all_facts(root)?);
        }
        if let Some(all) = &known.all {
            return Ok(all.get(key).cloned());
        }
        drop(known);
        self.read(root, key)?;
        Ok(self.known(root).keys.get(key).and_then(|known| known.facts.clone()))
    }

    /// Returns keys of a root that include those of its last records that are not in `beyond`.
    pub fn latest_beyond(
        &self,
        root: &str,
        count: usize,
        hidden: bool,
        beyond: &PageSet,
    ) -> Result<Vec<String>> {
        let count = count.saturating_add(self.count_in(root, beyond));
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.answer(KeysAsked::Latest(root.to_owned(), count, hidden), || {
            let rows = self.table.latest(root, count, hidden)?.into_iter();
            // Those of the last second are found twice.
            let keys: BTreeSet<String> = rows.filter_map(|row| self.keep(row)).collect();
            Ok(keys.into_iter().collect())
        })
    }

    /// Returns how many of these pages are in a root.
    fn count_in(&self, root: &str, pages: &PageSet) -> usize {
        let known = self.pages.borrow();
        let is_in = |page: &&u32| known.get(**page as usize).is_some_and(|page| page.root == root);
        pages.iter().filter(is_in).count()
    }

    /// Returns the keys of a root that begin with `prefix` and have a value, sorted, without those in
    /// `beyond`.
    pub fn living_beyond(&self, root: &str, prefix: &str, beyond: &PageSet) -> Result<Vec<String>> {
        let asked = KeysAsked::Living(root.to_owned(), prefix.to_owned());
        let mut keys = self.answer(asked, || self.table.living(root, prefix))?;
        let is_among = |key: &str| self.number_of(root, key).is_some_and(|n| beyond.contains(&n));
        keys.retain(|key| !is_among(key));
        Ok(keys)
    }

    /// Returns keys of a root that include those under which `other` has nothing, or a hidden record.
    pub fn without(&self, root: &str, other: &str) -> Result<Vec<String>> {
        let asked = KeysAsked::Without(root.to_owned(), other.to_owned());
        self.answer(asked, || self.table.keys_without(root, other))
    }

    /// Returns the keys of a root whose pages are more than one record, and may hold a time from `since` on.
    pub fn written_since(&self, root: &str, since: i64) -> Result<Vec<String>> {
        let asked = KeysAsked::Since(root.to_owned(), since);
        self.answer(asked, || self.table.written_since(root, since))
    }

    /// Returns keys of a root that include those of its records that were created from `since` on and before
    /// `until`; `None` if opening everything costs less.
    pub fn created_within(
        &self,
        root: &str,
        since: Option<i64>,
        until: Option<i64>,
    ) -> Result<Option<Vec<String>>> {
        let asked = KeysAsked::Within(root.to_owned(), since, until);
        if let Some(keys) = self.answers.borrow().get(&asked) {
            return Ok(Some(keys.clone()));
        }
        let Some(rows) = self.table.created_within(root, since, until)? else { return Ok(None) };
        let keys = || Ok(rows.into_iter().filter_map(|row| self.keep(row)).collect());
        self.answer(asked, keys).map(Some)
    }

    /// Returns the page of a key, if it was found before.
    fn number_of(&self, root: &str, key: &str) -> Option<u32> {
        self.roots.borrow().get(root)?.keys.get(key)?.page
    }

    /// Whether a root has a page as a whole. Such pages are among the least, so whoever asks found them.
    pub fn is_sequence(&self, root: &str) -> bool {
        self.roots.borrow().get(root).is_some_and(|known| known.whole.flatten().is_some())
    }
}

//! Finds the pages of a file that an update touches, without reading the others.

use super::IndexedFile;
use super::last_found::FoundKeys;
use crate::crdt::window::PageSource;
use crate::wire::{BlockAnchor, Checked, Clocks, Deletions, Id, PageKey, PageSet, Update};
use regex::bytes::{Regex, RegexBuilder};
use std::collections::BTreeSet;

/// For a larger update this is not tried: the whole document is opened.
const MOST_BLOCKS: usize = 4_096;
/// Words found more often are searched for in the whole document.
const MOST_FOUND: usize = 2_000;
/// News that are more than this part of a document are looked for in all of it. Larger in debug builds, so that
/// tests have both.
const SMALL_NEWS: u64 = if cfg!(debug_assertions) { 2 } else { 4 };
/// The one letter with a lower case of two characters, so no pattern for those finds it.
const ALONE: char = 'İ';
/// The most blocks read to find the parents of others.
const MOST_STEPS: usize = 8_192;

/// Looks for the pages of units, in at most this many steps.
struct PageLookup<'f> {
    file: &'f IndexedFile,
    steps: usize,
}

impl IndexedFile {
    /// See [`PageSource::touched`]: the pages that an update touches in a state that has deleted these units.
    pub(super) fn find_touched(
        &self,
        update: &Update<'_, Checked>,
        deleted: &impl Deletions,
    ) -> Option<PageSet> {
        if update.blocks().len() > MOST_BLOCKS {
            return None;
        }
        let touched = update.footprint(|client| self.segments.clock(client), deleted)?;
        let mut search = PageLookup { file: self, steps: MOST_STEPS };
        let mut pages = PageSet::new();
        for (client, range) in touched.units.iter() {
            let mut clock = range.start;
            while clock < range.end {
                let (page, end) = search.page(Id { client, clock })?;
                pages.extend(page);
                clock = end;
            }
        }
        let mut keys: BTreeSet<String> = self.keys_of(&pages);
        keys.extend(touched.keys.iter().filter_map(|(_, key)| key.map(str::to_owned)));
        let roots = self.told(self.keys.table.roots());
        for key in &keys {
            pages.extend(roots.iter().filter_map(|root| self.find(root, key)));
        }
        (!self.failed.get()).then_some(pages)
    }

    /// See [`PageSource::holding`].
    pub(super) fn find_holding(&self, words: &[String]) -> FoundKeys {
        let longest = words.iter().max_by_key(|word| word.len())?;
        let pattern = in_any_case(longest)?;
        let find = |bytes: &[u8]| pattern.find_iter(bytes).map(|found| found.start()).collect();
        let anchors = self.segments.anchors(&*self.shared()?, &find, MOST_FOUND)?;
        let mut pages = self.pages_of(anchors.into_iter().collect(), MOST_STEPS)?;
        let pieced = self.told(self.keys.table.pieced());
        pages.extend(pieced.into_iter().filter_map(|page| self.keys.number(page)));
        if self.failed.get() || pages.len() > MOST_FOUND {
            return None;
        }
        Some(self.names_of(&pages))
    }

    /// See [`PageSource::written_beyond`].
    pub(super) fn find_beyond(&self, clocks: &Clocks) -> FoundKeys {
        let anchors = self.segments.anchors_beyond(&self.file, clocks, SMALL_NEWS)?;
        let pages = self.pages_of(anchors, usize::MAX)?;
        (!self.failed.get()).then(|| self.names_of(&pages))
    }

    fn pages_of(&self, anchors: BTreeSet<BlockAnchor>, steps: usize) -> Option<PageSet> {
        let mut search = PageLookup { file: self, steps };
        let mut pages = PageSet::new();
        for anchor in anchors {
            pages.extend(search.page_of(anchor)?);
        }
        Some(pages)
    }

    fn names_of(&self, pages: &PageSet) -> Vec<(String, String)> {
        let known = self.keys.pages.borrow();
        let name = |page: &u32| {
            let page = known.get(*page as usize)?;
            let key = match &page.key {
                PageKey::Key(key) => key.clone(),
                PageKey::Root | PageKey::List { .. } => String::new(),
            };
            Some((page.root.clone(), key))
        };
        pages.iter().filter_map(name).collect()
    }

    fn keys_of(&self, pages: &PageSet) -> BTreeSet<String> {
        let known = self.keys.pages.borrow();
        let key = |page: &u32| match &known.get(*page as usize)?.key {
            PageKey::Key(key) => Some(key.clone()),
            PageKey::Root | PageKey::List { .. } => None,
        };
        pages.iter().filter_map(key).collect()
    }
}

impl PageLookup<'_> {
    /// Returns the page of a unit, unless it is collected, and the end of its block. `None` if it is not
    /// found.
    fn page(&mut self, unit: Id) -> Option<(Option<u32>, u32)> {
        let found = self.step(unit)?;
        Some((self.page_of(found.stands)?, found.end))
    }

    /// Returns the page at an anchor, unless that is collected. `None` if it is not found.
    fn page_of(&mut self, mut stands: BlockAnchor) -> Option<Option<u32>> {
        loop {
            stands = match stands {
                BlockAnchor::Nowhere => return Some(None),
                BlockAnchor::Root(root, key) => {
                    return Some(Some(self.file.find(&root, key.as_deref().unwrap_or_default())?));
                }
                BlockAnchor::At(other) => self.step(other)?.stands,
            };
        }
    }

    fn step(&mut self, unit: Id) -> Option<crate::wire::LocatedBlock> {
        self.steps = self.steps.checked_sub(1)?;
        self.file.segments.locate(self.file, unit)
    }
}

/// Returns a pattern that finds a word in the bytes of texts, ignoring case. It finds every occurrence, and
/// sometimes something else.
fn in_any_case(word: &str) -> Option<Regex> {
    let mut pattern = String::new();
    for small in word.to_lowercase().chars() {
        let letter = regex::escape(small.encode_utf8(&mut [0; 4]));
        // The standard library and the patterns may know different versions of Unicode.
        let large = regex::escape(&small.to_uppercase().to_string());
        pattern.push_str(&format!("(?:{letter}|{large})"));
    }
    RegexBuilder::new(&format!("{pattern}|{ALONE}")).case_insensitive(true).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_is_found_by_its_small_one() {
        for letter in '\0'..=char::MAX {
            let small: String = letter.to_lowercase().collect();
            let mut bytes = [0; 4];
            let bytes = letter.encode_utf8(&mut bytes).as_bytes();
            // Building a pattern takes a while, and most letters are their own lower case.
            if small.as_bytes() != bytes {
                let pattern = in_any_case(&small).unwrap();
                assert!(pattern.is_match(bytes), "{letter:?} is not found by {small:?}");
            }
        }
        // The last sigma of a word has a lower case of its own.
        for word in ["ΟΔΟΣ", "ΟΔΟΣ ΣΑΣ"] {
            let small = word.to_lowercase();
            assert!(in_any_case(&small).unwrap().is_match(word.as_bytes()));
            assert!(in_any_case(&small.replace('ς', "σ")).unwrap().is_match(word.as_bytes()));
        }
    }
}

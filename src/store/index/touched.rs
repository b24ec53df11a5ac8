//! Which pages of a file news belong to, found without reading the others.

use super::IndexedFile;
use crate::crdt::window::PageSource;
use crate::wire::{BlockAnchor, Checked, Id, PageSet, Update};
use std::collections::BTreeSet;

/// Of a larger update it is not looked for: the whole document is opened.
const MOST_BLOCKS: usize = 4_096;
/// So many blocks are read to find out where others stand.
const MOST_STEPS: usize = 8_192;

/// Looks for the pages of units, in no more than so many steps.
struct PageLookup<'f> {
    file: &'f IndexedFile,
    steps: usize,
}

impl IndexedFile {
    /// See [`PageSource::touched`].
    pub(super) fn find_touched(&self, update: &Update<'_, Checked>) -> Option<PageSet> {
        if update.blocks().len() > MOST_BLOCKS {
            return None;
        }
        let touched = update.footprint(&self.known_version());
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
        let roots = self.told(self.table.roots());
        for key in &keys {
            pages.extend(roots.iter().filter_map(|root| self.find(root, key)));
        }
        (!self.failed.get()).then_some(pages)
    }

    fn keys_of(&self, pages: &PageSet) -> BTreeSet<String> {
        let known = self.pages.borrow();
        let key = |page: &u32| known.get(*page as usize)?.key.clone();
        pages.iter().filter_map(key).collect()
    }
}

impl PageLookup<'_> {
    /// The page of a unit, if it is not collected, and the end of its block. None where it is not
    /// found.
    fn page(&mut self, unit: Id) -> Option<(Option<u32>, u32)> {
        let first = self.step(unit)?;
        let (end, mut stands) = (first.end, first.stands);
        loop {
            stands = match stands {
                BlockAnchor::Nowhere => return Some((None, end)),
                BlockAnchor::Root(root, key) => {
                    let page = self.file.find(&root, key.as_deref().unwrap_or_default())?;
                    return Some((Some(page), end));
                }
                BlockAnchor::At(other) => self.step(other)?.stands,
            };
        }
    }

    fn step(&mut self, unit: Id) -> Option<crate::wire::LocatedBlock> {
        self.steps = self.steps.checked_sub(1)?;
        self.file.segments.locate(&self.file.file, unit)
    }
}

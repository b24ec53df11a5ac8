//! Live entries in compact form: an entry that is a whole block is derived from that block on demand.

use super::super::view::index::Entry;
use super::super::view::pieces::whole;
use super::super::view::span::{Halves, NONE, Span};
use crate::wire::{Block, BlockKind, BlockWriters, Id, Update, WalkedBytes};
use std::ops::Range;

/// Marks an entry that is not a whole block and is stored in `kept`.
const KEPT: u32 = 1 << 31;

/// The entries of all containers.
pub(super) struct LiveEntries {
    /// A block, or with [`KEPT`] an index of `kept`.
    order: Vec<u32>,
    kept: Vec<Entry>,
    writers: BlockWriters,
}

impl LiveEntries {
    /// Returns an empty list for this update.
    pub fn of<S>(update: &Update<'_, S>) -> LiveEntries {
        LiveEntries { order: Vec::new(), kept: Vec::new(), writers: BlockWriters::of(update) }
    }

    /// Returns a range of entries, those of one container, as they are in the bytes read.
    pub fn within<'t>(&'t self, read: &'t WalkedBytes, range: Range<usize>) -> Entries<'t> {
        let order = self.order.get(range).unwrap_or(&[]);
        Entries { update: read.update(), order, kept: &self.kept, writers: &self.writers }
    }

    /// Returns the index of the next entry.
    pub fn end(&self) -> usize {
        self.order.len()
    }

    /// Adds a block that shows all that it holds, under the key that it names, and creates no container.
    /// Files are too small for block numbers to reach [`KEPT`].
    pub fn push_block(&mut self, block: u32) {
        self.order.push(block & !KEPT);
    }

    /// Adds any other entry.
    pub fn keep(&mut self, entry: Option<Entry>) {
        if let Some(entry) = entry {
            let at = u32::try_from(self.kept.len()).unwrap_or(NONE);
            self.order.push(at | KEPT);
            self.kept.push(entry);
        }
    }

    /// Returns the kinds of a range of entries, with the container that each created.
    pub fn kinds(
        &self,
        blocks: &[Block],
        range: Range<usize>,
    ) -> impl Iterator<Item = (BlockKind, u32)> {
        self.order.get(range).unwrap_or(&[]).iter().filter_map(|at| match at & KEPT {
            0 => Some((blocks.get(*at as usize)?.kind, NONE)),
            _ => self.kept.get((at & !KEPT) as usize).map(|entry| (entry.kind, entry.node)),
        })
    }
}

/// The entries of one container.
#[derive(Clone)]
pub(super) struct Entries<'t> {
    update: Update<'t>,
    order: &'t [u32],
    kept: &'t [Entry],
    writers: &'t BlockWriters,
}

impl Entries<'_> {
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Returns the kinds of the entries.
    pub fn kinds(&self) -> impl Iterator<Item = BlockKind> {
        let kept = self.kept;
        self.order.iter().filter_map(move |at| match at & KEPT {
            0 => self.update.blocks().get(*at as usize).map(|block| block.kind),
            _ => kept.get((at & !KEPT) as usize).map(|entry| entry.kind),
        })
    }

    fn entry(&self, at: u32) -> Option<Entry> {
        if at & KEPT != 0 {
            return self.kept.get((at & !KEPT) as usize).copied();
        }
        let block = self.update.blocks().get(at as usize)?;
        let key = self.update.header(block).key;
        Some(Entry {
            id: Id { client: self.writers.get(at), clock: block.clock },
            key: key.map_or(Span::default(), |key| Span::of_key(block, key.len() as u32)),
            content: whole(self.update.bytes(), block),
            kind: block.kind,
            halves: Halves::default(),
            node: NONE,
        })
    }
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let (first, rest) = self.order.split_first()?;
        self.order = rest;
        self.entry(*first)
    }
}

//! What one client wrote into a state, cut into segments, and its blocks, found in order of position.

use crate::wire::walk::walk_block;
use crate::wire::{ByteReader, SharedBytes};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;

/// Bytes that are read on demand.
pub trait Bytes {
    /// Returns a range of them, or `None` if there are too few, or they cannot be read.
    fn range(&self, range: Range<u64>) -> Option<Cow<'_, [u8]>>;

    /// Fills `room` with those from `at` on; `None` if there are too few, or they cannot be read.
    fn read_into(&self, at: u64, room: &mut [u8]) -> Option<()> {
        let bytes = self.range(at..at.checked_add(room.len() as u64)?)?;
        (bytes.len() == room.len()).then(|| room.copy_from_slice(&bytes))
    }

    /// Returns where blocks were found in them, or `None` if that is not kept.
    fn found(&self) -> Option<&FoundBlocks> {
        None
    }
}

/// Where blocks were found in a state, each by a walk through its segment: a command asks for the same ones
/// several times, and a list can have an entry in every segment.
#[derive(Debug, Default)]
pub struct FoundBlocks {
    /// By client, sorted.
    begins: RefCell<HashMap<u64, Vec<Boundary>>>,
}

impl FoundBlocks {
    fn get(&self, client: u64, clock: u32) -> Option<Boundary> {
        let begins = self.begins.borrow();
        let begins = begins.get(&client)?;
        let at = begins.binary_search_by_key(&clock, |begin| begin.clock).ok()?;
        begins.get(at).copied()
    }

    fn add(&self, client: u64, more: &[Boundary]) {
        let mut begins = self.begins.borrow_mut();
        let begins = begins.entry(client).or_default();
        begins.extend_from_slice(more);
        // Two sorted runs are merged by this, which takes linear time.
        begins.sort_by_key(|begin| begin.clock);
        begins.dedup_by_key(|begin| begin.clock);
    }
}

impl Bytes for [u8] {
    fn range(&self, range: Range<u64>) -> Option<Cow<'_, [u8]>> {
        let (from, to) = (usize::try_from(range.start).ok()?, usize::try_from(range.end).ok()?);
        self.get(from..to).map(Cow::Borrowed)
    }
}

impl Bytes for SharedBytes {
    fn range(&self, range: Range<u64>) -> Option<Cow<'_, [u8]>> {
        (**self).range(range)
    }
}

impl<B: Bytes + ?Sized> Bytes for &B {
    fn range(&self, range: Range<u64>) -> Option<Cow<'_, [u8]>> {
        (**self).range(range)
    }

    fn read_into(&self, at: u64, room: &mut [u8]) -> Option<()> {
        (**self).read_into(at, room)
    }

    fn found(&self) -> Option<&FoundBlocks> {
        (**self).found()
    }
}

/// What one client wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientSegments {
    /// Where each segment begins.
    pub segments: Vec<Boundary>,
    pub end: Boundary,
}

/// A position between two blocks of a client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Boundary {
    pub clock: u32,
    /// How many of the client's blocks are before it.
    pub blocks: u64,
    /// Its byte offset in the state.
    pub at: u64,
}

impl ClientSegments {
    /// Returns where each segment begins and ends.
    pub fn pairs(&self) -> impl Iterator<Item = (Boundary, Boundary)> {
        self.pairs_from(0)
    }

    /// Returns the segments from this number on; those before it cost nothing.
    pub fn pairs_from(&self, first: usize) -> impl Iterator<Item = (Boundary, Boundary)> {
        let begins = self.segments.get(first..).unwrap_or_default().iter().copied();
        let ends = begins.clone().skip(1).chain(std::iter::once(self.end));
        begins.zip(ends)
    }

    /// Returns where the segment that contains a clock begins and ends.
    pub fn around(&self, clock: u32) -> Option<(Boundary, Boundary)> {
        self.pairs_from(self.number_of(clock)?).next()
    }

    /// Returns the number of the segment that contains a clock, or of the last one.
    pub fn number_of(&self, clock: u32) -> Option<usize> {
        self.segments.partition_point(|begin| begin.clock <= clock).checked_sub(1)
    }
}

/// Finds blocks of one client in ascending order: in each segment it passes, every block is walked once,
/// however many are looked for.
pub struct BlockFinder<'s, B: Bytes + ?Sized> {
    client: u64,
    section: &'s ClientSegments,
    state: &'s B,
    open: Option<OpenSegment<'s>>,
    /// What is to be kept of what it found.
    new: Vec<Boundary>,
}

impl<B: ?Sized + Bytes> Drop for BlockFinder<'_, B> {
    fn drop(&mut self) {
        if let (Some(found), false) = (self.state.found(), self.new.is_empty()) {
            found.add(self.client, &self.new);
        }
    }
}

/// A segment, and how far it was walked.
struct OpenSegment<'s> {
    begin: Boundary,
    end: Boundary,
    bytes: Cow<'s, [u8]>,
    here: Boundary,
}

impl<'s, B: Bytes + ?Sized> BlockFinder<'s, B> {
    pub fn new(client: u64, section: &'s ClientSegments, state: &'s B) -> Self {
        BlockFinder { client, section, state, open: None, new: Vec::new() }
    }

    /// Returns where the block with this clock begins, or `None` if no block does.
    pub fn find(&mut self, clock: u32) -> Option<Boundary> {
        if clock == self.section.end.clock {
            return Some(self.section.end);
        }
        let found = self.state.found();
        if let Some(block) = found.and_then(|found| found.get(self.client, clock)) {
            return Some(block);
        }
        let lies_ahead =
            |open: &OpenSegment<'_>| (open.here.clock..open.end.clock).contains(&clock);
        if !self.open.as_ref().is_some_and(lies_ahead) {
            let (begin, end) = self.section.around(clock)?;
            if clock == begin.clock {
                return Some(begin);
            }
            let bytes = self.state.range(begin.at..end.at)?;
            self.open = Some(OpenSegment { begin, end, bytes, here: begin });
        }
        let block = self.open.as_mut()?.walk_to(clock)?;
        if found.is_some() {
            self.new.push(block);
        }
        Some(block)
    }
}

impl OpenSegment<'_> {
    fn walk_to(&mut self, clock: u32) -> Option<Boundary> {
        let walked = usize::try_from(self.here.at.checked_sub(self.begin.at)?).ok()?;
        let (mut reader, mut found) = (ByteReader::at(&self.bytes, walked), self.here);
        while found.clock < clock {
            let block = walk_block(&mut reader, found.clock).ok()?;
            if block.len == 0 {
                return None;
            }
            let at = self.begin.at.checked_add(u64::from(block.end))?;
            found =
                Boundary { clock: block.next_clock(), blocks: found.blocks.checked_add(1)?, at };
        }
        self.here = found;
        (found.clock == clock && found.at <= self.end.at).then_some(found)
    }
}

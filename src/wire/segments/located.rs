//! One block of a state, found by reading its segment.

use super::section::ClientSegments;
use super::{Boundary, Bytes, Segments};
use crate::parallel;
use crate::wire::walk::walk_block;
use crate::wire::{BlockKind, ByteReader, Clocks, Id, Parent};
use std::collections::{BTreeMap, BTreeSet};

/// A block of a state, with what is needed to determine its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocatedBlock {
    /// The clock after its last unit.
    pub end: u32,
    /// What its place is derived from.
    pub stands: BlockAnchor,
}

/// What the place of a block is derived from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum BlockAnchor {
    /// It is in a root, under a key if that is a map.
    Root(String, Option<String>),
    /// It is beside this unit, or in the container that this one created.
    At(Id),
    /// It is collected.
    Nowhere,
}

impl BlockAnchor {
    fn of(bytes: &[u8], at: usize, info: u8) -> Option<BlockAnchor> {
        let header = ByteReader::at(bytes, at.checked_add(1)?).header(info).ok()?;
        Some(match (header.left.or(header.right), header.parent) {
            (Some(origin), _) => BlockAnchor::At(origin),
            (None, Some(Parent::Item(container))) => BlockAnchor::At(container),
            (None, Some(Parent::Root(root))) => {
                BlockAnchor::Root(root.to_owned(), header.key.map(str::to_owned))
            }
            (None, None) => return None,
        })
    }
}

impl Segments {
    /// Returns the block that holds a unit, or `None` if there is none, or the state is another.
    pub fn locate(&self, state: &(impl Bytes + ?Sized), unit: Id) -> Option<LocatedBlock> {
        let (begin, end) = self.clients.get(&unit.client)?.around(unit.clock)?;
        let bytes = state.range(begin.at..end.at)?;
        let (mut reader, mut clock) = (ByteReader::at(&bytes, 0), begin.clock);
        while clock <= unit.clock && clock < end.clock {
            let block = walk_block(&mut reader, clock).ok()?;
            if block.next_clock() > unit.clock {
                let stands = match block.kind {
                    BlockKind::Gc => BlockAnchor::Nowhere,
                    BlockKind::Skip => return None,
                    _ => BlockAnchor::of(&bytes, block.at as usize, block.info)?,
                };
                return Some(LocatedBlock { end: block.next_clock(), stands });
            }
            clock = block.next_clock();
        }
        None
    }

    /// Returns the anchors of the blocks in whose bytes something is found, as far as their own segments
    /// tell. `find` returns sorted offsets into some bytes. `None` for more than `most`, or if the state is
    /// another. The halves of a large state are searched at the same time.
    pub fn anchors(
        &self,
        state: &(dyn Bytes + Sync),
        find: &(dyn Fn(&[u8]) -> Vec<usize> + Sync),
        most: usize,
    ) -> Option<Vec<BlockAnchor>> {
        let of_client = |(client, section): (&u64, &ClientSegments)| {
            let client = *client;
            section.pairs().map(move |(begin, end)| (client, begin, end)).collect::<Vec<_>>()
        };
        let segments: Vec<(u64, Boundary, Boundary)> =
            self.clients.iter().flat_map(of_client).collect();
        if segments.iter().any(|(_, _, end)| end.at > self.deletes_at) {
            return None;
        }
        // Segments are about as long as each other.
        let (here, there) = segments.split_at(segments.len() / 2);
        let (here, there) = parallel::both(
            parallel::amount(self.deletes_at),
            || anchors_in(state, here, find, most),
            || anchors_in(state, there, find, most),
        );
        let (mut anchors, others) = (here?, there?);
        anchors.extend(others);
        (anchors.len() <= most).then_some(anchors)
    }

    /// Returns the anchors of the blocks with units beyond these clocks, as far as their own segments tell.
    /// `None` if they are more than a part of all blocks, or the state is another.
    pub fn anchors_beyond(
        &self,
        state: &(impl Bytes + ?Sized),
        clocks: &Clocks,
        part: u64,
    ) -> Option<BTreeSet<BlockAnchor>> {
        let (mut news, mut beyond, mut all) = (Vec::new(), 0u64, 0u64);
        for (client, section) in &self.clients {
            all = all.saturating_add(section.end.blocks);
            let known = clocks.get(client).copied().unwrap_or(0);
            if known >= section.end.clock {
                continue;
            }
            let first = section.number_of(known).unwrap_or(0);
            if let Some(begin) = section.segments.get(first) {
                let lacking = section.end.blocks.saturating_sub(begin.blocks);
                beyond = beyond.saturating_add(lacking);
                news.push((*client, known, section.pairs_from(first)));
            }
        }
        if beyond.saturating_mul(part) > all {
            return None;
        }
        let mut anchors = BTreeSet::new();
        for (client, known, segments) in news {
            for (begin, end) in segments {
                let bytes = state.range(begin.at..end.at)?;
                let mut walk = AnchorWalk::from(client, begin, &bytes);
                while walk.clock < end.clock {
                    let anchor = walk.step()?.clone();
                    if walk.clock > known {
                        anchors.insert(anchor);
                    }
                }
            }
        }
        Some(anchors)
    }
}

/// Does what [`Segments::anchors`] does with some segments, each with its client.
fn anchors_in(
    state: &(dyn Bytes + Sync),
    segments: &[(u64, Boundary, Boundary)],
    find: &(dyn Fn(&[u8]) -> Vec<usize> + Sync),
    most: usize,
) -> Option<Vec<BlockAnchor>> {
    let (mut anchors, mut room) = (Vec::new(), Vec::new());
    for (client, begin, end) in segments {
        room.resize(usize::try_from(end.at.checked_sub(begin.at)?).ok()?, 0);
        state.read_into(begin.at, &mut room)?;
        let places = find(&room);
        if anchors.len().saturating_add(places.len()) > most {
            return None;
        }
        if !places.is_empty() {
            anchors.extend(anchors_at(*client, *begin, &room, &places)?);
        }
    }
    Some(anchors)
}

/// Returns one anchor for each of some offsets in a segment.
fn anchors_at(
    client: u64,
    begin: Boundary,
    bytes: &[u8],
    places: &[usize],
) -> Option<Vec<BlockAnchor>> {
    let mut walk = AnchorWalk::from(client, begin, bytes);
    let mut found = Vec::new();
    for place in places {
        while walk.reader.offset() <= *place {
            walk.step()?;
        }
        found.extend(walk.last().cloned());
    }
    Some(found)
}

/// Walks the blocks of a segment, and tells what the place of each is derived from.
struct AnchorWalk<'b> {
    client: u64,
    begin: u32,
    bytes: &'b [u8],
    reader: ByteReader<'b>,
    /// The clock after the last block.
    clock: u32,
    /// By the clock after each block; everything beside a block is in its page.
    known: BTreeMap<u32, BlockAnchor>,
}

impl<'b> AnchorWalk<'b> {
    fn from(client: u64, begin: Boundary, bytes: &'b [u8]) -> AnchorWalk<'b> {
        let (reader, known) = (ByteReader::at(bytes, 0), BTreeMap::new());
        AnchorWalk { client, begin: begin.clock, bytes, reader, clock: begin.clock, known }
    }

    /// Walks the next block and returns its anchor. `None` if there is no block.
    fn step(&mut self) -> Option<&BlockAnchor> {
        let block = walk_block(&mut self.reader, self.clock).ok()?;
        let anchor = match block.kind {
            BlockKind::Gc => BlockAnchor::Nowhere,
            BlockKind::Skip => return None,
            _ => BlockAnchor::of(self.bytes, block.at as usize, block.info)?,
        };
        let beside = match &anchor {
            BlockAnchor::At(id)
                if id.client == self.client && (self.begin..self.clock).contains(&id.clock) =>
            {
                self.known
                    .range(id.clock.saturating_add(1)..)
                    .next()
                    .map(|(_, other)| other.clone())
            }
            _ => None,
        };
        self.clock = block.next_clock();
        self.known.insert(self.clock, beside.unwrap_or(anchor));
        self.last()
    }

    /// Returns the anchor of the last block.
    fn last(&self) -> Option<&BlockAnchor> {
        self.known.last_key_value().map(|(_, anchor)| anchor)
    }
}

//! One block of a state, found by reading its segment.

use super::section::ClientSegments;
use super::{Boundary, Bytes, Segments};
use crate::parallel;
use crate::wire::walk::walk_block;
use crate::wire::{BlockKind, ByteReader, Id, Parent};
use std::collections::BTreeMap;

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
    // By the clock after each block; everything beside a block is in its page.
    let mut known: BTreeMap<u32, BlockAnchor> = BTreeMap::new();
    let (mut reader, mut clock) = (ByteReader::at(bytes, 0), begin.clock);
    let mut found = Vec::new();
    for place in places {
        while reader.offset() <= *place {
            let block = walk_block(&mut reader, clock).ok()?;
            let anchor = match block.kind {
                BlockKind::Gc => BlockAnchor::Nowhere,
                BlockKind::Skip => return None,
                _ => BlockAnchor::of(bytes, block.at as usize, block.info)?,
            };
            let beside = match &anchor {
                BlockAnchor::At(id)
                    if id.client == client && (begin.clock..clock).contains(&id.clock) =>
                {
                    known.range(id.clock.saturating_add(1)..).next().map(|(_, other)| other.clone())
                }
                _ => None,
            };
            clock = block.next_clock();
            known.insert(clock, beside.unwrap_or(anchor));
        }
        found.extend(known.last_key_value().map(|(_, anchor)| anchor.clone()));
    }
    Some(found)
}

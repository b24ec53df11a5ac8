//! One block of a state, found by reading the segment that it is in.

use super::{Bytes, Segments};
use crate::wire::walk::walk_block;
use crate::wire::{ByteReader, Id, Kind, Parent};

/// A block of a state, as far as it takes to find out where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocatedBlock {
    /// The clock after its last unit.
    pub end: u32,
    /// Where it stands.
    pub stands: BlockAnchor,
}

/// What tells where a block stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockAnchor {
    /// It stands in a root, under a key where that is a map.
    Root(String, Option<String>),
    /// It stands beside this unit, or in the container that this one created.
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
    /// The block that holds a unit; None where there is none, or the state is another.
    pub fn locate(&self, state: &(impl Bytes + ?Sized), unit: Id) -> Option<LocatedBlock> {
        let (begin, end) = self.clients.get(&unit.client)?.around(unit.clock)?;
        let bytes = state.range(begin.at..end.at)?;
        let (mut reader, mut clock) = (ByteReader::at(&bytes, 0), begin.clock);
        while clock <= unit.clock && clock < end.clock {
            let block = walk_block(&mut reader, clock).ok()?;
            if block.next_clock() > unit.clock {
                let stands = match block.kind {
                    Kind::Gc => BlockAnchor::Nowhere,
                    Kind::Skip => return None,
                    _ => BlockAnchor::of(&bytes, block.at as usize, block.info)?,
                };
                return Some(LocatedBlock { end: block.next_clock(), stands });
            }
            clock = block.next_clock();
        }
        None
    }
}

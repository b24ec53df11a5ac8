//! Where blocks begin, found in the order in which they stand.

use super::{Boundary, Bytes, ClientSegments};
use crate::wire::ByteReader;
use crate::wire::walk::walk_block;
use std::borrow::Cow;

/// Finds blocks of one client, one behind the other: of each segment that is passed every block is walked
/// once, however many are looked for in it.
pub(super) struct BlockFinder<'s, B: ?Sized> {
    section: &'s ClientSegments,
    state: &'s B,
    open: Option<OpenSegment<'s>>,
}

/// A segment, and how far it was walked.
struct OpenSegment<'s> {
    begin: Boundary,
    end: Boundary,
    bytes: Cow<'s, [u8]>,
    here: Boundary,
}

impl<'s, B: Bytes + ?Sized> BlockFinder<'s, B> {
    pub(super) fn new(section: &'s ClientSegments, state: &'s B) -> Self {
        BlockFinder { section, state, open: None }
    }

    /// Where the block with this clock begins; None where none does.
    pub(super) fn find(&mut self, clock: u32) -> Option<Boundary> {
        if clock == self.section.end.clock {
            return Some(self.section.end);
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
        self.open.as_mut()?.walk_to(clock)
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

//! What an edit changed of the blocks that it was given.

use crate::wire::head::KIND;
use crate::wire::walk::walk_block;
use crate::wire::{Block, BlockKind, ByteReader, Checked, Id, IdSet, Update};
use std::collections::BTreeMap;
use std::ops::Range;

/// Some blocks of a state, as a state of its own, before and after an edit.
pub struct Edited<'e, 'a> {
    /// As [`Segments::project`](super::Segments::project) returned it.
    pub before: &'e Update<'a, Checked>,
    /// The same after the edit, as yrs encodes it.
    pub now: &'e Update<'a, Checked>,
}

impl Edited<'_, '_> {
    /// Returns those of these ranges in which anything was changed.
    pub(super) fn changed(&self, ids: &IdSet) -> IdSet {
        let mut changed = IdSet::default();
        for client in ids.clients() {
            let (mut old, mut new) = (Spans::of(self.before, client), Spans::of(self.now, client));
            for range in ids.ranges(client) {
                let deletes = |of: &Update<'_, Checked>| -> Vec<Range<u32>> {
                    of.deletes.within(client, range.clone()).collect()
                };
                let bytes = old.next(range);
                if bytes.is_none()
                    || bytes != new.next(range)
                    || deletes(self.before) != deletes(self.now)
                {
                    changed.insert(client, range.clone());
                }
            }
        }
        changed
    }
}

/// The bytes of the blocks of one client, asked for in ascending order.
struct Spans<'u, 'a> {
    bytes: &'a [u8],
    blocks: std::slice::Iter<'u, Block>,
}

impl<'u, 'a> Spans<'u, 'a> {
    fn of(update: &'u Update<'a, Checked>, client: u64) -> Self {
        let blocks = update.client(client).and_then(|of| update.blocks.get(of.blocks.clone()));
        Spans { bytes: update.bytes(), blocks: blocks.unwrap_or_default().iter() }
    }

    /// Returns the bytes of these clocks; `None` unless blocks begin and end there.
    fn next(&mut self, clocks: &Range<u32>) -> Option<&'a [u8]> {
        let first = self.blocks.find(|block| block.clock >= clocks.start)?;
        let last = match first.next_clock() >= clocks.end {
            true => first,
            false => self.blocks.find(|block| block.next_clock() >= clocks.end)?,
        };
        let exact = (first.clock, last.next_clock()) == (clocks.start, clocks.end);
        self.bytes.get(first.span().start..last.span().end).filter(|_| exact)
    }
}

/// Returns the clocks of a client in some ids, and in `others`, with the blocks there.
pub(super) fn pieces_of<'o>(
    client: u64,
    ids: &IdSet,
    others: &'o BTreeMap<Id, Vec<u8>>,
) -> Vec<(Range<u32>, Option<&'o [u8]>)> {
    let mut pieces: Vec<_> = ids.ranges(client).iter().map(|range| (range.clone(), None)).collect();
    let of_client = Id { client, clock: 0 }..=Id { client, clock: u32::MAX };
    let block = |(unit, block): (&Id, &'o Vec<u8>)| {
        (unit.clock..unit.clock.saturating_add(1), Some(block.as_slice()))
    };
    pieces.extend(others.range(of_client).map(block));
    pieces.sort_by_key(|(range, _)| range.start);
    pieces
}

/// Returns a block of one unit as it is once it is deleted.
pub(super) fn without_content(bytes: &[u8], clock: u32) -> Option<Vec<u8>> {
    let block = walk_block(&mut ByteReader::at(bytes, 0), clock).ok()?;
    let header = bytes.get(1..block.content as usize).filter(|_| block.len == 1)?;
    let is_item = !matches!(block.kind, BlockKind::Gc | BlockKind::Skip);
    is_item.then(|| [&[block.info & !KIND | BlockKind::Deleted.number()], header, &[1]].concat())
}

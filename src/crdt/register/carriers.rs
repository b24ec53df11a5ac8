//! Finds which of many sides carry an item without looking at all of them.

use super::MergeSide;
use crate::wire::Id;
use std::collections::HashMap;
use std::ops::Range;

/// The sides by what they hold, or by what they delete.
pub struct Carriers {
    /// By client, sorted by start.
    spans: HashMap<u64, Vec<CarrierSpan>>,
}

struct CarrierSpan {
    clocks: Range<u32>,
    side: usize,
    /// The largest end of this span and those before it.
    reach: u32,
}

impl Carriers {
    /// Indexes the sides by the blocks of their updates.
    pub fn of_blocks(sides: &[MergeSide<'_>]) -> Carriers {
        Carriers::of(sides.iter().map(|side| {
            side.update.clients().filter_map(|(client, blocks)| {
                let (first, last) = (blocks.first()?, blocks.last()?);
                Some((client, first.clock..last.next_clock()))
            })
        }))
    }

    /// Indexes the sides by the delete sets of their updates.
    pub fn of_deletions(sides: &[MergeSide<'_>]) -> Carriers {
        Carriers::of(sides.iter().map(|side| side.update.delete_set().iter()))
    }

    fn of<S: Iterator<Item = (u64, Range<u32>)>>(sides: impl Iterator<Item = S>) -> Carriers {
        let mut spans: HashMap<u64, Vec<CarrierSpan>> = HashMap::new();
        for (side, carried) in sides.enumerate() {
            for (client, clocks) in carried {
                let reach = clocks.end;
                spans.entry(client).or_default().push(CarrierSpan { clocks, side, reach });
            }
        }
        for of_client in spans.values_mut() {
            of_client.sort_unstable_by_key(|span| (span.clocks.start, span.side));
            let mut reach = 0;
            for span in of_client {
                reach = reach.max(span.clocks.end);
                span.reach = reach;
            }
        }
        Carriers { spans }
    }

    /// Returns the sides that carry an item, ascending.
    pub fn carrying(&self, id: Id) -> Vec<usize> {
        let spans = self.spans.get(&id.client).map_or(&[][..], Vec::as_slice);
        let begun = spans.partition_point(|span| span.clocks.start <= id.clock);
        let near = spans.get(..begun).unwrap_or(&[]).iter().rev();
        let reaching = near.take_while(|span| span.reach > id.clock);
        let carrying = reaching.filter(|span| span.clocks.end > id.clock);
        let mut sides: Vec<usize> = carrying.map(|span| span.side).collect();
        sides.sort_unstable();
        sides
    }
}

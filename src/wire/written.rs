//! Values as they were originally written.
//!
//! yrs has only one kind of whole number: it turns a BigInt into a number, the largest one into 2^63, and −0
//! into 0; it also re-encodes embedded JSON. What others wrote must be preserved, so it is put back into the
//! output of yrs.

use super::{Block, BlockKind, ByteReader, Fault, Update};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// The values that yrs would encode differently, by client and clock.
#[derive(Default)]
pub struct WrittenBlocks {
    values: HashMap<u64, BTreeMap<u32, Box<[u8]>>>,
    count: usize,
}

impl WrittenBlocks {
    /// Remembers such values of an update. The first one remembered stays.
    pub fn note<S>(&mut self, update: &Update<'_, S>) {
        for (client, blocks) in update.clients() {
            for block in blocks.iter().filter(|block| block.odd) {
                each_value(update.bytes(), block, |clock, value, odd| {
                    if let (true, Some(bytes)) = (odd, update.bytes().get(value)) {
                        let values = self.values.entry(client).or_default();
                        if let Entry::Vacant(slot) = values.entry(clock) {
                            slot.insert(bytes.into());
                            self.count = self.count.saturating_add(1);
                        }
                    }
                });
            }
        }
    }

    /// Returns how many values it remembers.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Remembers how a value of our own is to be written.
    pub fn note_own(&mut self, client: u64, clock: u32, value: Box<[u8]>) {
        let values = self.values.entry(client).or_default();
        if values.insert(clock, value).is_none() {
            self.count = self.count.saturating_add(1);
        }
    }

    /// Returns the update with these values in place of what yrs wrote for them.
    ///
    /// # Errors
    /// If the bytes are not an update.
    pub fn restore(&self, bytes: Vec<u8>) -> Result<Vec<u8>, Fault> {
        if self.values.is_empty() {
            return Ok(bytes);
        }
        let update = Update::walk(&bytes)?;
        let mut edits: Vec<(Range<usize>, &[u8])> = Vec::new();
        for (client, blocks) in update.clients() {
            let Some(values) = self.values.get(&client) else { continue };
            for block in blocks {
                if values.range(block.clock..block.next_clock()).next().is_none() {
                    continue;
                }
                each_value(&bytes, block, |clock, value, _| {
                    if let Some(written) = values.get(&clock)
                        && bytes.get(value.clone()).is_some_and(|made| *made != **written)
                    {
                        edits.push((value, written));
                    }
                });
            }
        }
        if edits.is_empty() {
            return Ok(bytes);
        }
        // Clients are not in the order of the bytes.
        edits.sort_unstable_by_key(|(range, _)| range.start);
        let mut restored = Vec::with_capacity(bytes.len());
        let mut at = 0;
        for (range, written) in edits {
            restored.extend_from_slice(bytes.get(at..range.start).unwrap_or(&[]));
            restored.extend_from_slice(written);
            at = range.end;
        }
        restored.extend_from_slice(bytes.get(at..).unwrap_or(&[]));
        Ok(restored)
    }
}

/// Passes on each value of a block: its clock, its bytes, and whether yrs would encode it differently.
fn each_value(bytes: &[u8], block: &Block, mut take: impl FnMut(u32, Range<usize>, bool)) {
    let content = block.content_span();
    match block.kind {
        BlockKind::Embed => take(block.clock, content, true),
        BlockKind::Any => {
            let mut reader = ByteReader::at(bytes, content.start);
            // The walk read the same bytes: nothing here can fail.
            if reader.var().is_err() {
                return;
            }
            for clock in block.clock..block.next_clock() {
                let start = reader.offset();
                if reader.skip_any().is_err() {
                    return;
                }
                take(clock, start..reader.offset(), reader.take_odd());
            }
        }
        _ => {}
    }
}

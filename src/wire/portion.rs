//! An equivalent update in the form that yrs takes with the least work.
//!
//! At the end of a transaction yrs joins what one client wrote in a row, block by block from the end, and
//! keeps every copy until it is done: 120 GB for 100,000 single values. It also recurses through clients that
//! others were waiting for, and goes through the waiting ones at each step: 70,000 clients in a chain
//! overflow the stack. So runs are joined here, once, and an update of very many clients is handed over in
//! portions.

use super::deletes::write_var;
use super::{Block, BlockKind, ByteReader, Checked, Id, SlotRef, Update};
use std::collections::BTreeMap;
use std::ops::Range;

/// The number of joinable blocks from which rewriting an update is worth it.
const WORTH_JOINING: usize = 64;
/// The most clients given to yrs at once, and the blocks in a portion of an update with more.
const CLIENTS: usize = 2_000;

/// The block before, and where it is.
#[derive(Clone, Copy)]
struct Before<'b> {
    block: &'b Block,
    right: Option<Id>,
    is_sequence: bool,
}

impl<'a> Update<'a, Checked> {
    /// Returns the update with values and texts joined into one block where one client wrote them in a row,
    /// in one sequence, and nothing in the update refers into them or deletes some of them. `in_sequence`
    /// tells whether items outside the update are in a sequence. `None` if it is hardly worth it. Linear
    /// except for one sort.
    pub fn joined(&self, in_sequence: impl Fn(Id) -> bool) -> Option<Vec<u8>> {
        let follows: Vec<bool> = self.follows(in_sequence);
        if follows.iter().filter(|follows| **follows).count() < WORTH_JOINING {
            return None;
        }
        let cuts = self.cuts(&follows);
        let mut out = Vec::with_capacity(self.bytes.len());
        write_var(&mut out, self.clients.len() as u64);
        for client in self.clients.iter().rev() {
            let mut runs: Vec<Range<usize>> = Vec::new();
            for index in client.blocks.clone() {
                let block = self.blocks.get(index)?;
                let joins = follows.get(index).copied().unwrap_or(false)
                    && cuts.binary_search(&Id { client: client.id, clock: block.clock }).is_err();
                match runs.last_mut() {
                    Some(run) if joins && run.end == index => run.end = index + 1,
                    _ => runs.push(index..index + 1),
                }
            }
            write_var(&mut out, runs.len() as u64);
            write_var(&mut out, client.id);
            write_var(&mut out, u64::from(client.first));
            for run in runs {
                self.write_run(run, &mut out)?;
            }
        }
        self.deletes.encode(&mut out);
        Some(out)
    }

    /// Returns, per block, whether it continues the content of the one before it.
    fn follows(&self, in_sequence: impl Fn(Id) -> bool) -> Vec<bool> {
        let mut follows = vec![false; self.blocks.len()];
        for client in &self.clients {
            let mut before: Option<Before<'_>> = None;
            for index in client.blocks.clone() {
                let Some(block) = self.blocks.get(index) else { continue };
                let (left, right) = self.origins(block);
                let after = |last: &Before<'_>| {
                    let clock = last.block.next_clock().saturating_sub(1);
                    left == Some(Id { client: client.id, clock })
                };
                let last = before.filter(after);
                // Values of a key are not joined.
                let is_sequence = block.kind == BlockKind::String
                    || match self.facts.standing(index) {
                        SlotRef::Gone => false,
                        SlotRef::Open => last.map_or_else(
                            || left.or(right).is_some_and(&in_sequence),
                            |last| last.is_sequence,
                        ),
                        SlotRef::Slot(_) => {
                            self.facts.slot_of(index).is_some_and(|slot| !slot.is_keyed())
                        }
                    };
                let goes_on = last.is_some_and(|last| {
                    matches!(block.kind, BlockKind::Any | BlockKind::String)
                        && last.block.kind == block.kind
                        && last.right == right
                        && last.is_sequence
                });
                if let Some(entry) = follows.get_mut(index) {
                    *entry = goes_on && is_sequence;
                }
                before = Some(Before { block, right, is_sequence });
            }
        }
        follows
    }

    /// Returns the units before which something else in the update cuts, sorted.
    fn cuts(&self, follows: &[bool]) -> Vec<Id> {
        let after = |id: Id| Id { clock: id.clock.saturating_add(1), ..id };
        let mut cuts = Vec::new();
        for (block, follows) in self.blocks.iter().zip(follows) {
            let (left, right) = self.origins(block);
            cuts.extend(left.filter(|_| !follows).map(after));
            // A block that continues a run has the run's right origin.
            cuts.extend(right.filter(|_| !follows));
        }
        for (client, range) in self.deletes.iter() {
            cuts.extend([range.start, range.end].map(|clock| Id { client, clock }));
        }
        cuts.sort_unstable();
        cuts
    }

    fn write_run(&self, run: Range<usize>, out: &mut Vec<u8>) -> Option<()> {
        let blocks = self.blocks.get(run)?;
        let (first, more) = blocks.split_first()?;
        if more.is_empty() {
            out.extend_from_slice(self.bytes.get(first.span())?);
            return Some(());
        }
        out.extend_from_slice(self.bytes.get(first.span().start..first.content_span().start)?);
        let mut content = Vec::new();
        let mut count = 0u64;
        for block in blocks {
            let mut reader = ByteReader::at(self.content(block), 0);
            // The count of the values, or the length of the text in bytes.
            count += reader.var().ok()?;
            content.extend_from_slice(self.content(block).get(reader.offset()..)?);
        }
        write_var(out, count);
        out.extend_from_slice(&content);
        Some(())
    }

    /// Returns the update in portions, each ready after those before it; the last one has the deletions.
    /// `None` if the update can be given whole.
    pub fn portions(&self) -> Option<Vec<Vec<u8>>> {
        if self.clients.len() <= CLIENTS {
            return None;
        }
        let mut client_of = vec![0u32; self.blocks.len()];
        for (at, client) in (0u32..).zip(&self.clients) {
            client_of.get_mut(client.blocks.clone())?.iter_mut().for_each(|entry| *entry = at);
        }
        let mut portions = Vec::new();
        let mut chunks = self.facts.order.chunks(CLIENTS).peekable();
        while let Some(chunk) = chunks.next() {
            let mut parts: BTreeMap<u32, Range<usize>> = BTreeMap::new();
            for index in chunk.iter().map(|index| *index as usize) {
                // A client's blocks come in order.
                let part = parts.entry(*client_of.get(index)?).or_insert(index..index);
                part.end = index + 1;
            }
            let mut out = Vec::new();
            write_var(&mut out, parts.len() as u64);
            for (at, part) in parts.into_iter().rev() {
                let blocks = self.blocks.get(part)?;
                write_var(&mut out, blocks.len() as u64);
                write_var(&mut out, self.clients.get(at as usize)?.id);
                write_var(&mut out, u64::from(blocks.first()?.clock));
                for block in blocks {
                    out.extend_from_slice(self.bytes.get(block.span())?);
                }
            }
            match chunks.peek() {
                Some(_) => write_var(&mut out, 0),
                None => self.deletes.encode(&mut out),
            }
            portions.push(out);
        }
        Some(portions)
    }
}

//! Goes through the blocks of one client unit by unit, whatever blocks they were written in.

use super::deletes::write_var;
use super::head::{HAS_KEY, HAS_LEFT, HAS_RIGHT, KIND, write_bytes, write_id};
use super::{Block, BlockKind, ByteReader, Client, Header, Id, Update};
use std::str::EncodeUtf16;

/// A position in the blocks of one client.
pub struct Run<'u, 'a, S> {
    update: &'u Update<'a, S>,
    of: &'u Client,
    index: usize,
    clock: u32,
    /// The content of the current block, with how many of its units were taken.
    content: Option<(u32, RunContent<'a>)>,
}

/// Content that is taken piece by piece.
pub enum RunContent<'a> {
    Units(EncodeUtf16<'a>),
    Values(ByteReader<'a>),
    /// Content that is always one unit: nothing is left after it.
    Whole(&'a [u8]),
}

impl RunContent<'_> {
    fn skip(&mut self, units: u32) {
        match self {
            RunContent::Units(text) if units > 0 => {
                text.nth(units as usize - 1);
            }
            RunContent::Values(reader) => {
                for _ in 0..units {
                    // The walk read the same bytes: this cannot fail.
                    if reader.skip_any().is_err() {
                        break;
                    }
                }
            }
            _ => {}
        }
    }
}

impl<'u, 'a, S> Run<'u, 'a, S> {
    /// Returns the blocks of a client from this clock on; `None` if the client has nothing there.
    pub fn from(update: &'u Update<'a, S>, of: &'u Client, clock: u32) -> Option<Self> {
        let index = update.find_in(of, clock)?;
        Some(Run { update, of, index, clock, content: None })
    }

    pub fn end(&self) -> u32 {
        self.of.end
    }

    /// Whether the current block is the residue of a removed record.
    pub fn is_residue(&self) -> bool {
        self.block().is_some_and(|block| self.update.is_residue(self.of.id, block))
    }

    /// Returns the current block; `None` after the last.
    pub fn block(&self) -> Option<&'u Block> {
        if self.index >= self.of.blocks.end {
            return None;
        }
        self.update.blocks.get(self.index)
    }

    /// Returns the blocks from here on.
    pub fn blocks(&self) -> &'u [Block] {
        self.update.blocks.get(self.index..self.of.blocks.end).unwrap_or(&[])
    }

    pub fn clock(&self) -> u32 {
        self.clock
    }

    /// Returns how many units of the current block are before and after this position.
    pub fn offset_and_rest(&self) -> (u32, u32) {
        self.block().map_or((0, 0), |block| {
            (self.clock.saturating_sub(block.clock), block.next_clock().saturating_sub(self.clock))
        })
    }

    /// Whether this position and another are at the beginning of blocks that are written alike.
    pub fn begins_alike<T>(&self, other: &Run<'_, '_, T>) -> bool {
        fn whole<'a, S>(run: &Run<'_, 'a, S>) -> Option<&'a [u8]> {
            let block = run.block().filter(|block| block.clock == run.clock)?;
            run.update.bytes.get(block.span())
        }
        whole(self).is_some_and(|ours| whole(other) == Some(ours))
    }

    /// Moves on to a later clock.
    pub fn seek(&mut self, clock: u32) {
        self.clock = clock;
        while let Some(block) = self.block()
            && block.next_clock() <= clock
        {
            self.index += 1;
            self.content = None;
        }
    }

    /// Returns the place of the current unit: inside a run it is directly after the unit before.
    pub fn header(&self) -> Header<'a> {
        let Some(block) = self.block() else { return Header::default() };
        let header = self.update.header(block);
        match self.clock.checked_sub(1) {
            Some(clock) if block.clock < self.clock => {
                let left = Some(Id { client: self.of.id, clock });
                Header { left, parent: None, key: None, ..header }
            }
            _ => header,
        }
    }

    /// Returns the content from here on. Units count as taken until the block changes, so going through a
    /// block in pieces costs no more than going through it once.
    pub fn content(&mut self) -> Option<&mut RunContent<'a>> {
        let block = self.block()?;
        let (offset, _) = self.offset_and_rest();
        let (update, index) = (self.update, self.index);
        let (taken, content) = self.content.get_or_insert_with(|| (0, open(update, index)));
        content.skip(offset.saturating_sub(*taken));
        *taken = offset;
        debug_assert!(offset <= block.len);
        Some(content)
    }

    /// Tells [`Run::content`] that this many units were taken from its result.
    pub fn took(&mut self, units: u32) {
        if let Some((taken, _)) = &mut self.content {
            *taken = taken.saturating_add(units);
        }
    }

    /// Writes the next units of the current block as a block of their own, as yrs cuts one: inside a run the
    /// left origin becomes the unit before, and the right origin stays.
    pub fn write(&mut self, units: u32, out: &mut Vec<u8>) {
        let Some(block) = self.block() else { return };
        let (offset, rest) = self.offset_and_rest();
        if offset == 0 && units >= rest {
            out.extend_from_slice(self.update.bytes.get(block.span()).unwrap_or(&[]));
            return;
        }
        if block.kind == BlockKind::Gc {
            return write_gc(units, out);
        }
        if block.kind == BlockKind::Skip {
            return write_skip(units, out);
        }
        self.write_header(block, offset, out);
        if block.kind == BlockKind::Deleted {
            write_var(out, u64::from(units));
        } else {
            self.write_content(units, out);
        }
    }

    fn write_header(&self, block: &Block, offset: u32, out: &mut Vec<u8>) {
        let span = block.span().start..block.content_span().start;
        if offset == 0 {
            out.extend_from_slice(self.update.bytes.get(span).unwrap_or(&[]));
            return;
        }
        let header = self.header();
        let right = header.right.map_or(0, |_| HAS_RIGHT);
        out.push(block.info & (KIND | HAS_KEY) | HAS_LEFT | right);
        [header.left, header.right].into_iter().flatten().for_each(|origin| write_id(out, origin));
    }

    fn write_content(&mut self, units: u32, out: &mut Vec<u8>) {
        match self.content() {
            Some(RunContent::Units(text)) => {
                // A pair cut in the middle leaves a replacement character on each side, as in yrs and Yjs, so
                // that lengths stay the same.
                let taken: Vec<u16> = text.take(units as usize).collect();
                let text = String::from_utf16_lossy(&taken);
                write_bytes(out, text.as_bytes());
            }
            Some(RunContent::Values(reader)) => {
                let mut after = reader.clone();
                let mut values = RunContent::Values(after.clone());
                values.skip(units);
                if let RunContent::Values(end) = values {
                    let bytes = after.take(end.offset().saturating_sub(after.offset()));
                    write_var(out, u64::from(units));
                    out.extend_from_slice(bytes.unwrap_or(&[]));
                    *reader = end;
                }
            }
            Some(RunContent::Whole(bytes)) => out.extend_from_slice(bytes),
            None => {}
        }
        self.took(units);
    }
}

/// Writes units that are collected.
pub fn write_gc(units: u32, out: &mut Vec<u8>) {
    out.push(0);
    write_var(out, u64::from(units));
}

/// Writes units that are missing.
pub fn write_skip(units: u32, out: &mut Vec<u8>) {
    out.push(10);
    write_var(out, u64::from(units));
}

fn open<'a, S>(update: &Update<'a, S>, index: usize) -> RunContent<'a> {
    let Some(block) = update.blocks.get(index) else { return RunContent::Whole(&[]) };
    let mut reader = ByteReader::at(update.bytes, block.content_span().start);
    match block.kind {
        BlockKind::String => RunContent::Units(reader.text().unwrap_or("").encode_utf16()),
        BlockKind::Any => match reader.var() {
            Ok(_) => RunContent::Values(reader),
            Err(_) => RunContent::Whole(&[]),
        },
        _ => RunContent::Whole(update.content(block)),
    }
}

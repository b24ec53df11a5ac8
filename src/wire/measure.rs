//! How many bytes each part of an update takes; together with the blocks' own spans, that is all of them.

use super::Value;
use super::any;
use super::head::ROOT_PARENT;
use super::reader::AnyHead;
use super::{Block, BlockKind, ByteReader, Header, Parent, Update};
use std::ops::Range;

/// What one client takes outside its blocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Frame {
    /// The client id whose entries these are.
    pub client: u64,
    /// Bytes of its entry in the client table.
    pub table: usize,
    /// Bytes of its entry in the delete set.
    pub deletes: usize,
    /// Ranges in the delete set, as written.
    pub ranges: usize,
}

/// The deleted part of a block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dead {
    /// How many of its units are deleted: clocks, not bytes.
    pub units: u32,
    /// Bytes of its content. A run's own length and count belong to the live part.
    pub bytes: usize,
}

impl<'a, S> Update<'a, S> {
    /// Returns what each client takes in the client table and in the delete set, which contain nothing else
    /// but their counts: [`Update::counts`].
    pub fn frames(&self) -> Vec<Frame> {
        let table = self.clients.iter().map(|client| Frame {
            client: client.id,
            table: client.head,
            ..Frame::default()
        });
        // The walk read the same bytes: this cannot fail.
        table.chain(self.delete_frames().unwrap_or_default()).collect()
    }

    /// Returns the bytes of the client counts that begin the client table and the delete set.
    pub fn counts(&self) -> (usize, usize) {
        let length = |at: usize| {
            let mut reader = ByteReader::at(self.bytes, at);
            reader.var().map_or(0, |_| reader.offset().saturating_sub(at))
        };
        (length(0), length(self.deletes_at))
    }

    /// Returns the bytes that removed records left permanently: the entry of each key that was removed from a
    /// root, and the ranges of their collected content. Values overwritten in live records are not included,
    /// nor is the delete set.
    pub fn residue(&self) -> u64 {
        let blocks = self.clients().flat_map(|(client, of)| of.iter().map(move |b| (client, b)));
        blocks.map(|(client, block)| self.residue_in(client, block)).sum()
    }

    /// Returns the residue in one block.
    pub(super) fn residue_in(&self, client: u64, block: &Block) -> u64 {
        match self.is_residue(client, block) {
            true => block.span().len() as u64,
            false => 0,
        }
    }

    pub(super) fn is_residue(&self, client: u64, block: &Block) -> bool {
        block.kind == BlockKind::Gc || self.is_removed_key(client, block)
    }

    /// Whether a block is the entry of a key in a root, with nothing left in it.
    fn is_removed_key(&self, client: u64, block: &Block) -> bool {
        // Most blocks name no root, as their first bytes tell.
        let names_root =
            block.names_its_place() && self.bytes.get(block.at as usize + 1) == Some(&ROOT_PARENT);
        let is_dead = || self.dead(client, block).units >= block.len;
        let is_entry = |header: Header<'_, [u8]>| {
            matches!(header.parent, Some(Parent::Root(_))) && header.key.is_some()
        };
        names_root
            && (block.kind == BlockKind::Deleted || is_dead())
            && is_entry(self.raw_header(block))
    }

    fn delete_frames(&self) -> Result<Vec<Frame>, super::Fault> {
        let mut reader = ByteReader::at(self.bytes, self.deletes_at);
        let mut frames = Vec::new();
        for _ in 0..reader.var()? {
            let start = reader.offset();
            let client = reader.client()?;
            let ranges = reader.count(2)?;
            for _ in 0..ranges {
                reader.var()?;
                reader.var()?;
            }
            let deletes = reader.offset().saturating_sub(start);
            frames.push(Frame { client, deletes, ranges, ..Frame::default() });
        }
        Ok(frames)
    }

    /// Returns how much of a block is deleted, by its kind or by the delete set.
    pub fn dead(&self, client: u64, block: &Block) -> Dead {
        let content = block.content_span().len();
        if matches!(block.kind, BlockKind::Gc | BlockKind::Deleted) {
            return Dead { units: block.len, bytes: content };
        }
        let ranges = self.deletes.ranges(client);
        let first = ranges.partition_point(|range| range.end <= block.clock);
        let within = |range: &Range<u32>| {
            let start = range.start.max(block.clock).saturating_sub(block.clock);
            start..range.end.min(block.next_clock()).saturating_sub(block.clock)
        };
        let cuts = ranges.get(first..).unwrap_or(&[]).iter();
        let cuts = cuts.take_while(|range| range.start < block.next_clock()).map(within);
        let mut dead = Dead::default();
        let mut run = Units::of(self.bytes, block);
        for cut in cuts {
            dead.units = dead.units.saturating_add(cut.end.saturating_sub(cut.start));
            if cut == (0..block.len) {
                return Dead { units: block.len, bytes: content };
            }
            let start = run.offset(cut.start);
            dead.bytes = dead.bytes.saturating_add(run.offset(cut.end).saturating_sub(start));
        }
        dead
    }

    /// Returns the plain value of a block that holds exactly one.
    pub fn scalar(&self, block: &Block) -> Option<Value> {
        any::read(&mut self.only_plain(block)?).ok()
    }

    /// Like [`Update::scalar`], if the value is a string.
    pub fn string(&self, block: &Block) -> Option<&'a str> {
        let mut reader = self.only_plain(block)?;
        match reader.any_head() {
            Ok(AnyHead::String) => reader.text().ok(),
            _ => None,
        }
    }

    /// Returns where the plain value begins in a block that holds exactly one.
    fn only_plain(&self, block: &Block) -> Option<ByteReader<'a>> {
        if block.kind != BlockKind::Any || block.len != 1 {
            return None;
        }
        let mut reader = ByteReader::at(self.bytes, block.content_span().start);
        reader.var().ok()?;
        Some(reader)
    }

    /// Returns the plain values of a block in order; empty if it holds something else.
    pub fn plain(&self, block: &Block) -> Vec<Value> {
        if block.kind != BlockKind::Any {
            return Vec::new();
        }
        let mut reader = ByteReader::at(self.bytes, block.content_span().start);
        // The walk read the same bytes: nothing here can fail.
        let count = reader.var().unwrap_or(0);
        (0..count).map_while(|_| any::read(&mut reader).ok()).collect()
    }
}

/// The units of a run, taken in ascending order.
struct Units<'a> {
    kind: BlockKind,
    reader: ByteReader<'a>,
    /// For a text: what is left of it, and where that begins.
    text: std::str::CharIndices<'a>,
    text_at: usize,
    taken: u32,
}

impl<'a> Units<'a> {
    fn of(bytes: &'a [u8], block: &Block) -> Self {
        let mut reader = ByteReader::at(bytes, block.content_span().start);
        let (mut text, mut text_at) = ("", reader.offset());
        match block.kind {
            // The walk read the same bytes: nothing here can fail.
            BlockKind::String => {
                text = reader.text().unwrap_or("");
                text_at = reader.offset().saturating_sub(text.len());
            }
            BlockKind::Any | BlockKind::Json => drop(reader.var()),
            _ => {}
        }
        Units { kind: block.kind, reader, text: text.char_indices(), text_at, taken: 0 }
    }

    /// Returns where this unit begins. A surrogate pair that is cut belongs to the part before.
    fn offset(&mut self, unit: u32) -> usize {
        if self.kind == BlockKind::String {
            while self.taken < unit
                && let Some((_, char)) = self.text.next()
            {
                self.taken = self.taken.saturating_add(char.len_utf16() as u32);
            }
            return self.text_at.saturating_add(self.text.offset());
        }
        while self.taken < unit {
            let step = match self.kind {
                BlockKind::Any => self.reader.skip_any(),
                BlockKind::Json => self.reader.text().map(drop),
                _ => return self.reader.offset(),
            };
            if step.is_err() {
                break;
            }
            self.taken = self.taken.saturating_add(1);
        }
        self.reader.offset()
    }
}

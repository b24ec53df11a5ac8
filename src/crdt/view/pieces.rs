//! Blocks cut into pieces, so that every reference into a run, and every deletion of part of one, covers
//! whole pieces.

use super::span::{Halves, NONE, Span};
use crate::wire::{Block, BlockKind, BlockWriters, ByteReader, DeleteSet, Id, Update};

/// All pieces, those of one block in a row.
pub struct Pieces {
    /// Per block its first piece, and one more at the end; empty if no block has a piece.
    first: Vec<u32>,
    pieces: Vec<Piece>,
    writers: BlockWriters,
}

#[derive(Clone, Copy)]
pub struct Piece {
    pub block: u32,
    /// How many units of the block are before it.
    pub offset: u32,
}

impl Pieces {
    /// Cuts after every left origin, before every right origin, and where deletions begin and end. `turns`
    /// are the blocks that can be integrated: those that wait cut nothing. Blocks that are not `wanted` have
    /// no pieces.
    pub fn cut<S>(
        update: &Update<'_, S>,
        turns: impl Iterator<Item = u32>,
        wanted: impl Fn(u32) -> bool,
        deletes: &DeleteSet,
    ) -> Self {
        let blocks = 0..len32(update.blocks());
        let writers = BlockWriters::of(update);
        if !blocks.clone().any(&wanted) {
            return Pieces { first: Vec::new(), pieces: Vec::new(), writers };
        }
        let cuts = cuts(update, turns, &writers, &wanted, deletes);
        let mut cuts = cuts.iter().peekable();
        let mut first = Vec::with_capacity(blocks.len() + 1);
        let mut pieces = Vec::with_capacity(blocks.len() + cuts.len());
        for block in blocks {
            first.push(len32(&pieces));
            if wanted(block) {
                pieces.push(Piece { block, offset: 0 });
            }
            while let Some((_, offset)) = cuts.next_if(|cut| cut.0 == block) {
                pieces.push(Piece { block, offset: *offset });
            }
        }
        first.push(len32(&pieces));
        Pieces { first, pieces, writers }
    }

    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    pub fn get(&self, piece: u32) -> Option<Piece> {
        self.pieces.get(piece as usize).copied()
    }

    /// Returns the first piece of a block, and the piece after its last.
    pub fn of_block(&self, block: u32) -> (u32, u32) {
        let at = |index: usize| self.first.get(index).copied().unwrap_or(NONE);
        (at(block as usize), at(block as usize + 1))
    }

    pub fn count_of(&self, block: u32) -> usize {
        let (from, to) = self.of_block(block);
        to.saturating_sub(from) as usize
    }

    /// Whether a block has more than one piece.
    pub fn is_cut(&self, block: u32) -> bool {
        self.count_of(block) > 1
    }

    pub fn client(&self, block: u32) -> u64 {
        self.writers.get(block)
    }

    /// Returns the piece that holds an id, looking around `near` first.
    pub fn holding<S>(&self, update: &Update<'_, S>, id: Id, near: u32) -> Option<u32> {
        let block = self.before(update, id, near).or_else(|| update.find(id))?;
        let offset = id.clock.checked_sub(update.blocks().get(block)?.clock)?;
        let (from, to) = self.of_block(block as u32);
        let pieces = self.pieces.get(from as usize..to as usize)?;
        let after = pieces.partition_point(|piece| piece.offset <= offset);
        Some(from + after.checked_sub(1)? as u32)
    }

    fn before<S>(&self, update: &Update<'_, S>, id: Id, near: u32) -> Option<usize> {
        let before = near.checked_sub(1)?;
        let block = update.blocks().get(before as usize)?;
        let holds = (block.clock..block.next_clock()).contains(&id.clock);
        (holds && self.client(before) == id.client).then_some(before as usize)
    }

    /// Returns, per piece, whether it is deleted.
    pub fn dead<S>(&self, update: &Update<'_, S>, deletes: &DeleteSet) -> Vec<bool> {
        let mut dead = vec![false; self.pieces.len()];
        for (client, range) in update.client_ranges() {
            let mut ranges = deletes.ranges(client).iter().peekable();
            let from = self.of_block(range.start as u32).0 as usize;
            let to = self.of_block(range.end as u32).0 as usize;
            let pieces = self.pieces.get(from..to).unwrap_or(&[]);
            for (piece, entry) in pieces.iter().zip(dead.get_mut(from..).into_iter().flatten()) {
                let block = update.blocks().get(piece.block as usize);
                let clock = block.map_or(0, |b| b.clock.saturating_add(piece.offset));
                while ranges.next_if(|deleted| deleted.end <= clock).is_some() {}
                *entry = ranges.peek().is_some_and(|deleted| deleted.start <= clock);
            }
        }
        dead
    }

    /// Passes on where the content of each piece of a block lies.
    pub fn contents<S>(
        &self,
        update: &Update<'_, S>,
        index: u32,
        mut take: impl FnMut(u32, Span, Halves),
    ) {
        let Some(block) = update.blocks().get(index as usize) else { return };
        let (from, to) = self.of_block(index);
        let pieces = self.pieces.get(from as usize..to as usize).unwrap_or(&[]);
        let ends = pieces.iter().skip(1).map(|p| p.offset).chain([block.len]);
        let mut reader = ByteReader::at(update.bytes(), block.content_span().start);
        match block.kind {
            BlockKind::String | BlockKind::Embed => {
                let mut text = Cutter::new(&mut reader);
                (from..).zip(ends).for_each(|(piece, end)| {
                    let (span, halves) = text.cut(block, end);
                    take(piece, span, halves);
                });
            }
            BlockKind::Any | BlockKind::Json => {
                let mut taken = 0;
                let start_of_values = reader.var();
                (from..).zip(ends).for_each(|(piece, end)| {
                    let start = reader.offset();
                    let mut step = || match block.kind {
                        BlockKind::Any => reader.skip_any(),
                        _ => reader.text().map(drop),
                    };
                    while taken < end && start_of_values.is_ok() && step().is_ok() {
                        taken += 1;
                    }
                    take(piece, Span::between(start, reader.offset()), Halves::default());
                });
            }
            BlockKind::Binary => {
                let bytes = reader.buffer().map_or(0, <[u8]>::len);
                let end = reader.offset();
                take(from, Span::between(end.saturating_sub(bytes), end), Halves::default());
            }
            _ => {
                let span = block.content_span();
                take(from, Span::between(span.start, span.end), Halves::default());
            }
        }
    }
}

/// Returns where the content of a whole block lies, without the preceding count or length.
pub fn whole(bytes: &[u8], block: &Block) -> Span {
    let span = block.content_span();
    let mut reader = ByteReader::at(bytes, span.start);
    let start = match block.kind {
        // The walk read the same bytes: this cannot fail.
        BlockKind::String
        | BlockKind::Embed
        | BlockKind::Any
        | BlockKind::Json
        | BlockKind::Binary => reader.var().map_or(span.end, |_| reader.offset()),
        _ => span.start,
    };
    Span::between(start, span.end)
}

/// Cuts a text at ascending UTF-16 offsets.
struct Cutter<'a> {
    text: &'a str,
    /// Where the text begins in the update.
    start: usize,
    /// Bytes and units so far.
    at: usize,
    units: u32,
    /// Whether the last cut split a surrogate pair.
    half: bool,
}

impl<'a> Cutter<'a> {
    fn new(reader: &mut ByteReader<'a>) -> Self {
        // The walk read the same bytes: this cannot fail.
        let text = reader.text().unwrap_or("");
        Cutter { text, start: reader.offset() - text.len(), at: 0, units: 0, half: false }
    }

    /// Returns the text up to an offset; all that is left at the end of the block.
    fn cut(&mut self, block: &Block, end: u32) -> (Span, Halves) {
        let from = self.at;
        let mut halves = Halves { start: self.half, end: false };
        self.half = false;
        if end >= block.len {
            return (Span::between(self.start + from, self.start + self.text.len()), halves);
        }
        let mut to = from;
        for char in self.text.get(from..).unwrap_or("").chars() {
            if self.units >= end {
                break;
            }
            self.units += char.len_utf16() as u32;
            self.at += char.len_utf8();
            if self.units <= end {
                to = self.at;
            } else {
                halves.end = true;
                self.half = true;
            }
        }
        (Span::between(self.start + from, self.start + to), halves)
    }
}

/// Returns the places inside blocks at which to cut, as (block, offset), sorted.
fn cuts<S>(
    update: &Update<'_, S>,
    turns: impl Iterator<Item = u32>,
    writers: &BlockWriters,
    wanted: &impl Fn(u32) -> bool,
    deletes: &DeleteSet,
) -> Vec<(u32, u32)> {
    let mut cuts = Vec::new();
    let mut cut = |client: u64, clock: u32| {
        let Some(index) = update.find(Id { client, clock }) else { return };
        let Some(block) = update.blocks().get(index) else { return };
        if block.clock < clock && wanted(index as u32) {
            cuts.push((index as u32, clock - block.clock));
        }
    };
    for index in turns {
        let Some(block) = update.blocks().get(index as usize) else { continue };
        let (left, right) = update.origins(block);
        if let Some(left) = left
            && (left.clock.saturating_add(1) != block.clock || left.client != writers.get(index))
        {
            cut(left.client, left.clock.saturating_add(1));
        }
        if let Some(right) = right {
            cut(right.client, right.clock);
        }
    }
    for (client, range) in deletes.iter() {
        cut(client, range.start);
        cut(client, range.end);
    }
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

pub fn len32<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(NONE)
}

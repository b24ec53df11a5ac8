//! Where the blocks of a stored state are, precisely enough to find each with little reading.
//!
//! The blocks of a client are cut into segments of a few kilobytes, for which only clocks, block counts and
//! bytes are known: a block is found by reading its segment. So this index is small, and a change of one
//! segment leaves the entries of all others unchanged.

mod deletions;
mod edited;
mod located;
mod parts;
mod projection;
mod section;

pub use deletions::{Deletions, StoredDeletes};
pub use edited::Edited;
pub use located::{BlockAnchor, LocatedBlock};
pub use parts::SplicePart;
pub use section::{Bytes, FoundBlocks};

use edited::without_content;
use parts::SpliceParts;
use section::{BlockFinder, Boundary, ClientSegments};

use super::deletes::{var_len, write_var};
use super::run::Run;
use super::{ByteReader, Checked, Client, Clocks, DeleteSet, Id, IdSet, Update};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// A segment with this many bytes is not continued. Small in tests, so that small states have several.
const SEGMENT_BYTES: u64 = if cfg!(debug_assertions) { 1 << 8 } else { 16 << 10 };

/// The segments of a whole state, in which the clocks of each client begin at 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Segments {
    clients: BTreeMap<u64, ClientSegments>,
    deletes_at: u64,
    /// Bytes that removed records left, as [`Update::residue`] counts them.
    residue: u64,
}

/// A state after a change of some of its blocks.
#[derive(Debug)]
pub struct Splice {
    pub(super) parts: Arc<[SplicePart]>,
    /// Its segments.
    pub segments: Segments,
    /// Its size in bytes.
    pub bytes: u64,
}

impl Segments {
    /// Returns the segments of a state, or `None` if it was not written as crdtctl writes it, or has gaps.
    pub fn of<S>(state: &Update<'_, S>) -> Option<Segments> {
        let mut layout = SectionLayout::begin(state.clients.len());
        for client in state.clients.iter().rev() {
            let blocks = state.blocks.get(client.blocks.clone())?;
            layout.open(client.id, blocks.len() as u64);
            if layout.at != u64::from(blocks.first()?.at) {
                return None;
            }
            for block in blocks {
                if block.clock != layout.clock || u64::from(block.at) != layout.at {
                    return None;
                }
                layout.push(1, block.len, u64::from(block.end.checked_sub(block.at)?))?;
            }
            layout.close();
        }
        let segments = layout.finish(state.residue());
        (segments.deletes_at == state.deletes_at as u64).then_some(segments)
    }

    /// Returns the bytes that removed records left in the state, as [`Update::residue`] counts them.
    pub fn residue(&self) -> u64 {
        self.residue
    }

    /// Returns the clock after the last unit of each client.
    pub fn clocks(&self) -> Clocks {
        self.clients.iter().map(|(client, section)| (*client, section.end.clock)).collect()
    }

    /// Returns the clock after the last unit of a client; 0 if it wrote nothing.
    pub fn clock(&self, client: u64) -> u32 {
        self.clients.get(&client).map_or(0, |section| section.end.clock)
    }

    /// Returns how many clients wrote the state.
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// Encodes the segments for [`Segments::decode`].
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        write_var(&mut out, self.residue);
        write_var(&mut out, self.clients.len() as u64);
        for (id, section) in self.clients.iter().rev() {
            write_var(&mut out, *id);
            write_var(&mut out, section.segments.len() as u64);
            for (begin, end) in section.pairs() {
                write_var(&mut out, end.blocks.saturating_sub(begin.blocks));
                write_var(&mut out, u64::from(end.clock.saturating_sub(begin.clock)));
                write_var(&mut out, end.at.saturating_sub(begin.at));
            }
        }
        out
    }

    /// Reads what [`Segments::encode`] wrote; `None` if the bytes are something else.
    pub fn decode(bytes: &[u8]) -> Option<Segments> {
        let mut reader = ByteReader::at(bytes, 0);
        let residue = reader.var().ok()?;
        let count = reader.count(2).ok()?;
        let mut layout = SectionLayout::begin(count);
        for _ in 0..count {
            let id = reader.client().ok()?;
            let segments = reader.count(3).ok()?;
            let mut pieces = Vec::with_capacity(segments);
            for _ in 0..segments {
                let blocks = reader.var().ok()?;
                pieces.push((blocks, reader.clock().ok()?, reader.var().ok()?));
            }
            layout.open(id, pieces.iter().try_fold(0u64, |sum, piece| sum.checked_add(piece.0))?);
            for (blocks, units, bytes) in pieces {
                layout.cut();
                layout.push(blocks, units, bytes)?;
            }
            layout.close();
        }
        let segments = layout.finish(residue);
        (reader.left() == 0 && segments.clients.len() == count).then_some(segments)
    }

    /// Returns the delete set of the state.
    pub fn deletes(&self, state: &(impl Bytes + ?Sized), bytes: u64) -> Option<StoredDeletes> {
        StoredDeletes::of(state.range(self.deletes_at..bytes)?.into_owned())
    }

    /// Whether a unit is a block of its own.
    pub fn is_alone(&self, state: &(impl Bytes + ?Sized), unit: Id) -> bool {
        let Some(section) = self.clients.get(&unit.client) else { return false };
        let mut finder = BlockFinder::new(unit.client, section, state);
        let end = unit.clock.checked_add(1);
        finder.find(unit.clock).is_some() && end.is_some_and(|end| finder.find(end).is_some())
    }

    /// Returns the state, of `bytes` bytes, with these blocks replaced by those in an edited form of their
    /// projection. Of the other blocks, those in `removed`, of one unit each, are deleted. `None` if it is
    /// something else.
    pub fn splice(
        &self,
        (state, bytes): (&(impl Bytes + ?Sized), u64),
        ids: &IdSet,
        removed: &IdSet,
        deleted: &impl Deletions,
        edited: &Edited<'_, '_>,
    ) -> Option<Splice> {
        // Of a long list, a change rewrites few entries; the others are copied with what is around them.
        let (ids, edited) = (&edited.changed(ids), edited.now);
        let clients: BTreeSet<u64> =
            self.clients.keys().copied().chain(edited.clients.iter().map(|c| c.id)).collect();
        let mut layout = SectionLayout::begin(clients.len());
        let mut parts = SpliceParts::default();
        write_var(&mut parts.new, clients.len() as u64);
        let (none, mut deletes) = (ClientSegments::default(), DeleteSet::default());
        let mut residue = match self.residue {
            // If nothing was ever removed, these blocks need not be read for it.
            0 => 0,
            all => all.checked_sub(self.residue_of(state, ids, deleted)?)?,
        };
        for id in clients.into_iter().rev() {
            let old = self.clients.get(&id).unwrap_or(&none);
            let is_edited = !ids.ranges(id).is_empty() || !removed.ranges(id).is_empty();
            let differs = |new: &&Client| is_edited || new.end != old.end.clock;
            // Clients without any part in the projection are not in it.
            let Some(new) = edited.client(id).filter(differs) else {
                parts.copy(id, old, &mut layout)?;
                continue;
            };
            let section = SplicedSection { old, new, state, edited };
            let pieces = section.pieces(ids.ranges(id), removed.ranges(id), &mut deletes)?;
            let count = pieces.iter().try_fold(0u64, |sum, piece| sum.checked_add(piece.blocks))?;
            write_head(&mut parts.new, count, id);
            layout.open(id, count);
            for piece in pieces {
                residue = residue.checked_add(piece.residue)?;
                if piece.is_segment {
                    layout.cut();
                }
                layout.push(piece.blocks, piece.units, piece.part.bytes())?;
                parts.push(piece.part);
            }
            layout.close();
        }
        deleted.splice(&deletes, self.deletes_at..bytes, &mut parts)?;
        let parts: Arc<[_]> = parts.finish().into();
        let bytes = parts.iter().map(SplicePart::bytes).sum();
        Some(Splice { parts, segments: layout.finish(residue), bytes })
    }

    /// Returns the residue of removed records in these blocks.
    fn residue_of(
        &self,
        state: &(impl Bytes + ?Sized),
        ids: &IdSet,
        deleted: &impl Deletions,
    ) -> Option<u64> {
        let blocks = self.project(state, ids, &BTreeMap::new(), deleted, 0)?;
        let blocks = Update::walk(&blocks).ok()?;
        let own = |client: u64, clock: u32| ids.contains(Id { client, clock });
        let left = blocks.clients().flat_map(|(client, of)| of.iter().map(move |b| (client, b)));
        let left = left.filter(|(client, block)| own(*client, block.clock));
        Some(left.map(|(client, block)| blocks.residue_in(client, block)).sum())
    }
}

/// The length of what [`write_head`] writes.
fn head_len(blocks: u64, client: u64) -> u64 {
    var_len(blocks) + var_len(client) + var_len(0)
}

/// Writes what precedes a client's blocks in a state.
fn write_head(out: &mut Vec<u8>, blocks: u64, client: u64) {
    write_var(out, blocks);
    write_var(out, client);
    write_var(out, 0);
}

/// The section of one client while it is being spliced.
struct SplicedSection<'s, 'e, 'a, B: ?Sized> {
    old: &'s ClientSegments,
    new: &'e Client,
    state: &'s B,
    edited: &'e Update<'a, Checked>,
}

struct SplicePiece {
    blocks: u64,
    units: u32,
    part: SplicePart,
    /// How many of its bytes are new residue of removed records.
    residue: u64,
    /// Whether it is a whole segment that stays one.
    is_segment: bool,
}

impl<B: Bytes + ?Sized> SplicedSection<'_, '_, '_, B> {
    /// Returns the section's pieces after the change; adds what was deleted in it to `deletes`.
    fn pieces(
        &self,
        ids: &[Range<u32>],
        removed: &[Range<u32>],
        deletes: &mut DeleteSet,
    ) -> Option<Vec<SplicePiece>> {
        let mut run = Run::from(self.edited, self.new, 0)?;
        let (mut pieces, mut clock) = (Vec::new(), 0);
        let mut finder = BlockFinder::new(self.new.id, self.old, self.state);
        let edited = ids.iter().map(|range| (range, false));
        let mut ranges: Vec<_> = edited.chain(removed.iter().map(|range| (range, true))).collect();
        ranges.sort_by_key(|(range, _)| range.start);
        for (range, is_removed) in ranges {
            self.copy(clock..range.start, &mut finder, &mut pieces)?;
            match is_removed {
                true => self.remove(range.clone(), &mut finder, &mut pieces)?,
                false => edit(&mut run, range.clone(), &mut pieces)?,
            }
            clock = range.end;
        }
        self.copy(clock..self.old.end.clock, &mut finder, &mut pieces)?;
        edit(&mut run, self.old.end.clock..self.new.end, &mut pieces)?;
        // Only in these: all other blocks appear as collected in the edited state, but are not.
        let own = ids.iter().cloned().chain(std::iter::once(self.old.end.clock..self.new.end));
        let own = own.flat_map(|own| self.edited.deletes.within(self.new.id, own));
        for range in own.chain(removed.iter().cloned()) {
            deletes.insert(self.new.id, range);
        }
        Some(pieces)
    }

    /// Writes blocks of one unit each without their content.
    fn remove(
        &self,
        clocks: Range<u32>,
        finder: &mut BlockFinder<'_, B>,
        pieces: &mut Vec<SplicePiece>,
    ) -> Option<()> {
        for clock in clocks {
            let (from, to) = (finder.find(clock)?, finder.find(clock.checked_add(1)?)?);
            let bytes = self.state.range(from.at..to.at)?;
            let removed = without_content(&bytes, clock)?;
            let part = SplicePart::New(removed);
            pieces.push(SplicePiece { blocks: 1, units: 1, part, residue: 0, is_segment: false });
        }
        Some(())
    }

    /// Copies what was not edited, as whole segments where possible.
    fn copy(
        &self,
        clocks: Range<u32>,
        finder: &mut BlockFinder<'_, B>,
        pieces: &mut Vec<SplicePiece>,
    ) -> Option<()> {
        if clocks.is_empty() {
            return Some(());
        }
        let first = self.old.segments.partition_point(|begin| begin.clock <= clocks.start);
        for (begin, end) in self.old.pairs_from(first.saturating_sub(1)) {
            if begin.clock >= clocks.end {
                break;
            }
            let whole = clocks.start <= begin.clock && end.clock <= clocks.end;
            let from = finder.find(clocks.start.max(begin.clock))?;
            let to = finder.find(clocks.end.min(end.clock))?;
            if from.clock < to.clock {
                pieces.push(SplicePiece {
                    blocks: to.blocks.checked_sub(from.blocks)?,
                    units: to.clock.checked_sub(from.clock)?,
                    part: SplicePart::Copied(from.at..to.at),
                    residue: 0,
                    is_segment: whole,
                });
            }
        }
        Some(())
    }
}

/// Appends what the edited state has between two clocks, block by block.
fn edit(
    run: &mut Run<'_, '_, Checked>,
    clocks: Range<u32>,
    pieces: &mut Vec<SplicePiece>,
) -> Option<()> {
    run.seek(clocks.start);
    while run.clock() < clocks.end {
        let (_, rest) = run.offset_and_rest();
        let units = rest.min(clocks.end.checked_sub(run.clock())?);
        if units == 0 {
            return None;
        }
        let mut bytes = Vec::new();
        run.write(units, &mut bytes);
        let residue = if run.is_residue() { bytes.len() as u64 } else { 0 };
        run.seek(run.clock().checked_add(units)?);
        let part = SplicePart::New(bytes);
        pieces.push(SplicePiece { blocks: 1, units, part, residue, is_segment: false });
    }
    Some(())
}

impl Splice {
    /// Creates a splice that changes nothing.
    pub fn nothing(segments: Segments, bytes: u64) -> Splice {
        Splice { parts: [SplicePart::Copied(0..bytes)].into(), segments, bytes }
    }

    /// Returns its parts, one after another.
    pub fn parts(&self) -> &Arc<[SplicePart]> {
        &self.parts
    }

    /// Returns the whole state, given the original one.
    pub fn whole(&self, state: &(impl Bytes + ?Sized)) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(usize::try_from(self.bytes).ok()?);
        for part in self.parts.iter() {
            match part {
                SplicePart::Copied(bytes) => out.extend_from_slice(&state.range(bytes.clone())?),
                SplicePart::New(bytes) => out.extend_from_slice(bytes),
            }
        }
        Some(out)
    }
}

impl SpliceParts {
    /// Copies a whole section, with what precedes its blocks: it is written in only one way.
    fn copy(
        &mut self,
        client: u64,
        section: &ClientSegments,
        layout: &mut SectionLayout,
    ) -> Option<()> {
        layout.open(client, section.end.blocks);
        for (begin, end) in section.pairs() {
            layout.cut();
            let bytes = end.at.checked_sub(begin.at)?;
            let units = end.clock.checked_sub(begin.clock)?;
            layout.push(end.blocks.checked_sub(begin.blocks)?, units, bytes)?;
        }
        layout.close();
        let begin =
            section.segments.first()?.at.checked_sub(head_len(section.end.blocks, client))?;
        self.push(SplicePart::Copied(begin..section.end.at));
        Some(())
    }
}

/// Segments, put together in the order of their positions.
struct SectionLayout {
    segments: Segments,
    /// The client whose section is open, and the section so far.
    open: (u64, ClientSegments),
    clock: u32,
    blocks: u64,
    at: u64,
    /// Whether the next piece begins a segment.
    begins: bool,
}

impl SectionLayout {
    fn begin(clients: usize) -> SectionLayout {
        SectionLayout {
            segments: Segments::default(),
            open: (0, ClientSegments::default()),
            clock: 0,
            blocks: 0,
            at: var_len(clients as u64),
            begins: true,
        }
    }

    /// Begins the section of a client that has this many blocks.
    fn open(&mut self, client: u64, blocks: u64) {
        self.open = (client, ClientSegments::default());
        (self.clock, self.blocks, self.begins) = (0, 0, true);
        self.at = self.at.saturating_add(head_len(blocks, client));
    }

    /// Makes the next piece begin a segment.
    fn cut(&mut self) {
        self.begins = true;
    }

    fn push(&mut self, blocks: u64, units: u32, bytes: u64) -> Option<()> {
        let here = Boundary { clock: self.clock, blocks: self.blocks, at: self.at };
        let segments = &mut self.open.1.segments;
        let long = |last: &Boundary| here.at.saturating_sub(last.at) >= SEGMENT_BYTES;
        if self.begins || segments.last().is_none_or(long) {
            segments.push(here);
        }
        self.begins = false;
        self.clock = self.clock.checked_add(units)?;
        self.blocks = self.blocks.checked_add(blocks)?;
        self.at = self.at.checked_add(bytes)?;
        Some(())
    }

    /// Ends the section.
    fn close(&mut self) {
        let (id, mut section) = std::mem::take(&mut self.open);
        section.end = Boundary { clock: self.clock, blocks: self.blocks, at: self.at };
        self.segments.clients.insert(id, section);
    }

    fn finish(self, residue: u64) -> Segments {
        Segments { deletes_at: self.at, residue, ..self.segments }
    }
}

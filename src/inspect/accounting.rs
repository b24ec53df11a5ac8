//! Accounts for every byte of a document.
//!
//! A [`ByteAccounting`] knows for every block its container, the record that this is part of, and whether the
//! block is live. [`ByteAccounting::segments`] covers the whole file: the segments always add up to the
//! file's size. Linear in the input.

pub use super::why::Why;

use super::path::{Mark, NONE, PatternRole, Patterns, bracketed, keys};
use crate::path::DocPath;
use crate::schema::Spec;
use crate::wire::{Block, BlockKind, Dead, Id, LocationOwner, Locations, Numbers, Update, Value};
use std::collections::HashSet;

/// Some bytes of the file.
#[derive(Debug, Clone, Copy)]
pub struct Segment {
    /// What they are used for.
    pub why: Why,
    /// The pattern they belong to, or [`NONE`].
    pub pattern: u32,
    /// The record they are part of, or [`NONE`].
    pub record: u32,
    /// The client that wrote them; `None` if they are nobody's.
    pub client: Option<u64>,
    /// The number of bytes; may be 0 if only something is counted.
    pub bytes: usize,
    /// The number of things counted: values, records, acknowledgements, ranges, clients.
    pub count: usize,
}

/// A container that an item created.
struct CreatedContainer {
    pattern: u32,
    /// The record that it is, or is part of.
    record: u32,
    /// Whether it, or a container around it, is deleted.
    dead: bool,
}

/// A record: a container directly in a collection.
#[derive(Debug, Default)]
pub struct RecordBytes<'a> {
    /// The pattern of its collection, as an index of [`ByteAccounting::patterns`].
    pub pattern: u32,
    /// The block that created it, and the client of that block.
    block: usize,
    client: u64,
    /// The record around it, or [`NONE`].
    outer: u32,
    /// The outermost record that is marked as deleted, possibly itself, or [`NONE`].
    tombstone: u32,
    /// The member id in the field that names the author; `None` if there is none.
    pub author: Option<&'a str>,
    /// In Unix seconds.
    pub created: Option<i64>,
}

/// The first of the known patterns: none.
const UNKNOWN: u32 = 0;

/// The value that means "yes" in a table of flags.
const LIVES: u32 = 0;

/// The position of a location, seen from the root.
#[derive(Clone, Copy, PartialEq, Eq)]
struct PatternAt {
    /// The pattern of the items there; for a sequence, that of the sequence itself.
    pattern: u32,
    container: u32,
}

/// An update with every byte accounted for: the place of each block, its record, and whether it is live.
pub struct ByteAccounting<'u, 'a, S> {
    update: &'u Update<'a, S>,
    locations: Locations<'a>,
    patterns: Patterns,
    containers: Vec<CreatedContainer>,
    /// Per block, the container that it created.
    container_of: Numbers,
    /// Per location examined so far, its index in `known_patterns`; [`UNKNOWN`] if the container around it is
    /// not known.
    patterns_at: Numbers,
    /// The first is [`UNKNOWN`], and each is different from the one before.
    known_patterns: Vec<Option<PatternAt>>,
    /// Per root seen so far, its pattern.
    root_patterns: Vec<Option<u32>>,
    /// The deleted part of each block that has one.
    dead: Vec<Dead>,
    /// Per block, its index in `dead`.
    dead_of: Numbers,
    /// [`LIVES`] for each location with something live.
    inhabited: Numbers,
    records: Vec<RecordBytes<'a>>,
}

impl<'u, 'a, S> ByteAccounting<'u, 'a, S> {
    /// Examines all blocks of an update. Without a `spec`, the keys themselves show which of them are ids.
    /// Linear in the update.
    pub fn of(update: &'u Update<'a, S>, spec: Option<&'static Spec>) -> Self {
        let locations = Locations::of(update);
        let count = locations.end();
        let mut accounting = ByteAccounting {
            update,
            locations,
            patterns: Patterns::new(spec),
            containers: Vec::new(),
            container_of: Numbers::none(count),
            patterns_at: Numbers::none(count),
            known_patterns: vec![None],
            root_patterns: Vec::new(),
            dead: Vec::new(),
            dead_of: Numbers::none(count),
            inhabited: Numbers::none(count),
            records: Vec::new(),
        };
        accounting.find_dead();
        accounting.settle();
        accounting.mark();
        accounting.unite();
        accounting.bury();
        accounting
    }

    /// Returns the patterns that segments and records refer to by index.
    pub fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    /// Returns the record of a segment; `None` for [`NONE`].
    pub fn record(&self, record: u32) -> Option<&RecordBytes<'a>> {
        self.records.get(record as usize)
    }

    /// Returns the number of records: segments refer to them by numbers below this.
    pub fn records(&self) -> usize {
        self.records.len()
    }

    /// Returns the keys that lead to a record, the root first.
    pub fn record_path(&self, record: u32) -> DocPath {
        let Some(record) = self.record(record) else { return DocPath::default() };
        let Some(location) = self.locations.index(record.block) else { return DocPath::default() };
        let mut path = keys(&self.locations, location);
        if let (false, Some(block)) =
            (self.is_keyed(location), self.update.blocks().get(record.block))
        {
            path.push(bracketed(Id { client: record.client, clock: block.clock }));
        }
        path
    }

    /// Returns the outermost deleted record that a segment is part of, unless the segment is the entry of
    /// that record itself, which remains when the record is pruned.
    pub fn freed_with(&self, segment: &Segment) -> Option<u32> {
        let tombstone = self.record(segment.record)?.tombstone;
        let goes = match segment.why {
            Why::Acknowledgement => true,
            Why::Tombstone => segment.record != tombstone || segment.count == 0,
            _ => false,
        };
        (tombstone != NONE && goes).then_some(tombstone)
    }

    /// Whether a segment is part of a deleted record.
    pub fn is_of_a_tombstone(&self, segment: &Segment) -> bool {
        self.record(segment.record).is_some_and(|record| record.tombstone != NONE)
    }

    /// Passes the whole file, segment by segment.
    pub fn segments(&self, mut take: impl FnMut(Segment)) {
        let mut left = self.update.bytes().len();
        let mut give = |segment: Segment| {
            left = left.saturating_sub(segment.bytes);
            take(segment);
        };
        for (client, range) in self.update.client_ranges() {
            for index in range {
                if let Some(block) = self.update.blocks().get(index) {
                    self.block_portions(client, index, block, &mut give);
                }
            }
        }
        self.frame_portions(&mut give);
        if left > 0 {
            take(Segment { why: Why::Empty, bytes: left, ..Segment::of(None) });
        }
    }

    fn frame_portions(&self, give: &mut impl FnMut(Segment)) {
        for frame in self.update.frames() {
            let base = Segment::of(Some(frame.client));
            if frame.table > 0 {
                give(Segment { why: Why::Clients, bytes: frame.table, count: 1, ..base });
            }
            if frame.deletes > 0 {
                let (bytes, count) = (frame.deletes, frame.ranges);
                give(Segment { why: Why::DeleteSet, bytes, count, ..base });
            }
        }
        let (clients, deletes) = self.update.counts();
        give(Segment { why: Why::Clients, bytes: clients, ..Segment::of(None) });
        give(Segment { why: Why::DeleteSet, bytes: deletes, ..Segment::of(None) });
    }

    fn block_portions(
        &self,
        client: u64,
        index: usize,
        block: &Block,
        give: &mut impl FnMut(Segment),
    ) {
        let bytes = block.span().len();
        let alone = |why| Segment { why, bytes, count: 1, ..Segment::of(Some(client)) };
        match block.kind {
            BlockKind::Gc => return give(alone(Why::Gc)),
            BlockKind::Skip => return give(alone(Why::Gap)),
            _ => {}
        }
        let dead = self.dead_in(index);
        let is_dead = dead.units >= block.len;
        let Some((location, pattern_at)) = self.pattern_at(index) else {
            // Its container is unknown or gone.
            return give(alone(if is_dead { Why::Deleted } else { Why::Live }));
        };
        let pattern = self.pattern_of(index, pattern_at);
        let around = self.containers.get(pattern_at.container as usize);
        let own = self.own_record(index);
        let record = own.or(around.map(|around| around.record)).unwrap_or(NONE);
        let base = Segment { pattern, record, bytes, ..alone(Why::Live) };
        let role = self.patterns.role(self.patterns.top(pattern));
        let tombstone = self.record(record).map_or(NONE, |record| record.tombstone);
        let is_value = usize::from(!is_dead && block.kind != BlockKind::Type);
        let gone = is_dead || around.is_some_and(|around| around.dead);
        match role {
            PatternRole::Acknowledgements if !gone => {
                give(Segment { why: Why::Acknowledgement, count: is_value, ..base });
            }
            _ if tombstone != NONE => {
                let count = usize::from(own == Some(tombstone));
                give(Segment { why: Why::Tombstone, count, ..base });
            }
            _ if gone => {
                let replaced = is_dead && self.is_inhabited(location) && self.is_keyed(location);
                let why = if replaced { Why::Overwritten } else { Why::Deleted };
                give(Segment { why, ..base });
            }
            PatternRole::Reactions => {
                let count = is_value.saturating_mul(values(block, dead.units));
                give(Segment { why: Why::Reaction, count, ..base });
            }
            _ => {
                let header = bytes.saturating_sub(block.content_span().len());
                let content = bytes.saturating_sub(header).saturating_sub(dead.bytes);
                let count = values(block, dead.units);
                give(Segment { bytes: content, count, ..base });
                give(Segment { why: Why::Headers, bytes: header, ..base });
                if dead.units > 0 {
                    give(Segment { why: Why::Deleted, bytes: dead.bytes, ..base });
                }
            }
        }
    }

    /// Returns the pattern of a block: elements of a sequence that are containers have one of their own.
    fn pattern_of(&self, index: usize, pattern_at: PatternAt) -> u32 {
        self.created_by(index).map_or(pattern_at.pattern, |own| own.pattern)
    }

    /// Returns the record that a block created.
    fn own_record(&self, index: usize) -> Option<u32> {
        let record = self.created_by(index)?.record;
        (self.record(record)?.block == index).then_some(record)
    }

    fn created_by(&self, index: usize) -> Option<&CreatedContainer> {
        self.containers.get(self.container_of.get(index)? as usize)
    }

    fn pattern_at(&self, index: usize) -> Option<(usize, PatternAt)> {
        let location = self.locations.index(index)?;
        let known = self.patterns_at.get(location)?;
        Some((location, (*self.known_patterns.get(known as usize)?)?))
    }

    fn is_inhabited(&self, location: usize) -> bool {
        self.inhabited.get(location).is_some()
    }

    fn is_keyed(&self, location: usize) -> bool {
        self.locations.is_keyed(location)
    }
}

/// Finds the place of everything.
impl<'a, S> ByteAccounting<'_, 'a, S> {
    /// Finds the pattern of every location and creates every container, outer ones first.
    fn settle(&mut self) {
        let mut chain = Vec::new();
        let end = self.locations.end();
        for location in 0..end {
            let mut at = Some(location).filter(|at| self.locations.index(*at) == Some(*at));
            // A location that was seen but has no pattern yet is in this chain: a cycle.
            while let Some(location) =
                at.filter(|at| *at < end && self.patterns_at.get(*at).is_none())
            {
                self.patterns_at.set(location, UNKNOWN);
                chain.push(location);
                at = self.around(location);
            }
            while let Some(location) = chain.pop() {
                if let Some(spot) = self.find_spot(location) {
                    let known = self.noted(spot);
                    self.patterns_at.set(location, known);
                }
            }
        }
        for (client, range) in self.update.client_ranges() {
            for index in range {
                let kind = self.update.blocks().get(index).map(|block| block.kind);
                if kind == Some(BlockKind::Type) {
                    self.container(index);
                    self.sign(index, client);
                }
            }
        }
    }

    /// Returns the index of a pattern with its container, reusing the last one: neighbours usually share it.
    fn noted(&mut self, spot: PatternAt) -> u32 {
        if self.known_patterns.last() != Some(&Some(spot)) {
            self.known_patterns.push(Some(spot));
        }
        u32::try_from(self.known_patterns.len()).map_or(UNKNOWN, |count| count - 1)
    }

    /// Returns the location of the item that created the container of a location.
    fn around(&self, location: usize) -> Option<usize> {
        match self.locations.around(location) {
            LocationOwner::Root(_) | LocationOwner::Unknown => None,
            LocationOwner::Block(block) => self.locations.index(block as usize),
        }
    }

    fn find_spot(&mut self, location: usize) -> Option<PatternAt> {
        let (above, container) = match self.locations.around(location) {
            LocationOwner::Root(root) => (self.root_pattern(root), NONE),
            LocationOwner::Block(block) => {
                let container = self.container(block as usize)?;
                (self.containers.get(container as usize)?.pattern, container)
            }
            LocationOwner::Unknown => return None,
        };
        let key = self.locations.key(location);
        let pattern = key.map_or(above, |key| self.patterns.child_by_bytes(above, key));
        Some(PatternAt { pattern, container })
    }

    fn root_pattern(&mut self, root: u32) -> u32 {
        if let Some(Some(pattern)) = self.root_patterns.get(root as usize) {
            return *pattern;
        }
        let pattern = self.patterns.root(self.locations.root(root));
        if self.root_patterns.len() <= root as usize {
            self.root_patterns.resize(root as usize + 1, None);
        }
        if let Some(slot) = self.root_patterns.get_mut(root as usize) {
            *slot = Some(pattern);
        }
        pattern
    }

    /// Returns the container that a block created, making it on demand; `None` if what is around it is
    /// unknown.
    fn container(&mut self, index: usize) -> Option<u32> {
        let known = self.container_of.get(index);
        if known.is_some() {
            return known;
        }
        let (location, pattern_at) = self.pattern_at(index)?;
        let pattern = match self.is_keyed(location) {
            true => pattern_at.pattern,
            false => self.patterns.element(pattern_at.pattern),
        };
        let around = self.containers.get(pattern_at.container as usize);
        let outer = around.map_or(NONE, |around| around.record);
        let dead = around.is_some_and(|around| around.dead) || self.is_dead(index);
        let record = match self.patterns.role(pattern) {
            PatternRole::Record(_) => {
                let tombstone = NONE;
                self.records.push(RecordBytes {
                    pattern,
                    block: index,
                    outer,
                    tombstone,
                    ..RecordBytes::default()
                });
                self.records.len() as u32 - 1
            }
            _ => outer,
        };
        self.containers.push(CreatedContainer { pattern, record, dead });
        let own = self.containers.len() as u32 - 1;
        self.container_of.set(index, own);
        Some(own)
    }

    /// Records who wrote the record that a block created.
    fn sign(&mut self, index: usize, client: u64) {
        let record = self.own_record(index).unwrap_or(NONE);
        if let Some(record) = self.records.get_mut(record as usize) {
            record.client = client;
        }
    }

    fn is_dead(&self, index: usize) -> bool {
        let length = self.update.blocks().get(index).map_or(0, |block| block.len);
        self.dead_in(index).units >= length
    }

    /// Returns the deleted part of a block.
    fn dead_in(&self, index: usize) -> Dead {
        let known = self.dead_of.get(index).and_then(|dead| self.dead.get(dead as usize));
        known.copied().unwrap_or_default()
    }

    /// Finds the deleted part of each block.
    fn find_dead(&mut self) {
        for (client, range) in self.update.client_ranges() {
            let mut deleted = self.update.delete_set().ranges(client).iter().peekable();
            for index in range {
                let Some(block) = self.update.blocks().get(index) else { continue };
                while deleted.next_if(|range| range.end <= block.clock).is_some() {}
                let is_gone = matches!(block.kind, BlockKind::Gc | BlockKind::Deleted);
                if !is_gone && deleted.peek().is_none_or(|range| range.start >= block.next_clock())
                {
                    continue;
                }
                let dead = self.update.dead(client, block);
                if dead != Dead::default() {
                    self.dead_of.set(index, self.dead.len() as u32);
                    self.dead.push(dead);
                }
            }
        }
    }

    /// Reads the records' own marks, and marks locations with something live.
    fn mark(&mut self) {
        for (index, block) in self.update.blocks().iter().enumerate() {
            if self.is_dead(index) {
                continue;
            }
            let Some((location, pattern_at)) = self.pattern_at(index) else { continue };
            self.inhabited.set(location, LIVES);
            if let Some(mark) = self.patterns.mark(pattern_at.pattern) {
                self.note(mark, pattern_at, block);
            }
        }
    }

    fn note(&mut self, mark: Mark, pattern_at: PatternAt, block: &Block) {
        let around = self.containers.get(pattern_at.container as usize);
        let record = around.filter(|around| !around.dead).map_or(NONE, |around| around.record);
        let Some(slot) = self.records.get_mut(record as usize) else { return };
        match mark {
            Mark::Author => slot.author = slot.author.or_else(|| self.update.string(block)),
            Mark::Tombstone if self.update.scalar(block) == Some(Value::Bool(true)) => {
                slot.tombstone = record;
            }
            Mark::Created => {
                let created = || self.update.scalar(block).and_then(|value| value.as_i64());
                slot.created = slot.created.or_else(created);
            }
            Mark::Tombstone => {}
        }
    }

    /// Counts a location as inhabited if another one of the same container and key is: an overwritten value
    /// may have been concurrent with the one that stayed.
    fn unite(&mut self) {
        let deserted = self.locations.all().filter(|at| !self.is_inhabited(*at));
        let deserted: HashSet<Address<'_>> =
            deserted.filter_map(|at| address(&self.locations, at)).collect();
        if deserted.is_empty() {
            return;
        }
        // Most containers have none.
        let mut around: Vec<LocationOwner> = deserted.iter().map(|(around, _)| *around).collect();
        around.sort_unstable();
        around.dedup();
        let mut last = None;
        let mut is_near = |at: &usize| {
            let of = self.locations.around(*at);
            let known = last.filter(|(around, _)| *around == of).map(|(_, is_near)| is_near);
            let is_near = known.unwrap_or_else(|| around.binary_search(&of).is_ok());
            last = Some((of, is_near));
            is_near
        };
        let shared: HashSet<Address<'_>> = self
            .locations
            .all()
            .filter(|at| self.is_inhabited(*at))
            .filter(|at| is_near(at))
            .filter_map(|at| address(&self.locations, at))
            .filter(|address| deserted.contains(address))
            .collect();
        if shared.is_empty() {
            return;
        }
        for at in self.locations.all() {
            if address(&self.locations, at).is_some_and(|it| shared.contains(&it)) {
                self.inhabited.set(at, LIVES);
            }
        }
    }

    /// Makes records inside a deleted one go with it. Outer ones come first in the list.
    fn bury(&mut self) {
        for index in 0..self.records.len() {
            let outer = self.records.get(index).map_or(NONE, |record| record.outer);
            let buried = self.record(outer).map_or(NONE, |outer| outer.tombstone);
            if let (true, Some(record)) = (buried != NONE, self.records.get_mut(index)) {
                record.tombstone = buried;
            }
        }
    }
}

impl Segment {
    fn of(client: Option<u64>) -> Segment {
        Segment { why: Why::Live, pattern: NONE, record: NONE, client, bytes: 0, count: 0 }
    }
}

/// Returns how many values a block shows: a text or container counts as one.
fn values(block: &Block, dead: u32) -> usize {
    match block.kind {
        BlockKind::Any | BlockKind::Json => block.len.saturating_sub(dead) as usize,
        _ => 1,
    }
}

/// Container and key of a location in a map.
type Address<'a> = (LocationOwner, &'a [u8]);

/// Returns `None` if it is not in a map, or the container is unknown.
fn address<'a>(locations: &Locations<'a>, location: usize) -> Option<Address<'a>> {
    let around = locations.around(location);
    Some((around, locations.key(location)?)).filter(|_| around != LocationOwner::Unknown)
}

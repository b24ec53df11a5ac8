//! The delete set at the end of a stored state, of which a command needs a few ranges.

use super::parts::{SplicePart, SpliceParts};
use crate::wire::deletes::{var_len, write_range, write_var};
use crate::wire::{ByteReader, DeleteSet};
use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Of so many ranges, the place of the first is known. Fewer in debug builds, so that small sets have several
/// such places.
const RANGES_A_PLACE: usize = if cfg!(debug_assertions) { 3 } else { 64 };

/// What tells which units of a state are deleted. Every answer is `None` if it cannot be read.
pub trait Deletions {
    /// Returns the parts of a client's deleted ranges that lie within these clocks.
    fn within(&self, client: u64, clocks: Range<u32>) -> Option<Vec<Range<u32>>>;

    /// Adds the delete set that the state has once these are deleted too to the end of a splice. `state` is
    /// where it stands now.
    fn splice(&self, added: &DeleteSet, state: Range<u64>, parts: &mut SpliceParts) -> Option<()>;
}

impl Deletions for DeleteSet {
    fn within(&self, client: u64, clocks: Range<u32>) -> Option<Vec<Range<u32>>> {
        Some(DeleteSet::within(self, client, clocks).collect())
    }

    fn splice(&self, added: &DeleteSet, state: Range<u64>, parts: &mut SpliceParts) -> Option<()> {
        match self.covers(added) {
            true => parts.push(SplicePart::Copied(state)),
            false => {
                let mut all = self.clone();
                all.union(added);
                all.encode(&mut parts.new);
            }
        }
        Some(())
    }
}

/// A delete set in the form in which it ends a state, read as far as it is asked for.
#[derive(Debug)]
pub struct StoredDeletes {
    bytes: Vec<u8>,
    clients: BTreeMap<u64, StoredRanges>,
    ranges: usize,
    /// How often it was asked.
    asked: Cell<usize>,
    all: OnceCell<Option<DeleteSet>>,
}

/// The deleted ranges of one client.
#[derive(Debug)]
struct StoredRanges {
    count: usize,
    /// Where its part of the set begins and ends.
    part: Range<usize>,
    /// Where each [`RANGES_A_PLACE`]th range begins.
    places: Vec<usize>,
}

impl StoredDeletes {
    /// Takes what [`DeleteSet::encode`] wrote; `None` if the bytes are something else. What the ranges are is
    /// not looked at yet.
    pub fn of(bytes: Vec<u8>) -> Option<StoredDeletes> {
        let mut reader = ByteReader::at(&bytes, 0);
        let (mut clients, mut ranges) = (BTreeMap::new(), 0usize);
        for _ in 0..reader.count(2).ok()? {
            let begin = reader.offset();
            let client = reader.client().ok()?;
            let count = reader.count(2).ok()?;
            let mut places = Vec::with_capacity(count.div_ceil(RANGES_A_PLACE));
            let mut left = count;
            while left > 0 {
                places.push(reader.offset());
                let next = left.min(RANGES_A_PLACE);
                reader.skip_vars(next.saturating_mul(2)).ok()?;
                left = left.saturating_sub(next);
            }
            ranges = ranges.saturating_add(count);
            let of_client = StoredRanges { count, part: begin..reader.offset(), places };
            if clients.insert(client, of_client).is_some() {
                return None;
            }
        }
        let is_all = reader.left() == 0;
        let (asked, all) = (Cell::default(), OnceCell::new());
        is_all.then_some(StoredDeletes { bytes, clients, ranges, asked, all })
    }

    /// Returns the whole set; `None` if it is not one.
    pub fn all(&self) -> Option<&DeleteSet> {
        self.all.get_or_init(|| DeleteSet::decode(&self.bytes)).as_ref()
    }

    /// Returns [`DeleteSet::digest`] of the whole set; `None` if it is not one. Nothing is kept of it if it is
    /// in its canonical form, as it is once crdtctl has written it.
    pub fn digest(&self) -> Option<[u8; 32]> {
        match self.is_canonical() {
            true => Some(blake3::hash(&self.bytes).into()),
            false => self.all().map(DeleteSet::digest),
        }
    }

    /// Whether it is what [`DeleteSet::encode`] writes of it.
    fn is_canonical(&self) -> bool {
        let mut end = var_len(self.clients.len() as u64);
        self.clients.iter().all(|(client, of)| {
            let is_next = of.part.start as u64 == end;
            end = of.part.end as u64;
            is_next && self.is_canonical_of(*client, of)
        })
    }

    fn is_canonical_of(&self, client: u64, of: &StoredRanges) -> bool {
        let mut reader = ByteReader::at(&self.bytes, of.place(0));
        let mut bytes = var_len(client).saturating_add(var_len(of.count as u64));
        let mut reached = None;
        for _ in 0..of.count {
            let Some(range) = range(&mut reader) else { return false };
            // Ranges that touch are one.
            if range.is_empty() || reached.is_some_and(|reached| range.start <= reached) {
                return false;
            }
            reached = Some(range.end);
            let length = range.end.saturating_sub(range.start);
            let both = var_len(range.start.into()).saturating_add(var_len(length.into()));
            bytes = bytes.saturating_add(both);
        }
        // A number can be written with more bytes than it needs.
        of.count > 0 && bytes == of.part.len() as u64
    }

    /// Counts a question; returns whether so many were asked that reading the whole set takes no longer.
    fn is_asked_often(&self) -> bool {
        self.asked.set(self.asked.get().saturating_add(RANGES_A_PLACE));
        self.asked.get() > self.ranges || self.all.get().is_some()
    }

    fn start(&self, place: usize) -> Option<u32> {
        ByteReader::at(&self.bytes, place).clock().ok()
    }

    /// Returns the number of the last place whose range does not begin after `clock`, or the first.
    fn place_of(&self, of: &StoredRanges, clock: u32) -> usize {
        let is_before = |place: &usize| self.start(*place).is_some_and(|start| start <= clock);
        of.places.partition_point(is_before).saturating_sub(1)
    }

    /// Returns the ranges from one place to another, both by number.
    fn between(&self, of: &StoredRanges, places: &Range<usize>) -> Option<Vec<Range<u32>>> {
        let first = places.start.checked_mul(RANGES_A_PLACE)?;
        let end = places.end.checked_mul(RANGES_A_PLACE)?.min(of.count);
        let mut reader = ByteReader::at(&self.bytes, of.place(places.start));
        (first..end).map(|_| range(&mut reader)).collect()
    }

    /// Writes the ranges of a client with some more: only those around them are read.
    fn extend(
        &self,
        (client, of): (u64, &StoredRanges),
        added: &[Range<u32>],
        state: &Range<u64>,
        parts: &mut SpliceParts,
    ) -> Option<()> {
        // What they touch, by number of places, and with what.
        let mut edits: Vec<(Range<usize>, Vec<Range<u32>>)> = Vec::new();
        for range in added {
            let (first, last) = (self.place_of(of, range.start), self.place_of(of, range.end));
            let places = first..last.saturating_add(1).min(of.places.len());
            match edits.last_mut() {
                Some((before, some)) if places.start < before.end => {
                    before.end = places.end;
                    some.push(range.clone());
                }
                _ => edits.push((places, vec![range.clone()])),
            }
        }
        let (mut written, mut count, mut done) = (SpliceParts::default(), of.count, 0);
        for (places, some) in edits {
            written.push(copied(state, of.place(done)..of.place(places.start))?);
            let old = self.between(of, &places)?;
            count = count.checked_sub(old.len())?;
            let all = old.into_iter().chain(some).map(|range| (client, range));
            let all = DeleteSet::of_ranges(all.collect());
            count = count.checked_add(all.ranges(client).len())?;
            all.ranges(client).iter().for_each(|range| write_range(&mut written.new, range));
            done = places.end;
        }
        written.push(copied(state, of.place(done)..of.part.end)?);
        write_var(&mut parts.new, client);
        write_var(&mut parts.new, count as u64);
        written.finish().into_iter().for_each(|part| parts.push(part));
        Some(())
    }
}

impl StoredRanges {
    /// Returns where a place is, given its number; the end for the one behind the last.
    fn place(&self, number: usize) -> usize {
        self.places.get(number).copied().unwrap_or(self.part.end)
    }
}

impl Deletions for StoredDeletes {
    fn within(&self, client: u64, clocks: Range<u32>) -> Option<Vec<Range<u32>>> {
        if self.is_asked_often() {
            return Some(self.all()?.within(client, clocks).collect());
        }
        let Some(of) = self.clients.get(&client) else { return Some(Vec::new()) };
        let first = self.place_of(of, clocks.start);
        let Some(place) = of.places.get(first) else { return Some(Vec::new()) };
        let (mut reader, mut found) = (ByteReader::at(&self.bytes, *place), Vec::new());
        for _ in first.saturating_mul(RANGES_A_PLACE)..of.count {
            let range = range(&mut reader)?;
            if range.start >= clocks.end {
                break;
            }
            let part = range.start.max(clocks.start)..range.end.min(clocks.end);
            if !part.is_empty() {
                found.push(part);
            }
        }
        Some(found)
    }

    fn splice(&self, added: &DeleteSet, state: Range<u64>, parts: &mut SpliceParts) -> Option<()> {
        let mut news = DeleteSet::default();
        for (client, range) in added.iter() {
            if self.within(client, range.clone())? != [range.clone()] {
                news.insert(client, range);
            }
        }
        if news.is_empty() {
            parts.push(SplicePart::Copied(state));
            return Some(());
        }
        let clients: BTreeSet<u64> = self.clients.keys().copied().chain(news.clients()).collect();
        write_var(&mut parts.new, clients.len() as u64);
        let none = StoredRanges { count: 0, part: 0..0, places: Vec::new() };
        for client in clients {
            match (self.clients.get(&client), news.ranges(client)) {
                (Some(of), []) => parts.push(copied(&state, of.part.clone())?),
                (of, added) => self.extend((client, of.unwrap_or(&none)), added, &state, parts)?,
            }
        }
        Some(())
    }
}

/// Returns a part of the delete set, which the state has there.
fn copied(state: &Range<u64>, part: Range<usize>) -> Option<SplicePart> {
    let at = |offset: usize| state.start.checked_add(offset as u64).filter(|at| *at <= state.end);
    Some(SplicePart::Copied(at(part.start)?..at(part.end)?))
}

fn range(reader: &mut ByteReader<'_>) -> Option<Range<u32>> {
    let start = reader.clock().ok()?;
    Some(start..start.checked_add(reader.clock().ok()?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Chance;

    /// A set of up to `count` ranges of a few clients, some of them close to each other.
    fn some(chance: &mut Chance, count: u64) -> DeleteSet {
        let mut set = DeleteSet::default();
        for _ in 0..chance.below(count + 1) {
            let client = [1, 7, 1 << 40][chance.below(3) as usize];
            let start = (chance.below(200) * [1, 1, 5_000_000][chance.below(3) as usize]) as u32;
            set.insert(client, start..start + 1 + chance.below(4) as u32);
        }
        set
    }

    fn encoded(set: &DeleteSet) -> Vec<u8> {
        let mut bytes = Vec::new();
        set.encode(&mut bytes);
        bytes
    }

    /// A splice after which the state has these deletions too, as bytes.
    fn spliced(deletions: &impl Deletions, added: &DeleteSet, before: &[u8]) -> Vec<u8> {
        let mut parts = SpliceParts::default();
        let at = 1000;
        deletions.splice(added, at..at + before.len() as u64, &mut parts).expect("a splice");
        let bytes = parts.finish().into_iter().flat_map(|part| match part {
            SplicePart::New(bytes) => bytes,
            SplicePart::Copied(range) => {
                let at = |offset: u64| (offset - at) as usize;
                before[at(range.start)..at(range.end)].to_vec()
            }
        });
        bytes.collect()
    }

    #[test]
    fn a_stored_set_answers_as_one_that_was_read_however_often_it_is_asked() {
        for seed in 0..400 {
            let mut chance = Chance::new(seed);
            let set = some(&mut chance, 60);
            let bytes = encoded(&set);
            let stored = StoredDeletes::of(bytes.clone()).expect("a set");
            for _ in 0..chance.below(60) {
                let client = [1, 7, 9, 1 << 40][chance.below(4) as usize];
                let start = chance.below(220) as u32;
                let clocks = start..start + chance.below(90) as u32;
                let found = Deletions::within(&stored, client, clocks.clone());
                let expected: Vec<_> = set.within(client, clocks.clone()).collect();
                assert_eq!(found, Some(expected), "seed {seed}: {client}, {clocks:?}");
            }
            assert_eq!(stored.digest(), Some(set.digest()), "seed {seed}");
            assert!(stored.is_canonical() && stored.all() == Some(&set), "seed {seed}");
            for cut in 0..bytes.len() {
                assert!(StoredDeletes::of(bytes[..cut].to_vec()).is_none(), "seed {seed}: {cut}");
            }
        }
    }

    #[test]
    fn what_is_added_to_a_stored_set_is_as_in_one_that_was_read() {
        let mut copied = 0;
        for seed in 0..2_000 {
            let mut chance = Chance::new(seed);
            let set = some(&mut chance, 60);
            let added = match chance.below(4) {
                0 => some(&mut chance, 60),
                1 => DeleteSet::of_ranges(set.iter().take(3).collect()),
                _ => some(&mut chance, 2),
            };
            let bytes = encoded(&set);
            let stored = StoredDeletes::of(bytes.clone()).expect("a set");
            let mut all = set.clone();
            all.union(&added);
            assert_eq!(spliced(&stored, &added, &bytes), encoded(&all), "seed {seed}: {added:?}");
            assert_eq!(spliced(&set, &added, &bytes), encoded(&all), "seed {seed}");
            let mut parts = SpliceParts::default();
            stored.splice(&added, 0..bytes.len() as u64, &mut parts).expect("a splice");
            copied += usize::from(parts.finish().len() > 2);
        }
        assert!(copied > 500, "{copied} were spliced in the middle");
    }

    #[test]
    fn a_set_in_another_form_has_the_digest_of_the_same_set() {
        let mut set = DeleteSet::default();
        for (client, range) in [(1, 0..2), (1, 5..9), (7, 3..4)] {
            set.insert(client, range);
        }
        let canonical = [2, 1, 2, 0, 2, 5, 4, 7, 1, 3, 1];
        assert_eq!(encoded(&set), canonical);
        // Clients the other way round, a range in two, a number in two bytes, a client without ranges.
        let others: [&[u8]; 4] = [
            &[2, 7, 1, 3, 1, 1, 2, 0, 2, 5, 4],
            &[2, 1, 3, 0, 2, 5, 1, 6, 3, 7, 1, 3, 1],
            &[2, 1, 2, 0, 2, 0x85, 0, 4, 7, 1, 3, 1],
            &[3, 1, 2, 0, 2, 5, 4, 4, 0, 7, 1, 3, 1],
        ];
        for other in others {
            let stored = StoredDeletes::of(other.to_vec()).expect("a set");
            assert!(!stored.is_canonical(), "{other:?}");
            assert_eq!(stored.digest(), Some(set.digest()), "{other:?}");
        }
        // Out of order.
        let wrong = StoredDeletes::of(vec![1, 1, 2, 5, 4, 0, 2]).expect("its numbers");
        assert_eq!(wrong.digest(), None);
    }

    #[test]
    fn ranges_that_are_none_are_no_answer() {
        // Two ranges of client 1: the second has no length that fits.
        let bytes = vec![1, 1, 2, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x7f, 1];
        let stored = StoredDeletes::of(bytes).expect("its numbers");
        assert_eq!(Deletions::within(&stored, 1, 0..9), None);
        assert_eq!(stored.all(), None);
    }
}

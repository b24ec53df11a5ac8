//! Which units of content are deleted.

use super::Id;
use std::collections::BTreeMap;
use std::ops::Range;

/// A set of ids, as ranges of clocks per client: sorted, never empty, never touching, so that equal sets are
/// equal values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteSet(BTreeMap<u64, Vec<Range<u32>>>);

/// Ids of units, deleted or not, as ranges.
pub type IdSet = DeleteSet;

impl DeleteSet {
    /// Whether no unit is deleted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the set of one unit.
    pub fn of_unit(unit: Id) -> DeleteSet {
        let mut set = DeleteSet::default();
        set.insert(unit.client, unit.clock..unit.clock.saturating_add(1));
        set
    }

    /// Returns every range, by client and clock.
    pub fn iter(&self) -> impl Iterator<Item = (u64, Range<u32>)> {
        self.0.iter().flat_map(|(client, ranges)| ranges.iter().map(|r| (*client, r.clone())))
    }

    /// Returns the clients that have a range.
    pub fn clients(&self) -> impl Iterator<Item = u64> {
        self.0.keys().copied()
    }

    /// Returns the ranges of one client, ascending.
    pub fn ranges(&self, client: u64) -> &[Range<u32>] {
        self.0.get(&client).map_or(&[], Vec::as_slice)
    }

    /// Returns the parts of a client's ranges that lie within these clocks.
    pub fn within(&self, client: u64, clocks: Range<u32>) -> impl Iterator<Item = Range<u32>> {
        let ranges = self.ranges(client);
        let first = ranges.partition_point(|range| range.end <= clocks.start);
        let from = ranges.get(first..).unwrap_or(&[]).iter();
        let end = clocks.end;
        let some = from.take_while(move |range| range.start < end);
        some.map(move |range| range.start.max(clocks.start)..range.end.min(end))
    }

    /// Adds a range. Constant time at the end of the client's ranges, otherwise linear in them.
    pub fn insert(&mut self, client: u64, range: Range<u32>) {
        if range.is_empty() {
            return;
        }
        let ranges = self.0.entry(client).or_default();
        match ranges.last_mut() {
            Some(last) if last.start <= range.start && range.start <= last.end => {
                last.end = last.end.max(range.end);
            }
            Some(last) if range.start <= last.end => {
                let from = ranges.partition_point(|r| r.end < range.start);
                let to = ranges.partition_point(|r| r.start <= range.end);
                let touched = ranges.get(from..to).unwrap_or(&[]);
                let start = touched.first().map_or(range.start, |r| r.start.min(range.start));
                let end = touched.last().map_or(range.end, |r| r.end.max(range.end));
                ranges.splice(from..to, std::iter::once(start..end));
            }
            _ => ranges.push(range),
        }
    }

    /// Adds ranges of one client that are ascending, not empty and apart from each other. Constant time if it
    /// has none yet, otherwise linear in both.
    pub fn insert_ascending(&mut self, client: u64, ranges: Vec<Range<u32>>) {
        match self.0.get(&client) {
            None if !ranges.is_empty() => drop(self.0.insert(client, ranges)),
            None => {}
            Some(_) => self.union(&DeleteSet(BTreeMap::from([(client, ranges)]))),
        }
    }

    /// Returns the union of several sets, with one sort however many they are.
    pub fn union_of<'d>(sets: impl Iterator<Item = &'d DeleteSet>) -> DeleteSet {
        DeleteSet::of_ranges(sets.flat_map(DeleteSet::iter).collect())
    }

    /// Returns the set of these ranges, in whatever order they come, with one sort.
    pub fn of_ranges(mut ranges: Vec<(u64, Range<u32>)>) -> DeleteSet {
        ranges.sort_unstable_by_key(|(client, range)| (*client, range.start));
        let mut union = DeleteSet::default();
        ranges.into_iter().for_each(|(client, range)| union.insert(client, range));
        union
    }

    /// Adds all of another set; linear in both.
    pub fn union(&mut self, other: &DeleteSet) {
        for (client, theirs) in &other.0 {
            let ours = std::mem::take(self.0.entry(*client).or_default());
            let mut left = ours.into_iter().peekable();
            let mut right = theirs.iter().cloned().peekable();
            loop {
                let next = match (left.peek(), right.peek()) {
                    (Some(a), Some(b)) if a.start <= b.start => left.next(),
                    (Some(_), None) => left.next(),
                    _ => right.next(),
                };
                let Some(range) = next else { break };
                self.insert(*client, range);
            }
        }
    }

    /// Removes all of another set; linear in both.
    pub fn subtract(&mut self, other: &DeleteSet) {
        for (client, theirs) in &other.0 {
            let Some(ours) = self.0.remove(client) else { continue };
            let mut cuts = theirs.iter().peekable();
            let mut kept = Vec::new();
            for range in ours {
                let mut start = range.start;
                while let Some(cut) = cuts.peek()
                    && cut.start < range.end
                {
                    if cut.start > start {
                        kept.push(start..cut.start);
                    }
                    start = start.max(cut.end);
                    if cut.end > range.end {
                        break;
                    }
                    cuts.next();
                }
                if start < range.end {
                    kept.push(start..range.end);
                }
            }
            if !kept.is_empty() {
                self.0.insert(*client, kept);
            }
        }
    }

    /// Whether one id is deleted.
    pub fn contains(&self, id: Id) -> bool {
        let ranges = self.ranges(id.client);
        let after = ranges.partition_point(|r| r.start <= id.clock);
        after.checked_sub(1).and_then(|i| ranges.get(i)).is_some_and(|r| id.clock < r.end)
    }

    /// Whether this set contains all of another.
    pub fn covers(&self, other: &DeleteSet) -> bool {
        other.iter().all(|(client, range)| {
            let ranges = self.ranges(client);
            let after = ranges.partition_point(|r| r.start <= range.start);
            after.checked_sub(1).and_then(|i| ranges.get(i)).is_some_and(|r| range.end <= r.end)
        })
    }

    /// Returns the BLAKE3 of the canonical encoding: clients ascending, ranges merged. Two sets are equal
    /// when their digests are.
    pub fn digest(&self) -> [u8; 32] {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        blake3::hash(&bytes).into()
    }

    /// Returns an update that holds these deletions and nothing else.
    pub fn to_update(&self) -> Vec<u8> {
        let mut update = vec![0];
        self.encode(&mut update);
        update
    }

    /// Appends the set in the form in which it ends an update.
    pub fn encode(&self, out: &mut Vec<u8>) {
        write_var(out, self.0.len() as u64);
        for (client, ranges) in &self.0 {
            write_ranges(out, *client, ranges.iter().cloned());
        }
    }

    /// Encodes the set of these ranges, which are sorted by client and clock, and apart from each other.
    pub fn encode_sorted<T>(
        ranges: &[T],
        range: impl Fn(&T) -> (u64, Range<u32>),
        out: &mut Vec<u8>,
    ) {
        let of_clients = || ranges.chunk_by(|a, b| range(a).0 == range(b).0);
        write_var(out, of_clients().count() as u64);
        for of_client in of_clients() {
            let client = of_client.first().map_or(0, |first| range(first).0);
            write_ranges(out, client, of_client.iter().map(|of| range(of).1));
        }
    }
}

fn write_ranges(out: &mut Vec<u8>, client: u64, ranges: impl ExactSizeIterator<Item = Range<u32>>) {
    write_var(out, client);
    write_var(out, ranges.len() as u64);
    ranges.for_each(|range| write_range(out, &range));
}

/// Writes a range as a delete set has it.
pub(super) fn write_range(out: &mut Vec<u8>, range: &Range<u32>) {
    write_var(out, u64::from(range.start));
    write_var(out, u64::from(range.end.saturating_sub(range.start)));
}

/// Writes an unsigned number, seven bits per byte.
pub fn write_var(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Returns how many bytes [`write_var`] writes.
pub(super) fn var_len(value: u64) -> u64 {
    u64::from((u64::BITS - value.leading_zeros()).max(1).div_ceil(7))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ranges: &[(u64, Range<u32>)]) -> DeleteSet {
        let mut set = DeleteSet::default();
        ranges.iter().for_each(|(client, range)| set.insert(*client, range.clone()));
        set
    }

    #[test]
    fn ranges_that_touch_become_one_in_any_order() {
        let expected = set(&[(1, 0..10)]);
        assert_eq!(set(&[(1, 5..10), (1, 0..5)]), expected);
        assert_eq!(set(&[(1, 0..2), (1, 8..10), (1, 4..6), (1, 1..9)]), expected);
        assert_eq!(set(&[(1, 3..4), (1, 0..10), (1, 3..3)]), expected);
        assert_eq!(set(&[(1, 0..5), (1, 5..10)]).digest(), expected.digest());
        assert_ne!(set(&[(1, 0..5), (1, 6..10)]).digest(), expected.digest());
    }

    #[test]
    fn sorted_ranges_are_stored_like_the_set_of_them() {
        let ranges = [(1, 0..2), (1, 5..9), (4, 3..300), (1 << 52, 0..u32::MAX)];
        for count in 0..=ranges.len() {
            let (mut stored, mut sorted) = (Vec::new(), Vec::new());
            set(&ranges[..count]).encode(&mut stored);
            DeleteSet::encode_sorted(&ranges[..count], Clone::clone, &mut sorted);
            assert_eq!(sorted, stored, "{count} ranges");
        }
    }

    #[test]
    fn sets_behave_like_sets_of_ids() {
        // Small enough for exhaustive comparison with sets of single ids, over random pairs.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = move |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        for round in 0..2000 {
            let mut random = || {
                let mut set = DeleteSet::default();
                for _ in 0..next(8) {
                    let start = next(30) as u32;
                    set.insert(next(2), start..start + next(6) as u32);
                }
                set
            };
            let (a, b) = (random(), random());
            let ids = |set: &DeleteSet| -> std::collections::BTreeSet<(u64, u32)> {
                set.iter().flat_map(|(c, r)| r.map(move |k| (c, k))).collect()
            };
            let (in_a, in_b) = (ids(&a), ids(&b));
            let (mut union, mut rest) = (a.clone(), a.clone());
            union.union(&b);
            rest.subtract(&b);
            assert_eq!(ids(&union), &in_a | &in_b, "round {round}");
            assert_eq!(ids(&rest), &in_a - &in_b, "round {round}: {a:?} - {b:?}");
            assert_eq!(a.covers(&b), in_b.is_subset(&in_a), "round {round}");
            assert!(union.covers(&a) && union.covers(&b));
            for clock in 0..40 {
                assert_eq!(a.contains(Id { client: 1, clock }), in_a.contains(&(1, clock)));
            }
            assert!(rest.0.values().all(|r| !r.is_empty()));
        }
    }
}

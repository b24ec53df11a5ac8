//! A hash table that wastes no room, whatever the number of its entries.

use hashbrown::HashTable;

/// How many entries a part has, at about, of the 57,344 that it has room for: more than it gets by
/// chance.
const PART: usize = 56_000;

/// Lists by where they are. A table has a power of two of places, of which an eighth at least is to be
/// empty, and may be more than half; of many small ones all are nearly full. Of ten million keys that is
/// 58 MB instead of 84.
pub(super) struct ListTable(Vec<HashTable<u32>>);

impl ListTable {
    /// With room for so many lists.
    pub fn for_lists(count: usize) -> Self {
        let parts = count.div_ceil(PART).max(1);
        let room = if parts > 1 { PART } else { count };
        ListTable((0..parts).map(|_| HashTable::with_capacity(room)).collect())
    }

    /// The list with a hash that is the one.
    pub fn find(&self, hash: u64, is_it: impl FnMut(&u32) -> bool) -> Option<u32> {
        self.0.get(self.part(hash))?.find(hash, is_it).copied()
    }

    /// Adds a list that is not there yet; `again` is the hash of one.
    pub fn insert(&mut self, hash: u64, list: u32, again: impl Fn(&u32) -> u64) {
        let part = self.part(hash);
        if let Some(part) = self.0.get_mut(part) {
            part.insert_unique(hash, list, again);
        }
    }

    /// By bits that the part itself does not look at.
    fn part(&self, hash: u64) -> usize {
        let (bits, parts) = ((hash >> 16) & u64::from(u32::MAX), self.0.len() as u64);
        usize::try_from(bits.saturating_mul(parts) >> 32).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::{BuildHasher, RandomState};

    #[test]
    fn a_list_is_found_again_among_any_number() {
        let hasher = RandomState::new();
        for count in [0u32, 1, 1_000, 200_000] {
            let mut table = ListTable::for_lists(count as usize);
            for list in 0..count {
                table.insert(hasher.hash_one(list), list, |list| hasher.hash_one(list));
            }
            let found = |list: u32| table.find(hasher.hash_one(list), |one| *one == list);
            assert!((0..count).all(|list| found(list) == Some(list)));
            assert_eq!(found(count), None);
            // None of the parts had to grow.
            let most = table.0.iter().map(HashTable::capacity).max();
            assert!(most <= Some(57_344), "{most:?}");
        }
    }
}

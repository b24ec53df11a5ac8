//! A hash table that wastes little memory, whatever the number of its entries.

use hashbrown::HashTable;

/// About how many entries a part holds, of the 57,344 it has room for, so that chance does not overfill it.
const PART: usize = 56_000;

/// Lists by place. The size of a hash table is a power of two; at least an eighth of it stays empty, and it
/// may be more than half. Many small tables are all nearly full. For ten million keys that is 58 MB instead
/// of 84.
pub(super) struct ListTable(Vec<HashTable<u32>>);

impl ListTable {
    /// Creates a table with room for this many lists.
    pub fn for_lists(count: usize) -> Self {
        let parts = count.div_ceil(PART).max(1);
        let room = if parts > 1 { PART } else { count };
        ListTable((0..parts).map(|_| HashTable::with_capacity(room)).collect())
    }

    /// Returns the list with this hash that `is_it` accepts.
    pub fn find(&self, hash: u64, is_it: impl FnMut(&u32) -> bool) -> Option<u32> {
        self.0.get(self.part(hash))?.find(hash, is_it).copied()
    }

    /// Adds a list that is not in the table yet; `again` computes a list's hash.
    pub fn insert(&mut self, hash: u64, list: u32, again: impl Fn(&u32) -> u64) {
        let part = self.part(hash);
        if let Some(part) = self.0.get_mut(part) {
            part.insert_unique(hash, list, again);
        }
    }

    /// Picks a part by bits that the part itself does not use.
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

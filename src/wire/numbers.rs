//! A table with a number for each block of a document.

/// How many neighbours share a chunk of a table.
const NEIGHBOURS: usize = 4096;

/// Numbers by index, initially none. Chunks whose entries are all equal take no memory of their own; others
/// take one byte per entry while their numbers are small.
///
/// For ten million keys of one map, nearly all have the same few numbers; stored as words, such tables were a
/// fifth of the memory that accounting for that document took.
pub struct Numbers {
    count: usize,
    pieces: Vec<NumberChunk>,
}

/// The numbers of a chunk: 0 for none, else one more than the number.
enum NumberChunk {
    Same(u32),
    Bytes(Vec<u8>),
    Words(Vec<u32>),
}

impl Numbers {
    /// Creates an empty table for the indices below `count`.
    pub fn none(count: usize) -> Self {
        let pieces = (0..count.div_ceil(NEIGHBOURS)).map(|_| NumberChunk::Same(0)).collect();
        Numbers { count, pieces }
    }

    /// Returns the number at an index, or `None` if there is none, or beyond the end.
    pub fn get(&self, index: usize) -> Option<u32> {
        let piece = self.pieces.get(index / NEIGHBOURS)?;
        piece.stored(index % NEIGHBOURS)?.checked_sub(1)
    }

    /// Sets the number at an index; does nothing beyond the end, or for the greatest number of all.
    pub fn set(&mut self, index: usize, number: u32) {
        let (Some(stored), true) = (number.checked_add(1), index < self.count) else { return };
        if let Some(piece) = self.pieces.get_mut(index / NEIGHBOURS) {
            piece.store(index % NEIGHBOURS, stored);
        }
    }
}

impl NumberChunk {
    fn stored(&self, at: usize) -> Option<u32> {
        match self {
            Self::Same(stored) => Some(*stored),
            Self::Bytes(table) => table.get(at).map(|stored| u32::from(*stored)),
            Self::Words(table) => table.get(at).copied(),
        }
    }

    fn store(&mut self, at: usize, stored: u32) {
        self.make_room(stored);
        match self {
            Self::Same(_) => {}
            Self::Bytes(table) => put(table, at, u8::try_from(stored).unwrap_or_default()),
            Self::Words(table) => put(table, at, stored),
        }
        // Tables are filled from the front: with the last entry, all entries of the chunk are set.
        if at == NEIGHBOURS - 1 {
            self.shrink();
        }
    }

    /// Widens the chunk if needed, so that a number fits beside the others.
    fn make_room(&mut self, stored: u32) {
        let small = u8::try_from(stored).is_ok();
        *self = match self {
            Self::Same(all) if *all == stored => return,
            Self::Bytes(_) if small => return,
            Self::Words(_) => return,
            Self::Same(all) => match u8::try_from(*all) {
                Ok(all) if small => Self::Bytes(vec![all; NEIGHBOURS]),
                _ => Self::Words(vec![*all; NEIGHBOURS]),
            },
            Self::Bytes(table) => Self::Words(table.iter().copied().map(u32::from).collect()),
        };
    }

    fn shrink(&mut self) {
        let Some(first) = self.stored(0) else { return };
        let all_same = match self {
            Self::Same(_) => return,
            Self::Bytes(table) => table.iter().all(|stored| u32::from(*stored) == first),
            Self::Words(table) => table.iter().all(|stored| *stored == first),
        };
        if all_same {
            *self = Self::Same(first);
        }
    }
}

fn put<T>(table: &mut [T], at: usize, stored: T) {
    if let Some(slot) = table.get_mut(at) {
        *slot = stored;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_was_set_last_however_large() {
        let mut numbers = Numbers::none(4);
        assert_eq!([0, 3, 4].map(|index| numbers.get(index)), [None; 3]);
        for number in [0, 7, 253, 254, 255, 256, 70_000, u32::MAX - 1, 3] {
            numbers.set(1, number);
            assert_eq!([0, 1, 2].map(|index| numbers.get(index)), [None, Some(number), None]);
        }
        numbers.set(4, 1);
        numbers.set(2, u32::MAX);
        assert_eq!([2, 4].map(|index| numbers.get(index)), [None; 2]);
    }

    #[test]
    fn neighbours_that_get_the_same_number_take_no_memory_and_keep_it() {
        let count = 2 * NEIGHBOURS + 7;
        let mut numbers = Numbers::none(count);
        for number in [9, 300] {
            (0..count).for_each(|index| numbers.set(index, number));
            let same = |piece: &NumberChunk| matches!(piece, NumberChunk::Same(_));
            assert_eq!(numbers.pieces.iter().filter(|piece| same(piece)).count(), 2);
            assert!((0..count).all(|index| numbers.get(index) == Some(number)));
        }
        // Setting one entry to another number leaves its neighbours unchanged.
        numbers.set(NEIGHBOURS + 1, 4);
        let around = [NEIGHBOURS, NEIGHBOURS + 1, NEIGHBOURS + 2, count];
        assert_eq!(around.map(|at| numbers.get(at)), [Some(300), Some(4), Some(300), None]);
    }

    #[test]
    fn tables_agree_with_plain_ones_whatever_is_set_in_whatever_order() {
        let count = 3 * NEIGHBOURS - 5;
        let (mut numbers, mut plain) = (Numbers::none(count), vec![None; count]);
        let mut random: u64 = 0x9e37_79b9;
        for _ in 0..60_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040);
            let index = (random >> 33) as usize % count;
            let number = [1, 1, 1, 254, 255, 70_000][(random >> 20) as usize % 6];
            numbers.set(index, number);
            plain[index] = Some(number);
        }
        assert!((0..count).all(|index| numbers.get(index) == plain[index]));
    }
}

//! A table with a number for each block of a document.

/// Numbers by index, none to begin with: a byte each while they are small, and of what was never set no
/// memory at all.
///
/// Of ten million keys of one map nearly all have the same few numbers; as words, three such tables were a
/// fifth of what an account of that document took.
pub enum Numbers {
    /// 0 for none, else one more than the number.
    Bytes(Vec<u8>),
    /// The same.
    Words(Vec<u32>),
}

impl Numbers {
    /// For the indices below `count`.
    pub fn none(count: usize) -> Self {
        // Zeros come from the system as they are, and have no page of their own until one is written.
        Self::Bytes(vec![0; count])
    }

    /// The number at an index; None where there is none, and beyond the end.
    pub fn get(&self, index: usize) -> Option<u32> {
        let stored = match self {
            Self::Bytes(table) => table.get(index).map(|stored| u32::from(*stored)),
            Self::Words(table) => table.get(index).copied(),
        };
        stored?.checked_sub(1)
    }

    /// Sets the number at an index; beyond the end, and for the greatest number of all, nothing happens.
    pub fn set(&mut self, index: usize, number: u32) {
        let Some(stored) = number.checked_add(1) else { return };
        if let (Self::Bytes(table), Err(_)) = (&*self, u8::try_from(stored)) {
            *self = Self::Words(table.iter().map(|small| u32::from(*small)).collect());
        }
        match self {
            Self::Words(table) => put(table, index, stored),
            Self::Bytes(table) => put(table, index, u8::try_from(stored).unwrap_or_default()),
        }
    }
}

fn put<T>(table: &mut [T], index: usize, stored: T) {
    if let Some(slot) = table.get_mut(index) {
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
}

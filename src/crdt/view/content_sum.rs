//! A digest of content that is the sum over its parts.

/// A content digest that is the sum of the digests of its parts: a part's share can be subtracted and added
/// again without knowing the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ContentSum([u64; 4]);

impl ContentSum {
    /// Reads the bytes of [`ContentSum::to_bytes`]; `None` if their number is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Option<ContentSum> {
        let mut lanes = bytes.as_chunks::<8>();
        let (words, rest) = (std::mem::take(&mut lanes.0), lanes.1);
        let words: [[u8; 8]; 4] = words.try_into().ok()?;
        rest.is_empty().then(|| ContentSum(words.map(u64::from_be_bytes)))
    }

    /// Returns the sum as bytes.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let lanes = bytes.as_chunks_mut::<8>().0.iter_mut();
        lanes.zip(self.0).for_each(|(lane, word)| *lane = word.to_be_bytes());
        bytes
    }

    /// Returns the sum with some of its content replaced by another.
    pub fn with(self, content: ContentSum, instead_of: ContentSum) -> ContentSum {
        let changes = self.0.into_iter().zip(content.0).zip(instead_of.0);
        let mut sum = [0; 4];
        for (lane, ((all, new), old)) in sum.iter_mut().zip(changes) {
            *lane = all.wrapping_sub(old).wrapping_add(new);
        }
        ContentSum(sum)
    }

    pub(super) fn add(&mut self, part: [u8; 32]) {
        let part = ContentSum::from_bytes(&part).unwrap_or_default();
        *self = self.with(part, ContentSum::default());
    }
}

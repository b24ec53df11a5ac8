//! What holds the bytes of an update.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// Bytes that are shared rather than copied. Making them from a `Vec` copies nothing either.
#[derive(Clone, Default)]
pub struct SharedBytes {
    whole: Arc<Vec<u8>>,
    /// The part of them that is meant.
    part: Range<usize>,
}

impl SharedBytes {
    /// Whether these are the same bytes in the same place.
    pub fn is_same(&self, other: &SharedBytes) -> bool {
        Arc::ptr_eq(&self.whole, &other.whole) && self.part == other.part
    }

    /// Returns the bytes as a `Vec`, which copies them only while somebody else shares them, or if they are a
    /// part of others.
    pub fn into_vec(self) -> Vec<u8> {
        match self.part == (0..self.whole.len()) {
            true => Arc::unwrap_or_clone(self.whole),
            false => self.to_vec(),
        }
    }

    /// Returns a part of the bytes, in the same place; `None` if they end before it.
    pub fn part(&self, part: Range<usize>) -> Option<SharedBytes> {
        self.get(part.clone())?;
        let from = self.part.start;
        let part = from.checked_add(part.start)?..from.checked_add(part.end)?;
        Some(SharedBytes { whole: Arc::clone(&self.whole), part })
    }
}

impl From<Vec<u8>> for SharedBytes {
    fn from(bytes: Vec<u8>) -> Self {
        SharedBytes { part: 0..bytes.len(), whole: Arc::new(bytes) }
    }
}

impl Deref for SharedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.whole.get(self.part.clone()).unwrap_or_default()
    }
}

impl PartialEq for SharedBytes {
    fn eq(&self, other: &SharedBytes) -> bool {
        self.is_same(other) || **self == **other
    }
}

impl Eq for SharedBytes {}

impl fmt::Debug for SharedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedBytes({} bytes)", self.len())
    }
}

/// What can hold the bytes of an update.
pub trait HoldsBytes: Deref<Target = [u8]> {
    /// Returns the bytes if they can be shared.
    fn shared(&self) -> Option<&SharedBytes> {
        None
    }
}

impl HoldsBytes for Vec<u8> {}
impl HoldsBytes for Cow<'_, [u8]> {}
impl HoldsBytes for SharedBytes {
    fn shared(&self) -> Option<&SharedBytes> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_the_bytes_in_their_place_and_copied_when_taken_out() {
        let whole = SharedBytes::from(b"abcdef".to_vec());
        let part = whole.part(1..5).unwrap();
        let inner = part.part(1..3).unwrap();
        assert_eq!((&*part, &*inner), (&b"bcde"[..], &b"cd"[..]));
        assert_eq!(
            (part.part(3..5), part.part(5..9), inner.part(0..2)),
            (None, None, Some(inner.clone()))
        );
        assert!(inner.is_same(&whole.part(2..4).unwrap()) && !inner.is_same(&part));
        assert_eq!(inner, SharedBytes::from(b"cd".to_vec()));
        assert_eq!((inner.into_vec(), whole.into_vec()), (b"cd".to_vec(), b"abcdef".to_vec()));
    }
}

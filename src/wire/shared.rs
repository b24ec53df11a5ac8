//! What holds the bytes of an update.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Bytes that are shared rather than copied. Making them from a `Vec` copies nothing either.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SharedBytes(Arc<Vec<u8>>);

impl SharedBytes {
    /// Whether these are the same bytes in the same place.
    pub fn is_same(&self, other: &SharedBytes) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns the bytes as a `Vec`, which copies them only while somebody else shares them.
    pub fn into_vec(self) -> Vec<u8> {
        Arc::unwrap_or_clone(self.0)
    }
}

impl From<Vec<u8>> for SharedBytes {
    fn from(bytes: Vec<u8>) -> Self {
        SharedBytes(Arc::new(bytes))
    }
}

impl Deref for SharedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

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

//! Owned bytes together with what a walk or a check found in them, so that they need not be checked again.

use super::shared::{HoldsBytes, SharedBytes};
use super::{Block, Checked, Facts, Fault, Unchecked, Update, Walked};
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Weak};

/// The bytes of an update that passed rule 1 of the gate. [`CheckedBytes::update`] does not read them again.
/// The parsed form takes about three times as much memory as the bytes.
#[derive(Clone)]
pub struct CheckedBytes<B> {
    bytes: B,
    walked: Arc<Walked>,
    facts: Arc<Facts>,
}

impl<B: HoldsBytes> CheckedBytes<B> {
    /// Keeps the result of a check: the gate's, or one that requires more or reports differently.
    ///
    /// # Errors
    /// Those of the check.
    pub fn by<E>(
        bytes: B,
        check: impl FnOnce(&[u8]) -> Result<Update<'_, Checked>, E>,
    ) -> Result<Self, E> {
        let Update { walked, facts, .. } = check(&bytes)?;
        Ok(CheckedBytes { bytes, walked, facts })
    }

    /// Returns the update.
    pub fn update(&self) -> Update<'_, Checked> {
        let (walked, facts) = (Arc::clone(&self.walked), Arc::clone(&self.facts));
        let shared = self.bytes.shared();
        Update { bytes: &self.bytes, shared, walked, facts, state: PhantomData }
    }

    /// Returns the bytes alone.
    pub fn into_bytes(self) -> B {
        self.bytes
    }

    /// Returns the checked bytes, in whatever holds them.
    pub fn bytes(&self) -> &B {
        &self.bytes
    }
}

impl<B: HoldsBytes> fmt::Debug for CheckedBytes<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckedBytes({} bytes)", self.bytes.len())
    }
}

/// The bytes of an update with what a walk found in them.
pub struct WalkedBytes {
    bytes: SharedBytes,
    walked: Arc<Walked>,
    facts: Arc<Facts>,
}

impl WalkedBytes {
    /// Walks an update, and keeps the result.
    ///
    /// # Errors
    /// The fault that ends the walk.
    pub fn read(bytes: SharedBytes) -> Result<WalkedBytes, Fault> {
        let Update { walked, facts, .. } = Update::walk(&bytes)?;
        Ok(WalkedBytes { bytes, walked, facts })
    }

    /// Returns the update; its bytes are not read again.
    pub fn update(&self) -> Update<'_, Unchecked> {
        let (walked, facts) = (Arc::clone(&self.walked), Arc::clone(&self.facts));
        Update { bytes: &self.bytes, shared: Some(&self.bytes), walked, facts, state: PhantomData }
    }

    /// Returns the bytes that were walked.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the blocks, in the order of the bytes.
    pub fn blocks(&self) -> &[Block] {
        &self.walked.blocks
    }
}

/// The parsed form of an update, available as long as somebody else holds it.
#[derive(Default)]
pub struct HeldElsewhere {
    walked: Weak<Walked>,
    facts: Weak<Facts>,
}

impl Update<'_, Checked> {
    /// Returns its bytes with their parsed form.
    pub fn to_checked_bytes(&self) -> CheckedBytes<SharedBytes> {
        let (walked, facts) = (Arc::clone(&self.walked), Arc::clone(&self.facts));
        CheckedBytes { bytes: self.to_shared_bytes(), walked, facts }
    }

    pub(crate) fn held_elsewhere(&self) -> HeldElsewhere {
        HeldElsewhere { walked: Arc::downgrade(&self.walked), facts: Arc::downgrade(&self.facts) }
    }
}

impl HeldElsewhere {
    /// Returns the update again if somebody still holds its parsed form; `bytes` must be its bytes.
    pub(crate) fn of<'a>(&self, bytes: &'a [u8]) -> Option<Update<'a, Checked>> {
        let (walked, facts) = (self.walked.upgrade()?, self.facts.upgrade()?);
        Some(Update { bytes, shared: None, walked, facts, state: PhantomData })
    }
}

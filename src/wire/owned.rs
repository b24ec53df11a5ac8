//! What is checked stays checked: bytes with what the check found in them, to be handed on.

use super::{Block, Checked, Facts, Fault, Unchecked, Update, Walked};
use std::marker::PhantomData;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::{Arc, Weak};

/// The bytes of an update that passed rule 1 of the gate. [`CheckedBytes::update`] does not read
/// them again. What was read takes about three times as much memory as they do.
#[derive(Clone)]
pub struct CheckedBytes<B> {
    bytes: B,
    walked: Arc<Walked>,
    facts: Arc<Facts>,
}

impl<B: Deref<Target = [u8]>> CheckedBytes<B> {
    /// Keeps what a check found: the gate's, or one that asks for more or says something else.
    ///
    /// # Errors
    /// Those of the check.
    pub fn by<E>(
        bytes: B,
        check: impl FnOnce(&[u8]) -> Result<Update<'_, Checked>, E>,
    ) -> Result<Self, E> {
        let Update { bytes: _, walked, facts, state: _ } = check(&bytes)?;
        Ok(CheckedBytes { bytes, walked, facts })
    }

    /// The update.
    pub fn update(&self) -> Update<'_, Checked> {
        let (walked, facts) = (Arc::clone(&self.walked), Arc::clone(&self.facts));
        Update { bytes: &self.bytes, walked, facts, state: PhantomData }
    }

    /// The bytes that were checked, in whatever holds them.
    pub fn bytes(&self) -> &B {
        &self.bytes
    }
}

/// The bytes of an update with what a walk found in them.
pub struct WalkedBytes {
    bytes: Arc<Vec<u8>>,
    walked: Arc<Walked>,
    facts: Arc<Facts>,
}

impl WalkedBytes {
    /// Walks an update, and keeps what that finds.
    ///
    /// # Errors
    /// The fault that ends the walk.
    pub fn read(bytes: Arc<Vec<u8>>) -> Result<WalkedBytes, Fault> {
        let Update { bytes: _, walked, facts, state: _ } = Update::walk(&bytes)?;
        Ok(WalkedBytes { bytes, walked, facts })
    }

    /// The update; its bytes are not read again.
    pub fn update(&self) -> Update<'_, Unchecked> {
        let (walked, facts) = (Arc::clone(&self.walked), Arc::clone(&self.facts));
        Update { bytes: &self.bytes, walked, facts, state: PhantomData }
    }

    /// The bytes that were walked.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The blocks, in the order of the bytes.
    pub fn blocks(&self) -> &[Block] {
        &self.walked.blocks
    }
}

/// What was read of an update, as long as somebody else holds it.
#[derive(Default)]
pub struct HeldElsewhere {
    walked: Weak<Walked>,
    facts: Weak<Facts>,
}

impl Update<'_, Checked> {
    /// A copy of its bytes, with what was read of them.
    pub fn to_checked_bytes(&self) -> CheckedBytes<Rc<[u8]>> {
        let (walked, facts) = (Arc::clone(&self.walked), Arc::clone(&self.facts));
        CheckedBytes { bytes: self.bytes.into(), walked, facts }
    }

    pub(crate) fn held_elsewhere(&self) -> HeldElsewhere {
        HeldElsewhere { walked: Arc::downgrade(&self.walked), facts: Arc::downgrade(&self.facts) }
    }
}

impl HeldElsewhere {
    /// The update again, whose bytes these must be, if anybody still holds what was read of it.
    pub(crate) fn of<'a>(&self, bytes: &'a [u8]) -> Option<Update<'a, Checked>> {
        let (walked, facts) = (self.walked.upgrade()?, self.facts.upgrade()?);
        Some(Update { bytes, walked, facts, state: PhantomData })
    }
}

//! A document carried as bytes: merged block by block and never given to yrs. What was written comes out of
//! it unchanged.

use crate::error::{Error, Result};
use crate::gate::Expected;
use crate::wire::{self, Checked, CheckedBytes, SharedBytes, Update, Version};

/// A document that no concern understands, with the updates merged since it was loaded.
pub struct Carried {
    loaded: CheckedBytes<SharedBytes>,
    /// Includes all updates.
    version: Version,
    updates: Vec<SharedBytes>,
}

impl Carried {
    /// Opens a document that was checked for [`Expected::Anything`].
    pub fn of(state: CheckedBytes<SharedBytes>) -> Carried {
        let version = state.update().version();
        Carried { loaded: state, version, updates: Vec::new() }
    }

    /// Applies an update that passed the gate (valid, ready, not forked). Returns true if it brought anything
    /// new, which is then the last of [`Carried::updates`].
    pub fn apply(&mut self, update: &Update<'_, Checked>) -> bool {
        let theirs = update.version();
        if self.version.holds(&theirs) {
            return false;
        }
        self.updates.push(update.since(&self.version).into());
        self.version.unite(theirs);
        true
    }

    /// Returns the updates merged since loading, in order; each is causally ready after those before it.
    pub fn updates(&self) -> &[SharedBytes] {
        &self.updates
    }

    /// Returns the clock after a client's last unit.
    pub fn clock_of(&self, client: u64) -> u32 {
        self.version.clocks.get(&client).copied().unwrap_or(0)
    }

    /// Returns the whole state.
    ///
    /// # Errors
    /// `Untrusted` if the updates do not fit together with the rest; the gate lets no such update pass.
    pub fn state(&self) -> Result<CheckedBytes<SharedBytes>> {
        if self.updates.is_empty() {
            return Ok(self.loaded.clone());
        }
        let refused = |fault| {
            Error::untrusted("the merged document cannot be stored")
                .because(fault)
                .hint("nothing was written; ask the sender for another bundle")
        };
        let came = self.updates.iter().map(|bytes| Update::checked(bytes, Expected::Anything));
        let parts = std::iter::once(Ok(self.loaded.update())).chain(came);
        let parts = parts.collect::<std::result::Result<Vec<_>, _>>().map_err(refused)?;
        let merged =
            wire::merge(&parts).ok_or_else(|| Error::bug("updates that were ready leave a gap"))?;
        let whole = CheckedBytes::by(SharedBytes::from(merged), |bytes| {
            let update = Update::checked(bytes, Expected::Anything)?;
            update.is_complete().map(|()| update)
        });
        whole.map_err(refused)
    }
}

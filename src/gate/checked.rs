//! The check together with the walk before it, or with other work beside it.

use super::expected::Expected;
use crate::parallel;
use crate::wire::{Checked, CheckedBytes, Fault, HoldsBytes, Unchecked, Update};

impl<'a> Update<'a, Checked> {
    /// Walks and checks an update that is to be merged and stored. `expected` as in [`Update::check`].
    ///
    /// # Errors
    /// What breaks the format; otherwise the first fault in causal order.
    pub fn checked<'r>(bytes: &'a [u8], expected: impl Into<Expected<'r>>) -> Result<Self, Fault> {
        Update::walk_to_check(bytes)?.check(expected)
    }
}

impl<B: HoldsBytes> CheckedBytes<B> {
    /// Walks and checks an update, as [`Update::checked`] does.
    ///
    /// # Errors
    /// What breaks the format; otherwise the first fault in causal order.
    pub fn check<'r>(bytes: B, expected: impl Into<Expected<'r>>) -> Result<Self, Fault> {
        CheckedBytes::by(bytes, |bytes| Update::checked(bytes, expected))
    }
}

impl<'a> Update<'a, Unchecked> {
    /// Like [`Update::check`], with other work on a large update beside it.
    pub(crate) fn check_beside<'r, B: Send>(
        &mut self,
        expected: impl Into<Expected<'r>>,
        beside: impl Fn(&Self) -> B + Sync,
    ) -> (Result<Update<'a, Checked>, Fault>, B) {
        let room = self.take_room();
        let walked = self.clone();
        let check = || walked.check_in(room, expected.into());
        parallel::both(self.bytes().len(), check, || beside(self))
    }
}

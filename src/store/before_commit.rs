//! Work that commands leave for the end of their session, to be done once for all of them.

use super::session::{BeforeCommit, Session};
use crate::error::{Error, Result};
use std::any::Any;

impl Session {
    /// Returns the waiting work of this type, of which there is one; empty at first.
    ///
    /// # Errors
    /// None in practice.
    pub fn before_commit<W: BeforeCommit + Default>(&mut self) -> Result<&mut W> {
        let is_one = |one: &dyn BeforeCommit| (one as &dyn Any).is::<W>();
        if !self.before_commit.iter().any(|one| is_one(&**one)) {
            self.before_commit.push(Box::<W>::default());
        }
        let mut waiting = self.before_commit.iter_mut();
        let found = waiting.find_map(|one| (&mut **one as &mut dyn Any).downcast_mut());
        found.ok_or_else(|| Error::bug("the work left for the commit is missing"))
    }

    pub(super) fn carry_out_before_commit(&mut self) -> Result<()> {
        let waiting = std::mem::take(&mut self.before_commit);
        waiting.into_iter().try_for_each(|one| one.carry_out(self))
    }
}

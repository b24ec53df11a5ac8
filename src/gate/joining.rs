//! The part of damaged or incomplete bytes that can join a document: blocks that are causally complete, keep
//! rule 1, and do not fork from what is trusted more.

use super::Expected;
use crate::wire::{Alive, Checked, Clocks, Id, Salvage, Update, Version};
use std::borrow::Cow;

/// How many times blocks are left out and the rest is checked again. Each round leaves out everything it
/// finds at fault, and what depends on that; one round per rule and one more are enough.
const ROUNDS: usize = 16;

impl Salvage<'_> {
    /// Returns, per client, the first clock at which these blocks and a document hold different operations.
    pub fn forks(&self, of: &Update<'_, Checked>) -> Clocks {
        self.update().forks(of).map(|id| (id.client, id.clock)).collect()
    }

    /// Returns an update of all that can join `base`, which must be a whole state, or `None` if that is
    /// nothing. It is valid, ready and fitting, and does not fork from `base`.
    ///
    /// From damaged bytes it takes only what `base` lacks, and only those deletions that still show what they
    /// deleted: a collected range proves nothing there, and would delete content in others.
    pub fn joining<'r>(
        &self,
        base: &Update<'_, Checked>,
        expected: impl Into<Expected<'r>>,
    ) -> Option<Vec<u8>> {
        self.joining_at(base, &base.version(), expected.into())
    }

    /// Like [`Salvage::joining`], for a base whose version is known.
    pub fn joining_at(
        &self,
        base: &Update<'_, Checked>,
        version: &Version,
        expected: Expected<'_>,
    ) -> Option<Vec<u8>> {
        let have = &version.clocks;
        let mut limits: Vec<u32> = self.update().clients.iter().map(|client| client.end).collect();
        for _ in 0..ROUNDS {
            let reached = self.complete(have, &limits);
            let bytes = self.write(&reached, have);
            let disagree = match Update::walk(&bytes).ok()?.check(expected) {
                Err(_) => Update::walk(&bytes).ok()?.faults(None, expected),
                Ok(update) if update.fits(base).is_err() => {
                    update.faults(Some(base), unnamed(expected))
                }
                Ok(update) => match self.contradicting(&update, base, version) {
                    some if !some.is_empty() => some,
                    _ => match faults_of_news(&update, have, expected)? {
                        none if none.is_empty() => return self.finish(&update, version),
                        some => some,
                    },
                },
            };
            if !self.leave_out(&disagree, &mut limits) {
                return None;
            }
        }
        None
    }

    /// Returns what a valid and fitting update and `base` hold differently, and what one of them collected
    /// too early. From damaged bytes only what `base` lacks is taken, so their collected units count only in
    /// a root.
    fn contradicting(
        &self,
        update: &Update<'_, Checked>,
        base: &Update<'_, Checked>,
        version: &Version,
    ) -> Vec<Id> {
        let mut deletes = version.deletes.clone();
        deletes.union(&update.version().deletes);
        let alive = update.all_alive(base, &deletes).into_iter().filter_map(|alive| match alive {
            Alive::InRoot(id) => Some(id),
            Alive::Inside(id) => self.fault.is_none().then_some(id),
        });
        update.forks(base).chain(alive).collect()
    }

    /// Ends each client before the first of its units listed. Returns false if that shortens none.
    fn leave_out(&self, units: &[Id], limits: &mut [u32]) -> bool {
        let mut some = false;
        for unit in units {
            let at = self.update().client_index(unit.client);
            if let Some(limit) = at.and_then(|at| limits.get_mut(at)).filter(|l| **l > unit.clock) {
                *limit = unit.clock;
                some = true;
            }
        }
        some
    }

    fn finish(&self, update: &Update<'_, Checked>, base: &Version) -> Option<Vec<u8>> {
        if base.holds(&update.version()) {
            return None;
        }
        let bytes = match self.fault {
            Some(_) => update.trim(&base.clocks),
            None => update.bytes().to_vec(),
        };
        let left = Update::walk(&bytes).ok()?;
        (!base.holds(&left.version())).then_some(bytes)
    }
}

/// The expectations for bytes that join a document, which already knows its roots' types.
fn unnamed(expected: Expected<'_>) -> Expected<'_> {
    if expected.is_anything() { expected } else { Expected::Roots(&[]) }
}

/// Returns where the part of a valid update that a receiver lacks breaks a rule by itself: what it refers to
/// may be collected at the receiver, which that part does not show.
fn faults_of_news(
    update: &Update<'_, Checked>,
    have: &Clocks,
    expected: Expected<'_>,
) -> Option<Vec<Id>> {
    match update.news(|client| have.get(&client).copied().unwrap_or(0)) {
        Cow::Borrowed(_) => Some(Vec::new()),
        Cow::Owned(news) => Some(Update::walk(&news).ok()?.faults(None, expected)),
    }
}

//! How much of a document a replica has.

use super::block::Clocks;
use super::deletes::DeleteSet;

/// What a document holds: the clocks it has, and what of it is deleted. Two replicas with equal versions hold
/// the same content, unless one of them forked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Version {
    /// For each client the clock after its last unit: the state vector.
    pub clocks: Clocks,
    /// Every deleted unit, including collected ones.
    pub deletes: DeleteSet,
}

impl Version {
    /// Adds what another version holds.
    pub fn unite(&mut self, other: Version) {
        self.deletes.union(&other.deletes);
        raise(&mut self.clocks, &other.clocks);
    }

    /// Whether this version includes all of another.
    pub fn holds(&self, other: &Version) -> bool {
        let reached =
            |client: &u64, clock: &u32| self.clocks.get(client).is_some_and(|c| c >= clock);
        other.clocks.iter().all(|(client, clock)| reached(client, clock))
            && self.deletes.covers(&other.deletes)
    }
}

/// Merges the clocks of another state vector.
pub fn raise(clocks: &mut Clocks, others: &Clocks) {
    for (client, clock) in others {
        let known = clocks.entry(*client).or_insert(0);
        *known = (*known).max(*clock);
    }
}

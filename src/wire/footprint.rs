//! The parts of a state that an update touches, without being part of it.

use super::segments::Deletions;
use super::{BlockKind, DeleteSet, Id, IdSet, Parent, Update};
use std::collections::BTreeSet;
use std::ops::Range;

/// The parts of a state that an update changes, or has to be compared with.
#[derive(Debug, Default)]
pub struct Footprint<'a> {
    /// Roots, each with the key there; without one in a root that is a sequence.
    pub keys: BTreeSet<(&'a str, Option<&'a str>)>,
    /// Units of the state: those that blocks of the update are beside or in, those that both hold, and those
    /// that the update deletes and the state does not.
    pub units: IdSet,
}

impl<'a, S> Update<'a, S> {
    /// Returns what it touches in a state that has reached these clocks and deleted these units; `None` if
    /// those cannot be read. The places of its blocks are given as far as the update tells them: by the name
    /// of a root, or by a unit of the state.
    pub fn footprint(
        &self,
        reached: impl Fn(u64) -> u32,
        deleted: &impl Deletions,
    ) -> Option<Footprint<'a>> {
        let mut keys = BTreeSet::new();
        let mut units: Vec<(u64, Range<u32>)> = Vec::new();
        let unit = |id: Id| (id.client, id.clock..id.clock.saturating_add(1));
        for (client, blocks) in self.clients() {
            for block in blocks.iter().filter(|block| block.kind != BlockKind::Skip) {
                units.push((client, block.clock..block.next_clock().min(reached(client))));
                let header = self.header(block);
                if let Some(Parent::Root(root)) = header.parent {
                    keys.insert((root, header.key));
                }
                let references = header.references();
                units.extend(references.filter(|id| id.clock < reached(id.client)).map(unit));
            }
        }
        // Other programs send, with any new content, all that was ever deleted.
        let (mut deletes, mut known) = (self.deletes.clone(), Vec::new());
        for (client, clocks) in self.deletes.iter() {
            known.extend(deleted.within(client, clocks)?.into_iter().map(|range| (client, range)));
        }
        deletes.subtract(&DeleteSet::of_ranges(known));
        units.extend(
            deletes.iter().map(|(client, of)| (client, of.start..of.end.min(reached(client)))),
        );
        units.retain(|(_, range)| !range.is_empty());
        units.sort_unstable_by_key(|(client, range)| (*client, range.start));
        let mut set = IdSet::default();
        units.into_iter().for_each(|(client, range)| set.insert(client, range));
        Some(Footprint { keys, units: set })
    }
}

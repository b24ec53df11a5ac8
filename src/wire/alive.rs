//! Units collected on one side that still exist on the other.
//!
//! A replica collects the content of a container once the container is deleted, and only then. So a unit that
//! one side has as GC, while the other shows where it is, tells that its container is deleted. If nobody has
//! deleted that yet, the deletion is still on its way; a root cannot be deleted.

use super::{Block, BlockKind, Checked, Client, DeleteSet, Id, Owner, SlotRef, Update};
use std::collections::HashMap;

/// The place of a unit that is collected on the other side, though nobody deletes its container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alive {
    /// The unit is in a root: no honest replica collects it.
    InRoot(Id),
    /// It is in a container that can be deleted.
    Inside(Id),
}

impl Update<'_, Checked> {
    /// Returns a unit that either this update or `base`, a whole state, has as collected, while the other
    /// shows it in a container not in `deletes`, which holds all known deletions including those of the two.
    /// Returns the first such unit in a root, else the first of all. Linear in the overlap.
    pub fn collected_alive(
        &self,
        base: &Update<'_, Checked>,
        deletes: &DeleteSet,
    ) -> Option<Alive> {
        let all = self.all_alive(base, deletes);
        all.iter().find(|alive| matches!(alive, Alive::InRoot(_))).or(all.first()).copied()
    }

    /// Returns all such units, one for each block.
    pub(crate) fn all_alive(&self, base: &Update<'_, Checked>, deletes: &DeleteSet) -> Vec<Alive> {
        let mut standing = Vec::new();
        for ours in &self.clients {
            if let Some(theirs) = base.client(ours.id) {
                collected(self, ours, base, theirs, |block, id| {
                    standing.push((BlockSide::Base, block, id));
                });
                collected(base, theirs, self, ours, |block, id| {
                    standing.push((BlockSide::Update, block, id));
                });
            }
        }
        if standing.is_empty() {
            return Vec::new();
        }
        let both = Both { update: self, base, deletes, like: alike(self, base) };
        let mut known = HashMap::new();
        let alive = |(side, block, id)| both.alive(side, block, id, &mut known);
        standing.into_iter().filter_map(alive).collect()
    }
}

impl Update<'_, Checked> {
    /// Returns, per block, whether it is inside something that `deletes` says is deleted, or something gone
    /// from `base`, a whole state.
    pub(crate) fn buried(&self, base: &Update<'_, Checked>, deletes: &DeleteSet) -> Vec<bool> {
        let both = Both { update: self, base, deletes, like: alike(self, base) };
        let id = Id { client: 0, clock: 0 };
        let mut known = HashMap::new();
        (0..self.blocks.len())
            .map(|block| both.alive(BlockSide::Update, block, id, &mut known).is_none())
            .collect()
    }
}

/// Reports every block of one update that has a place while the other has some of its units as GC, with the
/// first of these.
fn collected<A, B>(
    gone: &Update<'_, A>,
    of_gone: &Client,
    there: &Update<'_, B>,
    of_there: &Client,
    mut found: impl FnMut(usize, Id),
) {
    let clocks = of_gone.first.max(of_there.first)..of_gone.end.min(of_there.end);
    let within = gone.blocks_within(of_gone.blocks.clone(), clocks.clone());
    let gone = gone.blocks.get(within).unwrap_or(&[]);
    let mut gone = gone.iter().filter(|block| block.kind == BlockKind::Gc).peekable();
    for index in there.blocks_within(of_there.blocks.clone(), clocks) {
        let Some(block) = there.blocks.get(index) else { return };
        while gone.next_if(|gone| gone.next_clock() <= block.clock).is_some() {}
        let Some(gone) = gone.peek() else { return };
        if block.kind != BlockKind::Gc && gone.clock < block.next_clock() {
            found(index, Id { client: of_there.id, clock: gone.clock.max(block.clock) });
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BlockSide {
    Base,
    Update,
}

/// An update and its target document.
struct Both<'b, 'u, 'a> {
    update: &'b Update<'u, Checked>,
    base: &'b Update<'a, Checked>,
    deletes: &'b DeleteSet,
    /// Per block of the update that does not show its own place: a block in the same place.
    like: Vec<Option<(BlockSide, usize)>>,
}

/// Where something is.
enum Enclosing {
    Root,
    In(Id),
    /// Inside something that is gone, or at an unknown place.
    Gone,
}

impl Both<'_, '_, '_> {
    /// `known` caches which containers are gone.
    fn alive(
        &self,
        side: BlockSide,
        block: usize,
        id: Id,
        known: &mut HashMap<Id, bool>,
    ) -> Option<Alive> {
        let (mut side, mut block) = (side, block);
        let mut above = Vec::new();
        let is_gone = loop {
            let container = match self.place(side, block) {
                Enclosing::Gone => break true,
                Enclosing::Root if above.is_empty() => return Some(Alive::InRoot(id)),
                Enclosing::Root => break false,
                Enclosing::In(container) => container,
            };
            if let Some(is_gone) = known.get(&container) {
                break *is_gone;
            }
            if self.deletes.contains(container) {
                break true;
            }
            // If the loop comes here again, the container is in no root.
            known.insert(container, false);
            above.push(container);
            (side, block) = match (self.base.find(container), self.update.find(container)) {
                (Some(block), _) => (BlockSide::Base, block),
                (None, Some(block)) => (BlockSide::Update, block),
                (None, None) => break false,
            };
        };
        known.extend(above.into_iter().map(|container| (container, is_gone)));
        (!is_gone).then_some(Alive::Inside(id))
    }

    fn place(&self, side: BlockSide, block: usize) -> Enclosing {
        let place = match side {
            BlockSide::Base => self.base.placed(block),
            BlockSide::Update => self.update.placed(block).or_else(|| match self.like.get(block) {
                Some(Some((BlockSide::Base, like))) => self.base.placed(*like),
                Some(Some((BlockSide::Update, like))) => self.update.placed(*like),
                _ => None,
            }),
        };
        place.unwrap_or(Enclosing::Gone)
    }
}

impl Update<'_, Checked> {
    /// Returns the place of a block, as far as the update itself shows it.
    fn placed(&self, block: usize) -> Option<Enclosing> {
        match self.facts.standing(block) {
            SlotRef::Open => None,
            SlotRef::Gone => Some(Enclosing::Gone),
            SlotRef::Slot(_) => Some(match self.facts.slot_of(block)?.owner {
                Owner::Root(_) => Enclosing::Root,
                Owner::Item { id, .. } => Enclosing::In(id),
            }),
        }
    }
}

/// For each block whose place follows from an origin outside the update: that origin, or a block that leads
/// to it.
fn alike(
    update: &Update<'_, Checked>,
    base: &Update<'_, Checked>,
) -> Vec<Option<(BlockSide, usize)>> {
    let mut like = vec![None; update.blocks.len()];
    let stands = |block: &Block| block.kind != BlockKind::Gc;
    for index in update.facts.order.iter().map(|index| *index as usize) {
        let Some(block) = update.blocks.get(index).filter(|block| stands(block)) else { continue };
        if update.facts.standing(index) != SlotRef::Open {
            continue;
        }
        let (left, right) = update.origins(block);
        let found = [left, right].into_iter().flatten().find_map(|origin| {
            let in_base = base.find(origin).filter(|at| base.blocks.get(*at).is_some_and(stands));
            in_base.map(|at| (BlockSide::Base, at)).or_else(|| {
                let at = update.find(origin)?;
                update.blocks.get(at).filter(|block| stands(block))?;
                like.get(at).copied().flatten().or(Some((BlockSide::Update, at)))
            })
        });
        if let Some(entry) = like.get_mut(index) {
            *entry = found;
        }
    }
    like
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::testing::{random_world, state};
    use crate::wire::Unchecked;

    /// What [`collected`] finds, by a look at each unit.
    fn by_units(
        gone: &Update<'_, Unchecked>,
        there: &Update<'_, Unchecked>,
        of_there: &Client,
    ) -> Vec<(usize, Id)> {
        let is_collected = |id: &Id| gone.block(*id).is_some_and(|b| b.kind == BlockKind::Gc);
        let find = |index: usize| {
            let block = there.blocks.get(index).filter(|block| block.kind != BlockKind::Gc)?;
            let unit = |clock| Id { client: of_there.id, clock };
            let id = (block.clock..block.next_clock()).map(unit).find(is_collected)?;
            Some((index, id))
        };
        of_there.blocks.clone().filter_map(find).collect()
    }

    #[test]
    fn what_was_collected_is_found_wherever_two_updates_overlap() {
        let (mut found_some, mut found_none) = (0, 0);
        for seed in 0..300 {
            let (_, world) = random_world(seed, 80);
            let all = state(&world.all());
            let all = Update::walk(&all).unwrap();
            let states: Vec<Vec<u8>> = world.docs.iter().map(state).collect();
            for bytes in world.updates.iter().chain(&states) {
                let update = Update::walk(bytes).unwrap();
                for ours in &update.clients {
                    let theirs = all.client(ours.id).unwrap();
                    for (gone, of_gone, there, of_there) in
                        [(&update, ours, &all, theirs), (&all, theirs, &update, ours)]
                    {
                        let mut found = Vec::new();
                        collected(gone, of_gone, there, of_there, |index, id| {
                            found.push((index, id));
                        });
                        assert_eq!(found, by_units(gone, there, of_there), "seed {seed}");
                        *if found.is_empty() { &mut found_none } else { &mut found_some } += 1;
                    }
                }
            }
        }
        assert!(found_some > 100 && found_none > 100, "{found_some} {found_none}");
    }
}

//! Origins that contradict each other.
//!
//! A run is what a reader may join into one block: consecutive units with the same right origin. Where it is
//! cut again depends on who looks for which of its units, and when; so an item whose origins depend on such a
//! cut ends up elsewhere each time yrs or Yjs loads it.
//!
//! Also, a sequence is a tree: the items written after a unit follow it, before anything that was not. An
//! item whose right origin is far down among what follows its left origin may end up inside that subtree,
//! where it does not belong. Concurrent writes there then end up on either side of it, unpredictably.

use super::check::Checker;
use crate::wire::{
    Block, BlockKind, Client, Fault, Forest, Header, Id, LineageNode, Update, WayDown,
};

impl<S> Checker<'_, '_, S> {
    /// Refuses an item whose right origin is before the left one inside one run: yrs and Yjs, when they look
    /// for the right one, cut the block that they hold for the left one. Undo writes crossing origins, and no
    /// reader minds as long as the two can never be in one block; and deleted items are never shown.
    ///
    /// Also refuses an item that ends up in another one's part of the tree, deleted or not: anything written
    /// beside it, by a program that shows it, would be such an item too.
    pub(super) fn check_origins(
        &mut self,
        index: usize,
        of: &Client,
        block: &Block,
        header: &Header<'_, [u8]>,
    ) -> Result<(), Fault> {
        if let Some(left) = header.left
            && let Some(before) = block.clock.checked_sub(1)
            && left == (Id { client: of.id, clock: before })
            && let Some((start, right)) = self.chain_of(index, of, left)
            // Blocks with other right origins are never joined.
            && right == header.right
            && let Some(entry) = self.facts.chain.get_mut(index)
        {
            *entry = start;
        }
        self.descend(index, of, block, header);
        let Some(right) = header.right else { return Ok(()) };
        if header.left.is_some_and(|left| self.is_inside_run(index, of, left, right)) {
            if !self.dead(block, of) {
                let reason = "the origins of an item cross inside one run";
                return Err(block.fault("crossing", reason));
            }
            self.facts.crosses = true;
        } else if self.is_astray(index, of, header.left, right) {
            let reason = "an item ends up among the items that follow another one";
            return Err(block.fault("crossing", reason));
        }
        Ok(())
    }

    /// Whether the right origin is in the run of the left one, at or before it, and not the run's first unit.
    fn is_inside_run(&self, index: usize, of: &Client, left: Id, right: Id) -> bool {
        left.client == right.client
            && right.clock <= left.clock
            && self.chain_of(index, of, left).is_some_and(|(start, _)| start < right.clock)
    }

    /// Whether an item ends up among the items that follow a neighbour of its own, on the way down to its
    /// right origin: readers let it pass a neighbour with a lower client, and stop at the right origin.
    /// Neighbours are never that far apart, except before items that cross inside a run, whose place varies;
    /// and an undo writes such origins around what it restores, by the same client.
    fn is_astray(&self, index: usize, of: &Client, left: Option<Id>, right: Id) -> bool {
        let (Some(anchor), behind) = self.origins_of(index, of, right) else { return false };
        if behind.is_some_and(|behind| self.is_inside_run(index, of, anchor, behind)) {
            return false;
        }
        let passed =
            if left == Some(anchor) { None } else { self.first_client(index, of, left, anchor) };
        passed.is_some_and(|client| client < of.id)
    }

    /// Returns the origins of the unit with this id; the right one only for the first unit of a block. None
    /// for collected units.
    fn origins_of(&self, index: usize, of: &Client, id: Id) -> (Option<Id>, Option<Id>) {
        if let Some(base) = self.base
            && let Some(index) = base.find(id)
        {
            return origins_at(base, index, id);
        }
        let index = self.update.find_before(index, of, id);
        index.map_or((None, None), |index| origins_at(self.update, index, id))
    }

    /// Returns where the run of the unit with this id begins, and the right origin of the whole run; unknown
    /// for collected units.
    fn chain_of(&self, index: usize, of: &Client, id: Id) -> Option<(u32, Option<Id>)> {
        if let Some(base) = self.base
            && let Some(index) = base.find(id)
        {
            return chain_at(base, &base.facts().chain, index);
        }
        let index = self.update.find_before(index, of, id)?;
        chain_at(self.update, &self.facts.chain, index)
    }

    /// Records a block below its left origin, which is settled, in the tree.
    fn descend(&mut self, index: usize, of: &Client, block: &Block, header: &Header<'_, [u8]>) {
        // The part of a block that the document lacks follows the part it has.
        let left = self.known_part(of, block).or(header.left);
        if left.is_none() && header.key.is_some() {
            return;
        }
        let above = left.and_then(|left| Some((self.locate(index, of, left)?, left.clock)));
        let below = above.and_then(|(above, behind)| self.forest().below(of.id, above, behind));
        let own = (self.forest().before_own() + index) as u32;
        let known = left.is_none() && block.kind != BlockKind::Gc;
        let client = Some(of.id);
        let alone = LineageNode { client, above: own, behind: 0, jump: own, depth: 0, known };
        self.facts.lineage.set(index, below.unwrap_or(alone));
    }

    /// Returns the client of the first unit on the way down from one unit, or from the beginning, to another.
    /// `None` if the other does not follow it, or that is not known.
    fn first_client(&self, index: usize, of: &Client, from: Option<Id>, to: Id) -> Option<u64> {
        let locate = |id: Id| Some((self.locate(index, of, id)?, id.clock));
        let to = locate(to)?;
        let way = match from {
            Some(from) => self.forest().way_down(Some(locate(from)?), to)?,
            None => self.forest().way_down(None, to)?,
        };
        match way {
            WayDown::Next => from.map(|from| from.client),
            WayDown::Client(client) => Some(client),
        }
    }

    fn forest(&self) -> Forest<'_> {
        let base = self.base.map(|base| &base.facts().lineage);
        Forest { base, own: &self.facts.lineage }
    }

    /// Returns the block of a unit. As in yrs, the document's copy takes precedence.
    fn locate(&self, index: usize, of: &Client, id: Id) -> Option<u32> {
        if let Some(at) = self.base.and_then(|base| base.find(id)) {
            return Some(at as u32);
        }
        let at = self.update.find_before(index, of, id)?;
        Some((self.forest().before_own() + at) as u32)
    }
}

fn chain_at<S>(update: &Update<'_, S>, chain: &[u32], index: usize) -> Option<(u32, Option<Id>)> {
    let block = update.blocks.get(index).filter(|block| block.kind != BlockKind::Gc)?;
    Some((chain.get(index).copied()?, update.origins(block).1))
}

fn origins_at<S>(update: &Update<'_, S>, index: usize, id: Id) -> (Option<Id>, Option<Id>) {
    let block = update.blocks.get(index).filter(|block| block.kind != BlockKind::Gc);
    let Some(block) = block else { return (None, None) };
    match id.clock.checked_sub(1) {
        Some(clock) if block.clock < id.clock => (Some(Id { clock, ..id }), None),
        _ => update.origins(block),
    }
}

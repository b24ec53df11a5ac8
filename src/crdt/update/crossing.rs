//! Origins that contradict each other inside one run.
//!
//! A run is what a reader may join to one block: units that follow each other, with one right
//! origin. Where it is cut again depends on who looks for which of its units, and when; so an item
//! whose origins tell such a cut stands elsewhere each time yrs or Yjs loads it.

use super::check::{Checker, fault};
use super::{Block, Client, Fault, Header, Id, Kind, Update};

impl<S> Checker<'_, '_, S> {
    /// Refuses an item whose right origin stands before the left one inside one run: yrs and Yjs
    /// cut the block that they hold for the left one when they look for the right one. And an item
    /// whose right origin stands behind later units of the left one's run: what comes of the run
    /// after these stands before or behind the item, as it was cut before or not. To undo writes
    /// origins that cross, and no reader minds, as long as the two can never be in one block. What
    /// is deleted shows nowhere.
    pub(super) fn check_origins(
        &mut self,
        index: usize,
        of: &Client,
        block: &Block,
        header: &Header<'_>,
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
        let (Some(left), Some(right)) = (header.left, header.right) else { return Ok(()) };
        let reason = if self.is_inside_run(index, of, left, right) {
            "the origins of an item cross inside one run"
        } else if self.is_around_run(index, of, left, right) {
            "more of one run stands between the origins of an item"
        } else {
            return Ok(());
        };
        if !self.dead(block, of) {
            return Err(fault(block, "crossing", reason));
        }
        self.facts.crosses = true;
        Ok(())
    }

    /// Whether the right origin is in the run of the left one, before it or the same, and not the
    /// first of it.
    fn is_inside_run(&self, index: usize, of: &Client, left: Id, right: Id) -> bool {
        left.client == right.client
            && right.clock <= left.clock
            && self.chain_of(index, of, left).is_some_and(|(start, _)| start < right.clock)
    }

    /// Whether the right origin was put behind a later unit of the run that the left one is in,
    /// and is none of that run itself: whoever has that has all of the run before it.
    fn is_around_run(&self, index: usize, of: &Client, left: Id, right: Id) -> bool {
        let in_run = |id: Id| {
            id.client == left.client
                && left.clock < id.clock
                && self.chain_of(index, of, id).is_some_and(|(start, _)| start <= left.clock)
        };
        self.left_of(index, of, right).is_some_and(in_run) && !in_run(right)
    }

    /// The left origin of the unit with this id; unknown for what is collected.
    fn left_of(&self, index: usize, of: &Client, id: Id) -> Option<Id> {
        if let Some(base) = self.base
            && let Some(index) = base.find(id)
        {
            return left_at(base, index, id);
        }
        left_at(self.update, self.before(index, of, id).or_else(|| self.update.find(id))?, id)
    }

    /// Where the run of the unit with this id begins, and the right origin of all of it; unknown
    /// for what is collected.
    fn chain_of(&self, index: usize, of: &Client, id: Id) -> Option<(u32, Option<Id>)> {
        if let Some(base) = self.base
            && let Some(index) = base.find(id)
        {
            return chain_at(base, &base.facts.chain, index);
        }
        let index = self.before(index, of, id).or_else(|| self.update.find(id))?;
        chain_at(self.update, &self.facts.chain, index)
    }
}

fn chain_at<S>(update: &Update<'_, S>, chain: &[u32], index: usize) -> Option<(u32, Option<Id>)> {
    let block = update.blocks.get(index).filter(|block| block.kind != Kind::Gc)?;
    Some((chain.get(index).copied()?, update.origins(block).1))
}

fn left_at<S>(update: &Update<'_, S>, index: usize, id: Id) -> Option<Id> {
    let block = update.blocks.get(index).filter(|block| block.kind != Kind::Gc)?;
    match id.clock.checked_sub(1) {
        Some(clock) if block.clock < id.clock => Some(Id { clock, ..id }),
        _ => update.origins(block).0,
    }
}

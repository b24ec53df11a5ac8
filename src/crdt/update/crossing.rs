//! Origins that contradict each other.
//!
//! A run is what a reader may join to one block: units that follow each other, with one right
//! origin. Where it is cut again depends on who looks for which of its units, and when; so an item
//! whose origins tell such a cut stands elsewhere each time yrs or Yjs loads it. So does one whose
//! origins were never neighbours: what was written between them at once is on either side of it.

use super::check::{Checker, fault};
use super::{Block, Client, Fault, Header, Id, Kind, Update};

/// So many left origins are followed from an item to what its right origin was put behind. Of most
/// it is one or two.
const ANCESTORS: usize = 64;

impl<S> Checker<'_, '_, S> {
    /// Refuses an item whose right origin stands before the left one inside one run: yrs and Yjs
    /// cut the block that they hold for the left one when they look for the right one. And an item
    /// whose right origin was put behind something that the left one does not stand behind. To undo
    /// writes origins that cross, and no reader minds, as long as the two can never be in one
    /// block. What is deleted shows nowhere.
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
        let Some(right) = header.right else { return Ok(()) };
        let reason = if header.left.is_some_and(|left| self.is_inside_run(index, of, left, right)) {
            "the origins of an item cross inside one run"
        } else if self.is_apart(index, of, header.left, right) {
            "something stands between the origins of an item that was there before it"
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

    /// Whether the right origin was put behind a unit that the left one does not stand behind: the
    /// two were never neighbours, with nothing between them. What was written behind the same unit
    /// at once then stands on this side of the item or on that one, as it comes.
    fn is_apart(&self, index: usize, of: &Client, left: Option<Id>, right: Id) -> bool {
        // Whoever has the right one has all of its run before it.
        let Some((begin, _)) = self.chain_of(index, of, right) else { return false };
        let begin = Id { clock: begin, ..right };
        let Some(Some(anchor)) = self.origin_of(index, of, begin) else { return false };
        let mut at = left;
        for _ in 0..ANCESTORS {
            // Of the left origins one leads to the other, back to the beginning.
            let Some(unit) = at else { return true };
            let Some((start, _)) = self.chain_of(index, of, unit) else { return false };
            if unit.client == anchor.client && (start..=unit.clock).contains(&anchor.clock) {
                return false;
            }
            at = match self.origin_of(index, of, Id { clock: start, ..unit }) {
                Some(left) => left,
                None => return false,
            };
        }
        false
    }

    /// The left origin of the unit with this id, if any; unknown for what is collected.
    fn origin_of(&self, index: usize, of: &Client, id: Id) -> Option<Option<Id>> {
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

fn left_at<S>(update: &Update<'_, S>, index: usize, id: Id) -> Option<Option<Id>> {
    let block = update.blocks.get(index).filter(|block| block.kind != Kind::Gc)?;
    match id.clock.checked_sub(1) {
        Some(clock) if block.clock < id.clock => Some(Some(Id { clock, ..id })),
        _ => Some(update.origins(block).0),
    }
}

//! What follows what, and what overwrote what: left origins, which form a tree of the units of each sequence,
//! and a chain under each key.
//!
//! The way up is as long as the number of writes to a register, or of turns in which a text was typed, and
//! one merge follows many such ways. Each block knows its depth and one block far above it (the skew-binary
//! jump pointers of Myers), so that a query takes the logarithm of the way.

use super::facts::{Lineage, LineageNode};
use super::{Block, Checked, Id, Update};
use std::collections::HashMap;

/// The blocks of an update, after those of its target document.
pub(crate) struct Forest<'f> {
    pub(crate) base: Option<&'f Lineage>,
    pub(crate) own: &'f Lineage,
}

/// Where a way down begins.
pub(crate) enum WayDown {
    /// At the next unit of the same block.
    Next,
    /// At the first unit of a block of this client.
    Client(u64),
}

impl Forest<'_> {
    /// How many blocks the target document has.
    pub(crate) fn before_own(&self) -> usize {
        self.base.map_or(0, Lineage::len)
    }

    fn node(&self, at: u32) -> Option<LineageNode> {
        match (at as usize).checked_sub(self.before_own()) {
            Some(own) => self.own.get(own, at),
            None => self.base?.get(at as usize, at),
        }
    }

    /// Returns the node of a block whose left origin is unit `behind` of block `above`.
    pub(crate) fn below(&self, client: u64, above: u32, behind: u32) -> Option<LineageNode> {
        let over = self.node(above)?;
        let far = self.node(over.jump)?;
        let farther = self.node(far.jump)?;
        let even = over.depth.checked_sub(far.depth) == far.depth.checked_sub(farther.depth);
        let jump = if even { far.jump } else { above };
        let depth = over.depth.saturating_add(1);
        Some(LineageNode { client: Some(client), above, behind, jump, depth, known: over.known })
    }

    /// Returns the block on the way up that has this depth.
    fn at_depth(&self, block: u32, depth: u32) -> Option<LineageNode> {
        let mut at = block;
        loop {
            let node = self.node(at)?;
            if node.depth <= depth {
                return (node.depth == depth).then_some(node);
            }
            let far = self.node(node.jump)?;
            at = if far.depth >= depth { node.jump } else { node.above };
        }
    }

    /// Returns the way down from one unit, or from the beginning, to another; units are given by block and
    /// clock. `None` if the other does not follow it, or that is not known; under a key also from the
    /// beginning.
    pub(crate) fn way_down(&self, from: Option<(u32, u32)>, to: (u32, u32)) -> Option<WayDown> {
        let Some((top, clock)) = from else {
            let first = self.at_depth(to.0, 0).filter(|node| node.known)?;
            return first.client.map(WayDown::Client);
        };
        if top == to.0 {
            return (clock < to.1).then_some(WayDown::Next);
        }
        let node = self.at_depth(to.0, self.node(top)?.depth.checked_add(1)?)?;
        match node.behind.checked_sub(clock).filter(|_| node.above == top)? {
            0 => node.client.map(WayDown::Client),
            _ => Some(WayDown::Next),
        }
    }
}

impl Update<'_, Checked> {
    /// Whether one item is among the left origins of another: what it overwrote, what that overwrote, and so
    /// on.
    pub fn is_behind(&self, later: Id, earlier: Id) -> bool {
        let forest = Forest { base: None, own: &self.facts.lineage };
        let locate = |id: Id| Some((self.find(id)? as u32, id.clock));
        let (Some(later), Some(earlier)) = (locate(later), locate(earlier)) else { return false };
        forest.way_down(Some(earlier), later).is_some()
    }

    /// Returns the unit, dead or alive, directly before each of these, where that is certain, because nothing
    /// else was ever inserted after that unit.
    pub fn neighbours(&self, units: impl Iterator<Item = Id>) -> HashMap<Id, Id> {
        if self.crosses() {
            return HashMap::new();
        }
        let left = |unit: Id| Some((unit, self.left_origin(unit)?));
        let mut neighbours: HashMap<Id, Id> = units.filter_map(left).collect();
        let mut behind: HashMap<Id, u32> = neighbours.values().map(|left| (*left, 0)).collect();
        for (left, count) in &mut behind {
            let goes_on = |block: &Block| left.clock.saturating_add(1) < block.next_clock();
            *count += u32::from(self.block(*left).is_some_and(goes_on));
        }
        for block in &self.blocks {
            if let Some(count) = self.origins(block).0.and_then(|left| behind.get_mut(&left)) {
                *count = count.saturating_add(1);
            }
        }
        neighbours.retain(|_, left| behind.get(left) == Some(&1));
        neighbours
    }
}

/// Everything that some items overwrote.
pub struct Origins {
    /// By block, the clock before which all its units are included.
    passed: HashMap<usize, u32>,
}

impl Origins {
    /// Collects the origins of the items; linear in their chains, however many items share one.
    pub fn of(update: &Update<'_, Checked>, items: impl Iterator<Item = Id>) -> Origins {
        let mut passed: HashMap<usize, u32> = HashMap::new();
        for id in items {
            // Within a block each unit overwrote the one before it.
            let mut next = update.find(id).zip(Some(id.clock));
            while let Some((at, end)) = next.take() {
                let first = !passed.contains_key(&at);
                let reached = passed.entry(at).or_insert(0);
                *reached = end.max(*reached);
                if let (true, Some(block)) = (first, update.blocks.get(at))
                    && let Some(origin) = update.origins(block).0
                {
                    next = update.find(origin).zip(origin.clock.checked_add(1));
                }
            }
        }
        Origins { passed }
    }

    /// Whether one of the items overwrote this one; no item overwrites itself. `update` must be the one in
    /// which the chains were followed.
    pub fn contains(&self, update: &Update<'_, Checked>, id: Id) -> bool {
        let end = update.find(id).and_then(|block| self.passed.get(&block));
        end.is_some_and(|end| id.clock < *end)
    }
}

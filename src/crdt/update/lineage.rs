//! What was written over what: the chains of left origins, at hand for any two items.
//!
//! A chain is as long as a register was written to, and one merge asks for many of them. Each block
//! knows its depth and one block far above it (the skew-binary jump pointers of Myers), so that a
//! question takes the logarithm of the chain.

use super::{Checked, Id, Update};
use std::collections::HashMap;

/// No block above.
const NONE: u32 = u32::MAX;

/// The left origins of a whole state.
pub struct Lineage {
    /// Per block.
    nodes: Vec<LineageNode>,
}

#[derive(Clone, Copy)]
struct LineageNode {
    /// The block of its left origin.
    above: u32,
    /// A block on the way to the top of the chain; itself there.
    jump: u32,
    /// Blocks above it.
    depth: u32,
}

impl Lineage {
    /// Linear in the blocks.
    pub fn of(update: &Update<'_, Checked>) -> Lineage {
        let alone = |block: usize| LineageNode { above: NONE, jump: block as u32, depth: 0 };
        let mut lineage = Lineage { nodes: (0..update.blocks.len()).map(alone).collect() };
        // Origins come before what was written over them in this order.
        for block in update.facts.order.iter().map(|block| *block as usize) {
            let origin = update.blocks.get(block).and_then(|block| update.origins(block).0);
            if let Some(above) = origin.and_then(|origin| update.find(origin))
                && let Some(node) = lineage.below(above)
                && let Some(entry) = lineage.nodes.get_mut(block)
            {
                *entry = node;
            }
        }
        lineage
    }

    /// What a block is whose left origin is in this one.
    fn below(&self, above: usize) -> Option<LineageNode> {
        let over = self.nodes.get(above)?;
        let far = self.nodes.get(over.jump as usize)?;
        let farther = self.nodes.get(far.jump as usize)?;
        let even = over.depth - far.depth == far.depth - farther.depth;
        let jump = if even { far.jump } else { above as u32 };
        Some(LineageNode { above: above as u32, jump, depth: over.depth.saturating_add(1) })
    }

    /// Whether one item is among the origins of another: what it was written over, what that was
    /// written over, and so on.
    pub fn follows(&self, update: &Update<'_, Checked>, later: Id, earlier: Id) -> bool {
        let (Some(from), Some(to)) = (update.find(later), update.find(earlier)) else {
            return false;
        };
        if from == to {
            return later.clock > earlier.clock;
        }
        let Some(depth) = self.nodes.get(to).and_then(|node| node.depth.checked_add(1)) else {
            return false;
        };
        // The block below the earlier one says at which of its units the chain comes in.
        let entry = self.at_depth(from, depth).and_then(|block| update.blocks.get(block));
        let origin = entry.and_then(|block| update.origins(block).0);
        origin.is_some_and(|id| id.clock >= earlier.clock && update.find(id) == Some(to))
    }

    /// The block of a chain that has so many above it.
    fn at_depth(&self, block: usize, depth: u32) -> Option<usize> {
        let mut at = block;
        loop {
            let node = self.nodes.get(at)?;
            if node.depth <= depth {
                return (node.depth == depth).then_some(at);
            }
            let far = self.nodes.get(node.jump as usize)?;
            at = if far.depth >= depth { node.jump } else { node.above } as usize;
        }
    }
}

/// Everything that some items were written over.
pub struct Origins {
    /// By block the clock before which all its units are among them.
    passed: HashMap<usize, u32>,
}

impl Origins {
    /// Linear in the chains of the items, however many of them stand in one.
    pub fn of(update: &Update<'_, Checked>, items: impl Iterator<Item = Id>) -> Origins {
        let mut passed: HashMap<usize, u32> = HashMap::new();
        for id in items {
            // Within a block each unit was written over the one before it.
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

    /// Whether one of the items was written over this one; no item counts as written over itself.
    /// `update` must be the one that the chains were followed in.
    pub fn contains(&self, update: &Update<'_, Checked>, id: Id) -> bool {
        let end = update.find(id).and_then(|block| self.passed.get(&block));
        end.is_some_and(|end| id.clock < *end)
    }
}

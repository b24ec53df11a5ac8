//! Paths to blocks, and what belongs to a container.

use super::{Block, BlockKind, Checked, Id, Owner, Update};
use std::collections::HashMap;

/// One step on the way from a root to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// A root's name, or a key in a map.
    Key(&'a str),
    /// An element of a sequence, by its item.
    Element(Id),
}

/// A container, identified in a way that holds in every update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Container<'a> {
    /// The root of this name.
    Root(&'a str),
    /// The container that this item created.
    Item(Id),
}

/// One key of one map: a register.
pub type Register<'a> = (Container<'a>, &'a str);

/// What the blocks of one container take, including everything below it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// How many blocks there are, including its own.
    pub blocks: usize,
    /// The bytes of these blocks, including headers.
    pub bytes: usize,
    /// How many of these bytes remain when the container is deleted: the header of its own item, and a GC
    /// block for each run of the others.
    pub remains: usize,
}

impl<'a> Update<'a, Checked> {
    /// Writes the steps from a root to the place of a block: the root's name and the keys. Elements of a
    /// sequence add no step. Returns false if the path is not known, because a container on it is gone or not
    /// in the update; `path` then has the known end of it.
    pub(crate) fn path(&self, index: usize, path: &mut Vec<&'a str>) -> bool {
        path.clear();
        let mut at = Some(index as u32);
        let mut root = None;
        while let Some(block) = at.take() {
            let Some(slot) = self.facts.slot_of(block as usize) else { break };
            path.extend(self.key(slot));
            match slot.owner {
                Owner::Root(owner) => root = self.facts.roots.get(owner as usize),
                Owner::Item { block, .. } => at = block,
            }
        }
        path.extend(root.map(|root| self.root(root)));
        path.reverse();
        root.is_some()
    }

    /// Returns the bytes taken by the container that this item created. Linear in the blocks.
    pub fn extent(&self, id: Id) -> Extent {
        self.extents(&[id]).pop().unwrap_or_default()
    }

    /// Like [`Update::extent`], for several containers in one pass over the blocks. If one is inside another,
    /// its content counts for the inner one only.
    pub fn extents(&self, ids: &[Id]) -> Vec<Extent> {
        let mut extents = vec![Extent::default(); ids.len()];
        let tops = (0..).zip(ids).filter_map(|(at, id)| Some((self.find(*id)?, at)));
        let tops: HashMap<usize, usize> = tops.collect();
        let mut within: Vec<Option<usize>> = vec![None; self.blocks.len()];
        // Parents come before their children in this order.
        for index in self.facts.order.iter().map(|index| *index as usize) {
            let around = || within.get(self.owner(index)?).copied().flatten();
            let at = tops.get(&index).copied().or_else(around);
            if let Some(entry) = within.get_mut(index) {
                *entry = at;
            }
        }
        for client in &self.clients {
            // A container, and the length of its current run, which becomes one GC block.
            let mut run: Option<(usize, u32)> = None;
            for index in client.blocks.clone() {
                let Some(block) = self.blocks.get(index) else { continue };
                let at = within.get(index).copied().flatten();
                let is_top = tops.contains_key(&index);
                if is_top || run.is_some_and(|(of, _)| at != Some(of)) {
                    collect(&mut extents, run.take());
                }
                let Some(at) = at else { continue };
                let Some(extent) = extents.get_mut(at) else { continue };
                extent.blocks += 1;
                extent.bytes += block.span().len();
                if is_top {
                    // Header and length.
                    extent.remains += block.content_span().start - block.span().start + 1;
                } else {
                    let len = run.map_or(0, |(_, len)| len);
                    run = Some((at, len.saturating_add(block.len)));
                }
            }
            collect(&mut extents, run);
        }
        extents
    }

    /// Returns the register that an item writes, or `None` if it is in a sequence, or its container is gone
    /// or not in the update.
    pub fn register(&self, id: Id) -> Option<Register<'a>> {
        let slot = self.facts.slot_of(self.find(id)?)?;
        let container = match slot.owner {
            Owner::Root(root) => Container::Root(self.root(self.facts.roots.get(root as usize)?)),
            Owner::Item { id, .. } => Container::Item(id),
        };
        Some((container, self.key(slot)?))
    }

    /// Whether an item is known to be in a sequence, even if nothing tells where that is.
    pub fn is_element(&self, id: Id) -> bool {
        let slot = self.find(id).and_then(|index| self.facts.slot_of(index));
        slot.is_some_and(|slot| self.key(slot).is_none())
    }

    /// Whether an item is collected, or in a deleted container: one state of a document may have collected
    /// such an item, another not yet.
    pub fn is_in_what_is_gone(&self, id: Id) -> bool {
        let Some(index) = self.find(id) else { return false };
        match self.facts.slot_of(index).map(|slot| slot.owner) {
            Some(Owner::Item { id, .. }) => self.is_gone(id),
            Some(Owner::Root(_)) => false,
            None => true,
        }
    }

    /// Whether an item is deleted, collected or not.
    pub fn is_gone(&self, id: Id) -> bool {
        let gone = |block: &Block| matches!(block.kind, BlockKind::Gc | BlockKind::Deleted);
        self.delete_set().contains(id) || self.block(id).is_some_and(gone)
    }

    /// Returns the steps from a root to an item, the root's name first, or `None` if the path is not known.
    pub fn steps(&self, id: Id) -> Option<Vec<Step<'a>>> {
        let mut steps = Vec::new();
        let mut at = id;
        loop {
            let slot = self.facts.slot_of(self.find(at)?)?;
            steps.push(self.key(slot).map_or(Step::Element(at), Step::Key));
            match slot.owner {
                Owner::Item { id, .. } => at = id,
                Owner::Root(root) => {
                    let root = self.facts.roots.get(root as usize)?;
                    steps.push(Step::Key(self.root(root)));
                    break;
                }
            }
        }
        steps.reverse();
        Some(steps)
    }

    /// Returns the item that this one overwrote, or was written after.
    pub fn left_origin(&self, id: Id) -> Option<Id> {
        let block = self.block(id)?;
        match id.clock.checked_sub(1) {
            Some(clock) if id.clock > block.clock => Some(Id { clock, ..id }),
            _ => self.origins(block).0,
        }
    }

    /// Returns the block that created the container of a block.
    fn owner(&self, index: usize) -> Option<usize> {
        match self.facts.slot_of(index)?.owner {
            Owner::Item { block: Some(block), .. } => Some(block as usize),
            _ => None,
        }
    }
}

/// Counts the GC block that a run becomes.
fn collect(extents: &mut [Extent], run: Option<(usize, u32)>) {
    if let Some((of, len)) = run
        && let Some(extent) = extents.get_mut(of)
    {
        extent.remains += gc(len);
    }
}

/// Returns the bytes of a GC block of this length; 0 if it is empty.
fn gc(len: u32) -> usize {
    match len {
        0 => 0,
        len => 1 + (u32::BITS - len.leading_zeros()).div_ceil(7) as usize,
    }
}

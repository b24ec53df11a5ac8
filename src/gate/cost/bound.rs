//! What an update costs yrs at most, by a look at it alone.

use super::{COPIES, MOVES, VALUES};
use crate::wire::{Block, BlockKind, Checked, Owner, ParentSlot, SlotRef, Update};

/// The fewest lists that are told apart.
const LEAST_LISTS: usize = 64;

/// What decides how much an update can cost.
#[derive(Default)]
struct CostFactors {
    /// All blocks that are not collected, and the squares of how many of them are in each list, added up.
    items: u64,
    squares: u64,
    /// Places between two units of a block, where it could be cut, and the units of the longest such block.
    seams: u64,
    longest: u64,
    /// Blocks that could be joined with the one before them; and the units of both, if these could be copied
    /// then.
    joints: u64,
    joined: u64,
}

/// Returns a number of steps that a [`super::Rehearsal`] of an update in an empty document does not exceed.
/// Linear in the update, and a tenth of the rehearsal's work; close to what it counts only for records, in
/// which few items share a list.
///
/// Not promised: any bound for an update with items in containers that are collected or not in it; that is
/// `u64::MAX`.
pub fn steps_at_most(update: &Update<'_, Checked>) -> u64 {
    let Some(factors) = CostFactors::at(update) else { return u64::MAX };
    let ranges = update.deletes.iter().count() as u64;
    let blocks = update.blocks.len() as u64;
    // Each item has two origins, and each deletion two ends, where something may be cut.
    let ends = blocks.saturating_add(ranges).saturating_mul(2);
    let cuts = factors.seams.min(ends);
    let fragments = blocks.saturating_add(cuts);
    let cut = 1 + factors.longest / VALUES + 2 * fragments / MOVES;
    // An item is compared with those that stand in its list, and twice a key is walked back to its beginning,
    // four items a step.
    let places = factors.squares.saturating_add(factors.items.saturating_mul(cuts));
    let compared = places.saturating_add(places / 2);
    let deleted = fragments.saturating_add(ranges.saturating_mul(2)) / MOVES;
    let joins = factors.joints.saturating_add(cuts);
    let moved = joins.saturating_mul(1 + fragments / 2 / MOVES);
    let units = factors.joined.saturating_add(if cuts > 0 { factors.longest } else { 0 });
    // A run has at most twice as many parts as joints.
    let copied = joins.saturating_mul(units) / COPIES;
    let of_cuts = cuts.saturating_mul(cut);
    [compared, of_cuts, deleted, moved, copied].into_iter().fold(0, u64::saturating_add)
}

impl CostFactors {
    fn at(update: &Update<'_, Checked>) -> Option<CostFactors> {
        let mut factors = CostFactors::default();
        let facts = update.facts();
        // Lists that share an entry count as one, which is more.
        let mut lists = vec![0u32; update.blocks.len().next_power_of_two().max(LEAST_LISTS)];
        let mask = lists.len().saturating_sub(1);
        for client in &update.clients {
            let mut before: Option<&Block> = None;
            for index in client.blocks.clone() {
                let block = update.blocks.get(index)?;
                let units = u64::from(block.len);
                let before = before.replace(block).filter(|of| of.next_clock() == block.clock);
                let alike = before.filter(|of| of.kind == block.kind);
                if block.kind == BlockKind::Gc {
                    factors.joints += u64::from(alike.is_some());
                    continue;
                }
                let SlotRef::Slot(slot) = facts.standing(index) else { return None };
                let slot = facts.slots.get(slot as usize)?;
                let list = lists.get_mut(hash(update, slot) as usize & mask)?;
                factors.squares += u64::from(*list);
                *list = list.saturating_add(1);
                factors.items += 1;
                if block.len > 1 {
                    factors.seams += units - 1;
                    factors.longest = factors.longest.max(units);
                }
                let chained = facts.chain.get(index).is_none_or(|from| *from < block.clock);
                if before.is_some() && chained {
                    factors.joints += 1;
                    // Of two values of a key the first is deleted, and nothing of it is copied.
                    if let Some(alike) = alike.filter(|_| !slot.is_keyed()) {
                        factors.joined += u64::from(alike.len) + units;
                    }
                }
            }
        }
        Some(factors)
    }
}

/// Mixes owner and key. Whoever makes two lists meet only makes the bound higher.
fn hash(update: &Update<'_, Checked>, slot: &ParentSlot) -> u64 {
    let mix =
        |hash: u64, word: u64| (hash.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let owner = match slot.owner {
        Owner::Root(root) => mix(1, u64::from(root)),
        Owner::Item { id, .. } => mix(mix(2, id.client), u64::from(id.clock)),
    };
    let words = update.key_bytes(slot).unwrap_or_default().chunks(8);
    let mixed = words.fold(owner, |hash, word| {
        mix(
            hash,
            word.iter().fold(word.len() as u64, |joined, byte| joined << 8 | u64::from(*byte)),
        )
    });
    mixed ^ (mixed >> 32)
}

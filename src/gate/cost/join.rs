//! Deletion, and the joining of blocks at the end of a transaction.

use super::{COPIES, Fragment, MOVES, NONE, Rehearsal, Unit};
use crate::wire::BlockKind;
use std::ops::Range;

/// Fragments joined into one.
#[derive(Default)]
struct JoinedRun {
    into: u32,
    parts: u64,
    units: u64,
}

impl Rehearsal {
    pub(super) fn delete(&mut self, line: u32, range: Range<u32>) {
        let live = |this: &Self, clock| {
            let place = this.find(Unit { line, clock })?;
            let fragment = this.fragment(this.at(line, place)?)?;
            (!fragment.dead).then_some(place)
        };
        if live(self, range.start).is_some() {
            self.cut(Unit { line, clock: range.start });
        }
        let last = range.end.saturating_sub(1);
        if live(self, last).is_some_and(|place| {
            let fragment = self.at(line, place).and_then(|index| self.fragment(index));
            fragment.is_some_and(|fragment| fragment.end() > range.end)
        }) {
            self.cut(Unit { line, clock: range.end });
        }
        let Some(from) = self.find(Unit { line, clock: range.start }) else { return };
        let mut place = from;
        while let Some(index) = self.at(line, place)
            && let Some(fragment) = self.piece_mut(index)
            && fragment.at.clock < range.end
        {
            fragment.dead = true;
            place += 1;
        }
        self.steps += (place - from) as u64 / MOVES;
        self.join(line, from..place + 1, true);
    }

    /// Joins adjacent fragments of a line, as yrs does at the end of a transaction: deleted ones pair by
    /// pair, new ones run by run.
    pub(super) fn join(&mut self, line: u32, places: Range<usize>, in_pairs: bool) {
        let len = self.blocks_of(line);
        let end = places.end.min(len);
        let mut kept = places.start;
        let mut run = JoinedRun::default();
        for place in places.start..end {
            let Some(index) = self.at(line, place) else { break };
            let units = self.fragment(index).map_or(0, |fragment| u64::from(fragment.len));
            if run.parts > 0 && self.joins(run.into, index) {
                run.parts += 1;
                run.units += units;
                self.unite(run.into, index);
                continue;
            }
            self.steps += self.joining(&run, len, in_pairs);
            run = JoinedRun { into: index, parts: 1, units };
            if let Some(line) = self.lines.get_mut(line as usize).filter(|_| kept < place) {
                line.fragments.copy_within(place..place + 1, kept);
            }
            kept += 1;
        }
        self.steps += self.joining(&run, len, in_pairs);
        if let Some(line) = self.lines.get_mut(line as usize).filter(|_| kept < end) {
            line.fragments.drain(kept..end);
        }
    }

    /// Returns the steps of joining a run: the end of the line is moved, and each part is copied as many
    /// times as there are parts before it.
    fn joining(&self, run: &JoinedRun, blocks: usize, in_pairs: bool) -> u64 {
        if run.parts < 2 {
            return 0;
        }
        let kind = self.fragment(run.into).map_or(BlockKind::Gc, Fragment::content);
        let each = match kind {
            BlockKind::Any => COPIES,
            // Bytes are moved here, rather than characters examined.
            BlockKind::String => 24 * COPIES,
            _ => u64::MAX,
        };
        let moves = if in_pairs && kind != BlockKind::Gc { run.parts - 1 } else { 1 };
        run.parts.saturating_mul(run.units) / 2 / each + moves * blocks as u64 / 2 / MOVES
    }

    fn joins(&self, a: u32, b: u32) -> bool {
        let (Some(left), Some(right)) = (self.fragment(a), self.fragment(b)) else { return false };
        let content = left.content();
        if left.end() != right.at.clock || content != right.content() {
            return false;
        }
        match content {
            BlockKind::Gc => true,
            BlockKind::Any | BlockKind::String | BlockKind::Deleted => {
                right.left == Some(left.last())
                    && left.right == right.right
                    && left.next == b
                    && left.list == right.list
            }
            _ => false,
        }
    }

    fn unite(&mut self, into: u32, index: u32) {
        let Some(gone) = self.fragment(index).copied() else { return };
        if let Some(into) = self.piece_mut(into) {
            into.len = into.len.saturating_add(gone.len);
            if gone.list != NONE {
                into.next = gone.next;
            }
        }
        if gone.list != NONE {
            if let Some(next) = self.piece_mut(gone.next) {
                next.prev = into;
            }
            if let Some(list) = self.lists.get_mut(gone.list as usize) {
                list.len = list.len.saturating_sub(1);
            }
        }
    }
}

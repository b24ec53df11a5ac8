//! What an update would cost yrs, counted before yrs is asked.
//!
//! yrs is linear in what people write and quadratic in what an adversary can write: it compares an item with
//! every concurrent one between its origins, walks a key of a map back to its first value, copies a run of
//! content each time it is cut, and moves the end of a client's list of blocks each time a block is added to
//! it or removed. A [`Rehearsal`] goes through the same motions with numbers only, each costing a hundredth
//! of the real operation, and counts them as steps: one step is about one comparison in yrs.
//!
//! It counts no less than yrs does, up to a constant, and hardly more for what people write. Deletions inside
//! a deleted container are not followed: such items stay, and can be compared with.

mod bound;
mod join;

pub use bound::steps_at_most;

use crate::wire::{Block, BlockKind, Checked, Id, Parent, Update};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

/// No fragment, no list.
const NONE: u32 = u32::MAX;
/// How many values that yrs copies, characters that it counts, or blocks that it moves make one step; and how
/// many values of which it keeps a copy, so that 10 million steps are a gigabyte.
const VALUES: u64 = 32;
const COPIES: u64 = 4;
const CHARS: u64 = 128;
const MOVES: u64 = 64;

/// The blocks of a document as yrs holds them, as far as they cost anything.
#[derive(Default)]
pub struct Rehearsal {
    lines: Vec<ClientLine>,
    line_of: HashMap<u64, u32>,
    fragments: Vec<Fragment>,
    lists: Vec<List>,
    /// By the hash of owner and key.
    list_of: HashMap<u64, u32, BuildHasherDefault<AsHashed>>,
    /// The last owner found to be a container: the fields of a record follow each other.
    owner: Option<Id>,
    steps: u64,
    scan: u32,
    round: u32,
}

/// Takes a hash for the hash that it already is.
#[derive(Default)]
struct AsHashed(u64);

impl Hasher for AsHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Only for the trait: all keys are numbers.
        let mut hasher = DefaultHasher::new();
        hasher.write(bytes);
        self.0 = hasher.finish();
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// What one client wrote.
#[derive(Default)]
struct ClientLine {
    client: u64,
    end: u32,
    /// By first clock.
    fragments: Vec<(u32, u32)>,
}

/// The items of a sequence, or of one key of a map.
#[derive(Clone, Copy)]
struct List {
    head: u32,
    len: u64,
    is_key: bool,
}

/// A unit of content, identified by line and clock.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Unit {
    line: u32,
    clock: u32,
}

#[derive(Clone, Copy)]
struct Fragment {
    at: Unit,
    len: u32,
    kind: BlockKind,
    /// Deleted in whatever way.
    dead: bool,
    /// [`NONE`] for what is collected.
    list: u32,
    prev: u32,
    next: u32,
    left: Option<Unit>,
    right: Option<Unit>,
    /// The last scan that passed it, and the last round of a scan in which it conflicted.
    passed: u32,
    conflicting: u32,
}

impl Fragment {
    fn end(&self) -> u32 {
        self.at.clock.saturating_add(self.len)
    }

    fn last(&self) -> Unit {
        Unit { clock: self.end().saturating_sub(1), ..self.at }
    }

    /// The kind that counts when it is joined or cut: deleted content has nothing to copy.
    fn content(&self) -> BlockKind {
        if self.dead && self.kind != BlockKind::Gc { BlockKind::Deleted } else { self.kind }
    }
}

impl Rehearsal {
    /// Returns all steps so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Whether an item is known to be in a sequence, not under a key.
    pub fn in_sequence(&self, id: Id) -> bool {
        let fragment = self.holding(self.unit(id)).and_then(|index| self.fragment(index));
        let list = fragment.and_then(|fragment| self.lists.get(fragment.list as usize));
        list.is_some_and(|list| !list.is_key)
    }

    /// Continues as yrs does with an update that is ready. Returns false as soon as there are more steps than
    /// `limit`; the rehearsal is then unusable.
    pub fn follow(&mut self, update: &Update<'_, Checked>, limit: u64) -> bool {
        let lines: Vec<u32> = update.clients.iter().map(|client| self.line(client.id)).collect();
        let mut line_of = vec![NONE; update.blocks.len()];
        for (client, line) in update.clients.iter().zip(&lines) {
            let entries = line_of.get_mut(client.blocks.clone());
            entries.into_iter().flatten().for_each(|entry| *entry = *line);
        }
        let known: Vec<usize> = lines.iter().map(|line| self.blocks_of(*line)).collect();
        self.fragments.reserve(update.blocks.len());
        self.list_of.reserve(update.blocks.len());
        for (client, line) in update.clients.iter().zip(&lines) {
            if let Some(line) = self.lines.get_mut(*line as usize) {
                line.fragments.reserve(client.blocks.len());
            }
        }
        for index in &update.facts().order {
            let index = *index as usize;
            if let (Some(block), Some(line)) = (update.blocks.get(index), line_of.get(index)) {
                self.integrate(update, block, *line);
            }
            if self.steps > limit {
                return false;
            }
        }
        for (client, range) in update.deletes.iter() {
            if let Some(line) = self.line_of.get(&client).copied() {
                self.delete(line, range);
            }
            if self.steps > limit {
                return false;
            }
        }
        for (line, known) in lines.into_iter().zip(known) {
            self.join(line, known.saturating_sub(1)..usize::MAX, false);
        }
        self.steps <= limit
    }

    fn line(&mut self, client: u64) -> u32 {
        let new = self.lines.len() as u32;
        let line = *self.line_of.entry(client).or_insert(new);
        if line == new {
            self.lines.push(ClientLine { client, ..ClientLine::default() });
        }
        line
    }

    fn blocks_of(&self, line: u32) -> usize {
        self.lines.get(line as usize).map_or(0, |line| line.fragments.len())
    }

    fn fragment(&self, index: u32) -> Option<&Fragment> {
        self.fragments.get(index as usize)
    }

    fn piece_mut(&mut self, index: u32) -> Option<&mut Fragment> {
        self.fragments.get_mut(index as usize)
    }

    fn next(&self, fragment: u32) -> u32 {
        self.fragment(fragment).map_or(NONE, |fragment| fragment.next)
    }

    fn unit(&self, id: Id) -> Option<Unit> {
        self.line_of.get(&id.client).map(|line| Unit { line: *line, clock: id.clock })
    }

    /// Returns the index, in its line, of the fragment that holds a unit.
    fn find(&self, unit: Unit) -> Option<usize> {
        let line = self.lines.get(unit.line as usize).filter(|line| unit.clock < line.end)?;
        // Most lookups are for the last one.
        let last = line.fragments.len().checked_sub(1)?;
        if line.fragments.get(last).is_some_and(|(clock, _)| *clock <= unit.clock) {
            return Some(last);
        }
        line.fragments.partition_point(|(clock, _)| *clock <= unit.clock).checked_sub(1)
    }

    fn at(&self, line: u32, place: usize) -> Option<u32> {
        Some(self.lines.get(line as usize)?.fragments.get(place)?.1)
    }

    /// Returns the fragment that holds a unit, or `None` if it is collected.
    fn holding(&self, unit: Option<Unit>) -> Option<u32> {
        let unit = unit?;
        let index = self.at(unit.line, self.find(unit)?)?;
        self.fragment(index).filter(|fragment| fragment.list != NONE).map(|_| index)
    }

    /// Cuts before a unit. Returns the fragment that begins with it.
    fn cut(&mut self, unit: Unit) -> Option<u32> {
        let place = self.find(unit)?;
        let index = self.at(unit.line, place)?;
        let fragment = *self.fragment(index)?;
        let offset = unit.clock.checked_sub(fragment.at.clock).filter(|offset| *offset > 0);
        let (Some(offset), true) = (offset, fragment.list != NONE) else { return Some(index) };
        let copied = match fragment.content() {
            BlockKind::Any => u64::from(fragment.len) / VALUES,
            BlockKind::String => u64::from(fragment.len) / CHARS,
            _ => 0,
        };
        // The line has one more block, and usually one fewer once the update is done.
        self.steps += 1 + copied + 2 * self.blocks_of(unit.line) as u64 / MOVES;
        let new = self.fragments.len() as u32;
        let before = Unit { clock: unit.clock.saturating_sub(1), ..unit };
        self.fragments.push(Fragment {
            at: unit,
            len: fragment.len.saturating_sub(offset),
            left: Some(before),
            prev: index,
            ..fragment
        });
        if let Some(next) = self.piece_mut(fragment.next) {
            next.prev = new;
        }
        if let Some(fragment) = self.piece_mut(index) {
            (fragment.len, fragment.next) = (offset, new);
        }
        if let Some(list) = self.lists.get_mut(fragment.list as usize) {
            list.len += 1;
        }
        let line = self.lines.get_mut(unit.line as usize)?;
        line.fragments.insert(place + 1, (unit.clock, new));
        Some(new)
    }

    /// Returns the fragment that ends with a unit, cut there, or `None` if it is collected.
    fn ending(&mut self, unit: Option<Unit>) -> Option<u32> {
        let unit = unit?;
        let index = self.holding(Some(unit))?;
        if self.fragment(index)?.last() != unit {
            self.cut(Unit { clock: unit.clock.saturating_add(1), ..unit })?;
        }
        Some(index)
    }

    /// Returns the fragment that begins with a unit, cut there, or `None` if it is collected.
    fn beginning(&mut self, unit: Option<Unit>) -> Option<u32> {
        let unit = unit?;
        self.holding(Some(unit))?;
        self.cut(unit)
    }

    /// Integrates a block as far as it is new.
    fn integrate(&mut self, update: &Update<'_, Checked>, block: &Block, line: u32) {
        let end = self.lines.get(line as usize).map_or(0, |line| line.end);
        if block.next_clock() <= end || block.kind == BlockKind::Skip {
            return;
        }
        let clock = block.clock.max(end);
        let at = Unit { line, clock };
        let header = update.header(block);
        let unit = |id: Option<Id>| id.and_then(|id| self.unit(id));
        let (mut left, right) = (unit(header.left), unit(header.right));
        if clock > block.clock {
            left = Some(Unit { line, clock: clock.saturating_sub(1) });
        }
        let prev = self.ending(left).unwrap_or(NONE);
        let next = self.beginning(right).unwrap_or(NONE);
        let list = match (block.kind, header.parent) {
            (BlockKind::Gc, _) => NONE,
            (_, Some(parent)) => self.named(parent, header.key),
            (_, None) => {
                let beside = self.fragment(prev).or_else(|| self.fragment(next));
                beside.map_or(NONE, |fragment| fragment.list)
            }
        };
        let new = self.fragments.len() as u32;
        let mut fragment = Fragment {
            at,
            len: block.next_clock().saturating_sub(clock),
            kind: if list == NONE { BlockKind::Gc } else { block.kind },
            dead: matches!(block.kind, BlockKind::Gc | BlockKind::Deleted) || list == NONE,
            list,
            prev,
            next,
            left,
            right,
            passed: 0,
            conflicting: 0,
        };
        if list != NONE {
            if self.conflicts(&fragment) {
                fragment.prev = self.resolve(&fragment);
            }
            self.link(&mut fragment, new);
        }
        self.fragments.push(fragment);
        if let Some(line) = self.lines.get_mut(line as usize) {
            line.fragments.push((clock, new));
            line.end = block.next_clock();
        }
    }

    /// Returns the list of an item that names its parent.
    fn named(&mut self, parent: Parent<'_>, key: Option<&str>) -> u32 {
        let mut hasher = DefaultHasher::new();
        match parent {
            Parent::Root(name) => (0u8, name, key).hash(&mut hasher),
            Parent::Item(id) => {
                if !self.is_container(id) {
                    return NONE;
                }
                (1u8, id, key).hash(&mut hasher);
            }
        }
        let new = self.lists.len() as u32;
        let list = *self.list_of.entry(hasher.finish()).or_insert(new);
        if list == new {
            self.lists.push(List { head: NONE, len: 0, is_key: key.is_some() });
        }
        list
    }

    /// Whether an item created a container that was not collected. What one was stays one.
    fn is_container(&mut self, id: Id) -> bool {
        if self.owner == Some(id) {
            return true;
        }
        let holder = self.holding(self.unit(id)).and_then(|index| self.fragment(index));
        let is_container = holder.is_some_and(|fragment| fragment.kind == BlockKind::Type);
        self.owner = is_container.then_some(id);
        is_container
    }

    /// Whether something is between its origins.
    fn conflicts(&self, item: &Fragment) -> bool {
        match (item.prev, item.next) {
            (NONE, NONE) => true,
            (NONE, next) => self.fragment(next).is_some_and(|next| next.prev != NONE),
            (prev, next) => self.next(prev) != next,
        }
    }

    /// Returns the left neighbour among concurrent items. This follows yrs' `Item::resolve_conflict` step by
    /// step.
    fn resolve(&mut self, item: &Fragment) -> u32 {
        self.scan = self.scan.wrapping_add(1);
        self.round = self.round.wrapping_add(1);
        let mut left = item.prev;
        let mut other = match item.prev {
            NONE => self.head(item.list),
            prev => self.next(prev),
        };
        while other != NONE && other != item.next {
            self.steps += 1;
            let (scan, round) = (self.scan, self.round);
            let Some(standing) = self.piece_mut(other) else { break };
            (standing.passed, standing.conflicting) = (scan, round);
            let standing = *standing;
            if standing.left == item.left {
                if self.client(&standing) < self.client(item) {
                    left = other;
                    self.round = self.round.wrapping_add(1);
                } else if standing.right == item.right {
                    break;
                }
            } else {
                let origin = self.holding(standing.left).and_then(|origin| self.fragment(origin));
                let Some(origin) = origin.filter(|origin| origin.passed == scan) else { break };
                if origin.conflicting != round {
                    left = other;
                    self.round = self.round.wrapping_add(1);
                }
            }
            other = standing.next;
        }
        left
    }

    /// Returns the first item of a list. yrs walks there from the last one of a key.
    fn head(&mut self, list: u32) -> u32 {
        let Some(list) = self.lists.get(list as usize) else { return NONE };
        self.steps += if list.is_key { list.len / 4 } else { 0 };
        list.head
    }

    fn client(&self, fragment: &Fragment) -> u64 {
        self.lines.get(fragment.at.line as usize).map_or(0, |line| line.client)
    }

    fn link(&mut self, item: &mut Fragment, new: u32) {
        item.next = match item.prev {
            NONE => {
                let head = self.head(item.list);
                if let Some(list) = self.lists.get_mut(item.list as usize) {
                    list.head = new;
                }
                head
            }
            prev => self.next(prev),
        };
        let is_key = match self.lists.get_mut(item.list as usize) {
            Some(list) => {
                list.len += 1;
                list.is_key
            }
            None => false,
        };
        let is_last = item.next == NONE;
        if let Some(prev) = self.piece_mut(item.prev) {
            prev.next = new;
            prev.dead |= is_key && is_last;
        }
        if let Some(next) = self.piece_mut(item.next) {
            next.prev = new;
        }
        item.dead |= is_key && !is_last;
    }
}

#[cfg(test)]
impl Rehearsal {
    /// Returns the live units of a list, in order: client and clock.
    pub(super) fn live(&self, root: &str) -> Vec<(u64, u32)> {
        let mut hasher = DefaultHasher::new();
        (0u8, root, None::<&str>).hash(&mut hasher);
        let list = self.list_of.get(&hasher.finish()).map(|list| self.lists[*list as usize]);
        let first = list.map_or(NONE, |list| list.head);
        let next = |fragment: &u32| Some(self.next(*fragment)).filter(|next| *next != NONE);
        std::iter::successors(Some(first).filter(|first| *first != NONE), next)
            .map(|index| self.fragments[index as usize])
            .filter(|fragment| !fragment.dead)
            .flat_map(|fragment| {
                let client = self.client(&fragment);
                (fragment.at.clock..fragment.end()).map(move |clock| (client, clock))
            })
            .collect()
    }
}

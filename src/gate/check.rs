//! Rule 1 of the gate: only what yrs takes safely, and what means the same to every reader.
//!
//! The blocks are settled in causal order: a block comes after its origins, its parent and its client's
//! earlier blocks. So an item's place is always known from what came before, no chain is followed twice, and
//! a cycle shows up as a block whose turn never comes.

use super::causal::CausalOrder;
use super::expected::Expected;
use crate::limits::CONTAINER_DEPTH;
use crate::wire::{
    Block, BlockKind, Checked, Client, Clocks, DeleteSet, Facts, Fault, Header, Id, Owner, Parent,
    ParentSlot, Root, Shape, SlotRef, Unchecked, Update,
};
use std::collections::HashMap;

impl<'a> Update<'a, Unchecked> {
    /// Checks rule 1 as far as the update alone shows it. An item whose parent or origins are not in the
    /// update is left open: [`Update::fits`] checks it against the document.
    ///
    /// # Errors
    /// The first fault in causal order.
    pub fn check<'r>(
        mut self,
        expected: impl Into<Expected<'r>>,
    ) -> Result<Update<'a, Checked>, Fault> {
        let room = self.take_room();
        self.check_in(room, expected.into())
    }

    /// Like [`Update::check`], with the facts in memory that was got for them.
    pub(super) fn check_in(
        self,
        room: Facts,
        expected: Expected<'_>,
    ) -> Result<Update<'a, Checked>, Fault> {
        let facts = Checker::run(&self, None, expected, room, |_, fault| Err(fault))?;
        Ok(self.passed_with(facts))
    }
}

impl Update<'_, Checked> {
    /// Checks rule 1 again for items that join a container of the document `base`: no text in its arrays, no
    /// key where it has no map, no two parents. `base` must be a whole state, checked with the roots of its
    /// concern: a root that holds only containers so far may be an array or a text, and yrs loops forever
    /// over text that it reads as an array.
    ///
    /// # Errors
    /// The first fault in causal order.
    pub fn fits(&self, base: &Update<'_, Checked>) -> Result<(), Fault> {
        // An empty document has no container to join: the update passed on its own.
        if base.blocks.is_empty() {
            return Ok(());
        }
        let expected = match self.facts().anything && base.facts().anything {
            true => Expected::Anything,
            false => Expected::Roots(&[]),
        };
        let room = Facts::default();
        Checker::run(self, Some(base), expected, room, |_, fault| Err(fault)).map(drop)
    }
}

impl<S> Update<'_, S> {
    /// Returns where rule 1 is broken, in the update itself or where it joins `base`: the first unit of each
    /// block at fault, among blocks that neither follow nor refer to another one at fault. Without all these
    /// blocks, and without what follows or refers to them, the update keeps the rule.
    pub(super) fn faults(
        &self,
        base: Option<&Update<'_, Checked>>,
        expected: Expected<'_>,
    ) -> Vec<Id> {
        let mut faults = Vec::new();
        // Never an error, since every fault is tolerated.
        let _ = Checker::run(self, base, expected, Facts::default(), |id, _| {
            faults.push(id);
            Ok(())
        });
        faults
    }
}

pub(super) struct Checker<'u, 'a, S> {
    pub(super) update: &'u Update<'a, S>,
    pub(super) base: Option<&'u Update<'a, Checked>>,
    expected: Expected<'u>,
    pub(super) facts: Facts,
    root_index: HashMap<&'a [u8], u32>,
    /// The root that was named last: it is usually the next one's too.
    last_root: Option<(&'a [u8], u32)>,
    /// Per root, its name.
    names: Vec<&'a [u8]>,
    /// The keys of slots that were taken from the base, where their names are written.
    base_keys: HashMap<u32, Option<&'a [u8]>>,
    /// The last parent looked up, and its block: the fields of a record follow each other.
    parent: Option<(Id, Option<usize>)>,
}

impl<'u, 'a, S> Checker<'u, 'a, S> {
    fn run(
        update: &'u Update<'a, S>,
        base: Option<&'u Update<'a, Checked>>,
        expected: Expected<'u>,
        room: Facts,
        on_fault: impl FnMut(Id, Fault) -> Result<(), Fault>,
    ) -> Result<Facts, Fault> {
        let mut facts = room.for_blocks(update.blocks.len());
        facts.anything = expected.is_anything();
        facts.known = expected.known().or_else(|| base?.facts().known);
        facts.chain.extend(update.blocks.iter().map(|block| block.clock));
        let (root_index, names, base_keys) = (HashMap::new(), Vec::new(), HashMap::new());
        let (last_root, parent) = (None, None);
        let mut checker = Checker {
            update,
            base,
            expected,
            facts,
            root_index,
            last_root,
            names,
            base_keys,
            parent,
        };
        if let Some(base) = base {
            // In the same order, so that slots of the base keep their root's index.
            base.facts()
                .roots
                .iter()
                .for_each(|root| checker.add_root(base.root(root).as_bytes(), *root));
        }
        let settle = |index: usize, of: &Client, header: &Header<'a, [u8]>| {
            checker.settle(index, of, header)?;
            checker.facts.order.push(index as u32);
            Ok(())
        };
        CausalOrder::walk(update, settle, on_fault)?;
        checker.outer_needs();
        Ok(checker.facts)
    }

    /// Settles one block whose references are all settled.
    fn settle(
        &mut self,
        index: usize,
        of: &Client,
        header: &Header<'a, [u8]>,
    ) -> Result<(), Fault> {
        let Some(block) = self.update.blocks.get(index).copied() else { return Ok(()) };
        let what = self.check_kind(&block);
        let what = what.and_then(|()| self.check_origins(index, of, &block, header));
        let place = self.find_place(index, of, &block, header);
        if let Err(fault) = what {
            // A fault in the block itself is reported before one in its place.
            let at = place.as_ref().map_or(None, |place| Some(*place));
            self.let_pass(at, fault)?;
        }
        let place = place?;
        if let SlotRef::Slot(slot) = place {
            self.stand(&block, of, header, slot)?;
        }
        self.facts.place(index, place);
        Ok(())
    }

    /// Finds the place of a block.
    fn find_place(
        &mut self,
        index: usize,
        of: &Client,
        block: &Block,
        header: &Header<'a, [u8]>,
    ) -> Result<SlotRef, Fault> {
        let place = match (block.kind, header.parent) {
            (BlockKind::Gc, _) => SlotRef::Gone,
            (_, Some(parent)) => self.named(index, of, block, parent, header.key)?,
            (_, None) => self.inherited(index, of, block, header)?,
        };
        match self.known_part(of, block) {
            Some(last) => {
                let known = self.place(index, of, last);
                self.agree(block, Some(place), Some(known))
            }
            None => Ok(place),
        }
    }

    /// Returns the last unit that the document has of a block whose rest it lacks. yrs cuts there, and the
    /// rest then follows that unit.
    pub(super) fn known_part(&self, of: &Client, block: &Block) -> Option<Id> {
        let known = self.base?.client(of.id)?.end;
        let cut = block.kind != BlockKind::Gc && block.clock < known && known < block.next_clock();
        cut.then_some(Id { client: of.id, clock: known.checked_sub(1)? })
    }

    /// Returns the slot of an item that names its parent.
    fn named(
        &mut self,
        index: usize,
        of: &Client,
        block: &Block,
        parent: Parent<'a, [u8]>,
        key: Option<&'a [u8]>,
    ) -> Result<SlotRef, Fault> {
        let head = index as u32;
        let key_len = key.map(|key| key.len() as u32);
        let slot = match parent {
            Parent::Root(name) => {
                let owner = Owner::Root(self.root(name, head));
                let known = self.facts.known;
                let beside =
                    known.is_some_and(|known| !known.iter().any(|(of, _)| of.as_bytes() == name));
                let shape = Shape::Unknown;
                ParentSlot { owner, key_len, head, shape, depth: 0, rooted: true, beside }
            }
            Parent::Item(id) => match self.container(index, of, block, id)? {
                ContainerState::Gone => return Ok(SlotRef::Gone),
                ContainerState::Open => {
                    self.need(id);
                    let (owner, shape) = (Owner::Item { id, block: None }, Shape::Unknown);
                    let (depth, rooted, beside) = (0, false, false);
                    ParentSlot { owner, key_len, head, shape, depth, rooted, beside }
                }
                ContainerState::Known { shape, depth, rooted, beside, block } => {
                    let owner = Owner::Item { id, block };
                    ParentSlot { owner, key_len, head, shape, depth, rooted, beside }
                }
            },
        };
        Ok(SlotRef::Slot(self.add_slot(slot)))
    }

    /// Returns the slot of an item that has an origin.
    fn inherited(
        &mut self,
        index: usize,
        of: &Client,
        block: &Block,
        header: &Header<'_, [u8]>,
    ) -> Result<SlotRef, Fault> {
        let left = header.left.map(|id| self.place(index, of, id));
        let right = header.right.map(|id| self.place(index, of, id));
        self.agree(block, left, right)
    }

    /// Returns the single place of an item for which two units are known. If one of these is gone, their
    /// container is gone, so the other cannot be in an existing one: yrs would place such an item differently
    /// each time it reads it.
    fn agree(
        &self,
        block: &Block,
        a: Option<SlotRef>,
        b: Option<SlotRef>,
    ) -> Result<SlotRef, Fault> {
        let rooted = |slot: u32| self.facts.slots.get(slot as usize).is_some_and(|h| h.rooted);
        match (a, b) {
            (Some(SlotRef::Slot(a)), Some(SlotRef::Slot(b))) if !self.same_slot(a, b) => {
                Err(block.fault("origin", "an item refers to two places"))
            }
            (Some(SlotRef::Slot(slot)), Some(SlotRef::Gone))
            | (Some(SlotRef::Gone), Some(SlotRef::Slot(slot)))
                if rooted(slot) =>
            {
                self.beside_what_is_gone(block, slot)
            }
            (Some(SlotRef::Slot(slot)), _) | (_, Some(SlotRef::Slot(slot))) => {
                Ok(SlotRef::Slot(slot))
            }
            (Some(SlotRef::Open), _) | (_, Some(SlotRef::Open)) => Ok(SlotRef::Open),
            _ => Ok(SlotRef::Gone),
        }
    }

    /// Handles an item between units of a container some of which are collected. That container is then
    /// deleted, or will be; a root never is.
    fn beside_what_is_gone(&self, block: &Block, slot: u32) -> Result<SlotRef, Fault> {
        let owner = self.facts.slots.get(slot as usize).map(|slot| slot.owner);
        let Some(Owner::Item { id, .. }) = owner else {
            let reason = "an item is in a container and next to collected content";
            return Err(block.fault("origin", reason));
        };
        let deletes = [Some(&self.update.deletes), self.base.map(|base| &base.deletes)];
        match deletes.iter().flatten().any(|deletes| deletes.contains(id)) {
            true => Ok(SlotRef::Gone),
            false => Err(block.fault(
                "collected",
                "an item is next to collected content, in a container that is not deleted",
            )),
        }
    }

    fn same_slot(&self, a: u32, b: u32) -> bool {
        if a == b {
            return true;
        }
        match (self.facts.slots.get(a as usize), self.facts.slots.get(b as usize)) {
            (Some(of_a), Some(of_b)) => {
                of_a.owner.same(of_b.owner) && self.key_of(a, of_a) == self.key_of(b, of_b)
            }
            _ => false,
        }
    }

    fn key_of(&self, index: u32, slot: &ParentSlot) -> Option<&'a [u8]> {
        match self.base_keys.get(&index) {
            Some(key) => *key,
            None => self.update.key_bytes(slot),
        }
    }

    /// Returns where the unit with this id is. As in yrs, the document's copy takes precedence over the
    /// update's.
    fn place(&mut self, index: usize, of: &Client, id: Id) -> SlotRef {
        if let Some(base) = self.base
            && let Some(index) = base.find(id)
        {
            return self.place_in_base(base, index);
        }
        match self.update.find_before(index, of, id) {
            None => {
                self.need(id);
                SlotRef::Open
            }
            Some(index) => self.facts.standing(index),
        }
    }

    fn place_in_base(&mut self, base: &'u Update<'a, Checked>, index: usize) -> SlotRef {
        match (base.facts().standing(index), base.facts().slot_of(index)) {
            (SlotRef::Slot(_), Some(slot)) => {
                let added = self.add_slot(*slot);
                self.base_keys.insert(added, base.key_bytes(slot));
                SlotRef::Slot(added)
            }
            (SlotRef::Slot(_), None) => SlotRef::Open,
            (nowhere, _) => nowhere,
        }
    }

    /// Returns the container that an item with this id created.
    fn container(
        &mut self,
        index: usize,
        of: &Client,
        block: &Block,
        id: Id,
    ) -> Result<ContainerState, Fault> {
        if let Some(base) = self.base
            && let Some(index) = base.find(id)
        {
            return container_at(block, base, base.facts(), index, false);
        }
        let index = match self.parent {
            Some((last, index)) if last == id => index,
            _ => self.update.find_before(index, of, id),
        };
        self.parent = Some((id, index));
        match index {
            Some(index) => container_at(block, self.update, &self.facts, index, true),
            None => Ok(ContainerState::Open),
        }
    }

    /// Puts an item in its slot, if the two are compatible.
    fn stand(
        &mut self,
        block: &Block,
        of: &Client,
        header: &Header<'_, [u8]>,
        slot: u32,
    ) -> Result<(), Fault> {
        let Some(at) = self.facts.slots.get(slot as usize).copied() else { return Ok(()) };
        // A write to a key overwrites all that was there, even in an undo. For two items beside each other,
        // which is the last one would depend on their order.
        if at.is_keyed() && header.right.is_some() {
            return Err(block.fault("origin", "an item under a key stands before another one"));
        }
        let known = match at.owner {
            Owner::Root(root) => self.facts.roots.get(root as usize).map(|r| r.shape),
            Owner::Item { .. } => Some(at.shape),
        };
        let known = known.unwrap_or(Shape::Unknown);
        let wanted = match at.owner {
            // The type of a root never depends on deleted content: once that is collected, nothing tells any
            // more what it was.
            Owner::Root(_) if !at.is_keyed() && self.dead(block, of) => Shape::Sequence,
            _ => wanted_shape(block, at.is_keyed())?,
        };
        if at.is_keyed() && block.kind == BlockKind::Any && block.len > 1 && !self.dead(block, of) {
            return Err(block.fault("content", "more than one live value under a key"));
        }
        let Some(shape) = known.with(wanted) else {
            let fault = self.misplaced(block, &at, known, wanted);
            return self.let_pass(Some(SlotRef::Slot(slot)), fault);
        };
        if block.kind == BlockKind::Type && usize::from(at.depth) + 1 > CONTAINER_DEPTH {
            let reason = format!("containers nested deeper than {CONTAINER_DEPTH}");
            self.let_pass(Some(SlotRef::Slot(slot)), block.fault("nesting", reason))?;
        }
        match at.owner {
            Owner::Root(root) => {
                if let Some(root) = self.facts.roots.get_mut(root as usize) {
                    root.shape = shape;
                }
            }
            Owner::Item { .. } => {
                if let Some(slot) = self.facts.slots.get_mut(slot as usize) {
                    slot.shape = shape;
                }
            }
        }
        Ok(())
    }

    /// Why an item cannot be in a container of this shape. Attributes of texts, and roots that programs use
    /// as two types, are legitimate.
    fn misplaced(&self, block: &Block, at: &ParentSlot, known: Shape, wanted: Shape) -> Fault {
        let is_honest = match at.owner {
            Owner::Root(root) => {
                let name = self.names.get(root as usize).copied().unwrap_or_default();
                !self.expected.roots().iter().any(|(expected, _)| expected.as_bytes() == name)
            }
            Owner::Item { .. } => known == Shape::Text && at.is_keyed(),
        };
        let rule = match (wanted == Shape::Map) != (known == Shape::Map) {
            _ if is_honest => "mixed",
            true => "key",
            false => "content",
        };
        let keyed = if at.is_keyed() { " under a key" } else { "" };
        let reason = format!("{}{keyed} cannot stand in {}", block.kind.name(), known.name());
        block.fault(rule, reason)
    }

    /// Whether a whole block is deleted, by the update itself or by the document. Replicas that keep deleted
    /// content join overwritten values of a key into one block.
    pub(super) fn dead(&self, block: &Block, of: &Client) -> bool {
        let within = |deletes: &DeleteSet| {
            let ranges = deletes.ranges(of.id);
            let after = ranges.partition_point(|range| range.start <= block.clock);
            let range = after.checked_sub(1).and_then(|at| ranges.get(at));
            range.is_some_and(|range| block.next_clock() <= range.end)
        };
        block.kind == BlockKind::Deleted
            || within(&self.update.deletes)
            || self.base.is_some_and(|base| within(&base.deletes))
    }

    /// Returns the index of a root that a block names.
    fn root(&mut self, name: &'a [u8], head: u32) -> u32 {
        match self.last_root {
            Some((last, root)) if last == name => root,
            _ => {
                let root = self.new_root(name, head);
                self.last_root = Some((name, root));
                root
            }
        }
    }

    fn new_root(&mut self, name: &'a [u8], head: u32) -> u32 {
        if let Some(root) = self.root_index.get(name) {
            return *root;
        }
        let known = self.expected.roots();
        let expected = known.iter().find(|(expected, _)| expected.as_bytes() == name);
        let shape = expected.map_or(Shape::Unknown, |(_, kind)| Shape::from(*kind));
        let root = len32(&self.facts.roots);
        self.add_root(name, Root { head, shape });
        root
    }

    fn add_root(&mut self, name: &'a [u8], root: Root) {
        self.root_index.insert(name, len32(&self.facts.roots));
        self.names.push(name);
        self.facts.roots.push(root);
    }

    fn add_slot(&mut self, slot: ParentSlot) -> u32 {
        self.facts.slots.push(slot);
        len32(&self.facts.slots) - 1
    }

    fn need(&mut self, id: Id) {
        reach(&mut self.facts.needs, id.client, id.clock.saturating_add(1));
    }

    /// Adds the needs of the first blocks of each client, and of deletions of units outside the update.
    fn outer_needs(&mut self) {
        for client in self.update.clients.iter().filter(|c| c.first > 0) {
            reach(&mut self.facts.needs, client.id, client.first);
        }
        for (client, range) in self.update.deletes.iter() {
            if self.update.client(client).is_none_or(|c| c.end < range.end) {
                reach(&mut self.facts.needs, client, range.end);
            }
        }
    }
}

/// The target of a parent reference.
enum ContainerState {
    Open,
    Gone,
    Known { shape: Shape, depth: u8, rooted: bool, beside: bool, block: Option<u32> },
}

fn container_at<S>(
    block: &Block,
    holder: &Update<'_, S>,
    facts: &Facts,
    index: usize,
    own: bool,
) -> Result<ContainerState, Fault> {
    let Some(parent) = holder.blocks.get(index) else { return Ok(ContainerState::Open) };
    match parent.kind {
        BlockKind::Gc | BlockKind::Deleted => return Ok(ContainerState::Gone),
        BlockKind::Type => {}
        other => {
            let reason = format!("{} is not a container", other.name());
            return Err(block.fault("parent", reason));
        }
    }
    let shape = Shape::of_type(holder.content(parent)).unwrap_or(Shape::Element);
    if facts.standing(index) == SlotRef::Gone {
        return Ok(ContainerState::Gone);
    }
    let slot = facts.slot_of(index);
    let (depth, rooted, beside) =
        slot.map_or((0, false, false), |slot| (slot.depth, slot.rooted, slot.beside));
    let block = own.then_some(index as u32);
    Ok(ContainerState::Known { shape, depth: depth.saturating_add(1), rooted, beside, block })
}

/// Returns the shape of container that content of this kind belongs in.
fn wanted_shape(block: &Block, keyed: bool) -> Result<Shape, Fault> {
    Ok(match (keyed, block.kind) {
        (true, BlockKind::String | BlockKind::Embed) => {
            return Err(block.fault("content", format!("{} under a key", block.kind.name())));
        }
        (true, _) => Shape::Map,
        (false, BlockKind::String | BlockKind::Embed) => Shape::Text,
        (false, BlockKind::Any | BlockKind::Binary) => Shape::Array,
        (false, _) => Shape::Sequence,
    })
}

/// Raises a clock to at least this.
fn reach(clocks: &mut Clocks, client: u64, clock: u32) {
    let reached = clocks.entry(client).or_default();
    *reached = clock.max(*reached);
}

/// The length of a list that the input's size keeps below 2^32 entries.
fn len32<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}

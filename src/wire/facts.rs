//! What a check finds out about an update: the order of its blocks, and the place of each.

use super::{Clocks, Fault, Id, RootKind};

/// The place of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SlotRef {
    /// Unknown: its container is not in the update.
    Open,
    /// It is GC, or its container is gone; yrs turns it into GC too.
    Gone,
    /// In this slot ([`Facts::slots`]).
    Slot(u32),
}

/// [`SlotRef::Gone`] and [`SlotRef::Open`] as slot indices: there are no more slots than blocks.
const GONE: u32 = u32::MAX;
const OPEN: u32 = u32::MAX - 1;

/// What the check found out about an update.
#[derive(Default)]
pub struct Facts {
    /// The blocks in causal order, as indices.
    pub order: Vec<u32>,
    /// Per block, the index of its slot, or [`GONE`], or [`OPEN`].
    slot: Vec<u32>,
    /// Per block, the clock from which on each unit has the one before it as its left origin, and the same
    /// right origin: what a reader may join into one block.
    pub(crate) chain: Vec<u32>,
    /// Per block, the chain of its left origins.
    pub(crate) lineage: Lineage,
    pub slots: Vec<ParentSlot>,
    pub roots: Vec<Root>,
    pub needs: Clocks,
    /// The origins of something deleted cross inside one run.
    pub crosses: bool,
    /// It was checked for whatever Yjs writes, not for what yrs takes.
    pub anything: bool,
    /// It was checked for what yrs takes in these roots, and for whatever Yjs writes in others.
    pub known: Option<&'static [(&'static str, RootKind)]>,
    /// The first thing in causal order that yrs does not take.
    pub beyond: Option<Fault>,
}

impl Facts {
    /// Creates facts about nothing yet, in memory that is enough for this many blocks. The system hands memory
    /// out when it is written to first, which takes longer than filling it.
    pub(crate) fn with_room(count: usize) -> Facts {
        fn room<T: Clone>(count: usize, any: T) -> Vec<T> {
            let mut room = vec![any; count];
            room.clear();
            room
        }
        let (order, slot, chain) = (room(count, OPEN), room(count, OPEN), room(count, OPEN));
        Facts { order, slot, chain, slots: room(count, ParentSlot::NOWHERE), ..Facts::default() }
    }

    /// Prepares for this many blocks, none of them known yet.
    pub(crate) fn for_blocks(mut self, count: usize) -> Facts {
        self.order.reserve(count);
        self.slot.resize(count, OPEN);
        self.lineage = Lineage::of_blocks(count);
        self
    }

    /// Returns the place of a block: open for a block that does not exist.
    pub(crate) fn standing(&self, block: usize) -> SlotRef {
        match self.slot.get(block) {
            None | Some(&OPEN) => SlotRef::Open,
            Some(&GONE) => SlotRef::Gone,
            Some(slot) => SlotRef::Slot(*slot),
        }
    }

    /// Returns the slot of a block.
    pub(crate) fn slot_of(&self, block: usize) -> Option<&ParentSlot> {
        match self.standing(block) {
            SlotRef::Slot(slot) => self.slots.get(slot as usize),
            SlotRef::Open | SlotRef::Gone => None,
        }
    }

    /// Sets the place of a block.
    pub(crate) fn place(&mut self, block: usize, standing: SlotRef) {
        if let Some(entry) = self.slot.get_mut(block) {
            *entry = match standing {
                SlotRef::Open => OPEN,
                SlotRef::Gone => GONE,
                SlotRef::Slot(slot) => slot,
            };
        }
    }
}

/// The nodes of all blocks. A block that begins a chain under a key, as almost every field of a record does,
/// is not stored, and there is no room for it if its neighbours are not stored either.
#[derive(Debug, Default)]
pub(crate) struct Lineage {
    blocks: usize,
    groups: Vec<Option<Box<NodeGroup>>>,
}

/// As many neighbours as share one piece of memory.
const GROUP: usize = 32;
type NodeGroup = [Option<LineageNode>; GROUP];

impl Lineage {
    fn of_blocks(count: usize) -> Lineage {
        Lineage { blocks: count, groups: vec![None; count.div_ceil(GROUP)] }
    }

    pub(crate) fn len(&self) -> usize {
        self.blocks
    }

    /// Returns the node of a block, which has this number.
    pub(crate) fn get(&self, block: usize, number: u32) -> Option<LineageNode> {
        if block >= self.blocks {
            return None;
        }
        let group = self.groups.get(block / GROUP).and_then(Option::as_ref);
        let stored = group.and_then(|group| *group.get(block % GROUP)?);
        Some(stored.unwrap_or(LineageNode {
            client: None,
            above: number,
            behind: 0,
            jump: number,
            depth: 0,
            known: true,
        }))
    }

    pub(crate) fn set(&mut self, block: usize, node: LineageNode) {
        let Some(group) = self.groups.get_mut(block / GROUP) else { return };
        let group = group.get_or_insert_with(|| Box::new([None; GROUP]));
        if let Some(entry) = group.get_mut(block % GROUP) {
            *entry = Some(node);
        }
    }
}

/// A block in the chain of left origins. If there is a base, its blocks are numbered first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineageNode {
    /// Whose block it is; `None` if it is not stored.
    pub(crate) client: Option<u64>,
    /// The block of the left origin; itself if there is none, or it is unknown.
    pub(crate) above: u32,
    /// The clock of the left origin.
    pub(crate) behind: u32,
    /// A block on the way to the top; itself at the top.
    pub(crate) jump: u32,
    /// How many blocks are above it.
    pub(crate) depth: u32,
    /// Whether the way up leads to the beginning, not to something collected or outside the update.
    pub(crate) known: bool,
}

/// A place for items: a container, and the key there if it is a map ([`Update::key`](super::Update::key)).
#[derive(Debug, Clone, Copy)]
pub struct ParentSlot {
    pub owner: Owner,
    /// The bytes of the key, if there is one.
    pub(crate) key_len: Option<u32>,
    /// The block whose header names the owner and the key.
    pub head: u32,
    pub(crate) shape: Shape,
    /// How many containers enclose it, including the owner.
    pub(crate) depth: u8,
    /// Whether all these containers are known, up to a root.
    pub(crate) rooted: bool,
    /// That root is not one of those restricted to what yrs takes.
    pub(crate) beside: bool,
}

/// The container of items, identified by what created it.
#[derive(Debug, Clone, Copy)]
pub enum Owner {
    /// An index into the roots.
    Root(u32),
    /// The item that created the container, and its block, unless it is outside the update.
    Item {
        /// The item that created the container.
        id: Id,
        /// The index of that item's block, or `None` if the update does not hold it.
        block: Option<u32>,
    },
}

impl ParentSlot {
    const NOWHERE: ParentSlot = ParentSlot {
        owner: Owner::Root(OPEN),
        key_len: None,
        head: OPEN,
        shape: Shape::Unknown,
        depth: 0,
        rooted: false,
        beside: false,
    };

    /// Whether it is a place under a key.
    pub fn is_keyed(&self) -> bool {
        self.key_len.is_some()
    }
}

impl Owner {
    pub(crate) fn same(self, other: Owner) -> bool {
        match (self, other) {
            (Owner::Root(a), Owner::Root(b)) => a == b,
            (Owner::Item { id: a, .. }, Owner::Item { id: b, .. }) => a == b,
            _ => false,
        }
    }
}

/// A root ([`Update::root`](super::Update::root) is its name).
#[derive(Debug, Clone, Copy)]
pub struct Root {
    /// The first block whose header names it.
    pub(crate) head: u32,
    pub shape: Shape,
}

/// The type of a container, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Unknown,
    /// An array or a text.
    Sequence,
    Map,
    Array,
    Text,
    /// An XML element or the like, which has both a sequence and keys.
    Element,
}

impl Shape {
    /// Returns the shape of the container that a Type block creates; `None` for XML and the like.
    pub fn of_type(content: &[u8]) -> Option<Shape> {
        match content {
            [0] => Some(Shape::Array),
            [1] => Some(Shape::Map),
            [2] => Some(Shape::Text),
            _ => None,
        }
    }

    pub(crate) fn with(self, other: Shape) -> Option<Shape> {
        match (self, other) {
            (Shape::Element, _) | (_, Shape::Element) => Some(Shape::Element),
            (Shape::Unknown, shape) | (shape, Shape::Unknown) => Some(shape),
            (Shape::Sequence, shape @ (Shape::Array | Shape::Text))
            | (shape @ (Shape::Array | Shape::Text), Shape::Sequence) => Some(shape),
            (a, b) if a == b => Some(a),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Shape::Unknown => "an unknown container",
            Shape::Sequence => "an array or a text",
            Shape::Map => "a map",
            Shape::Array => "an array",
            Shape::Text => "a text",
            Shape::Element => "an element",
        }
    }
}

impl From<RootKind> for Shape {
    fn from(kind: RootKind) -> Shape {
        match kind {
            RootKind::Map => Shape::Map,
            RootKind::Array => Shape::Array,
            RootKind::Text => Shape::Text,
        }
    }
}

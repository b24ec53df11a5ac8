//! The parts of an update: ids, blocks, and the place of an item.

use super::fault::Fault;
use std::collections::BTreeMap;
use std::ops::Range;

/// A state vector: the next clock of each client.
pub type Clocks = BTreeMap<u64, u32>;

/// The id of one unit of content: who wrote it, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// The client id of the replica that wrote it.
    pub client: u64,
    /// Its number among all units by this client, from 0 on without a gap.
    pub clock: u32,
}

/// The type of a root, if a concern's schema declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootKind {
    /// A shared map.
    Map,
    /// A shared array.
    Array,
    /// A shared text.
    Text,
}

/// The kind of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    /// A range whose content was collected: nothing tells any more what it was, or where.
    Gc,
    /// A range that is missing. No document that is stored here has any.
    Skip,
    /// An item whose content is gone but whose place is known.
    Deleted,
    /// Plain values as old versions of Yjs wrote them. The gate refuses them.
    Json,
    /// Bytes as one value.
    Binary,
    /// Characters of a text, each UTF-16 unit one unit of content.
    String,
    /// A plain value among the characters of a text.
    Embed,
    /// The beginning or the end of formatting in a text. The gate refuses it.
    Format,
    /// A shared type: an array, a map, a text, or one that only other programs use.
    Type,
    /// Plain values, one for each unit.
    Any,
    /// A document within the document. The gate refuses it.
    Doc,
    /// Elements that are shown at another place. The gate refuses it.
    Move,
}

impl BlockKind {
    /// Returns the kind as a word in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            BlockKind::Gc => "collected content",
            BlockKind::Skip => "a gap",
            BlockKind::Deleted => "deleted content",
            BlockKind::Json => "old JSON content",
            BlockKind::Binary => "bytes",
            BlockKind::String => "text",
            BlockKind::Embed => "an embedded value",
            BlockKind::Format => "formatting",
            BlockKind::Type => "a container",
            BlockKind::Any => "a value",
            BlockKind::Doc => "a sub-document",
            BlockKind::Move => "a move",
        }
    }
}

/// One block: a run of units that one client wrote in a row. Offsets are into the update's bytes.
#[derive(Debug, Clone, Copy)]
pub struct Block {
    /// The number of its first unit among those of its client.
    pub clock: u32,
    /// How many units it covers: values, UTF-16 units of a text, or clocks that are gone.
    pub len: u32,
    pub(super) at: u32,
    pub(super) content: u32,
    pub(super) end: u32,
    pub(super) info: u8,
    /// A plain value in it is nested too deeply to be read.
    pub(crate) deep: bool,
    /// It holds a value that yrs would encode differently ([`WrittenBlocks`]).
    pub(super) odd: bool,
    /// What its units hold, as its first byte says; the delete set may have deleted them since.
    pub kind: BlockKind,
}

impl Block {
    /// Returns the clock after its last unit.
    pub fn next_clock(&self) -> u32 {
        self.clock.saturating_add(self.len)
    }

    /// Returns the byte range of the whole block.
    pub fn span(&self) -> Range<usize> {
        self.at as usize..self.end as usize
    }

    /// Creates a fault at its beginning.
    pub(crate) fn fault(&self, rule: &'static str, reason: impl Into<String>) -> Fault {
        Fault::new(self.at as usize, rule, reason)
    }

    /// Returns where its key of this length is written, directly before the content.
    pub(crate) fn key_span(&self, len: u32) -> Range<usize> {
        self.content.saturating_sub(len) as usize..self.content as usize
    }

    /// Returns the byte range of its content, without info, origins, parent and key.
    pub fn content_span(&self) -> Range<usize> {
        self.content as usize..self.end as usize
    }
}

/// The place of an item, as written. Names and keys are text, or its bytes: validating them as text again
/// costs as much as everything else.
#[derive(Debug, PartialEq, Eq)]
pub struct Header<'a, T: ?Sized = str> {
    /// The unit on its left when it was written; under a key, the unit it overwrote.
    pub left: Option<Id>,
    /// The unit on its right when it was written.
    pub right: Option<Id>,
    /// `None` if an origin is written: the parent is then the origin's.
    pub parent: Option<Parent<'a, T>>,
    /// The key in a map; written only together with the parent.
    pub key: Option<&'a T>,
}

impl<T: ?Sized> Header<'_, T> {
    /// Returns the item that created the container in which it says it is; `None` for a root, and if it does
    /// not say.
    pub fn container(self) -> Option<Id> {
        match self.parent {
            Some(Parent::Item(id)) => Some(id),
            _ => None,
        }
    }

    /// Returns the units that it names: both origins, then the container.
    pub fn references(self) -> impl Iterator<Item = Id> {
        [self.left, self.right, self.container()].into_iter().flatten()
    }
}

/// The container in which an item says it is.
#[derive(Debug, PartialEq, Eq)]
pub enum Parent<'a, T: ?Sized = str> {
    /// The root of this name.
    Root(&'a T),
    /// The container that this item created.
    Item(Id),
}

impl<T: ?Sized> Clone for Header<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Header<'_, T> {}

impl<T: ?Sized> Default for Header<'_, T> {
    fn default() -> Self {
        Header { left: None, right: None, parent: None, key: None }
    }
}

impl<T: ?Sized> Clone for Parent<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Parent<'_, T> {}

/// The blocks of one client, clocks `first..end` without a gap.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub id: u64,
    pub first: u32,
    pub end: u32,
    /// Bytes of its entry in the client table: the block count, its id, its first clock.
    pub head: usize,
    pub blocks: Range<usize>,
}

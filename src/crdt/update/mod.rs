//! The Yrs v1 update format, read without yrs: nothing reaches yrs that did not pass here first.
//!
//! An [`Update`] is walked (bounds, lengths, text: every byte is accounted for, no content is
//! copied), then checked against rule 1 of the gate. What it needs ([`Update::needs`]), whether it
//! fits the document it is meant for ([`Update::fits`]) and whether it forks from it
//! ([`Update::fork`]) are rules 2 and 3. [`merge`] puts several updates into one.
//!
//! ```text
//! update := n_clients { n_blocks client first_clock block* }* delete_set
//! block  := 0 len (GC) | 10 len (Skip) | info [left] [right] [parent [key]] content
//! ```

mod admit;
mod alive;
pub(super) mod any;
mod causal;
mod check;
mod cost;
mod crossing;
mod deletes;
mod facts;
mod fork;
mod lineage;
mod locate;
mod measure;
mod merge;
mod news;
mod owned;
mod pages;
mod paths;
mod portion;
mod reader;
mod run;
mod salvage;
#[cfg(test)]
mod tests;
mod texts;
mod trace;
mod walk;
mod written;

pub use admit::{Need, Verdict, admit};
pub use alive::Alive;
pub use cost::Rehearsal;
pub use deletes::DeleteSet;
pub use facts::Owner;
pub use lineage::Origins;
pub use locate::{Location, Locations};
pub use measure::{Dead, Frame};
pub use merge::merge;
pub use pages::{PageSet, Pages};
pub use paths::{Container, Extent, Register, Step};
pub use salvage::{Reach, Salvage, without_gaps};
pub use texts::{Decide, Instead, TextRole};
pub use trace::{Head, Trace, Traced, heads};
pub use written::WrittenBlocks;

pub(super) use deletes::write_var;
pub use owned::{CheckedBytes, HeldElsewhere};

pub(super) use facts::{Facts, GONE, OPEN, ParentSlot, Root, Shape};
pub(super) use reader::{AnyHead, Reader};

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A state vector: the next clock of each client.
pub type Clocks = BTreeMap<u64, u32>;

/// The name of one unit of content: who wrote it, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// The client id of the replica that wrote it.
    pub client: u64,
    /// Its number among all that this client wrote, from 0 on without a gap.
    pub clock: u32,
}

/// What a document holds: every clock it knows, and what of it is deleted. Two replicas with equal
/// versions hold the same content, unless one of them forked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Version {
    /// Of each client the clock after its last unit: the state vector.
    pub clocks: Clocks,
    /// Every unit that is deleted, those that were collected included.
    pub deletes: DeleteSet,
}

impl Version {
    /// Whether this has all of another.
    pub fn holds(&self, other: &Version) -> bool {
        let reached =
            |client: &u64, clock: &u32| self.clocks.get(client).is_some_and(|c| c >= clock);
        other.clocks.iter().all(|(client, clock)| reached(client, clock))
            && self.deletes.covers(&other.deletes)
    }
}

/// Why bytes were refused: where, by which rule (a short name that is public API), and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where in the bytes, from 0 on.
    pub offset: usize,
    /// The name of the rule that was broken, one short word; public API.
    pub rule: &'static str,
    /// What is wrong there, for people, without a full stop.
    pub reason: String,
}

impl Fault {
    fn new(offset: usize, rule: &'static str, reason: impl Into<String>) -> Self {
        Fault { offset, rule, reason: reason.into() }
    }

    /// Whether honest documents of other programs hold such a thing: nothing of it is damaged, and
    /// rule 1 of the gate excludes it all the same. Only what was walked to its end has such a
    /// fault: content and containers that nothing here reads, what is nested too deeply, keys in
    /// a text or one root used as two things, and what Yjs itself shows differently each time.
    pub fn is_unsupported(&self) -> bool {
        matches!(self.rule, "kind" | "type" | "nesting" | "mixed" | "crossing")
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {} ({})", self.offset, self.reason, self.rule)
    }
}

impl std::error::Error for Fault {}

/// What a root holds, where a concern's schema says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootKind {
    /// A shared map.
    Map,
    /// A shared array.
    Array,
    /// A shared text.
    Text,
}

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A range whose content was collected: nothing tells any more what it was, or where it stood.
    Gc,
    /// A range that is not there. No document that is stored here has any.
    Skip,
    /// An item whose content is gone; where it stood is known.
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

impl Kind {
    /// The kind as a word in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Gc => "collected content",
            Kind::Skip => "a gap",
            Kind::Deleted => "deleted content",
            Kind::Json => "old JSON content",
            Kind::Binary => "bytes",
            Kind::String => "text",
            Kind::Embed => "an embedded value",
            Kind::Format => "formatting",
            Kind::Type => "a container",
            Kind::Any => "a value",
            Kind::Doc => "a sub-document",
            Kind::Move => "a move",
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
    at: u32,
    content: u32,
    end: u32,
    info: u8,
    /// A plain value in it is nested deeper than anything here reads.
    deep: bool,
    /// It holds a value that yrs would write in another way ([`WrittenBlocks`]).
    odd: bool,
    /// What its units hold, as its first byte says; the delete set may have deleted them since.
    pub kind: Kind,
}

impl Block {
    /// The clock after its last unit.
    pub fn next_clock(&self) -> u32 {
        self.clock.saturating_add(self.len)
    }

    /// The bytes of the whole block.
    pub fn span(&self) -> Range<usize> {
        self.at as usize..self.end as usize
    }

    /// The bytes of its content, without info, origins, parent and key.
    pub fn content_span(&self) -> Range<usize> {
        self.content as usize..self.end as usize
    }
}

/// Where an item stands, as written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Header<'a> {
    /// The unit that stood to its left when it was written: what it was written over, under a key.
    pub left: Option<Id>,
    /// The unit that stood to its right when it was written.
    pub right: Option<Id>,
    /// `None` where an origin is written: the parent is then the origin's.
    pub parent: Option<Parent<'a>>,
    /// The key in a map, where it is written: only where the parent is.
    pub key: Option<&'a str>,
}

/// The container that an item says it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parent<'a> {
    /// The root of this name.
    Root(&'a str),
    /// The container that this item created.
    Item(Id),
}

/// The blocks of one client, clocks `first..end` without a gap.
#[derive(Debug, Clone)]
struct Client {
    id: u64,
    first: u32,
    end: u32,
    /// Bytes of its entry in the client table: how many blocks, its id, its first clock.
    head: usize,
    blocks: Range<usize>,
}

/// An update that was walked: its structure is sound, its meaning is not.
#[derive(Debug, Clone, Copy)]
pub struct Unchecked;
/// An update that passed rule 1 of the gate.
#[derive(Debug, Clone, Copy)]
pub struct Checked;

/// An update, its bytes borrowed. What was read of them is shared with its clones.
pub struct Update<'a, S = Unchecked> {
    bytes: &'a [u8],
    walked: Arc<Walked>,
    /// Empty until checked.
    facts: Arc<Facts>,
    state: PhantomData<S>,
}

/// What a walk reads.
#[derive(Debug, Clone, Default)]
pub struct Walked {
    /// Sorted by client id.
    clients: Vec<Client>,
    blocks: Vec<Block>,
    deletes: DeleteSet,
    /// Where the delete set begins.
    deletes_at: usize,
}

impl<S> Deref for Update<'_, S> {
    type Target = Walked;

    fn deref(&self) -> &Walked {
        &self.walked
    }
}

impl<S> Clone for Update<'_, S> {
    fn clone(&self) -> Self {
        let (walked, facts) = (Arc::clone(&self.walked), Arc::clone(&self.facts));
        Update { bytes: self.bytes, walked, facts, state: PhantomData }
    }
}

impl<'a, S> Update<'a, S> {
    /// The bytes as they came.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Each client with its blocks, by ascending id.
    pub fn clients(&self) -> impl Iterator<Item = (u64, &[Block])> {
        self.clients.iter().map(|c| (c.id, self.blocks.get(c.blocks.clone()).unwrap_or(&[])))
    }

    /// The delete set as written, ranges that touch merged. [`Update::version`] adds what the
    /// blocks themselves say.
    pub fn delete_set(&self) -> &DeleteSet {
        &self.deletes
    }

    /// Origins, parent and key of a block; empty for GC and Skip.
    pub fn header(&self, block: &Block) -> Header<'a> {
        if matches!(block.kind, Kind::Gc | Kind::Skip) {
            return Header::default();
        }
        // The walk read the same bytes with the same function: this cannot fail.
        let mut reader = Reader::at(self.bytes, block.at as usize + 1);
        reader.header(block.info).unwrap_or_default()
    }

    /// The left and the right origin of a block: less work than all of its header.
    pub(super) fn origins(&self, block: &Block) -> (Option<Id>, Option<Id>) {
        if matches!(block.kind, Kind::Gc | Kind::Skip) {
            return (None, None);
        }
        // The walk read the same bytes with the same function: this cannot fail.
        let mut reader = Reader::at(self.bytes, block.at as usize + 1);
        reader.origins(block.info).unwrap_or_default()
    }

    /// The content of a block as written.
    pub fn content(&self, block: &Block) -> &'a [u8] {
        self.bytes.get(block.content_span()).unwrap_or(&[])
    }

    /// The block that holds an id.
    pub fn block(&self, id: Id) -> Option<&Block> {
        self.blocks.get(self.find(id)?)
    }

    /// What the update holds: the clock after the last unit of each client, and all that is
    /// deleted by the delete set, as GC or as Deleted.
    pub fn version(&self) -> Version {
        let mut gone = DeleteSet::default();
        for (client, blocks) in self.clients() {
            for block in blocks.iter().filter(|b| matches!(b.kind, Kind::Gc | Kind::Deleted)) {
                gone.insert(client, block.clock..block.next_clock());
            }
        }
        gone.union(&self.deletes);
        Version { clocks: self.clients.iter().map(|c| (c.id, c.end)).collect(), deletes: gone }
    }

    fn client(&self, id: u64) -> Option<&Client> {
        self.clients.get(self.client_index(id)?)
    }

    fn client_index(&self, id: u64) -> Option<usize> {
        self.clients.binary_search_by_key(&id, |c| c.id).ok()
    }

    /// The index of the block that holds an id.
    pub(super) fn find(&self, id: Id) -> Option<usize> {
        self.find_in(self.client(id.client)?, id.clock)
    }

    fn find_in(&self, client: &Client, clock: u32) -> Option<usize> {
        if clock < client.first || clock >= client.end {
            return None;
        }
        let blocks = self.blocks.get(client.blocks.clone())?;
        let after = blocks.partition_point(|b| b.clock <= clock);
        Some(client.blocks.start + after.checked_sub(1)?)
    }

    /// The blocks of all clients, in the order of the bytes.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Each client with the indices of its blocks.
    pub fn client_ranges(&self) -> impl Iterator<Item = (u64, Range<usize>)> {
        self.clients.iter().map(|c| (c.id, c.blocks.clone()))
    }

    pub(super) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The key of a place.
    pub(super) fn key(&self, slot: &ParentSlot) -> Option<&'a str> {
        let len = slot.key_len?;
        // The key is the last thing before the content.
        let end = self.blocks.get(slot.head as usize)?.content;
        let key = self.bytes.get(end.checked_sub(len)? as usize..end as usize)?;
        std::str::from_utf8(key).ok()
    }

    /// The name of a root.
    pub(super) fn root(&self, root: &Root) -> &'a str {
        let named = self.blocks.get(root.head as usize).and_then(|head| self.header(head).parent);
        match named {
            Some(Parent::Root(name)) => name,
            _ => "",
        }
    }
}

impl Update<'_, Checked> {
    /// Per client, the clock that a receiver must have reached: the update's own first blocks
    /// follow it, and every origin, parent and deletion that the update does not hold lies
    /// before it.
    pub fn needs(&self) -> &Clocks {
        &self.facts.needs
    }

    /// Whether the origins of something deleted cross inside one run. It does not show itself, but
    /// what is written at once with it and beside it may stand in another order elsewhere, in yrs
    /// and Yjs alike: only an undo writes such a thing, and hardly ever.
    pub fn crosses(&self) -> bool {
        self.facts.crosses
    }

    /// Refuses what refers to something that it does not hold.
    ///
    /// # Errors
    /// What that is.
    pub(super) fn is_complete(&self) -> Result<(), Fault> {
        match self.facts.needs.iter().next() {
            Some((client, clock)) => Err(Fault::new(
                self.bytes.len(),
                "incomplete",
                format!("the state refers to clock {clock} of client {client} without holding it"),
            )),
            None => Ok(()),
        }
    }

    /// Of what it needs, what `have` lacks; empty when the update is ready.
    pub fn missing(&self, have: &Clocks) -> Clocks {
        let lacking =
            |client: &u64, clock: &u32| have.get(client).is_none_or(|reached| reached < clock);
        self.facts.needs.iter().filter(|(c, n)| lacking(c, n)).map(|(c, n)| (*c, *n)).collect()
    }
}

/// Walks and checks a state of our own making before it is stored: whole (every client from clock
/// 0, nothing outside it referred to), within rule 1, its deletions within its clocks.
///
/// # Errors
/// The first fault.
pub fn storable(bytes: &[u8]) -> Result<Version, Fault> {
    let update = Update::checked(bytes, &[])?;
    update.is_complete()?;
    Ok(update.version())
}

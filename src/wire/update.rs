//! An update that was read: its bytes, and what a walk and a check found in them.

use super::block::{Block, BlockKind, Client, Clocks, Header, Id, Parent};
use super::deletes::DeleteSet;
use super::facts::{Facts, ParentSlot, Root};
use super::fault::Fault;
use super::reader::{ByteReader, HAS_ORIGIN};
use super::version::Version;
use std::marker::PhantomData;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// An update that was walked: its structure is sound, its meaning is not.
#[derive(Debug, Clone, Copy)]
pub struct Unchecked;
/// An update that passed rule 1 of the gate.
#[derive(Debug, Clone, Copy)]
pub struct Checked;

/// An update, its bytes borrowed. What was read of them is shared with its clones.
pub struct Update<'a, S = Unchecked> {
    pub(super) bytes: &'a [u8],
    pub(super) walked: Arc<Walked>,
    /// Empty until checked.
    pub(super) facts: Arc<Facts>,
    pub(super) state: PhantomData<S>,
}

/// What a walk reads.
#[derive(Debug, Clone, Default)]
pub struct Walked {
    /// Sorted by client id.
    pub(crate) clients: Vec<Client>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) deletes: DeleteSet,
    /// Where the delete set begins.
    pub(super) deletes_at: usize,
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
    /// The same, whatever was found out about it.
    pub(super) fn unchecked(&self) -> Update<'a, Unchecked> {
        let (walked, facts) = (Arc::clone(&self.walked), Arc::clone(&self.facts));
        Update { bytes: self.bytes, walked, facts, state: PhantomData }
    }

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
        self.behind_info(block, |reader| reader.header(block.info))
    }

    /// The same, and names and keys as bytes: less work.
    pub(crate) fn raw_header(&self, block: &Block) -> Header<'a, [u8]> {
        self.behind_info(block, |reader| reader.raw_header(block.info))
    }

    /// The left and the right origin of a block: less work than all of its header.
    pub(crate) fn origins(&self, block: &Block) -> (Option<Id>, Option<Id>) {
        match block.info & HAS_ORIGIN {
            0 => (None, None),
            _ => self.behind_info(block, |reader| reader.origins(block.info)),
        }
    }

    /// What stands behind the info byte of an item; the default for GC and Skip.
    #[inline]
    fn behind_info<T: Default>(
        &self,
        block: &Block,
        read: impl FnOnce(&mut ByteReader<'a>) -> Result<T, Fault>,
    ) -> T {
        if matches!(block.kind, BlockKind::Gc | BlockKind::Skip) {
            return T::default();
        }
        // The walk read the same bytes with the same function: this cannot fail.
        read(&mut ByteReader::at(self.bytes, block.at as usize + 1)).unwrap_or_default()
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
            for block in
                blocks.iter().filter(|b| matches!(b.kind, BlockKind::Gc | BlockKind::Deleted))
            {
                gone.insert(client, block.clock..block.next_clock());
            }
        }
        gone.union(&self.deletes);
        Version { clocks: self.clients.iter().map(|c| (c.id, c.end)).collect(), deletes: gone }
    }

    /// The block of a client that holds a clock, with its index.
    pub fn find_block(&self, client: u64, clock: u32) -> Option<(usize, &Block)> {
        let index = self.find(Id { client, clock })?;
        Some((index, self.blocks.get(index)?))
    }

    pub(crate) fn client(&self, id: u64) -> Option<&Client> {
        self.clients.get(self.client_index(id)?)
    }

    pub(crate) fn client_index(&self, id: u64) -> Option<usize> {
        self.clients.binary_search_by_key(&id, |c| c.id).ok()
    }

    /// The index of the block that holds an id.
    pub(crate) fn find(&self, id: Id) -> Option<usize> {
        self.find_in(self.client(id.client)?, id.clock)
    }

    pub(crate) fn find_in(&self, client: &Client, clock: u32) -> Option<usize> {
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

    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The key of a place.
    pub(crate) fn key(&self, slot: &ParentSlot) -> Option<&'a str> {
        std::str::from_utf8(self.key_bytes(slot)?).ok()
    }

    /// The same, as bytes.
    pub(crate) fn key_bytes(&self, slot: &ParentSlot) -> Option<&'a [u8]> {
        self.bytes.get(self.blocks.get(slot.head as usize)?.key_span(slot.key_len?))
    }

    /// The name of a root.
    pub(crate) fn root(&self, root: &Root) -> &'a str {
        let named = self.blocks.get(root.head as usize).and_then(|head| self.header(head).parent);
        match named {
            Some(Parent::Root(name)) => name,
            _ => "",
        }
    }
}

impl<'a> Update<'a, Unchecked> {
    /// What passed rule 1 of the gate, with what the gate found out. Only the gate calls this: the
    /// guard of the architecture says so.
    pub(crate) fn passed_with(self, facts: Facts) -> Update<'a, Checked> {
        let Update { bytes, walked, facts: _, state: _ } = self;
        Update { bytes, walked, facts: facts.into(), state: PhantomData }
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
    pub(crate) fn is_complete(&self) -> Result<(), Fault> {
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

impl Block {
    /// Whether it says itself in which container it stands, and not an origin.
    pub(crate) fn names_its_place(&self) -> bool {
        !matches!(self.kind, BlockKind::Gc | BlockKind::Skip) && self.info & HAS_ORIGIN == 0
    }
}

/// Who wrote each block of an update.
#[derive(Debug, Clone, Default)]
pub struct BlockWriters(Vec<(u32, u64)>);

impl BlockWriters {
    /// Of the blocks of this update, by their index.
    pub fn of<S>(update: &Update<'_, S>) -> BlockWriters {
        let end = |end: usize| u32::try_from(end).unwrap_or(u32::MAX);
        let ends = update.client_ranges().map(|(client, range)| (end(range.end), client));
        let mut ends: Vec<(u32, u64)> = ends.collect();
        // Clients are sorted by their ids, and blocks as they are written.
        ends.sort_unstable();
        BlockWriters(ends)
    }

    /// Who wrote a block; 0 for an index of none.
    pub fn get(&self, block: u32) -> u64 {
        let after = self.0.partition_point(|(end, _)| *end <= block);
        self.0.get(after).map_or(0, |(_, client)| *client)
    }
}

impl<S> Update<'_, S> {
    /// The first unit of the block that holds a byte.
    pub(crate) fn id_at(&self, offset: usize) -> Option<Id> {
        self.clients.iter().find_map(|client| {
            let blocks = self.blocks.get(client.blocks.clone())?;
            let after = blocks.partition_point(|block| block.span().start <= offset);
            let block = blocks.get(after.checked_sub(1)?)?;
            let holds = offset < block.span().end || offset == block.span().start;
            holds.then_some(Id { client: client.id, clock: block.clock })
        })
    }
}

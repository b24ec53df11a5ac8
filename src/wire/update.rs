//! A parsed update: its bytes, and what a walk and a check found in them.

use super::block::{Block, BlockKind, Client, Clocks, Header, Id, Parent};
use super::deletes::DeleteSet;
use super::facts::{Facts, ParentSlot, Root};
use super::fault::Fault;
use super::head::HAS_ORIGIN;
use super::reader::ByteReader;
use super::shared::SharedBytes;
use super::version::Version;
use std::marker::PhantomData;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// An update that was walked: its structure is valid, its meaning is unchecked.
#[derive(Debug, Clone, Copy)]
pub struct Unchecked;
/// An update that passed rule 1 of the gate.
#[derive(Debug, Clone, Copy)]
pub struct Checked;

/// An update with borrowed bytes. Its parsed form is shared with its clones.
pub struct Update<'a, S = Unchecked> {
    pub(super) bytes: &'a [u8],
    /// What holds the bytes, if it can be shared.
    pub(super) shared: Option<&'a SharedBytes>,
    pub(super) walked: Arc<Walked>,
    /// Empty until checked.
    pub(super) facts: Arc<Facts>,
    pub(super) state: PhantomData<S>,
}

/// The result of a walk.
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
        Update { bytes: self.bytes, shared: self.shared, walked, facts, state: PhantomData }
    }
}

impl<'a, S> Update<'a, S> {
    /// Returns the same update without its check results.
    pub(super) fn unchecked(&self) -> Update<'a, Unchecked> {
        let (walked, facts) = (Arc::clone(&self.walked), Arc::clone(&self.facts));
        Update { bytes: self.bytes, shared: self.shared, walked, facts, state: PhantomData }
    }

    /// Returns the original bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the same update, whose bytes [`Update::to_shared_bytes`] need not copy, if these are its bytes.
    pub fn held_by(mut self, bytes: &'a SharedBytes) -> Self {
        self.shared = Some(bytes).filter(|bytes| std::ptr::eq::<[u8]>(self.bytes, &***bytes));
        self
    }

    /// Returns what was parsed, to be freed elsewhere: that takes a while for a large document.
    pub(crate) fn into_parsed(self) -> impl Send + use<S> {
        (self.walked, self.facts)
    }

    /// Returns the original bytes, shared if they can be, copied otherwise.
    pub fn to_shared_bytes(&self) -> SharedBytes {
        self.shared.cloned().unwrap_or_else(|| self.bytes.to_vec().into())
    }

    /// Returns each client with its blocks, by ascending id.
    pub fn clients(&self) -> impl Iterator<Item = (u64, &[Block])> {
        self.clients.iter().map(|c| (c.id, self.blocks.get(c.blocks.clone()).unwrap_or(&[])))
    }

    /// Returns the delete set as written, with touching ranges merged. [`Update::version`] adds what the
    /// blocks themselves say.
    pub fn delete_set(&self) -> &DeleteSet {
        &self.deletes
    }

    /// Returns origins, parent and key of a block; empty for GC and Skip.
    pub fn header(&self, block: &Block) -> Header<'a> {
        self.behind_info(block, |reader| reader.header(block.info))
    }

    /// Like [`Update::header`], with names and keys as bytes, which is cheaper.
    pub(crate) fn raw_header(&self, block: &Block) -> Header<'a, [u8]> {
        self.behind_info(block, |reader| reader.known_header(block.info))
    }

    /// Returns the left and the right origin of a block, which is cheaper than its whole header.
    pub(crate) fn origins(&self, block: &Block) -> (Option<Id>, Option<Id>) {
        match block.info & HAS_ORIGIN {
            0 => (None, None),
            _ => self.behind_info(block, |reader| reader.origins(block.info)),
        }
    }

    /// Reads what follows the info byte of an item; the default for GC and Skip.
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

    /// Returns the content of a block as written.
    pub fn content(&self, block: &Block) -> &'a [u8] {
        self.bytes.get(block.content_span()).unwrap_or(&[])
    }

    /// Returns the block that holds an id.
    pub fn block(&self, id: Id) -> Option<&Block> {
        self.blocks.get(self.find(id)?)
    }

    /// Returns what the update holds: the clock after the last unit of each client, and everything deleted by
    /// the delete set, as GC or as Deleted.
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

    /// Returns the block of a client that holds a clock, with its index.
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

    /// Returns the index of the block that holds an id.
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

    /// Returns which of some blocks of one client hold any of these clocks. They are found without a walk over the
    /// others: a small update is compared with a whole document.
    pub(crate) fn blocks_within(&self, of: Range<usize>, clocks: Range<u32>) -> Range<usize> {
        let blocks = self.blocks.get(of.clone()).unwrap_or(&[]);
        let first = blocks.partition_point(|block| block.next_clock() <= clocks.start);
        let end = blocks.partition_point(|block| block.clock < clocks.end);
        of.start.saturating_add(first)..of.start.saturating_add(end)
    }

    /// Like [`Update::find`], faster if the id is among the blocks of this client just before that index: by
    /// far the most references are.
    pub(crate) fn find_before(&self, index: usize, of: &Client, id: Id) -> Option<usize> {
        if id.client != of.id {
            return self.find(id);
        }
        if id.clock < of.first || id.clock >= of.end {
            return None;
        }
        let first = of.blocks.start;
        let (mut low, mut high, mut step) = (index, of.blocks.end, 1usize);
        while low > first && self.blocks.get(low).is_none_or(|block| block.clock > id.clock) {
            (low, high) = (low.saturating_sub(step).max(first), low);
            step = step.saturating_mul(2);
        }
        let after = self.blocks.get(low..high)?.partition_point(|block| block.clock <= id.clock);
        low.saturating_add(after).checked_sub(1).filter(|at| *at >= first)
    }

    /// Returns the blocks of all clients, in the order of the bytes.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Returns each client with the indices of its blocks.
    pub fn client_ranges(&self) -> impl Iterator<Item = (u64, Range<usize>)> {
        self.clients.iter().map(|c| (c.id, c.blocks.clone()))
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Returns the key of a place.
    pub(crate) fn key(&self, slot: &ParentSlot) -> Option<&'a str> {
        std::str::from_utf8(self.key_bytes(slot)?).ok()
    }

    /// Like [`Update::key`], as bytes.
    pub(crate) fn key_bytes(&self, slot: &ParentSlot) -> Option<&'a [u8]> {
        self.bytes.get(self.blocks.get(slot.head as usize)?.key_span(slot.key_len?))
    }

    /// Returns the name of a root.
    pub(crate) fn root(&self, root: &Root) -> &'a str {
        let named = self.blocks.get(root.head as usize).and_then(|head| self.header(head).parent);
        match named {
            Some(Parent::Root(name)) => name,
            _ => "",
        }
    }
}

impl<'a> Update<'a, Unchecked> {
    /// What a walk found in these bytes.
    pub(super) fn of_walked(bytes: &'a [u8], walked: impl Into<Arc<Walked>>) -> Self {
        let (walked, facts) = (walked.into(), Arc::default());
        Update { bytes, shared: None, walked, facts, state: PhantomData }
    }

    /// Takes the memory that was got for its facts, unless a clone has it.
    pub(crate) fn take_room(&mut self) -> Facts {
        Arc::get_mut(&mut self.facts).map(std::mem::take).unwrap_or_default()
    }

    /// Marks the update as having passed rule 1 of the gate, with the gate's findings. Only the gate calls
    /// this; the architecture test enforces that.
    pub(crate) fn passed_with(self, facts: Facts) -> Update<'a, Checked> {
        let Update { bytes, shared, walked, facts: _, state: _ } = self;
        Update { bytes, shared, walked, facts: facts.into(), state: PhantomData }
    }
}

impl Update<'_, Checked> {
    /// Returns, per client, the clock that a receiver must have reached: the update's own first blocks follow
    /// it, and every origin, parent and deletion that the update does not hold lies before it.
    pub fn needs(&self) -> &Clocks {
        &self.facts.needs
    }

    /// Whether the origins of something deleted cross inside one run. That item is not shown itself, but what
    /// is written beside it concurrently may be ordered differently elsewhere, in yrs and Yjs alike. Only an
    /// undo writes such origins, and very rarely.
    pub fn crosses(&self) -> bool {
        self.facts.crosses
    }

    /// Refuses an update that refers to something it does not hold.
    ///
    /// # Errors
    /// The first such reference.
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

    /// Returns the part of its needs that `have` lacks; empty when the update is ready.
    pub fn missing(&self, have: &Clocks) -> Clocks {
        let lacking =
            |client: &u64, clock: &u32| have.get(client).is_none_or(|reached| reached < clock);
        self.facts.needs.iter().filter(|(c, n)| lacking(c, n)).map(|(c, n)| (*c, *n)).collect()
    }
}

impl Block {
    /// Whether the block itself, rather than an origin, says in which container it is.
    pub(crate) fn names_its_place(&self) -> bool {
        !matches!(self.kind, BlockKind::Gc | BlockKind::Skip) && self.info & HAS_ORIGIN == 0
    }
}

/// Who wrote each block of an update.
#[derive(Debug, Clone, Default)]
pub struct BlockWriters(Vec<(u32, u64)>);

impl BlockWriters {
    /// Returns the writers of this update's blocks, by block index.
    pub fn of<S>(update: &Update<'_, S>) -> BlockWriters {
        let end = |end: usize| u32::try_from(end).unwrap_or(u32::MAX);
        let ends = update.client_ranges().map(|(client, range)| (end(range.end), client));
        let mut ends: Vec<(u32, u64)> = ends.collect();
        // Clients are sorted by id, and blocks by position.
        ends.sort_unstable();
        BlockWriters(ends)
    }

    /// Returns who wrote a block; 0 for an index without a block.
    pub fn get(&self, block: u32) -> u64 {
        let after = self.0.partition_point(|(end, _)| *end <= block);
        self.0.get(after).map_or(0, |(_, client)| *client)
    }
}

impl<S> Update<'_, S> {
    /// Returns the first unit of the block that contains a byte offset.
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

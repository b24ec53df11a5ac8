//! What can be used of bytes that are damaged, incomplete, or disagree with others.
//!
//! Reading ends at the first fault: after it nothing tells where a block begins. Which of the blocks before
//! it can join a document is up to the gate ([`Salvage::joining`]).

mod reach;

pub use reach::Reach;

use super::block::{Block, BlockKind, Client, Clocks, Id};
use super::deletes::{DeleteSet, write_var};
use super::fault::Fault;
use super::reader::ByteReader;
use super::run::Run;
use super::update::{Unchecked, Update, Walked};
use super::walk::{walk_block, walk_deletes};
use crate::limits::CLOCK_END;
use std::collections::HashSet;
use std::sync::Arc;

/// The blocks of an update, as far as they can be read.
pub struct Salvage<'a> {
    update: Update<'a, Unchecked>,
    /// Where reading ended, and why; `None` if the bytes were read to their end.
    pub fault: Option<Fault>,
    /// How many bytes were read.
    pub read: usize,
    /// The first unreadable unit of the client in whose blocks reading ended.
    pub cut: Option<Id>,
    /// Where reading ended in the blocks of a client: how many it announces, and how many of these could be
    /// read.
    pub announced: Option<(u64, u64)>,
    /// The delete set was not read to its end: deletions may be missing that the blocks do not show
    /// themselves.
    pub lacks_deletes: bool,
    /// It is a part between gaps.
    is_part: bool,
}

impl<'a> Salvage<'a> {
    /// Reads up to the first fault.
    pub fn read(bytes: &'a [u8]) -> Salvage<'a> {
        // Offsets are kept in 32 bits; no document is that large.
        let bytes = bytes.get(..bytes.len().min(u32::MAX as usize - 1)).unwrap_or(bytes);
        let mut prefix = Prefix { reader: ByteReader::at(bytes, 0), ..Prefix::default() };
        let fault = prefix.read().err();
        let read = match &fault {
            None => bytes.len(),
            Some(fault) if prefix.deletes_at > 0 => fault.offset.min(bytes.len()),
            // A fault lies inside a block, and that block is unread.
            Some(_) => prefix.blocks.last().map_or(0, |block| block.span().end),
        };
        let Prefix {
            mut clients, blocks, deletes, deletes_at, cut, announced, lacks_deletes, ..
        } = prefix;
        clients.retain(|client| !client.blocks.is_empty());
        clients.sort_unstable_by_key(|client| client.id);
        let walked = Walked { clients, blocks, deletes, deletes_at };
        let update = Update::of_walked(bytes, walked);
        Salvage { update, fault, read, cut, announced, lacks_deletes, is_part: false }
    }

    /// Splits it into parts without gaps, each with what a client has between two gaps. The last part holds
    /// all deletions and nothing else.
    pub fn without_gaps(self) -> Vec<Salvage<'a>> {
        if !self.update.blocks.iter().any(|block| block.kind == BlockKind::Skip) {
            return vec![self];
        }
        let mut parts: Vec<Salvage<'a>> = Vec::new();
        for client in &self.update.clients {
            let blocks = self.update.blocks.get(client.blocks.clone()).unwrap_or(&[]);
            let runs =
                blocks.split(|block| block.kind == BlockKind::Skip).filter(|run| !run.is_empty());
            for (at, run) in runs.enumerate() {
                if parts.len() <= at {
                    parts.push(Salvage { is_part: true, ..self.nothing_of() });
                }
                if let Some(part) = parts.get_mut(at) {
                    part.take(client, run, &self.update.deletes);
                }
            }
        }
        let mut last = self.nothing_of();
        Arc::make_mut(&mut last.update.walked).deletes = self.update.deletes.clone();
        parts.push(last);
        parts
    }

    /// Whether it is the turn of a part between gaps: what precedes it is there, and it is not. (There may be
    /// thousands of parts, and each is asked again whenever one was taken.)
    pub fn can_begin(&self, have: &Clocks) -> bool {
        let has = |client: u64| have.get(&client).copied().unwrap_or(0);
        let mut clients = self.update.clients.iter();
        !self.is_part || clients.any(|of| (of.first..of.end).contains(&has(of.id)))
    }

    /// Returns the same bytes, with nothing taken from them yet.
    fn nothing_of(&self) -> Salvage<'a> {
        let walked = Walked { deletes_at: self.update.deletes_at, ..Walked::default() };
        let update = Update::of_walked(self.update.bytes, walked);
        Salvage { update, fault: self.fault.clone(), ..*self }
    }

    /// Adds a run of a client's blocks, with what is deleted in them.
    fn take(&mut self, of: &Client, run: &[Block], deletes: &DeleteSet) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { return };
        let walked = Arc::make_mut(&mut self.update.walked);
        let from = walked.blocks.len();
        walked.blocks.extend_from_slice(run);
        let (first, end) = (first.clock, last.next_clock());
        let blocks = from..walked.blocks.len();
        walked.clients.push(Client { id: of.id, first, end, head: 0, blocks });
        for range in deletes.within(of.id, first..end) {
            walked.deletes.insert(of.id, range);
        }
    }

    /// Returns the blocks that were read, whether or not they can be used.
    pub fn update(&self) -> &Update<'a, Unchecked> {
        &self.update
    }

    /// Returns the bytes after the last block that was read.
    pub fn unread(&self) -> &'a [u8] {
        self.update.bytes.get(self.read..).unwrap_or(&[])
    }

    /// Whether the delete set says that a block is deleted.
    pub fn deletes(&self, client: u64, block: &Block) -> bool {
        self.update.deletes.contains(Id { client, clock: block.clock })
    }

    /// Whether reading ended among the blocks, before the delete set.
    pub fn ends_in_blocks(&self) -> bool {
        self.fault.is_some() && self.update.deletes_at == 0
    }

    /// Returns an update of the blocks up to these clocks, with the deletions of what is then known.
    pub(crate) fn write(&self, reached: &[u32], have: &Clocks) -> Vec<u8> {
        let clients = self.update.clients.iter().zip(reached.iter().copied()).rev();
        let some = clients.filter(|(client, end)| *end > client.first);
        let mut out = Vec::new();
        write_var(&mut out, some.clone().count() as u64);
        for (client, end) in some {
            let mut blocks = Vec::new();
            let mut count = 0;
            let mut run = Run::from(&self.update, client, client.first);
            while let Some(run) = &mut run
                && run.clock() < end
            {
                let units = run.offset_and_rest().1.min(end.saturating_sub(run.clock())).max(1);
                run.write(units, &mut blocks);
                run.seek(run.clock().saturating_add(units));
                count += 1;
            }
            write_var(&mut out, count);
            write_var(&mut out, client.id);
            write_var(&mut out, u64::from(client.first));
            out.extend_from_slice(&blocks);
        }
        self.deleted(reached, have).encode(&mut out);
        out
    }

    /// Returns the deletions of what is known: by the delete set, and by blocks that still show what they
    /// deleted.
    fn deleted(&self, reached: &[u32], have: &Clocks) -> DeleteSet {
        let mut deletes = DeleteSet::default();
        for (client, range) in self.update.deletes.iter() {
            let have = have.get(&client).copied().unwrap_or(0);
            let at = self.update.client_index(client);
            let own = at.and_then(|at| Some((self.update.clients.get(at)?, *reached.get(at)?)));
            let known = match own {
                // What is taken of a client continues what is known of it.
                Some((of, reached)) if reached > of.first => reached.max(have),
                _ => have,
            };
            deletes.insert(client, range.start..range.end.min(known));
        }
        for (client, end) in self.update.clients.iter().zip(reached) {
            let blocks = self.update.blocks.get(client.blocks.clone()).unwrap_or(&[]);
            for block in blocks.iter().filter(|block| block.kind == BlockKind::Deleted) {
                deletes.insert(client.id, block.clock..block.next_clock().min(*end));
            }
        }
        deletes
    }
}

/// Splits an update with gaps into updates without, each of which can be applied in its turn; `None` if it
/// has no gaps, or is not an update.
pub fn without_gaps(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let whole = Update::walk(bytes).ok()?;
    if !whole.blocks.iter().any(|block| block.kind == BlockKind::Skip) {
        return None;
    }
    let mut parts = Vec::new();
    let mut deletes = whole.deletes.clone();
    let nothing = Clocks::new();
    for part in Salvage::read(bytes).without_gaps() {
        let ends: Vec<u32> = part.update.clients.iter().map(|client| client.end).collect();
        if ends.is_empty() {
            continue;
        }
        parts.push(part.write(&ends, &nothing));
        deletes.subtract(&part.update.deletes);
    }
    if !deletes.is_empty() {
        let mut out = vec![0];
        deletes.encode(&mut out);
        parts.push(out);
    }
    (!parts.is_empty()).then_some(parts)
}

/// Reads until something is wrong.
struct Prefix<'a> {
    reader: ByteReader<'a>,
    clients: Vec<Client>,
    blocks: Vec<Block>,
    deletes: DeleteSet,
    deletes_at: usize,
    cut: Option<Id>,
    announced: Option<(u64, u64)>,
    lacks_deletes: bool,
}

impl Default for Prefix<'_> {
    fn default() -> Self {
        Prefix {
            reader: ByteReader::at(&[], 0),
            clients: Vec::new(),
            blocks: Vec::new(),
            deletes: DeleteSet::default(),
            deletes_at: 0,
            cut: None,
            announced: None,
            lacks_deletes: true,
        }
    }
}

impl Prefix<'_> {
    fn read(&mut self) -> Result<(), Fault> {
        let mut seen = HashSet::new();
        // Counts are not checked against what is left: the end may be what is missing.
        for _ in 0..self.reader.var()? {
            let count = self.reader.var()?;
            let id = self.reader.client()?;
            let first = self.reader.clock()?;
            if !seen.insert(id) {
                let reason = format!("client {id} is listed twice");
                return Err(self.reader.fault("duplicate-client", reason));
            }
            let from = self.blocks.len();
            self.clients.push(Client { id, first, end: first, head: 0, blocks: from..from });
            let mut taken = 0;
            self.read_blocks(count, first, &mut taken).inspect_err(|_| {
                self.cut = self.clients.last().map(|of| Id { client: of.id, clock: of.end });
                self.announced = Some((count, taken));
            })?;
        }
        self.deletes_at = self.reader.offset();
        walk_deletes(&mut self.reader, &mut self.deletes)?;
        self.lacks_deletes = false;
        match self.reader.left() {
            0 => Ok(()),
            _ => Err(self.reader.fault("trailing", "bytes after the end of the update")),
        }
    }

    fn read_blocks(&mut self, count: u64, first: u32, taken: &mut u64) -> Result<(), Fault> {
        let mut clock = first;
        for _ in 0..count {
            let block = walk_block(&mut self.reader, clock)?;
            *taken = taken.saturating_add(1);
            if block.len == 0 {
                continue;
            }
            clock = block.next_clock();
            if clock > CLOCK_END {
                return Err(self.reader.fault("clock", "a client reaches past clock 2^31"));
            }
            self.blocks.push(block);
            if let Some(client) = self.clients.last_mut() {
                client.end = clock;
                client.blocks.end = self.blocks.len();
            }
        }
        Ok(())
    }
}

//! The walk: every byte of an update accounted for, in one pass.

use super::{
    Block, BlockKind, ByteReader, Client, DeleteSet, Facts, Fault, Unchecked, Update, Walked,
};
use crate::limits::CLOCK_END;
use crate::parallel;
use std::ops::Range;

/// The bytes of a block with a short value.
const USUAL_BLOCK: usize = 24;

impl<'a> Update<'a, Unchecked> {
    /// Reads the structure of an update: everything that the format allows, including what no document of
    /// ours may hold (XML, formats, gaps). Linear in the bytes, and no content is copied.
    ///
    /// # Errors
    /// The first place where the bytes are not an update.
    pub fn walk(bytes: &'a [u8]) -> Result<Self, Fault> {
        if u32::try_from(bytes.len()).is_err() {
            return Err(Fault::new(0, "size", "an update of 4 GiB or more"));
        }
        let mut reader = ByteReader::at(bytes, 0);
        let mut blocks = Vec::new();
        let mut clients = Vec::new();
        // A client takes its count, id and clock, and at least one block of two bytes.
        for _ in 0..reader.count(5)? {
            clients.push(walk_client(&mut reader, &mut blocks)?);
        }
        sort_clients(&mut clients, &reader)?;
        let deletes_at = reader.offset();
        let mut deletes = DeleteSet::default();
        walk_deletes(&mut reader, &mut deletes)?;
        if reader.left() > 0 {
            return Err(reader.fault("trailing", "bytes after the end of the update"));
        }
        Ok(Update::of_walked(bytes, Walked { clients, blocks, deletes, deletes_at }))
    }
}

impl<'a> Update<'a, Unchecked> {
    /// Like [`Update::walk`], for an update that is checked next: the memory for that is got beside the walk.
    ///
    /// # Errors
    /// As [`Update::walk`].
    pub(crate) fn walk_to_check(bytes: &'a [u8]) -> Result<Self, Fault> {
        if !parallel::pays(bytes.len()) {
            return Update::walk(bytes);
        }
        let room = || Facts::with_room(announced(bytes));
        let (walked, room) = parallel::both(bytes.len(), || Update::walk(bytes), room);
        Ok(Update { facts: room.into(), ..walked? })
    }
}

/// Returns how many blocks the first client is said to have, or no more than there are of usual size.
fn announced(bytes: &[u8]) -> usize {
    let mut reader = ByteReader::at(bytes, 0);
    let blocks = reader.count(5).and_then(|_| reader.count(2)).unwrap_or(0);
    blocks.min(bytes.len() / USUAL_BLOCK)
}

fn walk_client(reader: &mut ByteReader<'_>, blocks: &mut Vec<Block>) -> Result<Client, Fault> {
    let start = reader.offset();
    let count = reader.count(2)?;
    let id = reader.client()?;
    let first = reader.clock()?;
    let head = reader.offset().saturating_sub(start);
    let from = blocks.len();
    let mut clock = first;
    for _ in 0..count {
        let block = walk_block(reader, clock)?;
        if block.len == 0 {
            // Old versions of yrs wrote empty items. yrs skips them, and so do we.
            continue;
        }
        clock = block.next_clock();
        if clock > CLOCK_END {
            return Err(reader.fault("clock", format!("client {id} reaches past clock 2^31")));
        }
        blocks.push(block);
    }
    if blocks.len() == from {
        return Err(Fault::new(start, "empty", format!("client {id} is listed without content")));
    }
    Ok(Client { id, first, end: clock, head, blocks: from..blocks.len() })
}

pub(super) fn walk_block(reader: &mut ByteReader<'_>, clock: u32) -> Result<Block, Fault> {
    let at = reader.offset();
    let info = reader.byte()?;
    let kind = match info {
        0 => BlockKind::Gc,
        10 => BlockKind::Skip,
        _ => reader.kind(info)?,
    };
    if !matches!(kind, BlockKind::Gc | BlockKind::Skip) {
        reader.raw_header(info)?;
    }
    let content = reader.offset();
    let len = reader.skip_content(kind)?;
    if len == 0 && !matches!(kind, BlockKind::Deleted | BlockKind::String | BlockKind::Any) {
        return Err(Fault::new(at, "empty", format!("{} of zero length", kind.name())));
    }
    // The whole is below 4 GiB, so offsets fit.
    let offset = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let end = offset(reader.offset());
    let (deep, odd) = (reader.take_deep(), reader.take_odd() || kind == BlockKind::Embed);
    Ok(Block { clock, len, at: offset(at), content: offset(content), end, info, deep, odd, kind })
}

fn sort_clients(clients: &mut [Client], reader: &ByteReader<'_>) -> Result<(), Fault> {
    clients.sort_unstable_by_key(|c| c.id);
    let twice = clients.iter().zip(clients.iter().skip(1)).find(|(a, b)| a.id == b.id);
    match twice {
        Some((client, _)) => {
            Err(reader.fault("duplicate-client", format!("client {} is listed twice", client.id)))
        }
        None => Ok(()),
    }
}

impl DeleteSet {
    /// Reads what [`DeleteSet::encode`] wrote; `None` if the bytes are something else.
    pub fn decode(bytes: &[u8]) -> Option<DeleteSet> {
        let (mut reader, mut deletes) = (ByteReader::at(bytes, 0), DeleteSet::default());
        walk_deletes(&mut reader, &mut deletes).ok()?;
        (reader.left() == 0).then_some(deletes)
    }
}

/// Joins ranges that touch. On a fault, `ranges` has what was read before it.
fn walk_deleted_ranges(
    reader: &mut ByteReader<'_>,
    client: u64,
    count: usize,
    ranges: &mut Vec<Range<u32>>,
) -> Result<(), Fault> {
    for _ in 0..count {
        let at = reader.offset();
        let start = reader.clock()?;
        let end = start.saturating_add(reader.clock()?);
        let reached = ranges.last().map_or(0, |last| last.end);
        if start < reached || end <= start || end > CLOCK_END {
            let reason = format!(
                "deleted range {start}..{end} of client {client} is empty, out of order, or past 2^31"
            );
            return Err(Fault::new(at, "delete-set", reason));
        }
        match ranges.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ => ranges.push(start..end),
        }
    }
    Ok(())
}

/// On a fault, `deletes` has what was read before it.
pub(super) fn walk_deletes(
    reader: &mut ByteReader<'_>,
    deletes: &mut DeleteSet,
) -> Result<(), Fault> {
    let mut seen = Vec::new();
    for _ in 0..reader.count(2)? {
        let client = reader.client()?;
        seen.push(client);
        let count = reader.count(2)?;
        let mut ranges = Vec::with_capacity(count);
        let walked = walk_deleted_ranges(reader, client, count, &mut ranges);
        deletes.insert_ascending(client, ranges);
        walked?;
    }
    seen.sort_unstable();
    match seen.iter().zip(seen.iter().skip(1)).find(|(a, b)| a == b) {
        Some((client, _)) => Err(reader
            .fault("duplicate-client", format!("deletions of client {client} are listed twice"))),
        None => Ok(()),
    }
}

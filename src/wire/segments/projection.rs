//! Some blocks of a state, as a state of its own.

use super::deletions::Deletions;
use super::edited::pieces_of;
use super::section::{BlockFinder, Bytes, ClientSegments};
use super::{Segments, write_head};
use crate::wire::deletes::write_var;
use crate::wire::run::write_gc;
use crate::wire::walk::walk_block;
use crate::wire::{BlockKind, ByteReader, DeleteSet, Id, IdSet, Parent};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A section being projected.
struct ProjectedSection {
    count: u64,
    bytes: Vec<u8>,
}

impl Segments {
    /// Returns some blocks as a state of its own, in which everything else is collected. `others` are blocks
    /// of one unit each that are given instead of what the state has there. Clients that wrote nothing of it
    /// are left out if their id is not below `idle_below`, unless something there names them. `None` if `ids`
    /// do not begin and end at block boundaries, or the state is another.
    pub fn project(
        &self,
        state: &(impl Bytes + ?Sized),
        ids: &IdSet,
        others: &BTreeMap<Id, Vec<u8>>,
        deleted: &impl Deletions,
        idle_below: u64,
    ) -> Option<Vec<u8>> {
        let (mut sections, mut named) = (BTreeMap::new(), BTreeSet::new());
        let mut deletes = DeleteSet::default();
        let clients = ids.clients().chain(others.keys().map(|unit| unit.client));
        for client in clients.collect::<BTreeSet<u64>>() {
            let section = self.clients.get(&client)?;
            let pieces = pieces_of(client, ids, others);
            for (range, _) in &pieces {
                let within = deleted.within(client, range.clone())?;
                within.into_iter().for_each(|range| deletes.insert(client, range));
            }
            let names = (idle_below < u64::MAX).then_some(&mut named);
            sections.insert(client, projected(client, section, state, &pieces, names)?);
        }
        let is_kept = |client: &u64| {
            *client < idle_below || sections.contains_key(client) || named.contains(client)
        };
        let kept: Vec<_> = self.clients.iter().rev().filter(|(id, _)| is_kept(id)).collect();
        let mut out = Vec::new();
        write_var(&mut out, kept.len() as u64);
        for (client, section) in kept {
            let nothing = || ProjectedSection::nothing(section);
            let ProjectedSection { count, bytes } = sections.remove(client).unwrap_or_else(nothing);
            write_head(&mut out, count, *client);
            out.extend_from_slice(&bytes);
        }
        deletes.encode(&mut out);
        Some(out)
    }
}

impl ProjectedSection {
    fn nothing(section: &ClientSegments) -> ProjectedSection {
        let mut bytes = Vec::new();
        let count = gap(0..section.end.clock, &mut bytes);
        ProjectedSection { count, bytes }
    }
}

/// Returns the section of a client with only some pieces of it; adds the clients that these name to `named`.
fn projected<B: Bytes + ?Sized>(
    client: u64,
    section: &ClientSegments,
    state: &B,
    pieces: &[(Range<u32>, Option<&[u8]>)],
    mut named: Option<&mut BTreeSet<u64>>,
) -> Option<ProjectedSection> {
    let (mut count, mut bytes, mut clock) = (0u64, Vec::new(), 0u32);
    let mut finder = BlockFinder::new(client, section, state);
    for (range, other) in pieces {
        count = count.checked_add(gap(clock..range.start, &mut bytes))?;
        let begin = bytes.len();
        let blocks = match other {
            Some(block) => {
                bytes.extend_from_slice(block);
                1
            }
            None => {
                let (from, to) = (finder.find(range.start)?, finder.find(range.end)?);
                bytes.extend_from_slice(&state.range(from.at..to.at)?);
                to.blocks.checked_sub(from.blocks)?
            }
        };
        count = count.checked_add(blocks)?;
        if let Some(named) = &mut named {
            names_in(bytes.get(begin..)?, blocks, named)?;
        }
        clock = range.end;
    }
    count = count.checked_add(gap(clock..section.end.clock, &mut bytes))?;
    Some(ProjectedSection { count, bytes })
}

/// Adds the clients whose items these blocks name.
fn names_in(bytes: &[u8], blocks: u64, named: &mut BTreeSet<u64>) -> Option<()> {
    let mut reader = ByteReader::at(bytes, 0);
    for _ in 0..blocks {
        let block = walk_block(&mut reader, 0).ok()?;
        let info = (block.at as usize).checked_add(1)?;
        if !matches!(block.kind, BlockKind::Gc | BlockKind::Skip) {
            let header = ByteReader::at(bytes, info).known_header(block.info).ok()?;
            let parent = match header.parent {
                Some(Parent::Item(parent)) => Some(parent),
                _ => None,
            };
            let names = [header.left, header.right, parent].into_iter().flatten();
            named.extend(names.map(|name| name.client));
        }
    }
    Some(())
}

/// Writes collected content in place of what is not wanted; returns how many blocks that makes.
fn gap(clocks: Range<u32>, out: &mut Vec<u8>) -> u64 {
    match clocks.end.checked_sub(clocks.start) {
        Some(units) if units > 0 => {
            write_gc(units, out);
            1
        }
        _ => 0,
    }
}

//! Several updates as one, without yrs.

use super::deletes::write_var;
use super::run::{Run, write_skip};
use super::shared::SharedBytes;
use super::{BlockKind, Checked, Clocks, DeleteSet, Fault, Unchecked, Update, Version};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Returns one update that holds what all of these hold. Where two hold the same units, the copy that is
/// further deleted is taken (GC before Deleted before live), then that of the earlier update: if one replica
/// has something as deleted, it is deleted, and so is its container, so what the others still have below it
/// must not come back without a parent. The updates must not fork from each other.
///
/// Returns `None` if a client's clocks would have a gap.
pub fn merge(updates: &[Update<'_, Checked>]) -> Option<Vec<u8>> {
    join(updates, Gaps::Refused)
}

/// Like [`merge`], for unchecked updates of any content; what is missing between two of them becomes a gap.
/// Bytes are kept: no value is re-encoded.
pub fn merge_with_gaps<S>(updates: &[Update<'_, S>]) -> Vec<u8> {
    join(updates, Gaps::Written).unwrap_or_default()
}

/// The maximum number of updates that are parsed at a time, and compared at each place where all of them hold
/// something.
const PARSED: usize = 64;

/// Like [`merge_with_gaps`] for updates that were not walked yet, and may be very many: the parsed form of a
/// small update takes up to a hundred times as much memory as its bytes, so only some are parsed at a time. A
/// single update is returned as it is.
///
/// # Errors
/// The fault of an update that does not decode.
pub fn merge_many(mut updates: Vec<SharedBytes>) -> Result<SharedBytes, Fault> {
    while updates.len() > 1 {
        updates = updates.chunks(PARSED).map(merge_some).collect::<Result<_, _>>()?;
    }
    Ok(updates.pop().unwrap_or_else(|| merge_with_gaps::<Unchecked>(&[]).into()))
}

fn merge_some(updates: &[SharedBytes]) -> Result<SharedBytes, Fault> {
    if let [one] = updates {
        return Ok(one.clone());
    }
    let walked = updates.iter().map(|bytes| Update::walk(bytes)).collect::<Result<Vec<_>, _>>()?;
    Ok(merge_with_gaps(&walked).into())
}

/// What happens to clocks that no update has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gaps {
    Refused,
    Written,
}

fn join<S>(updates: &[Update<'_, S>], gaps: Gaps) -> Option<Vec<u8>> {
    let mut clients: BTreeMap<u64, Vec<MergeSource<'_, '_, S>>> = BTreeMap::new();
    let deletes = DeleteSet::union_of(updates.iter().map(|update| &update.deletes));
    for (order, update) in updates.iter().enumerate() {
        for of in &update.clients {
            let run = Run::from(update, of, of.first)?;
            clients.entry(of.id).or_default().push(MergeSource { run, order });
        }
    }
    let mut out = Vec::new();
    write_var(&mut out, clients.len() as u64);
    // Descending, as yrs and Yjs write them: conflicts are then cheaper to resolve.
    for (client, sources) in clients.into_iter().rev() {
        Cover::of(sources).write(client, gaps, &mut out)?;
    }
    deletes.encode(&mut out);
    Some(out)
}

impl<S> Update<'_, S> {
    /// Returns the update without the blocks that a receiver with these clocks has; the delete set is kept.
    pub fn trim(&self, have: &Clocks) -> Vec<u8> {
        self.lacking(have, &self.deletes)
    }

    /// Returns what a receiver of this version lacks: no block and no deletion that it already has.
    pub fn since(&self, have: &Version) -> Vec<u8> {
        // What is GC or Deleted here is also a deletion of what the receiver may show.
        let mut deletes = self.version().deletes;
        deletes.subtract(&have.deletes);
        self.lacking(&have.clocks, &deletes)
    }

    fn lacking(&self, have: &Clocks, deletes: &DeleteSet) -> Vec<u8> {
        let lacking = self.clients.iter().rev().filter_map(|of| {
            let from = have.get(&of.id).map_or(of.first, |clock| of.first.max(*clock));
            Some((of.id, MergeSource { run: Run::from(self, of, from)?, order: 0 }))
        });
        let lacking: Vec<_> = lacking.collect();
        let mut out = Vec::new();
        write_var(&mut out, lacking.len() as u64);
        for (client, source) in lacking {
            // One source has no gaps, so this always writes.
            Cover::of(vec![source]).write(client, Gaps::Refused, &mut out);
        }
        deletes.encode(&mut out);
        out
    }
}

/// The blocks of one client in one update, and that update's index among the others.
struct MergeSource<'u, 'a, S> {
    run: Run<'u, 'a, S>,
    order: usize,
}

impl<S> MergeSource<'_, '_, S> {
    /// How far the current block is deleted.
    fn rank(&self) -> u8 {
        self.run.block().map_or(0, |block| rank(block.kind))
    }

    /// Returns the first clock from `at` on and before `until` whose block is further deleted than `than`.
    fn gone_further(&self, than: u8, at: u32, until: u32) -> Option<u32> {
        let blocks = self.run.blocks().iter().take_while(|block| block.clock < until);
        let mut further = blocks.filter(|block| block.next_clock() > at && rank(block.kind) > than);
        further.next().map(|block| block.clock.max(at))
    }
}

fn rank(kind: BlockKind) -> u8 {
    match kind {
        BlockKind::Gc => 3,
        BlockKind::Deleted => 2,
        // A gap gives way to any content.
        BlockKind::Skip => 0,
        _ => 1,
    }
}

/// Goes once over the clocks of one client and takes, at each, the best source there.
struct Cover<'u, 'a, S> {
    /// Sources that begin later, the next one last.
    later: Vec<MergeSource<'u, 'a, S>>,
    here: Vec<MergeSource<'u, 'a, S>>,
    clock: u32,
}

impl<'u, 'a, S> Cover<'u, 'a, S> {
    fn of(mut sources: Vec<MergeSource<'u, 'a, S>>) -> Self {
        sources.sort_by_key(|source| Reverse((source.run.clock(), source.order)));
        let clock = sources.last().map_or(0, |source| source.run.clock());
        Cover { later: sources, here: Vec::new(), clock }
    }

    /// Writes the client's part of an update; returns `None` at a gap that is not allowed.
    fn write(mut self, client: u64, gaps: Gaps, out: &mut Vec<u8>) -> Option<()> {
        let first = self.clock;
        let mut blocks = Vec::new();
        let mut count = 0;
        while self.arrive() {
            if gaps == Gaps::Written && self.skips(&mut blocks) {
                count += 1;
                continue;
            }
            self.piece(&mut blocks)?;
            count += 1;
        }
        write_var(out, count);
        write_var(out, client);
        write_var(out, u64::from(first));
        out.extend_from_slice(&blocks);
        Some(())
    }

    /// Advances the sources to the current clock; returns false when none is left.
    fn arrive(&mut self) -> bool {
        let clock = self.clock;
        while let Some(source) = self.later.pop_if(|source| source.run.clock() <= clock) {
            self.here.push(source);
        }
        self.here.retain_mut(|source| {
            source.run.seek(clock);
            source.run.end() > clock
        });
        !(self.here.is_empty() && self.later.is_empty())
    }

    /// Writes what no source has before the next one begins.
    fn skips(&mut self, out: &mut Vec<u8>) -> bool {
        let next = self.later.last().filter(|_| self.here.is_empty());
        let Some(next) = next.map(|source| source.run.clock()) else { return false };
        write_skip(next.saturating_sub(self.clock), out);
        self.clock = next;
        true
    }

    /// Writes the next block, cut short where another source has it further deleted.
    fn piece(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let clock = self.clock;
        let better = |source: &MergeSource<'_, '_, S>| (source.rank(), Reverse(source.order));
        let (best, _) = self.here.iter().enumerate().max_by_key(|(_, source)| better(source))?;
        let chosen = self.here.get(best)?;
        let (than, end) = (chosen.rank(), chosen.run.block()?.next_clock());
        let later = self.later.iter().rev().take_while(|source| source.run.clock() < end);
        let until =
            self.here.iter().chain(later).fold(end, |until, source| {
                source.gone_further(than, clock, until).unwrap_or(until)
            });
        self.here.get_mut(best)?.run.write(until.saturating_sub(clock), out);
        self.clock = until;
        Some(())
    }
}

//! The remaining history: what each update of a log brought, or what each client wrote.

use super::earliest::{Earliest, StepUnits};
use super::explain::held;
use crate::crdt::types::PlacedBlocks;
use crate::wire::{BlockKind, DeleteSet, Fault, Id, IdSet, Update};
use serde::Serialize;
use std::collections::BTreeSet;

/// What one client wrote in one update; public API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryStep {
    /// The number of the update in the log, from 1 on.
    pub step: usize,
    /// When it was written, in Unix seconds, if that is recorded.
    pub at: Option<i64>,
    /// The client with new units; `None` if the update only deletes.
    pub client: Option<String>,
    /// The first clock.
    pub from: Option<u32>,
    /// The last clock.
    pub to: Option<u32>,
    /// The number of new clocks.
    pub units: u32,
    /// How many of them still have their content.
    pub readable: u32,
    /// How many are not deleted in the end.
    pub live: u32,
    /// The number of units that this update deletes, whoever wrote them; given once per update.
    pub deletes: u64,
    /// The roots it writes to, if known.
    pub roots: Vec<String>,
}

/// An update of a document, in v1.
#[derive(Debug, Clone, Copy)]
pub struct TimedUpdate<'u> {
    /// Its bytes.
    pub bytes: &'u [u8],
    /// When it was written, in Unix milliseconds, if that is recorded.
    pub at: Option<i64>,
}

/// What each update of a document brought that the earlier ones did not.
pub struct History<'u> {
    updates: &'u [TimedUpdate<'u>],
    /// All updates as one.
    end: &'u Update<'u>,
    placed: PlacedBlocks,
    gone: DeleteSet,
    /// What is new in each update, by its index.
    new: Vec<StepUnits<usize>>,
    /// What each update was the first to delete.
    deleted: Vec<StepUnits<usize>>,
}

impl<'u> History<'u> {
    /// Returns the history of these updates; `end` is all of them merged. Only one of them is parsed at a time.
    ///
    /// # Errors
    /// The fault of an update that does not decode.
    pub fn of(end: &'u Update<'u>, updates: &'u [TimedUpdate<'u>]) -> Result<Self, Fault> {
        let (mut written, mut deleted) = (Vec::new(), Vec::new());
        for (step, update) in updates.iter().enumerate() {
            let update = Update::walk(update.bytes)?;
            written.extend(units_of(&held(&update), step));
            deleted.extend(units_of(&update.version().deletes, step));
        }
        Ok(History {
            updates,
            end,
            placed: PlacedBlocks::of(end),
            gone: end.version().deletes,
            new: Earliest::of(written).into_steps(),
            deleted: Earliest::of(deleted).into_steps(),
        })
    }

    /// Returns what each update brought, by client and clock.
    pub fn steps(&self) -> impl Iterator<Item = HistoryStep> {
        let mut new = self.new.iter().peekable();
        let mut deleted = self.deleted.iter().peekable();
        self.updates.iter().enumerate().flat_map(move |(number, update)| {
            let mut count = 0u64;
            while let Some(of) = deleted.next_if(|of| of.step == number) {
                count = count.saturating_add(of.clocks.len() as u64);
            }
            let step = HistoryStep::at(number, update.at);
            let mut found = Vec::new();
            while let Some(of) = new.next_if(|of| of.step == number) {
                found.push(self.written(of, std::mem::take(&mut count), &step));
            }
            if count > 0 {
                found.push(HistoryStep { deletes: count, ..step });
            }
            found
        })
    }

    fn written(&self, of: &StepUnits<usize>, deletes: u64, step: &HistoryStep) -> HistoryStep {
        let (client, clocks) = (of.client, &of.clocks);
        let units = clocks.end.saturating_sub(clocks.start);
        let dead: usize = self.gone.within(client, clocks.clone()).map(|range| range.len()).sum();
        let (readable, roots) = content(self.end, &self.placed, client, clocks);
        HistoryStep {
            client: Some(client.to_string()),
            from: Some(clocks.start),
            to: Some(clocks.end.saturating_sub(1)),
            units,
            readable,
            live: units.saturating_sub(u32::try_from(dead).unwrap_or(u32::MAX)),
            deletes,
            roots,
            ..step.clone()
        }
    }
}

impl HistoryStep {
    /// A step that brings nothing yet.
    fn at(index: usize, at: Option<i64>) -> Self {
        HistoryStep {
            step: index.saturating_add(1),
            at: at.map(|at| at.div_euclid(1_000)),
            client: None,
            from: None,
            to: None,
            units: 0,
            readable: 0,
            live: 0,
            deletes: 0,
            roots: Vec::new(),
        }
    }
}

fn units_of(set: &IdSet, step: usize) -> impl Iterator<Item = StepUnits<usize>> {
    set.iter().map(move |(client, clocks)| StepUnits { client, clocks, step })
}

/// Returns how many of some units can be read, and the roots they are in.
fn content(
    update: &Update<'_>,
    placed: &PlacedBlocks,
    client: u64,
    clocks: &std::ops::Range<u32>,
) -> (u32, Vec<String>) {
    let (mut readable, mut roots) = (0u32, BTreeSet::new());
    let mut at = clocks.start;
    while at < clocks.end {
        let Some((index, block)) = update.find_block(client, at) else { break };
        let end = block.next_clock().min(clocks.end).max(at.saturating_add(1));
        if !matches!(block.kind, BlockKind::Gc | BlockKind::Skip | BlockKind::Deleted) {
            readable = readable.saturating_add(end - at);
        }
        if let Some(list) = placed.list(index) {
            roots.insert(placed.root(list));
        }
        at = end;
    }
    (readable, roots.into_iter().map(str::to_owned).collect())
}

/// When units came into a log.
pub struct WrittenAt {
    /// The index of the first update that holds a unit: it brought it.
    first: Earliest<usize>,
    /// Per update, its time.
    times: Vec<Option<i64>>,
}

impl WrittenAt {
    /// Returns the times of a document.
    ///
    /// # Errors
    /// The fault of an update that does not decode.
    pub fn of(updates: &[TimedUpdate<'_>]) -> Result<WrittenAt, Fault> {
        let mut written = Vec::new();
        for (step, update) in updates.iter().enumerate() {
            written.extend(units_of(&held(&Update::walk(update.bytes)?), step));
        }
        let times = updates.iter().map(|update| update.at).collect();
        Ok(WrittenAt { first: Earliest::of(written), times })
    }

    /// Returns the time of a unit, in Unix seconds, if it is recorded.
    pub fn of_unit(&self, id: Id) -> Option<i64> {
        let at = *self.times.get(self.first.step_of(id)?)?;
        at.map(|at| at.div_euclid(1_000))
    }
}

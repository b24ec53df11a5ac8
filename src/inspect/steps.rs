//! The remaining history: what each update of a log brought, or what each client wrote.

use super::explain::held;
use crate::crdt::types::PlacedBlocks;
use crate::wire::{BlockKind, Clocks, DeleteSet, Id, IdSet, Update, merge_with_gaps};
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

/// The updates of a document with their times in Unix milliseconds, in their order.
pub type TimedUpdates<'u, 'a> = &'u [(Update<'a>, Option<i64>)];

/// Returns what each update brought that the earlier ones did not.
pub fn steps(updates: TimedUpdates<'_, '_>) -> Vec<HistoryStep> {
    let all: Vec<Update<'_>> = updates.iter().map(|(update, _)| update.clone()).collect();
    let merged = merge_with_gaps(&all);
    // A merge of several updates is itself one.
    let Ok(end) = Update::walk(&merged) else { return Vec::new() };
    let placed = PlacedBlocks::of(&end);
    let gone = end.version().deletes;
    let mut known = IdSet::default();
    let mut deleted = DeleteSet::default();
    let mut found = Vec::new();
    for (number, (update, at)) in (1..).zip(updates) {
        let mut new = held(update);
        new.subtract(&known);
        known.union(&new);
        let mut deletes = update.version().deletes;
        deletes.subtract(&deleted);
        deleted.union(&deletes);
        let mut count: u64 = deletes.iter().map(|(_, range)| range.len() as u64).sum();
        let step = HistoryStep {
            step: number,
            at: at.map(|at| at.div_euclid(1_000)),
            client: None,
            from: None,
            to: None,
            units: 0,
            readable: 0,
            live: 0,
            deletes: 0,
            roots: Vec::new(),
        };
        for (client, range) in new.iter() {
            let units = range.end - range.start;
            let dead: usize = gone.within(client, range.clone()).map(|range| range.len()).sum();
            let (readable, roots) = content(&end, &placed, client, &range);
            found.push(HistoryStep {
                client: Some(client.to_string()),
                from: Some(range.start),
                to: Some(range.end.saturating_sub(1)),
                units,
                readable,
                live: units.saturating_sub(u32::try_from(dead).unwrap_or(u32::MAX)),
                deletes: std::mem::take(&mut count),
                roots,
                ..step.clone()
            });
        }
        if count > 0 {
            found.push(HistoryStep { deletes: count, ..step });
        }
    }
    found
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
    /// By client and clock, in log order: the first that holds a unit brought it.
    steps: Vec<(Clocks, Option<i64>)>,
}

impl WrittenAt {
    /// Returns the times of a document.
    pub fn of(updates: TimedUpdates<'_, '_>) -> WrittenAt {
        let mut reached = Clocks::new();
        let mut steps = Vec::new();
        for (update, at) in updates {
            for (client, clock) in update.version().clocks {
                let known = reached.entry(client).or_default();
                *known = clock.max(*known);
            }
            steps.push((reached.clone(), *at));
        }
        WrittenAt { steps }
    }

    /// Returns the time of a unit, in Unix seconds, if it is recorded.
    pub fn of_unit(&self, id: Id) -> Option<i64> {
        let holds = |(reached, _): &(Clocks, Option<i64>)| {
            reached.get(&id.client).is_some_and(|clock| id.clock < *clock)
        };
        let step = self.steps.partition_point(|step| !holds(step));
        self.steps.get(step).and_then(|(_, at)| *at).map(|at| at.div_euclid(1_000))
    }
}

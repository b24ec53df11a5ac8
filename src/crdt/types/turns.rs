//! Causal order of blocks when something may be missing, and which blocks are left waiting.

use crate::wire::{Block, BlockKind, Id, Update};
use std::fmt;
use std::ops::Range;

/// The part of a client's blocks that cannot be shown because something they depend on is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The client that wrote them.
    pub client: u64,
    /// The first clock that waits.
    pub from: u32,
    /// The clock after the last one that waits.
    pub end: u32,
    /// A missing unit that would help.
    pub needs: Id,
}

impl Waiting {
    /// Returns the last clock that waits.
    pub fn last(&self) -> u32 {
        self.end.saturating_sub(1)
    }
}

/// What waits, and for what: the beginning of a sentence.
impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Waiting { client, from, needs, .. } = self;
        let (last, Id { client: other, clock }) = (self.last(), needs);
        write!(
            f,
            "clocks {from} to {last} of client {client} wait for clock {clock} of client {other}"
        )
    }
}

/// Blocks in some order, as runs of adjacent ones: most documents have few runs.
#[derive(Default)]
pub struct BlockOrder(Vec<Range<u32>>);

impl BlockOrder {
    fn push(&mut self, block: u32) {
        match self.0.last_mut() {
            Some(run) if run.end == block => run.end = block.saturating_add(1),
            _ => self.0.push(block..block.saturating_add(1)),
        }
    }

    /// Returns the blocks one by one.
    pub fn iter(&self) -> impl Iterator<Item = u32> + Clone {
        self.0.iter().flat_map(Range::clone)
    }
}

/// Returns the blocks that can be shown, each after all that it refers to, in the order in which Yjs
/// integrates them; and what waits. Linear, without recursion.
pub fn take<S>(update: &Update<'_, S>) -> (BlockOrder, Vec<Waiting>) {
    let clients: Vec<ClientTurn> = update
        .client_ranges()
        .map(|(client, range)| ClientTurn {
            client,
            first: range.start,
            next: range.start,
            end: range.end,
            stopped: None,
        })
        .collect();
    let mut turns = Turns { clients, on_stack: vec![false; update.clients().count()] };
    let mut order = BlockOrder::default();
    let mut stack = Vec::new();
    for first in (0..turns.clients.len()).rev() {
        stack.push(first);
        while let Some(at) = stack.last().copied() {
            match turns.step(update, at) {
                Turn::Taken(block) => {
                    order.push(block);
                    // Clients that waited may have what they waited for now.
                    if stack.len() > 1 {
                        turns.leave(&mut stack);
                    }
                }
                Turn::After(other) => {
                    if let Some(on) = turns.on_stack.get_mut(at) {
                        *on = true;
                    }
                    stack.push(other);
                }
                Turn::Done => turns.leave(&mut stack),
            }
        }
    }
    let waiting = turns.clients.iter().filter_map(|of| {
        let needs = of.stopped?;
        let blocks = update.blocks().get(of.next..of.end)?;
        let held = |block: &&Block| block.kind != BlockKind::Skip;
        let (first, last) = (blocks.iter().find(held)?, blocks.iter().rev().find(held)?);
        Some(Waiting { client: of.client, from: first.clock, end: last.next_clock(), needs })
    });
    (order, waiting.collect())
}

struct ClientTurn {
    client: u64,
    /// Its first block, the next one, and the one after its last.
    first: usize,
    next: usize,
    end: usize,
    /// What it waits for and nothing here brings.
    stopped: Option<Id>,
}

struct Turns {
    clients: Vec<ClientTurn>,
    /// The clients that wait for the one after them on the stack.
    on_stack: Vec<bool>,
}

enum Turn {
    Taken(u32),
    After(usize),
    Done,
}

impl Turns {
    fn leave(&mut self, stack: &mut Vec<usize>) {
        stack.pop();
        if let Some(on) = stack.last().and_then(|at| self.on_stack.get_mut(*at)) {
            *on = false;
        }
    }

    fn step<S>(&mut self, update: &Update<'_, S>, at: usize) -> Turn {
        let Some(of) = self.clients.get(at) else { return Turn::Done };
        let block =
            update.blocks().get(of.next).filter(|_| of.next < of.end && of.stopped.is_none());
        let Some(block) = block else { return Turn::Done };
        let (client, index) = (of.client, of.next);
        let reached = self.reached(update, at);
        if block.clock > reached {
            return self.stop(at, Id { client, clock: reached });
        }
        if block.kind == BlockKind::Skip {
            return self.stop(at, Id { client, clock: block.clock });
        }
        match self.unmet(update, at, block) {
            None => {
                if let Some(of) = self.clients.get_mut(at) {
                    of.next += 1;
                }
                Turn::Taken(u32::try_from(index).unwrap_or(u32::MAX))
            }
            Some((id, Some(other))) if self.can_bring(update, other, id) => Turn::After(other),
            Some((id, _)) => self.stop(at, id),
        }
    }

    fn stop(&mut self, at: usize, needs: Id) -> Turn {
        if let Some(of) = self.clients.get_mut(at) {
            of.stopped = Some(needs);
        }
        Turn::Done
    }

    /// The clock up to which a client's blocks were taken.
    fn reached<S>(&self, update: &Update<'_, S>, at: usize) -> u32 {
        let Some(of) = self.clients.get(at) else { return 0 };
        match of.next.checked_sub(1).filter(|_| of.next > of.first) {
            Some(last) => update.blocks().get(last).map_or(0, Block::next_clock),
            None => 0,
        }
    }

    /// Whether a client's blocks reach this id, and the client is not itself waiting.
    fn can_bring<S>(&self, update: &Update<'_, S>, at: usize, id: Id) -> bool {
        let Some(of) = self.clients.get(at) else { return false };
        let waits = self.on_stack.get(at).copied().unwrap_or(true);
        let last = of.end.checked_sub(1).and_then(|last| update.blocks().get(last));
        !waits && of.stopped.is_none() && last.is_some_and(|last| id.clock < last.next_clock())
    }

    /// The first reference of a block that was not taken yet, with its client if that is present.
    fn unmet<S>(
        &self,
        update: &Update<'_, S>,
        at: usize,
        block: &Block,
    ) -> Option<(Id, Option<usize>)> {
        let own = self.clients.get(at)?.client;
        for id in update.header(block).references() {
            if id.client == own {
                if id.clock >= block.clock {
                    // It refers to itself or to a later one, which nothing can resolve.
                    return Some((id, None));
                }
                continue;
            }
            let other = self.clients.binary_search_by_key(&id.client, |of| of.client).ok();
            match other {
                Some(other) if self.reached(update, other) > id.clock => {}
                other => return Some((id, other)),
            }
        }
        None
    }
}

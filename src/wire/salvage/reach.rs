//! How far blocks are causally complete: everything that they refer to is known, or among them.

use super::{Block, BlockKind, Clocks, DeleteSet, Id, Salvage};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

/// How far the blocks of a [`Salvage`] can continue from some clocks, judged only by what they refer to.
#[derive(Debug, Default)]
pub struct Reach {
    /// Per client, the range that can follow; clients without one are left out.
    pub clients: Vec<(u64, Range<u32>)>,
    /// What the rest waits for: one unit for each client with more blocks.
    pub waits: Vec<Id>,
    /// Per client of the salvage, the clock after what can follow.
    ends: Vec<u32>,
}

impl Salvage<'_> {
    /// Returns how far its blocks can continue from these clocks, judged only by what they refer to.
    pub fn reach(&self, have: &Clocks) -> Reach {
        let limits: Vec<u32> = self.update.clients.iter().map(|client| client.end).collect();
        let order = self.order(have, &limits);
        let mut reach = Reach::default();
        for (of, (index, end)) in self.update.clients.iter().zip(&order.next) {
            if *end > of.first {
                reach.clients.push((of.id, of.first..*end));
            }
            let is_there = have.get(&of.id).copied().unwrap_or(0) >= of.first;
            match of.first.checked_sub(1) {
                Some(clock) if !is_there => reach.waits.push(Id { client: of.id, clock }),
                _ if *end < of.end => {
                    let next = self.update.blocks.get(*index);
                    reach.waits.extend(next.and_then(|block| order.unmet(block)));
                }
                _ => {}
            }
            reach.ends.push(*end);
        }
        reach
    }

    /// Returns an update of its blocks as far as they reach, with the deletions of what is then known.
    pub fn reached(&self, reach: &Reach, have: &Clocks) -> Vec<u8> {
        self.write(&reach.ends, have)
    }

    /// Returns which units of a document with these clocks its delete set deletes.
    pub fn deletions(&self, have: &Clocks) -> DeleteSet {
        let mut known = DeleteSet::default();
        for (client, range) in self.update.deletes.iter() {
            let end = have.get(&client).copied().unwrap_or(0);
            known.insert(client, range.start..range.end.min(end));
        }
        known
    }

    /// Returns, per client, up to where its blocks are causally complete: everything that they refer to is in
    /// `have` or among them.
    pub(crate) fn complete(&self, have: &Clocks, limits: &[u32]) -> Vec<u32> {
        self.order(have, limits).next.into_iter().map(|(_, clock)| clock).collect()
    }

    fn order<'s>(&'s self, have: &'s Clocks, limits: &'s [u32]) -> SalvageOrder<'s, 's> {
        let clients = &self.update.clients;
        let mut order = SalvageOrder {
            salvage: self,
            have,
            limits,
            next: clients.iter().map(|client| (client.blocks.start, client.first)).collect(),
            waiting: vec![BinaryHeap::new(); clients.len()],
        };
        let mut ready: Vec<usize> = (0..clients.len()).collect();
        while let Some(client) = ready.pop() {
            order.go_on(client);
            ready.extend(order.wake(client));
        }
        order
    }
}

/// Which blocks can be taken next: each client's in order, each after all that it refers to.
struct SalvageOrder<'s, 'a> {
    salvage: &'s Salvage<'a>,
    have: &'s Clocks,
    limits: &'s [u32],
    /// Per client, the index of its next block, and the clock that it has reached.
    next: Vec<(usize, u32)>,
    /// Per client, which clients wait for which of its clocks.
    waiting: Vec<BinaryHeap<Reverse<(u32, usize)>>>,
}

impl SalvageOrder<'_, '_> {
    /// Takes the blocks of a client until one has to wait.
    fn go_on(&mut self, client: usize) {
        let update = &self.salvage.update;
        let Some(of) = update.clients.get(client) else { return };
        // A gap before its first block.
        if of.first > self.have.get(&of.id).copied().unwrap_or(0) {
            return;
        }
        let limit = self.limits.get(client).copied().unwrap_or(0);
        while let Some((index, clock)) = self.next.get(client).copied()
            && index < of.blocks.end
            && clock < limit
            && let Some(block) = update.blocks.get(index)
            && block.kind != BlockKind::Skip
        {
            if let Some(unmet) = self.unmet(block) {
                if let Some(other) = update.client_index(unmet.client)
                    && let Some(waiting) = self.waiting.get_mut(other)
                {
                    waiting.push(Reverse((unmet.clock, client)));
                }
                return;
            }
            if let Some(next) = self.next.get_mut(client) {
                *next = (index + 1, block.next_clock().min(limit));
            }
        }
    }

    /// Returns the first reference of a block to something that is not there yet.
    fn unmet(&self, block: &Block) -> Option<Id> {
        let update = &self.salvage.update;
        let is_there = |id: &Id| {
            let reached = update.client_index(id.client).and_then(|at| self.next.get(at));
            let first = update.client(id.client).map_or(u32::MAX, |client| client.first);
            self.have.get(&id.client).is_some_and(|clock| id.clock < *clock)
                || (first..reached.map_or(0, |(_, clock)| *clock)).contains(&id.clock)
        };
        update.header(block).references().find(|id| !is_there(id))
    }

    /// Returns the clients that waited for what a client has now reached.
    fn wake(&mut self, client: usize) -> Vec<usize> {
        let reached = self.next.get(client).map_or(0, |(_, clock)| *clock);
        let Some(waiting) = self.waiting.get_mut(client) else { return Vec::new() };
        let mut woken = Vec::new();
        while waiting.peek().is_some_and(|Reverse((clock, _))| *clock < reached) {
            woken.extend(waiting.pop().map(|Reverse((_, client))| client));
        }
        woken
    }
}

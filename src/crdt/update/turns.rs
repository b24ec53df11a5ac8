//! Causal order, in time linear in the update.

use super::check::{Checker, fault};
use super::{Block, Fault, Header, Parent, Update};

/// Whose turn it is: each client's blocks in order, each block after all that it refers to.
///
/// Of the many orders that would do, this is the one in which yrs takes up an update: the highest
/// client first; where a block has to wait for another client, that one goes on just so far. What
/// was honestly written shows alike in any order. What contradicts itself does not, and is shown
/// here as yrs would show it.
pub(super) struct Turns {
    /// Per client, the index and the clock of its next block.
    next: Vec<(usize, u32)>,
    /// Clients whose next block waits for the one after it in this list.
    waiting: Vec<usize>,
    /// Per client, whether it is in that list.
    waits: Vec<bool>,
}

impl Turns {
    /// Settles every block in its turn.
    ///
    /// # Errors
    /// The first fault, or a circle.
    pub(super) fn take<S>(checker: &mut Checker<'_, '_, S>) -> Result<(), Fault> {
        let clients = &checker.update.clients;
        let mut turns = Turns {
            next: clients.iter().map(|c| (c.blocks.start, c.first)).collect(),
            waiting: Vec::new(),
            waits: vec![false; clients.len()],
        };
        checker.facts.order.reserve(checker.update.blocks.len());
        for client in (0..clients.len()).rev() {
            turns.advance(checker, client)?;
        }
        Ok(())
    }

    /// Settles all blocks of one client, and of others what these wait for.
    fn advance<S>(&mut self, checker: &mut Checker<'_, '_, S>, first: usize) -> Result<(), Fault> {
        let update = checker.update;
        let mut client = first;
        loop {
            let Some(of) = update.clients.get(client) else { return Ok(()) };
            let (index, _) = self.next.get(client).copied().unwrap_or_default();
            let block = update.blocks.get(index).filter(|_| index < of.blocks.end);
            let Some(block) = block else { return Ok(()) };
            let header = update.header(block);
            if let Some(other) = self.unmet(update, client, block, &header)? {
                self.wait(client);
                if self.waits.get(other) != Some(&false) {
                    return Err(fault(block, "origin", "items refer to each other in a circle"));
                }
                client = other;
                continue;
            }
            checker.settle(index, of, &header)?;
            checker.facts.order.push(index as u32);
            if let Some(next) = self.next.get_mut(client) {
                *next = (index + 1, block.next_clock());
            }
            client = self.go_on().unwrap_or(client);
        }
    }

    /// The client of the first reference of a block that has not had its turn.
    fn unmet<S>(
        &self,
        update: &Update<'_, S>,
        client: usize,
        block: &Block,
        header: &Header<'_>,
    ) -> Result<Option<usize>, Fault> {
        let parent = match header.parent {
            Some(Parent::Item(id)) => Some(id),
            _ => None,
        };
        for id in [header.left, header.right, parent].into_iter().flatten() {
            let own = update.clients.get(client).is_some_and(|c| c.id == id.client);
            if own && id.clock >= block.clock {
                return Err(fault(block, "origin", "an item refers to itself or to a later one"));
            }
            let other = if own { Some(client) } else { update.client_index(id.client) };
            if let Some(other) = other
                && let Some(of) = update.clients.get(other)
                && (of.first..of.end).contains(&id.clock)
                && self.next.get(other).is_some_and(|(_, clock)| *clock <= id.clock)
            {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }

    fn wait(&mut self, client: usize) {
        self.waiting.push(client);
        if let Some(waits) = self.waits.get_mut(client) {
            *waits = true;
        }
    }

    /// The client that waited last, which may have what it waits for now.
    fn go_on(&mut self) -> Option<usize> {
        let client = self.waiting.pop()?;
        if let Some(waits) = self.waits.get_mut(client) {
            *waits = false;
        }
        Some(client)
    }
}

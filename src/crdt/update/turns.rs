//! Causal order, in time linear in the update.

use super::check::{Checker, fault};
use super::{Block, Fault, Header, Parent, Update};
use std::collections::BTreeSet;

/// Whose turn it is: each client's blocks in order, each block after all that it refers to.
pub(super) struct Turns {
    /// Per client, the index and the clock of its next block.
    next: Vec<(usize, u32)>,
    /// (client waited for, clock waited for, client that waits). A client waits for one at a time.
    waiting: BTreeSet<(usize, u32, usize)>,
    /// Per client, the lowest clock that someone waits for.
    wake: Vec<u32>,
    /// Clients that may go on.
    ready: Vec<usize>,
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
            waiting: BTreeSet::new(),
            wake: vec![u32::MAX; clients.len()],
            ready: (0..clients.len()).collect(),
        };
        checker.facts.order.reserve(checker.update.blocks.len());
        while let Some(client) = turns.ready.pop() {
            turns.advance(checker, client)?;
        }
        match turns.waiting.iter().next() {
            None => Ok(()),
            Some((_, _, stuck)) => {
                let index = turns.next.get(*stuck).map_or(0, |next| next.0);
                let at = checker.update.blocks.get(index).map_or(0, |b| b.at as usize);
                Err(Fault::new(at, "origin", "items refer to each other in a circle"))
            }
        }
    }

    /// Settles blocks of one client until one has to wait.
    fn advance<S>(&mut self, checker: &mut Checker<'_, '_, S>, client: usize) -> Result<(), Fault> {
        let update = checker.update;
        let Some(of) = update.clients.get(client) else { return Ok(()) };
        let (mut index, _) = self.next.get(client).copied().unwrap_or_default();
        while index < of.blocks.end {
            let Some(block) = update.blocks.get(index) else { break };
            let header = update.header(block);
            if let Some((other, clock)) = self.unmet(update, client, block, &header)? {
                self.wait(other, clock, client);
                return Ok(());
            }
            checker.settle(index, of, &header)?;
            checker.facts.order.push(index as u32);
            index += 1;
            self.reached(client, index, block.next_clock());
        }
        Ok(())
    }

    /// The first reference of a block that has not had its turn.
    fn unmet<S>(
        &self,
        update: &Update<'_, S>,
        client: usize,
        block: &Block,
        header: &Header<'_>,
    ) -> Result<Option<(usize, u32)>, Fault> {
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
                return Ok(Some((other, id.clock)));
            }
        }
        Ok(None)
    }

    fn wait(&mut self, other: usize, clock: u32, client: usize) {
        self.waiting.insert((other, clock, client));
        if let Some(wake) = self.wake.get_mut(other) {
            *wake = clock.min(*wake);
        }
    }

    /// Notes how far a client is, and lets those go on who waited for that.
    fn reached(&mut self, client: usize, index: usize, clock: u32) {
        if let Some(next) = self.next.get_mut(client) {
            *next = (index, clock);
        }
        let Some(wake) = self.wake.get_mut(client) else { return };
        if *wake >= clock {
            return;
        }
        let woken: Vec<_> =
            self.waiting.range((client, 0, 0)..(client, clock, 0)).copied().collect();
        for entry in woken {
            self.waiting.remove(&entry);
            self.ready.push(entry.2);
        }
        let rest = self.waiting.range((client, clock, 0)..(client + 1, 0, 0)).next();
        *wake = rest.map_or(u32::MAX, |entry| entry.1);
    }
}

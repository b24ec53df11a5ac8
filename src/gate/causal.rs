//! Causal order, in time linear in the update.

use crate::wire::{Block, Client, Fault, Header, Id, Update};

/// Takes each client's blocks in order, each block after all that it refers to.
///
/// Of the many possible orders, this is the one in which yrs integrates an update: the highest client first;
/// where a block has to wait for another client, that one advances just far enough. Honestly written content
/// shows alike in any order. Self-contradictory content does not, and is shown here as yrs would show it.
pub(super) struct CausalOrder {
    /// Per client, the index and the clock of its next block.
    next: Vec<(usize, u32)>,
    /// Clients whose next block waits for the one after it in this list.
    waiting: Vec<usize>,
    /// Per client, whether it is in that list.
    waits: Vec<bool>,
}

impl CausalOrder {
    /// Calls `settle` with every block in its turn: its index, its client and its header. If a block is at
    /// fault, or part of a cycle, and `on_fault` tolerates that, the rest of its client is left out, and
    /// everything that refers to what is left out.
    ///
    /// # Errors
    /// The first fault that `on_fault` does not tolerate.
    pub(super) fn walk<'a, S>(
        update: &Update<'a, S>,
        mut settle: impl FnMut(usize, &Client, &Header<'a, [u8]>) -> Result<(), Fault>,
        mut on_fault: impl FnMut(Id, Fault) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let clients = &update.clients;
        let mut order = CausalOrder {
            next: clients.iter().map(|c| (c.blocks.start, c.first)).collect(),
            waiting: Vec::new(),
            waits: vec![false; clients.len()],
        };
        for client in (0..clients.len()).rev() {
            order.advance(update, client, &mut settle, &mut on_fault)?;
        }
        Ok(())
    }

    /// Settles all blocks of one client, and the blocks of others that these wait for.
    fn advance<'a, S>(
        &mut self,
        update: &Update<'a, S>,
        first: usize,
        settle: &mut impl FnMut(usize, &Client, &Header<'a, [u8]>) -> Result<(), Fault>,
        on_fault: &mut impl FnMut(Id, Fault) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut client = first;
        loop {
            let Some(of) = update.clients.get(client) else { return Ok(()) };
            let (index, _) = self.next.get(client).copied().unwrap_or_default();
            let block = update.blocks.get(index).filter(|_| index < of.blocks.end);
            let Some(block) = block else { return Ok(()) };
            let header = update.raw_header(block);
            let settled = match self.unmet(update, client, block, &header) {
                Ok(Some(other)) if self.is_left_out(update, other) => Err(None),
                Ok(Some(other)) if other == client || self.waits.get(other) != Some(&false) => {
                    Err(Some(block.fault("origin", "items refer to each other in a cycle")))
                }
                Ok(Some(other)) => {
                    self.wait(client);
                    client = other;
                    continue;
                }
                Ok(None) => settle(index, of, &header).map_err(Some),
                Err(fault) => Err(Some(fault)),
            };
            let next = match settled {
                Ok(()) => (index + 1, block.next_clock()),
                Err(fault) => {
                    let id = Id { client: of.id, clock: block.clock };
                    fault.map_or(Ok(()), |fault| on_fault(id, fault))?;
                    (of.blocks.end, block.clock)
                }
            };
            if let Some(entry) = self.next.get_mut(client) {
                *entry = next;
            }
            client = self.go_on().unwrap_or(client);
        }
    }

    /// Returns the client of a block's first reference that has not had its turn.
    fn unmet<S>(
        &self,
        update: &Update<'_, S>,
        client: usize,
        block: &Block,
        header: &Header<'_, [u8]>,
    ) -> Result<Option<usize>, Fault> {
        for id in header.references() {
            let own = update.clients.get(client).is_some_and(|c| c.id == id.client);
            if own && id.clock >= block.clock {
                return Err(block.fault("origin", "an item refers to itself or to a later one"));
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

    /// Whether the remaining blocks of a client will never come.
    fn is_left_out<S>(&self, update: &Update<'_, S>, client: usize) -> bool {
        let of = update.clients.get(client).zip(self.next.get(client));
        of.is_some_and(|(of, (index, clock))| *index >= of.blocks.end && *clock < of.end)
    }

    fn wait(&mut self, client: usize) {
        self.waiting.push(client);
        if let Some(waits) = self.waits.get_mut(client) {
            *waits = true;
        }
    }

    /// Returns the client that waited last, which may have what it waits for now.
    fn go_on(&mut self) -> Option<usize> {
        let client = self.waiting.pop()?;
        if let Some(waits) = self.waits.get_mut(client) {
            *waits = false;
        }
        Some(client)
    }
}

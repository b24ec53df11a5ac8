//! What a session writes to the log.

use super::load;
use super::open_document::{LogPart, PendingChange};
use super::session::Session;
use super::state::NewRow;
use crate::error::Result;
use crate::id::MemberId;

/// The seq numbers that a commit assigned.
pub(super) struct Logged {
    /// The command's; `None` if it changed nothing itself.
    pub command: Option<i64>,
    /// By document, that of its last row.
    pub documents: Vec<i64>,
}

impl Session {
    /// Writes the command into the transaction, after what other programs did to its documents. Returns the
    /// numbers assigned.
    pub(super) fn log(&mut self, changes: &[PendingChange]) -> Result<Logged> {
        let first = self.state.next_seq()?;
        let parts = || changes.iter().flat_map(|change| &change.parts);
        let adopts = parts().any(|part| !part.is_asked_for());
        let command = first.saturating_add(i64::from(adopts));
        let mut documents = Vec::with_capacity(changes.len());
        for change in changes {
            let begins = change.begins_log.then_some(first);
            // The log of a document that was never written before goes back to its beginning.
            let was_known = self.loaded(&change.doc).is_some_and(|loaded| loaded.known.is_some());
            let log_from = begins.filter(|_| was_known);
            self.state.put_own_clock(&change.doc, change.client, change.clock, log_from)?;
            self.replica.wrote(&change.doc, change.client, change.clock);
            let mut last = first;
            for (number, part) in (0i64..).zip(&change.parts) {
                last = if part.is_asked_for() { command } else { first };
                self.append(change, number, part, last)?;
            }
            documents.push(last);
        }
        let command = parts().any(LogPart::is_asked_for).then_some(command);
        if let Some(seq) = command.filter(|_| !self.operations.is_empty()) {
            self.state.put_operations(seq, &self.operations)?;
        }
        self.replica.save(&self.state)?;
        Ok(Logged { command, documents })
    }

    fn append(&self, change: &PendingChange, number: i64, part: &LogPart, seq: i64) -> Result<()> {
        let member = self.member().filter(|_| part.is_asked_for());
        self.state.append(&NewRow {
            seq,
            part: number,
            doc: &change.doc,
            at: self.now(),
            member: member.map(MemberId::as_str),
            command: if part.is_asked_for() { &self.command } else { load::ADOPTING },
            update: &part.update,
            origin: part.origin(),
        })
    }
}

//! Who was a member before, as far as a document tells.

use crate::crdt::update::{Container, Id};
use crate::error::Result;
use crate::id::DocId;
use crate::store::Session;
use std::collections::BTreeSet;

/// The ids of all records of members that there were: those that are there, and what is left of
/// those that were pruned. Derived once a session, and kept up by whoever adds members.
pub struct Used(BTreeSet<String>);

impl Used {
    /// Of a document as it stands. To be given back with [`Used::keep`] after the next change.
    pub fn take(session: &mut Session, doc: &DocId) -> Result<Used> {
        if let Some(used) = session.recall(doc) {
            return Ok(used);
        }
        let roots = (session.ambient().roots)(doc);
        let Some(view) = session.view(doc)? else { return Ok(Used(BTreeSet::new())) };
        let whole = view.update(roots)?;
        let mut used = BTreeSet::new();
        for (client, blocks) in whole.clients() {
            let registers = blocks.iter().map(|block| Id { client, clock: block.clock });
            for (container, key) in registers.filter_map(|unit| whole.register(unit)) {
                if container == Container::Root("members") && !used.contains(key) {
                    used.insert(key.to_owned());
                }
            }
        }
        Ok(Used(used))
    }

    /// Notes an id. True when it is new.
    pub fn note(&mut self, member: &str) -> bool {
        self.0.insert(member.to_owned())
    }

    /// Keeps it for the next operation.
    pub fn keep(self, session: &mut Session, doc: &DocId) {
        session.remember(doc, self);
    }
}

//! Who was a member before, as far as a document tells.

use crate::crdt::update::{Container, Id};
use crate::error::Result;
use crate::id::DocId;
use crate::store::Session;
use std::collections::BTreeSet;

/// The ids of all records of members that there were: those that are there, and what is left of
/// those that were pruned.
pub fn ids(session: &mut Session, doc: &DocId) -> Result<BTreeSet<String>> {
    let roots = (session.environment().roots)(doc);
    let mut used = BTreeSet::new();
    let Some(view) = session.view(doc)? else { return Ok(used) };
    let whole = view.update(roots)?;
    for (client, blocks) in whole.clients() {
        let registers = blocks.iter().map(|block| Id { client, clock: block.clock });
        for (container, key) in registers.filter_map(|unit| whole.register(unit)) {
            if container == Container::Root("members") && !used.contains(key) {
                used.insert(key.to_owned());
            }
        }
    }
    Ok(used)
}

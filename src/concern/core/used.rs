//! Former members, as far as a document tells.

use crate::crdt::view::View;
use crate::error::Result;
use crate::id::DocId;
use crate::store::Session;
use crate::wire::{Container, Id, RootKind};
use std::collections::BTreeSet;

/// The ids of all member records ever: the existing ones, and those of which only the residue of
/// pruning is left.
pub fn ids(session: &mut Session, doc: &DocId) -> Result<BTreeSet<String>> {
    let roots = (session.environment().roots)(doc).roots();
    session.view(doc)?.map_or_else(|| Ok(BTreeSet::new()), |view| ever(&view, roots))
}

/// Like `ids`, for a core document already read, whose roots have these types.
///
/// # Errors
/// `Bug` if the roots are not those that it was checked with.
pub fn ever(view: &View, roots: &[(&str, RootKind)]) -> Result<BTreeSet<String>> {
    let mut used = BTreeSet::new();
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

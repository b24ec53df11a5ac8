//! Items that came into a container that is gone, where the update itself does not tell their place: the log
//! does.

use super::incoming::AppliedUpdate;
use crate::error::Result;
use crate::id::DocId;
use crate::store::Session;
use crate::wire::{Checked, Id, Step, Update, merge};
use std::collections::BTreeSet;

/// Returns those of these items that are elements of sequences. Sequences unite (rule R3): a replica that
/// still shows the container copies them over.
pub fn elements(
    session: &Session,
    doc: &DocId,
    parts: &[AppliedUpdate<'_>],
    items: &[(u64, u32)],
) -> Result<BTreeSet<(u64, u32)>> {
    if items.is_empty() {
        return Ok(BTreeSet::new());
    }
    let roots = (session.environment().roots)(doc);
    let rows = session.state().log_of(doc)?;
    // All of them were checked before; others are useless here.
    let checked = |bytes| Update::checked(bytes, roots).ok();
    let updates = rows.iter().filter_map(|row| checked(&row.update));
    let parts = parts.iter().map(|part| part.update.clone());
    let updates: Vec<Update<'_, Checked>> = updates.chain(parts).collect();
    let Some(whole) = merge(&updates) else { return Ok(BTreeSet::new()) };
    let Some(whole) = checked(&whole) else { return Ok(BTreeSet::new()) };
    let is_element = |(client, clock): &(u64, u32)| {
        let steps = whole.steps(Id { client: *client, clock: *clock });
        steps.is_some_and(|steps| matches!(steps.last(), Some(Step::Element(_))))
    };
    Ok(items.iter().copied().filter(is_element).collect())
}

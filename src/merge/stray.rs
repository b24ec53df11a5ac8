//! Items that came into a container that is gone, where the update itself does not tell their place: the log
//! does.

use super::incoming::AppliedUpdate;
use crate::error::Result;
use crate::id::DocId;
use crate::path::DocPath;
use crate::store::Session;
use crate::wire::{Checked, Id, Step, Update, merge};
use std::collections::BTreeMap;

/// What an item was.
pub enum StrayPlace {
    /// An element of a sequence. Sequences unite (rule R3): a replica that still shows the container copies it
    /// over.
    Element,
    /// The field at this path.
    Field(DocPath),
}

/// Returns the places of these items, as far as the log tells.
pub fn places(
    session: &Session,
    doc: &DocId,
    parts: &[AppliedUpdate<'_>],
    items: &[(u64, u32)],
) -> Result<BTreeMap<(u64, u32), StrayPlace>> {
    if items.is_empty() {
        return Ok(BTreeMap::new());
    }
    let roots = (session.environment().roots)(doc);
    let rows = session.state().log_of(doc)?;
    // All of them were checked before; others are useless here.
    let checked = |bytes| Update::checked(bytes, roots).ok();
    let updates = rows.iter().filter_map(|row| checked(&row.update));
    let parts = parts.iter().map(|part| part.update.clone());
    let updates: Vec<Update<'_, Checked>> = updates.chain(parts).collect();
    let Some(whole) = merge(&updates) else { return Ok(BTreeMap::new()) };
    let Some(whole) = checked(&whole) else { return Ok(BTreeMap::new()) };
    let place = |item: &(u64, u32)| {
        let steps = whole.steps(Id { client: item.0, clock: item.1 })?;
        Some((*item, place_of(&steps)?))
    };
    Ok(items.iter().filter_map(place).collect())
}

/// Returns `None` for a field of an element: nothing tells its id.
fn place_of(steps: &[Step<'_>]) -> Option<StrayPlace> {
    if let Some(Step::Element(_)) = steps.last() {
        return Some(StrayPlace::Element);
    }
    let key = |step: &Step<'_>| match step {
        Step::Key(key) => Some((*key).to_owned()),
        Step::Element(_) => None,
    };
    steps.iter().map(key).collect::<Option<DocPath>>().map(StrayPlace::Field)
}

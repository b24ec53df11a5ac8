//! The changes of an import and who may have made them, as the audit looks at them.

use super::incoming::Merge;
use crate::concern::core;
use crate::crdt::register::{Arrival, Carriers, News};
use crate::crdt::source::Source;
use crate::path::{DocPath, Keys};
use crate::schema::Spec;
use crate::wire::Value;
use std::cell::OnceCell;
use std::collections::BTreeSet;

/// A field that an import changed in an existing record; or a new record.
#[derive(Debug, Clone)]
pub struct AttributedChange {
    /// The path of the field, or of a new record.
    pub path: DocPath,
    /// What the document showed before; `None` for nothing, and for a new record.
    pub old: Option<Value>,
    /// What it shows now; `None` if it was removed.
    pub new: Option<Value>,
    /// The client ids that have written there since.
    pub clients: BTreeSet<u64>,
    /// The updates that brought it.
    pub sides: Vec<usize>,
}

/// Returns the records that an import brought: their creation is an action, too.
pub fn new_records(spec: &'static Spec, merge: &Merge<'_>) -> Vec<AttributedChange> {
    let Some(before) = merge.before else { return Vec::new() };
    let carriers = OnceCell::new();
    let mut attributed = Vec::new();
    for collection in spec.collections.iter().filter(|c| c.tombstone.is_some()) {
        for record in collection.records(merge.after) {
            let steps = record.steps();
            let item = merge.after.container(&steps);
            if before.container(&steps) == item {
                continue;
            }
            // The client id of a deterministic record is nobody's; whoever added it wrote the role.
            let role = merge.after.item(&steps.field(core::ROLE));
            let Some(item) = role.or(item) else { continue };
            let carriers = carriers.get_or_init(|| Carriers::of_blocks(merge.sides));
            attributed.push(AttributedChange {
                sides: carriers.carrying(item),
                path: record,
                old: None,
                new: None,
                clients: BTreeSet::from([item.client]),
            });
        }
    }
    attributed
}

/// Returns the fields of existing records that an import changed.
pub fn changes(merge: &Merge<'_>, news: &News<'_>) -> Vec<AttributedChange> {
    let writers = news.writers();
    let act = |arrival: Arrival| {
        let path = arrival.path?;
        let steps = path.steps();
        let shown = news.shown(&steps).filter(|shown| shown.id == arrival.write.id)?;
        let old = merge.before.and_then(|before| before.value(&steps));
        if old.as_ref().is_some_and(|old| old.same(&shown.value)) {
            return None;
        }
        let clients = writers.get(&arrival.register).cloned().unwrap_or_default();
        Some(AttributedChange { path, old, new: Some(shown.value), clients, sides: shown.sides })
    };
    news.arrivals().filter_map(act).collect()
}

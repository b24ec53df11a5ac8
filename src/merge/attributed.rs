//! What an import did, and who may have done it: the changes that the audit looks at.

use super::incoming::Merge;
use crate::concern::core;
use crate::crdt::register::{Arrival, Carriers, News};
use crate::crdt::source::Source;
use crate::path::{DocPath, Keys};
use crate::schema::Spec;
use crate::wire::Value;
use std::cell::OnceCell;
use std::collections::BTreeSet;

/// A field of a record that was here, as an import changed it; or a record that is new.
#[derive(Debug, Clone)]
pub struct AttributedChange {
    /// To the field, or to a new record.
    pub path: DocPath,
    /// What the document showed before; None for nothing, and for a new record.
    pub old: Option<Value>,
    /// What it shows now; None where it was removed.
    pub new: Option<Value>,
    /// The client ids that wrote there, since.
    pub clients: BTreeSet<u64>,
    /// The updates that brought it.
    pub sides: Vec<usize>,
}

/// The records that an import brought: their creation is an act, too.
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
            // A deterministic record has nobody's client id; whoever added it wrote the role.
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

/// The fields of records that were here which an import changed.
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

//! Which changes of a record those who took it out of its document did not know: for those that move no clock,
//! only the log tells.

use super::Incoming;
use crate::crdt::view::View;
use crate::error::{Error, Result};
use crate::inspect::touched::{TouchMap, TouchedRecord};
use crate::path::{DocPath, Keys};
use crate::schema::{FieldKind, Spec};
use crate::store::{LogRow, Session, broken_entry};
use crate::wire::{Fault, Id, Update};
use std::collections::{BTreeMap, BTreeSet};

/// What was done here to reactions after what the senders of an import were known to have.
#[derive(Default)]
pub(super) struct LateReactions {
    /// The units of content with members who reacted.
    pub given: BTreeSet<Id>,
    /// The sets from which members were taken.
    pub taken: BTreeMap<DocPath, TakenReactions>,
}

/// What was taken from one set.
#[derive(Default)]
pub(super) struct TakenReactions {
    /// How many members, each copy counted.
    pub count: usize,
    /// Who ran the commands, as far as that is known: usually those members.
    pub by: BTreeSet<String>,
}

/// Returns the records of a document whose reactions changed here after what the senders of an import were
/// known to have. Some of them may have heard of it since, and before they took the record out.
///
/// # Errors
/// Those of the log; `Corrupt`.
pub(super) fn reactions(
    session: &Session,
    incoming: &Incoming<'_>,
    before: &View,
    spec: &'static Spec,
) -> Result<BTreeSet<DocPath>> {
    let is_reaction = |field: &String| {
        let mut named = spec.collections.iter().filter_map(|of| of.field(field));
        named.any(|field| field.kind == FieldKind::Reactions)
    };
    let mut late = BTreeSet::new();
    each_unknown(session, incoming, before, spec, |_, _, touched| {
        let reacted = touched.into_iter().filter(|record| record.fields.iter().any(is_reaction));
        late.extend(reacted.map(|record| record.steps));
        Ok(())
    })?;
    Ok(late)
}

/// Returns what was done here to the reactions in these maps after what the senders of an import were known
/// to have. Some of them may have heard of it since, and before they took the records out.
///
/// # Errors
/// Those of the log; `Corrupt`.
pub(super) fn reactions_in(
    session: &Session,
    incoming: &Incoming<'_>,
    before: &View,
    spec: &'static Spec,
    maps: &BTreeSet<&DocPath>,
) -> Result<LateReactions> {
    let mut late = LateReactions::default();
    each_unknown(session, incoming, before, spec, |map, row, touched| {
        // Taking it apart unit by unit costs more than looking whether it is about them.
        let mut fields = touched
            .into_iter()
            .flat_map(|of| of.fields.into_iter().map(move |field| of.steps.child(&field)));
        if !fields.any(|field| maps.contains(&field)) {
            return Ok(());
        }
        for unit in map.units(&row.update)? {
            // The path of a set: a member in a sequence has the path of the sequence.
            if !unit.path.parent().is_some_and(|around| maps.contains(&around)) {
                continue;
            }
            if !unit.deleted {
                late.given.insert(unit.id);
            } else if !unit.keyed {
                let taken = late.taken.entry(unit.path).or_default();
                taken.count = taken.count.saturating_add(1);
                taken.by.extend(row.member.clone());
            }
        }
        Ok(())
    })?;
    Ok(late)
}

/// Calls `each` for the rows of our log that a sender was not known to have, with the records that each
/// touched in the document as it was `before`: what left it since has left no trace of its place.
fn each_unknown(
    session: &Session,
    incoming: &Incoming<'_>,
    before: &View,
    spec: &'static Spec,
    mut each: impl FnMut(&TouchMap<'_, '_>, &LogRow, Vec<TouchedRecord>) -> Result<(), Fault>,
) -> Result<()> {
    let rows = unknown_rows(session, incoming)?;
    if rows.is_empty() {
        return Ok(());
    }
    let broken = |fault| Error::undecodable(&incoming.doc, fault);
    let document = Update::walk(before.bytes()).map_err(broken)?;
    let map = TouchMap::of(Some(spec), &document);
    for row in &rows {
        let touched = map.touched(&row.update);
        let touched = touched.map_err(|fault| broken_entry(&incoming.doc, row.seq, fault))?;
        each(&map, row, touched.records).map_err(broken)?;
    }
    Ok(())
}

/// Returns the rows of our log that a sender was not known to have.
fn unknown_rows(session: &Session, incoming: &Incoming<'_>) -> Result<Vec<LogRow>> {
    let us = session.replica_id();
    let senders = incoming.parts.iter().filter_map(|part| part.sender.as_ref());
    let senders: Vec<_> = senders.filter(|sender| sender.replica != us).collect();
    let applied = senders.iter().map(|sender| sender.applied.get(us).copied().unwrap_or(0));
    let Some(after) = applied.min() else { return Ok(Vec::new()) };
    let rows = match session.state().log_after(&incoming.doc, after)? {
        Some(rows) => rows,
        // It does not reach back that far.
        None => session.state().log_of(&incoming.doc)?,
    };
    let is_unknown = |row: &LogRow| senders.iter().any(|sender| !sender.has(row, us));
    Ok(rows.into_iter().filter(is_unknown).collect())
}

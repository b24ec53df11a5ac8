//! The trash of this replica keeps what leaves its document for good for 30 days;
//! [`crate::operation::Untrash`] makes a new record from it.

use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::Result;
use crate::id::DocId;
use crate::path::{DocPath, Keys};
use crate::schema::{Collection, Spec};
use crate::store::{Session, Trashed};
use std::collections::BTreeSet;

/// This replica pruned it.
pub const PRUNED: &str = "pruned";
/// Another replica pruned it, and this one learned of that.
pub const PEER: &str = "peer";
/// It was removed without a tombstone.
pub const REMOVED: &str = "removed";
/// It was a tombstone, and a new record replaced it.
pub const REPLACED: &str = "replaced";

/// Keeps the record at a path in its current state, before it is removed.
pub fn keep(
    session: &mut Session,
    doc: &DocId,
    collection: &Collection,
    path: &[String],
    why: &str,
) -> Result<()> {
    let Some(record) = session.typed(doc, &path.steps())? else { return Ok(()) };
    session.state().put_trash(&Trashed {
        number: 0,
        at: session.now(),
        doc: doc.clone(),
        noun: collection.noun.to_owned(),
        path: path.into(),
        record: record.to_json(),
        typed: record.beyond_json(),
        why: why.to_owned(),
        member: session.member().map(ToString::to_string),
        restored: None,
    })
}

/// Keeps the records that an import removed, as they were before: others had pruned them or replaced
/// their tombstones. Records inside a removed record are kept with it, and `archived` ones are not
/// kept. Returns how many were pruned.
pub fn keep_vanished(
    session: &Session,
    doc: &DocId,
    spec: &Spec,
    [before, after]: [&View; 2],
    sender: Option<&str>,
    archived: &BTreeSet<DocPath>,
) -> Result<usize> {
    let mut gone = 0usize;
    for collection in spec.collections {
        for path in collection.records(before) {
            let steps = path.steps();
            let around = steps.split_last().map_or(&[][..], |(_, around)| around);
            if around.len() > 1 && !after.exists(around) || archived.contains(&path) {
                continue;
            }
            let why = match after.exists(&steps) {
                false => PEER,
                true if is_made_anew(collection, &path, before, after) => REPLACED,
                true => continue,
            };
            gone = gone.saturating_add(usize::from(why == PEER));
            let Some(record) = before.value(&steps) else { continue };
            session.state().put_trash(&Trashed {
                number: 0,
                at: session.now(),
                doc: doc.clone(),
                noun: collection.noun.to_owned(),
                path: path.clone(),
                record: record.to_json(),
                typed: record.beyond_json(),
                why: why.to_owned(),
                member: sender.map(str::to_owned),
                restored: None,
            })?;
        }
    }
    Ok(gone)
}

/// Whether a live record replaced a tombstone.
fn is_made_anew(collection: &Collection, path: &[String], before: &View, after: &View) -> bool {
    collection.is_deleted(before, path)
        && !collection.is_deleted(after, path)
        && before.container(&path.steps()) != after.container(&path.steps())
}

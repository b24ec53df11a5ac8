//! What an import took out of documents, or brought back into them.

use super::eligible::is_hybrid;
use super::keeping::{KeptRecords, keep};
use super::reading::ArchiveReader;
use super::row::{ArchivedRecord, Marker, is_archivable};
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::Result;
use crate::id::DocId;
use crate::path::{DocPath, Keys};
use crate::schema::{Collection, Removal, Spec};
use crate::store::Session;
use std::collections::BTreeSet;

/// Archives what this replica still held of records that others took out of a document that is
/// hybrid: all that was alive, and the cards and issues that were put away. What was deleted goes as
/// it always did; where it could be in somebody's archive, a row without content says that it is
/// deleted. Out of any other document nothing was archived, and what is gone was deleted.
///
/// The paths of what was archived, and how many values lost to other versions.
///
/// # Errors
/// As [`keep`].
pub fn vanished(
    session: &mut Session,
    doc: &DocId,
    spec: &'static Spec,
    [before, after]: [&View; 2],
) -> Result<(BTreeSet<DocPath>, KeptRecords)> {
    let (mut alive, mut deleted) = (Vec::new(), Vec::new());
    if !is_hybrid(after) {
        return Ok((BTreeSet::new(), KeptRecords::default()));
    }
    for collection in spec.collections.iter().filter(|one| is_archivable(one)) {
        for path in collection.records(before) {
            if after.exists(&path.steps()) {
                continue;
            }
            match is_garbage(collection, before, &path) {
                true => deleted.push((collection, path)),
                false => alive.push((collection, path)),
            }
        }
    }
    let now = session.now();
    let row = |(collection, path): &(&'static Collection, DocPath)| {
        let (written, value) = (before.item(&path.steps())?, before.value(&path.steps())?);
        value.as_map()?;
        Some(ArchivedRecord::of(doc, collection, path, written, &value, now))
    };
    let mut rows: Vec<ArchivedRecord> = alive.iter().filter_map(row).collect();
    let archived = rows.iter().map(|row| row.path.clone()).collect();
    let archive = match deleted.is_empty() {
        true => None,
        false => ArchiveReader::beside(session)?,
    };
    for gone in &deleted {
        let shown = match &archive {
            Some(archive) => archive.shown(doc, &gone.1)?,
            None => None,
        };
        if rows.is_empty() && shown.is_none() {
            continue;
        }
        let deleted_at = row(gone).map_or(0, |row| row.changed_at);
        let until = shown.map_or(deleted_at, |shown| shown.changed_at.max(deleted_at));
        rows.push(ArchivedRecord::marker(doc, &gone.1, until, now, Marker::Deleted));
    }
    Ok((archived, keep(session, rows)?))
}

/// Whether a record is a tombstone that pruning removes.
fn is_garbage(collection: &Collection, before: &View, path: &DocPath) -> bool {
    let removal = collection.tombstone.as_ref().map(|marks| marks.removal);
    removal == Some(Removal::AtOnce) && collection.is_deleted(before, path)
}

/// Hides the archive's versions of records that are in their document again: whatever becomes of
/// them there, they do not come out of the archive.
///
/// # Errors
/// As [`keep`].
pub fn came_back(
    session: &mut Session,
    doc: &DocId,
    spec: &'static Spec,
    before: Option<&View>,
    after: &View,
) -> Result<()> {
    let Some(archive) = ArchiveReader::beside(session)? else { return Ok(()) };
    let mut rows = Vec::new();
    for collection in spec.collections.iter().filter(|one| is_archivable(one)) {
        for path in collection.records(after) {
            if before.is_some_and(|before| before.exists(&path.steps())) {
                continue;
            }
            if let Some(shown) = archive.shown(doc, &path)? {
                let now = session.now();
                rows.push(ArchivedRecord::marker(
                    doc,
                    &path,
                    shown.changed_at,
                    now,
                    Marker::Restored,
                ));
            }
        }
    }
    drop(archive);
    keep(session, rows).map(drop)
}

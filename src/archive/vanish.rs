//! Records that an import took out of documents or brought back into them.

use super::keeping::{KeptRecords, keep, keep_leaving};
use super::mode::is_hybrid;
use super::reading::ArchiveReader;
use super::row::{ArchivedRecord, Marker, is_archivable};
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::Result;
use crate::id::DocId;
use crate::path::{DocPath, Keys};
use crate::schema::{Collection, FieldKind, Removal, Spec};
use crate::store::Session;
use crate::tombstone::{self, MemberTimes, Tombstone};
use std::collections::BTreeSet;

/// Archives what this replica still held of records that others took out of a hybrid document: everything
/// that was alive, and the cards and issues that were archived or closed. Deleted records go as always; if
/// such a record could be in somebody's archive, a row without content says that it is deleted, unless it is
/// known here that everybody had acknowledged the deletion and it was only pruned. So do those that others say
/// they `pruned`, although they were alive here. Nothing was archived from any other document, so what is gone
/// from there was deleted.
///
/// `late` tells which records have reactions that came or went without the knowledge of whoever took them out;
/// it is asked only if there are records with reactions.
///
/// Returns the paths of what was archived, and how many values lost to other versions.
///
/// # Errors
/// As [`keep`].
pub fn vanished(
    session: &mut Session,
    doc: &DocId,
    spec: &'static Spec,
    [before, after]: [&View; 2],
    pruned: &BTreeSet<DocPath>,
    late: impl FnOnce(&Session) -> Result<BTreeSet<DocPath>>,
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
                false if pruned.contains(&path) => {}
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
    let archived = alive.iter().map(|(_, path)| path.clone()).collect();
    let mut markers = Vec::new();
    let archive = match deleted.is_empty() {
        true => None,
        false => ArchiveReader::beside(session)?,
    };
    let members = match deleted.is_empty() {
        true => MemberTimes::new(),
        false => tombstone::members_of(session, doc)?,
    };
    for gone in &deleted {
        let is_shown = match &archive {
            Some(archive) => archive.shown(doc, &gone.1)?.is_some(),
            None => false,
        };
        let tombstone = Tombstone::at(gone.0, before, gone.1.clone());
        let (Some(tombstone), Some(deleted)) = (tombstone, row(gone)) else { continue };
        if is_shown || !tombstone.is_prunable(&members) {
            // The same on every replica that had the same deletion.
            let until = tombstone.deleted_at.unwrap_or(deleted.changed_at);
            let marker = Marker::Deleted(deleted.written);
            markers.push(ArchivedRecord::marker(doc, &gone.1, until, now, marker));
        }
    }
    drop(archive);
    let late = match alive.iter().any(|(collection, _)| collection.has(FieldKind::Reactions)) {
        true => late(session)?,
        false => BTreeSet::new(),
    };
    let rows = alive.iter().filter_map(row).chain(markers);
    // They were here until now, whatever the archive was told before: the document may have had another item
    // of a restored record than the restore made, as old as what that hides.
    Ok((archived, keep_leaving(session, rows, &late)?))
}

/// Returns whether a record is a tombstone that pruning removes.
fn is_garbage(collection: &Collection, before: &View, path: &DocPath) -> bool {
    let removal = collection.tombstone.as_ref().map(|marks| marks.removal);
    removal == Some(Removal::AtOnce) && collection.is_deleted(before, path)
}

/// Hides the archive's versions of records that are in their document again: whatever becomes of them there,
/// they do not come out of the archive.
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
    let is_new = |path: &DocPath| !before.is_some_and(|before| before.exists(&path.steps()));
    let collections = spec.collections.iter().filter(|one| is_archivable(one));
    let mut new = collections.flat_map(|one| one.records(after)).filter(is_new).peekable();
    // Opening the archive has a cost.
    if new.peek().is_none() {
        return Ok(());
    }
    let Some(archive) = ArchiveReader::beside(session)? else { return Ok(()) };
    let mut rows = Vec::new();
    for path in new {
        // It hides a deletion as well: a returned record was made anew, and is another item.
        let Some(item) = after.item(&path.steps()) else { continue };
        rows.extend(archive.hiding(doc, &path, item, session.now())?);
    }
    drop(archive);
    keep(session, rows).map(drop)
}

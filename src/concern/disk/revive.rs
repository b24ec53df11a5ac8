//! Files deleted here and edited there: the edit is kept.

use super::directory::{Directory, FilePlace};
use super::file::{DiskFile, FileVersion, read_all};
use super::{FILES, is_disk};
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::Result;
use crate::id::DocId;
use crate::store::Session;
use crate::tombstone;
use crate::wire::Id;
use std::collections::BTreeSet;

/// Restores the files whose contents are not those that were deleted: somebody who did not know of the
/// deletion had changed them. Must be done before the deletion is acknowledged. Returns their paths.
///
/// # Errors
/// Those of the store.
pub fn revive_edited(session: &mut Session, doc: &DocId) -> Result<Vec<String>> {
    if !is_disk(doc) {
        return Ok(Vec::new());
    }
    let Some(view) = session.view(doc)? else { return Ok(Vec::new()) };
    let edited: Vec<DiskFile> = read_all(&*view).into_iter().filter(is_edited).collect();
    if !edited.is_empty() {
        session.edit(doc, |txn| {
            edited.iter().try_for_each(|file| tombstone::revive(txn, &FILES, &["files", &file.id]))
        })?;
    }
    Ok(edited.into_iter().map(|file| file.path).collect())
}

/// A version concurrent with what its file shows.
pub struct LostVersion {
    /// The id of the file.
    pub file: String,
    /// The version that is not shown.
    pub lost: FileVersion,
    /// The item that records it.
    pub item: Id,
    /// Whether it existed here before the merge.
    pub was_here: bool,
    /// What the file shows; `None` for a text.
    pub shown: Option<FileVersion>,
}

/// The versions that files do not show since a merge, because another was concurrent. They can be read
/// and restored until something replaces them.
pub fn lost_versions(doc: &DocId, [before, after]: [&View; 2]) -> Vec<LostVersion> {
    if !is_disk(doc) {
        return Vec::new();
    }
    let mut all = Vec::new();
    for id in after.keys(FILES.path) {
        let path = ["files", id.as_str()];
        if before.shows_the_same(after, &path) {
            continue;
        }
        let Some(file) = super::read(after, &id).filter(|file| !file.deleted) else { continue };
        let beside = file.beside();
        if beside.is_empty() {
            continue;
        }
        let old = super::read(before, &id);
        let known = old.as_ref().map(DiskFile::beside).unwrap_or_default();
        let known: BTreeSet<&str> = known.iter().map(|version| version.id.as_str()).collect();
        let head = file.heads().last().map(|head| (*head).clone());
        let is_binary = matches!(file.content, super::DiskContent::Binary(_));
        let shown = head.clone().filter(|_| is_binary);
        for lost in beside.into_iter().filter(|version| !known.contains(version.id.as_str())) {
            let had = |version: &FileVersion| version.id == lost.id;
            let was_here = old.as_ref().is_some_and(|old| match lost.is_text {
                true => matches!(old.content, super::DiskContent::Text(_)),
                false => old.versions.iter().any(had),
            });
            // A text has no item of its own that every edit changes.
            let (version, field) = match (&head, lost.is_text) {
                (Some(head), true) => (head.id.as_str(), "of_text"),
                _ => (lost.id.as_str(), "blake3"),
            };
            let item = after.item(&["files", &id, "versions", version, field]);
            let Some(item) = item else { continue };
            let (file, shown) = (id.clone(), shown.clone());
            all.push(LostVersion { file, lost, item, was_here, shown });
        }
    }
    all
}

/// A file whose path another file has.
pub struct LostPath {
    /// The file, and the path that it wants.
    pub place: FilePlace,
    /// The file that has it; `None` for a directory.
    pub owner: Option<FilePlace>,
    /// The item that holds the path.
    pub item: Id,
    /// Whether it was here before the merge.
    pub was_here: bool,
}

/// The files that have lost their paths in a merge: two files were put at one path, or a file where
/// others have a directory.
pub fn lost_paths(doc: &DocId, [before, after]: [&View; 2]) -> Vec<LostPath> {
    if !is_disk(doc) {
        return Vec::new();
    }
    let directory = Directory::of(after, doc);
    let mut displaced = directory.displaced().peekable();
    if displaced.peek().is_none() {
        return Vec::new();
    }
    let old = Directory::of(before, doc);
    let known: BTreeSet<(&str, &str)> =
        old.displaced().map(|(place, _)| (place.id.as_str(), place.path.as_str())).collect();
    let new = displaced.filter(|(place, _)| !known.contains(&(&place.id, place.path.as_str())));
    new.filter_map(|(place, owner)| {
        let item = after.item(&["files", &place.id, "path"])?;
        let was_here = old.place(&place.id).is_some_and(|old| old.path == place.path);
        Some(LostPath { place: place.clone(), owner: owner.cloned(), item, was_here })
    })
    .collect()
}

fn is_edited(file: &DiskFile) -> bool {
    file.deleted && !file.deleted_blake3.is_empty() && file.contents() != file.deleted_blake3
}

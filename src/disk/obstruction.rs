//! What is in the place of a file of a disk, or of a directory around it, and is neither.

use super::objects::Objects;
use super::status::{DiskState, FileStatus};
use super::tree::Tree;
use crate::concern::disk::{DiskContent, DiskKind, documents, read};
use crate::error::{Hint, Result};
use crate::id::EntityId;
use crate::store::Reader;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Something that keeps files of a disk from being looked at.
#[derive(Debug, Clone)]
pub struct Obstruction {
    /// The path of the file, or of a directory that has it.
    pub path: String,
    /// That path on this machine.
    pub place: PathBuf,
    /// What is there.
    pub why: Hint,
    /// How many files are not looked at because of it.
    pub files: u64,
    /// Whether it is in the place of a single file whose content the store has elsewhere, too.
    pub is_kept: bool,
    /// Whether it is a file after all, and only cannot be read.
    pub is_file: bool,
}

/// Returns what is in the place of known files, and of whole disks, given the state of the files of an entity;
/// in path order.
///
/// # Errors
/// Those of the store and of the file system.
pub fn obstructions(
    reader: &Reader,
    entity: &EntityId,
    files: &[FileStatus],
) -> Result<Vec<Obstruction>> {
    let odd = files.iter().filter(|file| file.state == DiskState::Odd);
    let (known, others): (Vec<&FileStatus>, Vec<&FileStatus>) =
        odd.partition(|file| file.id.is_some());
    let others: BTreeMap<&str, &FileStatus> =
        others.into_iter().map(|other| (other.path.as_str(), other)).collect();
    let disks = DiskKind::ALL.map(|kind| format!("/{}", kind.as_str()));
    let mut found: BTreeMap<&str, (&FileStatus, u64)> = BTreeMap::new();
    for disk in &disks {
        if let Some((path, other)) = others.get_key_value(disk.as_str()) {
            found.insert(path, (*other, 0));
        }
    }
    for file in known {
        let around = around(&file.path).find_map(|path| others.get_key_value(path));
        let (path, by) = around.map_or((file.path.as_str(), file), |(path, other)| (*path, *other));
        let (_, count) = found.entry(path).or_insert((by, 0));
        *count = count.saturating_add(1);
    }
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let kept = kept(reader, entity, files)?;
    let Some(disks) = reader.disks() else { return Ok(Vec::new()) };
    let tree = Tree::of_reader(reader, entity, &disks)?;
    let obstruction = |(path, (by, files)): (&str, (&FileStatus, u64))| {
        let place = tree.path().join(path.trim_start_matches('/'));
        let is_file = place.symlink_metadata().is_ok_and(|meta| meta.is_file());
        let (path, why, is_kept) = (path.to_owned(), by.note.clone(), kept.contains(path));
        Obstruction { path, place, why, files, is_kept, is_file }
    };
    Ok(found.into_iter().map(obstruction).collect())
}

/// The directories around a path, outermost first, and the path itself.
fn around(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.match_indices('/').map(|(at, _)| at).filter(|at| *at > 0);
    ends.chain([path.len()]).filter_map(|end| path.get(..end))
}

/// Returns the paths of those files whose content is in their document, or beside the disks.
fn kept(reader: &Reader, entity: &EntityId, files: &[FileStatus]) -> Result<BTreeSet<String>> {
    let Some(disks) = reader.disks() else { return Ok(BTreeSet::new()) };
    let objects = Objects::open(&disks)?;
    let mut kept = BTreeSet::new();
    for (doc, _) in documents(entity) {
        let Some(view) = reader.view(&doc)? else { continue };
        for file in files.iter().filter(|file| file.state == DiskState::Odd) {
            let content = file.id.as_ref().and_then(|id| read(&view, id)).map(|file| file.content);
            let is_kept = match content {
                Some(DiskContent::Text(_)) => true,
                Some(DiskContent::Binary(Some(stored))) => objects.has(&stored.blake3),
                _ => false,
            };
            if is_kept {
                kept.insert(file.path.clone());
            }
        }
    }
    Ok(kept)
}

/// Returns what is in the place of a directory around all disks of an entity; `None` if nothing is, or the
/// entity can have no disks.
pub fn obstacle(reader: &Reader, entity: &EntityId) -> Option<PathBuf> {
    let around = Tree::around_all(reader, entity, &reader.disks()?).ok()?;
    let is_other = |place: &PathBuf| place.symlink_metadata().is_ok_and(|meta| !meta.is_dir());
    around.into_iter().find(is_other)
}

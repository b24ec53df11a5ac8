//! Files beside the disks that nobody needs any more: `disk gc`.

use super::objects::Objects;
use super::tree::Tree;
use crate::concern::disk::{DiskFile, DiskPath, is_disk, read_all};
use crate::error::Result;
use crate::id::{DocId, EntityId};
use crate::store::Reader;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Why a file is not needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GarbageKind {
    /// A former content of a file: all known replicas have what replaced it.
    Version,
    /// A second copy of a file on a disk.
    Copy,
    /// A partly received content that nobody waits for.
    Part,
    /// A temporary file of a command that was killed while writing.
    Leftover,
    /// A content that does not match its hash: it is requested again.
    Damaged,
}

/// A file that takes up room and that nobody needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Garbage {
    /// Its name in its directory.
    pub name: String,
    /// Why it is removed.
    pub kind: GarbageKind,
    /// Its size.
    pub bytes: u64,
}

/// Finds what nobody needs, in name order, and with `remove` removes it. Former contents stay as long
/// as somebody is known to lack their document. The content of a deleted file stays as long as it can
/// be restored, from the document or the trash. Must be run while a session keeps other commands out.
///
/// # Errors
/// Those of the store and of the file system; if a document cannot be read, nothing is removed.
pub fn collect(reader: &Reader, lacked: &BTreeSet<DocId>, remove: bool) -> Result<Vec<Garbage>> {
    let Some(disks) = reader.disks() else { return Ok(Vec::new()) };
    let needed = NeededContents::of(reader, lacked, &disks)?;
    let objects = Objects::open(&disks)?;
    let mut found = Vec::new();
    for (name, bytes) in objects.list()? {
        if let Some(kind) = needed.judge(&objects, &name)? {
            if remove {
                objects.remove(&name)?;
            }
            found.push(Garbage { name, kind, bytes });
        }
    }
    for tree in needed.trees.values() {
        let left = tree.sweep(remove)?.into_iter();
        let kind = GarbageKind::Leftover;
        found.extend(left.map(|(name, bytes)| Garbage { name, kind, bytes }));
    }
    Ok(found)
}

/// The contents that somebody may still request.
struct NeededContents {
    contents: BTreeSet<String>,
    trees: BTreeMap<EntityId, Tree>,
    /// Where each content was last written.
    places: BTreeMap<String, Vec<(EntityId, DiskPath)>>,
}

impl NeededContents {
    fn of(reader: &Reader, lacked: &BTreeSet<DocId>, disks: &Path) -> Result<NeededContents> {
        let mut needed = NeededContents {
            contents: BTreeSet::new(),
            trees: BTreeMap::new(),
            places: BTreeMap::new(),
        };
        for document in reader.documents()?.into_iter().filter(|found| is_disk(&found.id)) {
            let doc = document.id;
            let (Some(view), Some(entity)) = (reader.view(&doc)?, doc.entity()) else { continue };
            for file in read_all(&view) {
                needed.contents.extend(of_file(&file, lacked.contains(&doc)));
            }
            let Some(state) = reader.state() else { continue };
            for (path, blake3) in state.written_contents(&doc)? {
                if let Ok(path) = DiskPath::parse(&path) {
                    needed.places.entry(blake3).or_default().push((entity.clone(), path));
                }
            }
            if !needed.trees.contains_key(&entity) {
                needed.trees.insert(entity.clone(), Tree::of_reader(reader, &entity, disks)?);
            }
        }
        if let Some(state) = reader.state() {
            let trash = state.trash()?.into_iter().filter(|trashed| is_disk(&trashed.doc));
            trash.for_each(|trashed| hashes(&trashed.record, &mut needed.contents));
        }
        Ok(needed)
    }

    /// Why a file beside the disks may be removed; `None` if it stays.
    fn judge(&self, objects: &Objects, name: &str) -> Result<Option<GarbageKind>> {
        if let Some(of) = name.strip_suffix(".part") {
            // The next import continues it if somebody waits for it.
            let awaited = self.contents.contains(of) && !objects.has(of) && !self.lies(of)?;
            return Ok(match (is_hash(of), awaited) {
                (true, true) => None,
                (true, false) => Some(GarbageKind::Part),
                (false, _) => Some(GarbageKind::Leftover),
            });
        }
        if !is_hash(name) {
            return Ok(None);
        }
        if !self.contents.contains(name) {
            return Ok(Some(GarbageKind::Version));
        }
        if self.lies(name)? {
            return Ok(Some(GarbageKind::Copy));
        }
        Ok((!objects.is_whole(name)?).then_some(GarbageKind::Damaged))
    }

    /// Whether a disk has this content, complete.
    fn lies(&self, blake3: &str) -> Result<bool> {
        for (entity, path) in self.places.get(blake3).into_iter().flatten() {
            let Some(tree) = self.trees.get(entity) else { continue };
            if tree.holds(path, blake3) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The contents needed of a file: those that nothing replaces, or all it ever had.
fn of_file(file: &DiskFile, all: bool) -> Vec<String> {
    let versions = if all { file.versions.clone() } else { file.needed() };
    versions.into_iter().map(|version| version.stored.blake3).collect()
}

fn is_hash(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Collects every hash in a record.
fn hashes(record: &Value, into: &mut BTreeSet<String>) {
    let mut waiting = vec![record];
    while let Some(value) = waiting.pop() {
        match value {
            Value::String(text) if is_hash(text) => drop(into.insert(text.clone())),
            Value::Array(values) => waiting.extend(values),
            Value::Object(fields) => waiting.extend(fields.values()),
            _ => {}
        }
    }
}

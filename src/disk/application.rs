//! The application's own index of the disks, `disk_index.json`, kept up to date for it. Its content is
//! never trusted: the directories say more.

use super::tree::{self, Tree, failed};
use crate::concern::disk::{DiskKind, DiskPath};
use crate::error::{Error, Result};
use crate::id::EntityId;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use serde::Serialize;
use serde_json::{Map, Value};
use std::io::Read;
use std::path::{Path, PathBuf};

const INDEX: &str = "disk_index.json";
/// Half a kilobyte per file.
const INDEX_BYTES: u64 = 64 << 20;

/// Records what was written and removed, if the application has an index: it creates its own, and finds
/// files that are not in it in the directories. Entries of others stay as they are. An invalid index is
/// left alone.
///
/// # Errors
/// `Io`.
pub fn keep_up(
    disks: &Path,
    entity: &EntityId,
    tree: &Tree,
    [written, removed]: [&[DiskPath]; 2],
) -> Result<()> {
    let place = disks.join(INDEX);
    let dir =
        Dir::open_ambient_dir(disks, ambient_authority()).map_err(|e| failed("open", disks, e))?;
    let Some(file) = tree::open_in(&dir, INDEX, &place)? else { return Ok(()) };
    let mut text = String::new();
    let read = file.take(INDEX_BYTES).read_to_string(&mut text);
    let (Ok(_), Ok(mut index)) = (read, serde_json::from_str::<Map<String, Value>>(&text)) else {
        return Ok(());
    };
    for path in removed {
        index.remove(&key(entity, path));
    }
    for path in written {
        if let Some(entry) = entry(entity, tree, path)? {
            index.insert(key(entity, path), entry);
        }
    }
    let bytes = serde_json::to_vec_pretty(&index).unwrap_or_default();
    tree::write_new(&dir, INDEX, &mut bytes.as_slice(), false)
        .map(drop)
        .map_err(|e| failed("write", &place, e))
}

fn key(entity: &EntityId, path: &DiskPath) -> String {
    format!("{}:{}:{}", entity.id(), path.disk().as_str(), path.within())
}

fn entry(entity: &EntityId, tree: &Tree, path: &DiskPath) -> Result<Option<Value>> {
    let Some(held) = tree.held(path)? else { return Ok(None) };
    let modified = tree.open_file(path)?.and_then(|file| file.metadata().ok()?.modified().ok());
    let modified = modified
        .and_then(|at| at.into_std().duration_since(std::time::UNIX_EPOCH).ok())
        .map_or(0, |since| since.as_secs());
    let disk = match path.disk() {
        DiskKind::Private => "Private",
        DiskKind::Public => "Public",
        DiskKind::Shared => "Shared",
    };
    let entry = ApplicationEntry {
        entity_id: entity.id(),
        disk_type: disk,
        path: path.within(),
        name: path.name(),
        is_directory: false,
        size_bytes: held.stored.size_bytes,
        modified_at: modified,
        content_hash: &held.stored.blake3,
        file_path: tree.place_of(path),
    };
    let entry = serde_json::to_value(entry);
    entry.map(Some).map_err(|e| Error::bug("an entry of the index does not encode").because(e))
}

/// A file as the application describes it.
#[derive(Serialize)]
struct ApplicationEntry<'e> {
    entity_id: &'e str,
    disk_type: &'static str,
    path: &'e str,
    name: &'e str,
    is_directory: bool,
    size_bytes: u64,
    modified_at: u64,
    content_hash: &'e str,
    file_path: PathBuf,
}

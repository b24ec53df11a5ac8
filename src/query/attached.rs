//! The files that messages bring along.

use super::chat;
use crate::archive::ArchiveReader;
use crate::concern::chat::{SPEC, attached, is_attachment};
use crate::concern::disk::{self, Directory, DiskPath};
use crate::error::Result;
use crate::id::EntityId;
use crate::store::Reader;
use std::collections::BTreeSet;

/// The files among the attachments that a message alone has attached, and that are on the disk: nobody
/// asks for them any more once it is deleted. In the order in which it names them.
///
/// # Errors
/// As [`chat::find`]; those of the documents and of the archive.
pub fn attached_alone(reader: &Reader, entity: &EntityId, message: &str) -> Result<Vec<DiskPath>> {
    let found = chat::find(reader, entity, message)?;
    let named = found.attachments.as_array().into_iter().flatten();
    let named = named.filter_map(|one| one.get("file_path")?.as_str());
    let named: Vec<&str> = named.filter(|path| is_attachment(path)).collect();
    if named.is_empty() || found.deleted {
        return Ok(Vec::new());
    }
    let of_chat = entity.document(SPEC.name);
    let archived = match ArchiveReader::of(reader)? {
        Some(archive) => archive.attached(&of_chat)?,
        None => BTreeSet::new(),
    };
    let others = reader.view(&of_chat)?.map(|view| attached(&view)).unwrap_or_default();
    let doc = entity.document(disk::SPEC.name);
    let Some(view) = reader.view(&doc)? else { return Ok(Vec::new()) };
    let directory = Directory::of(&view, &doc);
    let mut alone = Vec::new();
    for path in named {
        let is_others = others.get(path).is_some_and(|ids| ids.iter().any(|id| *id != found.id));
        let Ok(path) = DiskPath::parse(path) else { continue };
        let is_there = directory.at(&path).is_ok_and(|place| place.is_some());
        if is_there && !is_others && !archived.contains(path.as_str()) && !alone.contains(&path) {
            alone.push(path);
        }
    }
    Ok(alone)
}

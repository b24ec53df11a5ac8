//! The files attached to messages.

use super::chat;
use crate::archive::ArchiveReader;
use crate::concern::chat::{AttachedFile, SPEC, attached, is_attachment};
use crate::concern::disk::{self, Directory, DiskPath, FilePlace};
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::Result;
use crate::id::{DocId, EntityId};
use crate::path::Keys;
use crate::store::Reader;
use std::collections::{BTreeMap, BTreeSet};

/// A file that only one message has attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AloneFile {
    /// Its path, or the path it wants if another file has that.
    pub path: DiskPath,
    /// The name to use for it: its path, or its id if another file has that path.
    pub name: String,
}

/// Returns the name to use for the file of an attachment: its path, or its id if another file has that path;
/// `None` if it is not there.
///
/// # Errors
/// Those of the document.
pub fn called(reader: &Reader, entity: &EntityId, file: &AttachedFile) -> Result<Option<String>> {
    let Ok(path) = DiskPath::parse(&file.path) else { return Ok(None) };
    let doc = disk::document(entity, path.disk());
    let Some(view) = reader.view(&doc)? else { return Ok(None) };
    let directory = Directory::of(&view, &doc);
    Ok(file.place(&directory, |id| held(&view, id)).map(|place| name(place, &directory)))
}

/// Returns the BLAKE3 hash of a file's content.
pub(crate) fn held(view: &View, id: &str) -> Option<String> {
    Some(disk::read(view, id)?.content.stored()?.blake3)
}

fn name(place: &FilePlace, directory: &Directory) -> String {
    let owner = directory.at(&place.path).ok().flatten();
    match owner.is_some_and(|owner| owner.id == place.id) {
        true => place.path.to_string(),
        false => place.id.clone(),
    }
}

/// Returns the files that messages and replies of a chat have attached, archived ones included, each with the
/// ids of those messages.
///
/// # Errors
/// Those of the archive.
pub(crate) fn all(
    reader: &Reader,
    doc: &DocId,
    chat: &View,
) -> Result<BTreeMap<AttachedFile, Vec<String>>> {
    let mut all = attached(chat);
    let archived = ArchiveReader::of(reader)?.map_or(Ok(Vec::new()), |one| one.attached(doc))?;
    for (file, message) in archived {
        // A message that is back in the chat has attached what it says there.
        if let (false, Some(id)) = (chat.exists(&message.steps()), message.last()) {
            all.entry(file).or_default().push(id.clone());
        }
    }
    Ok(all)
}

/// Returns the files in the attachments directory that only this message has attached and that are on the
/// disk: nothing refers to them once the message is deleted. In the order in which the message names them.
///
/// # Errors
/// As [`chat::find`]; those of the documents and of the archive.
pub fn attached_alone(reader: &Reader, entity: &EntityId, message: &str) -> Result<Vec<AloneFile>> {
    let found = chat::find(reader, entity, message)?;
    let named = found.attachments.as_array().into_iter().flatten();
    let named =
        named.filter_map(|one| AttachedFile::of(|field| one.get(field).and_then(|v| v.as_str())));
    let named: Vec<AttachedFile> = named.filter(|file| is_attachment(&file.path)).collect();
    if named.is_empty() || found.deleted {
        return Ok(Vec::new());
    }
    let of_chat = entity.document(SPEC.name);
    let chat = reader.view(&of_chat)?.unwrap_or_default();
    let others = all(reader, &of_chat, &chat)?;
    let doc = entity.document(disk::SPEC.name);
    let Some(view) = reader.view(&doc)? else { return Ok(Vec::new()) };
    let directory = Directory::of(&view, &doc);
    let of_others = others.iter().filter(|(_, messages)| messages.iter().any(|id| *id != found.id));
    let of_others: BTreeSet<&str> = of_others
        .filter_map(|(file, _)| Some(file.place(&directory, |id| held(&view, id))?.id.as_str()))
        .collect();
    let mut alone = Vec::new();
    for file in named {
        let Some(place) = file.place(&directory, |id| held(&view, id)) else { continue };
        let is_others = of_others.contains(place.id.as_str());
        let (path, name) = (place.path.clone(), name(place, &directory));
        let file = AloneFile { path, name };
        if !is_others && !alone.contains(&file) {
            alone.push(file);
        }
    }
    Ok(alone)
}

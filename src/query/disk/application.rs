//! Files that the application keeps as documents of their own, beside those of the disks.

use crate::concern::disk::{FILE_DOCUMENT, FileDocument, is_file_document, no_file};
use crate::error::Result;
use crate::id::{self, EntityId};
use crate::query::{Partial, sound};
use crate::store::Reader;
use std::collections::BTreeSet;

/// Returns the entities not in `known` that such documents refer to. Their type is unknown, so they are
/// called `file:ID`, as the documents are.
///
/// # Errors
/// Those of the store.
pub fn entities_of_documents(
    reader: &Reader,
    known: &BTreeSet<EntityId>,
) -> Result<BTreeSet<EntityId>> {
    let ids: BTreeSet<&str> = known.iter().map(EntityId::id).collect();
    let docs = reader.documents()?.into_iter().map(|document| document.id);
    let about = docs.filter(|doc| is_file_document(doc) && !ids.contains(doc.entity_id()));
    Ok(about
        .filter_map(|doc| EntityId::parse(&format!("{FILE_DOCUMENT}:{}", doc.entity_id())).ok())
        .collect())
}

/// Returns the files of an entity that are documents, in the order of their paths, without content.
///
/// # Errors
/// Those of the store.
pub fn file_documents(reader: &Reader, entity: &EntityId) -> Result<Partial<Vec<FileDocument>>> {
    let mut partial = Partial { found: Vec::new(), damaged: Vec::new() };
    let docs = reader.documents()?.into_iter().map(|document| document.id);
    for doc in docs.filter(|doc| is_file_document(doc) && doc.entity_id() == entity.id()) {
        if let Some(Some(view)) = sound(&mut partial.damaged, reader.any_view(&doc))? {
            partial.found.push(FileDocument { content: None, ..FileDocument::of(doc, &view) });
        }
    }
    partial.found.sort_by(|a, b| (&a.path, &a.doc).cmp(&(&b.path, &b.doc)));
    Ok(partial)
}

/// Returns the file with this path, id, unique id prefix, or full document id, with its content.
///
/// # Errors
/// `NotFound`, `Ambiguous`; those of the store.
pub fn file_document(reader: &Reader, entity: &EntityId, named: &str) -> Result<FileDocument> {
    let all = file_documents(reader, entity)?.found;
    let by_name = all.iter().find(|file| file.path == named || file.doc.as_str() == named);
    let found = match by_name {
        Some(found) => Some(found),
        None if named.starts_with('/') => None,
        None => {
            let id = id::resolve(named, all.iter().map(|file| file.id.as_str()), "file")?;
            all.iter().find(|file| file.id == id)
        }
    };
    let doc = found.map(|found| found.doc.clone()).ok_or_else(|| no_file(named))?;
    let view = reader.any_view(&doc)?.ok_or_else(|| no_file(named))?;
    Ok(FileDocument::of(doc, &view))
}

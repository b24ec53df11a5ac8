//! The documents of a store as files: path, size, and number of writers.

use crate::concern;
use crate::error::{Error, Result};
use crate::id::DocId;
use crate::store::{Document, Reader, Store};
use crate::wire::Update;
use serde::Serialize;

/// What is known of a document without reading its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentFile {
    /// The document, of a known concern or not.
    pub doc_id: DocId,
    /// The first part of its id.
    pub entity_type: String,
    /// The second part of its id.
    pub entity_id: String,
    /// The concern; `None` for an opaque document.
    pub concern: Option<&'static str>,
    /// Its file, relative to the store's directory as it was given.
    pub path: String,
    /// The size of its file; 0 while the document is only in the log.
    pub bytes: u64,
    /// The limit of its concern; `None` if no concern knows it.
    pub limit_bytes: Option<u64>,
    /// How often it was saved; `None` if unknown.
    pub version: Option<u64>,
    /// How many replicas ever wrote in it; `None` if that was not requested or cannot be determined.
    pub client_ids: Option<usize>,
    /// When it was last saved, in Unix seconds; `None` if unknown.
    pub updated_at: Option<i64>,
}

impl DocumentFile {
    /// Returns the entry of a store's document.
    pub fn of(store: &Store, document: &Document, client_ids: Option<usize>) -> DocumentFile {
        let (id, meta) = (&document.id, document.meta.as_ref());
        let spec = concern::of(id);
        DocumentFile {
            doc_id: id.clone(),
            entity_type: id.entity_type().to_owned(),
            entity_id: id.entity_id().to_owned(),
            concern: spec.map(|spec| spec.name),
            path: store.named_path(&document.path).to_string_lossy().into_owned(),
            bytes: document.bytes,
            limit_bytes: spec.map(|spec| spec.limit_bytes),
            version: meta.map(|meta| meta.version),
            client_ids,
            updated_at: meta.map(|meta| meta.updated_at),
        }
    }
}

/// Returns how many replicas wrote into a document: the number of clients in its state vector. Walks the
/// bytes without loading them.
///
/// # Errors
/// `Corrupt` if it does not decode.
pub fn client_ids(reader: &Reader, doc: &DocId) -> Result<usize> {
    if let Some(count) = reader.clients_without_reading(doc)? {
        return Ok(count);
    }
    let Some(bytes) = reader.bytes(doc)? else { return Ok(0) };
    let update = Update::walk(&bytes)
        .map_err(|fault| Error::corrupt("the document does not decode").because(fault))?;
    Ok(update.version().clocks.len())
}

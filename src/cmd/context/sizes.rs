//! How large documents are after a write.

use super::Context;
use crate::concern;
use crate::id::DocId;
use crate::store::{ChangedDocument, Reader};

impl Context {
    /// The size of a document that a write has left as it was; 0 if there is none.
    pub fn standing_bytes(&self, doc: &DocId) -> u64 {
        let size = |reader: Reader| match reader.length_without_reading(doc)? {
            Some((bytes, _)) => Ok(bytes),
            None => Ok(reader.bytes(doc)?.map_or(0, |bytes| bytes.len() as u64)),
        };
        self.reader().and_then(size).unwrap_or(0)
    }

    /// The bytes of a document that count towards its limit: all of them if it cannot be read.
    pub(super) fn counted_bytes(&self, change: &ChangedDocument) -> u64 {
        let bytes = change.bytes_after;
        if let Some(residue) = change.residue {
            return bytes.saturating_sub(residue);
        }
        let reader = self.reader().ok();
        reader.and_then(|reader| concern::counted_bytes_of(&reader, &change.doc)).unwrap_or(bytes)
    }
}

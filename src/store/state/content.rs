//! What is known of the content of documents without reading them.

use super::{KnownContent, State};
use crate::crdt::view::ContentSum;
use crate::error::Result;
use crate::id::DocId;
use rusqlite::params;

impl State {
    /// Returns what is known of a document whose file has this hash; `None` if nothing is.
    pub(in crate::store) fn content_of(
        &self,
        doc: &DocId,
        blake3: &[u8; 32],
    ) -> Result<Option<KnownContent>> {
        let sql = "SELECT swept, sum, normal FROM content WHERE doc_id = ?1 AND blake3 = ?2";
        self.one(sql, params![doc.as_str(), blake3], |row| {
            let sum = row.get::<_, Option<Vec<u8>>>(1)?;
            let sum = sum.and_then(|sum| ContentSum::from_bytes(&sum));
            Ok(KnownContent { swept: row.get(0)?, sum, normal: row.get(2)? })
        })
    }

    /// Records what is known of a document whose file has this hash.
    pub(in crate::store) fn put_content(
        &self,
        doc: &DocId,
        blake3: &[u8; 32],
        content: &KnownContent,
    ) -> Result<()> {
        let sum = content.sum.map(ContentSum::to_bytes);
        self.run(
            "INSERT INTO content (doc_id, blake3, swept, sum, normal) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET blake3 = ?2, swept = ?3, sum = ?4, normal = ?5",
            params![doc.as_str(), blake3, content.swept, sum, content.normal],
        )
    }

    /// Records that every page of a document was swept.
    pub(in crate::store) fn put_swept(&self, doc: &DocId) -> Result<()> {
        self.run(
            "UPDATE page SET unswept = 0
             WHERE doc = (SELECT doc FROM indexed WHERE doc_id = ?1) AND unswept",
            params![doc.as_str()],
        )
    }
}

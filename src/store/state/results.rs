//! What commands worked out from whole documents.

use super::State;
use crate::error::Result;
use crate::id::DocId;
use rusqlite::params;

/// A result, and what of a document it was worked out from.
pub(in crate::store) struct StoredResult {
    /// The hash of the file.
    pub blake3: [u8; 32],
    /// How far the log went for the document.
    pub seq: i64,
    pub result: Vec<u8>,
}

impl State {
    /// Returns the result of a kind that was recorded last; `None` if there is none.
    pub(in crate::store) fn result(&self, doc: &DocId, kind: &str) -> Result<Option<StoredResult>> {
        let sql = "SELECT blake3, seq, result FROM result WHERE doc_id = ?1 AND kind = ?2";
        self.one(sql, params![doc.as_str(), kind], |row| {
            Ok(StoredResult { blake3: row.get(0)?, seq: row.get(1)?, result: row.get(2)? })
        })
    }

    /// Records a result in place of an earlier one of its kind.
    pub(in crate::store) fn put_result(
        &self,
        doc: &DocId,
        kind: &str,
        stored: &StoredResult,
    ) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO result (doc_id, kind, blake3, seq, result)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![doc.as_str(), kind, stored.blake3, stored.seq, stored.result],
        )
    }
}

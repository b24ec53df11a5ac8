//! Records that left their document for good: kept here for a while, in case that was a mistake.

use super::State;
use crate::error::Result;
use crate::id::DocId;
use crate::limits;
use crate::path::DocPath;
use crate::wire::Value;
use rusqlite::{Row, params};

const COLUMNS: &str = "id, at, doc_id, noun, path, record, why, member, restored, ";
/// The id that a record had, in the form that the index has.
const ID: &str = "CASE WHEN json_valid(path) THEN json_extract(path, '$[#-1]') END";

/// A record that is no longer in any document.
#[derive(Debug, Clone, PartialEq)]
pub struct Trashed {
    /// Given by [`State::put_trash`]; ignored there.
    pub number: i64,
    /// When it left, in Unix seconds.
    pub at: i64,
    /// The document that it was in.
    pub doc: DocId,
    /// The noun for such a record.
    pub noun: String,
    /// The path to it from its root.
    pub path: DocPath,
    /// The record as it was just before.
    pub record: serde_json::Value,
    /// The same in the format of documents, if JSON does not represent it exactly.
    pub typed: Option<Vec<u8>>,
    /// Why it left: `pruned`, `peer`, `removed` or `replaced`.
    pub why: String,
    /// Who acted here, or sent the bundle.
    pub member: Option<String>,
    /// The id of the new record made from it.
    pub restored: Option<String>,
}

impl Trashed {
    /// Returns the record as it was, with plain values instead of shared types.
    pub fn plain(&self) -> Option<Value> {
        let typed = self.typed.as_deref().and_then(Value::from_bytes);
        typed.or_else(|| Value::from_json(&self.record))
    }

    /// Returns the id that it had.
    pub fn id(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }
}

impl State {
    /// Keeps a record.
    pub fn put_trash(&self, trashed: &Trashed) -> Result<()> {
        let record = trashed.record.to_string();
        let typed = trashed.typed.as_ref().map_or(0, Vec::len);
        let bytes = i64::try_from(record.len().saturating_add(typed)).unwrap_or(i64::MAX);
        self.trash_grew.set(true);
        self.run(
            "INSERT INTO trash (at, doc_id, noun, path, record, bytes, why, member, record_typed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                trashed.at,
                trashed.doc.as_str(),
                trashed.noun,
                serde_json::json!(trashed.path).to_string(),
                record,
                bytes,
                trashed.why,
                trashed.member,
                trashed.typed
            ],
        )
    }

    /// Returns everything that is kept, latest first.
    pub fn trash(&self) -> Result<Vec<Trashed>> {
        self.trashed("", params![])
    }

    /// Returns the records whose ids begin with `prefix`, latest first; fast enough for a session that
    /// restores thousands.
    pub fn trash_named(&self, prefix: &str) -> Result<Vec<Trashed>> {
        let begin = format!("WHERE {ID} >= ?1 AND {ID} <= ?2");
        self.trashed(&begin, params![prefix, format!("{prefix}{}", char::MAX)])
    }

    /// Returns the paths of the records of a document that left it for one of these reasons after a row of the
    /// log, or as far back as anything is kept if the log does not go as far.
    pub fn trashed_since(
        &self,
        doc: &DocId,
        [why, or]: [&str; 2],
        after: i64,
    ) -> Result<Vec<DocPath>> {
        if !self.has_column("trash", "why")? {
            return Ok(Vec::new());
        }
        let sql = "SELECT DISTINCT path FROM trash WHERE doc_id = ?1 AND why IN (?2, ?3)
                   AND at >= coalesce((SELECT at FROM log WHERE seq <= ?4 ORDER BY seq DESC LIMIT 1), at)
                   ORDER BY path";
        let paths = self.all(sql, params![doc.as_str(), why, or, after], |row| {
            Ok(serde_json::from_str(&row.get::<_, String>(0)?).ok())
        })?;
        Ok(paths.into_iter().flatten().collect())
    }

    fn trashed(&self, which: &str, params: impl rusqlite::Params) -> Result<Vec<Trashed>> {
        // A reader finds the tables as an older crdtctl left them.
        if !self.has_column("trash", "id")? {
            return Ok(Vec::new());
        }
        let typed = match self.has_column("trash", "record_typed")? {
            true => "record_typed",
            false => "NULL",
        };
        let sql = format!("SELECT {COLUMNS} {typed} FROM trash {which} ORDER BY id DESC");
        Ok(self.all(&sql, params, trashed)?.into_iter().flatten().collect())
    }

    /// Records what was made from a record.
    pub fn mark_untrashed(&self, number: i64, id: &str) -> Result<()> {
        self.run("UPDATE trash SET restored = ?2 WHERE id = ?1", params![number, id])
    }

    /// Deletes what left more than 30 days ago and, if anything was put there since, the oldest beyond
    /// [`limits::TRASH_BYTES`]: to measure the trash takes a look at all of it.
    pub(in crate::store) fn trim_trash(&self, now: i64) -> Result<()> {
        let limit = now.saturating_sub(limits::TRASH_AGE_SECONDS);
        self.run("DELETE FROM trash WHERE at < ?1", params![limit])?;
        if !self.trash_grew.take() {
            return Ok(());
        }
        let total = self.one("SELECT coalesce(sum(bytes), 0) FROM trash", params![], |row| {
            row.get::<_, i64>(0)
        })?;
        if total.unwrap_or(0) <= limits::TRASH_BYTES {
            return Ok(());
        }
        self.run(
            "DELETE FROM trash WHERE id <= (
                 SELECT max(id) FROM (
                     SELECT id, sum(bytes) OVER (ORDER BY id DESC) AS kept FROM trash
                 ) WHERE kept > ?1)",
            params![limits::TRASH_BYTES],
        )
    }
}

/// Reads a row of `trash`; `None` if it is not valid.
fn trashed(row: &Row<'_>) -> rusqlite::Result<Option<Trashed>> {
    let (doc, path, record): (String, String, String) = (row.get(2)?, row.get(4)?, row.get(5)?);
    let (Ok(doc), Ok(path), Ok(record)) =
        (DocId::parse(&doc), serde_json::from_str(&path), serde_json::from_str(&record))
    else {
        return Ok(None);
    };
    Ok(Some(Trashed {
        number: row.get(0)?,
        at: row.get(1)?,
        doc,
        noun: row.get(3)?,
        path,
        record,
        why: row.get(6)?,
        member: row.get(7)?,
        restored: row.get(8)?,
        typed: row.get(9)?,
    }))
}

//! What merges decided: the values that lost, and what roles would not have allowed.

use super::{State, doc_in};
use crate::error::Result;
use crate::id::DocId;
use crate::limits;
use crate::path::DocPath;
use crate::wire::Value;
use rusqlite::{Row, params};

const COLUMNS: &str = "id, at, doc_id, noun, path, rule, winner, winner_at, winner_by, loser, \
                       loser_at, loser_by, client, clock, restored, ";

/// A value that lost a merge, and what it lost to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Given by [`State::put_conflict`]; ignored there.
    pub id: i64,
    /// When it was decided, in Unix seconds.
    pub at: i64,
    /// The document that was merged.
    pub doc: DocId,
    /// The noun for the record; `None` if nothing tells any more.
    pub noun: Option<String>,
    /// The path to the field from its root; empty if nothing tells any more.
    pub path: DocPath,
    /// The rule that decided it: `later`, `greater`, `unclocked`, `deleted`, `pruned`, `replaced` or
    /// `orphaned`.
    pub rule: String,
    /// The value after the merge.
    pub winner: ConflictClaim,
    /// The value that lost: it is kept here and nowhere else.
    pub loser: ConflictClaim,
    /// The item that had the losing value: client id and clock. Each is kept once.
    pub item: (u64, u32),
    /// When the value was restored, in Unix seconds.
    pub restored: Option<i64>,
}

/// One side of a conflict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConflictClaim {
    /// The value as JSON, for people; `None` if there is none.
    pub value: Option<serde_json::Value>,
    /// The value in the format of documents, if JSON does not represent it exactly.
    pub typed: Option<Vec<u8>>,
    /// The time of the write, by its field's clock.
    pub at: Option<i64>,
    /// The sender of the bundle it came in; `None` for a value that was here.
    pub by: Option<String>,
}

impl ConflictClaim {
    /// Returns the claim of a value that was written at `at`, and came in a bundle of `by`.
    pub fn of(value: &Value, at: Option<i64>, by: Option<String>) -> ConflictClaim {
        ConflictClaim { value: Some(value.to_json()), typed: value.beyond_json(), at, by }
    }

    /// Returns the value as it was written.
    pub fn plain(&self) -> Option<Value> {
        let typed = self.typed.as_deref().and_then(Value::from_bytes);
        typed.or_else(|| self.value.as_ref().and_then(Value::from_json))
    }
}

/// Something that the sender of a bundle would not have been allowed to do here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// When it was received, in Unix seconds.
    pub at: i64,
    /// The document that it changed.
    pub doc: DocId,
    /// The action in a word: `role`, `add`, `remove` and so on.
    pub kind: String,
    /// What it is about: document, kind and this identify the audit.
    pub detail: String,
    /// A sentence for people.
    pub message: String,
}

impl State {
    /// Returns every value that lost, latest first.
    pub fn conflicts(&self) -> Result<Vec<Conflict>> {
        if !self.has_table("conflict")? {
            return Ok(Vec::new());
        }
        let typed = match self.has_column("conflict", "loser_typed")? {
            true => "loser_typed",
            false => "NULL",
        };
        let sql = format!("SELECT {COLUMNS} {typed} FROM conflict ORDER BY id DESC");
        Ok(self.all(&sql, params![], conflict)?.into_iter().flatten().collect())
    }

    /// Returns the losing value with this number.
    pub fn conflict(&self, id: i64) -> Result<Option<Conflict>> {
        let sql = format!("SELECT {COLUMNS} loser_typed FROM conflict WHERE id = ?1");
        Ok(self.one(&sql, params![id], conflict)?.flatten())
    }

    /// Stores a value that lost, unless it is already stored.
    pub fn put_conflict(&self, conflict: &Conflict) -> Result<()> {
        let json = |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string);
        let path =
            (!conflict.path.is_empty()).then(|| serde_json::json!(conflict.path).to_string());
        self.run(
            "INSERT OR IGNORE INTO conflict (at, doc_id, noun, path, rule, winner, winner_at,
                 winner_by, loser, loser_at, loser_by, client, clock, loser_typed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            params![
                conflict.at,
                conflict.doc.as_str(),
                conflict.noun,
                path,
                conflict.rule,
                json(&conflict.winner.value),
                conflict.winner.at,
                conflict.winner.by,
                json(&conflict.loser.value).unwrap_or_else(|| "null".to_owned()),
                conflict.loser.at,
                conflict.loser.by,
                conflict.item.0.cast_signed(),
                conflict.item.1,
                conflict.loser.typed
            ],
        )
    }

    /// Records that a losing value was restored.
    pub fn mark_restored(&self, id: i64, at: i64) -> Result<()> {
        self.run("UPDATE conflict SET restored = ?2 WHERE id = ?1", params![id, at])
    }

    /// Deletes what was decided more than 30 days ago.
    pub fn trim_conflicts(&self, now: i64) -> Result<()> {
        let limit = now.saturating_sub(limits::CONFLICT_AGE_SECONDS);
        self.run("DELETE FROM conflict WHERE at < ?1", params![limit])?;
        self.run("DELETE FROM audit WHERE at < ?1", params![limit])
    }

    /// Returns everything that senders would not have been allowed to do here, in the order received.
    pub fn audits(&self) -> Result<Vec<Audit>> {
        if !self.has_table("conflict")? {
            return Ok(Vec::new());
        }
        let sql = "SELECT at, doc_id, kind, detail, message FROM audit ORDER BY id";
        let rows = self.all(sql, params![], |row| {
            let Some(doc) = doc_in(row, 1)? else { return Ok(None) };
            Ok(Some(Audit {
                at: row.get(0)?,
                doc,
                kind: row.get(2)?,
                detail: row.get(3)?,
                message: row.get(4)?,
            }))
        })?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// Stores an audit, unless it is already stored.
    pub fn put_audit(&self, audit: &Audit) -> Result<()> {
        self.run(
            "INSERT OR IGNORE INTO audit (at, doc_id, kind, detail, message)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![audit.at, audit.doc.as_str(), audit.kind, audit.detail, audit.message],
        )
    }
}

/// Reads a row of `conflict`; `None` if it is not valid.
fn conflict(row: &Row<'_>) -> rusqlite::Result<Option<Conflict>> {
    let Some(doc) = doc_in(row, 2)? else { return Ok(None) };
    let json = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
    let path: Option<String> = row.get(4)?;
    Ok(Some(Conflict {
        id: row.get(0)?,
        at: row.get(1)?,
        doc,
        noun: row.get(3)?,
        path: path.and_then(|path| serde_json::from_str(&path).ok()).unwrap_or_default(),
        rule: row.get(5)?,
        winner: ConflictClaim {
            value: json(row.get(6)?),
            typed: None,
            at: row.get(7)?,
            by: row.get(8)?,
        },
        loser: ConflictClaim {
            value: json(row.get(9)?),
            typed: row.get(15)?,
            at: row.get(10)?,
            by: row.get(11)?,
        },
        item: (row.get::<_, i64>(12)?.cast_unsigned(), row.get(13)?),
        restored: row.get(14)?,
    }))
}

//! What happened here: the log by command and by time.

use super::log::{COLUMNS, log_row};
use super::{LogRow, State, doc_in};
use crate::error::Result;
use crate::id::DocId;
use rusqlite::{Row, params};
use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};

/// One row of the log without its update.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// The number of the command, shared by all documents that it changed.
    pub seq: i64,
    /// The document that was changed.
    pub doc: DocId,
    /// Unix seconds.
    pub at: i64,
    /// The member who ran the command; `None` if nobody was named.
    pub member: Option<String>,
    /// The command's name: `chat send`.
    pub command: String,
    /// The length of the update.
    pub bytes: u64,
    /// The replica it came from and that replica's log seq, if it was imported.
    pub origin: Option<(String, i64)>,
}

impl State {
    /// Returns the rows of the log from a span of time and about certain documents, in order: those of the
    /// last `limit` commands. Reads no more of the log than that.
    pub fn history(
        &self,
        times: Range<i64>,
        is_meant: impl Fn(&DocId) -> bool,
        limit: Option<usize>,
    ) -> Result<Vec<LogEntry>> {
        let sql =
            "SELECT seq, doc_id, at, member, command, length(update_v1), origin_replica, origin_seq
             FROM log WHERE at >= ?1 AND at < ?2 ORDER BY seq DESC, doc_id DESC, part DESC";
        let mut found: Vec<LogEntry> = Vec::new();
        let mut commands = 0;
        self.each(sql, params![times.start, times.end], |row| {
            let Some(entry) = log_entry(row)?.filter(|entry| is_meant(&entry.doc)) else {
                return Ok(ControlFlow::Continue(()));
            };
            if found.last().is_none_or(|last| last.seq != entry.seq) {
                if limit.is_some_and(|limit| commands >= limit) {
                    return Ok(ControlFlow::Break(()));
                }
                commands = commands.saturating_add(1);
            }
            found.push(entry);
            Ok(ControlFlow::Continue(()))
        })?;
        found.reverse();
        Ok(found)
    }

    /// Returns the rows of one command; none if the log no longer has it.
    pub fn command(&self, seq: i64) -> Result<Vec<LogRow>> {
        let sql = format!("SELECT {COLUMNS} FROM log WHERE seq = ?1 ORDER BY doc_id, part");
        Ok(self.all(&sql, params![seq], log_row)?.into_iter().flatten().collect())
    }

    /// Returns the number of operations of each command, from a seq on.
    pub fn operation_counts(&self, from: i64) -> Result<BTreeMap<i64, u64>> {
        if !self.has_table("operations")? {
            return Ok(BTreeMap::new());
        }
        let sql = "SELECT seq, operations FROM operations WHERE seq >= ?1";
        // Counted in place: those of one command may be megabytes.
        let counted = self.all(sql, params![from], |row| {
            let lines = row.get_ref(1)?.as_bytes()?.iter().filter(|byte| **byte == b'\n').count();
            Ok((row.get(0)?, lines as u64))
        })?;
        Ok(counted.into_iter().collect())
    }

    /// Returns what a command did, one JSON object a line; empty if it has no operations (an import), or an
    /// older crdtctl wrote it.
    pub fn operations(&self, seq: i64) -> Result<String> {
        if !self.has_table("operations")? {
            return Ok(String::new());
        }
        let sql = "SELECT operations FROM operations WHERE seq = ?1";
        Ok(self.one(sql, params![seq], |row| row.get(0))?.unwrap_or_default())
    }

    /// Records what a command did.
    pub(in crate::store) fn put_operations(&self, seq: i64, operations: &str) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO operations (seq, operations) VALUES (?1, ?2)",
            params![seq, operations],
        )
    }

    /// Deletes the operations that are no longer in the log.
    pub(super) fn trim_operations(&self, upto: i64) -> Result<()> {
        self.run(
            "DELETE FROM operations WHERE seq <= ?1 AND seq NOT IN (SELECT seq FROM log)",
            params![upto],
        )
    }
}

/// Reads a row of `log` without its update; `None` if the document id is not valid.
fn log_entry(row: &Row<'_>) -> rusqlite::Result<Option<LogEntry>> {
    let Some(doc) = doc_in(row, 1)? else { return Ok(None) };
    let replica: Option<String> = row.get(6)?;
    Ok(Some(LogEntry {
        seq: row.get(0)?,
        doc,
        at: row.get(2)?,
        member: row.get(3)?,
        command: row.get(4)?,
        bytes: row.get::<_, i64>(5)?.cast_unsigned(),
        origin: replica.zip(row.get(7)?),
    }))
}

//! The log and the checkpoints: what has happened, and how much of it the `.yrs` files contain.
//!
//! Few rows are unfolded, and many are in the log: what asks for the former keeps SQLite from looking for them
//! by their number among the latter (`+seq`), so that a command does not cost more as the log grows.

use super::{LogHead, LogRow, State, doc_in, fault};
use crate::error::{Error, Result};
use crate::id::{DocId, MemberId};
use crate::limits;
use rusqlite::types::ValueRef;
use rusqlite::{Row, params};
use std::ops::ControlFlow;

/// The setting for how many bytes the rows of the log had up to a number, when they were last counted.
const MEASURED: &str = "log.measured";

pub(super) const COLUMNS: &str =
    "seq, doc_id, at, member, command, update_v1, origin_replica, origin_seq";

/// What is recorded of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct KnownClocks {
    /// The hash of the `.yrs` as we last wrote it; `None` before the first time.
    pub blake3: Option<[u8; 32]>,
    /// How often it was saved, as far as we know.
    pub version: u64,
    /// The client id of our last own write, and the clock after it.
    pub own_client: u64,
    pub own_clock: u32,
    /// The log can be followed from here on, but not from before.
    pub log_from: i64,
}

/// A row to be logged.
pub(in crate::store) struct NewRow<'a> {
    pub seq: i64,
    pub part: i64,
    pub doc: &'a DocId,
    pub at: i64,
    pub member: Option<&'a str>,
    pub command: &'a str,
    pub update: &'a [u8],
    pub origin: Option<&'a (String, i64)>,
}

impl State {
    /// Returns whether anything was changed here in a member's name.
    pub fn has_written_as(&self, member: &MemberId) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM log WHERE origin_replica IS NULL AND member = ?1)";
        Ok(self.one(sql, params![member.as_str()], |row| row.get(0))?.unwrap_or(false))
    }

    /// Returns the log rows of a document with seq > after, in order. `None` if the log no longer reaches
    /// back that far, or never did: its rows do not contain what another program wrote.
    ///
    /// Not promised: that the file contains nothing else by now. `Reader::log_after` checks that.
    pub fn log_after(&self, doc: &DocId, after: i64) -> Result<Option<Vec<LogRow>>> {
        match self.known(doc)? {
            Some(known) if after >= known.log_from => {}
            _ => return Ok(None),
        }
        let rows = self.all(
            &format!("SELECT {COLUMNS} FROM log WHERE doc_id = ?1 AND seq > ?2 ORDER BY seq, part"),
            params![doc.as_str(), after],
            log_row,
        )?;
        Ok(Some(rows.into_iter().flatten().collect()))
    }

    /// Returns the highest seq in the log so far (0 if empty).
    pub fn log_end(&self) -> Result<i64> {
        let end = self.one("SELECT max(seq) FROM log", params![], |row| row.get(0))?;
        Ok(end.flatten().unwrap_or(0))
    }

    /// Returns how far the log goes for each document and each replica that its rows came from.
    pub fn log_heads(&self) -> Result<Vec<LogHead>> {
        // From each document and origin to the next one: the rows between are not read.
        let sql = "WITH RECURSIVE head (doc, origin) AS (
                       SELECT * FROM (SELECT doc_id, origin_replica FROM log
                                      ORDER BY doc_id, origin_replica LIMIT 1)
                       UNION ALL
                       SELECT next.doc_id, next.origin_replica FROM head JOIN log AS next
                       ON next.rowid = coalesce(
                           (SELECT rowid FROM log WHERE doc_id = doc
                            AND origin_replica > coalesce(origin, '')
                            ORDER BY origin_replica LIMIT 1),
                           (SELECT rowid FROM log WHERE doc_id > doc
                            ORDER BY doc_id, origin_replica LIMIT 1))
                   )
                   SELECT doc,
                       (SELECT max(seq) FROM log WHERE doc_id = doc AND origin_replica IS origin),
                       origin,
                       (SELECT max(origin_seq) FROM log WHERE doc_id = doc AND origin_replica = origin)
                   FROM head";
        let heads = self.all(sql, params![], |row| {
            let name: String = row.get(0)?;
            let from: Option<String> = row.get(2)?;
            let upto: Option<i64> = row.get(3)?;
            let seq = row.get(1)?;
            Ok(DocId::parse(&name).ok().map(|doc| LogHead { doc, seq, origin: from.zip(upto) }))
        })?;
        Ok(heads.into_iter().flatten().collect())
    }

    /// Returns all rows of a document that are still in the log, in order.
    pub fn log_of(&self, doc: &DocId) -> Result<Vec<LogRow>> {
        let rows = self.all(
            &format!("SELECT {COLUMNS} FROM log WHERE doc_id = ?1 ORDER BY seq, part"),
            params![doc.as_str()],
            log_row,
        )?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// Calls `see` with the number and the change of every row of a document that is still in the log, in order,
    /// one after the other: together they can be long.
    pub(in crate::store) fn each_change(
        &self,
        doc: &DocId,
        mut see: impl FnMut(i64, &[u8]),
    ) -> Result<()> {
        let sql = "SELECT seq, update_v1 FROM log WHERE doc_id = ?1 ORDER BY seq, part";
        self.each(sql, params![doc.as_str()], |row| {
            let change = match row.get_ref(1)? {
                ValueRef::Blob(bytes) | ValueRef::Text(bytes) => bytes,
                // It is no change either.
                _ => &[],
            };
            see(row.get(0)?, change);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Returns the rows of a document that its file may not have yet, in order.
    pub(in crate::store) fn unfolded(&self, doc: &DocId) -> Result<Vec<LogRow>> {
        let rows = self.all(
            &format!(
                "SELECT {COLUMNS} FROM log WHERE doc_id = ?1 AND folded = 0 ORDER BY +seq, part"
            ),
            params![doc.as_str()],
            log_row,
        )?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// Returns the seq of the last of those; `None` if the file has all.
    pub(in crate::store) fn last_unfolded(&self, doc: &DocId) -> Result<Option<i64>> {
        let sql = "SELECT max(+seq) FROM log WHERE doc_id = ?1 AND folded = 0";
        Ok(self.one(sql, params![doc.as_str()], |row| row.get(0))?.flatten())
    }

    /// Returns the seq of the last row of a document; 0 if there is none.
    pub(in crate::store) fn last_logged(&self, doc: &DocId) -> Result<i64> {
        let sql = "SELECT max(seq) FROM log WHERE doc_id = ?1";
        Ok(self.one(sql, params![doc.as_str()], |row| row.get(0))?.flatten().unwrap_or(0))
    }

    /// Returns the documents that have rows which their files may not have yet, sorted.
    pub(in crate::store) fn unfolded_documents(&self) -> Result<Vec<DocId>> {
        self.documents("SELECT DISTINCT doc_id FROM log WHERE folded = 0 ORDER BY doc_id")
    }

    /// Returns those of them that have a row which was not deferred.
    pub(in crate::store) fn interrupted_documents(&self) -> Result<Vec<DocId>> {
        self.documents(
            "SELECT DISTINCT log.doc_id FROM log JOIN document ON document.doc_id = log.doc_id
             WHERE folded = 0 AND +log.seq > document.deferred_seq ORDER BY log.doc_id",
        )
    }

    /// Returns whether a document is one of those.
    pub(in crate::store) fn is_interrupted(&self, doc: &DocId) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM log JOIN document ON document.doc_id = log.doc_id
                   WHERE log.doc_id = ?1 AND folded = 0 AND +log.seq > document.deferred_seq)";
        Ok(self.one(sql, params![doc.as_str()], |row| row.get(0))?.unwrap_or(false))
    }

    /// Returns the documents that have a file, or content that one is to get, as far as is known here; sorted.
    pub(in crate::store) fn written_documents(&self) -> Result<Vec<DocId>> {
        self.documents(
            "SELECT doc_id FROM document WHERE blake3 IS NOT NULL
             UNION SELECT doc_id FROM log WHERE folded = 0 ORDER BY doc_id",
        )
    }

    /// Returns the documents that we ever wrote, sorted.
    pub(in crate::store) fn known_documents(&self) -> Result<Vec<DocId>> {
        self.documents("SELECT doc_id FROM document ORDER BY doc_id")
    }

    fn documents(&self, sql: &str) -> Result<Vec<DocId>> {
        let names: Vec<String> = self.all(sql, params![], |row| row.get(0))?;
        Ok(names.iter().filter_map(|name| DocId::parse(name).ok()).collect())
    }

    /// Returns what is recorded of a document; `None` if we never wrote it.
    pub(in crate::store) fn known(&self, doc: &DocId) -> Result<Option<KnownClocks>> {
        self.one(
            "SELECT blake3, version, own_client, own_clock, log_from FROM document
             WHERE doc_id = ?1",
            params![doc.as_str()],
            |row| {
                Ok(KnownClocks {
                    blake3: row.get(0)?,
                    version: row.get::<_, i64>(1)?.cast_unsigned(),
                    own_client: row.get::<_, i64>(2)?.cast_unsigned(),
                    own_clock: row.get(3)?,
                    log_from: row.get(4)?,
                })
            },
        )
    }

    /// Returns our clocks in all documents last written under `client`, without those at 0.
    pub(in crate::store) fn own_clocks(&self, client: u64) -> Result<Vec<(String, u32)>> {
        self.all(
            "SELECT doc_id, own_clock FROM document WHERE own_client = ?1 AND own_clock > 0",
            params![client.cast_signed()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Returns the clock after our last write to a document under `client`; 0 if there was none.
    pub(in crate::store) fn own_clock(&self, doc: &DocId, client: u64) -> Result<u32> {
        let known = self.known(doc)?.filter(|known| known.own_client == client);
        Ok(known.map_or(0, |known| known.own_clock))
    }

    /// Records that a command changes a document: our clock afterwards, and from where the log can be
    /// followed, if that moved.
    pub(in crate::store) fn put_own_clock(
        &self,
        doc: &DocId,
        client: u64,
        clock: u32,
        log_from: Option<i64>,
    ) -> Result<()> {
        self.run(
            "INSERT INTO document (doc_id, own_client, own_clock, log_from)
             VALUES (?1, ?2, ?3, coalesce(?4, 0))
             ON CONFLICT (doc_id) DO UPDATE SET own_client = ?2, own_clock = ?3,
                 log_from = max(log_from, coalesce(?4, 0))",
            params![doc.as_str(), client.cast_signed(), clock, log_from],
        )
    }

    /// Adds a row. Its document must already be recorded.
    pub(in crate::store) fn append(&self, row: &NewRow<'_>) -> Result<()> {
        self.run(
            "INSERT INTO log (seq, doc_id, part, at, member, command, update_v1, origin_replica,
                 origin_seq)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                row.seq,
                row.doc.as_str(),
                row.part,
                row.at,
                row.member,
                row.command,
                row.update,
                row.origin.map(|(replica, _)| replica),
                row.origin.map(|(_, seq)| seq)
            ],
        )
    }

    /// Removes the change from a row but keeps its number, which peers have heard of. The log can only be
    /// followed from there on, and how much of the logs of others was applied is forgotten.
    pub(in crate::store) fn empty_row(&self, row: &LogRow) -> Result<()> {
        let doc = row.doc.as_str();
        self.run(
            "UPDATE log SET update_v1 = x'0000', folded = 1
             WHERE doc_id = ?1 AND seq = ?2 AND update_v1 = ?3",
            params![doc, row.seq, &row.update[..]],
        )?;
        self.run(
            "UPDATE document SET log_from = max(log_from, ?2) WHERE doc_id = ?1",
            params![doc, row.seq],
        )?;
        self.run("DELETE FROM applied WHERE doc_id = ?1", params![doc])
    }

    /// Records that the `.yrs` contains all rows up to `seq`.
    pub(in crate::store) fn put_fold(
        &self,
        doc: &DocId,
        blake3: &[u8; 32],
        bytes: u64,
        version: u64,
        seq: i64,
    ) -> Result<()> {
        self.run(
            "UPDATE document SET blake3 = ?2, bytes = ?3, version = ?4, folded_seq = ?5
             WHERE doc_id = ?1",
            params![doc.as_str(), blake3, bytes.cast_signed(), version.cast_signed(), seq],
        )?;
        self.run(
            "UPDATE log SET folded = 1 WHERE doc_id = ?1 AND folded = 0 AND +seq <= ?2",
            params![doc.as_str(), seq],
        )
    }

    /// Records that the `.yrs` will get the rows up to `seq` later.
    pub(in crate::store) fn put_deferred(&self, doc: &DocId, seq: i64) -> Result<()> {
        self.run(
            "UPDATE document SET deferred_seq = ?2 WHERE doc_id = ?1",
            params![doc.as_str(), seq],
        )
    }

    /// Returns how many rows of a document its file may not have yet.
    pub(in crate::store) fn count_unfolded(&self, doc: &DocId) -> Result<u64> {
        let sql = "SELECT count(*) FROM log WHERE doc_id = ?1 AND folded = 0";
        let count = self.one(sql, params![doc.as_str()], |row| row.get::<_, i64>(0))?;
        Ok(count.unwrap_or(0).cast_unsigned())
    }

    /// Deletes rows that are folded and older than 90 days, or beyond 64 MB. The rows of the last command
    /// stay whatever their age: the next number is derived from them.
    pub(in crate::store) fn trim_log(&self, now: i64) -> Result<()> {
        let upto = self.too_old(now)?.max(self.beyond_the_limit()?);
        let Some(upto) = upto else { return Ok(()) };
        let gone = "folded = 1 AND seq <= ?1 AND seq < (SELECT max(seq) FROM log)";
        self.run(
            &format!(
                "UPDATE document SET log_from = max(log_from, trimmed.seq)
                 FROM (SELECT doc_id, max(seq) AS seq FROM log WHERE {gone} GROUP BY doc_id)
                     AS trimmed
                 WHERE document.doc_id = trimmed.doc_id"
            ),
            params![upto],
        )?;
        self.run(&format!("DELETE FROM log WHERE {gone}"), params![upto])?;
        self.trim_operations(upto)
    }

    /// Returns the last seq before the first that is young enough; `None` if that is the first of all.
    fn too_old(&self, now: i64) -> Result<Option<i64>> {
        let limit = now.saturating_sub(limits::LOG_AGE_SECONDS);
        let first = "SELECT at FROM log ORDER BY seq LIMIT 1";
        let first = self.one(first, params![], |row| row.get::<_, i64>(0))?;
        if first.is_none_or(|at| at >= limit) {
            return Ok(None);
        }
        let sql =
            "SELECT coalesce((SELECT min(seq) - 1 FROM log WHERE at >= ?1), max(seq)) FROM log";
        Ok(self.one(sql, params![limit], |row| row.get(0))?.flatten())
    }

    /// Returns the last seq that no longer fits [`limits::LOG_BYTES`]; `None` if all fit.
    fn beyond_the_limit(&self) -> Result<Option<i64>> {
        // The size of the file is cheap to get, the size of the log is not.
        let pages = |name: &str| {
            self.db
                .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
                .map_err(|e| fault::failed(&self.db, "could not measure the local state", e))
        };
        let used = pages("page_count")?.saturating_sub(pages("freelist_count")?);
        let bytes = used.saturating_mul(pages("page_size")?);
        if u64::try_from(bytes).unwrap_or(0) <= limits::LOG_BYTES || self.is_known_to_fit()? {
            return Ok(None);
        }
        let (mut total, mut newest, mut upto) = (0, 0, None);
        let sql = "SELECT seq, sum(length(update_v1)) FROM log GROUP BY seq ORDER BY seq DESC";
        self.each(sql, params![], |row| {
            let (seq, bytes): (i64, u64) = (row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned());
            newest = newest.max(seq);
            if bytes > limits::LOG_BYTES.saturating_sub(total) {
                upto = Some(seq);
                return Ok(ControlFlow::Break(()));
            }
            total = total.saturating_add(bytes);
            Ok(ControlFlow::Continue(()))
        })?;
        self.set_setting(MEASURED, Some(&format!("{newest} {total}")))?;
        Ok(upto)
    }

    /// Returns whether the log fits [`limits::LOG_BYTES`] by what was last measured and the rows since, of
    /// which only a few are looked at. Rows deleted since would only make it smaller.
    fn is_known_to_fit(&self) -> Result<bool> {
        let measured = self.setting(MEASURED)?.unwrap_or_default();
        let Some((upto, bytes)) = measured.split_once(' ') else { return Ok(false) };
        let (Ok(upto), Ok(bytes)) = (upto.parse::<i64>(), bytes.parse::<u64>()) else {
            return Ok(false);
        };
        let sql = "SELECT sum(length(update_v1)), max(seq) FROM
                   (SELECT update_v1, seq FROM log WHERE seq > ?1 ORDER BY seq LIMIT 1000)";
        let since = self.one(sql, params![upto], |row| {
            Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?))
        })?;
        let (since, last) = since.unwrap_or_default();
        let total = bytes.saturating_add(since.unwrap_or(0).cast_unsigned());
        Ok(last.unwrap_or(upto) == self.log_end()? && total <= limits::LOG_BYTES)
    }

    /// Returns the number of the next command.
    pub(in crate::store) fn next_seq(&self) -> Result<i64> {
        self.log_end()?.checked_add(1).ok_or_else(|| Error::corrupt("the log has no numbers left"))
    }
}

/// Reads a row of `log`; `None` if the document id is not valid.
pub(super) fn log_row(row: &Row<'_>) -> rusqlite::Result<Option<LogRow>> {
    let Some(doc) = doc_in(row, 1)? else { return Ok(None) };
    let origin = match (row.get::<_, Option<String>>(6)?, row.get::<_, Option<i64>>(7)?) {
        (Some(replica), Some(seq)) => Some((replica, seq)),
        _ => None,
    };
    Ok(Some(LogRow {
        seq: row.get(0)?,
        doc,
        at: row.get(2)?,
        member: row.get(3)?,
        command: row.get(4)?,
        update: row.get::<_, Vec<u8>>(5)?.into(),
        origin,
    }))
}

//! `archive.db`: opening it, and reading and writing its rows.

use super::fate::RunFate;
use super::row::ArchivedRecord;
use super::search;
use super::staging::{self, StagedRows};
use crate::error::{Error, Kind, Next, Result};
use crate::id::DocId;
use crate::store::{refuse_no_file, unreadable};
use crate::wire::Id;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, params};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

/// The `application_id` of the file: `crdA`.
pub const FILE_ID: i32 = 0x6372_6441;
/// Each brings the tables one version further.
const MIGRATIONS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("travel.sql"),
    include_str!("search.sql"),
    include_str!("order.sql"),
    include_str!("opened.sql"),
];
/// How much of the file is held in memory while it is written, at most.
const CACHE_KIB: i64 = 64 << 10;
/// The first version that has a full-text index.
const SEARCHED: usize = 3;

pub(super) const COLUMNS: &str = "v.n, v.doc_id, v.path, v.created_at, v.changed_at, v.client, v.clock, v.removed, \
     v.record, v.typed, v.archived_at";

/// An open `archive.db`.
pub(super) struct ArchiveFile {
    pub db: Connection,
    staged: RefCell<StagedRows>,
}

/// A row with its number in the file.
pub(super) struct Numbered {
    pub n: i64,
    pub record: ArchivedRecord,
}

impl ArchiveFile {
    /// Opens the file for writing, creating it if needed, and begins a transaction; the tables exist
    /// afterwards.
    ///
    /// # Errors
    /// `Locked`; `Refused` for a file of a newer crdtctl; `Io`, `Corrupt`.
    pub fn begin(path: &Path, wait: Duration) -> Result<ArchiveFile> {
        refuse_no_file(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || -> rusqlite::Result<ArchiveFile> {
            let db = Connection::open_with_flags(path, flags)?;
            db.busy_timeout(wait)?;
            // People copy the file, also to read-only media: no other files are left beside it.
            db.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))?;
            // Written rows must survive a power cut before their records leave the document.
            db.pragma_update(None, "synchronous", "extra")?;
            db.pragma_update(None, "foreign_keys", true)?;
            db.pragma_update(None, "trusted_schema", false)?;
            // Each row has entries in a dozen indexes: with a small cache most pages are read again.
            db.pragma_update(None, "cache_size", -CACHE_KIB)?;
            db.execute_batch(staging::PLACE)?;
            db.execute_batch("BEGIN IMMEDIATE")?;
            Ok(ArchiveFile { db, staged: RefCell::default() })
        };
        let file = open().map_err(|e| unopened(path, e))?;
        file.migrate()?;
        Ok(file)
    }

    /// Opens an existing file for reading; `None` if it holds nothing yet.
    ///
    /// # Errors
    /// As [`ArchiveFile::begin`].
    pub fn read(path: &Path, wait: Duration) -> Result<Option<ArchiveFile>> {
        refuse_no_file(path)?;
        // A transaction that a crash interrupted is rolled back by whoever opens the file first, which may be
        // a reader.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = |flags| -> rusqlite::Result<ArchiveFile> {
            let db = Connection::open_with_flags(path, flags)?;
            db.busy_timeout(wait)?;
            db.pragma_update(None, "query_only", true)?;
            db.pragma_update(None, "temp_store", "memory")?;
            db.pragma_update(None, "trusted_schema", false)?;
            db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
            Ok(ArchiveFile { db, staged: RefCell::default() })
        };
        let file = open(flags).or_else(|_| open(only)).map_err(|e| unopened(path, e))?;
        let version = file.version()?;
        Ok((version > 0).then_some(file))
    }

    fn version(&self) -> Result<usize> {
        let number =
            |name: &str| self.db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let (id, version) = (number("application_id"), number("user_version"));
        let (id, version) = (id.map_err(failed)?, version.map_err(failed)?);
        let version = usize::try_from(version).unwrap_or(usize::MAX);
        let tables = "SELECT count(*) FROM sqlite_schema";
        let tables: i64 = self.db.query_row(tables, [], |row| row.get(0)).map_err(failed)?;
        if (id != i64::from(FILE_ID) || version == 0) && tables > 0 {
            return Err(Error::corrupt("archive.db is not an archive of crdtctl")
                .hint("move it away: nothing in it is used here"));
        }
        if version > MIGRATIONS.len() {
            return Err(Error::refused(format!(
                "archive.db was written by a newer crdtctl: its tables have version {version}, this \
                 one supports {}",
                MIGRATIONS.len()
            ))
            .hint("update crdtctl"));
        }
        Ok(version)
    }

    fn migrate(&self) -> Result<()> {
        let version = self.version()?;
        for sql in MIGRATIONS.iter().skip(version) {
            self.db.execute_batch(sql).map_err(failed)?;
        }
        if version < SEARCHED {
            self.index_all()?;
        }
        if version < MIGRATIONS.len() {
            let known = MIGRATIONS.len() as i64;
            self.db.pragma_update(None, "application_id", FILE_ID).map_err(failed)?;
            self.db.pragma_update(None, "user_version", known).map_err(failed)?;
        }
        Ok(())
    }

    /// Adds a row's text to the search index.
    fn index(&self, n: i64, record: &ArchivedRecord) -> Result<()> {
        match search::indexed(record) {
            Some(text) => self.run(search::INDEX, params![n, text]),
            None => Ok(()),
        }
    }

    /// Does the same for all rows of a file that had no index yet.
    fn index_all(&self) -> Result<()> {
        let sql = format!("SELECT {COLUMNS} FROM versions v ORDER BY v.n");
        self.each(&sql, [], |row| match numbered(row).map_err(failed)? {
            Some(row) => self.index(row.n, &row.record),
            None => Ok(()),
        })
    }

    /// Returns the terms of the text index from `begin` to `end`, at most `most`.
    pub fn parts(&self, begin: &str, end: &str, most: usize) -> Result<Vec<String>> {
        let sql = "SELECT term FROM parts WHERE term >= ?1 AND term <= ?2 LIMIT ?3";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.all(sql, params![begin, end, most], |row| row.get(0))
    }

    /// Returns whether it has the search index: files of an older crdtctl do not.
    pub fn has_search(&self) -> Result<bool> {
        Ok(self.version()? >= SEARCHED)
    }

    /// Returns whether its tables are those of this version.
    pub fn is_current(&self) -> Result<bool> {
        Ok(self.version()? == MIGRATIONS.len())
    }

    /// Fixes the state that all later reads see.
    pub fn hold(&self) -> Result<()> {
        self.db.execute_batch("BEGIN; SELECT count(*) FROM unsettled").map_err(failed)
    }

    /// Begins the next transaction.
    pub fn begin_again(&self) -> Result<()> {
        self.db.execute_batch("BEGIN IMMEDIATE").map_err(failed)
    }

    /// Commits the transaction.
    pub fn commit(&self) -> Result<()> {
        self.put_staged()?;
        self.db.execute_batch("COMMIT").map_err(failed)
    }

    /// Adds a row, unless it is there already; returns its number, and whether it is new.
    pub fn add(&self, record: &ArchivedRecord) -> Result<(i64, bool)> {
        let (version, path) = (record.version(), path_text(record));
        if let Some(n) = self.find(record, &version)? {
            return Ok((n, false));
        }
        let known = self.staged.borrow().next();
        let n = match known {
            Some(next) => next,
            None => self.last()?.saturating_add(1),
        };
        let mut staged = self.staged.borrow_mut();
        staged.add(&self.db, n, record, (&version, path)).map_err(failed)?;
        let is_full = staged.are_full();
        drop(staged);
        if is_full {
            self.put_staged()?;
        }
        Ok((n, true))
    }

    /// Puts the staged rows into the tables.
    ///
    /// # Errors
    /// `Io`.
    pub fn put_staged(&self) -> Result<()> {
        self.staged.take().put(&self.db).map_err(failed)
    }

    /// Does the same if any staged row is of this record.
    fn put_staged_of(&self, doc: &DocId, path: &str) -> Result<()> {
        let waits = self.staged.borrow().hold(doc.as_str(), path);
        if waits { self.put_staged() } else { Ok(()) }
    }

    /// Returns how many rows hide versions of a record.
    pub fn markers(&self, record: &ArchivedRecord) -> Result<i64> {
        let path = path_text(record);
        self.put_staged_of(&record.doc, &path)?;
        let sql = "SELECT count(*) FROM versions WHERE doc_id = ?1 AND path = ?2 AND removed = 1";
        let keys = params![record.doc.as_str(), path];
        Ok(self.one(sql, keys, |row| row.get(0))?.unwrap_or(0))
    }

    /// Returns the time up to which the markers of other items hide a version of its record; `None` if there
    /// are none.
    pub fn hidden_until(&self, record: &ArchivedRecord) -> Result<Option<i64>> {
        let path = path_text(record);
        self.put_staged_of(&record.doc, &path)?;
        let sql = "SELECT max(changed_at) FROM versions
                   WHERE doc_id = ?1 AND path = ?2 AND removed = 1 AND (client <> ?3 OR clock <> ?4)";
        let item = (record.written.client.cast_signed(), record.written.clock);
        let keys = params![record.doc.as_str(), path, item.0, item.1];
        Ok(self.one(sql, keys, |row| row.get(0))?.flatten())
    }

    /// Returns the number of a row, if it exists.
    pub fn find(&self, record: &ArchivedRecord, version: &str) -> Result<Option<i64>> {
        let path = path_text(record);
        self.put_staged_of(&record.doc, &path)?;
        let sql = "SELECT n FROM versions WHERE doc_id = ?1 AND path = ?2 AND version = ?3";
        let keys = params![record.doc.as_str(), path, version];
        self.one(sql, keys, |row| row.get(0))
    }

    /// Returns the version of a record that is shown, markers included.
    pub fn shown(&self, doc: &DocId, path: &[String]) -> Result<Option<Numbered>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM records r JOIN versions v ON v.n = r.n
             WHERE r.doc_id = ?1 AND r.path = ?2"
        );
        let path = serde_json::json!(path).to_string();
        self.put_staged_of(doc, &path)?;
        Ok(self.one(&sql, params![doc.as_str(), path], numbered)?.flatten())
    }

    /// Returns every version of a record, the earliest first, markers and rows that do not count included.
    pub fn numbered_versions(&self, doc: &DocId, path: &[String]) -> Result<Vec<Numbered>> {
        // With the + it is found by its path, not by scanning the document in time order.
        let sql = format!(
            "SELECT {COLUMNS} FROM versions v WHERE v.doc_id = ?1 AND v.path = ?2
             ORDER BY +v.changed_at, v.size, v.version"
        );
        let path = serde_json::json!(path).to_string();
        let found = self.all(&sql, params![doc.as_str(), path], numbered)?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Returns the same without their numbers.
    pub fn versions(&self, doc: &DocId, path: &[String]) -> Result<Vec<ArchivedRecord>> {
        let found = self.numbered_versions(doc, path)?.into_iter();
        Ok(found.map(|numbered| numbered.record).collect())
    }

    /// Returns whether a record is shown, i.e. not hidden.
    pub fn shows(&self, doc: &DocId, path: &[String]) -> Result<bool> {
        let sql = "SELECT 1 FROM records WHERE doc_id = ?1 AND path = ?2 AND removed = 0";
        let path = serde_json::json!(path).to_string();
        Ok(self.one(sql, params![doc.as_str(), path], |_| Ok(()))?.is_some())
    }

    /// Returns a row by its number.
    pub fn row(&self, n: i64) -> Result<Option<ArchivedRecord>> {
        let sql = format!("SELECT {COLUMNS} FROM versions v WHERE v.n = ?1");
        let found = self.one(&sql, params![n], numbered)?.flatten();
        Ok(found.map(|numbered| numbered.record))
    }

    /// Returns the commands that are not settled yet, however many rows they wrote.
    pub fn runs(&self) -> Result<Vec<String>> {
        let mut runs: Vec<String> = Vec::new();
        let next = "SELECT run FROM unsettled WHERE run > ?1 ORDER BY run LIMIT 1";
        let after = |last: Option<&String>| last.cloned().unwrap_or_default();
        while let Some(run) = self.one(next, params![after(runs.last())], |row| row.get(0))? {
            runs.push(run);
        }
        Ok(runs)
    }

    /// Returns the rows that only this command wanted to write.
    pub fn rows_of(&self, run: &str) -> Result<Vec<i64>> {
        let sql = "SELECT n FROM unsettled u WHERE run = ?1 AND NOT EXISTS (
                       SELECT 1 FROM unsettled o WHERE o.n = u.n AND o.run <> ?1)";
        self.all(sql, params![run], |row| row.get(0))
    }

    /// Returns whether a row waits for its command to be settled.
    pub fn is_unsettled(&self, n: i64) -> Result<bool> {
        let sql = "SELECT 1 FROM unsettled WHERE n = ?1";
        Ok(self.one(sql, params![n], |_| Ok(()))?.is_some())
    }

    /// Returns the highest row number.
    pub fn last(&self) -> Result<i64> {
        let last =
            self.one("SELECT max(n) FROM versions", [], |row| row.get::<_, Option<i64>>(0))?;
        Ok(last.flatten().unwrap_or(0))
    }

    /// Returns the number of rows.
    pub fn count(&self) -> Result<u64> {
        let rows: Option<i64> = self.one("SELECT count(*) FROM versions", [], |row| row.get(0))?;
        Ok(rows.unwrap_or(0).unsigned_abs())
    }

    /// Checks that its pages and indexes are consistent.
    pub fn integrity(&self) -> Result<()> {
        let said: Option<String> = self.one("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        match said.as_deref() {
            None | Some("ok") => Ok(()),
            Some(said) => Err(Error::corrupt("archive.db is damaged").because(said.to_owned())),
        }
    }

    /// Records that a row counts only if its command happens.
    pub fn unsettle(&self, run: &str, n: i64) -> Result<()> {
        match self.staged.borrow_mut().unsettle(run, n) {
            true => Ok(()),
            false => self.run(staging::UNSETTLE, params![run, n]),
        }
    }

    /// Records that a command has happened.
    pub fn settle(&self, run: &str) -> Result<()> {
        // The rows count, whatever other commands wanted to write them as well.
        self.run(
            "DELETE FROM unsettled WHERE n IN (SELECT n FROM unsettled WHERE run = ?1)",
            params![run],
        )
    }

    /// Removes a row of a command that did not happen.
    pub fn void(&self, n: i64) -> Result<()> {
        self.put_staged()?;
        self.db.pragma_update(None, "defer_foreign_keys", true).map_err(failed)?;
        if let Some(text) = self.row(n)?.as_ref().and_then(search::indexed) {
            let sql = "INSERT INTO parts_fts (parts_fts, rowid, text) VALUES ('delete', ?1, ?2)";
            self.run(sql, params![n, text])?;
        }
        self.run("DELETE FROM versions WHERE n = ?1", params![n])?;
        self.run("DELETE FROM unsettled WHERE n = ?1", params![n])
    }

    pub fn run(&self, sql: &str, params: impl rusqlite::Params) -> Result<()> {
        let done = self.db.prepare_cached(sql).and_then(|mut run| run.execute(params));
        done.map(drop).map_err(failed)
    }

    pub fn one<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        let found = self.db.prepare_cached(sql);
        let found = found.and_then(|mut query| query.query_row(params, read).optional());
        found.map_err(failed)
    }

    pub fn all<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let found = self.db.prepare_cached(sql);
        found.and_then(|mut query| query.query_map(params, read)?.collect()).map_err(failed)
    }

    /// Visits rows one by one.
    pub fn each(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        mut take: impl FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut query = self.db.prepare_cached(sql).map_err(failed)?;
        let mut rows = query.query(params).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            take(row)?;
        }
        Ok(())
    }

    /// Returns the numbers of rows that do not count, given the `fate` of each command.
    pub fn void_rows(&self, fate: impl Fn(&str) -> Result<RunFate>) -> Result<BTreeSet<i64>> {
        let mut fates = BTreeMap::new();
        for run in self.runs()? {
            let known = fate(&run)?;
            fates.insert(run, known);
        }
        let (mut void, mut counted) = (BTreeSet::new(), BTreeSet::new());
        let sql = "SELECT u.n, o.run, v.removed FROM unsettled u JOIN unsettled o ON o.n = u.n
                   JOIN versions v ON v.n = u.n WHERE u.run = ?1";
        for run in fates.iter().filter(|(_, fate)| **fate != RunFate::Happened).map(|(run, _)| run)
        {
            let rows = self.all(sql, params![run], |row| {
                Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, bool>(2)?))
            })?;
            // It counts if it does by any of the commands that wrote it.
            for (n, writer, hides) in rows {
                let counts = match fates.get(&writer) {
                    Some(RunFate::Happened) => true,
                    Some(RunFate::Unknown) => !hides,
                    Some(RunFate::Never) | None => false,
                };
                if counts {
                    counted.insert(n)
                } else {
                    void.insert(n)
                };
            }
        }
        void.retain(|n| !counted.contains(n));
        Ok(void)
    }
}

fn path_text(record: &ArchivedRecord) -> String {
    serde_json::json!(record.path).to_string()
}

/// Reads a row of [`COLUMNS`]; `None` if it makes no sense.
pub(super) fn numbered(row: &Row<'_>) -> rusqlite::Result<Option<Numbered>> {
    numbered_from(row, 0)
}

/// Reads the same columns, starting at `first`.
pub(super) fn numbered_from(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Numbered>> {
    let [n, doc, path, created, changed, client, clock, removed, record, typed, archived] =
        std::array::from_fn(|at| first.saturating_add(at));
    let doc = row.get_ref(doc)?.as_str().map(DocId::parse);
    let path = row.get_ref(path)?.as_str().map(serde_json::from_str);
    let (Ok(Ok(doc)), Ok(Ok(path))) = (doc, path) else { return Ok(None) };
    let client: i64 = row.get(client)?;
    let record = ArchivedRecord {
        doc,
        path,
        created_at: row.get(created)?,
        changed_at: row.get(changed)?,
        written: Id { client: client.cast_unsigned(), clock: row.get(clock)? },
        removed: row.get(removed)?,
        record: row.get(record)?,
        typed: row.get(typed)?,
        archived_at: row.get(archived)?,
    };
    Ok(Some(Numbered { n: row.get(n)?, record }))
}

/// Why a file could not be opened: the operating system explains it better than SQLite does.
fn unopened(path: &Path, e: rusqlite::Error) -> Error {
    unreadable(path).unwrap_or_else(|| failed(e))
}

/// Converts an SQLite failure to ours.
pub(super) fn failed(e: rusqlite::Error) -> Error {
    let kind = match e.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Kind::Locked,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Kind::Corrupt,
        // It opened, but a table is missing or holds something unexpected.
        Some(ErrorCode::Unknown | ErrorCode::TypeMismatch) => Kind::Corrupt,
        Some(_) => Kind::Io,
        // An invalid text, or a number where a text belongs.
        None => Kind::Corrupt,
    };
    let error = Error::new(kind, "archive.db could not be used").because(e);
    match kind {
        Kind::Corrupt => error.hint(Next::Check(None).and(" says what helps")),
        Kind::Locked => {
            error.hint(Next::WaitLonger.and(" waits longer for the process that writes to it"))
        }
        _ => error,
    }
}

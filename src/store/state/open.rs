//! Opening `crdtctl.db`: for one writer at a time, or for readers that leave no trace.

use super::State;
use super::fault::{cannot_create, failed, failed_at, not_opened};
use crate::error::{Error, Hint, Kind, Next, Result};
use crate::store::fs::{self, FileNode, LockFile};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, params};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// SQLite's name for access to the operating system without locks.
const WITHOUT_LOCKS: &str = if cfg!(unix) { "unix-none" } else { "win32-none" };
/// Each migrates the tables to the next version.
const MIGRATIONS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("quarantine.sql"),
    include_str!("conflict.sql"),
    include_str!("operations.sql"),
    include_str!("canvas.sql"),
    include_str!("trash.sql"),
    include_str!("events.sql"),
    include_str!("typed.sql"),
    include_str!("pages.sql"),
    include_str!("disk.sql"),
    include_str!("facts.sql"),
    include_str!("trash_ids.sql"),
    include_str!("content.sql"),
    include_str!("pieces.sql"),
    include_str!("normal.sql"),
    include_str!("deferred.sql"),
    include_str!("disk_begun.sql"),
    include_str!("log_heads.sql"),
    include_str!("lists.sql"),
    include_str!("list_orders.sql"),
    include_str!("latest.sql"),
    include_str!("row_ids.sql"),
    include_str!("results.sql"),
];

/// The first version whose tables readers use as they are: later ones only have more indexes, lists as pages
/// of their own, with their orders, and the latest times of pages.
const READABLE: usize = 17;

/// The size of a database that SQLite has just created: one page without tables.
const EMPTY_BYTES: u64 = 4096;
/// A reader takes SQLite's lock too while it opens and closes the file, and the first one reads the log: it
/// is waited for this long, even if nobody else is.
const MOMENT: Duration = Duration::from_millis(200);
/// The number of prepared statements that are kept.
const STATEMENTS: usize = 128;
/// The most that is left in SQLite's log, which the next to open the file reads again from the start. A
/// command writes 100 to 200 kB of pages to it.
const LEFT_WAL_BYTES: u64 = if cfg!(debug_assertions) { 1 << 18 } else { 1 << 20 };

/// A database that did not exist when the lock was taken. If nothing is written to it, it is removed on drop:
/// a command that does nothing leaves nothing.
pub(in crate::store) struct NewDatabase(PathBuf);

impl NewDatabase {
    /// Returns `None` if there is one, or if others may be using it because there are no locks.
    ///
    /// # Errors
    /// `Io`.
    pub fn where_none_is(path: &Path, lock: &LockFile) -> Result<Option<NewDatabase>> {
        let is_new = lock.is_locked() && fs::node(path)?.is_none();
        Ok(is_new.then(|| NewDatabase(path.to_owned())))
    }
}

impl Drop for NewDatabase {
    fn drop(&mut self) {
        let is_empty = fs::size(&self.0).is_ok_and(|bytes| bytes <= EMPTY_BYTES);
        if is_empty && matches!(fs::node(&fs::beside(&self.0, "-wal")), Ok(None)) {
            fs::remove(&self.0);
        }
    }
}

impl State {
    /// Opens `crdtctl.db` for writing and creates it if need be; nothing is locked yet.
    pub(in crate::store) fn open_for_writing(path: &Path, wait: Duration) -> Result<State> {
        if fs::node(path)? == Some(FileNode::Link) {
            return Err(Error::refused(format!("{} is a symbolic link", path.display()))
                .hint("put the real file in its place"));
        }
        fs::refuse_no_file(path)?;
        check_log_has_file(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || -> rusqlite::Result<State> {
            let state = State::over(Connection::open_with_flags(path, flags)?);
            state.set_up(wait)?;
            Ok(state)
        };
        open().map_err(|e| not_opened(path, e))
    }

    /// Makes what was open for reading open for writing, so that SQLite need not read the tables' definitions
    /// again; `None` if it has to be opened anew. `path` is the file's, and nothing else may read it any more.
    pub(in crate::store) fn into_writer(self, path: &Path, wait: Duration) -> Option<State> {
        let is_same = self.file.is_some() && self.file == fs::identity(path);
        if !is_same || fs::node(path).ok() != Some(Some(FileNode::File)) {
            return None;
        }
        let set_up = || -> rusqlite::Result<()> {
            self.db.pragma_update(None, "query_only", false)?;
            self.db.pragma_update(None, "temp_store", "default")?;
            self.db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
            self.set_up(wait)
        };
        set_up().ok().map(|()| self)
    }

    /// Opens an existing `crdtctl.db` for a transaction that will be rolled back. Where nobody may write, that
    /// is a copy.
    pub(in crate::store) fn open_for_trying(path: &Path, wait: Duration) -> Result<State> {
        fs::refuse_no_file(path)?;
        if !fs::is_writable(path)
            && let Some(state) = State::open_for_reading(path, wait)?
        {
            return state.copied_aside(path, wait);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || -> rusqlite::Result<State> {
            let state = open_beside_log(path, flags)?;
            state.protect()?;
            Ok(state)
        };
        open().map_err(|e| opening(path, e))
    }

    /// Returns a local state that lives as long as a dry run.
    pub(in crate::store) fn in_memory() -> Result<State> {
        let db = Connection::open_in_memory()
            .map_err(|e| failed_at(Path::new(""), "could not make a temporary local state", e))?;
        Ok(State::over(db))
    }

    fn over(db: Connection) -> State {
        // A command runs some fifty statements, most of them once for each document.
        db.set_prepared_statement_cache_capacity(STATEMENTS);
        // Otherwise statements whose parameters bound a range are prepared again whenever one is set. There
        // are no statistics that a plan could follow. Without it everything works just as well.
        let _ = db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true);
        let (unchanged, trash_grew) = Default::default();
        State { db: Rc::new(db), unchanged, _copy: None, file: None, trash_grew }
    }

    fn set_up(&self, wait: Duration) -> rusqlite::Result<()> {
        self.wait_for_others(wait)?;
        // Readers continue while we write. If WAL is not available (some network file systems), SQLite stays
        // with its rollback journal, which is as safe.
        self.db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        // What `COMMIT` reports as done must survive a power cut.
        self.db.pragma_update(None, "synchronous", "full")?;
        self.protect()
    }

    fn wait_for_others(&self, wait: Duration) -> rusqlite::Result<()> {
        self.db.busy_timeout(wait.max(MOMENT))
    }

    fn protect(&self) -> rusqlite::Result<()> {
        self.db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
        self.distrust_schema()
    }

    /// The file may come from somebody else: its views and triggers get no functions.
    fn distrust_schema(&self) -> rusqlite::Result<()> {
        self.db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false).map(drop)
    }

    /// Waits for other writers, begins a transaction and brings the tables up to date.
    ///
    /// # Errors
    /// `Locked`; `Refused` if a newer crdtctl wrote the file.
    pub(in crate::store) fn begin(&self, wait: Duration) -> Result<()> {
        let begin = || -> rusqlite::Result<()> {
            self.wait_for_others(wait)?;
            self.db.execute_batch("BEGIN IMMEDIATE")
        };
        begin().map_err(|e| failed(&self.db, "could not lock the local state", e))?;
        self.unchanged.set(self.db.total_changes());
        self.migrate()
    }

    fn migrate(&self) -> Result<()> {
        let version = self
            .schema_version()
            .map_err(|e| failed(&self.db, "could not read the version of the tables", e))?;
        check_version(version)?;
        for sql in MIGRATIONS.iter().skip(version) {
            self.db
                .execute_batch(sql)
                .map_err(|e| failed(&self.db, "could not make the tables of the local state", e))?;
        }
        if version < MIGRATIONS.len() {
            self.db
                .pragma_update(None, "user_version", MIGRATIONS.len() as i64)
                .map_err(|e| failed(&self.db, "could not make the tables of the local state", e))?;
        }
        Ok(())
    }

    /// Creates a file as an older version of this program did; returns how many versions there are.
    #[cfg(test)]
    pub(in crate::store) fn make_older(path: &Path, version: usize) -> usize {
        let db = Connection::open(path).unwrap();
        MIGRATIONS.iter().take(version).for_each(|sql| db.execute_batch(sql).unwrap());
        db.pragma_update(None, "user_version", version as i64).unwrap();
        MIGRATIONS.len()
    }

    fn schema_version(&self) -> rusqlite::Result<usize> {
        let version =
            self.db.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?;
        Ok(usize::try_from(version).unwrap_or(usize::MAX))
    }

    /// Returns whether anything was written since [`State::begin`].
    pub(in crate::store) fn is_changed(&self) -> bool {
        self.db.total_changes() != self.unchanged.get()
    }

    /// Commits. After an error it is unknown whether the commit happened; it is not retried.
    pub(in crate::store) fn commit(&self) -> Result<()> {
        self.db.execute_batch("COMMIT").map_err(|e| {
            let error =
                failed(&self.db, "the commit failed; whether the change is durable is unknown", e);
            match error.kind {
                // With a rollback journal a reader can prevent the commit: nothing happened.
                Kind::Locked => error.saying("a reader prevented the commit"),
                _ => error.of_kind(Kind::Io).hint(
                    Hint::from("run ")
                        .next(Next::Log)
                        .and(" to see whether the command is in the log"),
                ),
            }
        })
    }

    /// From the next transaction on, commits do not wait for the disk; closing does, unless others have the
    /// file open. For what can be found again after a power cut.
    pub(in crate::store) fn wait_at_close(&self) -> Result<()> {
        let set_up = || -> rusqlite::Result<()> {
            let mode: String =
                self.db.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            // A rollback journal that is not waited for can be lost while the file is half-written.
            match mode.as_str() {
                "wal" => self.db.pragma_update(None, "synchronous", "normal"),
                _ => Ok(()),
            }
        };
        set_up().map_err(|e| failed(&self.db, "could not set up the local state", e))
    }

    /// Leaves SQLite's log (`-wal`) in place when this is closed; another connection moves it into the file
    /// when it closes. That is just as durable, and waits for the disk once instead of three times. Returns
    /// false if the log is too long. `path` is the file's.
    pub(in crate::store) fn leave_wal(&self, path: &Path) -> Result<bool> {
        if !fs::size(&fs::beside(path, "-wal")).is_ok_and(|bytes| bytes <= LEFT_WAL_BYTES) {
            return Ok(false);
        }
        let left = self.db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        left.map_err(|e| failed(&self.db, "could not set up the local state", e))
    }

    /// Undoes everything since [`State::begin`].
    pub(in crate::store) fn roll_back(&self) {
        // There may be nothing to roll back: SQLite ends some transactions by itself.
        let _ = self.db.execute_batch("ROLLBACK");
    }

    /// Sets a savepoint inside the transaction; they nest.
    pub(in crate::store) fn savepoint(&self) -> Result<u64> {
        self.run("SAVEPOINT inner", params![])?;
        Ok(self.rows_changed())
    }

    /// Returns how many rows were changed so far, as a savepoint counts them.
    pub(in crate::store) fn rows_changed(&self) -> u64 {
        self.db.total_changes()
    }

    /// Releases the last savepoint.
    pub(in crate::store) fn release(&self) -> Result<()> {
        self.run("RELEASE inner", params![])
    }

    /// Undoes everything since the last savepoint, which is this one, and releases it.
    pub(in crate::store) fn roll_back_to(&self, point: u64) -> Result<()> {
        self.run("ROLLBACK TO inner", params![])?;
        let undone = self.db.total_changes().saturating_sub(point);
        self.unchanged.set(self.unchanged.get().saturating_add(undone));
        self.release()
    }

    /// Opens `crdtctl.db` for reading; `None` if there is none, or it is still empty.
    ///
    /// On a medium that is full or cannot be written, nothing is created beside the file: it is read as it
    /// is, with SQLite's log (`-wal`) if there is one.
    ///
    /// # Errors
    /// `Corrupt`, `Io`; `Refused` if a newer crdtctl wrote the file.
    pub(in crate::store) fn open_for_reading(path: &Path, wait: Duration) -> Result<Option<State>> {
        fs::refuse_no_file(path)?;
        check_log_has_file(path)?;
        if !fs::is_file(path)? {
            return match fs::node(path)? {
                None => Ok(None),
                Some(_) => Err(Error::io(
                    format!("could not open {}", path.display()),
                    "it is a dangling link",
                )),
            };
        }
        let state = match State::read_beside_writers(path, wait) {
            Err(e) if cannot_create(&e) => State::read_frozen(path, wait)?,
            result => result.map_err(|e| opening(path, e))?,
        };
        let version = state.schema_version().map_err(|e| opening(path, e))?;
        check_version(version)?;
        match version {
            0 => Ok(None),
            older if older < READABLE => {
                // Without room for a copy it is read as it is, as far as possible.
                Ok(Some(state.brought_up_aside(path, wait).unwrap_or(state)))
            }
            _ => Ok(Some(state)),
        }
    }

    /// Returns whether what is open for reading is a file whose tables this version may write.
    pub(in crate::store) fn can_jot(&self) -> bool {
        let is_current = || self.schema_version().is_ok_and(|version| version == MIGRATIONS.len());
        self._copy.is_none() && self.file.is_some() && is_current()
    }

    /// Writes through what is open for reading, in a transaction of its own that waits for nobody, not even for
    /// the disk: only what can be found again. Nothing is written if `write` returns `None`. `wait` is for the
    /// reads that follow.
    pub(in crate::store) fn jot(
        &self,
        wait: Duration,
        write: impl FnOnce() -> Option<()>,
    ) -> Option<()> {
        self.wait_at_close().ok()?;
        self.db.pragma_update(None, "query_only", false).ok()?;
        let begun = self
            .db
            .busy_timeout(Duration::ZERO)
            .and_then(|()| self.db.execute_batch("BEGIN IMMEDIATE"));
        let written = begun.ok().and_then(|()| write()).and_then(|()| self.commit().ok());
        if written.is_none() {
            self.roll_back();
        }
        // If this fails, the connection still runs nothing but the statements of a read.
        let _ = self.db.pragma_update(None, "query_only", true);
        let _ = self.wait_for_others(wait);
        written
    }

    /// Migrates a file that an older version wrote, in a copy: the file is not ours to write before a command
    /// writes.
    fn brought_up_aside(&self, path: &Path, wait: Duration) -> Result<State> {
        let state = self.copied_aside(path, wait)?;
        state.begin(wait)?;
        state.commit()?;
        state.ready_to_read(wait).map_err(|e| opening(path, e))?;
        Ok(state)
    }

    /// Opens a copy of what this reads, for writing.
    fn copied_aside(&self, path: &Path, wait: Duration) -> Result<State> {
        let name = path.file_name().unwrap_or_default();
        let copied = self._copy.as_ref().map(|copy| copy.path().join(name));
        let from = copied.unwrap_or_else(|| path.to_owned());
        // While this reads, nobody checkpoints the log and restarts it.
        self.db
            .execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")
            .map_err(|e| opening(path, e))?;
        let copy = fs::copy_aside(&[from.clone(), fs::beside(&from, "-wal")]);
        // Nothing was written.
        let _ = self.db.execute_batch("COMMIT");
        let copy = copy?;
        let mut state = State::open_for_writing(&copy.path().join(name), wait)?;
        state._copy = Some(copy);
        Ok(state)
    }

    /// Reads with SQLite's own locks. SQLite needs its two files beside the database, and removes them if it
    /// is the last to close it, unless a writer left them with content. That is why the connection may write,
    /// although none of our statements may.
    fn read_beside_writers(path: &Path, wait: Duration) -> rusqlite::Result<State> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let file = fs::identity(path);
        let mut state = open_beside_log(path, flags)?;
        state.ready_to_read(wait)?;
        state.file = file.filter(|_| fs::identity(path) == file);
        Ok(state)
    }

    fn ready_to_read(&self, wait: Duration) -> rusqlite::Result<()> {
        self.wait_for_others(wait)?;
        self.db.pragma_update(None, "query_only", true)?;
        // There may be no room for temporary files.
        self.db.pragma_update(None, "temp_store", "memory")?;
        self.distrust_schema()?;
        // The first real read: this is what fails if no file can be created.
        self.db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
    }

    /// Reads where nothing can be created.
    fn read_frozen(path: &Path, wait: Duration) -> Result<State> {
        let (wal, journal) = (fs::beside(path, "-wal"), fs::beside(path, "-journal"));
        // An unfinished change has to be undone first, which means writing.
        if fs::size(&journal)? > 0 || cfg!(not(unix)) {
            let copy = fs::copy_aside(&[path.to_owned(), wal, journal])?;
            let copied = copy.path().join(path.file_name().unwrap_or_default());
            let mut state =
                State::read_beside_writers(&copied, wait).map_err(|e| opening(path, e))?;
            state._copy = Some(copy);
            return Ok(state);
        }
        let wal_bytes = fs::size(&wal)?;
        let open = || -> rusqlite::Result<State> {
            let state = match wal_bytes {
                0 => open_immutable(path)?,
                _ => open_unshared(path)?,
            };
            state.ready_to_read(wait)?;
            Ok(state)
        };
        open().map_err(|e| opening(path, e))
    }
}

/// Opens a file so that closing it leaves its log (`-wal`) as it is, if a writer left one with content.
fn open_beside_log(path: &Path, flags: OpenFlags) -> rusqlite::Result<State> {
    let is_left = fs::size(&fs::beside(path, "-wal")).is_ok_and(|bytes| bytes > 0);
    let db = Connection::open_with_flags(path, flags)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, is_left)?;
    Ok(State::over(db))
}

/// Opens a file and its log (`-wal`), which nobody else changes meanwhile. SQLite keeps its index of the log
/// in memory, as it does for an exclusive connection. Nothing is moved from the log into the file on closing.
fn open_unshared(path: &Path) -> rusqlite::Result<State> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags_and_vfs(path, flags, WITHOUT_LOCKS)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    db.pragma_update(None, "locking_mode", "exclusive")?;
    Ok(State::over(db))
}

/// A log (`-wal`) without its file has commits that SQLite would discard.
fn check_log_has_file(path: &Path) -> Result<()> {
    let wal = fs::beside(path, "-wal");
    // In this order: a store that is just being made has the file first.
    if fs::is_file(&wal)? && fs::size(&wal)? > 0 && fs::size(path)? == 0 {
        let what = format!("{} is empty or gone, but its log is not", path.display());
        return Err(Error::corrupt(what).hint(
            "nothing was written; put crdtctl.db back, or move crdtctl.db-wal away: the store \
             then goes on as a new replica",
        ));
    }
    Ok(())
}

/// Opens a file that nobody changes meanwhile: no locks, no files beside it.
fn open_immutable(path: &Path) -> rusqlite::Result<State> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(State::over(Connection::open_with_flags(immutable_uri(path), flags)?))
}

/// Returns `file:` and the path, with everything escaped that has a meaning in a URI.
pub(super) fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte));
            }
            other => uri.push_str(&format!("%{other:02x}")),
        }
    }
    uri.push_str("?immutable=1");
    uri
}

fn check_version(version: usize) -> Result<()> {
    if version > MIGRATIONS.len() {
        return Err(Error::refused(format!(
            "crdtctl.db was written by a newer crdtctl: its tables have version {version}, \
             this one knows {}",
            MIGRATIONS.len()
        ))
        .hint("update crdtctl"));
    }
    Ok(())
}

fn opening(path: &Path, e: rusqlite::Error) -> Error {
    failed_at(path, &format!("could not open {}", path.display()), e)
}

#[cfg(test)]
mod tests {
    /// SQLite 3.7.0 to 3.51.2 can lose an acknowledged commit when the WAL is reset while another connection
    /// reads; every promise of the log relies on a version without that bug.
    #[test]
    fn sqlite_has_no_wal_reset_bug() {
        let found = rusqlite::version_number();
        assert!(found >= 3_051_003, "SQLite {}", rusqlite::version());
    }
}

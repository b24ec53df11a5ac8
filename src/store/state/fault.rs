//! Translates SQLite's failures into ours.
//!
//! SQLite leaves two things open. It does not say which of its files failed: that is found out by trying
//! them. And it says "malformed" both when bytes were read and are wrong, and when they could not be read, so
//! the file is checked again before anybody is told that it is damaged.

use crate::error::{Error, Hint, Kind, MAKE_ROOM, Next};
use crate::store::fs;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};
use std::path::Path;

/// Looks at every page of a database.
pub(super) const QUICK: &str = "PRAGMA quick_check(1)";
/// The files that SQLite keeps beside a database.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A failure of an open database.
pub(super) fn failed(db: &Connection, doing: &str, e: rusqlite::Error) -> Error {
    match db.path().filter(|path| !path.is_empty()) {
        Some(path) => failed_at(Path::new(path), doing, e),
        None => plain(doing, e),
    }
}

/// A failure of the database at a path.
pub(super) fn failed_at(path: &Path, doing: &str, e: rusqlite::Error) -> Error {
    let is_barred = is_barred(&e);
    // A value that was read and is none that we write is no failure of the disk.
    let is_read = !matches!(e, rusqlite::Error::SqliteFailure(..));
    let error = plain(doing, e);
    match error.kind {
        Kind::Corrupt if is_read => error.hint(without_it()),
        Kind::Corrupt => damaged(path, error),
        _ if is_barred => hindered(path, error),
        _ => error,
    }
}

/// A failure to open the database at a path for writing.
pub(super) fn not_opened(path: &Path, e: rusqlite::Error) -> Error {
    let is_hindered = is_barred(&e);
    let error = failed_at(path, &format!("could not open {}", path.display()), e);
    match error.kind {
        Kind::Io if !is_hindered => hindered(path, error),
        _ => error,
    }
}

/// Returns whether one of its files cannot be written by us.
fn is_barred(e: &rusqlite::Error) -> bool {
    let barred = [ErrorCode::CannotOpen, ErrorCode::ReadOnly, ErrorCode::PermissionDenied];
    e.sqlite_error_code().is_some_and(|code| barred.contains(&code))
}

/// Adds which file it was, if that can be found out. The open connection must not be used afterwards: trying
/// its files drops this process's locks on them.
fn hindered(path: &Path, error: Error) -> Error {
    match obstacle(path) {
        Some(obstacle) => error.because(obstacle),
        None => error,
    }
}

fn plain(doing: &str, e: rusqlite::Error) -> Error {
    let kind = match &e {
        rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
            // Also when other processes kept changing the lock meanwhile.
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed => Kind::Locked,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Kind::Corrupt,
            // A statement that SQLite refuses is our mistake.
            ErrorCode::Unknown | ErrorCode::ApiMisuse | ErrorCode::ConstraintViolation => Kind::Bug,
            _ => Kind::Io,
        },
        rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..) => Kind::Corrupt,
        _ => Kind::Bug,
    };
    let is_full = e.sqlite_error_code() == Some(ErrorCode::DiskFull);
    let error = Error::new(kind, doing).because(e);
    match is_full {
        true => error.hint(MAKE_ROOM),
        false => error,
    }
}

/// Handles what SQLite calls malformed: it is damaged if its bytes can be read and SQLite still says so.
fn damaged(path: &Path, error: Error) -> Error {
    match again(path, QUICK, error) {
        error if error.kind == Kind::Corrupt => error.hint(without_it()),
        error => error,
    }
}

/// What a look through a database with this pragma found; a failure to read it is no damage.
pub(super) fn found(db: &Connection, pragma: &str, error: Error) -> Error {
    match db.path().filter(|path| !path.is_empty()) {
        Some(path) => again(Path::new(path), pragma, error),
        None => error,
    }
}

/// Returns the same error if a second look through the database with this pragma finds damage again.
fn again(path: &Path, pragma: &str, error: Error) -> Error {
    let unread = [path.to_owned(), fs::beside(path, "-wal")]
        .iter()
        .find_map(|file| fs::read_through(file).err());
    if let Some(unread) = unread {
        return error.of_kind(Kind::Io).context(unread.message.clone()).caused_as(unread);
    }
    match whole(path, pragma) {
        Ok(true) => error
            .of_kind(Kind::Io)
            .because("a second read finds it intact: the disk failed to return its content")
            .hint("nothing was written; try again, and check the disk"),
        _ => error,
    }
}

/// Returns what to do about a damaged file.
fn without_it() -> Hint {
    Hint::from(
        "nothing was written; crdtctl.db is an SQLite database, and SQLite's tools can show what is left of \
         it; ",
    )
    .next(Next::Check(None))
    .and(" checks the documents without it")
}

fn whole(path: &Path, pragma: &str) -> rusqlite::Result<bool> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.pragma_update(None, "query_only", true)?;
    db.pragma_update(None, "trusted_schema", false)?;
    let answer: String = db.query_row(pragma, [], |row| row.get(0))?;
    Ok(answer == "ok")
}

/// Returns which of a database's files cannot be written, and why.
fn obstacle(path: &Path) -> Option<String> {
    let beside = COMPANIONS.map(|ending| fs::beside(path, ending));
    let file = std::iter::once(path).chain(beside.iter().map(AsRef::as_ref));
    let dir = path.parent().unwrap_or(Path::new("."));
    file.map(fs::try_to_write)
        .chain(std::iter::once_with(|| fs::try_to_create_in(dir)))
        .find_map(Result::err)
        .map(|e| format!("{e:#}"))
}

/// Returns whether SQLite failed not at reading, but at what it needs beside the database to do so: its files
/// cannot be created or written there, or there is no room for them.
pub(super) fn cannot_create(e: &rusqlite::Error) -> bool {
    let rusqlite::Error::SqliteFailure(failure, _) = e else { return false };
    match failure.code {
        ErrorCode::CannotOpen
        | ErrorCode::ReadOnly
        | ErrorCode::PermissionDenied
        | ErrorCode::DiskFull => true,
        ErrorCode::SystemIoFailure => matches!(
            failure.extended_code,
            ffi::SQLITE_IOERR_SHMOPEN
                | ffi::SQLITE_IOERR_SHMSIZE
                | ffi::SQLITE_IOERR_SHMMAP
                | ffi::SQLITE_IOERR_WRITE
                | ffi::SQLITE_IOERR_TRUNCATE
                | ffi::SQLITE_IOERR_FSYNC
                | ffi::SQLITE_IOERR_DIR_FSYNC
                | ffi::SQLITE_IOERR_DELETE
        ),
        _ => false,
    }
}

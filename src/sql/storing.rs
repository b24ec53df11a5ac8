//! SQLite's errors for rows that do not fit into memory or on a disk.

use crate::error::{Error, Next};
use crate::limits;
use rusqlite::ErrorCode;

/// The error for rows that could not be stored for querying.
pub(super) fn failed(e: rusqlite::Error) -> Error {
    match e.sqlite_error_code() {
        Some(ErrorCode::OutOfMemory) => too_much(),
        Some(ErrorCode::TooBig) => too_big(),
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => {
            Error::io("the rows could not be written", e)
        }
        _ => Error::bug("the rows do not fit their table").because(e),
    }
}

/// The query takes more memory than allowed.
pub(super) fn too_much() -> Error {
    let megabytes = limits::SQL_MEMORY_BYTES >> 20;
    Error::refused(format!("the query takes more than {megabytes} MiB of memory"))
        .hint(Next::SaveViews.and(" writes the views into a file that any SQLite can query"))
}

/// One value is longer than allowed.
pub(super) fn too_big() -> Error {
    let megabytes = limits::SQL_VALUE_BYTES >> 20;
    Error::refused(format!("a value or a row gets longer than {megabytes} MiB"))
        .hint("ask for less of it")
}

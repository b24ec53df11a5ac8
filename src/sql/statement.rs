//! A single statement.

use rusqlite::{Batch, Connection, Statement, fallible_iterator::FallibleIterator};

/// Returns the one statement of a text, or `None` if it is empty.
pub(super) fn only<'c>(db: &'c Connection, sql: &str) -> rusqlite::Result<Option<Statement<'c>>> {
    let mut all = Batch::new(db, sql);
    let first = all.next()?;
    match all.next()? {
        None => Ok(first),
        Some(_) => Err(rusqlite::Error::MultipleStatement),
    }
}

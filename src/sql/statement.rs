//! One statement and no more.

use rusqlite::{Batch, Connection, Statement, fallible_iterator::FallibleIterator};

/// The one statement of a text; none where it is empty.
pub(super) fn only<'c>(db: &'c Connection, sql: &str) -> rusqlite::Result<Option<Statement<'c>>> {
    let mut all = Batch::new(db, sql);
    let first = all.next()?;
    match all.next()? {
        None => Ok(first),
        Some(_) => Err(rusqlite::Error::MultipleStatement),
    }
}

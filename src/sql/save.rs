//! The views as a file that any SQLite can read.

use super::fill::{self, Wanted};
use super::source::SqlSource;
use super::view::Filler;
use super::{storing, tables, views::VIEWS};
use crate::error::Result;
use rusqlite::Connection;
use std::path::Path;

/// The `application_id` of such a file: `crdS`.
pub const FILE_ID: i32 = 0x6372_6453;
/// The `user_version` of its tables.
const VERSION: i32 = 1;

/// Writes the contents of the views into an empty file: strict tables, the full-text index, and indexes over
/// ids. It needs nothing newer than SQLite 3.37. Returns the number of rows.
///
/// Not promised: that anything usable is there after a failure, or that its bytes are on the disk.
///
/// # Errors
/// `Io` if it cannot be written; those of the documents that are not about a single one.
pub fn save(file: &Path, source: &SqlSource<'_>) -> Result<u64> {
    let db = Connection::open(file).map_err(storing::failed)?;
    let prepare = || -> rusqlite::Result<()> {
        // An unfinished file is discarded.
        db.pragma_update_and_check(None, "journal_mode", "off", |_| Ok(()))?;
        db.pragma_update(None, "synchronous", "off")?;
        db.pragma_update(None, "application_id", FILE_ID)?;
        db.pragma_update(None, "user_version", VERSION)?;
        VIEWS.iter().try_for_each(|view| db.execute_batch(&tables::in_file(view)))
    };
    prepare().map_err(storing::failed)?;
    let all = VIEWS
        .iter()
        .map(|view| (view.name, view.columns.iter().map(|column| column.name).collect()));
    fill::fill(&db, &all.collect::<Wanted>(), source, &|| Ok(()))?;
    let finish = || -> rusqlite::Result<u64> {
        let mut rows = 0_u64;
        for view in VIEWS.iter().filter(|view| !matches!(view.filler, Filler::Index(_))) {
            let name = view.name;
            if view.columns.iter().any(|column| column.name == "id") {
                db.execute_batch(&format!("CREATE INDEX {name}_by_id ON {name}(id)"))?;
            }
            let count = format!("SELECT count(*) FROM {name}");
            rows += db.query_row(&count, [], |row| row.get::<_, i64>(0))?.unsigned_abs();
        }
        Ok(rows)
    };
    let rows = finish().map_err(storing::failed)?;
    db.close().map_err(|(_, e)| storing::failed(e))?;
    Ok(rows)
}

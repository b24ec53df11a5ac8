//! The views as tables: of an in-memory connection, empty at first, and of a file.

use super::bounds::QueryBounds;
use super::fill::{self, Wanted};
use super::guard::{self, Guard};
use super::source::SqlSource;
use super::storing;
use super::view::{Filler, SqlView};
use super::views::{VIEWS, mentions};
use crate::error::{Error, Result};
use rusqlite::Connection;
use rusqlite::hooks::{AuthContext, Authorization};

/// How the full-text index separates words: ignoring case and accents.
const TOKENIZER: &str = "unicode61 remove_diacritics 2";

/// Returns an in-memory connection with the views that a query may name, all empty, and its guard.
pub(super) fn empty(sql: &str, bounds: &QueryBounds) -> Result<(Connection, Guard)> {
    let make = || -> rusqlite::Result<(Connection, Guard)> {
        let mut db = Connection::open_in_memory()?;
        // The data is only in memory, and is discarded with it.
        db.pragma_update_and_check(None, "journal_mode", "off", |_| Ok(()))?;
        for view in VIEWS.iter().filter(|view| is_needed(view, sql)) {
            db.execute_batch(&in_memory(view))?;
        }
        guard::harden(&db, bounds.memory)?;
        let guard = Guard::set(&mut db, bounds.steps)?;
        Ok((db, guard))
    };
    make().map_err(|e| Error::bug("the views could not be made").because(e))
}

/// Fills the views that are read. Nothing is guarded until [`Guard::set`] is called again.
pub(super) fn fill(
    db: &mut Connection,
    read: &Wanted,
    source: &SqlSource<'_>,
    goes_on: &dyn Fn() -> Result<()>,
) -> Result<()> {
    db.authorizer(None::<fn(AuthContext<'_>) -> Authorization>).map_err(storing::failed)?;
    db.progress_handler(0, None::<fn() -> bool>).map_err(storing::failed)?;
    let mut wanted = read.clone();
    for view in VIEWS.iter().filter(|view| read.contains_key(view.name)) {
        if let Filler::Index(of) = view.filler {
            wanted.entry(of).or_default().extend(view.columns.iter().map(|column| column.name));
        }
    }
    fill::fill(db, &wanted, source, goes_on)
}

/// Returns whether a query can read a view: its name, or that of its index, occurs in it.
fn is_needed(view: &SqlView, sql: &str) -> bool {
    let indexes = VIEWS.iter().filter(|index| match index.filler {
        Filler::Index(of) => of == view.name,
        _ => false,
    });
    indexes.chain([&view]).any(|named| mentions(sql, named))
}

fn in_memory(view: &SqlView) -> String {
    if let Filler::Index(of) = view.filler {
        return index(view, of);
    }
    let columns =
        view.columns.iter().map(|column| format!("{} {}", column.quoted(), column.kind.declared()));
    format!("CREATE TABLE {} ({})", view.name, columns.collect::<Vec<_>>().join(", "))
}

/// The same for a file: strict, each column with its description.
pub(super) fn in_file(view: &SqlView) -> String {
    if let Filler::Index(of) = view.filler {
        return index(view, of);
    }
    let mut columns = String::new();
    for (at, column) in view.columns.iter().enumerate() {
        let comma = if at + 1 < view.columns.len() { "," } else { "" };
        let (name, kind, about) = (column.quoted(), column.kind.strict(), column.about);
        columns.push_str(&format!("  {name} {kind}{comma} -- {about}\n"));
    }
    format!("CREATE TABLE {} ( -- {}\n{columns}) STRICT", view.name, view.about)
}

/// Returns a full-text index that takes its texts from another view.
fn index(view: &SqlView, of: &str) -> String {
    let columns = view.columns.iter().map(|column| match column.name {
        "content" => column.name.to_owned(),
        name => format!("{name} UNINDEXED"),
    });
    let columns = columns.collect::<Vec<_>>().join(", ");
    // In this form Datasette and sqlite-utils recognise whose index it is.
    format!(
        r#"CREATE VIRTUAL TABLE {} USING fts5({columns}, content="{of}", tokenize="{TOKENIZER}")"#,
        view.name
    )
}

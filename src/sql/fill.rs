//! Fills the views that are queried, and no others.

use super::rows::SqlRows;
use super::source::SqlSource;
use super::view::{Filler, SqlView};
use super::{storing, views::VIEWS};
use crate::error::Result;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

/// Which columns of which views are needed.
pub(super) type Wanted = BTreeMap<&'static str, BTreeSet<&'static str>>;

/// Fills only what is needed, entity by entity, so that sources of several views are read once. The tables
/// exist and are empty. Between two views it checks whether it `goes_on`.
pub(super) fn fill(
    db: &Connection,
    wanted: &Wanted,
    source: &SqlSource<'_>,
    goes_on: &dyn Fn() -> Result<()>,
) -> Result<()> {
    db.execute_batch("BEGIN").map_err(storing::failed)?;
    let views = VIEWS.iter().filter_map(|view| Some((view, wanted.get(view.name)?)));
    let views: Vec<_> = views.collect();
    for (view, columns) in &views {
        if let Filler::Store(fill) = view.filler {
            goes_on()?;
            fill(source, &mut rows_of(db, view, columns)?)?;
        }
    }
    let by_entity = views.iter().any(|(view, _)| matches!(view.filler, Filler::Entity(_)));
    for entity in by_entity.then(|| source.entities()).transpose()?.iter().flatten() {
        for (view, columns) in &views {
            if let Filler::Entity(fill) = view.filler {
                goes_on()?;
                fill(source, entity, &mut rows_of(db, view, columns)?)?;
            }
        }
    }
    for (view, _) in &views {
        if let Filler::Index(_) = view.filler {
            goes_on()?;
            let name = view.name;
            let build = format!("INSERT INTO {name}({name}) VALUES ('rebuild')");
            db.execute_batch(&build).map_err(storing::failed)?;
        }
    }
    db.execute_batch("COMMIT").map_err(storing::failed)
}

fn rows_of<'c>(
    db: &'c Connection,
    view: &SqlView,
    wanted: &BTreeSet<&'static str>,
) -> Result<SqlRows<'c>> {
    SqlRows::of(db, view.name, view.columns, wanted)
}

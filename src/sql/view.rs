//! A view as data: its name, its description, its columns, and the source of its rows.

use super::column::SqlColumn;
use super::rows::SqlRows;
use super::source::SqlSource;
use crate::error::Result;
use crate::id::EntityId;

/// Something that a query can select from.
#[derive(Debug)]
pub struct SqlView {
    /// The name in queries.
    pub name: &'static str,
    /// What one row is.
    pub about: &'static str,
    /// The columns, in the order of `SELECT *`.
    pub columns: &'static [SqlColumn],
    pub(super) filler: Filler,
}

/// Where the rows of a view come from.
#[derive(Debug)]
pub(super) enum Filler {
    /// From each entity separately.
    Entity(fn(&SqlSource<'_>, &EntityId, &mut SqlRows<'_>) -> Result<()>),
    /// From the store.
    Store(fn(&SqlSource<'_>, &mut SqlRows<'_>) -> Result<()>),
    /// A full-text index over this view.
    Index(&'static str),
}

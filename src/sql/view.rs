//! What a view is, as data: its name, what it says, its columns, and where its rows come from.

use super::column::SqlColumn;
use super::rows::SqlRows;
use super::source::SqlSource;
use crate::error::Result;
use crate::id::EntityId;

/// Something that a query can select from.
#[derive(Debug)]
pub struct SqlView {
    /// As queries name it.
    pub name: &'static str,
    /// What one row is.
    pub about: &'static str,
    /// In the order of `SELECT *`.
    pub columns: &'static [SqlColumn],
    pub(super) filler: Filler,
}

/// Where the rows of a view come from.
#[derive(Debug)]
pub(super) enum Filler {
    /// From each entity by itself.
    Entity(fn(&SqlSource<'_>, &EntityId, &mut SqlRows<'_>) -> Result<()>),
    /// From the store.
    Store(fn(&SqlSource<'_>, &mut SqlRows<'_>) -> Result<()>),
    /// A full-text index over this view.
    Index(&'static str),
}

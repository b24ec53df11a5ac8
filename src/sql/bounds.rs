//! How much a query may take.

use crate::limits;
use std::time::Duration;

/// How much a query may take.
#[derive(Debug, Clone, Copy)]
pub struct QueryBounds {
    /// For how long it may work; neither reading the documents counts nor waiting for whoever takes
    /// the rows.
    pub time: Duration,
    /// Instructions of SQLite.
    pub steps: u64,
    /// Bytes that SQLite may use in this process for everything, from then on; None for as much as
    /// there is.
    pub memory: Option<u64>,
}

impl Default for QueryBounds {
    fn default() -> Self {
        QueryBounds { time: Duration::from_secs(10), steps: limits::SQL_STEPS, memory: None }
    }
}

//! How much a query may take.

use crate::clock::TimeLeft;
use crate::limits;
use std::time::Duration;

/// How much a query may take.
#[derive(Debug, Clone, Copy)]
pub struct QueryBounds {
    /// For how long it may work; neither reading the documents counts nor waiting for whoever takes
    /// the rows …
    pub time: Duration,
    /// … unless this is set: then all of it counts, from the first look at the query to the last row.
    pub whole: bool,
    /// Instructions of SQLite.
    pub steps: u64,
    /// Bytes that SQLite may use in this process for everything, from then on; None for as much as
    /// there is.
    pub memory: Option<u64>,
}

impl Default for QueryBounds {
    fn default() -> Self {
        let time = Duration::from_secs(10);
        QueryBounds { time, whole: false, steps: limits::SQL_STEPS, memory: None }
    }
}

impl QueryBounds {
    /// The time that a query has, from now on.
    pub(super) fn time_left(&self) -> TimeLeft {
        match self.whole {
            true => TimeLeft::from_now(self.time),
            false => TimeLeft::of(self.time),
        }
    }
}

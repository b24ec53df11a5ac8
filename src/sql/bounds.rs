//! The limits of a query.

use crate::clock::TimeLeft;
use crate::limits;
use std::time::Duration;

/// The limits of a query.
#[derive(Debug, Clone, Copy)]
pub struct QueryBounds {
    /// How long it may work; reading the documents and waiting for the consumer of the rows do not count …
    pub time: Duration,
    /// … unless this is set: then everything counts, from preparing the query to the last row.
    pub whole: bool,
    /// The maximum number of SQLite instructions.
    pub steps: u64,
    /// The maximum number of bytes that SQLite may use in this process for everything, from then on; `None`
    /// for no limit.
    pub memory: Option<u64>,
}

impl Default for QueryBounds {
    fn default() -> Self {
        let time = Duration::from_secs(10);
        QueryBounds { time, whole: false, steps: limits::SQL_STEPS, memory: None }
    }
}

impl QueryBounds {
    /// Returns the time that a query has left, starting now.
    pub(super) fn time_left(&self) -> TimeLeft {
        match self.whole {
            true => TimeLeft::from_now(self.time),
            false => TimeLeft::of(self.time),
        }
    }
}

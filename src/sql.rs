//! A store as SQL sees it: views over everything it holds, for queries that can only read.
//!
//! A query is prepared against empty views, and SQLite reports which of their columns it reads; these are
//! then filled in memory and queried. Nothing is written anywhere, and a query can neither escape nor run
//! away: `guard` limits what it may do, [`QueryBounds`] how much.
//!
//! The names of the columns are those of the fields in the JSON of [`crate::query`].

mod answer;
mod bounds;
mod column;
mod fault;
mod fill;
mod guard;
mod query;
mod rows;
mod save;
mod source;
mod statement;
mod storing;
mod tables;
mod view;
mod views;
mod watch;

pub use answer::{SqlAnswer, SqlHeading};
pub use bounds::QueryBounds;
pub use column::{SqlColumn, SqlType};
pub use query::{PlanStep, Query};
pub use save::{FILE_ID, save};
pub use source::SqlSource;
pub use view::SqlView;
pub use views::views;

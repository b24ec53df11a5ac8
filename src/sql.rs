//! A store as SQL sees it: views over everything it holds, for queries that read and do nothing else.
//!
//! A query is prepared against views that are empty, and SQLite says which of their columns it reads;
//! these are filled, in memory, and asked. Nothing is written anywhere, and a query can neither
//! escape nor run away: what it may do is in `guard`, how much of it in [`QueryBounds`].
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

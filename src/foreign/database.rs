//! Databases: one file, or one directory, with many documents.
//!
//! They are read from their bytes alone: no library opens a file, nothing is locked, and nothing can be
//! written.

mod collector;
mod keys;
mod level;
mod sqlite;
mod table;
mod wal;
mod y_sweet;
mod ystore;

pub use level::{LevelFile, is_level_file, level};
pub use sqlite::{is_sqlite, sqlite, unseen};
pub use wal::with_log;
pub use y_sweet::y_sweet;
pub use ystore::ystore;

#[cfg(test)]
mod tests;

//! Yjs documents as other programs keep them: bare updates in v1 or v2, messages, logs, state vectors and
//! snapshots, as text or compressed, and databases of them.
//!
//! [`identify`] says what some bytes are, and how it knows: whatever it names was parsed to its end in that
//! form. Nothing is guessed from a file's name. The work is bounded by the number of bytes: compressed data
//! may expand only so much, and only so many wrappings may be nested.

mod bare;
mod database;
mod identified;
mod json;
mod log;
mod message;
mod message_log;
mod packed;
mod recognize;
mod refused;
mod snapshot;
mod text;

pub use database::{LevelFile, is_level_file, is_sqlite, level, unseen, with_log};
pub use identified::{
    FileContent, FileKind, FoundDocument, Identified, KeptUpdate, Presence, Wrapping,
};
pub use message::frame;
pub use recognize::{Named, identify, identify_as};
pub use refused::{breaks_off, is_something_else, why_not};
pub use snapshot::{FoundMoment, SnapshotForm};

#[cfg(test)]
mod tests;

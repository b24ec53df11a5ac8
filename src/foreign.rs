//! What other programs keep of Yjs documents: bare updates in v1 or v2, messages, logs, state
//! vectors and snapshots, in text or packed, and databases of them.
//!
//! [`identify`] says what some bytes are, and how it knows: whatever it names was read to its end as
//! that. Nothing is guessed from the name of a file. The work is bounded by the bytes: what is packed
//! may become so much larger and no more, and only so many things may be wrapped around each other.

mod bare;
mod database;
mod identified;
mod log;
mod message;
mod packed;
mod recognize;
mod refused;
mod text;

pub use database::{LevelFile, is_level_file, is_sqlite, level, unseen, with_log};
pub use identified::{
    FileContent, FileKind, FoundDocument, Identified, KeptUpdate, Presence, Wrapping,
};
pub use message::frame;
pub use recognize::{Named, identify, identify_as};
pub use refused::{breaks_off, is_something_else, why_not};

//! The working copies of the disks: files in directories, which any program can read and write.
//!
//! They are in `disks/entities/<entity>/<disk>/…` beside the store, as the application has them.
//! [`settle`] writes there what the document of an entity's disk says; [`take_in`] takes in what others
//! changed there. For every file it is recorded what was last written: a file with other content was
//! changed by somebody, whatever its times say, and is never overwritten.
//!
//! Order of events: contents are stored safely, the change is committed, files that will move are
//! recorded ([`session_to_settle`]), then the files are written, many at once. A command that is killed
//! in between leaves each file complete, in its old or its new state, and the next command continues.

mod all;
mod application;
mod begun;
mod collect;
mod contents;
mod likeness;
mod objects;
mod obstruction;
mod scope;
mod settle;
mod status;
mod sweep;
mod take_in;
mod tree;
mod working_copy;
mod writing;

pub use crate::concern::disk::is_disk;
pub use all::{settle_all, take_in_all, unscanned_of};
pub use begun::session_to_settle;
pub use collect::{Garbage, GarbageKind, collect};
pub use contents::{Contents, NamedContent, named_contents};
pub use objects::{Objects, PartialContent, hash};
pub use obstruction::{Obstruction, obstacle, obstructions};
pub use scope::{TakenIn, Which};
pub use settle::{Settled, settle};
pub use status::{DiskState, FileStatus, hidden, status, unpublished, unscanned};
pub use take_in::take_in;
pub use tree::{Held, Listing, Tree};

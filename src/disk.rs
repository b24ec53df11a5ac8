//! Files of the disks as they lie in directories, which any program can read and write.
//!
//! `disks/entities/<entity>/<disk>/…`, beside the store, as the application has it. What the document
//! of an entity's disk says is made there ([`settle`]); what others changed there is taken in
//! ([`take_in`]). For every file it is known what was last written: a file that is another now was
//! changed by somebody, whatever its times say, and is never written over.
//!
//! Order of events: contents are put where they are safe, the change is committed, what is to lie elsewhere
//! is noted ([`session_to_settle`]), then the files are made, many at once. Whoever is killed in between
//! leaves each file as it was or as it is to be, whole, and the next command goes on.

mod all;
mod application;
mod begun;
mod collect;
mod contents;
mod likeness;
mod objects;
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
pub use scope::{TakenIn, Which};
pub use settle::{Settled, settle};
pub use status::{DiskState, FileStatus, status, unpublished, unscanned};
pub use take_in::take_in;
pub use tree::{Held, Listing, Tree};

//! stub
pub mod clock;
pub mod concern;
pub mod crdt;
pub mod error;
pub mod id;
pub mod limits;
pub mod merge;
pub mod operation;
pub mod store;
pub mod sync;
pub mod tombstone;

//! stub
pub mod clock;
pub mod crdt;
pub mod error;
pub mod id;
pub mod limits;
pub mod store;
pub mod sync;

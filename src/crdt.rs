//! Documents as bytes and as merges. Only this module names yrs.
//!
//! Reading never needs yrs: [`view`] builds the live content from the bytes, and [`types`] does so for any
//! Yjs document. Carrying a document that no concern understands ([`carried`]) does not need it either. yrs
//! merges and edits ([`doc`]); whatever reaches it has passed the gate first ([`crate::gate`]).

pub mod any_view;
pub mod carried;
pub mod container;
pub mod content;
pub mod doc;
pub mod effort;
mod elements;
pub mod encoding;
pub mod first_update;
mod keys;
mod live;
pub mod opened;
mod plain;
pub mod register;
mod scalar;
mod sequence;
pub mod source;
#[cfg(test)]
pub(crate) mod testing;
pub mod text_edit;
mod texts;
mod txn;
pub mod types;
mod typing;
pub mod view;
pub mod window;
mod writing;

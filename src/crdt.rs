//! Documents as bytes and as merges. yrs is named in this module only.
//!
//! Reading never needs yrs: [`view`] builds the live content from the bytes, [`types`] that of any
//! document of Yjs; neither does carrying what nothing here understands ([`carried`]). yrs merges and edits
//! ([`doc`]); what reaches it passed the gate first ([`crate::gate`]).

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

//! Documents as bytes and as merges. yrs is named in this module only.
//!
//! Reading never needs yrs: [`update`] walks and validates the v1 format, [`view`] builds the live
//! content from it. yrs merges and edits ([`doc`]); what reaches it passed the gate first.

pub mod container;
pub mod content;
pub mod doc;
pub mod effort;
mod elements;
mod keys;
mod live;
mod plain;
pub mod register;
mod scalar;
mod sequence;
#[cfg(test)]
pub(crate) mod testing;
mod texts;
mod txn;
mod typing;
pub mod update;
pub mod value;
pub mod view;
pub mod window;

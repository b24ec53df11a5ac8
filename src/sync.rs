//! Sync through files: exporting bundles, importing them, and what each peer is known to have.
//!
//! It works on versions and bytes, not on messages or cards. What an import means for records is decided in
//! [`crate::merge`].

mod account;
pub mod archiving;
pub mod bundle;
pub mod changes;
pub mod content;
pub mod export;
pub mod gate;
mod hash;
pub mod import;
pub mod intake;
pub mod manifest;
mod park;
pub mod peer;
mod record;
mod rows;
pub mod standing;
pub mod status;
pub mod stick;
mod succession;
pub mod verify;

pub use bundle::Bundle;
pub use manifest::Manifest;

#[cfg(test)]
mod tests;

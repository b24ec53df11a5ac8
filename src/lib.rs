//! crdtctl: inspect and operate CRDT stores, offline, synced by exchanged files.
//!
//! The architecture on one page, bottom up. Dependencies run downward only; a test reads this
//! from the sources.
//!
//! | module | what it knows |
//! |---|---|
//! | [`id`], [`clock`], [`limits`], [`error`] | names, time and chance, every limit, every kind of failure |
//! | [`policy`] | who may do what |
//! | [`crdt`] | documents as bytes and merges: the v1 reader and its gate, yrs behind it, containers that exist once |
//! | [`store`] | documents on disk: layout, commit log, fold, replica lease; moves documents and never names a field |
//! | [`concern`] | what documents mean, as data ([`concern::Spec`]), and the operations of each concern |
//! | [`tombstone`] | deleted → acknowledged → prunable |
//! | [`merge`] | the rules that follow an import |
//! | [`operation`] | every change as data |
//! | [`query`] | what a store says, in types that serialise |
//! | [`inspect`] | the microscope: reports over one document, from its bytes |
//! | [`check`] | what is wrong with a store, and what mends it |
//! | [`recover`] | a damaged document, built again from what is left |
//! | [`sync`] | bundles, export, import, peers; knows versions and bytes, not messages |
//! | [`cmd`] | the command line: arguments → operation or query → report |
//! | [`ui`] | reports → table, JSON, TSV …; knows no store |
//!
//! What it stands on:
//!
//! 1. **A change is data.** Every write is one [`operation::Operation`].
//! 2. **A concern is data first.** Listing, pruning, acknowledging and merging are written once.
//! 3. **States are types.** A [`store::Reader`] cannot write; a [`store::Session`] holds the lock
//!    and, dropped, changes nothing; an unchecked update becomes a checked one only through the
//!    validator.
//! 4. **Reports are data.** One renderer a format. JSON is public API, tables are not.
//! 5. **Untrusted until checked.** Bytes go bounds → hash → structure → yrs, and no `unsafe`.

#![forbid(unsafe_code)]

pub mod check;
pub mod clock;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cmd;
pub mod concern;
pub mod crdt;
pub mod error;
pub mod id;
pub mod inspect;
pub mod limits;
pub mod merge;
pub mod operation;
pub mod policy;
pub mod query;
pub mod recover;
pub mod sample;
pub mod store;
pub mod sync;
pub mod tombstone;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod ui;

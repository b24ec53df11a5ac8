//! crdtctl: inspect and operate CRDT stores, offline, synced by exchanged files.
//!
//! A store is a directory of Yrs documents. Each entity in it (a group, channel, project or
//! organization) has a document for each of its concerns: its members, its chat, its board, its
//! issues, its whiteboard. Everything works without a network: replicas exchange bundles, which are
//! files or bytes, over any transport.
//!
//! ```
//! # fn main() -> crdtctl::error::Result<()> {
//! use crdtctl::{Role, Store};
//! # let dir = tempfile::tempdir().map_err(|e| crdtctl::error::Error::io("no directory", e))?;
//! # let create = |name: &str, member: &str| {
//! #     let state = crdtctl::machine::with_state_in(&dir.path().join("state").join(name));
//! #     let member = crdtctl::id::MemberId::parse(member)?;
//! #     Store::init(&dir.path().join(name), state.into(), Some(&member)).map(|(store, _)| store)
//! # };
//!
//! // Outside a test: Store::create("/srv/alice", "alice-bob-charlie-delta")?
//! let alice = create("alice", "alice-bob-charlie-delta")?;
//! let group = alice.entity("group:ocean-forest-moon-star")?;
//! group.members().add("alice-bob-charlie-delta", Role::Owner)?;
//! group.members().add("echo-foxtrot-golf-hotel", Role::Member)?;
//! let hello = group.chat().send("Hello, World!")?;
//!
//! // Two other replicas import what the first one has; the reply travels back.
//! let (echo, nobody) = (create("echo", "echo-foxtrot-golf-hotel")?, create("nobody", "nobody-new")?);
//! for peer in [&echo, &nobody] {
//!     peer.import(&alice.export()?)?;
//!     assert_eq!(peer.entity("group:ocean-forest-moon-star")?.members().list()?.len(), 2);
//! }
//! echo.entity("group:ocean-forest-moon-star")?.chat().reply(&hello.id, "Hello, Alice!")?;
//! alice.import(&echo.export_for("alice-bob-charlie-delta")?)?;
//! assert_eq!(group.chat().thread(&hello.id)?.replies[0].content, "Hello, Alice!");
//! # Ok(())
//! # }
//! ```
//!
//! `examples/` has a bot that answers messages, a nightly report, and a merge of two stores.
//!
//! # Where things are
//!
//! A program starts at [`Store`] and [`Entity`]; what it can read is in [`query`], what it can do in
//! [`operation`]. The table lists the modules bottom up. Dependencies run downward only; a test checks
//! this from the sources.
//!
//! | module | what it covers |
//! |---|---|
//! | [`id`], [`path`], [`clock`], [`limits`], [`error`] | names, paths, time and randomness, every limit, every kind of failure |
//! | [`policy`] | who may do what |
//! | [`wire`] | the v1 format without yrs: reads, measures, cuts and joins updates, and salvages damaged ones |
//! | [`gate`] | what may reach yrs: structure, missing prerequisites, forks |
//! | [`crdt`] | documents open in yrs or read from their bytes, and containers that exist once |
//! | [`store`] | documents on disk: layout, commit log, fold, replica lease; moves documents and never names a field |
//! | [`schema`] | what every record of every concern holds, as data ([`schema::Spec`]) |
//! | [`concern`] | what documents mean, and the operations of each concern |
//! | [`tombstone`] | deleted → acknowledged → prunable |
//! | [`merge`] | the rules that run after an import |
//! | [`operation`] | every change as data |
//! | [`query`] | the contents of a store, in types that serialise |
//! | [`inspect`] | reports about one document, from its bytes |
//! | [`check`] | what is wrong with a store, and what fixes it |
//! | [`foreign`] | Yjs documents as other programs keep them: the format, and the contents |
//! | [`recover`] | rebuilds a damaged document from what is left |
//! | [`disk`] | the files of disks in their directories |
//! | [`sync`] | bundles, export, import, peers; knows versions and bytes, not messages |
//! | [`sql`] | all of the above as read-only SQL views |
//! | [`machine`], [`entity`] | the machine at hand; stores and entities as a program uses them |
//!
//! The command line (feature `cli`) is built on these and is not part of the library.
//!
//! Principles:
//!
//! 1. **A change is data.** Every write is one [`Operation`].
//! 2. **A concern is data first.** Listing, pruning, acknowledging and merging are implemented once.
//! 3. **States are types.** A [`store::Reader`] cannot write; a [`store::Session`] holds the lock
//!    and, dropped, changes nothing; an unchecked update becomes a checked one only through the
//!    validator.
//! 4. **Answers are data.** What [`query`] returns serialises to the JSON of the command line, which
//!    is public API.
//! 5. **Untrusted until checked.** Bytes go bounds → hash → structure → yrs; there is no `unsafe`.
//!
//! # Glossary
//!
//! - **Replica**: one copy of a store, which writes under a client id of its own. Two replicas that
//!   write under one id destroy each other's work; a **lease** outside the store records which copy
//!   owns the id, so that a copied store gets another.
//! - **Update**: a part of a document's history as bytes. **State vector**: how much of each client
//!   id's history a document holds. **Delete set**: which of it is deleted.
//! - **Tombstone**: a deleted record that is still in its document. **Acknowledgement**: a member's
//!   replica has seen the deletion. **Prune**: remove the tombstone once all have acknowledged it.
//! - **Bundle**: updates of several documents for a peer. **Receipt**: the part of a bundle that says
//!   how much its sender has. **Prerequisite**: what an update builds on; without it the update waits.
//! - **Log**: what was committed here, in order; the source of truth. **Fold**: bring the `.yrs` files,
//!   which other programs read, up to date with the log.

#![forbid(unsafe_code)]

pub mod archive;
pub mod check;
pub mod clock;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cmd;
pub mod concern;
pub mod crdt;
pub mod disk;
pub mod entity;
pub mod error;
pub mod foreign;
pub mod gate;
pub mod id;
pub mod inspect;
pub mod limits;
pub mod machine;
pub mod merge;
pub mod operation;
mod parallel;
pub mod path;
pub mod policy;
pub mod query;
pub mod recover;
pub mod sample;
pub mod schema;
pub mod sql;
pub mod store;
pub mod sync;
#[cfg(test)]
mod testing;
pub mod tombstone;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod ui;
pub mod wire;

pub use concern::issues::Status;
pub use concern::{Priority, Role};
pub use entity::Entity;
pub use operation::Operation;
pub use store::Store;

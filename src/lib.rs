//! crdtctl: inspect and operate CRDT stores, offline, synced by exchanged files.
//!
//! A store is a directory of Yrs documents. Each entity in it (a group, channel, project or
//! organization) has a document for each of its concerns: its members, its chat, its board, its
//! issues, its whiteboard. Everything works without a network; replicas meet by bundles, which are
//! files or bytes that travel any way there is.
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
//! // Outside of a test: Store::create("/srv/alice", "alice-bob-charlie-delta")?
//! let alice = create("alice", "alice-bob-charlie-delta")?;
//! let group = alice.entity("group:ocean-forest-moon-star")?;
//! group.members().add("alice-bob-charlie-delta", Role::Owner)?;
//! group.members().add("echo-foxtrot-golf-hotel", Role::Member)?;
//! let hello = group.chat().send("Hello, World!")?;
//!
//! // Two other replicas take in what the first one has; what they say comes back.
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
//! A program starts at [`Store`] and [`Entity`]; what it reads is in [`query`], what it can do in
//! [`operation`]. Below, the modules bottom up. Dependencies run downward only; a test reads this
//! from the sources.
//!
//! | module | what it knows |
//! |---|---|
//! | [`id`], [`path`], [`clock`], [`limits`], [`error`] | names, paths, time and chance, every limit, every kind of failure |
//! | [`policy`] | who may do what |
//! | [`wire`] | the v1 format without yrs: updates read, measured, cut and joined, and what is left of damaged ones |
//! | [`gate`] | what may reach yrs: the structure, what is ready, what forked |
//! | [`crdt`] | documents open in yrs or read from their bytes, and containers that exist once |
//! | [`store`] | documents on disk: layout, commit log, fold, replica lease; moves documents and never names a field |
//! | [`schema`] | what every record of every concern holds, as data ([`schema::Spec`]) |
//! | [`concern`] | what documents mean, and the operations of each concern |
//! | [`tombstone`] | deleted → acknowledged → prunable |
//! | [`merge`] | the rules that follow an import |
//! | [`operation`] | every change as data |
//! | [`query`] | what a store says, in types that serialise |
//! | [`inspect`] | the microscope: reports over one document, from its bytes |
//! | [`check`] | what is wrong with a store, and what mends it |
//! | [`foreign`] | what other programs keep of Yjs documents: which form it has, and what is in it |
//! | [`recover`] | a damaged document, built again from what is left |
//! | [`disk`] | the files of disks as they lie in directories |
//! | [`sync`] | bundles, export, import, peers; knows versions and bytes, not messages |
//! | [`sql`] | everything above as views that a query in SQL reads, and nothing else |
//! | [`machine`], [`entity`] | the machine at hand; stores and entities as a program uses them |
//!
//! The command line (feature `cli`) stands on top of these and is no part of the library.
//!
//! What it stands on:
//!
//! 1. **A change is data.** Every write is one [`Operation`].
//! 2. **A concern is data first.** Listing, pruning, acknowledging and merging are written once.
//! 3. **States are types.** A [`store::Reader`] cannot write; a [`store::Session`] holds the lock
//!    and, dropped, changes nothing; an unchecked update becomes a checked one only through the
//!    validator.
//! 4. **Answers are data.** What [`query`] returns serialises to the JSON of the command line, which
//!    is public API.
//! 5. **Untrusted until checked.** Bytes go bounds → hash → structure → yrs, and no `unsafe`.
//!
//! # Glossary
//!
//! - **Replica**: one copy of a store, with a client id of its own that it writes under. Two that
//!   write under one id destroy each other's work; a **lease** outside of the store says whose the id
//!   is, so that a copied store gets another.
//! - **Update**: a part of a document's history as bytes. **State vector**: how much of each client
//!   id's history a document holds. **Delete set**: which of it is deleted.
//! - **Tombstone**: a record that is deleted and still there. **Acknowledgement**: a member's
//!   replica has seen the deletion. **Prune**: take the tombstone out, once all have.
//! - **Bundle**: updates of several documents for a peer. **Receipt**: what a bundle says of how much
//!   its sender has. **Prerequisite**: what an update builds upon; without it the update waits.
//! - **Log**: what was committed here, in order; the truth. **Fold**: bring the `.yrs` files, which
//!   other programs read, up to the log.

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

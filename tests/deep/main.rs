//! The deep tests: invariants that must hold whatever happens, in whatever order.
//!
//! There are two layers. [`world`] simulates replicas in process, on the library: thousands of random
//! histories ([`convergence`]), and many thousands on documents in memory ([`memory`]). The others go through
//! the binary: processes that are killed ([`crash`]), power cuts that lose unsynced writes ([`power`]),
//! concurrent processes ([`concurrent`]), stores that were copied or rolled back ([`lease`]), members who
//! come back ([`rejoin`]), and one history that breaks plain yrs ([`history`]).

// A test that does not find what it expects fails by panicking; its helpers may panic, too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice)]

#[path = "../support/application.rs"]
mod application;
mod archive;
mod archive_year;
mod archiving;
mod asked;
mod boards;
mod canvases;
mod concurrent;
mod convergence;
mod crash;
mod crash_files;
mod disk;
mod facts;
mod faults;
mod history;
mod lease;
mod memory;
mod mixed;
mod paged;
mod pages;
mod plain;
mod power;
mod rejoin;
mod reverts;
mod rubbish;
mod stick;
#[path = "../support.rs"]
#[allow(dead_code)]
mod support;
mod talk;
mod together;
mod trash;
mod travel;
mod world;

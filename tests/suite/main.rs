//! The command line, tested through the binary: every command, its output for people, pipes and programs, and
//! every exit code.

// A test that does not find what it expects fails by panicking; its helpers may panic, too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice)]

#[path = "../support.rs"]
mod support;

mod administrator;
mod anonymize;
mod any_file;
#[allow(dead_code)]
#[path = "../support/application.rs"]
mod application;
mod architecture;
mod archive;
mod archive_attached;
mod archive_damage;
mod archive_guide;
mod archive_late;
mod archive_ledger;
mod archive_lost;
mod archive_modes;
mod archive_pruned;
mod archive_reactions;
mod archive_search;
mod archive_travels;
mod audit;
mod batch;
mod beside;
mod bigint;
mod canvas;
mod canvas_relay;
mod carried;
mod chat;
mod check;
mod claims;
mod cli;
mod conflicts;
mod damage;
mod databases;
mod demo;
mod diff;
mod disk;
mod disk_attached;
mod disk_bundles;
mod disk_care;
mod disk_documents;
mod disk_files;
mod disk_guide;
mod disk_hostile;
mod disk_moved;
mod disk_places;
mod disk_private;
mod disk_renamed;
mod disk_site;
mod disk_versions;
mod disks;
mod documents;
mod dry_runs;
#[cfg(unix)]
mod editor;
mod entities;
mod errors;
#[cfg(unix)]
mod examples;
mod export;
mod field;
mod fields;
mod fixtures;
mod fold;
mod foreign;
mod foreign_damaged;
mod foreign_formats;
mod foreign_long;
mod generated;
mod hints;
mod history;
mod hostile;
mod identity;
mod interchange;
mod issues;
mod kanban;
mod kanban_merges;
mod limits;
mod load;
mod log;
mod log_revert;
mod members;
mod mixed;
mod nouns;
mod older_file;
mod one_damaged;
mod oracle;
mod order;
mod output;
mod peers;
mod pictures;
mod places;
mod plain;
mod programs;
mod prose;
mod recover;
mod removals;
mod repair;
mod results;
#[cfg(unix)]
mod rich_concerns;
mod shells;
mod size;
mod sql;
mod state_dir;
mod status;
mod sync_files;
mod sync_several;
#[cfg(unix)]
mod sync_stick;
mod sync_waits;
mod tables;
mod tail;
mod terminal;
mod threads;
mod tombstones;
mod trash;
mod types;
mod unread;
mod why;
mod writes;

//! `crdtctl sync`: bundles out, bundles in, and who has what.

mod args;
mod contents;
mod exchange;
mod incoming;
mod look;
mod records;
mod stick;

pub(super) use exchange::{load, raw_document};
pub(super) use incoming::read_bundle;

use super::{Context, DryRun};
use crate::error::Result;
use crate::ui::Report;
use args::{ExportArgs, ImportArgs, ReceiptArgs};
use clap::Subcommand;
use std::path::PathBuf;

/// Sync by file: export and import bundles, see what peers have
///
/// A bundle holds documents, or only what one peer lacks, and travels by USB stick, mail or any
/// shared folder. Every bundle is also a receipt: it says what its sender has.
#[derive(clap::Args)]
pub struct SyncArgs {
    #[command(subcommand)]
    verb: SyncVerb,
}

#[derive(Subcommand)]
enum SyncVerb {
    /// Write a bundle: everything, or with --for what one peer lacks
    ///
    /// A document that cannot be read is left out and named; the bundle then does not claim to be full,
    /// and the exit code is 5. File contents go with the documents that refer to them, each once, and
    /// with --for only those that the peer lacks. With --with-archive the bundle includes archived
    /// records: all of them, or with --for those that the peer lacks, judging by its last bundle or
    /// receipt that lists its archive. Rows that do not fit into one bundle go into the next.
    #[command(after_help = "Examples:
  crdtctl sync export -O everything.crdt
  crdtctl sync export --for bob-hill-lake-tree -O for-bob.crdt
  crdtctl sync export --for bob-hill-lake-tree --with-archive -O for-bob.crdt
  crdtctl sync export --for 3f2a --if-new -O - | ssh bob crdtctl sync import -")]
    Export(ExportArgs),
    /// Read bundles: all of them in one commit, or none
    ///
    /// With --keep-going, bundles that cannot be imported are left out and named (exit 3), and the rest
    /// is imported. Bundles can come in any order, and importing one again changes nothing. An update
    /// that arrives before its prerequisites waits (exit 7) and is applied by the import that brings
    /// them. Updates for a document that cannot be read wait too; all others are imported. Archived rows
    /// that are missing here are added to the archive. File contents come last, piece by piece: after an
    /// interruption, repeating the import continues. --dry-run shows what would happen to each record,
    /// and which roles would change.
    #[command(after_help = "Examples:
  crdtctl sync import from-bob.crdt
  crdtctl sync import --dry-run ~/usb/*.crdt
  crdtctl sync import --keep-going ~/usb/*.crdt
  crdtctl sync import --raw chat chat.yjs")]
    Import(ImportArgs),
    /// Sync with a USB stick: import what is new on it, write to it what others lack
    ///
    /// Works with a stick, or any directory that is passed round or shared. Everything new there is
    /// imported; what cannot be is left out and named (exit 3). A bundle is written for each replica that
    /// lacks something, and a full one for members never heard of. A receipt says what is here. This
    /// store's bundles that nobody needs any more are removed; all other files stay as they are. It always
    /// covers the whole store, whatever -e says. With --with-archive, archived records are included. A
    /// file gets its name only when it is complete: pulling out the stick does no harm, and repeating
    /// the command continues.
    #[command(after_help = "Examples:
  crdtctl sync stick ~/usb
  crdtctl sync stick -n ~/usb
  crdtctl sync stick ~/usb --json | jq '.files[] | select(.state == \"written\") | .to'")]
    Stick(stick::Stick),
    /// Show each peer: what it lacks, what we lack, what waits
    ///
    /// This is based on the last bundle of each peer. A document is agreed if version and content digest
    /// are equal; if the versions differ, one side lacks something. Operations count every value ever
    /// written; a deletion alone counts none. The bytes to send are those of the updates in an export
    /// with --for, before compression.
    #[command(after_help = "Examples:
  crdtctl sync status
  crdtctl sync status --json | jq '.[] | select(.waiting > 0) | .waits'
  crdtctl sync status --exit-code -q || crdtctl sync export --for bob- -O for-bob.crdt")]
    Status {
        /// Exit with 3 if anyone is behind
        #[arg(long)]
        exit_code: bool,
    },
    /// Write a bundle without updates, which tells others what is here
    #[command(after_help = "Examples:
  crdtctl sync receipt -O what-alice-has.crdt")]
    Receipt(ReceiptArgs),
    /// Show what a bundle says it holds, without importing it
    #[command(after_help = "Examples:
  crdtctl sync show from-bob.crdt
  crdtctl sync show from-bob.crdt --records
  crdtctl sync show from-bob.crdt --json | jq '.documents[].doc'")]
    Show {
        /// The bundle; `-` is standard input
        file: PathBuf,
        /// Show what importing it would change, record by record
        #[arg(long)]
        records: bool,
    },
    /// Check a whole bundle, without a store: bounds, hashes, every update
    #[command(after_help = "Examples:
  crdtctl sync verify from-bob.crdt")]
    Verify {
        /// The bundle; `-` is standard input
        file: PathBuf,
    },
    /// List the replicas that bundles came from
    #[command(after_help = "Examples:
  crdtctl sync peers
  crdtctl sync peers -o id")]
    Peers,
    /// Forget a peer: its next export is a full one
    #[command(after_help = "Examples:
  crdtctl sync forget 3f2a")]
    Forget {
        /// The replica (a prefix is enough) or its member
        peer: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

pub fn run(context: &Context, args: SyncArgs) -> Result<Report> {
    match args.verb {
        SyncVerb::Export(args) => exchange::export(context, &args),
        SyncVerb::Receipt(args) => exchange::receipt(context, &args),
        SyncVerb::Import(args) => exchange::import(context, &args),
        SyncVerb::Stick(args) => stick::run(context, &args),
        SyncVerb::Status { exit_code } => look::status(context, exit_code),
        SyncVerb::Show { file, records } => look::show(context, &file, records),
        SyncVerb::Verify { file } => look::verify(context, &file),
        SyncVerb::Peers => look::peers(context),
        SyncVerb::Forget { peer, .. } => look::forget(context, &peer),
    }
}

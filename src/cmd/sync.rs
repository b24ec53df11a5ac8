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
/// A bundle holds documents, or only what one peer lacks, and goes by USB stick, mail or any
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
    /// A document that cannot be read is left out and named; the bundle does not claim to be full
    /// then, and the exit code is 5. The contents of files go with the documents that name them, each
    /// once, and to a peer only those that it lacks.
    /// With --with-archive it carries what is archived here: all of it, or with --for what the peer
    /// lacks by the last bundle or receipt of its own that says what it has archived. Rows that
    /// do not fit into one bundle go with the next.
    #[command(after_help = "Examples:
  crdtctl sync export -O everything.crdt
  crdtctl sync export --for bob-hill-lake-tree -O for-bob.crdt
  crdtctl sync export --for bob-hill-lake-tree --with-archive -O for-bob.crdt
  crdtctl sync export --for 3f2a --if-new -O - | ssh bob crdtctl sync import -")]
    Export(ExportArgs),
    /// Read bundles: all of them in one commit, or none
    ///
    /// With --keep-going what cannot be taken is left out and named (exit 3), and the rest is
    /// imported.
    /// Importing twice, in any order, changes nothing. What comes before its prerequisites waits
    /// (exit 7) and is applied by the import that brings them. So does what comes for a document
    /// that cannot be read; all others are imported. Archived rows in a bundle are added to the
    /// archive, where they are not there. The contents of files come after that, piece by piece:
    /// where that was interrupted, the same import again goes on. With --dry-run it says record by
    /// record what would become of them, and which roles would change.
    #[command(after_help = "Examples:
  crdtctl sync import from-bob.crdt
  crdtctl sync import --dry-run ~/usb/*.crdt
  crdtctl sync import --keep-going ~/usb/*.crdt
  crdtctl sync import --raw chat chat.yjs")]
    Import(ImportArgs),
    /// Do all that is to be done with a stick: take in what is new, put there what others lack
    ///
    /// A stick, or any directory that goes round or is shared. Everything new there is imported;
    /// what cannot be is left out and named (exit 3). For each replica that lacks something a bundle
    /// is written, and a whole one for all members of whom nothing was heard yet. A receipt says
    /// what is here. Bundles of ours that nobody needs any more are taken away; all other files stay
    /// as they are. It is about all of the store, whatever -e says. With --with-archive what is
    /// archived goes round as well. A file gets its name when it is
    /// whole: a stick that was pulled out holds nothing that does harm, and the same command again
    /// goes on.
    #[command(after_help = "Examples:
  crdtctl sync stick ~/usb
  crdtctl sync stick -n ~/usb
  crdtctl sync stick ~/usb --json | jq '.files[] | select(.state == \"written\") | .to'")]
    Stick(stick::Stick),
    /// Show each peer: what it lacks, what we lack, what waits
    ///
    /// As far as the last bundle of each peer tells. A document is agreed where the version and the
    /// digest of the content are the same; where the versions differ, somebody lacks something.
    /// Operations count every value that was ever
    /// written; a deletion alone has none. The bytes to send are those of the updates in an export
    /// with --for, before they are packed.
    #[command(after_help = "Examples:
  crdtctl sync status
  crdtctl sync status --json | jq '.[] | select(.waiting > 0) | .waits'
  crdtctl sync status --exit-code -q || crdtctl sync export --for bob- -O for-bob.crdt")]
    Status {
        /// Exit with 3 when anyone is behind
        #[arg(long)]
        exit_code: bool,
    },
    /// Write a bundle without updates, which tells others what is here
    #[command(after_help = "Examples:
  crdtctl sync receipt -O what-alice-has.crdt")]
    Receipt(ReceiptArgs),
    /// Show what a bundle says that it holds, without importing it
    #[command(after_help = "Examples:
  crdtctl sync show from-bob.crdt
  crdtctl sync show from-bob.crdt --records
  crdtctl sync show from-bob.crdt --json | jq '.documents[].doc'")]
    Show {
        /// The bundle; `-` is standard input
        file: PathBuf,
        /// What importing it would change, record by record
        #[arg(long)]
        records: bool,
    },
    /// Check a bundle whole, without a store: bounds, hashes, every update
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

//! Arguments of the commands that write and read bundles.

use super::super::{DryRun, OutFile};
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct ExportArgs {
    #[command(flatten)]
    pub out: OutFile,
    /// Only what this peer lacks: a replica (a prefix is enough) or its member
    ///
    /// A bundle for a replica of your own member includes private disks; no other bundle does.
    #[arg(long = "for", value_name = "PEER", conflicts_with = "since")]
    pub peer: Option<String>,
    /// Only what the sender of this bundle lacked when it made the bundle
    #[arg(long, value_name = "FILE")]
    pub since: Option<PathBuf>,
    /// Only this document; can be given again
    #[arg(long, value_name = "DOC")]
    pub doc: Vec<String>,
    /// Include archived records that the receiver lacks
    #[arg(long)]
    pub with_archive: bool,
    /// Write no file when there is nothing new
    #[arg(long)]
    pub if_new: bool,
    /// Leave out the contents of binary files: only their names are sent, and the receiver can ask for them
    #[arg(long, conflicts_with = "files_under")]
    pub without_files: bool,
    /// Leave out the contents of files larger than this, such as 500k, 10M or 1G
    #[arg(long, value_name = "SIZE", value_parser = super::contents::size)]
    pub files_under: Option<u64>,
    /// The bare Yrs v1 state of one document, for other Yjs and Yrs programs
    #[arg(long, value_name = "DOC", conflicts_with_all = ["peer", "since", "doc", "with_archive", "if_new", "without_files", "files_under"])]
    pub raw: Option<String>,
    #[command(flatten)]
    pub _dry_run: DryRun,
}

#[derive(clap::Args)]
pub struct ReceiptArgs {
    #[command(flatten)]
    pub out: OutFile,
    /// Only this document; can be given again
    #[arg(long, value_name = "DOC")]
    pub doc: Vec<String>,
    /// Include what is archived here, so that nobody sends it again
    #[arg(long)]
    pub with_archive: bool,
    #[command(flatten)]
    pub _dry_run: DryRun,
}

#[derive(clap::Args)]
pub struct ImportArgs {
    /// The bundles; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The files are not bundles but updates of this document, in any form that `doc kind` recognises
    #[arg(long, value_name = "DOC")]
    pub raw: Option<String>,
    /// Leave out files that are damaged, refused or missing, and import the rest
    #[arg(short, long)]
    pub keep_going: bool,
    #[command(flatten)]
    pub dry_run: DryRun,
}

use crate::cmd::foreign::FromKind;
use crate::cmd::{Context, DryRun, files, sync};
use crate::error::{Error, Result};
use crate::ui::Report;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct LoadArgs {
    /// The update, or any file in which `doc kind` finds updates; `-` is standard input
    file: PathBuf,
    /// The document; the full id for a new one. Not needed for a file of a store
    #[arg(long, value_name = "DOC")]
    doc: Option<String>,
    /// Load even content that will then appear twice
    #[arg(long)]
    doubled: bool,
    #[command(flatten)]
    from: FromKind,
    #[command(flatten)]
    dry_run: DryRun,
}

pub fn run(context: &Context, args: LoadArgs) -> Result<Report> {
    let doc = match &args.doc {
        Some(wanted) => sync::raw_document(context, wanted)?,
        None => files::document_of(&args.file).ok_or_else(|| {
            Error::usage(format!("which document does {} belong to?", files::name(&args.file)))
                .hint("name it with `--doc DOC`; `crdtctl doc list` shows those in the store")
        })?,
    };
    sync::load(context, &args.file, args.from, &doc, args.doubled, args.dry_run)
}

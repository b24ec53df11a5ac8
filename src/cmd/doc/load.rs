use crate::cmd::foreign::FromKind;
use crate::cmd::{Context, DryRun, files, sync};
use crate::error::{Error, Result};
use crate::ui::Report;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct LoadArgs {
    /// The update, or whatever `doc kind` finds updates in; `-` is standard input
    file: PathBuf,
    /// The document; a new one by its whole id. Not needed for a file of a store
    #[arg(long, value_name = "DOC")]
    doc: Option<String>,
    /// Bring in even what will be there twice then
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
                .hint("name it with `--doc DOC`; `crdtctl doc list` shows those that are here")
        })?,
    };
    sync::load(context, &args.file, args.from, &doc, args.doubled, args.dry_run)
}

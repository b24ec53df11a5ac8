use super::log::timed;
use crate::cmd::Context;
use crate::cmd::foreign::FromKind;
use crate::cmd::subject::no_longer_decodes;
use crate::error::Result;
use crate::inspect::blame::{blame, container};
use crate::inspect::steps::WrittenAt;
use crate::ui::{Column, Report, rows};

/// Show who wrote which part of a text, a list or a map
///
/// One row per run of text that one client wrote in one go, per element, or per key: the client id, its
/// clocks, and when it was written, if the file records that. Formats are left out; `doc explain` shows them.
/// A path is a root, then keys and indexes of elements: `cells/0/source`; `doc tree` lists the paths. In a key,
/// `~1` stands for `/` and `~0` for `~`, as `doc tree` prints them.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl doc blame state.bin text
  crdtctl doc blame '.jupyter_ystore.db#json:notebook:one' cells/0/source
  crdtctl doc blame state.bin settings --json | jq -r '.[] | \"\\(.place) \\(.client)\"'")]
pub struct BlameArgs {
    /// The document, or a file; `-` is standard input
    doc: String,
    /// The path of the text, list or map: `cells/0/source`
    #[arg(value_name = "PLACE")]
    path: String,
    #[command(flatten)]
    from: FromKind,
}

const COLUMNS: &[Column] = &[
    Column::text("place", "at"),
    Column::text("client", "client"),
    Column::number("from", "from clock"),
    Column::number("to", "to clock").wide(),
    Column::time("at", "written"),
    Column::prose("what", "what"),
];

pub fn run(context: &Context, args: &BlameArgs) -> Result<Report> {
    let file = context.any_document(&args.doc, args.from)?;
    let types = file.types()?;
    file.note_unshown(context, &types);
    let times = WrittenAt::of(&timed(&file)).map_err(no_longer_decodes)?;
    let found = blame(&types, container(&types, &args.path)?, &times);
    Ok(Report::list(rows(&found)?, COLUMNS, Some("client"), "nothing is there"))
}

use crate::cmd::Context;
use crate::cmd::foreign::FromKind;
use crate::cmd::subject::LooseDocument;
use crate::error::{Error, Result};
use crate::inspect::steps::steps;
use crate::ui::{Column, Report, rows};
use crate::wire::Update;

/// Show the history that a document or a file still has
///
/// For a log or a database, one row per update and client: what it added to the updates before it, how much
/// of that can still be read, how much is not deleted at the end, and when it was written, if that is
/// recorded (pycrdt-store and Jupyter, any database with a column of times). For a single state, one row per
/// client. `doc show`, `dump` and `diff` show the document at such a point with `--at '#N'` or `--at TIME`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl doc log state.bin
  crdtctl doc log '.jupyter_ystore.db#json:notebook:one'
  crdtctl doc dump '.jupyter_ystore.db#json:notebook:one' --at '#2'")]
pub struct DocLogArgs {
    /// The document, or a file; `-` is standard input
    doc: String,
    #[command(flatten)]
    from: FromKind,
}

const COLUMNS: &[Column] = &[
    Column::number("step", "update"),
    Column::time("at", "written"),
    Column::text("client", "client"),
    Column::number("from", "from clock"),
    Column::number("to", "to clock"),
    Column::number("units", "units"),
    Column::number("readable", "readable"),
    Column::number("live", "live"),
    Column::number("deletes", "deletes"),
    Column::list("roots", "roots"),
];

pub fn run(context: &Context, args: &DocLogArgs) -> Result<Report> {
    let file = context.any_document(&args.doc, args.from)?;
    let found = steps(&walked(&file)?);
    Ok(Report::list(rows(&found)?, COLUMNS, Some("step"), "nobody has written anything"))
}

/// Returns every update of a document with its time.
pub fn walked(file: &LooseDocument) -> Result<Vec<(Update<'_>, Option<i64>)>> {
    let walked = file.document.steps.iter().map(|step| {
        let update = Update::walk(&step.update).map_err(|fault| {
            Error::bug("an update that was read does not decode").because(fault)
        })?;
        Ok((update, step.at))
    });
    walked.collect()
}

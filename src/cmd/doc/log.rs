use crate::cmd::Context;
use crate::cmd::foreign::FromKind;
use crate::cmd::subject::{LooseDocument, no_longer_decodes};
use crate::error::Result;
use crate::inspect::steps::{History, TimedUpdate};
use crate::ui::{Column, Report, Take, hand_out};
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
    file.note_fork(context);
    // Without blocks and deletions an update is two zeros.
    if file.update.iter().all(|byte| *byte == 0) {
        return Ok(Report::list(Vec::new(), COLUMNS, Some("step"), "nobody has written anything"));
    }
    // A long log has as many rows as updates, each of them far larger than its update.
    let rows = move |take: Take<'_>| {
        let updates = timed(&file);
        let end = Update::walk(&file.update).map_err(no_longer_decodes)?;
        hand_out(History::of(&end, &updates).map_err(no_longer_decodes)?.steps(), take)
    };
    Ok(Report::stream(rows, COLUMNS, Some("step")))
}

/// Returns every update of a document with its time.
pub fn timed(file: &LooseDocument) -> Vec<TimedUpdate<'_>> {
    let steps = file.document.steps.iter();
    steps.map(|step| TimedUpdate { bytes: &step.update, at: step.at }).collect()
}

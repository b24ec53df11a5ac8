use crate::cmd::Context;
use crate::cmd::foreign::FromKind;
use crate::error::{Error, Result};
use crate::inspect::explain::explain;
use crate::ui::{Column, Report, rows};
use crate::wire::Update;

/// Say what an update does
///
/// One row a thing that it does, by client and clock, deletions last: text that it inserts, elements that
/// it adds, values that it sets under keys, formats, what it deletes. An update names where something
/// stands only by what stands beside it: `--base` is the document that it is for, and with it every path is
/// known, and what is deleted is told.
///
/// Who deleted something is kept nowhere: a deletion is listed under the client that wrote what is gone.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl doc explain change.bin --base state.bin
  crdtctl doc explain state.bin
  crdtctl doc explain change.bin --base state.bin --json | jq -r '.[] | select(.does == \"deletes-text\").what'")]
pub struct ExplainArgs {
    /// The update; `-` is standard input
    update: String,
    /// The document or file that it is for
    #[arg(long, value_name = "FILE")]
    base: Option<String>,
    #[command(flatten)]
    from: FromKind,
}

const COLUMNS: &[Column] = &[
    Column::text("client", "client"),
    Column::number("from", "from clock"),
    Column::number("to", "to clock"),
    Column::text("does", "does"),
    Column::text("path", "path"),
    Column::number("units", "units"),
    Column::prose("what", "what"),
];

pub fn run(context: &Context, args: &ExplainArgs) -> Result<Report> {
    let file = context.any_document(&args.update, args.from)?;
    let base = args.base.as_ref();
    let base = base.map(|base| context.any_document(base, FromKind { kind: None })).transpose()?;
    let walk = |bytes| {
        Update::walk(bytes)
            .map_err(|fault| Error::bug("an update was read and is none").because(fault))
    };
    let update = walk(&file.update)?;
    let known = base.as_ref().map(|base| walk(&base.update)).transpose()?;
    if let Some(known) = &known
        && let Some(id) = update.contradicts(known)
    {
        let base = args.base.as_deref().unwrap_or_default();
        return Err(Error::new(
            crate::error::Kind::Forked,
            format!("{} is no part of the same document as {base}", file.name),
        )
        .because(format!(
            "client id {}, from clock {}, wrote something else there",
            id.client, id.clock
        )));
    }
    let acts = explain(&update, known.as_ref());
    let unplaced = acts.iter().filter(|act| act.path.is_none() && act.what.is_some()).count();
    let report = Report::list(rows(&acts)?, COLUMNS, Some("client"), "it does nothing");
    Ok(match (unplaced, &base) {
        (0, _) => report,
        (n, None) => report.note(format!(
            "where {n} of these stand is known only to what it builds upon: `--base FILE` names that"
        )),
        (n, Some(_)) => report
            .note(format!("where {n} of these stand is not known: something is missing in between")),
    })
}

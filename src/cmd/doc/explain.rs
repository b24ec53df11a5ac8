use crate::cmd::Context;
use crate::cmd::foreign::FromKind;
use crate::cmd::subject::no_longer_decodes;
use crate::error::{Error, Result};
use crate::inspect::explain::explain;
use crate::ui::{Column, Report, rows};
use crate::wire::Update;

/// Explain what an update does
///
/// One row per change, by client and clock, deletions last: text that it inserts, elements that it adds,
/// values that it sets under keys, formats, what it deletes. An update gives positions only relative to
/// neighbouring blocks: with `--base`, the document it applies to, every path can be resolved and deleted
/// content is shown.
///
/// An update does not record who deleted something: a deletion is listed under the client that wrote the
/// deleted content.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl doc explain change.bin --base state.bin
  crdtctl doc explain state.bin
  crdtctl doc explain change.bin --base state.bin --json | jq -r '.[] | select(.does == \"deletes-text\").what'")]
pub struct ExplainArgs {
    /// The update; `-` is standard input
    update: String,
    /// The document or file that it applies to
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
    [Some(&file), base.as_ref()].into_iter().flatten().for_each(|file| file.note_fork(context));
    let walk = |bytes| Update::walk(bytes).map_err(no_longer_decodes);
    let update = walk(&file.update)?;
    let known = base.as_ref().map(|base| walk(&base.update)).transpose()?;
    if let Some(known) = &known
        && let Some(id) = update.contradicts(known)
    {
        let base = args.base.as_deref().unwrap_or_default();
        return Err(Error::new(
            crate::error::Kind::Forked,
            format!("{} does not belong to the same document as {base}", file.name),
        )
        .because(format!(
            "client id {} wrote different content from clock {} on",
            id.client, id.clock
        )));
    }
    let acts = explain(&update, known.as_ref());
    let unplaced = acts.iter().filter(|act| act.path.is_none() && act.what.is_some()).count();
    let report = Report::list(rows(&acts)?, COLUMNS, Some("client"), "it does nothing");
    Ok(match (unplaced, &base) {
        (0, _) => report,
        (n, None) => report.note(format!(
            "the place of {n} of these is known only from the base document: `--base FILE` names it"
        )),
        (n, Some(_)) => report
            .note(format!("the place of {n} of these is unknown: updates in between are missing")),
    })
}

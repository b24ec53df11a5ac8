use super::{Context, DryRun};
use crate::error::Result;
use crate::operation::{Operation, Untrash};
use crate::query::trash::{self as query, TrashedRecord};
use crate::ui::{Column, Report, row, rows};
use clap::Subcommand;

/// Show records that are gone for good, kept for 30 days, and make new ones from them
///
/// A deleted record leaves its document when every active member has acknowledged the deletion; then no
/// replica has it any more. Whatever leaves a document of this replica, no matter why, is kept here, at
/// most 64 MiB in total. Each replica has its own trash.
#[derive(clap::Args)]
pub struct TrashArgs {
    #[command(subcommand)]
    verb: TrashVerb,
}

#[derive(Subcommand)]
enum TrashVerb {
    /// List the records in the trash, latest first
    ///
    /// The reasons: `pruned` by this replica, `peer` pruned by another, `removed` without a tombstone (a
    /// column), `replaced` by a new record (a member who was added again).
    #[command(after_help = "Examples:
  crdtctl trash list
  crdtctl trash list --json | jq '.[] | {id, kind, member}'")]
    List,
    /// Show one record, with every field that it had
    #[command(after_help = "Example:\n  crdtctl trash show 3f2a --json | jq .record")]
    Show {
        /// The id that the record had, or a unique prefix of it
        #[arg(value_name = "TRASHED")]
        record: String,
    },
    /// Make a new record with the content of one in the trash; prints the new id
    ///
    /// A pruned id never comes back, so the record gets a new one, and what refers to the old one stays
    /// there: replies to a message stay in the old thread. Attachments and reactions are restored, and
    /// the files that `chat delete --with-files` removed. A message or comment keeps its author if the
    /// author, an admin or an owner restores it; otherwise the restoring member becomes its author, the
    /// text begins with the original author's name, and the reactions are left out. To restore a member,
    /// use `member add`.
    #[command(after_help = "Examples:
  crdtctl trash restore 3f2a
  crdtctl trash list --json | jq -r '.[] | select(.kind == \"message\").id' \\
    | xargs -r -n1 crdtctl trash restore")]
    Restore {
        /// The id that the record had, or a unique prefix of it
        #[arg(value_name = "TRASHED")]
        record: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

const COLUMNS: &[Column] = &[
    Column::id("id", "id"),
    Column::text("kind", "kind"),
    Column::time("at", "gone"),
    Column::text("why", "why"),
    Column::text("member", "by").wide(),
    Column::prose("text", "text"),
    Column::text("doc", "document").wide(),
    Column::id("restored_as", "restored as").filled(),
];

const SHOW: &[Column] = &[
    Column::text("id", "id"),
    Column::text("kind", "kind"),
    Column::text("doc", "document"),
    Column::text("path", "path"),
    Column::time("at", "gone"),
    Column::text("why", "why"),
    Column::text("member", "by"),
    Column::text("restored_as", "restored as"),
    Column::prose("text", "text"),
    Column::text("record", "record"),
];

pub fn run(context: &Context, args: TrashArgs) -> Result<Report> {
    match args.verb {
        TrashVerb::List => list(context),
        TrashVerb::Show { record } => show(context, &record),
        TrashVerb::Restore { record, .. } => {
            context.perform(&Operation::TrashRestore(Untrash { record }))
        }
    }
}

/// Returns the trash of the store or, with -e, of one entity, latest first.
pub fn all(context: &Context) -> Result<Vec<TrashedRecord>> {
    let reader = context.reader()?;
    query::list(&reader, context.named_entities(&reader)?.as_ref())
}

fn list(context: &Context) -> Result<Report> {
    Ok(Report::list(rows(&all(context)?)?, COLUMNS, Some("id"), "the trash is empty"))
}

fn show(context: &Context, wanted: &str) -> Result<Report> {
    let reader = context.reader()?;
    let found = query::find(&reader, context.named_entities(&reader)?.as_ref(), wanted)?;
    Ok(Report::object(row(&found)?, SHOW, Some("id")))
}

use super::{Context, DryRun};
use crate::error::Result;
use crate::operation::{Operation, Untrash};
use crate::query::trash::{self as query, TrashedRecord};
use crate::ui::{Column, Report, row, rows};
use clap::Subcommand;

/// Records that are gone for good, kept for 30 days: what they were, and a new one of each
///
/// A deleted record leaves its document when every active member has acknowledged the deletion; no
/// replica has it then. What left a document of this replica, by whoever's doing, is kept here,
/// at most 64 MiB of it. The trash is this replica's own: others have theirs.
#[derive(clap::Args)]
pub struct TrashArgs {
    #[command(subcommand)]
    verb: TrashVerb,
}

#[derive(Subcommand)]
enum TrashVerb {
    /// List what went, the latest first
    ///
    /// Why: `pruned` by this replica, `peer` by another one of which this one heard, `removed`
    /// without a tombstone (a column), `replaced` by a new record (a member who was added again).
    #[command(after_help = "Examples:
  crdtctl trash list
  crdtctl trash list --json | jq '.[] | {id, kind, member}'")]
    List,
    /// Show one, with every field that its record had
    #[command(after_help = "Example:\n  crdtctl trash show 3f2a --json | jq .record")]
    Show {
        /// The id that the record had, or a unique prefix of it
        #[arg(value_name = "TRASHED")]
        record: String,
    },
    /// Make a new record with the content of one; prints the new id
    ///
    /// An id that was pruned never comes back, so the record gets another, and what was said about
    /// the old one stays there: the replies to a message stay in the old thread. Its attachments and
    /// reactions come with it. The author of a message or comment stays its author where that is
    /// whoever restores it, or an admin or owner does; else whoever restores it says it, with the
    /// author's name before it and without the reactions. A member is added by `member add`.
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

/// What is in the trash of the store or, with -e, of one entity; the latest first.
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

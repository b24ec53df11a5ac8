use super::{Context, resolve, time};
use crate::error::{Kind, Result};
use crate::query::tombstone::{self as query, Acknowledger, DeletedRecord, Explanation};
use crate::ui::{Column, Report, Section, row, rows};
use clap::Subcommand;

/// Deleted records: which are still there, and whom they wait for
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the tombstones of the store or, with -e, of one entity
    #[command(after_help = "Examples:
  crdtctl tombstone list
  crdtctl tombstone list --blocked
  crdtctl tombstone list --json | jq -r '.[].waiting_for[]' | sort | uniq -c")]
    List {
        /// Only those that cannot be pruned yet
        #[arg(long)]
        blocked: bool,
    },
    /// Explain one: who deleted it, whom it waits for, and what goes with it
    ///
    /// When a member was last heard of is when the last bundle of one of its replicas was made.
    /// `bytes` is what the record takes in the document, `frees` what of it goes: its key stays.
    #[command(after_help = "Examples:
  crdtctl tombstone why 3f2a
  crdtctl tombstone why bob-hill-lake-tree -e ocean-forest-moon-star --json")]
    Why {
        /// The deleted record: a message, a reply, a member
        #[arg(value_name = "TOMBSTONE")]
        id: String,
    },
}

const COLUMNS: &[Column] = &[
    Column::text("doc", "document").wide(),
    Column::text("kind", "kind"),
    Column::id("id", "id"),
    Column::time("deleted_at", "deleted"),
    Column::text("deleted_by", "by").wide(),
    Column::number("acknowledgements", "acked"),
    Column::list("waiting_for", "waits for"),
    Column::time("silent_since", "last heard of").wide(),
    Column::flag("prunable", "prunable"),
];

pub fn run(context: &Context, args: Args) -> Result<Report> {
    match args.verb {
        Verb::List { blocked } => list(context, blocked),
        Verb::Why { id } => why(context, &id),
    }
}

fn list(context: &Context, blocked: bool) -> Result<Report> {
    let mut found = all(context)?;
    found.retain(|deleted| !blocked || !deleted.prunable);
    Ok(Report::list(rows(&found)?, COLUMNS, Some("id"), "no tombstones"))
}

/// The tombstones of the store or, with -e, of one entity.
pub fn all(context: &Context) -> Result<Vec<DeletedRecord>> {
    let reader = context.reader()?;
    let entities = context.entities(&reader.documents()?)?;
    context.whole(query::list(&reader, &entities, context.now())?)
}

const WHY: &[Column] = &[
    Column::text("doc", "document"),
    Column::text("kind", "kind"),
    Column::id("id", "id"),
    Column::time("deleted_at", "deleted"),
    Column::text("deleted_by", "by"),
    Column::number("client", "by client id"),
    Column::number("clock", "at clock"),
    Column::flag("prunable", "prunable"),
    Column::list("waiting_for", "waits for"),
    Column::bytes("bytes", "takes"),
    Column::bytes("frees", "frees"),
    Column::list("members", "members"),
];

const MEMBERS: &[Section] = &[Section {
    key: "members",
    title: "members",
    columns: &[
        Column::text("member", "member"),
        Column::time("joined_at", "joined").wide(),
        Column::time("acknowledged_at", "acknowledged"),
        Column::flag("waited_for", "waited for"),
        Column::time("last_heard", "last heard of"),
    ],
}];

fn why(context: &Context, wanted: &str) -> Result<Report> {
    let reader = context.reader()?;
    let entities = context.entities(&reader.documents()?)?;
    let explained = query::explain(&reader, &entities, wanted, context.now());
    let found = context.whole(explained.map_err(|error| match error.kind {
        Kind::Ambiguous if error.hint.is_none() => error.hint("name the entity with `-e`"),
        _ => resolve::hinted(error, "`crdtctl tombstone list` shows them"),
    })?)?;
    let report = Report::object(row(&found)?, WHY, Some("id")).sections(MEMBERS);
    Ok(report.note(sentence(&found, context.now())))
}

/// The answer, for people.
fn sentence(found: &Explanation, now: i64) -> String {
    let Explanation { kind, frees, .. } = found;
    if !found.has_members {
        return "it stays: its entity has no active member who could acknowledge it".to_owned();
    }
    if found.waiting_for.is_empty() && found.is_content {
        return format!(
            "everybody who had it has acknowledged it; the {kind} is content: pruning leaves it"
        );
    }
    if found.waiting_for.is_empty() {
        return format!(
            "everybody who had it has acknowledged it; `crdtctl prune` frees about {frees} bytes"
        );
    }
    let waiting = found.members.iter().filter(|one| one.waited_for);
    let silence = |one: &Acknowledger| match one.last_heard {
        None => format!("{}, never heard of", one.member),
        Some(last) if last >= now => {
            format!("{}, whose next import acknowledges it", one.member)
        }
        Some(last) => {
            format!("{}, silent for {}", one.member, time::lasting(now.saturating_sub(last)))
        }
    };
    let whom = waiting.map(silence).collect::<Vec<_>>().join("; ");
    match found.is_content {
        true => format!("it waits for {whom}; the {kind} is content: pruning leaves it"),
        false => format!("it waits for {whom}; about {frees} bytes go then"),
    }
}

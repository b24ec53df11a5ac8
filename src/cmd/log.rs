use super::time::When;
use super::{Context, DryRun, resolve};
use crate::error::Result;
use crate::id::DocId;
use crate::operation::{Operation, Revert};
use crate::query::history::{self as query, HistoryFilter, LoggedOperation};
use crate::store::Reader;
use crate::ui::{self, Column, Format, Report, Section, row, rows};
use clap::Subcommand;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Show what happened in this store: by whom, by which command, from whose bundle
///
/// Prints one row per command that changed a document, newest last; `adopt` is a change to the files by
/// another program, when a command took it in. The log belongs to this replica; entries are removed
/// after 90 days, or beyond 64 MB. With -e it shows one entity only.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  crdtctl log --since 2d
  crdtctl log -e ocean --limit 20
  crdtctl log --json | jq 'group_by(.member) | map({member: .[0].member, commands: length})'
  crdtctl log --record 3f2a
  crdtctl log show 3")]
pub struct LogArgs {
    #[command(subcommand)]
    verb: Option<LogVerb>,
    /// Only since this time: RFC 3339, a date, or `2d`, `3h`, `1w` ago
    #[arg(long, value_name = "TIME", value_parser = When::parse)]
    since: Option<When>,
    /// Only before this time
    #[arg(long, value_name = "TIME", value_parser = When::parse)]
    until: Option<When>,
    /// Only the last N
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Only what happened to this record, of any kind: its id, or a unique prefix of it
    ///
    /// Prints one row per command that touched it: what it did, and to which fields. Changes that the
    /// document has since garbage-collected are not shown.
    #[arg(long, value_name = "RECORD")]
    record: Option<String>,
}

#[derive(Subcommand)]
enum LogVerb {
    /// Show one command: its operations, and what it did to which records
    ///
    /// Records are looked up in the documents as they are now: records garbage-collected since are
    /// counted, not named. `operations` have the form of lines of `crdtctl batch`.
    #[command(after_help = "Examples:
  crdtctl log show 3
  crdtctl log show 3 --json | jq -c '.operations[].operation'")]
    Show {
        /// Its number in the log
        #[arg(value_name = "SEQ")]
        seq: i64,
    },
    /// Revert what one command did, with new edits that do the opposite
    ///
    /// Reverts all of it, or nothing: if later changes build on it, the error says whose and which.
    /// Records that it created are removed as usual (a card is archived, an issue closed as canceled),
    /// old texts and positions come from the log, and a removed member is added again. Deletions and
    /// imports cannot be reverted. A revert can itself be reverted.
    #[command(after_help = "Examples:
  crdtctl log revert 9 --dry-run
  crdtctl log revert 9")]
    Revert {
        /// Its number in the log
        #[arg(value_name = "SEQ")]
        seq: i64,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

const COLUMNS: &[Column] = &[
    Column::number("seq", "seq"),
    Column::time("at", "when"),
    Column::text("member", "who").wide(),
    Column::text("command", "command"),
    Column::list("documents", "documents"),
    Column::count("operations", "operations").wide(),
    Column::list("from", "from").wide(),
    Column::bytes("bytes", "bytes").wide(),
];

pub fn run(context: &Context, args: LogArgs) -> Result<Report> {
    match args.verb {
        Some(LogVerb::Show { seq }) => show(context, seq),
        Some(LogVerb::Revert { seq, .. }) => context.perform(&Operation::LogRevert(Revert { seq })),
        None => list(context, &args),
    }
}

fn list(context: &Context, args: &LogArgs) -> Result<Report> {
    let reader = context.reader()?;
    let now = context.now();
    let filter = HistoryFilter {
        since: args.since.map(|since| since.at(now)),
        until: args.until.map(|until| until.at(now)),
        entities: context.named_entities(&reader)?,
        limit: args.limit,
    };
    if let Some(record) = &args.record {
        return of_record(context, &reader, record, &filter);
    }
    let commands = query::list(&reader, &filter)?;
    let empty = match filter.since.or(filter.until) {
        Some(_) => "nothing happened here in that time",
        None => "nothing happened here yet",
    };
    Ok(Report::list(rows(&commands)?, COLUMNS, Some("seq"), ui::none_of(args.limit, empty)))
}

const RECORD: &[Column] = &[
    Column::number("seq", "seq"),
    Column::time("at", "when"),
    Column::text("member", "who"),
    Column::text("change", "change"),
    Column::list("fields", "fields").filled(),
    Column::text("command", "command"),
    Column::prose("operations", "operation"),
    Column::text("from", "from").wide(),
    Column::text("kind", "kind").data(),
    Column::id("id", "id").data(),
    Column::text("path", "path").data(),
    Column::text("doc", "document").data(),
];

/// Reports what happened to one record of a document.
pub fn of_one(context: &Context, reader: &Reader, doc: &DocId, record: &str) -> Result<Report> {
    let entities = doc.entity().map(|entity| BTreeSet::from([entity]));
    of_record(context, reader, record, &HistoryFilter { entities, ..HistoryFilter::default() })
}

fn of_record(
    context: &Context,
    reader: &Reader,
    record: &str,
    filter: &HistoryFilter,
) -> Result<Report> {
    let found = query::of_record(reader, record, filter).map_err(|error| {
        resolve::hinted(
            error,
            "`crdtctl log` shows what there is; entries are removed after 90 days",
        )
    })?;
    let mut rows = rows(&context.whole(found)?)?;
    if context.terminal.format == Format::Table {
        for row in &mut rows {
            let operations = row.get("operations").and_then(Value::as_array);
            let said: Vec<String> = operations.into_iter().flatten().map(arguments).collect();
            row.insert("operations".into(), json!(said.join("; ")));
        }
    }
    let empty = ui::none_of(filter.limit, "nothing happened to it in that time");
    Ok(Report::list(rows, RECORD, Some("seq"), empty))
}

/// The arguments of an operation, without those shown in other columns.
fn arguments(operation: &Value) -> String {
    let fields = operation.as_object().into_iter().flatten();
    let own = fields.filter(|(name, _)| !matches!(name.as_str(), "op" | "entity"));
    own.map(|(name, value)| match value {
        Value::String(text) => format!("{name} {text:?}"),
        value => format!("{name} {value}"),
    })
    .collect::<Vec<_>>()
    .join(", ")
}

const SHOW: &[Column] = &[
    Column::number("seq", "seq"),
    Column::time("at", "when"),
    Column::text("member", "who"),
    Column::text("command", "command"),
];

const SECTIONS: &[Section] = &[
    Section {
        key: "operations",
        title: "operations",
        columns: &[
            Column::text("op", "operation"),
            Column::id("id", "record"),
            Column::prose("arguments", "arguments"),
        ],
    },
    Section {
        key: "documents",
        title: "documents",
        columns: &[
            Column::text("doc", "document"),
            Column::text("from", "from"),
            Column::number("blocks", "blocks"),
            Column::number("added", "added"),
            Column::number("deleted", "deleted"),
            Column::number("collected", "collected").wide(),
            Column::bytes("bytes", "bytes"),
        ],
    },
    Section {
        key: "records",
        title: "records",
        columns: &[
            Column::text("doc", "document").wide(),
            Column::text("kind", "kind"),
            Column::id("id", "id"),
            Column::text("change", "change"),
            Column::list("fields", "fields"),
        ],
    },
];

fn show(context: &Context, seq: i64) -> Result<Report> {
    let found = query::find(&context.reader()?, seq).map_err(|error| match &error.damaged {
        Some(doc) if error.hint.is_none() => {
            let hint = format!("`crdtctl check {doc}` says more");
            error.hint(hint)
        }
        _ => resolve::hinted(
            error,
            "`crdtctl log` shows the existing ones; entries are removed after 90 days",
        ),
    })?;
    let mut shown = row(&found)?;
    if context.terminal.format == Format::Table {
        let apart = found.operations.into_iter().map(apart).collect();
        shown.insert("operations".into(), Value::Array(apart));
    }
    Ok(Report::object(shown, SHOW, Some("seq")).sections(SECTIONS))
}

/// An operation for people: its name separate from its arguments.
fn apart(LoggedOperation { id, mut operation }: LoggedOperation) -> Value {
    let op = operation.shift_remove("op");
    json!({"op": op, "id": id, "arguments": operation})
}

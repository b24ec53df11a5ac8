use super::time::When;
use super::{Context, DryRun, resolve};
use crate::error::{Error, Next, Result};
use crate::operation::{Operation, Restore};
use crate::query::conflict::{self as query, ConflictFilter};
use crate::ui::{Column, Format, Report, Row, Written, row, rows};
use clap::Subcommand;
use serde_json::{Value, json};

/// List and restore values that lost a merge
///
/// Of two concurrent writes to one field the later one wins, on every replica. The other value is kept
/// here for 30 days, and so is what was written to a record that somebody deleted concurrently.
#[derive(clap::Args)]
pub struct ConflictArgs {
    #[command(subcommand)]
    verb: ConflictVerb,
}

#[derive(Subcommand)]
enum ConflictVerb {
    /// List the values that lost, latest first
    ///
    /// Rules: `later` the later write won; `greater` both had the same time, and the greater value
    /// in byte order won; `unclocked` the field has no time, and the higher client id won;
    /// `deleted` somebody deleted the record; `pruned` the record is gone; `replaced` two programs
    /// created the record concurrently and the other copy had this value, or a file became a text, or
    /// stopped being one, while somebody changed it; `orphaned` the message that this replies to was
    /// deleted concurrently: the reply stays, and appears in `chat list`.
    #[command(after_help = "Examples:
  crdtctl conflict list
  crdtctl conflict list --since 2d --doc chat
  crdtctl conflict list --json | jq '.[] | {number, field, loser}'")]
    List {
        /// Only conflicts decided since this time: RFC 3339, a date, or `2d`, `3h`, `1w` ago
        #[arg(long, value_name = "TIME", value_parser = When::parse)]
        since: Option<When>,
        /// Only in this document
        #[arg(long, value_name = "DOC")]
        doc: Option<String>,
        /// Include dismissed conflicts
        #[arg(short, long)]
        all: bool,
    },
    /// Show one conflict, with both values in full
    #[command(after_help = "Examples:
  crdtctl conflict show 1
  crdtctl conflict show 1 --json | jq -r .loser")]
    Show {
        /// Its number in `conflict list`
        #[arg(value_name = "CONFLICT")]
        number: i64,
    },
    /// Accept that a value stays lost: `conflict list` no longer shows it
    ///
    /// This applies to this store only, and changes no document. `conflict list --all` still shows it,
    /// and `conflict restore` can restore it, for as long as it is kept.
    #[command(after_help = "Examples:
  crdtctl conflict dismiss 1
  crdtctl conflict dismiss --all")]
    Dismiss {
        /// Their numbers in `conflict list`
        #[arg(value_name = "CONFLICT", required_unless_present = "all")]
        numbers: Vec<i64>,
        /// All conflicts that were not restored
        #[arg(short, long, conflicts_with = "numbers")]
        all: bool,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Restore the value that lost, as a new edit
    #[command(after_help = "Examples:
  crdtctl conflict restore 1 --dry-run
  crdtctl conflict restore 1")]
    Restore {
        /// Its number in `conflict list`
        #[arg(value_name = "CONFLICT")]
        number: i64,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

const COLUMNS: &[Column] = &[
    Column::number("number", "number"),
    Column::time("at", "decided").widest(),
    Column::text("doc", "document").wide(),
    Column::text("kind", "kind").data(),
    Column::prose("record", "record"),
    Column::id("id", "id").wide(),
    Column::text("field", "field"),
    Column::text("rule", "rule"),
    Column::prose("winner", "won"),
    Column::text("winner_by", "won by").wide(),
    Column::prose("loser", "lost"),
    Column::text("loser_by", "lost by").wide(),
    Column::time("restored_at", "restored").filled(),
    Column::flag("dismissed", "dismissed").filled(),
    Column::text("path", "path").asked(),
    Column::time("winner_at", "winner written").asked(),
    Column::time("loser_at", "loser written").asked(),
];

const SHOW: &[Column] = &[
    Column::text("number", "number"),
    Column::time("at", "decided"),
    Column::text("doc", "document"),
    Column::text("kind", "kind"),
    Column::text("record", "record"),
    Column::text("id", "id"),
    Column::text("field", "field"),
    Column::text("rule", "rule"),
    Column::text("winner", "won"),
    Column::text("winner_by", "won by"),
    Column::time("winner_at", "won written"),
    Column::text("loser", "lost"),
    Column::text("loser_by", "lost by"),
    Column::time("loser_at", "lost written"),
    Column::time("restored_at", "restored"),
];

pub fn run(context: &Context, args: ConflictArgs) -> Result<Report> {
    match args.verb {
        ConflictVerb::List { since, doc, all } => list(context, since, doc.as_deref(), all),
        ConflictVerb::Dismiss { numbers, .. } => dismiss(context, &numbers),
        ConflictVerb::Show { number } => show(context, number),
        ConflictVerb::Restore { number, .. } => {
            context.perform(&Operation::ConflictRestore(Restore { number }))
        }
    }
}

fn dismiss(context: &Context, numbers: &[i64]) -> Result<Report> {
    let query::Dismissal { key, value, count } =
        query::dismissal(&context.reader()?, numbers).map_err(unknown)?;
    let session = context.session()?;
    if count > 0 {
        session.state().set_setting(key, Some(&value))?;
    }
    let committed = session.commit()?;
    let sentence = match count {
        0 => "no more conflicts dismissed".to_owned(),
        1 => "1 conflict dismissed; `crdtctl conflict list --all` still shows it".to_owned(),
        n => format!("{n} conflicts dismissed; `crdtctl conflict list --all` still shows them"),
    };
    let written = Written { changed: count > 0, sentence, ..Written::default() };
    Ok(context.written(written.with("dismissed", count), committed))
}

/// The error for a number that no conflict has.
fn unknown(error: Error) -> Error {
    resolve::hinted(error, Next::Conflicts.and(" shows those of the last 30 days"))
}

fn list(
    context: &Context,
    since: Option<When>,
    doc: Option<&str>,
    dismissed: bool,
) -> Result<Report> {
    let reader = context.reader()?;
    let doc = doc.map(|doc| context.document(&reader, doc)).transpose()?;
    let since = since.map(|since| since.at(context.now()));
    let entities = context.named_entities(&reader)?;
    let filter = ConflictFilter { since, doc, entities, dismissed };
    let found = query::list(&reader, &filter)?;
    let mut rows = rows(&found)?;
    if !context.terminal.format.is_json() {
        for (row, lost) in rows.iter_mut().zip(&found) {
            name(row, &query::names(&reader, lost), context.terminal.format);
        }
    }
    Ok(Report::list(rows, COLUMNS, Some("number"), "no conflicts"))
}

/// Adds names and titles beside ids; in tables they replace the ids.
fn name(row: &mut Row, names: &query::Names, format: Format) {
    let kind = row.get("kind").and_then(Value::as_str).unwrap_or_default();
    let id = row.get("id").and_then(Value::as_str).unwrap_or_default();
    let record = match &names.record {
        Some(title) => format!("{kind} {title:?}"),
        None => format!("{kind} {id}"),
    };
    row.insert("record".into(), json!(record.trim()));
    for (field, name) in [("winner", &names.winner), ("loser", &names.loser)] {
        if let Some(name) = name
            && format == Format::Table
        {
            row.insert(field.into(), json!(name));
        }
    }
}

fn show(context: &Context, number: i64) -> Result<Report> {
    let reader = context.reader()?;
    let found = query::find(&reader, number).map_err(unknown)?;
    let mut row = row(&found)?;
    if context.terminal.format == Format::Table {
        name(&mut row, &query::names(&reader, &found), Format::Table);
    }
    Ok(Report::object(row, SHOW, Some("number")))
}

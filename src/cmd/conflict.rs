use super::time::When;
use super::{Context, DryRun};
use crate::concern;
use crate::error::{Error, Result};
use crate::operation::{Operation, Restore};
use crate::store::{Conflict, State};
use crate::ui::{Column, Report, Row};
use clap::Subcommand;
use serde_json::json;

/// Values that lost a merge: what they lost to, and how to have them back
///
/// Of two concurrent writes to one field the later one wins, on every replica. The other is kept
/// here for 30 days; so is what was written to a record that somebody else deleted meanwhile.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List what lost, the latest first
    ///
    /// Rules: `later` the later write won; `greater` both had the same time, and the greater value
    /// in byte order won; `unclocked` the field has no time, and the higher client id won;
    /// `deleted` somebody deleted the record; `pruned` the record is not there any more; `replaced`
    /// two programs had made the record at once, and this stood in the other one.
    #[command(after_help = "Examples:
  crdtctl conflict list
  crdtctl conflict list --since 2d --doc chat
  crdtctl conflict list --json | jq '.[] | {number, field, loser}'")]
    List {
        /// Only what was decided from this time on: RFC 3339, a date, or `2d`, `3h`, `1w` ago
        #[arg(long, value_name = "TIME", value_parser = When::parse)]
        since: Option<When>,
        /// Only in this document
        #[arg(long, value_name = "DOC")]
        doc: Option<String>,
    },
    /// Show one, with both values whole
    #[command(after_help = "Examples:
  crdtctl conflict show 1
  crdtctl conflict show 1 --json | jq -r .loser")]
    Show {
        /// Its number in `conflict list`
        #[arg(value_name = "CONFLICT")]
        number: i64,
    },
    /// Write the value that lost again, as a new edit
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
    Column::text("number", "number"),
    Column::time("at", "decided"),
    Column::text("doc", "document").wide(),
    Column::text("kind", "kind"),
    Column::id("id", "id"),
    Column::text("field", "field"),
    Column::text("rule", "rule"),
    Column::text("winner", "won"),
    Column::text("winner_by", "by").wide(),
    Column::text("loser", "lost"),
    Column::text("loser_by", "by").wide(),
    Column::time("restored_at", "restored").wide(),
];

const SHOW: &[Column] = &[
    Column::text("number", "number"),
    Column::time("at", "decided"),
    Column::text("doc", "document"),
    Column::text("kind", "kind"),
    Column::text("id", "id"),
    Column::text("field", "field"),
    Column::text("rule", "rule"),
    Column::text("winner_by", "winner"),
    Column::time("winner_at", "written"),
    Column::text("loser_by", "loser"),
    Column::time("loser_at", "written"),
    Column::time("restored_at", "restored"),
    Column::text("winner", "won"),
    Column::text("loser", "lost"),
];

pub fn run(context: &Context, args: Args) -> Result<Report> {
    match args.verb {
        Verb::List { since, doc } => list(context, since, doc.as_deref()),
        Verb::Show { number } => show(context, number),
        Verb::Restore { number, .. } => {
            context.perform(&Operation::ConflictRestore(Restore { number }))
        }
    }
}

fn list(context: &Context, since: Option<When>, doc: Option<&str>) -> Result<Report> {
    let reader = context.reader()?;
    let doc = doc.map(|doc| context.document(&reader, doc)).transpose()?;
    let entities = match context.globals.entity {
        Some(_) => Some(context.entities(&reader.documents()?)?),
        None => None,
    };
    let since = since.map_or(i64::MIN, |since| since.at(context.now()));
    let rows = all(reader.state())?
        .iter()
        .filter(|conflict| conflict.at >= since)
        .filter(|conflict| doc.as_ref().is_none_or(|doc| conflict.doc == *doc))
        .filter(|conflict| {
            let entity = conflict.doc.entity();
            entities.as_ref().is_none_or(|these| entity.is_some_and(|e| these.contains(&e)))
        })
        .map(row)
        .collect();
    Ok(Report::list(rows, COLUMNS, Some("number"), "no conflicts"))
}

/// Every value that lost, the latest first.
pub fn all(state: Option<&State>) -> Result<Vec<Conflict>> {
    state.map_or_else(|| Ok(Vec::new()), State::conflicts)
}

fn show(context: &Context, number: i64) -> Result<Report> {
    let reader = context.reader()?;
    let found = all(reader.state())?.into_iter().find(|conflict| conflict.id == number);
    match found {
        Some(conflict) => Ok(Report::object(row(&conflict), SHOW, Some("number"))),
        None => Err(Error::not_found(format!("no conflict {number}"))
            .hint("`crdtctl conflict list` shows those of the last 30 days")),
    }
}

fn row(conflict: &Conflict) -> Row {
    let place = concern::of(&conflict.doc).and_then(|spec| concern::place(spec, &conflict.path));
    let (id, field) = match place {
        Some((_, steps)) => {
            let (record, field) = conflict.path.split_at(steps);
            (record.last(), Some(field.join(".")))
        }
        None => (None, None),
    };
    let mut row = Row::new();
    let mut put = |key: &str, value| row.insert(key.to_owned(), value);
    put("number", json!(conflict.id));
    put("at", json!(conflict.at));
    put("doc", json!(conflict.doc));
    put("kind", json!(conflict.noun));
    put("id", json!(id));
    put("field", json!(field));
    put("path", json!(conflict.path));
    put("rule", json!(conflict.rule));
    put("winner", json!(conflict.winner.value));
    put("winner_at", json!(conflict.winner.at));
    put("winner_by", json!(conflict.winner.by));
    put("loser", json!(conflict.loser.value));
    put("loser_at", json!(conflict.loser.at));
    put("loser_by", json!(conflict.loser.by));
    put("restored_at", json!(conflict.restored));
    row
}

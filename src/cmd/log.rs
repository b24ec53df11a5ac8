use super::time::When;
use super::{Context, doc};
use crate::concern;
use crate::error::{Error, Kind, Result};
use crate::inspect::touched::{Touched, touched};
use crate::operation::Recorded;
use crate::store::{Entry, LogRow, Reader, State};
use crate::ui::{Column, Report, Row, Section};
use clap::Subcommand;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What happened in this store: by whom, by which command, from whose bundle
///
/// One row per command that changed a document, the newest last; `adopt` is what another program
/// wrote to the files, when a command took it in. The log is this replica's own; it is trimmed
/// after 90 days, or beyond 64 MB. With -e only what concerns one entity.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  crdtctl log --since 2d
  crdtctl log -e ocean --limit 20
  crdtctl log --json | jq 'group_by(.member) | map({member: .[0].member, commands: length})'
  crdtctl log show 3")]
pub struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Only from this time on: RFC 3339, a date, or `2d`, `3h`, `1w` ago
    #[arg(long, value_name = "TIME", value_parser = When::parse)]
    since: Option<When>,
    /// Only before this time
    #[arg(long, value_name = "TIME", value_parser = When::parse)]
    until: Option<When>,
    /// Only the last N of them
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

#[derive(Subcommand)]
enum Verb {
    /// Show one command: its operations, and what it did to which records
    ///
    /// Records are found in the documents as they are now: what was collected since is counted, and
    /// not named. `operations` are as a line of `crdtctl batch` has them.
    #[command(after_help = "Examples:
  crdtctl log show 3
  crdtctl log show 3 --json | jq -c '.operations[].operation'")]
    Show {
        /// Its number in the log
        #[arg(value_name = "SEQ")]
        seq: i64,
    },
}

const COLUMNS: &[Column] = &[
    Column::number("seq", "seq"),
    Column::time("at", "when"),
    Column::text("member", "who"),
    Column::text("command", "command"),
    Column::list("documents", "documents").wide(),
    Column::count("operations", "operations").wide(),
    Column::list("from", "from").wide(),
    Column::bytes("bytes", "bytes"),
];

pub fn run(context: &Context, args: Args) -> Result<Report> {
    match args.verb {
        Some(Verb::Show { seq }) => show(context, seq),
        None => list(context, &args),
    }
}

fn list(context: &Context, args: &Args) -> Result<Report> {
    let reader = context.reader()?;
    let only = match &context.globals.entity {
        Some(_) => Some(context.entities(&reader.documents()?)?),
        None => None,
    };
    let Some(state) = reader.state() else { return Ok(listed(Vec::new())) };
    let now = context.now();
    let since = args.since.map_or(i64::MIN, |since| since.at(now));
    let until = args.until.map_or(i64::MAX, |until| until.at(now));
    let mut entries = state.history(since..until)?;
    if let Some(only) = only {
        entries.retain(|entry| entry.doc.entity().is_some_and(|entity| only.contains(&entity)));
    }
    let mut commands: Vec<&[Entry]> = entries.chunk_by(|a, b| a.seq == b.seq).collect();
    if let Some(limit) = args.limit {
        commands.drain(..commands.len().saturating_sub(limit));
    }
    let members = members(state)?;
    let counts = state.operation_counts()?;
    Ok(listed(commands.into_iter().map(|entries| row(entries, &members, &counts)).collect()))
}

fn listed(rows: Vec<Row>) -> Report {
    Report::list(rows, COLUMNS, Some("seq"), "nothing happened here yet")
}

/// One command of several documents.
fn row(entries: &[Entry], members: &Members, counts: &BTreeMap<i64, u64>) -> Row {
    let Some(first) = entries.first() else { return Row::new() };
    let mut documents: Vec<&str> = entries.iter().map(|entry| entry.doc.as_str()).collect();
    documents.dedup();
    let mut from: Vec<String> =
        entries.iter().filter_map(|entry| source(entry.origin.as_ref()?, members)).collect();
    from.sort();
    from.dedup();
    let bytes: u64 = entries.iter().map(|entry| entry.bytes).sum();
    let mut row = head(first.seq, first.at, first.member.as_deref(), &first.command);
    row.insert("documents".into(), json!(documents));
    row.insert("operations".into(), json!(counts.get(&first.seq).copied().unwrap_or(0)));
    row.insert("from".into(), json!(from));
    row.insert("bytes".into(), json!(bytes));
    row
}

fn head(seq: i64, at: i64, member: Option<&str>, command: &str) -> Row {
    let mut row = Row::new();
    row.insert("seq".into(), json!(seq));
    row.insert("at".into(), json!(at));
    row.insert("member".into(), json!(member));
    row.insert("command".into(), json!(command));
    row
}

/// The members of the replicas that we have heard of.
type Members = BTreeMap<String, String>;

fn members(state: &State) -> Result<Members> {
    let peers = state.peers()?.into_iter();
    Ok(peers.filter_map(|peer| Some((peer.replica_id, peer.member?))).collect())
}

/// Whose log an update came out of: the member, else the replica.
fn source(origin: &(String, i64), members: &Members) -> Option<String> {
    let (replica, _) = origin;
    Some(members.get(replica).unwrap_or(replica).clone())
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
            Column::text("arguments", "arguments"),
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
    let reader = context.reader()?;
    let missing = || {
        Error::not_found(format!("there is no command {seq} in the log"))
            .hint("`crdtctl log` shows those that are; the log is trimmed after 90 days")
    };
    let state = reader.state().ok_or_else(missing)?;
    let rows = state.command(seq)?;
    let first = rows.first().ok_or_else(missing)?;
    let mut row = head(seq, first.at, first.member.as_deref(), &first.command);
    let members = members(state)?;
    let (mut documents, mut records) = (Vec::new(), Vec::new());
    for logged in &rows {
        let touched = look(&reader, logged)?;
        let from = logged.origin.as_ref();
        documents.push(json!({
            "doc": logged.doc,
            "from": from.and_then(|origin| source(origin, &members)),
            "from_replica": from.map(|(replica, _)| replica),
            "from_seq": from.map(|(_, seq)| seq),
            "blocks": touched.blocks,
            "added": touched.added,
            "deleted": touched.deleted,
            "collected": touched.collected,
            "bytes": logged.update.len(),
        }));
        records.extend(touched.records.iter().filter_map(|record| {
            let mut fields = Map::from_iter([("doc".to_owned(), json!(logged.doc))]);
            fields.append(serde_json::to_value(record).ok()?.as_object_mut()?);
            Some(Value::Object(fields))
        }));
    }
    let shown = context.terminal.format == crate::ui::Format::Table;
    row.insert("operations".into(), json!(operations(&state.operations(seq)?, shown)?));
    row.insert("documents".into(), json!(documents));
    row.insert("records".into(), json!(records));
    Ok(Report::object(row, SHOW, Some("seq")).sections(SECTIONS))
}

/// What a logged update touched.
fn look(reader: &Reader, row: &LogRow) -> Result<Touched> {
    let document = reader.bytes(&row.doc)?.unwrap_or_else(|| vec![0, 0]);
    touched(concern::of(&row.doc), &document, &row.update)
        .map_err(|fault| doc::undecodable(&row.doc, &fault))
}

/// The operations, one object each; for people with the arguments apart.
fn operations(lines: &str, shown: bool) -> Result<Vec<Value>> {
    let read = |line: &str| -> Result<Value> {
        let recorded: Recorded<Map<String, Value>> = serde_json::from_str(line).map_err(|e| {
            Error::new(Kind::Corrupt, "the log holds an operation that is none").because(e)
        })?;
        let Recorded { id, mut operation } = recorded;
        if !shown {
            return Ok(json!({"id": id, "operation": operation}));
        }
        let op = operation.shift_remove("op");
        Ok(json!({"op": op, "id": id, "arguments": operation}))
    };
    lines.lines().map(read).collect()
}

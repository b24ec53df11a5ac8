//! `batch`: many operations, one lock, one load, one commit.

mod line;
mod run;

use super::{Context, DryRun, files};
use crate::cmd::failure;
use crate::error::{Error, Kind, Result, counted};
use crate::id::DocId;
use crate::operation::{OPERATIONS, Within};
use crate::store::Committed;
use crate::ui::{Body, Column, Format, Report, Row, Written, error_json};
use line::{BatchLine, Ran};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Maximum input size: ten thousand of the longest messages.
const BYTES: u64 = 256 << 20;

/// Run many operations as one: one lock, one load, one commit
///
/// Each line of FILE is one operation as a JSON object: `op` names it, `entity` is the entity (as for
/// -e; by default the same as for any command), and the other fields are its arguments. Ids may be
/// unique prefixes. `"$3.id"` is the id of the record that line 3 made or changed, `"$3.doc"` its
/// document; such references are not replaced in free text (`text`, `title`, `description`, `name`,
/// `content`, `data`).
///
/// Imported records can keep their time and author: `created_at` is a time in the past (RFC 3339, a
/// date, Unix seconds), `author` a present or former member. Anybody may date their own records; an
/// admin or owner may write in the name of others. Records of the same second are listed in the order
/// of the lines.
///
/// Either all lines are applied or none: nothing is written if one fails. With `--keep-going` the
/// others are applied, and the exit code is 3 if any failed. Prints one result per line, in order, as
/// a JSON object: what the command would print with --json, or `{"line":…,"error":…}`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{}\n\n{EXAMPLES}", operations()))]
pub struct BatchArgs {
    /// The file; without one, or with `-`, standard input
    #[arg(default_value = "-", hide_default_value = true)]
    file: PathBuf,
    /// Skip lines that fail, and apply the rest
    #[arg(short, long)]
    keep_going: bool,
    #[command(flatten)]
    dry_run: DryRun,
}

const EXAMPLES: &str = "Examples:
  crdtctl batch operations.ndjson
  jq -c '{op: \"chat.send\", text: .body, created_at: .at, author: .by}' \\
    old-chat.ndjson | crdtctl batch
  printf '%s\\n' '{\"op\":\"chat.send\",\"text\":\"hi\"}' \\
    '{\"op\":\"chat.react\",\"message\":\"$1.id\",\"emoji\":\"👍\"}' | crdtctl batch -
  crdtctl log show 3 --json | jq -c '.operations[].operation' | crdtctl -s elsewhere batch -n";

/// The help text that lists every operation and its fields.
fn operations() -> String {
    let mut text =
        String::from("Operations:\n  with their fields beside `entity`; ? marks an optional one");
    for declared in OPERATIONS {
        let mut takes: Vec<String> = declared.takes.iter().map(ToString::to_string).collect();
        if declared.within == Within::Anywhere {
            takes.push("and no entity".to_owned());
        }
        let line = format!("  {:<22}{}", declared.op, takes.join(", "));
        text.push_str(&format!("\n{}", line.trim_end()));
    }
    text
}

const COLUMNS: &[Column] = &[
    Column::number("line", "line"),
    Column::text("op", "operation"),
    Column::flag("changed", "changed"),
    Column::text("doc", "document").wide(),
    Column::id("id", "id"),
    Column::text("error", "error"),
    Column::number("seq", "seq").asked(),
    Column::bytes("bytes_before", "bytes before").asked(),
    Column::bytes("bytes_after", "bytes after").asked(),
    Column::flag("dry_run", "dry run").asked(),
];

pub fn run(context: &Context, args: BatchArgs) -> Result<Report> {
    // Piped input may arrive slowly, so read it before taking the lock.
    let bytes = files::read(&args.file, BYTES)?;
    let lines = BatchLine::all(&bytes);
    let (ran, committed) = run::all(context, &lines, args.keep_going)?;
    let failed = ran.iter().filter(|ran| ran.outcome.is_err()).count();
    let mut report = report(context, &ran, &committed, args.dry_run.dry_run);
    report.notes.push(summary(&ran, failed, args.dry_run.dry_run));
    let gone: usize =
        ran.iter().filter_map(|ran| Some(ran.outcome.as_ref().ok()?.gone().len())).sum();
    if gone > 0 {
        report.notes.push(super::context::lost(gone));
    }
    report.notes.extend(context.notes_of(&committed));
    Ok(if failed > 0 { report.exit(failure::exit_code(Kind::Findings)) } else { report })
}

/// The results: in a pipe one JSON object per line, unless another format is asked for.
fn report(context: &Context, ran: &[Ran<'_>], committed: &Committed, dry_run: bool) -> Report {
    let asked = context.globals.json || context.globals.output.is_some();
    match (context.terminal.format, asked) {
        (Format::Json, _) => {
            let rows = results(context, ran, committed, dry_run);
            Report::list(rows, COLUMNS, Some("id"), "")
        }
        (Format::Ndjson, _) | (Format::Tsv, false) => {
            let rows = results(context, ran, committed, dry_run).into_iter();
            Body::Lines { values: rows.map(Value::Object).collect(), columns: COLUMNS }.into()
        }
        _ => {
            let rows = ran.iter().map(|ran| shown(ran, dry_run)).collect();
            Report::list(rows, COLUMNS, Some("id"), "")
        }
    }
}

/// The JSON objects of all lines.
fn results(context: &Context, ran: &[Ran<'_>], committed: &Committed, dry_run: bool) -> Vec<Row> {
    let changes = committed.documents.iter();
    let mut sizes: BTreeMap<DocId, [u64; 2]> = changes
        .map(|change| (change.doc.clone(), [change.bytes_before, change.bytes_after]))
        .collect();
    // Of a document that no line changed, both are what it has.
    for doc in ran.iter().filter_map(|ran| ran.outcome.as_ref().ok()?.doc.as_ref()) {
        if !sizes.contains_key(doc) {
            sizes.insert(doc.clone(), [context.standing_bytes(doc); 2]);
        }
    }
    ran.iter().map(|ran| result(ran, committed.seq, &sizes, dry_run)).collect()
}

/// The JSON object of one line; `sizes` has the bytes of each document before and after.
fn result(
    ran: &Ran<'_>,
    seq: Option<i64>,
    sizes: &BTreeMap<DocId, [u64; 2]>,
    dry_run: bool,
) -> Row {
    let outcome = match &ran.outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            let mut row = Row::new();
            row.insert("line".into(), json!(ran.number));
            row.append(&mut error_row(error));
            return row;
        }
    };
    let doc = outcome.doc.as_ref();
    let [bytes_before, bytes_after] =
        doc.and_then(|doc| sizes.get(doc)).copied().unwrap_or_default();
    let written = Written {
        seq: seq.filter(|_| outcome.changed),
        changed: outcome.changed,
        doc: doc.map(ToString::to_string),
        id: id(ran, dry_run),
        bytes_before,
        bytes_after,
        extra: super::context::detail(outcome),
        ..Written::default()
    };
    let written = written.with("line", ran.number);
    if dry_run { written.with("dry_run", true) } else { written }.to_row()
}

fn error_row(error: &Error) -> Row {
    match error_json(&failure::of(error)) {
        Value::Object(row) => row,
        _ => Row::new(),
    }
}

/// The table row of one line.
fn shown(ran: &Ran<'_>, dry_run: bool) -> Row {
    let outcome = ran.outcome.as_ref().ok();
    let mut row = Row::new();
    row.insert("line".into(), json!(ran.number));
    row.insert("op".into(), json!(ran.op));
    row.insert("changed".into(), json!(outcome.map(|outcome| outcome.changed)));
    row.insert("doc".into(), json!(outcome.and_then(|outcome| outcome.doc.as_ref())));
    row.insert("id".into(), json!(id(ran, dry_run)));
    row.insert("error".into(), json!(ran.outcome.as_ref().err().map(|error| &error.message)));
    row
}

/// The id of the record; `None` for a record that a dry run would create.
fn id(ran: &Ran<'_>, dry_run: bool) -> Option<String> {
    let outcome = ran.outcome.as_ref().ok()?;
    outcome.id.clone().filter(|_| !(dry_run && ran.created))
}

fn summary(ran: &[Ran<'_>], failed: usize, dry_run: bool) -> String {
    let changed = ran.iter().filter(|ran| matches!(&ran.outcome, Ok(o) if o.changed)).count();
    let mut said = match ran.len() {
        0 => "no operations".to_owned(),
        n => counted(n as u64, "operation"),
    };
    let counts = [(ran.len() - changed - failed, "changed nothing"), (failed, "failed")];
    for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
        said.push_str(&format!(", {count} {what}"));
    }
    if dry_run { format!("dry run, nothing is written: {said}") } else { said }
}

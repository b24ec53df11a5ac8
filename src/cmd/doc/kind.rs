use crate::cmd::Context;
use crate::cmd::failure::{self, word};
use crate::cmd::files;
use crate::cmd::foreign::{ForeignFile, FromKind, bytes_of};
use crate::cmd::subject::{pick, split};
use crate::error::{Kind, Result, counted};
use crate::foreign::{FileContent, FileKind, FoundDocument, Identified, KeptUpdate};
use crate::ui::{Column, Report, Row};
use crate::wire::Update;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Identify files: updates, messages, logs, databases, packed or as text
///
/// No store is needed. It recognises updates in v1 and v2, state vectors, snapshots and bundles; messages of
/// y-protocols, with and without their type, and of Hocuspocus, alone or in sequence; all of these as base64,
/// base64url, hexadecimal digits, a JSON array of bytes or a field of JSON, and packed with gzip, zlib, zstd
/// or Brotli; logs of updates, concatenated, length-prefixed, or one per line; and databases: SQLite of
/// Hocuspocus, of pycrdt-store and Jupyter (`.ystore.db`), or with any other column of updates, the LevelDB
/// directory of y-leveldb, the files of y-sweet and pycrdt-store. If a file holds several documents,
/// `FILE#NAME` names one, and for standard input `-- '-#NAME'`. Every command that reads a file recognises
/// the same forms. Files are never written or locked, and are opened only by plain reads. If some records of
/// a log or database are damaged, or the last is cut short, the others are read and the output says what is
/// left out, and where; `crdtctl check FILE` finds it.
///
/// If most of a log is damaged, it is read only if `--from` says which: `log-varint`, `log-u32-be`,
/// `log-u32-le` or `ndjson`, `sync` or `hocuspocus` for messages, and `log` for updates without anything
/// between them. Of a log that is recognised without it, `--from log` is right, too.
///
/// Exits with 3 when one of the files is not Yjs data, and says what it is instead.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl doc kind state.bin
  crdtctl doc kind *.bin --json | jq -r '.[] | select(.kind == \"update-v1\") | .file'
  crdtctl doc kind .jupyter_ystore.db --json | jq -r '.[].documents[].name'
  base64 change.bin | crdtctl doc kind -")]
pub struct KindArgs {
    /// The files; `-` is standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    from: FromKind,
}

/// The most names of documents that a row lists.
const NAMED: usize = 8;

const COLUMNS: &[Column] = &[
    Column::text("file", "file"),
    Column::text("kind", "kind"),
    Column::list("wrapped_in", "in"),
    Column::bytes("bytes", "size"),
    Column::text("holds", "holds"),
    Column::text("unseen", "not seen").below(),
    Column::text("next", "next").below(),
    Column::text("documents", "documents").asked(),
    Column::text("vector", "state vector").asked(),
    Column::text("presences", "presences").asked(),
];

pub fn run(context: &Context, args: &KindArgs) -> Result<Report> {
    let mut rows = Vec::new();
    let mut unknown = false;
    let progress = context.progress("reading files", Some(args.files.len() as u64));
    for path in &args.files {
        let (of, picked) = path.to_str().map_or_else(|| (path.clone(), None), split);
        let mut file = ForeignFile::read(&of, args.from)?;
        if let (Some(FileContent::Documents(documents)), Some(_)) =
            (file.identified.as_mut().map(|identified| &mut identified.found), picked)
        {
            *documents = vec![pick(&files::name(&of), documents, picked)?.clone()];
        }
        unknown |= file.identified.is_none();
        let mut row = Row::new();
        row.insert("file".into(), json!(files::name(path)));
        match &file.identified {
            Some(identified) => describe(&mut row, path, &file, identified),
            None => {
                row.insert("kind".into(), json!("unknown"));
                row.insert("wrapped_in".into(), json!([]));
                row.insert("bytes".into(), json!(file.size));
                row.insert("holds".into(), json!(file.why_not(args.from)));
                row.insert("documents".into(), json!([]));
                row.insert("next".into(), json!(file.recovery(path)));
            }
        }
        rows.push(row);
        progress.advance(1);
    }
    let report = Report::list(rows, COLUMNS, Some("kind"), "no files");
    Ok(if unknown { report.exit(failure::exit_code(Kind::Findings)) } else { report })
}

fn describe(row: &mut Row, path: &std::path::Path, file: &ForeignFile, identified: &Identified) {
    let wrapped_in: Vec<String> = identified.wrappings.iter().map(ToString::to_string).collect();
    row.insert("kind".into(), json!(identified.form.name()));
    row.insert("wrapped_in".into(), json!(wrapped_in));
    row.insert("bytes".into(), json!(file.size));
    row.insert("holds".into(), json!(holds(&identified.found)));
    let documents: Vec<Value> = match &identified.found {
        FileContent::Documents(documents) => documents.iter().map(account).collect(),
        _ => Vec::new(),
    };
    row.insert("documents".into(), json!(documents));
    match &identified.found {
        FileContent::Vector(clocks) => drop(row.insert("vector".into(), json!(clocks))),
        FileContent::Moment(moment) => drop(row.insert("vector".into(), json!(moment.clocks()))),
        FileContent::Presences(all) => {
            let all = all.iter().map(|one| {
                let state: Value = serde_json::from_str(&one.state).unwrap_or_default();
                json!({"client": one.client, "clock": one.clock, "state": state})
            });
            row.insert("presences".into(), all.collect());
        }
        FileContent::Documents(_) | FileContent::Packed | FileContent::Nothing(_) => {}
    }
    row.insert("unseen".into(), json!(file.unseen));
    row.insert("next".into(), json!(next(path, identified)));
}

/// Describes a document: how many updates it has, and whether they need others.
fn account(document: &FoundDocument) -> Value {
    let whole = match document.steps.as_slice() {
        [one] => Some(Update::walk(&one.update).is_ok_and(|update| update.is_whole())),
        _ => None,
    };
    json!({
        "name": document.name,
        "updates": document.steps.len(),
        "bytes": bytes_of(document),
        "whole": whole,
        "unread": document.unread,
        "first_at": document.steps.first().and_then(seconds),
        "last_at": document.steps.last().and_then(seconds),
    })
}

fn seconds(step: &KeptUpdate) -> Option<i64> {
    step.at.map(|at| at.div_euclid(1_000))
}

/// Describes the content in words.
fn holds(found: &FileContent) -> String {
    match found {
        FileContent::Documents(documents) => match documents.as_slice() {
            [one] => of_document(one),
            several => named(several),
        },
        FileContent::Vector(clocks) => format!("the state vector of {}", clients(clocks.len())),
        FileContent::Moment(moment) => {
            format!(
                "a snapshot without content: the state vector of {}",
                clients(moment.clocks().len())
            )
        }
        FileContent::Presences(all) => {
            format!("presence without content: {}", clients(all.len()))
        }
        FileContent::Packed => "documents for a peer".to_owned(),
        FileContent::Nothing(what) => format!("{what}, without content"),
    }
}

/// Several documents by their names.
fn named(documents: &[FoundDocument]) -> String {
    let names: Vec<&str> = documents.iter().filter_map(|one| one.name.as_deref()).collect();
    let shown = names.get(..NAMED.min(names.len())).unwrap_or(&[]).join(", ");
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{} documents: {shown}{more}", documents.len())
}

fn of_document(document: &FoundDocument) -> String {
    let left_out = document.left_out().map(|what| format!("; left out: {what}"));
    let left_out = left_out.unwrap_or_default();
    let [one] = document.steps.as_slice() else {
        return format!("{}{left_out}", counted(document.steps.len() as u64, "update"));
    };
    let Ok(update) = Update::walk(&one.update) else { return String::new() };
    let whole = if update.is_whole() { "whole" } else { "builds on others" };
    let blocks = counted(update.blocks().len() as u64, "block");
    format!("{blocks} of {}; {whole}{left_out}", clients(update.clients().count()))
}

fn clients(count: usize) -> String {
    counted(count as u64, "client")
}

/// The command to run next.
fn next(path: &std::path::Path, identified: &Identified) -> Option<String> {
    let name = path.to_string_lossy();
    let file = word(&name);
    Some(match (&identified.found, identified.form) {
        (FileContent::Documents(all), _) if all.len() > 1 => {
            let first = all.first().and_then(|one| one.name.as_deref()).unwrap_or_default();
            // An argument that starts with a dash would be taken for an option.
            let option = if name == "-" { "-- " } else { "" };
            format!("crdtctl doc show {option}{}", word(&format!("{name}#{first}")))
        }
        (FileContent::Documents(_), _) => format!("crdtctl doc show {file}"),
        (FileContent::Packed, _) => format!("crdtctl sync show {file}"),
        (FileContent::Vector(_), _) => format!("crdtctl doc vector {file}"),
        (FileContent::Moment(_), FileKind::Snapshot) => format!("crdtctl doc vector {file}"),
        _ => return None,
    })
}

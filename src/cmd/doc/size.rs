use super::measured::{MeasuredFile, tombstones};
use crate::cmd::Context;
use crate::cmd::choice;
use crate::cmd::failure;
use crate::cmd::foreign::FromKind;
use crate::cmd::resolve::{missing, undecodable};
use crate::cmd::subject::{LooseDocument, Subject};
use crate::concern;
use crate::concern::core;
use crate::error::{Result, counted, listed};
use crate::id::DocId;
use crate::inspect::size::{self, SizeBy, Sizes};
use crate::store::Reader;
use crate::tombstone::{MemberTimes, PrunePlan, Pruned};
use crate::ui::{self, Column, Format, Report, Row, Section};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Show what every byte of a document is used for
///
/// The rows add up to the size of the file on disk. Kinds: `live` values and the `headers` of their blocks
/// (who wrote them and their positions), `reaction`, `overwritten` values, `deleted` entries and what is left
/// of pruned records, `tombstone` (records marked as deleted, waiting to be pruned) and their
/// `acknowledgement`s, `gc` (collected ranges), the `delete-set`, and `clients` (the table of every client
/// that ever wrote).
///
/// Everything removed leaves some 50 bytes for ever, which no limit counts (`residue_bytes`).
///
/// For a file, also the size after `doc rebuild`, and how much of that is text and values. The rows and
/// `file_bytes` are about its updates merged into one in v1; `stored_bytes` is the size of the file, which
/// differs for v2, logs, databases, and what is packed or text.
///
/// Without a document: one row per document, with its limit.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl doc size
  crdtctl doc size chat
  crdtctl doc size chat --by record --top 10
  crdtctl doc size chat --by month --json | jq -r '.rows[] | \"\\(.path) \\(.bytes)\"'")]
pub struct SizeArgs {
    /// The documents or files; by default all documents of the store or, with -e, of one entity
    #[arg(value_name = "DOC")]
    docs: Vec<String>,
    /// What to group the rows by; by default kind and field
    #[arg(long, value_name = "WHAT", value_parser = choice::described(SizeBy::ALL, SizeBy::name, rows_by))]
    by: Option<SizeBy>,
    /// Show only the N largest, and the rest as one row
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    #[command(flatten)]
    from: FromKind,
}

const ROWS: &[Column] = &[
    Column::text("path", "path"),
    Column::text("kind", "kind"),
    Column::bytes("bytes", "size"),
    Column::bar("bytes", "share"),
    Column::number("count", "count"),
    Column::text("doc", "document").asked(),
];

/// The help text for a way to group the rows.
fn rows_by(by: SizeBy) -> &'static str {
    match by {
        SizeBy::Collection => "One row per collection",
        SizeBy::Field => "One row per field, whether its values are live, overwritten or deleted",
        SizeBy::Kind => "One row per kind: live, overwritten, tombstone, …",
        SizeBy::Record => "One row per record",
        SizeBy::Author => "One row per author, as the records name them",
        SizeBy::Client => "One row per client id",
        SizeBy::Month => "One row per month in which records were created (UTC)",
    }
}

const ROWS_OF_SEVERAL: &[Column] = &[
    Column::text("doc", "document"),
    Column::text("path", "path"),
    Column::text("kind", "kind"),
    Column::bytes("bytes", "size"),
    Column::bar("bytes", "share"),
    Column::number("count", "count"),
];

const ONE: &[Column] = &[
    Column::text("doc", "document"),
    Column::bytes("file_bytes", "size"),
    Column::bytes("stored_bytes", "size of the file"),
    Column::bytes("live_bytes", "live content"),
    Column::bytes("rebuilt_bytes", "rebuilt"),
    Column::bytes("residue_bytes", "left by removed"),
    Column::bytes("prunable_bytes", "prunable"),
    Column::bytes("waiting_bytes", "waiting"),
    Column::list("waiting_for", "waits for"),
    Column::text("rows", "rows").asked(),
];

const SECTIONS: &[Section] = &[Section { key: "rows", title: "bytes", columns: ROWS }];

const SUMMARY: &[Column] = &[
    Column::text("doc", "document"),
    Column::text("entity", "entity").data(),
    Column::text("concern", "concern").data(),
    Column::bytes("file_bytes", "size"),
    Column::bar("file_bytes", "share"),
    Column::bytes("limit_bytes", "limit"),
    Column::number("percent", "% of limit"),
    Column::bytes("live_bytes", "live").wide(),
    Column::bytes("tombstone_bytes", "tombstones").wide(),
    Column::bytes("residue_bytes", "left by removed").wide(),
    Column::text("rows", "rows").asked(),
    Column::bytes("prunable_bytes", "prunable").asked(),
    Column::bytes("waiting_bytes", "waiting").asked(),
    Column::list("waiting_for", "waits for").asked(),
];

pub fn run(context: &Context, args: &SizeArgs) -> Result<Report> {
    if args.docs.is_empty() {
        return summary(context, &context.reader()?, args);
    }
    let mut reports = Vec::new();
    for wanted in &args.docs {
        let (reader, id) = match context.subject(wanted, args.from)? {
            Subject::Stored(reader, id) => (reader, id),
            Subject::File(file) => {
                file.note_fork(context);
                let mut sizes = Sizes::of(&file.update, None, args.by)
                    .map_err(|fault| undecodable(&file.name, &fault))?;
                sizes.keep(args.top.unwrap_or(usize::MAX));
                let mut row = size_row(&file.name, &sizes, &Freeable::default());
                rebuilt(&mut row, &file);
                stored(context, &mut row, &file);
                reports.push(row);
                continue;
            }
        };
        let measured = MeasuredFile::of(&reader, &id, args.by)?.ok_or_else(|| missing(&id))?;
        let measured = measured.map_err(|fault| undecodable(id.as_str(), &fault))?;
        reports.push(report(context, &reader, &id, measured, args.top));
    }
    Ok(shown(context, reports))
}

/// Adds the size that a file's content would have without its history, if it can be rebuilt.
fn rebuilt(row: &mut Row, file: &LooseDocument) {
    // As long as the client ids that programs pick at random.
    const CLIENT: u64 = u32::MAX as u64;
    let Some((bytes, content)) = file.types().ok().and_then(|it| it.rebuilt_size(CLIENT).ok())
    else {
        return;
    };
    row.insert("live_bytes".into(), json!(content));
    row.insert("rebuilt_bytes".into(), json!(bytes));
}

/// Adds the size of the file itself, and says which size is which if they differ.
fn stored(context: &Context, row: &mut Row, file: &LooseDocument) {
    let Some(stored) = file.stored_bytes else { return };
    row.insert("stored_bytes".into(), json!(stored));
    if stored != file.update.len() {
        context.note(format!(
            "{}: these are the sizes of what it holds as one update in v1, {}; the file itself has {}",
            file.name,
            ui::size(file.update.len() as u64),
            ui::size(stored as u64)
        ));
    }
}

/// One document becomes an object with a table, several become rows of one table; JSON keeps its promised
/// form.
fn shown(context: &Context, mut reports: Vec<Row>) -> Report {
    let alone = reports.len() == 1;
    let in_rows = match context.terminal.format {
        Format::Tsv | Format::Csv => true,
        Format::Table => !alone,
        Format::Json | Format::Ndjson | Format::Id => false,
    };
    match in_rows {
        false if alone => {
            Report::object(reports.pop().unwrap_or_default(), ONE, Some("doc")).sections(SECTIONS)
        }
        false => Report::list(reports, ONE, Some("doc"), "no documents"),
        true => {
            let columns = if alone { ROWS } else { ROWS_OF_SEVERAL };
            let rows = reports.iter().flat_map(rows_with_document).collect();
            Report::list(rows, columns, Some("path"), "the document has no file yet")
        }
    }
}

fn rows_with_document(report: &Row) -> Vec<Row> {
    let doc = report.get("doc").cloned().unwrap_or_default();
    let rows = report.get("rows").and_then(|rows| rows.as_array());
    let with = |row: &serde_json::Value| {
        let mut row = row.as_object()?.clone();
        row.insert("doc".into(), doc.clone());
        Some(row)
    };
    rows.into_iter().flatten().filter_map(with).collect()
}

/// Returns a document's sizes as JSON shows them, and notes what could make it smaller.
fn report(
    context: &Context,
    reader: &Reader,
    id: &DocId,
    mut measured: MeasuredFile,
    top: Option<usize>,
) -> Row {
    note_unfolded(context, id, measured.unfolded);
    if measured.is_gone {
        context.note(format!(
            "{id} has no file any more, only the log has it: `crdtctl check {id}` says what can be done"
        ));
    }
    if let Some(fault) = &measured.fault {
        context.note(format!(
            "{id} is unsupported: it can be measured and shown, but not written: {fault}"
        ));
    }
    let counted = measured.sizes.file_bytes.saturating_sub(measured.sizes.residue_bytes);
    if let Some(hint) = concern::limit_note(id, counted) {
        let sentence = failure::hint(&hint);
        context.note(sentence);
    }
    let freeable = Freeable::of(reader, id, &mut measured);
    if let Some(sentence) = freeable.sentence() {
        context.note(format!("{id}: {sentence}"));
    }
    let mut sizes = measured.sizes;
    sizes.keep(top.unwrap_or(usize::MAX));
    size_row(id.as_str(), &sizes, &freeable)
}

fn size_row(doc: &str, sizes: &Sizes, freeable: &Freeable) -> Row {
    let mut row = Row::new();
    row.insert("doc".into(), json!(doc));
    row.insert("file_bytes".into(), json!(sizes.file_bytes));
    row.insert("rows".into(), json!(sizes.rows));
    row.insert("residue_bytes".into(), json!(sizes.residue_bytes));
    row.insert("prunable_bytes".into(), json!(freeable.now));
    row.insert("waiting_bytes".into(), json!(freeable.later));
    row.insert("waiting_for".into(), json!(freeable.waits_for));
    row
}

fn note_unfolded(context: &Context, id: &DocId, unfolded: usize) {
    if unfolded > 0 {
        context.note(format!(
            "{id}: these are the sizes of its file, which lacks {} of the log; `crdtctl fold run` writes it",
            counted(unfolded as u64, "entry")
        ));
    }
}

/// What pruning frees, now and later. Approximate: the entry of each record stays.
#[derive(Default)]
struct Freeable {
    now: u64,
    later: u64,
    waits_for: BTreeSet<String>,
}

impl Freeable {
    /// Empty if the document cannot be read as a whole.
    fn of(reader: &Reader, id: &DocId, measured: &mut MeasuredFile) -> Freeable {
        let mut freeable = Freeable::default();
        if measured.sizes.tombstones.is_empty() {
            return freeable;
        }
        let shown = || reader.look(id, |source| tombstones(id, source)).ok().flatten();
        let Some(listed) = measured.tombstones.take().or_else(shown) else { return freeable };
        let sizes = &measured.sizes;
        let members = members(reader, id);
        let plan = PrunePlan::of_listed(id, listed, &members);
        let bytes: BTreeMap<&[String], u64> =
            sizes.tombstones.iter().map(|(path, bytes)| (&**path, *bytes)).collect();
        let of = |pruned: &Pruned| bytes.get(&*pruned.tombstone.path).copied().unwrap_or(0);
        freeable.now = plan.prunable.iter().map(of).sum();
        freeable.later = plan.blocked.iter().map(of).sum();
        for pruned in &plan.blocked {
            let waits_for = pruned.tombstone.waiting_for(&members);
            freeable.waits_for.extend(waits_for.into_iter().map(str::to_owned));
        }
        freeable
    }

    /// What to do next, if something would shrink the document.
    fn sentence(&self) -> Option<String> {
        let now = format!("`crdtctl prune` frees {}", ui::size(self.now));
        let whom: Vec<&str> = self.waits_for.iter().map(String::as_str).collect();
        let later = match whom.is_empty() {
            true => {
                format!("{} in tombstones have no active member to wait for", ui::size(self.later))
            }
            false => {
                format!(
                    "deletions that wait for {} keep about {}",
                    listed(&whom),
                    ui::size(self.later)
                )
            }
        };
        match (self.now, self.later) {
            (0, 0) => None,
            (_, 0) => Some(now),
            (0, _) => Some(later),
            _ => Some(format!("{now}; {later}")),
        }
    }
}

fn members(reader: &Reader, id: &DocId) -> MemberTimes {
    let core = id.entity().map(|entity| entity.document(core::SPEC.name));
    let view = core.and_then(|core| reader.view(&core).ok().flatten());
    view.map(|view| core::active(&view)).unwrap_or_default()
}

/// One row per document.
fn summary(context: &Context, reader: &Reader, args: &SizeArgs) -> Result<Report> {
    let mut documents = reader.documents()?;
    if context.globals.entity.is_some() {
        let entity = Some(context.entity()?);
        documents.retain(|document| document.id.entity() == entity);
    }
    let progress = context.progress("measuring documents", Some(documents.len() as u64));
    let mut rows = Vec::with_capacity(documents.len());
    for document in &documents {
        let id = &document.id;
        let by = args.by.or(Some(SizeBy::Kind));
        if let Some(measured) = context.sound(MeasuredFile::of(reader, id, by))?.flatten() {
            let measured = measured.unwrap_or_else(|fault| {
                context.note(format!(
                    "{id} does not decode: {fault}; `crdtctl check {id}` says what can be done"
                ));
                MeasuredFile { sizes: unreadable(document.bytes), ..MeasuredFile::default() }
            });
            rows.push(summary_row(context, reader, id, measured, args.top));
        }
        progress.advance(1);
    }
    Ok(Report::list(rows, SUMMARY, Some("doc"), "no documents"))
}

/// The sizes of a file that does not decode.
fn unreadable(file_bytes: u64) -> Sizes {
    let row = size::SizeRow {
        path: String::new(),
        kind: "unreadable".into(),
        bytes: file_bytes,
        count: 1,
    };
    Sizes { file_bytes, rows: vec![row], ..Sizes::default() }
}

fn summary_row(
    context: &Context,
    reader: &Reader,
    id: &DocId,
    measured: MeasuredFile,
    top: Option<usize>,
) -> Row {
    let sizes = &measured.sizes;
    let (live, tombstones) = (sizes.live_bytes, sizes.tombstone_bytes);
    let counted = sizes.file_bytes.saturating_sub(sizes.residue_bytes);
    let limit = concern::of(id).map(|spec| spec.limit_bytes);
    let percent = concern::of(id).map(|spec| concern::percent_of(counted, spec));
    let mut row = report(context, reader, id, measured, top);
    row.insert("entity".into(), json!(id.entity()));
    row.insert("concern".into(), json!(concern::of(id).map(|spec| spec.name)));
    row.insert("limit_bytes".into(), json!(limit));
    row.insert("percent".into(), json!(percent));
    row.insert("live_bytes".into(), json!(live));
    row.insert("tombstone_bytes".into(), json!(tombstones));
    row
}

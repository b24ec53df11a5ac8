use crate::cmd::Context;
use crate::cmd::foreign::FromKind;
use crate::cmd::moment::AtMoment;
use crate::cmd::resolve::missing;
use crate::cmd::subject::{DocumentContent, LooseDocument, Subject};
use crate::crdt::source::Source;
use crate::crdt::types::{SharedType, SharedTypes, SharedValue};
use crate::error::Result;
use crate::id::{DocId, hex};
use crate::query::document::DocumentFile;
use crate::store::Reader;
use crate::ui::{Column, Report, Row, Section, row};
use crate::wire::Value;
use serde_json::json;

/// Show what a document is and what it holds
///
/// For a file, `bytes` is the size of its updates merged into one in v1, and `stored_bytes` that of the file,
/// with all that is around them.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl doc show chat
  crdtctl doc show group:ocean-forest-moon-star:core --json
  crdtctl doc show state.bin
  crdtctl doc show state.bin --at 7:12
  base64 state.bin | crdtctl doc show -")]
pub struct ShowArgs {
    /// The document, or a file; `-` is standard input
    doc: String,
    #[command(flatten)]
    from: FromKind,
    #[command(flatten)]
    at: AtMoment,
}

const SHOW: &[Column] = &[
    Column::text("doc_id", "document"),
    Column::text("entity_type", "entity type"),
    Column::text("entity_id", "entity id"),
    Column::text("concern", "concern"),
    Column::text("path", "path"),
    Column::bytes("bytes", "size"),
    Column::bytes("limit_bytes", "limit"),
    Column::number("version", "version"),
    Column::number("client_ids", "client ids"),
    Column::time("created_at", "created"),
    Column::time("updated_at", "updated"),
    Column::text("digest", "digest"),
    Column::list("roots", "roots"),
];

const FILE: &[Column] = &[
    Column::text("file", "file"),
    Column::text("kind", "kind"),
    Column::list("wrapped_in", "in"),
    Column::bytes("stored_bytes", "size of the file"),
    Column::bytes("bytes", "as one v1 update"),
    Column::number("updates", "updates"),
    Column::number("client_ids", "client ids"),
    Column::text("digest", "digest"),
    Column::list("roots", "roots"),
    Column::list("waiting", "waiting"),
];

const ROOTS: Section = Section {
    key: "roots",
    title: "roots",
    columns: &[
        Column::text("root", "root"),
        Column::text("kind", "kind"),
        Column::number("count", "count"),
    ],
};

const WAITING: Section = Section {
    key: "waiting",
    title: "waiting",
    columns: &[
        Column::text("client", "client"),
        Column::number("from", "from clock"),
        Column::number("to", "to clock"),
        Column::text("needs", "waits for"),
    ],
};

pub fn run(context: &Context, args: &ShowArgs) -> Result<Report> {
    if args.at.moment.is_some() {
        let file = context.any_document(&args.doc, args.from)?;
        return of_file(context, &file, &args.at.types(context, &file)?);
    }
    match context.subject(&args.doc, args.from)? {
        Subject::Stored(reader, id) => of_document(context, &reader, &id),
        Subject::File(file) => of_file(context, &file, &file.types()?),
    }
}

fn of_document(context: &Context, reader: &Reader, id: &DocId) -> Result<Report> {
    let store = context.store()?;
    let documents = reader.documents()?;
    let Some(document) = documents.iter().find(|document| document.id == *id) else {
        return Err(missing(id));
    };
    let (client_ids, digest, roots) = match context.content(reader, id)? {
        DocumentContent::View(view) => {
            let roots: Vec<_> = view.roots().iter().map(|root| root_row(&*view, root)).collect();
            (view.version().clocks.len(), view.digest(), roots)
        }
        DocumentContent::Types(types) => {
            (types.version().clocks.len(), types.digest(), roots_of(&types))
        }
    };
    let mut row = row(&DocumentFile::of(&store, document, Some(client_ids)))?;
    row.insert("created_at".into(), json!(document.meta.as_ref().map(|meta| meta.created_at)));
    row.insert("digest".into(), json!(hex(&digest)));
    row.insert("roots".into(), json!(roots));
    Ok(Report::object(row, SHOW, Some("doc_id")).sections(&[ROOTS]))
}

fn of_file(context: &Context, file: &LooseDocument, types: &SharedTypes) -> Result<Report> {
    file.note_fork(context);
    context.note_moves(&file.name, types);
    let mut row = Row::new();
    row.insert("file".into(), json!(file.name));
    row.insert("kind".into(), json!(file.kind));
    row.insert("wrapped_in".into(), json!(file.wrapped_in));
    row.insert("stored_bytes".into(), json!(file.stored_bytes));
    row.insert("bytes".into(), json!(file.update.len()));
    row.insert("updates".into(), json!(file.document.steps.len()));
    row.insert("client_ids".into(), json!(types.version().clocks.len()));
    row.insert("digest".into(), json!(hex(&types.digest())));
    row.insert("roots".into(), json!(roots_of(types)));
    row.insert("waiting".into(), waiting(types));
    Ok(Report::object(row, FILE, Some("digest")).sections(&[ROOTS, WAITING]))
}

/// Returns the waiting updates, which cannot be shown yet, as JSON.
pub fn waiting(types: &SharedTypes) -> serde_json::Value {
    let one = |waiting: &crate::crdt::types::Waiting| {
        json!({
            "client": waiting.client.to_string(),
            "from": waiting.from,
            "to": waiting.last(),
            "needs": format!("{}:{}", waiting.needs.client, waiting.needs.clock),
        })
    };
    types.waiting().iter().map(one).collect()
}

/// A root: its type, and how many records, elements or bytes of text it holds.
fn root_row(source: &dyn Source, root: &str) -> serde_json::Value {
    let (kind, count) = match source.value(&[root]) {
        Some(Value::Map(map)) => ("map", map.len()),
        Some(Value::Array(items)) => ("array", items.len()),
        Some(Value::Text(text)) => ("text", text.len()),
        _ => ("unknown", 0),
    };
    json!({"root": root, "kind": kind, "count": count})
}

fn roots_of(types: &SharedTypes) -> Vec<serde_json::Value> {
    let root = |(name, container): (&str, SharedType)| {
        let kind = types.kind(container);
        let documents = types
            .fields(container)
            .filter(|(_, part)| matches!(part, SharedValue::Document(_)))
            .count();
        let mut row = json!({"root": name, "kind": kind.name(), "count": types.count(container)});
        if let (true, Some(row)) = (documents > 0, row.as_object_mut()) {
            row.insert("documents".into(), json!(documents));
        }
        row
    };
    types.live_roots().map(root).collect()
}

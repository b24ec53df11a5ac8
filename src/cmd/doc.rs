mod anonymize;
mod blocks;
mod diff;
mod load;
mod size;
mod tree;

use super::{Context, OtherAs};
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::{Error, Next, Result};
use crate::id::{DocId, hex};
use crate::inspect::jsonpath;
use crate::query::document::{DocumentFile, client_ids};
use crate::store::Scan;
use crate::ui::{Column, Format, Report, Section, Take, row};
use crate::wire::{Fault, Value};
use clap::{Subcommand, ValueEnum};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, json};

/// Documents as such: what is in them, how large it is, what differs
///
/// A document is named by its id, a unique prefix of it, ENTITY:CONCERN, or a concern alone
/// (`chat`), which is that of the current entity.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the documents of the store or, with -e, of one entity
    ///
    /// `client_ids` counts the replicas that ever wrote into a document. It is empty where the
    /// document does not decode.
    #[command(after_help = "Examples:
  crdtctl doc list
  crdtctl doc list --json | jq '.[] | select(.limit_bytes and .bytes > .limit_bytes * 0.8) | .doc_id'")]
    List,
    /// Show what a document is and what it holds
    #[command(after_help = "Examples:
  crdtctl doc show chat
  crdtctl doc show group:ocean-forest-moon-star:core --json")]
    Show {
        /// The document
        doc: String,
    },
    /// Print the live content of a document as JSON
    ///
    /// Exactly what the document holds, tombstones and unknown fields included: maps as objects,
    /// arrays as arrays, text as a string, numbers as numbers, bytes as base64.
    #[command(after_help = "Examples:
  crdtctl doc dump chat | jq '.messages | length'
  crdtctl doc dump core --as ndjson | grep alice")]
    Dump {
        /// The document
        doc: String,
        /// How: one object with every root unless asked otherwise
        #[arg(long = "as", value_name = "FORMAT")]
        dump_format: Option<DumpFormat>,
        #[command(flatten)]
        member: OtherAs,
    },
    /// Print the values that a JSONPath finds in a document
    ///
    /// The path (RFC 9535) is applied to what `doc dump` prints. One value per line; with --json
    /// one array. Nothing found is exit code 4.
    ///
    /// A path has at most 4,096 characters and brackets in brackets six deep. One that may look at
    /// more than 300 million values in this document, or finds more than 5 million, is refused
    /// with exit code 2: fewer `..` and `?` in it, or more names, are less work.
    #[command(after_help = "Examples:
  crdtctl doc get chat '$.messages.*.content'
  crdtctl doc get core '$.members[?@.role == \"owner\"].member_id'
  crdtctl doc get chat '$..reactions' --json")]
    Get {
        /// The document
        doc: String,
        /// What to look for: `$.messages.*.content`
        #[arg(value_name = "JSONPATH")]
        path: String,
    },
    Tree(tree::Args),
    Size(size::Args),
    Blocks(blocks::Args),
    /// Show what differs between two documents, files, stores or bundles
    ///
    /// Each of the two is a document, a `.yrs` file, a store directory, or a full bundle. A
    /// document or file is compared with the document of the same name in a store or bundle; two
    /// stores are compared document by document. What is compared is the live content, by value,
    /// whatever its history. Exits with 3 when anything differs, and with 5 when two documents
    /// hold the same operations and different content.
    #[command(after_help = "Examples:
  crdtctl doc diff chat ~/backup/alice
  crdtctl doc diff before.yrs after.yrs --json
  crdtctl doc diff . ~/usb/from-bob.crdt
  crdtctl doc diff ~/backup/monday ~/backup/tuesday --stat
  crdtctl doc diff ~/backup/monday ~/backup/tuesday -o tsv")]
    Diff(diff::Args),
    /// Bring a bare Yrs v1 update into a document
    ///
    /// The same as `sync import --raw`, with the same checks. A new document is made where the id
    /// is given whole. A file of a store names its document by itself.
    #[command(after_help = "Examples:
  crdtctl doc load update.bin --doc chat
  crdtctl doc load state.yrs --doc notes:garden:plan
  crdtctl doc load ~/backup/alice/crdt/group/67726f75703a6f6365616e2d666f726573742d6d6f6f6e2d737461723a63686174.yrs --dry-run")]
    Load(load::Args),
    /// Write a copy of a document without what people wrote, for bug reports
    ///
    /// Structure, ids, lengths, sizes, numbers and times stay; texts become filler of the same
    /// length, bytes become zeros. Keys of letters, digits, `_`, `-` and `:` stay, since they are
    /// fields and ids; of others only the form stays. The ids of members stay, unless --members
    /// replaces them. The copy holds the same operations as the original with other content: a
    /// replica that has the one refuses the other as a fork.
    #[command(after_help = "Examples:
  crdtctl doc anonymize chat -O chat-without-text.yrs
  crdtctl doc anonymize chat --members -O report.yrs")]
    Anonymize(anonymize::Args),
}

#[derive(Clone, Copy, ValueEnum)]
enum DumpFormat {
    /// One object: root → content
    Json,
    /// One line per record: {"root","key","value"}
    Ndjson,
    /// As json, each value with the type that Yjs gives it: {"t":"map","v":…}, text, bigint, …
    Yjs,
}

pub fn run(context: &Context, args: Args) -> Result<Report> {
    match args.verb {
        Verb::List => list(context),
        Verb::Show { doc } => show(context, &doc),
        Verb::Dump { doc, dump_format, .. } => dump(context, &doc, dump_format),
        Verb::Get { doc, path } => get(context, &doc, &path),
        Verb::Tree(args) => tree::run(context, &args),
        Verb::Size(args) => size::run(context, &args),
        Verb::Blocks(args) => blocks::run(context, &args),
        Verb::Diff(args) => diff::run(context, &args),
        Verb::Load(args) => load::run(context, args),
        Verb::Anonymize(args) => anonymize::run(context, &args),
    }
}

const LIST: &[Column] = &[
    Column::text("doc_id", "document"),
    Column::text("entity_type", "type").data(),
    Column::text("entity_id", "entity").data(),
    Column::text("concern", "concern").data(),
    Column::text("path", "path").data(),
    Column::bytes("bytes", "size"),
    Column::bytes("limit_bytes", "limit").wide(),
    Column::number("version", "version").wide(),
    Column::number("client_ids", "client ids"),
    Column::time("updated_at", "updated"),
];

fn list(context: &Context) -> Result<Report> {
    let store = context.store()?;
    let reader = store.reader()?;
    let Scan { mut documents, problems } = reader.survey()?;
    if context.globals.entity.is_some() {
        let entity = Some(context.entity()?);
        documents.retain(|document| document.id.entity() == entity);
    }
    let progress = context.progress("reading documents", Some(documents.len() as u64));
    let mut rows = Vec::with_capacity(documents.len());
    for document in &documents {
        let client_ids = match client_ids(&reader, &document.id) {
            Ok(count) => Some(count),
            Err(error) => {
                let causes = error.causes();
                let cause = causes.first().map_or_else(String::new, |c| format!(": {c}"));
                context.note(format!("{}: {error}{cause}", document.id));
                None
            }
        };
        rows.push(row(&DocumentFile::of(&store, document, client_ids))?);
        progress.advance(1);
    }
    for problem in problems {
        context.note(format!("{}: {}", problem.path.display(), problem.what));
    }
    Ok(Report::list(rows, LIST, Some("doc_id"), "no documents"))
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

const ROOTS: &[Section] = &[Section {
    key: "roots",
    title: "roots",
    columns: &[
        Column::text("root", "root"),
        Column::text("kind", "kind"),
        Column::number("count", "count"),
    ],
}];

fn show(context: &Context, wanted: &str) -> Result<Report> {
    let store = context.store()?;
    let reader = store.reader()?;
    let id = context.document(&reader, wanted)?;
    let documents = reader.documents()?;
    let document = documents.iter().find(|document| document.id == id);
    let (Some(document), Some(view)) = (document, reader.view(&id)?) else {
        return Err(missing(&id));
    };
    let client_ids = Some(view.version().clocks.len());
    let mut row = row(&DocumentFile::of(&store, document, client_ids))?;
    row.insert("created_at".into(), json!(document.meta.as_ref().map(|meta| meta.created_at)));
    row.insert("digest".into(), json!(hex(&view.digest())));
    let roots: Vec<_> = view.roots().iter().map(|root| root_row(&view, root)).collect();
    row.insert("roots".into(), json!(roots));
    Ok(Report::object(row, SHOW, Some("doc_id")).sections(ROOTS))
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

fn dump(context: &Context, wanted: &str, format: Option<DumpFormat>) -> Result<Report> {
    let reader = context.reader()?;
    let id = context.document(&reader, wanted)?;
    let view = reader.view(&id)?.ok_or_else(|| missing(&id))?;
    let format = format.unwrap_or(match context.terminal.format {
        Format::Ndjson => DumpFormat::Ndjson,
        _ => DumpFormat::Json,
    });
    Ok(match format {
        DumpFormat::Json => Report::content(Whole(view)),
        DumpFormat::Yjs => Report::content(Typed(view)),
        DumpFormat::Ndjson => Report::feed(move |take| {
            for root in view.roots() {
                if let Some(value) = view.value(&[&root])
                    && !split(&root, value, take)?
                {
                    break;
                }
            }
            Ok(())
        }),
    })
}

/// The live content as it is written: root → content.
struct Whole(View);

impl Serialize for Whole {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for root in self.0.roots() {
            if let Some(value) = self.0.value(&[&root]) {
                map.serialize_entry(&root, &value)?;
            }
        }
        map.end()
    }
}

/// The same with types.
struct Typed(View);

impl Serialize for Typed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for root in self.0.roots() {
            if let Some(typed) = self.0.typed(&root) {
                map.serialize_entry(&root, &typed)?;
            }
        }
        map.end()
    }
}

/// The live content: root → content.
fn whole(view: &View) -> serde_json::Value {
    let content = |root: String| view.value(&[&root]).map(|value| (root, value.to_json()));
    view.roots().into_iter().filter_map(content).collect::<Map<_, _>>().into()
}

fn get(context: &Context, wanted: &str, path: &str) -> Result<Report> {
    let reader = context.reader()?;
    let id = context.document(&reader, wanted)?;
    let view = reader.view(&id)?.ok_or_else(|| missing(&id))?;
    let content = whole(&view);
    let found: Vec<_> = jsonpath::find(&content, path)?.into_iter().cloned().collect();
    if found.is_empty() {
        return Err(Error::not_found(format!("nothing in {id} matches {path}"))
            .hint(format!("`crdtctl doc tree {id}` shows which paths there are")));
    }
    Ok(match context.terminal.format {
        Format::Json => Report::json(found.into()),
        _ => Report::lines(found),
    })
}

/// Hands out the records of a root, one JSON object each; a text is one record. False when no more
/// are wanted.
fn split(root: &str, value: Value, take: Take<'_>) -> Result<bool> {
    let mut line = |key: serde_json::Value, value: Value| {
        let fields = [("root", json!(root)), ("key", key), ("value", value.to_json())];
        take(fields.map(|(name, field)| (name.to_owned(), field)).into_iter().collect())
    };
    match value {
        Value::Map(map) => {
            for (key, value) in map {
                if !line(json!(key), value)? {
                    return Ok(false);
                }
            }
        }
        Value::Array(items) => {
            for (at, value) in items.into_iter().enumerate() {
                if !line(json!(at), value)? {
                    return Ok(false);
                }
            }
        }
        other => return line(json!(null), other),
    }
    Ok(true)
}

pub(super) fn missing(id: &DocId) -> Error {
    Error::not_found(format!("there is no document {id}")).hint(Next::Documents.and(" shows them"))
}

/// For a file that is no document at all.
pub(super) fn undecodable(id: &DocId, fault: &Fault) -> Error {
    Error::corrupt(format!("{id} does not decode"))
        .because(fault.clone())
        .hint(Next::Check(Some(id.to_string())).and(" says more"))
}

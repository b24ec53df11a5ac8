use super::Context;
use crate::crdt::value::Source;
use crate::error::Result;
use crate::id::{DocId, hex};
use crate::store::Reader;
use crate::ui::{Column, Format, Report};
use serde_json::{Map, json};

/// Print digests of the store or of one document, to compare replicas
///
/// The content digest is equal on two replicas exactly when they hold the same content. With `-q`
/// it is printed alone, as one line of hex.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl digest
  crdtctl digest chat
  test \"$(crdtctl digest -q -s a)\" = \"$(crdtctl digest -q -s b)\"")]
pub struct Args {
    /// The document; else the whole store
    doc: Option<String>,
}

const COLUMNS: &[Column] = &[
    Column::text("doc_id", "document"),
    Column::text("content", "content"),
    Column::number("documents", "documents"),
];

pub fn run(context: &Context, args: Args) -> Result<Report> {
    let reader = context.reader()?;
    let mut row = Map::new();
    let content = match args.doc {
        Some(wanted) => {
            let doc = context.document(&reader, &wanted)?;
            let digest = of_document(&reader, &doc)?;
            row.insert("doc_id".into(), json!(doc));
            digest.unwrap_or_else(|| *blake3::hash(&[]).as_bytes())
        }
        None => {
            let digests = of_documents(context, &reader)?;
            row.insert("documents".into(), json!(digests.len()));
            of_store(&digests)
        }
    };
    row.insert("content".into(), json!(hex(&content)));
    let for_people = matches!(context.terminal.format, Format::Table | Format::Tsv);
    match context.globals.quiet && for_people {
        true => Ok(Report::text(format!("{}\n", hex(&content)))),
        false => Ok(Report::object(row, COLUMNS, None)),
    }
}

/// The content digest of a document; None when it has no live content.
fn of_document(reader: &Reader, doc: &DocId) -> Result<Option<[u8; 32]>> {
    let view = reader.view(doc)?;
    Ok(view.filter(|view| !view.roots().is_empty()).map(|view| view.digest()))
}

/// The documents with live content, sorted by id: one that was created and never filled, or
/// emptied, is no difference between two replicas.
fn of_documents(context: &Context, reader: &Reader) -> Result<Vec<(DocId, [u8; 32])>> {
    let documents = reader.documents()?;
    let progress = context.progress("reading documents", Some(documents.len() as u64));
    let mut digests = Vec::new();
    for document in documents {
        if let Some(digest) = of_document(reader, &document.id)? {
            digests.push((document.id, digest));
        }
        progress.advance(1);
    }
    Ok(digests)
}

/// BLAKE3 over the documents in the order of their ids: length of the id (64 bits, little-endian),
/// id, content digest.
fn of_store(digests: &[(DocId, [u8; 32])]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for (doc, digest) in digests {
        hasher.update(&(doc.as_str().len() as u64).to_le_bytes());
        hasher.update(doc.as_str().as_bytes());
        hasher.update(digest);
    }
    *hasher.finalize().as_bytes()
}

use super::foreign::FromKind;
use super::subject::{DocumentContent, Subject};
use super::{Context, resolve, words};
use crate::concern::disk::is_private;
use crate::crdt::any_view::AnyView;
use crate::crdt::encoding::PairedDigests;
use crate::crdt::source::Source;
use crate::crdt::types::SharedTypes;
use crate::crdt::view::View;
use crate::error::Result;
use crate::id::{DocId, hex};
use crate::store::Reader;
use crate::ui::{Column, Format, Report};
use crate::wire::Version;
use serde_json::{Map, json};

/// Print digests of the store or of one document, to compare replicas
///
/// The content digest is equal on two replicas exactly when they hold the same content, the version
/// digest when they have seen the same operations. The `live` digest leaves out deleted records and
/// their acknowledgements: if only that one is equal, acknowledgements are on their way, or one side
/// has already pruned what everybody acknowledged; another exchange, both ways, makes the content
/// equal. In a pipe and with `-o id` only the content digest is printed, as one line of hex, or as four
/// words with `--words`. Digests of the store leave out private disks, which others do not have.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl digest
  crdtctl digest chat
  crdtctl digest --words
  test \"$(crdtctl digest -s a)\" = \"$(crdtctl digest -s b)\"")]
pub struct DigestArgs {
    /// The document, or a file (`-` is standard input); by default the whole store
    doc: Option<String>,
    /// Print the content digest as four words, to read over a telephone
    ///
    /// They hold its first 44 bits: enough to notice an accident, not to stop a forger.
    #[arg(long)]
    words: bool,
    #[command(flatten)]
    from: FromKind,
}

/// The field that marks a record as deleted. Archived cards and closed issues are content.
const DELETED: &str = "deleted";

const COLUMNS: &[Column] = &[
    Column::text("doc_id", "document"),
    Column::text("file", "file"),
    Column::number("documents", "documents"),
    Column::text("content", "content"),
    Column::text("live", "of what lives"),
    Column::text("version", "version"),
];

pub fn run(context: &Context, args: DigestArgs) -> Result<Report> {
    let mut row = Map::new();
    let digests = match args.doc {
        Some(wanted) => match context.subject(&wanted, args.from)? {
            Subject::Stored(reader, doc) => {
                row.insert("doc_id".into(), json!(doc));
                of_document(context, &reader, &doc).or_else(|_| {
                    // Content that the gate excludes is digested, too.
                    Ok(match context.content(&reader, &doc)? {
                        DocumentContent::View(view) => of_view(&view),
                        DocumentContent::Types(types) => of_types(&types),
                    })
                })?
            }
            Subject::File(file) => {
                row.insert("file".into(), json!(file.name));
                let types = file.types()?;
                file.note_unshown(context, &types);
                of_types(&types)
            }
        },
        None => {
            let (digests, documents) = of_store(context, &context.reader()?)?;
            row.insert("documents".into(), json!(documents));
            digests
        }
    };
    row.insert("content".into(), json!(hex(&digests.content)));
    row.insert("live".into(), json!(hex(&digests.live)));
    row.insert("version".into(), json!(hex(&digests.version)));
    let spoken = args.words.then(|| words::words(&digests.content));
    if let Some(words) = &spoken {
        row.insert("words".into(), json!(words));
    }
    let format = context.terminal.format;
    let alone = format == Format::Id || context.prints_bare();
    match spoken {
        Some(words)
            if matches!(format, Format::Table | Format::Tsv) && !context.chooses_fields() =>
        {
            Ok(Report::text(format!("{words}\n")))
        }
        _ if alone => Ok(Report::text(format!("{}\n", hex(&digests.content)))),
        _ => {
            let report = Report::object(row, COLUMNS, None);
            Ok(match digests.live == digests.content || format.is_json() {
                true => report,
                false => report.note(
                    "some deleted records are not pruned yet: if another replica has the same `live` \
                     digest but another content digest, acknowledgements are on their way, and the next \
                     exchange brings them",
                ),
            })
        }
    }
}

/// The name under which digests of documents are kept. It changes whenever the same content gets others.
const KIND: &str = "digests-1";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct DigestReport {
    content: [u8; 32],
    /// The digest of what is not deleted.
    live: [u8; 32],
    version: [u8; 32],
    /// Whether there is live content.
    lives: bool,
}

impl DigestReport {
    fn of(view: &AnyView) -> DigestReport {
        match view {
            AnyView::View(view) => of_view(view),
            AnyView::Types(types, _) => of_types(types),
        }
    }

    /// Returns the three digests, and 1 or 0 for whether there is live content.
    fn to_bytes(self) -> Vec<u8> {
        let digests = [self.content, self.live, self.version];
        digests.iter().flatten().copied().chain([u8::from(self.lives)]).collect()
    }

    fn from_bytes(bytes: &[u8]) -> Option<DigestReport> {
        let (content, rest) = bytes.split_first_chunk()?;
        let (live, rest) = rest.split_first_chunk()?;
        let (version, rest) = rest.split_first_chunk()?;
        let lives = match rest {
            [0] => false,
            [1] => true,
            _ => return None,
        };
        Some(DigestReport { content: *content, live: *live, version: *version, lives })
    }
}

/// Returns the digests of a document of the store, which is not read if they are known of the same bytes.
fn of_document(context: &Context, reader: &Reader, doc: &DocId) -> Result<DigestReport> {
    let kept = reader.kept_result(doc, KIND).and_then(|bytes| DigestReport::from_bytes(&bytes));
    if let Some(digests) = kept {
        return Ok(digests);
    }
    let read = reader.any_view_of_file(doc)?;
    let (view, file) = read.ok_or_else(|| resolve::missing(doc))?;
    let digests = DigestReport::of(&view);
    match (&view, file) {
        (AnyView::Types(types, _), _) => context.note_moves(doc.as_str(), types),
        (AnyView::View(_), Some(file)) => {
            reader.keep_result(doc, KIND, &file, &digests.to_bytes());
        }
        (AnyView::View(_), None) => {}
    }
    Ok(digests)
}

fn of_view(view: &View) -> DigestReport {
    let PairedDigests { content, kept: live } = view.digests(DELETED);
    DigestReport {
        content,
        live,
        version: of_version(view.version()),
        lives: !view.roots().is_empty(),
    }
}

fn of_types(types: &SharedTypes) -> DigestReport {
    let PairedDigests { content, kept: live } = types.digests(DELETED);
    DigestReport {
        content,
        live,
        version: of_version(types.version()),
        lives: types.live_roots().next().is_some(),
    }
}

/// The digests over all documents with live content, and their number. Private disks are left out,
/// since others do not have them; a document never filled, or emptied, is no difference between the
/// contents of two replicas.
fn of_store(context: &Context, reader: &Reader) -> Result<(DigestReport, usize)> {
    let mut documents = reader.documents()?;
    documents.retain(|document| !is_private(&document.id));
    let progress = context.progress("reading documents", Some(documents.len() as u64));
    let [mut content, mut live, mut version] = [(); 3].map(|()| blake3::Hasher::new());
    let mut count = 0;
    for document in documents {
        let digests = of_document(context, reader, &document.id)?;
        if digests.lives {
            absorb(&mut content, &document.id, &digests.content);
            absorb(&mut live, &document.id, &digests.live);
            absorb(&mut version, &document.id, &digests.version);
            count += 1;
        }
        progress.advance(1);
    }
    let [content, live, version] =
        [content, live, version].map(|hasher| *hasher.finalize().as_bytes());
    Ok((DigestReport { content, live, version, lives: count > 0 }, count))
}

/// Hashes the length of the id (64 bits, little-endian), the id and the digest. Documents are hashed in
/// the order of their ids.
fn absorb(hasher: &mut blake3::Hasher, doc: &DocId, digest: &[u8; 32]) {
    hasher.update(&(doc.as_str().len() as u64).to_le_bytes());
    hasher.update(doc.as_str().as_bytes());
    hasher.update(digest);
}

/// Hashes the clients in ascending order, each with its next clock (64 and 32 bits, little-endian),
/// then the digest of the delete set.
fn of_version(version: &Version) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for (client, clock) in &version.clocks {
        hasher.update(&client.to_le_bytes());
        hasher.update(&clock.to_le_bytes());
    }
    hasher.update(&version.deletes.digest());
    *hasher.finalize().as_bytes()
}

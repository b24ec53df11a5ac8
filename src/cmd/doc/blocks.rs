use crate::cmd::Context;
use crate::cmd::foreign::FromKind;
use crate::cmd::resolve::{missing, undecodable};
use crate::cmd::subject::Subject;
use crate::error::Result;
use crate::inspect::blocks::{Choice, each};
use crate::ui::{Column, Report, Take, row};
use crate::wire::Update;

/// Show the raw blocks of a document
///
/// One row per block, by client and clock: who wrote it, its position, what it holds, whether it is deleted,
/// how many bytes it takes. Works for every document that can be read at all, including XML, formats and
/// sub-documents of other programs. For large documents, `-o ndjson` streams.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl doc blocks chat --limit 20
  crdtctl doc blocks chat --client 3735928559
  crdtctl doc blocks chat -o ndjson | jq 'select(.bytes > 1000) | .parent'")]
pub struct BlocksArgs {
    /// The document, or a file; `-` is standard input
    doc: String,
    /// Only blocks of this client id
    #[arg(long, value_name = "ID")]
    client: Option<u64>,
    /// Show at most this many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    from: FromKind,
}

const COLUMNS: &[Column] = &[
    Column::text("id", "id"),
    Column::number("length", "length"),
    Column::text("left_origin", "left").wide(),
    Column::text("right_origin", "right").wide(),
    Column::text("parent", "parent"),
    Column::text("key", "key"),
    Column::text("kind", "kind"),
    Column::text("target", "points at").data(),
    Column::flag("deleted", "deleted"),
    Column::number("deleted_length", "deleted length").data(),
    Column::number("bytes", "bytes"),
    Column::number("offset", "offset").data(),
    Column::number("client", "client id").asked(),
    Column::number("clock", "clock").asked(),
];

pub fn run(context: &Context, args: &BlocksArgs) -> Result<Report> {
    let (name, bytes) = match context.subject(&args.doc, args.from)? {
        Subject::File(file) => {
            file.note_fork(context);
            (file.name.clone(), file.update)
        }
        Subject::Stored(reader, id) => {
            // If file and log do not fit together, the file alone can still be shown.
            let bytes = match reader.bytes(&id) {
                Ok(bytes) => bytes,
                Err(error) => {
                    context.note(format!("{error}; shown is its file without the log"));
                    reader.file(&id)?.map(|file| file.bytes.into_vec())
                }
            };
            (id.to_string(), bytes.ok_or_else(|| missing(&id))?.into())
        }
    };
    // Check first: a stream that breaks off looks complete.
    Update::walk(&bytes).map_err(|fault| undecodable(&name, &fault))?;
    let choice = Choice { client: args.client, limit: args.limit };
    let rows = move |take: Take<'_>| {
        let mut said = Ok(true);
        let walked = each(&bytes, choice, |raw| {
            said = row(&raw).and_then(&mut *take);
            matches!(said, Ok(true))
        });
        said?;
        walked.map_err(|fault| undecodable(&name, &fault))
    };
    Ok(Report::stream(rows, COLUMNS, Some("id")))
}

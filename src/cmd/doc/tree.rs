use crate::cmd::Context;
use crate::cmd::foreign::FromKind;
use crate::cmd::subject::{DocumentContent, Subject};
use crate::concern;
use crate::error::Result;
use crate::inspect::tree::{Branch, tree, tree_of_types};
use crate::ui::{Column, Report, Row};
use serde_json::json;

/// Show the paths of a document, with their types and counts
///
/// `*` stands for every id and every element. COUNT is how much a container holds (entries, elements, bytes
/// of text), VALUES how many values the path has. XML elements and their attributes appear as path steps by
/// name; formats of a text appear below it with type `mark`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl doc tree chat
  crdtctl doc tree core --depth 2
  crdtctl doc tree chat --json | jq -r '.[] | select(.type == \"text\") | .path'")]
pub struct TreeArgs {
    /// The document, or a file; `-` is standard input
    doc: String,
    /// Show only this many levels
    #[arg(long, value_name = "N")]
    depth: Option<usize>,
    #[command(flatten)]
    from: FromKind,
}

const COLUMNS: &[Column] = &[
    Column::text("path", "path"),
    Column::text("type", "type"),
    Column::number("count", "count"),
    Column::number("values", "values"),
];

pub fn run(context: &Context, args: &TreeArgs) -> Result<Report> {
    let depth = args.depth.unwrap_or(usize::MAX);
    let branches = match context.subject(&args.doc, args.from)? {
        Subject::Stored(reader, id) => match context.content(&reader, &id)? {
            DocumentContent::View(view) => tree(&view, concern::of(&id), depth),
            DocumentContent::Types(types) => tree_of_types(&types, depth),
        },
        Subject::File(file) => {
            let types = file.types()?;
            file.note_unshown(context, &types);
            tree_of_types(&types, depth)
        }
    };
    let nothing = match depth {
        0 => "no level is shown",
        _ => "the document is empty",
    };
    let rows = branches.into_iter().map(row).collect();
    Ok(Report::list(rows, COLUMNS, Some("path"), nothing))
}

fn row(branch: Branch) -> Row {
    let mut row = Row::new();
    row.insert("path".into(), json!(branch.path));
    row.insert("type".into(), json!(branch.kind));
    row.insert("count".into(), json!(branch.count));
    row.insert("values".into(), json!(branch.values));
    row
}

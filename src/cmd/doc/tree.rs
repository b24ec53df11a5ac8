use super::missing;
use crate::cmd::Context;
use crate::concern;
use crate::crdt::source::Source;
use crate::error::Result;
use crate::inspect::tree::{Branch, tree};
use crate::ui::{Column, Report, Row};
use serde_json::json;

/// Show which paths a document has, of which type, and how many
///
/// `*` stands for every id and every element. COUNT says what a container holds (entries, elements,
/// bytes of text), VALUES how many values stand at the path.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl doc tree chat
  crdtctl doc tree core --depth 2
  crdtctl doc tree chat --json | jq -r '.[] | select(.type == \"text\") | .path'")]
pub struct Args {
    /// The document
    doc: String,
    /// Show so many steps only
    #[arg(long, value_name = "N")]
    depth: Option<usize>,
}

const COLUMNS: &[Column] = &[
    Column::text("path", "path"),
    Column::text("type", "type"),
    Column::number("count", "count"),
    Column::number("values", "values"),
];

pub fn run(context: &Context, args: &Args) -> Result<Report> {
    let reader = context.reader()?;
    let id = context.document(&reader, &args.doc)?;
    let view = reader.view(&id)?.ok_or_else(|| missing(&id))?;
    let content = |root: String| view.value(&[&root]).map(|value| (root, value));
    let roots: Vec<_> = view.roots().into_iter().filter_map(content).collect();
    let branches = tree(&roots, concern::of(&id), args.depth.unwrap_or(usize::MAX));
    let rows = branches.into_iter().map(row).collect();
    Ok(Report::list(rows, COLUMNS, Some("path"), "the document is empty"))
}

fn row(branch: Branch) -> Row {
    let mut row = Row::new();
    row.insert("path".into(), json!(branch.path));
    row.insert("type".into(), json!(branch.kind));
    row.insert("count".into(), json!(branch.count));
    row.insert("values".into(), json!(branch.values));
    row
}

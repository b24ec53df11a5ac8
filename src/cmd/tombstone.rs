use super::Context;
use crate::concern::core;
use crate::error::Result;
use crate::store::Reader;
use crate::tombstone::{self, Members, Tombstone};
use crate::ui::{Column, Report, Row};
use clap::Subcommand;
use serde_json::json;

/// Deleted records: which are still there, and whom they wait for
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the tombstones of the store or, with -e, of one entity
    #[command(after_help = "Examples:
  crdtctl tombstone list
  crdtctl tombstone list --blocked
  crdtctl tombstone list --json | jq -r '.[].waiting_for[]' | sort | uniq -c")]
    List {
        /// Only those that cannot be pruned yet
        #[arg(long)]
        blocked: bool,
    },
}

const COLUMNS: &[Column] = &[
    Column::text("doc", "document").wide(),
    Column::text("kind", "kind"),
    Column::id("id", "id"),
    Column::time("deleted_at", "deleted"),
    Column::text("deleted_by", "by").wide(),
    Column::number("acknowledgements", "acked"),
    Column::list("waiting_for", "waits for"),
    Column::flag("prunable", "prunable"),
];

pub fn run(context: &Context, args: Args) -> Result<Report> {
    let Verb::List { blocked } = args.verb;
    let reader = context.reader()?;
    let mut rows = Vec::new();
    for entity in context.entities(&reader.documents()?)? {
        let members = members(&reader, &entity)?;
        for doc in tombstone::documents(&entity) {
            let (Some(spec), Some(view)) = (crate::concern::of(&doc), reader.view(&doc)?) else {
                continue;
            };
            rows.extend(
                tombstone::list(spec, &view)
                    .iter()
                    .map(|tombstone| row(doc.as_str(), tombstone, &members))
                    .filter(|row| !blocked || row.get("prunable") != Some(&json!(true))),
            );
        }
    }
    Ok(Report::list(rows, COLUMNS, Some("id"), "no tombstones"))
}

fn members(reader: &Reader, entity: &crate::id::EntityId) -> Result<Members> {
    let view = reader.view(&entity.document(core::SPEC.name))?;
    Ok(view.map(|view| core::active(&view)).unwrap_or_default())
}

fn row(doc: &str, tombstone: &Tombstone, members: &Members) -> Row {
    let mut row = Row::new();
    row.insert("doc".into(), json!(doc));
    row.insert("kind".into(), json!(tombstone.collection.noun));
    row.insert("id".into(), json!(tombstone.id()));
    row.insert("deleted_at".into(), json!(tombstone.deleted_at.unwrap_or(0)));
    row.insert("deleted_by".into(), json!(tombstone.deleted_by));
    row.insert("acknowledged".into(), json!(tombstone.acknowledged));
    row.insert("acknowledgements".into(), json!(tombstone.acknowledged.len()));
    row.insert("waiting_for".into(), json!(tombstone.waiting_for(members)));
    row.insert("prunable".into(), json!(tombstone.is_prunable(members)));
    row
}

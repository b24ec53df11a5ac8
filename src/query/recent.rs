//! The newest records of a document, whatever their kind.

use super::view;
use crate::crdt::value::Source;
use crate::error::Result;
use crate::id::EntityId;
use crate::path::{DocPath, Keys};
use crate::schema::{Collection, Spec};
use crate::store::Reader;
use serde::Serialize;

/// A record, as far as it takes to recognise it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecentRecord {
    pub id: String,
    /// Unix seconds; 0 where nobody said.
    pub created_at: i64,
    /// What it says, whole.
    pub text: String,
}

/// The newest records of some collections of a concern, deleted ones too, the newest first: at most
/// so many, each with the text that its field `text` holds.
///
/// # Errors
/// `Corrupt` where the document is.
pub fn list(
    reader: &Reader,
    entity: &EntityId,
    spec: &Spec,
    collections: &[&Collection],
    text: &str,
    limit: usize,
) -> Result<Vec<RecentRecord>> {
    let Some(view) = view(reader, entity, spec)? else { return Ok(Vec::new()) };
    let below = |path: &[String], field: &str| {
        let path = path.field(field);
        view.value(&path)
    };
    let created_at =
        |path: &[String]| below(path, "created_at").and_then(|at| at.as_i64()).unwrap_or(0);
    let mut found: Vec<(i64, DocPath)> = collections
        .iter()
        .flat_map(|collection| collection.records(&view))
        .map(|path| (created_at(&path), path))
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.truncate(limit);
    let recent = |(created_at, mut path): (i64, DocPath)| {
        let text = below(&path, text).and_then(|text| text.as_str().map(str::to_owned));
        Some(RecentRecord { id: path.pop()?, created_at, text: text.unwrap_or_default() })
    };
    Ok(found.into_iter().filter_map(recent).collect())
}

//! The newest records of a document, whatever their kind.

use super::view;
use crate::crdt::source::Source;
use crate::error::Result;
use crate::id::EntityId;
use crate::path::{DocPath, Keys};
use crate::schema::{Collection, FieldRole, Spec};
use crate::store::Reader;
use serde::Serialize;

/// A record with enough data to recognise it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecentRecord {
    /// The full key or `id` of the record in its collection.
    pub id: String,
    /// Unix seconds; 0 if unknown.
    pub created_at: i64,
    /// Its full text.
    pub text: String,
}

/// Returns the newest records of some collections of a concern, deleted ones included, the newest first, up
/// to a limit, each with the text by which it is recognised.
///
/// # Errors
/// `Corrupt` if the document is damaged.
pub fn list(
    reader: &Reader,
    entity: &EntityId,
    spec: &Spec,
    collections: &[&Collection],
    limit: usize,
) -> Result<Vec<RecentRecord>> {
    let Some(view) = view(reader, entity, spec)? else { return Ok(Vec::new()) };
    let below = |path: &[String], field: Option<&str>| view.value(&path.field(field?));
    let mut found: Vec<(i64, DocPath, Option<&str>)> = Vec::new();
    for collection in collections {
        let (created, heading) = (collection.named(FieldRole::Created), collection.heading());
        for path in collection.records(&view) {
            let created = below(&path, created).and_then(|at| at.as_i64());
            found.push((created.unwrap_or(0), path, heading));
        }
    }
    found.sort_by(|a, b| b.cmp(a));
    found.truncate(limit);
    let recent = |(created_at, mut path, heading): (i64, DocPath, Option<&str>)| {
        let text = below(&path, heading).and_then(|text| text.as_str().map(str::to_owned));
        Some(RecentRecord { id: path.pop()?, created_at, text: text.unwrap_or_default() })
    };
    Ok(found.into_iter().filter_map(recent).collect())
}

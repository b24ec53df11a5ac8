//! The trash: records that are gone for good, as they were.

use crate::concern;
use crate::error::Result;
use crate::id::{DocId, EntityId};
use crate::operation::find_trashed;
use crate::path::{DocPath, Keys};
use crate::schema::{self, Collection, FieldRole};
use crate::store::{Reader, State, Trashed};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// A record that left its document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrashedRecord {
    /// The id it had.
    pub id: String,
    /// The kind of record.
    pub kind: String,
    /// The document it was in.
    pub doc: DocId,
    /// When it left, in Unix seconds.
    pub at: i64,
    /// `pruned` by this replica, `peer` by another one, `removed` without a tombstone, `replaced` by a
    /// new record under its id.
    pub why: String,
    /// Who acted here, or sent the bundle.
    pub member: Option<String>,
    /// The text by which people knew it.
    pub text: Option<String>,
    /// The id of the new record made from it.
    pub restored_as: Option<String>,
}

/// A record in the trash with all its content.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrashedContent {
    /// What a list shows of it.
    #[serde(flatten)]
    pub summary: TrashedRecord,
    /// Its path from the root.
    pub path: DocPath,
    /// Its fields just before it left.
    pub record: Value,
}

/// Returns what is in the trash of a store, the latest first; only of some entities if any are given.
///
/// # Errors
/// `Io` and `Corrupt` if the local state cannot be read.
pub fn list(reader: &Reader, entities: Option<&BTreeSet<EntityId>>) -> Result<Vec<TrashedRecord>> {
    Ok(all(reader, entities)?.iter().map(TrashedRecord::of).collect())
}

/// Returns the record with this id or unique prefix; of several with the same id, the one that left last.
///
/// # Errors
/// `NotFound`, `Ambiguous`; `Usage` for a prefix that is too short.
pub fn find(
    reader: &Reader,
    entities: Option<&BTreeSet<EntityId>>,
    wanted: &str,
) -> Result<TrashedContent> {
    let all = all(reader, entities)?;
    let found = find_trashed(&all, wanted)?;
    Ok(TrashedContent {
        summary: TrashedRecord::of(found),
        path: found.path.clone(),
        record: found.record.clone(),
    })
}

fn all(reader: &Reader, entities: Option<&BTreeSet<EntityId>>) -> Result<Vec<Trashed>> {
    let mut all = reader.state().map(State::trash).transpose()?.unwrap_or_default();
    if let Some(these) = entities {
        all.retain(|trashed| trashed.doc.entity().is_some_and(|entity| these.contains(&entity)));
    }
    Ok(all)
}

impl TrashedRecord {
    fn of(trashed: &Trashed) -> TrashedRecord {
        let field = |name: &str| trashed.record.get(name).and_then(Value::as_str);
        let place = concern::of(&trashed.doc)
            .and_then(|spec| schema::place(spec, &trashed.path.child("")))
            .map(|(collection, _)| collection);
        let heading = place.and_then(Collection::heading);
        let word = place.and_then(|collection| collection.named(FieldRole::Word));
        let mut known_by = [heading, word, Some(schema::VALUE)].into_iter().flatten();
        TrashedRecord {
            id: trashed.id().to_owned(),
            kind: trashed.noun.clone(),
            doc: trashed.doc.clone(),
            at: trashed.at,
            why: trashed.why.clone(),
            member: trashed.member.clone(),
            text: known_by.find_map(field).map(str::to_owned),
            restored_as: trashed.restored.clone(),
        }
    }
}

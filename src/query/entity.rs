//! Entities: their names, their members, and the documents they have.

use super::member::{self, Member};
use super::record::{self, Other};
use super::{Numeric, Partial, Text, sound, view};
use crate::concern::{self, core};
use crate::crdt::source::Source;
use crate::error::Result;
use crate::id::{DocId, EntityId};
use crate::store::{Document, Reader};
use crate::wire::Record;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The metadata of an entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// Its type and id together, as commands take it.
    pub entity: EntityId,
    /// The part of the id after the type.
    #[serde(default, deserialize_with = "record::derived")]
    pub entity_id: String,
    /// `group`, `channel`, `project` or `organization`.
    #[serde(default, deserialize_with = "record::derived")]
    pub entity_type: String,
    /// Its name.
    #[serde(default)]
    pub name: Text,
    /// Its description; may be empty.
    #[serde(default)]
    pub description: Text,
    /// Its id if that is four words, else empty.
    #[serde(default)]
    pub four_words: Text,
    /// Unix seconds.
    #[serde(default)]
    pub created_at: Numeric,
    /// The member who created it, as the document says.
    #[serde(default)]
    pub created_by: Text,
    /// The BLAKE3 hash of the root of its website, if it has one.
    #[serde(default)]
    pub website_root: Text,
    /// The rest of its metadata.
    #[serde(flatten)]
    pub other: Other,
}

/// An entity in a list of all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EntitySummary {
    /// Its metadata; only the id if its core cannot be read.
    #[serde(flatten)]
    pub metadata: Metadata,
    /// The number of active members; `None` if that cannot be read.
    pub members: Option<usize>,
    /// The concerns it has a document of.
    pub documents: Vec<&'static str>,
}

/// An entity with its members and documents.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EntityOverview {
    /// Its metadata.
    #[serde(flatten)]
    pub metadata: Metadata,
    /// The active members.
    pub members: Vec<Member>,
    /// Its documents with their sizes, sorted by id; including those of unknown concerns.
    pub documents: Vec<DocumentSize>,
}

/// The size of a document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DocumentSize {
    /// The document, of a known concern or not.
    pub doc_id: DocId,
    /// The size of its file; 0 while the document is only in the log.
    pub bytes: u64,
    /// The limit of its concern; `None` if no concern knows it.
    pub limit_bytes: Option<u64>,
}

/// Returns the entities of a store: all that have a document of a known concern.
///
/// # Errors
/// Those that are not about a single document.
pub fn list(reader: &Reader) -> Result<Partial<Vec<EntitySummary>>> {
    let mut entities: BTreeMap<EntityId, Vec<&'static str>> = BTreeMap::new();
    for document in reader.documents()? {
        if let (Some(spec), Some(entity)) = (concern::of(&document.id), document.id.entity()) {
            entities.entry(entity).or_default().push(spec.name);
        }
    }
    let mut partial = Partial { found: Vec::with_capacity(entities.len()), damaged: Vec::new() };
    for (entity, documents) in entities {
        let known = metadata(reader, &entity)
            .and_then(|known| Ok((known, member::list(reader, &entity, false)?.len())));
        let (metadata, members) = match sound(&mut partial.damaged, known)? {
            Some((metadata, members)) => (metadata, Some(members)),
            None => (described(&entity, Record::new())?, None),
        };
        partial.found.push(EntitySummary { metadata, members, documents });
    }
    Ok(partial)
}

/// Returns one entity.
///
/// # Errors
/// `Corrupt` if its metadata cannot be read.
pub fn show(reader: &Reader, entity: &EntityId) -> Result<EntityOverview> {
    let of_it = |document: &Document| document.id.entity().as_ref() == Some(entity);
    let size = |Document { id, bytes, .. }: Document| DocumentSize {
        limit_bytes: concern::of(&id).map(|spec| spec.limit_bytes),
        doc_id: id,
        bytes,
    };
    Ok(EntityOverview {
        metadata: metadata(reader, entity)?,
        members: member::list(reader, entity, false)?,
        documents: reader.documents()?.into_iter().filter(of_it).map(size).collect(),
    })
}

fn metadata(reader: &Reader, entity: &EntityId) -> Result<Metadata> {
    let view = view(reader, entity, &core::SPEC)?;
    described(entity, view.and_then(|view| view.record(&["metadata"])).unwrap_or_default())
}

fn described(entity: &EntityId, record: Record) -> Result<Metadata> {
    let mut row: Map<String, Value> =
        record.into_iter().map(|(name, value)| (name, value.to_json())).collect();
    // Derived fields own these names, and the entity is given by the document's id.
    for derived in ["members", "documents"] {
        row.remove(derived);
    }
    row.insert("entity".to_owned(), entity.as_str().into());
    let known: Metadata = record::typed(row)?;
    let (entity_id, entity_type) = (entity.id().to_owned(), entity.entity_type().to_owned());
    Ok(Metadata { entity_id, entity_type, ..known })
}

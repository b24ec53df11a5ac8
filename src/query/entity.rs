//! Entities: what each is called, who belongs to it, and which documents it has.

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

/// What an entity says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// Its type and id together, as commands take it.
    pub entity: EntityId,
    /// The part of the id behind the type.
    #[serde(default, deserialize_with = "record::derived")]
    pub entity_id: String,
    /// `group`, `channel`, `project` or `organization`.
    #[serde(default, deserialize_with = "record::derived")]
    pub entity_type: String,
    /// What people call it.
    #[serde(default)]
    pub name: Text,
    /// What it is for; empty where nobody said.
    #[serde(default)]
    pub description: Text,
    /// Its id where that is four words, else empty.
    #[serde(default)]
    pub four_words: Text,
    /// Unix seconds.
    #[serde(default)]
    pub created_at: Numeric,
    /// The member who made it, as the document says.
    #[serde(default)]
    pub created_by: Text,
    /// The BLAKE3 hash of the root of its website, where it has one.
    #[serde(default)]
    pub website_root: Text,
    /// What else its metadata hold.
    #[serde(flatten)]
    pub other: Other,
}

/// An entity in a list of all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EntitySummary {
    /// What it says of itself; by its id alone where its core cannot be read.
    #[serde(flatten)]
    pub metadata: Metadata,
    /// How many active members it has; None where that cannot be read.
    pub members: Option<usize>,
    /// The concerns of which it has a document.
    pub documents: Vec<&'static str>,
}

/// An entity with what belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EntityOverview {
    /// What it says of itself.
    #[serde(flatten)]
    pub metadata: Metadata,
    /// The active members.
    pub members: Vec<Member>,
    /// Its documents with their sizes, sorted by id; those of unknown concerns too.
    pub documents: Vec<DocumentSize>,
}

/// How large a document is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DocumentSize {
    /// The document, of a known concern or not.
    pub doc_id: DocId,
    /// Of its file; 0 while the document is in the log only.
    pub bytes: u64,
    /// The limit of its concern; None where no concern knows it.
    pub limit_bytes: Option<u64>,
}

/// The entities of a store: all that have a document of a known concern.
///
/// # Errors
/// What is not about a document alone.
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

/// One entity.
///
/// # Errors
/// `Corrupt` where its metadata cannot be read.
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
    // Whose they are is told by the document's id, and what is derived has its own names.
    for derived in ["members", "documents"] {
        row.remove(derived);
    }
    row.insert("entity".to_owned(), entity.as_str().into());
    let known: Metadata = record::typed(row)?;
    let (entity_id, entity_type) = (entity.id().to_owned(), entity.entity_type().to_owned());
    Ok(Metadata { entity_id, entity_type, ..known })
}

//! The schema: the content of each concern's documents, as data.
//!
//! Listing, dumping, checking, acknowledging, pruning and merging are written once over it. The
//! concerns themselves and their operations are in [`crate::concern`].

mod field;
mod guess;

pub use field::{Field, FieldKind, FieldRole};
pub use guess::{is_keyed_by_member, kind_by_name, kind_of, role_by_name, role_of};

use crate::crdt::source::Source;
use crate::path::{DocPath, Keys};
use crate::wire::{Record, RootKind, Value};
use serde_json::{Map, json};

/// The field under which a value appears that is in the place of a record.
pub const VALUE: &str = "value";

/// One concern of an entity: its schema and its rules, as data.
#[derive(Debug)]
pub struct Spec {
    /// The third part of the document id.
    pub name: &'static str,
    /// The limit of a document, in bytes of encoded state.
    pub limit_bytes: u64,
    /// Whether a document leaves the machine only for replicas of its member.
    pub private: bool,
    /// The roots, and the type each must have.
    pub roots: &'static [(&'static str, RootKind)],
    /// The kinds of records in it; may be empty.
    pub collections: &'static [Collection],
}

/// Records of one kind, all of the same shape.
#[derive(Debug)]
pub struct Collection {
    /// The singular name of a record.
    pub noun: &'static str,
    /// The name in help of an argument that takes its id; completion goes by it.
    pub argument: Option<&'static str>,
    /// Where the records are: keys from a root, `*` for every key.
    pub path: &'static [&'static str],
    /// How a record is deleted; `None` if records of this kind never are.
    pub tombstone: Option<DeletionMarker>,
    /// The field with the time of the last edit, in Unix seconds (rule R4): the clock of every field
    /// that has none of its own.
    pub clock: Option<&'static str>,
    /// A root with the keys of the records that are not deleted, which other programs count and this
    /// one never trusts (rule R5).
    pub cache: Option<&'static str>,
    /// The schema's fields, in order. The first is the record's id.
    pub fields: &'static [Field],
}

/// How a deletion is marked.
#[derive(Debug)]
pub struct DeletionMarker {
    /// The boolean field that marks it.
    pub flag: &'static str,
    /// The field with the time of the deletion.
    pub at: &'static str,
    /// The field with the member who deleted it, if the schema has one.
    pub by: Option<&'static str>,
    /// The field with the acknowledgements.
    pub acks: &'static str,
    /// Whether pruning may take the record out, or only archiving.
    pub removal: Removal,
}

impl DeletionMarker {
    /// The marker of most records.
    pub const DELETED: DeletionMarker = DeletionMarker {
        flag: "deleted",
        at: "deleted_at",
        by: None,
        acks: "ack_vector",
        removal: Removal::AtOnce,
    };
}

/// When a prunable record may leave the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// Garbage: immediately.
    AtOnce,
    /// Content: only into the archive.
    IntoArchive,
}

/// The metadata of an entity: one record, at a root of its own.
pub const METADATA: Collection = Collection {
    noun: "entity",
    argument: Some("ENTITY"),
    path: &[],
    tombstone: None,
    clock: Some("updated_at"),
    cache: None,
    fields: &[
        Field::id("entity_id"),
        Field::word("entity_type"),
        Field::prose("name"),
        Field::prose("description"),
        Field::id("four_words"),
        Field::creator("created_by"),
        Field::created("created_at"),
        Field::edited("updated_at"),
    ],
};

/// Records of other programs that are in no collection of the concern.
pub const UNLISTED: Collection = Collection {
    noun: "record",
    argument: None,
    path: &[],
    tombstone: Some(DeletionMarker::DELETED),
    clock: None,
    cache: None,
    fields: &[Field::created("created_at"), Field::acknowledgements("ack_vector")],
};

/// Returns the collection of the record that a path leads into, and the number of steps to the record. For
/// nested collections, the innermost.
pub fn place(spec: &'static Spec, path: &[String]) -> Option<(&'static Collection, usize)> {
    let fits = |collection: &&Collection| {
        path.len() > collection.path.len() + 1
            && collection.path.iter().zip(path).all(|(step, key)| *step == "*" || step == key)
    };
    let found = spec.collections.iter().filter(fits).max_by_key(|c| c.path.len());
    let metadata = || (path.len() > 1 && path.first()? == "metadata").then_some((&METADATA, 1));
    found.map(|collection| (collection, collection.path.len() + 1)).or_else(metadata)
}

impl Collection {
    /// Returns the field with this name, if the schema has one.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Whether it has a field of a kind.
    pub fn has(&self, kind: FieldKind) -> bool {
        self.fields.iter().any(|field| field.kind == kind)
    }

    /// Returns the name of the first field with a role.
    pub fn named(&self, role: FieldRole) -> Option<&'static str> {
        self.fields.iter().find(|field| field.role == role).map(|field| field.name)
    }

    /// Returns the name of the text field by which people recognise a record.
    pub fn heading(&self) -> Option<&'static str> {
        let is_heading = |field: &&Field| field.role == FieldRole::Prose && field.kind.is_text();
        self.fields.iter().find(is_heading).map(|field| field.name)
    }

    /// Returns the clock of a field: its own, or else the record's.
    pub fn clock_of(&self, field: &str) -> Option<&'static str> {
        self.field(field).and_then(|field| field.clock).or(self.clock)
    }

    /// Returns the paths of all its records, in key order.
    pub fn records(&self, source: &dyn Source) -> Vec<DocPath> {
        self.homes(source).into_iter().flat_map(|path| descend(source, path, "*")).collect()
    }

    /// Returns the paths of those of its records that have the tombstone flag, in key order.
    pub fn deleted(&self, source: &dyn Source) -> Vec<DocPath> {
        let Some(tombstone) = &self.tombstone else { return Vec::new() };
        let of_home = |home: DocPath| {
            let keys = source.flagged(&home.steps(), tombstone.flag).into_iter();
            keys.map(move |key| home.with(key))
        };
        self.homes(source).into_iter().flat_map(of_home).collect()
    }

    /// Returns the paths of the containers of its records.
    pub fn homes(&self, source: &dyn Source) -> Vec<DocPath> {
        let mut paths: Vec<DocPath> = vec![DocPath::default()];
        for step in self.path {
            paths = paths.into_iter().flat_map(|path| descend(source, path, step)).collect();
        }
        paths
    }

    /// Returns the record at a path. A value in the place of a record becomes a record with the field
    /// `value`.
    pub fn record(&self, source: &dyn Source, path: &[&str]) -> Record {
        match source.value(path) {
            Some(Value::Map(record) | Value::Object(record)) => record,
            Some(other) => Record::from([(VALUE.to_owned(), other)]),
            None => Record::new(),
        }
    }

    /// Returns its records as JSON objects, in key order; deleted ones only with `all`.
    pub fn rows(&self, source: &dyn Source, all: bool) -> Vec<Map<String, serde_json::Value>> {
        self.records(source)
            .into_iter()
            .filter(|path| all || !self.is_deleted(source, path))
            .map(|path| self.row(&self.record(source, &path.steps()), path.last()))
            .collect()
    }

    /// Returns whether the record at a path has the tombstone flag.
    pub fn is_deleted(&self, source: &dyn Source, path: &[String]) -> bool {
        self.tombstone.as_ref().is_some_and(|tombstone| source.flag(&path.field(tombstone.flag)))
    }

    /// Returns a record as a JSON object with the schema's fields: a missing one is null, 0, false or empty;
    /// sets have no duplicates. The first field is the record's id as commands know it: its key, if it
    /// has one. If a program wrote a different id there, that appears as the additional field
    /// `recorded_id`.
    pub fn row(&self, record: &Record, key: Option<&String>) -> Map<String, serde_json::Value> {
        let mut row: Map<_, _> = self
            .fields
            .iter()
            .map(|field| (field.name.to_owned(), field.kind.to_json(record.get(field.name))))
            .collect();
        if let Some(id) = self.fields.first().and_then(|field| row.get_mut(field.name))
            && let Some(key) = key
            && id != key
        {
            let recorded = std::mem::replace(id, json!(key));
            if !recorded.is_null() {
                row.insert("recorded_id".to_owned(), recorded);
            }
        }
        row
    }

    /// Returns a record with all its fields: the schema's first, then the rest.
    pub fn whole_row(
        &self,
        record: &Record,
        key: Option<&String>,
    ) -> Map<String, serde_json::Value> {
        let mut row = self.row(record, key);
        for (name, value) in record {
            if !row.contains_key(name) {
                row.insert(name.clone(), value.to_json());
            }
        }
        row
    }
}

fn descend(source: &dyn Source, path: DocPath, step: &str) -> Vec<DocPath> {
    match step {
        "*" => source.keys(&path.steps()).into_iter().map(|key| path.with(key)).collect(),
        name => vec![path.child(name)],
    }
}

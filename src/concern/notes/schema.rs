//! The schema of the concern `notes`.

use crate::schema::{Collection, DeletionMarker, Field, Removal, Spec};
use crate::wire::RootKind;

/// The concern `notes`: its root, and [`NOTES`] as its only collection.
pub const SPEC: Spec = Spec {
    name: "notes",
    limit_bytes: 100_000,
    private: false,
    roots: &[("notes", RootKind::Map)],
    collections: &[NOTES],
};

/// The notes, keyed by a random id (rule R1).
pub const NOTES: Collection = Collection {
    noun: "note",
    argument: Some("NOTE"),
    path: &["notes"],
    tombstone: Some(DeletionMarker {
        flag: "gone",
        at: "gone_since",
        by: Some("gone_through"),
        acks: "known_gone",
        removal: Removal::AtOnce,
    }),
    clock: Some("touched"),
    cache: None,
    fields: &[
        Field::id("key"),
        Field::author("writer"),
        Field::assignee("reader"),
        Field::prose("heading"),
        Field::shared_prose("body"),
        Field::created("begun"),
        Field::edited("touched"),
        Field::flag("gone"),
        Field::time("gone_since"),
        Field::deleter("gone_through"),
        Field::acknowledgements("known_gone"),
    ],
};

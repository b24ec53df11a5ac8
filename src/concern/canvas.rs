//! Canvas: the elements of a whiteboard.

use super::{Collection, FieldKind, Removal, Spec, Tombstone, field};
use crate::crdt::update::RootKind;
use crate::limits;

pub const SPEC: Spec = Spec {
    name: "canvas",
    limit_bytes: limits::CANVAS_BYTES,
    roots: &[("elements", RootKind::Map), ("metadata", RootKind::Map)],
    collections: &[ELEMENTS],
};

/// The elements, keyed by a minted id (rule R1).
pub const ELEMENTS: Collection = Collection {
    noun: "element",
    path: &["elements"],
    tombstone: Some(Tombstone {
        flag: "deleted",
        at: "deleted_at",
        by: None,
        removal: Removal::AtOnce,
    }),
    clock: Some("updated_at"),
    fields: &[
        field("id", FieldKind::Text),
        field("element_type", FieldKind::Text),
        field("x", FieldKind::Number),
        field("y", FieldKind::Number),
        field("width", FieldKind::Number),
        field("height", FieldKind::Number),
        field("rotation", FieldKind::Number),
        field("z_index", FieldKind::Number),
        field("data", FieldKind::Map),
        field("created_at", FieldKind::Time),
        field("updated_at", FieldKind::Time),
        field("deleted", FieldKind::Flag),
        field("deleted_at", FieldKind::Time),
        field("ack_vector", FieldKind::Acknowledgements),
    ],
};

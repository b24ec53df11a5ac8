//! Kanban: the columns of a board, and the cards on it.

use super::{Collection, FieldKind, Removal, Spec, Tombstone, field};
use crate::crdt::update::RootKind;
use crate::limits;

pub const SPEC: Spec = Spec {
    name: "kanban",
    limit_bytes: limits::KANBAN_BYTES,
    roots: &[("columns", RootKind::Array), ("cards", RootKind::Map)],
    collections: &[COLUMNS, CARDS],
};

/// The columns, in no order but that of their field `order`.
pub const COLUMNS: Collection = Collection {
    noun: "column",
    path: &["columns"],
    tombstone: None,
    clock: None,
    fields: &[
        field("id", FieldKind::Text),
        field("title", FieldKind::Text),
        field("order", FieldKind::Number),
        field("card_order", FieldKind::List),
    ],
};

/// The cards, keyed by a minted id (rule R1).
pub const CARDS: Collection = Collection {
    noun: "card",
    path: &["cards"],
    tombstone: Some(Tombstone {
        flag: "archived",
        at: "archived_at",
        by: None,
        removal: Removal::IntoArchive,
    }),
    clock: Some("updated_at"),
    fields: &[
        field("id", FieldKind::Text),
        field("title", FieldKind::Text),
        field("description", FieldKind::Text),
        field("column_id", FieldKind::Text),
        field("assignee_id", FieldKind::Text),
        field("priority", FieldKind::Text),
        field("created_at", FieldKind::Time),
        field("updated_at", FieldKind::Time),
        field("archived", FieldKind::Flag),
        field("archived_at", FieldKind::Time),
        field("ack_vector", FieldKind::Acknowledgements),
    ],
};

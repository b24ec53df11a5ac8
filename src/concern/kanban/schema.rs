//! The schema of the concern `kanban`.

use crate::limits;
use crate::schema::{Collection, DeletionMarker, Field, Removal, Spec};
use crate::wire::RootKind;

/// The concern `kanban`: its roots, and the collections [`COLUMNS`] and [`CARDS`].
pub const SPEC: Spec = Spec {
    name: "kanban",
    limit_bytes: limits::KANBAN_BYTES,
    private: false,
    roots: &[("columns", RootKind::Array), ("cards", RootKind::Map)],
    collections: &[COLUMNS, CARDS],
};

/// The columns, ordered only by their field `order`.
pub const COLUMNS: Collection = Collection {
    noun: "column",
    argument: Some("COLUMN"),
    path: &["columns"],
    tombstone: None,
    clock: None,
    cache: None,
    fields: &[
        Field::id("id"),
        Field::prose("title"),
        Field::number("order"),
        Field::list("card_order"),
    ],
};

/// The cards, keyed by a random id (rule R1).
pub const CARDS: Collection = Collection {
    noun: "card",
    argument: Some("CARD"),
    path: &["cards"],
    tombstone: Some(DeletionMarker {
        flag: "archived",
        at: "archived_at",
        by: None,
        acks: "ack_vector",
        removal: Removal::IntoArchive,
    }),
    clock: Some("updated_at"),
    cache: None,
    fields: &[
        Field::id("id"),
        Field::prose("title"),
        Field::prose("description"),
        Field::reference("column_id"),
        Field::assignee("assignee_id"),
        Field::word("priority"),
        Field::created("created_at"),
        Field::edited("updated_at"),
        Field::flag("archived"),
        Field::time("archived_at"),
        Field::acknowledgements("ack_vector"),
    ],
};

//! Columns that many views share.

use crate::sql::column::{SqlColumn, json, text};

/// The entity that a record belongs to: the first column of every view of records.
pub const ENTITY: SqlColumn = text("entity", "the entity: its type and id together");
/// Who has acknowledged a deletion, for every record that can be deleted.
pub const ACKS: SqlColumn =
    json("ack_vector", "who has acknowledged the deletion: member → Unix seconds");

//! The schema of the concern `core`.

use crate::limits;
use crate::schema::{Collection, DeletionMarker, Field, Spec};
use crate::wire::RootKind;

/// The concern `core`: its roots, and [`MEMBERS`] as its only collection.
pub const SPEC: Spec = Spec {
    name: "core",
    limit_bytes: limits::CORE_BYTES,
    private: false,
    roots: &[("metadata", RootKind::Map), ("members", RootKind::Map), (ACTIVE, RootKind::Map)],
    collections: &[MEMBERS],
};

/// The members, keyed by member id (rule R2: several replicas may concurrently create one).
pub const MEMBERS: Collection = Collection {
    noun: "member",
    argument: Some("MEMBER"),
    path: &["members"],
    tombstone: Some(DeletionMarker { by: Some("deleted_by"), ..DeletionMarker::DELETED }),
    clock: Some("updated_at"),
    cache: Some(ACTIVE),
    fields: MEMBER_FIELDS,
};

const MEMBER_FIELDS: &[Field] = &[
    Field::member("member_id"),
    Field::word(ROLE),
    Field::created("joined_at"),
    Field::edited("updated_at"),
    Field::flag("deleted"),
    Field::time("deleted_at"),
    Field::deleter("deleted_by"),
    Field::acknowledgements("ack_vector"),
];

/// The root with the ids of the active members.
pub const ACTIVE: &str = "active_members";

/// The field with the role of a member.
pub const ROLE: &str = "role";

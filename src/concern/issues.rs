//! Issues: what is to be done, and what was said about it.

use super::{Collection, FieldKind, Removal, Spec, Tombstone, clocked, field};
use crate::crdt::update::RootKind;
use crate::limits;

pub const SPEC: Spec = Spec {
    name: "issues",
    limit_bytes: limits::ISSUES_BYTES,
    roots: &[("issues", RootKind::Map)],
    collections: &[ISSUES, COMMENTS],
};

/// The issues, keyed by a minted id (rule R1).
pub const ISSUES: Collection = Collection {
    noun: "issue",
    path: &["issues"],
    tombstone: Some(Tombstone {
        flag: "closed",
        at: "closed_at",
        by: None,
        removal: Removal::IntoArchive,
    }),
    clock: Some("updated_at"),
    fields: &[
        field("id", FieldKind::Text),
        field("title", FieldKind::Text),
        field("description", FieldKind::Text),
        clocked("status", FieldKind::Text, "status_updated_at"),
        clocked("priority", FieldKind::Text, "priority_updated_at"),
        clocked("assignee_id", FieldKind::Text, "assignee_updated_at"),
        field("reporter_id", FieldKind::Text),
        field("created_at", FieldKind::Time),
        field("updated_at", FieldKind::Time),
        field("status_updated_at", FieldKind::Time),
        field("priority_updated_at", FieldKind::Time),
        field("assignee_updated_at", FieldKind::Time),
        field("closed", FieldKind::Flag),
        field("closed_at", FieldKind::Time),
        field("ack_vector", FieldKind::Acknowledgements),
        field("comments", FieldKind::List),
    ],
};

/// The comments on the issues.
pub const COMMENTS: Collection = Collection {
    noun: "comment",
    path: &["issues", "*", "comments"],
    tombstone: Some(Tombstone {
        flag: "deleted",
        at: "deleted_at",
        by: None,
        removal: Removal::AtOnce,
    }),
    clock: Some("updated_at"),
    fields: &[
        field("id", FieldKind::Text),
        field("author_id", FieldKind::Text),
        field("content", FieldKind::Text),
        field("created_at", FieldKind::Time),
        field("updated_at", FieldKind::Time),
        field("deleted", FieldKind::Flag),
        field("deleted_at", FieldKind::Time),
        field("ack_vector", FieldKind::Acknowledgements),
    ],
};

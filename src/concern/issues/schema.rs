//! The schema of the concern `issues`.

use crate::limits;
use crate::schema::{Collection, DeletionMarker, Field, Removal, Spec};
use crate::wire::RootKind;

/// The concern `issues`: its root, and the collections [`ISSUES`] and [`COMMENTS`].
pub const SPEC: Spec = Spec {
    name: "issues",
    limit_bytes: limits::ISSUES_BYTES,
    private: false,
    roots: &[("issues", RootKind::Map)],
    collections: &[ISSUES, COMMENTS],
};

/// The issues, keyed by a random id (rule R1).
pub const ISSUES: Collection = Collection {
    noun: "issue",
    argument: Some("ISSUE"),
    path: &["issues"],
    tombstone: Some(DeletionMarker {
        flag: "closed",
        at: "closed_at",
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
        Field::word("status").clocked("status_updated_at"),
        Field::word("priority").clocked("priority_updated_at"),
        Field::assignee("assignee_id").clocked("assignee_updated_at"),
        Field::creator("reporter_id"),
        Field::created("created_at"),
        Field::edited("updated_at"),
        Field::edited("status_updated_at"),
        Field::edited("priority_updated_at"),
        Field::edited("assignee_updated_at"),
        Field::flag("closed"),
        Field::time("closed_at"),
        Field::acknowledgements("ack_vector"),
        Field::list("comments"),
    ],
};

/// The comments on the issues.
pub const COMMENTS: Collection = Collection {
    noun: "comment",
    argument: Some("COMMENT"),
    path: &["issues", "*", "comments"],
    tombstone: Some(DeletionMarker::DELETED),
    clock: Some("updated_at"),
    cache: None,
    fields: &[
        Field::id("id"),
        Field::author("author_id"),
        Field::prose("content"),
        Field::created("created_at"),
        Field::edited("updated_at"),
        Field::flag("deleted"),
        Field::time("deleted_at"),
        Field::acknowledgements("ack_vector"),
    ],
};

//! The schema of the concern `chat`.

use crate::crdt::source::Source;
use crate::limits;
use crate::path::DocPath;
use crate::schema::{Collection, DeletionMarker, Field, Spec};
use crate::wire::RootKind;

/// The concern `chat`: its roots, and the collections [`MESSAGES`], [`THREADS`] and [`REPLIES`].
pub const SPEC: Spec = Spec {
    name: "chat",
    limit_bytes: limits::CHAT_BYTES,
    private: false,
    roots: &[("messages", RootKind::Map), ("threads", RootKind::Map)],
    collections: &[MESSAGES, THREADS, REPLIES],
};

/// The messages of the entity, keyed by a random id (rule R1).
pub const MESSAGES: Collection = Collection {
    noun: "message",
    argument: Some("MESSAGE"),
    path: &["messages"],
    tombstone: Some(DeletionMarker::DELETED),
    clock: Some("updated_at"),
    cache: None,
    fields: MESSAGE_FIELDS,
};

/// The threads, keyed by the message that they reply to.
pub const THREADS: Collection = Collection {
    noun: "thread",
    argument: None,
    path: &["threads"],
    tombstone: None,
    clock: None,
    cache: None,
    fields: &[
        Field::id("parent_id"),
        Field::records("replies"),
        Field::cache("reply_count"),
        Field::cache("last_reply_at"),
    ],
};

/// The replies in the threads: messages like all others.
pub const REPLIES: Collection = Collection {
    noun: "reply",
    argument: Some("MESSAGE"),
    path: &["threads", "*", "replies"],
    tombstone: Some(DeletionMarker::DELETED),
    clock: Some("updated_at"),
    cache: None,
    fields: MESSAGE_FIELDS,
};

const MESSAGE_FIELDS: &[Field] = &[
    Field::id("id"),
    Field::author("author_id"),
    Field::prose("content"),
    Field::created("created_at"),
    Field::edited("updated_at"),
    Field::flag("deleted"),
    Field::time("deleted_at"),
    Field::acknowledgements("ack_vector"),
    Field::reactions("reactions"),
    Field::list("attachments"),
];

/// Whether there is a message, not a reply, with this id.
pub fn is_message(source: &dyn Source, id: &str) -> bool {
    source.exists(&["messages", id])
}

/// The path of a message.
pub fn message_path(id: &str) -> DocPath {
    ["messages", id].into()
}

/// The path of a reply.
pub fn reply_path(thread: &str, id: &str) -> DocPath {
    ["threads", thread, "replies", id].into()
}

/// The collection of the message or reply at a path.
pub fn collection_of(path: &[String]) -> &'static Collection {
    if path.len() == message_path("").len() { &MESSAGES } else { &REPLIES }
}

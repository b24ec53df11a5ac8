//! Chat: messages, threads, reactions, attachments.

use super::shared::{ACKS, ENTITY};
use crate::query::chat::row_fields;
use crate::sql::column::{flag, integer, json, text, time};
use crate::sql::view::{Filler, SqlView};
use serde_json::{Value, json as object};

pub const MESSAGES: SqlView = SqlView {
    name: "messages",
    about: "a message, or a reply to one, deleted ones included",
    columns: &[
        ENTITY,
        text("id", "its id"),
        text("author_id", "the member who wrote it"),
        text("content", "the text"),
        time("created_at", "when"),
        time("updated_at", "when it was last edited"),
        flag("deleted", "it was deleted"),
        time("deleted_at", "when"),
        ACKS,
        json("reactions", "emoji → who reacted with it"),
        json("attachments", "one object for each file"),
        text("parent_id", "the message it replies to"),
        flag("parent_deleted", "the parent is deleted, or gone"),
        flag("unread", "written by others, after what was marked as read here"),
        integer("reply_count", "replies in its own thread that are not deleted"),
        time("last_reply_at", "when the last of them was written"),
        flag("in_archive", "it is in the archive, no longer in its document"),
    ],
    filler: Filler::Entity(|source, entity, rows| {
        let names: Vec<&str> = row_fields().filter(|name| rows.wants(name)).collect();
        source.each_message_row(entity, &names, &mut |row| rows.add_fields(entity, row))
    }),
};

pub const MESSAGES_FTS: SqlView = SqlView {
    name: "messages_fts",
    about: "full-text index of messages: WHERE messages_fts MATCH 'word', ORDER BY rank",
    columns: &[
        ENTITY,
        text("id", "the message or reply"),
        text("content", "the text; the only column that is searched"),
    ],
    filler: Filler::Index("messages"),
};

pub const THREADS: SqlView = SqlView {
    name: "threads",
    about: "how many replies a message has",
    columns: &[
        ENTITY,
        text("parent_id", "the message they reply to"),
        integer("reply_count", "replies that are not deleted"),
        time("last_reply_at", "when the last of them was written"),
    ],
    filler: Filler::Entity(|source, entity, rows| {
        for thread in source.threads(entity)?.iter() {
            rows.add_of(entity, thread)?;
        }
        Ok(())
    }),
};

pub const REACTIONS: SqlView = SqlView {
    name: "reactions",
    about: "a member's reaction to a message",
    columns: &[
        ENTITY,
        text("message_id", "the message or reply"),
        text("emoji", "the emoji"),
        text("member_id", "who"),
    ],
    filler: Filler::Entity(|source, entity, rows| {
        source.each_message_row(entity, &["id", "reactions"], &mut |message| {
            let reactions = message.get("reactions").and_then(Value::as_object);
            for (emoji, members) in reactions.into_iter().flatten() {
                for member in members.as_array().into_iter().flatten() {
                    let row = object!({
                        "message_id": message.get("id"), "emoji": emoji, "member_id": member,
                    });
                    rows.add_of(entity, &row)?;
                }
            }
            Ok(())
        })
    }),
};

pub const ATTACHMENTS: SqlView = SqlView {
    name: "attachments",
    about: "a file attached to a message",
    columns: &[
        ENTITY,
        text("message_id", "the message or reply"),
        text("id", "the attachment's id"),
        text("filename", "its name"),
        text("file_path", "its path on the entity's disk"),
        text("file_id", "the file's id; NULL if only its path is known"),
        text("blake3", "the hash of its content when it was attached"),
        text("mime_type", "its media type"),
        integer("size_bytes", "its size"),
    ],
    filler: Filler::Entity(|source, entity, rows| {
        source.each_message_row(entity, &["id", "attachments"], &mut |message| {
            let attachments = message.get("attachments").and_then(Value::as_array);
            for attachment in attachments.into_iter().flatten() {
                let mut row = attachment.as_object().cloned().unwrap_or_default();
                row.extend(message.get("id").map(|id| ("message_id".to_owned(), id.clone())));
                rows.add_of(entity, &row)?;
            }
            Ok(())
        })
    }),
};

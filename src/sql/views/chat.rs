//! What was said: messages, threads, reactions, attachments.

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
        text("id", "by which it is known"),
        text("author_id", "the member who wrote it"),
        text("content", "what was written"),
        time("created_at", "when"),
        time("updated_at", "when it was last edited"),
        flag("deleted", "it was deleted"),
        time("deleted_at", "when"),
        ACKS,
        json("reactions", "emoji → who reacted with it"),
        json("attachments", "one object for each file"),
        text("parent_id", "the message that it replies to"),
        flag("parent_deleted", "that is deleted, or gone"),
        flag("unread", "others wrote it, and it came after what was marked as read here"),
        integer("reply_count", "replies in its own thread that are not deleted"),
        time("last_reply_at", "when the last of them was written"),
        flag("in_archive", "it is in the archive, and in its document no more"),
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
        text("content", "what was written; the only column that is searched"),
    ],
    filler: Filler::Index("messages"),
};

pub const THREADS: SqlView = SqlView {
    name: "threads",
    about: "the replies to a message, counted",
    columns: &[
        ENTITY,
        text("parent_id", "the message that they reply to"),
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
    about: "a member who reacted to a message with an emoji",
    columns: &[
        ENTITY,
        text("message_id", "the message or reply"),
        text("emoji", "with what"),
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
    about: "a file that belongs to a message",
    columns: &[
        ENTITY,
        text("message_id", "the message or reply"),
        text("id", "of the attachment"),
        text("filename", "what it is called"),
        text("file_path", "where it lies on the entity's disk"),
        text("file_id", "which file it is; NULL where only its path tells"),
        text("blake3", "what it held when it was attached"),
        text("mime_type", "what kind of file it is"),
        integer("size_bytes", "how large it is"),
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

//! A chat as a file: messages with their replies, reactions and the names of their files.

use crate::cmd::Context;
use crate::cmd::export::{self, PageArgs};
use crate::error::Result;
use crate::query::chat::{self as query, Message, MessageFilter, Thread};
use crate::ui::{PageEntry, Report};
use serde_json::{Value, json};

pub fn run(
    context: &Context,
    filter: &MessageFilter,
    args: &PageArgs,
    list: impl FnOnce(&[Thread]) -> Result<Report>,
) -> Result<Report> {
    let entity = context.entity()?;
    let reader = context.reader()?;
    let threads = query::threads(&reader, &entity, filter)?;
    context.note_stranger(&reader, &entity, filter.author.as_deref(), threads.len());
    let page = || {
        let mut page = export::page(context, &reader, &entity, "chat")?;
        page.entries = threads.iter().map(|thread| thread_entry(context, thread, filter)).collect();
        Ok(page)
    };
    export::deliver(context, args, &format!("the chat of {entity}"), page, || list(&threads))
}

fn thread_entry(context: &Context, thread: &Thread, filter: &MessageFilter) -> PageEntry {
    let replies = thread.replies.iter().map(|reply| message_entry(context, reply, filter.deleted));
    let message = match &thread.message {
        Some(message) => message_entry(context, message, filter.deleted),
        None => {
            let heading = "a message that no longer exists".to_owned();
            PageEntry { heading, ..PageEntry::default() }
        }
    };
    PageEntry { inside: replies.collect(), ..message }
}

fn message_entry(context: &Context, message: &Message, deleted: bool) -> PageEntry {
    let sent = export::time(context, message.created_at);
    let edited = message.updated_at > message.created_at && !message.deleted;
    let edited = if edited { export::time(context, message.updated_at) } else { String::new() };
    let mark = if message.deleted { "deleted".to_owned() } else { String::new() };
    PageEntry {
        heading: format!("{} · {sent}", message.author_id),
        facts: vec![
            ("", mark),
            ("edited", edited),
            export::sets("reactions", &json!(message.reactions)),
            ("files", files(&message.attachments)),
        ],
        // A deleted message is shown because of its replies; its text only if requested.
        text: match message.deleted && !deleted {
            true => String::new(),
            false => message.content.to_string(),
        },
        inside: Vec::new(),
    }
}

/// The names of a message's files, with their sizes.
fn files(attachments: &Value) -> String {
    let file = |file: &Value| {
        let name = file.get("filename").and_then(Value::as_str).unwrap_or("?").to_owned();
        match file.get("size_bytes").and_then(Value::as_u64) {
            Some(bytes) => format!("{name} ({})", crate::ui::size(bytes)),
            None => name,
        }
    };
    let files = attachments.as_array().into_iter().flatten().map(file);
    files.collect::<Vec<_>>().join(", ")
}

//! Restoring messages and replies from the trash.

use super::{Caches, MESSAGES, REPLIES, SPEC, live_replies, thread};
use crate::concern::{Actor, Outcome, plain, record};
use crate::crdt::content::Content;
use crate::crdt::source::Shared;
use crate::error::{Result, counted};
use crate::id::EntityId;
use crate::store::Session;
use crate::tombstone;
use crate::wire::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// Recreates a message or reply. A reply whose message is gone becomes a message of its own; the
/// replies to a message stay in the thread of the old one.
pub fn restore(
    session: &mut Session,
    entity: &EntityId,
    path: &[String],
    value: &Value,
) -> Result<Outcome> {
    let (actor, doc) = Actor::writing_in(session, entity, &SPEC)?;
    let old = path.last().map_or("", String::as_str);
    let (thread, answers) = session
        .read(&doc, |source| {
            let of_reply = path.get(1).filter(|_| path.len() > 2);
            let thread = of_reply.filter(|thread| {
                source.exists(&["messages", thread]) && thread::check_open(source, thread).is_ok()
            });
            (thread.cloned(), live_replies(source, old).len())
        })?
        .unwrap_or_default();
    if let Some(thread) = &thread {
        let replies = ["threads", thread, "replies"].map(str::to_owned);
        let what = format!("the thread of message {thread}");
        record::check_as(session, &doc, &replies, Shared::Map, &what)?;
        let empty = Content::Map(BTreeMap::new());
        record::supply(session, &doc, &["threads", thread].map(str::to_owned), "replies", &empty)?;
    }
    tombstone::make_room(session, &doc)?;
    let (now, id) = (session.now(), session.environment().machine.ids.uuid()?);
    let collection = if thread.is_some() { &REPLIES } else { &MESSAGES };
    let mut fields = plain::anew(&SPEC, collection, &id, value, now);
    let as_whose = plain::attribute(collection, &mut fields, &actor, now)?;
    let content = Content::Map(fields);
    session.edit(&doc, |txn| match &thread {
        Some(thread) => {
            thread::open(txn, &doc, thread)?;
            txn.put(&["threads", thread, "replies"], &id, &content)?;
            Caches::put_right(txn, thread)
        }
        None => txn.put(&["messages"], &id, &content),
    })?;
    let mut said = as_whose.to_owned();
    if path.len() > 2 && thread.is_none() {
        said.push_str("; the message it replied to is gone, so it is now a message of its own");
    }
    if answers > 0 {
        let stay = if answers == 1 { "stays" } else { "stay" };
        let answers = counted(answers as u64, "reply");
        said.push_str(&format!("; {answers} {stay} in the thread of {old}"));
    }
    Ok(Outcome::created(doc, &id).saying(said).with("replies_left", json!(answers)))
}

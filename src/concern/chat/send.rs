//! Sending messages and replies.

use super::attachment::{self, Attachment};
use super::index::Index;
use super::{SPEC, look, message_path, reply_path, thread};
use crate::concern::{Actor, Outcome, core, record};
use crate::crdt::content::Content;
use crate::crdt::doc::Txn;
use crate::crdt::source::{Shared, Source};
use crate::error::{Error, Kind, Result};
use crate::id::EntityId;
use crate::path::Keys;
use crate::store::Session;
use crate::tombstone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Sends a message, or a reply to one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Send {
    /// The group, channel, project or organization whose chat it goes to.
    pub entity: EntityId,
    /// May be empty if something is attached.
    #[serde(default)]
    pub text: String,
    /// A message or reply id, or a unique prefix of one. A reply to a reply is added to the same
    /// thread: threads are not nested.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// Files stored elsewhere, in display order; empty for a plain message.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// Unix seconds; `None` for now. Lets a record older than the store keep its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<i64>,
    /// A current or former member, by id or unique prefix; `None` for the actor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
}

impl Send {
    /// A message with only text.
    pub fn text(entity: EntityId, text: impl Into<String>) -> Send {
        Send {
            entity,
            text: text.into(),
            reply_to: None,
            attachments: Vec::new(),
            created_at: None,
            author: None,
        }
    }

    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        match self.attachments.as_slice() {
            [] => check_text(&self.text)?,
            _ => record::check_text("message", &self.text).map_err(too_long)?,
        }
        self.attachments.iter().try_for_each(Attachment::check)?;
        let (actor, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let now = record::made_at(session, self.created_at)?;
        let author = self.author.as_deref();
        let author = core::author(session, &self.entity, &actor, author, "a message")?;
        let thread = match &self.reply_to {
            Some(message) => Some(self.thread(session, message)?),
            None => None,
        };
        if let Some(thread) = &thread {
            let replies = ["threads", thread, "replies"].map(str::to_owned);
            let what = format!("the thread of message {thread}");
            record::check_as(session, &doc, &replies, Shared::Map, &what)?;
            // Another program created the thread incompletely.
            let empty = Content::Map(BTreeMap::new());
            record::supply(session, &doc, &replies[..2], "replies", &empty)?;
        }
        tombstone::make_room(session, &doc)?;
        let id = session.environment().machine.ids.uuid()?;
        let attached = attachment::mint(session, &self.attachments)?;
        let path = match &thread {
            Some(thread) => reply_path(thread, &id),
            None => message_path(&id),
        };
        let mut index = Index::take(session, &doc);
        session.edit(&doc, |txn| {
            if let Some(thread) = &thread {
                thread::open(txn, &doc, thread)?;
            }
            create(txn, &path.steps(), &author, &self.text, now)?;
            attachment::attach(txn, &path.steps(), &attached)?;
            index.add(&path, now);
            match &thread {
                Some(thread) => index.caches(txn, thread).write(txn, thread),
                None => Ok(()),
            }
        })?;
        index.keep(session, &doc);
        Ok(Outcome::created(doc, &id).saying(match thread {
            Some(thread) => format!("replied to {thread} in {}", self.entity),
            None => format!("sent to {}", self.entity),
        }))
    }

    /// The thread that the reply belongs to, by the id of its message.
    fn thread(&self, session: &mut Session, message: &str) -> Result<String> {
        look(session, &self.entity, |index: &mut Index, source: &dyn Source| {
            let thread = thread::find(index, source, message)?;
            thread::check_open(source, &thread)?;
            Ok(thread)
        })
    }
}

/// Creates a whole message or reply, with every container it will ever need (rule R1).
fn create(txn: &mut Txn<'_>, path: &[&str], author: &str, text: &str, now: i64) -> Result<()> {
    let Some((id, parent)) = path.split_last() else {
        return Err(Error::bug("a message without a path"));
    };
    txn.create_map(parent, id)?;
    txn.set(path, "id", *id)?;
    txn.set(path, "author_id", author)?;
    txn.set(path, "content", text)?;
    txn.set(path, "created_at", now)?;
    txn.set(path, "updated_at", now)?;
    txn.set(path, "deleted", false)?;
    txn.set(path, "deleted_at", 0)?;
    txn.create_map(path, "ack_vector")?;
    txn.create_map(path, "reactions")?;
    txn.create_array(path, "attachments")
}

/// Checks the text of a message: not empty, and not too long.
pub(super) fn check_text(text: &str) -> Result<()> {
    record::check_said("message", text).map_err(too_long)
}

/// Adds a hint to the error for a message that is too long.
fn too_long(error: Error) -> Error {
    match error.kind {
        Kind::Refused => error.hint_else("split it, or attach it as a file"),
        _ => error,
    }
}

//! Chat: messages, the threads below them, reactions and attachments.

mod attachment;
mod caches;
mod index;
mod react;
mod schema;
mod send;
mod thread;
mod untrash;

pub(in crate::concern) use attachment::mime_of;
pub use attachment::{
    AttachedFile, Attachment, attached, attached_files, attachment_paths, is_attachment,
    rename_files,
};
pub use caches::{Caches, LAST_REPLY_AT, REPLY_COUNT, live_replies};
pub use react::React;
pub use schema::{MESSAGES, REPLIES, SPEC, THREADS, collection_of};
use schema::{is_message, message_path, reply_path};
pub use send::Send;
pub use thread::{PARENT_ID, find_thread, open_again as open_thread_again};
pub use untrash::restore;

use super::{Actor, Outcome, record};
use crate::crdt::source::Source;
use crate::error::{Error, Next, Result};
use crate::id::EntityId;
use crate::path::{DocPath, Keys};
use crate::policy::Action;
use crate::schema::Collection;
use crate::store::Session;
use crate::tombstone;
use crate::wire::Value;
pub use index::no_chat;
use index::{Index, look};
use serde::{Deserialize, Serialize};

/// Changes the text of one's own message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EditMessage {
    /// The group, channel, project or organization whose chat it is in.
    pub entity: EntityId,
    /// A message or reply id, or a unique prefix of one.
    pub message: String,
    /// The whole new text, replacing the old: not blank, at most
    /// [`limits::MESSAGE_BYTES`](crate::limits::MESSAGE_BYTES) bytes.
    pub text: String,
}

impl EditMessage {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        send::check_text(&self.text)?;
        let (actor, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let message = FoundMessage::find(session, &self.entity, &self.message)?.living()?;
        let edit = Action::Edit { author: message.author.as_str() };
        actor.may(&edit, &format!("message {}", message.id()))?;
        if message.content == self.text {
            return Ok(Outcome::unchanged(doc, message.id()).saying("it already says that"));
        }
        let clock = session.now().max(message.updated_at.saturating_add(1));
        let index = Index::take(session, &doc);
        session.edit(&doc, |txn| {
            let path = message.path.steps();
            txn.set(&path, "content", self.text.as_str())?;
            txn.set(&path, "updated_at", clock)
        })?;
        index.keep(session, &doc);
        Ok(Outcome::changed(doc, message.id()).saying(format!("edited {}", message.id())))
    }
}

/// Deletes one's own message; an admin may delete anybody's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteMessage {
    /// The group, channel, project or organization whose chat it is in.
    pub entity: EntityId,
    /// A message or reply id, or a unique prefix of one.
    pub message: String,
}

impl DeleteMessage {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let (actor, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let message = FoundMessage::find(session, &self.entity, &self.message)?;
        if message.deleted {
            return Ok(Outcome::unchanged(doc, message.id())
                .saying(format!("{} is already deleted", message.id())));
        }
        let delete = Action::Delete { author: message.author.as_str() };
        actor.may(&delete, &format!("message {}", message.id()))?;
        let now = tombstone::time_of_deletion(session, &doc)?;
        let mut index = Index::take(session, &doc);
        session.edit(&doc, |txn| {
            let path = message.path.steps();
            tombstone::mark(txn, message.collection, &path, now, &actor.id)?;
            index.delete(&message.path, message.created_at);
            match path[..] {
                ["threads", thread, "replies", _] => index.caches(txn, thread).write(txn, thread),
                _ => Ok(()),
            }
        })?;
        let pruned = tombstone::prune_record(session, &doc, message.collection, &message.path)?;
        if !pruned.is_empty() {
            index.remove(&message.path);
        }
        index.keep(session, &doc);
        Ok(Outcome::changed(doc, message.id())
            .saying(format!("deleted {}", message.id()))
            .pruning(pruned))
    }
}

/// What the operations need to know about a message.
struct FoundMessage {
    collection: &'static Collection,
    path: DocPath,
    author: String,
    content: String,
    created_at: i64,
    updated_at: i64,
    deleted: bool,
}

impl FoundMessage {
    fn id(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// The message or reply that an id or a unique prefix names.
    fn find(session: &mut Session, entity: &EntityId, prefix: &str) -> Result<FoundMessage> {
        let doc = entity.document(SPEC.name);
        let find = |index: &mut Index, source: &dyn Source| find_with(index, source, prefix);
        let path = look(session, entity, find)?;
        let collection = collection_of(&path);
        record::check(session, &doc, &path, collection.noun)?;
        let value = |session: &mut Session, name: &str| {
            session.read(&doc, |source| source.value(&path.field(name))).map(Option::flatten)
        };
        let text = |value: Option<Value>| {
            value.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let time = |value: Option<Value>| value.as_ref().and_then(Value::as_i64).unwrap_or(0);
        Ok(FoundMessage {
            collection,
            author: text(value(session, "author_id")?),
            content: text(value(session, "content")?),
            created_at: time(value(session, "created_at")?),
            updated_at: time(value(session, "updated_at")?),
            deleted: matches!(value(session, "deleted")?, Some(Value::Bool(true))),
            path,
        })
    }

    /// Refuses a deleted message.
    fn living(self) -> Result<FoundMessage> {
        match self.deleted {
            true => Err(Error::refused(format!("message {} is deleted", self.id()))
                .hint(Next::Messages.and(" shows what is left"))),
            false => Ok(self),
        }
    }
}

/// The collection and path of the message or reply that an id or a unique prefix names.
///
/// # Errors
/// `NotFound` or `Ambiguous`.
pub fn find(source: &dyn Source, prefix: &str) -> Result<(&'static Collection, DocPath)> {
    let path = find_with(&mut Index::default(), source, prefix)?;
    Ok((collection_of(&path), path))
}

fn find_with(index: &mut Index, source: &dyn Source, prefix: &str) -> Result<DocPath> {
    // An exact id needs no search: the common case in a batch.
    match is_message(source, prefix) {
        true => Ok(message_path(prefix)),
        false => index.find(source, prefix),
    }
}

//! Chat: messages, and the threads below them.

use super::{Actor, Collection, Field, FieldKind, Outcome, Removal, Spec, Tombstone, field};
use crate::crdt::doc::Txn;
use crate::crdt::update::RootKind;
use crate::crdt::value::{Source, Value};
use crate::error::{Error, Result};
use crate::id::EntityId;
use crate::limits;
use crate::store::Session;
use crate::tombstone;
use serde::{Deserialize, Serialize};

pub const SPEC: Spec = Spec {
    name: "chat",
    limit_bytes: limits::CHAT_BYTES,
    roots: &[("messages", RootKind::Map), ("threads", RootKind::Map)],
    collections: &[MESSAGES, THREADS, REPLIES],
};

/// The messages of the entity, keyed by a minted id (rule R1).
pub const MESSAGES: Collection = Collection {
    noun: "message",
    path: &["messages"],
    tombstone: Some(DELETED),
    clock: Some("updated_at"),
    fields: MESSAGE_FIELDS,
};

/// The threads, keyed by the message that they reply to.
pub const THREADS: Collection = Collection {
    noun: "thread",
    path: &["threads"],
    tombstone: None,
    clock: None,
    fields: &[
        field("parent_id", FieldKind::Text),
        field("replies", FieldKind::Map),
        field("reply_count", FieldKind::Cache),
        field("last_reply_at", FieldKind::Cache),
    ],
};

/// The replies in the threads: messages like any other.
pub const REPLIES: Collection = Collection {
    noun: "reply",
    path: &["threads", "*", "replies"],
    tombstone: Some(DELETED),
    clock: Some("updated_at"),
    fields: MESSAGE_FIELDS,
};

const DELETED: Tombstone =
    Tombstone { flag: "deleted", at: "deleted_at", by: None, removal: Removal::AtOnce };

const MESSAGE_FIELDS: &[Field] = &[
    field("id", FieldKind::Text),
    field("author_id", FieldKind::Text),
    field("content", FieldKind::Text),
    field("created_at", FieldKind::Time),
    field("updated_at", FieldKind::Time),
    field("deleted", FieldKind::Flag),
    field("deleted_at", FieldKind::Time),
    field("ack_vector", FieldKind::Acknowledgements),
    field("reactions", FieldKind::Reactions),
    field("attachments", FieldKind::List),
];

/// Sends a message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Send {
    pub entity: EntityId,
    pub text: String,
}

impl Send {
    pub fn run(&self, session: &mut Session) -> Result<Outcome> {
        check_text(&self.text)?;
        let author = Actor::of(session, &self.entity)?.writing()?;
        let doc = self.entity.document(SPEC.name);
        tombstone::make_room(session, &doc)?;
        let now = session.now();
        let id = session.ambient().ids.uuid()?;
        session.edit(&doc, |txn| {
            // Whole, in one transaction, with every container it will ever need (rule R1).
            txn.create_map(MESSAGES.path, &id)?;
            let path = ["messages", id.as_str()];
            txn.set(&path, "id", id.as_str())?;
            txn.set(&path, "author_id", author.id.as_str())?;
            txn.set(&path, "content", self.text.as_str())?;
            txn.set(&path, "created_at", now)?;
            txn.set(&path, "updated_at", now)?;
            txn.set(&path, "deleted", false)?;
            txn.set(&path, "deleted_at", 0)?;
            txn.create_map(&path, "ack_vector")?;
            txn.create_map(&path, "reactions")?;
            txn.create_array(&path, "attachments")
        })?;
        Ok(Outcome::changed(doc, &id).saying(format!("sent to {}", self.entity)))
    }
}

/// Changes the text of one's own message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Edit {
    pub entity: EntityId,
    /// A message or reply id, or a unique prefix of one.
    pub message: String,
    pub text: String,
}

impl Edit {
    pub fn run(&self, session: &mut Session) -> Result<Outcome> {
        check_text(&self.text)?;
        let actor = Actor::of(session, &self.entity)?.writing()?;
        let doc = self.entity.document(SPEC.name);
        let message = Message::find(session, &self.entity, &self.message)?;
        if message.deleted {
            return Err(Error::refused(format!("message {} is deleted", message.id())));
        }
        if message.author != actor.id.as_str() {
            return Err(Error::refused(format!(
                "message {} is {}'s",
                message.id(),
                message.author
            ))
            .hint("everybody edits only what they wrote"));
        }
        if message.content == self.text {
            return Ok(Outcome::unchanged(doc, message.id()).saying("it says that already"));
        }
        let clock = session.now().max(message.updated_at.saturating_add(1));
        session.edit(&doc, |txn| {
            let path = super::borrowed(&message.path);
            txn.set(&path, "content", self.text.as_str())?;
            txn.set(&path, "updated_at", clock)
        })?;
        Ok(Outcome::changed(doc, message.id()).saying(format!("edited {}", message.id())))
    }
}

/// Deletes one's own message, or anybody's as an admin.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delete {
    pub entity: EntityId,
    /// A message or reply id, or a unique prefix of one.
    pub message: String,
}

impl Delete {
    pub fn run(&self, session: &mut Session) -> Result<Outcome> {
        let actor = Actor::of(session, &self.entity)?.writing()?;
        let doc = self.entity.document(SPEC.name);
        let message = Message::find(session, &self.entity, &self.message)?;
        if message.deleted {
            return Ok(Outcome::unchanged(doc, message.id())
                .saying(format!("{} is deleted already", message.id())));
        }
        if message.author != actor.id.as_str() && !actor.role.moderates() {
            return Err(Error::refused(format!(
                "message {} is {}'s",
                message.id(),
                message.author
            ))
            .hint("its author may delete it, and so may an admin or owner"));
        }
        let now = tombstone::time_of_deletion(session, &doc)?;
        session.edit(&doc, |txn| {
            let path = super::borrowed(&message.path);
            tombstone::mark(txn, message.collection, &path, now, &actor.id)?;
            match path[..] {
                ["threads", thread, "replies", _] => Caches::put_right(txn, thread),
                _ => Ok(()),
            }
        })?;
        let pruned = tombstone::prune_record(session, &doc, message.collection, &message.path)?;
        Ok(Outcome::changed(doc, message.id())
            .saying(format!("deleted {}", message.id()))
            .pruning(pruned))
    }
}

/// The caches of a thread (rule R5), as they stand or as they should.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Caches {
    /// Replies that are not deleted.
    pub reply_count: i64,
    /// When the last of them was written; 0 without any.
    pub last_reply_at: i64,
}

impl Caches {
    /// What they should say.
    pub fn of(source: &dyn Source, thread: &str) -> Caches {
        let mut caches = Caches::default();
        for reply in live_replies(source, thread) {
            let at = source.int(&["threads", thread, "replies", &reply, "created_at"]).unwrap_or(0);
            caches.reply_count = caches.reply_count.saturating_add(1);
            caches.last_reply_at = caches.last_reply_at.max(at);
        }
        caches
    }

    /// What they say.
    pub fn written(source: &dyn Source, thread: &str) -> Caches {
        let at = |field| source.int(&["threads", thread, field]).unwrap_or(0);
        Caches { reply_count: at("reply_count"), last_reply_at: at("last_reply_at") }
    }

    /// Writes those that are wrong.
    pub fn put_right(txn: &mut Txn<'_>, thread: &str) -> Result<()> {
        let (is, should) = (Caches::written(txn, thread), Caches::of(txn, thread));
        let path = ["threads", thread];
        if is.reply_count != should.reply_count {
            txn.set(&path, "reply_count", should.reply_count)?;
        }
        if is.last_reply_at != should.last_reply_at {
            txn.set(&path, "last_reply_at", should.last_reply_at)?;
        }
        Ok(())
    }
}

/// The replies of a thread that are not deleted.
pub fn live_replies(source: &dyn Source, thread: &str) -> Vec<String> {
    let mut replies = source.keys(&["threads", thread, "replies"]);
    let path = |reply: &str| ["threads", thread, "replies", reply].map(str::to_owned);
    replies.retain(|reply| !REPLIES.is_deleted(source, &path(reply)));
    replies
}

/// What the operations need to know of a message.
struct Message {
    collection: &'static Collection,
    path: Vec<String>,
    author: String,
    content: String,
    updated_at: i64,
    deleted: bool,
}

impl Message {
    fn id(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// The message or reply that an id or a unique prefix names.
    fn find(session: &mut Session, entity: &EntityId, prefix: &str) -> Result<Message> {
        let doc = entity.document(SPEC.name);
        let found = session.read(&doc, |source| find(source, prefix))?;
        let (collection, path) =
            found.unwrap_or_else(|| Err(Error::not_found(format!("{entity} has no chat"))))?;
        let record = session
            .read(&doc, |source| source.record(&super::borrowed(&path)))?
            .flatten()
            .unwrap_or_default();
        let text =
            |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Message {
            collection,
            author: text("author_id"),
            content: text("content"),
            updated_at: record.get("updated_at").and_then(Value::as_i64).unwrap_or(0),
            deleted: record.get("deleted").and_then(Value::as_bool).unwrap_or(false),
            path,
        })
    }
}

/// The collection and path of the message or reply that an id or a unique prefix names.
///
/// # Errors
/// `NotFound` or `Ambiguous`.
pub fn find(source: &dyn Source, prefix: &str) -> Result<(&'static Collection, Vec<String>)> {
    // An exact id needs no search: in a batch this is the common case.
    if source.text(&["messages", prefix, "id"]).as_deref() == Some(prefix) {
        return Ok((&MESSAGES, vec!["messages".to_owned(), prefix.to_owned()]));
    }
    let mut paths: Vec<(&'static Collection, Vec<String>)> = Vec::new();
    for collection in [&MESSAGES, &REPLIES] {
        paths.extend(collection.records(source).into_iter().map(|path| (collection, path)));
    }
    let ids = paths.iter().filter_map(|(_, path)| path.last()).map(String::as_str);
    let id = crate::id::resolve(prefix, ids, "message")
        .map_err(|e| if e.hint.is_none() { e.hint("crdtctl chat list --all") } else { e })?;
    paths
        .into_iter()
        .find(|(_, path)| path.last() == Some(&id))
        .ok_or_else(|| Error::bug("a message was found and lost"))
}

fn check_text(text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::usage("an empty message")
            .hint("give the text as an argument, or `-` to read it from stdin"));
    }
    if text.len() > limits::MESSAGE_BYTES {
        return Err(Error::refused(format!(
            "the message has {} bytes, more than {}",
            text.len(),
            limits::MESSAGE_BYTES
        ))
        .hint("split it, or attach it as a file"));
    }
    Ok(())
}

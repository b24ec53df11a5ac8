//! What was said in an entity: messages, replies and threads.

use super::record::{self, Other, derived};
use super::unread::{ReadMark, Unread};
use super::{Text, look, occurring, view};
use crate::concern::chat;
use crate::concern::chat::{Caches, MESSAGES, REPLIES, SPEC, THREADS, find_thread, no_chat};
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::Result;
use crate::id::EntityId;
use crate::path::{DocPath, Keys};
use crate::schema::FieldRole;
use crate::store::Reader;
use crate::wire::{Clocks, Id};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A message, or a reply to one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// By which it is known here.
    pub id: String,
    /// The member who wrote it, as the record says; need not be active any more.
    pub author_id: Text,
    /// What was written; it is still here after a deletion, until the tombstone is pruned.
    pub content: Text,
    /// Unix seconds; 0 where nobody said.
    pub created_at: i64,
    /// When it was last edited, in Unix seconds.
    pub updated_at: i64,
    /// Whether it was deleted: it is a tombstone then.
    pub deleted: bool,
    /// When, in Unix seconds; 0 for what is not deleted.
    pub deleted_at: i64,
    /// Who has acknowledged the deletion: member → Unix seconds.
    pub ack_vector: Value,
    /// Emoji → who reacted with it, each member once.
    pub reactions: BTreeMap<String, Vec<String>>,
    /// One object for each file, as it stands in the document.
    pub attachments: Value,
    /// What other programs wrote beside it, where the whole record was asked for.
    #[serde(flatten)]
    pub other: Other,
    /// The message that it replies to.
    #[serde(default, deserialize_with = "derived")]
    pub parent_id: Option<String>,
    /// That is deleted, or gone altogether.
    #[serde(default, deserialize_with = "derived", skip_serializing_if = "is_false")]
    pub parent_deleted: bool,
    /// The replies in its own thread that are not deleted, counted.
    #[serde(default, deserialize_with = "derived")]
    pub reply_count: i64,
    /// When the last of them was written, in Unix seconds; 0 without any.
    #[serde(default, deserialize_with = "derived")]
    pub last_reply_at: i64,
    /// Others wrote it, and it came after what was marked as read here; in lists, and only where
    /// anything ever was.
    #[serde(default, deserialize_with = "derived", skip_serializing_if = "is_false")]
    pub unread: bool,
}

/// A message and the replies to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Thread {
    /// The message's id.
    pub parent_id: String,
    /// Replies that are not deleted.
    pub reply_count: i64,
    /// When the last of them was written, in Unix seconds; 0 without any.
    pub last_reply_at: i64,
    /// None for a message that is not here any more: its thread outlives it.
    pub message: Option<Message>,
    /// The oldest first.
    pub replies: Vec<Message>,
}

/// What `chat read` would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The mark to keep.
    pub mark: ReadMark,
    /// How many messages and replies become read.
    pub read: usize,
    /// How many stay unread.
    pub unread: usize,
}

/// Which messages are listed; by default all that are not deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// Only those from this time on, in Unix seconds.
    pub since: Option<i64>,
    /// Only those before this time, in Unix seconds.
    pub until: Option<i64>,
    /// Only those of this member: an id, or a unique prefix of one of those who wrote.
    pub author: Option<String>,
    /// Only those that hold all of these, in any case. With any the replies in the threads are
    /// searched too.
    pub words: Vec<String>,
    /// Only the last so many.
    pub limit: Option<usize>,
    /// Deleted ones too.
    pub deleted: bool,
    /// Only those that are unread here, replies in the threads too; see [`super::unread`].
    pub unread: bool,
    /// The replies in the threads too, not those to deleted messages alone.
    pub replies: bool,
}

impl MessageFilter {
    /// Whether it leaves nothing out but by its limit, and what is deleted.
    fn lets_all_through(&self) -> bool {
        let unlimited =
            MessageFilter { limit: None, deleted: false, replies: false, ..self.clone() };
        unlimited == MessageFilter::default()
    }
}

/// A thread, without what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ThreadSummary {
    /// The message that it replies to, which may be gone.
    pub parent_id: String,
    /// Replies that are not deleted.
    pub reply_count: i64,
    /// When the last of them was written, in Unix seconds; 0 without any.
    pub last_reply_at: i64,
}

/// The messages of an entity, the oldest first, with the replies to deleted ones, which have no other
/// place to be read; none where nobody has said anything.
///
/// # Errors
/// `Ambiguous` or `Usage` for a prefix of an author; `Corrupt` where the document is.
pub fn list(reader: &Reader, entity: &EntityId, filter: &MessageFilter) -> Result<Vec<Message>> {
    match view(reader, entity, &SPEC)? {
        Some(view) => list_of(reader, &view, entity, filter),
        None => Ok(Vec::new()),
    }
}

/// The same, of a chat that was read.
fn list_of(
    reader: &Reader,
    view: &View,
    entity: &EntityId,
    filter: &MessageFilter,
) -> Result<Vec<Message>> {
    let mut replies = REPLIES.records(view);
    if filter.words.is_empty() && !filter.unread && !filter.replies {
        replies.retain(|path| path.get(1).is_some_and(|thread| is_gone(view, thread)));
    }
    let mut paths = MESSAGES.records(view);
    paths.append(&mut replies);
    if let Some(limit) = filter.limit.filter(|_| filter.lets_all_through()) {
        paths = newest(view, paths, filter.deleted, limit);
    }
    let found = messages(view, paths, filter.deleted)?;
    let mut found = let_through(reader, view, entity, found, filter)?;
    sort(view, &mut found);
    if let Some(limit) = filter.limit {
        found.drain(..found.len().saturating_sub(limit));
    }
    Ok(found)
}

/// The messages and replies that a version of the chat does not hold, the oldest first, and the
/// version that holds them. Deleted ones are left out.
///
/// # Errors
/// `Corrupt` where the document is.
pub fn news(reader: &Reader, entity: &EntityId, after: &Clocks) -> Result<(Vec<Message>, Clocks)> {
    let Some(view) = view(reader, entity, &SPEC)? else { return Ok((Vec::new(), after.clone())) };
    let mut found = messages(&view, MESSAGES.records(&view), false)?;
    found.append(&mut messages(&view, REPLIES.records(&view), false)?);
    let is_new = |item: Id| after.get(&item.client).is_none_or(|clock| item.clock >= *clock);
    found.retain(|message| item(&view, message).is_some_and(is_new));
    sort(&view, &mut found);
    Ok((found, view.version().clocks.clone()))
}

/// The threads of an entity, in the order of their messages: whole where any of their messages or
/// replies is let through. A limit counts threads.
///
/// # Errors
/// As [`list`].
pub fn threads(reader: &Reader, entity: &EntityId, filter: &MessageFilter) -> Result<Vec<Thread>> {
    let Some(view) = view(reader, entity, &SPEC)? else { return Ok(Vec::new()) };
    let mut all = messages(&view, MESSAGES.records(&view), true)?;
    all.append(&mut messages(&view, REPLIES.records(&view), filter.deleted)?);
    // A deleted message is shown for the sake of its replies, or where deleted ones are.
    let hides = |message: &Message| message.deleted && !filter.deleted;
    let shown: Vec<Message> = all.iter().filter(|one| !hides(one)).cloned().collect();
    let wanted = let_through(reader, &view, entity, shown, filter)?;
    let wanted: BTreeSet<String> = wanted.into_iter().map(|one| thread_of(&one).into()).collect();
    mark(&Unread::of(reader, entity)?, &view, &mut all);
    sort(&view, &mut all);
    let mut threads: BTreeMap<String, Thread> = BTreeMap::new();
    let mut order = Vec::new();
    for message in all {
        let parent_id = thread_of(&message).to_owned();
        if !wanted.contains(&parent_id) {
            continue;
        }
        let thread = threads.entry(parent_id).or_insert_with_key(|parent_id| {
            order.push(parent_id.clone());
            let Caches { reply_count, last_reply_at } = Caches::of(&view, parent_id);
            let (message, replies) = (None, Vec::new());
            Thread { parent_id: parent_id.clone(), reply_count, last_reply_at, message, replies }
        });
        match message.parent_id {
            Some(_) => thread.replies.push(message),
            None => thread.message = Some(message),
        }
    }
    let mut found: Vec<Thread> = order.iter().filter_map(|id| threads.remove(id)).collect();
    if let Some(limit) = filter.limit {
        found.drain(..found.len().saturating_sub(limit));
    }
    Ok(found)
}

/// The thread that a message begins, or that a reply is in.
fn thread_of(message: &Message) -> &str {
    message.parent_id.as_deref().unwrap_or(&message.id)
}

fn mark(unread: &Unread, view: &View, messages: &mut [Message]) {
    for message in messages.iter_mut().filter(|_| unread.is_kept()) {
        message.unread = is_unread(unread, view, message);
    }
}

fn is_unread(unread: &Unread, view: &View, message: &Message) -> bool {
    !message.deleted && unread.is_unread(&message.id, &message.author_id, item(view, message))
}

/// Those of some messages that a filter lets through, its limit apart.
fn let_through(
    reader: &Reader,
    view: &View,
    entity: &EntityId,
    mut found: Vec<Message>,
    filter: &MessageFilter,
) -> Result<Vec<Message>> {
    let unread = Unread::of(reader, entity)?;
    mark(&unread, view, &mut found);
    let author = filter.author.as_deref().map(|wanted| {
        occurring(wanted, found.iter().map(|message| message.author_id.as_str()), "author")
    });
    let author = author.transpose()?;
    let words: Vec<String> = filter.words.iter().map(|word| word.to_lowercase()).collect();
    let times = filter.since.unwrap_or(i64::MIN)..filter.until.unwrap_or(i64::MAX);
    found.retain(|message| {
        times.contains(&message.created_at)
            && author.as_deref().is_none_or(|author| message.author_id == *author)
            && has_words(&message.content, &words)
            && (!filter.unread || is_unread(&unread, view, message))
    });
    Ok(found)
}

/// What becomes read when everything up to a message or reply does, in the order of the list; without
/// one everything that is known here.
///
/// # Errors
/// `NotFound` or `Ambiguous` for the message; `Corrupt` where the document is.
pub fn reading(reader: &Reader, entity: &EntityId, until: Option<&str>) -> Result<Reading> {
    let last = until.map(|prefix| find(reader, entity, prefix)).transpose()?;
    let Some(view) = view(reader, entity, &SPEC)? else {
        return Ok(Reading { mark: ReadMark::default(), read: 0, unread: 0 });
    };
    let filter = MessageFilter { unread: true, ..MessageFilter::default() };
    let unread = list_of(reader, &view, entity, &filter)?;
    let before = unread.len();
    let is_later = |message: &Message| match &last {
        Some(last) => order(&view, message) > order(&view, last),
        None => false,
    };
    let left = unread.into_iter().filter(|message| is_later(message));
    let left: BTreeSet<String> = left.map(|message| message.id).collect();
    Ok(Reading {
        read: before.saturating_sub(left.len()),
        unread: left.len(),
        mark: ReadMark::at(view.version().clocks.clone(), left),
    })
}

/// How many messages and replies of an entity are unread.
///
/// # Errors
/// `Corrupt` where the document is.
pub fn unread_count(reader: &Reader, entity: &EntityId) -> Result<usize> {
    let filter = MessageFilter { unread: true, ..MessageFilter::default() };
    Ok(list(reader, entity, &filter)?.len())
}

/// The message or reply that an id or a unique prefix names, with every field of its record.
///
/// # Errors
/// `NotFound` or `Ambiguous`; `Usage` for a prefix that is too short.
pub fn find(reader: &Reader, entity: &EntityId, prefix: &str) -> Result<Message> {
    let found = look(reader, entity, &SPEC, |source| {
        let (of, path) = chat::find(source, prefix)?;
        Ok(beside(record::whole(of, source, &path)?, source, &path))
    });
    found?.ok_or_else(|| no_chat(entity))
}

/// The thread that an id or a unique prefix means: of a message its own, of a reply the one that it
/// is in. Deleted replies only with `all`.
///
/// # Errors
/// As [`find`].
pub fn thread(reader: &Reader, entity: &EntityId, prefix: &str, all: bool) -> Result<Thread> {
    let found = look(reader, entity, &SPEC, |source| thread_in(source, prefix, all));
    found?.ok_or_else(|| no_chat(entity))
}

fn thread_in(source: &dyn Source, prefix: &str, all: bool) -> Result<Thread> {
    let parent = find_thread(source, prefix)?;
    let message = match source.exists(&["messages", &parent]) {
        true => Some(message(source, ["messages", &parent].map(str::to_owned).as_slice())?),
        false => None,
    };
    let replies = source.keys(&["threads", &parent, "replies"]).into_iter();
    let paths = replies.map(|id| DocPath::from(["threads", &parent, "replies", &id]));
    let mut replies = messages(source, paths.collect(), all)?;
    sort(source, &mut replies);
    let Caches { reply_count, last_reply_at } = Caches::of(source, &parent);
    Ok(Thread { parent_id: parent, reply_count, last_reply_at, message, replies })
}

/// The fields of messages that stand in their records: what [`message_fields`] can read.
pub fn stored_fields() -> impl Iterator<Item = &'static str> {
    MESSAGES.fields.iter().map(|field| field.name)
}

/// Some fields of all messages and replies of an entity, deleted ones included, in the order of
/// [`list`]: a fraction of its work where they are few. Fields that are derived are not among them.
///
/// # Errors
/// `Corrupt` where the document is.
pub fn message_fields(
    reader: &Reader,
    entity: &EntityId,
    names: &[&str],
) -> Result<Vec<Map<String, Value>>> {
    let Some(view) = view(reader, entity, &SPEC)? else { return Ok(Vec::new()) };
    let created = MESSAGES.named(FieldRole::Created).unwrap_or_default();
    let names = [names, &[created]].concat();
    let mut found = Vec::new();
    for of in [&MESSAGES, &REPLIES] {
        for home in of.homes(&view) {
            for (key, row) in record::narrow(of, &view, &home.steps(), &names) {
                let written = view.item(&home.child(&key).steps());
                let at = row.get(created).and_then(Value::as_i64);
                found.push(((at, written, key), row));
            }
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found.into_iter().map(|(_, row)| row).collect())
}

/// The threads of an entity, counted, by the messages that they reply to; none where there are none yet.
///
/// # Errors
/// `Corrupt` where the document is.
pub fn thread_summaries(reader: &Reader, entity: &EntityId) -> Result<Vec<ThreadSummary>> {
    let Some(view) = view(reader, entity, &SPEC)? else { return Ok(Vec::new()) };
    let summary = |path: DocPath| {
        let parent_id = path.last()?.clone();
        let Caches { reply_count, last_reply_at } = Caches::of(&view, &parent_id);
        Some(ThreadSummary { parent_id, reply_count, last_reply_at })
    };
    Ok(THREADS.records(&view).into_iter().filter_map(summary).collect())
}

/// The paths of the last so many messages and replies: what is shown of them is not read of all.
fn newest(view: &View, mut paths: Vec<DocPath>, all: bool, limit: usize) -> Vec<DocPath> {
    paths.retain(|path| all || !MESSAGES.is_deleted(view, path));
    let created = MESSAGES.named(FieldRole::Created).unwrap_or_default();
    paths.sort_by_cached_key(|path| {
        let at = view.int(&path.field(created)).unwrap_or(0);
        (at, view.item(&path.steps()), path.last().cloned())
    });
    paths.split_off(paths.len().saturating_sub(limit))
}

/// The messages or replies at some paths, deleted ones only with `all`.
fn messages(source: &dyn Source, paths: Vec<DocPath>, all: bool) -> Result<Vec<Message>> {
    let shown = paths.iter().filter(|path| all || !MESSAGES.is_deleted(source, path));
    shown.map(|path| message(source, path)).collect()
}

fn message(source: &dyn Source, path: &[String]) -> Result<Message> {
    let of = chat::collection_of(path);
    let message = record::brief(of, &of.record(source, &path.steps()), path.last())?;
    Ok(beside(message, source, path))
}

/// A message with what is derived beside its record.
fn beside(message: Message, source: &dyn Source, path: &[String]) -> Message {
    let (parent_id, Caches { reply_count, last_reply_at }) = chat::context_of(source, path);
    let parent_deleted = parent_id.as_ref().is_some_and(|parent| is_gone(source, parent));
    Message { parent_id, parent_deleted, reply_count, last_reply_at, ..message }
}

/// Whether a message is deleted, or not there any more.
fn is_gone(source: &dyn Source, message: &str) -> bool {
    let path = ["messages", message].map(str::to_owned);
    !source.exists(&path.steps()) || MESSAGES.is_deleted(source, &path)
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn has_words(content: &str, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let content = content.to_lowercase();
    words.iter().all(|word| content.contains(word.as_str()))
}

/// The oldest first, those of one second as they were written: the same on every replica.
fn sort(source: &dyn Source, messages: &mut [Message]) {
    messages.sort_by_cached_key(|message| order(source, message));
}

/// What messages are sorted by.
fn order(source: &dyn Source, message: &Message) -> (i64, Option<Id>, String) {
    (message.created_at, item(source, message), message.id.clone())
}

/// The item that made a message or reply.
fn item(source: &dyn Source, message: &Message) -> Option<Id> {
    match &message.parent_id {
        Some(parent) => source.item(&["threads", parent, "replies", &message.id]),
        None => source.item(&["messages", &message.id]),
    }
}

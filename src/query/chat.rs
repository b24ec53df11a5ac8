//! The chat of an entity: messages, replies and threads.

mod filter;
mod last;
mod streamed;

pub use filter::MessageFilter;
pub use streamed::{Taker, each_message, each_row, row_fields};

use self::filter::{let_through, mark};
use self::last::{created_within, last_of, latest, newest};
use super::archived::Place;
pub use super::message::Message;
use super::record;
use super::talk::Talk;
use super::unread::{ReadMark, Unread};
use super::{look, steady, view};
use crate::archive::ArchivePage;
use crate::concern::chat;
use crate::concern::chat::{Caches, MESSAGES, REPLIES, SPEC, THREADS, find_thread, no_chat};
use crate::crdt::source::Source;
use crate::error::{Kind, Result};
use crate::id::{self, EntityId};
use crate::path::{DocPath, Keys};
use crate::store::Reader;
use crate::wire::{Clocks, Id};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// A message and the replies to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Thread {
    /// The message's id.
    pub parent_id: String,
    /// The number of replies that are not deleted.
    pub reply_count: i64,
    /// When the last of them was written, in Unix seconds; 0 without any.
    pub last_reply_at: i64,
    /// `None` if the message is no longer here: its thread outlives it.
    pub message: Option<Message>,
    /// The replies, the oldest first.
    pub replies: Vec<Message>,
}

/// What `chat read` would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The mark to keep.
    pub mark: ReadMark,
    /// The number of messages and replies that become read.
    pub read: usize,
    /// The number that stay unread.
    pub unread: usize,
}

/// A thread, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ThreadSummary {
    /// The message it belongs to, which may be gone.
    pub parent_id: String,
    /// The number of replies that are not deleted.
    pub reply_count: i64,
    /// When the last of them was written, in Unix seconds; 0 without any.
    pub last_reply_at: i64,
}

/// Returns the messages of an entity, the oldest first, including replies to deleted ones, which appear
/// nowhere else; empty if there are none.
///
/// # Errors
/// `Ambiguous` or `Usage` for a prefix of an author; `Corrupt` if the document is damaged.
pub fn list(reader: &Reader, entity: &EntityId, filter: &MessageFilter) -> Result<Vec<Message>> {
    steady(reader, || {
        let unread = Unread::of(reader, entity)?;
        let list = |chat: &dyn Source| list_of(&Talk::of(reader, entity, chat), &unread, filter);
        // If most messages are shown, reading all of them at once is faster.
        let last = filter.limit.is_some() && filter.lets_all_through();
        let some = last
            || filter.is_by_mark(&unread)
            || filter.is_by_words()
            || filter.is_by_time()
            || filter.is_by_author();
        let found = match some {
            true => look(reader, entity, &SPEC, list)?,
            false => view(reader, entity, &SPEC)?.map(|view| list(&view)).transpose()?,
        };
        Ok(found.unwrap_or_default())
    })
}

/// Lists the messages of a chat that was read.
fn list_of(talk: &Talk<'_>, unread: &Unread, filter: &MessageFilter) -> Result<Vec<Message>> {
    let view = talk.view();
    let with_replies = !filter.words.is_empty() || filter.unread || filter.replies;
    let asks_for_last = filter.is_by_words()
        || filter.is_by_author()
        || (filter.replies && filter.lets_all_through());
    if let Some(limit) = filter.limit.filter(|_| asks_for_last)
        && let Some(found) = last_of(talk, unread, filter, limit)?
    {
        return Ok(found);
    }
    let limit = filter.limit.filter(|_| filter.lets_all_through());
    let latest = limit.filter(|_| !with_replies).map(|limit| latest(view, limit, filter.deleted));
    let some: Option<Vec<DocPath>> = match latest {
        Some(ids) => Some(ids.iter().map(|id| DocPath::from(["messages", id])).collect()),
        None => selected(view, filter, unread),
    };
    let is_part = some.is_some();
    let mut paths = some.unwrap_or_else(|| everything(view, with_replies));
    if !with_replies {
        paths.append(&mut replies_to_deleted(talk));
    }
    if let Some(limit) = limit {
        paths = newest(view, paths, filter.deleted, limit);
    }
    let mut found = talk.messages(paths, filter.deleted)?;
    // Reads no more of the archive than can be shown.
    let limit = filter.limit.filter(|_| filter.author.is_none() && !filter.unread);
    found.append(&mut talk.archived(&ArchivePage {
        listed: !with_replies,
        since: filter.since,
        until: filter.until,
        words: &filter.words,
        limit,
        ..ArchivePage::default()
    })?);
    if is_part && !filter.is_sure_by(&found) {
        view.want(&[]);
    }
    let mut found = let_through(talk, unread, found, filter)?;
    talk.sort(&mut found);
    if let Some(limit) = filter.limit {
        found.drain(..found.len().saturating_sub(limit));
    }
    Ok(found)
}

/// Returns the paths of messages and replies that include those which a filter lets through; `None` if that
/// needs a look at each.
fn selected(view: &dyn Source, filter: &MessageFilter, unread: &Unread) -> Option<Vec<DocPath>> {
    if filter.is_by_mark(unread) {
        return unread.keys(view).map(|keys| records_at(view, &keys));
    }
    if filter.is_by_words() {
        return view.holding(&filter.words).map(|keys| records_at(view, &keys));
    }
    filter.is_by_time().then(|| created_within(view, filter)).flatten()
}

fn everything(view: &dyn Source, with_replies: bool) -> Vec<DocPath> {
    view.want(&[]);
    if view.has_missed() {
        return Vec::new();
    }
    let mut paths = MESSAGES.records(view);
    if with_replies {
        paths.append(&mut REPLIES.records(view));
    }
    paths
}

/// Returns the paths of messages and replies at these keys of roots.
fn records_at(view: &dyn Source, keys: &[(String, String)]) -> Vec<DocPath> {
    let mut paths = Vec::new();
    for (root, key) in keys {
        if MESSAGES.path == [root] {
            let path = DocPath::from(["messages", key]);
            paths.extend(Some(path).filter(|path| view.exists(&path.steps())));
        } else if REPLIES.path.first().is_some_and(|first| first == root) {
            let replies = DocPath::from([root, key, "replies"]);
            let ids = view.keys(&replies.steps());
            paths.extend(ids.into_iter().map(|id| replies.with(id)));
        }
    }
    paths
}

/// Returns the replies in the threads of messages that are deleted, or no longer exist.
fn replies_to_deleted(talk: &Talk<'_>) -> Vec<DocPath> {
    let (view, mut found) = (talk.view(), Vec::new());
    let threads = view.keys_without("threads", "messages");
    for message in threads.unwrap_or_else(|| threads_of_deleted(view)) {
        let thread = DocPath::from(["threads", &message]);
        if view.exists(&thread.steps()) && talk.is_gone(&message) {
            let replies = thread.child("replies");
            let ids = view.keys(&replies.steps());
            found.extend(ids.into_iter().map(|id| replies.with(id)));
        }
    }
    found
}

/// Returns the keys of the threads of messages that are deleted, or are not in the document, by a look at each.
fn threads_of_deleted(view: &dyn Source) -> Vec<String> {
    let mut threads = view.keys(&["threads"]);
    if !threads.is_empty() {
        let mut there: HashSet<String> = view.keys(MESSAGES.path).into_iter().collect();
        for deleted in MESSAGES.deleted(view) {
            if let Some(message) = deleted.last() {
                there.remove(message);
            }
        }
        threads.retain(|message| !there.contains(message));
    }
    threads
}

/// Returns the last `limit` messages and replies that are not deleted, archived ones included, the oldest
/// first, and the version of the chat they come from: [`news`] continues from there.
///
/// # Errors
/// `Corrupt` if the document is damaged.
pub fn last(reader: &Reader, entity: &EntityId, limit: usize) -> Result<(Vec<Message>, Clocks)> {
    let filter = MessageFilter { limit: Some(limit), replies: true, ..MessageFilter::default() };
    steady(reader, || {
        let unread = Unread::of(reader, entity)?;
        let found = look(reader, entity, &SPEC, |chat: &dyn Source| {
            let found = list_of(&Talk::of(reader, entity, chat), &unread, &filter)?;
            Ok((found, chat.clocks().unwrap_or_default()))
        })?;
        Ok(found.unwrap_or_default())
    })
}

/// Returns the messages and replies that a version of the chat does not hold, the oldest first, and the
/// version that holds them. Deleted ones are left out.
///
/// # Errors
/// `Corrupt` if the document is damaged.
pub fn news(reader: &Reader, entity: &EntityId, after: &Clocks) -> Result<(Vec<Message>, Clocks)> {
    steady(reader, || {
        let found = look(reader, entity, &SPEC, |view: &dyn Source| {
            let talk = Talk::of(reader, entity, view);
            let paths = view.written_beyond(after).map(|keys| records_at(view, &keys));
            let mut found =
                talk.messages(paths.unwrap_or_else(|| everything(view, true)), false)?;
            let is_new =
                |item: Id| after.get(&item.client).is_none_or(|clock| item.clock >= *clock);
            found.retain(|message| talk.item(message).is_some_and(is_new));
            talk.sort(&mut found);
            Ok((found, view.clocks().unwrap_or_default()))
        })?;
        Ok(found.unwrap_or_else(|| (Vec::new(), after.clone())))
    })
}

/// Returns the threads of an entity, in the order of their messages: whole threads, if the filter lets any of
/// their messages or replies through. A limit counts threads.
///
/// # Errors
/// As [`list`].
pub fn threads(reader: &Reader, entity: &EntityId, filter: &MessageFilter) -> Result<Vec<Thread>> {
    steady(reader, || {
        let Some(view) = view(reader, entity, &SPEC)? else { return Ok(Vec::new()) };
        let talk = Talk::of(reader, entity, &view);
        let mut all = talk.messages(MESSAGES.records(&view), true)?;
        all.append(&mut talk.messages(REPLIES.records(&view), filter.deleted)?);
        all.append(&mut talk.archived(&ArchivePage::default())?);
        // A deleted message is shown for its replies, or if deleted ones are requested.
        let hides = |message: &Message| message.deleted && !filter.deleted;
        let shown: Vec<Message> = all.iter().filter(|one| !hides(one)).cloned().collect();
        let unread = Unread::of(reader, entity)?;
        let wanted = let_through(&talk, &unread, shown, filter)?;
        let wanted: BTreeSet<String> =
            wanted.into_iter().map(|one| thread_of(&one).into()).collect();
        mark(&unread, &talk, &mut all);
        talk.sort(&mut all);
        let mut threads: BTreeMap<String, Thread> = BTreeMap::new();
        let mut order = Vec::new();
        for message in all {
            let parent_id = thread_of(&message).to_owned();
            if !wanted.contains(&parent_id) {
                continue;
            }
            if !threads.contains_key(&parent_id) {
                order.push(parent_id.clone());
                let Caches { reply_count, last_reply_at } = talk.caches(&parent_id);
                let (message, replies, parent_id) = (None, Vec::new(), parent_id.clone());
                let thread = Thread { parent_id, reply_count, last_reply_at, message, replies };
                threads.insert(thread.parent_id.clone(), thread);
            }
            let Some(thread) = threads.get_mut(&parent_id) else { continue };
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
    })
}

/// Returns the thread that a message starts, or that a reply is in.
fn thread_of(message: &Message) -> &str {
    message.parent_id.as_deref().unwrap_or(&message.id)
}

/// Returns what becomes read if everything up to a message or reply does, in list order; without one,
/// everything known here.
///
/// # Errors
/// `NotFound` or `Ambiguous` for the message; `Corrupt` if the document is damaged.
pub fn reading(reader: &Reader, entity: &EntityId, until: Option<&str>) -> Result<Reading> {
    steady(reader, || {
        let last = until.map(|prefix| find(reader, entity, prefix)).transpose()?;
        let unread = Unread::of(reader, entity)?;
        let reading =
            |chat: &dyn Source| reading_of(&Talk::of(reader, entity, chat), &unread, last.as_ref());
        let found = match unread.is_placed() {
            true => look(reader, entity, &SPEC, reading)?,
            false => view(reader, entity, &SPEC)?.map(|view| reading(&view)).transpose()?,
        };
        Ok(found.unwrap_or(Reading { mark: ReadMark::default(), read: 0, unread: 0 }))
    })
}

fn reading_of(talk: &Talk<'_>, unread: &Unread, last: Option<&Message>) -> Result<Reading> {
    let filter = MessageFilter { unread: true, ..MessageFilter::default() };
    let mut left = list_of(talk, unread, &filter)?;
    let before = left.len();
    if let Some(last) = last.filter(|last| last.in_archive) {
        talk.recall(last)?;
    }
    let last = last.map(|last| talk.order(last));
    left.retain(|message| last.as_ref().is_some_and(|last| talk.order(message) > *last));
    Ok(Reading {
        read: before.saturating_sub(left.len()),
        unread: left.len(),
        mark: ReadMark::at(talk.view().clocks().unwrap_or_default(), left),
    })
}

/// Returns how many messages and replies of an entity are unread.
///
/// # Errors
/// `Corrupt` if the document is damaged.
pub fn unread_count(reader: &Reader, entity: &EntityId) -> Result<usize> {
    let filter = MessageFilter { unread: true, ..MessageFilter::default() };
    Ok(list(reader, entity, &filter)?.len())
}

/// Returns the message or reply with this id or unique prefix, with every field of its record.
///
/// # Errors
/// `NotFound` or `Ambiguous`; `Usage` for a prefix that is too short.
pub fn find(reader: &Reader, entity: &EntityId, prefix: &str) -> Result<Message> {
    steady(reader, || {
        let found = look(reader, entity, &SPEC, |source| {
            let talk = Talk::of(reader, entity, source);
            let live = chat::find(source, prefix).map(|(_, path)| path);
            match talk.shelf.find(live, prefix, MESSAGES.noun)? {
                Place::Document(path) => {
                    let of = chat::collection_of(&path);
                    talk.beside(record::whole(of, source, &path)?, &path)
                }
                Place::Archived(archived) => {
                    let of = chat::collection_of(&archived.path);
                    let row = of.whole_row(&archived.fields()?, archived.path.last());
                    let message = Message { in_archive: true, ..record::typed(row)? };
                    talk.beside(message, &archived.path)
                }
            }
        });
        found?.ok_or_else(|| no_chat(entity))
    })
}

/// Returns the thread of the message with this id or unique prefix, or the thread that the reply with it is
/// in. Deleted replies only with `all`.
///
/// # Errors
/// As [`find`].
pub fn thread(reader: &Reader, entity: &EntityId, prefix: &str, all: bool) -> Result<Thread> {
    steady(reader, || {
        let found = look(reader, entity, &SPEC, |source| {
            thread_in(&Talk::of(reader, entity, source), prefix, all)
        });
        found?.ok_or_else(|| no_chat(entity))
    })
}

fn thread_in(talk: &Talk<'_>, prefix: &str, all: bool) -> Result<Thread> {
    let source = talk.view();
    let live = find_thread(source, prefix).map(|parent| DocPath::from(["messages", &parent]));
    let parent = match talk.shelf.find(live, prefix, MESSAGES.noun) {
        Ok(Place::Document(path)) => path.last().cloned().unwrap_or_default(),
        Ok(Place::Archived(archived)) => archived.parent().unwrap_or(archived.id()).to_owned(),
        // The message is gone and only its replies are left: return their thread.
        Err(e) if e.kind == Kind::NotFound => {
            let parents = talk.shelf.threads_beginning(prefix);
            match parents.is_empty() {
                true => return Err(e),
                false => id::resolve(prefix, parents.iter().map(String::as_str), MESSAGES.noun)?,
            }
        }
        Err(e) => return Err(e),
    };
    let path = DocPath::from(["messages", &parent]);
    let message = match source.exists(&path.steps()) {
        true => Some(talk.message(&path)?),
        false => match talk.shelf.get(&path) {
            Some(archived) => talk.shelved(&archived)?,
            None => None,
        },
    };
    let replies = source.keys(&["threads", &parent, "replies"]).into_iter();
    let paths = replies.map(|id| DocPath::from(["threads", &parent, "replies", &id]));
    let mut replies = talk.messages(paths.collect(), all)?;
    for archived in talk.shelf.replies(&parent) {
        replies.extend(talk.shelved(&archived)?);
    }
    talk.sort(&mut replies);
    let Caches { reply_count, last_reply_at } = talk.caches(&parent);
    Ok(Thread { parent_id: parent, reply_count, last_reply_at, message, replies })
}

/// Returns summaries of the threads of an entity, in the order of their messages' ids; empty if there are
/// none yet.
///
/// # Errors
/// `Corrupt` if the document is damaged.
pub fn thread_summaries(reader: &Reader, entity: &EntityId) -> Result<Vec<ThreadSummary>> {
    steady(reader, || {
        let Some(view) = view(reader, entity, &SPEC)? else { return Ok(Vec::new()) };
        let talk = Talk::of(reader, entity, &view);
        let mut parents = talk.shelf.threads();
        parents.extend(THREADS.records(&view).iter().filter_map(|path| path.last().cloned()));
        let summary = |parent_id: String| {
            let Caches { reply_count, last_reply_at } = talk.caches(&parent_id);
            Ok(ThreadSummary { parent_id, reply_count, last_reply_at })
        };
        parents.into_iter().map(summary).collect()
    })
}

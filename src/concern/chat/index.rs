//! Where the messages of a chat are, and which replies its threads have: derived once a session and
//! kept up to date by the operations, so that ten thousand of them do not walk the document ten
//! thousand times.

use super::caches::{Caches, live_replies};
use super::schema::{MESSAGES, SPEC, THREADS, message_path, reply_path};
use crate::crdt::source::Source;
use crate::error::{Error, Next, Result};
use crate::id::{self, DocId, EntityId};
use crate::path::DocPath;
use crate::store::Session;
use std::collections::{BTreeMap, BTreeSet};

type KnownIds = BTreeSet<(String, Option<String>)>;

/// What is derived from one chat. Each part is computed on first use.
#[derive(Default)]
pub struct Index {
    /// Every message and reply by its id, with the thread it is in; `None` for a message.
    ids: Option<KnownIds>,
    /// Whether a search was made without them.
    has_searched: bool,
    /// The replies of a thread that are not deleted, by time.
    threads: BTreeMap<String, BTreeSet<(i64, String)>>,
}

impl Index {
    /// The index of a chat if it is up to date, else an empty one, which is just as correct. Must be given
    /// back with [`Index::keep`] once it includes every change since.
    pub fn take(session: &mut Session, doc: &DocId) -> Index {
        session.recall(doc).unwrap_or_default()
    }

    /// Keeps it for the next operation.
    pub fn keep(self, session: &mut Session, doc: &DocId) {
        session.remember(doc, self);
    }

    /// The path of the message or reply that an id or a unique prefix names.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`, and `Usage` for a prefix that is too short.
    pub fn find(&mut self, source: &dyn Source, prefix: &str) -> Result<DocPath> {
        // A single lookup is faster among the ids with this prefix; many are faster with all ids.
        if self.ids.is_none() && !std::mem::replace(&mut self.has_searched, true) {
            return find_in(&ids_beginning(source, prefix), prefix);
        }
        find_in(self.ids.get_or_insert_with(|| ids_beginning(source, "")), prefix)
    }

    /// Adds a new message or reply.
    pub fn add(&mut self, path: &[String], at: i64) {
        let Some((thread, id)) = place(path) else { return };
        if let Some(ids) = &mut self.ids {
            ids.insert((id.to_owned(), thread.map(str::to_owned)));
        }
        if let Some(replies) = thread.and_then(|thread| self.threads.get_mut(thread)) {
            replies.insert((at, id.to_owned()));
        }
    }

    /// Records that a message or reply is now deleted.
    pub fn delete(&mut self, path: &[String], at: i64) {
        let Some((Some(thread), id)) = place(path) else { return };
        if let Some(replies) = self.threads.get_mut(thread) {
            replies.remove(&(at, id.to_owned()));
        }
    }

    /// Records that a message or reply no longer exists.
    pub fn remove(&mut self, path: &[String]) {
        let Some((thread, id)) = place(path) else { return };
        if let Some(ids) = &mut self.ids {
            ids.remove(&(id.to_owned(), thread.map(str::to_owned)));
        }
    }

    /// The correct values of the caches of a thread.
    pub fn caches(&mut self, source: &dyn Source, thread: &str) -> Caches {
        let replies = match self.threads.get(thread) {
            Some(replies) => replies,
            None => self.threads.entry(thread.to_owned()).or_insert(live(source, thread)),
        };
        Caches {
            reply_count: i64::try_from(replies.len()).unwrap_or(i64::MAX),
            last_reply_at: replies.last().map_or(0, |(at, _)| *at).max(0),
        }
    }
}

/// Looks something up in a chat with its index.
pub(super) fn look<R>(
    session: &mut Session,
    entity: &EntityId,
    look: impl FnOnce(&mut Index, &dyn Source) -> Result<R>,
) -> Result<R> {
    let doc = entity.document(SPEC.name);
    let mut index = Index::take(session, &doc);
    let found = session.read(&doc, |source| look(&mut index, source))?;
    index.keep(session, &doc);
    found.unwrap_or_else(|| Err(no_chat(entity)))
}

/// The error for an entity without any messages.
pub fn no_chat(entity: &EntityId) -> Error {
    Error::not_found(format!("{entity} has no chat")).hint(Next::Send.and(" starts one"))
}

/// The thread and the id in a path.
fn place(path: &[String]) -> Option<(Option<&str>, &str)> {
    match path {
        [_, id] => Some((None, id)),
        [_, thread, _, id] => Some((Some(thread), id)),
        _ => None,
    }
}

fn find_in(ids: &KnownIds, prefix: &str) -> Result<DocPath> {
    let begun = || {
        let from = ids.range((prefix.to_owned(), None)..);
        from.take_while(|(id, _)| id.starts_with(prefix))
    };
    let found = id::resolve(prefix, begun().map(|(id, _)| id.as_str()), "message")
        .map_err(|e| e.hint_also(Next::Messages.and(" shows them")))?;
    let at = begun().find(|(id, _)| *id == found);
    let (id, thread) = at.ok_or_else(|| Error::bug("a message was found and lost"))?;
    Ok(match thread {
        Some(thread) => reply_path(thread, id),
        None => message_path(id),
    })
}

fn ids_beginning(source: &dyn Source, prefix: &str) -> KnownIds {
    let messages = source.keys_beginning(MESSAGES.path, prefix);
    let mut ids: KnownIds = messages.into_iter().map(|id| (id, None)).collect();
    for thread in source.keys(THREADS.path) {
        let replies = source.keys_beginning(&["threads", &thread, "replies"], prefix);
        ids.extend(replies.into_iter().map(|id| (id, Some(thread.clone()))));
    }
    ids
}

fn live(source: &dyn Source, thread: &str) -> BTreeSet<(i64, String)> {
    let at = |id: &str| source.int(&["threads", thread, "replies", id, "created_at"]).unwrap_or(0);
    live_replies(source, thread).into_iter().map(|id| (at(&id), id)).collect()
}

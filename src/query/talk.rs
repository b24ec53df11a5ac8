//! One reading of a chat: the content of its document and of the archive, in one order.

use super::archived::{Beside, Shelf};
use super::message::Message;
use super::record;
use crate::archive::{ArchivePage, ArchivedRecord};
use crate::concern::chat::{self, Caches, LAST_REPLY_AT, MESSAGES, PARENT_ID, REPLY_COUNT, SPEC};
use crate::crdt::source::Source;
use crate::error::Result;
use crate::id::EntityId;
use crate::path::{DocPath, Keys};
use crate::store::Reader;
use crate::wire::Id;
use serde_json::{Map, Value as Json};
use std::cell::RefCell;
use std::collections::BTreeMap;

const PARENT_DELETED: &str = "parent_deleted";
/// The fields of messages that are not in any record: [`Talk::derive`] computes them.
pub(super) const DERIVED: [&str; 4] = [PARENT_ID, PARENT_DELETED, REPLY_COUNT, LAST_REPLY_AT];

/// A chat being read, with its archive.
pub(super) struct Talk<'v> {
    pub shelf: Shelf<'v>,
    /// The items that created what was read from the archive.
    written: RefCell<BTreeMap<(Option<String>, String), Id>>,
}

impl<'v> Talk<'v> {
    pub fn of(reader: &Reader, entity: &EntityId, view: &'v dyn Source) -> Talk<'v> {
        let shelf = Shelf::of(reader, entity.document(SPEC.name), view);
        Talk { shelf, written: RefCell::default() }
    }

    /// Combines a chat and an archive that were opened at the same moment.
    pub fn beside_archive(entity: &EntityId, view: &'v dyn Source, beside: Beside) -> Talk<'v> {
        let shelf = Shelf::beside(entity.document(SPEC.name), view, beside);
        Talk { shelf, written: RefCell::default() }
    }

    pub fn view(&self) -> &'v dyn Source {
        self.shelf.view
    }

    /// Returns the messages or replies at some paths of the document, deleted ones only with `all`.
    pub fn messages(&self, paths: Vec<DocPath>, all: bool) -> Result<Vec<Message>> {
        let shown = paths.iter().filter(|path| all || !MESSAGES.is_deleted(self.view(), path));
        let shown: Vec<&DocPath> = shown.collect();
        for path in &shown {
            let steps = path.steps();
            self.view().want(&steps);
            if let [_, message] = steps[..] {
                self.view().want(&["threads", message]);
            }
        }
        if self.view().has_missed() {
            return Ok(Vec::new());
        }
        shown.into_iter().map(|path| self.message(path)).collect()
    }

    pub fn message(&self, path: &[String]) -> Result<Message> {
        let of = chat::collection_of(path);
        let record = of.record(self.view(), &path.steps());
        self.beside(record::brief(of, &record, path.last())?, path)
    }

    /// Returns archived messages and replies, the earliest first.
    pub fn archived(&self, page: &ArchivePage<'_>) -> Result<Vec<Message>> {
        let found = self.shelf.page(page);
        found.iter().filter_map(|archived| self.shelved(archived).transpose()).collect()
    }

    /// Returns an archived message or reply; if it cannot be read, `None` and a note.
    pub fn shelved(&self, archived: &ArchivedRecord) -> Result<Option<Message>> {
        let Some(message) = self.read_archived(archived)? else { return Ok(None) };
        let key = (message.parent_id.clone(), message.id.clone());
        self.written.borrow_mut().insert(key, archived.written);
        Ok(Some(message))
    }

    /// Like [`Talk::shelved`], for a message whose position is not needed later.
    pub fn read_archived(&self, archived: &ArchivedRecord) -> Result<Option<Message>> {
        let of = chat::collection_of(&archived.path);
        let Some(fields) = self.shelf.fields(archived) else { return Ok(None) };
        let message: Message = record::brief(of, &fields, archived.path.last())?;
        self.beside(Message { in_archive: true, ..message }, &archived.path).map(Some)
    }

    /// Returns a message with its derived fields.
    pub fn beside(&self, message: Message, path: &[String]) -> Result<Message> {
        let parent_id = parent_of(path);
        let parent_deleted = parent_id.as_ref().is_some_and(|parent| self.is_gone(parent));
        let Caches { reply_count, last_reply_at } = self.caches_of(path);
        Ok(Message { parent_id, parent_deleted, reply_count, last_reply_at, ..message })
    }

    /// Adds the requested derived fields to a row.
    pub fn derive(&self, path: &[String], names: &[&str], row: &mut Map<String, Json>) {
        let asks = |name: &str| names.contains(&name);
        let parent = parent_of(path);
        if asks(PARENT_DELETED) {
            let gone = parent.as_ref().is_some_and(|parent| self.is_gone(parent));
            row.insert(PARENT_DELETED.to_owned(), Json::from(gone));
        }
        if asks(REPLY_COUNT) || asks(LAST_REPLY_AT) {
            let caches = self.caches_of(path);
            row.insert(REPLY_COUNT.to_owned(), Json::from(caches.reply_count));
            row.insert(LAST_REPLY_AT.to_owned(), Json::from(caches.last_reply_at));
        }
        if asks(PARENT_ID) {
            row.insert(PARENT_ID.to_owned(), Json::from(parent));
        }
    }

    /// Returns the reply count and last reply time of a message's thread; zeros for a reply, which has none.
    fn caches_of(&self, path: &[String]) -> Caches {
        match path.steps()[..] {
            [_, message] => self.caches(message),
            _ => Caches::default(),
        }
    }

    /// Returns the reply count and last reply time of a thread, in the document and in the archive.
    pub fn caches(&self, thread: &str) -> Caches {
        let mut caches = Caches::of(self.view(), thread);
        for at in self.shelf.reply_times(thread) {
            caches.reply_count = caches.reply_count.saturating_add(1);
            caches.last_reply_at = caches.last_reply_at.max(at);
        }
        caches
    }

    /// Returns whether a message is deleted, or no longer exists.
    pub fn is_gone(&self, message: &str) -> bool {
        let path = DocPath::from(["messages", message]);
        match self.view().exists(&path.steps()) {
            true => MESSAGES.is_deleted(self.view(), &path),
            false => !self.shelf.holds(&path),
        }
    }

    /// Sorts by time, and within a second in the order of writing, which is the same on every replica.
    pub fn sort(&self, messages: &mut [Message]) {
        messages.sort_by_cached_key(|message| self.order(message));
    }

    /// Returns the sort key of a message.
    pub fn order(&self, message: &Message) -> (i64, Option<Id>, String) {
        (message.created_at, self.item(message), message.id.clone())
    }

    /// Returns the item that created a message or reply.
    pub fn item(&self, message: &Message) -> Option<Id> {
        if message.in_archive {
            let key = (message.parent_id.clone(), message.id.clone());
            return self.written.borrow().get(&key).copied();
        }
        match &message.parent_id {
            Some(parent) => written_by(self.view(), &["threads", parent, "replies", &message.id]),
            None => written_by(self.view(), &["messages", &message.id]),
        }
    }

    /// Remembers the position of an archived message that was read elsewhere.
    pub fn recall(&self, message: &Message) -> Result<()> {
        let path = match &message.parent_id {
            Some(parent) => DocPath::from(["threads", parent, "replies", &message.id]),
            None => DocPath::from(["messages", &message.id]),
        };
        self.shelf.get(&path).map_or(Ok(()), |archived| self.shelved(&archived).map(drop))
    }
}

/// Returns the item that created the record at a path. Part of a plain value was written with the whole.
pub(super) fn written_by(view: &dyn Source, path: &[&str]) -> Option<Id> {
    (2..=path.len()).rev().find_map(|steps| view.item(path.get(..steps)?))
}

/// Returns the message that a record at a path replies to.
fn parent_of(path: &[String]) -> Option<String> {
    match path.steps()[..] {
        ["threads", thread, "replies", _] => Some(thread.to_owned()),
        _ => None,
    }
}

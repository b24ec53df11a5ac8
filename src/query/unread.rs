//! Tells what is unread in a chat here. Read marks are local to a replica: no document has them.

use super::message::Message;
use crate::crdt::source::Source;
use crate::error::{Error, Result};
use crate::id::EntityId;
use crate::store::{Reader, State};
use crate::wire::{Clocks, Id};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How far a chat was read: everything that was known then, except some messages. Later messages are unread,
/// whatever their time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadMark {
    /// Per client, the clock after its last known unit.
    clocks: Clocks,
    /// The messages and replies that were known but not read.
    unread: BTreeSet<String>,
    /// The messages in whose threads those replies are; `None` in marks of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    threads: Option<BTreeSet<String>>,
}

impl ReadMark {
    /// Returns the name of the local setting that keeps the mark of an entity.
    pub fn setting(entity: &EntityId) -> String {
        format!("read {entity}")
    }

    /// Returns the mark of an entity; `None` if nothing was marked. A mark that does not decode counts as
    /// none.
    ///
    /// # Errors
    /// `Corrupt` and `Io` of the local state.
    pub fn of(state: Option<&State>, entity: &EntityId) -> Result<Option<ReadMark>> {
        let Some(state) = state else { return Ok(None) };
        let kept = state.setting(&Self::setting(entity))?;
        Ok(kept.and_then(|kept| serde_json::from_str(&kept).ok()))
    }

    /// Returns the mark for a chat read up to this version, except for these unread messages.
    pub(super) fn at(clocks: Clocks, unread: Vec<Message>) -> Self {
        let threads = unread.iter().filter_map(|message| message.parent_id.clone()).collect();
        let unread = unread.into_iter().map(|message| message.id).collect();
        ReadMark { clocks, unread, threads: Some(threads) }
    }

    /// Returns whether a message, created by this item, was read.
    fn covers(&self, id: &str, item: Option<Id>) -> bool {
        let is_known = item.is_some_and(|item| {
            self.clocks.get(&item.client).is_some_and(|clock| item.clock < *clock)
        });
        is_known && !self.unread.contains(id)
    }

    /// Returns the mark in the form the setting stores.
    ///
    /// # Errors
    /// `Bug` if it does not encode.
    pub fn encode(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| Error::bug("a mark does not encode").because(e))
    }
}

/// Determines what is unread in a chat: what others wrote and the mark does not cover.
pub(super) struct Unread {
    mark: Option<ReadMark>,
    own: Option<String>,
}

impl Unread {
    pub(super) fn of(reader: &Reader, entity: &EntityId) -> Result<Unread> {
        let mark = ReadMark::of(reader.state(), entity)?;
        let own = reader.replica()?.and_then(|(_, member, _)| member);
        Ok(Unread { mark, own: own.map(|member| member.to_string()) })
    }

    /// Returns whether anything was ever marked here.
    pub(super) fn is_kept(&self) -> bool {
        self.mark.is_some()
    }

    /// Returns whether [`Unread::keys`] can tell where unread messages are.
    pub(super) fn is_placed(&self) -> bool {
        self.mark.as_ref().is_some_and(|mark| mark.threads.is_some() || mark.unread.is_empty())
    }

    /// Returns the keys of roots below which messages and replies can be unread. None are missing; some may be
    /// extra. `None` if that needs a look at each.
    pub(super) fn keys(&self, view: &dyn Source) -> Option<Vec<(String, String)>> {
        let mark = self.mark.as_ref().filter(|_| self.is_placed())?;
        let mut keys = view.written_beyond(&mark.clocks)?;
        let messages = mark.unread.iter().map(|id| ("messages".to_owned(), id.clone()));
        let threads = mark.threads.iter().flatten().map(|id| ("threads".to_owned(), id.clone()));
        // Most of what others change in old messages are reactions.
        keys.retain(|(root, key)| {
            root != "messages" || !mark.covers(key, view.item(&["messages", key]))
        });
        keys.extend(messages.chain(threads));
        keys.sort_unstable();
        keys.dedup();
        Some(keys)
    }

    /// Returns whether a message, created by this item, is unread.
    pub(super) fn is_of(&self, message: &Message, item: Option<Id>) -> bool {
        !message.deleted && self.is_unread(&message.id, &message.author_id, item)
    }

    /// Like [`Unread::is_of`], for a message that is not deleted, by its id and author.
    pub(super) fn is_unread(&self, id: &str, author: &str, item: Option<Id>) -> bool {
        if self.own.as_deref() == Some(author) {
            return false;
        }
        self.mark.as_ref().is_none_or(|mark| !mark.covers(id, item))
    }
}

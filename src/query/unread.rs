//! Tells what is unread in a chat here. Read marks are local to a replica: no document has them.

use super::message::Message;
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
    pub(super) fn at(clocks: Clocks, unread: BTreeSet<String>) -> Self {
        ReadMark { clocks, unread }
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

    /// Returns whether a message, created by this item, is unread.
    pub(super) fn is_of(&self, message: &Message, item: Option<Id>) -> bool {
        !message.deleted && self.is_unread(&message.id, &message.author_id, item)
    }

    /// Like [`Unread::is_of`], for a message that is not deleted, by its id and author.
    pub(super) fn is_unread(&self, id: &str, author: &str, item: Option<Id>) -> bool {
        if self.own.as_deref() == Some(author) {
            return false;
        }
        let Some(mark) = &self.mark else { return true };
        let is_known = item.is_some_and(|item| {
            mark.clocks.get(&item.client).is_some_and(|clock| item.clock < *clock)
        });
        !is_known || mark.unread.contains(id)
    }
}

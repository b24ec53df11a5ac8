//! What of a chat has not been read here. Marks are local to a replica: no document has them.

use super::message::Message;
use crate::error::{Error, Result};
use crate::id::EntityId;
use crate::store::{Reader, State};
use crate::wire::{Clocks, Id};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How far a chat was read: everything that was known then, but for some messages. What comes later
/// is unread, whatever time it has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadMark {
    /// Of each client the clock after its last unit that was known.
    clocks: Clocks,
    /// The messages and replies that were known and not read.
    unread: BTreeSet<String>,
}

impl ReadMark {
    /// The name of the local setting that keeps the mark of an entity.
    pub fn setting(entity: &EntityId) -> String {
        format!("read {entity}")
    }

    /// The mark of an entity; None where nobody has marked anything. A mark that does not decode
    /// counts as none.
    ///
    /// # Errors
    /// `Corrupt` and `Io` of the local state.
    pub fn of(state: Option<&State>, entity: &EntityId) -> Result<Option<ReadMark>> {
        let Some(state) = state else { return Ok(None) };
        let kept = state.setting(&Self::setting(entity))?;
        Ok(kept.and_then(|kept| serde_json::from_str(&kept).ok()))
    }

    /// The mark of a chat at this version, of which these messages stay unread.
    pub(super) fn at(clocks: Clocks, unread: BTreeSet<String>) -> Self {
        ReadMark { clocks, unread }
    }

    /// The mark as the setting keeps it.
    ///
    /// # Errors
    /// `Bug` where it does not encode.
    pub fn encode(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| Error::bug("a mark does not encode").because(e))
    }
}

/// Tells what is unread of one chat: what others wrote, and the mark does not cover.
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

    /// Whether anybody has ever marked anything here.
    pub(super) fn is_kept(&self) -> bool {
        self.mark.is_some()
    }

    /// Whether a message is, which this item made.
    pub(super) fn is_of(&self, message: &Message, item: Option<Id>) -> bool {
        !message.deleted && self.is_unread(&message.id, &message.author_id, item)
    }

    /// The same of what is not deleted, by its id and who wrote it.
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

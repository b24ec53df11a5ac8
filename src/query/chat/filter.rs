//! Which messages and replies are listed.

use crate::archive;
use crate::error::Result;
use crate::query::message::Message;
use crate::query::occurring;
use crate::query::talk::Talk;
use crate::query::unread::Unread;
use std::ops::{Bound, RangeBounds};

/// Which messages are listed; by default all that are not deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// Only those from this time on, in Unix seconds.
    pub since: Option<i64>,
    /// Only those before this time, in Unix seconds.
    pub until: Option<i64>,
    /// Only those of this member: an id, or a unique prefix of one of the authors.
    pub author: Option<String>,
    /// Only those that hold all of these words, ignoring case. If there are any, the replies in the threads
    /// are searched too.
    pub words: Vec<String>,
    /// At most this many, the latest.
    pub limit: Option<usize>,
    /// Includes deleted ones.
    pub deleted: bool,
    /// Only those that are unread here, replies in the threads included; see [`crate::query::unread`].
    pub unread: bool,
    /// Includes all replies in the threads, not only those to deleted messages.
    pub replies: bool,
}

impl MessageFilter {
    /// Returns whether it filters by limit and deletion only.
    pub(super) fn lets_all_through(&self) -> bool {
        let unlimited =
            MessageFilter { limit: None, deleted: false, replies: false, ..self.clone() };
        unlimited == MessageFilter::default()
    }

    /// Returns whether it selects by words, and no other condition needs data of all messages.
    pub(super) fn is_by_words(&self) -> bool {
        !self.words.is_empty() && self.author.is_none() && !self.unread
    }

    /// Returns whether it selects messages by time, and no other condition needs data of all of them: the
    /// prefix of an author does.
    pub(super) fn is_by_time(&self) -> bool {
        let timed = self.since.is_some() || self.until.is_some();
        let timeless = MessageFilter { since: None, until: None, ..self.clone() };
        timed && timeless.asks_for_author_only()
    }

    /// Returns whether it selects the last messages of an author by the whole id.
    pub(super) fn is_by_author(&self) -> bool {
        self.author.is_some() && self.limit.is_some() && self.asks_for_author_only()
    }

    fn asks_for_author_only(&self) -> bool {
        let anyones = MessageFilter { author: None, ..self.clone() };
        // Others may be whole ids, too, but a prefix is told from these only by all messages.
        let is_whole =
            |author: &String| author.split('-').filter(|word| !word.is_empty()).count() > 3;
        self.author.as_ref().is_none_or(is_whole) && anyones.lets_all_through() && !self.replies
    }

    /// Returns whether some of the messages tell whom the author stands for: an id that occurs is no prefix.
    pub(super) fn is_sure_by(&self, some: &[Message]) -> bool {
        self.author.as_ref().is_none_or(|author| some.iter().any(|one| *one.author_id == **author))
    }

    /// Returns whether it selects what is unread, and no other condition needs data of all messages.
    pub(super) fn is_by_mark(&self, unread: &Unread) -> bool {
        self.unread && self.author.is_none() && unread.is_placed()
    }

    /// Returns whether a message of this time is let through.
    pub(super) fn is_within(&self, at: i64) -> bool {
        // Without an end, the last of all times is let through, too.
        let times = (
            self.since.map_or(Bound::Unbounded, Bound::Included),
            self.until.map_or(Bound::Unbounded, Bound::Excluded),
        );
        times.contains(&at)
    }
}

pub(super) fn mark(unread: &Unread, talk: &Talk<'_>, messages: &mut [Message]) {
    for message in messages.iter_mut().filter(|_| unread.is_kept()) {
        message.unread = unread.is_of(message, talk.item(message));
    }
}

/// Returns those messages that a filter lets through, ignoring its limit.
pub(super) fn let_through(
    talk: &Talk<'_>,
    unread: &Unread,
    mut found: Vec<Message>,
    filter: &MessageFilter,
) -> Result<Vec<Message>> {
    mark(unread, talk, &mut found);
    let author = filter.author.as_deref().map(|wanted| {
        occurring(wanted, found.iter().map(|message| message.author_id.as_str()), "author")
    });
    let author = author.transpose()?;
    found.retain(|message| {
        filter.is_within(message.created_at)
            && author.as_deref().is_none_or(|author| message.author_id == *author)
            && archive::holds(&message.content, &filter.words)
            && (!filter.unread || unread.is_of(message, talk.item(message)))
    });
    Ok(found)
}

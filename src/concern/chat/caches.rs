//! The caches of a thread, for other programs (rule R5).

use super::schema::REPLIES;
use crate::crdt::doc::Txn;
use crate::crdt::source::Source;
use crate::error::Result;

/// The names of the caches of a thread.
pub const REPLY_COUNT: &str = "reply_count";
/// As [`REPLY_COUNT`].
pub const LAST_REPLY_AT: &str = "last_reply_at";

/// The caches of a thread (rule R5), as stored or as they should be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Caches {
    /// Replies that are not deleted.
    pub reply_count: i64,
    /// When the last of them was written; 0 if there are none.
    pub last_reply_at: i64,
}

impl Caches {
    /// The correct values.
    pub fn of(source: &dyn Source, thread: &str) -> Caches {
        let mut caches = Caches::default();
        for reply in live_replies(source, thread) {
            let at = source.int(&["threads", thread, "replies", &reply, "created_at"]).unwrap_or(0);
            caches.reply_count = caches.reply_count.saturating_add(1);
            caches.last_reply_at = caches.last_reply_at.max(at);
        }
        caches
    }

    /// The stored values.
    pub fn written(source: &dyn Source, thread: &str) -> Caches {
        let at = |field| source.int(&["threads", thread, field]).unwrap_or(0);
        Caches { reply_count: at(REPLY_COUNT), last_reply_at: at(LAST_REPLY_AT) }
    }

    /// Corrects the stored values.
    pub fn put_right(txn: &mut Txn<'_>, thread: &str) -> Result<()> {
        Caches::of(txn, thread).write(txn, thread)
    }

    /// Writes the values that differ.
    pub(super) fn write(self, txn: &mut Txn<'_>, thread: &str) -> Result<()> {
        let is = Caches::written(txn, thread);
        let path = ["threads", thread];
        if is.reply_count != self.reply_count {
            txn.set(&path, "reply_count", self.reply_count)?;
        }
        if is.last_reply_at != self.last_reply_at {
            txn.set(&path, "last_reply_at", self.last_reply_at)?;
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

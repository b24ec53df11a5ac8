//! Threads: the replies to one message.

use super::caches::live_replies;
use super::index::Index;
use super::schema::{MESSAGES, THREADS, is_message, message_path};
use crate::crdt::container::{self, Fixed};
use crate::crdt::doc::Txn;
use crate::crdt::source::Source;
use crate::error::{Error, Kind, Next, Result};
use crate::id::{self, DocId};
use crate::limits;

/// The field with the id of the message replied to.
pub const PARENT_ID: &str = "parent_id";

/// The thread that an id or a unique prefix stands for: of a message its own, of a reply the one it is
/// in; also the thread of a message that no longer exists here.
///
/// # Errors
/// `NotFound` or `Ambiguous`.
pub fn find_thread(source: &dyn Source, prefix: &str) -> Result<String> {
    find(&mut Index::default(), source, prefix)
}

/// Like [`find_thread`], with an index that may already know it.
pub(super) fn find(index: &mut Index, source: &dyn Source, prefix: &str) -> Result<String> {
    if is_message(source, prefix) || !source.keys(&["threads", prefix]).is_empty() {
        return Ok(prefix.to_owned());
    }
    match index.find(source, prefix) {
        Ok(path) => path.get(1).cloned().ok_or_else(|| Error::bug("a message without a path")),
        Err(error) if error.kind == Kind::NotFound => {
            let threads = source.keys(THREADS.path);
            id::resolve(prefix, threads.iter().map(String::as_str), "message")
                .map_err(|e| if e.kind == Kind::NotFound { error } else { e })
        }
        Err(error) => Err(error),
    }
}

/// Refuses a closed thread: its message is deleted, and it has no replies.
pub(super) fn check_open(source: &dyn Source, thread: &str) -> Result<()> {
    let deleted = MESSAGES.is_deleted(source, &message_path(thread));
    match deleted && live_replies(source, thread).is_empty() {
        true => Err(Error::refused(format!("message {thread} is deleted"))
            .hint(Next::Messages.and(" shows what is left"))),
        false => Ok(()),
    }
}

/// Creates the thread of a message if there is none: as the same items on every replica (rule R2), so
/// that two people who concurrently send the first reply share one thread.
pub fn open(txn: &mut Txn<'_>, doc: &DocId, thread: &str) -> Result<()> {
    container::create(txn, doc, "threads", thread, &fixed(thread)).map(drop)
}

/// Like `open`, for a message or replies restored from the archive. If some replica has seen the
/// thread of an archived message without replies, the thread may be about to be archived too, with
/// everything written into it meanwhile. So a new thread replaces it, the same on every replica that
/// does this, and late replies move to the new one, as they do when a merge replaces the thread.
pub fn open_again(txn: &mut Txn<'_>, doc: &DocId, thread: &str, is_archived: bool) -> Result<()> {
    let path = ["threads", thread];
    let late = txn.keys(&["threads", thread, "replies"]);
    let may_go = txn.exists(&path) && (is_archived || late.is_empty());
    let standing = txn.item(&path).filter(|_| may_go);
    let of_ours = standing.and_then(|item| container::generation(doc, "threads", thread, item));
    match of_ours.map(|generation| generation.saturating_add(1)) {
        // The last possible generation stays, whatever happens to it.
        Some(next) if next < limits::GENERATIONS => {
            let value = |reply: &String| txn.typed(&["threads", thread, "replies", reply]);
            let late: Vec<_> = late.iter().map(|reply| (reply, value(reply))).collect();
            txn.remove(&["threads"], thread)?;
            container::create_again(txn, doc, "threads", thread, &fixed(thread), next)?;
            for (reply, value) in late {
                let Some(value) = value else { continue };
                container::copy(txn, doc, &["threads", thread, "replies", reply], &value)?;
            }
            Ok(())
        }
        _ => open(txn, doc, thread),
    }
}

fn fixed(thread: &str) -> [Fixed<'_>; 2] {
    [Fixed::Text("parent_id", thread), Fixed::Map("replies")]
}

//! Threads: their caches, and replies whose message is missing.

use super::people::WRONG_CACHE;
use super::{Edit, Fix, Found};
use crate::concern::chat::{Caches, SPEC, THREADS, live_replies};
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::{Next, Result, counted};
use crate::id::EntityId;
use crate::path::Keys;
use crate::store::check::FindingKind;
use crate::wire::{LocationOwner, Locations};
use std::collections::BTreeSet;

static REPLY_WITHOUT_PARENT: FindingKind = FindingKind::info("reply-without-parent");

/// Returns what is wrong with the threads of a chat.
///
/// # Errors
/// `Bug` if the document violates the format.
pub fn threads(entity: &EntityId, view: &View) -> Result<Vec<Found>> {
    let messages: BTreeSet<String> = view.keys(&["messages"]).into_iter().collect();
    let (mut found, mut orphans) = (Vec::new(), Vec::new());
    for path in THREADS.records(view) {
        let [_, thread] = path.steps()[..] else { continue };
        found.extend(wrong_caches(view, thread));
        if !messages.contains(thread) {
            orphans.extend(
                live_replies(view, thread).into_iter().map(|reply| (thread.to_owned(), reply)),
            );
        }
    }
    if !orphans.is_empty() {
        // Deleting a message leaves its replies: a pruned message is not missing.
        let pruned = once_messages(view)?;
        orphans.retain(|(thread, _)| !pruned.contains(thread));
    }
    found.extend(orphans.iter().map(|(thread, reply)| orphan(entity, thread, reply)));
    Ok(found)
}

/// Returns every message that the document ever had: a removed key still has its item.
fn once_messages(view: &View) -> Result<BTreeSet<String>> {
    let update = view.update(SPEC.roots)?;
    let locations = Locations::of(&update);
    let stands = |at: &usize| match locations.around(*at) {
        LocationOwner::Root(root) => locations.root(root) == "messages",
        LocationOwner::Block(_) | LocationOwner::Unknown => false,
    };
    let keys = locations.all().filter(stands).filter_map(|at| locations.key(at));
    Ok(keys.filter_map(|key| Some(std::str::from_utf8(key).ok()?.to_owned())).collect())
}

fn wrong_caches(view: &View, thread: &str) -> Option<Found> {
    // In a plain value nothing can be repaired before it is rewritten.
    view.shared(&["threads", thread])?;
    let (is, should) = (Caches::written(view, thread), Caches::of(view, thread));
    let what = match () {
        () if is.reply_count != should.reply_count => {
            let replies = u64::try_from(should.reply_count).unwrap_or(u64::MAX);
            format!("has {}, and counts {}", counted(replies, "reply"), is.reply_count)
        }
        () if is.last_reply_at != should.last_reply_at => "does not know its last reply".to_owned(),
        () => return None,
    };
    Some(Found {
        kind: &WRONG_CACHE,
        detail: format!("threads/{thread}"),
        message: format!("the thread of message {thread} {what}"),
        fix: Fix::Edit(Edit::Thread(thread.to_owned())),
    })
}

fn orphan(entity: &EntityId, thread: &str, reply: &str) -> Found {
    Found {
        kind: &REPLY_WITHOUT_PARENT,
        detail: format!("threads/{thread}/replies/{reply}"),
        message: format!("reply {reply} answers message {thread}, which is not here and never was"),
        fix: Fix::Next(Next::DeleteMessage {
            message: reply.to_owned(),
            entity: entity.to_string(),
        }),
    }
}

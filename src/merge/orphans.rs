//! Replies to messages that somebody deleted at the same time: both stay as they are, since neither writer
//! knew of the other. What happened to the reply is recorded.

use crate::concern::chat::{self, MESSAGES, REPLIES, live_replies};
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::id::DocId;
use crate::path::{DocPath, Keys};
use crate::schema::FieldRole;
use crate::store::{Conflict, ConflictClaim};
use crate::wire::{Clocks, Id};

/// Its name in the ledger.
pub const ORPHANED: &str = "orphaned";

/// Returns the replies of a chat that are orphaned since this import: those that came in for a message that
/// is deleted or gone, and those that were here when the deletion of their message came, unless whoever
/// deleted it had seen them.
///
/// `seen` are the state vectors of those who sent something, `by` names them.
pub fn find(
    doc: &DocId,
    [before, after]: [&View; 2],
    seen: &[&Clocks],
    by: Option<&str>,
    now: i64,
) -> Vec<Conflict> {
    let fields = (REPLIES.named(FieldRole::Prose), REPLIES.named(FieldRole::Created));
    let ((Some(said), Some(created)), Some(tombstone)) = (fields, &MESSAGES.tombstone) else {
        return Vec::new();
    };
    if doc.concern() != Some(chat::SPEC.name) {
        return Vec::new();
    }
    let has_seen = |item: Id| {
        seen.iter().any(|seen| seen.get(&item.client).is_some_and(|clock| *clock > item.clock))
    };
    let written = |path: &[&str]| after.int(&path.field(created));
    let mut found = Vec::new();
    for thread in after.keys(chat::THREADS.path) {
        let message = ["messages", thread.as_str()].map(str::to_owned);
        let is_gone =
            |view: &View| !view.exists(&message.steps()) || MESSAGES.is_deleted(view, &message);
        if !is_gone(after) {
            continue;
        }
        let was_gone = is_gone(before);
        let flag = before.item(&message.field(tombstone.flag));
        let deleted_at = before.int(&message.field(tombstone.at));
        let gone_at = after.int(&message.field(tombstone.at));
        let is_later = |reply: &[&str]| gone_at.is_some_and(|at| written(reply) > Some(at));
        for reply in live_replies(after, &thread) {
            let path = ["threads", thread.as_str(), "replies", reply.as_str()];
            let Some(item) = after.container(&path) else { continue };
            let came = !before.exists(&path);
            let knowingly = match came {
                // Both came at once: another replica may have had to report it, not this one.
                true => !was_gone || flag.is_some_and(has_seen) && written(&path) >= deleted_at,
                // An earlier orphan is known already. Whoever made the deletion did not know a later reply,
                // though they may have heard of it before they passed the deletion on.
                false => was_gone || has_seen(item) && !is_later(&path),
            };
            if knowingly {
                continue;
            }
            let content = after.value(&path.field(said));
            let by = by.map(str::to_owned);
            let (winner_by, loser_by) = if came { (None, by) } else { (by, None) };
            let loser = content.map(|said| ConflictClaim::of(&said, written(&path), loser_by));
            found.push(Conflict {
                id: 0,
                at: now,
                doc: doc.clone(),
                noun: Some(REPLIES.noun.to_owned()),
                path: DocPath::from(["threads", &thread, "replies", &reply, said]),
                rule: ORPHANED.to_owned(),
                winner: ConflictClaim { by: winner_by, ..ConflictClaim::default() },
                loser: loser.unwrap_or_default(),
                item: (item.client, item.clock),
                restored: None,
            });
        }
    }
    found
}

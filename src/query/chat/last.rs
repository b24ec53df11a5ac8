//! The last messages and replies, without a look at all of them.

use super::filter::{MessageFilter, let_through};
use crate::archive::ArchivePage;
use crate::concern::chat::MESSAGES;
use crate::crdt::source::Source;
use crate::error::Result;
use crate::path::{DocPath, Keys};
use crate::query::message::Message;
use crate::query::talk::{Talk, written_by};
use crate::query::unread::Unread;
use crate::schema::FieldRole;
use crate::wire::{Id, Value};

/// With words to look for, at least this many messages are read, and so many for each that is wanted. Lower in
/// debug builds, so that tests need several turns.
const FIRST: usize = if cfg!(debug_assertions) { 2 } else { 64 };
const FOR_EACH: usize = if cfg!(debug_assertions) { 1 } else { 6 };
/// If it takes reading more messages than this, words are looked for in all bytes instead.
const MOST: usize = 2_000;

/// Returns the last `limit` messages and replies that a filter lets through, by reading the last ones of all;
/// `None` if that takes too many, or their order is not known without reading them.
pub(super) fn last_of(
    talk: &Talk<'_>,
    unread: &Unread,
    filter: &MessageFilter,
    limit: usize,
) -> Result<Option<Vec<Message>>> {
    if limit == 0 {
        return Ok(Some(Vec::new()));
    }
    let mut count = match filter.words.is_empty() && filter.author.is_none() {
        true => limit,
        false => limit.saturating_mul(FOR_EACH).max(FIRST),
    };
    let with_replies = filter.replies || !filter.words.is_empty();
    while count <= MOST {
        let Some(paths) = last_paths(talk.view(), count, filter.deleted) else { return Ok(None) };
        let begin = paths.begin.as_ref().map(|path| order_at(talk.view(), path));
        let mut found = talk.messages(paths.paths, filter.deleted)?;
        if talk.view().has_missed() {
            return Ok(Some(Vec::new()));
        }
        found.append(&mut talk.archived(&ArchivePage {
            listed: !with_replies,
            since: filter.since.max(begin.as_ref().map(|begin| begin.0)),
            until: filter.until,
            words: &filter.words,
            limit: Some(limit).filter(|_| filter.author.is_none()),
            ..ArchivePage::default()
        })?);
        if begin.is_some() && !filter.is_sure_by(&found) {
            count = count.saturating_mul(4);
            continue;
        }
        let mut found = let_through(talk, unread, found, filter)?;
        found.retain(|one| with_replies || one.parent_id.is_none() || one.parent_deleted);
        // Of what is earlier, only a part was read.
        found.retain(|message| begin.as_ref().is_none_or(|begin| talk.order(message) >= *begin));
        if begin.is_none() || found.len() >= limit {
            talk.sort(&mut found);
            found.drain(..found.len().saturating_sub(limit));
            return Ok(Some(found));
        }
        let share = count.checked_div(found.len()).unwrap_or(MOST);
        count = limit.saturating_mul(share.saturating_mul(2));
    }
    Ok(None)
}

/// Returns keys of messages that include those of the last `count`, with or without deleted ones.
pub(super) fn latest(view: &dyn Source, count: usize, deleted: bool) -> Vec<String> {
    let known = view.latest("messages", count, deleted);
    known.unwrap_or_else(|| latest_of_all(view, count, deleted))
}

/// The same by a look at the times of all, and at nothing else.
fn latest_of_all(view: &dyn Source, count: usize, deleted: bool) -> Vec<String> {
    let created = MESSAGES.named(FieldRole::Created).unwrap_or_default();
    let flag = MESSAGES.tombstone.as_ref().map_or("", |tombstone| tombstone.flag);
    let listed = |(key, values): (String, Vec<Option<Value>>)| {
        let [at, flag] = values.as_slice() else { return None };
        let hides = !deleted && matches!(flag, Some(Value::Bool(true)));
        (!hides).then(|| (at.as_ref().and_then(Value::as_i64).unwrap_or(0), key))
    };
    let all = view.fields(MESSAGES.path, &[created, flag]);
    let mut found: Vec<(i64, String)> = all.into_iter().filter_map(listed).collect();
    if let Some(before) = found.len().checked_sub(count).filter(|before| *before < found.len()) {
        // Messages of the same second are ordered by who wrote first.
        let (_, &mut (since, _), _) = found.select_nth_unstable_by_key(before, |(at, _)| *at);
        found.retain(|(at, _)| *at >= since);
    }
    found.into_iter().map(|(_, key)| key).collect()
}

/// Returns the paths of the messages of the times that a filter lets through; `None` if that needs a look at
/// each.
pub(super) fn created_within(view: &dyn Source, filter: &MessageFilter) -> Option<Vec<DocPath>> {
    let keys = view.created_within("messages", filter.since, filter.until)?;
    let paths = keys.iter().map(|id| DocPath::from(["messages", id]));
    let is_listed =
        |path: &DocPath| view.exists(&path.steps()) && filter.is_within(order_at(view, path).0);
    Some(paths.filter(is_listed).collect())
}

struct LastPaths {
    paths: Vec<DocPath>,
    /// The message before which some are left out.
    begin: Option<DocPath>,
}

/// Returns the paths of the last `count` messages, and of all replies that are not earlier.
fn last_paths(view: &dyn Source, count: usize, deleted: bool) -> Option<LastPaths> {
    let latest = view.latest("messages", count, deleted)?;
    let latest = latest.iter().map(|id| DocPath::from(["messages", id])).collect();
    let mut paths = newest(view, latest, deleted, count);
    let begin = paths.first().filter(|_| paths.len() >= count).cloned();
    let since = begin.as_ref().map_or(i64::MIN, |begin| order_at(view, begin).0);
    for thread in view.written_since("threads", since)? {
        let replies = DocPath::from(["threads", &thread, "replies"]);
        let ids = view.keys(&replies.steps());
        let replies = ids.iter().map(|id| replies.child(id));
        paths.extend(replies.filter(|reply| order_at(view, reply).0 >= since));
    }
    Some(LastPaths { paths, begin })
}

/// Returns the paths of the last `limit` messages and replies, so that only those are read in full.
pub(super) fn newest(
    view: &dyn Source,
    mut paths: Vec<DocPath>,
    all: bool,
    limit: usize,
) -> Vec<DocPath> {
    paths.retain(|path| all || !MESSAGES.is_deleted(view, path));
    paths.sort_by_cached_key(|path| order_at(view, path));
    paths.split_off(paths.len().saturating_sub(limit))
}

/// Returns the sort key of the message or reply at a path, as [`Talk::order`] does.
fn order_at(view: &dyn Source, path: &DocPath) -> (i64, Option<Id>, String) {
    let created = MESSAGES.named(FieldRole::Created).unwrap_or_default();
    let at = view.int(&path.field(created)).unwrap_or(0);
    (at, written_by(view, &path.steps()), path.last().cloned().unwrap_or_default())
}

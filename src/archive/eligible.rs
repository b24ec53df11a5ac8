//! What may leave a document, by its kind and age; whether everybody has it is decided elsewhere.

use super::mode;
use super::row::{ArchivedRecord, kind_at, times};
use crate::concern::{self, chat, issues, kanban};
use crate::crdt::doc::Txn;
use crate::crdt::source::{Shared, Source};
use crate::crdt::view::View;
use crate::error::Result;
use crate::id::DocId;
use crate::path::{DocPath, Keys};
use crate::schema::Collection;
use crate::wire::Record;
use std::collections::{BTreeMap, BTreeSet};

/// Records that leave together: a message with the replies to it, a card, an issue with its comments, or the
/// rest of a thread whose replies left earlier.
#[derive(Debug, Clone)]
pub struct ArchiveUnit {
    /// The kind that people know: a message with its thread is a `message`.
    pub kind: &'static str,
    /// The id of its main record.
    pub id: String,
    /// The paths that leave the document.
    pub paths: Vec<DocPath>,
    /// The number of records; zero for an empty thread.
    pub records: usize,
    /// When any part of it last changed, as it says itself.
    pub changed_at: i64,
}

/// A unit that is old enough, but has to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingUnit {
    /// The kind of record.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// The members who are not known to have it in its current state.
    pub waiting_for: Vec<String>,
}

/// Returns everything in a document that may leave it: messages from before `cutoff` whose replies are too,
/// archived cards, closed issues. With `strict`, cards and issues only if they were archived or closed before
/// `cutoff`. A unit that holds a tombstone waits until that is pruned: deleted records are not kept anywhere.
pub fn units(doc: &DocId, view: &View, cutoff: i64, strict: bool) -> Vec<ArchiveUnit> {
    let look = UnitFinder { view, cutoff };
    let put_away = |of: &'static Collection| {
        let paths = of.records(view).into_iter();
        paths.filter_map(move |path| look.put_away(of, path, strict)).collect()
    };
    match concern::of(doc).map(|spec| spec.name) {
        Some(name) if name == chat::SPEC.name => look.chat(),
        Some(name) if name == kanban::SPEC.name => put_away(&kanban::CARDS),
        Some(name) if name == issues::SPEC.name => put_away(&issues::ISSUES),
        _ => Vec::new(),
    }
}

impl ArchiveUnit {
    /// Returns the kinds of its records: a message with its thread counts as messages and replies.
    pub fn kinds<'a>(&'a self, doc: &'a DocId) -> impl Iterator<Item = &'static str> + 'a {
        self.paths.iter().filter_map(|path| kind_at(doc, path)).map(|of| of.noun)
    }

    /// Reads its records from the document.
    pub fn read<'a>(
        &'a self,
        doc: &'a DocId,
        view: &'a View,
        now: i64,
    ) -> impl Iterator<Item = ArchivedRecord> + 'a {
        self.paths.iter().filter_map(move |path| {
            let (of, steps) = (kind_at(doc, path)?, path.steps());
            let (written, value) = (view.item(&steps)?, view.value(&steps)?);
            Some(ArchivedRecord::of(doc, of, path, written, &value, now))
        })
    }
}

#[derive(Clone, Copy)]
struct UnitFinder<'a> {
    view: &'a View,
    cutoff: i64,
}

impl UnitFinder<'_> {
    fn chat(&self) -> Vec<ArchiveUnit> {
        let threads = self.view.keys(chat::THREADS.path);
        let messages = self.view.keys(chat::MESSAGES.path);
        let parents: BTreeSet<String> = threads.into_iter().chain(messages).collect();
        parents.iter().filter_map(|parent| self.conversation(parent)).collect()
    }

    /// Returns a message with the replies to it, if all of it may leave.
    fn conversation(&self, id: &str) -> Option<ArchiveUnit> {
        let (message, thread) = (DocPath::from(["messages", id]), DocPath::from(["threads", id]));
        let mut changes = Vec::new();
        let mut paths = Vec::new();
        if self.view.exists(&message.steps()) {
            changes.push(self.old(&chat::MESSAGES, &message)?);
            paths.push(message);
        }
        let has_message = !paths.is_empty();
        if self.view.exists(&thread.steps()) {
            self.check_thread(&thread)?;
            for reply in self.view.keys(&thread.field("replies")) {
                let path = DocPath::from(["threads", id, "replies", &reply]);
                changes.push(self.old(&chat::REPLIES, &path)?);
                paths.push(path);
            }
            // Somebody who does not know yet that the message is archived may still reply: the thread itself
            // stays for that, and leaves later by itself.
            if paths.is_empty() {
                paths.push(thread);
            }
        }
        let kind = match (has_message, changes.is_empty()) {
            (true, _) => chat::MESSAGES.noun,
            (false, false) => chat::REPLIES.noun,
            (false, true) => chat::THREADS.noun,
        };
        let (records, changed_at) = (changes.len(), changes.into_iter().max().unwrap_or(i64::MAX));
        (!paths.is_empty()).then(|| ArchiveUnit {
            kind,
            id: id.to_owned(),
            paths,
            records,
            changed_at,
        })
    }

    /// Checks that a thread holds only what every thread does.
    fn check_thread(&self, thread: &DocPath) -> Option<()> {
        let is_map = |path: &[&str]| self.view.shared(path) == Some(Shared::Map);
        let known = |field: &String| chat::THREADS.field(field).is_some();
        let is_plain_thread = is_map(&thread.steps())
            && is_map(&thread.field("replies"))
            && self.view.keys(&thread.steps()).iter().all(known);
        is_plain_thread.then_some(())
    }

    /// Returns when a message or reply last changed, if it is alive and old enough.
    fn old(&self, of: &'static Collection, path: &DocPath) -> Option<i64> {
        let (created_at, changed_at) = self.times(of, path)?;
        let alive = !of.is_deleted(self.view, path);
        (alive && created_at <= self.cutoff).then_some(changed_at)
    }

    /// Returns a card that was archived or an issue that was closed.
    fn put_away(
        &self,
        of: &'static Collection,
        path: DocPath,
        strict: bool,
    ) -> Option<ArchiveUnit> {
        let marks = of.tombstone.as_ref()?;
        let at = self.view.int(&path.field(marks.at)).unwrap_or(0);
        if !of.is_deleted(self.view, &path) || (strict && at > self.cutoff) {
            return None;
        }
        let comments = path.child("comments");
        let holds_tombstone = self.view.keys(&comments.steps()).iter().any(|comment| {
            let path = comments.child(comment);
            issues::COMMENTS.is_deleted(self.view, &path)
        });
        if holds_tombstone {
            return None;
        }
        let (_, changed_at) = self.times(of, &path)?;
        let id = path.last().cloned().unwrap_or_default();
        Some(ArchiveUnit { kind: of.noun, id, paths: vec![path], records: 1, changed_at })
    }

    /// Returns when a record was created, and when it last changed.
    fn times(&self, of: &'static Collection, path: &DocPath) -> Option<(i64, i64)> {
        let steps = path.steps();
        // What another program wrote as a plain value stays: it cannot be taken out by itself.
        if self.view.shared(&steps) != Some(Shared::Map) {
            return None;
        }
        self.view.item(&steps)?;
        let value = self.view.value(&steps)?;
        let none = Record::new();
        Some(times(of, value.as_map().unwrap_or(&none)))
    }
}

/// Takes units out of their document, which is marked as hybrid from then on.
///
/// # Errors
/// Those of the transaction; the session must be dropped then.
pub fn remove(txn: &mut Txn<'_>, units: &[ArchiveUnit], now: i64) -> Result<()> {
    mode::note(txn, now)?;
    let mut keys: BTreeMap<Vec<&str>, BTreeSet<&str>> = BTreeMap::new();
    let mut threads = BTreeSet::new();
    for path in units.iter().flat_map(|unit| &unit.paths) {
        let Some((key, parent)) = path.split_last() else { continue };
        let parent: Vec<&str> = parent.iter().map(String::as_str).collect();
        if let ["threads", thread, "replies"] = parent[..] {
            threads.insert(thread);
        }
        keys.entry(parent).or_default().insert(key);
    }
    for (parent, keys) in &keys {
        txn.remove_each(parent, keys)?;
    }
    threads.iter().try_for_each(|thread| chat::Caches::put_right(txn, thread))
}

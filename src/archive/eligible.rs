//! What may leave a document, by what it is and how old; whether everybody has it is another
//! question.

use super::row::ArchivedRecord;
use crate::concern::{self, chat, issues, kanban};
use crate::crdt::doc::Txn;
use crate::crdt::source::{Shared, Source};
use crate::crdt::view::View;
use crate::error::Result;
use crate::id::DocId;
use crate::path::{DocPath, Keys};
use crate::schema::Collection;
use std::collections::{BTreeMap, BTreeSet};

/// What goes together: a message with the replies to it, a card, an issue with its comments, or
/// what is left of a thread whose replies went before.
#[derive(Debug, Clone)]
pub struct ArchiveUnit {
    /// What people know it by: a message with its thread is a `message`.
    pub kind: &'static str,
    /// The id of the record that it is about.
    pub id: String,
    /// What leaves the document.
    pub paths: Vec<DocPath>,
    /// The records in it, as they stand; none of an empty thread.
    pub records: Vec<ArchivedRecord>,
    /// When anything of it last changed. Who joined later need not have had it.
    pub changed_at: i64,
}

/// What is old enough, and waits all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingUnit {
    /// What such a record is called.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// The members who are not known to have it as it is.
    pub waiting_for: Vec<String>,
}

/// Everything in a document that is done with: messages from before `cutoff` whose replies are
/// too, archived cards, closed issues. With `strict` cards and issues only where they were put away
/// before `cutoff`. What holds a tombstone waits until that is pruned: what was deleted is kept
/// nowhere.
pub fn units(doc: &DocId, view: &View, cutoff: i64, strict: bool, now: i64) -> Vec<ArchiveUnit> {
    let look = UnitFinder { doc, view, cutoff, now };
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

#[derive(Clone, Copy)]
struct UnitFinder<'a> {
    doc: &'a DocId,
    view: &'a View,
    cutoff: i64,
    now: i64,
}

impl UnitFinder<'_> {
    fn chat(&self) -> Vec<ArchiveUnit> {
        let threads = self.view.keys(chat::THREADS.path);
        let messages = self.view.keys(chat::MESSAGES.path);
        let parents: BTreeSet<String> = threads.into_iter().chain(messages).collect();
        parents.iter().filter_map(|parent| self.conversation(parent)).collect()
    }

    /// A message with the replies to it, where all of it may go.
    fn conversation(&self, id: &str) -> Option<ArchiveUnit> {
        let (message, thread) = (DocPath::from(["messages", id]), DocPath::from(["threads", id]));
        let mut records = Vec::new();
        let mut paths = Vec::new();
        if self.view.exists(&message.steps()) {
            records.push(self.old(&chat::MESSAGES, &message)?);
            paths.push(message);
        }
        let has_message = !paths.is_empty();
        if self.view.exists(&thread.steps()) {
            self.check_thread(&thread)?;
            for reply in self.view.keys(&thread.field("replies")) {
                let path = DocPath::from(["threads", id, "replies", &reply]);
                records.push(self.old(&chat::REPLIES, &path)?);
                paths.push(path);
            }
            // Who does not know yet that the message is archived may still reply: the thread
            // itself stays for that, and goes by itself later.
            if paths.is_empty() {
                paths.push(thread);
            }
        }
        let changed_at = records.iter().map(|record| record.changed_at).max();
        let kind = match (has_message, records.is_empty()) {
            (true, _) => chat::MESSAGES.noun,
            (false, false) => chat::REPLIES.noun,
            (false, true) => chat::THREADS.noun,
        };
        let changed_at = changed_at.unwrap_or(i64::MAX);
        (!paths.is_empty()).then(|| ArchiveUnit {
            kind,
            id: id.to_owned(),
            paths,
            records,
            changed_at,
        })
    }

    /// A thread that holds what every thread does, and nothing else.
    fn check_thread(&self, thread: &DocPath) -> Option<()> {
        let is_map = |path: &[&str]| self.view.shared(path) == Some(Shared::Map);
        let known = |field: &String| chat::THREADS.field(field).is_some();
        let is_plain_thread = is_map(&thread.steps())
            && is_map(&thread.field("replies"))
            && self.view.keys(&thread.steps()).iter().all(known);
        is_plain_thread.then_some(())
    }

    /// A message or reply that is alive, and old enough.
    fn old(&self, of: &'static Collection, path: &DocPath) -> Option<ArchivedRecord> {
        let record = self.record(of, path)?;
        let alive = !of.is_deleted(self.view, path);
        (alive && record.created_at <= self.cutoff).then_some(record)
    }

    /// A card or an issue that was put away.
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
        let record = self.record(of, &path)?;
        let id = path.last().cloned().unwrap_or_default();
        let changed_at = record.changed_at;
        Some(ArchiveUnit {
            kind: of.noun,
            id,
            paths: vec![path],
            records: vec![record],
            changed_at,
        })
    }

    fn record(&self, of: &'static Collection, path: &DocPath) -> Option<ArchivedRecord> {
        let steps = path.steps();
        // What another program wrote as a plain value stays: nobody can take it out by itself.
        if self.view.shared(&steps) != Some(Shared::Map) {
            return None;
        }
        let (written, value) = (self.view.item(&steps)?, self.view.value(&steps)?);
        Some(ArchivedRecord::of(self.doc, of, path, written, &value, self.now))
    }
}

/// What a document says of itself, as the guide has it: that a part of it is in archives. It goes
/// where the removals go, and tells those who hear of them that these are no deletions.
const MODE: [&str; 2] = ["metadata", "fallback_mode"];
const HYBRID: &str = "hybrid";

/// Whether a document is one of which records go into archives.
pub(super) fn is_hybrid(source: &dyn Source) -> bool {
    source.text(&MODE).as_deref() == Some(HYBRID)
}

/// Takes units out of their document, which says from then on that it is hybrid.
///
/// # Errors
/// Those of the transaction; the session must be dropped then.
pub fn remove(txn: &mut Txn<'_>, units: &[ArchiveUnit], now: i64) -> Result<()> {
    if !is_hybrid(txn) {
        txn.set(&MODE[..1], MODE[1], HYBRID)?;
        txn.set(&MODE[..1], "fallback_threshold_at", now)?;
    }
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

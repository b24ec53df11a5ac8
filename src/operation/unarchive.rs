//! Restoring a record from the archive into its document.

use crate::archive::{self, ArchiveReader, ArchivedRecord};
use crate::concern::{self, Actor, Outcome, chat, issues, kanban, plain};
use crate::crdt::content::Content;
use crate::crdt::source::Source;
use crate::error::{Error, Next, Result};
use crate::id::{self, DocId};
use crate::limits;
use crate::path::{DocPath, Keys};
use crate::store::Session;
use crate::tombstone;
use crate::wire::Value;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Restores an archived record into its document, under its own id: a message with its replies, a card
/// onto the board, an issue as open.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Unarchive {
    /// The id of the record, or a unique prefix of it.
    pub record: String,
}

impl Unarchive {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let records = match find(session, &self.record)? {
            Restorable::Archived(records) => records,
            Restorable::Back(doc, path) => {
                let (kind, id) = (archive::kind_at(&doc, &path), path.last().cloned());
                let (kind, id) = (kind.map_or("record", |of| of.noun), id.unwrap_or_default());
                let said = format!("{kind} {id} is already in its document");
                return Ok(Outcome::new(false, doc, &id).saying(said));
            }
        };
        let Some(first) = records.first().cloned() else { return Err(none(&self.record)) };
        let (doc, id) = (first.doc.clone(), first.id().to_owned());
        let (Some(entity), Some(spec)) = (doc.entity(), concern::of(&doc)) else {
            return Err(Error::bug("a document of no known concern has archived records"));
        };
        Actor::writing_in(session, &entity, spec)?;
        tombstone::make_room(session, &doc)?;
        put_back(session, &doc, &records)?;
        records.iter().try_for_each(|record| hide(session, record))?;
        // A card or an issue was archived or closed before, and would go into the archive again. It is only
        // just later than what was archived: somebody else may have restored it and written to it since.
        let at = first.changed_at;
        match first.kind() {
            kind if kind == kanban::CARDS.noun => {
                kanban::RestoreCard { entity, card: id.clone() }.at(session, at)?;
            }
            kind if kind == issues::ISSUES.noun => {
                issues::Reopen { entity, issue: id.clone() }.at(session, at)?;
            }
            _ => {}
        }
        let with = match records.len().saturating_sub(1) {
            0 => String::new(),
            1 => " with 1 reply".to_owned(),
            n => format!(" with {n} replies"),
        };
        let outcome = Outcome { created: true, ..Outcome::new(true, doc.clone(), &id) };
        Ok(outcome.saying(format!("restored {} {id}{with}", first.kind())))
    }
}

/// Writes records of a document back as they were archived.
fn put_back(session: &mut Session, doc: &DocId, records: &[ArchivedRecord]) -> Result<()> {
    let fields = records.iter().map(fields).collect::<Result<Vec<_>>>()?;
    let returning: BTreeSet<&str> = records
        .iter()
        .filter(|record| record.parent().is_none())
        .map(|record| record.id())
        .collect();
    session.edit(doc, |txn| {
        let standing = returning.iter().copied().filter(|id| txn.exists(&["threads", id]));
        let of_replies = records.iter().filter_map(ArchivedRecord::parent);
        let threads: BTreeSet<&str> = of_replies.chain(standing).collect();
        for thread in &threads {
            chat::open_thread_again(txn, doc, thread, returning.contains(thread))?;
        }
        for (record, fields) in records.iter().zip(fields) {
            let Some(around) = record.path.parent() else {
                return Err(Error::bug("a record without a path"));
            };
            txn.put(&around.steps(), record.id(), &Content::Map(fields))?;
        }
        threads.iter().try_for_each(|thread| chat::Caches::put_right(txn, thread))
    })
}

/// Records for the archive that a record is in its document again.
fn hide(session: &mut Session, record: &ArchivedRecord) -> Result<()> {
    let (doc, path, now) = (&record.doc, &record.path, session.now());
    let item = session.read(doc, |source| source.item(&path.steps()))?.flatten();
    let (Some(archive), Some(item)) = (archive::of_session(session)?, item) else {
        return Err(Error::bug("what was put back is not there"));
    };
    let rows = archive.hiding(doc, path, item, now)?;
    archive::returns(session, record, rows)
}

/// The fields of a record as archived, whole (rule R1). Its clock is advanced, so that it takes
/// precedence over the archived copy.
fn fields(record: &ArchivedRecord) -> Result<BTreeMap<String, Content>> {
    let (Some(spec), Some(of)) = (concern::of(&record.doc), record.collection()) else {
        return Err(Error::bug("a record of no collection is archived"));
    };
    let (value, id) = (record.value()?, record.id());
    let clock = record.changed_at.saturating_add(1);
    let mut fields = plain::anew(spec, of, id, &value, clock);
    if let Some(marks) = of.tombstone.as_ref().filter(|_| spec.name != chat::SPEC.name) {
        let at = value.as_map().and_then(|fields| fields.get(marks.at)?.as_i64()).unwrap_or(0);
        fields.insert(marks.flag.to_owned(), Content::Plain(Value::Bool(true)));
        fields.insert(marks.at.to_owned(), Content::Plain(Value::Int(at)));
    }
    Ok(fields)
}

/// What a name stands for in a restore.
enum Restorable {
    /// A record with those restored along with it: the message first, then its replies.
    Archived(Vec<ArchivedRecord>),
    /// One that was restored before, and is in its document.
    Back(DocId, DocPath),
}

/// The record that an id or a unique prefix names.
fn find(session: &mut Session, prefix: &str) -> Result<Restorable> {
    let Some(archive) = archive::of_session(session)? else {
        archive::nothing_lost(Some(session.state()))?;
        return Err(none(prefix));
    };
    let mut found: Vec<(DocId, DocPath)> = Vec::new();
    for doc in archive.documents()? {
        for path in archive.beginning(&doc, prefix)? {
            if !is_there(session, &doc, &path)? {
                found.push((doc.clone(), path));
            }
        }
    }
    if found.is_empty()
        && let Some((doc, path)) = find_back(session, &archive, prefix)?
    {
        return Ok(Restorable::Back(doc, path));
    }
    let ids = found.iter().filter_map(|(_, path)| path.last());
    let id = id::resolve(prefix, ids.map(String::as_str), "archived record")
        .map_err(|e| e.hint_also(Next::Archived.and(" shows what is in the archive")))?;
    let Some((doc, path)) = found.into_iter().find(|(_, path)| path.last() == Some(&id)) else {
        return Err(none(prefix));
    };
    let Some(record) = archive.shown(&doc, &path)? else { return Err(none(prefix)) };
    if doc.concern() != Some(chat::SPEC.name) {
        return Ok(Restorable::Archived(vec![record]));
    }
    let message = record.parent().unwrap_or(record.id()).to_owned();
    let path = DocPath::from(["messages", &message]);
    let mut all = Vec::new();
    if !is_there(session, &doc, &path)? {
        all.extend(archive.shown(&doc, &path)?);
    }
    // In list order: within one second, that is the order of the items to be made.
    let mut replies = archive.replies(&doc, &message)?;
    replies.sort_by_cached_key(ArchivedRecord::key);
    for reply in replies {
        if !is_there(session, &doc, &reply.path)? {
            all.push(reply);
        }
    }
    Ok(Restorable::Archived(all))
}

/// The record that a name stands for among those that were archived and are in their documents, alive.
fn find_back(
    session: &mut Session,
    archive: &ArchiveReader,
    prefix: &str,
) -> Result<Option<(DocId, DocPath)>> {
    if prefix.chars().count() < limits::PREFIX_CHARS {
        return Ok(None);
    }
    let mut found = Vec::new();
    for doc in archive.documents()? {
        let mut paths = archive.gone_beginning(&doc, prefix)?;
        paths.extend(archive.beginning(&doc, prefix)?);
        for path in paths {
            let Some(of) = archive::kind_at(&doc, &path) else { continue };
            let is_alive =
                |source: &dyn Source| source.exists(&path.steps()) && !of.is_deleted(source, &path);
            if session.read(&doc, is_alive)? == Some(true) {
                found.push((doc.clone(), path));
            }
        }
    }
    let ids = found.iter().filter_map(|(_, path)| path.last());
    let Ok(id) = id::resolve(prefix, ids.map(String::as_str), "record") else { return Ok(None) };
    Ok(found.into_iter().find(|(_, path)| path.last() == Some(&id)))
}

/// Whether a record is in its document, or was restored in this session: the archive does not know that
/// yet.
fn is_there(session: &mut Session, doc: &DocId, path: &DocPath) -> Result<bool> {
    if archive::has_returned(session, doc, path)? {
        return Ok(true);
    }
    let exists = |source: &dyn Source| source.exists(&path.steps());
    Ok(session.read(doc, exists)?.unwrap_or(false))
}

fn none(prefix: &str) -> Error {
    Error::not_found(format!("no archived record {prefix:?}"))
        .hint(Next::Archived.and(" shows what is in the archive"))
}

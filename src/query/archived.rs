//! Combines the archive with the documents: a record in both is read from the document, and never returned
//! twice.

use super::{Partial, sound, steady};
use crate::archive::{self, ArchiveMode, ArchiveOrder, ArchivePage, ArchiveReader, ArchivedRecord};
use crate::concern;
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::{Error, Kind, Next, Result};
use crate::id::{self, DocId, EntityId};
use crate::path::{DocPath, Keys};
use crate::schema::Collection;
use crate::store::{Omitted, Reader};
use crate::wire::Record;
use serde::Serialize;
use std::collections::BTreeSet;

/// Where a record was found.
pub(super) enum Place {
    Document(DocPath),
    Archived(Box<ArchivedRecord>),
}

/// The archived records of one document, except those that the document has.
pub(super) struct Shelf<'v> {
    pub doc: DocId,
    pub view: &'v dyn Source,
    beside: Beside,
}

/// The archive read together with a document, and the notes for what cannot be read.
pub(super) struct Beside {
    archive: Option<ArchiveReader>,
    left_out: Omitted,
}

impl Beside {
    /// Opens the archive in its current state. An archive that cannot be used counts as none, with a note.
    fn of(reader: &Reader) -> Beside {
        let left_out = reader.left_out().clone();
        if left_out.is_noted() {
            return Beside { archive: None, left_out };
        }
        let archive = opened(reader).unwrap_or_else(|error| {
            note(&left_out, error);
            None
        });
        Beside { archive, left_out }
    }

    /// Queries the archive. If it cannot be read, returns the default and adds a note.
    fn ask<T: Default>(&self, ask: impl FnOnce(&ArchiveReader) -> Result<T>) -> T {
        let said = self.archive.as_ref().map(ask).transpose();
        said.unwrap_or_else(|error| {
            note(&self.left_out, error);
            None
        })
        .unwrap_or_default()
    }
}

fn note(left_out: &Omitted, error: Error) {
    left_out.note(error.damages(archive::FILE));
}

impl<'v> Shelf<'v> {
    pub fn of(reader: &Reader, doc: DocId, view: &'v dyn Source) -> Shelf<'v> {
        Shelf { doc, view, beside: Beside::of(reader) }
    }

    /// Combines an archive with the document that was opened at the same moment; see [`moment`].
    pub fn beside(doc: DocId, view: &'v dyn Source, beside: Beside) -> Shelf<'v> {
        Shelf { doc, view, beside }
    }

    /// Returns the records of a page, the earliest first.
    pub fn page(&self, page: &ArchivePage<'_>) -> Vec<ArchivedRecord> {
        // A record that is back in the document does not count towards the limit.
        self.beside.ask(|archive| archive.page(&self.doc, page, |record| self.is_on(page, record)))
    }

    /// Returns archived cards and issues that were reopened, the earliest first. May include others.
    pub fn opened(&self) -> Vec<ArchivedRecord> {
        let mut found = self.beside.ask(|archive| archive.opened(&self.doc));
        found.retain(|record| self.is_only_here(record));
        found
    }

    /// Returns the fields of an archived record; if it cannot be read, `None` and a note.
    pub fn fields(&self, record: &ArchivedRecord) -> Option<Record> {
        self.noted(record.fields())
    }

    /// Returns only some of the fields.
    pub fn some_fields(&self, record: &ArchivedRecord, names: &[&str]) -> Option<Record> {
        self.noted(record.some_fields(names))
    }

    fn noted<T>(&self, read: Result<T>) -> Option<T> {
        read.map_err(|error| note(&self.beside.left_out, error)).ok()
    }

    /// Passes all records, the earliest first, one at a time: they need not fit into memory.
    ///
    /// # Errors
    /// Those of `take`.
    pub fn each(&self, mut take: impl FnMut(ArchivedRecord) -> Result<()>) -> Result<()> {
        let (page, order) = (ArchivePage::default(), ArchiveOrder::OldestFirst);
        let mut taken = Ok(());
        self.beside.ask(|archive| {
            archive.walk(&self.doc, &page, order, |record| {
                if self.is_only_here(&record) {
                    taken = take(record);
                }
                Ok(taken.is_ok())
            })
        });
        taken
    }

    /// Returns how many there are apart from the document's own (`live`), without reading them; `None` if
    /// that requires reading them.
    pub fn count(&self, live: &[DocPath]) -> Option<u64> {
        match &self.beside.archive {
            Some(_) => self.beside.ask(|archive| archive.count(&self.doc, live)),
            None => Some(0),
        }
    }

    /// Returns whether a record is on a page: it is not if its message is back in the document, which then
    /// shows it.
    fn is_on(&self, page: &ArchivePage<'_>, record: &ArchivedRecord) -> bool {
        let message = record.parent().map(|parent| ["messages", parent]);
        let is_shown_there = page.listed && message.is_some_and(|m| self.view.exists(&m));
        self.is_only_here(record) && !is_shown_there
    }

    fn is_only_here(&self, record: &ArchivedRecord) -> bool {
        !self.view.exists(&record.path.steps())
    }

    /// Returns whether a record is in the archive and not in the document.
    pub fn holds(&self, path: &[String]) -> bool {
        !self.view.exists(&path.steps())
            && self.beside.ask(|archive| archive.shows(&self.doc, path))
    }

    /// Returns a record that is in the archive and not in the document.
    pub fn get(&self, path: &[String]) -> Option<ArchivedRecord> {
        match self.view.exists(&path.steps()) {
            true => None,
            false => self.beside.ask(|archive| archive.shown(&self.doc, path)),
        }
    }

    /// Returns the archived replies to a message.
    pub fn replies(&self, parent: &str) -> Vec<ArchivedRecord> {
        let mut found = self.beside.ask(|archive| archive.replies(&self.doc, parent));
        found.retain(|record| self.is_only_here(record));
        found
    }

    /// Returns when the archived replies to a message were written.
    pub fn reply_times(&self, parent: &str) -> Vec<i64> {
        let mut found = self.beside.ask(|archive| archive.reply_times(&self.doc, parent));
        found.retain(|(path, _)| !self.view.exists(&path.steps()));
        found.into_iter().map(|(_, at)| at).collect()
    }

    /// Returns the messages that have archived replies.
    pub fn threads(&self) -> BTreeSet<String> {
        self.beside.ask(|archive| archive.threads(&self.doc))
    }

    /// Returns the messages with this id prefix that have archived replies.
    pub fn threads_beginning(&self, prefix: &str) -> BTreeSet<String> {
        match prefix.is_empty() {
            true => BTreeSet::new(),
            false => self.beside.ask(|archive| archive.threads_beginning(&self.doc, prefix)),
        }
    }

    /// A record that is not in the document may be in the archive: if that cannot be read, it is unknown
    /// whether the record exists.
    fn not_found(&self, error: Error) -> Error {
        match self.beside.left_out.reason().filter(|_| error.kind == Kind::NotFound) {
            Some(reason) => {
                let message = format!("{} in what could be read", error.message);
                let hint = reason.hint.unwrap_or_else(|| Next::Check(None).and(" says what helps"));
                Error::new(reason.kind, message).because(reason.message).hint(hint)
            }
            None => error,
        }
    }

    /// Returns the record with this id or unique prefix, in the document or in the archive; `live` is the
    /// document's answer alone.
    pub fn find(&self, live: Result<DocPath>, prefix: &str, noun: &str) -> Result<Place> {
        let mut archived = match prefix.is_empty() {
            true => Vec::new(),
            false => self.beside.ask(|archive| archive.beginning(&self.doc, prefix)),
        };
        archived.retain(|path| !self.view.exists(&path.steps()));
        if archived.is_empty() {
            return live.map(Place::Document).map_err(|error| self.not_found(error));
        }
        let live = match live {
            Ok(path) => Some(path),
            Err(e) if e.kind == Kind::NotFound => None,
            Err(e)
                if archived.iter().all(|path| path.last().map(String::as_str) != Some(prefix)) =>
            {
                return Err(e);
            }
            Err(_) => None,
        };
        let ids = live.iter().chain(&archived).filter_map(|path| path.last());
        let id = id::resolve(prefix, ids.map(String::as_str), noun)?;
        if let Some(path) = live.filter(|path| path.last() == Some(&id)) {
            return Ok(Place::Document(path));
        }
        let path = archived.iter().find(|path| path.last() == Some(&id));
        path.and_then(|path| self.get(path))
            .map(Box::new)
            .map(Place::Archived)
            .ok_or_else(|| Error::bug("a record that the archive listed is not there"))
    }
}

/// Opens a document and its archive at one moment, which later reads of both still see. `None` if there is no
/// document.
pub(super) fn moment(reader: &Reader, doc: &DocId) -> Result<Option<(View, Beside)>> {
    steady(reader, || Ok(reader.view(doc)?.map(|view| (view, Beside::of(reader)))))
}

/// Opens the archive of a store; `None` if nothing was ever archived, or it is not to be read.
///
/// # Errors
/// As [`ArchiveReader::of`]; `Corrupt` if the archive is gone.
fn opened(reader: &Reader) -> Result<Option<ArchiveReader>> {
    match ArchiveReader::of(reader)? {
        None if reader.is_live_only() => Ok(None),
        None => archive::nothing_lost(reader.state()).map(|()| None),
        found => Ok(found),
    }
}

/// A record in the archive; public API.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArchivedSummary {
    /// The id of the record.
    pub id: String,
    /// Its kind: `message`, `reply`, `card` or `issue`.
    pub kind: &'static str,
    /// The document it was in.
    pub doc: DocId,
    /// When it was created, in Unix seconds.
    pub created_at: i64,
    /// When this replica archived it, in Unix seconds.
    pub archived_at: i64,
    /// The text by which people recognise it.
    pub text: Option<String>,
}

/// An archived record with all its content.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArchivedContent {
    /// What a list shows of it.
    #[serde(flatten)]
    pub summary: ArchivedSummary,
    /// Its path from the root.
    pub path: DocPath,
    /// Its fields, as they are shown.
    pub record: serde_json::Value,
    /// Every state in which it was archived, the earliest first.
    pub versions: Vec<ArchivedVersion>,
}

/// One state in which a record was archived.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArchivedVersion {
    /// The identifier of this state, the same on every replica.
    pub version: String,
    /// The latest of its times, in Unix seconds.
    pub changed_at: i64,
    /// When this replica archived it, in Unix seconds.
    pub archived_at: i64,
    /// Whether it is a marker that the record was deleted, or went back into its document.
    pub removed: bool,
    /// Its fields.
    pub record: serde_json::Value,
}

impl ArchivedSummary {
    fn of(record: &ArchivedRecord) -> ArchivedSummary {
        let heading = record.collection().and_then(Collection::heading);
        let fields = record.fields().unwrap_or_default();
        let text = heading.and_then(|name| fields.get(name)?.as_str().map(str::to_owned));
        ArchivedSummary {
            id: record.id().to_owned(),
            kind: record.kind(),
            doc: record.doc.clone(),
            created_at: record.created_at,
            archived_at: record.archived_at,
            text,
        }
    }
}

/// Returns the last `limit` archived records of each document, all together the earliest first; of a store or
/// of some entities, of one kind or of all. A document that cannot be used is reported.
///
/// # Errors
/// Those of reading the archive.
pub fn list(
    reader: &Reader,
    entities: Option<&BTreeSet<EntityId>>,
    kind: Option<&str>,
    limit: Option<usize>,
) -> Result<Partial<Vec<ArchivedSummary>>> {
    steady(reader, || {
        let mut partial = Partial { found: Vec::new(), damaged: Vec::new() };
        for doc in documents(reader, entities)? {
            let read = view_of(reader, &doc).and_then(|view| {
                opened(reader)?.map_or(Ok(Vec::new()), |archive| {
                    let page = ArchivePage { kind, limit, ..ArchivePage::default() };
                    archive.page(&doc, &page, |record| !view.exists(&record.path.steps()))
                })
            });
            let records = sound(&mut partial.damaged, read)?.unwrap_or_default();
            partial.found.extend(records.iter().map(ArchivedSummary::of));
        }
        // Those of one second stay in the order of their documents.
        partial.found.sort_by_key(|record| record.created_at);
        Ok(partial)
    })
}

/// The archive mode of a document; public API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptDocument {
    /// The document.
    pub doc: DocId,
    /// `None` if no mode was set and nothing was archived: old records are archived then.
    pub mode: Option<ArchiveMode>,
    /// When a record first left it for an archive, in Unix seconds.
    pub archived_since: Option<i64>,
}

/// Returns the archive modes of the archivable documents of a store or of some entities. One that cannot be
/// used is reported.
///
/// # Errors
/// `Io` if the store cannot be listed.
pub fn modes(
    reader: &Reader,
    entities: Option<&BTreeSet<EntityId>>,
) -> Result<Partial<Vec<KeptDocument>>> {
    let mut partial = Partial { found: Vec::new(), damaged: Vec::new() };
    for doc in reader.documents()?.into_iter().map(|document| document.id) {
        let of = doc.entity().zip(concern::of(&doc));
        let is_wanted = of.is_some_and(|(entity, spec)| {
            archive::is_of(spec) && entities.is_none_or(|wanted| wanted.contains(&entity))
        });
        if !is_wanted {
            continue;
        }
        let kept = view_of(reader, &doc).map(|view| KeptDocument {
            mode: ArchiveMode::of(&view),
            archived_since: archive::hybrid_since(&view),
            doc,
        });
        partial.found.extend(sound(&mut partial.damaged, kept)?);
    }
    Ok(partial)
}

/// Returns the archived record with this id or unique prefix.
///
/// # Errors
/// `NotFound`, `Ambiguous`; `Usage` for a prefix that is too short.
pub fn find(
    reader: &Reader,
    entities: Option<&BTreeSet<EntityId>>,
    prefix: &str,
) -> Result<ArchivedContent> {
    steady(reader, || {
        let (doc, path) = locate(reader, entities, prefix)?;
        let view = view_of(reader, &doc)?;
        let Some(archive) = opened(reader)? else { return Err(none(prefix)) };
        let shown = archive.shown(&doc, &path)?;
        let Some(record) = shown.filter(|_| !view.exists(&path.steps())) else {
            return Err(none(prefix));
        };
        let json = |record: &ArchivedRecord| Ok(record.value()?.to_json());
        let versions = archive.versions(&doc, &path)?;
        let version = |of: &ArchivedRecord| -> Result<ArchivedVersion> {
            Ok(ArchivedVersion {
                version: of.version(),
                changed_at: of.changed_at,
                archived_at: of.archived_at,
                removed: of.removed,
                record: json(of)?,
            })
        };
        Ok(ArchivedContent {
            summary: ArchivedSummary::of(&record),
            record: json(&record)?,
            versions: versions.iter().map(version).collect::<Result<_>>()?,
            path,
        })
    })
}

/// Locates the archived record with this id or unique prefix.
fn locate(
    reader: &Reader,
    entities: Option<&BTreeSet<EntityId>>,
    prefix: &str,
) -> Result<(DocId, DocPath)> {
    let mut found = Vec::new();
    if let Some(archive) = opened(reader)? {
        for doc in documents(reader, entities)? {
            let view = view_of(reader, &doc)?;
            let paths = archive.beginning(&doc, prefix)?.into_iter();
            found.extend(
                paths.filter(|path| !view.exists(&path.steps())).map(|path| (doc.clone(), path)),
            );
        }
    }
    let ids = found.iter().filter_map(|(_, path)| path.last());
    let id = id::resolve(prefix, ids.map(String::as_str), "archived record")
        .map_err(|e| e.hint_also(Next::Archived.and(" shows what is in the archive")))?;
    let found = found.into_iter().find(|(_, path)| path.last() == Some(&id));
    found.ok_or_else(|| none(prefix))
}

fn none(prefix: &str) -> Error {
    Error::not_found(format!("no archived record {prefix:?}"))
}

/// Returns the documents that have archived records.
fn documents(reader: &Reader, entities: Option<&BTreeSet<EntityId>>) -> Result<Vec<DocId>> {
    let Some(archive) = opened(reader)? else { return Ok(Vec::new()) };
    let mut docs = archive.documents()?;
    docs.retain(|doc| {
        let entity = doc.entity();
        concern::of(doc).is_some()
            && entities.is_none_or(|wanted| entity.is_some_and(|entity| wanted.contains(&entity)))
    });
    Ok(docs)
}

/// Returns a document; an empty one if the store has none.
fn view_of(reader: &Reader, doc: &DocId) -> Result<View> {
    Ok(reader.view(doc)?.unwrap_or_default())
}

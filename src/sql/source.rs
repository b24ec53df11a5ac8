//! Where the rows of the views come from: the queries over a store.
//!
//! Sources of several views are read once. Only here can records that have left their document (an archive)
//! be added to those in it.

use crate::concern;
use crate::concern::disk::FileDocument;
use crate::error::{Error, Result};
use crate::id::{DocId, EntityId};
use crate::inspect::size::{SizeRow, Sizes};
use crate::query::board::{self, Card, CardFilter};
use crate::query::canvas::{self, Element};
use crate::query::chat::{self, Taker, ThreadSummary};
use crate::query::conflict::{self, ConflictFilter, LostValue};
use crate::query::disk::{self, DiskRow};
use crate::query::document::{self, DocumentFile};
use crate::query::entity::{self, EntitySummary};
use crate::query::history::{self, HistoryFilter, LoggedCommand};
use crate::query::issue::{self, Issue, IssueFilter};
use crate::query::member::{self, Member};
use crate::query::tombstone::{self, DeletedRecord};
use crate::store::{Document, Reader, Store};
use crate::sync::peer::{self, PeerSummary};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

/// A store, or some entities of it, as the views read it.
pub struct SqlSource<'s> {
    store: &'s Store,
    reader: &'s Reader,
    /// `None` for all of the store.
    named: Option<BTreeSet<EntityId>>,
    now: i64,
    issues: Kept<Issue>,
    tombstones: RefCell<Option<Rc<Vec<DeletedRecord>>>>,
    damaged: RefCell<Vec<Error>>,
}

/// What was last read of an entity.
type Kept<T> = RefCell<Option<(EntityId, Rc<Vec<T>>)>>;

impl<'s> SqlSource<'s> {
    /// Returns the source for some entities, or for all that the store holds. `now`, in Unix seconds, counts
    /// as the time when the store's own member was heard from.
    pub fn new(
        store: &'s Store,
        reader: &'s Reader,
        named: Option<BTreeSet<EntityId>>,
        now: i64,
    ) -> Self {
        SqlSource {
            store,
            reader,
            named,
            now,
            issues: RefCell::default(),
            tombstones: RefCell::default(),
            damaged: RefCell::default(),
        }
    }

    /// Returns why documents, or the archive, were left out: each error names its subject.
    pub fn take_damaged(&self) -> Vec<Error> {
        self.damaged.take().into_iter().chain(self.reader.left_out().take()).collect()
    }

    /// Returns the selected entities.
    pub(super) fn entities(&self) -> Result<BTreeSet<EntityId>> {
        if let Some(named) = &self.named {
            return Ok(named.clone());
        }
        let known = self.reader.documents()?.into_iter().map(|document| document.id);
        let known = known.filter(|doc| concern::of(doc).is_some());
        Ok(known.filter_map(|doc| doc.entity()).collect())
    }

    pub(super) fn entity_summaries(&self) -> Result<Vec<EntitySummary>> {
        let listed = entity::list(self.reader)?;
        self.damaged.borrow_mut().extend(listed.damaged);
        let mut found = listed.found;
        found.retain(|one| self.means(Some(&one.metadata.entity)));
        Ok(found)
    }

    pub(super) fn members(&self, entity: &EntityId) -> Result<Vec<Member>> {
        self.sound(member::list(self.reader, entity, true))
    }

    /// Passes some fields of all messages and replies, one at a time.
    pub(super) fn each_message_row(
        &self,
        entity: &EntityId,
        names: &[&str],
        take: Taker<'_, Map<String, Value>>,
    ) -> Result<()> {
        self.sound(chat::each_row(self.reader, entity, names, take))
    }

    pub(super) fn threads(&self, entity: &EntityId) -> Result<Vec<ThreadSummary>> {
        self.sound(chat::thread_summaries(self.reader, entity))
    }

    pub(super) fn cards(&self, entity: &EntityId) -> Result<Vec<Card>> {
        let filter = CardFilter { archived: true, ..CardFilter::default() };
        self.sound(board::list(self.reader, entity, &filter))
    }

    pub(super) fn columns(&self, entity: &EntityId) -> Result<Vec<concern::kanban::Heading>> {
        self.sound(board::columns(self.reader, entity))
    }

    pub(super) fn issues(&self, entity: &EntityId) -> Result<Rc<Vec<Issue>>> {
        let filter = IssueFilter { closed: true, ..IssueFilter::default() };
        self.once(&self.issues, entity, || issue::list(self.reader, entity, &filter))
    }

    pub(super) fn elements(&self, entity: &EntityId) -> Result<Vec<Element>> {
        self.sound(canvas::list(self.reader, entity, true))
    }

    pub(super) fn files(&self, entity: &EntityId) -> Result<Vec<DiskRow>> {
        self.sound(disk::files(self.reader, entity, true))
    }

    /// Returns files that are documents of the application's own.
    pub(super) fn file_documents(&self, entity: &EntityId) -> Result<Vec<FileDocument>> {
        let listed = disk::file_documents(self.reader, entity)?;
        self.damaged.borrow_mut().extend(listed.damaged);
        Ok(listed.found)
    }

    pub(super) fn tombstones(&self) -> Result<Rc<Vec<DeletedRecord>>> {
        if let Some(found) = &*self.tombstones.borrow() {
            return Ok(Rc::clone(found));
        }
        let listed = tombstone::list(self.reader, &self.entities()?, self.now)?;
        self.damaged.borrow_mut().extend(listed.damaged);
        let found = Rc::new(listed.found);
        self.tombstones.replace(Some(Rc::clone(&found)));
        Ok(found)
    }

    pub(super) fn conflicts(&self) -> Result<Vec<LostValue>> {
        let entities = self.named.clone();
        conflict::list(self.reader, &ConflictFilter { entities, ..ConflictFilter::default() })
    }

    pub(super) fn peers(&self) -> Result<Vec<PeerSummary>> {
        peer::summaries(self.reader.state())
    }

    pub(super) fn log(&self) -> Result<Vec<LoggedCommand>> {
        let entities = self.named.clone();
        history::list(self.reader, &HistoryFilter { entities, ..HistoryFilter::default() })
    }

    /// Returns the documents, including those of unknown concerns.
    pub(super) fn documents(&self) -> Result<Vec<Document>> {
        let mut documents = self.reader.documents()?;
        documents.retain(|document| self.means(document.id.entity().as_ref()));
        Ok(documents)
    }

    /// Returns a document; with `counted` also how many wrote in it, which requires reading it.
    pub(super) fn document_summary(
        &self,
        document: &Document,
        counted: bool,
    ) -> Result<DocumentFile> {
        let count = || document::client_ids(self.reader, &document.id);
        let client_ids = match counted {
            true => self.sound(count().map(Some).map_err(|e| e.damages(&document.id)))?,
            false => None,
        };
        Ok(DocumentFile::of(self.store, document, client_ids))
    }

    /// Returns what the bytes of a document's file are used for.
    pub(super) fn sizes(&self, document: &Document) -> Result<Vec<SizeRow>> {
        let id: &DocId = &document.id;
        let Some(file) = self.reader.file(id)? else { return Ok(Vec::new()) };
        if file.bytes.is_empty() && file.unfolded > 0 {
            return Ok(Vec::new());
        }
        let sizes = Sizes::of(&file.bytes, concern::of(id), None)
            .map_err(|fault| Error::undecodable(id, fault));
        Ok(self.sound(sizes)?.rows)
    }

    fn means(&self, entity: Option<&EntityId>) -> bool {
        let named = self.named.as_ref();
        named.is_none_or(|named| entity.is_some_and(|entity| named.contains(entity)))
    }

    /// Returns what was read, or a default for a document that cannot be used, which is noted.
    fn sound<T: Default>(&self, read: Result<T>) -> Result<T> {
        read.or_else(|error| match error.damaged {
            Some(_) => {
                self.damaged.borrow_mut().push(error);
                Ok(T::default())
            }
            None => Err(error),
        })
    }

    fn once<T>(
        &self,
        kept: &Kept<T>,
        entity: &EntityId,
        read: impl FnOnce() -> Result<Vec<T>>,
    ) -> Result<Rc<Vec<T>>> {
        if let Some((of, records)) = &*kept.borrow()
            && of == entity
        {
            return Ok(Rc::clone(records));
        }
        let records = Rc::new(self.sound(read())?);
        kept.replace(Some((entity.clone(), Rc::clone(&records))));
        Ok(records)
    }
}

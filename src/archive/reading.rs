//! Reading the archive beside the documents.

use super::fate::fate;
use super::file::{ArchiveFile, COLUMNS, Numbered, failed, numbered};
use super::ordered::OrderedRows;
use super::page::{ArchiveOrder, ArchivePage};
use super::row::ArchivedRecord;
use super::search;
use crate::concern::chat::{AttachedFile, attached_files};
use crate::error::{Error, Result};
use crate::id::DocId;
use crate::path::DocPath;
use crate::store::{Reader, Session, State};
use crate::wire::Id;
use rusqlite::params;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// An archive opened for reading. It shows each record once, in its latest version.
pub struct ArchiveReader {
    file: ArchiveFile,
    /// Rows of commands that did not happen.
    void: BTreeSet<i64>,
    /// What is shown instead of those.
    instead: Vec<ArchivedRecord>,
    /// Replies that lists show, because the messages that hide them are among those.
    orphans: Vec<ArchivedRecord>,
}

impl ArchiveReader {
    /// Returns the archive of a store; `None` if there is none yet.
    ///
    /// # Errors
    /// `Io`, `Corrupt`, `Locked`; `Refused` for a file of a newer crdtctl.
    pub fn of(reader: &Reader) -> Result<Option<ArchiveReader>> {
        match reader.archive_path()? {
            Some(path) => ArchiveReader::open(&path, reader.state(), true, reader.lock_wait()),
            None => Ok(None),
        }
    }

    /// Returns the archive in a session, with what earlier commands of it wrote.
    ///
    /// # Errors
    /// As [`ArchiveReader::of`].
    pub fn beside(session: &Session) -> Result<Option<ArchiveReader>> {
        match session.has_archive()? {
            true => {
                let wait = session.environment().machine.lock_wait;
                ArchiveReader::open(&session.archive_path()?, Some(session.state()), false, wait)
            }
            false => Ok(None),
        }
    }

    /// Opens it as a snapshot if `moment` is set: later writes by others are not seen until it is reopened,
    /// and wait for that. A session writes to it itself.
    pub(super) fn open(
        path: &Path,
        state: Option<&State>,
        moment: bool,
        wait: Duration,
    ) -> Result<Option<ArchiveReader>> {
        let Some(file) = ArchiveFile::read(path, wait)? else { return Ok(None) };
        if moment {
            file.hold()?;
        }
        let void = file.void_rows(|run| fate(state, run))?;
        let (instead, orphans) = (Vec::new(), Vec::new());
        let mut archive = ArchiveReader { file, void, instead, orphans };
        archive.look_behind()?;
        Ok(Some(archive))
    }

    /// Finds the versions hidden by rows that do not count.
    fn look_behind(&mut self) -> Result<()> {
        let (mut instead, mut orphans) = (Vec::new(), Vec::new());
        for n in &self.void {
            let Some(row) = self.file.row(*n)? else { continue };
            let Some(shown) = self.file.shown(&row.doc, &row.path)? else { continue };
            let stands = !self.void.contains(&shown.n) && !shown.record.removed;
            if stands || (shown.n != *n && !row.removed) {
                continue;
            }
            let mut last = self.versions(&row.doc, &row.path)?;
            let markers: Vec<ArchivedRecord> =
                last.iter().filter(|one| one.removed).cloned().collect();
            last.retain(|one| !one.removed && !markers.iter().any(|marker| marker.hides(one)));
            let last = last.pop();
            if last.as_ref().is_some_and(|last| instead.contains(last)) {
                continue;
            }
            if last.is_none() && row.parent().is_none() {
                orphans.extend(self.replies(&row.doc, row.id())?);
            }
            instead.extend(last);
        }
        (self.instead, self.orphans) = (instead, orphans);
        Ok(())
    }

    fn behind<'a>(&'a self, doc: &'a DocId) -> impl Iterator<Item = &'a ArchivedRecord> {
        self.instead.iter().filter(move |record| record.doc == *doc)
    }

    /// Returns the record at a path; `None` if none is shown.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn shown(&self, doc: &DocId, path: &[String]) -> Result<Option<ArchivedRecord>> {
        if let Some(behind) = self.behind(doc).find(|record| *record.path == *path) {
            return Ok(Some(behind.clone()));
        }
        let found = self.file.shown(doc, path)?.into_iter();
        Ok(self.valid(found).find(|record| !record.removed))
    }

    /// Returns the markers for a record that is in its document again as this item, so that nothing older
    /// comes out of the archive whatever becomes of it there: versions up to the latest are hidden, and so is
    /// anything that comes later from their items. Empty if the markers exist already.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn hiding(
        &self,
        doc: &DocId,
        path: &[String],
        item: Id,
        now: i64,
    ) -> Result<Vec<ArchivedRecord>> {
        let found = self.versions(doc, path)?;
        let Some(latest) = found.last() else { return Ok(Vec::new()) };
        let is_said = found.iter().any(|record| record.is_back_as(item));
        let back = (!is_said).then(|| latest.hidden(item, now));
        let gone = found.iter().filter(|record| !record.removed && record.written != item);
        let gone: BTreeSet<Id> = gone.map(|record| record.written).collect();
        let gone = gone.into_iter().filter(|item| !found.iter().any(|one| one.is_gone_as(*item)));
        Ok(back.into_iter().chain(gone.map(|item| latest.superseded(item, now))).collect())
    }

    /// Returns records of a document, the earliest first: those of a page that are `wanted`. Unwanted ones do
    /// not count towards its limit.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn page(
        &self,
        doc: &DocId,
        page: &ArchivePage<'_>,
        wanted: impl Fn(&ArchivedRecord) -> bool,
    ) -> Result<Vec<ArchivedRecord>> {
        let mut found = Vec::new();
        self.walk(doc, page, ArchiveOrder::LatestFirst, |record| {
            if wanted(&record) && page.limit != Some(0) {
                found.push(record);
            }
            Ok(page.limit.is_none_or(|limit| found.len() < limit))
        })?;
        found.reverse();
        Ok(found)
    }

    /// Passes the records of a page in list order, regardless of its limit, until `take` has enough; one at a
    /// time, so that only a few are in memory.
    ///
    /// # Errors
    /// `Io`, `Corrupt`; those of `take`.
    pub fn walk(
        &self,
        doc: &DocId,
        page: &ArchivePage<'_>,
        order: ArchiveOrder,
        mut take: impl FnMut(ArchivedRecord) -> Result<bool>,
    ) -> Result<()> {
        let mut behind = self.behind_on(doc, page)?;
        // The next one is the last.
        behind.sort_by_cached_key(ArchivedRecord::key);
        if order == ArchiveOrder::OldestFirst {
            behind.reverse();
        }
        let mut rows = OrderedRows::of(&self.file, doc, page, order)?;
        while let Some(row) = rows.next()? {
            let is_behind =
                |one: &ArchivedRecord| row.record.doc == one.doc && row.record.path == one.path;
            let is_orphan = page.listed && self.orphans.iter().any(is_behind);
            if self.void.contains(&row.n) || is_orphan || !is_found(&row.record, page) {
                continue;
            }
            let key = row.record.key();
            while let Some(one) = behind.pop_if(|one| match order {
                ArchiveOrder::OldestFirst => one.key() < key,
                ArchiveOrder::LatestFirst => one.key() > key,
            }) {
                if !take(one)? {
                    return Ok(());
                }
            }
            if !take(row.record)? {
                return Ok(());
            }
        }
        while let Some(one) = behind.pop() {
            if !take(one)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Returns the cards and issues of a document that are archived here but were reopened: somebody resumed
    /// them before hearing of the archiving. Others can be among them.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn opened(&self, doc: &DocId) -> Result<Vec<ArchivedRecord>> {
        // The expressions of the index, which files of an older crdtctl lack.
        let sql = format!(
            "SELECT {COLUMNS} FROM versions v CROSS JOIN records r
             ON r.doc_id = v.doc_id AND r.path = v.path AND r.n = v.n
             WHERE v.doc_id = ?1 AND v.removed = 0 AND (CASE v.kind
             WHEN 'issue' THEN json_extract(v.record, '$.closed')
             WHEN 'card' THEN json_extract(v.record, '$.archived') ELSE 1 END) IS NOT 1"
        );
        let found = self.file.all(&sql, params![doc.as_str()], numbered)?;
        let found = self.valid(found.into_iter().flatten()).chain(self.behind(doc).cloned());
        let mut found: Vec<ArchivedRecord> = found.collect();
        found.sort_by_cached_key(ArchivedRecord::key);
        Ok(found)
    }

    /// Returns how many records of a document are shown beside the `live` ones, without reading them; `None`
    /// if a command that did not happen makes that uncertain.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn count(&self, doc: &DocId, live: &[DocPath]) -> Result<Option<u64>> {
        if !self.void.is_empty() {
            return Ok(None);
        }
        let sql =
            "SELECT count(*) FROM records WHERE doc_id = ?1 AND listed IN (0, 1) AND removed = 0";
        let all: i64 = self.file.one(sql, params![doc.as_str()], |row| row.get(0))?.unwrap_or(0);
        let mut count = all.unsigned_abs();
        for path in live {
            count = count.saturating_sub(u64::from(count > 0 && self.file.shows(doc, path)?));
        }
        Ok(Some(count))
    }

    /// Returns whether a record is shown, without reading it.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn shows(&self, doc: &DocId, path: &[String]) -> Result<bool> {
        match self.void.is_empty() {
            true => self.file.shows(doc, path),
            false => Ok(self.shown(doc, path)?.is_some()),
        }
    }

    /// Returns the paths of archived replies to a message, and when each was written.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn reply_times(&self, doc: &DocId, parent: &str) -> Result<Vec<(DocPath, i64)>> {
        if !self.void.is_empty() {
            let found = self.replies(doc, parent)?.into_iter();
            return Ok(found.map(|reply| (reply.path, reply.created_at)).collect());
        }
        let sql = "SELECT path, created_at FROM records INDEXED BY records_by_parent
                   WHERE doc_id = ?1 AND parent = ?2 AND removed = 0";
        let found = self.file.all(sql, params![doc.as_str(), parent], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?))
        })?;
        let valid = |(path, at): (String, i64)| Some((serde_json::from_str(&path).ok()?, at));
        Ok(found.into_iter().filter_map(valid).collect())
    }

    /// Returns what belongs on a page although its row does not say so.
    fn behind_on(&self, doc: &DocId, page: &ArchivePage<'_>) -> Result<Vec<ArchivedRecord>> {
        let mut found: Vec<ArchivedRecord> = Vec::new();
        let orphans = self.orphans.iter().filter(|record| page.listed && record.doc == *doc);
        for record in self.behind(doc).chain(orphans) {
            if self.is_on(record, page)? && !found.contains(record) {
                found.push(record.clone());
            }
        }
        Ok(found)
    }

    /// Returns whether a record belongs to a page.
    fn is_on(&self, record: &ArchivedRecord, page: &ArchivePage<'_>) -> Result<bool> {
        let listed = match record.parent().filter(|_| page.listed) {
            Some(parent) => {
                self.shown(&record.doc, &["messages", parent].map(String::from))?.is_none()
            }
            None => true,
        };
        Ok(listed
            && page.kind.is_none_or(|kind| record.kind() == kind)
            && page.since.is_none_or(|since| record.created_at >= since)
            && page.until.is_none_or(|until| record.created_at < until)
            && is_found(record, page))
    }

    /// Returns the paths of records with this id prefix that are marked as deleted or as back in their
    /// document.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn gone_beginning(&self, doc: &DocId, prefix: &str) -> Result<Vec<DocPath>> {
        let found = self.rows_beginning(doc, prefix, true)?;
        Ok(found.into_iter().filter_map(|(_, path)| path).collect())
    }

    /// Returns the rows of records with this id prefix, either markers or others, with their paths if those
    /// can be read.
    fn rows_beginning(
        &self,
        doc: &DocId,
        prefix: &str,
        removed: bool,
    ) -> Result<Vec<(i64, Option<DocPath>)>> {
        let sql = "SELECT n, path FROM records INDEXED BY records_by_id
                   WHERE doc_id = ?1 AND id >= ?2 AND removed = ?3
                   AND id < ?2 || char(1114111) AND substr(id, 1, length(?2)) = ?2";
        self.file.all(sql, params![doc.as_str(), prefix, removed], |row| {
            Ok((row.get(0)?, serde_json::from_str(&row.get::<_, String>(1)?).ok()))
        })
    }

    /// Returns the paths of the records with this id prefix.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn beginning(&self, doc: &DocId, prefix: &str) -> Result<Vec<DocPath>> {
        let found = self.rows_beginning(doc, prefix, false)?.into_iter();
        let valid = found.filter(|(n, _)| !self.void.contains(n));
        let mut paths: Vec<DocPath> = valid.filter_map(|(_, path)| path).collect();
        let behind = self.behind(doc).filter(|record| record.id().starts_with(prefix));
        paths.extend(behind.map(|record| record.path.clone()));
        Ok(paths)
    }

    /// Returns the archived replies to a message.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn replies(&self, doc: &DocId, parent: &str) -> Result<Vec<ArchivedRecord>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM records r INDEXED BY records_by_parent JOIN versions v ON v.n = r.n
             WHERE r.doc_id = ?1 AND r.parent = ?2 AND r.removed = 0"
        );
        let found = self.file.all(&sql, params![doc.as_str(), parent], numbered)?;
        let behind = self.behind(doc).filter(|record| record.parent() == Some(parent));
        Ok(self.valid(found.into_iter().flatten()).chain(behind.cloned()).collect())
    }

    /// Returns the messages that have archived replies.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn threads(&self, doc: &DocId) -> Result<BTreeSet<String>> {
        let sql = "SELECT parent_id FROM threads WHERE doc_id = ?1";
        let found = self.file.all(sql, params![doc.as_str()], |row| row.get(0))?;
        let behind = self.behind(doc).filter_map(|record| record.parent().map(str::to_owned));
        Ok(found.into_iter().chain(behind).collect())
    }

    /// Returns the messages with this id prefix that have archived replies.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn threads_beginning(&self, doc: &DocId, prefix: &str) -> Result<BTreeSet<String>> {
        let sql = "SELECT n, parent FROM records INDEXED BY records_by_parent
                   WHERE parent >= ?2 AND parent < ?2 || char(1114111) AND doc_id = ?1
                   AND removed = 0 AND substr(parent, 1, length(?2)) = ?2";
        let found = self.file.all(sql, params![doc.as_str(), prefix], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?;
        let valid = found.into_iter().filter(|(n, _)| self.counts(*n)).map(|(_, parent)| parent);
        let behind = self.behind(doc).filter_map(|record| record.parent().map(str::to_owned));
        Ok(valid.chain(behind.filter(|parent| parent.starts_with(prefix))).collect())
    }

    /// Returns the files attached to archived messages and replies of a chat, each with the path of its message,
    /// which may be in its document again.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn attached(&self, doc: &DocId) -> Result<Vec<(AttachedFile, DocPath)>> {
        // With the + they are found by their numbers, not by reading all of the document's rows.
        let sql = format!(
            "SELECT {COLUMNS} FROM versions v WHERE +v.doc_id = ?1
             AND v.n IN (SELECT n FROM attachments WHERE file_path IS NOT NULL)"
        );
        let mut attached = Vec::new();
        let mut take = |record: &ArchivedRecord| -> Result<()> {
            let value = record.value()?;
            let list = value.as_map().and_then(|fields| fields.get("attachments"));
            let files = list.into_iter().flat_map(attached_files);
            attached.extend(files.map(|file| (file, record.path.clone())));
            Ok(())
        };
        self.file.each(&sql, params![doc.as_str()], |row| {
            match numbered(row).map_err(failed)? {
                Some(row) if self.counts(row.n) => take(&row.record),
                Some(_) => Ok(()),
                // It may have any file attached.
                None => Err(Error::corrupt("a row of archive.db cannot be read")),
            }
        })?;
        self.behind(doc).try_for_each(take)?;
        Ok(attached)
    }

    /// Returns whether a shown issue of a document has a comment with this id and text.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn shows_comment(&self, doc: &DocId, id: &str, text: &str) -> Result<bool> {
        let sql = "SELECT c.n FROM comments c JOIN versions v ON v.n = c.n
                   WHERE c.id = ?1 AND c.content = ?2 AND v.doc_id = ?3";
        let found = self.file.all(sql, params![id, text, doc.as_str()], |row| row.get(0))?;
        Ok(found.into_iter().any(|n: i64| self.counts(n)))
    }

    /// Passes the path of every record of a document of which anything is known, deletions included.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub(super) fn each_path(&self, doc: &DocId, mut take: impl FnMut(DocPath)) -> Result<()> {
        let sql = "SELECT n, path FROM records WHERE doc_id = ?1";
        self.file.each(sql, params![doc.as_str()], |row| {
            let n: i64 = row.get(0).map_err(failed)?;
            let path: String = row.get(1).map_err(failed)?;
            if let (true, Ok(path)) = (self.counts(n), serde_json::from_str(&path)) {
                take(path);
            }
            Ok(())
        })?;
        self.behind(doc).for_each(|record| take(record.path.clone()));
        Ok(())
    }

    /// Returns every version of a record, the earliest first, markers included.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn versions(&self, doc: &DocId, path: &[String]) -> Result<Vec<ArchivedRecord>> {
        Ok(self.valid(self.file.numbered_versions(doc, path)?.into_iter()).collect())
    }

    /// Returns the documents that have archived records.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn documents(&self) -> Result<Vec<DocId>> {
        // Jumps from one document to the next instead of scanning all their records.
        let sql = "WITH RECURSIVE found (doc_id) AS (
                       SELECT min(doc_id) FROM records UNION ALL
                       SELECT (SELECT min(doc_id) FROM records WHERE doc_id > found.doc_id)
                       FROM found WHERE doc_id IS NOT NULL)
                   SELECT doc_id FROM found WHERE doc_id IS NOT NULL ORDER BY doc_id";
        let found = self.file.all(sql, [], |row| row.get::<_, String>(0))?;
        Ok(found.iter().filter_map(|doc| DocId::parse(doc).ok()).collect())
    }

    /// Returns the file, for operations on all of it.
    pub(super) fn file(&self) -> &ArchiveFile {
        &self.file
    }

    /// Returns whether a row belongs to a command that happened.
    pub(super) fn counts(&self, n: i64) -> bool {
        !self.void.contains(&n)
    }

    fn valid(&self, found: impl Iterator<Item = Numbered>) -> impl Iterator<Item = ArchivedRecord> {
        found.filter(|one| !self.void.contains(&one.n)).map(|one| one.record)
    }
}

/// Returns whether a record matches what a page searches for.
fn is_found(record: &ArchivedRecord, page: &ArchivePage<'_>) -> bool {
    page.words.is_empty() || record.text().is_some_and(|text| search::holds(&text, page.words))
}

//! Moving, removing and restoring files.

use super::access::{document_of, writing};
use super::directory::{Directory, FilePlace};
use super::file::{DiskFile, FileVersion, read, read_all, version_named};
use super::path::DiskPath;
use super::put::Put;
use super::together::{FileWrite, PlannedChange, WaitingWrites};
use super::{DiskContent, FILES, document, documents, is_private, no_file};
use crate::concern::{Outcome, record};
use crate::crdt::source::Source;
use crate::error::{Error, Kind, Next, Result};
use crate::id::{DocId, EntityId, resolve};
use crate::store::Session;
use crate::tombstone;
use serde::{Deserialize, Serialize};

/// Moves a file to another path.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MoveFile {
    /// The group, channel, project or organization whose disk it is on.
    pub entity: EntityId,
    /// Its path, its id, or a unique prefix of the id.
    pub file: String,
    /// The destination; nothing may be there.
    pub to: DiskPath,
    /// Even if a file has that path; that file then loses it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beside: bool,
}

impl MoveFile {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        match self.plan(session, &WaitingWrites::default())? {
            // Nothing waits: the two paths are in two documents.
            PlannedChange::Alone => self.across(session),
            planned => planned.carry_out(session),
        }
    }

    /// Plans the write that it will make after the waiting writes.
    ///
    /// # Errors
    /// Those of the rules; nothing has changed then.
    pub(crate) fn plan(
        &self,
        session: &mut Session,
        waiting: &WaitingWrites,
    ) -> Result<PlannedChange> {
        let doc = document_of(session, &self.entity, &self.file)?;
        writing(session, &self.entity, &doc)?;
        if document(&self.entity, self.to.disk()) != doc {
            return Ok(PlannedChange::Alone);
        }
        Directory::with(session, &doc, |session, directory| {
            let from = directory.find(&self.file)?.clone();
            if waiting.hold(&doc, Some(&from.id), &[&from.path, &self.to]) {
                return Ok(PlannedChange::Alone);
            }
            let owner = directory.at(&from.path).ok().flatten();
            let has_it = owner.is_some_and(|owner| owner.id == from.id);
            if from.path == self.to && has_it {
                let said = Outcome::unchanged(doc.clone(), &from.id);
                return Ok(PlannedChange::Done(
                    said.saying(format!("it is already at {}", self.to)),
                ));
            }
            // Another spelling of its own path does not collide with another file.
            directory.lift(&from.id);
            let free = self.is_free(directory);
            directory.put(from.clone());
            free?;
            self.planned(session, &doc, from, directory)
        })
    }

    /// Refuses a destination where a file is.
    fn is_free(&self, directory: &Directory) -> Result<()> {
        match directory.at(&self.to)? {
            Some(other) if !self.beside => {
                Err(Error::refused(format!("{} is already there", other.path))
                    .hint("nothing is overwritten: remove that file first, or use another name"))
            }
            _ => Ok(()),
        }
    }

    fn planned(
        &self,
        session: &mut Session,
        doc: &DocId,
        from: FilePlace,
        directory: &mut Directory,
    ) -> Result<PlannedChange> {
        let FilePlace { id, path, .. } = from;
        record::check(session, doc, &["files".to_owned(), id.clone()], "file")?;
        let now = session.now();
        let next = |source: &dyn Source| {
            record::next_of(source, &["files", id.as_str()], "path_updated_at", now)
        };
        let since = session.read(doc, next)?.unwrap_or(now);
        directory.put(FilePlace { id: id.clone(), path: self.to.clone(), since });
        let (file, to) = (id.clone(), self.to.clone());
        Ok(PlannedChange::Write(FileWrite {
            doc: doc.clone(),
            id: id.clone(),
            bytes: to.as_str().len(),
            removes: false,
            outcome: Outcome::changed(doc.clone(), &id)
                .saying(format!("moved {path} to {to}"))
                .with("path", to.as_str().into())
                .with("path_updated_at", since.into()),
            paths: vec![path, to.clone()],
            write: Box::new(move |txn| {
                let file = ["files", file.as_str()];
                txn.set(&file, "path", to.as_str())?;
                txn.set(&file, "path_updated_at", since)
            }),
        }))
    }

    /// Moves between the private disk and the others: they are described by different documents, so it
    /// becomes another file.
    fn across(&self, session: &mut Session) -> Result<Outcome> {
        let doc = document_of(session, &self.entity, &self.file)?;
        let find = |_: &mut Session, directory: &mut Directory| directory.find(&self.file).cloned();
        let FilePlace { id, path, .. } = Directory::with(session, &doc, find)?;
        let target = document(&self.entity, self.to.disk());
        Directory::with(session, &target, |_, directory| self.is_free(directory))?;
        let file = session.read(&doc, |source| read(source, &id))?.flatten();
        let file = file.ok_or_else(|| no_file(&self.file))?;
        let (entity, to) = (self.entity.clone(), self.to.clone());
        let put = match file.content {
            DiskContent::Text(text) => Put::text(entity, to, text),
            DiskContent::Binary(Some(stored)) => Put::bytes(entity, to, stored),
            DiskContent::Binary(None) => {
                return Err(Error::refused(format!("no version of {path} is known here")));
            }
        };
        let put = Put { executable: Some(file.executable), ..put }.run(session)?;
        let remove = RemoveFile { entity: self.entity.clone(), file: id };
        let removed = remove.run(session)?;
        let others = match is_private(&target) {
            true => "; replicas that have it keep it until everybody has acknowledged the removal",
            false => "",
        };
        let said = format!("moved {path} to {}{others}", self.to);
        Ok(put.saying(said).pruning(removed.pruned))
    }
}

/// Removes a file; its content stays until every member has acknowledged the removal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveFile {
    /// The group, channel, project or organization whose disk it is on.
    pub entity: EntityId,
    /// Its path, its id, or a unique prefix of the id.
    pub file: String,
}

impl RemoveFile {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        self.plan(session, &WaitingWrites::default())?.carry_out(session)
    }

    /// Plans the write that it will make after the waiting writes.
    ///
    /// # Errors
    /// Those of the rules; nothing has changed then.
    pub(crate) fn plan(
        &self,
        session: &mut Session,
        waiting: &WaitingWrites,
    ) -> Result<PlannedChange> {
        let doc = document_of(session, &self.entity, &self.file)?;
        let by = writing(session, &self.entity, &doc)?.id;
        let named = session.read(&doc, |source| read(source, &self.file))?.flatten();
        if waiting.hold(&doc, Some(&self.file), &[]) {
            return Ok(PlannedChange::Alone);
        }
        if let Some(file) = named.filter(|file| file.deleted) {
            let said = format!("{} is already removed", file.path);
            let outcome = Outcome::unchanged(doc, &self.file).saying(said);
            return Ok(PlannedChange::Done(outcome));
        }
        Directory::with(session, &doc, |session, directory| {
            let FilePlace { id, path, .. } = directory.find(&self.file)?.clone();
            if waiting.hold(&doc, Some(&id), &[&path]) {
                return Ok(PlannedChange::Alone);
            }
            record::check(session, &doc, &["files".to_owned(), id.clone()], "file")?;
            let file = session.read(&doc, |source| read(source, &id))?.flatten();
            let held = file.map_or_else(String::new, |file| file.contents());
            let now = tombstone::time_of_deletion(session, &doc)?;
            directory.delete(&id);
            let outcome = Outcome::changed(doc.clone(), &id)
                .saying(format!("removed {path}"))
                .with("path", path.as_str().into());
            Ok(PlannedChange::Write(FileWrite {
                doc: doc.clone(),
                id: id.clone(),
                paths: vec![path],
                bytes: 0,
                removes: true,
                outcome,
                write: Box::new(move |txn| {
                    let file = ["files", id.as_str()];
                    // A concurrent change elsewhere is recognised by its difference from this.
                    txn.set(&file, "deleted_blake3", held.as_str())?;
                    tombstone::mark(txn, &FILES, &file, now, &by)
                }),
            }))
        })
    }
}

/// Restores a removed file to where it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RestoreFile {
    /// The group, channel, project or organization whose disk it was on.
    pub entity: EntityId,
    /// Its id, or a unique prefix of the id; its path, if only one file was removed there. Or a version
    /// of a file, by its id or hash, or a unique prefix of one: the file gets that content again.
    pub file: String,
}

impl RestoreFile {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let error = match self.revive(session) {
            Err(e) if e.kind == Kind::NotFound => e,
            done => return done,
        };
        let removed = Next::AllFiles.and(" shows those that were removed");
        if self.file.starts_with('/') {
            return Err(error.hint(removed));
        }
        for (doc, _) in documents(&self.entity) {
            let files = session.read(&doc, read_all)?.unwrap_or_default();
            if let Some((file, version)) = version_named(files, &self.file)? {
                return self.put_back(session, &doc, file, version);
            }
        }
        let none = format!("there is no file or version called {:?}", self.file);
        Err(Error::not_found(none)
            .hint(removed.and(", ").next(Next::Conflicts).and(" concurrent versions")))
    }

    /// Replaces the content of a file by one of its versions.
    fn put_back(
        &self,
        session: &mut Session,
        doc: &DocId,
        file: DiskFile,
        version: FileVersion,
    ) -> Result<Outcome> {
        let path = DiskPath::parse(&file.path)?;
        let has_it = Directory::with(session, doc, |_, directory| {
            Ok(directory.at(&path)?.is_some_and(|place| place.id == file.id))
        })?;
        if !has_it {
            let what = format!("the file of that version is not at {path}");
            return Err(Error::refused(what).hint("restore or move that file first"));
        }
        let entity = self.entity.clone();
        let put = match version.is_text {
            true => Put::text(entity, path.clone(), file.old_text),
            false => Put::bytes(entity, path.clone(), version.stored),
        };
        let said = format!("restored {path} as it was in version {}", version.id);
        Ok(put.run(session)?.saying(said))
    }

    fn revive(&self, session: &mut Session) -> Result<Outcome> {
        let doc = document_of(session, &self.entity, &self.file)?;
        writing(session, &self.entity, &doc)?;
        let mut directory = Directory::take(session, &doc)?;
        let id = self.find(session, &doc, &directory)?;
        let found = session.read(&doc, |source| read(source, &id))?.flatten();
        let file = found.ok_or_else(|| no_file(&self.file))?;
        let path = DiskPath::parse(&file.path)?;
        if !file.deleted {
            directory.keep(session, &doc);
            return Ok(Outcome::unchanged(doc, &id).saying(format!("{path} has not been removed")));
        }
        if let Some(other) = directory.at(&path)? {
            return Err(Error::refused(format!("{} is already there", other.path))
                .hint("nothing is overwritten: move that file first"));
        }
        record::check(session, &doc, &["files".to_owned(), id.clone()], "file")?;
        let now = session.now();
        let since = session.edit(&doc, |txn| {
            let file = ["files", id.as_str()];
            tombstone::revive(txn, &FILES, &file)?;
            record::touch(txn, &file, "path_updated_at", now)?;
            Ok(txn.int(&["files", &id, "path_updated_at"]))
        })?;
        directory.put(FilePlace {
            id: id.clone(),
            path: path.clone(),
            since: since.unwrap_or(now),
        });
        directory.keep(session, &doc);
        Ok(Outcome::changed(doc, &id)
            .saying(format!("restored {path}"))
            .with("path", path.as_str().into()))
    }

    fn find(&self, session: &mut Session, doc: &DocId, directory: &Directory) -> Result<String> {
        if !self.file.starts_with('/') {
            let is_id = |source: &dyn Source| source.exists(&["files", &self.file]);
            if session.read(doc, is_id)? == Some(true) {
                return Ok(self.file.clone());
            }
            let ids = session.read(doc, |source| source.keys(FILES.path))?.unwrap_or_default();
            return resolve(&self.file, ids.iter().map(String::as_str), "file");
        }
        let path = DiskPath::parse(&self.file)?;
        if let Some(place) = directory.at(&path)? {
            return Ok(place.id.clone());
        }
        let removed: Vec<&str> = directory.deleted_at(&path).collect();
        match removed.as_slice() {
            [] => Err(no_file(&self.file)),
            [one] => Ok((*one).to_owned()),
            several => Err(Error::new(
                crate::error::Kind::Ambiguous,
                format!("{} files were removed from {path}: {}", several.len(), several.join(", ")),
            )
            .hint("name one by its id")),
        }
    }
}

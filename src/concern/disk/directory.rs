//! Which file has which path: derived once a session, and kept up to date by the operations.

use super::path::{DiskKind, DiskPath};
use super::{FILES, is_private, no_file};
use crate::crdt::source::Source;
use crate::error::{Error, Next, Result};
use crate::id::{self, DocId};
use crate::store::Session;
use crate::wire::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A file that is not deleted, and the path it wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePlace {
    /// The file's whole id.
    pub id: String,
    /// Its path, which another file may have.
    pub path: DiskPath,
    /// When it got this path, in Unix seconds: of several files with one path, the latest has it.
    pub since: i64,
}

/// The files of an entity by their paths.
#[derive(Debug, Default)]
pub struct Directory {
    places: BTreeMap<String, FilePlace>,
    /// By the key of the path: the files that want it; the last one has it.
    wanted: BTreeMap<String, BTreeSet<(i64, String)>>,
    /// Deleted files by the keys of their paths.
    deleted: BTreeMap<String, BTreeSet<String>>,
    /// Files with an invalid path, by id.
    astray: BTreeMap<String, String>,
}

impl Directory {
    /// The directory of a document in a session. Must be given back with [`Directory::keep`] once it
    /// includes every change since.
    pub fn take(session: &mut Session, doc: &DocId) -> Result<Directory> {
        match session.recall(doc) {
            Some(directory) => Ok(directory),
            None => {
                let read = session.read(doc, |source| Directory::of(source, doc))?;
                Ok(read.unwrap_or_default())
            }
        }
    }

    /// Works with the directory of a document and keeps it for the next operation.
    ///
    /// # Errors
    /// Those of `work`, which must leave the directory as it was then.
    pub fn with<R>(
        session: &mut Session,
        doc: &DocId,
        work: impl FnOnce(&mut Session, &mut Directory) -> Result<R>,
    ) -> Result<R> {
        let mut directory = Directory::take(session, doc)?;
        let done = work(session, &mut directory);
        directory.keep(session, doc);
        done
    }

    /// Keeps it for the next operation.
    pub fn keep(self, session: &mut Session, doc: &DocId) {
        session.remember(doc, self);
    }

    /// The directory of a document. A path on a disk that the document does not describe is invalid:
    /// nobody writes to another member's private disk.
    pub fn of(source: &dyn Source, doc: &DocId) -> Directory {
        let mut directory = Directory::default();
        let names = ["path", "path_updated_at", "deleted"];
        for (id, values) in source.fields(FILES.path, &names) {
            let [path, since, deleted] = values.as_slice() else { continue };
            let text = path.as_ref().and_then(Value::as_str).unwrap_or_default();
            let is_deleted = deleted.as_ref().and_then(Value::as_bool) == Some(true);
            let parsed = DiskPath::parse(text)
                .ok()
                .filter(|path| (path.disk() == DiskKind::Private) == is_private(doc));
            match parsed {
                Some(path) if is_deleted => directory.note_deleted(&id, &path),
                Some(path) => {
                    let since = since.as_ref().and_then(Value::as_i64).unwrap_or(0);
                    directory.put(FilePlace { id, path, since });
                }
                None if is_deleted => {}
                None => drop(directory.astray.insert(id, text.to_owned())),
            }
        }
        directory
    }

    /// Records the current place of a file.
    pub fn put(&mut self, place: FilePlace) {
        self.remove(&place.id);
        let key = place.path.key();
        if let Some(ids) = self.deleted.get_mut(&key) {
            ids.remove(&place.id);
        }
        self.wanted.entry(key).or_default().insert((place.since, place.id.clone()));
        self.places.insert(place.id.clone(), place);
    }

    /// Records that a file has no place for now.
    pub fn lift(&mut self, id: &str) {
        self.remove(id);
    }

    /// Records that a file is deleted.
    pub fn delete(&mut self, id: &str) {
        if let Some(place) = self.remove(id) {
            self.note_deleted(id, &place.path);
        }
    }

    /// Records that a deleted file no longer exists at all.
    pub(super) fn forget_deleted(&mut self, id: &str, path: &DiskPath) {
        if let Some(ids) = self.deleted.get_mut(&path.key()) {
            ids.remove(id);
        }
    }

    fn note_deleted(&mut self, id: &str, path: &DiskPath) {
        self.deleted.entry(path.key()).or_default().insert(id.to_owned());
    }

    fn remove(&mut self, id: &str) -> Option<FilePlace> {
        self.astray.remove(id);
        let place = self.places.remove(id)?;
        let key = place.path.key();
        if let Some(wanted) = self.wanted.get_mut(&key) {
            wanted.remove(&(place.since, place.id.clone()));
            if wanted.is_empty() {
                self.wanted.remove(&key);
            }
        }
        Some(place)
    }

    /// The files that have their paths, in path order.
    pub fn owners(&self) -> impl Iterator<Item = &FilePlace> {
        self.wanted.iter().filter_map(|(key, wanted)| {
            let (_, id) = wanted.last()?;
            self.places.get(id).filter(|_| !self.is_directory(key))
        })
    }

    /// The files whose path is taken, each with the file that has it; `None` if a directory does.
    pub fn displaced(&self) -> impl Iterator<Item = (&FilePlace, Option<&FilePlace>)> {
        self.wanted.iter().flat_map(|(key, wanted)| {
            let owner = wanted.last().filter(|_| !self.is_directory(key));
            let owner = owner.and_then(|(_, id)| self.places.get(id));
            let others = wanted.iter().filter_map(|(_, id)| self.places.get(id));
            let others = others.filter(move |place| owner.is_none_or(|o| o.id != place.id));
            others.map(move |place| (place, owner))
        })
    }

    /// Files whose path is invalid here: id and path as stored.
    pub fn astray(&self) -> impl Iterator<Item = (&str, &str)> {
        self.astray.iter().map(|(id, path)| (id.as_str(), path.as_str()))
    }

    /// The ids of deleted files that had a path.
    pub fn deleted_at(&self, path: &DiskPath) -> impl Iterator<Item = &str> {
        self.deleted.get(&path.key()).into_iter().flatten().map(String::as_str)
    }

    /// The place of a file that is not deleted.
    pub fn place(&self, id: &str) -> Option<&FilePlace> {
        self.places.get(id)
    }

    /// The file that has a path.
    ///
    /// # Errors
    /// `Refused` if there is a directory, if a file is where a directory is needed, or if the path of
    /// another file differs from it only in ways that some file systems ignore.
    pub fn at(&self, path: &DiskPath) -> Result<Option<&FilePlace>> {
        let key = path.key();
        if let Some(below) = self.first_below(&key) {
            return Err(taken(path, "is a directory", below));
        }
        let above = key.match_indices('/').skip(2).map(|(at, _)| key.get(..at).unwrap_or_default());
        // A file that has lost its path to a directory is not in the way there.
        let mut above = above.filter(|key| !self.is_directory(key));
        if let Some(place) = above.find_map(|key| self.has(key)) {
            return Err(taken(path, "would be inside the file", &place.path));
        }
        match self.has(&key) {
            Some(place) if place.path == *path => Ok(Some(place)),
            Some(place) => {
                Err(taken(path, "cannot be told apart on every system from", &place.path))
            }
            None => Ok(None),
        }
    }

    /// Whether a path is unavailable for something new: a file or a directory has it, or one that some
    /// file systems do not tell apart from it.
    ///
    /// # Errors
    /// `Refused` if a file is where a directory is needed.
    pub fn is_taken(&self, path: &DiskPath) -> Result<bool> {
        let key = path.key();
        match self.has(&key).is_some() || self.is_directory(&key) {
            true => Ok(true),
            false => self.at(path).map(|place| place.is_some()),
        }
    }

    fn has(&self, key: &str) -> Option<&FilePlace> {
        self.places.get(&self.wanted.get(key)?.last()?.1)
    }

    fn is_directory(&self, key: &str) -> bool {
        self.first_below(key).is_some()
    }

    fn first_below(&self, key: &str) -> Option<&DiskPath> {
        let from = format!("{key}/");
        let (first, wanted) = self.wanted.range(from.clone()..).next()?;
        let id = &wanted.last().filter(|_| first.starts_with(&from))?.1;
        self.places.get(id).map(|place| &place.path)
    }

    /// The file that a path, an id or a unique prefix of one stands for.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`; `Usage` for an invalid path or prefix.
    pub fn find(&self, named: &str) -> Result<&FilePlace> {
        if named.starts_with('/') {
            let path = DiskPath::parse(named)?;
            return match self.at(&path) {
                Ok(Some(place)) => Ok(place),
                Ok(None) => Err(no_file(named)),
                // What is there instead says more than that there is no file.
                Err(error) => Err(error.of_kind(crate::error::Kind::NotFound)),
            };
        }
        let begun = self.places.range(named.to_owned()..).map(|(id, _)| id.as_str());
        let id = id::resolve(named, begun.take_while(|id| id.starts_with(named)), "file")
            .map_err(|e| e.hint_also(Next::Files.and(" shows those that are there")))?;
        self.places.get(&id).ok_or_else(|| no_file(named))
    }
}

fn taken(path: &DiskPath, what: &str, other: &DiskPath) -> Error {
    Error::refused(match what {
        "is a directory" => format!("{path} {what}: it contains {other}"),
        _ => format!("{path} {what} {other}"),
    })
    .hint(Next::Files.and(" shows what is there; use another name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(files: &[(&str, &str, i64)]) -> Directory {
        let mut directory = Directory::default();
        for (id, path, since) in files {
            let path = DiskPath::parse(path).unwrap();
            directory.put(FilePlace { id: (*id).to_owned(), path, since: *since });
        }
        directory
    }

    fn ids<'d>(places: impl Iterator<Item = &'d FilePlace>) -> Vec<&'d str> {
        places.map(|place| place.id.as_str()).collect()
    }

    #[test]
    fn the_last_has_the_path_and_the_others_are_known() {
        let directory = directory(&[
            ("a", "/shared/x.md", 1),
            ("b", "/shared/X.md", 2),
            ("c", "/shared/d", 9),
            ("d", "/shared/d/y", 1),
        ]);
        assert_eq!(ids(directory.owners()), ["d", "b"]);
        let displaced: Vec<_> = directory
            .displaced()
            .map(|(place, owner)| (place.id.as_str(), owner.map(|owner| owner.id.as_str())))
            .collect();
        assert_eq!(displaced, [("c", None), ("a", Some("b"))]);
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        let directory = directory(&[("a", "/shared/x.md", 1), ("b", "/shared/d/y", 1)]);
        let at = |path: &str| {
            let path = DiskPath::parse(path).unwrap();
            let found = directory.at(&path).map(|found| found.map(|place| place.id.clone()));
            found.map_err(|error| error.message)
        };
        assert_eq!(at("/shared/x.md"), Ok(Some("a".to_owned())));
        assert_eq!(at("/shared/z"), Ok(None));
        assert_eq!(
            at("/shared/X.MD").unwrap_err(),
            "/shared/X.MD cannot be told apart on every system from /shared/x.md"
        );
        assert_eq!(
            at("/shared/d").unwrap_err(),
            "/shared/d is a directory: it contains /shared/d/y"
        );
        assert_eq!(
            at("/shared/x.md/a/b").unwrap_err(),
            "/shared/x.md/a/b would be inside the file /shared/x.md"
        );
    }

    #[test]
    fn a_file_that_lost_its_path_to_a_directory_is_not_in_its_way() {
        let directory = directory(&[("a", "/shared/x", 2), ("b", "/shared/x/y", 1)]);
        let at = |path: &str| {
            let found = directory.at(&DiskPath::parse(path).unwrap());
            found.map(|found| found.map(|place| place.id.clone())).map_err(|error| error.message)
        };
        assert_eq!(at("/shared/x/y"), Ok(Some("b".to_owned())));
        assert_eq!(at("/shared/x/z"), Ok(None));
        assert!(at("/shared/x").is_err() && at("/shared/x/y/z").is_err());
        assert_eq!(directory.find("/shared/x/y").unwrap().id, "b");
    }

    #[test]
    fn what_is_kept_up_is_what_would_be_read_anew() {
        let mut known = directory(&[("a", "/shared/x", 1), ("b", "/shared/x", 2)]);
        known.delete("b");
        assert_eq!(ids(known.owners()), ["a"]);
        assert_eq!(
            known.deleted_at(&DiskPath::parse("/shared/X").unwrap()).collect::<Vec<_>>(),
            ["b"]
        );
        known.put(FilePlace {
            id: "a".to_owned(),
            path: DiskPath::parse("/shared/z").unwrap(),
            since: 3,
        });
        assert!(known.at(&DiskPath::parse("/shared/x").unwrap()).unwrap().is_none());
        assert_eq!(known.find("/shared/z").unwrap().id, "a");
        assert!(known.find("/shared/x").is_err());
    }
}

//! The state of an entity's files: the document compared with the directories.

use super::objects::Objects;
use super::tree::Tree;
use crate::concern::core;
use crate::concern::disk::{
    Directory, DiskContent, DiskFile, DiskKind, DiskPath, WEBSITE, documents, read, read_all,
    website,
};
use crate::error::{Hint, Next, Result};
use crate::id::{DocId, EntityId};
use crate::limits;
use crate::store::{DiskBase, Reader};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The state of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskState {
    /// The file matches the document.
    Current,
    /// The document differs from what was last written: the file will be written next.
    Behind,
    /// Somebody changed the file: the change will be taken in next.
    Changed,
    /// Somebody removed the file.
    Removed,
    /// A file that is not in the document.
    New,
    /// Its content has not arrived yet.
    Missing,
    /// Another file has its path.
    Displaced,
    /// Other versions are concurrent with the one it shows.
    Versions,
    /// Another replica wrote a path that is invalid here.
    Astray,
    /// The website differs from what was published.
    Unpublished,
    /// Not a file of a disk: a link, or a name that some system refuses.
    Odd,
}

/// A file and its state.
#[derive(Debug, Clone, Serialize)]
pub struct FileStatus {
    /// Its path.
    pub path: String,
    /// Its state.
    pub state: DiskState,
    /// Its whole id; `None` if it is not in the document.
    pub id: Option<String>,
    /// A remark; may be empty.
    #[serde(skip)]
    pub note: Hint,
}

/// The state of an entity's files, in path order. Changes nothing.
///
/// # Errors
/// Those of the store and of the file system.
pub fn status(reader: &Reader, entity: &EntityId) -> Result<Vec<FileStatus>> {
    let Some(disks) = reader.disks() else { return Ok(Vec::new()) };
    let tree = Tree::of_reader(reader, entity, &disks)?;
    let mut look = StatusLook { tree, objects: Objects::open(&disks)?, written: BTreeMap::new() };
    let mut all = Vec::new();
    for (doc, kinds) in documents(entity) {
        look.document(reader, &doc, kinds, &mut all)?;
        if kinds.contains(&DiskKind::Public) && is_unpublished(reader, entity, &doc)? {
            let note = Next::Publish.and(" publishes what is there now");
            all.push(row(WEBSITE.to_owned(), DiskState::Unpublished, None, note));
        }
    }
    all.sort_by(|a, b| (&a.path, &a.id).cmp(&(&b.path, &b.id)));
    Ok(all)
}

/// Whether the website of an entity differs from what was published, according to its documents.
///
/// # Errors
/// Those of the store.
pub fn unpublished(reader: &Reader, entity: &EntityId) -> Result<bool> {
    for (doc, kinds) in documents(entity) {
        if kinds.contains(&DiskKind::Public) && is_unpublished(reader, entity, &doc)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_unpublished(reader: &Reader, entity: &EntityId, doc: &DocId) -> Result<bool> {
    let core = reader.view(&entity.document(core::SPEC.name))?;
    let Some(root) = core.as_ref().and_then(|view| core::website_root(view)) else {
        return Ok(false);
    };
    let view = reader.view(doc)?;
    Ok(view.is_some_and(|view| website(&view, doc).is_none_or(|now| now.root != root)))
}

/// The paths at which something was changed in the directories of an entity and not taken in: new
/// files, missing ones, and others with a different content; not those in whose place something else is. Files
/// too long to be texts are not read; they count if their length differs.
///
/// # Errors
/// Those of the store and of the file system.
pub fn unscanned(reader: &Reader, entity: &EntityId) -> Result<Vec<DiskPath>> {
    let (Some(disks), Some(state)) = (reader.disks(), reader.state()) else {
        return Ok(Vec::new());
    };
    let tree = Tree::of_reader(reader, entity, &disks)?;
    let mut changed = Vec::new();
    for (doc, kinds) in documents(entity) {
        // What was written, and what should be: a file that has the latter content anyway is fine.
        let mut known: BTreeMap<DiskPath, Vec<String>> = BTreeMap::new();
        for base in state.written_files(&doc)? {
            let path = DiskPath::parse(&base.path).ok();
            path.into_iter()
                .for_each(|path| known.entry(path).or_default().push(base.blake3.clone()));
        }
        let written: Vec<DiskPath> = known.keys().cloned().collect();
        let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
        if let Some(view) = reader.view(&doc)? {
            for file in read_all(&view) {
                let wanted = file.content.stored();
                if let (Some(path), Some(wanted), false) = (file.place(), &wanted, file.deleted) {
                    known.entry(path).or_default().push(wanted.blake3.clone());
                }
                let versions = file.versions.into_iter().map(|version| version.stored);
                let all = versions.chain(wanted);
                sizes.extend(all.map(|stored| (stored.blake3, stored.size_bytes)));
            }
        }
        let mut there = BTreeSet::new();
        for path in tree.list(kinds)?.files {
            let could_be = known.get(&path).map(Vec::as_slice).unwrap_or_default();
            if could_be.is_empty() || !is_one_of(&tree, &path, could_be, &sizes)? {
                changed.push(path.clone());
            }
            there.insert(path);
        }
        // Nothing is taken in from the place of a file where something else is.
        let is_free = |path: &DiskPath| !there.contains(path) && tree.takes(path).is_ok();
        changed.extend(written.into_iter().filter(is_free));
    }
    changed.sort();
    Ok(changed)
}

/// Whether a file has one of these contents. True if it cannot be opened.
fn is_one_of(
    tree: &Tree,
    path: &DiskPath,
    contents: &[String],
    sizes: &BTreeMap<String, u64>,
) -> Result<bool> {
    let Ok(Some(file)) = tree.open_file(path) else { return Ok(true) };
    let Ok(length) = file.metadata().map(|meta| meta.len()) else { return Ok(true) };
    if length > limits::DISK_TEXT_BYTES as u64 {
        return Ok(contents.iter().any(|one| sizes.get(one).is_none_or(|size| *size == length)));
    }
    let lies = tree.held(path)?;
    Ok(lies.is_none_or(|held| contents.contains(&held.stored.blake3)))
}

fn row(path: String, state: DiskState, id: Option<&str>, note: impl Into<Hint>) -> FileStatus {
    FileStatus { path, state, id: id.map(str::to_owned), note: note.into() }
}

/// Files that do not have their own path.
fn others(directory: &Directory) -> Vec<FileStatus> {
    let displaced = directory.displaced().map(|(place, owner)| {
        let by = match owner {
            Some(owner) => format!("{} has the path", owner.id),
            None => "a directory has the path".to_owned(),
        };
        row(place.path.to_string(), DiskState::Displaced, Some(&place.id), by)
    });
    let astray = directory.astray().map(|(id, path)| {
        row(path.to_owned(), DiskState::Astray, Some(id), "not a valid path here")
    });
    displaced.chain(astray).collect()
}

struct StatusLook {
    tree: Tree,
    objects: Objects,
    written: BTreeMap<String, DiskBase>,
}

impl StatusLook {
    /// The files of one document, and those on its disks that are not in it.
    fn document(
        &mut self,
        reader: &Reader,
        doc: &DocId,
        kinds: &[DiskKind],
        all: &mut Vec<FileStatus>,
    ) -> Result<()> {
        let written = reader.state().map(|state| state.written_files(doc)).transpose()?;
        let written = written.into_iter().flatten();
        self.written = written.map(|written| (written.file.clone(), written)).collect();
        let mut known: BTreeSet<DiskPath> = BTreeSet::new();
        if let Some(view) = reader.view(doc)? {
            let directory = Directory::of(&view, doc);
            for place in directory.owners() {
                known.insert(place.path.clone());
                let file = read(&view, &place.id);
                all.extend(file.map(|file| self.one(&place.path, &file)).transpose()?);
            }
            all.extend(others(&directory));
        }
        let listing = self.tree.list(kinds)?;
        let new = listing.files.into_iter().filter(|path| !known.contains(path));
        all.extend(new.map(|path| row(path.to_string(), DiskState::New, None, "")));
        let odd = listing.others.into_iter();
        all.extend(odd.map(|(path, why)| row(path, DiskState::Odd, None, why)));
        Ok(())
    }

    fn one(&self, path: &DiskPath, file: &DiskFile) -> Result<FileStatus> {
        let (state, note) = self.state(path, file)?;
        Ok(row(path.to_string(), state, Some(&file.id), note))
    }

    fn state(&self, path: &DiskPath, file: &DiskFile) -> Result<(DiskState, Hint)> {
        let wanted = file.content.stored();
        let base = self.written.get(&file.id);
        let held = match self.tree.held(path) {
            Ok(held) => held,
            Err(e) => return Ok((DiskState::Odd, e.message.into())),
        };
        let is_written = |blake3: &str| {
            base.is_some_and(|base| base.blake3 == blake3 && base.path == path.as_str())
        };
        if let Some(held) = &held
            && wanted.as_ref() != Some(&held.stored)
            && !is_written(&held.stored.blake3)
        {
            return Ok((DiskState::Changed, Next::ScanDisks.and(" takes it in")));
        }
        if held.is_none() && base.is_some_and(|base| base.path == path.as_str()) {
            let is_new = wanted.as_ref().is_none_or(|wanted| !is_written(&wanted.blake3));
            if !is_new {
                let note = Next::ScanDisks.and(" removes it for everybody");
                return Ok((DiskState::Removed, note));
            }
        }
        if let DiskContent::Binary(Some(wanted)) = &file.content
            && held.as_ref().is_none_or(|held| held.stored != *wanted)
            && !self.objects.has(&wanted.blake3)
        {
            let note = format!("{} bytes have not arrived yet", wanted.size_bytes);
            return Ok((DiskState::Missing, note.into()));
        }
        let others = file.beside();
        if !others.is_empty() {
            let ids: Vec<&str> = others.iter().map(|version| version.id.as_str()).collect();
            return Ok((
                DiskState::Versions,
                format!("concurrent versions: {}", ids.join(", ")).into(),
            ));
        }
        let is_current = held.is_some_and(|held| wanted.as_ref() == Some(&held.stored));
        Ok((if is_current { DiskState::Current } else { DiskState::Behind }, "".into()))
    }
}

//! The state of an entity's files: the document compared with the directories.

use super::objects::Objects;
use super::tree::{Held, Tree, is_executable};
use crate::concern::core;
use crate::concern::disk::{
    Directory, DiskContent, DiskFile, DiskKind, DiskPath, SUMS, WEBSITE, document, documents, read,
    read_all, website,
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

/// Whether the website of an entity differs from what was published, according to its documents. One
/// without any files does not: there is nothing that could be published.
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
    let Some(view) = reader.view(doc)? else { return Ok(false) };
    let Some(now) = website(&view, doc) else { return Ok(false) };
    // The root is the hash of this file, so without it nothing can be verified.
    let sums = DiskPath::parse(&format!("{WEBSITE}/{SUMS}"))?;
    let owner = Directory::of(&view, doc).at(&sums).ok().flatten().map(|place| place.id.clone());
    let published = owner.and_then(|id| read(&view, &id)?.content.stored());
    Ok(now.root != root || published.is_none_or(|sums| sums.blake3 != root))
}

/// The paths below a directory whose names begin with a dot, and at which the store has nothing: neither a
/// scan nor a publication looks for files there.
///
/// # Errors
/// Those of the store and of the file system.
pub fn hidden(reader: &Reader, entity: &EntityId, dir: &DiskPath) -> Result<Vec<String>> {
    let Some(disks) = reader.disks() else { return Ok(Vec::new()) };
    let mut found = Tree::of_reader(reader, entity, &disks)?.list(&[dir.disk()])?.hidden;
    found.retain(|path| dir.holds_name(path));
    let doc = document(entity, dir.disk());
    if let Some(view) = reader.view(&doc)? {
        let directory = Directory::of(&view, &doc);
        found.retain(|path| match DiskPath::parse(path) {
            Ok(hidden) => !directory.owners().any(|place| hidden.holds(&place.path)),
            Err(_) => true,
        });
    }
    Ok(found)
}

/// The paths at which something was changed in the directories of an entity and not taken in: new
/// files, missing ones, and others with a different content, or that may be run though they should not,
/// or the reverse; not those in whose place something else is. Files too long to be texts are not read; they
/// count if their length differs.
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
        let mut known: BTreeMap<DiskPath, Vec<KnownState>> = BTreeMap::new();
        for base in state.written_files(&doc)? {
            let Ok(path) = DiskPath::parse(&base.path) else { continue };
            let state = KnownState { blake3: base.blake3, executable: base.executable };
            known.entry(path).or_default().push(state);
        }
        let written: Vec<DiskPath> = known.keys().cloned().collect();
        let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
        if let Some(view) = reader.view(&doc)? {
            for file in read_all(&view) {
                let wanted = file.content.stored();
                if let (Some(path), Some(wanted), false) = (file.place(), &wanted, file.deleted) {
                    let (blake3, executable) = (wanted.blake3.clone(), file.executable);
                    known.entry(path).or_default().push(KnownState { blake3, executable });
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

/// A state that a file was written in, or should have.
struct KnownState {
    blake3: String,
    executable: bool,
}

impl KnownState {
    /// Whether a file that may or may not be run, if the system says so, can be in this state.
    fn allows(&self, executable: Option<bool>) -> bool {
        executable.is_none_or(|now| now == self.executable)
    }
}

/// Whether a file is in one of these states. True if it cannot be opened.
fn is_one_of(
    tree: &Tree,
    path: &DiskPath,
    states: &[KnownState],
    sizes: &BTreeMap<String, u64>,
) -> Result<bool> {
    let Ok(Some(file)) = tree.open_file(path) else { return Ok(true) };
    let Ok(meta) = file.metadata() else { return Ok(true) };
    let (length, executable) = (meta.len(), is_executable(&meta));
    let mut allowed = states.iter().filter(|one| one.allows(executable));
    if length > limits::DISK_TEXT_BYTES as u64 {
        return Ok(allowed.any(|one| sizes.get(&one.blake3).is_none_or(|size| *size == length)));
    }
    let lies = tree.held(path)?;
    Ok(lies.is_none_or(|held| allowed.any(|one| one.blake3 == held.stored.blake3)))
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
        let may_run =
            |held: &Held, expected: bool| held.executable.is_none_or(|now| now == expected);
        let is_wanted = held.as_ref().is_some_and(|held| {
            wanted.as_ref() == Some(&held.stored) && may_run(held, file.executable)
        });
        if let Some(held) = held.as_ref().filter(|_| !is_wanted) {
            let was_executable = base.is_some_and(|base| base.executable);
            if !is_written(&held.stored.blake3) || !may_run(held, was_executable) {
                return Ok((DiskState::Changed, Next::ScanDisks.and(" takes it in")));
            }
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
        Ok((if is_wanted { DiskState::Current } else { DiskState::Behind }, "".into()))
    }
}

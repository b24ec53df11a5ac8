//! Making the files match the document.

use super::application;
use super::objects::Objects;
use super::tree::{Held, Tree};
use super::working_copy::WrittenContents;
use crate::concern::disk::content::TextFile;
use crate::concern::disk::{
    Directory, DiskContent, DiskFile, DiskPath, FilePlace, SPEC, documents, read,
};
use crate::error::{Error, Hint, Kind, Next, Result};
use crate::id::{DocId, EntityId};
use crate::store::{BegunFile, DiskBase, Session};
use std::collections::{BTreeMap, BTreeSet};

/// How many files are synced together.
const AT_ONCE: usize = 1_000;

/// What was written and removed.
#[derive(Debug, Default)]
pub struct Settled {
    /// The paths of files that were written.
    pub written: Vec<DiskPath>,
    /// The paths of files that were removed.
    pub removed: Vec<DiskPath>,
    /// The ids of files that the file system refused.
    pub failed: Vec<String>,
    /// Warnings, and what was not done.
    pub notes: Vec<Hint>,
}

impl Settled {
    /// Adds another result.
    pub(super) fn take(&mut self, other: Settled) {
        self.written.extend(other.written);
        self.removed.extend(other.removed);
        self.failed.extend(other.failed);
        self.notes.extend(other.notes);
    }
}

/// Makes the files of an entity match its document. Files that somebody changed are left alone. The
/// session must contain no other change, and must be committed.
///
/// # Errors
/// Those of the store and of the file system; files written by then stay.
pub fn settle(session: &mut Session, entity: &EntityId) -> Result<Settled> {
    let mut settled = Settled::default();
    for (doc, _) in documents(entity) {
        settled.take(settle_document(session, entity, doc)?);
    }
    Ok(settled)
}

fn settle_document(session: &mut Session, entity: &EntityId, doc: DocId) -> Result<Settled> {
    if session.dry_run() || session.view(&doc)?.is_none() {
        return Ok(Settled::default());
    }
    let disks = session.disks();
    let written = session.state().written_files(&doc)?;
    let owners = Directory::with(session, &doc, |_, directory| {
        Ok(directory.owners().cloned().collect::<Vec<FilePlace>>())
    })?;
    let mut maker = Maker {
        tree: Tree::of_session(session, entity)?,
        objects: Objects::open(&disks)?,
        written: BTreeMap::new(),
        at: BTreeMap::new(),
        was_at: WrittenContents::of(&written),
        lying: lying_elsewhere(session, entity, &doc)?,
        begun: Vec::new(),
        begun_at: BTreeMap::new(),
        blocked: Vec::new(),
        done: Settled::default(),
        doc,
        session,
    };
    written.into_iter().for_each(|written| maker.know(written));
    if !owners.is_empty() {
        maker.claim(entity)?;
    }
    maker.go_on(&owners)?;
    owners.chunks(AT_ONCE).try_for_each(|places| maker.make_all(places))?;
    maker.clear(&owners)?;
    maker.try_again()?;
    maker.drop_begun()?;
    let Maker { done, tree, .. } = maker;
    if !done.written.is_empty() || !done.removed.is_empty() {
        application::keep_up(&disks, entity, &tree, [&done.written, &done.removed])?;
    }
    Ok(done)
}

/// The paths at which contents of files on other disks were written, by their hashes: a file may have
/// come from there.
fn lying_elsewhere(
    session: &Session,
    entity: &EntityId,
    doc: &DocId,
) -> Result<BTreeMap<String, String>> {
    let mut lying = BTreeMap::new();
    for (other, _) in documents(entity) {
        if other != *doc {
            let written = session.state().written_contents(&other)?;
            lying.extend(written.into_iter().map(|(path, blake3)| (blake3, path)));
        }
    }
    Ok(lying)
}

/// A file that was written.
struct MadeFile {
    path: DiskPath,
    /// What is there now.
    base: DiskBase,
    /// Where it was before, if at another path.
    left: Option<DiskBase>,
    /// Whether it must still be renamed to its final name.
    staged: bool,
}

struct Maker<'s> {
    session: &'s mut Session,
    doc: DocId,
    tree: Tree,
    objects: Objects,
    /// What was last written, by file id.
    written: BTreeMap<String, DiskBase>,
    /// The same by path: the ids of the files written there.
    at: BTreeMap<String, BTreeSet<String>>,
    /// What was written before: it may be replaced, whichever file has left its path meanwhile.
    was_at: WrittenContents,
    /// Where a content was written, by its hash.
    lying: BTreeMap<String, String>,
    /// What an interrupted command was to write where nothing belongs now.
    begun: Vec<(DiskPath, BegunFile)>,
    /// What an interrupted command was to write where files belong: by path, the hash.
    begun_at: BTreeMap<String, String>,
    /// The files that could not be written, and why.
    blocked: Vec<(FilePlace, Error)>,
    done: Settled,
}

impl Maker<'_> {
    /// Claims a directory for the entity, permanently. Entities of several types can have one id.
    fn claim(&mut self, entity: &EntityId) -> Result<()> {
        let state = self.session.state();
        let name = self.tree.name();
        // One directory for all its disks.
        let doc = entity.document(SPEC.name);
        if state.disk_directory(&doc)?.is_none() {
            state.claim_disk_directory(&doc, name)?;
            if name != entity.id() {
                let said = format!(
                    "the files of {entity} are in entities/{name}: another entity has that id, \
                     and its files are in entities/{}",
                    entity.id()
                );
                self.done.notes.push(said.into());
            }
        }
        self.tree.create(&self.session.disks())
    }

    fn file(&mut self, id: &str) -> Result<Option<DiskFile>> {
        Ok(self.session.read(&self.doc, |source| read(source, id))?.flatten())
    }

    fn know(&mut self, written: DiskBase) {
        self.forget(&written.file);
        self.at.entry(written.path.clone()).or_default().insert(written.file.clone());
        self.lying.insert(written.blake3.clone(), written.path.clone());
        self.written.insert(written.file.clone(), written);
    }

    fn forget(&mut self, file: &str) {
        if let Some(old) = self.written.remove(file)
            && let Some(files) = self.at.get_mut(&old.path)
        {
            files.remove(file);
        }
    }

    /// Finds what an interrupted command wrote where it does not belong now: the file may have left its
    /// proper path for that, and is then written again.
    fn go_on(&mut self, owners: &[FilePlace]) -> Result<()> {
        let begun = self.session.state().begun_files(&self.doc)?;
        if begun.is_empty() {
            return Ok(());
        }
        let wanted: BTreeSet<&DiskPath> = owners.iter().map(|place| &place.path).collect();
        let places: BTreeMap<&str, &FilePlace> =
            owners.iter().map(|place| (place.id.as_str(), place)).collect();
        for begun in begun {
            let Ok(path) = DiskPath::parse(&begun.path) else { continue };
            if wanted.contains(&path) {
                self.begun_at.insert(begun.path, begun.blake3);
                continue;
            }
            if let Some(place) = places.get(begun.file.as_str())
                && self.made(&path, &begun).is_some()
                && matches!(self.tree.held(&place.path), Ok(None))
            {
                self.forget(&begun.file);
                self.lying.insert(begun.blake3.clone(), begun.path.clone());
            }
            self.begun.push((path, begun));
        }
        Ok(())
    }

    /// The file at a path, if it is what was to be written there. A file that cannot be read is
    /// somebody else's.
    fn made(&self, path: &DiskPath, begun: &BegunFile) -> Option<Held> {
        let held = self.tree.held(path).ok().flatten();
        held.filter(|held| held.stored.blake3 == begun.blake3)
    }

    /// Removes what [`Maker::go_on`] found, and forgets the records of what is now done.
    fn drop_begun(&mut self) -> Result<()> {
        let removed = self.done.removed.len();
        for (path, begun) in std::mem::take(&mut self.begun) {
            if let Some(held) = self.made(&path, &begun) {
                // Binary content may exist nowhere else.
                let text = held.bytes.as_deref().and_then(TextFile::of).map(|text| text.text);
                let (file, blake3) = (begun.file, begun.blake3);
                let path = begun.path.clone();
                let base = DiskBase { file, path, blake3, text, executable: false };
                if let Err(e) = self.leave(&base) {
                    self.done.notes.push(format!("{} is not removed: {e:#}", begun.path).into());
                    continue;
                }
            }
            self.session.state().forget_begun_file(&self.doc, &begun.path)?;
        }
        self.wait_for_removed(removed)?;
        for begun in self.session.state().begun_files(&self.doc)? {
            if self.at.get(&begun.path).is_some_and(|files| !files.is_empty()) {
                self.session.state().forget_begun_file(&self.doc, &begun.path)?;
            }
        }
        Ok(())
    }

    /// Writes several files, if needed and without loss.
    fn make_all(&mut self, places: &[FilePlace]) -> Result<()> {
        let mut staged = Vec::new();
        let made = self.make_staged(places, &mut staged);
        if made.is_err() {
            staged.iter().for_each(|made| self.tree.unstage(&made.path));
        }
        made
    }

    fn make_staged(&mut self, places: &[FilePlace], staged: &mut Vec<MadeFile>) -> Result<()> {
        let mut there = Vec::new();
        for place in places {
            match self.make(place)? {
                Some(made) if made.staged => staged.push(made),
                Some(made) => there.push(made),
                None => {}
            }
        }
        let paths: Vec<&DiskPath> = staged.iter().map(|made| &made.path).collect();
        self.tree.wait_for_staged(&paths)?;
        // A file that cannot be renamed does not prevent the others.
        let mut failed = Vec::new();
        staged.retain(|made| match self.tree.give_name(&made.path) {
            Ok(()) => true,
            Err(e) => {
                self.tree.unstage(&made.path);
                let (id, path) = (made.base.file.clone(), made.path.clone());
                failed.push((FilePlace { id, path, since: 0 }, e));
                false
            }
        });
        let unnamed: BTreeSet<&DiskPath> = failed.iter().map(|(place, _)| &place.path).collect();
        self.done.written.retain(|written| !unnamed.contains(written));
        failed.into_iter().for_each(|(place, e)| self.failed(place, e));
        let mut named: BTreeSet<DiskPath> = staged.iter().map(|made| made.path.clone()).collect();
        named.extend(there.iter().map(|made| made.path.clone()));
        // Each new place is recorded before any old one is cleared.
        staged.iter().try_for_each(|made| self.now_there(&made.base))?;
        let removed = self.done.removed.len();
        for made in staged.drain(..).chain(there) {
            if let Some(base) = made.left
                && let Err(e) = self.leave(&base)
            {
                self.done.notes.push(format!("{} is left here: {e:#}", base.path).into());
            }
        }
        named.extend(self.done.removed.iter().skip(removed).cloned());
        self.tree.wait_for_names(&named)
    }

    /// Records that a file could not be written. The others still are.
    fn failed(&mut self, place: FilePlace, e: Error) {
        self.blocked.push((place, e));
    }

    /// Tries again to write the failed files if something was removed from their way, and reports why
    /// the rest failed.
    fn try_again(&mut self) -> Result<()> {
        // A file can block itself: the directory it moves into may need the name the file has now.
        let in_its_way = |base: &&DiskBase, path: &DiskPath| {
            DiskPath::parse(&base.path).is_ok_and(|old| old != *path && old.holds(path))
        };
        let moved = self.blocked.iter().filter_map(|(place, _)| {
            self.written.get(&place.id).filter(|base| in_its_way(base, &place.path))
        });
        let moved: Vec<DiskBase> = moved.cloned().collect();
        let removed = self.done.removed.len();
        moved.iter().try_for_each(|base| self.leave(base))?;
        self.wait_for_removed(removed)?;
        if !self.done.removed.is_empty() {
            let again: Vec<FilePlace> =
                std::mem::take(&mut self.blocked).into_iter().map(|(place, _)| place).collect();
            again.chunks(AT_ONCE).try_for_each(|places| self.make_all(places))?;
        }
        for (FilePlace { id, path, .. }, e) in std::mem::take(&mut self.blocked) {
            self.done.notes.push(format!("{path} is not written: {e:#}").into());
            // Something else in a file's place is for its owner to resolve.
            self.done.failed.extend((e.kind == Kind::Io).then_some(id));
        }
        Ok(())
    }

    /// Records that a file is where it belongs.
    fn now_there(&mut self, written: &DiskBase) -> Result<()> {
        self.session.state().put_written_file(&self.doc, written)?;
        self.know(written.clone());
        Ok(())
    }

    /// Writes one file, except for its final name; `None` if nothing needs doing.
    fn make(&mut self, place: &FilePlace) -> Result<Option<MadeFile>> {
        let Some(file) = self.file(&place.id)? else { return Ok(None) };
        let Some(wanted) = file.content.stored() else { return Ok(None) };
        let base = self.written.get(&place.id).cloned();
        let path = &place.path;
        let is_done = base.as_ref().is_some_and(|base| {
            base.path == path.as_str()
                && base.blake3 == wanted.blake3
                && base.executable == file.executable
        });
        if is_done {
            return Ok(None);
        }
        let held = match self.tree.held(path) {
            Ok(held) => held,
            // Nothing is lost with an empty directory.
            Err(_) if self.tree.remove_empty_dir(path) => None,
            Err(e) => {
                self.failed(place.clone(), e);
                return Ok(None);
            }
        };
        let is_ours = |held: &Held| {
            // Or it is that of a file that was here before this one.
            held.stored == wanted
                || self.was_at.holds(path, &held.stored.blake3)
                || self.begun_at.get(path.as_str()) == Some(&held.stored.blake3)
        };
        if held.as_ref().is_some_and(|held| !is_ours(held)) {
            let said = format!("{path} is not overwritten: it was changed here; ");
            let scan = Hint::from(said).next(Next::ScanDisks).and(" takes that in");
            self.done.notes.push(scan);
            return Ok(None);
        }
        let same = held.as_ref().is_some_and(|held| {
            held.stored == wanted && held.executable.is_none_or(|is| is == file.executable)
        });
        let staged = match same {
            true => false,
            false => match self.write(path, &file, held.as_ref()) {
                Ok(Some(staged)) => staged,
                Ok(None) => return Ok(None),
                Err(e) => {
                    self.failed(place.clone(), e);
                    return Ok(None);
                }
            },
        };
        let text = match &file.content {
            DiskContent::Text(text) => Some(text.text.clone()),
            DiskContent::Binary(_) => None,
        };
        let written = DiskBase {
            file: place.id.clone(),
            path: path.to_string(),
            blake3: wanted.blake3,
            text,
            executable: file.executable,
        };
        if held.is_none() && base.as_ref().is_some_and(|base| base.path == written.path) {
            let said = format!("{path} was removed here, and is back because it was changed; ");
            let entity = self.doc.entity().map_or_else(String::new, |entity| entity.to_string());
            let remove = Next::RemoveFile { path: path.to_string(), entity };
            let remove = Hint::from(said).next(remove);
            self.done.notes.push(remove.and(" removes it for everybody"));
        }
        let left = base.filter(|base| base.path != written.path);
        if !staged {
            self.now_there(&written)?;
        }
        Ok(Some(MadeFile { path: path.clone(), base: written, left, staged }))
    }

    /// Writes the content of a file. Returns whether it must still be renamed to its final name; `None`
    /// if there is nothing to write.
    fn write(
        &mut self,
        path: &DiskPath,
        file: &DiskFile,
        held: Option<&Held>,
    ) -> Result<Option<bool>> {
        let executable = file.executable;
        let staged = match &file.content {
            DiskContent::Text(text) => {
                // Binary content being replaced can be a version, or another file's.
                let is_no_text =
                    |old: &&Held| old.bytes.as_deref().and_then(TextFile::of).is_none();
                if let Some(old) = held.filter(is_no_text) {
                    self.keep(path, old)?;
                }
                self.tree.stage(path, &mut text.bytes().as_slice(), executable)?;
                true
            }
            DiskContent::Binary(None) => return Ok(None),
            DiskContent::Binary(Some(wanted)) => {
                if let Some(old) = held.filter(|held| held.stored != *wanted) {
                    self.keep(path, old)?;
                }
                if !self.place_content(path, &wanted.blake3, executable)? {
                    let said = format!(
                        "{path} is not written: its content ({} bytes) is not here yet",
                        wanted.size_bytes
                    );
                    self.done.notes.push(said.into());
                    return Ok(None);
                }
                false
            }
        };
        self.done.written.push(path.clone());
        Ok(Some(staged))
    }

    /// Keeps what a file holds that is to be replaced.
    fn keep(&mut self, path: &DiskPath, old: &Held) -> Result<()> {
        let unique = self.session.environment().machine.ids.uuid()?;
        self.objects.keep(&self.tree, path, &old.stored.blake3, &unique)
    }

    /// Writes a content to a path, from wherever it is. Returns false if it is nowhere.
    fn place_content(&mut self, path: &DiskPath, blake3: &str, executable: bool) -> Result<bool> {
        if let Some(mut file) = self.objects.read(blake3)? {
            let hash = super::objects::hash(&mut file)?;
            if hash == blake3 {
                self.objects.put(&self.tree, path, blake3, executable)?;
                return Ok(true);
            }
            // Something wrote into it: it no longer matches its hash.
            self.objects.remove(blake3)?;
        }
        let from = self.lying.get(blake3).and_then(|path| DiskPath::parse(path).ok());
        if let Some(from) = from {
            let is_it = self.tree.held(&from)?.is_some_and(|held| held.stored.blake3 == blake3);
            if let (true, Some(mut file)) = (is_it, self.tree.open_file(&from)?) {
                self.tree.stage(path, &mut file, executable)?;
                self.tree.wait_for_staged(&[path])?;
                self.tree.give_name(path)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Removes what is left of files that are deleted or have lost their paths.
    fn clear(&mut self, owners: &[FilePlace]) -> Result<()> {
        let written: Vec<DiskBase> = self.written.values().cloned().collect();
        let owners: BTreeSet<&str> = owners.iter().map(|owner| owner.id.as_str()).collect();
        let removed = self.done.removed.len();
        for base in written {
            if !owners.contains(base.file.as_str()) {
                // The next command tries again.
                if let Err(e) = self.leave(&base) {
                    self.done.notes.push(format!("{} is not removed: {e:#}", base.path).into());
                    continue;
                }
                self.session.state().forget_written_file(&self.doc, &base.file)?;
                self.forget(&base.file);
            }
        }
        self.wait_for_removed(removed)
    }

    /// Syncs the directories of the files removed after the first `before`.
    fn wait_for_removed(&self, before: usize) -> Result<()> {
        let removed = self.done.removed.iter().skip(before).cloned().collect();
        self.tree.wait_for_names(&removed)
    }

    /// Removes a file from its old path, unless another file is there now or it was changed.
    fn leave(&mut self, base: &DiskBase) -> Result<()> {
        let Ok(path) = DiskPath::parse(&base.path) else { return Ok(()) };
        let is_anothers = |files: &BTreeSet<String>| files.iter().any(|f| *f != base.file);
        if self.at.get(&base.path).is_some_and(is_anothers) {
            return Ok(());
        }
        let Some(held) = self.tree.held(&path)? else { return Ok(()) };
        if held.stored.blake3 != base.blake3 {
            self.done.notes.push(format!("{path} is left here: it was changed").into());
            return Ok(());
        }
        match base.text {
            Some(_) => self.tree.remove(&path)?,
            None => {
                let unique = self.session.environment().machine.ids.uuid()?;
                self.objects.withdraw(&self.tree, &path, &base.blake3, &unique)?;
            }
        }
        self.done.removed.push(path);
        Ok(())
    }
}

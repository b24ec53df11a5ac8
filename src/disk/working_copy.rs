//! The working copy of a disk: its files in the directories.

use super::objects::Objects;
use super::scope::TakenIn;
use super::tree::{Held, Tree};
use crate::concern::disk::content::TextFile;
use crate::concern::disk::{DiskFile, DiskKind, DiskPath, FilePlace, MoveFile, Put, read};
use crate::crdt::source::Source;
use crate::error::{Kind, Result};
use crate::id::{DocId, EntityId};
use crate::operation::{Operation, Together};
use crate::store::{BegunFile, DiskBase, Session};
use std::collections::{BTreeMap, BTreeSet};

/// The files of one document of an entity, as they are in the directories and as they were last
/// written, with the operations that bring changes into the document.
pub(super) struct WorkingCopy<'s> {
    pub session: &'s mut Session,
    pub entity: &'s EntityId,
    pub doc: DocId,
    pub tree: Tree,
    pub objects: Objects,
    /// What was last written, by file id.
    pub written: BTreeMap<String, DiskBase>,
    pub written_at: WrittenContents,
    /// What was read of files too long for a text, so that they are read once.
    long: BTreeMap<DiskPath, Held>,
    /// What interrupted commands were to write, by path.
    pub begun: BTreeMap<DiskPath, BegunFile>,
    /// Paths of what could not be read, and why. These files are not missing.
    pub unreadable: BTreeMap<DiskPath, String>,
    /// Whether all files are looked at. If not, each move is reported in a note.
    is_all: bool,
    pub taken: TakenIn,
    /// Runs the operations.
    pub together: Together,
}

/// The paths and content hashes of what was last written, whichever file it was for.
#[derive(Default)]
pub(super) struct WrittenContents(BTreeSet<(String, String)>);

impl WrittenContents {
    pub fn of(written: &[DiskBase]) -> WrittenContents {
        WrittenContents(
            written.iter().map(|base| (base.path.clone(), base.blake3.clone())).collect(),
        )
    }

    /// Whether this content was last written at a path.
    pub fn holds(&self, path: &DiskPath, blake3: &str) -> bool {
        self.0.contains(&(path.to_string(), blake3.to_owned()))
    }
}

impl<'s> WorkingCopy<'s> {
    /// # Errors
    /// Those of the store and of the file system.
    pub fn of(
        session: &'s mut Session,
        entity: &'s EntityId,
        doc: DocId,
        is_all: bool,
        taken: TakenIn,
    ) -> Result<WorkingCopy<'s>> {
        let written = session.state().written_files(&doc)?;
        let begun = session.state().begun_files(&doc)?.into_iter();
        Ok(WorkingCopy {
            tree: Tree::of_session(session, entity)?,
            objects: Objects::open(&session.disks())?,
            written_at: WrittenContents::of(&written),
            long: BTreeMap::new(),
            written: written.into_iter().map(|base| (base.file.clone(), base)).collect(),
            begun: begun.filter_map(|b| Some((DiskPath::parse(&b.path).ok()?, b))).collect(),
            unreadable: BTreeMap::new(),
            is_all,
            taken,
            together: Together::default(),
            session,
            entity,
            doc,
        })
    }

    /// The content of a file. One that cannot be read becomes a note.
    pub fn held(&mut self, path: &DiskPath) -> Result<Option<Held>> {
        self.look(path).or_else(|e| {
            self.unreadable.insert(path.clone(), format!("{e:#}"));
            Ok(None)
        })
    }

    /// The content of a file.
    ///
    /// # Errors
    /// As [`Tree::held`].
    pub fn look(&mut self, path: &DiskPath) -> Result<Option<Held>> {
        if let Some(held) = self.long.get(path) {
            return Ok(Some(held.clone()));
        }
        let held = self.tree.held(path)?;
        if let Some(long) = held.as_ref().filter(|held| held.bytes.is_none()) {
            self.long.insert(path.clone(), long.clone());
        }
        Ok(held)
    }

    pub fn file(&mut self, id: &str) -> Result<Option<DiskFile>> {
        Ok(self.session.read(&self.doc, |source: &dyn Source| read(source, id))?.flatten())
    }

    /// Whether an interrupted command was to write this at a path.
    pub fn is_begun(&self, path: &DiskPath, blake3: &str) -> bool {
        self.begun.get(path).is_some_and(|begun| begun.blake3 == blake3)
    }

    /// Files that were last written at their current paths, by content hash. Files that a command was
    /// about to move are not included.
    pub fn by_hash<'p>(
        &self,
        places: impl Iterator<Item = &'p FilePlace>,
    ) -> BTreeMap<String, Vec<FilePlace>> {
        let begun: BTreeSet<&str> = self.begun.values().map(|begun| begun.file.as_str()).collect();
        let mut by_hash: BTreeMap<String, Vec<FilePlace>> = BTreeMap::new();
        for place in places.filter(|place| !begun.contains(place.id.as_str())) {
            if let Some(base) = self.written.get(&place.id)
                && base.path == place.path.as_str()
            {
                by_hash.entry(base.blake3.clone()).or_default().push(place.clone());
            }
        }
        by_hash
    }

    /// These paths, and those of the files whose content is at one of them, so that it shows whether
    /// files moved or changed places.
    pub fn widened(
        &mut self,
        asked: &BTreeSet<DiskPath>,
        kinds: &[DiskKind],
    ) -> Result<BTreeSet<DiskPath>> {
        let mut written: BTreeMap<String, Vec<DiskPath>> = BTreeMap::new();
        for base in self.written.values() {
            let path = DiskPath::parse(&base.path).ok();
            written.entry(base.blake3.clone()).or_default().extend(path);
        }
        let mut all = asked.clone();
        let ours = asked.iter().filter(|path| kinds.contains(&path.disk()));
        let mut open: Vec<DiskPath> = ours.cloned().collect();
        while let Some(path) = open.pop() {
            let Some(held) = self.held(&path)? else { continue };
            // Each content leads to its files once.
            let files = written.remove(&held.stored.blake3).unwrap_or_default();
            open.extend(files.into_iter().filter(|file| all.insert(file.clone())));
        }
        Ok(all)
    }

    /// Moves a file to where its content is now, `beside` a file that has the path and is about to
    /// leave it. Returns false if the rules refuse that.
    pub fn follow(
        &mut self,
        from: &FilePlace,
        path: &DiskPath,
        held: &Held,
        beside: bool,
    ) -> Result<bool> {
        let file = from.id.clone();
        let moved = MoveFile { entity: self.entity.clone(), file, to: path.clone(), beside };
        let Some(id) = self.operate(path, Operation::DiskMove(moved))? else { return Ok(false) };
        self.take_in_mode(&id, path, held)?;
        self.note(&id, path, held)?;
        if !self.is_all {
            self.taken.notes.push(format!("{} was moved to {path}", from.path).into());
        }
        self.taken.moved.push((from.path.to_string(), path.to_string()));
        Ok(true)
    }

    /// Takes in whether a file that moved may be run now, unless its content was changed elsewhere.
    fn take_in_mode(&mut self, id: &str, path: &DiskPath, held: &Held) -> Result<()> {
        let is_changed = |file: DiskFile| {
            file.content.stored().as_ref() == Some(&held.stored)
                && held.executable.is_some_and(|now| now != file.executable)
        };
        if self.file(id)?.is_some_and(is_changed) {
            let base = self.written.get(id).cloned();
            let put = self.put(path, held, base.as_ref(), false)?;
            self.operate(path, Operation::DiskPut(put))?;
        }
        Ok(())
    }

    /// The operation that puts the content of a file.
    pub fn put(
        &mut self,
        path: &DiskPath,
        held: &Held,
        base: Option<&DiskBase>,
        beside: bool,
    ) -> Result<Put> {
        let entity = self.entity.clone();
        let put = match held.bytes.as_deref().and_then(TextFile::of) {
            Some(text) => Put {
                base: base.and_then(|base| base.text.clone()),
                ..Put::text(entity, path.clone(), text)
            },
            None => {
                let stored = match (self.session.dry_run(), self.tree.open_file(path)?) {
                    (false, Some(mut file)) => {
                        let unique = self.session.environment().machine.ids.uuid()?;
                        self.objects.take(&mut file, &unique)?
                    }
                    _ => held.stored.clone(),
                };
                Put::bytes(entity, path.clone(), stored)
            }
        };
        let base_blake3 = base.map(|base| base.blake3.clone());
        Ok(Put { executable: held.executable, base_blake3, beside, ..put })
    }

    /// Runs an operation and returns the id of its file. If the rules refuse it, that becomes a note,
    /// and the file stays as it is.
    pub fn operate(&mut self, path: &DiskPath, operation: Operation) -> Result<Option<String>> {
        match self.together.run(self.session, operation) {
            Ok(outcome) => Ok(outcome.id),
            Err(e) if self.together.left_nothing(self.session) && is_about_the_file(e.kind) => {
                self.taken
                    .notes
                    .push(format!("{path} was changed here and is not taken in: {e:#}").into());
                Ok(None)
            }
            Err(e) => Err(e),
        }
    }

    /// Records this as what is there now.
    pub fn note(&mut self, id: &str, path: &DiskPath, held: &Held) -> Result<()> {
        let written = DiskBase {
            file: id.to_owned(),
            path: path.to_string(),
            blake3: held.stored.blake3.clone(),
            text: held.bytes.as_deref().and_then(TextFile::of).map(|file| file.text),
            executable: held.executable.unwrap_or(false),
        };
        self.session.state().put_written_file(&self.doc, &written)
    }
}

fn is_about_the_file(kind: Kind) -> bool {
    matches!(kind, Kind::Refused | Kind::Usage | Kind::NotFound | Kind::Ambiguous)
}

//! The files of a disk as they lie in the directories.

use super::objects::Objects;
use super::scope::TakenIn;
use super::tree::{Held, Tree};
use crate::concern::disk::content::TextFile;
use crate::concern::disk::{DiskFile, DiskPath, FilePlace, MoveFile, Put, read};
use crate::crdt::source::Source;
use crate::error::{Kind, Result};
use crate::id::{DocId, EntityId};
use crate::operation::{Operation, Together};
use crate::store::{BegunFile, DiskBase, Session};
use std::collections::BTreeMap;

/// The files of one document of an entity, as they lie in the directories and as they were last written, and
/// the operations that make the document hold what lies there.
pub(super) struct WorkingCopy<'s> {
    pub session: &'s mut Session,
    pub entity: &'s EntityId,
    pub doc: DocId,
    pub tree: Tree,
    pub objects: Objects,
    /// What was last written, by the ids of the files.
    pub written: BTreeMap<String, DiskBase>,
    /// What commands that did not come to their end were to make, by path.
    pub begun: BTreeMap<DiskPath, BegunFile>,
    /// Where something is that could not be read, and why. It is not missing.
    pub unreadable: BTreeMap<DiskPath, String>,
    /// Whether all files are looked at. Where some are, it is said which of them were moved.
    is_all: bool,
    pub taken: TakenIn,
    /// What runs the operations.
    pub together: Together,
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
        let written = session.state().written_files(&doc)?.into_iter();
        let begun = session.state().begun_files(&doc)?.into_iter();
        Ok(WorkingCopy {
            tree: Tree::of_session(session, entity)?,
            objects: Objects::open(&session.disks())?,
            written: written.map(|written| (written.file.clone(), written)).collect(),
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

    /// What a file holds. One that cannot be read is a note.
    pub fn held(&mut self, path: &DiskPath) -> Result<Option<Held>> {
        self.tree.held(path).or_else(|e| {
            self.unreadable.insert(path.clone(), format!("{e:#}"));
            Ok(None)
        })
    }

    pub fn file(&mut self, id: &str) -> Result<Option<DiskFile>> {
        Ok(self.session.read(&self.doc, |source: &dyn Source| read(source, id))?.flatten())
    }

    /// Whether a command that did not come to its end was to make this at a path.
    pub fn is_begun(&self, path: &DiskPath, blake3: &str) -> bool {
        self.begun.get(path).is_some_and(|begun| begun.blake3 == blake3)
    }

    /// Moves a file to where what it held lies now, `beside` the file that has the path and is about to leave
    /// it; false where the rules refuse that.
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
        self.note(&id, path, held)?;
        if !self.is_all {
            self.taken.notes.push(format!("{} was moved to {path}", from.path).into());
        }
        self.taken.moved.push((from.path.to_string(), path.to_string()));
        Ok(true)
    }

    /// The operation that puts what a file holds.
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

    /// Runs an operation; the id of its file. What the rules refuse is a note, and the file stays as
    /// it is.
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

    /// Notes that this is what lies there now.
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

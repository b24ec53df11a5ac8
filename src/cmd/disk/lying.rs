//! Reads files as they are in their directories, whether the store has that content or not.

use crate::cmd::files;
use crate::concern::disk::content::TextFile;
use crate::concern::disk::{DiskContent, DiskFile, DiskPath};
use crate::disk::{Contents, Objects, Tree};
use crate::error::{Error, Kind, Next, Result};
use crate::id::{DocId, EntityId};
use crate::query::disk::file;
use crate::store::Reader;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

/// A file that is open for reading.
pub struct OpenedFile {
    pub path: String,
    pub content: Box<dyn Read>,
    pub is_text: bool,
    pub executable: bool,
}

impl OpenedFile {
    /// Writes its content as one of many files ([`files::write_one_of`]).
    pub fn write_one_of(&mut self, target: &Path) -> Result<()> {
        files::write_one_of(target, &mut self.content)?;
        match self.executable {
            true => files::make_executable(target),
            false => Ok(()),
        }
    }
}

/// Returns the file that a path or an id names, and its document.
pub fn known(reader: &Reader, entity: &EntityId, named: &str) -> Result<(DocId, DiskFile)> {
    file(reader, entity, named).map_err(|e| not_taken_in(reader, entity, named, e))
}

/// Returns the error for a file that is not in the store: the given one, unless the file is in its directory.
pub fn not_taken_in(reader: &Reader, entity: &EntityId, named: &str, error: Error) -> Error {
    match unscanned(reader, entity, named) {
        Ok(Some(found)) if error.kind == Kind::NotFound => {
            Error::not_found(format!("{} is not taken in yet", found.path))
                .hint(Next::ScanDisks.and(" takes in the files in the directories"))
        }
        _ => error,
    }
}

/// Opens a file in its directory, whether the store has it or not; `None` if there is no such file.
pub fn unscanned(reader: &Reader, entity: &EntityId, named: &str) -> Result<Option<OpenedFile>> {
    let (Ok(path), Some(disks)) = (DiskPath::parse(named), reader.disks()) else { return Ok(None) };
    let found = Tree::of_reader(reader, entity, &disks)?.open_held(&path)?;
    Ok(found.map(|(file, held)| OpenedFile {
        path: path.to_string(),
        content: Box::new(file),
        is_text: held.bytes.as_deref().and_then(TextFile::of).is_some(),
        executable: held.executable.unwrap_or(false),
    }))
}

/// The contents of a document's files: from the directory where a file was changed there, otherwise as the
/// store has it.
pub struct Lying<'r> {
    reader: &'r Reader,
    disks: Option<PathBuf>,
    tree: Option<Tree>,
    /// What was last written, by file id: a path, and the hash of the content.
    written: BTreeMap<String, (String, String)>,
}

impl Lying<'_> {
    pub fn of<'r>(reader: &'r Reader, entity: &EntityId, doc: &DocId) -> Result<Lying<'r>> {
        let disks = reader.disks();
        let written = match reader.state() {
            Some(state) => state.written_places(doc)?,
            None => Vec::new(),
        };
        let tree = disks.as_deref().map(|disks| Tree::of_reader(reader, entity, disks));
        let written = written.into_iter().collect();
        Ok(Lying { reader, tree: tree.transpose()?, disks, written })
    }

    /// Whether another program removed the file or moved it, which is not taken in yet. A file that
    /// was changed elsewhere since is to be written again, and a directory that is not there as a whole was
    /// left out of a copy.
    pub fn is_removed(&self, file: &DiskFile) -> Result<bool> {
        let (Some(tree), Some(path)) = (&self.tree, file.place()) else { return Ok(false) };
        let was_there = self.written.get(&file.id).is_some_and(|(at, blake3)| {
            let wanted = file.content.stored();
            at == path.as_str() && wanted.is_none_or(|wanted| wanted.blake3 == *blake3)
        });
        if !was_there || !tree.exists() {
            return Ok(false);
        }
        match tree.open_file(&path) {
            Err(_) if tree.is_gone(&path) => Ok(false),
            found => Ok(found?.is_none()),
        }
    }

    /// Whether the store has the content of a file, wherever the file is.
    pub fn has_content(&self, file: &DiskFile) -> Result<bool> {
        match &file.content {
            DiskContent::Text(_) => Ok(true),
            DiskContent::Binary(Some(wanted)) => {
                Contents::of(self.reader)?.has(&wanted.blake3, wanted.size_bytes)
            }
            DiskContent::Binary(None) => Ok(false),
        }
    }

    /// Opens a file as it is in its directory, or as the store has it if it was not written there yet.
    ///
    /// # Errors
    /// `NotFound` if another program removed it, or its content has not arrived.
    pub fn open(&self, file: &DiskFile) -> Result<OpenedFile> {
        if self.is_removed(file)? {
            return Err(self.removed(file)?);
        }
        let (Some(disks), Some(tree)) = (&self.disks, &self.tree) else {
            return Err(not_here(file));
        };
        let wanted = file.content.stored();
        if let Some(path) = file.place() {
            let written = self.written.get(&file.id);
            let is_newer = |blake3: &str| written.is_some_and(|(_, w)| w != blake3);
            let lying = match tree.open_held(&path) {
                // A directory has its path.
                Err(_) if tree.is_gone(&path) => None,
                lying => lying?,
            };
            if let Some((found, lies)) = lying
                && (wanted.as_ref() == Some(&lies.stored) || is_newer(&lies.stored.blake3))
            {
                return Ok(opened(file, Box::new(found), lies.executable));
            }
        }
        match (&file.content, wanted) {
            (DiskContent::Text(text), _) => {
                Ok(opened(file, Box::new(Cursor::new(text.bytes())), None))
            }
            (DiskContent::Binary(_), Some(wanted)) => {
                let found = Objects::open(disks)?.read(&wanted.blake3)?;
                let found = found.ok_or_else(|| not_here(file))?;
                Ok(opened(file, Box::new(found), None))
            }
            (DiskContent::Binary(_), None) => Err(not_here(file)),
        }
    }

    /// The error for a file that another program removed. The bytes of one that is not a text went with it,
    /// unless they are also somewhere else in the store.
    fn removed(&self, file: &DiskFile) -> Result<Error> {
        let back = match self.has_content(file)? {
            true => " brings it back",
            false => " brings it back once a bundle has its content",
        };
        let taken_in = Next::ScanDisks.and(" takes that in; ");
        let hint = taken_in.next(Next::RestoreFile(file.path.clone())).and(back);
        let what = format!("another program removed or moved {}", file.path);
        Ok(Error::not_found(what).hint(hint))
    }
}

fn opened(file: &DiskFile, content: Box<dyn Read>, executable: Option<bool>) -> OpenedFile {
    OpenedFile {
        path: file.path.clone(),
        content,
        is_text: matches!(file.content, DiskContent::Text(_)),
        executable: executable.unwrap_or(file.executable),
    }
}

fn not_here(file: &DiskFile) -> Error {
    Error::not_found(format!("the content of {} has not arrived yet", file.path))
        .hint(Next::Import.and(" adds it, if the bundle has it"))
}

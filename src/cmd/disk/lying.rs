//! Reads files as they are in their directories, whether the store has that content or not.

use crate::cmd::files;
use crate::concern::disk::content::TextFile;
use crate::concern::disk::{DiskContent, DiskFile, DiskPath};
use crate::disk::{Objects, Tree};
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
pub struct Lying {
    disks: Option<PathBuf>,
    tree: Option<Tree>,
    /// The hashes of what was last written, by file id.
    written: BTreeMap<String, String>,
}

impl Lying {
    pub fn of(reader: &Reader, entity: &EntityId, doc: &DocId) -> Result<Lying> {
        let disks = reader.disks();
        let written = match reader.state() {
            Some(state) => state.written_hashes(doc)?,
            None => Vec::new(),
        };
        let tree = disks.as_deref().map(|disks| Tree::of_reader(reader, entity, disks));
        Ok(Lying { tree: tree.transpose()?, disks, written: written.into_iter().collect() })
    }

    pub fn open(&self, file: &DiskFile) -> Result<OpenedFile> {
        let not_here = || {
            Error::not_found(format!("the content of {} has not arrived yet", file.path))
                .hint(Next::Import.and(" adds it, if the bundle has it"))
        };
        let is_text = matches!(file.content, DiskContent::Text(_));
        let opened = |content: Box<dyn Read>, executable: Option<bool>| OpenedFile {
            path: file.path.clone(),
            content,
            is_text,
            executable: executable.unwrap_or(file.executable),
        };
        let (Some(disks), Some(tree)) = (&self.disks, &self.tree) else { return Err(not_here()) };
        let wanted = file.content.stored();
        if let Some(path) = file.place() {
            let written = self.written.get(&file.id);
            let is_newer = |blake3: &str| written.is_some_and(|w| w != blake3);
            let lying = match tree.open_held(&path) {
                // A directory has its path.
                Err(_) if tree.is_gone(&path) => None,
                lying => lying?,
            };
            if let Some((found, lies)) = lying
                && (wanted.as_ref() == Some(&lies.stored) || is_newer(&lies.stored.blake3))
            {
                return Ok(opened(Box::new(found), lies.executable));
            }
        }
        match (&file.content, wanted) {
            (DiskContent::Text(text), _) => Ok(opened(Box::new(Cursor::new(text.bytes())), None)),
            (DiskContent::Binary(_), Some(wanted)) => {
                match Objects::open(disks)?.read(&wanted.blake3)? {
                    Some(found) => Ok(opened(Box::new(found), None)),
                    None => Err(not_here()),
                }
            }
            (DiskContent::Binary(_), None) => Err(not_here()),
        }
    }
}

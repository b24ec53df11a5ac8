//! What files hold as they lie in their directories, whether the store has that or not.

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

/// What is read of a file.
pub struct OpenedFile {
    pub path: String,
    pub content: Box<dyn Read>,
    pub is_text: bool,
    pub executable: bool,
}

impl OpenedFile {
    /// Writes it as one of many files ([`files::write_one_of`]).
    pub fn write_one_of(&mut self, target: &Path) -> Result<()> {
        files::write_one_of(target, &mut self.content)?;
        match self.executable {
            true => files::make_executable(target),
            false => Ok(()),
        }
    }
}

/// The file that a path or an id means, and its document.
pub fn known(reader: &Reader, entity: &EntityId, named: &str) -> Result<(DocId, DiskFile)> {
    file(reader, entity, named).map_err(|e| not_taken_in(reader, entity, named, e))
}

/// What to say of a file that is not in the store: the same, unless it lies in its directory.
pub fn not_taken_in(reader: &Reader, entity: &EntityId, named: &str, error: Error) -> Error {
    match unscanned(reader, entity, named) {
        Ok(Some(found)) if error.kind == Kind::NotFound => {
            Error::not_found(format!("{} is not taken in yet", found.path))
                .hint(Next::ScanDisks.and(" takes in what lies in the directories"))
        }
        _ => error,
    }
}

/// A file that lies in its directory, whether the store has it or not; None where nothing is there.
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

/// What the files of a document hold: as each lies in its directory, where somebody changed it there;
/// else as the store says.
pub struct Lying {
    disks: Option<PathBuf>,
    tree: Option<Tree>,
    /// What was last written, by the ids of the files.
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
            Error::not_found(format!("the content of {} is not here yet", file.path))
                .hint(Next::Import.and(" brings it, if the bundle has it"))
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
            if let Some((found, lies)) = tree.open_held(&path)?
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

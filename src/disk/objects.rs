//! Contents by their hashes, stored beside the disks: those to be written to a path, and former ones.

use super::tree::{self, Tree, failed};
use crate::concern::disk::path::OWN_PREFIX;
use crate::concern::disk::{DiskPath, FileHash};
use crate::error::{Error, Result};
use crate::id::hex;
use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, Metadata, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The BLAKE3 of the rest of a file, in hex.
///
/// # Errors
/// `Io`.
pub fn hash(file: &mut File) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file).map_err(|e| Error::io("could not read a content", e))?;
    Ok(hex(hasher.finalize().as_bytes()))
}

/// The directory of contents: `.crdtctl` beside the disks.
pub struct Objects {
    path: PathBuf,
    dir: Option<Dir>,
}

impl Objects {
    /// Opens the contents beside the disks. Creates nothing.
    ///
    /// # Errors
    /// `Refused` if a link is in the way; `Io`.
    pub fn open(disks: &Path) -> Result<Objects> {
        let path = disks.join(OWN_PREFIX);
        let dir = match Dir::open_ambient_dir(disks, ambient_authority()) {
            Ok(disks) => tree::open_below(&disks, OWN_PREFIX, &path)?,
            Err(e) if e.kind() == ErrorKind::NotFound => None,
            Err(e) => return Err(failed("open", disks, e)),
        };
        Ok(Objects { path, dir })
    }

    fn made(&mut self) -> Result<&Dir> {
        if self.dir.is_none() {
            let disks = self.path.parent().unwrap_or(Path::new("."));
            Dir::create_ambient_dir_all(disks, ambient_authority())
                .map_err(|e| failed("create", disks, e))?;
            let all = Dir::open_ambient_dir(disks, ambient_authority())
                .map_err(|e| failed("open", disks, e))?;
            self.dir = Some(tree::make_below(&all, OWN_PREFIX, &self.path)?);
        }
        self.dir.as_ref().ok_or_else(|| Error::bug("a directory was made and is not there"))
    }

    /// Stores a content of any length; when this returns, it is safely on the disk under its hash.
    ///
    /// # Errors
    /// `Io`; nothing of the content is left then.
    pub fn take(&mut self, bytes: &mut dyn Read, unique: &str) -> Result<FileHash> {
        let path = self.path.clone();
        let dir = self.made()?;
        let temporary = format!("{unique}.part");
        let stored = tree::fill(dir, &temporary, bytes, false)
            .and_then(|stored| dir.rename(&temporary, dir, &stored.blake3).map(|()| stored))
            .and_then(|stored| tree::sync(dir).map(|()| stored));
        stored.map_err(|e| {
            let _ = dir.remove_file(&temporary);
            failed("write", &path, e)
        })
    }

    /// Begins to receive a content piece by piece, or continues an interrupted one. Pieces already here
    /// are kept up to the first that `is_it`, given its number, rejects.
    ///
    /// # Errors
    /// `Io`.
    pub fn resume(
        &mut self,
        blake3: &str,
        piece: usize,
        bytes: u64,
        is_it: impl Fn(u64, &[u8]) -> bool,
    ) -> Result<PartialContent> {
        let path = self.path.clone();
        let writing = |e| failed("write", &path, e);
        let dir = self.made()?;
        let name = format!("{blake3}.part");
        let mut how = OpenOptions::new();
        how.read(true).write(true).create(true).follow(FollowSymlinks::No);
        let mut file = dir.open_with(&name, &how).map_err(writing)?;
        let (mut length, mut number) = (0u64, 0u64);
        let mut buffer = Vec::with_capacity(piece);
        while length < bytes {
            buffer.clear();
            (&mut file).take(piece as u64).read_to_end(&mut buffer).map_err(writing)?;
            if buffer.is_empty() || !is_it(number, &buffer) {
                break;
            }
            length = length.saturating_add(buffer.len() as u64);
            number = number.saturating_add(1);
        }
        file.set_len(length).map_err(writing)?;
        file.seek(SeekFrom::Start(length)).map_err(writing)?;
        Ok(PartialContent { blake3: blake3.to_owned(), place: self.path.clone(), file, length })
    }

    /// Gives a content received in pieces its name; when this returns, it is safely on the disk. The
    /// hashes of the pieces must have been checked.
    ///
    /// # Errors
    /// `Io`.
    pub fn finish(&mut self, part: PartialContent) -> Result<()> {
        let path = self.path.clone();
        let dir = self.made()?;
        let named = part.file.sync_all().and_then(|()| {
            dir.rename(format!("{}.part", part.blake3), dir, &part.blake3)?;
            tree::sync(dir)
        });
        named.map_err(|e| failed("write", &path, e))
    }

    /// Keeps the content of a file that stays in its place for now: as a copy, so that nothing that is written
    /// into the file changes what is kept.
    ///
    /// # Errors
    /// `Refused` if the file has another content by now; `Io`.
    pub(super) fn keep(
        &mut self,
        tree: &Tree,
        path: &DiskPath,
        blake3: &str,
        unique: &str,
    ) -> Result<()> {
        if self.is_kept(blake3)? {
            return Ok(());
        }
        let kept = match tree.open_file(path)? {
            Some(mut file) => self.take(&mut file, unique)?.blake3 == blake3,
            None => false,
        };
        match kept {
            true => Ok(()),
            false => Err(Error::refused(format!("{path} is being changed"))
                .hint("once nobody writes to it, the next command goes on")),
        }
    }

    /// Whether a content is here, and no file elsewhere shares its bytes, as older versions let them.
    fn is_kept(&self, blake3: &str) -> Result<bool> {
        let Some(mut file) = self.read(blake3)? else { return Ok(false) };
        let meta = file.metadata().map_err(|e| failed("read", &self.path, e))?;
        Ok(has_one_name(&meta) && hash(&mut file)? == blake3)
    }

    /// Moves the content of a file here, which removes the file, and the directories that it leaves empty. Does
    /// not sync that ([`Tree::wait_for_names`]).
    ///
    /// # Errors
    /// `Io`.
    pub(super) fn withdraw(
        &mut self,
        tree: &Tree,
        path: &DiskPath,
        blake3: &str,
        unique: &str,
    ) -> Result<()> {
        let place = self.path.clone();
        let dir = self.made()?;
        let moved = tree.hand(path, |from, name| {
            let moved = from.rename(name, dir, blake3).and_then(|()| tree::sync(dir));
            match moved {
                // The disks may be on another file system.
                Err(e) if e.kind() == ErrorKind::CrossesDevices => Ok(false),
                moved => moved.map(|()| true).map_err(|e| failed("keep a version in", &place, e)),
            }
        })?;
        if moved == Some(false) {
            self.keep(tree, path, blake3, unique)?;
        }
        // It is still there, too, if older versions let the two share their bytes.
        tree.remove(path)
    }

    /// Whether a content is here.
    pub fn has(&self, blake3: &str) -> bool {
        let found = self.dir.as_ref().map(|dir| dir.symlink_metadata(blake3));
        found.is_some_and(|meta| meta.is_ok_and(|meta| meta.is_file()))
    }

    /// Whether a content matches its name. True if it is not here.
    ///
    /// # Errors
    /// `Io`.
    pub fn is_whole(&self, blake3: &str) -> Result<bool> {
        match self.read(blake3)? {
            Some(mut file) => Ok(hash(&mut file)? == blake3),
            None => Ok(true),
        }
    }

    /// Opens a content; `None` if it is not here.
    ///
    /// # Errors
    /// `Io`.
    pub fn read(&self, blake3: &str) -> Result<Option<File>> {
        match &self.dir {
            Some(dir) => tree::open_in(dir, blake3, &self.path),
            None => Ok(None),
        }
    }

    /// Moves a content from here to a path. Does not wait for the directory entry.
    ///
    /// # Errors
    /// Those of [`Tree::stage`].
    pub(super) fn put(
        &self,
        tree: &Tree,
        path: &DiskPath,
        blake3: &str,
        executable: bool,
    ) -> Result<()> {
        match &self.dir {
            Some(dir) => tree.move_in(path, (dir, blake3), executable),
            None => Err(Error::bug("a content was found and lost")),
        }
    }

    /// Every content here, with its size.
    ///
    /// # Errors
    /// `Io`.
    pub fn list(&self) -> Result<Vec<(String, u64)>> {
        let Some(dir) = &self.dir else { return Ok(Vec::new()) };
        let reading = |e| failed("list", &self.path, e);
        let mut all = Vec::new();
        for entry in dir.entries().map_err(reading)? {
            let entry = entry.map_err(reading)?;
            let size = entry.metadata().map_err(reading)?.len();
            all.extend(entry.file_name().into_string().ok().map(|name| (name, size)));
        }
        all.sort();
        Ok(all)
    }

    /// Removes a content.
    ///
    /// # Errors
    /// `Io`.
    pub fn remove(&self, name: &str) -> Result<()> {
        match &self.dir {
            Some(dir) => dir.remove_file(name).map_err(|e| failed("remove", &self.path, e)),
            None => Ok(()),
        }
    }
}

#[cfg(unix)]
fn has_one_name(meta: &Metadata) -> bool {
    use cap_std::fs::MetadataExt;
    meta.nlink() == 1
}

#[cfg(not(unix))]
fn has_one_name(_meta: &Metadata) -> bool {
    true
}

/// A content that is not complete yet.
pub struct PartialContent {
    blake3: String,
    place: PathBuf,
    file: File,
    length: u64,
}

impl PartialContent {
    /// Writes the bytes at an offset; does nothing if they are already there.
    ///
    /// # Errors
    /// `Io`; what was written before stays, for the next attempt.
    pub fn write(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        if at < self.length {
            return Ok(());
        }
        self.file.write_all(bytes).map_err(|e| failed("write", &self.place, e))?;
        self.length = self.length.saturating_add(bytes.len() as u64);
        Ok(())
    }
}

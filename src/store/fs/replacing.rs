//! Replacing whole files.

use super::hashed::{Filling, WrittenContent};
use super::seen::{OpenFile, Seen};
use crate::error::{Error, Result};
use crate::parallel::{self, Underway};
use crate::wire::SharedBytes;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// File names have at most 255 bytes; a temporary name needs four more than the name it becomes.
const TEMPORARY_NAME_BYTES: usize = 240;

/// Replaces a file: it holds either its old bytes or all of the new ones, and on return the new ones are on
/// the disk.
///
/// Not promised: that the new *name* is on the disk ([`sync_dir`] does that, once for all files of a
/// directory), or that a program with the old file open sees the new one.
pub(in crate::store) fn persist(path: &Path, bytes: &[u8]) -> Result<()> {
    NewFile::durable(path, bytes.to_vec().into())?.place().map(drop)
}

/// Replaces a file without waiting for the disk: after a power cut it may hold its old bytes, the new ones,
/// or nothing. For files that can be made again.
pub(in crate::store) fn persist_lightly(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = NewFile::begin(path, Box::new(SharedBytes::from(bytes.to_vec())))?;
    file.fill()?;
    file.place().map(drop)
}

/// A file beside the one that it is to replace. It is filled, synced and put in place; dropped before that,
/// it is removed, and the old file stays. Every error says that the old file could not be written.
pub(in crate::store) struct NewFile {
    path: PathBuf,
    temporary: PathBuf,
    filling: Arc<Filling>,
    /// A second thread that fills it, if it is large.
    beside: Option<Underway<io::Result<()>>>,
    is_placed: bool,
}

impl NewFile {
    /// Creates a file that is to replace the one at `path`. If it is large, it is being filled from now on.
    pub fn begin(path: &Path, content: Box<dyn WrittenContent>) -> Result<NewFile> {
        let temporary = temporary_name(path);
        let bytes = content.bytes();
        let file = create(&temporary, path).map_err(|e| not_written(path, e))?;
        make_room(&file, bytes);
        let filling = Arc::new(Filling::of(file, content));
        let beside = Arc::clone(&filling);
        let beside = Underway::begin(parallel::amount(bytes), move || beside.work());
        Ok(NewFile { path: path.to_owned(), temporary, filling, beside, is_placed: false })
    }

    /// Returns a file that is to replace the one at `path`, filled and on the disk.
    pub fn durable(path: &Path, bytes: SharedBytes) -> Result<NewFile> {
        let mut file = NewFile::begin(path, Box::new(bytes))?;
        file.fill()?;
        file.sync()?;
        Ok(file)
    }

    /// Fills what is left of it. Returns the hash of its content.
    pub fn fill(&mut self) -> Result<[u8; 32]> {
        let here = self.filling.work();
        let hash = here.and(self.join()).and_then(|()| {
            let hash = self.filling.hash();
            hash.ok_or_else(|| io::Error::other("a part of it was not written"))
        });
        hash.map_err(|e| not_written(&self.path, e))
    }

    /// Waits until what it was filled with is on the disk.
    pub fn sync(&self) -> Result<()> {
        self.filling.file().sync_all().map_err(|e| not_written(&self.path, e))
    }

    /// Replaces the old file by it. Returns the new file as it then is.
    pub fn place(mut self) -> Result<Option<Seen>> {
        fs::rename(&self.temporary, &self.path).map_err(|e| not_written(&self.path, e))?;
        self.is_placed = true;
        Ok(OpenFile::look(self.filling.file()))
    }

    /// Waits for the second thread.
    fn join(&mut self) -> io::Result<()> {
        self.beside.take().and_then(Underway::end).unwrap_or(Ok(()))
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_placed {
            // The second thread would go on writing.
            self.filling.stop();
            let _ = self.join();
            // The old file is intact; the remains of the new one would only confuse.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

fn not_written(path: &Path, e: io::Error) -> Error {
    Error::io(format!("could not write {}", path.display()), e)
}

/// Creates the file that is to replace `model`.
fn create(temporary: &Path, model: &Path) -> io::Result<File> {
    // Never write through what a crash, or somebody else, left under this name.
    match fs::remove_file(temporary) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(temporary)?;
    if let Ok(old) = fs::symlink_metadata(model)
        && old.is_file()
    {
        file.set_permissions(old.permissions())?;
    }
    Ok(file)
}

/// Gives a file its place on the disk at once, rather than while it is written or renamed: some file systems
/// write a file out before it replaces another if it has no place yet. That is a hint: whatever is wrong is
/// wrong with what is written, too.
#[cfg(target_os = "linux")]
fn make_room(file: &File, bytes: u64) {
    use rustix::fs::{FallocateFlags, fallocate};
    // Not the length: what is not written must not look like content after a crash.
    let _ = fallocate(file, FallocateFlags::KEEP_SIZE, 0, bytes);
}

#[cfg(not(target_os = "linux"))]
fn make_room(_file: &File, _bytes: u64) {}

/// Returns `<name>.tmp` beside the file, cut if the name would become too long.
fn temporary_name(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let cut: String = name.chars().take(TEMPORARY_NAME_BYTES).collect();
    path.with_file_name(format!("{cut}.tmp"))
}

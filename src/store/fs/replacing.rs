//! Replacing whole files.

use super::hashed::{self, WrittenContent};
use super::seen::{OpenFile, Seen};
use crate::error::{Error, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// File names have at most 255 bytes; a temporary name needs four more than the name it becomes.
const TEMPORARY_NAME_BYTES: usize = 240;

/// Replaces a file: it holds either its old bytes or all of the new ones, and on return the new ones are on
/// the disk.
///
/// Not promised: that the new *name* is on the disk ([`sync_dir`] does that, once for all files of a
/// directory), or that a program with the old file open sees the new one.
pub(in crate::store) fn persist(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes.len() as u64, true, |mut file| file.write_all(bytes)).map(drop)
}

/// Does the same with a content of about `bytes` bytes. Returns the new file as it then is, and the hash of
/// its content. If that cannot be read, or is not `sound` in the end, the old file stays.
pub(in crate::store) fn persist_hashed(
    path: &Path,
    bytes: u64,
    content: &dyn WrittenContent,
    sound: impl FnOnce() -> std::io::Result<()>,
) -> Result<(Option<Seen>, [u8; 32])> {
    let filled = |file: &File| {
        let hash = hashed::fill(file, bytes, content)?;
        sound().map(|()| hash)
    };
    replace(path, bytes, true, filled)
}

/// Replaces a file without waiting for the disk: after a power cut it may hold its old bytes, the new ones,
/// or nothing. For files that can be made again.
pub(in crate::store) fn persist_lightly(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes.len() as u64, false, |mut file| file.write_all(bytes)).map(drop)
}

/// Replaces a file by what `fill` writes, about `bytes` bytes; returns the file as it then is, and what `fill`
/// returns.
fn replace<T>(
    path: &Path,
    bytes: u64,
    durable: bool,
    fill: impl FnOnce(&File) -> std::io::Result<T>,
) -> Result<(Option<Seen>, T)> {
    let temporary = temporary_name(path);
    let filled = |file: &File| {
        make_room(file, bytes);
        fill(file)
    };
    let written = write_new(&temporary, path, durable, filled).and_then(|(file, done)| {
        fs::rename(&temporary, path)?;
        Ok((OpenFile::look(&file), done))
    });
    written.map_err(|e| {
        // The old file is intact; the remains of the new one would only confuse.
        let _ = fs::remove_file(&temporary);
        Error::io(format!("could not write {}", path.display()), e)
    })
}

fn write_new<T>(
    temporary: &Path,
    model: &Path,
    durable: bool,
    fill: impl FnOnce(&File) -> std::io::Result<T>,
) -> std::io::Result<(File, T)> {
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
    let done = fill(&file)?;
    if durable {
        file.sync_all()?;
    }
    Ok((file, done))
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

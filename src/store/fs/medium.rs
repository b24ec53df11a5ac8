//! What a whole file system can be asked; and what stands where SQLite is to have its files.

use crate::error::{Error, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// How many bytes are free for us where a path is; None where the system does not tell.
#[cfg(unix)]
pub fn free_bytes(path: &Path) -> Option<u64> {
    let room = rustix::fs::statvfs(path).ok()?;
    Some(room.f_bavail.saturating_mul(room.f_frsize))
}

/// The same, where that is not asked.
#[cfg(not(unix))]
pub fn free_bytes(_path: &Path) -> Option<u64> {
    None
}

/// Waits until all that was written to the file system of an open directory is on the disk. False where
/// that cannot be asked for: each file is to be waited for then.
///
/// # Errors
/// What the system says, also of what others wrote.
#[cfg(target_os = "linux")]
pub fn sync_file_system(dir: impl std::os::fd::AsFd) -> std::io::Result<bool> {
    rustix::fs::syncfs(dir)?;
    Ok(true)
}

/// The same, where that is not asked.
///
/// # Errors
/// None.
#[cfg(not(target_os = "linux"))]
pub fn sync_file_system<D>(_dir: D) -> std::io::Result<bool> {
    Ok(false)
}

/// What stands where SQLite is to have a file, or beside it where it has one of its own, and is none; and
/// what it is.
///
/// Not promised: anything of what cannot be looked at, which SQLite tells.
pub fn no_file(path: &Path) -> Option<(PathBuf, &'static str)> {
    for ending in ["", "-journal", "-wal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        let named = PathBuf::from(name);
        let Some(meta) = fs::metadata(&named).ok().filter(|meta| !meta.is_file()) else {
            continue;
        };
        let what = if meta.is_dir() { "it is a directory" } else { "it is no regular file" };
        return Some((named, what));
    }
    None
}

/// Refuses that: SQLite would wait for ever for a pipe to be written to.
///
/// # Errors
/// `Io`, of what stands there.
pub fn refuse_no_file(path: &Path) -> Result<()> {
    let Some((named, what)) = no_file(path) else { return Ok(()) };
    let hint = match named == path {
        true => "put the real file in its place",
        false => "move it away: SQLite has a file of that name",
    };
    Err(Error::io(format!("{} cannot be opened", named.display()), what).hint(hint))
}

//! Questions about a whole file system, and about what is in the way of SQLite's files.

use crate::error::{Error, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Returns how many bytes are free for this user where a path is; `None` if the system does not tell.
#[cfg(unix)]
pub fn free_bytes(path: &Path) -> Option<u64> {
    let room = rustix::fs::statvfs(path).ok()?;
    Some(room.f_bavail.saturating_mul(room.f_frsize))
}

/// Returns `None`: it is not asked here.
#[cfg(not(unix))]
pub fn free_bytes(_path: &Path) -> Option<u64> {
    None
}

/// Waits until everything written to the file system of an open directory is on the disk. Returns false if
/// that is not supported: each file must then be synced by itself.
///
/// # Errors
/// Those of the system, also about what others wrote.
#[cfg(target_os = "linux")]
pub fn sync_file_system(dir: impl std::os::fd::AsFd) -> std::io::Result<bool> {
    rustix::fs::syncfs(dir)?;
    Ok(true)
}

/// Returns false: it is not asked here.
///
/// # Errors
/// None.
#[cfg(not(target_os = "linux"))]
pub fn sync_file_system<D>(_dir: D) -> std::io::Result<bool> {
    Ok(false)
}

/// Returns what is in the place of a file that SQLite is to open, or of one that it keeps beside it, and is
/// not a file; and what it is.
///
/// Not promised: anything about what cannot be looked at, which SQLite reports.
pub fn no_file(path: &Path) -> Option<(PathBuf, &'static str)> {
    for ending in ["", "-journal", "-wal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        let named = PathBuf::from(name);
        let Some(meta) = fs::metadata(&named).ok().filter(|meta| !meta.is_file()) else {
            continue;
        };
        let what = if meta.is_dir() { "it is a directory" } else { "it is not a regular file" };
        return Some((named, what));
    }
    None
}

/// Refuses anything that [`no_file`] finds: SQLite would wait for ever for a pipe to be written to.
///
/// # Errors
/// `Io`, saying what is there.
pub fn refuse_no_file(path: &Path) -> Result<()> {
    let Some((named, what)) = no_file(path) else { return Ok(()) };
    let hint = match named == path {
        true => "put the real file in its place",
        false => "move it away: SQLite has a file of that name",
    };
    Err(Error::io(format!("{} cannot be opened", named.display()), what).hint(hint))
}

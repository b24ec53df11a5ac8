//! What a whole file system can be asked.

use std::path::Path;

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

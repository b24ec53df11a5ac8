//! The file system as a store uses it: whole files in, whole files out.
//!
//! Nothing else below the commands touches files (SQLite opens its own).

mod flowing;
mod hashed;
mod medium;
mod replacing;
mod seen;

pub(super) use hashed::WrittenContent;
pub use medium::{free_bytes, no_file, refuse_no_file, sync_file_system};
pub(super) use replacing::{NewFile, persist, persist_lightly};
pub use seen::Seen;
#[cfg(test)]
pub(crate) use seen::counted;
pub(super) use seen::{OpenFile, SharedFile, seen};

use crate::error::{Error, Kind, Result};
use std::cell::Cell;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

const GIVE_PERMISSION: &str = "give this user permission to read it";
/// How long to wait before trying the lock again.
const LOCK_STEP: Duration = Duration::from_millis(5);
/// The clocks of file systems advance in steps of at most ten of these.
const CLOCK_STEP: Duration = Duration::from_millis(1);
const CLOCK_STEPS: usize = 12;

/// What a path names, without following links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileNode {
    File,
    Directory,
    Link,
    Other,
}

/// One name in a directory.
#[derive(Debug, Clone)]
pub(super) struct DirEntry {
    pub name: OsString,
    pub node: FileNode,
    pub bytes: u64,
}

/// Returns what is at a path; `None` if there is nothing.
///
/// # Errors
/// `Io`: what cannot be looked at is not absent, so nothing may be made in its place.
pub(super) fn node(path: &Path) -> Result<Option<FileNode>> {
    Ok(look(path, fs::symlink_metadata(path))?.map(|meta| kind(meta.file_type())))
}

/// Returns whether a path leads to a directory, following links.
pub(super) fn is_dir(path: &Path) -> Result<bool> {
    Ok(look(path, fs::metadata(path))?.is_some_and(|meta| meta.is_dir()))
}

/// Returns whether a path leads to a regular file, following links.
pub(super) fn is_file(path: &Path) -> Result<bool> {
    Ok(look(path, fs::metadata(path))?.is_some_and(|meta| meta.is_file()))
}

/// Returns why the file at a path cannot be read. It asks without opening the file: closing a file drops the
/// locks that SQLite has on it in this process.
pub fn unreadable(path: &Path) -> Option<Error> {
    fs::metadata(path).ok()?;
    let why = closed(path)?;
    Some(Error::io(format!("{} cannot be opened", path.display()), why).hint(GIVE_PERMISSION))
}

/// Returns why this user may not read what is at a path.
#[cfg(unix)]
fn closed(path: &Path) -> Option<String> {
    let closed = rustix::fs::access(path, rustix::fs::Access::READ_OK).err()?;
    Some(closed.to_string())
}

/// Returns `None`: here only opening it would tell.
#[cfg(not(unix))]
fn closed(_path: &Path) -> Option<String> {
    None
}

/// Returns whether this user may write a file, and new ones beside it.
#[cfg(unix)]
pub(super) fn is_writable(path: &Path) -> bool {
    use rustix::fs::Access;
    let may = |path: &Path| rustix::fs::access(path, Access::WRITE_OK).is_ok();
    may(path) && may(parent(path))
}

#[cfg(not(unix))]
pub(super) fn is_writable(path: &Path) -> bool {
    !fs::metadata(path).is_ok_and(|meta| meta.permissions().readonly())
}

/// Returns the size of a file; 0 if there is none.
pub(super) fn size(path: &Path) -> Result<u64> {
    Ok(look(path, fs::symlink_metadata(path))?.map_or(0, |meta| meta.len()))
}

fn look(path: &Path, found: std::io::Result<fs::Metadata>) -> Result<Option<fs::Metadata>> {
    match found {
        Ok(meta) => Ok(Some(meta)),
        Err(e) if is_absence(&e) => Ok(None),
        Err(e) => Err(Error::io(format!("could not look at {}", path.display()), e)),
    }
}

/// Returns whether an error says that there is nothing of that name, or that there cannot be.
fn is_absence(e: &std::io::Error) -> bool {
    use ErrorKind::{InvalidFilename, NotADirectory, NotFound};
    matches!(e.kind(), NotFound | NotADirectory | InvalidFilename)
}

/// Returns the names in a directory and what each stands for, sorted; none if there is no directory. Cheaper
/// than [`list`]: the system need not look at every file.
pub(super) fn names(dir: &Path) -> Result<Vec<(OsString, FileNode)>> {
    let entries = sorted(dir, false)?;
    Ok(entries.into_iter().map(|entry| (entry.name, entry.node)).collect())
}

/// Returns the entries of a directory, sorted by name; none if there is no directory.
pub(super) fn list(dir: &Path) -> Result<Vec<DirEntry>> {
    sorted(dir, true)
}

fn sorted(dir: &Path, sizes: bool) -> Result<Vec<DirEntry>> {
    let mut entries = match entries(dir, sizes) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => {
            entries.map_err(|e| Error::io(format!("could not list {}", dir.display()), e))?
        }
    };
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// Avoids the standard library, whose `ReadDir` panics when a directory cannot be closed.
#[cfg(unix)]
fn entries(dir: &Path, sizes: bool) -> std::io::Result<Vec<DirEntry>> {
    use rustix::fs::{AtFlags, FileType, statat};
    use std::os::unix::ffi::OsStrExt;
    let opened = File::open(dir)?;
    let mut entries = Vec::new();
    for entry in rustix::fs::Dir::read_from(&opened)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let (mut node, mut bytes) = (entry.file_type(), 0);
        if sizes || node == FileType::Unknown {
            match statat(&opened, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => {
                    node = FileType::from_raw_mode(stat.st_mode);
                    bytes = u64::try_from(stat.st_size).unwrap_or(0);
                }
                // An entry that has gone since counts as never seen.
                Err(e) if is_absence(&e.into()) => continue,
                Err(e) => return Err(e.into()),
            }
        }
        let node = match node {
            FileType::Symlink => FileNode::Link,
            FileType::Directory => FileNode::Directory,
            FileType::RegularFile => FileNode::File,
            _ => FileNode::Other,
        };
        let name = std::ffi::OsStr::from_bytes(name.to_bytes()).to_owned();
        entries.push(DirEntry { name, node, bytes });
    }
    Ok(entries)
}

#[cfg(not(unix))]
fn entries(dir: &Path, _sizes: bool) -> std::io::Result<Vec<DirEntry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        match entry.metadata() {
            Ok(meta) => entries.push(DirEntry {
                name: entry.file_name(),
                node: kind(meta.file_type()),
                bytes: meta.len(),
            }),
            Err(e) if is_absence(&e) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(entries)
}

fn kind(of: fs::FileType) -> FileNode {
    match of {
        of if of.is_symlink() => FileNode::Link,
        of if of.is_dir() => FileNode::Directory,
        of if of.is_file() => FileNode::File,
        _ => FileNode::Other,
    }
}

/// Returns the bytes of a file; `None` if there is none.
///
/// # Errors
/// `Io`, also if it is no file; `Corrupt` if it holds more than `limit` bytes.
pub(super) fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
    let reading = || format!("could not read {}", path.display());
    // Opening a pipe waits for somebody to write to it.
    if fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        return Err(Error::io(reading(), "it is not a regular file"));
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) if e.kind() == ErrorKind::PermissionDenied => {
            return Err(Error::io(reading(), e).hint(GIVE_PERMISSION));
        }
        Err(e) => return Err(Error::io(reading(), e)),
    };
    // The size that a directory or a device reports means nothing.
    let claimed = file.metadata().map_or(0, |meta| if meta.is_file() { meta.len() } else { 0 });
    let room = usize::try_from(claimed.min(limit)).unwrap_or(0).saturating_add(1);
    let mut bytes = Vec::with_capacity(room);
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|e| Error::io(reading(), e))?;
    #[cfg(test)]
    seen::counted::add(bytes.len());
    if bytes.len() as u64 > limit {
        return Err(Error::corrupt(format!("{} holds more than {limit} bytes", path.display())));
    }
    Ok(Some(bytes))
}

/// Creates a directory and any missing parents; their names are on the disk afterwards.
pub(super) fn create_dir(path: &Path) -> Result<()> {
    if is_dir(path)? {
        return Ok(());
    }
    let parent = parent(path);
    // The current directory of a process may have been removed; it has no parent then.
    if parent != path {
        create_dir(parent)?;
    }
    match fs::create_dir(path) {
        Ok(()) => sync_dir(parent),
        Err(e) if e.kind() == ErrorKind::AlreadyExists && is_dir(path)? => Ok(()),
        Err(e) => Err(Error::io(format!("could not create {}", path.display()), e)),
    }
}

/// Waits until the names in a directory are on the disk.
pub(super) fn sync_dir(path: &Path) -> Result<()> {
    // Windows has no such call; its file systems write names with the file.
    if cfg!(not(unix)) {
        return Ok(());
    }
    File::open(path)
        .and_then(|dir| dir.sync_all())
        .map_err(|e| Error::io(format!("could not write the directory {}", path.display()), e))
}

/// Waits until the content of a file is on the disk, whoever wrote it.
pub(super) fn sync_file(path: &Path) -> Result<()> {
    // Windows syncs only a file opened for writing.
    OpenOptions::new()
        .read(true)
        .write(cfg!(not(unix)))
        .open(path)
        .and_then(|file| file.sync_all())
        .map_err(|e| Error::io(format!("could not write {}", path.display()), e))
}

/// Returns the absolute path of a directory with links resolved.
pub(super) fn canonical(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path)
        .map_err(|e| Error::io(format!("could not resolve {}", path.display()), e))
}

/// Returns a path with `ending` appended to the file name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Removes a file if it exists.
pub(super) fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}

/// Returns the device and inode that a path leads to, if the system has such numbers.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    numbers(&fs::metadata(path).ok()?)
}

#[cfg(unix)]
fn numbers(meta: &fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((meta.dev(), meta.ino()))
}

#[cfg(not(unix))]
fn numbers(_meta: &fs::Metadata) -> Option<(u64, u64)> {
    None
}

/// Returns a token for the file at a path and the time the system last changed it: a copy put in its place
/// has another token, even with the same name, content and times. `None` if there is no file.
#[cfg(unix)]
pub(super) fn instance(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let meta = fs::symlink_metadata(path).ok()?;
    Some(format!("{}:{}:{}.{:09}", meta.dev(), meta.ino(), meta.ctime(), meta.ctime_nsec()))
}

#[cfg(not(unix))]
pub(super) fn instance(_path: &Path) -> Option<String> {
    None
}

/// Copies of files in a directory of their own, which is removed on drop.
pub(super) struct Copies {
    dir: PathBuf,
}

impl Copies {
    pub fn path(&self) -> &Path {
        &self.dir
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        for entry in list(&self.dir).unwrap_or_default() {
            remove(&self.dir.join(entry.name));
        }
        let _ = fs::remove_dir(&self.dir);
    }
}

/// Copies those of the files that exist into a new temporary directory, under their own names.
pub(super) fn copy_aside(files: &[PathBuf]) -> Result<Copies> {
    let copying = || "could not make a temporary copy of the local state";
    let dir = tempfile::tempdir().map_err(|e| Error::io(copying(), e))?;
    let copies = Copies { dir: dir.keep() };
    for file in files {
        if is_file(file)? {
            let name = file.file_name().unwrap_or_default();
            // Not with the original's mode: the copy must be writable even if the original is not.
            let copy = || -> std::io::Result<u64> {
                let mut new = File::create_new(copies.dir.join(name))?;
                std::io::copy(&mut File::open(file)?, &mut new)
            };
            copy().map_err(|e| Error::io(copying(), e))?;
        }
    }
    Ok(copies)
}

/// Reads a file to its end and discards the content; a missing file is not an error.
pub(super) fn read_through(path: &Path) -> Result<()> {
    match File::open(path).and_then(|file| drain(&file)) {
        Err(e) if !is_absence(&e) => {
            Err(Error::io(format!("could not read {}", path.display()), e))
        }
        _ => Ok(()),
    }
}

/// Reads by position, as SQLite does.
#[cfg(unix)]
fn drain(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::FileExt;
    let (mut at, mut buffer) = (0u64, vec![0; 1 << 16]);
    loop {
        match file.read_at(&mut buffer, at)? {
            0 => return Ok(()),
            read => at = at.saturating_add(read as u64),
        }
    }
}

#[cfg(not(unix))]
fn drain(mut file: &File) -> std::io::Result<()> {
    std::io::copy(&mut file, &mut std::io::sink()).map(|_| ())
}

/// Opens a file for writing, if it exists, and writes nothing.
pub(super) fn try_to_write(path: &Path) -> Result<()> {
    let failed = |cause: Box<dyn std::error::Error + Send + Sync>| {
        Err(Error::io(format!("could not write {}", path.display()), cause))
    };
    match node(path)? {
        Some(FileNode::File) => match OpenOptions::new().read(true).write(true).open(path) {
            Err(e) => failed(e.into()),
            Ok(_) => Ok(()),
        },
        Some(_) => failed("it is not a file".into()),
        None => Ok(()),
    }
}

/// Makes a small file in a directory and removes it again.
pub(super) fn try_to_create_in(dir: &Path) -> Result<()> {
    tempfile::Builder::new()
        .prefix(".crdtctl-")
        .tempfile_in(dir)
        .and_then(|mut file| file.write_all(&[0; 512]))
        .map_err(|e| Error::io(format!("could not write in {}", dir.display()), e))
}

/// A file that one process holds at a time; the system releases it when the process ends, however it ends. It
/// holds a note about the holder, and is removed on release.
///
/// Not promised on file systems without locks: there it is only a note.
pub(super) struct LockFile {
    path: PathBuf,
    file: File,
    /// Whether the name stays on release.
    stays: Cell<bool>,
    is_locked: bool,
}

impl LockFile {
    /// Takes the lock within `wait` and returns it with the time left; `None` if another process keeps it.
    pub fn take(path: &Path, wait: Duration) -> Result<Option<(LockFile, Duration)>> {
        let taking = || format!("could not lock {}", path.display());
        let mut left = wait;
        loop {
            if node(path)? == Some(FileNode::Link) {
                return Err(Error::new(Kind::Refused, taking()).because("it is a symbolic link"));
            }
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)
                .map_err(|e| Error::io(taking(), e))?;
            let locked = file.try_lock();
            match &locked {
                Err(TryLockError::WouldBlock) => {
                    if left.is_zero() {
                        return Ok(None);
                    }
                    let step = left.min(LOCK_STEP);
                    std::thread::sleep(step);
                    left = left.saturating_sub(step);
                    continue;
                }
                // A file system without locks: SQLite's own lock has to do.
                Err(TryLockError::Error(_)) | Ok(()) => {}
            }
            // The holder before us removes the name while it holds the lock: what we opened may be a file
            // that no longer has a name.
            let ours = numbers(&file.metadata().map_err(|e| Error::io(taking(), e))?);
            if ours == identity(path) {
                let (path, stays, is_locked) = (path.to_owned(), Cell::new(false), locked.is_ok());
                return Ok(Some((LockFile { path, file, stays, is_locked }, left)));
            }
        }
    }

    /// Returns the file as it was when the note was written.
    pub fn seen(&self) -> Option<Seen> {
        OpenFile::look(&self.file)
    }

    /// Returns whether any change of a file after `seen` was taken would show: whether the file system's
    /// clock has advanced since. Waits for it, at most as long as one step of such a clock takes.
    pub fn is_past(&self, seen: &Seen) -> bool {
        (0..CLOCK_STEPS).any(|step| {
            if step > 0 {
                std::thread::sleep(CLOCK_STEP);
            }
            let touched = (&self.file).write_all(b"\n").is_ok();
            touched && self.seen().is_some_and(|now| seen.is_older_than(&now))
        })
    }

    /// Leaves the file in place on release, free for the next holder: its directory does not change.
    pub fn stay(&self) {
        self.stays.set(true);
    }

    /// Returns whether nobody else has it; false on a file system without locks, which cannot tell.
    pub fn is_locked(&self) -> bool {
        self.is_locked
    }

    /// Replaces the note. Best effort: it is only for people.
    pub fn note(&mut self, text: &str) {
        let _ = self.file.set_len(0).and_then(|()| self.file.write_all(text.as_bytes()));
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // Only if `take` can tell a removed file from a new one.
        if !self.stays.get() && identity(&self.path).is_some() {
            remove(&self.path);
        }
        let _ = self.file.unlock();
    }
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_is_whole_and_leaves_nothing_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.yrs");
        fs::write(dir.path().join("a.yrs.tmp"), "left by a crash").unwrap();
        persist(&path, b"one").unwrap();
        persist(&path, b"two").unwrap();
        assert_eq!(read(&path, 10).unwrap().unwrap(), b"two");
        assert_eq!(list(dir.path()).unwrap().len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_under_the_temporary_name_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let outside = dir.path().join("outside");
        fs::write(&outside, "precious").unwrap();
        std::os::unix::fs::symlink(&outside, dir.path().join("a.yrs.tmp")).unwrap();
        persist(&dir.path().join("a.yrs"), b"new").unwrap();
        assert_eq!(fs::read(&outside).unwrap(), b"precious");
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_keeps_its_mode() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.yrs");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        persist(&path, b"new").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_is_given_up_leaves_the_old_one_and_nothing_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.yrs");
        fs::write(&path, "old").unwrap();
        for bytes in [3, 1 << 20] {
            let content = || crate::wire::SharedBytes::from(vec![7; bytes]);
            drop(NewFile::begin(&path, Box::new(content())).unwrap());
            let mut filled = NewFile::begin(&path, Box::new(content())).unwrap();
            filled.fill().unwrap();
            filled.sync().unwrap();
            drop(filled);
            assert_eq!(fs::read(&path).unwrap(), b"old");
            assert_eq!(list(dir.path()).unwrap().len(), 1);
            NewFile::durable(&path, content()).unwrap().place().unwrap();
            assert_eq!(fs::read(&path).unwrap(), vec![7; bytes]);
            assert_eq!(list(dir.path()).unwrap().len(), 1);
            fs::write(&path, "old").unwrap();
        }
    }

    #[test]
    fn the_longest_name_can_be_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(format!("{}.yrs", "6".repeat(251)));
        fs::write(&path, "old").unwrap();
        persist(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.yrs");
        // A directory in the way makes the rename fail.
        fs::create_dir(&path).unwrap();
        fs::write(path.join("inside"), "old").unwrap();
        assert_eq!(persist(&path, b"new").unwrap_err().kind, Kind::Io);
        assert_eq!(list(dir.path()).unwrap().len(), 1);
    }

    #[test]
    fn more_than_the_limit_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, "12345").unwrap();
        assert!(read(&path, 5).unwrap().is_some());
        assert_eq!(read(&path, 4).unwrap_err().kind, Kind::Corrupt);
        assert!(read(&dir.path().join("b"), 4).unwrap().is_none());
    }

    #[test]
    fn one_holder_at_a_time_and_no_trace_after() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("holder");
        let (mut lock, left) = LockFile::take(&path, Duration::from_millis(20)).unwrap().unwrap();
        assert_eq!(left, Duration::from_millis(20));
        lock.note("me");
        assert!(LockFile::take(&path, Duration::from_millis(20)).unwrap().is_none());
        assert_eq!(fs::read(&path).unwrap(), b"me");
        drop(lock);
        assert!(node(&path).unwrap().is_none());
        assert!(LockFile::take(&path, Duration::ZERO).unwrap().is_some());
    }
}

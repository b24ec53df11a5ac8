//! Looking at a file without reading it, and reading only parts of it.

use crate::parallel;
use crate::wire::Bytes;
use std::borrow::Cow;
use std::cell::RefCell;
use std::fs::{self, File};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// A file that is open for reading, whatever is under its name by now.
#[derive(Debug)]
pub struct OpenFile(RefCell<Option<Arc<File>>>);

/// The same file for other threads.
#[derive(Debug)]
pub struct SharedFile(Arc<File>);

impl OpenFile {
    /// Opens the file at a path; `None` if it is not a file, or cannot be read.
    pub fn open(path: &Path) -> Option<OpenFile> {
        let file = File::open(path).ok().map(OpenFile::from)?;
        (file.seen() == seen(path)).then_some(file)
    }

    /// Returns the file as it is now; `None` once it was let go.
    pub fn seen(&self) -> Option<Seen> {
        OpenFile::look(self.0.borrow().as_ref()?)
    }

    /// Returns the file for other threads; `None` once it was let go.
    pub fn shared(&self) -> Option<SharedFile> {
        self.0.borrow().as_ref().map(|file| SharedFile(Arc::clone(file)))
    }

    /// Returns the hash of its content; `None` if it cannot be read.
    pub fn hash(&self) -> Option<[u8; 32]> {
        let file = self.0.borrow();
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(&**file.as_ref()?).ok()?;
        Some(hasher.finalize().into())
    }

    /// Closes the file, beside what comes next if it is large: with its last name gone, that removes it.
    pub fn let_go(&self) {
        if let Some(file) = self.0.take() {
            let bytes = file.metadata().map_or(0, |meta| meta.len());
            parallel::free(parallel::amount(bytes), file);
        }
    }

    pub(super) fn look(file: &File) -> Option<Seen> {
        seen_in(&file.metadata().ok().filter(fs::Metadata::is_file)?)
    }
}

impl From<File> for OpenFile {
    fn from(file: File) -> OpenFile {
        OpenFile(RefCell::new(Some(Arc::new(file))))
    }
}

impl Bytes for OpenFile {
    fn range(&self, range: Range<u64>) -> Option<Cow<'_, [u8]>> {
        self.shared()?.range(range).map(Cow::into_owned).map(Cow::Owned)
    }

    fn read_into(&self, at: u64, room: &mut [u8]) -> Option<()> {
        self.shared()?.read_into(at, room)
    }
}

impl Bytes for SharedFile {
    #[cfg(unix)]
    fn range(&self, range: Range<u64>) -> Option<Cow<'_, [u8]>> {
        use rustix::buffer::spare_capacity;
        let length = usize::try_from(range.end.checked_sub(range.start)?).ok()?;
        #[cfg(test)]
        counted::add(length);
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            let at = range.start.checked_add(bytes.len() as u64)?;
            match rustix::io::pread(&*self.0, spare_capacity(&mut bytes), at) {
                Ok(0) => return None,
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(_) => return None,
            }
        }
        bytes.truncate(length);
        Some(Cow::Owned(bytes))
    }

    #[cfg(not(unix))]
    fn range(&self, _range: Range<u64>) -> Option<Cow<'_, [u8]>> {
        None
    }

    #[cfg(unix)]
    fn read_into(&self, at: u64, room: &mut [u8]) -> Option<()> {
        use std::os::unix::fs::FileExt;
        #[cfg(test)]
        counted::add(room.len());
        self.0.read_exact_at(room, at).ok()
    }

    /// Nothing: elsewhere no file is known to be unchanged, and all are read whole.
    #[cfg(not(unix))]
    fn read_into(&self, _at: u64, _room: &mut [u8]) -> Option<()> {
        None
    }
}

/// Which file was at a path, and when it was last changed, by the clock of its file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    file: (u64, u64),
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Seen {
    /// Returns whether any change after this look will show in a later one: whether it was last changed
    /// before `other` was. Times advance in steps, and the second of two changes within a step does not show.
    pub fn is_older_than(&self, other: &Seen) -> bool {
        self.file.0 == other.file.0
            && self.changed < other.modified
            && self.modified < other.modified
    }

    /// Returns the look as text: equal texts mean equal looks.
    pub fn token(&self) -> String {
        let Seen { file: (device, inode), bytes, modified, changed } = self;
        format!(
            "{device}:{inode}:{bytes}:{}.{:09}:{}.{:09}",
            modified.0, modified.1, changed.0, changed.1
        )
    }

    /// Returns whether the file was as long when such a text was made of it.
    pub fn is_as_long_as(&self, token: &str) -> bool {
        token.split(':').nth(2).is_some_and(|bytes| bytes == self.bytes.to_string())
    }

    /// Returns the length of the file in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Looks at a path; `None` if there is no file.
pub fn seen(path: &Path) -> Option<Seen> {
    let meta = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
    seen_in(&meta)
}

#[cfg(unix)]
fn seen_in(meta: &fs::Metadata) -> Option<Seen> {
    use std::os::unix::fs::MetadataExt;
    Some(Seen {
        file: (meta.dev(), meta.ino()),
        bytes: meta.size(),
        modified: (meta.mtime(), meta.mtime_nsec()),
        changed: (meta.ctime(), meta.ctime_nsec()),
    })
}

/// If the system does not identify files, no look is older than a change.
#[cfg(not(unix))]
fn seen_in(meta: &fs::Metadata) -> Option<Seen> {
    let since = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    let modified = (i64::try_from(since.as_secs()).ok()?, i64::from(since.subsec_nanos()));
    Some(Seen { file: (0, 0), bytes: meta.len(), modified, changed: (i64::MAX, 0) })
}

/// Counts what is read, so that a test can tell that it is little.
#[cfg(test)]
pub mod counted {
    use std::cell::Cell;

    thread_local! { static READ: Cell<usize> = const { Cell::new(0) }; }

    pub fn add(bytes: usize) {
        READ.with(|read| read.set(read.get() + bytes));
    }

    /// Sets the count back.
    pub fn put_back(bytes: usize) {
        READ.with(|read| read.set(bytes));
    }

    /// Returns how many bytes of files this thread has read since the last call.
    pub fn taken() -> usize {
        READ.with(Cell::take)
    }
}

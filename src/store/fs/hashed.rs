//! Filling a large file with a content that several threads read, hash and write, each a part at a time.

use super::flowing::Flow;
use crate::wire::{Bytes, SharedBytes};
use blake3::hazmat::{self, ChainingValue, HasherExt, Mode};
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many bytes a thread takes at a time: what it has read is then still in the cache of its processor when
/// it is hashed and written, and the system caches the file in large folios, with which writing, reading and
/// dropping it costs half as much. A power of two, so that each part but the last is a whole subtree of the
/// hash. Less in debug builds, so that tests fill files in several parts.
const PART_BYTES: u64 = if cfg!(debug_assertions) { 1 << 10 } else { 1 << 18 };

/// What goes into a file.
pub(in crate::store) trait WrittenContent: Send + Sync {
    /// Returns its length in bytes.
    fn bytes(&self) -> u64;

    /// Fills `room` with its bytes from `at` on.
    ///
    /// # Errors
    /// If it cannot be read, or ends before.
    fn read_into(&self, at: u64, room: &mut [u8]) -> io::Result<()>;
}

impl WrittenContent for SharedBytes {
    fn bytes(&self) -> u64 {
        self.len() as u64
    }

    fn read_into(&self, at: u64, room: &mut [u8]) -> io::Result<()> {
        Bytes::read_into(self, at, room).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

/// A content on its way into a new file.
pub(super) struct Filling {
    file: File,
    content: Box<dyn WrittenContent>,
    flow: Flow,
    /// Where the first part begins that no thread has taken.
    next: AtomicU64,
    /// Set once a part has failed, or the file is not wanted any more: no further ones are taken.
    is_over: AtomicBool,
    /// Where each part begins that is written, and its hash.
    hashes: Mutex<Vec<(u64, PartHash)>>,
}

/// The hash of a part.
enum PartHash {
    /// The part is the whole content.
    Whole([u8; 32]),
    Subtree(ChainingValue),
}

impl Filling {
    pub fn of(file: File, content: Box<dyn WrittenContent>) -> Filling {
        Filling {
            file,
            content,
            flow: Flow::default(),
            next: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
            hashes: Mutex::default(),
        }
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    pub fn bytes(&self) -> u64 {
        self.content.bytes()
    }

    /// Fills in parts until none is left to take; others that work on it may still be at their last one.
    ///
    /// # Errors
    /// If the content cannot be read, or the file not written.
    pub fn work(&self) -> io::Result<()> {
        let mut room = Vec::new();
        while !self.is_over.load(Ordering::Relaxed) {
            let at = self.next.fetch_add(PART_BYTES, Ordering::Relaxed);
            // An empty content has one part.
            if at >= self.bytes().max(1) {
                break;
            }
            self.fill(at, &mut room).inspect_err(|_| self.stop())?;
        }
        Ok(())
    }

    /// Lets no thread take another part.
    pub fn stop(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    fn fill(&self, at: u64, room: &mut Vec<u8>) -> io::Result<()> {
        let left = self.bytes().saturating_sub(at);
        let length = usize::try_from(left.min(PART_BYTES)).map_err(io::Error::other)?;
        room.resize(length, 0);
        self.content.read_into(at, room)?;
        write_all_at(&self.file, room, at)?;
        self.flow.written(&self.file, at, length as u64);
        let mut hasher = blake3::Hasher::new();
        let hash = match length as u64 == self.bytes() {
            true => PartHash::Whole(hasher.update(room).finalize().into()),
            false => {
                PartHash::Subtree(hasher.set_input_offset(at).update(room).finalize_non_root())
            }
        };
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner).push((at, hash));
        Ok(())
    }

    /// Returns the hash of the content, once every thread that works on it has ended; `None` if a part is
    /// missing.
    pub fn hash(&self) -> Option<[u8; 32]> {
        let mut hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
        hashes.sort_unstable_by_key(|(at, _)| *at);
        let mut parts = Vec::with_capacity(hashes.len());
        for (at, hash) in &*hashes {
            match hash {
                PartHash::Whole(hash) => return Some(*hash),
                PartHash::Subtree(_) if *at != PART_BYTES.saturating_mul(parts.len() as u64) => {
                    return None;
                }
                PartHash::Subtree(hash) => parts.push(*hash),
            }
        }
        let is_whole = parts.len() as u64 == self.bytes().div_ceil(PART_BYTES);
        let (left, right) = halves(&parts, self.bytes()).filter(|_| is_whole)?;
        Some(hazmat::merge_subtrees_root(&left, &right, Mode::Hash).into())
    }
}

/// Returns the hashes of the two subtrees of a content of this many bytes, given those of its parts; `None` if
/// it has fewer than two. The depth of the recursion is the logarithm of their number.
fn halves(parts: &[ChainingValue], bytes: u64) -> Option<(ChainingValue, ChainingValue)> {
    if parts.len() < 2 {
        return None;
    }
    let left = hazmat::left_subtree_len(bytes);
    let at = usize::try_from(left / PART_BYTES).ok()?;
    let (first, rest) = parts.split_at_checked(at)?;
    Some((subtree(first, left)?, subtree(rest, bytes.checked_sub(left)?)?))
}

fn subtree(parts: &[ChainingValue], bytes: u64) -> Option<ChainingValue> {
    match parts {
        [only] => Some(*only),
        parts => {
            let (left, right) = halves(parts, bytes)?;
            Some(hazmat::merge_subtrees_non_root(&left, &right, Mode::Hash))
        }
    }
}

#[cfg(unix)]
fn write_all_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(not(unix))]
fn write_all_at(mut file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    use std::io::{Seek, Write};
    // A file has one position for all threads.
    static POSITION: Mutex<()> = Mutex::new(());
    let _position = POSITION.lock().unwrap_or_else(PoisonError::into_inner);
    file.seek(io::SeekFrom::Start(at))?;
    file.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_hash_of_its_content_whatever_its_size() {
        let part = PART_BYTES as usize;
        let around = |parts: usize| [parts * part - 1, parts * part, parts * part + 1];
        let sizes = [0, 1, 1023, 1025]
            .into_iter()
            .chain([1, 2, 3, 4, 7, 8, 9].into_iter().flat_map(around));
        for size in sizes {
            let content: Vec<u8> = (0..size).map(|at| (at * 7 / 5) as u8).collect();
            let filling = Filling::of(
                tempfile::tempfile().unwrap(),
                Box::new(SharedBytes::from(content.clone())),
            );
            let done = std::thread::scope(|scope| {
                let there = scope.spawn(|| filling.work());
                filling.work().and(there.join().unwrap())
            });
            done.unwrap();
            let mut stored = Vec::new();
            let mut file = filling.file();
            io::Seek::rewind(&mut file).unwrap();
            io::Read::read_to_end(&mut file, &mut stored).unwrap();
            assert!(stored == content, "{size} bytes");
            assert_eq!(filling.hash().unwrap(), *blake3::hash(&stored).as_bytes(), "{size} bytes");
        }
    }

    /// A content that cannot be read to its end.
    struct Lost(u64);

    impl WrittenContent for Lost {
        fn bytes(&self) -> u64 {
            self.0 + 10
        }

        fn read_into(&self, at: u64, room: &mut [u8]) -> io::Result<()> {
            match at + room.len() as u64 > self.0 {
                true => Err(io::ErrorKind::StorageFull.into()),
                false => {
                    room.fill(7);
                    Ok(())
                }
            }
        }
    }

    #[test]
    fn a_content_that_cannot_be_read_is_an_error_and_has_no_hash() {
        for bytes in [0, PART_BYTES, 9 * PART_BYTES] {
            let filling = Filling::of(tempfile::tempfile().unwrap(), Box::new(Lost(bytes)));
            assert_eq!(filling.work().unwrap_err().kind(), io::ErrorKind::StorageFull);
            assert_eq!(filling.hash(), None);
            // Whoever comes later takes no more parts.
            filling.work().unwrap();
        }
    }

    #[test]
    fn a_file_that_cannot_be_written_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, "").unwrap();
        for size in [1, 9 * PART_BYTES as usize] {
            let filling =
                Filling::of(File::open(&path).unwrap(), Box::new(SharedBytes::from(vec![7; size])));
            assert!(filling.work().is_err() && filling.hash().is_none());
        }
    }

    #[test]
    fn what_is_not_wanted_any_more_is_not_filled_further() {
        let filling =
            Filling::of(tempfile::tempfile().unwrap(), Box::new(SharedBytes::from(vec![7; 9])));
        filling.stop();
        filling.work().unwrap();
        assert_eq!((filling.hash(), filling.file().metadata().unwrap().len()), (None, 0));
    }
}

//! Hashing a large file while it is written.

use super::flowing::Flowing;
use crate::parallel;
use std::fs::File;
use std::io::{self, Write};

/// What goes into a file.
pub(in crate::store) trait WrittenContent: Sync {
    /// Passes on all of it, piece by piece. Large pieces that are all as long cost the least.
    ///
    /// # Errors
    /// If it cannot be read, and those of `out`.
    fn pass_on(&self, out: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()>;
}

/// Fills a new file with a content of about `bytes` bytes, and returns the hash of that. For a large file it
/// is worked out at the same time, from what a second thread reads.
pub(super) fn fill(file: &File, bytes: u64, content: &dyn WrittenContent) -> io::Result<[u8; 32]> {
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    let mut to = Flowing::to(file);
    if !parallel::pays(bytes) {
        let mut hasher = blake3::Hasher::new();
        content.pass_on(&mut |piece| {
            hasher.update(piece);
            to.write_all(piece)
        })?;
        return Ok(hasher.finalize().into());
    }
    let write = || content.pass_on(&mut |piece| to.write_all(piece));
    let (written, hash) = parallel::both(bytes, write, || hash_of(content));
    written.and(hash)
}

fn hash_of(content: &dyn WrittenContent) -> io::Result<[u8; 32]> {
    let mut hasher = blake3::Hasher::new();
    content.pass_on(&mut |piece| {
        hasher.update(piece);
        Ok(())
    })?;
    Ok(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    impl WrittenContent for Vec<Vec<u8>> {
        fn pass_on(&self, out: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
            self.iter().try_for_each(|piece| out(piece))
        }
    }

    #[test]
    fn a_file_has_the_hash_of_its_content_whatever_its_size() {
        let dir = tempfile::tempdir().unwrap();
        for (n, pieces) in [(0, 0), (1, 5), (2, 300), (3, 900)].into_iter() {
            let path = dir.path().join(n.to_string());
            let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
            let content: Vec<Vec<u8>> = (0..pieces).map(|at| vec![at as u8; at * 7]).collect();
            let bytes: usize = content.iter().map(Vec::len).sum();
            for told in [0, bytes as u64, u64::MAX] {
                file.set_len(0).unwrap();
                io::Seek::rewind(&mut &file).unwrap();
                let hash = fill(&file, told, &content).unwrap();
                let stored = std::fs::read(&path).unwrap();
                assert_eq!(stored, content.concat());
                assert_eq!(hash, *blake3::hash(&stored).as_bytes(), "{bytes} bytes, told {told}");
            }
        }
    }

    /// A content that cannot be read to its end.
    struct Lost;

    impl WrittenContent for Lost {
        fn pass_on(&self, out: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
            out(&[7; 1 << 19])?;
            Err(io::ErrorKind::StorageFull.into())
        }
    }

    #[test]
    fn a_content_that_cannot_be_read_is_an_error() {
        let file = tempfile::tempfile().unwrap();
        for told in [0, u64::MAX] {
            let failed = fill(&file, told, &Lost);
            assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::StorageFull);
        }
    }

    #[test]
    fn a_file_that_cannot_be_written_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, "").unwrap();
        let file = File::open(&path).unwrap();
        for told in [0, u64::MAX] {
            assert!(fill(&file, told, &vec![vec![7; 1 << 19]]).is_err());
        }
    }
}

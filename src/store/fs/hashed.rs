//! Hashing a large file while it is written.

use super::flowing::Flowing;
use crate::parallel;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::mpsc;
use std::thread;

/// Bytes buffered before they are written: thousands of small pieces must not become thousands of writes.
const WRITTEN_AT_ONCE: usize = 1 << 16;
/// How much is read of what was written.
const READ_AT_ONCE: usize = 1 << 16;

/// Fills a new file with what `write` writes, about `bytes` bytes, and returns the hash of that. That of a
/// large file is worked out at the same time, from what is in the file.
pub(super) fn fill(
    file: &File,
    bytes: u64,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<[u8; 32]> {
    if cfg!(not(unix)) || !parallel::pays(usize::try_from(bytes).unwrap_or(usize::MAX)) {
        let mut hashing =
            HashedWriter { to: Flowing::to(file, None), hasher: blake3::Hasher::new() };
        buffered(&mut hashing, write)?;
        return Ok(hashing.hasher.finalize().into());
    }
    // Made here: a thread that allocates nothing takes hardly any memory.
    let room = vec![0; READ_AT_ONCE];
    thread::scope(|scope| {
        let (said, written) = mpsc::channel();
        let hash = move || hash_of(file, room, written.into_iter());
        let reading = thread::Builder::new().spawn_scoped(scope, hash);
        let mut flowing = Flowing::to(file, Some(said));
        let filled = buffered(&mut flowing, write);
        let end = flowing.end();
        let hash = match reading {
            Ok(reading) => reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            // The system could not start a thread.
            Err(_) => hash_of(file, vec![0; READ_AT_ONCE], std::iter::once(end)),
        };
        filled.and(hash)
    })
}

fn buffered(
    to: &mut impl Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffered = BufWriter::with_capacity(WRITTEN_AT_ONCE, to);
    write(&mut buffered)?;
    buffered.flush()
}

/// Hashes a file, up to the end that each of `ends` gives; `room` is for what is read.
#[cfg(unix)]
fn hash_of(
    file: &File,
    mut room: Vec<u8>,
    ends: impl Iterator<Item = u64>,
) -> io::Result<[u8; 32]> {
    use std::os::unix::fs::FileExt;
    let (mut hasher, mut read) = (blake3::Hasher::new(), 0);
    for end in ends {
        while read < end {
            let left = usize::try_from(end.saturating_sub(read)).unwrap_or(usize::MAX);
            let length = left.min(room.len());
            let part = room.get_mut(..length).unwrap_or_default();
            file.read_exact_at(part, read)?;
            hasher.update(part);
            read = read.saturating_add(part.len() as u64);
        }
    }
    Ok(hasher.finalize().into())
}

/// Fails: only one thread can read here.
#[cfg(not(unix))]
fn hash_of(_file: &File, _room: Vec<u8>, _ends: impl Iterator<Item = u64>) -> io::Result<[u8; 32]> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Hashes what it passes on.
struct HashedWriter<'f> {
    to: Flowing<'f>,
    hasher: blake3::Hasher,
}

impl Write for HashedWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or(bytes));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_hash_of_its_content_whatever_its_size() {
        let dir = tempfile::tempdir().unwrap();
        for (n, pieces) in [(0, 0), (1, 5), (2, 300), (3, 900)].into_iter() {
            let file = File::create_new(dir.path().join(n.to_string())).unwrap();
            drop(file);
            let path = dir.path().join(n.to_string());
            let file = File::options().read(true).write(true).open(&path).unwrap();
            let content: Vec<Vec<u8>> = (0..pieces).map(|at| vec![at as u8; at * 7]).collect();
            let bytes: usize = content.iter().map(Vec::len).sum();
            for told in [0, bytes as u64, u64::MAX] {
                file.set_len(0).unwrap();
                io::Seek::rewind(&mut &file).unwrap();
                let write =
                    |out: &mut dyn Write| content.iter().try_for_each(|piece| out.write_all(piece));
                let hash = fill(&file, told, write).unwrap();
                let stored = std::fs::read(&path).unwrap();
                assert_eq!(stored, content.concat());
                assert_eq!(hash, *blake3::hash(&stored).as_bytes(), "{bytes} bytes, told {told}");
            }
        }
    }

    #[test]
    fn a_write_that_fails_is_an_error() {
        let file = tempfile::tempfile().unwrap();
        for told in [0, u64::MAX] {
            let failed = fill(&file, told, |out| {
                out.write_all(&[7; 1 << 19])?;
                Err(io::ErrorKind::StorageFull.into())
            });
            assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::StorageFull);
        }
    }
}

//! A document whose file is written later: the file as it is, and what is to be added to it.

use super::fs::{OpenFile, SharedFile};
use crate::wire::{Bytes, PieceTable, Splice};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// The pieces that a state consists of, and all bytes added to its file.
#[derive(Debug)]
pub struct FilePieces {
    table: PieceTable,
    added: Vec<u8>,
}

impl FilePieces {
    /// A file of `bytes` bytes, unchanged.
    pub fn of_file(bytes: u64) -> FilePieces {
        FilePieces { table: PieceTable::of_file(bytes), added: Vec::new() }
    }

    /// Restores stored pieces; `None` if the hash does not match.
    pub fn kept(table: &PieceTable, added: Vec<u8>, hash: &[u8; 32]) -> Option<FilePieces> {
        let pieces = FilePieces { table: table.clone(), added };
        let same = pieces.added.len() as u64 == pieces.table.added() && pieces.hash() == *hash;
        same.then_some(pieces)
    }

    /// Returns the state after a splice, and where the newly added bytes begin.
    pub fn spliced(&self, splice: &Splice) -> Option<(FilePieces, usize)> {
        let (table, new) = self.table.spliced(splice)?;
        let added = [self.added.as_slice(), &new].concat();
        Some((FilePieces { table, added }, self.added.len()))
    }

    /// Returns the hash that identifies them when they are read again.
    pub fn hash(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("crdtctl 1 pieces");
        hasher.update(&self.table.encode()).update(&self.added);
        hasher.finalize().into()
    }

    pub fn table(&self) -> &PieceTable {
        &self.table
    }

    /// Returns all bytes added to the file, concatenated.
    pub fn added(&self) -> &[u8] {
        &self.added
    }

    /// Returns some bytes of the state, given its file; `None` if it has not as many, or cannot be read.
    pub fn read<'b>(
        &'b self,
        range: Range<u64>,
        file: &'b (impl Bytes + ?Sized),
    ) -> Option<Cow<'b, [u8]>> {
        self.table.read(range, file, self.added.as_slice())
    }

    /// Fills `room` with the bytes of the state from `at` on; `None` as for [`FilePieces::read`].
    pub fn read_into(&self, at: u64, room: &mut [u8], file: &(impl Bytes + ?Sized)) -> Option<()> {
        self.table.read_into(at, room, file, self.added.as_slice())
    }

    /// Returns the whole state, given its whole file.
    pub fn whole(&self, file: Vec<u8>) -> Option<Vec<u8>> {
        match self.added.is_empty() {
            true => Some(file),
            false => self.read(0..self.table.bytes(), file.as_slice()).map(Cow::into_owned),
        }
    }
}

/// A file, with the changes that are yet to be written into it.
#[derive(Debug)]
pub struct PiecedFile {
    pub file: OpenFile,
    pub pieces: Arc<FilePieces>,
}

impl Bytes for PiecedFile {
    fn range(&self, range: Range<u64>) -> Option<Cow<'_, [u8]>> {
        self.pieces.read(range, &self.file)
    }
}

/// The same for other threads.
#[derive(Debug)]
pub struct SharedPieces {
    pub file: SharedFile,
    pub pieces: Arc<FilePieces>,
}

impl Bytes for SharedPieces {
    fn range(&self, range: Range<u64>) -> Option<Cow<'_, [u8]>> {
        self.pieces.read(range, &self.file)
    }

    fn read_into(&self, at: u64, room: &mut [u8]) -> Option<()> {
        self.pieces.read_into(at, room, &self.file)
    }
}

/// Returns the hash under which facts about the content of a file with the log up to `seq` are recorded.
pub fn deferred_as(file: &[u8; 32], seq: i64) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("crdtctl 1 deferred");
    hasher.update(file).update(&seq.to_le_bytes());
    hasher.finalize().into()
}

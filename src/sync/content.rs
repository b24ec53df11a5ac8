//! Contents of files in a bundle: what the manifest says of them, and the pieces that carry them.
//!
//! Each content comes once, however many files hold it, after all documents, in pieces of one mebibyte:
//! `disk/<hash of the content>/<number>`. Neither side ever has more than one piece in memory.

mod incoming;
mod outgoing;

pub(super) use incoming::missing;
pub use incoming::{CameIn, ContentIntake, awaited};
pub use outgoing::{ContentChoice, OutgoingContents, carry};

use super::hash::Hash;
use crate::error::{Error, Next, Result};
use crate::limits;
use serde::{Deserialize, Serialize};
use std::io::{self, Read};

/// The size in bytes of every piece but the last.
pub const PIECE: usize = 1 << 20;
/// The prefix of every piece's name.
pub const FOLDER: &str = "disk/";

/// A content that a bundle carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundledContent {
    /// The hash of the whole content.
    pub blake3: Hash,
    /// Its size in bytes.
    pub bytes: u64,
    /// The hash of each piece; empty if there is only one, whose hash is that of the whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pieces: Vec<Hash>,
}

/// One expected piece of a content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentPiece {
    /// The name of its entry in the bundle.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// The hash of these bytes.
    pub blake3: Hash,
}

/// Receives pieces whose hashes were checked: the content, the number of the piece, and its bytes.
pub type PieceSink<'s> = dyn FnMut(&BundledContent, u64, &[u8]) -> Result<()> + 's;

impl BundledContent {
    /// Reads a content to the end and returns its entry for a manifest.
    ///
    /// # Errors
    /// Those of reading.
    pub fn of(mut input: impl Read) -> io::Result<BundledContent> {
        let (mut hasher, mut bytes, mut pieces) = (blake3::Hasher::new(), 0u64, Vec::new());
        let mut piece = Vec::with_capacity(PIECE);
        loop {
            piece.clear();
            (&mut input).take(PIECE as u64).read_to_end(&mut piece)?;
            if piece.is_empty() {
                break;
            }
            hasher.update(&piece);
            bytes = bytes.saturating_add(piece.len() as u64);
            pieces.push(Hash::of(&piece));
        }
        if pieces.len() <= 1 {
            pieces.clear();
        }
        Ok(BundledContent { blake3: Hash(*hasher.finalize().as_bytes()), bytes, pieces })
    }

    /// Returns the number of its pieces.
    pub fn count(&self) -> u64 {
        self.bytes.div_ceil(PIECE as u64).max(1)
    }

    /// Returns one of its pieces, or `None` past the last.
    pub fn piece(&self, number: u64) -> Option<ContentPiece> {
        let before = number.checked_mul(PIECE as u64)?;
        let left = self.bytes.checked_sub(before)?;
        if number >= self.count() {
            return None;
        }
        let blake3 = match self.pieces.as_slice() {
            [] => self.blake3,
            pieces => *pieces.get(usize::try_from(number).ok()?)?,
        };
        let name = format!("{FOLDER}{}/{number:06}", self.blake3);
        Some(ContentPiece { name, bytes: left.min(PIECE as u64), blake3 })
    }

    /// Checks that the entry is consistent, whoever wrote it.
    ///
    /// # Errors
    /// `Untrusted`.
    pub(super) fn check(&self) -> Result<()> {
        let fits = match self.count() {
            1 => self.pieces.is_empty(),
            count => self.pieces.len() as u64 == count,
        };
        match fits {
            true => Ok(()),
            false => Err(Error::untrusted(format!(
                "the content {} of {} bytes has {} pieces",
                self.blake3,
                self.bytes,
                self.pieces.len()
            ))),
        }
    }
}

/// Returns the size of the entries of these contents in an unpacked bundle.
///
/// # Errors
/// `Untrusted` if that is more than any bundle may hold.
pub(super) fn unpacked_bytes(contents: &[BundledContent]) -> Result<u64> {
    let one = |content: &BundledContent| {
        // A header for each piece, and the padding of its last block.
        content.bytes.saturating_add(content.count().saturating_mul(1024))
    };
    let all = contents.iter().fold(0u64, |all, content| all.saturating_add(one(content)));
    match all <= limits::BUNDLE_CONTENT_BYTES && contents.len() <= limits::BUNDLE_CONTENTS {
        true => Ok(all),
        false => Err(Error::untrusted(format!(
            "{} files of {all} bytes in one bundle, more than {} or {} bytes",
            contents.len(),
            limits::BUNDLE_CONTENTS,
            limits::BUNDLE_CONTENT_BYTES
        ))),
    }
}

/// The error for a content that changed while the bundle was made.
pub(super) fn changed_meanwhile() -> Error {
    Error::refused("a file was changed while it was exported")
        .hint(Next::ScanDisks.and(" takes in what changed; then export again"))
}

/// Tracks which piece comes next: all of them come in the order of the manifest.
#[derive(Default)]
pub(super) struct PieceOrder {
    content: usize,
    number: u64,
    whole: blake3::Hasher,
}

impl PieceOrder {
    /// Returns the piece that must come next, or `None` once all have come.
    pub(super) fn expected(&self, contents: &[BundledContent]) -> Option<ContentPiece> {
        contents.get(self.content)?.piece(self.number)
    }

    /// Takes the bytes of the expected piece and hands them on.
    ///
    /// # Errors
    /// `Untrusted` if they do not match the manifest; those of `taken`.
    pub(super) fn take(
        &mut self,
        contents: &[BundledContent],
        bytes: &[u8],
        taken: &mut PieceSink<'_>,
    ) -> Result<()> {
        let content = contents.get(self.content);
        let Some((content, piece)) = content.and_then(|c| Some((c, c.piece(self.number)?))) else {
            return Err(Error::bug("an unexpected piece of content"));
        };
        let wrong = || Error::untrusted(format!("{:?} does not match its hash", piece.name));
        if Hash::of(bytes) != piece.blake3 {
            return Err(wrong());
        }
        self.whole.update(bytes);
        let is_last = self.number.saturating_add(1) >= content.count();
        if is_last && *self.whole.finalize().as_bytes() != content.blake3.0 {
            return Err(wrong());
        }
        taken(content, self.number, bytes)?;
        self.number = self.number.saturating_add(1);
        if is_last {
            (self.content, self.number) = (self.content.saturating_add(1), 0);
            self.whole.reset();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

//! Incoming contents: kept beside the disks, each under its hash once it is complete.

use super::{BundledContent, PIECE};
use crate::concern::disk::is_private;
use crate::disk::{Contents, Objects, PartialContent, is_disk, named_contents};
use crate::error::{Error, Result};
use crate::id::DocId;
use crate::limits;
use crate::store::{self, Reader, Session};
use crate::sync::bundle::Bundle;
use crate::sync::hash::Hash;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// Returns the contents that files of this store hold but that are not here, with their sizes.
///
/// # Errors
/// Those of the store and of the file system.
pub fn awaited(reader: &Reader) -> Result<BTreeMap<String, u64>> {
    awaited_of(reader, |_| true)
}

fn awaited_of(reader: &Reader, of: impl Fn(&DocId) -> bool) -> Result<BTreeMap<String, u64>> {
    let mut awaited = BTreeMap::new();
    let docs = reader.documents()?.into_iter().map(|document| document.id).filter(is_disk);
    let docs = docs.filter(of);
    for doc in docs {
        // A document that cannot be read asks for nothing.
        match named_contents(reader, &doc) {
            Ok(named) => awaited.extend(named.into_iter().map(|one| (one.blake3, one.bytes))),
            Err(e) if e.damaged.is_some() => {}
            Err(e) => return Err(e),
        }
    }
    if !awaited.is_empty() {
        let here = Contents::of(reader)?;
        for (blake3, bytes) in std::mem::take(&mut awaited) {
            if !here.has(&blake3, bytes)? {
                awaited.insert(blake3, bytes);
            }
        }
    }
    Ok(awaited)
}

/// Returns the hashes of missing contents, for others to send. Those of a private disk are included only if
/// `private` is set, so that nobody else learns of them.
///
/// # Errors
/// Those of the store and of the file system.
pub(in crate::sync) fn missing(reader: &Reader, private: bool) -> Result<Vec<Hash>> {
    let missing = awaited_of(reader, |doc| private || !is_private(doc))?;
    let hash = |blake3: &String| blake3::Hash::from_hex(blake3).ok().map(|h| Hash(*h.as_bytes()));
    Ok(missing.keys().filter_map(hash).take(limits::BUNDLE_CONTENTS).collect())
}

/// The result for the contents of bundles; public API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CameIn {
    /// The number of contents that are newly here.
    pub came: usize,
    /// Their size in bytes.
    pub bytes: u64,
    /// The number of contents that files of this store hold and that are still missing.
    pub missing: usize,
}

/// Keeps those contents of bundles that files of the store hold.
pub struct ContentIntake {
    objects: Objects,
    awaited: BTreeMap<String, u64>,
    current: Option<(Hash, PartialContent)>,
    came: CameIn,
}

impl ContentIntake {
    /// Returns an intake for a store. The session keeps others out while it lasts.
    ///
    /// # Errors
    /// Those of the store and of the file system.
    pub fn new(reader: &Reader, session: &Session) -> Result<ContentIntake> {
        Ok(ContentIntake {
            objects: Objects::open(&session.disks())?,
            awaited: awaited(reader)?,
            current: None,
            came: CameIn::default(),
        })
    }

    /// Returns whether a bundle carries any awaited content.
    pub fn wants(&self, bundle: &Bundle) -> bool {
        bundle.manifest().files.iter().any(|content| self.is_awaited(content))
    }

    fn is_awaited(&self, content: &BundledContent) -> bool {
        self.awaited.get(&content.blake3.to_string()) == Some(&content.bytes)
    }

    /// Reads a bundle again and keeps its awaited contents. A content left incomplete by an interrupted
    /// import is continued.
    ///
    /// # Errors
    /// `Io`, before anything is read, if there is no room; `Untrusted` if the bundle has changed since.
    /// Contents complete by then are kept.
    pub fn take(&mut self, bundle: &Bundle, disks: &Path, input: impl Read) -> Result<()> {
        let wanted = bundle.manifest().files.iter().filter(|content| self.is_awaited(content));
        let bytes = wanted.fold(0u64, |all, content| all.saturating_add(content.bytes));
        if let Some(free) = store::free_bytes(disks.parent().unwrap_or(disks))
            && free < bytes
        {
            let what =
                format!("the files of the bundle have {bytes} bytes, but only {free} are free");
            return Err(Error::io(what, "no space left").hint("make room, and import it again"));
        }
        let again = Bundle::read_with(input, &mut |content, number, bytes| {
            self.piece(content, number, bytes)
        })?;
        match again.manifest() == bundle.manifest() {
            true => Ok(()),
            false => Err(Error::untrusted("the bundle was replaced while it was read")
                .hint("import it again")),
        }
    }

    fn piece(&mut self, content: &BundledContent, number: u64, bytes: &[u8]) -> Result<()> {
        let blake3 = content.blake3.to_string();
        if !self.is_awaited(content) {
            return Ok(());
        }
        if self.current.as_ref().is_none_or(|(hash, _)| *hash != content.blake3) {
            let is_it = |number: u64, bytes: &[u8]| {
                content.piece(number).is_some_and(|piece| piece.blake3 == Hash::of(bytes))
            };
            let begun = self.objects.resume(&blake3, PIECE, content.bytes, is_it)?;
            self.current = Some((content.blake3, begun));
        }
        let Some((_, part)) = &mut self.current else { return Ok(()) };
        part.write(number.saturating_mul(PIECE as u64), bytes)?;
        if number.saturating_add(1) >= content.count()
            && let Some((_, part)) = self.current.take()
        {
            self.objects.finish(part)?;
            self.awaited.remove(&blake3);
            self.came.came = self.came.came.saturating_add(1);
            self.came.bytes = self.came.bytes.saturating_add(content.bytes);
        }
        Ok(())
    }

    /// Returns what came and what did not.
    pub fn done(self) -> CameIn {
        CameIn { missing: self.awaited.len(), ..self.came }
    }
}

//! A bundle as a file: `tar` inside `zstd`, the manifest first, one update per document.
//!
//! | entry | content |
//! |---|---|
//! | `manifest.json` | [`Manifest`], always the first |
//! | `docs/0001.update` | a Yrs v1 update of one document |
//! | `archive/0001.ndjson.zst` | archived rows of one document: JSON lines, a zstd frame per span |
//! | `disk/HASH/000000` | a piece of a file's content: one mebibyte, the last one the remainder |
//! | `manifest.json.sig` | a signature, not checked yet |
//!
//! Later versions added these fields to the manifest; readers that do not know them ignore them:
//!
//! * `documents[].sum`: a sum of the content that can be maintained change by change, whereas `digest`
//!   requires reading all of it. Two documents with the same version and different sums have diverged.
//! * `archives`: for each document what the sender has archived of it, sent or not: `spans` in the order that
//!   all replicas share ([`crate::archive`]), each with the hash of its versions, the number of `rows`, and
//!   `sent` if they are in the part. A replica that has a span has all its rows, so this is also a receipt. A
//!   line of a part has `path`, `created_at`, `changed_at`, `client`, `clock`, `record` (the record's JSON as
//!   text, whose hash is the version), and, if they add anything, `removed` and `typed`.
//! * `files`: the contents that follow all other entries, in this order and each once, however many files
//!   hold it: `blake3`, `bytes`, and the hashes of its `pieces` if there are several. They have a bound of
//!   their own, since no more than one piece is held in memory.
//! * `missing`: the hashes of contents that the sender's files hold but the sender lacks; the next bundle for
//!   it carries them.
//!
//! Nothing here knows a store. A bundle that [`Bundle::read`] returns is within every bound, and every part
//! has the length and the hash that the manifest states. Whether a part is a valid update is decided by the
//! gate ([`crate::gate`]).

use super::content::{self, BundledContent, PieceOrder, PieceSink, unpacked_bytes};
use super::manifest::{BundledArchive, BundledDocument, Hash, Manifest, is_archive_part, is_part};
use crate::error::{Error, Hint, Kind, Next, Result};
use crate::limits;
use crate::wire::SharedBytes;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use unpacked::{Bounds, Unpacked, damaged, only_padding, too_large};

mod packed;
mod unpacked;

const MANIFEST: &str = "manifest.json";
const SIGNATURE: &str = "manifest.json.sig";
/// zstd's own default. Its window is 2 MiB, well within what readers accept.
const LEVEL: i32 = 3;
/// `tar` works in blocks: one for a header, as many as needed for content, two at the end.
const BLOCK: u64 = 512;

/// A manifest and its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    manifest: Manifest,
    parts: BTreeMap<String, SharedBytes>,
    notes: Vec<String>,
}

impl Bundle {
    /// Returns a bundle with this manifest, without documents and without any statement about archives.
    pub fn new(mut manifest: Manifest) -> Self {
        manifest.documents.clear();
        manifest.archives = None;
        Bundle { manifest, parts: BTreeMap::new(), notes: Vec::new() }
    }

    /// Adds a document. With an update it gets the next part; without one, the entry is a receipt.
    pub fn push(&mut self, document: BundledDocument, update: Option<Vec<u8>>) {
        let document = match update {
            None => BundledDocument { file: None, bytes: 0, blake3: None, ..document },
            Some(update) => {
                let file = format!("docs/{:04}.update", self.updates().saturating_add(1));
                let bytes = update.len() as u64;
                let blake3 = Some(Hash::of(&update));
                self.parts.insert(file.clone(), update.into());
                BundledDocument { file: Some(file), bytes, blake3, ..document }
            }
        };
        self.manifest.documents.push(document);
    }

    /// Adds what the sender has archived of documents, with the rows that are sent.
    pub fn push_archives(&mut self, archives: Vec<(BundledArchive, Vec<u8>)>) {
        let mut said = Vec::with_capacity(archives.len());
        for (n, (archive, rows)) in archives.into_iter().enumerate() {
            said.push(match rows.is_empty() {
                true => BundledArchive { file: None, bytes: 0, blake3: None, ..archive },
                false => {
                    let file = format!("archive/{:04}.ndjson.zst", n.saturating_add(1));
                    let bytes = rows.len() as u64;
                    let blake3 = Some(Hash::of(&rows));
                    self.parts.insert(file.clone(), rows.into());
                    BundledArchive { file: Some(file), bytes, blake3, ..archive }
                }
            });
        }
        self.manifest.archives = Some(said);
    }

    /// Returns what the sender has archived, with the rows that are sent, or `None` where none are.
    pub fn archives(&self) -> impl Iterator<Item = (&BundledArchive, Option<&[u8]>)> {
        self.manifest.archives.iter().flatten().map(|archive| {
            let part = archive.file.as_ref().and_then(|file| self.parts.get(file));
            (archive, part.map(|part| &**part))
        })
    }

    /// Returns the number of archived rows it carries.
    pub fn archived_rows(&self) -> u64 {
        let spans = self.manifest.archives.iter().flatten().flat_map(|archive| &archive.spans);
        let sent = spans.filter(|span| span.sent);
        sent.fold(0, |all, span| all.saturating_add(span.rows))
    }

    fn updates(&self) -> usize {
        self.parts.keys().filter(|name| is_part(name)).count()
    }

    /// Returns the manifest: checked if the bundle was read, complete if it was made here.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns sentences about what was in the file but is not used.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Returns every document with its update; `None` where the entry is only a receipt.
    pub fn documents(&self) -> impl Iterator<Item = (&BundledDocument, Option<&[u8]>)> {
        let documents = self.manifest.documents.iter();
        documents.map(|document| (document, self.update_of(document).map(|update| &**update)))
    }

    /// Returns the update that comes with one of its entries, or `None` if that is a receipt.
    pub fn update_of(&self, document: &BundledDocument) -> Option<&SharedBytes> {
        document.file.as_ref().and_then(|file| self.parts.get(file))
    }

    /// Returns whether it carries an update, archived rows or contents of files.
    pub fn has_updates(&self) -> bool {
        !self.parts.is_empty() || !self.manifest.files.is_empty()
    }

    /// Sets which contents of files it carries, in their order.
    pub fn carry(&mut self, files: Vec<BundledContent>) {
        self.manifest.files = files;
    }

    /// Returns the total size in bytes of the file contents it carries.
    pub fn content_bytes(&self) -> u64 {
        self.manifest.files.iter().fold(0, |all, content| all.saturating_add(content.bytes))
    }

    /// Reads a bundle, its documents into memory: at most 64 MiB packed and 256 MiB unpacked. The contents of
    /// files are checked against their hashes and discarded.
    ///
    /// # Errors
    /// `Io` if the input cannot be read; `Untrusted` for anything wrong with what was read.
    pub fn read(input: impl Read) -> Result<Self> {
        Bundle::read_with(input, &mut |_, _, _| Ok(()))
    }

    /// Like [`Bundle::read`], but hands on the contents of files piece by piece.
    ///
    /// # Errors
    /// The same, and those of `taken`.
    pub fn read_with(input: impl Read, taken: &mut PieceSink<'_>) -> Result<Self> {
        Bundle::unpack(Box::new(input), taken).map_err(|error| match error.kind {
            Kind::Untrusted => error.hint_else(
                Hint::from("nothing was written; copy it again, or ask the sender for another: ")
                    .next(Next::Export)
                    .and(" makes one"),
            ),
            _ => error,
        })
    }

    fn unpack<'i>(input: Box<dyn Read + 'i>, taken: &mut PieceSink<'_>) -> Result<Self> {
        let (unpacked, bounds) = Unpacked::new(input)
            .map_err(|e| Error::untrusted("the bundle cannot be unpacked").because(e))?;
        let mut archive = tar::Archive::new(unpacked);
        let read = BundleContents::collect(&mut archive, &bounds, taken)
            .and_then(BundleContents::complete)
            .and_then(|bundle| only_padding(archive.into_inner()).map(|()| bundle));
        read.map_err(|error| bounds.fault().unwrap_or(error))
    }

    /// Checks the bounds that every reader enforces, so that the writer keeps them too.
    fn check_bounds(&self, manifest: u64) -> Result<()> {
        let entries = self.manifest.documents.len().max(self.parts.len().saturating_add(1));
        if entries > limits::BUNDLE_ENTRIES {
            return Err(refused(format!(
                "{entries} documents, more than the {} that a bundle may carry",
                limits::BUNDLE_ENTRIES
            )));
        }
        let mut unpacked = BLOCK.saturating_mul(2);
        let updates = self
            .documents()
            .map(|(document, _)| (format!("the update of {}", document.doc), document.bytes));
        for (what, bytes) in updates.chain([("the manifest".to_owned(), manifest)]) {
            refuse_beyond(&what, bytes, limits::UPDATE_BYTES)?;
            unpacked = unpacked.saturating_add(in_tar(bytes));
        }
        for archive in self.manifest.archives.iter().flatten() {
            unpacked = unpacked.saturating_add(in_tar(archive.bytes));
        }
        refuse_beyond("the bundle, unpacked,", unpacked, limits::BUNDLE_UNPACKED_BYTES)?;
        unpacked_bytes(&self.manifest.files).map(drop).map_err(|e| refused(e.message))
    }
}

/// Returns the size of an entry in the archive.
fn in_tar(bytes: u64) -> u64 {
    bytes.div_ceil(BLOCK).saturating_add(1).saturating_mul(BLOCK)
}

/// What has been read of a bundle so far.
struct BundleContents {
    manifest: Manifest,
    /// Length and hash of each part that the manifest announces.
    announced: BTreeMap<String, (u64, Option<Hash>)>,
    seen: BTreeSet<String>,
    parts: BTreeMap<String, SharedBytes>,
    notes: Vec<String>,
    /// Which content of a file comes next.
    order: PieceOrder,
}

impl BundleContents {
    fn collect(
        archive: &mut tar::Archive<Unpacked<'_>>,
        bounds: &Bounds,
        taken: &mut PieceSink<'_>,
    ) -> Result<Self> {
        // Raw: no long names, no sparse files, no extended headers. Two readers could interpret those
        // differently, and our own names never need them.
        let mut entries = archive.entries().map_err(damaged)?.raw(true);
        let manifest = match entries.next() {
            Some(entry) => read_manifest(entry.map_err(damaged)?)?,
            None => return Err(Error::untrusted("the bundle is empty")),
        };
        let updates = manifest.documents.iter().filter_map(|document| {
            Some((document.file.clone()?, (document.bytes, document.blake3)))
        });
        let rows = manifest.archives.iter().flatten();
        let rows = rows
            .filter_map(|archive| Some((archive.file.clone()?, (archive.bytes, archive.blake3))));
        let announced = updates.chain(rows);
        bounds.allow(unpacked_bytes(&manifest.files)?);
        let mut contents = BundleContents {
            announced: announced.collect(),
            manifest,
            seen: BTreeSet::from([MANIFEST.to_owned()]),
            parts: BTreeMap::new(),
            notes: Vec::new(),
            order: PieceOrder::default(),
        };
        for entry in entries {
            contents.take(entry.map_err(damaged)?, taken)?;
        }
        Ok(contents)
    }

    fn take(
        &mut self,
        mut entry: tar::Entry<'_, Unpacked<'_>>,
        taken: &mut PieceSink<'_>,
    ) -> Result<()> {
        let name = regular_name(&entry)?;
        if name.starts_with(content::FOLDER) {
            return self.piece(&name, &mut entry, taken);
        }
        if !self.seen.insert(name.clone()) {
            return Err(Error::untrusted(format!("the bundle holds {name:?} twice")));
        }
        if self.seen.len() > limits::BUNDLE_ENTRIES {
            let limit = limits::BUNDLE_ENTRIES;
            return Err(Error::untrusted(format!("the bundle has more than {limit} entries")));
        }
        if is_part(&name) || is_archive_part(&name) {
            let part = self.part(&name, &mut entry)?;
            self.parts.insert(name, part.into());
            return Ok(());
        }
        if name == SIGNATURE {
            self.notes.push("the bundle is signed; the signature was not checked".into());
            return Ok(());
        }
        Err(Error::untrusted(format!(
            "the bundle holds {name:?}, which does not belong in a bundle"
        )))
    }

    /// Reads one part and checks its length and hash against the manifest.
    fn part(&self, name: &str, entry: &mut tar::Entry<'_, Unpacked<'_>>) -> Result<Vec<u8>> {
        let Some((length, hash)) = self.announced.get(name) else {
            return Err(Error::untrusted(format!("{name:?} is not in the bundle's manifest")));
        };
        if entry.size() != *length {
            return Err(Error::untrusted(format!(
                "{name:?} has {} bytes, but {length} in the manifest",
                entry.size()
            )));
        }
        let bytes = read_whole(entry)?;
        if *hash != Some(Hash::of(&bytes)) {
            return Err(Error::untrusted(format!(
                "{name:?} does not match its hash in the manifest"
            )));
        }
        Ok(bytes)
    }

    /// Reads a piece of a file's content, which must be the next one expected.
    fn piece(
        &mut self,
        name: &str,
        entry: &mut tar::Entry<'_, Unpacked<'_>>,
        taken: &mut PieceSink<'_>,
    ) -> Result<()> {
        let files = &self.manifest.files;
        match self.order.expected(files) {
            Some(piece) if piece.name == name && piece.bytes == entry.size() => {}
            Some(piece) if piece.name == name => {
                return Err(Error::untrusted(format!(
                    "{name:?} has {} bytes, but {} in the manifest",
                    entry.size(),
                    piece.bytes
                )));
            }
            Some(piece) => {
                let what = format!("the bundle holds {name:?} where {:?} belongs", piece.name);
                return Err(Error::untrusted(what));
            }
            None => {
                return Err(Error::untrusted(format!("{name:?} is not in the bundle's manifest")));
            }
        }
        self.order.take(files, &read_whole(entry)?, taken)
    }

    fn complete(self) -> Result<Bundle> {
        if let Some(piece) = self.order.expected(&self.manifest.files) {
            return Err(Error::untrusted(format!("{:?} is missing from the bundle", piece.name)));
        }
        if let Some(file) = self.announced.keys().find(|file| !self.parts.contains_key(*file)) {
            return Err(Error::untrusted(format!("{file:?} is missing from the bundle")));
        }
        Ok(Bundle { manifest: self.manifest, parts: self.parts, notes: self.notes })
    }
}

fn read_manifest(mut entry: tar::Entry<'_, Unpacked<'_>>) -> Result<Manifest> {
    let name = regular_name(&entry)?;
    if name != MANIFEST {
        return Err(Error::untrusted(format!(
            "the bundle begins with {name:?}, not with its manifest"
        )));
    }
    if entry.size() > limits::UPDATE_BYTES {
        return Err(too_large("manifest", limits::UPDATE_BYTES));
    }
    Manifest::parse(&read_whole(&mut entry)?)
}

/// Returns the name of an entry that is a regular file.
fn regular_name(entry: &tar::Entry<'_, Unpacked<'_>>) -> Result<String> {
    let path = entry.path_bytes();
    let name = String::from_utf8_lossy(&path);
    if entry.header().entry_type() != tar::EntryType::Regular {
        return Err(Error::untrusted(format!("{name:?} in the bundle is not a regular file")));
    }
    // An oversized entry is refused before the reader has to skip over it.
    if entry.size() > limits::BUNDLE_UNPACKED_BYTES {
        return Err(too_large("entry", limits::BUNDLE_UNPACKED_BYTES));
    }
    Ok(name.into_owned())
}

/// Reads an entry whose size was already compared with a limit. Memory grows with the data that actually
/// arrives.
fn read_whole(entry: &mut tar::Entry<'_, Unpacked<'_>>) -> Result<Vec<u8>> {
    let size = entry.size();
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).map_err(damaged)?;
    match bytes.len() as u64 == size {
        true => Ok(bytes),
        false => Err(Error::untrusted("the bundle ends in the middle of an entry")),
    }
}

fn refuse_beyond(what: &str, bytes: u64, limit: u64) -> Result<()> {
    if bytes <= limit {
        return Ok(());
    }
    Err(refused(format!("{what} has {bytes} bytes, more than the {limit} that a bundle may carry")))
}

fn refused(what: String) -> Error {
    Error::refused(what)
        .hint(Hint::from("export fewer documents at once with ").next(Next::ExportLess))
}

#[cfg(test)]
mod tests;

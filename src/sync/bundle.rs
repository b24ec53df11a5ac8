//! A bundle as a file: `tar` inside `zstd`, the manifest first, one update per document.
//!
//! Nothing here knows a store. What [`Bundle::read`] returns has kept every bound, and every part
//! has the length and the hash that the manifest says. Whether a part is a valid update is the
//! gate's question ([`crate::gate`]).

use super::manifest::{BundledArchive, BundledDocument, Hash, Manifest, is_archive_part, is_part};
use crate::error::{Error, Hint, Next, Result};
use crate::limits;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};

const MANIFEST: &str = "manifest.json";
const SIGNATURE: &str = "manifest.json.sig";
/// What later versions put into bundles beside documents.
const LATER: [&str; 1] = ["disk/"];
/// zstd's own default. Its window is 2 MiB, well within what readers accept.
const LEVEL: i32 = 3;
/// `tar` counts in blocks: one for a header, as many as it takes for content, two at the end.
const BLOCK: u64 = 512;

/// A manifest and its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    manifest: Manifest,
    parts: BTreeMap<String, Vec<u8>>,
    notes: Vec<String>,
}

impl Bundle {
    /// A bundle with this manifest and no documents yet, and no word of archives.
    pub fn new(mut manifest: Manifest) -> Self {
        manifest.documents.clear();
        manifest.archives = None;
        Bundle { manifest, parts: BTreeMap::new(), notes: Vec::new() }
    }

    /// Adds a document. With an update it gets the next part; without, the entry is a receipt.
    pub fn push(&mut self, document: BundledDocument, update: Option<Vec<u8>>) {
        let document = match update {
            None => BundledDocument { file: None, bytes: 0, blake3: None, ..document },
            Some(update) => {
                let file = format!("docs/{:04}.update", self.updates().saturating_add(1));
                let bytes = update.len() as u64;
                let blake3 = Some(Hash::of(&update));
                self.parts.insert(file.clone(), update);
                BundledDocument { file: Some(file), bytes, blake3, ..document }
            }
        };
        self.manifest.documents.push(document);
    }

    /// Says what the sender has archived of documents, with the rows that are sent.
    pub fn push_archives(&mut self, archives: Vec<(BundledArchive, Vec<u8>)>) {
        let mut said = Vec::with_capacity(archives.len());
        for (n, (archive, rows)) in archives.into_iter().enumerate() {
            said.push(match rows.is_empty() {
                true => BundledArchive { file: None, bytes: 0, blake3: None, ..archive },
                false => {
                    let file = format!("archive/{:04}.ndjson.zst", n.saturating_add(1));
                    let bytes = rows.len() as u64;
                    let blake3 = Some(Hash::of(&rows));
                    self.parts.insert(file.clone(), rows);
                    BundledArchive { file: Some(file), bytes, blake3, ..archive }
                }
            });
        }
        self.manifest.archives = Some(said);
    }

    /// What the sender has archived, with the rows that are sent; None where none are.
    pub fn archives(&self) -> impl Iterator<Item = (&BundledArchive, Option<&[u8]>)> {
        self.manifest.archives.iter().flatten().map(|archive| {
            let part = archive.file.as_ref().and_then(|file| self.parts.get(file));
            (archive, part.map(Vec::as_slice))
        })
    }

    /// How many archived rows it carries.
    pub fn archived_rows(&self) -> u64 {
        let spans = self.manifest.archives.iter().flatten().flat_map(|archive| &archive.spans);
        let sent = spans.filter(|span| span.sent);
        sent.fold(0, |all, span| all.saturating_add(span.rows))
    }

    fn updates(&self) -> usize {
        self.parts.keys().filter(|name| is_part(name)).count()
    }

    /// What the bundle says of itself: checked where it was read, and complete where it was made.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What was in the file and is not used, as sentences.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Every document with its update; None where the entry is only a receipt.
    pub fn documents(&self) -> impl Iterator<Item = (&BundledDocument, Option<&[u8]>)> {
        self.manifest.documents.iter().map(|document| {
            let part = document.file.as_ref().and_then(|file| self.parts.get(file));
            (document, part.map(Vec::as_slice))
        })
    }

    /// Whether any document has an update, or archived rows are sent.
    pub fn has_updates(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Reads a bundle whole into memory: at most 64 MiB packed and 256 MiB unpacked.
    ///
    /// # Errors
    /// `Io` when the input cannot be read; `Untrusted` for everything that is wrong with what was
    /// read.
    pub fn read(input: impl Read) -> Result<Self> {
        let mut packed = Vec::new();
        input
            .take(limits::BUNDLE_FILE_BYTES.saturating_add(1))
            .read_to_end(&mut packed)
            .map_err(|e| Error::io("the bundle cannot be read", e))?;
        Bundle::unpack(&packed).map_err(|error| {
            error.hint_else(
                Hint::from("nothing was written; copy it again, or ask the sender for another: ")
                    .next(Next::Export)
                    .and(" makes one"),
            )
        })
    }

    fn unpack(packed: &[u8]) -> Result<Self> {
        if packed.len() as u64 > limits::BUNDLE_FILE_BYTES {
            return Err(too_large("file", limits::BUNDLE_FILE_BYTES));
        }
        let unpacked = Unpacked::new(packed)
            .map_err(|e| Error::untrusted("the bundle cannot be unpacked").because(e))?;
        let mut archive = tar::Archive::new(unpacked);
        let bundle = BundleContents::collect(&mut archive)?.complete()?;
        only_padding(archive.into_inner())?;
        Ok(bundle)
    }

    /// Writes the bundle: the same bytes for the same content.
    ///
    /// # Errors
    /// `Refused` when it would break a bound that every reader keeps; nothing is written then.
    /// `Io` when the output fails.
    pub fn write(&self, mut output: impl Write) -> Result<()> {
        let packed = self.pack()?;
        output.write_all(&packed).map_err(|e| Error::io("the bundle cannot be written", e))
    }

    fn pack(&self) -> Result<Vec<u8>> {
        let manifest = self.manifest.to_bytes()?;
        self.check_bounds(manifest.len() as u64)?;
        let failed = |e: io::Error| Error::io("the bundle cannot be packed", e);
        let mut zstd = zstd::Encoder::new(Vec::new(), LEVEL).map_err(failed)?;
        zstd.include_checksum(true).map_err(failed)?;
        let mut tar = tar::Builder::new(zstd);
        let parts = self.parts.iter().map(|(name, bytes)| (name.as_str(), bytes));
        for (name, bytes) in std::iter::once((MANIFEST, &manifest)).chain(parts) {
            let mut header = self.header(bytes.len());
            tar.append_data(&mut header, name, bytes.as_slice()).map_err(failed)?;
        }
        let packed = tar.into_inner().and_then(zstd::Encoder::finish).map_err(failed)?;
        refuse_beyond("the bundle", packed.len() as u64, limits::BUNDLE_FILE_BYTES)?;
        Ok(packed)
    }

    /// A header that says nothing of this machine.
    fn header(&self, bytes: usize) -> tar::Header {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(bytes as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(u64::try_from(self.manifest.created_at).unwrap_or(0));
        header
    }

    /// The bounds that every reader keeps, kept by the writer too.
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
        refuse_beyond("the bundle, unpacked,", unpacked, limits::BUNDLE_UNPACKED_BYTES)
    }
}

/// The room that an entry takes.
fn in_tar(bytes: u64) -> u64 {
    bytes.div_ceil(BLOCK).saturating_add(1).saturating_mul(BLOCK)
}

/// What was read of an archive so far.
struct BundleContents {
    manifest: Manifest,
    /// Length and hash of each part that the manifest announces.
    announced: BTreeMap<String, (u64, Option<Hash>)>,
    seen: BTreeSet<String>,
    parts: BTreeMap<String, Vec<u8>>,
    notes: Vec<String>,
}

impl BundleContents {
    fn collect(archive: &mut tar::Archive<Unpacked<'_>>) -> Result<Self> {
        // Raw: no long names, no sparse files, no extended headers. Two readers could understand
        // those in two ways, and our own names never need them.
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
        let mut contents = BundleContents {
            announced: announced.collect(),
            manifest,
            seen: BTreeSet::from([MANIFEST.to_owned()]),
            parts: BTreeMap::new(),
            notes: Vec::new(),
        };
        for entry in entries {
            contents.take(entry.map_err(damaged)?)?;
        }
        Ok(contents)
    }

    fn take(&mut self, mut entry: tar::Entry<'_, Unpacked<'_>>) -> Result<()> {
        let name = regular_name(&entry)?;
        if !self.seen.insert(name.clone()) {
            return Err(Error::untrusted(format!("the bundle holds {name:?} twice")));
        }
        if self.seen.len() > limits::BUNDLE_ENTRIES {
            let limit = limits::BUNDLE_ENTRIES;
            return Err(Error::untrusted(format!("the bundle has more than {limit} entries")));
        }
        if is_part(&name) || is_archive_part(&name) {
            let part = self.part(&name, &mut entry)?;
            self.parts.insert(name, part);
            return Ok(());
        }
        if name == SIGNATURE {
            self.notes.push("the bundle is signed; the signature was not checked".into());
            return Ok(());
        }
        if LATER.iter().any(|folder| name.starts_with(folder)) {
            let note = "the bundle holds files; this version leaves them out";
            if !self.notes.iter().any(|old| old == note) {
                self.notes.push(note.into());
            }
            return Ok(());
        }
        Err(Error::untrusted(format!("the bundle holds {name:?}, which belongs to no bundle")))
    }

    /// Reads one part; its length and its hash must be those of the manifest.
    fn part(&self, name: &str, entry: &mut tar::Entry<'_, Unpacked<'_>>) -> Result<Vec<u8>> {
        let Some((length, hash)) = self.announced.get(name) else {
            return Err(Error::untrusted(format!("{name:?} is not in the bundle's manifest")));
        };
        if entry.size() != *length {
            return Err(Error::untrusted(format!(
                "{name:?} has {} bytes, and {length} in the manifest",
                entry.size()
            )));
        }
        let bytes = read_whole(entry)?;
        if *hash != Some(Hash::of(&bytes)) {
            return Err(Error::untrusted(format!("{name:?} does not have the manifest's hash")));
        }
        Ok(bytes)
    }

    fn complete(self) -> Result<Bundle> {
        if let Some(file) = self.announced.keys().find(|file| !self.parts.contains_key(*file)) {
            return Err(Error::untrusted(format!("{file:?} is missing from the bundle")));
        }
        Ok(Bundle { manifest: self.manifest, parts: self.parts, notes: self.notes })
    }
}

fn read_manifest(mut entry: tar::Entry<'_, Unpacked<'_>>) -> Result<Manifest> {
    let name = regular_name(&entry)?;
    if name != MANIFEST {
        return Err(Error::untrusted(format!("the bundle begins with {name:?}, not its manifest")));
    }
    if entry.size() > limits::UPDATE_BYTES {
        return Err(too_large("manifest", limits::UPDATE_BYTES));
    }
    Manifest::parse(&read_whole(&mut entry)?)
}

/// The name of an entry that is a regular file.
fn regular_name(entry: &tar::Entry<'_, Unpacked<'_>>) -> Result<String> {
    let path = entry.path_bytes();
    let name = String::from_utf8_lossy(&path);
    if entry.header().entry_type() != tar::EntryType::Regular {
        return Err(Error::untrusted(format!("{name:?} in the bundle is not a regular file")));
    }
    // What was never announced is refused before the reader has to step over it.
    if entry.size() > limits::BUNDLE_UNPACKED_BYTES {
        return Err(too_large("entry", limits::BUNDLE_UNPACKED_BYTES));
    }
    Ok(name.into_owned())
}

/// Reads an entry whose size was compared with a limit. Memory grows with what really comes.
fn read_whole(entry: &mut tar::Entry<'_, Unpacked<'_>>) -> Result<Vec<u8>> {
    let size = entry.size();
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).map_err(damaged)?;
    match bytes.len() as u64 == size {
        true => Ok(bytes),
        false => Err(Error::untrusted("the bundle ends in the middle of an entry")),
    }
}

/// After the archive's end only zeros may follow: `tar` pads to whole records. Reading to the end
/// also makes zstd compare its checksum.
fn only_padding(mut rest: Unpacked<'_>) -> Result<()> {
    let mut buffer = [0u8; 8192];
    loop {
        let read = match rest.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(e) => return Err(damaged(e)),
        };
        if buffer.iter().take(read).any(|byte| *byte != 0) {
            return Err(Error::untrusted("the bundle goes on after its end"));
        }
    }
}

/// The unpacked stream, which fails once it is longer than any bundle may be. Memory is bounded
/// by the window of the stream, never by a size that a header claims.
struct Unpacked<'a> {
    zstd: zstd::Decoder<'static, &'a [u8]>,
    left: u64,
}

impl<'a> Unpacked<'a> {
    fn new(packed: &'a [u8]) -> io::Result<Self> {
        let mut zstd = zstd::Decoder::with_buffer(packed)?;
        zstd.window_log_max(limits::BUNDLE_WINDOW_LOG)?;
        Ok(Unpacked { zstd, left: limits::BUNDLE_UNPACKED_BYTES })
    }
}

impl Read for Unpacked<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.zstd.read(into)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            let limit = limits::BUNDLE_UNPACKED_BYTES;
            io::Error::other(format!("it unpacks to more than {limit} bytes"))
        })?;
        Ok(read)
    }
}

/// The input is in memory, so what fails to unpack is the bundle's own fault.
fn damaged(cause: io::Error) -> Error {
    Error::untrusted("the bundle is damaged, or is no bundle").because(cause)
}

fn too_large(what: &str, limit: u64) -> Error {
    Error::untrusted(format!("the bundle's {what} has more than {limit} bytes"))
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

//! `manifest.json`: what a bundle carries, what it asks for, and what its sender has.
//!
//! Because it states what the sender has, every manifest is also a receipt.

use super::content::{self, BundledContent};
pub use super::hash::Hash;
use crate::error::{Error, Result};
use crate::id::{DocId, MemberId};
use crate::limits;
use crate::path::DocPath;
use crate::store::StoredDocument;
use crate::wire::{Clocks, Version};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The format that this program reads and writes.
pub const FORMAT: &str = "crdtctl-bundle/1";
/// The prefix of every version of the format.
const FORMAT_FAMILY: &str = "crdtctl-bundle/";

/// How far somebody has applied the logs of replicas: {replica: seq}.
pub type Applied = BTreeMap<String, i64>;

/// The whole manifest. Unknown keys are ignored when it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The name and number of the format; a manifest of another format is refused.
    pub format: String,
    /// A UUID.
    pub bundle: String,
    /// Unix seconds on the sender's clock.
    pub created_at: i64,
    /// Who made the bundle.
    pub from: Sender,
    /// The replica it was made for; null if for anybody.
    #[serde(rename = "for")]
    pub addressee: Option<String>,
    /// The end of the sender's log.
    pub seq: i64,
    /// Whether every document's part is its whole state.
    pub full: bool,
    /// Whether only some documents of the sender are listed. If not, it has no others.
    #[serde(default, skip_serializing_if = "is_false")]
    pub limited: bool,
    /// The replicas whose bundles the sender has from later than `created_at`: {replica: seconds on that
    /// replica's clock}. Tells each of them that this bundle is later still, although its time is not.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub heard: BTreeMap<String, i64>,
    /// Every document it says something about, each once, with or without an update.
    pub documents: Vec<BundledDocument>,
    /// What the sender's archive has, for every document with archived rows; null if the bundle says nothing
    /// about archives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archives: Option<Vec<BundledArchive>>,
    /// The contents of files it carries, each once, in the order in which they come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<BundledContent>,
    /// The contents that the sender's files hold but the sender lacks: it asks for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Hash>,
}

/// What the sender has archived of one document, and the part with those rows that are sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundledArchive {
    /// The document; a manifest lists each once.
    pub doc: DocId,
    /// The part in the bundle; null if no rows are sent.
    pub file: Option<String>,
    /// The length of the part; 0 without one.
    pub bytes: u64,
    /// The hash of the part; null exactly if `file` is.
    pub blake3: Option<Hash>,
    /// All rows, in the order of the set.
    pub spans: Vec<BundledSpan>,
}

/// Some consecutive rows of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundledSpan {
    /// The hash of their versions.
    pub digest: Hash,
    /// The number of rows.
    pub rows: u64,
    /// Whether they are in the part.
    #[serde(default, skip_serializing_if = "is_false")]
    pub sent: bool,
}

/// Who made a bundle. A store that this program never wrote has no replica id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// The id of the replica, a UUID if this program made it; null for a store that is not a replica yet.
    pub replica: Option<String>,
    /// The member it acts as; null if it has none.
    pub member: Option<MemberId>,
    /// The replica's earlier ids: it alone continues them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub succeeds: Vec<String>,
}

/// One document: its part, if it has one, and what the sender has of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundledDocument {
    /// The document; a manifest lists each once.
    pub doc: DocId,
    /// The part in the bundle; null if only the receipt is sent.
    pub file: Option<String>,
    /// The length of the part; 0 without one.
    pub bytes: u64,
    /// The hash of the part; null exactly if `file` is.
    pub blake3: Option<Hash>,
    /// What a receiver must already have.
    pub needs: Clocks,
    /// The sender's version.
    pub has: Has,
    /// The content digest at `has`; null if the sender cannot read the content.
    pub digest: Option<Hash>,
    /// The sum of the content at `has` ([`crate::crdt::view::View::sum`]), which says the same but can be
    /// maintained without reading the whole document; null if it was not computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum: Option<Hash>,
    /// The rows of the sender's log that the part holds; the receipt reaches to their end, with or without a
    /// part.
    pub log: LogRange,
    /// How far the sender has applied the logs of others for this document.
    pub applied: Applied,
    /// The records that were pruned from it of late, if others that are gone from it may be in archives: these
    /// are not, they were deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pruned: Vec<DocPath>,
}

/// A short form of a version: the state vector and a hash of the delete set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Has {
    /// Client id → the clock after its last known unit.
    pub state_vector: Clocks,
    /// The hash of the delete set in its one canonical form.
    pub delete_set: Hash,
}

/// The rows of the sender's log that a part holds: `after < seq <= upto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRange {
    /// The receiver has applied the log up to here, by its receipt; 0 if a whole state is sent.
    pub after: i64,
    /// The end of the log when the bundle was made, whichever document its last row is about.
    pub upto: i64,
}

impl From<&Version> for Has {
    fn from(version: &Version) -> Self {
        Has { state_vector: version.clocks.clone(), delete_set: Hash(version.deletes.digest()) }
    }
}

impl From<&StoredDocument> for Has {
    fn from(stored: &StoredDocument) -> Self {
        Has { state_vector: stored.clocks.clone(), delete_set: Hash(stored.deletes) }
    }
}

impl Sender {
    /// Returns the member, else the replica, else `None`.
    pub fn name(&self) -> Option<String> {
        let member = self.member.as_ref().map(ToString::to_string);
        member.or_else(|| self.replica.clone())
    }
}

impl fmt::Display for Sender {
    /// "alice-river-stone-sky (replica 0d9d7c7e)"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |replica: &String| replica.chars().take(8).collect::<String>();
        match (&self.member, &self.replica) {
            (Some(member), Some(replica)) => write!(f, "{member} (replica {})", short(replica)),
            (Some(member), None) => write!(f, "{member}"),
            (None, Some(replica)) => write!(f, "replica {}", short(replica)),
            (None, None) => f.write_str("the sender"),
        }
    }
}

impl Manifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// `Untrusted`, naming the first thing wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
        }
        let head: Head = json(bytes)?;
        if head.format != FORMAT {
            let error = Error::untrusted(format!("the bundle's format is {:?}", head.format));
            return Err(match head.format.starts_with(FORMAT_FAMILY) {
                true => error.hint("a newer crdtctl wrote it; update crdtctl to read it"),
                false => error.hint(format!("crdtctl reads {FORMAT:?}")),
            });
        }
        let manifest: Manifest = json(bytes)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Returns the manifest as written in a bundle: human-readable JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|e| Error::bug("the manifest does not encode").because(e))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Checks what must hold of any manifest, whoever wrote it.
    fn check(&self) -> Result<()> {
        if uuid::Uuid::try_parse(&self.bundle).is_err() {
            return Err(wrong("the bundle's id is not a UUID"));
        }
        if self.seq < 0 {
            return Err(wrong("a negative log number"));
        }
        if self.from.succeeds.len() > limits::EARLIER_REPLICAS {
            return Err(wrong("a sender with too many earlier replica ids"));
        }
        self.from.succeeds.iter().try_for_each(|replica| check_replica(replica))?;
        for replica in self.from.replica.iter().chain(&self.addressee).chain(self.heard.keys()) {
            check_replica(replica)?;
        }
        if self.documents.len() > limits::BUNDLE_ENTRIES {
            return Err(wrong(format!("more than {} documents", limits::BUNDLE_ENTRIES)));
        }
        let mut docs = BTreeSet::new();
        let mut files = BTreeSet::new();
        for document in &self.documents {
            document
                .check()
                .map_err(|e| e.context(format!("the entry of {:?}", document.doc.as_str())))?;
            if document.log.upto > self.seq {
                return Err(wrong("a log range that ends after the log"));
            }
            if !docs.insert(&document.doc) {
                return Err(wrong(format!("{:?} is listed twice", document.doc.as_str())));
            }
            if let Some(file) = &document.file
                && !files.insert(file)
            {
                return Err(wrong(format!("{file:?} belongs to two documents")));
            }
        }
        self.check_archives()?;
        self.check_files()
    }

    fn check_files(&self) -> Result<()> {
        content::unpacked_bytes(&self.files)?;
        if self.missing.len() > limits::BUNDLE_CONTENTS {
            return Err(wrong("a sender that asks for too many contents"));
        }
        let mut seen = BTreeSet::new();
        for content in &self.files {
            content.check().map_err(|e| wrong(e.message))?;
            if !seen.insert(content.blake3.0) {
                return Err(wrong(format!("the content {} is listed twice", content.blake3)));
            }
        }
        Ok(())
    }

    fn check_archives(&self) -> Result<()> {
        let archives = self.archives.iter().flatten();
        let (mut docs, mut files) = (BTreeSet::new(), BTreeSet::new());
        for archive in archives {
            archive
                .check()
                .map_err(|e| e.context(format!("the archive of {:?}", archive.doc.as_str())))?;
            if !docs.insert(&archive.doc) {
                return Err(wrong(format!("{:?} is archived twice", archive.doc.as_str())));
            }
            if let Some(file) = &archive.file
                && !files.insert(file)
            {
                return Err(wrong(format!("{file:?} belongs to two archives")));
            }
        }
        match docs.len() > limits::BUNDLE_ENTRIES {
            true => Err(wrong(format!("more than {} archives", limits::BUNDLE_ENTRIES))),
            false => Ok(()),
        }
    }
}

impl BundledArchive {
    fn check(&self) -> Result<()> {
        match (&self.file, &self.blake3) {
            (Some(file), Some(_)) if is_archive_part(file) => {}
            (Some(file), Some(_)) => {
                return Err(wrong(format!("{file:?} is not the name of a part")));
            }
            (None, None) if self.bytes == 0 => {}
            _ => return Err(wrong("file, bytes and blake3 do not go together")),
        }
        if self.bytes > limits::BUNDLE_FILE_BYTES {
            let most = limits::BUNDLE_FILE_BYTES;
            return Err(wrong(format!("{} bytes of rows, more than {most}", self.bytes)));
        }
        match self.file.is_some() == self.spans.iter().any(|span| span.sent) {
            true => Ok(()),
            false => Err(wrong("rows are sent without a part, or a part without rows")),
        }
    }
}

impl BundledDocument {
    fn check(&self) -> Result<()> {
        match (&self.file, &self.blake3) {
            (Some(file), Some(_)) if is_part(file) => {}
            (Some(file), Some(_)) => {
                return Err(wrong(format!("{file:?} is not the name of a part")));
            }
            (None, None) if self.bytes == 0 => {}
            _ => return Err(wrong("file, bytes and blake3 do not go together")),
        }
        if self.bytes > limits::UPDATE_BYTES {
            return Err(wrong(format!(
                "an update of {} bytes, more than {}",
                self.bytes,
                limits::UPDATE_BYTES
            )));
        }
        for (client, clock) in self.needs.iter().chain(&self.has.state_vector) {
            if *client >= limits::CLIENT_END || *clock >= limits::CLOCK_END {
                return Err(wrong(format!("no such clock: {clock} of client {client}")));
            }
        }
        if self.log.after < 0 || self.log.after > self.log.upto {
            return Err(wrong("a log range that ends before it begins"));
        }
        for (replica, seq) in &self.applied {
            check_replica(replica)?;
            if *seq < 0 {
                return Err(wrong("a negative log number"));
            }
        }
        Ok(())
    }
}

/// Returns whether this is the name of a document's part: `docs/0001.update`.
pub fn is_part(name: &str) -> bool {
    is_numbered(name, "docs/", ".update")
}

/// Returns whether this is the name of a part with archived rows: `archive/0001.ndjson.zst`.
pub fn is_archive_part(name: &str) -> bool {
    is_numbered(name, "archive/", ".ndjson.zst")
}

fn is_numbered(name: &str, folder: &str, ending: &str) -> bool {
    let number = name.strip_prefix(folder).and_then(|rest| rest.strip_suffix(ending));
    number.is_some_and(|number| {
        (4..=8).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Replica ids are UUIDs when we make them. Others' ids are accepted as they are if they are harmless.
fn check_replica(id: &str) -> Result<()> {
    if id.is_empty() || id.len() > limits::ID_BYTES || id.chars().any(char::is_control) {
        return Err(wrong(format!("not a replica id: {id:?}")));
    }
    Ok(())
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn json<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|e| wrong(e.to_string()))
}

fn wrong(reason: impl Into<String>) -> Error {
    Error::untrusted("the bundle's manifest is malformed").because(reason.into())
}

//! A file as its record says it is.

use super::content::{LineEnd, TextFile};
use super::path::DiskPath;
use super::{FILES, VERSIONS};
use crate::concern::record::{flag, text};
use crate::crdt::source::Source;
use crate::id::hex;
use crate::wire::{Record, Value};
use serde::Serialize;
use std::collections::BTreeSet;

/// The word for a file whose text merges.
pub(super) const TEXT: &str = "text";
/// The word for a file that is kept in versions.
pub(super) const BINARY: &str = "binary";

/// Bytes that lie somewhere, by what they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileHash {
    /// In lower-case hex.
    pub blake3: String,
    /// How many there are.
    pub size_bytes: u64,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiskContent {
    /// A text, with what its bytes have beside the words.
    Text(TextFile),
    /// Bytes that lie elsewhere; None where no version of them is there.
    Binary(Option<FileHash>),
}

/// One content of a file that is no text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileVersion {
    /// Its id within the file.
    pub id: String,
    /// What it held.
    #[serde(flatten)]
    pub stored: FileHash,
    /// Who put it there.
    pub author_id: String,
    /// When, in Unix seconds.
    pub created_at: i64,
    /// The versions in whose place it came.
    pub replaces: Vec<String>,
}

/// A file as its record says it is.
#[derive(Debug, Clone)]
pub struct DiskFile {
    /// The file's whole id.
    pub id: String,
    /// As it is written; it need not be one.
    pub path: String,
    /// What it holds now.
    pub content: DiskContent,
    /// The text of a file that is none any more: what it would go on from.
    pub old_text: String,
    /// What it held, the earliest first, where it is or was no text.
    pub versions: Vec<FileVersion>,
    /// Whether it may be run as a program.
    pub executable: bool,
    /// What the ending of its name says it is.
    pub mime_type: String,
    /// Who made it.
    pub author_id: String,
    /// When, in Unix seconds.
    pub created_at: i64,
    /// When its content was last changed, in Unix seconds.
    pub updated_at: i64,
    /// When it came to its path, in Unix seconds.
    pub path_updated_at: i64,
    /// Whether it is deleted.
    pub deleted: bool,
    /// What it held then, as hex of a BLAKE3.
    pub deleted_blake3: String,
}

impl DiskFile {
    fn of(id: &str, record: &Record) -> DiskFile {
        let versions = versions_of(record.get("versions"));
        let content = match text(record, "kind") == BINARY {
            true => DiskContent::Binary(heads(&versions).last().map(|head| head.stored.clone())),
            false => DiskContent::Text(TextFile {
                text: text(record, "text").to_owned(),
                eol: LineEnd::of(text(record, "eol")),
                bom: flag(record, "bom"),
            }),
        };
        let int = |name: &str| record.get(name).and_then(Value::as_i64).unwrap_or(0);
        DiskFile {
            id: id.to_owned(),
            path: text(record, "path").to_owned(),
            old_text: match &content {
                DiskContent::Text(_) => String::new(),
                DiskContent::Binary(_) => text(record, "text").to_owned(),
            },
            content,
            versions,
            executable: flag(record, "executable"),
            mime_type: text(record, "media_type").to_owned(),
            author_id: text(record, "author_id").to_owned(),
            created_at: int("created_at"),
            updated_at: int("updated_at"),
            path_updated_at: int("path_updated_at"),
            deleted: flag(record, "deleted"),
            deleted_blake3: text(record, "deleted_blake3").to_owned(),
        }
    }

    /// Where it is, if that is a path.
    pub fn place(&self) -> Option<DiskPath> {
        DiskPath::parse(&self.path).ok()
    }

    /// The versions that nothing replaces, the latest last: that one is the file's, and any other
    /// came at the same time.
    pub fn heads(&self) -> Vec<&FileVersion> {
        heads(&self.versions)
    }
}

impl DiskContent {
    /// The hash and size of its bytes; None where it has none.
    pub fn stored(&self) -> Option<FileHash> {
        match self {
            DiskContent::Text(file) => Some(FileHash::of(&file.bytes())),
            DiskContent::Binary(stored) => stored.clone(),
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            DiskContent::Text(_) => TEXT,
            DiskContent::Binary(_) => BINARY,
        }
    }
}

impl FileHash {
    /// What bytes are.
    pub fn of(bytes: &[u8]) -> FileHash {
        let blake3 = hex(blake3::hash(bytes).as_bytes());
        FileHash { blake3, size_bytes: bytes.len() as u64 }
    }
}

/// The file with an id, deleted or not.
pub fn read(source: &dyn Source, id: &str) -> Option<DiskFile> {
    source.record(&["files", id]).map(|record| DiskFile::of(id, &record))
}

/// Every file, deleted ones too, in the order of their ids.
pub fn read_all(source: &dyn Source) -> Vec<DiskFile> {
    let ids = source.keys(FILES.path);
    ids.iter().filter_map(|id| read(source, id)).collect()
}

fn versions_of(value: Option<&Value>) -> Vec<FileVersion> {
    let Some(versions) = value.and_then(Value::as_map) else { return Vec::new() };
    let mut all: Vec<FileVersion> =
        versions.iter().filter_map(|(id, version)| version_of(id, version.as_map()?)).collect();
    all.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    all
}

fn version_of(id: &str, record: &Record) -> Option<FileVersion> {
    let hash = text(record, "blake3");
    let is_hex = hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let size = record.get("bytes").and_then(Value::as_i64)?;
    let replaces = record.get(VERSIONS_REPLACED).and_then(Value::as_array).unwrap_or_default();
    is_hex.then_some(())?;
    Some(FileVersion {
        id: id.to_owned(),
        stored: FileHash { blake3: hash.to_owned(), size_bytes: u64::try_from(size).ok()? },
        author_id: text(record, "author_id").to_owned(),
        created_at: record.get("created_at").and_then(Value::as_i64).unwrap_or(0),
        replaces: replaces.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
    })
}

/// The field of a version with those in whose place it came.
pub(super) const VERSIONS_REPLACED: &str = match VERSIONS.fields.last() {
    Some(field) => field.name,
    None => "",
};

/// Those that no other replaces, in their order. Where they replace one another in a circle, which
/// only a forger writes, the last.
fn heads(versions: &[FileVersion]) -> Vec<&FileVersion> {
    let replaced: BTreeSet<&str> =
        versions.iter().flat_map(|version| &version.replaces).map(String::as_str).collect();
    let mut heads: Vec<&FileVersion> =
        versions.iter().filter(|version| !replaced.contains(version.id.as_str())).collect();
    if heads.is_empty() {
        heads.extend(versions.last());
    }
    heads
}

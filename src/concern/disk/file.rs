//! A file, as its record describes it.

use super::content::{LineEnd, TextFile};
use super::path::DiskPath;
use super::{FILES, VERSIONS};
use crate::concern::record::{flag, text};
use crate::crdt::source::Source;
use crate::error::{Error, Kind, Result};
use crate::id::{hex, resolve};
use crate::wire::{Record, Value};
use serde::Serialize;
use std::collections::BTreeSet;

/// The `kind` of a file whose text merges.
pub(super) const TEXT: &str = "text";
/// The `kind` of a file that is kept in versions.
pub(super) const BINARY: &str = "binary";

/// The hash and the size of some bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileHash {
    /// In lower-case hex.
    pub blake3: String,
    /// The number of bytes.
    pub size_bytes: u64,
}

/// The content of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiskContent {
    /// A text, with what its bytes have besides.
    Text(TextFile),
    /// Bytes stored elsewhere; `None` if there is no version.
    Binary(Option<FileHash>),
}

/// One content of a file that is not text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileVersion {
    /// Its id within the file.
    pub id: String,
    /// The content.
    #[serde(flatten)]
    pub stored: FileHash,
    /// The member who put it there.
    pub author_id: String,
    /// When, in Unix seconds.
    pub created_at: i64,
    /// The versions that it replaced.
    pub replaces: Vec<String>,
    /// The BLAKE3 of the text that it replaced, in hex; empty if unknown.
    #[serde(skip)]
    pub of_text: String,
    /// Whether a text replaced it.
    #[serde(skip)]
    pub replaced_by_text: bool,
    /// Whether it is the text that the file had when it became binary.
    #[serde(skip)]
    pub is_text: bool,
}

/// A file, as its record describes it.
#[derive(Debug, Clone)]
pub struct DiskFile {
    /// The file's whole id.
    pub id: String,
    /// As stored; may be invalid.
    pub path: String,
    /// Its current content.
    pub content: DiskContent,
    /// The text that a binary file had before: what it would continue from.
    pub old_text: TextFile,
    /// Its contents while it is or was binary, the earliest first.
    pub versions: Vec<FileVersion>,
    /// Whether it may be run as a program.
    pub executable: bool,
    /// The MIME type for its extension.
    pub mime_type: String,
    /// The member who created it.
    pub author_id: String,
    /// When, in Unix seconds.
    pub created_at: i64,
    /// When its content was last changed, in Unix seconds.
    pub updated_at: i64,
    /// When it got its path, in Unix seconds.
    pub path_updated_at: i64,
    /// Whether it is deleted.
    pub deleted: bool,
    /// Its contents at deletion, as [`DiskFile::contents`] returns them.
    pub deleted_blake3: String,
}

impl DiskFile {
    fn of(id: &str, record: &Record) -> DiskFile {
        let versions = versions_of(record.get("versions"));
        let words = TextFile {
            text: text(record, "text").to_owned(),
            eol: LineEnd::of(text(record, "eol")),
            bom: flag(record, "bom"),
        };
        let (content, old_text) = match text(record, "kind") == BINARY {
            true => {
                let head = heads(&versions).last().map(|head| head.stored.clone());
                (DiskContent::Binary(head), words)
            }
            false => (DiskContent::Text(words), TextFile::default()),
        };
        let int = |name: &str| record.get(name).and_then(Value::as_i64).unwrap_or(0);
        DiskFile {
            id: id.to_owned(),
            path: text(record, "path").to_owned(),
            old_text,
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

    /// Its path, if valid.
    pub fn place(&self) -> Option<DiskPath> {
        DiskPath::parse(&self.path).ok()
    }

    /// The versions that nothing replaces, the latest last: that one is the file's content, the others
    /// were concurrent with it.
    pub fn heads(&self) -> Vec<&FileVersion> {
        heads(&self.versions)
    }

    /// Contents concurrent with the file's own and not shown: other versions, those put while it became
    /// a text, and the text that somebody edited while it became binary.
    pub fn beside(&self) -> Vec<FileVersion> {
        let mut heads = self.heads();
        match &self.content {
            DiskContent::Binary(_) => {
                heads.pop();
                heads.into_iter().cloned().chain(self.unseen_text()).collect()
            }
            // If none is marked, the writer of the text did not mark any.
            DiskContent::Text(_) if self.versions.iter().all(|one| !one.replaced_by_text) => {
                Vec::new()
            }
            DiskContent::Text(_) => {
                heads.into_iter().filter(|head| !head.replaced_by_text).cloned().collect()
            }
        }
    }

    /// The BLAKE3 of its content in hex, then those of the contents beside it, sorted and separated by
    /// blanks. Empty without a content.
    pub fn contents(&self) -> String {
        let Some(shown) = self.content.stored() else { return String::new() };
        let mut beside: Vec<String> =
            self.beside().into_iter().map(|version| version.stored.blake3).collect();
        beside.sort();
        std::iter::once(shown.blake3).chain(beside).collect::<Vec<_>>().join(" ")
    }

    /// Whether it showed the content with this BLAKE3 when it was deleted.
    pub fn showed_at_deletion(&self, blake3: &str) -> bool {
        self.deleted_blake3.split(' ').next() == Some(blake3)
    }

    /// The versions whose contents the file needs: those that nothing replaces.
    pub fn needed(&self) -> Vec<FileVersion> {
        match &self.content {
            DiskContent::Binary(_) => self.heads().into_iter().cloned().collect(),
            DiskContent::Text(_) => self.beside(),
        }
    }

    /// The text of a file that became binary, if it differs from the one that was replaced.
    fn unseen_text(&self) -> Option<FileVersion> {
        let heads = self.heads();
        let head = heads.last()?;
        // Versions that do not say what they replaced may have replaced this.
        if self.old_text.text.is_empty() || heads.iter().any(|head| head.of_text.is_empty()) {
            return None;
        }
        let hash = FileHash::of(self.old_text.text.as_bytes()).blake3;
        let is_seen = self.versions.iter().any(|version| version.of_text == hash);
        (!is_seen).then(|| FileVersion {
            // It keeps its id while the bytes change that did not see it.
            id: name(&["crdtctl text 2", &self.id, &head.of_text]),
            stored: FileHash::of(&self.old_text.bytes()),
            author_id: String::new(),
            created_at: self.updated_at,
            replaces: Vec::new(),
            of_text: String::new(),
            replaced_by_text: false,
            is_text: true,
        })
    }

    /// The ids by which earlier versions of this program called a version.
    fn earlier_ids(&self, version: &FileVersion) -> Vec<String> {
        if !version.is_text {
            return Vec::new();
        }
        let by_head = |head: &FileVersion| name(&["crdtctl text 1", &self.id, &head.id]);
        self.versions.iter().map(by_head).collect()
    }

    /// All contents that it had and that can be asked for, the earliest first, including those beside
    /// it.
    pub fn all_versions(&self) -> Vec<FileVersion> {
        let text = self.beside().into_iter().filter(|version| version.is_text);
        self.versions.iter().cloned().chain(text).collect()
    }
}

/// The version among those of some files that an id, a hash, or a unique prefix of one stands for, with
/// its file; `None` if there is none.
///
/// # Errors
/// `Usage` for a prefix that is too short, `Ambiguous`.
pub fn version_named(files: Vec<DiskFile>, named: &str) -> Result<Option<(DiskFile, FileVersion)>> {
    // Each with all that it is called by.
    let mut all: Vec<(usize, FileVersion, Vec<String>)> = Vec::new();
    for (n, file) in files.iter().enumerate() {
        for version in file.all_versions() {
            let mut names = vec![version.id.clone(), version.stored.blake3.clone()];
            names.extend(file.earlier_ids(&version));
            all.push((n, version, names));
        }
    }
    let names = all.iter().flat_map(|(_, _, names)| names).map(String::as_str);
    let found = match resolve(named, names, "version") {
        Ok(found) => found,
        Err(e) if e.kind == Kind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    let mut fitting = all.into_iter().filter(|(_, _, names)| names.contains(&found));
    let Some((n, version, _)) = fitting.next() else { return Ok(None) };
    if let Some((_, other, _)) = fitting.find(|(other, ..)| *other != n) {
        let what = format!("{named:?} is in several files");
        let (one, other) = (version.id, other.id);
        return Err(Error::new(Kind::Ambiguous, what)
            .hint(format!("name a version by its id: {one}, {other}")));
    }
    Ok(files.into_iter().nth(n).map(|file| (file, version)))
}

/// A name derived from some words, in the form of a random id.
pub(super) fn name(words: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for word in words {
        hasher.update(&(word.len() as u64).to_le_bytes());
        hasher.update(word.as_bytes());
    }
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

impl DiskContent {
    /// The hash and size of its bytes; `None` if it has none.
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
    /// Hashes bytes.
    pub fn of(bytes: &[u8]) -> FileHash {
        let blake3 = hex(blake3::hash(bytes).as_bytes());
        FileHash { blake3, size_bytes: bytes.len() as u64 }
    }
}

/// The file with an id, deleted or not.
pub fn read(source: &dyn Source, id: &str) -> Option<DiskFile> {
    source.record(&["files", id]).map(|record| DiskFile::of(id, &record))
}

/// Every file, deleted ones included, in id order.
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
        of_text: text(record, "of_text").to_owned(),
        replaced_by_text: flag(record, "replaced_by_text"),
        is_text: false,
    })
}

/// The field of a version that lists those it replaced.
pub(super) const VERSIONS_REPLACED: &str = match VERSIONS.fields.last() {
    Some(field) => field.name,
    None => "",
};

/// Those that no other replaces, in order. If they replace one another in a circle, which only a forger
/// writes, the last one.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_beside_bytes_is_found_by_the_ids_it_had() {
        let version = |id: &str| FileVersion {
            id: id.to_owned(),
            stored: FileHash::of(id.as_bytes()),
            author_id: String::new(),
            created_at: 1,
            replaces: Vec::new(),
            of_text: FileHash::of(b"before").blake3,
            replaced_by_text: false,
            is_text: false,
        };
        let mut file = DiskFile::of("file", &Record::default());
        file.content = DiskContent::Binary(Some(FileHash::of(b"one")));
        file.old_text.text = "before and after".to_owned();
        file.versions = vec![version("one")];
        let text = file.beside().remove(0);
        let earlier = name(&["crdtctl text 1", "file", "one"]);
        file.versions.push(FileVersion { replaces: vec!["one".to_owned()], ..version("two") });
        for named in [&text.id, &text.stored.blake3, &earlier] {
            let (_, found) = version_named(vec![file.clone()], named).unwrap().unwrap();
            assert_eq!((found.id, found.is_text), (text.id.clone(), true), "{named}");
        }
        assert!(version_named(vec![file], &name(&["another"])).unwrap().is_none());
    }
}

//! The files on the disks of an entity.

mod application;

pub use application::{entities_of_documents, file_document, file_documents};

use crate::concern::disk::{
    Directory, DiskContent, DiskFile, DiskPath, FileVersion, document, documents, no_file, read,
    read_all, version_named,
};
use crate::crdt::view::View;
use crate::error::{Error, Kind, Next, Result};
use crate::id::{DocId, EntityId};
use crate::store::Reader;
use serde::Serialize;

/// A file as recorded, with derived fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiskRow {
    /// Its full id.
    pub id: String,
    /// Its path.
    pub path: String,
    /// `text` or `binary`.
    pub kind: &'static str,
    /// Its media type, from its extension.
    pub mime_type: String,
    /// Its size, in its intended version; `None` if no version of it is known.
    pub size_bytes: Option<u64>,
    /// The hash of that version, in hex.
    pub blake3: Option<String>,
    /// Who created it.
    pub author_id: String,
    /// When, in Unix seconds.
    pub created_at: i64,
    /// When its content was last changed, in Unix seconds.
    pub updated_at: i64,
    /// Whether it may be run as a program.
    pub executable: bool,
    /// Its line endings: `lf` or `crlf`; `None` if it has none.
    pub eol: Option<&'static str>,
    /// Whether it begins with a byte order mark.
    pub bom: bool,
    /// Whether its path is taken by another file, or not valid.
    pub displaced: bool,
    /// Whether it is deleted.
    pub deleted: bool,
    /// The versions of its binary content; empty if it was always text.
    pub versions: Vec<FileVersion>,
}

impl DiskRow {
    fn of(file: DiskFile, displaced: bool) -> DiskRow {
        let stored = file.content.stored();
        let (kind, eol, bom) = match &file.content {
            DiskContent::Text(text) => ("text", Some(text.eol.as_str()), text.bom),
            DiskContent::Binary(_) => ("binary", None, false),
        };
        DiskRow {
            kind,
            eol,
            bom,
            size_bytes: stored.as_ref().map(|stored| stored.size_bytes),
            blake3: stored.map(|stored| stored.blake3),
            versions: file.all_versions(),
            id: file.id,
            path: file.path,
            mime_type: file.mime_type,
            author_id: file.author_id,
            created_at: file.created_at,
            updated_at: file.updated_at,
            executable: file.executable,
            displaced,
            deleted: file.deleted,
        }
    }
}

/// Returns the files of an entity in the order of their paths: those that have one; with `all` deleted and
/// displaced ones too.
///
/// # Errors
/// `Corrupt` if the document is damaged.
pub fn files(reader: &Reader, entity: &EntityId, all: bool) -> Result<Vec<DiskRow>> {
    let mut rows = Vec::new();
    for (doc, _) in documents(entity) {
        if let Some(view) = reader.view(&doc)? {
            rows.extend(files_in(&view, &doc, all));
        }
    }
    rows.sort_by(|a, b| (&a.path, &a.id).cmp(&(&b.path, &b.id)));
    Ok(rows)
}

fn files_in(view: &View, doc: &DocId, all: bool) -> Vec<DiskRow> {
    let directory = Directory::of(view, doc);
    let owners: Vec<&str> = directory.owners().map(|place| place.id.as_str()).collect();
    match all {
        false => owners.iter().filter_map(|id| Some(DiskRow::of(read(view, id)?, false))).collect(),
        true => {
            let owners: std::collections::BTreeSet<&str> = owners.into_iter().collect();
            let files = read_all(view).into_iter();
            let row = |file: DiskFile| {
                let displaced = !file.deleted && !owners.contains(file.id.as_str());
                DiskRow::of(file, displaced)
            };
            files.map(row).collect()
        }
    }
}

/// Returns the file with this path, id or unique id prefix, and the document it is in.
///
/// # Errors
/// `NotFound`, `Ambiguous`; `Usage` for a name that is neither path nor id.
pub fn file(reader: &Reader, entity: &EntityId, named: &str) -> Result<(DocId, DiskFile)> {
    find(reader, entity, named).map(|(doc, file, _)| (doc, file))
}

/// Returns the document, the file, and whether another file has its path.
fn find(reader: &Reader, entity: &EntityId, named: &str) -> Result<(DocId, DiskFile, bool)> {
    let none = || no_file(named);
    let docs: Vec<DocId> = match named.starts_with('/') {
        true => vec![document(entity, DiskPath::parse(named)?.disk())],
        false => documents(entity).into_iter().map(|(doc, _)| doc).collect(),
    };
    let mut found = Err(none());
    for doc in docs {
        let Some(view) = reader.view(&doc)? else { continue };
        let directory = Directory::of(&view, &doc);
        match (directory.find(named), &found) {
            (Ok(place), Err(e)) if e.kind == Kind::NotFound => {
                let owner = directory.at(&place.path).ok().flatten();
                let displaced = owner.is_none_or(|owner| owner.id != place.id);
                found = read(&view, &place.id).map(|file| (doc, file, displaced)).ok_or_else(none);
            }
            (Ok(_), Ok(_)) => {
                return Err(Error::new(Kind::Ambiguous, format!("several ids begin with {named}"))
                    .hint(Next::Files.and(" shows those that are there")));
            }
            (Ok(_), Err(_)) => {}
            (Err(e), Err(before)) if before.kind == Kind::NotFound => found = Err(e),
            (Err(_), _) => {}
        }
    }
    found
}

/// Returns the version of a file with this id, hash, or unique prefix of one; `None` if there is none.
///
/// # Errors
/// `Usage` for a prefix that is too short, `Ambiguous`; `Corrupt` if the document is damaged.
pub fn version(
    reader: &Reader,
    entity: &EntityId,
    named: &str,
) -> Result<Option<(DocId, DiskFile, FileVersion)>> {
    for (doc, _) in documents(entity) {
        let Some(view) = reader.view(&doc)? else { continue };
        if let Some((file, version)) = version_named(read_all(&view), named)? {
            return Ok(Some((doc, file, version)));
        }
    }
    Ok(None)
}

/// Returns the file that another reading of the document has for one of ours, or else at a path, unless it is
/// deleted there.
///
/// # Errors
/// `Usage` for an invalid path.
pub fn same_in(
    view: &View,
    doc: &DocId,
    ours: Option<&DiskFile>,
    path: &str,
) -> Result<Option<DiskFile>> {
    let is_there = |file: &DiskFile| !file.deleted;
    if let Some(file) = ours.and_then(|ours| read(view, &ours.id)).filter(is_there) {
        return Ok(Some(file));
    }
    let path = DiskPath::parse(ours.map_or(path, |ours| &ours.path))?;
    // A directory may be there instead.
    let owner = Directory::of(view, doc).at(&path).ok().flatten().map(|place| place.id.clone());
    Ok(owner.and_then(|id| read(view, &id)).filter(is_there))
}

/// Returns the file that [`file()`] finds, with derived fields.
///
/// # Errors
/// Those of [`file()`].
pub fn show(reader: &Reader, entity: &EntityId, named: &str) -> Result<DiskRow> {
    let (_, file, displaced) = find(reader, entity, named)?;
    Ok(DiskRow::of(file, displaced))
}

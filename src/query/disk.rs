//! The files on the disks of an entity.

use super::view;
use crate::concern::disk::{Directory, DiskContent, DiskFile, FileVersion, SPEC, read, read_all};
use crate::error::Result;
use crate::id::EntityId;
use crate::store::Reader;
use serde::Serialize;

/// A file as its record has it, with what follows from that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiskRow {
    /// Its whole id.
    pub id: String,
    /// Where it is.
    pub path: String,
    /// `text` or `binary`.
    pub kind: &'static str,
    /// What the ending of its name says it is.
    pub mime_type: String,
    /// Of the file as it is to be; None where no version of it is known.
    pub size_bytes: Option<u64>,
    /// The same, in hex.
    pub blake3: Option<String>,
    /// Who made it.
    pub author_id: String,
    /// When, in Unix seconds.
    pub created_at: i64,
    /// When its content was last changed, in Unix seconds.
    pub updated_at: i64,
    /// Whether it may be run as a program.
    pub executable: bool,
    /// How its lines end: `lf` or `crlf`; None where it has none.
    pub eol: Option<&'static str>,
    /// Whether it begins with a byte order mark.
    pub bom: bool,
    /// Whether another file has its path, or none that is one.
    pub displaced: bool,
    /// Whether it is deleted.
    pub deleted: bool,
    /// What it held, where it is or was no text.
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
            id: file.id,
            path: file.path,
            mime_type: file.mime_type,
            author_id: file.author_id,
            created_at: file.created_at,
            updated_at: file.updated_at,
            executable: file.executable,
            displaced,
            deleted: file.deleted,
            versions: file.versions,
        }
    }
}

/// The files of an entity in the order of their paths: those that have one; with `all` deleted and
/// displaced ones too.
///
/// # Errors
/// `Corrupt` where the document is.
pub fn files(reader: &Reader, entity: &EntityId, all: bool) -> Result<Vec<DiskRow>> {
    let Some(view) = view(reader, entity, &SPEC)? else { return Ok(Vec::new()) };
    let directory = Directory::of(&view);
    let owners: Vec<&str> = directory.owners().map(|place| place.id.as_str()).collect();
    let mut rows: Vec<DiskRow> = match all {
        false => {
            owners.iter().filter_map(|id| Some(DiskRow::of(read(&view, id)?, false))).collect()
        }
        true => {
            let owners: std::collections::BTreeSet<&str> = owners.into_iter().collect();
            let files = read_all(&view).into_iter();
            let row = |file: DiskFile| {
                let displaced = !file.deleted && !owners.contains(file.id.as_str());
                DiskRow::of(file, displaced)
            };
            files.map(row).collect()
        }
    };
    rows.sort_by(|a, b| (&a.path, &a.id).cmp(&(&b.path, &b.id)));
    Ok(rows)
}

/// The file that a path, an id or a unique prefix of one means.
///
/// # Errors
/// `NotFound`, `Ambiguous`; `Usage` for what is neither.
pub fn file(reader: &Reader, entity: &EntityId, named: &str) -> Result<DiskFile> {
    let none = || crate::concern::disk::no_file(named);
    let view = view(reader, entity, &SPEC)?.ok_or_else(none)?;
    let directory = Directory::of(&view);
    let id = directory.find(named)?.id.clone();
    read(&view, &id).ok_or_else(none)
}

//! Disks: the files of an entity, on its private, its public and its shared disk.
//!
//! The document holds the list of files and the contents of text files, which merge word by word. The
//! bytes of other files are stored beside the store; the document has their hashes. Writing the working
//! copies and taking in changes made there happens elsewhere.

mod access;
mod application;
pub mod content;
pub mod difference;
mod directory;
mod file;
pub mod path;
mod publish;
mod put;
mod remove;
mod revive;
mod together;

pub use application::{FILE as FILE_DOCUMENT, FileDocument, is_file_document};
pub use directory::{Directory, FilePlace};
pub use file::{DiskContent, DiskFile, FileHash, FileVersion, read, read_all, version_named};
pub use path::{DiskKind, DiskPath};
pub use publish::{Publish, SUMS, WEBSITE, Website, website};
pub use put::Put;
pub use remove::{MoveFile, RemoveFile, RestoreFile};
pub use revive::{LostPath, LostVersion, lost_paths, lost_versions, revive_edited};
pub(crate) use together::{PlannedChange, WaitingWrites};

use crate::error::{Error, Next};
use crate::id::{DocId, EntityId};
use crate::limits;
use crate::schema::{Collection, DeletionMarker, Field, Spec};
use crate::wire::RootKind;

/// The concern `disk`, for the public and the shared disk: its root, and the collections [`FILES`] and
/// [`VERSIONS`].
pub const SPEC: Spec = of_disks("disk", false);

/// The private disk. A document is always sent whole, so private files have a document of their own: it
/// belongs to the member of this replica and is sent only to other replicas of that member.
pub const PRIVATE: Spec = of_disks("disk-private", true);

const fn of_disks(name: &'static str, private: bool) -> Spec {
    Spec {
        name,
        limit_bytes: limits::DISK_BYTES,
        private,
        roots: &[("files", RootKind::Map)],
        collections: &[FILES, VERSIONS],
    }
}

/// Whether a document describes disks.
pub fn is_disk(doc: &DocId) -> bool {
    doc.concern() == Some(SPEC.name) || is_private(doc)
}

/// Whether a document is a private disk's: it leaves the machine only for replicas of its member.
pub fn is_private(doc: &DocId) -> bool {
    doc.concern() == Some(PRIVATE.name)
}

/// The document that describes a disk of an entity.
pub fn document(entity: &EntityId, disk: DiskKind) -> DocId {
    entity.document(match disk {
        DiskKind::Private => PRIVATE.name,
        DiskKind::Public | DiskKind::Shared => SPEC.name,
    })
}

/// The documents of all disks of an entity, each with the disks that it describes.
pub fn documents(entity: &EntityId) -> [(DocId, &'static [DiskKind]); 2] {
    [
        (entity.document(PRIVATE.name), &[DiskKind::Private]),
        (entity.document(SPEC.name), &[DiskKind::Public, DiskKind::Shared]),
    ]
}

/// The files, keyed by an id derived from the path and content a file was created with: replicas that
/// concurrently put the same file at the same path create one file (rule R2).
pub const FILES: Collection = Collection {
    noun: "file",
    argument: Some("FILE"),
    path: &["files"],
    tombstone: Some(DeletionMarker { by: Some("deleted_by"), ..DeletionMarker::DELETED }),
    clock: Some("updated_at"),
    cache: None,
    fields: &[
        Field::id("id"),
        Field::prose("path").clocked("path_updated_at"),
        Field::word("kind"),
        Field::word("media_type"),
        Field::creator("author_id"),
        Field::created("created_at"),
        Field::edited("updated_at"),
        Field::edited("path_updated_at"),
        Field::flag("executable"),
        Field::word("eol"),
        Field::flag("bom"),
        Field::shared_prose("text"),
        Field::records("versions"),
        Field::flag("deleted"),
        Field::time("deleted_at"),
        Field::deleter("deleted_by"),
        Field::word("deleted_blake3"),
        Field::acknowledgements("ack_vector"),
    ],
};

/// The contents that a file that is not text has held, each once. The content of a version never changes,
/// and a version lists those it replaces. Of several that nothing replaces, the latest is the file's.
pub const VERSIONS: Collection = Collection {
    noun: "version",
    argument: None,
    path: &["files", "*", "versions"],
    tombstone: None,
    clock: None,
    cache: None,
    fields: &[
        Field::id("id"),
        Field::word("blake3"),
        Field::number("bytes"),
        Field::creator("author_id"),
        Field::created("created_at"),
        // Of the text that the file held before, in hex.
        Field::word("of_text"),
        // It was replaced by a text.
        Field::flag("replaced_by_text"),
        Field::list("replaces"),
    ],
};

/// The error for a file that does not exist, by the name it was given.
pub fn no_file(named: &str) -> Error {
    Error::not_found(format!("there is no file {named}"))
        .hint(Next::Files.and(" shows those that are there"))
}

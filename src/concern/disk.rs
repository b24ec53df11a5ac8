//! Disks: the files of an entity, on its private, its public and its shared disk.
//!
//! The document holds which files there are, and the texts in them, which merge word by word. The
//! bytes of other files lie beside the store; here are their hashes. What lies in the directories of
//! the disks is made of this, and changes there are taken in: that is not done here.

pub mod content;
pub mod difference;
mod directory;
mod file;
pub mod path;
mod publish;
mod put;
mod remove;
mod revive;

pub use directory::{Directory, FilePlace};
pub use file::{DiskContent, DiskFile, FileHash, FileVersion, read, read_all};
pub use path::{DiskKind, DiskPath};
pub use publish::{Publish, SUMS, WEBSITE, Website, website};
pub use put::Put;
pub use remove::{MoveFile, RemoveFile, RestoreFile};
pub use revive::revive_edited;

use crate::error::{Error, Next};
use crate::limits;
use crate::schema::{Collection, DeletionMarker, Field, Removal, Spec};
use crate::wire::RootKind;

/// The concern `disk`: its root, and the collections [`FILES`] and [`VERSIONS`].
pub const SPEC: Spec = Spec {
    name: "disk",
    limit_bytes: limits::DISK_BYTES,
    roots: &[("files", RootKind::Map)],
    collections: &[FILES, VERSIONS],
};

/// The files, keyed by an id that follows from where and with what a file came to be: who puts the
/// same file to the same place at once with others has made one file with them (rule R2).
pub const FILES: Collection = Collection {
    noun: "file",
    argument: Some("FILE"),
    path: &["files"],
    tombstone: Some(DeletionMarker {
        flag: "deleted",
        at: "deleted_at",
        by: Some("deleted_by"),
        acks: "ack_vector",
        removal: Removal::AtOnce,
    }),
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

/// What a file that is no text has held, each content once: nothing of it ever changes, and what
/// replaces what is in it. Of several that nothing replaces the latest is the file's.
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
        Field::list("replaces"),
    ],
};

/// The error for a file that is not there, by what it was called.
pub fn no_file(named: &str) -> Error {
    Error::not_found(format!("there is no file {named}"))
        .hint(Next::Files.and(" shows those that are there"))
}

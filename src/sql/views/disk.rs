//! What lies on the disks.

use super::shared::ENTITY;
use crate::sql::column::{flag, integer, json, text, time};
use crate::sql::view::{Filler, SqlView};

pub const FILES: SqlView = SqlView {
    name: "files",
    about: "a file on a disk, deleted ones included; its content is elsewhere",
    columns: &[
        ENTITY,
        text("id", "by which it is known"),
        text("disk", "private, public or shared"),
        text("path", "where it is"),
        text("kind", "text, binary, or document: one that the application keeps whole"),
        text("mime_type", "what the ending of its name says it is"),
        integer("size_bytes", "how large it is; null where no version of it is known"),
        text("blake3", "the hash of what it holds, in hex"),
        text("author_id", "the member who made it"),
        time("created_at", "when"),
        time("updated_at", "when its content was last changed"),
        flag("executable", "it may be run as a program"),
        text("eol", "how its lines end: lf or crlf"),
        flag("bom", "it begins with a byte order mark"),
        flag("displaced", "another file has its path, or none that is one"),
        flag("deleted", "it was deleted"),
        json("versions", "what it held, where it is no text"),
        text("doc", "the document of the application's that it is; null for a file of a disk"),
        flag("encrypted", "the application alone can read it"),
    ],
    filler: Filler::Entity(|source, entity, rows| {
        let disk = |path: &str| {
            path.split('/').find(|part| !part.is_empty()).unwrap_or_default().to_owned()
        };
        for file in source.files(entity)? {
            rows.add_with(entity, ("disk", &disk(&file.path)), &file)?;
        }
        for file in source.file_documents(entity)? {
            rows.add_with(entity, ("disk", &disk(&file.path)), &file)?;
        }
        Ok(())
    }),
};

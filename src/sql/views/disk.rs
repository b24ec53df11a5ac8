//! Files on the disks.

use super::shared::ENTITY;
use crate::sql::column::{flag, integer, json, text, time};
use crate::sql::view::{Filler, SqlView};

pub const FILES: SqlView = SqlView {
    name: "files",
    about: "a file on a disk, deleted ones included; its content is elsewhere",
    columns: &[
        ENTITY,
        text("id", "its id"),
        text("disk", "private, public or shared"),
        text("path", "its path"),
        text("kind", "text, binary, or document: one that the application keeps whole"),
        text("mime_type", "its media type, from its extension"),
        integer("size_bytes", "its size; null if no version of it is known"),
        text("blake3", "the hash of its content, in hex"),
        text("author_id", "the member who created it"),
        time("created_at", "when"),
        time("updated_at", "when its content was last changed"),
        flag("executable", "it may be run as a program"),
        text("eol", "its line endings: lf or crlf"),
        flag("bom", "it begins with a byte order mark"),
        flag("displaced", "its path is taken by another file, or not valid"),
        flag("deleted", "it was deleted"),
        json("versions", "its versions, if it is not text"),
        text("doc", "the application document that it is; null for a file of a disk"),
        flag("encrypted", "only the application can read it"),
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

//! Documents as files, and what uses their bytes.

use super::shared::ENTITY;
use crate::sql::column::{integer, text, time};
use crate::sql::view::{Filler, SqlView};

pub const DOCUMENTS: SqlView = SqlView {
    name: "documents",
    about: "a document, of a known concern or not",
    columns: &[
        ENTITY,
        text("doc_id", "the document"),
        text("entity_type", "the first part of its id"),
        text("entity_id", "the second part of its id"),
        text("concern", "null for an opaque document"),
        text("path", "its file"),
        integer("bytes", "the size of its file; 0 while it is only in the log"),
        integer("limit_bytes", "the limit of its concern"),
        integer("version", "how often it was saved"),
        integer("client_ids", "how many replicas ever wrote in it"),
        time("updated_at", "when it was last saved"),
    ],
    filler: Filler::Store(|source, rows| {
        let counted = rows.wants("client_ids");
        for document in source.documents()? {
            let summary = source.document_summary(&document, counted)?;
            rows.add_of_document(&document.id, &summary)?;
        }
        Ok(())
    }),
};

pub const SIZES: SqlView = SqlView {
    name: "sizes",
    about: "what the bytes of a document are used for; together they are its file",
    columns: &[
        ENTITY,
        text("doc", "the document"),
        text("path", "what they belong to; empty for the document itself"),
        text("kind", "live, headers, overwritten, tombstone, gc and others"),
        integer("bytes", "how many"),
        integer("count", "of how many items"),
    ],
    filler: Filler::Store(|source, rows| {
        for document in source.documents()? {
            for row in source.sizes(&document)? {
                rows.add_of_document(&document.id, &row)?;
            }
        }
        Ok(())
    }),
};

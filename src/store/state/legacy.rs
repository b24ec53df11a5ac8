//! The 0.1.19 generation: one SQLite file, `crdt.db`, read and never written.

use super::fault;
use super::open::immutable_uri;
use crate::error::{Error, Kind, Result};
use crate::id::DocId;
use crate::limits;
use crate::store::fs::{self, Copies};
use crate::store::layout::{Document, Meta};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};
use std::path::{Path, PathBuf};

const COLUMNS: &str = "id, entity_type, entity_id, length(yrs_state), version, updated_at";

/// The table `crdt_documents` of a 0.1.19 `crdt.db`.
pub(in crate::store) struct Legacy {
    db: Connection,
    /// The file name, relative to the store's directory.
    name: PathBuf,
    /// The directory of the files that `db` reads, if they are copies.
    _copy: Option<Copies>,
}

impl Legacy {
    /// Opens the file. If possible nothing is created beside it: it is read as it is, or from a temporary
    /// copy if it has an SQLite log.
    pub fn open(path: &Path) -> Result<Legacy> {
        fs::refuse_no_file(path)?;
        let logs = [fs::beside(path, "-wal"), fs::beside(path, "-journal")];
        let mut at_rest = true;
        for log in &logs {
            at_rest &= fs::size(log)? == 0;
        }
        let opened = if at_rest {
            connect(&immutable_uri(path)).map(|db| (db, None))
        } else {
            let files: Vec<PathBuf> = std::iter::once(path.to_owned()).chain(logs).collect();
            let copy = fs::copy_aside(&files)?;
            let name = path.file_name().unwrap_or_default();
            connect_copy(&copy.path().join(name)).map(|db| (db, Some(copy)))
        };
        let (db, copy) = opened.map_err(|e| opening(path, e))?;
        let name = PathBuf::from(path.file_name().unwrap_or_default());
        Ok(Legacy { db, name, _copy: copy })
    }

    /// Returns every document, sorted by id. Rows whose id is not a document id are left out.
    pub fn documents(&self) -> Result<Vec<Document>> {
        let sql = format!("SELECT {COLUMNS} FROM crdt_documents ORDER BY id");
        let rows: Vec<Option<Document>> = self
            .db
            .prepare(&sql)
            .and_then(|mut statement| statement.query_map([], |row| self.document(row))?.collect())
            .map_err(|e| self.reading(e))?;
        Ok(rows.into_iter().flatten().collect())
    }

    fn document(&self, row: &Row<'_>) -> rusqlite::Result<Option<Document>> {
        let name: String = row.get(0)?;
        let Ok(id) = DocId::parse(&name) else { return Ok(None) };
        let updated_at = row.get::<_, Option<i64>>(5)?.unwrap_or(0);
        let meta = Meta {
            doc_id: name,
            entity_type: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
            entity_id: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
            version: u64::try_from(row.get::<_, Option<i64>>(4)?.unwrap_or(0)).unwrap_or(0),
            // The table does not record it.
            created_at: updated_at,
            updated_at,
            rest: serde_json::Map::new(),
        };
        let bytes = row.get::<_, Option<i64>>(3)?.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
        Ok(Some(Document { id, path: self.name.clone(), bytes, meta: Some(meta) }))
    }

    /// Returns the state of a document; `None` if there is none.
    pub fn bytes(&self, doc: &DocId) -> Result<Option<Vec<u8>>> {
        let bytes: Option<Vec<u8>> = self
            .db
            .prepare_cached("SELECT yrs_state FROM crdt_documents WHERE id = ?1")
            .and_then(|mut statement| {
                statement.query_row([doc.as_str()], |row| row.get(0)).optional()
            })
            .map_err(|e| self.reading(e))?;
        if bytes.as_ref().is_some_and(|bytes| bytes.len() as u64 > limits::DOCUMENT_BYTES) {
            return Err(Error::corrupt(format!(
                "{doc} holds more than {} bytes",
                limits::DOCUMENT_BYTES
            )));
        }
        Ok(bytes)
    }

    fn reading(&self, e: rusqlite::Error) -> Error {
        let error = fault::failed(&self.db, "could not read crdt.db", e);
        match error.kind {
            // A table is missing or has another shape.
            Kind::Bug => {
                error.of_kind(Kind::Corrupt).hint("this is not a crdt.db of the 0.1.19 generation")
            }
            _ => error,
        }
    }
}

fn connect(uri: &str) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(uri, flags)
}

fn connect_copy(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
}

fn opening(path: &Path, e: rusqlite::Error) -> Error {
    fault::failed_at(path, &format!("could not open {}", path.display()), e)
}

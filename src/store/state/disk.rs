//! What this replica last wrote to the directories of the disks.

use super::State;
use crate::error::Result;
use crate::id::DocId;
use rusqlite::params;

/// A file as it was last written to its directory, or read from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskBase {
    /// The file's whole id.
    pub file: String,
    /// Its path at that time.
    pub path: String,
    /// The hash of its bytes, in hex.
    pub blake3: String,
    /// Its text, with lines ending in `\n`; `None` for bytes.
    pub text: Option<String>,
    /// Whether it was executable.
    pub executable: bool,
}

/// A file about to be written to a place other than its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BegunFile {
    /// The path of that place.
    pub path: String,
    /// The file's whole id.
    pub file: String,
    /// The hash that it will have there, in hex.
    pub blake3: String,
}

impl State {
    /// Returns which of a document's files are about to be written to another place.
    pub fn begun_files(&self, doc: &DocId) -> Result<Vec<BegunFile>> {
        if !self.has_table("disk_begun")? {
            return Ok(Vec::new());
        }
        let sql = "SELECT path, file, blake3 FROM disk_begun WHERE doc_id = ?1";
        self.all(sql, params![doc.as_str()], |row| {
            Ok(BegunFile { path: row.get(0)?, file: row.get(1)?, blake3: row.get(2)? })
        })
    }

    /// Records a file that is about to be written.
    pub fn put_begun_file(&self, doc: &DocId, begun: &BegunFile) -> Result<()> {
        let BegunFile { path, file, blake3 } = begun;
        let sql = "INSERT OR REPLACE INTO disk_begun (doc_id, path, file, blake3)
                   VALUES (?1, ?2, ?3, ?4)";
        self.run(sql, params![doc.as_str(), path, file, blake3])
    }

    /// Records that such a file has been written, or will not be.
    pub fn forget_begun_file(&self, doc: &DocId, path: &str) -> Result<()> {
        let sql = "DELETE FROM disk_begun WHERE doc_id = ?1 AND path = ?2";
        self.run(sql, params![doc.as_str(), path])
    }

    /// Returns where a document's files were written: ids and paths.
    pub fn written_paths(&self, doc: &DocId) -> Result<Vec<(String, String)>> {
        if !self.has_table("disk_file")? {
            return Ok(Vec::new());
        }
        let sql = "SELECT file, path FROM disk_file WHERE doc_id = ?1";
        self.all(sql, params![doc.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Returns what was written of a document's files, ordered by id.
    pub fn written_files(&self, doc: &DocId) -> Result<Vec<DiskBase>> {
        if !self.has_table("disk_file")? {
            return Ok(Vec::new());
        }
        let sql = "SELECT file, path, blake3, text, executable FROM disk_file
                   WHERE doc_id = ?1 ORDER BY file";
        self.all(sql, params![doc.as_str()], |row| {
            Ok(DiskBase {
                file: row.get(0)?,
                path: row.get(1)?,
                blake3: row.get(2)?,
                text: row.get(3)?,
                executable: row.get(4)?,
            })
        })
    }

    /// Returns what was written of a document's files, and where: ids, each with a path and a hash.
    pub fn written_places(&self, doc: &DocId) -> Result<Vec<(String, (String, String))>> {
        if !self.has_table("disk_file")? {
            return Ok(Vec::new());
        }
        let sql = "SELECT file, path, blake3 FROM disk_file WHERE doc_id = ?1";
        self.all(sql, params![doc.as_str()], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))
    }

    /// Returns where contents that are not text were written: paths and hashes.
    pub fn written_contents(&self, doc: &DocId) -> Result<Vec<(String, String)>> {
        if !self.has_table("disk_file")? {
            return Ok(Vec::new());
        }
        let sql = "SELECT path, blake3 FROM disk_file WHERE doc_id = ?1 AND text IS NULL";
        self.all(sql, params![doc.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Returns the directory claimed for a document's files; `None` if there is none.
    pub fn disk_directory(&self, doc: &DocId) -> Result<Option<String>> {
        if !self.has_table("disk_file")? {
            return Ok(None);
        }
        let sql = "SELECT name FROM disk_directory WHERE doc_id = ?1";
        self.one(sql, params![doc.as_str()], |row| row.get(0))
    }

    /// Returns whether a directory is claimed for some document's files, ignoring case.
    pub fn is_disk_directory(&self, name: &str) -> Result<bool> {
        let sql = "SELECT 1 FROM disk_directory WHERE name = ?1";
        Ok(self.has_table("disk_file")? && self.one(sql, params![name], |_| Ok(()))?.is_some())
    }

    /// Claims a directory for a document's files.
    pub fn claim_disk_directory(&self, doc: &DocId, name: &str) -> Result<()> {
        let sql = "INSERT INTO disk_directory (name, doc_id) VALUES (?1, ?2)";
        self.run(sql, params![name, doc.as_str()])
    }

    /// Records a file that was written or taken in.
    pub fn put_written_file(&self, doc: &DocId, written: &DiskBase) -> Result<()> {
        let DiskBase { file, path, blake3, text, executable } = written;
        self.run(
            "INSERT OR REPLACE INTO disk_file (doc_id, file, path, blake3, text, executable)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![doc.as_str(), file, path, blake3, text, executable],
        )
    }

    /// Records that nothing is left of a file written here.
    pub fn forget_written_file(&self, doc: &DocId, file: &str) -> Result<()> {
        self.run(
            "DELETE FROM disk_file WHERE doc_id = ?1 AND file = ?2",
            params![doc.as_str(), file],
        )
    }
}

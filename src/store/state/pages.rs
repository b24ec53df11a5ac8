//! The pages of large documents: where they stand in the file that was last written.

use super::{State, fault};
use crate::error::Result;
use crate::id::DocId;
use crate::store::fs::Seen;
use crate::wire::{IdSet, PageRow, Segments};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeSet;
use std::rc::Rc;

/// What is known of the pages of one document.
#[derive(Debug)]
pub(in crate::store) struct PageIndex {
    /// Of the file that they stand in.
    pub blake3: [u8; 32],
    /// That file, as [`Seen::token`] has it.
    pub file: String,
    /// None where they do not decode.
    pub segments: Option<Segments>,
    pub table: PageTable,
}

/// The pages of one document, read as they are asked for.
#[derive(Debug)]
pub(in crate::store) struct PageTable {
    db: Rc<Connection>,
    doc: i64,
}

/// One of them.
#[derive(Debug)]
pub(in crate::store) struct StoredPage {
    pub root: String,
    /// None for a root without keys.
    pub key: Option<String>,
    pub ids: IdSet,
}

/// What a file's pages are after a change of it.
pub(in crate::store) struct PageChange<'p> {
    pub doc: &'p DocId,
    pub file: &'p Seen,
    pub blake3: &'p [u8; 32],
    pub segments: &'p Segments,
    /// Those that changed.
    pub changed: Vec<PageRow<'p>>,
    /// All others; None where they stand here.
    pub others: Option<Vec<PageRow<'p>>>,
}

const COLUMNS: &str = "root, key, ids";

impl PageTable {
    /// The page of a key, or that of a root without keys.
    pub fn find(&self, root: &str, key: &str) -> rusqlite::Result<Option<StoredPage>> {
        let sql = format!("SELECT {COLUMNS} FROM page WHERE doc = ?1 AND root = ?2 AND key = ?3");
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut one =
            |key: String| statement.query_row(params![self.doc, root, key], page).optional();
        Ok(match one(stored(Some(key)))? {
            Some(found) => Some(found),
            None => one(stored(None))?,
        })
    }

    pub fn of_root(&self, root: &str) -> rusqlite::Result<Vec<StoredPage>> {
        let sql = format!("SELECT {COLUMNS} FROM page WHERE doc = ?1 AND root = ?2");
        self.db.prepare_cached(&sql)?.query_map(params![self.doc, root], page)?.collect()
    }

    pub fn least(&self) -> rusqlite::Result<Vec<StoredPage>> {
        let sql =
            format!("SELECT {COLUMNS} FROM page INDEXED BY page_least WHERE doc = ?1 AND least");
        self.db.prepare_cached(&sql)?.query_map(params![self.doc], page)?.collect()
    }

    /// The keys of a root that begin like this and hold something, sorted.
    pub fn living(&self, root: &str, prefix: &str) -> rusqlite::Result<Vec<String>> {
        let sql = "SELECT key FROM page WHERE doc = ?1 AND root = ?2 AND key >= ?3 AND lives
                   ORDER BY key";
        let (mut statement, from) = (self.db.prepare_cached(sql)?, stored(Some(prefix)));
        let mut rows = statement.query(params![self.doc, root, from])?;
        let mut keys = Vec::new();
        while let Some(row) = rows.next()? {
            let key: String = row.get(0)?;
            if !key.starts_with(&from) {
                break;
            }
            keys.extend(key.strip_prefix('=').map(str::to_owned));
        }
        Ok(keys)
    }
}

/// A key as it stands in the table.
fn stored(key: Option<&str>) -> String {
    key.map_or_else(String::new, |key| format!("={key}"))
}

fn page(row: &Row<'_>) -> rusqlite::Result<StoredPage> {
    let (key, ids): (String, Vec<u8>) = (row.get(1)?, row.get(2)?);
    let broken =
        || rusqlite::Error::InvalidColumnType(2, "ids".into(), rusqlite::types::Type::Blob);
    Ok(StoredPage {
        root: row.get(0)?,
        key: key.strip_prefix('=').map(str::to_owned),
        ids: IdSet::decode(&ids).ok_or_else(broken)?,
    })
}

impl State {
    /// Reads while nobody else's writes show. None where that cannot be had.
    pub(in crate::store) fn unmoved<R>(&self, read: impl FnOnce() -> R) -> Option<R> {
        self.db.execute_batch("BEGIN").ok()?;
        let found = read();
        // Nothing was written: there is nothing to lose.
        let _ = self.db.execute_batch("COMMIT");
        Some(found)
    }

    /// What is known of the pages of a document; None where nothing is.
    pub(in crate::store) fn indexed(&self, doc: &DocId) -> Result<Option<PageIndex>> {
        let sql = "SELECT doc, blake3, file, segments FROM indexed WHERE doc_id = ?1";
        self.one(sql, params![doc.as_str()], |row| {
            Ok(PageIndex {
                table: PageTable { db: Rc::clone(&self.db), doc: row.get(0)? },
                blake3: row.get(1)?,
                file: row.get(2)?,
                segments: Segments::decode(&row.get::<_, Vec<u8>>(3)?),
            })
        })
    }

    /// Writes down where the pages of a file stand that was just written.
    pub(in crate::store) fn put_pages(&self, change: &PageChange<'_>) -> Result<()> {
        let write = || -> rusqlite::Result<()> {
            let doc = self.put_indexed(change)?;
            if change.others.is_some() {
                self.db.execute("DELETE FROM page WHERE doc = ?1", params![doc])?;
            }
            let others = change.others.as_deref().unwrap_or_default();
            for row in change.changed.iter().chain(others) {
                self.put_page(doc, row)?;
            }
            let roots: BTreeSet<&str> =
                change.changed.iter().chain(others).map(|row| row.root).collect();
            roots.into_iter().try_for_each(|root| self.represent(doc, root))
        };
        write().map_err(|e| fault::failed(&self.db, "could not keep where pages stand", e))
    }

    fn put_indexed(&self, change: &PageChange<'_>) -> rusqlite::Result<i64> {
        let sql = "INSERT INTO indexed (doc_id, blake3, file, segments) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT (doc_id) DO UPDATE SET blake3 = ?2, file = ?3, segments = ?4
                   RETURNING doc";
        let (doc, file, segments) =
            (change.doc.as_str(), change.file.token(), change.segments.encode());
        let mut statement = self.db.prepare_cached(sql)?;
        statement.query_row(params![doc, change.blake3, file, segments], |row| row.get(0))
    }

    fn put_page(&self, doc: i64, row: &PageRow<'_>) -> rusqlite::Result<()> {
        let sql = "INSERT INTO page (doc, root, key, lives, least, ids)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                   ON CONFLICT DO UPDATE SET lives = ?4, least = max(least, ?5), ids = ?6";
        let least = !row.plain || row.key.is_none();
        let mut ids = Vec::new();
        row.ids.encode(&mut ids);
        let key = stored(row.key);
        self.db
            .prepare_cached(sql)?
            .execute(params![doc, row.root, key, row.lives, least, ids])
            .map(drop)
    }

    /// Sees to it that a page that holds something, where there is one, tells what its root is.
    fn represent(&self, doc: i64, root: &str) -> rusqlite::Result<()> {
        let find = |sql: &str| -> rusqlite::Result<Option<String>> {
            let mut statement = self.db.prepare_cached(sql)?;
            statement.query_row(params![doc, root], |row| row.get(0)).optional()
        };
        let least = "SELECT key FROM page INDEXED BY page_least
                     WHERE doc = ?1 AND root = ?2 AND least AND lives LIMIT 1";
        if find(least)?.is_some() {
            return Ok(());
        }
        let of_root = "SELECT key FROM page WHERE doc = ?1 AND root = ?2";
        let key = match find(&format!("{of_root} AND lives LIMIT 1"))? {
            Some(key) => Some(key),
            None => find(&format!("{of_root} LIMIT 1"))?,
        };
        let sql = "UPDATE page SET least = 1 WHERE doc = ?1 AND root = ?2 AND key = ?3";
        self.db.prepare_cached(sql)?.execute(params![doc, root, key]).map(drop)
    }
}

//! Rows on their way into `archive.db`, inserted by one statement for many of them.
//!
//! Before a statement that can fail half-way, such as any that fires triggers, SQLite makes the full-text
//! indexes flush what they have gathered: row by row that was a third of all the work.

use super::row::ArchivedRecord;
use super::search;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;

/// About this many bytes of records are kept in memory.
const MOST_BYTES: usize = 8 << 20;

/// Creates the temporary in-memory table where they wait.
pub(super) const PLACE: &str = "PRAGMA temp_store = memory;
    CREATE TEMP TABLE staged (n INTEGER PRIMARY KEY, doc_id, entity_id, kind, path, id, version, parent,
        created_at, changed_at, client, clock, removed, size, record, typed, archived_at)";

/// What waits, apart from the rows themselves.
#[derive(Default)]
pub(super) struct StagedRows {
    /// The document and the path of each.
    places: BTreeSet<(String, String)>,
    /// The number of the first one, and the next free number.
    numbers: Option<(i64, i64)>,
    /// The indexed text of each.
    texts: Vec<(i64, String)>,
    /// The commands that must happen for them to count.
    unsettled: Vec<(String, i64)>,
    bytes: usize,
}

impl StagedRows {
    /// Returns the number that the next row gets; `None` if nothing waits, and the tables tell it.
    pub fn next(&self) -> Option<i64> {
        self.numbers.map(|(_, next)| next)
    }

    /// Returns whether a row of this record waits.
    pub fn hold(&self, doc: &str, path: &str) -> bool {
        !self.places.is_empty() && self.places.contains(&(doc.to_owned(), path.to_owned()))
    }

    /// Returns whether enough waits to be put into the tables.
    pub fn are_full(&self) -> bool {
        self.bytes >= MOST_BYTES
    }

    /// Stages a row under a number.
    pub fn add(
        &mut self,
        db: &Connection,
        n: i64,
        record: &ArchivedRecord,
        (version, path): (&str, String),
    ) -> rusqlite::Result<()> {
        let entity = record.doc.entity().map(|entity| entity.to_string()).unwrap_or_default();
        let size = match record.removed {
            true => i64::MAX,
            false => i64::try_from(record.record.len()).unwrap_or(i64::MAX),
        };
        let insert = "INSERT INTO temp.staged VALUES
            (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
        db.prepare_cached(insert)?.execute(params![
            n,
            record.doc.as_str(),
            entity,
            record.kind(),
            path,
            record.id(),
            version,
            record.parent(),
            record.created_at,
            record.changed_at,
            record.written.client.cast_signed(),
            record.written.clock,
            record.removed,
            size,
            record.record,
            record.typed,
            record.archived_at,
        ])?;
        let first = self.numbers.map_or(n, |(first, _)| first);
        self.numbers = Some((first, n.saturating_add(1)));
        self.places.insert((record.doc.as_str().to_owned(), path));
        self.bytes = self.bytes.saturating_add(record.record.len());
        self.texts.extend(search::indexed(record).map(|text| (n, text)));
        Ok(())
    }

    /// Records that a row counts only if its command happens; returns false if the row is not staged.
    pub fn unsettle(&mut self, run: &str, n: i64) -> bool {
        let waits = self.numbers.is_some_and(|(first, _)| n >= first);
        if waits {
            self.unsettled.push((run.to_owned(), n));
        }
        waits
    }

    /// Puts them into the tables.
    pub fn put(self, db: &Connection) -> rusqlite::Result<()> {
        if self.numbers.is_none() {
            return Ok(());
        }
        let all = "INSERT INTO versions (n, doc_id, entity_id, kind, path, id, version, parent,
                created_at, changed_at, client, clock, removed, size, record, typed, archived_at)
            SELECT * FROM temp.staged ORDER BY n";
        db.prepare_cached(all)?.execute([])?;
        let mut index = db.prepare_cached(search::INDEX)?;
        for (n, text) in self.texts {
            index.execute(params![n, text])?;
        }
        let mut unsettle = db.prepare_cached(UNSETTLE)?;
        for (run, n) in self.unsettled {
            unsettle.execute(params![run, n])?;
        }
        db.prepare_cached("DELETE FROM temp.staged")?.execute([]).map(drop)
    }
}

/// Records that a row counts only if its command happens.
pub(super) const UNSETTLE: &str = "INSERT OR IGNORE INTO unsettled VALUES (?1, ?2)";

#[cfg(test)]
mod tests {
    use super::super::fate::RunFate;
    use super::super::file::ArchiveFile;
    use super::*;
    use crate::concern::chat::MESSAGES;
    use crate::error::{Error, Result};
    use crate::id::DocId;
    use crate::path::DocPath;
    use crate::wire::{Id, Record, Value};
    use std::time::Duration;

    fn record(name: &str, text: &str, at: i64) -> ArchivedRecord {
        let doc = DocId::parse("group:ocean-forest-moon-star:chat").unwrap();
        let fields = [
            ("content", Value::String(text.to_owned())),
            ("created_at", Value::Int(1)),
            ("updated_at", Value::Int(at)),
        ];
        let fields: Record = fields.map(|(name, value)| (name.to_owned(), value)).into();
        let path = DocPath::from(["messages", name]);
        let written = Id { client: 1, clock: 7 };
        ArchivedRecord::of(&doc, &MESSAGES, &path, written, &Value::Object(fields), 0)
    }

    /// A staged row behaves for every reader as if it had been inserted at once: in numbers, in which of
    /// several versions is shown, in both indexes, and when it is removed again.
    #[test]
    fn what_is_staged_is_there_for_whoever_asks() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("archive.db");
        let file = ArchiveFile::begin(&path, Duration::ZERO).unwrap();
        let (one, later, other) =
            (record("a", "harbour", 1), record("a", "harbours", 2), record("b", "crane", 1));
        assert_eq!(file.add(&one).unwrap(), (1, true));
        assert_eq!(file.add(&other).unwrap(), (2, true));
        file.unsettle("run", 2).unwrap();
        // Existing rows are recognised, and of two versions the later one is shown.
        assert_eq!(file.add(&one).unwrap(), (1, false));
        assert_eq!(file.add(&later).unwrap(), (3, true));
        let shown = file.shown(&one.doc, &one.path).unwrap().unwrap();
        assert_eq!((shown.n, &shown.record), (3, &later));
        assert_eq!(file.add(&record("c", "ferry", 1)).unwrap(), (4, true));
        assert_eq!(file.markers(&one).unwrap(), 0);
        // A row whose command does not happen is removed, with its index entries.
        file.add(&record("d", "anchor", 1)).unwrap();
        file.unsettle("run", 5).unwrap();
        file.void(5).unwrap();
        file.commit().unwrap();
        file.begin_again().unwrap();
        assert_eq!(file.add(&record("e", "buoy", 1)).unwrap(), (5, true));
        file.commit().unwrap();
        let runs = |run: &str| -> Result<RunFate> {
            match run {
                "run" => Ok(RunFate::Never),
                _ => Err(Error::bug("no such run")),
            }
        };
        assert_eq!(file.void_rows(runs).unwrap(), BTreeSet::from([2]));
        let found = |table: &str, word: &str| -> Vec<i64> {
            let sql = format!("SELECT rowid FROM {table} WHERE {table} MATCH ?1 ORDER BY rowid");
            file.all(&sql, params![word], |row| row.get(0)).unwrap()
        };
        assert_eq!(
            (found("parts_fts", "arb"), found("texts_fts", "harbours")),
            (vec![1, 3], vec![3])
        );
        assert_eq!((found("parts_fts", "cho"), found("texts_fts", "anchor")), (vec![], vec![]));
        assert_eq!((found("parts_fts", "uoy"), found("texts_fts", "ferry")), (vec![5], vec![4]));
        assert_eq!(file.count().unwrap(), 5);
        file.integrity().unwrap();
    }
}

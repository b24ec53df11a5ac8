//! An SQLite database, opened from its bytes in memory: of Hocuspocus, of pycrdt-store and Jupyter, or any
//! other with a column of updates.

use super::super::identified::{Depth, FoundDocument, Identified, KeptUpdate};
use super::collector::{Collector, database};
use crate::wire::{Clocks, Update};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, MAIN_DB, Row};
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};

const MARK: &[u8] = b"SQLite format 3\0";
/// SQLite instructions between two checks of the limit.
const STRIDE: std::ffi::c_int = 1_000;
/// The instruction limit for a database: this many, and …
const STEPS: u64 = 20_000_000;
/// … this many more for each of its bytes.
const STEPS_PER_BYTE: u64 = 4;
/// The number of rows by which a column is recognised.
const SAMPLE: usize = 40;

/// Possible names of the column with the document's name, the most reliable first; without `_`, in lower
/// case.
const NAMES: &[&str] = &[
    "name",
    "path",
    "docname",
    "documentname",
    "docid",
    "documentid",
    "doc",
    "document",
    "room",
    "roomname",
    "roomid",
    "guid",
    "uuid",
    "slug",
    "key",
    "id",
];

/// The same for the time at which a row was written.
const TIMES: &[&str] = &["timestamp", "createdat", "updatedat", "insertedat", "time", "ts", "date"];

/// Returns whether bytes begin like an SQLite database.
pub fn is_sqlite(bytes: &[u8]) -> bool {
    bytes.starts_with(MARK)
}

/// Returns, as a sentence, what is not read of a file beside a database, by the suffix of its name.
pub fn unseen(ending: &str) -> Option<&'static str> {
    Some(match ending {
        "-wal" => {
            "its write-ahead log (-wal) is not read: it is damaged, or being written; once \
                   the program that writes it is closed, everything is in the database"
        }
        "-journal" => {
            "a program is writing it, or was stopped while writing (-journal): part of that \
                       write may be included"
        }
        _ => return None,
    })
}

/// Returns the documents in a database; `None` if no table has any, or it is damaged.
pub fn sqlite(bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    if !is_sqlite(bytes) {
        return None;
    }
    let db = open(bytes)?;
    let mut tables = Vec::new();
    for table in names(&db)? {
        if let Some(shape) = UpdateTable::of(&db, &table, depth) {
            tables.push(shape);
        }
    }
    if let Some(updates) = tables.iter().find(|shape| shape.table == "yupdates") {
        let mut documents = updates.documents(&db, depth)?;
        if let Some(points) = tables.iter().find(|shape| shape.table == "ycheckpoints") {
            checkpoints(&mut documents, points.documents(&db, depth)?);
        }
        return database("SQLite of pycrdt-store", documents);
    }
    let mut documents = Vec::new();
    let several = tables.len() > 1;
    for shape in &tables {
        for mut document in shape.documents(&db, depth)? {
            if several {
                let name =
                    document.name.as_deref().map_or(String::new(), |name| format!("/{name}"));
                document.name = Some(format!("{}{name}", shape.table));
            }
            documents.push(document);
        }
    }
    let how = match tables.as_slice() {
        [one] if one.is_of_hocuspocus() => "SQLite of Hocuspocus".to_owned(),
        [one] => format!("SQLite, column {} of {}", one.column, one.table),
        several => format!("SQLite, {} tables", several.len()),
    };
    database(how, documents)
}

/// Opens the bytes for reading. Nothing in them is trusted: no function of the schema is called, no value may
/// be longer than the file, and the work is limited.
fn open(bytes: &[u8]) -> Option<Connection> {
    let (start, rest) = bytes.split_at_checked(18)?;
    // In memory there is no write-ahead log: the two bytes say whether there is one.
    let read = start.chain(&[1u8, 1][..]).chain(rest.get(2..)?);
    let mut db = Connection::open_in_memory().ok()?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false).ok()?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).ok()?;
    let longest = i32::try_from(bytes.len().max(4096)).unwrap_or(i32::MAX);
    db.set_limit(Limit::SQLITE_LIMIT_LENGTH, longest).ok()?;
    let steps = AtomicU64::new(0);
    let most = (bytes.len() as u64).saturating_mul(STEPS_PER_BYTE).saturating_add(STEPS);
    let watch = move || steps.fetch_add(STRIDE.unsigned_abs().into(), Ordering::Relaxed) > most;
    db.progress_handler(STRIDE, Some(watch)).ok()?;
    db.deserialize_read_exact(MAIN_DB, read, bytes.len(), true).ok()?;
    Some(db)
}

/// Returns the tables in order of creation. Views and virtual tables are code, not data.
fn names(db: &Connection) -> Option<Vec<String>> {
    let mut query = db
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
             AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY rowid",
        )
        .ok()?;
    let names = query.query_map([], |row| row.get(0)).ok()?.collect::<Result<_, _>>();
    names.ok()
}

/// A table with a column of updates.
struct UpdateTable {
    table: String,
    columns: Vec<String>,
    column: String,
    /// Column indices.
    value: usize,
    name: Option<usize>,
    time: Option<usize>,
    rows: String,
}

impl UpdateTable {
    /// Returns `None` if no column holds updates.
    fn of(db: &Connection, table: &str, depth: Depth<'_>) -> Option<UpdateTable> {
        let columns: Vec<String> = {
            let mut query = db.prepare("SELECT name FROM pragma_table_info(?)").ok()?;
            query.query_map([table], |row| row.get(0)).ok()?.collect::<Result<_, _>>().ok()?
        };
        let quoted = |name: &String| format!("\"{}\"", name.replace('"', "\"\""));
        let listed = columns.iter().map(quoted).collect::<Vec<_>>().join(", ");
        let all = format!("SELECT {listed} FROM {}", quoted(&table.to_owned()));
        let ordered = format!("{all} ORDER BY rowid");
        // A table without row ids has an order of its own.
        let rows = if db.prepare(&ordered).is_ok() { ordered } else { all };
        let value = value_column(db, &rows, columns.len(), depth)?;
        let by_name = |wanted: &[&str]| {
            let plain = |column: &String| column.replace('_', "").to_ascii_lowercase();
            let place = |name: &&str| columns.iter().position(|column| plain(column) == **name);
            wanted.iter().filter_map(place).find(|at| *at != value)
        };
        Some(UpdateTable {
            table: table.to_owned(),
            column: columns.get(value)?.clone(),
            value,
            name: by_name(NAMES),
            time: by_name(TIMES),
            columns,
            rows,
        })
    }

    fn is_of_hocuspocus(&self) -> bool {
        self.table == "documents" && self.columns == ["name", "data"]
    }

    /// Returns its documents. An `id` that only numbers the rows is not a name; it is one if every row is a
    /// complete document.
    fn documents(&self, db: &Connection, depth: Depth<'_>) -> Option<Vec<FoundDocument>> {
        let found = self.collect(db, depth, self.name)?;
        let counts = self
            .name
            .and_then(|at| self.columns.get(at))
            .is_some_and(|name| name.eq_ignore_ascii_case("id") && found.len() > 1);
        let stands_alone = |document: &FoundDocument| {
            let whole = |step: &KeptUpdate| {
                Update::walk(&step.update).is_ok_and(|update| update.is_whole())
            };
            document.steps.first().is_none_or(whole)
        };
        match counts && !found.iter().all(stands_alone) {
            true => self.collect(db, depth, None),
            false => Some(found),
        }
    }

    fn collect(
        &self,
        db: &Connection,
        depth: Depth<'_>,
        name: Option<usize>,
    ) -> Option<Vec<FoundDocument>> {
        let mut found = Collector::new(depth)?;
        let mut query = db.prepare(&self.rows).ok()?;
        let mut rows = query.query([]).ok()?;
        while let Some(row) = rows.next().ok()? {
            let Some(value) = bytes_of(row, self.value) else { continue };
            let name = name.and_then(|at| shown(row.get_ref(at).ok()?));
            let at = self.time.and_then(|at| time(row.get_ref(at).ok()?));
            found.add(name.as_deref(), value, at)?;
        }
        Some(found.into_documents())
    }
}

/// Returns the column in which most of the first rows hold updates.
fn value_column(db: &Connection, rows: &str, columns: usize, depth: Depth<'_>) -> Option<usize> {
    let found = Collector::new(depth)?;
    let mut query = db.prepare(rows).ok()?;
    let mut rows = query.query([]).ok()?;
    // Per column: the number of values, of updates, and whether one of these holds anything.
    let mut seen = vec![(0usize, 0usize, false); columns];
    for _ in 0..SAMPLE {
        let Some(row) = rows.next().ok()? else { break };
        for (at, (values, updates, holds)) in seen.iter_mut().enumerate() {
            let Some(value) = bytes_of(row, at) else { continue };
            *values += 1;
            if let Some(steps) = found.steps(value) {
                *updates += 1;
                *holds |= steps.iter().any(|step| *step.update != [0, 0]);
            }
        }
    }
    let fits = |(_, (values, updates, holds)): &(usize, &(usize, usize, bool))| {
        *holds && updates.saturating_mul(2) >= *values
    };
    let most = seen
        .iter()
        .enumerate()
        .filter(fits)
        .max_by_key(|(at, (_, updates, _))| (*updates, std::cmp::Reverse(*at)));
    most.map(|(at, _)| at)
}

/// Returns a value that may be an update; an empty one is not.
fn bytes_of<'r>(row: &'r Row<'_>, at: usize) -> Option<&'r [u8]> {
    match row.get_ref(at).ok()? {
        ValueRef::Blob(bytes) | ValueRef::Text(bytes) if !bytes.is_empty() => Some(bytes),
        _ => None,
    }
}

/// Returns a value as a name.
fn shown(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Blob(bytes) => Some(data_encoding::HEXLOWER.encode(bytes)),
        ValueRef::Null => None,
    }
}

/// Reads a time in Unix milliseconds: seconds, milliseconds or microseconds, or SQLite's text form.
fn time(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Real(number) => milliseconds(number),
        ValueRef::Integer(number) => milliseconds(number as f64),
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).ok()?;
            let zoned = chrono::DateTime::parse_from_rfc3339(text).map(|at| at.timestamp_millis());
            let plain = |format| chrono::NaiveDateTime::parse_from_str(text, format);
            let plain = || plain("%Y-%m-%d %H:%M:%S%.f").or_else(|_| plain("%Y-%m-%dT%H:%M:%S%.f"));
            zoned.or_else(|_| plain().map(|at| at.and_utc().timestamp_millis())).ok()
        }
        _ => None,
    }
}

/// Converts seconds, milliseconds or microseconds since 1970, recognised by their size: the years 1973 to
/// 5138.
pub fn milliseconds(number: f64) -> Option<i64> {
    let milliseconds = match number {
        n if (1e8..1e11).contains(&n) => n * 1e3,
        n if (1e11..1e14).contains(&n) => n,
        n if (1e14..1e17).contains(&n) => n / 1e3,
        _ => return None,
    };
    Some(milliseconds as i64)
}

/// Checkpoints of pycrdt-store repeat the contents of updates; one is used if the updates do not contain
/// everything.
fn checkpoints(documents: &mut Vec<FoundDocument>, points: Vec<FoundDocument>) {
    for point in points {
        let Some(document) = documents.iter_mut().find(|document| document.name == point.name)
        else {
            documents.push(point);
            continue;
        };
        let clocks = |steps: &[KeptUpdate]| {
            let mut clocks = Clocks::new();
            for update in steps.iter().filter_map(|step| Update::walk(&step.update).ok()) {
                for (client, clock) in update.version().clocks {
                    let known = clocks.entry(client).or_insert(clock);
                    *known = clock.max(*known);
                }
            }
            clocks
        };
        let known = clocks(&document.steps);
        let says_more = clocks(&point.steps)
            .iter()
            .any(|(client, clock)| known.get(client).is_none_or(|known| known < clock));
        if says_more {
            document.steps.splice(0..0, point.steps);
        }
    }
}

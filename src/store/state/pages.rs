//! The pages of large documents: where they are in the file that was last written.

use super::State;
use crate::error::Result;
use crate::id::DocId;
use crate::store::fs::Seen;
use crate::wire::{Id, IdSet, PageFacts, PageKey, PageRow, PieceTable, Segments};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Params, Row, ToSql, params};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::iter::Peekable;
use std::rc::Rc;

/// What is known of the pages of one document.
#[derive(Debug)]
pub(in crate::store) struct PageIndex {
    /// The hash of the file that has them.
    pub blake3: [u8; 32],
    /// That file, as [`Seen::token`] gives it.
    pub file: String,
    /// `None` if they do not decode.
    pub segments: Option<Segments>,
    pub place: PagesPlace,
    pub table: PageTable,
}

/// What the pages of a document are in.
#[derive(Debug)]
pub(in crate::store) enum PagesPlace {
    /// The file that was last written here.
    Written,
    /// That file and what is to be added to it.
    Deferred(DeferredPieces),
    /// A file as a read found it, whoever wrote it: it has all that the log had of the document up to here.
    Found { seq: i64 },
}

/// What a document consists of while writing its file is deferred.
#[derive(Debug)]
pub(in crate::store) struct DeferredPieces {
    /// The last command that it includes.
    pub seq: i64,
    /// `None` if it does not decode.
    pub table: Option<PieceTable>,
    /// The hash of the table and all added bytes.
    pub hash: Option<[u8; 32]>,
}

/// The pages of one document, read on demand.
#[derive(Debug)]
pub(in crate::store) struct PageTable {
    db: Rc<Connection>,
    doc: i64,
}

/// A page of a document.
#[derive(Debug)]
pub(in crate::store) struct StoredPage {
    pub root: String,
    pub key: PageKey,
    pub ids: IdSet,
}

/// The page of a key, and what is known of it without opening it.
#[derive(Debug)]
pub(in crate::store) struct FactsRow {
    pub page: StoredPage,
    pub facts: Option<PageFacts>,
}

/// The pages of a file after a change of it.
pub(in crate::store) struct PageChange<'p> {
    pub doc: &'p DocId,
    pub file: &'p Seen,
    pub blake3: &'p [u8; 32],
    pub segments: &'p Segments,
    /// The pages that changed.
    pub changed: Vec<PageRow<'p>>,
    /// Roots of which all pages of lists are among them.
    pub all_lists_of: BTreeSet<String>,
    /// All others; `None` if the table has them already.
    pub others: Option<Vec<PageRow<'p>>>,
    /// Whether all pages have been swept since …
    pub all_swept: bool,
    /// … or all others, if they are given.
    pub others_swept: bool,
    pub place: NewPlace<'p>,
}

/// What the pages of a document are in after a change: see [`PagesPlace`].
pub(in crate::store) enum NewPlace<'p> {
    Written,
    Deferred(DeferredChange<'p>),
    Found { seq: i64 },
}

/// What a document consists of after a change whose writing is deferred.
pub(in crate::store) struct DeferredChange<'p> {
    /// The command that made it.
    pub seq: i64,
    pub table: &'p PieceTable,
    /// The bytes added last.
    pub added: &'p [u8],
    /// The hash of the table and all added bytes.
    pub hash: [u8; 32],
}

/// After so many rows that nobody asked for, looking for the next one that is wanted costs less than reading on.
const MOST_PASSED: usize = if cfg!(debug_assertions) { 1 } else { 16 };
/// For more names than this, all of what is looked for costs less than a look for each.
const MOST_LOOKED_UP: usize = if cfg!(debug_assertions) { 4 } else { 256 };
const COLUMNS: &str = "root, key, ids";
const FACTS_COLUMNS: &str = "root, key, ids, facts";
/// The condition for pages under whose key no record is shown, or that have to be opened for that: word for word
/// that of the index `page_unshown`.
const UNSHOWN: &str = "NOT (lives AND NOT hidden AND facts <> x'')";
/// Reading one in so many of the records of a root, each by itself, takes about half as long as reading all.
const MOST_WITHIN: i64 = 4;
/// The condition for pages that have to be opened to tell a time.
const UNTIMED: &str = "at IS NULL AND lives";
/// The condition for pages of lists.
pub(super) const IS_LIST: &str = "key >= '[' AND key < '\\'";

impl PageTable {
    /// Returns the row of a key.
    pub fn row(&self, root: &str, key: &str) -> rusqlite::Result<Option<FactsRow>> {
        let sql =
            format!("SELECT {FACTS_COLUMNS} FROM page WHERE doc = ?1 AND root = ?2 AND key = ?3");
        let mut statement = self.db.prepare_cached(&sql)?;
        statement.query_row(params![self.doc, root, stored(key)], facts_row).optional()
    }

    /// Returns the page of a root without keys.
    pub fn whole(&self, root: &str) -> rusqlite::Result<Option<StoredPage>> {
        let sql = format!("SELECT {COLUMNS} FROM page WHERE doc = ?1 AND root = ?2 AND key = ''");
        self.db.prepare_cached(&sql)?.query_row(params![self.doc, root], page).optional()
    }

    /// Returns the pages of the lists of a root that is a sequence.
    pub fn lists(&self, root: &str) -> rusqlite::Result<Vec<StoredPage>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM page WHERE doc = ?1 AND root = ?2 AND {IS_LIST} ORDER BY key"
        );
        self.db.prepare_cached(&sql)?.query_map(params![self.doc, root], page)?.collect()
    }

    /// Returns the orders of the lists of a root that is a sequence, as stored, as far as they are known.
    pub fn orders(&self, root: &str) -> rusqlite::Result<Vec<(PageKey, Option<Vec<u8>>)>> {
        let sql = format!(
            "SELECT key, list_order FROM page WHERE doc = ?1 AND root = ?2 AND {IS_LIST} ORDER BY key"
        );
        let row = |row: &Row<'_>| Ok((page_key(row, 0)?, row.get(1)?));
        self.db.prepare_cached(&sql)?.query_map(params![self.doc, root], row)?.collect()
    }

    pub fn of_root(&self, root: &str) -> rusqlite::Result<Vec<StoredPage>> {
        let sql = format!("SELECT {COLUMNS} FROM page WHERE doc = ?1 AND root = ?2 ORDER BY key");
        self.db.prepare_cached(&sql)?.query_map(params![self.doc, root], page)?.collect()
    }

    /// Returns what is known, without opening it, of each page of a root of which anything is known.
    pub fn all_facts(&self, root: &str) -> rusqlite::Result<HashMap<String, PageFacts>> {
        // In the order of the rows, not of an index on something else.
        let sql = "SELECT key, facts FROM page WHERE doc = ?1 AND root = ?2 ORDER BY key";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query(params![self.doc, root])?;
        let mut all = HashMap::new();
        while let Some(row) = rows.next()? {
            if let (Some(key), Some(facts)) =
                (row.get_ref(0)?.as_str()?.strip_prefix('='), facts(row, 1)?)
            {
                all.insert(key.to_owned(), facts);
            }
        }
        Ok(all)
    }

    /// Returns the rows of keys of a root for which a condition on the time by which they are listed holds.
    fn listed(&self, condition: &str, values: &[&dyn ToSql]) -> rusqlite::Result<Vec<FactsRow>> {
        let sql = format!(
            "SELECT {FACTS_COLUMNS} FROM page INDEXED BY page_at
             WHERE doc = ?1 AND root = ?2 AND {condition}"
        );
        self.db.prepare_cached(&sql)?.query_map(values, facts_row)?.collect()
    }

    /// Returns the rows of keys of a root that include its records listed from `since` on and before `until`;
    /// `None` if these are so many that opening everything costs less.
    pub fn created_within(
        &self,
        root: &str,
        since: Option<i64>,
        until: Option<i64>,
    ) -> rusqlite::Result<Option<Vec<FactsRow>>> {
        let since = since.unwrap_or(i64::MIN);
        // Without an end, the last of all times is within.
        let within = "at >= ?3 AND (?4 IS NULL OR at < ?4)";
        let sql = format!(
            "SELECT count(*), count(*) FILTER (WHERE {within}) FROM page INDEXED BY page_at
             WHERE doc = ?1 AND root = ?2"
        );
        let values = params![self.doc, root, since, until];
        let (all, those): (i64, i64) = self
            .db
            .prepare_cached(&sql)?
            .query_row(values, |row| Ok((row.get(0)?, row.get(1)?)))?;
        if those.saturating_mul(MOST_WITHIN) > all {
            return Ok(None);
        }
        let mut found = self.listed(within, values)?;
        found.extend(self.listed(UNTIMED, params![self.doc, root])?);
        Ok(Some(found))
    }

    /// Returns the rows of keys of a root that include its last `count` records, with or without hidden ones.
    pub fn latest(&self, root: &str, count: u32, hidden: bool) -> rusqlite::Result<Vec<FactsRow>> {
        let last = "at IS NOT NULL AND (?4 OR NOT hidden) ORDER BY at DESC LIMIT ?3";
        let mut found = self.listed(last, params![self.doc, root, count, hidden])?;
        if let Some(facts) = found.last().and_then(|row| row.facts.as_ref()) {
            // Records of the same second are ordered by who wrote first.
            let of_last = params![self.doc, root, facts.listed_at()];
            found.extend(self.listed("at = ?3", of_last)?);
        }
        found.extend(self.listed(UNTIMED, params![self.doc, root])?);
        Ok(found)
    }

    /// Returns the keys of a root whose pages are more than one record, and may hold a time from `since` on.
    pub fn written_since(&self, root: &str, since: i64) -> rusqlite::Result<Vec<String>> {
        let sql = "SELECT key FROM page INDEXED BY page_latest
                   WHERE doc = ?1 AND root = ?2 AND latest IS NOT NULL AND latest >= ?3 AND lives";
        self.keys(sql, params![self.doc, root, since])
    }

    /// Returns keys of a root that include those under which `other` has nothing, or a hidden record.
    pub fn keys_without(&self, root: &str, other: &str) -> rusqlite::Result<Vec<String>> {
        // Indexes alone tell most of this: rows are looked up for what is left, which is mostly little.
        let sql = "SELECT key FROM page WHERE doc = ?1 AND root = ?2 ORDER BY key";
        let names = self.names(sql, params![self.doc, root])?;
        let mut left = names.iter().map(String::as_str).peekable();
        let (mut there, mut without) = (Vec::new(), Vec::new());
        while let Some(first) = left.peek().copied() {
            self.pass(first, other, &mut left, (&mut there, &mut without))?;
        }
        without.extend(self.unshown(other, there)?);
        without.sort_unstable();
        Ok(keys_among(self.those("lives", root, without)?.into_iter()))
    }

    /// Looks for names of pages in a root, from the first one on, until there are none or many others come
    /// before the next; those that are there go to `found`, the others to `without`.
    fn pass<'n>(
        &self,
        first: &str,
        root: &str,
        left: &mut Peekable<impl Iterator<Item = &'n str>>,
        (found, without): (&mut Vec<&'n str>, &mut Vec<&'n str>),
    ) -> rusqlite::Result<()> {
        let sql = "SELECT key FROM page WHERE doc = ?1 AND root = ?2 AND key >= ?3 ORDER BY key";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query(params![self.doc, root, first])?;
        let mut passed = 0;
        while let Some(row) = rows.next()? {
            let there = row.get_ref(0)?.as_str()?;
            without.extend(std::iter::from_fn(|| left.next_if(|name| *name < there)));
            let Some(next) = left.peek() else { return Ok(()) };
            passed = if *next == there { 0 } else { passed + 1 };
            found.extend(left.next_if_eq(&there));
            if passed > MOST_PASSED {
                return Ok(());
            }
        }
        without.extend(left);
        Ok(())
    }

    /// Returns those of some names of pages in a root under which no record is shown, as far as the table tells.
    fn unshown<'n>(&self, root: &str, names: Vec<&'n str>) -> rusqlite::Result<Vec<&'n str>> {
        if names.len() <= MOST_LOOKED_UP {
            return self.those(UNSHOWN, root, names);
        }
        let sql = format!("SELECT key FROM page WHERE doc = ?1 AND root = ?2 AND {UNSHOWN}");
        let all: HashSet<String> = self.names(&sql, params![self.doc, root])?.into_iter().collect();
        Ok(names.into_iter().filter(|name| all.contains(*name)).collect())
    }

    /// Returns those of some names of pages in a root for which a condition holds, by a look at each.
    fn those<'n>(
        &self,
        condition: &str,
        root: &str,
        names: Vec<&'n str>,
    ) -> rusqlite::Result<Vec<&'n str>> {
        let sql = format!("SELECT {condition} FROM page WHERE doc = ?1 AND root = ?2 AND key = ?3");
        let mut statement = self.db.prepare_cached(&sql)?;
        let mut found = Vec::new();
        for name in names {
            if statement.query_row(params![self.doc, root, name], |row| row.get(0))? {
                found.push(name);
            }
        }
        Ok(found)
    }

    /// Returns the keys that a query finds among the names of pages.
    fn keys(&self, sql: &str, values: impl Params) -> rusqlite::Result<Vec<String>> {
        Ok(keys_among(self.names(sql, values)?.iter().map(String::as_str)))
    }

    /// Returns the names of pages that a query finds.
    fn names(&self, sql: &str, values: impl Params) -> rusqlite::Result<Vec<String>> {
        self.db.prepare_cached(sql)?.query_map(values, |row| row.get(0))?.collect()
    }

    pub fn least(&self) -> rusqlite::Result<Vec<StoredPage>> {
        let sql =
            format!("SELECT {COLUMNS} FROM page INDEXED BY page_least WHERE doc = ?1 AND least");
        self.db.prepare_cached(&sql)?.query_map(params![self.doc], page)?.collect()
    }

    /// Returns the pages that changed since their document was swept.
    pub fn unswept(&self) -> rusqlite::Result<Vec<StoredPage>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM page INDEXED BY page_unswept WHERE doc = ?1 AND unswept"
        );
        self.db.prepare_cached(&sql)?.query_map(params![self.doc], page)?.collect()
    }

    /// Returns the pages in which a text may be split into pieces.
    pub fn pieced(&self) -> rusqlite::Result<Vec<StoredPage>> {
        let sql =
            format!("SELECT {COLUMNS} FROM page INDEXED BY page_pieced WHERE doc = ?1 AND pieced");
        self.db.prepare_cached(&sql)?.query_map(params![self.doc], page)?.collect()
    }

    /// Returns the roots that have pages.
    pub fn roots(&self) -> rusqlite::Result<Vec<String>> {
        let sql = "SELECT DISTINCT root FROM page INDEXED BY page_least WHERE doc = ?1 AND least";
        self.db.prepare_cached(sql)?.query_map(params![self.doc], |row| row.get(0))?.collect()
    }

    /// Returns the keys of a root that begin with `prefix` and have a value, sorted.
    pub fn living(&self, root: &str, prefix: &str) -> rusqlite::Result<Vec<String>> {
        let sql = "SELECT key FROM page WHERE doc = ?1 AND root = ?2 AND key >= ?3 AND lives
                   ORDER BY key";
        let (mut statement, from) = (self.db.prepare_cached(sql)?, stored(prefix));
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

/// Returns a key as the table has it.
fn stored(key: &str) -> String {
    format!("={key}")
}

/// Returns the name of a page as the table has it.
pub(super) fn stored_name(key: &PageKey) -> String {
    match key {
        PageKey::Root => String::new(),
        PageKey::Key(key) => stored(key),
        PageKey::List { field, list } => format!("[{}.{}.{field}", list.client, list.clock),
    }
}

/// Reads what [`stored_name`] returned; `None` if it is something else.
fn name(stored: &str) -> Option<PageKey> {
    if let Some(list) = stored.strip_prefix('[') {
        let mut parts = list.splitn(3, '.');
        let client = parts.next()?.parse().ok()?;
        let list = Id { client, clock: parts.next()?.parse().ok()? };
        return Some(PageKey::List { field: parts.next()?.to_owned(), list });
    }
    match stored {
        "" => Some(PageKey::Root),
        _ => stored.strip_prefix('=').map(|key| PageKey::Key(key.to_owned())),
    }
}

fn facts(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<PageFacts>> {
    Ok(PageFacts::decode(row.get_ref(at)?.as_blob()?))
}

fn page(row: &Row<'_>) -> rusqlite::Result<StoredPage> {
    let ids: Vec<u8> = row.get(2)?;
    let ids = IdSet::decode(&ids).ok_or_else(|| broken(2, "ids", Type::Blob))?;
    Ok(StoredPage { root: row.get(0)?, key: page_key(row, 1)?, ids })
}

fn facts_row(row: &Row<'_>) -> rusqlite::Result<FactsRow> {
    Ok(FactsRow { page: page(row)?, facts: facts(row, 3)? })
}

fn page_key(row: &Row<'_>, at: usize) -> rusqlite::Result<PageKey> {
    let key: String = row.get(at)?;
    name(&key).ok_or_else(|| broken(at, "key", Type::Text))
}

fn broken(at: usize, column: &str, kind: Type) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(at, column.into(), kind)
}

impl State {
    /// Reads without seeing writes of others. Returns `None` if that is not possible.
    pub(in crate::store) fn unmoved<R>(&self, read: impl FnOnce() -> R) -> Option<R> {
        self.db.execute_batch("BEGIN").ok()?;
        let found = read();
        // Nothing was written, so nothing can be lost.
        let _ = self.db.execute_batch("COMMIT");
        Some(found)
    }

    /// Returns what is known of the pages of a document; `None` if nothing is.
    pub(in crate::store) fn indexed(&self, doc: &DocId) -> Result<Option<PageIndex>> {
        let sql = "SELECT doc, blake3, file, segments, seq, pieces, pieces_hash
                   FROM indexed WHERE doc_id = ?1";
        self.one(sql, params![doc.as_str()], |row| {
            let place = match (row.get(4)?, row.get::<_, Option<Vec<u8>>>(5)?) {
                (None, _) => PagesPlace::Written,
                (Some(seq), None) => PagesPlace::Found { seq },
                (Some(seq), Some(table)) => {
                    let hash = row.get::<_, Option<Vec<u8>>>(6)?;
                    let hash = hash.and_then(|hash| hash.try_into().ok());
                    let table = PieceTable::decode(&table);
                    PagesPlace::Deferred(DeferredPieces { seq, table, hash })
                }
            };
            Ok(PageIndex {
                table: PageTable { db: Rc::clone(&self.db), doc: row.get(0)? },
                blake3: row.get(1)?,
                file: row.get(2)?,
                segments: Segments::decode(&row.get::<_, Vec<u8>>(3)?),
                place,
            })
        })
    }

    /// Returns the hash of the file that was last written or read whole, and that file as [`Seen::token`] gives
    /// it; `None` if there is no note of one.
    pub(in crate::store) fn noted_file(&self, doc: &DocId) -> Result<Option<([u8; 32], String)>> {
        let sql = "SELECT blake3, file FROM indexed WHERE doc_id = ?1";
        self.one(sql, params![doc.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Records that a file is the one that these pages are in: it has the same content.
    pub(in crate::store) fn put_look(&self, doc: &DocId, file: &Seen) -> Result<()> {
        let sql = "UPDATE indexed SET file = ?2 WHERE doc_id = ?1";
        self.run(sql, params![doc.as_str(), file.token()])
    }

    /// Records that a file was read, and has all that the log has of the document up to `seq`; where its pages
    /// are is not known.
    pub(in crate::store) fn put_read(
        &self,
        doc: &DocId,
        file: &Seen,
        blake3: &[u8; 32],
        seq: i64,
    ) -> Result<()> {
        let sql = "INSERT INTO indexed (doc_id, blake3, file, segments, seq)
                   VALUES (?1, ?2, ?3, x'', ?4)
                   ON CONFLICT (doc_id) DO UPDATE SET blake3 = ?2, file = ?3, segments = x'', seq = ?4,
                       pieces = NULL, pieces_hash = NULL";
        self.run(sql, params![doc.as_str(), blake3, file.token(), seq])
    }

    /// Returns all bytes added to the file that these pages belong to.
    pub(in crate::store) fn added_to(&self, table: &PageTable) -> Result<Vec<u8>> {
        let sql = "SELECT bytes FROM added WHERE doc = ?1 ORDER BY at";
        Ok(self.all(sql, params![table.doc], |row| row.get::<_, Vec<u8>>(0))?.concat())
    }
}

/// Returns the keys among the names of pages.
fn keys_among<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    names.filter_map(|name| name.strip_prefix('=').map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Chance;
    use std::time::Duration;

    #[test]
    fn keys_without_a_record_elsewhere_are_found_however_they_lie() {
        for seed in 0..100 {
            let mut chance = Chance::new(seed);
            let state = State::in_memory().unwrap();
            state.begin(Duration::ZERO).unwrap();
            let put =
                |doc: i64, root: &str, n: u64, (lives, hidden, facts): (bool, bool, &[u8])| {
                    let sql = "INSERT INTO page (doc, root, key, lives, least, ids, hidden, facts)
                           VALUES (?1, ?2, ?3, ?4, 0, x'', ?5, ?6)";
                    let values = params![doc, root, format!("={n:03}"), lives, hidden, facts];
                    state.db.execute(sql, values).unwrap();
                };
            let (threads, messages) = (1 + chance.below(9), 1 + chance.below(9));
            let shown = (true, false, &[1][..]);
            let mut expected = Vec::new();
            for n in 0..60 {
                let is_message = chance.below(messages) > 0;
                let of_message = [(false, false, &[1][..]), (true, true, &[1]), (true, false, &[])];
                let message = of_message.get(chance.below(9) as usize).copied().unwrap_or(shown);
                if is_message {
                    put(1, "messages", n, message);
                }
                if chance.below(threads) == 0 {
                    let lives = chance.below(5) > 0;
                    put(1, "threads", n, (lives, false, &[]));
                    let is_without = lives && !(is_message && message == shown);
                    expected.extend(is_without.then(|| format!("{n:03}")));
                }
                put(2, "messages", n, shown);
                put(1, "other", n, shown);
            }
            let table = PageTable { db: Rc::clone(&state.db), doc: 1 };
            let found = table.keys_without("threads", "messages").unwrap();
            assert_eq!(found, expected, "seed {seed}");
        }
    }
}

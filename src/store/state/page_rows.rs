//! Recording where the pages of a document are.

use super::pages::{DeferredChange, IS_LIST, NewPlace, PageChange, stored_name};
use super::{State, fault};
use crate::error::Result;
use crate::wire::{PageFacts, PageKey, PageRow};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row, Statement, params};
use std::collections::BTreeSet;

/// A page as its row has it.
struct StoredRow<'r> {
    root: &'r str,
    key: String,
    lives: bool,
    least: bool,
    ids: &'r [u8],
    facts: &'r [u8],
    at: Option<i64>,
    hidden: bool,
    unswept: bool,
    pieced: bool,
    order: Option<&'r [u8]>,
    latest: Option<i64>,
}

/// What makes the rows of a document others.
struct RowDifference<'r> {
    /// The roots and keys of those that are no more.
    gone: Vec<(String, String)>,
    /// Those that are not there like this.
    lacking: Vec<&'r StoredRow<'r>>,
}

const PUT_PAGE: &str = "
    INSERT INTO page (doc, root, key, lives, least, ids, facts, at, hidden, unswept, pieced,
        list_order, latest)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
    ON CONFLICT (doc, root, key) DO UPDATE SET lives = ?4, least = max(least, ?5), ids = ?6, facts = ?7,
        at = ?8, hidden = ?9, unswept = ?10, pieced = ?11, list_order = ?12, latest = ?13";
/// In the order in which [`StoredRow::is_stored`] looks at them.
const ALL_ROWS: &str = "
    SELECT root, key, lives, least, ids, facts, at, hidden, unswept, pieced, list_order, latest
    FROM page WHERE doc = ?1 ORDER BY root, key";

impl<'r> StoredRow<'r> {
    fn of(row: &'r PageRow<'_>, swept: bool) -> StoredRow<'r> {
        let facts = PageFacts::decode(&row.facts);
        let is_one = facts.as_ref().is_some_and(PageFacts::is_timed) && !row.nests;
        StoredRow {
            root: row.root,
            key: stored_name(row.key),
            lives: row.lives,
            least: match row.key {
                PageKey::Root => true,
                PageKey::Key(_) => !row.plain,
                PageKey::List { .. } => false,
            },
            ids: &row.ids,
            facts: &row.facts,
            at: facts.as_ref().map(PageFacts::listed_at),
            hidden: facts.as_ref().is_some_and(PageFacts::is_hidden),
            unswept: !swept,
            pieced: row.pieced,
            order: row.order.as_deref(),
            latest: (!is_one).then_some(row.latest),
        }
    }

    fn name(&self) -> (&str, &str) {
        (self.root, &self.key)
    }

    /// Returns whether a row of the same name says the same. Whatever else tells what the root is does no harm.
    fn is_stored(&self, row: &Row<'_>) -> rusqlite::Result<bool> {
        let is_bytes = |at: usize, bytes: Option<&[u8]>| {
            let bytes = bytes.map_or(ValueRef::Null, ValueRef::Blob);
            row.get_ref(at).map(|stored| stored == bytes)
        };
        Ok(row.get::<_, bool>(2)? == self.lives
            && row.get::<_, bool>(3)? >= self.least
            && is_bytes(4, Some(self.ids))?
            && is_bytes(5, Some(self.facts))?
            && row.get::<_, Option<i64>>(6)? == self.at
            && row.get::<_, bool>(7)? == self.hidden
            && row.get::<_, bool>(8)? == self.unswept
            && row.get::<_, bool>(9)? == self.pieced
            && is_bytes(10, self.order)?
            && row.get::<_, Option<i64>>(11)? == self.latest)
    }

    /// Runs [`PUT_PAGE`].
    fn put(&self, put: &mut Statement<'_>, doc: i64) -> rusqlite::Result<()> {
        let StoredRow { root, key, lives, least, ids, facts, .. } = self;
        let StoredRow { at, hidden, unswept, pieced, order, latest, .. } = self;
        let values = params![
            doc, root, key, lives, least, ids, facts, at, hidden, unswept, pieced, order, latest
        ];
        put.execute(values).map(drop)
    }
}

impl State {
    /// Records where the pages of a document are.
    pub(in crate::store) fn put_pages(&self, change: &PageChange<'_>) -> Result<()> {
        let write = || -> rusqlite::Result<()> {
            let doc = self.put_indexed(change)?;
            self.put_added(doc, &change.place)?;
            let new = |swept| move |row| StoredRow::of(row, swept);
            let mut rows: Vec<StoredRow<'_>> =
                change.changed.iter().map(new(change.all_swept)).collect();
            match &change.others {
                Some(others) => {
                    rows.extend(others.iter().map(new(change.others_swept)));
                    self.put_all(doc, &mut rows)?;
                }
                None => {
                    for root in &change.all_lists_of {
                        let sql =
                            format!("DELETE FROM page WHERE doc = ?1 AND root = ?2 AND {IS_LIST}");
                        self.db.prepare_cached(&sql)?.execute(params![doc, root])?;
                    }
                    self.put_some(doc, &rows)?;
                }
            }
            let roots: BTreeSet<&str> = rows.iter().map(|row| row.root).collect();
            roots.into_iter().try_for_each(|root| self.represent(doc, root))
        };
        write().map_err(|e| fault::failed(&self.db, "could not record where the pages are", e))?;
        match change.all_swept {
            true => self.put_swept(change.doc),
            false => Ok(()),
        }
    }

    /// Makes these all rows of a document. After a change by another program, most of them are there already:
    /// comparing one takes a fraction of what writing it does.
    fn put_all(&self, doc: i64, rows: &mut [StoredRow<'_>]) -> rusqlite::Result<()> {
        rows.sort_unstable_by(|a, b| a.name().cmp(&b.name()));
        match self.difference(doc, rows) {
            Ok(RowDifference { gone, lacking }) => {
                let sql = "DELETE FROM page WHERE doc = ?1 AND root = ?2 AND key = ?3";
                let mut delete = self.db.prepare_cached(sql)?;
                for (root, key) in gone {
                    delete.execute(params![doc, root, key])?;
                }
                self.put_some(doc, lacking)
            }
            // Whatever is there instead of rows, it is of no use.
            Err(_) => {
                self.db.execute("DELETE FROM page WHERE doc = ?1", params![doc])?;
                self.put_some(doc, &*rows)
            }
        }
    }

    /// Compares what is there with sorted rows.
    fn difference<'r>(
        &self,
        doc: i64,
        rows: &'r [StoredRow<'r>],
    ) -> rusqlite::Result<RowDifference<'r>> {
        let (mut gone, mut lacking, mut new) = (Vec::new(), Vec::new(), rows.iter().peekable());
        let mut statement = self.db.prepare_cached(ALL_ROWS)?;
        let mut stored = statement.query(params![doc])?;
        while let Some(row) = stored.next()? {
            let there = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
            lacking.extend(std::iter::from_fn(|| new.next_if(|new| new.name() < there)));
            match new.next_if(|new| new.name() == there) {
                Some(new) if new.is_stored(row)? => {}
                Some(changed) => lacking.push(changed),
                None => gone.push((there.0.to_owned(), there.1.to_owned())),
            }
        }
        lacking.extend(new);
        Ok(RowDifference { gone, lacking })
    }

    fn put_some<'r>(
        &self,
        doc: i64,
        rows: impl IntoIterator<Item = &'r StoredRow<'r>>,
    ) -> rusqlite::Result<()> {
        let mut put = self.db.prepare_cached(PUT_PAGE)?;
        rows.into_iter().try_for_each(|row| row.put(&mut put, doc))
    }

    fn put_indexed(&self, change: &PageChange<'_>) -> rusqlite::Result<i64> {
        let sql = "INSERT INTO indexed (doc_id, blake3, file, segments, seq, pieces, pieces_hash)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                   ON CONFLICT (doc_id) DO UPDATE SET blake3 = ?2, file = ?3, segments = ?4,
                       seq = ?5, pieces = ?6, pieces_hash = ?7
                   RETURNING doc";
        let (doc, file, segments) =
            (change.doc.as_str(), change.file.token(), change.segments.encode());
        let (seq, pieces, hash) = match &change.place {
            NewPlace::Written => (None, None, None),
            NewPlace::Deferred(to) => (Some(to.seq), Some(to.table.encode()), Some(to.hash)),
            NewPlace::Found { seq } => (Some(*seq), None, None),
        };
        let values = params![doc, change.blake3, file, segments, seq, pieces, hash];
        self.db.prepare_cached(sql)?.query_row(values, |row| row.get(0))
    }

    fn put_added(&self, doc: i64, place: &NewPlace<'_>) -> rusqlite::Result<()> {
        let NewPlace::Deferred(DeferredChange { table, added, .. }) = place else {
            return self.db.execute("DELETE FROM added WHERE doc = ?1", params![doc]).map(drop);
        };
        let at = table.added().saturating_sub(added.len() as u64).cast_signed();
        // What is there was added to a file that no longer exists.
        self.db.execute("DELETE FROM added WHERE doc = ?1 AND at >= ?2", params![doc, at])?;
        let sql = "INSERT INTO added (doc, at, bytes) VALUES (?1, ?2, ?3)";
        self.db.prepare_cached(sql)?.execute(params![doc, at, added]).map(drop)
    }

    /// Ensures that a page tells what its root is, preferring one that has a value.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Chance;
    use std::collections::BTreeMap;
    use std::time::Duration;

    const ROOTS: [&str; 2] = ["messages", "threads"];
    const BYTES: [[u8; 2]; 2] = [[1, 2], [3, 4]];

    /// By root and key, which of two values each column has.
    type Choices = BTreeMap<(usize, u64), [bool; 9]>;

    fn choose(chance: &mut Chance, most: u64, into: &mut Choices) {
        for _ in 0..chance.below(most) {
            let name = (usize::from(chance.below(2) == 0), chance.below(12));
            into.entry(name).or_insert_with(|| [(); 9].map(|()| chance.below(2) == 0));
        }
    }

    fn row<'r>((name, choice): (&(usize, u64), &[bool; 9])) -> StoredRow<'r> {
        let [lives, ids, facts, at, hidden, unswept, pieced, order, latest] = *choice;
        StoredRow {
            root: ROOTS[name.0],
            key: format!("={}", name.1),
            lives,
            least: false,
            ids: &BYTES[usize::from(ids)],
            facts: &BYTES[usize::from(facts)],
            at: at.then_some(7),
            hidden,
            unswept,
            pieced,
            order: order.then_some(&BYTES[0]),
            latest: latest.then_some(9),
        }
    }

    fn state() -> State {
        let state = State::in_memory().unwrap();
        state.begin(Duration::ZERO).unwrap();
        state
    }

    fn count(state: &State, doc: i64) -> usize {
        let sql = "SELECT count(*) FROM page WHERE doc = ?1";
        let count = state.one(sql, params![doc], |row| row.get::<_, i64>(0)).unwrap();
        usize::try_from(count.unwrap()).unwrap()
    }

    #[test]
    fn all_rows_of_a_document_become_the_given_ones_and_only_what_differs_is_written() {
        let (mut some, mut all) = (0, 0);
        for seed in 0..200 {
            let (mut chance, state) = (Chance::new(seed), state());
            let mut choices = Choices::new();
            state.put_some(2, &[row((&(0, 1), &[true; 9]))]).unwrap();
            for _ in 0..4 {
                choices.retain(|_, _| chance.below(4) > 0);
                for choice in choices.values_mut() {
                    if let Some(changed) = choice.get_mut(chance.below(27) as usize) {
                        *changed = !*changed;
                    }
                }
                choose(&mut chance, 20, &mut choices);
                let mut rows: Vec<StoredRow<'_>> = choices.iter().map(row).collect();
                let before = state.rows_changed();
                state.put_all(1, &mut rows).unwrap();
                let written = state.rows_changed() - before;
                *if written < rows.len() as u64 { &mut some } else { &mut all } += 1;
                // What is there is what was given, and the rows of another document stay.
                let RowDifference { gone, lacking } = state.difference(1, &rows).unwrap();
                assert!(gone.is_empty() && lacking.is_empty(), "seed {seed}");
                assert_eq!((count(&state, 1), count(&state, 2)), (rows.len(), 1), "seed {seed}");
                let before = state.rows_changed();
                state.put_all(1, &mut rows).unwrap();
                assert_eq!(state.rows_changed(), before, "seed {seed}: nothing had changed");
            }
        }
        assert!(some > 100 && all > 100, "{some} {all}");
    }

    #[test]
    fn each_column_counts() {
        for changed in 0..9 {
            let (state, mut choice) = (state(), [false; 9]);
            state.put_all(1, &mut [row((&(0, 1), &choice))]).unwrap();
            choice[changed] = true;
            let rows = [row((&(0, 1), &choice))];
            assert_eq!(state.difference(1, &rows).unwrap().lacking.len(), 1, "{changed}");
        }
    }

    #[test]
    fn what_is_no_row_is_replaced() {
        let state = state();
        let sql = "INSERT INTO page (doc, root, key, lives, least, ids)
                   VALUES (1, x'00', '=1', 'a', 1, 2)";
        state.db.execute(sql, []).unwrap();
        state.put_all(1, &mut []).unwrap();
        assert_eq!(count(&state, 1), 0);
    }
}

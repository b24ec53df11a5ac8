//! Rows into the archive, inside a command.

use super::file::{ArchiveFile, COLUMNS, failed, numbered};
use super::people;
use super::row::ArchivedRecord;
use crate::crdt::source::Source;
use crate::error::{Error, Result};
use crate::id::EntityId;
use crate::path::Keys;
use crate::store::{Conflict, ConflictClaim, Session, State};
use rusqlite::params;
use std::collections::BTreeSet;

/// What became of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeptRecords {
    /// Rows that were not there before.
    pub added: usize,
    /// Values that lost to another version of their record, and are in the conflict ledger.
    pub conflicts: usize,
}

/// The setting of `crdtctl.db` that says that a command has happened.
pub(super) fn setting(run: &str) -> String {
    format!("archived {run}")
}

/// The setting of `crdtctl.db` that says how many rows there are: an older copy has fewer.
const ROWS: &str = "archive rows";

/// How many rows were written to the archive.
pub(super) fn expected_rows(state: &State) -> Result<u64> {
    Ok(state.setting(ROWS)?.and_then(|rows| rows.parse().ok()).unwrap_or(0))
}

/// Puts records into the archive: committed there, read back and compared, so many at a time that
/// memory does not grow with them. They count from the session's own commit on; where that never
/// comes, they are as if they had never been written. A dry run writes nothing, and takes none.
///
/// # Errors
/// `Io`, `Corrupt`, `Locked`: the session must be dropped, the records are where they were.
pub fn keep(
    session: &mut Session,
    records: impl IntoIterator<Item = ArchivedRecord>,
) -> Result<KeptRecords> {
    keep_as(session, records, false)
}

/// The same, of records that leave their document now, since this command takes them out: they are
/// shown, though they were deleted or restored before.
///
/// # Errors
/// As [`keep`].
pub fn keep_leaving(
    session: &mut Session,
    records: impl IntoIterator<Item = ArchivedRecord>,
) -> Result<KeptRecords> {
    keep_as(session, records, true)
}

fn keep_as(
    session: &mut Session,
    records: impl IntoIterator<Item = ArchivedRecord>,
    leaving: bool,
) -> Result<KeptRecords> {
    let mut records = records.into_iter().peekable();
    if session.dry_run() || records.peek().is_none() {
        return Ok(KeptRecords::default());
    }
    let mut keeper = Keeper::begin(session)?;
    keeper.missing = expected_rows(keeper.session.state())?.saturating_sub(keeper.file.count()?);
    for mut record in records {
        if leaving && let Some(before) = keeper.file.shown(&record.doc, &record.path)? {
            record.follow(&before.record);
        }
        keeper.add(&record)?;
    }
    keeper.finish()
}

/// Rows that are committed at once. They count all together or not at all: it is the session's
/// commit that says so.
///
/// Tests are to meet the end of a batch, too.
const BATCH: usize = if cfg!(debug_assertions) { 16 } else { 4_000 };

/// Rows on their way into the archive, some in one transaction of it.
pub(super) struct Keeper<'s> {
    session: &'s mut Session,
    pub file: ArchiveFile,
    run: String,
    /// The last row that was there before.
    last: i64,
    /// How many there are behind it.
    new: usize,
    /// Rows of this transaction.
    batch: usize,
    /// How many rows are missing from an older copy, or from a file that begins anew, which these do
    /// not make up for.
    missing: u64,
    entities: BTreeSet<EntityId>,
    kept: KeptRecords,
}

impl<'s> Keeper<'s> {
    pub fn begin(session: &'s mut Session) -> Result<Keeper<'s>> {
        let file = ArchiveFile::begin(&session.archive_path()?, session.environment().lock_wait)?;
        settle(session, &file)?;
        let run = session.environment().ids.uuid()?;
        let last = file.last()?;
        let (entities, kept) = (BTreeSet::new(), KeptRecords::default());
        Ok(Keeper { session, file, run, last, new: 0, batch: 0, missing: 0, entities, kept })
    }

    /// Adds a row, unless it is there; whether it is new. A value that loses to another version of
    /// its record goes into the conflict ledger.
    pub fn add(&mut self, record: &ArchivedRecord) -> Result<bool> {
        if self.batch >= BATCH {
            self.commit()?;
            self.file.begin_again()?;
            (self.last, self.new, self.batch) = (self.file.last()?, 0, 0);
        }
        self.batch = self.batch.saturating_add(1);
        let before = self.file.shown(&record.doc, &record.path)?.map(|before| before.record);
        let (n, is_new) = self.file.add(record)?;
        if is_new {
            self.new = self.new.saturating_add(1);
        } else {
            same(self.file.row(n)?.as_ref(), record)?;
            if !self.file.is_unsettled(n)? {
                return Ok(false);
            }
            // One that another command wrote counts as well if this one happens.
        }
        self.file.unsettle(&self.run, n)?;
        self.entities.extend(record.doc.entity());
        self.kept.added = self.kept.added.saturating_add(1);
        if let Some(lost) = before.and_then(|before| conflict(self.session, record, &before)) {
            self.session.state().put_conflict(&lost)?;
            self.kept.conflicts = self.kept.conflicts.saturating_add(1);
        }
        Ok(true)
    }

    /// Commits, and reads back what was added.
    pub fn finish(self) -> Result<KeptRecords> {
        self.file.put_staged()?;
        for entity in &self.entities {
            people::tell(self.session, &self.file, entity)?;
        }
        self.commit()?;
        if self.kept.added > 0 {
            self.session.state().set_setting(&setting(&self.run), Some("1"))?;
            let rows = self.file.count()?.saturating_add(self.missing);
            let rows = rows.max(expected_rows(self.session.state())?);
            self.session.state().set_setting(ROWS, Some(&rows.to_string()))?;
        }
        Ok(self.kept)
    }

    fn commit(&self) -> Result<()> {
        self.file.commit()?;
        let mut found = 0usize;
        let sql = format!("SELECT {COLUMNS}, v.version FROM versions v WHERE v.n > ?1 ORDER BY n");
        self.file.each(&sql, params![self.last], |row| {
            let version: String = row.get(11).map_err(failed)?;
            let read = numbered(row).map_err(failed)?;
            if read.is_some_and(|read| read.record.version() == version) {
                found = found.saturating_add(1);
            }
            Ok(())
        })?;
        if found != self.new {
            let (added, what) = (self.new, "rows that were added read as they were written");
            return Err(unlike(format!("{found} of {added} {what}")));
        }
        Ok(())
    }
}

/// Compares a row with what it should be.
fn same(found: Option<&ArchivedRecord>, record: &ArchivedRecord) -> Result<()> {
    // When it was first archived is no part of what it says.
    let is_same = found.is_some_and(|found| {
        let archived_at = found.archived_at;
        *found == ArchivedRecord { archived_at, ..record.clone() }
    });
    match is_same {
        true => Ok(()),
        false => Err(unlike(format!("{} {} reads differently", record.kind(), record.id()))),
    }
}

fn unlike(what: String) -> Error {
    Error::io("archive.db does not hold what was written to it", what)
        .hint("nothing left its document; check the disk")
}

/// Settles what earlier commands left: rows of those that happened count for good, and rows of
/// those that did not are removed.
fn settle(session: &mut Session, file: &ArchiveFile) -> Result<()> {
    let mut open = Vec::new();
    for run in file.runs()? {
        if session.committed_setting(&setting(&run))?.is_some() {
            file.settle(&run)?;
            session.state().set_setting(&setting(&run), None)?;
        } else if session.state().setting(&setting(&run))?.is_none() {
            open.push(run);
        }
    }
    for run in open {
        for n in file.rows_of(&run)? {
            let Some(record) = file.row(n)? else { continue };
            // Whose record is not in its document stays, hidden: crdtctl.db may be what was lost.
            let is_there = |source: &dyn Source| source.exists(&record.path.steps());
            if record.removed || session.read(&record.doc, is_there)? == Some(true) {
                file.void(n)?;
            }
        }
    }
    Ok(())
}

/// Whether a command happened, by what `crdtctl.db` says. Without one nothing is known, and every
/// row counts.
pub(super) fn happened(state: Option<&State>, run: &str) -> Result<bool> {
    match state {
        Some(state) => Ok(state.setting(&setting(run))?.is_some()),
        None => Ok(true),
    }
}

/// What lost, where two versions of a record say different things: the earlier one, which stays in
/// the archive, too.
fn conflict(
    session: &Session,
    record: &ArchivedRecord,
    before: &ArchivedRecord,
) -> Option<Conflict> {
    if record.removed || before.removed {
        return None;
    }
    let collection = record.collection()?;
    let heading = collection.heading()?;
    let size = |of: &ArchivedRecord| (of.changed_at, of.record.len(), of.version());
    let (winner, loser) = match size(record) > size(before) {
        true => (record, before),
        false => (before, record),
    };
    let (won, lost) =
        (winner.fields().ok()?.remove(heading)?, loser.fields().ok()?.remove(heading)?);
    if won.same(&lost) {
        return None;
    }
    let clock = |of: &ArchivedRecord| Some(of.changed_at);
    Some(Conflict {
        id: 0,
        at: session.now(),
        doc: record.doc.clone(),
        noun: Some(collection.noun.to_owned()),
        path: record.path.child(heading),
        rule: "archived".to_owned(),
        winner: ConflictClaim::of(&won, clock(winner), None),
        loser: ConflictClaim::of(&lost, clock(loser), None),
        item: (loser.written.client, loser.written.clock),
        restored: None,
    })
}

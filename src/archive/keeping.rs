//! Writing rows into the archive within a command.

use super::fate::{RunFate, name_of, setting};
use super::file::{ArchiveFile, COLUMNS, failed, numbered};
use super::people;
use super::row::{ArchivedRecord, kind_at};
use super::unite::{self, DroppedValue, StandingVersions};
use crate::crdt::source::Source;
use crate::error::{Error, Result};
use crate::id::{DocId, EntityId};
use crate::path::{DocPath, Keys};
use crate::schema::Collection;
use crate::store::{Conflict, ConflictClaim, Session, State};
use crate::wire::{Id, Value};
use rusqlite::params;
use std::collections::{BTreeMap, BTreeSet};

/// What became of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeptRecords {
    /// The number of rows that were not there before.
    pub added: usize,
    /// The number of values that lost to another version of their record, and are in the conflict ledger.
    pub conflicts: usize,
}

/// The rule by which a version of an archived record loses to another.
pub const LOST: &str = "archived";
/// The setting of `crdtctl.db` that records how many rows there are: an older copy has fewer.
const ROWS: &str = "archive rows";

/// Returns how many rows were written to the archive.
pub(super) fn expected_rows(state: &State) -> Result<u64> {
    Ok(state.setting(ROWS)?.and_then(|rows| rows.parse().ok()).unwrap_or(0))
}

/// Puts records into the archive: committed there, read back and compared, in batches so that memory stays
/// bounded. They count from the session's own commit on; without that commit, it is as if they had never been
/// written. A dry run writes nothing, and consumes none.
///
/// # Errors
/// `Io`, `Corrupt`, `Locked`: the session must be dropped, the records are where they were.
pub fn keep(
    session: &mut Session,
    records: impl IntoIterator<Item = ArchivedRecord>,
) -> Result<KeptRecords> {
    keep_as(session, records, None)
}

/// Like [`keep`], for records that this command takes out of their document now: they are shown even if they
/// were deleted or restored before. Those at the `late` paths hold changes that move no clock and that whoever
/// archived them first did not know: they are later than that version.
///
/// # Errors
/// As [`keep`].
pub fn keep_leaving(
    session: &mut Session,
    records: impl IntoIterator<Item = ArchivedRecord>,
    late: &BTreeSet<DocPath>,
) -> Result<KeptRecords> {
    keep_as(session, records, Some(late))
}

fn keep_as(
    session: &mut Session,
    records: impl IntoIterator<Item = ArchivedRecord>,
    leaving: Option<&BTreeSet<DocPath>>,
) -> Result<KeptRecords> {
    let mut records = records.into_iter().peekable();
    // The archive is outside the session: a run whose result is discarded must not write there.
    if session.dry_run() || session.asks_for_more() || records.peek().is_none() {
        return Ok(KeptRecords::default());
    }
    let mut keeper = Keeper::begin(session)?;
    keeper.missing = expected_rows(keeper.session.state())?.saturating_sub(keeper.file.count()?);
    for mut record in records {
        if let Some(late) = leaving {
            let shown = keeper.file.shown(&record.doc, &record.path)?;
            if shown.is_some_and(|shown| shown.record.removed)
                && let Some(until) = keeper.file.hidden_until(&record)?
            {
                record.follow(until);
            }
            if late.contains(&record.path) && !record.removed {
                record.changed_at = record.changed_at.saturating_add(1);
            }
        }
        keeper.add(&record)?;
    }
    keeper.finish()
}

/// The number of rows committed at once. They count all together or not at all, depending on the session's
/// commit.
///
/// Lower in debug builds, so that tests reach the end of a batch.
const BATCH: usize = if cfg!(debug_assertions) { 16 } else { 4_000 };

/// Rows being written into the archive, some in one of its transactions.
pub(super) struct Keeper<'s> {
    session: &'s mut Session,
    pub file: ArchiveFile,
    run: String,
    /// The number of the last row that was there before.
    last: i64,
    /// The number of rows after it.
    new: usize,
    /// The number of rows in this transaction.
    batch: usize,
    /// How many rows are missing because the file is an older copy or began anew, and are not made up for by
    /// these.
    missing: u64,
    entities: BTreeSet<EntityId>,
    /// Records that came back and have a new row.
    returned: BTreeSet<(DocId, DocPath)>,
    /// Records that had another version when a new one came.
    varied: BTreeSet<(DocId, DocPath)>,
    /// The conflicts in the ledger, once they were read.
    said: Option<BTreeSet<SaidConflict>>,
    kept: KeptRecords,
}

impl<'s> Keeper<'s> {
    pub fn begin(session: &'s mut Session) -> Result<Keeper<'s>> {
        let file =
            ArchiveFile::begin(&session.archive_path()?, session.environment().machine.lock_wait)?;
        let committed = session.committed_state()?;
        settle(session, &file, committed.as_ref())?;
        let replica = committed.as_ref().map_or(Ok(None), State::replica)?;
        let replica = replica.as_ref().map(|(replica, _, _)| replica.as_str());
        let run = format!("{}{}", name_of(replica), session.environment().machine.ids.uuid()?);
        let last = file.last()?;
        let (entities, returned, varied) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let (new, batch, missing, kept) = (0, 0, 0, KeptRecords::default());
        let said = None;
        Ok(Keeper {
            session,
            file,
            run,
            last,
            new,
            batch,
            missing,
            entities,
            returned,
            varied,
            said,
            kept,
        })
    }

    /// Adds a row, unless it is there already, and returns whether it is new. A value that loses to another
    /// version of its record goes into the conflict ledger.
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
            // A row that another command wrote counts as well if this one happens.
        }
        self.file.unsettle(&self.run, n)?;
        self.entities.extend(record.doc.entity());
        self.kept.added = self.kept.added.saturating_add(1);
        if record.is_back() || before.as_ref().is_some_and(|before| before.removed) {
            self.returned.insert((record.doc.clone(), record.path.clone()));
        }
        if !record.removed && before.is_some() {
            self.varied.insert((record.doc.clone(), record.path.clone()));
        }
        if let Some(lost) = before.and_then(|before| conflict(self.session, record, &before)) {
            self.note(&lost)?;
        }
        Ok(true)
    }

    fn note(&mut self, lost: &Conflict) -> Result<()> {
        self.session.state().put_conflict(lost)?;
        self.kept.conflicts = self.kept.conflicts.saturating_add(1);
        Ok(())
    }

    /// Records what lost to records that were restored before anybody here had heard of it: the restored
    /// record goes on, and only the ledger has the rest.
    fn note_late(&mut self) -> Result<()> {
        for (doc, path) in std::mem::take(&mut self.returned) {
            let Some(winner) = self.standing(&doc, &path)? else { continue };
            for loser in late(&self.file.versions(&doc, &path)?, &winner) {
                if let Some(lost) = lost(self.session, &winner, loser) {
                    self.note_once(&lost)?;
                }
            }
        }
        Ok(())
    }

    /// Adds a conflict to the ledger unless it is there: usually the merge that dropped an edit also knew its
    /// author.
    fn note_once(&mut self, lost: &Conflict) -> Result<()> {
        let known = match &mut self.said {
            Some(known) => known,
            none => none.insert(said(self.session)?),
        };
        match known.insert(said_by(lost)) {
            true => self.note(lost),
            false => Ok(()),
        }
    }

    /// Makes sure that nothing is lost when several people wrote at once to an archived record: comments on
    /// an issue are shown, the rest goes to the ledger.
    fn note_varied(&mut self) -> Result<()> {
        for (doc, path) in std::mem::take(&mut self.varied) {
            // A record in its document is shown and merged there.
            let is_there = |source: &dyn Source| source.exists(&path.steps());
            if self.session.read(&doc, is_there)? == Some(true) {
                continue;
            }
            let mut versions = self.file.versions(&doc, &path)?;
            if let Some(united) =
                unite::united(&StandingVersions::of(&versions), self.session.now())
            {
                self.add(&united)?;
                self.varied.clear();
                versions = self.file.versions(&doc, &path)?;
            }
            let standing = StandingVersions::of(&versions);
            let Some(shown) = standing.shown() else { continue };
            for dropped in unite::dropped(&standing) {
                let lost = lost_field(self.session, shown, &dropped);
                self.note_once(&lost)?;
            }
        }
        Ok(())
    }

    /// Returns a record as it is shown: from its document or, if it is not there, from the archive. `None` if
    /// it was deleted.
    fn standing(&mut self, doc: &DocId, path: &DocPath) -> Result<Option<ArchivedRecord>> {
        let Some(of) = kind_at(doc, path) else { return Ok(None) };
        let now = self.session.now();
        let live = self.session.read(doc, |source| {
            let written = source.item(&path.steps())?;
            Some((written, source.value(&path.steps())?, of.is_deleted(source, path)))
        })?;
        match live.flatten() {
            Some((_, _, true)) => Ok(None),
            Some((written, value, _)) => {
                Ok(Some(ArchivedRecord::of(doc, of, path, written, &value, now)))
            }
            None => {
                let shown = self.file.shown(doc, path)?.map(|shown| shown.record);
                Ok(shown.filter(|shown| !shown.removed))
            }
        }
    }

    /// Commits, and reads back what was added.
    pub fn finish(mut self) -> Result<KeptRecords> {
        self.file.put_staged()?;
        self.note_varied()?;
        self.note_late()?;
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

/// Compares a row read back with the record written.
fn same(found: Option<&ArchivedRecord>, record: &ArchivedRecord) -> Result<()> {
    // The time at which it was archived does not matter.
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
        .hint("every record is still in its document; check the disk")
}

/// Settles what earlier commands left: rows of those that happened count for good, and rows of those that did
/// not are removed.
fn settle(session: &mut Session, file: &ArchiveFile, committed: Option<&State>) -> Result<()> {
    let mut open = Vec::new();
    for run in file.runs()? {
        let mark = committed.map_or(Ok(None), |state| state.setting(&setting(&run)))?;
        match RunFate::of(mark.is_some(), session.state(), &run)? {
            RunFate::Happened => file.settle(&run)?,
            // This very session may have written it, and has not ended yet.
            _ if session.state().setting(&setting(&run))?.is_some() => {}
            fate => open.push((run, fate)),
        }
    }
    for (run, fate) in open {
        for n in file.rows_of(&run)? {
            let Some(record) = file.row(n)? else { continue };
            // A row whose record is not in its document stays: `crdtctl.db` may be what was lost.
            let is_there = |source: &dyn Source| source.exists(&record.path.steps());
            if record.removed || session.read(&record.doc, is_there)? == Some(true) {
                file.void(n)?;
            }
        }
        if fate == RunFate::Unknown {
            file.settle(&run)?;
        }
    }
    Ok(())
}

/// Returns what lost, if two versions of a record say different things: the earlier one, which stays in the
/// archive, too.
fn conflict(
    session: &Session,
    record: &ArchivedRecord,
    before: &ArchivedRecord,
) -> Option<Conflict> {
    if record.removed || before.removed {
        return None;
    }
    match record.rank() > before.rank() {
        true => lost(session, record, before),
        false => lost(session, before, record),
    }
}

/// Returns what lost to another version of its record, if that says something else.
fn lost(session: &Session, winner: &ArchivedRecord, loser: &ArchivedRecord) -> Option<Conflict> {
    let collection = loser.collection()?;
    let heading = collection.heading()?;
    let (won, lost) = (said_in(winner)?, said_in(loser)?);
    if won.same(&lost) {
        return None;
    }
    let clock = |of: &ArchivedRecord| Some(of.changed_at);
    Some(Conflict {
        id: 0,
        at: session.now(),
        doc: loser.doc.clone(),
        noun: Some(collection.noun.to_owned()),
        path: loser.path.child(heading),
        rule: LOST.to_owned(),
        winner: ConflictClaim::of(&won, clock(winner), None),
        loser: ConflictClaim::of(&lost, clock(loser), None),
        item: item_of(loser),
        restored: None,
    })
}

/// Returns what lost of a version, except for its identifying text. Several versions can say the same, which
/// is recorded once.
fn lost_field(session: &Session, shown: &ArchivedRecord, dropped: &DroppedValue<'_>) -> Conflict {
    let said = serde_json::json!([dropped.path, dropped.lost.to_json()]).to_string();
    let name = blake3::hash(said.as_bytes()).to_hex();
    Conflict {
        id: 0,
        at: session.now(),
        doc: shown.doc.clone(),
        noun: Some(dropped.noun.to_owned()),
        path: dropped.path.clone(),
        rule: LOST.to_owned(),
        winner: ConflictClaim::of(&dropped.won, Some(shown.changed_at), None),
        loser: ConflictClaim::of(&dropped.lost, Some(dropped.of.changed_at), None),
        item: (named(&name, dropped.of.written), dropped.of.written.clock),
        restored: None,
    }
}

/// Returns the key under which the ledger records a version once: several of one record can lose, all of one
/// item. No client has such a number.
fn item_of(version: &ArchivedRecord) -> (u64, u32) {
    (named(&version.version(), version.written), version.written.clock)
}

fn named(name: &str, written: Id) -> u64 {
    let name = u64::from_str_radix(name.get(..16).unwrap_or_default(), 16);
    name.unwrap_or(written.client) | (1 << 63)
}

/// Returns the text by which people recognise a version.
fn said_in(version: &ArchivedRecord) -> Option<Value> {
    let heading = version.collection().and_then(Collection::heading)?;
    version.fields().ok()?.remove(heading)
}

/// Returns the versions of a restored record that are later than what was brought back, or than what stands,
/// and of another item: their writer did not know of the restore. Only those that say something no earlier
/// version does.
fn late<'v>(versions: &'v [ArchivedRecord], standing: &ArchivedRecord) -> Vec<&'v ArchivedRecord> {
    let mut restored: BTreeMap<Id, i64> = BTreeMap::new();
    for marker in versions.iter().filter(|version| version.is_back()) {
        let at = restored.entry(marker.written).or_insert(marker.changed_at);
        *at = (*at).min(marker.changed_at);
    }
    let is_after = |version: &ArchivedRecord, item: Id, at: i64| {
        let of = restored.get(&version.written);
        item != version.written && at < version.changed_at && of.is_none_or(|of| *of < at)
    };
    let mut before = BTreeSet::new();
    let mut late = Vec::new();
    for version in versions.iter().filter(|version| !version.removed) {
        let Some(said) = said_in(version) else { continue };
        let is_late = restored.iter().any(|(item, at)| is_after(version, *item, *at))
            || (restored.contains_key(&standing.written)
                && is_after(version, standing.written, standing.changed_at));
        if before.insert(said.to_json().to_string()) && is_late {
            late.push(version);
        }
    }
    late
}

/// What identifies a conflict wherever it was recorded: its place, and what lost.
type SaidConflict = (DocId, DocPath, String);

fn said_by(conflict: &Conflict) -> SaidConflict {
    let value = conflict.loser.value.as_ref().map(ToString::to_string).unwrap_or_default();
    (conflict.doc.clone(), conflict.path.clone(), value)
}

/// Returns the conflicts in the ledger.
fn said(session: &Session) -> Result<BTreeSet<SaidConflict>> {
    Ok(session.state().conflicts()?.iter().map(said_by).collect())
}

//! Rows into the archive, inside a command.

use super::file::ArchiveFile;
use super::row::ArchivedRecord;
use crate::crdt::source::Source;
use crate::error::{Error, Result};
use crate::path::Keys;
use crate::store::{Conflict, ConflictClaim, Session, State};
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

/// Puts records into the archive: committed there, read back and compared. They count from the
/// session's own commit on; where that never comes, they are as if they had never been written. A
/// dry run writes nothing.
///
/// # Errors
/// `Io`, `Corrupt`, `Locked`: the session must be dropped, the records are where they were.
pub fn keep(session: &mut Session, records: Vec<ArchivedRecord>) -> Result<KeptRecords> {
    let mut kept = KeptRecords::default();
    if records.is_empty() || session.dry_run() {
        return Ok(kept);
    }
    let file = ArchiveFile::begin(&session.archive_path()?, session.environment().lock_wait)?;
    settle(session, &file)?;
    let run = session.environment().ids.uuid()?;
    let open: BTreeSet<i64> = file.unsettled()?.into_iter().map(|(_, n)| n).collect();
    let mut written = Vec::with_capacity(records.len());
    for mut record in records {
        let before = file.shown(&record.doc, &record.path)?.map(|before| before.record);
        if let Some(before) = &before {
            record.follow(before);
        }
        let (n, is_new) = file.add(&record)?;
        if is_new {
            kept.added = kept.added.saturating_add(1);
            if let Some(lost) = before.and_then(|before| conflict(session, &record, &before)) {
                session.state().put_conflict(&lost)?;
                kept.conflicts = kept.conflicts.saturating_add(1);
            }
        }
        // One that another command wrote counts as well if this one happens.
        if is_new || open.contains(&n) {
            file.unsettle(&run, n)?;
        }
        written.push((n, record));
    }
    file.commit()?;
    check(&file, &written)?;
    session.state().set_setting(&setting(&run), Some("1"))?;
    Ok(kept)
}

/// Reads rows back.
fn check(file: &ArchiveFile, written: &[(i64, ArchivedRecord)]) -> Result<()> {
    for (n, record) in written {
        let found = file.row(*n)?;
        // When it was first archived is no part of what it says.
        let same = found.as_ref().is_some_and(|found| {
            let archived_at = found.archived_at;
            *found == ArchivedRecord { archived_at, ..record.clone() }
        });
        if !same {
            return Err(Error::io(
                "archive.db does not hold what was written to it",
                format!("{} {} reads differently", record.kind(), record.id()),
            )
            .hint("nothing left its document; check the disk"));
        }
    }
    Ok(())
}

/// Settles what earlier commands left: rows of those that happened count for good, and rows of
/// those that did not are removed.
fn settle(session: &mut Session, file: &ArchiveFile) -> Result<()> {
    let mut runs: Vec<String> = file.unsettled()?.into_iter().map(|(run, _)| run).collect();
    runs.sort();
    runs.dedup();
    let mut open = Vec::new();
    for run in runs {
        if session.committed_setting(&setting(&run))?.is_some() {
            file.settle(&run)?;
            session.state().set_setting(&setting(&run), None)?;
        } else if session.state().setting(&setting(&run))?.is_none() {
            open.push(run);
        }
    }
    let left: Vec<(String, i64)> = file.unsettled()?;
    for (_, n) in left.iter().filter(|(run, _)| open.contains(run)) {
        if left.iter().any(|(run, other)| other == n && !open.contains(run)) {
            continue;
        }
        let Some(record) = file.row(*n)? else { continue };
        // Whose record is not in its document stays, hidden: crdtctl.db may be what was lost.
        let is_there = |source: &dyn Source| source.exists(&record.path.steps());
        if record.removed || session.read(&record.doc, is_there)? == Some(true) {
            file.void(*n)?;
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

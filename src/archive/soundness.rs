//! Checks whether an archive is intact.

use super::file::{ArchiveFile, COLUMNS, failed, numbered};
use super::keeping::expected_rows;
use super::reading::ArchiveReader;
use crate::error::{Error, Kind, Next, Result, counted};
use crate::limits;
use crate::store::{Reader, Session, State, no_file};
use std::path::PathBuf;

/// What is wrong with an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchiveFault {
    /// It is missing, although this many rows were written to it.
    Missing(u64),
    /// A newer crdtctl wrote it, as this sentence says.
    Newer(String),
    /// It cannot be read, for this reason.
    Unreadable(PathBuf, String),
    /// It holds fewer rows than were written to it: it is an older copy.
    Fewer {
        /// The rows it holds.
        found: u64,
        /// The rows that were written.
        written: u64,
    },
    /// This many rows do not match their hashes, this one among them.
    Altered(PathBuf, u64, String),
    /// The rows are sound, but what shows them was changed for this many records, this row among them.
    Hidden(u64, String),
}

/// The rows that `records`, or a table that follows it, does not show as `versions` has them.
const UNSHOWN: &str = concat!(include_str!("shown.sql"), include_str!("unshown.sql"));
/// Makes those tables anew.
const SHOW_AGAIN: &str = concat!(
    include_str!("forget_shown.sql"),
    include_str!("shown.sql"),
    include_str!("show_again.sql")
);

/// Returns what is wrong with the archive of a store. Every row is compared with its hash, and with what is
/// shown of it, if there are not too many, or with `deep`.
///
/// # Errors
/// `Io` if the archive cannot be accessed; those of the local state.
pub fn look_at(reader: &Reader, deep: bool) -> Result<Option<ArchiveFault>> {
    let written = reader.state().map(expected_rows).transpose()?.unwrap_or(0);
    let Some(path) = reader.archive_path()? else {
        return Ok((written > 0).then_some(ArchiveFault::Missing(written)));
    };
    // If it is not a regular file, that is not a matter of permissions.
    if let Some((_, what)) = no_file(&path).filter(|(named, _)| *named == path) {
        return Ok(Some(ArchiveFault::Unreadable(path, what.to_owned())));
    }
    let archive = match ArchiveReader::of(reader) {
        Ok(Some(archive)) => archive,
        Ok(None) => return Ok((written > 0).then_some(ArchiveFault::Missing(written))),
        Err(e) if e.kind == Kind::Refused => return Ok(Some(ArchiveFault::Newer(e.message))),
        // It may be sound: another process holds it, or this user may not read it.
        Err(e) if [Kind::Locked, Kind::Io].contains(&e.kind) => return Err(e),
        Err(e) => return Ok(Some(ArchiveFault::Unreadable(path, why(e)))),
    };
    match archive.altered(deep) {
        Err(e) => Ok(Some(ArchiveFault::Unreadable(path, why(e)))),
        Ok((_, Some((altered, first)))) => Ok(Some(ArchiveFault::Altered(path, altered, first))),
        Ok((found, None)) if found < written => Ok(Some(ArchiveFault::Fewer { found, written })),
        Ok((found, None)) if !deep && found > limits::ARCHIVE_CHECKED_ROWS => Ok(None),
        Ok(_) => match archive.unshown() {
            Err(e) => Ok(Some(ArchiveFault::Unreadable(path, why(e)))),
            Ok(hidden) => Ok(hidden.map(|(rows, first)| ArchiveFault::Hidden(rows, first))),
        },
    }
}

/// Shows every record of the archive as its rows have it. The rows stay as they are.
///
/// # Errors
/// `Io`, `Corrupt`, `Locked`.
pub fn show_again(session: &Session) -> Result<()> {
    if session.dry_run() {
        return Ok(());
    }
    let wait = session.environment().machine.lock_wait;
    let file = ArchiveFile::begin(&session.archive_path()?, wait)?;
    file.db.execute_batch(SHOW_AGAIN).map_err(failed)?;
    file.commit()
}

/// Returns whether rows that were written to the archive of a store are not in it.
///
/// # Errors
/// Those of the archive and of the local state.
pub(super) fn lacks_rows(state: Option<&State>, archive: Option<&ArchiveReader>) -> Result<bool> {
    let written = state.map(expected_rows).transpose()?.unwrap_or(0);
    let found = archive.map(|archive| archive.file().count()).transpose()?.unwrap_or(0);
    Ok(found < written)
}

/// Fails if rows were written to the archive of a store and there are none any more.
///
/// # Errors
/// `Corrupt` then; those of the local state.
pub fn nothing_lost(state: Option<&State>) -> Result<()> {
    match state.map(expected_rows).transpose()? {
        None | Some(0) => Ok(()),
        Some(rows) => {
            let held = counted(rows, "row");
            Err(Error::corrupt(format!("archive.db is missing or empty; it held {held}"))
                .hint(Next::Check(None).and(" says what helps")))
        }
    }
}

fn why(error: Error) -> String {
    error.causes().pop().unwrap_or(error.message)
}

impl ArchiveReader {
    /// Returns the number of rows, and of those that do not match their hashes the count and the first one.
    fn altered(&self, deep: bool) -> Result<(u64, Option<(u64, String)>)> {
        let rows = self.file().count()?;
        if !deep && rows > limits::ARCHIVE_CHECKED_ROWS {
            return Ok((rows, None));
        }
        let (mut altered, mut first) = (0_u64, None);
        let sql = format!("SELECT {COLUMNS}, v.version FROM versions v ORDER BY v.n");
        self.file().each(&sql, [], |row| {
            let version: String = row.get(11).map_err(failed)?;
            let read = numbered(row).map_err(failed)?;
            if read.is_none_or(|read| read.record.version() != version) {
                altered = altered.saturating_add(1);
                let n: i64 = row.get(0).map_err(failed)?;
                first.get_or_insert_with(|| format!("row {n} of versions"));
            }
            Ok(())
        })?;
        // The failure of a row says more than an inconsistent page or index.
        if first.is_none() {
            self.file().integrity()?;
        }
        Ok((rows, first.map(|first| (altered, first))))
    }

    /// Returns how many rows are not shown as they should be, and the first one.
    fn unshown(&self) -> Result<Option<(u64, String)>> {
        // An older crdtctl wrote it, and tells what is shown in another manner.
        if !self.file().is_current()? {
            return Ok(None);
        }
        let (mut rows, mut first) = (0_u64, None);
        self.file().each(UNSHOWN, [], |row| {
            rows = rows.saturating_add(1);
            let n: i64 = row.get(0).map_err(failed)?;
            first.get_or_insert_with(|| format!("row {n} of versions"));
            Ok(())
        })?;
        Ok(first.map(|first| (rows, first)))
    }
}

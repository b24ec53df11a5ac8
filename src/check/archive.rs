//! The archive beside the documents.

use super::{Finding, Repair};
use crate::archive::{self, ArchiveFault};
use crate::error::{Next, Result, counted};
use crate::store::Reader;
use crate::store::check::FindingKind;
use std::path::Path;

static ARCHIVE: FindingKind = FindingKind::error("archive");

/// What others have of it comes with a bundle.
const FROM_OTHERS: &str = "or take in what others have of it: bundles that are made with \
                           `--with-archive` carry it";

/// What is wrong with the archive.
pub fn archive(reader: &Reader, deep: bool) -> Result<Option<Finding>> {
    let rows = |rows: u64| counted(rows, "row");
    let Some(fault) = archive::look_at(reader, deep)? else { return Ok(None) };
    let (detail, message, fix) = match fault {
        ArchiveFault::Missing(written) => (
            "missing",
            format!(
                "archive.db is not there, and {} were written to it: put a copy of it back, {FROM_OTHERS}",
                rows(written)
            ),
            Next::Import,
        ),
        ArchiveFault::Fewer { found, written } => (
            "older",
            format!(
                "archive.db holds {}, and {written} were written to it: it is an older copy; put the \
                 latest one back, {FROM_OTHERS}",
                rows(found)
            ),
            Next::Import,
        ),
        ArchiveFault::Unreadable(path, why) => (
            "unreadable",
            format!(
                "archive.db cannot be read ({why}): put a copy in its place, or move it away and go on \
                 without, {FROM_OTHERS}"
            ),
            aside(&path),
        ),
        ArchiveFault::Altered(path, altered, first) => (
            "altered",
            format!(
                "{} of archive.db, {first} among them, are not what was written: put a copy in its \
                 place, or move it away, {FROM_OTHERS}",
                rows(altered)
            ),
            aside(&path),
        ),
    };
    let id = ARCHIVE.id(None, detail);
    Ok(Some(Finding { id, kind: &ARCHIVE, doc: None, message, fix, repair: Repair::ByHand }))
}

fn aside(path: &Path) -> Next {
    let path = path.display().to_string();
    let damaged = format!("{path}.damaged");
    Next::MoveAside(vec![(path, damaged)])
}

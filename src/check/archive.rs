//! Checks the archive beside the documents.

use crate::archive::{self, ArchiveFault};
use crate::error::{Next, Result, counted};
use crate::store::Reader;
use crate::store::check::FindingKind;
use std::path::Path;

/// Something is wrong with the archive.
pub static ARCHIVE: FindingKind = FindingKind::error("archive");

/// What others have of it comes with a bundle.
const FROM_OTHERS: &str = "bundles made with `--with-archive` bring what others have";

/// What is wrong with an archive: a name, a sentence, and the remedy; `None` if a repair is.
pub type ArchiveProblem = (&'static str, String, Option<Next>);

/// Returns what is wrong with the archive.
pub fn archive(reader: &Reader, deep: bool) -> Result<Option<ArchiveProblem>> {
    let rows = |rows: u64| counted(rows, "row");
    let Some(fault) = archive::look_at(reader, deep)? else { return Ok(None) };
    Ok(Some(match fault {
        ArchiveFault::Missing(written) => (
            "missing",
            format!(
                "archive.db is missing or empty; it held {}: put a copy back; {FROM_OTHERS}",
                rows(written)
            ),
            Some(Next::Import),
        ),
        ArchiveFault::Fewer { found, written } => (
            "older",
            format!(
                "archive.db holds {} of {written}: it is an older copy; {FROM_OTHERS}",
                rows(found)
            ),
            Some(Next::Import),
        ),
        ArchiveFault::Newer(said) => (
            "newer",
            format!("{said}: update crdtctl, and until then what is archived is left out"),
            Some(Next::ShowVersion),
        ),
        ArchiveFault::Unreadable(path, why) => (
            "unreadable",
            format!(
                "archive.db cannot be read ({why}): move it away, or put a copy in its place; \
                 {FROM_OTHERS}"
            ),
            Some(aside(&path)),
        ),
        ArchiveFault::Altered(path, altered, first) => (
            "altered",
            format!(
                "{} of archive.db are not what was written, {first} among them: move it away, or put a \
                 copy in its place; {FROM_OTHERS}",
                rows(altered)
            ),
            Some(aside(&path)),
        ),
        ArchiveFault::Hidden(hidden, first) => (
            "hidden",
            format!(
                "archive.db does not show {} as written, {first} first: another program changed the other \
                 tables",
                rows(hidden)
            ),
            None,
        ),
    }))
}

fn aside(path: &Path) -> Next {
    let mut damaged = path.as_os_str().to_owned();
    damaged.push(".damaged");
    Next::MoveAside(vec![(path.to_owned(), damaged.into())])
}

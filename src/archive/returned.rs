//! Records that commands of a session brought back into their documents. The archive is opened once, and told
//! of all of them at once.

use super::keeping::keep;
use super::reading::ArchiveReader;
use super::row::ArchivedRecord;
use crate::error::Result;
use crate::id::DocId;
use crate::path::DocPath;
use crate::store::{BeforeCommit, Session};
use std::collections::BTreeSet;
use std::rc::Rc;

/// What a session knows of its archive.
#[derive(Default)]
struct Returned {
    archive: Option<Rc<ArchiveReader>>,
    records: BTreeSet<(DocId, DocPath)>,
    rows: Vec<ArchivedRecord>,
}

impl BeforeCommit for Returned {
    fn carry_out(self: Box<Self>, session: &mut Session) -> Result<()> {
        let Returned { archive, rows, .. } = *self;
        drop(archive);
        keep(session, rows).map(drop)
    }
}

/// Returns the archive for a session that writes nothing to it before its commit, opened once for all its
/// commands; `None` if there is none yet.
///
/// # Errors
/// As [`ArchiveReader::beside`].
pub fn of_session(session: &mut Session) -> Result<Option<Rc<ArchiveReader>>> {
    if let Some(archive) = &session.before_commit::<Returned>()?.archive {
        return Ok(Some(Rc::clone(archive)));
    }
    let archive = ArchiveReader::beside(session)?.map(Rc::new);
    session.before_commit::<Returned>()?.archive.clone_from(&archive);
    Ok(archive)
}

/// Notes that a record is in its document again, and which markers the archive needs for that. The archive
/// gets them right before the commit; [`has_returned`] knows at once.
///
/// # Errors
/// Those of [`Session::before_commit`].
pub fn returns(
    session: &mut Session,
    record: &ArchivedRecord,
    rows: Vec<ArchivedRecord>,
) -> Result<()> {
    let returned: &mut Returned = session.before_commit()?;
    returned.records.insert((record.doc.clone(), record.path.clone()));
    returned.rows.extend(rows);
    Ok(())
}

/// Returns whether a command of this session brought a record back, whatever became of it since.
///
/// # Errors
/// Those of [`Session::before_commit`].
pub fn has_returned(session: &mut Session, doc: &DocId, path: &DocPath) -> Result<bool> {
    let returned: &mut Returned = session.before_commit()?;
    // Usually there are none.
    Ok(!returned.records.is_empty() && returned.records.contains(&(doc.clone(), path.clone())))
}

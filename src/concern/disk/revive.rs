//! Deleted here, edited there: what was edited is kept.

use super::file::{DiskFile, read_all};
use super::{FILES, is_disk};
use crate::error::Result;
use crate::id::DocId;
use crate::store::Session;
use crate::tombstone;

/// Brings files back whose content is another than what was deleted: somebody had changed them who did
/// not know of the deletion. To be done before the deletion is acknowledged. Returns their paths.
///
/// # Errors
/// Those of the store.
pub fn revive_edited(session: &mut Session, doc: &DocId) -> Result<Vec<String>> {
    if !is_disk(doc) {
        return Ok(Vec::new());
    }
    let Some(view) = session.view(doc)? else { return Ok(Vec::new()) };
    let edited: Vec<DiskFile> = read_all(&*view).into_iter().filter(is_edited).collect();
    if !edited.is_empty() {
        session.edit(doc, |txn| {
            edited.iter().try_for_each(|file| tombstone::revive(txn, &FILES, &["files", &file.id]))
        })?;
    }
    Ok(edited.into_iter().map(|file| file.path).collect())
}

fn is_edited(file: &DiskFile) -> bool {
    let held = || file.content.stored().is_none_or(|stored| stored.blake3 != file.deleted_blake3);
    file.deleted && !file.deleted_blake3.is_empty() && held()
}

//! The disks of all entities of a store.

use super::settle::settle;
use super::take_in::{Which, take_in};
use crate::concern::disk::is_disk;
use crate::error::{Hint, Result};
use crate::id::EntityId;
use crate::store::Session;
use std::collections::BTreeSet;

/// Takes in what others changed of the files that are known, in all entities that have any: before
/// something else comes to their documents.
///
/// # Errors
/// Those of the store and of the file system.
pub fn take_in_all(session: &mut Session) -> Result<Vec<Hint>> {
    let mut notes = Vec::new();
    for entity in with_disks(session)? {
        notes.extend(take_in(session, &entity, &Which::Known)?.notes);
    }
    Ok(notes)
}

/// Makes the files of all entities what their documents say.
///
/// # Errors
/// Those of the store and of the file system; what was made by then is.
pub fn settle_all(session: &mut Session) -> Result<Vec<Hint>> {
    let mut notes = Vec::new();
    for entity in with_disks(session)? {
        notes.extend(settle(session, &entity)?.notes);
    }
    Ok(notes)
}

/// The entities that have files.
fn with_disks(session: &Session) -> Result<BTreeSet<EntityId>> {
    let documents = session.documents()?.into_iter().map(|document| document.id);
    Ok(documents.filter(is_disk).filter_map(|doc| doc.entity()).collect())
}

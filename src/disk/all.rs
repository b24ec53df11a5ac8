//! The disks of all entities of a store.

use super::settle::{Settled, settle};
use super::status::unscanned;
use super::take_in::{Which, take_in};
use crate::concern::disk::is_disk;
use crate::error::{Hint, Next, Result};
use crate::id::EntityId;
use crate::store::{Document, Reader, Session};
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
/// Those of the store; what was made by then is.
pub fn settle_all(session: &mut Session) -> Result<Settled> {
    let mut all = Settled::default();
    for entity in with_disks(session)? {
        all.take(settle(session, &entity)?);
    }
    Ok(all)
}

/// What is said of files that were changed in the directories and are not taken in, entity by entity: what
/// goes to others has them as they were.
///
/// # Errors
/// Those of the store and of the file system.
pub fn unscanned_all(reader: &Reader) -> Result<Vec<Hint>> {
    let mut notes = Vec::new();
    for entity in of_documents(reader.documents()?) {
        let changed = unscanned(reader, &entity)?;
        let Some(first) = changed.first() else { continue };
        let files = match changed.len() {
            1 => format!("{first} was changed in its directory and goes nowhere as it is now: "),
            n => format!(
                "{first} and {} more were changed in the directories and go nowhere as they are now: ",
                n.saturating_sub(1)
            ),
        };
        let scan = Hint::from(files).next(Next::ScanDisksOf(entity.to_string()));
        notes.push(scan.and(" takes that in"));
    }
    Ok(notes)
}

/// The entities that have files.
fn with_disks(session: &Session) -> Result<BTreeSet<EntityId>> {
    Ok(of_documents(session.documents()?))
}

fn of_documents(documents: Vec<Document>) -> BTreeSet<EntityId> {
    let documents = documents.into_iter().map(|document| document.id);
    documents.filter(is_disk).filter_map(|doc| doc.entity()).collect()
}

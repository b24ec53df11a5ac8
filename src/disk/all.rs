//! The disks of all entities of a store.

use super::scope::Which;
use super::settle::{Settled, settle};
use super::status::unscanned;
use super::take_in::take_in;
use crate::concern::disk::is_disk;
use crate::error::{Hint, Next, Result};
use crate::id::{DocId, EntityId};
use crate::store::{Reader, Session};
use std::collections::BTreeSet;

/// Takes in what others changed of the files that are known, in all entities that have any: before
/// something else comes to their documents. What needs to be said of it, and whether there are files that a
/// command before did not come to make.
///
/// # Errors
/// Those of the store and of the file system.
pub fn take_in_all(session: &mut Session) -> Result<(Vec<Hint>, bool)> {
    let (mut notes, mut behind) = (Vec::new(), false);
    for entity in with_disks(session)? {
        let taken = take_in(session, &entity, &Which::Known)?;
        notes.extend(taken.notes);
        behind |= taken.behind;
    }
    Ok((notes, behind))
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

/// What is said of files that were changed in the directories of those entities whose disks some documents
/// are, and are not taken in: what goes to others has them as they were.
///
/// # Errors
/// Those of the store and of the file system.
pub fn unscanned_of(reader: &Reader, docs: impl IntoIterator<Item = DocId>) -> Result<Vec<Hint>> {
    let mut notes = Vec::new();
    for entity in entities_of(docs) {
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
    Ok(entities_of(session.documents()?.into_iter().map(|document| document.id)))
}

fn entities_of(docs: impl IntoIterator<Item = DocId>) -> BTreeSet<EntityId> {
    docs.into_iter().filter(is_disk).filter_map(|doc| doc.entity()).collect()
}

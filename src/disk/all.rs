//! The disks of all entities of a store.

use super::scope::Which;
use super::settle::{Settled, settle};
use super::status::unscanned;
use super::take_in::take_in;
use crate::concern::disk::{documents, is_disk};
use crate::error::{Hint, Next, Result};
use crate::id::{DocId, EntityId};
use crate::store::{Reader, Session};
use std::collections::BTreeSet;

/// Takes in what others changed in known files, in all entities that have any, before anything else
/// changes their documents. Returns what to tell the user, and whether there are files that an earlier
/// command did not get to write. Files of a damaged document are left as they are.
///
/// # Errors
/// Those of the store and of the file system.
pub fn take_in_all(session: &mut Session) -> Result<(Vec<Hint>, bool)> {
    let (mut notes, mut behind) = (Vec::new(), false);
    for entity in with_disks(session)? {
        if let Some(doc) = damaged(session, &entity)? {
            let left =
                format!("{doc} is damaged: the files of {entity} are left as they are, and ");
            notes.push(Hint::from(left).next(Next::Check(None)).and(" names what helps"));
            continue;
        }
        let taken = take_in(session, &entity, &Which::Known)?;
        notes.extend(taken.notes);
        behind |= taken.behind;
    }
    Ok((notes, behind))
}

/// Makes the files of all entities match their documents, except for those of damaged ones.
///
/// # Errors
/// Those of the store; files written by then stay.
pub fn settle_all(session: &mut Session) -> Result<Settled> {
    let mut all = Settled::default();
    for entity in sound(session)? {
        all.take(settle(session, &entity)?);
    }
    Ok(all)
}

/// Warnings about files that were changed in the directories and not taken in, for the entities whose
/// disks these documents describe: other replicas receive the files without those changes.
///
/// # Errors
/// Those of the store and of the file system.
pub fn unscanned_of(reader: &Reader, docs: impl IntoIterator<Item = DocId>) -> Result<Vec<Hint>> {
    let mut notes = Vec::new();
    for entity in entities_of(docs) {
        let changed = unscanned(reader, &entity)?;
        let Some(first) = changed.first() else { continue };
        let files = match changed.len() {
            1 => format!("{first} was changed in its directory, and that change is not included: "),
            n => format!(
                "{first} and {} more were changed in the directories, and those changes are not included: ",
                n.saturating_sub(1)
            ),
        };
        let scan = Hint::from(files).next(Next::ScanDisksOf(entity.to_string()));
        notes.push(scan.and(" takes that in"));
    }
    Ok(notes)
}

/// The entities that have files, and whose documents can be read.
pub(super) fn sound(session: &mut Session) -> Result<BTreeSet<EntityId>> {
    let mut sound = BTreeSet::new();
    for entity in with_disks(session)? {
        if damaged(session, &entity)?.is_none() {
            sound.insert(entity);
        }
    }
    Ok(sound)
}

/// Returns which document of an entity's disks is damaged; `None` if they can be read. What is at one path
/// depends on both.
fn damaged(session: &mut Session, entity: &EntityId) -> Result<Option<DocId>> {
    for (doc, _) in documents(entity) {
        match session.view(&doc) {
            Err(error) if error.damaged.is_some() => return Ok(Some(doc)),
            read => drop(read?),
        }
    }
    Ok(None)
}

/// The entities that have files.
fn with_disks(session: &Session) -> Result<BTreeSet<EntityId>> {
    Ok(entities_of(session.documents()?.into_iter().map(|document| document.id)))
}

fn entities_of(docs: impl IntoIterator<Item = DocId>) -> BTreeSet<EntityId> {
    docs.into_iter().filter(is_disk).filter_map(|doc| doc.entity()).collect()
}

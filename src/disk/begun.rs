//! Records files that are about to be written at another path: a command killed on the way leaves them
//! at both paths or at either, and the next command must tell them from new files.

use super::all::sound;
use super::tree::Tree;
use crate::concern::disk::{Directory, FilePlace, documents, read};
use crate::error::Result;
use crate::id::{DocId, EntityId};
use crate::store::{BegunFile, Session};
use std::collections::{BTreeMap, BTreeSet};

/// A session in which files can be written, of one entity or of all: the files that will move are
/// recorded and committed first.
///
/// # Errors
/// Those of the store, and of `open`.
pub fn session_to_settle(
    open: impl Fn() -> Result<Session>,
    entity: Option<&EntityId>,
) -> Result<Session> {
    let mut session = open()?;
    if !announce(&mut session, entity)? {
        return Ok(session);
    }
    session.commit()?;
    open()
}

/// Records which files will be written at another path than now; returns whether there are any not yet
/// recorded.
fn announce(session: &mut Session, entity: Option<&EntityId>) -> Result<bool> {
    let entities = match entity {
        Some(entity) => BTreeSet::from([entity.clone()]),
        None => sound(session)?,
    };
    let mut any = false;
    for (doc, _) in entities.iter().flat_map(documents) {
        any |= announce_document(session, &doc)?;
    }
    Ok(any)
}

fn announce_document(session: &mut Session, doc: &DocId) -> Result<bool> {
    if session.dry_run() || session.view(doc)?.is_none() {
        return Ok(false);
    }
    let written: BTreeMap<String, String> =
        session.state().written_paths(doc)?.into_iter().collect();
    let moved = Directory::with(session, doc, |_, directory| {
        let lies_elsewhere = |place: &&FilePlace| {
            written.get(&place.id).is_some_and(|path| path != place.path.as_str())
        };
        Ok(directory.owners().filter(lies_elsewhere).cloned().collect::<Vec<FilePlace>>())
    })?;
    if moved.is_empty() {
        return Ok(false);
    }
    let known = session.state().begun_files(doc)?;
    let known: BTreeMap<&str, &BegunFile> =
        known.iter().map(|begun| (begun.path.as_str(), begun)).collect();
    let Some(entity) = doc.entity() else { return Ok(false) };
    let tree = Tree::of_session(session, &entity)?;
    let mut any = false;
    for FilePlace { id, path, .. } in moved {
        let file = session.read(doc, |source| read(source, &id))?.flatten();
        let Some(stored) = file.and_then(|file| file.content.stored()) else { continue };
        let begun = BegunFile { path: path.to_string(), file: id, blake3: stored.blake3 };
        let before = known.get(path.as_str()).filter(|before| before.file == begun.file);
        // What was written from it before, and is still there, must not be taken for another file.
        let is_noted =
            before.is_some_and(|before| **before == begun || tree.holds(&path, &before.blake3));
        if !is_noted {
            session.state().put_begun_file(doc, &begun)?;
            any = true;
        }
    }
    Ok(any)
}

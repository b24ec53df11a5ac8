//! Who may write on which disk, and which document a file is in.

use super::path::DiskPath;
use super::{FILES, document, documents, is_private};
use crate::concern::Actor;
use crate::error::{Error, Hint, Kind, Next, Result};
use crate::id::{DocId, EntityId, resolve};
use crate::store::Session;

/// The document of the file that a path, an id or a unique prefix stands for; the shared disk's if
/// there is no such file.
///
/// # Errors
/// `Usage` for an invalid path, `Ambiguous`; those of the store.
pub(super) fn document_of(session: &mut Session, entity: &EntityId, named: &str) -> Result<DocId> {
    if named.starts_with('/') {
        return Ok(document(entity, DiskPath::parse(named)?.disk()));
    }
    let [private, common] = documents(entity).map(|(doc, _)| doc);
    // A whole id needs no look at all files.
    for doc in [&private, &common] {
        if session.read(doc, |source| source.exists(&["files", named]))? == Some(true) {
            return Ok(doc.clone());
        }
    }
    let mut ids =
        |doc| Ok(session.read(doc, |source| source.keys(FILES.path))?.unwrap_or_default());
    let (own, others): (Vec<String>, Vec<String>) = (ids(&private)?, ids(&common)?);
    match resolve(named, own.iter().chain(&others).map(String::as_str), "file") {
        Ok(id) if own.contains(&id) => Ok(private),
        Err(e) if e.kind == Kind::Ambiguous => Err(e),
        _ => Ok(common),
    }
}

/// The actor, if it may write on the disks that a document describes: on the private disk, only the
/// member of this replica.
///
/// # Errors
/// Those of [`Actor::of`]; `Refused`.
pub(super) fn writing(session: &mut Session, entity: &EntityId, doc: &DocId) -> Result<Actor> {
    let actor = Actor::of(session, entity)?;
    if !is_private(doc) {
        return actor.writing();
    }
    let owner = session.state().replica()?.and_then(|(_, member, _)| member);
    if owner.as_ref() == Some(&actor.id) {
        return Ok(actor);
    }
    Err(match owner {
        Some(owner) => Error::refused(format!("the private disk here is {owner}'s"))
            .hint("put it on /shared, or use a store of your own"),
        None => Error::refused("the private disk here is nobody's: the store has no member")
            .hint(Hint::from("").next(Next::SetMember).and(" says whose it is")),
    })
}

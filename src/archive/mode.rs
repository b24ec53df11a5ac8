//! How a document is kept, as the guide defines it: recorded in its own `metadata`, so that it goes where its
//! removals go.

use crate::concern::{self, Actor};
use crate::crdt::doc::Txn;
use crate::crdt::source::Source;
use crate::error::{Error, Result, one};
use crate::id::DocId;
use crate::policy::Role;
use crate::store::Session;
use crate::wire::Value;
use serde::Serialize;

const METADATA: &str = "metadata";
const MODE: &str = "fallback_mode";
/// When a record first left the document for an archive, in Unix seconds.
const SINCE: &str = "fallback_threshold_at";

/// How a document is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ArchiveMode {
    /// Everything stays in the document; what is archived already stays in the archive.
    Crdt,
    /// Records that are old or finished go into the archive.
    Hybrid,
    /// Everything that everybody has goes into the archive: the document holds only what is still on its way.
    Sql,
}

impl ArchiveMode {
    /// Every mode.
    pub const ALL: [ArchiveMode; 3] = [ArchiveMode::Crdt, ArchiveMode::Hybrid, ArchiveMode::Sql];

    /// Returns the name used in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            ArchiveMode::Crdt => "crdt",
            ArchiveMode::Hybrid => "hybrid",
            ArchiveMode::Sql => "sql",
        }
    }

    /// Returns the mode of a document; `None` if none was set and nothing was archived.
    pub fn of(source: &dyn Source) -> Option<ArchiveMode> {
        let said = source.text(&[METADATA, MODE]);
        ArchiveMode::ALL.into_iter().find(|mode| said.as_deref() == Some(mode.as_str()))
    }
}

/// Returns when a record first left a document for an archive, in Unix seconds.
pub fn hybrid_since(source: &dyn Source) -> Option<i64> {
    source.int(&[METADATA, SINCE])
}

/// Returns whether records that are gone from a document may be in archives. That holds in every mode from
/// then on: whoever changes the mode may not know yet what another has archived.
pub fn is_hybrid(source: &dyn Source) -> bool {
    let mode = ArchiveMode::of(source);
    hybrid_since(source).is_some() || mode.is_some_and(|mode| mode != ArchiveMode::Crdt)
}

/// Returns whether a change of a document's metadata is only what archiving records there, which every member
/// may do; choosing how a document is kept is restricted.
pub fn is_noted(field: &str, old: Option<&Value>, new: Option<&Value>) -> bool {
    match field {
        SINCE => true,
        MODE => {
            let hybrid = Some(ArchiveMode::Hybrid.as_str());
            old.is_none() && new.and_then(Value::as_str) == hybrid
        }
        _ => false,
    }
}

/// Returns whether an older crdtctl could have taken a note of archiving for a change of the entity, by the
/// metadata field.
pub fn was_noted(field: &str) -> bool {
    [MODE, SINCE].contains(&field)
}

/// Records in a document that records leave it for an archive.
pub(super) fn note(txn: &mut Txn<'_>, now: i64) -> Result<()> {
    if ArchiveMode::of(txn).is_none() {
        txn.set(&[METADATA], MODE, ArchiveMode::Hybrid.as_str())?;
    }
    match hybrid_since(txn) {
        None => txn.set(&[METADATA], SINCE, now),
        Some(_) => Ok(()),
    }
}

/// Sets how a document is kept, on every replica; returns whether that is new.
///
/// # Errors
/// `Usage` for a document that is never archived; `Refused` for anyone who is neither owner nor admin; those
/// of the session.
pub fn set_mode(session: &mut Session, doc: &DocId, mode: ArchiveMode) -> Result<bool> {
    let spec = concern::of(doc).filter(|spec| super::is_of(spec));
    let (Some(_), Some(entity)) = (spec, doc.entity()) else {
        return Err(Error::usage(format!("{doc} is never archived"))
            .hint("only chat, kanban and issues are"));
    };
    let actor = Actor::of(session, &entity)?;
    if actor.role < Role::Admin {
        let (id, role) = (&actor.id, actor.role);
        return Err(Error::refused(format!(
            "{id}, {}, may not choose how {doc} is kept",
            one(role)
        ))
        .hint("an admin or owner may"));
    }
    let before = session.read(doc, |source| ArchiveMode::of(source))?.flatten();
    if before == Some(mode) {
        return Ok(false);
    }
    session.edit(doc, |txn| txn.set(&[METADATA], MODE, mode.as_str()))?;
    Ok(true)
}

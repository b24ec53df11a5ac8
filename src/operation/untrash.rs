//! Restoring a record from the trash as a new one.

use crate::concern::{self, Outcome, canvas, chat, issues, kanban};
use crate::error::{Error, Next, Result};
use crate::id;
use crate::path::Keys;
use crate::schema;
use crate::store::{Session, Trashed};
use crate::wire::Value;
use serde::{Deserialize, Serialize};

/// Creates a new record with the content of one in the trash. A pruned record never comes back: the id
/// is new, and what others attached to the old one stays with that.
///
/// A message or comment keeps its author if the actor is that member, or may delete what others wrote.
/// Anybody else writes it as their own, with the author's name before it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Untrash {
    /// The id of the record, or a unique prefix of it. If several had one id, the last one is used.
    pub record: String,
}

impl Untrash {
    pub(super) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let trash = session.state().trash_named(&self.record)?;
        let trashed = find(&trash, &self.record)?;
        let (id, doc) = (trashed.id(), trashed.doc.clone());
        if let Some(new) = &trashed.restored {
            return Ok(Outcome::new(false, doc, new).saying(format!("{id} was restored as {new}")));
        }
        let entity = doc.entity().ok_or_else(|| unknown(trashed))?;
        let record = trashed.plain().unwrap_or(Value::Undefined);
        let outcome = match trashed.noun.as_str() {
            "message" | "reply" => chat::restore(session, &entity, &trashed.path, &record)?,
            "element" => canvas::restore(session, &entity, &record)?,
            "column" => kanban::restore_column(session, &entity, &record)?,
            "card" => kanban::restore_card(session, &entity, &record)?,
            "issue" => issues::restore(session, &entity, &record)?,
            "comment" => issues::restore_comment(session, &entity, &trashed.path, &record)?,
            "member" => {
                let role = record.as_map().and_then(|fields| fields.get("role")?.as_str());
                return Err(Error::refused(format!(
                    "{id} was a member: add it again like any other"
                ))
                .hint(Next::AddMember {
                    member: id.to_owned(),
                    role: role.unwrap_or("member").to_owned(),
                    entity: Some(entity.to_string()),
                    by: None,
                }));
            }
            _ => {
                let place = concern::of(&doc).and_then(|spec| {
                    let (collection, _) = schema::place(spec, &trashed.path.child(""))?;
                    collection.tombstone.as_ref().map(|_| (spec, collection))
                });
                let place = place.ok_or_else(|| unknown(trashed))?;
                concern::restore_record(session, &entity, place, &trashed.path, &record)?
            }
        };
        if !outcome.changed {
            return Ok(outcome);
        }
        let new = outcome.id.clone().unwrap_or_default();
        session.state().mark_untrashed(trashed.number, &new)?;
        let said = format!("restored {} {id} as {new}{}", trashed.noun, outcome.said);
        Ok(outcome.saying(said))
    }
}

/// The record in the trash that an id or a unique prefix names, the latest first.
///
/// # Errors
/// `NotFound`, `Ambiguous`; `Usage` for a prefix that is too short.
pub fn find<'t>(trash: &'t [Trashed], wanted: &str) -> Result<&'t Trashed> {
    let id = id::resolve(wanted, trash.iter().map(Trashed::id), "record in the trash")
        .map_err(|e| e.hint_also(Next::Trash.and(" shows what was removed in the last 30 days")))?;
    let found = trash.iter().find(|trashed| trashed.id() == id);
    found.ok_or_else(|| Error::bug("a record of the trash was named and is not there"))
}

fn unknown(trashed: &Trashed) -> Error {
    Error::refused(format!("{} {} cannot be restored", trashed.noun, trashed.id()))
        .hint(Next::Trashed(trashed.id().to_owned()).and(" prints it"))
}

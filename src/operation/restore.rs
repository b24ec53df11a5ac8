//! Restoring a value that lost a merge.

use super::Operation;
use super::request::Restore;
use crate::archive;
use crate::concern::{self, Actor, Outcome, chat, core, disk, issues, kanban};
use crate::crdt::source::Source;
use crate::error::{Error, Next, Result};
use crate::id::{DocId, EntityId};
use crate::path::Keys;
use crate::policy::{Action, Role};
use crate::schema::{self, FieldRole};
use crate::store::{Conflict, Session};
use crate::wire::Value;

impl Restore {
    pub(super) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let conflict = find(session.state().conflict(self.number)?, self.number)?;
        let doc = conflict.doc.clone();
        let (Some(entity), Some(spec)) = (doc.entity(), concern::of(&doc)) else {
            return Err(Error::bug("a conflict in a document of no known concern"));
        };
        let Some((collection, steps)) = schema::place(spec, &conflict.path) else {
            return Err(Error::refused(format!(
                "it is not known which record the value of conflict {} belonged to",
                self.number
            ))
            .hint(Next::Conflict(self.number).and(" prints the value")));
        };
        let record = conflict.path.get(..steps).unwrap_or(&[]).to_vec();
        let id = record.last().map_or("", String::as_str);
        let standing = session.read(&doc, |source| {
            let there = !source.keys(&record.steps()).is_empty();
            there.then(|| {
                (collection.is_deleted(source, &record), source.value(&conflict.path.steps()))
            })
        })?;
        let removed = collection.tombstone.as_ref();
        let removed = removed.is_some_and(|t| t.removal == schema::Removal::AtOnce);
        let now = match standing.flatten() {
            Some((deleted, now)) if !(deleted && removed) => now,
            Some(_) => return Err(gone(collection.noun, id, self.number)),
            None => {
                let archived = self.of_archived(session, &conflict)?;
                return archived.ok_or_else(|| gone(collection.noun, id, self.number));
            }
        };
        let value = value_of(&conflict)?;
        if now.is_some_and(|now| now.same(&value)) {
            return Ok(Outcome::new(false, doc, id).saying("it already says that"));
        }
        let outcome = match own_operation(&entity, collection.noun, id, &conflict.path, &value)? {
            Some(operation) => super::run(session, &operation)?,
            None => write(session, &entity, &doc, (collection, &record), &conflict, &value)?,
        };
        session.state().mark_restored(self.number, session.now())?;
        let what = conflict.path.last().map_or("", String::as_str);
        Ok(outcome.saying(format!("restored {what} of {id}")))
    }

    /// Returns the answer for a value of a record that is in the archive: it stays there as it is. `None` if the
    /// archive does not show it.
    fn of_archived(&self, session: &mut Session, conflict: &Conflict) -> Result<Option<Outcome>> {
        let (doc, path) = (&conflict.doc, &conflict.path);
        let (Some((record, field)), Some(archive)) =
            (archive::inside(doc, path), archive::of_session(session)?)
        else {
            return Ok(None);
        };
        let Some(shown) = archive.shown(doc, record)? else { return Ok(None) };
        let (kind, id, value) = (shown.kind(), shown.id(), value_of(conflict)?);
        if shown.at(field).is_some_and(|now| now.to_json() == value.to_json()) {
            let said = format!("the archived {kind} says that already");
            return Ok(Some(Outcome::new(false, doc.clone(), id).saying(said)));
        }
        Err(Error::refused(format!("{kind} {id} is in the archive")).hint(
            Next::RestoreArchived(id.to_owned())
                .and(" brings it back into its document; this value can be restored there"),
        ))
    }
}

fn find(found: Option<Conflict>, number: i64) -> Result<Conflict> {
    found.ok_or_else(|| {
        Error::not_found(format!("no conflict {number}"))
            .hint(Next::Conflicts.and(" shows those of the last 30 days"))
    })
}

fn gone(noun: &str, id: &str, number: i64) -> Error {
    Error::refused(format!("{noun} {id} is deleted, and a deletion wins"))
        .hint(Next::Conflict(number).and(" prints the value; write it again"))
}

fn value_of(conflict: &Conflict) -> Result<Value> {
    conflict.loser.plain().ok_or_else(|| Error::corrupt("the value that lost cannot be read"))
}

/// The operation that writes this field, if there is one.
pub(super) fn own_operation(
    entity: &EntityId,
    noun: &str,
    record: &str,
    path: &[String],
    value: &Value,
) -> Result<Option<Operation>> {
    let (entity, text) = (entity.clone(), value.as_str().unwrap_or_default().to_owned());
    let (record, is_set) = (record.to_owned(), *value == Value::Bool(true));
    let field = path.last().map_or("", String::as_str);
    Ok(match (noun, field) {
        ("message" | "reply", "content") => {
            Some(Operation::ChatEdit(chat::EditMessage { entity, message: record, text }))
        }
        ("member", "role") => {
            let role = Role::parse(&text)?;
            Some(Operation::MemberRole(core::SetRole { entity, member: record, role }))
        }
        ("member", "deleted") if is_set => {
            Some(Operation::MemberRemove(core::Remove { entity, member: record }))
        }
        ("card", place) if kanban::CARDS.named(FieldRole::Reference) == Some(place) => {
            Some(Operation::KanbanMove(kanban::MoveCard {
                entity,
                card: record,
                column: text,
                before: None,
                top: false,
                bottom: false,
            }))
        }
        ("card", "archived") if is_set => {
            Some(Operation::KanbanArchive(kanban::Archive { entity, card: record }))
        }
        ("card", "archived") => {
            Some(Operation::KanbanRestore(kanban::RestoreCard { entity, card: record }))
        }
        ("issue", "closed") if is_set => {
            Some(Operation::IssueClose(issues::Close { entity, issue: record, end: None }))
        }
        ("issue", "closed") => {
            Some(Operation::IssueReopen(issues::Reopen { entity, issue: record }))
        }
        ("file", "versions") if value.as_str().is_some() => {
            Some(Operation::DiskRestore(disk::RestoreFile { entity, file: text }))
        }
        ("entity", "name") => Some(Operation::EntityRename(core::Rename { entity, name: text })),
        _ => None,
    })
}

/// Writes the field and advances its clock.
fn write(
    session: &mut Session,
    entity: &EntityId,
    doc: &DocId,
    (collection, record): (&schema::Collection, &[String]),
    conflict: &Conflict,
    value: &Value,
) -> Result<Outcome> {
    let actor = Actor::of(session, entity)?.writing()?;
    let id = record.last().map_or("", String::as_str);
    let author = match collection.named(FieldRole::Author) {
        Some(by) => session.read(doc, |source| source.text(&record.field(by)))?.flatten(),
        None => None,
    };
    if let Some(author) = author {
        let edit = Action::Edit { author: author.as_str() };
        actor.may(&edit, &format!("{} {id}", collection.noun))?;
    }
    concern::check_record(session, doc, record, collection.noun)?;
    let field = conflict.path.get(record.len()).map_or("", String::as_str);
    let own = collection.field(field).and_then(|known| known.clock);
    let now = session.now();
    session.edit(doc, |txn| {
        if let Some((key, parent)) = conflict.path.steps().split_last() {
            txn.set(parent, key, value)?;
        }
        for clock in [own, collection.clock].into_iter().flatten() {
            let last = txn.int(&record.field(clock));
            let next = last.map_or(now, |last| now.max(last.saturating_add(1)));
            txn.set(&record.steps(), clock, next)?;
        }
        Ok(())
    })?;
    Ok(Outcome::new(true, doc.clone(), id))
}

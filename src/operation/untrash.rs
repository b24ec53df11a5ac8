//! Restoring a record from the trash as a new one.

use crate::concern::chat::{AttachedFile, attached_files, rename_files};
use crate::concern::disk::{self, Directory, DiskPath, RestoreFile};
use crate::concern::{self, Outcome, canvas, chat, issues, kanban};
use crate::error::{Error, Next, Result};
use crate::id::{self, DocId, EntityId};
use crate::path::Keys;
use crate::schema;
use crate::store::{Session, Trashed};
use crate::wire::Value;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// Creates a new record with the content of one in the trash. A pruned record never comes back: the id
/// is new, and what others attached to the old one stays with that.
///
/// A message or comment keeps its author if the actor is that member, or may delete what others wrote.
/// Anybody else writes it as their own, with the author's name before it. The files that were removed with a
/// message come back, too.
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
        let mut record = trashed.plain().unwrap_or(Value::Undefined);
        let outcome = match trashed.noun.as_str() {
            "message" | "reply" => {
                let files = ReturnedFiles::of(session, &entity, &mut record)?;
                files.told(chat::restore(session, &entity, &trashed.path, &record)?)
            }
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

/// What became of the files attached to a message that is restored.
#[derive(Default)]
struct ReturnedFiles {
    /// The paths of those that were removed and are back.
    back: Vec<String>,
    /// For each that could not be brought back, its path and why.
    missing: Vec<(String, String)>,
}

impl ReturnedFiles {
    /// Brings back the files attached to a message that were removed, and writes the ids that they have now
    /// into it.
    fn of(session: &mut Session, entity: &EntityId, message: &mut Value) -> Result<ReturnedFiles> {
        let mut files = ReturnedFiles::default();
        let (Value::Map(fields) | Value::Object(fields)) = message else { return Ok(files) };
        let Some(list) = fields.get_mut("attachments") else { return Ok(files) };
        let (doc, mut ids) = (entity.document(disk::SPEC.name), BTreeMap::new());
        for file in attached_files(list).collect::<Vec<AttachedFile>>() {
            let Some(old) = file.id.clone() else { continue };
            if is_there(session, &doc, &file)? {
                continue;
            }
            match bring_back(session, entity, &doc, &old, &file.path)? {
                Ok((id, path)) => {
                    files.back.push(path);
                    ids.insert(old, id);
                }
                Err(why) => files.missing.push((file.path, why)),
            }
        }
        rename_files(list, &ids);
        Ok(files)
    }

    fn told(self, outcome: Outcome) -> Outcome {
        let mut said = outcome.said.clone();
        if !self.back.is_empty() {
            said.push_str(&format!("; restored {}, too", self.back.join(", ")));
        }
        self.missing.iter().for_each(|(_, why)| said.push_str(&format!("; {why}")));
        let missing: Vec<String> = self.missing.into_iter().map(|(path, _)| path).collect();
        let mut outcome = outcome.saying(said);
        for (name, paths) in [("restored_files", self.back), ("missing_files", missing)] {
            if !paths.is_empty() {
                outcome.detail.insert(name.to_owned(), json!(paths));
            }
        }
        outcome
    }
}

/// Returns whether an attached file is on the disk.
fn is_there(session: &mut Session, doc: &DocId, file: &AttachedFile) -> Result<bool> {
    let Some(view) = session.view(doc)? else { return Ok(false) };
    let held = |id: &str| Some(disk::read(&*view, id)?.content.stored()?.blake3);
    Ok(file.place(&Directory::of(&*view, doc), held).is_some())
}

/// Brings back a removed file; returns its id and its path now, or why it stays away.
fn bring_back(
    session: &mut Session,
    entity: &EntityId,
    doc: &DocId,
    id: &str,
    path: &str,
) -> Result<std::result::Result<(String, String), String>> {
    let is_it = |one: &&Trashed| one.id() == id && one.doc == *doc && one.noun == disk::FILES.noun;
    let removed = session.read(doc, |source| disk::read(source, id))?.flatten();
    let trash = session.state().trash_named(id)?;
    let trashed = trash.iter().find(is_it).filter(|_| removed.is_none());
    let was_at = match (&removed, trashed) {
        (Some(file), _) => file.path.as_str(),
        (None, Some(file)) => file.record.get("path").and_then(Json::as_str).unwrap_or_default(),
        (None, None) => path,
    };
    // Nothing takes its path away from another file.
    let is_taken = Directory::with(session, doc, |_, directory| {
        let path = DiskPath::parse(was_at).ok();
        Ok(path.is_none_or(|path| directory.is_taken(&path).unwrap_or(true)))
    })?;
    let id = match (&removed, trashed) {
        (Some(_), _) if is_taken => return Ok(Err(taken(was_at, "disk restore", id))),
        (Some(_), _) => {
            RestoreFile { entity: entity.clone(), file: id.to_owned() }.run(session)?.id
        }
        (None, Some(Trashed { restored: Some(new), .. })) => Some(new.clone()),
        (None, Some(_)) if is_taken => return Ok(Err(taken(was_at, "trash restore", id))),
        (None, Some(_)) => Untrash { record: id.to_owned() }.run(session)?.id,
        (None, None) => None,
    };
    // It may have been restored before, and removed again.
    let place = Directory::with(session, doc, |_, directory| {
        Ok(id.and_then(|id| directory.place(&id).cloned()))
    })?;
    Ok(place.map(|place| (place.id, place.path.to_string())).ok_or_else(|| {
        format!("{path} is not in the trash: `crdtctl disk put FILE {path}` puts a copy there")
    }))
}

fn taken(path: &str, restore: &str, id: &str) -> String {
    format!(
        "{path} stays removed, since another file is there: move that one, then `crdtctl {restore} {id}`"
    )
}

fn unknown(trashed: &Trashed) -> Error {
    Error::refused(format!("{} {} cannot be restored", trashed.noun, trashed.id()))
        .hint(Next::Trashed(trashed.id().to_owned()).and(" prints it"))
}

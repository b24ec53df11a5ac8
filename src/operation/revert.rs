//! Reverting a command with ordinary operations.

mod past;
mod place;
mod steps;

use super::request::Revert;
use super::restore::own_operation;
use super::{Operation, Outcome, Recorded};
#[cfg(test)]
use crate::concern::notes;
use crate::concern::{self, Priority, Role, canvas, chat, core, disk, issues, kanban};
use crate::error::{Error, Kind, Next, Result};
use crate::id::{DocId, EntityId};
use crate::path::{DocPath, Keys};
use crate::schema;
use crate::store::Session;
use crate::wire::Value;
use past::{Former, Past, Watched};
use serde_json::{Map, Value as Json, json};

impl Revert {
    pub(super) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let ran = ran(session, self.seq)?;
        let past = Past::of(session, self.seq)?;
        if ran.is_empty() {
            return Err(Error::refused(format!("the log does not say what {} ran", past.name()))
                .hint(Next::Logged(self.seq).and(" shows what it wrote")));
        }
        let mut back = Vec::new();
        for one in ran.iter().rev() {
            let step = LoggedStep { past: &past, id: one.id.as_deref().unwrap_or_default() };
            if !step.is_about_what_was_made(&one.operation) {
                back.extend(step.back(session, &one.operation)?);
            }
        }
        let mut outcome = Outcome { id: Some(String::new()), ..Outcome::default() };
        let mut said = Vec::new();
        for operation in &back {
            let done = super::run(session, operation)?;
            outcome.changed |= done.changed;
            outcome.created |= done.created;
            outcome.doc = outcome.doc.or(done.doc);
            outcome.id = match (outcome.id, done.id) {
                (Some(id), Some(new)) if id.is_empty() || id == new => Some(new),
                // Several records: none is named.
                _ => None,
            };
            outcome.pruned.extend(done.pruned);
            outcome.removed.extend(done.removed);
            said.push(done.said);
        }
        outcome.id = outcome.id.filter(|id| !id.is_empty());
        outcome.detail = Map::from_iter([
            ("reverted".to_owned(), json!(self.seq)),
            ("operations".to_owned(), json!(back)),
        ]);
        let sentence = match said.as_slice() {
            [] => format!("{} left nothing to take back", past.name()),
            [one] => format!("took back {}: {one}", past.name()),
            several => format!("took back {}, {} operations", past.name(), several.len()),
        };
        Ok(outcome.saying(sentence))
    }
}

/// The operations a command ran, in order.
fn ran(session: &Session, seq: i64) -> Result<Vec<Recorded<Operation>>> {
    let lines = session.state().operations(seq)?;
    let read = |line: &str| {
        serde_json::from_str(line).map_err(|e| {
            Error::new(Kind::Corrupt, "the log contains an invalid operation").because(e)
        })
    };
    lines.lines().map(read).collect()
}

/// An operation that a command ran, and the record it was about.
struct LoggedStep<'p> {
    past: &'p Past,
    id: &'p str,
}

impl LoggedStep<'_> {
    /// Whether it only changed what the same command created: that is removed as a whole.
    fn is_about_what_was_made(&self, operation: &Operation) -> bool {
        let is_edit = operation.declaration().creates == super::Creates::Never;
        is_edit && !self.id.is_empty() && self.past.made(self.id)
    }

    /// The operations that revert it, in order; refused if there are none, or if somebody has built on
    /// it.
    fn back(&self, session: &mut Session, operation: &Operation) -> Result<Vec<Operation>> {
        match operation {
            Operation::EntityCreate(_)
            | Operation::EntityRename(_)
            | Operation::MemberAdd(_)
            | Operation::MemberRemove(_)
            | Operation::MemberRole(_) => self.people_back(session, operation),
            Operation::ChatSend(_)
            | Operation::ChatEdit(_)
            | Operation::ChatReact(_)
            | Operation::ChatDelete(_)
            | Operation::CommentDelete(_) => self.talk_back(session, operation),
            Operation::KanbanAdd(_)
            | Operation::KanbanEdit(_)
            | Operation::KanbanMove(_)
            | Operation::KanbanArchive(_)
            | Operation::KanbanRestore(_) => self.cards_back(session, operation),
            Operation::ColumnAdd(_)
            | Operation::ColumnRename(_)
            | Operation::ColumnMove(_)
            | Operation::ColumnRemove(_) => self.columns_back(session, operation),
            Operation::IssueOpen(_)
            | Operation::IssueEdit(_)
            | Operation::IssueStatus(_)
            | Operation::IssuePriority(_)
            | Operation::IssueAssign(_)
            | Operation::IssueClose(_)
            | Operation::IssueReopen(_)
            | Operation::IssueComment(_)
            | Operation::CommentEdit(_) => self.issues_back(session, operation),
            Operation::CanvasAdd(_)
            | Operation::CanvasSet(_)
            | Operation::CanvasMove(_)
            | Operation::CanvasDelete(_)
            | Operation::CanvasRedo(_)
            | Operation::CanvasUndo(_)
            | Operation::CanvasApply(_) => self.canvas_back(operation),
            Operation::DiskPut(_)
            | Operation::DiskMove(_)
            | Operation::DiskPublish(_)
            | Operation::DiskRemove(_)
            | Operation::DiskRestore(_) => self.files_back(session, operation),
            Operation::TrashRestore(_)
            | Operation::ArchiveRestore(_)
            | Operation::ConflictRestore(_)
            | Operation::Prune(_)
            | Operation::LogRevert(_) => self.anything_back(session, operation),
            #[cfg(test)]
            Operation::NoteAdd(_) | Operation::NoteEdit(_) | Operation::NoteDelete(_) => {
                self.anything_back(session, operation)
            }
        }
    }

    fn files_back(&self, session: &mut Session, operation: &Operation) -> Result<Vec<Operation>> {
        let file = self.id.to_owned();
        Ok(match operation {
            Operation::DiskPut(put) if self.past.made(self.id) => self.gone("file", &put.entity)?,
            // To another disk: the result is another file.
            Operation::DiskMove(moved) if self.past.made(self.id) => {
                let Ok(to) = disk::DiskPath::parse(&moved.file) else {
                    let why = "its former place is no longer known";
                    return Err(self.never(why, Next::Files.and(" shows it; move it back")));
                };
                let entity = moved.entity.clone();
                vec![Operation::DiskMove(disk::MoveFile { entity, file, to, beside: false })]
            }
            Operation::DiskMove(moved) => {
                let Some(path) = self.own_text("path")? else { return Ok(Vec::new()) };
                let (entity, to) = (moved.entity.clone(), disk::DiskPath::parse(&path)?);
                vec![Operation::DiskMove(disk::MoveFile { entity, file, to, beside: false })]
            }
            Operation::DiskRemove(removed) => {
                let entity = removed.entity.clone();
                vec![Operation::DiskRestore(disk::RestoreFile { entity, file })]
            }
            Operation::DiskRestore(restored) => self.gone_now("file", &restored.entity)?,
            Operation::DiskPublish(_) => {
                let why = "others may already have what was published";
                let again = Next::Files.and(" shows it; change the website and publish it again");
                return Err(self.never(why, again));
            }
            Operation::DiskPut(put) => self.content_back(session, put)?,
            _ => Vec::new(),
        })
    }

    /// Restores what a put changed in a text, if nobody has changed it since.
    fn content_back(&self, session: &mut Session, put: &disk::Put) -> Result<Vec<Operation>> {
        let Some(text) = &put.text else {
            let why = "the log does not have the bytes of binary files";
            let again = Next::Files
                .and(" shows it, `crdtctl disk history` its former contents; put one again");
            return Err(self.never(why, again));
        };
        let (doc, path) = self.record()?;
        self.past.unbuilt(&Watched { doc, path: &path, fields: None })?;
        let before = match &put.base {
            Some(base) => Some(base.clone()),
            None => self.past.text_before(doc, self.id, text),
        };
        let Some(before) = before else {
            let why = "the former text of the file is not in the log";
            let again = Next::Files.and(" shows it; `crdtctl disk edit` changes its text");
            return Err(self.never(why, again));
        };
        let file = session.read(doc, |source| disk::read(source, self.id))?.flatten();
        let place = file.filter(|file| !file.deleted).and_then(|file| file.place());
        let path = place.ok_or_else(|| self.nowhere())?;
        let (entity, text) = (put.entity.clone(), text.clone());
        Ok(vec![Operation::DiskPut(disk::Put::other_text(entity, path, text, before))])
    }

    /// The record it was about.
    fn record(&self) -> Result<(&DocId, DocPath)> {
        self.past.record(self.id).ok_or_else(|| self.nowhere())
    }

    fn nowhere(&self) -> Error {
        Error::refused(format!("the record of {} is no longer in its document", self.past.name()))
            .hint(Next::Logged(self.past.seq).and(" shows what is left of it"))
    }

    fn never(&self, why: &str, instead: crate::error::Hint) -> Error {
        Error::refused(format!("{} cannot be taken back: {why}", self.past.name())).hint(instead)
    }

    /// Refuses if anything was done to the record, or inside it, since.
    fn whole(&self) -> Result<()> {
        let (doc, path) = self.record()?;
        self.past.unbuilt(&Watched { doc, path: &path, fields: None })
    }

    /// Refuses if these fields of the record were written since.
    fn fields(&self, fields: &[&str]) -> Result<()> {
        let (doc, path) = self.record()?;
        self.past.unbuilt(&Watched { doc, path: &path, fields: Some(fields) })
    }

    /// Refuses everybody but the member that did it: only they can undo what is in their name.
    fn own(&self, session: &Session) -> Result<()> {
        match (&self.past.member, session.member()) {
            (Some(by), Some(acting)) if by != acting.as_str() => Err(Error::refused(format!(
                "{} was {by}'s, and what it wrote is in their name",
                self.past.name()
            ))
            .hint(Next::ActAs.and(format!(" with {by} takes it back")))),
            _ => Ok(()),
        }
    }

    /// The text at a path before; `None` if the command did not write it.
    fn text(&self, doc: &DocId, path: &DocPath) -> Result<Option<String>> {
        match self.past.before(doc, path)? {
            Former::Unwritten => Ok(None),
            Former::Nothing => Ok(Some(String::new())),
            Former::Value(value) => Ok(Some(value.as_str().unwrap_or_default().to_owned())),
        }
    }

    /// The former text of a field of the record, if the command wrote it; refused if somebody wrote it
    /// since.
    fn own_text(&self, field: &str) -> Result<Option<String>> {
        let (doc, path) = self.record()?;
        let text = self.text(doc, &path.child(field))?;
        if text.is_some() {
            self.fields(&[field])?;
        }
        Ok(text)
    }

    fn priority(&self) -> Result<Option<Priority>> {
        self.own_text("priority")?.map(|text| Priority::parse(&text)).transpose()
    }

    fn status_back(&self, entity: EntityId) -> Result<Option<Operation>> {
        let Some(status) = self.own_text("status")? else { return Ok(None) };
        let status = issues::Status::parse(&status)?;
        let back = issues::SetStatus { entity, issue: self.id.to_owned(), status };
        Ok(Some(Operation::IssueStatus(back)))
    }

    /// The id of the record that contains this one.
    fn parent(&self) -> Result<String> {
        let (_, path) = self.record()?;
        let above = path.len().checked_sub(3).and_then(|at| path.get(at));
        above.cloned().ok_or_else(|| self.nowhere())
    }

    fn noun(&self) -> Result<(&DocId, &'static str)> {
        let (doc, path) = self.record()?;
        let place = concern::of(doc).and_then(|spec| schema::place(spec, &path.child("")));
        place.map(|(of, _)| (doc, of.noun)).ok_or_else(|| self.nowhere())
    }

    /// Removes what it created, with the usual operation; refused if somebody has built on it.
    fn gone(&self, noun: &str, entity: &EntityId) -> Result<Vec<Operation>> {
        self.whole()?;
        self.gone_now(noun, entity)
    }

    fn gone_now(&self, noun: &str, entity: &EntityId) -> Result<Vec<Operation>> {
        let (entity, id) = (entity.clone(), self.id.to_owned());
        Ok(vec![match noun {
            "message" | "reply" => {
                Operation::ChatDelete(chat::DeleteMessage { entity, message: id })
            }
            "card" => Operation::KanbanArchive(kanban::Archive { entity, card: id }),
            "column" => {
                Operation::ColumnRemove(kanban::RemoveColumn { entity, column: id, to: None })
            }
            "issue" => {
                let end = Some(issues::Status::Canceled);
                Operation::IssueClose(issues::Close { entity, issue: id, end })
            }
            "comment" => {
                let issue = self.parent()?;
                Operation::CommentDelete(issues::DeleteComment { entity, issue, comment: id })
            }
            "file" => Operation::DiskRemove(disk::RemoveFile { entity, file: id }),
            "element" => Operation::CanvasDelete(canvas::DeleteElement { entity, element: id }),
            #[cfg(test)]
            "note" => Operation::NoteDelete(notes::Delete { entity, note: id }),
            _ => return Err(self.nowhere()),
        }])
    }

    /// The former values of an element's fields, in the form that `canvas set` takes.
    fn element_fields(&self) -> Result<Map<String, Json>> {
        let (doc, path) = self.record()?;
        let clock = canvas::ELEMENTS.clock;
        let mut fields = Map::new();
        for below in self.past.written_below(doc, &path) {
            let name = below.join(".");
            if below.is_empty() || Some(&*name) == clock {
                continue;
            }
            let at: DocPath = path.iter().cloned().chain(below).collect();
            let before = match self.past.before(doc, &at)? {
                Former::Unwritten => continue,
                Former::Nothing => Json::Null,
                Former::Value(value) => value.to_json(),
            };
            fields.insert(name, before);
        }
        // A root field that somebody changed since has been built on; other fields do not matter.
        let roots = fields.keys().map(|name| name.split('.').next().unwrap_or(name));
        self.fields(&roots.collect::<Vec<_>>())?;
        Ok(fields)
    }

    /// Restores the value that a restored conflict loser replaced.
    fn conflict_back(&self, session: &Session, number: i64) -> Result<Vec<Operation>> {
        let instead = || Next::Conflict(number).and(" prints both values");
        let conflict = session.state().conflict(number)?;
        let Some(conflict) = conflict else {
            return Err(self.never("the conflict is no longer recorded", Next::Conflicts.into()));
        };
        let (doc, noun) = self.noun()?;
        let entity = doc.entity().ok_or_else(|| self.nowhere())?;
        let field = conflict.path.last().map_or("", String::as_str);
        let before = match self.past.before(doc, &conflict.path)? {
            Former::Value(value) => value,
            _ => Value::Undefined,
        };
        self.fields(&[field])?;
        let back = own_operation(&entity, noun, self.id, &conflict.path, &before)?;
        let back = match (back, noun, field) {
            (Some(back), ..) => Some(back),
            (None, "card", "title" | "description") => {
                let text = before.as_str().map(str::to_owned);
                let changes = match field {
                    "title" => kanban::CardChanges { title: text, ..Default::default() },
                    _ => kanban::CardChanges { description: text, ..Default::default() },
                };
                Some(Operation::KanbanEdit(kanban::EditCard {
                    entity,
                    card: self.id.to_owned(),
                    changes,
                }))
            }
            (None, "issue", "title" | "description") => {
                let text = before.as_str().map(str::to_owned);
                let (title, description) =
                    if field == "title" { (text, None) } else { (None, text) };
                let issue = self.id.to_owned();
                Some(Operation::IssueEdit(issues::EditIssue { entity, issue, title, description }))
            }
            _ => None,
        };
        back.map(|back| vec![back])
            .ok_or_else(|| self.never("no operation writes such a value", instead()))
    }
}

/// The last role of a removed member.
fn former_role(session: &mut Session, entity: &EntityId, member: &str) -> Result<Option<Role>> {
    let doc = entity.document(core::SPEC.name);
    let path = ["members", member, "role"];
    let standing = session.read(&doc, |source| source.text(&path))?.flatten();
    let role = match standing {
        Some(role) => Some(role),
        None => {
            let trash = session.state().trash_named(member)?;
            let own = trash.iter().find(|one| one.doc == doc && one.id() == member);
            let record = own.and_then(|one| one.plain());
            let role = record.as_ref().and_then(|record| record.as_map()?.get("role")?.as_str());
            role.map(str::to_owned)
        }
    };
    role.map(|role| Role::parse(&role)).transpose()
}

/// An operation that sets an issue to its current status again.
fn standing_status(
    session: &mut Session,
    entity: &EntityId,
    id: &str,
) -> Result<Option<Operation>> {
    let doc = entity.document(issues::SPEC.name);
    let path = DocPath::from(["issues", id, "status"]);
    let status = session.read(&doc, |source| source.text(&path.steps()))?.flatten();
    let Some(status) = status else { return Ok(None) };
    let status = issues::Status::parse(&status)?;
    let (entity, issue) = (entity.clone(), id.to_owned());
    Ok(Some(Operation::IssueStatus(issues::SetStatus { entity, issue, status })))
}

//! The operations that revert each operation, by concern.

use super::past::Watched;
use super::{LoggedStep, former_role, standing_status};
#[cfg(test)]
use crate::concern::notes;
use crate::concern::{self, Role, canvas, chat, core, issues, kanban};
use crate::error::{Next, Result};
use crate::id::{DocId, MemberId};
use crate::operation::Operation;
use crate::path::DocPath;
use crate::schema::FieldRole;
use crate::store::Session;

/// The operation that restores a former value, if there is one.
fn back_to<T>(former: Option<T>, back: impl FnOnce(T) -> Operation) -> Vec<Operation> {
    former.map(back).into_iter().collect()
}

impl LoggedStep<'_> {
    /// An entity and its members.
    pub(super) fn people_back(
        &self,
        session: &mut Session,
        operation: &Operation,
    ) -> Result<Vec<Operation>> {
        let id = self.id.to_owned();
        Ok(match operation {
            Operation::EntityCreate(_) => {
                return Err(self.never(
                    "an entity cannot be removed",
                    Next::Logged(self.past.seq).and(" shows what it made"),
                ));
            }
            Operation::EntityRename(done) => {
                let doc = done.entity.document(core::SPEC.name);
                let path = DocPath::from(["metadata", "name"]);
                self.past.unbuilt(&Watched { doc: &doc, path: &path, fields: None })?;
                let name = self.text(&doc, &path)?;
                let entity = done.entity.clone();
                back_to(name, |name| Operation::EntityRename(core::Rename { entity, name }))
            }
            Operation::MemberAdd(done) => {
                self.whole()?;
                let docs: Vec<DocId> =
                    concern::CONCERNS.iter().map(|spec| done.entity.document(spec.name)).collect();
                self.past.idle(session, &docs, done.member.as_str())?;
                let (entity, member) = (done.entity.clone(), done.member.to_string());
                vec![Operation::MemberRemove(core::Remove { entity, member })]
            }
            Operation::MemberRemove(done) => {
                let role = former_role(session, &done.entity, &id)?;
                if self.past.record(&id).is_some() {
                    self.fields(&[core::MEMBERS.tombstone.as_ref().map_or("", |t| t.flag)])?;
                }
                let (entity, member) = (done.entity.clone(), MemberId::parse(&id)?);
                vec![Operation::MemberAdd(core::AddMember { entity, member, role })]
            }
            Operation::MemberRole(done) => {
                let role = self.own_text("role")?;
                let role = role.map(|role| Role::parse(&role)).transpose()?;
                let (entity, member) = (done.entity.clone(), id);
                back_to(role, |role| Operation::MemberRole(core::SetRole { entity, member, role }))
            }
            _ => Vec::new(),
        })
    }

    /// Messages, reactions, and irreversible deletions.
    pub(super) fn talk_back(
        &self,
        session: &mut Session,
        operation: &Operation,
    ) -> Result<Vec<Operation>> {
        let id = self.id.to_owned();
        Ok(match operation {
            Operation::ChatSend(done) => self.gone("message", &done.entity)?,
            Operation::ChatEdit(done) => {
                let (entity, message) = (done.entity.clone(), id);
                back_to(self.own_text("content")?, |text| {
                    Operation::ChatEdit(chat::EditMessage { entity, message, text })
                })
            }
            Operation::ChatReact(done) => {
                self.own(session)?;
                let remove = !done.remove;
                vec![Operation::ChatReact(chat::React { message: id, remove, ..done.clone() })]
            }
            Operation::ChatDelete(_) | Operation::CommentDelete(_) => {
                return Err(self.never("a deletion wins over everything", Next::Untrash(id).and(" restores it if it is in the trash; if it is still a tombstone, write it again")));
            }
            _ => Vec::new(),
        })
    }

    /// Cards.
    pub(super) fn cards_back(
        &self,
        session: &mut Session,
        operation: &Operation,
    ) -> Result<Vec<Operation>> {
        let id = self.id.to_owned();
        Ok(match operation {
            Operation::KanbanAdd(done) => self.gone("card", &done.entity)?,
            Operation::KanbanEdit(done) => {
                let assignee = kanban::CARDS.named(FieldRole::Assignee).unwrap_or_default();
                let changes = kanban::CardChanges {
                    title: self.own_text("title")?,
                    description: self.own_text("description")?,
                    assignee: self.own_text(assignee)?,
                    priority: self.priority()?,
                };
                let is_any = changes.title.is_some()
                    || changes.description.is_some()
                    || changes.assignee.is_some()
                    || changes.priority.is_some();
                let entity = done.entity.clone();
                let edit = Operation::KanbanEdit(kanban::EditCard { entity, card: id, changes });
                is_any.then_some(edit).into_iter().collect()
            }
            Operation::KanbanMove(done) => self.moved_back(session, &done.entity)?,
            Operation::KanbanArchive(done) => {
                self.fields(&["archived"])?;
                let (entity, card) = (done.entity.clone(), id);
                let restore = kanban::RestoreCard { entity: entity.clone(), card };
                let place = self.former_place(session, &entity)?;
                let place = place.filter(|place| !place.bottom).map(Operation::KanbanMove);
                [Operation::KanbanRestore(restore)].into_iter().chain(place).collect()
            }
            Operation::KanbanRestore(done) => {
                self.fields(&["archived"])?;
                let entity = done.entity.clone();
                vec![Operation::KanbanArchive(kanban::Archive { entity, card: id })]
            }
            _ => Vec::new(),
        })
    }

    /// Columns.
    pub(super) fn columns_back(
        &self,
        session: &mut Session,
        operation: &Operation,
    ) -> Result<Vec<Operation>> {
        let id = self.id.to_owned();
        Ok(match operation {
            Operation::ColumnAdd(done) => {
                self.fields(&["title"])?;
                self.gone_now("column", &done.entity)?
            }
            Operation::ColumnRename(done) => {
                let (entity, column) = (done.entity.clone(), id);
                back_to(self.own_text("title")?, |title| {
                    Operation::ColumnRename(kanban::RenameColumn { entity, column, title })
                })
            }
            Operation::ColumnMove(done) => self.column_moved_back(session, &done.entity)?,
            Operation::ColumnRemove(_) => {
                return Err(self.never(
                    "a removed column can only be created again",
                    Next::Untrash(id).and(" creates it; `kanban move` brings its cards back"),
                ));
            }
            _ => Vec::new(),
        })
    }

    /// Issues and their comments.
    pub(super) fn issues_back(
        &self,
        session: &mut Session,
        operation: &Operation,
    ) -> Result<Vec<Operation>> {
        let id = self.id.to_owned();
        Ok(match operation {
            Operation::IssueOpen(done) => self.gone("issue", &done.entity)?,
            Operation::IssueEdit(done) => {
                let (title, description) = (self.own_text("title")?, self.own_text("description")?);
                let is_any = title.is_some() || description.is_some();
                let entity = done.entity.clone();
                let edit = issues::EditIssue { entity, issue: id, title, description };
                is_any.then_some(Operation::IssueEdit(edit)).into_iter().collect()
            }
            Operation::IssueStatus(done) => {
                self.status_back(done.entity.clone())?.into_iter().collect()
            }
            Operation::IssuePriority(done) => {
                let (entity, issue) = (done.entity.clone(), id);
                back_to(self.priority()?, |priority| {
                    Operation::IssuePriority(issues::SetPriority { entity, issue, priority })
                })
            }
            Operation::IssueAssign(done) => {
                let assignee = issues::ISSUES.named(FieldRole::Assignee).unwrap_or_default();
                let (entity, issue) = (done.entity.clone(), id);
                back_to(self.own_text(assignee)?, |assignee| {
                    Operation::IssueAssign(issues::Assign { entity, issue, assignee })
                })
            }
            Operation::IssueClose(done) => {
                self.fields(&["closed", "status"])?;
                let entity = done.entity.clone();
                let reopen = issues::Reopen { entity: entity.clone(), issue: id.clone() };
                // Reopening sets a status of its own.
                let status = match self.status_back(entity.clone())? {
                    Some(status) => Some(status),
                    None => standing_status(session, &entity, &id)?,
                };
                [Operation::IssueReopen(reopen)].into_iter().chain(status).collect()
            }
            Operation::IssueReopen(done) => {
                self.fields(&["closed"])?;
                let end =
                    self.own_text("status")?.and_then(|text| issues::Status::parse(&text).ok());
                let end = end.filter(|end| issues::Status::ENDS.contains(end));
                vec![Operation::IssueClose(issues::Close {
                    entity: done.entity.clone(),
                    issue: id,
                    end,
                })]
            }
            Operation::IssueComment(done) => self.gone("comment", &done.entity)?,
            Operation::CommentEdit(done) => {
                let (entity, issue, comment) = (done.entity.clone(), self.parent()?, id);
                back_to(self.own_text("content")?, |text| {
                    Operation::CommentEdit(issues::EditComment { entity, issue, comment, text })
                })
            }
            _ => Vec::new(),
        })
    }

    /// A canvas.
    pub(super) fn canvas_back(&self, operation: &Operation) -> Result<Vec<Operation>> {
        let id = self.id.to_owned();
        Ok(match operation {
            Operation::CanvasAdd(done) => self.gone("element", &done.entity)?,
            Operation::CanvasSet(canvas::Set { entity, .. })
            | Operation::CanvasMove(canvas::MoveElement { entity, .. }) => {
                let set = self.element_fields()?;
                let back = canvas::Set { entity: entity.clone(), element: id, set };
                (!back.set.is_empty()).then_some(Operation::CanvasSet(back)).into_iter().collect()
            }
            Operation::CanvasDelete(_) | Operation::CanvasRedo(_) => {
                return Err(self.never(
                    "the canvas has its own undo and redo",
                    Next::Step("undo").and(" undoes it"),
                ));
            }
            Operation::CanvasUndo(_) => {
                return Err(self.never(
                    "the canvas has its own undo and redo",
                    Next::Step("redo").and(" redoes it"),
                ));
            }
            Operation::CanvasApply(_) => {
                return Err(self.never(
                    "a relayed change is on the canvases of others too",
                    Next::Element(id).and(" shows it; `canvas set` changes it everywhere"),
                ));
            }
            _ => Vec::new(),
        })
    }

    /// Operations on any kind of record.
    pub(super) fn anything_back(
        &self,
        session: &mut Session,
        operation: &Operation,
    ) -> Result<Vec<Operation>> {
        Ok(match operation {
            Operation::TrashRestore(_) => {
                let (doc, noun) = self.noun()?;
                let entity = doc.entity().ok_or_else(|| self.nowhere())?;
                match noun {
                    "column" => {
                        self.fields(&["title"])?;
                        self.gone_now(noun, &entity)?
                    }
                    noun => self.gone(noun, &entity)?,
                }
            }
            Operation::ConflictRestore(done) => self.conflict_back(session, done.number)?,
            Operation::Prune(_) => {
                return Err(self.never(
                    "what was pruned is gone for everybody",
                    Next::Trash.and(" shows what can be restored"),
                ));
            }
            Operation::ArchiveRestore(_) => {
                return Err(self.never(
                    "a restored record is in its document like any other",
                    Next::ArchiveRun.and(" archives it again"),
                ));
            }
            // Never in the log: the operations it ran are.
            Operation::LogRevert(_) => Vec::new(),
            #[cfg(test)]
            Operation::NoteAdd(done) => self.gone("note", &done.entity)?,
            #[cfg(test)]
            Operation::NoteEdit(done) => {
                let (entity, note) = (done.entity.clone(), self.id.to_owned());
                back_to(self.own_text("heading")?, |heading| {
                    Operation::NoteEdit(notes::Edit { entity, note, heading })
                })
            }
            #[cfg(test)]
            Operation::NoteDelete(_) => {
                return Err(self.never("a deletion wins over everything", Next::Trash.into()));
            }
            _ => Vec::new(),
        })
    }
}

//! Every change to a store as data. The command line builds operations, tests generate them at
//! random; there is one way to change a store.

mod restore;
mod untrash;

pub use restore::Restore;
pub use untrash::{Untrash, find as find_trashed};

use crate::concern::{canvas, chat, core, issues, kanban};

pub use crate::concern::Outcome;

use crate::error::{Error, Result};
use crate::id::EntityId;
use crate::store::Session;
use crate::tombstone;
use serde::{Deserialize, Serialize};

/// One change, as written in a batch line: `{"op":"chat.send","entity":"group:…","text":"hi"}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "op")]
pub enum Operation {
    #[serde(rename = "entity.create")]
    EntityCreate(core::Create),
    #[serde(rename = "entity.rename")]
    EntityRename(core::Rename),
    #[serde(rename = "member.add")]
    MemberAdd(core::Add),
    #[serde(rename = "member.remove")]
    MemberRemove(core::Remove),
    #[serde(rename = "member.role")]
    MemberRole(core::SetRole),
    #[serde(rename = "chat.send")]
    ChatSend(chat::Send),
    #[serde(rename = "chat.edit")]
    ChatEdit(chat::Edit),
    #[serde(rename = "chat.delete")]
    ChatDelete(chat::Delete),
    #[serde(rename = "chat.react")]
    ChatReact(chat::React),
    #[serde(rename = "kanban.add")]
    KanbanAdd(kanban::Add),
    #[serde(rename = "kanban.edit")]
    KanbanEdit(kanban::Edit),
    #[serde(rename = "kanban.move")]
    KanbanMove(kanban::Move),
    #[serde(rename = "kanban.archive")]
    KanbanArchive(kanban::Archive),
    #[serde(rename = "kanban.restore")]
    KanbanRestore(kanban::Restore),
    #[serde(rename = "kanban.column.add")]
    ColumnAdd(kanban::AddColumn),
    #[serde(rename = "kanban.column.rename")]
    ColumnRename(kanban::RenameColumn),
    #[serde(rename = "kanban.column.move")]
    ColumnMove(kanban::MoveColumn),
    #[serde(rename = "kanban.column.remove")]
    ColumnRemove(kanban::RemoveColumn),
    #[serde(rename = "issue.open")]
    IssueOpen(issues::Open),
    #[serde(rename = "issue.edit")]
    IssueEdit(issues::Edit),
    #[serde(rename = "issue.status")]
    IssueStatus(issues::SetStatus),
    #[serde(rename = "issue.priority")]
    IssuePriority(issues::SetPriority),
    #[serde(rename = "issue.assign")]
    IssueAssign(issues::Assign),
    #[serde(rename = "issue.close")]
    IssueClose(issues::Close),
    #[serde(rename = "issue.reopen")]
    IssueReopen(issues::Reopen),
    #[serde(rename = "issue.comment")]
    IssueComment(issues::Comment),
    #[serde(rename = "issue.comment.edit")]
    CommentEdit(issues::EditComment),
    #[serde(rename = "issue.comment.delete")]
    CommentDelete(issues::DeleteComment),
    #[serde(rename = "canvas.add")]
    CanvasAdd(canvas::Add),
    #[serde(rename = "canvas.set")]
    CanvasSet(canvas::Set),
    #[serde(rename = "canvas.move")]
    CanvasMove(canvas::Move),
    #[serde(rename = "canvas.delete")]
    CanvasDelete(canvas::Delete),
    #[serde(rename = "canvas.undo")]
    CanvasUndo(canvas::Undo),
    #[serde(rename = "canvas.redo")]
    CanvasRedo(canvas::Redo),
    #[serde(rename = "canvas.apply")]
    CanvasApply(canvas::relay::Apply),
    #[serde(rename = "prune")]
    Prune(Prune),
    #[serde(rename = "conflict.restore")]
    ConflictRestore(Restore),
    #[serde(rename = "trash.restore")]
    TrashRestore(Untrash),
}

impl Operation {
    /// Whether it can take a record out of its document for good, where nobody is waited for.
    pub fn deletes(&self) -> bool {
        matches!(
            self,
            Operation::ChatDelete(_)
                | Operation::CommentDelete(_)
                | Operation::CanvasDelete(_)
                | Operation::CanvasUndo(_)
                | Operation::CanvasRedo(_)
                | Operation::ColumnRemove(_)
                | Operation::MemberRemove(_)
                | Operation::Prune(_)
        )
    }
}

/// Runs an operation in a session. Nothing lasts before the session commits.
///
/// # Errors
/// Whatever the rules say; the session must then be dropped.
pub fn run(session: &mut Session, operation: &Operation) -> Result<Outcome> {
    let mark = session.recorded();
    let outcome = match operation {
        Operation::EntityCreate(op) => op.run(session),
        Operation::EntityRename(op) => op.run(session),
        Operation::MemberAdd(op) => op.run(session),
        Operation::MemberRemove(op) => op.run(session),
        Operation::MemberRole(op) => op.run(session),
        Operation::ChatSend(op) => op.run(session),
        Operation::ChatEdit(op) => op.run(session),
        Operation::ChatDelete(op) => op.run(session),
        Operation::ChatReact(op) => op.run(session),
        Operation::KanbanAdd(op) => op.run(session),
        Operation::KanbanEdit(op) => op.run(session),
        Operation::KanbanMove(op) => op.run(session),
        Operation::KanbanArchive(op) => op.run(session),
        Operation::KanbanRestore(op) => op.run(session),
        Operation::ColumnAdd(op) => op.run(session),
        Operation::ColumnRename(op) => op.run(session),
        Operation::ColumnMove(op) => op.run(session),
        Operation::ColumnRemove(op) => op.run(session),
        Operation::IssueOpen(op) => op.run(session),
        Operation::IssueEdit(op) => op.run(session),
        Operation::IssueStatus(op) => op.run(session),
        Operation::IssuePriority(op) => op.run(session),
        Operation::IssueAssign(op) => op.run(session),
        Operation::IssueClose(op) => op.run(session),
        Operation::IssueReopen(op) => op.run(session),
        Operation::IssueComment(op) => op.run(session),
        Operation::CommentEdit(op) => op.run(session),
        Operation::CommentDelete(op) => op.run(session),
        Operation::CanvasAdd(op) => op.run(session),
        Operation::CanvasSet(op) => op.run(session),
        Operation::CanvasMove(op) => op.run(session),
        Operation::CanvasDelete(op) => op.run(session),
        Operation::CanvasUndo(op) => op.run(session),
        Operation::CanvasRedo(op) => op.run(session),
        Operation::CanvasApply(op) => op.run(session),
        Operation::Prune(op) => op.run(session),
        Operation::ConflictRestore(op) => op.run(session),
        Operation::TrashRestore(op) => op.run(session),
    }?;
    if outcome.changed {
        record(session, mark, operation, &outcome)?;
    }
    Ok(outcome)
}

/// What the log keeps of an operation.
#[derive(Debug, Serialize, Deserialize)]
pub struct Recorded<O> {
    /// The id of the record.
    pub id: Option<String>,
    /// As a batch line has it.
    pub operation: O,
}

fn record(
    session: &mut Session,
    mark: usize,
    operation: &Operation,
    outcome: &Outcome,
) -> Result<()> {
    let recorded = Recorded { id: outcome.id.clone(), operation };
    let line = serde_json::to_string(&recorded)
        .map_err(|e| Error::bug("an operation does not encode").because(e))?;
    session.record(mark, &line);
    Ok(())
}

/// Removes the prunable tombstones of one entity.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Prune {
    pub entity: EntityId,
}

impl Prune {
    fn run(&self, session: &mut Session) -> Result<Outcome> {
        let pruned = tombstone::prune_entity(session, &self.entity)?;
        Ok(Outcome {
            changed: !pruned.is_empty(),
            doc: None,
            id: None,
            said: String::new(),
            pruned,
            removed: Vec::new(),
            created: false,
            detail: serde_json::Map::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_needs_only_what_has_no_default() {
        let entity = "project:gentle-wave-moon-fire";
        for line in [
            json!({"op": "kanban.add", "entity": entity, "title": "x"}),
            json!({"op": "kanban.edit", "entity": entity, "card": "3f2a", "priority": "high"}),
            json!({"op": "kanban.move", "entity": entity, "card": "3f2a", "column": "Done"}),
            json!({"op": "kanban.move", "entity": entity, "card": "3f2a", "column": "Done",
                "before": "77ab"}),
            json!({"op": "kanban.archive", "entity": entity, "card": "3f2a"}),
            json!({"op": "kanban.restore", "entity": entity, "card": "3f2a"}),
            json!({"op": "kanban.column.add", "entity": entity, "title": "x"}),
            json!({"op": "kanban.column.rename", "entity": entity, "column": "x", "title": "y"}),
            json!({"op": "kanban.column.move", "entity": entity, "column": "x", "first": true}),
            json!({"op": "kanban.column.remove", "entity": entity, "column": "x"}),
            json!({"op": "issue.open", "entity": entity, "title": "x"}),
            json!({"op": "issue.edit", "entity": entity, "issue": "9c1e", "title": "x"}),
            json!({"op": "issue.status", "entity": entity, "issue": "9c1e", "status": "in-progress"}),
            json!({"op": "issue.priority", "entity": entity, "issue": "9c1e", "priority": "low"}),
            json!({"op": "issue.assign", "entity": entity, "issue": "9c1e", "assignee": ""}),
            json!({"op": "issue.comment", "entity": entity, "issue": "9c1e", "text": "x"}),
            json!({"op": "issue.comment.edit", "entity": entity, "issue": "9c1e",
                "comment": "77ab", "text": "x"}),
            json!({"op": "issue.comment.delete", "entity": entity, "issue": "9c1e",
                "comment": "77ab"}),
            json!({"op": "issue.close", "entity": entity, "issue": "9c1e", "as": "canceled"}),
            json!({"op": "issue.reopen", "entity": entity, "issue": "9c1e"}),
        ] {
            let operation: Operation = serde_json::from_value(line.clone()).unwrap();
            // What is read back is written with everything that was left out.
            let written = serde_json::to_value(&operation).unwrap();
            for (key, value) in line.as_object().unwrap() {
                assert_eq!(written.get(key), Some(value), "{line}");
            }
            let again: Operation = serde_json::from_value(written.clone()).unwrap();
            assert_eq!(serde_json::to_value(&again).unwrap(), written);
        }
    }
}

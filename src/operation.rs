//! Every change to a store as data. The command line builds operations, tests generate them at
//! random; there is one way to change a store.

use crate::concern::{chat, core, issues, kanban};

pub use crate::concern::Outcome;

use crate::error::Result;
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
    #[serde(rename = "prune")]
    Prune(Prune),
}

/// Runs an operation in a session. Nothing lasts before the session commits.
///
/// # Errors
/// Whatever the rules say; the session must then be dropped.
pub fn run(session: &mut Session, operation: &Operation) -> Result<Outcome> {
    match operation {
        Operation::EntityCreate(op) => op.run(session),
        Operation::EntityRename(op) => op.run(session),
        Operation::MemberAdd(op) => op.run(session),
        Operation::MemberRemove(op) => op.run(session),
        Operation::MemberRole(op) => op.run(session),
        Operation::ChatSend(op) => op.run(session),
        Operation::ChatEdit(op) => op.run(session),
        Operation::ChatDelete(op) => op.run(session),
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
        Operation::Prune(op) => op.run(session),
    }
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
        })
    }
}

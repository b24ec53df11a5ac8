//! Every change to a store as data. The command line builds operations, tests generate them at
//! random; there is one way to change a store.

use crate::concern::{canvas, chat, core};

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
        Operation::CanvasAdd(op) => op.run(session),
        Operation::CanvasSet(op) => op.run(session),
        Operation::CanvasMove(op) => op.run(session),
        Operation::CanvasDelete(op) => op.run(session),
        Operation::CanvasUndo(op) => op.run(session),
        Operation::CanvasRedo(op) => op.run(session),
        Operation::CanvasApply(op) => op.run(session),
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
            created: false,
            detail: serde_json::Map::new(),
        })
    }
}

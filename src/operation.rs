//! Every change to a store as data. The command line builds operations, tests generate them at
//! random; there is one way to change a store.

use crate::concern::{chat, core};

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
    #[serde(rename = "prune")]
    Prune(Prune),
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
        Operation::Prune(op) => op.run(session),
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
        })
    }
}

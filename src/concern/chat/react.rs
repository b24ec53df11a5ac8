//! Reactions: under each emoji the set of the members who gave it (rule R3).

use super::index::Index;
use super::{FoundMessage, SPEC};
use crate::concern::{Actor, Outcome};
use crate::crdt::doc::Txn;
use crate::crdt::source::{Shared, Source};
use crate::error::{Error, Result};
use crate::id::EntityId;
use crate::limits;
use crate::path::Keys;
use crate::store::Session;
use crate::wire::Value;
use serde::{Deserialize, Serialize};

/// Gives one's reaction to a message, or takes it back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct React {
    /// The group, channel, project or organization whose chat the message is in.
    pub entity: EntityId,
    /// A message or reply id, or a unique prefix of one.
    pub message: String,
    /// One word, at most [`limits::ID_BYTES`] bytes, kept as it is written: 👍 and `:+1:` are two
    /// reactions.
    pub emoji: String,
    /// Takes it back instead; what was not given stays as it is.
    #[serde(default)]
    pub remove: bool,
}

impl React {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        check_emoji(&self.emoji)?;
        let (actor, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let message = FoundMessage::find(session, &self.entity, &self.message)?.living()?;
        let (id, emoji, member) = (message.id(), self.emoji.as_str(), actor.id.as_str());
        let reactions = message.path.field("reactions");
        let path = reactions.field(emoji);
        let given = session
            .read(&doc, |source| {
                source.value(&path).is_some_and(|members| names(&members, member))
            })?
            .unwrap_or(false);
        match (given, self.remove) {
            (true, false) => {
                return Ok(Outcome::unchanged(doc, id)
                    .saying(format!("{member} gave {emoji} to {id} already")));
            }
            (false, true) => {
                return Ok(Outcome::unchanged(doc, id)
                    .saying(format!("{member} has not given {emoji} to {id}")));
            }
            _ => {}
        }
        let index = Index::take(session, &doc);
        session.edit(&doc, |txn| {
            make_set(txn, &reactions, emoji)?;
            match self.remove {
                // Every copy: two of one's replicas may have given it at once. An array that is
                // empty now stays: to remove its key could take a reaction along that somebody
                // gives at this moment.
                true => txn.retain_not(&path, |_, value| value.as_str() == Some(member)).map(drop),
                false => txn.push(&path, member),
            }
        })?;
        index.keep(session, &doc);
        let said = match self.remove {
            true => format!("took {emoji} back from {id}"),
            false => format!("gave {emoji} to {id}"),
        };
        Ok(Outcome::changed(doc, id).saying(said))
    }
}

fn names(members: &Value, member: &str) -> bool {
    members.as_array().unwrap_or(&[]).iter().any(|value| value.as_str() == Some(member))
}

/// Makes the array of an emoji where there is none yet, and shared types of what another program
/// wrote as plain values: rule R3 unites what two replicas make at once.
fn make_set(txn: &mut Txn<'_>, reactions: &[&str], emoji: &str) -> Result<()> {
    if let Some((name, message)) = reactions.split_last()
        && txn.shared(reactions) != Some(Shared::Map)
    {
        let plain = txn.typed(reactions);
        txn.create_map(message, name)?;
        let sets = plain.as_ref().and_then(Value::as_map).into_iter().flatten();
        sets.into_iter().try_for_each(|(emoji, members)| share(txn, reactions, emoji, members))?;
    }
    let path = reactions.field(emoji);
    match txn.shared(&path) {
        Some(Shared::Array) => Ok(()),
        _ => {
            let plain = txn.typed(&path).unwrap_or(Value::Undefined);
            share(txn, reactions, emoji, &plain)
        }
    }
}

/// Makes the array of an emoji, with the members of a plain list.
fn share(txn: &mut Txn<'_>, reactions: &[&str], emoji: &str, plain: &Value) -> Result<()> {
    txn.create_array(reactions, emoji)?;
    let path = reactions.field(emoji);
    plain.as_array().unwrap_or_default().iter().try_for_each(|member| txn.push(&path, member))
}

/// Any short word will do: emoji are sequences of code points, and other programs write names.
fn check_emoji(emoji: &str) -> Result<()> {
    if emoji.is_empty() || emoji.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Error::usage(format!("not an emoji: {emoji:?}"))
            .hint("one word without spaces, for example 👍 or :+1:"));
    }
    if emoji.len() > limits::ID_BYTES {
        return Err(Error::refused(format!(
            "the emoji has {} bytes, more than {}",
            emoji.len(),
            limits::ID_BYTES
        )));
    }
    Ok(())
}

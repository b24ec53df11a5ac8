//! Reactions: under each emoji, the set of members who gave it (rule R3).

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

/// Adds the actor's reaction to a message, or removes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct React {
    /// The group, channel, project or organization whose chat the message is in.
    pub entity: EntityId,
    /// A message or reply id, or a unique prefix of one.
    pub message: String,
    /// One word, at most [`limits::ID_BYTES`] bytes, stored as given: 👍 and `:+1:` are two reactions.
    pub emoji: String,
    /// Removes it instead; no error if it was not given.
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
                    .saying(format!("{member} has already given {emoji} to {id}")));
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
                // Every copy: two replicas of one member may have added it concurrently. An array that
                // is now empty stays: removing its key could remove a reaction that somebody is adding
                // right now.
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

/// Creates the array of an emoji if there is none, and converts plain values of other programs to
/// shared types: rule R3 unites what two replicas create concurrently.
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

/// Creates the array of an emoji, with the members of a plain list.
fn share(txn: &mut Txn<'_>, reactions: &[&str], emoji: &str, plain: &Value) -> Result<()> {
    txn.create_array(reactions, emoji)?;
    let path = reactions.field(emoji);
    plain.as_array().unwrap_or_default().iter().try_for_each(|member| txn.push(&path, member))
}

/// Any short word is accepted: emoji are sequences of code points, and other programs write names.
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

//! Notes: a concern that exists only in tests. It has everything a new concern needs below the
//! commands, and its fields have names that nothing else knows: code that works with it works by the
//! schema.

mod schema;

pub use schema::{NOTES, SPEC};

use super::{Actor, Outcome, core, plain, record};
use crate::crdt::content::Content;
use crate::error::{Error, Hint, Result};
use crate::id::{DocId, EntityId};
use crate::policy::Action;
use crate::store::Session;
use crate::tombstone;
use crate::wire::Value;
use serde::{Deserialize, Serialize};

/// Writes a note.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Add {
    /// The group, channel, project or organization whose note it becomes.
    pub entity: EntityId,
    /// Not blank, at most [`NAME_CHARS`](crate::limits::NAME_CHARS) characters.
    pub heading: String,
    /// At most [`MESSAGE_BYTES`](crate::limits::MESSAGE_BYTES) bytes; may be empty.
    #[serde(default)]
    pub body: String,
    /// An active member, or a unique prefix; empty for nobody.
    #[serde(default)]
    pub reader: String,
}

impl Add {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        record::check_title("heading", &self.heading)?;
        record::check_text("body", &self.body)?;
        let (actor, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        tombstone::make_room(session, &doc)?;
        let reader = core::find_assignee(session, &self.entity, &self.reader)?;
        let (now, id) = (session.now(), session.environment().machine.ids.uuid()?);
        let text = |text: &str| Value::String(text.to_owned());
        let note = [
            ("writer", text(actor.id.as_str())),
            ("reader", text(&reader)),
            ("heading", text(&self.heading)),
            ("body", text(&self.body)),
            ("begun", Value::Int(now)),
        ];
        let note = note.map(|(name, value)| (name.to_owned(), value));
        let fields = plain::anew(&SPEC, &NOTES, &id, &Value::Object(note.into()), now);
        session.edit(&doc, |txn| txn.put(NOTES.path, &id, &Content::Map(fields)))?;
        Ok(Outcome::created(doc, &id).saying(format!("wrote {id}")))
    }
}

/// Changes the heading of one's own note.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Edit {
    /// The group, channel, project or organization whose note it is.
    pub entity: EntityId,
    /// A note's id, or a unique prefix of it.
    pub note: String,
    /// The whole new heading; not blank.
    pub heading: String,
}

impl Edit {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        record::check_title("heading", &self.heading)?;
        let (actor, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let (id, writer) = find(session, &doc, &self.note)?;
        actor.may(&Action::Edit { author: &writer }, &format!("note {id}"))?;
        let now = session.now();
        session.edit(&doc, |txn| {
            txn.set(&["notes", &id], "heading", self.heading.as_str())?;
            record::touch(txn, &["notes", &id], "touched", now)
        })?;
        Ok(Outcome::changed(doc, &id).saying(format!("edited {id}")))
    }
}

/// Deletes one's own note; an admin may delete anybody's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delete {
    /// The group, channel, project or organization whose note it is.
    pub entity: EntityId,
    /// A note's id, or a unique prefix of it.
    pub note: String,
}

impl Delete {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let (actor, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let (id, writer) = find(session, &doc, &self.note)?;
        actor.may(&Action::Delete { author: &writer }, &format!("note {id}"))?;
        let now = tombstone::time_of_deletion(session, &doc)?;
        session.edit(&doc, |txn| tombstone::mark(txn, &NOTES, &["notes", &id], now, &actor.id))?;
        let path = ["notes".to_owned(), id.clone()];
        let pruned = tombstone::prune_record(session, &doc, &NOTES, &path)?;
        Ok(Outcome::changed(doc, &id).saying(format!("deleted {id}")).pruning(pruned))
    }
}

/// The id and the writer of the note that an id or a unique prefix names.
fn find(session: &mut Session, doc: &DocId, prefix: &str) -> Result<(String, String)> {
    let found = session.read(doc, |source| {
        let hint = || Hint::from("`crdtctl notes list` shows them");
        let id = record::find(source, NOTES.path, prefix, NOTES.noun, hint)?;
        let writer = source.text(&["notes", &id, "writer"]).unwrap_or_default();
        Ok((id, writer))
    })?;
    let (id, writer) = found.unwrap_or_else(|| Err(Error::not_found("there are no notes")))?;
    record::check(session, doc, &["notes".to_owned(), id.clone()], NOTES.noun)?;
    Ok((id, writer))
}

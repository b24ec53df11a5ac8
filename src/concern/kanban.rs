//! Kanban: the columns of a board, and the cards on it.

pub mod board;
mod columns;
mod headings;
mod schema;
mod untrash;

pub use board::Board;
pub use columns::{
    AddColumn, MoveColumn, RemoveColumn, RenameColumn, find as find_column, headings, lay_out,
};
pub use schema::{CARDS, COLUMNS, SPEC};

pub use untrash::{restore_card, restore_column};

use super::{Actor, Outcome, Priority, core, record};
use crate::crdt::source::Source;
use crate::error::{Error, Next, Result};
use crate::id::{DocId, EntityId};
use crate::store::Session;
use crate::tombstone;
use crate::wire::Record;
use board::{ColumnPosition, no_board};
use columns::named;
pub use headings::Heading;
use headings::Headings;
use serde::{Deserialize, Serialize};

/// Adds a card at the end of a column.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddCard {
    /// The group, channel, project or organization whose board it is added to.
    pub entity: EntityId,
    /// Not blank, at most [`limits::NAME_CHARS`](crate::limits::NAME_CHARS) characters; need not be unique.
    pub title: String,
    /// At most [`limits::MESSAGE_BYTES`](crate::limits::MESSAGE_BYTES) bytes; may be empty.
    #[serde(default)]
    pub description: String,
    /// An id, a unique prefix of one, or a title; `None` for the first column.
    #[serde(default)]
    pub column: Option<String>,
    /// An active member, or a unique prefix; empty for nobody.
    #[serde(default)]
    pub assignee: String,
    /// Medium by default.
    #[serde(default)]
    pub priority: Priority,
    /// Unix seconds; `None` for now. Lets a record older than the store keep its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<i64>,
}

impl AddCard {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        record::check_title("title", &self.title)?;
        record::check_text("description", &self.description)?;
        let (_, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        tombstone::make_room(session, &doc)?;
        let assignee = core::find_assignee(session, &self.entity, &self.assignee)?;
        lay_out(session, &self.entity)?;
        let column = match &self.column {
            Some(column) => named(session, &self.entity, column)?,
            None => {
                let first = headings::look(session, &doc, |headings| headings.first().cloned())?;
                columns::check(session, &doc, first.flatten().ok_or_else(no_columns)?)?
            }
        };
        let now = record::made_at(session, self.created_at)?;
        let id = session.environment().machine.ids.uuid()?;
        columns::edit(session, &doc, columns::nothing, |txn| {
            // Whole, in one transaction, with every container it will ever need (rule R1).
            txn.create_map(CARDS.path, &id)?;
            let path = ["cards", id.as_str()];
            txn.set(&path, "id", id.as_str())?;
            txn.set(&path, "title", self.title.as_str())?;
            txn.set(&path, "description", self.description.as_str())?;
            txn.set(&path, "column_id", column.id.as_str())?;
            txn.set(&path, "assignee_id", assignee.as_str())?;
            txn.set(&path, "priority", self.priority.as_str())?;
            txn.set(&path, "created_at", now)?;
            txn.set(&path, "updated_at", now)?;
            txn.set(&path, "archived", false)?;
            txn.set(&path, "archived_at", 0)?;
            txn.create_map(&path, "ack_vector")?;
            board::list(txn, &column.id, &id, &ColumnPosition::End)
        })?;
        Ok(Outcome::created(doc, &id).saying(format!("added to {:?}", column.title)))
    }
}

/// The changes to a card. `None` leaves a field as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CardChanges {
    /// The whole new title: not blank, at most [`limits::NAME_CHARS`](crate::limits::NAME_CHARS) characters.
    pub title: Option<String>,
    /// The whole new description; an empty text removes it.
    pub description: Option<String>,
    /// An active member, or a unique prefix; empty for nobody.
    pub assignee: Option<String>,
    /// The new priority.
    pub priority: Option<Priority>,
}

/// Edits a card.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EditCard {
    /// The group, channel, project or organization whose board it is on.
    pub entity: EntityId,
    /// A card id, or a unique prefix of one.
    pub card: String,
    /// What to write. If nothing is given, the edit fails with `Usage`.
    #[serde(flatten)]
    pub changes: CardChanges,
}

impl EditCard {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let (_, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let fields = self.changes.fields(session, &self.entity)?;
        let card = FoundCard::find(session, &self.entity, &self.card)?.on_the_board()?;
        let new: Vec<_> =
            fields.into_iter().filter(|(name, value)| card.text(name) != value).collect();
        if new.is_empty() {
            return Ok(Outcome::unchanged(doc, &card.id).saying("it already says that"));
        }
        let now = session.now();
        columns::edit(session, &doc, columns::nothing, |txn| {
            let path = ["cards", card.id.as_str()];
            for (name, value) in &new {
                txn.set(&path, name, value.as_str())?;
            }
            record::touch(txn, &path, "updated_at", now)
        })?;
        Ok(Outcome::changed(doc, &card.id).saying(format!("edited {}", card.id)))
    }
}

impl CardChanges {
    /// The fields to write, with their stored values.
    fn fields(
        &self,
        session: &mut Session,
        entity: &EntityId,
    ) -> Result<Vec<(&'static str, String)>> {
        let mut fields = Vec::new();
        if let Some(title) = &self.title {
            record::check_title("title", title)?;
            fields.push(("title", title.clone()));
        }
        if let Some(description) = &self.description {
            record::check_text("description", description)?;
            fields.push(("description", description.clone()));
        }
        if let Some(assignee) = &self.assignee {
            fields.push(("assignee_id", core::find_assignee(session, entity, assignee)?));
        }
        if let Some(priority) = self.priority {
            fields.push(("priority", priority.as_str().to_owned()));
        }
        match fields.is_empty() {
            true => Err(Error::usage("nothing to change")
                .hint("give a title, a description, an assignee or a priority")),
            false => Ok(fields),
        }
    }
}

/// Moves a card to a column, or to another place in its own column.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MoveCard {
    /// The group, channel, project or organization whose board it is on.
    pub entity: EntityId,
    /// A card id, or a unique prefix of one.
    pub card: String,
    /// An id, a unique prefix of one, or a title.
    pub column: String,
    /// The card to place it before.
    #[serde(default)]
    pub before: Option<String>,
    /// Before all others. With none of `top`, `before` and `bottom`, a card new to the column goes to
    /// its end.
    #[serde(default)]
    pub top: bool,
    /// After all others, even if it is in the column already.
    #[serde(default)]
    pub bottom: bool,
}

impl MoveCard {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let (_, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let card = FoundCard::find(session, &self.entity, &self.card)?.on_the_board()?;
        let column = named(session, &self.entity, &self.column)?;
        let is_here = card.text("column_id") == column.id;
        let spot = self.spot(session, &card, &column)?;
        let stands = is_here
            && match self.bottom {
                true => is_last(session, &doc, &column, &card.id)?,
                false => stands(session, &doc, &column, &card.id, &spot)?,
            };
        if stands {
            return Ok(Outcome::unchanged(doc, &card.id)
                .saying(format!("it is already there in {:?}", column.title)));
        }
        let now = session.now();
        columns::edit(session, &doc, columns::nothing, |txn| {
            board::unlist(txn, card.text("column_id"), &card.id)?;
            // Within a column only the list changes, and the list has no clock: a concurrent move to
            // another column must not lose against it.
            if !is_here {
                txn.set(&["cards", &card.id], "column_id", column.id.as_str())?;
                record::touch(txn, &["cards", &card.id], "updated_at", now)?;
            }
            board::list(txn, &column.id, &card.id, &spot)
        })?;
        Ok(Outcome::changed(doc, &card.id)
            .saying(format!("moved {} to {:?}", card.id, column.title)))
    }

    fn spot(
        &self,
        session: &mut Session,
        card: &FoundCard,
        column: &Heading,
    ) -> Result<ColumnPosition> {
        if usize::from(self.before.is_some()) + usize::from(self.top) + usize::from(self.bottom) > 1
        {
            return Err(Error::usage(
                "a card goes to the top, to the bottom or before another card: give only one",
            ));
        }
        let Some(before) = &self.before else {
            return Ok(if self.top { ColumnPosition::Top } else { ColumnPosition::End });
        };
        let before = FoundCard::find(session, &self.entity, before)?.id;
        if before == card.id {
            return Err(Error::usage(format!("card {before} cannot go before itself")));
        }
        let doc = self.entity.document(SPEC.name);
        if board::before(session, &doc, &column.id, &before)?.is_none() {
            return Err(Error::refused(format!("card {before} is not in {:?}", column.title))
                .hint(Next::Board.and(" shows where it is")));
        }
        Ok(ColumnPosition::Before(before))
    }
}

/// Whether a card of a column is at a position. For a card in the column, any place counts as the end:
/// the end is only where cards come in.
fn stands(
    session: &mut Session,
    doc: &DocId,
    column: &Heading,
    card: &str,
    spot: &ColumnPosition,
) -> Result<bool> {
    Ok(match spot {
        ColumnPosition::End => true,
        ColumnPosition::Top => board::before(session, doc, &column.id, card)? == Some(None),
        ColumnPosition::Before(other) => {
            board::before(session, doc, &column.id, other)?.flatten().as_deref() == Some(card)
        }
    })
}

/// Whether a card is the last of its column. In a session that has changed the document this returns
/// false without looking, so that ten thousand moves do not search ten thousand cards: the card is put
/// at the end once more.
fn is_last(session: &mut Session, doc: &DocId, column: &Heading, card: &str) -> Result<bool> {
    if session.changed().contains(doc) {
        return Ok(false);
    }
    let right = board::is_right(session, doc)?;
    let cards = session.read(doc, |source| board::cards_in(source, &column.id, right))?;
    Ok(cards.unwrap_or_default().last().is_some_and(|last| last == card))
}

/// Takes a card off the board.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Archive {
    /// The group, channel, project or organization whose board it is on.
    pub entity: EntityId,
    /// A card id, or a unique prefix of one.
    pub card: String,
}

impl Archive {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let (actor, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let card = FoundCard::find(session, &self.entity, &self.card)?;
        if card.is_archived() {
            return Ok(Outcome::unchanged(doc, &card.id)
                .saying(format!("{} is already archived", card.id)));
        }
        let now = tombstone::time_of_deletion(session, &doc)?;
        columns::edit(session, &doc, columns::nothing, |txn| {
            tombstone::mark(txn, &CARDS, &["cards", &card.id], now, &actor.id)?;
            board::unlist(txn, card.text("column_id"), &card.id)
        })?;
        Ok(Outcome::changed(doc, &card.id).saying(format!("archived {}", card.id)))
    }
}

/// Puts an archived card back at the end of the column it came from, or of the first column if that one
/// is gone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RestoreCard {
    /// The group, channel, project or organization whose board it was on.
    pub entity: EntityId,
    /// A card id, or a unique prefix of one.
    pub card: String,
}

impl RestoreCard {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        self.at(session, session.now())
    }

    /// Restores it with its clock at this time, or after what it was.
    pub(crate) fn at(&self, session: &mut Session, now: i64) -> Result<Outcome> {
        let (_, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let card = FoundCard::find(session, &self.entity, &self.card)?;
        if !card.is_archived() {
            return Ok(
                Outcome::unchanged(doc, &card.id).saying(format!("{} is not archived", card.id))
            );
        }
        let column = own_column(session, &doc, card.text("column_id"))?;
        let column = columns::check(session, &doc, column)?;
        columns::edit(session, &doc, columns::nothing, |txn| {
            let path = ["cards", card.id.as_str()];
            tombstone::revive(txn, &CARDS, &path)?;
            txn.set(&path, "column_id", column.id.as_str())?;
            record::touch(txn, &path, "updated_at", now)?;
            board::list(txn, &column.id, &card.id, &ColumnPosition::End)
        })?;
        Ok(Outcome::changed(doc, &card.id)
            .saying(format!("restored {} to {:?}", card.id, column.title)))
    }
}

/// What the operations need to know about a card.
struct FoundCard {
    id: String,
    record: Record,
}

impl FoundCard {
    fn find(session: &mut Session, entity: &EntityId, prefix: &str) -> Result<FoundCard> {
        let doc = entity.document(SPEC.name);
        let found = session.read(&doc, |source| {
            let id = find(source, prefix)?;
            let record = CARDS.record(source, &["cards", &id]);
            Ok(FoundCard { id, record })
        })?;
        let card = found.unwrap_or_else(|| Err(no_board(entity)))?;
        record::check(session, &doc, &["cards".to_owned(), card.id.clone()], CARDS.noun)?;
        Ok(card)
    }

    /// The card, if it is not archived.
    fn on_the_board(self) -> Result<FoundCard> {
        match self.is_archived() {
            false => Ok(self),
            true => Err(Error::refused(format!("card {} is archived", self.id))
                .hint(Next::RestoreCard(self.id.clone()).and(" puts it back"))),
        }
    }

    fn is_archived(&self) -> bool {
        record::flag(&self.record, "archived")
    }

    fn text(&self, name: &str) -> &str {
        record::text(&self.record, name)
    }
}

/// The id of the card that an id or a unique prefix names, archived ones included.
///
/// # Errors
/// `NotFound` or `Ambiguous`.
pub fn find(source: &dyn Source, prefix: &str) -> Result<String> {
    let hint = || Next::Cards.and(" shows them");
    record::find(source, CARDS.path, prefix, CARDS.noun, hint)
}

/// The column with this id, or the first one if it is gone.
fn own_column(session: &mut Session, doc: &DocId, id: &str) -> Result<Heading> {
    let own = |headings: &Headings| headings.get(id).or_else(|| headings.first()).cloned();
    headings::look(session, doc, own)?.flatten().ok_or_else(no_columns)
}

fn no_columns() -> Error {
    Error::refused("the board has no columns").hint(Next::AddColumn.and(" adds one"))
}

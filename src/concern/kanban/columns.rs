//! The columns of a board: creating, naming and changing them.

use super::board::{self, no_board};
pub use super::headings::Heading;
use super::headings::{self, Headings};
use super::{COLUMNS, SPEC};
use crate::clock::Ids;
use crate::concern::{Actor, Outcome, record};
use crate::crdt::container;
use crate::crdt::doc::{New, Txn};
use crate::crdt::source::Source;
use crate::error::{Error, Next, Result, counted};
use crate::id::{DocId, EntityId};
use crate::store::Session;
use crate::tombstone::{self, trash};
use serde::{Deserialize, Serialize};

/// The columns of a new board.
const DEFAULTS: [&str; 3] = ["Backlog", "In Progress", "Done"];

/// The columns in the order of the board, without their cards.
pub fn headings(source: &dyn Source) -> Vec<Heading> {
    Headings::of(source).iter().cloned().collect()
}

/// The column that an id, a title or a unique prefix of an id names. Titles are compared exactly, then
/// without regard to case.
///
/// # Errors
/// `NotFound`, `Ambiguous`; `Usage` for a prefix that is too short.
pub fn find(source: &dyn Source, named: &str) -> Result<Heading> {
    Headings::of(source).find(named).cloned()
}

/// Creates the default columns, unless the board has columns or once had these.
///
/// Two replicas may do this concurrently, for example when both write to a board that neither has seen
/// yet. Everything is therefore created deterministically (rule R2), ids included, so that one set of
/// columns remains after a merge. Nothing in it may ever change between versions of the program.
/// Returns whether it created them.
pub fn lay_out(session: &mut Session, entity: &EntityId) -> Result<bool> {
    let doc = entity.document(SPEC.name);
    if headings::look(session, &doc, Headings::is_empty)? == Some(false) {
        return Ok(false);
    }
    session.edit(&doc, |txn| create_defaults(txn, &doc))
}

fn create_defaults(txn: &mut Txn<'_>, doc: &DocId) -> Result<bool> {
    container::create_once(txn, doc, "columns", "defaults", |txn| {
        let ids = Ids::seeded(&format!("columns of {doc}"));
        (0i64..).zip(DEFAULTS).try_for_each(|(order, title)| {
            append(txn, &Heading { id: ids.uuid()?, title: title.to_owned(), order })
        })
    })
}

/// Creates a whole column (rule R1).
fn append(txn: &mut Txn<'_>, heading: &Heading) -> Result<()> {
    let fields = vec![
        ("title", heading.title.as_str().into()),
        ("order", heading.order.into()),
        ("card_order", New::Array),
    ];
    txn.push_record(&["columns"], &heading.id, fields)
}

/// Adds a column after the others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddColumn {
    /// The group, channel, project or organization whose board it is added to.
    pub entity: EntityId,
    /// Not blank, at most [`NAME_CHARS`](crate::limits::NAME_CHARS) characters. If a column has this
    /// title already, that column is returned.
    pub title: String,
}

impl AddColumn {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        record::check_title("title", &self.title)?;
        let (_, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        tombstone::make_room(session, &doc)?;
        let laid_out = lay_out(session, &self.entity)?;
        let known = headings::look(session, &doc, |headings| {
            let same = headings.titled(&self.title).map(|same| same.id.clone());
            (same, headings.last_order())
        })?;
        let (same, last) = known.unwrap_or_default();
        if let Some(same) = same {
            return Ok(Outcome::new(laid_out, doc, &same)
                .saying(format!("there is a column {:?}", self.title)));
        }
        let heading = Heading {
            id: session.environment().machine.ids.uuid()?,
            title: self.title.clone(),
            order: last.map_or(0, |last| last.saturating_add(1)),
        };
        let learn = |headings: &mut Headings| headings.add(heading.clone());
        edit(session, &doc, learn, |txn| append(txn, &heading))?;
        Ok(Outcome::created(doc, &heading.id).saying(format!("added column {:?}", self.title)))
    }
}

/// Renames a column.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RenameColumn {
    /// The group, channel, project or organization whose board it is on.
    pub entity: EntityId,
    /// An id, a unique prefix of one, or a title.
    pub column: String,
    /// The new title; refused if another column has it.
    pub title: String,
}

impl RenameColumn {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        record::check_title("title", &self.title)?;
        let (_, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let column = named(session, &self.entity, &self.column)?;
        let said = format!("column {:?} is called {:?}", column.title, self.title);
        if column.title == self.title {
            return Ok(Outcome::unchanged(doc, &column.id).saying(said));
        }
        let is_taken = |headings: &Headings| headings.titled(&self.title).is_some();
        if headings::look(session, &doc, is_taken)? == Some(true) {
            return Err(Error::refused(format!("there is a column {:?} already", self.title))
                .hint(Next::Board.and(" shows the columns")));
        }
        let renamed = Heading { title: self.title.clone(), ..column.clone() };
        edit(
            session,
            &doc,
            |headings| headings.add(renamed),
            |txn| txn.set(&["columns", &column.id], "title", self.title.as_str()),
        )?;
        Ok(Outcome::changed(doc, &column.id).saying(said))
    }
}

/// Moves a column to another place on the board; to the end by default.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MoveColumn {
    /// The group, channel, project or organization whose board it is on.
    pub entity: EntityId,
    /// An id, a unique prefix of one, or a title.
    pub column: String,
    /// The column to place it before.
    #[serde(default)]
    pub before: Option<String>,
    /// Before all others; not together with `before`.
    #[serde(default)]
    pub first: bool,
}

impl MoveColumn {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let (_, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let column = named(session, &self.entity, &self.column)?;
        let before = match &self.before {
            Some(before) => Some(named(session, &self.entity, before)?),
            None => None,
        };
        if self.first && before.is_some() {
            return Err(Error::usage("a column is put first or before another one, not both"));
        }
        if before.as_ref() == Some(&column) {
            return Err(Error::usage(format!("column {:?} cannot go before itself", column.title)));
        }
        let numbered = headings::look(session, &doc, |headings| {
            let before = match (&before, self.first) {
                (None, true) => headings.first(),
                (before, _) => before.as_ref(),
            };
            headings.numbers_to_move(&column, before)
        })?;
        let numbered = numbered.unwrap_or_default();
        if numbered.is_empty() {
            return Ok(Outcome::unchanged(doc, &column.id)
                .saying(format!("column {:?} is already there", column.title)));
        }
        for other in &numbered {
            check(session, &doc, other.clone())?;
        }
        let learn =
            |headings: &mut Headings| numbered.iter().cloned().for_each(|h| headings.add(h));
        edit(session, &doc, learn, |txn| {
            let mut columns = numbered.iter();
            columns.try_for_each(|of| txn.set(&["columns", &of.id], "order", of.order))
        })?;
        Ok(Outcome::changed(doc, &column.id).saying(format!("moved column {:?}", column.title)))
    }
}

/// Removes a column. Its cards move to another one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveColumn {
    /// The group, channel, project or organization whose board it is on.
    pub entity: EntityId,
    /// An id, a unique prefix of one, or a title.
    pub column: String,
    /// The column its cards move to; `None` if it has none.
    #[serde(default)]
    pub to: Option<String>,
}

impl RemoveColumn {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let (_, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let column = named(session, &self.entity, &self.column)?;
        let to = match &self.to {
            Some(to) => Some(named(session, &self.entity, to)?),
            None => None,
        };
        if to.as_ref() == Some(&column) {
            return Err(Error::usage(format!(
                "the cards of column {:?} cannot go to itself",
                column.title
            )));
        }
        let right = board::is_right(session, &doc)?;
        let cards = session.read(&doc, |source| board::cards_in(source, &column.id, right))?;
        let cards = cards.unwrap_or_default();
        if to.is_none() && !cards.is_empty() {
            let what =
                format!("column {:?} holds {}", column.title, counted(cards.len() as u64, "card"));
            return Err(Error::refused(what).hint(
                Next::RemoveColumn(self.column.clone()).and(" moves them to another column"),
            ));
        }
        let now = session.now();
        let path = ["columns", &column.id].map(str::to_owned);
        trash::keep(session, &doc, &COLUMNS, &path, trash::REMOVED)?;
        edit(
            session,
            &doc,
            |headings| headings.remove(&column.id),
            |txn| {
                if let Some(to) = &to {
                    for card in &cards {
                        txn.set(&["cards", card], "column_id", to.id.as_str())?;
                        record::touch(txn, &["cards", card], "updated_at", now)?;
                        board::list(txn, &to.id, card, &board::ColumnPosition::End)?;
                    }
                }
                // Last: its list is removed with it.
                txn.remove(&["columns"], &column.id).map(drop)
            },
        )?;
        let along = match &to {
            Some(to) => {
                format!("; {} moved to {:?}", counted(cards.len() as u64, "card"), to.title)
            }
            None => String::new(),
        };
        Ok(Outcome::changed(doc, &column.id)
            .saying(format!("removed column {:?}{along}", column.title))
            .removing(&column.id))
    }
}

/// The column of an entity's board that an id, a unique prefix of one, or a title names.
pub(super) fn named(session: &mut Session, entity: &EntityId, name: &str) -> Result<Heading> {
    let doc: DocId = entity.document(SPEC.name);
    let found = headings::look(session, &doc, |headings| headings.find(name).cloned())?;
    let heading = found.unwrap_or_else(|| Err(no_board(entity)))?;
    check(session, &doc, heading)
}

/// The column, if it is writable.
pub(super) fn check(session: &mut Session, doc: &DocId, heading: Heading) -> Result<Heading> {
    record::check(session, doc, &["columns".to_owned(), heading.id.clone()], COLUMNS.noun)?;
    Ok(heading)
}

/// Changes a board. Its lists are corrected first unless they are known to be correct, and `change`
/// must keep them so. What the session knows about its columns is updated too, if anything.
pub(super) fn edit<R>(
    session: &mut Session,
    doc: &DocId,
    learn: impl FnOnce(&mut Headings),
    change: impl FnOnce(&mut Txn<'_>) -> Result<R>,
) -> Result<R> {
    let right = board::is_right(session, doc)?;
    let headings = session.recall::<Headings>(doc);
    let done = session.edit(doc, |txn| {
        if !right {
            board::put_right(txn)?;
        }
        change(txn)
    })?;
    session.note_normal(doc);
    if let Some(mut headings) = headings {
        headings.neighbours = None;
        learn(&mut headings);
        session.remember(doc, headings);
    }
    Ok(done)
}

/// What a change to cards alone changes about columns.
pub(super) fn nothing(_: &mut Headings) {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::doc::Doc;

    /// What this creates can never change: replicas of every version must create the same.
    #[test]
    fn a_board_begins_with_the_same_bytes_for_ever() {
        let doc_id = DocId::parse("project:test:kanban").unwrap();
        let state = |client| {
            let mut doc = Doc::new(client);
            assert!(doc.edit(|txn| create_defaults(txn, &doc_id)).unwrap());
            assert!(!doc.edit(|txn| create_defaults(txn, &doc_id)).unwrap());
            doc.encode().unwrap().0
        };
        assert_eq!(state(1), state(2));
        let hash = blake3::hash(&state(1)).to_hex();
        assert!(hash.starts_with("ad42d32038407a0e49512729b2062999"), "{hash}");
    }
}

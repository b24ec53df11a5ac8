//! The board, derived: the column of each card, and its place there (rule R5).
//!
//! A card is in the column that its `column_id` names, at its first place in that column's
//! `card_order`; cards not listed there come last, by age; other entries of the lists are skipped. A
//! card whose column is gone is unfiled. Everything that shows, changes or checks a board reads it
//! here.

use super::headings::{self, Neighbours};
use crate::concern::record;
use crate::crdt::doc::Txn;
use crate::crdt::source::{Shared, Source};
use crate::error::{Error, Next, Result};
use crate::id::{DocId, EntityId};
use crate::store::Session;
use crate::wire::{Id, Record, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The list of a column with the order of its cards.
pub const LIST: &str = "card_order";

/// A column with its cards.
#[derive(Debug)]
pub struct ColumnState {
    /// The id that its cards name; empty if another program wrote a column without one.
    pub id: String,
    /// For people; two columns can have the same title.
    pub title: String,
    /// Its place on the board.
    pub order: i64,
    /// Its index in the document's array, which means nothing else.
    pub place: usize,
    /// The entries of its `card_order`, valid or not.
    pub listed: Vec<String>,
    /// Its cards, in order.
    pub cards: Vec<String>,
    state: CardState,
}

/// How much of a column can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CardState {
    Whole,
    /// It has no shared list of cards yet.
    Listless,
    /// Another program wrote it as one plain value.
    Plain,
}

/// All columns and cards of a document.
#[derive(Debug)]
pub struct Board {
    /// In the order of the board.
    pub columns: Vec<ColumnState>,
    /// The cards whose column is gone, by age.
    pub unfiled: Vec<String>,
    /// Card → the column that it names; archived cards are not on the board.
    pub cards: BTreeMap<String, String>,
    /// The archived cards, which are tombstones and in no column.
    pub archived: BTreeSet<String>,
}

impl Board {
    /// Derives the board of a kanban document; an empty one if there are no columns and cards. Linear
    /// in the document, apart from sorting.
    pub fn of(source: &dyn Source) -> Board {
        let mut board = Board {
            columns: columns_of(source),
            unfiled: Vec::new(),
            cards: BTreeMap::new(),
            archived: BTreeSet::new(),
        };
        // By the column that they name; within each by age.
        let mut standing: BTreeMap<String, BTreeSet<Aged>> = BTreeMap::new();
        for card in source.keys(&["cards"]) {
            if source.flag(&["cards", &card, "archived"]) {
                board.archived.insert(card);
                continue;
            }
            let column = source.text(&["cards", &card, "column_id"]).unwrap_or_default();
            standing.entry(column.clone()).or_default().insert(Aged::of(source, &card));
            board.cards.insert(card, column);
        }
        // Of two columns with one id, the first in the document has the cards.
        let mut in_document: Vec<&mut ColumnState> = board.columns.iter_mut().collect();
        in_document.sort_by_key(|column| column.place);
        for column in in_document.into_iter().filter(|column| !column.id.is_empty()) {
            column.fill(standing.remove(&column.id).unwrap_or_default());
        }
        let left: BTreeSet<Aged> = standing.into_values().flatten().collect();
        board.unfiled = left.into_iter().map(|standing| standing.card).collect();
        board
    }

    /// The column with this id.
    pub fn column(&self, id: &str) -> Option<&ColumnState> {
        let named = self.columns.iter().filter(|column| !id.is_empty() && column.id == id);
        named.min_by_key(|column| column.place)
    }

    /// The first column on the board.
    pub fn first(&self) -> Option<&ColumnState> {
        self.columns.first()
    }
}

/// A card in age order; within one second, in the order of writing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Aged {
    created_at: i64,
    created_by: Option<Id>,
    card: String,
}

impl Aged {
    fn of(source: &dyn Source, card: &str) -> Aged {
        Aged {
            created_at: source.int(&["cards", card, "created_at"]).unwrap_or(0),
            created_by: source.created_by(&["cards", card]),
            card: card.to_owned(),
        }
    }
}

fn columns_of(source: &dyn Source) -> Vec<ColumnState> {
    let columns = source.value(&["columns"]);
    let columns = columns.as_ref().and_then(Value::as_array).unwrap_or(&[]).iter();
    let mut columns: Vec<ColumnState> = columns
        .enumerate()
        .filter_map(|(place, column)| {
            let plain = matches!(column, Value::Object(_));
            Some(ColumnState::of(place, column.as_map()?, plain))
        })
        .collect();
    columns.sort_by_key(|column| (column.order, column.place));
    columns
}

impl ColumnState {
    fn of(place: usize, fields: &Record, plain: bool) -> ColumnState {
        let text = |name| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let list = fields.get("card_order");
        let entries = list.and_then(Value::as_array).unwrap_or(&[]).iter();
        ColumnState {
            id: text("id"),
            title: text("title"),
            order: fields.get("order").and_then(Value::as_i64).unwrap_or(0),
            place,
            listed: entries.filter_map(|entry| entry.as_str().map(str::to_owned)).collect(),
            cards: Vec::new(),
            state: match list {
                _ if plain => CardState::Plain,
                Some(Value::Array(_)) => CardState::Whole,
                _ => CardState::Listless,
            },
        }
    }

    /// Whether another program wrote it as one plain value.
    pub fn is_plain(&self) -> bool {
        self.state == CardState::Plain
    }

    /// Orders the cards that name it.
    fn fill(&mut self, standing: BTreeSet<Aged>) {
        let mut unlisted: BTreeSet<&str> = standing.iter().map(|of| of.card.as_str()).collect();
        // The second entry of a card finds it already taken.
        let listed = self.listed.iter().filter(|card| unlisted.remove(card.as_str()));
        self.cards = listed.cloned().collect();
        let left = standing.iter().filter(|of| unlisted.contains(of.card.as_str()));
        self.cards.extend(left.map(|of| of.card.clone()));
    }

    /// Creates a shared list if another program left it out or wrote it as one value.
    fn share_list(&self, txn: &mut Txn<'_>) -> Result<()> {
        txn.create_list_at(&["columns"], self.place, "card_order")?;
        let mut entries = self.listed.iter();
        entries
            .try_for_each(|card| txn.push_at(&["columns"], self.place, "card_order", card.as_str()))
    }

    /// Whether its list matches what it shows, or cannot be written.
    fn is_right(&self) -> bool {
        match self.state {
            CardState::Plain => true,
            CardState::Whole => self.listed == self.cards,
            CardState::Listless => false,
        }
    }

    /// Makes its list match what it shows. A correct entry stays the same item, so that two replicas
    /// that do this concurrently do the same.
    fn put_right(&self, txn: &mut Txn<'_>) -> Result<()> {
        let (columns, place) = (["columns"], self.place);
        if self.is_right() {
            return Ok(());
        }
        if self.state == CardState::Listless {
            txn.create_list_at(&columns, place, "card_order")?;
        }
        let mut left: BTreeSet<&str> = self.cards.iter().map(String::as_str).collect();
        if self.state == CardState::Whole {
            txn.retain_not_at(&columns, place, "card_order", |_, entry| {
                !entry.as_str().is_some_and(|card| left.remove(card))
            })?;
        }
        for card in self.cards.iter().filter(|card| left.contains(card.as_str())) {
            txn.push_at(&columns, place, "card_order", card.as_str())?;
        }
        Ok(())
    }
}

/// Makes the lists of all columns match what the board shows.
pub fn put_right(txn: &mut Txn<'_>) -> Result<()> {
    Board::of(txn).columns.iter().try_for_each(|column| column.put_right(txn))
}

/// Whether the lists are known to be correct. A write to a board corrects them, and later writes keep
/// them correct, in this and later sessions, until something else changes the document. So ten thousand
/// moves do not derive ten thousand boards.
pub fn is_right(session: &mut Session, doc: &DocId) -> Result<bool> {
    let right = session.is_normal(doc)?;
    // What is remembered about a file is checked when everything is open anyway.
    if cfg!(debug_assertions) && right && !session.is_paged() && session.revision(doc) == 0 {
        let as_shown =
            |source: &dyn Source| Board::of(source).columns.iter().all(ColumnState::is_right);
        assert_ne!(session.read(doc, as_shown)?, Some(false), "{doc}: its lists are wrong");
    }
    Ok(right)
}

/// The cards of a column, in order.
pub fn cards_in(source: &dyn Source, column: &str, right: bool) -> Vec<String> {
    if !right {
        let mut board = Board::of(source);
        let place = board.column(column).map(|column| column.place);
        let found = board.columns.iter_mut().find(|column| Some(column.place) == place);
        return found.map(|column| std::mem::take(&mut column.cards)).unwrap_or_default();
    }
    let list = source.value(&["columns", column, "card_order"]);
    let entries = list.as_ref().and_then(Value::as_array).unwrap_or(&[]).iter();
    entries.filter_map(|entry| entry.as_str().map(str::to_owned)).collect()
}

impl Board {
    /// The card before each card, by the column that shows it.
    pub fn neighbours(&self) -> HashMap<String, Neighbours> {
        let of = |column: &ColumnState| {
            let before = std::iter::once(None).chain(column.cards.iter().cloned().map(Some));
            column.cards.iter().cloned().zip(before).collect()
        };
        let named = self.columns.iter().filter_map(|column| self.column(&column.id));
        named.map(|column| (column.id.clone(), of(column))).collect()
    }
}

/// The card before a card in a column: `Some(None)` for the first one, `None` if the card is not in the
/// column. Ten thousand calls do not derive ten thousand boards.
pub fn before(
    session: &mut Session,
    doc: &DocId,
    column: &str,
    card: &str,
) -> Result<Option<Option<String>>> {
    if is_right(session, doc)? {
        let list = ["columns", column, "card_order"];
        let before = |source: &dyn Source| source.text_before(&list, card);
        return Ok(session.read(doc, before)?.flatten());
    }
    let Some(mut headings) = headings::recall(session, doc)? else { return Ok(None) };
    if headings.neighbours.is_none() {
        headings.neighbours = session.read(doc, |source| Board::of(source).neighbours())?;
    }
    let of_column = headings.neighbours.as_ref().and_then(|columns| columns.get(column));
    let before = of_column.and_then(|cards| cards.get(card)).cloned();
    session.remember(doc, headings);
    Ok(before)
}

/// A position in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnPosition {
    /// Before all others.
    Top,
    /// Directly before the card with this id, which must be in the column's list.
    Before(String),
    /// After all others.
    End,
}

/// Lists a card in a column. The lists must be correct.
pub fn list(txn: &mut Txn<'_>, column: &str, card: &str, spot: &ColumnPosition) -> Result<()> {
    let path = ["columns", column, "card_order"];
    match spot {
        ColumnPosition::Top => txn.insert_at(&path, 0, card),
        ColumnPosition::End => txn.push(&path, card),
        ColumnPosition::Before(other) => txn.insert_before(&path, other, card),
    }
}

/// Removes a card from the list of a column, which may be gone or a plain value. A card that comes back
/// gets a new entry: somebody may be removing the old one right now.
pub fn unlist(txn: &mut Txn<'_>, column: &str, card: &str) -> Result<()> {
    let list = ["columns", column, "card_order"];
    match txn.shared(&list) {
        Some(Shared::Array) => txn.remove_text(&list, card).map(drop),
        _ => Ok(()),
    }
}

/// Lists a card exactly once: in the column that it names, or in the first one if that does not exist.
/// Anything that is not a card on the board is listed nowhere.
pub fn list_once(txn: &mut Txn<'_>, card: &str, now: i64) -> Result<()> {
    let board = Board::of(txn);
    let own = match board.cards.get(card) {
        Some(names) => board.column(names).or_else(|| board.first()),
        None => None,
    };
    let mut stands = false;
    let is_own = |column: &ColumnState| own.is_some_and(|own| own.place == column.place);
    for column in board.columns.iter().filter(|column| column.state == CardState::Listless) {
        if is_own(column) || column.listed.iter().any(|entry| entry == card) {
            column.share_list(txn)?;
        }
    }
    for column in &board.columns {
        if column.is_plain() || !column.listed.iter().any(|entry| entry == card) {
            continue;
        }
        let mut keep = is_own(column);
        stands |= keep;
        txn.retain_not_at(&["columns"], column.place, "card_order", |_, entry| {
            let is_it = entry.as_str() == Some(card);
            is_it && !std::mem::take(&mut keep)
        })?;
    }
    let Some(own) = own.filter(|own| !own.is_plain()) else { return Ok(()) };
    if !stands {
        txn.push_at(&["columns"], own.place, "card_order", card)?;
    }
    if board.cards.get(card) != Some(&own.id) {
        txn.set(&["cards", card], "column_id", own.id.as_str())?;
        record::touch(txn, &["cards", card], "updated_at", now)?;
    }
    Ok(())
}

/// The error for an entity without a board.
pub(super) fn no_board(entity: &EntityId) -> Error {
    Error::not_found(format!("{entity} has no kanban board")).hint(Next::AddCard.and(" starts one"))
}

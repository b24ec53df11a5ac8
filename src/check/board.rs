//! The cards of a kanban board, derived from the schema: in which column each stands, and where
//! the columns list it (rule R5).

use super::people::WRONG_CACHE;
use super::{Edit, Fix, Found};
use crate::crdt::value::{Record, Source, Value};
use crate::store::check::Kind;
use std::collections::{BTreeMap, BTreeSet};

static CARD_IN_TWO_COLUMNS: Kind = Kind::warning("card-in-two-columns");
static CARD_IN_NO_COLUMN: Kind = Kind::warning("card-in-no-column");

/// A column as it stands in the document.
pub struct Column {
    pub id: String,
    /// Its place on the board.
    pub order: i64,
    /// The entries of its `card_order`.
    pub cards: Vec<String>,
}

/// The board as far as its columns and cards refer to each other.
pub struct Board {
    /// In the order of the document.
    pub columns: Vec<Column>,
    /// Card → the column that it names; archived cards are not on the board.
    pub cards: BTreeMap<String, String>,
    archived: BTreeSet<String>,
}

impl Board {
    pub fn of(source: &dyn Source) -> Board {
        let columns = source.value(&["columns"]);
        let columns = columns.as_ref().and_then(Value::as_array).unwrap_or(&[]).iter();
        let mut board = Board {
            columns: columns.map(|column| Column::of(column.as_map())).collect(),
            cards: BTreeMap::new(),
            archived: BTreeSet::new(),
        };
        for card in source.keys(&["cards"]) {
            if source.flag(&["cards", &card, "archived"]) {
                board.archived.insert(card);
            } else {
                let column = source.text(&["cards", &card, "column_id"]).unwrap_or_default();
                board.cards.insert(card, column);
            }
        }
        board
    }

    /// The column with this id.
    pub fn column(&self, id: &str) -> Option<usize> {
        self.columns.iter().position(|column| !id.is_empty() && column.id == id)
    }

    /// The first column on the board.
    pub fn first(&self) -> Option<usize> {
        let order = |at: &usize| self.columns.get(*at).map(|column| (column.order, &column.id));
        (0..self.columns.len()).min_by_key(order)
    }

    /// In how many columns a card is listed, and how often in all.
    fn listed(&self, card: &str) -> (usize, usize) {
        let times = |column: &Column| column.cards.iter().filter(|entry| *entry == card).count();
        let times: Vec<usize> = self.columns.iter().map(times).filter(|n| *n > 0).collect();
        (times.len(), times.iter().sum())
    }
}

impl Column {
    fn of(fields: Option<&Record>) -> Column {
        let field = |name| fields.and_then(|fields| fields.get(name));
        let entries = field("card_order").and_then(Value::as_array).unwrap_or(&[]).iter();
        Column {
            id: field("id").and_then(Value::as_str).unwrap_or_default().to_owned(),
            order: field("order").and_then(Value::as_i64).unwrap_or(0),
            cards: entries.filter_map(|entry| entry.as_str().map(str::to_owned)).collect(),
        }
    }
}

/// Cards that stand in two columns or in none, and lists that name what does not stand there.
pub fn cards(source: &dyn Source) -> Vec<Found> {
    let board = Board::of(source);
    let mut found: Vec<Found> =
        board.cards.iter().filter_map(|(card, column)| look_at(&board, card, column)).collect();
    let listed: BTreeSet<&String> = board.columns.iter().flat_map(|column| &column.cards).collect();
    for entry in listed {
        if !board.cards.contains_key(entry) && !board.archived.contains(entry) {
            let message = format!("a column lists card {entry}, which there is not");
            found.push(finding(&WRONG_CACHE, entry, message));
        }
    }
    found
}

fn look_at(board: &Board, card: &str, names: &str) -> Option<Found> {
    let Some(own) = board.column(names) else {
        let message = match board.first().and_then(|at| board.columns.get(at)) {
            Some(first) => format!(
                "card {card} is in no column: it names {names:?}, which there is not; repairing puts it \
                 into the first column, {:?}",
                first.id
            ),
            None => {
                return Some(Found {
                    kind: &CARD_IN_NO_COLUMN,
                    detail: card.to_owned(),
                    message: format!("card {card} is in no column: the board has none"),
                    fix: Fix::Command("crdtctl sync import BUNDLE".to_owned()),
                });
            }
        };
        return Some(finding(&CARD_IN_NO_COLUMN, card, message));
    };
    let in_own =
        board.columns.get(own).is_some_and(|column| column.cards.iter().any(|c| c == card));
    match board.listed(card) {
        (0, _) => {
            let message = format!("card {card} is in no column's list; it names {names:?}");
            Some(finding(&CARD_IN_NO_COLUMN, card, message))
        }
        (1, 1) if in_own => None,
        (1, 1) => {
            let message = format!("card {card} names column {names:?}, and another one lists it");
            Some(finding(&WRONG_CACHE, card, message))
        }
        (1, times) => {
            let message = format!("card {card} is listed {times} times in one column");
            Some(finding(&WRONG_CACHE, card, message))
        }
        (columns, _) => {
            let message = format!("card {card} is listed in {columns} columns; it names {names:?}");
            Some(finding(&CARD_IN_TWO_COLUMNS, card, message))
        }
    }
}

fn finding(kind: &'static Kind, card: &str, message: String) -> Found {
    Found {
        kind,
        detail: format!("cards/{card}"),
        message,
        fix: Fix::Edit(Edit::Card(card.to_owned())),
    }
}

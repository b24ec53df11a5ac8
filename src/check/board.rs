//! The cards of a kanban board: whether each is listed by the column it is in (rule R5).

use super::people::WRONG_CACHE;
use super::{Edit, Fix, Found};
use crate::concern::kanban::Board;
use crate::concern::kanban::board::ColumnState;
use crate::crdt::source::Source;
use crate::error::Next;
use crate::store::check::FindingKind;
use std::collections::{BTreeSet, HashMap};

static CARD_IN_TWO_COLUMNS: FindingKind = FindingKind::warning("card-in-two-columns");
static CARD_IN_NO_COLUMN: FindingKind = FindingKind::warning("card-in-no-column");

/// A board with lookups for each of its cards.
struct Lists<'b> {
    board: &'b Board,
    /// The first column of each id.
    columns: HashMap<&'b str, &'b ColumnState>,
    /// By card, the indices of the columns that list it, once per entry. Entries in a plain value cannot be
    /// repaired before the value is rewritten.
    listed: HashMap<&'b str, Vec<usize>>,
}

impl<'b> Lists<'b> {
    fn of(board: &'b Board) -> Lists<'b> {
        let mut lists = Lists { board, columns: HashMap::new(), listed: HashMap::new() };
        for column in &board.columns {
            let first = lists.columns.entry(&column.id).or_insert(column);
            if column.place < first.place {
                *first = column;
            }
            for entry in column.listed.iter().filter(|_| !column.is_plain()) {
                lists.listed.entry(entry).or_default().push(column.place);
            }
        }
        lists
    }

    /// Like [`Board::column`].
    fn column(&self, id: &str) -> Option<&'b ColumnState> {
        self.columns.get(id).copied().filter(|_| !id.is_empty())
    }

    /// Returns in how many columns a card is listed, how often in total, and whether in this one.
    fn listed(&self, card: &str, own: &ColumnState) -> (usize, usize, bool) {
        let places = self.listed.get(card).map_or(&[][..], Vec::as_slice);
        // Entries of one column are adjacent.
        let columns = places.chunk_by(|a, b| a == b).count();
        (columns, places.len(), places.contains(&own.place))
    }
}

/// Returns cards that are in two columns or in none, and list entries for cards that are not there.
pub fn cards(source: &dyn Source) -> Vec<Found> {
    let board = Board::of(source);
    let lists = Lists::of(&board);
    let mut found: Vec<Found> =
        board.cards.iter().filter_map(|(card, column)| look_at(&lists, card, column)).collect();
    let listed: BTreeSet<&str> = lists.listed.keys().copied().collect();
    for entry in listed {
        if !board.cards.contains_key(entry) && !board.archived.contains(entry) {
            let message = format!("a column lists card {entry}, which does not exist");
            found.push(finding(&WRONG_CACHE, entry, message));
        }
    }
    found
}

fn look_at(lists: &Lists<'_>, card: &str, names: &str) -> Option<Found> {
    let Some(own) = lists.column(names) else {
        let message = match lists.board.first() {
            Some(first) => format!(
                "card {card} is in no column: it names {names:?}, which does not exist; repairing puts it \
                 into the first column, {:?}",
                title(first)
            ),
            None => {
                return Some(Found {
                    kind: &CARD_IN_NO_COLUMN,
                    detail: card.to_owned(),
                    message: format!("card {card} is in no column: the board has none"),
                    fix: Fix::Next(Next::Import),
                });
            }
        };
        return Some(finding(&CARD_IN_NO_COLUMN, card, message));
    };
    if own.is_plain() {
        return None;
    }
    let named = title(own);
    match lists.listed(card, own) {
        (0, _, _) => {
            let message = format!("card {card} is in no column's list; it names {named:?}");
            Some(finding(&CARD_IN_NO_COLUMN, card, message))
        }
        (1, 1, true) => None,
        (1, 1, false) => {
            let message = format!("card {card} names column {named:?}, and another one lists it");
            Some(finding(&WRONG_CACHE, card, message))
        }
        (1, times, _) => {
            let message = format!("card {card} is listed {times} times in one column");
            Some(finding(&WRONG_CACHE, card, message))
        }
        (columns, _, _) => {
            let message = format!("card {card} is listed in {columns} columns; it names {named:?}");
            Some(finding(&CARD_IN_TWO_COLUMNS, card, message))
        }
    }
}

/// Returns the title that people see for a column.
fn title(column: &ColumnState) -> &str {
    if column.title.is_empty() { &column.id } else { &column.title }
}

fn finding(kind: &'static FindingKind, card: &str, message: String) -> Found {
    Found {
        kind,
        detail: format!("cards/{card}"),
        message,
        fix: Fix::Edit(Edit::Card(card.to_owned())),
    }
}

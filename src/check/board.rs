//! The cards of a kanban board: whether the columns list each where it stands (rule R5).

use super::people::WRONG_CACHE;
use super::{Edit, Fix, Found};
use crate::concern::kanban::Board;
use crate::concern::kanban::board::Column;
use crate::crdt::value::Source;
use crate::store::check::Kind;
use std::collections::BTreeSet;

static CARD_IN_TWO_COLUMNS: Kind = Kind::warning("card-in-two-columns");
static CARD_IN_NO_COLUMN: Kind = Kind::warning("card-in-no-column");

/// In how many columns a card is listed, and how often in all.
fn listed(board: &Board, card: &str) -> (usize, usize) {
    let times = |column: &Column| column.listed.iter().filter(|entry| *entry == card).count();
    let columns = board.columns.iter().filter(|column| !column.is_plain());
    let times: Vec<usize> = columns.map(times).filter(|n| *n > 0).collect();
    (times.len(), times.iter().sum())
}

/// Cards that stand in two columns or in none, and lists that name what does not stand there.
pub fn cards(source: &dyn Source) -> Vec<Found> {
    let board = Board::of(source);
    let mut found: Vec<Found> =
        board.cards.iter().filter_map(|(card, column)| look_at(&board, card, column)).collect();
    // What a plain value lists cannot be put right before it is rewritten.
    let columns = board.columns.iter().filter(|column| !column.is_plain());
    let listed: BTreeSet<&String> = columns.flat_map(|column| &column.listed).collect();
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
        let message = match board.first() {
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
    if own.is_plain() {
        return None;
    }
    let in_own = own.listed.iter().any(|entry| entry == card);
    match listed(board, card) {
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

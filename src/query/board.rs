//! The board of an entity: its columns, and the cards in them.

use super::archived::{Place, Shelf};
use super::issue::assignee;
use super::record::{self, Other, derived};
use super::{Text, look, steady, view};
use crate::archive::ArchivePage;
use crate::concern::kanban::{Board, CARDS, Heading, SPEC};
use crate::concern::{Priority, kanban};
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::{Error, Result};
use crate::id::EntityId;
use crate::path::DocPath;
use crate::store::Reader;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Its id, as commands take it.
    pub id: String,
    /// Its title; may be empty.
    pub title: Text,
    /// Its description; empty if there is none.
    pub description: Text,
    /// The column it names, which may no longer exist.
    pub column_id: Text,
    /// The assignee; empty if there is none.
    pub assignee_id: Text,
    /// `urgent`, `high`, `medium` or `low`.
    pub priority: Text,
    /// Unix seconds, like all times here; 0 if unknown.
    pub created_at: i64,
    /// When it was last changed or moved to another column.
    pub updated_at: i64,
    /// Whether it was archived: then it is a tombstone, and in no lane.
    pub archived: bool,
    /// 0 for a card on the board.
    pub archived_at: i64,
    /// Who has acknowledged that it was archived: member → Unix seconds.
    pub ack_vector: Value,
    /// Whether it is in the archive, and no longer in the document.
    #[serde(default, deserialize_with = "derived", skip_serializing_if = "std::ops::Not::not")]
    pub in_archive: bool,
    /// What other programs wrote in the record, if the whole record was requested.
    #[serde(flatten)]
    pub other: Other,
    /// The title of its column; `None` if that is gone.
    #[serde(default, deserialize_with = "derived")]
    pub column: Option<String>,
}

/// A column of the board with the cards in it, in their order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lane {
    /// `None` for the lane of the cards whose column is gone.
    pub id: Option<String>,
    /// The title people see; `unfiled` for the lane of the cards whose column is gone.
    pub title: String,
    /// Its position on the board; `None` for the lane of the cards whose column is gone.
    pub order: Option<i64>,
    /// The cards in it, in their order; archived ones are in no lane.
    pub cards: Vec<Card>,
}

/// Which cards are listed; by default all that are on the board.
#[derive(Debug, Clone, Default)]
pub struct CardFilter {
    /// Only those in this column: its id, a unique prefix of it, or its title.
    pub column: Option<String>,
    /// Only those of this member: an id, or a unique prefix of one of the assignees. An empty text means no
    /// assignee.
    pub assignee: Option<String>,
    /// Only those of this priority.
    pub priority: Option<Priority>,
    /// Includes archived ones.
    pub archived: bool,
}

/// Returns the columns in their order, each with its cards; last a lane of the cards whose column is gone, if
/// there are any. Empty if there is no board yet.
///
/// # Errors
/// `Corrupt` if the document is damaged.
pub fn lanes(reader: &Reader, entity: &EntityId) -> Result<Vec<Lane>> {
    steady(reader, || {
        let Some(view) = view(reader, entity, &SPEC)? else { return Ok(Vec::new()) };
        let shelf = Shelf::of(reader, entity.document(SPEC.name), &view);
        lanes_of(&view, &Board::of(&view), &shelf)
    })
}

/// Returns the lanes of a board with the cards of its document, followed by the archived ones that somebody
/// reopened, by age.
fn lanes_of(view: &View, board: &Board, shelf: &Shelf<'_>) -> Result<Vec<Lane>> {
    let titles = titles(view);
    let cards = |ids: &[String]| {
        ids.iter().map(|id| card(view, &titles, id)).collect::<Result<Vec<Card>>>()
    };
    let lane = |id: Option<&str>, title: &str, order: Option<i64>, ids: &[String]| {
        let (id, title) = (id.map(str::to_owned), title.to_owned());
        Ok(Lane { id, title, order, cards: cards(ids)? })
    };
    let columns = board.columns.iter();
    let lanes = columns
        .map(|column| lane(Some(&column.id), &column.title, Some(column.order), &column.cards));
    let unfiled = (!board.unfiled.is_empty()).then(|| lane(None, UNFILED, None, &board.unfiled));
    let mut lanes: Vec<Lane> = lanes.chain(unfiled).collect::<Result<_>>()?;
    for archived in shelf.opened() {
        let Some(fields) = shelf.fields(&archived) else { continue };
        let card: Card = record::brief(&CARDS, &fields, archived.path.last())?;
        if card.archived {
            continue;
        }
        let card = titled(Card { in_archive: true, ..card }, &titles);
        let column = card.column_id.json().as_str().and_then(|id| board.column(id));
        // If two columns share an id, archived cards go into the same one as the document's cards.
        let place = column.map(|of| board.columns.iter().position(|one| one.place == of.place));
        let place = match place.flatten() {
            Some(place) => place,
            // The last lane, created on demand.
            None => {
                if lanes.last().is_none_or(|lane| lane.id.is_some()) {
                    lanes.push(lane(None, UNFILED, None, &[])?);
                }
                lanes.len().saturating_sub(1)
            }
        };
        if let Some(lane) = lanes.get_mut(place) {
            lane.cards.push(card);
        }
    }
    Ok(lanes)
}

/// The title of the lane of the cards whose column is gone.
const UNFILED: &str = "unfiled";

/// Returns the columns of a board in their order, without their cards; empty if there is no board yet.
///
/// # Errors
/// `Corrupt` if the document is damaged.
pub fn columns(reader: &Reader, entity: &EntityId) -> Result<Vec<Heading>> {
    Ok(look(reader, entity, &SPEC, |source| Ok(kanban::headings(source)))?.unwrap_or_default())
}

/// Returns the cards of a board in board order, archived ones last; empty if there is no board yet.
///
/// # Errors
/// `NotFound`, `Ambiguous` or `Usage` for a column or a prefix of an assignee; `Corrupt` if the document is
/// damaged.
pub fn list(reader: &Reader, entity: &EntityId, filter: &CardFilter) -> Result<Vec<Card>> {
    steady(reader, || {
        let Some(view) = view(reader, entity, &SPEC)? else { return Ok(Vec::new()) };
        let board = Board::of(&view);
        let titles = titles(&view);
        let shelf = Shelf::of(reader, entity.document(SPEC.name), &view);
        let lanes = lanes_of(&view, &board, &shelf)?;
        let mut cards: Vec<Card> = lanes.into_iter().flat_map(|lane| lane.cards).collect();
        if filter.archived {
            let put_away = board.archived.iter().map(|id| card(&view, &titles, id));
            let mut put_away = put_away.collect::<Result<Vec<Card>>>()?;
            for archived in shelf.page(&ArchivePage::default()) {
                let Some(fields) = shelf.fields(&archived) else { continue };
                let card: Card = record::brief(&CARDS, &fields, archived.path.last())?;
                if card.archived {
                    put_away.push(titled(Card { in_archive: true, ..card }, &titles));
                }
            }
            put_away.sort_by(|a, b| a.id.cmp(&b.id));
            cards.append(&mut put_away);
        }
        if let Some(column) = &filter.column {
            let id = kanban::find_column(&view, column)?.id;
            cards.retain(|card| card.column_id == *id);
        }
        if let Some(wanted) = &filter.assignee {
            let member = assignee(wanted, cards.iter().map(|card| card.assignee_id.as_str()))?;
            cards.retain(|card| card.assignee_id == *member);
        }
        if let Some(priority) = filter.priority {
            cards.retain(|card| card.priority == priority.as_str());
        }
        Ok(cards)
    })
}

/// Returns the card with this id or unique prefix, archived ones included, with every field of its record.
///
/// # Errors
/// `NotFound` or `Ambiguous`; `Usage` for a prefix that is too short.
pub fn find(reader: &Reader, entity: &EntityId, prefix: &str) -> Result<Card> {
    steady(reader, || {
        let found = look(reader, entity, &SPEC, |source| {
            let shelf = Shelf::of(reader, entity.document(SPEC.name), source);
            let live = kanban::find(source, prefix).map(|id| DocPath::from(["cards", &id]));
            let card = match shelf.find(live, prefix, CARDS.noun)? {
                Place::Document(path) => record::whole(&CARDS, source, &path)?,
                Place::Archived(archived) => {
                    let row = CARDS.whole_row(&archived.fields()?, archived.path.last());
                    Card { in_archive: true, ..record::typed(row)? }
                }
            };
            Ok(titled(card, &titles(source)))
        });
        found?.ok_or_else(|| Error::not_found(format!("no card {prefix:?}")))
    })
}

/// Column id → its title.
fn titles(source: &dyn Source) -> BTreeMap<String, String> {
    let columns = kanban::headings(source).into_iter().filter(|column| !column.id.is_empty());
    columns.map(|column| (column.id, column.title)).collect()
}

fn card(view: &View, titles: &BTreeMap<String, String>, id: &String) -> Result<Card> {
    let record = CARDS.record(view, &["cards", id]);
    Ok(titled(record::brief(&CARDS, &record, Some(id))?, titles))
}

fn titled(card: Card, titles: &BTreeMap<String, String>) -> Card {
    let column = card.column_id.json().as_str().and_then(|id| titles.get(id)).cloned();
    Card { column, ..card }
}

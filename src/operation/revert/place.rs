//! The place of a card or a column before it was moved.

use super::{Former, LoggedStep, Watched};
use crate::concern::kanban::board::LIST;
use crate::concern::kanban::{self, CARDS, COLUMNS};
use crate::error::{Error, Next, Result};
use crate::id::EntityId;
use crate::operation::Operation;
use crate::path::{DocPath, Keys};
use crate::schema::FieldRole;
use crate::store::Session;

impl LoggedStep<'_> {
    /// Moves a card back.
    pub(super) fn moved_back(
        &self,
        session: &mut Session,
        entity: &EntityId,
    ) -> Result<Vec<Operation>> {
        // Within a column, only the list shows a move.
        if self.past.record(self.id).is_some() {
            self.fields(&[CARDS.named(FieldRole::Reference).unwrap_or_default()])?;
        }
        let doc = entity.document(kanban::SPEC.name);
        let stands = session.read(&doc, |source| source.text(&self.column_of_card()))?.flatten();
        let list = DocPath::from(["columns", &stands.unwrap_or_default(), LIST]);
        let entry = self.past.entry(&doc, &list, self.id, true);
        let shown =
            session.view(&doc)?.and_then(|view| view.units_of(view.container(&list.steps())?));
        let shown = shown.unwrap_or_default();
        if entry.is_some_and(|entry| !shown.iter().any(|(unit, _)| *unit == entry)) {
            return Err(Error::refused(format!("card {} was moved again since", self.id))
                .hint(Next::History(self.id.to_owned()).and(" shows what happened to it")));
        }
        let place = match self.former_place(session, entity)? {
            Some(place) => Some(place),
            None => self.former_column(session, entity)?,
        };
        Ok(place.map(Operation::KanbanMove).into_iter().collect())
    }

    /// The move that puts a card which was in no list back into its column.
    fn former_column(
        &self,
        session: &mut Session,
        entity: &EntityId,
    ) -> Result<Option<kanban::MoveCard>> {
        let doc = entity.document(kanban::SPEC.name);
        let Former::Value(column) =
            self.past.before(&doc, &DocPath::from(self.column_of_card()))?
        else {
            return Ok(None);
        };
        let column = column.as_str().unwrap_or_default().to_owned();
        let board = session.read(&doc, kanban::Board::of)?;
        if board.is_none_or(|board| board.column(&column).is_none()) {
            let what = format!("card {} was in no column that is on the board", self.id);
            let hint = Next::Board.and(" shows where it is now; `kanban move` moves it");
            return Err(Error::refused(what).because(format!("column {column}")).hint(hint));
        }
        let (entity, card) = (entity.clone(), self.id.to_owned());
        Ok(Some(kanban::MoveCard { entity, card, column, before: None, top: false, bottom: true }))
    }

    fn column_of_card(&self) -> [&str; 3] {
        ["cards", self.id, CARDS.named(FieldRole::Reference).unwrap_or_default()]
    }

    /// The move that puts a card back where it was: in the same column, before the same card.
    pub(super) fn former_place(
        &self,
        session: &mut Session,
        entity: &EntityId,
    ) -> Result<Option<kanban::MoveCard>> {
        let doc = entity.document(kanban::SPEC.name);
        let named = self.column_of_card();
        let column = match self.past.before(&doc, &DocPath::from(named))? {
            Former::Value(value) => value.as_str().map(str::to_owned),
            _ => session.read(&doc, |source| source.text(&named))?.flatten(),
        };
        let Some(column) = column else { return Ok(None) };
        let list = DocPath::from(["columns", &column, LIST]);
        let Some(entry) = self.past.entry(&doc, &list, self.id, false) else { return Ok(None) };
        let roots = crate::concern::roots(&doc);
        let (mut before, view) = (None, session.view(&doc)?);
        if let Some(view) = view {
            let units = view.container(&list.steps()).and_then(|list| view.units_of(list));
            let units = units.unwrap_or_default();
            let board = session.read(&doc, kanban::Board::of)?;
            let standing = board.as_ref().and_then(|board| board.column(&column));
            let standing = standing.map(|column| column.cards.as_slice()).unwrap_or_default();
            let behind = view.behind(roots, entry)?;
            before = behind.iter().find_map(|unit| {
                let (_, card) = units.iter().find(|(known, _)| known == unit)?;
                card.clone().filter(|card| card != self.id && standing.contains(card))
            });
        }
        let (entity, card) = (entity.clone(), self.id.to_owned());
        let bottom = before.is_none();
        Ok(Some(kanban::MoveCard { entity, card, column, before, top: false, bottom }))
    }

    /// Moves a column back.
    pub(super) fn column_moved_back(
        &self,
        session: &mut Session,
        entity: &EntityId,
    ) -> Result<Vec<Operation>> {
        let doc = entity.document(kanban::SPEC.name);
        let headings = session.read(&doc, kanban::headings)?.unwrap_or_default();
        let mut former = Vec::new();
        for heading in headings {
            let path: DocPath = [COLUMNS.path, &[heading.id.as_str()]].concat().as_slice().into();
            let order = match self.past.before(&doc, &path.child("order"))? {
                Former::Unwritten => heading.order,
                before => {
                    let fields = Some(&["order"][..]);
                    self.past.unbuilt(&Watched { doc: &doc, path: &path, fields })?;
                    match before {
                        Former::Value(value) => value.as_i64().unwrap_or(0),
                        _ => 0,
                    }
                }
            };
            former.push((order, heading.id));
        }
        // Ties are broken by document order, as on the board.
        former.sort_by_key(|(order, _)| *order);
        let behind = former.iter().skip_while(|(_, id)| id != self.id).nth(1);
        let before = behind.map(|(_, id)| id.clone());
        let (entity, column) = (entity.clone(), self.id.to_owned());
        Ok(vec![Operation::ColumnMove(kanban::MoveColumn { entity, column, before, first: false })])
    }
}

//! Restoring columns and cards from the trash.

use super::board::{self, ColumnPosition};
use super::columns;
use super::{AddColumn, CARDS, SPEC, lay_out};
use crate::concern::{Actor, Outcome, plain};
use crate::crdt::content::Content;
use crate::error::Result;
use crate::id::EntityId;
use crate::store::Session;
use crate::tombstone;
use crate::wire::Value;

/// Recreates a column, after the others and without cards: those moved elsewhere, and a card that still
/// names the old one is unfiled.
pub fn restore_column(session: &mut Session, entity: &EntityId, value: &Value) -> Result<Outcome> {
    let title = value.as_map().and_then(|fields| fields.get("title")?.as_str()).unwrap_or_default();
    let add = AddColumn { entity: entity.clone(), title: title.to_owned() };
    let added = add.run(session)?;
    Ok(match added.changed {
        true => added.saying("; it is empty, and after the others"),
        false => added,
    })
}

/// Recreates a card at the end of its column, or of the first column if its own is gone.
pub fn restore_card(session: &mut Session, entity: &EntityId, value: &Value) -> Result<Outcome> {
    let (_, doc) = Actor::writing_in(session, entity, &SPEC)?;
    tombstone::make_room(session, &doc)?;
    lay_out(session, entity)?;
    let (now, id) = (session.now(), session.environment().machine.ids.uuid()?);
    let mut fields = plain::anew(&SPEC, &CARDS, &id, value, now);
    let named = plain::text_of(&fields, "column_id");
    let column = super::own_column(session, &doc, named)?;
    let column = columns::check(session, &doc, column)?;
    fields.insert("column_id".to_owned(), Content::Plain(Value::String(column.id.clone())));
    columns::edit(session, &doc, columns::nothing, |txn| {
        txn.put(CARDS.path, &id, &Content::Map(fields))?;
        board::list(txn, &column.id, &id, &ColumnPosition::End)
    })?;
    Ok(Outcome::created(doc, &id).saying(format!(", in {:?}", column.title)))
}

//! The whiteboard of an entity.

use super::record::{self, Other};
use super::{Numeric, Text, view};
use crate::concern::canvas::{self, ELEMENTS, SPEC, no_canvas};
use crate::error::Result;
use crate::id::EntityId;
use crate::store::Reader;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An element of the canvas.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Element {
    /// Its id, as commands take it.
    pub id: String,
    /// `text`, `image`, `chart` or `shape`.
    pub element_type: Text,
    /// The left edge, in units of the canvas.
    pub x: Numeric,
    /// The top edge, in units of the canvas, growing downward.
    pub y: Numeric,
    /// In units of the canvas.
    pub width: Numeric,
    /// In units of the canvas.
    pub height: Numeric,
    /// In radians, clockwise about the centre.
    pub rotation: Numeric,
    /// Greater is on top.
    pub z_index: Numeric,
    /// The rest of its content, as its type requires.
    pub data: Value,
    /// Unix seconds, like all times here; 0 if unknown.
    pub created_at: i64,
    /// When any of its fields was last changed.
    pub updated_at: i64,
    /// Whether it was deleted: then it is a tombstone.
    pub deleted: bool,
    /// 0 if it is not deleted.
    pub deleted_at: i64,
    /// Who has acknowledged the deletion: member → Unix seconds.
    pub ack_vector: Value,
    /// What other programs wrote in the record, if the whole record was requested.
    #[serde(flatten)]
    pub other: Other,
}

/// Returns the elements of a canvas, the lowest first; deleted ones only with `all`. Empty if there is no
/// canvas yet.
///
/// # Errors
/// `Corrupt` if the document is damaged.
pub fn list(reader: &Reader, entity: &EntityId, all: bool) -> Result<Vec<Element>> {
    let Some(view) = view(reader, entity, &SPEC)? else { return Ok(Vec::new()) };
    let mut elements: Vec<Element> = record::list(&ELEMENTS, &view, all)?;
    elements.sort_by_cached_key(|element| canvas::height(&view, &element.id));
    Ok(elements)
}

/// Returns the element with this id or unique prefix, deleted ones included, with every field of its record.
///
/// # Errors
/// `NotFound` or `Ambiguous`; `Usage` for a prefix that is too short.
pub fn find(reader: &Reader, entity: &EntityId, prefix: &str) -> Result<Element> {
    let view = view(reader, entity, &SPEC)?.ok_or_else(|| no_canvas(entity))?;
    let id = canvas::find(&view, prefix)?;
    record::whole(&ELEMENTS, &view, &["elements".to_owned(), id])
}

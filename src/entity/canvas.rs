use crate::concern::canvas::{
    AddElement, DeleteElement, ElementKind, MoveElement, Redo, Set, Undo,
};
use crate::error::Result;
use crate::id::EntityId;
use crate::operation::Operation;
use crate::query::canvas::{self, Element};
use crate::store::Store;
use serde_json::{Map, Value};

/// The whiteboard of an entity. Positions `(x, y)` and sizes `(width, height)` are in its own units.
pub struct Canvas<'s> {
    store: &'s Store,
    entity: EntityId,
}

impl<'s> Canvas<'s> {
    pub(crate) fn new(store: &'s Store, entity: EntityId) -> Canvas<'s> {
        Canvas { store, entity }
    }

    /// Adds an element on top of the others.
    ///
    /// # Errors
    /// `Refused` if the member may not; `Usage` for a number that is not finite.
    pub fn add(&self, kind: ElementKind, at: (f64, f64), size: (f64, f64)) -> Result<Element> {
        let ((x, y), (width, height)) = (at, size);
        let (entity, data) = (self.entity.clone(), Map::new());
        let add =
            AddElement { entity, kind, x, y, width, height, rotation: 0.0, z_index: None, data };
        let id = self.store.make(&Operation::CanvasAdd(add))?;
        self.find(&id)
    }

    /// Sets fields of an element by name, like `width` or `data.color`. Returns false if nothing
    /// changes.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`; `Usage` for an unknown field.
    pub fn set(&self, element: &str, fields: Map<String, Value>) -> Result<bool> {
        let (entity, element) = (self.entity.clone(), element.to_owned());
        self.store.change(&Operation::CanvasSet(Set { entity, element, set: fields }))
    }

    /// Moves an element. Returns false if it is already there.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`; `Refused` for a deleted one.
    pub fn move_to(&self, element: &str, (x, y): (f64, f64)) -> Result<bool> {
        let (entity, element) = (self.entity.clone(), element.to_owned());
        self.store.change(&Operation::CanvasMove(MoveElement { entity, element, x, y }))
    }

    /// Deletes an element. Returns false if it is already deleted.
    ///
    /// # Errors
    /// `NotFound` or `Ambiguous`.
    pub fn delete(&self, element: &str) -> Result<bool> {
        let (entity, element) = (self.entity.clone(), element.to_owned());
        self.store.change(&Operation::CanvasDelete(DeleteElement { entity, element }))
    }

    /// Undoes this replica's last step. Returns false if there is none.
    ///
    /// # Errors
    /// `Refused` if somebody has changed the element since.
    pub fn undo(&self) -> Result<bool> {
        let entity = self.entity.clone();
        self.store.change(&Operation::CanvasUndo(Undo { entity, force: false }))
    }

    /// Redoes the step that was undone last. Returns false if there is none.
    ///
    /// # Errors
    /// Those of [`Canvas::undo`].
    pub fn redo(&self) -> Result<bool> {
        let entity = self.entity.clone();
        self.store.change(&Operation::CanvasRedo(Redo { entity, force: false }))
    }

    /// The elements that are not deleted, the lowest first.
    ///
    /// # Errors
    /// `Corrupt` if the document is.
    pub fn list(&self) -> Result<Vec<Element>> {
        canvas::list(&self.store.reader()?, &self.entity, false)
    }

    /// One element, deleted or not, with every field of its record.
    ///
    /// # Errors
    /// `NotFound` or `Ambiguous`.
    pub fn find(&self, element: &str) -> Result<Element> {
        canvas::find(&self.store.reader()?, &self.entity, element)
    }
}

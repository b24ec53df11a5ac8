//! Working with an entity from a program: a handle for each of its concerns, over operations and
//! queries.
//!
//! Every method that writes runs one operation in one commit, as the member of the store; use
//! [`crate::operation::run`] in one session for changes that must be made together. Every method that
//! reads uses [`crate::query`] and sees what was committed before. A record is named by its id or a
//! unique prefix of it.

mod canvas;
mod chat;
mod issues;
mod kanban;
mod members;
mod store;

#[cfg(test)]
mod tests;

pub use canvas::Canvas;
pub use chat::Chat;
pub use issues::Issues;
pub use kanban::Kanban;
pub use members::Members;

use crate::concern::core;
use crate::error::Result;
use crate::id::EntityId;
use crate::operation::{Operation, Prune};
use crate::query::entity::{self, EntityOverview};
use crate::query::tombstone::{self, DeletedRecord};
use crate::store::Store;
use std::collections::BTreeSet;

/// A group, channel, project or organization in a store; it may not exist yet.
pub struct Entity<'s> {
    store: &'s Store,
    id: EntityId,
}

impl Store {
    /// Returns the entity with an id like `group:ocean-forest-moon-star`. It need not exist:
    /// [`Entity::create`] creates it.
    ///
    /// # Errors
    /// `Usage` for an invalid id.
    pub fn entity(&self, id: &str) -> Result<Entity<'_>> {
        Ok(Entity { store: self, id: EntityId::parse(id)? })
    }
}

impl<'s> Entity<'s> {
    /// Returns its id.
    pub fn id(&self) -> &EntityId {
        &self.id
    }

    /// Creates it, owned by the member of the store.
    ///
    /// # Errors
    /// `Refused` if it already exists.
    pub fn create(&self, name: &str) -> Result<()> {
        let (entity, name) = (self.id.clone(), name.to_owned());
        let create = core::Create { entity, name, description: String::new() };
        self.store.perform(&Operation::EntityCreate(create)).map(drop)
    }

    /// Renames it. Returns false if it already has that name.
    ///
    /// # Errors
    /// `Refused` if the member is neither an admin nor an owner.
    pub fn rename(&self, name: &str) -> Result<bool> {
        let rename = core::Rename { entity: self.id.clone(), name: name.to_owned() };
        self.store.change(&Operation::EntityRename(rename))
    }

    /// Returns its metadata, its members and its documents.
    ///
    /// # Errors
    /// `Corrupt` if its metadata cannot be read.
    pub fn show(&self) -> Result<EntityOverview> {
        entity::show(&self.store.reader()?, &self.id)
    }

    /// Returns the deleted records that are still in its documents, and the members they wait for.
    ///
    /// # Errors
    /// `Corrupt` if a document cannot be read.
    pub fn tombstones(&self) -> Result<Vec<DeletedRecord>> {
        let (reader, entities) = (self.store.reader()?, BTreeSet::from([self.id.clone()]));
        let all =
            tombstone::list(&reader, &entities, self.store.environment().machine.clock.now())?;
        match all.damaged.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(all.found),
        }
    }

    /// Removes the deleted records that everybody has acknowledged, and returns how many. Imports and
    /// deletions do this automatically.
    ///
    /// # Errors
    /// `Corrupt` if a document cannot be read.
    pub fn prune(&self) -> Result<usize> {
        let pruned = self.store.perform(&Operation::Prune(Prune { entity: self.id.clone() }))?;
        Ok(pruned.gone().len())
    }

    /// Returns the handle for its members.
    pub fn members(&self) -> Members<'s> {
        Members::new(self.store, self.id.clone())
    }

    /// Returns the handle for its messages.
    pub fn chat(&self) -> Chat<'s> {
        Chat::new(self.store, self.id.clone())
    }

    /// Returns the handle for its board.
    pub fn kanban(&self) -> Kanban<'s> {
        Kanban::new(self.store, self.id.clone())
    }

    /// Returns the handle for its issues.
    pub fn issues(&self) -> Issues<'s> {
        Issues::new(self.store, self.id.clone())
    }

    /// Returns the handle for its whiteboard.
    pub fn canvas(&self) -> Canvas<'s> {
        Canvas::new(self.store, self.id.clone())
    }
}

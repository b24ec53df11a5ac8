//! What a program does with an entity: a handle for each of its concerns, over operations and
//! queries.
//!
//! Every method that writes is one operation and one commit, by the member of the store; what has to
//! happen together goes through [`crate::operation::run`] in one session. Every method that reads
//! asks [`crate::query`] and sees what was committed before it. A record is named by its id or a
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

/// A group, channel, project or organization in a store, whether it is there yet or not.
pub struct Entity<'s> {
    store: &'s Store,
    id: EntityId,
}

impl Store {
    /// The entity with an id, as `group:ocean-forest-moon-star`. It need not be there:
    /// [`Entity::create`] makes it.
    ///
    /// # Errors
    /// `Usage` for what is no id of an entity.
    pub fn entity(&self, id: &str) -> Result<Entity<'_>> {
        Ok(Entity { store: self, id: EntityId::parse(id)? })
    }
}

impl<'s> Entity<'s> {
    /// Its id.
    pub fn id(&self) -> &EntityId {
        &self.id
    }

    /// Makes it, owned by the member of the store.
    ///
    /// # Errors
    /// `Refused` where it is there already.
    pub fn create(&self, name: &str) -> Result<()> {
        let (entity, name) = (self.id.clone(), name.to_owned());
        let create = core::Create { entity, name, description: String::new() };
        self.store.perform(&Operation::EntityCreate(create)).map(drop)
    }

    /// Gives it another name; false where that is its name.
    ///
    /// # Errors
    /// `Refused` for who is neither an admin nor an owner.
    pub fn rename(&self, name: &str) -> Result<bool> {
        let rename = core::Rename { entity: self.id.clone(), name: name.to_owned() };
        self.store.change(&Operation::EntityRename(rename))
    }

    /// What it says of itself, its members and its documents.
    ///
    /// # Errors
    /// `Corrupt` where its metadata cannot be read.
    pub fn show(&self) -> Result<EntityOverview> {
        entity::show(&self.store.reader()?, &self.id)
    }

    /// The deleted records that are still in its documents, and whom they wait for.
    ///
    /// # Errors
    /// `Corrupt` where a document cannot be read.
    pub fn tombstones(&self) -> Result<Vec<DeletedRecord>> {
        let (reader, entities) = (self.store.reader()?, BTreeSet::from([self.id.clone()]));
        let all =
            tombstone::list(&reader, &entities, self.store.environment().machine.clock.now())?;
        match all.damaged.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(all.found),
        }
    }

    /// Removes the deleted records that everybody has acknowledged; how many went. Imports and
    /// deletions do so by themselves.
    ///
    /// # Errors
    /// `Corrupt` where a document cannot be read.
    pub fn prune(&self) -> Result<usize> {
        let pruned = self.store.perform(&Operation::Prune(Prune { entity: self.id.clone() }))?;
        Ok(pruned.gone().len())
    }

    /// Who belongs to it.
    pub fn members(&self) -> Members<'s> {
        Members::new(self.store, self.id.clone())
    }

    /// What is said in it.
    pub fn chat(&self) -> Chat<'s> {
        Chat::new(self.store, self.id.clone())
    }

    /// Its board.
    pub fn kanban(&self) -> Kanban<'s> {
        Kanban::new(self.store, self.id.clone())
    }

    /// What is to be done in it.
    pub fn issues(&self) -> Issues<'s> {
        Issues::new(self.store, self.id.clone())
    }

    /// Its whiteboard.
    pub fn canvas(&self) -> Canvas<'s> {
        Canvas::new(self.store, self.id.clone())
    }
}

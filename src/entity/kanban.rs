use crate::concern::Priority;
use crate::concern::kanban::{AddCard, Archive, CardChanges, EditCard, MoveCard, RestoreCard};
use crate::error::Result;
use crate::id::EntityId;
use crate::operation::Operation;
use crate::query::board::{self, Card, CardFilter, Lane};
use crate::store::Store;

/// The board of an entity.
///
/// ```
/// # fn main() -> crdtctl::error::Result<()> {
/// # use crdtctl::{Store, id::MemberId, machine};
/// # let dir = tempfile::tempdir().map_err(|e| crdtctl::error::Error::io("no directory", e))?;
/// # let state = machine::with_state_in(&dir.path().join("state"));
/// # let alice = MemberId::parse("alice-river-stone-sky")?;
/// # let (store, _) = Store::init(&dir.path().join("store"), state.into(), Some(&alice))?;
/// let project = store.entity("project:gentle-wave-moon-fire")?;
/// project.create("Website")?;
///
/// let card = project.kanban().add("Paint the boat")?;
/// project.kanban().move_to(&card.id, "Done")?;
/// let lanes = project.kanban().lanes()?;
/// let done = lanes.iter().find(|lane| lane.title == "Done").expect("a column");
/// assert_eq!(done.cards[0].title, "Paint the boat");
/// # Ok(())
/// # }
/// ```
pub struct Kanban<'s> {
    store: &'s Store,
    entity: EntityId,
}

impl<'s> Kanban<'s> {
    pub(crate) fn new(store: &'s Store, entity: EntityId) -> Kanban<'s> {
        Kanban { store, entity }
    }

    /// Adds a card at the end of the first column. Columns and everything else of a card are
    /// [`Operation`]s.
    ///
    /// # Errors
    /// `Refused` for who may not, and for a title that is too long; `Usage` for an empty one.
    pub fn add(&self, title: &str) -> Result<Card> {
        let add = AddCard {
            entity: self.entity.clone(),
            title: title.to_owned(),
            description: String::new(),
            column: None,
            assignee: String::new(),
            priority: Priority::default(),
            created_at: None,
        };
        let id = self.store.make(&Operation::KanbanAdd(add))?;
        self.find(&id)
    }

    /// Changes what stands on a card; false where it says that already.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`; `Refused` for an archived card.
    pub fn edit(&self, card: &str, changes: CardChanges) -> Result<bool> {
        let (entity, card) = (self.entity.clone(), card.to_owned());
        self.store.change(&Operation::KanbanEdit(EditCard { entity, card, changes }))
    }

    /// Moves a card to the end of a column: its id, a unique prefix of it, or its title.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`; `Refused` for an archived card.
    pub fn move_to(&self, card: &str, column: &str) -> Result<bool> {
        let (entity, card, column) = (self.entity.clone(), card.to_owned(), column.to_owned());
        let change = MoveCard { entity, card, column, before: None, top: false, bottom: false };
        self.store.change(&Operation::KanbanMove(change))
    }

    /// Takes a card off the board; false for one that is archived already.
    ///
    /// # Errors
    /// `NotFound` or `Ambiguous`.
    pub fn archive(&self, card: &str) -> Result<bool> {
        let (entity, card) = (self.entity.clone(), card.to_owned());
        self.store.change(&Operation::KanbanArchive(Archive { entity, card }))
    }

    /// Puts an archived card back on the board; false for one that is on it.
    ///
    /// # Errors
    /// `NotFound` or `Ambiguous`.
    pub fn restore(&self, card: &str) -> Result<bool> {
        let (entity, card) = (self.entity.clone(), card.to_owned());
        self.store.change(&Operation::KanbanRestore(RestoreCard { entity, card }))
    }

    /// The columns in their order, each with its cards.
    ///
    /// # Errors
    /// `Corrupt` where the document is.
    pub fn lanes(&self) -> Result<Vec<Lane>> {
        board::lanes(&self.store.reader()?, &self.entity)
    }

    /// The cards as they stand on the board.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous` for what the filter names; `Corrupt` where the document is.
    pub fn list(&self, filter: &CardFilter) -> Result<Vec<Card>> {
        board::list(&self.store.reader()?, &self.entity, filter)
    }

    /// One card, archived or not, with every field of its record.
    ///
    /// # Errors
    /// `NotFound` or `Ambiguous`.
    pub fn find(&self, card: &str) -> Result<Card> {
        board::find(&self.store.reader()?, &self.entity, card)
    }
}

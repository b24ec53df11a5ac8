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

    /// Adds a card at the end of the first column. For columns and the other fields of a card, use
    /// [`Operation`]s.
    ///
    /// # Errors
    /// `Refused` if the member may not, or the title is too long; `Usage` if it is empty.
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

    /// Edits a card. Returns false if nothing changes.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`; `Refused` for an archived card.
    pub fn edit(&self, card: &str, changes: CardChanges) -> Result<bool> {
        let (entity, card) = (self.entity.clone(), card.to_owned());
        self.store.change(&Operation::KanbanEdit(EditCard { entity, card, changes }))
    }

    /// Moves a card to the end of a column, given by its id, a unique prefix of it, or its title.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`; `Refused` for an archived card.
    pub fn move_to(&self, card: &str, column: &str) -> Result<bool> {
        let (entity, card, column) = (self.entity.clone(), card.to_owned(), column.to_owned());
        let change = MoveCard { entity, card, column, before: None, top: false, bottom: false };
        self.store.change(&Operation::KanbanMove(change))
    }

    /// Archives a card. Returns false if it is already archived.
    ///
    /// # Errors
    /// `NotFound` or `Ambiguous`.
    pub fn archive(&self, card: &str) -> Result<bool> {
        let (entity, card) = (self.entity.clone(), card.to_owned());
        self.store.change(&Operation::KanbanArchive(Archive { entity, card }))
    }

    /// Puts an archived card back on the board. Returns false if it is on the board.
    ///
    /// # Errors
    /// `NotFound` or `Ambiguous`.
    pub fn restore(&self, card: &str) -> Result<bool> {
        let (entity, card) = (self.entity.clone(), card.to_owned());
        self.store.change(&Operation::KanbanRestore(RestoreCard { entity, card }))
    }

    /// The columns in order, each with its cards.
    ///
    /// # Errors
    /// `Corrupt` if the document is.
    pub fn lanes(&self) -> Result<Vec<Lane>> {
        board::lanes(&self.store.reader()?, &self.entity)
    }

    /// The cards, in board order.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous` for the filter's names; `Corrupt` if the document is.
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

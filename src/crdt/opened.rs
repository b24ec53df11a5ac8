//! A document open for changes: in yrs, or as bytes if no concern understands it.

use crate::crdt::carried::Carried;
use crate::crdt::doc::{Admitted, Doc, Txn};
use crate::crdt::effort::Allowance;
use crate::crdt::first_update::FirstUpdate;
use crate::error::{Error, Next, Result};
use crate::gate::Expected;
use crate::id::DocId;
use crate::parallel;
use crate::wire::{Checked, CheckedBytes, SharedBytes, Update};

/// A document that can be edited or merged into.
pub enum OpenedDocument {
    /// A document of a concern.
    Yrs(InYrs),
    /// Any other document.
    Carried(Carried),
}

/// A document in yrs, or one whose whole content has not been given to yrs yet.
pub struct InYrs {
    doc: Box<Doc>,
    /// What `doc`, which is empty, is given before it is used for anything else.
    arrived: Option<Ungiven>,
}

/// The whole content of a document, and the update that brought it about: that content itself, if the document
/// was empty.
struct Ungiven {
    state: CheckedBytes<SharedBytes>,
    updates: [SharedBytes; 1],
}

impl InYrs {
    /// Returns the document, after giving yrs whatever is outstanding.
    fn doc(&mut self) -> Result<&mut Doc> {
        if let Some(arrived) = self.arrived.take() {
            self.doc.apply_admitted(&Admitted::AsItCame(arrived.state.update()))?;
            self.doc.came_by(arrived.updates);
        }
        Ok(&mut self.doc)
    }

    fn admit<'u>(
        &mut self,
        update: &Update<'u, Checked>,
        allowance: &mut Allowance,
    ) -> Result<Admitted<'u>> {
        let doc = self.doc()?;
        if !doc.is_empty() {
            return doc.admit(update, allowance);
        }
        let bytes = update.bytes().len();
        let admit = || doc.admit(update, allowance);
        let (admitted, view) = parallel::both(bytes, admit, || FirstUpdate::view_of(update));
        match (admitted?, view) {
            (Admitted::AsItCame(_), Some(view)) => {
                Ok(Admitted::Whole(FirstUpdate::of(update, view)))
            }
            (admitted, _) => Ok(admitted),
        }
    }

    fn apply_admitted(&mut self, admitted: &Admitted<'_>) -> Result<bool> {
        let doc = self.doc()?;
        let Admitted::Whole(FirstUpdate { state, .. }) = admitted else {
            return doc.apply_admitted(admitted);
        };
        if !doc.is_empty() {
            return Err(Error::bug("a first update for a document that is not empty"));
        }
        let updates = [state.bytes().clone()];
        self.arrived = Some(Ungiven { state: state.clone(), updates });
        Ok(true)
    }
}

impl OpenedDocument {
    /// Opens a state under a client id. A `known` state has been opened unchanged before.
    pub fn of(
        state: &CheckedBytes<SharedBytes>,
        expected: Expected<'_>,
        client: u64,
        known: bool,
    ) -> Result<OpenedDocument> {
        if expected.is_anything() {
            return Ok(OpenedDocument::Carried(Carried::of(state.clone())));
        }
        let update = state.update();
        let doc = if known { Doc::reopen(&update, client) } else { Doc::open(&update, client) };
        let doc = Box::new(doc?.with_roots(expected.roots()));
        Ok(OpenedDocument::Yrs(InYrs { doc, arrived: None }))
    }

    /// Puts all the content of a document, which `news` brought about, into this empty one.
    ///
    /// # Errors
    /// `Bug` if it is not empty, or not in yrs.
    pub fn becomes(&mut self, all: &FirstUpdate, news: SharedBytes) -> Result<()> {
        match self {
            OpenedDocument::Yrs(InYrs { doc, arrived }) if arrived.is_none() && doc.is_empty() => {
                *arrived = Some(Ungiven { state: all.state.clone(), updates: [news] });
                Ok(())
            }
            _ => Err(Error::bug("all content for a document that is not empty")),
        }
    }

    /// Whether it holds exactly what it received while empty, as that was checked.
    pub fn is_as_it_arrived(&self) -> bool {
        matches!(self, OpenedDocument::Yrs(InYrs { arrived: Some(_), .. }))
    }

    /// Returns the document in yrs, if yrs has all of it.
    pub fn in_yrs(&self) -> Option<&Doc> {
        match self {
            OpenedDocument::Yrs(InYrs { doc, arrived: None }) => Some(doc),
            OpenedDocument::Yrs(_) | OpenedDocument::Carried(_) => None,
        }
    }

    /// Like [`OpenedDocument::in_yrs`], mutable.
    pub fn in_yrs_mut(&mut self) -> Option<&mut Doc> {
        match self {
            OpenedDocument::Yrs(InYrs { doc, arrived: None }) => Some(doc),
            OpenedDocument::Yrs(_) | OpenedDocument::Carried(_) => None,
        }
    }

    /// Runs one transaction.
    ///
    /// # Errors
    /// `Refused` for a carried document; those of `change`.
    pub fn edit<R>(
        &mut self,
        doc: &DocId,
        change: impl FnOnce(&mut Txn<'_>) -> Result<R>,
    ) -> Result<R> {
        match self {
            OpenedDocument::Yrs(opened) => opened.doc()?.edit(change),
            OpenedDocument::Carried(_) => {
                Err(Error::refused(format!("{doc} is carried unchanged and not writable here"))
                    .because("crdtctl does not know what its content means")
                    .hint(Next::Dump.and(" shows it; the program that made it can write it")))
            }
        }
    }

    /// Whether its cost so far is known, or does not matter; if not, it has to be counted before anything is
    /// merged into it.
    pub fn is_counted(&self) -> bool {
        match self {
            OpenedDocument::Yrs(InYrs { doc, .. }) => doc.is_counted(),
            OpenedDocument::Carried(_) => true,
        }
    }

    /// Counts the cost so far, given the present state. Fails as [`Doc::count`].
    pub fn count(&mut self, state: &Update<'_, Checked>) -> Result<()> {
        match self {
            OpenedDocument::Yrs(opened) => opened.doc()?.count(state),
            OpenedDocument::Carried(_) => Ok(()),
        }
    }

    /// Counts the cost of an update, as [`Doc::admit`] does. A carried document costs nothing beyond its
    /// bytes.
    pub fn admit<'u>(
        &mut self,
        update: &Update<'u, Checked>,
        allowance: &mut Allowance,
    ) -> Result<Admitted<'u>> {
        match self {
            OpenedDocument::Yrs(opened) => opened.admit(update, allowance),
            OpenedDocument::Carried(_) => Ok(Admitted::AsItCame(update.clone())),
        }
    }

    /// Applies an admitted update. Returns true if it brought anything new.
    pub fn apply_admitted(&mut self, admitted: &Admitted<'_>) -> Result<bool> {
        match self {
            OpenedDocument::Yrs(opened) => opened.apply_admitted(admitted),
            OpenedDocument::Carried(carried) => Ok(carried.apply(&admitted.update())),
        }
    }

    /// Applies an update that was admitted before.
    pub fn apply(&mut self, update: &Update<'_, Checked>) -> Result<bool> {
        match self {
            OpenedDocument::Yrs(opened) => opened.doc()?.apply(update),
            OpenedDocument::Carried(carried) => Ok(carried.apply(update)),
        }
    }

    /// Returns the updates since it was opened, in order.
    pub fn updates(&self) -> &[SharedBytes] {
        match self {
            OpenedDocument::Yrs(InYrs { arrived: Some(arrived), .. }) => &arrived.updates,
            OpenedDocument::Yrs(opened) => opened.doc.updates(),
            OpenedDocument::Carried(carried) => carried.updates(),
        }
    }

    /// Returns the clock that this client's next item would get.
    pub fn clock_of(&self, client: u64) -> u32 {
        match self {
            OpenedDocument::Yrs(InYrs { arrived: Some(arrived), .. }) => {
                let update = arrived.state.update();
                update.clients.iter().find(|of| of.id == client).map_or(0, |of| of.end)
            }
            OpenedDocument::Yrs(opened) => opened.doc.own_clock(),
            OpenedDocument::Carried(carried) => carried.clock_of(client),
        }
    }

    /// Returns the current whole state.
    pub fn state(&self) -> Result<CheckedBytes<SharedBytes>> {
        match self {
            OpenedDocument::Yrs(InYrs { arrived: Some(arrived), .. }) => Ok(arrived.state.clone()),
            OpenedDocument::Yrs(opened) => opened.doc.state(),
            OpenedDocument::Carried(carried) => carried.state(),
        }
    }
}

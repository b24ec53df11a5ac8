//! A document open for changes: in yrs, or, where no concern understands it, as bytes.

use crate::crdt::carried::Carried;
use crate::crdt::doc::{Admitted, Doc, Txn};
use crate::crdt::effort::Allowance;
use crate::crdt::first_update::FirstUpdate;
use crate::error::{Error, Next, Result};
use crate::gate::Expected;
use crate::id::DocId;
use crate::parallel;
use crate::wire::{Checked, CheckedBytes, Update};
use std::rc::Rc;

/// A document that can be changed, or merged into.
pub enum OpenedDocument {
    /// One of a concern.
    Yrs(InYrs),
    /// Any other.
    Carried(Carried),
}

/// A document in yrs; or still on its way there, with all that it holds.
pub struct InYrs {
    doc: Box<Doc>,
    /// What `doc`, which is empty, is given before anything else is asked of it.
    arrived: Option<Ungiven>,
}

/// What arrived in a document that held nothing: all that it holds now.
struct Ungiven {
    state: CheckedBytes<Rc<[u8]>>,
    updates: [Vec<u8>; 1],
}

impl InYrs {
    /// The document, which yrs holds from here on.
    fn doc(&mut self) -> Result<&mut Doc> {
        if let Some(arrived) = self.arrived.take() {
            self.doc.apply_admitted(&Admitted::AsItCame(arrived.state.update()))?;
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
            return Err(Error::bug("a document was to be all that holds something already"));
        }
        let updates = [state.bytes().to_vec()];
        self.arrived = Some(Ungiven { state: state.clone(), updates });
        Ok(true)
    }
}

impl OpenedDocument {
    /// Opens a state under a client id; one that is `known` was opened before as it is.
    pub fn of(
        state: &CheckedBytes<Rc<[u8]>>,
        expected: Expected<'_>,
        client: u64,
        known: bool,
    ) -> Result<OpenedDocument> {
        if expected.is_anything() {
            return Ok(OpenedDocument::Carried(Carried::of(state.clone())));
        }
        let update = state.update();
        let doc = if known { Doc::reopen(&update, client) } else { Doc::load(&update, client) };
        let doc = Box::new(doc?.with_roots(expected.roots()));
        Ok(OpenedDocument::Yrs(InYrs { doc, arrived: None }))
    }

    /// Whether it holds what it was checked for when it arrived, and nothing else.
    pub fn is_as_it_arrived(&self) -> bool {
        matches!(self, OpenedDocument::Yrs(InYrs { arrived: Some(_), .. }))
    }

    /// The document in yrs, if yrs has all of it.
    pub fn in_yrs(&self) -> Option<&Doc> {
        match self {
            OpenedDocument::Yrs(InYrs { doc, arrived: None }) => Some(doc),
            OpenedDocument::Yrs(_) | OpenedDocument::Carried(_) => None,
        }
    }

    /// The same, to be changed.
    pub fn in_yrs_mut(&mut self) -> Option<&mut Doc> {
        match self {
            OpenedDocument::Yrs(InYrs { doc, arrived: None }) => Some(doc),
            OpenedDocument::Yrs(_) | OpenedDocument::Carried(_) => None,
        }
    }

    /// One transaction.
    ///
    /// # Errors
    /// `Refused` for what is carried; those of `change`.
    pub fn edit<R>(
        &mut self,
        doc: &DocId,
        change: impl FnOnce(&mut Txn<'_>) -> Result<R>,
    ) -> Result<R> {
        match self {
            OpenedDocument::Yrs(opened) => opened.doc()?.edit(change),
            OpenedDocument::Carried(_) => {
                Err(Error::refused(format!("{doc} is carried as it is, and not written here"))
                    .because("nothing here knows what its content means")
                    .hint(Next::Dump.and(" shows it; the program that made it can write it")))
            }
        }
    }

    /// Counts what an update would take, as [`Doc::admit`] does. Bytes take no more than they are.
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

    /// Takes what was admitted; true when it brought anything new.
    pub fn apply_admitted(&mut self, admitted: &Admitted<'_>) -> Result<bool> {
        match self {
            OpenedDocument::Yrs(opened) => opened.apply_admitted(admitted),
            OpenedDocument::Carried(carried) => Ok(carried.apply(&admitted.update())),
        }
    }

    /// Takes an update that was taken before.
    pub fn apply(&mut self, update: &Update<'_, Checked>) -> Result<bool> {
        match self {
            OpenedDocument::Yrs(opened) => opened.doc()?.apply(update),
            OpenedDocument::Carried(carried) => Ok(carried.apply(update)),
        }
    }

    /// What changed it since it was opened, in order.
    pub fn updates(&self) -> &[Vec<u8>] {
        match self {
            OpenedDocument::Yrs(InYrs { arrived: Some(arrived), .. }) => &arrived.updates,
            OpenedDocument::Yrs(opened) => opened.doc.updates(),
            OpenedDocument::Carried(carried) => carried.updates(),
        }
    }

    /// The clock that the next item of this client would get.
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

    /// The whole state as it stands.
    pub fn state(&self) -> Result<CheckedBytes<Rc<[u8]>>> {
        match self {
            OpenedDocument::Yrs(InYrs { arrived: Some(arrived), .. }) => Ok(arrived.state.clone()),
            OpenedDocument::Yrs(opened) => opened.doc.state(),
            OpenedDocument::Carried(carried) => carried.state(),
        }
    }
}

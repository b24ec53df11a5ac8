//! A document open for changes: in yrs, or, where no concern understands it, as bytes.

use crate::crdt::carried::Carried;
use crate::crdt::doc::{Admitted, Doc, Txn};
use crate::crdt::effort::Allowance;
use crate::error::{Error, Next, Result};
use crate::gate::Expected;
use crate::id::DocId;
use crate::wire::{Checked, CheckedBytes, Update};
use std::rc::Rc;

/// A document that can be changed, or merged into.
pub enum OpenedDocument {
    /// One of a concern.
    Yrs(Box<Doc>),
    /// Any other.
    Carried(Carried),
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
        Ok(OpenedDocument::Yrs(Box::new(doc?.with_roots(expected.roots()))))
    }

    /// The document in yrs.
    pub fn in_yrs(&self) -> Option<&Doc> {
        match self {
            OpenedDocument::Yrs(doc) => Some(doc),
            OpenedDocument::Carried(_) => None,
        }
    }

    /// The same, to be changed.
    pub fn in_yrs_mut(&mut self) -> Option<&mut Doc> {
        match self {
            OpenedDocument::Yrs(doc) => Some(doc),
            OpenedDocument::Carried(_) => None,
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
            OpenedDocument::Yrs(opened) => opened.edit(change),
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
            OpenedDocument::Yrs(doc) => doc.admit(update, allowance),
            OpenedDocument::Carried(_) => Ok(Admitted::AsItCame(update.clone())),
        }
    }

    /// Takes what was admitted; true when it brought anything new.
    pub fn apply_admitted(&mut self, admitted: &Admitted<'_>) -> Result<bool> {
        match self {
            OpenedDocument::Yrs(doc) => doc.apply_admitted(admitted),
            OpenedDocument::Carried(carried) => Ok(carried.apply(&admitted.update())),
        }
    }

    /// Takes an update that was taken before.
    pub fn apply(&mut self, update: &Update<'_, Checked>) -> Result<bool> {
        match self {
            OpenedDocument::Yrs(doc) => doc.apply(update),
            OpenedDocument::Carried(carried) => Ok(carried.apply(update)),
        }
    }

    /// What changed it since it was opened, in order.
    pub fn updates(&self) -> &[Vec<u8>] {
        match self {
            OpenedDocument::Yrs(doc) => doc.updates(),
            OpenedDocument::Carried(carried) => carried.updates(),
        }
    }

    /// The clock that the next item of this client would get.
    pub fn clock_of(&self, client: u64) -> u32 {
        match self {
            OpenedDocument::Yrs(doc) => doc.own_clock(),
            OpenedDocument::Carried(carried) => carried.clock_of(client),
        }
    }

    /// The whole state as it stands.
    pub fn state(&self) -> Result<CheckedBytes<Rc<[u8]>>> {
        match self {
            OpenedDocument::Yrs(doc) => doc.state(),
            OpenedDocument::Carried(carried) => carried.state(),
        }
    }
}

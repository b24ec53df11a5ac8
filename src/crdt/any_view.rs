//! The content of any document, read in one of two ways.

use super::source::{Shared, Source};
use super::types::SharedTypes;
use super::view::{Groundwork, View};
use crate::error::Result;
use crate::wire::{Checked, Id, Update, Value, Version};
use std::rc::Rc;

/// The content of a document, whether or not yrs would accept it.
#[derive(Clone)]
pub enum AnyView {
    /// Content that the gate lets through to yrs.
    View(Rc<View>),
    /// Other content: every shared type, and a view of the roots that a concern knows, if there is a concern.
    Types(Rc<SharedTypes>, Option<Rc<View>>),
}

impl AnyView {
    /// Reads a whole state.
    ///
    /// # Errors
    /// As [`View::read`] and [`SharedTypes::read`].
    pub fn read(update: &Update<'_, Checked>) -> Result<AnyView> {
        AnyView::read_on(update, None)
    }

    /// Like [`AnyView::read`], with groundwork of the same update if there is any.
    ///
    /// # Errors
    /// As [`AnyView::read`].
    pub(crate) fn read_on(
        update: &Update<'_, Checked>,
        work: Option<Groundwork>,
    ) -> Result<AnyView> {
        Ok(match update.beyond() {
            None => AnyView::View(Rc::new(View::read_on(update, work)?)),
            Some(_) => {
                let known = match update.beyond_all() {
                    Some(_) => None,
                    None => Some(Rc::new(View::read(update)?)),
                };
                AnyView::Types(Rc::new(SharedTypes::read(update.to_shared_bytes())?), known)
            }
        })
    }

    /// Returns the clocks and deletions of the state.
    pub fn version(&self) -> &Version {
        match self {
            AnyView::View(view) => view.version(),
            AnyView::Types(types, _) => types.version(),
        }
    }

    /// Returns the BLAKE3 of the live content, the same whichever way it was read.
    pub fn digest(&self) -> [u8; 32] {
        match self {
            AnyView::View(view) => view.digest(),
            AnyView::Types(types, _) => types.digest(),
        }
    }

    /// Returns the bytes it was read from.
    pub fn bytes(&self) -> &[u8] {
        match self {
            AnyView::View(view) => view.bytes(),
            AnyView::Types(types, _) => types.bytes(),
        }
    }

    /// Returns what yrs would show, or `None` if that is not everything.
    pub fn view(&self) -> Option<&Rc<View>> {
        match self {
            AnyView::View(view) => Some(view),
            AnyView::Types(..) => None,
        }
    }

    /// Returns a view of the roots that a concern knows, whether or not that is everything; `None` if no
    /// concern knows any.
    pub fn known(&self) -> Option<&Rc<View>> {
        match self {
            AnyView::View(view) => Some(view),
            AnyView::Types(_, known) => known.as_ref(),
        }
    }

    fn source(&self) -> &dyn Source {
        match self {
            AnyView::View(view) => &**view,
            AnyView::Types(types, _) => &**types,
        }
    }

    /// Returns every shared type in it.
    ///
    /// # Errors
    /// As [`SharedTypes::read`].
    pub fn types(&self) -> Result<Rc<SharedTypes>> {
        match self {
            AnyView::View(view) => SharedTypes::read(view.bytes().to_vec()).map(Rc::new),
            AnyView::Types(types, _) => Ok(Rc::clone(types)),
        }
    }
}

impl Source for AnyView {
    fn roots(&self) -> Vec<String> {
        self.source().roots()
    }

    fn value(&self, path: &[&str]) -> Option<Value> {
        self.source().value(path)
    }

    fn keys(&self, path: &[&str]) -> Vec<String> {
        self.source().keys(path)
    }

    fn keys_beginning(&self, path: &[&str], prefix: &str) -> Vec<String> {
        self.source().keys_beginning(path, prefix)
    }

    fn text_before(&self, path: &[&str], text: &str) -> Option<Option<String>> {
        self.source().text_before(path, text)
    }

    fn exists(&self, path: &[&str]) -> bool {
        self.source().exists(path)
    }

    fn fields(&self, path: &[&str], names: &[&str]) -> Vec<(String, Vec<Option<Value>>)> {
        self.source().fields(path, names)
    }

    fn flagged(&self, path: &[&str], name: &str) -> Vec<String> {
        self.source().flagged(path, name)
    }

    fn shared(&self, path: &[&str]) -> Option<Shared> {
        self.source().shared(path)
    }

    fn created_by(&self, path: &[&str]) -> Option<Id> {
        self.source().created_by(path)
    }
}

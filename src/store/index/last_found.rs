//! Keeps what was last found.

use std::borrow::Borrow;
use std::cell::RefCell;

/// Roots, each with a key; `None` if opening everything costs less than finding them.
pub type FoundKeys = Option<Vec<(String, String)>>;

/// The last question, and what was found for it: a run that is repeated asks again.
#[derive(Debug, Default)]
pub struct LastFound<Q>(RefCell<Option<(Q, FoundKeys)>>);

impl<Q> LastFound<Q> {
    /// Returns what is found for a question, by a look for it unless it was the last one.
    pub fn get<A>(&self, asked: &A, find: impl FnOnce() -> FoundKeys) -> FoundKeys
    where
        A: ToOwned<Owned = Q> + PartialEq + ?Sized,
        Q: Borrow<A>,
    {
        let mut last = self.0.borrow_mut();
        if last.as_ref().is_none_or(|(of, _)| of.borrow() != asked) {
            *last = Some((asked.to_owned(), find()));
        }
        last.as_ref().and_then(|(_, found)| found.clone())
    }
}

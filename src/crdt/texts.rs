//! The texts in the arrays of an open document, each with its unit and its neighbours, so that one is
//! found, removed or put before another without a walk over all of them.
//!
//! yrs does not tell which unit of content an element is. That is read from the bytes of the
//! document, once, where an array is asked for often enough. What is kept holds until the array
//! changes otherwise than by the functions below: whoever changes one says so.

use super::keys::branch_of;
use crate::wire::Id;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use yrs::ArrayRef;
use yrs::branch::BranchID;

/// Walks over an array that cost less than the bytes of its document do.
const WALKS: u32 = 4;

/// What is known of the texts in arrays. Nothing, to begin with.
#[derive(Default)]
pub(super) struct TextIndex {
    lines: RefCell<HashMap<BranchID, Known>>,
    walks: Cell<u64>,
}

enum Known {
    /// How often it was asked for.
    Asked(u32),
    Line(Line),
    /// Its bytes do not tell.
    Untold,
}

/// An element as it is read.
pub(super) struct TextUnit {
    pub unit: Id,
    /// None where it is no text.
    pub text: Option<String>,
    /// Its neighbour on the left, dead or alive, where that is known.
    pub left: Option<Id>,
}

impl TextIndex {
    /// Looks at the texts of an array; `read` gives its elements in their order. None as long as a
    /// walk is cheaper.
    pub fn look<R>(
        &self,
        array: &ArrayRef,
        read: impl FnOnce() -> Option<Vec<TextUnit>>,
        look: impl FnOnce(&Line) -> R,
    ) -> Option<R> {
        let mut lines = self.lines.borrow_mut();
        let known = lines.entry(branch_of(array)).or_insert(Known::Asked(0));
        match known {
            Known::Asked(asked) if *asked < WALKS => *asked += 1,
            Known::Asked(_) => {
                *known = read().map_or(Known::Untold, |all| Known::Line(Line::of(all)))
            }
            Known::Line(_) | Known::Untold => {}
        }
        match known {
            Known::Line(line) => Some(look(line)),
            Known::Asked(_) | Known::Untold => {
                self.walked();
                None
            }
        }
    }

    /// A unit was added at the end of an array, behind the unit `left` where that is known.
    pub fn pushed(&self, array: &ArrayRef, unit: Id, text: Option<&str>, left: Option<Id>) {
        self.with(array, |line| line.insert(unit, text, None, left));
    }

    /// A unit was added right before the first element of an array.
    pub fn on_top(&self, array: &ArrayRef, unit: Id, text: Option<&str>) {
        self.with(array, |line| match line.first {
            Some(first) => line.insert(unit, text, Some(first), None),
            None => line.insert(unit, text, None, None),
        });
    }

    /// A unit was added right before another one, right behind the unit `left` where that is known.
    pub fn put_before(&self, array: &ArrayRef, unit: Id, text: &str, right: Id, left: Option<Id>) {
        self.with(array, |line| line.insert(unit, Some(text), Some(right), left));
    }

    /// An array was walked for the place of a text.
    pub fn walked(&self) {
        self.walks.set(self.walks.get().saturating_add(1));
    }

    /// Whether one of several equal texts would be put somewhere among them: which of them is the
    /// first is then not known here.
    pub fn is_among(&self, array: &ArrayRef, text: &str) -> bool {
        match self.lines.borrow().get(&branch_of(array)) {
            Some(Known::Line(line)) => !line.units_of(text).is_empty(),
            _ => false,
        }
    }

    /// Units were removed from an array.
    pub fn removed(&self, array: &ArrayRef, units: &[Id]) {
        self.with(array, |line| units.iter().for_each(|unit| line.remove(*unit)));
    }

    /// An array was changed somehow. How often it was asked for still counts.
    pub fn changed(&self, array: &ArrayRef) {
        if let Some(known) = self.lines.borrow_mut().get_mut(&branch_of(array))
            && !matches!(known, Known::Asked(_))
        {
            *known = Known::Asked(0);
        }
    }

    /// Whatever was changed.
    pub fn forget(&self) {
        self.lines.borrow_mut().clear();
    }

    /// The walks that were left to others so far.
    #[cfg(test)]
    pub fn walks(&self) -> u64 {
        self.walks.get()
    }

    fn with(&self, array: &ArrayRef, change: impl FnOnce(&mut Line)) {
        if let Some(Known::Line(line)) = self.lines.borrow_mut().get_mut(&branch_of(array)) {
            change(line);
        }
    }
}

/// The elements of one array in their order.
#[derive(Default)]
pub(super) struct Line {
    /// Of each text, the units that hold it, in their order.
    units: HashMap<Rc<str>, Vec<Id>>,
    entries: HashMap<Id, TextEntry>,
    first: Option<Id>,
    last: Option<Id>,
}

struct TextEntry {
    text: Option<Rc<str>>,
    prev: Option<Id>,
    next: Option<Id>,
    /// Its neighbour on the left, dead or alive, where that is known.
    left: Option<Id>,
}

impl Line {
    fn of(elements: Vec<TextUnit>) -> Line {
        let mut line = Line::default();
        for TextUnit { unit, text, left } in elements {
            line.insert(unit, text.as_deref(), None, left);
        }
        line
    }

    /// The units that hold a text, in their order.
    pub fn units_of(&self, text: &str) -> &[Id] {
        self.units.get(text).map_or(&[], Vec::as_slice)
    }

    /// The text before the first occurrence of one; None inside where that is the first of all, and
    /// outside where there is no such text.
    pub fn text_before(&self, text: &str) -> Option<Option<String>> {
        let mut at = self.units_of(text).first().and_then(|unit| self.entries.get(unit))?;
        while let Some(prev) = at.prev.and_then(|prev| self.entries.get(&prev)) {
            if let Some(text) = &prev.text {
                return Some(Some(text.to_string()));
            }
            at = prev;
        }
        Some(None)
    }

    /// The unit that a text is, and its neighbour on the left, dead or alive, where that is known.
    /// Nothing may name two units that were never neighbours as those that it stands between.
    pub fn place_before(&self, text: &str) -> Option<(Option<Id>, Id)> {
        let right = *self.units_of(text).first()?;
        Some((self.entries.get(&right)?.left, right))
    }

    /// Notes a unit before another one, or at the end. A text that is there already comes before
    /// its others at the first place, behind them at the end.
    fn insert(&mut self, unit: Id, text: Option<&str>, right: Option<Id>, left: Option<Id>) {
        let prev = match right {
            Some(right) => self.entries.get(&right).and_then(|entry| entry.prev),
            None => self.last,
        };
        let text: Option<Rc<str>> = text.map(Rc::from);
        if let Some(text) = &text {
            let units = self.units.entry(Rc::clone(text)).or_default();
            let at = if right.is_some() { 0 } else { units.len() };
            units.insert(at, unit);
        }
        self.entries.insert(unit, TextEntry { text, prev, next: right, left });
        match prev.and_then(|prev| self.entries.get_mut(&prev)) {
            Some(prev) => prev.next = Some(unit),
            None => self.first = Some(unit),
        }
        match right.and_then(|right| self.entries.get_mut(&right)) {
            Some(right) => (right.prev, right.left) = (Some(unit), Some(unit)),
            None => self.last = Some(unit),
        }
    }

    fn remove(&mut self, unit: Id) {
        let Some(TextEntry { text, prev, next, .. }) = self.entries.remove(&unit) else { return };
        match prev.and_then(|prev| self.entries.get_mut(&prev)) {
            Some(prev) => prev.next = next,
            None => self.first = next,
        }
        match next.and_then(|next| self.entries.get_mut(&next)) {
            // As a neighbour it stays, though dead.
            Some(next) => next.prev = prev,
            None => self.last = prev,
        }
        if let Some(text) = text
            && let Some(units) = self.units.get_mut(&text)
        {
            units.retain(|other| *other != unit);
            if units.is_empty() {
                self.units.remove(&text);
            }
        }
    }
}

//! The texts in an open document's arrays, each with its unit and its neighbours, so that one is found,
//! removed or inserted before another without walking over all of them.
//!
//! yrs does not tell which unit of content an element is. That is read from the bytes of the document, once,
//! when an array is asked for often enough. Entries stay valid until the array changes by other means than
//! the functions below; the code that changes one must report it.

use super::keys::branch_of;
use crate::wire::Id;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use yrs::ArrayRef;
use yrs::branch::BranchID;

/// Number of walks over an array that together cost less than reading the document's bytes.
const WALKS: u32 = 4;

/// What is known of the texts in arrays. Empty at first.
#[derive(Default)]
pub(super) struct TextIndex {
    lines: RefCell<HashMap<BranchID, Known>>,
    walks: Cell<u64>,
}

enum Known {
    /// How often it was asked for.
    Asked(u32),
    Line(Line),
    /// The bytes do not tell.
    Untold,
}

/// An element as it was read.
pub(super) struct TextUnit {
    pub unit: Id,
    /// `None` if it is not a text.
    pub text: Option<String>,
    /// Its left neighbour, dead or alive, if known.
    pub left: Option<Id>,
}

impl TextIndex {
    /// Looks at the texts of an array; `read` gives its elements in order. Returns `None` as long as a walk
    /// is cheaper.
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

    /// Notes that a unit was added at the end of an array, after the unit `left` if known.
    pub fn pushed(&self, array: &ArrayRef, unit: Id, text: Option<&str>, left: Option<Id>) {
        self.with(array, |line| line.insert(unit, text, None, left));
    }

    /// Notes that a unit was added directly before the first element of an array.
    pub fn on_top(&self, array: &ArrayRef, unit: Id, text: Option<&str>) {
        self.with(array, |line| match line.first {
            Some(first) => line.insert(unit, text, Some(first), None),
            None => line.insert(unit, text, None, None),
        });
    }

    /// Notes that a unit was added directly before another one, directly after the unit `left` if known.
    pub fn put_before(&self, array: &ArrayRef, unit: Id, text: &str, right: Id, left: Option<Id>) {
        self.with(array, |line| line.insert(unit, Some(text), Some(right), left));
    }

    /// Notes that an array was walked to find a text.
    pub fn walked(&self) {
        self.walks.set(self.walks.get().saturating_add(1));
    }

    /// Whether equal texts exist among which a new one would be inserted: which of them comes first is then
    /// not known here.
    pub fn is_among(&self, array: &ArrayRef, text: &str) -> bool {
        match self.lines.borrow().get(&branch_of(array)) {
            Some(Known::Line(line)) => !line.units_of(text).is_empty(),
            _ => false,
        }
    }

    /// Notes that units were removed from an array.
    pub fn removed(&self, array: &ArrayRef, units: &[Id]) {
        self.with(array, |line| units.iter().for_each(|unit| line.remove(*unit)));
    }

    /// Notes that an array was changed in some other way. How often it was asked for still counts.
    pub fn changed(&self, array: &ArrayRef) {
        if let Some(known) = self.lines.borrow_mut().get_mut(&branch_of(array))
            && !matches!(known, Known::Asked(_))
        {
            *known = Known::Asked(0);
        }
    }

    /// Forgets everything, after unknown changes.
    pub fn forget(&self) {
        self.lines.borrow_mut().clear();
    }

    /// Returns how many walks were left to others so far.
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

/// The elements of one array in order.
#[derive(Default)]
pub(super) struct Line {
    /// For each text, the units that hold it, in order.
    units: HashMap<Rc<str>, Vec<Id>>,
    entries: HashMap<Id, TextEntry>,
    first: Option<Id>,
    last: Option<Id>,
}

struct TextEntry {
    text: Option<Rc<str>>,
    prev: Option<Id>,
    next: Option<Id>,
    /// Its left neighbour, dead or alive, if known.
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

    /// Returns the units that hold a text, in order.
    pub fn units_of(&self, text: &str) -> &[Id] {
        self.units.get(text).map_or(&[], Vec::as_slice)
    }

    /// Returns the text before the first occurrence of one: `Some(None)` if it is the very first, `None` if
    /// there is no such text.
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

    /// Returns the unit of a text and its left neighbour, dead or alive, if known. An insertion must never
    /// name as its neighbours two units that were never adjacent.
    pub fn place_before(&self, text: &str) -> Option<(Option<Id>, Id)> {
        let right = *self.units_of(text).first()?;
        Some((self.entries.get(&right)?.left, right))
    }

    /// Notes a unit before another one, or at the end. A repeated text counts as the first of its equals if
    /// it is put before another unit, and as the last of them at the end.
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
            // It stays a neighbour, though dead.
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

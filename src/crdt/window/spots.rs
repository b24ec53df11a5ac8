//! Lists of which only the places asked for are at hand.

use super::Window;
use crate::crdt::source::{Shared, Source};
use crate::wire::{Checked, Id, ListOrders, ListSpot, ListSpots, PageSet, Update};
use std::collections::BTreeSet;

impl Window {
    /// Requests a place in the list at a path; `source` is the document as it is open. Returns false if that
    /// cannot be opened without the rest of the list: then all of it has to be requested.
    pub fn ask_spot<S: Source + ?Sized>(
        &self,
        source: &S,
        path: &[&str],
        spot: impl FnOnce() -> ListSpot,
    ) -> bool {
        let [root, _, _] = path else { return false };
        if let Some(any) = self.pages.any_list(root)
            && self.at_hand.contains(&any)
        {
            // All of them are.
            return true;
        }
        if source.shared(path) != Some(Shared::Array) {
            return false;
        }
        let Some(list) = source.created_by(path) else { return false };
        let (of_list, spot) = (((*root).to_owned(), list), spot());
        if !self.stands(&of_list, &spot) {
            return false;
        }
        if self.spots.get(&of_list).is_some_and(|spots| spots.contains(&spot)) {
            return true;
        }
        let mut missed = self.missed.borrow_mut();
        let known = self.spots.get(&of_list).into_iter().chain(missed.spots.get(&of_list));
        let mut spots: BTreeSet<ListSpot> = known.flatten().cloned().collect();
        spots.insert(spot.clone());
        if !self.pages.opens(root, list, &spots) {
            return false;
        }
        missed.spots.entry(of_list).or_default().insert(spot);
        true
    }

    /// Whether what is at hand at a place is still all that is there.
    fn stands(&self, list: &(String, Id), spot: &ListSpot) -> bool {
        let removed = self.removed.borrow();
        let Some(removed) = removed.get(list) else { return true };
        match spot {
            ListSpot::Text(_) | ListSpot::End => true,
            ListSpot::Before(text) => !removed.contains_key(text),
            ListSpot::Start => removed.values().sum::<usize>() <= 1,
            ListSpot::Previous(_) => removed.is_empty(),
        }
    }

    /// Notes that all entries with a text were removed from the list at a path; how many they were.
    pub fn note_removed<S: Source + ?Sized>(
        &self,
        source: &S,
        path: &[&str],
        text: &str,
        count: usize,
    ) {
        if let ([root, _, _], Some(list)) = (path, source.created_by(path))
            && count > 0
        {
            let mut removed = self.removed.borrow_mut();
            let of_list = removed.entry(((*root).to_owned(), list)).or_default();
            let units = of_list.entry(text.to_owned()).or_default();
            *units = units.saturating_add(count);
        }
    }

    /// Returns the places at hand with those that were missed, without those of lists that are at hand.
    pub(super) fn with_missed_spots(&self, missed: &ListSpots, at_hand: &PageSet) -> ListSpots {
        let mut spots = self.spots.clone();
        for (list, missed) in missed {
            spots.entry(list.clone()).or_default().extend(missed.iter().cloned());
        }
        let is_at_hand =
            |root: &str| self.pages.any_list(root).is_some_and(|any| at_hand.contains(&any));
        spots.retain(|(root, _), _| !is_at_hand(root));
        spots
    }

    /// Whether only places of some lists are at hand.
    pub fn has_spots(&self) -> bool {
        !self.spots.is_empty()
    }

    /// Returns the orders of all lists in roots of which only places are at hand, as they are after an edit
    /// if one is given. `None` if they cannot be told.
    pub fn orders(&self, edited: Option<&Update<'_, Checked>>) -> Option<ListOrders> {
        match self.has_spots() {
            true => self.pages.orders(&self.spots, edited),
            false => Some(ListOrders::new()),
        }
    }

    /// Whether only places of the lists in a root are at hand.
    pub fn is_beside(&self, root: &str) -> bool {
        self.spots.keys().any(|(of, _)| of == root)
    }
}

//! The elements of an array by their ids, so that a path through an array does not look at all of them.

use super::span::Span;
use crate::wire::Id;
use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::OnceLock;

/// The maps in one array that have an id. If several have one id, the first counts.
#[derive(Default)]
pub struct Elements {
    /// Each with its index among the entries of the array.
    by_name: HashMap<String, usize>,
    by_item: HashMap<Id, String>,
    /// The plain maps with an id: each with its unit of content and its bytes.
    plain: HashMap<String, (Id, Span)>,
    /// All ids sorted, once a prefix was asked for.
    sorted: OnceLock<Vec<String>>,
}

impl Elements {
    /// Adds a map that an item created, with its index.
    pub fn add(&mut self, id: String, place: usize, item: Id) {
        if let Slot::Vacant(slot) = self.by_name.entry(id) {
            self.by_item.insert(item, slot.key().clone());
            slot.insert(place);
        }
    }

    /// Adds a plain map.
    pub fn add_plain(&mut self, id: &str, unit: Id, bytes: Span) {
        self.plain.entry(id.to_owned()).or_insert((unit, bytes));
    }

    /// Returns the index of an element among the entries of its array.
    pub fn named(&self, id: &str) -> Option<usize> {
        self.by_name.get(id).copied()
    }

    /// Returns the id of the element that an item created.
    pub fn name_of(&self, item: Id) -> Option<&str> {
        self.by_item.get(&item).map(String::as_str)
    }

    /// Returns the ids that have this prefix, sorted.
    pub fn beginning(&self, prefix: &str) -> Vec<String> {
        let sorted = self.sorted.get_or_init(|| {
            let mut ids: Vec<String> =
                self.by_name.keys().chain(self.plain.keys()).cloned().collect();
            ids.sort_unstable();
            ids.dedup();
            ids
        });
        let first = sorted.partition_point(|id| id.as_str() < prefix);
        let from = sorted.iter().skip(first);
        from.take_while(|id| id.starts_with(prefix)).cloned().collect()
    }

    /// Returns the unit and the bytes of the plain map with an id.
    pub fn plain(&self, id: &str) -> Option<(Id, Span)> {
        self.plain.get(id).copied()
    }
}

//! The elements of an array by their ids, so that a path through an array costs no look at all of
//! them.

use super::plain::plain_id;
use super::{Entry, Id, Node, Shape, Span, View};
use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::OnceLock;

/// The maps in one array that have an id. Of several with one id the first counts.
pub(super) struct Elements {
    /// Each with its place among the entries of the array.
    by_name: HashMap<String, usize>,
    by_item: HashMap<Id, String>,
    /// The plain maps with an id: the unit of content that each is, and its bytes.
    plain: HashMap<String, (Id, Span)>,
    /// All ids, once the beginning of one was asked for.
    sorted: OnceLock<Vec<String>>,
}

impl Elements {
    /// The place of an element among the entries of its array.
    pub fn named(&self, id: &str) -> Option<usize> {
        self.by_name.get(id).copied()
    }

    /// The id of the element that an item created.
    pub fn name_of(&self, item: Id) -> Option<&str> {
        self.by_item.get(&item).map(String::as_str)
    }

    /// The ids that begin like this, sorted.
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

    /// The plain map with an id: its unit, and its bytes.
    pub fn plain(&self, id: &str) -> Option<(Id, Span)> {
        self.plain.get(id).copied()
    }
}

impl View {
    /// The elements of an array; linear in it once, then at hand.
    pub(super) fn elements<'n>(&self, node: &'n Node) -> &'n Elements {
        node.elements.get_or_init(|| {
            let (mut by_name, mut by_item) = (HashMap::new(), HashMap::new());
            let mut plain = HashMap::new();
            for (place, entry) in self.entries_of(node).iter().enumerate() {
                self.each_plain(entry, |unit, bytes, value| {
                    if let Some(id) = plain_id(&value) {
                        plain.entry(id.to_owned()).or_insert((unit, bytes));
                    }
                });
                let Some(id) = self.id_of(entry) else { continue };
                if let Slot::Vacant(slot) = by_name.entry(id) {
                    by_item.insert(entry.id, slot.key().clone());
                    slot.insert(place);
                }
            }
            Box::new(Elements { by_name, by_item, plain, sorted: OnceLock::new() })
        })
    }

    /// The field `id` of a map in an array.
    pub(super) fn id_of(&self, entry: &Entry) -> Option<String> {
        let node = self.node(entry.node).filter(|node| node.shape == Shape::Map)?;
        let entries = self.entries_of(node);
        let order = |entry: &Entry| self.slice(entry.key).cmp(b"id".as_slice());
        let id = self.single(entries.get(entries.binary_search_by(order).ok()?)?)?;
        id.as_str().map(str::to_owned)
    }
}

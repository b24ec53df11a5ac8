//! All records of a map at once, without looking up each by its path.

use super::index::{Entry, Node, View};
use crate::crdt::source::{Source, each_field, flagged};
use crate::wire::{Shape, Value};

impl View {
    /// [`Source::fields`].
    pub(super) fn fields_of_each(
        &self,
        path: &[&str],
        names: &[&str],
    ) -> Vec<(String, Vec<Option<Value>>)> {
        let Some(map) = self.map_at(path) else { return each_field(self, path, names) };
        let of_record = |record: &Entry| {
            let key = self.key(record);
            let value = |name: &&str| match self.is_map(record.node) {
                true => self.child(record.node, name).and_then(|field| self.single(field)),
                false => self.value(&[path, &[key, name]].concat()),
            };
            (key.to_owned(), names.iter().map(value).collect())
        };
        self.entries_of(map).iter().map(of_record).collect()
    }

    /// [`Source::flagged`].
    pub(super) fn flagged_of(&self, path: &[&str], name: &str) -> Vec<String> {
        let Some(map) = self.map_at(path) else { return flagged(self, path, name) };
        let is_flagged = |record: &&Entry| match self.is_map(record.node) {
            true => self.child(record.node, name).is_some_and(|field| self.is_true(field)),
            false => self.flag(&[path, &[self.key(record), name]].concat()),
        };
        let records = self.entries_of(map).iter().filter(is_flagged);
        records.map(|record| self.key(record).to_owned()).collect()
    }

    /// Returns the map at a path, if it and all around it are shared types.
    fn map_at(&self, path: &[&str]) -> Option<&Node> {
        self.node(self.node_at(path)?).filter(|node| node.shape == Shape::Map)
    }

    pub(super) fn is_map(&self, node: u32) -> bool {
        self.node(node).is_some_and(|node| node.shape == Shape::Map)
    }
}

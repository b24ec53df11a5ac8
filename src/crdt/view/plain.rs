//! Looking into plain values: what other programs wrote as one value is looked up by path like the rest.

use super::index::{Entry, Node, View};
use super::span::NONE;
use super::steps::plain_id;
use crate::crdt::plain::Plain;
use crate::crdt::source::first_of_each;
use crate::wire::{ByteReader, Id, Shape, Value, any};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The elements of an array in order: the unit of each, and its text if it is one.
type ElementTexts = Vec<(Id, Option<String>)>;

impl View {
    /// Looks at the value at a path of two steps or more: an entry, or a part of a plain value.
    pub fn look<R>(
        &self,
        path: &[&str],
        at_entry: impl FnOnce(&Entry) -> R,
        in_plain: impl FnOnce(&Plain) -> R,
    ) -> Option<R> {
        let (root, mut rest) = path.split_first()?;
        let mut node = self.root(root)?;
        loop {
            let (step, below) = rest.split_first()?;
            match self.child(node, step) {
                Some(entry) if below.is_empty() => return Some(at_entry(entry)),
                Some(entry) if entry.node == NONE => {
                    return self.open(entry).at(below).map(in_plain);
                }
                Some(entry) => (node, rest) = (entry.node, below),
                None => return self.plain_named(node, step)?.at(below).map(in_plain),
            }
        }
    }

    /// Returns the keys of a container.
    pub fn keys_of(&self, node: &Node) -> Vec<String> {
        let entries = self.entries_of(node);
        match node.shape {
            Shape::Map => entries.iter().map(|entry| self.key(entry).to_owned()).collect(),
            Shape::Array => {
                let mut ids = Vec::new();
                for entry in entries {
                    match entry.node {
                        NONE => self.each_value(entry, |value| {
                            ids.extend(plain_id(&value).map(str::to_owned));
                        }),
                        _ => ids.extend(self.id_of(entry)),
                    }
                }
                first_of_each(ids.into_iter())
            }
            _ => Vec::new(),
        }
    }

    /// Returns the keys of a container that have this prefix, sorted.
    pub fn keys_of_beginning(&self, node: &Node, prefix: &str) -> Vec<String> {
        let entries = self.entries_of(node);
        match node.shape {
            Shape::Map => {
                let first = entries.partition_point(|entry| self.key(entry) < prefix);
                let keys = entries.iter().skip(first).map(|entry| self.key(entry));
                keys.take_while(|key| key.starts_with(prefix)).map(str::to_owned).collect()
            }
            Shape::Array => self.elements(node).beginning(prefix),
            _ => Vec::new(),
        }
    }

    /// Returns the first plain value of an entry.
    pub fn open(&self, entry: &Entry) -> Arc<Plain> {
        self.opened.get(entry.id, || self.single(entry))
    }

    /// Returns the plain elements of the array at a path, each with the unit of content that holds it.
    pub fn plain_elements(&self, path: &[&str]) -> Vec<(Id, Value)> {
        let node = self.node_at(path).and_then(|node| self.node(node));
        let Some(node) = node.filter(|node| node.shape == Shape::Array) else { return Vec::new() };
        let mut found = Vec::new();
        for entry in self.entries_of(node) {
            self.each_plain(entry, |unit, _, value| found.push((unit, value)));
        }
        found
    }

    /// Returns the elements of the array that an item created, in order: each with its unit of content, and
    /// its text if it is one. `None` if the item created no array.
    pub fn units_of(&self, item: Id) -> Option<ElementTexts> {
        let is_it = |entry: &&Entry| entry.id == item && entry.node != NONE;
        self.units(self.entries.iter().find(is_it)?.node)
    }

    /// Like [`View::units_of`], for several items with one pass over everything.
    pub fn units_of_each(&self, items: &BTreeSet<Id>) -> Vec<(Id, ElementTexts)> {
        let created = self.entries.iter().filter(|entry| entry.node != NONE);
        let wanted = created.filter(|entry| items.contains(&entry.id));
        wanted.filter_map(|entry| Some((entry.id, self.units(entry.node)?))).collect()
    }

    /// Like [`View::units_of`], for a root.
    pub fn units_of_root(&self, root: &str) -> Option<ElementTexts> {
        self.units(self.root(root)?)
    }

    fn units(&self, node: u32) -> Option<ElementTexts> {
        let node = self.node(node)?;
        // A root of undeclared type may be one.
        if matches!(node.shape, Shape::Map | Shape::Text) {
            return None;
        }
        let mut units = Vec::new();
        for entry in self.entries_of(node) {
            let before = units.len();
            self.each_plain(entry, |unit, _, value| {
                let text = match value {
                    Value::String(text) => Some(text),
                    _ => None,
                };
                units.push((unit, text));
            });
            if units.len() == before {
                units.push((entry.id, None));
            }
        }
        Some(units)
    }

    /// Returns the plain element of an array with this id.
    fn plain_named(&self, node: u32, id: &str) -> Option<Arc<Plain>> {
        let array = self.node(node).filter(|node| node.shape == Shape::Array)?;
        let (unit, content) = self.elements(array).plain(id)?;
        // The walk read the same bytes: this cannot fail.
        Some(self.opened.get(unit, || any::read(&mut ByteReader::at(self.slice(content), 0)).ok()))
    }
}

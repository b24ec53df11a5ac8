//! The part of a view that is new to another replica.

use super::index::{Entry, Node, View};
use super::span::NONE;
use crate::wire::{Clocks, Id, Record, Shape, Value};

impl View {
    /// Returns the content at a path without what a document with these clocks knows: a map with the new
    /// fields, an array with the new elements. `None` if it knows everything.
    pub fn news(&self, path: &[&str], known: &Clocks) -> Option<Value> {
        let node = match path {
            [root] => self.root(root)?,
            _ => {
                let entry = self.entry(path)?;
                if is_new(entry.id, known) {
                    return self.single(entry);
                }
                entry.node
            }
        };
        self.reduced(self.node(node)?, known)
    }

    /// Whether the container at a path is a sequence, in which elements coexist and none replaces another.
    pub fn is_sequence(&self, path: &[&str]) -> bool {
        let node = self.node_at(path).and_then(|node| self.node(node));
        node.is_some_and(|node| node.shape != Shape::Map)
    }

    /// Whether every container that another view shows is shown here too, so that none was replaced or
    /// removed. Much cheaper than looking for them one by one.
    pub fn shows_containers_of(&self, other: &View) -> bool {
        let containers = |view: &View| -> Vec<Id> {
            let containers = view.entries.iter().filter(|entry| entry.node != NONE);
            containers.map(|entry| entry.id).collect()
        };
        let mut here = containers(self);
        here.sort_unstable();
        containers(other).iter().all(|id| here.binary_search(id).is_ok())
    }

    /// Recursion is bounded: the check refused deeper nesting.
    fn reduced(&self, node: &Node, known: &Clocks) -> Option<Value> {
        let entries = self.entries_of(node).iter();
        match node.shape {
            Shape::Map => {
                let field = |entry: &Entry| {
                    Some((self.key(entry).to_owned(), self.reduced_entry(entry, known)?))
                };
                let fields: Record = entries.filter_map(field).collect();
                (!fields.is_empty()).then_some(Value::Map(fields))
            }
            Shape::Text => {
                let mut text = String::new();
                let mut any = false;
                for entry in entries {
                    any |= is_new(entry.id, known);
                    self.push_text(entry, &mut text);
                }
                any.then_some(Value::Text(text))
            }
            _ => {
                let mut items = Vec::new();
                for entry in entries {
                    if entry.node != NONE {
                        items.extend(self.reduced_entry(entry, known));
                        continue;
                    }
                    let mut clock = entry.id.clock;
                    self.each_value(entry, |value| {
                        if is_new(Id { clock, ..entry.id }, known) {
                            items.push(value);
                        }
                        clock = clock.saturating_add(1);
                    });
                }
                (!items.is_empty()).then_some(Value::Array(items))
            }
        }
    }

    fn reduced_entry(&self, entry: &Entry, known: &Clocks) -> Option<Value> {
        match is_new(entry.id, known) {
            true => self.single(entry),
            false => self.reduced(self.node(entry.node)?, known),
        }
    }
}

/// Whether an item is unknown to a document with these clocks.
pub fn is_new(id: Id, known: &Clocks) -> bool {
    known.get(&id.client).is_none_or(|end| id.clock >= *end)
}

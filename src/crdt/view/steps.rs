//! Steps from a container to its content: by key, and by the id of an element.

use super::elements::Elements;
use super::index::{Entry, Node, View};
use super::span::{NONE, Span};
use crate::wire::{BlockKind, ByteReader, Id, Shape, Value, any};
use std::sync::atomic::Ordering;

/// Among so few keys, looking at each is faster than a binary search.
pub const FEW_KEYS: usize = 16;

impl View {
    /// Returns the entry at a path of two steps or more.
    pub(crate) fn entry(&self, path: &[&str]) -> Option<&Entry> {
        let (root, keys) = path.split_first()?;
        let (last, between) = keys.split_last()?;
        let mut node = self.root(root)?;
        for key in between {
            node = self.child(node, key)?.node;
        }
        self.child(node, last)
    }

    pub(crate) fn node_at(&self, path: &[&str]) -> Option<u32> {
        match path {
            [root] => self.root(root),
            _ => self.entry(path).map(|entry| entry.node),
        }
    }

    pub(crate) fn child(&self, node: u32, step: &str) -> Option<&Entry> {
        let node = self.node(node)?;
        let entries = self.entries_of(node);
        match node.shape {
            Shape::Map => {
                let is_it = |entry: &Entry| self.is_under(entry, step);
                if entries.len() <= FEW_KEYS {
                    return entries.iter().find(|entry| is_it(entry));
                }
                let last = node.found.load(Ordering::Relaxed) as usize;
                let near =
                    (last..last.saturating_add(2)).find(|at| entries.get(*at).is_some_and(is_it));
                let order = |entry: &Entry| self.slice(entry.key).cmp(step.as_bytes());
                let at = near.or_else(|| entries.binary_search_by(order).ok())?;
                node.found.store(u32::try_from(at).unwrap_or(0), Ordering::Relaxed);
                entries.get(at)
            }
            Shape::Array => entries.get(self.elements(node).named(step)?),
            _ => None,
        }
    }

    /// Whether an entry of a map is under this key. Comparing the lengths first rarely leaves more than one key
    /// to be looked up in the bytes.
    pub(super) fn is_under(&self, entry: &Entry, key: &str) -> bool {
        entry.key.len as usize == key.len() && self.slice(entry.key) == key.as_bytes()
    }

    /// Returns the elements of an array; linear in it the first time, then cached.
    pub(crate) fn elements<'n>(&self, node: &'n Node) -> &'n Elements {
        node.elements.get_or_init(|| {
            let mut elements = Elements::default();
            for (place, entry) in self.entries_of(node).iter().enumerate() {
                self.each_plain(entry, |unit, bytes, value| {
                    if let Some(id) = plain_id(&value) {
                        elements.add_plain(id, unit, bytes);
                    }
                });
                if let Some(id) = self.id_of(entry) {
                    elements.add(id, place, entry.id);
                }
            }
            Box::new(elements)
        })
    }

    /// Returns the field `id` of a map in an array.
    pub(crate) fn id_of(&self, entry: &Entry) -> Option<String> {
        let node = self.node(entry.node).filter(|node| node.shape == Shape::Map)?;
        let entries = self.entries_of(node);
        let order = |entry: &Entry| self.slice(entry.key).cmp(b"id".as_slice());
        let id = self.single(entries.get(entries.binary_search_by(order).ok()?)?)?;
        id.as_str().map(str::to_owned)
    }

    /// Passes on the plain values of an array entry, each with its unit of content and its bytes.
    pub(crate) fn each_plain(&self, entry: &Entry, mut take: impl FnMut(Id, Span, Value)) {
        if entry.node != NONE || entry.kind != BlockKind::Any {
            return;
        }
        let mut reader = ByteReader::at(self.slice(entry.content), 0);
        let mut unit = entry.id;
        while reader.left() > 0 {
            let start = reader.offset();
            let Ok(value) = any::read(&mut reader) else { break };
            let base = entry.content.start as usize;
            let at = |offset: usize| base.saturating_add(offset);
            take(unit, Span::between(at(start), at(reader.offset())), value);
            unit.clock = unit.clock.saturating_add(1);
        }
    }
}

/// Returns the field `id` of a plain map.
pub fn plain_id(value: &Value) -> Option<&str> {
    match value {
        Value::Object(fields) => fields.get("id")?.as_str(),
        _ => None,
    }
}

//! The index that a view is: containers, their content, and where in the bytes each value lies.

use super::content_sum::ContentSum;
use super::elements::Elements;
use super::recent::RecentPlain;
use super::span::{Halves, NONE, Span};
use crate::wire::{
    AnyHead, BlockKind, ByteReader, HeldElsewhere, Id, Record, Shape, SharedBytes, Value, Version,
    any,
};
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU32;

/// The live content of one whole state.
#[derive(Default)]
pub struct View {
    pub(crate) bytes: SharedBytes,
    /// The parsed form of the bytes, while somebody holds it.
    pub(crate) held: HeldElsewhere,
    pub(crate) version: Version,
    /// Sorted by name.
    pub(crate) roots: Vec<(String, u32)>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) opened: RecentPlain,
    /// Set once it was asked for.
    pub(super) sum: OnceLock<ContentSum>,
}

/// A container.
pub struct Node {
    pub shape: Shape,
    /// For a map sorted by key, for a sequence in order.
    pub entries: Range<u32>,
    /// Index of the last key found: lists ask for one record after the other, and for one field after the
    /// other.
    pub found: AtomicU32,
    /// Set for an array in which an element was looked for.
    pub elements: OnceLock<Box<Elements>>,
}

impl Node {
    /// Creates one without entries.
    pub fn of(shape: Shape) -> Node {
        Node { shape, entries: 0..0, found: AtomicU32::new(0), elements: OnceLock::new() }
    }
}

/// A live item, or the live part of one.
#[derive(Clone, Copy)]
pub struct Entry {
    /// The id of its first unit.
    pub id: Id,
    /// Its key in a map; empty elsewhere.
    pub key: Span,
    /// The value, the values, or the text, without their count or length.
    pub content: Span,
    /// The kind of its content.
    pub kind: BlockKind,
    /// Whether the text was cut in the middle of a surrogate pair.
    pub halves: Halves,
    /// The container that the item created, or [`NONE`](super::span::NONE).
    pub node: u32,
}

impl Default for Entry {
    fn default() -> Self {
        let (id, kind) = (Id { client: 0, clock: 0 }, BlockKind::Gc);
        let (key, content, halves) = Default::default();
        Entry { id, key, content, kind, halves, node: NONE }
    }
}

impl View {
    pub(crate) fn root(&self, name: &str) -> Option<u32> {
        let at = self.roots.binary_search_by(|(root, _)| root.as_str().cmp(name)).ok()?;
        self.roots.get(at).map(|(_, node)| *node)
    }

    pub(crate) fn node(&self, node: u32) -> Option<&Node> {
        self.nodes.get(node as usize)
    }

    pub(crate) fn entries_of(&self, node: &Node) -> &[Entry] {
        let Range { start, end } = node.entries;
        self.entries.get(start as usize..end as usize).unwrap_or(&[])
    }

    pub(crate) fn slice(&self, span: Span) -> &[u8] {
        let start = span.start as usize;
        self.bytes.get(start..start.saturating_add(span.len as usize)).unwrap_or(&[])
    }

    pub(crate) fn key(&self, entry: &Entry) -> &str {
        std::str::from_utf8(self.slice(entry.key)).unwrap_or("")
    }

    /// Returns a container with everything below it. Recursion is bounded: the check refused deeper nesting.
    pub(crate) fn materialise(&self, node: u32) -> Value {
        let Some(node) = self.node(node) else { return Value::Undefined };
        let entries = self.entries_of(node);
        match node.shape {
            Shape::Map => Value::Map(
                entries
                    .iter()
                    .filter_map(|entry| Some((self.key(entry).to_owned(), self.single(entry)?)))
                    .collect::<Record>(),
            ),
            Shape::Text => {
                let mut text = String::new();
                entries.iter().for_each(|entry| self.push_text(entry, &mut text));
                Value::Text(text)
            }
            _ => {
                let mut items = Vec::new();
                entries.iter().for_each(|entry| self.each_value(entry, |value| items.push(value)));
                Value::Array(items)
            }
        }
    }

    /// Returns the value of an entry under a key.
    pub(crate) fn single(&self, entry: &Entry) -> Option<Value> {
        let mut first = None;
        self.each_value(entry, |value| first = first.take().or(Some(value)));
        first
    }

    /// Whether the value of an entry under a key is `true`.
    pub(crate) fn is_true(&self, entry: &Entry) -> bool {
        let begin = ByteReader::at(self.slice(entry.content), 0).any_head();
        entry.kind == BlockKind::Any && matches!(begin, Ok(AnyHead::Bool(true)))
    }

    /// Passes on the values of an entry: several if a run of plain values was inserted at once.
    pub(crate) fn each_value(&self, entry: &Entry, mut take: impl FnMut(Value)) {
        let bytes = self.slice(entry.content);
        match entry.kind {
            BlockKind::Type => take(self.materialise(entry.node)),
            BlockKind::Binary => take(Value::Bytes(bytes.to_vec())),
            BlockKind::Any => {
                let mut reader = ByteReader::at(bytes, 0);
                while reader.left() > 0 {
                    // The walk read the same bytes: this cannot fail.
                    let Ok(value) = any::read(&mut reader) else { break };
                    take(value);
                }
            }
            _ => {}
        }
    }

    /// Appends the text of an entry of a text; embedded values have none.
    pub(crate) fn push_text(&self, entry: &Entry, text: &mut String) {
        if entry.kind != BlockKind::String {
            return;
        }
        if entry.halves.start {
            text.push(char::REPLACEMENT_CHARACTER);
        }
        text.push_str(std::str::from_utf8(self.slice(entry.content)).unwrap_or(""));
        if entry.halves.end {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }

    /// Whether a root holds anything live.
    pub(crate) fn is_live(&self, node: u32) -> bool {
        self.node(node).is_some_and(|node| !node.entries.is_empty())
    }
}

//! The live content of a document, read from its bytes without yrs.
//!
//! A [`View`] is an index: containers, their keys and elements, and where in the bytes each value
//! lies. Reading one record materialises that record only. What the index says is what yrs would
//! show: the order of sequences and the winners of map keys follow its rule for conflicts.

pub(super) mod build;
pub(super) mod digest;
mod elements;
mod news;
pub(super) mod order;
pub(super) mod pieces;
mod plain;
mod runs;
#[cfg(test)]
mod tests;
mod typed;

pub use digest::ContentSum;
pub use news::is_new;
pub use runs::TextRun;

use super::plain::Plain;
use crate::crdt::encoding::{ContentDigests, Encoding};
use crate::crdt::source::{Shared, Source, keys_beginning};
use crate::error::{Error, Next, Result};
use crate::limits::{MERGE_STEPS_PER_BLOCK, READ_STEPS};
use crate::wire::{
    Block, BlockKind, ByteReader, Checked, CheckedBytes, Fault, HeldElsewhere, Id, IdSet, Record,
    RootKind, Shape, Update, Value, Version, any,
};
use elements::Elements;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// No node, no piece, no list.
pub(super) const NONE: u32 = u32::MAX;

/// The live content of one whole state.
#[derive(Default)]
pub struct View {
    bytes: Vec<u8>,
    /// What was read of them, while somebody holds it.
    held: HeldElsewhere,
    version: Version,
    /// Sorted by name.
    roots: Vec<(String, u32)>,
    nodes: Vec<Node>,
    entries: Vec<Entry>,
    opened: plain::Opened,
}

/// A container.
struct Node {
    shape: Shape,
    /// Of a map sorted by key, of a sequence in its order.
    entries: Range<usize>,
    /// Where among them the last key was found: lists ask for one record after the other, and for
    /// one field after the other.
    found: AtomicU32,
    /// Of an array in which an element was looked for.
    elements: OnceLock<Box<Elements>>,
}

/// A live item, or the live part of one.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub id: Id,
    /// In a map; empty elsewhere.
    pub key: Span,
    /// The value, the values, or the text, without their count or length.
    pub content: Span,
    pub kind: BlockKind,
    /// Whether the text was cut in the middle of a surrogate pair.
    pub halves: Halves,
    /// The container that the item created, or [`NONE`].
    pub node: u32,
}

/// A part of the bytes.
#[derive(Clone, Copy, Default)]
pub(super) struct Span {
    pub start: u32,
    pub len: u32,
}

impl Span {
    pub fn between(start: usize, end: usize) -> Span {
        // The walk refuses 4 GiB and more, so offsets fit.
        let fit = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span { start: fit(start), len: fit(end.saturating_sub(start)) }
    }

    /// Where the key is written that a block names.
    pub fn of_key(block: &Block, key: &str) -> Span {
        let at = block.key_at(key);
        Span::between(at.start, at.end)
    }
}

/// The ends of a text at which half a surrogate pair was cut off: each shows as U+FFFD.
#[derive(Clone, Copy, Default)]
pub(super) struct Halves {
    pub start: bool,
    pub end: bool,
}

impl View {
    /// The live content of a checked update that holds a whole state. What refers to something
    /// outside it is left out, as yrs would keep it waiting.
    ///
    /// # Errors
    /// `Refused` when what was written at once in it takes too long to be put into its order: no
    /// document that people write comes near.
    pub fn read(update: &Update<'_, Checked>) -> Result<View> {
        if let Some(known) = View::known_part(update) {
            let known = known.map_err(|fault| {
                Error::bug("what stands beside the roots of a concern is not all of it")
                    .because(fault)
            })?;
            let view = View::read(&known.update())?;
            return Ok(View { version: update.version(), ..view });
        }
        let due = (update.blocks().len() as u64).saturating_mul(MERGE_STEPS_PER_BLOCK);
        let limit = READ_STEPS.saturating_add(due);
        build::build(update, limit).ok_or_else(|| {
            Error::refused("the document would take too long to be read")
                .because(format!("more than {limit} comparisons of what was written at once"))
                .hint(
                    Next::Blocks(None)
                        .and(" lists what it holds; whoever wrote it can write it anew"),
                )
        })
    }

    /// Of an update that has more than any view shows, what stands in the roots that its concern
    /// knows.
    fn known_part(
        update: &Update<'_, Checked>,
    ) -> Option<std::result::Result<CheckedBytes<Vec<u8>>, Fault>> {
        let known = update.known_roots().filter(|_| update.beyond().is_some())?;
        let part = update.without(&update.beside(&IdSet::default()));
        Some(CheckedBytes::check(part, known))
    }

    /// Whether so many comparisons are enough.
    #[cfg(test)]
    pub(crate) fn takes(update: &Update<'_, Checked>, limit: u64) -> bool {
        build::build(update, limit).is_some()
    }

    /// The same of a document that was merged here, where its work was counted.
    pub fn of(update: &Update<'_, Checked>) -> View {
        if let Some(Ok(known)) = View::known_part(update) {
            let view = build::build(&known.update(), u64::MAX).unwrap_or_default();
            return View { version: update.version(), ..view };
        }
        // Without a limit it is built.
        build::build(update, u64::MAX).unwrap_or_default()
    }

    /// Clocks and deletions of the state.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The bytes that the view was built from.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The update that the view was built from; read again, where nobody holds what was read.
    ///
    /// # Errors
    /// `Bug` when `roots` are not those that it was checked with.
    pub fn update(&self, roots: &[(&str, RootKind)]) -> Result<Update<'_, Checked>> {
        if let Some(known) = self.held.of(&self.bytes) {
            return Ok(known);
        }
        Update::checked(&self.bytes, roots)
            .map_err(|fault| Error::bug("a document was valid and is not").because(fault))
    }

    /// The live units of content behind one in its sequence, in their order; that one may be deleted,
    /// and none stand behind one that is nowhere.
    ///
    /// # Errors
    /// `Bug` when `roots` are not those that the update was checked with.
    pub fn behind(&self, roots: &[(&str, RootKind)], unit: Id) -> Result<Vec<Id>> {
        // It was built within the limit.
        Ok(build::behind(&self.update(roots)?, unit, u64::MAX).unwrap_or_default())
    }

    /// BLAKE3 of the live content, whatever its history, client ids and encoding: two documents
    /// that show the same have the same digest.
    pub fn digest(&self) -> [u8; 32] {
        let mut out = Encoding::default();
        digest::encode(&mut out, self, &|_| false);
        out.take()
    }

    /// The same, and that of the part without maps in which the flag is true: they are left out of the
    /// maps that they are in.
    pub fn digests(&self, flag: &str) -> ContentDigests {
        let mut out = Encoding::with_parts();
        digest::encode(&mut out, self, &|node| {
            let value = self.child(node, flag).and_then(|entry| self.single(entry));
            value == Some(Value::Bool(true))
        });
        out.finish()
    }

    /// The sum of the digests of the parts of the live content: two documents that show the same have
    /// the same sum, as with [`View::digest`].
    pub fn sum(&self) -> ContentSum {
        digest::sum(self)
    }

    /// The item that created the container at a path; none for a root, which nobody created.
    pub fn container(&self, path: &[&str]) -> Option<Id> {
        self.entry(path).filter(|entry| entry.node != NONE).map(|entry| entry.id)
    }

    /// The item that holds the live value at a path.
    pub fn item(&self, path: &[&str]) -> Option<Id> {
        self.entry(path).map(|entry| entry.id)
    }

    /// The step that leads from the array at a path to the element that an item created; none where
    /// no step does, since the element has no id or an earlier one has the same.
    pub fn element(&self, path: &[&str], item: Id) -> Option<&str> {
        let node = self.node(self.node_at(path)?).filter(|node| node.shape == Shape::Array)?;
        self.elements(node).name_of(item)
    }

    /// Whether two views of one document show the same items at a path: what is there is then the
    /// same. The other way round is not promised.
    pub fn shows_the_same(&self, other: &View, path: &[&str]) -> bool {
        match (self.entry(path), other.entry(path)) {
            (Some(ours), Some(theirs)) => self.is_same(ours, other, theirs),
            (None, None) => true,
            _ => false,
        }
    }

    /// Recursion is bounded: the check refused deeper nesting.
    fn is_same(&self, ours: &Entry, other: &View, theirs: &Entry) -> bool {
        if (ours.id, ours.kind, ours.content.len) != (theirs.id, theirs.kind, theirs.content.len) {
            return false;
        }
        match (self.node(ours.node), other.node(theirs.node)) {
            (None, None) => true,
            (Some(a), Some(b)) => {
                let (a, b) = (self.entries_of(a), other.entries_of(b));
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.is_same(a, other, b))
            }
            _ => false,
        }
    }

    fn root(&self, name: &str) -> Option<u32> {
        let at = self.roots.binary_search_by(|(root, _)| root.as_str().cmp(name)).ok()?;
        self.roots.get(at).map(|(_, node)| *node)
    }

    /// The entry at a path of two steps or more.
    fn entry(&self, path: &[&str]) -> Option<&Entry> {
        let (root, keys) = path.split_first()?;
        let (last, between) = keys.split_last()?;
        let mut node = self.root(root)?;
        for key in between {
            node = self.child(node, key)?.node;
        }
        self.child(node, last)
    }

    fn node_at(&self, path: &[&str]) -> Option<u32> {
        match path {
            [root] => self.root(root),
            _ => self.entry(path).map(|entry| entry.node),
        }
    }

    fn child(&self, node: u32, step: &str) -> Option<&Entry> {
        let node = self.node(node)?;
        let entries = self.entries_of(node);
        match node.shape {
            Shape::Map => {
                let is_it = |entry: &Entry| self.slice(entry.key) == step.as_bytes();
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

    fn node(&self, node: u32) -> Option<&Node> {
        self.nodes.get(node as usize)
    }

    fn entries_of(&self, node: &Node) -> &[Entry] {
        self.entries.get(node.entries.clone()).unwrap_or(&[])
    }

    fn slice(&self, span: Span) -> &[u8] {
        let start = span.start as usize;
        self.bytes.get(start..start.saturating_add(span.len as usize)).unwrap_or(&[])
    }

    fn key(&self, entry: &Entry) -> &str {
        std::str::from_utf8(self.slice(entry.key)).unwrap_or("")
    }

    /// A container with all below it. Recursion is bounded: the check refused deeper nesting.
    fn materialise(&self, node: u32) -> Value {
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

    /// The value of an entry under a key.
    fn single(&self, entry: &Entry) -> Option<Value> {
        let mut first = None;
        self.each_value(entry, |value| first = first.take().or(Some(value)));
        first
    }

    /// The values of an entry: several where a run of plain values was inserted at once.
    fn each_value(&self, entry: &Entry, mut take: impl FnMut(Value)) {
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

    /// Adds the text of an entry of a text; embedded values have none.
    fn push_text(&self, entry: &Entry, text: &mut String) {
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
    fn is_live(&self, node: u32) -> bool {
        self.node(node).is_some_and(|node| !node.entries.is_empty())
    }
}

impl Source for View {
    fn item(&self, path: &[&str]) -> Option<Id> {
        View::item(self, path)
    }

    fn roots(&self) -> Vec<String> {
        let live = self.roots.iter().filter(|(_, node)| self.is_live(*node));
        live.map(|(name, _)| name.clone()).collect()
    }

    fn value(&self, path: &[&str]) -> Option<Value> {
        match path {
            [root] => Some(self.materialise(self.root(root)?)),
            _ => self.look(path, |entry| self.single(entry), |plain| Some(plain.value()))?,
        }
    }

    fn keys(&self, path: &[&str]) -> Vec<String> {
        let of_entry = |entry: &Entry| match self.node(entry.node) {
            Some(node) => self.keys_of(node),
            None => self.open(entry).keys(),
        };
        match path {
            [root] => {
                let node = self.root(root).and_then(|node| self.node(node));
                node.map(|node| self.keys_of(node)).unwrap_or_default()
            }
            _ => self.look(path, of_entry, Plain::keys).unwrap_or_default(),
        }
    }

    fn keys_beginning(&self, path: &[&str], prefix: &str) -> Vec<String> {
        match self.node_at(path).and_then(|node| self.node(node)) {
            Some(node) => self.keys_of_beginning(node, prefix),
            None => keys_beginning(self, path, prefix),
        }
    }

    fn exists(&self, path: &[&str]) -> bool {
        match path {
            [root] => self.root(root).is_some(),
            _ => self.look(path, |_| (), |_| ()).is_some(),
        }
    }

    fn shared(&self, path: &[&str]) -> Option<Shared> {
        Some(match self.node(self.node_at(path)?)?.shape {
            Shape::Map => Shared::Map,
            Shape::Array => Shared::Array,
            Shape::Text => Shared::Text,
            _ => Shared::Other,
        })
    }

    fn created_by(&self, path: &[&str]) -> Option<Id> {
        self.container(path)
    }
}

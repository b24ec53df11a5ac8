//! Values of a view, borrowed from the bytes without copying.

use super::index::{Entry, View};
use super::span::NONE;
use super::steps::FEW_KEYS;
use crate::crdt::source::Shared;
use crate::wire::{AnyHead, BlockKind, ByteReader, Shape, Value, any};
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// A value of a view.
#[derive(Clone, Copy)]
pub enum LentValue<'v> {
    /// A shared map.
    Map(LentEntries<'v>),
    /// A shared array.
    Array(LentEntries<'v>),
    /// A shared text.
    Text(LentEntries<'v>),
    /// Bytes that are one value.
    Bytes(&'v [u8]),
    /// Any other value that is not a shared type.
    Plain(LentPlain<'v>),
}

/// The content of a shared type.
#[derive(Clone, Copy)]
pub struct LentEntries<'v> {
    view: &'v View,
    entries: &'v [Entry],
    shape: Shape,
}

/// A plain value in its encoded form.
#[derive(Clone, Copy)]
pub struct LentPlain<'v>(&'v [u8]);

/// `undefined` in its encoded form.
const UNDEFINED: &[u8] = &[127];

impl View {
    /// Returns the content of a root, or `None` if there is no such root.
    pub fn lent(&self, root: &str) -> Option<LentValue<'_>> {
        Some(self.lent_node(self.root(root)?))
    }

    /// Returns the value at a path; `None` also for anything inside a plain value.
    pub fn lent_at(&self, path: &[&str]) -> Option<LentValue<'_>> {
        match path {
            [root] => self.lent(root),
            _ => first(self, self.entry(path)?),
        }
    }

    fn lent_node(&self, node: u32) -> LentValue<'_> {
        let Some(node) = self.node(node) else { return LentValue::Plain(LentPlain(UNDEFINED)) };
        let entries = LentEntries { view: self, entries: self.entries_of(node), shape: node.shape };
        match node.shape {
            Shape::Map => LentValue::Map(entries),
            Shape::Text => LentValue::Text(entries),
            _ => LentValue::Array(entries),
        }
    }

    fn lent_values(&self, entry: &Entry) -> LentValues<'_> {
        let bytes = self.slice(entry.content);
        let (first, plain) = match entry.kind {
            BlockKind::Type => (Some(self.lent_node(entry.node)), [].as_slice()),
            BlockKind::Binary => (Some(LentValue::Bytes(bytes)), [].as_slice()),
            BlockKind::Any => (None, bytes),
            _ => (None, [].as_slice()),
        };
        LentValues { first, plain }
    }
}

/// The values of an entry, one after the other.
struct LentValues<'v> {
    first: Option<LentValue<'v>>,
    /// The plain values that are left.
    plain: &'v [u8],
}

impl<'v> Iterator for LentValues<'v> {
    type Item = LentValue<'v>;

    fn next(&mut self) -> Option<LentValue<'v>> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        if self.plain.is_empty() {
            return None;
        }
        let mut reader = ByteReader::at(self.plain, 0);
        // The walk read the same bytes, and the check refused what is too deep: this cannot fail.
        let read = reader.skip_any().is_ok() && !reader.take_deep();
        let (value, rest) = self.plain.split_at_checked(reader.offset()).filter(|_| read)?;
        self.plain = rest;
        Some(LentValue::Plain(LentPlain(value)))
    }
}

impl LentValue<'_> {
    /// Returns which shared type it is; `None` for a plain value.
    pub fn shared(&self) -> Option<Shared> {
        match self {
            LentValue::Map(of) | LentValue::Array(of) | LentValue::Text(of) => {
                Some(of.shape.into())
            }
            LentValue::Bytes(_) | LentValue::Plain(_) => None,
        }
    }
}

impl<'v> LentEntries<'v> {
    /// Returns the value under a key of a map.
    pub fn get(self, key: &str) -> Option<LentValue<'v>> {
        let LentEntries { view, entries, .. } = self;
        if entries.len() <= FEW_KEYS {
            return first(view, entries.iter().find(|entry| view.is_under(entry, key))?);
        }
        let order = |entry: &Entry| view.slice(entry.key).cmp(key.as_bytes());
        first(view, entries.get(entries.binary_search_by(order).ok()?)?)
    }

    /// Returns the fields of a map, sorted by key.
    pub fn fields(self) -> impl Iterator<Item = (&'v str, LentValue<'v>)> {
        let LentEntries { view, entries, .. } = self;
        entries.iter().filter_map(|entry| Some((view.key(entry), first(view, entry)?)))
    }

    /// Returns the first half of what is in it, and the rest.
    pub fn halves(self) -> (Self, Self) {
        let (first, second) = self.entries.split_at(self.entries.len().div_ceil(2));
        (LentEntries { entries: first, ..self }, LentEntries { entries: second, ..self })
    }

    /// Returns the elements of an array, in order.
    pub fn elements(self) -> impl Iterator<Item = LentValue<'v>> {
        let LentEntries { view, entries, .. } = self;
        entries.iter().flat_map(|entry| view.lent_values(entry))
    }

    /// Returns the characters of a text.
    pub fn text(self) -> Cow<'v, str> {
        let LentEntries { view, entries, .. } = self;
        if let [only] = entries
            && only.kind == BlockKind::String
            && !only.halves.start
            && !only.halves.end
        {
            return Cow::Borrowed(std::str::from_utf8(view.slice(only.content)).unwrap_or(""));
        }
        let mut text = String::new();
        entries.iter().for_each(|entry| view.push_text(entry, &mut text));
        Cow::Owned(text)
    }
}

/// The value of an entry under a key.
fn first<'v>(view: &'v View, entry: &Entry) -> Option<LentValue<'v>> {
    match (entry.kind, entry.node) {
        // Most entries have exactly one value, with nothing after it.
        (BlockKind::Any, NONE) => {
            let bytes = view.slice(entry.content);
            (!bytes.is_empty()).then_some(LentValue::Plain(LentPlain(bytes)))
        }
        _ => view.lent_values(entry).next(),
    }
}

impl<'v> LentPlain<'v> {
    /// Returns how it begins, and a reader of what follows.
    pub fn head(self) -> (AnyHead, ByteReader<'v>) {
        let mut reader = ByteReader::at(self.0, 0);
        // The walk read the same bytes: this cannot fail.
        let head = reader.any_head().unwrap_or(AnyHead::Undefined);
        (head, reader)
    }

    /// Whether it is `true`.
    pub fn is_true(self) -> bool {
        matches!(self.head().0, AnyHead::Bool(true))
    }

    /// Returns the text if it is one.
    pub fn as_str(self) -> Option<&'v str> {
        match self.head() {
            (AnyHead::String, mut reader) => reader.text().ok(),
            _ => None,
        }
    }

    /// Returns the value itself.
    pub fn value(self) -> Value {
        any::read(&mut ByteReader::at(self.0, 0)).unwrap_or(Value::Undefined)
    }
}

/// Serializes as the equivalent [`Value`] would, without building one.
impl Serialize for LentValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            LentValue::Map(map) => serializer.collect_map(map.fields()),
            LentValue::Array(items) => serializer.collect_seq(items.elements()),
            LentValue::Text(text) => serializer.serialize_str(&text.text()),
            LentValue::Bytes(bytes) => Value::Bytes(bytes.to_vec()).serialize(serializer),
            LentValue::Plain(plain) => match plain.head() {
                (AnyHead::String, mut reader) => {
                    serializer.serialize_str(reader.text().unwrap_or_default())
                }
                (AnyHead::Int(n) | AnyHead::BigInt(n), _) => serializer.serialize_i64(n),
                (AnyHead::Bool(flag), _) => serializer.serialize_bool(flag),
                _ => plain.value().serialize(serializer),
            },
        }
    }
}

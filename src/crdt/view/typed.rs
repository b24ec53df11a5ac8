//! The live content with its types as Yjs distinguishes them: a shared map is not an object, a text not a
//! string, and a BigInt not a number.

use super::index::{Entry, Node, View};
use super::span::NONE;
use crate::wire::{AnyHead, BlockKind, ByteReader, Shape, Value};
use serde::ser::{Error, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use std::cell::RefCell;
use std::collections::BTreeMap;

impl View {
    /// Returns a root with everything below it, each value as `{"t": type, "v": value}`: `map`, `array` and
    /// `text` for the shared types, `any-map`, `any-array`, `string`, `number`, `bigint` (as a string),
    /// `bool`, `bytes` (base64), `null` and `undefined` for plain values. It is produced while being written.
    pub fn typed(&self, root: &str) -> Option<impl Serialize> {
        Some(TypedContainer { view: self, node: self.root(root)? })
    }
}

/// `{"t": …, "v": …}`
fn tagged<S: Serializer>(
    serializer: S,
    kind: &str,
    value: &(impl Serialize + ?Sized),
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry("t", kind)?;
    map.serialize_entry("v", value)?;
    map.end()
}

/// Writes a value that has only a type.
fn bare<S: Serializer>(serializer: S, kind: &str) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry("t", kind)?;
    map.end()
}

fn base64(bytes: &[u8]) -> String {
    data_encoding::BASE64.encode(bytes)
}

/// A shared type. Recursion is bounded: the check refused deeper nesting.
struct TypedContainer<'v> {
    view: &'v View,
    node: u32,
}

impl Serialize for TypedContainer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let view = self.view;
        let Some(node) = view.node(self.node) else { return bare(serializer, "undefined") };
        match node.shape {
            Shape::Map => tagged(serializer, "map", &TypedFields { view, node }),
            Shape::Text => {
                let mut text = String::new();
                view.entries_of(node).iter().for_each(|entry| view.push_text(entry, &mut text));
                tagged(serializer, "text", &text)
            }
            _ => tagged(serializer, "array", &Items { view, node }),
        }
    }
}

struct TypedFields<'v> {
    view: &'v View,
    node: &'v Node,
}

impl Serialize for TypedFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for entry in self.view.entries_of(self.node) {
            let key = self.view.key(entry);
            if entry.node != NONE {
                map.serialize_entry(key, &TypedContainer { view: self.view, node: entry.node })?;
            } else if let Some(values) = Values::of(self.view, entry)
                && !values.is_through()
            {
                map.serialize_entry(key, &values)?;
            }
        }
        map.end()
    }
}

struct Items<'v> {
    view: &'v View,
    node: &'v Node,
}

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(None)?;
        for entry in self.view.entries_of(self.node) {
            if entry.node != NONE {
                seq.serialize_element(&TypedContainer { view: self.view, node: entry.node })?;
            } else if let Some(values) = Values::of(self.view, entry) {
                while !values.is_through() {
                    seq.serialize_element(&values)?;
                }
            }
        }
        seq.end()
    }
}

/// The plain values of an entry; each serialization yields the next one.
enum Values<'v> {
    Bytes(RefCell<Option<&'v [u8]>>),
    Any(RefCell<ByteReader<'v>>),
}

impl<'v> Values<'v> {
    fn of(view: &'v View, entry: &Entry) -> Option<Self> {
        let bytes = view.slice(entry.content);
        match entry.kind {
            BlockKind::Binary => Some(Values::Bytes(RefCell::new(Some(bytes)))),
            BlockKind::Any => Some(Values::Any(RefCell::new(ByteReader::at(bytes, 0)))),
            _ => None,
        }
    }

    fn is_through(&self) -> bool {
        match self {
            Values::Bytes(bytes) => bytes.borrow().is_none(),
            Values::Any(reader) => reader.borrow().left() == 0,
        }
    }
}

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Values::Bytes(bytes) => {
                tagged(serializer, "bytes", &base64(bytes.take().unwrap_or_default()))
            }
            Values::Any(reader) => PlainReader(reader).serialize(serializer),
        }
    }
}

/// The plain value at the reader's position; the reader moves past it. Recursion is bounded: the walk refused
/// deeper nesting, and read the same bytes without an error.
struct PlainReader<'r, 'v>(&'r RefCell<ByteReader<'v>>);

impl Serialize for PlainReader<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let head = self.0.borrow_mut().any_head().map_err(S::Error::custom)?;
        match head {
            AnyHead::Undefined => bare(serializer, "undefined"),
            AnyHead::Null => bare(serializer, "null"),
            AnyHead::Bool(b) => tagged(serializer, "bool", &b),
            AnyHead::BigInt(n) => tagged(serializer, "bigint", &n.to_string()),
            AnyHead::Int(n) => tagged(serializer, "number", &n),
            AnyHead::Float(n) => tagged(serializer, "number", &Value::Number(n)),
            AnyHead::String => {
                let text = self.0.borrow_mut().text().map_err(S::Error::custom)?;
                tagged(serializer, "string", text)
            }
            AnyHead::Buffer => {
                let bytes = self.0.borrow_mut().buffer().map_err(S::Error::custom)?;
                tagged(serializer, "bytes", &base64(bytes))
            }
            AnyHead::Map(count) => tagged(serializer, "any-map", &PlainFields(self.0, count)),
            AnyHead::List(count) => tagged(serializer, "any-array", &PlainItems(self.0, count)),
        }
    }
}

struct PlainItems<'r, 'v>(&'r RefCell<ByteReader<'v>>, usize);

impl Serialize for PlainItems<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.1))?;
        for _ in 0..self.1 {
            seq.serialize_element(&PlainReader(self.0))?;
        }
        seq.end()
    }
}

struct PlainFields<'r, 'v>(&'r RefCell<ByteReader<'v>>, usize);

impl Serialize for PlainFields<'_, '_> {
    /// By key; if one key has two values, the last one.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut reader = self.0.borrow_mut();
        let mut fields = BTreeMap::new();
        for _ in 0..self.1 {
            let key = reader.text().map_err(S::Error::custom)?;
            fields.insert(key, reader.clone());
            reader.skip_any().map_err(S::Error::custom)?;
        }
        let mut map = serializer.serialize_map(Some(fields.len()))?;
        for (key, value) in fields {
            map.serialize_entry(key, &PlainReader(&RefCell::new(value)))?;
        }
        map.end()
    }
}

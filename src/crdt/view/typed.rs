//! The live content with its types, as Yjs tells them apart: a shared map is no object, a text no
//! string, and a BigInt no number.

use super::{Entry, Kind, NONE, Shape, View};
use crate::crdt::update::{AnyHead, Fault, Reader};
use crate::crdt::value::Value;
use serde_json::{Map, Value as Json, json};

/// The tag of a BigInt, which reads as an integer like any other.
const BIG_INT: u8 = 122;

impl View {
    /// A root and all below it, each value as `{"t": type, "v": value}`: `map`, `array` and `text`
    /// for the shared types, `any-map`, `any-array`, `string`, `number`, `bigint` (as a string),
    /// `bool`, `bytes` (base64), `null` and `undefined` for plain values.
    pub fn typed(&self, root: &str) -> Option<Json> {
        Some(container(self, self.root(root)?))
    }
}

/// Recursion is bounded: the check refused deeper nesting.
fn container(view: &View, node: u32) -> Json {
    let Some(node) = view.node(node) else { return json!({"t": "undefined"}) };
    let entries = view.entries_of(node);
    match node.shape {
        Shape::Map => {
            let fields = entries.iter().filter_map(|entry| {
                Some((view.key(entry).to_owned(), values(view, entry).into_iter().next()?))
            });
            typed("map", fields.collect::<Map<_, _>>().into())
        }
        Shape::Text => {
            let mut text = String::new();
            entries.iter().for_each(|entry| view.push_text(entry, &mut text));
            typed("text", text.into())
        }
        _ => {
            let items = entries.iter().flat_map(|entry| values(view, entry));
            typed("array", items.collect::<Vec<_>>().into())
        }
    }
}

fn values(view: &View, entry: &Entry) -> Vec<Json> {
    if entry.node != NONE {
        return vec![container(view, entry.node)];
    }
    let bytes = view.slice(entry.content);
    match entry.kind {
        Kind::Binary => vec![typed("bytes", base64(bytes))],
        Kind::Any => {
            let mut reader = Reader::at(bytes, 0);
            let mut values = Vec::new();
            // The walk read the same bytes: this cannot fail.
            while reader.left() > 0
                && let Ok(value) = plain(&mut reader)
            {
                values.push(value);
            }
            values
        }
        _ => Vec::new(),
    }
}

/// Recursion is bounded: the walk refused deeper nesting.
fn plain(reader: &mut Reader<'_>) -> Result<Json, Fault> {
    let is_big = reader.peek() == Some(BIG_INT);
    Ok(match reader.any_head()? {
        AnyHead::Undefined => json!({"t": "undefined"}),
        AnyHead::Null => json!({"t": "null"}),
        AnyHead::Bool(b) => typed("bool", b.into()),
        AnyHead::Int(n) if is_big => typed("bigint", n.to_string().into()),
        AnyHead::Int(n) => typed("number", n.into()),
        AnyHead::Float(n) => typed("number", Value::Number(n).to_json()),
        AnyHead::String => typed("string", reader.text()?.into()),
        AnyHead::Buffer => typed("bytes", base64(reader.buffer()?)),
        AnyHead::Map(count) => {
            let mut fields = Map::new();
            for _ in 0..count {
                let key = reader.text()?.to_owned();
                fields.insert(key, plain(reader)?);
            }
            fields.sort_keys();
            typed("any-map", fields.into())
        }
        AnyHead::List(count) => {
            let mut items = Vec::new();
            for _ in 0..count {
                items.push(plain(reader)?);
            }
            typed("any-array", items.into())
        }
    })
}

fn typed(kind: &str, value: Json) -> Json {
    json!({"t": kind, "v": value})
}

fn base64(bytes: &[u8]) -> Json {
    data_encoding::BASE64.encode(bytes).into()
}

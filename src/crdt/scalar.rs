//! Values on their way into yrs.

use super::content::Content;
use super::txn::Txn;
use crate::wire::{Value, any};
use std::sync::Arc;
use yrs::block::Prelim;
use yrs::{Any, Array, ArrayPrelim, ArrayRef, Map, MapPrelim, MapRef, Number, TextPrelim};

/// A value that one register holds.
pub struct Scalar {
    pub(super) any: Any,
    /// How it is written, where yrs would write it in another way.
    odd: Option<Box<[u8]>>,
}

impl Scalar {
    /// Whether yrs would write it in another way than it is to be written.
    pub(super) fn is_odd(&self) -> bool {
        self.odd.is_some()
    }

    /// The value itself, if yrs gives it in another type.
    pub(super) fn odd_value(&self) -> Option<Value> {
        self.odd.as_deref().and_then(Value::from_bytes)
    }
}

impl From<Any> for Scalar {
    fn from(any: Any) -> Self {
        Scalar { any, odd: None }
    }
}

/// A field of a new record.
pub enum New {
    /// One register that holds this.
    Value(Scalar),
    /// An empty map.
    Map,
    /// An empty array.
    Array,
}

impl<T: Into<Scalar>> From<T> for New {
    fn from(value: T) -> Self {
        New::Value(value.into())
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Any::String(Arc::from(text)).into()
    }
}

impl From<bool> for Scalar {
    fn from(value: bool) -> Self {
        Any::Bool(value).into()
    }
}

impl From<i64> for Scalar {
    fn from(value: i64) -> Self {
        Any::Number(Number::Int(value)).into()
    }
}

impl From<f64> for Scalar {
    fn from(value: f64) -> Self {
        Any::Number(Number::Float(value)).into()
    }
}

impl From<&Value> for Scalar {
    /// Shared types become plain values.
    fn from(value: &Value) -> Self {
        let odd = any::has_big(value).then(|| {
            let mut bytes = Vec::new();
            any::write(&mut bytes, value);
            bytes.into()
        });
        Scalar { any: to_any(value), odd }
    }
}

fn to_any(value: &Value) -> Any {
    match value {
        Value::Null => Any::Null,
        Value::Undefined => Any::Undefined,
        Value::Bool(b) => Any::Bool(*b),
        Value::Int(n) | Value::BigInt(n) => Any::Number(Number::Int(*n)),
        Value::Number(n) => Any::Number(Number::Float(*n)),
        Value::String(text) | Value::Text(text) => Any::String(Arc::from(text.as_str())),
        Value::Bytes(bytes) => Any::Buffer(Arc::from(bytes.as_slice())),
        Value::List(items) | Value::Array(items) => {
            Any::Array(items.iter().map(to_any).collect::<Vec<_>>().into())
        }
        Value::Object(map) | Value::Map(map) => Any::Map(Arc::new(
            map.iter().map(|(key, value)| (key.clone(), to_any(value))).collect(),
        )),
    }
}

/// The one way of every value into yrs.
impl Txn<'_> {
    pub(super) fn insert(&mut self, map: &MapRef, key: &str, value: impl Into<Scalar>) {
        let Scalar { any, odd } = value.into();
        map.insert(&mut self.yrs, key, any);
        self.note(odd);
    }

    pub(super) fn insert_in(&mut self, array: &ArrayRef, index: u32, value: impl Into<Scalar>) {
        let Scalar { any, odd } = value.into();
        let index = index.min(array.len(&self.yrs));
        array.insert(&mut self.yrs, index, any);
        self.note(odd);
    }

    /// Remembers how the value that was just written is to be written.
    fn note(&mut self, odd: Option<Box<[u8]>>) {
        let Some(bytes) = odd else { return };
        let last = self.next_unit().clock.saturating_sub(1);
        self.written.note_own(self.client, last, bytes);
        self.wrote_odd = true;
    }

    /// A value with all below it. Recursion is bounded: what is written was read from a document
    /// that passed the check.
    pub(super) fn write_value(&mut self, slot: Slot<'_>, value: &Value) {
        match value {
            Value::Map(fields) => {
                let new = slot.make(self, MapPrelim::default());
                fields
                    .iter()
                    .for_each(|(key, value)| self.write_value(Slot::Key(&new, key), value));
            }
            Value::Array(items) => {
                let new = slot.make(self, ArrayPrelim::default());
                items.iter().for_each(|value| self.write_value(Slot::End(&new), value));
            }
            Value::Text(text) => drop(slot.make(self, TextPrelim::new(text.as_str()))),
            plain => self.write_plain(slot, plain),
        }
    }

    /// Content with all below it, in the order of its keys, so that the same content is the same
    /// items.
    pub(super) fn write_content(&mut self, slot: Slot<'_>, content: &Content) {
        match content {
            Content::Plain(value) => self.write_plain(slot, value),
            Content::Map(fields) => {
                let new = slot.make(self, MapPrelim::default());
                fields
                    .iter()
                    .for_each(|(key, field)| self.write_content(Slot::Key(&new, key), field));
            }
            Content::Array(items) => {
                let new = slot.make(self, ArrayPrelim::default());
                items.iter().for_each(|item| self.write_content(Slot::End(&new), item));
            }
            Content::Text(text) => drop(slot.make(self, TextPrelim::new(text.as_str()))),
        }
    }

    fn write_plain(&mut self, slot: Slot<'_>, value: &Value) {
        match slot {
            Slot::Key(map, key) => self.insert(map, key, value),
            Slot::End(array) => self.insert_in(array, u32::MAX, value),
        }
    }
}

/// Where something new goes.
pub(super) enum Slot<'s> {
    /// Under a key of a map.
    Key(&'s MapRef, &'s str),
    /// At the end of an array.
    End(&'s ArrayRef),
}

impl Slot<'_> {
    fn make<P: Prelim>(self, txn: &mut Txn<'_>, new: P) -> P::Return {
        match self {
            Slot::Key(map, key) => map.insert(&mut txn.yrs, key, new),
            Slot::End(array) => array.push_back(&mut txn.yrs, new),
        }
    }
}

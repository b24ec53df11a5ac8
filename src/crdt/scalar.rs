//! Values as yrs takes them, and where they go.

use crate::wire::{Value, any};
use std::sync::Arc;
use yrs::block::Prelim;
use yrs::{Any, Array, ArrayRef, Map, MapRef, Number, TransactionMut};

/// A value that one register holds.
pub struct Scalar {
    pub(super) any: Any,
    /// Its encoding, if yrs would encode it differently.
    pub(super) odd: Option<Box<[u8]>>,
}

impl Scalar {
    /// Whether yrs would encode it differently from how it must be written.
    pub(super) fn is_odd(&self) -> bool {
        self.odd.is_some()
    }

    /// The value itself, if yrs reports it as another type.
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

/// Where something new goes.
pub(super) enum Slot<'s> {
    /// Under a key of a map.
    Key(&'s MapRef, &'s str),
    /// At the end of an array.
    End(&'s ArrayRef),
}

impl Slot<'_> {
    /// Creates a shared type there.
    pub(super) fn make<P: Prelim>(self, yrs: &mut TransactionMut<'_>, new: P) -> P::Return {
        match self {
            Slot::Key(map, key) => map.insert(yrs, key, new),
            Slot::End(array) => array.push_back(yrs, new),
        }
    }
}

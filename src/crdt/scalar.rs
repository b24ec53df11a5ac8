//! Values on their way into yrs.

use super::value::Value;
use std::sync::Arc;
use yrs::{
    Any, Array, ArrayPrelim, ArrayRef, Map, MapPrelim, MapRef, Number, TextPrelim, TransactionMut,
};

/// A value that one register holds.
pub struct Scalar(pub(super) Any);

/// A field of a new record.
pub enum New {
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
        Scalar(Any::String(Arc::from(text)))
    }
}

impl From<bool> for Scalar {
    fn from(value: bool) -> Self {
        Scalar(Any::Bool(value))
    }
}

impl From<i64> for Scalar {
    fn from(value: i64) -> Self {
        Scalar(Any::Number(Number::Int(value)))
    }
}

impl From<f64> for Scalar {
    fn from(value: f64) -> Self {
        Scalar(Any::Number(Number::Float(value)))
    }
}

impl From<&Value> for Scalar {
    /// Shared types become plain values.
    fn from(value: &Value) -> Self {
        Scalar(to_any(value))
    }
}

pub(super) fn to_any(value: &Value) -> Any {
    match value {
        Value::Null => Any::Null,
        Value::Undefined => Any::Undefined,
        Value::Bool(b) => Any::Bool(*b),
        Value::Int(n) => Any::Number(Number::Int(*n)),
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

/// Recursion is bounded: what is written was read from a document that passed the check.
pub(super) fn insert_value(txn: &mut TransactionMut<'_>, map: &MapRef, key: &str, value: &Value) {
    match value {
        Value::Map(fields) => {
            let new = map.insert(txn, key, MapPrelim::default());
            fields.iter().for_each(|(key, value)| insert_value(txn, &new, key, value));
        }
        Value::Array(items) => {
            let new = map.insert(txn, key, ArrayPrelim::default());
            items.iter().for_each(|value| append_value(txn, &new, value));
        }
        Value::Text(text) => drop(map.insert(txn, key, TextPrelim::new(text.as_str()))),
        plain => drop(map.insert(txn, key, to_any(plain))),
    }
}

pub(super) fn append_value(txn: &mut TransactionMut<'_>, array: &ArrayRef, value: &Value) {
    match value {
        Value::Map(fields) => {
            let new = array.push_back(txn, MapPrelim::default());
            fields.iter().for_each(|(key, value)| insert_value(txn, &new, key, value));
        }
        Value::Array(items) => {
            let new = array.push_back(txn, ArrayPrelim::default());
            items.iter().for_each(|value| append_value(txn, &new, value));
        }
        Value::Text(text) => drop(array.push_back(txn, TextPrelim::new(text.as_str()))),
        plain => drop(array.push_back(txn, to_any(plain))),
    }
}

//! Content of a document as plain data, wherever it was read from.

use serde::{Serialize, Serializer};
use serde_json::json;
use std::collections::BTreeMap;

/// The live fields of a map, sorted by key.
pub type Record = BTreeMap<String, Value>;

/// One value of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value, as JSON has it.
    Null,
    /// A value that JavaScript calls `undefined`; JSON has none, so it becomes null there.
    Undefined,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number that Yjs shows as a BigInt, which is another type there.
    BigInt(i64),
    /// A floating-point number; other programs keep whole numbers in these too.
    Number(f64),
    /// A string that is one value: it is always written whole.
    String(String),
    /// Bytes that are one value.
    Bytes(Vec<u8>),
    /// A shared map.
    Map(Record),
    /// A shared array.
    Array(Vec<Value>),
    /// A shared text.
    Text(String),
    /// A map that is one value (a JSON object), not a shared type.
    Object(Record),
    /// An array that is one value (a JSON array), not a shared type.
    List(Vec<Value>),
}

impl Value {
    /// Returns the text of a string or a shared text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) | Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns a whole number in any encoding that other programs use; fractions are cut off.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Int(n) | Value::BigInt(n) => Some(*n),
            // `as` saturates and turns NaN into zero: a wild float becomes a wild time, not a panic.
            Value::Number(n) => Some(*n as i64),
            _ => None,
        }
    }

    /// Returns the value of a flag; `None` for every other type, so nothing else counts as true.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// Returns the fields of a shared map or of an object.
    pub fn as_map(&self) -> Option<&Record> {
        match self {
            Value::Map(map) | Value::Object(map) => Some(map),
            _ => None,
        }
    }

    /// Returns the elements of a shared array or of a list.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(items) | Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// Returns a number in any encoding.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Int(n) | Value::BigInt(n) => Some(*n as f64),
            Value::Number(n) => Some(*n),
            _ => None,
        }
    }

    /// Returns the value as JSON: maps as objects, arrays as arrays, text as a string, whole numbers without
    /// a fraction. `undefined` becomes null, bytes a base64 string, and numbers that JSON cannot express a
    /// text: `"NaN"`, `"Infinity"`, `"-Infinity"`.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Null | Value::Undefined => serde_json::Value::Null,
            Value::Bool(b) => json!(b),
            Value::Int(n) | Value::BigInt(n) => json!(n),
            Value::Number(n) => number_to_json(*n),
            Value::String(text) | Value::Text(text) => json!(text),
            Value::Bytes(bytes) => json!(data_encoding::BASE64.encode(bytes)),
            Value::Map(map) | Value::Object(map) => record_to_json(map),
            Value::Array(items) | Value::List(items) => {
                serde_json::Value::Array(items.iter().map(Value::to_json).collect())
            }
        }
    }
}

/// Serializes as [`Value::to_json`] would, without building that JSON.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null | Value::Undefined => serializer.serialize_unit(),
            Value::Bool(b) => serializer.serialize_bool(*b),
            Value::Int(n) | Value::BigInt(n) => serializer.serialize_i64(*n),
            Value::Number(n) => match whole(*n) {
                Some(whole) => serializer.serialize_i64(whole),
                None if n.is_finite() => serializer.serialize_f64(*n),
                None => serializer.serialize_str(unwritten(*n)),
            },
            Value::String(text) | Value::Text(text) => serializer.serialize_str(text),
            Value::Bytes(bytes) => serializer.serialize_str(&data_encoding::BASE64.encode(bytes)),
            Value::Map(map) | Value::Object(map) => serializer.collect_map(map),
            Value::Array(items) | Value::List(items) => serializer.collect_seq(items),
        }
    }
}

/// Returns a record as a JSON object, keys sorted.
pub fn record_to_json(record: &Record) -> serde_json::Value {
    serde_json::Value::Object(record.iter().map(|(k, v)| (k.clone(), v.to_json())).collect())
}

fn number_to_json(n: f64) -> serde_json::Value {
    match whole(n) {
        Some(whole) => json!(whole),
        None if n.is_finite() => json!(n),
        None => json!(unwritten(n)),
    }
}

/// The JavaScript name of a number that JSON cannot express.
fn unwritten(n: f64) -> &'static str {
    match n {
        n if n.is_nan() => "NaN",
        n if n > 0.0 => "Infinity",
        _ => "-Infinity",
    }
}

/// Converts a float that is a whole number, as far as floats are exact.
fn whole(n: f64) -> Option<i64> {
    const SAFE: f64 = 9_007_199_254_740_991.0;
    (n.fract() == 0.0 && n.abs() <= SAFE).then_some(n as i64)
}

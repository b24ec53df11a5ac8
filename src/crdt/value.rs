//! Content of a document as plain data, wherever it was read from: the bytes of a file
//! ([`super::view::View`]) or a document open for editing ([`super::doc::Txn`]).

use super::update::Id;
use serde::{Serialize, Serializer};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

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
    /// A string that is one value: whoever writes it writes all of it.
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
    /// The text of a string or a shared text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) | Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number in any encoding that other programs use; fractions are cut off.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Int(n) | Value::BigInt(n) => Some(*n),
            // `as` saturates and makes NaN zero: a wild float becomes a wild time, not a panic.
            Value::Number(n) => Some(*n as i64),
            _ => None,
        }
    }

    /// What a flag says; None for every other type: nothing is taken for true.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The fields of a shared map or of an object.
    pub fn as_map(&self) -> Option<&Record> {
        match self {
            Value::Map(map) | Value::Object(map) => Some(map),
            _ => None,
        }
    }

    /// The elements of a shared array or of a list.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(items) | Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// A number of any encoding.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Int(n) | Value::BigInt(n) => Some(*n as f64),
            Value::Number(n) => Some(*n),
            _ => None,
        }
    }

    /// Whether two values mean the same, however they were encoded: numbers by what they are, maps
    /// whatever the order of their entries.
    pub fn same(&self, other: &Value) -> bool {
        super::update::any::same(self, other)
    }

    /// The same, and of the same type: a BigInt is no number.
    pub fn alike(&self, other: &Value) -> bool {
        super::update::any::alike(self, other)
    }

    /// A value that yrs gave, with the BigInts that it had as `known`, where it is the same still:
    /// yrs makes numbers of them. None where a shared array with BigInts in it has another length
    /// now, and which of them is which cannot be told.
    pub(super) fn typed_as(self, known: &Value) -> Option<Value> {
        Some(match (self, known) {
            (Value::Map(fields), Value::Map(old)) => {
                let typed = |(key, value): (String, Value)| match old.get(&key) {
                    Some(known) => Some((key, value.typed_as(known)?)),
                    None => Some((key, value)),
                };
                Value::Map(fields.into_iter().map(typed).collect::<Option<_>>()?)
            }
            (Value::Array(items), Value::Array(old)) if items.len() == old.len() => {
                let pairs = items.into_iter().zip(old);
                Value::Array(pairs.map(|(item, old)| item.typed_as(old)).collect::<Option<_>>()?)
            }
            (Value::Array(_), known) if super::update::any::has_big(known) => return None,
            (value, known) if value.same(known) => known.clone(),
            (value, _) => value,
        })
    }

    /// The bytes of the format for a plain value, if JSON does not give it back as it is: a BigInt,
    /// bytes, what is undefined or infinite.
    pub fn beyond_json(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        super::update::any::write(&mut bytes, self);
        // Shared types are plain values there as in JSON.
        let back = Value::from_json(&self.to_json());
        let is_given_back = back.zip(Value::from_bytes(&bytes)).is_some_and(|(a, b)| a.alike(&b));
        (!is_given_back).then_some(bytes)
    }

    /// What [`Value::beyond_json`] wrote. None where the bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Value> {
        let mut reader = super::update::Reader::at(bytes, 0);
        super::update::any::read(&mut reader).ok().filter(|_| reader.left() == 0)
    }

    /// A plain value out of JSON. None where it is nested too deeply.
    pub fn from_json(json: &serde_json::Value) -> Option<Value> {
        super::update::any::embedded(&json.to_string())
    }

    /// The value as JSON: maps as objects, arrays as arrays, text as a string, whole numbers
    /// without a fraction. `undefined`, NaN and infinities become null, bytes a base64 string.
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

/// As [`Value::to_json`], without the JSON in between.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null | Value::Undefined => serializer.serialize_unit(),
            Value::Bool(b) => serializer.serialize_bool(*b),
            Value::Int(n) | Value::BigInt(n) => serializer.serialize_i64(*n),
            Value::Number(n) => match whole(*n) {
                Some(whole) => serializer.serialize_i64(whole),
                None => serializer.serialize_f64(*n),
            },
            Value::String(text) | Value::Text(text) => serializer.serialize_str(text),
            Value::Bytes(bytes) => serializer.serialize_str(&data_encoding::BASE64.encode(bytes)),
            Value::Map(map) | Value::Object(map) => serializer.collect_map(map),
            Value::Array(items) | Value::List(items) => serializer.collect_seq(items),
        }
    }
}

/// A record as a JSON object, keys sorted.
pub fn record_to_json(record: &Record) -> serde_json::Value {
    serde_json::Value::Object(record.iter().map(|(k, v)| (k.clone(), v.to_json())).collect())
}

fn number_to_json(n: f64) -> serde_json::Value {
    whole(n).map_or_else(|| json!(n), |whole| json!(whole))
}

/// A float that is a whole number, as far as floats are exact.
fn whole(n: f64) -> Option<i64> {
    const SAFE: f64 = 9_007_199_254_740_991.0;
    (n.fract() == 0.0 && n.abs() <= SAFE).then_some(n as i64)
}

/// [`Source::fields`], one look for each.
pub(super) fn each_field<S: Source + ?Sized>(
    source: &S,
    path: &[&str],
    names: &[&str],
) -> Vec<(String, Vec<Option<Value>>)> {
    let look = |key: String| {
        let value = |name: &&str| source.value(&[path, &[key.as_str(), name]].concat());
        let values = names.iter().map(value).collect();
        (key, values)
    };
    source.keys(path).into_iter().map(look).collect()
}

/// [`Source::keys_beginning`], by a look at each.
pub(super) fn keys_beginning<S: Source + ?Sized>(
    source: &S,
    path: &[&str],
    prefix: &str,
) -> Vec<String> {
    let mut keys = source.keys(path);
    keys.retain(|key| key.starts_with(prefix));
    keys.sort_unstable();
    keys
}

/// [`Source::text_before`], by a look at each.
pub(super) fn text_before<S: Source + ?Sized>(
    source: &S,
    path: &[&str],
    text: &str,
) -> Option<Option<String>> {
    let list = source.value(path)?;
    let mut before = None;
    for found in list.as_array()?.iter().filter_map(Value::as_str) {
        if found == text {
            return Some(before.map(str::to_owned));
        }
        before = Some(found);
    }
    None
}

/// The ids of a sequence in its order, each once.
pub(super) fn first_of_each(ids: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    ids.filter(|id| seen.insert(id.clone())).collect()
}

/// A shared type: what can be written part by part, by several replicas at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shared {
    /// A Y.Map.
    Map,
    /// A Y.Array.
    Array,
    /// A Y.Text.
    Text,
    /// One that only other programs use.
    Other,
}

/// What can be asked of a document, open for editing or not. A path leads from a root through
/// map keys and array elements: `["messages", "3f2a…", "reactions"]`. An element of an array of
/// maps is named by its field `id`, whatever that looks like, so that it stays the same element when
/// others come and go (`["issues", "9c1e…", "comments", "77ab…"]`). Of several elements with one id
/// the first is meant, a shared map before a plain value.
///
/// A path leads through plain values too: other programs write whole records as one JSON object.
/// [`Source::shared`] tells what can be written.
pub trait Source {
    /// The names of the roots that hold anything, sorted.
    fn roots(&self) -> Vec<String>;

    /// The value at a path, everything below it included.
    fn value(&self, path: &[&str]) -> Option<Value>;

    /// The keys of the map or object at a path, sorted; of an array or list the ids of the maps in
    /// it, in its order; none elsewhere.
    fn keys(&self, path: &[&str]) -> Vec<String>;

    /// Those of [`Source::keys`] that begin like this, sorted.
    fn keys_beginning(&self, path: &[&str], prefix: &str) -> Vec<String> {
        keys_beginning(self, path, prefix)
    }

    /// What stands before a text in the array at a path, where other texts are all that counts:
    /// `Some(None)` before the first one, None where there is no such text.
    fn text_before(&self, path: &[&str], text: &str) -> Option<Option<String>> {
        text_before(self, path, text)
    }

    /// Whether anything stands at a path. Reads nothing of what is below it.
    fn exists(&self, path: &[&str]) -> bool;

    /// The shared type at a path; none where a plain value stands, or nothing: what is in there
    /// cannot be written by itself.
    fn shared(&self, path: &[&str]) -> Option<Shared>;

    /// The item that created the shared type at a path; none for a root, which nobody created, and for
    /// a plain value.
    fn created_by(&self, path: &[&str]) -> Option<Id>;

    /// Some fields of every record in the map or the array at a path, each with its key or id: as
    /// [`Source::keys`] and a look at each find them, in the same order.
    fn fields(&self, path: &[&str], names: &[&str]) -> Vec<(String, Vec<Option<Value>>)> {
        each_field(self, path, names)
    }

    /// The record at a path, a shared map or a plain object.
    fn record(&self, path: &[&str]) -> Option<Record> {
        match self.value(path)? {
            Value::Map(record) | Value::Object(record) => Some(record),
            _ => None,
        }
    }

    /// The text at a path.
    fn text(&self, path: &[&str]) -> Option<String> {
        self.value(path)?.as_str().map(str::to_owned)
    }

    /// The whole number at a path.
    fn int(&self, path: &[&str]) -> Option<i64> {
        self.value(path)?.as_i64()
    }

    /// Whether the value at a path is `true`.
    fn flag(&self, path: &[&str]) -> bool {
        matches!(self.value(path), Some(Value::Bool(true)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_json_does_not_give_back_has_bytes_beside_it() {
        let map = |value: Value| Value::Map(Record::from([("a".to_owned(), value)]));
        let given_back = [
            Value::Null,
            Value::Int(-5),
            Value::Number(0.5),
            map(Value::Array(vec![Value::Text("t".into()), Value::Number(3.0)])),
        ];
        for value in given_back {
            assert_eq!(value.beyond_json(), None, "{value:?}");
        }
        let others =
            [Value::BigInt(5), Value::Undefined, Value::Bytes(vec![1]), Value::Number(f64::NAN)];
        for value in others {
            let value = Value::Object(Record::from([("a".to_owned(), value)]));
            let bytes = value.beyond_json().expect("bytes");
            let back = Value::from_bytes(&bytes).expect("a value");
            assert!(back.alike(&value), "{value:?}");
            assert_eq!(Value::from_bytes(&bytes[1..]), None);
        }
    }
}

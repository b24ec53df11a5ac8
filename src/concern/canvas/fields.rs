//! The writable fields of an element, by name and with their types.

use super::ElementKind;
use crate::error::{Error, Result};
use crate::limits;
use crate::wire::{Record, Value};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// Values for fields by name: `x`, or `data.color` for a key of `data`. `None` removes a key.
pub type ElementFields = BTreeMap<String, Option<Value>>;

/// The field that is a map; each of its keys is treated as a field.
pub const DATA: &str = "data";
const NUMBERS: &[&str] = &["x", "y", "width", "height", "rotation"];
const SIZES: &[&str] = &["width", "height"];
/// The fields other than `data`.
const PLAIN: &[&str] = &["element_type", "x", "y", "width", "height", "rotation", "z_index"];

/// The key of `data` that a field name stands for.
pub fn data_key(name: &str) -> Option<&str> {
    name.strip_prefix(DATA)?.strip_prefix('.')
}

/// The value of a field in a record.
pub fn get<'r>(record: &'r Record, name: &str) -> Option<&'r Value> {
    match data_key(name) {
        Some(key) => record.get(DATA)?.as_map()?.get(key),
        None => record.get(name),
    }
}

/// The value of a field as JSON; null if it has none.
pub fn json(record: &Record, name: &str) -> Json {
    get(record, name).map_or(Json::Null, Value::to_json)
}

/// Every writable field of a record.
pub fn names(record: &Record) -> Vec<String> {
    let keys = record.get(DATA).and_then(Value::as_map).into_iter().flatten();
    let plain = PLAIN.iter().filter(|name| record.contains_key(**name));
    plain
        .map(|name| (*name).to_owned())
        .chain(keys.map(|(key, _)| format!("{DATA}.{key}")))
        .collect()
}

/// The fields that a person or a batch asks to write: an object for `data` sets its keys, null removes
/// a key.
///
/// # Errors
/// `Usage` for an unknown field or a wrong type; `Refused` if it is too large.
pub fn parse(wanted: &Map<String, Json>) -> Result<ElementFields> {
    let mut fields = ElementFields::new();
    let mut bytes = 0usize;
    for (name, value) in wanted {
        for (name, value) in spread(name, value)? {
            bytes = bytes.saturating_add(check(&name, value)?);
            fields.insert(name.clone(), typed(&name, value)?);
        }
    }
    if bytes > limits::ELEMENT_DATA_BYTES {
        return Err(Error::refused(format!(
            "`data` has {bytes} bytes, more than {}",
            limits::ELEMENT_DATA_BYTES
        ))
        .hint("keep large things as files, and their path in `data`"));
    }
    Ok(fields)
}

/// The fields of an element that another program sent; unknown fields are ignored.
///
/// # Errors
/// Those of [`parse`] for wrong types.
pub fn of_json(element: &Map<String, Json>) -> Result<ElementFields> {
    let mut fields = ElementFields::new();
    for (name, value) in element {
        if PLAIN.contains(&name.as_str()) || (name == DATA && value.is_object()) {
            for (name, value) in spread(name, value)? {
                fields.insert(name.clone(), typed(&name, value)?);
            }
        }
    }
    Ok(fields)
}

/// A field as given; `data` is split into its keys.
fn spread<'j>(name: &str, value: &'j Json) -> Result<Vec<(String, &'j Json)>> {
    match (name, value) {
        (DATA, Json::Object(keys)) => {
            Ok(keys.iter().map(|(key, value)| (format!("{DATA}.{key}"), value)).collect())
        }
        (DATA, _) => Err(Error::usage("`data` must be a JSON object")
            .hint("for example data='{\"content\":\"hi\"}', or one key of it: data.content=hi")),
        _ => Ok(vec![(name.to_owned(), value)]),
    }
}

/// A value with the type that the schema gives its field; null removes a key of `data`.
pub fn typed(name: &str, value: &Json) -> Result<Option<Value>> {
    if data_key(name).is_some() {
        if value.is_null() {
            return Ok(None);
        }
        let plain = Value::from_json(value);
        return plain
            .map(Some)
            .ok_or_else(|| Error::refused(format!("{name} is nested too deeply")));
    }
    let found = match (name, value) {
        ("element_type", Json::String(kind)) if !kind.is_empty() => Value::String(kind.clone()),
        ("z_index", value) => {
            value.as_i64().map(Value::Int).ok_or_else(|| wrong(name, "a whole number"))?
        }
        (name, value) if NUMBERS.contains(&name) => {
            match value.as_f64().filter(|n| n.is_finite()) {
                Some(n) => Value::Number(n),
                None => return Err(wrong(name, "a number")),
            }
        }
        ("element_type", _) => return Err(wrong(name, "text")),
        _ => return Err(no_field(name)),
    };
    Ok(Some(found))
}

/// Checks what is written here beyond its type. Returns how many bytes go into `data`.
fn check(name: &str, value: &Json) -> Result<usize> {
    if let Some(key) = data_key(name) {
        if key.is_empty() || key.len() > limits::ID_BYTES || key.chars().any(char::is_control) {
            return Err(Error::usage(format!("not a key of `data`: {key:?}")));
        }
        return Ok(key.len().saturating_add(value.to_string().len()));
    }
    if name == "element_type" {
        ElementKind::parse(value.as_str().unwrap_or_default())?;
    }
    if SIZES.contains(&name) && value.as_f64().is_some_and(|n| n < 0.0) {
        return Err(wrong(name, "a number that is not negative"));
    }
    Ok(0)
}

fn wrong(name: &str, what: &str) -> Error {
    Error::usage(format!("{name} must be {what}"))
}

fn no_field(name: &str) -> Error {
    Error::usage(format!("{name:?} is not a field of an element that can be set")).hint(format!(
        "set one of {}, or a key of `data`, as in data.color=#ff8800",
        PLAIN.join(", ")
    ))
}

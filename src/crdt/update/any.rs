//! Values of the format as plain data, and when two of them mean the same.

use super::Fault;
use super::reader::{AnyHead, Reader};
use crate::crdt::value::{Record, Value};
use crate::limits::ANY_DEPTH;

/// Reads one value.
///
/// # Errors
/// As the walk: bytes that passed it read without error.
pub fn read(reader: &mut Reader<'_>) -> Result<Value, Fault> {
    read_within(reader, ANY_DEPTH)
}

/// Recursion is bounded: the walk refused what is nested deeper.
fn read_within(reader: &mut Reader<'_>, depth: usize) -> Result<Value, Fault> {
    let inner = || depth.checked_sub(1);
    Ok(match reader.any_head()? {
        AnyHead::Undefined => Value::Undefined,
        AnyHead::Null => Value::Null,
        AnyHead::Bool(b) => Value::Bool(b),
        AnyHead::Int(n) => Value::Int(n),
        AnyHead::Float(n) => Value::Number(n),
        AnyHead::String => Value::String(reader.text()?.to_owned()),
        AnyHead::Buffer => Value::Bytes(reader.buffer()?.to_vec()),
        AnyHead::Map(count) => {
            let depth = inner().ok_or_else(|| too_deep(reader))?;
            let mut record = Record::new();
            for _ in 0..count {
                let key = reader.text()?.to_owned();
                record.insert(key, read_within(reader, depth)?);
            }
            Value::Object(record)
        }
        AnyHead::List(count) => {
            let depth = inner().ok_or_else(|| too_deep(reader))?;
            let mut items = Vec::new();
            for _ in 0..count {
                items.push(read_within(reader, depth)?);
            }
            Value::List(items)
        }
    })
}

fn too_deep(reader: &Reader<'_>) -> Fault {
    reader.fault("nesting", format!("a value nested deeper than {ANY_DEPTH}"))
}

/// The JSON text of an embedded value as plain data; `None` where it is no JSON, or nested too
/// deeply.
pub fn embedded(json: &str) -> Option<Value> {
    // serde_json itself refuses more than 128 levels, so the recursion below is bounded.
    let value: serde_json::Value = serde_json::from_str(json).ok()?;
    from_json(value, ANY_DEPTH)
}

fn from_json(value: serde_json::Value, depth: usize) -> Option<Value> {
    use serde_json::Value as Json;
    Some(match value {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(b),
        Json::Number(n) => match n.as_i64() {
            Some(n) => Value::Int(n),
            None => Value::Number(n.as_f64()?),
        },
        Json::String(text) => Value::String(text),
        Json::Array(items) => {
            let depth = depth.checked_sub(1)?;
            Value::List(items.into_iter().map(|v| from_json(v, depth)).collect::<Option<_>>()?)
        }
        Json::Object(map) => {
            let depth = depth.checked_sub(1)?;
            let entries = map.into_iter().map(|(k, v)| Some((k, from_json(v, depth)?)));
            Value::Object(entries.collect::<Option<_>>()?)
        }
    })
}

/// A number without its encoding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    Whole(i64),
    /// The bits of a fraction, an infinity, NaN or what does not fit 64 bits.
    Float(u64),
}

/// A float as the number that it means. yrs writes integers as floats and back where that is exact;
/// it takes i64::MAX for exact, so 2^63 means that here too.
pub fn number(n: f64) -> Number {
    const END: f64 = 9_223_372_036_854_775_808.0;
    if n.fract() == 0.0 && n.abs() <= END {
        Number::Whole(n as i64)
    } else if n.is_nan() {
        Number::Float(f64::NAN.to_bits())
    } else {
        Number::Float(n.to_bits())
    }
}

/// Whether two values mean the same, however they were encoded: numbers by what they are, maps
/// whatever the order of their entries.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Int(n), Value::Number(f)) | (Value::Number(f), Value::Int(n)) => {
            number(*f) == Number::Whole(*n)
        }
        (Value::Number(a), Value::Number(b)) => number(*a) == number(*b),
        (Value::List(a), Value::List(b)) | (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) | (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((ka, a), (kb, b))| ka == kb && same(a, b))
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_equal_by_what_they_mean() {
        assert!(same(&Value::Int(5), &Value::Number(5.0)));
        assert!(same(&Value::Number(-0.0), &Value::Int(0)));
        assert!(same(&Value::Number(f64::NAN), &Value::Number(-f64::NAN)));
        assert!(same(&Value::Int(i64::MAX), &Value::Number(9_223_372_036_854_775_808.0)));
        assert!(same(&Value::Int(i64::MIN), &Value::Number(-9_223_372_036_854_775_808.0)));
        assert!(!same(&Value::Int((1 << 53) + 1), &Value::Number(9_007_199_254_740_992.0)));
        assert!(!same(&Value::Number(0.1), &Value::Number(f64::from(0.1_f32))));
        assert!(!same(&Value::Int(1), &Value::Bool(true)));
    }

    #[test]
    fn a_shared_map_is_not_an_object() {
        assert!(!same(&Value::Map(Record::new()), &Value::Object(Record::new())));
        assert!(!same(&Value::Text(String::new()), &Value::String(String::new())));
    }
}

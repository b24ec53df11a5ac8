//! Values of the format as plain data, and when two of them are equal.

use super::Fault;
use super::deletes::write_var;
use super::head::{TEXT_VALUE, write_bytes};
use super::reader::{AnyHead, ByteReader};
use super::{Record, Value};
use crate::limits::ANY_DEPTH;

/// Reads one value.
///
/// # Errors
/// As the walk: bytes that passed it read without error.
pub fn read(reader: &mut ByteReader<'_>) -> Result<Value, Fault> {
    read_within(reader, ANY_DEPTH)
}

/// Reads the rest of a value whose head was read.
///
/// # Errors
/// As [`read`].
pub fn read_behind(head: AnyHead, reader: &mut ByteReader<'_>) -> Result<Value, Fault> {
    read_rest(head, reader, ANY_DEPTH)
}

fn read_within(reader: &mut ByteReader<'_>, depth: usize) -> Result<Value, Fault> {
    let head = reader.any_head()?;
    read_rest(head, reader, depth)
}

/// Recursion is bounded: the walk refused deeper nesting.
fn read_rest(head: AnyHead, reader: &mut ByteReader<'_>, depth: usize) -> Result<Value, Fault> {
    let inner = || depth.checked_sub(1);
    Ok(match head {
        AnyHead::Undefined => Value::Undefined,
        AnyHead::Null => Value::Null,
        AnyHead::Bool(b) => Value::Bool(b),
        AnyHead::Int(n) => Value::Int(n),
        AnyHead::BigInt(n) => Value::BigInt(n),
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

fn too_deep(reader: &ByteReader<'_>) -> Fault {
    reader.fault("nesting", format!("a value nested deeper than {ANY_DEPTH}"))
}

/// Writes a value as other programs write it: shared types become the plain values that they show.
///
/// Recursion is bounded: what was read or parsed is nested no deeper than [`ANY_DEPTH`].
pub fn write(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Undefined => out.push(127),
        Value::Null => out.push(126),
        Value::Bool(b) => out.push(if *b { 120 } else { 121 }),
        Value::Int(n) => write_int(out, *n),
        Value::BigInt(n) => write_big(out, *n),
        Value::Number(n) => write_float(out, *n),
        Value::String(text) | Value::Text(text) => {
            out.push(TEXT_VALUE);
            write_bytes(out, text.as_bytes());
        }
        Value::Object(fields) | Value::Map(fields) => {
            out.push(118);
            write_var(out, fields.len() as u64);
            for (key, field) in fields {
                write_bytes(out, key.as_bytes());
                write(out, field);
            }
        }
        Value::List(items) | Value::Array(items) => {
            out.push(117);
            write_var(out, items.len() as u64);
            items.iter().for_each(|item| write(out, item));
        }
        Value::Bytes(bytes) => {
            out.push(116);
            write_bytes(out, bytes);
        }
    }
}

/// As Yjs does: 31 bits and the sign as an integer, what a double holds exactly as one, the rest as a BigInt.
fn write_int(out: &mut Vec<u8>, n: i64) {
    const SMALL: u64 = 0x7fff_ffff;
    const EXACT: u64 = 1 << 53;
    let size = n.unsigned_abs();
    if size <= SMALL {
        out.push(125);
        let sign = if n < 0 { 0x40 } else { 0 };
        let more = if size > 0x3f { 0x80 } else { 0 };
        out.push((size & 0x3f) as u8 | sign | more);
        if more != 0 {
            write_var(out, size >> 6);
        }
    } else if size <= EXACT {
        write_float(out, n as f64);
    } else {
        write_big(out, n);
    }
}

fn write_big(out: &mut Vec<u8>, n: i64) {
    out.push(122);
    out.extend_from_slice(&n.to_be_bytes());
}

fn write_float(out: &mut Vec<u8>, n: f64) {
    out.push(123);
    out.extend_from_slice(&n.to_be_bytes());
}

/// Returns the JSON text of an embedded value as plain data; `None` if it is not JSON, or nested too deeply.
pub fn embedded(json: &str) -> Option<Value> {
    // serde_json itself refuses more than 128 levels, so the recursion below is bounded.
    let value: serde_json::Value = serde_json::from_str(json).ok()?;
    from_json(value, ANY_DEPTH)
}

/// Whether a text is JSON, regardless of content and depth.
pub fn is_json(text: &str) -> bool {
    // Ignored values are not recursed into.
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Whether the brackets of a JSON text are nested deeper than can be read.
pub fn nests_deeper(json: &str) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0usize, false, false);
    json.bytes().any(|byte| {
        match (in_text, byte) {
            (true, b'"') if !escaped => in_text = false,
            (false, b'"') => in_text = true,
            (false, b'[' | b'{') => depth = depth.saturating_add(1),
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        escaped = in_text && byte == b'\\' && !escaped;
        depth > ANY_DEPTH
    })
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

/// 2^63.
const END: f64 = 9_223_372_036_854_775_808.0;

/// A number without its encoding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    Whole(i64),
    /// The bits of a fraction, an infinity, NaN or a number that does not fit 64 bits.
    Float(u64),
}

/// Returns the number that a float stands for.
pub fn number(n: f64) -> Number {
    if n.fract() == 0.0 && (-END..END).contains(&n) {
        Number::Whole(n as i64)
    } else if n.is_nan() {
        Number::Float(f64::NAN.to_bits())
    } else {
        Number::Float(n.to_bits())
    }
}

/// Whether two values are equal, however they were encoded: numbers by value, maps regardless of the order of
/// their entries.
pub fn same(a: &Value, b: &Value) -> bool {
    same_by(a, b, |a, b| a == b)
}

/// Like [`same`], where one may be what yrs made of the other: it writes the largest whole number as 2^63.
pub fn same_rewritten(a: &Value, b: &Value) -> bool {
    let largest = |n| n == Number::Whole(i64::MAX) || n == Number::Float(END.to_bits());
    same_by(a, b, |a, b| a == b || (largest(a) && largest(b)))
}

/// Like [`same`], and neither has a BigInt where the other has a number.
pub fn alike(a: &Value, b: &Value) -> bool {
    same_by(a, b, |a, b| a == b) && bigs(a) == bigs(b)
}

/// Returns, for each number in a value in order, whether it is a BigInt.
fn bigs(value: &Value) -> Vec<bool> {
    let mut found = Vec::new();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::BigInt(_) => found.push(true),
            Value::Int(_) | Value::Number(_) => found.push(false),
            other => {
                open.extend(other.as_map().into_iter().flat_map(|fields| fields.values()));
                open.extend(other.as_array().unwrap_or_default());
            }
        }
    }
    found
}

/// Whether a value contains a BigInt: yrs turns it into a number.
pub fn has_big(value: &Value) -> bool {
    bigs(value).contains(&true)
}

fn same_by(a: &Value, b: &Value, equal: impl Fn(Number, Number) -> bool + Copy) -> bool {
    let numeric = |value: &Value| match value {
        Value::Int(n) | Value::BigInt(n) => Some(Number::Whole(*n)),
        Value::Number(n) => Some(number(*n)),
        _ => None,
    };
    match (a, b) {
        (Value::List(a), Value::List(b)) | (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_by(a, b, equal))
        }
        (Value::Object(a), Value::Object(b)) | (Value::Map(a), Value::Map(b)) => {
            let mut pairs = a.iter().zip(b);
            a.len() == b.len() && pairs.all(|((ka, a), (kb, b))| ka == kb && same_by(a, b, equal))
        }
        _ => match (numeric(a), numeric(b)) {
            (Some(a), Some(b)) => equal(a, b),
            _ => a == b,
        },
    }
}

impl Value {
    /// Whether two values are equal, however they were encoded: numbers by value, maps regardless of the
    /// order of their entries.
    pub fn same(&self, other: &Value) -> bool {
        same(self, other)
    }

    /// Like [`Value::same`], and of the same type: a BigInt is not a number.
    pub fn alike(&self, other: &Value) -> bool {
        alike(self, other)
    }

    /// Gives a value that yrs returned the BigInts it had as `known`, wherever it is unchanged: yrs turns
    /// them into numbers. `None` if a shared array that contains BigInts has another length now, so that its
    /// elements cannot be matched.
    pub(crate) fn typed_as(self, known: &Value) -> Option<Value> {
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
            (Value::Array(_), known) if has_big(known) => return None,
            (value, known) if value.same(known) => known.clone(),
            (value, _) => value,
        })
    }

    /// Returns the encoded form of a plain value that JSON would not preserve: one with a BigInt, bytes, or
    /// something undefined or infinite.
    pub fn beyond_json(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        write(&mut bytes, self);
        // Shared types become plain values there, as in JSON.
        let back = Value::from_json(&self.to_json());
        let is_given_back = back.zip(Value::from_bytes(&bytes)).is_some_and(|(a, b)| a.alike(&b));
        (!is_given_back).then_some(bytes)
    }

    /// Reads what [`Value::beyond_json`] wrote. `None` if the bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Value> {
        let mut reader = ByteReader::at(bytes, 0);
        read(&mut reader).ok().filter(|_| reader.left() == 0)
    }

    /// Converts JSON to a plain value, consuming it. `None` if it is nested too deeply.
    pub fn from_json_value(json: serde_json::Value) -> Option<Value> {
        // serde_json has parsed it, and it parses no more than 128 levels.
        from_json(json, ANY_DEPTH)
    }

    /// Converts JSON to a plain value. `None` if it is nested too deeply.
    pub fn from_json(json: &serde_json::Value) -> Option<Value> {
        embedded(&json.to_string())
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
        let largest = (Value::Int(i64::MAX), Value::Number(9_223_372_036_854_775_808.0));
        assert!(!same(&largest.0, &largest.1));
        assert!(same_rewritten(&Value::List(vec![largest.0]), &Value::List(vec![largest.1])));
        assert!(same(&Value::Int(i64::MIN), &Value::Number(-9_223_372_036_854_775_808.0)));
        assert!(!same(&Value::Int((1 << 53) + 1), &Value::Number(9_007_199_254_740_992.0)));
        assert!(!same(&Value::Number(0.1), &Value::Number(f64::from(0.1_f32))));
        assert!(!same(&Value::Int(1), &Value::Bool(true)));
    }

    #[test]
    fn what_is_written_reads_as_the_same() {
        let numbers = [0, 1, -1, 63, 64, -64, 0x7fff_ffff, -0x7fff_ffff, 1 << 31, -(1 << 31)];
        let large = [1 << 53, -(1 << 53), (1 << 53) + 1, i64::MAX, i64::MIN];
        let ints = numbers.into_iter().chain(large).map(Value::Int);
        let floats = [0.5, -0.0, f64::MAX, f64::INFINITY, f64::NAN].map(Value::Number);
        let mut all: Vec<Value> = ints.chain(floats).collect();
        all.extend([Value::Null, Value::Undefined, Value::Bool(true), Value::Bool(false)]);
        all.extend([Value::String("Grüße 🚀".into()), Value::Bytes(vec![0, 255])]);
        all.push(Value::List(all.clone()));
        all.push(Value::Object(Record::from([("k".into(), Value::List(all.clone()))])));
        for value in all {
            let mut bytes = Vec::new();
            write(&mut bytes, &value);
            let mut reader = ByteReader::at(&bytes, 0);
            let again = read(&mut reader).unwrap();
            assert!(same(&again, &value), "{value:?} {again:?}");
            assert_eq!(reader.left(), 0, "{value:?}");
        }
    }

    #[test]
    fn a_shared_map_is_not_an_object() {
        assert!(!same(&Value::Map(Record::new()), &Value::Object(Record::new())));
        assert!(!same(&Value::Text(String::new()), &Value::String(String::new())));
    }

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

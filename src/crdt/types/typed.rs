//! Content with its types, so that nothing is lost: `{"t": type, "v": value}`.

use super::out::JsonOut;
use crate::wire::{AnyHead, ByteReader, Value};
use std::io;

pub fn head(out: &mut JsonOut<'_>, kind: &str) -> io::Result<()> {
    out.begin('{')?;
    out.key("t")?;
    out.string(kind)
}

/// Writes a document within the document.
pub fn document(out: &mut JsonOut<'_>, guid: &str) -> io::Result<()> {
    head(out, "document")?;
    out.key("v")?;
    out.string(guid)?;
    out.end('}')
}

/// Writes a plain value. Numbers that JSON cannot express are texts: `"NaN"`, `"Infinity"`, `"-Infinity"`,
/// `"-0"`; so is a BigInt. Recursion is bounded: deeper values were not read as plain ones.
pub fn value(out: &mut JsonOut<'_>, value_: &Value) -> io::Result<()> {
    let (kind, json) = match value_ {
        Value::Undefined => return bare(out, "undefined"),
        Value::Null => return bare(out, "null"),
        Value::Object(fields) | Value::Map(fields) => {
            head(out, "any-map")?;
            out.key("v")?;
            out.begin('{')?;
            for (key, inner) in fields {
                out.key(key)?;
                value(out, inner)?;
            }
            out.end('}')?;
            return out.end('}');
        }
        Value::List(items) | Value::Array(items) => {
            head(out, "any-array")?;
            out.key("v")?;
            out.begin('[')?;
            items.iter().try_for_each(|inner| value(out, inner))?;
            out.end(']')?;
            return out.end('}');
        }
        Value::Bool(_) => ("bool", value_.to_json()),
        Value::BigInt(n) => ("bigint", n.to_string().into()),
        Value::Number(n) if *n == 0.0 && n.is_sign_negative() => ("number", "-0".into()),
        Value::Int(_) | Value::Number(_) => ("number", value_.to_json()),
        Value::String(_) | Value::Text(_) => ("string", value_.to_json()),
        Value::Bytes(_) => ("bytes", value_.to_json()),
    };
    head(out, kind)?;
    out.key("v")?;
    out.scalar(json)?;
    out.end('}')
}

fn bare(out: &mut JsonOut<'_>, kind: &str) -> io::Result<()> {
    head(out, kind)?;
    out.end('}')
}

/// Writes a plain value of any depth from its bytes; with its types if `tagged`.
pub fn deep(out: &mut JsonOut<'_>, bytes: &[u8], tagged: bool) -> io::Result<()> {
    let mut reader = ByteReader::at(bytes, 0);
    let mut open: Vec<(usize, bool)> = Vec::new();
    let broken = |_| io::Error::other("a value does not read as it did before");
    loop {
        let head = reader.any_head().map_err(broken)?;
        let scalar = match head {
            AnyHead::Map(count) => {
                open_deep(out, '{', "any-map", tagged)?;
                open.push((count, true));
                None
            }
            AnyHead::List(count) => {
                open_deep(out, '[', "any-array", tagged)?;
                open.push((count, false));
                None
            }
            AnyHead::Undefined => Some(Value::Undefined),
            AnyHead::Null => Some(Value::Null),
            AnyHead::Bool(b) => Some(Value::Bool(b)),
            AnyHead::Int(n) => Some(Value::Int(n)),
            AnyHead::BigInt(n) => Some(Value::BigInt(n)),
            AnyHead::Float(n) => Some(Value::Number(n)),
            AnyHead::String => Some(Value::String(reader.text().map_err(broken)?.to_owned())),
            AnyHead::Buffer => Some(Value::Bytes(reader.buffer().map_err(broken)?.to_vec())),
        };
        match scalar {
            Some(scalar) if tagged => value(out, &scalar)?,
            Some(scalar) => out.value(&scalar)?,
            None => {}
        }
        while let Some((0, keyed)) = open.last().copied() {
            open.pop();
            out.end(if keyed { '}' } else { ']' })?;
            if tagged {
                out.end('}')?;
            }
        }
        let Some((left, keyed)) = open.last_mut() else { return Ok(()) };
        *left = left.saturating_sub(1);
        if *keyed {
            out.key(reader.text().map_err(broken)?)?;
        }
    }
}

fn open_deep(out: &mut JsonOut<'_>, bracket: char, name: &str, tagged: bool) -> io::Result<()> {
    if tagged {
        out.begin('{')?;
        out.key("t")?;
        out.string(name)?;
        out.key("v")?;
    }
    out.begin(bracket)
}

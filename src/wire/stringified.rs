//! Plain values as the JSON that Yjs' v1 encoding has of them: in formats and embeds v2 keeps the values
//! themselves.

use super::value::Value;

/// Appends what `JSON.stringify` makes of a value, and returns whether reading it gives back the same value.
/// Recursion is bounded: the value was read with a bound. Not as there: a BigInt is a number, and undefined
/// is null; Yjs writes neither in v1.
pub fn stringified(value: &Value, out: &mut String) -> bool {
    match value {
        Value::Undefined => {
            out.push_str("null");
            false
        }
        Value::Number(n) if !n.is_finite() => {
            out.push_str("null");
            false
        }
        Value::Number(n) if *n == 0.0 => {
            out.push('0');
            n.is_sign_positive()
        }
        Value::Bytes(bytes) => {
            let numbered = bytes.iter().enumerate();
            let field = |(at, byte): (usize, &u8)| format!("\"{at}\":{byte}");
            out.push('{');
            separated(numbered, out, |one, out| out.push_str(&field(one)));
            out.push('}');
            false
        }
        Value::Array(items) | Value::List(items) => {
            let mut is_kept = true;
            out.push('[');
            separated(items.iter(), out, |item, out| is_kept &= stringified(item, out));
            out.push(']');
            is_kept
        }
        Value::Map(fields) | Value::Object(fields) => {
            let mut is_kept = true;
            let defined = fields.iter().filter(|(_, field)| **field != Value::Undefined);
            out.push('{');
            separated(defined.clone(), out, |(key, field), out| {
                out.push_str(&serde_json::Value::from(key.as_str()).to_string());
                out.push(':');
                is_kept &= stringified(field, out);
            });
            out.push('}');
            is_kept && defined.count() == fields.len()
        }
        other => {
            out.push_str(&other.to_json().to_string());
            !matches!(other, Value::BigInt(_))
        }
    }
}

/// Appends each of several with a comma between.
fn separated<T>(
    all: impl Iterator<Item = T>,
    out: &mut String,
    mut write: impl FnMut(T, &mut String),
) {
    for (at, one) in all.enumerate() {
        if at > 0 {
            out.push(',');
        }
        write(one, out);
    }
}

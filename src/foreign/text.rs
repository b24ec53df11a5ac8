//! Bytes as text: base64, hexadecimal digits, JSON, one update per line.

use super::identified::{
    Depth, FileContent, FileKind, FoundDocument, Identified, KeptUpdate, Wrapping,
};
use crate::limits::JSON_BYTES;
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use serde_json::Value;

/// The name of a log in JSON.
pub const JSON_LOG: &str = "a JSON array of updates";

/// The name of a log of lines.
pub const LINES: &str = "one update a line";

/// The maximum number of JSON values examined.
const VALUES: usize = 100_000;

/// Returns bytes as text, if every character in it is printable.
pub fn printable(bytes: &[u8]) -> Option<&str> {
    let is_control =
        |byte: &u8| *byte < 0x20 && !matches!(byte, b'\n' | b'\r' | b'\t') || *byte == 0x7f;
    if bytes.iter().any(is_control) {
        return None;
    }
    std::str::from_utf8(bytes).ok()
}

/// Returns bytes as UTF-16 text, as PowerShell writes redirected output: recognised by its byte order mark.
pub fn utf16(bytes: &[u8]) -> Option<String> {
    let (mark, rest) = bytes.split_first_chunk::<2>()?;
    let unit: fn([u8; 2]) -> u16 = match mark {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return None,
    };
    let pairs = rest.chunks_exact(2);
    let is_whole = pairs.remainder().is_empty();
    let units = pairs.filter_map(|pair| pair.first_chunk::<2>().map(|pair| unit(*pair)));
    let text: String = char::decode_utf16(units).collect::<Result<_, _>>().ok()?;
    (is_whole && printable(text.as_bytes()).is_some()).then_some(text)
}

/// Hexadecimal digits, as PostgreSQL (`\x…`), SQL (`X'…'`) and people write them.
pub fn hex(text: &str, depth: Depth) -> Option<Identified> {
    depth.look(&hex_bytes(text)?).map(|found| found.within(Wrapping::Text("hex")))
}

/// base64 or base64url, with or without `=`, in one line or many, also in a `data:` URL.
pub fn base64(text: &str, depth: Depth) -> Option<Identified> {
    let (bytes, how) = base64_bytes(text)?;
    depth.look(&bytes).map(|found| found.within(Wrapping::Text(how)))
}

fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let text = text.strip_prefix("\\x").or_else(|| text.strip_prefix("0x")).unwrap_or(text);
    let quoted = |mark| text.strip_prefix(mark)?.strip_prefix('\'')?.strip_suffix('\'');
    let text = quoted('X').or_else(|| quoted('x')).unwrap_or(text);
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    HEXLOWER_PERMISSIVE.decode(&digits).ok().filter(|bytes| !bytes.is_empty())
}

fn base64_bytes(text: &str) -> Option<(Vec<u8>, &'static str)> {
    let text = text.trim();
    let text = match text.strip_prefix("data:") {
        Some(url) => url.split_once(";base64,")?.1,
        None => text,
    };
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if digits.is_empty() {
        return None;
    }
    let plain = BASE64.decode(&digits).or_else(|_| BASE64_NOPAD.decode(&digits));
    let url = || BASE64URL.decode(&digits).or_else(|_| BASE64URL_NOPAD.decode(&digits));
    plain.map(|bytes| (bytes, "base64")).or_else(|_| url().map(|bytes| (bytes, "base64url"))).ok()
}

/// Several lines, each of which is an update.
pub fn lines(text: &str, depth: Depth) -> Option<Identified> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut steps = Vec::new();
    for line in lines {
        steps.extend(line_of(line, depth).filter(Identified::is_whole)?.steps()?);
    }
    (steps.len() > 1).then(|| Identified::log(LINES, steps))
}

/// Identifies one line of a log.
pub fn line_of(line: &str, depth: Depth) -> Option<Identified> {
    let depth = depth.deeper()?;
    json(line, depth).or_else(|| hex(line, depth)).or_else(|| base64(line, depth))
}

/// JSON: bytes, or something with bytes in it.
pub fn json(text: &str, depth: Depth) -> Option<Identified> {
    if !text.starts_with(['[', '{', '"']) || text.len() > JSON_BYTES {
        return None;
    }
    // serde_json refuses more than 128 levels: the code below recurses no deeper.
    let value: Value = serde_json::from_str(text).ok()?;
    let depth = depth.deeper()?;
    bytes_in(&value, depth).or_else(|| match &value {
        Value::Array(items) => log(items, depth),
        Value::Object(_) => fields(&value, depth),
        _ => None,
    })
}

/// Identifies a value that stands for bytes.
fn bytes_in(value: &Value, depth: Depth) -> Option<Identified> {
    match value {
        Value::String(text) => hex(text, depth).or_else(|| base64(text, depth)),
        Value::Array(items) => of_numbers(items, depth),
        Value::Object(fields) => {
            match (fields.get("type").and_then(Value::as_str), fields.get("data")) {
                // Node's Buffer.
                (Some("Buffer"), Some(Value::Array(items))) => of_numbers(items, depth),
                // Uint8Array.
                _ => {
                    let in_turn = fields.keys().enumerate().all(|(at, key)| *key == at.to_string());
                    let bytes = fields.values().map(byte);
                    let bytes: Vec<u8> = in_turn.then(|| bytes.collect::<Option<_>>()).flatten()?;
                    depth.look(&bytes).map(|found| found.within(Wrapping::JsonBytes))
                }
            }
        }
        _ => None,
    }
}

fn of_numbers(items: &[Value], depth: Depth) -> Option<Identified> {
    let bytes: Vec<u8> = items.iter().map(byte).collect::<Option<_>>()?;
    depth.look(&bytes).map(|found| found.within(Wrapping::JsonBytes))
}

fn byte(value: &Value) -> Option<u8> {
    u8::try_from(value.as_u64()?).ok()
}

/// An array in which each element is an update.
fn log(items: &[Value], depth: Depth) -> Option<Identified> {
    let mut steps: Vec<KeptUpdate> = Vec::new();
    for item in items {
        let found = bytes_in(item, depth).or_else(|| fields(item, depth))?;
        steps.extend(found.steps()?);
    }
    (!steps.is_empty()).then(|| Identified::log(JSON_LOG, steps))
}

/// Returns the fields of an object that are recognised, by path. If several are documents, each is named by
/// its path.
fn fields(value: &Value, depth: Depth) -> Option<Identified> {
    let mut found: Vec<(String, Identified)> = Vec::new();
    let mut open = vec![(String::new(), value)];
    let mut seen = 0;
    while let Some((path, value)) = open.pop() {
        seen += 1;
        if seen > VALUES {
            return None;
        }
        if !path.is_empty()
            && let Some(inner) = bytes_in(value, depth)
        {
            found.push((path, inner));
            continue;
        }
        let below =
            |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        match value {
            Value::Object(fields) => {
                open.extend(fields.iter().rev().map(|(key, inner)| (below(key), inner)));
            }
            Value::Array(items) if items.iter().any(|item| !item.is_number()) => {
                let items = items.iter().enumerate().rev();
                open.extend(items.map(|(at, inner)| (below(&at.to_string()), inner)));
            }
            _ => {}
        }
    }
    let is_content = |found: &Identified| matches!(found.found, FileContent::Documents(_));
    let contents = found.iter().filter(|(_, found)| is_content(found)).count();
    if contents > 1 {
        let named = found.into_iter().filter_map(|(path, found)| {
            Some(FoundDocument {
                name: Some(path),
                steps: found.steps()?,
                ..FoundDocument::default()
            })
        });
        let documents = FileContent::Documents(named.collect());
        return Some(
            Identified::bare(FileKind::Database, documents).within(Wrapping::JsonField("*".into())),
        );
    }
    let (path, one) = match contents {
        1 => found.into_iter().find(|(_, found)| is_content(found))?,
        _ => found.into_iter().next()?,
    };
    Some(one.within(Wrapping::JsonField(path)))
}

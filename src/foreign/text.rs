//! Bytes as text: base64, hexadecimal digits, JSON, one update per line.

use super::identified::{
    Depth, Evidence, FileContent, FileKind, FoundDocument, Identified, KeptUpdate, Wrapping,
};
use super::json::JsonPart;
use crate::limits::JSON_BYTES;
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use std::borrow::Cow;

/// The name of a log in JSON.
pub const JSON_LOG: &str = "a JSON array of updates";

/// The name of a log of lines.
pub const LINES: &str = "one update a line";

/// The maximum number of JSON values examined.
const VALUES: usize = 100_000;

/// The maximum size of the names of all documents in JSON: each may begin with the same long key.
const NAMES_BYTES: usize = 16 << 20;

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
pub fn hex(text: &str, depth: Depth<'_>, evidence: Evidence) -> Option<Identified> {
    let text = text.trim();
    let digits = marked_hex(text);
    let bytes = hex_bytes(digits.unwrap_or(text))?;
    let found = depth
        .look(&bytes)
        .filter(|found| evidence == Evidence::Stated || digits.is_some() || !found.is_slight());
    found.map(|found| found.within(Wrapping::Text("hex")))
}

/// base64 or base64url, with or without `=`, in one line or many, also in a `data:` URL.
pub fn base64(text: &str, depth: Depth<'_>, evidence: Evidence) -> Option<Identified> {
    let (bytes, how) = base64_bytes(text)?;
    // No name or path has those.
    let is_marked = || text.contains(['=', '+', ':']);
    let found = depth
        .look(&bytes)
        .filter(|found| evidence == Evidence::Stated || is_marked() || !found.is_slight());
    found.map(|found| found.within(Wrapping::Text(how)))
}

/// Returns the digits of text that says that it is hexadecimal.
fn marked_hex(text: &str) -> Option<&str> {
    let quoted = |mark| text.strip_prefix(mark)?.strip_prefix('\'')?.strip_suffix('\'');
    let prefixed = text.strip_prefix("\\x").or_else(|| text.strip_prefix("0x"));
    prefixed.or_else(|| quoted('X')).or_else(|| quoted('x'))
}

fn hex_bytes(text: &str) -> Option<Vec<u8>> {
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
pub fn lines(text: &str, depth: Depth<'_>) -> Option<Identified> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut steps = Vec::new();
    for line in lines {
        steps.extend(line_of(line, depth).filter(Identified::is_whole)?.steps()?);
    }
    let is_log = steps.len() > 1;
    // Numbers can be empty updates, too.
    is_log.then(|| Identified::log(LINES, steps)).filter(|found| !found.is_slight())
}

/// Identifies one line of a log, in which an update can be an empty one.
pub fn line_of(line: &str, depth: Depth<'_>) -> Option<Identified> {
    let depth = depth.deeper()?;
    let stated = Evidence::Stated;
    let found = json(line, depth, stated).or_else(|| hex(line, depth, stated));
    found.or_else(|| base64(line, depth, stated))
}

/// JSON: bytes, or something with bytes in it. Words and numbers are everywhere in JSON, and decode to
/// something at times: by themselves they are no evidence.
pub fn json(text: &str, depth: Depth<'_>, evidence: Evidence) -> Option<Identified> {
    if !text.starts_with(['[', '{', '"']) || text.len() > JSON_BYTES {
        return None;
    }
    let value = JsonPart::parse(text)?;
    let depth = depth.deeper()?;
    bytes_in(&value, depth, evidence).or_else(|| match &value {
        JsonPart::List(items) => log(items, depth, evidence),
        JsonPart::Fields(_) => fields(&value, depth, evidence),
        _ => None,
    })
}

/// Identifies a value that stands for bytes.
fn bytes_in(value: &JsonPart, depth: Depth<'_>, evidence: Evidence) -> Option<Identified> {
    let (bytes, evidence) = match value {
        JsonPart::Text(text) => {
            return hex(text, depth, evidence).or_else(|| base64(text, depth, evidence));
        }
        JsonPart::Bytes(bytes) => (bytes, evidence),
        // Node's Buffer.
        JsonPart::Fields(fields) => {
            match (JsonPart::field(fields, "type"), JsonPart::field(fields, "data")) {
                (Some(JsonPart::Text(name)), Some(JsonPart::Bytes(bytes))) if name == "Buffer" => {
                    (bytes, Evidence::Stated)
                }
                _ => return None,
            }
        }
        _ => return None,
    };
    let is_known = |found: &Identified| evidence == Evidence::Stated || !found.is_slight();
    let found = depth.look(bytes).filter(is_known);
    found.map(|found| found.within(Wrapping::JsonBytes))
}

/// An array in which each element is an update.
fn log(items: &[JsonPart], depth: Depth<'_>, evidence: Evidence) -> Option<Identified> {
    let mut steps: Vec<KeptUpdate> = Vec::new();
    for item in items {
        // One of them can be empty.
        let stated = Evidence::Stated;
        let found = bytes_in(item, depth, stated).or_else(|| fields(item, depth, stated))?;
        steps.extend(found.steps()?);
    }
    let found = (!steps.is_empty()).then(|| Identified::log(JSON_LOG, steps));
    found.filter(|found| evidence == Evidence::Stated || !found.is_slight())
}

/// Where a value in JSON is: its key in what is above it.
struct JsonPlace<'j> {
    above: Option<usize>,
    key: Cow<'j, str>,
}

/// Returns the keys on the way to a place, separated by dots.
fn path_of(places: &[JsonPlace<'_>], place: usize) -> String {
    let mut keys = Vec::new();
    let mut at = places.get(place);
    while let Some(JsonPlace { above, key }) = at {
        keys.push(&**key);
        at = above.and_then(|above| places.get(above));
    }
    keys.reverse();
    keys.join(".")
}

/// Returns the fields of an object that are recognised, by path. If several are documents, each is named by
/// its path.
fn fields(value: &JsonPart, depth: Depth<'_>, evidence: Evidence) -> Option<Identified> {
    let mut found: Vec<(usize, Identified)> = Vec::new();
    let mut places: Vec<JsonPlace<'_>> = Vec::new();
    let mut open = vec![(None, value)];
    while let Some((place, value)) = open.pop() {
        if let Some(place) = place
            && let Some(inner) = bytes_in(value, depth, evidence)
        {
            found.push((place, inner));
            continue;
        }
        let (first, from) = (places.len(), open.len());
        let count = match value {
            JsonPart::Fields(fields) => fields.len(),
            JsonPart::List(items) => items.len(),
            _ => 0,
        };
        if first.saturating_add(count) > VALUES {
            return None;
        }
        match value {
            JsonPart::Fields(fields) => {
                places.extend(
                    fields.iter().map(|(key, _)| JsonPlace { above: place, key: key.into() }),
                );
                open.extend((first..).map(Some).zip(fields.iter().map(|(_, inner)| inner)));
            }
            JsonPart::List(items) => {
                let keys = (0..items.len()).map(|at| at.to_string().into());
                places.extend(keys.map(|key| JsonPlace { above: place, key }));
                open.extend((first..).map(Some).zip(items));
            }
            _ => {}
        }
        // The first is next.
        open.get_mut(from..).unwrap_or_default().reverse();
    }
    of_fields(found, &places)
}

fn of_fields(found: Vec<(usize, Identified)>, places: &[JsonPlace<'_>]) -> Option<Identified> {
    let is_content = |found: &Identified| matches!(found.found, FileContent::Documents(_));
    let contents = found.iter().filter(|(_, found)| is_content(found)).count();
    if contents < 2 {
        let (place, one) = match contents {
            1 => found.into_iter().find(|(_, found)| is_content(found))?,
            _ => found.into_iter().next()?,
        };
        return Some(one.within(Wrapping::JsonField(path_of(places, place))));
    }
    let mut documents = Vec::new();
    let mut names = 0usize;
    for (place, found) in found {
        let Some(steps) = found.steps() else { continue };
        let name = path_of(places, place);
        names = names.saturating_add(name.len());
        if names > NAMES_BYTES {
            return None;
        }
        documents.push(FoundDocument { name: Some(name), steps, ..FoundDocument::default() });
    }
    let documents = FileContent::Documents(documents);
    let found = Identified::bare(FileKind::Database, documents);
    Some(found.within(Wrapping::JsonField("*".into())))
}

//! Explains in one helpful sentence what bytes are that are not from Yjs.

use super::text;
use crate::limits::UNPACKED_STRETCH;
use crate::wire::{Salvage, from_v2_within};

/// Beginnings of well-known files.
const KNOWN: &[(&[u8], &str)] = &[
    (b"\x89PNG\r\n\x1a\n", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"RIFF", "a picture, a sound or a film (RIFF)"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a zip archive, or an office document; unpack it first"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"BZh", "packed with bzip2; unpack it first"),
    (b"\xfd7zXZ\0", "packed with xz; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first"),
    (b"SQLite format 3\0", "an SQLite database, but no Yjs update can be found in it"),
    (
        b"\x1f\x8b",
        "packed with gzip, but its content is too large, cut short, or not a Yjs document",
    ),
    (
        b"\x28\xb5\x2f\xfd",
        "packed with zstd, but its content is too large, cut short, or not a Yjs document",
    ),
];

/// Returns what bytes are that [`super::identify`] does not recognise, as a sentence without a full stop.
pub fn why_not(bytes: &[u8]) -> String {
    other(bytes).unwrap_or_else(|| as_v1(&Salvage::read(bytes)).0)
}

/// Returns whether bytes that [`super::identify`] does not recognise are the beginning of an update in v1, of
/// which something can be read.
pub fn breaks_off(bytes: &[u8]) -> bool {
    other(bytes).is_none() && as_v1(&Salvage::read(bytes)).1
}

/// Returns whether bytes that [`super::identify`] does not recognise are a known other form.
pub fn is_something_else(bytes: &[u8]) -> bool {
    other(bytes).is_some()
}

/// Returns what bytes are that cannot be taken for an update in v1.
fn other(bytes: &[u8]) -> Option<String> {
    if bytes.is_empty() {
        return Some("it is empty: not even an empty document, which has 2 bytes".to_owned());
    }
    if let Some((_, what)) = KNOWN.iter().find(|(begin, _)| bytes.starts_with(begin)) {
        return Some(format!("it is {what}"));
    }
    if bytes.iter().all(|byte| *byte == 0) {
        let count = bytes.len();
        return Some(format!(
            "it is {count} zeros: a file that was never written, or lost its content"
        ));
    }
    if let Some(text) = text::printable(bytes) {
        return Some(of_text(text.trim()));
    }
    if let Some(text) = text::utf16(bytes) {
        return Some(format!("{}, in UTF-16", of_text(text.trim())));
    }
    let is_v2 = bytes.first() == Some(&0) && bytes.len() > 12;
    let cut =
        "it begins as an update in v2 and is cut short: nothing of v2 can be read without its end";
    // No more than what is linear: this is asked of each of many damaged parts.
    let most = (bytes.len() as u64).saturating_mul(UNPACKED_STRETCH);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let fault = is_v2.then(|| from_v2_within(bytes, most).0.err()).flatten();
    let fault = fault.filter(|fault| fault.rule == "truncated");
    fault.map(|_| cut.to_owned())
}

/// Returns what to say about bytes as an update in v1, and whether they are the beginning of one.
fn as_v1(salvage: &Salvage<'_>) -> (String, bool) {
    let Some(fault) = &salvage.fault else {
        return ("nothing known begins like this".to_owned(), false);
    };
    let begins = "it begins as an update in v1 and breaks off";
    match salvage.announced {
        Some((announced, read)) if read > 0 => {
            let blocks = format!("of {announced} blocks announced there, {read} can be read");
            (format!("{begins}: {blocks} ({fault})"), true)
        }
        _ if salvage.read > 0 && fault.rule == "truncated" => (format!("{begins} ({fault})"), true),
        _ => (format!("nothing known begins like this; as an update in v1: {fault}"), false),
    }
}

fn of_text(text: &str) -> String {
    if text.is_empty() {
        return "it holds white space only".to_owned();
    }
    if text.starts_with(['{', '[']) {
        return match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => "it is JSON, but no field of it holds a Yjs update".to_owned(),
            Err(e) => format!("it looks like JSON but is not ({e})"),
        };
    }
    if text.starts_with('<') {
        return "it is HTML or XML: an answer of a web server, perhaps an error".to_owned();
    }
    if text.starts_with("version https://git-lfs") {
        return "it is a pointer of Git LFS: `git lfs pull` brings the file itself".to_owned();
    }
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-_\n\r".contains(&byte);
    match text.len() > 16 && text.bytes().all(is_digit) {
        true => "it is text that may be base64, but decodes to no Yjs update, or to one cut short"
            .to_owned(),
        false => "it is text".to_owned(),
    }
}

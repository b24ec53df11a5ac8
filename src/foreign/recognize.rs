//! Identifies bytes by trying one form after the other, the strictest first.

use super::bare::{snapshot, v1, v1_and_more, v2, vector};
use super::database::{sqlite, y_sweet, ystore};
use super::identified::{Depth, Evidence, FileKind, Identified, Wrapping};
use super::log::Framing;
use super::message::Addressing;
use super::{log, message, message_log, packed, text};

/// The outermost form as the user states it; the names are public API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// An update in v1.
    V1,
    /// An update in v2.
    V2,
    /// A state vector.
    StateVector,
    /// A snapshot.
    Snapshot,
    /// A message of y-protocols, with or without its outer type, or several.
    Sync,
    /// A message of Hocuspocus, or several.
    Hocuspocus,
    /// An awareness update without any wrapping.
    Awareness,
    /// Several updates, however they are separated.
    Log,
    /// Updates prefixed with their lengths as varints.
    LogVarint,
    /// Updates prefixed with their lengths in four bytes, big-endian.
    LogU32Be,
    /// Updates prefixed with their lengths in four bytes, little-endian.
    LogU32Le,
    /// One update per line, as text.
    Ndjson,
    /// Base64 or base64url.
    Base64,
    /// Hexadecimal digits.
    Hex,
    /// JSON.
    Json,
    /// gzip or zlib.
    Gzip,
    /// zstd.
    Zstd,
    /// Brotli.
    Brotli,
    /// An SQLite database.
    Sqlite,
    /// A file of pycrdt-store.
    Ystore,
    /// A file of y-sweet.
    YSweet,
}

impl Named {
    /// Every form with its name.
    pub const ALL: &[(&str, Named)] = &[
        ("v1", Named::V1),
        ("v2", Named::V2),
        ("state-vector", Named::StateVector),
        ("snapshot", Named::Snapshot),
        ("sync", Named::Sync),
        ("hocuspocus", Named::Hocuspocus),
        ("awareness", Named::Awareness),
        ("log", Named::Log),
        ("log-varint", Named::LogVarint),
        ("log-u32-be", Named::LogU32Be),
        ("log-u32-le", Named::LogU32Le),
        ("ndjson", Named::Ndjson),
        ("base64", Named::Base64),
        ("hex", Named::Hex),
        ("json", Named::Json),
        ("gzip", Named::Gzip),
        ("zstd", Named::Zstd),
        ("brotli", Named::Brotli),
        ("sqlite", Named::Sqlite),
        ("ystore", Named::Ystore),
        ("y-sweet", Named::YSweet),
    ];

    /// Returns the form with this name.
    pub fn of(name: &str) -> Option<Named> {
        Named::ALL.iter().find(|(known, _)| *known == name).map(|(_, named)| *named)
    }
}

/// Returns what bytes are, or `None` if they are nothing known here (`why_not` says what they are instead).
pub fn identify(bytes: &[u8]) -> Option<Identified> {
    let left = Depth::allowed(bytes.len() as u64);
    look(bytes, Depth::of(bytes.len() as u64, &left, look))
}

/// Does the same if the outermost form is stated. Whatever [`identify`] finds in that form is found here,
/// too; of a log, more may be damaged.
pub fn identify_as(bytes: &[u8], named: Named) -> Option<Identified> {
    let left = Depth::allowed(bytes.len() as u64);
    let depth = Depth::of(bytes.len() as u64, &left, look);
    stated(bytes, named, depth).or_else(|| match look(bytes, depth) {
        Some(found) if named.fits(&found) => Some(found),
        Some(found) if found.is_whole() && !found.found.documents().is_empty() => None,
        _ => stated_damaged(bytes, named, depth),
    })
}

fn stated(bytes: &[u8], named: Named, depth: Depth<'_>) -> Option<Identified> {
    let text = || std::str::from_utf8(bytes).ok();
    match named {
        Named::V1 => v1(bytes).or_else(|| v1_and_more(bytes)),
        Named::V2 => v2(bytes, depth),
        Named::StateVector => vector(bytes),
        Named::Snapshot => snapshot(bytes),
        Named::Sync => message::outer(bytes, depth)
            .or_else(|| message::inner(bytes, depth))
            .or_else(|| message_log::several_of(Addressing::None, bytes, depth))
            .or_else(|| message::outer_other(bytes)),
        Named::Hocuspocus => message::hocuspocus(bytes, depth)
            .or_else(|| message::hocuspocus_other(bytes))
            .or_else(|| message_log::several_of(Addressing::Name, bytes, depth)),
        Named::Awareness => {
            message::awareness(bytes).or_else(|| message::outer_awareness(bytes, depth))
        }
        Named::Log => log::concatenated(bytes, depth),
        Named::LogVarint => log::varint(bytes, depth),
        Named::LogU32Be => log::u32_be(bytes, depth),
        Named::LogU32Le => log::u32_le(bytes, depth),
        Named::Ndjson => text::lines(text()?, depth.deeper()?),
        Named::Base64 => text::base64(text()?, depth.deeper()?, Evidence::Stated),
        Named::Hex => text::hex(text()?, depth.deeper()?, Evidence::Stated),
        Named::Json => text::json(text()?.trim(), depth.deeper()?, Evidence::Stated),
        Named::Gzip => packed::gzip(bytes, depth.deeper()?),
        Named::Zstd => packed::zstd(bytes, depth.deeper()?),
        Named::Brotli => packed::brotli(bytes, depth.deeper()?),
        Named::Sqlite => sqlite(bytes, depth),
        Named::Ystore => ystore(bytes, depth),
        Named::YSweet => y_sweet(bytes, depth),
    }
}

/// Identifies a log of the stated form of which something is damaged.
fn stated_damaged(bytes: &[u8], named: Named, depth: Depth<'_>) -> Option<Identified> {
    let framed = |framing| log::damaged_of(framing, bytes, depth, Evidence::Stated);
    let messages = |addressing| message_log::damaged_of(addressing, bytes, depth, Evidence::Stated);
    match named {
        Named::Sync => messages(Addressing::None),
        Named::Hocuspocus => messages(Addressing::Name),
        Named::Log => framed(Framing::None),
        Named::LogVarint => framed(Framing::Varint),
        Named::LogU32Be => framed(Framing::U32Be),
        Named::LogU32Le => framed(Framing::U32Le),
        Named::Ndjson => {
            log::damaged_lines(std::str::from_utf8(bytes).ok()?, depth.deeper()?, Evidence::Stated)
        }
        _ => None,
    }
}

impl Named {
    /// Whether what was found has this as its outermost form. UTF-16 is text like any other.
    fn fits(self, found: &Identified) -> bool {
        let is_utf16 = |around: &&Wrapping| **around == Wrapping::Text("UTF-16");
        let outermost = found.wrappings.iter().find(|around| !is_utf16(around));
        let Some(outermost) = outermost else {
            return match self {
                Named::V1 => found.form == FileKind::UpdateV1,
                Named::V2 => found.form == FileKind::UpdateV2,
                Named::StateVector => found.form == FileKind::StateVector,
                Named::Snapshot => found.form == FileKind::Snapshot,
                Named::Awareness => found.form == FileKind::Awareness,
                // An update is a log of one.
                Named::Log => matches!(found.form, FileKind::UpdateV1 | FileKind::UpdateV2),
                Named::Zstd => found.form == FileKind::Bundle,
                _ => false,
            };
        };
        match outermost {
            Wrapping::Packed(how) => match self {
                Named::Gzip => matches!(*how, "gzip" | "zlib"),
                Named::Zstd => *how == "zstd",
                Named::Brotli => *how == "brotli",
                _ => false,
            },
            // A line is a log of one.
            Wrapping::Text("hex") => matches!(self, Named::Hex | Named::Ndjson),
            Wrapping::Text(_) => matches!(self, Named::Base64 | Named::Ndjson),
            Wrapping::JsonBytes | Wrapping::JsonField(_) => {
                matches!(self, Named::Json | Named::Ndjson)
            }
            Wrapping::Message(_) => matches!(self, Named::Sync),
            Wrapping::Hocuspocus(_) => matches!(self, Named::Hocuspocus),
            Wrapping::Log(how) => self == Named::Log || self.log_name() == Some(how),
            Wrapping::Database(_) => false,
        }
    }

    /// Returns how a log of this form is called.
    fn log_name(self) -> Option<&'static str> {
        Some(match self {
            Named::Sync => Addressing::None.log_name(),
            Named::Hocuspocus => Addressing::Name.log_name(),
            Named::Log => Framing::None.name(),
            Named::LogVarint => Framing::Varint.name(),
            Named::LogU32Be => Framing::U32Be.name(),
            Named::LogU32Le => Framing::U32Le.name(),
            Named::Ndjson => text::LINES,
            Named::Json => text::JSON_LOG,
            _ => return None,
        })
    }
}

/// Identifies bytes at some depth.
pub(super) fn look(bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    if bytes.is_empty() || is_never_written(bytes) {
        return None;
    }
    if let Some(found) = sqlite(bytes, depth).or_else(|| ystore(bytes, depth)) {
        return Some(found);
    }
    let inner = depth.deeper();
    if let Some(inner) = inner
        && let Some(found) = packed::by_magic(bytes, inner)
    {
        return Some(found);
    }
    if let (Some(inner), Some(text)) = (inner, text::printable(bytes)) {
        return of_text(text, inner);
    }
    if let (Some(inner), Some(text)) = (inner, text::utf16(bytes)) {
        return of_text(&text, inner).map(|found| found.within(Wrapping::Text("UTF-16")));
    }
    v1(bytes)
        .or_else(|| v2(bytes, depth))
        .or_else(|| y_sweet(bytes, depth))
        .or_else(|| message::outer(bytes, depth))
        .or_else(|| message::inner(bytes, depth))
        .or_else(|| message::hocuspocus(bytes, depth))
        .or_else(|| message::bare_awareness(bytes))
        .or_else(|| message_log::several(bytes, depth))
        .or_else(|| log::varint(bytes, depth))
        .or_else(|| log::u32_be(bytes, depth))
        .or_else(|| log::u32_le(bytes, depth))
        .or_else(|| log::concatenated(bytes, depth))
        .or_else(|| snapshot(bytes))
        .or_else(|| vector(bytes))
        .or_else(|| message::hocuspocus_other(bytes))
        .or_else(|| message::outer_other(bytes))
        // Brotli has no magic number: nearly anything begins like it.
        .or_else(|| packed::brotli(bytes, inner?))
        .or_else(|| message_log::damaged(bytes, depth))
        .or_else(|| log::damaged(bytes, depth))
        .or_else(|| v1_and_more(bytes))
}

/// Identifies a text.
fn of_text(text: &str, depth: Depth<'_>) -> Option<Identified> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let guessed = Evidence::Bytes;
    if let Some(found) = text::json(text, depth, guessed).or_else(|| text::lines(text, depth)) {
        return Some(found);
    }
    // Lines can be one text that was wrapped, or each of them an update.
    match text::hex(text, depth, guessed).or_else(|| text::base64(text, depth, guessed)) {
        Some(found) if found.is_whole() => Some(found),
        found => log::damaged_lines(text, depth, Evidence::Bytes).or(found),
    }
}

/// Returns whether there are only zeros, and more than the longest empty form has: a file with a hole.
fn is_never_written(bytes: &[u8]) -> bool {
    const EMPTY: usize = 64;
    bytes.len() > EMPTY && bytes.iter().all(|byte| *byte == 0)
}

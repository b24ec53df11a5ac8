//! Logs: several updates in one file.

use super::bare::v2;
use super::identified::{Depth, FoundDocument, Identified, KeptUpdate};
use super::refused::why_not;
use super::{message, text};
use crate::error::counted;
use crate::wire::{ByteReader, Update};

/// How a log separates its updates.
#[derive(Debug, Clone, Copy)]
enum Framing {
    /// Each update tells by itself where it ends.
    None,
    Varint,
    U32Be,
    U32Le,
}

impl Framing {
    const ALL: [Framing; 4] = [Framing::Varint, Framing::U32Be, Framing::U32Le, Framing::None];

    fn name(self) -> &'static str {
        match self {
            Framing::None => "updates one after the other",
            Framing::Varint => "length-prefixed updates (varint)",
            Framing::U32Be => "length-prefixed updates (u32, big-endian)",
            Framing::U32Le => "length-prefixed updates (u32, little-endian)",
        }
    }

    /// Returns the next record, or `None` if what is left does not hold all of it.
    fn record<'b>(self, reader: &mut ByteReader<'b>, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let four = |reader: &mut ByteReader<'_>| reader.take(4).ok()?.try_into().ok();
        let length = match self {
            Framing::None => return unframed(reader, bytes),
            Framing::Varint => usize::try_from(reader.var().ok()?).ok()?,
            Framing::U32Be => u32::from_be_bytes(four(reader)?) as usize,
            Framing::U32Le => u32::from_le_bytes(four(reader)?) as usize,
        };
        reader.take(length).ok()
    }
}

fn unframed<'b>(reader: &mut ByteReader<'b>, bytes: &'b [u8]) -> Option<&'b [u8]> {
    let rest = bytes.get(reader.offset()..)?;
    let end = match Update::walk(rest) {
        Ok(_) => rest.len(),
        // The next one begins where this one was read to its end.
        Err(fault) if fault.rule == "trailing" => fault.offset,
        Err(_) => return None,
    };
    reader.take(end).ok()
}

/// Recognises consecutive updates: each tells by itself where it ends.
pub fn concatenated(bytes: &[u8]) -> Option<Identified> {
    // Zeros are empty updates, too: a file of zeros is nothing, and many after an update are padding.
    const EMPTY: usize = 32;
    let is_log = |document: &FoundDocument| match document.content() {
        0 => false,
        1 => document.steps.len() <= EMPTY,
        _ => true,
    };
    whole(Framing::None, bytes).filter(is_log).map(log(Framing::None))
}

/// Recognises updates prefixed with their lengths as varints.
pub fn varint(bytes: &[u8]) -> Option<Identified> {
    whole(Framing::Varint, bytes).map(log(Framing::Varint))
}

/// Recognises updates prefixed with their lengths in four bytes, big-endian.
pub fn u32_be(bytes: &[u8]) -> Option<Identified> {
    whole(Framing::U32Be, bytes).map(log(Framing::U32Be))
}

/// The same, little-endian.
pub fn u32_le(bytes: &[u8]) -> Option<Identified> {
    whole(Framing::U32Le, bytes).map(log(Framing::U32Le))
}

/// Recognises a log with unreadable parts: its end was cut off, or records in it are damaged.
pub fn damaged(bytes: &[u8]) -> Option<Identified> {
    Framing::ALL.into_iter().find_map(|framing| {
        let document = records(framing, bytes);
        document.is_damaged_log().then(|| log(framing)(document))
    })
}

/// Recognises lines of text that are updates, except some: the last is cut short, or something was written in
/// between.
pub fn damaged_lines(text: &str, depth: Depth) -> Option<Identified> {
    let mut document = FoundDocument::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let found = text::line_of(line, depth).filter(Identified::is_whole);
        match found.and_then(Identified::steps) {
            Some(steps) => document.steps.extend(steps),
            None => document.leave_out(|| why_not(line.as_bytes())),
        }
        if document.unread > document.steps.len() {
            return None;
        }
    }
    document.is_damaged_log().then(|| Identified::log_of("one update a line", document))
}

fn log(framing: Framing) -> impl FnOnce(FoundDocument) -> Identified {
    move |document| Identified::log_of(framing.name(), document)
}

/// Returns every record, if each of them is an update.
fn whole(framing: Framing, bytes: &[u8]) -> Option<FoundDocument> {
    let least = if matches!(framing, Framing::None) { 2 } else { 1 };
    let document = records(framing, bytes);
    (document.unread == 0 && document.steps.len() >= least).then_some(document)
}

/// Returns the updates up to the end, or to where the next one cannot be located. Stops early if more of them
/// are not updates than a log may have.
fn records(framing: Framing, bytes: &[u8]) -> FoundDocument {
    let mut reader = ByteReader::at(bytes, 0);
    let mut document = FoundDocument::default();
    while reader.left() > 0 && document.unread <= document.steps.len() {
        let begin = reader.offset();
        let Some(record) = framing.record(&mut reader, bytes) else {
            let left = counted(bytes.len().saturating_sub(begin) as u64, "byte");
            document.leave_out(|| {
                format!("the record at byte {begin} is cut short, {left} from the end")
            });
            break;
        };
        let update = match framing {
            Framing::None => Some(record.to_vec()),
            _ => as_update(record),
        };
        match update {
            Some(update) => document.steps.push(KeptUpdate { update: update.into(), at: None }),
            None => document.leave_out(|| why_not(record)),
        }
    }
    document
}

/// Returns bytes as one update, whatever is around it.
fn as_update(bytes: &[u8]) -> Option<Vec<u8>> {
    if Update::walk(bytes).is_ok() {
        return Some(bytes.to_vec());
    }
    let found = v2(bytes).or_else(|| message::outer(bytes)).or_else(|| message::inner(bytes))?;
    Some(found.steps()?.pop()?.update.into_vec())
}

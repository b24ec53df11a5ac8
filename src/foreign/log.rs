//! Logs: several updates in one file.

use super::bare::v2;
use super::identified::{Depth, Evidence, FoundDocument, Identified, KeptUpdate};
use super::refused::why_not;
use super::{message, text};
use crate::error::counted;
use crate::wire::{ByteReader, SharedBytes, Update};

/// How a log separates its updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Each update tells by itself where it ends.
    None,
    /// A varint in front of each says how long it is.
    Varint,
    /// Four bytes, big-endian.
    U32Be,
    /// Four bytes, little-endian.
    U32Le,
}

impl Framing {
    const ALL: [Framing; 4] = [Framing::Varint, Framing::U32Be, Framing::U32Le, Framing::None];

    /// Returns how such a log is called; public API.
    pub fn name(self) -> &'static str {
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
pub fn concatenated(bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    // Zeros are empty updates, too: a file of zeros is nothing, and many after an update are padding.
    const EMPTY: usize = 32;
    let is_log = |document: &FoundDocument| match document.content() {
        0 => false,
        1 => document.steps.len() <= EMPTY,
        _ => true,
    };
    whole(Framing::None, bytes, depth).filter(is_log).map(log(Framing::None))
}

/// Recognises updates prefixed with their lengths as varints.
pub fn varint(bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    whole(Framing::Varint, bytes, depth).map(log(Framing::Varint))
}

/// Recognises updates prefixed with their lengths in four bytes, big-endian.
pub fn u32_be(bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    whole(Framing::U32Be, bytes, depth).map(log(Framing::U32Be))
}

/// The same, little-endian.
pub fn u32_le(bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    whole(Framing::U32Le, bytes, depth).map(log(Framing::U32Le))
}

/// Recognises a log with unreadable parts: its end was cut off, or records in it are damaged.
pub fn damaged(bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    Framing::ALL.into_iter().find_map(|framing| damaged_of(framing, bytes, depth, Evidence::Bytes))
}

/// The same if it is known how it separates its updates.
pub fn damaged_of(
    framing: Framing,
    bytes: &[u8],
    depth: Depth<'_>,
    evidence: Evidence,
) -> Option<Identified> {
    let Records { document, begins } = records(framing, bytes, depth);
    document.is_damaged_log(begins, evidence).then(|| log(framing)(document))
}

/// Recognises lines of text that are updates, except some: the last is cut short, or something was written in
/// between.
pub fn damaged_lines(text: &str, depth: Depth<'_>, evidence: Evidence) -> Option<Identified> {
    let mut document = FoundDocument::default();
    let mut begins = None;
    let lines = (1u64..).zip(text.lines().map(str::trim)).filter(|(_, line)| !line.is_empty());
    for (number, line) in lines {
        let found = text::line_of(line, depth).filter(Identified::is_whole);
        let steps = found.and_then(Identified::steps);
        begins.get_or_insert(steps.is_some());
        match steps {
            Some(steps) => document.steps.extend(steps),
            None => document.leave_out_at(format!("line {number}"), || why_not(line.as_bytes())),
        }
        if document.is_hopeless() {
            return None;
        }
    }
    let is_log = document.is_damaged_log(begins.unwrap_or_default(), evidence);
    is_log.then(|| Identified::log_of(text::LINES, document))
}

fn log(framing: Framing) -> impl FnOnce(FoundDocument) -> Identified {
    move |document| Identified::log_of(framing.name(), document)
}

/// Returns every record, if each of them is an update.
fn whole(framing: Framing, bytes: &[u8], depth: Depth<'_>) -> Option<FoundDocument> {
    let least = if matches!(framing, Framing::None) { 2 } else { 1 };
    let document = records(framing, bytes, depth).document;
    (document.unread == 0 && document.steps.len() >= least).then_some(document)
}

struct Records {
    document: FoundDocument,
    /// Whether the first is an update.
    begins: bool,
}

/// Returns the updates up to the end, or to where the next one cannot be located. Stops early if more of them
/// are not updates than a log may have.
fn records(framing: Framing, bytes: &[u8], depth: Depth<'_>) -> Records {
    let mut reader = ByteReader::at(bytes, 0);
    let mut document = FoundDocument::default();
    let (mut begins, mut number) = (None, 0u64);
    let mut whole: Option<SharedBytes> = None;
    while reader.left() > 0 && !document.is_hopeless() {
        let begin = reader.offset();
        number = number.saturating_add(1);
        let place = || format!("record {number} at byte {begin}");
        let Some(record) = framing.record(&mut reader, bytes) else {
            let left = counted(bytes.len().saturating_sub(begin) as u64, "byte");
            document.leave_out_at(place(), || format!("it is cut short, {left} from the end"));
            break;
        };
        let update = match framing {
            Framing::None => Some(RecordUpdate::Itself),
            _ => as_update(record, depth),
        };
        begins.get_or_insert(update.is_some());
        // The updates share one copy of the file: by themselves, small ones take ten times their size.
        let mut in_place = || {
            let end = reader.offset();
            let whole = whole.get_or_insert_with(|| bytes.to_vec().into());
            whole.part(end.saturating_sub(record.len())..end).unwrap_or_default()
        };
        match update {
            Some(found) => {
                let update = match found {
                    RecordUpdate::Itself => in_place(),
                    RecordUpdate::Inside(update) => update,
                };
                document.steps.push(KeptUpdate { update, at: None });
            }
            None => document.leave_out_at(place(), || why_not(record)),
        }
    }
    Records { document, begins: begins.unwrap_or_default() }
}

/// The update in a record.
enum RecordUpdate {
    /// The record is one.
    Itself,
    /// It is in v2, or in a message.
    Inside(SharedBytes),
}

/// Returns bytes as one update, whatever is around it.
fn as_update(record: &[u8], depth: Depth<'_>) -> Option<RecordUpdate> {
    if Update::walk(record).is_ok() {
        return Some(RecordUpdate::Itself);
    }
    let found = v2(record, depth)
        .or_else(|| message::outer(record, depth))
        .or_else(|| message::inner(record, depth))?;
    Some(RecordUpdate::Inside(found.steps()?.pop()?.update))
}

//! The file of pycrdt-store (`FileYStore`): a line with its version, then update, metadata and time, each
//! prefixed with its length as a varint.

use super::super::identified::{Depth, Identified};
use super::collector::{Collector, database};
use crate::wire::ByteReader;

const BEGIN: &[u8] = b"VERSION:";

/// Returns the contents of such a file, or `None` for anything else.
pub fn ystore(bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    let rest = bytes.strip_prefix(BEGIN)?;
    let line = rest.iter().position(|byte| *byte == b'\n')?;
    let version = std::str::from_utf8(rest.get(..line)?).ok()?.trim();
    version.parse::<u32>().ok()?;
    let mut reader = ByteReader::at(rest, line + 1);
    let mut found = Collector::new(depth)?;
    let mut number = 0u64;
    while reader.left() > 0 {
        // The offset in the file, of which the beginning was cut off.
        let begin = reader.offset().saturating_add(BEGIN.len());
        number = number.saturating_add(1);
        let place = format!("record {number} at byte {begin}");
        let Some((update, seconds)) = row(&mut reader) else {
            found.document(None)?.leave_out_at(place, || "it is cut short".to_owned());
            break;
        };
        found.add_at(Some(place), None, update, super::sqlite::milliseconds(seconds))?;
    }
    database("file of pycrdt-store", found.into_documents())
}

/// Reads an update, and when it was written in seconds.
fn row<'b>(reader: &mut ByteReader<'b>) -> Option<(&'b [u8], f64)> {
    let update = reader.buffer().ok()?;
    let _metadata = reader.buffer().ok()?;
    Some((update, f64::from_le_bytes(reader.buffer().ok()?.try_into().ok()?)))
}

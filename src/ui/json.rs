//! JSON: every field of every row, never coloured. Its output is public API.

use super::escape;
use super::terminal::Format;
use serde::Serialize;
use std::io::{self, Write};

/// Writes JSON in which nothing acts on a terminal or is invisible: such characters become `\u` escapes,
/// which mean the same to a JSON parser.
pub struct EscapedJson<'o>(pub &'o mut dyn Write);

impl Write for EscapedJson<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        // Controls in strings were escaped by serde, and between values there are only line breaks.
        if !escape::may_be_unsafe(bytes) {
            return self.0.write_all(bytes);
        }
        // Quotes are never part of another character.
        for piece in bytes.split_inclusive(|byte| *byte == b'"') {
            if !escape::may_be_unsafe(piece) {
                self.0.write_all(piece)?;
                continue;
            }
            for chunk in piece.utf8_chunks() {
                self.0.write_all(escape::numbered(chunk.valid()).as_bytes())?;
                self.0.write_all(chunk.invalid())?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Writes one array with one record per line: a valid array that also suits `grep` and `diff`.
pub fn list<T: Serialize>(rows: &[T], out: &mut dyn Write) -> io::Result<()> {
    let mut array = Array::default();
    rows.iter().try_for_each(|row| array.push(row, out))?;
    array.end(out)
}

/// Writes such an array record by record.
#[derive(Default)]
pub struct Array {
    begun: bool,
}

impl Array {
    pub fn push(&mut self, row: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(if self.begun { b",\n" } else { b"[\n" })?;
        self.begun = true;
        // In one piece: the writer sees many otherwise, some of a single byte.
        let text = serde_json::to_vec(row)?;
        EscapedJson(out).write_all(&text)
    }

    pub fn has_begun(&self) -> bool {
        self.begun
    }

    pub fn end(self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(if self.begun { b"\n]\n" } else { b"[]\n" })
    }
}

/// Writes one value per line.
pub fn lines<T: Serialize>(values: &[T], out: &mut dyn Write) -> io::Result<()> {
    for value in values {
        let mut text = serde_json::to_vec(value)?;
        text.push(b'\n');
        EscapedJson(out).write_all(&text)?;
    }
    Ok(())
}

/// Writes one object, indented by two spaces.
pub fn object(fields: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(EscapedJson(out), fields)?;
    out.write_all(b"\n")
}

/// Writes a value whatever the format is: on one line with ndjson, otherwise indented, on a terminal and in a
/// pipe alike (a dump is read, searched and compared by lines).
pub fn dump(value: &impl Serialize, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Ndjson => serde_json::to_writer(EscapedJson(out), value)?,
        _ => serde_json::to_writer_pretty(EscapedJson(out), value)?,
    }
    out.write_all(b"\n")
}

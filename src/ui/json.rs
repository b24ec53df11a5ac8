//! JSON: every field of every row. Never coloured. What it prints is public API.

use super::escape;
use super::terminal::Format;
use serde::Serialize;
use std::io::{self, Write};

/// Writes JSON of which nothing acts on a terminal, or hides: such a character is written by its
/// number, which is the same to whoever reads JSON.
pub struct EscapedJson<'o>(pub &'o mut dyn Write);

impl Write for EscapedJson<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        // What is below has its number in strings already, and is a line break between values.
        if bytes.iter().all(|byte| *byte < 0x7f) {
            return self.0.write_all(bytes);
        }
        for chunk in bytes.utf8_chunks() {
            self.0.write_all(escape::numbered(chunk.valid()).as_bytes())?;
            self.0.write_all(chunk.invalid())?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// One array, one record per line: a valid array that `grep` and `diff` can read too.
pub fn list<T: Serialize>(rows: &[T], out: &mut dyn Write) -> io::Result<()> {
    let mut array = Array::default();
    rows.iter().try_for_each(|row| array.push(row, out))?;
    array.end(out)
}

/// The same, record by record.
#[derive(Default)]
pub struct Array {
    begun: bool,
}

impl Array {
    pub fn push(&mut self, row: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(if self.begun { b",\n" } else { b"[\n" })?;
        self.begun = true;
        Ok(serde_json::to_writer(EscapedJson(out), row)?)
    }

    pub fn has_begun(&self) -> bool {
        self.begun
    }

    pub fn end(self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(if self.begun { b"\n]\n" } else { b"[]\n" })
    }
}

/// One value per line.
pub fn lines<T: Serialize>(values: &[T], out: &mut dyn Write) -> io::Result<()> {
    for value in values {
        serde_json::to_writer(EscapedJson(out), value)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// One object, indented by two spaces.
pub fn object(fields: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(EscapedJson(out), fields)?;
    out.write_all(b"\n")
}

/// A value, whatever the format is: on one line with ndjson, else indented, on a terminal and in a
/// pipe alike (a dump is read, searched and compared by lines).
pub fn dump(value: &impl Serialize, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Ndjson => serde_json::to_writer(EscapedJson(out), value)?,
        _ => serde_json::to_writer_pretty(EscapedJson(out), value)?,
    }
    out.write_all(b"\n")
}

//! JSON: every field of every row. Never coloured. What it prints is public API.

use super::terminal::Format;
use serde::Serialize;
use std::io::{self, Write};

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
        Ok(serde_json::to_writer(&mut *out, row)?)
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
        serde_json::to_writer(&mut *out, value)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// One object, indented by two spaces.
pub fn object(fields: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, fields)?;
    out.write_all(b"\n")
}

/// A value, whatever the format is: on one line with ndjson, else indented, on a terminal and in a
/// pipe alike (a dump is read, searched and compared by lines).
pub fn dump(value: &impl Serialize, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Ndjson => serde_json::to_writer(&mut *out, value)?,
        _ => serde_json::to_writer_pretty(&mut *out, value)?,
    }
    out.write_all(b"\n")
}

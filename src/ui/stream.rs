//! Writes records one by one, without holding all of them.

use super::report::{Column, no_ids};
use super::row::{Row, Stream};
use super::terminal::{Format, Terminal};
use super::{delimited, json, table};
use crate::error::Result;
use std::io::{self, Write};

/// Writes a stream. The outer error comes from `out`, the inner one from the stream or the request.
pub fn write(
    stream: &Stream,
    columns: &[Column],
    id: Option<&str>,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> io::Result<Result<()>> {
    match terminal.format {
        Format::Table => {
            let mut rows = Vec::new();
            let made = stream.each(&mut |row| {
                rows.push(row);
                Ok(true)
            });
            table::list(&rows, columns, terminal, out).map(|()| made)
        }
        Format::Json => {
            let mut array = json::Array::default();
            let made = each(stream, out, |row, out| array.push(row, out))?;
            if made.is_ok() || array.has_begun() {
                array.end(out)?;
            }
            Ok(made)
        }
        Format::Ndjson => each(stream, out, |row, out| json::lines(std::slice::from_ref(row), out)),
        Format::Tsv => delimited_rows::<delimited::Tsv>(stream, columns, terminal.header, out),
        Format::Csv => delimited_rows::<delimited::Csv>(stream, columns, terminal.header, out),
        Format::Id => match id {
            Some(id) => {
                each(stream, out, |row, out| delimited::ids(std::slice::from_ref(row), id, out))
            }
            None => Ok(Err(no_ids())),
        },
    }
}

/// Writes a header line, if wanted, and the rows. If it fails before the first row, nothing is written.
fn delimited_rows<D: delimited::Dialect>(
    stream: &Stream,
    columns: &[Column],
    has_header: bool,
    out: &mut dyn Write,
) -> io::Result<Result<()>> {
    let mut owes_header = has_header;
    let made = each(stream, out, |row, out| {
        if std::mem::take(&mut owes_header) {
            delimited::header::<D>(columns, out)?;
        }
        delimited::line::<D>(row, columns, out)
    })?;
    if owes_header && made.is_ok() {
        delimited::header::<D>(columns, out)?;
    }
    Ok(made)
}

/// Writes each row as a line, and flushes it.
pub fn follow(
    stream: &Stream,
    columns: &[Column],
    id: Option<&str>,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> io::Result<Result<()>> {
    match terminal.format {
        Format::Json | Format::Ndjson => feed(stream, out),
        Format::Table => each(stream, out, |row, out| {
            table::line(row, columns, terminal, out)?;
            out.flush()
        }),
        Format::Id if id.is_none() => Ok(Err(no_ids())),
        Format::Id => each(stream, out, |row, out| {
            delimited::ids(std::slice::from_ref(row), id.unwrap_or_default(), out)?;
            out.flush()
        }),
        Format::Tsv => live_rows::<delimited::Tsv>(stream, columns, terminal.header, out),
        Format::Csv => live_rows::<delimited::Csv>(stream, columns, terminal.header, out),
    }
}

/// Writes a header line immediately, if wanted, and each row as it arrives.
fn live_rows<D: delimited::Dialect>(
    stream: &Stream,
    columns: &[Column],
    has_header: bool,
    out: &mut dyn Write,
) -> io::Result<Result<()>> {
    if has_header {
        delimited::header::<D>(columns, out)?;
        out.flush()?;
    }
    each(stream, out, |row, out| {
        delimited::line::<D>(row, columns, out)?;
        out.flush()
    })
}

/// Writes each row as a line of JSON and flushes it, since somebody may be waiting for it.
pub fn feed(stream: &Stream, out: &mut dyn Write) -> io::Result<Result<()>> {
    each(stream, out, |row, out| {
        json::lines(std::slice::from_ref(row), out)?;
        out.flush()
    })
}

/// Writes each row until `out` fails.
fn each(
    stream: &Stream,
    out: &mut dyn Write,
    mut write: impl FnMut(&Row, &mut dyn Write) -> io::Result<()>,
) -> io::Result<Result<()>> {
    let mut failed = None;
    let made = stream.each(&mut |row| {
        failed = write(&row, out).err();
        Ok(failed.is_none())
    });
    failed.map_or(Ok(made), Err)
}

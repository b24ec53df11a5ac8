//! TSV and CSV: a header line with the names of the fields, one record per line.

use super::report::{Column, Object, Style, Visibility};
use super::row::Row;
use super::{cell, escape};
use serde_json::Value;
use std::borrow::Cow;
use std::io::{self, Write};

/// What separates and protects fields.
pub trait Dialect {
    const SEPARATOR: &'static str;
    fn field(text: &str) -> Cow<'_, str>;
}

/// Tab-separated, one record per line. Tabs, line breaks and backslashes are escaped with a backslash.
pub struct Tsv;

impl Dialect for Tsv {
    const SEPARATOR: &'static str = "\t";
    fn field(text: &str) -> Cow<'_, str> {
        escape::field(text)
    }
}

/// Comma-separated as in RFC 4180, but lines end in a line feed. Texts are unchanged, including line breaks;
/// only characters that act on a terminal are escaped.
pub struct Csv;

impl Dialect for Csv {
    const SEPARATOR: &'static str = ",";
    fn field(text: &str) -> Cow<'_, str> {
        let text = escape::quoted(text);
        match text.contains([',', '"', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ')
        {
            true => Cow::Owned(format!("\"{}\"", text.replace('"', "\"\""))),
            false => text,
        }
    }
}

/// Writes a header line, if wanted, and the rows.
pub fn list<D: Dialect>(
    rows: &[Row],
    columns: &[Column],
    has_header: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    if has_header {
        header::<D>(columns, out)?;
    }
    rows.iter().try_for_each(|row| line::<D>(row, columns, out))
}

/// Writes the names of the fields.
pub fn header<D: Dialect>(columns: &[Column], out: &mut dyn Write) -> io::Result<()> {
    record::<D>(fields(columns).map(|column| column.key.clone().into_owned()), out)
}

/// Writes one record.
pub fn line<D: Dialect>(row: &Row, columns: &[Column], out: &mut dyn Write) -> io::Result<()> {
    record::<D>(fields(columns).map(|column| value(row, &column.key, column.style)), out)
}

/// The columns that are fields: bars are only for people.
fn fields(columns: &[Column]) -> impl Iterator<Item = &Column> {
    let is_field =
        |column: &&Column| column.style != Style::Bar && column.visibility != Visibility::Asked;
    columns.iter().filter(is_field)
}

/// Writes one line per field, its name and its value, below a header line; without names only the values.
pub fn object<D: Dialect>(object: &Object, has_names: bool, out: &mut dyn Write) -> io::Result<()> {
    if has_names {
        record::<D>(["field", "value"].map(str::to_owned).into_iter(), out)?;
    }
    for (key, _, style) in object.entries() {
        let name = has_names.then(|| key.to_owned());
        record::<D>(name.into_iter().chain([value(&object.fields, key, style)]), out)?;
    }
    Ok(())
}

/// Writes one id per line; rows without one are skipped.
pub fn ids(rows: &[Row], id: &str, out: &mut dyn Write) -> io::Result<()> {
    let ids = rows.iter().map(|row| value(row, id, Style::Id)).filter(|id| !id.is_empty());
    for id in ids {
        writeln!(out, "{}", escape::line(&id))?;
    }
    Ok(())
}

fn value(row: &Row, key: &str, style: Style) -> String {
    cell::plain(row.get(key).unwrap_or(&Value::Null), style)
}

fn record<D: Dialect>(fields: impl Iterator<Item = String>, out: &mut dyn Write) -> io::Result<()> {
    for (at, field) in fields.enumerate() {
        if at > 0 {
            out.write_all(D::SEPARATOR.as_bytes())?;
        }
        out.write_all(D::field(&field).as_bytes())?;
    }
    out.write_all(b"\n")
}

//! Shows one record to people.

use super::labelled::{Labelled, bold, write_fields};
use super::report::{Object, Section, Style};
use super::row::Row;
use super::terminal::Terminal;
use super::{cell, escape, paint, table};
use serde_json::Value;
use std::io::{self, Write};

/// Writes one field per line, then the tables and the long texts.
pub fn object(object: &Object, terminal: &Terminal, out: &mut dyn Write) -> io::Result<()> {
    let mut fields: Vec<Labelled> = Vec::new();
    for (key, title, style) in object.entries() {
        let apart = style == Style::Prose || object.section(key).is_some();
        let value = object.fields.get(key).unwrap_or(&Value::Null);
        let text = cell::shown(value, style, terminal.times);
        if !apart && !text.is_empty() {
            let title = if terminal.header { escape::line(title) } else { "".into() };
            let color = paint::color(style, &text);
            let text = escape::line(&text).into_owned();
            fields.push(Labelled { title: title.into_owned(), text, color });
        }
    }
    write_fields(&fields, usize::MAX, terminal, out)?;
    for (key, _, style) in object.entries() {
        match object.section(key) {
            Some(section) => write_section(object, section, terminal, out)?,
            None if style == Style::Prose => write_prose(&object.fields, key, terminal, out)?,
            None => {}
        }
    }
    Ok(())
}

fn write_section(
    object: &Object,
    section: &Section,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> io::Result<()> {
    let items = object.fields.get(section.key).and_then(Value::as_array);
    let rows: Vec<Row> =
        items.into_iter().flatten().filter_map(Value::as_object).cloned().collect();
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", bold(section.title, terminal))?;
    table::list(&rows, section.columns, terminal, out)
}

fn write_prose(
    fields: &Row,
    key: &str,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> io::Result<()> {
    let value = fields.get(key).unwrap_or(&Value::Null);
    let text = cell::shown(value, Style::Prose, terminal.times);
    if text.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    // The indent keeps a text from looking like our own output.
    for line in escape::lines(&text).lines() {
        writeln!(out, "{}", format!("  {line}").trim_end())?;
    }
    Ok(())
}

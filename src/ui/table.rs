//! Tables for people: aligned columns without lines around them, never wider than the terminal.

use super::report::{Column, Object, Row, Section, Style, Visibility};
use super::{Terminal, cell, escape};
use comfy_table::{
    Attribute, Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, presets,
};
use serde_json::Value;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// Spaces between two columns.
const GAP: usize = 2;
/// A column of text is given this much before columns that only a wide terminal shows.
const TEXT_WIDTH: usize = 40;

/// The terminal's columns; 80 where there is none to ask.
pub fn width() -> usize {
    let named = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let asked = || Table::new().width().map(usize::from);
    named.or_else(asked).filter(|columns| *columns > 0).unwrap_or(80)
}

/// Records below a line of titles. Nothing at all when there are none.
pub fn list(
    rows: &[Row],
    columns: &[Column],
    terminal: &Terminal,
    out: &mut dyn Write,
) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let filled = columns
        .iter()
        .filter(|column| column.visibility != Visibility::Data)
        .map(|column| Filled::of(column, rows))
        .filter(|filled| filled.column.visibility == Visibility::Everywhere || !filled.is_empty())
        .collect();
    let shown = fitting(filled, terminal.width);
    let mut table = empty_table(terminal);
    table.set_header(shown.iter().map(|filled| {
        // Capitals stand out without colour too.
        let title = Cell::new(filled.column.title.to_uppercase());
        if terminal.color_out { title.add_attribute(Attribute::Bold) } else { title }
    }));
    for at in 0..rows.len() {
        table.add_row(shown.iter().map(|filled| filled.cells.get(at).map_or("", String::as_str)));
    }
    lay_out(&mut table, &shown, terminal.width);
    write_lines(&table, out)
}

/// One field per line, then its tables and its long texts.
pub fn object(object: &Object, terminal: &Terminal, out: &mut dyn Write) -> io::Result<()> {
    let mut table = empty_table(terminal);
    for (key, title, style) in object.entries() {
        let apart = style == Style::Prose || object.section(key).is_some();
        let value = object.fields.get(key).unwrap_or(&Value::Null);
        let text = cell::shown(value, style);
        if !apart && !text.is_empty() {
            let title = Cell::new(escape::line(title));
            let title =
                if terminal.color_out { title.add_attribute(Attribute::Bold) } else { title };
            table.add_row([title, Cell::new(escape::line(&text))]);
        }
    }
    pad(&mut table);
    if let Some(titles) = table.column_mut(0) {
        titles.set_constraint(ColumnConstraint::ContentWidth);
    }
    write_lines(&table, out)?;
    for (key, _, style) in object.entries() {
        match object.section(key) {
            Some(section) => write_section(object, section, terminal, out)?,
            None if style == Style::Prose => write_prose(&object.fields, key, out)?,
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
    match terminal.color_out {
        true => writeln!(out, "\n\u{1b}[1m{}\u{1b}[0m", section.title)?,
        false => writeln!(out, "\n{}", section.title)?,
    }
    list(&rows, section.columns, terminal, out)
}

fn write_prose(fields: &Row, key: &str, out: &mut dyn Write) -> io::Result<()> {
    let text = cell::shown(fields.get(key).unwrap_or(&Value::Null), Style::Prose);
    if text.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    // The indent keeps a text from passing for output of ours.
    for line in escape::lines(&text).lines() {
        writeln!(out, "{}", format!("  {line}").trim_end())?;
    }
    Ok(())
}

/// A column with what it will show.
struct Filled<'c> {
    column: &'c Column,
    cells: Vec<String>,
    /// The widest cell, the title included.
    width: usize,
}

impl<'c> Filled<'c> {
    fn of(column: &'c Column, rows: &[Row]) -> Self {
        let value = |row: &Row| row.get(column.key).map(|value| cell::shown(value, column.style));
        let mut cells: Vec<String> = match column.style {
            Style::Bar => bars(column, rows),
            _ => rows.iter().map(|row| value(row).unwrap_or_default()).collect(),
        };
        if column.style == Style::Id {
            let length = cell::id_length(cells.iter().map(String::as_str));
            for id in &mut cells {
                *id = cell::short_id(id, length).to_owned();
            }
        }
        for text in &mut cells {
            *text = escape::line(text).into_owned();
        }
        let width = cells.iter().map(|text| text.width()).max().unwrap_or(0);
        Filled { column, width: width.max(column.title.width()), cells }
    }

    fn is_empty(&self) -> bool {
        self.cells.iter().all(String::is_empty)
    }

    /// Text can be broken into lines; everything else stays whole where there is any room.
    fn breaks(&self) -> bool {
        matches!(self.column.style, Style::Text | Style::Prose | Style::List)
    }

    /// What this column should have at least.
    fn least(&self) -> usize {
        if self.breaks() { self.width.min(TEXT_WIDTH) } else { self.width }
    }
}

/// The share that each row has of the sum.
fn bars(column: &Column, rows: &[Row]) -> Vec<String> {
    let amount = |row: &Row| row.get(column.key).and_then(Value::as_u64).unwrap_or(0);
    let sum = rows.iter().map(amount).fold(0, u64::saturating_add);
    rows.iter().map(|row| cell::bar(amount(row), sum)).collect()
}

/// Leaves out columns for wide terminals, the last first, until the others have room.
fn fitting(mut columns: Vec<Filled<'_>>, width: usize) -> Vec<Filled<'_>> {
    let needed = |columns: &[Filled<'_>]| -> usize {
        columns.iter().map(|column| column.least() + GAP).sum()
    };
    while needed(&columns) > width + GAP {
        let Some(last) =
            columns.iter().rposition(|filled| filled.column.visibility == Visibility::Wide)
        else {
            break;
        };
        columns.remove(last);
    }
    columns
}

/// Padding, alignment, and which columns stay whole.
fn lay_out(table: &mut Table, columns: &[Filled<'_>], width: usize) {
    pad(table);
    let least: usize = columns.iter().map(|column| column.least() + GAP).sum();
    for (at, filled) in columns.iter().enumerate() {
        let Some(column) = table.column_mut(at) else { continue };
        if matches!(filled.column.style, Style::Number | Style::Bytes) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        if !filled.breaks() && least <= width + GAP {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}

fn empty_table(terminal: &Terminal) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(terminal.width).unwrap_or(u16::MAX));
    // Colour was decided once, for the whole command.
    if terminal.color_out {
        table.enforce_styling()
    } else {
        table.force_no_tty()
    };
    table
}

/// Every column but the last is followed by the gap.
fn pad(table: &mut Table) {
    let last = table.column_count().saturating_sub(1);
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if at == last { 0 } else { GAP as u16 }));
    }
}

fn write_lines(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    if table.is_empty() {
        return Ok(());
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

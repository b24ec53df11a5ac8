//! Tables for people: aligned columns without lines around them, never wider than the terminal.
//!
//! Words and ids are broken only as a last resort. If room is short, columns that only a wide terminal shows
//! are dropped first, and named below the table; then texts are broken between words; then the first column
//! (what a row is about) moves to a line above the others; then long words in texts by people are broken, but
//! never ids; finally every record becomes a list of its fields.

use super::labelled::{GAP, Labelled, bold, write_fields};
use super::report::{Column, Style, Visibility};
use super::row::Row;
use super::terminal::Terminal;
use super::wrap::{cut, longest_word, wrap};
use super::{cell, escape, paint};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};
use serde_json::Value;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// The width that a column of text gets before columns that only a wide terminal shows.
const TEXT_WIDTH: usize = 32;
/// The width that each gets if there are several.
const TEXTS_WIDTH: usize = 20;
/// Words up to this width are not broken: the ids of members and records are no wider.
const WORD: usize = 40;
/// From this terminal width on, words in texts by people are broken before records become lists of their
/// fields.
const BROKEN_FROM: usize = 60;
/// The layouts to try, in order: the place of the first column, and the width at which such words are broken.
const LAYOUTS: [(FirstColumn, usize); 8] = [
    (FirstColumn::Beside, WORD),
    (FirstColumn::Beside, 32),
    (FirstColumn::Beside, 24),
    (FirstColumn::Above, WORD),
    (FirstColumn::Above, 32),
    (FirstColumn::Above, 24),
    (FirstColumn::Above, 16),
    (FirstColumn::Beside, 16),
];
/// The most lines of a cell, unless all are requested.
const LINES: usize = 4;
/// How many rows are drawn at once.
const BLOCK: usize = 256;

/// Returns the terminal's columns; 80 if there is no terminal.
pub fn width() -> usize {
    let named = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let asked = || Table::new().width().map(usize::from);
    named.or_else(asked).filter(|columns| *columns > 0).unwrap_or(80)
}

/// Writes records below a line of titles. Writes nothing if there are none.
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
        .filter(|column| !matches!(column.visibility, Visibility::Data | Visibility::Asked))
        .map(|column| Filled::of(column, rows, terminal))
        .filter(|filled| filled.column.visibility == Visibility::Everywhere || !filled.is_empty());
    let (below, beside): (Vec<Filled<'_>>, Vec<Filled<'_>>) =
        filled.partition(|filled| filled.column.visibility == Visibility::Below);
    let all: Vec<&Filled<'_>> = beside.iter().collect();
    let (shown, left_out) = fitting(&beside, terminal.width);
    let pen = Pen { terminal, rows: rows.len(), below: &below };
    let is_fit = |(_, word): &(_, usize)| *word == WORD || terminal.width >= BROKEN_FROM;
    let layout = |(first, word)| TableLayout::of(&shown, terminal.width, first, word);
    match LAYOUTS.into_iter().filter(is_fit).find_map(layout) {
        Some(layout) => {
            pen.draw(&layout, out)?;
            say_left_out(&left_out, terminal, out)
        }
        None => pen.stack(&all, out),
    }
}

/// Writes a record as one line, independent of other rows.
pub fn line(
    row: &Row,
    columns: &[Column],
    terminal: &Terminal,
    out: &mut dyn Write,
) -> io::Result<()> {
    let shown = columns.iter().filter(|column| column.visibility == Visibility::Everywhere);
    let cells = shown.filter_map(|column| {
        let text = cell::shown(row.get(&*column.key)?, column.style, terminal.times);
        let color = paint::color(column.style, &text).filter(|_| terminal.color_out);
        let text =
            if column.style == Style::Id { cell::short_id(&text, cell::ID_CHARS) } else { &text };
        Some(paint::colored(&escape::line(text), color))
    });
    let cells: Vec<String> = cells.filter(|text| !text.is_empty()).collect();
    writeln!(out, "{}", cells.join("  "))
}

/// A column with its cells.
struct Filled<'c> {
    column: &'c Column,
    cells: Vec<String>,
    /// The widest cell, the title included.
    width: usize,
    /// The widest of its words, the title included.
    word: usize,
    /// Its title.
    title: usize,
}

impl<'c> Filled<'c> {
    fn of(column: &'c Column, rows: &[Row], terminal: &Terminal) -> Self {
        let shown = |value: &Value| cell::shown(value, column.style, terminal.times);
        let value = |row: &Row| row.get(&*column.key).map(shown);
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
        let title = if terminal.header { column.title.width() } else { 0 };
        let width = cells.iter().map(|text| text.width()).max().unwrap_or(0).max(title);
        let word = cells.iter().map(|text| longest_word(text)).max().unwrap_or(0).max(title);
        Filled { column, width, word, title, cells }
    }

    fn cell(&self, row: usize) -> &str {
        self.cells.get(row).map_or("", String::as_str)
    }

    fn is_empty(&self) -> bool {
        let nothing = if self.column.style == Style::LastTime { cell::NEVER } else { "" };
        self.cells.iter().all(|text| text.is_empty() || text == nothing)
    }

    /// Its visibility, if it is shown only when the terminal has room.
    fn wants_room(&self) -> Option<Visibility> {
        let visibility = self.column.visibility;
        matches!(visibility, Visibility::Wide | Visibility::Widest).then_some(visibility)
    }

    fn is_right(&self) -> bool {
        matches!(self.column.style, Style::Number | Style::Bytes)
    }

    /// Whether it can be broken between words, as text can; everything else stays whole.
    fn breaks(&self) -> bool {
        let style = self.column.style;
        matches!(style, Style::Text | Style::Prose | Style::List | Style::Changes | Style::Sets)
    }

    /// The width that it needs if words in texts by people are broken at width `word`.
    fn least(&self, word: usize) -> usize {
        match self.column.style {
            Style::Prose | Style::Changes => self.word.min(word).max(self.title),
            _ if self.breaks() => self.word.min(WORD),
            _ => self.width,
        }
    }

    /// The width that it should have if a text should have width `text`.
    fn comfort(&self, text: usize) -> usize {
        if self.breaks() { self.width.min(text).max(self.least(WORD)) } else { self.width }
    }
}

/// Returns a bar for each row's share of the sum.
fn bars(column: &Column, rows: &[Row]) -> Vec<String> {
    let amount = |row: &Row| row.get(&*column.key).and_then(Value::as_u64).unwrap_or(0);
    let sum = rows.iter().map(amount).fold(0, u64::saturating_add);
    rows.iter().map(|row| cell::bar(amount(row), sum)).collect()
}

/// Returns the columns that fit, and the titles of those that only a wider terminal shows. Among those,
/// earlier columns take precedence.
fn fitting<'f, 'c>(columns: &'f [Filled<'c>], width: usize) -> (Vec<&'f Filled<'c>>, Vec<&'c str>) {
    let seen = |filled: &&Filled<'_>| filled.wants_room().is_none();
    let is_text = |filled: &&Filled<'_>| filled.breaks() && filled.width > TEXTS_WIDTH;
    let text = match columns.iter().filter(seen).filter(is_text).count() {
        0 | 1 => TEXT_WIDTH,
        _ => TEXTS_WIDTH,
    };
    // A first column that is wider than this goes above the others.
    let most = |at: usize| if at == 0 { width / 2 } else { usize::MAX };
    let wanted = |at: usize, filled: &Filled<'_>| filled.comfort(text).min(most(at)) + GAP;
    let mut shown: Vec<bool> = columns.iter().map(|filled| seen(&filled)).collect();
    let places = || columns.iter().enumerate();
    let kept = places().filter(|(_, filled)| seen(filled));
    let mut taken: usize = kept.map(|(at, filled)| wanted(at, filled)).sum();
    for visibility in [Visibility::Wide, Visibility::Widest] {
        let next = places().filter(|(_, filled)| filled.wants_room() == Some(visibility));
        for (at, filled) in next {
            let with_it = taken + wanted(at, filled);
            if let Some(is_shown) = shown.get_mut(at).filter(|_| with_it <= width + GAP) {
                (taken, *is_shown) = (with_it, true);
            }
        }
    }
    let (shown, left_out): (Vec<_>, Vec<_>) =
        columns.iter().zip(shown).partition(|(_, is_shown)| *is_shown);
    let title = |(filled, _): (&'f Filled<'c>, bool)| &*filled.column.title;
    (
        shown.into_iter().map(|(filled, _)| filled).collect(),
        left_out.into_iter().map(title).collect(),
    )
}

/// Returns the width of columns side by side.
fn needed(widths: impl Iterator<Item = usize>) -> usize {
    widths.map(|width| width + GAP).sum::<usize>().saturating_sub(GAP)
}

fn say_left_out(left_out: &[&str], terminal: &Terminal, out: &mut dyn Write) -> io::Result<()> {
    if left_out.is_empty() {
        return Ok(());
    }
    let said = format!("(no room for: {}; `-o tsv` shows all)", left_out.join(", "));
    wrap(&said, terminal.width).iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// Where the first column is placed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FirstColumn {
    /// Beside the others; a cell that is too wide goes on a line above.
    Beside,
    /// On a line above the others, if its value differs from the row before.
    Above,
}

/// Columns with the width of each.
struct TableLayout<'f, 'c> {
    columns: Vec<(&'f Filled<'c>, usize)>,
    first: FirstColumn,
}

impl<'f, 'c> TableLayout<'f, 'c> {
    /// Returns `None` if the columns do not fit even with words in texts by people broken at width `word`.
    fn of(
        columns: &[&'f Filled<'c>],
        width: usize,
        wanted: FirstColumn,
        word: usize,
    ) -> Option<TableLayout<'f, 'c>> {
        let (first, others) = columns.split_first()?;
        let least = |column: &&Filled<'_>| column.least(word);
        let room = width.saturating_sub(GAP);
        let around = needed(others.iter().map(least));
        // A few cells of the first column that are much wider than the rest get lines of their own.
        let half = (width / 2).max(first.column.title.width());
        let usual = first.cells.iter().map(|text| text.width()).filter(|width| *width <= half);
        let usual = usual.max().unwrap_or(0).max(first.column.title.width());
        let few = first.cells.iter().filter(|text| text.width() > usual).count() * 2;
        let beside = [first.width, usual]
            .into_iter()
            .find(|width| others.is_empty() || width + around <= room && *width <= half);
        let first_width = match (wanted, beside) {
            (FirstColumn::Beside, Some(beside))
                if beside == first.width || few <= first.cells.len() =>
            {
                beside
            }
            (FirstColumn::Above, _) if !others.is_empty() && around <= room => 0,
            _ => return None,
        };
        let mut widths: Vec<usize> = others.iter().map(least).collect();
        let taken = if wanted == FirstColumn::Above { GAP } else { first_width + GAP };
        share(&mut widths, others, width.saturating_sub(taken));
        let drawn = others.iter().copied().zip(widths);
        Some(TableLayout {
            columns: std::iter::once((*first, first_width)).chain(drawn).collect(),
            first: wanted,
        })
    }
}

/// Distributes the remaining room, to the columns that want least first, so that short texts stay whole.
fn share(widths: &mut [usize], columns: &[&Filled<'_>], room: usize) {
    let mut spare = room.saturating_sub(needed(widths.iter().copied()));
    let mut wanting: Vec<usize> = (0..widths.len()).collect();
    let wants = |at: usize, widths: &[usize]| {
        let width = columns.get(at).map_or(0, |column| column.width);
        width.saturating_sub(widths.get(at).copied().unwrap_or(0))
    };
    wanting.sort_by_key(|at| wants(*at, widths));
    let mut left = wanting.len();
    for at in wanting {
        let given = wants(at, widths).min(spare / left.max(1));
        if let Some(width) = widths.get_mut(at) {
            *width += given;
        }
        spare -= given;
        left -= 1;
    }
}

/// What is common to all rows when drawing.
struct Pen<'p, 'c> {
    terminal: &'p Terminal,
    rows: usize,
    /// Columns on lines of their own, for copying.
    below: &'p [Filled<'c>],
}

impl Pen<'_, '_> {
    fn lines(&self) -> usize {
        if self.terminal.full { usize::MAX } else { LINES }
    }

    fn draw(&self, layout: &TableLayout<'_, '_>, out: &mut dyn Write) -> io::Result<()> {
        let above = layout.first == FirstColumn::Above;
        // Titles are in capitals, which stand out without colour too.
        if self.terminal.header {
            self.write_titles(layout, above, out)?;
        }
        let (mut before, mut block) = (None, Vec::new());
        for row in 0..self.rows {
            let first = layout.columns.first().map_or("", |(filled, _)| filled.cell(row));
            let mut cells = self.cells(layout, row);
            let width = layout.columns.first().map_or(0, |(_, width)| *width);
            if above || first.width() > width {
                if !above || before != Some(first) {
                    self.flush(layout, &mut block, out)?;
                    wrap(first, self.terminal.width)
                        .iter()
                        .try_for_each(|line| writeln!(out, "{line}"))?;
                }
            } else if let Some(cell) = cells.first_mut() {
                *cell = vec![first.to_owned()];
            }
            before = Some(first);
            block.push(cells);
            let is_followed = self.below.iter().any(|filled| !filled.cell(row).is_empty());
            if is_followed || block.len() == BLOCK {
                self.flush(layout, &mut block, out)?;
                self.write_below(row, out)?;
            }
        }
        self.flush(layout, &mut block, out)
    }

    fn write_titles(
        &self,
        layout: &TableLayout<'_, '_>,
        above: bool,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let titles = layout.columns.iter().map(|(filled, _)| filled.column.title.to_uppercase());
        let mut titles: Vec<Vec<String>> = titles.map(|title| vec![title]).collect();
        if let Some(first) = titles.first_mut().filter(|_| above) {
            let title = std::mem::take(first).concat();
            writeln!(out, "{}", bold(&title, self.terminal))?;
        }
        for line in side_by_side(layout, vec![titles]) {
            writeln!(out, "{}", bold(&line, self.terminal))?;
        }
        Ok(())
    }

    /// Returns the lines of each cell of a row, except the first, which the caller fills in.
    fn cells(&self, layout: &TableLayout<'_, '_>, row: usize) -> Cells {
        let cell = |(at, (filled, width)): (usize, &(&Filled<'_>, usize))| {
            let text = filled.cell(row);
            match filled.column.style {
                _ if at == 0 => Vec::new(),
                // Lists were already cut to a few names.
                Style::List => wrap(text, *width),
                _ if filled.breaks() => cut(wrap(text, *width), self.lines(), *width),
                _ => vec![text.to_owned()],
            }
        };
        layout.columns.iter().enumerate().map(cell).collect()
    }

    /// Writes each record as a list of its fields.
    fn stack(&self, columns: &[&Filled<'_>], out: &mut dyn Write) -> io::Result<()> {
        for row in 0..self.rows {
            if row > 0 {
                writeln!(out)?;
            }
            let field = |filled: &&Filled<'_>| {
                let text = filled.cell(row).to_owned();
                let color = paint::color(filled.column.style, &text);
                let title = if self.terminal.header { &*filled.column.title } else { "" };
                (!text.is_empty()).then(|| Labelled { title: title.to_owned(), text, color })
            };
            let fields: Vec<Labelled> = columns.iter().filter_map(field).collect();
            write_fields(&fields, self.lines(), self.terminal, out)?;
            self.write_below(row, out)?;
        }
        Ok(())
    }

    /// Draws the collected rows.
    fn flush(
        &self,
        layout: &TableLayout<'_, '_>,
        block: &mut Vec<Cells>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        for mut line in side_by_side(layout, std::mem::take(block)) {
            if self.terminal.color_out {
                line = paint::words(&line, &words_of(layout));
            }
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    /// Writes the columns for copying, each whole and on a line of its own.
    fn write_below(&self, row: usize, out: &mut dyn Write) -> io::Result<()> {
        let texts =
            self.below.iter().map(|filled| filled.cell(row)).filter(|text| !text.is_empty());
        texts.into_iter().try_for_each(|text| writeln!(out, "{:GAP$}{text}", ""))
    }
}

/// The lines of each cell of a row, by column.
type Cells = Vec<Vec<String>>;

/// Returns the lines of rows, without trailing spaces. The widths of the columns and the line breaks in cells
/// are already decided for all rows.
fn side_by_side(layout: &TableLayout<'_, '_>, rows: Vec<Cells>) -> Vec<String> {
    // A first column above the others leaves its gap as an indent.
    let is_drawn = |width: usize| width > 0;
    let columns: Vec<_> = layout.columns.iter().filter(|(_, width)| is_drawn(*width)).collect();
    let indent = if columns.len() < layout.columns.len() { GAP } else { 0 };
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.force_no_tty();
    for cells in rows {
        let drawn = layout.columns.iter().zip(cells).filter(|((_, width), _)| is_drawn(*width));
        let cells: Vec<String> = drawn.map(|(_, lines)| lines.join("\n")).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            table.add_row(cells);
        }
    }
    if table.is_empty() {
        return Vec::new();
    }
    for (at, (filled, width)) in columns.iter().enumerate() {
        let gap = if at + 1 == columns.len() { 0 } else { GAP };
        let Some(column) = table.column_mut(at) else { continue };
        column.set_padding((0, u16::try_from(gap).unwrap_or(0)));
        let whole = u16::try_from(width + gap).unwrap_or(u16::MAX);
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(whole)));
        if filled.is_right() {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let line = |line: String| format!("{:indent$}{line}", "").trim_end().to_owned();
    table.lines().map(line).filter(|line| !line.is_empty()).collect()
}

/// Returns the columns of coloured words: offset from the left, width, and style.
fn words_of(layout: &TableLayout<'_, '_>) -> Vec<(usize, usize, Style)> {
    let mut at = if layout.first == FirstColumn::Above { GAP } else { 0 };
    let mut found = Vec::new();
    for (filled, width) in layout.columns.iter().filter(|(_, width)| *width > 0) {
        if matches!(filled.column.style, Style::Word(_)) {
            found.push((at, *width, filled.column.style));
        }
        at += width + GAP;
    }
    found
}

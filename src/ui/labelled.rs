//! Writes fields with their titles, one below the other.

use super::paint;
use super::report::Color;
use super::terminal::Terminal;
use super::wrap::{cut, longest_word, wrap};
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// Spaces between two columns, and the indent below a first column.
pub const GAP: usize = 2;

/// A field with its title, which is empty if titles are not wanted.
pub struct Labelled {
    pub title: String,
    pub text: String,
    pub color: Option<Color>,
}

/// Writes title and text, one field per line; at most `most` lines of a long text.
pub fn write_fields(
    fields: &[Labelled],
    most: usize,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> io::Result<()> {
    let titles = fields.iter().map(|field| field.title.width()).max().unwrap_or(0);
    let indent = if titles > 0 { titles + GAP } else { 0 };
    let room = terminal.width.saturating_sub(indent);
    for Labelled { title, text, color } in fields {
        let pad = " ".repeat(indent.saturating_sub(title.width()));
        if longest_word(text) > room {
            // Text that does not fit beside its title goes below it, without indent.
            if !title.is_empty() {
                writeln!(out, "{}", bold(title, terminal))?;
            }
            let lines = wrap(text, terminal.width);
            cut(lines, most, terminal.width).iter().try_for_each(|line| writeln!(out, "{line}"))?;
            continue;
        }
        let lines = cut(wrap(text, room), most, room);
        let (first, others) = match lines.split_first() {
            Some((first, others)) => (first.as_str(), others),
            None => ("", &[][..]),
        };
        let first = paint::colored(first, color.filter(|_| terminal.color_out));
        writeln!(out, "{}", format!("{}{pad}{first}", bold(title, terminal)).trim_end())?;
        let indent = " ".repeat(indent);
        others.iter().try_for_each(|line| writeln!(out, "{indent}{line}"))?;
    }
    Ok(())
}

pub fn bold(text: &str, terminal: &Terminal) -> String {
    match terminal.color_out && !text.is_empty() {
        true => format!("\u{1b}[1m{text}\u{1b}[0m"),
        false => text.to_owned(),
    }
}

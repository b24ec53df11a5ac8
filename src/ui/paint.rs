//! Colours words. Used only for terminals that want colour.

use super::report::{Color, Style};
use unicode_width::UnicodeWidthChar;

/// Returns the colour of a word in a column, if it has one.
pub fn color(style: Style, text: &str) -> Option<Color> {
    match style {
        Style::Word(colors) => {
            colors.iter().find(|(word, _)| *word == text).map(|(_, color)| *color)
        }
        _ => None,
    }
}

/// Returns a text in a colour.
pub fn colored(text: &str, color: Option<Color>) -> String {
    let code = match color {
        None => return text.to_owned(),
        Some(Color::Red) => "1;31",
        Some(Color::Yellow) => "33",
        Some(Color::Green) => "32",
        Some(Color::Cyan) => "36",
        Some(Color::Dim) => "2",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

/// Colours the words of a table line. Each column is given by its offset from the left, its width and its
/// style.
pub fn words(line: &str, columns: &[(usize, usize, Style)]) -> String {
    let mut painted = String::with_capacity(line.len());
    let mut rest = line;
    let mut at = 0;
    for (start, width, style) in columns {
        let (before, from) = split(rest, start.saturating_sub(at));
        let (cell, after) = split(from, *width);
        let word = cell.trim_end();
        let blanks = cell.strip_prefix(word).unwrap_or_default();
        painted.push_str(before);
        painted.push_str(&colored(word, color(*style, word)));
        painted.push_str(blanks);
        rest = after;
        at = start + width;
    }
    painted + rest
}

/// Splits a text at a column of the terminal; a character that spans it goes to the first part.
fn split(text: &str, column: usize) -> (&str, &str) {
    let mut width = 0;
    let at = text.char_indices().find(|(_, c)| {
        let is_there = width >= column;
        width += c.width().unwrap_or(0);
        is_there
    });
    text.split_at_checked(at.map_or(text.len(), |(at, _)| at)).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style::Word(&[("high", Color::Red), ("low", Color::Dim)]);

    #[test]
    fn only_known_words_in_their_column_are_painted() {
        let columns = [(4, 6, STYLE), (12, 4, STYLE)];
        let red = "\u{1b}[1;31mhigh\u{1b}[0m";
        assert_eq!(words("high high    low", &columns[..1]), "high high    low");
        assert_eq!(words("日本high    low", &columns[..1]), format!("日本{red}    low"));
        let dim = "\u{1b}[2mlow\u{1b}[0m";
        assert_eq!(words("ab  high    low", &columns), format!("ab  {red}    {dim}"));
        assert_eq!(words("ab  highest low", &columns), format!("ab  highest {dim}"));
        assert_eq!(words("ab", &columns), "ab");
        assert_eq!(words("", &columns), "");
    }
}

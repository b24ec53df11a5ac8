//! Text from documents is untrusted: it can hold what moves a cursor, changes a title, or turns
//! the reading direction. Everything but JSON shows such characters escaped.

use std::borrow::Cow;
use std::fmt::Write;

/// Text for one line of a terminal: nothing in it can act on the terminal, or hide.
/// A backslash stays as it is: this is for reading, not for reading back.
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, is_unsafe)
}

/// Text of many lines for a terminal: line feeds stay, tabs become four spaces, the rest as in
/// [`line`].
pub fn lines(text: &str) -> Cow<'_, str> {
    let text = match text.contains(['\t', '\r']) {
        true => Cow::Owned(text.replace("\r\n", "\n").replace('\t', "    ")),
        false => Cow::Borrowed(text),
    };
    match escaped(&text, |c| c != '\n' && is_unsafe(c)) {
        Cow::Owned(escaped) => Cow::Owned(escaped),
        Cow::Borrowed(_) => text,
    }
}

/// Text for one field of TSV. Backslashes are doubled, so it can be read back.
pub fn field(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c == '\\' || is_unsafe(c))
}

fn escaped(text: &str, unsafe_here: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&unsafe_here) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            c if !unsafe_here(c) => out.push(c),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            // Writing to a String does not fail.
            c => drop(write!(out, "\\u{{{:x}}}", u32::from(c))),
        }
    }
    Cow::Owned(out)
}

/// Controls (C0, DEL, C1), what turns the reading direction, line and paragraph separators, and
/// what cannot be seen. The joiners U+200C and U+200D stay: scripts and emoji need them.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200e}' | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{206f}'
            | '\u{2028}' | '\u{2029}'
            | '\u{00ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(line("Grüße, 日本, a\\b"), Cow::Borrowed(_)));
        assert!(matches!(lines("two\nlines"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_acts_on_a_terminal_is_shown_instead() {
        assert_eq!(line("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(line("a\nb\tc\rd\u{7}"), "a\\nb\\tc\\rd\\u{7}");
        assert_eq!(line("\u{9b}2J\u{7f}\u{0}"), "\\u{9b}2J\\u{7f}\\u{0}");
    }

    #[test]
    fn what_turns_or_hides_text_is_shown() {
        for c in "\u{202a}\u{202e}\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}\u{2028}\u{200b}\u{feff}"
            .chars()
        {
            let shown = line(&c.to_string()).into_owned();
            assert_eq!(shown, format!("\\u{{{:x}}}", u32::from(c)));
        }
        assert_eq!(line("👩\u{200d}🚀"), "👩\u{200d}🚀");
    }

    #[test]
    fn many_lines_keep_their_line_feeds_only() {
        assert_eq!(lines("a\r\nb\n\tc\u{1b}"), "a\nb\n    c\\u{1b}");
        assert_eq!(lines("a\rb"), "a\\rb");
    }

    #[test]
    fn a_field_can_be_read_back() {
        assert_eq!(field("a\\n\n\t"), "a\\\\n\\n\\t");
    }
}

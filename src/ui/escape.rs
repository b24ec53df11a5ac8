//! Escapes text from documents. It is untrusted: it can move a cursor, change a title, or turn the reading
//! direction. Every format escapes such characters, JSON in its own way.

use std::borrow::Cow;
use std::fmt::Write;

/// Escapes text for one line of a terminal: nothing in it can act on the terminal or stay invisible. A
/// backslash stays as it is, so the result is for people, not for parsing.
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, is_unsafe)
}

/// Escapes text of several lines for a terminal: line feeds stay, tabs become four spaces, the rest is as in
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

/// Escapes a text, keeping its lines and tabs, so that nothing in it acts on a terminal.
pub fn text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for part in text.split_inclusive(['\n', '\t']) {
        let end = part.len().saturating_sub(usize::from(part.ends_with(['\n', '\t'])));
        let (said, end) = part.split_at_checked(end).unwrap_or((part, ""));
        safe.push_str(&line(said));
        safe.push_str(end);
    }
    safe
}

/// Escapes text for one field of TSV. Backslashes are doubled, so it can be parsed back.
pub fn field(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c == '\\' || is_unsafe(c))
}

/// Escapes text for one quoted field of CSV. Line breaks and tabs stay; characters that act on a terminal or
/// are invisible become `\u{1b}` and the like, and a backslash that would look like one becomes `\u{5c}`, so
/// it can be parsed back.
pub fn quoted(text: &str) -> Cow<'_, str> {
    let stays = |c: char, rest: &str| match c {
        '\n' | '\t' => true,
        '\r' => rest.starts_with('\n'),
        '\\' => !rest.starts_with("u{"),
        c => !is_unsafe(c),
    };
    let marks = |text: &str| text.char_indices().any(|(at, c)| !stays(c, after(text, at, c)));
    if is_plain(text) || !marks(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        match stays(c, after(text, at, c)) {
            true => out.push(c),
            // Writing to a String does not fail.
            false => drop(write!(out, "\\u{{{:x}}}", u32::from(c))),
        }
    }
    Cow::Owned(out)
}

/// Whether bytes of UTF-8 can be part of what [`numbered`] escapes: all of those characters begin with one of a
/// few bytes.
pub fn may_be_unsafe(bytes: &[u8]) -> bool {
    let begins = |byte: u8| matches!(byte, 0x7f | 0xc2 | 0xd8 | 0xe1 | 0xe2 | 0xef | 0xf3);
    bytes.iter().fold(false, |any, byte| any | begins(*byte))
}

/// Escapes text inside a JSON string: unsafe characters that serde leaves as they are become `\u` escapes.
pub fn numbered(text: &str) -> Cow<'_, str> {
    let acts = |c: char| c >= '\u{7f}' && is_unsafe(c);
    let number = |c: char| -> String {
        c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
    };
    replaced(text, acts, number)
}

/// Escapes XML, keeping its lines and tabs: unsafe characters become numeric references, which mean the same
/// to an XML parser.
pub fn markup(text: &str) -> Cow<'_, str> {
    let acts = |c: char| c != '\n' && c != '\t' && is_unsafe(c);
    replaced(text, acts, |c| format!("&#x{:x};", u32::from(c)))
}

/// Whether a text consists of characters that no format escapes. Most do, and a look at bytes is cheap.
fn is_plain(text: &str) -> bool {
    let is_plain = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'\\';
    // Without an end at the first other byte, many are compared at once.
    text.bytes().fold(true, |all, byte| all & is_plain(byte))
}

/// Replaces some of the characters of a text; a plain one has none of them.
fn replaced(
    text: &str,
    is_one: impl Fn(char) -> bool,
    otherwise: impl Fn(char) -> String,
) -> Cow<'_, str> {
    if is_plain(text) || !text.contains(&is_one) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match is_one(c) {
            true => out.push_str(&otherwise(c)),
            false => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// What follows a character.
fn after(text: &str, at: usize, c: char) -> &str {
    text.get(at + c.len_utf8()..).unwrap_or_default()
}

fn escaped(text: &str, unsafe_here: impl Fn(char) -> bool) -> Cow<'_, str> {
    replaced(text, unsafe_here, |c| match c {
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        '\\' => "\\\\".to_owned(),
        c => format!("\\u{{{:x}}}", u32::from(c)),
    })
}

/// Whether a character is a control (C0, DEL, C1), turns the reading direction, separates lines or
/// paragraphs, or is invisible. The joiners U+200C and U+200D are safe: scripts and emoji need them.
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
    fn every_character_that_is_escaped_in_json_is_seen_by_its_bytes() {
        for c in '\u{7f}'..=char::MAX {
            let text = c.to_string();
            assert!(!is_unsafe(c) || may_be_unsafe(text.as_bytes()), "{c:?}");
            assert!(!is_plain(&text), "{c:?}");
        }
        for text in ["Grüße", "Привет", "日本", "👍", "a\tb\"c"] {
            assert!(!may_be_unsafe(text.as_bytes()), "{text}");
        }
    }

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
        assert_eq!(quoted("C:\\new\n\tb\r\n"), "C:\\new\n\tb\r\n");
        assert_eq!(quoted("\u{1b}\r\\u{1b}"), "\\u{1b}\\u{d}\\u{5c}u{1b}");
    }

    /// Decodes `\u{…}`, and with `letters` also `\\`, `\n`, `\r` and `\t`.
    fn read_back(text: &str, letters: bool) -> String {
        let mut out = String::new();
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            let mut ahead = rest.clone();
            match (c, ahead.next()) {
                ('\\', Some('u')) if ahead.next() == Some('{') => {
                    let digits: String = ahead.by_ref().take_while(|c| *c != '}').collect();
                    out.push(char::from_u32(u32::from_str_radix(&digits, 16).unwrap()).unwrap());
                    rest = ahead;
                }
                ('\\', Some(letter)) if letters => {
                    out.push(match letter {
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        other => other,
                    });
                    rest = ahead;
                }
                _ => out.push(c),
            }
        }
        out
    }

    #[test]
    fn whatever_stands_in_a_field_can_be_read_back() {
        let alphabet: Vec<char> = "\\\\u{}1b5c\u{1b}\r\n\tnrt,\"\u{202e}".chars().collect();
        let ids = crate::clock::Ids::seeded("escapes");
        for _ in 0..20_000 {
            let chance = ids.uuid().unwrap();
            let text: String = chance
                .bytes()
                .take(12)
                .map(|byte| alphabet[usize::from(byte) * 7 % alphabet.len()])
                .collect();
            for (escaped, letters) in [(field(&text), true), (quoted(&text), false)] {
                assert_eq!(read_back(&escaped, letters), text, "{escaped:?}");
                let acts = |c: char| is_unsafe(c) && (letters || !"\r\n\t".contains(c));
                assert!(!escaped.contains(acts), "{escaped:?}");
            }
            let text = text.replace('n', "\u{9b}").replace('r', "\u{e0041}");
            let json = serde_json::to_string(&text).unwrap();
            let safe = numbered(&json);
            assert!(!safe.contains(is_unsafe), "{safe:?}");
            assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
        }
    }
}

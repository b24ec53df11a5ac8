//! CommonMark in which other people's texts stay plain text.

use super::entry::{Fact, PageEntry, PrintedPage, one_line, said};
use crate::ui::escape;

/// Characters that begin or end markup anywhere, in CommonMark and its dialects.
const MARKS: &str = "\\`*{}[]<|~^$";

pub fn write(page: &PrintedPage) -> String {
    let mut out = format!("# {}\n", line(&page.title));
    facts(&page.facts, &mut out);
    page.entries.iter().for_each(|one| entry(one, 2, &mut out));
    out
}

/// Entries nest as deep as records do: three levels at most.
fn entry(one: &PageEntry, level: usize, out: &mut String) {
    out.push_str(&format!("\n{} {}\n", "#".repeat(level.min(6)), line(&one.heading)));
    facts(&one.facts, out);
    let text = escape::lines(one.text.trim_end());
    // Keep the writer's line breaks; an empty line begins a paragraph.
    let mut open = false;
    for said in text.lines().map(line) {
        out.push_str(match (said.is_empty(), open) {
            (true, _) => "\n",
            (false, true) => "\\\n",
            (false, false) => "\n",
        });
        open = !said.is_empty();
        out.push_str(&said);
    }
    if open {
        out.push('\n');
    }
    one.inside.iter().for_each(|inner| entry(inner, level.saturating_add(1), out));
}

fn facts(facts: &[Fact], out: &mut String) {
    let shown = said(facts, line);
    if !shown.is_empty() {
        out.push_str(&format!("\n{shown}\n"));
    }
}

/// Escapes a line so that nothing in it is markup.
fn line(text: &str) -> String {
    let said = one_line(text);
    let shown = escape::line(&said);
    // Four leading blanks would make it code, and fewer would be dropped.
    let blanks = text.chars().take_while(|c| matches!(c, ' ' | '\t')).count();
    let blanks = if shown.is_empty() { 0 } else { blanks };
    format!("{}{}", "\u{a0}".repeat(blanks), marked(&shown, true))
}

/// Escapes text so that nothing in it is markup; `begins` says whether it starts a line. Characters that are
/// markup only in some places are left as they are elsewhere, since people read the file.
pub fn marked(shown: &str, begins: bool) -> String {
    let mut out = String::with_capacity(shown.len() + 8);
    let mut marking = Marking { before: None, numbers: begins.then_some(0) };
    for (at, c) in shown.char_indices() {
        let rest = shown.get(at + c.len_utf8()..).unwrap_or_default();
        if marking.is_mark(c, rest, begins && at == 0) {
            out.push('\\');
        }
        out.push(c);
        marking.pass(c);
    }
    out
}

/// What precedes a character of a line.
struct Marking {
    before: Option<char>,
    /// How many digits the line begins with, as long as there is nothing else.
    numbers: Option<usize>,
}

impl Marking {
    fn is_mark(&self, c: char, rest: &str, first: bool) -> bool {
        let (before, after) = (self.before, rest.chars().next());
        let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        match c {
            // Starts a quotation or a list, or underlines a heading.
            '>' | '+' | '-' => first,
            '=' => first || before == Some('=') || after == Some('='),
            // Begins or ends a heading; elsewhere it is a tag.
            '#' => before.is_none_or(|c| c.is_whitespace() || c == '#'),
            // A list: "1." and "1)".
            '.' | ')' => self.numbers.is_some_and(|digits| digits > 0),
            '_' => !(is_word(before) && is_word(after)),
            '&' => after.is_none_or(|c| c.is_alphanumeric() || c == '#'),
            '@' => after.is_none_or(|c| !c.is_whitespace()),
            '!' => first || after == Some('!'),
            // A definition, an address, or a name between colons.
            ':' => first || rest.starts_with("//") || is_named(rest),
            c => MARKS.contains(c),
        }
    }

    fn pass(&mut self, c: char) {
        self.before = Some(c);
        let is_digit = c.is_ascii_digit();
        self.numbers = self.numbers.filter(|_| is_digit).map(|digits| digits.saturating_add(1));
    }
}

/// Whether a short name and another colon follow a colon.
fn is_named(rest: &str) -> bool {
    const LONGEST: usize = 64;
    let letters = |c: &char| c.is_ascii_alphanumeric() || "_+-".contains(*c);
    let name = rest.chars().take(LONGEST).take_while(letters).count();
    name > 0 && rest.get(name..).is_some_and(|rest| rest.starts_with(':'))
}

#[cfg(test)]
mod tests {
    use super::marked;

    #[test]
    fn only_what_is_markup_where_it_stands_is_escaped() {
        for plain in [
            "Note: it's \"done\" (50%), see p. 3; a = b, R & D!",
            "at 10:30, ratio 1:2",
            "snake_case and C# and a > b",
            "3 of 4) and v1.2",
        ] {
            assert_eq!(marked(plain, true), plain);
        }
        for (text, shown) in [
            ("# not a heading #", "\\# not a heading \\#"),
            ("> no quotation", "\\> no quotation"),
            ("1. no list", "1\\. no list"),
            ("12) no list", "12\\) no list"),
            ("- no list", "\\- no list"),
            ("===", "\\=\\=\\="),
            ("_no_ __mark__", "\\_no\\_ \\_\\_mark\\_\\_"),
            ("&amp; &#35;", "\\&amp; \\&#35;"),
            (":smile: 10:30:00", "\\:smile: 10\\:30:00"),
            ("https://a.b", "https\\://a.b"),
            ("me@here.org", "me\\@here.org"),
            ("[a](b) ![c](d) <b>", "\\[a\\](b) !\\[c\\](d) \\<b>"),
            ("2 * 3 `x` $5", "2 \\* 3 \\`x\\` \\$5"),
        ] {
            assert_eq!(marked(text, true), shown);
        }
    }
}

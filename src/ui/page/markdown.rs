//! CommonMark, with the texts of others as text.

use super::entry::{Fact, PageEntry, PrintedPage, one_line, said};
use crate::ui::escape;

/// What can begin markup anywhere, here and in dialects.
const MARKS: &str = "\\`*_{}[]<>#|~!&$^:=@\"'()%";

pub fn write(page: &PrintedPage) -> String {
    let mut out = format!("# {}\n", line(&page.title));
    facts(&page.facts, &mut out);
    page.entries.iter().for_each(|one| entry(one, 2, &mut out));
    out
}

/// Entries are as deep as records are: three at most.
fn entry(one: &PageEntry, level: usize, out: &mut String) {
    out.push_str(&format!("\n{} {}\n", "#".repeat(level.min(6)), line(&one.heading)));
    facts(&one.facts, out);
    let text = escape::lines(one.text.trim_end());
    // Lines are broken where the writer broke them; an empty one begins a paragraph.
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

/// A line in which nothing is markup.
fn line(text: &str) -> String {
    let said = one_line(text);
    let shown = escape::line(&said);
    // Four blanks would make code of it, and fewer would be gone.
    let blanks = text.chars().take_while(|c| matches!(c, ' ' | '\t')).count();
    let blanks = if shown.is_empty() { 0 } else { blanks };
    format!("{}{}", "\u{a0}".repeat(blanks), marked(&shown, true))
}

/// Text in which nothing is markup; `begins` where it stands at the beginning of a line.
pub fn marked(shown: &str, begins: bool) -> String {
    let mut out = String::with_capacity(shown.len() + 8);
    // A list, or a line below a heading, begins with what is harmless further on.
    let digits = shown.chars().take_while(char::is_ascii_digit).count();
    for (place, c) in shown.chars().enumerate() {
        let is_first = match c {
            '-' | '+' => place == 0 || shown.starts_with(['-', '+']),
            '.' => place == digits,
            _ => false,
        };
        if MARKS.contains(c) || begins && is_first {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

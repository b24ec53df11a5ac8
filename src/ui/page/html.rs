//! HTML in one file: no script, no picture, no font, no link.

use super::entry::{Fact, PageEntry, PrintedPage, one_line, said};
use crate::ui::escape;

/// Forbids anything that a browser would still fetch or run.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

const STYLE: &str = "\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; \
color: #1c1c1c; background: #ffffff } \
article { border-left: 3px solid #d0d0d0; padding-left: 1rem; margin: 1.2rem 0 } \
h1 { line-height: 1.2 } h2, h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere } \
.text { white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0 } \
.facts { color: #666666; font-size: .85rem; margin: 0; overflow-wrap: anywhere } \
@media (prefers-color-scheme: dark) { body { color: #e4e4e4; background: #181818 } \
.facts { color: #9a9a9a } article { border-color: #444444 } }";

pub fn write(page: &PrintedPage) -> String {
    let title = line(&page.title);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width\"/>\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n\
         <h1 dir=\"auto\">{title}</h1>\n"
    );
    facts(&page.facts, &mut out);
    out.push_str("</header>\n<main>\n");
    page.entries.iter().for_each(|one| entry(one, 2, &mut out));
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

/// Entries nest as deep as records do: three levels at most.
fn entry(one: &PageEntry, level: usize, out: &mut String) {
    let level = level.min(3);
    out.push_str(&format!("<article>\n<h{level} dir=\"auto\">{}</h{level}>\n", line(&one.heading)));
    facts(&one.facts, out);
    let text = escape::lines(one.text.trim_end());
    if !text.trim().is_empty() {
        out.push_str(&format!("<div class=\"text\" dir=\"auto\">{}</div>\n", markup(&text)));
    }
    one.inside.iter().for_each(|inner| entry(inner, level.saturating_add(1), out));
    out.push_str("</article>\n");
}

fn facts(facts: &[Fact], out: &mut String) {
    let shown = said(facts, line);
    if !shown.is_empty() {
        out.push_str(&format!("<p class=\"facts\">{shown}</p>\n"));
    }
}

fn line(text: &str) -> String {
    markup(&escape::line(&one_line(text)))
}

/// Escapes markup in a text, and replaces characters that XML does not allow.
pub fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

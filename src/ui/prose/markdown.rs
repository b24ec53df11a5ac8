//! Markdown of formatted text. Nothing in the text becomes markup.

use super::html;
use super::model::{HolderKind, Prose, ProseBlock, ProseHolder, ProseKind, ProseRun, harmless};
use crate::ui::escape;
use crate::ui::page::marked;
use std::collections::HashMap;

pub fn write(prose: &Prose) -> String {
    let mut writer =
        MarkdownWriter { out: String::new(), before: Vec::new(), items: HashMap::new() };
    prose.blocks.iter().for_each(|block| writer.block(block));
    writer.out
}

struct MarkdownWriter {
    out: String,
    /// The containers of the last block.
    before: Vec<ProseHolder>,
    /// How many items each list has had.
    items: HashMap<u32, u32>,
}

impl MarkdownWriter {
    fn block(&mut self, block: &ProseBlock) {
        let within = &block.within;
        let same = self.before.iter().zip(within).take_while(|(a, b)| a.id == b.id).count();
        self.between(within, same);
        let (mut first, mut rest) = (String::new(), String::new());
        let mut list = None;
        for (depth, holder) in within.iter().enumerate() {
            match holder.kind {
                HolderKind::Quote => {
                    first.push_str("> ");
                    rest.push_str("> ");
                }
                HolderKind::Bullets | HolderKind::Numbers(_) => list = Some(*holder),
                HolderKind::Item(done) => {
                    let marker = self.marker(list, depth >= same);
                    let width = marker.len();
                    let task = match done {
                        Some(true) => "[x] ",
                        Some(false) => "[ ] ",
                        None => "",
                    };
                    match depth >= same {
                        true => first.push_str(&format!("{marker}{task}")),
                        false => first.push_str(&" ".repeat(width)),
                    }
                    rest.push_str(&" ".repeat(width));
                }
            }
        }
        let text = text_of(block);
        for (at, line) in text.lines().chain(text.is_empty().then_some("")).enumerate() {
            let prefix = if at == 0 { &first } else { &rest };
            self.out.push_str(format!("{prefix}{line}").trim_end_matches(' '));
            self.out.push('\n');
        }
        self.before.clone_from(within);
    }

    /// Returns the marker of an item; a new item in a numbered list takes the next number.
    fn marker(&mut self, list: Option<ProseHolder>, is_new: bool) -> String {
        let Some(ProseHolder { id, kind: HolderKind::Numbers(from) }) = list else {
            return "- ".to_owned();
        };
        let count = self.items.entry(id).or_default();
        *count = count.saturating_add(u32::from(is_new));
        format!("{}. ", from.saturating_add(count.saturating_sub(1)))
    }

    /// Separates a block from the one before it: nothing between items of a list, an invisible comment
    /// between two lists.
    fn between(&mut self, within: &[ProseHolder], same: usize) {
        if self.out.is_empty() {
            return;
        }
        let mut prefix = String::new();
        for holder in within.iter().take(same) {
            match holder.kind {
                HolderKind::Quote => prefix.push_str("> "),
                HolderKind::Item(_) => prefix.push_str("  "),
                _ => {}
            }
        }
        let is_list = |holder: Option<&ProseHolder>| {
            holder.is_some_and(|h| matches!(h.kind, HolderKind::Bullets | HolderKind::Numbers(_)))
        };
        let is_item = |holder: Option<&ProseHolder>| {
            holder.is_some_and(|holder| matches!(holder.kind, HolderKind::Item(_)))
        };
        let (ends, begins) = (self.before.get(same), within.get(same));
        let is_tight = is_item(begins)
            && is_list(same.checked_sub(1).and_then(|at| within.get(at)))
            || is_list(begins)
                && is_item(same.checked_sub(1).and_then(|at| within.get(at)))
                && !is_list(ends);
        if is_tight {
            return;
        }
        self.out.push_str(prefix.trim_end());
        self.out.push('\n');
        if is_list(ends) && is_list(begins) {
            self.out.push_str(&format!("{prefix}<!-- -->\n{}\n", prefix.trim_end()));
        }
    }
}

fn text_of(block: &ProseBlock) -> String {
    match &block.kind {
        ProseKind::Paragraph => runs(&block.runs),
        ProseKind::Heading(level) => {
            let text = runs(&block.runs).replace("\\\n", " ").replace('\n', " ");
            format!("{} {text}", "#".repeat(usize::from(*level).clamp(1, 6)))
        }
        ProseKind::Code(language) => {
            let text: String = block.runs.iter().map(|run| run.text.as_str()).collect();
            let text = escape::lines(&text).into_owned();
            let fence = "`".repeat(longest(&text).max(2) + 1);
            let known = |c: &char| c.is_ascii_alphanumeric() || "+-#.".contains(*c);
            let language: String = language.chars().take_while(known).collect();
            format!("{fence}{language}\n{}\n{fence}", text.trim_end_matches('\n'))
        }
        ProseKind::Rule => "---".to_owned(),
        ProseKind::Table(rows) => table(rows),
    }
}

/// Returns a GFM table, whose first row is its head.
fn table(rows: &[Vec<Vec<ProseRun>>]) -> String {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let cell = |at: usize| {
            let text = row.get(at).map(|cell| runs(cell)).unwrap_or_default();
            text.replace("\\\n", "<br/>").replace('\n', "<br/>")
        };
        let cells: Vec<String> = (0..width).map(cell).collect();
        lines.push(format!("| {} |", cells.join(" | ")));
        if at == 0 {
            lines.push(format!("|{}", " --- |".repeat(width)));
        }
    }
    lines.join("\n")
}

fn longest(text: &str) -> usize {
    let mut found = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        found = found.max(run);
    }
    found
}

fn runs(all: &[ProseRun]) -> String {
    let mut out = String::new();
    for (at, run) in all.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| all.get(at));
        let after = all.get(at + 1);
        let alone = is_edge(before, before.and_then(|run| run.text.chars().last()))
            && is_edge(after, after.and_then(|run| run.text.chars().next()));
        out.push_str(&one(run, alone, out.is_empty() || out.ends_with('\n')));
    }
    out
}

fn is_marked(run: &ProseRun) -> bool {
    run.bold || run.italic || run.strike || run.underline || run.code
}

/// Whether mark characters next to this character of another run are parsed as marks.
fn is_edge(run: Option<&ProseRun>, c: Option<char>) -> bool {
    let is_plain = run.is_none_or(|run| !is_marked(run));
    c.is_none_or(|c| c.is_whitespace() || is_plain && c.is_ascii_punctuation())
}

/// Writes a run. Between letters mark characters would not be parsed as marks, so it uses tags there.
fn one(run: &ProseRun, alone: bool, begins: bool) -> String {
    if let Some(picture) = run.picture.as_deref().and_then(harmless) {
        return format!(
            "![{}]({})",
            marked(&escape::line(&run.text.replace('\n', " ")), false),
            address(picture)
        );
    }
    let stands_alone = alone && run.text.trim() == run.text && !run.text.is_empty();
    if is_marked(run) && (!stands_alone || run.underline || run.text.contains('\n')) {
        let tagged = html::run(&ProseRun { link: None, ..run.clone() });
        let text: String =
            tagged.replace("<br/>\n", "<br/>").chars().map(escaped_in_tags).collect();
        return linked(text, run);
    }
    let mut text = match run.code {
        true => {
            let fence = "`".repeat(longest(&run.text) + 1);
            let shown = escape::line(&run.text).into_owned();
            let pad = if shown.starts_with('`') || shown.ends_with('`') { " " } else { "" };
            format!("{fence}{pad}{shown}{pad}{fence}")
        }
        false => {
            let text = escape::lines(&run.text).into_owned();
            let lines: Vec<String> = text
                .split('\n')
                .enumerate()
                .map(|(at, line)| line_of(line, at > 0 || begins))
                .collect();
            lines.join("\\\n")
        }
    };
    for (is_so, sign) in [(run.strike, "~~"), (run.italic, "*"), (run.bold, "**")] {
        if is_so {
            text = format!("{sign}{text}{sign}");
        }
    }
    linked(text, run)
}

/// Escapes a line, or part of one. Four leading blanks would make it code, and fewer would be dropped.
fn line_of(text: &str, begins: bool) -> String {
    let rest = text.trim_start_matches([' ', '\t']);
    match begins {
        true => "\u{a0}".repeat(text.len() - rest.len()) + &marked(rest, true),
        false => marked(text, false),
    }
}

/// Escapes what is still markup in Markdown between tags.
fn escaped_in_tags(c: char) -> String {
    if "\\`*_[]~|!^$:{}".contains(c) { format!("\\{c}") } else { c.to_string() }
}

fn address(address: &str) -> String {
    let plain = |c: char| match c {
        '<' | '>' | '(' | ')' | '\\' | '|' | '`' | '*' | '_' | '"' | '\'' => {
            format!("%{:02X}", u32::from(c))
        }
        c => c.to_string(),
    };
    address.chars().map(plain).collect()
}

/// Makes the text a link if the run is one.
fn linked(text: String, run: &ProseRun) -> String {
    match run.link.as_deref().and_then(harmless) {
        Some(link) => format!("[{text}]({})", address(link)),
        None => text,
    }
}

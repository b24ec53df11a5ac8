//! HTML of formatted text.

use super::model::{HolderKind, Prose, ProseBlock, ProseHolder, ProseKind, ProseRun, harmless};
use crate::ui::escape;
use crate::ui::page::markup;

pub fn write(prose: &Prose) -> String {
    let mut out = String::new();
    let mut open: Vec<ProseHolder> = Vec::new();
    for block in &prose.blocks {
        let same = open.iter().zip(&block.within).take_while(|(a, b)| a.id == b.id).count();
        close(&mut open, same, &mut out);
        for holder in block.within.iter().skip(same) {
            out.push_str(&match holder.kind {
                HolderKind::Quote => "<blockquote>\n".to_owned(),
                HolderKind::Bullets => "<ul>\n".to_owned(),
                HolderKind::Numbers(1) => "<ol>\n".to_owned(),
                HolderKind::Numbers(from) => format!("<ol start=\"{from}\">\n"),
                HolderKind::Item(None) => "<li>".to_owned(),
                HolderKind::Item(Some(done)) => {
                    let checked = if done { " checked=\"checked\"" } else { "" };
                    format!("<li><input type=\"checkbox\" disabled=\"disabled\"{checked}/> ")
                }
            });
            open.push(*holder);
        }
        one(block, &mut out);
    }
    close(&mut open, 0, &mut out);
    out
}

fn close(open: &mut Vec<ProseHolder>, keep: usize, out: &mut String) {
    while open.len() > keep {
        out.push_str(match open.pop().map(|holder| holder.kind) {
            Some(HolderKind::Quote) => "</blockquote>\n",
            Some(HolderKind::Bullets) => "</ul>\n",
            Some(HolderKind::Numbers(_)) => "</ol>\n",
            Some(HolderKind::Item(_)) | None => "</li>\n",
        });
    }
}

fn one(block: &ProseBlock, out: &mut String) {
    match &block.kind {
        ProseKind::Paragraph => out.push_str(&format!("<p>{}</p>\n", runs(&block.runs))),
        ProseKind::Heading(level) => {
            let level = level.clamp(&1, &6);
            out.push_str(&format!("<h{level}>{}</h{level}>\n", runs(&block.runs)));
        }
        ProseKind::Code(language) => {
            let class = match language.is_empty() {
                true => String::new(),
                false => format!(" class=\"language-{}\"", markup(&escape::line(language))),
            };
            let text: String = block.runs.iter().map(|run| run.text.as_str()).collect();
            out.push_str(&format!(
                "<pre><code{class}>{}</code></pre>\n",
                markup(&escape::lines(&text))
            ));
        }
        ProseKind::Rule => out.push_str("<hr/>\n"),
        ProseKind::Table(rows) => out.push_str(&table(rows)),
    }
}

pub fn table(rows: &[Vec<Vec<ProseRun>>]) -> String {
    let mut out = "<table>\n".to_owned();
    for row in rows {
        out.push_str("<tr>");
        row.iter().for_each(|cell| out.push_str(&format!("<td>{}</td>", runs(cell))));
        out.push_str("</tr>\n");
    }
    out.push_str("</table>\n");
    out
}

fn runs(all: &[ProseRun]) -> String {
    all.iter().map(run).collect()
}

/// Writes a run with its marks as tags.
pub fn run(run: &ProseRun) -> String {
    let text = markup(&escape::lines(&run.text));
    if let Some(picture) = run.picture.as_deref().and_then(harmless) {
        return format!("<img src=\"{}\" alt=\"{text}\"/>", markup(picture));
    }
    let mut out = text.replace('\n', "<br/>\n");
    for (is_so, tag) in [
        (run.code, "code"),
        (run.underline, "u"),
        (run.strike, "s"),
        (run.italic, "em"),
        (run.bold, "strong"),
    ] {
        if is_so {
            out = format!("<{tag}>{out}</{tag}>");
        }
    }
    match run.link.as_deref().and_then(harmless) {
        Some(link) => format!("<a href=\"{}\">{out}</a>", markup(link)),
        None => out,
    }
}

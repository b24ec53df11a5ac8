//! A board for people: its lanes side by side, as wide as the terminal.

use super::report::{Board, Row, Style};
use super::{Terminal, cell, escape};
use serde_json::Value;
use std::io::{self, Write};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Spaces between two lanes.
const GAP: usize = 2;
/// Narrower lanes are not worth reading: those that find no room stand below the others.
const LEAST: usize = 20;
/// Between what is said in one line of a card.
const DOT: &str = " · ";

/// How a line looks where there is colour.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CardLook {
    Bold,
    Plain,
    Dim,
}

/// A line of a lane.
struct BoardLine {
    look: CardLook,
    text: String,
}

/// Draws the lanes, in as many rows as they need.
pub fn draw(board: &Board, terminal: &Terminal, out: &mut dyn Write) -> io::Result<()> {
    let lanes = board.lanes.len().max(1);
    let beside = ((terminal.width + GAP) / (LEAST + GAP)).clamp(1, lanes);
    let room = terminal.width.saturating_sub(GAP * (beside - 1));
    let width = (room / beside).max(1);
    let cards = board.all_cards();
    let ids = cards.iter().filter_map(|card| card.get(board.id)?.as_str());
    let pen = Pen { board, width, id_length: cell::id_length(ids) };
    for (at, row) in board.lanes.chunks(beside).enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        let drawn: Vec<Vec<BoardLine>> = row.iter().map(|lane| pen.lane(lane)).collect();
        for line in 0..drawn.iter().map(Vec::len).max().unwrap_or(0) {
            let line: Vec<Option<&BoardLine>> = drawn.iter().map(|lane| lane.get(line)).collect();
            writeln!(out, "{}", beside_each_other(&line, width, terminal.color_out))?;
        }
    }
    Ok(())
}

/// One line of several lanes. No spaces at its end.
fn beside_each_other(lines: &[Option<&BoardLine>], width: usize, color: bool) -> String {
    let mut text = String::new();
    let mut owed = 0;
    for line in lines {
        let (look, part) =
            line.map_or((CardLook::Plain, ""), |line| (line.look, line.text.as_str()));
        if !part.is_empty() {
            text.push_str(&" ".repeat(std::mem::take(&mut owed)));
            match look {
                CardLook::Bold if color => text.push_str(&format!("\u{1b}[1m{part}\u{1b}[0m")),
                CardLook::Dim if color => text.push_str(&format!("\u{1b}[2m{part}\u{1b}[0m")),
                _ => text.push_str(part),
            }
        }
        owed += width.saturating_sub(part.width()) + GAP;
    }
    text
}

/// What all lanes are drawn with.
struct Pen<'b> {
    board: &'b Board,
    width: usize,
    id_length: usize,
}

impl Pen<'_> {
    /// The heading with the number of cards, a rule, the cards.
    fn lane(&self, lane: &Row) -> Vec<BoardLine> {
        let heading = lane.get(self.board.heading).and_then(Value::as_str).unwrap_or_default();
        let cards: Vec<&Row> = self.board.cards_of(lane).collect();
        let heading = format!("{} ({})", escape::line(heading), cards.len());
        let mut lines = self.lines(CardLook::Bold, wrap(&heading, self.width));
        lines.extend(self.lines(CardLook::Dim, vec!["─".repeat(self.width)]));
        for (at, card) in cards.into_iter().enumerate() {
            if at > 0 {
                lines.extend(self.lines(CardLook::Plain, vec![String::new()]));
            }
            lines.extend(self.card(card));
        }
        lines
    }

    fn card(&self, card: &Row) -> Vec<BoardLine> {
        let mut said = self.board.face.iter().map(|column| {
            let value = card.get(column.key).unwrap_or(&Value::Null);
            let text = cell::shown(value, column.style);
            let text = match column.style {
                Style::Id => cell::short_id(&text, self.id_length).to_owned(),
                _ => text,
            };
            escape::line(&text).into_owned()
        });
        let text = said.next().unwrap_or_default();
        let mut lines = self.lines(CardLook::Plain, wrap(&text, self.width));
        lines.extend(
            self.lines(CardLook::Dim, join(said.filter(|part| !part.is_empty()), self.width)),
        );
        lines
    }

    fn lines(&self, look: CardLook, texts: Vec<String>) -> Vec<BoardLine> {
        texts.into_iter().map(|text| BoardLine { look, text }).collect()
    }
}

/// Parts with dots between them, in as many lines as they need.
fn join(parts: impl Iterator<Item = String>, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.width() + DOT.width() + part.width() <= width => {
                line.push_str(DOT);
                line.push_str(&part);
            }
            _ => lines.extend(wrap(&part, width)),
        }
    }
    lines
}

/// A text in lines of at most `width` columns, broken between words, and within a word that is
/// wider than that.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for c in word.chars() {
            if !line.is_empty() && line.width() + c.width().unwrap_or(0) > width {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{Column, Format, Signs};
    use serde_json::json;

    const FACE: &[Column] =
        &[Column::text("title", ""), Column::text("who", ""), Column::id("id", "")];

    fn board(lanes: &[(&str, &[&str])]) -> Board {
        let card = |title: &&str| {
            json!({"title": title, "who": "alice-river-stone-sky",
                "id": "3f2a1b2c-0000-4000-8000-000000000001"})
        };
        let lane = |(title, cards): &(&str, &[&str])| {
            let cards: Vec<Value> = cards.iter().map(card).collect();
            json!({"title": title, "cards": cards}).as_object().unwrap().clone()
        };
        Board {
            lanes: lanes.iter().map(lane).collect(),
            heading: "title",
            cards: "cards",
            columns: FACE,
            face: FACE,
            id: "id",
            empty: "nothing",
        }
    }

    fn drawn(board: &Board, width: usize, color_out: bool) -> String {
        let terminal = Terminal {
            format: Format::Table,
            width,
            interactive: true,
            color_out,
            color_err: false,
            quiet: false,
            ask: false,
            progress: Signs::None,
        };
        let mut out = Vec::new();
        draw(board, &terminal, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lanes_stand_side_by_side() {
        let board = board(&[("Backlog", &["Fix the crane", "Paint"]), ("Done", &[])]);
        let rule = "─".repeat(29);
        assert_eq!(
            drawn(&board, 60, false),
            format!(
                "Backlog (2)                    Done (0)\n\
                 {rule}  {rule}\n\
                 Fix the crane\n\
                 alice-river-stone-sky\n\
                 3f2a1b2c\n\
                 \n\
                 Paint\n\
                 alice-river-stone-sky\n\
                 3f2a1b2c\n"
            )
        );
        assert!(drawn(&board, 80, false).contains("alice-river-stone-sky · 3f2a1b2c"));
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_colour_takes_no_room() {
        let long = "x".repeat(90);
        let cards: &[&str] = &["日本語のとても長い題名がここにあります", &long, "a \u{1b}[2J b"];
        let board = board(&[("One", cards), ("Two", cards), ("Three", &[]), ("Four", cards)]);
        for width in [1, 19, 20, 41, 42, 80, 120, 300] {
            let text = drawn(&board, width, false);
            let widest = text.lines().map(UnicodeWidthStr::width).max().unwrap();
            assert!(widest <= width.max(2), "{widest} > {width}:\n{text}");
            assert!(!text.contains('\u{1b}'), "{text}");
            let painted = drawn(&board, width, true);
            let bare = ["[1m", "[2m", "[0m"]
                .iter()
                .fold(painted, |text, code| text.replace(&format!("\u{1b}{code}"), ""));
            assert_eq!(bare, text);
        }
        // Four lanes of twenty columns have room in 86.
        assert_eq!(drawn(&board, 86, false).matches("Three").count(), 1);
        assert!(drawn(&board, 86, false).lines().next().unwrap().contains("Four"));
        assert!(!drawn(&board, 85, false).lines().next().unwrap().contains("Four"));
    }

    #[test]
    fn words_are_broken_where_they_must() {
        assert_eq!(wrap("a bc def", 4), ["a bc", "def"]);
        assert_eq!(wrap("abcdefgh i", 3), ["abc", "def", "gh", "i"]);
        assert_eq!(wrap("  ", 3), Vec::<String>::new());
    }
}

//! Draws a board for people: its lanes side by side, as wide as the terminal.

use super::report::{BoardTable, Color, Style};
use super::row::Row;
use super::terminal::Terminal;
use super::wrap::{longest_word, wrap};
use super::{cell, escape, paint};
use serde_json::Value;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// Spaces between two lanes.
const GAP: usize = 2;
/// The least width of a lane; lanes for which there is no room are drawn below the others.
const LEAST: usize = 20;
/// Words up to this width make lanes wider.
const WORD: usize = 36;
/// The most cards shown in a lane, unless all are requested.
const CARDS: usize = 12;
/// Separates the parts of a line of a card.
const DOT: &str = " · ";

/// How a line looks with colour.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CardLook {
    Bold,
    Plain,
    Dim,
    Colored(Color),
}

/// A line of a lane.
struct BoardLine {
    spans: Vec<(CardLook, String)>,
}

impl BoardLine {
    fn width(&self) -> usize {
        self.spans.iter().map(|(_, text)| text.width()).sum()
    }
}

/// Draws the lanes, in as many rows as they need.
pub fn draw(board: &BoardTable, terminal: &Terminal, out: &mut dyn Write) -> io::Result<()> {
    let lanes = board.lanes.len().max(1);
    let cards = board.all_cards();
    // Rather than break an id, put fewer lanes side by side.
    let words = cards.iter().flat_map(|card| said_of(board, card, cell::ID_CHARS, terminal));
    let word = words.map(|(_, text)| longest_word(&text)).max().unwrap_or(0).min(WORD);
    let least = LEAST.max(word);
    let beside = ((terminal.width + GAP) / (least + GAP)).clamp(1, lanes);
    let room = terminal.width.saturating_sub(GAP * (beside - 1));
    let width = (room / beside).max(1);
    let ids = cards.iter().filter_map(|card| card.get(board.id)?.as_str());
    let most = if terminal.full { usize::MAX } else { CARDS };
    let pen = LanePen { board, terminal, width, id_length: cell::id_length(ids), most };
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

/// Returns one line of several lanes, without trailing spaces.
fn beside_each_other(lines: &[Option<&BoardLine>], width: usize, color: bool) -> String {
    let mut text = String::new();
    let mut owed = 0;
    for line in lines {
        for (look, part) in line.iter().flat_map(|line| &line.spans) {
            if part.is_empty() {
                continue;
            }
            text.push_str(&" ".repeat(std::mem::take(&mut owed)));
            match look {
                CardLook::Bold if color => text.push_str(&format!("\u{1b}[1m{part}\u{1b}[0m")),
                CardLook::Dim if color => text.push_str(&paint::colored(part, Some(Color::Dim))),
                CardLook::Colored(own) if color => text.push_str(&paint::colored(part, Some(*own))),
                _ => text.push_str(part),
            }
        }
        owed += width.saturating_sub(line.map_or(0, BoardLine::width)) + GAP;
    }
    text
}

/// What is common to all lanes when drawing.
struct LanePen<'b> {
    board: &'b BoardTable,
    terminal: &'b Terminal,
    width: usize,
    id_length: usize,
    most: usize,
}

/// Returns the shown fields of a card, in the order of its face.
fn said_of(
    board: &BoardTable,
    card: &Row,
    id_length: usize,
    terminal: &Terminal,
) -> Vec<(CardLook, String)> {
    let said = board.face.iter().map(|column| {
        let value = card.get(&*column.key).unwrap_or(&Value::Null);
        let text = cell::shown(value, column.style, terminal.times);
        let text = match column.style {
            Style::Id => cell::short_id(&text, id_length).to_owned(),
            _ => text,
        };
        let look = paint::color(column.style, &text).map_or(CardLook::Dim, CardLook::Colored);
        (look, escape::line(&text).into_owned())
    });
    said.collect()
}

impl LanePen<'_> {
    /// Draws the heading with the number of cards, a rule, and the cards.
    fn lane(&self, lane: &Row) -> Vec<BoardLine> {
        let heading = lane.get(self.board.heading).and_then(Value::as_str).unwrap_or_default();
        let cards: Vec<&Row> = self.board.cards_of(lane).collect();
        let heading = format!("{} ({})", escape::line(heading), cards.len());
        let mut lines = self.lines(CardLook::Bold, wrap(&heading, self.width));
        lines.extend(self.lines(CardLook::Dim, vec!["─".repeat(self.width)]));
        let more = cards.len().saturating_sub(self.most);
        for (at, card) in cards.into_iter().take(self.most).enumerate() {
            if at > 0 {
                lines.extend(self.lines(CardLook::Plain, vec![String::new()]));
            }
            lines.extend(self.card(card));
        }
        if more > 0 {
            let said = wrap(&format!("and {more} more"), self.width);
            lines.extend(self.lines(CardLook::Plain, vec![String::new()]));
            lines.extend(self.lines(CardLook::Dim, said));
        }
        lines
    }

    fn card(&self, card: &Row) -> Vec<BoardLine> {
        let mut said = said_of(self.board, card, self.id_length, self.terminal).into_iter();
        let text = said.next().map(|(_, text)| text).unwrap_or_default();
        let mut lines = self.lines(CardLook::Plain, wrap(&text, self.width));
        lines.extend(join(said.filter(|(_, part)| !part.is_empty()), self.width));
        lines
    }

    fn lines(&self, look: CardLook, texts: Vec<String>) -> Vec<BoardLine> {
        texts.into_iter().map(|text| BoardLine { spans: vec![(look, text)] }).collect()
    }
}

/// Joins parts with dots, in as many lines as they need.
fn join(parts: impl Iterator<Item = (CardLook, String)>, width: usize) -> Vec<BoardLine> {
    let mut lines: Vec<BoardLine> = Vec::new();
    for (look, part) in parts {
        match lines.last_mut() {
            Some(line) if line.width() + DOT.width() + part.width() <= width => {
                line.spans.push((CardLook::Dim, DOT.to_owned()));
                line.spans.push((look, part));
            }
            _ => {
                let wrapped = wrap(&part, width).into_iter();
                lines.extend(wrapped.map(|text| BoardLine { spans: vec![(look, text)] }));
            }
        }
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

    fn board(lanes: &[(&str, &[&str])]) -> BoardTable {
        let card = |title: &&str| {
            json!({"title": title, "who": "alice-river-stone-sky",
                "id": "3f2a1b2c-0000-4000-8000-000000000001"})
        };
        let lane = |(title, cards): &(&str, &[&str])| {
            let cards: Vec<Value> = cards.iter().map(card).collect();
            json!({"title": title, "cards": cards}).as_object().unwrap().clone()
        };
        BoardTable {
            lanes: lanes.iter().map(lane).collect(),
            heading: "title",
            cards: "cards",
            columns: FACE.into(),
            face: FACE.into(),
            id: "id",
            empty: "nothing",
        }
    }

    fn drawn(board: &BoardTable, width: usize, color_out: bool) -> String {
        let terminal = Terminal {
            format: Format::Table,
            width,
            height: 24,
            pages: false,
            interactive: true,
            color_out,
            color_err: false,
            quiet: false,
            full: false,
            header: true,
            times: Default::default(),
            fields: None,
            template: None,
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
        // Four lanes fit if the longest word fits four times.
        assert_eq!(drawn(&board, 150, false).matches("Three").count(), 1);
        assert!(drawn(&board, 150, false).lines().next().unwrap().contains("Four"));
        assert!(!drawn(&board, 149, false).lines().next().unwrap().contains("Four"));
    }

    #[test]
    fn ids_are_whole_and_long_lanes_are_cut_with_a_count() {
        let titles: Vec<String> = (0..30).map(|n| format!("card {n}")).collect();
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        let board =
            board(&[("One", &titles), ("Two", &titles[..12]), ("Three", &[]), ("Four", &[])]);
        for width in [40, 60, 80, 100, 140] {
            let text = drawn(&board, width, false);
            assert_eq!(text.matches("alice-river-stone-sky").count(), 24, "{text}");
            assert_eq!(text.matches("and 18 more").count(), 1, "{text}");
            assert!(text.contains("One (30)") && !text.contains("card 12"), "{text}");
        }
    }
}

//! What a command hands back, and how people and programs get to see it.
//!
//! A command returns a [`Report`], which is data. [`render`] writes it in the format that was asked
//! for: one file per format. Standard output is data, standard error is talk. JSON is public API,
//! tables are not. Nothing here knows a store.

mod board;
mod cell;
mod delimited;
pub mod escape;
mod json;
mod progress;
pub mod prompt;
mod report;
mod stream;
mod table;
mod talk;
mod wrap;

pub use cell::size;
pub use progress::Progress;
pub use report::{
    Board, Body, Column, Object, Report, Row, Section, Stream, Style, Take, Visibility, Written,
    row, rows,
};
pub use table::width;
pub use talk::{Failure, error, error_json, say, usage};

use crate::error::{Error, Result};
use std::io::{self, Write};

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people: aligned columns, as wide as the terminal
    Table,
    /// One JSON array or object
    Json,
    /// One JSON object per line
    Ndjson,
    /// Tab-separated, a header line, a record a line: `\\`, `\t`, `\n`, `\r` inside fields
    Tsv,
    /// Comma-separated (RFC 4180), a header line; texts as they are, line breaks inside quotes
    Csv,
    /// The ids alone, one per line
    Id,
}

impl Format {
    /// Whether a program reads this as JSON.
    pub fn is_json(self) -> bool {
        matches!(self, Format::Json | Format::Ndjson)
    }
}

/// What stands at the two ends of this command, and what it may do there.
#[derive(Debug, Clone)]
pub struct Terminal {
    pub format: Format,
    /// Columns of a table at most.
    pub width: usize,
    /// Standard output is a terminal.
    pub interactive: bool,
    /// Colour on standard output, and on standard error.
    pub color_out: bool,
    pub color_err: bool,
    /// No talk: neither sentences nor notes. Errors are always said.
    pub quiet: bool,
    /// Tables show cells of many lines, and boards long lanes, whole.
    pub full: bool,
    /// Somebody is there to answer a question.
    pub ask: bool,
    pub progress: Signs,
}

/// How long work shows that it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signs {
    None,
    /// A line when it has taken half a second.
    Line,
    /// A bar that moves.
    Bar,
}

/// Writes a report: data on `out`, talk on `err`.
///
/// # Errors
/// [`Closed`] when `out` fails, or when ids are asked of a report that has none. A failing `err`
/// is ignored.
pub fn render(
    report: &Report,
    terminal: &Terminal,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<(), Closed> {
    match write_body(&report.body, terminal, out) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(Closed::Failed(error)),
        Err(e) => return Err(Closed::from(e)),
    }
    out.flush()?;
    remarks(report, terminal, err);
    Ok(())
}

/// Says what a report has to say beside its data.
pub fn remarks(report: &Report, terminal: &Terminal, err: &mut dyn Write) {
    if !terminal.quiet {
        for sentence in report.sentences(terminal) {
            say(err, sentence);
        }
    }
}

/// Why the report is not on standard output.
#[derive(Debug)]
pub enum Closed {
    /// The reader went away (`| head`): quiet, exit 141.
    Pipe,
    /// It could not be written: the disk behind it is full, or broken.
    Unwritten(Error),
    /// It could not be made, or is not what was asked for.
    Failed(Error),
}

impl From<io::Error> for Closed {
    fn from(e: io::Error) -> Self {
        match e.kind() {
            io::ErrorKind::BrokenPipe => Closed::Pipe,
            _ => Closed::Unwritten(Error::io("cannot write to standard output", e)),
        }
    }
}

/// The data of a report in its format. The outer error is of `out`, the inner of the question.
fn write_body(body: &Body, terminal: &Terminal, out: &mut dyn Write) -> io::Result<Result<()>> {
    match body {
        Body::Nothing => Ok(()),
        Body::Text(text) => out.write_all(text.as_bytes()),
        Body::Raw(bytes) => out.write_all(bytes),
        Body::Json(value) => json::dump(value, terminal.format, out),
        Body::Content(content) => content.write(terminal.format, out),
        Body::Lines(values) => json::lines(values, out),
        Body::Feed(rows) => return stream::feed(rows, out),
        Body::Written(written) => write_written(written, terminal, out),
        Body::List { rows, columns, id, .. } => match terminal.format {
            Format::Table => table::list(rows, columns, terminal, out),
            Format::Json => json::list(rows, out),
            Format::Ndjson => json::lines(rows, out),
            Format::Tsv => delimited::list(rows, columns, delimited::Tsv, out),
            Format::Csv => delimited::list(rows, columns, delimited::Csv, out),
            Format::Id => match id {
                Some(id) => delimited::ids(rows, id, out),
                None => return Ok(Err(no_ids())),
            },
        },
        Body::Stream { rows, columns, id } => {
            return stream::write(rows, columns, *id, terminal, out);
        }
        Body::Board(board) => match terminal.format {
            Format::Table => board::draw(board, terminal, out),
            Format::Json => json::list(&board.lanes, out),
            Format::Ndjson => json::lines(&board.lanes, out),
            Format::Tsv => delimited::list(&board.all_cards(), board.columns, delimited::Tsv, out),
            Format::Csv => delimited::list(&board.all_cards(), board.columns, delimited::Csv, out),
            Format::Id => delimited::ids(&board.all_cards(), board.id, out),
        },
        Body::Object(object) => match terminal.format {
            Format::Table => table::object(object, terminal, out),
            Format::Json => json::object(&object.fields, out),
            Format::Ndjson => json::lines(std::slice::from_ref(&object.fields), out),
            Format::Tsv => delimited::object(object, delimited::Tsv, out),
            Format::Csv => delimited::object(object, delimited::Csv, out),
            Format::Id => match object.id {
                Some(id) => delimited::ids(std::slice::from_ref(&object.fields), id, out),
                None => return Ok(Err(no_ids())),
            },
        },
    }
    .map(Ok)
}

/// A write: the id alone where it is new or was asked for, or with JSON what was done.
fn write_written(written: &Written, terminal: &Terminal, out: &mut dyn Write) -> io::Result<()> {
    if terminal.format.is_json() {
        return json::lines(&[written.to_row()], out);
    }
    match &written.id {
        Some(id) if written.creates || terminal.format == Format::Id => {
            writeln!(out, "{}", escape::line(id))
        }
        _ => Ok(()),
    }
}

fn no_ids() -> Error {
    Error::usage("this command has no ids to print").hint("leave out `-o id`")
}

#[cfg(test)]
mod tests;

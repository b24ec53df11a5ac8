//! What a command returns, and how it is shown to people and programs.
//!
//! A command returns a [`Report`], which is data. [`render`] writes it in the requested format; each format
//! has a file of its own. Data goes to standard output, messages go to standard error. JSON is public API,
//! tables are not. Nothing here knows about stores.

mod board;
mod cell;
mod delimited;
pub mod escape;
mod fields;
mod fill;
mod json;
mod labelled;
mod object;
mod page;
mod paint;
mod progress;
pub mod prompt;
mod prose;
mod report;
mod row;
mod site;
mod stream;
mod table;
mod talk;
mod template;
mod terminal;
mod wrap;

pub use cell::{lasting, shown, size};
pub use escape::lines as shown_text;
pub use json::EscapedJson;
pub use page::{Fact, PageEntry, PrintedPage};
pub use progress::Progress;
pub use prose::{HolderKind, Prose, ProseBlock, ProseHolder, ProseKind, ProseRun};
pub use report::{
    BoardTable, Body, Color, Column, NestedRecords, Object, Report, Section, Style, Visibility,
    Written,
};
pub use row::{Row, Stream, Take, hand_out, row, rows};
pub use site::{Site, SitePage};
pub use table::width;
pub use talk::{Failure, UNBROKEN, error, error_json, help, none_of, say, usage};
pub use template::RecordTemplate;
pub use terminal::{Format, Signs, Terminal, TimeStyle, Times, height};

use crate::error::{Error, Result};
use report::no_ids;
use std::borrow::Cow;
use std::io::{self, Write};

/// Writes a report: data to `out`, messages to `err`.
///
/// # Errors
/// [`Closed`] if `out` fails, or if ids are requested of a report that has none. A failing `err` is ignored.
pub fn render(
    report: &Report,
    terminal: &Terminal,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<(), Closed> {
    let body = match &terminal.fields {
        Some(wanted) if terminal.format != Format::Id => {
            Cow::Owned(fields::narrowed(&report.body, wanted).map_err(Closed::Failed)?)
        }
        _ => Cow::Borrowed(&report.body),
    };
    let written = match &terminal.template {
        Some(template) => fill::write(template, &body, out),
        None => write_body(&body, terminal, out),
    };
    match written {
        Ok(Ok(())) => {}
        Ok(Err(error)) if is_pipe(&error) => return Err(Closed::Pipe),
        Ok(Err(error)) => return Err(Closed::Failed(error)),
        Err(e) => return Err(Closed::from(e)),
    }
    out.flush()?;
    remarks(report, terminal, err);
    Ok(())
}

/// Writes the messages of a report to `err`.
pub fn remarks(report: &Report, terminal: &Terminal, err: &mut dyn Write) {
    if !terminal.quiet {
        report.sentences(terminal).iter().for_each(|sentence| say(err, sentence));
    }
    report.left_out.iter().for_each(|sentence| say(err, sentence));
}

/// Why the report is not on standard output.
#[derive(Debug)]
pub enum Closed {
    /// The reader went away (`| head`): no message, exit 141.
    Pipe,
    /// It could not be written: the disk behind it is full or broken.
    Unwritten(Error),
    /// It could not be produced, or not in the requested form.
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

/// Whether a following command stopped because nobody reads its output any more.
fn is_pipe(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|e| e.downcast_ref::<io::Error>());
    cause.is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
}

/// Writes the data of a report in its format. The outer error comes from `out`, the inner one from the
/// request.
fn write_body(body: &Body, terminal: &Terminal, out: &mut dyn Write) -> io::Result<Result<()>> {
    match body {
        Body::Nothing => Ok(()),
        Body::Text(text) => out.write_all(text.as_bytes()),
        Body::Raw(bytes) => out.write_all(bytes),
        Body::Copied(input) => return input.write(out),
        Body::Json(value) => json::dump(value, terminal.format, out),
        Body::Content(content) => content.write(terminal.format, out),
        Body::Lines { values, .. } => json::lines(values, out),
        Body::Feed { rows, .. } => return stream::feed(rows, out),
        Body::Written(written) => write_written(written, terminal, out),
        Body::List { rows, columns, id, .. } => match terminal.format {
            Format::Table => table::list(rows, columns, terminal, out),
            Format::Json => json::list(rows, out),
            Format::Ndjson => json::lines(rows, out),
            Format::Tsv => delimited::list::<delimited::Tsv>(rows, columns, terminal.header, out),
            Format::Csv => delimited::list::<delimited::Csv>(rows, columns, terminal.header, out),
            Format::Id => match id {
                Some(id) => delimited::ids(rows, id, out),
                None => return Ok(Err(no_ids())),
            },
        },
        Body::Stream { rows, columns, id, live: true } => {
            return stream::follow(rows, columns, *id, terminal, out);
        }
        Body::Stream { rows, columns, id, live: false } => {
            return stream::write(rows, columns, *id, terminal, out);
        }
        Body::Board(board) => match terminal.format {
            Format::Table => board::draw(board, terminal, out),
            Format::Json => json::list(&board.lanes, out),
            Format::Ndjson => json::lines(&board.lanes, out),
            Format::Tsv => {
                let cards = board.all_cards();
                delimited::list::<delimited::Tsv>(&cards, &board.columns, terminal.header, out)
            }
            Format::Csv => {
                let cards = board.all_cards();
                delimited::list::<delimited::Csv>(&cards, &board.columns, terminal.header, out)
            }
            Format::Id => delimited::ids(&board.all_cards(), board.id, out),
        },
        Body::Nested(nested) => match (nested.rows.as_slice(), terminal.format) {
            (rows, Format::Ndjson) => json::lines(rows, out),
            ([row], _) if nested.is_one => json::object(row, out),
            (rows, _) => json::list(rows, out),
        },
        Body::Object(object) => match terminal.format {
            Format::Table => object::object(object, terminal, out),
            Format::Json => json::object(&object.fields, out),
            Format::Ndjson => json::lines(std::slice::from_ref(&object.fields), out),
            Format::Tsv => delimited::object::<delimited::Tsv>(object, terminal.header, out),
            Format::Csv => delimited::object::<delimited::Csv>(object, terminal.header, out),
            Format::Id => match object.id {
                Some(id) => delimited::ids(std::slice::from_ref(&object.fields), id, out),
                None => return Ok(Err(no_ids())),
            },
        },
    }
    .map(Ok)
}

/// Writes the result of a write: only the id, if it is new or was requested, or in JSON everything.
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

#[cfg(test)]
mod tests;

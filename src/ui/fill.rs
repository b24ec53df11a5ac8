//! Fills a template with records, one at a time.

use super::report::Body;
use super::row::{Row, Stream};
use super::template::{RecordTemplate, environment, filled};
use crate::error::{Error, Result};
use serde_json::Value;
use std::io::{self, Write};

/// Writes each record of a body through the template, and a line break after it if the template ends without
/// one. The outer error comes from `out`, the inner one from the template or the records.
pub fn write(
    template: &RecordTemplate,
    body: &Body,
    out: &mut dyn Write,
) -> io::Result<Result<()>> {
    match body {
        Body::Nothing => Ok(Ok(())),
        Body::List { rows, .. } => all(template, rows, out),
        Body::Lines { values, .. } => objects(template, values, out),
        Body::Json(Value::Array(values)) => objects(template, values, out),
        Body::Json(value @ Value::Object(_)) => objects(template, std::slice::from_ref(value), out),
        Body::Stream { rows, .. } | Body::Feed { rows, .. } => stream(template, rows, out),
        Body::Object(object) => all(template, std::slice::from_ref(&object.fields), out),
        Body::Board(board) => all(template, &board.all_cards(), out),
        Body::Nested(nested) => all(template, &nested.rows, out),
        Body::Written(written) => all(template, &[written.to_row()], out),
        Body::Json(_) | Body::Content(_) | Body::Text(_) | Body::Raw(_) | Body::Copied(_) => {
            let error = Error::usage("the output of this command has no fields for a template");
            Ok(Err(error.hint("leave out `--template`")))
        }
    }
}

fn objects(
    template: &RecordTemplate,
    values: &[Value],
    out: &mut dyn Write,
) -> io::Result<Result<()>> {
    let rows: Vec<Row> = values.iter().filter_map(Value::as_object).cloned().collect();
    all(template, &rows, out)
}

fn all(template: &RecordTemplate, rows: &[Row], out: &mut dyn Write) -> io::Result<Result<()>> {
    let environment = environment();
    let template = match template.compiled(&environment) {
        Ok(template) => template,
        Err(error) => return Ok(Err(error)),
    };
    for row in rows {
        match filled(&template, row) {
            Ok(text) => out.write_all(text.as_bytes())?,
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(()))
}

/// Flushes each record before the next one is made, since somebody may be waiting for it.
fn stream(template: &RecordTemplate, rows: &Stream, out: &mut dyn Write) -> io::Result<Result<()>> {
    let environment = environment();
    let template = match template.compiled(&environment) {
        Ok(template) => template,
        Err(error) => return Ok(Err(error)),
    };
    let mut failed = None;
    let made = rows.each(&mut |row| {
        let text = filled(&template, &row)?;
        failed = out.write_all(text.as_bytes()).and_then(|()| out.flush()).err();
        Ok(failed.is_none())
    });
    failed.map_or(Ok(made), Err)
}

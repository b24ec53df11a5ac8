//! `--fields`: reduces a report to the requested fields, in that order.

use super::report::{BoardTable, Body, Column, NestedRecords, Object, Style, Visibility};
use super::row::{Row, Stream};
use crate::error::{Error, Result};
use serde_json::Value;
use std::borrow::Cow;
use std::rc::Rc;

/// Returns a body with only these fields. A field that a record lacks is null.
///
/// The columns of a list are the fields that its records may have, so an unknown field is refused even if
/// there are no records. Fields that programs added to a record count too; objects, and lines without
/// columns, are checked against their own fields.
///
/// # Errors
/// `Usage` for a field that no record has, and for output that has no fields to choose from.
pub fn narrowed(body: &Body, wanted: &Rc<[String]>) -> Result<Body> {
    Ok(match body {
        Body::Nothing => Body::Nothing,
        Body::List { rows, columns, id, empty } => {
            known(wanted, columns, rows)?;
            let columns = Cow::from(picked(wanted, columns));
            Body::List { rows: all_of(rows, wanted, &columns), columns, id: *id, empty }
        }
        Body::Stream { rows, columns, id, live } => {
            known(wanted, columns, &[])?;
            let rows = streamed(rows, wanted, columns);
            let columns = picked(wanted, columns).into();
            Body::Stream { rows, columns, id: *id, live: *live }
        }
        Body::Object(object) => {
            known(wanted, &object.columns, std::slice::from_ref(&object.fields))?;
            Body::Object(Object {
                fields: of(&object.fields, wanted, &object.columns),
                columns: picked(wanted, &object.columns).into(),
                ..object.clone()
            })
        }
        Body::Board(board) => Body::Board(board_of(board, wanted)?),
        Body::Nested(nested) => Body::Nested(nested_of(nested, wanted)?),
        Body::Written(written) => {
            let fields = written.to_row();
            known(wanted, &[], std::slice::from_ref(&fields))?;
            let fields = of(&fields, wanted, &[]);
            let columns = picked(wanted, &[]).into();
            Body::Object(Object { fields, columns, id: Some("id"), sections: &[] })
        }
        Body::Json(Value::Object(fields)) => {
            known(wanted, &[], std::slice::from_ref(fields))?;
            Body::Json(Value::Object(of(fields, wanted, &[])))
        }
        Body::Lines { values, columns } => {
            let rows: Vec<Row> = values.iter().filter_map(Value::as_object).cloned().collect();
            known(wanted, columns, &rows)?;
            let values = all_of(&rows, wanted, columns).into_iter().map(Value::Object).collect();
            Body::Lines { values, columns }
        }
        Body::Feed { rows, columns } => {
            known(wanted, columns, &[])?;
            Body::Feed { rows: streamed(rows, wanted, columns), columns }
        }
        Body::Json(_) | Body::Content(_) | Body::Text(_) | Body::Raw(_) | Body::Copied(_) => {
            let error = Error::usage("the output of this command has no fields to choose from");
            return Err(error.hint("leave out `--fields`"));
        }
    })
}

/// Reduces the cards to the wanted fields; the lanes stay as they are.
fn board_of(board: &BoardTable, wanted: &Rc<[String]>) -> Result<BoardTable> {
    known(wanted, &board.columns, &board.all_cards())?;
    let (columns, mut board) = (board.columns.clone(), board.clone());
    for lane in &mut board.lanes {
        let cards = lane.get_mut(board.cards).and_then(Value::as_array_mut);
        for card in cards.into_iter().flatten() {
            if let Value::Object(fields) = card {
                *fields = of(fields, wanted, &columns);
            }
        }
    }
    board.columns = picked(wanted, &board.columns).into();
    board.face = board.columns.clone();
    Ok(board)
}

/// Reduces the records within some objects to the wanted fields; the objects stay as they are.
fn nested_of(nested: &NestedRecords, wanted: &[String]) -> Result<NestedRecords> {
    known(wanted, nested.columns, &nested.all())?;
    let mut nested = nested.clone();
    let narrow = |record: &mut Value| {
        if let Value::Object(fields) = record {
            *fields = of(fields, wanted, nested.columns);
        }
    };
    for row in &mut nested.rows {
        for name in nested.within {
            match row.get_mut(*name) {
                Some(Value::Array(records)) => records.iter_mut().for_each(narrow),
                record => record.into_iter().for_each(narrow),
            }
        }
    }
    Ok(nested)
}

/// Reduces the rows of a stream. Without columns, the first row says which fields exist.
fn streamed(rows: &Stream, wanted: &Rc<[String]>, columns: &[Column]) -> Stream {
    let (rows, wanted, columns) = (rows.clone(), Rc::clone(wanted), columns.to_vec());
    Stream::of(move |take| {
        let mut is_first = true;
        rows.each(&mut |row| {
            if std::mem::take(&mut is_first) && columns.is_empty() {
                known(&wanted, &columns, std::slice::from_ref(&row))?;
            }
            take(of(&row, &wanted, &columns))
        })
    })
}

fn all_of(rows: &[Row], wanted: &[String], columns: &[Column]) -> Vec<Row> {
    rows.iter().map(|row| of(row, wanted, columns)).collect()
}

fn of(row: &Row, wanted: &[String], columns: &[Column]) -> Row {
    // A flag that a row lacks is not set.
    let is_flag = |name: &String| {
        columns.iter().any(|column| column.key == name.as_str() && column.style == Style::Flag)
    };
    let missing = |name: &String| match is_flag(name) {
        true => Value::Bool(false),
        false => Value::Null,
    };
    let field =
        |name: &String| (name.clone(), row.get(name).cloned().unwrap_or_else(|| missing(name)));
    wanted.iter().map(field).collect()
}

/// The columns for these fields. A field that was named is shown even if it is empty.
fn picked(wanted: &[String], columns: &[Column]) -> Vec<Column> {
    let column = |name: &String| {
        let mut known = columns.iter().filter(|column| column.style != Style::Bar);
        let known = known.find(|column| column.key == name.as_str()).cloned();
        let (key, title) = (Cow::Owned(name.clone()), Cow::Owned(name.clone()));
        let other = || Column { key, title, ..Column::text("", "") };
        Column { visibility: Visibility::Everywhere, ..known.unwrap_or_else(other) }
    };
    wanted.iter().map(column).collect()
}

/// Refuses an unknown field, naming the choices.
fn known(wanted: &[String], columns: &[Column], rows: &[Row]) -> Result<()> {
    if columns.is_empty() && rows.is_empty() {
        return Ok(());
    }
    // A bar only draws the value of another column.
    let columns = columns.iter().filter(|column| column.style != Style::Bar);
    let columns: Vec<&str> = columns.map(|column| &*column.key).collect();
    let is_known =
        |name: &str| columns.contains(&name) || rows.iter().any(|row| row.contains_key(name));
    let Some(unknown) = wanted.iter().find(|name| !is_known(name)) else { return Ok(()) };
    let mut choices: Vec<&str> = Vec::new();
    let of_rows = rows.iter().take(CHOICES_FROM).flat_map(|row| row.keys().map(String::as_str));
    for name in columns.into_iter().chain(of_rows) {
        if !choices.contains(&name) {
            choices.push(name);
        }
    }
    Err(Error::usage(format!("not a field: {unknown:?}; one of {}", choices.join(", ")))
        .hint(format!("for all of them: `--fields {}`", choices.join(","))))
}

/// The most rows whose field names are listed.
const CHOICES_FROM: usize = 16;

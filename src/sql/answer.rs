//! The rows of an answer, streamed.

use super::column::SqlType;
use super::guard::Guard;
use super::statement::only;
use super::{fault, watch};
use crate::clock::TimeLeft;
use crate::error::{Error, Result};
use crate::limits;
use rusqlite::types::{Value as Cell, ValueRef};
use rusqlite::{Connection, Statement, ffi, params_from_iter};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, VecDeque};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::Duration;

/// Rows sent together …
const ROWS: usize = 256;
/// … unless they are large, in bytes.
const BYTES: usize = 256 << 10;
/// How many batches are computed ahead of the consumer.
const AHEAD: usize = 2;

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlHeading {
    /// The name in the query; of several with one name the later ones are `name:1`, `name:2`.
    pub name: String,
    /// The type of its values; `None` if they are computed.
    pub kind: Option<SqlType>,
}

/// The rows of a running query: rows not taken yet are not computed yet, except for some ahead.
pub struct SqlAnswer {
    headings: Vec<SqlHeading>,
    receiver: Receiver<AnswerPiece>,
    rows: VecDeque<Vec<Cell>>,
    guard: Guard,
    left: TimeLeft,
    time: Duration,
    ended: bool,
}

/// What is needed to run the query.
pub(super) struct Work {
    pub db: Connection,
    pub guard: Guard,
    pub sql: String,
    pub bound: Vec<Cell>,
    pub time: Duration,
}

enum AnswerPiece {
    Rows(Vec<Vec<Cell>>),
    Failed(Error),
    End,
}

impl SqlHeading {
    pub(super) fn of(statement: &Statement<'_>) -> Vec<SqlHeading> {
        let mut taken = BTreeSet::new();
        let heading = |column: rusqlite::Column<'_>| {
            let mut name = column.name().to_owned();
            let mut again = 1;
            while !taken.insert(name.clone()) {
                name = format!("{}:{again}", column.name());
                again += 1;
            }
            SqlHeading { name, kind: SqlType::of_declared(column.decl_type()) }
        };
        statement.columns().map(heading).collect()
    }
}

impl SqlAnswer {
    pub(super) fn begin(work: Work, headings: Vec<SqlHeading>, left: TimeLeft) -> Result<Self> {
        let (sender, receiver) = mpsc::sync_channel(AHEAD);
        let (guard, time) = (work.guard.clone(), work.time);
        watch::begin(move || work.run(&sender))?;
        let rows = VecDeque::new();
        let mut answer = SqlAnswer { headings, receiver, rows, guard, left, time, ended: false };
        answer.receive()?;
        if let Some(first) = answer.rows.front() {
            // The first value of a computed column may show that it is a number.
            for (heading, cell) in answer.headings.iter_mut().zip(first) {
                if matches!(cell, Cell::Integer(_) | Cell::Real(_)) {
                    heading.kind.get_or_insert(SqlType::Number);
                }
            }
        }
        Ok(answer)
    }

    /// Returns its columns.
    pub fn headings(&self) -> &[SqlHeading] {
        &self.headings
    }

    /// Returns the next row as JSON, or `None` after the last. Values of a view's column have its type, bytes
    /// are base64, and a number that JSON cannot represent is null.
    ///
    /// # Errors
    /// As [`super::Query::ask`].
    pub fn next_row(&mut self) -> Result<Option<Map<String, Value>>> {
        while self.rows.is_empty() && !self.ended {
            self.receive()?;
        }
        let Some(cells) = self.rows.pop_front() else { return Ok(None) };
        let fields = self.headings.iter().zip(cells);
        Ok(Some(fields.map(|(h, cell)| (h.name.clone(), json(cell, h.kind))).collect()))
    }

    fn receive(&mut self) -> Result<()> {
        match watch::next(&self.receiver, &mut self.left, &self.guard, self.time)? {
            AnswerPiece::Rows(rows) => self.rows.extend(rows),
            AnswerPiece::End => self.ended = true,
            AnswerPiece::Failed(error) => return Err(error),
        }
        Ok(())
    }
}

impl Drop for SqlAnswer {
    fn drop(&mut self) {
        self.guard.stop();
    }
}

impl Work {
    fn run(&self, sender: &SyncSender<AnswerPiece>) {
        let piece = match self.answer(sender) {
            Ok(()) => AnswerPiece::End,
            Err(e) => AnswerPiece::Failed(fault::told(&e, &self.sql, &self.guard, self.time)),
        };
        // The receiver may be gone.
        drop(sender.send(piece));
    }

    fn answer(&self, sender: &SyncSender<AnswerPiece>) -> rusqlite::Result<()> {
        let Some(mut statement) = only(&self.db, &self.sql)? else { return Ok(()) };
        self.guard.runs();
        let columns = statement.column_count();
        let mut found = statement.query(params_from_iter(&self.bound))?;
        let (mut rows, mut bytes) = (Vec::new(), 0);
        while let Some(row) = found.next()? {
            // SQLite may show one value in many columns; each becomes a value of ours.
            let mut length: usize = 0;
            for at in 0..columns {
                length = length.saturating_add(size(row.get_ref(at)?));
            }
            if length > limits::SQL_VALUE_BYTES {
                let too_big = ffi::Error::new(ffi::SQLITE_TOOBIG);
                return Err(rusqlite::Error::SqliteFailure(too_big, None));
            }
            bytes += length;
            let cells = (0..columns).map(|at| row.get_ref(at).map(owned));
            let cells = cells.collect::<rusqlite::Result<Vec<Cell>>>()?;
            rows.push(cells);
            if rows.len() >= ROWS || bytes >= BYTES {
                bytes = 0;
                if sender.send(AnswerPiece::Rows(std::mem::take(&mut rows))).is_err() {
                    return Ok(());
                }
            }
        }
        drop(sender.send(AnswerPiece::Rows(rows)));
        Ok(())
    }
}

fn size(cell: ValueRef<'_>) -> usize {
    match cell {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
        _ => 8,
    }
}

/// A text stays a text even if SQLite lets it hold invalid UTF-8.
fn owned(cell: ValueRef<'_>) -> Cell {
    match cell {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(whole) => Cell::Integer(whole),
        ValueRef::Real(real) => Cell::Real(real),
        ValueRef::Text(bytes) => Cell::Text(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => Cell::Blob(bytes.to_vec()),
    }
}

fn json(cell: Cell, kind: Option<SqlType>) -> Value {
    match (kind, cell) {
        (_, Cell::Null) => Value::Null,
        (Some(SqlType::Flag), Cell::Integer(flag @ (0 | 1))) => Value::Bool(flag == 1),
        (Some(SqlType::Json), Cell::Text(text)) => {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        }
        (_, Cell::Integer(whole)) => Value::from(whole),
        (_, Cell::Real(real)) => Value::from(real),
        (_, Cell::Text(text)) => Value::String(text),
        (_, Cell::Blob(bytes)) => Value::String(data_encoding::BASE64.encode(&bytes)),
    }
}

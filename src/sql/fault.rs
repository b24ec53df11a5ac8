//! Turns SQLite's errors into ours, with a hint at what to do next.

use super::guard::{Guard, Refusal};
use super::storing;
use super::views::{self, VIEWS};
use crate::error::{Error, Hint, Next};
use rusqlite::ErrorCode;
use std::time::Duration;

/// Characters shown of an SQLite message.
const SAID: usize = 200;

/// The error for a failed query.
pub(super) fn told(e: &rusqlite::Error, sql: &str, guard: &Guard, whole: Duration) -> Error {
    if let Some(refusal) = guard.refusal() {
        return refused(refusal);
    }
    match e {
        rusqlite::Error::MultipleStatement => {
            return Error::usage("one query at a time").hint("leave out everything after the `;`");
        }
        rusqlite::Error::SqliteFailure(_, None) if guard.is_stopped() => return too_late(whole),
        _ => {}
    }
    let said = match e {
        rusqlite::Error::SqlInputError { msg, .. } => short(msg),
        rusqlite::Error::SqliteFailure(_, Some(said)) => short(said),
        other => other.to_string(),
    };
    match e.sqlite_error_code() {
        _ if said == "Recursion limit" => {
            Error::usage("the query is nested too deeply").hint("nest fewer brackets")
        }
        Some(ErrorCode::OutOfMemory) => storing::too_much(),
        Some(ErrorCode::TooBig) => storing::too_big(),
        Some(ErrorCode::OperationInterrupted) if guard.is_stopped() => too_late(whole),
        Some(ErrorCode::OperationInterrupted) => {
            Error::refused("the query takes too many steps").hint(Hint::from("ask for less of it"))
        }
        _ => Error::usage(said.clone()).hint(hint(&said, sql)),
    }
}

/// The error for a query that did not finish in time.
pub(super) fn too_late(whole: Duration) -> Error {
    Error::refused(format!("the query takes longer than {}", lasting(whole)))
        .hint(Next::AskLonger.and(" waits longer; a narrower WHERE or a LIMIT takes less"))
}

/// The error for a query that does more than read.
pub(super) fn refused(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Action(action) => only_reads(&action),
        Refusal::Function(name) => {
            Error::usage(format!("a query may not call {name}()")).hint("leave it out")
        }
        Refusal::Table(name) => Error::usage(format!("no such view: {name}")).hint(the_views()),
    }
}

/// The error for a statement that does something.
pub(super) fn only_reads(action: &str) -> Error {
    Error::usage(format!("a query can only read: {action} is refused"))
        .hint(Next::Views.and(" shows what can be read"))
}

fn hint(said: &str, sql: &str) -> Hint {
    if said.starts_with("no such table") {
        return the_views();
    }
    if said.contains("no such column") || said.contains("has no column") {
        let views = VIEWS.iter().filter(|view| views::mentions(sql, view)).map(|view| {
            let columns: Vec<&str> = view.columns.iter().map(|column| column.name).collect();
            format!("{} has {}", view.name, columns.join(", "))
        });
        let views: Vec<String> = views.collect();
        if !views.is_empty() {
            return views.join("; ").into();
        }
    }
    if said.starts_with("fts5:") || said.starts_with("unterminated string") {
        return "put a search term in double quotes if it has more than letters and \
                digits: MATCH '\"half-hour\"'"
            .into();
    }
    Next::Views.and(" shows what can be queried")
}

fn the_views() -> Hint {
    let all: Vec<&str> = VIEWS.iter().map(|view| view.name).collect();
    Hint::from(format!("the views are {}; ", all.join(", ")))
        .next(Next::Views)
        .and(" describes them")
}

/// Shortens an SQLite message to a readable length: it can repeat a value of any length.
fn short(said: &str) -> String {
    let mut letters = said.chars();
    let begin: String = letters.by_ref().take(SAID).collect();
    if letters.next().is_some() { begin + "…" } else { begin }
}

fn lasting(time: Duration) -> String {
    match time.as_millis() {
        ms if ms % 1_000 == 0 => format!("{} s", ms / 1_000),
        ms => format!("{ms} ms"),
    }
}

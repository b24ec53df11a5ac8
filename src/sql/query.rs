//! A query: prepared, explained, run.

use super::answer::{self, SqlAnswer, SqlHeading};
use super::bounds::QueryBounds;
use super::guard::Guard;
use super::source::SqlSource;
use super::statement::only;
use super::{fault, tables, views, watch};
use crate::clock::TimeLeft;
use crate::error::{Error, Result};
use crate::limits;
use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use serde::Serialize;
use std::collections::BTreeSet;
use std::time::Duration;

/// A query that was prepared, and has read nothing yet.
pub struct Query {
    db: Connection,
    guard: Guard,
    sql: String,
    headings: Vec<SqlHeading>,
    bound: Vec<Cell>,
    left: TimeLeft,
    bounds: QueryBounds,
}

/// A step of SQLite's plan for a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanStep {
    /// Its number.
    pub id: i64,
    /// The step it is part of; 0 for none.
    pub parent: i64,
    /// What is done.
    pub detail: String,
}

impl Query {
    /// Prepares a query: one statement that reads. `parameters` are the values of `:name`; `:now` is the time
    /// that counts as now, in Unix seconds, unless it is among them.
    ///
    /// # Errors
    /// `Usage` for an invalid query, one that does anything but read, uses unknown names, or lacks a
    /// parameter; `Refused` for one that takes too long to prepare.
    pub fn prepare(
        sql: &str,
        parameters: &[(String, String)],
        now: i64,
        bounds: QueryBounds,
    ) -> Result<Query> {
        if sql.len() > limits::SQL_BYTES {
            return Err(Error::usage(format!(
                "the query is longer than {} bytes",
                limits::SQL_BYTES
            ))
            .hint("pass long values as parameters: `-p NAME=VALUE`"));
        }
        if sql.contains('\0') {
            return Err(Error::usage("the query holds a NUL character").hint("leave it out"));
        }
        let mut left = bounds.time_left();
        let (db, guard) = tables::empty(sql, &bounds)?;
        let (text, watcher) = (sql.to_owned(), guard.clone());
        let (db, said) = watch::within(&mut left, &guard, bounds.time, move || {
            let said = understood(&db, &text, &watcher, bounds.time);
            (db, said)
        })?;
        let (headings, names) = said?;
        let bound = bind(&names, parameters, now)?;
        Ok(Query { db, guard, sql: sql.to_owned(), headings, bound, left, bounds })
    }

    /// Returns the columns of the answer.
    pub fn headings(&self) -> &[SqlHeading] {
        &self.headings
    }

    /// Returns what it reads: views, and the columns of each.
    pub fn reads(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        let in_order = |view: &str, read: &BTreeSet<&'static str>| {
            let columns = views::named(view).map_or(&[][..], |view| view.columns).iter();
            columns.map(|column| column.name).filter(|name| read.contains(name)).collect()
        };
        self.guard.read().iter().map(|(view, read)| (*view, in_order(view, read))).collect()
    }

    /// Returns SQLite's plan for it. Reads nothing.
    ///
    /// # Errors
    /// As [`Query::prepare`].
    pub fn plan(self) -> Result<Vec<PlanStep>> {
        let Query { db, guard, sql, mut left, bounds, .. } = self;
        let watcher = guard.clone();
        watch::within(&mut left, &guard, bounds.time, move || {
            steps(&db, &sql).map_err(|e| fault::told(&e, &sql, &watcher, bounds.time))
        })?
    }

    /// Reads what it needs, and runs it. When this returns, the first rows are there, or there are none.
    ///
    /// # Errors
    /// Those of the documents that are not about a single one; `Usage` and `Refused` for what cannot be
    /// computed, or takes too much.
    pub fn ask(self, source: &SqlSource<'_>) -> Result<SqlAnswer> {
        let Query { mut db, guard, sql, headings, bound, left, bounds } = self;
        tables::fill(&mut db, &guard.read(), source, &|| {
            watch::goes_on(&left, &guard, bounds.time)
        })?;
        let guard = Guard::set(&mut db, bounds.steps)
            .map_err(|e| Error::bug("a query cannot be watched").because(e))?;
        SqlAnswer::begin(answer::Work { db, guard, sql, bound, time: bounds.time }, headings, left)
    }
}

/// Returns what is known of an accepted query: its columns, and the names of its parameters.
fn understood(
    db: &Connection,
    sql: &str,
    guard: &Guard,
    time: Duration,
) -> Result<(Vec<SqlHeading>, Vec<String>)> {
    let statement = only(db, sql).map_err(|e| fault::told(&e, sql, guard, time))?;
    let Some(statement) = statement else {
        return Err(
            Error::usage("there is no query in it").hint("for example: SELECT * FROM messages")
        );
    };
    if !statement.readonly() || statement.column_count() == 0 {
        let verb = sql.split_whitespace().next().unwrap_or_default().to_uppercase();
        return Err(fault::only_reads(&verb));
    }
    let parameter = |at: usize| match statement.parameter_name(at) {
        Some(name) => name.get(1..).unwrap_or_default().to_owned(),
        None => at.to_string(),
    };
    let parameters = (1..=statement.parameter_count()).map(parameter).collect();
    Ok((SqlHeading::of(&statement), parameters))
}

fn steps(db: &Connection, sql: &str) -> rusqlite::Result<Vec<PlanStep>> {
    let mut plan = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let mut rows = plan.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next()? {
        steps.push(PlanStep { id: row.get(0)?, parent: row.get(1)?, detail: row.get(3)? });
    }
    Ok(steps)
}

/// Returns the values of the parameters, in their order.
fn bind(names: &[String], given: &[(String, String)], now: i64) -> Result<Vec<Cell>> {
    if let Some((name, _)) = given.iter().find(|(name, _)| !names.contains(name)) {
        let named = names.iter().map(|name| format!(":{name}")).collect::<Vec<_>>().join(", ");
        let hint = match names {
            [] => "it has none".to_owned(),
            _ => format!("it has {named}"),
        };
        return Err(Error::usage(format!("the query has no parameter :{name}")).hint(hint));
    }
    let value = |name: &String| match given.iter().rev().find(|(known, _)| known == name) {
        Some((_, value)) => Ok(parameter(value)),
        None if name == "now" => Ok(Cell::Integer(now)),
        None => Err(Error::usage(format!("the parameter :{name} has no value"))
            .hint(format!("give it one: `-p {name}=VALUE`"))),
    };
    names.iter().map(value).collect()
}

/// Returns a number if it is written as SQL would write it, else a text.
fn parameter(text: &str) -> Cell {
    match (text.parse::<i64>(), text.parse::<f64>()) {
        (Ok(whole), _) if whole.to_string() == text => Cell::Integer(whole),
        (_, Ok(real)) if real.is_finite() && real.to_string() == text => Cell::Real(real),
        _ => Cell::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use std::collections::BTreeMap;

    fn refused(sql: &str, bounds: QueryBounds) -> Error {
        let asked = Query::prepare(sql, &[], 0, bounds).and_then(Query::plan);
        asked.map(|plan| panic!("{sql}: {plan:?}")).unwrap_err()
    }

    #[test]
    fn what_is_read_is_known_before_anything_is() {
        let reads = |sql: &str| {
            let query = Query::prepare(sql, &[], 0, QueryBounds::default()).unwrap();
            query.reads().into_iter().collect::<BTreeMap<_, _>>()
        };
        assert_eq!(reads("SELECT 1"), BTreeMap::new());
        let joined = "SELECT m.content FROM messages AS m, members WHERE author_id = member_id";
        let expected = BTreeMap::from([
            ("members", vec!["member_id"]),
            ("messages", vec!["author_id", "content"]),
        ]);
        assert_eq!(reads(joined), expected);
        // Also through names that the query defines, and if only the number of rows is requested.
        let within = "WITH x AS (SELECT title AS t FROM cards) SELECT count(*) FROM x, \"peers\"";
        assert_eq!(reads(within), BTreeMap::from([("cards", vec!["title"]), ("peers", vec![])]));
        let searched = "SELECT rank FROM messages_fts WHERE messages_fts MATCH 'x'";
        assert_eq!(reads(searched), BTreeMap::from([("messages_fts", vec![])]));
        let whole = reads("SELECT * FROM threads");
        assert_eq!(whole["threads"].len(), 4);
    }

    #[test]
    fn parameters_are_numbers_where_they_are_written_as_such() {
        let cells = ["7", "-7", "007", "1.5", "1e3", "inf", "", "x"].map(parameter);
        let text = |text: &str| Cell::Text(text.to_owned());
        let expected = [
            Cell::Integer(7),
            Cell::Integer(-7),
            text("007"),
            Cell::Real(1.5),
            text("1e3"),
            text("inf"),
            text(""),
            text("x"),
        ];
        assert_eq!(cells, expected);
    }

    #[test]
    fn what_is_no_query_is_a_mistake_of_whoever_asks() {
        for sql in ["", "SELECT", "DROP TABLE messages", "SELECT 1; SELECT 1", "SELECT * FROM x"] {
            assert_eq!(refused(sql, QueryBounds::default()).kind, Kind::Usage, "{sql}");
        }
        let none = QueryBounds { time: Duration::ZERO, ..QueryBounds::default() };
        assert_eq!(refused("SELECT 1", none).kind, Kind::Refused);
    }

    #[test]
    fn a_query_has_so_many_steps_and_no_more() {
        let endless = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) \
                       SELECT max(n) FROM t";
        let dir = tempfile::tempdir().unwrap();
        let environment = crate::machine::with_state_in(&dir.path().join("state"));
        let (store, _) =
            crate::store::Store::init(&dir.path().join("store"), environment.into(), None).unwrap();
        let reader = store.reader().unwrap();
        let source = SqlSource::new(&store, &reader, None, 0);
        let bounds = QueryBounds { steps: 1_000_000, ..QueryBounds::default() };
        let ask = |sql: &str| Query::prepare(sql, &[], 0, bounds).unwrap().ask(&source);
        let error = ask(endless).map(drop).unwrap_err();
        assert_eq!(
            (error.kind, error.message.as_str()),
            (Kind::Refused, "the query takes too many steps")
        );
        let row =
            ask(&endless.replace("FROM t)", "FROM t LIMIT 1000)")).unwrap().next_row().unwrap();
        assert_eq!(row.unwrap()["max(n)"], 1000);
    }
}

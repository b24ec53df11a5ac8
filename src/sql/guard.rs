//! Restricts a query: it may read the views, call these functions, and nothing else.
//!
//! SQLite asks before it prepares a statement, and again before it prepares what the full-text index needs of
//! its own tables. Whatever is not in the lists here is refused.

use super::views;
use crate::limits;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// SQLite instructions between two checks whether it should stop.
const STRIDE: c_int = 1_000;

/// The functions that a query may call; none that create huge values from nothing, or load or write anything.
const FUNCTIONS: &[&str] = &[
    // Core.
    "->",
    "->>",
    "abs",
    "char",
    "coalesce",
    "concat",
    "concat_ws",
    "format",
    "glob",
    "hex",
    "if",
    "ifnull",
    "iif",
    "instr",
    "length",
    "like",
    "likelihood",
    "likely",
    "lower",
    "ltrim",
    "max",
    "min",
    "nullif",
    "octet_length",
    "printf",
    "quote",
    "random",
    "replace",
    "round",
    "rtrim",
    "sign",
    "soundex",
    "substr",
    "substring",
    "trim",
    "typeof",
    "unhex",
    "unicode",
    "unistr",
    "unistr_quote",
    "unlikely",
    "upper",
    // Aggregates and windows.
    "avg",
    "count",
    "cume_dist",
    "dense_rank",
    "first_value",
    "group_concat",
    "lag",
    "last_value",
    "lead",
    "nth_value",
    "ntile",
    "percent_rank",
    "rank",
    "row_number",
    "string_agg",
    "sum",
    "total",
    // Times.
    "current_date",
    "current_time",
    "current_timestamp",
    "date",
    "datetime",
    "julianday",
    "strftime",
    "time",
    "timediff",
    "unixepoch",
    // JSON.
    "json",
    "json_array",
    "json_array_length",
    "json_error_position",
    "json_extract",
    "json_group_array",
    "json_group_object",
    "json_insert",
    "json_object",
    "json_pretty",
    "json_quote",
    "json_remove",
    "json_replace",
    "json_set",
    "json_type",
    "json_valid",
    // Full text.
    "bm25",
    "highlight",
    "match",
    "snippet",
];

/// Table-valued functions.
const TABLE_FUNCTIONS: &[&str] = &["json_each", "json_tree"];

/// Watches over one query: shared between the caller and the worker.
#[derive(Clone, Default)]
pub(super) struct Guard(Arc<GuardState>);

#[derive(Default)]
struct GuardState {
    /// Whether the query was accepted and runs; what is prepared now is for the full-text index.
    runs: AtomicBool,
    stopped: AtomicBool,
    steps: AtomicU64,
    refusal: Mutex<Option<Refusal>>,
    read: Mutex<BTreeMap<&'static str, BTreeSet<&'static str>>>,
    /// The table modules of SQLite itself.
    modules: BTreeSet<String>,
}

/// What a query was not allowed to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Anything but reading.
    Action(String),
    Function(String),
    Table(String),
}

impl Guard {
    /// Sets up a guard for a connection whose tables exist, empty or filled.
    pub(super) fn set(db: &mut Connection, steps: u64) -> rusqlite::Result<Guard> {
        let guard = Guard(Arc::new(GuardState { modules: modules(db)?, ..GuardState::default() }));
        let asked = guard.clone();
        db.authorizer(Some(move |context: AuthContext<'_>| asked.answer(context.action)))?;
        let watched = guard.clone();
        db.progress_handler(STRIDE, Some(move || watched.takes_too_many(steps)))?;
        Ok(guard)
    }

    /// Notes that the query was prepared: from here on, what SQLite prepares is for its full-text index.
    pub(super) fn runs(&self) {
        self.0.runs.store(true, Ordering::Relaxed);
    }

    /// Makes the work end at SQLite's next check.
    pub(super) fn stop(&self) {
        self.0.stopped.store(true, Ordering::Relaxed);
    }

    /// Returns whether it was stopped from outside.
    pub(super) fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::Relaxed)
    }

    /// Returns what was refused first.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.0.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the columns that the query reads, by view.
    pub(super) fn read(&self) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
        self.0.read.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn takes_too_many(&self, limit: u64) -> bool {
        let steps = self.0.steps.fetch_add(STRIDE as u64, Ordering::Relaxed);
        steps > limit || self.is_stopped()
    }

    fn answer(&self, action: AuthAction<'_>) -> Authorization {
        let refusal = match action {
            AuthAction::Select | AuthAction::Recursive => return Authorization::Allow,
            AuthAction::Read { table_name, column_name } => {
                if self.reads(table_name, column_name) {
                    return Authorization::Allow;
                }
                Refusal::Table(table_name.to_owned())
            }
            AuthAction::Function { function_name } => {
                if FUNCTIONS.iter().any(|known| known.eq_ignore_ascii_case(function_name)) {
                    return Authorization::Allow;
                }
                Refusal::Function(function_name.to_owned())
            }
            // The index checks whether its tables were changed.
            AuthAction::Pragma { pragma_name: "data_version", pragma_value: None }
                if self.0.runs.load(Ordering::Relaxed) =>
            {
                return Authorization::Allow;
            }
            other => Refusal::Action(named(other)),
        };
        let mut first = self.0.refusal.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(refusal);
        Authorization::Deny
    }

    /// Returns whether a table may be read, and notes what is read of a view. Without a column, SQLite asks
    /// about anything after FROM, which may be a name that the query itself defines.
    fn reads(&self, table: &str, column: &str) -> bool {
        if let Some(view) = views::named(table) {
            let mut read = self.0.read.lock().unwrap_or_else(PoisonError::into_inner);
            let columns = read.entry(view.name).or_default();
            let known = view.columns.iter().map(|known| known.name);
            columns.extend(known.filter(|known| known.eq_ignore_ascii_case(column)));
            return true;
        }
        if TABLE_FUNCTIONS.contains(&table) {
            return true;
        }
        let is_of_index = table.starts_with("messages_fts_");
        let is_ours =
            !is_of_index && !table.starts_with("sqlite_") && !table.starts_with("pragma_");
        let named_by_query = column.is_empty() && is_ours && !self.0.modules.contains(table);
        named_by_query || (is_of_index && self.0.runs.load(Ordering::Relaxed))
    }
}

/// Returns the names of the table modules that SQLite was built with.
fn modules(db: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let mut all = db.prepare("SELECT name FROM pragma_module_list")?;
    all.query_map([], |row| row.get(0))?.collect()
}

/// Returns an action as worded in a sentence.
fn named(action: AuthAction<'_>) -> String {
    let schema = |table: &str| table.starts_with("sqlite_");
    match action {
        AuthAction::Insert { table_name } if schema(table_name) => "CREATE".to_owned(),
        AuthAction::Delete { table_name } if schema(table_name) => "DROP".to_owned(),
        AuthAction::Insert { table_name } => format!("INSERT INTO {table_name}"),
        AuthAction::Delete { table_name } => format!("DELETE FROM {table_name}"),
        AuthAction::Update { table_name, .. } => format!("UPDATE {table_name}"),
        AuthAction::Pragma { pragma_name, .. } => format!("PRAGMA {pragma_name}"),
        AuthAction::Attach { .. } => "ATTACH".to_owned(),
        AuthAction::Detach { .. } => "DETACH".to_owned(),
        AuthAction::Transaction { .. } => "a transaction".to_owned(),
        AuthAction::Savepoint { .. } => "a savepoint".to_owned(),
        AuthAction::Reindex { .. } => "REINDEX".to_owned(),
        AuthAction::Analyze { .. } => "ANALYZE".to_owned(),
        AuthAction::AlterTable { .. } => "ALTER TABLE".to_owned(),
        _ => "a change of the schema".to_owned(),
    }
}

/// Limits what a connection for queries can do, before any query is run.
pub(super) fn harden(db: &Connection, memory: Option<u64>) -> rusqlite::Result<()> {
    let small = |limit: usize| c_int::try_from(limit).unwrap_or(c_int::MAX);
    let limits = [
        (Limit::SQLITE_LIMIT_LENGTH, small(limits::SQL_VALUE_BYTES)),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, small(limits::SQL_BYTES)),
        (Limit::SQLITE_LIMIT_COLUMN, 500),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 500),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 100),
        (Limit::SQLITE_LIMIT_VDBE_OP, 250_000),
        (Limit::SQLITE_LIMIT_FUNCTION_ARG, 100),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1_000),
        (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 1_000),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ];
    for (limit, most) in limits {
        db.set_limit(limit, most)?;
    }
    // Not supported by every SQLite version in use.
    let _ = db.set_limit(Limit::SQLITE_LIMIT_PARSER_DEPTH, 200);
    for (config, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_WRITE, false),
        // `"alice"` is always a column, never accidentally a text.
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
    ] {
        db.set_db_config(config, on)?;
    }
    // What does not fit is refused, never written to a file.
    db.pragma_update(None, "temp_store", "memory")?;
    if let Some(memory) = memory {
        let most = i64::try_from(memory).unwrap_or(i64::MAX);
        db.pragma_update_and_check(None, "hard_heap_limit", most, |_| Ok(()))?;
    }
    Ok(())
}

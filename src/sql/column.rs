//! The columns of the views: what their values are, in memory and in a file.

use serde::Serialize;

/// A column of a view. Its name is that of the field in the JSON of the queries.
#[derive(Debug, Clone, Copy)]
pub struct SqlColumn {
    /// As queries name it.
    pub name: &'static str,
    /// What its values are.
    pub kind: SqlType,
    /// What it says.
    pub about: &'static str,
}

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SqlType {
    /// A text. What another program put in its place is the JSON of that.
    Text,
    /// A whole number.
    Integer,
    /// Unix seconds; 0 is never.
    Time,
    /// 1 or 0.
    Flag,
    /// A number, whole or not.
    Number,
    /// JSON, as a text.
    Json,
}

impl SqlType {
    /// Every type.
    pub const ALL: [SqlType; 6] = [
        SqlType::Text,
        SqlType::Integer,
        SqlType::Time,
        SqlType::Flag,
        SqlType::Number,
        SqlType::Json,
    ];

    /// As it is declared in memory, where a column that is selected as it is tells by this what it is.
    /// The parts before the last are for us, SQLite goes by `TEXT`, `INTEGER` and `BLOB`: the last
    /// takes values as they are.
    pub(super) fn declared(self) -> &'static str {
        match self {
            SqlType::Text => "TEXT",
            SqlType::Integer => "INTEGER",
            SqlType::Time => "TIME INTEGER",
            SqlType::Flag => "FLAG INTEGER",
            SqlType::Number => "NUMBER BLOB",
            SqlType::Json => "JSON TEXT",
        }
    }

    /// What was declared so; None for a column that is computed.
    pub(super) fn of_declared(declared: Option<&str>) -> Option<SqlType> {
        SqlType::ALL.into_iter().find(|kind| Some(kind.declared()) == declared)
    }

    /// As a file declares it whose tables are strict.
    pub(super) fn strict(self) -> &'static str {
        match self {
            SqlType::Text | SqlType::Json => "TEXT",
            SqlType::Integer | SqlType::Time | SqlType::Flag => "INTEGER",
            SqlType::Number => "ANY",
        }
    }
}

impl SqlColumn {
    /// Its name as SQL has it: `order` and `from` are words of the language.
    pub(super) fn quoted(&self) -> String {
        format!("\"{}\"", self.name)
    }
}

const fn column(name: &'static str, kind: SqlType, about: &'static str) -> SqlColumn {
    SqlColumn { name, kind, about }
}

pub(super) const fn text(name: &'static str, about: &'static str) -> SqlColumn {
    column(name, SqlType::Text, about)
}

pub(super) const fn integer(name: &'static str, about: &'static str) -> SqlColumn {
    column(name, SqlType::Integer, about)
}

pub(super) const fn time(name: &'static str, about: &'static str) -> SqlColumn {
    column(name, SqlType::Time, about)
}

pub(super) const fn flag(name: &'static str, about: &'static str) -> SqlColumn {
    column(name, SqlType::Flag, about)
}

pub(super) const fn number(name: &'static str, about: &'static str) -> SqlColumn {
    column(name, SqlType::Number, about)
}

pub(super) const fn json(name: &'static str, about: &'static str) -> SqlColumn {
    column(name, SqlType::Json, about)
}

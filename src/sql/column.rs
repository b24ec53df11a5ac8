//! The columns of the views: the types of their values, in memory and in a file.

use serde::Serialize;

/// A column of a view. Its name is that of the field in the JSON of the queries.
#[derive(Debug, Clone, Copy)]
pub struct SqlColumn {
    /// The name in queries.
    pub name: &'static str,
    /// The type of its values.
    pub kind: SqlType,
    /// Its description.
    pub about: &'static str,
}

/// The type of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SqlType {
    /// A text. Any other value that another program put there is shown as JSON.
    Text,
    /// An integer.
    Integer,
    /// Unix seconds; 0 is never.
    Time,
    /// 1 or 0.
    Flag,
    /// A number, integer or not.
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

    /// Returns the type declared in memory, by which a column selected unchanged can be recognised. The parts
    /// before the last are for us, SQLite goes by `TEXT`, `INTEGER` and `BLOB`: the last stores values
    /// unchanged.
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

    /// Returns the type for a declaration, or `None` for a computed column.
    pub(super) fn of_declared(declared: Option<&str>) -> Option<SqlType> {
        SqlType::ALL.into_iter().find(|kind| Some(kind.declared()) == declared)
    }

    /// Returns the type declared in a file with strict tables.
    pub(super) fn strict(self) -> &'static str {
        match self {
            SqlType::Text | SqlType::Json => "TEXT",
            SqlType::Integer | SqlType::Time | SqlType::Flag => "INTEGER",
            SqlType::Number => "ANY",
        }
    }
}

impl SqlColumn {
    /// Returns its name quoted for SQL: `order` and `from` are keywords.
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

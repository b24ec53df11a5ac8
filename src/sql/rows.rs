//! The rows of a view: converts query results into rows.

use super::column::{SqlColumn, SqlType};
use super::storing;
use crate::error::{Error, Result};
use crate::id::{DocId, EntityId};
use rusqlite::types::Value as Cell;
use rusqlite::{CachedStatement, Connection, params_from_iter};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A view being filled.
pub(super) struct SqlRows<'c> {
    insert: CachedStatement<'c>,
    columns: Vec<&'static SqlColumn>,
}

impl<'c> SqlRows<'c> {
    /// Returns the rows of a table, in which only the needed columns get values.
    pub(super) fn of(
        db: &'c Connection,
        table: &str,
        columns: &'static [SqlColumn],
        wanted: &BTreeSet<&'static str>,
    ) -> Result<Self> {
        let columns: Vec<&'static SqlColumn> =
            columns.iter().filter(|column| wanted.contains(column.name)).collect();
        let names: Vec<String> = columns.iter().map(|column| column.quoted()).collect();
        let insert = match columns.len() {
            0 => format!("INSERT INTO {table} DEFAULT VALUES"),
            n => {
                let places = vec!["?"; n].join(", ");
                format!("INSERT INTO {table} ({}) VALUES ({places})", names.join(", "))
            }
        };
        let insert = db.prepare_cached(&insert).map_err(storing::failed)?;
        Ok(SqlRows { insert, columns })
    }

    /// Returns whether this column is needed.
    pub(super) fn wants(&self, column: &str) -> bool {
        self.columns.iter().any(|wanted| wanted.name == column)
    }

    /// Adds a record: its fields are the columns of the same names.
    pub(super) fn add(&mut self, record: &impl Serialize) -> Result<()> {
        self.insert(fields(record)?)
    }

    /// Adds a record of an entity.
    pub(super) fn add_of(&mut self, entity: &EntityId, record: &impl Serialize) -> Result<()> {
        let mut fields = fields(record)?;
        fields.insert("entity".to_owned(), Value::from(entity.to_string()));
        self.insert(fields)
    }

    /// Adds a record of an entity that is given as fields.
    pub(super) fn add_fields(
        &mut self,
        entity: &EntityId,
        mut fields: Map<String, Value>,
    ) -> Result<()> {
        if self.wants("entity") {
            fields.insert("entity".to_owned(), Value::from(entity.as_str()));
        }
        self.insert(fields)
    }

    /// Adds a record of an entity that belongs to another.
    pub(super) fn add_with(
        &mut self,
        entity: &EntityId,
        (name, id): (&str, &str),
        record: &impl Serialize,
    ) -> Result<()> {
        let mut fields = fields(record)?;
        fields.insert(name.to_owned(), Value::from(id));
        fields.insert("entity".to_owned(), Value::from(entity.to_string()));
        self.insert(fields)
    }

    /// Adds something about a document, which need not belong to an entity.
    pub(super) fn add_of_document(&mut self, doc: &DocId, record: &impl Serialize) -> Result<()> {
        let mut fields = fields(record)?;
        let entity = doc.entity().map(|entity| entity.to_string());
        fields.insert("entity".to_owned(), Value::from(entity));
        fields.entry("doc").or_insert_with(|| Value::from(doc.as_str()));
        self.insert(fields)
    }

    fn insert(&mut self, mut fields: Map<String, Value>) -> Result<()> {
        let cells = self.columns.iter().map(|column| {
            let value = fields.get_mut(column.name).map_or(Value::Null, Value::take);
            cell(value, column.kind)
        });
        self.insert.execute(params_from_iter(cells)).map(drop).map_err(storing::failed)
    }
}

fn fields(record: &impl Serialize) -> Result<Map<String, Value>> {
    match serde_json::to_value(record) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Error::bug("a record does not encode as an object")),
        Err(e) => Err(Error::bug("a record does not encode").because(e)),
    }
}

/// Returns a field as stored in a column of its type. Null stays null, and a missing flag is 0.
fn cell(value: Value, kind: SqlType) -> Cell {
    match (kind, value) {
        (SqlType::Flag, value) => Cell::from(value.as_bool().unwrap_or(false)),
        (_, Value::Null) => Cell::Null,
        (SqlType::Integer | SqlType::Time, value) => whole(&value).map_or(Cell::Null, Cell::from),
        (SqlType::Number, Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Cell::Integer(whole),
            (None, Some(real)) => Cell::Real(real),
            (None, None) => Cell::Null,
        },
        (SqlType::Text | SqlType::Number, Value::String(text)) => Cell::Text(text),
        (_, value) => Cell::Text(value.to_string()),
    }
}

/// Returns an integer, even if it was written as a float; values beyond SQL's range become its maximum.
fn whole(value: &Value) -> Option<i64> {
    let real = || value.as_f64().filter(|real| real.fract() == 0.0).map(|real| real as i64);
    value.as_i64().or_else(|| value.as_u64().map(|_| i64::MAX)).or_else(real)
}

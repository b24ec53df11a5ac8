//! Records as types: the one way from a collection of the schema to a struct.

use crate::concern::{Collection, borrowed};
use crate::crdt::value::{Record, Source};
use crate::error::{Error, Result};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny};
use serde_json::{Map, Value};

/// Fields of a record that the schema does not know; `recorded_id` where a program wrote another id
/// into the record than the one that it stands under.
pub type Other = Map<String, Value>;

/// The records of a collection in the order of their keys, each with the schema's fields; deleted
/// ones only with `all`.
pub fn list<T: DeserializeOwned>(
    of: &Collection,
    source: &dyn Source,
    all: bool,
) -> Result<Vec<T>> {
    of.rows(source, all).into_iter().map(typed).collect()
}

/// A record with the schema's fields.
pub fn brief<T: DeserializeOwned>(
    of: &Collection,
    record: &Record,
    key: Option<&String>,
) -> Result<T> {
    typed(of.row(record, key))
}

/// The record at a path with every field that it has.
pub fn whole<T: DeserializeOwned>(
    of: &Collection,
    source: &dyn Source,
    path: &[String],
) -> Result<T> {
    typed(of.whole_row(&of.record(source, &borrowed(path)), path.last()))
}

fn typed<T: DeserializeOwned>(row: Map<String, Value>) -> Result<T> {
    T::deserialize(Value::Object(row))
        .map_err(|e| Error::bug("a record is not what its schema says").because(e))
}

/// A field that is not read from the record but derived beside it: whatever another program wrote
/// under its name is passed over.
pub fn derived<'de, D: Deserializer<'de>, T: Default>(found: D) -> Result<T, D::Error> {
    IgnoredAny::deserialize(found).map(|_| T::default())
}

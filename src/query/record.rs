//! Turns records into types: the only way from a collection of the schema to a struct, or to a JSON object if
//! there is no struct for it.

use super::view;
use crate::crdt::source::Source;
use crate::error::{Error, Result};
use crate::id::{self, EntityId};
use crate::path::Keys;
use crate::schema::{Collection, Field, Spec};
use crate::store::Reader;
use crate::wire::{Record, Value as Held};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny};
use serde_json::{Map, Value};

/// Fields of a record that the schema does not know; `recorded_id` if a program wrote an id into the record
/// that differs from its key.
pub type Other = Map<String, Value>;

/// Returns the records of a collection of an entity in key order, each with the schema's fields; deleted ones
/// only with `deleted`. Empty if there is no such document yet.
///
/// # Errors
/// `Corrupt` if the document is damaged; `Bug` for a type that does not match the schema.
pub fn all<T: DeserializeOwned>(
    reader: &Reader,
    entity: &EntityId,
    (spec, of): (&Spec, &Collection),
    deleted: bool,
) -> Result<Vec<T>> {
    match view(reader, entity, spec)? {
        Some(view) => list(of, &view, deleted),
        None => Ok(Vec::new()),
    }
}

/// Returns the record with this id or unique prefix, deleted ones included, with every field it has.
///
/// # Errors
/// `NotFound` or `Ambiguous`; `Usage` for a prefix that is too short; those of [`all`].
pub fn one<T: DeserializeOwned>(
    reader: &Reader,
    entity: &EntityId,
    (spec, of): (&Spec, &Collection),
    prefix: &str,
) -> Result<T> {
    let none = || Error::not_found(format!("no {} {prefix:?}", of.noun));
    let view = view(reader, entity, spec)?.ok_or_else(none)?;
    let records = of.records(&view);
    let id = id::resolve(prefix, records.iter().filter_map(|path| Some(&**path.last()?)), of.noun)?;
    let path = records.iter().find(|path| path.last() == Some(&id)).ok_or_else(none)?;
    whole(of, &view, path)
}

/// Returns the records of a collection in key order, each with the schema's fields; deleted ones only with
/// `all`.
pub(super) fn list<T: DeserializeOwned>(
    of: &Collection,
    source: &dyn Source,
    all: bool,
) -> Result<Vec<T>> {
    of.rows(source, all).into_iter().map(typed).collect()
}

/// Returns some of the schema's fields of the records in a map, by key, deleted ones included: the same
/// values as in [`list`], without reading the other fields.
pub(super) fn narrow(
    of: &Collection,
    source: &dyn Source,
    home: &[&str],
    names: &[&str],
) -> Vec<(String, Map<String, Value>)> {
    let fields: Vec<_> = of.fields.iter().filter(|field| names.contains(&field.name)).collect();
    let read: Vec<&str> = fields.iter().map(|field| field.name).collect();
    let row = |(key, values): (String, Vec<Option<Held>>)| {
        let values = fields.iter().zip(values);
        let json = |(field, value): (&&Field, Option<Held>)| {
            (field.name.to_owned(), field.kind.to_json(value.as_ref()))
        };
        let mut row: Map<String, Value> = values.map(json).collect();
        if let Some(id) = of.fields.first().and_then(|field| row.get_mut(field.name)) {
            *id = Value::from(key.as_str());
        }
        (key, row)
    };
    source.fields(home, &read).into_iter().map(row).collect()
}

/// Returns a record with the schema's fields.
pub(super) fn brief<T: DeserializeOwned>(
    of: &Collection,
    record: &Record,
    key: Option<&String>,
) -> Result<T> {
    typed(of.row(record, key))
}

/// Returns the record at a path with every field it has.
pub(super) fn whole<T: DeserializeOwned>(
    of: &Collection,
    source: &dyn Source,
    path: &[String],
) -> Result<T> {
    typed(of.whole_row(&of.record(source, &path.steps()), path.last()))
}

pub(super) fn typed<T: DeserializeOwned>(row: Map<String, Value>) -> Result<T> {
    T::deserialize(Value::Object(row))
        .map_err(|e| Error::bug("a record is not what its schema says").because(e))
}

/// Deserialises a field that is derived, not read from the record: ignores a value that another program wrote
/// under its name.
pub(super) fn derived<'de, D: Deserializer<'de>, T: Default>(found: D) -> Result<T, D::Error> {
    IgnoredAny::deserialize(found).map(|_| T::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::concern::{self, canvas, chat, core, issues, kanban};
    use crate::query::board::Card;
    use crate::query::canvas::Element;
    use crate::query::chat::Message;
    use crate::query::issue::{Comment, Issue};
    use crate::query::member::Member;
    use crate::schema::FieldRole;
    use crate::wire::Value as Held;
    use serde::Serialize;

    /// A record as another program may leave it: each field of the schema with a value of a wrong type, and
    /// one that no schema knows.
    fn odd(of: &Collection) -> Record {
        let odd = of.fields.iter().map(|field| (field.name.to_owned(), Held::Int(7)));
        odd.chain([("zz_unknown".to_owned(), Held::String("kept".to_owned()))]).collect()
    }

    /// Asserts that the JSON of a struct is the schema's row, field by field in its order, except for derived
    /// fields (`derived`).
    fn assert_is_the_row<T: DeserializeOwned + Serialize>(of: &Collection, derived: &[&str]) {
        let key = "the-key".to_owned();
        for record in [Record::new(), odd(of)] {
            for row in [of.row(&record, Some(&key)), of.whole_row(&record, Some(&key))] {
                let json = serde_json::to_value(typed::<T>(row.clone()).unwrap()).unwrap();
                let without = |fields: &Map<String, Value>| -> Vec<(String, Value)> {
                    let own = fields.iter().filter(|(name, _)| !derived.contains(&name.as_str()));
                    own.map(|(name, value)| (name.clone(), value.clone())).collect()
                };
                assert_eq!(without(json.as_object().unwrap()), without(&row), "{}", of.noun);
            }
        }
    }

    #[test]
    fn every_type_says_what_the_schema_says() {
        let beside = &["parent_id", "parent_deleted", "reply_count", "last_reply_at"];
        assert_is_the_row::<Member>(&core::MEMBERS, &[]);
        assert_is_the_row::<Message>(&chat::MESSAGES, beside);
        assert_is_the_row::<Message>(&chat::REPLIES, beside);
        assert_is_the_row::<Card>(&kanban::CARDS, &["column"]);
        assert_is_the_row::<Issue>(&issues::ISSUES, &["comments"]);
        assert_is_the_row::<Element>(&canvas::ELEMENTS, &[]);
        // Comments are shown with the fields of the schema alone.
        assert_is_the_row::<Comment>(&issues::COMMENTS, &["zz_unknown", "recorded_id"]);
    }

    #[test]
    fn what_is_derived_is_not_read_from_the_record() {
        let record = Record::from([
            ("reply_count".to_owned(), Held::String("many".to_owned())),
            ("parent_id".to_owned(), Held::Int(3)),
        ]);
        let row = chat::MESSAGES.whole_row(&record, Some(&"the-key".to_owned()));
        let message: Message = typed(row).unwrap();
        assert_eq!((message.parent_id, message.reply_count), (None, 0));
        assert!(message.other.is_empty(), "{:?}", message.other);
    }

    #[test]
    fn what_messages_are_listed_by_is_noted_beside_their_pages() {
        let deleted = chat::MESSAGES.tombstone.as_ref().map(|tombstone| tombstone.flag);
        let listed_by = [chat::MESSAGES.named(FieldRole::Created), deleted];
        assert_eq!(listed_by, concern::noted().map(Some));
    }
}

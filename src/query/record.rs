//! Records as types: the one way from a collection of the schema to a struct.

use crate::crdt::value::{Record, Source};
use crate::error::{Error, Result};
use crate::path::Keys;
use crate::schema::Collection;
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
    typed(of.whole_row(&of.record(source, &path.steps()), path.last()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::concern::{canvas, chat, core, issues, kanban};
    use crate::crdt::value::Value as Held;
    use crate::query::board::Card;
    use crate::query::canvas::Element;
    use crate::query::chat::Message;
    use crate::query::issue::{Comment, Issue};
    use crate::query::member::Member;
    use serde::Serialize;

    /// A record as another program may leave it: each field of the schema with a value of a wrong
    /// type, and one that no schema knows.
    fn odd(of: &Collection) -> Record {
        let odd = of.fields.iter().map(|field| (field.name.to_owned(), Held::Int(7)));
        odd.chain([("zz_unknown".to_owned(), Held::String("kept".to_owned()))]).collect()
    }

    /// The JSON of a struct is the row that the schema makes, field by field in its order; what is
    /// derived beside it (`derived`) aside.
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
        let beside = &["parent_id", "reply_count", "last_reply_at"];
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
}

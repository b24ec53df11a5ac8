//! A field of a record: its type and its meaning.

use crate::wire::Value;
use serde_json::{Map, json};
use std::collections::BTreeSet;

/// A field of a record.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The key in the record.
    pub name: &'static str,
    /// The type that it must have in a document.
    pub kind: FieldKind,
    /// Its meaning to the rules.
    pub role: FieldRole,
    /// Its own clock (rule R4), if it has one besides the record's.
    pub clock: Option<&'static str>,
}

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A string in one register: of two concurrent writes, one wins.
    Text,
    /// A shared text (Y.Text), which merges letter by letter.
    SharedText,
    /// Unix seconds; 0 is "never".
    Time,
    /// A boolean; a missing or different value counts as false.
    Flag,
    /// A number, whole or not.
    Number,
    /// A map member → time: the acknowledgements of the deletion.
    Acknowledgements,
    /// A map key → array of members, each array a set.
    Reactions,
    /// An array of maps.
    List,
    /// A map of anything.
    Map,
    /// A whole number cached for other programs; derived on reading.
    Cache,
}

/// The meaning of a field to the rules, whatever its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldRole {
    /// The record's own id, which is its key.
    Id,
    /// The member that the record is about; also the record's id.
    Member,
    /// The member whose words the record contains: others may not edit it.
    Author,
    /// The member who created the record; others may edit it.
    Creator,
    /// The member it is assigned to; empty for nobody.
    Assignee,
    /// The member who deleted the record.
    Deleter,
    /// The id of another record.
    Reference,
    /// A word from a list known to the program.
    Word,
    /// Text that people wrote. The first such field of a record is its heading.
    Prose,
    /// When the record was created.
    Created,
    /// When the record, or one field of it, was last edited (rule R4).
    Clock,
    /// No meaning beyond its type.
    Plain,
}

const fn new(name: &'static str, kind: FieldKind, role: FieldRole) -> Field {
    Field { name, kind, role, clock: None }
}

/// One constructor for each combination of kind and role in use.
impl Field {
    /// A text with the record's own id ([`FieldRole::Id`]).
    pub const fn id(name: &'static str) -> Field {
        new(name, FieldKind::Text, FieldRole::Id)
    }

    /// A text with the id of the member that the record is about ([`FieldRole::Member`]).
    pub const fn member(name: &'static str) -> Field {
        new(name, FieldKind::Text, FieldRole::Member)
    }

    /// A text with the id of the member who wrote the record ([`FieldRole::Author`]).
    pub const fn author(name: &'static str) -> Field {
        new(name, FieldKind::Text, FieldRole::Author)
    }

    /// A text with the id of the member who created the record ([`FieldRole::Creator`]).
    pub const fn creator(name: &'static str) -> Field {
        new(name, FieldKind::Text, FieldRole::Creator)
    }

    /// A text with the id of the member it is assigned to, empty for nobody ([`FieldRole::Assignee`]).
    pub const fn assignee(name: &'static str) -> Field {
        new(name, FieldKind::Text, FieldRole::Assignee)
    }

    /// A text with the id of the member who deleted the record ([`FieldRole::Deleter`]).
    pub const fn deleter(name: &'static str) -> Field {
        new(name, FieldKind::Text, FieldRole::Deleter)
    }

    /// A text with the id of another record ([`FieldRole::Reference`]), which may be gone.
    pub const fn reference(name: &'static str) -> Field {
        new(name, FieldKind::Text, FieldRole::Reference)
    }

    /// A text from a fixed list ([`FieldRole::Word`]); documents may contain other words.
    pub const fn word(name: &'static str) -> Field {
        new(name, FieldKind::Text, FieldRole::Word)
    }

    /// A text that is replaced as a whole.
    pub const fn prose(name: &'static str) -> Field {
        new(name, FieldKind::Text, FieldRole::Prose)
    }

    /// A text that several people can edit concurrently.
    pub const fn shared_prose(name: &'static str) -> Field {
        new(name, FieldKind::SharedText, FieldRole::Prose)
    }

    /// A map with arbitrary content.
    pub const fn data(name: &'static str) -> Field {
        new(name, FieldKind::Map, FieldRole::Prose)
    }

    /// The creation time of the record, in Unix seconds ([`FieldRole::Created`]).
    pub const fn created(name: &'static str) -> Field {
        new(name, FieldKind::Time, FieldRole::Created)
    }

    /// A clock in Unix seconds: when the record, or a field of it, was last written
    /// ([`FieldRole::Clock`]).
    pub const fn edited(name: &'static str) -> Field {
        new(name, FieldKind::Time, FieldRole::Clock)
    }

    /// A time in Unix seconds that no rule uses; 0 is "never".
    pub const fn time(name: &'static str) -> Field {
        new(name, FieldKind::Time, FieldRole::Plain)
    }

    /// A boolean that no rule uses, except for the collection's own flags.
    pub const fn flag(name: &'static str) -> Field {
        new(name, FieldKind::Flag, FieldRole::Plain)
    }

    /// A number, whole or not, that no rule uses.
    pub const fn number(name: &'static str) -> Field {
        new(name, FieldKind::Number, FieldRole::Plain)
    }

    /// The map member → time of acknowledgements of the record's deletion.
    pub const fn acknowledgements(name: &'static str) -> Field {
        new(name, FieldKind::Acknowledgements, FieldRole::Plain)
    }

    /// The map emoji → array of members.
    pub const fn reactions(name: &'static str) -> Field {
        new(name, FieldKind::Reactions, FieldRole::Plain)
    }

    /// An array of maps or of plain values.
    pub const fn list(name: &'static str) -> Field {
        new(name, FieldKind::List, FieldRole::Plain)
    }

    /// A map of records that form a collection of their own.
    pub const fn records(name: &'static str) -> Field {
        new(name, FieldKind::Map, FieldRole::Plain)
    }

    /// A whole number that other programs read and this one never trusts (rule R5).
    pub const fn cache(name: &'static str) -> Field {
        new(name, FieldKind::Cache, FieldRole::Plain)
    }

    /// The same field with a clock of its own.
    pub const fn clocked(self, clock: &'static str) -> Field {
        Field { clock: Some(clock), ..self }
    }

    /// Whether it is set when the record is created, and then kept.
    pub fn is_fixed(&self) -> bool {
        use FieldRole::{Author, Creator, Deleter, Id, Member};
        matches!(self.role, Id | Member | Author | Creator | Deleter)
    }
}

impl FieldRole {
    /// Whether it names a member.
    pub fn is_person(self) -> bool {
        use FieldRole::{Assignee, Author, Creator, Deleter, Member};
        matches!(self, Member | Author | Creator | Assignee | Deleter)
    }

    /// Whether it is an id: of a record or of a member.
    pub fn is_id(self) -> bool {
        self.is_person() || matches!(self, FieldRole::Id | FieldRole::Reference)
    }
}

impl FieldKind {
    /// Whether people write it: not a time, a flag, a set, a sequence or a cache.
    pub fn is_content(self) -> bool {
        matches!(self, FieldKind::Text | FieldKind::SharedText | FieldKind::Number | FieldKind::Map)
    }

    /// Whether it is a text, of either kind.
    pub fn is_text(self) -> bool {
        matches!(self, FieldKind::Text | FieldKind::SharedText)
    }

    /// A value of this kind as JSON; a missing one is null, 0, false or empty.
    pub fn to_json(self, value: Option<&Value>) -> serde_json::Value {
        match self {
            FieldKind::Text | FieldKind::SharedText => {
                value.map_or(serde_json::Value::Null, Value::to_json)
            }
            FieldKind::Time | FieldKind::Cache => {
                json!(value.and_then(Value::as_i64).unwrap_or(0))
            }
            FieldKind::Number => value.map_or_else(|| json!(0), Value::to_json),
            FieldKind::Flag => json!(value.and_then(Value::as_bool).unwrap_or(false)),
            FieldKind::Acknowledgements | FieldKind::Map => {
                value.map_or_else(|| json!({}), Value::to_json)
            }
            FieldKind::List => value.map_or_else(|| json!([]), Value::to_json),
            FieldKind::Reactions => reactions_to_json(value),
        }
    }
}

/// Reactions as sets: without duplicate members and unused emoji.
fn reactions_to_json(value: Option<&Value>) -> serde_json::Value {
    let Some(emojis) = value.and_then(Value::as_map) else { return json!({}) };
    emojis
        .iter()
        .filter_map(|(emoji, members)| {
            let members: BTreeSet<&str> =
                members.as_array()?.iter().filter_map(Value::as_str).collect();
            (!members.is_empty()).then(|| (emoji.clone(), json!(members)))
        })
        .collect::<Map<_, _>>()
        .into()
}

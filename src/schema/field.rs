//! A field of a record: what it holds, and what that means.

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
    /// What the rules make of it.
    pub role: FieldRole,
    /// Its own clock (rule R4), where it has one beside the record's.
    pub clock: Option<&'static str>,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A string: one register, of two that are written at once one stands.
    Text,
    /// A shared text (Y.Text), which merges letter by letter.
    SharedText,
    /// Unix seconds; 0 is "never".
    Time,
    /// A boolean; nothing and everything else count as false.
    Flag,
    /// A number, whole or not.
    Number,
    /// A map member → time: who has acknowledged the deletion.
    Acknowledgements,
    /// A map key → array of members, each array a set.
    Reactions,
    /// An array of maps.
    List,
    /// A map of anything.
    Map,
    /// A whole number that other programs cache; derived on reading.
    Cache,
}

/// What a field means to the rules, whatever it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldRole {
    /// The record's own id, under which it stands.
    Id,
    /// The member that the record is about, and so its id.
    Member,
    /// The member whose words the record is: others do not edit it.
    Author,
    /// The member who made the record, which others may change as well.
    Creator,
    /// The member who is to do something about it; empty for nobody.
    Assignee,
    /// The member who deleted the record.
    Deleter,
    /// The id of another record.
    Reference,
    /// A word of a list that the program knows.
    Word,
    /// What people wrote. The first of a record is what it is recognised by.
    Prose,
    /// When the record began.
    Created,
    /// When the record, or one field of it, was last edited (rule R4).
    Clock,
    /// Its kind says everything.
    Plain,
}

const fn new(name: &'static str, kind: FieldKind, role: FieldRole) -> Field {
    Field { name, kind, role, clock: None }
}

/// One constructor for each pair of kind and role that there is.
impl Field {
    /// A text with the record's own id ([`FieldRole::Id`]).
    pub const fn id(name: &'static str) -> Field {
        new(name, FieldKind::Text, FieldRole::Id)
    }

    /// A text with the id of the member that the record is about ([`FieldRole::Member`]).
    pub const fn member(name: &'static str) -> Field {
        new(name, FieldKind::Text, FieldRole::Member)
    }

    /// A text with the member id of whoever wrote the record ([`FieldRole::Author`]).
    pub const fn author(name: &'static str) -> Field {
        new(name, FieldKind::Text, FieldRole::Author)
    }

    /// A text with the member id of whoever made the record ([`FieldRole::Creator`]).
    pub const fn creator(name: &'static str) -> Field {
        new(name, FieldKind::Text, FieldRole::Creator)
    }

    /// A text with the member id of whoever is to act, empty for nobody ([`FieldRole::Assignee`]).
    pub const fn assignee(name: &'static str) -> Field {
        new(name, FieldKind::Text, FieldRole::Assignee)
    }

    /// A text with the member id of whoever deleted the record ([`FieldRole::Deleter`]).
    pub const fn deleter(name: &'static str) -> Field {
        new(name, FieldKind::Text, FieldRole::Deleter)
    }

    /// A text with the id of another record ([`FieldRole::Reference`]), which may be gone.
    pub const fn reference(name: &'static str) -> Field {
        new(name, FieldKind::Text, FieldRole::Reference)
    }

    /// A text out of a fixed list ([`FieldRole::Word`]); documents may hold others all the same.
    pub const fn word(name: &'static str) -> Field {
        new(name, FieldKind::Text, FieldRole::Word)
    }

    /// A text that is replaced as a whole.
    pub const fn prose(name: &'static str) -> Field {
        new(name, FieldKind::Text, FieldRole::Prose)
    }

    /// A text that several people type in at once.
    pub const fn shared_prose(name: &'static str) -> Field {
        new(name, FieldKind::SharedText, FieldRole::Prose)
    }

    /// A map of whatever people put there.
    pub const fn data(name: &'static str) -> Field {
        new(name, FieldKind::Map, FieldRole::Prose)
    }

    /// The time in Unix seconds at which the record began ([`FieldRole::Created`]).
    pub const fn created(name: &'static str) -> Field {
        new(name, FieldKind::Time, FieldRole::Created)
    }

    /// A clock in Unix seconds: when the record, or a field of it, was last written
    /// ([`FieldRole::Clock`]).
    pub const fn edited(name: &'static str) -> Field {
        new(name, FieldKind::Time, FieldRole::Clock)
    }

    /// A time in Unix seconds that no rule goes by; 0 is "never".
    pub const fn time(name: &'static str) -> Field {
        new(name, FieldKind::Time, FieldRole::Plain)
    }

    /// A boolean that no rule but the collection's own goes by.
    pub const fn flag(name: &'static str) -> Field {
        new(name, FieldKind::Flag, FieldRole::Plain)
    }

    /// A number, whole or not, that no rule goes by.
    pub const fn number(name: &'static str) -> Field {
        new(name, FieldKind::Number, FieldRole::Plain)
    }

    /// The map member → time with which members acknowledge the record's deletion.
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

    /// A map of records that are a collection of their own.
    pub const fn records(name: &'static str) -> Field {
        new(name, FieldKind::Map, FieldRole::Plain)
    }

    /// A whole number that other programs read and nothing here believes (rule R5).
    pub const fn cache(name: &'static str) -> Field {
        new(name, FieldKind::Cache, FieldRole::Plain)
    }

    /// The same with a clock of its own.
    pub const fn clocked(self, clock: &'static str) -> Field {
        Field { clock: Some(clock), ..self }
    }

    /// Whether a record is born with it, and keeps it.
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
    /// Whether people wrote it: neither a time or a flag, nor a set or a sequence, nor a cache.
    pub fn is_content(self) -> bool {
        matches!(self, FieldKind::Text | FieldKind::SharedText | FieldKind::Number | FieldKind::Map)
    }

    /// Whether it is a text, of either kind.
    pub fn is_text(self) -> bool {
        matches!(self, FieldKind::Text | FieldKind::SharedText)
    }

    /// A value of this kind as JSON; what is missing is null, 0, false or empty.
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

/// Reactions as sets: no member twice, and no emoji that nobody uses.
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

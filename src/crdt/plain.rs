//! A plain value (`Any`) containing maps and lists, read once and looked up by path like a shared type.
//!
//! Other programs write whole records as one such value. Its parts can be read, but not written individually.

use crate::crdt::source::first_of_each;
use crate::wire::{Record, Value};
use std::collections::HashMap;

/// A plain value, or a part of one.
#[derive(Debug, Clone, PartialEq)]
pub enum Plain {
    Leaf(Value),
    Map(std::collections::BTreeMap<String, Plain>),
    List {
        items: Vec<Plain>,
        /// The first item with each id.
        named: HashMap<String, usize>,
    },
}

impl Plain {
    /// Converts a value that was read. Recursion is bounded: the walk refused deeper nesting.
    pub fn of(value: Value) -> Plain {
        match value {
            Value::Object(fields) => {
                Plain::Map(fields.into_iter().map(|(key, value)| (key, Plain::of(value))).collect())
            }
            Value::List(items) => {
                let items: Vec<Plain> = items.into_iter().map(Plain::of).collect();
                let mut named = HashMap::new();
                for (index, item) in items.iter().enumerate() {
                    if let Some(id) = item.id() {
                        named.entry(id.to_owned()).or_insert(index);
                    }
                }
                Plain::List { items, named }
            }
            leaf => Plain::Leaf(leaf),
        }
    }

    /// Returns the value at a path below it.
    pub fn at(&self, path: &[&str]) -> Option<&Plain> {
        path.iter().try_fold(self, |at, step| match at {
            Plain::Map(fields) => fields.get(*step),
            Plain::List { items, named } => items.get(*named.get(*step)?),
            Plain::Leaf(_) => None,
        })
    }

    /// Returns the keys of a map, sorted; for a list, the ids in it, in list order.
    pub fn keys(&self) -> Vec<String> {
        match self {
            Plain::Map(fields) => fields.keys().cloned().collect(),
            Plain::List { items, .. } => {
                first_of_each(items.iter().filter_map(|item| item.id().map(str::to_owned)))
            }
            Plain::Leaf(_) => Vec::new(),
        }
    }

    /// Returns the field `id` of a map.
    pub fn id(&self) -> Option<&str> {
        match self {
            Plain::Map(fields) => match fields.get("id")? {
                Plain::Leaf(id) => id.as_str(),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns the value it was made from.
    pub fn value(&self) -> Value {
        match self {
            Plain::Leaf(value) => value.clone(),
            Plain::Map(fields) => Value::Object(
                fields.iter().map(|(key, part)| (key.clone(), part.value())).collect::<Record>(),
            ),
            Plain::List { items, .. } => Value::List(items.iter().map(Plain::value).collect()),
        }
    }
}

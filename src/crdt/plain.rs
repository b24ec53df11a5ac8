//! A plain value (`Any`) with maps and lists in it, read once, and asked by path like a shared type.
//!
//! Other programs write whole records as one such value. It can be looked into; nothing in it can
//! be written by itself.

use crate::crdt::source::first_of_each;
use crate::wire::{Record, Value};
use std::collections::HashMap;

/// One plain value, or a part of it.
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
    /// A value as it was read. Recursion is bounded: the walk refused what is nested deeper.
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

    /// What stands at a path below it.
    pub fn at(&self, path: &[&str]) -> Option<&Plain> {
        path.iter().try_fold(self, |at, step| match at {
            Plain::Map(fields) => fields.get(*step),
            Plain::List { items, named } => items.get(*named.get(*step)?),
            Plain::Leaf(_) => None,
        })
    }

    /// The keys of a map, sorted; of a list the ids in it, in its order.
    pub fn keys(&self) -> Vec<String> {
        match self {
            Plain::Map(fields) => fields.keys().cloned().collect(),
            Plain::List { items, .. } => {
                first_of_each(items.iter().filter_map(|item| item.id().map(str::to_owned)))
            }
            Plain::Leaf(_) => Vec::new(),
        }
    }

    /// The field `id` of a map.
    pub fn id(&self) -> Option<&str> {
        match self {
            Plain::Map(fields) => match fields.get("id")? {
                Plain::Leaf(id) => id.as_str(),
                _ => None,
            },
            _ => None,
        }
    }

    /// The value that it was read from.
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

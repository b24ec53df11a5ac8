//! Lookup of whether a document shows a particular value.

use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::wire::Value;
use std::collections::HashSet;

/// Hashes of every value of a document with its place: a place is the path of names, using the field `id` for
/// a container in a sequence, and nothing for plain elements.
pub struct Shown(HashSet<[u8; 16]>);

impl Shown {
    pub fn of(view: &View) -> Shown {
        let mut shown = Shown(HashSet::new());
        for root in view.roots() {
            if let Some(value) = view.value(&[&root]) {
                shown.add(&mut vec![root], &value);
            }
        }
        shown
    }

    /// Returns whether this value is there, or without a value, any container.
    pub fn holds(&self, steps: &[String], value: Option<&Value>) -> bool {
        self.0.contains(&hash(steps, value))
    }

    /// Recursion is bounded: the check refused deeper nesting.
    fn add(&mut self, steps: &mut Vec<String>, value: &Value) {
        match value {
            Value::Map(map) => {
                self.0.insert(hash(steps, None));
                for (key, value) in map {
                    steps.push(key.clone());
                    self.add(steps, value);
                    steps.pop();
                }
            }
            Value::Array(items) => {
                self.0.insert(hash(steps, None));
                for item in items {
                    let id = item.as_map().and_then(|map| map.get("id")?.as_str());
                    match (item, id) {
                        (Value::Map(_), Some(id)) => {
                            steps.push(id.to_owned());
                            self.add(steps, item);
                            steps.pop();
                        }
                        _ => self.add(steps, item),
                    }
                }
            }
            Value::Text(_) => drop(self.0.insert(hash(steps, None))),
            _ => drop(self.0.insert(hash(steps, Some(value)))),
        }
    }
}

/// Hashes steps and value, each with its length or a terminator.
fn hash(steps: &[String], value: Option<&Value>) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for step in steps {
        hasher.update(&(step.len() as u64).to_le_bytes());
        hasher.update(step.as_bytes());
    }
    // Longer than any step: terminates the steps.
    hasher.update(&u64::MAX.to_le_bytes());
    if let Some(value) = value {
        // As JSON a number is the same in every encoding.
        hasher.update(value.to_json().to_string().as_bytes());
    }
    let mut short = [0; 16];
    hasher.finalize_xof().fill(&mut short);
    short
}

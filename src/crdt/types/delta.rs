//! Texts with formats and embeds, run by run: the delta format of Yjs and Quill.

use super::content::{SharedType, SharedTypes, SharedValue};
use crate::wire::Value;
use crate::wire::{BlockKind, ByteReader, any};
use std::collections::BTreeMap;

/// Most formats shown at one place; further ones are left out. People use a dozen, and the output per run
/// must not grow with their number.
const FORMATS: usize = 256;

/// What a run inserts.
#[derive(Debug, Clone, PartialEq)]
pub enum Insert<'t> {
    /// Characters.
    Text(String),
    /// An embedded value.
    Embed(SharedValue<'t>),
}

/// A run of a text with the same attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct DeltaRun<'t> {
    /// The inserted content.
    pub insert: Insert<'t>,
    /// The formats active there, by name.
    pub attributes: BTreeMap<String, Value>,
}

impl SharedTypes {
    /// Returns the runs of a text, cut as Yjs' `toDelta` does: at every format and every embed.
    pub fn delta(&self, container: SharedType) -> Vec<DeltaRun<'_>> {
        let mut runs = Vec::new();
        let mut attributes: BTreeMap<String, Value> = BTreeMap::new();
        let mut text = String::new();
        let flush = |text: &mut String,
                     attributes: &BTreeMap<String, Value>,
                     runs: &mut Vec<DeltaRun<'_>>| {
            if !text.is_empty() {
                let insert = Insert::Text(std::mem::take(text));
                runs.push(DeltaRun { insert, attributes: attributes.clone() });
            }
        };
        for entry in self.sequence(container) {
            match entry.kind {
                BlockKind::String => self.push_text(&entry, &mut text),
                BlockKind::Format => {
                    flush(&mut text, &attributes, &mut runs);
                    let mut reader = ByteReader::at(self.slice(entry.content), 0);
                    // The walk read the same bytes: this cannot fail.
                    let (Ok(key), Ok(json)) = (reader.text(), reader.text()) else { continue };
                    match any::embedded(json) {
                        Some(Value::Null) => drop(attributes.remove(key)),
                        Some(value)
                            if attributes.len() < FORMATS || attributes.contains_key(key) =>
                        {
                            attributes.insert(key.to_owned(), value);
                        }
                        _ => {}
                    }
                }
                _ => {
                    flush(&mut text, &attributes, &mut runs);
                    for part in self.parts(&entry) {
                        let insert = Insert::Embed(part);
                        runs.push(DeltaRun { insert, attributes: attributes.clone() });
                    }
                }
            }
        }
        flush(&mut text, &attributes, &mut runs);
        runs
    }

    /// Returns the runs of a text as they show: adjacent text with the same attributes is one run, whatever
    /// marks are between.
    pub fn shown_runs(&self, container: SharedType) -> Vec<DeltaRun<'_>> {
        let mut runs: Vec<DeltaRun<'_>> = Vec::new();
        for run in self.delta(container) {
            match (runs.last_mut(), &run.insert) {
                (Some(DeltaRun { insert: Insert::Text(text), attributes }), Insert::Text(more))
                    if *attributes == run.attributes =>
                {
                    text.push_str(more)
                }
                _ => runs.push(run),
            }
        }
        runs
    }
}

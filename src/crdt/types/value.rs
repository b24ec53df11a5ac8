//! Content as plain data, for comparing.

use super::content::{SharedType, SharedTypes, SharedValue, TypeKind};
use super::delta::{DeltaRun, Insert};
use crate::crdt::source::{Shared, Source};
use crate::limits::CONTENT_DEPTH;
use crate::wire::{Id, Record, Value};

impl SharedTypes {
    /// Returns a container as plain data: texts with formats or embeds as their delta, XML as its text.
    /// Content nested deeper than [`CONTENT_DEPTH`] is represented by its digest.
    pub fn to_value(&self, container: SharedType) -> Value {
        self.value_within(container, CONTENT_DEPTH)
    }

    /// Recursion is bounded by `depth`.
    fn value_within(&self, container: SharedType, depth: usize) -> Value {
        let Some(depth) = depth.checked_sub(1) else {
            return Value::String(crate::id::hex(&self.digest_of(container)));
        };
        let inner = |part: SharedValue<'_>| match part {
            SharedValue::Value(value) => value,
            SharedValue::Deep(bytes) => {
                Value::String(crate::id::hex(blake3::hash(bytes).as_bytes()))
            }
            SharedValue::Document(guid) => object([("guid", Value::String(guid.to_owned()))]),
            SharedValue::Type(container) => self.value_within(container, depth),
        };
        let fields = || -> Record {
            self.fields(container).map(|(key, part)| (key.to_owned(), inner(part))).collect()
        };
        let run = |DeltaRun { insert, attributes }: DeltaRun<'_>| {
            let insert = match insert {
                Insert::Text(text) => Value::String(text),
                Insert::Embed(part) => inner(part),
            };
            let mut run = Record::from([("insert".to_owned(), insert)]);
            if !attributes.is_empty() {
                run.insert("attributes".to_owned(), Value::Object(attributes));
            }
            Value::Object(run)
        };
        match self.kind(container) {
            TypeKind::Map | TypeKind::XmlHook | TypeKind::Link => Value::Map(fields()),
            TypeKind::XmlElement | TypeKind::XmlFragment => Value::Text(self.exact_xml(container)),
            TypeKind::XmlText => Value::Text(self.exact_xml(container)),
            TypeKind::Text if !self.is_rich(container) => Value::Text(self.plain_text(container)),
            TypeKind::Text => {
                let runs = self.shown_runs(container);
                let is_plain = |run: &DeltaRun<'_>| {
                    matches!(run.insert, Insert::Text(_)) && run.attributes.is_empty()
                };
                let is_keyed = self.is_keyed(container);
                if !is_keyed && runs.iter().all(is_plain) {
                    return Value::Text(self.plain_text(container));
                }
                let delta = Value::List(runs.into_iter().map(run).collect());
                match !is_keyed {
                    true => delta,
                    false => object([("attributes", Value::Object(fields())), ("delta", delta)]),
                }
            }
            TypeKind::Array => {
                let elements = Value::Array(self.elements(container).map(inner).collect());
                match self.keyed(container).is_empty() {
                    true => elements,
                    false => object([("elements", elements), ("fields", Value::Map(fields()))]),
                }
            }
        }
    }
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

impl Source for SharedTypes {
    fn roots(&self) -> Vec<String> {
        self.shown_roots().map(|(name, _)| name.to_owned()).collect()
    }

    fn value(&self, path: &[&str]) -> Option<Value> {
        let (root, steps) = path.split_first()?;
        let mut value = self.to_value(self.live_root(root)?);
        for step in steps {
            value = value.as_map()?.get(*step)?.clone();
        }
        Some(value)
    }

    fn keys(&self, path: &[&str]) -> Vec<String> {
        let keys = |value: Value| value.as_map().map(|map| map.keys().cloned().collect());
        self.value(path).and_then(keys).unwrap_or_default()
    }

    fn exists(&self, path: &[&str]) -> bool {
        self.value(path).is_some()
    }

    /// Nothing in here can be written.
    fn shared(&self, _: &[&str]) -> Option<Shared> {
        None
    }

    fn created_by(&self, _: &[&str]) -> Option<Id> {
        None
    }
}

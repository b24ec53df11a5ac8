//! XML as Yjs writes it, and well-formed XML.

use super::content::{SharedType, SharedTypes, SharedValue, TypeKind};
use super::delta::{DeltaRun, Insert};
use super::json::JsonForm;
use crate::wire::Value;

/// The next thing to write.
enum XmlStep<'t> {
    Node(SharedValue<'t>),
    Text(String),
}

impl SharedTypes {
    /// Returns an XML node as Yjs' `toString` writes it: names in lower case, nothing escaped.
    pub fn yjs_xml(&self, container: SharedType) -> String {
        self.write_xml(container, &|text| text.to_owned(), &str::to_lowercase)
    }

    /// Returns it as XML that can be parsed: `<`, `&` and quotes escaped, names unchanged.
    pub fn xml(&self, container: SharedType) -> String {
        self.write_xml(container, &escaped, &str::to_owned)
    }

    /// The open nodes are in a list, not on the stack. Content that is not XML is written as JSON, and XML
    /// within that is cut, so this does not recurse into itself.
    fn write_xml(
        &self,
        container: SharedType,
        escape: &dyn Fn(&str) -> String,
        name_of: &dyn Fn(&str) -> String,
    ) -> String {
        let mut out = String::new();
        let mut open = vec![XmlStep::Node(SharedValue::Type(container))];
        while let Some(step) = open.pop() {
            let part = match step {
                XmlStep::Text(text) => {
                    out.push_str(&text);
                    continue;
                }
                XmlStep::Node(part) => part,
            };
            let container = match part {
                SharedValue::Type(container) => container,
                SharedValue::Document(guid) => {
                    out.push_str(&escape(guid));
                    continue;
                }
                SharedValue::Value(value) => {
                    out.push_str(&escape(&shown(&value)));
                    continue;
                }
                SharedValue::Deep(_) => continue,
            };
            match self.kind(container) {
                TypeKind::XmlElement => {
                    let name = name_of(self.name(container));
                    out.push('<');
                    out.push_str(&name);
                    for (key, value) in self.fields(container) {
                        let value = escape(&self.attribute(&value));
                        out.push_str(&format!(" {key}=\"{value}\""));
                    }
                    out.push('>');
                    open.push(XmlStep::Text(format!("</{name}>")));
                    self.push_elements(container, &mut open);
                }
                TypeKind::XmlFragment | TypeKind::Array => self.push_elements(container, &mut open),
                TypeKind::XmlText | TypeKind::Text => {
                    let runs = self.delta(container);
                    for DeltaRun { insert, attributes } in runs.into_iter().rev() {
                        let tags: Vec<(&String, String)> = attributes
                            .iter()
                            .map(|(tag, value)| (tag, tag_attributes(value, escape)))
                            .collect();
                        tags.iter()
                            .for_each(|(tag, _)| open.push(XmlStep::Text(format!("</{tag}>"))));
                        open.push(match insert {
                            Insert::Text(text) => XmlStep::Text(escape(&text)),
                            Insert::Embed(part) => XmlStep::Node(part),
                        });
                        tags.iter().rev().for_each(|(tag, attributes)| {
                            open.push(XmlStep::Text(format!("<{tag}{attributes}>")));
                        });
                    }
                }
                TypeKind::Map | TypeKind::XmlHook | TypeKind::Link => {
                    out.push_str(&escape(&self.json_text(container, JsonForm::WithinXml)));
                }
            }
        }
        out
    }

    fn push_elements<'t>(&'t self, container: SharedType, open: &mut Vec<XmlStep<'t>>) {
        let from = open.len();
        open.extend(self.elements(container).map(XmlStep::Node));
        if let Some(added) = open.get_mut(from..) {
            added.reverse();
        }
    }

    /// The value of an attribute as JavaScript converts it to a string.
    fn attribute(&self, part: &SharedValue<'_>) -> String {
        match part {
            SharedValue::Value(value) => shown(value),
            SharedValue::Type(container) if self.kind(*container).is_text() => {
                self.plain_text(*container)
            }
            SharedValue::Type(container) => self.json_text(*container, JsonForm::WithinXml),
            SharedValue::Document(guid) => (*guid).to_owned(),
            SharedValue::Deep(_) => "…".to_owned(),
        }
    }
}

/// A value as JavaScript converts it to a string; as JSON if that has no form for it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) | Value::Text(text) => text.clone(),
        Value::Undefined => "undefined".to_owned(),
        Value::Object(_) | Value::Map(_) => "[object Object]".to_owned(),
        Value::Number(n) if n.is_nan() => "NaN".to_owned(),
        Value::Number(n) if n.is_infinite() => {
            if *n > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
        }
        Value::List(items) | Value::Array(items) => {
            let inner = |value: &Value| match value {
                Value::Null | Value::Undefined => String::new(),
                value => shown(value),
            };
            items.iter().map(inner).collect::<Vec<_>>().join(",")
        }
        other => other.to_json().to_string(),
    }
}

/// The value of a format as attributes of its tag: Yjs takes the characters of a text one by one.
fn tag_attributes(value: &Value, escape: &dyn Fn(&str) -> String) -> String {
    let one = |(key, value): (String, String)| format!(" {key}=\"{}\"", escape(&value));
    match value {
        Value::Object(fields) | Value::Map(fields) => {
            fields.iter().map(|(key, value)| one((key.clone(), shown(value)))).collect()
        }
        Value::List(items) | Value::Array(items) => {
            let mut pairs: Vec<(String, String)> = items
                .iter()
                .enumerate()
                .map(|(at, value)| (at.to_string(), shown(value)))
                .collect();
            pairs.sort();
            pairs.into_iter().map(one).collect()
        }
        Value::String(text) => {
            let mut pairs: Vec<(String, String)> = text
                .encode_utf16()
                .enumerate()
                .map(|(at, unit)| (at.to_string(), String::from_utf16_lossy(&[unit])))
                .collect();
            pairs.sort();
            pairs.into_iter().map(one).collect()
        }
        _ => String::new(),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            char => out.push(char),
        }
    }
    out
}

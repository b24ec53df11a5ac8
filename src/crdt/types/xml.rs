//! XML as Yjs writes it, and well-formed XML.

use super::content::{SharedType, SharedTypes, SharedValue, TypeKind};
use super::delta::{DeltaRun, Insert};
use super::json::JsonForm;
use crate::wire::Value;
use std::collections::HashMap;

/// How the parts of XML are written.
struct XmlStyle {
    text: fn(&str) -> String,
    /// The value of an attribute.
    attribute: fn(&str) -> String,
    name: fn(&str) -> String,
    /// A value that is not XML, as text.
    value: fn(&Value) -> String,
    /// Whether names that became equal are told apart.
    is_distinct: bool,
    /// Whether text is cut only where its formats change, not at every mark.
    joins: bool,
}

/// As Yjs' `toString` writes it.
const YJS: XmlStyle = XmlStyle {
    text: str::to_owned,
    attribute: str::to_owned,
    name: str::to_lowercase,
    value: shown,
    is_distinct: false,
    joins: false,
};

/// Escaped, and otherwise unchanged.
const EXACT: XmlStyle = XmlStyle {
    text: escaped,
    attribute: escaped,
    name: str::to_owned,
    value: shown,
    is_distinct: false,
    joins: true,
};

/// As every XML parser reads it.
const WELL_FORMED: XmlStyle = XmlStyle {
    text: |text| escaped(&allowed(text)).replace('\r', "&#xd;"),
    attribute: |text| on_one_line(&escaped(&allowed(text))),
    name: well_formed_name,
    value: told,
    is_distinct: true,
    joins: false,
};

/// The next thing to write.
enum XmlStep<'t> {
    Node(SharedValue<'t>),
    Text(String),
}

impl SharedTypes {
    /// Returns an XML node as Yjs' `toString` writes it: names in lower case, nothing escaped.
    pub fn yjs_xml(&self, container: SharedType) -> String {
        self.write_xml(container, &YJS)
    }

    /// Returns it with `<`, `&` and quotes escaped, and everything else unchanged: two of them are equal only
    /// if their nodes are.
    pub fn exact_xml(&self, container: SharedType) -> String {
        self.write_xml(container, &EXACT)
    }

    /// Returns it as well-formed XML: `_` stands for what a name cannot have, U+FFFD for characters that XML
    /// cannot have, and JSON for values that are not text.
    pub fn xml(&self, container: SharedType) -> String {
        self.write_xml(container, &WELL_FORMED)
    }

    /// The open nodes are in a list, not on the stack. Content that is not XML is written as JSON, and XML
    /// within that is cut, so this does not recurse into itself.
    fn write_xml(&self, container: SharedType, style: &XmlStyle) -> String {
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
                    out.push_str(&(style.text)(guid));
                    continue;
                }
                SharedValue::Value(value) => {
                    out.push_str(&(style.text)(&(style.value)(&value)));
                    continue;
                }
                SharedValue::Deep(_) => continue,
            };
            match self.kind(container) {
                TypeKind::XmlElement => {
                    let name = (style.name)(self.name(container));
                    let attributes = self
                        .fields(container)
                        .map(|(key, value)| (key.to_owned(), self.attribute(&value, style)));
                    out.push_str(&format!("<{name}{}>", style.attributes(attributes)));
                    open.push(XmlStep::Text(format!("</{name}>")));
                    self.push_elements(container, &mut open);
                }
                TypeKind::XmlFragment | TypeKind::Array => self.push_elements(container, &mut open),
                TypeKind::XmlText | TypeKind::Text => {
                    let runs = match style.joins {
                        true => self.shown_runs(container),
                        false => self.delta(container),
                    };
                    for DeltaRun { insert, attributes } in runs.into_iter().rev() {
                        let tags: Vec<(String, String)> = attributes
                            .iter()
                            .map(|(tag, value)| (style.tag(tag), tag_attributes(value, style)))
                            .collect();
                        tags.iter()
                            .for_each(|(tag, _)| open.push(XmlStep::Text(format!("</{tag}>"))));
                        open.push(match insert {
                            Insert::Text(text) => XmlStep::Text((style.text)(&text)),
                            Insert::Embed(part) => XmlStep::Node(part),
                        });
                        tags.iter().rev().for_each(|(tag, attributes)| {
                            open.push(XmlStep::Text(format!("<{tag}{attributes}>")));
                        });
                    }
                }
                TypeKind::Map | TypeKind::XmlHook | TypeKind::Link => {
                    let json = self.json_text(container, JsonForm::WithinXml);
                    out.push_str(&(style.text)(&json));
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

    /// The value of an attribute as a string.
    fn attribute(&self, part: &SharedValue<'_>, style: &XmlStyle) -> String {
        match part {
            SharedValue::Value(value) => (style.value)(value),
            SharedValue::Type(container) if self.kind(*container).is_text() => {
                self.plain_text(*container)
            }
            SharedValue::Type(container) => self.json_text(*container, JsonForm::WithinXml),
            SharedValue::Document(guid) => (*guid).to_owned(),
            SharedValue::Deep(_) => "…".to_owned(),
        }
    }
}

impl XmlStyle {
    /// The name of a mark as that of a tag, unchanged as Yjs writes it.
    fn tag(&self, mark: &str) -> String {
        if self.is_distinct { (self.name)(mark) } else { mark.to_owned() }
    }

    /// Writes attributes. Each name is there once: a number tells those apart that became equal.
    fn attributes(&self, all: impl Iterator<Item = (String, String)>) -> String {
        let mut written: HashMap<String, usize> = HashMap::new();
        let mut out = String::new();
        for (key, value) in all {
            let is_kept = !self.is_distinct || is_defined(&key);
            let mut name = if is_kept { key } else { (self.name)(&key) };
            while self.is_distinct && written.contains_key(&name) {
                let count = written.entry(name.clone()).or_insert(1);
                *count = count.saturating_add(1);
                name = format!("{name}-{count}");
            }
            out.push_str(&format!(" {name}=\"{}\"", (self.attribute)(&value)));
            if self.is_distinct {
                written.insert(name, 1);
            }
        }
        out
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

/// A text, or a value in JSON.
fn told(value: &Value) -> String {
    match value {
        Value::Object(_) | Value::Map(_) | Value::List(_) | Value::Array(_) => {
            value.to_json().to_string()
        }
        other => shown(other),
    }
}

/// The value of a format as attributes of its tag: Yjs takes the characters of a text one by one.
fn tag_attributes(value: &Value, style: &XmlStyle) -> String {
    let mut pairs: Vec<(String, String)> = match value {
        Value::Object(fields) | Value::Map(fields) => {
            let pairs = fields.iter().map(|(key, value)| (key.clone(), (style.value)(value)));
            return style.attributes(pairs);
        }
        Value::List(items) | Value::Array(items) => {
            let items = items.iter().enumerate();
            items.map(|(at, value)| (at.to_string(), (style.value)(value))).collect()
        }
        Value::String(text) => {
            let units = text.encode_utf16().enumerate();
            units.map(|(at, unit)| (at.to_string(), String::from_utf16_lossy(&[unit]))).collect()
        }
        _ => Vec::new(),
    };
    pairs.sort();
    style.attributes(pairs.into_iter())
}

/// Returns a text with only such characters as XML can have, even as references.
fn allowed(text: &str) -> String {
    let is_allowed =
        |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..='\u{10ffff}');
    text.chars().map(|c| if is_allowed(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// XML parsers take line breaks and tabs in attributes for spaces, except as references.
fn on_one_line(text: &str) -> String {
    text.replace('\t', "&#x9;").replace('\n', "&#xa;").replace('\r', "&#xd;")
}

/// Returns a name with `_` for each character that a name cannot have; a colon would need a namespace.
fn well_formed_name(name: &str) -> String {
    let one = |c| if begins_name(c) || continues_name(c) { c } else { '_' };
    let written: String = name.chars().map(one).collect();
    match written.starts_with(begins_name) {
        true => written,
        false => format!("_{written}"),
    }
}

/// The attributes with a colon that XML itself defines.
fn is_defined(attribute: &str) -> bool {
    matches!(attribute, "xml:lang" | "xml:space" | "xml:id" | "xml:base")
}

fn begins_name(c: char) -> bool {
    let is_invisible = matches!(c,
        '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    !is_invisible
        && matches!(c,
            'A'..='Z' | '_' | 'a'..='z'
            | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
            | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}'
            | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}'
            | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

fn continues_name(c: char) -> bool {
    matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}')
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

//! JSON written or built token by token, so that deep nesting is never on the stack.

use crate::error::{Error, Result};
use crate::wire::Value;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::io::{self, Write};

/// How many levels are indented; deeper ones are on one line, so that a document of a million levels does not
/// produce quadratic indentation.
const INDENTED: usize = 64;

/// Takes JSON, token by token.
pub struct JsonOut<'w>(JsonTarget<'w>);

enum JsonTarget<'w> {
    /// Writes text.
    Text(JsonText<'w>),
    /// Builds a value.
    Value(&'w mut JsonBuilder),
}

/// Writes JSON, on one line or indented by two spaces.
struct JsonText<'w> {
    out: &'w mut dyn Write,
    indented: bool,
    /// Per open bracket, whether it is non-empty.
    open: Vec<bool>,
    after_key: bool,
}

impl JsonText<'_> {
    fn line(&mut self) -> io::Result<()> {
        if !self.indented || self.open.len() > INDENTED {
            return Ok(());
        }
        self.out.write_all(b"\n")?;
        self.open.iter().try_for_each(|_| self.out.write_all(b"  "))
    }

    /// Writes what precedes a value or a key.
    fn separate(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.after_key) {
            return Ok(());
        }
        let Some(filled) = self.open.last_mut() else { return Ok(()) };
        if std::mem::replace(filled, true) {
            self.out.write_all(b",")?;
        }
        self.line()
    }

    fn begin(&mut self, bracket: char) -> io::Result<()> {
        self.separate()?;
        self.open.push(false);
        write!(self.out, "{bracket}")
    }

    fn end(&mut self, bracket: char) -> io::Result<()> {
        let deep = self.open.len() > INDENTED;
        if self.open.pop().unwrap_or(false) && !deep {
            self.line()?;
        }
        write!(self.out, "{bracket}")
    }

    fn key(&mut self, key: &str) -> io::Result<()> {
        self.separate()?;
        serde_json::to_writer(&mut *self.out, key)?;
        self.out.write_all(if self.indented { b": " } else { b":" })?;
        self.after_key = true;
        Ok(())
    }

    fn scalar(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.separate()?;
        Ok(serde_json::to_writer(&mut *self.out, value)?)
    }
}

impl<'w> JsonOut<'w> {
    /// Creates a writer positioned at the start of a value.
    pub fn new(out: &'w mut dyn Write, indented: bool) -> Self {
        JsonOut(JsonTarget::Text(JsonText { out, indented, open: Vec::new(), after_key: false }))
    }

    /// Opens `{` or `[`.
    pub fn begin(&mut self, bracket: char) -> io::Result<()> {
        match &mut self.0 {
            JsonTarget::Text(text) => text.begin(bracket),
            JsonTarget::Value(builder) => {
                builder.begin(match bracket {
                    '{' => Json::Object(Map::new()),
                    _ => Json::Array(Vec::new()),
                });
                Ok(())
            }
        }
    }

    /// Closes with `}` or `]`.
    pub fn end(&mut self, bracket: char) -> io::Result<()> {
        match &mut self.0 {
            JsonTarget::Text(text) => text.end(bracket),
            JsonTarget::Value(builder) => {
                builder.end();
                Ok(())
            }
        }
    }

    /// Writes a key; its value comes next.
    pub fn key(&mut self, key: &str) -> io::Result<()> {
        match &mut self.0 {
            JsonTarget::Text(text) => text.key(key),
            JsonTarget::Value(builder) => {
                builder.key = Some(key.to_owned());
                Ok(())
            }
        }
    }

    /// Writes a text.
    pub fn string(&mut self, text: &str) -> io::Result<()> {
        match &mut self.0 {
            JsonTarget::Text(out) => out.scalar(&text),
            JsonTarget::Value(builder) => {
                builder.put(text.into());
                Ok(())
            }
        }
    }

    /// Writes a value that contains no others.
    pub fn scalar(&mut self, value: Json) -> io::Result<()> {
        match &mut self.0 {
            JsonTarget::Text(text) => text.scalar(&value),
            JsonTarget::Value(builder) => {
                builder.put(value);
                Ok(())
            }
        }
    }

    /// Writes JSON of any depth.
    pub fn json(&mut self, value: &Json) -> io::Result<()> {
        enum OpenJson<'j> {
            Items(std::slice::Iter<'j, Json>),
            Fields(serde_json::map::Iter<'j>),
        }
        let mut open: Vec<OpenJson<'_>> = Vec::new();
        let mut next = Some(value);
        loop {
            match next.take() {
                Some(Json::Array(items)) => {
                    self.begin('[')?;
                    open.push(OpenJson::Items(items.iter()));
                }
                Some(Json::Object(fields)) => {
                    self.begin('{')?;
                    open.push(OpenJson::Fields(fields.iter()));
                }
                Some(scalar) => self.scalar(scalar.clone())?,
                None => {}
            }
            let (closing, inner) = match open.last_mut() {
                None => return Ok(()),
                Some(OpenJson::Items(items)) => (']', items.next()),
                Some(OpenJson::Fields(fields)) => match fields.next() {
                    Some((key, inner)) => {
                        self.key(key)?;
                        ('}', Some(inner))
                    }
                    None => ('}', None),
                },
            };
            match inner {
                Some(_) => next = inner,
                None => {
                    open.pop();
                    self.end(closing)?;
                }
            }
        }
    }

    /// Writes a plain value. Recursion is bounded: deeper values were not read as plain ones.
    pub fn value(&mut self, value: &Value) -> io::Result<()> {
        match value {
            Value::Object(fields) | Value::Map(fields) => {
                self.begin('{')?;
                for (key, inner) in fields {
                    self.key(key)?;
                    self.value(inner)?;
                }
                self.end('}')
            }
            Value::List(items) | Value::Array(items) => {
                self.begin('[')?;
                items.iter().try_for_each(|inner| self.value(inner))?;
                self.end(']')
            }
            other => self.scalar(other.to_json()),
        }
    }
}

/// A value of any depth: dropping it takes no stack either.
#[derive(Debug, Default)]
pub struct DeepJson(Json);

impl DeepJson {
    /// Returns the value. Code that recurses through it must check its depth first.
    pub fn get(&self) -> &Json {
        &self.0
    }
}

impl From<Json> for DeepJson {
    fn from(value: Json) -> Self {
        DeepJson(value)
    }
}

impl Drop for DeepJson {
    fn drop(&mut self) {
        take_apart(vec![std::mem::take(&mut self.0)]);
    }
}

/// Drops values level by level.
fn take_apart(mut left: Vec<Json>) {
    while let Some(value) = left.pop() {
        match value {
            Json::Array(items) => left.extend(items),
            Json::Object(fields) => left.extend(fields.into_iter().map(|(_, inner)| inner)),
            _ => {}
        }
    }
}

/// Returns the value that `write` writes.
pub fn built(write: impl FnOnce(&mut JsonOut<'_>) -> io::Result<()>) -> Result<DeepJson> {
    let mut builder = JsonBuilder::default();
    write(&mut JsonOut(JsonTarget::Value(&mut builder)))
        .map_err(|e| Error::bug("content does not encode").because(e))?;
    Ok(DeepJson(std::mem::take(&mut builder.whole)))
}

/// A value under construction.
#[derive(Default)]
struct JsonBuilder {
    /// The open containers, each with its key in the container around it.
    open: Vec<(Option<String>, Json)>,
    /// The key of the next value.
    key: Option<String>,
    whole: Json,
}

impl JsonBuilder {
    fn begin(&mut self, empty: Json) {
        self.open.push((self.key.take(), empty));
    }

    fn put(&mut self, value: Json) {
        match (self.open.last_mut(), self.key.take()) {
            (Some((_, Json::Array(items))), _) => items.push(value),
            (Some((_, Json::Object(fields))), Some(key)) => {
                // The bytes may contain one key twice.
                take_apart(fields.insert(key, value).into_iter().collect());
            }
            _ => self.whole = value,
        }
    }

    fn end(&mut self) {
        if let Some((key, value)) = self.open.pop() {
            self.key = key;
            self.put(value);
        }
    }
}

impl Drop for JsonBuilder {
    fn drop(&mut self) {
        let open = self.open.drain(..).map(|(_, value)| value);
        take_apart(open.chain([std::mem::take(&mut self.whole)]).collect());
    }
}

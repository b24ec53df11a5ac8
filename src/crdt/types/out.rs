//! JSON as it is written, token by token: what is nested deep is never on the stack.

use crate::wire::Value;
use std::io::{self, Write};

/// Levels that are indented; what is nested deeper stands on one line, so that a document of a
/// million levels is no square of spaces.
const INDENTED: usize = 64;

/// Writes JSON, on one line or indented by two spaces.
pub struct JsonOut<'w> {
    out: &'w mut dyn Write,
    indented: bool,
    /// Per open bracket, whether something stands in it.
    open: Vec<bool>,
    after_key: bool,
}

impl<'w> JsonOut<'w> {
    /// A writer at the beginning of a value.
    pub fn new(out: &'w mut dyn Write, indented: bool) -> Self {
        JsonOut { out, indented, open: Vec::new(), after_key: false }
    }

    fn line(&mut self) -> io::Result<()> {
        if !self.indented || self.open.len() > INDENTED {
            return Ok(());
        }
        self.out.write_all(b"\n")?;
        self.open.iter().try_for_each(|_| self.out.write_all(b"  "))
    }

    /// What stands before a value or a key.
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

    /// Opens `{` or `[`.
    pub fn begin(&mut self, bracket: char) -> io::Result<()> {
        self.separate()?;
        self.open.push(false);
        write!(self.out, "{bracket}")
    }

    /// Closes with `}` or `]`.
    pub fn end(&mut self, bracket: char) -> io::Result<()> {
        let deep = self.open.len() > INDENTED;
        if self.open.pop().unwrap_or(false) && !deep {
            self.line()?;
        }
        write!(self.out, "{bracket}")
    }

    /// A key; its value comes next.
    pub fn key(&mut self, key: &str) -> io::Result<()> {
        self.separate()?;
        serde_json::to_writer(&mut *self.out, key)?;
        self.out.write_all(if self.indented { b": " } else { b":" })?;
        self.after_key = true;
        Ok(())
    }

    /// A text.
    pub fn string(&mut self, text: &str) -> io::Result<()> {
        self.separate()?;
        Ok(serde_json::to_writer(&mut *self.out, text)?)
    }

    /// A token that is JSON already.
    pub fn raw(&mut self, token: &str) -> io::Result<()> {
        self.separate()?;
        self.out.write_all(token.as_bytes())
    }

    /// A plain value. Recursion is bounded: what is nested deeper was not read as one.
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
            other => self.raw(&other.to_json().to_string()),
        }
    }
}

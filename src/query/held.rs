//! The content of a field: usually what the schema says, but sometimes what another program put there
//! instead.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::ops::Deref;

/// The content of a text field. It reads as its text, or as the empty text if the value is missing or of
/// another type; [`Text::json`] tells those apart, and serialising it loses nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(Value);

impl Text {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }

    /// Returns the value as it is in the document: null if there is none.
    pub fn json(&self) -> &Value {
        &self.0
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

/// The content of a number field. It reads as its number, or as 0 if the value is missing or of another type;
/// serialising it loses nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Numeric(Value);

impl Numeric {
    /// Returns the number.
    pub fn as_f64(&self) -> f64 {
        self.0.as_f64().unwrap_or(0.0)
    }

    /// Returns the number if it is an integer, else 0.
    pub fn as_i64(&self) -> i64 {
        self.0.as_i64().unwrap_or(0)
    }

    /// Returns the value as it is in the document.
    pub fn json(&self) -> &Value {
        &self.0
    }
}

impl From<Value> for Text {
    fn from(value: Value) -> Text {
        Text(value)
    }
}

impl From<Value> for Numeric {
    fn from(value: Value) -> Numeric {
        Numeric(value)
    }
}

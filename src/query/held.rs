//! What a field holds: mostly what the schema says, and now and then what another program put
//! there instead.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::ops::Deref;

/// What a field of text holds. It reads as its text, and as the empty one where nothing is there or
/// anything else; [`Text::json`] tells them apart, and serialising it loses nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(Value);

impl Text {
    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }

    /// The value as it stands in the document: null where there is none.
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

/// What a field with a number holds. It reads as its number, and as 0 where nothing is there or
/// anything else; serialising it loses nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Numeric(Value);

impl Numeric {
    /// The number.
    pub fn as_f64(&self) -> f64 {
        self.0.as_f64().unwrap_or(0.0)
    }

    /// The number where it is a whole one, else 0.
    pub fn as_i64(&self) -> i64 {
        self.0.as_i64().unwrap_or(0)
    }

    /// The value as it stands in the document.
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

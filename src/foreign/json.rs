//! JSON, as far as it can hold bytes.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A JSON value. An array of bytes takes one byte for each of them; most bytes in JSON are in one.
pub enum JsonPart {
    /// An array of bytes, or what JavaScript makes of a `Uint8Array`: an object with them under `0`, `1`, ….
    Bytes(Vec<u8>),
    Text(String),
    /// An array of anything else.
    List(Vec<JsonPart>),
    Fields(Vec<(String, JsonPart)>),
    /// A number that is a byte.
    Byte(u8),
    /// Any other number, or what is neither text nor number.
    Other,
}

impl JsonPart {
    /// Parses a text; `None` if it is not JSON, or more than 128 levels deep.
    pub fn parse(text: &str) -> Option<JsonPart> {
        serde_json::from_str(text).ok()
    }

    /// Returns the value of a field.
    pub fn field<'j>(fields: &'j [(String, JsonPart)], wanted: &str) -> Option<&'j JsonPart> {
        // As in JavaScript, the last of them counts.
        fields.iter().rev().find(|(key, _)| key == wanted).map(|(_, value)| value)
    }
}

impl<'de> Deserialize<'de> for JsonPart {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyPart)
    }
}

struct AnyPart;

impl<'de> Visitor<'de> for AnyPart {
    type Value = JsonPart;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<JsonPart, E> {
        Ok(JsonPart::Text(text.to_owned()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<JsonPart, E> {
        Ok(u8::try_from(number).map_or(JsonPart::Other, JsonPart::Byte))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<JsonPart, E> {
        Ok(JsonPart::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<JsonPart, E> {
        Ok(JsonPart::Other)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<JsonPart, E> {
        Ok(JsonPart::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<JsonPart, E> {
        Ok(JsonPart::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<JsonPart, A::Error> {
        let mut bytes = Vec::new();
        let other = loop {
            match items.next_element()? {
                Some(JsonPart::Byte(byte)) => bytes.push(byte),
                Some(other) => break other,
                None => return Ok(JsonPart::Bytes(bytes)),
            }
        };
        let mut list: Vec<JsonPart> = bytes.into_iter().map(JsonPart::Byte).collect();
        list.push(other);
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(JsonPart::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<JsonPart, A::Error> {
        let mut bytes = Vec::new();
        let mut fields = Vec::new();
        while let Some((key, value)) = items.next_entry::<String, JsonPart>()? {
            match value {
                JsonPart::Byte(byte) if fields.is_empty() && key == bytes.len().to_string() => {
                    bytes.push(byte);
                }
                value => fields.push((key, value)),
            }
        }
        Ok(match fields.is_empty() && !bytes.is_empty() {
            true => JsonPart::Bytes(bytes),
            // Single bytes are nothing by themselves.
            false => JsonPart::Fields(fields),
        })
    }
}

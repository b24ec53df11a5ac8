//! Key-value stores: how y-leveldb and yrs-kvstore (y-sweet, and others based on Yrs) lay out documents in
//! them.

use super::super::identified::{Depth, Identified};
use super::collector::{Collector, database};
use crate::wire::ByteReader;
use std::collections::BTreeMap;

/// Sorted keys with their values.
pub type KeyValues = BTreeMap<Vec<u8>, Vec<u8>>;

/// Returns the documents among keys and values; `what` is the store.
pub fn documents(what: &str, pairs: &KeyValues, depth: Depth<'_>) -> Option<Identified> {
    y_leveldb(what, pairs, depth).or_else(|| kvstore(what, pairs, depth))
}

/// A part of a key of y-leveldb.
enum KeyPart<'a> {
    Text(&'a str),
    /// A number, in four bytes.
    Number,
}

fn parts(key: &[u8]) -> Option<Vec<KeyPart<'_>>> {
    let mut reader = ByteReader::at(key, 0);
    let mut parts = Vec::new();
    while reader.left() > 0 {
        parts.push(match reader.byte().ok()? {
            0 => KeyPart::Text(reader.text().ok()?),
            1 => reader.take(4).ok().map(|_| KeyPart::Number)?,
            _ => return None,
        });
    }
    Some(parts)
}

/// `["v1", name, "update", clock]` is an update; metadata and state vectors are skipped.
fn y_leveldb(what: &str, pairs: &KeyValues, depth: Depth<'_>) -> Option<Identified> {
    let mut found = Collector::new(depth)?;
    for (key, value) in pairs {
        let Some(parts) = parts(key) else { continue };
        if let [
            KeyPart::Text("v1"),
            KeyPart::Text(name),
            KeyPart::Text("update"),
            KeyPart::Number,
        ] = parts.as_slice()
        {
            found.add(Some(name), value, None)?;
        }
    }
    database(format!("{what} of y-leveldb"), found.into_documents())
}

/// `0 0 name 0` maps to a number; `0 1 number 0` is the state of that document, `0 1 number 2 clock 0` an
/// update of it.
fn kvstore(what: &str, pairs: &KeyValues, depth: Depth<'_>) -> Option<Identified> {
    let mut names: BTreeMap<&[u8], &str> = BTreeMap::new();
    let mut found = Collector::new(depth)?;
    for (key, value) in pairs {
        match key.as_slice() {
            [0, 0, name @ .., 0] => {
                names.insert(value, std::str::from_utf8(name).ok()?);
            }
            [0, 1, number @ .., 0] if number.len() == 4 => {
                found.add(names.get(number).copied(), value, None)?;
            }
            [0, 1, a, b, c, d, 2, _, _, _, _, 0] => {
                found.add(names.get([*a, *b, *c, *d].as_slice()).copied(), value, None)?;
            }
            _ => {}
        }
    }
    database(what, found.into_documents())
}

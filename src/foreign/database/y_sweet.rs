//! The `data.ysweet` of y-sweet: the keys and values of a document in sequence, each prefixed with its length
//! in eight bytes (bincode).

use super::super::identified::{Depth, Identified};
use super::keys::{self, KeyValues};
use crate::wire::ByteReader;

/// Returns the contents of a file of y-sweet.
pub fn y_sweet(bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    let mut reader = ByteReader::at(bytes, 0);
    let count = length(&mut reader)?;
    let mut pairs = KeyValues::new();
    for _ in 0..count {
        let key = next(&mut reader)?;
        // Other kinds of keys do not occur in y-sweet.
        if key.first() != Some(&0) {
            return None;
        }
        pairs.insert(key.to_vec(), next(&mut reader)?.to_vec());
    }
    (reader.left() == 0).then(|| keys::documents("y-sweet", &pairs, depth)).flatten()
}

fn length(reader: &mut ByteReader<'_>) -> Option<usize> {
    usize::try_from(u64::from_le_bytes(reader.take(8).ok()?.try_into().ok()?)).ok()
}

fn next<'a>(reader: &mut ByteReader<'a>) -> Option<&'a [u8]> {
    let length = length(reader)?;
    reader.take(length).ok()
}

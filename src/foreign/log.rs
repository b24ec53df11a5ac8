//! Logs: several updates in one file.

use super::bare::v2;
use super::identified::{Identified, KeptUpdate};
use super::message;
use crate::wire::{ByteReader, Update};
use std::sync::Arc;

/// Updates one right after the other: each says itself where it ends.
pub fn concatenated(bytes: &[u8]) -> Option<Identified> {
    let mut steps = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = match Update::walk(rest) {
            Ok(_) => rest.len(),
            // What follows is found where this one was read to its end.
            Err(fault) if fault.rule == "trailing" => fault.offset,
            Err(_) => return None,
        };
        let (update, after) = rest.split_at_checked(end)?;
        steps.push(KeptUpdate { update: update.to_vec().into(), at: None });
        rest = after;
    }
    // Zeros are empty updates, too, and a file of zeros is nothing.
    let holds = |step: &KeptUpdate| step.update.iter().any(|byte| *byte != 0);
    (steps.len() > 1 && steps.iter().any(holds))
        .then(|| Identified::log("updates one after the other", steps))
}

/// Updates, each behind its length as a varint.
pub fn varint(bytes: &[u8]) -> Option<Identified> {
    let steps = behind_lengths(bytes, |reader| usize::try_from(reader.var().ok()?).ok())?;
    Some(Identified::log("updates behind their lengths (varint)", steps))
}

/// Updates, each behind its length in four bytes, the highest first.
pub fn u32_be(bytes: &[u8]) -> Option<Identified> {
    let steps = behind_lengths(bytes, |reader| four(reader).map(u32::from_be_bytes).map(wide))?;
    Some(Identified::log("updates behind their lengths (u32, big-endian)", steps))
}

/// The same, the lowest first.
pub fn u32_le(bytes: &[u8]) -> Option<Identified> {
    let steps = behind_lengths(bytes, |reader| four(reader).map(u32::from_le_bytes).map(wide))?;
    Some(Identified::log("updates behind their lengths (u32, little-endian)", steps))
}

fn four(reader: &mut ByteReader<'_>) -> Option<[u8; 4]> {
    reader.take(4).ok()?.try_into().ok()
}

fn wide(n: u32) -> usize {
    n as usize
}

fn behind_lengths(
    bytes: &[u8],
    length: impl Fn(&mut ByteReader<'_>) -> Option<usize>,
) -> Option<Vec<KeptUpdate>> {
    let mut reader = ByteReader::at(bytes, 0);
    let mut steps = Vec::new();
    while reader.left() > 0 {
        let length = length(&mut reader)?;
        let update = as_update(reader.take(length).ok()?)?;
        steps.push(KeptUpdate { update: update.into(), at: None });
    }
    (!steps.is_empty()).then_some(steps)
}

/// Bytes that are one update, whatever is around it.
fn as_update(bytes: &[u8]) -> Option<Vec<u8>> {
    if Update::walk(bytes).is_ok() {
        return Some(bytes.to_vec());
    }
    let found = v2(bytes).or_else(|| message::outer(bytes)).or_else(|| message::inner(bytes))?;
    Some(Arc::unwrap_or_clone(found.steps()?.pop()?.update))
}

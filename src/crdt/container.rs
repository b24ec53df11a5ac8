//! Containers, created once (rules R2 and R3).
//!
//! Two replicas that create a map under one key at once lose one of the two, with all its fields.
//! Records with a minted id have one creator (R1). A record whose key several replicas can create
//! is created *deterministically* here: as the same items everywhere, so there is only one.

use super::doc::{Doc, Txn};
use super::value::{Source, Value};
use super::view::View;
use crate::error::{Error, Result};
use crate::id::DocId;
use crate::limits;

/// A field that a deterministic record is born with. Nothing in it may vary between replicas.
#[derive(Debug, Clone, Copy)]
pub enum Fixed<'a> {
    Text(&'static str, &'a str),
    Flag(&'static str, bool),
    /// An empty map.
    Map(&'static str),
}

/// Creates the record `root`/`key` as the same items on every replica (rule R2), unless it is
/// there. True when it was created.
///
/// # Errors
/// `Refused` when the key was pruned and used again too often.
pub fn create(
    txn: &mut Txn<'_>,
    doc: &DocId,
    root: &str,
    key: &str,
    fixed: &[Fixed<'_>],
) -> Result<bool> {
    if txn.exists(&[root, key]) {
        return Ok(false);
    }
    for generation in 0..limits::GENERATIONS {
        let client = genesis_client(doc, root, key, generation);
        if txn.knows_client(client) {
            continue;
        }
        txn.apply_own(&genesis(client, |txn| fill(txn, root, key, fixed))?)?;
        // Born dead when another program had used the key under a higher client id: a map shows
        // the item with the highest. The next generation is higher.
        if txn.exists(&[root, key]) {
            return Ok(true);
        }
    }
    Err(Error::refused(format!("{key} was removed and added again too often in {doc}"))
        .hint(format!("at most {} times; use another id", limits::GENERATIONS - 1)))
}

/// Makes what `make` makes as the same items on every replica, once in the life of a document:
/// `root` and `name` say what it is. Whoever removes it later keeps it removed. True when it was
/// made.
///
/// `make` must do the same whenever and wherever it runs, and in every version of the program.
pub fn create_once(
    txn: &mut Txn<'_>,
    doc: &DocId,
    root: &str,
    name: &str,
    make: impl FnOnce(&mut Txn<'_>) -> Result<()>,
) -> Result<bool> {
    let client = genesis_client(doc, root, name, 0);
    if txn.knows_client(client) {
        return Ok(false);
    }
    txn.apply_own(&genesis(client, make)?)?;
    Ok(true)
}

/// Whether a client may be one that only creates containers: programs that draw 53 bits at random
/// have such ids too.
pub fn is_genesis(client: u64) -> bool {
    client >> 48 > 0
}

/// The client id of a generation: its number stands in the high bits, so that a later one wins.
pub(super) fn genesis_client(doc: &DocId, root: &str, key: &str, generation: u64) -> u64 {
    let mut hasher = blake3::Hasher::new();
    // Each part with its length, so that no two triples give the same bytes.
    for part in ["crdtctl genesis 1", doc.as_str(), root, key] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let low = hasher.finalize().as_bytes().iter().take(6).fold(0u64, |n, b| n << 8 | u64::from(*b));
    ((generation + 1) << 48) | low
}

/// The update of one transaction in a document of its own.
fn genesis(client: u64, make: impl FnOnce(&mut Txn<'_>) -> Result<()>) -> Result<Vec<u8>> {
    let mut doc = Doc::new(client);
    doc.edit(make)?;
    doc.updates().last().cloned().ok_or_else(|| Error::bug("a genesis without an update"))
}

fn fill(txn: &mut Txn<'_>, root: &str, key: &str, fixed: &[Fixed<'_>]) -> Result<()> {
    txn.create_map(&[root], key)?;
    for field in fixed {
        match field {
            Fixed::Text(name, text) => txn.set(&[root, key], name, *text)?,
            Fixed::Flag(name, flag) => txn.set(&[root, key], name, *flag)?,
            Fixed::Map(name) => txn.create_map(&[root, key], name)?,
        }
    }
    Ok(())
}

/// What the container at a path held before it was replaced by another item (rule R3); None when
/// the same container is there still, or none at all.
pub fn replaced(before: &View, after: &View, path: &[&str]) -> Option<Value> {
    let old = before.container(path)?;
    let new = after.container(path)?;
    if old == new { None } else { before.value(path) }
}

/// Unites the elements of a replaced container into the one that took its place: keys that a map
/// lacks, values that an array lacks. Returns how many were added.
pub fn unite(txn: &mut Txn<'_>, path: &[&str], old: &Value) -> Result<usize> {
    let mut added = 0;
    match old {
        Value::Map(fields) => {
            for (key, value) in fields {
                let inner: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
                match (value, txn.value(&inner)) {
                    (Value::Map(_) | Value::Array(_), Some(present)) => {
                        share(txn, path, key, value, &present)?;
                        added += unite(txn, &inner, value)?;
                    }
                    (Value::Array(_), None) => {
                        txn.create_array(path, key)?;
                        added += unite(txn, &inner, value)?;
                    }
                    (Value::Map(_), None) => {
                        txn.create_map(path, key)?;
                        added += unite(txn, &inner, value)?;
                    }
                    (_, Some(_)) => {}
                    (plain, None) => {
                        txn.set(path, key, plain)?;
                        added += 1;
                    }
                }
            }
        }
        Value::Array(items) => {
            let present = txn.value(path);
            let present = present.as_ref().and_then(Value::as_array).unwrap_or(&[]).to_vec();
            for item in items.iter().filter(|item| !present.contains(item)) {
                txn.push(path, item)?;
                added += 1;
            }
        }
        _ => {}
    }
    Ok(added)
}

/// Makes the container that `like` is of what another program put there as a plain value.
fn share(txn: &mut Txn<'_>, path: &[&str], key: &str, like: &Value, plain: &Value) -> Result<()> {
    let inner: Vec<&str> = path.iter().copied().chain([key]).collect();
    if txn.shared(&inner).is_some() {
        return Ok(());
    }
    match like {
        Value::Array(_) => {
            txn.create_array(path, key)?;
            let items = plain.as_array().unwrap_or_default();
            items.iter().try_for_each(|item| txn.push(&inner, item))
        }
        _ => {
            txn.create_map(path, key)?;
            let mut fields = plain.as_map().into_iter().flatten();
            fields.try_for_each(|(name, field)| txn.set(&inner, name, field))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc_id() -> DocId {
        DocId::parse("group:test:core").unwrap()
    }

    const FIXED: [Fixed<'static>; 3] = [
        Fixed::Text("member_id", "alice"),
        Fixed::Flag("deleted", false),
        Fixed::Map("ack_vector"),
    ];

    #[test]
    fn the_same_record_is_the_same_bytes_everywhere() {
        let client = genesis_client(&doc_id(), "members", "alice", 0);
        let first = genesis(client, |txn| fill(txn, "members", "alice", &FIXED)).unwrap();
        assert_eq!(first, genesis(client, |txn| fill(txn, "members", "alice", &FIXED)).unwrap());
        assert_eq!(client >> 48, 1);
        assert_eq!(genesis_client(&doc_id(), "members", "alice", 30) >> 48, 31);
    }

    #[test]
    fn a_pruned_key_comes_to_life_again_in_the_next_generation() {
        let mut doc = Doc::new(7);
        for round in 0..limits::GENERATIONS {
            let made = doc
                .edit(|txn| create(txn, &doc_id(), "members", "alice", &FIXED))
                .unwrap_or_else(|e| panic!("generation {round}: {e}"));
            assert!(made, "generation {round}");
            let again = doc.edit(|txn| create(txn, &doc_id(), "members", "alice", &FIXED)).unwrap();
            assert!(!again);
            doc.edit(|txn| txn.remove(&["members"], "alice")).unwrap();
        }
        let refused = doc.edit(|txn| create(txn, &doc_id(), "members", "alice", &FIXED));
        assert_eq!(refused.unwrap_err().kind, crate::error::Kind::Refused);
    }

    #[test]
    fn a_key_that_another_program_used_under_a_high_client_id_can_be_used_again() {
        let mut doc = Doc::new((5 << 48) + 17);
        doc.edit(|txn| txn.create_map(&["members"], "alice")).unwrap();
        doc.edit(|txn| txn.remove(&["members"], "alice")).unwrap();
        assert!(doc.edit(|txn| create(txn, &doc_id(), "members", "alice", &FIXED)).unwrap());
        let text = doc.read(|source| source.text(&["members", "alice", "member_id"]));
        assert_eq!(text.as_deref(), Some("alice"));
    }
}

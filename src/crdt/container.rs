//! Containers, created once (rules R2 and R3).
//!
//! If two replicas concurrently create a map under one key, one of the two is lost with all its fields.
//! Records with a minted id have one creator (R1). A record whose key several replicas can create is created
//! *deterministically* here: as the same items everywhere, so there is only one.

use super::content::{self, Content, Stand};
use super::doc::Doc;
use super::txn::Txn;
use crate::crdt::source::Source;
use crate::error::{Error, Result};
use crate::id::DocId;
use crate::limits;
use crate::wire::{Id, Record, Value, write_var};

/// A field that a deterministic record is created with. It must not vary between replicas.
#[derive(Debug, Clone, Copy)]
pub enum Fixed<'a> {
    /// The field's name and its text.
    Text(&'static str, &'a str),
    /// The field's name and its boolean value.
    Flag(&'static str, bool),
    /// An empty map.
    Map(&'static str),
}

/// Creates the record `root`/`key` as the same items on every replica (rule R2), unless it exists. Returns
/// true if it was created.
///
/// # Errors
/// `Refused` when the key was pruned and reused too often.
pub fn create(
    txn: &mut Txn<'_>,
    doc: &DocId,
    root: &str,
    key: &str,
    fixed: &[Fixed<'_>],
) -> Result<bool> {
    create_again(txn, doc, root, key, fixed, 0)
}

/// Like [`create`], for a record that existed before and was removed: uses generation `first` or later.
///
/// # Errors
/// As [`create`].
pub fn create_again(
    txn: &mut Txn<'_>,
    doc: &DocId,
    root: &str,
    key: &str,
    fixed: &[Fixed<'_>],
    first: u64,
) -> Result<bool> {
    create_by(txn, doc, root, key, first, |txn| fill(txn, root, key, fixed))
}

fn create_by(
    txn: &mut Txn<'_>,
    doc: &DocId,
    root: &str,
    key: &str,
    first: u64,
    make: impl Fn(&mut Txn<'_>) -> Result<()>,
) -> Result<bool> {
    if txn.exists(&[root, key]) {
        return Ok(false);
    }
    for generation in first..limits::GENERATIONS {
        let client = genesis_client(doc, root, key, generation);
        if txn.knows_client(client) {
            continue;
        }
        txn.apply_new(root, key, &genesis(client, &make)?)?;
        // The record is dead at once if another program used the key under a higher client id, because a map
        // shows the item with the highest one. The next generation is higher.
        if txn.exists(&[root, key]) {
            return Ok(true);
        }
    }
    Err(Error::refused(format!("{key} was removed and added again too often in {doc}"))
        .hint(format!("at most {} times; use another id", limits::GENERATIONS - 1)))
}

/// Creates `root`/`key` with all its content as the same items on every replica that creates the same (rule
/// R2), unless it exists. Returns true if it was created.
///
/// # Errors
/// As [`create`].
pub fn create_content(
    txn: &mut Txn<'_>,
    doc: &DocId,
    root: &str,
    key: &str,
    content: &Content,
) -> Result<bool> {
    create_by(txn, doc, root, key, 0, |txn| txn.put(&[root], key, content))
}

/// Replaces a plain value by shared types, as the same items on every replica that does so (rule R2):
/// replicas that do it concurrently make one thing, and nothing written into it meanwhile is lost. Returns
/// true if it did.
///
/// The items depend on the unit they replace and on `content`, which must be the same whenever and wherever
/// it is derived from that unit, and in every version of the program.
///
/// # Errors
/// `Refused` if the other program's client id is higher than any of ours.
pub fn replace(txn: &mut Txn<'_>, doc: &DocId, stand: &Stand, content: &Content) -> Result<bool> {
    let path: Vec<&str> = stand.path.iter().map(String::as_str).collect();
    let key = path.last().filter(|_| stand.keyed).copied().unwrap_or_default();
    let unit = format!("{}:{} {key}", stand.unit.client, stand.unit.clock);
    for generation in 0..limits::GENERATIONS {
        let client = genesis_client(doc, "plain value 1", &unit, generation);
        if txn.knows_client(client) {
            if stand.keyed {
                continue;
            }
            return Ok(false);
        }
        txn.apply_own(&content::update(client, stand, content))?;
        // Dead at once if the value was written under a higher client id; see [`create`].
        if !stand.keyed || txn.shared(&path) == content.shared() {
            return Ok(true);
        }
    }
    Err(Error::refused(format!("{} cannot be rewritten", stand.path.join("/")))
        .because("the program that wrote it used a client id higher than any of ours")
        .hint("let that program write it as a shared type"))
}

/// Runs `make` so that its items are the same on every replica, once in the life of a document: `root` and
/// `name` identify what it makes. If it is removed later, it stays removed. Returns true if it was made.
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

/// The first id of clients that only create containers; replicas write under lower ones.
pub const FIRST_GENESIS: u64 = 1 << 48;

/// Whether a client may be one that only creates containers. Programs that draw 53 random bits have client
/// ids in this range too.
pub fn is_genesis(client: u64) -> bool {
    client >= FIRST_GENESIS
}

/// Returns the generation of the record `root`/`key` that an item begins, or `None` if it is none of ours.
pub fn generation(doc: &DocId, root: &str, key: &str, item: Id) -> Option<u64> {
    let generation = (item.client >> 48).checked_sub(1)?;
    let is_it = item.clock == 0 && item.client == genesis_client(doc, root, key, generation);
    is_it.then_some(generation)
}

/// The client id of a generation. The generation number is in the high bits, so that a later one wins.
fn genesis_client(doc: &DocId, root: &str, key: &str, generation: u64) -> u64 {
    let mut hasher = blake3::Hasher::new();
    // Each part is preceded by its length, so that no two triples give the same bytes.
    for part in ["crdtctl genesis 1", doc.as_str(), root, key] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let low = hasher.finalize().as_bytes().iter().take(6).fold(0u64, |n, b| n << 8 | u64::from(*b));
    ((generation + 1) << 48) | low
}

/// Returns the update of one transaction in an empty document.
fn genesis(client: u64, make: impl FnOnce(&mut Txn<'_>) -> Result<()>) -> Result<Vec<u8>> {
    framed(client, &[0, 0], make)
}

/// Like [`genesis`], in a document that holds `state`.
fn framed(
    client: u64,
    state: &[u8],
    make: impl FnOnce(&mut Txn<'_>) -> Result<()>,
) -> Result<Vec<u8>> {
    let mut doc = Doc::new(client);
    doc.edit(|txn| txn.apply_own(state))?;
    doc.edit(make)?;
    doc.updates()
        .last()
        .map(|update| update.to_vec())
        .ok_or_else(|| Error::bug("a genesis without an update"))
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

/// Copies a record from a replaced container into its replacement: under a key of a map, or into an array.
/// Equal copies are made as the same items, so the record is copied once. Returns false if the document had
/// this copy before and lost it: somebody removed it.
///
/// # Errors
/// `Corrupt` when there is no container at the parent path.
pub fn copy(txn: &mut Txn<'_>, doc: &DocId, path: &[&str], value: &Value) -> Result<bool> {
    let Some((key, parent)) = path.split_last() else { return Ok(false) };
    let Some(owner) = txn.created_by(parent) else {
        return Err(Error::corrupt(format!("no container at {}", parent.join("/"))));
    };
    let name = copy_name(owner, value);
    let frame = frame(owner, txn.is_array(parent));
    for generation in 0..limits::GENERATIONS {
        let client = genesis_client(doc, &name, key, generation);
        if txn.knows_client(client) {
            return Ok(false);
        }
        txn.apply_own(&framed(client, &frame, |txn| txn.put_value(&[FRAME, FRAME], key, value))?)?;
        if txn.is_array(parent) || txn.exists(path) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Root and key of the container in the document that [`frame`] makes.
const FRAME: &str = "x";

/// Returns an update with the container that an item created; everything before it is marked as collected.
fn frame(owner: Id, array: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let blocks = if owner.clock > 0 { 2 } else { 1 };
    for n in [1, blocks, owner.client, 0] {
        write_var(&mut out, n);
    }
    if owner.clock > 0 {
        out.push(0);
        write_var(&mut out, u64::from(owner.clock));
    }
    // A type under a key of a root.
    out.extend([0x27, 1, 1]);
    out.extend(FRAME.as_bytes());
    out.push(1);
    out.extend(FRAME.as_bytes());
    out.push(u8::from(!array));
    // The delete set is empty.
    out.push(0);
    out
}

/// Names a copy by the container it goes into and by its whole content.
fn copy_name(owner: Id, value: &Value) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&owner.client.to_le_bytes());
    hasher.update(&owner.clock.to_le_bytes());
    digest(&mut hasher, value);
    format!("copy {}", hasher.finalize().to_hex())
}

/// Hashes each value as a letter for its type, followed by its length if it has one. Recursion is bounded:
/// the check refused deeper nesting.
fn digest(hasher: &mut blake3::Hasher, value: &Value) {
    let (letter, bytes): (u8, Vec<u8>) = match value {
        Value::Null => (b'0', Vec::new()),
        Value::Undefined => (b'u', Vec::new()),
        Value::Bool(b) => (b'b', vec![u8::from(*b)]),
        Value::Int(n) => (b'i', n.to_le_bytes().to_vec()),
        Value::BigInt(n) => (b'g', n.to_le_bytes().to_vec()),
        Value::Number(n) => (b'n', n.to_bits().to_le_bytes().to_vec()),
        Value::String(text) => (b's', text.as_bytes().to_vec()),
        Value::Text(text) => (b't', text.as_bytes().to_vec()),
        Value::Bytes(bytes) => (b'y', bytes.clone()),
        Value::Map(_) => (b'm', Vec::new()),
        Value::Object(_) => (b'o', Vec::new()),
        Value::Array(_) => (b'a', Vec::new()),
        Value::List(_) => (b'l', Vec::new()),
    };
    let below = value.as_map().map_or(0, Record::len) + value.as_array().map_or(0, <[_]>::len);
    hasher.update(&[letter]);
    hasher.update(&((bytes.len() + below) as u64).to_le_bytes());
    hasher.update(&bytes);
    for (key, field) in value.as_map().into_iter().flatten() {
        hasher.update(&(key.len() as u64).to_le_bytes());
        hasher.update(key.as_bytes());
        digest(hasher, field);
    }
    value.as_array().unwrap_or(&[]).iter().for_each(|item| digest(hasher, item));
}

/// Merges the elements of a replaced container into its replacement: keys that the map lacks, values that the
/// array lacks. Array elements with an `id` are added once per id.
///
/// # Errors
/// As [`copy`].
pub fn unite(txn: &mut Txn<'_>, doc: &DocId, path: &[&str], old: &Value) -> Result<()> {
    let present = txn.value(path);
    match (old, present) {
        (Value::Map(fields), Some(Value::Map(present))) => {
            for (key, value) in fields {
                let inner: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
                match (value, present.get(key)) {
                    (Value::Map(_) | Value::Array(_), Some(present)) => {
                        share(txn, path, key, value, present)?;
                        unite(txn, doc, &inner, value)?;
                    }
                    (Value::Map(_) | Value::Array(_), None) => {
                        copy(txn, doc, &inner, value)?;
                    }
                    (_, Some(_)) => {}
                    (plain, None) => txn.set(path, key, plain)?,
                }
            }
        }
        (Value::Array(items), Some(Value::Array(present))) => {
            let ids: Vec<_> = present.iter().filter_map(id_of).collect();
            for item in items {
                let inner: Vec<&str> = path.iter().copied().chain([""]).collect();
                match item {
                    Value::Map(_) if id_of(item).is_some_and(|id| ids.contains(&id)) => {}
                    Value::Map(_) | Value::Array(_) => drop(copy(txn, doc, &inner, item)?),
                    plain if present.contains(plain) => {}
                    plain => txn.push(path, plain)?,
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn id_of(element: &Value) -> Option<&str> {
    element.as_map()?.get("id")?.as_str()
}

/// Turns a plain value that another program put there into a container of the same kind as `like`.
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

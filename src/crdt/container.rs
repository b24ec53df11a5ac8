//! Containers, created once (rules R2 and R3).
//!
//! Two replicas that create a map under one key at once lose one of the two, with all its fields.
//! Records with a minted id have one creator (R1). A record whose key several replicas can create
//! is created *deterministically* here: as the same items everywhere, so there is only one.

use super::content::{self, Content, Stand};
use super::doc::Doc;
use super::txn::Txn;
use crate::crdt::source::Source;
use crate::error::{Error, Result};
use crate::id::DocId;
use crate::limits;
use crate::wire::{Id, Record, Value, write_var};

/// A field that a deterministic record is born with. Nothing in it may vary between replicas.
#[derive(Debug, Clone, Copy)]
pub enum Fixed<'a> {
    /// The field's name, and the text that it has.
    Text(&'static str, &'a str),
    /// The field's name, and whether it is true.
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
    create_again(txn, doc, root, key, fixed, 0)
}

/// The same for a record that was there before, and was removed: of this generation at least.
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
        // Born dead when another program had used the key under a higher client id: a map shows
        // the item with the highest. The next generation is higher.
        if txn.exists(&[root, key]) {
            return Ok(true);
        }
    }
    Err(Error::refused(format!("{key} was removed and added again too often in {doc}"))
        .hint(format!("at most {} times; use another id", limits::GENERATIONS - 1)))
}

/// Creates `root`/`key` with all that is in it as the same items on every replica that creates the
/// same (rule R2), unless it is there. True when it was created.
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

/// Puts shared types in the place of a plain value, as the same items on every replica that does so
/// (rule R2): who does it at once with others has made one thing with them, and what is written into
/// it meanwhile is not lost. True when it was done.
///
/// The items hang on the unit that they replace and on `content`, which must be the same whenever
/// and wherever it is derived of that unit, and in every version of the program.
///
/// # Errors
/// `Refused` where the other program's client id outranks every one of ours.
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
        // Born dead where the value was written under a higher client id; see [`create`].
        if !stand.keyed || txn.shared(&path) == content.shared() {
            return Ok(true);
        }
    }
    Err(Error::refused(format!("{} cannot be rewritten", stand.path.join("/")))
        .because("the program that wrote it used a client id above all of ours")
        .hint("let that program write it as a shared type"))
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

/// Which generation of the record `root`/`key` an item begins; None where it is none of ours.
pub fn generation(doc: &DocId, root: &str, key: &str, item: Id) -> Option<u64> {
    let generation = (item.client >> 48).checked_sub(1)?;
    let is_it = item.clock == 0 && item.client == genesis_client(doc, root, key, generation);
    is_it.then_some(generation)
}

/// The client id of a generation: its number stands in the high bits, so that a later one wins.
fn genesis_client(doc: &DocId, root: &str, key: &str, generation: u64) -> u64 {
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
    framed(client, &[0, 0], make)
}

/// The same on top of a state.
fn framed(
    client: u64,
    state: &[u8],
    make: impl FnOnce(&mut Txn<'_>) -> Result<()>,
) -> Result<Vec<u8>> {
    let mut doc = Doc::new(client);
    doc.edit(|txn| txn.apply_own(state))?;
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

/// Copies a record out of a container that was replaced into the one that took its place: under a
/// key of a map, or to an array. Whoever copies the same makes the same items, so it is copied
/// once. False where the document had this copy already, and lost it: then somebody removed it.
///
/// # Errors
/// `Corrupt` when no container is at the path above it.
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

/// The place of a container in a document of its own.
const FRAME: &str = "x";

/// An update that makes the container that an item created: all before it stands as collected.
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
    // It deletes nothing.
    out.push(0);
    out
}

/// What a copy is called: whose it is to be, and all that is in it.
fn copy_name(owner: Id, value: &Value) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&owner.client.to_le_bytes());
    hasher.update(&owner.clock.to_le_bytes());
    digest(&mut hasher, value);
    format!("copy {}", hasher.finalize().to_hex())
}

/// Each value by a letter for its type, and its length where it has one. Recursion is bounded: the
/// check refused deeper nesting.
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

/// Unites the elements of a replaced container into the one that took its place: keys that a map
/// lacks, values that an array lacks. Of the elements of an array that have an `id` each is there
/// once.
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

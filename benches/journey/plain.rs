//! The same without crdtctl: a process that loads the document into yrs, edits it, encodes it and
//! writes it back.

use super::place::ALICE;
use anyhow::{Context, bail};
use crdtctl::sample::Chance;
use std::io::Write;
use std::path::Path;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Any, Map, MapPrelim, Out, ReadTxn, StateVector, Transact, WriteTxn};

/// The argument that turns this program into one that uses only yrs.
pub const WORD: &str = "--plain";
const NOW: i64 = 1_767_225_600;

/// Does one thing to a document's file.
///
/// # Errors
///
/// If the file is not a document, or lacks something that it should have.
pub fn run(words: &[String]) -> anyhow::Result<()> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["load", file] => load(file).map(drop),
        ["send", file, out] => send(file, out),
        ["set", file, out, root, key, field] => set(file, out, root, key, field),
        ["show", file, key] => show(file, key),
        ["search", file, word] => search(file, word),
        ["last", file] => last(file),
        ["list", file] => list(file),
        ["vector", file, out] => vector(file, out),
        ["export", file, known, out] => export(file, known, out),
        ["import", file, update, out] => import(file, update, out),
        ["make", messages, out] => Ok(write_durably(out, &large(messages.parse()?)?)?),
        other => bail!("plain yrs does not {other:?}"),
    }
}

fn load(file: &str) -> anyhow::Result<yrs::Doc> {
    decode(&std::fs::read(file)?)
}

/// Decodes a document from its state.
pub fn decode(state: &[u8]) -> anyhow::Result<yrs::Doc> {
    let doc = yrs::Doc::new();
    doc.transact_mut().apply_update(yrs::Update::decode_v1(state)?)?;
    Ok(doc)
}

fn store(doc: &yrs::Doc, out: &str) -> anyhow::Result<()> {
    let state = doc.transact().encode_state_as_update_v1(&StateVector::default());
    Ok(write_durably(out, &state)?)
}

fn send(file: &str, out: &str) -> anyhow::Result<()> {
    let doc = load(file)?;
    let mut txn = doc.transact_mut();
    let messages = txn.get_or_insert_map("messages");
    say(&mut txn, &messages, &format!("{:?}", doc.client_id()), "one more message");
    drop(txn);
    store(&doc, out)
}

/// Writes one field of one record.
fn set(file: &str, out: &str, root: &str, key: &str, field: &str) -> anyhow::Result<()> {
    let doc = load(file)?;
    let mut txn = doc.transact_mut();
    let records = txn.get_or_insert_map(root);
    let Some(Out::YMap(record)) = records.get(&txn, key) else { bail!("no {key}") };
    record.insert(&mut txn, field, "said otherwise");
    drop(txn);
    store(&doc, out)
}

fn show(file: &str, key: &str) -> anyhow::Result<()> {
    let doc = load(file)?;
    let txn = doc.transact();
    let messages = txn.get_map("messages").context("no messages")?;
    match messages.get(&txn, key).as_ref().and_then(|message| content(&txn, message)) {
        Some(text) => println!("{text}"),
        None => bail!("no {key}"),
    }
    Ok(())
}

fn search(file: &str, word: &str) -> anyhow::Result<()> {
    let doc = load(file)?;
    let txn = doc.transact();
    let messages = txn.get_map("messages").context("no messages")?;
    for (id, message) in messages.iter(&txn) {
        if let Some(text) = content(&txn, &message)
            && text.to_lowercase().contains(word)
        {
            println!("{id} {text}");
        }
    }
    Ok(())
}

fn last(file: &str) -> anyhow::Result<()> {
    let doc = load(file)?;
    let txn = doc.transact();
    let messages = txn.get_map("messages").context("no messages")?;
    let mut times = Vec::new();
    for (id, message) in messages.iter(&txn) {
        if let Out::YMap(map) = &message
            && let Some(Out::Any(Any::Number(yrs::Number::Int(at)))) = map.get(&txn, "created_at")
        {
            times.push((at, id, content(&txn, &message)));
        }
    }
    times.sort();
    times.iter().rev().take(20).for_each(|(at, id, text)| println!("{at} {id} {text:?}"));
    Ok(())
}

fn list(file: &str) -> anyhow::Result<()> {
    let doc = load(file)?;
    let txn = doc.transact();
    let messages = txn.get_map("messages").context("no messages")?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (id, message) in messages.iter(&txn) {
        writeln!(out, "{id} {:?}", content(&txn, &message))?;
    }
    Ok(())
}

fn content<T: ReadTxn>(txn: &T, message: &Out) -> Option<String> {
    match message {
        Out::YMap(message) => match message.get(txn, "content") {
            Some(Out::Any(Any::String(text))) => Some(text.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// Writes the state vector of a peer that has this file.
fn vector(file: &str, out: &str) -> anyhow::Result<()> {
    let known = load(file)?.transact().state_vector().encode_v1();
    Ok(std::fs::write(out, known)?)
}

fn export(file: &str, known: &str, out: &str) -> anyhow::Result<()> {
    let doc = load(file)?;
    let known = StateVector::decode_v1(&std::fs::read(known)?)?;
    Ok(write_durably(out, &doc.transact().encode_state_as_update_v1(&known))?)
}

fn import(file: &str, update: &str, out: &str) -> anyhow::Result<()> {
    let doc = load(file)?;
    doc.transact_mut().apply_update(yrs::Update::decode_v1(&std::fs::read(update)?)?)?;
    store(&doc, out)
}

/// The state that another program would have written.
pub fn large(count: u64) -> anyhow::Result<Vec<u8>> {
    let doc = yrs::Doc::with_client_id(7);
    let mut txn = doc.transact_mut();
    let messages = txn.get_or_insert_map("messages");
    let mut chance = Chance::new(7);
    for n in 0..count {
        let id = format!("{n:08x}-0000-4000-8000-000000000000");
        let text: String = chance.sentence().chars().take(40).collect();
        say(&mut txn, &messages, &id, &text);
    }
    Ok(txn.encode_state_as_update_v1(&StateVector::default()))
}

/// Writes a message in the schema of the guide.
fn say(txn: &mut yrs::TransactionMut<'_>, messages: &yrs::MapRef, id: &str, text: &str) {
    let message = messages.insert(txn, id, MapPrelim::default());
    for (key, value) in [("id", id), ("author_id", ALICE), ("content", text)] {
        message.insert(txn, key, value);
    }
    for key in ["created_at", "updated_at", "deleted_at"] {
        message.insert(txn, key, NOW);
    }
    message.insert(txn, "deleted", false);
    for key in ["ack_vector", "reactions"] {
        message.insert(txn, key, MapPrelim::default());
    }
}

/// Writes as durably as crdtctl: fsync, rename.
fn write_durably(path: impl AsRef<Path>, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.as_ref().with_extension("tmp");
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(beside, path)
}

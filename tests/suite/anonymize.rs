//! `doc anonymize`: a copy for bug reports.

use crate::support::*;
use serde_json::{Value, json};
use std::path::Path;

/// Every string below a value, without keys.
fn strings<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| strings(field, found)),
        _ => {}
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(bytes).contains(text)
}

/// Puts an anonymised copy of every document of `store` into a copy of the store.
fn copy_without_text<'m>(store: &Store<'m>, name: &str, options: &[&str]) -> Store<'m> {
    let machine = store.machine;
    let copies = machine.path(name);
    copy_tree(&store.dir, &copies);
    let copies = machine.open(copies);
    let file = text(&machine.path("copy.yrs"));
    for document in store.json(&["doc", "list"]).as_array().unwrap() {
        let doc = document["doc_id"].as_str().unwrap();
        let run = store.run(&[&["doc", "anonymize", doc, "-O", &file], options].concat());
        assert!(run.exits(0).stderr.contains("wrote"), "{}", run.stderr);
        assert_eq!(run.stderr.contains("--members"), options.is_empty(), "{}", run.stderr);
        let copy = std::fs::read(&file).unwrap();
        let dump = store.json(&["doc", "dump", doc]);
        let mut texts = Vec::new();
        strings(&dump, &mut texts);
        let copied = String::from_utf8_lossy(&copy);
        for text in texts.iter().filter(|text| text.contains([' ', '/', '@'])) {
            assert!(!copied.contains(text), "{doc}: {text}");
        }
        std::fs::write(copies.document(doc), &copy).unwrap();
    }
    copies
}

#[test]
fn every_fixture_keeps_its_sizes_and_loses_its_text() {
    let machine = Machine::new("anonymize");
    for name in ["real-store", "legacy-0.1.20"] {
        let store = machine.fixture(name);
        let before = store.files();
        let copy = copy_without_text(&store, &format!("{name} 1"), &[]);
        let without_members = copy_without_text(&store, &format!("{name} 2"), &["--members"]);
        assert_eq!(store.files(), before);
        for document in store.json(&["doc", "list"]).as_array().unwrap() {
            let doc = document["doc_id"].as_str().unwrap();
            let size = store.json(&["doc", "size", doc]);
            assert_eq!(copy.json(&["doc", "size", doc]), size, "{doc}");
            let mut other = without_members.json(&["doc", "size", doc]);
            let waiting = size["waiting_for"].as_array().map_or(&[][..], Vec::as_slice);
            let others = std::mem::replace(&mut other["waiting_for"], json!(waiting));
            assert_eq!(others.as_array().map_or(0, Vec::len), waiting.len(), "{doc}");
            assert!(waiting.iter().all(|member| !others.as_array().unwrap().contains(member)));
            assert_eq!(other, size, "{doc}");
        }
        // Deleted stays deleted, and waits for the same members.
        let tombstones = store.json(&["tombstone", "list"]);
        assert_eq!(copy.json(&["tombstone", "list"]), tombstones);
        let prunable = |list: &Value| -> Vec<Value> {
            list.as_array().unwrap().iter().map(|row| row["prunable"].clone()).collect()
        };
        let others = without_members.json(&["tombstone", "list"]);
        assert_eq!(prunable(&others), prunable(&tombstones));
    }
}

#[test]
fn ids_stay_and_members_go_where_that_is_asked() {
    let machine = Machine::new("ids");
    let store = machine.group("s", &[BOB]);
    let id = store.send("the harbour at night");
    let copy = |options: &[&str]| {
        let run = machine.path("copy.yrs");
        let file = text(&run);
        store.ok(&[&["doc", "anonymize", "chat", "-O", &file], options].concat());
        std::fs::read(run).unwrap()
    };
    let plain = copy(&[]);
    for (text, stays) in [("the harbour", false), (&id, true), (ALICE, true), ("author_id", true)] {
        assert_eq!(holds(&plain, text), stays, "{text}");
    }
    let members = copy(&["--members"]);
    for (text, stays) in [("harbour", false), (&id, true), (ALICE, false), ("author_id", true)] {
        assert_eq!(holds(&members, text), stays, "{text}");
    }
    assert_eq!(store.json(&["doc", "size", "chat"])["file_bytes"], members.len());
    assert_eq!(copy(&["--members"]), members);
    let file = text(&machine.path("copy.yrs"));
    let said = store.json(&["doc", "anonymize", "chat", "--members", "-O", &file]);
    assert_eq!(said["file_bytes"], members.len());
    assert_eq!(said["members"], true);
    let printed = store.run(&["doc", "anonymize", "chat", "-O", "-"]);
    assert!(printed.exits(0).stdout.contains(ALICE));
}

#[test]
fn a_store_is_never_written_over() {
    let machine = Machine::new("over");
    let store = machine.group("s", &[]);
    store.send("hi");
    let before = store.files();
    let inside = |name: &str| text(&store.dir.join(name));
    let chat = text(&store.document(&format!("{GROUP}:chat")));
    for file in [chat, inside("crdt/new.yrs"), inside("crdtctl.db"), inside("archive.db")] {
        let run = store.run(&["doc", "anonymize", "chat", "-O", &file]);
        run.fails(1, "belongs to a store");
        assert!(run.stderr.contains("hint: "), "{}", run.stderr);
        store.run(&["sync", "export", "--out", &file]).fails(1, "belongs to a store");
    }
    assert_eq!(store.files(), before);
    // Other names in the store's directory are allowed.
    store.ok(&["doc", "anonymize", "chat", "-O", &inside("report.yrs")]);
    assert!(Path::new(&inside("report.yrs")).exists());
    store.run(&["doc", "anonymize", "kanban", "-O", "x.yrs"]).fails(4, "no document");
    store.run(&["doc", "anonymize", "chat", "-O", "nowhere/x.yrs"]).fails(74, "nowhere");
}

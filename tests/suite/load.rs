//! `doc load`: a bare update into a document.

use crate::oracle::{self, Plain};
use crate::support::*;
use yrs::{Map, WriteTxn};

/// The update of a Yrs program that sets one key of the root map `m`.
fn update(client: u64, base: &[&[u8]], key: &str, value: &str) -> Vec<u8> {
    oracle::update(client, base, |txn| {
        txn.get_or_insert_map("m").insert(txn, key.to_owned(), value.to_owned());
    })
}

#[test]
fn an_update_goes_into_a_new_or_an_existing_document() {
    let machine = Machine::new("load");
    let store = machine.store("s", ALICE);
    let first = update(7, &[], "a", "one");
    let second = update(8, &[&first], "b", "two");
    std::fs::write(machine.path("first.bin"), &first).unwrap();
    std::fs::write(machine.path("second.bin"), &second).unwrap();
    let before = store.files();
    store.run(&["doc", "load", "first.bin"]).fails(2, "which document");
    store.run(&["doc", "load", "first.bin", "--doc", "plan"]).fails(4, "plan");
    store.run(&["doc", "load", "absent.bin", "--doc", "notes:garden:plan"]).fails(4, "absent.bin");
    let dry = ["doc", "load", "first.bin", "--doc", "notes:garden:plan", "--dry-run"];
    assert!(store.run(&dry).exits(0).stderr.contains("nothing is written"));
    assert_eq!(store.files(), before);

    let said = store.json(&["doc", "load", "first.bin", "--doc", "notes:garden:plan"]);
    assert_eq!(said["documents"][0]["doc"], "notes:garden:plan");
    assert_eq!(said["changed"], true);
    // By a prefix, now that it exists.
    let run = store.run(&["doc", "load", "second.bin", "--doc", "notes:gar"]);
    assert!(run.exits(0).stderr.contains("1 bare update"), "{}", run.stderr);
    let plain = Plain::read(&store.document("notes:garden:plan"));
    assert_eq!(plain.map("m"), serde_json::json!({"a": "one", "b": "two"}));
    assert_eq!(store.json(&["doc", "load", "first.bin", "--doc", "notes:gar"])["changed"], false);
    // From a pipe too.
    let dir = text(&store.dir);
    let third = update(9, &[&first, &second], "c", "three");
    let args = ["-s", &dir, "doc", "load", "-", "--doc", "notes:gar", "--json"];
    assert_eq!(machine.run_with_stdin(&args, &third).json()["changed"], true);
}

#[test]
fn a_file_of_a_store_names_its_document() {
    let machine = Machine::new("load a file");
    let real = machine.fixture("real-store");
    let store = machine.store("s", ALICE);
    for document in real.json(&["doc", "list"]).as_array().unwrap() {
        let doc = document["doc_id"].as_str().unwrap();
        let run = store.run(&["doc", "load", &text(&real.document(doc))]);
        run.exits(0);
        // If the concern is known, what everybody has acknowledged is pruned at once.
        if document["concern"].is_null() {
            assert_eq!(store.json(&["doc", "dump", doc]), real.json(&["doc", "dump", doc]));
        }
    }
    let messages = store.json(&["doc", "dump", &format!("{GROUP}:chat")])["messages"].clone();
    assert_eq!(messages.as_object().map(|messages| messages.len()), Some(980));
}

#[test]
fn the_gate_is_the_same_as_for_an_import() {
    let machine = Machine::new("load and the gate");
    let store = machine.store("s", ALICE);
    let first = update(7, &[], "a", "one");
    std::fs::write(machine.path("first.bin"), &first).unwrap();
    std::fs::write(machine.path("fork.bin"), update(7, &[], "a", "two")).unwrap();
    std::fs::write(machine.path("cut.bin"), &first[..first.len() - 3]).unwrap();
    let second = update(8, &[&first], "b", "two");
    std::fs::write(machine.path("second.bin"), &second).unwrap();
    let load = |file: &str| store.run(&["doc", "load", file, "--doc", "notes:garden:plan"]);
    load("cut.bin").fails(6, "not valid");
    let third = oracle::update(8, &[&first, &second], |txn| {
        txn.get_or_insert_map("m").insert(txn, "c", "three");
    });
    std::fs::write(machine.path("third.bin"), third).unwrap();
    load("third.bin").exits(7);
    load("first.bin").exits(0);
    load("second.bin").exits(0);
    assert_eq!(store.json(&["doc", "dump", "notes:garden:plan"])["m"]["c"], "three");
    load("fork.bin").fails(5, "replica-fork");
}

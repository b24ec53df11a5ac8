//! `doc diff`: what differs between two documents, files, stores or bundles.

use crate::oracle;
use crate::support::*;
use serde_json::{Value, json};
use yrs::{Array, ArrayPrelim, Map, WriteTxn};

/// The changes without their fields: collection, id, change.
fn lines(report: &Value) -> Vec<(String, String, String)> {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or("").to_owned();
    let rows = report.as_array().unwrap();
    rows.iter().map(|r| (text(r, "collection"), text(r, "id"), text(r, "change"))).collect()
}

fn line(collection: &str, id: &str, change: &str) -> (String, String, String) {
    (collection.to_owned(), id.to_owned(), change.to_owned())
}

#[test]
fn records_are_added_removed_and_changed() {
    let machine = Machine::new("diff");
    let store = machine.group("s", &[BOB]);
    let kept = store.send("kept");
    let edited = store.send("before");
    let old = machine.path("old");
    copy_tree(&store.dir, &old);
    let old = text(&old);
    let new = text(&store.dir);
    let equal = machine.run(&["doc", "diff", &old, &new, "--json"]);
    assert_eq!((equal.code, equal.stdout.as_str()), (0, "[]\n"));
    machine.pass(60);
    let added = store.send("added");
    store.ok(&["chat", "edit", &edited, "after"]);
    store.ok(&["entity", "rename", "Harbour"]);

    let run = machine.run(&["doc", "diff", &old, &new, "--json"]);
    run.exits(3);
    let mut expected = vec![
        line("messages", &edited, "changed"),
        line("messages", &added, "added"),
        line("metadata", "name", "changed"),
        line("metadata", "updated_at", "added"),
    ];
    expected[..2].sort_by(|a, b| a.1.cmp(&b.1));
    let report = run.parsed();
    assert_eq!(lines(&report), expected);
    assert!(!run.stdout.contains(&kept));
    let row = |id: &str| {
        let found = report.as_array().unwrap().iter().find(|row| row["id"] == id);
        found.unwrap_or_else(|| panic!("{id}: {report}")).clone()
    };
    let (then, now) = (machine.now() - 60, machine.now());
    assert_eq!(
        row(&edited),
        json!({
            "doc": format!("{GROUP}:chat"), "collection": "messages", "id": edited,
            "change": "changed",
            "fields": {
                "content": {"old": "before", "new": "after"},
                "updated_at": {"old": then, "new": now},
            },
        })
    );
    assert_eq!(
        row("name"),
        json!({
            "doc": format!("{GROUP}:core"), "collection": "metadata", "id": "name",
            "change": "changed",
            "fields": {"value": {"old": "Ocean friends", "new": "Harbour"}},
        })
    );
    assert_eq!(row(&added)["fields"]["content"], json!({"old": null, "new": "added"}));

    // In the other direction, and one document alone, by name and by file.
    let back = machine.run(&["doc", "diff", &new, &old, "--json"]);
    let back = back.exits(3).parsed();
    assert!(lines(&back).contains(&line("messages", &added, "removed")), "{back}");
    let in_chat = &report.as_array().unwrap()[..2];
    let alone = store.run(&["doc", "diff", &format!("{old}/"), "chat", "--json"]);
    assert_eq!(alone.exits(3).parsed().as_array().unwrap(), in_chat);
    let chat = store.document(&format!("{GROUP}:chat"));
    let name = chat.strip_prefix(&store.dir).unwrap();
    let before = text(&std::path::Path::new(&old).join(name));
    let files = machine.run(&["doc", "diff", &before, &text(&chat), "--json"]);
    assert_eq!(files.exits(3).parsed().as_array().unwrap(), in_chat);

    // For people.
    let table = machine.run(&["doc", "diff", &old, &new, "-o", "table"]);
    assert!(table.stdout.contains("content: before →"), "{}", table.stdout);
    assert_eq!(table.stderr, "4 records differ, in 2 documents\n");
    let ids = machine.run(&["doc", "diff", &old, &new, "-o", "id"]);
    assert_eq!(ids.exits(3).stdout.lines().count(), 4);
}

#[test]
fn a_bundle_is_compared_with_what_it_holds() {
    let machine = Machine::new("diff bundle");
    let store = machine.group("s", &[BOB]);
    store.send("one");
    let full = store.export("full.crdt");
    let here = text(&store.dir);
    let run = machine.run(&["doc", "diff", &here, &full, "-o", "table"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, "no difference\n"));
    let id = store.send("two");
    let report = machine.run(&["doc", "diff", &full, &here, "--json"]).exits(3).parsed();
    assert_eq!(lines(&report), [line("messages", &id, "added")]);
    let report = store.run(&["doc", "diff", "chat", &full, "--json"]).exits(3).parsed();
    assert_eq!(lines(&report), [line("messages", &id, "removed")]);

    // A bundle of one document says nothing about the others.
    let chat = text(&machine.path("chat.crdt"));
    store.ok(&["sync", "export", "--doc", "chat", "--out", &chat]);
    let run = machine.run(&["doc", "diff", &chat, &here]);
    assert!(run.exits(0).stderr.contains("only the documents in"), "{}", run.stderr);
    store.run(&["doc", "diff", "core", &chat]).fails(4, "no document");
    // A receipt has no content.
    let receipt = text(&machine.path("receipt.crdt"));
    store.ok(&["sync", "receipt", "--out", &receipt]);
    let run = machine.run(&["doc", "diff", &receipt, &here]);
    run.fails(2, "no full state");
    assert!(run.stderr.contains("hint: `crdtctl sync export"), "{}", run.stderr);
}

#[test]
fn opaque_documents_are_compared_by_the_keys_of_their_roots() {
    let machine = Machine::new("diff opaque");
    let write = |name: &str, words: &[&str], size: f64| {
        let bytes = oracle::update(7 + words.len() as u64, &[], |txn| {
            let map = txn.get_or_insert_map("m");
            map.insert(txn, "size", size);
            map.insert(txn, "tags", ArrayPrelim::from(words.iter().copied()));
            let list = txn.get_or_insert_array("list");
            for word in words {
                list.push_back(txn, *word);
            }
        });
        std::fs::write(machine.path(name), bytes).unwrap();
    };
    write("a.yrs", &["one", "two", "three"], 1.0);
    write("b.yrs", &["one", "three", "four", "five"], 1.5);
    let report = machine.run(&["doc", "diff", "a.yrs", "b.yrs", "--json"]).exits(3).parsed();
    assert_eq!(
        report,
        json!([
            {"doc": "b.yrs", "collection": "list", "id": "1", "change": "changed",
             "fields": {"value": {"old": "two", "new": "three"}}},
            {"doc": "b.yrs", "collection": "list", "id": "2", "change": "changed",
             "fields": {"value": {"old": "three", "new": "four"}}},
            {"doc": "b.yrs", "collection": "list", "id": "3", "change": "added",
             "fields": {"value": {"old": null, "new": "five"}}},
            {"doc": "b.yrs", "collection": "m", "id": "size", "change": "changed",
             "fields": {"value": {"old": 1, "new": 1.5}}},
            {"doc": "b.yrs", "collection": "m", "id": "tags", "change": "changed",
             "fields": {"value": {"old": ["one", "two", "three"],
                                  "new": ["one", "three", "four", "five"]}}},
        ])
    );
    // The same content from other replicas is no difference.
    write("c.yrs", &["one", "two", "three"], 1.0);
    machine.run(&["doc", "diff", "a.yrs", "c.yrs"]).exits(0);
}

#[test]
fn equal_versions_with_other_content_raise_the_alarm() {
    let machine = Machine::new("divergence");
    let write = |name: &str, value: &str| {
        let bytes = oracle::update(7, &[], |txn| {
            txn.get_or_insert_map("m").insert(txn, "key", value.to_owned());
        });
        std::fs::write(machine.path(name), bytes).unwrap();
    };
    write("a.yrs", "this");
    write("b.yrs", "that");
    let run = machine.run(&["doc", "diff", "a.yrs", "b.yrs", "--json"]);
    run.exits(5);
    assert_eq!((run.stdout.as_str(), run.error()["code"].as_str()), ("", Some("forked")));
    let run = machine.run(&["doc", "diff", "a.yrs", "b.yrs"]);
    run.fails(5, "divergence: ");
    assert!(run.stderr.contains("m key changed: value"), "{}", run.stderr);
    // And between two stores.
    let stores = ["a", "b"].map(|name| {
        let store = machine.store(name, ALICE);
        let file = format!("{name}.yrs");
        store.ok(&["doc", "load", &file, "--doc", "notes:garden:plan"]);
        text(&store.dir)
    });
    machine.run(&["doc", "diff", &stores[0], &stores[1]]).fails(5, "notes:garden:plan");
}

#[test]
fn what_cannot_be_compared_says_why() {
    let machine = Machine::new("diff errors");
    let store = machine.group("s", &[]);
    store.send("hi");
    let here = text(&store.dir);
    store.run(&["doc", "diff", "chat", "absent.yrs"]).fails(4, "absent.yrs");
    store.run(&["doc", "diff", "kanban", "chat"]).fails(4, "no document");
    machine.run(&["doc", "diff", "a.yrs", "b.yrs"]).fails(4, "no store");
    std::fs::create_dir(machine.path("empty")).unwrap();
    machine.run(&["doc", "diff", "empty", &here]).fails(4, "no store");
    std::fs::write(machine.path("loose.yrs"), [0, 0]).unwrap();
    machine.run(&["doc", "diff", "loose.yrs", &here]).fails(2, "which document");
    std::fs::write(machine.path("broken.yrs"), [9, 9, 9]).unwrap();
    machine.run(&["doc", "diff", "broken.yrs", "loose.yrs"]).fails(6, "broken.yrs");
    std::fs::write(machine.path("broken.crdt"), [0x28, 0xb5, 0x2f, 0xfd, 0]).unwrap();
    machine.run(&["doc", "diff", "broken.crdt", &here]).fails(6, "broken.crdt");
    // A damaged document of the store is the store's own problem.
    store.break_off(&format!("{GROUP}:chat"));
    store.run(&["doc", "diff", "chat", &here]).exits(5);
}

#[test]
fn why_two_stores_differ_is_one_row_a_document() {
    let machine = Machine::new("stat");
    let alice = machine.group("a", &[BOB]);
    alice.send("both have this");
    let bob = machine.replica_of(&alice, "b", BOB);
    let (a, b) = (text(&alice.dir), text(&bob.dir));
    let stat = |a: &str, b: &str| machine.run(&["doc", "diff", a, b, "--stat", "--json"]);
    let states = |run: &Run| column(&run.parsed(), "state");
    assert_eq!(states(stat(&a, &b).exits(0)), ["equal", "equal"]);
    machine.pass(60);
    bob.send("Bob alone has this");
    bob.ok(&["issue", "open", "and this"]);
    bob.ok(&["issue", "open", "and that"]);
    let run = stat(&a, &b);
    assert_eq!(
        run.exits(3).parsed(),
        json!([
            {"doc": format!("{GROUP}:chat"), "state": "ahead", "added": 1, "removed": 0, "changed": 0},
            {"doc": format!("{GROUP}:core"), "state": "equal", "added": 0, "removed": 0, "changed": 0},
            {"doc": format!("{GROUP}:issues"), "state": "only-in-b", "added": 2, "removed": 0, "changed": 0},
        ])
    );
    assert!(run.stderr.contains("2 of 3 documents differ"), "{}", run.stderr);
    assert_eq!(states(stat(&b, &a).exits(3)), ["behind", "equal", "only-in-a"]);
    alice.ok(&["entity", "rename", "Harbour"]);
    alice.send("Alice alone has this");
    assert_eq!(states(stat(&a, &b).exits(3)), ["diverged", "behind", "only-in-b"]);
    let table = machine.run(&["doc", "diff", &a, &b, "--stat", "-o", "table"]);
    assert_eq!(table.exits(3).stdout.lines().count(), 4, "{}", table.stdout);
    // Without it a document that only one side has is one row, too.
    let records = machine.run(&["doc", "diff", &a, &b, "--json"]).exits(3).parsed();
    let of_issues: Vec<&Value> = records
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["doc"] == format!("{GROUP}:issues"))
        .collect();
    assert_eq!(of_issues.len(), 1);
    assert_eq!(
        (&of_issues[0]["change"], &of_issues[0]["id"], &of_issues[0]["fields"]["records"]["new"]),
        (&json!("added"), &Value::Null, &json!(2))
    );
    let ids = machine.run(&["doc", "diff", &a, &b, "-o", "id"]).exits(3).stdout.clone();
    assert!(ids.lines().all(|id| !id.is_empty()), "{ids:?}");
}

#[test]
fn a_fork_is_a_state_where_states_are_asked_for() {
    let machine = Machine::new("stat fork");
    for (name, value) in [("a.yrs", "this"), ("b.yrs", "that")] {
        let bytes = oracle::update(7, &[], |txn| {
            txn.get_or_insert_map("m").insert(txn, "key", value.to_owned());
        });
        std::fs::write(machine.path(name), bytes).unwrap();
    }
    let run = machine.run(&["doc", "diff", "a.yrs", "b.yrs", "--stat", "--json"]);
    assert_eq!(run.exits(5).parsed()[0]["state"], "forked");
}

/// `hello`, then a world behind it and the first letter gone, as Yjs wrote it without garbage collection.
#[test]
fn a_document_is_compared_with_what_it_was_at_any_kind_of_moment() {
    let machine = Machine::new("diff at");
    let now: &[u8] =
        b"\x01\x02\x04\x00\x04\x01\x01t\x01h\x84\x04\x00\x0aello world\x01\x04\x01\x00\x01";
    let put = |name: &str, bytes: &[u8]| {
        std::fs::write(machine.path(name), bytes).unwrap();
        text(&machine.path(name))
    };
    let now = put("now.bin", now);
    let snapshot = put("then.snap", &[0, 1, 4, 5]);
    let vector = put("then.sv", &[1, 4, 5]);
    let change = |at: &str| {
        let run = machine.run(&["doc", "diff", &now, &now, "--at", at, "--json"]);
        let row = run.exits(3).parsed()[0].clone();
        (row["collection"].clone(), row["change"].clone(), row["fields"]["value"].clone())
    };
    let of = |old: &str| (json!("t"), json!("changed"), json!({"old": old, "new": "ello world"}));
    assert_eq!(change(&snapshot), of("hello"));
    // A state vector does not say what was deleted then.
    assert_eq!(change(&vector), of("ello"));
    assert_eq!(change("4:5"), of("ello"));
    for at in [&snapshot, &vector] {
        let stat = machine.run(&["doc", "diff", &now, &now, "--at", at, "--stat", "--json"]);
        assert_eq!(stat.exits(3).parsed()[0]["state"], "ahead", "{at}");
    }
    let all = put("all.snap", &[1, 4, 1, 0, 1, 1, 4, 11]);
    machine.run(&["doc", "diff", &now, &now, "--at", &all]).exits(0);
}

/// A text in which what was bold is deleted still has the marks. They format nothing.
#[test]
fn marks_that_format_nothing_are_no_difference() {
    let machine = Machine::new("marks");
    let put = |name: &str, blocks: &[&[u8]], deletes: &[u8]| {
        let count = u8::try_from(blocks.len()).unwrap();
        let bytes = [&[1, count, 1, 0], &*blocks.concat(), deletes].concat();
        std::fs::write(machine.path(name), bytes).unwrap();
        text(&machine.path(name))
    };
    let mark = |at: u8, right: Option<u8>, json: &str| {
        let (info, right) = match right {
            Some(right) => (0xc6, vec![1, right]),
            None => (0x86, vec![]),
        };
        let len = u8::try_from(json.len()).unwrap();
        [&[info, 1, at], &*right, b"\x04bold", &[len], json.as_bytes()].concat()
    };
    let ab: &[u8] = b"\x04\x01\x01t\x02ab";
    let (on, off) = (mark(0, Some(1), "true"), mark(1, None, "null"));
    let same = [
        put("plain.bin", &[b"\x04\x01\x01t\x01a"], &[0]),
        put("marked.bin", &[ab, &on, &off], &[1, 1, 1, 1, 1]),
        // Marks at the end, and an end of what never began.
        put("open.bin", &[ab, &on], &[1, 1, 1, 1, 1]),
        put("closed.bin", &[ab, &mark(0, Some(1), "null")], &[1, 1, 1, 1, 1]),
    ];
    let digest = |file: &str| machine.run(&["digest", file]).ok();
    for file in &same {
        assert_eq!(digest(file), digest(&same[0]), "{file}");
        for other in &same {
            machine.run(&["doc", "diff", file, other]).exits(0);
        }
    }
    // A mark between two letters that format alike is none; a root of nothing but marks is empty.
    let two = put("two.bin", &[ab], &[0]);
    let between = put("between.bin", &[ab, &mark(0, Some(1), "null")], &[0]);
    assert_eq!(digest(&two), digest(&between));
    machine.run(&["doc", "diff", &two, &between]).exits(0);
    let nothing = text(&machine.path("nothing.bin"));
    std::fs::write(&nothing, [0, 0]).unwrap();
    let only = put("only.bin", &[ab, &on, &off], &[1, 1, 1, 0, 2]);
    assert_eq!(digest(&only), digest(&nothing));
    machine.run(&["doc", "diff", &only, &nothing]).exits(0);
    // What is bold is another document, wherever the marks are.
    let bold = put("bold.bin", &[ab, &on, &off], &[0]);
    assert!(![digest(&two), digest(&same[0])].contains(&digest(&bold)));
    machine.run(&["doc", "diff", &two, &bold]).exits(3);
    let left_open = put("left open.bin", &[ab, &on], &[0]);
    assert_eq!(digest(&left_open), digest(&bold));
    machine.run(&["doc", "diff", &left_open, &bold]).exits(0);
}

/// What builds on something missing is named and not compared, as everywhere.
#[test]
fn a_file_with_a_gap_is_compared_as_far_as_it_shows() {
    use yrs::updates::{decoder::Decode, encoder::Encode};
    use yrs::{Doc, Map, ReadTxn, StateVector, Transact, WriteTxn};
    let machine = Machine::new("diff of a gap");
    let doc = Doc::with_client_id(3);
    let mut updates = Vec::new();
    for key in ["a", "b", "c"] {
        let before = doc.transact().state_vector();
        let mut txn = doc.transact_mut();
        txn.get_or_insert_map("m").insert(&mut txn, key, 1);
        drop(txn);
        updates.push(doc.transact().encode_state_as_update_v1(&before));
    }
    let first = yrs::Update::decode_v1(&updates[0]).unwrap();
    let last = yrs::Update::decode_v1(&updates[2]).unwrap();
    let (gap, whole) = (text(&machine.path("gap.bin")), text(&machine.path("whole.bin")));
    let state = doc.transact().encode_state_as_update_v1(&StateVector::default());
    std::fs::write(&gap, yrs::Update::merge_updates([first, last]).encode_v1()).unwrap();
    std::fs::write(&whole, state).unwrap();

    let same = machine.run(&["doc", "diff", &gap, &gap]);
    assert!(same.exits(0).stderr.contains("which is not here"), "{}", same.stderr);
    let run = machine.run(&["doc", "diff", &gap, &whole, "--json"]);
    let ids: Vec<String> = run
        .exits(3)
        .parsed()
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids, ["b", "c"]);
    let stat = machine.run(&["doc", "diff", &gap, &whole, "--stat", "--json"]);
    assert_eq!(stat.exits(3).parsed()[0]["state"], "ahead");
}

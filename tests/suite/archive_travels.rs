//! Archives travel: what is archived somewhere reaches everybody, and changes nothing that is there.

use crate::support::*;
use crdtctl::sync::bundle::Bundle;
use serde_json::{Value, json};

const DAY: i64 = 86_400;
const LISTS: &[&[&str]] = &[
    &["chat", "list", "--all"],
    &["chat", "list", "--threads"],
    &["chat", "search", "word"],
    &["archive", "list"],
    &["sql", "SELECT id, content, parent_id FROM messages ORDER BY id"],
];

/// The output of lists, without the time at which each replica archived.
fn read(store: &Store<'_>) -> Vec<Value> {
    LISTS.iter().map(|args| without(store.json(args))).collect()
}

fn without(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            fields.remove("archived_at");
            fields.values_mut().for_each(|value| *value = without(value.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| *value = without(value.take())),
        _ => {}
    }
    value
}

/// Sends one replica's changes to another, with its archive; returns the number of archived rows.
fn give(from: &Store<'_>, to: &Store<'_>, peer: &str) -> u64 {
    let file = text(&from.machine.path("archive.crdt"));
    let args = ["sync", "export", "--with-archive", "--for", peer, "-O", &file];
    let sent = from.json(&args)["archived_rows"].as_u64().unwrap();
    from.ok(&["sync", "verify", &file]);
    let before = to.files();
    let dry = to.json(&["sync", "import", "-n", &file]);
    assert_eq!(to.files(), before);
    let done = to.json(&["sync", "import", &file]);
    assert_eq!(dry.get("archived_rows").is_none(), sent == 0 || done["archived_rows"].is_null());
    sent
}

/// A chat of Alice and Bob with an old conversation, which Alice has archived. Bob's replica lacks the
/// removal.
fn archived(machine: &Machine) -> (Store<'_>, Store<'_>, Vec<String>) {
    let alice = machine.group("alice", &[BOB]);
    let first = alice.send("an old word");
    machine.pass(10);
    let reply = alice.ok(&["chat", "send", "--reply-to", &first, "a word in reply"]);
    let second = alice.ok(&["chat", "send", "another old word", "--as", BOB]);
    machine.pass(100 * DAY);
    alice.send("a new word");
    let bob = machine.replica_of(&alice, "bob", BOB);
    bob.give(&alice);
    assert_eq!(alice.json(&["archive", "run"])["archived"], 3);
    (alice, bob, vec![first, reply, second])
}

#[test]
fn who_comes_later_gets_the_history_once() {
    let machine = Machine::new("archive travels");
    let (alice, bob, ids) = archived(&machine);
    alice.ok(&["member", "add", CAROL]);
    let carol = machine.store("carol", CAROL);
    alice.give(&carol);
    assert_eq!(carol.column(&["chat", "list"], "content"), ["a new word"]);
    let whole = text(&machine.path("whole.crdt"));
    alice.ok(&["sync", "export", "--with-archive", "-O", &whole]);
    let done = carol.json(&["sync", "import", &whole]);
    assert_eq!((&done["archived_rows"], &done["changed"]), (&json!(3), &json!(true)));
    assert_eq!(read(&carol), read(&alice));
    assert_eq!(carol.run(&["check"]).code, 0);
    // Nothing changes what is there, and nobody is sent again what they said to have.
    let archive = || std::fs::read(carol.dir.join("archive.db")).unwrap();
    let mut bytes = Vec::new();
    for _ in 0..2 {
        bytes = archive();
        let again = carol.json(&["sync", "import", &whole]);
        assert_eq!((&again["changed"], again.get("archived_rows")), (&json!(false), None));
    }
    assert!(archive() == bytes);
    // The bundle said what its sender has.
    assert_eq!(give(&carol, &alice, ALICE), 0);
    assert_eq!(give(&alice, &carol, CAROL), 0);
    // Bob made rows of his own from what he held: they are the same.
    give(&alice, &bob, BOB);
    let receipt = text(&machine.path("receipt.crdt"));
    bob.ok(&["sync", "receipt", "--with-archive", "-O", &receipt]);
    alice.ok(&["sync", "import", &receipt]);
    assert_eq!(give(&alice, &bob, BOB), 0);
    assert_eq!(read(&bob), read(&alice));
    // What is restored is live for all, and what is archived again is there once.
    carol.ok(&["archive", "restore", &ids[0]]);
    for (from, to, peer) in [(&carol, &alice, ALICE), (&carol, &bob, BOB), (&bob, &alice, ALICE)] {
        give(from, to, peer);
    }
    for store in [&alice, &bob, &carol] {
        assert!(store.json(&["chat", "show", &ids[0]]).get("in_archive").is_none());
        assert_eq!(read(store), read(&alice));
    }
    // What one has lost comes back.
    std::fs::remove_file(bob.dir.join("archive.db")).unwrap();
    bob.ok(&["sync", "receipt", "--with-archive", "-O", &receipt]);
    alice.ok(&["sync", "import", &receipt]);
    assert!(give(&alice, &bob, BOB) > 0);
    assert_eq!(read(&bob), read(&alice));
}

#[test]
fn late_edits_are_the_same_everywhere_in_the_end() {
    let machine = Machine::new("archive late edits");
    let (alice, bob, ids) = archived(&machine);
    machine.pass(10);
    bob.ok(&["chat", "edit", &ids[2], "a late word"]);
    bob.ok(&["chat", "react", &ids[0], "🎉"]);
    alice.give(&bob);
    bob.give(&alice);
    // Without their archives each shows what it had.
    assert_eq!(bob.json(&["chat", "show", &ids[2]])["content"], "a late word");
    assert_eq!(alice.json(&["chat", "show", &ids[2]])["content"], "another old word");
    assert!(give(&bob, &alice, ALICE) > 0);
    give(&alice, &bob, BOB);
    for store in [&alice, &bob] {
        let shown = store.json(&["chat", "show", &ids[2]]);
        assert_eq!(
            (&shown["content"], &shown["in_archive"]),
            (&json!("a late word"), &json!(true))
        );
        assert_eq!(
            store.json(&["archive", "show", &ids[2]])["versions"].as_array().unwrap().len(),
            2
        );
        let lost = store.json(&["conflict", "list"]);
        let rows = lost.as_array().unwrap();
        let of = |rule: &str| rows.iter().filter(|row| row["rule"] == rule).count();
        assert_eq!(of("archived"), 1, "{lost}");
    }
    assert_eq!(read(&alice), read(&bob));
    assert_eq!(alice.digest(), bob.digest());
}

#[test]
fn a_late_deletion_wins() {
    for also in [false, true] {
        let machine = Machine::new("archive late deletion");
        let (alice, bob, ids) = archived(&machine);
        alice.ok(&["member", "add", CAROL]);
        let carol = machine.store("carol", CAROL);
        let whole = text(&machine.path("whole.crdt"));
        alice.ok(&["sync", "export", "--with-archive", "-O", &whole]);
        carol.ok(&["sync", "import", &whole]);
        machine.pass(10);
        bob.ok(&["chat", "delete", &ids[2], "--yes"]);
        if also {
            bob.ok(&["chat", "react", &ids[0], "🎉"]);
        }
        alice.give(&bob);
        bob.run(&["chat", "show", &ids[2]]).exits(4);
        for other in [(&alice, ALICE), (&carol, CAROL)] {
            give(&bob, other.0, other.1);
            other.0.run(&["chat", "show", &ids[2]]).exits(4);
            assert!(!other.0.column(&["chat", "list", "--all"], "id").contains(&ids[2]));
        }
        give(&alice, &bob, BOB);
        give(&carol, &alice, ALICE);
        for store in [&bob, &carol] {
            assert_eq!(read(store), read(&alice));
        }
        bob.run(&["chat", "show", &ids[2]]).exits(4);
    }
}

#[test]
fn rows_wait_for_what_is_missing_of_their_document() {
    let machine = Machine::new("archive waits");
    let (alice, bob, ids) = archived(&machine);
    alice.give(&bob);
    bob.give(&alice);
    bob.send("word one");
    // What goes to Alice alone builds on what Carol lacks.
    let first = text(&machine.path("first.crdt"));
    bob.ok(&["sync", "export", "--for", ALICE, "-O", &first]);
    alice.ok(&["sync", "import", &first]);
    alice.ok(&["member", "add", CAROL]);
    let carol = machine.store("carol", CAROL);
    let begun = text(&machine.path("begun.crdt"));
    let rows = text(&machine.path("rows.crdt"));
    bob.ok(&["sync", "export", "--since", &first, "--with-archive", "-O", &rows]);
    let run = carol.run(&["sync", "import", &rows]);
    assert!(run.stderr.contains("archived rows of"), "{}", run.stderr);
    assert!(!carol.dir.join("archive.db").exists());
    alice.ok(&["sync", "export", "-O", &begun]);
    carol.ok(&["sync", "import", &begun]);
    give(&alice, &carol, CAROL);
    assert_eq!(carol.json(&["chat", "show", &ids[0]])["in_archive"], true);
    assert_eq!(read(&carol), read(&alice));
}

/// A change of the lines of a bundle.
type Change = dyn Fn(&mut Vec<Value>);

/// A bundle with other rows, made by `change` from the lines in it.
fn forged(from: &str, to: &str, honest: bool, change: impl Fn(&mut Vec<Value>)) {
    let bundle = Bundle::read(std::fs::read(from).unwrap().as_slice()).unwrap();
    let mut forged = Bundle::new(bundle.manifest().clone());
    for (entry, update) in bundle.documents() {
        forged.push(entry.clone(), update.map(<[u8]>::to_vec));
    }
    let rows = bundle.archives().map(|(entry, part)| {
        let lines = zstd::decode_all(part.unwrap()).unwrap();
        let lines = String::from_utf8(lines).unwrap();
        let mut rows: Vec<Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        change(&mut rows);
        let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
        let mut entry = entry.clone();
        if !honest {
            entry.doc = crdtctl::id::DocId::parse("group:ocean-forest-moon-star:core").unwrap();
        }
        (entry, zstd::encode_all(lines.as_bytes(), 3).unwrap())
    });
    let rows = rows.collect();
    forged.push_archives(rows);
    let mut packed = Vec::new();
    forged.write(&mut packed).unwrap();
    std::fs::write(to, packed).unwrap();
}

#[test]
fn rows_that_cannot_be_are_refused() {
    let machine = Machine::new("archive forged");
    let (alice, _, _) = archived(&machine);
    alice.ok(&["member", "add", CAROL]);
    let (whole, file) = (text(&machine.path("whole.crdt")), text(&machine.path("forged.crdt")));
    alice.ok(&["sync", "export", "--with-archive", "-O", &whole]);
    let carol = machine.store("carol", CAROL);
    alice.give(&carol);
    let before = carol.files();
    let set = |name: &'static str, value: Value| {
        move |rows: &mut Vec<Value>| rows[0][name] = value.clone()
    };
    let record = |field: &'static str, value: Value| {
        move |rows: &mut Vec<Value>| {
            let mut record: Value =
                serde_json::from_str(rows[0]["record"].as_str().unwrap()).unwrap();
            record[field] = value.clone();
            rows[0]["record"] = json!(record.to_string());
        }
    };
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let changes: Vec<(&str, Box<Change>)> = vec![
        ("digest", Box::new(record("content", json!("forged")))),
        ("digest", Box::new(set("client", json!(7)))),
        ("digest", Box::new(|rows| rows.swap(0, 1))),
        ("digest", Box::new(|rows| rows[1] = rows[0].clone())),
        ("digest", Box::new(set("changed_at", json!(i64::MAX)))),
        ("is not a valid record", Box::new(set("changed_at", json!(1)))),
        ("is not a valid record", Box::new(set("created_at", json!(1)))),
        ("is not a valid record", Box::new(set("client", json!(1u64 << 53)))),
        ("is not a valid record", Box::new(set("clock", json!(u32::MAX)))),
        ("is not a valid record", Box::new(set("path", json!(["members", ALICE])))),
        ("is not a valid record", Box::new(set("path", json!([])))),
        ("is not a valid record", Box::new(set("path", json!(["messages", "a", "content"])))),
        ("is not a valid record", Box::new(set("record", json!("[]")))),
        ("is not a valid record", Box::new(set("record", json!("no JSON")))),
        (
            "is not a valid record",
            Box::new(set("record", json!(format!("{{\"content\":{deep}}}")))),
        ),
        ("is not a valid record", Box::new(set("removed", json!(true)))),
        ("is not a valid record", Box::new(set("typed", json!("AAAA")))),
        ("are not valid", Box::new(set("typed", json!("!")))),
        ("are not valid", Box::new(set("more", json!(1)))),
        ("are not valid", Box::new(set("clock", json!(-1)))),
        ("are not valid", Box::new(|rows| rows[0] = json!(7))),
        ("fewer rows", Box::new(|rows| drop(rows.pop()))),
        ("more rows", Box::new(|rows| rows.push(rows[0].clone()))),
    ];
    for (n, (why, change)) in changes.iter().enumerate() {
        forged(&whole, &file, true, change);
        let run = carol.run(&["sync", "import", &file]);
        run.fails(6, "are not valid");
        assert!(run.stderr.contains(why), "{n}: {}", run.stderr);
        assert_eq!(carol.files(), before, "{n}");
        carol.run(&["sync", "verify", &file]).exits(6);
    }
    // Rows under another document's name, and a row larger than allowed.
    forged(&whole, &file, false, |_| {});
    carol.run(&["sync", "import", &file]).fails(6, "are not valid");
    let large = "x".repeat(49 << 20);
    forged(&whole, &file, true, set("record", json!(large)));
    let run = carol.run(&["sync", "import", &file]);
    run.fails(6, "are not valid");
    assert!(run.stderr.contains("a row has more than"), "{}", run.stderr);
    assert_eq!(carol.files(), before);
    // Together with good ones, only they are left out.
    carol.run(&["sync", "import", "-k", &file, &whole]).exits(3);
    assert_eq!(carol.json(&["archive", "list"]).as_array().unwrap().len(), 3);
}

/// An import that is repeated because it needs more of a document does not write the rows of all others again
/// each time.
#[test]
fn rows_of_several_documents_are_written_once() {
    let machine = Machine::new("rows are written once");
    let alice = machine.store("alice", ALICE);
    for group in ["group:one", "group:two", "group:three", "group:four"] {
        alice.ok(&["entity", "create", group, "--name", "A group"]);
        alice.ok(&["-e", group, "member", "add", CAROL]);
        for text in ["an old word", "another"] {
            alice.ok(&["-e", group, "chat", "send", text]);
        }
    }
    let carol = machine.replica_of(&alice, "carol", CAROL);
    carol.give(&alice);
    machine.pass(100 * DAY);
    assert_eq!(alice.json(&["archive", "run"])["archived"], 8);
    // Her own rows, by another way: the removals come first, then the rows of the others once she has them.
    let dave = machine.store("dave", "dave-sand-cloud-rock");
    alice.give(&dave);
    let whole = text(&machine.path("whole.crdt"));
    alice.ok(&["sync", "export", "--with-archive", "-O", &whole]);
    assert_eq!(dave.json(&["sync", "import", &whole])["archived_rows"], 8);
    // The header of an SQLite file counts its changes.
    let archive = std::fs::read(dave.dir.join("archive.db")).unwrap();
    let changes = archive[24..28].iter().fold(0, |n, byte| n << 8 | u32::from(*byte));
    assert!(changes <= 5, "{changes} transactions for the rows of 4 documents");
    assert_eq!(dave.column(&["sql", "SELECT id FROM messages"], "id").len(), 8);
}

//! The archive, killed at its system calls: rows are in one file, removals in another, and between
//! the two nobody may be without a record or have it twice.
//!
//! `CRDTCTL_ARCHIVE=1` breaks every call in turn; otherwise one in 37.

use super::crash::{Rewind, broken_at};
use super::support::{Machine, Store, number, text};
use serde_json::{Value, json};

const ALICE: &str = "alice-river-stone-sky";
const BOB: &str = "bob-hill-lake-tree";
const GROUP: &str = "group:ocean-forest-moon-star";
const WRITES: &str = "write,pwrite64,fsync,fdatasync,ftruncate,rename,unlink";
const DAY: i64 = 86_400;

/// What is read, wherever it lives.
fn read(store: &Store<'_>) -> Vec<Value> {
    let lists: [&[&str]; 3] =
        [&["chat", "list", "--all"], &["chat", "list", "--threads"], &["chat", "search", "word"]];
    lists.iter().map(|args| without(store.json(args))).collect()
}

fn without(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            fields.remove("in_archive");
            fields.values_mut().for_each(|value| *value = without(value.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| *value = without(value.take())),
        _ => {}
    }
    value
}

/// A chat in which two old messages can be archived, one with a reply.
fn talked<'m>(machine: &'m Machine, members: &[&str]) -> (Store<'m>, String) {
    let store = machine.store("store", ALICE);
    store.ok(&["entity", "create", GROUP, "--name", "Ocean"]);
    for member in members {
        store.ok(&["member", "add", member]);
    }
    let old = store.ok(&["chat", "send", "an old word"]);
    machine.pass(1);
    store.ok(&["chat", "send", "--reply-to", &old, "a word in reply"]);
    machine.pass(1);
    store.ok(&["chat", "send", "another word"]);
    machine.pass(100 * DAY);
    store.ok(&["chat", "send", "a new word"]);
    (store, old)
}

/// Kills a command at its calls, and looks after each.
fn sweep(store: Store<'_>, args: &[&str], look: impl Fn(&Store<'_>, usize, bool, &str)) {
    let rewind = Rewind::new(store);
    let step = if number("CRDTCTL_ARCHIVE").is_some() { 1 } else { 37 };
    let mut kills = 0;
    for at in (1..).step_by(step) {
        rewind.rewind();
        let broken = broken_at(&rewind.store, args, WRITES, "signal=KILL", at);
        let Some((run, broken)) = broken else { return };
        if !broken {
            assert!(run.code == 0, "{run:?}");
            break;
        }
        look(&rewind.store, at, run.code == 0, &format!("{args:?} killed at call {at}"));
        kills += 1;
    }
    assert!(kills > 1, "{args:?} was killed {kills} times");
}

#[test]
fn a_run_that_is_killed_leaves_every_record_once() {
    let machine = Machine::new("archive killed");
    let (store, old) = talked(&machine, &[]);
    let before = read(&store);
    sweep(store, &["archive", "run"], |store, at, _, what| {
        assert_eq!(read(store), before, "{what}");
        let lives = store.json(&["chat", "show", &old]).get("in_archive").is_none();
        if lives && at % 2 == 0 {
            // It leaves its document in another way: a row that never counted must not bring it back.
            store.ok(&["chat", "delete", &old, "--yes"]);
            for _ in 0..2 {
                let left = store.column(&["chat", "list", "--all"], "content");
                assert_eq!(left, ["a word in reply", "another word", "a new word"], "{what}");
                store.ok(&["archive", "run"]);
            }
            store.run(&["chat", "show", &old]).exits(4);
        } else {
            store.ok(&["archive", "run"]);
            assert_eq!(read(store), before, "{what}");
            assert_eq!(store.json(&["chat", "show", &old])["in_archive"], true, "{what}");
            let messages = store.json(&["doc", "dump", "chat"])["messages"].clone();
            assert_eq!(messages.as_object().unwrap().len(), 1, "{what}");
        }
        assert_eq!(store.run(&["check"]).code, 0, "{what}");
    });
}

#[test]
fn a_restore_that_is_killed_leaves_every_record_once() {
    let machine = Machine::new("archive restore killed");
    let (store, old) = talked(&machine, &[]);
    let before = store.column(&["chat", "list", "--all"], "content");
    store.ok(&["archive", "run"]);
    sweep(store, &["archive", "restore", &old], |store, _, _, what| {
        assert_eq!(store.column(&["chat", "list", "--all"], "content"), before, "{what}");
        let thread = store.json(&["chat", "thread", &old]);
        assert_eq!(thread["replies"].as_array().unwrap().len(), 1, "{what}");
        store.ok(&["archive", "run"]);
        assert_eq!(store.column(&["chat", "list", "--all"], "content"), before, "{what}");
    });
}

#[test]
fn an_import_of_a_removal_that_is_killed_leaves_every_record_once() {
    let machine = Machine::new("archive import killed");
    let (alice, old) = talked(&machine, &[BOB]);
    let bob = machine.store("bob", BOB);
    alice.give(&bob);
    bob.give(&alice);
    assert_eq!(alice.json(&["archive", "run"])["archived"], json!(3));
    let bundle = text(&machine.path("removal.crdt"));
    alice.ok(&["sync", "export", "-O", &bundle]);
    let before = read(&bob);
    sweep(bob, &["sync", "import", &bundle], |bob, _, done, what| {
        assert_eq!(read(bob), before, "{what}");
        let archived = bob.json(&["chat", "show", &old])["in_archive"] == true;
        assert!(archived || !done, "{what}");
        bob.ok(&["sync", "import", &bundle]);
        assert_eq!(read(bob), before, "{what}");
        assert_eq!(bob.json(&["chat", "show", &old])["in_archive"], true, "{what}");
        assert_eq!(bob.digest(), alice.digest(), "{what}");
    });
}

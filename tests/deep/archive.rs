//! The archive, with commands killed at their system calls: rows are in one file, removals in another, and in
//! between no reader may miss a record or see it twice.
//!
//! `CRDTCTL_ARCHIVE=1` breaks at every call in turn; the default is one in 37.

use super::crash::{Rewind, broken_at, prepared, under_strace};
use super::support::{Machine, Store, number, text};
use serde_json::{Value, json};

const ALICE: &str = "alice-river-stone-sky";
const BOB: &str = "bob-hill-lake-tree";
const GROUP: &str = "group:ocean-forest-moon-star";
const WRITES: &str = "write,pwrite64,fsync,fdatasync,ftruncate,rename,unlink";
const DAY: i64 = 86_400;

/// What is read, whether live or archived.
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

/// More than are archived at once.
const MANY: usize = 20;

/// A chat in which two old messages can be archived, one with a reply, and `more`.
fn talked<'m>(machine: &'m Machine, members: &[&str], more: usize) -> (Store<'m>, String) {
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
    if more > 0 {
        let line = json!({"op": "chat.send", "text": "one word of many"}).to_string() + "\n";
        let args = ["-s", &text(&store.dir), "batch"];
        let sent = machine.run_with_stdin(&args, line.repeat(more).as_bytes());
        assert_eq!(sent.code, 0, "{sent:?}");
    }
    machine.pass(100 * DAY);
    store.ok(&["chat", "send", "a new word"]);
    (store, old)
}

/// Kills a command at its calls, and checks the store after each.
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
    let (store, old) = talked(&machine, &[], MANY);
    let before = read(&store);
    sweep(store, &["archive", "run"], |store, at, _, what| {
        assert_eq!(read(store), before, "{what}");
        let lives = store.json(&["chat", "show", &old]).get("in_archive").is_none();
        if lives && at % 2 == 0 {
            // It leaves its document in another way: a row that never counted must not bring it back.
            store.ok(&["chat", "delete", &old, "--yes"]);
            for _ in 0..2 {
                let mut left = store.column(&["chat", "list", "--all"], "content");
                left.retain(|text| text != "one word of many");
                assert_eq!(left, ["a word in reply", "another word", "a new word"], "{what}");
                assert_eq!(store.column(&["chat", "search", "of many"], "id").len(), MANY);
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
    let (store, old) = talked(&machine, &[], 0);
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
    let (alice, old) = talked(&machine, &[BOB], MANY);
    let bob = machine.store("bob", BOB);
    alice.give(&bob);
    bob.give(&alice);
    assert_eq!(alice.json(&["archive", "run"])["archived"], json!(3 + MANY));
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

#[test]
fn an_import_of_archived_rows_that_is_killed_has_all_of_them_or_none() {
    let machine = Machine::new("archive rows killed");
    let (alice, old) = talked(&machine, &[], MANY);
    alice.ok(&["archive", "run"]);
    alice.ok(&["member", "add", BOB]);
    let bob = machine.store("bob", BOB);
    alice.give(&bob);
    let bundle = text(&machine.path("rows.crdt"));
    alice.ok(&["sync", "export", "--with-archive", "-O", &bundle]);
    let (before, all) = (read(&bob), read(&alice));
    sweep(bob, &["sync", "import", &bundle], |bob, _, done, what| {
        let found = read(bob);
        assert!(found == all || (found == before && !done), "{what}: {found:?}");
        bob.ok(&["sync", "import", &bundle]);
        assert_eq!(read(bob), all, "{what}");
        assert_eq!(bob.json(&["chat", "show", &old])["in_archive"], true, "{what}");
        assert_eq!(bob.run(&["check"]).code, 0, "{what}");
    });
}

/// Rows and removals are two commits in two files. A reader in between, for which the disk is slowed down
/// here, sees each record once.
#[test]
fn who_reads_beside_a_run_sees_every_record_once() {
    let machine = Machine::new("archive read beside");
    let (store, old) = talked(&machine, &[], MANY);
    let list = ["chat", "list", "--all"];
    let before = without(store.json(&list));
    for args in [&["archive", "run"][..], &["archive", "restore", &old]] {
        let slow = ["-e", "trace=fsync,fdatasync", "-o", "/dev/null"];
        let delay = ["-e", "inject=fsync,fdatasync:delay_enter=40000"];
        let mut writer = under_strace(&prepared(&store, args), &[&slow[..], &delay].concat());
        let Ok(mut writer) = writer.spawn() else {
            eprintln!("skipped: there is no strace here");
            return;
        };
        let mut readings = 0;
        let code = loop {
            let now = without(store.json(&list));
            assert_eq!(column_of(&now), column_of(&before), "reading {readings} beside {args:?}");
            readings += 1;
            if let Some(status) = writer.try_wait().expect("a writer") {
                break status.code();
            }
        };
        assert_eq!(code, Some(0), "{args:?}");
        assert!(readings > 2, "{readings} readings beside {args:?}");
        assert_eq!(column_of(&without(store.json(&list))), column_of(&before), "{args:?}");
    }
}

fn column_of(list: &Value) -> Vec<(String, String)> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let rows = list.as_array().expect("a list").iter();
    rows.map(|row| (text(row, "id"), text(row, "content"))).collect()
}

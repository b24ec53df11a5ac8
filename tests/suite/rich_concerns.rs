//! What another program wrote into a document of a concern is kept byte for byte, or nothing is written at
//! all.

use crate::support::*;
use crdtctl::wire::{Block, Update};
use serde_json::{Value, json};
use std::path::Path;

/// As Yjs writes them. A map with `max`: 2^63-1 as a BigInt, `list`: BigInts, `nothing`: undefined, NaN, -0,
/// bytes; and a text with an embed.
const VALUES: &str = concat!(
    "AQmJBgAoAQVvdGhlcgNtYXgBen//////////KAEFb3RoZXIEbGlzdAF1A3oAAAAAAAAAAX0CdgEEZGVlcHr/////",
    "////+ygBBW90aGVyB25vdGhpbmcBfygBBW90aGVyA25hbgF7f/gAAAAAAAAoAQVvdGhlcgR6ZXJvAX1AIwEFb3Ro",
    "ZXIFYnl0ZXMCAP8EAQdwaWN0dXJlAWGEiQYGAWLFiQYGiQYHEXsiaW1hZ2UiOiJ4LnBuZyJ9AA=="
);

/// A bold word; an XML element; a sub-document; a text with an attribute.
const RICH: [(&str, &str); 4] = [
    ("essay", "AQSKBgAEAQVlc3NheQRib2xkhIoGAwUgd29yZEaKBgAEYm9sZAR0cnVlxooGA4oGBARib2xkBG51bGwA"),
    ("prose", "AQSLBgAHAQVwcm9zZQMBcCgAiwYAAWEBdwExBwCLBgAGBACLBgICaGkA"),
    ("subs", "AQGMBgApAQRzdWJzA29uZQJnMXYAAA=="),
    ("titled", "AQKNBgAEAQZ0aXRsZWQBeCgBBnRpdGxlZAFrAX0BAA=="),
];

fn bytes(base64: &str) -> Vec<u8> {
    data_encoding::BASE64.decode(base64.as_bytes()).unwrap()
}

/// Another program writes into the file of a document.
fn written_into(store: &Store<'_>, doc: &str, base64: &str) -> std::path::PathBuf {
    let name: String = doc.bytes().map(|byte| format!("{byte:02x}")).collect();
    let file = store.dir.join(format!("crdt/group/{name}.yrs"));
    let [update, merged] = ["theirs.bin", "merged.bin"].map(|name| store.machine.path(name));
    std::fs::write(&update, bytes(base64)).unwrap();
    let run = ["doc", "merge", &text(&file), &text(&update), "-O", &text(&merged)];
    store.machine.run(&run).exits(0);
    std::fs::copy(merged, &file).unwrap();
    file
}

/// What it holds beside what the concern knows, with every type, from the file as another program would read
/// it.
fn beside(store: &Store<'_>, file: &std::path::Path) -> Value {
    let mut typed = store.machine.run(&["doc", "dump", &text(file), "--as", "yjs"]).json();
    let known = ["messages", "threads", "columns", "cards", "metadata"];
    known.iter().for_each(|root| drop(typed.as_object_mut().unwrap().remove(*root)));
    typed
}

#[test]
fn values_beyond_json_stay_as_they_are_through_every_write() {
    let machine = Machine::new("values");
    let store = machine.group("store", &[]);
    let id = store.send("hello");
    let chat = format!("{GROUP}:chat");
    let file = written_into(&store, &chat, VALUES);
    let before = beside(&store, &file);
    assert_eq!(before["other"]["v"]["max"], json!({"t": "bigint", "v": "9223372036854775807"}));
    assert_eq!(before["other"]["v"]["nothing"], json!({"t": "undefined"}));
    let held = bytes(VALUES);
    let blocks = held.get(5..held.len() - 1).unwrap();
    let holds = |bytes: &[u8]| bytes.windows(blocks.len()).any(|window| window == blocks);
    store.send("one more");
    store.ok(&["chat", "edit", &id, "changed"]);
    store.ok(&["chat", "react", &id, "👍"]);
    store.ok(&["chat", "delete", &id, "--yes"]);
    store.ok(&["prune"]);
    store.ok(&["sync", "status"]);
    store.run(&["check"]).exits(0);
    assert_eq!(beside(&store, &file), before);
    assert!(holds(&std::fs::read(&file).unwrap()), "the blocks are not those that were written");
    // They travel, and come out as they went in.
    let bundle = text(&machine.path("all.crdt"));
    store.ok(&["sync", "export", "--out", &bundle]);
    let other = machine.store("other", BOB);
    other.ok(&["sync", "import", &bundle]);
    let there = other.dir.join(file.strip_prefix(&store.dir).unwrap());
    assert_eq!(beside(&other, &there), before);
    assert!(holds(&std::fs::read(&there).unwrap()));
}

/// The blocks of an update as they were written, with their client and clock.
fn blocks(update: &[u8]) -> Vec<(u64, u32, Vec<u8>)> {
    let walked = Update::walk(update).unwrap();
    let of_client = |(client, blocks): (u64, &[Block])| -> Vec<_> {
        blocks.iter().map(|b| (client, b.clock, update[b.span()].to_vec())).collect()
    };
    walked.clients().flat_map(of_client).collect()
}

/// Whether a file has all blocks of another program's update, byte for byte, and deletes the same of them.
fn has_kept(file: &Path, theirs: &[u8]) -> bool {
    let bytes = std::fs::read(file).unwrap();
    let (here, there) = (Update::walk(&bytes).unwrap(), Update::walk(theirs).unwrap());
    let kept = blocks(&bytes);
    let same = |client: u64| -> Vec<_> { here.delete_set().ranges(client).to_vec() };
    blocks(theirs).iter().all(|block| kept.contains(block))
        && there.clients().all(|(client, _)| same(client) == there.delete_set().ranges(client))
}

#[test]
fn what_yrs_would_change_stays_as_it_was_written_through_every_write() {
    for (root, update) in RICH {
        let machine = Machine::new(root);
        let store = machine.group("store", &[]);
        let id = store.send("hello");
        let file = written_into(&store, &format!("{GROUP}:chat"), update);
        let shown = beside(&store, &file);
        assert_eq!(shown.as_object().unwrap().keys().collect::<Vec<_>>(), [root]);
        let second = store.send("more");
        store.ok(&["chat", "edit", &id, "changed"]);
        store.ok(&["chat", "react", &id, "👍"]);
        store.ok(&["chat", "send", "below", "--reply-to", &id]);
        store.ok(&["chat", "delete", &second, "--yes"]);
        store.ok(&["prune"]);
        store.ok(&["archive", "run", "--older-than", "1d"]);
        store.run(&["check", "--deep"]).exits(0);
        assert_eq!(column(&store.json(&["chat", "list"]), "content"), ["changed"], "{root}");
        assert_eq!(store.json(&["chat", "search", "chang"]).as_array().map(Vec::len), Some(1));
        assert_eq!(beside(&store, &file), shown, "{root}");
        assert!(has_kept(&file, &bytes(update)), "{root}");
        // All of it is in a dump and in a rebuilt copy.
        let dump = store.run(&["doc", "dump", "chat"]).json();
        assert_eq!(dump["messages"][&id]["content"], "changed", "{root}");
        assert!(dump.get(root).is_some(), "{root}: {dump}");
        // It travels, and is the same there; and what is written there comes back.
        let bundle = text(&machine.path("all.crdt"));
        store.ok(&["sync", "export", "--out", &bundle]);
        let other = machine.store("other", BOB);
        other.ok(&["sync", "import", &bundle]);
        let there = other.dir.join(file.strip_prefix(&store.dir).unwrap());
        assert_eq!(beside(&other, &there), shown, "{root}");
        assert!(has_kept(&there, &bytes(update)), "{root}");
        store.ok(&["member", "add", BOB]);
        store.ok(&["sync", "export", "--out", &bundle]);
        other.ok(&["sync", "import", &bundle]);
        other.ok(&["chat", "send", "from there", "--reply-to", &id]);
        other.ok(&["sync", "export", "--out", &bundle]);
        store.ok(&["sync", "import", &bundle]);
        assert_eq!(store.json(&["digest", "chat"]), other.json(&["digest", "chat"]), "{root}");
        assert_eq!(beside(&store, &file), shown, "{root}");
        assert!(has_kept(&file, &bytes(update)), "{root}");
        store.run(&["check"]).exits(0);
    }
}

/// A message with a bold word; an XML element in place of a message.
const AMONG: [(&str, &str); 2] = [
    (
        "bold",
        concat!(
            "AQeFjgYAJwEIbWVzc2FnZXMCbTEBKACFjgYAAmlkAXcCbTEnAIWOBgAHY29udGVudAIGAIWOBgIEYm9sZAR0cnVl",
            "hIWOBgMEYm9sZIaFjgYHBGJvbGQEbnVsbMSFjgYHhY4GCAUgd29yZAA="
        ),
    ),
    ("element", "AQGGjgYAJwEIbWVzc2FnZXMCbTIDAXAA"),
];

#[test]
fn what_yrs_would_change_among_the_records_is_shown_and_nothing_is_written() {
    for (name, update) in AMONG {
        let machine = Machine::new(name);
        let store = machine.group("store", &[]);
        let id = store.send("hello");
        let file = written_into(&store, &format!("{GROUP}:chat"), update);
        let before = std::fs::read(&file).unwrap();
        for args in [
            &["chat", "send", "more"][..],
            &["chat", "edit", &id, "changed"],
            &["chat", "delete", &id, "--yes"],
            &["chat", "react", &id, "👍"],
        ] {
            let run = store.run(args);
            assert!(run.fails(5, "not supported").stderr.contains("hint"), "{name}: {run:?}");
            assert_eq!(std::fs::read(&file).unwrap(), before, "{name}: {args:?}");
        }
        for args in [&["prune"][..], &["archive", "run"], &["sync", "export", "-O", "out.crdt"]] {
            let run = machine.run_in(&store.dir, &[], args);
            assert!(run.exits(5).stderr.contains("left out"), "{name}: {run:?}");
            assert_eq!(std::fs::read(&file).unwrap(), before, "{name}: {args:?}");
        }
        // It is not damaged, everything in it is shown, and other documents still work.
        let run = store.run(&["check", "--json"]);
        assert_eq!(column(&run.exits(3).parsed(), "kind"), ["unsupported"], "{name}");
        let out = text(&machine.path("recovered"));
        store.run(&["recover", "chat", "-O", &out]).exits(1);
        let dump = store.run(&["doc", "dump", "chat"]).json();
        assert_eq!(dump["messages"][&id]["content"], "hello", "{name}");
        store.ok(&["member", "add", BOB]);
        assert_eq!(std::fs::read(&file).unwrap(), before, "{name}");
    }
}

#[test]
fn an_import_names_what_it_changed_beside_the_records() {
    let machine = Machine::new("names");
    let store = machine.group("store", &[]);
    let chat = format!("{GROUP}:chat");
    let load = |update: &[u8]| {
        let file = machine.path("theirs.bin");
        std::fs::write(&file, update).unwrap();
        store.json(&["doc", "load", "--doc", &chat, &text(&file)])["documents"][0].clone()
    };
    // With content that yrs accepts beside the messages and, after the first of `RICH`, without.
    let loaded = load(&bytes(VALUES));
    assert_eq!((&loaded["added"], &loaded["roots"]), (&json!(7), &json!(["other", "picture"])));
    for (root, update) in RICH {
        let loaded = load(&bytes(update));
        assert_eq!((&loaded["added"], &loaded["roots"]), (&json!(1), &json!([root])));
    }
    // Client 778 wrote the word "bold".
    let loaded = load(&[0, 1, 0x8a, 6, 1, 0, 4]);
    assert_eq!((&loaded["edited"], &loaded["roots"]), (&json!(1), &json!(["essay"])));
}

//! The contents of files in bundles: each once, to whoever lacks it, whole or not at all.

use crate::disk_files::{place, put};
use crate::support::*;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

const PIECE: usize = 1 << 20;

fn object(store: &Store<'_>, name: &str) -> PathBuf {
    store.dir.join("disks/.crdtctl").join(name)
}

/// Bytes that are no text and not all the same.
fn bytes(seed: &str, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(seed.as_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// The paths of files whose contents have not arrived.
fn missing(store: &Store<'_>) -> Vec<String> {
    let status: Value =
        serde_json::from_str(&store.run(&["disk", "status", "--json"]).stdout).unwrap();
    let rows = status.as_array().unwrap().iter().filter(|row| row["state"] == "missing");
    rows.map(|row| row["path"].as_str().unwrap().to_owned()).collect()
}

/// Exports with further arguments; returns the file, and the number of file contents in it.
fn export(store: &Store<'_>, name: &str, args: &[&str]) -> (String, u64) {
    let file = text(&store.machine.path(name));
    let told = store.json(&[&["sync", "export", "-O", &file], args].concat());
    (file, told["files"].as_u64().unwrap())
}

fn import(store: &Store<'_>, file: &str) -> Value {
    store.json(&["sync", "import", file])
}

#[test]
fn contents_go_once_to_whoever_lacks_them() {
    let machine = Machine::new("contents");
    let alice = machine.group("a", &[BOB]);
    let (large, small) = (bytes("large", 2 * PIECE + 77), bytes("small", 3000));
    put(&alice, "/shared/large.bin", &large);
    put(&alice, "/shared/small.bin", &small);
    put(&alice, "/public/the same.bin", &small);
    let bob = machine.store("b", BOB);
    let (all, carried) = export(&alice, "all.crdt", &[]);
    assert_eq!(carried, 2, "each content is there once");
    assert_eq!(alice.json(&["sync", "show", &all])["files"].as_array().unwrap().len(), 2);
    assert_eq!(alice.json(&["sync", "verify", &all])["files"], 2);
    let told = import(&bob, &all);
    let came = large.len() + small.len();
    assert_eq!(told["files"], json!({"came": 2, "bytes": came, "missing": 0}));
    assert_eq!(fs::read(place(&bob, "/shared/large.bin")).unwrap(), large);
    assert_eq!(fs::read(place(&bob, "/public/the same.bin")).unwrap(), small);
    bob.run(&["disk", "status"]).exits(0);

    // By his receipt nothing is new to him; then one file is.
    let (receipt, carried) = export(&bob, "receipt.crdt", &["--for", ALICE]);
    assert_eq!(carried, 0);
    import(&alice, &receipt);
    assert_eq!(export(&alice, "nothing.crdt", &["--for", BOB]).1, 0);
    let newer = bytes("newer", 5000);
    put(&alice, "/shared/small.bin", &newer);
    alice.ok(&["disk", "move", "/shared/large.bin", "/shared/moved.bin"]);
    let (news, carried) = export(&alice, "news.crdt", &["--for", BOB]);
    assert_eq!(carried, 1);
    import(&bob, &news);
    assert_eq!(fs::read(place(&bob, "/shared/small.bin")).unwrap(), newer);
    assert_eq!(fs::read(place(&bob, "/shared/moved.bin")).unwrap(), large);
    bob.run(&["disk", "status"]).exits(0);
    // Contents that no file refers to any more are not kept, whoever sends them.
    fs::remove_file(object(&bob, &hash(&small))).unwrap_or_default();
    put(&bob, "/public/the same.bin", &newer);
    fs::remove_file(object(&bob, &hash(&small))).unwrap_or_default();
    let told = import(&bob, &all);
    assert_eq!(told["files"], json!({"came": 0, "bytes": 0, "missing": 0}));
    assert!(!object(&bob, &hash(&small)).exists());
}

#[test]
fn what_was_left_out_is_listed_asked_for_and_comes_later() {
    let machine = Machine::new("left out");
    let alice = machine.group("a", &[BOB]);
    put(&alice, "/shared/large.bin", &bytes("large", 300_000));
    put(&alice, "/shared/small.bin", &bytes("small", 3000));
    let bob = machine.store("b", BOB);
    let (none, carried) = export(&alice, "none.crdt", &["--without-files"]);
    assert_eq!(carried, 0);
    import(&bob, &none);
    assert_eq!(missing(&bob), ["/shared/large.bin", "/shared/small.bin"]);
    let run = bob.run(&["disk", "cat", "/shared/small.bin"]);
    assert!(run.code == 4 && run.stderr.contains("sync import"), "{run:?}");
    let (some, carried) = export(&alice, "some.crdt", &["--files-under", "100k"]);
    assert_eq!(carried, 1);
    let told = import(&bob, &some);
    assert_eq!(told["files"], json!({"came": 1, "bytes": 3000, "missing": 1}));
    assert_eq!(missing(&bob), ["/shared/large.bin"]);
    // He has the record, and asks for its content.
    import(&alice, &export(&bob, "asks.crdt", &["--for", ALICE]).0);
    let (answer, carried) = export(&alice, "answer.crdt", &["--for", BOB, "--if-new"]);
    assert_eq!(carried, 1);
    let piped = fs::read(&answer).unwrap();
    let dir = text(&bob.dir);
    let run = machine.run_with_stdin(&["-s", &dir, "sync", "import", "-", "--json"], &piped);
    assert_eq!(run.json()["files"], json!({"came": 1, "bytes": 300_000, "missing": 0}));
    bob.run(&["disk", "status"]).exits(0);
    import(&alice, &export(&bob, "has.crdt", &["--for", ALICE]).0);
    assert_eq!(export(&alice, "nothing.crdt", &["--for", BOB]).1, 0);
}

#[test]
fn an_interrupted_import_goes_on() {
    let machine = Machine::new("interrupted");
    let alice = machine.group("a", &[BOB]);
    let whole = bytes("large", 3 * PIECE + 9);
    put(&alice, "/shared/large.bin", &whole);
    let bundle = alice.export("all.crdt");
    // A partial download: right as far as it goes, torn within a piece, or something else.
    for (name, begun) in [
        ("nothing", Vec::new()),
        ("two pieces", whole[..2 * PIECE].to_vec()),
        ("torn", whole[..PIECE + 1000].to_vec()),
        ("all", whole.clone()),
        ("more", [&whole[..], &[1, 2, 3]].concat()),
        ("other", bytes("other", 2 * PIECE)),
    ] {
        let bob = machine.store(name, BOB);
        let part = object(&bob, &format!("{}.part", hash(&whole)));
        fs::create_dir_all(part.parent().unwrap()).unwrap();
        fs::write(&part, begun).unwrap();
        let told = import(&bob, &bundle);
        assert_eq!(told["files"]["came"], 1, "{name}");
        assert_eq!(fs::read(place(&bob, "/shared/large.bin")).unwrap(), whole, "{name}");
        assert!(!part.exists(), "{name}");
        bob.run(&["disk", "status"]).exits(0);
    }
}

#[test]
fn a_damaged_bundle_of_files_changes_nothing() {
    let machine = Machine::new("damaged files");
    let alice = machine.group("a", &[BOB]);
    put(&alice, "/shared/large.bin", &bytes("large", 2 * PIECE));
    let bundle = fs::read(alice.export("all.crdt")).unwrap();
    let bob = machine.store("b", BOB);
    let before = files(&bob.dir);
    let damaged = text(&machine.path("damaged.crdt"));
    for at in (0..10).map(|n| bundle.len() * (2 * n + 1) / 20) {
        let mut bytes = bundle.clone();
        bytes[at] ^= 0x55;
        fs::write(&damaged, bytes).unwrap();
        bob.run(&["sync", "import", &damaged]).exits(6);
        fs::write(&damaged, &bundle[..at]).unwrap();
        bob.run(&["sync", "import", &damaged]).exits(6);
    }
    assert_eq!(files(&bob.dir), before);
}

#[test]
fn a_stick_carries_files_too() {
    let machine = Machine::new("files on a stick");
    let alice = machine.group("a", &[BOB]);
    let bob = machine.replica_of(&alice, "b", BOB);
    let stick = text(&machine.path("stick"));
    fs::create_dir(&stick).unwrap();
    let large = bytes("large", 2 * PIECE);
    put(&alice, "/shared/large.bin", &large);
    for store in [&alice, &bob] {
        store.run(&["sync", "stick", &stick]).exits(0);
    }
    assert_eq!(fs::read(place(&bob, "/shared/large.bin")).unwrap(), large);
    // Nothing is written twice.
    alice.run(&["sync", "stick", &stick]).exits(0);
    let told = alice.json(&["sync", "stick", &stick]);
    let rows = told["files"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["state"] == "there"), "{told}");
}

#[test]
fn what_is_attached_goes_along_and_comes_out_again() {
    let machine = Machine::new("attached files");
    let alice = machine.group("a", &[BOB]);
    let map = text(&machine.path("map.png"));
    let (first, second) = (bytes("first", 3000), bytes("second", 4000));
    fs::write(&map, &first).unwrap();
    alice.run(&["chat", "send", "dry", "--attach", &map, "-n"]).exits(0);
    assert_eq!(alice.json(&["disk", "list"]), json!([]));
    let message = alice.ok(&["chat", "send", "The map", "--attach", &map]);
    fs::write(&map, &second).unwrap();
    let other = alice.ok(&["chat", "send", "--reply-to", &message, "", "--attach", &map]);
    let at = |id: &str| alice.json(&["chat", "show", id])["attachments"][0]["file_path"].clone();
    assert_eq!(at(&message), "/shared/attachments/map.png");
    assert_eq!(at(&other), "/shared/attachments/map-2.png");
    // One commit has message and file.
    let log = alice.json(&["log", "--limit", "1"]);
    let seq = log[0]["seq"].to_string();
    assert!(alice.ok(&["log", "show", &seq, "--json"]).contains("map-2.png"));

    let bob = machine.replica_of(&alice, "b", BOB);
    let out = text(&machine.path("out.png"));
    for (id, content) in [(&message, &first), (&other, &second)] {
        bob.ok(&["chat", "attachment", "get", id, "-O", &out]);
        assert_eq!(fs::read(&out).unwrap(), *content);
    }
    assert_eq!(fs::read(place(&bob, "/shared/attachments/map-2.png")).unwrap(), second);
    bob.run(&["chat", "attachment", "get", &message, "no.png", "-O", &out]).fails(4, "no.png");
    let plain = bob.send("nothing");
    bob.run(&["chat", "attachment", "get", &plain, "-O", &out]).fails(4, "nothing is attached");
}

/// The effect of a bundle on a text is shown before the import, and nothing is written.
#[test]
fn a_bundle_shows_what_it_would_make_of_a_text() {
    let machine = Machine::new("diff with a bundle");
    let alice = machine.group("a", &[BOB]);
    put(&alice, "/shared/plan.md", b"one\ntwo\nthree\n");
    put(&alice, "/shared/raw.bin", &bytes("raw", 300));
    let bob = machine.store("b", BOB);
    import(&bob, &export(&alice, "all.crdt", &[]).0);
    import(&alice, &export(&bob, "receipt.crdt", &[]).0);
    // Both change it; he also moves it, and adds another one.
    put(&alice, "/shared/plan.md", b"one, here\ntwo\nthree\n");
    put(&bob, "/shared/plan.md", b"one\ntwo\nthree, there\n");
    bob.ok(&["disk", "move", "/shared/plan.md", "/shared/plans.md"]);
    put(&bob, "/shared/new.md", b"his\n");
    let (news, _) = export(&bob, "news.crdt", &["--for", ALICE]);
    let before = files(&alice.dir);
    let diff = |path: &str, with: &str| alice.run(&["disk", "diff", path, "--with", with]);
    let merged = diff("/shared/plan.md", &news);
    merged.exits(3);
    let shown = "--- /shared/plan.md\n+++ /shared/plans.md\n@@ -1,3 +1,3 @@\n one, here\n two\n-three\n\
                 +three, there\n";
    assert_eq!(merged.stdout, shown);
    // Compared with his store, it is his text of the same file.
    let his = diff("/shared/plan.md", &text(&bob.dir));
    assert!(his.code == 3 && his.stdout.contains("-one, here\n+one\n"), "{his:?}");
    let new = diff("/shared/new.md", &news);
    assert_eq!(new.stdout, "--- /dev/null\n+++ /shared/new.md\n@@ -0,0 +1,1 @@\n+his\n");
    diff("/shared/raw.bin", &news).fails(1, "is not a text");
    diff("/shared/nowhere.md", &news).exits(4);
    let nowhere = diff("/shared/plan.md", &text(&machine.path("nowhere.crdt")));
    nowhere.fails(4, "there is no file");
    fs::write(machine.path("no.crdt"), "no bundle, no store").unwrap();
    diff("/shared/plan.md", &text(&machine.path("no.crdt"))).fails(6, "is not a bundle");
    fs::write(machine.path("cut.crdt"), &fs::read(&news).unwrap()[..100]).unwrap();
    diff("/shared/plan.md", &text(&machine.path("cut.crdt"))).exits(6);
    assert_eq!(files(&alice.dir), before);
    // It is what the import does.
    import(&alice, &news);
    assert_eq!(alice.ok(&["disk", "cat", "/shared/plans.md"]), "one, here\ntwo\nthree, there");
    diff("/shared/plans.md", &news).exits(0);
    // Nothing changes in files that it does not have; a file that it removes is removed whole.
    alice.ok(&["disk", "remove", "/shared/new.md"]);
    let (removed, _) = export(&alice, "removed.crdt", &[]);
    let gone = bob.run(&["disk", "diff", "/shared/new.md", "--with", &removed]);
    assert_eq!(gone.stdout, "--- /shared/new.md\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-his\n");
    bob.ok(&["chat", "send", "only this"]);
    let (chat, _) = export(&bob, "chat.crdt", &["--doc", "chat"]);
    diff("/shared/plans.md", &chat).exits(0);
}

/// Several bundles at once bring the same as one after the other: what is new in one of them is not dropped
/// because another shows the older text.
#[test]
fn bundles_that_come_together_take_nothing_from_each_other() {
    for own_first in [true, false] {
        let machine = Machine::new("bundles that come together");
        let alice = machine.group("a", &[BOB, CAROL]);
        let page = "one\ncommon line\nanother line\n";
        put(&alice, "/shared/page.md", page.as_bytes());
        let [bob, carol] = [("b", BOB), ("c", CAROL)]
            .map(|(name, member)| machine.replica_of(&alice, name, member));
        machine.pass(60);
        let (old, _) = export(&alice, "old.crdt", &[]);
        let (bystander, _) = export(&carol, "bystander.crdt", &[]);
        let more = format!("What Bob adds\n{page}");
        put(&bob, "/shared/page.md", more.as_bytes());
        let (news, _) = export(&bob, "news.crdt", &[]);
        let files = match own_first {
            true => [&old, &bystander, &news],
            false => [&news, &old, &bystander],
        };
        let mut args = vec!["sync", "import"];
        args.extend(files.map(String::as_str));
        alice.json(&args);
        assert_eq!(fs::read_to_string(place(&alice, "/shared/page.md")).unwrap(), more);
        alice.give(&bob);
        assert_eq!(fs::read_to_string(place(&bob, "/shared/page.md")).unwrap(), more);
    }
}

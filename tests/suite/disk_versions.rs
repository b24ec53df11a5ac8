//! Earlier and concurrent versions of files: they are listed, read and restored.

use crate::disk_files::{place, put};
use crate::support::*;
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::process::Stdio;

/// Bytes that are no text.
fn bytes(seed: u8) -> Vec<u8> {
    [&[0, seed][..], &[seed; 2000]].concat()
}

/// What `disk get` writes for a path, an id, a version or a hash.
fn got(store: &Store<'_>, named: &str) -> Vec<u8> {
    let out = store.machine.path("got");
    store.ok(&["disk", "get", named, "-O", &text(&out)]);
    fs::read(&out).unwrap()
}

/// The entries of `conflict list`: kind, field, and the value that lost.
fn lost(store: &Store<'_>) -> Vec<(String, String, String)> {
    let rows = store.json(&["conflict", "list"]);
    let word = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| (word(row, "kind"), word(row, "field"), word(row, "loser"))).collect()
}

/// The one version that lost in a store.
fn lost_version(store: &Store<'_>) -> String {
    match lost(store).as_slice() {
        [(kind, field, version)] if kind == "file" && field == "versions" => version.clone(),
        others => panic!("{others:?}"),
    }
}

/// Both have a text. At Alice's a program puts a NUL in, and Bob continues with the text; neither has heard
/// of the other yet.
fn bytes_beside_a_text<'m>(
    machine: &'m Machine,
    path: &str,
    seed: u8,
    [before, after]: [&str; 2],
) -> (Store<'m>, Store<'m>) {
    let alice = machine.group("a", &[BOB]);
    put(&alice, path, before.as_bytes());
    let bob = machine.replica_of(&alice, "b", BOB);
    fs::write(place(&alice, path), bytes(seed)).unwrap();
    alice.ok(&["disk", "scan"]);
    fs::write(place(&bob, path), after).unwrap();
    bob.ok(&["disk", "scan"]);
    (alice, bob)
}

/// The state of one file.
fn state(store: &Store<'_>, path: &str) -> String {
    let rows = store.run(&["disk", "status", "-a", "--json"]).parsed();
    let row = rows.as_array().unwrap().iter().find(|row| row["path"] == path).expect("the file");
    row["state"].as_str().unwrap().to_owned()
}

#[test]
fn versions_are_read_and_restored_by_their_ids_and_hashes() {
    let machine = Machine::new("versions");
    let alice = machine.group("a", &[BOB]);
    for seed in 1..=3 {
        put(&alice, "/shared/a.bin", &bytes(seed));
    }
    put(&alice, "/shared/page.md", b"words\n");
    let shown = alice.json(&["disk", "show", "/shared/a.bin"]);
    let versions = column(&shown["versions"], "id");
    assert_eq!(versions.len(), 3);
    for (version, seed) in versions.iter().zip(1..) {
        assert_eq!(got(&alice, version), bytes(seed));
        assert_eq!(got(&alice, &version[..8]), bytes(seed));
    }
    // `disk history` shows bytes by their hash.
    let history = alice.run(&["disk", "history", "/shared/a.bin"]).stdout.clone();
    let hash = blake3::hash(&bytes(1)).to_hex().to_string();
    assert!(history.contains(&hash), "{history}");
    assert_eq!(got(&alice, &hash), bytes(1));
    assert_eq!(got(&alice, &hash[..12]), bytes(1));
    alice.ok(&["disk", "restore", &versions[0][..8]]);
    assert_eq!(fs::read(place(&alice, "/shared/a.bin")).unwrap(), bytes(1));
    alice.run(&["disk", "status"]).exits(0);
    alice.run(&["disk", "get", "0000-nothing"]).exits(4);
    // Without a name, the error says where they are listed.
    let lists = "`crdtctl disk list --all` shows those that were removed";
    let run = alice.run(&["disk", "restore", "0000-nothing"]);
    run.fails(4, &format!("{lists}, `crdtctl conflict list` concurrent versions"));
    alice.run(&["disk", "restore", "/shared/nothing"]).fails(4, lists);
}

#[test]
fn of_bytes_that_were_put_at_once_the_others_are_named() {
    let machine = Machine::new("versions at once");
    let alice = machine.group("a", &[BOB]);
    put(&alice, "/shared/a.bin", &bytes(1));
    let bob = machine.replica_of(&alice, "b", BOB);
    put(&alice, "/shared/a.bin", &bytes(2));
    machine.pass(60);
    put(&bob, "/shared/a.bin", &bytes(3));
    alice.meet(&bob);
    for store in [&alice, &bob] {
        assert_eq!(fs::read(place(store, "/shared/a.bin")).unwrap(), bytes(3));
        assert_eq!(got(store, &lost_version(store)), bytes(2));
        assert_eq!(store.json(&["conflict", "list"])[0]["rule"], "later");
    }
    // What was reported once is not reported again.
    put(&bob, "/shared/other.md", b"words\n");
    alice.meet(&bob);
    let version = lost_version(&alice);
    let number = alice.json(&["conflict", "list"])[0]["number"].to_string();
    alice.ok(&["conflict", "restore", &number]);
    machine.pass(60);
    alice.meet(&bob);
    for store in [&alice, &bob] {
        assert_eq!(fs::read(place(store, "/shared/a.bin")).unwrap(), bytes(2));
        assert_eq!(lost_version(store), version);
        assert_eq!(state(store, "/shared/a.bin"), "current");
    }
}

#[test]
fn a_text_that_became_something_else_keeps_what_was_written_into_it_meanwhile() {
    let machine = Machine::new("text to binary");
    let texts = ["one\r\ntwo\r\n", "one\r\ntwo\r\nthree\r\n"];
    let (alice, bob) = bytes_beside_a_text(&machine, "/shared/page.md", 7, texts);
    machine.pass(60);
    alice.meet(&bob);
    for store in [&alice, &bob] {
        assert_eq!(fs::read(place(store, "/shared/page.md")).unwrap(), bytes(7));
        assert_eq!(state(store, "/shared/page.md"), "versions");
        assert_eq!(got(store, &lost_version(store)), b"one\r\ntwo\r\nthree\r\n");
    }
    bob.ok(&["disk", "restore", &lost_version(&bob)]);
    machine.pass(60);
    alice.meet(&bob);
    for store in [&alice, &bob] {
        let now = fs::read_to_string(place(store, "/shared/page.md")).unwrap();
        assert_eq!(now, "one\r\ntwo\r\nthree\r\n");
        assert_eq!(state(store, "/shared/page.md"), "current");
    }
    // If nobody wrote into it nothing is lost.
    put(&alice, "/shared/page.md", &bytes(8));
    put(&bob, "/shared/other.md", b"words\n");
    alice.meet(&bob);
    assert_eq!(state(&bob, "/shared/page.md"), "current");
    assert_eq!([lost(&alice).len(), lost(&bob).len()], [1, 1]);
}

#[test]
fn what_was_written_meanwhile_is_restored_even_if_both_sides_went_on() {
    let machine = Machine::new("what was written meanwhile");
    let texts = ["one\ntwo\nthree\n", "one\ntwo and more\nthree\n"];
    let (alice, bob) = bytes_beside_a_text(&machine, "/shared/p.md", 1, texts);
    bob.give(&alice);
    let version = lost_version(&alice);
    assert_eq!(got(&alice, &version), b"one\ntwo and more\nthree\n");

    // She goes on with the bytes, in a program that knows nothing of the text.
    for seed in [2, 3] {
        fs::write(place(&alice, "/shared/p.md"), bytes(seed)).unwrap();
        alice.ok(&["disk", "scan"]);
        assert_eq!(lost_version(&alice), version);
        assert_eq!(got(&alice, &version), b"one\ntwo and more\nthree\n");
    }
    // An import is no news of it, wherever it happens.
    alice.meet(&bob);
    for store in [&alice, &bob] {
        assert_eq!(lost_version(store), version);
    }
    alice.ok(&["conflict", "restore", "1"]);
    assert_eq!(
        fs::read_to_string(place(&alice, "/shared/p.md")).unwrap(),
        "one\ntwo and more\nthree\n"
    );
    alice.meet(&bob);
    assert_eq!(got(&bob, "/shared/p.md"), b"one\ntwo and more\nthree\n");
}

#[test]
fn bytes_that_were_put_while_the_file_became_a_text_are_kept() {
    let machine = Machine::new("binary to text");
    let alice = machine.group("a", &[BOB]);
    put(&alice, "/shared/a", &bytes(1));
    let bob = machine.replica_of(&alice, "b", BOB);
    put(&alice, "/shared/a", &bytes(2));
    put(&bob, "/shared/a", b"words\n");
    machine.pass(60);
    alice.meet(&bob);
    for store in [&alice, &bob] {
        assert_eq!(fs::read_to_string(place(store, "/shared/a")).unwrap(), "words\n");
        assert_eq!(state(store, "/shared/a"), "versions");
        assert_eq!(got(store, &lost_version(store)), bytes(2));
        // No replica collects it as garbage.
        store.ok(&["disk", "gc"]);
        assert_eq!(got(store, &lost_version(store)), bytes(2));
    }
    alice.ok(&["disk", "restore", &lost_version(&alice)]);
    alice.meet(&bob);
    for store in [&alice, &bob] {
        assert_eq!(fs::read(place(store, "/shared/a")).unwrap(), bytes(2));
        assert_eq!(state(store, "/shared/a"), "current");
    }
}

/// The content of the version that won has not come yet, so that the file of the one that lost stays in place.
#[test]
fn what_is_written_into_a_file_leaves_the_version_that_is_kept_of_it() {
    let machine = Machine::new("kept");
    let alice = machine.group("a", &[BOB]);
    put(&alice, "/shared/f.bin", &bytes(9));
    let bob = machine.replica_of(&alice, "b", BOB);
    put(&alice, "/shared/f.bin", &bytes(1));
    machine.pass(60);
    put(&bob, "/shared/f.bin", &bytes(2));
    let file = text(&machine.path("news.crdt"));
    bob.ok(&["sync", "export", "-O", &file, "--without-files"]);
    alice.run(&["sync", "import", &file]).exits(0);
    let path = place(&alice, "/shared/f.bin");
    assert_eq!(fs::read(&path).unwrap(), bytes(1));
    let version = lost_version(&alice);
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"MORE").unwrap();
    alice.ok(&["disk", "scan"]);
    assert_eq!(got(&alice, &version), bytes(1));
    alice.ok(&["disk", "gc"]);
    assert_eq!(got(&alice, &version), bytes(1));
    // Once it leaves its path, too.
    fs::write(&path, bytes(3)).unwrap();
    alice.ok(&["disk", "scan"]);
    let mut open = fs::OpenOptions::new().append(true).open(&path).unwrap();
    alice.ok(&["disk", "restore", &version]);
    assert_eq!(fs::read(&path).unwrap(), bytes(1));
    open.write_all(b"LATE").unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes(1));
}

#[test]
fn of_two_files_that_were_put_to_one_path_the_other_is_named() {
    let machine = Machine::new("one path");
    let alice = machine.group("a", &[BOB]);
    let bob = machine.replica_of(&alice, "b", BOB);
    put(&alice, "/shared/a", &bytes(1));
    machine.pass(60);
    put(&bob, "/shared/a", b"words\n");
    bob.give(&alice);
    let file = alice.export("news.crdt");
    let run = bob.run(&["sync", "import", &file]);
    run.exits(0);
    assert!(run.stderr.contains("/shared/a: file "), "{run:?}");
    for store in [&alice, &bob] {
        assert_eq!(fs::read_to_string(place(store, "/shared/a")).unwrap(), "words\n");
        let (kind, field, path) = lost(store).remove(0);
        assert_eq!([kind, field, path], ["file", "path", "/shared/a"]);
        let all = store.json(&["disk", "list", "-a"]);
        let other = all.as_array().unwrap().iter().find(|row| row["displaced"] == true);
        assert_eq!(got(store, other.unwrap()["id"].as_str().unwrap()), bytes(1));
    }
}

#[test]
fn what_a_program_made_on_both_sides_stands_once_though_one_went_on() {
    let machine = Machine::new("formatted twice");
    let alice = machine.group("a", &[BOB]);
    let page = "# List\n\n* one\n* two\n* three\n\nMore words.\n";
    put(&alice, "/shared/page.md", page.as_bytes());
    let bob = machine.replica_of(&alice, "b", BOB);
    let formatted = page.replace("* ", "- ");
    for store in [&alice, &bob] {
        fs::write(place(store, "/shared/page.md"), &formatted).unwrap();
        store.ok(&["disk", "scan"]);
    }
    let edited = formatted.replace("- one", "- one EDIT").replace("- three", "- go three");
    fs::write(place(&alice, "/shared/page.md"), &edited).unwrap();
    alice.ok(&["disk", "scan"]);
    alice.meet(&bob);
    for store in [&alice, &bob] {
        assert_eq!(fs::read_to_string(place(store, "/shared/page.md")).unwrap(), edited);
    }
}

#[test]
fn what_a_program_made_on_both_sides_stands_once_though_one_changed_a_word_of_it() {
    for changes_first in [true, false] {
        let machine = Machine::new("formatted and changed");
        let alice = machine.group("a", &[BOB]);
        let page = "# Plan\n\nwe paint the old boat on sunday, and sail.\n\nMore words.\n";
        put(&alice, "/shared/page.md", page.as_bytes());
        let bob = machine.replica_of(&alice, "b", BOB);
        let formatted = page.replace(
            "we paint the old boat on sunday, and sail.",
            "WE PAINT THE OLD BOAT ON SUNDAY, AND SAIL.",
        );
        for store in [&alice, &bob] {
            fs::write(place(store, "/shared/page.md"), &formatted).unwrap();
            store.ok(&["disk", "scan"]);
        }
        // What both wrote is a copy; what one made of it is not.
        let edited = formatted.replace("OLD", "new").replace(" ON SUNDAY", "");
        let who = if changes_first { &alice } else { &bob };
        fs::write(place(who, "/shared/page.md"), &edited).unwrap();
        who.ok(&["disk", "scan"]);
        alice.meet(&bob);
        for store in [&alice, &bob] {
            assert_eq!(fs::read_to_string(place(store, "/shared/page.md")).unwrap(), edited);
        }
        assert_eq!(alice.ok(&["digest"]), bob.ok(&["digest"]));
    }
}

#[test]
fn a_file_that_cannot_be_written_keeps_no_other_from_it() {
    let machine = Machine::new("blocked");
    let alice = machine.group("a", &[BOB]);
    put(&alice, "/shared/before.md", b"words\n");
    let bob = machine.replica_of(&alice, "b", BOB);
    put(&alice, "/shared/dir/a.md", b"words\n");
    put(&alice, "/shared/z.md", b"words\n");
    put(&alice, "/shared/z.bin", &bytes(2));
    // Nothing can be written there under the temporary name of a file.
    let blocked = |name: &str| {
        let hash = blake3::hash(name.as_bytes()).to_hex();
        place(&bob, &format!("/shared/dir/.crdtctl-{hash}.tmp"))
    };
    for name in ["a.md", "c.md"] {
        fs::create_dir_all(blocked(name)).unwrap();
    }
    let file = alice.export("news.crdt");
    let run = bob.run(&["sync", "import", &file]);
    assert!(run.stderr.contains("/shared/dir/a.md is not written"), "{run:?}");
    assert_eq!(fs::read_to_string(place(&bob, "/shared/z.md")).unwrap(), "words\n");
    assert_eq!(fs::read(place(&bob, "/shared/z.bin")).unwrap(), bytes(2));
    // For whoever puts a file there, the exit code reports it, too.
    let dir = text(&bob.dir);
    let mine = ["-s", dir.as_str(), "disk", "put", "-", "/shared/dir/c.md"];
    let run = machine.run_with_stdin(&mine, b"mine\n");
    assert!(run.code == 74 && run.stderr.contains("/shared/dir/c.md is not written"), "{run:?}");
    let run = machine.run_with_stdin(&["-s", &dir, "disk", "put", "-", "/shared/y.md"], b"y\n");
    run.exits(0);
    // Once the way is free all of them are made.
    for name in ["a.md", "c.md"] {
        fs::remove_dir(blocked(name)).unwrap();
    }
    put(&bob, "/shared/x.md", b"words\n");
    assert_eq!(fs::read_to_string(place(&bob, "/shared/dir/c.md")).unwrap(), "mine\n");
    assert_eq!(fs::read_to_string(place(&bob, "/shared/dir/a.md")).unwrap(), "words\n");
    bob.run(&["disk", "status"]).exits(0);
}

#[test]
fn what_comes_slowly_keeps_nobody_from_the_store() {
    let machine = Machine::new("slow input");
    let alice = machine.group("a", &[BOB]);
    let dir = text(&alice.dir);
    for content in [b"words\n".to_vec(), [0; 3].repeat(600_000)] {
        let mut command = machine.command(&["-s", &dir, "disk", "put", "-", "/shared/slow"]);
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut slow = command.spawn().unwrap();
        let mut to = slow.stdin.take().unwrap();
        let (first, rest) = content.split_at(content.len() / 2);
        to.write_all(first).unwrap();
        // It has begun to read, and others can work.
        alice.ok(&["chat", "send", "meanwhile", "--lock-wait", "0s"]);
        to.write_all(rest).unwrap();
        drop(to);
        assert!(slow.wait().unwrap().success());
        assert_eq!(fs::read(place(&alice, "/shared/slow")).unwrap(), content);
    }
    let names = fs::read_dir(&alice.dir).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!names.into_iter().any(|name| name.to_string_lossy().contains(".tmp")));
    assert_eq!(alice.json(&["check"]), json!([]));
}

#[test]
fn what_is_not_taken_in_is_said_where_it_goes_to_others() {
    let machine = Machine::new("unscanned");
    let alice = machine.group("a", &[BOB]);
    put(&alice, "/shared/page.md", b"words\n");
    put(&alice, "/shared/a.bin", &bytes(1));
    let (file, stick) = (text(&machine.path("b.crdt")), machine.path("stick"));
    fs::create_dir(&stick).unwrap();
    let stick = text(&stick);
    let ways: [&[&str]; 2] = [&["sync", "export", "-O", &file], &["sync", "stick", &stick]];
    let said = |what: &str| {
        for args in ways {
            let run = alice.run(args);
            assert_eq!((run.code, run.stderr.contains("disk scan")), (0, !what.is_empty()));
            assert!(run.stderr.contains(what), "{run:?}");
        }
    };
    said("");
    fs::write(place(&alice, "/shared/page.md"), "Words\n").unwrap();
    said("/shared/page.md was changed");
    fs::write(place(&alice, "/shared/new.md"), "new\n").unwrap();
    fs::remove_file(place(&alice, "/shared/a.bin")).unwrap();
    said("/shared/a.bin and 2 more were changed");
    alice.ok(&["disk", "scan"]);
    said("");
}

#[test]
fn who_may_not_publish_is_told_so() {
    let machine = Machine::new("publish as a member");
    let alice = machine.group("a", &[BOB]);
    put(&alice, "/public/website/index.md", b"# Home\n");
    let bob = machine.replica_of(&alice, "b", BOB);
    let run = bob.run(&["disk", "publish"]);
    assert!(run.code == 1 && run.stderr.contains("may not publish the website"), "{run:?}");
}

#[test]
fn a_file_that_met_a_directory_is_not_in_the_way_of_what_is_in_it() {
    let machine = Machine::new("file against directory");
    let alice = machine.group("a", &[BOB]);
    let bob = machine.replica_of(&alice, "b", BOB);
    put(&alice, "/shared/x", b"a file\n");
    put(&bob, "/shared/x/y.md", b"words\n");
    alice.meet(&bob);
    for (store, name) in [(&alice, "z.md"), (&bob, "w.md")] {
        put(store, "/shared/x/y.md", name.as_bytes());
        put(store, &format!("/shared/x/{name}"), b"more\n");
        assert_eq!(got(store, "/shared/x/y.md"), name.as_bytes());
        alice.meet(&bob);
    }
    alice.ok(&["disk", "remove", "-r", "/shared/x"]);
    alice.meet(&bob);
    for store in [&alice, &bob] {
        assert_eq!(fs::read_to_string(place(store, "/shared/x")).unwrap(), "a file\n");
        store.run(&["disk", "status"]).exits(0);
    }
}

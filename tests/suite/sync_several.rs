//! Several files in one import, and some of them bad.

use crate::oracle;
use crate::support::*;
use serde_json::json;
use yrs::{Map, WriteTxn};

const NOTES: &str = "notes:one:free";

/// One key of the root map `m`, written by a client of its own.
fn note(client: u64, key: &str, value: &str) -> Vec<u8> {
    oracle::update(client, &[], |txn| {
        txn.get_or_insert_map("m").insert(txn, key, value);
    })
}

#[test]
fn the_good_ones_are_taken_and_the_others_named() {
    let machine = Machine::new("keep going");
    let alice = machine.group("a", &[BOB, CAROL]);
    let bob = machine.replica_of(&alice, "b", BOB);
    let carol = machine.replica_of(&alice, "c", CAROL);
    bob.send("from Bob");
    let (good, cut) = (bob.export("good.crdt"), text(&machine.path("cut.crdt")));
    let bytes = std::fs::read(&good).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    carol.send("from Carol");
    let other = carol.export("other.crdt");
    let gone = text(&machine.path("gone.crdt"));
    let dir = text(&machine.path("b"));

    // Without the option: the file is named, nothing is taken, and the option is suggested.
    let before = alice.files();
    for (code, bad) in [(6, &cut), (4, &gone), (2, &dir)] {
        let run = alice.run(&["sync", "import", &good, bad, &other]);
        run.fails(code, bad).fails(code, "none of the 3 files was imported");
        assert!(run.stderr.contains("`--keep-going`"), "{}", run.stderr);
        // A single file has no others to go on with.
        let run = alice.run(&["sync", "import", bad]);
        assert!(!run.fails(code, bad).stderr.contains("--keep-going"), "{}", run.stderr);
    }
    assert_eq!(alice.files(), before);

    let all = ["sync", "import", "--keep-going", &cut, &good, &gone, &other, &dir];
    let dry = alice.run(&[&all[..], &["-n"]].concat());
    dry.exits(3);
    assert_eq!(alice.documents(), documents_of(&before));
    let run = alice.run(&[&all[..], &["--json"]].concat());
    run.exits(3);
    let said = run.parsed();
    assert_eq!(said["bundles"], 2);
    let left_out = said["left_out"].as_array().unwrap();
    let of = |field: &str| -> Vec<&str> {
        left_out.iter().map(|one| one[field].as_str().unwrap()).collect()
    };
    assert_eq!(of("file"), [&cut, &gone, &dir]);
    assert_eq!(of("code"), ["untrusted", "not-found", "usage"]);
    for bad in [&cut, &gone, &dir] {
        let told = run.stderr.lines().filter(|line| line.starts_with("left out: "));
        assert_eq!(told.filter(|line| line.contains(bad.as_str())).count(), 1, "{}", run.stderr);
    }
    assert_eq!(alice.column(&["chat", "list"], "content"), ["from Bob", "from Carol"]);
    // Failures are not suppressed by `--quiet`.
    let quiet = alice.run(&[&all[..], &["--quiet"]].concat());
    quiet.exits(3);
    let told = quiet.stderr.lines().filter(|line| line.starts_with("left out: "));
    assert_eq!((told.count(), quiet.stderr.lines().count()), (3, 3), "{}", quiet.stderr);
    // Repeated: nothing is new, and the bad ones are named as before.
    let before = alice.documents();
    alice.run(&all).exits(3);
    assert_eq!(alice.documents(), before);
    // If nothing is wrong, nothing is left out.
    let run = alice.run(&["sync", "import", "-k", &good, &other, "--json"]);
    assert_eq!(run.json()["left_out"], json!([]));
}

fn documents_of(
    files: &std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>,
) -> std::collections::BTreeMap<std::path::PathBuf, Vec<u8>> {
    let is_document = |path: &std::path::Path| path.extension().is_some_and(|e| e == "yrs");
    files.iter().filter(|(p, _)| is_document(p)).map(|(p, b)| (p.clone(), b.clone())).collect()
}

#[test]
fn what_the_gate_refuses_is_left_out_whole_and_alone() {
    let machine = Machine::new("gate");
    let store = machine.store("s", ALICE);
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(machine.path(name), bytes).unwrap();
        name.to_owned()
    };
    // Two that wrote under one client id, and two that are no updates.
    let files = [
        write("first", &note(7, "a", "first")),
        write("fork", &note(7, "a", "second")),
        write("second", &note(8, "b", "third")),
        write("cut", &note(9, "c", "fourth")[..9]),
        write("rubbish", b"\x05no update at all"),
        write("third", &note(10, "d", "fifth")),
    ];
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let import = [&["sync", "import", "--raw", NOTES][..], &files].concat();
    let run = store.run(&import);
    assert_eq!(run.code, 5, "{}", run.stderr);
    assert!(run.stderr.contains(": replica-fork: "), "{}", run.stderr);
    assert!(run.stderr.contains("none of the 6 files was imported"), "{}", run.stderr);
    assert_eq!(store.json(&["doc", "list"]), json!([]));

    let run = store.run(&[&import[..], &["--keep-going", "--json"]].concat());
    run.exits(3);
    let left_out = run.parsed()["left_out"].clone();
    // Which of two contradicting updates is kept does not depend on the order of the files.
    let by_kind = |code: &str| -> Vec<String> {
        let (files, codes) = (column(&left_out, "file"), column(&left_out, "code"));
        files.into_iter().zip(codes).filter(|(_, c)| c == code).map(|(file, _)| file).collect()
    };
    assert_eq!(by_kind("untrusted"), ["cut", "rubbish"], "{left_out}");
    let forked = by_kind("forked");
    assert_eq!(forked.len(), 1, "{left_out}");
    let kept = match forked[0].as_str() {
        "first" => "second",
        _ => "first",
    };
    let held = store.json(&["doc", "dump", NOTES, "--as", "json"]);
    assert_eq!(held["m"], json!({"a": kept, "b": "third", "d": "fifth"}));
}

#[test]
fn where_nothing_could_be_read_it_is_not_said_to_be_here_already() {
    let machine = Machine::new("nothing good");
    let store = machine.group("s", &[]);
    let bad = text(&machine.path("bad.crdt"));
    std::fs::write(&bad, "no bundle at all").unwrap();
    let gone = text(&machine.path("gone.crdt"));
    for more in [&["--keep-going"][..], &["--keep-going", "-n"]] {
        let args = [&["sync", "import", &bad, &gone][..], more].concat();
        let said = store.run(&args).exits(3).stderr.clone();
        assert!(
            said.contains("none of the files could be read, so nothing was imported"),
            "{said}"
        );
        assert!(said.contains("left out: ") && said.contains("bad.crdt"), "{said}");
        assert!(!said.contains("here already"), "{said}");
    }
}

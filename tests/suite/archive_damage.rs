//! An archive that is damaged, gone, or an older one: lists say so, `check` says what helps, and what is
//! in the documents goes on.

use crate::support::*;
use serde_json::json;

const DAY: i64 = 86_400;

/// A group of which both have archived the same.
fn archived(machine: &Machine) -> (Store<'_>, Store<'_>, String) {
    let alice = machine.group("alice", &[BOB]);
    let old = alice.send("an old word");
    alice.send("another old word");
    let bob = machine.replica_of(&alice, "bob", BOB);
    bob.give(&alice);
    machine.pass(100 * DAY);
    alice.ok(&["archive", "run"]);
    alice.give(&bob);
    (alice, bob, old)
}

#[test]
fn whatever_is_wrong_with_an_archive_is_found_and_mended_by_what_others_have() {
    let machine = Machine::new("archive damaged");
    let (alice, bob, old) = archived(&machine);
    let file = alice.dir.join("archive.db");
    let sound = std::fs::read(&file).unwrap();
    assert_eq!(alice.run(&["check", "--deep"]).code, 0);
    let rows = text(&machine.path("rows.crdt"));
    bob.ok(&["sync", "export", "--with-archive", "-O", &rows]);
    // One letter of it, wherever it stands.
    let mut altered = sound.clone();
    for at in 0..sound.len() {
        if sound[at..].starts_with(b"an old word") {
            altered[at + 3] ^= 1;
        }
    }
    // What lies there, whether it reads at all, and what is said of it.
    let cases: &[(&str, Option<&[u8]>, bool, &str)] = &[
        ("gone", None, true, "is not there"),
        ("empty", Some(b""), true, "is not there"),
        ("cut", Some(&sound[..sound.len() / 2]), false, "cannot be read"),
        ("no database", Some(b"something else, and long enough"), false, "cannot be read"),
        ("altered", Some(&altered), true, "not what was written"),
    ];
    for (what, bytes, reads, said) in cases {
        std::fs::remove_file(&file).ok();
        if let Some(bytes) = bytes {
            std::fs::write(&file, bytes).unwrap();
        }
        let files = alice.files();
        let list = alice.run(&["chat", "list"]);
        if *reads {
            list.exits(0);
        } else {
            assert_eq!(list.code, 5, "{what}: {list:?}");
            assert!(list.stderr.contains("crdtctl check"), "{what}: {}", list.stderr);
        }
        let found = alice.run(&["check", "--json"]).exits(3).parsed();
        assert_eq!((found.as_array().unwrap().len(), &found[0]["kind"]), (1, &json!("archive")));
        assert!(found[0]["message"].as_str().unwrap().contains(said), "{what}: {found}");
        assert_eq!(alice.files(), files, "{what}");
        // The documents go on; and what others have comes back.
        let fix = found[0]["fix"].as_str().unwrap();
        if fix.starts_with("mv ") {
            machine.shell(fix);
        } else {
            assert_eq!(fix, "crdtctl sync import BUNDLE", "{what}");
        }
        alice.send("a new word");
        alice.ok(&["sync", "import", &rows]);
        assert_eq!(alice.json(&["chat", "show", &old])["content"], "an old word", "{what}");
        assert_eq!(alice.run(&["check", "--deep"]).code, 0, "{what}");
        std::fs::remove_file(alice.dir.join("archive.db.damaged")).ok();
    }
    // A copy from before the last run.
    machine.pass(200 * DAY);
    bob.give(&alice);
    alice.give(&bob);
    bob.give(&alice);
    assert!(alice.json(&["archive", "run"])["archived"].as_u64().unwrap() > 0);
    std::fs::write(&file, &sound).unwrap();
    let found = alice.run(&["check", "--json"]).exits(3).parsed();
    assert!(found[0]["message"].as_str().unwrap().contains("older copy"), "{found}");
    assert_eq!(alice.json(&["chat", "show", &old])["content"], "an old word");
}

//! An older file in the place of a document whose log no longer reaches back to it.

use crate::support::*;
use std::path::PathBuf;

const CHAT: &str = "group:ocean-forest-moon-star:chat";
const DAY: i64 = 86_400;

/// Alice's store and Bob's, who has the first two messages. Of Alice's log only the last two are left, and
/// the file of her chat has only the first one: the newest file is returned with its path.
fn older(machine: &Machine) -> ([Store<'_>; 2], PathBuf, Vec<u8>) {
    let alice = machine.group("alice", &[BOB]);
    alice.send("one");
    let file = alice.document(CHAT);
    let old = std::fs::read(&file).unwrap();
    machine.pass(DAY);
    alice.send("two");
    let bob = machine.replica_of(&alice, "bob", BOB);
    machine.pass(120 * DAY);
    // These trim the log.
    alice.send("three");
    alice.send("four");
    let new = std::fs::read(&file).unwrap();
    std::fs::write(&file, old).unwrap();
    ([alice, bob], file, new)
}

fn shown(store: &Store<'_>) -> Vec<String> {
    store.column(&["chat", "list"], "content")
}

/// Bob's bundle brings the second message, and with it come those that waited for it.
fn ends_whole(alice: &Store<'_>, bob: &Store<'_>, expected: &[&str]) {
    alice.run(&["check"]).exits(0);
    bob.give(alice);
    assert_eq!(shown(alice), expected);
    alice.meet(bob);
    assert_eq!(shown(bob), expected);
    for store in [alice, bob] {
        store.run(&["check", "--deep"]).exits(0);
    }
}

#[test]
fn what_can_be_read_is_shown_and_the_next_command_is_named() {
    let machine = Machine::new("older file");
    let ([alice, bob], ..) = older(&machine);
    let run = alice.run(&["chat", "list", "--json"]);
    assert!(run.exits(5).stderr.contains("is not shown whole"), "{}", run.stderr);
    assert!(run.stderr.contains("an older state was put in its place"), "{}", run.stderr);
    let found: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(column(&found, "content"), ["one"]);
    let run = alice.run(&["check", "--json"]);
    let findings: serde_json::Value = serde_json::from_str(&run.exits(3).stdout).unwrap();
    let broken = findings.as_array().unwrap().iter().find(|one| one["kind"] == "broken-log");
    let id = broken.unwrap()["id"].as_str().unwrap();
    let named = format!("crdtctl repair {id}");
    assert_eq!(broken.unwrap()["fix"], named);
    let run = alice.run(&["chat", "list"]);
    assert!(run.exits(5).stderr.contains(&named), "{}", run.stderr);
    // Nobody is told that we have what is not there.
    let bundle = text(&machine.path("alice.crdt"));
    let run = alice.run(&["sync", "export", "-O", &bundle]);
    assert!(
        run.exits(5).stderr.contains("group:ocean-forest-moon-star:chat is left out"),
        "{}",
        run.stderr
    );
    // A dry run leaves everything as it is.
    alice.run(&["repair", id, "-n"]).exits(0);
    assert_eq!(alice.run(&["chat", "list"]).code, 5);
    let run = alice.run(&["repair", id]);
    assert!(run.exits(0).stderr.contains("2 log entries wait"), "{}", run.stderr);
    assert_eq!(shown(&alice), ["one"]);
    ends_whole(&alice, &bob, &["one", "two", "three", "four"]);
}

#[test]
fn a_write_takes_the_file_and_keeps_what_does_not_fit_it() {
    let machine = Machine::new("older file written");
    let ([alice, bob], ..) = older(&machine);
    machine.pass(60);
    let run = alice.run(&["chat", "send", "five"]);
    assert!(run.exits(0).stderr.contains("2 log entries wait"), "{}", run.stderr);
    assert_eq!(shown(&alice), ["one", "five"]);
    ends_whole(&alice, &bob, &["one", "two", "three", "four", "five"]);
}

#[test]
fn a_write_to_another_document_loses_nothing() {
    let machine = Machine::new("older file beside");
    let ([alice, bob], ..) = older(&machine);
    alice.run(&["entity", "rename", "Another name"]).exits(0);
    assert_eq!(alice.run(&["chat", "list"]).code, 5);
    alice.run(&["prune"]).exits(0);
    bob.give(&alice);
    ends_whole(&alice, &bob, &["one", "two", "three", "four"]);
}

#[test]
fn the_newer_file_has_everything_when_it_is_put_back() {
    for between in [&["check"][..], &["chat", "list"], &["chat", "send", "five"], &["prune"]] {
        let machine = Machine::new("older file put back");
        let ([alice, bob], file, new) = older(&machine);
        machine.pass(60);
        alice.run(between);
        std::fs::write(&file, new).unwrap();
        let mut expected = vec!["one", "two", "three", "four"];
        if between.contains(&"five") {
            expected.push("five");
        }
        assert_eq!(shown(&alice), expected);
        alice.run(&["entity", "rename", "Another name"]).exits(0);
        alice.meet(&bob);
        assert_eq!((shown(&alice), shown(&bob)), (shown(&bob), shown(&alice)));
        assert_eq!(shown(&alice), expected);
    }
}

/// What is missing came from Bob: his own messages, of which only his log has the beginning.
#[test]
fn what_others_wrote_comes_again_from_them() {
    let machine = Machine::new("older file of others");
    let alice = machine.group("alice", &[BOB]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    bob.send("one");
    bob.give(&alice);
    let file = alice.document(CHAT);
    let old = std::fs::read(&file).unwrap();
    machine.pass(DAY);
    bob.send("two");
    bob.give(&alice);
    machine.pass(120 * DAY);
    bob.send("three");
    let news = text(&machine.path("news.crdt"));
    bob.ok(&["sync", "export", "--for", ALICE, "-O", &news]);
    alice.ok(&["sync", "import", &news]);
    std::fs::write(&file, old).unwrap();
    let run = alice.run(&["chat", "list"]);
    assert_eq!(run.code, 5);
    machine.pass(60);
    alice.run(&["chat", "send", "four"]).exits(0);
    for _ in 0..3 {
        for (from, to, whose) in [(&alice, &bob, BOB), (&bob, &alice, ALICE)] {
            from.ok(&["sync", "export", "--for", whose, "-O", &news]);
            to.run(&["sync", "import", &news]).exits(0);
        }
    }
    assert_eq!(shown(&alice), ["one", "two", "three", "four"]);
    assert_eq!(shown(&alice), shown(&bob));
    alice.run(&["check", "--deep"]).exits(0);
}

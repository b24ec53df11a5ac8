//! `chat tail`: the last messages, and new ones as they arrive.

use crate::support::*;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};

/// A process that follows a chat.
struct Follower {
    child: Child,
    /// `None` once nobody reads them.
    lines: Option<std::io::Lines<BufReader<ChildStdout>>>,
}

impl Follower {
    fn of(store: &Store<'_>, more: &[&str]) -> Follower {
        let dir = text(&store.dir);
        let args = [&["-s", &dir, "chat", "tail", "-f", "--every", "5ms"], more].concat();
        let mut command = store.machine.command(&args);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let lines = Some(BufReader::new(child.stdout.take().unwrap()).lines());
        Follower { child, lines }
    }

    /// Returns the next line when it arrives.
    fn next(&mut self) -> String {
        self.lines.as_mut().unwrap().next().expect("one more line").unwrap()
    }

    fn said(&mut self) -> String {
        let message: Value = serde_json::from_str(&self.next()).unwrap();
        message["content"].as_str().unwrap().to_owned()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_last_messages_and_replies_are_shown() {
    let machine = Machine::new("tail");
    let store = machine.group("s", &[]);
    let mut first = String::new();
    for text in ["one", "two", "three\nlines"] {
        machine.pass(60);
        let id = store.send(text);
        first = if first.is_empty() { id } else { first };
    }
    machine.pass(60);
    store.ok(&["chat", "send", "four", "--reply-to", &first]);
    let tail = |more: &[&str]| store.ok(&[&["chat", "tail"], more].concat());
    let contents = ["--fields", "content", "--no-header"];
    assert_eq!(tail(&contents), "one\ntwo\nthree\\nlines\nfour");
    assert_eq!(tail(&[&contents[..], &["--limit", "2"]].concat()), "three\\nlines\nfour");
    for json in [&["--json"][..], &["-o", "json"]] {
        let last = |limit: &str| {
            let args = [&["chat", "tail", "--limit", limit], json].concat();
            serde_json::from_str::<Value>(&store.ok(&args)).unwrap()
        };
        assert_eq!(column(&last("2"), "content"), ["three\nlines", "four"]);
        assert_eq!(last("0"), serde_json::json!([]));
    }
    assert_eq!(tail(&["--limit", "1", "-o", "ndjson"]).lines().count(), 1);
    let people = tail(&["--limit", "2", "-o", "table"]);
    assert_eq!(
        people,
        format!("2026-01-01 00:03  {ALICE}  three\\nlines\n2026-01-01 00:04  {ALICE}  ↳ four")
    );
    let ids = tail(&["-o", "id"]);
    assert_eq!((ids.lines().next(), ids.lines().count()), (Some(&*first), 4));
}

#[test]
fn what_other_processes_write_and_import_is_followed() {
    let machine = Machine::new("follow");
    let alice = machine.group("alice", &[BOB]);
    let first = alice.send("one");
    let bob = machine.replica_of(&alice, "bob", BOB);
    let mut follower = Follower::of(&alice, &[]);
    assert_eq!(follower.said(), "one");
    machine.pass(60);
    alice.send("two");
    assert_eq!(follower.said(), "two");
    // An edit is no new message; a message that comes by import is, however old.
    alice.ok(&["chat", "edit", &first, "ONE"]);
    bob.ok(&["chat", "send", "three", "--reply-to", &first, "--now", "1000000"]);
    bob.give(&alice);
    assert_eq!(follower.said(), "three");
    let before = alice.files();
    alice.send("four");
    assert_eq!(follower.said(), "four");
    assert_ne!(alice.files(), before);
}

#[test]
fn a_follower_writes_in_the_format_that_is_asked_for_and_ends_with_its_reader() {
    let machine = Machine::new("pipe");
    let store = machine.group("s", &[]);
    let mut follower = Follower::of(&store, &["-o", "tsv", "--fields", "author_id,content"]);
    // The header is there before anything has happened.
    assert_eq!(follower.next(), "author_id\tcontent");
    store.send("one");
    assert_eq!(follower.next(), format!("{ALICE}\tone"));
    let mut lines = Follower::of(&store, &["-o", "json"]);
    assert_eq!(lines.said(), "one");
    // It notices without any further event.
    follower.lines = None;
    assert_eq!(follower.child.wait().unwrap().code(), Some(141));
    let mut said = String::new();
    follower.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}

/// The first lines are those of the list, live or archived.
#[test]
fn what_is_archived_is_among_the_last() {
    let machine = Machine::new("tail archived");
    let store = machine.group("s", &[]);
    let first = store.send("one");
    store.send("two");
    store.ok(&["chat", "send", "an answer", "--reply-to", &first]);
    machine.pass(100 * 86_400);
    store.send("three");
    let tail = |limit: &str| {
        store.ok(&["chat", "tail", "--limit", limit, "--fields", "content", "--no-header"])
    };
    let before = [tail("10"), tail("2")];
    assert_eq!(store.json(&["archive", "run"])["archived"], 3);
    assert_eq!([tail("10"), tail("2")], before);
    assert_eq!(before, ["one\ntwo\nan answer\nthree", "an answer\nthree"]);
    let shown = store.ok(&["chat", "tail", "--fields", "content,in_archive", "--no-header"]);
    assert_eq!(shown, "one\ttrue\ntwo\ttrue\nan answer\ttrue\nthree\tfalse");
    // New ones follow them.
    let mut follower = Follower::of(&store, &["--limit", "1"]);
    assert_eq!(follower.said(), "three");
    store.send("four");
    assert_eq!(follower.said(), "four");
}

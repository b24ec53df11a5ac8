//! `--fold later`: files are written when it is time, and users of crdtctl do not notice.

use crate::application::Application;
use crate::oracle::Plain;
use crate::support::*;
use serde_json::{Value, json};

const LATER: &[&str] = &["--fold", "later"];

fn later<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [args, LATER].concat()
}

fn chat() -> String {
    format!("{GROUP}:chat")
}

/// The texts that another program finds in the file of the chat.
fn in_file(store: &Store<'_>) -> Vec<String> {
    let shown = Plain::read(&store.document(&chat())).map("messages");
    let messages = shown.as_object().unwrap();
    let mut texts: Vec<String> =
        messages.values().map(|one| one["content"].as_str().unwrap().to_owned()).collect();
    texts.sort();
    texts
}

#[test]
fn every_command_shows_what_the_files_get_later() {
    let machine = Machine::new("fold later");
    let store = machine.group("s", &[BOB]);
    let first = store.send("first");
    let files = store.documents();
    let second = store.ok(&later(&["chat", "send", "second"])).trim().to_owned();
    store.ok(&later(&["chat", "edit", &first, "first, edited"]));
    store.ok(&later(&["chat", "send", "a reply", "--reply-to", &second]));
    store.ok(&later(&["member", "add", CAROL]));
    assert_eq!(store.documents(), files, "a file was written");
    assert_eq!(in_file(&store), ["first"]);

    // Readers with crdtctl cannot tell.
    assert_eq!(store.column(&["chat", "list"], "content"), ["first, edited", "second"]);
    let thread = store.json(&["chat", "thread", &second]);
    assert_eq!(column(&thread["replies"], "content"), ["a reply"]);
    assert_eq!(store.column(&["chat", "search", "reply"], "content"), ["a reply"]);
    assert_eq!(store.column(&["member", "list"], "member_id"), [ALICE, BOB, CAROL]);
    assert_eq!(store.json(&["log"]).as_array().unwrap().len(), 7);
    assert_eq!(store.run(&["check"]).code, 0);
    let digest = store.digest();
    let bob = machine.replica_of(&store, "bob", BOB);
    assert_eq!(bob.digest(), digest);

    // What would be written, and then is.
    let would = store.json(&["fold", "run", "-n"]);
    assert_eq!((&would["changed"], &would["dry_run"]), (&json!(true), &json!(true)));
    let counts = |report: &Value| -> Vec<(String, u64)> {
        let documents = report["documents"].as_array().unwrap().iter();
        let count = |one: &Value| {
            (one["doc"].as_str().unwrap().to_owned(), one["changes"].as_u64().unwrap())
        };
        documents.map(count).collect()
    };
    let left = [(chat(), 3), (format!("{GROUP}:core"), 1)];
    assert_eq!(counts(&would), left);
    assert_eq!(store.documents(), files);
    let run = store.json(&["fold", "run"]);
    assert_eq!((counts(&run), &run["dry_run"]), (left.to_vec(), &json!(false)));
    assert_eq!(in_file(&store), ["first, edited", "second"]);
    assert_eq!((store.digest(), store.run(&["check"]).code), (digest, 0));
    let again = store.run(&["fold", "run", "--json"]);
    assert_eq!(again.json()["documents"], json!([]));
    assert!(again.stderr.contains("nothing is left to be written"), "{}", again.stderr);
}

#[test]
fn the_next_command_that_does_not_leave_it_writes_it() {
    let machine = Machine::new("fold next");
    let store = machine.group("s", &[BOB]);
    store.send("first");
    store.ok(&later(&["chat", "send", "second"]));
    store.ok(&["member", "add", CAROL]);
    assert_eq!(in_file(&store), ["first", "second"]);
}

#[test]
fn a_store_can_be_set_to_it_and_the_command_line_goes_before() {
    let machine = Machine::new("fold mode");
    let store = machine.group("s", &[BOB]);
    store.send("first");
    assert_eq!(store.json(&["fold", "mode"]), json!({"fold": "now"}));
    store.ok(&["fold", "mode", "later", "-n"]);
    assert_eq!(store.json(&["fold", "mode"]), json!({"fold": "now"}));
    let set = store.json(&["fold", "mode", "later"]);
    assert_eq!((&set["changed"], &set["fold"]), (&json!(true), &json!("later")));
    store.is_so_already(&["fold", "mode", "later"]);
    assert_eq!(store.json(&["fold", "mode"]), json!({"fold": "later"}));
    store.send("second");
    assert_eq!(in_file(&store), ["first"]);
    store.ok(&["chat", "send", "third", "--fold", "now"]);
    assert_eq!(in_file(&store), ["first", "second", "third"]);
    store.send("fourth");
    store.ok(&["fold", "mode", "now"]);
    store.send("fifth");
    assert_eq!(in_file(&store).len(), 5);
    store.run(&["fold", "mode", "never"]).fails(2, "later");
    store.run(&["chat", "send", "x", "--fold", "never"]).fails(2, "later");
}

/// A store whose file an application overwrites from memory, while a change of ours is in no file yet.
fn saved_over(machine: &Machine) -> Store<'_> {
    let store = machine.group("s", &[BOB]);
    store.send("first");
    let file = store.document(&chat());
    let application = Application::open(77, &std::fs::read(&file).unwrap());
    store.ok(&later(&["chat", "send", "left"]));
    application.send("theirs", BOB, "theirs", machine.now());
    std::fs::write(&file, application.save()).unwrap();
    store
}

#[test]
fn an_application_that_saves_over_it_takes_nothing_away() {
    let machine = Machine::new("fold application");
    let store = saved_over(&machine);
    let mut texts = store.column(&["chat", "list"], "content");
    texts.sort();
    assert_eq!(texts, ["first", "left", "theirs"]);
    store.ok(&later(&["chat", "send", "after"]));
    store.ok(&["fold", "run"]);
    assert_eq!(in_file(&store), ["after", "first", "left", "theirs"]);
    assert_eq!(store.run(&["check"]).code, 0);
}

/// Nobody has opened the document since.
#[test]
fn what_an_application_saved_over_it_is_taken_in_when_it_is_written() {
    let machine = Machine::new("fold run, application");
    let store = saved_over(&machine);
    let run = store.json(&["fold", "run"]);
    assert_eq!(run["documents"], json!([{"doc": chat(), "changes": 1}]));
    assert_eq!(in_file(&store), ["first", "left", "theirs"]);
    assert_eq!(store.run(&["check"]).code, 0);
}

#[test]
fn a_damaged_file_is_left_out_and_the_others_are_written() {
    let machine = Machine::new("fold run, damaged");
    let store = machine.group("s", &[BOB]);
    store.send("first");
    let file = store.document(&chat());
    let bytes = std::fs::read(&file).unwrap();
    store.ok(&later(&["chat", "send", "left"]));
    store.ok(&later(&["member", "add", CAROL]));
    std::fs::write(&file, &bytes[..40]).unwrap();
    let run = store.run(&["fold", "run", "--json"]);
    run.exits(5);
    assert_eq!(run.parsed()["documents"], json!([{"doc": format!("{GROUP}:core"), "changes": 1}]));
    assert!(run.stderr.contains("crdtctl recover"), "{}", run.stderr);
    assert_eq!(std::fs::read(&file).unwrap(), bytes[..40]);
    let alone = store.run(&["fold", "run"]);
    alone.exits(5);
    assert!(
        alone.stderr.contains("nothing is left to be written in what could be read"),
        "{alone:?}"
    );
    // Nothing was lost meanwhile.
    std::fs::write(&file, &bytes).unwrap();
    store.ok(&["fold", "run"]);
    assert_eq!(in_file(&store), ["first", "left"]);
}

/// So that a long run of such commands never leaves much behind.
#[test]
fn what_is_left_does_not_grow_for_ever() {
    let machine = Machine::new("fold much");
    let store = machine.group("s", &[BOB]);
    let (mut most, mut logs) = (0, Vec::new());
    for n in 0..60 {
        store.ok(&later(&["chat", "send", &format!("message {n}")]));
        let log = std::fs::metadata(store.dir.join("crdtctl.db-wal"));
        logs.push(log.map_or(0, |log| log.len()));
        let left = store.json(&["fold", "run", "-n"]);
        let changes = left["documents"][0]["changes"].as_u64().unwrap_or(0);
        most = most.max(changes);
    }
    assert!((5..60).contains(&most), "{most} changes were left at most");
    // SQLite's own log, which every command reads whole, is left alone while it is small.
    assert!(logs.contains(&0) && logs.iter().any(|bytes| *bytes > 0), "{logs:?}");
    assert!(logs.iter().all(|bytes| *bytes < 1 << 19), "{logs:?}");
    assert_eq!(store.json(&["chat", "list"]).as_array().unwrap().len(), 60);
}

#[test]
fn a_copy_of_a_store_in_that_state_is_whole() {
    let machine = Machine::new("fold copy");
    let store = machine.group("s", &[BOB]);
    store.send("first");
    store.ok(&later(&["chat", "send", "left"]));
    let copy = machine.path("copy");
    copy_tree(&store.dir, &copy);
    let copy = text(&copy);
    let listed = machine.run(&["--store", &copy, "chat", "list", "--json"]).json();
    let texts: Vec<&str> =
        listed.as_array().unwrap().iter().map(|one| one["content"].as_str().unwrap()).collect();
    assert_eq!(texts, ["first", "left"]);
}

//! Files attached to messages: in a batch, and after the message is deleted.

use crate::support::*;
use serde_json::{Value, json};
use std::fs;

fn paths(store: &Store<'_>) -> Vec<String> {
    store.column(&["disk", "list"], "path")
}

#[test]
fn a_message_that_is_deleted_names_the_files_that_it_alone_had() {
    let machine = Machine::new("attached, deleted");
    let alice = machine.group("a", &[BOB]);
    fs::write(machine.path("map.png"), [0, 1, 2]).unwrap();
    fs::write(machine.path("oars.txt"), "oars\n").unwrap();
    let (map, oars) = (text(&machine.path("map.png")), text(&machine.path("oars.txt")));
    let message = alice.ok(&["chat", "send", "Both", "--attach", &map, "--attach", &oars]);
    // A second message names one of them, too.
    let again = json!({"op": "chat.send", "text": "Again", "attachments": [{"filename": "oars.txt",
        "size_bytes": 5, "file_path": "/shared/attachments/oars.txt"}]});
    let dir = text(&alice.dir);
    machine.run_with_stdin(&["-s", &dir, "batch"], again.to_string().as_bytes()).exits(0);
    let dry: Value = alice.run(&["chat", "delete", &message, "-n", "--json"]).json();
    assert_eq!(dry["unattached_files"], json!(["/shared/attachments/map.png"]));
    let run = alice.run(&["chat", "delete", &message, "--json"]);
    let told = run.json();
    assert_eq!(told["unattached_files"], json!(["/shared/attachments/map.png"]));
    assert_eq!(told.get("removed_files"), None);
    assert_eq!(paths(&alice), ["/shared/attachments/map.png", "/shared/attachments/oars.txt"]);
    // The suggested command works.
    let line = run.stderr.lines().find(|line| line.contains("map.png")).expect("a note");
    let command = line.split('`').nth(1).expect("a command");
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    alice.run(&words).exits(0);
    assert_eq!(paths(&alice), ["/shared/attachments/oars.txt"]);
    // A message without files is deleted as before.
    let plain = alice.send("no files");
    let told = alice.json(&["chat", "delete", &plain]);
    assert_eq!(told.get("unattached_files"), None);
}

#[test]
fn a_message_goes_with_its_files_where_that_is_asked_for() {
    let machine = Machine::new("attached, removed");
    let alice = machine.group("a", &[BOB]);
    let bob = machine.replica_of(&alice, "b", BOB);
    fs::write(machine.path("map.png"), [0, 1, 2]).unwrap();
    let map = text(&machine.path("map.png"));
    let message = alice.ok(&["chat", "send", "The map", "--attach", &map]);
    let reply = alice.ok(&["chat", "send", "--reply-to", &message, "", "--attach", &map]);
    alice.give(&bob);
    let before = alice.digest();
    alice.run(&["chat", "delete", &reply, "--with-files", "-n"]).exits(0);
    // Nobody removes what others wrote by removing its files.
    bob.run(&["chat", "delete", &reply, "--with-files"]).exits(1);
    assert_eq!((alice.digest(), paths(&bob).len()), (before, 2));
    let told = alice.json(&["chat", "delete", &reply, "--with-files"]);
    assert_eq!(told["removed_files"], json!(["/shared/attachments/map-2.png"]));
    assert_eq!(paths(&alice), ["/shared/attachments/map.png"]);
    alice.give(&bob);
    assert_eq!(paths(&bob), ["/shared/attachments/map.png"]);
    // One commit removed both.
    let last = alice.json(&["log", "--limit", "1"]);
    assert_eq!(last.as_array().unwrap().len(), 1, "{last}");
    alice.run(&["chat", "delete", &message, "--with-files"]).exits(0);
    assert_eq!(paths(&alice), [""; 0]);
    let found = alice.run(&["check", "--json"]).parsed();
    assert!(!found.to_string().contains("attach"), "{found}");
}

#[test]
fn a_batch_brings_the_files_that_its_lines_attach() {
    let machine = Machine::new("attached by batch");
    let alice = machine.group("a", &[BOB]);
    let bytes: Vec<u8> = (0..=255).cycle().take(5000).collect();
    fs::write(machine.path("map.png"), &bytes).unwrap();
    let map = text(&machine.path("map.png"));
    let lines = [
        json!({"op": "chat.send", "text": "one", "attach": map}),
        json!({"op": "chat.send", "text": "x".repeat(20_000), "attach": map}),
        json!({"op": "chat.send", "text": "two", "attach": [map]}),
    ];
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    let dir = text(&alice.dir);
    let run = |args: &[&str], lines: &[String]| {
        let args = [&["-s", dir.as_str(), "batch"], args].concat();
        machine.run_with_stdin(&args, lines.join("\n").as_bytes())
    };
    run(&["-n"], &lines[..1]).exits(0);
    run(&[], &lines).exits(1);
    assert_eq!(paths(&alice), [""; 0]);
    // The failing line attaches nothing.
    run(&["--keep-going"], &lines).exits(3);
    assert_eq!(paths(&alice), ["/shared/attachments/map-2.png", "/shared/attachments/map.png"]);
    let bob = machine.replica_of(&alice, "b", BOB);
    let out = text(&machine.path("copy.png"));
    for message in bob.column(&["chat", "list"], "id") {
        bob.ok(&["chat", "attachment", "get", &message, "-O", &out]);
        assert_eq!(fs::read(&out).unwrap(), bytes);
    }
    bob.run(&["disk", "status"]).exits(0);
}

#[test]
fn each_of_two_files_of_one_name_is_got_by_its_message() {
    let machine = Machine::new("attached at once");
    let alice = machine.group("a", &[BOB]);
    let bob = machine.replica_of(&alice, "b", BOB);
    let send = |store: &Store<'_>, bytes: &[u8]| {
        fs::write(machine.path("map.png"), bytes).unwrap();
        let map = text(&machine.path("map.png"));
        store.ok(&["chat", "send", "The map", "--attach", &map])
    };
    let (ours, theirs) = ([0, 1, 1, 1], [0, 2, 2]);
    let (first, second) = (send(&alice, &ours), send(&bob, &theirs));
    alice.give(&bob);
    bob.give(&alice);
    let out = text(&machine.path("copy.png"));
    for store in [&alice, &bob] {
        for (message, bytes) in [(&first, &ours[..]), (&second, &theirs[..])] {
            store.ok(&["chat", "attachment", "get", message, "-O", &out]);
            assert_eq!(fs::read(&out).unwrap(), bytes);
        }
        let found = store.run(&["check", "--json"]).parsed();
        assert!(!found.to_string().contains("attach"), "{found}");
    }
    // The file offered with a message is its own, whatever now has the path.
    for message in [&first, &second] {
        let store = if *message == first { &alice } else { &bob };
        let told = store.json(&["chat", "delete", message, "--with-files"]);
        assert_eq!(told["removed_files"], json!(["/shared/attachments/map.png"]));
    }
    alice.give(&bob);
    bob.give(&alice);
    assert_eq!([paths(&alice), paths(&bob)], [[""; 0], [""; 0]]);
}

#[test]
fn what_is_attached_by_its_path_alone_is_what_lies_there() {
    let machine = Machine::new("attached by path");
    let alice = machine.group("a", &[BOB]);
    fs::write(machine.path("oars.txt"), "oars\n").unwrap();
    let oars = text(&machine.path("oars.txt"));
    alice.ok(&["chat", "send", "The oars", "--attach", &oars]);
    let line = json!({"op": "chat.send", "text": "Again", "attachments": [{"filename": "oars.txt",
        "size_bytes": 5, "file_path": "/shared/attachments/oars.txt"}]});
    let dir = text(&alice.dir);
    machine.run_with_stdin(&["-s", &dir, "batch"], line.to_string().as_bytes()).exits(0);
    let out = text(&machine.path("copy.txt"));
    let messages = alice.column(&["chat", "list"], "id");
    assert_eq!(messages.len(), 2);
    for message in &messages {
        alice.ok(&["chat", "attachment", "get", message, "-O", &out]);
        assert_eq!(fs::read_to_string(&out).unwrap(), "oars\n");
    }
}

#[test]
fn a_name_that_differs_in_nothing_but_its_case_gets_a_number() {
    let machine = Machine::new("attached, case");
    let alice = machine.group("a", &[BOB]);
    for name in ["map.png", "Map.PNG"] {
        fs::write(machine.path(name), name).unwrap();
        alice.ok(&["chat", "send", "A map", "--attach", &text(&machine.path(name))]);
    }
    assert_eq!(paths(&alice), ["/shared/attachments/Map-2.PNG", "/shared/attachments/map.png"]);
}

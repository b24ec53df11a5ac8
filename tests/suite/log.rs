//! `log`: what happened here.

use crate::support::*;
use serde_json::{Value, json};

#[test]
fn the_log_says_who_did_what_when() {
    let machine = Machine::new("log");
    let store = machine.group("s", &[BOB]);
    machine.pass(3600);
    let id = store.send("hello");
    store.ok(&["chat", "react", &id, "👍", "--as", BOB]);
    let log = store.json(&["log"]);
    let fields = ["seq", "at", "member", "command", "documents", "operations", "from", "bytes"];
    assert!(log.as_array().unwrap().iter().all(|row| keys(row) == fields));
    assert_eq!(column(&log, "command"), ["entity create", "member add", "chat send", "chat react"]);
    assert_eq!(column(&log, "member"), [ALICE, ALICE, ALICE, BOB]);
    let last = log.as_array().unwrap().last().unwrap();
    assert_eq!(last["documents"], json!([format!("{GROUP}:chat")]));
    assert_eq!((&last["at"], &last["operations"]), (&json!(START + 3600), &json!(1)));
    assert!(last["bytes"].as_u64().unwrap() > 10);
    // A command that changed nothing is not logged.
    store.ok(&["chat", "react", &id, "👍", "--as", BOB]);
    store.ok(&["chat", "send", "dry", "-n"]);
    assert_eq!(store.json(&["log"]), log);
    let of = |args: &[&str]| store.column(&[&["log"], args].concat(), "command").len();
    assert_eq!(of(&["--limit", "1"]), 1);
    assert_eq!(of(&["--since", "30m"]), 2);
    assert_eq!(of(&["--until", "30m"]), 2);
    assert_eq!(of(&["--since", "2026-01-01", "--until", "2026-01-02"]), 4);
    let piped = store.ok(&["log"]);
    assert!(piped.starts_with("seq\tat\tmember\tcommand\t"), "{piped}");
    assert_eq!(piped.lines().count(), 5);
    let table = store.ok(&["log", "-o", "table"]);
    assert!(table.contains("chat react") && table.contains(&format!("{GROUP}:chat")), "{table}");
    assert!(piped.contains(BOB), "{piped}");
    assert_eq!(store.ok(&["log", "-o", "id"]).lines().count(), 4);
}

#[test]
fn the_log_of_one_entity() {
    let machine = Machine::new("log of one");
    let store = machine.group("s", &[]);
    store.ok(&["entity", "create", "group:two", "--name", "Two"]);
    store.ok(&["chat", "send", "in two", "-e", "two"]);
    assert_eq!(store.json(&["log"]).as_array().map(Vec::len), Some(3));
    assert_eq!(store.column(&["log", "-e", "two"], "command"), ["entity create", "chat send"]);
    store.run(&["log", "-e", "group:none"]).fails(4, "no entity");
}

#[test]
fn a_list_without_rows_says_why() {
    let machine = Machine::new("no rows");
    let store = machine.group("s", &[]);
    store.ok(&["chat", "send", "hello"]);
    let said = |words: &[&str]| store.run(words).exits(0).stderr.clone();
    for list in ["log", "chat list", "archive list"] {
        let words: Vec<&str> = list.split(' ').chain(["--limit", "0", "-o", "table"]).collect();
        assert_eq!(said(&words), "`--limit 0` shows none\n", "{list}");
    }
    let later = ["log", "--since", "2999-01-01", "-o", "table"];
    assert_eq!(said(&later), "nothing happened here in that time\n");
    let cards = ["archive", "list", "--kind", "card", "-o", "table"];
    assert_eq!(said(&cards), "the archive has none of this kind\n");
}

#[test]
fn a_store_without_a_log_has_none() {
    let machine = Machine::new("no log");
    let store = machine.fixture("real-store");
    assert_eq!(store.json(&["log"]), json!([]));
    let table = store.run(&["log", "-o", "table"]);
    assert_eq!(table.exits(0).stderr, "nothing happened here yet\n");
    store.run(&["log", "show", "1"]).fails(4, "no command 1 in the log");
    store.run(&["log", "show", "x"]).exits(2);
}

#[test]
fn a_command_is_shown_with_its_operations_and_records() {
    let machine = Machine::new("log show");
    let store = machine.group("s", &[BOB]);
    let id = store.send("hello");
    let edit = store.json(&["chat", "edit", &id[..8], "hello again"])["seq"].to_string();
    let shown = store.json(&["log", "show", &edit]);
    assert_eq!(
        keys(&shown),
        ["seq", "at", "member", "command", "operations", "documents", "records"]
    );
    assert_eq!(shown["command"], "chat edit");
    assert_eq!(
        shown["operations"],
        json!([{"id": id, "operation": {
            "op": "chat.edit", "entity": GROUP, "message": id, "text": "hello again",
        }}])
    );
    let document = &shown["documents"][0];
    assert_eq!(document["doc"], format!("{GROUP}:chat"));
    assert_eq!((&document["blocks"], &document["from"]), (&json!(2), &Value::Null));
    assert_eq!(
        shown["records"],
        json!([{
            "doc": format!("{GROUP}:chat"), "kind": "message", "id": id,
            "path": format!("messages/{id}"), "change": "edited", "fields": ["content", "updated_at"],
        }])
    );
    let sent = store.json(&["log", "show", "3"]);
    assert_eq!(
        (&sent["records"][0]["change"], &sent["records"][0]["id"]),
        (&json!("created"), &json!(id))
    );
    let renamed = store.json(&["entity", "rename", "Other"])["seq"].to_string();
    let renamed = store.json(&["log", "show", &renamed]);
    let touched = (column(&renamed["records"], "path"), column(&renamed["records"], "change"));
    let expected = ["metadata/name", "metadata/updated_at"].map(str::to_owned).to_vec();
    assert_eq!(touched, (expected, vec!["edited".to_owned(), "created".to_owned()]));
    let table = store.ok(&["log", "show", &edit, "-o", "table"]);
    for word in ["chat.edit", "records", "content, updated_at"] {
        assert!(table.contains(word), "{word}: {table}");
    }
    let piped = store.ok(&["log", "show", &edit]);
    assert!(piped.starts_with(&format!("field\tvalue\nseq\t{edit}\n")), "{piped}");
    store.run(&["log", "show", "99"]).fails(4, "no command 99 in the log");
}

#[test]
fn an_import_says_whose_bundle_it_was() {
    let machine = Machine::new("log import");
    let alice = machine.group("alice", &[BOB]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    let id = bob.send("from bob");
    bob.give(&alice);
    let log = alice.json(&["log"]);
    let last = log.as_array().unwrap().last().unwrap();
    assert_eq!((&last["command"], &last["from"]), (&json!("sync import"), &json!([BOB])));
    assert_eq!(last["operations"], 0);
    let shown = alice.json(&["log", "show", &last["seq"].to_string()]);
    assert_eq!(shown["operations"], json!([]));
    assert_eq!(shown["documents"][0]["from"], BOB);
    assert!(column(&shown["records"], "id").contains(&id), "{shown}");
}

#[test]
fn what_a_command_did_can_be_done_elsewhere() {
    let machine = Machine::new("replay");
    let store = machine.group("s", &[]);
    let dir = text(&store.dir);
    let lines =
        "{\"op\":\"chat.send\",\"text\":\"one\"}\n{\"op\":\"member.add\",\"member\":\"bob-x\"}\n";
    machine.run_with_stdin(&["-s", &dir, "batch"], lines.as_bytes()).exits(0);
    let shown = store.json(&["log", "show", "2"]);
    let operations = shown["operations"].as_array().unwrap().iter();
    let again: Vec<String> = operations.map(|o| o["operation"].to_string()).collect();
    let other = machine.group("other", &[]);
    let dir = text(&other.dir);
    machine.run_with_stdin(&["-s", &dir, "batch"], again.join("\n").as_bytes()).exits(0);
    assert_eq!(other.column(&["chat", "list"], "content"), ["one"]);
    assert_eq!(other.json(&["member", "show", "bob-x"])["role"], "member");
}

/// A prefix of one record here may be that of another elsewhere.
#[test]
fn the_log_names_records_by_their_whole_ids() {
    let machine = Machine::new("whole ids");
    let store = machine.group("s", &[BOB]);
    let message = store.send("hello");
    let card = store.ok(&["kanban", "add", "Roof"]);
    let issue = store.ok(&["issue", "open", "Leak"]);
    let comment = store.ok(&["issue", "comment", &issue, "Oil"]);
    let (a, b) = (&issue[..6], &comment[..6]);
    for (args, name, id) in [
        (&["chat", "edit", &message[..6], "bye"][..], "message", message.as_str()),
        (&["kanban", "move", &card[..6], "Done"], "card", &card),
        (&["issue", "comment", "--edit", b, a, "Water"], "comment", &comment),
        (&["issue", "priority", a, "high"], "issue", &issue),
        (&["member", "role", &BOB[..5], "viewer"], "member", BOB),
        (&["chat", "delete", &message[..6]], "message", &message),
    ] {
        store.ok(args);
        let seq = store.ok(&["log", "--limit", "1", "-o", "id"]);
        let operation = store.json(&["log", "show", &seq])["operations"][0]["operation"].take();
        assert_eq!(operation[name], json!(id), "{args:?}: {operation}");
    }
}

#[test]
fn the_history_of_one_record() {
    let machine = Machine::new("record");
    let alice = machine.group("alice", &[BOB]);
    let id = alice.send("one");
    let other = alice.send("another");
    machine.pass(60);
    alice.ok(&["chat", "edit", &id, "two"]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    machine.pass(60);
    bob.ok(&["chat", "react", &id, "👍"]);
    bob.give(&alice);
    machine.pass(60);
    alice.ok(&["chat", "delete", &id]);
    let history = alice.json(&["log", "--record", &id[..8]]);
    let commands = ["chat send", "chat edit", "sync import", "chat delete"];
    assert_eq!(column(&history, "command"), commands);
    assert_eq!(column(&history, "change"), ["created", "edited", "edited", "edited"]);
    assert!(column(&history, "id").iter().all(|one| *one == id), "{history}");
    assert_eq!(history[0]["operations"][0]["text"], "one");
    assert_eq!(history[1]["operations"][0]["text"], "two");
    assert!(history[1]["fields"].as_array().unwrap().contains(&json!("content")), "{history}");
    assert_eq!(history[1]["at"], START + 60);
    // An import's entry says whose bundle it was, and that no operation was run for it here.
    assert_eq!((&history[2]["from"], &history[2]["operations"]), (&json!(BOB), &json!([])));
    assert!(history[2]["fields"].as_array().unwrap().contains(&json!("reactions")), "{history}");
    let table = alice.ok(&["log", "--record", &id, "-o", "table"]);
    assert!(table.contains("two") && !table.contains("another"), "{table}");
    assert_eq!(alice.json(&["log", "--record", &id, "--limit", "1"])[0]["command"], "chat delete");
    let late = ["log", "--record", &id, "--since", "90s", "--fields", "command", "--no-header"];
    assert_eq!(alice.ok(&late), "sync import\nchat delete");
    assert_eq!(alice.column(&["log", "--record", &other], "command"), ["chat send"]);
    // Members are records too, in two places; unknown ids are not.
    let bob = alice.json(&["log", "--record", "bob-"]);
    assert_eq!(column(&bob, "command"), ["member add", "member add"]);
    assert_eq!(column(&bob, "path"), [format!("active_members/{BOB}"), format!("members/{BOB}")]);
    alice.run(&["log", "--record", "ffff"]).fails(4, "no command in the log is about");
    alice.run(&["log", "--record", "f"]).fails(2, "characters");
}

#[test]
fn the_history_of_a_record_in_a_list_is_by_its_id() {
    let machine = Machine::new("history in a list");
    let store = machine.group("s", &[]);
    let issue = store.ok(&["issue", "open", "Leak"]);
    let comment = store.ok(&["issue", "comment", &issue, "Water"]);
    let column_id = store.ok(&["kanban", "column", "add", "Review"]);
    store.ok(&["kanban", "column", "rename", "Review", "Seen"]);
    let of = |id: &str| store.json(&["log", "--record", id]);
    assert_eq!(column(&of(&comment), "command"), ["issue comment"]);
    assert_eq!(column(&of(&comment[..8]), "kind"), ["comment"]);
    assert_eq!(column(&of(&column_id), "command"), ["kanban column add", "kanban column rename"]);
    assert_eq!(of(&column_id)[1]["path"], json!(format!("columns/{column_id}")));
}

//! Permanent deletion: reported, confirmed, and kept in the trash for a while.

use crate::support::*;
use serde_json::{Value, json};

fn only(list: &Value) -> &Value {
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    &list[0]
}

#[test]
fn a_deletion_for_good_is_said_and_can_be_had_back_as_a_new_message() {
    let machine = Machine::new("trash alone");
    let store = machine.group("store", &[]);
    let id = store.send("a word too much");
    store.ok(&["chat", "react", &id, "👍"]);
    store.ok(&["chat", "send", "--reply-to", &id, "an answer"]);
    let before = store.files();
    let dry = store.run(&["chat", "delete", &id, "-n", "--json"]).json();
    assert_eq!((&dry["dry_run"], &dry["pruned"]), (&json!(true), &json!([id])));
    assert_eq!(store.files(), before);
    assert_eq!(store.json(&["trash", "list"]), json!([]));

    machine.pass(60);
    let deleted = store.run(&["chat", "delete", &id]);
    assert!(deleted.exits(0).stderr.contains("gone for good"), "{}", deleted.stderr);
    assert!(
        deleted.stderr.contains(&format!("`crdtctl trash restore {id}`")),
        "{}",
        deleted.stderr
    );
    let kept = store.json(&["trash", "list"]);
    let kept = only(&kept);
    assert_eq!(
        (&kept["id"], &kept["why"], &kept["member"]),
        (&json!(id), &json!("pruned"), &json!(ALICE))
    );
    let shown = store.json(&["trash", "show", &id[..8]]);
    assert_eq!(shown["record"]["content"], "a word too much");
    assert_eq!(shown["record"]["reactions"], json!({"👍": [ALICE]}));

    let restored = store.json(&["trash", "restore", &id]);
    let new = restored["id"].as_str().unwrap();
    assert_ne!(new, id);
    assert_eq!(restored["replies_left"], 1);
    let message = store.json(&["chat", "show", new]);
    assert_eq!(
        (&message["content"], &message["deleted"]),
        (&json!("a word too much"), &json!(false))
    );
    assert_eq!((&message["author_id"], &message["created_at"]), (&json!(ALICE), &json!(START)));
    assert_eq!(message["reactions"], json!({"👍": [ALICE]}));
    store.is_so_already(&["trash", "restore", &id]);
    // It is a message like any other.
    store.ok(&["chat", "edit", new, "better words"]);
    store.ok(&["chat", "delete", new]);
    assert_eq!(store.json(&["trash", "list"]).as_array().unwrap().len(), 2);
    assert_eq!(store.run(&["check"]).code, 0);
}

#[test]
fn what_others_prune_is_kept_by_everybody_who_had_it() {
    let machine = Machine::new("trash peers");
    let alice = machine.group("alice", &[BOB]);
    let id = alice.send("to go");
    let bob = machine.replica_of(&alice, "bob", BOB);
    machine.pass(60);
    alice.ok(&["chat", "delete", &id]);
    alice.give(&bob);
    // Bob's acknowledgement completes the set, on his replica first.
    let kept = bob.json(&["trash", "list"]);
    assert_eq!((&only(&kept)["id"], &only(&kept)["why"]), (&json!(id), &json!("pruned")));
    assert_eq!(alice.json(&["trash", "list"]), json!([]));
    bob.give(&alice);
    let kept = alice.json(&["trash", "list"]);
    assert_eq!(
        (&only(&kept)["id"], &only(&kept)["why"], &only(&kept)["member"]),
        (&json!(id), &json!("peer"), &json!(BOB))
    );
    // Bob is neither its author nor an admin: what he restores is his, and names the original author.
    let new = bob.ok(&["trash", "restore", &id]);
    let message = bob.json(&["chat", "show", &new]);
    assert_eq!(message["author_id"], BOB);
    assert_eq!(message["content"], format!("{ALICE}: to go"));
    let new = alice.ok(&["trash", "restore", &id]);
    assert_eq!(alice.json(&["chat", "show", &new])["author_id"], ALICE);
    alice.meet(&bob);
    assert_eq!(alice.json(&["chat", "list"]).as_array().unwrap().len(), 2);
}

#[test]
fn every_kind_of_record_comes_back_as_a_new_one() {
    let machine = Machine::new("trash kinds");
    let store = machine.project("store", &[]);
    let message = store.send("a message");
    let reply = store.ok(&["chat", "send", "--reply-to", &message, "a reply"]);
    let issue = store.ok(&["issue", "open", "an issue"]);
    let comment = store.ok(&["issue", "comment", &issue, "a comment"]);
    let element = store.ok(&["canvas", "add", "text", "--at", "3,4", "--size", "5,6"]);
    store.ok(&["canvas", "set", &element, "data.color=navy"]);
    let column = store.ok(&["kanban", "column", "add", "Review"]);
    machine.pass(60);
    store.ok(&["chat", "delete", &reply]);
    store.ok(&["issue", "comment", &issue, "--delete", &comment]);
    store.ok(&["canvas", "delete", &element]);
    let removed = store.json(&["kanban", "column", "remove", &column]);
    assert_eq!(removed["pruned"], json!([column]), "it leaves no tombstone");
    let kinds = store.column(&["trash", "list"], "kind");
    assert_eq!(kinds, ["column", "element", "comment", "reply"]);

    let new = store.ok(&["trash", "restore", &reply]);
    assert_eq!(store.json(&["chat", "show", &new])["parent_id"], message);
    assert_eq!(store.json(&["chat", "thread", &message])["reply_count"], 1);
    let new = store.ok(&["trash", "restore", &comment]);
    let comments = store.json(&["issue", "comments", &issue]);
    assert_eq!(
        (&only(&comments)["id"], &only(&comments)["content"]),
        (&json!(new), &json!("a comment"))
    );
    let new = store.ok(&["trash", "restore", &element]);
    let shown = store.json(&["canvas", "show", &new]);
    assert_eq!((&shown["x"], &shown["data"]), (&json!(3), &json!({"color": "navy"})));
    store.ok(&["canvas", "undo"]);
    assert_eq!(store.json(&["canvas", "list"]), json!([]), "it can be undone");
    store.ok(&["trash", "restore", &column]);
    let titles: Vec<Value> = store
        .json(&["kanban", "board"])
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["title"].clone())
        .collect();
    assert_eq!(titles, ["Backlog", "In Progress", "Done", "Review"]);
    assert_eq!(store.run(&["check"]).code, 0);
    store.run(&["trash", "restore", "ffffffff"]).fails(4, "hint: `crdtctl trash list`");
}

#[test]
fn a_member_is_added_again_and_a_batch_says_what_went() {
    let machine = Machine::new("trash member");
    let store = machine.group("store", &[BOB]);
    machine.pass(60);
    let id = store.send("mine");
    let lines = [
        json!({"op": "chat.delete", "message": id}),
        json!({"op": "member.remove", "member": BOB}),
        json!({"op": "trash.restore", "record": id}),
    ];
    let lines = lines.map(|line| line.to_string()).join("\n");
    let run = machine.run_with_stdin(&["--store", &text(&store.dir), "batch"], lines.as_bytes());
    let results: Vec<Value> =
        run.exits(0).stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // While Bob is a member he is waited for.
    assert_eq!(results[0]["pruned"], Value::Null);
    assert_eq!(results[1]["pruned"], json!([BOB, id]));
    assert!(run.stderr.contains("2 records are gone for good"), "{}", run.stderr);
    let new = results[2]["id"].as_str().unwrap();
    assert_eq!(store.json(&["chat", "show", new])["content"], "mine");
    let run = store.run(&["trash", "restore", BOB]);
    run.fails(1, &format!("hint: `crdtctl member add {BOB} --role member -e {GROUP}`"));
}

#[test]
fn the_trash_is_emptied_after_thirty_days() {
    let machine = Machine::new("trash age");
    let store = machine.group("store", &[]);
    let id = store.send("old");
    store.ok(&["chat", "delete", &id]);
    machine.pass(29 * 86_400);
    store.send("something");
    assert_eq!(store.column(&["trash", "list"], "id"), [id.as_str()]);
    machine.pass(2 * 86_400);
    store.send("something else");
    assert_eq!(store.json(&["trash", "list"]), json!([]));
    store.run(&["trash", "restore", &id]).fails(4, "no record in the trash");
}

#[test]
fn the_tombstone_of_a_member_who_is_added_again_is_kept_here_and_by_others() {
    let machine = Machine::new("trash member again");
    // Dave has not received the removal: it waits for him.
    let alice = machine.group("alice", &[BOB, CAROL, "dave-snow-field-moss"]);
    alice.ok(&["member", "role", CAROL, "admin"]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    machine.pass(60);
    alice.ok(&["member", "remove", CAROL]);
    alice.give(&bob);
    machine.pass(60);
    let before = alice.files();
    alice.ok(&["member", "add", CAROL, "-n"]);
    assert_eq!(alice.files(), before);
    alice.ok(&["member", "add", CAROL]);
    alice.give(&bob);
    for store in [&alice, &bob] {
        let kept = store.json(&["trash", "list"]);
        assert_eq!(
            (&only(&kept)["id"], &only(&kept)["why"]),
            (&json!(CAROL), &json!("replaced")),
            "{kept}"
        );
        let record = store.json(&["trash", "show", CAROL])["record"].clone();
        assert_eq!(
            (&record["role"], &record["deleted_by"], &record["deleted_at"]),
            (&json!("admin"), &json!(ALICE), &json!(START + 60))
        );
        assert_eq!(store.json(&["member", "list"]).as_array().unwrap().len(), 4);
    }
}

/// What a file completes, or removes, is reported as for a bundle: a message that everybody now knows to be
/// deleted, one that others have pruned, and those that waited for a member who is gone.
#[test]
fn what_a_loaded_file_deletes_for_good_is_said() {
    let machine = Machine::new("load deletes");
    let store = machine.group("store", &[BOB]);
    let [one, two] = ["one", "two"].map(|content| store.send(content));
    let (bob, desk) =
        (machine.replica_of(&store, "bob", BOB), machine.replica_of(&store, "desk", ALICE));
    let load = |store: &Store<'_>, from: &Store<'_>, concern: &str, dry: bool| {
        let doc = format!("{GROUP}:{concern}");
        let file = text(&from.document(&doc));
        let run = match dry {
            true => store.run(&["doc", "load", "--doc", &doc, &file, "-n"]),
            false => store.run(&["doc", "load", "--doc", &doc, &file]),
        };
        run.exits(0).stderr.clone()
    };
    let said = "1 record is gone for good";
    machine.pass(60);
    store.ok(&["chat", "delete", &one]);
    // Bob knows it now, and so does everybody.
    for dry in [true, false] {
        assert!(load(&bob, &store, "chat", dry).contains(said), "{dry}");
    }
    assert_eq!(column(&bob.json(&["trash", "list"]), "id"), [one.as_str()]);
    // And there it is removed with what Bob has pruned.
    for dry in [true, false] {
        assert!(load(&store, &bob, "chat", dry).contains(said), "{dry}");
    }
    assert_eq!(column(&store.json(&["trash", "list"]), "id"), [one]);
    assert!(!load(&store, &bob, "chat", false).contains("gone for good"), "once");

    store.ok(&["chat", "delete", &two]);
    load(&desk, &store, "chat", false);
    assert!(column(&desk.json(&["trash", "list"]), "id").len() == 1);
    store.ok(&["member", "remove", BOB]);
    for dry in [true, false] {
        let told = load(&desk, &store, "core", dry);
        assert!(told.contains("2 records are gone for good"), "{dry}: {told}");
    }
    let gone = column(&desk.json(&["trash", "list"]), "id");
    assert!(gone.contains(&two) && gone.contains(&BOB.to_owned()), "{gone:?}");
}

/// Reads a file attached to a message.
fn attached(store: &Store<'_>, message: &str, name: &str) -> Vec<u8> {
    let out = text(&store.machine.path("out"));
    store.ok(&["chat", "attachment", "get", message, name, "-O", &out]);
    std::fs::read(&out).unwrap()
}

#[test]
fn a_message_comes_back_with_the_files_that_were_removed_with_it() {
    let machine = Machine::new("trash attachments");
    let store = machine.group("store", &[]);
    std::fs::write(machine.path("map.txt"), "map\n").unwrap();
    std::fs::write(machine.path("map.png"), [0, 1, 2]).unwrap();
    let files = ["map.txt", "map.png"].map(|name| text(&machine.path(name)));
    let args = ["chat", "send", "The map", "--attach", &files[0], "--attach", &files[1]];
    let mut id = store.ok(&args);
    let paths = json!(["/shared/attachments/map.txt", "/shared/attachments/map.png"]);
    // A second time as well: the files are others by then.
    for _ in 0..2 {
        machine.pass(60);
        store.ok(&["chat", "delete", &id, "--with-files"]);
        assert_eq!(store.json(&["disk", "list"]), json!([]));
        let before = store.digest();
        store.run(&["trash", "restore", &id, "-n"]).exits(0);
        assert_eq!(store.digest(), before);
        let told = store.json(&["trash", "restore", &id]);
        assert_eq!(told["restored_files"], paths);
        assert_eq!(told.get("missing_files"), None);
        id = told["id"].as_str().unwrap().to_owned();
        assert_eq!(attached(&store, &id, "map.txt"), b"map\n");
        assert_eq!(attached(&store, &id, "map.png"), [0, 1, 2]);
        assert_eq!(store.json(&["check"]), json!([]));
    }
    let kept = store.json(&["trash", "list"]);
    let waiting = kept.as_array().unwrap().iter().filter(|one| one["restored_as"].is_null());
    assert_eq!(waiting.count(), 0, "{kept}");
    // Files that stayed are left as they are.
    store.ok(&["chat", "delete", &id]);
    let told = store.json(&["trash", "restore", &id]);
    assert_eq!((told.get("restored_files"), told.get("missing_files")), (None, None));
    assert_eq!(attached(&store, told["id"].as_str().unwrap(), "map.txt"), b"map\n");
}

#[test]
fn a_file_whose_path_is_taken_stays_away_and_the_command_for_it_is_named() {
    let machine = Machine::new("trash attachment taken");
    let store = machine.group("store", &[]);
    let map = machine.path("map.txt");
    std::fs::write(&map, "map\n").unwrap();
    let id = store.ok(&["chat", "send", "The map", "--attach", &text(&map)]);
    store.ok(&["chat", "delete", &id, "--with-files"]);
    let path = "/shared/attachments/map.txt";
    std::fs::write(&map, "another\n").unwrap();
    store.ok(&["disk", "put", &text(&map), path]);
    let run = store.run(&["trash", "restore", &id, "--json"]);
    let told = run.exits(0).json();
    assert_eq!(told["missing_files"], json!([path]));
    assert_eq!(store.ok(&["disk", "cat", path]), "another");
    let new = told["id"].as_str().unwrap();
    store.ok(&["disk", "move", path, "/shared/another.txt"]);
    let said = run.stderr.lines().find(|line| line.contains("trash restore")).expect("a hint");
    let command: Vec<&str> = said.split('`').nth(1).unwrap().split(' ').skip(1).collect();
    store.run(&command).exits(0);
    assert_eq!(attached(&store, new, "map.txt"), b"map\n");
}

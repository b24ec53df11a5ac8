//! `chat`: replies and their threads, reactions, attachments; concurrent changes by two people.

use crate::support::*;
use serde_json::{Value, json};

/// Alice's store and Bob's, with the same group and one message of Alice's.
fn two(machine: &Machine) -> (Store<'_>, Store<'_>, String) {
    let alice = machine.group("alice", &[BOB]);
    let id = alice.send("Who brings the boat?");
    let bob = machine.replica_of(&alice, "bob", BOB);
    machine.pass(60);
    (alice, bob, id)
}

/// Exchanges changes until nothing is new.
#[track_caller]
fn exchange(a: &Store<'_>, b: &Store<'_>) {
    for _ in 0..3 {
        a.give(b);
        b.give(a);
    }
    assert_eq!(a.digest(), b.digest());
}

fn reply(store: &Store<'_>, to: &str, text: &str) -> String {
    store.ok(&["chat", "send", text, "--reply-to", to])
}

fn contents(thread: &Value) -> Vec<String> {
    column(&thread["replies"], "content")
}

#[test]
fn a_reply_stands_in_the_thread_of_its_message() {
    let machine = Machine::new("reply");
    let (store, _, id) = two(&machine);
    let first = reply(&store, &id[..8], "I do");
    machine.pass(60);
    // A reply to a reply is another one in the same thread.
    let second = reply(&store, &first, "and oars?");
    let thread = store.json(&["chat", "thread", &id]);
    assert_eq!(keys(&thread), ["parent_id", "reply_count", "last_reply_at", "message", "replies"]);
    assert_eq!(thread["parent_id"], id);
    assert_eq!(thread["message"]["content"], "Who brings the boat?");
    assert_eq!(contents(&thread), ["I do", "and oars?"]);
    assert_eq!(
        (&thread["reply_count"], &thread["last_reply_at"]),
        (&json!(2), &json!(START + 120))
    );
    for part in [&first, &second] {
        assert_eq!(store.json(&["chat", "thread", part]), thread);
        assert_eq!(store.json(&["chat", "show", part])["parent_id"], id);
    }
    // The list has the message, with its reply count; a search finds replies, too.
    let list = store.json(&["chat", "list"]);
    assert_eq!(column(&list, "id"), std::slice::from_ref(&id));
    assert_eq!((&list[0]["reply_count"], &list[0]["parent_id"]), (&json!(2), &Value::Null));
    assert_eq!(store.column(&["chat", "search", "oars"], "id"), std::slice::from_ref(&second));
    // In a pipe and on a terminal: the message, then its replies.
    let piped = store.ok(&["chat", "thread", &id]);
    assert_eq!(piped.lines().count(), 4, "{piped}");
    assert!(piped.starts_with("id\tcreated_at\tauthor_id\tcontent"), "{piped}");
    let table = store.ok(&["chat", "thread", &id, "-o", "table"]);
    assert!(table.starts_with("ID") && table.contains("and oars?"), "{table}");
    let ids = format!("{id}\n{first}\n{second}");
    assert_eq!(store.ok(&["chat", "thread", &id, "-o", "id"]), ids);
    store.run(&["check"]).exits(0);
}

#[test]
fn a_thread_without_replies_is_empty() {
    let machine = Machine::new("empty thread");
    let (store, _, id) = two(&machine);
    let thread = store.json(&["chat", "thread", &id]);
    assert_eq!((&thread["replies"], &thread["reply_count"]), (&json!([]), &json!(0)));
    store.run(&["chat", "thread", "ffffffff"]).fails(4, "no message");
    store.run(&["chat", "send", "x", "--reply-to", "ffffffff"]).fails(4, "no message");
    store.run(&["chat", "send", "x", "--reply-to", &id[..2]]).fails(2, "too short");
    store.run(&["chat", "send", "", "--reply-to", &id]).fails(2, "empty message");
    store
        .run(&["chat", "send", "x", "--reply-to", &id, "--as", CAROL])
        .fails(1, "not an active member");
}

#[test]
fn replies_are_edited_and_deleted_like_messages() {
    let machine = Machine::new("edit replies");
    let (store, _, id) = two(&machine);
    let (first, second) = (reply(&store, &id, "one"), reply(&store, &id, "two"));
    machine.pass(60);
    let third = reply(&store, &id, "three");
    store.ok(&["chat", "edit", &first, "one, edited"]);
    store.run(&["chat", "edit", &first, "mine", "--as", BOB]).fails(1, ALICE);
    store.ok(&["chat", "delete", &third]);
    let thread = store.json(&["chat", "thread", &id]);
    assert_eq!(contents(&thread), ["one, edited", "two"]);
    assert_eq!(thread["last_reply_at"], START + 60);
    let all = store.json(&["chat", "thread", &id, "--all"]);
    assert_eq!(column(&all["replies"], "id").len(), 3);
    // The caches in the document, which other programs read, are right as well.
    let dump = store.json(&["doc", "dump", "chat"]);
    let cached = &dump["threads"][&id];
    assert_eq!((&cached["reply_count"], &cached["last_reply_at"]), (&json!(2), &json!(START + 60)));
    store.ok(&["chat", "delete", &second]);
    assert_eq!(store.json(&["doc", "dump", "chat"])["threads"][&id]["reply_count"], 1);
}

#[test]
fn a_deleted_message_keeps_its_replies() {
    let machine = Machine::new("orphans");
    let (alice, bob, id) = two(&machine);
    let answer = reply(&alice, &id, "I do");
    alice.ok(&["chat", "delete", &id]);
    let thread = alice.json(&["chat", "thread", &id]);
    assert_eq!(
        (&thread["message"]["deleted"], contents(&thread)),
        (&json!(true), vec!["I do".into()])
    );
    let table = alice.ok(&["chat", "thread", &answer, "-o", "table"]);
    assert!(table.contains("(deleted)") && !table.contains("boat"), "{table}");
    // Once everybody has seen it the message is pruned; the thread stays, and continues.
    exchange(&alice, &bob);
    for store in [&alice, &bob] {
        store.run(&["chat", "show", &id]).fails(4, "no message");
        let thread = store.json(&["chat", "thread", &id[..8]]);
        assert_eq!((&thread["message"], contents(&thread)), (&Value::Null, vec!["I do".into()]));
        assert_eq!(store.json(&["chat", "show", &answer])["parent_id"], id);
    }
    let table = bob.ok(&["chat", "thread", &id, "-o", "table"]);
    assert!(table.contains("(deleted)"), "{table}");
    reply(&bob, &answer, "still here");
    exchange(&alice, &bob);
    assert_eq!(contents(&alice.json(&["chat", "thread", &id])).len(), 2);
    // A deleted message that was never answered cannot be answered any more.
    let gone = alice.send("never mind");
    alice.ok(&["chat", "delete", &gone]);
    alice.run(&["chat", "send", "x", "--reply-to", &gone]).fails(1, "is deleted");
}

#[test]
fn concurrent_threads_under_one_message_are_one() {
    let machine = Machine::new("concurrent threads");
    let (alice, bob, id) = two(&machine);
    let (hers, his) = (reply(&alice, &id, "hers"), reply(&bob, &id, "his"));
    exchange(&alice, &bob);
    for store in [&alice, &bob] {
        let thread = store.json(&["chat", "thread", &id]);
        let mut expected = vec![hers.clone(), his.clone()];
        expected.sort();
        assert_eq!(column(&thread["replies"], "id"), expected);
        assert_eq!(thread["reply_count"], 2, "derived, whatever the cache says");
        assert_eq!(store.json(&["chat", "list"])[0]["reply_count"], 2);
    }
    // The next write corrects the cache.
    reply(&bob, &id, "third");
    assert_eq!(bob.json(&["doc", "dump", "chat"])["threads"][&id]["reply_count"], 3);
    exchange(&alice, &bob);
    alice.run(&["check"]).exits(0);
}

#[test]
fn a_deletion_wins_over_an_edit_at_the_same_time() {
    let machine = Machine::new("edit against delete");
    let (alice, bob, id) = two(&machine);
    let answer = reply(&alice, &id, "I do");
    exchange(&alice, &bob);
    for record in [&id, &answer] {
        alice.ok(&["chat", "delete", record]);
        machine.pass(60);
        bob.ok(&["chat", "edit", record, "changed", "--as", ALICE]);
    }
    exchange(&alice, &bob);
    for store in [&alice, &bob] {
        assert_eq!(store.json(&["chat", "list"]), json!([]));
        assert_eq!(store.json(&["chat", "thread", &id])["replies"], json!([]));
    }
}

#[test]
fn concurrent_reactions_of_two_both_count() {
    let machine = Machine::new("concurrent reactions");
    let (alice, bob, id) = two(&machine);
    alice.ok(&["chat", "react", &id, "👍"]);
    bob.ok(&["chat", "react", &id, "👍"]);
    bob.ok(&["chat", "react", &id, "🎉"]);
    exchange(&alice, &bob);
    for store in [&alice, &bob] {
        let given = store.json(&["chat", "show", &id])["reactions"].clone();
        assert_eq!(given, json!({"👍": [ALICE, BOB], "🎉": [BOB]}));
    }
    // Removed by one, the other's stays; an array that is now empty stays as well.
    bob.ok(&["chat", "react", &id, "👍", "--remove"]);
    bob.ok(&["chat", "react", &id, "🎉", "--remove"]);
    exchange(&alice, &bob);
    assert_eq!(alice.json(&["chat", "list"])[0]["reactions"], json!({"👍": [ALICE]}));
    let dump = alice.json(&["doc", "dump", "chat"]);
    assert_eq!(dump["messages"][&id]["reactions"], json!({"👍": [ALICE], "🎉": []}));
}

#[test]
fn a_reaction_is_given_once_and_taken_back_whole() {
    let machine = Machine::new("react");
    let (store, other, id) = two(&machine);
    let run = store.run(&["chat", "react", &id[..8], "👍"]);
    assert_eq!(run.exits(0).stdout, "", "no id: nothing is new");
    let updated = &store.json(&["chat", "show", &id])["updated_at"];
    assert_eq!(*updated, START, "a reaction is no edit");
    assert_eq!(store.json(&["chat", "react", &id, "👍"])["changed"], false);
    assert_eq!(store.json(&["chat", "react", &id, "🎉", "--remove"])["changed"], false);
    // Two replicas of one member give it at once: it counts once, and is removed at once.
    other.ok(&["chat", "react", &id, "👍", "--as", ALICE]);
    exchange(&store, &other);
    assert_eq!(store.json(&["chat", "show", &id])["reactions"], json!({"👍": [ALICE]}));
    assert_eq!(store.json(&["chat", "react", &id, "👍", "--remove"])["changed"], true);
    assert_eq!(store.json(&["chat", "show", &id])["reactions"], json!({}));
    assert_eq!(
        store.json(&["doc", "dump", "chat"])["messages"][&id]["reactions"],
        json!({"👍": []})
    );
    for wrong in ["", "two words", "a\tb"] {
        store.run(&["chat", "react", &id, wrong]).fails(2, "not an emoji");
    }
    store.run(&["chat", "react", &id, &"👍".repeat(40)]).fails(1, "128");
    store.ok(&["chat", "react", &id, ":+1:"]);
    let answer = reply(&store, &id, "I do");
    store.ok(&["chat", "react", &answer, "❤", "--as", BOB]);
    let table = store.ok(&["chat", "thread", &id, "-o", "table"]);
    assert!(table.contains(":+1: 1") && table.contains("❤ 1"), "{table}");
    let shown = store.ok(&["chat", "show", &answer, "-o", "table"]);
    assert!(shown.contains(&format!("❤ {BOB}")), "{shown}");
    store.ok(&["chat", "delete", &answer]);
    store.run(&["chat", "react", &answer, "👍"]).fails(1, "is deleted");
    store.ok(&["member", "role", BOB, "viewer"]);
    store.run(&["chat", "react", &id, "👍", "--as", BOB]).fails(1, "may only read");
}

#[test]
fn attachments_say_what_a_file_is_and_where_it_lies() {
    let machine = Machine::new("attach");
    let store = machine.group("s", &[]);
    let (map, odd) = (machine.path("map of the bay.PNG"), machine.path("odd"));
    std::fs::write(&map, b"12345").unwrap();
    std::fs::write(&odd, b"").unwrap();
    let (map, odd) = (text(&map), text(&odd));
    // With a file, the text may be missing, and standard input is not read.
    let id = store.ok(&["chat", "send", "--attach", &map, "--attach", &odd]);
    let shown = store.json(&["chat", "show", &id]);
    assert_eq!(shown["content"], "");
    let attached = &shown["attachments"];
    assert_eq!(
        (&attached[0]["filename"], &attached[0]["mime_type"], &attached[0]["size_bytes"]),
        (&json!("map of the bay.PNG"), &json!("image/png"), &json!(5))
    );
    assert_eq!(attached[0]["file_path"], "/shared/attachments/map of the bay.PNG");
    assert_eq!(attached[1]["mime_type"], "application/octet-stream");
    assert_eq!(attached[1]["file_path"], "/shared/attachments/odd");
    let table = store.ok(&["chat", "show", &id, "-o", "table"]);
    assert!(table.contains("attachments") && table.contains("image/png"), "{table}");
    let before = store.documents();
    store.run(&["chat", "send", "x", "--attach", "/nowhere/x"]).fails(4, "no file");
    store.run(&["chat", "send", "x", "--attach", &text(&store.dir)]).fails(2, "is not a file");
    let long = machine.path(&format!("{}.txt", "x".repeat(100)));
    std::fs::write(&long, "x").unwrap();
    store.run(&["chat", "send", "x", "--attach", &text(&long)]).fails(1, "104 characters");
    assert_eq!(store.documents(), before);
    let reply = reply(&store, &id, "thanks");
    assert_eq!(store.json(&["chat", "show", &reply])["attachments"], json!([]));
}

/// The type that the guide gives a field, as `doc dump --as yjs` names it. i64 is a number there, as the
/// application reads it.
const MESSAGE: &[(&str, &str)] = &[
    ("id", "string"),
    ("author_id", "string"),
    ("content", "string"),
    ("created_at", "number"),
    ("updated_at", "number"),
    ("deleted", "bool"),
    ("deleted_at", "number"),
    ("ack_vector", "map"),
    ("reactions", "map"),
    ("attachments", "array"),
];
const ATTACHMENT: &[(&str, &str)] = &[
    ("id", "string"),
    ("filename", "string"),
    ("file_path", "string"),
    ("mime_type", "string"),
    ("size_bytes", "number"),
    // Beside the guide's: which file it is, if two replicas put one to the same path at once.
    ("file_id", "string"),
    ("blake3", "string"),
];
const THREAD: &[(&str, &str)] = &[
    ("parent_id", "string"),
    ("replies", "map"),
    ("reply_count", "number"),
    ("last_reply_at", "number"),
];

/// Asserts that a record has exactly these fields, each of its type.
#[track_caller]
fn has_schema(record: &Value, schema: &[(&str, &str)]) {
    assert_eq!(record["t"], "map");
    let mut expected: Vec<(&str, &str)> = schema.to_vec();
    expected.sort_unstable();
    let fields = record["v"].as_object().unwrap();
    let mut found: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value["t"].as_str().unwrap())).collect();
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn the_schema_of_the_guide_is_what_is_written() {
    let machine = Machine::new("schema");
    let store = machine.group("s", &[BOB]);
    let file = machine.path("a.txt");
    std::fs::write(&file, "abc").unwrap();
    let id = store.ok(&["chat", "send", "hi", "--attach", &text(&file)]);
    let answer = store.ok(&["chat", "send", "re", "--reply-to", &id, "--attach", &text(&file)]);
    let check = |dump: &Value| {
        let message = &dump["messages"]["v"][&id];
        let thread = &dump["threads"]["v"][&id];
        let reply = &thread["v"]["replies"]["v"][&answer];
        has_schema(thread, THREAD);
        for record in [message, reply] {
            has_schema(record, MESSAGE);
            has_schema(&record["v"]["attachments"]["v"][0], ATTACHMENT);
        }
        (message["v"].clone(), reply["v"].clone())
    };
    check(&store.json(&["doc", "dump", "chat", "--as", "yjs"]));
    // Neither edits, reactions nor deletions change any type.
    for record in [&id, &answer] {
        store.ok(&["chat", "react", record, "👍"]);
        store.ok(&["chat", "edit", record, "edited"]);
        store.ok(&["chat", "delete", record]);
    }
    let (message, reply) = check(&store.json(&["doc", "dump", "chat", "--as", "yjs"]));
    for record in [message, reply] {
        let given = &record["reactions"]["v"]["👍"];
        assert_eq!(given, &json!({"t": "array", "v": [{"t": "string", "v": ALICE}]}));
        let acknowledged = &record["ack_vector"]["v"][ALICE];
        assert_eq!(acknowledged, &json!({"t": "number", "v": START}));
    }
}

#[test]
fn where_nobody_has_said_anything_the_error_says_how_to_begin() {
    let machine = Machine::new("no chat");
    let store = machine.group("s", &[]);
    for args in [
        ["chat", "thread", "aaaa"].as_slice(),
        &["chat", "react", "aaaa", "👍"],
        &["chat", "send", "--reply-to", "aaaa", "hi"],
        &["chat", "edit", "aaaa", "hi"],
        &["chat", "delete", "aaaa"],
    ] {
        store.run(args).fails(4, "crdtctl chat send TEXT");
    }
}

/// Bob answers while Alice deletes: the reply no longer has a message to be shown under.
#[test]
fn a_reply_to_a_deleted_message_is_read_in_the_list_at_its_time() {
    let machine = Machine::new("orphan");
    let (alice, bob, first) = two(&machine);
    machine.pass(60);
    let between = alice.send("between");
    exchange(&alice, &bob);
    machine.pass(60);
    alice.ok(&["chat", "delete", &first]);
    machine.pass(-90);
    let orphan = reply(&bob, &first, "I agree");
    machine.pass(300);
    exchange(&alice, &bob);
    exchange(&alice, &bob);
    for store in [&alice, &bob] {
        assert!(!store.column(&["chat", "list", "--all"], "id").contains(&first), "pruned");
        let list = store.json(&["chat", "list"]);
        assert_eq!(column(&list, "id"), [orphan.as_str(), &between]);
        assert_eq!(
            (&list[0]["parent_id"], &list[0]["parent_deleted"]),
            (&json!(first), &json!(true))
        );
        assert_eq!(list[1].get("parent_deleted"), None);
        let table = store.ok(&["chat", "list", "-o", "table"]);
        assert!(table.contains("(reply to a deleted message)"), "{table}");
        assert!(table.contains("I agree"), "{table}");
        let shown = store.ok(&["chat", "show", &orphan, "-o", "table"]);
        let at = shown.lines().position(|line| line.starts_with("reply to")).unwrap();
        let next = shown.lines().nth(at + 1).unwrap_or_default();
        assert!(next.starts_with("which is deleted"), "{shown}");
        assert!(store.ok(&["chat", "list", "--limit", "1"]).contains("between"));
        // Both are told what happened.
        let conflicts = store.json(&["conflict", "list"]);
        assert_eq!(column(&conflicts, "rule"), ["orphaned"], "{conflicts}");
        assert_eq!(
            (&conflicts[0]["id"], &conflicts[0]["loser"]),
            (&json!(orphan), &json!("I agree"))
        );
        let number = conflicts[0]["number"].to_string();
        store.is_so_already(&["conflict", "restore", &number]);
        assert_eq!(store.run(&["check"]).code, 0);
    }
    assert_eq!(alice.digest(), bob.digest());

    // Whoever answers knowing of the deletion, or deletes knowing the answer, is in no conflict.
    let known = alice.send("a question");
    reply(&alice, &known, "an answer");
    exchange(&alice, &bob);
    alice.ok(&["chat", "delete", &known]);
    alice.give(&bob);
    machine.pass(1);
    reply(&bob, &known, "another");
    exchange(&alice, &bob);
    for store in [&alice, &bob] {
        assert_eq!(store.json(&["conflict", "list"]).as_array().map(Vec::len), Some(1));
        let said = store.column(&["chat", "list"], "content");
        assert_eq!(said, ["I agree", "between", "an answer", "another"]);
    }
}

/// Alice has received the reply by the time she hands on the deletion, as happens with a stick.
#[test]
fn who_answered_is_told_though_whoever_deleted_heard_of_it_first() {
    let machine = Machine::new("orphan heard of");
    let (alice, bob, first) = two(&machine);
    machine.pass(60);
    alice.ok(&["chat", "delete", &first]);
    machine.pass(60);
    let orphan = reply(&bob, &first, "I agree");
    bob.give(&alice);
    alice.give(&bob);
    for store in [&alice, &bob] {
        let conflicts = store.json(&["conflict", "list"]);
        assert_eq!(column(&conflicts, "rule"), ["orphaned"], "{conflicts}");
        assert_eq!(conflicts[0]["id"], json!(orphan));
    }
}

#[test]
fn lists_of_everything_mark_what_is_deleted() {
    let machine = Machine::new("marked");
    let store = machine.project("s", &[BOB, CAROL]);
    let message = store.send("first");
    let thread = store.send("second");
    let answer = reply(&store, &thread, "third");
    let card = store.ok(&["kanban", "add", "card"]);
    let issue = store.ok(&["issue", "open", "issue"]);
    let comment = store.ok(&["issue", "comment", &issue, "comment"]);
    let element = store.ok(&["canvas", "add", "text", "--at", "0,0", "--size", "9,9"]);
    store.ok(&["chat", "delete", &message]);
    store.ok(&["chat", "delete", &answer]);
    store.ok(&["kanban", "archive", &card]);
    store.ok(&["issue", "comment", &issue, "--delete", &comment]);
    store.ok(&["canvas", "delete", &element]);
    store.ok(&["member", "remove", CAROL]);
    let table = |args: &[&str], columns: &str| {
        let dir = text(&store.dir);
        let args = [&["-s", dir.as_str(), "-o", "table"], args].concat();
        machine.run_in(&machine.path(""), &[("COLUMNS", columns)], &args).ok()
    };
    for columns in ["80", "140"] {
        assert!(table(&["chat", "list", "--all"], columns).contains("(deleted) first"));
        assert!(table(&["chat", "thread", &thread, "--all"], columns).contains("(deleted) third"));
        assert!(table(&["kanban", "list", "--all"], columns).contains("ARCHIVED"));
        assert!(table(&["canvas", "list", "--all"], columns).contains("DELETED"));
        assert!(table(&["member", "list", "--all"], columns).contains("REMOVED"));
        assert!(table(&["issue", "show", &issue, "--all"], columns).contains("DELETED"));
    }
    store.ok(&["issue", "close", &issue]);
    assert!(table(&["issue", "list", "--all"], "80").contains("CLOSED"));
}

//! The archive: finished records leave their document once everybody has them, and are read as before.

use crate::support::*;
use serde_json::{Value, json};

const DAY: i64 = 86_400;
const LISTS: &[&[&str]] = &[
    &["chat", "list", "--all"],
    &["chat", "list", "--limit", "3"],
    &["chat", "search", "word"],
    &["chat", "list", "--author", BOB],
    &["chat", "list", "--threads"],
];

/// The output of lists, without `in_archive`.
fn read(store: &Store<'_>, lists: &[&[&str]]) -> Vec<Value> {
    let run = |args: &&[&str]| without(store.json(args));
    lists.iter().map(run).collect()
}

fn without(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            fields.remove("in_archive");
            fields.remove("ack_vector");
            fields.values_mut().for_each(|value| *value = without(value.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| *value = without(value.take())),
        _ => {}
    }
    value
}

/// A chat with an old conversation and a message of today.
fn talked(alice: &Store<'_>) -> (String, String) {
    let old = alice.send("an old word");
    alice.ok(&["chat", "react", &old, "👍"]);
    alice.machine.pass(10);
    alice.ok(&["chat", "send", "--reply-to", &old, "a word in reply"]);
    alice.ok(&["chat", "send", "another old word", "--as", BOB]);
    alice.machine.pass(100 * DAY);
    let new = alice.send("a new word");
    (old, new)
}

#[test]
fn what_everybody_has_is_archived_and_read_as_before() {
    let machine = Machine::new("archive");
    let alice = machine.group("alice", &[BOB, CAROL]);
    let (old, new) = talked(&alice);
    let bob = machine.replica_of(&alice, "bob", BOB);
    bob.give(&alice);
    let before = read(&alice, LISTS);
    let shown = without(alice.json(&["chat", "show", &old]));
    let thread = without(alice.json(&["chat", "thread", &old]));

    // Carol was never heard of.
    let files = alice.files();
    let run = alice.json(&["archive", "run"]);
    assert_eq!((&run["archived"], &run["waiting"]), (&json!(0), &json!(2)));
    assert_eq!(run["documents"][0]["waiting_for"], json!({CAROL: 2}));
    assert_eq!(alice.files(), files);

    let carol = machine.replica_of(&alice, "carol", CAROL);
    carol.give(&alice);
    let files = alice.files();
    let dry = alice.json(&["archive", "run", "-n"]);
    assert_eq!((&dry["archived"], &dry["waiting"]), (&json!(3), &json!(0)));
    assert!(dry["freed_bytes"].as_u64().unwrap() > 300, "{dry}");
    assert_eq!(alice.files(), files);

    let run = alice.json(&["archive", "run"]);
    assert_eq!((&run["archived"], &run["changed"]), (&json!(3), &json!(true)));
    assert_eq!(run["documents"][0]["archived"], json!({"message": 2, "reply": 1}));
    // The writing client id is new, and not always of the same length.
    let freed = |of: &Value| of["freed_bytes"].as_i64().unwrap();
    assert!((freed(&run) - freed(&dry)).abs() < 32, "{run} {dry}");
    let dump = alice.json(&["doc", "dump", "chat"]);
    assert_eq!(keys(&dump["messages"]), [new.as_str()]);
    assert_eq!(read(&alice, LISTS), before);
    assert_eq!(without(alice.json(&["chat", "show", &old[..8]])), shown);
    assert_eq!(without(alice.json(&["chat", "thread", &old])), thread);
    assert_eq!(alice.json(&["chat", "show", &old])["in_archive"], true);
    assert!(alice.json(&["chat", "show", &new]).get("in_archive").is_none());
    let query = "SELECT id, in_archive FROM messages WHERE parent_id IS NULL ORDER BY created_at";
    let [both, live] = [alice.json(&["sql", query]), alice.json(&["sql", query, "--live-only"])];
    assert_eq!(both.as_array().unwrap().len(), 3, "{both}");
    assert_eq!((&both[0]["in_archive"], column(&live, "id")), (&json!(true), vec![new.clone()]));
    assert_eq!(alice.json(&["archive", "run"])["archived"], 0);
    assert_eq!(alice.run(&["check"]).code, 0);

    // Whoever receives the removal then has an archive of their own.
    for other in [&bob, &carol] {
        alice.give(other);
        assert!(other.dir.join("archive.db").exists());
        assert_eq!(read(other, LISTS), before);
        assert_eq!(without(other.json(&["chat", "thread", &old])), thread);
        assert_eq!(other.json(&["trash", "list"]), json!([]));
        other.give(&alice);
    }
    // The rest of the thread goes once everybody knows.
    alice.ok(&["archive", "run"]);
    let dump = alice.json(&["doc", "dump", "chat"]);
    assert_eq!(dump.get("threads").map_or(0, |threads| keys(threads).len()), 0);
    assert_eq!(dump["metadata"]["fallback_mode"], "hybrid");
    assert_eq!(read(&alice, LISTS), before);
    for other in [&bob, &carol] {
        alice.give(other);
        assert_eq!(read(other, LISTS), before);
        assert_eq!(other.digest(), alice.digest());
    }
    let listed = alice.json(&["archive", "list"]);
    assert_eq!(column(&listed, "text"), ["an old word", "a word in reply", "another old word"]);
    let found = alice.json(&["archive", "show", &old[..8]]);
    assert_eq!(found["record"]["reactions"], json!({"👍": [ALICE]}));
    assert_eq!(found["versions"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_restored_is_live_and_can_be_archived_again() {
    let machine = Machine::new("archive restore");
    let alice = machine.group("alice", &[BOB]);
    let (old, _) = talked(&alice);
    let bob = machine.replica_of(&alice, "bob", BOB);
    bob.give(&alice);
    let before = read(&alice, LISTS);
    alice.ok(&["archive", "run"]);
    alice.give(&bob);
    alice.run(&["chat", "edit", &old, "no"]).exits(4);
    assert_eq!(alice.ok(&["archive", "restore", &old[..8]]), old);
    let shown = alice.json(&["chat", "thread", &old]);
    assert!(shown["message"].get("in_archive").is_none());
    assert_eq!(shown["replies"].as_array().unwrap().len(), 1);
    assert_eq!(alice.column(&["chat", "list"], "id"), column(&before[0], "id"));
    alice.ok(&["chat", "edit", &old, "a better word"]);
    alice.meet(&bob);
    for store in [&alice, &bob] {
        assert_eq!(store.json(&["chat", "show", &old])["content"], "a better word");
        assert!(store.json(&["chat", "show", &old]).get("in_archive").is_none());
        assert_eq!(store.json(&["archive", "list"]).as_array().unwrap().len(), 1);
    }
    alice.ok(&["archive", "run"]);
    assert_eq!(alice.json(&["chat", "show", &old])["in_archive"], true);
    alice.meet(&bob);
    for store in [&alice, &bob] {
        assert_eq!(store.json(&["chat", "show", &old])["content"], "a better word");
        assert_eq!(store.json(&["chat", "show", &old])["in_archive"], true);
        assert_eq!(store.column(&["chat", "list"], "id"), column(&before[0], "id"));
    }
    // What is deleted after that cannot be restored from the archive.
    alice.ok(&["archive", "restore", &old]);
    alice.meet(&bob);
    alice.ok(&["chat", "delete", &old]);
    alice.meet(&bob);
    alice.meet(&bob);
    for store in [&alice, &bob] {
        store.run(&["chat", "show", &old]).exits(4);
        assert!(!store.column(&["chat", "list", "--all"], "id").contains(&old));
    }
    assert_eq!(alice.digest(), bob.digest());
}

/// A record that one line of a batch restores and another deletes is not restored by a third, and the archive
/// is told of all at once.
#[test]
fn a_batch_restores_each_record_once() {
    let machine = Machine::new("archive restore batch");
    let alice = machine.group("alice", &[]);
    let ids: Vec<String> = (0..40).map(|n| alice.send(&format!("word {n}"))).collect();
    alice.ok(&["chat", "send", "--reply-to", &ids[0], "a reply"]);
    alice.ok(&["chat", "send", "--reply-to", &ids[0], "another reply"]);
    machine.pass(100 * DAY);
    let before = alice.column(&["chat", "list", "--all"], "content");
    alice.ok(&["archive", "run"]);
    let restore = |id: &str| json!({"op": "archive.restore", "record": id});
    let batch = |lines: &[Value], options: &[&str]| {
        let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
        let dir = text(&alice.dir);
        let args = [&["-s", dir.as_str(), "batch", "-y"], options].concat();
        machine.run_with_stdin(&args, lines.join("\n").as_bytes())
    };
    // A failing batch leaves everything as it was, including the archive.
    let files = alice.files();
    batch(&[restore(&ids[0]), restore("no such record")], &[]).exits(4);
    assert_eq!(alice.files(), files);

    let lines: Vec<Value> = ids.iter().map(|id| restore(id)).collect();
    batch(&lines, &["-n"]).exits(0);
    assert_eq!(alice.files(), files);
    batch(&lines, &[]).exits(0);
    assert_eq!(alice.json(&["archive", "list"]), json!([]));
    assert_eq!(alice.column(&["chat", "list", "--all"], "content"), before);
    assert_eq!(alice.json(&["chat", "thread", &ids[0]])["replies"].as_array().unwrap().len(), 2);
    batch(&lines[..1], &[]).exits(0);

    alice.ok(&["archive", "run"]);
    let gone = json!({"op": "chat.delete", "message": ids[7]});
    let again = [restore(&ids[7]), gone, restore(&ids[7]), restore(&ids[8])];
    batch(&again, &["--keep-going"]).exits(3);
    alice.run(&["chat", "show", &ids[7]]).exits(4);
    assert!(alice.json(&["chat", "show", &ids[8]]).get("in_archive").is_none());
    assert!(!alice.column(&["archive", "list"], "id").contains(&ids[7]));
    assert_eq!(alice.run(&["check"]).code, 0);
}

#[test]
fn what_comes_too_late_is_kept() {
    let machine = Machine::new("archive late");
    let alice = machine.group("alice", &[BOB]);
    let (old, _) = talked(&alice);
    let bob = machine.replica_of(&alice, "bob", BOB);
    bob.give(&alice);
    let ids = alice.column(&["chat", "list"], "id");
    alice.ok(&["archive", "run"]);
    // Bob does not know yet: he answers one, reacts to it, and edits one of his own.
    bob.ok(&["chat", "send", "--reply-to", &old, "a late word"]);
    bob.ok(&["chat", "react", &old, "🎉"]);
    let own = ids.iter().find(|id| bob.json(&["chat", "show", id])["author_id"] == BOB);
    bob.ok(&["chat", "edit", own.unwrap(), "a late edit"]);
    alice.give(&bob);
    assert_eq!(bob.json(&["chat", "show", own.unwrap()])["content"], "a late edit");
    let reactions = bob.json(&["chat", "show", &old])["reactions"].clone();
    assert_eq!(reactions, json!({"👍": [ALICE], "🎉": [BOB]}));
    bob.give(&alice);
    for store in [&alice, &bob] {
        let thread = store.json(&["chat", "thread", &old]);
        assert_eq!(column(&thread["replies"], "content"), ["a word in reply", "a late word"]);
        assert_eq!(thread["reply_count"], 2);
        assert_eq!(store.column(&["chat", "list"], "id"), ids);
    }
    assert_ne!(alice.json(&["conflict", "list"]), json!([]));
    assert_eq!(alice.digest(), bob.digest());
}

/// Asserts that a command about an archived record says so, and how to restore it.
#[track_caller]
pub fn is_told_as_archived(run: &Run, id: &str) {
    let said = &run.exits(4).stderr;
    assert!(said.contains(&format!("{id} is in the archive")), "{said}");
    assert!(said.contains(&format!("`crdtctl archive restore {id}`")), "{said}");
}

#[test]
fn cards_and_issues_go_with_what_was_said_of_them() {
    let machine = Machine::new("archive work");
    let alice = machine.project("alice", &[BOB]);
    alice.ok(&["kanban", "column", "add", "Doing"]);
    let card = alice.ok(&["kanban", "add", "Paint it", "--column", "Doing"]);
    let kept = alice.ok(&["kanban", "add", "Wash it"]);
    alice.ok(&["kanban", "archive", &card]);
    let issue = alice.ok(&["issue", "open", "It leaks"]);
    alice.ok(&["issue", "comment", &issue, "a drop an hour"]);
    alice.ok(&["issue", "close", &issue]);
    let open = alice.ok(&["issue", "open", "It creaks"]);
    let lists: &[&[&str]] = &[
        &["kanban", "list", "--all"],
        &["kanban", "list"],
        &["kanban", "board"],
        &["issue", "list", "--all"],
        &["issue", "list"],
        &["issue", "list", "--all", "--status", "done"],
    ];
    let bob = machine.replica_of(&alice, "bob", BOB);
    bob.give(&alice);
    let before = read(&alice, lists);
    let run = alice.json(&["archive", "run"]);
    assert_eq!(run["archived"], 2);
    for store in [&alice, &bob] {
        alice.give(store);
        assert_eq!(keys(&store.json(&["doc", "dump", "kanban"])["cards"]), [kept.as_str()]);
        assert_eq!(keys(&store.json(&["doc", "dump", "issues"])["issues"]), [open.as_str()]);
        assert_eq!(read(store, lists), before);
        let found = store.json(&["issue", "show", &issue]);
        assert_eq!(found["comments"][0]["content"], "a drop an hour");
        assert_eq!(store.json(&["kanban", "show", &card])["in_archive"], true);
        assert_eq!(store.json(&["kanban", "show", &card])["column"], "Doing");
        // Queries with other tools find it there as well.
        let ask = |sql: &str| {
            let file = rusqlite::Connection::open(store.dir.join("archive.db")).unwrap();
            file.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap()
        };
        assert_eq!(
            ask(
                "SELECT group_concat(four_words || ' ' || role, ', ') FROM (SELECT * FROM members ORDER BY 2)"
            ),
            format!("{ALICE} owner, {BOB} member")
        );
        assert_eq!(
            ask("SELECT group_concat(c.title) FROM columns c JOIN cards k ON k.column_id = c.id"),
            "Doing"
        );
        assert_eq!(
            ask("SELECT name FROM entities"),
            store.json(&["entity", "show"])["name"].as_str().unwrap()
        );
        let count = "SELECT count(*) AS n FROM cards JOIN comments";
        assert_eq!(store.json(&["sql", count])[0]["n"], 2);
    }
    // Lists show them, so no command may say that they do not exist.
    let prefix = &issue[..8];
    let files = alice.files();
    for (id, args) in [
        (&card, &["kanban", "move", &card, "Doing"][..]),
        (&card, &["kanban", "restore", &card]),
        (&card, &["kanban", "edit", &card, "--title", "Paint it blue"]),
        (&issue, &["issue", "reopen", prefix]),
        (&issue, &["issue", "comment", prefix, "still", "-n"]),
    ] {
        is_told_as_archived(&alice.run(args), id);
        assert_eq!(alice.files(), files);
    }
    let batch = format!(r#"{{"op":"issue.reopen","entity":"{PROJECT}","issue":"{issue}"}}"#);
    let run = machine.run_with_stdin(&["--store", &text(&alice.dir), "batch"], batch.as_bytes());
    is_told_as_archived(&run, &issue);
    alice.ok(&["archive", "restore", &issue]);
    alice.ok(&["archive", "restore", &card]);
    assert_eq!(alice.json(&["issue", "show", &issue])["closed"], false);
    let board = alice.json(&["kanban", "list", "--column", "Doing"]);
    assert_eq!(column(&board, "id"), [card.as_str()]);
    assert_eq!(alice.run(&["check"]).code, 0);
    alice.meet(&bob);
    assert_eq!(read(&alice, lists), read(&bob, lists));
    assert_eq!(alice.json(&["archive", "list"]), json!([]));
    assert_eq!(bob.json(&["archive", "list"]), json!([]));
}

#[test]
fn nothing_goes_where_it_is_young_or_somebody_silent_lacks_it() {
    let machine = Machine::new("archive not");
    let alice = machine.group("alice", &[BOB]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    bob.give(&alice);
    let old = alice.send("bob lacks this");
    machine.pass(100 * DAY);
    assert_eq!(alice.json(&["archive", "run"])["waiting"], 1);
    alice.give(&bob);
    // He has it, but nobody here knows.
    assert_eq!(alice.json(&["archive", "run"])["waiting"], 1);
    bob.give(&alice);
    // He lacks the edit.
    alice.ok(&["chat", "edit", &old, "changed"]);
    assert_eq!(alice.json(&["archive", "run"])["waiting"], 1);
    // A reaction that was removed does not count as known either.
    alice.ok(&["chat", "react", &old, "👍"]);
    alice.meet(&bob);
    alice.ok(&["chat", "react", &old, "👍", "--remove"]);
    assert_eq!(alice.json(&["archive", "run"])["waiting"], 1);
    // An unrelated message does not matter.
    alice.meet(&bob);
    alice.send("of today");
    let run = alice.json(&["archive", "run", "--older-than", "1d"]);
    assert_eq!((&run["archived"], &run["waiting"]), (&json!(1), &json!(0)));
    let young = alice.json(&["archive", "run", "--older-than", "1d"]);
    assert_eq!(young["documents"], json!([]));
    // Nobody is waited for who was not there then.
    machine.pass(100 * DAY);
    alice.ok(&["member", "add", CAROL]);
    alice.meet(&bob);
    assert_eq!(alice.json(&["archive", "run"])["archived"], 1);
    assert_eq!(alice.column(&["chat", "list"], "content"), ["changed", "of today"]);
}

#[test]
fn people_read_fields_and_not_json() {
    let machine = Machine::new("archive shown");
    let alice = machine.group("alice", &[]);
    let old = alice.send("an old word");
    alice.ok(&["chat", "react", &old, "👍"]);
    machine.pass(100 * DAY);
    alice.ok(&["archive", "run"]);
    let shown = alice.ok(&["archive", "show", &old, "-o", "table"]);
    for part in ["an old word", ALICE, "👍", "versions"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    assert!(!shown.contains("{\"") && !shown.contains("\":"), "{shown}");
    let json = alice.json(&["archive", "show", &old]);
    assert_eq!(json["record"]["content"], "an old word");
    assert_eq!(json["versions"][0]["record"]["content"], "an old word");
}

#[test]
fn a_document_over_its_limit_is_archived_by_itself_where_that_is_wanted() {
    let machine = Machine::new("archive auto");
    let alice = machine.group("alice", &[]);
    assert_eq!(alice.json(&["archive", "auto"]), json!({"auto": false}));
    let files = alice.files();
    alice.ok(&["archive", "auto", "on", "-n"]);
    assert_eq!(alice.files(), files);
    assert_eq!(alice.json(&["archive", "auto", "on"])["changed"], true);
    assert_eq!(alice.json(&["archive", "auto"]), json!({"auto": true}));
    // A little more than 10 MB of messages, none of them old.
    let dir = text(&alice.dir);
    let line = |text: &str| json!({"op": "chat.send", "text": text}).to_string() + "\n";
    let much = line(&"x".repeat(9_900)).repeat(979);
    machine.run_with_stdin(&["-s", &dir, "batch"], much.as_bytes()).exits(0);
    let refused = alice.run(&["chat", "send", "no room"]);
    refused.fails(1, "more than its limit");
    assert!(refused.stderr.contains("crdtctl archive run"), "{}", refused.stderr);
    let copies = ["singly", "batch", "kept going"].map(|name| {
        copy_tree(&alice.dir, &machine.path(name));
        machine.open(machine.path(name))
    });
    machine.pass(100 * DAY);
    // Room is made for what has none, in a batch as in a single command.
    let lines = [line("one more"), line("and one more")].concat();
    for (copy, more) in copies.iter().zip([None, Some(&[][..]), Some(&["--keep-going"])]) {
        let dir = text(&copy.dir);
        let run = match more {
            None => copy.run(&["chat", "send", "one more"]),
            Some(more) => {
                machine.run_with_stdin(&[&["-s", &dir, "batch"], more].concat(), lines.as_bytes())
            }
        };
        assert!(run.exits(0).stderr.contains("archived 979 records of group:"), "{}", run.stderr);
        let left = keys(&copy.json(&["doc", "dump", "chat"])["messages"]).len();
        assert_eq!(left, if more.is_some() { 2 } else { 1 });
    }
    // Any write then makes room.
    let run = alice.run(&["member", "add", BOB]);
    assert!(run.exits(0).stderr.contains("archived 979 records of group:"), "{}", run.stderr);
    let new = alice.send("there is room");
    assert_eq!(keys(&alice.json(&["doc", "dump", "chat"])["messages"]), [new.as_str()]);
    assert_eq!(alice.column(&["chat", "list", "--limit", "2"], "id").len(), 2);
    let again = alice.json(&["archive", "auto", "off"]);
    assert_eq!((&again["changed"], &again["auto"]), (&json!(true), &json!(false)));
}

#[test]
fn who_may_only_read_archives_nothing() {
    let machine = Machine::new("archive by a viewer");
    let alice = machine.group("alice", &[]);
    alice.ok(&["member", "add", BOB, "--role", "viewer"]);
    alice.send("an old word");
    let bob = machine.replica_of(&alice, "bob", BOB);
    bob.give(&alice);
    machine.pass(100 * DAY);
    alice.give(&bob);
    let before = bob.documents();
    for dry in [&["archive", "run", "-n"][..], &["archive", "run"]] {
        bob.run(dry).fails(1, "may only read");
    }
    // What it does by itself is not stopped by that.
    bob.ok(&["archive", "auto", "on"]);
    alice.give(&bob);
    assert_eq!(bob.documents(), before);
    assert_eq!(alice.json(&["archive", "run"])["archived"], 1);
    alice.give(&bob);
    assert_eq!(bob.column(&["archive", "list"], "text"), ["an old word"]);
}

#[test]
fn the_archive_is_listed_in_order_across_documents() {
    let machine = Machine::new("archive order");
    let store = machine.group("s", &[]);
    store.send("one");
    machine.pass(10);
    let issue = store.ok(&["issue", "open", "two"]);
    store.ok(&["issue", "close", &issue]);
    machine.pass(10);
    store.send("three");
    machine.pass(10);
    store.ok(&["archive", "run", "--older-than", "0s"]);
    assert_eq!(store.column(&["archive", "list"], "text"), ["one", "two", "three"]);
    assert_eq!(store.column(&["archive", "list", "--limit", "1"], "text"), ["two", "three"]);
}

#[test]
fn who_may_only_read_is_refused_though_something_else_waits() {
    let machine = Machine::new("archive by a viewer beside what waits");
    let store = machine.project("s", &[]);
    store.send("an old word");
    let issue = store.ok(&["issue", "open", "a leak"]);
    machine.pass(60);
    store.ok(&["member", "add", BOB, "--role", "viewer"]);
    machine.pass(60);
    // It waits until Bob's replica has it; the message does not, as he was no member then.
    store.ok(&["issue", "close", &issue]);
    let before = store.documents();
    let args = ["archive", "run", "--older-than", "0s", "--as", BOB];
    for more in [&[][..], &["-n"], &["--quiet"], &["--json"]] {
        let run = store.run(&[&args[..], more].concat());
        assert!(run.exits(1).stderr.contains("may only read"), "{}", run.stderr);
        assert!(!run.stderr.contains("nothing to archive"), "{}", run.stderr);
    }
    let run = store.run(&[&args[..], &["--json"]].concat());
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&report["archived"], &report["changed"]), (&json!(0), &json!(false)));
    let docs = ["chat", "issues"].map(|concern| format!("{PROJECT}:{concern}"));
    assert_eq!(column(&report["documents"], "doc"), docs);
    let [chat, issues] = [&report["documents"][0], &report["documents"][1]];
    assert_eq!(chat["refused"], format!("{BOB} is a viewer and may only read"));
    assert_eq!((issues.get("refused"), &issues["waiting"]), (None, &json!(1)));
    assert_eq!(store.documents(), before);
    // Whoever may write archives the message; a run that does something is done.
    assert_eq!(store.json(&["archive", "run", "--older-than", "0s"])["archived"], 1);
}

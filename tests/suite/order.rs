//! Records of one second, and records that are older than their store.

use crate::support::*;
use serde_json::{Value, json};

const DEPARTED: &str = "dave-snow-field-moss";

fn batch(store: &Store<'_>, lines: &[Value]) -> Run {
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let dir = text(&store.dir);
    store.machine.run_with_stdin(&["-s", &dir, "batch"], lines.join("\n").as_bytes())
}

/// This many operations of one kind, each with its number in a field.
fn numbered(op: &str, field: &str, beside: Value) -> Vec<Value> {
    let line = |n: usize| {
        let mut line = beside.clone();
        line["op"] = json!(op);
        line[field] = json!(format!("{n:02}"));
        line
    };
    (0..20).map(line).collect()
}

fn numbers() -> Vec<String> {
    (0..20).map(|n| format!("{n:02}")).collect()
}

#[test]
fn records_of_one_second_are_listed_in_the_order_in_which_they_were_written_on_every_replica() {
    let machine = Machine::new("one second");
    let alice = machine.project("a", &[BOB]);
    let thread = alice.send("thread");
    let issue = alice.ok(&["issue", "open", "talked about"]);
    machine.pass(1);
    let element = json!({"kind": "text", "x": 0, "y": 0, "width": 9, "height": 9, "z_index": 7});
    let each = [
        numbered("chat.send", "text", json!({})),
        numbered("chat.send", "text", json!({"reply_to": thread})),
        numbered("issue.open", "title", json!({"priority": "low"})),
        numbered("issue.comment", "text", json!({"issue": issue})),
        numbered("kanban.add", "title", json!({})),
    ];
    for lines in each {
        batch(&alice, &lines).exits(0);
    }
    let elements: Vec<Value> = (0..20)
        .map(|n| {
            let mut line = element.clone();
            line["op"] = json!("canvas.add");
            line["data"] = json!({"content": format!("{n:02}")});
            line
        })
        .collect();
    batch(&alice, &elements).exits(0);

    let bob = machine.replica_of(&alice, "b", BOB);
    for store in [&alice, &bob] {
        assert_eq!(store.column(&["chat", "list"], "content")[1..], numbers());
        // The last few as well, each once, although all of them are of the last second.
        let last = store.column(&["chat", "list", "--limit", "3"], "content");
        assert_eq!(last, numbers()[17..]);
        let replies = store.json(&["chat", "thread", &thread])["replies"].clone();
        assert_eq!(column(&replies, "content"), numbers());
        assert_eq!(store.column(&["issue", "list"], "title")[1..], numbers());
        // With equal priority, too.
        let by_priority = store.column(&["issue", "list", "--sort", "priority"], "title");
        assert_eq!(by_priority[1..], numbers());
        let comments = store.json(&["issue", "show", &issue])["comments"].clone();
        assert_eq!(column(&comments, "content"), numbers());
        let stacked = store.json(&["canvas", "list"]);
        let texts: Vec<&Value> =
            stacked.as_array().unwrap().iter().map(|element| &element["data"]["content"]).collect();
        assert_eq!(texts, numbers().iter().collect::<Vec<_>>());
        // A picture agrees about what lies on what.
        let svg = store.ok(&["canvas", "render", "-O", "-"]);
        let places: Vec<usize> = numbers()
            .iter()
            .map(|n| svg.find(&format!(">{n}<")).unwrap_or_else(|| panic!("no {n}: {svg}")))
            .collect();
        assert!(places.is_sorted(), "{places:?}");
    }
    // What both wrote in one second, each in its own order, has one order for both.
    machine.pass(60);
    for store in [&alice, &bob] {
        batch(store, &numbered("chat.send", "text", json!({}))).exits(0);
    }
    alice.give(&bob);
    bob.give(&alice);
    let listed = alice.column(&["chat", "list"], "id");
    assert_eq!(listed, bob.column(&["chat", "list"], "id"));
    for author in [ALICE, BOB] {
        let own = alice.column(&["chat", "list", "--author", author], "content");
        assert_eq!(own[own.len() - 20..], numbers());
    }
}

#[test]
fn cards_that_no_list_names_stand_in_the_order_in_which_they_were_written() {
    let machine = Machine::new("unlisted cards");
    let store = machine.group("s", &[]);
    batch(&store, &numbered("kanban.add", "title", json!({}))).exits(0);
    // Their column is removed, with its list.
    crate::audit::forged(&store, "kanban", |txn| {
        use yrs::{Array, WriteTxn};
        let columns = txn.get_or_insert_array("columns");
        let all = columns.len(txn);
        columns.remove_range(txn, 0, all);
    });
    assert_eq!(store.column(&["kanban", "list"], "title"), numbers());
}

#[test]
fn what_is_older_than_the_store_keeps_its_time_and_its_author() {
    let machine = Machine::new("old chat");
    let project = machine.project("p", &[DEPARTED]);
    project.ok(&["member", "remove", DEPARTED]);
    machine.pass(60);
    project.ok(&["member", "add", BOB]);
    let members = project.json(&["member", "list", "--all"]);
    assert_eq!(column(&members, "member_id"), [ALICE, BOB], "the tombstone is pruned");
    let lines = [
        json!({"op": "chat.send", "text": "last", "created_at": "2020-05-01T10:00:01Z", "author": BOB}),
        json!({"op": "chat.send", "text": "first", "created_at": 1_588_327_200, "author": DEPARTED}),
        json!({"op": "chat.send", "text": "re", "reply_to": "$2.id", "created_at": 1_588_327_200.75}),
        json!({"op": "issue.open", "title": "old", "created_at": "2020-05-02", "author": "bob-"}),
        json!({"op": "issue.comment", "issue": "$4.id", "text": "so", "created_at": 5, "author": "dave"}),
        json!({"op": "kanban.add", "title": "card", "created_at": 7}),
    ];
    let ran = batch(&project, &lines);
    let first: Value = serde_json::from_str(ran.exits(0).stdout.lines().next().unwrap()).unwrap();
    let chat = project.json(&["chat", "list"]);
    assert_eq!(column(&chat, "content"), ["first", "last"]);
    assert_eq!(column(&chat, "author_id"), [DEPARTED, BOB]);
    assert_eq!(chat[0]["created_at"], 1_588_327_200);
    assert_eq!(chat[0]["updated_at"], 1_588_327_200);
    assert_eq!(chat[0]["last_reply_at"], 1_588_327_200);
    assert_eq!(chat[1]["created_at"], 1_588_327_201);
    let issue = &project.json(&["issue", "list"])[0];
    assert_eq!((&issue["reporter_id"], &issue["created_at"]), (&json!(BOB), &json!(1_588_377_600)));
    let comment = &issue["comments"][0];
    assert_eq!((&comment["author_id"], &comment["created_at"]), (&json!(DEPARTED), &json!(5)));
    assert_eq!(project.json(&["kanban", "list"])[0]["created_at"], 7);
    // A member who left is no stranger; and the log can be replayed elsewhere, as it was.
    project.run(&["check"]).exits(0);
    let log = project.json(&["log", "show", &first["seq"].to_string()]);
    let operation = &log["operations"][0]["operation"];
    assert_eq!(operation["created_at"], 1_588_327_201, "{operation}");

    // Everybody may backdate their own, only an admin another's; and nobody may use a future time.
    let bob = machine.replica_of(&project, "b", BOB);
    batch(&bob, &[json!({"op": "chat.send", "text": "mine", "created_at": 5})]).exits(0);
    for (line, code, message) in [
        (
            json!({"author": ALICE}),
            1,
            "may not write a message in the name of alice-river-stone-sky",
        ),
        (json!({"author": "nobody-at-all-here"}), 4, "no member \"nobody-at-all-here\""),
        (json!({"created_at": machine.now() + 1}), 2, "is later than now"),
        (json!({"created_at": 0}), 2, "created_at 0 is not a valid time"),
        (json!({"created_at": "2d"}), 2, "not a time: \"2d\""),
        (json!({"created_at": [5]}), 2, "`created_at` is not a time"),
    ] {
        let before = bob.files();
        let mut line = line;
        line["op"] = json!("chat.send");
        line["text"] = json!("x");
        batch(&bob, &[line]).fails(code, message);
        assert_eq!(bob.files(), before);
    }
}

//! Records that another program wrote as plain JSON values: shown, named by `check`, refused with the repair
//! as a hint, and repaired. Ids that look like indices, and records that claim another id.

use crate::support::*;
use serde_json::{Value, json};
use yrs::updates::decoder::Decode;
use yrs::{Any, Doc, Map, ReadTxn, StateVector, Transact, TransactionMut, WriteTxn};

/// Another program's write to a document, imported as a file.
fn written_elsewhere(store: &Store<'_>, doc: &str, write: impl FnOnce(&mut TransactionMut<'_>)) {
    let other = Doc::with_client_id(4711);
    if let Ok(base) = std::fs::read(store.document(doc)) {
        other.transact_mut().apply_update(yrs::Update::decode_v1(&base).unwrap()).unwrap();
    }
    write(&mut other.transact_mut());
    let state = other.transact().encode_state_as_update_v1(&StateVector::default());
    let file = store.machine.path("elsewhere.yrs");
    std::fs::write(&file, state).unwrap();
    store.run(&["sync", "import", "--raw", doc, &text(&file)]).exits(0);
}

fn plain(value: Value) -> Any {
    Any::from_json(&value.to_string()).unwrap()
}

fn put(store: &Store<'_>, doc: &str, root: &str, key: &str, value: Value) {
    written_elsewhere(store, doc, |txn| {
        let map = txn.get_or_insert_map(root);
        map.insert(txn, key, plain(value));
    });
}

fn group(concern: &str) -> String {
    format!("{GROUP}:{concern}")
}

fn message(author: &str, content: &str) -> Value {
    json!({
        "id": "plain-message", "author_id": author, "content": content,
        "created_at": START - 1, "updated_at": START - 1, "deleted": false,
        "reactions": {"👍": [BOB]}, "attachments": [{"id": "a", "filename": "map.png"}],
    })
}

#[test]
fn a_message_that_is_one_plain_value_is_shown_and_every_write_names_the_repair() {
    let machine = Machine::new("plain message");
    let store = machine.group("store", &[BOB]);
    let first = store.send("as it should be");
    put(&store, &group("chat"), "messages", "plain-message", message(ALICE, "plain words"));

    let listed = store.json(&["chat", "list"]);
    assert_eq!(column(&listed, "content"), ["plain words", "as it should be"]);
    assert_eq!(column(&store.json(&["chat", "search", "plain"]), "id"), ["plain-message"]);
    let shown = store.json(&["chat", "show", "plain-message"]);
    assert_eq!(shown["reactions"], json!({"👍": [BOB]}));
    assert_eq!(shown["attachments"][0]["filename"], "map.png");

    let found = store.run(&["check", "--json"]).exits(3).parsed();
    let finding = &found[0];
    assert_eq!(finding["kind"], "plain-value");
    let fix = finding["fix"].as_str().unwrap();
    let before = store.files();
    for write in [
        &["chat", "edit", "plain-message", "other words"][..],
        &["chat", "delete", "plain-message"],
        &["chat", "react", "plain-message", "🎉"],
        &["chat", "react", "plain-message", "👍", "--remove"],
    ] {
        let run = store.run(write);
        run.fails(1, "was written as a plain value by another program");
        assert!(run.stderr.contains(&format!("hint: `{fix}`")), "{}", run.stderr);
    }
    assert_eq!(store.files(), before, "nothing was written");
    // What does not write into it works.
    store.ok(&["chat", "send", "--reply-to", "plain-message", "so do I"]);

    let words: Vec<&str> = fix.split(' ').skip(1).collect();
    store.ok(&words);
    assert_eq!(store.run(&["check"]).code, 0);
    assert_eq!(store.json(&["chat", "show", "plain-message"])["content"], "plain words");
    store.ok(&["chat", "edit", "plain-message", "other words"]);
    store.ok(&["chat", "react", "plain-message", "👍"]);
    let shown = store.json(&["chat", "show", "plain-message"]);
    assert_eq!(shown["content"], "other words");
    assert_eq!(shown["reactions"], json!({"👍": [ALICE, BOB]}));
    assert_eq!(shown["reply_count"], 1);
    assert_eq!(column(&store.json(&["chat", "list"]), "id").len(), 2);
    assert_eq!(store.json(&["chat", "show", &first])["content"], "as it should be");
}

#[test]
fn the_repair_keeps_the_old_bytes_and_a_dry_run_writes_nothing() {
    let machine = Machine::new("plain kept");
    let store = machine.group("store", &[]);
    store.send("something");
    put(&store, &group("chat"), "messages", "plain-message", message(ALICE, "plain words"));
    let id = column(&store.run(&["check", "--json"]).parsed(), "id").remove(0);
    let old = std::fs::read(store.document(&group("chat"))).unwrap();
    let before = store.files();
    store.ok(&["repair", "-n", &id]);
    assert_eq!(store.files(), before);
    store.ok(&["repair", &id]);
    let kept = crate::damage::quarantine(&store);
    assert!(kept.iter().any(|(finding, _, bytes)| *finding == id && *bytes == old));
}

#[test]
fn an_element_that_is_one_plain_value_is_no_bug() {
    let machine = Machine::new("plain element");
    let store = machine.group("store", &[]);
    store.ok(&["canvas", "add", "text", "--at", "0,0", "--size", "10,10"]);
    let element = json!({"element_type": "shape", "x": 1, "y": 2, "width": 3, "height": 4});
    put(&store, &group("canvas"), "elements", "plain-element", element);
    assert_eq!(store.json(&["canvas", "show", "plain-element"])["width"], 3);
    for write in [
        &["canvas", "set", "plain-element", "width=9"][..],
        &["canvas", "move", "plain-element", "3,4"],
        &["canvas", "delete", "plain-element"],
    ] {
        store.run(write).fails(1, "hint: `crdtctl repair plain-value-");
    }
    let line = json!({"type": "canvas_operation", "canvas_id": GROUP, "origin_peer": ALICE,
        "element_id": "plain-element", "operation_type": "remove",
        "timestamp_ms": (START + 5) * 1000});
    let applied = machine
        .run_with_stdin(
            &["--store", &text(&store.dir), "canvas", "apply", "--json"],
            line.to_string().as_bytes(),
        )
        .json();
    assert_eq!(applied["result"], "refused");
    let ids = column(&store.run(&["check", "--json"]).parsed(), "id");
    store.ok(&["repair", &ids[0]]);
    store.ok(&["canvas", "move", "plain-element", "3,4"]);
    assert_eq!(store.json(&["canvas", "show", "plain-element"])["x"], 3);
}

#[test]
fn an_id_that_looks_like_a_place_is_an_id() {
    let machine = Machine::new("places");
    let store = machine.project("store", &[]);
    let issue = store.ok(&["issue", "open", "an issue"]);
    let kept = store.ok(&["issue", "comment", &issue, "the first of all"]);
    let doc = format!("{PROJECT}:issues");
    written_elsewhere(&store, &doc, |txn| {
        let issues = txn.get_or_insert_map("issues");
        let Some(yrs::Out::YMap(issue)) = issues.get(txn, &issue) else { panic!("no issue") };
        let Some(yrs::Out::YArray(list)) = issue.get(txn, "comments") else { panic!("no list") };
        let comment = json!({"id": "#0", "author_id": ALICE, "content": "another"});
        let fields = comment.as_object().unwrap().clone().into_iter();
        let fields = fields.map(|(name, value)| (name, yrs::In::Any(plain(value))));
        yrs::Array::push_back(&list, txn, yrs::MapPrelim::from_iter(fields));
    });
    let comments = || store.column(&["issue", "comments", &issue], "id");
    assert_eq!(comments(), ["#0", kept.as_str()]);
    let line = json!({"op": "issue.comment.delete", "issue": issue, "comment": "#0"}).to_string();
    machine.run_with_stdin(&["--store", &text(&store.dir), "batch"], line.as_bytes()).exits(0);
    assert_eq!(comments(), [kept.as_str()], "the one that is called so went, not the first");
    let again = machine.run_with_stdin(&["--store", &text(&store.dir), "batch"], line.as_bytes());
    assert_eq!(again.code, 4, "{again:#?}");
    assert_eq!(comments(), [kept.as_str()]);
}

#[test]
fn lists_print_the_ids_that_commands_take() {
    let machine = Machine::new("two ids");
    let store = machine.project("store", &[]);
    let card = store.ok(&["kanban", "add", "a card"]);
    let doc = format!("{PROJECT}:kanban");
    written_elsewhere(&store, &doc, |txn| {
        let cards = txn.get_or_insert_map("cards");
        let Some(yrs::Out::YMap(found)) = cards.get(txn, &card) else { panic!("no card") };
        found.insert(txn, "id", "what-it-says");
    });
    let row = &store.json(&["kanban", "list"])[0];
    assert_eq!((&row["id"], &row["recorded_id"]), (&json!(card), &json!("what-it-says")));
    let printed = store.ok(&["kanban", "list", "-o", "id"]);
    store.ok(&["kanban", "edit", &printed, "--title", "by what the list prints"]);
    store.run(&["kanban", "edit", "what-it-says", "--title", "x"]).fails(4, "no card");
    let found = store.run(&["check", "--json"]).exits(3).parsed();
    assert_eq!(found[0]["kind"], "id-differs");
    store.ok(&["repair", found[0]["id"].as_str().unwrap()]);
    let row = &store.json(&["kanban", "list"])[0];
    assert_eq!((&row["id"], &row["recorded_id"]), (&json!(card), &Value::Null));
}

#[test]
fn a_member_that_is_one_plain_value_is_one_and_nobody_is_pruned_without_them() {
    let machine = Machine::new("plain member");
    let store = machine.group("store", &[]);
    let id = store.send("to be deleted");
    let member = json!({"member_id": CAROL, "role": "admin", "joined_at": START, "deleted": false});
    put(&store, &group("core"), "members", CAROL, member);
    assert_eq!(store.column(&["member", "list"], "member_id"), [ALICE, CAROL]);
    machine.pass(60);
    store.ok(&["chat", "delete", &id]);
    let waiting = store.json(&["tombstone", "list", "--blocked"]);
    assert_eq!(waiting[0]["waiting_for"], json!([CAROL]));
    store.run(&["member", "role", CAROL, "viewer"]).fails(1, "hint: `crdtctl repair plain-value-");
    store.run(&["member", "remove", CAROL]).fails(1, "hint: `crdtctl repair plain-value-");
}

//! How a document is kept: `crdt`, `hybrid` or `sql`, set in the document itself.

use crate::support::*;
use serde_json::json;

const DAY: i64 = 86_400;

#[test]
fn a_document_is_kept_as_its_mode_says() {
    let machine = Machine::new("archive modes");
    let alice = machine.group("alice", &[BOB]);
    alice.send("an old word");
    machine.pass(100 * DAY);
    alice.send("a new word");
    let bob = machine.replica_of(&alice, "bob", BOB);
    bob.give(&alice);
    let chat = "group:ocean-forest-moon-star:chat";
    let mode = |store: &Store<'_>| store.json(&["archive", "mode", "chat"])[0]["mode"].clone();
    assert_eq!(mode(&alice), json!(null));
    let before = alice.column(&["chat", "list"], "content");

    // All of it stays, and a run does not mention it.
    let files = alice.files();
    alice.ok(&["archive", "mode", "chat", "crdt", "-n"]);
    assert_eq!(alice.files(), files);
    let set = alice.json(&["archive", "mode", "chat", "crdt"]);
    assert_eq!((&set["changed"], &set["mode"]), (&json!(true), &json!("crdt")));
    alice.is_so_already(&["archive", "mode", "chat", "crdt"]);
    assert_eq!(alice.json(&["archive", "run"])["documents"], json!([]));

    // Everything that everybody has is archived, however recent.
    alice.ok(&["archive", "mode", "chat", "sql"]);
    alice.meet(&bob);
    assert_eq!(mode(&bob), "sql");
    let newest = alice.send("on its way");
    let run = alice.json(&["archive", "run"]);
    assert_eq!((&run["archived"], &run["waiting"]), (&json!(2), &json!(1)));
    assert_eq!(run["documents"][0]["waiting_for"], json!({BOB: 1}));
    assert_eq!(keys(&alice.json(&["doc", "dump", "chat"])["messages"]), [newest.as_str()]);
    // An explicit age is respected.
    assert_eq!(alice.json(&["archive", "run", "--older-than", "1d"])["waiting"], 0);
    assert_eq!(mode(&alice), "sql");

    // Back to the document alone: whoever receives both at once still keeps what was archived.
    alice.ok(&["archive", "mode", "chat", "crdt"]);
    alice.give(&bob);
    for store in [&alice, &bob] {
        let all = [&before[..], &["on its way".to_owned()]].concat();
        assert_eq!(store.column(&["chat", "list"], "content"), all);
        let listed = store.json(&["archive", "mode", "chat"]);
        assert_eq!((&listed[0]["doc"], &listed[0]["mode"]), (&json!(chat), &json!("crdt")));
        assert!(listed[0]["archived_since"].as_i64().unwrap() > 0, "{listed}");
    }
    assert_eq!(alice.digest(), bob.digest());
    assert_eq!(alice.run(&["check"]).code, 0);
}

#[test]
fn who_may_not_say_how_a_document_is_kept_is_told_who_may() {
    let machine = Machine::new("archive modes refused");
    let alice = machine.group("alice", &[BOB]);
    alice.send("a word");
    let files = alice.files();
    let run = alice.run(&["archive", "mode", "chat", "sql", "--as", BOB]);
    run.fails(1, "may not choose how");
    alice.run(&["archive", "mode", "core", "sql"]).fails(2, "is never archived");
    alice.run(&["archive", "mode", "nothing"]).exits(4);
    alice.run(&["archive", "mode", "chat", "cassette"]).exits(2);
    assert_eq!(alice.files(), files);
}

/// The mode can be set before the document has any content.
#[test]
fn a_document_has_a_mode_before_anybody_writes_to_it() {
    let machine = Machine::new("archive modes first");
    let alice = machine.group("alice", &[]);
    let chat = "group:ocean-forest-moon-star:chat";
    for name in ["chat", chat] {
        let said = alice.json(&["archive", "mode", name]);
        assert_eq!((&said[0]["doc"], &said[0]["mode"]), (&json!(chat), &json!(null)));
    }
    let files = alice.files();
    alice.ok(&["archive", "mode", "chat", "sql", "-n"]);
    assert_eq!(alice.files(), files);
    assert_eq!(alice.json(&["archive", "mode", "chat", "sql"])["changed"], true);
    assert_eq!(alice.json(&["archive", "mode", chat])[0]["mode"], "sql");
    alice.send("a word");
    assert_eq!(alice.json(&["archive", "run"])["archived"], 1);
    alice.run(&["archive", "mode", "group:not-any-group-here:chat", "sql"]).exits(4);
    assert_eq!(alice.run(&["check"]).code, 0);
}

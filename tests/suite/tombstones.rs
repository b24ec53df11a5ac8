//! `tombstone` and `prune`: deleted, acknowledged, pruned.

use crate::oracle::Plain;
use crate::support::*;
use serde_json::{Value, json};

#[test]
fn a_tombstone_says_whom_it_waits_for() {
    let machine = Machine::new("waits");
    let store = machine.group("s", &[BOB, CAROL]);
    assert_eq!(store.json(&["tombstone", "list"]), json!([]));
    let id = store.send("hello");
    machine.pass(60);
    store.ok(&["chat", "delete", &id]);
    let at = machine.now();
    let row = store.json(&["tombstone", "list"])[0].clone();
    for (field, value) in [
        ("doc", json!(format!("{GROUP}:chat"))),
        ("kind", json!("message")),
        ("id", json!(id)),
        ("deleted_at", json!(at)),
        ("deleted_by", json!(null)),
        ("acknowledged", json!({ALICE: at})),
        ("acknowledgements", json!(1)),
        ("waiting_for", json!([BOB, CAROL])),
        ("prunable", json!(false)),
    ] {
        assert_eq!(row[field], value, "{field}");
    }
    assert_eq!(store.json(&["tombstone", "list", "--blocked"]), store.json(&["tombstone", "list"]));
    let piped = store.ok(&["tombstone", "list"]);
    assert!(piped.contains(&format!("{BOB},{CAROL}")), "{piped}");
    let run = store.run(&["prune"]);
    assert!(run.exits(0).stderr.contains("1 wait"), "{}", run.stderr);
    let pruned = store.json(&["prune"]);
    assert_eq!((&pruned["pruned"], &pruned["waiting"]), (&json!([]), &json!(1)));
    assert_eq!(store.json(&["tombstone", "list", "-e", GROUP]).as_array().map(Vec::len), Some(1));
    store.run(&["tombstone", "list", "-e", "nowhere"]).fails(4, "nowhere");
}

#[test]
fn a_member_is_pruned_after_both_who_remain_have_synced() {
    // The guide's `test_tombstone_pruning`, with a replica for each of the three.
    let machine = Machine::new("guide: pruning");
    let alice = machine.store("alice", "alice");
    alice.ok(&["entity", "create", "group:test", "--name", "Test"]);
    alice.ok(&["member", "add", "bob", "--role", "member"]);
    alice.ok(&["member", "add", "charlie", "--role", "member"]);
    let charlie = machine.replica_of(&alice, "charlie", "charlie");
    machine.pass(60);
    alice.ok(&["member", "remove", "bob"]);
    let bob = |store: &Store<'_>| {
        let core = Plain::read(&store.document("group:test:core"));
        core.map("members").get("bob").is_some()
    };
    assert!(bob(&alice));
    assert_eq!(alice.json(&["tombstone", "list"])[0]["waiting_for"], json!(["charlie"]));

    // A peer that has not seen the deletion acknowledges nothing by syncing.
    charlie.give(&alice);
    assert!(bob(&alice));

    alice.give(&charlie);
    charlie.give(&alice);
    assert!(!bob(&alice) && !bob(&charlie));
    let core = Plain::read(&alice.document("group:test:core"));
    assert_eq!(core.map("active_members"), json!({"alice": true, "charlie": true}));
    assert_eq!(alice.column(&["member", "list", "--all"], "member_id"), ["alice", "charlie"]);
    alice.give(&charlie);
    assert_eq!(alice.digest(), charlie.digest());
}

#[test]
fn three_peers_hold_the_same_members() {
    // The guide's `test_multi_node_sync`, with bare updates as there.
    let machine = Machine::new("guide: three peers");
    let one = machine.store("one", "alice");
    one.ok(&["entity", "create", "group:test", "--name", "Test"]);
    let file = text(&machine.path("update"));
    one.ok(&["sync", "export", "--raw", "group:test:core", "--out", &file]);
    for name in ["two", "three"] {
        let peer = machine.store(name, name);
        peer.ok(&["sync", "import", "--raw", "group:test:core", &file]);
        assert_eq!(peer.column(&["member", "list"], "member_id"), ["alice"], "{name}");
        assert_eq!(peer.digest(), one.digest());
    }
}

#[test]
fn an_acknowledgement_is_written_once() {
    let machine = Machine::new("once");
    let alice = machine.group("a", &[BOB, CAROL]);
    let id = alice.send("hello");
    let bob = machine.replica_of(&alice, "b", BOB);
    machine.pass(60);
    alice.ok(&["chat", "delete", &id]);
    machine.pass(60);
    alice.give(&bob);
    let acknowledged = bob.json(&["tombstone", "list"])[0]["acknowledged"].clone();
    assert_eq!(acknowledged, json!({ALICE: START + 60, BOB: START + 120}));
    // From here on nothing moves, however often they sync: Carol is missing.
    bob.give(&alice);
    let (a, b) = (alice.documents(), bob.documents());
    for _ in 0..3 {
        machine.pass(60);
        alice.give(&bob);
        bob.give(&alice);
    }
    assert_eq!((alice.documents(), bob.documents()), (a, b));
    assert_eq!(alice.json(&["tombstone", "list"])[0]["waiting_for"], json!([CAROL]));
}

#[test]
fn a_member_who_joined_later_is_not_waited_for() {
    let machine = Machine::new("later");
    let store = machine.group("s", &[BOB]);
    let id = store.send("hello");
    machine.pass(60);
    store.ok(&["chat", "delete", &id]);
    machine.pass(60);
    store.ok(&["member", "add", CAROL]);
    assert_eq!(store.json(&["tombstone", "list"])[0]["waiting_for"], json!([BOB]));
    // Bob's removal completes the set: both tombstones that wait for nobody else are pruned.
    machine.pass(60);
    store.ok(&["member", "remove", BOB]);
    let left = store.json(&["tombstone", "list"]);
    assert_eq!(column(&left, "kind"), ["member"]);
    assert_eq!(left[0]["waiting_for"], json!([CAROL]));
    assert_eq!(left[0]["deleted_by"], ALICE);
}

#[test]
fn nobody_active_means_nothing_is_prunable() {
    let machine = Machine::new("nobody");
    let store = machine.store("s", ALICE);
    let update = crate::oracle::update(8, &[], |txn| {
        use yrs::{Map, MapPrelim, WriteTxn};
        let members = txn.get_or_insert_map("members");
        let gone = [("member_id", yrs::Any::from(BOB)), ("deleted", true.into())];
        members.insert(txn, BOB, MapPrelim::from_iter(gone));
    });
    let file = machine.path("u.update");
    std::fs::write(&file, update).unwrap();
    store.ok(&["sync", "import", "--raw", "group:ghosts:core", &text(&file)]);
    let row = store.json(&["tombstone", "list"])[0].clone();
    assert_eq!((&row["prunable"], &row["waiting_for"]), (&json!(false), &json!([])));
    assert_eq!(store.json(&["prune"])["changed"], false);
}

#[test]
fn pruning_is_for_one_entity_where_one_is_named() {
    let machine = Machine::new("entity");
    let store = machine.fixture("real-store");
    assert_eq!(store.json(&["prune", "-e", "empty-one"])["changed"], false);
    assert_eq!(store.json(&["prune", "-e", GROUP])["pruned"].as_array().map(Vec::len), Some(21));
    store.run(&["prune", "-e", "nowhere"]).fails(4, "nowhere");
    let empty = machine.store("empty", ALICE);
    let run = empty.run(&["prune"]);
    assert!(run.exits(0).stderr.contains("nothing to prune"), "{}", run.stderr);
}

#[test]
fn a_pruned_message_does_not_come_back() {
    let machine = Machine::new("zombie");
    let alice = machine.group("a", &[BOB]);
    let id = alice.send("hello");
    let bob = machine.replica_of(&alice, "b", BOB);
    let old = bob.export("old.crdt");
    machine.pass(60);
    alice.ok(&["chat", "delete", &id]);
    alice.give(&bob);
    bob.give(&alice);
    assert_eq!(alice.json(&["tombstone", "list"]), json!([]));
    // The old bundle still holds it.
    let again = alice.json(&["sync", "import", &old]);
    assert_eq!(again["changed"], false);
    alice.run(&["chat", "show", &id]).fails(4, "no message");
    alice.give(&bob);
    bob.run(&["chat", "show", &id]).fails(4, "no message");
    assert_eq!(alice.digest(), bob.digest());
}

/// Many members, only one of whom was ever heard of: who blocks pruning is one row each.
#[test]
fn who_blocks_pruning_is_one_row_a_member() {
    let machine = Machine::new("by member");
    let alice = machine.group("a", &[BOB]);
    let bob = machine.replica_of(&alice, "b", BOB);
    for n in 0..3 {
        let id = alice.send(&format!("message {n} with some words in it"));
        alice.ok(&["chat", "delete", &id]);
    }
    machine.pass(60);
    let others: Vec<String> = (0..30).map(|n| format!("member-{n:02}-of-many")).collect();
    let lines: Vec<String> = others
        .iter()
        .map(|member| json!({"op": "member.add", "member": member}).to_string())
        .collect();
    let dir = text(&alice.dir);
    machine.run_with_stdin(&["-s", &dir, "batch"], lines.join("\n").as_bytes()).exits(0);
    let late = alice.send("the last one");
    alice.ok(&["chat", "delete", &late]);
    machine.pass(60);
    bob.give(&alice);

    let listed = alice.json(&["tombstone", "list"]);
    let bytes = |row: &Value| row["bytes"].as_u64().unwrap();
    let all: u64 = listed.as_array().unwrap().iter().map(bytes).sum();
    let by_member = alice.json(&["tombstone", "list", "--by", "member"]);
    let rows = by_member.as_array().unwrap();
    assert_eq!(rows.len(), 31);
    // Bob is waited for by all four, and was heard of; the others joined later.
    assert_eq!(
        keys(&rows[0]),
        ["member", "tombstones", "prunable", "documents", "bytes", "waiting_for", "silent_since"]
    );
    assert_eq!((&rows[0]["member"], &rows[0]["tombstones"]), (&json!(BOB), &json!(4)));
    assert_eq!((bytes(&rows[0]), &rows[0]["silent_since"]), (all, &json!(machine.now())));
    assert_eq!((&rows[1]["tombstones"], &rows[1]["silent_since"]), (&json!(1), &Value::Null));
    let cells = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let table = alice.ok(&["tombstone", "list", "--by", "member", "-o", "table"]);
    let last = |row: usize| cells(table.lines().nth(row).unwrap()).pop();
    assert_ne!(last(1).as_deref(), Some("never"), "{table}");
    assert_eq!(last(2).as_deref(), Some("never"), "{table}");
    let tsv = alice.ok(&["tombstone", "list", "--by", "member"]);
    assert!(tsv.lines().nth(2).unwrap().ends_with('\t'), "for programs it is no word: {tsv}");
    let why = alice.json(&["tombstone", "why", &late]);
    assert_eq!(bytes(&rows[1]), bytes(&why), "the same bytes wherever they are said");
    let top = alice.run(&["tombstone", "list", "--by", "member", "--top", "2"]);
    assert_eq!(top.exits(0).stdout.lines().count(), 3);
    assert!(top.stderr.contains("and 29 more"), "{}", top.stderr);

    for (by, key, group) in
        [("document", "doc", format!("{GROUP}:chat")), ("kind", "kind", "message".to_owned())]
    {
        let groups = alice.json(&["tombstone", "list", "--by", by]);
        assert_eq!(groups.as_array().map(Vec::len), Some(1));
        assert_eq!((&groups[0][key], bytes(&groups[0])), (&json!(group), all));
        assert_eq!(groups[0]["waiting_for"].as_array().map(Vec::len), Some(31));
        let table = alice.ok(&["tombstone", "list", "--by", by, "-o", "table"]);
        let words = table.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("and 27 more"), "{table}");
    }
    // No long lists of names anywhere that people look.
    for args in [&["tombstone", "list", "-o", "table"][..], &["doc", "size", "chat", "-o", "table"]]
    {
        let run = alice.run(args);
        let said = format!("{}{}", run.exits(0).stdout, run.stderr);
        assert!(said.contains(" more"), "{said}");
        assert!(said.matches("-of-many").count() <= 16, "{said}");
    }
    assert_eq!(
        alice.json(&["doc", "size", "chat"])["waiting_for"].as_array().map(Vec::len),
        Some(31)
    );
    // Those that wait for nobody are counted, not listed.
    let alone = machine.group("alone", &[]);
    assert_eq!(alone.json(&["tombstone", "list", "--by", "member"]), json!([]));
}

/// A store written by the application and by no command of ours.
#[test]
fn pruning_says_beforehand_that_it_makes_a_replica() {
    let machine = Machine::new("prunes first");
    let store = machine.fixture("real-store");
    let dry = store.run(&["prune", "-n"]);
    assert!(dry.exits(0).stderr.contains("this store would become a replica"), "{}", dry.stderr);
    assert!(dry.stderr.contains("tombstone list --by member"), "{}", dry.stderr);
    let run = store.run(&["prune"]);
    assert!(run.exits(0).stderr.contains("this store is now a replica"), "{}", run.stderr);
    let own = machine.group("s", &[]);
    let dry = own.run(&["chat", "send", "hi", "-n"]);
    assert!(!dry.exits(0).stderr.contains("replica"), "{}", dry.stderr);
}

#[test]
fn what_pruning_keeps_is_not_called_prunable() {
    let machine = Machine::new("kept tombstones");
    let store = machine.project("p", &[]);
    let issue = store.ok(&["issue", "open", "The crane squeaks"]);
    store.ok(&["issue", "close", &issue]);
    let card = store.ok(&["kanban", "add", "Paint the lighthouse"]);
    store.ok(&["kanban", "archive", &card]);
    for id in [&issue, &card] {
        let run = store.run(&["tombstone", "why", id, "--json"]);
        let why = run.json();
        assert_eq!((&why["prunable"], &why["waiting_for"]), (&json!(false), &json!([])));
        assert!(run.stderr.contains("pruning keeps it"), "{}", run.stderr);
    }
    let prunable = |args: &[&str]| -> Vec<Value> {
        let rows = store.json(args);
        rows.as_array().unwrap().iter().map(|row| row["prunable"].clone()).collect()
    };
    assert_eq!(prunable(&["tombstone", "list"]), [json!(false), json!(false)]);
    assert_eq!(prunable(&["tombstone", "list", "--by", "kind"]), [json!(0), json!(0)]);
    // They wait for nobody, and nothing stops them from going but what they are.
    assert_eq!(store.json(&["tombstone", "list", "--blocked"]), json!([]));
    let run = store.run(&["tombstone", "list", "--by", "member"]);
    assert!(!run.exits(0).stderr.contains("crdtctl prune"), "{}", run.stderr);
    let run = store.run(&["prune"]);
    assert!(run.exits(0).stderr.contains("nothing to prune"), "{}", run.stderr);
    assert_eq!(store.json(&["sql", "SELECT id FROM tombstones WHERE prunable"]), json!([]));
}

//! What a merge did that the sender's role would not have allowed here: said, kept, not undone.

use crate::support::*;
use serde_json::{Value, json};

/// Makes a bundle in which a store's documents were changed past all rules, by a program that has
/// none: a member writes as if he were the owner.
fn forged(store: &Store<'_>, concern: &str, change: impl FnOnce(&mut yrs::TransactionMut<'_>)) {
    use yrs::updates::decoder::Decode;
    use yrs::{Doc, ReadTxn, StateVector, Transact};
    let path = store.document(&format!("{GROUP}:{concern}"));
    let state = yrs::Update::decode_v1(&std::fs::read(&path).unwrap()).unwrap();
    let doc = Doc::new();
    let mut txn = doc.transact_mut();
    txn.apply_update(state).unwrap();
    change(&mut txn);
    let bytes = txn.encode_state_as_update_v1(&StateVector::default());
    std::fs::write(&path, bytes).unwrap();
}

fn record<'t>(txn: &mut yrs::TransactionMut<'t>, root: &str, id: &str) -> yrs::MapRef {
    use yrs::{Map, Out, WriteTxn};
    match txn.get_or_insert_map(root).get(txn, id) {
        Some(Out::YMap(map)) => map,
        other => panic!("no {root}/{id}: {other:?}"),
    }
}

fn messages(value: &Value) -> Vec<String> {
    let all = value.as_array().into_iter().flatten();
    all.filter_map(|row| row["message"].as_str().map(str::to_owned)).collect()
}

#[test]
fn a_member_who_made_himself_owner_is_reported_and_stays_one() {
    use yrs::Map;
    let machine = Machine::new("himself");
    let alice = machine.group("a", &[BOB]);
    alice.send("one");
    let bob = machine.replica_of(&alice, "b", BOB);
    bob.send("two");
    forged(&bob, "core", |txn| {
        let member = record(txn, "members", BOB);
        member.insert(txn, "role", "owner");
        member.insert(txn, "updated_at", machine.now() as f64 + 10.0);
    });
    let bundle = bob.export("forged.crdt");
    let planned = alice.json(&["sync", "import", "--dry-run", &bundle]);
    assert_eq!(planned["findings"].as_array().map(Vec::len), Some(1), "{planned}");
    alice.run(&["check"]).exits(0);
    let run = alice.run(&["sync", "import", &bundle]);
    let sentence =
        format!("{BOB} was made owner, was member, by {BOB}, member here, who may not do that");
    assert!(run.exits(0).stderr.contains(&sentence), "{}", run.stderr);
    // Replicas must agree: it is done.
    assert_eq!(alice.json(&["member", "show", BOB])["role"], "owner");
    let check = alice.run(&["check", "--json"]);
    let findings = check.exits(3).parsed();
    assert_eq!(messages(&findings), [sentence]);
    assert_eq!(
        (&findings[0]["kind"], &findings[0]["severity"]),
        (&json!("not-allowed"), &json!("warning"))
    );
    // It is reported once, and forgotten in time.
    assert_eq!(alice.json(&["sync", "import", &bundle])["findings"], Value::Null);
    machine.pass(31 * 86_400);
    bob.send("three");
    bob.give(&alice);
    alice.run(&["check"]).exits(0);
}

#[test]
fn an_edit_of_somebody_elses_message_is_reported() {
    use yrs::Map;
    let machine = Machine::new("somebody else's");
    let alice = machine.group("a", &[BOB]);
    let id = alice.send("mine");
    let bob = machine.replica_of(&alice, "b", BOB);
    forged(&bob, "chat", |txn| {
        let message = record(txn, "messages", &id);
        message.insert(txn, "content", "not mine");
        message.insert(txn, "updated_at", machine.now() as f64 + 10.0);
    });
    bob.give(&alice);
    let found = messages(&alice.run(&["check", "--json"]).exits(3).parsed());
    assert_eq!(
        found,
        [format!("message {id} of {ALICE} was edited by {BOB}, member here, who may not do that")]
    );
}

#[test]
fn what_is_allowed_is_not_reported() {
    let machine = Machine::new("allowed");
    let desk = machine.group("desk", &[BOB, CAROL]);
    let id = desk.send("first");
    let phone = machine.replica_of(&desk, "phone", ALICE);
    let bob = machine.replica_of(&desk, "bob", BOB);
    machine.pass(60);
    // Alice at another machine, her edit carried by Bob, who is made an admin and uses it.
    phone.send("from the phone");
    phone.ok(&["chat", "edit", &id, "edited on the phone"]);
    phone.ok(&["member", "role", BOB, "admin"]);
    phone.give(&bob);
    bob.ok(&["member", "role", CAROL, "viewer"]);
    bob.ok(&["entity", "rename", "By Bob"]);
    bob.ok(&["chat", "delete", &id]);
    // And a conflict that Bob's replica judges.
    machine.pass(60);
    let second = desk.send("second");
    desk.give(&phone);
    desk.give(&bob);
    desk.ok(&["chat", "edit", &second, "early"]);
    machine.pass(60);
    phone.ok(&["chat", "edit", &second, "late"]);
    desk.give(&bob);
    phone.give(&bob);
    for store in [&desk, &phone] {
        let file = bob.export("back.crdt");
        let imported = store.json(&["sync", "import", &file]);
        assert_eq!(imported["findings"], Value::Null, "{imported}");
        store.run(&["check"]).exits(0);
    }
    assert_eq!(desk.json(&["chat", "show", &second])["content"], "late");
}

//! `tombstone why`, and how lists show those who are waited for.

use crate::oracle::{self, Plain};
use crate::support::*;
use serde_json::{Value, json};
use yrs::{Any, Map, MapPrelim, WriteTxn};

/// The account of one member.
fn member<'w>(why: &'w Value, member: &str) -> &'w Value {
    let members = why["members"].as_array().unwrap();
    members.iter().find(|row| row["member"] == member).unwrap_or_else(|| panic!("{why}"))
}

#[test]
fn a_tombstone_says_who_deleted_it_and_how_long_it_has_waited() {
    let machine = Machine::new("why");
    let alice = machine.group("a", &[BOB, CAROL]);
    let id = alice.send("hello");
    let bob = machine.replica_of(&alice, "b", BOB);
    machine.pass(60);
    bob.give(&alice);
    let heard = machine.now();
    machine.pass(3600);
    alice.ok(&["chat", "delete", &id]);
    let deleted = machine.now();
    machine.pass(12 * 86_400);

    let why = alice.json(&["tombstone", "why", &id[..8]]);
    let chat = alice.document(&format!("{GROUP}:chat"));
    let clients = Plain::read(&chat).clients();
    assert_eq!(why["doc"], format!("{GROUP}:chat"));
    assert_eq!((&why["kind"], &why["id"]), (&json!("message"), &json!(id)));
    assert_eq!(why["deleted_at"], deleted);
    assert_eq!(why["client"], clients[0].0);
    assert!(why["clock"].as_u64().unwrap() < u64::from(clients[0].1));
    assert_eq!(why["waiting_for"], json!([BOB, CAROL]));
    assert_eq!(why["prunable"], false);
    assert_eq!(
        member(&why, ALICE),
        &json!({
            "member": ALICE, "active": true, "joined_at": member(&why, ALICE)["joined_at"],
            "acknowledged_at": deleted, "waited_for": false,
            "last_heard": machine.now(), "silent_for": 0,
        })
    );
    let waiting = member(&why, BOB);
    assert_eq!(waiting["waited_for"], true);
    assert_eq!(waiting["acknowledged_at"], Value::Null);
    assert_eq!(waiting["last_heard"], heard);
    assert_eq!(waiting["silent_for"], machine.now() - heard);
    assert_eq!(member(&why, CAROL)["last_heard"], Value::Null);
    let run = alice.run(&["tombstone", "why", &id, "-o", "table"]);
    let said = &run.exits(0).stderr;
    assert!(said.contains(&format!("{BOB}, silent for 12 days")), "{said}");
    assert!(said.contains(&format!("{CAROL}, never heard of")), "{said}");
    assert!(run.stdout.contains("WAITED FOR"), "{}", run.stdout);

    let listed = alice.json(&["tombstone", "list", "--blocked"]);
    assert_eq!(listed[0]["last_heard"], json!({BOB: heard, CAROL: null}));
    assert_eq!(listed[0]["silent_since"], Value::Null);

    // Bob's import acknowledges for Bob.
    machine.pass(60);
    alice.give(&bob);
    let why = bob.json(&["tombstone", "why", &id]);
    assert_eq!(why["waiting_for"], json!([CAROL]));
    assert_eq!(member(&why, BOB)["acknowledged_at"], machine.now());

    alice.ok(&["member", "remove", CAROL]);
    let listed = alice.json(&["tombstone", "list", "--blocked"]);
    let message = listed.as_array().unwrap().iter().find(|row| row["id"] == id).unwrap();
    assert_eq!(message["silent_since"], heard);
}

#[test]
fn what_goes_is_close_to_what_it_says() {
    let machine = Machine::new("frees");
    let store = machine.group("s", &[BOB]);
    let ids: Vec<String> = (0..6).map(|n| store.send(&"words ".repeat(n * 9 + 1))).collect();
    store.ok(&["chat", "edit", &ids[2], "other words"]);
    let mut says = 0;
    for id in &ids[1..4] {
        machine.pass(1);
        store.ok(&["chat", "delete", id]);
    }
    for id in &ids[1..4] {
        let why = store.json(&["tombstone", "why", id]);
        assert!(why["bytes"].as_u64() > why["frees"].as_u64(), "{why}");
        says += why["frees"].as_u64().unwrap();
    }
    let chat = store.document(&format!("{GROUP}:chat"));
    let size = || std::fs::metadata(&chat).unwrap().len();
    let before = size();
    // Nobody else is left to wait for.
    store.ok(&["member", "remove", BOB]);
    assert_eq!(store.json(&["tombstone", "list"]), json!([]));
    let freed = before - size();
    assert!(says.abs_diff(freed) <= 16, "{says} of {freed}");

    let real = machine.fixture("real-store");
    let why = real.json(&["tombstone", "why", "barrier-bathos-quiet-trophy"]);
    assert_eq!((&why["prunable"], &why["waiting_for"]), (&json!(true), &json!([])));
    let core = real.document(&format!("{GROUP}:core"));
    let before = std::fs::metadata(&core).unwrap().len();
    real.ok(&["prune"]);
    let freed = before - std::fs::metadata(&core).unwrap().len();
    assert!(why["frees"].as_u64().unwrap().abs_diff(freed) <= 16, "{why}: {freed}");
}

#[test]
fn one_id_in_two_entities_needs_the_entity() {
    let machine = Machine::new("why ambiguous");
    let store = machine.group("s", &[BOB, CAROL]);
    store.ok(&["member", "remove", BOB]);
    store.ok(&["entity", "create", "channel:harbour", "--name", "Harbour"]);
    store.ok(&["member", "add", BOB, "-e", "harbour"]);
    store.ok(&["member", "add", CAROL, "-e", "harbour"]);
    store.ok(&["member", "remove", BOB, "-e", "harbour"]);
    let run = store.run(&["tombstone", "why", BOB, "--json"]);
    run.fails(4, "channel:harbour:core");
    assert_eq!(run.error()["code"], "ambiguous");
    assert!(run.stderr.contains("-e"), "{}", run.stderr);
    let why = store.json(&["tombstone", "why", BOB, "-e", GROUP]);
    assert_eq!(why["doc"], format!("{GROUP}:core"));
    assert_eq!(why["deleted_by"], ALICE);
    let run = store.run(&["tombstone", "why", CAROL]);
    run.fails(4, "no tombstone");
    assert!(run.stderr.contains("`crdtctl tombstone list`"), "{}", run.stderr);
}

#[test]
fn nothing_goes_where_nobody_could_acknowledge() {
    let machine = Machine::new("why nobody");
    let store = machine.store("s", ALICE);
    let core = oracle::update(7, &[], |txn| {
        let members = txn.get_or_insert_map("members");
        let bob = [("deleted", Any::from(true)), ("deleted_at", Any::from(1_760_000_000))];
        members.insert(txn, BOB, MapPrelim::from_iter(bob));
    });
    std::fs::write(machine.path("core.bin"), core).unwrap();
    store.ok(&["doc", "load", "core.bin", "--doc", &format!("{GROUP}:core")]);
    let run = store.run(&["tombstone", "why", BOB]);
    assert!(run.exits(0).stderr.contains("no active member"), "{}", run.stderr);
    let why = store.json(&["tombstone", "why", BOB]);
    assert_eq!((&why["prunable"], &why["waiting_for"]), (&json!(false), &json!([])));
    assert_eq!((&why["members"], &why["client"]), (&json!([]), &json!(7)));
}

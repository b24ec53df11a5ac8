//! What a merge did that the sender's role would not have allowed here: reported, kept, not undone.

use crate::support::*;
use serde_json::{Value, json};

/// Makes a bundle in which a program without rules changed a store's documents: a member writes as if he were
/// the owner.
pub fn forged(store: &Store<'_>, concern: &str, change: impl FnOnce(&mut yrs::TransactionMut<'_>)) {
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
    // Replicas must agree, so it takes effect.
    assert_eq!(alice.json(&["member", "show", BOB])["role"], "owner");
    let check = alice.run(&["check", "--json"]);
    let findings = check.exits(3).parsed();
    assert_eq!(messages(&findings), [sentence]);
    assert_eq!(
        (&findings[0]["kind"], &findings[0]["severity"]),
        (&json!("not-allowed"), &json!("warning"))
    );
    // It is reported once, and eventually forgotten.
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

/// A bundle carries what its sender has from others, too.
#[test]
fn who_carries_what_others_may_do_is_not_accused() {
    let machine = Machine::new("carried");
    let alice = machine.group("a", &[BOB, CAROL]);
    let (bob, carol) =
        (machine.replica_of(&alice, "b", BOB), machine.replica_of(&alice, "c", CAROL));
    let quiet = |store: &Store<'_>| store.run(&["check"]).exits(0).code;
    // Of Alice, who created the group, and added somebody.
    alice.ok(&["member", "add", "dave-moon-glass-tree"]);
    alice.ok(&["entity", "rename", "Harbour"]);
    alice.give(&bob);
    bob.give(&carol);
    assert_eq!(quiet(&carol), 0);
    // Of Carol, whom Alice made an admin, and who has written nothing else.
    alice.ok(&["member", "role", CAROL, "admin"]);
    alice.give(&carol);
    carol.ok(&["member", "remove", "dave-moon-glass-tree"]);
    carol.give(&bob);
    assert_eq!(quiet(&bob), 0);
    bob.give(&alice);
    assert_eq!(quiet(&alice), 0);
}

#[test]
fn what_is_allowed_is_not_reported() {
    let machine = Machine::new("allowed");
    let desk = machine.group("desk", &[BOB, CAROL]);
    let id = desk.send("first");
    let phone = machine.replica_of(&desk, "phone", ALICE);
    let bob = machine.replica_of(&desk, "bob", BOB);
    machine.pass(60);
    // Alice at another machine, whose edit is carried by Bob, who is made an admin and uses it.
    phone.send("from the phone");
    phone.ok(&["chat", "edit", &id, "edited on the phone"]);
    phone.ok(&["member", "role", BOB, "admin"]);
    phone.give(&bob);
    bob.ok(&["member", "role", CAROL, "viewer"]);
    bob.ok(&["entity", "rename", "By Bob"]);
    bob.ok(&["chat", "delete", &id]);
    // And a conflict that Bob's replica resolves.
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

/// An entity with two members of every role, each of whom has written two messages.
fn of_every_role<'m>(machine: &'m Machine, roles: &[&str]) -> Store<'m> {
    let store = machine.group("desk", &[]);
    for role in roles {
        for member in [format!("one-{role}"), format!("two-{role}")] {
            store.ok(&["member", "add", &member]);
            for text in ["to be edited", "to be deleted"] {
                store.ok(&["chat", "send", text, "--as", &member]);
            }
            store.ok(&["member", "role", &member, role]);
        }
    }
    store
}

/// For every role and action: what a command refuses is reported if a program without rules does it, and
/// nothing else is.
#[test]
fn what_is_refused_here_is_what_is_reported_of_others() {
    use yrs::{Map, MapPrelim, WriteTxn};
    const ROLES: [&str; 5] = ["owner", "admin", "member", "viewer", "guest"];
    let machine = Machine::new("the same rules");
    let desk = of_every_role(&machine, &ROLES);
    let hers = [desk.send("hers"), desk.send("hers, too")];
    let issue = desk.ok(&["issue", "open", "An issue"]).trim().to_owned();
    let all = desk.json(&["chat", "list"]);
    let mut refused_of_all = 0;
    for role in ROLES {
        let actor = format!("one-{role}");
        let theirs = all.as_array().unwrap().iter().filter(|m| m["author_id"] == actor);
        let own: Vec<&str> = theirs.map(|message| message["id"].as_str().unwrap()).collect();
        let (edited, deleted) = (own[0], own[1]);
        let new = format!("{}-written", &hers[0][..8]);
        // Each action as a command, and the beginning of its report.
        let cases: [(&[&str], String); 13] = [
            (&["entity", "rename", "X"], "the entity's name was changed".into()),
            (&["member", "role", "two-guest", "admin"], "two-guest was made admin".into()),
            (&["member", "role", "two-member", "guest"], "two-member was made guest".into()),
            (&["member", "add", "new-comer"], "new-comer was added as member".into()),
            (&["member", "add", "new-admin", "--role", "admin"], "new-admin was added".into()),
            (&["member", "remove", "two-viewer"], "two-viewer, viewer, was removed".into()),
            (&["member", "remove", "two-admin"], "two-admin, admin, was removed".into()),
            (&["chat", "edit", &hers[0], "X"], format!("message {} of {ALICE} was", hers[0])),
            (&["chat", "delete", &hers[1]], format!("message {} of {ALICE} was", hers[1])),
            (&["chat", "edit", edited, "X"], format!("message {edited} of {actor} was")),
            (&["chat", "delete", deleted], format!("message {deleted} of {actor} was")),
            (&["chat", "send", "X"], format!("message {new} was written")),
            (&["issue", "status", &issue, "in-progress"], format!("issue {issue} was written")),
        ];
        let other = machine.replica_of(&desk, role, &actor);
        let now = machine.now() as f64 + 10.0;
        forged(&other, "core", |txn| {
            txn.get_or_insert_map("metadata").insert(txn, "name", "X");
            for (member, to) in [("two-guest", "admin"), ("two-member", "guest")] {
                let member = record(txn, "members", member);
                member.insert(txn, "role", to);
                member.insert(txn, "updated_at", now);
            }
            for (member, role) in [("new-comer", "member"), ("new-admin", "admin")] {
                let fields = [("member_id", member), ("role", role)];
                txn.get_or_insert_map("members").insert(txn, member, MapPrelim::from(fields));
            }
            for member in ["two-viewer", "two-admin"] {
                record(txn, "members", member).insert(txn, "deleted", true);
            }
        });
        forged(&other, "chat", |txn| {
            for id in [&hers[0], edited] {
                let message = record(txn, "messages", id);
                message.insert(txn, "content", "X");
                message.insert(txn, "updated_at", now);
            }
            for id in [&hers[1], deleted] {
                record(txn, "messages", id).insert(txn, "deleted", true);
            }
            let fields = [("id", &new[..]), ("author_id", &actor), ("content", "X")];
            txn.get_or_insert_map("messages").insert(txn, &new[..], MapPrelim::from(fields));
        });
        forged(&other, "issues", |txn| {
            let issue = record(txn, "issues", &issue);
            issue.insert(txn, "status", "in-progress");
            issue.insert(txn, "status_updated_at", now);
        });
        let bundle = other.export(&format!("{role}.crdt"));
        let imported = desk.json(&["sync", "import", "-n", &bundle]);
        let reports = messages(&imported["findings"]);
        let mut refused = 0;
        for (command, report) in &cases {
            let run = desk.run(&[command, &["-n", "--as", &actor][..]].concat());
            assert!([0, 1].contains(&run.code), "{command:?}: {}", run.stderr);
            let reported = reports.iter().any(|said| said.starts_with(report));
            assert_eq!(run.code == 1, reported, "{role} {command:?} {reports:#?}");
            refused += usize::from(reported);
        }
        assert_eq!(reports.len(), refused, "{role}: {reports:#?}");
        refused_of_all += refused;
    }
    assert_eq!(refused_of_all, 1 + 4 + 9 + 13 + 13);
}

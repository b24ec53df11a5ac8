//! Who has what: members not heard from, replicas that continue others, and members who left.

use crate::support::*;
use serde_json::{Value, json};

fn status(store: &Store<'_>) -> Value {
    store.json(&["sync", "status"])
}

fn replica(store: &Store<'_>) -> String {
    store.export("whoami.crdt");
    let bundle = text(&store.machine.path("whoami.crdt"));
    store.json(&["sync", "show", &bundle])["from"]["replica"].as_str().unwrap().to_owned()
}

#[test]
fn members_who_never_got_anything_are_behind() {
    let machine = Machine::new("never heard");
    let alone = machine.group("alone", &[]);
    alone.run(&["sync", "status", "--exit-code"]).exits(0);
    let alice = machine.group("a", &[BOB, CAROL]);
    let run = alice.run(&["sync", "status", "--exit-code"]);
    assert!(run.exits(3).stderr.contains("nothing came from 2 members yet"), "{}", run.stderr);
    let listed = status(&alice);
    assert_eq!(column(&listed, "member"), [BOB, CAROL]);
    assert_eq!((&listed[0]["replica_id"], &listed[0]["last_seen"]), (&Value::Null, &Value::Null));
    assert_eq!(listed[0]["they_lack_documents"], 1);
    assert!(listed[0]["they_lack_bytes"].as_u64().is_some_and(|bytes| bytes > 100), "{listed}");
    // Only a member with a replica has its id.
    assert_eq!(alice.ok(&["sync", "status", "-o", "id"]), "");

    let bob = machine.replica_of(&alice, "b", BOB);
    bob.give(&alice);
    alice.run(&["sync", "status", "--exit-code"]).exits(3);
    assert_eq!(column(&status(&alice), "member"), [BOB, CAROL]);
    let carol = machine.replica_of(&alice, "c", CAROL);
    carol.give(&alice);
    alice.run(&["sync", "status", "--exit-code"]).exits(0);
    // Nothing is expected from a member who left.
    alice.ok(&["member", "add", "dave-snow-field-moss"]);
    assert_eq!(column(&status(&alice), "member").len(), 3);
    alice.ok(&["member", "remove", "dave-"]);
    assert_eq!(column(&status(&alice), "member").len(), 2);
}

#[test]
fn a_prefix_names_a_member_before_the_first_bundle_too() {
    let machine = Machine::new("prefix");
    let alice = machine.group("a", &[BOB, "bob-stone-path-gate", CAROL]);
    let out = text(&machine.path("x"));
    let export = |name: &str| alice.run(&["sync", "export", "--for", name, "-O", &out]);
    let said = export("caro").exits(0).stderr.clone();
    assert!(said.contains("nothing came from carol-sun-wind-rain yet"), "{said}");
    assert_eq!(alice.json(&["sync", "show", &out])["full"], true);
    export("bob-").fails(4, "bob-stone-path-gate");
    export("bob-h").exits(0);
    export("nobody").fails(4, "nobody");
    // One of two with the same prefix is heard of: the prefix is still ambiguous.
    let bob = machine.replica_of(&alice, "b", BOB);
    bob.give(&alice);
    export("bob-").fails(4, "bob-stone-path-gate");
    export("bob-h").exits(0);
    assert_eq!(alice.json(&["sync", "show", &out])["for"], json!(replica(&bob)));
}

/// Bob's store is restored from a backup, and continues as another replica.
#[test]
fn a_replica_that_goes_on_from_another_takes_its_place() {
    let machine = Machine::new("goes on");
    let alice = machine.group("a", &[BOB]);
    let bob = machine.replica_of(&alice, "b", BOB);
    bob.send("before");
    bob.give(&alice);
    let old = replica(&bob);
    let late = bob.export("late.crdt");
    machine.pass(60);
    copy_tree(&bob.dir, &machine.path("copy"));
    let copy = machine.open(machine.path("copy"));
    copy.send("as another");
    let new = replica(&copy);
    assert_ne!(old, new);
    machine.pass(60);
    copy.give(&alice);
    // One Bob, in status and as the target of a bundle; the old one is still known.
    assert_eq!(column(&status(&alice), "replica_id"), [new.as_str()]);
    alice.send("news");
    let out = text(&machine.path("x"));
    alice.ok(&["sync", "export", "--for", BOB, "-O", &out]);
    let manifest = alice.json(&["sync", "show", &out]);
    assert_eq!((&manifest["for"], &manifest["full"]), (&json!(new), &json!(false)));
    let peers = alice.json(&["sync", "peers"]);
    assert_eq!(peers.as_array().map(Vec::len), Some(2));
    let by = |id: &str| {
        let all = peers.as_array().unwrap();
        all.iter().find(|peer| peer["replica_id"] == id).unwrap()["succeeded_by"].clone()
    };
    assert_eq!((by(&old), by(&new)), (json!(new), Value::Null));
    // Whoever names the old one means the new one.
    alice.ok(&["sync", "export", "--for", &old, "-O", &out]);
    assert_eq!(alice.json(&["sync", "show", &out])["for"], json!(new));
    // It does not wait for what it was itself.
    alice.give(&copy);
    copy.ok(&["sync", "import", &late]);
    assert_eq!(column(&status(&copy), "member"), [ALICE]);
    // What the old one had announced before changes nothing.
    alice.ok(&["sync", "import", &late]);
    assert_eq!(column(&status(&alice), "replica_id"), [new.as_str()]);

    // But the backup was a copy: the first one is alive, says so, and is believed from then on.
    machine.pass(60);
    bob.send("I am still here");
    bob.give(&alice);
    let both = column(&status(&alice), "replica_id");
    assert_eq!(both.len(), 2, "{both:?}");
    machine.pass(60);
    copy.send("again");
    copy.give(&alice);
    assert_eq!(column(&status(&alice), "replica_id").len(), 2);
    alice.run(&["sync", "export", "--for", BOB, "-O", &out]).fails(4, "has 2 replicas");
    // Forgetting the new one leaves the old one.
    alice.ok(&["sync", "forget", &new]);
    assert_eq!(column(&status(&alice), "replica_id"), [old.as_str()]);
}

/// A copy of Alice's store with which Bob begins is no successor of Alice's.
#[test]
fn a_copy_for_another_member_succeeds_nobody() {
    let machine = Machine::new("copied for bob");
    let alice = machine.store("a", ALICE);
    copy_tree(&alice.dir, &machine.path("b"));
    let bob = machine.open(machine.path("b"));
    bob.ok(&["init", &text(&bob.dir), "--as", BOB]);
    alice.ok(&["entity", "create", GROUP, "--name", "Ocean friends"]);
    alice.ok(&["member", "add", BOB]);
    let carol = machine.replica_of(&alice, "c", CAROL);
    alice.give(&bob);
    machine.pass(60);
    bob.send("hello");
    bob.give(&carol);
    assert_eq!(column(&status(&carol), "member"), [BOB, ALICE]);
}

#[test]
fn who_removes_a_member_is_told_how_their_replica_is_forgotten() {
    let machine = Machine::new("forget");
    let alice = machine.group("a", &[BOB, CAROL]);
    let bob = machine.replica_of(&alice, "b", BOB);
    bob.give(&alice);
    let run = alice.run(&["member", "remove", CAROL]);
    assert!(!run.exits(0).stderr.contains("forget"), "{}", run.stderr);
    let dry = alice.run(&["member", "remove", "-n", BOB]);
    assert!(!dry.exits(0).stderr.contains("forget"), "{}", dry.stderr);
    let run = alice.run(&["member", "remove", BOB]);
    assert!(
        run.exits(0).stderr.contains("`crdtctl sync forget bob-hill-lake-tree`"),
        "{}",
        run.stderr
    );
    alice.ok(&["sync", "forget", BOB]);
    alice.run(&["sync", "status", "--exit-code"]).exits(0);
}

#[test]
fn a_prefix_that_is_too_short_is_said_to_be_and_names_who_could_be_meant() {
    let machine = Machine::new("short prefix");
    let alice = machine.group("a", &[BOB, "bob-stone-path-gate"]);
    let out = text(&machine.path("x"));
    let export = |name: &str| alice.run(&["sync", "export", "--for", name, "-O", &out]);
    let short = |run: Run| {
        run.fails(2, "\"bob\" is too short to name a member");
        assert!(run.stderr.contains(BOB), "{}", run.stderr);
        assert!(run.stderr.contains("bob-stone-path-gate"), "{}", run.stderr);
    };
    short(export("bob"));
    machine.replica_of(&alice, "b", BOB).give(&alice);
    short(export("bob"));
    export("bob-").fails(4, "names 2 members");
    export("bo-").fails(4, "no peer");
    // The same holds for entities.
    let run = alice.run(&["chat", "list", "-e", "oce"]);
    run.fails(2, "\"oce\" is too short to name an entity");
    assert!(run.stderr.contains(GROUP), "{}", run.stderr);
    alice.run(&["chat", "list", "-e", "xyz"]).fails(4, "no entity");
}

/// One backup is put back several times. The replicas that went on from it in between are gone with their
/// store.
#[test]
fn replicas_that_a_backup_was_put_over_are_gone() {
    let machine = Machine::new("put over");
    let alice = machine.group("a", &[BOB, CAROL]);
    let carol = machine.replica_of(&alice, "c", CAROL);
    let bob = machine.replica_of(&alice, "b", BOB);
    bob.send("before");
    bob.give(&alice);
    let backup = machine.path("backup");
    copy_tree(&bob.dir, &backup);
    let mut replicas = vec![replica(&bob)];
    for text in ["one", "two", "three"] {
        std::fs::remove_dir_all(&bob.dir).unwrap();
        copy_tree(&backup, &bob.dir);
        machine.pass(60);
        bob.send(text);
        bob.give(&alice);
        replicas.push(replica(&bob));
    }
    let late = alice.export("late.crdt");
    let last = replicas.pop().unwrap();
    assert_eq!(column(&status(&alice), "replica_id").iter().filter(|id| **id != last).count(), 1);
    carol.ok(&["sync", "import", &late]);
    carol.give(&alice);
    assert_eq!(column(&status(&alice), "member"), [CAROL, BOB]);
    let peers = alice.json(&["sync", "peers"]);
    for peer in peers.as_array().unwrap().iter().filter(|peer| peer["member"] == BOB) {
        let gone = replicas.iter().any(|id| peer["replica_id"] == id.as_str());
        assert_eq!(peer["succeeded_by"].as_str(), gone.then_some(last.as_str()), "{peers}");
    }
    alice.ok(&["sync", "export", "--for", BOB, "-O", &late]);
    // A copy elsewhere is one more replica.
    let copy = machine.open(machine.path("copy"));
    copy_tree(&backup, &copy.dir);
    machine.pass(60);
    copy.send("elsewhere");
    copy.give(&alice);
    let of_bob =
        |alice: &Store<'_>| column(&status(alice), "member").iter().filter(|m| *m == BOB).count();
    assert_eq!(of_bob(&alice), 2);
}

/// The store over which the backup was put was only moved aside, and comes back.
#[test]
fn a_replica_that_comes_back_to_its_place_lives_on() {
    let machine = Machine::new("moved aside");
    let alice = machine.group("a", &[BOB]);
    let bob = machine.replica_of(&alice, "b", BOB);
    let backup = machine.path("backup");
    copy_tree(&bob.dir, &backup);
    std::fs::remove_dir_all(&bob.dir).unwrap();
    copy_tree(&backup, &bob.dir);
    bob.send("one");
    bob.give(&alice);
    let first = replica(&bob);
    std::fs::rename(&bob.dir, machine.path("aside")).unwrap();
    copy_tree(&backup, &bob.dir);
    machine.pass(60);
    bob.send("two");
    bob.give(&alice);
    let second = replica(&bob);
    assert_eq!(column(&status(&alice), "replica_id"), [second.as_str()]);
    std::fs::remove_dir_all(&bob.dir).unwrap();
    std::fs::rename(machine.path("aside"), &bob.dir).unwrap();
    machine.pass(60);
    bob.send("three");
    assert_eq!(replica(&bob), first, "its lease fits");
    bob.give(&alice);
    assert!(column(&status(&alice), "replica_id").contains(&first));
}

/// Receipts of the time when a clock was ahead are not believed against what is said since.
#[test]
fn receipts_are_believed_after_a_clock_was_put_right() {
    let machine = Machine::new("fast clock");
    machine.pass(86_400);
    let alice = machine.group("a", &[BOB]);
    let bob = machine.replica_of(&alice, "b", BOB);
    bob.give(&alice);
    machine.pass(-86_400);
    for text in ["one", "two"] {
        machine.pass(60);
        bob.send(text);
        bob.ok(&["kanban", "add", text]);
        bob.give(&alice);
        alice.give(&bob);
        let listed = status(&bob);
        assert_eq!(
            (&listed[0]["they_lack_documents"], &listed[0]["unproven"]),
            (&json!(0), &json!([]))
        );
        assert_eq!(status(&alice)[0]["they_lack_documents"], 0);
    }
    let out = text(&machine.path("x"));
    let run = bob.run(&["sync", "export", "--for", ALICE, "--if-new", "-O", &out]);
    assert!(run.exits(0).stderr.contains("nothing is new"), "{}", run.stderr);
}

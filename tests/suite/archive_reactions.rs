//! Reactions that somebody gave or took back before hearing that the message was archived.

use crate::support::*;
use serde_json::{Value, json};

const DAY: i64 = 86_400;

/// Transfers everything that one replica has, its archive included.
fn hand_over(from: &Store<'_>, to: &Store<'_>) {
    let file = text(&from.machine.path("all.crdt"));
    from.ok(&["sync", "export", "--with-archive", "-O", &file]);
    to.run(&["sync", "import", &file]).exits(0);
}

/// The reactions to a message as its reader sees them.
fn reactions(store: &Store<'_>, message: &str) -> Value {
    store.json(&["chat", "show", message])["reactions"].clone()
}

/// Everybody ends with these reactions to a message that is in the archive, whoever tells whom.
fn all_end_with(stores: &[&Store<'_>], message: &str, expected: &Value) {
    for _ in 0..2 {
        for from in stores {
            for to in stores.iter().filter(|to| to.dir != from.dir) {
                hand_over(from, to);
            }
        }
    }
    for store in stores {
        let shown = store.json(&["chat", "show", message]);
        assert_eq!((&shown["reactions"], &shown["in_archive"]), (expected, &json!(true)));
        assert_eq!(store.column(&["conflict", "list"], "field"), Vec::<String>::new());
        store.run(&["check", "--deep"]).exits(0);
    }
    let versions = |store: &Store<'_>| {
        column(&store.json(&["archive", "show", message])["versions"], "version")
    };
    for store in stores {
        assert_eq!(versions(store), versions(stores[0]), "they have the same rows");
    }
}

/// Alice's, Bob's and Carol's replicas. Both of them have reacted to an old message and its reply, everybody
/// knows, and Alice has archived both; the ids come with it.
fn reacted(machine: &Machine) -> ([Store<'_>; 3], String, String) {
    let alice = machine.group("alice", &[BOB, CAROL]);
    let old = alice.send("an old word");
    let reply = alice.ok(&["chat", "send", "an old answer", "--reply-to", &old]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    let carol = machine.replica_of(&alice, "carol", CAROL);
    for id in [&old, &reply] {
        bob.ok(&["chat", "react", id, "yes"]);
        carol.ok(&["chat", "react", id, "yes"]);
    }
    for _ in 0..2 {
        alice.meet(&bob);
        alice.meet(&carol);
    }
    machine.pass(100 * DAY);
    assert_eq!(alice.json(&["archive", "run"])["archived"], 2);
    machine.pass(DAY);
    ([alice, bob, carol], old, reply)
}

/// The orders in which a late change and the removal can meet.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    /// The removal reaches who made the late change.
    RemovalFirst,
    /// The late change first reaches who removed it.
    ChangeFirst,
    /// Another has both before.
    BetweenThem,
    /// Another has heard of the removal, and tells it on.
    RemovalThroughAnother,
}

const WAYS: [Way; 4] =
    [Way::RemovalFirst, Way::ChangeFirst, Way::BetweenThem, Way::RemovalThroughAnother];

fn meet([alice, bob, carol]: &[Store<'_>; 3], way: Way) {
    let order: &[[&Store<'_>; 2]] = match way {
        Way::RemovalFirst => &[[alice, bob], [bob, alice]],
        Way::ChangeFirst => &[[bob, alice], [alice, bob]],
        Way::BetweenThem => &[[bob, carol], [alice, carol], [carol, bob], [carol, alice]],
        Way::RemovalThroughAnother => &[[alice, carol], [carol, bob], [bob, alice]],
    };
    order.iter().for_each(|[from, to]| hand_over(from, to));
}

#[test]
fn a_reaction_taken_back_too_late_stays_taken_back() {
    for way in WAYS {
        let machine = Machine::new(&format!("archive reactions {way:?}"));
        let (stores, old, reply) = reacted(&machine);
        for id in [&old, &reply] {
            stores[1].ok(&["chat", "react", id, "yes", "--remove"]);
        }
        meet(&stores, way);
        let [alice, bob, carol] = &stores;
        for id in [&old, &reply] {
            all_end_with(&[alice, bob, carol], id, &json!({"yes": [CAROL]}));
        }
    }
}

#[test]
fn a_reaction_exchanged_too_late_is_the_later_one() {
    for way in WAYS {
        let machine = Machine::new(&format!("archive reactions exchanged {way:?}"));
        let (stores, old, _) = reacted(&machine);
        // Shorter than what was archived.
        stores[1].ok(&["chat", "react", &old, "yes", "--remove"]);
        stores[1].ok(&["chat", "react", &old, "n"]);
        meet(&stores, way);
        let [alice, bob, carol] = &stores;
        all_end_with(&[alice, bob, carol], &old, &json!({"n": [BOB], "yes": [CAROL]}));
    }
}

#[test]
fn what_several_did_too_late_to_reactions_all_counts() {
    let machine = Machine::new("archive reactions of several");
    let (stores, old, _) = reacted(&machine);
    let [alice, bob, carol] = &stores;
    bob.ok(&["chat", "react", &old, "yes", "--remove"]);
    carol.ok(&["chat", "react", &old, "no"]);
    carol.ok(&["chat", "react", &old, "yes", "--remove"]);
    hand_over(alice, bob);
    hand_over(alice, carol);
    // Before they have heard of what was archived first.
    hand_over(bob, carol);
    all_end_with(&[bob, carol, alice], &old, &json!({"no": [CAROL]}));
}

#[test]
fn a_late_edit_and_a_late_reaction_are_both_shown() {
    let machine = Machine::new("archive reactions and edits");
    let (stores, old, _) = reacted(&machine);
    let [alice, bob, carol] = &stores;
    alice.give(carol);
    bob.ok(&["chat", "react", &old, "yes", "--remove"]);
    let phone = machine.replica_of(bob, "phone", ALICE);
    bob.ok(&["chat", "react", &old, "no"]);
    machine.pass(DAY);
    phone.ok(&["chat", "edit", &old, "a better word"]);
    hand_over(alice, bob);
    hand_over(alice, &phone);
    let stores = [alice, bob, carol, &phone];
    for from in stores {
        stores.iter().filter(|to| to.dir != from.dir).for_each(|to| hand_over(from, to));
    }
    for from in stores {
        stores.iter().filter(|to| to.dir != from.dir).for_each(|to| hand_over(from, to));
    }
    for store in stores {
        let shown = store.json(&["chat", "show", &old]);
        assert_eq!(shown["content"], "a better word");
        assert_eq!(shown["reactions"], json!({"no": [BOB], "yes": [CAROL]}));
    }
}

/// Nothing was late: both archives hold the same.
#[test]
fn whoever_changed_nothing_since_archives_the_same() {
    let machine = Machine::new("archive reactions known");
    let (stores, old, reply) = reacted(&machine);
    let [alice, bob, carol] = &stores;
    alice.give(bob);
    bob.give(carol);
    for id in [&old, &reply] {
        let expected = json!({"yes": [BOB, CAROL]});
        for store in &stores {
            assert_eq!(reactions(store, id), expected);
        }
        all_end_with(&[alice, bob, carol], id, &expected);
        let versions = alice.json(&["archive", "show", id])["versions"].clone();
        assert_eq!(versions.as_array().unwrap().len(), 1, "{versions}");
    }
}

/// Restores the message and its reply where they were archived.
fn restored(stores: &[Store<'_>; 3], old: &str) {
    stores[0].ok(&["archive", "restore", old]);
}

/// Everybody ends with these reactions to a message that is in its document, whoever tells whom.
fn all_end_live_with(stores: [&Store<'_>; 3], message: &str, expected: &Value) {
    for _ in 0..3 {
        for from in stores {
            for to in stores.iter().filter(|to| to.dir != from.dir) {
                hand_over(from, to);
            }
        }
    }
    for store in stores {
        let shown = store.json(&["chat", "show", message]);
        assert_eq!((&shown["reactions"], &shown["in_archive"]), (expected, &Value::Null));
        assert_eq!(store.column(&["conflict", "list"], "field"), Vec::<String>::new());
        store.run(&["check", "--deep"]).exits(0);
        assert_eq!(store.digest(), stores[0].digest());
    }
}

#[test]
fn a_reaction_taken_back_before_hearing_of_archive_and_restore_stays_taken_back() {
    for way in WAYS {
        let machine = Machine::new(&format!("archive reactions restored {way:?}"));
        let (stores, old, reply) = reacted(&machine);
        restored(&stores, &old);
        for id in [&old, &reply] {
            stores[1].ok(&["chat", "react", id, "yes", "--remove"]);
        }
        meet(&stores, way);
        let [alice, bob, carol] = &stores;
        for id in [&old, &reply] {
            all_end_live_with([alice, bob, carol], id, &json!({"yes": [CAROL]}));
        }
    }
}

#[test]
fn a_reaction_exchanged_before_hearing_of_archive_and_restore_is_the_later_one() {
    for way in WAYS {
        let machine = Machine::new(&format!("archive reactions exchanged, restored {way:?}"));
        let (stores, old, reply) = reacted(&machine);
        restored(&stores, &old);
        for id in [&old, &reply] {
            stores[1].ok(&["chat", "react", id, "yes", "--remove"]);
            stores[1].ok(&["chat", "react", id, "n"]);
        }
        meet(&stores, way);
        let [alice, bob, carol] = &stores;
        for id in [&old, &reply] {
            all_end_live_with([alice, bob, carol], id, &json!({"n": [BOB], "yes": [CAROL]}));
        }
    }
}

/// Whoever knows only the message as it was before does not bring the reaction back.
#[test]
fn a_reaction_to_a_restored_message_that_was_taken_back_stays_taken_back() {
    for way in WAYS {
        let machine = Machine::new(&format!("archive reactions after restore {way:?}"));
        let (stores, old, reply) = reacted(&machine);
        restored(&stores, &old);
        let [alice, bob, carol] = &stores;
        hand_over(alice, carol);
        for id in [&old, &reply] {
            carol.ok(&["chat", "react", id, "yes", "--remove"]);
            bob.ok(&["chat", "react", id, "no"]);
        }
        hand_over(carol, alice);
        meet(&stores, way);
        for id in [&old, &reply] {
            all_end_live_with([alice, bob, carol], id, &json!({"no": [BOB], "yes": [BOB]}));
        }
    }
}

/// What was given or taken back where the message is restored stands beside what others did late.
#[test]
fn reactions_to_what_was_restored_and_late_ones_all_count() {
    for way in WAYS {
        let machine = Machine::new(&format!("archive reactions of both {way:?}"));
        let (stores, old, reply) = reacted(&machine);
        restored(&stores, &old);
        let [alice, bob, carol] = &stores;
        for id in [&old, &reply] {
            // The same emoji, after the restore.
            alice.ok(&["chat", "react", id, "yes"]);
            bob.ok(&["chat", "react", id, "yes", "--remove"]);
        }
        meet(&stores, way);
        for id in [&old, &reply] {
            all_end_live_with([alice, bob, carol], id, &json!({"yes": [ALICE, CAROL]}));
        }
    }
}

/// It was restored twice; the writer knows of none of it.
#[test]
fn a_reaction_taken_back_stays_so_however_often_the_message_was_archived_and_restored() {
    for (way, back) in WAYS.into_iter().flat_map(|way| [(way, true), (way, false)]) {
        let machine = Machine::new(&format!("archive reactions again {way:?} {back}"));
        let (stores, old, reply) = reacted(&machine);
        restored(&stores, &old);
        let [alice, bob, carol] = &stores;
        machine.pass(100 * DAY);
        alice.meet(carol);
        // Of Bob only his other replica is known to Alice.
        alice.ok(&["sync", "forget", BOB]);
        let phone = machine.replica_of(alice, "phone", BOB);
        phone.give(alice);
        assert_eq!(alice.json(&["archive", "run"])["archived"], 2);
        if back {
            restored(&stores, &old);
        }
        for id in [&old, &reply] {
            bob.ok(&["chat", "react", id, "yes", "--remove"]);
        }
        meet(&stores, way);
        for id in [&old, &reply] {
            match back {
                true => all_end_live_with([alice, bob, carol], id, &json!({"yes": [CAROL]})),
                false => all_end_with(&[alice, bob, carol], id, &json!({"yes": [CAROL]})),
            }
        }
    }
}

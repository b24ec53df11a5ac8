//! Documents with an archive: what was deleted and pruned is not taken for what was archived.

use crate::support::*;

const DAY: i64 = 86_400;

/// Brings everything from one replica to another, archives included.
fn bring_all(from: &Store<'_>, to: &Store<'_>) {
    let file = text(&from.machine.path("all.crdt"));
    from.ok(&["sync", "export", "--with-archive", "-O", &file]);
    to.run(&["sync", "import", &file]).exits(0);
}

fn is_gone(store: &Store<'_>, id: &str, name: &str) {
    assert!(!store.column(&["chat", "list", "--all"], "id").contains(&id.to_owned()), "{name}");
    assert!(!store.column(&["archive", "list"], "id").contains(&id.to_owned()), "{name}");
    assert_eq!(store.json(&["chat", "search", "secret"]).as_array().unwrap().len(), 0, "{name}");
}

#[test]
fn a_message_that_was_pruned_elsewhere_does_not_come_out_of_an_archive() {
    for mode in ["hybrid", "sql"] {
        let machine = Machine::new("archive pruned");
        let desk = machine.group("desk", &[]);
        desk.ok(&["archive", "mode", "chat", mode]);
        let kept = desk.send("a word");
        let secret = desk.send("secret");
        let reply = desk.ok(&["chat", "send", "a secret reply", "--reply-to", &kept]);
        let phone = machine.replica_of(&desk, "phone", ALICE);
        machine.pass(60);
        // There is nobody to wait for.
        desk.ok(&["chat", "delete", &secret]);
        desk.ok(&["chat", "delete", &reply]);
        assert_eq!(desk.column(&["trash", "list"], "id").len(), 2);
        let said = phone.run(&["sync", "import", &desk.export("news.crdt")]);
        assert!(
            said.code == 0 && said.stderr.contains("2 pruned") && !said.stderr.contains("archived"),
            "{said:?}"
        );
        let mut trashed = phone.column(&["trash", "list"], "id");
        trashed.sort();
        let mut expected = [&*secret, &*reply];
        expected.sort();
        assert_eq!(trashed, expected);
        bring_all(&phone, &desk);
        bring_all(&desk, &phone);
        for store in [&desk, &phone] {
            is_gone(store, &secret, mode);
            is_gone(store, &reply, mode);
            assert!(store.column(&["chat", "list"], "id").contains(&kept));
            assert_eq!(store.run(&["check"]).code, 0);
        }
        assert_eq!(desk.digest(), phone.digest());
    }
}

/// What came by way of somebody else is told on, and what was archived at the same time is archived.
#[test]
fn who_hears_of_it_tells_others_and_takes_the_rest_for_archived() {
    let machine = Machine::new("archive pruned by way of");
    let alice = machine.group("alice", &[BOB]);
    let old = alice.send("an old word");
    let secret = alice.send("secret");
    let phone = machine.replica_of(&alice, "phone", ALICE);
    let laptop = machine.replica_of(&alice, "laptop", ALICE);
    machine.pass(100 * DAY);
    // Nobody is left who has to acknowledge anything.
    alice.ok(&["member", "remove", BOB]);
    alice.ok(&["chat", "delete", &secret]);
    alice.send("a new word");
    assert_eq!(alice.json(&["archive", "run"])["archived"], 1);
    alice.give(&phone);
    phone.give(&laptop);
    for (store, name) in [(&alice, "alice"), (&phone, "phone"), (&laptop, "laptop")] {
        is_gone(store, &secret, name);
        assert!(store.column(&["archive", "list"], "id").contains(&old), "{name}");
    }
    for store in [&phone, &laptop] {
        assert!(store.column(&["trash", "list"], "id").contains(&secret));
    }
}

//! The client id under which a replica writes: one, small, for ever; and another one in a copy.

use crate::oracle::Plain;
use crate::support::*;
use serde_json::json;

/// The client ids that look like a replica's (32 bits), not like rule R2's.
fn replicas(store: &Store<'_>, doc: &str) -> Vec<u64> {
    let clients = Plain::read(&store.document(doc)).clients();
    clients.into_iter().map(|(client, _)| client).filter(|client| *client < 1 << 32).collect()
}

#[test]
fn hundreds_of_commands_are_one_client() {
    let machine = Machine::new("hundreds");
    let store = machine.group("s", &[BOB]);
    let id = store.send("0");
    // Few new messages, so that the documents stay small and the commands fast.
    for n in 1..400 {
        machine.pass(1);
        let text = n.to_string();
        let command: &[&str] = match n % 20 {
            0 => &["chat", "send", &text],
            1..10 => &["entity", "rename", &text],
            _ => &["chat", "edit", &id, &text],
        };
        store.run(command).exits(0);
    }
    let chat = format!("{GROUP}:chat");
    let clients = Plain::read(&store.document(&chat)).clients();
    assert_eq!(clients.len(), 1, "{clients:?}");
    assert!(clients[0].0 < 1 << 32, "{clients:?}");
    // The same one in every document.
    assert_eq!(replicas(&store, &format!("{GROUP}:core")), replicas(&store, &chat));
    assert_eq!(store.column(&["chat", "list"], "id").len(), 20);
    assert_eq!(store.json(&["doc", "show", "chat"])["client_ids"], 1);
}

#[test]
fn a_copy_goes_on_as_another_replica_and_says_so() {
    let machine = Machine::new("copy");
    let store = machine.group("s", &[]);
    let quiet = store.run(&["chat", "send", "before"]);
    assert_eq!(quiet.exits(0).stderr.lines().count(), 1, "{}", quiet.stderr);
    let copy = machine.open(machine.path("copy"));
    copy_tree(&store.dir, &copy.dir);
    let run = copy.run(&["chat", "send", "in the copy"]);
    assert_eq!(run.exits(0).stderr.lines().count(), 2, "{}", run.stderr);
    store.send("in the original");
    let chat = format!("{GROUP}:chat");
    assert_eq!(replicas(&store, &chat).len(), 1);
    assert_eq!(replicas(&copy, &chat).len(), 2);
    // They are two replicas, and converge.
    copy.give(&store);
    store.give(&copy);
    assert_eq!(store.column(&["chat", "list"], "content").len(), 3);
    assert_eq!(store.digest(), copy.digest());
    // Reading needs no identity.
    let third = machine.open(machine.path("third"));
    copy_tree(&store.dir, &third.dir);
    assert_eq!(third.run(&["chat", "list"]).exits(0).stderr, "");
}

#[test]
fn a_mistyped_member_is_set_right_while_nothing_was_written_under_it() {
    let machine = Machine::new("mistyped");
    let alice = machine.group("a", &[BOB]);
    let dir = text(&machine.path("b"));
    let replica = machine.run(&["init", &dir, "--as", "bob-hil-lake-tree"]).ok();
    let bob = machine.open(machine.path("b"));
    let bundle = alice.export("all.crdt");
    let run = bob.run(&["sync", "import", &bundle]);
    let warned = "bob-hil-lake-tree is not a member of any entity here";
    assert!(run.exits(0).stderr.contains(warned), "{}", run.stderr);
    assert!(run.stderr.contains("`crdtctl init --as MEMBER`"), "{}", run.stderr);
    // What was imported was written by others.
    let run = machine.run(&["init", &dir, "--as", BOB, "--json"]);
    let mended = run.json();
    assert_eq!((&mended["member"], &mended["changed"]), (&json!(BOB), &json!(true)));
    assert_eq!(mended["id"], json!(replica));
    assert!(!run.stderr.contains("member of any entity"), "{}", run.stderr);
    assert!(!bob.run(&["sync", "import", &bundle]).exits(0).stderr.contains("of any entity"));
    // The owner is reported, with or without `--as`.
    let shown = machine.run(&["init", &dir, "--json"]).json();
    assert_eq!((&shown["member"], &shown["changed"]), (&json!(BOB), &json!(false)));

    // A prefix names an existing member, never a new one.
    let before = bob.files();
    machine.run(&["init", &dir, "--as", "bob-"]).fails(2, "\"bob-\" is only part of a member id");
    assert!(!machine.path("c").exists());
    machine.run(&["init", &text(&machine.path("c")), "--as", "bob-"]).fails(2, "give the whole id");
    assert!(!machine.path("c").exists());
    assert_eq!(bob.files(), before);
    alice.run(&["member", "add", "carol-"]).fails(2, "\"carol-\" is only part of a member id");
    assert_eq!(alice.column(&["member", "list"], "member_id"), [ALICE, BOB]);

    bob.send("hello");
    let before = bob.files();
    let refused = machine.run(&["init", &dir, "--as", CAROL]);
    refused.fails(1, "this replica belongs to bob-hill-lake-tree");
    assert_eq!(bob.files(), before);
    assert_eq!(bob.column(&["chat", "list"], "author_id"), [BOB]);
    // A store of the application, opened by nobody that it knows.
    let real = machine.fixture("real-store");
    let run = machine.run(&["init", &text(&real.dir), "--as", "deborah-shanghai-khartoum-prize"]);
    assert!(run.exits(0).stderr.contains("is not a member of any entity here"), "{}", run.stderr);
    let run = machine.run(&["init", &text(&real.dir), "--as", "deborah-shanghai-khartoum-price"]);
    assert!(!run.exits(0).stderr.contains("warning"), "{}", run.stderr);
}

//! Under which client id a replica writes: one, small, for ever; and another one in a copy.

use crate::oracle::Plain;
use crate::support::*;

/// The client ids that look like a replica's (32 bits), not like rule R2's.
fn replicas(store: &Store<'_>, doc: &str) -> Vec<u64> {
    let clients = Plain::read(&store.document(doc)).clients();
    clients.into_iter().map(|(client, _)| client).filter(|client| *client < 1 << 32).collect()
}

#[test]
fn a_thousand_commands_are_one_client() {
    let machine = Machine::new("a thousand");
    let store = machine.group("s", &[BOB]);
    let id = store.send("0");
    // Few new messages, so that the documents stay small and the commands quick.
    for n in 1..1000 {
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
    assert_eq!(store.column(&["chat", "list"], "id").len(), 50);
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

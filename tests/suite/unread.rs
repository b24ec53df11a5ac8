//! `chat list --threads`, and unread messages: marks that are in no document.

use crate::support::*;
use serde_json::json;

/// Alice's store and Bob's, of one group.
fn two(machine: &Machine) -> (Store<'_>, Store<'_>) {
    let alice = machine.group("alice", &[BOB]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    machine.pass(60);
    (alice, bob)
}

fn reply(store: &Store<'_>, to: &str, text: &str) -> String {
    store.machine.pass(60);
    store.ok(&["chat", "send", text, "--reply-to", to])
}

fn say(store: &Store<'_>, text: &str) -> String {
    store.machine.pass(60);
    store.send(text)
}

fn unread(store: &Store<'_>) -> Vec<String> {
    store.column(&["chat", "list", "--unread"], "content")
}

#[test]
fn replies_stand_beneath_their_message() {
    let machine = Machine::new("inline");
    let (alice, bob) = two(&machine);
    let boat = say(&alice, "Who brings the boat?");
    let oars = say(&alice, "And oars?");
    let mine = reply(&alice, &boat, "I do");
    alice.give(&bob);
    reply(&bob, &oars, "Me");
    reply(&bob, &boat, "Fine");
    bob.give(&alice);
    let threads = ["chat", "list", "--threads"];
    let tsv = [&threads[..], &["--fields", "content,parent_id", "--no-header"]].concat();
    let rows =
        format!("Who brings the boat?\t\nI do\t{boat}\nFine\t{boat}\nAnd oars?\t\nMe\t{oars}");
    assert_eq!(alice.ok(&tsv), rows);
    assert_eq!(alice.ok(&[&threads[..], &["-o", "id"]].concat()).lines().nth(1), Some(&*mine));
    let table = alice.ok(&[&threads[..], &["-o", "table"]].concat());
    assert!(table.contains("↳ Fine") && !table.contains("↳ And oars?"), "{table}");
    // In JSON each looks as in `chat thread`.
    let json = alice.json(&threads);
    assert_eq!(
        json,
        json!([alice.json(&["chat", "thread", &boat]), alice.json(&["chat", "thread", &oars])])
    );
    // A thread is whole if any of it matches, and a limit counts threads.
    let of = |more: &[&str]| {
        let args = [&threads[..], more, &["--fields", "content", "--no-header"]].concat();
        alice.ok(&args)
    };
    assert_eq!(
        of(&["--author", BOB]),
        rows.replace(&boat, "").replace(&oars, "").replace('\t', "")
    );
    assert_eq!(of(&["--since", "90s"]), "Who brings the boat?\nI do\nFine\nAnd oars?\nMe");
    assert_eq!(of(&["--since", "10s"]), "Who brings the boat?\nI do\nFine");
    assert_eq!(of(&["--limit", "1"]), "And oars?\nMe");
    // A deleted message is shown for the sake of its replies; a deleted reply only with --all.
    alice.ok(&["chat", "delete", &boat]);
    alice.ok(&["chat", "delete", &mine]);
    let table = alice.ok(&[&threads[..], &["-o", "table"]].concat());
    assert!(table.contains("(deleted)") && !table.contains("I do"), "{table}");
    assert!(!table.contains("Who brings"), "{table}");
    let all = alice.ok(&[&threads[..], &["-o", "table", "--all"]].concat());
    assert!(all.contains("↳ (deleted) I do"), "{all}");
    let alone = say(&alice, "alone");
    alice.ok(&["chat", "delete", &alone]);
    assert!(!alice.ok(&threads).contains(&alone), "a deleted message without replies is not shown");
    assert!(alice.ok(&["chat", "list", "--threads", "--all"]).contains(&alone));
}

#[test]
fn what_others_wrote_is_unread_until_it_is_marked() {
    let machine = Machine::new("unread");
    let (alice, bob) = two(&machine);
    let first = say(&alice, "one");
    let second = say(&alice, "two");
    reply(&alice, &first, "three");
    alice.give(&bob);
    say(&bob, "mine");
    assert_eq!(unread(&bob), ["one", "two", "three"]);
    assert_eq!(
        bob.json(&["status", "--unread"])["unread"],
        json!([{"entity": GROUP, "unread": 3}])
    );
    assert_eq!(bob.json(&["status"]).get("unread"), None, "the chats are not read for nothing");
    // Nobody has marked anything: the list is as before.
    assert!(!bob.ok(&["chat", "list", "-o", "table"]).contains("(new)"));
    let documents = bob.documents();
    let files = bob.files();
    let dry = bob.json(&["chat", "read", &second, "-n"]);
    assert_eq!((&dry["read"], &dry["unread"]), (&json!(2), &json!(1)));
    assert_eq!(bob.files(), files, "a dry run writes nothing");
    let marked = bob.json(&["chat", "read", &second[..8]]);
    assert_eq!(
        (&marked["read"], &marked["unread"], &marked["changed"]),
        (&json!(2), &json!(1), &json!(true))
    );
    assert_eq!(unread(&bob), ["three"]);
    let list = bob.json(&["chat", "list", "--threads"]);
    assert_eq!(list[0]["replies"][0]["unread"], true, "{list}");
    assert_eq!(list[0]["message"].get("unread"), None, "{list}");
    let table = bob.ok(&["chat", "list", "--threads", "-o", "table"]);
    assert!(table.contains("↳ (new) three") && !table.contains("(new) one"), "{table}");
    let all = bob.run(&["chat", "read"]);
    assert!(all.exits(0).stderr.contains("1 message marked as read"), "{}", all.stderr);
    assert_eq!(unread(&bob), [""; 0]);
    bob.is_so_already(&["chat", "read"]);
    assert_eq!(bob.documents(), documents, "no document has marks");
    assert_eq!(bob.json(&["status", "--unread"])["unread"], json!([]));
    // A mark further up makes nothing unread again.
    bob.ok(&["chat", "read", &first]);
    assert_eq!(unread(&bob), [""; 0]);
    bob.run(&["chat", "read", "ffff"]).fails(4, "ffff");
}

#[test]
fn what_comes_late_is_unread_however_old_it_is() {
    let machine = Machine::new("late");
    let alice = machine.group("alice", &[BOB, CAROL]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    let carol = machine.replica_of(&alice, "carol", CAROL);
    say(&carol, "from long ago");
    let edited = say(&alice, "from today");
    alice.give(&bob);
    bob.ok(&["chat", "read"]);
    assert_eq!(unread(&bob), [""; 0]);
    carol.give(&bob);
    assert_eq!(unread(&bob), ["from long ago"]);
    assert_eq!(
        bob.column(&["chat", "list"], "content")[0],
        "from long ago",
        "its place is its time"
    );
    // An edit, a reaction and a deletion make nothing new.
    bob.ok(&["chat", "read"]);
    alice.ok(&["chat", "edit", &edited, "from this morning"]);
    alice.ok(&["chat", "react", &edited, "👍"]);
    alice.give(&bob);
    assert_eq!(unread(&bob), [""; 0]);
    let gone = say(&alice, "a slip");
    alice.ok(&["chat", "delete", &gone]);
    alice.give(&bob);
    assert_eq!(unread(&bob), [""; 0]);
}

//! Late edits for the archive: of a record that was restored meanwhile, and deleted, and pruned everywhere.

use crate::archive::is_told_as_archived;
use crate::support::*;
use serde_json::{Value, json};

const DAY: i64 = 86_400;

#[test]
fn what_was_restored_and_deleted_does_not_come_back_by_a_late_edit() {
    let machine = Machine::new("archive very late");
    let alice = machine.group("alice", &[BOB]);
    let old = alice.ok(&["chat", "send", "an old word", "--as", BOB]);
    let phone = machine.replica_of(&alice, "phone", BOB);
    let laptop = machine.replica_of(&alice, "laptop", BOB);
    phone.give(&alice);
    laptop.give(&alice);
    machine.pass(100 * DAY);
    alice.send("a new word");
    assert_eq!(alice.json(&["archive", "run"])["archived"], 1);
    alice.give(&phone);
    // It is live again, and is deleted.
    alice.ok(&["archive", "restore", &old]);
    alice.meet(&phone);
    machine.pass(DAY);
    // The laptop knows nothing of this.
    laptop.ok(&["chat", "edit", &old, "a late word"]);
    machine.pass(DAY);
    phone.ok(&["chat", "delete", &old]);
    for _ in 0..3 {
        phone.meet(&alice);
    }
    alice.run(&["prune"]).exits(0);
    alice.meet(&phone);
    let gone = |store: &Store<'_>| {
        store.run(&["chat", "show", &old]).exits(4);
        assert!(!store.column(&["chat", "list", "--all"], "id").contains(&old));
        assert!(!store.column(&["archive", "list"], "id").contains(&old));
    };
    for store in [&alice, &phone] {
        gone(store);
        let dump = store.json(&["doc", "dump", "chat"]);
        assert!(dump["messages"].get(&old).is_none(), "it is pruned");
    }
    alice.give(&laptop);
    for (from, to) in [(&laptop, &alice), (&alice, &phone), (&alice, &laptop)] {
        let file = text(&machine.path("archive.crdt"));
        from.ok(&["sync", "export", "--with-archive", "-O", &file]);
        to.ok(&["sync", "import", &file]);
    }
    for store in [&alice, &phone, &laptop] {
        gone(store);
        assert_eq!(store.run(&["check"]).code, 0);
    }
    assert_eq!(alice.digest(), laptop.digest());
}

/// A late edit loses to what was restored, and is kept among the versions.
#[test]
fn a_late_edit_of_what_was_restored_is_kept_and_not_shown() {
    let machine = Machine::new("archive late and restored");
    let alice = machine.group("alice", &[BOB]);
    let old = alice.ok(&["chat", "send", "an old word", "--as", BOB]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    bob.give(&alice);
    machine.pass(100 * DAY);
    alice.send("a new word");
    alice.ok(&["archive", "run"]);
    bob.ok(&["chat", "edit", &old, "a late word"]);
    let removal = alice.export("removal.crdt");
    bob.ok(&["sync", "import", &removal]);
    assert_eq!(bob.json(&["chat", "show", &old])["content"], "a late word");
    alice.ok(&["archive", "restore", &old]);
    let file = text(&machine.path("archive.crdt"));
    for (from, to) in [(&bob, &alice), (&alice, &bob), (&bob, &alice)] {
        from.ok(&["sync", "export", "--with-archive", "-O", &file]);
        to.ok(&["sync", "import", &file]);
    }
    machine.pass(100 * DAY);
    assert_ne!(alice.json(&["archive", "run"])["archived"], json!(0));
    alice.ok(&["sync", "export", "--with-archive", "-O", &file]);
    bob.ok(&["sync", "import", &file]);
    for store in [&alice, &bob] {
        assert_eq!(store.json(&["chat", "show", &old])["content"], "an old word");
        let shown = store.json(&["archive", "show", &old]);
        let versions = column(&shown["versions"], "version").len();
        assert!(versions >= 4, "{shown}");
        let texts: Vec<&str> = shown["versions"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|version| version["record"]["content"].as_str())
            .collect();
        assert!(texts.contains(&"a late word"), "{texts:?}");
    }
}

/// Two replicas with the same content, one of which has archived a message with a reply: that one, the other,
/// the message and the reply.
fn archived_thread(machine: &Machine) -> (Store<'_>, Store<'_>, String, String) {
    let alice = machine.group("alice", &[BOB]);
    let old = alice.send("an old word");
    let reply = alice.ok(&["chat", "send", "an old answer", "--reply-to", &old]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    alice.meet(&bob);
    machine.pass(100 * DAY);
    alice.send("a new word");
    assert_eq!(alice.json(&["archive", "run"])["archived"], 2);
    (alice, bob, old, reply)
}

/// The thread of a message in its document; null if there is none.
fn thread_of(store: &Store<'_>, message: &str) -> Value {
    store.json(&["doc", "dump", "chat"])["threads"][message].clone()
}

/// Lists show what is archived, so no command may say that it does not exist.
#[test]
fn who_changes_what_is_archived_hears_how_to_bring_it_back() {
    let machine = Machine::new("archive told");
    let (alice, _, old, reply) = archived_thread(&machine);
    for args in [
        &["chat", "edit", &old, "another word"][..],
        &["chat", "react", &reply[..8], "👍"],
        &["chat", "delete", &old],
    ] {
        let id = if args.contains(&old.as_str()) { &old } else { &reply };
        is_told_as_archived(&alice.run(args), id);
    }
    // A message that does not exist is not reported as archived.
    let said = alice.run(&["chat", "edit", "0000aaaa", "a word"]).exits(4).stderr.clone();
    assert!(said.contains("no message") && !said.contains("archive restore"), "{said}");
}

/// A thread whose replies are all in the archive goes there, too. Whoever brings them back meanwhile
/// has not put them into what goes.
#[test]
fn replies_that_come_back_do_not_go_with_their_empty_thread() {
    let machine = Machine::new("archive empty thread");
    let (alice, bob, old, reply) = archived_thread(&machine);
    alice.meet(&bob);
    alice.meet(&bob);
    // At once: she brings them back, and he removes the thread that is empty.
    alice.ok(&["archive", "restore", &old]);
    bob.run(&["archive", "run"]).exits(0);
    assert!(thread_of(&bob, &old).is_null(), "the empty thread goes");
    alice.meet(&bob);
    alice.meet(&bob);
    for store in [&alice, &bob] {
        assert_eq!(store.json(&["chat", "show", &reply])["content"], "an old answer");
        assert_eq!(thread_of(store, &old)["reply_count"], 1);
        assert_eq!(store.run(&["check"]).code, 0);
    }
    assert_eq!(alice.digest(), bob.digest());
}

/// The same if somebody replied to the archived message meanwhile: the thread is no longer empty, but is
/// removed all the same where that is not known.
#[test]
fn replies_that_come_back_beside_a_late_one_do_not_go_with_their_thread() {
    let machine = Machine::new("archive thread with a late reply");
    let (alice, bob, old, reply) = archived_thread(&machine);
    alice.meet(&bob);
    alice.meet(&bob);
    let late = alice.ok(&["chat", "send", "a late answer", "--reply-to", &old]);
    alice.ok(&["archive", "restore", &old]);
    bob.run(&["archive", "run"]).exits(0);
    assert!(thread_of(&bob, &old).is_null(), "it is empty to him");
    let shows_all = |store: &Store<'_>| {
        assert_eq!(store.json(&["chat", "show", &reply])["content"], "an old answer");
        assert_eq!(store.json(&["chat", "show", &late])["content"], "a late answer");
        assert_eq!(thread_of(store, &old)["reply_count"], 2);
        assert_eq!(store.run(&["check"]).code, 0);
    };
    // At once, not only when she has received what he did.
    alice.give(&bob);
    shows_all(&bob);
    alice.meet(&bob);
    alice.meet(&bob);
    [&alice, &bob].into_iter().for_each(shows_all);
    assert_eq!(alice.digest(), bob.digest());
}

/// The thread that a restore puts in place of an empty one takes over what somebody who knows of neither
/// writes into the old one.
#[test]
fn a_late_reply_goes_over_into_the_thread_that_came_back() {
    let machine = Machine::new("archive late reply");
    let (alice, bob, old, reply) = archived_thread(&machine);
    alice.ok(&["archive", "restore", &old]);
    let late = bob.ok(&["chat", "send", "a late answer", "--reply-to", &old]);
    alice.meet(&bob);
    alice.meet(&bob);
    for store in [&alice, &bob] {
        let thread = thread_of(store, &old);
        assert_eq!(thread["reply_count"], 2);
        for id in [&reply, &late] {
            assert!(thread["replies"].get(id).is_some(), "{thread}");
        }
        assert_eq!(store.run(&["check"]).code, 0);
    }
    assert_eq!(alice.digest(), bob.digest());
}

/// The texts that lost, as in the ledger.
fn lost(store: &Store<'_>, message: &str) -> Vec<String> {
    let conflicts = store.json(&["conflict", "list"]);
    let of = conflicts.as_array().unwrap().iter().filter(|one| one["id"] == message);
    of.filter_map(|one| one["loser"].as_str().map(str::to_owned)).collect()
}

/// Transfers what one replica has in its archive to another.
fn hand_over(from: &Store<'_>, to: &Store<'_>) {
    let file = text(&from.machine.path("archive.crdt"));
    from.ok(&["sync", "export", "--with-archive", "-O", &file]);
    to.ok(&["sync", "import", &file]);
}

/// Whoever receives an edit that lost to a restore has it in the ledger, and can restore it.
#[test]
fn a_late_edit_of_what_was_restored_is_in_the_ledger_of_whoever_imports_it() {
    let machine = Machine::new("archive late ledger");
    let alice = machine.group("alice", &[BOB, CAROL]);
    let old = alice.ok(&["chat", "send", "an old word", "--as", BOB]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    let carol = machine.replica_of(&alice, "carol", CAROL);
    bob.give(&alice);
    carol.give(&alice);
    machine.pass(100 * DAY);
    alice.send("a new word");
    assert_eq!(alice.json(&["archive", "run"])["archived"], 1);
    bob.ok(&["chat", "edit", &old, "a late word"]);
    alice.give(&bob);
    assert_eq!(bob.json(&["chat", "show", &old])["content"], "a late word");
    alice.ok(&["archive", "restore", &old]);
    alice.give(&bob);
    assert_eq!(bob.json(&["chat", "show", &old])["content"], "an old word");
    // Carol receives the late word from Bob alone.
    alice.give(&carol);
    machine.pass(DAY);
    hand_over(&bob, &carol);
    hand_over(&bob, &alice);
    for store in [&alice, &carol] {
        assert_eq!(lost(store, &old), ["a late word"]);
        assert_eq!(store.json(&["chat", "show", &old])["content"], "an old word");
    }
    // It was shown to Bob until then.
    assert!(lost(&bob, &old).contains(&"a late word".to_owned()));
    // Once is enough.
    hand_over(&carol, &alice);
    hand_over(&bob, &alice);
    assert_eq!(lost(&alice, &old), ["a late word"]);
    let number = alice.json(&["conflict", "list"])[0]["number"].to_string();
    alice.ok(&["conflict", "restore", &number, "--as", BOB]);
    assert_eq!(alice.json(&["chat", "show", &old])["content"], "a late word");
    for store in [&alice, &bob, &carol] {
        assert_eq!(store.run(&["check"]).code, 0);
    }
}

/// Whoever receives the removal and the restore at once has the late word in its place, and then so has
/// everybody: it is the later one.
#[test]
fn a_late_edit_wins_where_removal_and_restore_come_at_once() {
    let machine = Machine::new("archive late at once");
    let (alice, bob, old, _) = archived_thread(&machine);
    bob.ok(&["chat", "edit", &old, "a late word", "--as", ALICE]);
    alice.ok(&["archive", "restore", &old]);
    alice.meet(&bob);
    for store in [&alice, &bob] {
        assert_eq!(store.json(&["chat", "show", &old])["content"], "a late word");
    }
}

/// A record that was restored and then edited differs from the archive, and nothing of it is lost.
#[test]
fn who_takes_over_an_archive_hears_of_no_conflict_that_there_is_not() {
    let machine = Machine::new("archive no conflict");
    let (alice, bob, old, _) = archived_thread(&machine);
    alice.meet(&bob);
    alice.ok(&["archive", "restore", &old]);
    alice.ok(&["chat", "edit", &old, "a better word"]);
    alice.meet(&bob);
    for (from, to) in [(&alice, &bob), (&bob, &alice)] {
        hand_over(from, to);
        assert_eq!(lost(to, &old), Vec::<String>::new());
        assert_eq!(to.json(&["chat", "show", &old])["content"], "a better word");
    }
}

/// Replies come back in the order in which they were written, even within one second.
#[test]
fn replies_of_one_second_come_back_in_their_order() {
    let machine = Machine::new("archive order");
    let alice = machine.group("alice", &[]);
    let old = alice.send("an old word");
    let said: Vec<String> = (0..12).map(|n| format!("answer {n}")).collect();
    for text in &said {
        alice.ok(&["chat", "send", text, "--reply-to", &old]);
    }
    machine.pass(100 * DAY);
    assert_eq!(alice.json(&["archive", "run"])["archived"], 13);
    let of = |store: &Store<'_>| -> Vec<String> {
        let thread = store.json(&["chat", "thread", &old]);
        column(&thread["replies"], "content")
    };
    assert_eq!(of(&alice), said);
    alice.ok(&["archive", "restore", &old]);
    assert_eq!(of(&alice), said);
}

/// The message is deleted for good, and the thread that it began is archived: it can still be read by the
/// message's id.
#[test]
fn a_thread_whose_message_is_gone_is_read_from_the_archive() {
    let machine = Machine::new("archive thread without its message");
    let alice = machine.group("alice", &[]);
    let old = alice.send("an old word");
    let reply = alice.ok(&["chat", "send", "an old answer", "--reply-to", &old]);
    alice.ok(&["chat", "delete", &old]);
    let before = alice.json(&["chat", "thread", &old]);
    machine.pass(100 * DAY);
    // The second run removes the thread, which is empty then.
    alice.ok(&["archive", "run"]);
    alice.ok(&["archive", "run"]);
    assert!(thread_of(&alice, &old).is_null());
    for id in [&old[..], &old[..8], &reply] {
        let thread = alice.json(&["chat", "thread", id]);
        assert_eq!(thread["parent_id"], before["parent_id"], "{id}");
        assert_eq!(thread["reply_count"], 1, "{id}");
        assert_eq!(thread["replies"][0]["content"], "an old answer", "{id}");
    }
    alice.run(&["chat", "thread", "0000aaaa"]).exits(4);
}

/// Alice's store with a closed issue that has two comments of Bob's, and an archived card, all of it moved to
/// the archive; and Bob's, which has everything and knows nothing of that. The ids of the issue, the comments
/// and the card come with it.
fn archived_work(machine: &Machine) -> (Store<'_>, Store<'_>, [String; 4]) {
    let alice = machine.group("alice", &[BOB]);
    let issue = alice.ok(&["issue", "open", "old title"]);
    let comment = |text: &str| alice.ok(&["issue", "comment", &issue, text, "--as", BOB]);
    let (first, second) = (comment("first"), comment("second"));
    let card = alice.ok(&["kanban", "add", "old card"]);
    alice.ok(&["issue", "close", &issue]);
    alice.ok(&["kanban", "archive", &card]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    bob.give(&alice);
    machine.pass(100 * DAY);
    assert_eq!(alice.json(&["archive", "run"])["archived"], 2);
    machine.pass(DAY);
    (alice, bob, [issue, first, second, card])
}

#[test]
fn a_restore_alone_does_not_win_over_what_was_written_since_another() {
    let machine = Machine::new("archive restored twice");
    let (alice, bob, [issue, .., card]) = archived_work(&machine);
    hand_over(&alice, &bob);
    for id in [&issue, &card] {
        alice.ok(&["archive", "restore", id]);
    }
    alice.ok(&["issue", "edit", &issue, "--title", "new title"]);
    alice.ok(&["kanban", "edit", &card, "--title", "new card"]);
    machine.pass(DAY);
    for id in [&issue, &card] {
        bob.ok(&["archive", "restore", id]);
    }
    alice.meet(&bob);
    bob.meet(&alice);
    assert_eq!(alice.digest(), bob.digest());
    for store in [&alice, &bob] {
        assert_eq!(store.column(&["issue", "list"], "title"), ["new title"]);
        assert_eq!(store.column(&["kanban", "list"], "title"), ["new card"]);
        // Both listed the card in its column, as two who move one do.
        let found = store.run(&["check", "-o", "tsv", "--fields", "kind", "--no-header"]);
        assert_eq!(found.exits(3).stdout, "wrong-cache\n");
    }
}

/// A comment that somebody else edits or deletes where the restored issue has a copy of it is the same one.
#[test]
fn comments_changed_in_what_was_restored_meanwhile_stay_changed() {
    let machine = Machine::new("archive late comments");
    let (alice, bob, [issue, first, second, _]) = archived_work(&machine);
    alice.ok(&["archive", "restore", &issue]);
    machine.pass(3600);
    bob.ok(&["issue", "comment", &issue, "first, edited", "--edit", &first]);
    bob.ok(&["issue", "comment", &issue, "--delete", &second]);
    bob.ok(&["issue", "comment", &issue, "third"]);
    machine.pass(3600);
    bob.give(&alice);
    alice.meet(&bob);
    assert_eq!(alice.digest(), bob.digest());
    for store in [&alice, &bob] {
        let comments = store.column(&["issue", "comments", &issue], "content");
        assert_eq!(comments, ["first, edited", "third"]);
        assert_eq!(store.run(&["check"]).code, 0);
    }
}

/// The comment goes into the archive with its issue, and the note of the archiving is no record.
#[test]
fn an_import_counts_as_archived_what_went_with_an_archived_record() {
    let machine = Machine::new("archive import told");
    let (alice, bob, [issue, ..]) = archived_work(&machine);
    bob.ok(&["issue", "comment", &issue, "a late comment"]);
    let removal = alice.export("removal.crdt");
    let dry = bob.run(&["sync", "import", "-n", "--json", &removal]).exits(0).json();
    let run = bob.run(&["sync", "import", &removal]);
    let said = &run.exits(0).stderr;
    assert!(said.contains("imported 1 bundle: 2 edited, 2 archived\n"), "{said}");
    assert!(!said.contains("gone for good"), "{said}");
    assert_eq!(bob.json(&["trash", "list"]), json!([]));
    for account in dry["documents"].as_array().unwrap() {
        assert_eq!(account["pruned"], 0, "{dry}");
        assert_eq!(account["archived"], 1, "{dry}");
        assert_eq!(account.get("roots"), None, "{dry}");
    }
}

/// Only the archive of whoever wrote it has it then, and shows it to everybody who gets that.
#[test]
fn a_late_comment_is_in_the_ledger_until_the_archive_shows_it() {
    let machine = Machine::new("archive late comment");
    let alice = machine.group("alice", &[BOB]);
    let issue = alice.ok(&["issue", "open", "The crane"]);
    alice.ok(&["issue", "close", &issue]);
    let message = alice.send("Hello");
    let bob = machine.replica_of(&alice, "bob", BOB);
    alice.meet(&bob);
    alice.meet(&bob);
    machine.pass(100 * DAY);
    // Nobody needs the log of what he has.
    alice.ok(&["archive", "run"]);
    let late = bob.ok(&["issue", "comment", &issue, "a late comment"]);
    bob.ok(&["chat", "react", &message, "👍"]);
    let edits = bob.export("late.crdt");
    let told = alice.run(&["sync", "import", &edits]);
    assert!(told.exits(0).stderr.contains("1 in conflict"), "{told:?}");
    let list = alice.json(&["conflict", "list"]);
    let [lost] = &list.as_array().unwrap()[..] else { panic!("{list}") };
    let of = |name: &str| lost[name].as_str().unwrap_or_default().to_owned();
    let said = ["kind", "id", "field", "loser", "rule", "loser_by"].map(of);
    assert_eq!(said, ["comment", &late, "content", "a late comment", "pruned", BOB]);
    let number = lost["number"].to_string();
    alice.run(&["conflict", "restore", &number]).fails(1, "deleted");

    alice.give(&bob);
    hand_over(&bob, &alice);
    for store in [&alice, &bob] {
        assert_eq!(store.column(&["issue", "comments", &issue], "content"), ["a late comment"]);
        assert_eq!(store.json(&["chat", "show", &message])["reactions"], json!({"👍": [BOB]}));
        assert_eq!(store.json(&["conflict", "list"]), json!([]));
    }
    alice.ok(&["archive", "restore", &issue]);
    assert_eq!(alice.json(&["conflict", "list"]), json!([]));
}

/// The ledger names a record that is in the archive as it names others.
#[test]
fn a_lost_value_of_an_archived_record_is_listed_with_its_title() {
    let machine = Machine::new("archive ledger title");
    let (alice, bob, [issue, ..]) = archived_work(&machine);
    bob.ok(&["issue", "reopen", &issue]);
    bob.ok(&["issue", "edit", &issue, "--title", "late title"]);
    alice.give(&bob);
    hand_over(&bob, &alice);
    let run = alice.run(&["conflict", "list", "-o", "tsv", "--fields", "record,loser"]);
    assert_eq!(run.exits(0).stdout, "record\tloser\nissue \"late title\"\told title\n");
}

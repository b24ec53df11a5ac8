//! What the conflict ledger lists of archived records: only what is shown nowhere.

use crate::support::*;
use serde_json::json;

const DAY: i64 = 86_400;

/// Transfers everything that one replica has, its archive included.
fn hand_over(from: &Store<'_>, to: &Store<'_>) {
    let file = text(&from.machine.path("all.crdt"));
    from.ok(&["sync", "export", "--with-archive", "-O", &file]);
    to.run(&["sync", "import", &file]).exits(0);
}

/// What Alice has archived: a message of Bob's, a card, and an issue with a comment of Bob's.
struct Work {
    message: String,
    card: String,
    issue: String,
    comment: String,
}

/// The replicas of Alice, Bob and Carol, of whom only Alice knows that all of it is archived.
fn archived(machine: &Machine) -> ([Store<'_>; 3], Work) {
    let alice = machine.group("alice", &[BOB, CAROL]);
    let message = alice.ok(&["chat", "send", "old words", "--as", BOB]);
    let card = alice.ok(&["kanban", "add", "old card"]);
    let issue = alice.ok(&["issue", "open", "old issue"]);
    let comment = alice.ok(&["issue", "comment", &issue, "old comment", "--as", BOB]);
    alice.ok(&["issue", "close", &issue]);
    alice.ok(&["kanban", "archive", &card]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    let carol = machine.replica_of(&alice, "carol", CAROL);
    for _ in 0..2 {
        alice.meet(&bob);
        alice.meet(&carol);
    }
    machine.pass(100 * DAY);
    assert_eq!(alice.json(&["archive", "run"])["archived"], 3);
    machine.pass(DAY);
    ([alice, bob, carol], Work { message, card, issue, comment })
}

fn change(store: &Store<'_>, work: &Work, word: &str) {
    store.ok(&["chat", "edit", &work.message, &format!("{word} words"), "--as", BOB]);
    store.ok(&["kanban", "restore", &work.card]);
    store.ok(&["kanban", "edit", &work.card, "--title", &format!("{word} card")]);
    store.ok(&["issue", "reopen", &work.issue]);
    store.ok(&["issue", "edit", &work.issue, "--title", &format!("{word} issue")]);
    let text = format!("{word} comment");
    store.ok(&["issue", "comment", &work.issue, &text, "--edit", &work.comment, "--as", BOB]);
}

#[track_caller]
fn shows(store: &Store<'_>, work: &Work, word: &str) {
    assert_eq!(store.json(&["chat", "show", &work.message])["content"], format!("{word} words"));
    assert_eq!(store.json(&["kanban", "show", &work.card])["title"], format!("{word} card"));
    assert_eq!(store.json(&["issue", "show", &work.issue])["title"], format!("{word} issue"));
    let comments = store.column(&["issue", "comments", &work.issue], "content");
    assert_eq!(comments, [format!("{word} comment")]);
}

/// The values that are listed as lost.
fn lost(store: &Store<'_>) -> Vec<String> {
    let mut lost = store.column(&["conflict", "list"], "loser");
    let count = store.json(&["status"])["conflicts"].as_u64().unwrap();
    assert_eq!(count, lost.len() as u64, "{lost:?}");
    lost.sort();
    lost
}

#[test]
fn a_late_edit_that_is_shown_is_not_lost() {
    let machine = Machine::new("archive ledger shown");
    let ([alice, bob, carol], work) = archived(&machine);
    change(&bob, &work, "late");
    for (from, to) in [(&alice, &bob), (&bob, &alice), (&alice, &carol), (&alice, &bob)] {
        hand_over(from, to);
    }
    for store in [&alice, &bob, &carol] {
        shows(store, &work, "late");
        // What was archived first.
        assert_eq!(lost(store), ["old card", "old issue", "old words"]);
    }
    // What the merge kept when the records left is shown by the archive.
    let kept = bob.run(&["conflict", "show", "1", "--json"]).exits(0).parsed();
    assert_eq!(kept["rule"], "pruned");
    let again = bob.json(&["conflict", "restore", "1"]);
    assert_eq!(again["changed"], false);
    let said = bob.run(&["conflict", "restore", "1"]).exits(0).stderr.clone();
    assert!(said.contains("says that"), "{said}");
    // It does not become lost when it is back in the documents.
    for id in [&work.message, &work.card, &work.issue] {
        bob.ok(&["archive", "restore", id]);
    }
    shows(&bob, &work, "late");
    assert_eq!(lost(&bob), ["old card", "old issue", "old words"]);
}

#[test]
fn of_two_late_edits_the_earlier_one_is_lost_once_and_can_be_restored() {
    let machine = Machine::new("archive ledger two");
    let ([alice, bob, carol], work) = archived(&machine);
    change(&bob, &work, "late");
    machine.pass(DAY);
    change(&carol, &work, "later");
    for (from, to) in [
        (&alice, &bob),
        (&alice, &carol),
        (&bob, &carol),
        (&carol, &alice),
        (&carol, &bob),
        (&bob, &alice),
        (&alice, &bob),
    ] {
        hand_over(from, to);
    }
    let texts = ["late card", "late comment", "late issue", "late words"];
    let of_both = |store: &Store<'_>| -> Vec<String> {
        lost(store).into_iter().filter(|lost| lost.starts_with("late")).collect()
    };
    for store in [&alice, &bob, &carol] {
        shows(store, &work, "later");
        assert_eq!(of_both(store), texts);
    }
    let number = |store: &Store<'_>, text: &str| -> String {
        let list = store.json(&["conflict", "list"]);
        let found = list.as_array().unwrap().iter().find(|one| one["loser"] == text);
        found.unwrap()["number"].to_string()
    };
    for (id, text) in [
        (&work.message, "late words"),
        (&work.card, "late card"),
        (&work.issue, "late issue"),
        (&work.issue, "late comment"),
    ] {
        let number = number(&alice, text);
        let restore = ["conflict", "restore", &number, "--as", BOB];
        if text != "late comment" {
            let told = alice.run(&restore).exits(1).stderr.clone();
            assert!(told.contains("is in the archive"), "{told}");
            assert!(told.contains(&format!("`crdtctl archive restore {id}`")), "{told}");
            alice.ok(&["archive", "restore", id]);
        }
        alice.ok(&restore);
    }
    shows(&alice, &work, "late");
    for one in alice.json(&["conflict", "list"]).as_array().unwrap() {
        let is_restored = one["restored_at"] != json!(null);
        assert_eq!(is_restored, one["loser"].as_str().unwrap().starts_with("late"), "{one}");
    }
}

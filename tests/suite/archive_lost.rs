//! What can happen to an archive beside the store: an older copy is restored, it is gone, or two write at
//! once what only one version can show.

use crate::support::*;
use rusqlite::Connection;
use serde_json::json;

const DAY: i64 = 86_400;

/// Sends what two replicas have archived back and forth until both have all of it.
fn exchange(stores: &[&Store<'_>]) {
    for _ in 0..3 {
        for from in stores {
            let file = text(&from.machine.path(&format!("all-{}.crdt", from.machine.now())));
            from.ok(&["sync", "export", "--with-archive", "-O", &file]);
            for to in stores.iter().filter(|to| to.dir != from.dir) {
                to.run(&["sync", "import", &file]).exits(0);
            }
        }
    }
}

/// A chat whose messages were archived by two runs a year apart: the archive after the first run, and its
/// contents.
fn archived_twice(machine: &Machine) -> (Store<'_>, Vec<u8>, Vec<String>) {
    let store = machine.group("one", &[]);
    let first = vec![store.send("first one"), store.send("first two")];
    machine.pass(100 * DAY);
    assert_eq!(store.json(&["archive", "run"])["archived"], 2);
    let copy = std::fs::read(store.dir.join("archive.db")).unwrap();
    store.send("second");
    machine.pass(100 * DAY);
    assert_eq!(store.json(&["archive", "run"])["archived"], 1);
    (store, copy, first)
}

#[test]
fn an_older_copy_of_the_archive_shows_its_rows() {
    let machine = Machine::new("archive older copy");
    let (store, copy, first) = archived_twice(&machine);
    let file = store.dir.join("archive.db");
    let newest = std::fs::read(&file).unwrap();
    let shows = |ids: &[String]| {
        assert_eq!(store.column(&["chat", "list"], "id"), ids);
        assert_eq!(store.column(&["archive", "list"], "id"), ids);
        let count = store.json(&["sql", "SELECT count(*) AS n FROM messages"]);
        assert_eq!(count[0]["n"], ids.len());
    };
    std::fs::write(&file, &copy).unwrap();
    shows(&first);
    let found = store.run(&["check", "--json"]).exits(3).parsed();
    assert!(found[0]["message"].as_str().unwrap().contains("older copy"), "{found}");
    // They stay when the next run has settled what came before it.
    let third = store.send("third");
    machine.pass(100 * DAY);
    assert_eq!(store.json(&["archive", "run"])["archived"], 1);
    let with_third = [&first[..], &[third]].concat();
    shows(&with_third);
    std::fs::write(&file, &copy).unwrap();
    shows(&first);
    std::fs::write(&file, &newest).unwrap();
    assert_eq!(store.column(&["chat", "list"], "content"), ["first one", "first two", "second"]);
}

/// `crdtctl.db` records which commands happened. If it is gone, or an older one was restored, records that
/// only the archive holds must not be hidden.
#[test]
fn a_new_database_hides_nothing_of_the_archive() {
    let machine = Machine::new("archive new database");
    let (store, copy, first) = archived_twice(&machine);
    std::fs::write(store.dir.join("archive.db"), &copy).unwrap();
    for name in ["crdtctl.db", "crdtctl.db-wal", "crdtctl.db-shm"] {
        std::fs::remove_file(store.dir.join(name)).ok();
    }
    store.ok(&["init", "--as", ALICE]);
    let expected = [&first[..], &[store.send("a new word")]].concat();
    assert_eq!(store.column(&["chat", "list"], "id"), expected);
    machine.pass(100 * DAY);
    store.ok(&["archive", "run"]);
    assert_eq!(store.column(&["chat", "list"], "id"), expected);
}

/// Three replicas with an issue and a card, which the first has archived.
fn put_away(machine: &Machine) -> ([Store<'_>; 3], String, String) {
    let alice = machine.project("alice", &[BOB, CAROL]);
    let (bob, carol) =
        (machine.replica_of(&alice, "bob", BOB), machine.replica_of(&alice, "carol", CAROL));
    let issue = alice.ok(&["issue", "open", "an old issue"]);
    let card = alice.ok(&["kanban", "add", "an old card"]);
    alice.ok(&["issue", "close", &issue]);
    alice.ok(&["kanban", "archive", &card]);
    exchange(&[&alice, &bob, &carol]);
    machine.pass(100 * DAY);
    assert_eq!(alice.json(&["archive", "run"])["archived"], 2);
    ([alice, bob, carol], issue, card)
}

#[test]
fn what_several_did_too_late_is_shown_by_lists_or_in_the_ledger() {
    let machine = Machine::new("archive late and several");
    let ([alice, bob, carol], issue, card) = put_away(&machine);
    bob.ok(&["issue", "comment", &issue, "a late comment"]);
    bob.ok(&["issue", "reopen", &issue]);
    bob.ok(&["issue", "edit", &issue, "--description", "a late description"]);
    bob.ok(&["issue", "close", &issue]);
    bob.ok(&["kanban", "restore", &card]);
    bob.ok(&["kanban", "edit", &card, "--description", "late words"]);
    bob.ok(&["kanban", "archive", &card]);
    machine.pass(10);
    carol.ok(&["issue", "comment", &issue, "another one"]);
    carol.ok(&["issue", "reopen", &issue]);
    carol.ok(&["kanban", "restore", &card]);
    exchange(&[&alice, &bob, &carol]);
    for store in [&alice, &bob, &carol] {
        let shown = store.json(&["issue", "show", &issue]);
        assert_eq!((&shown["closed"], &shown["in_archive"]), (&json!(false), &json!(true)));
        assert_eq!(column(&shown["comments"], "content"), ["a late comment", "another one"]);
        let count = store.json(&["sql", "SELECT count(*) AS n FROM comments"]);
        assert_eq!(count[0]["n"], 2);
        // Whatever else was written is kept.
        let lost = store.column(&["conflict", "list"], "loser");
        for said in ["a late description", "late words"] {
            assert_eq!(lost.iter().filter(|one| one.contains(said)).count(), 1, "{said}: {lost:?}");
        }
        // What is open again is listed as open.
        assert_eq!(store.column(&["issue", "list"], "id"), [issue.as_str()]);
        assert_eq!(store.column(&["kanban", "list"], "id"), [card.as_str()]);
        assert_eq!(store.column(&["kanban", "list", "--all"], "id"), [card.as_str()]);
        let lanes = store.json(&["kanban", "board"]).to_string();
        assert_eq!(lanes.matches(&card).count(), 1, "{lanes}");
        assert_eq!(store.column(&["archive", "list"], "id").len(), 2);
    }
    assert_eq!(alice.json(&["issue", "show", &issue]), carol.json(&["issue", "show", &issue]));
}

#[test]
fn what_nobody_took_up_again_stays_out_of_the_lists() {
    let machine = Machine::new("archive put away");
    let ([alice, ..], issue, card) = put_away(&machine);
    assert!(alice.column(&["issue", "list"], "id").is_empty());
    assert!(alice.column(&["kanban", "list"], "id").is_empty());
    assert_eq!(alice.column(&["issue", "list", "--all"], "id"), [issue]);
    assert_eq!(alice.column(&["kanban", "list", "--all"], "id"), [card]);
}

#[test]
fn an_archive_that_is_gone_is_missed_and_comes_back_with_a_bundle_of_our_own() {
    let machine = Machine::new("archive gone");
    let store = machine.group("one", &[]);
    let old = store.send("an old word");
    machine.pass(100 * DAY);
    store.send("a live word");
    store.ok(&["archive", "run"]);
    let [own, second] = ["own.crdt", "second.crdt"].map(|name| text(&machine.path(name)));
    store.ok(&["sync", "export", "--with-archive", "-O", &own]);
    let file = store.dir.join("archive.db");
    std::fs::remove_file(&file).unwrap();
    let export = store.run(&["sync", "export", "--with-archive", "-O", &second]);
    export.fails(5, "archive.db is missing or empty; it held 1 row");
    assert!(export.stderr.contains("`crdtctl check`"), "{}", export.stderr);
    assert!(!machine.path("second.crdt").exists());
    store.ok(&["sync", "export", "-O", &second]);
    store.run(&["archive", "restore", &old]).fails(5, "archive.db is missing or empty");
    for command in [["chat", "show"], ["chat", "thread"]] {
        let run = store.run(&[command[0], command[1], &old]);
        assert_eq!(run.code, 5, "{run:?}");
        assert!(run.stderr.contains("in what could be read"), "{}", run.stderr);
        assert!(run.stderr.contains("`crdtctl check`"), "{}", run.stderr);
    }
    let done = store.json(&["sync", "import", &own]);
    assert_eq!((&done["changed"], &done["archived_rows"]), (&json!(true), &json!(1)));
    assert_eq!(store.column(&["chat", "list"], "content"), ["an old word", "a live word"]);
    store.run(&["check", "--deep"]).exits(0);
    let again = store.json(&["sync", "import", &own]);
    assert_eq!(again["changed"], false);
}

#[test]
fn a_text_that_is_none_is_a_finding() {
    let machine = Machine::new("archive no text");
    let (store, ..) = archived_twice(&machine);
    let file = store.dir.join("archive.db");
    let mut bytes = std::fs::read(&file).unwrap();
    for at in 0..bytes.len() {
        if bytes[at..].starts_with(b"first one") {
            bytes[at] = 0xff;
        }
    }
    std::fs::write(&file, &bytes).unwrap();
    let found = store.run(&["check", "--json"]).exits(3).parsed();
    assert_eq!((found.as_array().unwrap().len(), &found[0]["kind"]), (1, &json!("archive")));
    assert!(found[0]["message"].as_str().unwrap().contains("cannot be read"), "{found}");
    let list = store.run(&["chat", "list"]);
    assert_eq!(list.code, 5, "{list:?}");
    assert!(list.stderr.contains("`crdtctl check` says what helps"), "{}", list.stderr);
    // As with a table that does not exist.
    Connection::open(&file).unwrap().execute_batch("DROP TABLE unsettled").unwrap();
    assert_eq!(store.run(&["chat", "list"]).code, 5);
    let found = store.run(&["check", "--json"]).exits(3).parsed();
    assert_eq!(found[0]["kind"], "archive");
}

#[test]
fn what_is_in_its_document_again_is_restored_already() {
    let machine = Machine::new("archive restored already");
    let (store, _, first) = archived_twice(&machine);
    store.ok(&["archive", "restore", &first[0]]);
    store.is_so_already(&["archive", "restore", &first[0]]);
    let said = store.run(&["archive", "restore", &first[0]]).exits(0).stderr.clone();
    assert!(said.contains("is already in its document"), "{said}");
    // What was never archived, or is deleted, is not.
    let live = store.send("never archived");
    store.run(&["archive", "restore", &live]).exits(4);
    store.ok(&["chat", "delete", &first[0]]);
    store.run(&["archive", "restore", &first[0]]).exits(4);
}

/// Any member may archive; only an admin sets how a document is kept.
#[test]
fn the_run_of_a_plain_member_is_allowed_everywhere() {
    let machine = Machine::new("archive of a member");
    let alice = machine.group("alice", &[BOB]);
    alice.send("an old word");
    let bob = machine.replica_of(&alice, "bob", BOB);
    bob.give(&alice);
    alice.give(&bob);
    machine.pass(100 * DAY);
    assert_eq!(bob.json(&["archive", "run"])["archived"], 1);
    bob.give(&alice);
    assert_eq!(alice.json(&["doc", "dump", "chat"])["metadata"]["fallback_mode"], "hybrid");
    alice.run(&["check"]).exits(0);
    // An older crdtctl recorded that he may not.
    let db = Connection::open(alice.dir.join("crdtctl.db")).unwrap();
    let chat = alice.json(&["doc", "list"]).as_array().unwrap().iter().find_map(|doc| {
        let id = doc["doc_id"].as_str()?;
        id.ends_with(":chat").then(|| id.to_owned())
    });
    let sql = "INSERT INTO audit (at, doc_id, kind, detail, message) VALUES (?1, ?2, ?3, ?4, 'x')";
    for (kind, detail) in [("entity", "fallback_mode"), ("entity", "fallback_threshold_at")] {
        let detail = format!("{detail} {BOB}");
        db.execute(sql, (machine.now(), chat.as_ref().unwrap(), kind, detail)).unwrap();
    }
    drop(db);
    alice.run(&["check"]).exits(0);
    assert_eq!(alice.json(&["status"])["findings"], json!([]));
}

#[test]
fn what_is_to_come_is_not_archived() {
    let machine = Machine::new("archive to come");
    let store = machine.group("one", &[]);
    let later = (machine.now() + DAY).to_string();
    let run = store.run(&["archive", "run", "--older-than", &later]);
    run.fails(2, "--older-than is later than now");
    assert!(run.stderr.contains("how long ago"), "{}", run.stderr);
}

#[test]
fn a_file_that_cannot_be_written_is_named_as_it_was_given() {
    let machine = Machine::new("archive no place");
    let store = machine.group("one", &[]);
    store.send("a word");
    let place = text(&machine.path("nowhere").join("x"));
    for args in [
        &["chat", "export", "-O", &place][..],
        &["sql", "--save", &place],
        &["sync", "export", "-O", &place],
    ] {
        let run = store.run(args);
        run.fails(74, &format!("cannot write {place}"));
        assert!(!run.stderr.contains(".crdtctl-"), "{}", run.stderr);
        assert!(run.stderr.contains("is not a directory: make it"), "{}", run.stderr);
    }
}

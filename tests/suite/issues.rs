//! `issue`: open, edit, status, priority, assign, comment, close, reopen, list, show; by one replica, and by
//! two at once.

use crate::oracle::Plain;
use crate::support::*;
use serde_json::{Value, json};

const ISSUES: &str = "project:gentle-wave-moon-fire:issues";

fn open(store: &Store<'_>, title: &str) -> String {
    store.ok(&["issue", "open", title])
}

fn show(store: &Store<'_>, id: &str) -> Value {
    store.json(&["issue", "show", id])
}

#[test]
fn open_prints_the_id_alone() {
    let machine = Machine::new("open");
    let store = machine.project("s", &[BOB]);
    let run = store.run(&[
        "issue",
        "open",
        "The crane squeaks",
        "--description",
        "loudly",
        "--priority",
        "urgent",
        "--assignee",
        "bob-",
    ]);
    let id = run.ok();
    assert_eq!(run.stdout, format!("{id}\n"));
    assert_eq!((id.len(), id.as_bytes()[14]), (36, b'4'));
    assert!(run.stderr.contains(PROJECT), "{}", run.stderr);
    let issue = json!({
        "id": id, "title": "The crane squeaks", "description": "loudly", "status": "backlog",
        "priority": "urgent", "assignee_id": BOB, "reporter_id": ALICE, "created_at": START,
        "updated_at": START, "status_updated_at": START, "priority_updated_at": START,
        "assignee_updated_at": START, "closed": false, "closed_at": 0, "ack_vector": {},
        "comments": [],
    });
    assert_eq!(store.json(&["issue", "list"]), json!([issue]));
    assert_eq!(show(&store, &id[..8]), issue);
    let plain = show(&store, &open(&store, "Leak"));
    assert_eq!((&plain["priority"], &plain["assignee_id"]), (&json!("medium"), &json!("")));
}

#[test]
fn texts_come_from_standard_input() {
    let machine = Machine::new("stdin");
    let store = machine.project("s", &[]);
    let dir = text(&store.dir);
    let pipe = |args: &[&str], input: &[u8]| {
        machine.run_with_stdin(&[&["-s", &dir, "issue"], args].concat(), input)
    };
    let id = pipe(&["open", "Leak", "--description", "-"], b"at the bow\nbelow\n").ok();
    assert_eq!(show(&store, &id)["description"], "at the bow\nbelow");
    pipe(&["edit", &id, "--description", "-"], b"at the stern\n").ok();
    assert_eq!(show(&store, &id)["description"], "at the stern");
    let comment = pipe(&["comment", &id, "-"], b"from a pipe\n").ok();
    // No argument means standard input too.
    pipe(&["comment", &id], b"second\n").ok();
    pipe(&["comment", &id, "--edit", &comment], b"first\n").ok();
    assert_eq!(store.column(&["issue", "comments", &id], "content"), ["first", "second"]);
    pipe(&["comment", &id, "-"], b"\n").fails(2, "empty comment");
}

#[test]
fn every_field_has_its_own_clock() {
    let machine = Machine::new("clocks");
    let store = machine.project("s", &[BOB]);
    let id = open(&store, "Leak");
    let clocks = || {
        let issue = show(&store, &id);
        let at = |name: &str| issue[name].as_i64().unwrap() - START;
        ["updated_at", "status_updated_at", "priority_updated_at", "assignee_updated_at"].map(at)
    };
    machine.pass(10);
    store.ok(&["issue", "status", &id, "in-progress"]);
    assert_eq!(clocks(), [0, 10, 0, 0]);
    machine.pass(10);
    store.ok(&["issue", "priority", &id, "high"]);
    assert_eq!(clocks(), [0, 10, 20, 0]);
    machine.pass(10);
    store.ok(&["issue", "assign", &id, "bob-"]);
    assert_eq!(clocks(), [0, 10, 20, 30]);
    machine.pass(10);
    let run = store.run(&["issue", "edit", &id, "--title", "Big leak", "--description", "bow"]);
    assert_eq!(run.exits(0).stdout, "", "no id: it is not new");
    assert_eq!(clocks(), [40, 10, 20, 30]);
    // A clock that goes back still advances a field's clock.
    store.ok(&["issue", "status", &id, "todo", "--now", "2020-01-01"]);
    assert_eq!(clocks(), [40, 11, 20, 30]);
    let issue = show(&store, &id);
    assert_eq!((&issue["title"], &issue["assignee_id"]), (&json!("Big leak"), &json!(BOB)));
    store.is_so_already(&["issue", "status", &id, "todo"]);
    store.is_so_already(&["issue", "priority", &id, "high"]);
    store.is_so_already(&["issue", "assign", &id, BOB]);
    store.is_so_already(&["issue", "edit", &id, "--title", "Big leak"]);
    store.ok(&["issue", "assign", &id, "--none"]);
    assert_eq!(show(&store, &id)["assignee_id"], "");

    store.run(&["issue", "edit", &id]).exits(2);
    store.run(&["issue", "edit", &id, "--title", " "]).fails(2, "empty title");
    store.run(&["issue", "open", ""]).fails(2, "empty title");
    store.run(&["issue", "status", &id, "finished"]).exits(2);
    store.run(&["issue", "priority", &id, "soon"]).exits(2);
    store.run(&["issue", "assign", &id]).exits(2);
    store.run(&["issue", "assign", &id, "nobody-here"]).fails(4, "no member");
    store.run(&["issue", "status", "ffffffff", "todo"]).fails(4, "no issue");
}

#[test]
fn comments_are_written_edited_and_deleted() {
    let machine = Machine::new("comments");
    let store = machine.project("s", &[BOB, CAROL]);
    let id = open(&store, "Leak");
    let run = store.run(&["issue", "comment", &id[..8], "Tar helps", "--as", BOB]);
    let comment = run.ok();
    assert_eq!(run.stdout, format!("{comment}\n"));
    assert_eq!(
        store.json(&["issue", "comments", &id]),
        json!([{
            "id": comment, "author_id": BOB, "content": "Tar helps", "created_at": START,
            "updated_at": START, "deleted": false, "deleted_at": 0, "ack_vector": {},
        }])
    );
    assert_eq!(show(&store, &id)["comments"], store.json(&["issue", "comments", &id]));
    machine.pass(60);
    let second = store.ok(&["issue", "comment", &id, "It does not"]);
    assert_eq!(store.column(&["issue", "comments", &id], "id"), [comment.as_str(), &second]);
    let edit =
        ["issue", "comment", &id, "Tar helps a little", "--edit", &comment[..8], "--as", BOB];
    assert_eq!(store.run(&edit).exits(0).stdout, "");
    store.is_so_already(&edit);
    let edited = store.json(&["issue", "comments", &id])[0].clone();
    assert_eq!(
        (&edited["content"], &edited["updated_at"]),
        (&json!("Tar helps a little"), &json!(START + 60))
    );
    // The issue's own clock does not change.
    assert_eq!(show(&store, &id)["updated_at"], START);

    store.run(&["issue", "comment", &id, "mine", "--edit", &comment]).fails(1, BOB);
    store.run(&["issue", "comment", &id, "--delete", &comment, "--as", CAROL]).fails(1, BOB);
    store.run(&["issue", "comment", &id, "x", "--delete", &comment]).exits(2);
    store.run(&["issue", "comment", &id, "", "--edit", &second]).fails(2, "empty comment");
    store.run(&["issue", "comment", &id, "x", "--edit", "ffffffff"]).fails(4, "no comment");
    store.run(&["issue", "comment", "ffffffff", "x"]).fails(4, "no issue");
    // The owner may delete anybody's.
    let written = store.json(&["issue", "comment", &id, "--delete", &comment]);
    assert_eq!((&written["changed"], &written["id"]), (&json!(true), &json!(comment)));
    store.is_so_already(&["issue", "comment", &id, "--delete", &comment]);
    assert_eq!(store.column(&["issue", "comments", &id], "id"), [second.as_str()]);
    assert_eq!(column(&show(&store, &id)["comments"], "id"), [second.as_str()]);
    let all = store.json(&["issue", "comments", &id, "--all"]);
    assert_eq!(all[0]["ack_vector"], json!({ALICE: START + 60}));
    assert_eq!(store.json(&["issue", "show", &id, "--all"])["comments"], all);
    let edit = ["issue", "comment", &id, "x", "--edit", &comment, "--as", BOB];
    store.run(&edit).fails(1, "is deleted");
    assert_eq!(store.json(&["tombstone", "list"])[0]["kind"], "comment");
    // A deleted comment is garbage, and is pruned when everybody has seen the deletion.
    store.ok(&["member", "remove", CAROL]);
    store.ok(&["member", "remove", BOB]);
    assert_eq!(store.json(&["issue", "comments", &id, "--all"]).as_array().map(Vec::len), Some(1));
    store.ok(&["issue", "comment", &id, "--delete", &second]);
    assert_eq!(store.json(&["issue", "comments", &id, "--all"]), json!([]));
}

#[test]
fn a_closed_issue_is_off_the_list_until_it_is_reopened() {
    let machine = Machine::new("close");
    let store = machine.project("s", &[BOB]);
    let (id, other) = (open(&store, "Leak"), open(&store, "Crane"));
    machine.pass(60);
    let written = store.json(&["issue", "close", &id]);
    assert_eq!((&written["changed"], &written["id"]), (&json!(true), &json!(id)));
    let issue = show(&store, &id);
    assert_eq!((&issue["closed"], &issue["closed_at"]), (&json!(true), &json!(START + 60)));
    assert_eq!(
        (&issue["status"], &issue["status_updated_at"]),
        (&json!("done"), &json!(START + 60))
    );
    assert_eq!(issue["ack_vector"], json!({ALICE: START + 60}));
    assert_eq!(store.column(&["issue", "list"], "id"), [other.as_str()]);
    assert_eq!(store.column(&["issue", "list", "--all"], "id").len(), 2);
    machine.pass(60);
    store.is_so_already(&["issue", "close", &id]);
    store.is_so_already(&["issue", "close", &id, "--as", "done"]);
    store.ok(&["issue", "close", &id, "--as", "canceled"]);
    let issue = show(&store, &id);
    assert_eq!((&issue["status"], &issue["closed_at"]), (&json!("canceled"), &json!(START + 60)));
    store.is_so_already(&["issue", "close", &id]);
    // An issue that already ended keeps its final status when closed.
    store.ok(&["issue", "status", &other, "canceled"]);
    assert_eq!(store.column(&["issue", "list"], "id"), [other.as_str()], "it is open still");
    store.ok(&["issue", "close", &other, "--as-member", BOB]);
    let issue = show(&store, &other);
    assert_eq!(
        (&issue["status"], &issue["ack_vector"]),
        (&json!("canceled"), &json!({BOB: START + 120}))
    );
    // It is content, and stays when everybody has seen it closed.
    store.ok(&["prune"]);
    assert_eq!(store.column(&["issue", "list", "--all"], "id").len(), 2);
    for args in [
        &["issue", "status", &id, "todo"][..],
        &["issue", "priority", &id, "low"],
        &["issue", "assign", &id, BOB],
        &["issue", "edit", &id, "--title", "x"],
    ] {
        let run = store.run(args);
        run.fails(1, "is closed");
        assert!(run.stderr.contains("issue reopen"), "{}", run.stderr);
    }
    // It can still be commented on.
    store.ok(&["issue", "comment", &id, "It was the other pump"]);
    store.ok(&["issue", "reopen", &id]);
    let issue = show(&store, &id);
    assert_eq!((&issue["closed"], &issue["closed_at"]), (&json!(false), &json!(0)));
    assert_eq!(issue["status"], "todo");
    // Acknowledgements of one closing do not count for the next one.
    assert_eq!(issue["ack_vector"], json!({}));
    store.is_so_already(&["issue", "reopen", &id]);
    store.run(&["issue", "close", &id, "--as", "todo"]).exits(2);
}

#[test]
fn the_list_is_filtered_and_sorted() {
    let machine = Machine::new("list");
    let store = machine.project("s", &[BOB, CAROL]);
    let open = |title: &str, priority: &str, assignee: &str| {
        machine.pass(60);
        store.ok(&["issue", "open", title, "--priority", priority, "--assignee", assignee])
    };
    let d = open("d", "low", BOB);
    open("a", "urgent", CAROL);
    let c = open("C", "medium", BOB);
    let b = open("b", "high", "");
    machine.pass(60);
    store.ok(&["issue", "status", &d, "in-progress"]);
    store.ok(&["issue", "status", &c, "todo"]);
    machine.pass(60);
    store.ok(&["issue", "comment", &b, "x"]);
    let titles =
        |args: &[&str]| store.column(&[&["issue", "list"], args].concat(), "title").concat();
    assert_eq!(titles(&[]), "daCb");
    assert_eq!(titles(&["--reverse"]), "bCad");
    assert_eq!(titles(&["--sort", "priority"]), "abCd");
    assert_eq!(titles(&["--sort", "status"]), "abCd");
    assert_eq!(titles(&["--sort", "title"]), "abCd");
    assert_eq!(titles(&["--sort", "title", "--reverse"]), "dCba");
    assert_eq!(titles(&["--sort", "updated", "--reverse"]), "bCda");
    assert_eq!(titles(&["--status", "todo"]), "C");
    assert_eq!(titles(&["--assignee", "bob-"]), "dC");
    assert_eq!(titles(&["--assignee", BOB, "--priority", "low"]), "d");
    assert_eq!(titles(&["--assignee", ALICE]), "");
    assert_eq!(titles(&["--assignee", ""]), "b");
    store.ok(&["issue", "close", &c]);
    assert_eq!(titles(&[]), "dab");
    assert_eq!(titles(&["--all", "--status", "done"]), "C");
    store.run(&["issue", "list", "--status", "finished"]).exits(2);
    store.run(&["issue", "list", "--sort", "size"]).exits(2);

    let tsv = store.ok(&["issue", "list", "--assignee", BOB]);
    assert_eq!(
        tsv,
        format!(
            "id\tstatus\tpriority\ttitle\tassignee_id\tcreated_at\treporter_id\tclosed\n\
             {d}\tin-progress\tlow\td\t{BOB}\t2026-01-01T00:01:00Z\t{ALICE}\tfalse"
        )
    );
    assert_eq!(store.ok(&["issue", "list", "-o", "id", "--assignee", BOB]), d);
    assert_eq!(store.ok(&["issue", "list", "-o", "csv"]).lines().count(), 4);
    assert_eq!(store.ok(&["issue", "list", "-o", "ndjson"]).lines().count(), 3);
    let table = store.ok(&["issue", "list", "-o", "table"]);
    assert!(table.starts_with("ID ") && table.contains("PRIORITY"), "{table}");
    let table = store.ok(&["issue", "show", &b, "-o", "table"]);
    assert!(table.contains("\ncomments\n") && table.contains("AUTHOR"), "{table}");
    assert!(store.ok(&["issue", "show", &b]).starts_with(&format!("field\tvalue\nid\t{b}\n")));
    let piped = store.ok(&["issue", "comments", &b]);
    assert!(piped.starts_with("id\tcreated_at\tauthor_id\tcontent\t"), "{piped}");
    assert_eq!(piped.lines().count(), 2);
}

#[test]
fn issues_that_are_not_there_are_empty_in_every_form() {
    let machine = Machine::new("empty");
    let store = machine.group("s", &[]);
    assert_eq!(store.run(&["issue", "list", "--json"]).stdout, "[]\n");
    assert_eq!(store.ok(&["issue", "list", "-o", "ndjson"]), "");
    assert_eq!(store.ok(&["issue", "list"]).lines().count(), 1);
    let table = store.run(&["issue", "list", "-o", "table"]);
    assert_eq!((table.stdout.as_str(), table.stderr.as_str()), ("", "no issues\n"));
    for args in [
        &["issue", "show", "ffff"][..],
        &["issue", "edit", "ffff", "--title", "x"],
        &["issue", "status", "ffff", "todo"],
        &["issue", "priority", "ffff", "low"],
        &["issue", "assign", "ffff", ALICE],
        &["issue", "comment", "ffff", "x"],
        &["issue", "comment", "ffff", "--delete", "ffff"],
        &["issue", "comments", "ffff"],
        &["issue", "close", "ffff"],
        &["issue", "reopen", "ffff"],
    ] {
        store.run(args).fails(4, "");
    }
    let id = open(&store, "Leak");
    assert_eq!(store.json(&["issue", "comments", &id]), json!([]));
    let table = store.run(&["issue", "comments", &id, "-o", "table"]);
    assert_eq!((table.stdout.as_str(), table.stderr.as_str()), ("", "no comments\n"));
    machine.store("nothing", ALICE).run(&["issue", "open", "x"]).fails(4, "no entity");
}

#[test]
fn only_members_write() {
    let machine = Machine::new("roles");
    let store = machine.project("s", &[BOB]);
    store.ok(&["member", "add", CAROL, "--role", "viewer"]);
    let id = open(&store, "Leak");
    let comment = store.ok(&["issue", "comment", &id, "x"]);
    let before = store.documents();
    for who in [CAROL, "dave-snow-field-moss"] {
        for args in [
            &["issue", "open", "x"][..],
            &["issue", "edit", &id, "--title", "x"],
            &["issue", "status", &id, "todo"],
            &["issue", "priority", &id, "low"],
            &["issue", "assign", &id, BOB],
            &["issue", "comment", &id, "y"],
            &["issue", "comment", &id, "y", "--edit", &comment],
            &["issue", "comment", &id, "--delete", &comment],
            &["issue", "reopen", &id],
        ] {
            store.run(&[args, &["--as", who]].concat()).fails(1, who);
        }
        store.run(&["issue", "close", &id, "--as-member", who]).fails(1, who);
        store.run(&["--as", who, "issue", "close", &id]).fails(1, who);
    }
    assert_eq!(store.documents(), before);
    store.ok(&["issue", "status", &id, "todo", "--as", BOB]);
}

#[test]
fn a_dry_run_writes_nothing() {
    let machine = Machine::new("dry");
    let store = machine.project("s", &[BOB]);
    let (id, closed) = (open(&store, "Leak"), open(&store, "Crane"));
    store.ok(&["issue", "close", &closed]);
    let comment = store.ok(&["issue", "comment", &id, "x"]);
    let before = store.documents();
    for args in [
        &["issue", "open", "x"][..],
        &["issue", "edit", &id, "--title", "x"],
        &["issue", "status", &id, "todo"],
        &["issue", "priority", &id, "low"],
        &["issue", "assign", &id, BOB],
        &["issue", "comment", &id, "y"],
        &["issue", "comment", &id, "y", "--edit", &comment],
        &["issue", "comment", &id, "--delete", &comment],
        &["issue", "close", &id],
        &["issue", "reopen", &closed],
    ] {
        let run = store.run(&[args, &["--dry-run"]].concat());
        assert_eq!(run.exits(0).stdout, "", "{args:?}");
        assert!(run.stderr.contains("dry run"), "{args:?}: {}", run.stderr);
        let written = store.json(&[args, &["-n"]].concat());
        assert_eq!((&written["changed"], &written["dry_run"]), (&json!(true), &json!(true)));
    }
    assert_eq!(store.documents(), before);
}

#[test]
fn what_is_too_long_is_refused() {
    let machine = Machine::new("limits");
    let store = machine.project("s", &[]);
    let id = store.ok(&["issue", "open", &"ü".repeat(100), "--description", &"x".repeat(10_000)]);
    store.ok(&["issue", "comment", &id, &"x".repeat(10_000)]);
    let (title, long) = ("ü".repeat(101), "x".repeat(10_001));
    let before = store.documents();
    for (args, message) in [
        (&["issue", "open", &title][..], "101 characters, more than 100"),
        (&["issue", "open", "x", "--description", &long], "10001 bytes, more than 10000"),
        (&["issue", "edit", &id, "--title", &title], "more than 100"),
        (&["issue", "edit", &id, "--description", &long], "more than 10000"),
        (&["issue", "comment", &id, &long], "more than 10000"),
    ] {
        store.run(args).fails(1, message);
    }
    assert_eq!(store.documents(), before);
}

/// Alice's project with one issue, and Bob's replica of it.
fn two(machine: &Machine) -> (Store<'_>, Store<'_>, String) {
    let alice = machine.project("alice", &[BOB]);
    let id = open(&alice, "Leak");
    let bob = machine.replica_of(&alice, "bob", BOB);
    machine.pass(60);
    (alice, bob, id)
}

#[test]
fn a_comment_against_a_closing_is_kept_and_the_issue_is_closed() {
    let machine = Machine::new("comment close");
    let (alice, bob, id) = two(&machine);
    alice.ok(&["issue", "close", &id]);
    let comment = bob.ok(&["issue", "comment", &id, "wait"]);
    bob.ok(&["issue", "edit", &id, "--title", "Two leaks"]);
    alice.meet(&bob);
    let issue = show(&alice, &id);
    assert_eq!((&issue["closed"], &issue["title"]), (&json!(true), &json!("Two leaks")));
    assert_eq!(column(&issue["comments"], "id"), [comment]);
    assert_eq!(keys(&issue["ack_vector"]), [ALICE, BOB]);
    bob.ok(&["issue", "reopen", &id]);
    alice.meet(&bob);
    assert_eq!(show(&alice, &id)["comments"].as_array().map(Vec::len), Some(1));
    assert_eq!(alice.column(&["issue", "list"], "id"), [id]);
}

#[test]
fn comments_by_two_at_once_are_both_kept() {
    let machine = Machine::new("two comments");
    let (alice, bob, id) = two(&machine);
    let hers = alice.ok(&["issue", "comment", &id, "tar"]);
    machine.pass(1);
    let his = bob.ok(&["issue", "comment", &id, "rope"]);
    alice.meet(&bob);
    assert_eq!(alice.column(&["issue", "comments", &id], "id"), [hers.as_str(), &his]);
    // One is deleted while the other replica edits it; in the end it is gone everywhere.
    alice.ok(&["issue", "comment", &id, "--delete", &his]);
    bob.ok(&["issue", "comment", &id, "rope and tar", "--edit", &his]);
    alice.meet(&bob);
    assert_eq!(bob.column(&["issue", "comments", &id, "--all"], "id"), [hers.as_str()]);
}

#[test]
fn different_fields_changed_by_two_at_once_do_not_disturb_each_other() {
    let machine = Machine::new("fields");
    let (alice, bob, id) = two(&machine);
    alice.ok(&["issue", "status", &id, "in-progress"]);
    bob.ok(&["issue", "priority", &id, "urgent"]);
    machine.pass(10);
    alice.ok(&["issue", "assign", &id, ALICE]);
    bob.ok(&["issue", "edit", &id, "--title", "Two leaks"]);
    alice.meet(&bob);
    let issue = show(&bob, &id);
    assert_eq!((&issue["status"], &issue["priority"]), (&json!("in-progress"), &json!("urgent")));
    assert_eq!((&issue["assignee_id"], &issue["title"]), (&json!(ALICE), &json!("Two leaks")));
    let clocks =
        ["status", "priority", "assignee"].map(|f| issue[format!("{f}_updated_at")].clone());
    assert_eq!(clocks, [START + 60, START + 60, START + 70]);
}

#[test]
fn an_issue_closed_by_two_at_once_is_closed_once() {
    let machine = Machine::new("two closings");
    let (alice, bob, id) = two(&machine);
    alice.ok(&["issue", "close", &id]);
    machine.pass(10);
    bob.ok(&["issue", "close", &id, "--as", "canceled"]);
    alice.meet(&bob);
    let issue = show(&alice, &id);
    assert_eq!(keys(&issue["ack_vector"]), [ALICE, BOB]);
    assert!(["done", "canceled"].contains(&issue["status"].as_str().unwrap()));
}

/// Compares the guide's schema, field by field and type by type, with what is written.
#[test]
fn the_schema_is_the_guides() {
    let machine = Machine::new("schema");
    let store = machine.project("s", &[BOB]);
    let id = open(&store, "Leak");
    let comment = store.ok(&["issue", "comment", &id, "tar"]);
    let types = |path: &[&str]| Plain::read(&store.document(ISSUES)).types(path);
    let named = |fields: &[(&str, &'static str)]| {
        fields.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect()
    };
    let issue = named(&[
        ("id", "String"),
        ("title", "String"),
        ("description", "String"),
        ("status", "String"),
        ("priority", "String"),
        ("assignee_id", "String"),
        ("reporter_id", "String"),
        ("created_at", "i64"),
        ("updated_at", "i64"),
        ("status_updated_at", "i64"),
        ("priority_updated_at", "i64"),
        ("assignee_updated_at", "i64"),
        ("closed", "bool"),
        ("closed_at", "i64"),
        ("ack_vector", "Map"),
        ("comments", "Array"),
    ]);
    // With acknowledgements beside the guide's fields: a deleted comment is pruned by them.
    let said = named(&[
        ("id", "String"),
        ("author_id", "String"),
        ("content", "String"),
        ("created_at", "i64"),
        ("updated_at", "i64"),
        ("deleted", "bool"),
        ("deleted_at", "i64"),
        ("ack_vector", "Map"),
    ]);
    assert_eq!(types(&["issues", &id]), issue);
    assert_eq!(types(&["issues", &id, "comments", "0"]), said);
    // No operation on them changes the type of a field.
    store.ok(&["issue", "edit", &id, "--title", "Big leak", "--description", "bow"]);
    store.ok(&["issue", "status", &id, "todo"]);
    store.ok(&["issue", "priority", &id, "low"]);
    store.ok(&["issue", "assign", &id, BOB]);
    store.ok(&["issue", "comment", &id, "tar and rope", "--edit", &comment]);
    store.ok(&["issue", "comment", &id, "--delete", &comment]);
    store.ok(&["issue", "close", &id]);
    assert_eq!(types(&["issues", &id]), issue);
    assert_eq!(types(&["issues", &id, "comments", "0"]), said);
    assert_eq!(types(&["issues", &id, "ack_vector"]), named(&[(ALICE, "i64")]));
    store.ok(&["issue", "reopen", &id]);
    assert_eq!(types(&["issues", &id]), issue);
    assert_eq!(keys(&store.json(&["doc", "dump", ISSUES])), ["issues"]);
}

#[test]
fn what_is_closed_is_not_called_deleted_and_not_called_missing() {
    let machine = Machine::new("closed is closed");
    let alice = machine.group("alice", &[BOB]);
    let (issue, card) = (open(&alice, "an issue"), alice.ok(&["kanban", "add", "a card"]));
    let bob = machine.replica_of(&alice, "bob", BOB);
    machine.pass(60);
    bob.ok(&["issue", "close", &issue, "--as", "canceled"]);
    bob.ok(&["kanban", "archive", &card]);
    let import = ["sync", "import", &bob.export("closed")];
    let plan = alice.run(&[&import[..], &["-n"]].concat());
    let done = alice.run(&import);
    for run in [plan, done] {
        assert!(run.stderr.contains("2 closed or archived"), "{}", run.stderr);
        assert!(!run.stderr.contains("deleted"), "{}", run.stderr);
    }
    let canceled = ["issue", "list", "--status", "canceled"];
    let run = alice.run(&[&canceled[..], &["-o", "id"]].concat());
    assert_eq!(run.ok(), "");
    assert!(run.stderr.contains("`crdtctl issue list --status canceled --all`"), "{}", run.stderr);
    assert_eq!(alice.ok(&[&canceled[..], &["-o", "id", "--all"]].concat()), issue);
    let none = alice.run(&["issue", "list", "--status", "done"]);
    assert!(!none.exits(0).stderr.contains("--all"), "{}", none.stderr);
}

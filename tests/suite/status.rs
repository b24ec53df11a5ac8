//! `status` and `whoami`: one screen, from the local state.

use crate::support::*;
use serde_json::json;

#[test]
fn one_screen_says_where_everything_stands() {
    let machine = Machine::new("status");
    let alice = machine.group("a", &[BOB, CAROL]);
    let id = alice.send("hi");
    let bob = machine.replica_of(&alice, "b", BOB);
    bob.give(&alice);
    let lacking = |store: &Store<'_>, member: &str| -> (usize, usize) {
        let status = store.json(&["status"]);
        let peers = status["peers"].as_array().unwrap();
        let peer = peers.iter().find(|peer| peer["member"] == member).unwrap();
        let count = |field: &str| peer[field].as_array().unwrap().len();
        (count("they_lack"), count("we_lack"))
    };
    let status = alice.json(&["status"]);
    assert_eq!(status["member"], ALICE);
    assert_eq!((&status["role"], &status["entity"]), (&json!("owner"), &json!(GROUP)));
    assert_eq!((&status["documents"], &status["conflicts"]), (&json!(2), &json!(0)));
    assert_eq!(status["findings"], json!([]));
    assert_eq!(lacking(&alice, BOB), (0, 0));
    // Nothing was heard from Carol.
    assert_eq!(lacking(&alice, CAROL), (2, 0));

    // It agrees with what `sync status` finds in the documents.
    let agrees = |store: &Store<'_>| {
        let full = store.json(&["sync", "status"]);
        let brief = store.json(&["status"])["peers"].clone();
        for (one, other) in full.as_array().unwrap().iter().zip(brief.as_array().unwrap()) {
            let docs = |field: &str| column(&one[field], "doc");
            assert_eq!(one["member"], other["member"]);
            assert_eq!(json!(docs("they_lack")), other["they_lack"], "{full}\n{brief}");
            assert_eq!(json!(docs("we_lack")), other["we_lack"], "{full}\n{brief}");
        }
    };
    agrees(&alice);
    agrees(&bob);
    alice.ok(&["chat", "edit", &id, "ho"]);
    assert_eq!(lacking(&alice, BOB), (1, 0));
    agrees(&alice);
    bob.send("from Bob");
    bob.ok(&["sync", "receipt", "-O", "r.crdt"]);
    alice.ok(&["sync", "import", "r.crdt"]);
    assert_eq!(lacking(&alice, BOB), (1, 1));
    agrees(&alice);
    alice.meet(&bob);
    agrees(&alice);
    agrees(&bob);
    assert_eq!(lacking(&alice, BOB), (0, 0));

    let table = alice.run(&["status", "-o", "table"]);
    let screen = &table.exits(0).stdout;
    assert!(screen.lines().count() <= 24 && screen.contains("others"), "{screen}");
    assert!(table.stderr.contains("`crdtctl sync stick DIR`"), "{}", table.stderr);
}

#[test]
fn it_reads_no_document_but_those_of_the_members() {
    let machine = Machine::new("cheap");
    let alice = machine.group("a", &[BOB]);
    alice.send("hi");
    let chat = alice.document(&format!("{GROUP}:chat"));
    // Neither its content nor whether it can be read matters.
    std::fs::write(&chat, b"not a document at all").unwrap();
    let before = alice.files();
    let status = alice.json(&["status"]);
    assert_eq!(status["documents"], 2);
    assert_eq!(
        status["bytes"].as_u64(),
        Some(21 + alice.document(&format!("{GROUP}:core")).metadata().unwrap().len())
    );
    alice.run(&["whoami"]).exits(0);
    assert_eq!(alice.files(), before);
    // It reads the document of the members, and says so if it cannot.
    std::fs::write(alice.document(&format!("{GROUP}:core")), b"nor this one").unwrap();
    let run = alice.run(&["status"]);
    run.exits(5);
    assert!(run.stderr.contains("is left out"), "{}", run.stderr);
}

#[test]
fn who_acts() {
    let machine = Machine::new("whoami");
    let alice = machine.group("a", &[BOB]);
    assert_eq!(alice.ok(&["whoami"]), ALICE);
    assert_eq!(alice.ok(&["whoami", "-o", "id", "--as", BOB]), BOB);
    let said = alice.json(&["whoami", "--as", BOB]);
    assert_eq!(said["roles"], json!([{"entity": GROUP, "role": "member"}]));
    assert!(alice.ok(&["whoami", "-o", "table"]).contains("owner"));
    // Nobody yet.
    let old = machine.fixture("legacy-0.1.20");
    old.run(&["whoami"]).fails(2, "no member to act as");
    let status = old.run(&["status", "--json"]);
    assert_eq!(status.json()["replica_id"], json!(null));
    assert!(status.stderr.contains("`crdtctl init --as MEMBER`"), "{}", status.stderr);
}

#[test]
fn of_very_many_members_people_see_the_first_few_and_programs_all() {
    let machine = Machine::new("many members");
    let store = machine.group("s", &[]);
    let lines: String = (0..100)
        .map(|n| format!("{{\"op\":\"member.add\",\"member\":\"member-{n:03}-stone-sky\"}}\n"))
        .collect();
    machine.run_with_stdin(&["-s", &text(&store.dir), "batch"], lines.as_bytes()).ok();
    machine.pass(60);
    let id = store.send("hi");
    store.ok(&["chat", "delete", &id, "--yes"]);
    let names = |text: &str| text.matches("-stone-sky").count();
    let why = ["tombstone", "why", id.as_str()];
    for args in [&["status"][..], &["sync", "status"], &why] {
        let table = store.run(&[args, &["-o", "table"]].concat());
        assert!(names(&table.stdout) <= 15, "{args:?}: {}", table.stdout);
        assert!(table.stderr.contains("more: `--full` shows all"), "{args:?}: {}", table.stderr);
        assert!(names(&table.stderr) <= 5, "{args:?}: {}", table.stderr);
        let full = store.run(&[args, &["-o", "table", "--full"]].concat());
        assert!(names(&full.stdout) >= 100, "{args:?}: {}", full.stdout);
        let json = store.run(&[args, &["--json"]].concat());
        assert!(names(&json.stdout) >= 100, "{args:?}: {}", json.stdout);
    }
    let said = store.run(&why).stderr;
    assert!(said.contains("it waits for ") && said.contains("; and 96 more"), "{said}");
    let rest = store.run(&["sync", "status", "-o", "table"]).stderr;
    assert!(rest.contains("and 90 more"), "{rest}");
}

#[test]
fn who_has_left_is_not_behind() {
    let machine = Machine::new("left and behind");
    let alice = machine.group("alice", &[BOB]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    bob.send("from Bob");
    alice.meet(&bob);
    alice.ok(&["member", "remove", BOB]);
    alice.send("news");
    let peers = || alice.json(&["status"])["peers"].clone();
    assert_eq!(peers()[0]["departed"], true);
    let said = alice.run(&["status"]).stderr;
    assert!(
        said.contains(&format!("{BOB} is no longer a member: `crdtctl sync forget {BOB}`")),
        "{said}"
    );
    assert!(!said.contains("behind"), "{said}");
    let stick = text(&machine.path("usb"));
    std::fs::create_dir(&stick).unwrap();
    let said = alice.run(&["sync", "stick", &stick]).stderr;
    assert!(said.contains(&format!("nothing goes to {BOB}")), "{said}");
    // Whom others removed is told so, not that the name may be mistyped.
    bob.run(&["sync", "import", &alice.export("to bob")]);
    let said = bob.run(&["init", &text(&bob.dir)]).stderr;
    assert!(said.contains(&format!("{BOB} is no longer a member of any entity here")), "{said}");
    alice.ok(&["sync", "forget", BOB]);
    assert_eq!(peers(), json!([]));
    alice.ok(&["member", "add", BOB]);
    assert_eq!(peers()[0].get("departed"), None);
}

#[test]
fn a_file_that_is_gone_or_empty_is_a_finding_and_measured_as_nothing() {
    let machine = Machine::new("no file");
    let store = machine.group("s", &[]);
    store.send("a message");
    let doc = format!("{GROUP}:chat");
    let file = store.document(&doc);
    let findings = || store.json(&["status"])["findings"].clone();
    assert_eq!(findings(), json!([]));
    store.ok(&["chat", "send", "later", "--fold", "later"]);
    assert_eq!(findings(), json!([]));
    store.ok(&["fold", "run"]);
    std::fs::write(&file, "").unwrap();
    assert_eq!(findings()[0]["doc"], doc);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(findings()[0]["doc"], doc);
    let said = store.run(&["status"]).stderr;
    assert!(said.contains("something is wrong: `crdtctl check`"), "{said}");
    // The log has it, so that it can be read.
    assert_eq!(store.column(&["chat", "list"], "content"), ["a message", "later"]);
    for args in [&["doc", "size"][..], &["doc", "size", &doc]] {
        let run = store.run(args);
        assert!(run.exits(0).stdout.contains(&doc) || args.len() > 2, "{}", run.stdout);
        assert!(run.stderr.contains(&format!("{doc} has no file any more")), "{}", run.stderr);
    }
}

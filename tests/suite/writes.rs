//! What all writes share: their JSON, their one id, their dry run, one entry in the log.

use crate::support::*;
use serde_json::{Value, json};

/// A store with something to do for every write, and the writes; each of them changes something.
fn busy(machine: &Machine) -> (Store<'_>, Vec<Vec<String>>) {
    let store = machine.group("s", &[BOB, CAROL]);
    store.ok(&["entity", "create", "channel:harbour", "--name", "Harbour"]);
    store.ok(&["entity", "use", GROUP]);
    let id = store.send("hello");
    let gone = store.send("gone");
    // A prunable tombstone that nobody has pruned: the member it waited for has left elsewhere.
    let peer = machine.replica_of(&store, "peer", BOB);
    store.ok(&["chat", "delete", &gone]);
    machine.pass(60);
    peer.ok(&["chat", "send", "from bob", "-e", GROUP]);
    let bundle = peer.export("peer.crdt");
    let writes: &[&[&str]] = &[
        &["entity", "create", "project:new", "--name", "New"],
        &["entity", "create", "project", "--name", "Minted"],
        &["entity", "rename", "Other"],
        &["entity", "use", "harbour"],
        &["member", "add", "dave-snow-field-moss"],
        &["member", "remove", CAROL],
        &["member", "role", BOB, "admin"],
        &["chat", "send", "hi"],
        &["chat", "send", "hi", "--reply-to", &id],
        &["chat", "react", &id, "👍"],
        &["chat", "edit", &id, "changed"],
        &["chat", "delete", &id],
        &["sync", "import", &bundle],
    ];
    let owned = |write: &&[&str]| write.iter().map(|word| (*word).to_owned()).collect();
    (store, writes.iter().map(owned).collect())
}

fn words(write: &[String]) -> Vec<&str> {
    write.iter().map(String::as_str).collect()
}

#[test]
fn a_dry_run_writes_nothing_and_prints_no_id() {
    let machine = Machine::new("dry run");
    let (store, mut writes) = busy(&machine);
    writes.push(vec!["prune".to_owned()]);
    let (before, home) = (store.files(), files(&machine.path("state")));
    for write in &writes {
        let args = [&words(write)[..], &["--dry-run"]].concat();
        let run = store.run(&args);
        let import = write[1..].first().is_some_and(|verb| verb == "import");
        if !import {
            assert_eq!(run.exits(0).stdout, "", "{args:?}");
        }
        assert!(run.stderr.contains("dry run") || import, "{args:?}: {}", run.stderr);
        let planned = store.json(&args);
        if !import {
            assert_eq!(planned["seq"], Value::Null, "{args:?}");
            assert_eq!(planned["changed"], write[0] != "prune", "{args:?}");
        }
        let creates = ["create", "send", "add"].contains(&write.get(1).map_or("", String::as_str));
        if creates {
            assert_eq!(planned["id"], Value::Null, "{args:?}");
            assert_eq!(store.ok(&[&args[..], &["-o", "id"]].concat()), "", "{args:?}");
        }
        assert_eq!(store.files(), before, "{args:?}");
        assert_eq!(files(&machine.path("state")), home, "{args:?}");
    }
    // The real run does what a dry run announces.
    for write in &writes {
        store.ok(&words(write));
        store.ok(&["entity", "use", GROUP]);
    }
}

#[test]
fn a_dry_run_in_a_store_that_we_never_wrote_makes_no_file() {
    let machine = Machine::new("dry run, fresh");
    let store = machine.fixture("real-store");
    let before = store.files();
    let deborah = "deborah-shanghai-khartoum-price";
    for write in [
        &["chat", "send", "hi", "-n"][..],
        &["member", "add", BOB, "-n"],
        &["prune", "-n"],
        &["entity", "use", GROUP, "-n"],
        &["entity", "create", "group:x", "--name", "X", "-n"],
    ] {
        store.run(&[write, &["--as", deborah, "-e", GROUP]].concat()).exits(0);
        assert_eq!(store.files(), before, "{write:?}");
    }
    assert!(!machine.path("state").exists());
}

#[test]
fn a_refusal_is_the_same_in_a_dry_run() {
    let machine = Machine::new("dry refusal");
    let store = machine.group("s", &[BOB]);
    for (write, code) in [
        (&["member", "remove", ALICE][..], 1),
        (&["chat", "send", "hi", "--as", CAROL], 1),
        (&["chat", "delete", "ffffffff"], 4),
        (&["chat", "send", ""], 2),
    ] {
        let (dry, real) = (store.run(&[write, &["-n"]].concat()), store.run(write));
        assert_eq!((dry.exits(code).code, &dry.stderr), (real.exits(code).code, &real.stderr));
    }
}

#[test]
fn every_write_reports_itself_as_json() {
    let machine = Machine::new("json");
    let (store, writes) = busy(&machine);
    let mut last = 0;
    for write in &writes {
        let run = store.run(&[&words(write)[..], &["--json"]].concat());
        let written = run.json();
        if write[1] == "import" {
            assert_eq!(written["changed"], true);
            continue;
        }
        assert_eq!(run.stdout.lines().count(), 1, "one line: {}", run.stdout);
        let fields = ["seq", "changed", "doc", "id", "bytes_before", "bytes_after"];
        assert_eq!(keys(&written)[..6], fields, "{write:?}");
        assert_eq!(written["changed"], true, "{write:?}");
        if write[1] == "use" {
            assert_eq!(written["id"], "channel:harbour");
            store.ok(&["entity", "use", GROUP]);
            continue;
        }
        let seq = written["seq"].as_i64().unwrap_or_else(|| panic!("{write:?}: {written}"));
        assert!(seq > last, "{write:?}");
        last = seq;
        let doc = written["doc"].as_str().unwrap();
        let bytes = std::fs::metadata(store.document(doc)).unwrap().len();
        assert_eq!(written["bytes_after"], bytes, "{write:?}");
        assert!(written["id"].is_string(), "{write:?}");
    }
}

#[test]
fn sizes_before_and_after_are_those_of_the_file() {
    let machine = Machine::new("sizes");
    let store = machine.group("s", &[BOB]);
    let first = store.json(&["chat", "send", "one"]);
    assert_eq!(first["bytes_before"], 0);
    assert_eq!(first["doc"], format!("{GROUP}:chat"));
    let second = store.json(&["chat", "send", "two"]);
    assert_eq!(second["bytes_before"], first["bytes_after"]);
    let unchanged = store.json(&["member", "add", BOB]);
    assert_eq!(
        (&unchanged["seq"], &unchanged["changed"], &unchanged["id"]),
        (&Value::Null, &json!(false), &json!(BOB))
    );
    assert_eq!(unchanged["doc"], format!("{GROUP}:core"));
    let bytes = |doc: &str| std::fs::metadata(store.document(doc)).unwrap().len();
    let has = |written: &Value, doc: &str| {
        let bytes = bytes(&format!("{GROUP}:{doc}"));
        assert_eq!(
            (&written["bytes_before"], &written["bytes_after"]),
            (&json!(bytes), &json!(bytes))
        );
    };
    has(&unchanged, "core");
    // Bob's acknowledgement is missing: the tombstone stays.
    let [one, two] = [&first, &second].map(|written| written["id"].as_str().unwrap());
    store.ok(&["chat", "react", one, "👍"]);
    store.ok(&["chat", "delete", two]);
    for write in [
        &["chat", "react", one, "👍"][..],
        &["chat", "react", one, "👍", "-n"],
        &["chat", "edit", one, "one"],
        &["chat", "delete", two],
    ] {
        let unchanged = store.json(write);
        assert_eq!(unchanged["changed"], false, "{write:?}");
        has(&unchanged, "chat");
    }
    let lines = [
        json!({"op": "chat.react", "message": one, "emoji": "👍"}),
        json!({"op": "member.role", "member": BOB, "role": "admin"}),
    ];
    let lines = lines.map(|line| line.to_string()).join("\n");
    let dir = text(&store.dir);
    let run = machine.run_with_stdin(&["-s", &dir, "batch", "--json"], lines.as_bytes());
    let results = run.json();
    has(&results[0], "chat");
    assert_ne!(results[1]["bytes_before"], results[1]["bytes_after"]);
}

#[test]
fn ids_on_request() {
    let machine = Machine::new("ids");
    let store = machine.group("s", &[BOB]);
    let id = store.ok(&["chat", "send", "one", "-o", "id"]);
    assert_eq!(store.ok(&["chat", "edit", &id[..6], "two", "-o", "id"]), id);
    assert_eq!(store.ok(&["chat", "delete", &id[..6], "-o", "id"]), id);
    assert_eq!(store.ok(&["member", "role", "bob-", "admin", "-o", "id"]), BOB);
    let run = store.run(&["chat", "send", "quiet", "--quiet"]);
    assert_eq!(run.exits(0).stderr, "");
    assert_eq!(run.stdout.trim().len(), 36);
}

#[test]
fn a_shell_keeps_the_id_that_a_command_prints() {
    let machine = Machine::new("shell");
    let store = machine.group("s", &[]);
    let dir = text(&store.dir);
    let script =
        "id=$(\"$@\" chat send 'from a script' 2>/dev/null) && \"$@\" chat show \"$id\" --json";
    let run = machine.run_through_shell(script, &["-s", &dir]);
    assert_eq!(run.json()["content"], "from a script");
}

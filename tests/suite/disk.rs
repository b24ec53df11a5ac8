//! Full disks, unusable files, and outputs that fail: what is reported, and what still holds.

use crate::support::*;
use rusqlite::Connection;
use serde_json::json;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Runs a command that can write no file larger than this many blocks of 512 bytes: a full disk, for root
/// too.
pub fn on_a_full_disk(store: &Store<'_>, blocks: u32, args: &[&str]) -> Run {
    let dir = text(&store.dir);
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    store.machine.run_through_shell(&script, &[&["-s", dir.as_str()], args].concat())
}

/// A store with two entities, and a copy of it as left by a killed process: the default entity is recorded
/// only in SQLite's log.
fn killed<'m>(machine: &'m Machine) -> Store<'m> {
    let store = machine.group("live", &[BOB]);
    store.ok(&["entity", "create", PROJECT, "--name", "Harbour"]);
    store.ok(&["chat", "send", "-e", GROUP, "hi"]);
    let database = Connection::open(store.dir.join("crdtctl.db")).unwrap();
    let set = "INSERT OR REPLACE INTO setting (key, value) VALUES ('entity', ?1)";
    database.execute(set, [GROUP]).unwrap();
    let dir = machine.path("killed");
    copy_tree(&store.dir, &dir);
    drop(database);
    std::fs::remove_file(dir.join("crdtctl.db-shm")).unwrap();
    assert!(std::fs::metadata(dir.join("crdtctl.db-wal")).unwrap().len() > 0);
    machine.open(dir)
}

/// The files of a store, except those that SQLite begins beside its own and has no room for.
fn settled(store: &Store<'_>) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = store.files();
    files.remove(Path::new("crdtctl.db-shm"));
    files.retain(|path, bytes| !path.ends_with("crdtctl.db-wal") || !bytes.is_empty());
    files
}

const READS: &[&[&str]] = &[
    &["chat", "list"],
    &["entity", "list"],
    &["doc", "list"],
    &["tombstone", "list"],
    &["sync", "status"],
    &["log"],
    &["digest"],
];

#[test]
fn a_full_disk_does_not_stop_reading() {
    let machine = Machine::new("full reads");
    let killed = killed(&machine);
    let rest = machine.open(machine.path("live"));
    rest.ok(&["entity", "use", GROUP]);
    for store in [&killed, &rest] {
        let before = settled(store);
        let full: Vec<String> =
            READS.iter().map(|args| on_a_full_disk(store, 0, args).ok()).collect();
        assert!(full[0].contains("hi"), "{full:?}");
        assert_eq!(settled(store), before);
        let room: Vec<String> = READS.iter().map(|args| store.ok(args)).collect();
        assert_eq!(full, room);
    }
}

#[test]
fn a_dry_run_on_a_full_disk_fails_as_one() {
    let machine = Machine::new("full dry");
    let store = machine.group("s", &[]);
    let before = settled(&store);
    let run = on_a_full_disk(&store, 0, &["chat", "send", "-n", "hi"]);
    run.fails(74, "error: ");
    assert_eq!(settled(&store), before);
}

/// The tests may run as a user who can write anywhere, so a directory stands for an unwritable file.
#[test]
fn a_directory_in_the_place_of_a_file_is_named() {
    let machine = Machine::new("in the way");
    let killed = killed(&machine);
    for (name, read) in
        [("crdtctl.db", 74), ("crdtctl.db-wal", 74), ("crdtctl.db-shm", 0), ("crdtctl.holder", 0)]
    {
        let dir = machine.path(&format!("with {name}"));
        copy_tree(&killed.dir, &dir);
        drop(std::fs::remove_file(dir.join(name)));
        std::fs::create_dir(dir.join(name)).unwrap();
        let store = machine.open(dir);
        let run = store.run(&["chat", "list", "--json"]);
        run.exits(read);
        assert!(read == 0 || run.stderr.contains(name), "{run:?}");
        let run = store.run(&["chat", "send", "-e", GROUP, "more", "--json"]);
        run.fails(74, name);
        assert_eq!(run.error()["code"], "io");
    }
}

#[test]
fn a_read_only_index_of_the_log_stops_writing_only_and_is_named() {
    let machine = Machine::new("read-only shm");
    let store = killed(&machine);
    std::fs::write(store.dir.join("crdtctl.db-shm"), "").unwrap();
    let mut all: Vec<PathBuf> = files(&store.dir).into_keys().collect();
    all.extend(["", "crdt", "crdt/group", "crdt/project"].map(PathBuf::from));
    for path in all {
        let path = store.dir.join(path);
        let mode = if path.is_dir() { 0o777 } else { 0o666 };
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }
    let shm = store.dir.join("crdtctl.db-shm");
    std::fs::set_permissions(shm, PermissionsExt::from_mode(0o444)).unwrap();
    let dir = text(&store.dir);
    let Some(run) = crate::errors::unprivileged(&machine, &["-s", &dir, "chat", "list"]) else {
        return;
    };
    assert!(run.ok().contains("hi"));
    let leases = machine.path("state of nobody");
    std::fs::create_dir(&leases).unwrap();
    std::fs::set_permissions(&leases, PermissionsExt::from_mode(0o777)).unwrap();
    let send = ["-s", &dir, "--state-dir", &text(&leases), "chat", "send", "more"];
    let run = crate::errors::unprivileged(&machine, &send).unwrap();
    run.fails(74, "crdtctl.db-shm: Permission denied");
}

#[test]
fn a_store_that_cannot_be_looked_at_is_not_called_absent() {
    let machine = Machine::new("closed");
    let store = machine.group("s", &[]);
    std::fs::set_permissions(&store.dir, PermissionsExt::from_mode(0o000)).unwrap();
    let dir = text(&store.dir);
    let run = crate::errors::unprivileged(&machine, &["-s", &dir, "chat", "list"]);
    std::fs::set_permissions(&store.dir, PermissionsExt::from_mode(0o755)).unwrap();
    let Some(run) = run else { return };
    run.fails(74, "Permission denied");
}

#[test]
fn an_unfinished_change_is_undone_before_a_medium_is_read() {
    let machine = Machine::new("journal");
    let store = machine.group("s", &[]);
    store.send("hi");
    let path = store.dir.join("crdtctl.db");
    // As on a file system where SQLite cannot have its log, and uses a rollback journal.
    let database = Connection::open(&path).unwrap();
    database.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(())).unwrap();
    database.pragma_update(None, "cache_size", 1).unwrap();
    database.pragma_update(None, "cache_spill", true).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let spoil = "INSERT INTO setting (key, value) VALUES ('entity' || ?1, hex(randomblob(4000)))";
    for n in 0..200 {
        database.execute(spoil, [n]).unwrap();
    }
    database.execute("DELETE FROM log", []).unwrap();
    let dir = machine.path("medium");
    copy_tree(&store.dir, &dir);
    drop(database);
    assert!(std::fs::metadata(dir.join("crdtctl.db-journal")).unwrap().len() > 0);
    let medium = machine.open(dir);
    let log = on_a_full_disk(&store, 0, &["log"]).ok();
    assert!(log.contains("chat send"), "{log}");
    for file in files(&medium.dir).keys() {
        let mode = PermissionsExt::from_mode(0o444);
        std::fs::set_permissions(medium.dir.join(file), mode).unwrap();
    }
    std::fs::set_permissions(&medium.dir, PermissionsExt::from_mode(0o555)).unwrap();
    let before = medium.files();
    let dir = text(&medium.dir);
    let run = crate::errors::unprivileged(&machine, &["-s", &dir, "log"]);
    std::fs::set_permissions(&medium.dir, PermissionsExt::from_mode(0o755)).unwrap();
    let Some(run) = run else { return };
    assert_eq!(run.ok(), log);
    assert_eq!(medium.files(), before);
}

/// The error that a run with `--json` leaves if nothing could be printed.
fn unheard(machine: &Machine, script: &str, args: &[&str]) -> (Run, serde_json::Value) {
    let run = machine.run_through_shell(script, args);
    run.exits(74);
    assert_eq!(run.stderr.matches("error: ").count(), 1, "{}", run.stderr);
    let error = if args.contains(&"--json") { run.error() } else { json!({}) };
    (run, error)
}

#[test]
fn a_change_whose_answer_cannot_be_written_is_said_to_hold() {
    let machine = Machine::new("unheard");
    if !Path::new("/dev/full").exists() {
        return skipped("no /dev/full here");
    }
    let store = machine.group("s", &[BOB]);
    let bundle = {
        let bob = machine.replica_of(&store, "bob", BOB);
        bob.send("from bob");
        bob.export("bob.crdt")
    };
    let dir = text(&store.dir);
    let batch = text(&machine.path("batch"));
    std::fs::write(&batch, "{\"op\":\"chat.send\",\"text\":\"in a batch\"}\n").unwrap();
    for (args, named) in [
        (&["chat", "send", "hi", "--json"][..], true),
        (&["chat", "send", "hi", "-o", "id", "--json"], true),
        (&["member", "add", CAROL, "--json"], true),
        (&["batch", &batch, "--json"], false),
        (&["sync", "import", &bundle, "--json"], false),
    ] {
        let before = store.json(&["log"]).as_array().unwrap().len();
        let args = [&["-s", dir.as_str()], args].concat();
        let (run, error) = unheard(&machine, "\"$@\" >/dev/full", &args);
        let log = store.json(&["log"]);
        assert!(log.as_array().unwrap().len() > before, "{args:?}: {log}");
        assert_eq!((&error["committed"], &error["code"]), (&json!(true), &json!("io")), "{args:?}");
        let seq = error["seq"].to_string();
        assert!(store.ok(&["log", "show", &seq, "--json"]).contains(args[2]), "{args:?}");
        assert!(error["hint"].as_str().unwrap().contains(&format!("log show {seq}")), "{error}");
        assert_eq!(error["id"].is_string(), named, "{args:?}: {error}");
        if args[3] == "send" {
            let id = error["id"].as_str().unwrap();
            assert_eq!(store.json(&["chat", "show", id])["content"], "hi");
        }
        assert!(run.stderr.contains("the command is done, but"), "{}", run.stderr);
    }
    // For people: what happened, then the error, then what was committed.
    let send = ["-s", &dir, "chat", "send", "for people"];
    let (run, _) = unheard(&machine, "\"$@\" >/dev/full", &send);
    let said = run.stderr.lines().map(|line| line.split(':').next().unwrap().trim());
    let expected = ["sent to group", "error", "caused by", "caused by", "committed", "hint"];
    assert_eq!(said.collect::<Vec<_>>(), expected, "{}", run.stderr);
    // A mere change of settings has no number.
    let choose = ["-s", &dir, "entity", "use", GROUP, "--json", "-o", "id"];
    let (_, error) = unheard(&machine, "\"$@\" >/dev/full", &choose);
    assert_eq!((&error["committed"], &error["seq"]), (&json!(true), &serde_json::Value::Null));
    // A command that changes nothing has committed nothing.
    for args in [
        &["chat", "list", "--json"][..],
        &["chat", "send", "hi", "--dry-run", "--json"],
        &["member", "add", CAROL, "--json"],
    ] {
        let args = [&["-s", dir.as_str()], args].concat();
        let (_, error) = unheard(&machine, "\"$@\" >/dev/full", &args);
        assert!(error.get("committed").is_none(), "{args:?}: {error}");
        assert_eq!(error["message"], "cannot write to standard output");
    }
}

#[test]
fn what_clap_prints_can_fail_too() {
    let machine = Machine::new("clap");
    if !Path::new("/dev/full").exists() {
        return skipped("no /dev/full here");
    }
    for args in [
        &["--help"][..],
        &["--version"],
        &["chat", "send", "--help"],
        &["help", "sync"],
        &["completions", "zsh"],
        &["completions", "nushell"],
        &["man"],
    ] {
        let (run, _) = unheard(&machine, "\"$@\" >/dev/full", args);
        assert!(run.stderr.contains("error: cannot write to standard output"), "{}", run.stderr);
        machine.run_through_shell("\"$@\" | true", args).exits(0);
        let quiet = machine.run_through_shell("{ \"$@\"; echo $? >&2; } | true", args);
        assert!(["141\n", "0\n"].contains(&quiet.stderr.as_str()), "{args:?}: {}", quiet.stderr);
    }
    // Standard error is lost, and the code stays.
    machine.run_through_shell("\"$@\" 2>/dev/full", &["no", "such", "command"]).exits(2);
    machine.run_through_shell("\"$@\" 2>/dev/full", &["chat", "list", "--json"]).exits(4);
    let dynamic = "CRDTCTL_COMPLETE=bash _CLAP_COMPLETE_INDEX=1 \"$1\" -- crdtctl ch >/dev/full";
    machine.run_through_shell(dynamic, &[]).exits(0);
}

/// Closed descriptors 0 to 2 must not be reused for files that are opened later.
#[test]
fn closed_descriptors_never_become_files_of_the_store() {
    let machine = Machine::new("closed descriptors");
    let store = machine.group("s", &[]);
    let dir = text(&store.dir);
    for (number, closed) in
        ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-", ">&- 2>&-"].iter().enumerate()
    {
        let script = format!("\"$@\" {closed}");
        let message = format!("message {number}");
        let send = ["-s", &dir, "chat", "send", &message, "-v"];
        machine.run_through_shell(&script, &send).exits(0);
        // Errors are written as well.
        let fails = ["-s", &dir, "chat", "show", "ffffffff", "--json"];
        machine.run_through_shell(&script, &fails).exits(4);
        assert_eq!(store.column(&["chat", "list"], "content").len(), number + 1);
        store.run(&["check"]).exits(0);
        let quick: String = Connection::open(store.dir.join("crdtctl.db"))
            .and_then(|db| db.query_row("PRAGMA integrity_check", [], |row| row.get(0)))
            .unwrap();
        assert_eq!(quick, "ok");
    }
}

#[test]
fn an_output_that_is_not_open_for_writing_is_an_error() {
    let machine = Machine::new("read-only output");
    let store = machine.group("s", &[]);
    std::fs::write(machine.path("in"), "x").unwrap();
    let script = format!("\"$@\" 1<'{}'", text(&machine.path("in")));
    let dir = text(&store.dir);
    unheard(&machine, &script, &["-s", &dir, "sync", "export", "-O", "-"]);
    let (_, error) = unheard(&machine, &script, &["-s", &dir, "chat", "send", "hi", "--json"]);
    assert_eq!(error["committed"], true);
}

#[test]
fn an_export_into_a_full_disk_leaves_the_old_file() {
    let machine = Machine::new("full export");
    let store = machine.group("s", &[]);
    let file = store.export("e.crdt");
    let old = std::fs::read(&file).unwrap();
    store.send("more");
    for blocks in [0, 1] {
        on_a_full_disk(&store, blocks, &["sync", "export", "--out", &file]).exits(74);
        assert_eq!(std::fs::read(&file).unwrap(), old);
        let beside = std::fs::read_dir(machine.path("")).unwrap();
        let names = beside.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert_eq!(names.filter(|name| name.starts_with(".crdtctl")).count(), 0);
    }
    let out = machine.path("out");
    let dir = text(&store.dir);
    let script = format!("trap '' XFSZ; ulimit -f 1; \"$@\" >'{}'", text(&out));
    unheard(&machine, &script, &["-s", &dir, "sync", "export", "-O", "-"]);
}

/// Faults of the local state: reading and writing report them, nothing panics, no document changes, and what
/// was committed is not thrown away.
#[test]
fn a_broken_local_state_is_named_and_left_as_it_is() {
    let machine = Machine::new("broken state");
    let killed = killed(&machine);
    let database = std::fs::read(killed.dir.join("crdtctl.db")).unwrap();
    let half = &database[..database.len() / 2];
    type Break<'b> = (&'b str, &'b str, Option<&'b [u8]>, i32);
    let cases: &[Break<'_>] = &[
        ("no file, but its log", "crdtctl.db", None, 5),
        ("an empty file, but its log", "crdtctl.db", Some(b""), 5),
        ("garbage", "crdtctl.db", Some(&[0x5a; 9000]), 5),
        ("a garbled index of the log", "crdtctl.db-shm", Some(&[0xff; 32_768]), 0),
        ("an index that is too short", "crdtctl.db-shm", Some(&[0xff; 100]), 0),
        ("no log", "crdtctl.db-wal", None, 0),
        ("a garbled log", "crdtctl.db-wal", Some(&[0x5a; 9000]), 0),
        ("a log that was cut", "crdtctl.db-wal", Some(&[0x5a; 20]), 0),
    ];
    for (number, (what, name, bytes, code)) in cases.iter().enumerate() {
        let dir = machine.path(&format!("broken-{number}"));
        copy_tree(&killed.dir, &dir);
        match bytes {
            Some(bytes) => std::fs::write(dir.join(name), bytes).unwrap(),
            None => std::fs::remove_file(dir.join(name)).unwrap(),
        }
        let store = machine.open(dir);
        let (before, documents) = (settled(&store), store.documents());
        let read = store.run(&["chat", "list", "-e", GROUP, "--json"]);
        read.exits(*code);
        let sent = store.run(&["chat", "send", "-e", GROUP, "more", "--json"]);
        sent.exits(*code);
        if *code == 0 {
            assert!(read.stdout.contains("hi"), "{what}: {read:?}");
            continue;
        }
        assert_eq!(
            (read.error()["code"].as_str(), store.documents()),
            (Some("corrupt"), documents)
        );
        assert_eq!(settled(&store), before, "{what}");
        // The command that `check` names restores the store, and keeps what was there.
        let found = store.run(&["check", "--json"]);
        let fix = found.exits(3).parsed()[0]["fix"].as_str().unwrap().to_owned();
        machine.shell(&fix);
        store.ok(&["chat", "send", "-e", GROUP, "more", "--as", ALICE]);
        assert!(store.ok(&["chat", "list", "-e", GROUP]).contains("hi"), "{what}");
        assert!(store.dir.join("crdtctl.db-wal.damaged").exists(), "{what}");
    }
    // A truncated file is noticed wherever the missing part is needed.
    let dir = machine.path("cut");
    copy_tree(&machine.path("live"), &dir);
    std::fs::write(dir.join("crdtctl.db"), half).unwrap();
    let store = machine.open(dir);
    let documents = store.documents();
    for args in [&["chat", "send", "-e", GROUP, "more"][..], &["log"], &["sync", "status"]] {
        let run = store.run(args);
        assert!([0, 5].contains(&run.code), "{args:?}: {run:?}");
    }
    let sent = store.run(&["chat", "send", "-e", GROUP, "more"]);
    sent.fails(5, "malformed");
    assert_eq!(store.documents(), documents);
}

#[test]
fn too_few_descriptors_are_an_io_error() {
    let machine = Machine::new("descriptors");
    let store = machine.group("s", &[]);
    store.send("hi");
    let dir = text(&store.dir);
    let (mut failed, mut done) = (0, 0);
    for limit in 3..16 {
        let script = format!("ulimit -n {limit}; exec \"$@\"");
        let before = store.column(&["chat", "list"], "content").len();
        for args in [&["chat", "list", "--json"][..], &["chat", "send", "more", "--json"]] {
            let args = [&["-s", dir.as_str()], args].concat();
            let run = machine.run_through_shell(&script, &args);
            // Below that the system cannot even load the program.
            if run.stderr.contains("shared libraries") {
                continue;
            }
            assert!([0, 74].contains(&run.code), "{limit}: {args:?}: {run:?}");
            *(if run.code == 0 { &mut done } else { &mut failed }) += 1;
            let after = store.column(&["chat", "list"], "content").len();
            let sent = usize::from(run.code == 0 && args.contains(&"send"));
            assert_eq!(after - before, sent, "{limit}: {args:?}: {run:?}");
        }
        store.run(&["check"]).exits(0);
    }
    assert!(failed > 1 && done > 3, "{failed} failed, {done} were done");
}

#[test]
fn a_directory_that_is_gone_is_no_place_for_a_store() {
    let machine = Machine::new("gone");
    let gone = machine.path("gone");
    let gone = text(&gone);
    let script = format!("mkdir -p '{gone}' && cd '{gone}' && rmdir '{gone}' && \"$@\"");
    for args in [
        &["init", "--as", ALICE][..],
        &["init", "below/it", "--as", ALICE],
        &["-s", "below", "chat", "list"],
        &["chat", "list"],
        &["demo"],
        &["man", "--out", "pages"],
    ] {
        let run = machine.run_through_shell(&script, args);
        assert!([4, 74].contains(&run.code), "{args:?}: {run:?}");
        assert_eq!(run.stderr.matches("error: ").count(), 1, "{run:?}");
    }
}

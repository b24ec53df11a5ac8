//! Disks that are full, files that cannot be used, and outputs that fail: what is said, and what
//! holds all the same.

use crate::support::*;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Runs a command that can write no file larger than so many blocks of 512 bytes: a disk that is
/// full, for root too.
pub fn on_a_full_disk(store: &Store<'_>, blocks: u32, args: &[&str]) -> Run {
    let dir = text(&store.dir);
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    store.machine.run_through_shell(&script, &[&["-s", dir.as_str()], args].concat())
}

/// A store with two entities, and a copy of it as a process that was killed leaves it: which of the
/// entities is meant by default stands only in SQLite's log.
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

/// The files of a store, but for what SQLite begins beside its own and has no room for.
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

/// Whoever runs this may write anywhere: what cannot be written is a directory instead.
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
    let send = ["-s", &dir, "chat", "send", "more"];
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
    // As on a file system where SQLite cannot have its log, and has a journal of what to undo.
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

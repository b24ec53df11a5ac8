//! Exit codes: a failure is named, and leaves everything as it was.

use crate::disk::on_a_full_disk;
use crate::support::*;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn an_error_is_one_object_for_programs() {
    let machine = Machine::new("object");
    let store = machine.group("s", &[BOB]);
    for (args, exit, code) in [
        (&["member", "remove", ALICE][..], 1, "refused"),
        (&["chat", "send", ""], 2, "usage"),
        (&["chat", "show", "ffffffff"], 4, "not-found"),
        (&["sync", "import", "nowhere.crdt"], 4, "not-found"),
    ] {
        for json in [&["--json"][..], &["-o", "ndjson"]] {
            let run = store.run(&[args, json].concat());
            run.fails(exit, "");
            let error = run.error();
            assert_eq!((&error["code"], &error["exit"]), (&json!(code), &json!(exit)), "{args:?}");
            let message = error["message"].as_str().unwrap();
            assert!(run.stderr.starts_with(&format!("error: {message}\n")), "{}", run.stderr);
            assert!(error["hint"].is_string() || error["hint"] == Value::Null);
        }
        let run = store.run(args);
        assert!(!run.fails(exit, "").stderr.contains('{'), "{}", run.stderr);
        let first = run.stderr.lines().next().unwrap();
        assert!(first.starts_with("error: ") && !first.ends_with('.'), "{first}");
    }
}

/// Damages a document of a store; every command that needs it must fail with exit 5, and write nothing.
#[track_caller]
fn corrupt(store: &Store<'_>, document: &Path, bytes: &[u8], what: &str) {
    std::fs::write(document, bytes).unwrap();
    let before = store.files();
    for args in [
        &["chat", "list", "-e", GROUP][..],
        &["chat", "send", "hi", "-e", GROUP],
        &["doc", "dump", &format!("{GROUP}:chat")],
        &["digest"],
    ] {
        let run = store.run(&[args, &["--json"]].concat());
        assert_eq!(run.code, 5, "{what}: {args:?}: {run:?}");
        assert_eq!(run.error()["code"], "corrupt", "{what}: {args:?}");
        assert_eq!(run.stdout, "", "{what}: {args:?}");
        assert_eq!(store.documents(), before_documents(&before), "{what}: {args:?}");
    }
    // A command over every document does the rest, and says which one is left out.
    let run = store.run(&["prune", "--json"]);
    assert_eq!(run.code, 5, "{what}: {run:?}");
    assert!(run.stderr.contains(&format!("{GROUP}:chat is left out")), "{what}: {}", run.stderr);
    assert_eq!(std::fs::read(document).unwrap(), bytes, "{what}");
    // The others can be read, and the damaged one is still listed.
    store.json(&["member", "list", "-e", GROUP]);
    let list = store.run(&["doc", "list", "--json"]);
    assert!(column(&list.json(), "doc_id").contains(&format!("{GROUP}:chat")), "{what}");
}

fn before_documents(
    files: &std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>,
) -> std::collections::BTreeMap<std::path::PathBuf, Vec<u8>> {
    let mut documents = files.clone();
    documents.retain(|path, _| path.extension().is_some_and(|e| e == "yrs"));
    documents
}

#[test]
fn a_damaged_document_is_never_overwritten() {
    let machine = Machine::new("damaged");
    let real = machine.fixture("real-store");
    machine.run(&["init", &text(&real.dir), "--as", "deborah-shanghai-khartoum-price"]).ok();
    let own = machine.group("own", &[]);
    own.send("hi");
    for store in [&own, &real] {
        let chat = store.document(&format!("{GROUP}:chat"));
        let whole = std::fs::read(&chat).unwrap();
        corrupt(store, &chat, &whole[..whole.len() / 2], "cut in half");
        corrupt(store, &chat, &whole[..whole.len() - 1], "one byte short");
        corrupt(store, &chat, &[&whole[..], b"x"].concat(), "one byte long");
        corrupt(store, &chat, b"", "emptied");
        corrupt(store, &chat, &[0xff; 64], "overwritten");
        // The first block's header.
        let mut flipped = whole.clone();
        flipped[0] ^= 0x40;
        corrupt(store, &chat, &flipped, "a flipped bit");
        std::fs::write(&chat, &whole).unwrap();
        store.json(&["chat", "list", "-e", GROUP]);
    }
}

#[test]
fn a_flipped_bit_is_seen_or_harmless() {
    let machine = Machine::new("flips");
    let store = machine.group("s", &[]);
    store.send("hi");
    let chat = store.document(&format!("{GROUP}:chat"));
    let whole = std::fs::read(&chat).unwrap();
    for at in (0..whole.len()).step_by(17) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        std::fs::write(&chat, &flipped).unwrap();
        for args in [&["chat", "list"][..], &["chat", "send", "more"]] {
            // Text that another program changed is still text; what breaks the format is corrupt.
            let run = store.run(args);
            assert!([0, 5].contains(&run.code), "byte {at}: {run:?}");
            if run.code == 5 {
                assert_eq!(std::fs::read(&chat).unwrap(), flipped, "byte {at}");
            }
        }
        std::fs::write(&chat, &whole).unwrap();
    }
}

#[test]
fn a_damaged_database_is_never_overwritten() {
    let machine = Machine::new("database");
    let store = machine.group("s", &[]);
    store.send("hi");
    let database = store.dir.join("crdtctl.db");
    std::fs::write(&database, b"this is no database, and long enough to look like one").unwrap();
    for side in ["crdtctl.db-wal", "crdtctl.db-shm"] {
        drop(std::fs::remove_file(store.dir.join(side)));
    }
    let before = store.files();
    store.run(&["chat", "send", "more"]).fails(5, "crdtctl.db");
    store.run(&["chat", "list"]).exits(5);
    assert_eq!(store.files(), before);
}

#[test]
fn a_newer_database_is_left_to_a_newer_program() {
    let machine = Machine::new("newer");
    let store = machine.group("s", &[]);
    let database = Connection::open(store.dir.join("crdtctl.db")).unwrap();
    database.pragma_update(None, "user_version", 9_999).unwrap();
    drop(database);
    let run = store.run(&["chat", "send", "hi"]);
    run.fails(1, "newer");
}

#[test]
fn who_only_reads_keeps_nobody_from_writing() {
    let machine = Machine::new("readers");
    let store = machine.group("s", &[]);
    let dir = text(&store.dir);
    let reading = || {
        let mut reader = machine.command(&["-s", &dir, "member", "list"]);
        reader.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    for _ in 0..40 {
        let readers = [reading(), reading()];
        store.ok(&["chat", "send", "hi", "--lock-wait", "0s"]);
        assert!(readers.into_iter().all(|mut reader| reader.wait().unwrap().success()));
    }
}

#[test]
fn a_locked_store_is_waited_for_and_then_named() {
    let machine = Machine::new("locked");
    let store = machine.group("s", &[]);
    let documents = store.documents();
    let holder = Connection::open(store.dir.join("crdtctl.db")).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    for args in [
        &["chat", "send", "hi"][..],
        &["member", "add", BOB],
        &["prune"],
        &["entity", "use", GROUP],
    ] {
        let run = store.run(&[args, &["--lock-wait", "0s", "--json"]].concat());
        run.fails(8, "");
        assert_eq!(run.error()["code"], "locked", "{args:?}");
    }
    assert_eq!(store.documents(), documents);
    // Reading still works.
    assert_eq!(store.column(&["member", "list"], "member_id"), [ALICE]);
    let started = Instant::now();
    store.run(&["chat", "send", "hi", "--lock-wait", "700ms"]).fails(8, "");
    assert!(started.elapsed() >= Duration::from_millis(600), "{:?}", started.elapsed());
    // It waits as long as it may, and continues when the lock is free.
    let dir = text(&store.dir);
    let mut waiting =
        machine.command(&["-s", &dir, "chat", "send", "at last", "--lock-wait", "30s"]);
    let mut waiting = waiting.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // Another command that waits and gives up serves as a timer: the first has begun, and still waits.
    store.run(&["chat", "send", "hi", "--lock-wait", "300ms"]).fails(8, "");
    assert!(waiting.try_wait().unwrap().is_none(), "it waits");
    holder.execute_batch("ROLLBACK").unwrap();
    assert!(waiting.wait().unwrap().success());
    assert_eq!(store.column(&["chat", "list"], "content"), ["at last"]);
}

/// A command as a user whom permissions bind: the tests may run as root, whom they do not. `None`, with a
/// notice, if that user cannot start the binary.
pub fn unprivileged(machine: &Machine, args: &[&str]) -> Option<Run> {
    let command = machine.command(args);
    let mut command = if is_root() { as_user(machine, NOBODY, command)? } else { command };
    // The machine's own temporary directory is closed to others.
    command.env("TMPDIR", std::env::temp_dir());
    Some(machine.finish(command, args, None))
}

pub const NOBODY: u32 = 65_534;

pub fn is_root() -> bool {
    std::fs::write("/proc/self/oom_score_adj", "0").is_ok()
        && std::fs::metadata("/proc/self")
            .is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0)
}

/// A command of the machine as another user; `None`, with a notice, if that user cannot start the binary.
/// Only root may do that.
pub fn as_user(
    machine: &Machine,
    user: u32,
    command: std::process::Command,
) -> Option<std::process::Command> {
    // Opens every directory above the test's temporary directory to everybody.
    let root = machine.path("");
    std::fs::set_permissions(&root, PermissionsExt::from_mode(0o755)).unwrap();
    // The build directory may be closed to others; a copy of the binary is not.
    let copy = machine.path("crdtctl-for-others");
    if !copy.exists() {
        // Copied by another process: a file that this one holds open for writing is inherited by children of
        // other tests, and then cannot be executed.
        machine.shell(&format!("cp '{}' '{}'", env!("CARGO_BIN_EXE_crdtctl"), text(&copy)));
        std::fs::set_permissions(&copy, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let as_other = || {
        let mut other = std::process::Command::new(&copy);
        other.env_clear().current_dir(&root).stdin(Stdio::null()).uid(user).gid(user);
        other
    };
    if as_other().arg("--version").output().is_err() {
        skipped("cannot start a command as another user");
        return None;
    }
    let mut other = as_other();
    other.args(command.get_args());
    other.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Some(other)
}

/// Removes write permission from a directory and everything below it.
fn make_read_only(dir: &Path) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            make_read_only(&path);
        } else {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o444)).unwrap();
        }
    }
    std::fs::set_permissions(dir, PermissionsExt::from_mode(0o555)).unwrap();
}

/// Restores it, so that the temporary directory can be removed.
fn make_writable(dir: &Path) {
    std::fs::set_permissions(dir, PermissionsExt::from_mode(0o755)).unwrap();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            make_writable(&path);
        }
    }
}

#[test]
fn a_read_only_store_is_read_and_not_written() {
    let machine = Machine::new("read-only");
    let real = machine.fixture("real-store");
    let own = machine.group("own", &[BOB]);
    let gone = own.send("hi");
    own.send("stays");
    own.ok(&["chat", "delete", &gone]);
    let news = machine.group("other", &[]).export("news.crdt");
    machine.shell(&format!("chmod a+r '{news}'"));
    for store in [&real, &own] {
        make_read_only(&store.dir);
        let (before, dir) = (store.files(), text(&store.dir));
        let chat = format!("{GROUP}:chat");
        for args in [
            &["doc", "list"][..],
            &["doc", "dump", &chat],
            &["chat", "list", "-e", GROUP],
            &["member", "list", "-e", GROUP],
            &["entity", "list"],
            &["tombstone", "list"],
            &["digest"],
            &["sync", "status"],
            &["sync", "export", "-O", "-"],
            // What would be written can be seen all the same.
            &["prune", "-n"],
            &["sync", "import", "-n", &news],
        ] {
            let Some(run) = unprivileged(&machine, &[&["-s", &dir], args].concat()) else { return };
            run.exits(0);
        }
        let write = ["-s", &dir, "prune", "--json"];
        if let Some(run) = unprivileged(&machine, &write) {
            run.exits(74);
            assert_eq!(run.error()["code"], "io");
        }
        make_writable(&store.dir);
        assert_eq!(store.files(), before);
    }
}

#[test]
fn a_store_that_cannot_be_made_is_an_io_error() {
    let machine = Machine::new("init io");
    std::fs::write(machine.path("file"), "x").unwrap();
    machine.run(&["init", "file/below", "--as", ALICE]).fails(74, "");
    machine.run(&["init", "file", "--as", ALICE]).fails(74, "");
    let store = machine.group("s", &[]);
    store.run(&["sync", "export", "-O", "no/such/folder/x.crdt"]).fails(74, "x.crdt");
    let run = store.run(&["sync", "export", "-O", &text(&machine.path(""))]);
    run.fails(74, "");
}

#[test]
fn a_full_disk_before_the_commit_leaves_the_old_state() {
    let machine = Machine::new("full");
    let store = machine.group("s", &[]);
    store.send("one");
    let (documents, digest) = (store.documents(), store.digest());
    let run = on_a_full_disk(&store, 0, &["chat", "send", "two", "--json"]);
    run.exits(74);
    assert_eq!(run.error()["code"], "io");
    assert_eq!(store.documents(), documents);
    assert_eq!(store.digest(), digest);
    store.send("three");
    assert_eq!(store.column(&["chat", "list"], "content").len(), 2);
    let file = text(&machine.path("e.crdt"));
    on_a_full_disk(&store, 0, &["sync", "export", "-O", &file]).exits(74);
    assert!(!Path::new(&file).exists());
}

#[test]
fn a_full_disk_after_the_commit_loses_nothing() {
    let machine = Machine::new("full later");
    let store = machine.fixture("real-store");
    let dir = text(&store.dir);
    machine.run(&["init", &dir, "--as", "deborah-shanghai-khartoum-price"]).ok();
    // The first write takes the application's file into the log.
    store.ok(&["-e", GROUP, "chat", "send", "before"]);
    let chat = store.document(&format!("{GROUP}:chat"));
    let before = std::fs::read(&chat).unwrap();
    // Room for the log, but not for a document of 664 KB.
    let run = on_a_full_disk(&store, 600, &["-e", GROUP, "chat", "send", "still here"]);
    let id = run.ok();
    assert!(run.stderr.lines().count() > 1, "it says so: {}", run.stderr);
    assert_eq!(std::fs::read(&chat).unwrap(), before);
    assert_eq!(store.json(&["-e", GROUP, "chat", "show", &id])["content"], "still here");
    // The next write brings the file up to date, and leaves nothing behind.
    store.ok(&["-e", GROUP, "chat", "send", "and more"]);
    let messages = crate::oracle::Plain::read(&chat).map("messages");
    assert_eq!(messages[&id]["content"], "still here");
    let left: Vec<_> =
        store.files().into_keys().filter(|path| text(path).contains("tmp")).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Whether processes started here ignore a signal, as in the background of a script.
fn is_ignored(signal: &str) -> bool {
    let number = if signal == "INT" { 2 } else { 15 };
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (number - 1) & 1 == 1)
}

#[test]
fn an_interrupted_command_has_not_happened() {
    let machine = Machine::new("interrupted");
    let store = machine.group("s", &[]);
    let documents = store.documents();
    let dir = text(&store.dir);
    machine.shell("mkfifo lines");
    for signal in ["INT", "TERM"] {
        if is_ignored(signal) {
            eprintln!("NOTICE: SIG{signal} is ignored where the tests were started, and not tried");
            continue;
        }
        let lines = text(&machine.path("lines"));
        let mut command = machine.command(&["-s", &dir, "batch", &lines]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // It opens when the other end has opened it, and so waits for lines.
        let stdin = std::fs::OpenOptions::new().write(true).open(&lines).unwrap();
        let pid = child.id().to_string();
        std::process::Command::new("kill").args(["-s", signal, &pid]).status().unwrap();
        let status = child.wait().unwrap();
        drop(stdin);
        let by_signal = std::os::unix::process::ExitStatusExt::signal(&status);
        let expected = if signal == "INT" { (130, 2) } else { (143, 15) };
        assert!(
            status.code() == Some(expected.0)
                || status.code() == Some(130)
                || by_signal == Some(expected.1),
            "{signal}: {status:?}"
        );
    }
    assert_eq!(store.documents(), documents);
    store.send("after");
    assert_eq!(store.column(&["chat", "list"], "content"), ["after"]);
}

#[test]
fn files_that_are_no_documents_are_no_failure() {
    let machine = Machine::new("strange files");
    let store = machine.group("s", &[]);
    store.send("hi");
    let group = store.dir.join("crdt/group");
    std::fs::write(group.join("notes.txt"), "not ours").unwrap();
    std::fs::write(group.join("zz.yrs"), [0, 0]).unwrap();
    std::fs::write(group.join("67726f75703a783a636f7265.yrs.tmp"), "half").unwrap();
    std::fs::create_dir(group.join("folder.yrs")).unwrap();
    let list = store.json(&["doc", "list"]);
    assert_eq!(column(&list, "concern"), ["chat", "core"]);
    store.send("again");
    assert!(group.join("notes.txt").is_file() && group.join("zz.yrs").is_file());
}

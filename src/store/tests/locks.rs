//! One writer at a time, who is named to the others.

use super::*;

#[test]
fn the_second_session_hears_who_has_the_lock() {
    let bench = Bench::new();
    let store = bench.init("store");
    let first = store.session(write("chat send")).unwrap();
    let error = bench.open("store").session(write("set")).err().unwrap();
    assert_eq!(error.kind, Kind::Locked);
    assert!(error.message.contains("`chat send`"), "{}", error.message);
    assert!(error.message.contains(&std::process::id().to_string()));
    drop(first);
    assert!(bench.open("store").session(write("set")).is_ok());
}

#[test]
fn a_foreign_program_on_the_database_locks_us_out() {
    let bench = Bench::new();
    let store = bench.init("store");
    let db = Connection::open(store.dir().join("crdtctl.db")).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.session(write("set")).err().unwrap();
    assert_eq!(error.kind, Kind::Locked);
    assert!(error.message.contains("another process"), "{}", error.message);
    // Reading still works.
    assert!(store.reader().unwrap().documents().is_ok());
    db.execute_batch("ROLLBACK").unwrap();
    assert!(store.session(write("set")).is_ok());
}

#[test]
fn a_note_of_a_dead_holder_is_no_lock() {
    let bench = Bench::new();
    let store = bench.init("store");
    fs::write(store.dir().join("crdtctl.holder"), "{\"pid\":1}").unwrap();
    assert!(store.session(write("set")).is_ok());
    assert!(!store.dir().join("crdtctl.holder").exists());
}

#[test]
fn every_write_of_many_writers_is_kept() {
    const WRITERS: usize = 4;
    const WRITES: usize = 5;
    let bench = Bench::new();
    bench.init("store");
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let bench = &bench;
            scope.spawn(move || {
                let wait = Duration::from_secs(60);
                let environment =
                    bench.on(Machine { lock_wait: wait, ..bench.environment().machine });
                let store = bench.open_as("store", environment);
                for n in 0..WRITES {
                    let key = format!("{writer}.{n}");
                    let committed = set(&store, &doc("core"), &key, "yes");
                    assert_eq!(committed.notes, Vec::<String>::new());
                    assert_eq!(get(&store, &doc("core"), &key).as_deref(), Some("yes"));
                }
            });
        }
    });
    let store = bench.open("store");
    let view = store.reader().unwrap().view(&doc("core")).unwrap().unwrap();
    assert_eq!(view.keys(&["metadata"]).len(), WRITERS * WRITES);
    assert_eq!(client_ids(&store, &doc("core")), 1, "one replica, one client id");
}

#[cfg(unix)]
#[test]
fn a_medium_that_cannot_be_written_can_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let store = bench.init("store");
    set(&store, &doc("core"), "name", "one");
    // Once at rest, and once as a killed process leaves it, with an SQLite log.
    for value in ["one", "two"] {
        if value == "two" {
            let mut session = store.session(write("set")).unwrap();
            session.edit(&doc("core"), |txn| txn.set(&["metadata"], "name", "two")).unwrap();
            std::mem::forget(Connection::open(store.dir().join("crdtctl.db")).unwrap());
            session.commit_and_die();
        }
        let medium = bench.path(&format!("medium {value}#?%"));
        copy_dir(store.dir(), &medium);
        let lock = |mode| fs::set_permissions(&medium, fs::Permissions::from_mode(mode));
        lock(0o555).unwrap();
        if fs::write(medium.join("probe"), "").is_ok() {
            eprintln!("skipped: this user can write anywhere");
            return;
        }
        let before = listing(&medium);
        let read = get(&bench.open(&format!("medium {value}#?%")), &doc("core"), "name");
        assert_eq!(read.as_deref(), Some(value));
        assert_eq!(listing(&medium), before);
        let error = bench.open(&format!("medium {value}#?%")).session(write("set")).err();
        assert_eq!(error.unwrap().kind, Kind::Io);
        lock(0o755).unwrap();
    }
}

#[test]
fn a_reader_leaves_no_trace() {
    let bench = Bench::new();
    let store = bench.init("store");
    set(&store, &doc("core"), "name", "one");
    let before = listing(store.dir());
    assert_eq!(get(&store, &doc("core"), "name").as_deref(), Some("one"));
    assert_eq!(listing(store.dir()), before);
}

//! Programs that write the files themselves.

use super::*;

#[test]
fn what_they_wrote_and_what_we_wrote_both_stay() {
    let bench = Bench::new();
    let store = bench.init("store");
    set(&store, &doc("core"), "a", "ours");
    let old = fs::read(file(&store, &doc("core"))).unwrap();
    set(&store, &doc("core"), "b", "ours");
    // Another program had the old state open, and saves it over our second change.
    fs::write(file(&store, &doc("core")), foreign_edit(&old, "c", "theirs")).unwrap();
    for (key, value) in [("a", "ours"), ("b", "ours"), ("c", "theirs")] {
        assert_eq!(get(&store, &doc("core"), key).as_deref(), Some(value), "read before");
    }
    let committed = set(&store, &doc("core"), "d", "ours");
    assert_eq!(committed.notes.len(), 1, "{:?}", committed.notes);
    for (key, value) in [("a", "ours"), ("b", "ours"), ("c", "theirs"), ("d", "ours")] {
        assert_eq!(get(&store, &doc("core"), key).as_deref(), Some(value));
    }
}

#[test]
fn what_they_wrote_is_in_the_log_once_it_is_taken_in() {
    let bench = Bench::new();
    let store = bench.init("store");
    let after = |seq| store.reader().unwrap().log_after(&doc("core"), seq).unwrap();
    let commands = |seq| -> Option<Vec<String>> {
        Some(after(seq)?.into_iter().map(|row| row.command).collect())
    };
    set(&store, &doc("core"), "a", "ours");
    assert_eq!(after(0).map(|rows| rows.len()), Some(1));
    let old = fs::read(file(&store, &doc("core"))).unwrap();
    fs::write(file(&store, &doc("core")), foreign_edit(&old, "b", "theirs")).unwrap();
    assert!(after(1).is_none(), "their write is in no row yet");
    let committed = set(&store, &doc("core"), "c", "ours");
    assert_eq!(committed.seq, Some(3));
    assert_eq!(committed.notes, ["adopted group:ocean:core"]);
    assert_eq!(commands(0).unwrap(), ["set", "adopt", "set"]);
    assert_eq!(commands(1).unwrap(), ["adopt", "set"]);
    assert_eq!(after(3).map(|rows| rows.len()), Some(0));
    // An older file without any of it loses nothing.
    fs::write(file(&store, &doc("core")), &old).unwrap();
    assert!(set(&store, &doc("core"), "d", "ours").notes.is_empty(), "it brought nothing");
    for (key, value) in [("a", "ours"), ("b", "theirs"), ("c", "ours"), ("d", "ours")] {
        assert_eq!(get(&store, &doc("core"), key).as_deref(), Some(value));
    }
    fs::remove_file(file(&store, &doc("core"))).unwrap();
    assert_eq!(get(&store, &doc("core"), "b").as_deref(), Some("theirs"), "of the log alone");
}

#[test]
fn a_look_writes_down_what_they_wrote_and_is_no_command() {
    let bench = Bench::new();
    let store = bench.init("store");
    set(&store, &doc("core"), "a", "ours");
    let old = fs::read(file(&store, &doc("core"))).unwrap();
    fs::write(file(&store, &doc("core")), foreign_edit(&old, "b", "theirs")).unwrap();
    let before = listing(&bench.path(""));
    let dry = Open { dry_run: true, ..write("look") };
    let mut session = store.session(dry).unwrap();
    session.view(&doc("core")).unwrap();
    session.commit().unwrap();
    assert!(before == listing(&bench.path("")), "a dry run wrote");
    let mut session = store.session(write("look")).unwrap();
    session.view(&doc("core")).unwrap();
    let committed = session.commit().unwrap();
    assert_eq!(committed.seq, None);
    assert_eq!(committed.notes, ["adopted group:ocean:core"]);
    let mut session = store.session(write("look")).unwrap();
    session.view(&doc("core")).unwrap();
    assert_eq!(session.commit().unwrap().notes, Vec::<String>::new());
    let rows = store.reader().unwrap().log_after(&doc("core"), 0).unwrap().unwrap();
    assert_eq!(rows.len(), 2);
}

#[test]
fn a_document_from_before_us_is_in_the_log_with_our_first_write() {
    let bench = Bench::new();
    let store = bench.init("store");
    let path = file(&store, &doc("core"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, foreign_edit(&[0, 0], "a", "theirs")).unwrap();
    let committed = set(&store, &doc("core"), "b", "ours");
    assert_eq!(committed.notes, Vec::<String>::new());
    let reader = store.reader().unwrap();
    let rows = reader.state().unwrap().log_after(&doc("core"), 0).unwrap().unwrap();
    assert_eq!(rows.iter().map(|row| &row.command).collect::<Vec<_>>(), ["adopt", "set"]);
    fs::remove_file(path).unwrap();
    assert_eq!(get(&store, &doc("core"), "a").as_deref(), Some("theirs"), "of the log alone");
}

/// After 90 days the log has lost its beginning. What another program then writes is logged whole, and
/// from there on the log is complete again.
#[test]
fn a_log_without_its_beginning_begins_anew_with_their_file() {
    let bench = Bench::new();
    let at = |day: i64| {
        let clock = Clock::fixed(NOW + day * 86_400);
        bench.open_as("store", bench.on(Machine { clock, ..bench.environment().machine }))
    };
    bench.init("store");
    set(&at(0), &doc("core"), "a", "ours");
    set(&at(100), &doc("core"), "b", "ours");
    let store = at(101);
    let after = |seq| store.reader().unwrap().log_after(&doc("core"), seq).unwrap();
    assert!(after(0).is_none(), "the first row is gone");
    let old = fs::read(file(&store, &doc("core"))).unwrap();
    set(&store, &doc("core"), "c", "ours");
    fs::write(file(&store, &doc("core")), foreign_edit(&old, "d", "theirs")).unwrap();
    let committed = set(&store, &doc("core"), "e", "ours");
    assert_eq!(committed.notes, ["adopted group:ocean:core"]);
    fs::remove_file(file(&store, &doc("core"))).unwrap();
    for (key, value) in [("a", "ours"), ("c", "ours"), ("d", "theirs"), ("e", "ours")] {
        assert_eq!(get(&store, &doc("core"), key).as_deref(), Some(value));
    }
    set(&store, &doc("core"), "f", "ours");
    let new = fs::read(file(&store, &doc("core"))).unwrap();
    fs::write(file(&store, &doc("core")), foreign_edit(&new, "g", "theirs")).unwrap();
    set(&store, &doc("core"), "h", "ours");
    let whole: Vec<usize> =
        after(committed.seq.unwrap()).unwrap().iter().map(|row| row.update.len()).collect();
    assert!(whole.iter().all(|bytes| *bytes < new.len()), "{whole:?}: logged whole again");
}

#[test]
fn a_file_that_does_not_decode_is_never_overwritten() {
    let bench = Bench::new();
    let store = bench.init("store");
    set(&store, &doc("core"), "a", "ours");
    set(&store, &doc("chat"), "a", "ours");
    fs::write(file(&store, &doc("core")), "no document").unwrap();
    let before = listing(&bench.path(""));
    let mut session = store.session(write("set")).unwrap();
    let failed = session.edit(&doc("core"), |txn| txn.set(&["metadata"], "a", "b"));
    let error = failed.unwrap_err();
    assert_eq!(error.kind, Kind::Corrupt);
    assert!(error.hint.is_some());
    drop(session);
    assert_eq!(store.reader().unwrap().view(&doc("core")).err().unwrap().kind, Kind::Corrupt);
    assert_eq!(listing(&bench.path("")), before);
    // Other documents can still be used.
    set(&store, &doc("chat"), "a", "still");
}

#[test]
fn an_older_state_that_the_log_cannot_complete_is_refused() {
    let bench = Bench::new();
    let store = bench.init("store");
    set(&store, &doc("core"), "a", "1");
    let old = fs::read(file(&store, &doc("core"))).unwrap();
    set(&store, &doc("core"), "b", "2");
    set(&store, &doc("core"), "c", "3");
    let db = Connection::open(store.dir().join("crdtctl.db")).unwrap();
    db.execute("DELETE FROM log WHERE seq = 2", []).unwrap();
    drop(db);
    fs::write(file(&store, &doc("core")), &old).unwrap();
    let error = store.reader().unwrap().view(&doc("core")).err().unwrap();
    assert_eq!(error.kind, Kind::Corrupt);
    assert!(error.message.contains("log entry 3"), "{}", error.message);
    assert_eq!(fs::read(file(&store, &doc("core"))).unwrap(), old);
}

#[test]
fn one_client_id_with_two_contents_is_a_fork() {
    let bench = Bench::new();
    let store = bench.init("store");
    set(&store, &doc("core"), "a", "1");
    let old = fs::read(file(&store, &doc("core"))).unwrap();
    set(&store, &doc("core"), "b", "ours");
    let client = store.reader().unwrap().view(&doc("core")).unwrap().unwrap();
    let client = *client.version().clocks.keys().next().unwrap();
    let mut copy = crate::crdt::doc::Doc::load(&checked(&old), client).unwrap();
    copy.edit(|txn| txn.set(&["metadata"], "b", "theirs")).unwrap();
    let theirs = copy.encode().unwrap().0;
    fs::write(file(&store, &doc("core")), &theirs).unwrap();
    let mut session = store.session(write("set")).unwrap();
    let failed = session.edit(&doc("core"), |txn| txn.set(&["metadata"], "c", "3"));
    assert_eq!(failed.unwrap_err().kind, Kind::Forked);
    drop(session);
    assert_eq!(fs::read(file(&store, &doc("core"))).unwrap(), theirs);
}

#[test]
fn a_damaged_document_with_unfolded_rows_does_not_stop_the_others() {
    let bench = Bench::new();
    let store = bench.init("store");
    set(&store, &doc("core"), "a", "ours");
    let mut session = store.session(write("set")).unwrap();
    session.edit(&doc("core"), |txn| txn.set(&["metadata"], "b", "ours")).unwrap();
    session.commit_and_die();
    let good = fs::read(file(&store, &doc("core"))).unwrap();
    fs::write(file(&store, &doc("core")), "no document").unwrap();
    let committed = set(&store, &doc("chat"), "a", "ours");
    assert!(committed.notes.iter().any(|note| note.contains("group:ocean:core")));
    assert_eq!(fs::read(file(&store, &doc("core"))).unwrap(), b"no document");
    fs::write(file(&store, &doc("core")), good).unwrap();
    assert_eq!(get(&store, &doc("core"), "b").as_deref(), Some("ours"));
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let bench = Bench::new();
    let store = bench.init("store");
    let outside = bench.path("outside");
    fs::create_dir_all(&outside).unwrap();
    std::os::unix::fs::symlink(&outside, store.dir().join("crdt/group")).unwrap();
    let mut session = store.session(write("set")).unwrap();
    let failed = session.edit(&doc("core"), |txn| txn.set(&["metadata"], "a", "b"));
    assert_eq!(failed.unwrap_err().kind, Kind::Refused);
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    assert_eq!(store.reader().unwrap().problems().unwrap().len(), 1);
}

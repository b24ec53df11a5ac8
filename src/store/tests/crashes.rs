//! A command that dies after its commit.

use super::*;

fn killed_after_commit(bench: &Bench) -> Store {
    let store = bench.init("store");
    set(&store, &doc("core"), "name", "one");
    let mut session = store.session(write("set")).unwrap();
    session.edit(&doc("core"), |txn| txn.set(&["metadata"], "name", "two")).unwrap();
    session.edit(&doc("chat"), |txn| txn.set(&["metadata"], "name", "new")).unwrap();
    session.commit_and_die();
    store
}

#[test]
fn a_command_that_was_committed_has_happened() {
    let bench = Bench::new();
    let store = killed_after_commit(&bench);
    assert!(!file(&store, &doc("chat")).exists());
    assert_eq!(get(&store, &doc("core"), "name").as_deref(), Some("two"));
    assert_eq!(get(&store, &doc("chat"), "name").as_deref(), Some("new"));
    assert_eq!(store.reader().unwrap().documents().unwrap().len(), 2);
}

#[test]
fn the_next_session_folds_even_if_it_is_dropped() {
    let bench = Bench::new();
    let store = killed_after_commit(&bench);
    drop(store.session(write("nothing")).unwrap());
    let bytes = fs::read(file(&store, &doc("chat"))).unwrap();
    let view = crate::crdt::view::View::of(&checked(&bytes));
    assert_eq!(view.text(&["metadata", "name"]).as_deref(), Some("new"));
    let reader = store.reader().unwrap();
    assert!(reader.state().unwrap().unfolded_documents().unwrap().is_empty());
    assert!(reader.log_after(&doc("core"), 1).unwrap().is_some(), "the log is still whole");
}

#[test]
fn a_crash_between_the_rename_and_its_record_loses_nothing() {
    let bench = Bench::new();
    let store = killed_after_commit(&bench);
    let state = store.reader().unwrap().bytes(&doc("core")).unwrap().unwrap();
    fs::write(file(&store, &doc("core")), state).unwrap();
    fs::write(file(&store, &doc("core")).with_extension("yrs.tmp"), "torn").unwrap();
    assert_eq!(get(&store, &doc("core"), "name").as_deref(), Some("two"));
    set(&store, &doc("core"), "more", "yes");
    assert_eq!(get(&store, &doc("core"), "name").as_deref(), Some("two"));
    assert_eq!(get(&store, &doc("core"), "more").as_deref(), Some("yes"));
}

#[test]
fn a_crash_after_the_commit_leaves_the_replica_as_it_is() {
    let bench = Bench::new();
    let store = killed_after_commit(&bench);
    let before = replica(&store);
    assert_eq!(set(&store, &doc("core"), "more", "yes").notes, Vec::<String>::new());
    assert_eq!(replica(&store), before);
    assert_eq!(client_ids(&store, &doc("core")), 1);
}

/// The lease already says what the store would hold.
#[test]
fn a_crash_between_lease_and_commit_makes_a_new_replica() {
    let bench = Bench::new();
    let store = bench.init("store");
    set(&store, &doc("core"), "name", "one");
    let before = replica(&store);
    let mut session = store.session(write("set")).unwrap();
    session.edit(&doc("core"), |txn| txn.set(&["metadata"], "name", "two")).unwrap();
    session.pin_and_die();
    assert_eq!(get(&store, &doc("core"), "name").as_deref(), Some("one"));
    let committed = set(&store, &doc("core"), "more", "yes");
    assert!(committed.notes[0].contains("new replica"), "{:?}", committed.notes);
    assert_ne!(replica(&store), before);
    assert_eq!(client_ids(&store, &doc("core")), 2);
    assert_eq!(set(&store, &doc("core"), "more", "still").notes, Vec::<String>::new());
}

#[test]
fn a_file_that_cannot_be_written_is_a_note_and_no_loss() {
    let bench = Bench::new();
    let store = bench.init("store");
    // A file where the type directory should be.
    fs::write(store.dir().join("crdt/group"), "in the way").unwrap();
    let mut session = store.session(write("set")).unwrap();
    let failed = session.edit(&doc("core"), |txn| txn.set(&["metadata"], "a", "b"));
    assert_eq!(failed.unwrap_err().kind, Kind::Refused);
    drop(session);
    fs::remove_file(store.dir().join("crdt/group")).unwrap();
    // A directory that is not empty in the place to which the file is renamed.
    set(&store, &doc("core"), "name", "one");
    let meta = file(&store, &doc("core")).with_extension("meta");
    fs::remove_file(&meta).unwrap();
    fs::create_dir(&meta).unwrap();
    fs::write(meta.join("inside"), "").unwrap();
    let committed = set(&store, &doc("core"), "name", "two");
    assert_eq!(committed.seq, Some(2));
    assert_eq!(committed.notes.len(), 1, "{:?}", committed.notes);
    assert_eq!(get(&store, &doc("core"), "name").as_deref(), Some("two"));
    fs::remove_dir_all(&meta).unwrap();
    set(&store, &doc("core"), "more", "yes");
    assert_eq!(get(&store, &doc("core"), "name").as_deref(), Some("two"));
    assert!(meta.is_file());
}

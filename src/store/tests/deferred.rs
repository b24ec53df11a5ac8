//! Files whose writing is deferred: everything is read as if they had been written.

use super::indexed::{is_indexed, looked, paged, store_with_pages, whole};
use super::*;

/// The same store, with commands that defer writing files.
fn later(bench: &Bench) -> Store {
    let fold = Some(Fold::Later);
    bench.open_as("store", Environment { fold, ..bench.environment() })
}

fn file_of_core(store: &Store) -> Vec<u8> {
    fs::read(file(store, &doc("core"))).unwrap()
}

fn changes_left(store: &Store) -> u64 {
    store.reader().unwrap().unfolded().unwrap().iter().map(|one| one.changes).sum()
}

fn fold(store: &Store) {
    let session = store.folding_session(write("fold run")).unwrap();
    assert_eq!(session.commit().unwrap().notes, Vec::<String>::new());
}

/// What another program reads from the file alone.
fn in_file(store: &Store, key: &str) -> Option<String> {
    let bytes = file_of_core(store);
    crate::crdt::view::View::of(&checked(&bytes)).text(&["records", key, "text"])
}

#[test]
fn what_is_left_for_later_is_read_at_once() {
    let bench = Bench::new();
    store_with_pages(&bench);
    let store = later(&bench);
    let before = file_of_core(&store);
    for (round, key) in ["3", "7", "19", "3"].into_iter().enumerate() {
        let value = format!("{key} in round {round}");
        assert_eq!(paged(&store, key, &value).notes, Vec::<String>::new());
        assert!(is_indexed(&store), "round {round}");
        assert_eq!(looked(&store, key).as_deref(), Some(value.as_str()));
        assert_eq!(whole(&store, key).as_deref(), Some(value.as_str()));
        assert_eq!(looked(&store, "5").as_deref(), Some("old"));
        assert!(before == file_of_core(&store), "round {round}: the file was written");
    }
    assert_eq!(changes_left(&store), 4);
    let (version, digest) = seen_by_all(&store);
    fold(&store);
    assert_eq!(changes_left(&store), 0);
    assert_eq!(seen_by_all(&store), (version, digest));
    assert_eq!(in_file(&store, "3").as_deref(), Some("3 in round 3"));
    assert!(is_indexed(&store), "where the pages stand is known of the file that was written");
    paged(&store, "3", "after");
    assert_eq!(looked(&store, "3").as_deref(), Some("after"));
}

fn seen_by_all(store: &Store) -> (crate::wire::Version, String) {
    let view = store.reader().unwrap().view(&doc("core")).unwrap().unwrap();
    (view.version().clone(), format!("{:?}", view.digest()))
}

#[test]
fn a_command_that_writes_files_writes_what_was_left() {
    let bench = Bench::new();
    store_with_pages(&bench);
    paged(&later(&bench), "3", "left");
    let now = bench.open("store");
    set(&now, &doc("chat"), "name", "another document");
    assert_eq!(changes_left(&now), 0);
    assert_eq!(in_file(&now, "3").as_deref(), Some("left"));
    assert!(is_indexed(&now));
}

/// The next command must never cost much more than what was deferred.
#[test]
fn much_is_written_by_itself() {
    let bench = Bench::new();
    store_with_pages(&bench);
    let store = later(&bench);
    let before = file_of_core(&store);
    let mut most = 0;
    for n in 0..40 {
        paged(&store, &(n % 20).to_string(), &n.to_string());
        most = most.max(changes_left(&store));
    }
    assert!(before != file_of_core(&store), "{most} changes were left, and no file was written");
    assert!(most > 4, "{most} changes were left at most");
    assert!((0..20).all(|n| looked(&store, &n.to_string()) == Some((n + 20).to_string())));
}

/// For a document that is read whole anyway, only the log is kept.
#[test]
fn small_and_new_documents_are_left_too() {
    let bench = Bench::new();
    bench.init("store");
    let store = later(&bench);
    for n in 0..4 {
        set(&store, &doc("chat"), "name", &n.to_string());
        assert!(!file(&store, &doc("chat")).exists());
        assert_eq!(get(&store, &doc("chat"), "name"), Some(n.to_string()));
    }
    let findings = store.examiner(false).unwrap().examine(&doc("chat")).unwrap().findings;
    assert!(findings.is_empty(), "what was left on purpose is nothing to be found");
    fold(&store);
    assert!(file(&store, &doc("chat")).exists());
    assert_eq!(get(&store, &doc("chat"), "name").as_deref(), Some("3"));
    assert_eq!(client_ids(&store, &doc("chat")), 1);
}

#[test]
fn another_file_over_what_was_left_loses_nothing() {
    let bench = Bench::new();
    store_with_pages(&bench);
    let store = later(&bench);
    let old = file_of_core(&store);
    paged(&store, "3", "left");
    // Another program knows nothing of it.
    fs::write(file(&store, &doc("core")), foreign_edit(&old, "name", "theirs")).unwrap();
    assert_eq!(looked(&store, "3").as_deref(), Some("left"));
    paged(&store, "7", "after");
    for store in [&store, &bench.open("store")] {
        fold(store);
        assert_eq!(get(store, &doc("core"), "name").as_deref(), Some("theirs"));
        assert_eq!(looked(store, "3").as_deref(), Some("left"));
        assert_eq!(looked(store, "7").as_deref(), Some("after"));
    }
}

/// The log has everything; what is recorded beside it is only a guess.
#[test]
fn what_is_noted_of_the_pieces_may_be_damaged_or_gone() {
    let damages = [
        "DELETE FROM added",
        "UPDATE added SET bytes = zeroblob(3)",
        "UPDATE added SET bytes = zeroblob(length(bytes))",
        "UPDATE indexed SET pieces_hash = x'00'",
        "UPDATE indexed SET pieces_hash = NULL",
        "UPDATE indexed SET pieces = x'00'",
        "UPDATE indexed SET pieces = NULL",
        "UPDATE indexed SET seq = seq - 1",
        "UPDATE indexed SET seq = NULL, pieces = NULL",
        "DELETE FROM indexed",
    ];
    for damage in damages {
        let bench = Bench::new();
        store_with_pages(&bench);
        let store = later(&bench);
        paged(&store, "3", "left");
        paged(&store, "7", "left too");
        let db = Connection::open(store.dir().join("crdtctl.db")).unwrap();
        db.execute_batch(damage).unwrap();
        drop(db);
        assert_eq!(looked(&store, "3").as_deref(), Some("left"), "{damage}");
        assert_eq!(whole(&store, "7").as_deref(), Some("left too"), "{damage}");
        paged(&store, "5", "after");
        fold(&store);
        let texts = ["3", "5", "7"].map(|key| in_file(&store, key).unwrap());
        assert_eq!(texts, ["left", "after", "left too"], "{damage}");
        assert_eq!(client_ids(&store, &doc("core")), 1, "{damage}");
    }
}

/// A kill between writing the new file and recording it.
#[test]
fn files_that_were_written_and_not_noted_are_taken_for_what_they_are() {
    let bench = Bench::new();
    store_with_pages(&bench);
    let store = later(&bench);
    paged(&store, "3", "left");
    let names = ["crdtctl.db", "crdtctl.db-wal", "crdtctl.db-shm"];
    let kept = names.map(|name| fs::read(store.dir().join(name)).ok());
    fold(&store);
    for (name, bytes) in names.into_iter().zip(kept) {
        let path = store.dir().join(name);
        match bytes {
            Some(bytes) => fs::write(path, bytes).unwrap(),
            None => drop(fs::remove_file(path)),
        }
    }
    assert_eq!(changes_left(&store), 1);
    assert_eq!(looked(&store, "3").as_deref(), Some("left"));
    paged(&store, "7", "after");
    fold(&store);
    assert_eq!(in_file(&store, "3").as_deref(), Some("left"));
    assert_eq!(in_file(&store, "7").as_deref(), Some("after"));
    assert_eq!(client_ids(&store, &doc("core")), 1);
}

#[test]
fn the_setting_of_the_store_counts_where_nothing_else_is_said() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    let session = store.session(write("fold mode")).unwrap();
    session.state().set_folding(Fold::Later).unwrap();
    session.commit().unwrap();
    paged(&store, "3", "left");
    assert_eq!(changes_left(&store), 1);
    let fold = Some(Fold::Now);
    let now = bench.open_as("store", Environment { fold, ..bench.environment() });
    paged(&now, "7", "now");
    assert_eq!(changes_left(&now), 0);
    assert_eq!(in_file(&now, "3").as_deref(), Some("left"));
}

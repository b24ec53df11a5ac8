//! Files that are begun before the commit.

use super::indexed::{looked, paged, store_with_pages, whole};
use super::*;

/// A session that has changed a large document.
fn changed(store: &Store) -> Session {
    let mut session = store.session(write("set")).unwrap();
    let set = |session: &mut Session| {
        session.edit(&doc("core"), |txn| txn.set(&["records", "5"], "text", "five"))
    };
    session.with_pages(set).unwrap();
    session
}

#[test]
fn a_commit_that_fails_leaves_nothing_of_a_file_that_was_begun() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    let long = "long ".repeat(2_000);
    paged(&store, "4", &long);
    let documents = || listing(&store.dir().join("crdt"));
    let before = documents();
    assert!(changed(&store).begin_and_fail(), "a file was begun");
    assert!(documents() == before);
    assert_eq!(looked(&store, "5").as_deref(), Some("old"));
    changed(&store).commit().unwrap();
    assert_eq!(
        (whole(&store, "5").unwrap(), whole(&store, "4").unwrap()),
        ("five".to_owned(), long)
    );
    assert_eq!(documents().len(), before.len());
}

/// A file made of one that was written meanwhile, if only with the same bytes, does not replace it.
#[test]
fn a_file_that_is_begun_does_not_replace_what_came_meanwhile() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    paged(&store, "4", &"long ".repeat(2_000));
    let path = file(&store, &doc("core"));
    let bytes = fs::read(&path).unwrap();
    let session = changed(&store);
    fs::write(&path, &bytes).unwrap();
    let committed = session.commit().unwrap();
    assert!(committed.seq.is_some() && committed.notes.len() == 1, "{:?}", committed.notes);
    assert!(fs::read(&path).unwrap() == bytes, "it was replaced");
    assert_eq!(listing(&store.dir().join("crdt")).len(), 2);
    assert_eq!(whole(&store, "5").as_deref(), Some("five"));
    // The next session writes both.
    paged(&store, "6", "six");
    assert!(fs::read(&path).unwrap() != bytes);
    let values = ["5", "6"].map(|key| whole(&store, key).unwrap());
    assert_eq!(values, ["five", "six"]);
}

//! Results of reading documents whole, kept for the next time.

use super::indexed::{files, paged, store_with_pages};
use super::learned::{edited, learner, put, read};
use super::*;
use crate::sample::Chance;
use crate::store::state::{State, StoredResult};

const KIND: &str = "digest";

/// The digest of what the document shows, and whether it was kept.
fn digest(store: &Store) -> ([u8; 32], bool) {
    let reader = learner(store);
    if let Some(kept) = reader.kept_result(&doc("core"), KIND) {
        return (kept.try_into().unwrap(), true);
    }
    let (view, file) = reader.any_view_of_file(&doc("core")).unwrap().unwrap();
    let digest = view.digest();
    if let Some(file) = file {
        reader.keep_result(&doc("core"), KIND, &file, &digest);
    }
    (digest, false)
}

/// The digest, without anything that was kept.
fn fresh(store: &Store) -> [u8; 32] {
    store.reader().unwrap().any_view(&doc("core")).unwrap().unwrap().digest()
}

#[test]
fn a_result_is_kept_while_the_file_has_the_same_bytes() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    assert!(store.reader().unwrap().kept_result(&doc("core"), KIND).is_none());
    let (first, _) = digest(&store);
    assert_eq!(digest(&store), (first, true));
    // However the file looks.
    put(&store, &read(&store));
    assert_eq!(digest(&store), (first, true));
    paged(&store, "4", "four");
    let (second, was_kept) = digest(&store);
    assert!(second != first && !was_kept);
    assert_eq!(digest(&store), (second, true));
    // Another kind is another result.
    assert!(learner(&store).kept_result(&doc("core"), "size").is_none());
}

#[test]
fn content_that_was_damaged_without_a_trace_has_no_kept_result() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    digest(&store);
    assert!(digest(&store).1);
    let mut bytes = read(&store);
    let at = bytes.windows(5).position(|bytes| bytes == b"three").unwrap();
    bytes[at] ^= 1;
    put(&store, &bytes);
    let seen = store.reader().unwrap().seen(&doc("core")).unwrap().unwrap();
    let state = State::open_for_writing(&store.dir().join("crdtctl.db"), Duration::ZERO).unwrap();
    state.put_look(&doc("core"), &seen).unwrap();
    drop(state);
    let (shown, was_kept) = digest(&store);
    assert!(!was_kept);
    assert_eq!(shown, fresh(&store));
}

#[test]
fn a_plain_reader_and_a_dry_run_keep_nothing() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    let before = listing(store.dir());
    let reader = store.reader().unwrap();
    let (view, file) = reader.any_view_of_file(&doc("core")).unwrap().unwrap();
    assert!(file.is_none());
    assert_eq!(view.digest(), fresh(&store));
    drop(reader);
    assert!(listing(store.dir()) == before);
    // Nor is anything kept of a file that has changed since it was read.
    let reader = learner(&store);
    let (view, file) = reader.any_view_of_file(&doc("core")).unwrap().unwrap();
    put(&store, &edited(&read(&store), 1, "3", "theirs"));
    reader.keep_result(&doc("core"), KIND, &file.unwrap(), &view.digest());
    drop(reader);
    assert!(!digest(&store).1);
}

#[test]
fn what_is_kept_of_other_bytes_or_another_log_is_not_believed() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    let path = store.dir().join("crdtctl.db");
    let right = {
        let (_, state) = files(&store);
        digest(&store);
        state.result(&doc("core"), KIND).unwrap().unwrap()
    };
    for (blake3, seq) in [([7; 32], right.seq), (right.blake3, right.seq + 1)] {
        let state = State::open_for_writing(&path, Duration::ZERO).unwrap();
        let stored = StoredResult { blake3, seq, result: vec![1; 32] };
        state.put_result(&doc("core"), KIND, &stored).unwrap();
        drop(state);
        assert_eq!(digest(&store), (fresh(&store), false));
    }
}

#[test]
fn nothing_is_kept_of_a_file_that_lacks_entries_of_the_log() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    let before = read(&store);
    paged(&store, "4", "four");
    paged(&store, "5", "five");
    put(&store, &before);
    let (whole, _) = digest(&store);
    assert_eq!(digest(&store), (whole, false));
    // The log loses one of them.
    let db = rusqlite::Connection::open(store.dir().join("crdtctl.db")).unwrap();
    let sql = "DELETE FROM log WHERE seq = (SELECT max(seq) - 1 FROM log)";
    assert_eq!(db.execute(sql, []).unwrap(), 1);
    drop(db);
    assert!(learner(&store).any_view(&doc("core")).is_err());
    assert!(learner(&store).kept_result(&doc("core"), KIND).is_none());
}

/// Whatever happens to file and log in between, what is kept is what the document shows.
#[test]
fn what_is_kept_is_what_the_document_shows() {
    let mut kept = 0;
    for seed in 0..40 {
        let bench = Bench::new();
        let mut chance = Chance::new(seed);
        let store = store_with_pages(&bench);
        let later =
            bench.open_as("store", Environment { fold: Some(Fold::Later), ..bench.environment() });
        let mut older = read(&store);
        for step in 0..20 {
            let (key, value) = (chance.below(20).to_string(), format!("{step} of {seed}"));
            match chance.below(8) {
                0 => drop(paged(&store, &key, &value)),
                1 => drop(paged(&later, &key, &value)),
                2 => put(&store, &edited(&read(&store), step, &key, &value)),
                3 => put(&store, &edited(&older, step, &key, &value)),
                4 => put(&store, &read(&store)),
                5 => older = read(&store),
                6 => put(&store, &older),
                _ => {}
            }
            for _ in 0..chance.below(3) {
                let (shown, was_kept) = digest(&store);
                assert_eq!(shown, fresh(&store), "seed {seed}, step {step}");
                kept += u32::from(was_kept);
            }
        }
    }
    assert!(kept > 100, "{kept}");
}

//! What reads record of files that they find not as they were written here.

use super::indexed::{files, is_indexed, looked, paged, store_with_pages, whole};
use super::*;
use crate::crdt::doc::Txn;
use crate::sample::Chance;
use crate::store::index;
use crate::store::load::{self, ToldBy};
use crate::store::state::{NewRow, State};

/// A reader that records what it finds.
pub(super) fn learner(store: &Store) -> Reader {
    store.reader().unwrap().learning(&store.environment().machine, "look")
}

/// What it finds under a key.
fn learned(store: &Store, key: &str) -> Option<String> {
    let look = |source: &dyn Source| source.text(&["records", key, "text"]);
    learner(store).look(&doc("core"), look).unwrap()?
}

/// Whether a read opens only what it asks for.
fn is_known(store: &Store) -> bool {
    let ((layout, state), noted) = (files(store), store.environment().noted);
    index::open_to_read(&layout, &state, &doc("core"), noted).unwrap().is_some()
}

/// Puts a file in the place of the document's, as programs do that save carefully.
pub(super) fn put(store: &Store, bytes: &[u8]) {
    let path = file(store, &doc("core"));
    let beside = path.with_extension("new");
    fs::write(&beside, bytes).unwrap();
    fs::rename(&beside, &path).unwrap();
}

/// A state as another program saves it that has changed a record.
pub(super) fn edited(state: &[u8], client: u64, key: &str, value: &str) -> Vec<u8> {
    edited_by((1 << 40) + client, state, &["records", key], "text", value)
}

pub(super) fn read(store: &Store) -> Vec<u8> {
    fs::read(file(store, &doc("core"))).unwrap()
}

#[test]
fn a_file_that_was_put_back_is_recognized() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    put(&store, &read(&store));
    assert_eq!(looked(&store, "3").as_deref(), Some("three"));
    assert!(!is_known(&store), "a plain read records nothing");
    assert_eq!(learned(&store, "3").as_deref(), Some("three"));
    assert!(is_known(&store) && is_indexed(&store));
    // So does one of the whole document.
    put(&store, &read(&store));
    learner(&store).view(&doc("core")).unwrap();
    assert!(is_indexed(&store));
    // A command that writes recognizes it, too.
    put(&store, &read(&store));
    paged(&store, "4", "four");
    assert!(is_indexed(&store));
    assert_eq!(whole(&store, "4").as_deref(), Some("four"));
}

#[test]
fn a_file_with_other_content_of_the_same_length_is_not_recognized() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    let before = read(&store);
    let [one, other] = ["one", "two"].map(|value| edited(&before, 1, "3", value));
    assert_eq!(one.len(), other.len());
    put(&store, &one);
    paged(&store, "4", "four");
    let ours = read(&store);
    assert!(is_indexed(&store));
    put(&store, &edited(&ours, 2, "6", "six"));
    for _ in 0..2 {
        assert_eq!(learned(&store, "6").as_deref(), Some("six"));
    }
    assert!(is_known(&store));
    let elsewhere = edited(&ours, 2, "5", "six");
    assert_eq!(elsewhere.len(), read(&store).len());
    put(&store, &elsewhere);
    assert_eq!(learned(&store, "5").as_deref(), Some("six"));
    assert!(!is_known(&store));
    // Two programs that wrote under one id: no file like that is shown as the one that is known.
    put(&store, &other);
    let error = learner(&store).look(&doc("core"), |_| ()).unwrap_err();
    assert_eq!(error.kind, Kind::Forked);
}

#[test]
fn a_whole_read_goes_by_how_the_file_looks_and_a_check_by_its_content() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    let edited = edited(&read(&store), 1, "3", "theirs");
    put(&store, &edited);
    let ((layout, state), roots) = (files(&store), store.environment().roots);
    let is_foreign = |told_by| {
        let loaded = load::load(&layout, Some(&state), &doc("core"), roots, told_by);
        loaded.unwrap().unwrap().foreign
    };
    assert!(is_foreign(ToldBy::Look) && is_foreign(ToldBy::Hash));
    // As if it were the one that was written here.
    let other = State::open_for_writing(&store.dir().join("crdtctl.db"), Duration::ZERO).unwrap();
    let seen = store.reader().unwrap().seen(&doc("core")).unwrap().unwrap();
    other.put_look(&doc("core"), &seen).unwrap();
    drop(other);
    assert!(!is_foreign(ToldBy::Look) && is_foreign(ToldBy::Hash));
    let findings = store.examiner(false).unwrap().examine(&doc("core")).unwrap().findings;
    assert!(findings.iter().any(|found| found.kind.name == "foreign-replacement"), "{findings:?}");
}

#[test]
fn the_second_read_of_another_programs_file_records_where_its_pages_are() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    put(&store, &edited(&read(&store), 1, "3", "theirs"));
    assert_eq!(learned(&store, "3").as_deref(), Some("theirs"));
    assert!(!is_known(&store), "after the first read");
    assert_eq!(learned(&store, "3").as_deref(), Some("theirs"));
    assert!(is_known(&store), "after the second read");
    assert!(!is_indexed(&store), "a writer has to take it in first");
    assert_eq!(learned(&store, "3").as_deref(), Some("theirs"));
    assert_eq!(learned(&store, "5").as_deref(), Some("old"));
    let stored = store.reader().unwrap().stored(&doc("core")).unwrap().unwrap();
    assert_eq!(stored.bytes, read(&store).len() as u64);
    let committed = paged(&store, "4", "four");
    assert_eq!(committed.notes, ["adopted group:ocean:core"]);
    assert!(is_indexed(&store));
    assert_eq!(looked(&store, "3").as_deref(), Some("theirs"));
}

#[test]
fn an_entry_of_the_log_that_came_since_is_shown() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    let theirs = edited(&read(&store), 1, "3", "theirs");
    put(&store, &theirs);
    (0..2).for_each(|_| drop(learned(&store, "3")));
    assert!(is_known(&store));
    // A command ended between its commit and the file.
    let after = edited(&theirs, 2, "4", "four");
    let update = checked(&after).since(&checked(&theirs).version());
    let path = store.dir().join("crdtctl.db");
    let state = State::open_for_writing(&path, Duration::ZERO).unwrap();
    state.begin(Duration::ZERO).unwrap();
    let seq = state.log_end().unwrap() + 1;
    let (doc, update, command) = (&doc("core"), &update, "set");
    let row = NewRow { seq, part: 0, doc, at: NOW, member: None, command, update, origin: None };
    state.append(&row).unwrap();
    state.commit().unwrap();
    drop(state);
    assert_eq!(looked(&store, "4").as_deref(), Some("four"));
    assert_eq!(learned(&store, "4").as_deref(), Some("four"));
}

#[test]
fn nothing_is_recorded_of_a_file_that_lacks_entries_of_the_log() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    let before = read(&store);
    paged(&store, "4", "four");
    put(&store, &edited(&before, 1, "3", "theirs"));
    let before = listing(store.dir());
    for _ in 0..4 {
        assert_eq!(learned(&store, "3").as_deref(), Some("theirs"));
        assert_eq!(learned(&store, "4").as_deref(), Some("four"));
    }
    assert!(listing(store.dir()) == before);
}

#[test]
fn a_file_without_pages_is_noted_as_such_once() {
    use yrs::{ReadTxn, Transact, XmlElementPrelim, XmlFragment};
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    let other = yrs::Doc::with_client_id(1 << 40);
    let root = other.get_or_insert_xml_fragment("essay");
    let mut txn = other.transact_mut();
    root.push_back(&mut txn, XmlElementPrelim::empty("p"));
    let theirs = doc("chat");
    let state = txn.encode_state_as_update_v1(&yrs::StateVector::default());
    fs::write(file(&store, &theirs), state).unwrap();
    let mut noted = vec![listing(store.dir())];
    for _ in 0..4 {
        let reader = learner(&store);
        assert!(reader.view(&theirs).is_err());
        reader.bytes(&theirs).unwrap().unwrap();
        drop(reader);
        noted.push(listing(store.dir()));
    }
    assert!(noted[0] != noted[1] && noted[1] != noted[2], "read, and read again");
    assert!(noted[2] == noted[3] && noted[3] == noted[4]);
}

#[test]
fn a_read_does_not_wait_for_a_writer() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    put(&store, &read(&store));
    let session = store.session(write("wait")).unwrap();
    assert_eq!(learned(&store, "3").as_deref(), Some("three"));
    assert!(!is_known(&store));
    drop(session);
    assert_eq!(learned(&store, "3").as_deref(), Some("three"));
    assert!(is_known(&store));
}

#[test]
fn a_store_without_local_state_stays_so() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    let path = file(&store, &doc("core"));
    let copy = bench.path("copy").join(path.strip_prefix(store.dir()).unwrap());
    fs::create_dir_all(copy.parent().unwrap()).unwrap();
    fs::copy(&path, &copy).unwrap();
    let copy = bench.open("copy");
    let before = listing(copy.dir());
    for _ in 0..3 {
        assert_eq!(learned(&copy, "3").as_deref(), Some("three"));
    }
    assert!(listing(copy.dir()) == before);
}

/// Whatever happens to file and log in between, reads that record something show the same as others.
#[test]
fn what_is_recorded_shows_what_file_and_log_hold() {
    let (mut found, mut recognized) = (0, 0);
    for seed in 0..40 {
        let bench = Bench::new();
        let mut chance = Chance::new(seed);
        let store = store_with_pages(&bench);
        let later =
            bench.open_as("store", Environment { fold: Some(Fold::Later), ..bench.environment() });
        let mut older = read(&store);
        for step in 0..30 {
            let (key, value) = (chance.below(20).to_string(), format!("{step} of {seed}"));
            match chance.below(9) {
                0 => drop(paged(&store, &key, &value)),
                1 => drop(paged(&later, &key, &value)),
                8 => {
                    let mut session = later.session(write("set")).unwrap();
                    let set = |txn: &mut Txn<'_>| txn.set(&["records", &key], "text", &*value);
                    session.edit(&doc("core"), set).unwrap();
                    session.commit().unwrap();
                }
                2 => put(&store, &edited(&read(&store), step, &key, &value)),
                3 => put(&store, &edited(&older, step, &key, &value)),
                4 => {
                    let was_indexed = is_indexed(&store);
                    put(&store, &read(&store));
                    learned(&store, &key);
                    recognized += u32::from(was_indexed && is_indexed(&store));
                }
                5 => older = read(&store),
                _ => {}
            }
            for _ in 0..chance.below(4) {
                let key = chance.below(20).to_string();
                let is_found = is_known(&store) && !is_indexed(&store);
                assert_eq!(learned(&store, &key), whole(&store, &key), "seed {seed}, step {step}");
                found += u32::from(is_found);
            }
        }
    }
    assert!(found > 60 && recognized > 20, "{found} {recognized}");
}

//! The positions of pages are trusted only for the very file for which they were recorded.

use super::*;
use crate::crdt::container::{self, Fixed};
use crate::crdt::doc::{New, Txn};
use crate::crdt::source::Shared;
use crate::store::fs::counted;
use crate::store::index;
use crate::store::state::State;
use crate::wire::{RootKind, Value};

/// One command that opens only what it touches.
pub(super) fn paged(store: &Store, key: &str, value: &str) -> Committed {
    let mut session = store.session(write("set")).unwrap();
    let set = |session: &mut Session| {
        session.edit(&doc("core"), |txn| txn.set(&["records", key], "text", value))
    };
    session.with_pages(set).unwrap();
    session.commit().unwrap()
}

/// The value under a key, with all of the document open.
pub(super) fn whole(store: &Store, key: &str) -> Option<String> {
    store.reader().unwrap().view(&doc("core")).unwrap()?.text(&["records", key, "text"])
}

/// The same, reading only that.
pub(super) fn looked(store: &Store, key: &str) -> Option<String> {
    let look = |source: &dyn Source| source.text(&["records", key, "text"]);
    store.reader().unwrap().look(&doc("core"), look).unwrap()?
}

/// Whether the document can be opened without reading all of it.
pub(super) fn is_indexed(store: &Store) -> bool {
    let (layout, state) = files(store);
    index::open(&layout, &state, &doc("core"), store.environment().noted).unwrap().is_some()
}

/// The files of a store and its local state.
pub(super) fn files(store: &Store) -> (layout::Layout, State) {
    let state = State::open_for_reading(&store.dir().join("crdtctl.db"), Duration::ZERO);
    (layout::Layout::new(store.dir().to_owned()), state.unwrap().unwrap())
}

/// A store with a document of several pages.
pub(super) fn store_with_pages(bench: &Bench) -> Store {
    let store = bench.init("store");
    let mut session = store.session(write("set")).unwrap();
    for n in 0..20 {
        let set = |txn: &mut Txn<'_>| {
            txn.create_map(&["records"], &n.to_string())?;
            txn.set(&["records", &n.to_string()], "text", "old")
        };
        session.edit(&doc("core"), set).unwrap();
    }
    session.commit().unwrap();
    paged(&store, "3", "three");
    store
}

#[test]
fn how_long_a_document_is_and_what_removed_records_left_is_known_without_reading_it() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    let length = |store: &Store| {
        counted::taken();
        let known = store.reader().unwrap().length_without_reading(&doc("core")).unwrap();
        assert_eq!(counted::taken(), 0);
        known
    };
    let measured = |store: &Store| {
        let bytes = store.reader().unwrap().bytes(&doc("core")).unwrap().unwrap();
        (bytes.len() as u64, Update::walk(&bytes).unwrap().residue())
    };
    assert_eq!(length(&store), Some(measured(&store)));
    for key in ["4", "11", "19"] {
        let mut session = store.session(write("remove")).unwrap();
        let remove = |session: &mut Session| {
            session.edit(&doc("core"), |txn| txn.remove(&["records"], key).map(drop))
        };
        session.with_pages(remove).unwrap();
        session.commit().unwrap();
        assert_eq!(length(&store), Some(measured(&store)), "without {key}");
    }
    assert!(measured(&store).1 > 0);
    // Another program's file has to be read.
    let path = file(&store, &doc("core"));
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes).unwrap();
    assert_eq!(length(&store), None);
}

/// A record that several may create has a client of its own. However many there are, what is opened to change
/// or read another record is the same.
#[test]
fn clients_of_other_records_are_not_opened() {
    let opened = |records: usize| {
        let bench = Bench::new();
        let store = bench.init("store");
        let mut session = store.session(write("set")).unwrap();
        let fill = |txn: &mut Txn<'_>| {
            (0..records).try_for_each(|n| {
                let flag = Fixed::Flag("open", true);
                container::create(txn, &doc("core"), "records", &n.to_string(), &[flag]).map(drop)
            })
        };
        session.edit(&doc("core"), fill).unwrap();
        session.commit().unwrap();
        paged(&store, "3", "three");
        let ((layout, state), noted) = (files(&store), store.environment().noted);
        let (_, window) = index::open(&layout, &state, &doc("core"), noted).unwrap().unwrap();
        let all = window.projection().unwrap().len();
        let without = window.without_idle(container::FIRST_GENESIS).projection().unwrap().len();
        (all, without)
    };
    let (few, many) = (opened(10), opened(200));
    assert!(many.0 > few.0 + 190 * 8, "{few:?} {many:?}");
    assert!(many.1 < few.1 + 16, "{few:?} {many:?}");
}

#[test]
fn what_was_written_by_pages_is_read_by_pages() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    assert!(is_indexed(&store));
    for (round, key) in ["3", "7", "19", "3"].into_iter().enumerate() {
        let value = format!("{key} in round {round}");
        paged(&store, key, &value);
        assert!(is_indexed(&store), "round {round}");
        assert_eq!(looked(&store, key).as_deref(), Some(value.as_str()));
        assert_eq!(whole(&store, key).as_deref(), Some(value.as_str()));
        assert_eq!(looked(&store, "5").as_deref(), Some("old"));
        assert_eq!(looked(&store, "no such"), None);
    }
}

/// A change of one record of a large document must never take reading the others.
#[test]
fn of_a_large_document_no_more_is_read_than_what_is_asked_for() {
    const RECORDS: usize = 400;
    let bench = Bench::new();
    let store = bench.init("store");
    let mut session = store.session(write("set")).unwrap();
    let fill = |txn: &mut Txn<'_>| {
        (0..RECORDS).try_for_each(|n| {
            txn.create_map(&["records"], &n.to_string())?;
            txn.set(&["records", &n.to_string()], "created_at", n as i64)?;
            txn.set(&["records", &n.to_string()], "text", "word ".repeat(500).as_str())
        })
    };
    session.edit(&doc("core"), fill).unwrap();
    session.commit().unwrap();
    paged(&store, "3", "three");
    let bytes = fs::metadata(file(&store, &doc("core"))).unwrap().len();
    assert!(bytes > 1_000_000);

    let read = |look: &dyn Fn()| {
        counted::taken();
        look();
        counted::taken() as u64
    };
    let one = read(&|| assert_eq!(looked(&store, "3").as_deref(), Some("three")));
    assert!((1..bytes / 50).contains(&one), "{one} of {bytes} bytes read to look at a record");
    let times = read(&|| {
        let look = |source: &dyn Source| -> i64 {
            let keys = source.keys(&["records"]).into_iter();
            keys.filter_map(|key| source.int(&["records", &key, "created_at"])).sum()
        };
        let sum = (0..RECORDS as i64).sum();
        assert_eq!(store.reader().unwrap().look(&doc("core"), look).unwrap(), Some(sum));
    });
    assert!((1..bytes / 50).contains(&times), "{times} of {bytes} bytes read for what is noted");
    let tried = read(&|| {
        let open = Open { dry_run: true, ..write("set") };
        let mut session = store.session(open).unwrap();
        let set = |session: &mut Session| {
            session.edit(&doc("core"), |txn| txn.set(&["records", "7"], "text", "seven"))
        };
        // Not committed: debug builds check what would be written as a whole.
        session.with_pages(set).unwrap();
    });
    assert!((1..bytes / 50).contains(&tried), "{tried} of {bytes} bytes read to change a record");
}

const LIST: &[&str] = &["columns", "c1", "card_order"];

/// A store with a document like a board: two columns, the first with so many entries, and a record with so
/// many fields for each of them.
fn store_with_list(bench: &Bench, entries: usize, fields: usize) -> Store {
    let roots = |_: &DocId| Expected::Roots(&[("columns", RootKind::Array)]);
    let environment = Rc::new(Environment { roots, ..bench.environment() });
    let store = Store::init(&bench.path("store"), environment, None).unwrap().0;
    let mut session = store.session(write("set")).unwrap();
    let fill = |txn: &mut Txn<'_>| {
        for id in ["c1", "c2"] {
            let fields = vec![("title", id.into()), ("card_order", New::Array)];
            txn.push_record(&["columns"], id, fields)?;
        }
        (0..entries).try_for_each(|n| {
            // Something between them, so that each is a block of its own.
            let record = n.to_string();
            txn.create_map(&["records"], &record)?;
            for field in 0..fields {
                txn.set(&["records", &record], &format!("field {field}"), "a value")?;
            }
            txn.push(LIST, format!("entry number {n}").as_str())
        })
    };
    session.edit(&doc("core"), fill).unwrap();
    session.commit().unwrap();
    store
}

/// Runs one change by pages; returns how many bytes of files that reads.
fn edit(store: &Store, change: &dyn Fn(&mut Txn<'_>) -> Result<()>) -> u64 {
    let mut session = store.session(write("set")).unwrap();
    counted::taken();
    session.with_pages(|session| session.edit(&doc("core"), change)).unwrap();
    let read = counted::taken() as u64;
    session.commit().unwrap();
    read
}

/// Once the order of a list is known, entries come and go without the others being read.
#[test]
fn a_few_entries_of_a_list_are_changed_without_the_others() {
    // So many that opening all of it pays only if they are most of it.
    const ENTRIES: usize = 3_000;
    const OTHER: &[&str] = &["columns", "c2", "card_order"];
    let bench = Bench::new();
    let store = store_with_list(&bench, ENTRIES, 8);
    let bytes = fs::metadata(file(&store, &doc("core"))).unwrap().len();
    let name = |n: usize| format!("entry number {n}");
    let mut lists = [(0..ENTRIES).map(name).collect::<Vec<String>>(), Vec::new()];
    let shown = |store: &Store| {
        let view = store.reader().unwrap().view(&doc("core")).unwrap().unwrap();
        [LIST, OTHER].map(|list| {
            let list = view.value(list).unwrap();
            let texts = list.as_array().unwrap().iter().map(|of| of.as_str().unwrap().to_owned());
            texts.collect::<Vec<String>>()
        })
    };
    for round in 0..12 {
        let moved = lists[0].remove(match round {
            0 => 100,
            1 => lists[0].len() - 1,
            2 => 0,
            _ => round * 99 % lists[0].len(),
        });
        let (spot, place) = match round % 4 {
            3 if round > 4 => (0, 0),
            1 if round > 4 => (1, lists[1].len() / 2),
            _ => (1, lists[1].len()),
        };
        let target = if spot == 0 { LIST } else { OTHER };
        let other = lists[spot].get(place).cloned();
        let read = edit(&store, &|txn| {
            txn.remove_text(LIST, &moved)?;
            match &other {
                Some(_) if place == 0 => txn.insert_at(target, 0, moved.as_str()),
                Some(other) => txn.insert_before(target, other, &moved),
                None => txn.push(target, moved.as_str()),
            }
        });
        lists[spot].insert(place, moved);
        assert_eq!(shown(&store), lists, "round {round}");
        // The first time all of it is read.
        assert!(round == 0 || read < bytes / 10, "round {round}: {read} of {bytes} bytes");
    }
    // What needs all of it gets all of it.
    edit(&store, &|txn| txn.retain_not(LIST, |at, _| at % 2 == 0).map(drop));
    lists[0] = lists[0].iter().skip(1).step_by(2).cloned().collect();
    assert_eq!(shown(&store), lists);
    let before = |store: &Store| {
        let look = |source: &dyn Source| source.text_before(LIST, &lists[0][7]);
        store.reader().unwrap().look(&doc("core"), look).unwrap().unwrap()
    };
    assert_eq!(before(&store), Some(Some(lists[0][6].clone())));
}

/// A board with thousands of cards lists each in its column; hardly any command asks for that.
#[test]
fn the_entries_of_a_list_are_read_only_where_they_are_asked_for() {
    const ENTRIES: usize = 3_000;
    const LIST: &str = "card_order";
    let list = ["columns", "c1", LIST];
    let bench = Bench::new();
    let store = store_with_list(&bench, ENTRIES, 0);
    let bytes = fs::metadata(file(&store, &doc("core"))).unwrap().len();
    let read = |path: &[&str]| {
        counted::taken();
        let look = |source: &dyn Source| source.value(path);
        let found = store.reader().unwrap().look(&doc("core"), look).unwrap().unwrap();
        (found, counted::taken() as u64)
    };
    let edit = |change: &dyn Fn(&mut Txn<'_>) -> Result<()>| edit(&store, change);
    let entries = |list: Option<Value>| list.map_or(0, |list| list.as_array().unwrap().len());

    let (title, around) = read(&["columns", "c1", "title"]);
    assert_eq!(title.as_ref().and_then(Value::as_str), Some("c1"));
    assert!(around < bytes / 20, "{around} of {bytes} bytes read for what is around the list");
    let beside = edit(&|txn| txn.set(&["records", "7"], "text", "new"));
    assert!(beside < bytes / 20, "{beside} of {bytes} bytes read to write beside the list");
    let (found, inside) = read(&list);
    assert_eq!(entries(found), ENTRIES);
    assert!(inside > bytes / 3, "{inside} of {bytes} bytes read for the list");

    edit(&|txn| txn.push(&["columns", "c2", LIST], "the first one"));
    edit(&|txn| txn.set(&["columns", "c2"], "title", "second"));
    assert_eq!(entries(read(&["columns", "c2", LIST]).0), 1);
    assert_eq!(entries(read(&list).0), ENTRIES);
    let look = |source: &dyn Source| {
        let around = (source.keys(&["columns"]), source.shared(&list), source.exists(&list));
        (around, source.fields(&["columns"], &["title"]), source.fields(&["columns"], &[LIST]))
    };
    let (around, titles, lists) =
        store.reader().unwrap().look(&doc("core"), look).unwrap().unwrap();
    let ids = ["c1", "c2"].map(str::to_owned);
    assert_eq!(around, (ids.to_vec(), Some(Shared::Array), true));
    assert_eq!(titles.len(), 2);
    let lengths = lists.into_iter().map(|(id, of)| (id, entries(of.into_iter().next().unwrap())));
    assert_eq!(lengths.collect::<Vec<_>>(), ids.into_iter().zip([ENTRIES, 1]).collect::<Vec<_>>());

    // A list that goes takes its page along.
    edit(&|txn| txn.remove(&["columns"], "c1").map(drop));
    assert_eq!(read(&["columns", "c1", "title"]).0, None);
    let pages = |store: &Store| {
        let state = Connection::open(store.dir().join("crdtctl.db")).unwrap();
        let count = "SELECT count(*) FROM page WHERE CAST(key AS TEXT) LIKE '[%'";
        state.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(pages(&store), 1);
    edit(&|txn| txn.push(&["columns", "c2", LIST], "the second one"));
    let view = store.reader().unwrap().view(&doc("core")).unwrap().unwrap();
    assert_eq!(entries(view.value(&["columns", "c2", LIST])), 2);
    assert!(is_indexed(&store));
}

#[test]
fn another_file_in_its_place_is_read_as_it_is() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    let path = file(&store, &doc("core"));
    let ours = fs::read(&path).unwrap();
    let theirs = edited_by(1 << 40, &ours, &["records", "5"], "text", "new");

    fs::write(&path, &theirs).unwrap();
    assert!(!is_indexed(&store), "written in place");
    assert_eq!(looked(&store, "5").as_deref(), Some("new"));
    paged(&store, "3", "beside it");
    assert_eq!(looked(&store, "5").as_deref(), Some("new"));
    assert_eq!(looked(&store, "3").as_deref(), Some("beside it"));
    assert_eq!(whole(&store, "5").as_deref(), Some("new"));

    // The next command finds it as we wrote it, and may know its pages.
    paged(&store, "4", "four");
    assert!(is_indexed(&store));
}

#[test]
fn a_copy_with_the_same_bytes_and_times_is_another_file() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    let path = file(&store, &doc("core"));
    let copy = path.with_extension("copy");
    fs::copy(&path, &copy).unwrap();
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    fs::File::open(&copy).unwrap().set_modified(modified).unwrap();
    fs::rename(&copy, &path).unwrap();
    assert!(!is_indexed(&store));
    assert_eq!(looked(&store, "3").as_deref(), Some("three"));
}

#[test]
fn equal_length_and_modification_time_are_not_enough() {
    let bench = Bench::new();
    let store = store_with_pages(&bench);
    let path = file(&store, &doc("core"));
    let (mut bytes, modified) =
        (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap());
    let at = bytes.windows(3).position(|window| window == b"old").unwrap();
    bytes[at..at + 3].copy_from_slice(b"OLD");
    fs::write(&path, &bytes).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    assert!(!is_indexed(&store));
}

#[test]
fn what_is_known_of_pages_can_be_lost_or_damaged() {
    for damage in [
        "DELETE FROM indexed",
        "DELETE FROM page",
        "UPDATE page SET ids = x'ff'",
        "UPDATE page SET ids = x'0101010300'",
        "UPDATE page SET facts = x'ff'",
        "UPDATE page SET facts = x''",
        "UPDATE indexed SET segments = x'00'",
        "UPDATE indexed SET blake3 = zeroblob(32)",
    ] {
        let bench = Bench::new();
        let store = store_with_pages(&bench);
        Connection::open(store.dir().join("crdtctl.db")).unwrap().execute(damage, []).unwrap();
        assert_eq!(whole(&store, "5").as_deref(), Some("old"), "{damage}");
        assert_eq!(looked(&store, "5").as_deref(), Some("old"), "{damage}");
        paged(&store, "5", "new");
        assert_eq!(whole(&store, "5").as_deref(), Some("new"), "{damage}");
        assert_eq!(whole(&store, "4").as_deref(), Some("old"), "{damage}");
    }
}

/// A page that cannot be read is not a page that does not exist.
#[test]
fn what_is_known_of_one_page_can_be_damaged() {
    for damage in ["ids = x'ff'", "ids = 'text'", "facts = x'ff'", "facts = 7"] {
        let bench = Bench::new();
        let store = store_with_pages(&bench);
        let damage = format!("UPDATE page SET {damage} WHERE CAST(key AS TEXT) LIKE '%5'");
        let state = Connection::open(store.dir().join("crdtctl.db")).unwrap();
        assert_eq!(state.execute(&damage, []).unwrap(), 2, "{damage}");
        drop(state);
        assert_eq!(looked(&store, "5").as_deref(), Some("old"), "{damage}");
        assert_eq!(looked(&store, "3").as_deref(), Some("three"), "{damage}");
        paged(&store, "15", "new");
        assert_eq!(whole(&store, "15").as_deref(), Some("new"), "{damage}");
        assert_eq!(whole(&store, "5").as_deref(), Some("old"), "{damage}");
    }
}

#[test]
fn what_an_older_version_wrote_is_read_as_it_is() {
    let mut version = 1;
    loop {
        let bench = Bench::new();
        let store = store_with_pages(&bench);
        let path = store.dir().join("crdtctl.db");
        drop_state(&path);
        let versions = State::make_older(&path, version);
        let before = fs::read(&path).unwrap();
        let reader = store.reader().unwrap();
        assert_eq!(looked(&store, "5").as_deref(), Some("old"), "version {version}");
        assert_eq!(whole(&store, "3").as_deref(), Some("three"));
        assert_eq!(reader.state().unwrap().log_of(&doc("core")).unwrap().len(), 0);
        assert_eq!(reader.state().unwrap().conflicts().unwrap().len(), 0);
        drop(reader);
        assert_eq!(fs::read(&path).unwrap(), before, "version {version}");
        version += 1;
        if version > versions {
            return;
        }
    }
}

fn drop_state(path: &Path) {
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{end}", path.display()));
    }
}

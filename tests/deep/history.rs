//! The three-replica history that corrupts plain yrs.
//!
//! A writes a map `m0`. B has it and writes `m0.x1` (update b1), `m0.x2` (b2) and a root key (b3). A has all
//! of that, removes `m0` and saves: what was below `m0` is now one pruned range, over both b1 and b2. C has
//! `m0`, gets b2 without b1, and then A's state.
//!
//! Every step is honest. In yrs 0.28.1, b2 leaves a hole for b1 at C, and the pruned range does not fit the
//! hole: its length is subtracted below zero. The ready gate keeps b2 away from yrs until b1 is there, so
//! there is never a hole.

use super::support::{Machine, Store, text};
use crdtctl::crdt::source::Source;
use crdtctl::crdt::view::View;
use crdtctl::gate;
use crdtctl::wire::{Checked, Update};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use yrs::updates::decoder::Decode;
use yrs::{Doc, Map, MapPrelim, MapRef, Options, Out, ReadTxn, StateVector, Transact, WriteTxn};

/// A document of no known concern.
const DOC: &str = "notes:one:free";

/// The updates of the history, as bytes.
struct History {
    m0: Vec<u8>,
    b1: Vec<u8>,
    b2: Vec<u8>,
    b3: Vec<u8>,
    /// A's state at the end.
    a: Vec<u8>,
}

impl History {
    fn new() -> Self {
        let a = replica(1);
        let m0 = change(&a, |txn| {
            txn.get_or_insert_map("root").insert(txn, "m0", MapPrelim::default());
        });
        let b = replica(2);
        apply(&b, &m0);
        let b1 = change(&b, |txn| {
            nested(txn).insert(txn, "x1", 1);
        });
        let b2 = change(&b, |txn| {
            nested(txn).insert(txn, "x2", 2);
        });
        let b3 = change(&b, |txn| {
            txn.get_or_insert_map("root").insert(txn, "k", 3);
        });
        for update in [&b1, &b2, &b3] {
            apply(&a, update);
        }
        change(&a, |txn| drop(txn.get_or_insert_map("root").remove(txn, "m0")));
        History { m0, b1, b2, b3, a: state(&a) }
    }
}

fn replica(client: u64) -> Doc {
    Doc::with_options(Options::with_client_id(yrs::ClientID::new(client)))
}

/// Makes one transaction and returns its own update.
fn change(doc: &Doc, make: impl FnOnce(&mut yrs::TransactionMut<'_>)) -> Vec<u8> {
    let mut txn = doc.transact_mut();
    make(&mut txn);
    txn.encode_update_v1()
}

fn nested(txn: &mut yrs::TransactionMut<'_>) -> MapRef {
    match txn.get_or_insert_map("root").get(txn, "m0") {
        Some(Out::YMap(map)) => map,
        other => panic!("no map m0: {other:?}"),
    }
}

fn apply(doc: &Doc, update: &[u8]) {
    let update = yrs::Update::decode_v1(update).expect("an update of yrs's own");
    doc.transact_mut().apply_update(update).expect("an update that yrs takes");
}

fn state(doc: &Doc) -> Vec<u8> {
    doc.transact().encode_state_as_update_v1(&StateVector::default())
}

fn checked(bytes: &[u8]) -> Update<'_, Checked> {
    Update::checked(bytes, &[]).expect("a valid state")
}

/// A store that holds the document as somebody else left it.
struct Bench {
    machine: Machine,
    history: History,
}

impl Bench {
    fn new() -> Self {
        let bench = Bench { machine: Machine::new("history"), history: History::new() };
        let history = &bench.history;
        for (name, bytes) in [
            ("m0", &history.m0),
            ("b1", &history.b1),
            ("b2", &history.b2),
            ("b3", &history.b3),
            ("a", &history.a),
        ] {
            std::fs::write(bench.machine.path(&format!("{name}.update")), bytes)
                .expect("a writable file");
        }
        bench
    }

    fn import(&self, store: &Store<'_>, update: &str, code: i32) {
        let file = text(&self.machine.path(&format!("{update}.update")));
        store.run(&["sync", "import", "--raw", DOC, &file]).exits(code);
    }

    /// The `.yrs` of the document: with content, storable, and accepted whole by plain yrs.
    fn saved(&self, store: &Store<'_>) -> Vec<u8> {
        let name = crdtctl::id::DocId::parse(DOC).expect("a document id").file_stem();
        let path = store.dir.join("crdt").join("notes").join(format!("{name}.yrs"));
        read_whole(&path)
    }
}

fn read_whole(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).expect("the document's file");
    gate::storable(&bytes).expect("no gap, nothing pending");
    let plain = replica(99);
    apply(&plain, &bytes);
    let txn = plain.transact();
    assert!(!txn.has_missing_updates(), "plain yrs finds something missing");
    bytes
}

#[test]
fn the_history_that_corrupts_plain_yrs_ends_well_here() {
    let bench = Bench::new();
    let (a, c) = (bench.machine.store("a", "ann"), bench.machine.store("c", "cid"));
    bench.import(&a, "a", 0);
    bench.import(&c, "m0", 0);
    bench.import(&c, "b2", 7);
    let waiting = bench.saved(&c);
    assert_eq!(View::of(&checked(&waiting)).keys(&["root", "m0"]), Vec::<String>::new());
    bench.import(&c, "a", 0);

    let (at_a, at_c) = (bench.saved(&a), bench.saved(&c));
    assert_eq!(checked(&at_a).version(), checked(&at_c).version());
    let view = View::of(&checked(&at_c));
    assert_eq!(view.digest(), View::of(&checked(&at_a)).digest());
    assert_eq!(view.keys(&["root"]), ["k"]);
    assert_eq!(a.ok(&["digest", DOC, "-q"]), c.ok(&["digest", DOC, "-q"]));

    // What waited has been applied, and late copies of all of it change nothing.
    for update in ["b2", "b1", "b3", "m0", "a"] {
        bench.import(&c, update, 0);
        assert_eq!(bench.saved(&c), at_c, "after {update} once more");
    }
}

/// The same updates in every order of arrival: all orders end in one state.
#[test]
fn the_updates_of_the_history_end_the_same_in_every_order() {
    let bench = Bench::new();
    let mut orders = Vec::new();
    permute(&mut ["m0", "b1", "b2", "b3", "a"], 0, &mut orders);
    let mut ends = std::collections::BTreeSet::new();
    // Every seventh of the 120 orders: trying the others costs more than it would reveal.
    for (number, order) in orders.iter().enumerate().step_by(7) {
        let store = bench.machine.store(&format!("s{number}"), "cid");
        for update in order {
            let file = text(&bench.machine.path(&format!("{update}.update")));
            let run = store.run(&["sync", "import", "--raw", DOC, &file]);
            assert!([0, 7].contains(&run.code), "{order:?}: {run:?}");
        }
        let bytes = bench.saved(&store);
        let update = checked(&bytes);
        assert_eq!(View::of(&update).keys(&["root"]), ["k"], "{order:?}");
        ends.insert(format!("{:?}", update.version()));
    }
    assert_eq!(ends.len(), 1, "{ends:?}");
}

fn permute(updates: &mut [&'static str; 5], fixed: usize, into: &mut Vec<[&'static str; 5]>) {
    if fixed == updates.len() {
        into.push(*updates);
    }
    for index in fixed..updates.len() {
        updates.swap(fixed, index);
        permute(updates, fixed + 1, into);
        updates.swap(fixed, index);
    }
}

/// The reason for the gate. If this fails with a newer yrs, the history does it no harm any more.
#[test]
fn plain_yrs_does_not_survive_the_history() {
    let history = History::new();
    let c = replica(3);
    apply(&c, &history.m0);
    apply(&c, &history.b2);
    assert!(!c.transact().has_missing_updates(), "yrs says that nothing is missing");
    assert!(gate::storable(&state(&c)).is_err(), "and would save a hole");

    // With overflow checks yrs panics in the middle of a transaction; without, it goes on.
    let silence = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let merged = catch_unwind(AssertUnwindSafe(|| apply(&c, &history.a)));
    std::panic::set_hook(silence);
    match merged {
        Err(_) if cfg!(debug_assertions) => {}
        Err(_) => panic!("plain yrs does not panic in a release build"),
        Ok(()) => {
            let saved = state(&c);
            gate::storable(&saved).expect_err("a skip of 2^32 - 1 in the file");
        }
    }
    // A's own state is sound: the fault is in how C applies it.
    gate::storable(&history.a).expect("A's state");
}

/// A deletion moves no clock: an update that holds nothing else must still count as news.
#[test]
fn a_deletion_alone_arrives() {
    let machine = Machine::new("deletion alone");
    let store = machine.store("store", "ann");
    let doc = replica(1);
    let written = change(&doc, |txn| {
        let root = txn.get_or_insert_map("root");
        root.insert(txn, "k", 1);
        root.insert(txn, "l", 2);
    });
    let removed = change(&doc, |txn| drop(txn.get_or_insert_map("root").remove(txn, "k")));
    let file = text(&machine.path("update"));
    for (update, left) in [(&written, vec!["k", "l"]), (&removed, vec!["l"])] {
        std::fs::write(&file, update).expect("a writable file");
        store.ok(&["sync", "import", "--raw", DOC, &file]);
        let dump = store.json(&["doc", "dump", DOC]);
        let keys: Vec<&String> = dump["root"].as_object().expect("a map").keys().collect();
        assert_eq!(keys, left);
    }
    // If it arrives before what it deletes, it waits.
    let store = machine.store("other", "ann");
    store.run(&["sync", "import", "--raw", DOC, &file]).exits(7);
    std::fs::write(&file, &written).expect("a writable file");
    store.ok(&["sync", "import", "--raw", DOC, &file]);
    assert_eq!(store.json(&["doc", "dump", DOC])["root"], serde_json::json!({ "l": 2 }));
}

//! Two updates that claim the same clocks: what one of them attaches to the other is judged by what the
//! document holds of it, whichever comes first.

use crate::support::*;
use crdtctl::sync::Bundle;
use serde_json::{Value, json};

/// A text under a key; and an update that claims that this text is collected, and attaches to it what only a
/// map can hold.
const TEXT: &str = "0102e907002701016d016b020400e90700017800";
const MISFIT: &str =
    concat!("0202ea07002800e907000161017d01c3e90701ea070001620", "1e90700000201e907010001");
/// The second again, after an operation of its client that is not there yet; and that operation.
const MISFIT_LATER: &str =
    concat!("0202ea07012800e907000161017d01c3e90701ea070101620", "1e90700000201e907010001");
const OPENER: &str = "0101ea0700 2801016d017a0178 00";
/// A value in an array; and a text that follows it, which claims that it is collected.
const VALUE: &str = "01016500080107636f6c756d6e73017e00";
const WORDS: &str = "02016600846500027879016500000100";
/// A map under a key; that map with a field; the field as collected, with a value over it; and the deletion
/// of the map.
const MAP: &str = "0101e9070027 01016d016b01 00";
const FIELD: &str = "0102e9070027 01016d016b01 2800e907000161017701 78 00";
const OVER_IT: &str = "0201ea0700a8e9070101770179 01e9070100 01 00";
const DELETION: &str = "0001e907010001";

fn unhex(hex: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(hex.replace(' ', "").as_bytes()).expect("hex")
}

fn file(machine: &Machine, name: &str, hex: &str) -> String {
    let path = machine.path(name);
    std::fs::write(&path, unhex(hex)).expect("a writable file");
    text(&path)
}

/// A store of its own with everything that this one has.
fn copy<'m>(machine: &'m Machine, store: &Store<'m>, name: &str) -> Store<'m> {
    let dir = machine.path(name);
    copy_tree(&store.dir, &dir);
    machine.open(dir)
}

#[test]
fn what_hides_behind_collected_content_is_refused_in_any_order() {
    for (n, (first, second)) in [(TEXT, MISFIT), (VALUE, WORDS)].into_iter().enumerate() {
        let machine = Machine::new(&format!("claims {n}"));
        let store = machine.group("store", &[]);
        let doc = format!("{GROUP}:canvas");
        let (a, b) = (file(&machine, "a", first), file(&machine, "b", second));
        let before = store.files();
        for (n, [first, second]) in [[&a, &b], [&b, &a]].into_iter().enumerate() {
            // Together neither is accepted.
            let run = store.run(&["sync", "import", "--raw", &doc, first, second]);
            run.fails(5, "replica-fork");
            assert_eq!(store.files(), before);
            // One after the other, what was there first stays, whole.
            let copy = copy(&machine, &store, &format!("copy {n}"));
            copy.ok(&["sync", "import", "--raw", &doc, first]);
            let before = copy.files();
            copy.run(&["sync", "import", "--raw", &doc, second]).fails(5, "replica-fork");
            assert_eq!(copy.files(), before);
            copy.ok(&["check"]);
        }
    }
}

#[test]
fn what_was_collected_too_early_waits_for_the_deletion() {
    let machine = Machine::new("too early");
    let store = machine.group("store", &[]);
    let doc = format!("{GROUP}:canvas");
    let [map, field, over, deletion] =
        [("map", MAP), ("field", FIELD), ("over", OVER_IT), ("deletion", DELETION)]
            .map(|(name, hex)| file(&machine, name, hex));
    store.ok(&["sync", "import", "--raw", &doc, &map]);
    let mut digests = std::collections::BTreeSet::new();
    for (n, [first, second]) in [[&field, &over], [&over, &field]].into_iter().enumerate() {
        let copy = copy(&machine, &store, &format!("copy {n}"));
        copy.ok(&["sync", "import", "--raw", &doc, first]);
        let before = copy.documents();
        let run = copy.run(&["sync", "import", "--raw", &doc, second]);
        assert!(run.exits(7).stderr.contains("a deletion"), "{}", run.stderr);
        assert_eq!(copy.documents(), before);
        // Once it arrives, both are in.
        let account = copy.json(&["sync", "import", "--raw", &doc, &deletion]);
        assert_eq!((&account["waiting"], &account["changed"]), (&json!(0), &json!(true)));
        digests.insert(copy.digest());
    }
    // All at once gives the same result, in any order.
    for (n, files) in [[&over, &field, &deletion], [&deletion, &field, &over]].iter().enumerate() {
        let copy = copy(&machine, &store, &format!("at once {n}"));
        let files = files.map(String::as_str);
        copy.ok(&[&["sync", "import", "--raw", &doc], &files[..]].concat());
        digests.insert(copy.digest());
    }
    assert_eq!(digests.len(), 1, "{digests:?}");
}

/// Two replicas of a group, and what the first of them then did on its canvas.
fn with_canvas(machine: &Machine) -> (Store<'_>, Store<'_>) {
    let alice = machine.group("alice", &[BOB]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    alice.ok(&["canvas", "add", "shape", "--at", "1,2", "--size", "3,4", "--data", "{}"]);
    (alice, bob)
}

#[test]
fn two_bundles_of_one_import_claim_no_clocks_of_each_other() {
    let machine = Machine::new("claiming bundles");
    let (alice, bob) = with_canvas(&machine);
    let honest = alice.export("honest.crdt");
    let forged = |name: &str, update: &str| {
        let bundle = Bundle::read(std::fs::read(&honest).unwrap().as_slice()).unwrap();
        let mut forged = Bundle::new(bundle.manifest().clone());
        for (entry, bytes) in bundle.documents() {
            let canvas = entry.doc.as_str().ends_with(":canvas");
            let bytes = if canvas { Some(unhex(update)) } else { bytes.map(<[u8]>::to_vec) };
            forged.push(entry.clone(), bytes);
        }
        let mut packed = Vec::new();
        forged.write(&mut packed).unwrap();
        std::fs::write(machine.path(name), packed).unwrap();
        text(&machine.path(name))
    };
    let before = bob.files();
    for (n, pair) in [(TEXT, MISFIT), (VALUE, WORDS)].into_iter().enumerate() {
        let (a, b) = (forged(&format!("a{n}"), pair.0), forged(&format!("b{n}"), pair.1));
        for [first, second] in [[&a, &b], [&b, &a]] {
            bob.run(&["sync", "import", first, second]).fails(5, "replica-fork");
            assert_eq!(bob.files(), before);
        }
    }
    bob.ok(&["sync", "import", &honest]);
}

#[test]
fn two_lines_of_a_relay_claim_no_clocks_of_each_other() {
    let machine = Machine::new("claiming lines");
    let (alice, bob) = with_canvas(&machine);
    let honest = alice.ok(&["canvas", "events"]);
    let line = |update: &str| {
        let mut message: Value = serde_json::from_str(&honest).expect("one message");
        message["update_v1"] = json!(data_encoding::BASE64.encode(&unhex(update)));
        format!("{message}\n")
    };
    let dir = text(&bob.dir);
    let apply =
        |lines: &str| machine.run_with_stdin(&["-s", &dir, "canvas", "apply"], lines.as_bytes());
    let before = bob.files();
    for (a, b) in [(TEXT, MISFIT), (VALUE, WORDS)] {
        for [first, second] in [[a, b], [b, a]] {
            apply(&(line(first) + &line(second))).fails(5, "replica-fork");
            assert_eq!(bob.files(), before);
        }
    }
    apply(&honest).exits(0);
}

#[test]
fn what_waited_claims_no_clocks_of_what_comes_later() {
    for (n, order) in [[OPENER, TEXT], [TEXT, OPENER]].into_iter().enumerate() {
        let machine = Machine::new(&format!("parked claims {n}"));
        let store = machine.group("store", &[]);
        let doc = format!("{GROUP}:canvas");
        let import = |name: &str, hex: &str| {
            store.run(&["sync", "import", "--raw", &doc, &file(&machine, name, hex)])
        };
        import("misfit", MISFIT_LATER).exits(7);
        let first = import("first", order[0]);
        if n == 0 {
            // It arrives with what it waited for, and what it claims to be collected never becomes anything
            // else.
            first.exits(0);
            import("second", order[1]).fails(5, "replica-fork");
        } else {
            first.exits(0);
            // What came in meanwhile stays, whole.
            let run = import("second", order[1]);
            assert!(run.exits(0).stderr.contains("replica-fork"), "{}", run.stderr);
            let dump = store.json(&["doc", "dump", &doc]);
            assert_eq!(dump["m"], json!({"k": "x", "z": true}));
            // A fork is evidence: it is kept until it is set aside.
            let findings = store.run(&["check", "--json"]).exits(3).parsed();
            assert_eq!(findings[0]["kind"], "replica-fork", "{findings}");
            store.ok(&["repair", findings[0]["id"].as_str().expect("an id")]);
        }
        store.ok(&["check"]);
    }
}

/// In the root "l" a value, in "m" a list and a text.
const ROOM: &str =
    "0104e9070008 01016c 0178 27 01016d 0161 00 27 01016d 0174 02 04 00e90702 03 78797a 00";

#[test]
fn what_waited_and_cannot_be_stored_stops_nothing_that_comes_later() {
    // Each after an operation that its client has yet to bring.
    let forged = [
        ("not a container", "0101ea0701 28 00e90700 0161 017800"),
        ("cannot stand in an array", "0101ea0701 27 00e90701 0161 0100"),
        ("cannot stand in an array", "0101ea0701 04 00e90701 017800"),
        ("stands before another", "0102ea0701 a8 e90701 0178 c8 e90701 ea0701 017900"),
    ];
    for (n, (reason, hex)) in forged.into_iter().enumerate() {
        let machine = Machine::new(&format!("set aside {n}"));
        let store = machine.group("store", &[]);
        let doc = format!("{GROUP}:canvas");
        let import = |name: &str, hex: &str| {
            store.run(&["sync", "import", "--raw", &doc, &file(&machine, name, hex)])
        };
        import("forged", hex).exits(7);
        import("room", ROOM).exits(0);
        // An honest import, after which it need not wait any more.
        let run = import("honest", OPENER);
        assert!(run.exits(0).stderr.contains(reason), "{reason}: {}", run.stderr);
        let dump = store.json(&["doc", "dump", &doc]);
        assert_eq!(dump["m"], json!({"a": [], "t": "xyz", "z": true}), "{reason}");
        // It was reported once, and waits no more.
        let again = import("again", OPENER);
        assert!(!again.exits(0).stderr.contains(reason), "{reason}: {}", again.stderr);
        store.ok(&["check"]);
    }
}

/// What would be refused in the roots of a concern is carried in others.
#[test]
fn what_waited_for_another_root_is_taken_as_yjs_takes_it() {
    let crossing =
        ["0101ea0701 c4 e90705 e90704 016100", "0102ea0701 84 e90705 0154 c4 e90703 ea0701 015500"];
    for (n, hex) in crossing.into_iter().enumerate() {
        let machine = Machine::new(&format!("taken {n}"));
        let store = machine.group("store", &[]);
        let doc = format!("{GROUP}:canvas");
        let import = |name: &str, hex: &str| {
            store.run(&["sync", "import", "--raw", &doc, &file(&machine, name, hex)])
        };
        import("crossing", hex).exits(7);
        import("room", ROOM).exits(0);
        import("honest", OPENER).exits(0);
        let dump = store.json(&["doc", "dump", &doc]);
        assert_eq!((&dump["m"]["a"], &dump["m"]["z"]), (&json!([]), &json!(true)));
        let text = dump["m"]["t"].as_str().expect("a text");
        assert!("xyz".chars().all(|c| text.contains(c)) && text.len() == 4 + n, "{text}");
        store.ok(&["check"]);
    }
}

/// A file that another program put over ours: a field collected in a map that nobody deleted.
#[test]
fn a_file_with_something_collected_too_early_is_not_taken_in() {
    let machine = Machine::new("file too early");
    let store = machine.group("store", &[]);
    let doc = format!("{GROUP}:canvas");
    let [map, field] = [("map", MAP), ("field", FIELD)].map(|(n, hex)| file(&machine, n, hex));
    store.ok(&["sync", "import", "--raw", &doc, &map, &field]);
    let theirs = "0102e9070027 01016d016b01 0001 00";
    std::fs::write(store.document(&doc), unhex(theirs)).expect("a writable file");
    let before = store.documents();
    let run = store.run(&["sync", "import", "--raw", &doc, &file(&machine, "opener", OPENER)]);
    assert!(run.stderr.contains("nobody deleted what contains it"), "{}", run.stderr);
    assert_eq!(store.documents(), before);
    // With the deletion it is honest.
    let deleted = "0102e9070021 01016d016b01 0001 01e907010001";
    std::fs::write(store.document(&doc), unhex(deleted)).expect("a writable file");
    store.ok(&["sync", "import", "--raw", &doc, &file(&machine, "opener", OPENER)]);
    assert_eq!(store.json(&["doc", "dump", &doc])["m"], json!({"z": true}));
    store.ok(&["check"]);
}

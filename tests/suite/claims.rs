//! Two updates that claim the same clocks: what one of them hangs on the other is judged by what
//! the document holds of it, whichever comes first.

use crate::support::*;
use serde_json::json;

/// A text under a key; and an update that calls that text collected, and hangs in it what only a
/// map can hold.
const TEXT: &str = "0102e907002701016d016b020400e90700017800";
const MISFIT: &str =
    concat!("0202ea07002800e907000161017d01c3e90701ea070001620", "1e90700000201e907010001");
/// A value in an array; and a text that follows it, which calls it collected.
const VALUE: &str = "01016500080107636f6c756d6e73017e00";
const WORDS: &str = "02016600846500027879016500000100";
/// A map under a key; that map with a field; the field as collected, and a value over it; and the
/// deletion of the map.
const MAP: &str = "0101e9070027 01016d016b01 00";
const FIELD: &str = "0102e9070027 01016d016b01 2800e907000161017701 78 00";
const OVER_IT: &str = "0201ea0700a8e9070101770179 01e9070100 01 00";
const DELETION: &str = "0001e907010001";

fn file(machine: &Machine, name: &str, hex: &str) -> String {
    let path = machine.path(name);
    let bytes = data_encoding::HEXLOWER.decode(hex.replace(' ', "").as_bytes()).expect("hex");
    std::fs::write(&path, bytes).expect("a writable file");
    text(&path)
}

/// A store of its own with everything in it that this one has.
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
            // At once neither comes in.
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
        // It comes, and then both are in.
        let account = copy.json(&["sync", "import", "--raw", &doc, &deletion]);
        assert_eq!((&account["waiting"], &account["changed"]), (&json!(0), &json!(true)));
        digests.insert(copy.digest());
    }
    // All at once it is the same, in any order.
    for (n, files) in [[&over, &field, &deletion], [&deletion, &field, &over]].iter().enumerate() {
        let copy = copy(&machine, &store, &format!("at once {n}"));
        let files = files.map(String::as_str);
        copy.ok(&[&["sync", "import", "--raw", &doc], &files[..]].concat());
        digests.insert(copy.digest());
    }
    assert_eq!(digests.len(), 1, "{digests:?}");
}

//! Files that swapped places.

use crate::support::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// The path of a file of the group.
fn place(store: &Store<'_>, path: &str) -> PathBuf {
    let entity = store.dir.join("disks/entities/ocean-forest-moon-star");
    entity.join(path.trim_start_matches('/'))
}

fn page(word: &str) -> String {
    (0..12).map(|n| format!("line {n} of the page about {word}\n")).collect()
}

/// Alice and Bob with pages about their own names, and with bytes.
fn files<'m>(machine: &'m Machine, names: &[&str]) -> (Store<'m>, Store<'m>) {
    let alice = machine.group("alice", &[BOB]);
    fs::create_dir_all(place(&alice, "/shared")).unwrap();
    for name in names {
        let bytes = match name.ends_with(".bin") {
            true => [b"\0\x01", name.as_bytes()].concat().repeat(40),
            false => page(name).into_bytes(),
        };
        fs::write(place(&alice, &format!("/shared/{name}")), bytes).unwrap();
    }
    alice.ok(&["disk", "scan"]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    bob.give(&alice);
    machine.pass(60);
    (alice, bob)
}

/// The ids of the files by their paths.
fn ids(store: &Store<'_>) -> BTreeMap<String, String> {
    let rows = store.json(&["disk", "list"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rows.as_array().unwrap().iter().map(|row| (text(&row["path"]), text(&row["id"]))).collect()
}

/// Each file goes to where the next one is, the last one to where the first is.
fn rotate(store: &Store<'_>, names: &[&str]) {
    let lies = |name: &str| place(store, &format!("/shared/{name}"));
    let last = names.last().unwrap();
    fs::rename(lies(last), lies("aside")).unwrap();
    for step in names.windows(2).rev() {
        fs::rename(lies(step[0]), lies(step[1])).unwrap();
    }
    fs::rename(lies("aside"), lies(names[0])).unwrap();
}

fn edit(store: &Store<'_>, path: &str, from: &str, to: &str) {
    let lies = place(store, path);
    let text = fs::read_to_string(&lies).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(&lies, text.replace(from, to)).unwrap();
    store.ok(&["disk", "scan"]);
}

fn lying(store: &Store<'_>, path: &str) -> String {
    fs::read_to_string(place(store, path)).unwrap()
}

#[test]
fn files_that_changed_places_are_the_same_files() {
    let machine = Machine::new("changed places");
    let names = ["a.md", "b.md", "c.md", "x.bin", "y.bin", "stays.md"];
    let (alice, bob) = files(&machine, &names);
    let before = ids(&alice);
    rotate(&alice, &["a.md", "b.md", "c.md"]);
    rotate(&alice, &["x.bin", "y.bin"]);
    // Reading takes nothing in.
    let moved = |run: &[&str]| {
        let said = alice.json(run);
        let moved = said["moved"].as_array().unwrap().len();
        assert_eq!(
            (&said["edited"], &said["added"], &said["removed"]),
            (&json!([]), &json!([]), &json!([]))
        );
        moved
    };
    assert_eq!(moved(&["disk", "scan", "-n"]), 5);
    assert_eq!(ids(&alice), before);
    assert_eq!(moved(&["disk", "scan"]), 5);
    assert_eq!(moved(&["disk", "scan"]), 0);
    let id = |ids: &BTreeMap<String, String>, name: &str| ids[&format!("/shared/{name}")].clone();
    let after = ids(&alice);
    for (from, to) in [
        ("a.md", "b.md"),
        ("b.md", "c.md"),
        ("c.md", "a.md"),
        ("x.bin", "y.bin"),
        ("y.bin", "x.bin"),
    ] {
        assert_eq!(id(&before, from), id(&after, to), "{from} is at {to}");
    }

    // What somebody else changed in a page goes where the page went, on both sides.
    edit(&bob, "/shared/a.md", "line 3", "LINE 3");
    bob.give(&alice);
    alice.give(&bob);
    for store in [&alice, &bob] {
        assert_eq!(ids(store), after);
        assert_eq!(lying(store, "/shared/b.md"), page("a.md").replace("line 3", "LINE 3"));
        assert_eq!(lying(store, "/shared/c.md"), page("b.md"));
        assert_eq!(lying(store, "/shared/a.md"), page("c.md"));
        let bytes = fs::read(place(store, "/shared/x.bin")).unwrap();
        assert!(bytes.starts_with(b"\0\x01y.bin"));
        assert_eq!(store.json(&["check"]), json!([]));
        assert_eq!(store.json(&["disk", "scan"])["edited"], json!([]));
    }
}

#[test]
fn an_import_follows_files_that_changed_places_before_it() {
    let machine = Machine::new("changed places import");
    let (alice, bob) = files(&machine, &["a.md", "b.md"]);
    edit(&bob, "/shared/a.md", "line 3", "LINE 3");
    edit(&bob, "/shared/b.md", "line 7", "LINE 7");
    rotate(&alice, &["a.md", "b.md"]);
    bob.give(&alice);
    alice.give(&bob);
    for store in [&alice, &bob] {
        assert_eq!(lying(store, "/shared/b.md"), page("a.md").replace("line 3", "LINE 3"));
        assert_eq!(lying(store, "/shared/a.md"), page("b.md").replace("line 7", "LINE 7"));
        assert_eq!(store.json(&["check"]), json!([]));
    }
}

#[test]
fn what_was_written_over_is_edited() {
    let machine = Machine::new("written over");
    let (alice, _) = files(&machine, &["log", "log.1", "log.2", "p.md", "q.md", "r.md"]);
    let before = ids(&alice);
    // The oldest goes, and a new one begins.
    rotate(&alice, &["log", "log.1", "log.2"]);
    fs::write(place(&alice, "/shared/log"), "begins\n").unwrap();
    // Two files have the content of one: it is unknown which of them it is.
    fs::copy(place(&alice, "/shared/q.md"), place(&alice, "/shared/r.md")).unwrap();
    rotate(&alice, &["p.md", "q.md"]);
    let said = alice.json(&["disk", "scan"]);
    assert_eq!(said["moved"], json!([]));
    assert_eq!(said["edited"].as_array().unwrap().len(), 6);
    assert_eq!(ids(&alice), before);
    assert_eq!(alice.json(&["check"]), json!([]));
}

//! What an update does, what history a file still has, who wrote what, a document as it was, and a rebuilt
//! one.

use crate::support::*;
use serde_json::{Value, json};
use std::path::Path;

fn fixture(name: &str) -> String {
    text(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name))
}

fn notebook() -> String {
    fixture("databases/pycrdt.ystore.db#json:notebook:one")
}

fn put(machine: &Machine, name: &str, base64: &str) -> String {
    let path = machine.path(name);
    std::fs::write(&path, data_encoding::BASE64.decode(base64.as_bytes()).unwrap()).unwrap();
    text(&path)
}

/// A text with a bold word, a map, XML; and a change: `settings.theme` set again, text after the plan, the
/// XML node removed.
const STATE: &str = "AQkHAAQBBHRleHQHSGFyYm91coQHBgUgcGxhbkYHAARib2xkBHRydWXGBwYHBwRib2xkBG51bGwoAQhzZXR0aW5ncwV0aGVtZQF3BGRhcmsHAQRwYWdlAwFwBwAHDwYEAAcQDU1pbmQgdGhlIHRpZGUoAAcPBWNsYXNzAXcEbm90ZQA=";
const CHANGE: &str = "AQIHH6gHDgF3BWxpZ2h0hAcLDiwgc2Vjb25kIGRyYWZ0AQcBDgE=";

fn done(acts: &Value, does: &str) -> Vec<(Value, Value)> {
    let acts = acts.as_array().unwrap().iter().filter(|act| act["does"] == does);
    acts.map(|act| (act["path"].clone(), act["what"].clone())).collect()
}

#[test]
fn an_update_is_told_in_words() {
    let machine = Machine::new("explain");
    let (state, change) = (put(&machine, "state", STATE), put(&machine, "change", CHANGE));
    let acts = machine.run(&["doc", "explain", &state, "--json"]).json();
    assert_eq!(done(&acts, "inserts-text")[0], (json!("text"), json!("Harbour plan")));
    assert_eq!(
        done(&acts, "formats"),
        [(json!("text"), json!("bold = true")), (json!("text"), json!("bold = null"))]
    );
    let sets = done(&acts, "sets");
    assert!(sets.contains(&(json!("settings/theme"), json!("\"dark\""))), "{acts}");
    assert!(sets.contains(&(json!("page/p/class"), json!("\"note\""))), "{acts}");
    assert_eq!(done(&acts, "adds")[0], (json!("page"), json!("<p>")));
    assert!(done(&acts, "inserts-text").contains(&(json!("page/p/*"), json!("Mind the tide"))));
    // A change does not contain what it builds on: its base provides positions and previous values.
    let run = machine.run(&["doc", "explain", &change, "--json"]);
    assert!(run.json()[0]["path"].is_null(), "{run:?}");
    assert!(run.stderr.contains("--base FILE"), "{run:?}");
    let acts = machine.run(&["doc", "explain", &change, "--base", &state, "--json"]).json();
    assert_eq!(
        acts,
        json!([
            {"client": "7", "from": 31, "to": 31, "does": "sets", "path": "settings/theme", "units": 1,
             "what": "\"light\""},
            {"client": "7", "from": 32, "to": 45, "does": "inserts-text", "path": "text", "units": 14,
             "what": ", second draft"},
        ])
    );
    let notes = notebook();
    let a = fixture("field/01-recover-behind-a-gap/state.bin");
    let acts = machine.run(&["doc", "explain", &a, "--json"]).json();
    assert!(acts.as_array().unwrap().iter().any(|act| act["path"].is_null()), "{acts}");
    let acts = machine.run(&["doc", "explain", &notes, "--json"]).json();
    assert!(done(&acts, "inserts-text").iter().any(|(path, _)| path == "cells/*/source"), "{acts}");
    machine
        .run(&["doc", "explain", &change, "--base", &fixture("field/08-fork-called-invalid/a.bin")])
        .exits(0);
    let (first, other) = (
        fixture("field/08-fork-called-invalid/a.bin"),
        fixture("field/08-fork-called-invalid/longer.bin"),
    );
    machine
        .run(&["doc", "explain", &other, "--base", &first])
        .fails(5, "does not belong to the same document");
}

/// Deletions are reported with their content, if the base still has it.
#[test]
fn deletions_are_told() {
    let machine = Machine::new("deletions");
    let state = put(&machine, "state", STATE);
    // Clocks 0 to 6 of client 7: the first word.
    let update = put(&machine, "delete", "AAEHAQAH");
    let acts = machine.run(&["doc", "explain", &update, "--base", &state, "--json"]).json();
    assert_eq!(done(&acts, "deletes-text"), [(json!("text"), json!("Harbour"))]);
    assert_eq!(
        machine.run(&["doc", "explain", &state, "--base", &state, "--json"]).json(),
        json!([])
    );
}

/// A key that is set and deleted in one transaction lost the value that it had before.
#[test]
fn a_value_that_was_replaced_by_nothing_is_told_as_deleted() {
    let machine = Machine::new("set and deleted");
    let file = |name: &str, bytes: &[u8]| put(&machine, name, &data_encoding::BASE64.encode(bytes));
    let base = file(
        "base",
        b"\x01\x02\x04\x00\x28\x01\x01m\x01k\x01w\x08precious\x28\x01\x01m\x01z\x01\x7d\x01\x00",
    );
    let explain = |update: &str, base: &str| {
        machine.run(&["doc", "explain", update, "--base", base, "--json"]).json()
    };
    let gone = [(json!("m/k"), json!("\"precious\""))];
    // With its content collected, and with the content still there.
    for (name, content) in
        [("collected", &b"\xa1\x04\x00\x01"[..]), ("kept", b"\xa8\x04\x00\x01w\x03tmp")]
    {
        let both = [&b"\x01\x01\x04\x02"[..], content, b"\x01\x04\x02\x00\x01\x02\x01"].concat();
        let acts = explain(&file(name, &both), &base);
        assert_eq!(done(&acts, "deletes"), gone, "{name}");
        // Set and left there, it replaced the other one.
        let set = [&b"\x01\x01\x04\x02"[..], content, b"\x01\x04\x01\x00\x01"].concat();
        let acts = explain(&file(&format!("{name} set"), &set), &base);
        let expected = if name == "kept" { &[][..] } else { &gone };
        assert_eq!(done(&acts, "deletes"), expected, "{name}");
    }
    // An attribute of XML: clock 31 sets `class` of the node in the plan again, and is deleted, too.
    let state = put(&machine, "state", STATE);
    let update = file("attribute", b"\x01\x01\x07\x1f\xa1\x07\x1e\x01\x01\x07\x01\x1e\x02");
    let acts = explain(&update, &state);
    assert_eq!(done(&acts, "deletes"), [(json!("page/p/class"), json!("\"note\""))]);
}

/// Keys and roots may have a `/` or a `~`: paths print both escaped, and are understood as they are printed.
#[test]
fn a_path_is_understood_as_it_is_printed() {
    let machine = Machine::new("paths");
    // A text under the key `a/b` of the map `m`, and one under `a~1b`; the text `r/s`.
    let bytes = [
        &b"\x01\x06\x04\x00\x27\x01\x01m\x03a/b\x02\x04\x00\x04\x00\x05slash"[..],
        b"\x27\x01\x01m\x04a~1b\x02\x04\x00\x04\x06\x05tilde\x04\x01\x03r/s\x04root",
        b"\x28\x01\x01m\x01c\x01\x7d\x01\x00",
    ];
    let file = put(&machine, "paths.bin", &data_encoding::BASE64.encode(&bytes.concat()));
    let blamed = |path: &str| {
        let rows = machine.run(&["doc", "blame", &file, path, "--json"]).json();
        rows[0]["what"].as_str().unwrap().to_owned()
    };
    assert_eq!(blamed("m/a~1b"), "slash");
    assert_eq!(blamed("m/a~01b"), "tilde");
    assert_eq!(blamed("r~1s"), "root");
    // As it is, as long as it means nothing else.
    assert_eq!((blamed("m/a/b"), blamed("r/s")), ("slash".to_owned(), "root".to_owned()));
    let run = machine.run(&["doc", "blame", &file, "nothing"]);
    assert!(run.fails(4, "no root").stderr.contains("r~1s"), "{}", run.stderr);
    let acts = machine.run(&["doc", "explain", &file, "--json"]).json();
    let told: Vec<Value> = done(&acts, "inserts-text").into_iter().map(|(path, _)| path).collect();
    assert_eq!(told, ["m/a~1b", "m/a~01b", "r~1s"]);
    let tree = machine.run(&["doc", "tree", &file, "--json"]).json();
    assert_eq!(column(&tree, "path").last().map(String::as_str), Some("r~1s"));
    for root in ["r~1s", "r/s"] {
        let dumped = machine.run(&["doc", "dump", &file, "--root", root]).json();
        assert_eq!(dumped, json!({"r/s": "root"}), "{root}");
    }
    for path in told.iter().map(|path| path.as_str().unwrap()) {
        machine.run(&["doc", "blame", &file, path]).exits(0);
    }
}

/// `abcdef` without `cd`, then an X before it. Nothing in a short snapshot says how it is encoded.
#[test]
fn a_snapshot_is_read_in_the_encoding_that_fits_the_document() {
    let machine = Machine::new("snapshots");
    let bytes =
        |name: &str, bytes: &[u8]| put(&machine, name, &data_encoding::BASE64.encode(bytes));
    let document = |name: &str, deletes: &[u8]| {
        let blocks = b"\x01\x04\x04\x00\x04\x01\x01t\x02ab\x84\x04\x01\x02cd\x84\x04\x03\x02efD\x04\x00\x01X";
        bytes(name, &[&blocks[..], deletes].concat())
    };
    let file = document("now.bin", &[1, 4, 1, 2, 2]);
    let v1 = bytes("v1.snap", &[1, 4, 1, 2, 2, 1, 4, 6]);
    let v2 = bytes("v2.snap", &[1, 4, 1, 2, 1, 1, 4, 6]);
    let shown = |file: &str, more: &[&str]| {
        let run = machine.run(&[&["doc", "dump", file, "--at"], more].concat());
        (run.json(), run.stderr)
    };
    // In v2, the first one would delete what was never deleted.
    assert_eq!(shown(&file, &[&v1]), (json!({"t": "abef"}), String::new()));
    // In v1, the other one would be of a moment in the middle of a deletion: possible, but unlikely.
    let (then, said) = shown(&file, &[&v2]);
    assert_eq!(then, json!({"t": "abef"}));
    assert!(said.contains("`--at-from v1` reads it as v1"), "{said}");
    assert_eq!(shown(&file, &[&v2, "--at-from", "v1"]), (json!({"t": "abdef"}), String::new()));
    assert_eq!(shown(&file, &[&v2, "--at-from", "v2"]), (json!({"t": "abef"}), String::new()));
    // If the next letter was deleted, too, the first one may be in v2 as well; it is taken for v1 only if
    // nothing speaks against it.
    let further = document("further.bin", &[1, 4, 1, 2, 3]);
    let (then, said) = shown(&further, &[&v1]);
    assert_eq!(then, json!({"t": "abf"}));
    assert!(said.contains("`--at-from v1`"), "{said}");
    machine.run(&["doc", "dump", &file, "--at", &v1, "--at-from", "v3"]).exits(2);
    machine.run(&["doc", "dump", &file, "--at-from", "v1"]).exits(2);
    // What a peer has according to it is only what it has in either.
    let lacks = machine.path("lacks.bin");
    machine.run(&["doc", "diff-update", &v2, &file, "-O", &text(&lacks)]).exits(0);
    let lacking = std::fs::read(&lacks).unwrap();
    assert!(lacking.ends_with(&[1, 4, 1, 3, 1]), "{lacking:?}");
}

#[test]
fn the_history_that_is_there_is_listed() {
    let machine = Machine::new("history");
    let rows = machine.run(&["doc", "log", &notebook(), "--json"]).json();
    assert_eq!(column(&rows, "client"), ["11", "11", "11"]);
    let steps = |field: &str| -> Vec<Value> {
        rows.as_array().unwrap().iter().map(|row| row[field].clone()).collect()
    };
    assert_eq!(steps("step"), [1, 2, 3]);
    assert_eq!(steps("at"), [1_780_000_060, 1_780_000_120, 1_780_000_180]);
    assert_eq!(steps("roots"), [json!(["cells"]), json!(["cells"]), json!(["state"])]);
    assert_eq!(steps("from")[1], steps("to")[0].as_u64().unwrap() + 1);
    // For a state, one row per client.
    let state = put(&machine, "state", STATE);
    let rows = machine.run(&["doc", "log", &state, "--json"]).json();
    assert_eq!(
        rows,
        json!([{"step": 1, "at": null, "client": "7", "from": 0, "to": 30, "units": 31, "readable": 31,
            "live": 31, "deletes": 0, "roots": ["page", "settings", "text"]}])
    );
}

#[test]
fn a_document_is_shown_as_it_was() {
    let machine = Machine::new("as it was");
    let file = notebook();
    let source = |at: &str| {
        let dump = machine.run(&["doc", "dump", &file, "--at", at]).json();
        (dump["cells"][0]["source"].clone(), dump["state"].clone())
    };
    let (begun, edited) = (json!("print(1)"), json!("print(1)  # one"));
    assert_eq!(source("#1"), (begun.clone(), Value::Null));
    assert_eq!(source("#2"), (edited.clone(), Value::Null));
    assert_eq!(source("#3"), (edited.clone(), json!({"dirty": false})));
    assert_eq!(source("1780000060"), (begun, Value::Null));
    assert_eq!(source("2026-05-28T20:29:10Z").0, edited);
    machine.run(&["doc", "dump", &file, "--at", "#4"]).fails(4, "holds 3 updates");
    let run = machine.run(&["doc", "diff", &file, &file, "--at", "#2", "--json"]);
    assert_eq!(column(&run.exits(3).parsed(), "collection"), ["state"]);
    let shown = machine.run(&["doc", "show", &file, "--at", "#1", "--json"]).json();
    assert_eq!(column(&shown["roots"], "root"), ["cells"]);
    // A state vector, as text or in a file.
    let state = put(&machine, "state", STATE);
    let run = machine.run(&["doc", "dump", &state, "--at", "7:7"]);
    assert_eq!(run.json(), json!({"text": "Harbour"}));
    assert!(run.stderr.contains("does not say what was deleted then"), "{}", run.stderr);
    let vector = put(&machine, "vector", "AQcH");
    assert_eq!(
        machine.run(&["doc", "dump", &state, "--at", &vector]).json(),
        json!({"text": "Harbour"})
    );
    // A snapshot says what was deleted: here the first word.
    let snapshot = put(&machine, "snapshot", "AQcBAAcBBww=");
    assert_eq!(
        machine.run(&["doc", "dump", &state, "--at", &snapshot]).json(),
        json!({"text": " plan"})
    );
    machine.run(&["doc", "dump", &state, "--at", "2026-01-01"]).fails(2, "does not record when");
    machine.run(&["doc", "dump", &state, "--at", "whenever"]).fails(2, "is not a moment");
    machine.run(&["doc", "dump", &state, "--at", &state]).fails(2, "neither a snapshot");
}

#[test]
fn who_wrote_what_is_shown() {
    let machine = Machine::new("blame");
    let file = notebook();
    let rows = machine.run(&["doc", "blame", &file, "cells/0/source", "--json"]).json();
    let told: Vec<_> =
        rows.as_array().unwrap().iter().map(|r| (&r["what"], &r["at"], &r["place"])).collect();
    assert_eq!(
        told,
        [
            (&json!("print(1)"), &json!(1_780_000_060), &json!("0")),
            (&json!("  # one"), &json!(1_780_000_120), &json!("8")),
        ]
    );
    let rows = machine.run(&["doc", "blame", &file, "cells/0", "--json"]).json();
    assert_eq!(column(&rows, "place"), ["cell_type", "source"]);
    let state = put(&machine, "state", STATE);
    let rows = machine.run(&["doc", "blame", &state, "settings", "--json"]).json();
    assert_eq!((&rows[0]["client"], &rows[0]["from"]), (&json!("7"), &json!(14)));
    machine.run(&["doc", "blame", &state, "settings/theme"]).fails(2, "is a plain value");
    machine
        .run(&["doc", "blame", &state, "nothing"])
        .fails(4, "the roots are page, settings, text");
    machine.run(&["doc", "blame", &state, "page/7"]).fails(4, "there is nothing at page/7");
}

#[test]
fn a_document_is_written_anew() {
    let machine = Machine::new("rebuild");
    let out = text(&machine.path("new"));
    for name in [
        "field/02-healthy-called-damaged/equal-origins.bin",
        "field/03-bigint-rewritten/ids.bin",
        "field/04-recover-of-unsupported/format.bin",
        "field/06-whole-when-cut/whole.bin",
        "field/10-embeds-and-nan/ea.bin",
        "databases/pycrdt.ystore.db#json:notebook:two",
    ] {
        let file = fixture(name);
        let size = machine.run(&["doc", "size", &file, "--json"]).json();
        let run = machine.run(&["doc", "rebuild", &file, "-O", &out]);
        assert!(run.exits(0).stderr.contains("all content appears twice"), "{}", run.stderr);
        let bytes = std::fs::metadata(&out).unwrap().len();
        assert!(size["rebuilt_bytes"].as_u64().unwrap().abs_diff(bytes) <= 300, "{size}, {bytes}");
        assert!(size["live_bytes"].as_u64().unwrap() < bytes, "{size}");
        assert_eq!(
            machine.run(&["digest", &out]).ok(),
            machine.run(&["digest", &file]).ok(),
            "{name}"
        );
        let typed = |file: &str| machine.run(&["doc", "dump", file, "--as", "yjs"]).json();
        assert_eq!(typed(&out), typed(&file), "{name}");
    }
    let gap = fixture("field/01-recover-behind-a-gap/state.bin");
    machine.run(&["doc", "rebuild", &gap, "-O", &out]).fails(1, "is incomplete");
    // What is merged with what it was made of is there twice, and that is said.
    let whole = fixture("field/04-recover-of-unsupported/format.bin");
    machine.run(&["doc", "rebuild", &whole, "-O", &out]).exits(0);
    let merged = text(&machine.path("merged"));
    machine.run(&["doc", "merge", &whole, &out, "-O", &merged]).fails(1, "would be there twice");
    assert!(!Path::new(&merged).exists());
}

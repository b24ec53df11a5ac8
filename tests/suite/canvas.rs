//! `canvas`: elements, their fields and types, undo and redo, and pictures.

use crate::oracle::Plain;
use crate::support::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Adds an element; returns its id.
fn add(store: &Store<'_>, kind: &str, at: &str, data: &str) -> String {
    store.ok(&["canvas", "add", kind, "--at", at, "--size", "100,40", "--data", data])
}

fn place(store: &Store<'_>, id: &str) -> (f64, f64) {
    let shown = store.json(&["canvas", "show", id]);
    (shown["x"].as_f64().unwrap(), shown["y"].as_f64().unwrap())
}

#[test]
fn an_element_has_the_fields_of_the_schema_with_their_types() {
    let machine = Machine::new("canvas schema");
    let store = machine.group("s", &[]);
    let run = store.run(&[
        "canvas",
        "add",
        "text",
        "--at",
        "-12.5,30",
        "--size",
        "200,40",
        "--data",
        r#"{"content":"Harbour plan","font_size":16,"tags":["a",1.5]}"#,
    ]);
    let id = run.ok();
    assert_eq!(run.stdout, format!("{id}\n"), "the id alone");
    assert_eq!(
        store.json(&["canvas", "list"]),
        json!([{
            "id": id, "element_type": "text", "x": -12.5, "y": 30, "width": 200, "height": 40,
            "rotation": 0, "z_index": 0,
            "data": {"content": "Harbour plan", "font_size": 16, "tags": ["a", 1.5]},
            "created_at": START, "updated_at": START, "deleted": false, "deleted_at": 0,
            "ack_vector": {},
        }])
    );
    let expected = [
        ("ack_vector", "Map"),
        ("created_at", "i64"),
        ("data", "Map"),
        ("deleted", "bool"),
        ("deleted_at", "i64"),
        ("element_type", "String"),
        ("height", "f64"),
        ("id", "String"),
        ("rotation", "f64"),
        ("updated_at", "i64"),
        ("width", "f64"),
        ("x", "f64"),
        ("y", "f64"),
        ("z_index", "i64"),
    ];
    let expected: BTreeMap<String, &str> =
        expected.iter().map(|(field, kind)| ((*field).to_owned(), *kind)).collect();
    let canvas = format!("{GROUP}:canvas");
    let types = || Plain::read(&store.document(&canvas)).types(&["elements", &id]);
    assert_eq!(types(), expected);
    // Written again, and after undo, they have the same types.
    store.ok(&["canvas", "set", &id, "x=5", "width=7", "rotation=1", "z_index=9", "height=3.5"]);
    store.ok(&["canvas", "move", &id, "8,9"]);
    assert_eq!(types(), expected);
    store.ok(&["canvas", "undo"]);
    store.ok(&["canvas", "undo"]);
    assert_eq!(types(), expected);
    assert_eq!(place(&store, &id), (-12.5, 30.0));
}

#[test]
fn a_new_element_lies_above_all_others() {
    let machine = Machine::new("canvas order");
    let store = machine.group("s", &[]);
    let ids: Vec<String> = (0..3).map(|_| add(&store, "shape", "0,0", "{}")).collect();
    assert_eq!(store.column(&["canvas", "list"], "id"), ids);
    store.ok(&["canvas", "set", &ids[2], "z_index=-4"]);
    let last = add(&store, "image", "0,0", "{}");
    let order = [&ids[2], &ids[0], &ids[1], &last].map(String::clone);
    assert_eq!(store.column(&["canvas", "list"], "id"), order);
    assert_eq!(store.json(&["canvas", "show", &last])["z_index"], 2);
}

#[test]
fn set_writes_fields_and_keys_of_data() {
    let machine = Machine::new("canvas set");
    let store = machine.group("s", &[]);
    let id = add(&store, "text", "0,0", r#"{"content":"a","old":1}"#);
    machine.pass(60);
    let set = ["canvas", "set", &id[..6], "width=5.5", "data.content=b=c", "data.old=null"];
    let written = store.json(&set);
    assert_eq!((&written["changed"], &written["id"]), (&json!(true), &json!(id)));
    let shown = store.json(&["canvas", "show", &id]);
    assert_eq!((&shown["width"], &shown["data"]), (&json!(5.5), &json!({"content": "b=c"})));
    assert_eq!(shown["updated_at"], START + 60);
    // Repeating it changes nothing.
    let before = store.documents();
    assert_eq!(store.json(&set)["changed"], false);
    assert_eq!(store.documents(), before);
    // `data` sets its keys; a value that is JSON is JSON; a clock that goes back is still advanced.
    let data = r#"data={"content":"\u00fc","list":[1,{"a":null}]}"#;
    store.ok(&["canvas", "set", &id, data, "element_type=shape", "--now", "2020-01-01"]);
    let shown = store.json(&["canvas", "show", &id]);
    assert_eq!(shown["data"], json!({"content": "ü", "list": [1, {"a": null}]}));
    assert_eq!(
        (&shown["element_type"], &shown["updated_at"]),
        (&json!("shape"), &json!(START + 61))
    );
}

#[test]
fn what_makes_no_sense_is_refused_with_nothing_written() {
    let machine = Machine::new("canvas usage");
    let store = machine.group("s", &[BOB]);
    store.run(&["canvas", "show", "aaaa"]).fails(4, "has no canvas");
    store.run(&["canvas", "move", "aaaa", "1,1"]).fails(4, "has no canvas");
    store.run(&["canvas", "move", "aaaa", "1,1"]).fails(4, "canvas add text");
    let id = add(&store, "text", "0,0", "{}");
    store.ok(&["member", "role", BOB, "viewer"]);
    let before = store.documents();
    let add = ["canvas", "add", "text", "--at", "0,0", "--size", "1,1"];
    for (wrong, said) in [
        (&["canvas", "add", "note", "--at", "0,0", "--size", "1,1"][..], "note"),
        (&["canvas", "add", "text", "--at", "0", "--size", "1,1"], "not two numbers"),
        (&["canvas", "add", "text", "--at", "nan,0", "--size", "1,1"], "not two numbers"),
        (&["canvas", "add", "text", "--at", "0,0", "--size", "-1,1"], "not negative"),
        (&["canvas", "add", "text", "--size", "1,1"], "--at"),
        (&[&add[..], &["--data", "[1]"]].concat(), "not a JSON object"),
        (&["canvas", "set", &id, "x"], "not a field and a value"),
        (&["canvas", "set", &id, "x=far"], "x must be a number"),
        (&["canvas", "set", &id, "z_index=1.5"], "whole number"),
        (&["canvas", "set", &id, "width=-1"], "not negative"),
        (&["canvas", "set", &id, "element_type=note"], "not a kind"),
        (&["canvas", "set", &id, "deleted=true"], "not a field"),
        (&["canvas", "set", &id, "updated_at=1"], "not a field"),
        (&["canvas", "set", &id, "data=5"], "JSON object"),
        (&["canvas", "set", &id, "data.=5"], "not a key"),
        (&["canvas", "move", &id, "1"], "not two numbers"),
        (&["canvas", "delete", "aaa"], ""),
    ] {
        let code = if wrong.contains(&"delete") { 4 } else { 2 };
        store.run(wrong).fails(code, said);
    }
    let much = format!("data.content={}", "x".repeat(100_001));
    store.run(&["canvas", "set", &id, &much]).fails(1, "more than 100000");
    store.run(&[&add[..], &["--as", BOB]].concat()).fails(1, "may only read");
    store.run(&["canvas", "undo", "--as", BOB]).fails(1, "may only read");
    store.run(&["canvas", "delete", &id, "--as", CAROL]).fails(1, "not an active member");
    let dry = store.json(&["canvas", "move", &id, "1,1", "-n"]);
    assert_eq!((&dry["dry_run"], &dry["changed"]), (&json!(true), &json!(true)));
    assert_eq!(store.documents(), before);
}

#[test]
fn a_deleted_element_stays_as_a_tombstone_until_all_have_seen_it() {
    let machine = Machine::new("canvas delete");
    let store = machine.group("s", &[BOB]);
    let id = add(&store, "shape", "0,0", "{}");
    machine.pass(60);
    assert_eq!(store.json(&["canvas", "delete", &id])["changed"], true);
    assert_eq!(store.json(&["canvas", "delete", &id])["changed"], false);
    assert_eq!(store.json(&["canvas", "list"]), json!([]));
    let all = store.json(&["canvas", "list", "--all"]);
    assert_eq!(all[0]["deleted_at"], START + 60);
    assert_eq!(all[0]["ack_vector"], json!({ALICE: START + 60}));
    store.run(&["canvas", "move", &id, "1,1"]).fails(1, "is deleted");
    assert_eq!(store.column(&["tombstone", "list"], "id"), std::slice::from_ref(&id));
    let bob = machine.replica_of(&store, "b", BOB);
    bob.give(&store);
    store.run(&["canvas", "show", &id]).fails(4, "no element");
}

#[test]
fn undo_and_redo_go_along_the_timeline() {
    let machine = Machine::new("canvas undo");
    let store = machine.group("s", &[]);
    assert_eq!(store.json(&["canvas", "undo"])["changed"], false);
    let id = add(&store, "text", "0,0", r#"{"content":"a"}"#);
    store.ok(&["canvas", "move", &id, "5,6"]);
    store.ok(&["canvas", "set", &id, "data.content=b", "data.color=red"]);
    let state = |id: &str| {
        let shown = store.json(&["canvas", "show", id]);
        (shown["x"].clone(), shown["data"].clone())
    };
    let steps = [
        (json!(0), json!({"content": "a"})),
        (json!(5), json!({"content": "a"})),
        (json!(5), json!({"content": "b", "color": "red"})),
    ];
    // A dry run neither moves nor counts.
    assert_eq!(store.json(&["canvas", "undo", "-n"])["changed"], true);
    assert_eq!(state(&id), steps[2]);
    let clock = store.json(&["canvas", "show", &id])["updated_at"].as_i64();
    let run = store.run(&["canvas", "undo", "--json"]);
    let undone = run.json();
    assert!(run.stderr.contains("undid the set of"), "{}", run.stderr);
    assert_eq!(undone["undid"]["verb"], "set");
    assert_eq!(undone["undid"]["fields"]["data.content"], json!({"old": "b", "new": "a"}));
    assert_eq!(undone["undid"]["fields"]["data.color"], json!({"old": "red", "new": null}));
    assert_eq!(state(&id), steps[1]);
    // It is a new edit.
    assert!(store.json(&["canvas", "show", &id])["updated_at"].as_i64() > clock);
    store.ok(&["canvas", "undo"]);
    assert_eq!(state(&id), steps[0]);
    store.ok(&["canvas", "undo"]);
    assert_eq!(store.json(&["canvas", "list"]), json!([]));
    assert_eq!(store.json(&["canvas", "undo"])["changed"], false);
    // A re-added element gets another id, and the later steps apply to it.
    let again = store.ok(&["canvas", "redo"]);
    assert_ne!(again, id);
    assert_eq!(state(&again), steps[0]);
    store.ok(&["canvas", "redo"]);
    assert_eq!(store.ok(&["canvas", "redo"]), "");
    assert_eq!(state(&again), steps[2]);
    assert_eq!(store.json(&["canvas", "redo"])["changed"], false);
    // After another edit nothing can be redone.
    store.ok(&["canvas", "undo"]);
    store.ok(&["canvas", "move", &again, "7,7"]);
    assert_eq!(store.json(&["canvas", "redo"])["changed"], false);
    store.ok(&["canvas", "undo"]);
    assert_eq!(state(&again), steps[1]);
}

#[test]
fn undoing_a_deletion_puts_the_element_back_under_a_new_id() {
    let machine = Machine::new("canvas undelete");
    let store = machine.group("s", &[BOB]);
    let id = add(&store, "chart", "1,2", r#"{"chart_type":"pie","data":{"values":[1,2.5]}}"#);
    store.ok(&["canvas", "set", &id, "rotation=0.5", "z_index=7"]);
    let before = store.json(&["canvas", "show", &id]);
    store.ok(&["canvas", "delete", &id]);
    let run = store.run(&["canvas", "undo"]);
    let back = run.ok();
    assert!(run.stderr.contains(&id) && run.stderr.contains(&back), "{}", run.stderr);
    let shown = store.json(&["canvas", "show", &back]);
    for field in ["element_type", "x", "y", "width", "height", "rotation", "z_index", "data"] {
        assert_eq!(shown[field], before[field], "{field}");
    }
    assert_eq!(store.json(&["canvas", "show", &id])["deleted"], true);
    // The steps before it apply to the current element.
    store.ok(&["canvas", "undo"]);
    assert_eq!(store.json(&["canvas", "show", &back])["rotation"], 0);
    store.ok(&["canvas", "redo"]);
    store.ok(&["canvas", "redo"]);
    assert_eq!(store.json(&["canvas", "list"]), json!([]));
}

#[test]
fn undo_refuses_what_somebody_built_on() {
    let machine = Machine::new("canvas built on");
    let alice = machine.group("a", &[BOB]);
    let id = add(&alice, "shape", "0,0", "{}");
    alice.ok(&["canvas", "move", &id, "10,20"]);
    let bob = machine.replica_of(&alice, "b", BOB);
    machine.pass(60);
    // A different field does not conflict …
    bob.ok(&["canvas", "set", &id, "data.fill=red"]);
    bob.give(&alice);
    alice.ok(&["canvas", "undo"]);
    assert_eq!(place(&alice, &id), (0.0, 0.0));
    alice.ok(&["canvas", "redo"]);
    // … the same one does.
    alice.give(&bob);
    machine.pass(60);
    bob.ok(&["canvas", "move", &id, "30,20"]);
    bob.give(&alice);
    let before = alice.documents();
    let run = alice.run(&["canvas", "undo"]);
    run.fails(1, "x is 30 now, not 10");
    assert!(run.stderr.contains("--force"), "{}", run.stderr);
    assert_eq!(alice.documents(), before);
    assert_eq!(place(&alice, &id), (30.0, 20.0));
    // `--force` undoes theirs too; the element itself is Bob's work as well by now.
    alice.ok(&["canvas", "undo", "--force"]);
    assert_eq!(place(&alice, &id), (0.0, 0.0));
    alice.give(&bob);
    bob.give(&alice);
    assert_eq!(place(&bob, &id), (0.0, 0.0));
    assert_eq!(alice.digest(), bob.digest());
    machine.pass(60);
    bob.ok(&["canvas", "set", &id, "data.fill=blue"]);
    bob.give(&alice);
    alice.run(&["canvas", "undo"]).fails(1, "it was changed since");
    // Steps on an element that somebody deleted are skipped.
    alice.ok(&["canvas", "move", &id, "1,1"]);
    alice.give(&bob);
    bob.ok(&["canvas", "delete", &id]);
    bob.give(&alice);
    alice.run(&["canvas", "undo"]).fails(1, "it was deleted since");
    assert_eq!(alice.json(&["canvas", "undo", "--force"])["changed"], false);
}

#[test]
fn the_timeline_is_a_hundred_steps_deep_and_each_canvas_has_its_own() {
    let machine = Machine::new("canvas depth");
    let store = machine.group("s", &[]);
    store.ok(&["entity", "create", "group:other", "--name", "Other"]);
    store.ok(&["entity", "use", GROUP]);
    let id = add(&store, "shape", "0,0", "{}");
    for n in 1..=101 {
        store.ok(&["canvas", "move", &id, &format!("{n},0")]);
    }
    assert_eq!(store.json(&["canvas", "undo", "-e", "group:other"])["changed"], false);
    for n in (1..=100).rev() {
        store.ok(&["canvas", "undo"]);
        assert_eq!(place(&store, &id), (f64::from(n), 0.0));
    }
    assert_eq!(store.json(&["canvas", "undo"])["changed"], false);
    store.ok(&["canvas", "redo"]);
    assert_eq!(place(&store, &id), (2.0, 0.0));
}

#[test]
fn of_concurrent_moves_of_one_element_the_later_wins() {
    for first in [ALICE, BOB] {
        let machine = Machine::new(&format!("canvas moves {first}"));
        let alice = machine.group("a", &[BOB]);
        let id = add(&alice, "shape", "0,0", "{}");
        let bob = machine.replica_of(&alice, "b", BOB);
        let stores = if first == ALICE { [&alice, &bob] } else { [&bob, &alice] };
        machine.pass(60);
        stores[0].ok(&["canvas", "set", &id, "data.fill=red"]);
        stores[0].ok(&["canvas", "move", &id, "10,11"]);
        machine.pass(60);
        stores[1].ok(&["canvas", "move", &id, "20,21"]);
        for _ in 0..2 {
            alice.give(&bob);
            bob.give(&alice);
        }
        assert_eq!(alice.digest(), bob.digest());
        for store in stores {
            assert_eq!(place(store, &id), (20.0, 21.0));
            assert_eq!(store.json(&["canvas", "list"]).as_array().map(Vec::len), Some(1));
            // A different field is not disturbed.
            assert_eq!(store.json(&["canvas", "show", &id])["data"], json!({"fill": "red"}));
        }
    }
}

#[test]
fn a_deletion_wins_over_a_concurrent_move() {
    let machine = Machine::new("canvas delete and move");
    let alice = machine.group("a", &[BOB]);
    let id = add(&alice, "shape", "0,0", "{}");
    let bob = machine.replica_of(&alice, "b", BOB);
    machine.pass(60);
    alice.ok(&["canvas", "delete", &id]);
    machine.pass(60);
    bob.ok(&["canvas", "move", &id, "20,21"]);
    for _ in 0..2 {
        alice.give(&bob);
        bob.give(&alice);
    }
    assert_eq!(alice.digest(), bob.digest());
    for store in [&alice, &bob] {
        assert_eq!(store.json(&["canvas", "list", "--all"]), json!([]), "seen by all, and gone");
    }
}

#[test]
fn a_canvas_becomes_a_picture() {
    let machine = Machine::new("canvas render");
    let store = machine.group("s", &[]);
    store.run(&["canvas", "render"]).fails(4, "has no canvas");
    let evil = r#"{"content":"<script>\"&'\u001b[2J\u202e","color":"url(http://x/)\"/><x"}"#;
    add(&store, "text", "0,0", evil);
    add(&store, "shape", "-50,0", r##"{"shape":"ellipse","fill":"#ff8800"}"##);
    add(&store, "image", "0,80", r#"{"src":"https://x/shared/a.png"}"#);
    add(&store, "chart", "0,150", r#"{"chart_type":"bar","data":{"labels":["a"],"values":[2,1]}}"#);
    add(&store, "shape", "300,0", r#"{"shape":"no such thing"}"#);
    let gone = add(&store, "shape", "9999,0", "{}");
    store.ok(&["canvas", "delete", &gone]);
    let svg = store.run(&["canvas", "render"]).ok();
    assert!(svg.contains("viewBox=\"-70 -20 490 230\""), "{svg}");
    assert!(svg.contains("&lt;script&gt;&quot;&amp;&apos;"), "{svg}");
    assert!(svg.contains("#ff8800") && svg.contains(">a.png<"), "{svg}");
    for bad in ["<script", "url(", "href", "https:", "\u{1b}", "\u{202e}", "/><x"] {
        assert!(!svg.contains(bad), "{bad:?} in {svg}");
    }
    store.ok(&["canvas", "render", "-O", "board.svg"]);
    assert_eq!(std::fs::read_to_string(machine.path("board.svg")).unwrap().trim_end(), svg);
    let run = store.run(&["canvas", "render", "-O", "board.png"]);
    assert!(run.exits(0).stderr.contains("490 × 230"), "{}", run.stderr);
    let png = std::fs::read(machine.path("board.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    assert_eq!(png[16..24], [0, 0, 1, 0xea, 0, 0, 0, 0xe6]);
    store.run(&["canvas", "render", "-O", "board.gif"]).fails(2, "neither .svg nor .png");
    let inside = text(&store.dir.join("crdt/board.svg"));
    store.run(&["canvas", "render", "-O", &inside]).fails(1, "belongs to a store");
    store.ok(&["canvas", "render", "-o", "other.svg"]);
    assert_eq!(std::fs::read_to_string(machine.path("other.svg")).unwrap().trim_end(), svg);
    let refused = store.run(&["canvas", "render", "-o", "jsno"]);
    refused.fails(2, "to write to a file, use `-O jsno`");
    store.run(&["canvas", "list", "-o", "list.txt"]).fails(2, "possible values: table");
    store.ok(&["canvas", "render", "-n", "-O", "dry.png"]);
    assert!(!machine.path("dry.png").exists());
}

#[test]
fn text_shows_in_a_png_and_far_away_elements_do_not_fill_the_memory() {
    let machine = Machine::new("canvas png");
    let store = machine.group("s", &[]);
    let id = add(&store, "text", "0,0", r#"{"content":"Größe, Привет ⚓"}"#);
    let png = |name: &str| {
        store.ok(&["canvas", "render", "-O", name]);
        std::fs::read(machine.path(name)).unwrap()
    };
    let with = png("with.png");
    store.ok(&["canvas", "set", &id, "data.content="]);
    assert!(with.len() > png("without.png").len() + 500, "letters are drawn");
    store.ok(&["canvas", "move", &id, "1e300,-1e300"]);
    store.ok(&["canvas", "set", &id, "width=1e300"]);
    let far = png("far.png");
    let side = |at: usize| u32::from_be_bytes(far[at..at + 4].try_into().unwrap());
    assert!(side(16) <= 4096 && side(20) <= 4096);
}

#[test]
fn the_applications_canvas_is_read_and_drawn() {
    let machine = Machine::new("canvas fixture");
    let store = machine.fixture("real-store");
    let list = store.json(&["canvas", "list", "-e", GROUP]);
    assert_eq!(list.as_array().map(Vec::len), Some(185));
    let rows = list.as_array().unwrap();
    let above = |row: &Value| row["z_index"].as_i64();
    assert!(rows.windows(2).all(|pair| above(&pair[0]) <= above(&pair[1])));
    store.ok(&["canvas", "render", "-e", GROUP, "-O", "real.svg"]);
    let svg = std::fs::read_to_string(machine.path("real.svg")).unwrap();
    assert_eq!(svg.matches("<g").count(), 185);
    assert!(svg.contains("rotate(45 "), "radians");
}

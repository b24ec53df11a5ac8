//! Files of other programs with very many updates: read in the memory and the work that their size warrants.

use crate::support::*;
use serde_json::{Value, json};

fn put(machine: &Machine, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = machine.path(name);
    std::fs::write(&path, bytes).unwrap();
    text(&path)
}

fn var(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn log(updates: &[Vec<u8>]) -> Vec<u8> {
    updates.iter().flat_map(|update| [var(update.len()), update.clone()].concat()).collect()
}

/// An update of client 9 that writes these words at the beginning of a text.
fn writes(words: &str) -> Vec<u8> {
    [&[1, 1, 9, 0, 4, 1, 1, b't'], &*var(words.len()), words.as_bytes(), &[0]].concat()
}

/// An update that deletes one unit of client 9.
fn deletes(clock: usize) -> Vec<u8> {
    [&[0, 1, 9, 1], &*var(clock), &[1]].concat()
}

#[test]
fn a_log_of_many_deletions_tells_which_update_deleted_first() {
    const COUNT: usize = 6_000;
    let machine = Machine::new("many deletions");
    let mut updates = vec![writes(&"x".repeat(2 * COUNT))];
    // From the end to the beginning, every other of them twice.
    updates.extend((0..COUNT).rev().map(|at| deletes(2 * at)));
    updates.extend((0..COUNT).step_by(2).map(|at| deletes(2 * at)));
    updates.push(deletes(1));
    let file = put(&machine, "many.log", log(&updates));
    let rows = machine.run(&["doc", "log", &file, "--json"]).json();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 1 + COUNT + 1);
    let of = |row: &Value| (row["client"].clone(), row["units"].clone(), row["deletes"].clone());
    assert_eq!(of(&rows[0]), (json!("9"), json!(2 * COUNT), json!(0)));
    assert_eq!((&rows[0]["live"], &rows[0]["readable"]), (&json!(COUNT - 1), &json!(2 * COUNT)));
    for (at, row) in rows.iter().enumerate().skip(1) {
        assert_eq!(of(row), (Value::Null, json!(0), json!(1)), "row {at}");
    }
    assert_eq!(
        (&rows[COUNT]["step"], &rows[COUNT + 1]["step"]),
        (&json!(COUNT + 1), &json!(updates.len()))
    );
}

/// Updates of a few bytes each, which parsed would take a hundred times as much; and JSON.
#[cfg(target_os = "linux")]
#[test]
fn a_file_of_very_many_small_parts_takes_little_memory() {
    const SIZE: usize = 8 << 20;
    let machine = Machine::new("many parts");
    let insert = |at: usize| [&[1, 1, 9], &*var(2 * at), &[4, 1, 1, b't', 1, b'x', 0]].concat();
    let with_gaps: Vec<Vec<u8>> = (0..300_000).map(insert).collect();
    let json = |begin: &str, part: &str, end: &str| {
        let parts = part.repeat(SIZE / part.len());
        format!("{begin}{}{end}", parts.trim_end_matches(',')).into_bytes()
    };
    let deep = "{\"a\":".repeat(100);
    let files = [
        ("ones", vec![1; SIZE]),
        ("deletions", [0, 1].repeat(SIZE / 2)),
        ("empty", [2, 0, 0].repeat(SIZE / 3)),
        ("gaps", log(&with_gaps)),
        ("numbers", json("[", "0,", "]")),
        ("bytes", json("{\"all\":[", "1,1,1,1,1,1,0,", "]}")),
        ("words", json(&format!("{deep}["), "\"x\",", &format!("]{}", "}".repeat(100)))),
    ];
    // The program itself takes a third of this.
    let script = "ulimit -v 600000; \"$@\"";
    for (name, content) in files {
        let file = put(&machine, name, content);
        for command in ["doc kind", "doc show", "doc log", "doc dump", "doc blame", "check"] {
            let place = (command == "doc blame").then_some("t");
            let words = command.split(' ').chain([file.as_str()]).chain(place);
            let run = machine.run_through_shell(script, &words.collect::<Vec<_>>());
            // Some are nothing of Yjs, some wait for others, and most have no such place.
            assert!([0, 3, 4, 6].contains(&run.code), "{name} {command}: {run:?}");
            if run.code == 6 || command == "doc kind" && run.code == 3 {
                break;
            }
        }
    }
}

//! Files of other programs that are incomplete, or hold more than one update: everything readable is read,
//! and the rest is reported.

use crate::oracle;
use crate::support::*;
use serde_json::{Value, json};
use yrs::{Array, Map, Text, WriteTxn};

const PLAN: &str = "notes:garden:plan";

fn put(machine: &Machine, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = machine.path(name);
    std::fs::write(&path, bytes).unwrap();
    text(&path)
}

fn typed(client: u64, base: &[&[u8]], words: &str) -> Vec<u8> {
    oracle::update(client, base, |txn| {
        let page = txn.get_or_insert_text("page");
        page.push(txn, words);
    })
}

/// Five updates of one client, each building on those before.
fn steps() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    for words in ["one ", "two ", "three ", "four ", "five "] {
        let known: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
        let next = typed(7, &known, words);
        all.push(next);
    }
    all
}

fn framed(updates: &[Vec<u8>], length: impl Fn(usize) -> Vec<u8>) -> Vec<u8> {
    updates.iter().flat_map(|update| [length(update.len()), update.clone()].concat()).collect()
}

fn base64_lines(updates: &[Vec<u8>]) -> Vec<u8> {
    let line = |update: &Vec<u8>| format!("{}\n", data_encoding::BASE64.encode(update));
    updates.iter().map(line).collect::<String>().into_bytes()
}

/// As pycrdt-store writes it: a version, then update, metadata and time.
fn ystore(updates: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"VERSION:1\n".to_vec();
    for (at, update) in updates.iter().enumerate() {
        out.extend([vec![update.len() as u8], update.clone(), vec![0, 8]].concat());
        out.extend((1_700_000_000.0 + at as f64).to_le_bytes());
    }
    out
}

/// Each form of log, with its name.
fn logs(updates: &[Vec<u8>]) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("varint", framed(updates, |length| vec![length as u8])),
        ("be", framed(updates, |length| (length as u32).to_be_bytes().to_vec())),
        ("le", framed(updates, |length| (length as u32).to_le_bytes().to_vec())),
        ("bare", framed(updates, |_| Vec::new())),
        ("lines", base64_lines(updates)),
        ("ystore", ystore(updates)),
    ]
}

#[test]
fn a_log_whose_last_record_is_cut_is_read_up_to_there() {
    let machine = Machine::new("cut logs");
    let all = steps();
    let whole = put(&machine, "whole", oracle::state(&[&all[0], &all[1], &all[2], &all[3]]));
    let expected = machine.run(&["digest", &whole]).ok();
    for (name, bytes) in logs(&all) {
        let file = put(&machine, name, &bytes[..bytes.len() - 5]);
        let rows = machine.run(&["doc", "kind", &file, "--json"]).json();
        let document = &rows[0]["documents"][0];
        assert_eq!((&document["updates"], &document["unread"]), (&json!(4), &json!(1)), "{name}");
        assert!(rows[0]["holds"].as_str().unwrap().contains("left out"), "{name}: {rows}");
        let run = machine.run(&["digest", &file]);
        assert_eq!(run.ok(), expected, "{name}");
        assert!(run.stderr.contains("left out"), "{name}: {}", run.stderr);
        let found = machine.run(&["check", &file, "--json"]).exits(3).parsed();
        assert_eq!(column(&found, "kind"), ["undecodable"], "{name}");
        let out = text(&machine.path(&format!("{name}.out")));
        let row = machine.run(&["recover", &file, "-O", &out, "--json"]).json()[0].clone();
        assert_eq!((&row["state"], &row["blocks"]), (&json!("partial"), &json!(4)), "{name}");
        assert_eq!(machine.run(&["digest", &out]).ok(), expected, "{name}");
    }
}

/// As `base64` prints it: the lines are one text, and none of them is a log by itself.
#[test]
fn a_log_in_wrapped_text_is_whole() {
    let machine = Machine::new("wrapped logs");
    let all = steps();
    let state = oracle::state(&all.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let expected = machine.run(&["digest", &put(&machine, "state", state)]).ok();
    for (name, bytes) in logs(&all) {
        let base64 = data_encoding::BASE64.encode(&bytes);
        for width in [12, 40, 76] {
            let lines: Vec<&[u8]> = base64.as_bytes().chunks(width).collect();
            let file = put(&machine, &format!("{name} {width}"), lines.join(&b'\n'));
            let run = machine.run(&["digest", &file]);
            assert_eq!((run.ok(), run.stderr.as_str()), (expected.clone(), ""), "{name} {width}");
        }
    }
}

#[test]
fn a_record_that_is_damaged_hides_no_other() {
    let machine = Machine::new("damaged records");
    let mut all = steps();
    let content = json!({"page": "one two three "});
    // What comes after it waits.
    all[3] = vec![0x55; all[3].len()];
    for (name, bytes) in logs(&all).into_iter().filter(|(name, _)| *name != "bare") {
        let file = put(&machine, name, bytes);
        let rows = machine.run(&["doc", "kind", &file, "--json"]).json();
        let document = &rows[0]["documents"][0];
        assert_eq!((&document["updates"], &document["unread"]), (&json!(4), &json!(1)), "{name}");
        assert_eq!(machine.run(&["doc", "dump", &file]).json(), content, "{name}");
        let found = machine.run(&["check", &file, "--json"]).exits(3).parsed();
        assert_eq!(column(&found, "kind"), ["undecodable", "waiting"], "{name}");
    }
}

#[test]
fn what_stands_behind_an_update_is_said_and_left() {
    let machine = Machine::new("behind");
    let update = typed(7, &[], "some words that are long enough");
    let expected = json!({"page": "some words that are long enough"});
    for (name, behind) in [("padded", vec![0; 4096]), ("more", b"\r\n".to_vec())] {
        let file = put(&machine, name, [update.clone(), behind].concat());
        let rows = machine.run(&["doc", "kind", &file, "--json"]).json();
        assert_eq!(
            (&rows[0]["kind"], &rows[0]["next"]),
            (&json!("update-v1"), &json!(format!("crdtctl doc show {file}")))
        );
        let run = machine.run(&["doc", "dump", &file]);
        assert!(run.exits(0).stderr.contains("after its end"), "{}", run.stderr);
        assert_eq!(run.parsed(), expected, "{name}");
        // A store takes what is whole.
        let store = machine.store(&format!("store {name}"), ALICE);
        let before = store.files();
        store.run(&["doc", "load", &file, "--doc", PLAN]).exits(6);
        assert_eq!(store.files(), before);
    }
    // A few bytes that happen to be an update are not taken for one.
    let file = put(&machine, "other", [&[1, 0, 0, 1, 7, 1, 0, 1][..], &[0x9c; 64]].concat());
    assert_eq!(
        machine.run(&["doc", "kind", &file, "--json"]).exits(3).parsed()[0]["kind"],
        "unknown"
    );
}

#[test]
fn deletions_that_cannot_be_read_are_named() {
    let machine = Machine::new("cut deletes");
    let whole = [1, 1, 1, 0, 4, 1, 1, 0x74, 2, 0x61, 0x62, 1, 1, 1, 0, 1];
    let (file, out) = (put(&machine, "cut", &whole[..14]), text(&machine.path("out")));
    let run = machine.run(&["recover", &file, "-O", &out, "--json"]);
    assert!(run.exits(0).stderr.contains("deleted content may be back"), "{}", run.stderr);
    let row = &run.parsed()[0];
    assert_eq!(
        (&row["state"], &row["blocks"], &row["announced"]),
        (&json!("partial"), &json!(1), &json!(1))
    );
    assert_eq!(machine.run(&["doc", "dump", &out]).json(), json!({"t": "ab"}));
}

#[test]
fn messages_one_after_the_other_are_a_log() {
    let machine = Machine::new("messages");
    let all = steps();
    let expected = json!({"page": "one two three four five "});
    let message = |update: &Vec<u8>| [vec![0, 2, update.len() as u8], update.clone()].concat();
    let recorded: Vec<u8> = all.iter().flat_map(message).collect();
    let named = |name: &str, bytes: Vec<u8>| {
        [vec![name.len() as u8], name.as_bytes().to_vec(), bytes].concat()
    };
    // Between them are an awareness query and its answer.
    let mixed = [&[0, 0, 1, 0][..], &recorded, &[1, 8, 1, 9, 1, 4][..], b"null"].concat();
    for (name, bytes) in [("recorded", recorded), ("mixed", mixed)] {
        let file = put(&machine, name, bytes);
        let rows = machine.run(&["doc", "kind", &file, "--json"]).json();
        assert_eq!(
            (&rows[0]["kind"], &rows[0]["documents"][0]["updates"]),
            (&json!("update-log"), &json!(5)),
            "{name}"
        );
        assert_eq!(machine.run(&["doc", "dump", &file]).json(), expected, "{name}");
    }
    let both: Vec<u8> = all
        .iter()
        .flat_map(|u| [named("a", message(u)), named("b", message(u))].concat())
        .collect();
    let file = put(&machine, "hocuspocus", both);
    assert_eq!(machine.run(&["doc", "dump", &format!("{file}#b")]).json(), expected);
    machine.run(&["doc", "dump", &file]).fails(4, "2 documents: a, b");
    for (name, bytes, what) in [
        ("token", [&[2, 0, 3][..], b"key"].concat(), "a token to sign in with"),
        ("words", [&[5, 3][..], b"hey"].concat(), "an application's own message"),
    ] {
        let file = put(&machine, name, named("page", bytes));
        let rows = machine.run(&["doc", "kind", &file, "--json"]).json();
        assert_eq!(rows[0]["kind"], "message", "{name}");
        assert_eq!(rows[0]["holds"], format!("{what}, without content"), "{name}");
        assert!(!rows.to_string().contains("key\""), "{rows}");
        machine.run(&["doc", "show", &file]).fails(2, "holds no content");
    }
}

/// Two programs wrote under one client id, and one log has both. Merged, one of them is lost.
#[test]
fn a_fork_within_one_log_is_refused_where_it_would_lose_a_side() {
    let machine = Machine::new("fork in a log");
    let side = |words: &str| [&[1, 1, 7, 0, 4, 1, 1, b't', 8], words.as_bytes(), &[0]].concat();
    let log = [side("helloAAA"), side("helloBBB")].concat();
    let file = put(&machine, "fork.log", &log);
    let new = text(&machine.path("new.bin"));
    let whole = put(&machine, "whole.bin", side("helloAAA"));
    for command in [
        &["doc", "merge", &file, "-O", &new][..],
        &["doc", "merge", &whole, &file, "-O", &new],
        &["doc", "convert", &file, "--to", "v1", "-O", &new],
        &["doc", "convert", &file, "--to", "base64"],
        &["doc", "diff-update", &whole, &file, "-O", &new],
        &["doc", "rebuild", &file, "-O", &new],
    ] {
        let run = machine.run(command);
        run.fails(5, "two histories");
        assert!(run.stderr.contains("client 7, from clock 5"), "{command:?} {}", run.stderr);
        assert!(!machine.path("new.bin").exists(), "{command:?}");
    }
    let store = machine.store("store", ALICE);
    for load in [
        &["doc", "load", &file, "--doc", "notes:garden:plan"][..],
        &["sync", "import", "--raw", "notes:garden:plan", &file],
    ] {
        store.run(load).fails(5, "two histories");
    }
    store.run(&["doc", "show", "notes:garden:plan"]).exits(4);
    for command in ["dump", "show", "tree", "blocks", "log", "size", "explain"] {
        let run = machine.run(&["doc", command, &file]);
        let said = run.exits(0).stderr.contains("two of its updates hold different operations");
        assert!(said, "{command}: {}", run.stderr);
    }
    // Each side is there for those who want to choose.
    let lines = machine.run(&["doc", "convert", &file, "--to", "ndjson"]).exits(0).stdout.clone();
    assert_eq!(lines.lines().count(), 2);
    let first = machine.run(&["doc", "dump", &file, "--at", "#1"]).json();
    assert_eq!(first, json!({"t": "helloAAA"}));
    // The same update twice is no fork.
    let twice = put(&machine, "twice.log", [side("helloAAA"), side("helloAAA")].concat());
    let run = machine.run(&["doc", "convert", &twice, "--to", "v1", "-O", &new]);
    assert!(!run.exits(0).stderr.contains("different operations"), "{}", run.stderr);
}

#[test]
fn one_of_several_in_standard_input_is_picked() {
    let machine = Machine::new("picked");
    let base64 = |words: &str| data_encoding::BASE64.encode(&typed(7, &[], words));
    let both = json!({"one": base64("first"), "two": base64("second")}).to_string();
    let rows = machine.run_with_stdin(&["doc", "kind", "-", "--json"], both.as_bytes()).json();
    assert_eq!(rows[0]["next"], "crdtctl doc show -- '-#one'");
    machine.run_with_stdin(&["doc", "show", "--", "-#one"], both.as_bytes()).exits(0);
    let run = machine.run_with_stdin(&["doc", "dump", "--", "-#two"], both.as_bytes());
    assert_eq!(run.json(), json!({"page": "second"}));
    machine
        .run_with_stdin(&["digest", "--", "-#three"], both.as_bytes())
        .fails(4, "no document three");
}

#[test]
fn what_holds_both_already_doubles_nothing() {
    let machine = Machine::new("holds both");
    let item = |client| {
        oracle::update(client, &[], |txn| {
            let list = txn.get_or_insert_array("list");
            list.push_back(txn, "x");
        })
    };
    let (one, two) = (item(1), item(2));
    let full = put(&machine, "full", oracle::state(&[&one, &two]));
    let (one, two) = (put(&machine, "one", one), put(&machine, "two", two));
    let out = |name: &str| text(&machine.path(name));
    machine.run(&["doc", "merge", &one, &two, "-O", &out("out")]).fails(1, "would be there twice");
    let orders = [[&full, &one, &two], [&one, &full, &two], [&two, &one, &full]];
    for (at, files) in orders.into_iter().enumerate() {
        let out = out(&at.to_string());
        let mut args = vec!["doc", "merge", "-O", &out];
        args.extend(files.map(String::as_str));
        machine.run(&args).exits(0);
        assert_eq!(machine.run(&["doc", "dump", &out]).json(), json!({"list": ["x", "x"]}));
    }
}

#[test]
fn whatever_holds_updates_can_be_loaded() {
    let machine = Machine::new("load any");
    let all = steps();
    let expected = json!({"page": "one two three four five "});
    let state = oracle::state(&all.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let base64 = data_encoding::BASE64.encode(&state);
    let v1 = put(&machine, "v1", &state);
    let v2 = text(&machine.path("v2"));
    machine.run(&["doc", "convert", &v1, "--to", "v2", "-O", &v2]).exits(0);
    let mut files = vec![
        ("v1", v1),
        ("v2", v2),
        ("base64", put(&machine, "base64", &base64)),
        ("lines", put(&machine, "lines", base64_lines(&all))),
        ("field", put(&machine, "field", json!({"id": 7, "ydoc": base64}).to_string())),
    ];
    files.extend(logs(&all).into_iter().map(|(name, bytes)| (name, put(&machine, name, bytes))));
    let several = json!({"a": base64, "b": base64_lines(&all[..1])}).to_string();
    files.push(("several", format!("{}#a", put(&machine, "several", several))));
    for (at, (name, file)) in files.iter().enumerate() {
        let store = machine.store(&format!("load {at}"), ALICE);
        store.run(&["doc", "load", file, "--doc", PLAN]).exits(0);
        assert_eq!(store.json(&["doc", "dump", PLAN]), expected, "{name}");
        let other = machine.store(&format!("import {at}"), BOB);
        other.run(&["sync", "import", "--raw", PLAN, file]).exits(0);
        assert_eq!(other.run(&["digest", PLAN]).ok(), store.run(&["digest", PLAN]).ok(), "{name}");
    }
    let store = machine.store("refuses", ALICE);
    let before = store.files();
    let page = put(&machine, "page.html", "<!doctype html><html></html>");
    store.run(&["doc", "load", &page, "--doc", PLAN]).fails(6, "is no Yjs document");
    let run = store.run(&["doc", "load", &page, "--doc", PLAN, "--from", "base64"]);
    run.fails(6, "is no Yjs document");
    let vector = put(&machine, "vector", [1, 7, 3]);
    store.run(&["doc", "load", &vector, "--doc", PLAN]).fails(2, "holds no content");
    store.run(&["doc", "load", &files.last().unwrap().1.replace("#a", ""), "--doc", PLAN]).exits(4);
    assert_eq!(store.files(), before);
    let _: Value = store.json(&["doc", "list"]);
}

/// The names for `--from`, of each form in [`logs`].
const STATED: [(&str, &str); 6] = [
    ("varint", "log-varint"),
    ("be", "log-u32-be"),
    ("le", "log-u32-le"),
    ("bare", "log"),
    ("lines", "ndjson"),
    ("ystore", "ystore"),
];

/// Five updates of as many clients: none needs another.
fn entries() -> Vec<Vec<u8>> {
    let one = |client: u64| {
        oracle::update(client, &[], |txn| {
            let map = txn.get_or_insert_map("page");
            map.insert(txn, format!("key {client}"), "a value of some length");
        })
    };
    (1..=5).map(one).collect()
}

/// What the document holds without the entries of some clients.
fn without(lost: &[u64]) -> Value {
    let left = (1..=5).filter(|client| !lost.contains(client));
    let entry = |client: u64| (format!("key {client}"), json!("a value of some length"));
    json!({"page": left.map(entry).collect::<serde_json::Map<_, _>>()})
}

fn sync_message(update: &[u8]) -> Vec<u8> {
    [&[0, 2, update.len() as u8][..], update].concat()
}

fn named_message(name: &str, update: &[u8]) -> Vec<u8> {
    [&[name.len() as u8][..], name.as_bytes(), &sync_message(update)].concat()
}

/// Logs of messages: of y-protocols, and of Hocuspocus, with the kind to state for each.
fn recorded(updates: &[Vec<u8>]) -> [(&'static str, Vec<Vec<u8>>); 2] {
    let named = |update: &Vec<u8>| named_message("plan", update);
    [
        ("sync", updates.iter().map(|update| sync_message(update)).collect()),
        ("hocuspocus", updates.iter().map(named).collect()),
    ]
}

#[test]
fn stating_the_kind_does_no_worse_than_guessing() {
    let machine = Machine::new("stated");
    let (all, mut damaged) = (steps(), steps());
    damaged[2] = vec![0x55; all[2].len()];
    let mut files = Vec::new();
    for (state, updates) in [("whole", &all), ("damaged", &damaged)] {
        for ((name, bytes), (_, from)) in logs(updates).into_iter().zip(STATED) {
            files.push((format!("{name} {state}"), from, bytes.clone()));
            files.push((format!("{name} {state} cut"), from, bytes[..bytes.len() - 5].to_vec()));
            if name != "ystore" {
                files.push((format!("{name} {state} log"), "log", bytes));
            }
        }
    }
    // What is damaged cannot be skipped there.
    files.retain(|(name, ..)| !name.starts_with("bare damaged"));
    for (from, messages) in recorded(&all) {
        files.push((from.to_owned(), from, messages.concat()));
        files.push((format!("{from} log"), "log", messages.concat()));
    }
    let base64 = data_encoding::BASE64.encode(&all[0]);
    let utf16 = |text: &str| -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    files.extend([
        ("one".to_owned(), "log", all[0].clone()),
        ("line".to_owned(), "ndjson", base64.clone().into_bytes()),
        ("utf-16".to_owned(), "base64", utf16(&base64)),
        ("mark".to_owned(), "json", format!("\u{feff} {}", json!({"a": base64})).into_bytes()),
    ]);
    for (name, from, bytes) in files {
        let file = put(&machine, &name, bytes);
        let guessed = machine.run(&["doc", "dump", &file]);
        let stated = machine.run(&["doc", "dump", &file, "--from", from]);
        assert_eq!(guessed.exits(0).stdout, stated.exits(0).stdout, "{name} as {from}");
        assert_eq!(guessed.stderr, stated.stderr, "{name} as {from}");
        let guessed = machine.run(&["check", &file, "--json"]).stdout;
        assert_eq!(machine.run(&["check", &file, "--json", "--from", from]).stdout, guessed);
    }
    // A kind that it is not is still refused.
    let file = put(&machine, "other", recorded(&all)[0].1.concat());
    for from in ["hocuspocus", "log-varint", "log-u32-be", "v1", "v2", "ndjson"] {
        machine.run(&["doc", "dump", &file, "--from", from]).fails(6, "is no Yjs document");
    }
}

#[test]
fn a_message_that_is_damaged_hides_no_other() {
    let machine = Machine::new("damaged messages");
    for (from, sound) in recorded(&entries()) {
        let header = sound[0].len() - entries()[0].len();
        for lost in 0..5 {
            let offset: usize = sound[..lost].iter().map(Vec::len).sum();
            let content = without(&[lost as u64 + 1]);
            let mut damages: Vec<(&str, Vec<Vec<u8>>)> = Vec::new();
            let mut filled = sound.clone();
            filled[lost][header..].fill(0x55);
            damages.push(("content", filled));
            for (what, length) in [("short", 3), ("long", 60), ("beyond", 0x7f)] {
                let mut other = sound.clone();
                other[lost][header - 1] = length;
                damages.push((what, other));
            }
            let mut other = sound.clone();
            other[lost][header - 3] = 0x66;
            damages.push(("type", other));
            for (what, messages) in damages {
                let name = format!("{from} {lost} {what}");
                let file = put(&machine, &name, messages.concat());
                let run = machine.run(&["doc", "dump", &file]);
                assert_eq!(run.json(), content, "{name}");
                let place = format!("message {} at byte {offset}", lost + 1);
                assert!(run.stderr.contains(&place), "{name}: {}", run.stderr);
                let found = machine.run(&["check", &file, "--json"]).exits(3).parsed();
                assert_eq!(column(&found, "kind"), ["undecodable"], "{name}");
                let stated = machine.run(&["doc", "dump", &file, "--from", from]);
                assert_eq!(stated.json(), content, "{name}");
            }
        }
        // Two of them, next to each other and apart; the last is cut.
        for lost in [[0, 1], [1, 3], [3, 4]] {
            let mut messages = sound.clone();
            lost.iter().for_each(|at| messages[*at][header..].fill(0x55));
            let file = put(&machine, &format!("{from} {lost:?}"), messages.concat());
            let run = machine.run(&["doc", "dump", &file]);
            assert_eq!(run.json(), without(&lost.map(|at| at as u64 + 1)), "{from} {lost:?}");
            for at in lost {
                assert!(run.stderr.contains(&format!("message {} at byte", at + 1)), "{run:?}");
            }
        }
        let all = sound.concat();
        let file = put(&machine, &format!("{from} cut"), &all[..all.len() - 5]);
        let run = machine.run(&["doc", "dump", &file]);
        assert_eq!(run.json(), without(&[5]), "{from}");
        assert!(run.stderr.contains("cut short"), "{}", run.stderr);
    }
}

/// One sound message of many is not enough, unless it is said what the file is.
#[test]
fn what_is_mostly_damaged_is_read_if_its_kind_is_stated() {
    let machine = Machine::new("mostly damaged");
    for (from, mut messages) in recorded(&entries()) {
        let header = messages[0].len() - entries()[0].len();
        messages[..4].iter_mut().for_each(|message| message[header..].fill(0x55));
        let file = put(&machine, from, messages.concat());
        machine.run(&["doc", "kind", &file]).exits(3);
        let run = machine.run(&["doc", "dump", &file, "--from", from]);
        assert_eq!(run.json(), without(&[1, 2, 3, 4]), "{from}");
        assert!(run.stderr.contains("4 parts of it are not updates"), "{}", run.stderr);
    }
}

#[test]
fn a_log_whose_first_record_is_damaged_is_read() {
    let machine = Machine::new("damaged first");
    let mut all = entries();
    all[0].fill(0x55);
    for (name, bytes) in logs(&all).into_iter().filter(|(name, _)| *name != "bare") {
        let file = put(&machine, name, bytes);
        let run = machine.run(&["doc", "dump", &file]);
        assert_eq!(run.json(), without(&[1]), "{name}");
        let place = match name {
            "lines" => "line 1:".to_owned(),
            "ystore" => "record 1 at byte 10:".to_owned(),
            _ => "record 1 at byte 0:".to_owned(),
        };
        assert!(run.stderr.contains(&place), "{name}: {}", run.stderr);
        let found = machine.run(&["check", &file, "--json"]).exits(3).parsed();
        assert_eq!(column(&found, "kind"), ["undecodable"], "{name}");
    }
}

/// As a server records a session: who signs in, and what was stored, stand between the updates.
#[test]
fn a_recorded_session_of_hocuspocus_is_a_log() {
    let machine = Machine::new("session");
    let around = |rest: &[u8]| [b"\x04plan", rest].concat();
    let mut session = around(b"\x02\x00\x03key");
    session.extend(around(b"\x00\x00\x01\x00"));
    for update in entries() {
        session.extend(named_message("plan", &update));
        session.extend(around(b"\x08\x01"));
    }
    let file = put(&machine, "session", session);
    assert_eq!(machine.run(&["doc", "dump", &file]).json(), without(&[]));
    assert_eq!(machine.run(&["doc", "dump", &file, "--from", "hocuspocus"]).json(), without(&[]));
}

//! Files as strangers have them: odd, broken, in the wrong place; and what is written from them.

use crate::support::*;
use serde_json::{Value, json};
use std::path::Path;

fn fixture(name: &str) -> Vec<u8> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/field");
    std::fs::read(dir.join(name)).unwrap()
}

fn put(machine: &Machine, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = machine.path(name);
    std::fs::write(&path, bytes).unwrap();
    text(&path)
}

/// The first command of the README's section, in a directory that holds only a blob.
#[test]
fn a_blob_in_an_empty_directory_is_all_that_is_needed() {
    let machine = Machine::new("blob");
    let dir = machine.path("nothing else");
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join("state.bin"), fixture("06-whole-when-cut/whole.bin")).unwrap();
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let section = readme.split("\n## Any Yjs file\n").nth(1).unwrap();
    let commands: Vec<&str> = section
        .lines()
        .filter_map(|line| line.strip_prefix("$ crdtctl "))
        .map(|line| line.split(" #").next().unwrap().trim())
        .take_while(|line| !line.contains('$') && !line.contains("--as"))
        .collect();
    assert!(commands.len() > 2, "{commands:?}");
    for command in commands {
        let args: Vec<&str> = command.split_whitespace().collect();
        let run = machine.run_in(&dir, &[], &args);
        assert!(!run.ok().is_empty(), "{command}");
    }
    let left: Vec<_> = std::fs::read_dir(&dir).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing was written");
}

#[test]
fn what_powershell_redirected_is_read() {
    let machine = Machine::new("utf16");
    let base64 = data_encoding::BASE64.encode(&fixture("06-whole-when-cut/whole.bin"));
    let units = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
    let plain = put(&machine, "plain", fixture("06-whole-when-cut/whole.bin"));
    let digest = machine.run(&["digest", &plain]).ok();
    let little = [0xfeff].into_iter().chain(units(&base64)).flat_map(u16::to_le_bytes);
    let big = [0xfeff].into_iter().chain(units(&base64)).flat_map(u16::to_be_bytes);
    for (name, bytes) in [("little", little.collect::<Vec<u8>>()), ("big", big.collect())] {
        let file = put(&machine, name, bytes);
        let row = &machine.run(&["doc", "kind", &file, "--json"]).json()[0];
        assert_eq!(
            (&row["kind"], &row["wrapped_in"]),
            (&json!("update-v1"), &json!(["UTF-16", "base64"]))
        );
        assert_eq!(machine.run(&["digest", &file]).ok(), digest);
    }
    let words = [0xfeff].into_iter().chain(units("Grüße")).flat_map(u16::to_le_bytes);
    let file = put(&machine, "words", words.collect::<Vec<u8>>());
    machine.run(&["doc", "show", &file]).fails(6, "it is text, in UTF-16");
}

#[test]
fn a_file_with_nothing_but_a_hole_is_named_at_once() {
    let machine = Machine::new("hole");
    let path = machine.path("hole");
    std::fs::File::create(&path).unwrap().set_len(4 << 20).unwrap();
    machine.run(&["doc", "show", &text(&path)]).fails(6, "it is 4194304 zeros");
}

#[test]
fn a_directory_is_no_document() {
    let machine = Machine::new("directory");
    let dir = machine.path("work");
    std::fs::create_dir_all(dir.join("inner")).unwrap();
    for name in ["inner", "./inner"] {
        for command in [&["doc", "show"][..], &["digest"], &["check"], &["doc", "log"]] {
            let run = machine.run_in(&dir, &[], &[command, &[name]].concat());
            run.fails(4, "is a directory, and no LevelDB");
            assert!(run.stderr.contains("doc kind FILE"), "{}", run.stderr);
        }
        let run = machine.run_in(&dir, &[], &["recover", name, "-O", "out"]);
        run.fails(4, "is a directory, and no LevelDB");
    }
}

#[test]
fn a_document_without_a_name_is_not_asked_for_by_one() {
    let machine = Machine::new("unnamed");
    let file = put(&machine, "with space.bin", fixture("10-embeds-and-nan/nc.bin"));
    for name in ["x", ""] {
        let picked = format!("{file}#{name}");
        let run = machine.run(&["doc", "show", &picked]);
        assert!(run.fails(4, "no document").stderr.contains("leave out the `#`"), "{run:?}");
        machine.run(&["doc", "kind", &picked]).fails(4, "no document");
    }
    // A file whose name has a `#` is a file.
    let odd = put(&machine, "a#b.bin", fixture("10-embeds-and-nan/nc.bin"));
    assert_eq!(machine.run(&["doc", "dump", &odd]).json(), json!({"m": {"v": null}}));
    let both = json!({"one": fixture("10-embeds-and-nan/nc.bin"), "t#w o": fixture("07-load-counts/a.bin")});
    let both = put(&machine, "both.json", both.to_string());
    let row = &machine.run(&["doc", "kind", &format!("{both}#t#w o"), "--json"]).json()[0];
    assert_eq!(column(&row["documents"], "name"), ["t#w o"]);
    machine.run(&["doc", "tree", &format!("{both}#t#w o")]).exits(0);
}

#[test]
fn what_is_no_update_is_not_recovered_from_and_is_named_in_a_diff() {
    let machine = Machine::new("picture");
    let picture = put(&machine, "picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    let out = machine.path("out");
    machine.run(&["recover", &picture, "-O", &text(&out)]).fails(6, "it is a picture (PNG)");
    assert!(!out.exists());
    let whole = put(&machine, "whole.bin", fixture("06-whole-when-cut/whole.bin"));
    let json = put(&machine, "page.json", r#"{"a": 1}"#);
    machine.run(&["doc", "diff", &whole, &json]).fails(6, "it is JSON, but no field of it");
    machine.run(&["doc", "dump", &whole, "--at", "#9"]).fails(4, "holds 1 update");
}

#[test]
fn what_is_read_is_not_written_over_by_less() {
    let machine = Machine::new("over");
    let dir = machine.path("work");
    std::fs::create_dir(&dir).unwrap();
    let whole = fixture("06-whole-when-cut/whole.bin");
    let both = json!({"one": whole, "two": whole}).to_string();
    std::fs::write(dir.join("a.bin"), &whole).unwrap();
    std::fs::write(dir.join("both.json"), &both).unwrap();
    let one = json!({"id": 7, "state": whole}).to_string();
    std::fs::write(dir.join("one.json"), &one).unwrap();
    let line = data_encoding::BASE64.encode(&whole);
    let log = format!("{line}\n{line}\nAQHBroken!line==\n");
    std::fs::write(dir.join("cut.log"), &log).unwrap();
    for args in [
        &["doc", "rebuild", "a.bin", "-O", "./a.bin"][..],
        &["doc", "anonymize", "a.bin", "-O", "a.bin"],
        &["doc", "diff-update", "a.bin", "both.json#one", "-O", "a.bin"],
        &["doc", "convert", "both.json#one", "--to", "v2", "-O", "both.json"],
        &["doc", "convert", "one.json", "--to", "v1", "-O", "one.json"],
        &["doc", "convert", "cut.log", "--to", "v1", "-O", "cut.log"],
        &["doc", "merge", "both.json#two", "-O", "both.json"],
        &["doc", "merge", "a.bin", "cut.log", "-O", "cut.log"],
    ] {
        let run = machine.run_in(&dir, &[], args);
        run.fails(1, "would be overwritten");
        assert_eq!(std::fs::read(dir.join("a.bin")).unwrap(), whole);
        for (name, content) in [("both.json", &both), ("one.json", &one), ("cut.log", &log)] {
            assert_eq!(&std::fs::read_to_string(dir.join(name)).unwrap(), content);
        }
    }
    machine.run_in(&dir, &[], &["doc", "rebuild", "a.bin", "-O", "new.bin"]).exits(0);
    // An update that is alone in its file may be written over by the same or more.
    machine.run_in(&dir, &[], &["doc", "merge", "a.bin", "cut.log", "-O", "a.bin"]).exits(0);
    machine.run_in(&dir, &[], &["doc", "convert", "a.bin", "--to", "v2", "-O", "a.bin"]).exits(0);
}

/// A map with a value and a link to it, an array with a link to two of its elements and a move, as Yrs writes
/// them.
#[test]
fn links_and_moves_show_what_they_point_at() {
    let machine = Machine::new("links");
    let mut update = vec![1, 5, 1, 0];
    update.extend(b"\x28\x01\x01m\x01a\x01\x7d\x05");
    update.extend(b"\x27\x01\x01m\x01l\x07\x00\x01\x00");
    update.extend(b"\x08\x01\x01r\x03\x7d\x01\x7d\x02\x7d\x03");
    update.extend(b"\x27\x01\x01m\x01q\x07\x01\x01\x03\x01\x04");
    update.extend(b"\x8b\x01\x04\x01\x01\x02");
    update.push(0);
    let file = put(&machine, "links.bin", &update);
    let typed = machine.run(&["doc", "dump", &file, "--as", "yjs"]).json();
    assert_eq!(typed["m"]["v"]["l"], json!({"t": "link", "target": "1:0", "v": {}}));
    assert_eq!(typed["m"]["v"]["q"], json!({"t": "link", "target": "1:3..1:4", "v": {}}));
    let blocks = machine.run(&["doc", "blocks", &file, "--json"]).json();
    let targets: Vec<&Value> = blocks.as_array().unwrap().iter().map(|b| &b["target"]).collect();
    assert_eq!(
        targets,
        [&Value::Null, &json!("1:0"), &Value::Null, &json!("1:3..1:4"), &json!("1:2")]
    );
    let tree = machine.run(&["doc", "tree", &file, "--json"]).json();
    let at = |path: &str| tree.as_array().unwrap().iter().find(|row| row["path"] == path).cloned();
    assert_eq!(at("m/l/→/m/a").unwrap()["type"], "target", "{tree}");
    assert_eq!(at("m/q/→/r").unwrap()["type"], "target", "{tree}");
    // They cannot be rewritten without their history.
    machine.run(&["doc", "rebuild", &file, "-O", &text(&machine.path("new"))]).fails(1, "links");
}

/// Three numbers, the last of which Yrs moved to the front, and the same in the new order.
#[test]
fn a_move_is_named_by_whatever_does_not_show_it() {
    let machine = Machine::new("moves");
    let numbers: &[u8] = b"\x08\x01\x01a\x03\x7d\x01\x7d\x02\x7d\x03";
    let moves: &[u8] = b"\x4b\x05\x00\x83\x01\x05\x02";
    let update = |blocks: &[&[u8]], deletes: &[u8]| {
        let count = u8::try_from(blocks.len()).unwrap();
        [&[1, count, 5, 0], &*blocks.concat(), deletes].concat()
    };
    let plain = put(&machine, "plain.bin", update(&[numbers], &[0]));
    let moved = put(&machine, "moved.bin", update(&[numbers, moves], &[0]));
    let undone = put(&machine, "undone.bin", update(&[numbers, moves], &[1, 5, 1, 3, 1]));
    let says = |run: &Run| run.stderr.contains("it holds 1 move of Yrs");
    for command in [
        &["doc", "dump", &moved][..],
        &["doc", "dump", &moved, "--at", "#1"],
        &["doc", "show", &moved],
        &["doc", "tree", &moved],
        &["doc", "get", &moved, "$.a"],
        &["doc", "blame", &moved, "a"],
        &["digest", &moved],
    ] {
        assert!(says(machine.run(command).exits(0)), "{command:?}");
    }
    let digest = |file: &str| machine.run(&["digest", file]).ok();
    assert_ne!(digest(&plain), digest(&moved));
    assert_eq!(digest(&plain), digest(&undone));
    assert!(says(machine.run(&["doc", "diff", &plain, &moved]).exits(3)));
    assert!(!says(machine.run(&["doc", "diff", &plain, &undone]).exits(0)));
    let findings = machine.run(&["check", &moved, "--json"]).exits(3).parsed();
    assert_eq!(findings[0]["kind"], "move", "{findings}");
    machine.run(&["check", &undone]).exits(0);
    let store = machine.store("store", ALICE);
    let load = store.run(&["doc", "load", &moved, "--doc", "notes:garden:plan"]);
    assert!(says(load.exits(0)), "{}", load.stderr);
    assert!(says(store.run(&["doc", "dump", "notes:garden:plan"]).exits(0)));
}

/// Standard input can be read only once.
#[test]
fn every_reading_command_takes_standard_input() {
    let machine = Machine::new("stdin");
    let bytes = fixture("06-whole-when-cut/whole.bin");
    let file = put(&machine, "whole.bin", &bytes);
    let commands = [
        "check",
        "digest",
        "doc show",
        "doc dump",
        "doc tree",
        "doc size",
        "doc blocks",
        "doc log",
        "doc vector",
        "doc explain",
        "doc kind",
        "doc anonymize",
    ];
    for command in commands {
        let words: Vec<&str> = command.split(' ').collect();
        let of_file = machine.run(&[&words, &[file.as_str()][..]].concat());
        let of_stdin = machine.run_with_stdin(&[&words, &["-"][..]].concat(), &bytes);
        assert_eq!(of_file.code, 0, "{command}: {of_file:?}");
        assert_eq!(of_stdin.code, 0, "{command}: {of_stdin:?}");
        let lines = |run: &Run| run.stdout.lines().count();
        assert_eq!(lines(&of_stdin), lines(&of_file), "{command}");
    }
    let other = put(&machine, "other.bin", fixture("10-embeds-and-nan/ea.bin"));
    let differs = machine.run(&["doc", "diff", &file, &other, "--json"]);
    assert_ne!(differs.code, 0, "{differs:?}");
    for sides in [["-", other.as_str()], ["-", file.as_str()], [other.as_str(), "-"]] {
        let named = sides.map(|side| if side == "-" { file.as_str() } else { side });
        let of_files = machine.run(&["doc", "diff", named[0], named[1], "--json"]);
        let run = machine.run_with_stdin(&["doc", "diff", sides[0], sides[1], "--json"], &bytes);
        let expected = of_files.stdout.replace(&format!("\"{file}\""), "\"-\"");
        assert_eq!((run.code, run.stdout), (of_files.code, expected), "{sides:?}");
    }
    machine.run_with_stdin(&["doc", "diff", "-", "-"], &bytes).fails(2, "only one of the two");
}

#[test]
fn a_damaged_file_is_recovered_in_a_pipe() {
    let machine = Machine::new("recovered in a pipe");
    let whole = fixture("06-whole-when-cut/whole.bin");
    let cut = &whole[..whole.len() / 2];
    let (damaged, out) = (put(&machine, "cut.bin", cut), text(&machine.path("out.bin")));
    machine.run(&["recover", &damaged, "-O", &out]).exits(0);
    let script = r#""$@" < cut.bin > piped.bin"#;
    let run = machine.run_through_shell(script, &["recover", "-", "-O", "-"]);
    let piped = std::fs::read(machine.path("piped.bin")).unwrap();
    assert_eq!(piped, std::fs::read(&out).unwrap());
    assert!(run.exits(0).stderr.contains("partial, "), "{}", run.stderr);
    // A document of the store becomes a directory.
    let store = machine.group("alice", &["alice-river-stone-sky"]);
    store.run(&["recover", "core", "-O", "-"]).fails(2, "into a directory");
}

/// What y-protocols sends, with its type and without.
#[test]
fn who_is_there_is_known_without_a_type_in_front() {
    let machine = Machine::new("awareness");
    let states = b"\x02\x01\x05\x17{\"user\":{\"name\":\"Ann\"}}M\0\x04null";
    let bare = put(&machine, "bare", states);
    let outer = put(&machine, "outer", [&[1, states.len() as u8], &states[..]].concat());
    let asks = put(&machine, "asks", [3]);
    let kinds = |args: &[&str]| {
        let rows = machine.run(&[&["doc", "kind", "--json"], args].concat()).json();
        column(&rows, "kind")
    };
    assert_eq!(kinds(&[&bare, &outer, &asks]), ["awareness", "awareness", "message"]);
    assert_eq!(kinds(&["--from", "awareness", &bare, &outer]), ["awareness", "awareness"]);
    // A stream that contains an awareness query is still a log.
    let update = fixture("10-embeds-and-nan/ea.bin");
    let mut stream = vec![3];
    stream.extend([&[1, states.len() as u8], &states[..]].concat());
    let mut length = update.len();
    stream.extend([0, 2]);
    while length > 127 {
        stream.push(length as u8 | 128);
        length >>= 7;
    }
    stream.push(length as u8);
    stream.extend(&update);
    let stream = put(&machine, "stream", stream);
    assert_eq!(kinds(&[&stream]), ["update-log"]);
}

/// A list with an XML element among values, as Yjs reads it: an XML fragment holds nothing else.
#[test]
fn a_list_with_an_element_among_values_is_a_list() {
    let machine = Machine::new("a list with an element");
    let bytes = b"\x01\x04\x04\0\x08\x01\x03arr\x02}\x01w\x03two\x87\x04\x01\x03\x01p\x88\x04\x02\x01v\x01\x01a}\
        \x01\x83\x04\x03\x01\xff\0";
    let file = put(&machine, "list.bin", bytes);
    let dump = machine.run(&["doc", "dump", &file]).json();
    let list = dump["arr"].as_array().expect("a list");
    assert_eq!((list.len(), &list[..2]), (5, &[json!(1), json!("two")][..]), "{dump}");
    assert_eq!((&list[2], &list[3]), (&json!("<p></p>"), &json!({"a": 1})));
    let tree = machine.run(&["doc", "tree", &file, "--json"]).json();
    assert_eq!(tree[0]["type"], json!("array"), "{tree}");
}

#[test]
fn a_name_with_an_ending_is_the_name_of_a_file() {
    let machine = Machine::new("no such file");
    let store = machine.group("s", &[]);
    for place in [machine.path("."), store.dir.clone()] {
        let run = machine.run_in(&place, &[], &["doc", "dump", "missing.bin"]);
        run.fails(4, "there is no file missing.bin");
    }
    store.run(&["doc", "dump", "missing"]).fails(4, "missing");
}

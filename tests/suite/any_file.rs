//! Files as strangers have them: odd, broken, in the wrong place; and what is written of them.

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

/// The first command of the README's section, in a directory with nothing but a blob.
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
        assert!(run.fails(4, "no document").stderr.contains("leave `#` out"), "{run:?}");
        machine.run(&["doc", "kind", &picked]).fails(4, "no document");
    }
    // A file that is called so is one.
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
    machine.run(&["doc", "diff", &whole, &json]).fails(6, "it is JSON, and no field of it");
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
    for args in [
        &["doc", "rebuild", "a.bin", "-O", "./a.bin"][..],
        &["doc", "anonymize", "a.bin", "-O", "a.bin"],
        &["doc", "diff-update", "a.bin", "both.json#one", "-O", "a.bin"],
        &["doc", "convert", "both.json#one", "--to", "v2", "-O", "both.json"],
    ] {
        let run = machine.run_in(&dir, &[], args);
        run.fails(1, "would be written over");
        assert_eq!(std::fs::read(dir.join("a.bin")).unwrap(), whole);
        assert_eq!(std::fs::read_to_string(dir.join("both.json")).unwrap(), both);
    }
    machine.run_in(&dir, &[], &["doc", "rebuild", "a.bin", "-O", "new.bin"]).exits(0);
}

/// A map with a value and a link to it, an array with a link to two of its elements and a move, as
/// Yrs writes them.
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
    // They have no history of their own to be written anew with.
    machine.run(&["doc", "rebuild", &file, "-O", &text(&machine.path("new"))]).fails(1, "links");
}

//! Files of other programs: what Yjs does not read, the formats of `doc dump`, and which size is which.

use crate::oracle;
use crate::support::*;
use serde_json::{Value, json};
use std::io::Write;
use yrs::types::Attrs;
use yrs::{Any, Map, Text, WriteTxn, Xml, XmlElementPrelim, XmlFragment, XmlTextPrelim};

const PLAN: &str = "notes:garden:plan";

fn put(machine: &Machine, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = machine.path(name);
    std::fs::write(&path, bytes).unwrap();
    text(&path)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// An update of client 7 with one block in the root `t`.
fn block(kind: u8, texts: &[&str]) -> Vec<u8> {
    let mut update = vec![1, 1, 7, 0, kind, 1, 1, b't'];
    for text in texts {
        update.push(text.len() as u8);
        update.extend(text.as_bytes());
    }
    update.push(0);
    update
}

/// Yjs throws when it decodes such an update, wherever in it the JSON is.
#[test]
fn json_that_yjs_cannot_parse_is_found() {
    let machine = Machine::new("no json");
    let json_blocks = |json: &str| {
        let mut update = block(2, &[json]);
        update.insert(8, 1);
        update
    };
    for (name, bytes, what) in [
        ("embed", block(5, &["{\"a\":1"]), Some("an embedded value that is not JSON")),
        ("empty", block(5, &[""]), Some("an embedded value that is not JSON")),
        ("undefined", block(5, &["undefined"]), Some("an embedded value that is not JSON")),
        ("format", block(6, &["bold", "{"]), Some("the value of a format that is not JSON")),
        ("values", json_blocks("{"), Some("a value that is not JSON")),
        ("values undefined", json_blocks("undefined"), None),
        ("surrogate", block(5, &["\"\\ud800\""]), None),
        ("large", block(5, &["1e400"]), None),
        ("sound", block(5, &["{\"a\":1}"]), None),
    ] {
        for (packing, bytes) in [("plain", bytes.clone()), ("gz", gzip(&bytes))] {
            let file = put(&machine, &format!("{name} {packing}"), bytes);
            let found = machine.run(&["check", &file, "--json"]);
            let dump = machine.run(&["doc", "dump", &file]);
            let Some(what) = what else {
                assert_eq!(found.exits(0).parsed(), json!([]), "{name}");
                assert_eq!(dump.exits(0).stderr, "", "{name}");
                continue;
            };
            let found = found.exits(3).parsed();
            assert_eq!(column(&found, "kind"), ["undecodable"], "{name}");
            let message = found[0]["message"].as_str().unwrap();
            assert!(message.contains(what) && message.contains("Yjs reads nothing"), "{message}");
            // It is shown as far as it can be, and said.
            assert!(dump.exits(0).stderr.contains(what), "{name}: {}", dump.stderr);
            let store = machine.store(&format!("{name} {packing} store"), ALICE);
            let before = store.files();
            store.run(&["doc", "load", &file, "--doc", PLAN]).fails(6, "is not valid");
            assert_eq!(store.files(), before);
        }
    }
    let log = [block(5, &["{}"]), block(5, &["{"])].map(|mut update| {
        update.insert(0, update.len() as u8);
        update
    });
    let file = put(&machine, "log", log.concat());
    let found = machine.run(&["check", &file, "--json"]).exits(3).parsed();
    assert!(found.to_string().contains("update 2 of 2"), "{found}");
}

#[test]
fn bytes_behind_an_update_are_refused_however_it_is_packed() {
    let machine = Machine::new("behind packed");
    let update = [block(4, &["some words"]), vec![1, 2, 3]].concat();
    let base64 = data_encoding::BASE64.encode(&update).into_bytes();
    let files = [("plain", update.clone()), ("gzip", gzip(&update)), ("base64", base64)];
    for (at, (name, bytes)) in files.into_iter().enumerate() {
        let file = put(&machine, name, bytes);
        let said = "3 bytes after its end, which Yjs does not read";
        let found = machine.run(&["check", &file, "--json"]).exits(3).parsed();
        assert!(found[0]["message"].as_str().unwrap().contains(said), "{found}");
        assert_eq!(found[0]["fix"], json!(format!("crdtctl recover {file} -O FILE")));
        assert!(machine.run(&["doc", "dump", &file]).exits(0).stderr.contains(said));
        let store = machine.store(&format!("store {at}"), ALICE);
        let run = store.run(&["doc", "load", &file, "--doc", PLAN]);
        assert!(run.fails(6, "is more than an update").stderr.contains(said), "{run:?}");
        let out = text(&machine.path(&format!("out {at}")));
        machine.run(&["recover", &file, "-O", &out]).exits(0);
        assert_eq!(std::fs::read(&out).unwrap(), update[..update.len() - 3], "{name}");
        store.run(&["doc", "load", &out, "--doc", PLAN]).exits(0);
        assert_eq!(store.json(&["doc", "dump", PLAN]), json!({"t": "some words"}));
    }
}

/// A document with names, values and characters that XML cannot have.
fn hostile_xml() -> Vec<u8> {
    let names = [
        "",
        "1x",
        "my node",
        "a:b",
        "xml:x",
        "xml:lang",
        "a--b",
        "--",
        "<b>",
        "é\u{202e}",
        "\u{0}",
    ];
    let hostile = "a\u{0}b\u{8}\u{1b}[31m\u{fffe}\u{ffff}]]>--<!-- & \" ' \r\n\t\u{202e}é🚀";
    oracle::update(7, &[], |txn| {
        let page = txn.get_or_insert_xml_fragment("page");
        for name in names {
            let node = page.push_back(txn, XmlElementPrelim::empty(name));
            for key in names {
                node.insert_attribute(txn, key, hostile);
            }
            // Equal once `_` stands in them.
            for key in ["a/b", "a+b", "a_b", "a_b-2", "a b"] {
                node.insert_attribute(txn, key, key);
            }
            let words = node.push_back(txn, XmlTextPrelim::new(hostile));
            for mark in names.into_iter().chain(["comment--x/y+z="]) {
                let value = Any::from_json("{\"a/b\":1,\"a+b\":[2],\"\":null}").unwrap();
                words.format(txn, 0, 3, Attrs::from([(mark.into(), value)]));
                words.format(txn, 1, 3, Attrs::from([("list".into(), vec![1, 2].into())]));
            }
            words.insert_embed(txn, 2, Any::from_json("{\"i<\\u0001\":\"--\"}").unwrap());
            words.insert_embed(txn, 3, XmlElementPrelim::empty("in line"));
        }
    })
}

#[test]
fn xml_is_well_formed_whatever_a_document_holds() {
    let machine = Machine::new("well-formed");
    let file = put(&machine, "hostile", hostile_xml());
    let xml = machine.run(&["doc", "dump", &file, "--as", "xml"]).ok();
    let record = machine.run(&["doc", "dump", &file, "--as", "ndjson"]).json();
    for xml in [xml.as_str(), record["value"].as_str().unwrap()] {
        let whole = format!("<all>{xml}</all>");
        let parsed = roxmltree::Document::parse(&whole).unwrap_or_else(|e| panic!("{e}"));
        let names: Vec<&str> =
            parsed.root_element().children().map(|n| n.tag_name().name()).collect();
        assert_eq!(names[..4], ["_", "_1x", "my_node", "a_b"]);
        let first = parsed.root_element().first_child().unwrap();
        let same: Vec<&str> =
            first.attributes().filter(|a| a.name().starts_with("a_b")).map(|a| a.name()).collect();
        assert_eq!(same.len(), 6, "{same:?}");
        let value = first.attribute("_1x").unwrap();
        assert!(value.ends_with(" & \" ' \r\n\t\u{202e}é🚀"), "{value:?}");
        assert!(value.starts_with("a\u{fffd}b\u{fffd}\u{fffd}[31m\u{fffd}\u{fffd}]]>--<!--"));
        assert!(parsed.descendants().any(|node| node.tag_name().name() == "comment--x_y_z_"));
        assert!(xml.contains("{&quot;i&lt;\\u0001&quot;:&quot;--&quot;}"), "{xml}");
    }
    // What is compared is not what is replaced.
    let with = |client: u64, text: &str| {
        oracle::update(client, &[], |txn| {
            txn.get_or_insert_xml_fragment("page").push_back(txn, XmlTextPrelim::new(text));
        })
    };
    let (one, two) =
        (put(&machine, "one", with(7, "\u{1}")), put(&machine, "two", with(8, "\u{2}")));
    machine.run(&["doc", "diff", &one, &two]).exits(3);
}

const NAN_V1: &str =
    "0101040005010174227b226e223a6e756c6c2c227a223a302c2262223a7b2230223a312c2231223a327d7d00";
const NAN_V2: &str =
    "000001040000010503017401010100000101007604016e7b7ff8000000000000017a7d4001627402010201757f00";

/// What Yjs writes in v2 of an embed with NaN, Infinity, undefined, bytes, a BigInt and -0, and of a format with
/// NaN; and of an embed that v1 can be written of, in both encodings.
#[test]
fn what_v1_cannot_hold_is_said_and_kept_in_v2() {
    let machine = Machine::new("beyond v1");
    let hex = |name: &str, hex: &str| {
        put(&machine, name, data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap())
    };
    let v2 = hex(
        "embed.v2",
        "00020002024402030003000007050086008400860704747761774102010100000104007606016e7b7ff80000000000\
         0001697c7f80000001757f01627402010201677a0000000000000005017a7d407b7ff80000000000007e00",
    );
    let run = machine.run(&["doc", "dump", &v2, "--as", "delta"]);
    assert_eq!(
        run.json(),
        json!([
            {"insert": {"b": {"0": 1, "1": 2}, "g": 5, "i": null, "n": null, "z": 0}},
            {"insert": "a"},
        ])
    );
    assert!(
        run.stderr.contains("v1 cannot hold 2 values in its formats and embeds"),
        "{}",
        run.stderr
    );
    // In v2 it stays as it is.
    let again = machine.path("again.v2");
    machine.run(&["doc", "convert", &v2, "--to", "v2", "-O", &text(&again)]).exits(0);
    assert_eq!(std::fs::read(&again).unwrap(), std::fs::read(&v2).unwrap());
    let packed = put(&machine, "packed", gzip(&std::fs::read(&v2).unwrap()));
    let refused = machine.path("refused.v2");
    machine
        .run(&["doc", "convert", &packed, "--to", "v2", "-O", &text(&refused)])
        .fails(1, "would not be the same");
    // Two encodings of one document are no fork: Yjs writes null in v1.
    let (v1, v2) = (hex("nan.bin", NAN_V1), hex("nan.v2", NAN_V2));
    machine.run(&["doc", "diff", &v1, &v2]).exits(0);
    assert_eq!(machine.run(&["digest", &v1]).ok(), machine.run(&["digest", &v2]).ok());
}

#[test]
fn a_text_format_and_json_are_two_formats() {
    let machine = Machine::new("two formats");
    let file = put(&machine, "hostile", hostile_xml());
    for (form, option, exit) in [
        ("xml", "--json", 2),
        ("markdown", "--json", 2),
        ("html", "--json", 2),
        ("ndjson", "--json", 2),
        ("xml", "-ondjson", 2),
        ("html", "-ojson", 2),
        ("ndjson", "-ondjson", 0),
        ("ndjson", "-otable", 0),
        ("json", "--json", 0),
        ("yjs", "--json", 0),
        ("xml", "-q", 0),
    ] {
        let run = machine.run(&["doc", "dump", &file, "--as", form, option]);
        if run.exits(exit).code == 2 {
            assert!(run.stderr.contains(&format!("`--as {form}` and")), "{run:?}");
            assert_eq!(run.stdout, "", "{form} {option}");
        }
    }
    // What the environment says is only a default.
    let args = ["doc", "dump", file.as_str(), "--as", "xml"];
    let dir = machine.path(".");
    let run = machine.run_in(&dir, &[("CRDTCTL_OUTPUT", "json")], &args);
    assert!(run.exits(0).stdout.starts_with('<'));
}

#[test]
fn the_size_of_a_file_and_of_what_it_holds_are_told_apart() {
    let machine = Machine::new("which size");
    let update = oracle::update(7, &[], |txn| {
        let page = txn.get_or_insert_text("page");
        page.push(txn, &"the same words again ".repeat(40));
        txn.get_or_insert_map("map").insert(txn, "key", 1);
    });
    let plain = put(&machine, "plain", &update);
    let v2 = text(&machine.path("v2"));
    machine.run(&["doc", "convert", &plain, "--to", "v2", "-O", &v2]).exits(0);
    let log = [vec![0, 0, update.len() as u8 | 0x80, (update.len() >> 7) as u8], update.clone()];
    for (file, differs) in [
        (plain.clone(), false),
        (v2, true),
        (put(&machine, "gz", gzip(&update)), true),
        (put(&machine, "hex", data_encoding::HEXLOWER.encode(&update)), true),
        (put(&machine, "log", &log.concat()[2..]), true),
    ] {
        let stored = std::fs::metadata(&file).unwrap().len();
        let run = machine.run(&["doc", "size", &file, "--json"]);
        let size = run.json();
        assert_eq!(size["stored_bytes"], json!(stored), "{file}");
        assert_eq!(size["file_bytes"], json!(update.len()), "{file}");
        let rows =
            size["rows"].as_array().unwrap().iter().map(|row| row["bytes"].as_u64().unwrap());
        assert_eq!(rows.sum::<u64>(), update.len() as u64, "{file}");
        assert_eq!(run.stderr.contains("as one update in v1"), differs, "{file}: {}", run.stderr);
        let shown = machine.run(&["doc", "show", &file, "--json"]).json();
        assert_eq!(
            (&shown["stored_bytes"], &shown["bytes"]),
            (&json!(stored), &json!(update.len())),
            "{file}"
        );
    }
    let store = machine.store("store", ALICE);
    store.run(&["doc", "load", &plain, "--doc", PLAN]).exits(0);
    assert_eq!(store.json(&["doc", "size", PLAN]).get("stored_bytes"), None::<&Value>);
}

//! Files of other programs: recognised, and read wherever a document is read, without any store.

use crate::support::*;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> String {
    text(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/field").join(name))
}

fn put(machine: &Machine, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = machine.path(name);
    std::fs::write(&path, bytes).unwrap();
    text(&path)
}

/// What `doc kind` says about a file: its kind, and its encodings.
#[track_caller]
fn kind(machine: &Machine, file: &str) -> (String, String) {
    let rows = machine.run(&["doc", "kind", file, "--json"]).json();
    let wrapped: Vec<&str> =
        rows[0]["wrapped_in"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    (rows[0]["kind"].as_str().unwrap().to_owned(), wrapped.join(", "))
}

#[test]
fn wrapped_bytes_are_known_and_read() {
    let machine = Machine::new("wrapped");
    let hello = json!({"t": "hello", "m": {"k": [1, 2, 3]}});
    let abc = json!({"t": "abc def"});
    for (file, form, around, content) in [
        ("40b-step2", "sync-step-2", "message of y-protocols", &hello),
        ("40c-update", "sync-update", "message of y-protocols", &hello),
        ("40d-update-noouter", "sync-update", "message of y-protocols, without its type", &hello),
        ("41a-base64", "update-v1", "base64", &hello),
        ("41c-hex", "update-v1", "hex", &hello),
        ("41f-gz", "update-v1", "gzip", &hello),
        ("41g-brotli", "update-v1", "brotli", &hello),
        ("42a-concat", "update-log", "updates one after the other", &abc),
        ("42b-varlen-log", "update-log", "length-prefixed updates (varint)", &abc),
    ] {
        let file = fixture(&format!("09-wrapped-bytes/{file}"));
        assert_eq!(kind(&machine, &file), (form.to_owned(), around.to_owned()), "{file}");
        assert_eq!(&machine.run(&["doc", "dump", &file]).json(), content, "{file}");
    }
    let v2 = fixture("09-wrapped-bytes/18-v2");
    assert_eq!(kind(&machine, &v2).0, "update-v2");
    let dump = machine.run(&["doc", "dump", &v2]).json();
    assert_eq!(
        (dump["a"].as_array().unwrap().len(), dump["m"]["j0"]["i"].as_i64()),
        (20, Some(48))
    );
    let snapshot = fixture("09-wrapped-bytes/17-snapshot");
    let rows = machine.run(&["doc", "kind", &snapshot, "--json"]).json();
    assert_eq!((&rows[0]["kind"], &rows[0]["vector"]), (&json!("snapshot"), &json!({"161": 161})));
    machine.run(&["doc", "dump", &snapshot]).fails(2, "holds no content");
    let awareness = fixture("09-wrapped-bytes/40e-awareness");
    let rows = machine.run(&["doc", "kind", &awareness, "--json"]).json();
    // No other command accepts it, and no hint leads in a circle.
    for command in ["show", "vector"] {
        let run = machine.run(&["doc", command, &awareness]);
        assert!(run.exits(2).stderr.contains("an awareness message"), "{}", run.stderr);
        assert!(!run.stderr.contains("doc vector FILE"), "{}", run.stderr);
    }
    assert_eq!(rows[0]["presences"][0]["state"], json!({"user": {"name": "x"}}));
}

/// One update as people keep it: the encodings around it are removed.
#[test]
fn what_is_around_an_update_comes_off() {
    let machine = Machine::new("around");
    let bytes = std::fs::read(fixture("10-embeds-and-nan/ea.bin")).unwrap();
    let base64 = data_encoding::BASE64.encode(&bytes);
    let url = data_encoding::BASE64URL_NOPAD.encode(&bytes);
    let hex = data_encoding::HEXUPPER.encode(&bytes);
    let wrapped: String =
        base64.as_bytes().chunks(20).map(|c| String::from_utf8_lossy(c) + "\n").collect();
    let length = bytes.len() as u32;
    let counted = |length: [u8; 4]| [&length[..], &bytes, &length[..], &bytes].concat();
    let object: Value =
        bytes.iter().enumerate().map(|(at, byte)| (at.to_string(), json!(byte))).collect();
    let mut named = vec![6];
    named.extend(b"page/1");
    named.extend([0, 2, bytes.len() as u8]);
    named.extend(&bytes);
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zlib.write_all(base64.as_bytes()).unwrap();
    let zstd = zstd::encode_all(bytes.as_slice(), 3).unwrap();
    let files: Vec<(&str, Vec<u8>, &str)> = vec![
        ("plain", bytes.clone(), ""),
        ("lines", wrapped.into_bytes(), "base64"),
        (
            "url",
            url.clone().into_bytes(),
            if url.contains(['-', '_']) { "base64url" } else { "base64" },
        ),
        ("data", format!("data:application/octet-stream;base64,{base64}").into_bytes(), "base64"),
        ("bytea", format!("\\x{hex}\n").into_bytes(), "hex"),
        ("sql", format!("X'{hex}'").into_bytes(), "hex"),
        ("array", json!(bytes).to_string().into_bytes(), "JSON array of bytes"),
        (
            "buffer",
            json!({"type": "Buffer", "data": bytes}).to_string().into_bytes(),
            "JSON array of bytes",
        ),
        ("object", object.to_string().into_bytes(), "JSON array of bytes"),
        ("string", json!(base64).to_string().into_bytes(), "base64"),
        (
            "field",
            json!({"id": 7, "page": {"title": "x", "ydoc": base64}}).to_string().into_bytes(),
            "JSON field page.ydoc, base64",
        ),
        ("ndjson", format!("{base64}\n{base64}\n").into_bytes(), "one update a line"),
        (
            "records",
            format!("{{\"u\":{}}}\n{{\"u\":{}}}\n", json!(hex), json!(bytes)).into_bytes(),
            "one update a line",
        ),
        ("strings", json!([base64, hex]).to_string().into_bytes(), "a JSON array of updates"),
        ("be", counted(length.to_be_bytes()), "length-prefixed updates (u32, big-endian)"),
        ("le", counted(length.to_le_bytes()), "length-prefixed updates (u32, little-endian)"),
        ("hocuspocus", named, "message of Hocuspocus for page/1"),
        ("zlib", zlib.finish().unwrap(), "zlib, base64"),
        ("zstd", zstd, "zstd"),
    ];
    let plain = machine.run(&["digest", &fixture("10-embeds-and-nan/ea.bin")]).ok();
    for (name, content, around) in files {
        let file = put(&machine, name, &content);
        assert_eq!(kind(&machine, &file).1, around, "{name}");
        assert_eq!(machine.run(&["digest", &file]).ok(), plain, "{name}");
        assert_eq!(machine.run_with_stdin(&["digest", "-"], &content).ok(), plain, "{name}");
    }
}

#[test]
fn what_is_no_document_is_named_for_what_it_is() {
    let machine = Machine::new("unknown");
    let v2 = std::fs::read(fixture("09-wrapped-bytes/18-v2")).unwrap();
    let v1 = std::fs::read(fixture("06-whole-when-cut/cut10.bin")).unwrap();
    for (name, bytes, sentence) in [
        ("empty", &b""[..], "it is empty"),
        ("v2", &v2[..v2.len() - 9], "an update in v2 and is cut short"),
        ("v1", &v1, "of 120 blocks announced there, 6 can be read"),
        ("json", br#"{"a": [1, 300]}"#, "JSON, but no field of it"),
        ("broken", br#"{"a": "#, "looks like JSON but is not"),
        ("text", "Grüße aus dem Hafen".as_bytes(), "it is text"),
        ("page", b"<!doctype html><html></html>", "HTML or XML"),
        ("png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a picture (PNG)"),
        ("zeros", &[0; 4096], "4096 zeros"),
        ("zip", b"PK\x03\x04\x14\0\0\0", "a zip archive"),
        ("cut gzip", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x63], "packed with gzip"),
    ] {
        let file = put(&machine, name, bytes);
        let rows = machine.run(&["doc", "kind", &file, "--json"]).exits(3).parsed();
        assert_eq!(rows[0]["kind"], "unknown", "{name}");
        let holds = rows[0]["holds"].as_str().unwrap();
        assert!(holds.contains(sentence), "{name}: {holds}");
        let run = machine.run(&["doc", "show", &file]);
        assert!(run.fails(6, "is no Yjs document").stderr.contains(sentence), "{run:?}");
        // A truncated file can be read as far as it goes: the suggested command does that.
        let next = (name == "v1").then(|| format!("crdtctl recover {file} -O FILE"));
        assert_eq!(rows[0]["next"].as_str(), next.as_deref(), "{name}");
        let hint = next.unwrap_or("crdtctl doc kind --help".to_owned());
        assert!(run.stderr.contains(&hint), "{name}: {run:?}");
    }
}

/// A megabyte that unpacks to a gigabyte, a v2 update that announces a billion blocks, endless wrappings:
/// refused with little work.
#[test]
fn what_would_become_too_large_is_refused() {
    let machine = Machine::new("bombs");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0; 1 << 20];
    (0..160).for_each(|_| gzip.write_all(&zeros).unwrap());
    let bomb = gzip.finish().unwrap();
    let file = put(&machine, "bomb.gz", &bomb);
    machine.run(&["doc", "show", &file]).fails(6, "is no Yjs document");
    // A billion collected ranges of one unit each: info and length are run-length encoded.
    let mut v2 = vec![0, 0, 1, 7, 0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 1];
    v2.extend([1, 0x80, 0x94, 0xeb, 0xdc, 0x03, 0, 0]);
    let file = put(&machine, "bomb.v2", &v2);
    machine.run(&["doc", "show", &file, "--from", "v2"]).fails(6, "is no Yjs document");
    let mut nested = std::fs::read(fixture("10-embeds-and-nan/nc.bin")).unwrap();
    for _ in 0..12 {
        nested = data_encoding::BASE64.encode(&nested).into_bytes();
    }
    let file = put(&machine, "nested", &nested);
    machine.run(&["doc", "kind", &file]).exits(3);
}

#[test]
fn a_kind_can_be_forced() {
    let machine = Machine::new("forced");
    let file = fixture("09-wrapped-bytes/42b-varlen-log");
    let content = json!({"t": "abc def"});
    assert_eq!(machine.run(&["doc", "dump", &file, "--from", "log-varint"]).json(), content);
    let run = machine.run(&["doc", "dump", &file, "--from", "v2"]);
    assert!(
        run.fails(6, "is no Yjs document").stderr.contains("something else than v2"),
        "{run:?}"
    );
    machine.run(&["doc", "dump", &file, "--from", "nonsense"]).exits(2);
}

#[test]
fn a_file_and_a_document_are_told_apart() {
    let machine = Machine::new("apart");
    let store = machine.group("store", &[]);
    store.send("hello");
    let bytes = std::fs::read(fixture("10-embeds-and-nan/nc.bin")).unwrap();
    let chat = format!("{GROUP}:chat");
    std::fs::write(store.dir.join("chat"), &bytes).unwrap();
    std::fs::write(store.dir.join(&chat), &bytes).unwrap();
    std::fs::write(store.dir.join("note"), &bytes).unwrap();
    let dump = |args: &[&str]| machine.run_in(&store.dir, &[], &[&["doc", "dump"], args].concat());
    let of_file = json!({"m": {"v": null}});
    // A word that could mean both is refused.
    let run = dump(&["chat"]);
    assert!(run.fails(4, "is a file here and a document").stderr.contains("`./chat` is the file"));
    assert_eq!(dump(&["./chat"]).json(), of_file);
    assert_eq!(dump(&["chat", "--from", "v1"]).json(), of_file);
    // A document's full name means the document.
    assert!(dump(&[&chat]).json()["messages"].is_object());
    assert_eq!(dump(&[&format!("./{chat}")]).json(), of_file);
    assert_eq!(dump(&["note"]).json(), of_file);
    dump(&["./nothing"]).fails(4, "there is no file");
    let run = dump(&["nothing"]);
    assert!(run.fails(4, "nothing").stderr.contains("there is no file nothing"), "{run:?}");
    // Without a store it can only be a file.
    let empty = machine.path("empty");
    std::fs::create_dir(&empty).unwrap();
    std::fs::write(empty.join("chat"), &bytes).unwrap();
    assert_eq!(machine.run_in(&empty, &[], &["doc", "dump", "chat"]).json(), of_file);
    machine.run_in(&empty, &[], &["doc", "dump", "nothing"]).fails(4, "no store");
}

#[test]
fn one_of_several_documents_is_picked() {
    let machine = Machine::new("several");
    let base64 = |name: &str| data_encoding::BASE64.encode(&std::fs::read(fixture(name)).unwrap());
    let rows = json!([
        {"name": "nothing here"},
        {"name": "a", "data": base64("10-embeds-and-nan/nc.bin")},
    ]);
    let both =
        json!({"one": base64("10-embeds-and-nan/nc.bin"), "two": base64("07-load-counts/a.bin")});
    let file = put(&machine, "both.json", both.to_string());
    let run = machine.run(&["doc", "dump", &file]);
    assert!(run.fails(4, "holds 2 documents: one, two").stderr.contains("#NAME"), "{run:?}");
    let one = machine.run(&["doc", "dump", &format!("{file}#one")]).json();
    assert_eq!(one, json!({"m": {"v": null}}));
    machine.run(&["doc", "dump", &format!("{file}#three")]).fails(4, "no document three");
    let found = machine.run(&["doc", "kind", &file, "--json"]).json();
    assert_eq!(column(&found[0]["documents"], "name"), ["one", "two"]);
    let file = put(&machine, "rows.json", json!({"rows": rows}).to_string());
    assert_eq!(machine.run(&["doc", "dump", &file]).json(), json!({"m": {"v": null}}));
}

/// Embeds are shown, named and told apart, and so are values that JSON has no word for.
#[test]
fn embeds_and_values_beyond_json_are_told_apart() {
    let machine = Machine::new("told apart");
    let file = |name: &str| fixture(&format!("10-embeds-and-nan/{name}.bin"));
    let dump = |name: &str| machine.run(&["doc", "dump", &file(name)]).json();
    assert_eq!(
        [dump("na"), dump("nb"), dump("nc")].map(|d| d["m"]["v"].clone()),
        [json!("NaN"), json!("Infinity"), Value::Null]
    );
    let typed = machine.run(&["doc", "dump", &file("nb"), "--as", "yjs"]).json();
    assert_eq!(typed["m"]["v"]["v"], json!({"t": "number", "v": "Infinity"}));
    let delta = machine.run(&["doc", "dump", &file("ea"), "--as", "delta"]).json();
    assert_eq!(
        delta,
        json!([{"insert": "before"}, {"insert": {"image": "x.png", "w": 10}}, {"insert": " after"}])
    );
    let digest = |name: &str| machine.run(&["digest", &file(name)]).ok();
    let digests: std::collections::BTreeSet<String> =
        ["ea", "eb", "na", "nb", "nc"].map(digest).into();
    assert_eq!(digests.len(), 5);
}

/// What waits for something missing is reported, and everything else is shown.
#[test]
fn a_state_with_a_gap_is_read_as_far_as_it_goes() {
    let machine = Machine::new("gap");
    let file = fixture("01-recover-behind-a-gap/state.bin");
    let run = machine.run(&["doc", "dump", &file]);
    assert_eq!(run.json(), json!({"t": "one "}));
    assert!(run.stderr.contains("clocks 8 to 14 of client 41 wait for clock 4"), "{}", run.stderr);
    let shown = machine.run(&["doc", "show", &file, "--json"]).json();
    assert_eq!(shown["waiting"], json!([{"client": "41", "from": 8, "to": 14, "needs": "41:4"}]));
}

/// One bold word hides nothing.
#[test]
fn formats_hide_nothing() {
    let machine = Machine::new("formats");
    let file = fixture("04-recover-of-unsupported/format.bin");
    let expected = json!({"t": "bold and plain", "list": [1, 2], "meta": {"title": "T"}});
    assert_eq!(machine.run(&["doc", "dump", &file]).json(), expected);
    assert_eq!(machine.run(&["doc", "get", &file, "$.meta.title"]).ok(), "\"T\"");
    let tree = machine.run(&["doc", "tree", &file, "--json"]).json();
    let bold = tree.as_array().unwrap().iter().find(|row| row["path"] == "t/bold").unwrap();
    assert_eq!(bold["type"], "mark");
    let size = machine.run(&["doc", "size", &file, "--json"]).json();
    let sum: u64 =
        size["rows"].as_array().unwrap().iter().filter_map(|r| r["bytes"].as_u64()).sum();
    assert_eq!((sum, size["file_bytes"].as_u64()), (90, Some(90)));
    let blocks = machine.run(&["doc", "blocks", &file, "--json"]).json();
    assert_eq!(blocks.as_array().unwrap().len(), 6);
}

#[test]
fn a_form_is_written_and_read_again() {
    let machine = Machine::new("convert");
    let log = fixture("09-wrapped-bytes/42b-varlen-log");
    let digest = machine.run(&["digest", &log]).ok();
    for (form, known) in [
        ("v1", "update-v1"),
        ("v2", "update-v2"),
        ("base64", "update-v1"),
        ("hex", "update-v1"),
        ("ndjson", "update-log"),
        ("json", "update-v1"),
        ("frame", "sync-update"),
    ] {
        let out = text(&machine.path(form));
        let run = machine.run(&["doc", "convert", &log, "--to", form, "-O", &out]);
        assert!(run.exits(0).stderr.contains(&format!(" as {form}: ")), "{}", run.stderr);
        assert_eq!(kind(&machine, &out).0, known, "{form}");
        assert_eq!(machine.run(&["digest", &out]).ok(), digest, "{form}");
    }
    // Nothing is rewritten: a round trip gives the same bytes.
    let plain = fixture("03-bigint-rewritten/ids.bin");
    let (v2, v1) = (text(&machine.path("ids.v2")), text(&machine.path("ids.v1")));
    machine.run(&["doc", "convert", &plain, "--to", "v2", "-O", &v2]).exits(0);
    machine.run(&["doc", "convert", &v2, "--to", "v1", "-O", &v1]).exits(0);
    assert_eq!(std::fs::read(&v1).unwrap(), std::fs::read(&plain).unwrap());
    // 60,000 maps take 36 bytes in v2.
    let maps = text(&machine.path("maps.v1"));
    std::fs::write(&maps, many_maps(60_000)).unwrap();
    machine.run(&["doc", "convert", &maps, "--to", "v2", "-O", &v2]).exits(0);
    assert!(std::fs::metadata(&v2).unwrap().len() < 64);
    machine.run(&["doc", "convert", &v2, "--to", "v1", "-O", &v1]).exits(0);
    assert_eq!(std::fs::read(&v1).unwrap(), many_maps(60_000));
    // What could not be read again is not written.
    std::fs::write(&maps, many_maps(3_000_000)).unwrap();
    let run = machine.run(&["doc", "convert", &maps, "--to", "v2", "-O", &v2]);
    run.fails(1, "it could not be read again");
    let gap = fixture("01-recover-behind-a-gap/state.bin");
    machine.run(&["doc", "convert", &gap, "--to", "v1", "-O", &v1]).exits(0);
    assert_eq!(std::fs::read(&v1).unwrap(), std::fs::read(&gap).unwrap());
}

/// In either order, with the gap filled or named.
#[test]
fn files_of_one_document_are_merged_in_any_order() {
    let machine = Machine::new("merge");
    let (state, missing) = (
        fixture("01-recover-behind-a-gap/state.bin"),
        fixture("01-recover-behind-a-gap/missing.bin"),
    );
    let out = text(&machine.path("out"));
    for files in [[&state, &missing], [&missing, &state]] {
        let run = machine.run(&["doc", "merge", files[0], files[1], files[0], "-O", &out]);
        assert!(!run.exits(0).stderr.contains("wait for"), "{}", run.stderr);
        let dump = machine.run(&["doc", "dump", &out]).json();
        assert_eq!(dump, json!({"t": "one two three ", "m": {"k": 1}}));
    }
    let run = machine.run(&["doc", "merge", &state, "--json", "-O", &out]);
    assert_eq!(run.json()["waiting"][0]["needs"], "41:4");
    assert!(run.stderr.contains("which no file has"), "{}", run.stderr);
    // Two programs under one client id are no one document.
    let (a, longer) =
        (fixture("08-fork-called-invalid/a.bin"), fixture("08-fork-called-invalid/longer.bin"));
    for files in [[&a, &longer], [&longer, &a]] {
        std::fs::remove_file(&out).ok();
        let run = machine.run(&["doc", "merge", files[0], files[1], "-O", &out]);
        assert!(
            run.fails(5, "does not belong to the same document").stderr.contains("client id 7")
        );
        assert!(!Path::new(&out).exists());
    }
}

/// The same start content, made twice: reported before it is duplicated.
#[test]
fn equal_content_without_common_history_is_named() {
    let machine = Machine::new("twice");
    let (a, b) = (fixture("07-load-counts/a.bin"), fixture("07-load-counts/b.bin"));
    let out = text(&machine.path("out"));
    let run = machine.run(&["doc", "merge", &a, &b, "-O", &out]);
    assert!(
        run.fails(1, "would be there twice").stderr.contains("no history in common"),
        "{run:?}"
    );
    assert!(run.stderr.contains("--doubled"), "{run:?}");
    assert!(!Path::new(&out).exists());
    let run = machine.run(&["doc", "merge", &a, &b, "--doubled", "--json", "-O", &out]);
    let doubled = run.json()["doubled"].clone();
    assert!(!doubled.as_array().unwrap().is_empty(), "{run:?}");
    assert!(run.stderr.contains("no history in common"), "{}", run.stderr);
    for row in doubled.as_array().unwrap() {
        let root = row["root"].as_str().unwrap();
        let count = |file: &str| {
            let shown = machine.run(&["doc", "show", file, "--json"]).json();
            let roots = shown["roots"].as_array().unwrap().clone();
            roots.iter().find(|r| r["root"] == root).unwrap()["count"].as_u64().unwrap()
        };
        assert_eq!(count(&out), 2 * count(&a), "{root}");
    }
    let run = machine.run(&["doc", "merge", &a, &a, "-O", &out]);
    assert!(!run.exits(0).stderr.contains("no history"), "{}", run.stderr);
}

#[test]
fn what_a_file_lacks_is_written_and_vectors_are_compared() {
    let machine = Machine::new("vectors");
    let whole = fixture("06-whole-when-cut/whole.bin");
    let log = fixture("09-wrapped-bytes/42b-varlen-log");
    let (some, all) = (text(&machine.path("some")), text(&machine.path("all")));
    machine.run(&["doc", "convert", &log, "--to", "ndjson", "-O", &all]).exits(0);
    let lines = std::fs::read_to_string(&all).unwrap();
    std::fs::write(&some, lines.lines().take(3).map(|l| format!("{l}\n")).collect::<String>())
        .unwrap();
    let vector = machine.run(&["doc", "vector", &log, "--json"]).json();
    assert_eq!(vector, json!([{"client": "402", "clock": 7}]));
    let both = machine.run(&["doc", "vector", &some, &log, "--json"]).exits(3).parsed();
    assert_eq!(both, json!([{"client": "402", "a": 3, "b": 7, "state": "ahead"}]));
    machine.run(&["doc", "vector", &log, &all]).exits(0);
    let (lacking, merged) = (text(&machine.path("lacking")), text(&machine.path("merged")));
    machine.run(&["doc", "diff-update", &some, &log, "-O", &lacking]).exits(0);
    machine.run(&["doc", "merge", &lacking, &some, "-O", &merged]).exits(0);
    assert_eq!(machine.run(&["doc", "dump", &merged]).json(), json!({"t": "abc def"}));
    assert!(std::fs::read(&lacking).unwrap().len() < std::fs::read(&merged).unwrap().len());
    let run = machine.run(&["doc", "diff-update", &log, &some, "-O", &lacking]);
    assert!(run.exits(0).stderr.contains("lacks nothing"), "{}", run.stderr);
    // What waits behind a gap is unknown.
    let gap = fixture("01-recover-behind-a-gap/state.bin");
    let vector = machine.run(&["doc", "vector", &gap, "--json"]).json();
    assert_eq!(vector, json!([{"client": "41", "clock": 4}]));
    machine.run(&["doc", "vector", &whole]).exits(0);
}

#[test]
fn a_file_is_compared_checked_and_recovered_without_a_store() {
    let machine = Machine::new("loose");
    let (ea, eb) = (fixture("10-embeds-and-nan/ea.bin"), fixture("10-embeds-and-nan/eb.bin"));
    let run = machine.run(&["doc", "diff", &ea, &eb, "--json"]);
    let rows = run.exits(3).parsed();
    assert_eq!((&rows[0]["collection"], &rows[0]["change"]), (&json!("t"), &json!("changed")));
    assert!(rows[0]["fields"].to_string().contains("y.png"), "{rows}");
    machine.run(&["doc", "diff", &ea, &ea]).exits(0);
    let (na, nb) = (fixture("10-embeds-and-nan/na.bin"), fixture("10-embeds-and-nan/nb.bin"));
    let rows = machine.run(&["doc", "diff", &na, &nb, "--json"]).exits(3).parsed();
    assert!(rows.to_string().contains("NaN") && rows.to_string().contains("Infinity"), "{rows}");
    // Unsupported is not damaged; waiting and truncated content is found.
    machine.run(&["check", &fixture("04-recover-of-unsupported/format.bin")]).exits(0);
    let kinds = |file: &str| {
        let found = machine.run(&["check", file, "--json"]).exits(3).parsed();
        column(&found, "kind")
    };
    let (gap, cut) =
        (fixture("01-recover-behind-a-gap/state.bin"), fixture("06-whole-when-cut/cut10.bin"));
    assert_eq!(kinds(&gap), ["waiting"]);
    assert_eq!(kinds(&cut), ["undecodable"]);
    let out = text(&machine.path("out"));
    machine.run(&["recover", &ea, "-O", &out]).fails(1, "is damaged");
    assert!(!Path::new(&out).exists());
    let run = machine.run(&["recover", &cut, "-O", &out, "--json"]);
    let row = run.json()[0].clone();
    assert_eq!(
        (&row["state"], &row["blocks"], &row["announced"]),
        (&json!("partial"), &json!(6), &json!(120))
    );
    let dump = machine.run(&["doc", "dump", &out]).json();
    assert!(dump["cells"].is_array() || dump["nbformat"].is_number(), "{dump}");
    let filled = text(&machine.path("filled"));
    let missing = fixture("01-recover-behind-a-gap/missing.bin");
    machine.run(&["recover", &gap, "--from", &missing, "-O", &filled]).exits(0);
    assert_eq!(
        machine.run(&["doc", "dump", &filled]).json(),
        json!({"t": "one two three ", "m": {"k": 1}})
    );
}

#[test]
fn a_file_is_anonymized_without_a_store() {
    let machine = Machine::new("anonymous");
    let (file, out) = (fixture("09-wrapped-bytes/41a-base64"), text(&machine.path("out")));
    machine.run(&["doc", "anonymize", &file, "-O", &out]).exits(0);
    let dump = machine.run(&["doc", "dump", &out]).json();
    assert_eq!(dump["m"], json!({"k": [1, 2, 3]}));
    assert_eq!(dump["t"].as_str().unwrap().len(), 5);
    assert_ne!(dump["t"], "hello");
    machine.run(&["doc", "anonymize", &file, "--members", "-O", &out]).fails(2, "members");
    // Formats, embeds, XML and so on: the same blocks, and none of the words.
    for (name, secrets) in [
        ("04-recover-of-unsupported/format.bin", &["bold and", "plain", "\"T\""][..]),
        ("10-embeds-and-nan/ea.bin", &["before", "x.png", "after"]),
        ("06-whole-when-cut/whole.bin", &["print", "cell 1"]),
        ("01-recover-behind-a-gap/state.bin", &["one", "three"]),
    ] {
        let file = fixture(name);
        machine.run(&["doc", "anonymize", &file, "-O", &out]).exits(0);
        let (original, copy) = (std::fs::read(&file).unwrap(), std::fs::read(&out).unwrap());
        assert_eq!(original.len(), copy.len(), "{name}");
        let shape = |file: &str| {
            let rows = machine.run(&["doc", "blocks", file, "--json"]).json();
            let rows = rows.as_array().unwrap().clone().into_iter();
            let shape =
                rows.map(|row| json!([row["client"], row["clock"], row["len"], row["kind"]]));
            shape.collect::<Vec<_>>()
        };
        assert_eq!(shape(&file), shape(&out), "{name}");
        let copy = String::from_utf8_lossy(&copy).into_owned();
        for secret in secrets {
            assert!(!copy.contains(secret), "{name}: {secret}");
        }
    }
}

/// Deeply nested containers: nothing recurses, and nothing is quadratic.
#[test]
fn nesting_has_no_limit_that_documents_meet() {
    let machine = Machine::new("nesting");
    let depth = 10_000usize;
    let files = [
        ("arrays", nested(0x07, "", &[0], depth)),
        ("maps", nested(0x27, "k", &[1], depth)),
        ("elements", nested(0x07, "", b"\x03\x01p", depth)),
        ("texts", nested(0x07, "", &[6], depth)),
        ("list", plainly_nested(b"\x75\x01", depth)),
        ("object", plainly_nested(b"\x76\x01\x01k", depth)),
    ];
    for (name, update) in files {
        let file = put(&machine, name, &update);
        let opening = if name == "arrays" || name == "list" { '[' } else { '{' };
        let is_json = !matches!(name, "elements" | "texts");
        for command in [
            &["doc", "show", &file][..],
            &["doc", "tree", &file],
            &["doc", "size", &file],
            &["doc", "blocks", &file],
            &["doc", "explain", &file],
            &["doc", "log", &file],
            &["doc", "blame", &file, "a"],
            &["doc", "kind", &file],
            &["doc", "diff", &file, &file],
            &["digest", &file],
            &["check", &file],
            &["doc", "anonymize", &file, "-O", &text(&machine.path(&format!("{name}.copy")))],
        ] {
            machine.run(command).exits(0);
        }
        for (form, fails) in [
            ("json", false),
            ("ndjson", false),
            ("yjs", false),
            ("xml", name != "elements" && name != "texts"),
            ("markdown", name != "elements" && name != "texts"),
            ("html", name != "elements" && name != "texts"),
        ] {
            let dump = machine.run(&["doc", "dump", &file, "--as", form]);
            if fails {
                dump.exits(4);
                continue;
            }
            let dump = dump.ok();
            if is_json {
                // The root and everything in it, in every form.
                assert!(dump.matches(opening).count() >= depth, "{name} {form}");
            }
        }
        // JSONPath reaches into it, and prints all that it finds.
        for format in [&[][..], &["--json"]] {
            let found = machine.run(&[&["doc", "get", &file, "$.a"], format].concat()).ok();
            if is_json {
                assert!(found.matches(opening).count() >= depth, "{name}");
            }
        }
        if name == "maps" || name == "object" {
            let inner = format!("$.a{}", ".k".repeat(500));
            assert!(machine.run(&["doc", "get", &file, &inner]).ok().starts_with("{\"k\":{"));
        }
    }
}

#[test]
fn a_path_with_descents_goes_down_as_far_as_there_is_stack() {
    let machine = Machine::new("descents");
    let file = put(&machine, "deep", plainly_nested(b"\x76\x01\x01k", 9_000));
    let leaf = machine.run(&["doc", "get", &file, "$..[?@ == \"leaf\"]"]).ok();
    assert_eq!(leaf, "\"leaf\"");
    let file = put(&machine, "deeper", plainly_nested(b"\x76\x01\x01k", 100_000));
    machine.run(&["doc", "get", &file, "$..k"]).fails(2, "levels deep");
    machine.run(&["doc", "get", &file, "$.a.k.k"]).exits(0);
    // What is split into fields is bounded, and says so.
    let fields = ["doc", "dump", &file, "--as", "ndjson", "--fields", "root,value"];
    machine.run(&fields).fails(1, "nested more than 128 levels deep");
}

/// XML in a map in XML in a map: as text within text its quotes would double at each level.
#[test]
fn xml_and_maps_in_each_other_do_not_multiply() {
    let machine = Machine::new("in each other");
    let depth = 2_000u32;
    let mut update = vec![1];
    number(&mut update, depth);
    update.extend(b"\x01\x00\x07\x01\x01a\x03\x01p");
    for clock in 1..depth {
        let in_map = clock % 2 == 0;
        update.extend(if in_map { [0x27, 0, 1] } else { [0x07, 0, 1] });
        number(&mut update, clock - 1);
        update.extend_from_slice(if in_map { b"\x01k\x03\x01p" } else { b"\x01" });
    }
    update.push(0);
    let file = put(&machine, "both", &update);
    for form in ["json", "ndjson", "yjs", "xml", "html"] {
        let dump = machine.run(&["doc", "dump", &file, "--as", form]).ok();
        assert!(dump.len() < 200_000, "{form}: {}", dump.len());
    }
    let dump = machine.run(&["doc", "dump", &file, "--as", "xml"]).ok();
    assert_eq!(dump, "<p>{&quot;k&quot;:&quot;…&quot;}</p>");
}

/// Writes a number in lib0's encoding.
fn number(out: &mut Vec<u8>, mut n: u32) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// An update of client 1: nested containers of one kind, the first in the root `a`.
fn nested(info: u8, key: &str, kind: &[u8], depth: usize) -> Vec<u8> {
    let mut key = key.as_bytes().to_vec();
    if !key.is_empty() {
        key.insert(0, key.len() as u8);
    }
    let mut update = vec![1];
    number(&mut update, depth as u32);
    update.extend([1, 0]);
    for clock in 0..depth as u32 {
        update.push(info);
        match clock.checked_sub(1) {
            None => update.extend(b"\x01\x01a"),
            Some(before) => {
                update.extend([0, 1]);
                number(&mut update, before);
            }
        }
        update.extend_from_slice(&key);
        update.extend_from_slice(kind);
    }
    update.push(0);
    update
}

/// An update of client 1: one plain value under `k` of the root map `a`, a text nested in this many of these.
fn plainly_nested(opening: &[u8], depth: usize) -> Vec<u8> {
    let head = b"\x01\x01\x01\x00\x28\x01\x01a\x01k\x01";
    [head, opening.repeat(depth).as_slice(), b"\x77\x04leaf\x00"].concat()
}

/// Public files, if available: `FOREIGN_FILES` names their directory.
#[test]
fn public_files_are_read() {
    let Some(dir) = std::env::var_os("FOREIGN_FILES").map(PathBuf::from) else {
        return skipped("FOREIGN_FILES names no directory of public files");
    };
    let machine = Machine::new("public");
    let file = |name: &str| text(&dir.join(name));
    let roots = |name: &str| {
        let shown = machine.run(&["doc", "show", &file(name), "--json"]).json();
        assert_eq!(shown["waiting"], json!([]), "{name}");
        let roots = shown["roots"].as_array().unwrap().clone();
        roots
            .iter()
            .map(|r| {
                format!(
                    "{} {} {}",
                    r["root"].as_str().unwrap(),
                    r["kind"].as_str().unwrap(),
                    r["count"]
                )
            })
            .collect::<Vec<_>>()
            .join(", ")
    };
    assert_eq!(roots("ycrdt-b4-update.bin"), "text text 104852");
    assert_eq!(roots("blocknote-hello.bin"), "document-store xml-fragment 1");
    assert_eq!(roots("octo-large.bin"), "space:meta map 2, space:page0 map 1003");
    assert_eq!(roots("octo-with-subdoc.bin"), "meta map 5, spaces map 1");
    let ygo = std::fs::read_dir(dir.join("ygo")).unwrap().map(|entry| entry.unwrap().path());
    let v2 = ygo.map(|path| text(&path)).filter(|path| path.ends_with("_v2.bin"));
    let mut pairs = 0;
    for v2 in v2 {
        let v1 = [v2.replace("_v2.bin", ".bin"), v2.replace("_v2.bin", "_v1.bin")];
        let Some(v1) = v1.iter().find(|path| Path::new(path).exists()) else { continue };
        let digest = |path: &str| machine.run(&["digest", path]).ok();
        assert_eq!(digest(&v2), digest(v1), "{v2}");
        assert_eq!(kind(&machine, &v2).0, "update-v2");
        pairs += 1;
    }
    assert!(pairs > 5, "{pairs}");
}

/// An array of empty maps, one after the other, by client 5.
fn many_maps(count: u64) -> Vec<u8> {
    let var = |mut n: u64, out: &mut Vec<u8>| {
        while n > 127 {
            out.push((n & 127) as u8 | 128);
            n >>= 7;
        }
        out.push(n as u8);
    };
    let mut out = vec![1];
    var(count, &mut out);
    out.extend([5, 0, 7, 1, 1, b'a', 1]);
    for n in 1..count {
        out.extend([0x87, 5]);
        var(n - 1, &mut out);
        out.push(1);
    }
    out.push(0);
    out
}

//! Inspection: `doc size`, `tree`, `blocks`, `get`, and dumps with types.

use crate::oracle;
use crate::support::*;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use yrs::{Map, Text, WriteTxn, XmlFragment};

const CHAT: &str = "group:ocean-forest-moon-star:chat";
const WAYS: [&str; 7] = ["collection", "field", "kind", "record", "author", "client", "month"];

/// The rows of a report add up to the file, and the file is what is on disk.
#[track_caller]
fn adds_up(store: &Store<'_>, report: &Value) {
    let rows = report["rows"].as_array().expect("rows");
    let sum: u64 = rows.iter().map(|row| row["bytes"].as_u64().expect("a number")).sum();
    assert_eq!(sum, report["file_bytes"].as_u64().expect("a number"), "{report}");
    let file = std::fs::read(store.document(report["doc"].as_str().expect("a document")));
    assert_eq!(sum, file.expect("a file").len() as u64);
    for row in rows {
        assert_eq!(keys(row), ["path", "kind", "bytes", "count"]);
    }
}

fn find<'r>(report: &'r Value, path: &str, kind: &str) -> &'r Value {
    let rows = report["rows"].as_array().expect("rows").iter();
    rows.into_iter()
        .find(|row| row["path"] == path && row["kind"] == kind)
        .unwrap_or_else(|| panic!("no {kind} {path}: {report:#}"))
}

#[test]
fn every_byte_of_every_fixture_is_somebodys() {
    let machine = Machine::new("sizes");
    for fixture in ["real-store", "legacy-0.1.20"] {
        let store = machine.fixture(fixture);
        let before = store.files();
        for doc in store.column(&["doc", "list"], "doc_id") {
            adds_up(&store, &store.json(&["doc", "size", &doc]));
        }
        let whole = store.json(&["doc", "size"]);
        assert_eq!(column(&whole, "doc"), store.column(&["doc", "list"], "doc_id"));
        whole.as_array().unwrap().iter().for_each(|report| adds_up(&store, report));
        assert_eq!(store.files(), before);
    }
}

#[test]
fn rows_can_be_made_of_anything() {
    let machine = Machine::new("by");
    let store = machine.fixture("real-store");
    for by in WAYS {
        let report = store.json(&["doc", "size", CHAT, "--by", by]);
        adds_up(&store, &report);
        let top = store.json(&["doc", "size", CHAT, "--by", by, "--top", "3"]);
        adds_up(&store, &top);
        let rows = top["rows"].as_array().unwrap();
        assert!(rows.len() <= 4 && rows[0] == report["rows"][0], "{top}");
    }
    let by = |by| store.json(&["doc", "size", CHAT, "--by", by]);
    find(&by("collection"), "threads/*/replies", "collection");
    find(&by("author"), "baize-enhance-alice-betty", "author");
    find(&by("month"), "2026-07", "month");
    assert_eq!(find(&by("kind"), "", "tombstone")["count"], 59);
    let records = by("record");
    let records = records["rows"].as_array().unwrap().iter();
    assert!(records.filter(|row| row["kind"] == "record").count() > 1000);
    store.run(&["doc", "size", CHAT, "--by", "colour"]).exits(2);
}

#[test]
fn one_document_is_an_object_and_several_are_an_array() {
    let machine = Machine::new("shapes");
    let store = machine.group("s", &[BOB]);
    store.send("hi");
    let one = store.json(&["doc", "size", "chat"]);
    assert_eq!(one["doc"], CHAT);
    assert_eq!(keys(&one)[..3], ["doc", "file_bytes", "rows"]);
    let two = store.json(&["doc", "size", "chat", "core"]);
    assert_eq!(two[0], one);
    assert_eq!(two[1]["doc"], format!("{GROUP}:core"));
    let tsv = store.ok(&["doc", "size", "chat"]);
    assert!(tsv.starts_with("path\tkind\tbytes\tcount\n"), "{tsv}");
    assert!(tsv.contains("\nmessages/*/content\tlive\t"), "{tsv}");
    let tsv = store.ok(&["doc", "size", "chat", "core"]);
    assert!(tsv.starts_with("doc\tpath\tkind\tbytes\tcount\n"), "{tsv}");
    assert_eq!(store.ok(&["doc", "size", "chat", "core", "-o", "id"]).lines().count(), 2);
    let table = store.ok(&["doc", "size", "chat", "-o", "table"]);
    assert!(table.contains('█') && table.contains(" %"), "{table}");
    store.run(&["doc", "size", "kanban"]).fails(4, "no document");
}

#[test]
fn the_store_is_summed_up_by_entity_and_concern() {
    let machine = Machine::new("summary");
    let store = machine.group("s", &[BOB]);
    store.send("hi");
    store.ok(&["entity", "create", "channel:harbour", "--name", "Harbour"]);
    let all = store.json(&["doc", "size"]);
    assert_eq!(all.as_array().unwrap().len(), 3);
    let chat = all.as_array().unwrap().iter().find(|row| row["concern"] == "chat").unwrap();
    assert_eq!((&chat["entity"], &chat["limit_bytes"]), (&json!(GROUP), &json!(10_000_000)));
    assert_eq!(chat["percent"], 0);
    let one = store.json(&["doc", "size", "-e", "harbour"]);
    assert_eq!(column(&one, "doc"), ["channel:harbour:core"]);
    let table = store.ok(&["doc", "size", "-o", "table"]);
    assert!(table.contains("LIMIT") && table.contains(CHAT), "{table}");
    assert_eq!(machine.store("empty", ALICE).json(&["doc", "size"]), json!([]));
}

#[test]
fn it_says_what_would_make_a_document_smaller() {
    let machine = Machine::new("advice");
    let store = machine.group("s", &[BOB]);
    let ids: Vec<String> = (0..5).map(|n| store.send(&format!("message number {n}"))).collect();
    assert_eq!(store.run(&["doc", "size", "chat", "--json"]).stderr, "");
    machine.pass(10);
    store.ok(&["chat", "delete", &ids[0]]);
    let run = store.run(&["doc", "size", "chat", "--json"]);
    assert!(run.stderr.contains(&format!("wait for {BOB}")), "{}", run.stderr);
    let report = run.parsed();
    assert_eq!((&report["prunable_bytes"], &report["waiting_for"]), (&json!(0), &json!([BOB])));
    let waiting = report["waiting_bytes"].as_u64().unwrap();
    assert!((200..400).contains(&waiting), "{waiting}");
    assert_eq!(find(&report, "messages/*", "tombstone")["count"], 1);
    assert_eq!(find(&report, "messages/*/ack_vector", "acknowledgement")["count"], 1);

    // Its estimate is about right.
    let before = report["file_bytes"].as_u64().unwrap();
    store.ok(&["member", "remove", BOB]);
    store.ok(&["prune"]);
    let report = store.json(&["doc", "size", "chat"]);
    let freed = before - report["file_bytes"].as_u64().unwrap();
    assert!(freed.abs_diff(waiting) < 40, "{waiting} promised, {freed} freed");
    assert!(report["rows"].to_string().contains("\"gc\""), "{report:#}");
    assert_eq!(find(&report, "messages/*", "deleted")["count"], 1);
}

#[test]
fn prune_frees_what_the_size_says() {
    let machine = Machine::new("prunable");
    machine.pass(1_795_400_000 - START);
    let store = machine.fixture("real-store");
    let run = store.run(&["doc", "size", CHAT, "--json"]);
    assert!(run.stderr.contains("`crdtctl prune` frees 13 KB"), "{}", run.stderr);
    let report = run.parsed();
    let promised = report["prunable_bytes"].as_u64().unwrap();
    store.ok(&["prune", "-e", GROUP]);
    let after = store.json(&["doc", "size", CHAT]);
    let freed = report["file_bytes"].as_u64().unwrap() - after["file_bytes"].as_u64().unwrap();
    // Some of it stays as collected ranges; yrs writes numbers shorter than others did.
    assert!(freed * 10 > promised * 8, "{promised} promised, {freed} freed");
    assert_eq!(after["prunable_bytes"], 0);
}

#[test]
fn the_tree_shows_types_and_counts() {
    let machine = Machine::new("tree");
    let store = machine.fixture("real-store");
    let tree = store.json(&["doc", "tree", CHAT]);
    let row = |path: &str| {
        let rows = tree.as_array().unwrap().iter();
        rows.into_iter().find(|row| row["path"] == path).unwrap_or_else(|| panic!("no {path}"))
    };
    assert_eq!(
        row("messages"),
        &json!({"path": "messages", "type": "map", "count": 1000, "values": 1})
    );
    assert_eq!(row("messages/*")["values"], 1000);
    assert_eq!(row("threads/*/replies/*")["values"], 198);
    assert_eq!(row("messages/*/reactions/*/*")["count"], 997);
    assert_eq!(row("messages/*/content")["type"], "string");
    let short = store.json(&["doc", "tree", CHAT, "--depth", "1"]);
    assert_eq!(column(&short, "path"), ["messages", "threads"]);
}

#[test]
fn blocks_are_shown_as_they_lie_in_the_file() {
    let machine = Machine::new("blocks");
    let store = machine.group("s", &[]);
    let id = store.send("hello");
    let blocks = store.json(&["doc", "blocks", "chat"]);
    let blocks = blocks.as_array().unwrap();
    let content = blocks.iter().find(|block| block["key"] == "content").unwrap();
    assert_eq!(content["parent"], format!("messages/{id}"));
    assert_eq!(
        (&content["kind"], &content["length"], &content["deleted"]),
        (&json!("any"), &json!(1), &json!(false))
    );
    let client = content["client"].as_u64().unwrap();
    assert_eq!(content["id"], format!("{client}:{}", content["clock"]));
    store.ok(&["chat", "edit", &id, "hello again"]);
    let blocks = store.json(&["doc", "blocks", "chat"]);
    let later =
        blocks.as_array().unwrap().iter().find(|block| block["left_origin"] == content["id"]);
    assert_eq!(later.unwrap()["key"], "content");
    // The headers, the blocks and the delete set are the file.
    let size = store.json(&["doc", "size", "chat"]);
    let sum: u64 =
        blocks.as_array().unwrap().iter().map(|block| block["bytes"].as_u64().unwrap()).sum();
    let frame: u64 = ["clients", "delete-set"]
        .iter()
        .map(|kind| find(&size, "", kind)["bytes"].as_u64().unwrap())
        .sum();
    assert_eq!(sum + frame, size["file_bytes"].as_u64().unwrap());

    let lines = store.ok(&["doc", "blocks", "chat", "-o", "ndjson", "--limit", "3"]);
    assert_eq!(lines.lines().count(), 3);
    let whole = blocks.as_array().unwrap().len();
    let one = store.json(&["doc", "blocks", "chat", "--client", &client.to_string()]);
    assert_eq!(one.as_array().unwrap().len(), whole);
    assert_eq!(store.json(&["doc", "blocks", "chat", "--client", "1"]), json!([]));
    assert_eq!(store.ok(&["doc", "blocks", "chat", "-o", "id"]).lines().count(), whole);
}

#[test]
fn get_prints_what_a_path_finds() {
    let machine = Machine::new("get");
    let store = machine.group("s", &[BOB]);
    store.send("one");
    store.send("two");
    let lines = store.ok(&["doc", "get", "chat", "$.messages.*.content"]);
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["\"one\"", "\"two\""]);
    let owner = store.json(&["doc", "get", "core", "$.members[?@.role == 'owner'].member_id"]);
    assert_eq!(owner, json!([ALICE]));
    store.run(&["doc", "get", "core", "$.nothing"]).fails(4, "matches");
    store.run(&["doc", "get", "core", "members"]).fails(2, "JSONPath");
    store.run(&["doc", "get", "kanban", "$"]).fails(4, "no document");
}

#[test]
fn a_dump_for_yjs_has_the_types_that_yjs_sees() {
    let machine = Machine::new("typed");
    let store = machine.fixture("real-store");
    let root = fixtures().join("real-store");
    let index: Vec<Value> =
        serde_json::from_slice(&std::fs::read(root.join("expected/index.json")).unwrap()).unwrap();
    for known in index {
        let file = root.join(known["expected"].as_str().unwrap());
        let dump = zstd::decode_all(&*std::fs::read(file).unwrap()).unwrap();
        let expected: Value = serde_json::from_slice(&dump).unwrap();
        let shown = store.json(&["doc", "dump", known["doc_id"].as_str().unwrap(), "--as", "yjs"]);
        for (root, expected) in expected["roots"].as_object().unwrap() {
            let is_empty = expected["v"].as_object().is_some_and(serde_json::Map::is_empty);
            if !is_empty {
                assert_eq!(floats(&shown[root]), floats(expected), "{} {root}", known["doc_id"]);
            }
        }
    }
}

/// Numbers as Yjs has them: all floats.
fn floats(value: &Value) -> Value {
    match value {
        Value::Number(n) => json!(n.as_f64()),
        Value::Array(items) => items.iter().map(floats).collect(),
        Value::Object(map) => {
            Value::Object(map.iter().map(|(key, value)| (key.clone(), floats(value))).collect())
        }
        other => other.clone(),
    }
}

/// A store in which the file of one document has these bytes.
fn with_file<'m>(machine: &'m Machine, name: &str, bytes: &[u8]) -> Store<'m> {
    let store = machine.store(name, ALICE);
    let update = oracle::update(5, &[], |txn| {
        txn.get_or_insert_map("m").insert(txn, "k", 1);
    });
    let file = machine.path("some.update");
    std::fs::write(&file, update).unwrap();
    store.ok(&["sync", "import", "--raw", "notes:one:free", &text(&file)]);
    let path = store.document("notes:one:free");
    // As on another machine: no log of ours knows the document.
    let copy = machine.open(machine.path(&format!("{name}-copy")));
    let target = copy.dir.join(path.strip_prefix(&store.dir).unwrap());
    std::fs::create_dir_all(target.parent().unwrap()).unwrap();
    std::fs::write(&target, bytes).unwrap();
    copy
}

#[test]
fn what_other_programs_hold_is_measured() {
    let machine = Machine::new("foreign");
    let bytes = oracle::update(5, &[], |txn| {
        let xml = txn.get_or_insert_xml_fragment("x");
        xml.push_back(txn, yrs::XmlElementPrelim::empty("p"));
        txn.get_or_insert_text("t").insert(txn, 0, "hello");
    });
    let store = with_file(&machine, "xml", &bytes);
    let run = store.run(&["doc", "size", "notes", "--json"]);
    // It is carried as it is.
    assert!(!run.stderr.contains("unsupported"), "{}", run.stderr);
    adds_up(&store, &run.json());
    let kinds = store.column(&["doc", "blocks", "notes"], "kind");
    assert_eq!(kinds, ["xml-element", "string"]);
    let dump = store.run(&["doc", "dump", "notes"]).json();
    assert_eq!(dump, serde_json::json!({"t": "hello", "x": "<p></p>"}));
    for args in [
        &["doc", "dump", "notes"][..],
        &["doc", "show", "notes"],
        &["doc", "tree", "notes"],
        &["doc", "get", "notes", "$"],
        &["digest", "notes"],
    ] {
        let run = store.run(args);
        assert_eq!(run.exits(0).stderr, "");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_refused_with_the_place() {
    let machine = Machine::new("broken");
    let good = oracle::update(5, &[], |txn| {
        txn.get_or_insert_map("m").insert(txn, "k", "some text");
    });
    let cut = &good[..good.len() - 4];
    let store = with_file(&machine, "cut", cut);
    for verb in ["size", "blocks"] {
        let run = store.run(&["doc", verb, "notes:one:free"]);
        run.fails(5, "does not decode");
        assert!(
            run.stderr.contains("byte ") && run.stderr.contains("(truncated)"),
            "{}",
            run.stderr
        );
    }
    // The summary still works.
    let run = store.run(&["doc", "size", "--json"]);
    let said = "(truncated); `crdtctl check notes:one:free` says what can be done";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    adds_up(&store, &run.json()[0]);
}

/// Documents that Yjs wrote; `None`, with a notice, if Yjs is not installed.
fn by_yjs(dir: &Path, count: usize) -> Option<Vec<bool>> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/yjs");
    if !scripts.join("node_modules/yjs").is_dir() {
        skipped("no Yjs; `npm ci --prefix tests/yjs` brings it");
        return None;
    }
    std::fs::create_dir_all(dir).unwrap();
    let script = scripts.join("documents.mjs");
    let node = Command::new("node").arg(script).arg(dir).args([&count.to_string(), "7"]).output();
    let Ok(output) = node else {
        skipped("no node here");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn documents_that_yjs_wrote_add_up() {
    use crdtctl::inspect::size::{SizeBy, Sizes};
    use crdtctl::wire::Update;
    let machine = Machine::new("yjs");
    let dir = machine.path("documents");
    let Some(rich) = by_yjs(&dir, 600) else { return };
    let mut unsupported = 0;
    for (index, rich) in rich.into_iter().enumerate() {
        let bytes = std::fs::read(dir.join(format!("{index}.yrs"))).unwrap();
        for by in [
            None,
            Some(SizeBy::Kind),
            Some(SizeBy::Record),
            Some(SizeBy::Client),
            Some(SizeBy::Field),
        ] {
            let sizes = Sizes::of(&bytes, None, by).unwrap_or_else(|e| panic!("{index}: {e}"));
            let sum: u64 = sizes.rows.iter().map(|row| row.bytes).sum();
            assert_eq!(sum, bytes.len() as u64, "{index} by {by:?}");
            let odd =
                |row: &&crdtctl::inspect::size::SizeRow| matches!(&*row.kind, "empty" | "gap");
            assert!(sizes.rows.iter().find(odd).is_none(), "{index}: {:?}", sizes.rows);
        }
        match Update::walk(&bytes).unwrap().check(&[]) {
            Ok(_) => {}
            Err(fault) => {
                assert!(rich && fault.is_unsupported(), "{index}: {fault}");
                unsupported += 1;
            }
        }
    }
    assert!(unsupported > 50, "{unsupported}");
}

/// What an administrator reads as tombstones is what pruning removes: a live record has a place for
/// acknowledgements, too.
#[test]
fn a_chat_in_which_nothing_is_deleted_has_no_bytes_of_tombstones() {
    let machine = Machine::new("no tombstones");
    let store = machine.group("s", &[BOB]);
    let ids: Vec<String> = (0..5).map(|n| store.send(&format!("message {n}"))).collect();
    let of_chat = || {
        let rows = store.json(&["doc", "size"]);
        let chat = rows.as_array().unwrap().iter().find(|row| row["doc"] == CHAT).unwrap();
        chat["tombstone_bytes"].as_u64().unwrap()
    };
    assert_eq!(of_chat(), 0);
    store.ok(&["chat", "delete", &ids[0]]);
    assert!(of_chat() > 100);
}

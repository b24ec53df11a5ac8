//! Databases in which other programs keep their documents: listed, selected from, read, and not changed.

use crate::support::*;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/databases").join(name)
}

/// A copy, so that a test notices changes to it.
fn copy(machine: &Machine, name: &str) -> String {
    let (from, to) = (fixture(name), machine.path(name));
    if from.is_dir() {
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(&from).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    } else {
        std::fs::copy(&from, &to).unwrap();
    }
    text(&to)
}

/// Every file below a directory, with its bytes.
fn all(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(all(&path)),
            false => drop(found.insert(path.clone(), std::fs::read(&path).unwrap())),
        }
    }
    found
}

fn kind(machine: &Machine, file: &str) -> Value {
    machine.run(&["doc", "kind", file, "--json"]).json()[0].clone()
}

const GARDEN: &str = "Plan for the garden";

fn update(name: &str) -> Vec<u8> {
    let field = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/field").join(name);
    std::fs::read(field).unwrap()
}

#[test]
fn databases_list_their_documents_and_one_is_picked() {
    let machine = Machine::new("databases");
    let notebook = |source: &str| json!([{"cell_type": "code", "source": source}]);
    let list = json!([0, 2, 3, 4].map(|n| json!({"n": n, "what": format!("seed {n}")})));
    let notes = "to be watered in the evening ".repeat(20);
    let whole = json!({"cells": notebook("print(1)  # one"), "state": {"dirty": false}});
    let packed = json!({"cells": notebook("print(1)  # one")});
    let garden = json!({"text": GARDEN, "meta": {"title": "Garden"}});
    let changed = json!({"text": "Plan B for the garden", "meta": {"title": "Garden"}});
    for (name, how, documents) in [
        (
            "hocuspocus.sqlite",
            "SQLite of Hocuspocus",
            vec![("garden/plan", &garden), ("list", &json!({"items": list, "notes": notes}))],
        ),
        (
            "y-leveldb",
            "LevelDB of y-leveldb",
            vec![("list", &json!({"items": list, "notes": notes})), ("garden/plan", &changed)],
        ),
        (
            "pycrdt.ystore.db",
            "SQLite of pycrdt-store",
            vec![
                ("json:notebook:one", &whole),
                ("json:notebook:two", &whole),
                ("json:notebook:packed", &packed),
            ],
        ),
        ("data.ysweet", "y-sweet", vec![("doc", &garden)]),
    ] {
        let file = copy(&machine, name);
        let before = all(&machine.path("."));
        let found = kind(&machine, &file);
        assert_eq!(found["kind"], "database", "{name}");
        assert_eq!(found["wrapped_in"], json!([how]), "{name}");
        let names: Vec<&str> = documents.iter().map(|(name, _)| *name).collect();
        assert_eq!(column(&found["documents"], "name"), names, "{name}");
        for (document, content) in &documents {
            let one = format!("{file}#{document}");
            assert_eq!(&machine.run(&["doc", "dump", &one]).json(), *content, "{one}");
            assert_eq!(machine.run(&["check", &one, "--json"]).json(), json!([]), "{one}");
        }
        let one = format!("{file}#{}", documents[0].0);
        for verb in ["show", "tree", "size", "blocks", "vector"] {
            machine.run(&["doc", verb, &one]).exits(0);
        }
        machine.run(&["doc", "diff", &one, &one]).exits(0);
        assert_eq!(machine.run(&["check", &file, "--json"]).json(), json!([]), "{name}");
        if documents.len() > 1 {
            let run = machine.run(&["doc", "show", &file]);
            assert!(run.fails(4, "holds").stderr.contains(documents[1].0), "{run:?}");
            machine
                .run(&["doc", "show", &format!("{file}#nothing")])
                .fails(4, "no document nothing");
        }
        assert_eq!(all(&machine.path(".")), before, "{name}");
    }
    // A document that was removed from it is not there.
    machine
        .run(&["doc", "show", &format!("{}#gone", text(&fixture("y-leveldb")))])
        .fails(4, "gone");
    let file = text(&fixture("pycrdt.y"));
    assert_eq!(machine.run(&["doc", "dump", &file]).json(), whole);
}

/// When each update was written is kept, and shown.
#[test]
fn times_of_updates_are_kept() {
    let machine = Machine::new("times");
    let found = kind(&machine, &text(&fixture("pycrdt.ystore.db")));
    let one = &found["documents"][0];
    assert_eq!(
        (&one["updates"], &one["first_at"], &one["last_at"]),
        (&json!(3), &json!(1_780_000_060), &json!(1_780_000_180))
    );
    let found = kind(&machine, &text(&fixture("pycrdt.y")));
    assert_eq!(found["documents"][0]["updates"], 3);
}

fn create(machine: &Machine, name: &str, sql: &str, rows: &[(&str, &[u8])]) -> String {
    let path = machine.path(name);
    let db = Connection::open(&path).unwrap();
    db.execute_batch(sql).unwrap();
    for (insert, bytes) in rows {
        db.execute(insert, [bytes]).unwrap();
    }
    text(&path)
}

/// Any table with a column of updates is one.
#[test]
fn a_column_of_updates_is_found_in_any_table() {
    let machine = Machine::new("columns");
    let base64 = data_encoding::BASE64.encode(&update("10-embeds-and-nan/nc.bin"));
    let file = create(
        &machine,
        "pages.db",
        "CREATE TABLE pages (id INTEGER PRIMARY KEY, title TEXT, ydoc TEXT, updated_at TEXT)",
        &[
            (
                "INSERT INTO pages VALUES (1, 'abcd', CAST(? AS TEXT), '2026-01-02 03:04:05')",
                base64.as_bytes(),
            ),
            ("INSERT INTO pages VALUES (2, '0000', CAST(? AS TEXT), NULL)", base64.as_bytes()),
            ("INSERT INTO pages VALUES (3, 'dddd', NULLIF(?, ''), NULL)", b"\xff\xff\xff"),
        ],
    );
    let found = kind(&machine, &file);
    assert_eq!(found["wrapped_in"], json!(["SQLite, column ydoc of pages"]));
    assert_eq!(column(&found["documents"], "name"), ["1", "2", "3"]);
    assert_eq!(found["documents"][0]["first_at"], 1_767_323_045);
    let content = json!({"m": {"v": null}});
    assert_eq!(machine.run(&["doc", "dump", &format!("{file}#2")]).json(), content);
    machine.run(&["doc", "dump", &format!("{file}#3")]).fails(6, "is no Yjs document");
    let findings = machine.run(&["check", &file, "--json"]).exits(3).parsed();
    assert_eq!((&findings[0]["kind"], &findings[0]["fix"]), (&json!("undecodable"), &Value::Null));
    // A row number is no document name if the rows build on each other.
    let source = Connection::open(fixture("pycrdt.ystore.db")).unwrap();
    let mut steps = source
        .prepare("SELECT yupdate FROM yupdates WHERE path = 'json:notebook:one' ORDER BY timestamp")
        .unwrap();
    let steps: Vec<Vec<u8>> =
        steps.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let rows: Vec<(&str, &[u8])> =
        steps.iter().map(|step| ("INSERT INTO u (data) VALUES (?)", step.as_slice())).collect();
    let sql = "CREATE TABLE u (id INTEGER PRIMARY KEY, data BLOB)";
    let file = create(&machine, "log.db", sql, &rows);
    let found = kind(&machine, &file);
    assert_eq!(found["documents"][0]["updates"], 3, "{found}");
    assert_eq!(machine.run(&["doc", "dump", &file]).json()["state"], json!({"dirty": false}));
    // Several tables: names are prefixed by their table.
    let sql = "CREATE TABLE a (name TEXT, d BLOB); CREATE TABLE b (name TEXT, d BLOB);
        CREATE VIEW c AS SELECT * FROM a; CREATE TABLE e (name TEXT, d BLOB)";
    let bytes = update("10-embeds-and-nan/nc.bin");
    let rows: [(&str, &[u8]); 2] =
        [("INSERT INTO a VALUES ('x', ?)", &bytes), ("INSERT INTO b VALUES ('x', ?)", &bytes)];
    let file = create(&machine, "two.db", sql, &rows);
    assert_eq!(column(&kind(&machine, &file)["documents"], "name"), ["a/x", "b/x"]);
    assert_eq!(machine.run(&["doc", "dump", &format!("{file}#b/x")]).json(), content);
}

/// Committed transactions that a program has not checkpointed yet are read as well; unfinished transactions,
/// damaged logs and foreign logs are ignored.
#[test]
fn what_is_only_in_a_log_beside_it_is_read() {
    let machine = Machine::new("wal");
    let path = machine.path("live.db");
    let db = Connection::open(&path).unwrap();
    let bytes = update("10-embeds-and-nan/nc.bin");
    let add =
        |name: &str| db.execute("INSERT INTO documents VALUES (?, ?)", (name, &bytes)).unwrap();
    db.execute_batch("PRAGMA page_size = 512; CREATE TABLE documents (name TEXT, data BLOB)")
        .unwrap();
    add("a");
    let mode: String = db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    let names = |file: &Path| {
        let found = kind(&machine, &text(file));
        (column(&found["documents"], "name"), found["unseen"].as_str().map(str::to_owned))
    };
    add("b");
    let before = all(&machine.path("."));
    assert_eq!(names(&path), (vec!["a".to_owned(), "b".to_owned()], None));
    let run = machine.run(&["doc", "dump", &format!("{}#b", text(&path))]);
    assert_eq!(run.json(), json!({"m": {"v": null}}));
    assert_eq!(run.stderr, "");
    assert_eq!(all(&machine.path(".")), before);
    // A partly written transaction, with a cache of one page.
    db.execute_batch("PRAGMA cache_size = 1; BEGIN").unwrap();
    for n in 0..200 {
        add(&format!("late {n}"));
    }
    assert_eq!(names(&path).0.len(), 2);
    db.execute_batch("COMMIT").unwrap();
    assert_eq!(names(&path).0.len(), 202);
    // Truncated anywhere, it holds the complete transactions; damaged, those before the damage.
    let log = std::fs::read(machine.path("live.db-wal")).unwrap();
    let database = std::fs::read(&path).unwrap();
    let copy = machine.path("copy.db");
    let beside = machine.path("copy.db-wal");
    std::fs::write(&copy, &database).unwrap();
    for cut in (33..log.len()).step_by(log.len() / 24) {
        std::fs::write(&beside, &log[..cut]).unwrap();
        let count = names(&copy).0.len();
        assert!([1, 2].contains(&count), "{cut}: {count}");
    }
    for at in (32..log.len()).step_by(log.len() / 24) {
        let mut damaged = log.clone();
        damaged[at] ^= 1;
        std::fs::write(&beside, &damaged).unwrap();
        let count = names(&copy).0.len();
        assert!([1, 2].contains(&count), "{at}: {count}");
    }
    std::fs::write(&beside, [&[0], &log[1..]].concat()).unwrap();
    let (found, unseen) = names(&copy);
    assert_eq!(found, ["a"]);
    assert!(unseen.unwrap().contains("write-ahead log"));
    let run = machine.run(&["doc", "dump", &text(&copy)]);
    assert!(run.exits(0).stderr.contains("write-ahead log"), "{}", run.stderr);
    // After a checkpoint it is the same.
    db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    assert_eq!((names(&path).0.len(), names(&path).1), (202, None));
    add("after");
    assert_eq!(names(&path).0.len(), 203);
}

#[test]
fn what_cannot_be_read_says_why() {
    let machine = Machine::new("broken");
    let dir = copy(&machine, "y-leveldb");
    let table = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
    let table =
        table.into_iter().find(|path| path.extension().is_some_and(|e| e == "ldb")).unwrap();
    let mut bytes = std::fs::read(&table).unwrap();
    bytes[40] ^= 1;
    std::fs::write(&table, &bytes).unwrap();
    machine.run(&["doc", "show", &format!("{dir}#list")]).fails(6, "is damaged");
    std::fs::remove_file(&table).unwrap();
    machine.run(&["doc", "kind", &dir]).exits(3);
    machine.run(&["doc", "show", &format!("{dir}#list")]).fails(6, "is missing");
    let empty = create(&machine, "empty.db", "CREATE TABLE t (name TEXT, data BLOB)", &[]);
    let run = machine.run(&["doc", "show", &empty]);
    run.fails(6, "no Yjs update can be found in it");
    let found =
        machine.run(&["doc", "kind", &text(&machine.path(".")), "--json"]).exits(3).parsed();
    assert!(found[0]["holds"].as_str().unwrap().contains("a directory"), "{found}");
}

/// A schema that would compute for ever, or create values from nothing.
#[test]
fn a_hostile_schema_does_no_harm() {
    let machine = Machine::new("hostile schema");
    let bytes = update("10-embeds-and-nan/nc.bin");
    let sql = "CREATE TABLE t (name TEXT, data BLOB, big BLOB AS (zeroblob(900000000)));
        CREATE VIEW forever AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
            SELECT i AS name, i AS data FROM n;
        CREATE TABLE \"we\"\"ird\" (\"na\"\"me\" TEXT, data BLOB)";
    let rows: [(&str, &[u8]); 2] = [
        ("INSERT INTO t (name, data) VALUES ('x', ?)", &bytes),
        ("INSERT INTO \"we\"\"ird\" VALUES ('y', ?)", &bytes),
    ];
    let file = create(&machine, "hostile.db", sql, &rows);
    let found = kind(&machine, &file);
    assert_eq!(column(&found["documents"], "name"), ["t/x", "we\"ird"]);
}

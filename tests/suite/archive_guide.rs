//! The guide's archive: its tables, its example and its query, verbatim, compared with what this program
//! does.

use crate::support::*;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const DAY: i64 = 86_400;

/// The guide's SQL schema, word for word.
const SCHEMA: &str = "
-- Entities table
CREATE TABLE entities (
id TEXT PRIMARY KEY,
entity_type TEXT NOT NULL,
four_words TEXT NOT NULL UNIQUE,
name TEXT,
created_at INTEGER,
created_by TEXT
);
-- CRDT documents table
CREATE TABLE crdt_documents (
doc_id TEXT PRIMARY KEY,
entity_id TEXT NOT NULL,
concern TEXT NOT NULL,
state_blob BLOB NOT NULL,
last_updated INTEGER,
FOREIGN KEY (entity_id) REFERENCES entities(id)
);
-- Members table
CREATE TABLE members (
entity_id TEXT NOT NULL,
four_words TEXT NOT NULL,
role TEXT,
joined_at INTEGER,
PRIMARY KEY (entity_id, four_words),
FOREIGN KEY (entity_id) REFERENCES entities(id)
);
-- Archived messages (SQL fallback)
CREATE TABLE archived_messages (
id TEXT PRIMARY KEY,
entity_id TEXT NOT NULL,
author_id TEXT,
content TEXT,
created_at INTEGER,
deleted BOOLEAN,
FOREIGN KEY (entity_id) REFERENCES entities(id)
);";

/// Its example, verbatim except for the time, which SQLite writes differently.
const MATERIALIZE: &str = "INSERT INTO archived_messages
SELECT * FROM crdt_chat_view
WHERE created_at < (:now - 90 * 86400);";

/// The columns of each table: type, whether it is required, its place in the key, and what it refers to.
fn shape(db: &Connection) -> BTreeMap<String, Vec<(String, String, bool, i64)>> {
    let tables = ["entities", "crdt_documents", "members", "archived_messages"];
    let columns = |table: &str| {
        let sql = "SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1)";
        let mut query = db.prepare(sql).unwrap();
        let rows = query
            .query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
        rows.unwrap().collect::<Result<Vec<_>, _>>().unwrap()
    };
    tables.map(|table| (table.to_owned(), columns(table))).into()
}

fn references(db: &Connection, table: &str) -> Vec<(String, String, String)> {
    let sql = "SELECT \"from\", \"table\", \"to\" FROM pragma_foreign_key_list(?1)";
    let mut query = db.prepare(sql).unwrap();
    let rows = query.query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// The rows of `archived_messages`, as in the guide.
fn archived(db: &Connection) -> Vec<Value> {
    let sql = "SELECT id, entity_id, author_id, content, created_at, deleted FROM archived_messages
               ORDER BY created_at, id";
    let mut query = db.prepare(sql).unwrap();
    let rows = query.query_map([], |row| {
        let (id, entity, author): (String, String, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let (content, at, deleted): (String, i64, bool) = (row.get(3)?, row.get(4)?, row.get(5)?);
        Ok(json!([id, entity, author, content, at, deleted]))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn the_guides_archive_runs_as_written() {
    let machine = Machine::new("the guide's archive");
    let store = machine.group("one", &[]);
    for text in ["one", "two", "three", "four"] {
        store.send(text);
        machine.pass(20 * DAY);
    }
    machine.pass(50 * DAY);
    for text in ["five", "six"] {
        store.send(text);
        machine.pass(DAY);
    }
    // What its statement makes of its tables and a view of the chat, before anything left the chat.
    let guide = Connection::open_in_memory().unwrap();
    guide.execute_batch(SCHEMA).unwrap();
    guide
        .execute_batch(
            "PRAGMA foreign_keys = 1;
             CREATE TABLE crdt_chat_view (id, entity_id, author_id, content, created_at, deleted)",
        )
        .unwrap();
    let entity = "INSERT INTO entities (id, entity_type, four_words) VALUES (?1, 'group', ?2)";
    guide.execute(entity, [GROUP, GROUP.split_once(':').unwrap().1]).unwrap();
    for message in store.json(&["chat", "list"]).as_array().unwrap() {
        let text = |name: &str| message[name].as_str().unwrap().to_owned();
        let at = message["created_at"].as_i64().unwrap();
        let row = (text("id"), GROUP, text("author_id"), text("content"), at, false);
        let sql = "INSERT INTO crdt_chat_view VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        guide.execute(sql, row).unwrap();
    }
    guide.execute(MATERIALIZE, [machine.now()]).unwrap();
    let before = store.json(&["chat", "list"]);
    let threshold = machine.now();
    store.ok(&["archive", "run"]);

    let ours = Connection::open(store.dir.join("archive.db")).unwrap();
    let expected = archived(&guide);
    assert_eq!(expected.len(), 3, "{expected:?}");
    assert_eq!(archived(&ours), expected);
    let named = |db: &Connection| -> (String, String, String) {
        let sql = "SELECT id, entity_type, four_words FROM entities";
        db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
    };
    assert_eq!(named(&ours), named(&guide));

    // Its tables are there with all their columns; a strict table has no BOOLEAN.
    let found = shape(&ours);
    for (table, columns) in shape(&guide) {
        for (name, kind, not_null, key) in columns {
            let kind = if kind == "BOOLEAN" { "INTEGER".to_owned() } else { kind };
            let column = (name, kind, not_null, key);
            // In a strict table a key is never null.
            let is_it = |one: &(String, String, bool, i64)| {
                *one == column
                    || (column.3 > 0
                        && *one == (column.0.clone(), column.1.clone(), true, column.3))
            };
            assert!(found[&table].iter().any(is_it), "{table}: {column:?}: {:?}", found[&table]);
        }
        assert_eq!(references(&ours, &table), references(&guide, &table), "{table}");
    }

    // The document records that it is hybrid, and since when, as in the guide.
    let doc = format!("{GROUP}:chat");
    let metadata = &store.json(&["doc", "dump", &doc])["metadata"];
    assert_eq!(metadata["fallback_mode"], "hybrid", "{metadata}");
    assert_eq!(metadata["fallback_threshold_at"], threshold, "{metadata}");

    // Its query: half from the document, half from SQL, in the order of time.
    let limit = 6;
    let list = store.json(&["chat", "list"]);
    let (old, recent): (Vec<Value>, Vec<Value>) =
        list.as_array().unwrap().iter().cloned().partition(|one| one["in_archive"] == true);
    let last = |from: Vec<Value>| from[from.len().saturating_sub(limit / 2)..].to_vec();
    let merged = [last(old), last(recent)].concat();
    assert_eq!(json!(merged), store.json(&["chat", "list", "--limit", "6"]));
    assert_eq!(column(&list, "content"), column(&before, "content"));
}

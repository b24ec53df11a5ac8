//! Search finds archived messages by an index in the archive, without reading all of it.

use crate::support::*;
use serde_json::json;

const DAY: i64 = 86_400;
/// The searches, and the number of messages that match each.
const SEARCHES: &[(&[&str], usize)] = &[
    (&["harbour"], 3),
    (&["RBOU"], 3),
    (&["ha", "r"], 4),
    (&["rb", "boat"], 2),
    (&["海港"], 1),
    (&["港"], 1),
    (&["straße"], 1),
    (&["half-hour"], 1),
    (&["\"10:30\""], 1),
    (&["100%"], 1),
    (&["_"], 0),
    (&["nowhere"], 0),
    (&["zq"], 0),
];

/// A chat in which all but the last message can be archived.
fn talked<'m>(machine: &'m Machine) -> Store<'m> {
    let store = machine.group("store", &[]);
    let first = store.send("The Harbour of the boats");
    machine.pass(1);
    store.ok(&["chat", "send", "--reply-to", &first, "a boat in the harbour"]);
    for text in ["海港 is 100%", "Straße, a half-hour", "at \"10:30\""] {
        machine.pass(1);
        store.send(text);
    }
    machine.pass(100 * DAY);
    store.send("no harbor but a HARBOUR");
    store
}

fn found(store: &Store<'_>) -> Vec<Vec<String>> {
    let search = |(words, count): &(&[&str], usize)| {
        let found = store.column(&[&["chat", "search"], *words].concat(), "id");
        assert_eq!(found.len(), *count, "{words:?}");
        found
    };
    SEARCHES.iter().map(search).collect()
}

fn archive_of(store: &Store<'_>) -> rusqlite::Connection {
    rusqlite::Connection::open(store.dir.join("archive.db")).unwrap()
}

#[test]
fn what_is_archived_is_found_by_any_part_of_it_and_in_order() {
    let machine = Machine::new("archive search");
    let store = talked(&machine);
    let before = found(&store);
    assert_eq!(store.json(&["archive", "run"])["archived"], 5);
    assert_eq!(found(&store), before);
    let all = store.json(&["chat", "search", "harbour"]);
    let lives = |row: &serde_json::Value| row.get("in_archive").is_none();
    assert_eq!(all.as_array().unwrap().iter().map(lives).collect::<Vec<_>>(), [false, false, true]);
    let last = store.column(&["chat", "search", "harbour", "--limit", "2"], "id");
    assert_eq!(last, before[0][1..]);
    // Words of live and archived messages in SQL.
    let query = "SELECT content FROM messages_fts WHERE messages_fts MATCH 'harbour' ORDER BY 1";
    let texts = store.column(&["sql", query], "content");
    let expected = ["The Harbour of the boats", "a boat in the harbour", "no harbor but a HARBOUR"];
    assert_eq!(texts, expected);
    // Other tools scan every table.
    let file = archive_of(&store);
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' OR type = 'view'";
    let mut tables = file.prepare(names).unwrap();
    let tables: Vec<String> =
        tables.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    for table in tables {
        let count = format!("SELECT count(*) FROM \"{table}\"");
        let count = file.query_row(&count, [], |row| row.get::<_, i64>(0));
        assert!(count.is_ok(), "{table}: {count:?}");
    }
    // The index is what is queried.
    let empty = "INSERT INTO parts_fts (parts_fts) VALUES ('delete-all')";
    archive_of(&store).execute_batch(empty).unwrap();
    assert_eq!(store.column(&["chat", "search", "harbour"], "id"), before[0][2..]);
}

#[test]
fn an_archive_of_an_older_version_is_searched_and_gets_its_index_when_it_is_written() {
    let machine = Machine::new("archive search old");
    let store = talked(&machine);
    let before = found(&store);
    store.ok(&["archive", "run"]);
    // The file as the version before left it.
    let older = "DROP TABLE parts; DROP TABLE parts_fts; DROP VIEW texts; PRAGMA user_version = 2";
    archive_of(&store).execute_batch(older).unwrap();
    let files = store.files();
    assert_eq!(found(&store), before);
    assert_eq!(store.files(), files);
    machine.pass(100 * DAY);
    assert_eq!(store.json(&["archive", "run"])["archived"], json!(1));
    let file = archive_of(&store);
    let version = |name: &str| file.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    assert_eq!(version("user_version"), Ok(5));
    assert_eq!(found(&store), before);
    file.execute_batch("INSERT INTO parts_fts (parts_fts) VALUES ('delete-all')").unwrap();
    assert_eq!(store.column(&["chat", "search", "harbour"], "id"), [""; 0]);
}

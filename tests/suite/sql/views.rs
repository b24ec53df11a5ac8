//! Every view holds what its list shows, field by field.

use super::*;
use serde_json::json;

/// The fields of a list that the views have elsewhere: comments are a view, and a divergent id written by a
/// program is no column.
const ELSEWHERE: &[&str] = &["comments", "recorded_id"];

/// A value as a column shows it: a value that is no text in place of one is its JSON.
fn is_shown(listed: &Value, shown: &Value) -> bool {
    listed == shown || *shown == Value::String(listed.to_string())
}

/// Each row of a list is a row of the view, in the same order, with the same value in every field.
#[track_caller]
fn assert_same(listed: &[Value], shown: &[Value], what: &str) {
    assert_eq!(listed.len(), shown.len(), "{what}: {listed:#?}\n{shown:#?}");
    for (listed, shown) in listed.iter().zip(shown) {
        for (name, value) in listed.as_object().unwrap() {
            if ELSEWHERE.contains(&name.as_str()) {
                continue;
            }
            let column = shown.get(name).unwrap_or_else(|| panic!("{what} has no {name}"));
            assert!(is_shown(value, column), "{what}.{name}: {value} is shown as {column}");
        }
    }
}

#[track_caller]
fn list(store: &Store<'_>, args: &[&str]) -> Vec<Value> {
    store.json(args).as_array().unwrap().clone()
}

/// The lists of an entity, and the query that answers the same.
const LISTS: &[(&[&str], &str)] = &[
    (&["member", "list", "--all"], "members"),
    // The order of a list is by time and by causality, as is that of the view.
    (&["chat", "list", "--all"], "messages WHERE (parent_id IS NULL OR parent_deleted)"),
    (&["kanban", "list", "--all"], "cards"),
    (&["issue", "list", "--all"], "issues"),
    (&["canvas", "list", "--all"], "elements"),
    (&["disk", "list", "--all"], "files"),
    (&["tombstone", "list"], "tombstones"),
    (&["conflict", "list"], "conflicts"),
    (&["doc", "list"], "documents"),
];

/// Whatever can be listed of every entity of a store is the same in SQL.
fn assert_all_same(store: &Store<'_>) {
    let entities = rows(store, "SELECT * FROM entities");
    assert_same(&list(store, &["entity", "list"]), &entities, "entities");
    assert_same(&list(store, &["log"]), &rows(store, "SELECT * FROM log"), "log");
    assert_same(&list(store, &["sync", "peers"]), &rows(store, "SELECT * FROM peers"), "peers");
    let comments = rows(store, "SELECT * FROM comments");
    for (args, view) in LISTS {
        let query = format!("SELECT * FROM {view}");
        let of_all = rows(store, &query);
        for entity in &entities {
            let entity = entity["entity"].as_str().unwrap();
            let listed = list(store, &[*args, &["-e", entity]].concat());
            let shown: Vec<Value> =
                of_all.iter().filter(|row| row["entity"] == entity).cloned().collect();
            assert_same(&listed, &shown, view);
            // The same, if only that entity is queried.
            assert_eq!(store.json(&["sql", &query, "-e", entity]), json!(shown), "{view}");
            if args[0] == "issue" {
                let listed = listed.iter().flat_map(|issue| issue["comments"].as_array().unwrap());
                let shown = comments.iter().filter(|row| row["entity"] == entity);
                let [listed, shown] =
                    [listed.cloned().collect(), shown.cloned().collect::<Vec<_>>()];
                assert_same(&listed, &shown, "comments");
            }
        }
    }
    let sizes = rows(store, "SELECT * FROM sizes");
    for doc in store.column(&["doc", "list"], "doc_id") {
        let listed = store.json(&["doc", "size", &doc])["rows"].clone();
        let shown: Vec<Value> = sizes.iter().filter(|row| row["doc"] == doc).cloned().collect();
        assert_same(listed.as_array().unwrap(), &shown, "sizes");
    }
}

#[test]
fn every_view_holds_what_its_list_shows() {
    let machine = Machine::new("sql views");
    let store = furnished(&machine);
    assert_all_same(&store);
    let unread = "SELECT content FROM messages WHERE unread";
    assert_eq!(rows(&store, unread), [json!({"content": "new from Bob"})]);
    // None of it is empty, so that all of it was compared.
    for view in names(&store) {
        let count = &rows(&store, &format!("SELECT count(*) AS n FROM {view}"))[0]["n"];
        assert!(count.as_i64() > Some(0), "{view} has {count} rows");
    }
}

#[test]
fn stores_of_the_application_are_asked_as_they_are() {
    let machine = Machine::new("sql fixtures");
    for name in ["real-store", "legacy-0.1.20"] {
        let store = machine.fixture(name);
        let before = store.files();
        assert_all_same(&store);
        assert_eq!(store.files(), before, "{name}");
        assert!(!machine.path("state").exists(), "a lease was made for {name}");
    }
}

#[test]
fn replies_threads_reactions_and_attachments_are_taken_apart() {
    let machine = Machine::new("sql chat");
    let store = furnished(&machine);
    let query = "SELECT * FROM messages ORDER BY created_at, id";
    for message in rows(&store, query) {
        let id = message["id"].as_str().unwrap();
        let parent = message["parent_id"].as_str();
        let entity = message["entity"].as_str().unwrap();
        let shown = store.json(&["chat", "show", id, "-e", entity]);
        assert_same(&[shown], std::slice::from_ref(&message), "messages");
        if let Some(parent) = parent {
            let thread = store.json(&["chat", "thread", parent, "--all", "-e", entity]);
            let replies = thread["replies"].as_array().unwrap();
            assert!(replies.iter().any(|reply| reply["id"] == id), "{thread}");
            let query = format!("SELECT * FROM threads WHERE parent_id = '{parent}'");
            let found = &rows(&store, &query)[0];
            assert_eq!(
                (&found["reply_count"], &found["last_reply_at"]),
                (&thread["reply_count"], &thread["last_reply_at"])
            );
        }
    }
    let reactions = "SELECT emoji, member_id, content FROM reactions r JOIN messages m \
                     ON m.id = r.message_id AND m.entity = r.entity ORDER BY content";
    assert_eq!(
        rows(&store, reactions),
        [
            json!({"emoji": "🎉", "member_id": BOB, "content": "Café at the café?"}),
            json!({"emoji": "👍", "member_id": ALICE, "content": "from the phone"}),
        ]
    );
    let files = rows(&store, "SELECT * FROM attachments");
    let listed = rows(&store, "SELECT attachments FROM messages WHERE attachments <> '[]'");
    assert_same(listed[0]["attachments"].as_array().unwrap(), &files, "attachments");
    assert_eq!((&files[0]["filename"], &files[0]["size_bytes"]), (&json!("map.txt"), &json!(4)));
}

/// Archived messages are shown like live ones, with all derived columns.
#[test]
fn archived_messages_have_every_column_of_live_ones() {
    let machine = Machine::new("sql archived");
    let store = machine.group("alice", &[BOB]);
    let bob = machine.replica_of(&store, "bob", BOB);
    let [old, gone] = [bob.send("an old word"), bob.send("soon gone")];
    bob.ok(&["chat", "send", "an old reply", "--reply-to", &old]);
    bob.ok(&["chat", "send", "a reply to nothing", "--reply-to", &gone]);
    bob.ok(&["chat", "delete", &gone]);
    bob.ok(&["chat", "react", &old, "👍"]);
    bob.give(&store);
    store.ok(&["chat", "read", &old]);
    machine.pass(100 * 86_400);
    store.give(&bob);
    bob.give(&store);
    assert!(store.json(&["archive", "run"])["archived"].as_u64() > Some(1));
    bob.give(&store);
    bob.send("a new word");
    bob.give(&store);
    let all = rows(&store, "SELECT * FROM messages");
    let archived = all.iter().filter(|row| row["in_archive"] == true).count();
    assert!(archived > 1 && archived < all.len(), "{all:#?}");
    for row in &all {
        let shown = store.json(&["chat", "show", row["id"].as_str().unwrap()]);
        assert_same(&[shown], std::slice::from_ref(row), "messages");
    }
    let listed = list(&store, &["chat", "list", "--all"]);
    let shown = rows(&store, "SELECT * FROM messages WHERE parent_id IS NULL OR parent_deleted");
    assert_same(&listed, &shown, "messages");
    let listed = column(&json!(list(&store, &["chat", "list", "--unread"])), "id");
    let shown = rows(&store, "SELECT id FROM messages WHERE unread");
    assert_eq!(column(&json!(shown), "id"), listed);
    let count = &rows(&store, "SELECT count(*) AS n FROM messages")[0]["n"];
    assert_eq!(*count, all.len());
    for name in keys(&all[0]) {
        let found = rows(&store, &format!("SELECT {name} FROM messages"));
        let [found, expected] = [&found, &all].map(|rows| column_of(rows, name));
        assert_eq!(found, expected, "{name}");
    }
}

fn column_of(rows: &[Value], name: &str) -> Vec<Value> {
    rows.iter().map(|row| row[name].clone()).collect()
}

/// The value of a column does not depend on which others are selected.
#[test]
fn a_column_is_the_same_alone() {
    let machine = Machine::new("sql columns");
    let furnished = furnished(&machine);
    for store in [furnished, machine.fixture("real-store")] {
        let all = rows(&store, "SELECT * FROM messages");
        let mut alone = vec![Value::Object(Default::default()); all.len()];
        for name in keys(&all[0]) {
            let found = rows(&store, &format!("SELECT {name} FROM messages"));
            assert_eq!(found.len(), all.len(), "{name}");
            for (row, found) in alone.iter_mut().zip(found) {
                row[name] = found[name].clone();
            }
        }
        assert_eq!(alone, all);
    }
}

#[test]
fn who_has_acknowledged_what() {
    let machine = Machine::new("sql acks");
    let store = furnished(&machine);
    let all = rows(&store, "SELECT * FROM acknowledgements");
    let mut expected = 0;
    for deleted in list(&store, &["tombstone", "list"]) {
        let (acked, waiting) =
            (&deleted["acknowledged"], deleted["waiting_for"].as_array().unwrap());
        expected += acked.as_object().unwrap().len() + waiting.len();
        let of_it =
            all.iter().filter(|row| row["id"] == deleted["id"] && row["doc"] == deleted["doc"]);
        for row in of_it {
            let member = row["member_id"].as_str().unwrap();
            assert_eq!(row["waited_for"], waiting.contains(&json!(member)), "{row}");
            assert_eq!(row["acknowledged_at"], acked[member], "{row}");
        }
    }
    assert_eq!(all.len(), expected);
    assert!(all.iter().any(|row| row["waited_for"] == true));
}

#[test]
fn the_schema_says_what_can_be_asked() {
    let machine = Machine::new("sql schema");
    let store = furnished(&machine);
    let views = store.json(&["sql", "--schema"]);
    for view in views.as_array().unwrap() {
        assert_eq!(keys(view), ["view", "about", "columns"]);
        let name = view["view"].as_str().unwrap();
        let columns = store.json(&["sql", "--schema", name]);
        let described = column(&columns, "column");
        assert_eq!(view["columns"], json!(described));
        assert!(column(&columns, "about").iter().all(|about| !about.is_empty()), "{name}");
        // The described columns are the existing ones, in this order.
        let first = &rows(&store, &format!("SELECT * FROM {name} LIMIT 1"))[0];
        assert_eq!(keys(first), described, "{name}");
    }
    store.run(&["sql", "--schema", "msgs"]).fails(2, "messages_fts");
}

#[test]
fn a_damaged_document_is_left_out_and_named() {
    let machine = Machine::new("sql damaged");
    let store = furnished(&machine);
    let chat = store.document(&format!("{PROJECT}:chat"));
    store.ok(&["check"]);
    let mut bytes = std::fs::read(&chat).unwrap();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(&chat, bytes).unwrap();
    let run = store.run(&["sql", "SELECT content FROM messages", "--json"]);
    run.exits(5);
    assert_eq!(run.parsed(), json!([{"content": "in the other one"}]));
    assert!(run.stderr.contains(&format!("{PROJECT}:chat is left out")), "{}", run.stderr);
    // Queries that do not need it still work.
    assert_eq!(rows(&store, "SELECT count(*) AS n FROM cards"), [json!({"n": 2})]);
}

//! `doc` and `digest`: documents as such.

use crate::oracle;
use crate::support::*;
use serde_json::{Value, json};
use yrs::{Array, Map, Text, WriteTxn};

#[test]
fn an_empty_store_has_no_documents() {
    let machine = Machine::new("empty");
    let store = machine.store("s", ALICE);
    assert_eq!(store.run(&["doc", "list", "--json"]).stdout, "[]\n");
    assert_eq!(store.ok(&["doc", "list", "-o", "id"]), "");
    let table = store.run(&["doc", "list", "-o", "table"]);
    assert_eq!((table.stdout.as_str(), table.stderr.as_str()), ("", "no documents\n"));
    store.run(&["doc", "show", "chat"]).fails(4, "");
    store.run(&["doc", "dump", "group:x:chat"]).fails(4, "");
    let digest = store.digest();
    assert!(digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit()), "{digest}");
    assert_eq!(machine.store("other", BOB).digest(), digest);
}

#[test]
fn documents_are_named_by_id_concern_or_prefix() {
    let machine = Machine::new("names");
    let store = machine.group("s", &[]);
    store.send("hi");
    for named in [
        "group:ocean-forest-moon-star:chat",
        "chat",
        "ocean-forest-moon-star:chat",
        "ocean:chat",
        "group:ocean-forest-moon-star:ch",
    ] {
        let show = store.json(&["doc", "show", named]);
        assert_eq!(show["doc_id"], format!("{GROUP}:chat"), "{named}");
    }
    let run = store.run(&["doc", "show", "group:ocean", "--json"]);
    run.fails(4, "");
    assert_eq!(run.error()["code"], "ambiguous");
    assert!(run.stderr.contains(":core") && run.stderr.contains(":chat"), "{}", run.stderr);
    store.run(&["doc", "show", "kanban"]).fails(4, "no document");
    store.run(&["doc", "dump", "nothing-like-it"]).fails(4, "no document");
    store.run(&["digest", "nothing-like-it"]).fails(4, "no document");
    // A concern alone means that of the default entity.
    store.ok(&["entity", "create", "channel:harbour", "--name", "Harbour"]);
    store.run(&["doc", "show", "core"]).fails(2, "which entity?");
    let show = store.json(&["doc", "show", "core", "-e", "harbour"]);
    assert_eq!(show["doc_id"], "channel:harbour:core");
}

#[test]
fn show_says_what_a_document_is_and_holds() {
    let machine = Machine::new("show");
    let store = machine.group("s", &[BOB]);
    store.send("one");
    store.send("two");
    let show = store.json(&["doc", "show", "chat"]);
    assert_eq!(show["concern"], "chat");
    assert_eq!(show["version"], 2);
    assert_eq!(show["client_ids"], 1);
    assert_eq!(show["limit_bytes"], 10_000_000);
    assert_eq!((&show["created_at"], &show["updated_at"]), (&json!(START), &json!(START)));
    assert_eq!(show["roots"], json!([{"root": "messages", "kind": "map", "count": 2}]));
    let file = std::fs::read(store.document(&format!("{GROUP}:chat"))).unwrap();
    assert_eq!(show["bytes"], file.len());
    assert_eq!(show["digest"], store.ok(&["digest", "chat", "-q"]));
    let core = store.json(&["doc", "show", "core"]);
    assert_eq!(column(&core["roots"], "root"), ["active_members", "members", "metadata"]);
    let table = store.ok(&["doc", "show", "core", "-o", "table"]);
    assert!(table.contains("active_members"), "{table}");
}

/// A store with one document in which another program put a bit of everything.
fn with_everything(machine: &Machine) -> Store<'_> {
    let store = machine.store("everything", ALICE);
    let update = oracle::update(5, &[], |txn| {
        let map = txn.get_or_insert_map("map");
        map.insert(txn, "text", "plain");
        map.insert(txn, "int", 42);
        map.insert(txn, "big", 9_007_199_254_740_993_i64);
        map.insert(txn, "float", 2.5);
        map.insert(txn, "whole", 3.0);
        map.insert(txn, "negative", -7);
        map.insert(txn, "yes", true);
        map.insert(txn, "null", yrs::Any::Null);
        map.insert(txn, "any", yrs::any!({"deep": [1, {"er": null}]}));
        map.insert(txn, "gone", 1);
        map.remove(txn, "gone");
        let array = txn.get_or_insert_array("array");
        array.push_back(txn, "a");
        array.push_back(txn, 1);
        array.push_back(txn, yrs::MapPrelim::from([("nested", true)]));
        let note = txn.get_or_insert_text("note");
        note.push(txn, "Grüße\nund 🚀");
    });
    let file = machine.path("everything.update");
    std::fs::write(&file, update).unwrap();
    store.ok(&["sync", "import", "--raw", "notes:one:free", &text(&file)]);
    store
}

#[test]
fn a_dump_is_exactly_what_the_document_holds() {
    let machine = Machine::new("dump");
    let store = with_everything(&machine);
    assert_eq!(
        store.json(&["doc", "dump", "notes:one:free"]),
        json!({
            "array": ["a", 1, {"nested": true}],
            "map": {
                "any": {"deep": [1, {"er": null}]}, "big": 9_007_199_254_740_993_i64,
                "float": 2.5, "int": 42, "negative": -7, "null": null, "text": "plain",
                "whole": 3, "yes": true,
            },
            "note": "Grüße\nund 🚀",
        })
    );
    let lines = store.ok(&["doc", "dump", "notes:one:free", "--as", "ndjson"]);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[1], json!({"root": "array", "key": 1, "value": 1}));
    assert_eq!(lines.last().unwrap()["value"], "Grüße\nund 🚀");
    let row = &store.json(&["doc", "list"])[0];
    assert_eq!((&row["doc_id"], &row["concern"]), (&json!("notes:one:free"), &Value::Null));
    // `-o ndjson` asks for the same.
    let same = store.ok(&["doc", "dump", "notes:one:free", "-o", "ndjson"]);
    assert_eq!(same.lines().count(), lines.len());
}

#[test]
fn tombstones_and_unknown_fields_are_part_of_a_dump() {
    let machine = Machine::new("unknown");
    let store = machine.group("s", &[BOB]);
    let id = store.send("hi");
    let state = std::fs::read(store.document(&format!("{GROUP}:chat"))).unwrap();
    let update = oracle::update(9, &[&state], |txn| {
        let messages = txn.get_or_insert_map("messages");
        let Some(yrs::Out::YMap(message)) = messages.get(txn, &id) else { panic!("a message") };
        message.insert(txn, "mood", "happy");
        txn.get_or_insert_map("drafts").insert(txn, "d1", "unfinished");
    });
    let file = machine.path("u.update");
    std::fs::write(&file, update).unwrap();
    store.ok(&["sync", "import", "--raw", &format!("{GROUP}:chat"), &text(&file)]);
    store.ok(&["chat", "edit", &id, "hello"]);
    store.ok(&["chat", "delete", &id]);
    let dump = store.json(&["doc", "dump", "chat"]);
    assert_eq!(dump["messages"][&id]["mood"], "happy");
    assert_eq!(dump["messages"][&id]["deleted"], true);
    assert_eq!(dump["drafts"], json!({"d1": "unfinished"}));
    assert_eq!(store.json(&["chat", "show", &id])["mood"], "happy");
}

#[test]
fn equal_content_has_an_equal_digest() {
    let machine = Machine::new("digest");
    let store = machine.group("a", &[BOB]);
    let id = store.send("one");
    let before = store.digest();
    let peer = machine.replica_of(&store, "b", BOB);
    assert_eq!(peer.digest(), before);
    assert_eq!(
        peer.ok(&["digest", "chat", "-q"]),
        store.ok(&["digest", &format!("{GROUP}:chat"), "-q"])
    );
    machine.pass(1);
    store.ok(&["chat", "edit", &id, "two"]);
    assert_ne!(store.digest(), before);
    assert_eq!(peer.digest(), before);
    store.give(&peer);
    assert_eq!(peer.digest(), store.digest());

    let json = store.json(&["digest"]);
    assert_eq!((&json["content"], &json["documents"]), (&json!(store.digest()), &json!(2)));
    assert_eq!(store.run(&["digest"]).stdout.lines().count(), 1);
    assert_eq!(store.ok(&["digest", "-q"]), store.digest());
    assert_eq!(store.ok(&["digest", "-o", "tsv"]).lines().count(), 1 + 4);
    let one = store.json(&["digest", "chat"]);
    assert_eq!(one["doc_id"], format!("{GROUP}:chat"));
    assert_ne!(one["content"], json["content"]);
}

#[test]
fn the_sqlite_generation_is_listed_and_dumped() {
    let machine = Machine::new("0.1.19");
    let dir = machine.path("old");
    std::fs::create_dir(&dir).unwrap();
    let state = oracle::update(3, &[], |txn| {
        txn.get_or_insert_map("metadata").insert(txn, "name", "Old friends");
    });
    let db = rusqlite::Connection::open(dir.join("crdt.db")).unwrap();
    db.execute_batch(
        "CREATE TABLE crdt_documents (id TEXT PRIMARY KEY, entity_type TEXT NOT NULL, \
         entity_id TEXT NOT NULL, yrs_state BLOB NOT NULL, version INTEGER NOT NULL, \
         updated_at INTEGER NOT NULL)",
    )
    .unwrap();
    db.execute(
        "INSERT INTO crdt_documents VALUES ('group:old:core', 'group', 'old', ?1, 4, 1700000000)",
        [&state],
    )
    .unwrap();
    drop(db);
    let store = machine.open(dir);
    let before = store.files();
    let list = store.json(&["doc", "list"]);
    assert_eq!(column(&list, "doc_id"), ["group:old:core"]);
    assert_eq!((&list[0]["version"], &list[0]["bytes"]), (&json!(4), &json!(state.len())));
    assert_eq!(
        store.json(&["doc", "dump", "group:old:core"]),
        json!({"metadata": {"name": "Old friends"}})
    );
    let run = store.run(&["member", "add", ALICE, "--as", ALICE]);
    run.fails(1, "0.1.19");
    assert_eq!(store.files(), before);
    // The hint works as it stands, once its placeholders are filled in.
    let hint = run.stderr.lines().last().unwrap();
    let steps: Vec<&str> = hint.split('`').skip(1).step_by(2).collect();
    let (bundle, made) = (text(&machine.path("all.crdt")), text(&machine.path("made")));
    for (step, in_old) in steps.iter().zip([true, false, false]) {
        let filled = step.replace("FILE", &bundle).replace("DIR", &made);
        let words: Vec<&str> = filled.split(' ').skip(1).collect();
        match in_old {
            true => store.run(&words).exits(0),
            false => machine.run(&words).exits(0),
        };
    }
    assert_eq!(steps.len(), 3, "{hint}");
    assert_eq!(machine.open(machine.path("made")).digest(), store.digest());
    // A file of that name that is no database is neither.
    let strange = machine.path("strange");
    std::fs::create_dir(&strange).unwrap();
    std::fs::write(strange.join("crdt.db"), "not a database, though it is a file").unwrap();
    machine.open(strange).run(&["doc", "list"]).fails(5, "crdt.db");
    // Its content can be carried over.
    let new = machine.replica_of(&store, "new", ALICE);
    assert_eq!(new.json(&["entity", "show"])["name"], "Old friends");
    assert_eq!(new.digest(), store.digest());
}

#[test]
fn a_digest_is_read_over_a_telephone_in_four_words() {
    let machine = Machine::new("words");
    let store = machine.group("s", &[]);
    store.send("hi");
    let said = store.ok(&["digest", "--words"]);
    assert_eq!(said.split(' ').count(), 4, "{said}");
    assert_eq!(store.ok(&["digest", "--words", "-o", "table", "-q"]), said);
    let json = store.json(&["digest", "--words"]);
    assert_eq!(json["words"], said.as_str());
    assert_eq!(json["content"], store.digest());
    assert!(store.json(&["digest"]).get("words").is_none());
    let chat = store.ok(&["digest", "chat", "--words"]);
    assert_ne!(chat, said);
    let other = machine.replica_of(&store, "o", BOB);
    assert_eq!(other.ok(&["digest", "--words"]), said);
    store.send("ho");
    assert_ne!(store.ok(&["digest", "--words"]), said);
}

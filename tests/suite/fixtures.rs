//! Stores that the real application wrote: read as they are, and written so that it can continue.

use crate::oracle::{Plain, canonical, expected};
use crate::support::*;
use serde_json::{Value, json};
use std::path::PathBuf;

const DEBORAH: &str = "deborah-shanghai-khartoum-price";
const BAIZE: &str = "baize-enhance-alice-betty";

/// The known facts about the documents in `real-store`.
fn index() -> Vec<Value> {
    let file = fixtures().join("real-store/expected/index.json");
    let index: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    index.as_array().unwrap().clone()
}

#[test]
fn every_reading_command_leaves_every_byte_as_it_was() {
    let machine = Machine::new("reading");
    for fixture in ["real-store", "legacy-0.1.20"] {
        let store = machine.fixture(fixture);
        let before = store.files();
        let entity = store.column(&["entity", "list"], "entity")[0].clone();
        let document = store.column(&["doc", "list"], "doc_id")[0].clone();
        let (out, receipt) = (text(&machine.path("e.crdt")), text(&machine.path("r.crdt")));
        for args in [
            &["doc", "list"][..],
            &["doc", "show", &document],
            &["doc", "dump", &document],
            &["doc", "dump", &document, "--as", "ndjson"],
            &["doc", "dump", &document, "--as", "yjs"],
            &["doc", "get", &document, "$"],
            &["doc", "tree", &document],
            &["doc", "size"],
            &["doc", "size", &document],
            &["doc", "blocks", &document],
            &["digest"],
            &["digest", &document],
            &["entity", "list"],
            &["entity", "show", &entity],
            &["member", "list", "-e", &entity],
            &["member", "list", "--all", "-e", &entity],
            &["chat", "list", "-e", &entity],
            &["chat", "search", "the", "-e", &entity],
            &["tombstone", "list"],
            &["tombstone", "list", "--blocked", "-e", &entity],
            &["prune", "--dry-run"],
            &["sync", "status"],
            &["sync", "peers"],
            &["sync", "export", "--out", &out],
            &["sync", "receipt", "--out", &receipt],
            &["sync", "show", &out],
            &["sync", "verify", &out],
            &["completions", "bash"],
        ] {
            store.run(args).exits(0);
            store.run(&[args, &["--output", "table"]].concat()).exits(0);
        }
        assert_eq!(store.files(), before, "{fixture}");
    }
}

#[test]
fn a_store_can_be_named_by_either_of_its_directories() {
    let machine = Machine::new("directories");
    let store = machine.fixture("real-store");
    let list = store.json(&["doc", "list"]);
    let inner = machine.open(store.dir.join("crdt.db"));
    assert_eq!(column(&inner.json(&["doc", "list"]), "doc_id"), column(&list, "doc_id"));
    let run = machine.run_in(&store.dir.join("crdt.db/crdt/group"), &[], &["digest"]);
    assert_eq!(run.ok(), store.digest());
    for row in list.as_array().unwrap() {
        let path = PathBuf::from(row["path"].as_str().unwrap());
        assert!(store.dir.join(&path).is_file(), "{}", path.display());
    }
}

#[test]
fn the_list_says_what_the_index_says() {
    let machine = Machine::new("index");
    let store = machine.fixture("real-store");
    let list = store.json(&["doc", "list"]);
    let rows = list.as_array().unwrap();
    assert_eq!(rows.len(), 10);
    assert!(column(&list, "doc_id").is_sorted());
    for known in index() {
        let row = rows.iter().find(|row| row["doc_id"] == known["doc_id"]).expect("a document");
        assert_eq!(row["bytes"], known["bytes"], "{row}");
        assert_eq!(row["client_ids"], known["client_ids"], "{row}");
        assert_eq!(row["path"], known["file"], "{row}");
    }
}

#[test]
fn a_row_of_the_list_has_the_promised_fields() {
    let machine = Machine::new("row");
    let store = machine.fixture("real-store");
    let list = store.json(&["doc", "list"]);
    let row = |doc: &str| {
        list.as_array().unwrap().iter().find(|row| row["doc_id"] == doc).expect("a document")
    };
    assert_eq!(
        row(&format!("{GROUP}:chat")),
        &json!({
            "doc_id": format!("{GROUP}:chat"), "entity_type": "group",
            "entity_id": "ocean-forest-moon-star", "concern": "chat",
            "path": "crdt.db/crdt/group/67726f75703a6f6365616e2d666f726573742d6d6f6f6e2d737461723a63686174.yrs",
            "bytes": 663_955, "limit_bytes": 10_000_000, "version": 1507, "client_ids": 1507,
            "updated_at": 1_795_363_307,
        })
    );
    assert_eq!(
        keys(row(&format!("{GROUP}:chat"))),
        [
            "doc_id",
            "entity_type",
            "entity_id",
            "concern",
            "path",
            "bytes",
            "limit_bytes",
            "version",
            "client_ids",
            "updated_at"
        ]
    );
    // Opaque documents have no concern, and no known limit.
    for opaque in ["member:member-one", "website:ocean-forest-moon-star", "invites:global:index"] {
        let row = row(opaque);
        assert_eq!((&row["concern"], &row["limit_bytes"]), (&Value::Null, &Value::Null));
    }
    let row = row("file:6d449eaa-972b-4a80-8f17-fb56e47a7ab1:shared:\
         20d9944f9033c4dd46716844d6964ea7bc7342429644eab1f7b586712208dcb2");
    assert_eq!(row["entity_id"], "6d449eaa-972b-4a80-8f17-fb56e47a7ab1");
    assert_eq!(row["concern"], Value::Null);
}

#[test]
fn every_dump_is_what_the_application_sees() {
    let machine = Machine::new("dumps");
    let store = machine.fixture("real-store");
    for known in index() {
        let doc = known["doc_id"].as_str().unwrap();
        let file = fixtures().join("real-store").join(known["expected"].as_str().unwrap());
        let dump = store.json(&["doc", "dump", doc, "--as", "json"]);
        assert_eq!(canonical(&dump), expected(&file), "{doc}");
        assert_eq!(store.json(&["doc", "dump", doc]), dump, "{doc}");
        // One record per line adds up to the same.
        let lines = store.ok(&["doc", "dump", doc, "--as", "ndjson"]);
        let mut joined = json!({});
        for line in lines.lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            let (root, key) = (record["root"].as_str().unwrap(), record["key"].as_str().unwrap());
            joined[root][key] = record["value"].clone();
        }
        assert_eq!(canonical(&joined), canonical(&dump), "{doc}");
    }
}

#[test]
fn documents_without_an_expected_dump_are_what_yrs_sees() {
    let machine = Machine::new("yrs");
    for fixture in ["real-store", "legacy-0.1.20"] {
        let store = machine.fixture(fixture);
        for doc in store.column(&["doc", "list"], "doc_id") {
            let dump = store.json(&["doc", "dump", &doc]);
            let plain = Plain::read(&store.document(&doc));
            for (root, value) in dump.as_object().unwrap() {
                // Every root of these stores is a map.
                let seen = json!({ root.as_str(): plain.map(root) });
                assert_eq!(canonical(&json!({ root.as_str(): value })), canonical(&seen), "{doc}");
            }
        }
    }
}

#[test]
fn documents_of_the_legacy_layout_are_found_by_their_own_type() {
    let machine = Machine::new("legacy");
    let store = machine.fixture("legacy-0.1.20");
    assert_eq!(
        store.column(&["doc", "list"], "doc_id"),
        [
            "entity:11e1a7f1-e4a5-4c45-91d5-cbf3feb9d5f6:metadata",
            "entity:c176b823-0b85-4861-9970-a97be114c632:metadata",
            "group:11e1a7f1-e4a5-4c45-91d5-cbf3feb9d5f6:core",
            "organisation:c176b823-0b85-4861-9970-a97be114c632:core",
        ]
    );
    // A write leaves them where they are.
    let group = "group:11e1a7f1-e4a5-4c45-91d5-cbf3feb9d5f6";
    let paths: Vec<PathBuf> = store.documents().into_keys().collect();
    let members = ["alice-test-node-one", "ocean-forest-moon-star"];
    assert_eq!(store.column(&["member", "list", "-e", group], "member_id"), members);
    // There is no owner there; anyone may leave.
    store.ok(&["member", "remove", members[0], "-e", group, "--as", members[0]]);
    assert_eq!(store.documents().into_keys().collect::<Vec<_>>(), paths);
    assert_eq!(store.column(&["member", "list", "-e", group], "member_id"), members[1..]);
    // A new document goes where new ones go.
    store.ok(&["chat", "send", "hi", "-e", group, "--as", members[1]]);
    let chat = store.document(&format!("{group}:chat"));
    assert!(chat.starts_with(store.dir.join("crdt.db/crdt/group")), "{}", chat.display());
}

#[test]
fn a_message_in_a_real_chat_disturbs_nothing() {
    let machine = Machine::new("real write");
    machine.pass(1_795_400_000 - START);
    let store = machine.fixture("real-store");
    let chat = store.document(&format!("{GROUP}:chat"));
    let (before, before_meta) = (store.files(), meta(&chat));
    let old = Plain::read(&chat);

    let run = store.run(&["-e", GROUP, "--as", DEBORAH, "chat", "send", "Hello from outside"]);
    let id = run.ok();

    // The layout: the same files, and ours.
    let after = store.files();
    let is_ours = |path: &PathBuf| !before.contains_key(path);
    for new in after.keys().filter(|path| is_ours(path)) {
        let name = new.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("crdtctl."), "{}", new.display());
    }
    for (path, bytes) in &before {
        let is_chat = store.dir.join(path).with_extension("") == chat.with_extension("");
        assert!(is_chat || after[path] == *bytes, "{}", path.display());
    }
    // The `.meta`: one more save, the rest as it was, and our fields.
    let after_meta = meta(&chat);
    assert_eq!(after_meta["version"], 1508);
    assert_eq!(after_meta["updated_at"], machine.now());
    for field in ["doc_id", "entity_type", "entity_id", "created_at"] {
        assert_eq!(after_meta[field], before_meta[field], "{field}");
    }
    let bytes = std::fs::read(&chat).unwrap();
    assert_eq!(after_meta["bytes"], bytes.len());
    assert_eq!(after_meta["blake3"], json!(blake3::hash(&bytes).to_hex().as_str()));

    // The content: everything that was there, and one message.
    let new = Plain::of(&bytes);
    let mut messages = new.map("messages");
    let message = messages.as_object_mut().unwrap().remove(&id).expect("the message");
    assert_eq!(messages, old.map("messages"));
    assert_eq!(new.map("threads"), old.map("threads"));
    let now = machine.now();
    assert_eq!(
        message,
        json!({
            "id": id, "author_id": DEBORAH, "content": "Hello from outside", "created_at": now,
            "updated_at": now, "deleted": false, "deleted_at": 0, "ack_vector": {},
            "reactions": {}, "attachments": [],
        })
    );
    // One more replica, under a client id like those of Yjs.
    let clients = new.clients();
    assert_eq!(clients.len(), old.clients().len() + 1);
    assert!(bytes.len() < before[chat.strip_prefix(&store.dir).unwrap()].len() + 700);
}

fn meta(document: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(document.with_extension("meta")).unwrap()).unwrap()
}

#[test]
fn unknown_keys_of_the_meta_are_kept() {
    let machine = Machine::new("meta");
    let store = machine.group("s", &[]);
    store.send("one");
    let chat = store.document(&format!("{GROUP}:chat"));
    let mut meta_before = meta(&chat);
    meta_before["colour"] = json!({"sea": ["green", 7]});
    std::fs::write(chat.with_extension("meta"), meta_before.to_string()).unwrap();
    store.send("two");
    let after = meta(&chat);
    assert_eq!(after["colour"], meta_before["colour"]);
    assert_eq!(after["version"], meta_before["version"].as_u64().unwrap() + 1);
    // A missing or broken one is no failure, and is made again by the next write.
    for content in [None, Some(""), Some("{"), Some("[1]")] {
        match content {
            None => std::fs::remove_file(chat.with_extension("meta")).unwrap(),
            Some(content) => std::fs::write(chat.with_extension("meta"), content).unwrap(),
        }
        store.json(&["doc", "list"]);
        store.json(&["chat", "list"]);
        store.send("again");
        assert_eq!(meta(&chat)["doc_id"], format!("{GROUP}:chat"), "{content:?}");
    }
    assert_eq!(store.column(&["chat", "list"], "id").len(), 6);
}

#[test]
fn tombstones_of_the_real_store() {
    let machine = Machine::new("real tombstones");
    let store = machine.fixture("real-store");
    let counts = |store: &Store<'_>| {
        let list = store.json(&["tombstone", "list"]);
        let of = |doc: &str, prunable: bool| {
            let rows = list.as_array().unwrap().iter();
            rows.filter(|row| row["doc"] == doc && row["prunable"] == prunable).count()
        };
        let (core, chat) = (format!("{GROUP}:core"), format!("{GROUP}:chat"));
        [of(&core, true), of(&core, false), of(&chat, true), of(&chat, false)]
    };
    // From the index: 59 in the chat, 20 of them acknowledged by all; one member, acknowledged.
    assert_eq!(counts(&store), [1, 0, 20, 39]);
    let blocked = store.json(&["tombstone", "list", "--blocked"]);
    let (elements, blocked): (Vec<&Value>, Vec<&Value>) =
        blocked.as_array().unwrap().iter().partition(|row| row["kind"] == "element");
    assert_eq!(elements.len(), 15, "on the canvas; nobody has acknowledged any");
    assert_eq!(blocked.len(), 39);
    let waits: Vec<&Value> = blocked.iter().map(|row| &row["waiting_for"]).collect();
    assert_eq!(waits.iter().filter(|who| ***who == json!([BAIZE])).count(), 20);
    assert_eq!(waits.iter().filter(|who| ***who == json!([BAIZE, DEBORAH])).count(), 19);

    // Pruning needs no acting member; it removes those and nothing else.
    let chat = store.document(&format!("{GROUP}:chat"));
    let old = Plain::read(&chat).map("messages");
    let planned = store.json(&["prune", "--dry-run"]);
    assert_eq!(planned["pruned"].as_array().map(Vec::len), Some(21));
    let written = store.json(&["prune"]);
    assert_eq!(written["changed"], true);
    assert_eq!((&written["pruned"], &written["waiting"]), (&planned["pruned"], &json!(39 + 15)));
    assert_eq!(counts(&store), [0, 0, 0, 39]);
    let mut kept = old.clone();
    let kept_map = kept.as_object_mut().unwrap();
    for row in written["pruned"].as_array().unwrap() {
        let gone = kept_map.remove(row["id"].as_str().unwrap());
        assert_eq!(gone.is_some(), row["kind"] == "message", "{row}");
    }
    assert_eq!(kept_map.len(), 980);
    assert_eq!(Plain::read(&chat).map("messages"), kept);
    assert_eq!(
        store.json(&["member", "list", "--all", "-e", GROUP]).as_array().map(Vec::len),
        Some(2)
    );
    assert_eq!(store.json(&["prune"])["changed"], false);
}

#[test]
fn an_import_acknowledges_and_prunes_in_a_real_chat() {
    let machine = Machine::new("real sync");
    machine.pass(1_795_400_000 - START);
    let deborah = machine.fixture("real-store");
    let baize = machine.replica_of(&deborah, "baize", BAIZE);
    // Baize has now seen every deletion, and Deborah acknowledged 20 of those 39 in the chat, and none of the
    // 15 on the canvas.
    let blocked = baize.json(&["tombstone", "list", "--blocked"]);
    assert_eq!(blocked.as_array().map(Vec::len), Some(19 + 15));
    machine.run(&["init", &text(&deborah.dir), "--as", DEBORAH]).ok();
    baize.give(&deborah);
    deborah.give(&baize);
    baize.give(&deborah);
    assert_eq!(deborah.json(&["tombstone", "list"]), json!([]));
    assert_eq!(baize.json(&["tombstone", "list"]), json!([]));
    assert_eq!(deborah.digest(), baize.digest());
    // The 941 messages that are left, and the replies whose messages are gone.
    let listed = deborah.json(&["chat", "list", "-e", GROUP, "--all"]);
    let replies = listed.as_array().unwrap().iter().filter(|m| !m["parent_id"].is_null()).count();
    assert_eq!((listed.as_array().unwrap().len() - replies, replies), (941, 15));
}

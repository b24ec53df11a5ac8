//! A BigInt of another program stays one, whoever writes it again.

use crate::support::*;
use serde_json::{Value, json};
use yrs::updates::decoder::Decode;
use yrs::{Any, Doc, Map, MapPrelim, MapRef, Number, Out, Transact, TransactionMut, WriteTxn};

/// Stands for a BigInt until the bytes are patched: yrs itself writes none this small.
fn big(n: i64) -> Any {
    Any::Number(Number::Float(0.1 + n as f64))
}

fn int(n: i64) -> Any {
    Any::Number(Number::Int(n))
}

/// The update of another program that has read `base`.
fn update(client: u64, base: &[u8], write: impl FnOnce(&mut TransactionMut<'_>)) -> Vec<u8> {
    let other = Doc::with_client_id(client);
    other.transact_mut().apply_update(yrs::Update::decode_v1(base).unwrap()).unwrap();
    let mut txn = other.transact_mut();
    write(&mut txn);
    let mut bytes = txn.encode_update_v1();
    for n in 0..100i64 {
        let made = [&[123][..], &(0.1 + n as f64).to_be_bytes()].concat();
        let meant = [&[122][..], &n.to_be_bytes()].concat();
        while let Some(at) = bytes.windows(9).position(|window| window == made) {
            bytes[at..at + 9].copy_from_slice(&meant);
        }
    }
    bytes
}

fn chat() -> String {
    format!("{GROUP}:chat")
}

fn bring(store: &Store<'_>, update: &[u8]) {
    bring_to(store, &chat(), update);
}

fn bring_to(store: &Store<'_>, doc: &str, update: &[u8]) {
    let file = store.machine.path("update.bin");
    std::fs::write(&file, update).unwrap();
    store.run(&["sync", "import", "--raw", doc, &text(&file)]).exits(0);
}

fn nested(txn: &mut TransactionMut<'_>, map: &MapRef, key: &str) -> MapRef {
    match map.get(txn, key) {
        Some(Out::YMap(map)) => map,
        _ => map.insert(txn, key, MapPrelim::default()),
    }
}

fn message(txn: &mut TransactionMut<'_>, id: &str) -> MapRef {
    let messages = txn.get_or_insert_map("messages");
    nested(txn, &messages, id)
}

/// A value with its type.
fn typed(store: &Store<'_>, path: &[&str]) -> Value {
    typed_in(store, &chat(), path)
}

fn typed_in(store: &Store<'_>, doc: &str, path: &[&str]) -> Value {
    let mut at = store.json(&["doc", "dump", doc, "--as", "yjs"]);
    for (depth, step) in path.iter().enumerate() {
        at = if depth == 0 { at[step].clone() } else { at["v"][step].clone() };
    }
    at
}

fn a_big(n: i64) -> Value {
    json!({"t": "bigint", "v": n.to_string()})
}

#[test]
fn what_the_rules_and_people_write_again_keeps_its_type() {
    let machine = Machine::new("bigint again");
    let store = machine.group("store", &[BOB]);
    let id = store.send("points for all");
    let base = std::fs::read(store.document(&chat())).unwrap();
    let edit = |client, points: i64, at| {
        update(client, &base, |txn| {
            let message = message(txn, &id);
            let list = Any::Array([big(points), int(points)].into());
            message.insert(txn, "points", big(points));
            message.insert(txn, "all", list);
            message.insert(txn, "updated_at", int(at));
        })
    };
    // yrs goes by the client ids: the earlier write would win.
    bring(&store, &edit(u64::from(u32::MAX), 7, START + 10));
    bring(&store, &edit(1, 8, START + 20));
    let points = ["messages", &id, "points"];
    let all = |n: i64| json!({"t": "any-array", "v": [a_big(n), {"t": "number", "v": n}]});
    assert_eq!(typed(&store, &points), a_big(8));
    assert_eq!(typed(&store, &["messages", &id, "all"]), all(8));
    let bob = machine.replica_of(&store, "bob", BOB);
    assert_eq!(typed(&bob, &points), a_big(8));

    machine.pass(60);
    let lost = store.json(&["conflict", "list"]);
    for row in lost.as_array().unwrap() {
        store.ok(&["conflict", "restore", &row["number"].to_string()]);
    }
    assert_eq!(typed(&store, &points), a_big(7));
    assert_eq!(typed(&store, &["messages", &id, "all"]), all(7));
    store.give(&bob);
    assert_eq!(typed(&bob, &points), a_big(7));
}

#[test]
fn what_is_made_of_a_plain_record_keeps_its_type() {
    let machine = Machine::new("bigint plain");
    let store = machine.group("store", &[]);
    store.send("first");
    let base = std::fs::read(store.document(&chat())).unwrap();
    let record = [
        ("id", Any::String("plain".into())),
        ("author_id", Any::String(ALICE.into())),
        ("content", Any::String("words".into())),
        ("created_at", big(5)),
        ("updated_at", int(6)),
    ];
    let record = record.map(|(key, value)| (key.to_owned(), value));
    bring(
        &store,
        &update(4711, &base, |txn| {
            let messages = txn.get_or_insert_map("messages");
            messages.insert(txn, "plain", Any::Map(std::sync::Arc::new(record.into())));
        }),
    );
    let finding = column(&store.run(&["check", "--json"]).parsed(), "id").remove(0);
    store.ok(&["repair", &finding]);
    assert_eq!(typed(&store, &["messages", "plain"])["t"], "map");
    assert_eq!(typed(&store, &["messages", "plain", "created_at"]), a_big(5));
    assert_eq!(typed(&store, &["messages", "plain", "updated_at"]), json!({"t": "number", "v": 6}));
    // And in the trash, and restored from it.
    store.ok(&["chat", "edit", "plain", "other words"]);
    assert_eq!(typed(&store, &["messages", "plain", "created_at"]), a_big(5));
}

#[test]
fn what_is_brought_over_from_a_container_that_was_replaced_keeps_its_type() {
    let machine = Machine::new("bigint replaced");
    let store = machine.group("store", &[]);
    let id = store.send("two threads");
    let base = std::fs::read(store.document(&chat())).unwrap();
    let reply = |client, name: &str, at| {
        update(client, &base, |txn| {
            let threads = txn.get_or_insert_map("threads");
            let thread = nested(txn, &threads, &id);
            let replies = nested(txn, &thread, "replies");
            let reply = nested(txn, &replies, name);
            reply.insert(txn, "id", name);
            reply.insert(txn, "content", name);
            reply.insert(txn, "created_at", big(at));
        })
    };
    bring(&store, &reply(8, "one", 3));
    bring(&store, &reply(9, "two", 4));
    for (name, at) in [("one", 3), ("two", 4)] {
        assert_eq!(typed(&store, &["threads", &id, "replies", name, "created_at"]), a_big(at));
    }
}

#[test]
fn in_a_document_that_nobody_knows_a_bigint_is_no_number() {
    let machine = Machine::new("bigint diff");
    let write = |name: &str, client, value: Any| {
        let path = machine.path(name);
        let bytes = update(client, &[0, 0], |txn| {
            let map = txn.get_or_insert_map("things");
            map.insert(txn, "n", value);
        });
        std::fs::write(&path, bytes).unwrap();
        text(&path)
    };
    let was = write("was.yrs", 1, big(5));
    // Another program's, and the same rewritten by one that knows no BigInt.
    for client in [1, 2] {
        let is = write("is.yrs", client, int(5));
        let run = machine.run(&["doc", "diff", &was, &is, "--json"]);
        let changes = run.exits(3).parsed();
        let value = json!({"value": {"old": a_big(5), "new": 5}});
        assert_eq!((&changes[0]["id"], &changes[0]["fields"]), (&json!("n"), &value));
    }
    let again = write("again.yrs", 3, big(5));
    machine.run(&["doc", "diff", &was, &again]).exits(0);
}

/// The command that deletes it has changed the document before it takes the record out, and reads it where
/// yrs turns BigInts into numbers.
#[test]
fn what_is_deleted_for_good_at_once_keeps_its_type_in_the_trash() {
    let machine = Machine::new("bigint trash");
    let store = machine.group("store", &[]);
    let (one, two) = (store.send("one"), store.send("two"));
    for (client, id, points) in [(7, &one, 7), (8, &two, 8)] {
        let base = std::fs::read(store.document(&chat())).unwrap();
        let update = update(client, &base, |txn| {
            let message = message(txn, id);
            message.insert(txn, "points", big(points));
            message.insert(txn, "all", Any::Array([big(points), int(points)].into()));
            let more = nested(txn, &message, "more");
            more.insert(txn, "n", big(points));
            more.insert(txn, "i", int(points));
        });
        bring(&store, &update);
    }
    store.ok(&["chat", "delete", &one]);
    // Restored from the trash, deleted again, and another beside it, all in one.
    let lines = [
        json!({"op": "trash.restore", "record": one}),
        json!({"op": "chat.delete", "message": "$1.id"}),
        json!({"op": "chat.delete", "message": two}),
    ];
    let lines = lines.map(|line| line.to_string()).join("\n");
    let run = machine.run_with_stdin(&["--store", &text(&store.dir), "batch"], lines.as_bytes());
    let first: Value = serde_json::from_str(run.exits(0).stdout.lines().next().unwrap()).unwrap();
    for (id, n) in [(first["id"].as_str().unwrap(), 7), (two.as_str(), 8)] {
        let new = store.ok(&["trash", "restore", id]);
        let list = json!({"t": "any-array", "v": [a_big(n), {"t": "number", "v": n}]});
        assert_eq!(typed(&store, &["messages", &new, "points"]), a_big(n));
        assert_eq!(typed(&store, &["messages", &new, "all"]), list);
        let more = typed(&store, &["messages", &new, "more"]);
        let [big, int] = ["n", "i"].map(|key| more["v"][key].clone());
        assert_eq!((big, int), (a_big(n), json!({"t": "number", "v": n})));
    }
}

/// A plain value into which something is written is made anew, and its old content keeps its types.
#[test]
fn what_is_written_anew_around_something_new_keeps_its_type() {
    let machine = Machine::new("bigint around");
    let store = machine.group("store", &[BOB, CAROL]);
    let [here, there] = ["deleted here", "deleted there"].map(|content| store.send(content));
    let object = |fields: Vec<(&str, Any)>| {
        let fields = fields.into_iter().map(|(key, value)| (key.to_owned(), value));
        Any::Map(std::sync::Arc::new(fields.collect()))
    };
    let base = std::fs::read(store.document(&chat())).unwrap();
    let plain = update(7, &base, |txn| {
        for id in [&here, &there] {
            let message = message(txn, id);
            message.insert(txn, "ack_vector", object(vec![(BOB, big(5)), ("dora", int(6))]));
        }
        let message = message(txn, &there);
        message.insert(txn, "deleted", true);
        message.insert(txn, "deleted_at", int(START + 5));
    });
    bring(&store, &plain);
    store.ok(&["chat", "delete", &here]);
    for id in [&here, &there] {
        let acks = typed(&store, &["messages", id, "ack_vector"]);
        assert_eq!(acks["t"], "map", "{acks}");
        assert_eq!(acks["v"][BOB], a_big(5));
        assert_eq!(acks["v"]["dora"], json!({"t": "number", "v": 6}));
        assert_eq!(acks["v"][ALICE]["t"], "number");
    }

    let canvas = format!("{GROUP}:canvas");
    let element = store.ok(&["canvas", "add", "text", "--at", "1,2", "--size", "3,4"]);
    let base = std::fs::read(store.document(&canvas)).unwrap();
    let data = update(8, &base, |txn| {
        let elements = txn.get_or_insert_map("elements");
        let found = nested(txn, &elements, &element);
        found.insert(txn, "data", object(vec![("level", big(3)), ("depth", int(4))]));
    });
    bring_to(&store, &canvas, &data);
    store.ok(&["canvas", "set", &element, "data.color=navy"]);
    let data = typed_in(&store, &canvas, &["elements", &element, "data"]);
    assert_eq!(data["v"]["level"], a_big(3), "{data}");
    assert_eq!(data["v"]["depth"], json!({"t": "number", "v": 4}));
    assert_eq!(data["v"]["color"], json!({"t": "string", "v": "navy"}));
}

use super::{Groundwork, LentValue, View};
use crate::crdt::source::{Source, each_field, flagged};
use crate::crdt::testing::{
    Rng, World, assert_same, fixtures, new_doc, random_world, shown_by_view, shown_by_yrs, state,
    view,
};
use crate::crdt::types::SharedTypes;
use crate::parallel;
use crate::path::Keys;
use crate::wire::{Record, Update, Value, any};
use std::collections::BTreeSet;
use yrs::{Array, Map, MapPrelim, Text, Transact, WriteTxn};

#[test]
fn every_fixture_shows_what_its_dump_says() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/real-store");
    let index = std::fs::read(root.join("expected/index.json")).unwrap();
    let index: Vec<serde_json::Value> = serde_json::from_slice(&index).unwrap();
    assert_eq!(index.len(), 7);
    for document in index {
        let path = |field: &str| root.join(document[field].as_str().unwrap());
        let dump = zstd::decode_all(&*std::fs::read(path("expected")).unwrap()).unwrap();
        let dump: serde_json::Value = serde_json::from_slice(&dump).unwrap();
        let view = view(&std::fs::read(path("file")).unwrap());
        assert_eq!(view.version().clocks.len() as u64, document["client_ids"].as_u64().unwrap());
        for (name, expected) in dump["roots"].as_object().unwrap() {
            let expected = from_dump(expected);
            let shown = view.value(&[name]).unwrap_or(Value::Map(Record::new()));
            assert!(any::same(&shown, &expected), "{} {name}", document["doc_id"]);
            let keys: Vec<String> = expected.as_map().unwrap().keys().cloned().collect();
            assert_eq!(view.keys(&[name]), keys);
            for key in &keys {
                let alone = view.value(&[name, key]).unwrap();
                assert!(any::same(&alone, &expected.as_map().unwrap()[key]), "{name}/{key}");
            }
        }
    }
}

/// Reads the typed dumps: integers as text, floats as numbers.
fn from_dump(dump: &serde_json::Value) -> Value {
    let v = &dump["v"];
    let map = || v.as_object().unwrap().iter().map(|(k, v)| (k.clone(), from_dump(v))).collect();
    let list = || v.as_array().unwrap().iter().map(from_dump).collect();
    match dump["t"].as_str().unwrap() {
        "map" => Value::Map(map()),
        "any-map" => Value::Object(map()),
        "array" => Value::Array(list()),
        "any-array" => Value::List(list()),
        "text" => Value::Text(v.as_str().unwrap().to_owned()),
        "string" => Value::String(v.as_str().unwrap().to_owned()),
        "bool" => Value::Bool(v.as_bool().unwrap()),
        "number" => Value::Number(v.as_f64().unwrap()),
        "bigint" => Value::Int(v.as_str().unwrap().parse().unwrap()),
        "null" => Value::Null,
        other => panic!("unknown type {other}"),
    }
}

#[test]
fn a_large_document_is_read_and_digested_as_a_small_one() {
    let doc = new_doc(1, true);
    let records = doc.get_or_insert_map("records");
    for index in 0..3_000 {
        let mut txn = doc.transact_mut();
        let record = records.insert(&mut txn, format!("{index}"), MapPrelim::default());
        record.insert(&mut txn, "deleted", index % 7 == 0);
        record.insert(&mut txn, "text", "abc".repeat(40));
    }
    for index in (0..3_000).step_by(11) {
        records.remove(&mut doc.transact_mut(), &index.to_string());
    }
    let bytes = state(&doc);
    assert!(parallel::pays(bytes.len()));
    let mut walked = Update::walk_to_check(&bytes).unwrap();
    let (checked, work) = walked.check_beside(&[][..], Groundwork::of);
    let beside = View::read_on(&checked.unwrap(), Some(work)).unwrap();
    assert_same(&shown_by_view(&beside), &shown_by_yrs(&doc), "read beside the check");
    let types = SharedTypes::read(bytes.clone()).unwrap().digests("deleted");
    assert_ne!(types.content, types.kept);
    for view in [beside, view(&bytes)] {
        assert_eq!(view.digests("deleted"), types);
        assert_eq!(view.digest(), types.content);
    }
}

#[test]
fn every_fixture_shows_what_yrs_shows() {
    for (file, bytes) in fixtures() {
        let doc = new_doc(1, false);
        crate::crdt::testing::apply(&doc, &bytes);
        assert_same(&shown_by_view(&view(&bytes)), &shown_by_yrs(&doc), &file);
        let saved = state(&doc);
        assert_eq!(view(&saved).digest(), view(&bytes).digest(), "{file}");
    }
}

#[test]
fn the_digest_is_of_the_content_alone() {
    for seed in 0..300 {
        let mut rng = Rng::new(seed);
        let world = World::random(&mut rng, 30);
        let all = world.all();
        let merged = view(&state(&all)).digest();
        // The same content merged in another order, and saved once more.
        let other = new_doc(2, true);
        world.docs.iter().rev().for_each(|doc| crate::crdt::testing::apply(&other, &state(doc)));
        assert_eq!(view(&state(&other)).digest(), merged, "seed {seed}");
        let differs = |bytes: &[u8]| view(bytes).digest() != merged;
        let shown = shown_by_yrs(&all);
        for doc in &world.docs {
            let same = any::same(&Value::Map(shown_by_yrs(doc)), &Value::Map(shown.clone()));
            assert_eq!(differs(&state(doc)), !same, "seed {seed}");
        }
    }
}

/// One document made twice: at once by one client, and with a history by two.
#[test]
fn the_digest_forgets_history() {
    let plain = new_doc(5, false);
    let mut txn = plain.transact_mut();
    txn.get_or_insert_map("m").insert(&mut txn, "k", 1);
    txn.get_or_insert_text("t").insert(&mut txn, 0, "hello");
    drop(txn);
    let told = new_doc(9, false);
    let mut txn = told.transact_mut();
    txn.get_or_insert_map("m").insert(&mut txn, "k", 7);
    txn.get_or_insert_map("m").insert(&mut txn, "gone", 7);
    txn.get_or_insert_text("t").insert(&mut txn, 0, "heLLlo");
    txn.get_or_insert_text("t").remove_range(&mut txn, 2, 2);
    txn.get_or_insert_text("t").insert(&mut txn, 2, "l");
    txn.get_or_insert_array("l").push_back(&mut txn, 1);
    txn.get_or_insert_array("l").remove(&mut txn, 0);
    txn.get_or_insert_map("m").remove(&mut txn, "gone");
    txn.get_or_insert_map("m").insert(&mut txn, "k", 1.0);
    drop(txn);
    assert_same(&shown_by_yrs(&told), &shown_by_yrs(&plain), "");
    assert_eq!(view(&state(&told)).digest(), view(&state(&plain)).digest());
}

#[test]
fn items_and_containers_are_named_by_who_made_them() {
    let doc = new_doc(5, false);
    let mut txn = doc.transact_mut();
    let map = txn.get_or_insert_map("m");
    map.insert(&mut txn, "plain", 1);
    let inner = map.insert(&mut txn, "inner", yrs::MapPrelim::default());
    inner.insert(&mut txn, "x", true);
    drop(txn);
    let view = view(&state(&doc));
    let id = |clock| Some(crate::wire::Id { client: 5, clock });
    assert_eq!(view.item(&["m", "plain"]), id(0));
    assert_eq!(view.container(&["m", "plain"]), None);
    assert_eq!(view.container(&["m", "inner"]), id(1));
    assert_eq!(view.item(&["m", "inner", "x"]), id(2));
    assert_eq!(view.container(&["m"]), None);
    assert_eq!(view.item(&["m", "none"]), None);
    assert_eq!(view.value(&["m", "inner", "x", "deeper"]), None);
    assert_eq!(view.value(&[]), None);
    assert!(view.keys(&["m", "plain"]).is_empty());
    assert_eq!(view.keys(&["m", "inner"]), ["x"]);
    assert!(view.flag(&["m", "inner", "x"]));
}

#[test]
fn a_view_outlives_the_bytes_it_was_built_from() {
    fn assert_owned<T: 'static + Send + Sync>(_: &T) {}
    let view: View = view(&[0, 0]);
    assert_owned(&view);
    assert!(view.roots().is_empty());
}

#[test]
fn an_element_of_an_array_is_named_by_its_id_in_a_file_and_in_a_transaction() {
    let mut doc = crate::crdt::doc::Doc::new(7);
    doc.edit(|txn| {
        txn.push(&["columns"], "no map")?;
        txn.push_map(&["columns"], "done")?;
        txn.push(&["columns"], 0.5)?;
        txn.insert_map(&["columns"], 0, "backlog")?;
        txn.push_map(&["columns"], "done")?;
        txn.set(&["columns", "done"], "title", "the first of two")?;
        txn.create_list_at(&["columns"], 0, "card_order")?;
        txn.push_map(&["columns"], "#0")?;
        txn.push(&["columns", "backlog", "card_order"], "card")
    })
    .unwrap();
    let check = |source: &dyn Source| {
        assert_eq!(source.keys(&["columns"]), ["backlog", "done", "#0"]);
        assert_eq!(source.text(&["columns", "done", "title"]).unwrap(), "the first of two");
        assert_eq!(source.text(&["columns", "#0", "id"]).unwrap(), "#0");
        assert_eq!(source.value(&["columns", "#0", "card_order"]), None);
        assert_eq!(source.value(&["columns", "#1"]), None);
        assert_eq!(source.value(&["columns", "todo"]), None);
        let order = source.value(&["columns", "backlog", "card_order"]).unwrap();
        assert_eq!(order.as_array().unwrap(), [Value::String("card".to_owned())]);
        assert_eq!(source.keys(&["columns", "backlog", "card_order"]), [""; 0]);
    };
    doc.read(|source| check(source));
    check(&view(&doc.encode().unwrap().0));
    assert!(doc.edit(|txn| txn.remove(&["columns"], "done")).unwrap(), "both of them");
    doc.read(|source| assert_eq!(source.keys(&["columns"]), ["backlog", "#0"]));
}

/// The oracle looks at one element after the other.
#[test]
fn elements_are_found_by_id_as_a_look_at_all_of_them_finds_them() {
    let mut chance = crate::sample::Chance::new(11);
    for _ in 0..60 {
        let mut doc = crate::crdt::doc::Doc::new(7);
        doc.edit(|txn| {
            txn.create_array(&["issues"], "list")?;
            for n in 0..chance.below(30) {
                let path = ["issues", "list"];
                let index = chance.below(n + 1) as u32;
                match chance.below(8) {
                    0 => txn.insert_at(&path, index, 0.5)?,
                    2 | 3 => txn.insert_at(&path, index, &plain(chance.below(12)))?,
                    1 => drop(txn.remove(&path, &format!("id {}", chance.below(12)))?),
                    _ => txn.insert_map(&path, index, &format!("id {}", chance.below(12)))?,
                }
            }
            Ok(())
        })
        .unwrap();
        let view = view(&doc.encode().unwrap().0);
        let whole = view.value(&["issues", "list"]).unwrap();
        let is = |value: &&Value, id: &str| {
            value.as_map().and_then(|map| map.get("id")?.as_str()) == Some(id)
        };
        doc.read(|live| {
            for n in 0..12 {
                let id = format!("id {n}");
                let all = whole.as_array().unwrap().iter().filter(|value| is(value, &id));
                let (maps, plain): (Vec<&Value>, Vec<&Value>) =
                    all.partition(|value| matches!(value, Value::Map(_)));
                let path = ["issues", "list", id.as_str()];
                let first = maps.first().or(plain.first()).copied();
                assert_eq!(view.value(&path).as_ref(), first);
                assert_eq!(live.value(&path).as_ref(), first);
                let below = [&path[..], &["id"]].concat();
                assert_eq!(view.text(&below), first.map(|_| id.clone()));
                assert_eq!(live.text(&below), first.map(|_| id.clone()));
                assert_eq!(view.shared(&path), live.shared(&path));
                let item = view.container(&path);
                assert_eq!(item.is_some(), !maps.is_empty());
                let step = item.and_then(|item| view.element(&["issues", "list"], item));
                assert_eq!(step, item.map(|_| id.as_str()));
            }
            // Every element is either named by its step, or hidden behind one with the same id.
            let ids =
                whole.as_array().unwrap().iter().filter_map(|value| value.as_map()?["id"].as_str());
            let mut seen = std::collections::BTreeSet::new();
            let ids: Vec<&str> = ids.filter(|id| seen.insert(*id)).collect();
            assert_eq!(view.keys(&["issues", "list"]), ids);
            assert_eq!(live.keys(&["issues", "list"]), ids);
        });
    }
}

/// The oracle looks up each field of each record.
#[test]
fn fields_of_all_records_are_those_of_each() {
    let (mut some, mut are_true) = (0, 0);
    for seed in 0..300 {
        let (_, world) = random_world(seed, 30);
        let view = view(&state(&world.all()));
        let mut names = BTreeSet::from(["none".to_owned()]);
        let mut paths: Vec<Vec<String>> = view.roots().into_iter().map(|root| vec![root]).collect();
        let mut at = 0;
        while let Some(path) = paths.get(at).cloned() {
            for key in view.keys(&path.steps()) {
                paths.push([&path[..], std::slice::from_ref(&key)].concat());
                names.insert(key);
            }
            at += 1;
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for path in paths {
            let steps = path.steps();
            let fields = view.fields(&steps, &names);
            some += fields.iter().flat_map(|(_, values)| values).flatten().count();
            assert_eq!(fields, each_field(&view, &steps, &names), "seed {seed}: {path:?}");
            for name in &names {
                let all = flagged(&view, &steps, name);
                assert_eq!(view.flagged(&steps, name), all, "seed {seed}: {path:?} {name}");
                are_true += all.len();
            }
            if let Some(LentValue::Map(map)) = view.lent_at(&steps) {
                for name in &names {
                    let shared = map.get(name).and_then(|value| value.shared());
                    assert_eq!(shared, view.shared(&steps.field(name)), "seed {seed}: {path:?}");
                }
            }
        }
    }
    assert!(some > 400 && are_true > 10, "only {some}, {are_true}");
}

/// A record that another program wrote as one value.
fn plain(n: u64) -> Value {
    Value::Object(Record::from([("id".to_owned(), Value::String(format!("id {n}")))]))
}

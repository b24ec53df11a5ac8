//! Honest updates pass the gate, and our reader agrees with their writers on the state vector, the delete
//! set, and the visible content.

use crate::plan::ROOTS;
use crate::sequence::{Outcome, sequence};
use crate::testing::{
    Follower, Rng, World, apply, assert_same, new_doc, random_world, shown_by_view, shown_by_yrs,
    state,
};
use crate::trial::{Roots, Verdict, after, check, trial};
use crdtctl::crdt::doc;
use crdtctl::crdt::view::View;
use crdtctl::gate::storable;
use crdtctl::wire::{Clocks, DeleteSet, Record, Update, Value};
use data_encoding::BASE64;
use serde_json::Value as Json;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use yrs::{Doc, ReadTxn, Transact, UndoManager, WriteTxn};

#[test]
fn histories_by_yrs_come_through() {
    for seed in 0..3_000 {
        let mut rng = Rng::new(seed);
        let steps = 3 + rng.below(40);
        let world = World::random(&mut rng, steps);
        for update in &world.updates {
            check(ROOTS, update).unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
        }
        let all = world.all();
        for doc in world.docs.iter().chain([&all]) {
            let bytes = state(doc);
            let view = view(ROOTS, &bytes, &format!("seed {seed}"));
            assert_same(&shown_by_view(&view), &shown_by_yrs(doc), &format!("seed {seed}"));
            let snapshot = doc.transact().snapshot();
            let clocks: Clocks = snapshot.state_map.iter().map(|(c, k)| (c.get(), *k)).collect();
            assert_eq!(view.version().clocks, clocks, "seed {seed}");
            let mut deletes = DeleteSet::default();
            for (client, ranges) in snapshot.delete_set.iter() {
                ranges.iter().for_each(|range| deletes.insert(client.get(), range.clone()));
            }
            assert_eq!(view.version().deletes, deletes, "seed {seed}");
        }
    }
}

/// The whole trial, in which nothing may contradict itself.
#[test]
fn honest_updates_go_all_the_way() {
    for seed in 0..150 {
        let (mut rng, world) = random_world(seed, 30);
        let follower = Follower::of(&world);
        for _ in 0..4 {
            let at = rng.below(follower.rows.len());
            let Some(row) = follower.rows.get(at) else { continue };
            let state = state(&world.docs[rng.below(world.docs.len())]);
            for update in [row, &state] {
                let verdict = trial(ROOTS, &follower.states[at], update);
                assert_eq!(verdict, Verdict::Passed, "seed {seed}, row {at}");
            }
        }
    }
}

/// Several updates at once, older and newer, of replicas that garbage-collected what others still have.
#[test]
fn honest_sequences_are_never_disputed() {
    let mut taken = 0;
    for seed in 0..250 {
        let (mut rng, world) = random_world(seed, 30);
        let follower = Follower::of(&world);
        let at = rng.below(follower.states.len());
        let some = |rng: &mut Rng| match rng.below(3) {
            0 => follower.rows[at..].iter().take(1 + rng.below(3)).cloned().collect(),
            1 => vec![follower.states[rng.below(follower.states.len())].clone()],
            _ => vec![state(&world.docs[rng.below(world.docs.len())])],
        };
        let mut updates: Vec<Vec<u8>> = Vec::new();
        while updates.len() < 2 {
            updates.extend(some(&mut rng));
        }
        rng.shuffle(&mut updates);
        let outcome = sequence(ROOTS, &follower.states[at], &updates);
        assert!(matches!(outcome, Outcome::Taken | Outcome::Waits), "seed {seed}: {outcome:?}");
        taken += usize::from(outcome == Outcome::Taken);
    }
    assert!(taken > 150, "{taken}");
}

#[track_caller]
fn view(roots: Roots, bytes: &[u8], context: &str) -> View {
    storable(bytes).unwrap_or_else(|fault| panic!("{context}: {fault}"));
    View::of(&check(roots, bytes).unwrap_or_else(|fault| panic!("{context}: {fault}")))
}

/// The same for editors who undo and redo. yrs must accept what it writes; what it shows is not compared
/// here, since an item undone twice may have another position once it is loaded.
#[test]
fn histories_undone_by_yrs_come_through() {
    let count = crate::support::number("GATE_UNDONE").unwrap_or(400);
    let seed = crate::support::number("GATE_SEED").unwrap_or(0);
    let (mut undone, mut fickle) = (0, 0);
    for seed in seed..seed + count {
        let mut rng = Rng::new(seed);
        let steps = 3 + rng.below(40);
        let (world, undoes) = undoing(&mut rng, steps);
        undone += undoes;
        for doc in &world.docs {
            let bytes = state(doc);
            match check(ROOTS, &bytes) {
                Err(fault) => {
                    assert_eq!(fault.rule, "crossing", "seed {seed}");
                    fickle += 1;
                }
                Ok(update) => {
                    let again = new_doc(9, false);
                    apply(&again, &bytes);
                    let shown = shown_by_view(&View::of(&update));
                    assert_same(&shown, &shown_by_yrs(&again), &format!("seed {seed}"));
                }
            }
        }
    }
    println!("{undone} undone, {fickle} states with an order that is another each time");
    assert!(undone > 500 && fickle <= count / 1_000, "{undone} {fickle}");
}

/// Replicas whose editors undo and redo what they did, and how often they did.
fn undoing(rng: &mut Rng, steps: usize) -> (World, usize) {
    let docs: Vec<Doc> =
        (0..1 + rng.below(3)).map(|n| new_doc(n as u64 + 1, rng.chance(30))).collect();
    let mut managers: Vec<UndoManager> = docs.iter().map(|doc| manager(rng, doc)).collect();
    let mut world = World { docs, updates: Vec::new() };
    let mut undone = 0;
    for _ in 0..steps {
        let doc = rng.below(world.docs.len());
        match rng.below(10) {
            0..=2 => undone += usize::from(managers[doc].undo_blocking()),
            3 => undone += usize::from(managers[doc].redo_blocking()),
            4 | 5 => {
                let other = rng.below(world.docs.len());
                world.meet(doc, other);
            }
            _ => world.edit(rng, doc),
        }
    }
    (world, undone)
}

/// Undoes one transaction at a time, or all of them at once.
fn manager(rng: &mut Rng, doc: &Doc) -> UndoManager {
    let capture_timeout_millis = if rng.chance(50) { 0 } else { u64::MAX };
    let mut manager = UndoManager::with_options(yrs::undo::Options {
        capture_timeout_millis,
        timestamp: Arc::new(|| 1),
        ..yrs::undo::Options::default()
    });
    let (map, other, array, text) = {
        let mut txn = doc.transact_mut();
        (
            txn.get_or_insert_map("m"),
            txn.get_or_insert_map("n"),
            txn.get_or_insert_array("l"),
            txn.get_or_insert_text("t"),
        )
    };
    manager.expand_scope(doc, &map);
    manager.expand_scope(doc, &other);
    manager.expand_scope(doc, &array);
    manager.expand_scope(doc, &text);
    manager
}

/// Undoing in Yjs writes items whose origins cross. If Yjs shows a document the same on every load, we must
/// show it like that; anything else is reported as unsupported.
#[test]
fn histories_undone_in_yjs_come_through() {
    let count = crate::support::number("GATE_UNDONE").unwrap_or(3_000);
    let seed = crate::support::number("GATE_SEED").unwrap_or(1);
    let Some(histories) = by_yjs(&[&count.to_string(), &seed.to_string(), "undone"]) else {
        return;
    };
    let mut fickle = 0;
    for (index, history) in histories.iter().enumerate() {
        let context = format!("history {index}");
        let all = &bytes(&history["states"])[0];
        match check(&[], all) {
            Err(fault) => {
                // (Swapped letters may be identical.)
                assert_eq!((fault.rule, fault.is_unsupported()), ("crossing", true), "{context}");
                fickle += 1;
            }
            Ok(_) => {
                assert_eq!(parsed(&history["content"]), parsed(&history["again"]), "{context}");
                is_read_as_yjs_reads_it(history, all, &context);
            }
        }
    }
    println!("{count} histories, {fickle} of them with an order that is another each time");
    assert!(fickle <= count / 1_000, "{fickle}");
}

/// Histories that Yjs wrote, one object per line; `None`, with a notice, if Yjs is not installed.
fn by_yjs(args: &[&str]) -> Option<Vec<Json>> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/yjs");
    if !scripts.join("node_modules/yjs").is_dir() {
        crate::support::skipped("no Yjs; `npm ci --prefix tests/yjs` brings it");
        return None;
    }
    let script = scripts.join("histories.mjs");
    let Ok(output) = Command::new("node").arg(script).args(args).output() else {
        crate::support::skipped("no node here");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    Some(lines.map(|line| serde_json::from_slice(line).expect("JSON")).collect())
}

#[test]
fn histories_by_yjs_come_through() {
    let Some(histories) = by_yjs(&["600", "11"]) else { return };
    let mut unsupported = 0;
    for (index, history) in histories.iter().enumerate() {
        let context = format!("history {index}");
        let all = &bytes(&history["states"])[0];
        match check(&[], all) {
            Err(fault) => {
                assert!(history["rich"] == true && fault.is_unsupported(), "{context}: {fault}");
                unsupported += 1;
            }
            Ok(_) => is_read_as_yjs_reads_it(history, all, &context),
        }
    }
    assert!((50..300).contains(&unsupported), "{unsupported}");
}

fn is_read_as_yjs_reads_it(history: &Json, all: &[u8], context: &str) {
    let view = view(&[], all, context);
    assert_eq!(view.version().clocks, clocks(&history["clocks"]), "{context}");
    assert_eq!(view.version().deletes, deletes(&history["deletes"]), "{context}");
    let content = parsed(&history["content"]);
    let content = content.as_object().expect("roots").iter();
    let content = content.map(|(root, value)| (root.clone(), plain(value)));
    let content: Record = content.filter(|(_, value)| !is_empty(value)).collect();
    assert_same(&untyped(shown_by_view(&view)), &content, context);
    // Through yrs and back, values and types are unchanged.
    let update = check(&[], all).expect("it passed before");
    let (encoded, _) = doc::Doc::load(&update, 1).expect("our load").encode().expect("our encode");
    let again = View::of(&check(&[], &encoded).expect("encoded"));
    let typed = |view: &View, root: &str| serde_json::to_value(view.typed(root)).expect("typed");
    for root in ["map", "array", "text"] {
        // A root without live content may be forgotten.
        if typed(&view, root)["v"].as_object().is_some_and(|v| !v.is_empty()) {
            assert_eq!(typed(&again, root), typed(&view, root), "{context}: {root}");
        }
    }
    // Roots that only ever held temporary content must pass update by update, too.
    let updates = bytes(&history["updates"]);
    if history["rich"] == true || updates.is_empty() {
        return;
    }
    let document = updates.iter().fold(vec![0, 0], |document, update| {
        let base = check(&[], &document).expect("it passed before");
        let update = check(&[], update).unwrap_or_else(|fault| panic!("{context}: {fault}"));
        let missing = update.missing(&base.version().clocks);
        assert!(missing.is_empty(), "{context}: {missing:?}");
        update.fits(&base).unwrap_or_else(|fault| panic!("{context}: {fault}"));
        assert_eq!(update.fork(&base), None, "{context}");
        after(&[], base.bytes(), update.bytes())
    });
    let followed = Update::walk(&document).expect("it walks").version();
    assert_eq!(followed, *view.version(), "{context}");
    for state in bytes(&history["states"]) {
        let state = check(&[], &state).unwrap_or_else(|fault| panic!("{context}: {fault}"));
        assert_eq!(state.fork(&check(&[], &document).expect("checked")), None, "{context}");
    }
}

fn parsed(text: &Json) -> Json {
    serde_json::from_str(text.as_str().expect("text")).expect("JSON")
}

fn bytes(list: &Json) -> Vec<Vec<u8>> {
    let list = list.as_array().expect("a list").iter();
    list.map(|text| BASE64.decode(text.as_str().expect("text").as_bytes()).expect("base64"))
        .collect()
}

fn clocks(object: &Json) -> Clocks {
    let clocks = object.as_object().expect("an object").iter();
    clocks.map(|(client, clock)| (client.parse().expect("a client"), number(clock))).collect()
}

fn deletes(object: &Json) -> DeleteSet {
    let mut deletes = DeleteSet::default();
    for (client, ranges) in object.as_object().expect("an object") {
        for range in ranges.as_array().expect("ranges") {
            let (start, len) = (number(&range[0]), number(&range[1]));
            deletes.insert(client.parse().expect("a client"), start..start + len);
        }
    }
    deletes
}

fn number(value: &Json) -> u32 {
    value.as_u64().and_then(|n| n.try_into().ok()).expect("32 bits")
}

/// JSON from Yjs, in which shared types look like plain ones.
fn plain(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => {
            n.as_i64().map_or_else(|| Value::Number(n.as_f64().expect("a number")), Value::Int)
        }
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(plain).collect()),
        Json::Object(fields) => match fields.get("bigint").and_then(Json::as_str) {
            Some(digits) => Value::Int(digits.parse().expect("64 bits")),
            None => Value::Object(fields.iter().map(|(k, v)| (k.clone(), plain(v))).collect()),
        },
    }
}

/// The same with shared types as plain values.
fn untyped(record: Record) -> Record {
    fn bare(value: Value) -> Value {
        match value {
            Value::Map(fields) | Value::Object(fields) => Value::Object(untyped(fields)),
            Value::Array(items) | Value::List(items) => {
                Value::List(items.into_iter().map(bare).collect())
            }
            Value::Text(text) => Value::String(text),
            other => other,
        }
    }
    record.into_iter().map(|(key, inner)| (key, bare(inner))).collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

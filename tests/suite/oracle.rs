//! What a document holds, determined without the program under test: by plain yrs, and by the dumps made with
//! the fixtures.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use yrs::types::ToJson;
use yrs::updates::decoder::Decode;
use yrs::{
    Any, Array, Doc, Map as _, Number, Options, Out, ReadTxn, StateVector, Transact, WriteTxn,
};

/// A document as plain yrs loads it.
pub struct Plain {
    doc: Doc,
}

impl Plain {
    pub fn of(bytes: &[u8]) -> Self {
        let doc = Doc::new();
        let update = yrs::Update::decode_v1(bytes).expect("yrs decodes it");
        let mut txn = doc.transact_mut();
        txn.apply_update(update).expect("yrs applies it");
        assert!(!txn.has_missing_updates(), "nothing is pending");
        drop(txn);
        Plain { doc }
    }

    pub fn read(file: &Path) -> Self {
        Self::of(&std::fs::read(file).expect("a readable document"))
    }

    /// A root map as JSON.
    pub fn map(&self, root: &str) -> Value {
        let mut txn = self.doc.transact_mut();
        let map = txn.get_or_insert_map(root);
        from_any(&map.to_json(&txn))
    }

    /// The types of the fields of a map, in the terms of the application's guide. The path leads through keys
    /// and indices; its root is an array if the next step is an index.
    pub fn types(&self, path: &[&str]) -> BTreeMap<String, &'static str> {
        let mut txn = self.doc.transact_mut();
        let (root, steps) = path.split_first().expect("a root");
        let place = |step: &str| step.parse::<u32>().ok();
        let mut at = match steps.first().and_then(|step| place(step)) {
            Some(_) => Out::YArray(txn.get_or_insert_array(*root)),
            None => Out::YMap(txn.get_or_insert_map(*root)),
        };
        for step in steps {
            at = match &at {
                Out::YMap(map) => map.get(&txn, step),
                Out::YArray(array) => array.get(&txn, place(step).expect("a place")),
                other => panic!("nothing below {other:?}"),
            }
            .unwrap_or_else(|| panic!("no {step} in {path:?}"));
        }
        let Out::YMap(map) = at else { panic!("no map at {path:?}: {at:?}") };
        map.iter(&txn).map(|(key, value)| (key.to_owned(), type_of(&value))).collect()
    }

    /// The clients that wrote into the document, with their clocks, sorted.
    pub fn clients(&self) -> Vec<(u64, u32)> {
        let txn = self.doc.transact();
        let mut clients: Vec<(u64, u32)> =
            txn.state_vector().iter().map(|(id, clock)| (id.get(), *clock)).collect();
        clients.sort_unstable();
        clients
    }
}

fn type_of(value: &Out) -> &'static str {
    match value {
        Out::Any(Any::String(_)) => "String",
        Out::Any(Any::Bool(_)) => "bool",
        Out::Any(Any::Number(Number::Int(_))) => "i64",
        Out::Any(Any::Number(Number::Float(_))) => "f64",
        Out::YMap(_) => "Map",
        Out::YArray(_) => "Array",
        other => panic!("a type that the guide does not know: {other:?}"),
    }
}

/// A bare update, as another Yrs program would hand it over: what `change` did to a document that had `base`,
/// written under `client`.
pub fn update(
    client: u64,
    base: &[&[u8]],
    change: impl FnOnce(&mut yrs::TransactionMut),
) -> Vec<u8> {
    let doc = Doc::with_options(Options::with_client_id(yrs::ClientID::new(client)));
    for known in base {
        let known = yrs::Update::decode_v1(known).expect("yrs decodes it");
        doc.transact_mut().apply_update(known).expect("yrs applies it");
    }
    let mut txn = doc.transact_mut();
    change(&mut txn);
    txn.encode_update_v1()
}

/// The state that some updates add up to.
pub fn state(updates: &[&[u8]]) -> Vec<u8> {
    let doc = Doc::new();
    for update in updates {
        let update = yrs::Update::decode_v1(update).expect("yrs decodes it");
        doc.transact_mut().apply_update(update).expect("yrs applies it");
    }
    doc.transact().encode_state_as_update_v1(&StateVector::default())
}

fn from_any(any: &Any) -> Value {
    match any {
        Any::Null | Any::Undefined => Value::Null,
        Any::Bool(b) => json!(b),
        Any::Number(Number::Int(n)) => json!(n),
        Any::Number(Number::Float(n)) => whole(*n),
        Any::String(text) => json!(text.as_ref()),
        Any::Buffer(bytes) => json!(data_encoding::BASE64.encode(bytes)),
        Any::Array(items) => items.iter().map(from_any).collect(),
        Any::Map(map) => {
            Value::Object(map.iter().map(|(key, value)| (key.clone(), from_any(value))).collect())
        }
    }
}

/// The roots of a typed dump (`{"t": "map", "v": …}`) as plain JSON, without empty roots, since only a dump
/// that names them sees them.
pub fn expected(file: &Path) -> Value {
    let packed = std::fs::File::open(file).expect("an expected dump");
    let dump: Value =
        serde_json::from_slice(&zstd::decode_all(packed).expect("zstd")).expect("JSON");
    let roots = dump["roots"].as_object().expect("roots").iter();
    Value::Object(
        roots
            .map(|(root, value)| (root.clone(), from_typed(value)))
            .filter(|(_, value)| !is_empty(value))
            .collect(),
    )
}

fn from_typed(typed: &Value) -> Value {
    let value = &typed["v"];
    match typed["t"].as_str() {
        Some("map" | "any-map") => {
            let fields = value.as_object().expect("fields").iter();
            fields
                .map(|(key, value)| (key.clone(), from_typed(value)))
                .collect::<Map<_, _>>()
                .into()
        }
        Some("array" | "any-array") => {
            value.as_array().expect("elements").iter().map(from_typed).collect()
        }
        Some("string" | "text" | "bool") => value.clone(),
        Some("number") => whole(value.as_f64().expect("a number")),
        Some("bigint") => json!(value.as_str().and_then(|n| n.parse::<i64>().ok())),
        Some("null" | "undefined") => Value::Null,
        other => panic!("a type that no expected dump has so far: {other:?}"),
    }
}

/// Numbers compare by value: the same item is an integer here and a float there.
fn whole(n: f64) -> Value {
    if n.fract() == 0.0 && n.abs() < 9e15 { json!(n as i64) } else { json!(n) }
}

/// JSON with whole floats as integers, and without empty roots.
pub fn canonical(dump: &Value) -> Value {
    let roots = dump.as_object().expect("an object of roots").iter();
    Value::Object(
        roots
            .map(|(root, value)| (root.clone(), numbers(value)))
            .filter(|(_, value)| !is_empty(value))
            .collect(),
    )
}

fn numbers(value: &Value) -> Value {
    match value {
        Value::Number(n) => n.as_i64().map_or_else(|| whole(n.as_f64().unwrap_or(0.0)), Into::into),
        Value::Array(items) => items.iter().map(numbers).collect(),
        Value::Object(map) => {
            Value::Object(map.iter().map(|(key, value)| (key.clone(), numbers(value))).collect())
        }
        other => other.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

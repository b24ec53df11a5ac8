//! Random documents for the tests: several yrs replicas that edit concurrently and sometimes exchange
//! updates.
//!
//! The unit tests use this as a module of the crate, and `tests/gate` includes it by its path, so it names
//! only what the crate makes public.

use crate::crdt::view::View;
use crate::wire::{Record, Update, Value};
use std::collections::HashMap;
use std::sync::Arc;
use yrs::types::ToJson;
use yrs::updates::decoder::Decode;
use yrs::{
    Any, Array, ArrayPrelim, ArrayRef, Doc, GetString, Map, MapPrelim, MapRef, Number, Options,
    Out, ReadTxn, StateVector, Text, TextPrelim, TextRef, Transact, TransactionMut, WriteTxn,
};

/// A small deterministic generator (xorshift64).
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for end in (1..list.len()).rev() {
            list.swap(end, self.below(end + 1));
        }
    }
}

/// Replicas, and what each of their transactions wrote, in the order of writing.
pub struct World {
    pub docs: Vec<Doc>,
    pub updates: Vec<Vec<u8>>,
}

const KEYS: [&str; 6] = ["a", "b", "c", "title", "ключ", "🌊"];

impl World {
    /// One to four replicas and about `steps` transactions.
    pub fn random(rng: &mut Rng, steps: usize) -> World {
        let ids = [7, 300, 0x8000_0001, 0xffff_fff0, (1 << 48) + 5, (1 << 53) - 1];
        let start = rng.below(ids.len());
        let docs: Vec<Doc> = (0..1 + rng.below(4))
            .map(|n| new_doc(ids[(start + n) % ids.len()], rng.chance(15)))
            .collect();
        let mut world = World { docs, updates: Vec::new() };
        for _ in 0..steps {
            let doc = rng.below(world.docs.len());
            if rng.chance(30) {
                let other = rng.below(world.docs.len());
                world.meet(doc, other);
            } else {
                world.edit(rng, doc);
            }
        }
        world
    }

    pub fn edit(&mut self, rng: &mut Rng, doc: usize) {
        let mut txn = self.docs[doc].transact_mut();
        for _ in 0..1 + rng.below(4) {
            random_edit(rng, &mut txn);
        }
        let update = txn.encode_update_v1();
        if update != [0, 0] {
            self.updates.push(update);
        }
    }

    /// One replica merges what the other has.
    pub fn meet(&mut self, doc: usize, other: usize) {
        if doc != other {
            let have = self.docs[doc].transact().state_vector();
            let update = self.docs[other].transact().encode_diff_v1(&have);
            apply(&self.docs[doc], &update);
        }
    }

    /// A replica that has everything.
    pub fn all(&self) -> Doc {
        let all = new_doc(1, false);
        self.docs.iter().for_each(|doc| apply(&all, &state(doc)));
        all
    }
}

/// A world from a seed, of at most `steps` steps, and the generator in its following state.
pub fn random_world(seed: u64, steps: usize) -> (Rng, World) {
    let mut rng = Rng::new(seed);
    let steps = 2 + rng.below(steps);
    let world = World::random(&mut rng, steps);
    (rng, world)
}

/// A replica that applied the updates of a world one by one, what each of its own transactions wrote, and its
/// state after each.
pub struct Follower {
    pub doc: Doc,
    pub rows: Vec<Vec<u8>>,
    pub states: Vec<Vec<u8>>,
}

impl Follower {
    pub fn of(world: &World) -> Follower {
        let doc = new_doc(2, false);
        let mut follower = Follower { doc, rows: Vec::new(), states: vec![vec![0, 0]] };
        for update in &world.updates {
            let mut txn = follower.doc.transact_mut();
            txn.apply_update(yrs::Update::decode_v1(update).expect("yrs decodes"))
                .expect("yrs applies");
            assert!(!txn.has_missing_updates());
            follower.rows.push(txn.encode_update_v1());
            drop(txn);
            follower.states.push(state(&follower.doc));
        }
        follower
    }
}

/// A document with its roots typed, so that yrs can show them.
pub fn new_doc(client: u64, skip_gc: bool) -> Doc {
    let mut options = Options::with_client_id(yrs::ClientID::new(client));
    options.skip_gc = skip_gc;
    let doc = Doc::with_options(options);
    let mut txn = doc.transact_mut();
    txn.get_or_insert_map("m");
    txn.get_or_insert_map("n");
    txn.get_or_insert_array("l");
    txn.get_or_insert_text("t");
    drop(txn);
    doc
}

pub fn apply(doc: &Doc, update: &[u8]) {
    let update = yrs::Update::decode_v1(update).expect("yrs decodes");
    doc.transact_mut().apply_update(update).expect("yrs applies");
}

pub fn state(doc: &Doc) -> Vec<u8> {
    doc.transact().encode_state_as_update_v1(&StateVector::default())
}

enum Shared {
    Map(MapRef),
    Array(ArrayRef),
    Text(TextRef),
}

fn random_edit(rng: &mut Rng, txn: &mut TransactionMut<'_>) {
    let mut shared = match rng.below(8) {
        0..=2 => Shared::Map(txn.get_or_insert_map("m")),
        3 => Shared::Map(txn.get_or_insert_map("n")),
        4 | 5 => Shared::Array(txn.get_or_insert_array("l")),
        _ => Shared::Text(txn.get_or_insert_text("t")),
    };
    while rng.chance(70) {
        match below(rng, txn, &shared) {
            Some(inner) => shared = inner,
            None => break,
        }
    }
    match shared {
        Shared::Map(map) => edit_map(rng, txn, &map),
        Shared::Array(array) => edit_array(rng, txn, &array),
        Shared::Text(text) => edit_text(rng, txn, &text),
    }
}

/// A container inside this one.
fn below(rng: &mut Rng, txn: &TransactionMut<'_>, shared: &Shared) -> Option<Shared> {
    let out = match shared {
        Shared::Map(map) => map.get(txn, rng.pick(&KEYS))?,
        Shared::Array(array) => {
            let len = array.len(txn) as usize;
            array.get(txn, rng.below(len) as u32)?
        }
        Shared::Text(_) => return None,
    };
    match out {
        Out::YMap(map) => Some(Shared::Map(map)),
        Out::YArray(array) => Some(Shared::Array(array)),
        Out::YText(text) => Some(Shared::Text(text)),
        _ => None,
    }
}

fn edit_map(rng: &mut Rng, txn: &mut TransactionMut<'_>, map: &MapRef) {
    let key = rng.pick(&KEYS);
    match rng.below(12) {
        0 | 1 => drop(map.remove(txn, key)),
        2 => drop(map.insert(txn, key, MapPrelim::default())),
        3 => drop(map.insert(txn, key, MapPrelim::from([("x", random_any(rng, 2))]))),
        4 => drop(map.insert(txn, key, ArrayPrelim::from([1, 2, 3]))),
        5 => drop(map.insert(txn, key, TextPrelim::new("text"))),
        _ => drop(map.insert(txn, key, random_any(rng, 2))),
    }
}

fn edit_array(rng: &mut Rng, txn: &mut TransactionMut<'_>, array: &ArrayRef) {
    let len = array.len(txn) as usize;
    let index = rng.below(len + 1) as u32;
    match rng.below(10) {
        0..=2 if len > 0 => {
            let from = rng.below(len);
            let count = 1 + rng.below((len - from).min(4));
            array.remove_range(txn, from as u32, count as u32);
        }
        3 => drop(array.insert(txn, index, MapPrelim::from([("x", 1)]))),
        4 => drop(array.insert(txn, index, ArrayPrelim::default())),
        5 => drop(array.insert(txn, index, TextPrelim::new("in array"))),
        6 => array.push_back(txn, Any::Buffer(Arc::from([1u8, 2, 3]))).into_unit(),
        _ => {
            let values: Vec<Any> = (0..1 + rng.below(5)).map(|_| random_any(rng, 1)).collect();
            array.insert_range(txn, index, values);
        }
    }
}

trait IntoUnit {
    fn into_unit(self);
}

impl<T> IntoUnit for T {
    fn into_unit(self) {}
}

fn edit_text(rng: &mut Rng, txn: &mut TransactionMut<'_>, text: &TextRef) {
    // Offsets are bytes in yrs by default; keep to character boundaries.
    let content = text.get_string(txn);
    let mut at: Vec<usize> = content.char_indices().map(|(at, _)| at).collect();
    at.push(content.len());
    let from = rng.below(at.len());
    if rng.chance(35) && content.len() > 1 {
        let to = (from + 1 + rng.below(4)).min(at.len() - 1);
        if to > from {
            text.remove_range(txn, at[from] as u32, (at[to] - at[from]) as u32);
        }
    } else {
        let words = ["hello", "a", "ß", "日本", "🌊🌊", "xyz ", "é🐚b"];
        text.insert(txn, at[from] as u32, rng.pick(&words));
    }
}

pub fn random_any(rng: &mut Rng, depth: usize) -> Any {
    match rng.below(if depth > 0 { 12 } else { 9 }) {
        0 => Any::Null,
        1 => Any::Undefined,
        2 => Any::Bool(rng.chance(50)),
        3 => Any::Number(Number::Int(rng.next() as i64 >> rng.below(64))),
        4 => Any::Number(Number::Float(rng.below(1000) as f64 / 8.0)),
        5 => Any::Number(Number::Float(f64::from_bits(rng.next()))),
        6 | 7 => Any::String(Arc::from(rng.pick(&["", "hello", "🌊", "ключ"]))),
        8 => Any::Buffer(Arc::from(rng.next().to_be_bytes())),
        9 | 10 => {
            let items: Vec<Any> = (0..rng.below(3)).map(|_| random_any(rng, depth - 1)).collect();
            Any::Array(items.into())
        }
        _ => {
            let keys = rng.below(4);
            let entries: HashMap<String, Any> = KEYS[..keys]
                .iter()
                .map(|key| ((*key).to_owned(), random_any(rng, depth - 1)))
                .collect();
            Any::Map(Arc::new(entries))
        }
    }
}

/// What yrs shows of a document made by [`new_doc`]: the roots that are not empty.
pub fn shown_by_yrs(doc: &Doc) -> Record {
    let txn = doc.transact();
    let shown = txn.root_refs().map(|(name, _)| {
        let value = match name {
            "l" => from_out(Out::YArray(txn.get_array(name).unwrap()), &txn),
            "t" => from_out(Out::YText(txn.get_text(name).unwrap()), &txn),
            _ => from_out(Out::YMap(txn.get_map(name).unwrap()), &txn),
        };
        (name.to_owned(), value)
    });
    shown.filter(|(_, value)| !is_empty(value)).collect()
}

pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Map(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Text(text) => text.is_empty(),
        _ => false,
    }
}

/// Converts content as yrs holds it to plain data.
pub fn from_out<T: ReadTxn>(out: Out, txn: &T) -> Value {
    match out {
        Out::YMap(map) => {
            Value::Map(map.iter(txn).map(|(k, v)| (k.to_owned(), from_out(v, txn))).collect())
        }
        Out::YArray(array) => Value::Array(array.iter(txn).map(|v| from_out(v, txn)).collect()),
        Out::YText(text) => Value::Text(text.get_string(txn)),
        other => from_any(&other.to_json(txn)),
    }
}

fn from_any(any: &Any) -> Value {
    match any {
        Any::Null => Value::Null,
        Any::Undefined => Value::Undefined,
        Any::Bool(b) => Value::Bool(*b),
        Any::Number(Number::Int(n)) => Value::Int(*n),
        Any::Number(Number::Float(n)) => Value::Number(*n),
        Any::String(text) => Value::String(text.to_string()),
        Any::Buffer(bytes) => Value::Bytes(bytes.to_vec()),
        Any::Array(items) => Value::List(items.iter().map(from_any).collect()),
        Any::Map(map) => {
            Value::Object(map.iter().map(|(key, any)| (key.clone(), from_any(any))).collect())
        }
    }
}

/// What a view shows: the roots that are not empty.
pub fn shown_by_view(view: &View) -> Record {
    use crate::crdt::source::Source;
    let shown = view.roots().into_iter().map(|root| (root.clone(), view.value(&[&root]).unwrap()));
    shown.filter(|(_, value)| !is_empty(value)).collect()
}

/// Compares the output of two readers, numbers by value.
#[track_caller]
pub fn assert_same(a: &Record, b: &Record, context: &str) {
    let (a, b) = (Value::Map(a.clone()), Value::Map(b.clone()));
    assert!(a.same(&b), "{context}\n left: {a:?}\nright: {b:?}");
}

/// A view of bytes that must pass the check.
#[track_caller]
pub fn view(bytes: &[u8]) -> View {
    View::of(&Update::walk(bytes).unwrap().check(&[]).unwrap_or_else(|fault| panic!("{fault}")))
}

/// The documents of the fixture stores, by file.
pub fn fixtures() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut open =
        vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ext| ext == "yrs") {
                files.push((path.display().to_string(), std::fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    assert!(files.len() > 10);
    files
}

//! One update on its way in: the gate as an import runs it, and after it everything that a store does with an
//! accepted update.
//!
//! Invariants are asserted; the harm hostile bytes do to a process that trusts them (abort, endless loop,
//! exhausted memory) can only be observed from outside ([`crate::warden`]). The fuzz targets include this
//! file by its path.

use crate::testing::{assert_same, from_out, is_empty, shown_by_view, state};
use crdtctl::crdt::doc;
use crdtctl::crdt::view::View;
use crdtctl::gate::{self, admit, storable};
use crdtctl::limits::CONTAINER_DEPTH;
use crdtctl::wire::{Checked, Fault, Record, RootKind, Salvage, Update, Value, merge};
use std::borrow::Cow;
use yrs::updates::decoder::Decode;
use yrs::{
    Any, Array, ArrayRef, Doc, GetString, Map, MapPrelim, MapRef, OffsetKind, Options, Out,
    ReadTxn, Text, TextRef, Transact, TransactionMut, WriteTxn,
};

/// The roots of a concern.
pub type Roots = &'static [(&'static str, RootKind)];

/// The outcome for an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// By this rule.
    Refused(&'static str),
    Waits,
    Forked,
    Passed,
    /// It passed, but its origins contradict one another: positions then depend on the order of arrival,
    /// until the document is loaded again. Editing never produces this.
    Contradictory,
}

/// The client id of documents that are only read.
pub const READER: u64 = (1 << 40) + 1;

/// Brings an update to a document that has `base`, through the gate to yrs. What passes applies whole, is
/// shown alike by yrs and by our own reader, and can be logged, merged, saved, loaded, edited and saved
/// again.
pub fn trial(roots: Roots, base: &[u8], bytes: &[u8]) -> Verdict {
    let (base, news) = match gate(roots, base, bytes) {
        Ok(passed) => passed,
        Err(verdict) => return verdict,
    };
    let document = open(READER, base.bytes());
    let row = take(&document, &news);
    let (saved, shown) = save(roots, &document, "applied");
    let again = open(fresh_client(&saved), &saved);
    assert_same(&shown_by_yrs(&again, &shown), &shown, "loaded again");
    let crosses = check(roots, &saved).is_ok_and(|saved| saved.crosses());
    let agrees = !crosses && same(&shown_by_yrs(&document, &shown), &shown);
    let expected = agrees.then_some(&shown);
    log_and_merge(roots, &base, &news, &row, expected);
    through_our_document(roots, &base, &news, expected);
    edit_everywhere(&again, &shown);
    let (edited, shown) = save(roots, &again, "edited");
    assert_same(&shown_by_yrs(&open(READER, &edited), &shown), &shown, "edited and loaded");
    match agrees && same(&shown_by_yrs(&again, &shown), &shown) {
        true => Verdict::Passed,
        false => Verdict::Contradictory,
    }
}

/// A client id that a document does not know. (A store refuses what others wrote under its own: see
/// `Session::apply`.)
pub fn fresh_client(bytes: &[u8]) -> u64 {
    let clocks = Update::walk(bytes).expect("it was saved").version().clocks;
    (READER..).find(|client| !clocks.contains_key(client)).expect("there are many")
}

/// The state of a document after this update, which must pass.
pub fn after(roots: Roots, base: &[u8], bytes: &[u8]) -> Vec<u8> {
    let document = open(READER, base);
    let (_, news) = gate(roots, base, bytes).unwrap_or_else(|verdict| panic!("{verdict:?}"));
    take(&document, &news);
    save(roots, &document, "applied").0
}

/// Salvages from arbitrary bytes what can join a document: it must pass the gate, and yrs must take it.
pub fn salvage(roots: Roots, base: &[u8], bytes: &[u8]) {
    let whole = check(roots, base).expect("the document itself");
    let Some(part) = Salvage::read(bytes).joining(&whole, roots) else { return };
    match gate(roots, base, &part) {
        Ok(_) => drop(after(roots, base, &part)),
        Err(verdict) => panic!("what was salvaged: {verdict:?}"),
    }
}

/// Runs the gate as an import does: valid, ready, not forked, fitting. Returns what yrs is then given.
fn gate<'u>(
    roots: Roots,
    base: &'u [u8],
    bytes: &'u [u8],
) -> Result<(Update<'u, Checked>, Cow<'u, [u8]>), Verdict> {
    let refused = |fault: Fault| Verdict::Refused(fault.rule);
    let base = check(roots, base).unwrap_or_else(|fault| panic!("the document itself: {fault}"));
    let update = check(roots, bytes).map_err(refused)?;
    let mut verdicts = admit(&base, &[&update], roots).into_iter();
    match (verdicts.next(), verdicts.next()) {
        (Some((0, gate::Verdict::New(news))), None) => Ok((base, news)),
        (Some((0, gate::Verdict::Known)), None) => {
            let held = base.version().clocks;
            let news = update.news(|client| held.get(&client).copied().unwrap_or(0));
            Ok((base, news))
        }
        (Some((0, gate::Verdict::Waits(_))), None) => Err(Verdict::Waits),
        (Some((0, gate::Verdict::Forked(_))), None) => Err(Verdict::Forked),
        (Some((0, gate::Verdict::Invalid(fault))), None) => Err(refused(fault)),
        other => panic!("one update has one verdict: {other:?}"),
    }
}

pub fn check<'u>(roots: Roots, bytes: &'u [u8]) -> Result<Update<'u, Checked>, Fault> {
    Update::checked(bytes, roots)
}

/// A yrs document with this state, as [`doc::Doc`] opens one. Its roots have no type yet: an application
/// gives them one when it asks for them.
pub fn open(client: u64, bytes: &[u8]) -> Doc {
    let mut options = Options::with_client_id(yrs::ClientID::new(client));
    options.offset_kind = OffsetKind::Utf16;
    let document = Doc::with_options(options);
    take(&document, bytes);
    document
}

/// Applies a whole update; returns the update that the transaction reports.
pub fn take(document: &Doc, bytes: &[u8]) -> Vec<u8> {
    let update = yrs::Update::decode_v1(bytes).unwrap_or_else(|e| panic!("yrs decodes: {e}"));
    let mut txn = document.transact_mut();
    txn.apply_update(update).unwrap_or_else(|e| panic!("yrs applies: {e}"));
    assert!(!txn.has_missing_updates(), "something is pending");
    txn.encode_update_v1()
}

/// The state of a document, which must be storable, and what our own reader shows of it.
#[track_caller]
pub fn save(roots: Roots, document: &Doc, when: &str) -> (Vec<u8>, Record) {
    let saved = state(document);
    let version = storable(&saved).unwrap_or_else(|fault| panic!("{when}, saved: {fault}"));
    let snapshot = document.transact().snapshot();
    let clocks = snapshot.state_map.iter().map(|(client, clock)| (client.get(), *clock)).collect();
    assert_eq!(version.clocks, clocks, "{when}: state vector");
    let shown = shown(roots, &saved);
    (saved, shown)
}

/// What our own reader shows of a state.
pub fn shown(roots: Roots, bytes: &[u8]) -> Record {
    let update = check(roots, bytes).unwrap_or_else(|fault| panic!("saved and refused: {fault}"));
    let mut shown = shown_by_view(&View::of(&update));
    if roots.is_empty() {
        // A type that holds only containers may be an array or a text.
        shown.retain(|_, value| match value {
            Value::Array(items) => items.iter().any(|item| !is_container(item)),
            _ => true,
        });
    }
    shown
}

fn is_container(value: &Value) -> bool {
    matches!(value, Value::Map(_) | Value::Array(_) | Value::Text(_))
}

pub fn same(a: &Record, b: &Record) -> bool {
    Value::Map(a.clone()).same(&Value::Map(b.clone()))
}

/// What yrs shows, with each root requested as the type that `like` has.
pub fn shown_by_yrs(document: &Doc, like: &Record) -> Record {
    let names: Vec<String> =
        document.transact().root_refs().map(|(name, _)| name.to_owned()).collect();
    let mut txn = document.transact_mut();
    let mut shown = Record::new();
    for name in names {
        let out = match like.get(&name) {
            Some(Value::Array(_)) => Out::YArray(txn.get_or_insert_array(name.as_str())),
            Some(Value::Text(_)) => Out::YText(txn.get_or_insert_text(name.as_str())),
            Some(_) => Out::YMap(txn.get_or_insert_map(name.as_str())),
            None => {
                let text = txn.get_or_insert_text(name.as_str()).get_string(&txn);
                assert_eq!(text, "", "{name} holds something for yrs");
                Out::YMap(txn.get_or_insert_map(name.as_str()))
            }
        };
        let value = from_out(out, &txn);
        if !is_empty(&value) {
            shown.insert(name, value);
        }
    }
    shown
}

/// The other ways to the same document: replaying what the log keeps of the import, and merging without yrs,
/// both what the log keeps and what yrs was given.
fn log_and_merge(
    roots: Roots,
    base: &Update<'_, Checked>,
    bytes: &[u8],
    row: &[u8],
    expected: Option<&Record>,
) {
    let logged = match gate(roots, base.bytes(), row) {
        Ok((_, logged)) => logged,
        Err(verdict) => panic!("what the log would keep: {verdict:?}"),
    };
    let replayed = open(READER, base.bytes());
    take(&replayed, &logged);
    let merged = |a: &[u8], b: &[u8]| {
        let parts = [a, b].map(|part| check(roots, part).expect("it passed before"));
        merge(&parts).expect("no gap")
    };
    let overlaid = [merged(base.bytes(), row), merged(row, base.bytes())];
    let joined = [merged(base.bytes(), bytes), merged(bytes, base.bytes())];
    let Some(expected) = expected else { return };
    assert_same(&shown_by_yrs(&replayed, expected), expected, "replayed from the log");
    for bytes in overlaid {
        assert_same(&shown(roots, &bytes), expected, "merged from the log");
    }
    for bytes in joined {
        assert_same(&shown(roots, &bytes), expected, "merged without yrs");
    }
}

/// The program's own way: load, apply, read, encode.
fn through_our_document(
    roots: Roots,
    base: &Update<'_, Checked>,
    bytes: &[u8],
    expected: Option<&Record>,
) {
    let update = check(roots, bytes).expect("it passed before");
    let mut document = doc::Doc::load(base, READER).unwrap_or_else(|e| panic!("our load: {e:?}"));
    document.apply(&update).unwrap_or_else(|e| panic!("our apply: {e:?}"));
    let read: Record = document.read(|source| {
        let value = |name: String| source.value(&[&name]).map(|value| (name, value));
        source.roots().into_iter().filter_map(value).collect()
    });
    let (bytes, _) = document.encode().unwrap_or_else(|e| panic!("our encode: {e:?}"));
    let Some(expected) = expected else { return };
    assert_same(&shown(roots, &bytes), expected, "our document");
    for (name, value) in expected.iter().filter(|(_, value)| matches!(value, Value::Map(_))) {
        assert!(read.get(name).is_some_and(|read| read.same(value)), "our document, root {name}");
    }
}

/// Sets, inserts and removes in every container of a document.
pub fn edit_everywhere(document: &Doc, shown: &Record) {
    for (name, value) in shown {
        let mut txn = document.transact_mut();
        match value {
            Value::Array(_) => edit_array(&txn.get_or_insert_array(name.as_str()), &mut txn, 0),
            Value::Text(_) => edit_text(&txn.get_or_insert_text(name.as_str()), &mut txn),
            _ => edit_map(&txn.get_or_insert_map(name.as_str()), &mut txn, 0),
        }
    }
}

fn edit(out: &Out, txn: &mut TransactionMut<'_>, depth: usize) {
    match out {
        Out::YMap(map) => edit_map(map, txn, depth),
        Out::YArray(array) => edit_array(array, txn, depth),
        Out::YText(text) => edit_text(text, txn),
        _ => {}
    }
}

fn edit_map(map: &MapRef, txn: &mut TransactionMut<'_>, depth: usize) {
    let mut keys: Vec<String> = map.keys(txn).map(str::to_owned).collect();
    keys.sort();
    for (n, key) in keys.iter().enumerate() {
        if let Some(out) = map.get(txn, key) {
            edit(&out, txn, depth + 1);
        }
        match n % 3 {
            0 => drop(map.remove(txn, key)),
            1 => drop(map.insert(txn, key.as_str(), "set")),
            _ => {}
        }
    }
    map.insert(txn, "new", 1);
    if depth < CONTAINER_DEPTH {
        map.insert(txn, "below", MapPrelim::from([("x", true)]));
    }
}

fn edit_array(array: &ArrayRef, txn: &mut TransactionMut<'_>, depth: usize) {
    let inner: Vec<Out> = array.iter(txn).collect();
    inner.iter().for_each(|out| edit(out, txn, depth + 1));
    let len = array.len(txn);
    assert_eq!(len as usize, inner.len(), "an array's length");
    array.insert(txn, 0, "first");
    array.insert(txn, len / 2 + 1, Any::from(vec![Any::from(1), Any::Null]));
    if depth < CONTAINER_DEPTH {
        array.push_back(txn, MapPrelim::from([("x", 1)]));
    }
    if len > 1 {
        array.remove_range(txn, len / 2, 2);
    }
    array.remove(txn, array.len(txn) - 1);
}

fn edit_text(text: &TextRef, txn: &mut TransactionMut<'_>) {
    // If it holds anything but text, only the ends are known.
    let content = text.get_string(txn);
    let units = |text: &str| text.encode_utf16().count() as u32;
    if units(&content) == text.len(txn) {
        let middle = content.char_indices().map(|(at, _)| at).nth(content.chars().count() / 2);
        let (before, after) = content.split_at(middle.unwrap_or(0));
        if let Some(next) = after.chars().next() {
            text.remove_range(txn, units(before), next.len_utf16() as u32);
        }
        text.insert(txn, units(before), "ß🌊");
    }
    text.insert(txn, text.len(txn), "last");
    text.insert(txn, 0, "first");
}

/// Brings an update to yrs without the gate, like a program that trusts its input. Returns whether yrs took
/// it.
pub fn believe(roots: Roots, base: &[u8], bytes: &[u8]) -> bool {
    let document = open(READER, base);
    let Ok(update) = yrs::Update::decode_v1(bytes) else { return false };
    if document.transact_mut().apply_update(update).is_err() {
        return false;
    }
    for (name, kind) in roots {
        let mut txn = document.transact_mut();
        let out = match kind {
            RootKind::Array => Out::YArray(txn.get_or_insert_array(*name)),
            RootKind::Text => Out::YText(txn.get_or_insert_text(*name)),
            RootKind::Map => Out::YMap(txn.get_or_insert_map(*name)),
        };
        from_out(out.clone(), &txn);
        edit(&out, &mut txn, 0);
    }
    state(&document);
    true
}

//! Every shared type as Yjs reads it: random documents that Yjs wrote, whole and with gaps, in v1 and v2, and
//! what Yjs shows of them.

use crate::support::*;
use crdtctl::crdt::types::{JsonForm, JsonOut, SharedTypes};
use crdtctl::crdt::view::View;
use crdtctl::foreign::{FileContent, Named, identify_as};
use crdtctl::wire::{Update, from_v2, merge_with_gaps, to_v2};
use data_encoding::BASE64;
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// Documents of Yjs; `None`, with a notice, if Yjs is not installed.
pub fn documents(count: u64, seed: u64) -> Option<Vec<Value>> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/yjs");
    if !scripts.join("node_modules/yjs").is_dir() {
        skipped("no Yjs; `npm ci --prefix tests/yjs` brings it");
        return None;
    }
    let mut node = Command::new("node");
    node.arg(scripts.join("types.mjs")).args([count.to_string(), seed.to_string()]);
    let Ok(output) = node.output() else {
        skipped("no node here");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    Some(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// What Yjs shows of updates in base64.
fn shown_by_yjs(updates: &[String]) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/yjs/types.mjs");
    let mut node = Command::new("node");
    let mut node = node
        .arg(script)
        .arg("show")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = node.stdin.take().unwrap();
    let text = updates.join("\n");
    let writes = std::thread::spawn(move || input.write_all(text.as_bytes()).unwrap());
    let output = node.wait_with_output().unwrap();
    writes.join().unwrap();
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What Yjs shows of states.
pub fn read_by_yjs(states: &[Vec<u8>]) -> Vec<Value> {
    shown_by_yjs(&states.iter().map(|state| BASE64.encode(state)).collect::<Vec<_>>())
}

pub fn bytes(value: &Value) -> Vec<u8> {
    BASE64.decode(value.as_str().unwrap().as_bytes()).unwrap()
}

pub fn several(values: &Value) -> Vec<Vec<u8>> {
    values.as_array().unwrap().iter().map(bytes).collect()
}

pub fn typed(types: &SharedTypes) -> Value {
    let mut out = Vec::new();
    types.write_json(&mut JsonOut::new(&mut out, true), JsonForm::Tagged).unwrap();
    serde_json::from_slice(&out).unwrap()
}

fn merged(updates: &[Vec<u8>]) -> Vec<u8> {
    let updates: Vec<Update<'_>> =
        updates.iter().map(|update| Update::walk(update).unwrap()).collect();
    merge_with_gaps(&updates)
}

/// `TYPES_DOCUMENTS` and `TYPES_SEED` make more and different ones.
#[test]
fn every_shared_type_is_read_as_yjs_reads_it() {
    let (count, seed) =
        (number("TYPES_DOCUMENTS").unwrap_or(200), number("TYPES_SEED").unwrap_or(1));
    let Some(all) = documents(count, seed) else { return };
    let (mut rich, mut waits, mut as_yjs, mut past) = (0, 0, 0, 0);
    let mut rebuilt = Vec::new();
    for (index, document) in all.iter().enumerate() {
        let at = format!("seed {seed}, document {index}");
        let v1 = bytes(&document["v1"]);
        let types = SharedTypes::read(v1.clone()).unwrap();
        let state = &document["state"];
        assert_eq!(typed(&types), state["typed"], "{at}");
        assert!(types.waiting().is_empty(), "{at}");
        if let Some((_, xml)) = types.live_roots().find(|(name, _)| *name == "xml") {
            // Yjs shows what is not an XML node in its own ways.
            let shown = types.yjs_xml(xml);
            if !shown.contains("[object") && !state["xml"].as_str().unwrap().contains("[object") {
                assert_eq!(shown, state["xml"], "{at}");
            }
        }
        // Rebuilt, it has the same content, and no history.
        let anew = SharedTypes::read(types.rebuilt(7).unwrap().update).unwrap();
        assert_eq!(typed(&anew), state["typed"], "{at}, rebuilt");
        assert_eq!(anew.digest(), types.digest(), "{at}, rebuilt");
        assert!(anew.version().deletes.is_empty() && anew.version().clocks.len() <= 1, "{at}");
        rebuilt.push(BASE64.encode(anew.bytes()));
        // What was not collected is still there as it was.
        let moment = bytes(&document["then"]["snapshot"]);
        let Some(FileContent::Moment(moment)) =
            identify_as(&moment, Named::Snapshot).map(|found| found.found)
        else {
            panic!("{at}: no snapshot");
        };
        let moment = moment.v1.unwrap();
        match SharedTypes::read_at(v1.clone(), Some(&moment)) {
            // A surrogate pair that was split since then is gone: Yjs wrote it so.
            Ok(then) if typed(&then).to_string().contains(char::REPLACEMENT_CHARACTER) => {}
            Ok(then) => {
                assert_eq!(typed(&then), document["then"]["typed"], "{at}, then");
                past += 1;
            }
            Err(error) => assert!(!document["kept"].as_bool().unwrap(), "{at}: {error}"),
        }
        // The second encoding is the same document.
        let again = SharedTypes::read(from_v2(&bytes(&document["v2"])).unwrap()).unwrap();
        assert_eq!(typed(&again), state["typed"], "{at}, v2");
        assert_eq!(again.digest(), types.digest(), "{at}, v2");
        assert_eq!(again.version(), types.version(), "{at}, v2");
        // And so is our v2 encoding: often byte for byte what Yjs writes.
        let written = to_v2(&Update::walk(&v1).unwrap()).unwrap();
        as_yjs += usize::from(written == bytes(&document["v2"]));
        let again = SharedTypes::read(from_v2(&written).unwrap()).unwrap();
        assert_eq!(typed(&again), state["typed"], "{at}, our v2");
        // What Yjs merges, and what we merge, in any order and twice.
        let part = SharedTypes::read(bytes(&document["part"])).unwrap();
        assert_eq!(typed(&part), document["partly"]["typed"], "{at}, a part");
        assert_eq!(
            !part.waiting().is_empty(),
            document["partly"]["waits"].as_bool().unwrap(),
            "{at}, a part"
        );
        let mut some = several(&document["some"]);
        if !some.is_empty() {
            some.reverse();
            some.extend(some.first().cloned());
            let ours = SharedTypes::read(merged(&some)).unwrap();
            assert_eq!(typed(&ours), document["partly"]["typed"], "{at}, merged");
            let mut whole = several(&document["updates"]);
            whole.push(merged(&some));
            let whole = SharedTypes::read(merged(&whole)).unwrap();
            assert_eq!(typed(&whole), document["all"]["typed"], "{at}, filled");
        }
        // What passes the gate has one digest, whoever reads it.
        match Update::checked(&v1, &[]) {
            Ok(update) => {
                assert_eq!(View::read(&update).unwrap().digest(), types.digest(), "{at}");
            }
            Err(_) => rich += 1,
        }
        waits += usize::from(!part.waiting().is_empty());
    }
    assert!(rich > all.len() / 4 && rich < all.len(), "the test tests nothing: {rich}");
    assert!(as_yjs > 0, "none is what Yjs writes");
    assert!(past > all.len() / 4, "the test tests nothing: {past}");
    // Yjs reads the rebuilt document like the original.
    for (index, (shown, document)) in shown_by_yjs(&rebuilt).iter().zip(&all).enumerate() {
        assert_eq!(shown["typed"], document["state"]["typed"], "seed {seed}, document {index}");
    }
    assert!(waits > all.len() / 4, "the test tests nothing: {waits}");
}

//! The order of a list, followed through edits of which only the places concerned are seen.

use super::checked;
use crate::crdt::testing::{Rng, apply, new_doc, state, view};
use crate::wire::{Id, ListOrder, ListSpot, Update, list_blocks};
use std::collections::{BTreeMap, BTreeSet};
use yrs::branch::BranchID;
use yrs::{Array, ArrayPrelim, ArrayRef, Doc, Map, Out, ReadTxn, Transact, WriteTxn};

/// A document with an empty list in a map, and the item that created the list.
fn begun() -> (Doc, Id) {
    let doc = new_doc(7, false);
    let mut txn = doc.transact_mut();
    let list = txn.get_or_insert_map("m").insert(&mut txn, "list", ArrayPrelim::default());
    let BranchID::Nested(id) = AsRef::<yrs::branch::Branch>::as_ref(&list).id() else {
        panic!("a root")
    };
    drop(txn);
    (doc, Id { client: id.client.get(), clock: id.clock })
}

fn list_of(txn: &impl ReadTxn) -> ArrayRef {
    match txn.get_map("m").and_then(|map| map.get(txn, "list")) {
        Some(Out::YArray(list)) => list,
        other => panic!("no list: {other:?}"),
    }
}

/// A few changes in one transaction; returns the places that they concern.
fn change(doc: &Doc, rng: &mut Rng, name: &mut u32) -> BTreeSet<ListSpot> {
    let mut spots = BTreeSet::new();
    let mut txn = doc.transact_mut();
    let list = list_of(&txn);
    for _ in 0..=rng.below(2) {
        let len = list.len(&txn);
        *name += 1;
        let at = rng.below(len as usize + 1) as u32;
        let text_at = |txn: &_| list.get(txn, at).map(|out| out.to_string(txn));
        match rng.below(4) {
            0 => {
                spots.insert(ListSpot::End);
                list.push_back(&mut txn, format!("n{name}"));
            }
            1 => {
                spots.insert(ListSpot::Start);
                list.insert(&mut txn, 0, format!("n{name}"));
            }
            2 if at < len => {
                spots.extend(text_at(&txn).map(ListSpot::Before));
                list.insert(&mut txn, at, format!("n{name}"));
            }
            _ if at < len => {
                spots.extend(text_at(&txn).map(ListSpot::Text));
                list.remove(&mut txn, at);
            }
            _ => {}
        }
    }
    spots
}

fn units(bytes: &[u8], list: Id) -> Vec<(Id, Option<String>)> {
    view(bytes).units_of(list).expect("a list")
}

fn texts(order: &ListOrder) -> Vec<String> {
    order.texts().map(|text| String::from_utf8_lossy(text).into_owned()).collect()
}

/// What is followed from the beginning is always known, and is what is there.
#[test]
fn an_order_is_followed_and_stored() {
    let mut partly = 0;
    for seed in 0..150 {
        let mut rng = Rng::new(seed);
        let (doc, list) = begun();
        let (mut order, mut name) = (ListOrder::default(), 0);
        for step in 0..30 {
            let context = format!("seed {seed}, step {step}");
            let before = state(&doc);
            let old = order.clone();
            let spots = change(&doc, &mut rng, &mut name);
            let bytes = state(&doc);
            let now = checked(&bytes);
            let clocks = checked(&before).version().clocks;
            // A text that came with the same change has no place before it.
            if let Some(part) = old.part(&spots) {
                order = old.edited(list, &part, &now, &clocks).expect(&context);
                partly += 1;
            }
            let shown: Vec<String> =
                units(&bytes, list).into_iter().map(|(_, text)| text.expect("a text")).collect();
            assert_eq!(texts(&order), shown, "{context}");
            let stored = order.encode();
            assert_eq!(ListOrder::decode(stored.clone()).as_ref().map(texts), Some(shown));
            assert_eq!(ListOrder::decode(stored.clone()).expect(&context).encode(), stored);
            let mut damaged = stored.clone();
            damaged[rng.below(stored.len())] ^= 1 << rng.below(8);
            assert!(ListOrder::decode(damaged).is_none(), "{context}");
            for cut in 0..stored.len() {
                assert!(ListOrder::decode(stored[..cut].to_vec()).is_none(), "{context}: {cut}");
            }
        }
    }
    assert!(partly > 3_000, "{partly}");
}

/// What is claimed to be beside an entry is what yrs finds there, whoever wrote it.
#[test]
fn what_is_beside_an_entry_is_what_yrs_finds() {
    let mut found = 0;
    for seed in 0..300 {
        let mut rng = Rng::new(seed);
        let (doc, list) = begun();
        let others: Vec<Doc> = (8..10).map(|client| new_doc(client, false)).collect();
        let (mut name, mut clock) = (0, 0);
        for _ in 0..12 {
            for other in &others {
                apply(other, &state(&doc));
                change(other, &mut rng, &mut name);
            }
            others.iter().for_each(|other| apply(&doc, &state(other)));
            clock = checked(&state(&doc)).version().clocks[&7];
            change(&doc, &mut rng, &mut name);
        }
        let bytes = state(&doc);
        let now = checked(&bytes);
        let last = Id { client: 7, clock };
        let order = ListOrder::of(list, &now, &units(&bytes, list), Some(last)).expect("texts");
        let all = texts(&order).into_iter().map(ListSpot::Before);
        for spot in all.chain([ListSpot::Start, ListSpot::End]) {
            let Some(part) = order.part(&BTreeSet::from([spot.clone()])) else { continue };
            found += 1;
            let at = match &spot {
                ListSpot::Before(text) => texts(&order).iter().position(|of| of == text),
                ListSpot::Start => Some(0),
                _ => Some(texts(&order).len()),
            };
            let whole = new_doc(77, false);
            apply(&whole, &bytes);
            let written = inserted(&whole, at.expect("a place") as u32);
            let alone = new_doc(77, false);
            apply(&alone, &shortened(&now, list, &list_blocks(list, &part, &|_| 0)));
            let index = match &spot {
                ListSpot::Before(text) => {
                    let txn = alone.transact();
                    list_of(&txn).iter(&txn).position(|out| out.to_string(&txn) == *text)
                }
                ListSpot::Start => Some(0),
                _ => Some(list_of(&alone.transact()).len(&alone.transact()) as usize),
            };
            let short = inserted(&alone, index.expect("a place") as u32);
            assert_eq!(short, written, "seed {seed}: {spot:?}");
        }
    }
    assert!(found > 1_000, "{found}");
}

/// The update with which a text is inserted.
fn inserted(doc: &Doc, at: u32) -> Vec<u8> {
    let mut txn = doc.transact_mut();
    list_of(&txn).insert(&mut txn, at, "new");
    txn.encode_update_v1()
}

/// A state in which the list has only these blocks, and everything else is collected.
fn shortened(
    now: &Update<'_, crate::wire::Checked>,
    list: Id,
    blocks: &BTreeMap<Id, Vec<u8>>,
) -> Vec<u8> {
    let segments = crate::wire::Segments::of(now).expect("segments");
    let ids = crate::wire::IdSet::of_unit(list);
    let deletes = crate::wire::DeleteSet::default();
    segments.project(now.bytes(), &ids, blocks, &deletes, u64::MAX).expect("a projection")
}

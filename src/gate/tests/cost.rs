//! The cost for yrs: counted as yrs orders, unbounded where yrs is, and little for what people write.

use super::checked;
use super::forge::{chain, nulls, text, update, value};
use crate::crdt::doc::Doc;
use crate::crdt::effort::{Allowance, Effort};
use crate::crdt::opened::OpenedDocument;
use crate::crdt::testing::{Rng, apply, fixtures, new_doc, random_world, state, view};
use crate::crdt::view::View;
use crate::error::Kind;
use crate::gate::Expected;
use crate::gate::{Rehearsal, steps_at_most};
use crate::limits::{MERGE_STEPS, MERGE_STEPS_PER_BLOCK};
use crate::wire::{CheckedBytes, Id, SharedBytes};
use std::collections::HashMap;
use yrs::{Array, GetString, Map, MapPrelim, ReadTxn, StateVector, Text, Transact, WriteTxn};

/// The steps of a whole state, as it is loaded.
fn steps(bytes: &[u8]) -> u64 {
    let state = checked(bytes);
    let joined = state.joined(|_| false);
    let joined = joined.as_deref().map(checked);
    let mut rehearsal = Rehearsal::default();
    assert!(rehearsal.follow(joined.as_ref().unwrap_or(&state), u64::MAX));
    rehearsal.steps()
}

/// The limit for a state by itself.
fn limit(bytes: &[u8]) -> u64 {
    MERGE_STEPS + MERGE_STEPS_PER_BLOCK * checked(bytes).blocks().len() as u64
}

/// The steps of an update in an empty document, as it came.
fn steps_as_it_came(bytes: &[u8]) -> u64 {
    let mut rehearsal = Rehearsal::default();
    assert!(rehearsal.follow(&checked(bytes), u64::MAX));
    rehearsal.steps()
}

/// For whole states, parts of them, joined updates, and what is made to cost as much as possible.
#[test]
fn a_look_never_promises_less_than_is_counted() {
    const C: u64 = 77;
    let (mut bounded, mut cases) = (0, Vec::new());
    for seed in 0..400 {
        let (mut rng, world) = random_world(seed, 60);
        cases.extend(world.docs.iter().chain([&world.all()]).map(state));
        let some = rng.below(world.updates.len()).saturating_add(1);
        let parts: Vec<_> = world.updates.iter().take(some).map(|bytes| checked(bytes)).collect();
        cases.extend(crate::wire::merge(&parts));
        cases.extend(world.updates);
    }
    let seconds: Vec<(u32, u32)> = (0..4_000).step_by(2).map(|at| (at, 1)).collect();
    let others = chain(C, 600, |left| nulls(left, None, 1));
    let wedges: Vec<_> = (0..600).rev().map(|at| nulls(None, Some((C, at)), 1)).collect();
    cases.push(update(&[(C, vec![nulls(None, None, 4_000)])], (C, &seconds)));
    cases.push(update(&[others.clone(), (C - 1, wedges)], (0, &[])));
    cases.push(update(std::slice::from_ref(&others), (C, &[(0, 600)])));
    cases.push(update(std::slice::from_ref(&others), (C, &seconds[..300])));
    cases.push(update(&[(C, vec![value(None); 600])], (0, &[])));
    cases.push(update(&[chain(C, 600, value)], (C, &[(0, 600)])));
    cases.push(update(&[chain(C, 600, |left| text(left, "ж"))], (C, &[(100, 3), (200, 1)])));
    let begun = |more: u32| {
        let long = nulls(None, None, 100_000);
        let rest = (0..more).map(|at| nulls(Some((C, 99_999 + at)), None, 1));
        update(&[(C, std::iter::once(long).chain(rest).collect())], (0, &[]))
    };
    cases.extend([begun(1), begun(2), begun(100)]);
    cases.extend(honest(20).into_iter().map(|(_, bytes)| bytes));
    cases.extend(fixtures().into_iter().map(|(_, bytes)| bytes));
    let count = cases.len();
    for (case, bytes) in cases.iter().enumerate() {
        if super::check(bytes).is_err() || checked(bytes).is_complete().is_err() {
            continue;
        }
        let (bound, counted) = (steps_at_most(&checked(bytes)), steps_as_it_came(bytes));
        assert!(counted <= bound, "case {case} of {count}: {counted} steps, not {bound} at most");
        bounded += u32::from(bound < u64::MAX);
    }
    assert!(bounded > 1_000, "{bounded} of {count}");
}

/// Then they need not be counted.
#[test]
fn a_look_suffices_for_records() {
    let stores = fixtures().into_iter().filter(|(_, bytes)| super::check(bytes).is_ok());
    let small: Vec<bool> = stores.map(|(_, bytes)| Effort::is_small(&checked(&bytes))).collect();
    // But for a chat in which thousands of items are in one list.
    assert!(small.iter().filter(|small| **small).count() >= small.len() - 1, "{small:?}");
    assert!(Effort::is_small(&checked(&messages(2_000))));
    assert!(Effort::is_free(&checked(&messages(2_000))));
}

#[test]
fn what_is_without_bound_is_refused_before_yrs_sees_it() {
    const C: u64 = 77;
    let every_second: Vec<(u32, u32)> = (0..80_000).step_by(2).map(|at| (at, 1)).collect();
    let others = chain(C, 6_000, |left| nulls(left, None, 1));
    let wedges: Vec<_> = (0..6_000).rev().map(|at| nulls(None, Some((C, at)), 1)).collect();
    let cases: [(&str, Vec<u8>); 4] = [
        ("every second value deleted", {
            update(&[(C, vec![nulls(None, None, 80_000)])], (C, &every_second))
        }),
        ("right origins that differ", update(&[others, (C - 1, wedges)], (0, &[]))),
        ("values of a key beside each other", {
            update(&[(C, vec![value(None); 20_000])], (0, &[]))
        }),
        ("clients on one key", {
            let clients: Vec<_> = (0..10_000).map(|at| (C + at, vec![value(None)])).collect();
            update(&clients, (0, &[]))
        }),
    ];
    for (name, bytes) in cases {
        let refused = Doc::load(&checked(&bytes), 1).map(drop).expect_err(name);
        assert_eq!(refused.kind, Kind::Refused, "{name}");
        let opened = Doc::open(&checked(&bytes), 1).map(drop).expect_err(name);
        assert_eq!(opened.causes(), refused.causes(), "{name}");
        assert!(refused.causes().concat().contains("steps of merging"), "{name}: {refused:?}");
    }
}

/// Reading orders concurrent items as merging does: what is unbounded there is refused here too, and what
/// could be merged can be read.
#[test]
fn what_is_without_bound_is_not_read() {
    const C: u64 = 77;
    let wedged = |n: u32| {
        let others = chain(C, n, |left| nulls(left, None, 1));
        let wedges = (0..n).rev().map(|at| nulls(None, Some((C, at)), 1)).collect();
        update(&[others, (C - 1, wedges)], (0, &[]))
    };
    let refused = View::read(&checked(&wedged(10_000))).map(drop).unwrap_err();
    assert_eq!(refused.kind, Kind::Refused);
    assert!(refused.hint.is_some_and(|hint| format!("{hint:?}").contains("Blocks")));
    for n in [1, 10, 100, 1_000] {
        let bytes = wedged(n);
        let state = checked(&bytes);
        assert!(View::takes(&state, 4 * steps(&bytes) + 32 * state.blocks().len() as u64), "{n}");
        assert!(n < 100 || !View::takes(&state, u64::from(n)), "it is counted");
    }
}

#[test]
fn harmless_pieces_are_added_up() {
    const C: u64 = 1_000;
    let base = update(&[chain(C, 8_000, |left| nulls(left, None, 1))], (0, &[]));
    let mut doc = Doc::load(&checked(&base), 1).unwrap();
    let mut allowance = Allowance::default();
    let refused = (0..400).find_map(|at| {
        // Each passes all that came before it. As one update, the last ones come first, and none has to pass
        // another.
        let pieces = vec![nulls(None, Some((C, 7_999)), 1); 20];
        let bytes = update(&[(at, pieces)], (0, &[]));
        let update = checked(&bytes);
        match doc.admit(&update, &mut allowance) {
            Ok(admitted) => doc.apply_admitted(&admitted).map(drop).err(),
            Err(e) => Some(e),
        }
    });
    let refused = refused.expect("the sum is beyond the limit");
    assert_eq!(refused.kind, Kind::Untrusted);
    assert!(refused.causes().concat().contains(&MERGE_STEPS.to_string()), "{refused:?}");
    // It continues without the refused update.
    let next = update(&[(C + 1, vec![value(None)])], (0, &[]));
    let next = checked(&next);
    let admitted = doc.admit(&next, &mut Allowance::default()).unwrap();
    assert!(doc.apply_admitted(&admitted).unwrap());
}

/// A document encoded here is opened without being counted; the count that a merge then asks for equals the
/// one it would have had.
#[test]
fn what_is_counted_later_is_counted_alike() {
    const C: u64 = 77;
    let base = update(&[chain(C, 600, |left| nulls(left, None, 1))], (0, &[]));
    let pieces = (1..200).map(|at| nulls(None, Some((C, at)), 1)).collect();
    let news = update(&[(C - 1, pieces)], (0, &[]));
    let mut spent = Vec::new();
    for later in [false, true] {
        let (base, news) = (checked(&base), checked(&news));
        let mut doc = match later {
            true => Doc::reopen(&base, 1).unwrap(),
            false => Doc::load(&base, 1).unwrap(),
        };
        assert_eq!(doc.is_counted(), !later);
        doc.edit(|txn| txn.set(&["m"], "k", 1)).unwrap();
        let mut allowance = Allowance::default();
        if later {
            let refused = doc.admit(&news, &mut allowance).err();
            assert_eq!(refused.map(|e| e.kind), Some(Kind::Bug));
            let now = doc.encode().unwrap().0;
            doc.count(&checked(&now)).unwrap();
        }
        let admitted = doc.admit(&news, &mut allowance).unwrap();
        assert!(doc.apply_admitted(&admitted).unwrap());
        spent.push((format!("{allowance:?}"), view(&doc.encode().unwrap().0).digest()));
    }
    assert_ne!(spent[0].0, format!("{:?}", Allowance::default()), "it costs something");
    assert_eq!(spent[0], spent[1]);
}

/// What arrives whole is not counted until something else is merged.
#[test]
fn what_arrived_whole_is_merged_into() {
    const C: u64 = 77;
    let base = update(&[chain(C, 60, |left| nulls(left, None, 1))], (0, &[]));
    let news = update(&[(C + 1, vec![nulls(Some((C, 20)), Some((C, 21)), 1)])], (0, &[]));
    let nothing = CheckedBytes::check(SharedBytes::from(vec![0, 0]), &[]).unwrap();
    let mut doc = OpenedDocument::of(&nothing, Expected::Roots(&[]), 1, false).unwrap();
    let mut allowance = Allowance::default();
    for bytes in [&base, &news] {
        let update = checked(bytes);
        if !doc.is_counted() {
            let state = doc.state().unwrap();
            doc.count(&state.update()).unwrap();
        }
        let admitted = doc.admit(&update, &mut allowance).unwrap();
        assert!(doc.apply_admitted(&admitted).unwrap());
    }
    let merged = doc.state().unwrap();
    let mut whole = Doc::new(1);
    for bytes in [&base, &news] {
        whole.apply(&checked(bytes)).unwrap();
    }
    assert_eq!(view(merged.bytes()).digest(), view(&whole.encode().unwrap().0).digest());
}

#[test]
fn runs_are_joined_once() {
    const C: u64 = 77;
    // Block by block, yrs would hold all partial sums of these at once: 30 GB.
    let values = update(&[chain(C, 50_000, |left| nulls(left, None, 1))], (0, &[]));
    let words = update(&[chain(C, 50_000, |left| text(left, "ж"))], (C, &[(100, 3), (200, 1)]));
    // Values of a key are not joined.
    let key = update(&[chain(C, 500, value)], (0, &[]));
    assert_eq!(checked(&key).joined(|_| true), None);
    Doc::load(&checked(&key), 1).unwrap();
    // An update that continues a list of the document must be told that it is a list.
    let more = (0..500u32)
        .map(|at| nulls(Some(at.checked_sub(1).map_or((C, 0), |at| (C + 1, at))), None, 1));
    let more = update(&[(C + 1, more.collect())], (0, &[]));
    assert_eq!(checked(&more).joined(|_| false), None);
    assert!(checked(&more).joined(|id| id == Id { client: C, clock: 0 }).is_some());
    for bytes in [values, words] {
        let joined = checked(&bytes).joined(|_| false).expect("much to join");
        assert!(checked(&joined).blocks().len() < 10);
        assert!(joined.len() < bytes.len());
        let (before, after) = (view(&bytes), view(&joined));
        assert_eq!(before.version(), after.version());
        assert_eq!(before.digest(), after.digest());
        let doc = Doc::load(&checked(&bytes), 1).unwrap();
        assert_eq!(view(&doc.encode().unwrap().0).digest(), before.digest());
    }
}

#[test]
fn clients_in_a_chain_come_in_portions() {
    let clients: Vec<_> = (0..12_000u64)
        .map(|at| (1_000 + at, vec![nulls(at.checked_sub(1).map(|at| (1_000 + at, 0)), None, 1)]))
        .collect();
    let bytes = update(&clients, (1_003, &[(0, 1)]));
    let portions = checked(&bytes).portions().expect("more clients than yrs takes at once");
    assert_eq!(portions.len(), 6);
    let doc = Doc::load(&checked(&bytes), 1).unwrap();
    assert_eq!(view(&doc.encode().unwrap().0).digest(), view(&bytes).digest());
}

#[test]
fn joined_and_in_portions_it_is_the_same_document() {
    for seed in 0..300 {
        let (_, world) = random_world(seed, 60);
        for doc in &world.docs {
            let bytes = state(doc);
            let state = checked(&bytes);
            if let Some(joined) = state.joined(|_| false) {
                assert_eq!(view(&joined).digest(), view(&bytes).digest(), "seed {seed}");
            }
        }
    }
}

/// The rehearsal orders as yrs does, so it compares what yrs compares.
#[test]
fn it_orders_as_yrs_does() {
    for seed in 0..300 {
        let mut rng = Rng::new(seed);
        let docs: Vec<_> = (0..4).map(|at| new_doc(10 + at * 7 + rng.next() % 7, false)).collect();
        let mut values = HashMap::new();
        let mut relayed = Rehearsal::default();
        for step in 0..80i64 {
            let at = rng.below(docs.len());
            let doc = &docs[at];
            let mut txn = doc.transact_mut();
            let array = txn.get_or_insert_array("a");
            let len = array.len(&txn);
            let client = doc.client_id();
            let clock = txn.state_vector().get(&client);
            if rng.chance(25) && len > 0 {
                let from = rng.below(len as usize) as u32;
                array.remove_range(&mut txn, from, (len - from).min(1 + rng.below(3) as u32));
            } else {
                let place = if rng.chance(30) { 0 } else { rng.below(len as usize + 1) };
                let count = 1 + rng.below(3) as i64;
                for value in 0..count {
                    values.insert((client.get(), clock + value as u32), step * 10 + value);
                }
                array.insert_range(&mut txn, place as u32, (0..count).map(|v| step * 10 + v));
            }
            drop(txn);
            if rng.chance(30) {
                let other = &docs[(at + 1 + rng.below(3)) % docs.len()];
                let seen = doc.transact().state_vector();
                apply(doc, &other.transact().encode_state_as_update_v1(&seen));
            }
            if at == 0 {
                assert!(relayed.follow(&checked(&state(&docs[0])), u64::MAX));
            }
        }
        let bytes = state(&docs[0]);
        assert!(relayed.follow(&checked(&bytes), u64::MAX));
        let mut whole = Rehearsal::default();
        assert!(whole.follow(&checked(&bytes), u64::MAX));
        let txn = docs[0].transact();
        let array = txn.get_array("a").expect("the array");
        let shown: Vec<String> = array.iter(&txn).map(|out| out.to_string(&txn)).collect();
        let said = |rehearsal: &Rehearsal| -> Vec<String> {
            rehearsal.live("a").iter().map(|unit| values[unit].to_string()).collect()
        };
        assert_eq!(said(&whole), shown, "seed {seed}, loaded");
        let state = checked(&bytes);
        let enough = 4 * steps(&bytes) + MERGE_STEPS_PER_BLOCK * state.blocks().len() as u64;
        assert!(View::takes(&state, enough), "seed {seed}, read");
        assert_eq!(said(&relayed), shown, "seed {seed}, step by step");
    }
}

/// Documents as people write them: a name, and the state.
fn honest(scale: usize) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("messages", messages(20 * scale)),
        ("an element moved", moved(10 * scale)),
        ("client ids", client_ids(10 * scale)),
        ("people typing at once", typing(50, 2 * scale)),
        ("cards moved", cards(5 * scale)),
        ("lists begun at both ends", prepended(scale)),
    ]
}

fn messages(count: usize) -> Vec<u8> {
    let doc = new_doc(7, false);
    for at in 0..count {
        let mut txn = doc.transact_mut();
        let root = txn.get_or_insert_map("messages");
        let message = root.insert(&mut txn, format!("{at:036}"), MapPrelim::default());
        for field in ["id", "author", "text", "created_at", "updated_at", "deleted"] {
            message.insert(&mut txn, field, format!("{field} {at}"));
        }
        if at % 3 == 0 {
            message.insert(&mut txn, "text", "edited");
        }
    }
    state(&doc)
}

fn moved(times: usize) -> Vec<u8> {
    let doc = new_doc(7, false);
    for at in 0..times {
        let mut txn = doc.transact_mut();
        let root = txn.get_or_insert_map("elements");
        for field in ["x", "y", "updated_at"] {
            root.insert(&mut txn, field, at as i64);
        }
    }
    state(&doc)
}

fn client_ids(count: usize) -> Vec<u8> {
    let whole = new_doc(1, false);
    let mut rng = Rng::new(5);
    for at in 0..count {
        let doc = new_doc((rng.next() >> 12) | 1, false);
        // The first ones have received the earlier items, so the list grows at its end; the others write
        // concurrently.
        if at < 300 {
            let known = whole.transact().encode_state_as_update_v1(&StateVector::default());
            apply(&doc, &known);
        }
        let before = doc.transact().state_vector();
        let mut txn = doc.transact_mut();
        txn.get_or_insert_array("list").push_back(&mut txn, at as i64);
        txn.get_or_insert_map("m").insert(&mut txn, format!("{at}"), at as i64);
        drop(txn);
        apply(&whole, &doc.transact().encode_state_as_update_v1(&before));
    }
    state(&whole)
}

/// Everybody types into the same empty text at various places, and nobody sees the others' text.
fn typing(people: u64, chars: usize) -> Vec<u8> {
    let whole = new_doc(1, false);
    for person in 0..people {
        let doc = new_doc(100 + person * 13 % 101, false);
        let mut rng = Rng::new(person);
        let mut at = 0;
        for _ in 0..chars {
            let mut txn = doc.transact_mut();
            let text = txn.get_or_insert_text("t");
            let len = text.get_string(&txn).len();
            if rng.chance(5) {
                at = rng.below(len + 1);
            }
            text.insert(&mut txn, at as u32, "x");
            at += 1;
        }
        apply(&whole, &state(&doc));
    }
    state(&whole)
}

/// Three people rearrange cards in one order, each starting from the same state.
fn cards(moves: usize) -> Vec<u8> {
    let first = new_doc(50, false);
    let mut txn = first.transact_mut();
    let cards: Vec<String> = (0..500).map(|card| format!("{card:036}")).collect();
    txn.get_or_insert_array("order").insert_range(&mut txn, 0, cards);
    drop(txn);
    let begun = state(&first);
    for person in 0..3u64 {
        let doc = new_doc(100 - 30 * person, false);
        apply(&doc, &begun);
        let mut rng = Rng::new(person);
        for _ in 0..moves / 3 {
            let mut txn = doc.transact_mut();
            let order = txn.get_or_insert_array("order");
            let card = order.get_as::<_, String>(&txn, rng.below(500) as u32).unwrap();
            let from = order.iter(&txn).position(|out| out.to_string(&txn) == card).unwrap();
            order.remove(&mut txn, from as u32);
            let to = if rng.chance(30) { 0 } else { rng.below(499) };
            order.insert(&mut txn, to as u32, card);
        }
        apply(&first, &state(&doc));
    }
    state(&first)
}

/// Two people insert before each other's items, offline.
fn prepended(each: usize) -> Vec<u8> {
    let whole = new_doc(1, false);
    for client in [40, 30] {
        let doc = new_doc(client, false);
        for at in 0..each {
            let mut txn = doc.transact_mut();
            txn.get_or_insert_array("list").push_front(&mut txn, at as i64);
        }
        apply(&whole, &state(&doc));
    }
    state(&whole)
}

/// `CRDTCTL_COST_SCALE=1000` makes them as large as people make them, and prints how far from the limit they
/// are.
#[test]
fn what_people_write_is_far_from_the_limit() {
    let scale = std::env::var("CRDTCTL_COST_SCALE").ok().and_then(|scale| scale.parse().ok());
    let mut found = honest(scale.unwrap_or(20));
    let fixtures: Vec<(String, Vec<u8>)> = fixtures();
    let of_stores = fixtures.iter().filter(|(_, bytes)| super::check(bytes).is_ok());
    found.extend(of_stores.map(|(_, bytes)| ("a real store", bytes.clone())));
    for (name, bytes) in found {
        let (steps, limit) = (steps(&bytes), limit(&bytes));
        if scale.is_some() {
            let blocks = checked(&bytes).blocks().len();
            eprintln!("{name}: {} bytes, {blocks} blocks, {steps} steps of {limit}", bytes.len());
        }
        assert!(steps <= limit / 8, "{name}: {steps} steps of {limit}");
        let mut allowance = Allowance::default();
        let mut doc = Doc::new(1);
        doc.admit(&checked(&bytes), &mut allowance).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        assert!(Effort::of(&checked(&bytes)).is_ok(), "{name}");
        assert!(View::takes(&checked(&bytes), limit / 8), "{name} is read");
    }
}

//! The gate against yrs: what it lets through applies whole, what it holds back would not. What hostile
//! updates do behind it is tested in `tests/gate`, in processes that may die of it.

use super::checked;
use crate::crdt::testing::{Follower, apply, fixtures, new_doc, random_world, state};
use crate::gate::storable;
use crate::wire::{BlockKind, Id, Update};
use yrs::updates::decoder::Decode;
use yrs::{Map, ReadTxn, Text, Transact, WriteTxn};

#[test]
fn every_fixture_may_be_stored() {
    for (file, bytes) in fixtures() {
        let version = storable(&bytes).unwrap_or_else(|fault| panic!("{file}: {fault}"));
        assert!(checked(&bytes).fork(&checked(&bytes)).is_none(), "{file}");
        let doc = new_doc(1, false);
        apply(&doc, &bytes);
        let saved = state(&doc);
        assert_eq!(checked(&saved).fork(&checked(&bytes)), None, "{file}");
        assert_eq!(checked(&bytes).fork(&checked(&saved)), None, "{file}");
        assert_eq!(storable(&saved).unwrap().clocks, version.clocks, "{file}");
        checked(&saved).fits(&checked(&bytes)).unwrap();
    }
}

#[test]
fn honest_updates_pass_and_are_ready_exactly_when_yrs_takes_them_whole() {
    for seed in 0..600 {
        let (mut rng, world) = random_world(seed, 30);
        let follower = Follower::of(&world);
        for _ in 0..6 {
            let (Some(have), false) =
                (follower.states.get(rng.below(follower.states.len())), world.updates.is_empty())
            else {
                continue;
            };
            let index = rng.below(world.updates.len());
            let update = if rng.chance(50) { &world.updates[index] } else { &follower.rows[index] };
            let (update, base) = (checked(update), checked(have));
            update.fits(&base).unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
            assert_eq!(update.fork(&base), None, "seed {seed}");
            let ready = update.missing(&base.version().clocks).is_empty();
            assert_eq!(ready, takes_whole(have, &update), "seed {seed}");
        }
    }
}

/// Whether yrs, on top of this state, applies an update without a gap or anything pending.
fn takes_whole<S>(have: &[u8], update: &Update<'_, S>) -> bool {
    let doc = new_doc(3, false);
    apply(&doc, have);
    let mut txn = doc.transact_mut();
    txn.apply_update(yrs::Update::decode_v1(update.bytes()).unwrap()).unwrap();
    let pending = txn.has_missing_updates();
    drop(txn);
    let saved = state(&doc);
    let saved = Update::walk(&saved).unwrap();
    let gap = saved.clients().any(|(_, blocks)| blocks.iter().any(|b| b.kind == BlockKind::Skip));
    let clocks = saved.version().clocks;
    let holds = |client: &u64, clock: &u32| clocks.get(client).is_some_and(|have| have >= clock);
    !pending && !gap && update.version().clocks.iter().all(|(client, clock)| holds(client, clock))
}

#[test]
fn replicas_with_one_history_never_fork() {
    for seed in 0..150 {
        let (_, world) = random_world(seed, 40);
        let mut states: Vec<Vec<u8>> = world.docs.iter().map(state).collect();
        states.push(state(&world.all()));
        states.push(state(&Follower::of(&world).doc));
        for a in states.iter().chain(&world.updates) {
            for b in &states {
                assert_eq!(checked(a).fork(&checked(b)), None, "seed {seed}");
                checked(a).fits(&checked(b)).unwrap_or_else(|f| panic!("seed {seed}: {f}"));
            }
        }
    }
}

#[test]
fn a_fork_is_found_at_its_first_unit() {
    for seed in 0..200 {
        let (mut rng, mut world) = random_world(seed, 20);
        world.docs.truncate(1);
        let client = world.docs[0].client_id().get();
        let copy = new_doc(client, false);
        apply(&copy, &state(&world.docs[0]));
        let clock = copy.transact().state_vector().get(&copy.client_id());
        if clock == 0 && !copy.transact().state_vector().is_empty() {
            continue;
        }
        // The restored copy writes something else under the same clocks, and both continue.
        for (doc, text) in [(&world.docs[0], "same one"), (&copy, "same two")] {
            let mut txn = doc.transact_mut();
            txn.get_or_insert_text("t").insert(&mut txn, 0, text);
        }
        world.edit(&mut rng, 0);
        let (a, b) = (state(&world.docs[0]), state(&copy));
        assert_eq!(checked(&a).fork(&checked(&b)), checked(&b).fork(&checked(&a)));
        let found = checked(&a).fork(&checked(&b));
        if let Some(found) = found {
            assert_eq!(found.client, client, "seed {seed}");
            assert!(found.clock >= clock, "seed {seed}");
        }
    }
    // By hand: "ab" against "ax", another key, and another number.
    let one = |write: &dyn Fn(&mut yrs::TransactionMut<'_>)| {
        let doc = new_doc(5, false);
        write(&mut doc.transact_mut());
        state(&doc)
    };
    let text =
        |text: &'static str| one(&move |txn| txn.get_or_insert_text("t").insert(txn, 0, text));
    let field = |key: &'static str, value: f64| {
        one(&move |txn| {
            txn.get_or_insert_map("m").insert(txn, key, value);
        })
    };
    let id = |clock| Some(Id { client: 5, clock });
    assert_eq!(checked(&text("ab")).fork(&checked(&text("ax"))), id(1));
    assert_eq!(checked(&text("ab")).fork(&checked(&text("abc"))), None);
    assert_eq!(checked(&field("k", 1.0)).fork(&checked(&field("k", 2.0))), id(0));
    assert_eq!(checked(&field("k", 1.0)).fork(&checked(&field("j", 1.0))), id(0));
    assert_eq!(checked(&field("k", 1.0)).fork(&checked(&text("a"))), id(0));
    assert_eq!(checked(&field("k", 1.0)).fork(&checked(&field("k", 1.0))), None);
}

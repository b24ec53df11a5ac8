//! The gate against yrs: what it lets through applies whole, what it holds back would not.

use super::{Follower, checked, random_world};
use crate::crdt::testing::{
    Rng, apply, assert_same, fixtures, new_doc, shown_by_view, shown_by_yrs, state,
};
use crate::crdt::update::{Checked, Fault, Id, Kind, RootKind, Update, merge, storable};
use crate::crdt::value::Record;
use crate::crdt::view::View;
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
    let gap = saved.clients().any(|(_, blocks)| blocks.iter().any(|b| b.kind == Kind::Skip));
    let clocks = saved.version().clocks;
    let holds = |client: &u64, clock: &u32| clocks.get(client).is_some_and(|have| have >= clock);
    !pending && !gap && update.version().clocks.iter().all(|(client, clock)| holds(client, clock))
}

#[test]
fn replicas_with_one_history_never_fork() {
    for seed in 0..400 {
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
        // The restored copy writes something else under the same clocks; both go on.
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
    // And by hand: "ab" against "ax", and another key, and another number.
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

#[test]
fn every_truncation_is_refused() {
    for seed in 0..40 {
        let (_, world) = random_world(seed, 12);
        let bytes = state(&world.all());
        for len in 0..bytes.len() {
            assert!(Update::walk(&bytes[..len]).is_err(), "seed {seed}, length {len}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(Update::walk(&longer).err().map(|f| f.rule), Some("trailing"));
    }
}

#[test]
fn flipped_bits_never_reach_yrs_in_a_harmful_way() {
    for seed in 0..25 {
        let (mut rng, world) = random_world(seed, 14);
        let follower = Follower::of(&world);
        let base = &follower.states[rng.below(follower.states.len())];
        let bytes = if rng.chance(50) { state(&world.all()) } else { rng.pick_row(&follower.rows) };
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            offer(base, &flipped, &format!("seed {seed}, bit {bit}"));
        }
    }
}

#[test]
fn damaged_updates_never_reach_yrs_in_a_harmful_way() {
    // Set CRDTCTL_FUZZ to a number of rounds for a long run.
    let rounds = std::env::var("CRDTCTL_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(400);
    let mut passed = 0;
    for seed in 0..rounds {
        let (mut rng, world) = random_world(seed, 20);
        let follower = Follower::of(&world);
        let base = follower.states[rng.below(follower.states.len())].clone();
        for round in 0..40 {
            let mut bytes = rng.pick_row(&follower.rows);
            if rng.chance(30) {
                bytes = state(&world.docs[rng.below(world.docs.len())]);
            }
            damage(&mut rng, &mut bytes);
            passed += usize::from(offer(&base, &bytes, &format!("seed {seed}, round {round}")));
        }
    }
    assert!(passed > 0, "nothing passed: the test tests nothing");
}

impl Rng {
    fn pick_row(&mut self, rows: &[Vec<u8>]) -> Vec<u8> {
        rows.get(self.below(rows.len())).cloned().unwrap_or(vec![0, 0])
    }
}

fn damage(rng: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..1 + rng.below(3) {
        let at = rng.below(bytes.len());
        match rng.below(7) {
            0 => bytes[at] ^= 1 << rng.below(8),
            1 => bytes[at] = rng.next() as u8,
            2 => bytes[at] = bytes[at].wrapping_add(1),
            3 => bytes[at] = bytes[at].wrapping_sub(1),
            4 => bytes[at] = bytes[rng.below(bytes.len())],
            5 => drop(bytes.remove(at)),
            _ => bytes.insert(at, rng.below(12) as u8),
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
}

/// Brings an update to the gate, and past it to yrs. What yrs then shows must be what our own
/// reader shows. Returns whether it passed.
fn offer(base: &[u8], bytes: &[u8], context: &str) -> bool {
    match gate(base, bytes) {
        Ok(None) => false,
        Ok(Some(merged)) => {
            let doc = new_doc(3, false);
            apply(&doc, base);
            let update = yrs::Update::decode_v1(bytes).unwrap_or_else(|e| panic!("{context}: {e}"));
            doc.transact_mut().apply_update(update).unwrap_or_else(|e| panic!("{context}: {e}"));
            assert!(!doc.transact().has_missing_updates(), "{context}");
            let saved = state(&doc);
            storable(&saved).unwrap_or_else(|fault| panic!("{context}: {fault}"));
            let shown = of_roots(shown_by_yrs(&doc));
            assert_same(&shown_of(&saved), &shown, context);
            if let Some(merged) = merged {
                assert_same(&shown_of(&merged), &shown, context);
            }
            true
        }
        Err(_) => false,
    }
}

/// The gate as an import runs it: `None` when it holds the update back; else base and update in
/// one, where that needs no gap and must be what yrs makes of it.
fn gate(base: &[u8], bytes: &[u8]) -> Result<Option<Option<Vec<u8>>>, Fault> {
    let base = Update::walk(base)?.check(&ROOTS)?;
    let update = Update::walk(bytes)?.check(&ROOTS)?;
    update.fits(&base)?;
    if !update.missing(&base.version().clocks).is_empty() || update.fork(&base).is_some() {
        return Ok(None);
    }
    let honest = is_honest_about_the_gone(&base, &update);
    Ok(Some(if honest { merge(&[base, update]) } else { None }))
}

/// yrs goes by the delete set alone for blocks that it has, and keeps its own. A merge takes what
/// is gone for gone: the same, unless an update calls Deleted what it does not delete, or GC what
/// the document has (which an honest one may only do below a deleted container).
fn is_honest_about_the_gone(base: &Update<'_, Checked>, update: &Update<'_, Checked>) -> bool {
    let collects = update.clients().any(|(client, blocks)| {
        let mut gone = blocks.iter().filter(|block| block.kind == Kind::Gc);
        gone.any(|gc| {
            let mut clocks = gc.clock..gc.next_clock().min(gc.clock + 1000);
            clocks.any(|clock| base.block(Id { client, clock }).is_some_and(|b| b.kind != Kind::Gc))
        })
    });
    !collects && update.delete_set().covers(&update.version().deletes)
}

const ROOTS: [(&str, RootKind); 4] =
    [("m", RootKind::Map), ("n", RootKind::Map), ("l", RootKind::Array), ("t", RootKind::Text)];

fn shown_of(bytes: &[u8]) -> Record {
    let update = Update::walk(bytes).unwrap().check(&ROOTS).unwrap();
    of_roots(shown_by_view(&View::of(&update)))
}

/// The roots whose kind is known: yrs cannot show others as what they are.
fn of_roots(mut shown: Record) -> Record {
    shown.retain(|name, _| ROOTS.iter().any(|(root, _)| root == name));
    shown
}

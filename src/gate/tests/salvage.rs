//! Salvaging damaged bytes: the result is sound, and removes nothing that is sound.

use super::checked;
use super::forge::{nulls, text, update};
use crate::crdt::testing::{random_world, state, view};
use crate::gate::storable;
use crate::wire::{Salvage, Update, merge};

const EMPTY: &[u8] = &[0, 0];

/// Merges into a document what damaged bytes contribute to it.
fn joined(bytes: &[u8], base: &[u8]) -> Option<Vec<u8>> {
    let part = Salvage::read(bytes).joining(&checked(base), &[])?;
    Some(merge(&[checked(base), checked(&part)]).expect("no gap"))
}

#[test]
fn sound_bytes_give_all_that_they_hold() {
    for seed in 0..300 {
        let (_, world) = random_world(seed, 30);
        let whole = state(&world.all());
        let salvage = Salvage::read(&whole);
        assert_eq!((&salvage.fault, salvage.read), (&None, whole.len()), "seed {seed}");
        if whole == EMPTY {
            continue;
        }
        let merged = joined(&whole, EMPTY).expect("something");
        assert_eq!(view(&merged).digest(), view(&whole).digest(), "seed {seed}");
        assert_eq!(checked(&merged).version(), checked(&whole).version(), "seed {seed}");
        assert_eq!(joined(&whole, &whole), None, "seed {seed}: nothing is new");
    }
}

#[test]
fn a_truncated_document_gives_a_sound_part_of_itself() {
    for seed in 0..60 {
        let (mut rng, world) = random_world(seed, 25);
        let whole = state(&world.all());
        let full = checked(&whole).version();
        for _ in 0..20 {
            let end = rng.below(whole.len());
            let cut = &whole[..end];
            let Some(merged) = joined(cut, EMPTY) else { continue };
            let version = storable(&merged).unwrap_or_else(|f| panic!("seed {seed}, {end}: {f}"));
            assert!(full.holds(&version), "seed {seed}, {end}: more than there was");
            // Merged with the whole, it is the whole.
            let again = merge(&[checked(&whole), checked(&merged)]).expect("no gap");
            assert_eq!(view(&again).digest(), view(&whole).digest(), "seed {seed}, {end}");
            assert_eq!(joined(cut, &whole), None, "seed {seed}, {end}");
        }
    }
}

#[test]
fn damaged_bytes_take_nothing_away_from_sound_ones() {
    for seed in 0..60 {
        let (mut rng, world) = random_world(seed, 25);
        let whole = state(&world.all());
        for _ in 0..20 {
            let mut bytes = whole.clone();
            for _ in 0..1 + rng.below(3) {
                let at = rng.below(bytes.len());
                bytes[at] ^= 1 << rng.below(8);
            }
            bytes.truncate(rng.below(bytes.len()).max(bytes.len() / 2));
            let before = checked(&whole).version();
            if let Some(merged) = joined(&bytes, &whole) {
                // Random bytes may form a sound item, which then coexists with what was there.
                let version = storable(&merged).unwrap_or_else(|f| panic!("seed {seed}: {f}"));
                assert!(version.holds(&before), "seed {seed}");
            }
            // By themselves they are sound too, whatever they contain.
            if let Some(alone) = joined(&bytes, EMPTY) {
                storable(&alone).unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
            }
        }
    }
}

#[test]
fn noise_is_read_without_harm() {
    let mut rng = crate::crdt::testing::Rng::new(7);
    for _ in 0..20_000 {
        let bytes: Vec<u8> = (0..rng.below(60)).map(|_| rng.next() as u8).collect();
        let salvage = Salvage::read(&bytes);
        assert!(salvage.read <= bytes.len());
        if let Some(part) = salvage.joining(&checked(EMPTY), &[]) {
            assert!(Update::walk(&part).is_ok());
        }
    }
}

/// The first client of a ring, and the number of clients: if each round over all of them left out only one,
/// it would take minutes.
const FIRST: u64 = 1_000;
const RING: u64 = 4_000;

fn ring(blocks: impl Fn(u64, u64) -> Vec<Vec<u8>>) -> Vec<u8> {
    let next = |client| if client + 1 < FIRST + RING { client + 1 } else { FIRST };
    let clients: Vec<_> =
        (FIRST..FIRST + RING).map(|client| (client, blocks(client, next(client)))).collect();
    update(&clients, (0, &[]))
}

#[test]
fn all_that_is_at_fault_is_left_out_at_once() {
    // An item between one of an array and one of a text; and what follows it, there and elsewhere.
    let bytes = ring(|client, next| {
        vec![
            nulls(None, None, 1),
            text(None, "x"),
            nulls(Some((client, 0)), Some((next, 1)), 1),
            nulls(None, None, 1),
        ]
    });
    let sound = ring(|_, _| vec![nulls(None, None, 1), text(None, "x")]);
    let merged = joined(&bytes, EMPTY).expect("what is sound");
    assert_eq!(checked(&merged).version(), checked(&sound).version());
    // Only blocks that refer to nothing at fault are sound: all those of a client after the chain.
    let chained = ring(|client, next| match client {
        FIRST => vec![nulls(None, None, 1), text(Some((client, 0)), "x")],
        _ if next == FIRST => vec![nulls(None, None, 3)],
        _ => vec![nulls(None, None, 1), nulls(Some((client - 1, 1)), None, 1)],
    });
    let clocks = checked(&joined(&chained, EMPTY).expect("what is sound")).version().clocks;
    assert!(clocks.iter().all(|(client, clock)| match *client {
        last if last + 1 == FIRST + RING => *clock == 3,
        _ => *clock == 1,
    }));
    assert_eq!(clocks.len() as u64, RING);
}

#[test]
fn all_that_forks_is_left_out_at_once() {
    let base = ring(|_, _| vec![nulls(None, None, 2)]);
    let bytes = ring(|_, next| {
        vec![nulls(None, None, 1), text(None, "x"), nulls(Some((next, 0)), None, 1)]
    });
    assert_eq!(joined(&bytes, &base), None, "nothing is new of a replica that forked");
    // One more client, which depends on none of them.
    let mut clients: Vec<_> = (FIRST..FIRST + RING)
        .map(|client| (client, vec![nulls(None, None, 1), text(None, "x")]))
        .collect();
    clients.push((7, vec![nulls(Some((FIRST, 0)), None, 2)]));
    let merged = joined(&update(&clients, (0, &[])), &base).expect("the one more");
    let version = checked(&merged).version();
    assert_eq!(version.clocks.get(&7), Some(&2));
    assert_eq!(version.clocks.len() as u64, RING + 1);
}

#[test]
fn many_wait_for_one_that_goes_on_little_by_little() {
    // Each block of the first client waits for another client; all others wait for its last one.
    let waits = (1..RING).map(|at| nulls(Some((FIRST + at, 0)), None, 1)).collect();
    let mut clients = vec![(FIRST, waits)];
    let last = u32::try_from(RING - 2).unwrap();
    for at in 1..RING {
        let on = nulls(Some((FIRST, last)), None, 1);
        clients.push((FIRST + at, vec![nulls(None, None, 1), on]));
    }
    let bytes = update(&clients, (0, &[]));
    let merged = joined(&bytes, EMPTY).expect("all of it");
    assert_eq!(checked(&merged).version(), checked(&bytes).version());
}

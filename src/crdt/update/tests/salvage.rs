//! Salvaging damaged bytes: what comes out is sound, and takes nothing away from what is.

use super::checked;
use crate::crdt::testing::{random_world, state, view};
use crate::crdt::update::{Salvage, Update, merge, storable};

const EMPTY: &[u8] = &[0, 0];

/// What bytes give to a document, merged into it.
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
            // Together with the whole it is the whole.
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
                // Chance may write a sound item; it stands beside what was there.
                let version = storable(&merged).unwrap_or_else(|f| panic!("seed {seed}: {f}"));
                assert!(version.holds(&before), "seed {seed}");
            }
            // And alone they are sound, whatever they say.
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

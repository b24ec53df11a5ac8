//! Merging without yrs against merging with it.

use super::checked;
use crate::crdt::testing::{
    Follower, apply, assert_same, new_doc, random_world, shown_by_view, shown_by_yrs, state, view,
};
use crate::gate::storable;
use crate::wire::{SharedBytes, Update, merge, merge_many, merge_with_gaps};

/// Merges and looks at the result with both readers.
#[track_caller]
fn assert_merges_to(parts: &[&Vec<u8>], expected: &yrs::Doc, context: &str) -> Vec<u8> {
    let checked: Vec<_> = parts.iter().map(|part| checked(part)).collect();
    let merged = merge(&checked).unwrap_or_else(|| panic!("{context}: a gap"));
    let shown = shown_by_yrs(expected);
    assert_same(&shown_by_view(&view(&merged)), &shown, &format!("{context}, our reader"));
    let doc = new_doc(3, false);
    apply(&doc, &merged);
    assert_same(&shown_by_yrs(&doc), &shown, &format!("{context}, yrs"));
    merged
}

#[test]
fn rows_on_top_of_a_file_are_the_document() {
    for seed in 0..500 {
        let (mut rng, world) = random_world(seed, 30);
        let follower = Follower::of(&world);
        // The file may hold some of the rows already, and has their deletions as GC.
        let file = rng.below(follower.states.len());
        let from = rng.below(file + 1);
        let parts: Vec<&Vec<u8>> =
            [&follower.states[file]].into_iter().chain(&follower.rows[from..]).collect();
        let merged = assert_merges_to(&parts, &follower.doc, &format!("seed {seed}"));
        let version = storable(&merged).unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
        assert_eq!(version, checked(&state(&follower.doc)).version(), "seed {seed}");
        assert_eq!(view(&merged).digest(), view(&state(&follower.doc)).digest(), "seed {seed}");
    }
}

#[test]
fn states_and_updates_of_several_replicas_merge_in_any_order() {
    for seed in 0..500 {
        let (mut rng, world) = random_world(seed, 30);
        let all = world.all();
        let states: Vec<Vec<u8>> = world.docs.iter().map(state).collect();
        let mut parts: Vec<&Vec<u8>> = states.iter().collect();
        rng.shuffle(&mut parts);
        assert_merges_to(&parts, &all, &format!("seed {seed}, states"));
        let mut parts: Vec<&Vec<u8>> = world.updates.iter().collect();
        rng.shuffle(&mut parts);
        assert_merges_to(&parts, &all, &format!("seed {seed}, updates"));
        parts.extend(&states);
        rng.shuffle(&mut parts);
        assert_merges_to(&parts, &all, &format!("seed {seed}, both"));
    }
}

#[test]
fn rows_in_one_part_do_what_they_do_one_by_one() {
    for seed in 0..500 {
        let (mut rng, world) = random_world(seed, 30);
        let follower = Follower::of(&world);
        let from = rng.below(follower.rows.len() + 1);
        let rows: Vec<_> = follower.rows[from..].iter().map(|row| checked(row)).collect();
        let Some(part) = merge(&rows) else { continue };
        let have = &follower.states[from];
        let part = checked(&part);
        assert!(part.missing(&checked(have).version().clocks).is_empty(), "seed {seed}");
        part.fits(&checked(have)).unwrap();
        let doc = new_doc(3, false);
        apply(&doc, have);
        apply(&doc, part.bytes());
        assert_same(&shown_by_yrs(&doc), &shown_by_yrs(&follower.doc), &format!("seed {seed}"));
    }
}

#[test]
fn a_gap_is_not_merged_over() {
    let doc = new_doc(5, false);
    let mut rows = Vec::new();
    for n in 0..3 {
        use yrs::{Map, Transact, WriteTxn};
        let mut txn = doc.transact_mut();
        txn.get_or_insert_map("m").insert(&mut txn, "k", n);
        rows.push(txn.encode_update_v1());
    }
    let parts = |indices: &[usize]| {
        merge(&indices.iter().map(|index| checked(&rows[*index])).collect::<Vec<_>>())
    };
    assert!(parts(&[0, 2]).is_none());
    assert!(parts(&[2, 0]).is_none());
    assert!(parts(&[2, 1, 0]).is_some());
    assert_eq!(parts(&[]), Some(vec![0, 0]));
}

#[test]
fn trimming_leaves_what_the_receiver_lacks() {
    for seed in 0..300 {
        let (mut rng, world) = random_world(seed, 30);
        let all = state(&world.all());
        let doc = &world.docs[rng.below(world.docs.len())];
        let have = checked(&state(doc)).version().clocks;
        let trimmed = checked(&all).trim(&have);
        assert!(trimmed.len() <= all.len(), "seed {seed}");
        let part = checked(&trimmed);
        assert!(part.missing(&have).is_empty(), "seed {seed}");
        part.fits(&checked(&state(doc))).unwrap();
        apply(doc, &trimmed);
        assert_same(&shown_by_yrs(doc), &shown_by_yrs(&world.all()), &format!("seed {seed}"));
        let everything = checked(&all).version().clocks;
        let nothing = checked(&all).trim(&everything);
        assert_eq!(Update::walk(&nothing).unwrap().clients().count(), 0);
    }
}

#[test]
fn very_many_updates_merge_to_the_same_bytes_some_at_a_time() {
    for seed in 0..20 {
        let (mut rng, world) = random_world(seed, 60);
        let mut parts: Vec<&Vec<u8>> = world.updates.iter().collect();
        let known = parts.clone();
        while parts.len() < 1_500 {
            parts.push(known[rng.below(known.len())]);
        }
        rng.shuffle(&mut parts);
        // Some are missing, so that there are gaps.
        let missing = known[rng.below(known.len())];
        parts.retain(|part| *part != missing);
        let walked: Vec<Update<'_>> =
            parts.iter().map(|part| Update::walk(part).unwrap()).collect();
        let merged =
            merge_many(parts.iter().map(|part| SharedBytes::from((*part).clone())).collect());
        assert!(*merged.unwrap() == *merge_with_gaps(&walked), "seed {seed}");
    }
}

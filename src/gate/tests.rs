mod admit;
mod cost;
mod crossing;
mod forge;
mod gate;
mod lists;
mod merging;
mod pages;
mod rules;
mod salvage;

use crate::crdt::testing::{random_world, state};
use crate::wire::{Checked, Fault, Id, Update};

#[track_caller]
fn checked(bytes: &[u8]) -> Update<'_, Checked> {
    check(bytes).unwrap_or_else(|fault| panic!("{fault}"))
}

fn check(bytes: &[u8]) -> Result<Update<'_, Checked>, Fault> {
    Update::checked(bytes, &[])
}

#[test]
fn what_is_looked_for_near_a_block_is_what_is_found_anywhere() {
    for seed in 0..60 {
        let (_, world) = random_world(seed, 24);
        let bytes = state(&world.all());
        let update = Update::walk(&bytes).unwrap();
        for of in &update.clients {
            let clocks = of.first.saturating_sub(1)..of.end.saturating_add(2);
            for (index, clock) in
                of.blocks.clone().flat_map(|at| clocks.clone().map(move |c| (at, c)))
            {
                for client in update.clients.iter().map(|of| of.id).chain([7]) {
                    let id = Id { client, clock };
                    let found = update.find_before(index, of, id);
                    assert_eq!(found, update.find(id), "seed {seed}: {id:?} near block {index}");
                }
            }
        }
    }
}

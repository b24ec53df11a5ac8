mod gate;
mod merging;
mod rules;
mod salvage;

use super::{Checked, Fault, Update};
use crate::crdt::testing::{Rng, World};
use yrs::updates::decoder::Decode;
use yrs::{Doc, ReadTxn, Transact};

#[track_caller]
fn checked(bytes: &[u8]) -> Update<'_, Checked> {
    check(bytes).unwrap_or_else(|fault| panic!("{fault}"))
}

fn check(bytes: &[u8]) -> Result<Update<'_, Checked>, Fault> {
    Update::walk(bytes)?.check(&[])
}

/// A replica that applied the updates of a world one by one, what each transaction of its own
/// wrote, and its state after each.
struct Follower {
    doc: Doc,
    rows: Vec<Vec<u8>>,
    states: Vec<Vec<u8>>,
}

impl Follower {
    fn of(world: &World) -> Follower {
        let doc = crate::crdt::testing::new_doc(2, false);
        let mut follower = Follower { doc, rows: Vec::new(), states: vec![vec![0, 0]] };
        for update in &world.updates {
            let mut txn = follower.doc.transact_mut();
            txn.apply_update(yrs::Update::decode_v1(update).unwrap()).unwrap();
            assert!(!txn.has_missing_updates());
            follower.rows.push(txn.encode_update_v1());
            drop(txn);
            follower.states.push(crate::crdt::testing::state(&follower.doc));
        }
        follower
    }
}

fn random_world(seed: u64, steps: usize) -> (Rng, World) {
    let mut rng = Rng::new(seed);
    let steps = 2 + rng.below(steps);
    let world = World::random(&mut rng, steps);
    (rng, world)
}
